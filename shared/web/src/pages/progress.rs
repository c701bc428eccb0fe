//! The page people live on: whose turn it is, what has happened, what is true in Azure now. The same view is the answer
//! to a program that asks for JSON.

use impact::feedback::Feedback;
use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};
use onboarding::{Actor, Directory, Ending, ErrorName, Explanation, OnboardingId, Status, Step, UndoItem, WaitKind};
use serde::Serialize;

use super::feedback::{FEEDBACK, FIELD_FELT, FIELD_TEXT, feedback_form};
use super::to_do::{ToDoRow, to_do_lists};
use crate::form::Fields;
use crate::frame::{frame, person, time};
use crate::text::people;
use crate::text::{Text, impact as words};
use crate::{paths, text};

/// Where a step stands, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepState {
    /// Not begun.
    NotStarted,
    /// At work.
    Running,
    /// Waiting for the person who looks at the page.
    YourTurn,
    /// Waiting for the owner.
    WaitingForOwner,
    /// Waiting for the partner admin.
    WaitingForPartner,
    /// Waiting for Microsoft.
    WaitingForMicrosoft,
    /// Stopped by an error.
    NeedsAttention,
    /// Finished.
    Done,
    /// The onboarding ended before it.
    NotReached,
}

impl StepState {
    /// The state of a step that waits for this person, as the viewer sees it.
    #[must_use]
    pub fn waiting_for(actor: Actor, viewer: Option<Actor>) -> Self {
        match (actor, viewer == Some(actor)) {
            (_, true) => Self::YourTurn,
            (Actor::Owner, false) => Self::WaitingForOwner,
            (Actor::PartnerAdmin, false) => Self::WaitingForPartner,
        }
    }

    fn words(self) -> Text {
        match self {
            Self::NotStarted => text::STATE_NOT_STARTED,
            Self::Running => text::STATE_RUNNING,
            Self::YourTurn => text::STATE_YOUR_TURN,
            Self::WaitingForOwner => text::STATE_WAITING_OWNER,
            Self::WaitingForPartner => text::STATE_WAITING_PARTNER,
            Self::WaitingForMicrosoft => text::STATE_SETTLING,
            Self::NeedsAttention => text::STATE_ATTENTION,
            Self::Done => text::STATE_DONE,
            Self::NotReached => text::STATE_STOPPED,
        }
    }

    /// A shape beside the words, so that neither colour nor language is needed to scan the list.
    fn sign(self) -> &'static str {
        match self {
            Self::NotStarted | Self::NotReached => "○",
            Self::Running | Self::WaitingForMicrosoft => "◐",
            Self::YourTurn => "▶",
            Self::WaitingForOwner | Self::WaitingForPartner => "◔",
            Self::NeedsAttention => "!",
            Self::Done => "✓",
        }
    }
}

/// One step of the list.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StepRow {
    /// The step.
    pub step: Step,
    /// Its number in Microsoft's procedure.
    pub number: u8,
    /// What people call it.
    pub title: &'static str,
    /// Where it stands.
    pub state: StepState,
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// The error that stopped it last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Whose turn it is.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Turn {
    /// What is asked.
    pub kind: WaitKind,
    /// Of whom.
    pub actor: Actor,
    /// With which account; masked for viewers.
    pub account: String,
    /// In which directory.
    pub directory: Directory,
    /// Why, as a stable id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Since when.
    pub since: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// When they were written to last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mailed: Option<Timestamp>,
    /// When they are reminded next, if they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reminded: Option<Timestamp>,
    /// Whether the person who looks at the page can have them reminded now.
    pub may_remind: bool,
    /// Whether that is the person who looks at the page.
    pub yours: bool,
}

/// What is reached on the way of the move, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reached {
    /// The change of directory is requested.
    Requested,
    /// It is accepted.
    Accepted,
    /// The subscription says that it trusts the partner directory.
    Moved,
    /// The partner admin is its Owner.
    OwnerAdded,
    /// The reviewed access is restored.
    AccessRestored,
    /// The partner admin sees it.
    Proved,
}

