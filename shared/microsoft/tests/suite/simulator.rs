//! A whole association, call by call, against the simulated Microsoft cloud.

use std::time::Duration;

use jiff::Timestamp;
use microsoft::arm::{Arm, Assigned, Block, ChangeStatus, NewRoleAssignment, OWNER_ROLE, SubscriptionState};
use microsoft::claims::sign_in_claims;
use microsoft::clouds::{Clouds, LoopbackBase};
use microsoft::entra::{
    AppCredential, AuthorizeRequest, CodeVerifier, EntraErrorKind, Expected, Person, Redemption, Tokens,
};
use microsoft::graph::{GLOBAL_ADMINISTRATOR, Graph, MayInvite, NewInvitation};
use microsoft::partner_center::PartnerCenter;
use microsoft::token::{PartnerAdminScopes, Resource, owner_scopes, partner_admin_scopes};
use microsoft::{CloudClient, ErrorKind, HttpSettings, Microsoft, RefreshToken};
use onboarding::ids::role_assignment_name;
use onboarding::{Cloud, SubscriptionId, TenantId};
use secrecy::SecretString;
use serde_json::{Value, json};
use simulated_microsoft::{Handle, Options, SimulatedMicrosoft};
use url::Url;

const SOURCE: &str = "a1000000-0000-4000-8000-000000000001";
const PARTNER: &str = "b2000000-0000-4000-8000-000000000002";
const SUBSCRIPTION: &str = "51000000-0000-4000-8000-000000000001";
const REDIRECT: &str = "http://127.0.0.1:9/callback";

/// The simulated cloud, our client to it, and a browser.
struct Stage {
    simulated: Handle,
    cloud: CloudClient,
    browser: reqwest::Client,
    app: AppCredential,
}

/// Someone who has signed in.
struct Visitor<R: Resource> {
    who: Person,
    tokens: Tokens<R>,
}

impl<R: Resource> Visitor<R> {
    fn refresh_token(&self) -> &RefreshToken {
        self.tokens.refresh.as_ref().unwrap()
    }
}

impl Stage {
    async fn set() -> Self {
        let simulated = SimulatedMicrosoft::start(Options::default()).await.unwrap();
        let base = LoopbackBase::parse(&simulated.base_url()).unwrap();
        let settings = HttpSettings { first_wait: Duration::from_millis(5), ..HttpSettings::new([3; 16]) };
        let client = Microsoft::new(Clouds::new(Some(base), false), settings).unwrap();
        Self {
            cloud: client.cloud(Cloud::Public).unwrap(),
            browser: reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap(),
            app: AppCredential::with_secret(
                "c11e0000-0000-4000-8000-000000000001",
                "simulated-client-secret-public".into(),
            ),
            simulated,
        }
    }

    async fn control(&self, path: &str) -> Value {
        let url = format!("{}/control/{path}", self.simulated.base_url());
        self.browser.get(url).send().await.unwrap().json().await.unwrap()
    }

