//! The points where the state machine waits for a person, and what can come of them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::steps::{Actor, Directory, names};

names! {
    /// What a wait asks of a person.
    WaitKind {
        /// To sign in.
        SignIn = "sign-in",
        /// To sign in, read what Azure will delete, and decide.
        Confirm = "confirm",
        /// To sign in, read the report, and decide who gets access again and whether a hard stop is accepted.
        Review = "review",
        /// To change something outside, after which the same step looks again.
        Fix = "fix",
    }
}

names! {
    /// What was recorded, once and for ever, as the end of a wait.
    Outcome {
        /// The expected person signed in.
        SignedIn = "signed-in",
        /// The owner confirmed the move of exactly what they were shown.
        Confirmed = "confirmed",
        /// The partner admin has decided what there was to decide.
        Reviewed = "reviewed",
        /// The owner asks the partner admin to look at the decisions again.
        SentBack = "sent-back",
        /// The person said no.
        Declined = "declined",
        /// Someone cancelled the onboarding.
        Cancelled = "cancelled",
        /// Look again: a person says that it is fixed, or it is time to look.
        Recheck = "recheck",
        /// The person chose that the partner admin accepts and nobody is invited: the partner's side is looked at again.
        Rerouted = "rerouted",
        /// The deadline passed with no other outcome.
        Expired = "expired",
    }
}

/// A request for a person's act, as a step or the state machine makes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// What is asked.
    pub kind: WaitKind,
    /// Whose turn it is.
    pub actor: Actor,
    /// In which directory they sign in.
    pub directory: Directory,
    /// Why: an error name or one of the reasons below. Pages explain it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// A claims challenge that the next sign-in must echo, as Microsoft sent it (decoded JSON).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claims: Option<String>,
}

/// How long an onboarding may wait for people, all its waits together: the state machine itself ends after thirty days, and what
/// it did must be undone before.
pub const LONGEST: jiff::SignedDuration = jiff::SignedDuration::from_hours(28 * 24);

/// How long a `fix` wait rests before the machine looks again by itself: soon at first, since a Global
/// Administrator often acts within minutes of the mail, then ever more rarely, so that a week costs about thirty looks.
#[must_use]
pub fn seconds_until_recheck(looks_so_far: u32) -> i64 {
    match looks_so_far {
        0..=3 => 15 * 60,
        4..=7 => 60 * 60,
        _ => 6 * 60 * 60,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_of_looking_again_stays_below_forty_looks() {
        let (mut at, mut looks) = (0, 0);
        while at < 7 * 24 * 3600 {
            at += seconds_until_recheck(looks);
            looks += 1;
        }
        assert!(looks <= 40, "{looks}");
    }
}
