//! People as a directory knows them.

use serde_json::{Value, json};

use super::{Errors, Refused, context, scope, select};
use crate::clock::second;
use crate::http::{Answer, Call};
use crate::ledger::Kind;
use crate::scenario::{AccountKind, Membership, Person};
use crate::world::{AccessToken, Ctx, GLOBAL_ADMINISTRATOR};

/// What an answer without `$select` holds.
const USUAL: &[&str] = &[
    "id",
    "businessPhones",
    "displayName",
    "givenName",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
];
const READERS: &[&str] = &["User.Read.All", "User.ReadWrite.All", "Directory.Read.All"];

pub(crate) fn me(ctx: &Ctx<'_>, call: &Call, token: &AccessToken, errors: &Errors) -> Result<Answer, Refused> {
    scope(token, errors, &["User.Read", "User.Read.All", "User.ReadWrite.All"])?;
    one(ctx, call, token, &token.caller.oid, errors)
}

pub(crate) fn get(
    ctx: &Ctx<'_>,
    call: &Call,
    token: &AccessToken,
    user: &str,
    errors: &Errors,
) -> Result<Answer, Refused> {
    if user == token.caller.oid {
        scope(token, errors, &["User.Read", "User.Read.All", "User.ReadWrite.All"])?;
    } else {
        scope(token, errors, READERS)?;
        not_a_guest(ctx, token, errors)?;
    }
    one(ctx, call, token, user, errors)
}

/// Guests may not look around in a directory.
pub(super) fn not_a_guest(ctx: &Ctx<'_>, token: &AccessToken, errors: &Errors) -> Result<(), Refused> {
    let caller = ctx.cloud.user(&token.caller.tid, &token.caller.oid);
    if caller.is_some_and(|(_, it)| it.user_type == "Guest" && it.roles.is_empty()) {
        Err(errors.denied())
    } else {
        Ok(())
    }
}

fn one(ctx: &Ctx<'_>, call: &Call, token: &AccessToken, user: &str, errors: &Errors) -> Result<Answer, Refused> {
    let (person, membership) = find(ctx, &token.caller.tid, user).ok_or_else(|| not_found(errors, user))?;
    let mut answer = select(call, body(ctx, person, membership), USUAL);
    answer["@odata.context"] = context(ctx, "users/$entity");
    Ok(Answer::json(200, &answer))
}

fn find<'a>(ctx: &'a Ctx<'_>, tenant: &'a str, user: &str) -> Option<(&'a Person, &'a Membership)> {
    ctx.cloud
        .users(tenant)
        .find(|(_, it)| it.oid.eq_ignore_ascii_case(user) || it.user_principal_name.eq_ignore_ascii_case(user))
}

fn not_found(errors: &Errors, user: &str) -> Refused {
    errors.refuse(
        404,
        "Request_ResourceNotFound",
        &format!("Resource '{user}' does not exist or one of its queried reference-property objects are not present."),
    )
}

/// Lists those that a filter on addresses finds.
pub(crate) fn list(ctx: &Ctx<'_>, call: &Call, token: &AccessToken, errors: &Errors) -> Result<Answer, Refused> {
    scope(token, errors, READERS)?;
    not_a_guest(ctx, token, errors)?;
    let wanted = match call.query("$filter") {
        None => None,
        Some(filter) => Some(
            Filter::parse(filter)
                .ok_or_else(|| errors.refuse(400, "Request_UnsupportedQuery", "Unsupported Query."))?,
        ),
    };
    let rows: Vec<Value> = ctx
        .cloud
        .users(&token.caller.tid)
        .map(|(person, membership)| body(ctx, person, membership))
        .filter(|row| wanted.as_ref().is_none_or(|filter| filter.finds(row)))
        .map(|row| select(call, row, USUAL))
        .collect();
    Ok(Answer::json(200, &json!({"@odata.context": context(ctx, "users"), "value": rows})))
}

/// What may stand in a filter.
const FILTERED: &[&str] = &["mail", "otherMails", "userPrincipalName", "id", "onPremisesSecurityIdentifier", "appId"];
/// Graph refuses a filter with more conditions.
const CONDITIONS: usize = 15;

/// Clauses joined by `or`.
pub(super) struct Filter(Vec<(String, String)>);

impl Filter {
    /// Reads `mail eq 'x' or otherMails/any(x:x eq 'y') or userPrincipalName eq 'z'`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut clauses = Vec::new();
        let mut rest = text.trim();
        while !rest.is_empty() {
            let (field, after) = if let Some(after) = rest.strip_prefix("otherMails/any(") {
                let (variable, after) = after.split_once(':')?;
                ("otherMails", after.trim_start().strip_prefix(variable.trim())?)
            } else {
                let (field, after) = rest.split_once(' ')?;
                (field, after)
            };
            if !FILTERED.contains(&field) {
                return None;
            }
            if let Some(list) = after.trim_start().strip_prefix("in (") {
                let (list, after) = list.split_once(')')?;
                clauses.extend(list.split(',').map(|it| (field.to_owned(), it.trim().trim_matches('\'').to_owned())));
                rest = after.trim_start();
                if !rest.is_empty() {
                    rest = rest.strip_prefix("or ")?.trim_start();
                }
                continue;
            }
            let (value, after) = quoted(after.trim_start().strip_prefix("eq")?.trim_start())?;
            clauses.push((field.to_owned(), value));
            rest = if field == "otherMails" { after.trim_start().strip_prefix(')')? } else { after }.trim_start();
            if !rest.is_empty() {
                rest = rest.strip_prefix("or ")?.trim_start();
            }
        }
        (!clauses.is_empty() && clauses.len() <= CONDITIONS).then_some(Self(clauses))
    }

    pub(super) fn finds(&self, row: &Value) -> bool {
        self.0.iter().any(|(field, value)| match &row[field] {
            Value::String(text) => text.eq_ignore_ascii_case(value),
            Value::Array(items) => items.iter().any(|it| it.as_str().is_some_and(|it| it.eq_ignore_ascii_case(value))),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
        })
    }
}

