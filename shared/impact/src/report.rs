//! What moving does to this very subscription.

use access::snapshot::NotRead;
use onboarding::{Actor, SubscriptionId, TenantId};
use serde::{Deserialize, Serialize};

/// When it hurts, and whether it comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// Stops the moment it moves.
    StopsNow,
    /// Must be redone.
    Redo,
    /// Can't come back.
    CannotComeBack,
    /// Keeps working; check it.
    CheckIt,
    /// People who lose access.
    LosesAccess,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// Stable within a subscription: the rule's id and what it is about. Overrides and diffs refer to it.
    pub id: String,
    /// The rule of the catalogue, such as `aks` or `key-vault`.
    pub rule: String,
    /// Where it belongs.
    pub group: Group,
    /// Whether the move must not start without a written override.
    pub hard_stop: bool,
    /// The resource, or the assignment, by its full id.
    pub resource: String,
    /// Its name, for people.
    pub name: String,
    /// Its type, lower case.
    pub kind: String,
    /// What it depends on, or what depends on it: vaults, keys, identities, by full id or address.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<String>,
    /// What else to say: a role's name, a vault's tenant, a policy's display name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// A report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Version of this form: 1.
    pub schema: u32,
    /// The subscription.
    pub subscription: SubscriptionId,
    /// The directory it is in.
    pub source: TenantId,
    /// The directory it would go to.
    pub partner: TenantId,
    /// Sorted by group, rule and id.
    pub findings: Vec<Finding>,
    /// How many resources there are of each type, impacted or not, sorted by type.
    pub resources: Vec<(String, u64)>,
    /// SHA-256 of the access snapshot.
    pub snapshot_hash: String,
    /// What could not be read. A report with anything here is not complete, and says so first.
    pub not_read: Vec<NotRead>,
}

/// The small part of a report that everybody needs, kept with the onboarding.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// SHA-256 over the report in canonical form; the time it was made is not part of it.
    pub hash: String,
    /// SHA-256 of the access snapshot.
    pub snapshot_hash: String,
    /// When it was last found to be so. RFC 3339, UTC.
    pub at: String,
    /// Findings in each group: stops now, redo, cannot come back, check it, loses access.
    pub counts: [u32; 5],
    /// Resources in all.
    pub resources: u64,
    /// Role assignments in all, and custom roles.
    pub assignments: u32,
    /// Custom roles.
    pub custom_roles: u32,
    /// Ids of the findings that are hard stops.
    pub hard_stops: Vec<String>,
    /// How many lists could not be read.
    pub not_read: u32,
}

/// A person's word that a hard stop shall not stop this move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Override {
    /// The finding's id.
    pub finding: String,
    /// Why, in their words.
    pub reason: String,
    /// Who.
    pub by: Actor,
    /// When. RFC 3339, UTC.
    pub at: String,
    /// The other person, who agreed. Without, the stop stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconded_by: Option<Actor>,
}
