//! What this function needs from outside, as one port, and the real thing behind it.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use microsoft::CloudClient;
use microsoft::entra::{AuthorizeRequest, CodeVerifier, Expected, Person, Redemption};
use onboarding::audit::Entry;
use onboarding::links::LinkKey;
use onboarding::{ErrorName, OnboardingId, Outcome};
use ops::config::Operators;
use ops::{Clock, Config};
use secrecy::SecretString;
use signal::Signal;
use store::{Archive, Change, Loaded, Meta, OperatorSession, OperatorSignIn, Recorded, Store, StoreError};
use tokio::time::Instant;
use vault::Secrets;

/// Who came back, proven, and whether they are in the group.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Who.
    pub person: Person,
    /// Whether they are an operator.
    pub member: bool,
}

/// Why a code could not be redeemed.
#[derive(Debug)]
pub enum Refused {
    /// Microsoft's answer.
    Microsoft(microsoft::Error),
    /// Our own set-up.
    Ours(ErrorName),
}

/// What this function needs from outside.
pub trait World: Sync {
    /// Where people reach the pages.
    fn portal(&self) -> &str;
    /// Who may use these pages; none while they are off.
    fn operators(&self) -> Option<&Operators>;
    /// What time it is.
    fn now(&self) -> Timestamp;
    /// 32 random bytes, base64url.
    fn random(&self) -> Result<String, ErrorName>;
    /// The key of links.
    fn link_key(&self) -> impl Future<Output = Result<LinkKey, ErrorName>> + Send;

