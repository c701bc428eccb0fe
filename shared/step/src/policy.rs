//! Whether a tenant's subscription policy lets the move through. Three answers, since "unknown" is not "allowed".

use microsoft::arm::{Block, SubscriptionPolicy};
use onboarding::{ErrorName, ObjectId};
use store::Loaded;

use crate::Stop;

/// What a policy means for one person's move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It says explicitly that it doesn't block.
    Allowed,
    /// It blocks, and names this person as exempted.
    Exempted,
    /// It can't be told from here; Azure decides when it is asked.
    Unknown,
}

impl Verdict {
    /// The word in records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Exempted => "exempted",
            Self::Unknown => "unknown",
        }
    }
}

/// Judges one side of a policy.
///
/// A policy that blocks stops the step, but for two cases: it names the person as exempted; or a person answered the last wait for
/// this very cause with "check again" while the list of exempted people is hidden from us (Microsoft shows it to Global
/// Administrators only). Then a Global Administrator may well have exempted the account, and only Azure itself can say.
///
/// # Errors
/// `blocked` as a stop.
pub fn judge(
    policy: &SubscriptionPolicy,
    side: Block,
    person: Option<&ObjectId>,
    blocked: ErrorName,
    loaded: &Loaded,
) -> Result<Verdict, Stop> {
    match side {
        Block::Allowed => Ok(Verdict::Allowed),
        Block::Unknown => Ok(Verdict::Unknown),
        Block::Blocked if person.is_some_and(|person| policy.exempts(person)) => Ok(Verdict::Exempted),
        Block::Blocked if policy.exempted.is_empty() && a_person_says_it_is_fixed(loaded, blocked) => {
            Ok(Verdict::Unknown)
        }
        Block::Blocked => Err(Stop::new(blocked, "the directory's subscription policy says so")),
    }
}

fn a_person_says_it_is_fixed(loaded: &Loaded, cause: ErrorName) -> bool {
    let last = loaded.waits.iter().rev().find(|wait| wait.reason.as_deref() == Some(cause.as_str()));
    last.is_some_and(|wait| wait.outcome_by.as_deref().is_some_and(|by| by != "mooring"))
}
