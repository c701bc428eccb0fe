//! Who may do what: role assignments, role definitions, permissions, and what is left of the classic administrators.
//!
//! Effects are eventually consistent: up to ten minutes until Azure honours a new assignment, and then with a new token.
//! See <https://learn.microsoft.com/azure/role-based-access-control/overview>.

use jiff::Timestamp;
use onboarding::{ObjectId, SubscriptionId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Arm, found};
use crate::clouds::with_query;
use crate::errors::{Error, ErrorKind};
use crate::http::Call;
use crate::paging::Page;

/// The role definition `Owner`, the same in every subscription and cloud.
/// See <https://learn.microsoft.com/azure/role-based-access-control/built-in-roles>.
pub const OWNER_ROLE: &str = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635";

/// A role assignment, with everything in it that is needed to make it again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoleAssignment {
    /// Its full id, the scope included.
    pub id: String,
    /// Its name, a GUID that is unique across subscriptions.
    pub name: String,
    /// What it says.
    pub properties: RoleAssignmentProperties,
}

/// What a role assignment says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoleAssignmentProperties {
    /// Where it holds.
    #[serde(default)]
    pub scope: Option<String>,
    /// Which role; with or without the subscription before it, so compare by [`RoleAssignment::role`].
    pub role_definition_id: String,
    /// Whom it is for, in the tenant the subscription trusts.
    pub principal_id: ObjectId,
    /// `User`, `Group`, `ServicePrincipal`, `ForeignGroup` or `Device`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal_type: Option<String>,
    /// What someone noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// A condition on attributes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// The condition's language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition_version: Option<String>,
    /// A managed identity acting across tenants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delegated_managed_identity_resource_id: Option<String>,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_on: Option<Timestamp>,
    /// When it was last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_on: Option<Timestamp>,
    /// Who made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<String>,
    /// Who last changed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_by: Option<String>,
}

/// A role assignment to be made.
#[derive(Debug, Clone)]
pub struct NewRoleAssignment<'a> {
    /// The role definition's GUID, such as [`OWNER_ROLE`].
    pub role: &'a str,
    /// Whom it is for, in the tenant the subscription trusts.
    pub principal: &'a ObjectId,
    /// `User`, `Group` or `ServicePrincipal`. Always said: it spares new accounts the wait for replication.
    pub principal_type: &'a str,
    /// A note for people who read access lists.
    pub description: Option<&'a str>,
    /// A condition on attributes and its language's version.
    pub condition: Option<(&'a str, &'a str)>,
}

/// A custom role to be made.
#[derive(Debug, Clone)]
pub struct NewRole<'a> {
    /// The name people know. No two custom roles of a tenant have the same.
    pub name: &'a str,
    /// What it is for.
    pub description: Option<&'a str>,
    /// What it allows.
    pub permissions: &'a [PermissionSet],
    /// Where it may be assigned: only below scopes of the tenant that is asked.
    pub assignable_scopes: &'a [String],
}

/// What came of making a role assignment.
#[derive(Debug, Clone, PartialEq)]
pub enum Assigned {
    /// It was made.
    Created(RoleAssignment),
    /// It was there under this name.
    Unchanged(RoleAssignment),
    /// The same person has the same role in the same place under another name: list them to learn which.
    ExistsUnderAnotherName,
}

/// A role.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoleDefinition {
    /// Its full id.
    pub id: String,
    /// Its name, a GUID.
    pub name: String,
    /// What it allows and where.
    pub properties: RoleDefinitionProperties,
}

/// What a role allows and where.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoleDefinitionProperties {
    /// The name people know.
    #[serde(default)]
    pub role_name: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `BuiltInRole` or `CustomRole`.
    #[serde(rename = "type", default)]
    pub kind: String,
    /// What it allows.
    #[serde(default)]
    pub permissions: Vec<PermissionSet>,
    /// Where it may be assigned.
    #[serde(default)]
    pub assignable_scopes: Vec<String>,
}