impl Reached {
    /// All of it.
    pub const ALL: [Self; 6] =
        [Self::Requested, Self::Accepted, Self::Moved, Self::OwnerAdded, Self::AccessRestored, Self::Proved];

    fn words(self) -> Text {
        match self {
            Self::Requested => words::MOVING_REQUESTED,
            Self::Accepted => words::MOVING_ACCEPTED,
            Self::Moved => words::MOVING_MOVED,
            Self::OwnerAdded => words::MOVING_OWNER,
            Self::AccessRestored => words::MOVING_ACCESS,
            Self::Proved => words::MOVING_PROVED,
        }
    }
}

/// One thing on the way of the move, and since when it is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MovingRow {
    /// What.
    pub what: Reached,
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}

/// One line of what has happened.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ActivityRow {
    /// When.
    pub at: Timestamp,
    /// Who: `owner`, `partner-admin` or `mooring`.
    pub actor: String,
    /// A stable name.
    pub action: String,
    /// The step it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<Step>,
    /// Facts; only for the two people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<serde_json::Value>,
}

/// How far the restore of access is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RestoreRow {
    /// Rows in all.
    pub planned: u32,
    /// Made, or there already.
    pub done: u32,
    /// Refused by Azure.
    pub refused: u32,
    /// Left out on purpose.
    pub left_out: u32,
    /// Whether it is finished.
    pub finished: bool,
}

/// What the page shows.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProgressView {
    /// The onboarding.
    pub onboarding_id: OnboardingId,
    /// Its short reference.
    pub reference: String,
    /// The link that was opened. It is a capability: the page uses it, a program has it already.
    #[serde(skip)]
    pub link: String,
    /// Who looks: one of the two people, or a viewer.
    pub viewer: Option<Actor>,
    /// Where it stands.
    pub status: Status,
    /// How it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ending: Option<Ending>,
    /// The error that it ended with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Whose turn it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turn: Option<Turn>,
    /// Whether someone has asked to cancel.
    pub cancelling: bool,
    /// Whether it can still be cancelled.
    pub may_cancel: bool,
    /// The subscription's id, once it is chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscription_id: Option<String>,
    /// Its name, once it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscription_name: Option<String>,
    /// The directory that it leaves.
    pub from: String,
    /// The directory that it goes to: its name if known.
    pub to: String,
    /// The owner's address; masked for viewers.
    pub owner: String,
    /// The partner admin's address; masked for viewers.
    pub partner_admin: String,
    /// To whose address mails come back.
    pub unreachable: Vec<Actor>,
    /// The caller's own reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub your_reference: Option<String>,
    /// Whether we invited a guest.
    pub guest_invited: bool,
    /// Whether our request to change the directory is open.
    pub request_sent: bool,
    /// Whether the subscription has moved.
    pub moved: bool,
    /// How far the move is, from the request on and until the onboarding ends.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub moving: Vec<MovingRow>,
    /// Until when the confirmed move rests, so that it can be cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cool_off_until: Option<Timestamp>,
    /// Rows of the preflight: that hold, that hold with something to know, that don't hold, that can't be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preflight: Option<[usize; 4]>,
    /// What the move does, in short.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<impact::report::Summary>,
    /// Hard stops that are not accepted by both people.
    pub open_stops: usize,
    /// How far the restore of access is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restore: Option<RestoreRow>,
    /// Whether there is a proof.
    pub proof: bool,
    /// The receipt's hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt_hash: Option<String>,
    /// What is left for people to do after the move.
    pub to_do: Vec<ToDoRow>,
    /// How it went for whoever looks, if they said so.
    #[serde(skip)]
    pub felt: Option<Feedback>,
    /// The steps.
    pub steps: Vec<StepRow>,
    /// What has happened, newest first.
    pub activity: Vec<ActivityRow>,
    /// What was undone at the end.
    pub undone: Vec<UndoItem>,
    /// A link for looking, for a person to pass on.
    #[serde(skip)]
    pub share: Option<String>,
    /// What the partner admin tells the owner over another channel, while that can still matter.
    #[serde(skip)]
    pub phrase: Option<String>,
    /// Another text whenever the page would say something else: what a script compares.
    pub changed: String,
    /// When this was read.
    pub read_at: Timestamp,
}

