//! The operators' pages: the list of onboardings, one of them, and what each act does, before the button that does it.

use impact::feedback::Feedback;
use jiff::Timestamp;
use maud::{Markup, html};
use onboarding::audit::Entry;
use onboarding::{Actor, ErrorName, OnboardingId, Status, UndoItem, WaitKind};
use serde::Serialize;

use super::evidence::{integrity, trail};
use super::paged::{Part, pager, wide};
use crate::form::{Fields, Problem};
use crate::frame::{error_summary, field_error, frame, person, problem_of, time};
use crate::text::operator as words;
use crate::{paths, text};

/// The list's field of which list: `open`, or a month such as `2026-05`.
pub const FIELD_LIST: &str = "list";
/// The list's field of which state.
pub const FIELD_STATUS: &str = "status";
/// The list's field of whom it waits for: `owner`, `partner-admin` or `nobody`.
pub const FIELD_WAITING: &str = "waiting";
/// The list's field of words to look for.
pub const FIELD_WORDS: &str = "words";
/// The list's field of the order: `age`, `deadline` or `partner`.
pub const FIELD_SORT: &str = "sort";
/// The hidden field of the page to come back to after a sign-in.
pub const FIELD_TO: &str = "to";
/// The field of whose part somebody else gets.
pub const FIELD_PART: &str = "part";
/// The field of the new person's address.
pub const FIELD_NEW_EMAIL: &str = "new-email";
/// The hidden field of what the page was about: a wait, a deadline, a version. A form that was sent late does nothing else.
pub const FIELD_ABOUT: &str = "about";
/// The query's name for what was done.
pub const DID: &str = "did";
/// Its value where nothing was.
pub const DID_NOTHING: &str = "nothing";

/// How many onboardings are on one page.
pub const OPERATOR_ROWS: usize = 50;

/// What an operator can do about an onboarding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperatorAct {
    /// Mail the person whose turn it is once more.
    Remind,
    /// Move the deadline.
    Extend,
    /// Put somebody else in a person's place.
    Reassign,
    /// Look again, tell the state machine again, or start anew.
    Retry,
    /// End it.
    Cancel,
}

impl OperatorAct {
    /// Every act.
    pub const ALL: [Self; 5] = [Self::Remind, Self::Extend, Self::Reassign, Self::Retry, Self::Cancel];

    /// The last part of its address.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Remind => "remind",
            Self::Extend => "extend",
            Self::Reassign => "reassign",
            Self::Retry => "retry",
            Self::Cancel => "cancel",
        }
    }

    /// Reads the last part of an address.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|act| act.as_str() == text)
    }

    fn title(self) -> text::Text {
        match self {
            Self::Remind => words::REMIND,
            Self::Extend => words::EXTEND,
            Self::Reassign => words::REASSIGN,
            Self::Retry => words::RETRY,
            Self::Cancel => words::CANCEL,
        }
    }

    fn did(self) -> text::Text {
        match self {
            Self::Remind => words::DID_REMIND,
            Self::Extend => words::DID_EXTEND,
            Self::Reassign => words::DID_REASSIGN,
            Self::Retry => words::DID_RETRY,
            Self::Cancel => words::DID_CANCEL,
        }
    }
}

/// How something is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// The step that asked for a fix looks again.
    Look,
    /// A recorded answer is told to the state machine again.
    Tell,
    /// A new onboarding begins.
    Anew,
}

/// What an act would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OperatorOffer {
    /// Mail this person, at this address.
    Remind(Actor, String),
    /// Move this person's deadline to then.
    Extend(Actor, Timestamp),
    /// Put somebody else in the place of one of these.
    Reassign(Vec<Actor>),
    /// Try again in this way.
    Retry(Again),
    /// End it.
    Cancel,
}

/// Why an act can't be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperatorNotNow {
    /// It has ended.
    Over,
    /// Nobody's turn.
    NobodyAsked,
    /// The person got a mail within the last hour.
    MailedRecently,
    /// It waits as long as it may.
    Longest,
    /// The subscription has moved, or may have.
    Moved,
    /// It waits for an answer that only a person can give.
    WaitsForPerson,
    /// It is at work.
    AtWork,
    /// It is done.
    Done,
    /// The same request runs already.
    Runs,
    /// Cancelling was asked for.
    Cancelling,
}

