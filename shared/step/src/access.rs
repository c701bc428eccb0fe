//! The access that Azure deletes when the directory changes, as rows that a person reads and a hash that binds what they
//! confirmed to what is there.

use microsoft::arm::{Arm, RoleAssignment, RoleDefinition};
use onboarding::{SubscriptionId, audit};
use serde::Serialize;
use serde_json::Value;

/// One row of the list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Row {
    /// A role that someone defined for this subscription.
    CustomRole {
        /// Its name.
        role: String,
        /// Its full id.
        id: String,
        /// What it allows, as a digest: a change of it is a change of the list.
        permissions: String,
        /// Where it may be assigned.
        scopes: Vec<String>,
    },
    /// A role that someone has.
    RoleAssignment {
        /// The role's name, or its GUID where the name can't be read.
        role: String,
        /// `User`, `Group`, `ServicePrincipal`, …
        principal_type: String,
        /// Whose, in the source directory.
        principal_id: String,
        /// Where it holds.
        scope: String,
        /// A condition on it.
        condition: Option<String>,
        /// Whether it comes from above the subscription (a management group): it is lost to this subscription all the same.
        inherited: bool,
        /// Its full id.
        id: String,
    },
}

/// The list.
#[derive(Debug, Clone)]
pub struct Access {
    /// Custom roles first, then assignments, each in a fixed order.
    pub rows: Vec<Row>,
    /// How many role assignments.
    pub assignments: u32,
    /// How many custom roles.
    pub custom_roles: u32,
    /// SHA-256 over the rows in canonical form.
    pub hash: String,
}

impl Access {
    /// Reads the list: every role assignment at, above and below the subscription, and every custom role, all pages.
    ///
    /// Microsoft calls: role assignments (a page a thousand), role definitions.
    ///
    /// # Errors
    /// The calls'.
    pub async fn read(arm: &Arm, subscription: &SubscriptionId) -> Result<Self, microsoft::Error> {
        let assignments = arm.role_assignments(subscription).await?;
        let roles = arm.role_definitions(subscription).await?;
        Ok(Self::of(subscription, &assignments, &roles))
    }

    fn of(subscription: &SubscriptionId, assignments: &[RoleAssignment], roles: &[RoleDefinition]) -> Self {
        let custom: Vec<_> = roles.iter().filter(|role| role.is_custom()).map(custom_role).collect();
        let assigned: Vec<_> = assignments.iter().map(|assignment| row(subscription, assignment, roles)).collect();
        let (custom_roles, assignments) = (count(custom.len()), count(assigned.len()));
        let mut rows = custom;
        rows.extend(assigned);
        // Azure lists in no promised order; the hash must not depend on it.
        rows.sort();
        let hash = audit::digest(&serde_json::to_value(&rows).unwrap_or(Value::Null));
        Self { rows, assignments, custom_roles, hash }
    }

    /// The rows as JSON texts that each fit into one record.
    #[must_use]
    pub fn pages(&self) -> Vec<String> {
        // 200 rows of at most a kilobyte stay well below DynamoDB's 400 KB.
        let mut pages: Vec<String> =
            self.rows.chunks(200).map(|rows| serde_json::to_string(rows).unwrap_or_default()).collect();
        if pages.is_empty() {
            pages.push("[]".into());
        }
        pages
    }
}

fn count(rows: usize) -> u32 {
    u32::try_from(rows).unwrap_or(u32::MAX)
}

fn custom_role(role: &RoleDefinition) -> Row {
    let mut scopes = role.properties.assignable_scopes.clone();
    scopes.sort();
    let permissions = serde_json::to_value(&role.properties.permissions).unwrap_or(Value::Null);
    Row::CustomRole {
        role: role.properties.role_name.clone(),
        id: role.id.clone(),
        permissions: audit::digest(&permissions),
        scopes,
    }
}

fn row(subscription: &SubscriptionId, assignment: &RoleAssignment, roles: &[RoleDefinition]) -> Row {
    let guid = assignment.role();
    let role = roles
        .iter()
        .find(|role| role.name.eq_ignore_ascii_case(&guid))
        .map_or(guid, |role| role.properties.role_name.clone());
    let scope = assignment.properties.scope.clone().unwrap_or_default();
    let below = format!("/subscriptions/{subscription}");
    let inherited = !scope.to_ascii_lowercase().starts_with(&below);
    Row::RoleAssignment {
        role,
        principal_type: assignment.properties.principal_type.clone().unwrap_or_else(|| "Unknown".into()),
        principal_id: assignment.properties.principal_id.to_string(),
        scope,
        condition: assignment.properties.condition.clone().filter(|condition| !condition.is_empty()),
        inherited,
        id: assignment.id.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn subscription() -> SubscriptionId {
        SubscriptionId::parse("6c3c85bc-5366-4eaa-8055-a10529eafd03").unwrap()
    }

    fn assignment(name: &str, scope: &str, condition: Option<&str>) -> RoleAssignment {
        serde_json::from_value(json!({
            "id": format!("{scope}/providers/Microsoft.Authorization/roleAssignments/{name}"),
            "name": name,
            "properties": {
                "scope": scope,
                "roleDefinitionId": "/providers/Microsoft.Authorization/roleDefinitions/8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
                "principalId": "b11a05c8-6acc-435e-9a51-2140dea093a5",
                "principalType": "User",
                "condition": condition,
            }
        }))
        .unwrap()
    }

    #[test]
    fn the_hash_knows_every_change_and_no_order() {
        let scope = format!("/subscriptions/{}", subscription());
        let (one, two) = (assignment("1", &scope, None), assignment("2", &scope, None));
        let hash = |list: &[RoleAssignment]| Access::of(&subscription(), list, &[]).hash;
        assert_eq!(hash(&[one.clone(), two.clone()]), hash(&[two.clone(), one.clone()]));
        assert_ne!(hash(&[one.clone(), two]), hash(std::slice::from_ref(&one)));
        assert_ne!(hash(&[one]), hash(&[assignment("1", &scope, Some("@Resource…"))]));
    }

    #[test]
    fn what_comes_from_above_is_marked_as_inherited() {
        let above = assignment("1", "/providers/Microsoft.Management/managementGroups/contoso", None);
        let here = assignment("2", "/subscriptions/6C3C85BC-5366-4eaa-8055-a10529eafd03/resourceGroups/web", None);
        let inherited = |list: &[RoleAssignment]| match &Access::of(&subscription(), list, &[]).rows[0] {
            Row::RoleAssignment { inherited, .. } => *inherited,
            Row::CustomRole { .. } => panic!("an assignment"),
        };
        assert!(inherited(&[above]));
        assert!(!inherited(&[here]));
    }
}
