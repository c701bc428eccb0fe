//! The pages: a view goes in, HTML comes out. No page reads a store, a clock or a request.

mod cancel;
mod check_mail;
mod choose;
mod confirm;
mod evidence;
mod feedback;
mod fix;
mod forward;
mod mapping;
mod move_back;
mod new_link;
mod operator;
mod outcome;
mod paged;
mod preflight;
mod problem;
mod progress;
mod report;
mod result;
mod route;
mod signup;
mod start;
mod to_do;
mod turn;
mod undone;

pub use cancel::{CancelView, cancel};
pub use check_mail::{
    CheckMailView, CodeProblem, DO_RESEND, FIELD_BUTTON, FIELD_CODE, already_running, check_mail, check_mail_gone,
    too_many,
};
pub use choose::{ChooseView, FIELD_OTHER_SUBSCRIPTION, FIELD_SUBSCRIPTION, choose, choose_wrong, subscription_said};
pub use confirm::{
    AgreeRow, ConfirmView, DO_SEND_BACK, FIELD_HASH, FIELD_NAME, FIELD_PHRASE, FIELD_TICK_BACK, FIELD_TICK_DELETE,
    FIELD_TICK_DIRECTORY, confirm, confirm_problems,
};
pub use evidence::{EvidenceView, evidence, evidence_document};
pub use feedback::{FEEDBACK, FIELD_FELT, FIELD_TEXT, FeedbackView, feedback, feedback_wrong};
pub use fix::{FixView, Invitation, Request, Request as ForwardRequest, fix};
pub use forward::{FIELD_EMAIL, ForwardView, NotNow, forward, forward_wrong};
pub use mapping::{
    CsvProblem, DO_APPLY, DO_DONE, DO_EXACT, DO_OVERRIDE, DO_PREVIEW, DO_SAVE, Decided, Difference, FIELD_CSV,
    FIELD_DO, FIELD_PAGE, FIELD_VERSION, MAPPING_ROWS, MappingRow, MappingView, StopRow, agree_field, csv_wrong,
    decide_field, decision_said, mapping, nothing_changed, own_decision, reason_field, reason_wrong, stale,
    target_field, target_wrong,
};
pub use move_back::{MoveBackView, move_back};
pub use new_link::{FIELD_REFERENCE, NewLinkView, new_link, new_link_sent, new_link_wrong};
pub use operator::{
    Again, DID, DID_NOTHING, FIELD_ABOUT, FIELD_LIST, FIELD_NEW_EMAIL, FIELD_PART, FIELD_SORT, FIELD_STATUS, FIELD_TO,
    FIELD_WAITING, FIELD_WORDS, OPERATOR_ROWS, OperatorAct, OperatorActView, OperatorListView, OperatorMail,
    OperatorNotNow, OperatorOffer, OperatorOneView, OperatorRow, OperatorTurn, ReassignWrong, operator_act,
    operator_list, operator_one, operator_sign_in, reassign_wrong,
};
pub use outcome::{AccessRow, AccessView, Became, ProofView, access, left_out_words, proof, receipt};
pub use paged::Part;
pub use preflight::{PreflightView, preflight, preflight_counts};
pub use problem::{WebProblem, explained, problem};
pub use progress::{
    ActivityRow, MovingRow, ProgressView, Reached, RestoreRow, StepRow, StepState, Turn, creating, progress,
};
pub use report::{Changed, PersonRow, REPORT_ROWS, ReportView, not_yet, report, report_group, short_code};
pub use result::{Last, ResultView, SignInResult, Stopped, Support, Ways, result};
pub use route::{RouteView, route};
pub use signup::{
    DO_CHECK, FIELD_INITIATOR, FIELD_INITIATOR_EMAIL, FIELD_ONBOARDING, FormView, Found, field_label, initiator_wrong,
    mistake_said, signup_form, zone_wrong,
};
pub use start::start;
pub use to_do::{FIELD_HOW, FIELD_ITEM, HOW_OPEN, TO_DO, ToDoRow, ToDoStands};
pub use turn::{NotYoursView, TurnView, not_yours, turn};

/// What the directory that a subscription is in is called, where only its id is known.
#[must_use]
pub fn current_directory() -> &'static str {
    crate::text::CURRENT_DIRECTORY.said()
}
