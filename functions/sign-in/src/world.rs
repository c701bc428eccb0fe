//! What this function needs from outside, as one port, and the real thing behind it.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use microsoft::CloudClient;
use microsoft::arm::Arm;
use microsoft::entra::{AuthorizeRequest, CodeVerifier, Expected, Person, Prompt, Redemption};
use microsoft::graph::Graph;
use onboarding::links::LinkKey;
use onboarding::{Actor, Cloud, ErrorName, OnboardingId, Outcome, TenantId};
use ops::{Clock, Config};
use secrecy::SecretString;
use serde_json::Value;
use signal::Signal;
use store::{Browser, Change, Loaded, Meta, Recorded, Session, Started, Store, StoreError};
use tokio::time::Instant;
use vault::{Secrets, TokenSeal};

/// What a sign-in asks of Microsoft.
#[derive(Debug, Clone, Copy)]
pub struct Asking<'a> {
    /// In which cloud.
    pub cloud: Cloud,
    /// At which tenant: always a certain one.
    pub tenant: &'a TenantId,
    /// Whose sign-in it is: the two people are asked for different permissions.
    pub actor: Actor,
    /// Whether the partner admin will have to invite a guest.
    pub invite: bool,
    /// Ties the answer to this sign-in.
    pub state: &'a str,
    /// Ties the id token to this sign-in.
    pub nonce: &'a str,
    /// The verifier whose challenge goes with the browser.
    pub verifier: &'a CodeVerifier,
    /// The account that we expect.
    pub login_hint: &'a str,
    /// Whether that is known to be a personal account.
    pub personal: bool,
    /// Whether the person must prove who they are even if Microsoft still knows them.
    pub fresh: bool,
    /// A claims challenge to echo.
    pub claims: Option<&'a str>,
}

/// Our app in a cloud, and what it asks of one of the two people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// The app's id.
    pub client_id: String,
    /// The scopes, with spaces between them.
    pub scope: String,
}

/// Who came back, proven, and their refresh token.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Who.
    pub person: Person,
    /// To be sealed at once.
    pub refresh: Option<SecretString>,
}

/// What this function needs from outside.
pub trait World: Sync {
    /// Where people reach the pages.
    fn portal(&self) -> &str;
    /// What time it is.
    fn now(&self) -> Timestamp;
    /// 32 random bytes, base64url.
    fn random(&self) -> Result<String, ErrorName>;
    /// The key of links.
    fn link_key(&self) -> impl Future<Output = Result<LinkKey, ErrorName>> + Send;

    /// The onboarding.
    fn load(&self, id: &OnboardingId) -> impl Future<Output = Result<Loaded, StoreError>> + Send;
    /// Writes a change, if nobody else has since.
    fn commit(&self, before: &Meta, change: Change) -> impl Future<Output = Result<Meta, StoreError>> + Send;
    /// Records the end of a wait, once, and tells the state machine.
    fn end_wait(
        &self,
        id: &OnboardingId,
        wait_id: &str,
        outcome: Outcome,
        by: Actor,
    ) -> impl Future<Output = Result<Recorded, StoreError>> + Send;