/// Actions a role or a person has, and those taken out of them again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
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

/// What a person may do, one set an assignment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Permissions(Vec<PermissionSet>);

/// A classic administrator that is left over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassicAdministrator {
    /// What it is.
    pub properties: ClassicAdministratorProperties,
}

/// A classic administrator's address and roles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClassicAdministratorProperties {
    /// Whose.
    #[serde(default)]
    pub email_address: String,
    /// `ServiceAdministrator;AccountAdministrator` or `CoAdministrator`.
    #[serde(default)]
    pub role: String,
}

impl RoleAssignment {
    /// The role definition's GUID, in lower case.
    #[must_use]
    pub fn role(&self) -> String {
        last_segment(&self.properties.role_definition_id)
    }

    /// Whether it is an unconditional Owner of the subscription itself: neither inherited nor for a part of it.
    /// Microsoft lets only such an owner change the directory.
    #[must_use]
    pub fn is_direct_owner(&self, subscription: &SubscriptionId, person: &ObjectId) -> bool {
        let scope = self.properties.scope.as_deref().unwrap_or_default();
        self.role() == OWNER_ROLE
            && self.properties.principal_id == *person
            && self.properties.condition.as_deref().unwrap_or_default().is_empty()
            && scope.trim_end_matches('/').eq_ignore_ascii_case(&format!("/subscriptions/{subscription}"))
    }
}

impl RoleDefinition {
    /// Whether someone here defined it: such a role does not survive a change of directory.
    #[must_use]
    pub fn is_custom(&self) -> bool {
        self.properties.kind.eq_ignore_ascii_case("CustomRole")
    }
}

impl Permissions {
    /// Whether an action is allowed: some one set has it in its actions and not in its own exceptions. Case and `*` as Azure
    /// has them.
    /// See <https://learn.microsoft.com/azure/role-based-access-control/role-definitions>.
    #[must_use]
    pub fn allow(&self, action: &str) -> bool {
        let any = |patterns: &[String]| patterns.iter().any(|pattern| covers(pattern, action));
        self.0.iter().any(|set| any(&set.actions) && !any(&set.not_actions))
    }
}

impl Arm {
    /// Every role assignment of a subscription: at it, above it (inherited) and below it.
    ///
    /// `GET {arm}/subscriptions/{id}/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01`; a
    /// reader's token of the tenant it trusts. 200 with pages.
    /// See <https://learn.microsoft.com/rest/api/authorization/role-assignments/list-for-subscription>.
    ///
    /// # Errors
    /// As for every call of [`crate::arm`].
    pub async fn role_assignments(&self, id: &SubscriptionId) -> Result<Vec<RoleAssignment>, Error> {
        self.assignments(id, &[VERSION]).await
    }

    /// One person's role assignments, at, above and below a subscription; those through groups are not among them.
    ///
    /// As [`Arm::role_assignments`], with `$filter=principalId eq '{oid}'`.
    ///
    /// # Errors
    /// As for every call of [`crate::arm`].
    pub async fn role_assignments_of(
        &self,
        id: &SubscriptionId,
        person: &ObjectId,
    ) -> Result<Vec<RoleAssignment>, Error> {
        let filter = format!("principalId eq '{person}'");
        self.assignments(id, &[VERSION, ("$filter", &filter)]).await
    }

    /// A page of a subscription's role assignments, at, above and below it: as [`Arm::role_assignments`], for lists of
    /// thousands that are kept page by page. `next` is the page before's [`Page::next`]; without it the list begins.
    ///
    /// # Errors
    /// [`ErrorKind::ForeignAddress`] for a `next` that leads elsewhere; and as for every call of [`crate::arm`].
    pub async fn role_assignments_page(
        &self,
        id: &SubscriptionId,
        next: Option<&str>,
    ) -> Result<Page<RoleAssignment>, Error> {
        let first = || with_query(&self.authorization(id, &["roleAssignments"]), &[VERSION]);
        self.api.page(LIST, next.map_or_else(first, str::to_owned)).await
    }