/// A quoted text, in which a doubled quote stands for one, and what follows.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut rest = text.strip_prefix('\'')?;
    loop {
        let (before, after) = rest.split_once('\'')?;
        value.push_str(before);
        match after.strip_prefix('\'') {
            Some(more) => {
                value.push('\'');
                rest = more;
            }
            None => return Some((value, after)),
        }
    }
}

/// Deletes a user. Only an administrator may; what the scenario calls a guest and what an invitation made are alike.
pub(crate) fn delete(ctx: &mut Ctx<'_>, token: &AccessToken, user: &str, errors: &Errors) -> Result<Answer, Refused> {
    scope(token, errors, &["User.ReadWrite.All", "User.DeleteRestore.All", "Directory.AccessAsUser.All"])?;
    let tenant = token.caller.tid.clone();
    if !ctx.cloud.has_role(&tenant, &token.caller.oid, &[GLOBAL_ADMINISTRATOR, "User Administrator"]) {
        return Err(errors.denied());
    }
    let (person, membership) = find(ctx, &tenant, user).ok_or_else(|| not_found(errors, user))?;
    let (oid, email, guest) = (membership.oid.clone(), person.email.clone(), membership.user_type == "Guest");
    for person in &mut ctx.cloud.people {
        person.memberships.retain(|it| !(it.tenant_id == tenant && it.oid == oid));
    }
    ctx.cloud.guests.retain(|it| it.oid != oid);
    ctx.record(
        Kind::GuestDeleted,
        Some(token.caller.clone()),
        &oid,
        json!({"tenantId": tenant, "account": email, "wasGuest": guest}),
    );
    Ok(Answer::empty(204))
}

pub(super) fn body(ctx: &Ctx<'_>, person: &Person, membership: &Membership) -> Value {
    let guest = ctx.cloud.guests.iter().find(|it| it.oid == membership.oid);
    let domain = ctx.cloud.tenant(&membership.tenant_id).map(|it| it.default_domain.clone()).unwrap_or_default();
    let mut identities = vec![json!({
        "signInType": "userPrincipalName", "issuer": domain, "issuerAssignedId": membership.user_principal_name,
    })];
    let accepted = membership.external_user_state.as_deref() != Some("PendingAcceptance");
    let home = match person.kind {
        AccountKind::Personal => Some("MicrosoftAccount"),
        AccountKind::Work if person.home_tenant_id != membership.tenant_id => Some("ExternalAzureAD"),
        AccountKind::Work => None,
    };
    if let Some(issuer) = home.filter(|_| accepted) {
        identities.insert(0, json!({"signInType": "federated", "issuer": issuer, "issuerAssignedId": null}));
    }
    let (given, family) = person.display_name.split_once(' ').unwrap_or((person.display_name.as_str(), ""));
    // Mail addresses of people homed elsewhere are also among their other addresses.
    let other: Vec<&str> = if person.home_tenant_id == membership.tenant_id { vec![] } else { vec![&person.email] };
    json!({
        "id": membership.oid,
        "accountEnabled": !membership.disabled,
        "businessPhones": [],
        "creationType": guest.map(|_| "Invitation"),
        "createdDateTime": guest.map(|it| second(it.invited_at)),
        "displayName": person.display_name,
        "givenName": given,
        "surname": family,
        "jobTitle": null,
        "mobilePhone": null,
        "officeLocation": null,
        "preferredLanguage": null,
        "mail": person.email,
        "otherMails": other,
        "userPrincipalName": membership.user_principal_name,
        "userType": membership.user_type,
        "externalUserState": membership.external_user_state,
        "externalUserStateChangeDateTime": guest.map(|it| second(it.state_changed_at)),
        "identities": identities,
        "onPremisesSecurityIdentifier": membership.on_premises_security_identifier,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filter_on_addresses_is_read_with_doubled_quotes() {
        let filter = Filter::parse("mail eq 'o''hara@fabrikam.com' or otherMails/any(x:x eq 'a@outlook.com')").unwrap();
        assert_eq!(
            filter.0,
            [
                ("mail".to_owned(), "o'hara@fabrikam.com".to_owned()),
                ("otherMails".to_owned(), "a@outlook.com".to_owned()),
            ]
        );
        assert!(Filter::parse("startswith(mail,'a')").is_none());
        assert!(Filter::parse("mail eq 'a' and mail eq 'b'").is_none());
    }
}
