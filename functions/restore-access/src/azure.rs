//! Azure as the restore sees it: which of its answers are made, there, not yet, or no.

use std::collections::{HashMap, HashSet};

use access::plan::{Plan, PlannedAssignment, PlannedRole};
use access::snapshot::{Assignment, CustomRole, Origin, PermissionSet};
use microsoft::arm::{self, Arm, Assigned, NewRole, NewRoleAssignment, RoleAssignment, RoleDefinition};
use microsoft::{Error, ErrorKind};
use onboarding::{Actor, Directory, SubscriptionId};
use step::Stop;

use crate::restore::{Azure, Present, Said};

/// How much of Azure's words is kept with a row.
const LONGEST: usize = 300;

/// Azure, as the account that accepted the move.
#[derive(Debug)]
pub struct Real {
    arm: Arm,
    subscription: SubscriptionId,
    actor: Actor,
    /// The GUIDs of the custom roles that are made again: Azure may need a while to know these.
    ours: HashSet<String>,
    /// Names of roles by GUID: the list has none.
    names: HashMap<String, String>,
}

impl Real {
    /// With a token of the partner directory.
    #[must_use]
    pub fn new(arm: Arm, subscription: SubscriptionId, actor: Actor, plan: &Plan) -> Self {
        let ours = plan.roles.iter().map(|role| role.guid.clone()).collect();
        let names = plan.assignments.iter().map(|row| (row.role.clone(), row.role_name.clone())).collect();
        Self { arm, subscription, actor, ours, names }
    }

    fn assignment(&self, from: RoleAssignment) -> Assignment {
        let role = from.role();
        let scope = from.properties.scope.unwrap_or_default();
        Assignment {
            id: from.id,
            role_name: self.names.get(&role).unwrap_or(&role).clone(),
            role,
            principal: from.properties.principal_id,
            principal_type: from.properties.principal_type.unwrap_or_else(|| "Unknown".into()),
            description: from.properties.description,
            condition: from.properties.condition.filter(|condition| !condition.is_empty()),
            condition_version: from.properties.condition_version,
            origin: Origin::of(&scope, &self.subscription),
            scope,
        }
    }

    /// What an error means to one row. Only what is named here may pass by itself: everything else Azure means as it says it.
    fn said(&self, error: &Error) -> Said {
        // The two people read these words, and no log does.
        let words = || match error.message() {
            Some(message) => format!("{error}: {}", message.chars().take(LONGEST).collect::<String>()),
            None => error.to_string(),
        };
        let not_yet = |caller| Said::NotYet { words: words(), caller };
        match error.kind() {
            _ if error.has_code("RoleAssignmentExists") => Said::There,
            _ if error.has_code("RoleAssignmentUpdateNotPermitted") => Said::NameTaken,
            _ if error.has_code("RoleDefinitionWithSameNameExists") => Said::NameTaken,
            _ if error.has_code("PrincipalNotFound") => not_yet(false),
            _ if error.has_code("SubscriptionNotFound") => not_yet(true),
            ErrorKind::Forbidden
                if error.has_code("AuthorizationFailed") || error.has_code("LinkedAuthorizationFailed") =>
            {
                not_yet(true)
            }
            ErrorKind::WrongTenant => not_yet(true),
            ErrorKind::Throttled => Said::Busy(error.retry_after()),
            ErrorKind::Unavailable | ErrorKind::UnknownOutcome | ErrorKind::Unexpected => Said::Unclear(words()),
            ErrorKind::ClaimsChallenge
            | ErrorKind::Unauthenticated
            | ErrorKind::Entra(_)
            | ErrorKind::IdToken(_)
            | ErrorKind::Credential => Said::Stop(Box::new(Stop::from_call(error, self.actor, Directory::Partner))),
            ErrorKind::Forbidden
            | ErrorKind::NotFound
            | ErrorKind::Conflict
            | ErrorKind::NotRegistered
            | ErrorKind::UnsupportedVersion
            | ErrorKind::Invalid
            | ErrorKind::ForeignAddress => Said::Refused(words()),
        }
    }
}

impl Azure for Real {
    async fn present(&self) -> Result<Present, Said> {
        // A subscription that isn't seen yet is not gone.
        let said = |error: Error| match error.kind() == ErrorKind::NotFound {
            true => Said::NotYet { words: error.to_string(), caller: false },
            false => self.said(&error),
        };
        let roles = self.arm.custom_roles(&self.subscription).await.map_err(said)?;
        let assignments = self.arm.role_assignments(&self.subscription).await.map_err(said)?;
        Ok(Present {
            roles: roles.into_iter().map(custom_role).collect(),
            assignments: assignments.into_iter().map(|it| self.assignment(it)).collect(),
        })
    }

    async fn make_role(&self, role: &PlannedRole, name: &str) -> Said {
        let permissions: Vec<_> = role.permissions.iter().map(allowed).collect();
        let new = NewRole {
            name,
            description: role.description.as_deref(),
            permissions: &permissions,
            assignable_scopes: &role.assignable_scopes,
        };
        match self.arm.create_custom_role(&self.subscription, &role.guid, &new).await {
            Ok(_) => Said::Made,
            Err(error) => self.said(&error),
        }
    }

    async fn assign(&self, row: &PlannedAssignment, name: &str) -> Said {
        let new = NewRoleAssignment {
            role: &row.role,
            principal: &row.principal,
            principal_type: &row.principal_type,
            description: row.description.as_deref(),
            // A condition is never left out because its version is missing: without it the role would be wider.
            condition: row.condition.as_deref().map(|it| (it, row.condition_version.as_deref().unwrap_or("2.0"))),
        };
        match self.arm.assign_role_at(&self.subscription, &row.scope, name, &new).await {
            // Under our name with what we say in it: ours.
            Ok(Assigned::Created(_) | Assigned::Unchanged(_)) => Said::Made,
            Ok(Assigned::ExistsUnderAnotherName) => Said::There,
            Err(error) if error.has_code("RoleDefinitionDoesNotExist") && self.ours.contains(&row.role) => {
                Said::NotYet { words: error.to_string(), caller: false }
            }
            Err(error) => self.said(&error),
        }
    }
}

fn custom_role(from: RoleDefinition) -> CustomRole {
    let sorted = |mut list: Vec<String>| {
        list.sort();
        list
    };
    let permissions = from.properties.permissions.into_iter().map(|set| PermissionSet {
        actions: sorted(set.actions),
        not_actions: sorted(set.not_actions),
        data_actions: sorted(set.data_actions),
        not_data_actions: sorted(set.not_data_actions),
    });
    CustomRole {
        id: from.id,
        guid: from.name.to_ascii_lowercase(),
        name: from.properties.role_name,
        description: from.properties.description,
        permissions: permissions.collect(),
        assignable_scopes: sorted(from.properties.assignable_scopes),
    }
}

fn allowed(set: &PermissionSet) -> arm::PermissionSet {
    arm::PermissionSet {
        actions: set.actions.clone(),
        not_actions: set.not_actions.clone(),
        data_actions: set.data_actions.clone(),
        not_data_actions: set.not_data_actions.clone(),
    }
}
