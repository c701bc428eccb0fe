//! Step 5, confirm your changes: proves, as the partner admin, what the subscription drop-down of Partner Center's web storefront would
//! show, which has no API of its own: the subscription is in the list, in the partner directory, active, and may be deployed to.
//!
//! Who: the partner admin, with tokens of the partner directory. Microsoft calls: refresh (two resources), the list of subscriptions,
//! permissions, a deployment that is only thought through (what-if), Partner Center's organization profile. Changes nothing at
//! Microsoft.
//!
//! Microsoft speaks of hours until everything shows up, so a day is waited; then it is said which check failed. While something does
//! not hold, each possible cause of "my subscription is not in the list" is tested by a call of its own and recorded: the
//! directory without a token, the list of directories, the person's roles, the state, the time. Never green on failure.
//!
//! Once all of it holds, the receipt is written: what moved, who agreed to what, what was restored, and this evidence. It names the
//! newest entry of the audit trail, and the entry that follows names its hash, so that neither can be changed without the other.

mod doctor;
mod look;
mod receipt;

use std::borrow::Cow;

use impact::proof::RECORDED_AS;
use onboarding::{ErrorName, Step};
use ops::{Event, StepError};
use serde::{Deserialize, Serialize};
use serde_json::json;
use step::{Deps, Input, Job, Reached, Stop, perform};

use crate::doctor::{SHOWN_WITHIN, examine};
use crate::look::look;

/// What the state machine gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    /// `confirmed` or `settling`.
    pub verdict: Cow<'static, str>,
    /// When to look again, in seconds.
    pub wait_seconds: i64,
}

/// Handles one event.
///
/// # Errors
/// [`ErrorName::VerificationFailed`], and those of every step.
pub async fn handle(deps: &Deps, event: Event<Input>) -> Result<Output, StepError> {
    Box::pin(perform(deps, event, Step::ConfirmChanges, work)).await
}

async fn work(job: &mut Job<'_>) -> Result<(Reached, Output), Stop> {
    let seen = look(job).await?;
    let failed: Vec<String> = seen.failed().into_iter().map(str::to_owned).collect();
    if failed.is_empty() {
        let hash = receipt::write(job, seen.evidence.clone()).await?;
        let facts = json!({"evidence": seen.evidence, "receiptHash": hash});
        job.note("association.proved", json!({RECORDED_AS: hash}));
        job.change.meta.receipt_hash = Some(hash);
        return Ok((Reached::Done(facts), Output { verdict: "confirmed".into(), wait_seconds: 0 }));
    }
    let facts = json!({"evidence": seen.evidence, "causes": examine(job, &seen).await});
    let since = job.since_last_done();
    if since > SHOWN_WITHIN {
        // What was seen last is what the record of the failure shows.
        if let Some(record) = job.loaded.steps.iter_mut().find(|record| record.step == Step::ConfirmChanges) {
            record.result = facts;
        }
        return Err(Stop::new(
            ErrorName::VerificationFailed,
            format!("these checks failed for a day: {}", failed.join(", ")),
        ));
    }
    let wait_seconds = match since.as_secs() {
        ..120 => 5,
        120..3600 => 60,
        _ => 900,
    };
    Ok((Reached::Settling(facts), Output { verdict: "settling".into(), wait_seconds }))
}
