//! Before step 3: reads what the move does to this very subscription, and keeps it, so that people can decide and confirm exactly
//! that.
//!
//! Who: the owner, with tokens of the source directory; the partner admin, with one of the partner directory, to find the same people
//! there. Microsoft calls: those of [`assess::reading`]. Changes nothing at Microsoft. AWS calls beyond those of every step: one query
//! for a draft to go on with, one for an earlier snapshot to compare with, and one write a page of what is kept.
//!
//! A large subscription takes more than one invocation: `reading` is answered until all is read.

use std::borrow::Cow;
use std::time::Duration;

use assess::{Found, Progress, carry, preflight};
use impact::report::Summary;
use microsoft::arm::Arm;
use onboarding::{Actor, Directory, Step};
use ops::{Event, StepError};
use serde::{Deserialize, Serialize};
use serde_json::json;
use step::{Deps, Input, Job, Reached, Stop, perform};
use store::Write;

/// What the state machine gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    /// `reading`: there is more to read; `review`: there is something to decide; `confirm`: there is not.
    pub verdict: Cow<'static, str>,
    /// The report's hash, to which a confirmation is bound. Absent while reading.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report_hash: Option<String>,
}

/// Handles one event.
///
/// # Errors
/// Those of every step.
pub async fn handle(deps: &Deps, event: Event<Input>) -> Result<Output, StepError> {
    perform(deps, event, Step::AssessImpact, work).await
}

async fn work(job: &mut Job<'_>) -> Result<(Reached, Output), Stop> {
    let cloud = job.cloud()?;
    let token = job.token::<Arm>(Actor::Owner, Directory::Source).await?;
    let arm = cloud.arm(&token);
    let found = match Box::pin(assess::read(job, &cloud, &arm, Step::AssessImpact, Duration::ZERO)).await? {
        Progress::Finished(found) => found,
        Progress::Reading(rows) => {
            let facts = json!({"reading": {"resources": rows}});
            return Ok((Reached::Partly(facts), Output { verdict: "reading".into(), report_hash: None }));
        }
    };
    assess::keep(job, &found).await?;
    let before = assess::kept_snapshot(job, &job.loaded.review.snapshot_hash).await?;
    let carried = carry::carry(&job.loaded.review, &before, &found.snapshot, &found.report, &found.snapshot_hash);
    let summary = found.report.summary(&job.deps.clock.now().to_string());
    let stops = preflight::look_at_hard_stops(job, &found.report, &carried.review.overrides);
    let verdict =
        if stops || carry::is_to_be_reviewed(&job.loaded, &before, &found.snapshot) { "review" } else { "confirm" };

    if !carried.fallen.is_empty() || !carried.needless.is_empty() {
        job.note("decisions.fell", json!({"assignments": carried.fallen, "findings": carried.needless}));
    }
    let facts = json!({
        "roleAssignments": summary.assignments, "customRoles": summary.custom_roles, "resources": summary.resources,
        "hardStops": summary.hard_stops.len(), "notRead": summary.not_read, "hash": summary.hash,
    });
    let output = Output { verdict: verdict.into(), report_hash: Some(summary.hash.clone()) };
    record(job, summary, &found, carried);
    Ok((Reached::Done(facts), output))
}

fn record(job: &mut Job<'_>, summary: Summary, found: &Found, carried: carry::Carried) {
    let before = job.loaded.meta.report.as_ref().map(|report| report.hash.clone());
    let meta = &mut job.change.meta;
    // The same report read again leaves what it is compared with as it is: the change is still to be shown.
    if before.as_ref().is_some_and(|before| *before != summary.hash) {
        meta.report_before = before;
    }
    meta.report = Some(summary);
    meta.decisions_hash = Some(carried.review.hash());
    debug_assert_eq!(carried.review.snapshot_hash, found.snapshot_hash);
    if carried.review != job.loaded.review {
        job.change.write(Write::Review(Box::new(carried.review)));
    }
}