impl OperatorNotNow {
    /// Every reason.
    pub const ALL: [Self; 10] = [
        Self::Over,
        Self::NobodyAsked,
        Self::MailedRecently,
        Self::Longest,
        Self::Moved,
        Self::WaitsForPerson,
        Self::AtWork,
        Self::Done,
        Self::Runs,
        Self::Cancelling,
    ];

    fn said(self) -> text::Text {
        match self {
            Self::Over => words::NOT_OVER,
            Self::NobodyAsked => words::NOT_ASKED,
            Self::MailedRecently => words::NOT_MAILED,
            Self::Longest => words::NOT_LONGER,
            Self::Moved => words::NOT_MOVED,
            Self::WaitsForPerson => words::NOT_PERSON,
            Self::AtWork => words::NOT_AT_WORK,
            Self::Done => words::NOT_DONE,
            Self::Runs => words::NOT_RUNS,
            Self::Cancelling => words::NOT_CANCELLING,
        }
    }
}

/// Whom an onboarding waits for.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OperatorTurn {
    /// Whose turn.
    pub actor: Actor,
    /// What is asked.
    pub kind: WaitKind,
    /// Until when.
    pub until: Timestamp,
}

/// One onboarding of the list.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OperatorRow {
    /// Its id.
    pub onboarding_id: OnboardingId,
    /// Its short reference.
    pub reference: String,
    /// Where it stands.
    pub status: Status,
    /// Its subscription's name, or its id.
    pub subscription: String,
    /// The partner directory's name, or the domain that was asked for.
    pub partner: String,
    /// The owner's address.
    pub owner: String,
    /// The partner admin's.
    pub partner_admin: String,
    /// Whom it waits for.
    pub turn: Option<OperatorTurn>,
    /// The error that it ended with.
    pub error: Option<String>,
    /// When it began.
    pub created_at: Timestamp,
}

/// The list.
#[derive(Debug)]
pub struct OperatorListView<'a> {
    /// Who is signed in.
    pub name: &'a str,
    /// What was asked for.
    pub asked: &'a Fields,
    /// The months of lists of those that ended, the newest first.
    pub months: &'a [String],
    /// What fits, in order.
    pub rows: &'a [OperatorRow],
    /// How many are on the list.
    pub all: usize,
    /// Whether the list is longer than what was looked through.
    pub cut: bool,
    /// Which page, from 1.
    pub page: usize,
}

/// One mail that was queued.
#[derive(Debug, Clone)]
pub struct OperatorMail {
    /// Whom to.
    pub to: Actor,
    /// The text's name.
    pub what: String,
    /// When it was queued.
    pub at: Timestamp,
    /// When it was sent.
    pub sent: Option<Timestamp>,
}

/// One onboarding.
#[derive(Debug)]
pub struct OperatorOneView<'a> {
    /// Who is signed in.
    pub name: &'a str,
    /// The onboarding, in short.
    pub row: &'a OperatorRow,
    /// The subscription's id.
    pub subscription_id: Option<&'a str>,
    /// The directory that it comes from.
    pub from: &'a str,
    /// The route and the cloud.
    pub route: (&'a str, &'a str),
    /// The caller's own reference.
    pub their_reference: Option<&'a str>,
    /// The execution's ARN.
    pub execution: &'a str,
    /// The last change.
    pub updated_at: Timestamp,
    /// The people to whose address mails come back.
    pub unreachable: &'a [Actor],
    /// How often the person whose turn it is was reminded.
    pub reminders: u32,
    /// A link for looking at the progress page.
    pub viewer: &'a str,
    /// The onboarding that was started in place of this one.
    pub anew: Option<&'a OnboardingId>,
    /// What can be done, and why not.
    pub acts: &'a [(OperatorAct, Option<OperatorNotNow>)],
    /// What was done just now, as the address says it.
    pub did: &'a str,
    /// How much is left to do of each person's list: who, open, overdue.
    pub left: &'a [(Actor, usize, usize)],
    /// How it went for the two people.
    pub feedback: &'a [Feedback],
    /// What was undone, once it has ended.
    pub undone: &'a [UndoItem],
    /// The mails, the newest first.
    pub mails: &'a [OperatorMail],
    /// The audit trail, oldest first.
    pub trail: &'a [Entry],
    /// The first entry of the trail that does not hold, if any.
    pub broken: Option<String>,
}

