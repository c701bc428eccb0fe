//! Running a function that the state machine calls.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use onboarding::ErrorName;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::StepError;

/// A decoded event and how long its handler may take.
#[derive(Debug, Clone)]
pub struct Event<T> {
    /// The payload.
    pub payload: T,
    /// How much time the invocation has left, less a second to say so ourselves.
    pub time_left: Duration,
}

/// Reads a payload; one that does not fit gets our error name and names the field.
///
/// # Errors
/// [`ErrorName::InputInvalid`].
pub fn decode<T: DeserializeOwned>(payload: Value) -> Result<T, StepError> {
    serde_path_to_error::deserialize(payload).map_err(|error| {
        StepError::new(ErrorName::InputInvalid, format!("the field {} does not fit: {}", error.path(), error.inner()))
    })
}

/// Runs a handler until Lambda ends the environment. A handler that overruns its time ends with [`ErrorName::UpstreamTimeout`],
/// since all that a step waits for is somebody else's answer.
///
/// # Errors
/// When the runtime's own interface fails.
pub async fn run<I, O, F>(handle: impl Fn(Event<I>) -> F) -> Result<(), lambda_runtime::Error>
where
    I: DeserializeOwned,
    O: serde::Serialize,
    F: Future<Output = Result<O, StepError>>,
{
    let handle = &handle;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| async move {
        let deadline = event.context.deadline().duration_since(crate::ports::system_now()).unwrap_or_default();
        let time_left = deadline.saturating_sub(Duration::from_secs(1));
        // Boxed and without its type: the SDK's futures nest so deeply that the compiler would give up on their layout.
        let work: Pin<Box<dyn Future<Output = Result<O, StepError>> + '_>> = Box::pin(async {
            let payload = decode(event.payload)?;
            handle(Event { payload, time_left }).await
        });
        let outcome = match tokio::time::timeout(time_left, work).await {
            Ok(outcome) => outcome,
            Err(_) => Err(StepError::new(ErrorName::UpstreamTimeout, "the step ran out of time and will be repeated")),
        };
        outcome.map_err(Diagnostic::from)
    }))
    .await
}