impl ProgressView {
    fn owner_added(&self) -> bool {
        self.steps.iter().any(|row| row.step == Step::AddAdministrator && row.state == StepState::Done)
    }

    fn error(&self) -> Option<Explanation> {
        self.error.as_deref().and_then(ErrorName::parse).map(texts::explanation)
    }

    /// The one sentence that says where it stands.
    fn banner(&self) -> String {
        if let (false, Some(turn)) = (self.status.is_over(), &self.turn) {
            let values = |title: &str| {
                let template = match (turn.yours, turn.kind) {
                    (true, WaitKind::SignIn) => text::BANNER_YOUR_TURN,
                    (true, WaitKind::Confirm) => text::BANNER_YOUR_CONFIRM,
                    (true, WaitKind::Review) => text::impact::BANNER_YOUR_REVIEW,
                    (true, WaitKind::Fix) => text::BANNER_YOUR_FIX,
                    (false, WaitKind::SignIn) => text::BANNER_WAITING,
                    (false, WaitKind::Confirm) => text::BANNER_WAITING_CONFIRM,
                    (false, WaitKind::Review) => text::impact::BANNER_WAITING_REVIEW,
                    (false, WaitKind::Fix) => text::BANNER_WAITING_FIX,
                };
                template.with(&[("who", person(turn.actor).said()), ("account", &turn.account), ("title", title)])
            };
            let reason = turn.reason.as_deref().and_then(ErrorName::parse).map(texts::explanation);
            return values(reason.map_or("", |reason| reason.title));
        }
        let words = match self.status {
            Status::Running | Status::Waiting if self.cancelling => text::BANNER_CANCELLING,
            Status::Running | Status::Waiting if self.cool_off_until.is_some() => text::impact::BANNER_COOL_OFF,
            Status::Running | Status::Waiting => text::BANNER_RUNNING,
            Status::Settling => text::BANNER_SETTLING,
            Status::Done => text::BANNER_DONE,
            Status::Cancelled => text::BANNER_CANCELLED,
            Status::Declined => text::BANNER_DECLINED,
            Status::Expired => text::BANNER_EXPIRED,
            Status::Failed => text::BANNER_FAILED,
        };
        words.said().to_owned()
    }
}

/// That a person can't be reached, and what helps.
fn come_back(view: &ProgressView, who: Actor) -> Markup {
    html! { @if view.unreachable.contains(&who) && !view.status.is_over() { div.panel.bad { p { (text::people::UNREACHABLE) } } } }
}

pub(super) fn activity_said(row: &ActivityRow) -> String {
    let who = match Actor::parse(&row.actor) {
        Some(actor) => person(actor).said(),
        None if row.actor == onboarding::OPERATOR => text::operator::WHO.said(),
        None => text::PRODUCT.said(),
    };
    let known = text::ACTIONS.iter().find(|(action, _)| *action == row.action);
    let action = known.map_or(row.action.as_str(), |(_, words)| words.said());
    match row.step {
        Some(step) => format!("{action} · {who} · {}", texts::step_title(step)),
        None => format!("{action} · {who}"),
    }
}

/// The facts of an entry, as they are kept: ids, names of calls, codes. A sentence in it is an older entry's, in English.
pub(super) fn technical(detail: Option<&serde_json::Value>) -> Markup {
    html! {
        @if let Some(detail) = detail.filter(|detail| detail.as_object().is_some_and(|facts| !facts.is_empty())) {
            br; code.muted lang="en" translate="no" { (detail) }
        }
    }
}