/// An act, before it is done.
#[derive(Debug)]
pub struct OperatorActView<'a> {
    /// Who is signed in.
    pub name: &'a str,
    /// The onboarding.
    pub id: &'a OnboardingId,
    /// The act.
    pub act: OperatorAct,
    /// What it would do, or why it can't be done.
    pub offer: Result<&'a OperatorOffer, OperatorNotNow>,
    /// What the page is about, sent along with the form.
    pub about: &'a str,
    /// What was typed.
    pub values: &'a Fields,
    /// What is wrong with it.
    pub problems: &'a [Problem],
}

/// What is wrong with what was typed for putting somebody else in a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReassignWrong {
    /// No part was chosen.
    NoPart,
    /// No address.
    NotOne,
    /// The address that the part has already.
    SamePerson,
    /// The owner is a guest of the partner directory already.
    Guest,
}

/// The same as a problem of the form.
#[must_use]
pub fn reassign_wrong(wrong: ReassignWrong) -> Problem {
    let (field, id, said) = match wrong {
        ReassignWrong::NoPart => (FIELD_PART, "Input.Invalid", words::REASSIGN_NO_PART),
        ReassignWrong::NotOne => (FIELD_NEW_EMAIL, "Input.Invalid", words::REASSIGN_NOT_ONE),
        ReassignWrong::SamePerson => (FIELD_NEW_EMAIL, "Forward.SamePerson", words::REASSIGN_SAME),
        ReassignWrong::Guest => (FIELD_PART, "Forward.GuestInvited", words::REASSIGN_GUEST),
    };
    Problem::new(field, id, said.said())
}

/// Where an onboarding stands, in words.
fn status_said(status: Status) -> text::Text {
    match status {
        Status::Running => words::STATUS_RUNNING,
        Status::Waiting => words::STATUS_WAITING,
        Status::Settling => words::STATUS_SETTLING,
        Status::Done => words::STATUS_DONE,
        Status::Cancelled => words::STATUS_CANCELLED,
        Status::Declined => words::STATUS_DECLINED,
        Status::Expired => words::STATUS_EXPIRED,
        Status::Failed => words::STATUS_FAILED,
    }
}

fn kind_said(kind: WaitKind) -> text::Text {
    match kind {
        WaitKind::SignIn => words::KIND_SIGN_IN,
        WaitKind::Review => words::KIND_REVIEW,
        WaitKind::Confirm => words::KIND_CONFIRM,
        WaitKind::Fix => words::KIND_FIX,
    }
}

/// The page before an operator signs in. `to` is where they wanted to go; `ended` says that they wanted to do something and are not
/// signed in any more.
#[must_use]
pub fn operator_sign_in(to: &str, ended: bool) -> Markup {
    let content = html! {
        h1 { (words::SIGN_IN_TITLE) }
        @if ended { div.panel.bad role="alert" { p { (words::SIGN_IN_ENDED) } } }
        p { (words::SIGN_IN_LEAD) }
        p { (words::SIGN_IN_ASKED) }
        form method="post" action=(paths::OPERATOR_SIGN_IN) {
            input type="hidden" name=(FIELD_TO) value=(to);
            div.actions { button type="submit" { (words::SIGN_IN_BUTTON) } }
        }
        p.muted { (words::SIGN_IN_PEOPLE) }
    };
    frame(words::SIGN_IN_TITLE.said(), None, &content)
}

/// Who is signed in, and the way out.
fn signed_in(name: &str) -> Markup {
    html! {
        form.actions method="post" action=(paths::OPERATOR_SIGN_OUT) {
            span.muted { (words::SIGNED_IN.with(&[("name", name)])) }
            button.quiet type="submit" { (words::SIGN_OUT) }
        }
    }
}

