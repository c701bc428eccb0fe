//! Role assignments, and the classic administrators that are left of older times.

use serde_json::{Value, json};

use super::errors::{Refused, refuse, subscription_not_found};
use super::rbac::{self, scope_of};
use super::{page_by, second_factor, version};
use crate::clock::instant;
use crate::http::{Answer, Call};
use crate::ledger::Kind;
use crate::scenario::RoleAssignment;
use crate::world::{AccessToken, Ctx, GLOBAL_ADMINISTRATOR, LiveAssignment, LiveSubscription, OWNER};

const VERSION: &[&str] = &["2022-04-01"];

pub(crate) fn list(ctx: &Ctx<'_>, call: &Call, token: &AccessToken, id: &str) -> Result<Answer, Refused> {
    version(call, VERSION)?;
    rbac::demand(ctx, token, id, "Microsoft.Authorization/roleAssignments/read")?;
    let subscription = ctx.cloud.subscription(id).ok_or_else(|| subscription_not_found(id))?;
    let filter = call.query("$filter").unwrap_or_default();
    let at_scope = filter.contains("atScope()");
    let quoted = |before: &str| {
        let after = filter.split_once(before)?.1.trim_start_matches(['(', ' ']).strip_prefix('\'')?;
        after.split_once('\'').map(|(value, _)| value)
    };
    let assigned_to = quoted("assignedTo");
    let principal = quoted("principalId eq");
    if !filter.is_empty() && !at_scope && assigned_to.is_none() && principal.is_none() {
        return Err(refuse(400, "UnsupportedFilter", "The filter of the request is not supported."));
    }
    let groups = |oid: &str| -> Vec<String> {
        let tenant = ctx.cloud.tenant(&subscription.facts.tenant_id);
        let groups = tenant.iter().flat_map(|tenant| &tenant.groups);
        groups.filter(|group| group.members.iter().any(|it| it == oid)).map(|group| group.oid.clone()).collect()
    };
    let rows: Vec<&LiveAssignment> = subscription
        .assignments
        .iter()
        .filter(|it| !at_scope || !scope_of(subscription, it).starts_with(&format!("{}/", subscription.scope())))
        .filter(|it| principal.is_none_or(|oid| it.facts.principal_id == oid))
        .filter(|it| {
            assigned_to.is_none_or(|oid| it.facts.principal_id == oid || groups(oid).contains(&it.facts.principal_id))
        })
        .collect();
    page_by(ctx, call, rows, "$skipToken", |it| body(subscription, it))
}

pub(crate) fn get(ctx: &Ctx<'_>, call: &Call, token: &AccessToken, id: &str, name: &str) -> Result<Answer, Refused> {
    version(call, VERSION)?;
    rbac::demand(ctx, token, id, "Microsoft.Authorization/roleAssignments/read")?;
    let subscription = ctx.cloud.subscription(id).ok_or_else(|| subscription_not_found(id))?;
    let found = subscription.assignments.iter().find(|it| it.facts.name == name);
    found
        .map(|it| Answer::json(200, &body(subscription, it)))
        .ok_or_else(|| refuse(404, "RoleAssignmentNotFound", &format!("The role assignment '{name}' is not found.")))
}

