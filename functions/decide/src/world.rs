//! What this function needs from outside, as one port, and the real thing behind it.

use jiff::Timestamp;
use onboarding::links::LinkKey;
use onboarding::{Actor, ErrorName, OnboardingId, Outcome};
use ops::{Clock, Config};
use signal::Signal;
use store::{Archive, Browser, Change, Loaded, Meta, Recorded, Store, StoreError};
use vault::Secrets;

/// What this function needs from outside.
pub trait World: Sync {
    /// Where people reach the pages.
    fn portal(&self) -> &str;
    /// What time it is.
    fn now(&self) -> Timestamp;
    /// The key of links.
    fn link_key(&self) -> impl Future<Output = Result<LinkKey, ErrorName>> + Send;
    /// The onboarding.
    fn load(&self, id: &OnboardingId) -> impl Future<Output = Result<Loaded, StoreError>> + Send;
    /// How long a confirmed move rests before it begins, in seconds.
    fn cool_off_seconds(&self) -> i64;
    /// The pages of a kept list, in order.
    fn pages(
        &self,
        id: &OnboardingId,
        kind: Archive,
        hash: &str,
    ) -> impl Future<Output = Result<Vec<Vec<u8>>, StoreError>> + Send;
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
    /// Who signed in with a browser.
    fn browser(
        &self,
        browser: &str,
        id: &OnboardingId,
        actor: Actor,
    ) -> impl Future<Output = Result<Option<Browser>, StoreError>> + Send;
}

/// The real world.
#[derive(Debug)]
pub struct Deps {
    portal: String,
    cool_off_seconds: i64,
    clock: Clock,
    store: Store,
    secrets: Secrets,
    signal: Signal,
}

impl Deps {
    /// Reads the environment and builds the clients. No network.
    ///
    /// # Errors
    /// A variable that is missing.
    pub async fn from_env() -> Result<Self, ops::config::ConfigError> {
        let config = Config::from_env(&["ONBOARDING_TABLE", "EPHEMERAL_TABLE", "LINK_KEY_SECRET_ID", "PORTAL_URL"])?;
        let aws = ops::aws().await;
        Ok(Self {
            portal: config.portal_url,
            cool_off_seconds: config.cool_off_seconds,
            clock: Clock::system(),
            store: Store::new(&aws, config.onboarding_table, config.ephemeral_table),
            secrets: Secrets::new(&aws, String::new(), config.link_key_secret),
            signal: Signal::new(&aws),
        })
    }
}

impl World for Deps {
    fn portal(&self) -> &str {
        &self.portal
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn link_key(&self) -> Result<LinkKey, ErrorName> {
        self.secrets.link_key().await.map_err(|error| {
            let error_name = error.name().as_str();
            tracing::error!(target: "mooring::decide", error_name, "the link key can't be read: {error}");
            error.name()
        })
    }

    async fn load(&self, id: &OnboardingId) -> Result<Loaded, StoreError> {
        self.store.load_for_page(id).await
    }

    fn cool_off_seconds(&self) -> i64 {
        self.cool_off_seconds
    }

    async fn pages(&self, id: &OnboardingId, kind: Archive, hash: &str) -> Result<Vec<Vec<u8>>, StoreError> {
        self.store.pages(id, kind, hash).await
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

    async fn browser(&self, browser: &str, id: &OnboardingId, actor: Actor) -> Result<Option<Browser>, StoreError> {
        self.store.browser(browser, id, actor).await
    }
}
