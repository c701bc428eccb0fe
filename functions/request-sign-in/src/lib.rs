//! Opens a wait: it is a person's turn to sign in, to confirm, or to fix something outside. `sweep` looks after it from then on;
//! when the machine's own parking ends, it comes here to learn whether to park again.
//!
//! Microsoft calls: none. AWS calls: one query, one transaction.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use onboarding::ladder::{self, Moment};
use onboarding::waits::{Ask, LONGEST, seconds_until_recheck};
use onboarding::{ErrorName, OnboardingId, Outcome, Status, Step, WaitKind};
use ops::{Clock, Event, StepError};
use serde::{Deserialize, Serialize};
use store::{Change, Loaded, Note, Recorded, Store, WaitRecord, Write};

/// What the function works with.
#[derive(Debug)]
pub struct Deps {
    /// The tables.
    pub store: Store,
    /// What time it is.
    pub clock: Clock,
    /// How long a person has, in seconds.
    pub deadline_seconds: i64,
}

/// What the state machine sends.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Input {
    /// Version of this form: 1.
    pub schema: u32,
    /// The onboarding.
    pub onboarding_id: OnboardingId,
    /// When the state machine entered the asking state: the wait's id, the same again when this function is retried.
    pub entered_at: String,
    /// The execution.
    pub execution: String,
    /// The step that goes on afterwards.
    pub resume: Step,
    /// What is asked; absent if the step that stopped has recorded it.
    #[serde(default)]
    pub ask: Option<Ask>,
    /// Look whether to park again on the open wait instead of opening one.
    #[serde(default)]
    pub remind: bool,
}

/// Which wait to park on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    /// The wait.
    pub wait_id: String,
}

/// Handles one event.
///
/// # Errors
/// [`ErrorName::Cancelled`] and [`ErrorName::Closed`] when nothing is to be asked any more, [`ErrorName::WaitExpired`] when the
/// time is up, and the store's.
pub async fn handle(deps: &Deps, event: Event<Input>) -> Result<Output, StepError> {
    let input = event.payload;
    let loaded = deps.store.load_for_page(&input.onboarding_id).await?;
    if loaded.meta.status.is_over() {
        return Err(StepError::new(ErrorName::Closed, "the onboarding has ended"));
    }
    if loaded.meta.execution != input.execution {
        return Err(StepError::new(ErrorName::Superseded, "another execution works on this onboarding"));
    }
    if input.remind { park_again(deps, &loaded).await } else { open(deps, loaded, input).await }
}

async fn open(deps: &Deps, loaded: Loaded, input: Input) -> Result<Output, StepError> {
    // A retry of this very request, whose answer was lost.
    if loaded.waits.iter().any(|wait| wait.wait_id == input.entered_at) {
        return Ok(Output { wait_id: input.entered_at });
    }
    let before = &loaded.meta;
    if before.cancel_requested && !before.moved {
        return Err(StepError::new(ErrorName::Cancelled, "the onboarding was cancelled"));
    }
    let Some(mut ask) = input.ask.or_else(|| before.ask.clone()) else {
        return Err(StepError::new(ErrorName::InternalBug, "nothing was asked: no ask in the request, none recorded"));
    };
    match ask.kind {
        WaitKind::Confirm => ask.directory = before.route.owner_returns_to(),
        // The machine asks the same way whatever led here; what did, the records say.
        WaitKind::Review => ask.reason = ask.reason.or_else(|| why_review_again(&loaded)),
        WaitKind::SignIn | WaitKind::Fix => {}
    }
    let now = deps.clock.now();
    let mut change = Change::of(before);
    let week = SignedDuration::from_secs(deps.deadline_seconds);
    let mut since = now;
    let mut tell = true;
    if ask.kind == WaitKind::Fix {
        // One run of looking again is one wait to the people: one mail, one deadline.
        tell = before.fixing_since.is_none() || last_reason(&loaded) != ask.reason;
        since = before.fixing_since.as_deref().and_then(|at| at.parse().ok()).unwrap_or(now);
        change.meta.fixing_since = Some(since.to_string());
        change.meta.fix_looks += 1;
    }
    let created: Timestamp = parse(&before.created_at)?;
    let deadline = (since + week).min(created + LONGEST);
    if deadline <= now {
        return Err(StepError::new(ErrorName::WaitExpired, "the time for it is up"));
    }
    let zone = TimeZone::get(&before.contact(ask.actor).time_zone).unwrap_or(TimeZone::UTC);
    let next_at = if ask.kind == WaitKind::Fix {
        // Each look is a wait of its own; who has not acted is reminded between two of them.
        let looked = loaded.waits.last().and_then(|wait| wait.opened_at.parse().ok()).unwrap_or(since);
        let (at, moment) = ladder::next(since, deadline, &zone, looked);
        if !tell && at <= now && moment != Moment::Deadline {
            change.mail(ask.actor, "reminder", mail_args(ask.kind, ask.reason.as_deref(), input.resume, deadline));
        }
        (now + SignedDuration::from_secs(seconds_until_recheck(before.fix_looks))).min(deadline)
    } else {
        ladder::next(now, deadline, &zone, now).0
    };
    let wait = WaitRecord {
        wait_id: input.entered_at.clone(),
        kind: ask.kind,
        actor: ask.actor,
        directory: ask.directory,
        reason: ask.reason.clone(),
        claims: ask.claims,
        resume: input.resume,
        opened_at: now.to_string(),
        deadline_at: deadline.to_string(),
        reminders: 0,
        extended_at: None,
        outcome: None,
        outcome_at: None,
        outcome_by: None,
        signalled_at: None,
    };
    change.meta.status = Status::Waiting;
    change.meta.current_step = input.resume;
    change.meta.open_wait = Some(wait.wait_id.clone());
    change.meta.ask = None;
    change.meta.waiting = Some(store::Waiting {
        actor: ask.actor,
        kind: ask.kind,
        since: since.to_string(),
        until: deadline.to_string(),
    });
    change.note(Note::mooring(
        "wait.opened",
        Some(input.resume),
        serde_json::json!({"kind": ask.kind, "actor": ask.actor, "directory": ask.directory, "reason": ask.reason}),
    ));
    if tell {
        change.mail(ask.actor, template(ask.kind), mail_args(ask.kind, ask.reason.as_deref(), input.resume, deadline));
    }
    change.write(Write::OpenWait { record: Box::new(wait), next_at });
    deps.store.commit(before, change, now).await?;
    Ok(Output { wait_id: input.entered_at })
}