fn select(asked: &Fields, field: &str, label: text::Text, options: &[(String, String)]) -> Markup {
    let chosen = asked.filled(field).unwrap_or_else(|| options.first().map_or("", |(value, _)| value));
    html! {
        div.field {
            label for=(field) { (label) }
            select id=(field) name=(field) {
                @for (value, said) in options { option value=(value) selected[value == chosen] { (said) } }
            }
        }
    }
}

fn filter(view: &OperatorListView<'_>) -> Markup {
    let option = |value: &str, said: text::Text| (value.to_owned(), said.said().to_owned());
    let mut lists = vec![option("open", words::FILTER_OPEN)];
    lists.extend(view.months.iter().map(|month| (month.clone(), words::FILTER_OVER.with(&[("month", month)]))));
    let mut states = vec![option("", words::FILTER_ANY)];
    states.extend(Status::ALL.iter().map(|status| option(status.as_str(), status_said(*status))));
    let waiting = [
        option("", words::FILTER_ANY),
        option(Actor::Owner.as_str(), person(Actor::Owner)),
        option(Actor::PartnerAdmin.as_str(), person(Actor::PartnerAdmin)),
        option("nobody", words::FILTER_NOBODY),
    ];
    let sorts = [
        option("age", words::SORT_AGE),
        option("deadline", words::SORT_DEADLINE),
        option("partner", words::SORT_PARTNER),
    ];
    html! {
        form method="get" action=(paths::OPERATOR) {
            fieldset {
                legend { (words::FILTER) }
                div.filters {
                (select(view.asked, FIELD_LIST, words::FILTER_LIST, &lists))
                (select(view.asked, FIELD_STATUS, words::FILTER_STATUS, &states))
                (select(view.asked, FIELD_WAITING, words::FILTER_WAITING, &waiting))
                div.field {
                    label for=(FIELD_WORDS) { (words::FILTER_WORDS) }
                    input id=(FIELD_WORDS) name=(FIELD_WORDS) type="text" autocomplete="off" spellcheck="false" value=(view.asked.get(FIELD_WORDS));
                }
                (select(view.asked, FIELD_SORT, words::FILTER_SORT, &sorts))
                }
                div.actions { button.quiet type="submit" { (words::FILTER_BUTTON) } }
            }
        }
    }
}

/// The address of the list with what was asked for.
fn address(asked: &Fields) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for field in [FIELD_LIST, FIELD_STATUS, FIELD_WAITING, FIELD_WORDS, FIELD_SORT] {
        if let Some(value) = asked.filled(field) {
            query.append_pair(field, value);
        }
    }
    format!("{}?{}", paths::OPERATOR, query.finish())
}

/// The list.
#[must_use]
pub fn operator_list(view: &OperatorListView<'_>) -> Markup {
    let part = Part::of(view.rows.len(), OPERATOR_ROWS, view.page);
    let (shown, all) = (view.rows.len().to_string(), view.all.to_string());
    let content = html! {
        (signed_in(view.name))
        h1 { (words::TITLE) }
        (filter(view))
        p role="status" { (words::FOUND.with(&[("shown", &shown), ("all", &all)])) }
        @if view.cut { p.muted { (words::TOO_MANY.with(&[("n", &all)])) } }
        @if view.rows.is_empty() {
            p { (words::NONE) }
        } @else {
            (wide(words::TITLE.said(), &html! {
                table {
                    caption { (words::TITLE) }
                    thead { tr {
                        th scope="col" { (words::COL_WHAT) }
                        th scope="col" { (words::COL_PARTNER) }
                        th scope="col" { (words::COL_STATE) }
                        th scope="col" { (words::COL_WAITS) }
                        th scope="col" { (words::COL_UNTIL) }
                        th scope="col" { (words::COL_SINCE) }
                    } }
                    tbody { @for row in part.of_rows(view.rows) { (listed(row)) } }
                }
            }))
            (pager(part, &address(view.asked)))
        }
    };
    frame(words::TITLE.said(), None, &content)
}