/// What was found out and made so far, each with the page about it.
fn found_out(view: &ProgressView) -> Markup {
    let link = &view.link;
    let some = view.preflight.is_some() || view.report.is_some() || view.restore.is_some() || view.proof;
    html! {
        @if some {
            h2 { (words::PROGRESS_READ) }
            dl {
                @if let Some(counts) = view.preflight {
                    dt { a href=(paths::preflight(link)) { (words::PROGRESS_PREFLIGHT) } }
                    dd { (super::preflight::counted(counts)) }
                }
                @if let Some(report) = &view.report {
                    dt { a href=(paths::report(link)) { (words::PROGRESS_REPORT) } }
                    dd { (super::report::verdict(report, view.open_stops).1) " " (super::report::counted(report)) }
                }
                @if let Some(restore) = view.restore {
                    dt { a href=(paths::access(link)) { (words::PROGRESS_RESTORE) } }
                    dd { (words::PROGRESS_RESTORE_SAID.with(&[
                        ("done", &restore.done.to_string()),
                        ("planned", &restore.planned.to_string()),
                        ("refused", &restore.refused.to_string()),
                        ("left", &restore.left_out.to_string()),
                    ])) }
                }
                @if view.proof {
                    dt { a href=(paths::proof(link)) { (words::PROGRESS_PROOF) } }
                    dd { (text::DONE_PROVED.with(&[("partner", &view.partner_admin)])) }
                }
                @if let (Some(hash), true) = (&view.receipt_hash, view.viewer.is_some()) {
                    dt { a href=(paths::receipt(link)) { (words::PROGRESS_RECEIPT) } }
                    dd { code { (super::short_code(hash)) } }
                }
            }
        }
    }
}

/// Longer than this between the acceptance and the move is longer than usual.
const USUAL: SignedDuration = SignedDuration::from_mins(60);

/// How far the move is, row by row, and how long Microsoft takes for what is waited for.
fn moving(view: &ProgressView) -> Markup {
    let reached = |what| view.moving.iter().find(|row| row.what == what).and_then(|row| row.at);
    // Until Azure has made the change; what comes after it is quick, and ours.
    let since = reached(Reached::Accepted).filter(|_| reached(Reached::Moved).is_none());
    let next = view.moving.iter().position(|row| row.at.is_none());
    html! {
        @if !view.moving.is_empty() {
            h2 { (words::MOVING_TITLE) }
            ol.steps {
                @for (n, row) in view.moving.iter().enumerate() {
                    li {
                        @let (sign, state) = match (row.at, next == Some(n)) {
                            (Some(_), _) => ("✓", text::STATE_DONE),
                            (None, true) => ("◐", text::STATE_RUNNING),
                            (None, false) => ("○", text::STATE_NOT_STARTED),
                        };
                        span.state { span aria-hidden="true" { (sign) } " " (row.what.words()) ": " (state) }
                        @if let Some(at) = row.at { p.muted { (text::PROGRESS_SINCE) (time(at)) } }
                    }
                }
            }
            @if let Some(since) = since {
                p { (if view.read_at.duration_since(since) > USUAL { words::MOVING_LONG } else { words::MOVING_USUAL }) }
            }
        }
    }
}

/// The one question at the end.
fn asked_how_it_went(view: &ProgressView) -> Markup {
    let said = view.felt.as_ref();
    let values = said.map_or_else(Fields::default, |said| {
        Fields::default().with(FIELD_FELT, said.felt.as_str()).with(FIELD_TEXT, &said.text)
    });
    html! {
        h2 #(FEEDBACK) { (people::FEEDBACK_TITLE) }
        @if let Some(said) = said { div.panel.good { p { (people::FEEDBACK_GIVEN) (time(said.at)) "." } } }
        (feedback_form(&view.link, &values, &[]))
    }
}

