//! One run of one step.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use impact::preflight::{Check, Preflight};
use microsoft::entra::AppCredential;
use microsoft::graph::Graph;
use microsoft::token::Resource;
use microsoft::{AccessToken, CloudClient, Microsoft, RefreshToken};
use onboarding::{Actor, Directory, ErrorClass, ErrorName, OnboardingId, Status, Step};
use ops::{Clock, Config, Event, StepError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Change, Loaded, Note, StepRecord, StepState, Store, StoreError, Write};
use vault::{Secrets, TokenSeal};

use crate::Stop;

/// What a step works with.
#[derive(Debug)]
pub struct Deps {
    /// The tables.
    pub store: Store,
    /// Opens sealed tokens.
    pub seal: TokenSeal,
    /// The app credential.
    pub secrets: Secrets,
    /// Microsoft's APIs.
    pub microsoft: Microsoft,
    /// What time it is.
    pub clock: Clock,
}

/// What recording takes at most: the time that calls may not use up.
const TO_RECORD: Duration = Duration::from_secs(2);

impl Deps {
    /// Builds them from the environment. Calls no network.
    ///
    /// # Errors
    /// A variable that is missing or malformed.
    pub async fn from_env() -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let config = Config::from_env(&["ONBOARDING_TABLE", "TOKEN_KEY_ARN", "APP_CREDENTIAL_SECRET_ID"])?;
        let aws = ops::aws().await;
        Ok(Self {
            microsoft: ops::microsoft(&config)?,
            store: Store::new(&aws, config.onboarding_table, String::new()),
            seal: TokenSeal::new(&aws, config.token_key),
            secrets: Secrets::new(&aws, config.app_credential_secret, String::new()),
            clock: Clock::system(),
        })
    }
}

/// What the state machine sends to a step.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Input {
    /// Version of this form: 1.
    pub schema: u32,
    /// The onboarding.
    pub onboarding_id: OnboardingId,
    /// When the state machine entered the step's state.
    pub entered_at: String,
    /// The execution.
    pub execution: String,
}

/// One run of one step: what was loaded, and what shall be recorded.
#[derive(Debug)]
pub struct Job<'a> {
    /// What the step works with.
    pub deps: &'a Deps,
    /// What is known.
    pub loaded: Loaded,
    /// What shall be recorded at the end.
    pub change: Change,
    /// How much time was left for the work when it began.
    pub time_left: Duration,
    /// When every call must have ended, so that what they came to can still be recorded.
    deadline: tokio::time::Instant,
    /// Tokens that were opened in this run: a step that needs three resources asks KMS once.
    opened: Mutex<Vec<(Actor, Directory, RefreshToken)>>,
    /// The rows of the preflight, if this run looked at any: they are kept however it ends, because people read them while they
    /// wait.
    rows: Option<Preflight>,
    step: Option<Step>,
    entered_at: Option<String>,
}

/// How far a run of a step came. Both hold the step's facts for its record: ids, enums, counts.
#[derive(Debug, Clone)]
pub enum Reached {
    /// The step is done.
    Done(Value),
    /// Microsoft is still applying a change; the state machine comes back later.
    Settling(Value),
    /// There is more to do than fits into one invocation; the state machine comes back at once.
    Partly(Value),
}

