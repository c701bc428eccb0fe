//! Nothing stays stuck. Every minute: outcomes that were recorded and not signalled (a crash in between) are signalled, and
//! what a person is fixing is looked at again when its time has come.
//!
//! Microsoft calls: none. AWS calls: four small queries, then three a due wait.

use onboarding::Outcome;
use ops::{Clock, StepError};
use serde::Serialize;
use signal::Signal;
use store::{Due, Recorded, Store};

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
    /// Waits ended so that their step looks again.
    pub rechecked: u32,
    /// Waits that could not be helped this time; the next minute tries again.
    pub failed: u32,
}

/// Handles one tick of the schedule. One wait that fails does not keep the others waiting.
///
/// # Errors
/// When the table can't be read at all.
pub async fn handle(deps: &Deps) -> Result<Output, StepError> {
    let mut output = Output::default();
    for due in deps.store.due(deps.clock.now()).await? {
        let helped = match due.outcome {
            Some(outcome) => tell(deps, &due, outcome).await.map(|()| output.signalled += 1),
            None => look_again(deps, &due).await.map(|()| output.rechecked += 1),
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
            .map_err(|error| StepError::new(onboarding::ErrorName::StoreUnavailable, error.to_string())),
        // The machine had not parked when the outcome was recorded, and can't park any more: its own conditional write
        // fails and it reads the outcome. There is nobody to tell.
        None => Ok(deps.store.signalled(&due.onboarding_id, &due.wait_id, now).await?),
    }
}

async fn look_again(deps: &Deps, due: &Due) -> Result<(), StepError> {
    let now = deps.clock.now();
    let recorded =
        deps.store.record_outcome(&due.onboarding_id, &due.wait_id, Outcome::Recheck, "mooring", now).await?;
    match recorded {
        Recorded::First { task_token } => {
            let due = Due { task_token, ..due.clone() };
            tell(deps, &due, Outcome::Recheck).await
        }
        // A person pressed the button in this very moment; that path signals.
        Recorded::Before { .. } => Ok(()),
    }
}
