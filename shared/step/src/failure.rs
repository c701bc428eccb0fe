//! What stops a step, and what is asked of whom.

use microsoft::entra::EntraErrorKind;
use microsoft::{Error, ErrorKind};
use onboarding::waits::Ask;
use onboarding::{Actor, Directory, ErrorClass, ErrorName, WaitKind};
use ops::StepError;
use store::StoreError;
use vault::VaultError;

/// Why a step can't go on now.
#[derive(Debug, Clone)]
pub struct Stop {
    /// The stable name.
    pub name: ErrorName,
    /// What happened, without secrets and addresses.
    pub message: String,
    /// What Microsoft answered, without a word of ours: status, code and request id.
    pub said: Option<String>,
    /// What is asked of a person, if that helps.
    pub ask: Option<Ask>,
}

impl Stop {
    /// A stop with a name and a sentence. One that a person can fix asks that person.
    #[must_use]
    pub fn new(name: ErrorName, message: impl Into<String>) -> Self {
        let ask = name.whose_turn().filter(|_| name.class() == ErrorClass::Fix).map(|actor| Ask {
            kind: WaitKind::Fix,
            actor,
            directory: home(actor),
            reason: Some(name.as_str().to_owned()),
            claims: None,
        });
        Self { name, message: message.into(), said: None, ask }
    }

    /// A person has to sign in again.
    #[must_use]
    pub fn sign_in(actor: Actor, directory: Directory, reason: &str, claims: Option<String>) -> Self {
        Self {
            name: ErrorName::SignInRequired,
            message: format!("{actor} has to sign in to the {directory} directory: {reason}"),
            said: None,
            ask: Some(Ask { kind: WaitKind::SignIn, actor, directory, reason: Some(reason.to_owned()), claims }),
        }
    }

    /// The same, with what Microsoft answered.
    #[must_use]
    pub fn quoting(mut self, error: &Error) -> Self {
        self.said = Some(error.answered());
        self
    }

    /// What an error of Microsoft's means when it met a call made as this person in this directory. Refusals that mean something
    /// particular to a step are told apart by the step first.
    #[must_use]
    pub fn from_call(error: &Error, actor: Actor, directory: Directory) -> Self {
        Self::meant_by(error, actor, directory).quoting(error)
    }

    fn meant_by(error: &Error, actor: Actor, directory: Directory) -> Self {
        let claims = || error.claims().map(|claims| claims.as_str().to_owned());
        match error.kind() {
            ErrorKind::Throttled => Self::new(ErrorName::UpstreamThrottled, error.to_string()),
            ErrorKind::Unavailable => Self::new(ErrorName::UpstreamUnavailable, error.to_string()),
            ErrorKind::UnknownOutcome => Self::new(ErrorName::UpstreamTimeout, error.to_string()),
            ErrorKind::ClaimsChallenge => Self::sign_in(actor, directory, "mfa", claims()),
            // A fresh token of the source directory is refused for its tenant only once the subscription has left it.
            ErrorKind::WrongTenant if directory == Directory::Source => {
                Self::new(ErrorName::SubscriptionElsewhere, "the subscription no longer trusts the source directory")
            }
            ErrorKind::Unauthenticated | ErrorKind::WrongTenant => Self::sign_in(actor, directory, "expired", None),
            ErrorKind::Entra(kind) => match kind {
                EntraErrorKind::MfaRequired => Self::sign_in(actor, directory, "mfa", claims()),
                EntraErrorKind::ConsentRequired | EntraErrorKind::AdminConsentRequired => {
                    Self::sign_in(actor, directory, "consent", None)
                }
                EntraErrorKind::UserNotInTenant | EntraErrorKind::InvitationPending => {
                    Self::sign_in(actor, directory, "invitation", None)
                }
                EntraErrorKind::ConditionalAccess
                | EntraErrorKind::CrossTenantPolicy
                | EntraErrorKind::AccountProblem
                | EntraErrorKind::SignInAgain
                | EntraErrorKind::CodeAlreadyUsed
                | EntraErrorKind::UserDeclined
                | EntraErrorKind::Unknown => Self::sign_in(actor, directory, "expired", claims()),
                EntraErrorKind::Throttled => Self::new(ErrorName::UpstreamThrottled, error.to_string()),
                EntraErrorKind::Unavailable => Self::new(ErrorName::UpstreamUnavailable, error.to_string()),
                EntraErrorKind::AppMisconfigured | EntraErrorKind::WrongCloud | EntraErrorKind::TenantNotFound => {
                    Self::new(ErrorName::CloudUnsupported, error.to_string())
                }
            },
            ErrorKind::Forbidden
            | ErrorKind::NotFound
            | ErrorKind::Conflict
            | ErrorKind::NotRegistered
            | ErrorKind::UnsupportedVersion
            | ErrorKind::Invalid
            | ErrorKind::Unexpected
            | ErrorKind::ForeignAddress => Self::new(ErrorName::UpstreamRejected, error.to_string()),
            ErrorKind::IdToken(_) | ErrorKind::Credential => Self::new(ErrorName::InternalBug, error.to_string()),
        }
    }
}

/// The directory in which a person administers something.
fn home(actor: Actor) -> Directory {
    match actor {
        Actor::Owner => Directory::Source,
        Actor::PartnerAdmin => Directory::Partner,
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::new(error.name(), error.to_string())
    }
}

impl From<VaultError> for Stop {
    fn from(error: VaultError) -> Self {
        Self::new(error.name(), error.to_string())
    }
}

impl From<Stop> for StepError {
    fn from(stop: Stop) -> Self {
        Self::new(stop.name, stop.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_can_fix_asks_that_person() {
        let stop = Stop::new(ErrorName::EnteringBlocked, "blocked");
        let ask = stop.ask.unwrap();
        assert_eq!((ask.kind, ask.actor, ask.directory), (WaitKind::Fix, Actor::PartnerAdmin, Directory::Partner));
        assert_eq!(ask.reason.as_deref(), Some("Policy.EnteringBlocked"));
        assert!(Stop::new(ErrorName::SubscriptionNotMovable, "CSP").ask.is_none());
    }
}
