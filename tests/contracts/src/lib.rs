//! What Microsoft's interfaces accept and answer, as facts in our own words, and the validator for both directions.
//!
//! Every request the product sends and every answer the simulated cloud gives is held against these contracts in the
//! tests. The contracts themselves are held against Microsoft's definitions by `tests/against_microsoft.rs`, where
//! those are at hand. The facts are in `src/apis/*.json`; [`Schema`] explains the language they are written in.

mod api;
mod schema;
mod validate;

pub use api::{AnswerBody, AnswerShape, Api, BodyShape, Contract, Operation, Parameter, Presence};
pub use schema::Schema;
pub use validate::{OperationId, Violation, find_operation, validate_answer, validate_request};
