//! What the steps have in common: load the onboarding, sign in with a person's sealed token, do the work, record the result
//! or what stopped it, and give that its name.
//!
//! Every step looks before it acts and may be run again at any time: after a crash, a lost answer, a sign-in. So a step has no
//! "begun" record of its own; what it did is seen in Azure, and what it found out is recorded in one transaction at its end.
//!
//! AWS calls of a step: one query, one decryption (two where both people's tokens are needed), one transaction; on a cold start
//! also one read of the app credential.

mod failure;
mod job;

pub use failure::Stop;
pub use job::{Deps, Input, Job, Reached, change_again, perform};
