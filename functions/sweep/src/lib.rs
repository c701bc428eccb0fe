//! Nobody loses a wait, and nothing stays stuck. Every minute: people are reminded and called for the last time, waits whose
//! time is up end, what a person is fixing is looked at again, and outcomes that were recorded and not signalled (a crash in
//! between) are signalled.
//!
//! That is here and not in the state machine's timeouts, so that a deadline is kept to the minute, more time can be given, and
//! waiting costs no transitions. A wait carries the moment at which it is due next in a sparse index, and so does the list of what a
//! person has to do after the move.
//!
//! Once an hour it also looks for onboardings that stand still: see `stuck`.
//!
//! Microsoft calls: none. AWS calls: four small queries, then three a due wait or list.

use jiff::Timestamp;
use onboarding::ladder::{self, Moment};
use onboarding::{Actor, ErrorName, OnboardingId, Outcome, WaitKind};
use ops::{Clock, StepError};
use serde::{Deserialize, Serialize};
use serde_json::json;
use signal::Signal;
use store::{Change, Due, Note, Recorded, Store, StoreError, Write};

mod stuck;

/// What a schedule sends.
#[derive(Debug, Default, Deserialize)]
pub struct Input {
    /// `stuck`, once an hour: look for what stands still. Anything else, every minute: look after the waits.
    #[serde(default)]
    pub look: Option<String>,
}

/// What the function works with.
#[derive(Debug)]
pub struct Deps {
    /// The tables.
    pub store: Store,
    /// The state machine's ear.
    pub signal: Signal,
    /// What time it is.
    pub clock: Clock,
}

/// What was done.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    /// Outcomes signalled.
    pub signalled: u32,
    /// People reminded.
    pub reminded: u32,
    /// Waits whose time was up.
    pub expired: u32,
    /// Waits ended so that their step looks again.
    pub rechecked: u32,
    /// Waits that could not be helped this time; the next minute tries again.
    pub failed: u32,
    /// Onboardings that stand still, if it was looked for them.
    pub stuck: u32,
}

/// Handles one tick of the schedule. One wait that fails does not keep the others waiting.
///
/// # Errors
/// When the table can't be read at all.
pub async fn handle(deps: &Deps, input: &Input) -> Result<Output, StepError> {
    let mut output = Output::default();
    if input.look.as_deref() == Some("stuck") {
        output.stuck = stuck::look(deps).await?;
        return Ok(output);
    }
    let due = deps.store.due(deps.clock.now()).await?;
    for (id, actor) in due.to_dos {
        match chase(deps, &id, actor).await {
            Ok(reminded) => output.reminded += u32::from(reminded),
            Err(error) => {
                output.failed += 1;
                tracing::warn!(onboarding_id = %id, actor = actor.as_str(), %error, "a person could not be reminded of what is left to do");
            }
        }
    }
    for due in due.waits {
        let helped = match due.outcome {
            Some(outcome) => tell(deps, &due, outcome).await.map(|()| output.signalled += 1),
            None if due.kind == Some(WaitKind::Fix) => {
                end(deps, &due, Outcome::Recheck).await.map(|()| output.rechecked += 1)
            }
            None => match attend(deps, &due).await {
                Ok(Attended::Reminded) => {
                    output.reminded += 1;
                    Ok(())
                }
                Ok(Attended::Expired) => end(deps, &due, Outcome::Expired).await.map(|()| output.expired += 1),
                Ok(Attended::Nothing) => Ok(()),
                Err(error) => Err(error),
            },
        };
        if let Err(error) = helped {
            output.failed += 1;
            tracing::warn!(onboarding_id = %due.onboarding_id, wait_id = due.wait_id, %error, "a due wait could not be helped");
        }
    }
    Ok(output)
}

async fn tell(deps: &Deps, due: &Due, outcome: Outcome) -> Result<(), StepError> {
    let now = deps.clock.now();
    match &due.task_token {
        Some(token) => deps
            .signal
            .wait_ended(&deps.store, &due.onboarding_id, &due.wait_id, token, outcome, now)
            .await
            .map_err(|error| StepError::new(ErrorName::StoreUnavailable, error.to_string())),
        // The machine had not parked when the outcome was recorded, and can't park any more: its own conditional write
        // fails and it reads the outcome. There is nobody to tell.
        None => Ok(deps.store.signalled(&due.onboarding_id, &due.wait_id, now).await?),
    }
}