/// Runs a step: loads, works, records. `work` answers how far it came and what the state machine gets.
///
/// # Errors
/// What stopped the step, after it was recorded; errors that are to be retried are not recorded, since the next attempt follows.
pub async fn perform<T: Serialize + DeserializeOwned>(
    deps: &Deps,
    event: Event<Input>,
    step: Step,
    work: impl AsyncFnOnce(&mut Job<'_>) -> Result<(Reached, T), Stop>,
) -> Result<T, StepError> {
    let loaded = Box::pin(deps.store.load(&event.payload.onboarding_id)).await?;
    if loaded.meta.status.is_over() {
        return Err(StepError::new(ErrorName::Closed, "the onboarding has ended"));
    }
    if loaded.meta.execution != event.payload.execution {
        return Err(StepError::new(ErrorName::Superseded, "another execution works on this onboarding"));
    }
    if loaded.meta.cancel_requested && !loaded.meta.is_past_return() {
        return Err(StepError::new(ErrorName::Cancelled, "the onboarding was cancelled"));
    }
    // Killed between its record and its answer: what it found out stands.
    if let Some(output) = answered(&loaded, step, &event.payload.entered_at) {
        return Ok(output);
    }
    let mut job = Job::new(deps, loaded, event.time_left);
    job.step = Some(step);
    job.entered_at = Some(event.payload.entered_at);
    // On the heap: a step that reads much nests deeply, and the function's stack is small.
    match Box::pin(work(&mut job)).await {
        Ok((reached, output)) => {
            Box::pin(job.finish(step, reached, &output)).await?;
            Ok(output)
        }
        Err(stop) => Err(Box::pin(job.stop(step, stop)).await),
    }
}

/// What this very attempt answered before, if it finished the step.
fn answered<T: DeserializeOwned>(loaded: &Loaded, step: Step, entered_at: &str) -> Option<T> {
    let record = loaded.step(step).filter(|record| record.state == StepState::Done)?;
    record.entered_at.as_deref().filter(|recorded| *recorded == entered_at)?;
    serde_json::from_value(record.output.clone()?).ok()
}

impl<'a> Job<'a> {
    /// A piece of work that is no step: the release at an onboarding's end.
    #[must_use]
    pub fn new(deps: &'a Deps, loaded: Loaded, time_left: Duration) -> Self {
        let time_left = time_left.saturating_sub(TO_RECORD);
        let deadline = tokio::time::Instant::now() + time_left;
        let change = Change::of(&loaded.meta);
        Self {
            deps,
            loaded,
            change,
            time_left,
            deadline,
            opened: Mutex::default(),
            rows: None,
            step: None,
            entered_at: None,
        }
    }

    /// When every call must have ended, so that what they came to can still be recorded.
    #[must_use]
    pub fn deadline(&self) -> tokio::time::Instant {
        self.deadline
    }

    /// Microsoft's APIs in the onboarding's cloud.
    ///
    /// # Errors
    /// [`ErrorName::CloudRetired`].
    pub fn cloud(&self) -> Result<CloudClient, Stop> {
        let cloud = self.loaded.meta.cloud;
        match self.deps.microsoft.cloud(cloud) {
            Ok(client) => Ok(client.until(self.deadline)),
            Err(error) => Err(Stop::new(ErrorName::CloudRetired, error.to_string())),
        }
    }

    /// An access token for an API, as one person in one directory, from their sealed refresh token.
    ///
    /// # Errors
    /// [`ErrorName::SignInRequired`] if there is none or it is no longer good.
    pub async fn token<R: Resource>(&self, actor: Actor, directory: Directory) -> Result<AccessToken<R>, Stop> {
        let (refresh, app) = (self.refresh_token(actor, directory).await?, self.app().await?);
        let (entra, tenant) = (self.cloud()?.entra(), self.loaded.meta.tenant(directory));
        let tokens = entra.refresh::<R>(tenant, &app, &refresh, self.deps.clock.now()).await;
        tokens.map(|tokens| tokens.access).map_err(|error| Stop::from_call(&error, actor, directory))
    }

    /// An access token for Graph, as the partner admin, that may also look up, invite and delete guests.
    ///
    /// # Errors
    /// As for [`Job::token`].
    pub async fn token_to_invite(&self) -> Result<AccessToken<Graph>, Stop> {
        let (actor, directory) = (Actor::PartnerAdmin, Directory::Partner);
        let (refresh, app) = (self.refresh_token(actor, directory).await?, self.app().await?);
        let (entra, tenant) = (self.cloud()?.entra(), self.loaded.meta.tenant(directory));
        let tokens = entra.refresh_to_invite(tenant, &app, &refresh, self.deps.clock.now()).await;
        tokens.map(|tokens| tokens.access).map_err(|error| Stop::from_call(&error, actor, directory))
    }

    /// An access token for Graph, as one person in one directory, with whatever was consented to there beforehand and nothing new.
    ///
    /// # Errors
    /// As for [`Job::token`].
    pub async fn token_to_read_directory(
        &self,
        actor: Actor,
        directory: Directory,
    ) -> Result<AccessToken<Graph>, Stop> {
        let (refresh, app) = (self.refresh_token(actor, directory).await?, self.app().await?);
        let (entra, tenant) = (self.cloud()?.entra(), self.loaded.meta.tenant(directory));
        let tokens = entra.refresh_to_read_directory(tenant, &app, &refresh, self.deps.clock.now()).await;
        tokens.map(|tokens| tokens.access).map_err(|error| Stop::from_call(&error, actor, directory))
    }

    /// Deletes the guest whom this onboarding invited into the partner directory. `false`: there is none.
    ///
    /// # Errors
    /// As for [`Job::token`], and the calls'.
    pub async fn remove_guest(&self) -> Result<bool, Stop> {
        let token = self.token_to_invite().await?;
        let graph = self.cloud()?.graph(&token);
        let refused = |error: microsoft::Error| Stop::from_call(&error, Actor::PartnerAdmin, Directory::Partner);
        let guest = match &self.loaded.meta.owner_partner_oid {
            Some(guest) => Some(guest.clone()),
            // Invited by an attempt whose answer was lost.
            None => {
                let found = graph.users_by_mail(&self.loaded.meta.owner_email).await.map_err(refused)?;
                found.into_iter().find(microsoft::graph::User::is_guest).map(|user| user.id)
            }
        };
        match guest {
            Some(guest) => graph.delete_user(&guest).await.map_err(refused),
            None => Ok(false),
        }
    }

    async fn app(&self) -> Result<AppCredential, Stop> {
        Ok(self.deps.secrets.app_credential(self.loaded.meta.cloud).await?)
    }

    /// How long ago the last thing was finished: a step, or what a person was asked for. From there it is counted how long Microsoft
    /// may take; counted from the beginning, a slow move or a person's weekend would use it up.
    #[must_use]
    pub fn since_last_done(&self) -> jiff::SignedDuration {
        let steps = self.loaded.steps.iter().filter_map(|step| step.done_at.as_deref());
        let waits = self.loaded.waits.iter().filter_map(|wait| wait.outcome_at.as_deref());
        let last = steps.chain(waits).filter_map(|at| at.parse::<jiff::Timestamp>().ok()).max();
        last.map_or(jiff::SignedDuration::ZERO, |at| self.deps.clock.now().duration_since(at))
    }

    async fn refresh_token(&self, actor: Actor, directory: Directory) -> Result<RefreshToken, Stop> {
        let Some(credential) = self.loaded.credential(actor, directory) else {
            return Err(Stop::sign_in(actor, directory, "first", None));
        };
        let from = credential.directory;
        let known = || self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((.., token)) = known().iter().find(|(of, at, _)| (*of, *at) == (actor, from)) {
            return Ok(token.clone());
        }
        let sealed = credential.sealed.iter().map(|piece| piece.0.as_slice());
        let token = RefreshToken::new(self.deps.seal.open(&self.loaded.meta.onboarding_id, actor, sealed).await?);
        known().push((actor, from, token.clone()));
        Ok(token)
    }

    /// Notes something in the audit trail, as part of this step.
    pub fn note(&mut self, action: &'static str, detail: Value) {
        self.change.note(Note::mooring(action, self.step, detail));
    }

    /// Puts a row into the preflight. It is kept at the end of the run, also when the run is stopped.
    pub fn saw(&mut self, check: Check) {
        self.rows.get_or_insert_with(|| self.loaded.preflight.clone()).put(check);
    }

    /// The rows of the preflight as they are now.
    #[must_use]
    pub fn preflight(&self) -> &Preflight {
        self.rows.as_ref().unwrap_or(&self.loaded.preflight)
    }

    fn keep_rows(&mut self) {
        if let Some(rows) = self.rows.take() {
            self.loaded.preflight.clone_from(&rows);
            self.change.write(Write::Preflight(rows));
        }
    }

    /// Records what is known so far, in the middle of a step: before an act that can't be undone, and after it.
    ///
    /// # Errors
    /// The store's. A conflict means that somebody cancelled or another run took over: nothing may be done then.
    pub async fn record(&mut self) -> Result<(), Stop> {
        let change = std::mem::replace(&mut self.change, Change::of(&self.loaded.meta));
        let now = self.deps.clock.now();
        self.loaded.meta = self.deps.store.commit(&self.loaded.meta, change, now).await?;
        self.change = Change::of(&self.loaded.meta);
        Ok(())
    }

    async fn finish(&mut self, step: Step, reached: Reached, output: &impl Serialize) -> Result<(), StepError> {
        self.change.meta.current_step = step;
        self.change.meta.ask = None;
        self.change.meta.fixing_since = None;
        self.change.meta.fix_looks = 0;
        let mut record = match reached {
            Reached::Done(facts) => {
                self.change.meta.status = Status::Running;
                self.note("step.done", facts.clone());
                self.step_record(step, StepState::Done, facts, None)
            }
            Reached::Settling(facts) => {
                // One entry for the whole time, however often we look.
                if self.loaded.meta.status != Status::Settling {
                    self.note("step.settling", facts.clone());
                }
                self.change.meta.status = Status::Settling;
                self.step_record(step, StepState::Waiting, facts, None)
            }
            Reached::Partly(facts) => {
                self.change.meta.status = Status::Running;
                self.step_record(step, StepState::Waiting, facts, None)
            }
        };
        if record.state == StepState::Done {
            record.entered_at.clone_from(&self.entered_at);
            record.output = serde_json::to_value(output).ok();
        }
        self.change.write(Write::Step(Box::new(record)));
        self.keep_rows();
        match self.record().await {
            Ok(()) => Ok(()),
            Err(stop) => Err(stop.into()),
        }
    }

    /// Records what stopped the step, unless the state machine tries again by itself, and gives it its outside form.
    async fn stop(mut self, step: Step, stop: Stop) -> StepError {
        let class = stop.name.class();
        if class == ErrorClass::Retry {
            return stop.into();
        }
        // What the step had planned to record is not true; what it recorded on the way stays.
        self.change = Change::of(&self.loaded.meta);
        let state = if class == ErrorClass::End { StepState::Failed } else { StepState::Waiting };
        let facts = self.loaded.step(step).map(|record| record.result.clone()).unwrap_or_default();
        let record = self.step_record(step, state, facts, Some(&stop));
        self.change.meta.ask = stop.ask.clone();
        self.change.meta.current_step = step;
        self.note("step.stopped", stopped_facts(&stop));
        self.change.write(Write::Step(Box::new(record)));
        self.keep_rows();
        match self.record().await {
            Ok(()) => stop.into(),
            // The stop itself could not be recorded: better to look again than to wait for something nobody was asked.
            Err(recording) => recording.into(),
        }
    }

    fn step_record(&self, step: Step, state: StepState, result: Value, stop: Option<&Stop>) -> StepRecord {
        let now = self.deps.clock.now().to_string();
        let before = self.loaded.step(step);
        StepRecord {
            step,
            state,
            attempts: before.map_or(0, |record| record.attempts) + 1,
            started_at: before.map_or_else(|| now.clone(), |record| record.started_at.clone()),
            done_at: (state == StepState::Done).then_some(now),
            result,
            entered_at: None,
            output: None,
            error: stop.map(|stop| stop.name.as_str().to_owned()),
            message: stop.map(|stop| stop.message.clone()),
        }
    }
}

/// What the trail keeps of a stop: its name, which everybody reads in their own language, and Microsoft's answer as it came. The
/// sentence is for the log and the step's record.
fn stopped_facts(stop: &Stop) -> Value {
    let mut facts = serde_json::json!({"error": stop.name});
    if let Some(said) = &stop.said {
        facts["answer"] = said.as_str().into();
    }
    facts
}

/// Loads an onboarding and changes it, again when somebody else was faster.
///
/// # Errors
/// The store's.
pub async fn change_again(
    store: &Store,
    id: &OnboardingId,
    clock: Clock,
    plan: impl Fn(&Loaded) -> Option<Change>,
) -> Result<Loaded, StoreError> {
    const TRIES: usize = 5;
    for attempt in 1.. {
        let mut loaded = store.load(id).await?;
        let Some(change) = plan(&loaded) else {
            return Ok(loaded);
        };
        match store.commit(&loaded.meta, change, clock.now()).await {
            Ok(meta) => {
                loaded.meta = meta;
                return Ok(loaded);
            }
            Err(StoreError::Conflict) if attempt < TRIES => {}
            Err(error) => return Err(error),
        }
    }
    Err(StoreError::Conflict)
}
