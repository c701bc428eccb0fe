//! Whom a principal of the source directory is in the partner directory, and what was decided about it.

use onboarding::{Actor, ObjectId};
use serde::{Deserialize, Serialize};

/// How sure a suggestion is. Every one but [`Confidence::None`] rests on a verified key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// The same person signed in to both directories in this onboarding, or the same application id, or the same on-premises object.
    Exact,
    /// A guest of one directory whose home identity is the member of the other.
    SamePerson,
    /// No verified key leads to exactly one principal.
    None,
}

/// Whom a principal is suggested to be in the partner directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Suggestion {
    /// In the source directory.
    pub source: ObjectId,
    /// In the partner directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<ObjectId>,
    /// The target's name, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_name: Option<String>,
    /// How sure.
    pub confidence: Confidence,
    /// Why, as a stable word: `signed-in`, `application-id`, `on-premises-sid`, `guest-of-member`, `member-of-guest`, `same-guest`,
    /// `no-key`, `ambiguous`, `disabled`, `invitation-open`, `managed-identity`, `not-read`.
    pub reason: String,
}

/// What was decided about one assignment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Make it again, for the target.
    Restore,
    /// Leave it deleted.
    Skip,
}

/// A decision about one assignment. Undecided is *not granted*.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// The assignment's full id.
    pub assignment: String,
    /// What.
    pub verdict: Verdict,
    /// For whom, in the partner directory. Present if it is to be restored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<ObjectId>,
    /// Who decided.
    pub by: Actor,
    /// When. RFC 3339, UTC.
    pub at: String,
    /// The other person, who agreed: needed for roles that give access to others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconded_by: Option<Actor>,
}