/// What an open wait needed.
enum Attended {
    Reminded,
    Expired,
    Nothing,
}

/// Reminds of an open wait, and says when it is due next.
async fn attend(deps: &Deps, due: &Due) -> Result<Attended, StepError> {
    let loaded = deps.store.load_for_page(&due.onboarding_id).await?;
    let now = deps.clock.now();
    // A wait that is not the open one any more asks nobody: what came after it has its own moments.
    let Some(wait) = loaded.open_wait().filter(|wait| wait.wait_id == due.wait_id && !loaded.meta.status.is_over())
    else {
        deps.store.signalled(&due.onboarding_id, &due.wait_id, now).await?;
        return Ok(Attended::Nothing);
    };
    let (opened, deadline) = (parse(&wait.opened_at)?, parse(&wait.deadline_at)?);
    if deadline <= now {
        return Ok(Attended::Expired);
    }
    let zone = loaded.meta.contact(wait.actor).zone();
    let (next_at, next) = ladder::next(opened, deadline, &zone, now);
    // Nothing but the end comes after the last call.
    let (template, note) = match next {
        Moment::Deadline => ("last-call", "wait.last-call"),
        Moment::Reminder | Moment::LastCall => ("reminder", "wait.reminded"),
    };
    let args = json!({"kind": wait.kind, "reason": wait.reason, "step": wait.resume, "deadline": wait.deadline_at});
    let mut change = Change::of(&loaded.meta);
    change.note(Note::mooring(note, Some(wait.resume), json!({"actor": wait.actor})));
    change.mail(wait.actor, template, args);
    if template == "last-call" {
        // Whoever waits for them may reach them in another way, or know who else could do it.
        change.mail(wait.actor.other(), "last-call-other", json!({"deadline": wait.deadline_at}));
    }
    change.write(Write::Reminded { wait_id: wait.wait_id.clone(), was_due: due.due_at.clone(), next_at });
    match deps.store.commit(&loaded.meta, change, now).await {
        Ok(_) => Ok(Attended::Reminded),
        // Somebody acts in this very moment. If not on this wait, it is still due a minute later.
        Err(StoreError::Conflict) => Ok(Attended::Nothing),
        Err(error) => Err(error.into()),
    }
}

/// Reminds a person of what they still have to do after the move. The mail, the count and the next moment are one change: whoever
/// comes second, or late, finds the list no longer due.
async fn chase(deps: &Deps, id: &OnboardingId, actor: Actor) -> Result<bool, StepError> {
    let loaded = deps.store.load_for_page(id).await?;
    let now = deps.clock.now();
    let Some(list) = loaded.to_do(actor).filter(|list| list.due_at.is_some_and(|due| due <= now)) else {
        return Ok(false);
    };
    let mut list = list.clone();
    list.reminded(&loaded.meta.contact(actor).zone(), now);
    let mut change = Change::of(&loaded.meta);
    change.note(Note::mooring("to-do.reminded", None, json!({"actor": actor, "open": list.open().count()})));
    change.mail(actor, "to-do", json!({}));
    change.write(Write::ToDo(Box::new(list)));
    match deps.store.commit(&loaded.meta, change, now).await {
        Ok(_) => Ok(true),
        // Somebody acts in this very moment; if it is still due then, the next minute reminds.
        Err(StoreError::Conflict) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn parse(time: &str) -> Result<Timestamp, StepError> {
    time.parse().map_err(|_| StepError::new(ErrorName::InternalBug, "a recorded time can't be read"))
}

/// Ends a wait that nobody ended, and tells the machine.
async fn end(deps: &Deps, due: &Due, outcome: Outcome) -> Result<(), StepError> {
    let now = deps.clock.now();
    let recorded = deps.store.record_outcome(&due.onboarding_id, &due.wait_id, outcome, "mooring", now).await?;
    match recorded {
        Recorded::First { task_token } => {
            let due = Due { task_token, ..due.clone() };
            tell(deps, &due, outcome).await
        }
        // A person was faster, in this very moment; that path signals.
        Recorded::Before { .. } => Ok(()),
    }
}
