//! Before step 3: reads and keeps the access that Azure deletes when the directory changes, so that a person can confirm exactly
//! that.
//!
//! Who: the owner, with a token of the source directory. Microsoft calls: refresh, role assignments and role definitions (all pages).
//! Changes nothing at Microsoft. AWS calls beyond those of every step: one write a page of 200 rows.

use std::borrow::Cow;

use microsoft::arm::Arm;
use onboarding::{Actor, Directory, Step};
use ops::{Event, StepError};
use serde::{Deserialize, Serialize};
use serde_json::json;
use step::access::Access;
use step::{Deps, Input, Job, Reached, Stop, perform};

/// What the state machine gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    /// Always `ready`.
    pub verdict: Cow<'static, str>,
    /// The list's hash, to which a confirmation is bound.
    pub report_hash: String,
}

/// Handles one event.
///
/// # Errors
/// Those of every step.
pub async fn handle(deps: &Deps, event: Event<Input>) -> Result<Output, StepError> {
    perform(deps, event, Step::AssessImpact, work).await
}

async fn work(job: &mut Job<'_>) -> Result<(Reached, Output), Stop> {
    let subscription = job.loaded.meta.subscription_id.clone();
    let token = job.token::<Arm>(Actor::Owner, Directory::Source).await?;
    let access = Access::read(&job.cloud()?.arm(&token), &subscription)
        .await
        .map_err(|error| Stop::from_call(&error, Actor::Owner, Directory::Source))?;
    for (page, rows) in access.pages().into_iter().enumerate() {
        job.deps.store.keep_access_page(&job.loaded.meta.onboarding_id, &access.hash, page, rows).await?;
    }
    let meta = &mut job.change.meta;
    meta.report_hash = Some(access.hash.clone());
    meta.report_assignments = access.assignments;
    meta.report_custom_roles = access.custom_roles;
    let facts = json!({
        "roleAssignments": access.assignments, "customRoles": access.custom_roles, "hash": access.hash,
    });
    Ok((Reached::Done(facts), Output { verdict: "ready".into(), report_hash: access.hash }))
}