fn listed(row: &OperatorRow) -> Markup {
    html! {
        tr {
            th scope="row" {
                a href=(paths::operator_one(row.onboarding_id.as_str())) { (row.reference) }
                br; span.muted { (row.subscription) }
            }
            td { (row.partner) br; span.muted { (row.partner_admin) } }
            td {
                (status_said(row.status))
                @if let Some(error) = &row.error { br; code { (error) } }
            }
            td {
                @match &row.turn {
                    Some(turn) => { (person(turn.actor)) br; span.muted { (kind_said(turn.kind)) } }
                    None => { (words::FILTER_NOBODY) }
                }
            }
            td { @if let Some(turn) = &row.turn { (time(turn.until)) } @else { "–" } }
            td { (time(row.created_at)) }
        }
    }
}

/// One onboarding: where it stands, what can be done about it, its mails and its trail.
#[must_use]
pub fn operator_one(view: &OperatorOneView<'_>) -> Markup {
    let id = view.row.onboarding_id.as_str();
    let did = OperatorAct::parse(view.did);
    let content = html! {
        (signed_in(view.name))
        h1 { (words::ONE_TITLE) " " (view.row.reference) }
        @if let Some(act) = did {
            div.panel.good role="status" { p { (act.did()) } }
        } @else if view.did == DID_NOTHING {
            div.panel.bad role="alert" { p { (words::DID_NOTHING) } }
        }
        (facts(view))
        h2 { (words::ONE_CAN) }
        ul {
            @for (act, not_now) in view.acts {
                @match not_now {
                    None => { li { a href=(paths::operator_act(id, act.as_str())) { (act.title()) } } }
                    Some(why) => { li { strong { (act.title()) } ": " span.muted { (why.said()) } } }
                }
            }
        }
        (afterwards(view))
        (super::undone::undone(view.undone))
        h2 { (words::ONE_MAILS) }
        (mails(view.mails))
        h2 { (words::ONE_TRAIL) }
        (integrity(view.trail, view.broken.as_deref()))
        div.actions { a.button.quiet href=(paths::operator_act(id, "evidence.json")) { (words::ONE_EVIDENCE) } " " a.button.quiet href=(paths::operator_act(id, "evidence.html")) { (crate::text::impact::EVIDENCE_HTML) } }
        (trail(view.trail))
        p { a href=(paths::OPERATOR) { (words::BACK) } }
    };
    frame(words::ONE_TITLE.said(), Some(&view.row.reference), &content)
}

fn facts(view: &OperatorOneView<'_>) -> Markup {
    let row = view.row;
    html! {
        dl {
            dt { (words::COL_STATE) }
            dd {
                (status_said(row.status))
                @if let Some(error) = &row.error {
                    ": " @if let Some(name) = ErrorName::parse(error) { (texts::explanation(name).title) " " } code { (error) }
                }
                @if let Some(anew) = view.anew {
                    br; a href=(paths::operator_one(anew.as_str())) { (words::ONE_ANEW.with(&[("reference", &anew.reference())])) }
                }
            }
            @if let Some(turn) = &row.turn {
                dt { (words::COL_WAITS) }
                dd {
                    (person(turn.actor)) ", " (kind_said(turn.kind)) br; (words::COL_UNTIL) " " (time(turn.until))
                    br; span.muted { (words::ONE_REMINDERS.with(&[("n", &view.reminders.to_string())])) }
                }
            }
            dt { (words::ONE_SUBSCRIPTION) }
            dd { (row.subscription) @if let Some(id) = view.subscription_id.filter(|id| row.subscription != *id) { br; code { (id) } } }
            dt { (words::ONE_FROM) }
            dd { code { (view.from) } }
            dt { (words::ONE_TO) }
            dd { (row.partner) }
            @for (actor, address) in [(Actor::Owner, &row.owner), (Actor::PartnerAdmin, &row.partner_admin)] {
                dt { (person(actor)) }
                dd { (address) @if view.unreachable.contains(&actor) { br; strong { (words::ONE_UNREACHABLE) } } }
            }
            dt { (words::ONE_ROUTE) }
            dd { (view.route.0) ", " (view.route.1) }
            @if let Some(reference) = view.their_reference { dt { (words::ONE_REFERENCE) } dd { (reference) } }
            dt { (words::COL_SINCE) }
            dd { (time(row.created_at)) }
            dt { (words::ONE_UPDATED) }
            dd { (time(view.updated_at)) }
            dt { (words::ONE_EXECUTION) }
            dd { code { (view.execution) } }
        }
        p { a href=(paths::progress(view.viewer)) { (words::ONE_PROGRESS) } }
    }
}