    /// Keeps a sign-in that was begun, under the fingerprint of its state.
    fn start_sign_in(
        &self,
        state: &str,
        sign_in: &OperatorSignIn,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
    /// A sign-in, without using it.
    fn sign_in(&self, state: &str) -> impl Future<Output = Result<Option<OperatorSignIn>, StoreError>> + Send;
    /// Uses a sign-in up, once.
    fn use_sign_in(&self, state: &str) -> impl Future<Output = Result<bool, StoreError>> + Send;
    /// Keeps that somebody is signed in, under the fingerprint of their cookie.
    fn keep_session(
        &self,
        cookie: &str,
        session: &OperatorSession,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
    /// Who is signed in.
    fn session(&self, cookie: &str) -> impl Future<Output = Result<Option<OperatorSession>, StoreError>> + Send;
    /// Signs out.
    fn forget_session(&self, cookie: &str) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The address of the sign-in pages.
    fn login_page(&self) -> Result<String, ErrorName>;
    /// Where to send the browser.
    fn authorize(
        &self,
        state: &str,
        nonce: &str,
        verifier: &CodeVerifier,
    ) -> impl Future<Output = Result<String, ErrorName>> + Send;
    /// Redeems the code, proves who it is, and asks whether they are in the group.
    fn redeem(
        &self,
        code: &SecretString,
        verifier: &CodeVerifier,
        nonce: &str,
    ) -> impl Future<Output = Result<SignedIn, Refused>> + Send;

    /// A page of a list, and where the next one begins.
    fn listed(
        &self,
        list: &str,
        after: Option<&str>,
    ) -> impl Future<Output = Result<(Vec<Meta>, Option<String>), StoreError>> + Send;
    /// The onboarding.
    fn load(&self, id: &OnboardingId) -> impl Future<Output = Result<Loaded, StoreError>> + Send;
    /// Its audit trail.
    fn audit(&self, id: &OnboardingId) -> impl Future<Output = Result<Vec<Entry>, StoreError>> + Send;
    /// The pages of a kept list, in order.
    fn pages(
        &self,
        id: &OnboardingId,
        kind: Archive,
        hash: &str,
    ) -> impl Future<Output = Result<Vec<Vec<u8>>, StoreError>> + Send;
    /// Which onboarding of this request runs.
    fn running(&self, request_key: &str) -> impl Future<Output = Result<Option<OnboardingId>, StoreError>> + Send;
    /// Writes a change, if nobody else has since.
    fn commit(&self, before: &Meta, change: Change) -> impl Future<Output = Result<Meta, StoreError>> + Send;
    /// Records the end of a wait, once, and tells the state machine.
    fn end_wait(
        &self,
        id: &OnboardingId,
        wait_id: &str,
        outcome: Outcome,
    ) -> impl Future<Output = Result<Recorded, StoreError>> + Send;
    /// Starts an onboarding of this id; one that was started before is left alone.
    fn start(&self, id: &OnboardingId, input: &str) -> impl Future<Output = Result<(), ErrorName>> + Send;
}

/// The real world.
#[derive(Debug)]
pub struct Deps {
    portal: String,
    redirect_uri: String,
    operators: Option<Operators>,
    state_machine: String,
    clock: Clock,
    store: Store,
    secrets: Secrets,
    signal: Signal,
    executions: aws_sdk_sfn::Client,
    microsoft: microsoft::Microsoft,
}

impl Deps {
    /// Reads the environment and builds the clients. No network.
    ///
    /// # Errors
    /// A variable that is missing or malformed, or an HTTP client that can't be built.
    pub async fn from_env() -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let config = Config::from_env(&[
            "ONBOARDING_TABLE",
            "EPHEMERAL_TABLE",
            "APP_CREDENTIAL_SECRET_ID",
            "LINK_KEY_SECRET_ID",
            "STATE_MACHINE_ARN",
            "PORTAL_URL",
        ])?;
        let aws = ops::aws().await;
        let microsoft = ops::microsoft(&config)?;
        Ok(Self {
            redirect_uri: format!("{}{}", config.portal_url, web::paths::OPERATOR_CALLBACK),
            portal: config.portal_url,
            operators: config.operators,
            state_machine: config.state_machine,
            clock: Clock::system(),
            store: Store::new(&aws, config.onboarding_table, config.ephemeral_table),
            secrets: Secrets::new(&aws, config.app_credential_secret, config.link_key_secret),
            signal: Signal::new(&aws),
            executions: aws_sdk_sfn::Client::new(&aws),
            microsoft,
        })
    }

    fn ours(&self) -> Result<&Operators, ErrorName> {
        self.operators.as_ref().ok_or(ErrorName::InternalBug)
    }

    fn cloud(&self) -> Result<CloudClient, ErrorName> {
        let cloud = self.microsoft.cloud(self.ours()?.cloud).map_err(|_| ErrorName::CloudRetired)?;
        Ok(cloud.until(Instant::now() + MICROSOFT_ANSWERS))
    }
}

/// How long Microsoft's answers may take: what is left of the function's time is for telling the operator.
const MICROSOFT_ANSWERS: Duration = Duration::from_secs(12);

/// How many entries of a list are read at once.
const AT_ONCE: i32 = 250;

/// Logs a failure that becomes its name here.
fn named<E: std::fmt::Display>(what: &str, name: ErrorName, error: &E) -> ErrorName {
    tracing::error!(target: "mooring::operator", error_name = name.as_str(), "{what}: {error}");
    name
}

impl World for Deps {
    fn portal(&self) -> &str {
        &self.portal
    }

