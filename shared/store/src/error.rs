//! What can go wrong with the tables.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use onboarding::ErrorName;

/// Why a table operation failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody else wrote at the same time; load again and decide again.
    #[error("the record changed while it was being written")]
    Conflict,
    /// No such onboarding.
    #[error("there is no onboarding with this id")]
    NotFound,
    /// The table did not answer, throttled, or refused. Holds DynamoDB's own error code and message.
    #[error("the table refused: {0}")]
    Unavailable(String),
    /// A record is not in the form that this code reads.
    #[error("a record can't be read: {0}")]
    Unreadable(String),
}

impl StoreError {
    /// The name that the state machine sees.
    #[must_use]
    pub fn name(&self) -> ErrorName {
        match self {
            Self::Conflict => ErrorName::StoreConflict,
            Self::NotFound => ErrorName::OnboardingNotFound,
            Self::Unavailable(_) => ErrorName::StoreUnavailable,
            Self::Unreadable(_) => ErrorName::InternalBug,
        }
    }

    pub(crate) fn from_sdk<E, R>(error: &SdkError<E, R>) -> Self
    where
        E: ProvideErrorMetadata + std::fmt::Debug,
        R: std::fmt::Debug,
    {
        match error.as_service_error() {
            Some(service) => {
                let code = service.code().unwrap_or("unknown");
                match code {
                    "ConditionalCheckFailedException"
                    | "TransactionConflictException"
                    | "TransactionInProgressException" => Self::Conflict,
                    _ => Self::Unavailable(format!("{code}: {}", service.message().unwrap_or_default())),
                }
            }
            // Timeouts and lost connections: the display of the SDK's error says which, without contents.
            None => Self::Unavailable(error.to_string()),
        }
    }
}

impl From<serde_dynamo::Error> for StoreError {
    fn from(error: serde_dynamo::Error) -> Self {
        Self::Unreadable(error.to_string())
    }
}