    /// One person's role assignments, at, above and below a subscription, those through groups too: another principal's id
    /// stands in these.
    ///
    /// As [`Arm::role_assignments`], with `$filter=assignedTo('{oid}')`.
    /// See <https://learn.microsoft.com/azure/role-based-access-control/role-assignments-list-rest>.
    ///
    /// # Errors
    /// As for every call of [`crate::arm`].
    pub async fn role_assignments_assigned_to(
        &self,
        id: &SubscriptionId,
        person: &ObjectId,
    ) -> Result<Vec<RoleAssignment>, Error> {
        let filter = format!("assignedTo('{person}')");
        self.assignments(id, &[VERSION, ("$filter", &filter)]).await
    }

    /// One role assignment of a subscription by its name. `None`: there is none.
    ///
    /// `GET {arm}/subscriptions/{id}/providers/Microsoft.Authorization/roleAssignments/{name}?api-version=2022-04-01`.
    /// 200, 404 `RoleAssignmentNotFound`.
    /// See <https://learn.microsoft.com/rest/api/authorization/role-assignments/get>.
    ///
    /// # Errors
    /// As for every call of [`crate::arm`].
    pub async fn role_assignment(&self, id: &SubscriptionId, name: &str) -> Result<Option<RoleAssignment>, Error> {
        let address = self.authorization(id, &["roleAssignments", name]);
        let call = Call::get("arm.role_assignments.get", with_query(&address, &[VERSION]));
        found(self.api.read(&call).await)
    }

    /// Makes a role assignment on a subscription.
    ///
    /// `PUT {arm}/subscriptions/{id}/providers/Microsoft.Authorization/roleAssignments/{name}?api-version=2022-04-01`;
    /// the token, of the tenant it trusts, of someone who may write role assignments there. 201, or 200 if it was there. `name` is
    /// ours to choose and deterministic ([`onboarding::ids::role_assignment_name`]), so repeating is safe. 409
    /// `RoleAssignmentExists` is no error: [`Assigned::ExistsUnderAnotherName`].
    /// See <https://learn.microsoft.com/rest/api/authorization/role-assignments/create>.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] with `RoleAssignmentUpdateNotPermitted` (the name is another assignment's: salt it),
    /// `PrincipalNotFound` (a new guest: see [`Error::has_code`], try again within two minutes) or
    /// `RoleAssignmentLimitExceeded`; [`ErrorKind::Forbidden`]; and as for every call of [`crate::arm`].
    pub async fn assign_role(
        &self,
        id: &SubscriptionId,
        name: &str,
        assignment: &NewRoleAssignment<'_>,
    ) -> Result<Assigned, Error> {
        self.assign(self.authorization(id, &["roleAssignments", name]), assignment.body(id)).await
    }

    /// One role assignment by its scope and name: at the subscription or anything in it. `None`: there is none.
    ///
    /// `GET {arm}/{scope}/providers/Microsoft.Authorization/roleAssignments/{name}?api-version=2022-04-01`; a reader's
    /// token of the tenant the subscription trusts. 200, 404 (also where the scope itself is not there).
    /// See <https://learn.microsoft.com/rest/api/authorization/role-assignments/get>.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] for a scope outside the subscription, before anything is sent; and as for every call of
    /// [`crate::arm`].
    pub async fn role_assignment_at(
        &self,
        id: &SubscriptionId,
        scope: &str,
        name: &str,
    ) -> Result<Option<RoleAssignment>, Error> {
        const OPERATION: &str = "arm.role_assignments.get_at_scope";
        let address = self.assignment_at(id, scope, name, OPERATION)?;
        found(self.api.read(&Call::get(OPERATION, with_query(&address, &[VERSION]))).await)
    }

