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
            Some(message) => format!("{}: {}", error.answered(), message.chars().take(LONGEST).collect::<String>()),
            None => error.answered(),
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
            true => Said::NotYet { words: error.answered(), caller: false },
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
                Said::NotYet { words: error.answered(), caller: false }
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

#[cfg(test)]
mod tests {
    use super::*;
    use microsoft::clouds::{Clouds, LoopbackBase};
    use microsoft::{AccessToken, HttpSettings, Microsoft};
    use onboarding::{Cloud, ErrorName, ObjectId, TenantId};
    use serde_json::{Value, json};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    const SUBSCRIPTION: &str = "51000000-0000-4000-8000-000000000001";
    const ROLE: &str = "d0000000-0000-4000-8000-000000000001";

    /// Azure for one call: answers with this status and body, and hands out what it was asked.
    async fn azure(status: u16, body: Value) -> (Real, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let asked = tokio::spawn(async move {
            let mut asked = String::new();
            // Once for each attempt: what Azure can't answer now is asked again.
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut bytes = vec![0; 16 * 1024];
                let read = stream.read(&mut bytes).await.unwrap_or(0);
                asked = String::from_utf8_lossy(&bytes[..read]).into_owned();
                let body = body.to_string();
                let head = format!("HTTP/1.1 {status} Status\r\ncontent-type: application/json\r\nretry-after: 40\r\n");
                let answer = format!("{head}content-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
                stream.write_all(answer.as_bytes()).await.unwrap();
                if asked.contains("PUT") || asked.contains("GET") {
                    break;
                }
            }
            asked
        });
        let settings = HttpSettings { retries: 0, ..HttpSettings::new([3; 16]) };
        let clouds = Clouds::new(Some(LoopbackBase::parse(&base).unwrap()), false);
        let cloud = Microsoft::new(clouds, settings).unwrap().cloud(Cloud::Public).unwrap();
        let tenant = TenantId::parse("b2000000-0000-4000-8000-000000000002").unwrap();
        let arm = cloud.arm(&AccessToken::new("TOKEN".to_owned().into(), tenant, None));
        let role = PlannedRole {
            before: "before".into(),
            guid: ROLE.into(),
            name: "Operator".into(),
            description: None,
            permissions: Vec::new(),
            assignable_scopes: vec![format!("/subscriptions/{SUBSCRIPTION}")],
        };
        let plan = Plan { roles: vec![role], ..Plan::default() };
        (Real::new(arm, SubscriptionId::parse(SUBSCRIPTION).unwrap(), Actor::PartnerAdmin, &plan), asked)
    }

    fn row(role: &str) -> PlannedAssignment {
        PlannedAssignment {
            before: "before".into(),
            name: "e0000000-0000-4000-8000-000000000001".into(),
            scope: format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/prod"),
            role: role.into(),
            role_name: "Operator".into(),
            principal: ObjectId::parse("0b000000-0000-4000-8000-000000000001").unwrap(),
            principal_type: "User".into(),
            description: Some("Asked for by finance".into()),
            condition: Some("@Resource[name] StringEquals 'a'".into()),
            condition_version: None,
        }
    }

    async fn said(status: u16, code: &str, role: &str) -> Said {
        let (real, _asked) = azure(status, json!({"error": {"code": code, "message": "No."}})).await;
        let row = row(role);
        real.assign(&row, &row.name).await
    }

    #[tokio::test]
    async fn only_named_refusals_are_waited_for() {
        let builtin = "acdd72a7-3385-48ef-bd42-f606fba81ae7";
        for (status, code, role, waited_for) in [
            (400, "PrincipalNotFound", builtin, true),
            (403, "AuthorizationFailed", builtin, true),
            (400, "RoleDefinitionDoesNotExist", ROLE, true),
            (400, "RoleDefinitionDoesNotExist", builtin, false),
            (404, "ResourceGroupNotFound", builtin, false),
            (409, "ScopeLocked", builtin, false),
            (400, "RoleAssignmentLimitExceeded", builtin, false),
            (403, "DenyAssignmentAuthorizationFailed", builtin, false),
            (403, "RequestDisallowedByPolicy", builtin, false),
        ] {
            let said = said(status, code, role).await;
            assert_eq!(matches!(said, Said::NotYet { .. }), waited_for, "{code} for {role}: {said:?}");
            // What is not waited for is said in Azure's words.
            let in_its_words = matches!(&said, Said::Refused(words) if words.contains(code));
            assert_eq!(in_its_words, !waited_for, "{code} for {role}: {said:?}");
        }
    }

    #[tokio::test]
    async fn what_is_there_taken_busy_or_unclear_is_told_apart() {
        assert!(matches!(said(409, "RoleAssignmentExists", ROLE).await, Said::There));
        assert!(matches!(said(400, "RoleAssignmentUpdateNotPermitted", ROLE).await, Said::NameTaken));
        assert!(matches!(said(409, "RoleDefinitionWithSameNameExists", ROLE).await, Said::NameTaken));
        assert!(matches!(said(429, "TooManyRequests", ROLE).await, Said::Busy(Some(wait)) if wait.as_secs() == 40));
        assert!(matches!(said(503, "ServiceUnavailable", ROLE).await, Said::Unclear(_)));
        let Said::Stop(stop) = said(401, "ExpiredAuthenticationToken", ROLE).await else { panic!("no stop") };
        assert_eq!(stop.name, ErrorName::SignInRequired);
    }

    #[tokio::test]
    async fn a_condition_without_a_version_is_written_all_the_same() {
        let (real, asked) = azure(403, json!({"error": {"code": "AuthorizationFailed", "message": "No."}})).await;
        let row = row(ROLE);
        real.assign(&row, &row.name).await;
        let asked = asked.await.unwrap();
        for part in ["/resourceGroups/prod/", "StringEquals", "\"conditionVersion\":\"2.0\"", "Asked for by finance"] {
            assert!(asked.contains(part), "{part} in {asked}");
        }
    }
}
