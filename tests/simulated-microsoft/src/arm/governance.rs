//! What a subscription has beside access, to be read only: policy, locks, deny assignments, eligibility, delegation; its
//! resources; and the deployment that is only asked about.

use serde_json::{Value, json};

use super::errors::{Refused, refuse, subscription_not_found};
use super::{page_by, rbac, version};
use crate::http::{Answer, Call};
use crate::ledger::Kind;
use crate::random;
use crate::world::{AccessToken, Ctx};

/// The types, as the scenario names them, with the version that is live and the name of the token that leads on.
const LISTS: &[(&str, &str, &str)] = &[
    ("policyAssignments", "2022-06-01", "$skiptoken"),
    ("policyDefinitions", "2021-06-01", "$skiptoken"),
    ("policyExemptions", "2022-07-01-preview", "$skiptoken"),
    ("locks", "2020-05-01", "$skiptoken"),
    ("denyAssignments", "2022-04-01", "$skipToken"),
    ("roleEligibilityScheduleInstances", "2020-10-01", "$skipToken"),
    ("registrationAssignments", "2022-10-01", "$skiptoken"),
];

/// Lists one type; `None`: it is none of them.
pub(crate) fn list(
    ctx: &Ctx<'_>,
    call: &Call,
    token: &AccessToken,
    id: &str,
    kind: &str,
) -> Option<Result<Answer, Refused>> {
    let (kind, live, next) = LISTS.iter().find(|(name, ..)| name.eq_ignore_ascii_case(kind))?;
    Some(rows(ctx, call, token, id, kind, live, next))
}

fn rows(
    ctx: &Ctx<'_>,
    call: &Call,
    token: &AccessToken,
    id: &str,
    kind: &str,
    live: &str,
    next: &str,
) -> Result<Answer, Refused> {
    version(call, &[live])?;
    let provider =
        if kind == "registrationAssignments" { "Microsoft.ManagedServices" } else { "Microsoft.Authorization" };
    rbac::demand(ctx, token, id, &format!("{provider}/{kind}/read"))?;
    let subscription = ctx.cloud.subscription(id).ok_or_else(|| subscription_not_found(id))?;
    if kind == "roleEligibilityScheduleInstances" && !ctx.shared.knobs.eligible_assignments {
        return Err(refuse(
            400,
            "AadPremiumLicenseRequired",
            "The tenant needs to have Microsoft Entra ID P2 or Microsoft Entra ID Governance license.",
        ));
    }
    // `asTarget()`: only what is meant for the caller.
    let own = call.query("$filter").is_some_and(|filter| filter.eq_ignore_ascii_case("asTarget()"));
    let rows: Vec<&Value> = subscription
        .facts
        .governance
        .get(kind)
        .into_iter()
        .flatten()
        .filter(|row| !own || row["properties"]["principalId"] == token.caller.oid.as_str())
        .collect();
    page_by(ctx, call, rows, next, Clone::clone)
}

/// Every resource, newer ones than Resource Graph knows too.
pub(crate) fn resources(ctx: &Ctx<'_>, call: &Call, token: &AccessToken, id: &str) -> Result<Answer, Refused> {
    version(call, &["2021-04-01"])?;
    rbac::demand(ctx, token, id, "Microsoft.Resources/subscriptions/resources/read")?;
    let subscription = ctx.cloud.subscription(id).ok_or_else(|| subscription_not_found(id))?;
    let rows: Vec<&Value> = subscription.facts.resources.iter().collect();
    page_by(ctx, call, rows, "$skiptoken", |row| {
        let mut body = json!({"id": row["id"], "name": row["name"], "type": row["type"], "location": row["location"]});
        if let Some(kind) = row["kind"].as_str().filter(|it| !it.is_empty()) {
            body["kind"] = json!(kind);
        }
        if let Some(kind) = row["identityType"].as_str().filter(|it| !it.is_empty()) {
            body["identity"] = json!({"type": kind, "principalId": row["principalId"]});
        }
        body
    })
}

/// A deployment that is only asked about: nothing changes.
pub(crate) fn what_if(
    ctx: &mut Ctx<'_>,
    call: &Call,
    token: &AccessToken,
    id: &str,
    name: &str,
) -> Result<Answer, Refused> {
    version(call, &["2021-04-01"])?;
    rbac::demand(ctx, token, id, "Microsoft.Resources/deployments/whatIf/action")?;
    ctx.record(Kind::WhatIfAsked, Some(token.caller.clone()), id, json!({"name": name}));
    if ctx.shared.knobs.what_if_later {
        let address =
            format!("{}/subscriptions/{id}/operationresults/{}?api-version=2021-04-01", ctx.url("arm"), random::guid());
        return Ok(Answer::empty(202).header("location", address).header("retry-after", "0"));
    }
    Ok(succeeded())
}

/// What a what-if came to.
pub(crate) fn result(ctx: &Ctx<'_>, call: &Call, token: &AccessToken, id: &str) -> Result<Answer, Refused> {
    version(call, &["2021-04-01"])?;
    rbac::demand(ctx, token, id, "Microsoft.Resources/deployments/whatIf/action")?;
    Ok(succeeded())
}

fn succeeded() -> Answer {
    Answer::json(200, &json!({"status": "Succeeded", "properties": {"correlationId": random::guid(), "changes": []}}))
}

/// The Entra administrators of a database server: the scenario keeps them as the property `entraAdministrators`, which no list but
/// this one shows.
pub(crate) fn administrators(ctx: &Ctx<'_>, call: &Call, token: &AccessToken, id: &str) -> Result<Answer, Refused> {
    rbac::demand(ctx, token, id, "Microsoft.Sql/servers/administrators/read")?;
    let subscription = ctx.cloud.subscription(id).ok_or_else(|| subscription_not_found(id))?;
    let server = call.path.trim_end_matches('/').rsplit_once('/').map_or("", |(server, _)| server);
    let of = |it: &&Value| it["id"].as_str().is_some_and(|id| id.eq_ignore_ascii_case(server));
    let Some(resource) = subscription.facts.resources.iter().find(of) else {
        return Err(refuse(404, "ResourceNotFound", "The resource was not found."));
    };
    let rows: Vec<Value> = resource["properties"]["entraAdministrators"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|it| {
            json!({
                "id": format!("{server}/administrators/ActiveDirectory"), "name": "ActiveDirectory",
                "type": format!("{}/administrators", resource["type"].as_str().unwrap_or_default()), "properties": it,
            })
        })
        .collect();
    Ok(Answer::json(200, &json!({"value": rows})))
}