/// What is left to do after the move, and how it went.
fn afterwards(view: &OperatorOneView<'_>) -> Markup {
    html! {
        @if !view.left.is_empty() {
            h2 { (crate::text::impact::TODO_LEFT) }
            ul {
                @for (who, open, overdue) in view.left {
                    li {
                        (person(*who)) ": " (words::ONE_LEFT.with(&[("n", &open.to_string()), ("overdue", &overdue.to_string())]))
                    }
                }
            }
        }
        @if !view.feedback.is_empty() {
            h2 { (words::ONE_FEEDBACK) }
            @for said in view.feedback {
                p { strong { (person(said.actor)) } ": " (super::feedback::felt_said(said.felt)) " · " span.muted { (time(said.at)) } }
                @if !said.text.is_empty() { pre { (said.text) } }
            }
        }
    }
}

fn mails(mails: &[OperatorMail]) -> Markup {
    html! {
        @if mails.is_empty() {
            p { (words::NONE) }
        } @else {
            (wide(words::ONE_MAILS.said(), &html! {
                table {
                    caption { (words::ONE_MAILS) }
                    thead { tr {
                        th scope="col" { (words::ONE_MAIL_TO) } th scope="col" { (words::ONE_MAIL_WHAT) } th scope="col" { (words::ONE_MAIL_SENT) }
                    } }
                    tbody {
                        @for mail in mails {
                            tr {
                                td { (person(mail.to)) }
                                td { code { (mail.what) } br; span.muted { (time(mail.at)) } }
                                td { @match mail.sent { Some(at) => { (time(at)) } None => { (words::ONE_MAIL_NOT) } } }
                            }
                        }
                    }
                }
            }))
        }
    }
}

/// An act: what it does, and the button that does it.
#[must_use]
pub fn operator_act(view: &OperatorActView<'_>) -> Markup {
    let one = paths::operator_one(view.id.as_str());
    let content = html! {
        (signed_in(view.name))
        h1 { (view.act.title()) }
        @match view.offer {
            Err(why) => { p { (why.said()) } }
            Ok(offer) => {
                (error_summary(view.problems))
                (said(offer))
                form method="post" action=(paths::operator_act(view.id.as_str(), view.act.as_str())) novalidate {
                    input type="hidden" name=(FIELD_ABOUT) value=(view.about);
                    @if let OperatorOffer::Reassign(parts) = offer { (reassigning(view, parts)) }
                    div.actions {
                        button type="submit" { (view.act.title()) }
                        a.button.quiet href=(one) { (words::KEEP) }
                    }
                }
            }
        }
        p { a href=(one) { (words::BACK_ONE) } }
    };
    frame(view.act.title().said(), Some(&view.id.reference()), &content)
}

/// What an act does.
fn said(offer: &OperatorOffer) -> Markup {
    html! {
        @match offer {
            OperatorOffer::Remind(who, account) => {
                p { (words::REMIND_WHAT.with(&[("who", person(*who).said()), ("account", account)])) }
                p { (words::REMIND_REST) }
            }
            OperatorOffer::Extend(who, until) => {
                p { (words::EXTEND_WHAT.with(&[("who", person(*who).said())])) " " strong { (time(*until)) } }
                p { (words::EXTEND_REST) }
            }
            OperatorOffer::Reassign(parts) => {
                p { (words::REASSIGN_WHAT) }
                p { (words::REASSIGN_REST) }
                @if !parts.contains(&Actor::Owner) { p { (words::REASSIGN_GUEST) } }
            }
            OperatorOffer::Retry(Again::Look) => { p { (words::RETRY_LOOK) } }
            OperatorOffer::Retry(Again::Tell) => { p { (words::RETRY_TELL) } }
            OperatorOffer::Retry(Again::Anew) => { p { (words::RETRY_ANEW) } }
            OperatorOffer::Cancel => { p { (words::CANCEL_WHAT) } p { (words::CANCEL_REST) } }
        }
    }
}

