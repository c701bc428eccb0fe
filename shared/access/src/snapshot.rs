//! All access on a subscription, as it is at one moment: scope-exact, with conditions, and marked where it comes from above.

use onboarding::{ObjectId, SubscriptionId};
use serde::{Deserialize, Serialize};

/// All access on a subscription at one moment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    /// Role assignments at, above and below the subscription, sorted by id without case.
    pub assignments: Vec<Assignment>,
    /// Roles that someone defined and that can be assigned here, sorted by id.
    pub custom_roles: Vec<CustomRole>,
    /// Roles that someone may activate (Privileged Identity Management), sorted by id. They can't be restored by us.
    pub eligible: Vec<Eligibility>,
    /// Deny assignments. Azure makes and removes them itself.
    pub denied: Vec<DenyAssignment>,
    /// Lists that could not be read: nothing is presented as complete that is not.
    pub not_read: Vec<NotRead>,
}

/// One role assignment, with everything that is needed to make it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Assignment {
    /// Its full id, the scope included.
    pub id: String,
    /// Where it holds, as Azure writes it.
    pub scope: String,
    /// The role definition's GUID, lower case.
    pub role: String,
    /// The role's name, or its GUID where the name can't be read.
    pub role_name: String,
    /// Whom it is for, in the source directory.
    pub principal: ObjectId,
    /// `User`, `Group`, `ServicePrincipal`, `ForeignGroup`, `Device`, or `Unknown`.
    pub principal_type: String,
    /// What someone noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// A condition on attributes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// The condition's language, `2.0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition_version: Option<String>,
    /// Where it comes from.
    pub origin: Origin,
}

/// Where an assignment comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// From the subscription itself or something in it.
    Here,
    /// From a management group above: lost to this subscription, and there is nothing in the partner directory to restore it to.
    ManagementGroup,
    /// From the root of the directory (`/`).
    Root,
}

/// A role that someone defined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CustomRole {
    /// Its full id.
    pub id: String,
    /// Its GUID, lower case.
    pub guid: String,
    /// The name people know.
    pub name: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What it allows.
    pub permissions: Vec<PermissionSet>,
    /// Where it may be assigned, sorted.
    pub assignable_scopes: Vec<String>,
}

/// Actions a role has, and those taken out of them again. Lists are sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PermissionSet {
    /// Allowed, with `*` for anything.
    pub actions: Vec<String>,
    /// Taken out of `actions`.
    pub not_actions: Vec<String>,
    /// Allowed on data.
    pub data_actions: Vec<String>,
    /// Taken out of `data_actions`.
    pub not_data_actions: Vec<String>,
}

/// A role that someone may activate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Eligibility {
    /// Its full id.
    pub id: String,
    /// Where it would hold.
    pub scope: String,
    /// The role definition's GUID, lower case.
    pub role: String,
    /// The role's name, or its GUID.
    pub role_name: String,
    /// Whom it is for.
    pub principal: ObjectId,
    /// `User`, `Group`, …
    pub principal_type: String,
    /// Until when. RFC 3339, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// A deny assignment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DenyAssignment {
    /// Its full id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Where it holds.
    pub scope: String,
}

/// A list that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NotRead {
    /// What, as a stable word: `eligibility`, `deny-assignments`, `policies`, `locks`, `resources`, `principals`, …
    pub what: String,
    /// What the API said: a code such as `AuthorizationFailed`.
    pub why: String,
    /// The smallest permission or consent that would let us read it.
    pub needs: String,
}

/// The scope of a subscription, lower case.
#[must_use]
pub fn subscription_scope(subscription: &SubscriptionId) -> String {
    format!("/subscriptions/{subscription}")
}