/// What people must still do after the move, with how many of each.
fn to_do(view: &ProgressView) -> Markup {
    let link = &view.link;
    html! {
        h2 { (words::TODO) }
        ul {
            @for row in &view.to_do {
                li {
                    (row.what) " "
                    span.muted { (words::TODO_ROW.with(&[
                        ("about", row.about.as_str()), ("n", &row.count.to_string()), ("who", person(row.who).said()),
                        ("days", &row.due_days.to_string()),
                    ])) }
                }
            }
            @if view.report.is_some() { li { a href=(paths::report(link)) { (words::TODO_REPORT) } } }
            @if let Some(restore) = view.restore.filter(|restore| restore.refused > 0) {
                li { a href=(paths::access(link)) { (words::TODO_REFUSED.with(&[("n", &restore.refused.to_string())])) } }
            }
            li { (words::TODO_KEYS) }
            li { (words::TODO_POLICY) }
        }
    }
}

/// The progress page.
#[must_use]
pub fn progress(view: &ProgressView) -> Markup {
    let (name, id) = (view.subscription_name.as_deref(), view.subscription_id.as_deref());
    let subscription = name.or(id).unwrap_or(people::CHOOSE_NOT_YET.said());
    let yours = !view.status.is_over() && view.turn.as_ref().is_some_and(|turn| turn.yours);
    let tone = match view.status {
        Status::Done => "good",
        Status::Failed | Status::Expired => "bad",
        Status::Running | Status::Waiting | Status::Settling | Status::Cancelled | Status::Declined => "",
    };
    let content = html! {
        // The one place that announces: said once when something changes, not again with every look.
        p.unseen #live-said role="status" {}
        div data-live=(view.changed) data-over=(view.status.is_over()) {
        h1 { (text::PROGRESS_HEADING) }
        div class={ "panel " (tone) } {
            p { strong data-banner { (view.banner()) } }
            @if let (false, Some(turn)) = (view.status.is_over(), &view.turn) {
                p { (text::PROGRESS_UNTIL) (time(turn.until)) "." }
                @if !turn.yours {
                    @if let Some(mailed) = turn.mailed { p { (people::MAILED) (time(mailed)) "." } }
                    @if let Some(next) = turn.reminded { p { (people::NEXT_REMINDER) (time(next)) "." } }
                }
            }
            @if let (None, Some(until)) = (&view.turn, view.cool_off_until.filter(|_| !view.status.is_over())) {
                p { (words::COOL_OFF_UNTIL) (time(until)) "." }
            }
            @if let Some(error) = view.error() {
                p { (error.cause) " " (error.effect) }
                p { (error.next_step) }
                p { (text::ERROR_ID) ": " code { (view.error.as_deref().unwrap_or_default()) } }
            }
        }
        div.actions {
            @if yours { a.button href=(paths::turn(&view.link)) { (text::PROGRESS_CONTINUE) } }
            @if view.turn.as_ref().is_some_and(|turn| turn.may_remind) {
                form method="post" action=(paths::remind(&view.link)) {
                    button.quiet type="submit" aria-describedby="remind-said" { (people::REMIND) }
                }
            }
            @if view.cool_off_until.is_some() && view.may_cancel && view.viewer.is_some() {
                a.button href=(paths::cancel(&view.link)) { (text::PROGRESS_CANCEL) }
            }
            @if !view.status.is_over() { a.button.quiet href=(paths::progress(&view.link)) { (text::PROGRESS_REFRESH) } }
        }
        @if view.turn.as_ref().is_some_and(|turn| turn.may_remind) { p.muted #remind-said { (people::REMIND_SAID) } }
        @if let Some(phrase) = &view.phrase {
            h2 { (people::PHRASE_TITLE) }
            p { strong { code #phrase { (phrase) } } }
            p { (people::PHRASE_SAID) }
        }
        @if view.status == Status::Done {
            h2 { (text::DONE_TITLE) }
            ul {
                li { (text::DONE_DIRECTORY.with(&[("to", &view.to)])) }
                li { (text::DONE_OWNER.with(&[("partner", &view.partner_admin)])) }
                li { (text::DONE_PROVED.with(&[("partner", &view.partner_admin)])) }
                li { (text::DONE_TOKENS) }
            }
        } @else {
            h2 { (text::PROGRESS_CHANGED) }
            ul {
                @if view.guest_invited { li { (text::CHANGED_GUEST) } }
                @if view.moved { li { (text::CHANGED_MOVED) } } @else if view.request_sent { li { (text::CHANGED_REQUEST) } }
                @if view.owner_added() { li { (text::CHANGED_OWNER) } }
                @if !view.guest_invited && !view.moved && !view.request_sent { li { (text::CHANGED_NOTHING) } }
            }
        }
        @if view.to_do.iter().any(|row| row.stands.is_some()) {
            (to_do_lists(view))
        } @else if view.moved || view.status == Status::Done {
            (to_do(view))
        }
        @if view.moved && view.status.is_over() && view.viewer.is_some() {
            p { a href=(paths::move_back(&view.link)) { (text::people::BACK_LINK) } }
        }
        @if view.status == Status::Done && view.viewer.is_some() { (asked_how_it_went(view)) }
        (found_out(view))
        (super::undone::undone(&view.undone))
        (moving(view))
        h2 { (text::PROGRESS_STEPS) }
        ol.steps {
            @for row in &view.steps {
                li {
                    span.state { span aria-hidden="true" { (row.state.sign()) } " " (row.number) ". " (row.title) ": " (row.state.words()) }
                    @if let Some(since) = row.since { p.muted { (text::PROGRESS_SINCE) (time(since)) } }
                    @if let (false, Some(error)) = (row.state == StepState::Done, &row.error) {
                        p.muted { (ErrorName::parse(error).map_or("", |name| texts::explanation(name).title)) " (" code { (error) } ")" }
                    }
                }
            }
        }
        h2 { (text::PROGRESS_ABOUT) }
        dl {
            dt { (text::PROGRESS_SUBSCRIPTION) } dd { (subscription) @if let Some(id) = id.filter(|id| *id != subscription) { br; code { (id) } } }
            dt { (text::PROGRESS_FROM) } dd { (view.from) }
            dt { (text::PROGRESS_TO) } dd { (view.to) }
            dt { (text::PROGRESS_OWNER) } dd { (view.owner) (come_back(view, Actor::Owner)) }
            dt { (text::PROGRESS_PARTNER) } dd { (view.partner_admin) (come_back(view, Actor::PartnerAdmin)) }
            @if let Some(reference) = &view.your_reference { dt { (text::PROGRESS_YOUR_REFERENCE) } dd { (reference) } }
        }
        @if !view.activity.is_empty() {
            h2 { (text::PROGRESS_ACTIVITY) }
            ul {
                @for row in &view.activity {
                    li {
                        (time(row.at)) " · " (activity_said(row))
                        (technical(row.detail.as_ref()))
                    }
                }
            }
        }
        @if view.viewer.is_some() { p { a href=(paths::evidence(&view.link)) { (words::PROGRESS_EVIDENCE) } } }
        @if view.may_cancel && view.viewer.is_some() {
            p { a href=(paths::cancel(&view.link)) { (text::PROGRESS_CANCEL) } }
        }
        @if let Some(share) = &view.share {
            p { a href=(paths::progress(share)) { (people::SHARE) } ". " span.muted { (people::SHARE_SAID) } }
        }
        p.muted { (text::PROGRESS_JSON) }
        }
    };
    let title = if yours { text::PROGRESS_YOUR_TURN_TITLE } else { text::PROGRESS_TITLE };
    frame(title.said(), Some(&view.reference), &content)
}

/// The progress page between the sign-up and the record's creation, a second or two.
#[must_use]
pub fn creating(link: &str, reference: &str) -> Markup {
    let content = html! {
        h1 { (text::PROGRESS_NEW_TITLE) }
        p role="status" { (text::PROGRESS_NEW) }
        p.actions { a.button href=(paths::progress(link)) { (text::PROGRESS_REFRESH) } }
    };
    frame(text::PROGRESS_NEW_TITLE.said(), Some(reference), &content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::ToDoStands;
    use impact::to_do::{How, Ticked};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn view() -> ProgressView {
        ProgressView {
            onboarding_id: OnboardingId::from_parts(1, 2),
            reference: "ABCD-1234".into(),
            link: "01ABC.o.secret".into(),
            viewer: Some(Actor::Owner),
            status: Status::Waiting,
            ending: None,
            error: None,
            turn: Some(Turn {
                kind: WaitKind::SignIn,
                actor: Actor::Owner,
                account: "rosa@outlook.com".into(),
                directory: Directory::Source,
                reason: None,
                since: at("2026-05-12T09:00:00Z"),
                until: at("2026-05-16T17:00:00Z"),
                mailed: None,
                reminded: None,
                may_remind: false,
                yours: true,
            }),
            cancelling: false,
            may_cancel: true,
            subscription_id: Some("6c3c85bc-5366-4eaa-8055-a10529eafd03".into()),
            subscription_name: None,
            from: "f".into(),
            to: "Contoso".into(),
            owner: "rosa@outlook.com".into(),
            partner_admin: "kim@contoso.com".into(),
            unreachable: vec![],
            your_reference: None,
            guest_invited: false,
            request_sent: false,
            moved: false,
            moving: vec![],
            cool_off_until: None,
            preflight: None,
            report: None,
            open_stops: 0,
            restore: None,
            proof: false,
            receipt_hash: None,
            to_do: vec![],
            felt: None,
            steps: vec![StepRow {
                step: Step::UseExistingDirectory,
                number: 1,
                title: Step::UseExistingDirectory.title(),
                state: StepState::YourTurn,
                since: Some(at("2026-05-12T09:00:00Z")),
                error: None,
            }],
            activity: vec![],
            undone: vec![],
            share: None,
            phrase: None,
            changed: "1".into(),
            read_at: at("2026-05-12T10:00:00Z"),
        }
    }

    #[test]
    fn the_person_whose_turn_it_is_gets_one_sentence_and_one_button() {
        let page = progress(&view()).into_string();
        for piece in [
            "Your turn: sign in",
            "rosa@outlook.com",
            r#"href="/o/01ABC.o.secret/turn""#,
            "16 May 2026, 17:00 UTC",
            "<title>(Your turn)",
            "Nothing has been changed in Azure so far",
        ] {
            assert!(page.contains(piece), "{piece}");
        }
        assert_eq!(page.matches("class=\"button\"").count(), 1);
    }

    #[test]
    fn everybody_else_reads_whom_it_waits_for_and_gets_no_button_to_act() {
        let mut view = view();
        view.viewer = None;
        if let Some(turn) = &mut view.turn {
            turn.yours = false;
        }
        let page = progress(&view).into_string();
        assert!(
            page.contains("Waiting for the subscription&#39;s owner")
                || page.contains("Waiting for the subscription's owner")
        );
        assert!(!page.contains("/turn\"") && !page.contains("/cancel\""));
    }

    #[test]
    fn the_page_says_what_is_true_in_azure_now() {
        let mut view = view();
        view.moved = true;
        view.guest_invited = true;
        let page = progress(&view).into_string();
        assert!(
            page.contains("has moved")
                && page.contains("invited as a guest")
                && !page.contains("Nothing has been changed")
        );
    }

    #[test]
    fn when_it_is_done_the_page_says_what_is_true_now() {
        let mut view = view();
        view.status = Status::Done;
        view.turn = None;
        let page = progress(&view).into_string();
        assert!(page.contains("The subscription trusts Contoso.") && page.contains("kim@contoso.com is Owner"));
        assert!(page.contains("Rotate access keys"));
    }

    fn row(who: Actor, id: &str, overdue: bool, ticked: Option<How>) -> ToDoRow {
        let at = at("2026-05-13T10:00:00Z");
        ToDoRow {
            what: format!("Look after {id}"),
            about: "Vaults <b>".into(),
            count: 2,
            who,
            due_days: 1,
            stands: Some(ToDoStands { id: id.into(), due: at, overdue, ticked: ticked.map(|how| Ticked { how, at }) }),
        }
    }

    #[test]
    fn each_person_ticks_off_their_own_and_whoever_only_looks_has_no_button() {
        let mut view = view();
        (view.status, view.turn, view.moved) = (Status::Done, None, true);
        view.to_do = vec![
            row(Actor::Owner, "after:one", true, None),
            row(Actor::Owner, "after:two", false, Some(How::NotNeeded)),
            row(Actor::PartnerAdmin, "after:three", false, None),
        ];
        let page = progress(&view).into_string();
        for piece in [
            "Overdue: ",
            "Not needed: ",
            "Due: <time datetime=\"2026-05-13T10:00:00Z\">13 May 2026</time>",
            "Overdue: 1.",
            "Vaults &lt;b&gt;",
            r#"action="/o/01ABC.o.secret/to-do""#,
            r#"name="item" value="after:one""#,
            r#"aria-labelledby="to-do-owner-after-one-done to-do-owner-after-one""#,
        ] {
            assert!(page.contains(piece), "{piece} in {page}");
        }
        assert_eq!(page.matches(r#"name="how" value="done""#).count(), 1, "the other person's has no button");
        assert_eq!(page.matches(r#"name="how" value="open""#).count(), 1);
        view.viewer = None;
        let page = progress(&view).into_string();
        assert!(page.contains("Look after after:three") && !page.contains("<form"), "{page}");
        for row in &mut view.to_do {
            let stands = row.stands.as_mut().unwrap();
            (stands.overdue, stands.ticked) = (false, Some(Ticked { how: How::Done, at: stands.due }));
        }
        assert!(progress(&view).into_string().contains("Nothing is left to do"));
    }

    #[test]
    fn how_it_went_is_asked_when_it_is_done_and_what_was_said_stays_text() {
        let mut view = view();
        view.moved = true;
        assert!(!progress(&view).into_string().contains("/feedback\""), "it is not over");
        (view.status, view.turn) = (Status::Done, None);
        let text = "</textarea><img src=x>\nKim was late".to_owned();
        let at = at("2026-05-13T10:00:00Z");
        view.felt = Some(Feedback { actor: Actor::Owner, felt: impact::feedback::Felt::Hard, text, at });
        let page = progress(&view).into_string();
        assert!(
            page.contains(r#"value="hard" checked"#) && page.contains("&lt;img src=x&gt;\nKim was late</textarea>")
        );
        let json = serde_json::to_string(&view).unwrap();
        assert!(!json.contains("late"), "a program gets no free text of a person");
    }

    #[test]
    fn an_error_at_the_end_has_its_id_cause_and_next_step() {
        let mut view = view();
        view.status = Status::Failed;
        view.error = Some("Subscription.NotMovable".into());
        let page = progress(&view).into_string();
        assert!(page.contains("Subscription.NotMovable") && page.contains("Azure Lighthouse"));
    }

    #[test]
    fn activity_is_told_in_words_and_an_unknown_action_by_its_name() {
        let mut view = view();
        for action in ["move.confirmed", "something.new"] {
            view.activity.push(ActivityRow {
                at: at("2026-05-12T09:00:00Z"),
                actor: "owner".into(),
                action: action.into(),
                step: None,
                detail: None,
            });
        }
        let page = progress(&view).into_string();
        assert!(page.contains("The move was confirmed") && page.contains("something.new"));
    }

    #[test]
    fn the_json_holds_no_link() {
        let json = serde_json::to_string(&view()).unwrap();
        assert!(!json.contains("secret"), "{json}");
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["turn"]["actor"], "owner");
        assert_eq!(json["steps"][0]["state"], "your-turn");
        assert_eq!(json["turn"]["until"], "2026-05-16T17:00:00Z");
    }
}