    fn operators(&self) -> Option<&Operators> {
        self.operators.as_ref()
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

    async fn start_sign_in(&self, state: &str, sign_in: &OperatorSignIn) -> Result<(), StoreError> {
        self.store.start_operator_sign_in(state, sign_in).await
    }

    async fn sign_in(&self, state: &str) -> Result<Option<OperatorSignIn>, StoreError> {
        self.store.operator_sign_in(state).await
    }

    async fn use_sign_in(&self, state: &str) -> Result<bool, StoreError> {
        self.store.use_operator_sign_in(state).await
    }

    async fn keep_session(&self, cookie: &str, session: &OperatorSession) -> Result<(), StoreError> {
        self.store.keep_operator(cookie, session).await
    }

    async fn session(&self, cookie: &str) -> Result<Option<OperatorSession>, StoreError> {
        self.store.operator(cookie).await
    }

    async fn forget_session(&self, cookie: &str) -> Result<(), StoreError> {
        self.store.forget_operator(cookie).await
    }

    fn login_page(&self) -> Result<String, ErrorName> {
        Ok(self.cloud()?.endpoints().login().to_string())
    }

    async fn authorize(&self, state: &str, nonce: &str, verifier: &CodeVerifier) -> Result<String, ErrorName> {
        let (ours, cloud) = (self.ours()?, self.cloud()?);
        let app = self.secrets.app_credential(ours.cloud).await;
        let app = app.map_err(|error| named("no app credential", error.name(), &error))?;
        // Whoever can cancel an onboarding proves who they are with more than a password.
        let claims = microsoft::claims::sign_in_claims(true, None);
        Ok(cloud.entra().authorize_url(&AuthorizeRequest {
            tenant: &ours.tenant,
            client_id: app.client_id(),
            redirect_uri: &self.redirect_uri,
            scope: &microsoft::token::operator_scopes(cloud.endpoints()),
            state,
            nonce,
            code_challenge: &verifier.challenge(),
            login_hint: None,
            domain_hint: None,
            prompt: None,
            claims: Some(&claims),
        }))
    }

    async fn redeem(&self, code: &SecretString, verifier: &CodeVerifier, nonce: &str) -> Result<SignedIn, Refused> {
        let (ours, cloud) = (self.ours().map_err(Refused::Ours)?, self.cloud().map_err(Refused::Ours)?);
        let app = self.secrets.app_credential(ours.cloud).await;
        let app = app.map_err(|error| Refused::Ours(named("no app credential", error.name(), &error)))?;
        let (entra, now) = (cloud.entra(), self.clock.now());
        let redemption = Redemption { code, verifier, redirect_uri: &self.redirect_uri };
        let redeemed = entra.redeem_operator_code(&ours.tenant, &app, &redemption, now).await;
        let tokens = redeemed.map_err(Refused::Microsoft)?;
        let Some(id_token) = &tokens.id_token else { return Err(Refused::Ours(ErrorName::UpstreamRejected)) };
        let expected = Expected { tenant: &ours.tenant, client_id: app.client_id(), nonce };
        let person = entra.verify_id_token(id_token, &expected, now).await.map_err(Refused::Microsoft)?;
        let member = cloud.graph(&tokens.access).am_in_group(&ours.group).await.map_err(Refused::Microsoft)?;
        // The token goes out of scope here: nothing of it is kept.
        Ok(SignedIn { person, member })
    }

    async fn listed(&self, list: &str, after: Option<&str>) -> Result<(Vec<Meta>, Option<String>), StoreError> {
        self.store.listed(list, after, AT_ONCE).await
    }

    async fn load(&self, id: &OnboardingId) -> Result<Loaded, StoreError> {
        self.store.load_for_page(id).await
    }

    async fn audit(&self, id: &OnboardingId) -> Result<Vec<Entry>, StoreError> {
        self.store.audit(id).await
    }

    async fn pages(&self, id: &OnboardingId, kind: Archive, hash: &str) -> Result<Vec<Vec<u8>>, StoreError> {
        self.store.pages(id, kind, hash).await
    }

    async fn running(&self, request_key: &str) -> Result<Option<OnboardingId>, StoreError> {
        self.store.running_for_request(request_key).await
    }

    async fn commit(&self, before: &Meta, change: Change) -> Result<Meta, StoreError> {
        self.store.commit(before, change, self.clock.now()).await
    }

    async fn end_wait(&self, id: &OnboardingId, wait_id: &str, outcome: Outcome) -> Result<Recorded, StoreError> {
        self.signal.end_wait(&self.store, id, wait_id, outcome, onboarding::OPERATOR, self.clock.now()).await
    }

    async fn start(&self, id: &OnboardingId, input: &str) -> Result<(), ErrorName> {
        let started = self.executions.start_execution().state_machine_arn(&self.state_machine);
        match started.name(id.execution_name()).input(input).send().await {
            Ok(_) => Ok(()),
            // The name is made of what it takes the place of: whatever runs under it is this.
            Err(error) if error.as_service_error().is_some_and(|error| error.is_execution_already_exists()) => Ok(()),
            Err(error) => {
                use aws_sdk_sfn::error::ProvideErrorMetadata as _;
                let code =
                    error.as_service_error().and_then(|service| service.code()).unwrap_or("no answer").to_owned();
                Err(named("the execution could not be started", ErrorName::StoreUnavailable, &code))
            }
        }
    }
}
