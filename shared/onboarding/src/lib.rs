//! The domain of one onboarding: the association of one Azure subscription with one Partner Center directory.
//!
//! Pure by rule: no I/O, no clock, no randomness of its own. Everything that two functions must agree on
//! (ids, names of steps and waits, the request's schema, error names, links, the audit hash) is decided here,
//! so that nothing has to be agreed on anywhere else.

pub mod audit;
pub mod cloud;
pub mod errors;
pub mod ids;
pub mod ladder;
pub mod links;
pub mod plain;
pub mod request;
pub mod steps;
pub mod undo;
pub mod waits;

pub use cloud::Cloud;
pub use errors::{ErrorClass, ErrorName, Explanation};
pub use ids::{ObjectId, OnboardingId, SubscriptionId, TenantId};
pub use request::{AccountKind, OnboardingRequest};
pub use steps::{Actor, Directory, Ending, OPERATOR, Route, Status, Step};
pub use undo::UndoItem;
pub use waits::{Outcome, WaitKind};
