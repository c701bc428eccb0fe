//! Role definitions.

use serde_json::{Value, json};

use super::errors::{Refused, refuse, subscription_not_found};
use super::rbac::{self, Role};
use super::{page, version};
use crate::http::{Answer, Call};
use crate::world::{AccessToken, Ctx};

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

fn body(scope: &str, role: &Role) -> Value {
    json!({
        "id": format!("{scope}/providers/Microsoft.Authorization/roleDefinitions/{}", role.id),
        "name": role.id,
        "type": "Microsoft.Authorization/roleDefinitions",
        "properties": {
            "roleName": role.name,
            "type": if role.custom { "CustomRole" } else { "BuiltInRole" },
            "description": role.description,
            "assignableScopes": [if role.custom { scope } else { "/" }],
            "permissions": [{"actions": role.actions, "notActions": role.not_actions, "dataActions": [], "notDataActions": []}],
        },
    })
}
