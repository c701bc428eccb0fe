//! What this function needs from outside, as one port, and the real thing behind it.

use std::time::Duration;

use jiff::Timestamp;
use microsoft::entra::EntraErrorKind;
use microsoft::{CloudClient, ErrorKind};
use onboarding::links::LinkKey;
use onboarding::{Actor, Cloud, ErrorName, OnboardingId, SubscriptionId, TenantId};
use ops::{Clock, Config};
use store::{Draft, DraftMail, Meta, Store, StoreError};
use tokio::time::Instant;
use vault::Secrets;

/// What looking something up at Microsoft came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Looked {
    /// It is there: its directory's id.
    Found(TenantId),
    /// This cloud doesn't know it.
    Unknown,
    /// It is in another cloud.
    OtherCloud,
}

/// What this function needs from outside.
pub trait World: Sync {
    /// Where people reach the pages.
    fn portal(&self) -> &str;
    /// What time it is.
    fn now(&self) -> Timestamp;
    /// A new random id.
    fn new_id(&self) -> Result<OnboardingId, ErrorName>;
    /// Why a cloud can't be chosen; none if it can.
    fn closed(&self, cloud: Cloud) -> Option<ErrorName>;
    /// The key of links.
    fn link_key(&self) -> impl Future<Output = Result<LinkKey, ErrorName>> + Send;
    /// The directory of a domain or an id.
    fn directory(&self, cloud: Cloud, name: &str) -> impl Future<Output = Result<Looked, ErrorName>> + Send;
    /// The directory that a subscription is in.
    fn tenant_of_subscription(
        &self,
        cloud: Cloud,
        subscription: &SubscriptionId,
    ) -> impl Future<Output = Result<Looked, ErrorName>> + Send;
    /// The running onboarding of the same request.
    fn running_for_request(&self, key: &str) -> impl Future<Output = Result<Option<OnboardingId>, ErrorName>> + Send;
    /// The running onboarding of the same subscription.
    fn running_for_subscription(
        &self,
        subscription: &SubscriptionId,
    ) -> impl Future<Output = Result<Option<OnboardingId>, ErrorName>> + Send;
    /// An onboarding's own record.
    fn meta(&self, id: &OnboardingId) -> impl Future<Output = Result<Option<Meta>, ErrorName>> + Send;
    /// Keeps a sign-up; `false` if it was kept before.
    fn keep_draft(&self, id: &OnboardingId, draft: &Draft) -> impl Future<Output = Result<bool, ErrorName>> + Send;
    /// A sign-up.
    fn draft(&self, id: &OnboardingId) -> impl Future<Output = Result<Option<Draft>, ErrorName>> + Send;
    /// Counts a try of a code; `false` if it had all its tries.
    fn try_code(&self, id: &OnboardingId, number: u32) -> impl Future<Output = Result<bool, ErrorName>> + Send;
    /// Makes a new code the one that counts; none if it is too soon.
    fn renew_code(
        &self,
        id: &OnboardingId,
        draft: &Draft,
    ) -> impl Future<Output = Result<Option<Draft>, ErrorName>> + Send;
    /// Whether an address may get another mail today.
    fn may_mail(&self, email: &str, most: u32) -> impl Future<Output = Result<bool, ErrorName>> + Send;
    /// Whether a code for an address may be tried once more today.
    fn may_try(&self, email: &str, most: u32) -> impl Future<Output = Result<bool, ErrorName>> + Send;
    /// Counts up to a limit; `false` when it is reached. `ends_at`: seconds since 1970, when the period of the count is over.
    fn may_count(&self, bucket: &str, most: u32, ends_at: i64) -> impl Future<Output = Result<bool, ErrorName>> + Send;
    /// How many onboardings to a directory wait for their first sign-in, of those that the form started and not their owner; at most
    /// `most`.
    fn waiting_for_first_sign_in(
        &self,
        partner: &TenantId,
        most: usize,
    ) -> impl Future<Output = Result<usize, ErrorName>> + Send;
    /// Queues the mail with the newest code.
    fn mail_code(&self, id: &OnboardingId, draft: &Draft) -> impl Future<Output = Result<(), ErrorName>> + Send;
    /// The onboarding with this short reference.
    fn of_reference(&self, reference: &str) -> impl Future<Output = Result<Option<OnboardingId>, ErrorName>> + Send;
    /// Queues the mail with a person's link.
    fn mail_link(&self, id: &OnboardingId, to: Actor) -> impl Future<Output = Result<(), ErrorName>> + Send;
    /// Starts the execution; one that exists by this name is the same one.
    fn start(&self, id: &OnboardingId, input: &str) -> impl Future<Output = Result<(), ErrorName>> + Send;
}