    async fn tell(&self, path: &str, what: &Value) {
        let url = format!("{}/control/{path}", self.simulated.base_url());
        let answer = self.browser.post(url).json(what).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap());
    }

    async fn now(&self) -> Timestamp {
        self.control("time").await["now"].as_str().unwrap().parse().unwrap()
    }

    /// How often something took effect.
    async fn effects(&self, kind: &str) -> usize {
        self.control(&format!("ledger?kind={kind}")).await.as_array().unwrap().len()
    }

    /// Signs a person in as they would in a browser, and redeems the code.
    async fn sign_in<R: Resource>(&self, email: &str, tenant: &str, scope: &str) -> Visitor<R> {
        let tenant = TenantId::parse(tenant).unwrap();
        let verifier = CodeVerifier::new("v".repeat(64).into()).unwrap();
        let claims = sign_in_claims(true, None);
        let url = self.cloud.entra().authorize_url(&AuthorizeRequest {
            tenant: &tenant,
            client_id: self.app.client_id(),
            redirect_uri: REDIRECT,
            scope,
            state: "STATE",
            nonce: "NONCE",
            code_challenge: &verifier.challenge(),
            login_hint: Some(email),
            domain_hint: None,
            prompt: None,
            claims: Some(&claims),
        });
        let back = self.walk(&url, email).await;
        let field = |name: &str| back.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        assert_eq!(field("state").as_deref(), Some("STATE"), "{back}");
        let code: SecretString = field("code").unwrap().into();
        let redemption = Redemption { code: &code, verifier: &verifier, redirect_uri: REDIRECT };
        let now = self.now().await;
        let entra = self.cloud.entra();
        let tokens = entra.redeem_code::<R>(&tenant, &self.app, &redemption, now).await.unwrap();
        let expected = Expected { tenant: &tenant, client_id: self.app.client_id(), nonce: "NONCE" };
        let who = entra.verify_id_token(tokens.id_token.as_ref().unwrap(), &expected, now).await.unwrap();
        let again = entra.redeem_code::<R>(&tenant, &self.app, &redemption, now).await.unwrap_err();
        assert_eq!(again.kind(), ErrorKind::Entra(EntraErrorKind::CodeAlreadyUsed));
        Visitor { who, tokens }
    }

    /// Answers each page as its step asks, until the browser is sent back to us.
    async fn walk(&self, url: &str, email: &str) -> Url {
        let mut answer = self.browser.get(url).send().await.unwrap();
        for _ in 0..10 {
            if let Some(to) = answer.headers().get("location") {
                return Url::parse(to.to_str().unwrap()).unwrap();
            }
            let page = answer.text().await.unwrap();
            let value = |before: &str| {
                let rest = page.split_once(before).unwrap_or_else(|| panic!("no {before} in {page}")).1;
                rest.split_once('"').unwrap().0.to_owned()
            };
            let (action, context) = (value("action=\""), value("name=\"ctx\" value=\""));
            let step = value("name=\"step\" value=\"");
            let accepts = matches!(step.as_str(), "consent" | "invitation");
            let form = [
                ("ctx", context.as_str()),
                ("step", &step),
                ("answer", if accepts { "accept" } else { "next" }),
                ("loginfmt", email),
                ("passwd", "simulated"),
                ("otc", "123456"),
            ];
            answer = self.browser.post(action).form(&form).send().await.unwrap();
        }
        panic!("{email} never came back from {url}");
    }

    async fn owner(&self) -> Visitor<Arm> {
        self.sign_in("rosa@outlook.com", SOURCE, &owner_scopes(self.cloud.endpoints())).await
    }

    async fn partner_admin(&self) -> Visitor<Graph> {
        let asks = PartnerAdminScopes { invite: true, partner_center: true };
        let scope = partner_admin_scopes(self.cloud.endpoints(), asks);
        self.sign_in("kim@contoso.com", PARTNER, &scope).await
    }

    async fn refresh<R: Resource>(&self, tenant: &str, token: &RefreshToken) -> Tokens<R> {
        let tenant = TenantId::parse(tenant).unwrap();
        let now = self.now().await;
        self.cloud.entra().refresh::<R>(&tenant, &self.app, token, now).await.unwrap()
    }
}

