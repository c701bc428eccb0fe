//! What a principal may effectively do, so that before and after can be compared.
//!
//! A grant is an assignment as it takes effect: at its scope and everything below it, with its role's own permissions, under its
//! condition. Groups are not taken apart here: who is in a group is the directory's business, and a caller that knows it says so.
//! See <https://learn.microsoft.com/azure/role-based-access-control/overview#how-azure-rbac-determines-if-a-user-has-access-to-a-resource>.

use std::collections::{BTreeSet, HashMap, HashSet};

use onboarding::ObjectId;

use crate::snapshot::{Assignment, CustomRole, PermissionSet};

/// One assignment as it takes effect.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    /// Where, lower case.
    pub scope: String,
    /// What the role is: the GUID of a built-in role, or what a custom role allows. A custom role is what it allows, not what it is called.
    pub role: String,
    /// The condition, empty if there is none.
    pub condition: String,
}

/// Everything that a principal holds, through assignments to it and to the groups that it is in, however deep.
#[must_use]
pub fn held(
    principal: &ObjectId,
    assignments: &[Assignment],
    custom_roles: &[CustomRole],
    groups_of: &HashMap<ObjectId, Vec<ObjectId>>,
) -> BTreeSet<Grant> {
    let mut holders = HashSet::from([principal]);
    let mut open = vec![principal];
    while let Some(one) = open.pop() {
        for group in groups_of.get(one).into_iter().flatten() {
            if holders.insert(group) {
                open.push(group);
            }
        }
    }
    assignments
        .iter()
        .filter(|row| holders.contains(&row.principal))
        .map(|row| Grant {
            scope: row.scope.trim_end_matches('/').to_ascii_lowercase(),
            role: role_said(&row.role, custom_roles),
            condition: row.condition.clone().unwrap_or_default(),
        })
        .collect()
}

/// What a role is, the same before and after it is made again.
fn role_said(guid: &str, custom_roles: &[CustomRole]) -> String {
    let custom = custom_roles.iter().find(|role| role.guid == guid);
    custom.map_or_else(|| guid.to_owned(), |role| permissions_said(&role.permissions))
}

fn permissions_said(permissions: &[PermissionSet]) -> String {
    let mut sets: Vec<String> = permissions
        .iter()
        .map(|set| {
            let mut lists =
                [&set.actions, &set.not_actions, &set.data_actions, &set.not_data_actions].map(Clone::clone);
            for list in &mut lists {
                list.sort();
                list.dedup();
            }
            format!("{lists:?}")
        })
        .collect();
    sets.sort();
    sets.concat()
}

/// Whether a grant gives nothing that another does not give: the same role at the same place or further down, under the same condition.
#[must_use]
pub fn is_within(grant: &Grant, other: &Grant) -> bool {
    let below = grant.scope.strip_prefix(&other.scope).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    // A management group stands above every scope of the subscription.
    let above = other.scope.is_empty() || other.scope.starts_with("/providers/microsoft.management/");
    (below || above) && grant.role == other.role && (grant.condition == other.condition || other.condition.is_empty())
}

/// What somebody holds that they did not hold before: empty is the only right answer after a restore.
#[must_use]
pub fn gained<'a>(before: &BTreeSet<Grant>, after: &'a BTreeSet<Grant>) -> Vec<&'a Grant> {
    after.iter().filter(|grant| !before.iter().any(|held| is_within(grant, held))).collect()
}
