//! What is to be made again after the move, in order, and what is not and why.

use onboarding::ObjectId;
use serde::{Deserialize, Serialize};

use crate::snapshot::PermissionSet;

/// What is to be made again. Custom roles come first: assignments refer to them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// Custom roles to be made, in order.
    pub roles: Vec<PlannedRole>,
    /// Assignments to be made, in order.
    pub assignments: Vec<PlannedAssignment>,
    /// Assignments that are not made, with the reason.
    pub left_out: Vec<LeftOut>,
}

/// A custom role to be made again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlannedRole {
    /// Its GUID before the move.
    pub before: String,
    /// Its GUID now: deterministic.
    pub guid: String,
    /// Its name.
    pub name: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What it allows: exactly as before.
    pub permissions: Vec<PermissionSet>,
    /// Where it may be assigned: what lies in the subscription of where it could before.
    pub assignable_scopes: Vec<String>,
}

/// An assignment to be made again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlannedAssignment {
    /// The assignment's full id before the move.
    pub before: String,
    /// Its name now: a deterministic GUID.
    pub name: String,
    /// Where: exactly as before.
    pub scope: String,
    /// The role's GUID now.
    pub role: String,
    /// The role's name.
    pub role_name: String,
    /// For whom, in the partner directory.
    pub principal: ObjectId,
    /// `User`, `Group` or `ServicePrincipal`.
    pub principal_type: String,
    /// The note, as before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The condition, with the ids in it translated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// The condition's language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition_version: Option<String>,
}

/// An assignment that is not made again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LeftOut {
    /// The assignment's full id before the move.
    pub before: String,
    /// Why, as a stable word: `undecided`, `skipped`, `not-seconded`, `inherited`, `managed-identity`, `condition`, `no-target`.
    pub why: String,
}

/// How one planned row ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RowResult {
    /// The planned row: the assignment's id before the move, or `role:<guid before>`.
    pub before: String,
    /// How.
    pub outcome: RowOutcome,
    /// What Azure said, where it refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// How one planned row ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RowOutcome {
    /// Made by us.
    Restored,
    /// There already.
    Present,
    /// Azure refused for good.
    Refused,
}
