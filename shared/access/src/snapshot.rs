//! All access on a subscription, as it is at one moment: scope-exact, with conditions, and marked where it comes from above.

use onboarding::{ObjectId, SubscriptionId, audit};
use serde::{Deserialize, Serialize};

use crate::pages::{self, PageError};

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

/// Assignments a page: a few hundred bytes each, compressed to a tenth, stay far below the 400 KB of a record.
const PAGE: usize = 500;

/// Roles that let their holder give access to others. See <https://learn.microsoft.com/azure/role-based-access-control/built-in-roles>.
const GIVES_ACCESS: [&str; 3] = [
    // Owner
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
    // User Access Administrator
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
    // Role Based Access Control Administrator
    "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
];

/// The first page of a kept snapshot: everything but the assignments.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    custom_roles: Vec<CustomRole>,
    eligible: Vec<Eligibility>,
    denied: Vec<DenyAssignment>,
    not_read: Vec<NotRead>,
}

impl Snapshot {
    /// Brings every list into its fixed order: Azure promises none, and a hash must not depend on it.
    pub fn sort(&mut self) {
        self.assignments.sort_by_cached_key(|row| row.id.to_ascii_lowercase());
        self.custom_roles.sort_by_cached_key(|row| row.id.to_ascii_lowercase());
        self.eligible.sort_by_cached_key(|row| row.id.to_ascii_lowercase());
        self.denied.sort_by_cached_key(|row| row.id.to_ascii_lowercase());
        self.not_read.sort();
        for role in &mut self.custom_roles {
            role.assignable_scopes.sort();
        }
    }

    /// SHA-256 over all access in canonical form, whatever order it was read in. What could not be read is not part of it: it is not
    /// access.
    #[must_use]
    pub fn hash(&self) -> String {
        let mut sorted = self.clone();
        sorted.sort();
        let rows = serde_json::json!([sorted.assignments, sorted.custom_roles, sorted.eligible, sorted.denied]);
        audit::digest(&rows)
    }

    /// The snapshot as pages that each fit into one record.
    ///
    /// # Errors
    /// None that a snapshot can cause.
    pub fn to_pages(&self) -> Result<Vec<Vec<u8>>, PageError> {
        let head = Head {
            custom_roles: self.custom_roles.clone(),
            eligible: self.eligible.clone(),
            denied: self.denied.clone(),
            not_read: self.not_read.clone(),
        };
        let mut pages = vec![pages::pack(&head)?];
        for rows in self.assignments.chunks(PAGE) {
            pages.push(pages::pack(rows)?);
        }
        Ok(pages)
    }

    /// The snapshot of its pages. Whoever relies on it compares [`Snapshot::hash`] with what was recorded.
    ///
    /// # Errors
    /// Pages that are missing or damaged.
    pub fn from_pages(kept: &[Vec<u8>]) -> Result<Self, PageError> {
        let (first, rest) = kept.split_first().ok_or(PageError::Missing)?;
        let head: Head = pages::unpack(first)?;
        let mut assignments = Vec::new();
        for page in rest {
            assignments.extend(pages::unpack::<Vec<Assignment>>(page)?);
        }
        let Head { custom_roles, eligible, denied, not_read } = head;
        Ok(Self { assignments, custom_roles, eligible, denied, not_read })
    }
}

impl Assignment {
    /// Whether it can be made again: it belongs to this subscription, and to somebody who can be found in another directory. Managed
    /// identities are told apart by whoever knows the principals.
    #[must_use]
    pub fn can_be_restored(&self) -> bool {
        self.origin == Origin::Here && matches!(self.principal_type.as_str(), "User" | "Group" | "ServicePrincipal")
    }

    /// Whether it lets its holder give access to others: such a row needs a second person's word.
    #[must_use]
    pub fn gives_access_to_others(&self, custom_roles: &[CustomRole]) -> bool {
        GIVES_ACCESS.contains(&self.role.as_str())
            || custom_roles.iter().any(|role| role.guid == self.role && role.gives_access_to_others())
    }
}

impl CustomRole {
    /// Whether it lets its holder give access to others, in any of its sets of permissions.
    #[must_use]
    pub fn gives_access_to_others(&self) -> bool {
        const WRITES: [&str; 5] = [
            "Microsoft.Authorization/roleAssignments/write",
            "Microsoft.Authorization/roleAssignmentScheduleRequests/write",
            "Microsoft.Authorization/roleEligibilityScheduleRequests/write",
            "Microsoft.Authorization/roleDefinitions/write",
            "Microsoft.Authorization/elevateAccess/action",
        ];
        self.permissions.iter().any(|set| WRITES.iter().any(|action| set.allows(action)))
    }
}

impl PermissionSet {
    /// Whether an action is allowed by this set and not taken out again by it.
    #[must_use]
    pub fn allows(&self, action: &str) -> bool {
        let any = |patterns: &[String]| patterns.iter().any(|pattern| covers(pattern, action));
        any(&self.actions) && !any(&self.not_actions)
    }
}

