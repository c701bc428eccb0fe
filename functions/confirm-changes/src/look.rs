//! What the partner admin sees, as evidence.

use impact::proof::Evidence;
use microsoft::arm::{Arm, Rehearsal, Subscription, SubscriptionState};
use microsoft::partner_center::PartnerCenter;
use microsoft::{Error, ErrorKind};
use onboarding::{Actor, Cloud, Directory};
use serde_json::{Value, json};
use step::{Job, Stop};

/// The right that a deployment of a storefront, or of anything, takes.
const DEPLOY: &str = "Microsoft.Resources/deployments/write";

/// What was seen.
pub(crate) struct Seen {
    pub(crate) arm: Arm,
    pub(crate) evidence: Vec<Evidence>,
    /// The subscription as the list has it.
    pub(crate) listed: Option<Subscription>,
}

impl Seen {
    pub(crate) fn failed(&self) -> Vec<&str> {
        self.evidence.iter().filter(|it| !it.holds).map(|it| it.check.as_str()).collect()
    }
}

/// The checks, in the order in which they can begin to hold. What can't be asked does not hold.
pub(crate) async fn look(job: &Job<'_>) -> Result<Seen, Stop> {
    let meta = &job.loaded.meta;
    // A fresh token every time: what was granted a moment ago shows only in a new one.
    let token = job.token::<Arm>(Actor::PartnerAdmin, Directory::Partner).await?;
    let arm = job.cloud()?.arm(&token);
    let list = arm.subscriptions().await.map_err(|error| refused(&error))?;
    let count = list.len();
    let listed = list.into_iter().find(|subscription| subscription.subscription_id == meta.subscription_id);
    let tenant = listed.as_ref().map(|subscription| &subscription.tenant_id);
    let state = listed.as_ref().map(|subscription| &subscription.state);
    let mut evidence = vec![
        row("listed", listed.is_some(), json!({"subscriptions": count}), LIST),
        row("in-partner-directory", tenant == Some(&meta.partner_tenant_id), json!({"tenantId": tenant}), LIST),
        row("active", state == Some(&SubscriptionState::Enabled), json!({"state": state}), LIST),
    ];
    let may_deploy = may_deploy(&arm, job, listed.is_some()).await?;
    let ask = may_deploy.holds;
    evidence.push(may_deploy);
    evidence.push(what_if(&arm, job, ask).await?);
    // Where step 2 proved the account by its profile, it must still answer. Where there is no access to the API, it can't.
    if meta.partner_company.is_some() {
        evidence.push(partner_center(job).await?);
    }
    Ok(Seen { arm, evidence, listed })
}

const LIST: &str = "GET /subscriptions as the partner admin";
const PERMISSIONS: &str = "GET /subscriptions/{id}/providers/Microsoft.Authorization/permissions";
const WHAT_IF: &str = "POST /subscriptions/{id}/providers/Microsoft.Resources/deployments/{name}/whatIf";
const PROFILE: &str = "GET /v1/profiles/organization at Partner Center";

fn row(check: &str, holds: bool, seen: Value, source: &str) -> Evidence {
    let seen = seen.as_object().cloned().unwrap_or_default();
    Evidence { check: check.into(), holds, seen, source: source.into() }
}

/// An answer that says no, as evidence; anything else stops the step.
fn no(check: &str, error: &Error, source: &str) -> Result<Evidence, Stop> {
    match error.kind() {
        ErrorKind::Forbidden
        | ErrorKind::NotFound
        | ErrorKind::WrongTenant
        | ErrorKind::Conflict
        | ErrorKind::NotRegistered
        | ErrorKind::UnsupportedVersion
        | ErrorKind::Invalid => {
            let seen = json!({
                "status": error.status(), "code": error.code(), "requestId": error.request_ids().theirs,
            });
            Ok(row(check, false, seen, source))
        }
        ErrorKind::Unavailable
        | ErrorKind::Throttled
        | ErrorKind::UnknownOutcome
        | ErrorKind::ClaimsChallenge
        | ErrorKind::Unauthenticated
        | ErrorKind::Unexpected
        | ErrorKind::ForeignAddress
        | ErrorKind::Entra(_)
        | ErrorKind::IdToken(_)
        | ErrorKind::Credential => Err(refused(error)),
    }
}

async fn may_deploy(arm: &Arm, job: &Job<'_>, listed: bool) -> Result<Evidence, Stop> {
    if !listed {
        return Ok(row("may-deploy", false, json!({"asked": false}), PERMISSIONS));
    }
    match arm.permissions(&job.loaded.meta.subscription_id).await {
        Ok(permissions) => Ok(row("may-deploy", permissions.allow(DEPLOY), json!({"action": DEPLOY}), PERMISSIONS)),
        Err(error) => no("may-deploy", &error, PERMISSIONS),
    }
}

/// A deployment that is only thought through: of nothing, and nothing is deployed.
async fn what_if(arm: &Arm, job: &Job<'_>, ask: bool) -> Result<Evidence, Stop> {
    if !ask {
        return Ok(row("what-if", false, json!({"asked": false}), WHAT_IF));
    }
    let meta = &job.loaded.meta;
    let name = format!("mooring-{}", meta.onboarding_id).to_ascii_lowercase();
    match arm.rehearse_deployment(&meta.subscription_id, &name, region(meta.cloud)).await {
        Ok(Rehearsal::Possible) => Ok(row("what-if", true, json!({"answer": "Succeeded"}), WHAT_IF)),
        Ok(Rehearsal::Refused { code }) => Ok(row("what-if", false, json!({"answer": code}), WHAT_IF)),
        // No answer is no proof.
        Ok(Rehearsal::Unanswered) => Ok(row("what-if", false, json!({"answer": "none in time"}), WHAT_IF)),
        Err(error) => no("what-if", &error, WHAT_IF),
    }
}

/// A region of the cloud. An empty deployment goes nowhere, but it must say where.
fn region(cloud: Cloud) -> &'static str {
    match cloud {
        Cloud::Public => "westeurope",
        Cloud::UsGovernment | Cloud::UsGovernmentDod => "usgovvirginia",
        Cloud::China => "chinaeast2",
        Cloud::Germany => "germanycentral",
    }
}

async fn partner_center(job: &Job<'_>) -> Result<Evidence, Stop> {
    let token = job.token::<PartnerCenter>(Actor::PartnerAdmin, Directory::Partner).await?;
    match job.cloud()?.partner_center(&token).account().await {
        Ok(account) => {
            let ours = account.organization.is_of(&job.loaded.meta.partner_tenant_id);
            // Partner Center may leave the header out; where it says no, it means it.
            let holds = ours && account.mfa_compliant != Some(false);
            let seen = json!({"ofPartnerDirectory": ours, "isMfaCompliant": account.mfa_compliant});
            Ok(row("partner-center", holds, seen, PROFILE))
        }
        Err(error) => no("partner-center", &error, PROFILE),
    }
}

pub(crate) fn refused(error: &Error) -> Stop {
    Stop::from_call(error, Actor::PartnerAdmin, Directory::Partner)
}
