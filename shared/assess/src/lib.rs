//! What must be known before a subscription is moved: whether it can be ([`preflight`]), what the move does to it ([`reading`]), and
//! what of the people's decisions still holds when that has changed ([`carry`]).
//!
//! A crate of its own, since two functions need exactly the same: `assess-impact`, so that a person can confirm it, and
//! `map-directory`, which reads all of it again right before the request and goes on only if nothing has changed. The other steps
//! don't link it.
//!
//! Two goals conflict. Everything should be read at one moment, and a large subscription takes longer than an invocation may. Hence
//! the reading is a row of stages: what is read is kept as a draft when the time runs short, and the next invocation goes on with it. A
//! draft that is older than a few minutes is thrown away.

pub mod carry;
mod convert;
mod draft;
pub mod preflight;
pub mod reading;

pub use reading::{Found, Progress, keep, kept_snapshot, read};
