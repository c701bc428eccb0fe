//! Groups, service principals, and objects of any kind by their ids.

use serde_json::{Value, json};

use super::users::{Filter, body as user, not_a_guest};
use super::{Errors, Refused, context, scope, select};
use crate::http::{Answer, Call};
use crate::scenario::{Group, ServicePrincipal};
use crate::world::{AccessToken, Ctx};

const GROUP_READERS: &[&str] = &["Group.Read.All", "GroupMember.Read.All", "Directory.Read.All"];
const APPLICATION_READERS: &[&str] = &["Application.Read.All", "Directory.Read.All"];

/// Objects by their ids; those of kinds that the token may not read are refused with the rest.
pub(crate) fn by_ids(ctx: &Ctx<'_>, call: &Call, token: &AccessToken, errors: &Errors) -> Result<Answer, Refused> {
    scope(token, errors, &["Directory.Read.All", "User.Read.All", "User.ReadWrite.All"])?;
    not_a_guest(ctx, token, errors)?;
    let asked = call.json().unwrap_or_default();
    let ids: Vec<&str> = asked["ids"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if ids.is_empty() || ids.len() > 1000 {
        return Err(errors.refuse(400, "Request_BadRequest", "Between 1 and 1000 ids can be asked for."));
    }
    let may = |any_of: &[&str]| token.scopes.iter().any(|it| any_of.contains(&it.as_str()));
    let tenant = ctx.cloud.tenant(&token.caller.tid).ok_or_else(|| errors.denied())?;
    let mut rows = Vec::new();
    for id in ids {
        let (mut row, kind, readable) = if let Some((person, membership)) = ctx.cloud.user(&tenant.tenant_id, id) {
            (user(ctx, person, membership), "user", true)
        } else if let Some(found) = tenant.groups.iter().find(|it| it.oid.eq_ignore_ascii_case(id)) {
            (group(found), "group", may(GROUP_READERS))
        } else if let Some(found) = tenant.service_principals.iter().find(|it| it.oid.eq_ignore_ascii_case(id)) {
            (service_principal(found, &tenant.tenant_id), "servicePrincipal", may(APPLICATION_READERS))
        } else {
            continue;
        };
        if !readable {
            // Graph says that there is such an object, and nothing of it.
            row = json!({"id": id});
        } else if kind == "user" {
            row = select(call, row, &["id", "displayName", "userPrincipalName", "mail"]);
        }
        row["@odata.type"] = json!(format!("#microsoft.graph.{kind}"));
        rows.push(row);
    }
    Ok(Answer::json(200, &json!({"@odata.context": context(ctx, "directoryObjects"), "value": rows})))
}

/// Which of these groups the caller is in, groups within groups too.
pub(crate) fn my_groups(ctx: &Ctx<'_>, call: &Call, token: &AccessToken, errors: &Errors) -> Result<Answer, Refused> {
    scope(token, errors, &["User.Read", "Directory.Read.All"])?;
    let asked = call.json().unwrap_or_default();
    let ids: Vec<&str> = asked["groupIds"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if ids.is_empty() || ids.len() > 20 {
        return Err(errors.refuse(400, "Request_BadRequest", "Between 1 and 20 groups can be asked for."));
    }
    let tenant = ctx.cloud.tenant(&token.caller.tid).ok_or_else(|| errors.denied())?;
    let mut members = vec![token.caller.oid.as_str()];
    let mut known = 0;
    while known < members.len() {
        known = members.len();
        for group in &tenant.groups {
            let holds = group.members.iter().any(|member| members.contains(&member.as_str()));
            if holds && !members.contains(&group.oid.as_str()) {
                members.push(&group.oid);
            }
        }
    }
    let mine: Vec<&str> = ids.into_iter().filter(|id| members.iter().any(|it| it.eq_ignore_ascii_case(id))).collect();
    Ok(Answer::json(200, &json!({"@odata.context": context(ctx, "Collection(Edm.String)"), "value": mine})))
}

pub(crate) fn groups(ctx: &Ctx<'_>, call: &Call, token: &AccessToken, errors: &Errors) -> Result<Answer, Refused> {
    scope(token, errors, GROUP_READERS)?;
    let tenant = ctx.cloud.tenant(&token.caller.tid).ok_or_else(|| errors.denied())?;
    let rows = tenant.groups.iter().map(group).collect();
    list(ctx, call, token, errors, "groups", rows)
}

pub(crate) fn service_principals(
    ctx: &Ctx<'_>,
    call: &Call,
    token: &AccessToken,
    errors: &Errors,
) -> Result<Answer, Refused> {
    scope(token, errors, APPLICATION_READERS)?;
    let tenant = ctx.cloud.tenant(&token.caller.tid).ok_or_else(|| errors.denied())?;
    let rows = tenant.service_principals.iter().map(|it| service_principal(it, &tenant.tenant_id)).collect();
    list(ctx, call, token, errors, "servicePrincipals", rows)
}

fn list(
    ctx: &Ctx<'_>,
    call: &Call,
    token: &AccessToken,
    errors: &Errors,
    of: &str,
    mut rows: Vec<Value>,
) -> Result<Answer, Refused> {
    not_a_guest(ctx, token, errors)?;
    if let Some(filter) = call.query("$filter") {
        let filter = Filter::parse(filter)
            .ok_or_else(|| errors.refuse(400, "Request_UnsupportedQuery", "Unsupported Query."))?;
        rows.retain(|row| filter.finds(row));
    }
    let usual: Vec<String> =
        rows.first().and_then(Value::as_object).map(|it| it.keys().cloned().collect()).unwrap_or_default();
    let usual: Vec<&str> = usual.iter().map(String::as_str).collect();
    let rows: Vec<Value> = rows.into_iter().map(|row| select(call, row, &usual)).collect();
    Ok(Answer::json(200, &json!({"@odata.context": context(ctx, of), "value": rows})))
}

fn group(group: &Group) -> Value {
    json!({
        "id": group.oid, "displayName": group.display_name, "mail": null, "mailEnabled": false, "groupTypes": [],
        "securityEnabled": true, "onPremisesSecurityIdentifier": group.on_premises_security_identifier,
    })
}

fn service_principal(principal: &ServicePrincipal, tenant: &str) -> Value {
    json!({
        "id": principal.oid,
        "displayName": principal.display_name,
        "appId": principal.app_id,
        "appOwnerOrganizationId": principal.app_owner_organization_id.as_deref().unwrap_or(tenant),
        "servicePrincipalType": principal.service_principal_type.as_deref().unwrap_or("Application"),
        "alternativeNames": principal.alternative_names,
        "accountEnabled": true,
    })
}
