//! The organization, its authorization policy, its roles.

use serde_json::{Value, json};

use super::{Errors, Refused, context, scope, select};
use crate::http::{Answer, Call};
use crate::scenario::{AccountKind, TenantKind};
use crate::world::{AccessToken, Ctx};

const ROLE_READERS: &[&str] = &["RoleManagement.Read.Directory", "Directory.Read.All"];

/// Roles, their template ids and what they are for.
const ROLES: &[(&str, &str, &str)] = &[
    (
        "Global Administrator",
        "62e90394-69f5-4237-9190-012177145e10",
        "Can manage all aspects of Microsoft Entra ID and Microsoft services that use Microsoft Entra identities.",
    ),
    (
        "Guest Inviter",
        "95e79109-95c0-4d8e-aee3-d01accf2d47b",
        "Can invite guest users independent of the 'members can invite guests' setting.",
    ),
    ("User Administrator", "fe930be7-5e62-47db-91af-98c3a49a38b1", "Can manage all aspects of users and groups."),
    ("Privileged Role Administrator", "e8611ab8-c189-46e8-94e1-60213ab1f814", "Can manage role assignments."),
];

pub(crate) fn organization(
    ctx: &Ctx<'_>,
    call: &Call,
    token: &AccessToken,
    errors: &Errors,
) -> Result<Answer, Refused> {
    scope(token, errors, &["User.Read", "Organization.Read.All", "Directory.Read.All"])?;
    let tenant = ctx.cloud.tenant(&token.caller.tid).ok_or_else(|| errors.denied())?;
    // With User.Read only, the rest stays empty.
    let full = token.scopes.iter().any(|it| matches!(it.as_str(), "Organization.Read.All" | "Directory.Read.All"));
    let partner = full && tenant.kind == TenantKind::Partner;
    let domains: Vec<Value> = tenant
        .domains
        .iter()
        .map(|it| {
            json!({
                "name": it, "isDefault": *it == tenant.default_domain, "isInitial": it.contains(".onmicrosoft."),
                "type": "Managed", "capabilities": "Email, OfficeCommunicationsOnline",
            })
        })
        .collect();
    let row = json!({
        "id": tenant.tenant_id,
        "displayName": tenant.display_name,
        "verifiedDomains": domains,
        "tenantType": full.then_some("AAD"),
        "partnerTenantType": partner.then_some("valueAddedResellerPartnerDelegatedAdmin"),
    });
    let row = select(call, row, &["id", "displayName", "verifiedDomains", "tenantType", "partnerTenantType"]);
    Ok(Answer::json(200, &json!({"@odata.context": context(ctx, "organization"), "value": [row]})))
}

pub(crate) fn authorization_policy(ctx: &Ctx<'_>, token: &AccessToken, errors: &Errors) -> Result<Answer, Refused> {
    scope(token, errors, &["Policy.Read.All"])?;
    let caller = ctx.cloud.user(&token.caller.tid, &token.caller.oid);
    if caller.is_none_or(|(person, it)| person.kind == AccountKind::Personal || it.user_type == "Guest") {
        return Err(errors.denied());
    }
    let tenant = ctx.cloud.tenant(&token.caller.tid).ok_or_else(|| errors.denied())?;
    Ok(Answer::json(
        200,
        &json!({
            "@odata.context": context(ctx, "policies/authorizationPolicy/$entity"),
            "id": "authorizationPolicy",
            "displayName": "Authorization Policy",
            "description": "Used to manage authorization related settings across the company.",
            "allowInvitesFrom": tenant.invites_from,
            "guestUserRoleId": "10dae51f-b6af-4016-8d66-8c2a99b929b3",
            "allowEmailVerifiedUsersToJoinOrganization": false,
        }),
    ))
}

pub(crate) fn roles(ctx: &Ctx<'_>, token: &AccessToken, errors: &Errors) -> Result<Answer, Refused> {
    scope(token, errors, ROLE_READERS)?;
    // Only roles that somebody was ever given are activated.
    let rows: Vec<Value> = ROLES
        .iter()
        .filter(|(name, ..)| ctx.cloud.users(&token.caller.tid).any(|(_, it)| it.roles.iter().any(|role| role == name)))
        .map(|role| body(&token.caller.tid, role))
        .collect();
    Ok(Answer::json(200, &json!({"@odata.context": context(ctx, "directoryRoles"), "value": rows})))
}

pub(crate) fn my_roles(ctx: &Ctx<'_>, call: &Call, token: &AccessToken, errors: &Errors) -> Result<Answer, Refused> {
    scope(token, errors, ROLE_READERS)?;
    let mine = ctx.cloud.user(&token.caller.tid, &token.caller.oid).map(|(_, it)| it.roles.clone()).unwrap_or_default();
    let rows: Vec<Value> = ROLES
        .iter()
        .filter(|(name, ..)| mine.iter().any(|it| it == name))
        .map(|role| {
            select(
                call,
                body(&token.caller.tid, role),
                &["id", "deletedDateTime", "description", "displayName", "roleTemplateId"],
            )
        })
        .collect();
    Ok(Answer::json(200, &json!({"@odata.context": context(ctx, "directoryRoles"), "value": rows})))
}

fn body(tenant: &str, (name, template, description): &(&str, &str, &str)) -> Value {
    // A role's id differs by tenant, its template's does not.
    let id = format!("{}{}", tenant.get(..8).unwrap_or_default(), template.get(8..).unwrap_or_default());
    json!({"id": id, "deletedDateTime": null, "description": description, "displayName": name, "roleTemplateId": template})
}