pub(crate) fn put(
    ctx: &mut Ctx<'_>,
    call: &Call,
    token: &AccessToken,
    id: &str,
    name: &str,
) -> Result<Answer, Refused> {
    version(call, VERSION)?;
    rbac::demand(ctx, token, id, "Microsoft.Authorization/roleAssignments/write")?;
    second_factor(ctx, token)?;
    if uuid::Uuid::try_parse(name).is_err() {
        return Err(refuse(
            400,
            "InvalidRoleAssignmentId",
            &format!("The role assignment ID '{name}' is not valid. The role assignment ID must be a GUID."),
        ));
    }
    let asked = call.json().unwrap_or_default();
    let text = |field: &str| asked["properties"][field].as_str().map(str::to_owned);
    let (Some(role), Some(principal)) = (text("roleDefinitionId"), text("principalId")) else {
        return Err(refuse(
            400,
            "InvalidRequestContent",
            "The request content was invalid: roleDefinitionId and principalId are required.",
        ));
    };
    let subscription = ctx.cloud.subscription(id).ok_or_else(|| subscription_not_found(id))?;
    let scope = asked_scope(call, subscription)?;
    writable(subscription)?;
    let role = role.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    if !rbac::roles(subscription).iter().any(|it| it.id == role) {
        return Err(refuse(
            400,
            "RoleDefinitionDoesNotExist",
            &format!("The specified role definition with ID '{role}' does not exist."),
        ));
    }
    if uuid::Uuid::try_parse(&principal).is_err() {
        return Err(refuse(
            400,
            "InvalidPrincipalId",
            &format!("A valid principal ID must be provided for role assignment. '{principal}' is not a GUID."),
        ));
    }
    let kind = principal_kind(ctx, &token.caller.tid, &principal, asked["properties"]["principalType"].as_str())?;
    // Names are unique in all of Azure, not only in one subscription.
    let elsewhere = ctx.cloud.subscriptions.iter().find_map(|other| {
        other
            .assignments
            .iter()
            .find(|it| it.facts.name == name)
            .map(|it| (other.facts.subscription_id.clone(), it.clone()))
    });
    if let Some((other, existing)) = elsewhere {
        let same = other.eq_ignore_ascii_case(id)
            && existing.facts.principal_id == principal
            && existing.facts.role_definition_id == role
            && scope_of(subscription, &existing) == scope;
        if !same {
            return Err(refuse(
                400,
                "RoleAssignmentUpdateNotPermitted",
                "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.",
            ));
        }
        return Ok(Answer::json(200, &body(subscription, &existing)));
    }
    let twin = subscription.assignments.iter().find(|it| {
        it.facts.principal_id == principal && it.facts.role_definition_id == role && scope_of(subscription, it) == scope
    });
    if let Some(twin) = twin {
        return Err(refuse(
            409,
            "RoleAssignmentExists",
            &format!(
                "The role assignment already exists. The ID of the existing role assignment is {}.",
                twin.facts.name.replace('-', "")
            ),
        ));
    }
    let now = ctx.now();
    let assignment = LiveAssignment {
        facts: RoleAssignment {
            name: name.to_owned(),
            principal_id: principal.clone(),
            principal_type: kind,
            role_definition_id: role.clone(),
            scope: (scope != subscription.scope()).then(|| scope.clone()),
            description: text("description"),
            condition: text("condition"),
            condition_version: text("conditionVersion"),
        },
        created_at: now,
        created_by: token.caller.oid.clone(),
        effective_from: now + ctx.shared.timing.role_assignment_effective_after_ms,
    };
    let answer = Answer::json(201, &body(subscription, &assignment));
    if let Some(subscription) = ctx.cloud.subscription_mut(id) {
        subscription.assignments.push(assignment);
    }
    let detail = json!({"name": name, "principalId": principal, "roleDefinitionId": role, "scope": scope, "by": "put"});
    ctx.record(Kind::RoleAssignmentCreated, Some(token.caller.clone()), id, detail);
    Ok(answer)
}

pub(crate) fn delete(
    ctx: &mut Ctx<'_>,
    call: &Call,
    token: &AccessToken,
    id: &str,
    name: &str,
) -> Result<Answer, Refused> {
    version(call, VERSION)?;
    rbac::demand(ctx, token, id, "Microsoft.Authorization/roleAssignments/delete")?;
    second_factor(ctx, token)?;
    let subscription = ctx.cloud.subscription(id).ok_or_else(|| subscription_not_found(id))?;
    writable(subscription)?;
    let Some(found) = subscription.assignments.iter().find(|it| it.facts.name == name) else {
        return Ok(Answer::empty(204));
    };
    let owners = subscription.assignments.iter().filter(|it| it.facts.role_definition_id == OWNER).count();
    let is_admin = ctx.cloud.has_role(&token.caller.tid, &token.caller.oid, &[GLOBAL_ADMINISTRATOR]);
    if found.facts.role_definition_id == OWNER && owners == 1 && !is_admin {
        return Err(refuse(
            400,
            "CannotDeleteLastRbacAdminAssignment",
            "Cannot delete the last RBAC admin assignment.",
        ));
    }
    let answer = Answer::json(200, &body(subscription, found));
    let detail = json!({"name": name, "principalId": found.facts.principal_id, "roleDefinitionId": found.facts.role_definition_id});
    if let Some(subscription) = ctx.cloud.subscription_mut(id) {
        subscription.assignments.retain(|it| it.facts.name != name);
    }
    ctx.record(Kind::RoleAssignmentDeleted, Some(token.caller.clone()), id, detail);
    Ok(answer)
}

/// Classic administrators were retired: nobody is left.
pub(crate) fn classic(ctx: &Ctx<'_>, call: &Call, token: &AccessToken, id: &str) -> Result<Answer, Refused> {
    version(call, &["2015-07-01"])?;
    rbac::demand(ctx, token, id, "Microsoft.Authorization/classicAdministrators/read")?;
    Ok(Answer::json(200, &json!({"value": []})))
}