/// The real world.
#[derive(Debug)]
pub struct Deps {
    portal: String,
    state_machine: String,
    clock: Clock,
    store: Store,
    secrets: Secrets,
    microsoft: microsoft::Microsoft,
    executions: aws_sdk_sfn::Client,
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
            "LINK_KEY_SECRET_ID",
            "PORTAL_URL",
            "STATE_MACHINE_ARN",
        ])?;
        let aws = ops::aws().await;
        let microsoft = ops::microsoft(&config)?;
        Ok(Self {
            portal: config.portal_url,
            state_machine: config.state_machine,
            clock: Clock::system(),
            store: Store::new(&aws, config.onboarding_table, config.ephemeral_table),
            secrets: Secrets::new(&aws, String::new(), config.link_key_secret),
            microsoft,
            executions: aws_sdk_sfn::Client::new(&aws),
        })
    }

    fn cloud(&self, cloud: Cloud) -> Result<CloudClient, ErrorName> {
        let cloud = self.microsoft.cloud(cloud).map_err(|_| ErrorName::CloudRetired)?;
        Ok(cloud.until(Instant::now() + MICROSOFT_ANSWERS))
    }
}

/// How long Microsoft's answers may take: what is left of the function's time is for telling the person.
const MICROSOFT_ANSWERS: Duration = Duration::from_secs(7);

/// Logs a failure that becomes its name here.
fn named<E: std::fmt::Display>(what: &str, name: ErrorName, error: &E) -> ErrorName {
    tracing::error!(target: "mooring::signup", error_name = name.as_str(), "{what}: {error}");
    name
}

fn tables(error: &StoreError) -> ErrorName {
    named("the tables failed", error.name(), error)
}

fn microsoft_failed(error: &microsoft::Error) -> ErrorName {
    named("Microsoft could not be asked", ops::upstream_name(error), error)
}