    /// Makes a role assignment at a scope: the subscription or anything in it.
    ///
    /// `PUT {arm}/{scope}/providers/Microsoft.Authorization/roleAssignments/{name}?api-version=2022-04-01`; as
    /// [`Arm::assign_role`]. `name` comes of the scope, the principal, the role and the condition, so repeating is safe.
    /// See <https://learn.microsoft.com/rest/api/authorization/role-assignments/create>.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] for a scope outside the subscription, before anything is sent; [`ErrorKind::NotFound`] for one
    /// that is no longer there; and as for [`Arm::assign_role`].
    pub async fn assign_role_at(
        &self,
        id: &SubscriptionId,
        scope: &str,
        name: &str,
        assignment: &NewRoleAssignment<'_>,
    ) -> Result<Assigned, Error> {
        self.assign(self.assignment_at(id, scope, name, CREATE)?, assignment.body(id)).await
    }

    /// Takes a role assignment of a subscription away. `false`: there was none.
    ///
    /// `DELETE {arm}/subscriptions/{id}/providers/Microsoft.Authorization/roleAssignments/{name}?api-version=2022-04-01`;
    /// the token of someone who may delete role assignments there. 200 with what it was, 204 if there was none. Azure refuses to
    /// delete the last owner. Safe to repeat.
    /// See <https://learn.microsoft.com/rest/api/authorization/role-assignments/delete>.
    ///
    /// # Errors
    /// As for every call of [`crate::arm`].
    pub async fn delete_role_assignment(&self, id: &SubscriptionId, name: &str) -> Result<bool, Error> {
        let address = self.authorization(id, &["roleAssignments", name]);
        let call = Call::delete("arm.role_assignments.delete", with_query(&address, &[VERSION]));
        match self.api.send(&call).await {
            Ok(answer) => Ok(answer.status.as_u16() == 200),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The custom roles that can be assigned in a subscription.
    ///
    /// `GET {arm}/subscriptions/{id}/providers/Microsoft.Authorization/roleDefinitions?api-version=2022-04-01&$filter=type eq 'CustomRole'`;
    /// a reader's token of the tenant it trusts. 200 with pages.
    /// See <https://learn.microsoft.com/rest/api/authorization/role-definitions/list>.
    ///
    /// # Errors
    /// As for every call of [`crate::arm`].
    pub async fn custom_roles(&self, id: &SubscriptionId) -> Result<Vec<RoleDefinition>, Error> {
        let address = self.authorization(id, &["roleDefinitions"]);
        let address = with_query(&address, &[VERSION, ("$filter", "type eq 'CustomRole'")]);
        self.api.list("arm.role_definitions.list_custom", address).await
    }

    /// Makes a custom role, or says again what it is.
    ///
    /// `PUT {arm}/subscriptions/{id}/providers/Microsoft.Authorization/roleDefinitions/{guid}?api-version=2022-04-01`;
    /// the token, of the tenant it trusts, of someone who may write role definitions there. 201 both times: repeating is
    /// safe, for the GUID is ours to choose. It can be assigned once Azure has spread it, minutes later.
    /// See <https://learn.microsoft.com/rest/api/authorization/role-definitions/create-or-update>.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] with `RoleDefinitionWithSameNameExists` (another role of the tenant has the name);
    /// [`ErrorKind::Invalid`] with `RoleDefinitionLimitExceeded`, or where the permissions or scopes do not fit;
    /// [`ErrorKind::Forbidden`]; and as for every call of [`crate::arm`].
    pub async fn create_custom_role(
        &self,
        id: &SubscriptionId,
        guid: &str,
        role: &NewRole<'_>,
    ) -> Result<RoleDefinition, Error> {
        let address = with_query(&self.authorization(id, &["roleDefinitions", guid]), &[VERSION]);
        self.write(&Call::put("arm.role_definitions.create", address, role.body())).await?.json()
    }

    /// Every role that can be assigned in a subscription, built-in ones too: their names for a report.
    ///
    /// As [`Arm::custom_roles`], without the filter.
    ///
    /// # Errors
    /// As for every call of [`crate::arm`].
    pub async fn role_definitions(&self, id: &SubscriptionId) -> Result<Vec<RoleDefinition>, Error> {
        let address = with_query(&self.authorization(id, &["roleDefinitions"]), &[VERSION]);
        self.api.list("arm.role_definitions.list", address).await
    }

    /// One role by its GUID. `None`: there is none.
    ///
    /// `GET {arm}/subscriptions/{id}/providers/Microsoft.Authorization/roleDefinitions/{guid}?api-version=2022-04-01`.
    /// 200, 404.
    /// See <https://learn.microsoft.com/rest/api/authorization/role-definitions/get>.
    ///
    /// # Errors
    /// As for every call of [`crate::arm`].
    pub async fn role_definition(&self, id: &SubscriptionId, guid: &str) -> Result<Option<RoleDefinition>, Error> {
        let address = self.authorization(id, &["roleDefinitions", guid]);
        let call = Call::get("arm.role_definitions.get", with_query(&address, &[VERSION]));
        found(self.api.read(&call).await)
    }

    /// What the token's person may do in a subscription.
    ///
    /// `GET {arm}/subscriptions/{id}/providers/Microsoft.Authorization/permissions?api-version=2022-04-01`; their
    /// token of the tenant it trusts. 200 with pages.
    /// See <https://learn.microsoft.com/rest/api/authorization/permissions>.
    ///
    /// # Errors
    /// As for every call of [`crate::arm`].
    pub async fn permissions(&self, id: &SubscriptionId) -> Result<Permissions, Error> {
        let address = with_query(&self.authorization(id, &["permissions"]), &[VERSION]);
        self.api.list("arm.permissions.list", address).await.map(Permissions)
    }

    /// The classic administrators that are left. Retired since August 2024: an empty list where Azure no longer knows them.
    ///
    /// `GET {arm}/subscriptions/{id}/providers/Microsoft.Authorization/classicAdministrators?api-version=2015-07-01`;
    /// a reader's token of the tenant it trusts. 200 with pages; 404, 410 and an unknown resource type are none.
    /// See <https://learn.microsoft.com/azure/role-based-access-control/classic-administrators>.
    ///
    /// # Errors
    /// As for every call of [`crate::arm`], but for those.
    pub async fn classic_administrators(&self, id: &SubscriptionId) -> Result<Vec<ClassicAdministrator>, Error> {
        let address = self.authorization(id, &["classicAdministrators"]);
        let address = with_query(&address, &[("api-version", "2015-07-01")]);
        match self.api.list("arm.classic_administrators.list", address).await {
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::UnsupportedVersion) => Ok(Vec::new()),
            outcome => outcome,
        }
    }

    async fn assignments(&self, id: &SubscriptionId, query: &[(&str, &str)]) -> Result<Vec<RoleAssignment>, Error> {
        let address = with_query(&self.authorization(id, &["roleAssignments"]), query);
        self.api.list(LIST, address).await
    }

    async fn assign(&self, address: String, body: Value) -> Result<Assigned, Error> {
        match self.write(&Call::put(CREATE, with_query(&address, &[VERSION]), body)).await {
            Ok(answer) if answer.status.as_u16() == 201 => Ok(Assigned::Created(answer.json()?)),
            Ok(answer) => Ok(Assigned::Unchanged(answer.json()?)),
            Err(error) if error.has_code("RoleAssignmentExists") => Ok(Assigned::ExistsUnderAnotherName),
            Err(error) => Err(error),
        }
    }

    /// The address of a role assignment at the subscription or anything in it, and of no other.
    fn assignment_at(
        &self,
        id: &SubscriptionId,
        scope: &str,
        name: &str,
        operation: &'static str,
    ) -> Result<String, Error> {
        let parts: Vec<&str> = scope.trim_matches('/').split('/').collect();
        let inside = match parts.as_slice() {
            [word, subscription, ..] => {
                word.eq_ignore_ascii_case("subscriptions")
                    && subscription.eq_ignore_ascii_case(id.as_str())
                    && parts.iter().all(|part| !matches!(*part, "" | "." | ".."))
            }
            _ => false,
        };
        if !inside {
            return Err(Error::new(ErrorKind::Invalid, operation).with_message("the scope is not in the subscription"));
        }
        let rest = ["providers", "Microsoft.Authorization", "roleAssignments", name];
        Ok(self.api.base.at(parts.into_iter().chain(rest)))
    }

    pub(super) fn authorization(&self, id: &SubscriptionId, rest: &[&str]) -> String {
        let scope = ["subscriptions", id.as_str(), "providers", "Microsoft.Authorization"];
        self.api.base.at(scope.into_iter().chain(rest.iter().copied()))
    }
}

pub(super) const VERSION: (&str, &str) = ("api-version", "2022-04-01");
const LIST: &str = "arm.role_assignments.list";
const CREATE: &str = "arm.role_assignments.create";

impl NewRole<'_> {
    fn body(&self) -> Value {
        json!({"properties": {
            "roleName": self.name,
            "description": self.description.unwrap_or_default(),
            "type": "CustomRole",
            "permissions": self.permissions,
            "assignableScopes": self.assignable_scopes,
        }})
    }
}

