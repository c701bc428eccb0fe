//! What the partner admin sees, as evidence.

use impact::proof::Evidence;
use microsoft::arm::{Arm, Rehearsal, Subscription, SubscriptionState};
use microsoft::partner_center::PartnerCenter;
use microsoft::{Error, ErrorKind};
use onboarding::{Actor, Cloud, Directory};
use serde_json::{Value, json};
use step::{Job, Stop};
use store::Meta;

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
    let may_deploy = may_deploy(&arm, meta, listed.is_some()).await?;
    let ask = may_deploy.holds;
    evidence.push(may_deploy);
    evidence.push(what_if(&arm, meta, ask).await?);
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

async fn may_deploy(arm: &Arm, meta: &Meta, listed: bool) -> Result<Evidence, Stop> {
    if !listed {
        return Ok(row("may-deploy", false, json!({"asked": false}), PERMISSIONS));
    }
    match arm.permissions(&meta.subscription_id).await {
        Ok(permissions) => Ok(row("may-deploy", permissions.allow(DEPLOY), json!({"action": DEPLOY}), PERMISSIONS)),
        Err(error) => no("may-deploy", &error, PERMISSIONS),
    }
}

/// A deployment that is only thought through: of nothing, and nothing is deployed.
async fn what_if(arm: &Arm, meta: &Meta, ask: bool) -> Result<Evidence, Stop> {
    if !ask {
        return Ok(row("what-if", false, json!({"asked": false}), WHAT_IF));
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use microsoft::clouds::{Clouds, LoopbackBase};
    use microsoft::{AccessToken, HttpSettings, Microsoft};
    use onboarding::{ErrorName, OnboardingId, Route, Status, Step, TenantId};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    fn meta() -> Meta {
        let meta = serde_json::from_value(json!({
            "onboardingId": OnboardingId::from_parts(1_700_000_000_000, 7), "schema": 1, "ver": 3,
            "status": Status::Running, "currentStep": Step::ConfirmChanges, "cloud": "public", "route": Route::TwoParty,
            "subscriptionId": "6c3c85bc-5366-4eaa-8055-a10529eafd03",
            "sourceTenantId": "11111111-1111-1111-1111-111111111111",
            "partnerTenantId": "22222222-2222-2222-2222-222222222222",
            "partnerDirectory": "contoso.com", "ownerEmail": "rosa@outlook.com", "ownerAccount": "personal",
            "partnerAdminEmail": "kim@contoso.com", "requestKey": "k", "execution": "arn",
            "createdAt": "2026-05-12T09:00:00Z", "updatedAt": "2026-05-12T09:30:00Z",
        }));
        meta.unwrap()
    }

    /// Azure, which answers one call with this status and body.
    async fn azure(status: u16, body: &Value) -> Arm {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let body = body.to_string();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut bytes = vec![0; 16 * 1024];
            let _ = stream.read(&mut bytes).await;
            let head = format!("HTTP/1.1 {status} Status\r\ncontent-type: application/json\r\nconnection: close\r\n");
            let answer = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
            stream.write_all(answer.as_bytes()).await.unwrap();
        });
        let settings = HttpSettings { retries: 0, ..HttpSettings::new([3; 16]) };
        let clouds = Clouds::new(Some(LoopbackBase::parse(&base).unwrap()), false);
        let tenant = TenantId::parse("22222222-2222-2222-2222-222222222222").unwrap();
        let cloud = Microsoft::new(clouds, settings).unwrap().cloud(Cloud::Public).unwrap();
        cloud.arm(&AccessToken::new("TOKEN".to_owned().into(), tenant, None))
    }

    #[tokio::test]
    async fn only_a_trial_deployment_that_succeeds_holds() {
        let done = azure(200, &json!({"status": "Succeeded", "properties": {"changes": []}})).await;
        assert!(what_if(&done, &meta(), true).await.unwrap().holds);
        for (status, body) in [
            (200, json!({"status": "Failed", "error": {"code": "InvalidTemplateDeployment", "message": "No."}})),
            (200, json!({"status": "Canceled"})),
            (400, json!({"error": {"code": "LocationNotAvailableForDeployment", "message": "No."}})),
            (403, json!({"error": {"code": "AuthorizationFailed", "message": "No."}})),
            (404, json!({"error": {"code": "SubscriptionNotFound", "message": "No."}})),
            (409, json!({"error": {"code": "MissingSubscriptionRegistration", "message": "No."}})),
        ] {
            let evidence = what_if(&azure(status, &body).await, &meta(), true).await.unwrap();
            assert!(!evidence.holds, "{body}");
            assert!(!evidence.seen.is_empty(), "{body}");
        }
    }

    #[tokio::test]
    async fn what_was_not_asked_does_not_hold() {
        let arm = azure(200, &json!({"status": "Succeeded"})).await;
        assert!(!what_if(&arm, &meta(), false).await.unwrap().holds);
        assert!(!may_deploy(&arm, &meta(), false).await.unwrap().holds);
    }

    #[tokio::test]
    async fn an_answer_that_never_came_is_no_evidence_at_all() {
        let arm = azure(503, &json!({"error": {"code": "ServiceUnavailable", "message": "Later."}})).await;
        let stop = what_if(&arm, &meta(), true).await.unwrap_err();
        assert!(matches!(stop.name, ErrorName::UpstreamUnavailable | ErrorName::UpstreamTimeout), "{:?}", stop.name);
    }

    #[tokio::test]
    async fn a_role_that_may_only_read_may_not_deploy() {
        let list = |action: &str| json!({"value": [{"actions": [action], "notActions": []}]});
        let allowed = may_deploy(&azure(200, &list("*")).await, &meta(), true).await.unwrap();
        let reader = may_deploy(&azure(200, &list("*/read")).await, &meta(), true).await.unwrap();
        assert!(allowed.holds && !reader.holds);
    }
}
