//! Role definitions.

use serde_json::{Value, json};

use super::errors::{Refused, refuse, subscription_not_found};
use super::rbac::{self, Role};
use super::role_assignments::writable;
use super::{page, second_factor, version};
use crate::http::{Answer, Call};
use crate::ledger::Kind;
use crate::scenario::CustomRole;
use crate::world::{AccessToken, Ctx};

/// Azure's limit for custom roles in a directory.
const ROLES_PER_DIRECTORY: usize = 5000;
const READ: &str = "Microsoft.Authorization/roleDefinitions/read";

pub(crate) fn list(ctx: &Ctx<'_>, call: &Call, token: &AccessToken, id: &str) -> Result<Answer, Refused> {
    version(call, &["2022-04-01"])?;
    rbac::demand(ctx, token, id, READ)?;
    let subscription = ctx.cloud.subscription(id).ok_or_else(|| subscription_not_found(id))?;
    let filter = call.query("$filter").unwrap_or_default();
    let value = |name: &str| {
        filter.trim().strip_prefix(name)?.trim().strip_prefix("eq ")?.trim().strip_prefix('\'')?.strip_suffix('\'')
    };
    let wanted: Box<dyn Fn(&Role) -> bool> = if filter.is_empty() {
        Box::new(|_| true)
    } else if let Some(name) = value("roleName") {
        Box::new(move |role| role.name.eq_ignore_ascii_case(name))
    } else if let Some(kind) = value("type") {
        Box::new(move |role| kind.eq_ignore_ascii_case(if role.custom { "CustomRole" } else { "BuiltInRole" }))
    } else {
        return Err(refuse(400, "InvalidFilter", "The filter of the request is not supported."));
    };
    let rows = rbac::roles(subscription)
        .iter()
        .filter(|role| wanted(role))
        .map(|role| body(&subscription.scope(), role))
        .collect();
    page(ctx, call, rows, "$skipToken")
}

pub(crate) fn get(ctx: &Ctx<'_>, call: &Call, token: &AccessToken, id: &str, name: &str) -> Result<Answer, Refused> {
    version(call, &["2022-04-01"])?;
    rbac::demand(ctx, token, id, READ)?;
    let subscription = ctx.cloud.subscription(id).ok_or_else(|| subscription_not_found(id))?;
    rbac::roles(subscription)
        .iter()
        .find(|role| role.id == name)
        .map(|role| Answer::json(200, &body(&subscription.scope(), role)))
        .ok_or_else(|| {
            refuse(
                404,
                "RoleDefinitionDoesNotExist",
                &format!("The specified role definition with ID '{name}' does not exist."),
            )
        })
}

/// Makes a custom role, or replaces it under its GUID. Its name must be free in the whole directory.
pub(crate) fn put(
    ctx: &mut Ctx<'_>,
    call: &Call,
    token: &AccessToken,
    id: &str,
    name: &str,
) -> Result<Answer, Refused> {
    version(call, &["2022-04-01"])?;
    rbac::demand(ctx, token, id, "Microsoft.Authorization/roleDefinitions/write")?;
    second_factor(ctx, token)?;
    if uuid::Uuid::try_parse(name).is_err() {
        return Err(refuse(400, "InvalidRoleDefinitionId", &format!("The role definition ID '{name}' is not valid.")));
    }
    let subscription = ctx.cloud.subscription(id).ok_or_else(|| subscription_not_found(id))?;
    writable(subscription)?;
    let asked = call.json().unwrap_or_default();
    let properties = &asked["properties"];
    let permission = &properties["permissions"][0];
    let texts = |value: &Value| -> Vec<String> {
        value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let role_name = properties["roleName"].as_str().unwrap_or_default().to_owned();
    let assignable_scopes = texts(&properties["assignableScopes"]);
    let here = subscription.scope();
    let inside = |it: &String| it.eq_ignore_ascii_case(&here) || it.starts_with(&format!("{here}/"));
    if role_name.is_empty() || !permission.is_object() {
        return Err(refuse(400, "InvalidRoleDefinition", "The role definition needs a name and permissions."));
    }
    if assignable_scopes.is_empty() || !assignable_scopes.iter().all(inside) {
        return Err(refuse(
            400,
            "LinkedInvalidAssignableScopes",
            "One or more of the assignable scopes is not valid, or does not exist in this directory.",
        ));
    }
    let known = rbac::roles(subscription);
    if known.iter().any(|it| it.id == name && !it.custom) {
        return Err(refuse(400, "RoleDefinitionIsReadOnly", "A built-in role cannot be changed."));
    }
    let tenant = &subscription.facts.tenant_id;
    let taken = known.iter().any(|it| it.id != name && it.name.eq_ignore_ascii_case(&role_name))
        || ctx.cloud.subscriptions.iter().filter(|it| it.facts.tenant_id == *tenant).any(|it| {
            it.custom_roles.iter().any(|it| it.name != name && it.role_name.eq_ignore_ascii_case(&role_name))
        });
    if taken {
        return Err(refuse(
            409,
            "RoleDefinitionWithSameNameExists",
            &format!("A custom role with the same name '{role_name}' already exists in this directory."),
        ));
    }
    let in_directory: usize =
        ctx.cloud.subscriptions.iter().filter(|it| it.facts.tenant_id == *tenant).map(|it| it.custom_roles.len()).sum();
    let replaces = subscription.custom_roles.iter().any(|it| it.name == name);
    if !replaces && in_directory >= ROLES_PER_DIRECTORY {
        return Err(refuse(
            400,
            "RoleDefinitionLimitExceeded",
            "The number of custom roles in this directory is at its limit.",
        ));
    }
    let role = CustomRole {
        name: name.to_owned(),
        role_name: role_name.clone(),
        description: properties["description"].as_str().unwrap_or_default().to_owned(),
        actions: texts(&permission["actions"]),
        not_actions: texts(&permission["notActions"]),
        data_actions: texts(&permission["dataActions"]),
        not_data_actions: texts(&permission["notDataActions"]),
        assignable_scopes,
    };
    if let Some(subscription) = ctx.cloud.subscription_mut(id) {
        subscription.custom_roles.retain(|it| it.name != name);
        subscription.custom_roles.push(role);
    }
    ctx.record(
        Kind::RoleDefinitionCreated,
        Some(token.caller.clone()),
        id,
        json!({"name": name, "roleName": role_name, "replaced": replaces}),
    );
    let subscription = ctx.cloud.subscription(id).ok_or_else(|| subscription_not_found(id))?;
    let made = rbac::roles(subscription).into_iter().find(|it| it.id == name);
    made.map(|it| Answer::json(201, &body(&here, &it))).ok_or_else(|| subscription_not_found(id))
}

fn body(scope: &str, role: &Role) -> Value {
    let scopes =
        if role.assignable_scopes.is_empty() { vec![scope.to_owned()] } else { role.assignable_scopes.clone() };
    json!({
        "id": format!("{scope}/providers/Microsoft.Authorization/roleDefinitions/{}", role.id),
        "name": role.id,
        "type": "Microsoft.Authorization/roleDefinitions",
        "properties": {
            "roleName": role.name,
            "type": if role.custom { "CustomRole" } else { "BuiltInRole" },
            "description": role.description,
            "assignableScopes": if role.custom { scopes } else { vec!["/".to_owned()] },
            "permissions": [{
                "actions": role.actions, "notActions": role.not_actions,
                "dataActions": role.data_actions, "notDataActions": role.not_data_actions,
            }],
        },
    })
}