impl NewRoleAssignment<'_> {
    fn body(&self, id: &SubscriptionId) -> Value {
        let role = self.role;
        let mut properties = json!({
            "roleDefinitionId":
                format!("/subscriptions/{id}/providers/Microsoft.Authorization/roleDefinitions/{role}"),
            "principalId": self.principal.as_str(),
            "principalType": self.principal_type,
        });
        if let Some(description) = self.description {
            properties["description"] = description.into();
        }
        if let Some((condition, version)) = self.condition {
            properties["condition"] = condition.into();
            properties["conditionVersion"] = version.into();
        }
        json!({"properties": properties})
    }
}

/// The last part of a resource id, in lower case: Azure spells ids in more than one way.
pub(super) fn last_segment(id: &str) -> String {
    id.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_ascii_lowercase()
}

/// Whether a pattern with `*` for any run of characters covers an action, in any case.
fn covers(pattern: &str, action: &str) -> bool {
    let (pattern, action) = (pattern.to_ascii_lowercase(), action.to_ascii_lowercase());
    let mut parts = pattern.split('*');
    let Some(mut rest) = action.strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part).and_then(|place| rest.get(place + part.len()..)) {
            Some(after) => rest = after,
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUBSCRIPTION: &str = "a925f2f7-5c63-4b7b-8799-25a5f97bc3b2";
    const PERSON: &str = "ce2ce14e-85d7-4629-bdbc-454d0519d987";

    fn assignment(scope: &str, role: &str, extra: &str) -> RoleAssignment {
        serde_json::from_str(&format!(
            r#"{{"id":"/x","name":"n","properties":{{"scope":"{scope}","principalId":"{PERSON}",
                 "roleDefinitionId":"/providers/Microsoft.Authorization/roleDefinitions/{role}"{extra}}}}}"#
        ))
        .unwrap()
    }

    #[test]
    fn only_a_direct_unconditional_owner_counts_as_the_owner() {
        let id = SubscriptionId::parse(SUBSCRIPTION).unwrap();
        let person = ObjectId::parse(PERSON).unwrap();
        let scope = format!("/subscriptions/{}", SUBSCRIPTION.to_uppercase());
        let owns = |it: RoleAssignment| it.is_direct_owner(&id, &person);
        assert!(owns(assignment(&scope, &OWNER_ROLE.to_uppercase(), "")));
        assert!(owns(assignment(&scope, OWNER_ROLE, r#","condition":null"#)));
        assert!(!owns(assignment(&scope, OWNER_ROLE, r#","condition":"@x""#)));
        assert!(!owns(assignment("/", OWNER_ROLE, "")));
        assert!(!owns(assignment("/providers/Microsoft.Management/managementGroups/g", OWNER_ROLE, "")));
        assert!(!owns(assignment(&format!("{scope}/resourceGroups/g"), OWNER_ROLE, "")));
        assert!(!owns(assignment(&scope, "b24988ac-6180-42a0-ab88-20f7382dd24c", "")));
        let other = ObjectId::parse(SUBSCRIPTION).unwrap();
        assert!(!assignment(&scope, OWNER_ROLE, "").is_direct_owner(&id, &other));
    }

    #[test]
    fn a_role_assignment_survives_being_kept() {
        let it = assignment(
            "/subscriptions/x",
            OWNER_ROLE,
            r#","principalType":"ServicePrincipal","description":"d","condition":"c","conditionVersion":"2.0",
               "delegatedManagedIdentityResourceId":"/m","createdOn":"2030-01-01T00:00:00.123Z","createdBy":"b""#,
        );
        let kept = serde_json::to_string(&it).unwrap();
        assert_eq!(serde_json::from_str::<RoleAssignment>(&kept).unwrap(), it);
        for field in ["principalType", "description", "condition", "conditionVersion", "delegatedManagedIdentity"] {
            assert!(kept.contains(field), "{field}");
        }
    }

    #[test]
    fn permissions_are_evaluated_entry_by_entry() {
        let permissions = |text: &str| Permissions(serde_json::from_str(text).unwrap());
        let contributor = permissions(
            r#"[{"actions":["*"],"notActions":["Microsoft.Authorization/*/Write","Microsoft.Authorization/*/Delete"]}]"#,
        );
        assert!(!contributor.allow("Microsoft.Authorization/roleAssignments/write"));
        assert!(contributor.allow("Microsoft.Authorization/roleAssignments/read"));
        assert!(contributor.allow("Microsoft.Subscription/changeTenantRequest/write"));
        // Another entry that allows it is not bound by the first one's exceptions.
        let both = permissions(
            r#"[{"actions":["*"],"notActions":["Microsoft.Authorization/*/Write"]},
                {"actions":["microsoft.authorization/roleassignments/WRITE"]}]"#,
        );
        assert!(both.allow("Microsoft.Authorization/roleAssignments/write"));
        assert!(!permissions("[]").allow("x"));
    }

    #[test]
    fn a_star_covers_any_run_of_characters_and_nothing_else_does() {
        for (pattern, action, expected) in [
            ("*", "a/b/c", true),
            ("*/read", "a/b/read", true),
            ("*/read", "a/b/readx", false),
            ("a/*/c", "a/b/b/c", true),
            ("a/*/c", "a/c", false),
            ("a/*b*/c", "a/xbx/c", true),
            ("a/*b*/c", "a/xxx/c", false),
            ("a/b", "a/b/c", false),
            ("a/b/c", "a/b", false),
            ("", "a", false),
            ("a*a", "a", false),
        ] {
            assert_eq!(covers(pattern, action), expected, "{pattern} {action}");
        }
    }

    #[test]
    fn an_assignment_is_asked_for_with_its_principals_type() {
        let person = ObjectId::parse(PERSON).unwrap();
        let new = NewRoleAssignment {
            role: OWNER_ROLE,
            principal: &person,
            principal_type: "User",
            description: None,
            condition: Some(("c", "2.0")),
        };
        let body = new.body(&SubscriptionId::parse(SUBSCRIPTION).unwrap());
        assert_eq!(body["properties"]["principalType"], "User");
        assert_eq!(body["properties"]["conditionVersion"], "2.0");
        assert!(body["properties"].get("description").is_none());
    }
}
