//! The simulated cloud, from outside: over HTTP, through its pages.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test's helpers fail the test")]

mod association;
mod browser;
mod faults;
mod sign_in;
mod strictness;
