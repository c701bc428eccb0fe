//! The pages: a view goes in, HTML comes out. No page reads a store, a clock or a request.

mod cancel;
mod confirm;
mod fix;
mod problem;
mod progress;
mod result;
mod signup;
mod start;
mod turn;

pub use cancel::{CancelView, cancel};
pub use confirm::{
    ConfirmView, CustomRoleRow, FIELD_HASH, FIELD_NAME, FIELD_TICK_DELETE, FIELD_TICK_DIRECTORY, RoleRow, confirm,
    confirm_problems,
};
pub use fix::{FixView, Request, fix};
pub use problem::{WebProblem, explained, problem};
pub use progress::{ActivityRow, ProgressView, StepRow, StepState, Turn, UndoneRow, creating, progress};
pub use result::{ResultView, SignInResult, Support, result};
pub use signup::{FIELD_ONBOARDING, FormView, field_label, signup_form};
pub use start::start;
pub use turn::{NotYoursView, TurnView, not_yours, turn};

/// What the directory that a subscription is in is called, where only its id is known.
pub const CURRENT_DIRECTORY: &str = crate::text::CURRENT_DIRECTORY.english;