    /// Keeps a new session under the fingerprint of its state.
    fn start_session(&self, state: &str, session: &Session) -> impl Future<Output = Result<(), StoreError>> + Send;
    /// Reads a session.
    fn session(&self, state: &str) -> impl Future<Output = Result<Option<Session>, StoreError>> + Send;
    /// Uses a session up, once.
    fn consume_session(&self, state: &str) -> impl Future<Output = Result<Started, StoreError>> + Send;
    /// Notes how a session ended.
    fn session_result(&self, state: &str, result: &str) -> impl Future<Output = Result<(), StoreError>> + Send;
    /// Remembers that a person signed in with this browser.
    fn remember_browser(&self, browser: &str, entry: &Browser) -> impl Future<Output = Result<(), StoreError>> + Send;
    /// Keeps what the next page tells this browser.
    fn keep_note(
        &self,
        browser: &str,
        id: &OnboardingId,
        note: &Value,
        until: i64,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
    /// What was kept for this browser.
    fn note(&self, browser: &str, id: &OnboardingId) -> impl Future<Output = Result<Option<Value>, StoreError>> + Send;

    /// Seals a refresh token for one person of one onboarding.
    fn seal(
        &self,
        id: &OnboardingId,
        actor: Actor,
        token: &SecretString,
    ) -> impl Future<Output = Result<Vec<Vec<u8>>, ErrorName>> + Send;

    /// What a directory's administrator has to approve.
    fn registration(
        &self,
        cloud: Cloud,
        actor: Actor,
        invite: bool,
    ) -> impl Future<Output = Result<Registration, ErrorName>> + Send;
    /// The address of the sign-in pages of a cloud.
    fn login_page(&self, cloud: Cloud) -> Result<String, ErrorName>;
    /// Where to send the browser.
    fn authorize(&self, asking: &Asking<'_>) -> impl Future<Output = Result<String, ErrorName>> + Send;
    /// Redeems the code at the tenant that the sign-in was begun at, and proves who it is.
    fn redeem(
        &self,
        cloud: Cloud,
        actor: Actor,
        tenant: &TenantId,
        code: &SecretString,
        verifier: &CodeVerifier,
        nonce: &str,
    ) -> impl Future<Output = Result<SignedIn, Refused>> + Send;
}

/// Why a code could not be redeemed.
#[derive(Debug)]
pub enum Refused {
    /// Microsoft's answer.
    Microsoft(microsoft::Error),
    /// Our own set-up.
    Ours(ErrorName),
}

/// The real world.
#[derive(Debug)]
pub struct Deps {
    portal: String,
    redirect_uri: String,
    clock: Clock,
    store: Store,
    secrets: Secrets,
    seal: TokenSeal,
    signal: Signal,
    microsoft: microsoft::Microsoft,
}

impl Deps {
    /// Reads the environment and builds the clients. No network.
    ///
    /// # Errors
    /// A variable that is missing, or an HTTP client that can't be built.
    pub async fn from_env() -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let config = Config::from_env(&[
            "ONBOARDING_TABLE",
            "EPHEMERAL_TABLE",
            "TOKEN_KEY_ARN",
            "APP_CREDENTIAL_SECRET_ID",
            "LINK_KEY_SECRET_ID",
            "PORTAL_URL",
        ])?;
        let aws = ops::aws().await;
        let microsoft = ops::microsoft(&config)?;
        Ok(Self {
            redirect_uri: format!("{}{}", config.portal_url, web::paths::CALLBACK),
            portal: config.portal_url,
            clock: Clock::system(),
            store: Store::new(&aws, config.onboarding_table, config.ephemeral_table),
            secrets: Secrets::new(&aws, config.app_credential_secret, config.link_key_secret),
            seal: TokenSeal::new(&aws, config.token_key),
            signal: Signal::new(&aws),
            microsoft,
        })
    }

    fn cloud(&self, cloud: Cloud) -> Result<CloudClient, ErrorName> {
        let cloud = self.microsoft.cloud(cloud).map_err(|_| ErrorName::CloudRetired)?;
        Ok(cloud.until(Instant::now() + MICROSOFT_ANSWERS))
    }
}

/// How long Microsoft's answers may take: what is left of the function's time is for telling the person.
const MICROSOFT_ANSWERS: Duration = Duration::from_secs(12);

/// Logs a failure that becomes its name here.
fn named<E: std::fmt::Display>(what: &str, name: ErrorName, error: &E) -> ErrorName {
    tracing::error!(target: "mooring::sign_in", error_name = name.as_str(), "{what}: {error}");
    name
}

impl World for Deps {
    fn portal(&self) -> &str {
        &self.portal
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn random(&self) -> Result<String, ErrorName> {
        let bytes = ops::random::<32>().map_err(|error| named("no randomness", ErrorName::InternalBug, &error))?;
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    async fn link_key(&self) -> Result<LinkKey, ErrorName> {
        self.secrets.link_key().await.map_err(|error| named("the link key can't be read", error.name(), &error))
    }

    async fn load(&self, id: &OnboardingId) -> Result<Loaded, StoreError> {
        self.store.load_for_page(id).await
    }

    async fn commit(&self, before: &Meta, change: Change) -> Result<Meta, StoreError> {
        self.store.commit(before, change, self.clock.now()).await
    }

    async fn end_wait(
        &self,
        id: &OnboardingId,
        wait_id: &str,
        outcome: Outcome,
        by: Actor,
    ) -> Result<Recorded, StoreError> {
        self.signal.end_wait(&self.store, id, wait_id, outcome, by.as_str(), self.clock.now()).await
    }

    async fn start_session(&self, state: &str, session: &Session) -> Result<(), StoreError> {
        self.store.start_session(state, session).await
    }

    async fn session(&self, state: &str) -> Result<Option<Session>, StoreError> {
        self.store.session(state).await
    }

    async fn consume_session(&self, state: &str) -> Result<Started, StoreError> {
        self.store.consume_session(state).await
    }

    async fn session_result(&self, state: &str, result: &str) -> Result<(), StoreError> {
        self.store.session_result(state, result).await
    }

    async fn remember_browser(&self, browser: &str, entry: &Browser) -> Result<(), StoreError> {
        self.store.remember_browser(browser, entry).await
    }

    async fn keep_note(&self, browser: &str, id: &OnboardingId, note: &Value, until: i64) -> Result<(), StoreError> {
        self.store.keep_note(browser, id, note, until).await
    }

    async fn note(&self, browser: &str, id: &OnboardingId) -> Result<Option<Value>, StoreError> {
        self.store.note(browser, id).await
    }

    async fn seal(&self, id: &OnboardingId, actor: Actor, token: &SecretString) -> Result<Vec<Vec<u8>>, ErrorName> {
        self.seal.seal(id, actor, token).await.map_err(|error| named("a token can't be sealed", error.name(), &error))
    }

    fn login_page(&self, cloud: Cloud) -> Result<String, ErrorName> {
        Ok(self.cloud(cloud)?.endpoints().login().to_string())
    }

    async fn registration(&self, cloud: Cloud, actor: Actor, invite: bool) -> Result<Registration, ErrorName> {
        let app = self
            .secrets
            .app_credential(cloud)
            .await
            .map_err(|error| named("no app credential", error.name(), &error))?;
        let cloud = self.cloud(cloud)?;
        let endpoints = cloud.endpoints();
        let scope = match actor {
            Actor::Owner => microsoft::token::owner_scopes(endpoints),
            Actor::PartnerAdmin => {
                let partner_center = endpoints.partner_center_has_azure();
                let asks = microsoft::token::PartnerAdminScopes { invite, partner_center };
                microsoft::token::partner_admin_scopes(endpoints, asks)
            }
        };
        Ok(Registration { client_id: app.client_id().to_owned(), scope })
    }

    async fn authorize(&self, asking: &Asking<'_>) -> Result<String, ErrorName> {
        let Registration { client_id, scope } = self.registration(asking.cloud, asking.actor, asking.invite).await?;
        let cloud = self.cloud(asking.cloud)?;
        let endpoints = cloud.endpoints();
        let challenge = asking.claims.and_then(microsoft::claims::ClaimsChallenge::parse);
        let claims = microsoft::claims::sign_in_claims(true, challenge.as_ref());
        Ok(cloud.entra().authorize_url(&AuthorizeRequest {
            tenant: asking.tenant,
            client_id: &client_id,
            redirect_uri: &self.redirect_uri,
            scope: &scope,
            state: asking.state,
            nonce: asking.nonce,
            code_challenge: &asking.verifier.challenge(),
            login_hint: Some(asking.login_hint),
            // Leads a personal account past the question whether it is one.
            domain_hint: (asking.personal && endpoints.has_personal_accounts()).then_some("live.com"),
            prompt: asking.fresh.then_some(Prompt::Login),
            claims: Some(&claims),
        }))
    }

    async fn redeem(
        &self,
        cloud: Cloud,
        actor: Actor,
        tenant: &TenantId,
        code: &SecretString,
        verifier: &CodeVerifier,
        nonce: &str,
    ) -> Result<SignedIn, Refused> {
        let entra = self.cloud(cloud).map_err(Refused::Ours)?.entra();
        let app = self
            .secrets
            .app_credential(cloud)
            .await
            .map_err(|error| Refused::Ours(named("no app credential", error.name(), &error)))?;
        let redemption = Redemption { code, verifier, redirect_uri: &self.redirect_uri };
        let now = self.clock.now();
        // A code is redeemed for one resource. The access token is dropped here: this function calls no API with it.
        let redeemed = match actor {
            Actor::Owner => entra
                .redeem_code::<Arm>(tenant, &app, &redemption, now)
                .await
                .map(|tokens| (tokens.id_token, tokens.refresh)),
            Actor::PartnerAdmin => entra
                .redeem_code::<Graph>(tenant, &app, &redemption, now)
                .await
                .map(|tokens| (tokens.id_token, tokens.refresh)),
        };
        let (id_token, refresh) = redeemed.map_err(Refused::Microsoft)?;
        let Some(id_token) = &id_token else { return Err(Refused::Ours(ErrorName::UpstreamRejected)) };
        let expected = Expected { tenant, client_id: app.client_id(), nonce };
        let person = entra.verify_id_token(id_token, &expected, now).await.map_err(Refused::Microsoft)?;
        Ok(SignedIn { person, refresh: refresh.map(|token| token.secret().clone()) })
    }
}