/// Asks until the answer is there; Azure takes its time, and the simulated one some of it.
async fn until_some<T, E: std::fmt::Debug>(mut ask: impl AsyncFnMut() -> Result<Option<T>, E>) -> T {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    loop {
        if let Some(answer) = ask().await.unwrap() {
            return answer;
        }
        assert!(tokio::time::Instant::now() < deadline, "it never came true");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn subscription() -> SubscriptionId {
    SubscriptionId::parse(SUBSCRIPTION).unwrap()
}

fn tenant(id: &str) -> TenantId {
    TenantId::parse(id).unwrap()
}

#[tokio::test]
async fn two_parties_move_a_subscription_with_one_request_and_one_acceptance() {
    let stage = Stage::set().await;
    let (cloud, id) = (&stage.cloud, subscription());
    let probe = cloud.arm_probe();
    assert_eq!(probe.tenant_of_subscription(&id).await.unwrap(), Some(tenant(SOURCE)));
    assert_eq!(cloud.entra().tenant_of_domain("kim@contoso.com").await.unwrap(), Some(tenant(PARTNER)));
    assert_eq!(cloud.entra().tenant_of_domain("nobody.contoso.com").await.unwrap(), None);

    let owner = stage.owner().await;
    assert!(owner.who.is_personal_account());
    let arm = cloud.arm(&owner.tokens.access);
    let seen = arm.subscription(&id).await.unwrap().unwrap();
    assert_eq!((&seen.tenant_id, &seen.state), (&tenant(SOURCE), &SubscriptionState::Enabled));
    assert!(!seen.offer_cannot_move());
    assert!(arm.tenants().await.unwrap().iter().any(|it| it.tenant_id == tenant(SOURCE)));
    assert!(arm.permissions(&id).await.unwrap().allow("Microsoft.Authorization/roleAssignments/write"));
    let own = arm.role_assignments_of(&id, &owner.who.object_id).await.unwrap();
    assert!(own.iter().any(|it| it.is_direct_owner(&id, &owner.who.object_id)));
    assert!(arm.role_assignments(&id).await.unwrap().len() > own.len());
    assert!(arm.custom_roles(&id).await.unwrap().iter().all(|role| role.is_custom()));
    assert!(arm.role_definition(&id, OWNER_ROLE).await.unwrap().is_some());
    arm.classic_administrators(&id).await.unwrap();
    assert_eq!(arm.subscription_policy().await.unwrap().leaving, Block::Allowed);
    assert_eq!(arm.directory_changes(&id).await.unwrap(), []);
    assert_eq!(arm.directory_change(&id).await.unwrap(), None);

    let admin = stage.partner_admin().await;
    let graph = cloud.graph(&admin.tokens.access);
    assert_eq!(graph.me().await.unwrap().id, admin.who.object_id);
    assert_eq!(graph.organization().await.unwrap().unwrap().id, tenant(PARTNER));
    assert!(graph.my_directory_roles().await.unwrap().iter().any(|role| role.is(GLOBAL_ADMINISTRATOR)));
    let partner = stage.refresh::<PartnerCenter>(PARTNER, admin.refresh_token()).await;
    let partner = cloud.partner_center(&partner.access);
    let account = partner.account().await.unwrap();
    assert!(account.organization.is_of(&tenant(PARTNER)));
    assert_eq!(account.mfa_compliant, Some(true));
    assert!(partner.mpn().await.unwrap().is_some());
    assert!(partner.legal_business().await.unwrap().unwrap().is_authorized());

    let acceptor = stage.refresh::<Arm>(PARTNER, admin.refresh_token()).await;
    let there = cloud.arm(&acceptor.access);
    assert_eq!(there.subscription_policy().await.unwrap().entering, Block::Allowed);
    let asked = arm.request_directory_change(&id, &tenant(PARTNER), &admin.who.object_id).await.unwrap();
    assert_eq!(asked.status, ChangeStatus::Pending);
    let pending = arm.directory_changes(&id).await.unwrap();
    assert!(pending.iter().any(|it| it.leads_to(&tenant(PARTNER), &admin.who.object_id)));
    assert!(pending[0].is_open(stage.now().await));

    there.accept_directory_change(&id).await.unwrap();
    until_some(async || {
        let status = there.directory_change_status(&id).await?;
        Ok::<_, microsoft::Error>(status.filter(|it| it.status == ChangeStatus::Completed))
    })
    .await;
    until_some(async || {
        Ok::<_, microsoft::Error>(probe.tenant_of_subscription(&id).await?.filter(|it| *it == tenant(PARTNER)))
    })
    .await;
    let moved = until_some(async || there.subscription(&id).await).await;
    assert_eq!(moved.tenant_id, tenant(PARTNER));
    assert!(there.subscriptions().await.unwrap().iter().any(|it| it.subscription_id == id));
    // The old tenant's tokens are worth nothing here any more, in one of the ways Azure has of saying so.
    match arm.subscription(&id).await {
        Ok(gone) => assert!(gone.is_none()),
        Err(error) => assert!(matches!(error.kind(), ErrorKind::WrongTenant | ErrorKind::Forbidden), "{error}"),
    }

    let scope = format!("/subscriptions/{id}");
    let who = &admin.who.object_id;
    let name = role_assignment_name(&scope, who, OWNER_ROLE, "");
    let new = NewRoleAssignment {
        role: OWNER_ROLE,
        principal: who,
        principal_type: "User",
        description: None,
        condition: None,
    };
    let assigned = until_some(async || match there.assign_role(&id, &name, &new).await {
        Ok(assigned) => Ok(Some(assigned)),
        Err(error) if error.kind() == ErrorKind::Forbidden => Ok(None),
        Err(error) => Err(error),
    })
    .await;
    assert_eq!(assigned, Assigned::ExistsUnderAnotherName);
    assert!(there.role_assignment(&id, &name).await.unwrap().is_none());
    assert!(there.permissions(&id).await.unwrap().allow("Microsoft.Authorization/roleAssignments/write"));

    assert_eq!(stage.effects("change-tenant-request-initiated").await, 1);
    assert_eq!(stage.effects("change-tenant-request-accepted").await, 1);
    assert_eq!(stage.control("violations").await, json!([]));
}

#[tokio::test]
async fn a_guest_is_invited_found_and_taken_away_again() {
    let stage = Stage::set().await;
    let admin = stage.partner_admin().await;
    let now = stage.now().await;
    let tokens =
        stage.cloud.entra().refresh_to_invite(&tenant(PARTNER), &stage.app, admin.refresh_token(), now).await.unwrap();
    let graph = stage.cloud.graph(&tokens.access);
    assert_eq!(graph.may_invite().await.unwrap(), MayInvite::Everyone);
    assert_eq!(graph.users_by_mail("rosa@outlook.com").await.unwrap(), []);
    let invited = graph
        .invite(&NewInvitation {
            address: "rosa@outlook.com",
            redirect_to: REDIRECT,
            display_name: Some("Rosa Diaz"),
            send_mail: false,
        })
        .await
        .unwrap();
    let guest = until_some(async || graph.user(&invited.invited_user.id).await).await;
    assert!(guest.is_guest() && !guest.has_accepted());
    let found = graph.users_by_mail("rosa@outlook.com").await.unwrap();
    assert_eq!(found.iter().map(|it| &it.id).collect::<Vec<_>>(), [&invited.invited_user.id]);

    let scope = owner_scopes(stage.cloud.endpoints());
    let owner = stage.sign_in::<Arm>("rosa@outlook.com", PARTNER, &scope).await;
    assert_eq!(owner.who.object_id, invited.invited_user.id);
    assert!(owner.who.is_personal_account());
    assert!(graph.user(&invited.invited_user.id).await.unwrap().unwrap().has_accepted());

    assert!(graph.delete_user(&invited.invited_user.id).await.unwrap());
    assert!(!graph.delete_user(&invited.invited_user.id).await.unwrap());
    assert_eq!(stage.effects("guest-deleted").await, 1);
    assert_eq!(stage.control("violations").await, json!([]));
}

#[tokio::test]
async fn a_lost_acceptance_is_not_repeated_and_can_be_read_back() {
    let stage = Stage::set().await;
    let id = subscription();
    let (owner, admin) = (stage.owner().await, stage.partner_admin().await);
    let arm = stage.cloud.arm(&owner.tokens.access);
    arm.request_directory_change(&id, &tenant(PARTNER), &admin.who.object_id).await.unwrap();
    let acceptor = stage.refresh::<Arm>(PARTNER, admin.refresh_token()).await;
    let there = stage.cloud.arm(&acceptor.access);
    let fault = json!({"operation": "arm.acceptChangeTenant", "effect": {"kind": "lost-answer"}});
    stage.tell("faults", &fault).await;
    let lost = there.accept_directory_change(&id).await.unwrap_err();
    assert_eq!(lost.kind(), ErrorKind::UnknownOutcome);
    until_some(async || {
        let there = stage.cloud.arm_probe().tenant_of_subscription(&id).await?;
        Ok::<_, microsoft::Error>(there.filter(|it| *it == tenant(PARTNER)))
    })
    .await;
    assert_eq!(stage.effects("change-tenant-request-accepted").await, 1);
}

#[tokio::test]
async fn a_cancelled_request_is_gone() {
    let stage = Stage::set().await;
    let id = subscription();
    let (owner, admin) = (stage.owner().await, stage.partner_admin().await);
    let arm = stage.cloud.arm(&owner.tokens.access);
    assert!(!arm.cancel_directory_change(&id).await.unwrap());
    arm.request_directory_change(&id, &tenant(PARTNER), &admin.who.object_id).await.unwrap();
    assert!(arm.cancel_directory_change(&id).await.unwrap());
    assert_eq!(arm.directory_changes(&id).await.unwrap(), []);
    assert_eq!(stage.control("violations").await, json!([]));
}

#[tokio::test]
async fn an_older_api_version_is_found_where_the_newest_is_not_served() {
    let stage = Stage::set().await;
    let id = subscription();
    stage.tell("knobs", &json!({"newestVersion": "2024-08-01-preview"})).await;
    let (owner, admin) = (stage.owner().await, stage.partner_admin().await);
    let arm = stage.cloud.arm(&owner.tokens.access);
    let asked = arm.request_directory_change(&id, &tenant(PARTNER), &admin.who.object_id).await.unwrap();
    assert_eq!(asked.destination_tenant, Some(tenant(PARTNER)));
    let acceptor = stage.refresh::<Arm>(PARTNER, admin.refresh_token()).await;
    let there = stage.cloud.arm(&acceptor.access);
    there.accept_directory_change(&id).await.unwrap();
    until_some(async || {
        let status = there.directory_change_status(&id).await?;
        Ok::<_, microsoft::Error>(status.filter(|it| it.status == ChangeStatus::Completed))
    })
    .await;
}

#[tokio::test]
async fn a_revoked_person_must_sign_in_again() {
    let stage = Stage::set().await;
    let owner = stage.owner().await;
    stage.tell("users/rosa@outlook.com/revoke", &json!({})).await;
    let now = stage.now().await;
    let error =
        stage.cloud.entra().refresh::<Arm>(&tenant(SOURCE), &stage.app, owner.refresh_token(), now).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Entra(EntraErrorKind::SignInAgain));
}

#[tokio::test]
async fn someone_unknown_to_a_tenant_gets_no_token_there() {
    let stage = Stage::set().await;
    let owner = stage.owner().await;
    let now = stage.now().await;
    let error =
        stage.cloud.entra().refresh::<Arm>(&tenant(PARTNER), &stage.app, owner.refresh_token(), now).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Entra(EntraErrorKind::UserNotInTenant));
}