/// Whether a pattern with `*` covers an action, as Azure compares them: without case.
#[must_use]
pub fn covers(pattern: &str, action: &str) -> bool {
    let (pattern, action) = (pattern.to_ascii_lowercase(), action.to_ascii_lowercase());
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = action.strip_prefix(first) else { return false };
    let mut open_end = false;
    let parts: Vec<&str> = parts.collect();
    for (index, part) in parts.iter().enumerate() {
        if index + 1 == parts.len() {
            return part.is_empty() || rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else { return false };
        rest = rest.get(at + part.len()..).unwrap_or_default();
        open_end = true;
    }
    open_end || rest.is_empty()
}

impl Origin {
    /// Where an assignment with this scope comes from, seen from the subscription.
    #[must_use]
    pub fn of(scope: &str, subscription: &SubscriptionId) -> Self {
        let scope = scope.trim_end_matches('/').to_ascii_lowercase();
        if scope.is_empty() {
            return Self::Root;
        }
        let here = subscription_scope(subscription);
        let below = scope.strip_prefix(&here).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        if below { Self::Here } else { Self::ManagementGroup }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subscription() -> SubscriptionId {
        SubscriptionId::parse("6c3c85bc-5366-4eaa-8055-a10529eafd03").unwrap()
    }

    fn assignment(name: &str, scope: &str, condition: Option<&str>) -> Assignment {
        Assignment {
            id: format!("{scope}/providers/Microsoft.Authorization/roleAssignments/{name}"),
            scope: scope.into(),
            role: "b24988ac-6180-42a0-ab88-20f7382dd24c".into(),
            role_name: "Contributor".into(),
            principal: ObjectId::parse("b11a05c8-6acc-435e-9a51-2140dea093a5").unwrap(),
            principal_type: "User".into(),
            description: None,
            condition: condition.map(Into::into),
            condition_version: None,
            origin: Origin::of(scope, &subscription()),
        }
    }

    fn of(rows: &[Assignment]) -> Snapshot {
        Snapshot { assignments: rows.to_vec(), ..Snapshot::default() }
    }

    #[test]
    fn the_hash_knows_every_change_and_no_order() {
        let scope = subscription_scope(&subscription());
        let (one, two) = (assignment("1", &scope, None), assignment("2", &scope, None));
        assert_eq!(of(&[one.clone(), two.clone()]).hash(), of(&[two.clone(), one.clone()]).hash());
        assert_ne!(of(&[one.clone(), two]).hash(), of(std::slice::from_ref(&one)).hash());
        assert_ne!(of(&[one]).hash(), of(&[assignment("1", &scope, Some("@Resource[x]"))]).hash());
    }

    #[test]
    fn what_comes_from_above_is_told_apart_and_a_similar_id_is_not_below() {
        let origin = |scope: &str| Origin::of(scope, &subscription());
        assert_eq!(origin("/"), Origin::Root);
        assert_eq!(origin("/providers/Microsoft.Management/managementGroups/contoso"), Origin::ManagementGroup);
        assert_eq!(origin("/subscriptions/6C3C85BC-5366-4eaa-8055-a10529eafd03/resourceGroups/web"), Origin::Here);
        assert_eq!(origin("/subscriptions/6c3c85bc-5366-4eaa-8055-a10529eafd030"), Origin::ManagementGroup);
    }

    #[test]
    fn pages_hold_all_of_it() {
        let scope = subscription_scope(&subscription());
        let rows: Vec<_> = (0..1201).map(|n| assignment(&n.to_string(), &scope, None)).collect();
        let snapshot = of(&rows);
        let pages = snapshot.to_pages().unwrap();
        assert_eq!(pages.len(), 4);
        assert_eq!(Snapshot::from_pages(&pages).unwrap(), snapshot);
        assert!(Snapshot::from_pages(&[]).is_err());
        assert_ne!(Snapshot::from_pages(&pages[..3]).unwrap().hash(), snapshot.hash());
    }

    #[test]
    fn a_role_that_may_assign_roles_gives_access_to_others() {
        let role = |actions: &[&str], not: &[&str]| CustomRole {
            id: String::new(),
            guid: "a".into(),
            name: "Ops".into(),
            description: None,
            permissions: vec![PermissionSet {
                actions: actions.iter().map(ToString::to_string).collect(),
                not_actions: not.iter().map(ToString::to_string).collect(),
                ..PermissionSet::default()
            }],
            assignable_scopes: Vec::new(),
        };
        assert!(role(&["*"], &[]).gives_access_to_others());
        assert!(role(&["microsoft.authorization/*"], &[]).gives_access_to_others());
        // Privileged Identity Management is another way to the same.
        assert!(role(&["*/roleAssignmentScheduleRequests/*"], &[]).gives_access_to_others());
        assert!(!role(&["*"], &["Microsoft.Authorization/*"]).gives_access_to_others());
        assert!(!role(&["*/read", "Microsoft.Compute/*"], &[]).gives_access_to_others());
    }

    #[test]
    fn patterns_cover_as_azure_has_them() {
        assert!(covers("*", "Microsoft.Compute/virtualMachines/write"));
        assert!(covers("*/read", "Microsoft.Compute/virtualMachines/read"));
        assert!(covers("Microsoft.*/virtualMachines/*", "microsoft.compute/virtualMachines/start/action"));
        assert!(!covers("*/read", "Microsoft.Compute/virtualMachines/write"));
        assert!(!covers("Microsoft.Compute", "Microsoft.Compute/virtualMachines/write"));
    }
}