fn reassigning(view: &OperatorActView<'_>, parts: &[Actor]) -> Markup {
    let (part, email) = (problem_of(view.problems, FIELD_PART), problem_of(view.problems, FIELD_NEW_EMAIL));
    html! {
        fieldset #part tabindex="-1" aria-describedby=[part.map(|_| "part-error")] {
            legend { (words::REASSIGN_PART) }
            (field_error(FIELD_PART, part))
            @for actor in parts {
                div.choice {
                    input type="radio" id={ "part-" (actor) } name=(FIELD_PART) value=(actor) checked[view.values.get(FIELD_PART) == actor.as_str()];
                    label for={ "part-" (actor) } { (person(*actor)) }
                }
            }
        }
        div.field {
            label for=(FIELD_NEW_EMAIL) { (words::REASSIGN_EMAIL) }
            (field_error(FIELD_NEW_EMAIL, email))
            input id=(FIELD_NEW_EMAIL) name=(FIELD_NEW_EMAIL) type="email" autocomplete="off" spellcheck="false"
                value=(view.values.get(FIELD_NEW_EMAIL)) aria-required="true" aria-invalid=[email.map(|_| "true")]
                aria-describedby=[email.map(|_| "new-email-error")];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn act(act: OperatorAct, offer: Result<&OperatorOffer, OperatorNotNow>, problems: &[Problem]) -> String {
        let id = OnboardingId::from_parts(1, 2);
        let values = Fields::default().with(FIELD_NEW_EMAIL, "<b>");
        let view = OperatorActView { name: "Olga <i>", id: &id, act, offer, about: "w1", values: &values, problems };
        operator_act(&view).into_string()
    }

    #[test]
    fn every_act_says_what_it_does_before_the_one_button_that_does_it() {
        let offers = [
            OperatorOffer::Remind(Actor::Owner, "rosa@outlook.com".into()),
            OperatorOffer::Extend(Actor::Owner, Timestamp::UNIX_EPOCH),
            OperatorOffer::Reassign(vec![Actor::Owner, Actor::PartnerAdmin]),
            OperatorOffer::Retry(Again::Anew),
            OperatorOffer::Cancel,
        ];
        for (one, offer) in OperatorAct::ALL.into_iter().zip(&offers) {
            let page = act(one, Ok(offer), &[]);
            let button = format!("<button type=\"submit\">{}</button>", one.title().said());
            let (before, _) = page.split_once(&button).unwrap_or_else(|| panic!("no button: {page}"));
            assert!(before.matches("<p>").count() >= 1, "{page}");
            assert!(page.contains("Olga &lt;i&gt;") && page.contains(r#"name="about" value="w1""#));
            assert_eq!(OperatorAct::parse(one.as_str()), Some(one));
        }
    }

    #[test]
    fn what_cannot_be_done_has_a_reason_and_no_button() {
        for why in OperatorNotNow::ALL {
            let page = act(OperatorAct::Retry, Err(why), &[]);
            assert!(page.contains(why.said().said()), "{page}");
            assert!(!page.contains("name=\"about\""));
        }
    }

    #[test]
    fn a_wrong_address_is_announced_and_kept() {
        let offer = OperatorOffer::Reassign(vec![Actor::Owner]);
        let page = act(OperatorAct::Reassign, Ok(&offer), &[reassign_wrong(ReassignWrong::NotOne)]);
        for piece in [r##"href="#new-email""##, r#"role="alert""#, r#"aria-invalid="true""#, r#"value="&lt;b&gt;""#] {
            assert!(page.contains(piece), "{piece} in {page}");
        }
    }
}