/// The scope in the address: the subscription, or a resource group or resource that exists in it.
fn asked_scope(call: &Call, subscription: &LiveSubscription) -> Result<String, Refused> {
    const TYPE: &str = "/providers/microsoft.authorization/roleassignments/";
    let path = format!("/{}", call.parts().join("/"));
    let end = path.to_ascii_lowercase().rfind(TYPE).unwrap_or(path.len());
    let scope = path.get(..end).unwrap_or_default();
    let here = subscription.scope();
    if scope.eq_ignore_ascii_case(&here) {
        return Ok(here);
    }
    let group = scope.get(here.len()..).and_then(|it| it.split('/').nth(2)).unwrap_or_default();
    let inside = format!("{here}/resourceGroups/{group}").to_ascii_lowercase();
    let lower = scope.to_ascii_lowercase();
    let resource_is = |fits: &dyn Fn(&str) -> bool| {
        subscription.facts.resources.iter().filter_map(|it| it["id"].as_str()).any(|it| fits(&it.to_ascii_lowercase()))
    };
    let group_known = subscription.facts.resource_groups.iter().any(|it| it.eq_ignore_ascii_case(group))
        || resource_is(&|it| it.starts_with(&format!("{inside}/")));
    if !group_known {
        return Err(refuse(404, "ResourceGroupNotFound", &format!("Resource group '{group}' could not be found.")));
    }
    // What lies below a resource is known to the resource only.
    if lower != inside && !resource_is(&|it| lower == it || lower.starts_with(&format!("{it}/"))) {
        return Err(refuse(404, "ResourceNotFound", &format!("The Resource '{scope}' was not found.")));
    }
    Ok(scope.to_owned())
}

/// Refuses writes in a subscription that is not enabled.
pub(crate) fn writable(subscription: &LiveSubscription) -> Result<(), Refused> {
    if matches!(subscription.facts.state.as_str(), "Enabled" | "PastDue") {
        return Ok(());
    }
    Err(refuse(
        409,
        "ReadOnlyDisabledSubscription",
        &format!(
            "The subscription '{}' is disabled and therefore marked as read only. You cannot perform any write actions on this subscription until it is re-enabled.",
            subscription.facts.subscription_id
        ),
    ))
}

/// What kind of principal this is in the tenant; refuses one that does not exist there, or not yet.
fn principal_kind(ctx: &Ctx<'_>, tenant_id: &str, oid: &str, asked: Option<&str>) -> Result<String, Refused> {
    let not_found = || {
        refuse(
            400,
            "PrincipalNotFound",
            &format!(
                "Principal {} does not exist in the directory {tenant_id}. Check that you have the correct principal ID. If you are creating this principal and then immediately assigning a role, this error might be related to a replication delay. In this case, set the role assignment principalType property to a value, such as ServicePrincipal, User, or Group.  See https://aka.ms/docs-principaltype",
                oid.replace('-', "")
            ),
        )
    };
    let tenant = ctx.cloud.tenant(tenant_id).ok_or_else(not_found)?;
    let kind = if ctx.cloud.user(tenant_id, oid).is_some() {
        "User"
    } else if tenant.groups.iter().any(|it| it.oid == oid) {
        "Group"
    } else if tenant.service_principals.iter().any(|it| it.oid == oid) {
        "ServicePrincipal"
    } else {
        return Err(not_found());
    };
    let guest = ctx.cloud.guests.iter().find(|it| it.oid == oid);
    let replicated = guest.is_none_or(|it| ctx.now() >= it.invited_at + ctx.shared.timing.guest_known_to_rbac_after_ms);
    let skips = asked.is_some() && ctx.shared.knobs.principal_type_skips_replication;
    if !replicated && !skips {
        return Err(not_found());
    }
    if asked.is_some_and(|asked| asked != kind) {
        return Err(refuse(
            400,
            "UnmatchedPrincipalType",
            &format!(
                "The PrincipalId '{oid}' has type '{kind}', which is different from the specified PrincipalType '{}'.",
                asked.unwrap_or_default()
            ),
        ));
    }
    Ok(kind.to_owned())
}

fn body(subscription: &LiveSubscription, assignment: &LiveAssignment) -> Value {
    let facts = &assignment.facts;
    let scope = scope_of(subscription, assignment);
    let custom = subscription.custom_roles.iter().any(|it| it.name == facts.role_definition_id);
    // Built-in roles come back without the subscription in front, custom ones with it.
    let prefix = if custom { subscription.scope() } else { String::new() };
    let mut properties = json!({
        "roleDefinitionId": format!("{prefix}/providers/Microsoft.Authorization/roleDefinitions/{}", facts.role_definition_id),
        "principalId": facts.principal_id,
        "principalType": facts.principal_type,
        "scope": scope,
        "createdOn": instant(assignment.created_at),
        "updatedOn": instant(assignment.created_at),
        "createdBy": assignment.created_by,
        "updatedBy": assignment.created_by,
    });
    let optional = [
        ("description", &facts.description),
        ("condition", &facts.condition),
        ("conditionVersion", &facts.condition_version),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            properties[name] = json!(value);
        }
    }
    json!({
        "id": format!("{}/providers/Microsoft.Authorization/roleAssignments/{}", scope.trim_end_matches('/'), facts.name),
        "name": facts.name,
        "type": "Microsoft.Authorization/roleAssignments",
        "properties": properties,
    })
}
