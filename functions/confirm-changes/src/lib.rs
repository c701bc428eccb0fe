//! Step 5, confirm your changes: proves, as the partner admin, what the subscription drop-down of Partner Center's web storefront would
//! show, which has no API of its own: the subscription is in the list, in the partner directory, active, and may be deployed to.
//!
//! Who: the partner admin, with tokens of the partner directory. Microsoft calls: refresh (two resources), the list of subscriptions,
//! the subscription, permissions, Partner Center's organization profile. Changes nothing at Microsoft.
//!
//! Microsoft speaks of hours until everything shows up, so a day is waited; then it is said which check failed. Never green
//! on failure.

use std::borrow::Cow;

use jiff::SignedDuration;
use microsoft::ErrorKind;
use microsoft::arm::{Arm, SubscriptionState};
use microsoft::partner_center::PartnerCenter;
use onboarding::{Actor, Directory, ErrorName, Step};
use ops::{Event, StepError};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use step::{Deps, Input, Job, Reached, Stop, perform};

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
    perform(deps, event, Step::ConfirmChanges, work).await
}

const SHOWN_WITHIN: SignedDuration = SignedDuration::from_hours(24);

/// The right that a deployment of a storefront, or of anything, takes.
const DEPLOY: &str = "Microsoft.Resources/deployments/write";

async fn work(job: &mut Job<'_>) -> Result<(Reached, Output), Stop> {
    let checks = look(job).await?;
    let failed: Vec<&str> = checks.iter().filter(|(_, holds)| !holds).map(|(name, _)| *name).collect();
    let facts: Value = checks
        .iter()
        .map(|(name, holds)| ((*name).to_owned(), Value::Bool(*holds)))
        .collect::<serde_json::Map<_, _>>()
        .into();
    if failed.is_empty() {
        job.note("association.proved", facts.clone());
        return Ok((Reached::Done(facts), Output { verdict: "confirmed".into(), wait_seconds: 0 }));
    }
    let since = job.since_last_done();
    if since > SHOWN_WITHIN {
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

/// The checks, in the order in which they can begin to hold.
async fn look(job: &Job<'_>) -> Result<Vec<(&'static str, bool)>, Stop> {
    let meta = &job.loaded.meta;
    let refused = |error: microsoft::Error| Stop::from_call(&error, Actor::PartnerAdmin, Directory::Partner);
    // A fresh token every time: what was granted a moment ago shows only in a new one.
    let token = job.token::<Arm>(Actor::PartnerAdmin, Directory::Partner).await?;
    let arm = job.cloud()?.arm(&token);
    let list = arm.subscriptions().await.map_err(refused)?;
    let listed = list.iter().find(|subscription| subscription.subscription_id == meta.subscription_id);
    let in_directory = listed.is_some_and(|subscription| subscription.tenant_id == meta.partner_tenant_id);
    let active = listed.is_some_and(|subscription| subscription.state == SubscriptionState::Enabled);
    let may_deploy = match listed {
        None => false,
        Some(_) => match arm.permissions(&meta.subscription_id).await {
            Ok(permissions) => permissions.allow(DEPLOY),
            Err(error)
                if matches!(error.kind(), ErrorKind::Forbidden | ErrorKind::NotFound | ErrorKind::WrongTenant) =>
            {
                false
            }
            Err(error) => return Err(refused(error)),
        },
    };
    let mut checks = vec![
        ("listed", listed.is_some()),
        ("inPartnerDirectory", in_directory),
        ("active", active),
        ("mayDeploy", may_deploy),
    ];
    // Where step 2 proved the account by its profile, it must still answer. Where there is no access to the API, it can't.
    if meta.partner_company.is_some() {
        let token = job.token::<PartnerCenter>(Actor::PartnerAdmin, Directory::Partner).await?;
        let account = job.cloud()?.partner_center(&token).account().await.map_err(refused)?;
        checks.push(("partnerCenterAnswers", account.organization.is_of(&meta.partner_tenant_id)));
    }
    Ok(checks)
}
