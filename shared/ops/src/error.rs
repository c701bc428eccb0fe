//! An error's outside form, made in exactly one place.

use lambda_runtime::Diagnostic;
use onboarding::ErrorName;

/// How a function fails: a name that the state machine branches on, and a sentence that a person can read.
///
/// The runtime logs the Debug of it and Step Functions keeps the message for 90 days: never put a secret, a code, a token or
/// an address into the message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {message}")]
pub struct StepError {
    /// The stable name.
    pub name: ErrorName,
    /// What happened, without secrets.
    pub message: String,
}

impl StepError {
    /// An error with a name and a sentence.
    #[must_use]
    pub fn new(name: ErrorName, message: impl Into<String>) -> Self {
        Self { name, message: message.into() }
    }
}

impl From<StepError> for Diagnostic {
    fn from(error: StepError) -> Self {
        Self { error_type: error.name.as_str().into(), error_message: error.message }
    }
}

impl From<store::StoreError> for StepError {
    fn from(error: store::StoreError) -> Self {
        Self::new(error.name(), error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_type_on_the_wire_is_the_name() {
        let diagnostic =
            Diagnostic::from(StepError::new(ErrorName::OwnerNotOwner, "no Owner role on the subscription"));
        assert_eq!(diagnostic.error_type, "Owner.NotOwner");
        assert_eq!(diagnostic.error_message, "no Owner role on the subscription");
    }
}