/// The mail that tells a person of their turn.
fn template(kind: WaitKind) -> &'static str {
    match kind {
        WaitKind::Review => "review",
        WaitKind::SignIn | WaitKind::Confirm | WaitKind::Fix => "your-turn",
    }
}

/// Why the partner admin is asked to review once more: the owner sent it back, or the move was stopped by something that would be
/// lost.
fn why_review_again(loaded: &Loaded) -> Option<String> {
    if loaded.waits.last().is_some_and(|wait| wait.outcome == Some(Outcome::SentBack)) {
        return Some(Outcome::SentBack.as_str().to_owned());
    }
    let stopped = loaded.step(Step::MapDirectory).and_then(|record| record.error.clone());
    stopped.filter(|error| error == ErrorName::ImpactNotAccepted.as_str())
}

/// The reason of the newest fix wait, to tell a new cause from the same one looked at again.
fn last_reason(loaded: &Loaded) -> Option<String> {
    loaded.waits.iter().rev().find(|wait| wait.kind == WaitKind::Fix).and_then(|wait| wait.reason.clone())
}

async fn park_again(deps: &Deps, loaded: &Loaded) -> Result<Output, StepError> {
    let Some(wait_id) = loaded.meta.open_wait.clone() else {
        return Err(StepError::new(ErrorName::InternalBug, "there is no open wait to park on"));
    };
    let Some(wait) = loaded.waits.iter().find(|wait| wait.wait_id == wait_id) else {
        return Err(StepError::new(ErrorName::InternalBug, "the open wait has no record"));
    };
    // Asked for in the very moment in which the wait was opened.
    if loaded.meta.cancel_requested && !loaded.meta.moved && wait.outcome.is_none() {
        return Err(StepError::new(ErrorName::Cancelled, "the onboarding was cancelled"));
    }
    let now = deps.clock.now();
    let deadline: Timestamp = parse(&wait.deadline_at)?;
    if deadline > now {
        return Ok(Output { wait_id });
    }
    // Written once like every outcome: a person who was faster wins.
    let recorded =
        deps.store.record_outcome(&loaded.meta.onboarding_id, &wait_id, Outcome::Expired, "mooring", now).await?;
    match recorded {
        Recorded::First { .. } | Recorded::Before { outcome: Outcome::Expired, .. } => {
            Err(StepError::new(ErrorName::WaitExpired, "nobody came in time"))
        }
        Recorded::Before { .. } => Ok(Output { wait_id }),
    }
}

fn mail_args(kind: WaitKind, reason: Option<&str>, resume: Step, deadline: Timestamp) -> serde_json::Value {
    serde_json::json!({"kind": kind, "reason": reason, "step": resume, "deadline": deadline.to_string()})
}

fn parse(time: &str) -> Result<Timestamp, StepError> {
    time.parse().map_err(|_| StepError::new(ErrorName::InternalBug, "a recorded time can't be read"))
}
