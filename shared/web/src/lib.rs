//! The pages that the two people of an onboarding see: frame, forms, headers, words.
//!
//! Pure: a view goes in, an answer comes out. Nothing here reads a table, a clock or the network, so that every page can be
//! tested and looked at by itself. Every page works without a script; the one that there is keeps the progress page up to date and tells the device's time zone.
//! The two goals that conflict are to tell people everything and to give nothing away: pages name accounts and
//! directories in full to the two people, mask them for viewers, and put neither into titles or addresses.

pub mod answer;
pub mod asked;
pub mod findings;
pub mod form;
mod frame;
pub mod named;
pub mod pages;
pub mod paths;
mod text;

pub use answer::Answer;
pub use form::{Fields, Problem};
pub use frame::masked;
pub use named::{Named, role_said, row_key};
pub use pages::{SignInResult, WebProblem};