impl World for Deps {
    fn portal(&self) -> &str {
        &self.portal
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn new_id(&self) -> Result<OnboardingId, ErrorName> {
        let random = ops::random::<16>().map_err(|error| named("no randomness", ErrorName::InternalBug, &error))?;
        let now = self.clock.now().as_millisecond().unsigned_abs();
        Ok(OnboardingId::from_parts(now, u128::from_be_bytes(random)))
    }

    fn closed(&self, cloud: Cloud) -> Option<ErrorName> {
        match self.microsoft.clouds().endpoints(cloud) {
            Ok(endpoints) if endpoints.partner_center_has_azure() => None,
            Ok(_) => Some(ErrorName::CloudUnsupported),
            Err(_) => Some(ErrorName::CloudRetired),
        }
    }

    async fn link_key(&self) -> Result<LinkKey, ErrorName> {
        self.secrets.link_key().await.map_err(|error| named("the link key can't be read", error.name(), &error))
    }

    async fn directory(&self, cloud: Cloud, name: &str) -> Result<Looked, ErrorName> {
        match self.cloud(cloud)?.entra().directory(name).await {
            Ok(Some(directory)) => Ok(Looked::Found(directory.tenant)),
            Ok(None) => Ok(Looked::Unknown),
            Err(error) if error.kind() == ErrorKind::Entra(EntraErrorKind::WrongCloud) => Ok(Looked::OtherCloud),
            Err(error) => Err(microsoft_failed(&error)),
        }
    }

    async fn tenant_of_subscription(&self, cloud: Cloud, subscription: &SubscriptionId) -> Result<Looked, ErrorName> {
        match self.cloud(cloud)?.arm_probe().tenant_of_subscription(subscription).await {
            Ok(Some(tenant)) => Ok(Looked::Found(tenant)),
            Ok(None) => Ok(Looked::Unknown),
            Err(error) => Err(microsoft_failed(&error)),
        }
    }

    async fn running_for_request(&self, key: &str) -> Result<Option<OnboardingId>, ErrorName> {
        self.store.running_for_request(key).await.map_err(|error| tables(&error))
    }

    async fn running_for_subscription(&self, subscription: &SubscriptionId) -> Result<Option<OnboardingId>, ErrorName> {
        self.store.running_for_subscription(subscription).await.map_err(|error| tables(&error))
    }

    async fn meta(&self, id: &OnboardingId) -> Result<Option<Meta>, ErrorName> {
        self.store.meta(id).await.map_err(|error| tables(&error))
    }

    async fn keep_draft(&self, id: &OnboardingId, draft: &Draft) -> Result<bool, ErrorName> {
        self.store.keep_draft(id, draft).await.map_err(|error| tables(&error))
    }

    async fn draft(&self, id: &OnboardingId) -> Result<Option<Draft>, ErrorName> {
        self.store.draft(id).await.map_err(|error| tables(&error))
    }

    async fn try_code(&self, id: &OnboardingId, number: u32) -> Result<bool, ErrorName> {
        self.store.try_code(id, number).await.map_err(|error| tables(&error))
    }

    async fn renew_code(&self, id: &OnboardingId, draft: &Draft) -> Result<Option<Draft>, ErrorName> {
        let now = self.clock.now().as_second();
        self.store.renew_code(id, draft, now).await.map_err(|error| tables(&error))
    }

    async fn may_mail(&self, email: &str, most: u32) -> Result<bool, ErrorName> {
        let now = self.clock.now();
        let bucket = format!("code-mails:{email}:{}", now.strftime("%Y-%m-%d"));
        self.store.count_up(&bucket, most, now.as_second() + 2 * 86_400).await.map_err(|error| tables(&error))
    }

    async fn may_try(&self, email: &str, most: u32) -> Result<bool, ErrorName> {
        let now = self.clock.now();
        let bucket = format!("code-tries:{email}:{}", now.strftime("%Y-%m-%d"));
        self.store.count_up(&bucket, most, now.as_second() + 2 * 86_400).await.map_err(|error| tables(&error))
    }

    async fn may_count(&self, bucket: &str, most: u32, ends_at: i64) -> Result<bool, ErrorName> {
        self.store.count_up(bucket, most, ends_at + 86_400).await.map_err(|error| tables(&error))
    }

    async fn waiting_for_first_sign_in(&self, partner: &TenantId, most: usize) -> Result<usize, ErrorName> {
        self.store.waiting_for_first_sign_in(partner, most).await.map_err(|error| tables(&error))
    }

    async fn mail_code(&self, id: &OnboardingId, draft: &Draft) -> Result<(), ErrorName> {
        let mail = DraftMail {
            to: draft.email.clone(),
            language: texts::language().tag().to_owned(),
            number: draft.number,
            expires_at: draft.ends_at,
        };
        self.store.queue_draft_mail(id, &mail).await.map_err(|error| tables(&error))
    }

    async fn of_reference(&self, reference: &str) -> Result<Option<OnboardingId>, ErrorName> {
        self.store.of_reference(reference).await.map_err(|error| tables(&error))
    }

    async fn mail_link(&self, id: &OnboardingId, to: Actor) -> Result<(), ErrorName> {
        self.store.queue_link_mail(id, to, self.clock.now()).await.map_err(|error| tables(&error))
    }

    async fn start(&self, id: &OnboardingId, input: &str) -> Result<(), ErrorName> {
        let started = self
            .executions
            .start_execution()
            .state_machine_arn(&self.state_machine)
            .name(id.execution_name())
            .input(input)
            .send()
            .await;
        match started {
            Ok(_) => Ok(()),
            // The name is made of the form and of what was typed: whatever runs under it is this.
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
