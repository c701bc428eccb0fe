//! Tells the state machine that a wait has ended.
//!
//! The outcome is recorded before anything is signalled, so a signal that fails loses nothing: `sweep` repeats it. The signal
//! itself carries only the outcome's name, and the machine doesn't believe even that: it reads the record.

use aws_sdk_sfn::error::{ProvideErrorMetadata as _, SdkError};
use onboarding::{OnboardingId, Outcome};
use store::{Recorded, Store, StoreError};

/// Why a signal was not given. The recorded outcome stands.
#[derive(Debug, thiserror::Error)]
pub enum SignalError {
    /// Step Functions did not answer or refused.
    #[error("the state machine could not be told: {0}")]
    Unavailable(String),
    /// The machine was told, and that could not be noted.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The state machine's ear.
#[derive(Clone, Debug)]
pub struct Signal {
    client: aws_sdk_sfn::Client,
}

impl Signal {
    /// A signaller.
    #[must_use]
    pub fn new(config: &aws_config::SdkConfig) -> Self {
        Self { client: aws_sdk_sfn::Client::new(config) }
    }

    /// Records how a wait ended and by whom (`owner`, `partner-admin` or `operator`), once, and tells the machine. Answers whether ours was the first outcome.
    ///
    /// Where somebody was faster, their outcome is told (again): they may have crashed before telling, and telling twice is
    /// harmless. A signal that fails is no error here: the outcome is recorded and in the index of due items, and `sweep` tells
    /// the machine.
    ///
    /// # Errors
    /// When the outcome can't be recorded.
    pub async fn end_wait(
        &self,
        store: &Store,
        onboarding: &OnboardingId,
        wait_id: &str,
        outcome: Outcome,
        by: &str,
        now: jiff::Timestamp,
    ) -> Result<Recorded, StoreError> {
        let recorded = store.record_outcome(onboarding, wait_id, outcome, by, now).await?;
        let (told, token) = match &recorded {
            Recorded::First { task_token } => (outcome, task_token),
            Recorded::Before { outcome, task_token, .. } => (*outcome, task_token),
        };
        if let Some(token) = token
            && let Err(error) = self.wait_ended(store, onboarding, wait_id, token, told, now).await
        {
            tracing::warn!(onboarding_id = %onboarding, wait_id, "the signal is left to the sweep: {error}");
        }
        Ok(recorded)
    }

    /// Signals that a wait ended with a recorded outcome, and notes that it was done. A machine that has moved on already
    /// (told before, timed out, stopped) counts as told: it reads the record wherever it is.
    ///
    /// # Errors
    /// When Step Functions or the table doesn't answer; repeating is harmless.
    pub async fn wait_ended(
        &self,
        store: &Store,
        onboarding: &OnboardingId,
        wait_id: &str,
        task_token: &str,
        outcome: Outcome,
        now: jiff::Timestamp,
    ) -> Result<(), SignalError> {
        let output = serde_json::json!({ "outcome": outcome }).to_string();
        let answer = self.client.send_task_success().task_token(task_token).output(output).send().await;
        match answer {
            Ok(_) => {}
            Err(error) if moved_on(&error) => {}
            Err(error) => return Err(SignalError::Unavailable(refused(&error))),
        }
        store.signalled(onboarding, wait_id, now).await?;
        tracing::info!(onboarding_id = %onboarding, wait_id, outcome = outcome.as_str(), "the state machine was told that the wait ended");
        Ok(())
    }
}

/// What Step Functions said. Its messages can quote the task token, so only the one that never does is passed on: it names
/// the permission that is missing.
fn refused<R>(error: &SdkError<aws_sdk_sfn::operation::send_task_success::SendTaskSuccessError, R>) -> String {
    let service = error.as_service_error();
    let code = service.and_then(|service| service.code()).unwrap_or("no answer");
    match service.and_then(|service| service.message()) {
        Some(message) if code == "AccessDeniedException" => format!("{code}: {message}"),
        _ => code.to_owned(),
    }
}

/// See the errors of <https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskSuccess.html>.
fn moved_on<R>(error: &SdkError<aws_sdk_sfn::operation::send_task_success::SendTaskSuccessError, R>) -> bool {
    error
        .as_service_error()
        .is_some_and(|error| error.is_task_timed_out() || error.is_task_does_not_exist() || error.is_invalid_token())
}
