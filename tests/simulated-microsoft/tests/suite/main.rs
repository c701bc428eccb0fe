//! The simulated cloud, from outside: over HTTP, through its pages.

mod association;
mod browser;
mod faults;
mod sign_in;
mod strictness;
