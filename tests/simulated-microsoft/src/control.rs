//! The control API: what happened, and what should happen next. JSON in, JSON out.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::faults::Fault;
use crate::http::Answer;
use crate::ledger::Kind;
use crate::random;
use crate::scenario::{Mfa, RoleAssignment, Rule, Scenario};
use crate::world::{CloudState, LiveAssignment, World};

/// An error of the control API.
struct Wrong {
    status: u16,
    message: String,
}

impl Wrong {
    fn bad(message: impl Into<String>) -> Self {
        Self { status: 400, message: message.into() }
    }

    fn missing(what: &str) -> Self {
        Self { status: 404, message: format!("there is no {what}") }
    }
}

type Outcome = Result<Value, Wrong>;

/// Answers a call.
pub(crate) fn answer(world: &mut World, method: &str, path: &str, query: &[(String, String)], body: &[u8]) -> Answer {
    settle(world);
    match route(world, method, path, query, body) {
        Ok(body) => Answer::json(200, &body),
        Err(wrong) => Answer::json(wrong.status, &json!({"error": wrong.message})),
    }
}

fn settle(world: &mut World) {
    for cloud in world.clouds.values_mut() {
        cloud.settle(&mut world.shared);
    }
}

fn route(world: &mut World, method: &str, path: &str, query: &[(String, String)], body: &[u8]) -> Outcome {
    let parts: Vec<String> = path
        .trim_end_matches('/')
        .split('/')
        .map(|part| percent_encoding::percent_decode_str(part).decode_utf8_lossy().into_owned())
        .collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    match (method, parts.as_slice()) {
        ("GET", ["ledger"]) => ledger(world, query),
        ("GET", ["requests"]) => Ok(json!(world.shared.requests)),
        ("GET", ["violations"]) => Ok(json!(world.shared.violations)),
        ("GET", ["secrets"]) => Ok(json!(world.shared.secrets)),
        ("GET", ["state"]) => Ok(state(world)),
        ("GET", ["knobs"]) => Ok(json!(world.shared.knobs)),
        ("POST", ["knobs"]) => knobs(world, body),
        ("GET", ["faults"]) => Ok(json!(world.shared.faults)),
        ("POST", ["faults"]) => {
            let fault: Fault = read(body)?;
            world.shared.faults.push(fault);
            Ok(json!(world.shared.faults))
        }
        ("DELETE", ["faults"]) => {
            world.shared.faults.clear();
            Ok(json!([]))
        }
        ("GET", ["timing"]) => Ok(json!(world.shared.timing)),
        ("POST", ["timing"]) => {
            world.shared.timing = merge(json!(world.shared.timing), body)?;
            Ok(json!(world.shared.timing))
        }
        ("GET", ["time"]) => Ok(time(world)),
        ("POST", ["time"]) => {
            let advance: Advance = read(body)?;
            world.shared.clock.advance(advance.advance_seconds.saturating_mul(1000));
            settle(world);
            Ok(time(world))
        }
        ("POST", ["reset"]) => {
            let scenario = if body.is_empty() {
                None
            } else {
                let text = std::str::from_utf8(body).map_err(|_| Wrong::bad("the scenario is no UTF-8"))?;
                Some(Scenario::from_json(text).map_err(|error| Wrong::bad(error.to_string()))?)
            };
            world.reset(scenario);
            Ok(json!({"reset": true}))
        }
        ("POST", ["policies" | "tenants", tenant]) => change_tenant(world, tenant, body),
        ("POST", ["users", email, "revoke"]) => revoke(world, email),
        ("POST", ["users", email]) => change_user(world, email, body),
        ("POST", ["subscriptions", id, "resources"]) => add_resources(world, id, body),
        ("POST", ["paging"]) => {
            let paging: Paging = read(body)?;
            world.shared.page_size = paging.page_size.max(1);
            Ok(json!({"pageSize": world.shared.page_size}))
        }
        ("POST", ["subscriptions", id]) => change_subscription(world, id, body),
        ("POST", ["subscriptions", id, "role-assignments"]) => assign(world, id, body),
        ("DELETE", ["subscriptions", id, "role-assignments", name]) => unassign(world, id, name),
        _ => Err(Wrong::missing("such control call; see the crate's documentation")),
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Wrong> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    serde_path_to_error::deserialize(&mut reader)
        .map_err(|error| Wrong::bad(format!("{}: {}", error.path(), error.inner())))
}

/// The ledger, or with `kind` and `subject` a part of it.
fn ledger(world: &World, query: &[(String, String)]) -> Outcome {
    let wanted = |name: &str| query.iter().find(|(given, _)| given == name).map(|(_, value)| json!(value));
    let (kind, subject) = (wanted("kind"), wanted("subject"));
    let rows: Vec<Value> = world
        .shared
        .ledger
        .iter()
        .map(|entry| json!(entry))
        .filter(|entry| kind.as_ref().is_none_or(|kind| entry["kind"] == *kind))
        .filter(|entry| subject.as_ref().is_none_or(|subject| entry["subject"] == *subject))
        .collect();
    Ok(json!(rows))
}

fn state(world: &World) -> Value {
    let clouds: serde_json::Map<String, Value> =
        world.clouds.iter().map(|(name, cloud)| (name.clone(), cloud_state(cloud, world))).collect();
    json!({"clouds": clouds})
}

fn cloud_state(cloud: &CloudState, world: &World) -> Value {
    let now = world.shared.now();
    let tenants: Vec<Value> = cloud
        .tenants
        .iter()
        .map(|tenant| {
            let users: Vec<Value> = cloud
                .users(&tenant.tenant_id)
                .map(|(person, it)| {
                    json!({
                        "email": person.email, "oid": it.oid, "userType": it.user_type, "roles": it.roles,
                        "externalUserState": it.external_user_state,
                        "invited": cloud.guests.iter().any(|guest| guest.oid == it.oid),
                    })
                })
                .collect();
            json!({
                "tenantId": tenant.tenant_id, "displayName": tenant.display_name, "domains": tenant.domains,
                "policy": tenant.policy, "invitesFrom": tenant.invites_from, "mfa": tenant.mfa, "users": users,
            })
        })
        .collect();
    let subscriptions: Vec<Value> = cloud
        .subscriptions
        .iter()
        .map(|it| {
            json!({
                "subscriptionId": it.facts.subscription_id, "displayName": it.facts.display_name,
                "tenantId": it.facts.tenant_id, "state": it.facts.state, "quotaId": it.facts.quota_id,
                "roleAssignments": it.assignments.iter().map(|it| &it.facts).collect::<Vec<_>>(),
                "customRoles": it.custom_roles,
                "pendingRequest": it.pending(now).map(|request| json!({
                    "destinationTenantId": request.destination_tenant,
                    "destinationOwnerId": request.destination_owner,
                })),
            })
        })
        .collect();
    json!({"tenants": tenants, "subscriptions": subscriptions})
}

fn time(world: &World) -> Value {
    json!({"now": crate::clock::instant(world.shared.now())})
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Paging {
    page_size: usize,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Resources {
    count: usize,
}

/// Adds web applications, the same ones every time.
fn add_resources(world: &mut World, id: &str, body: &[u8]) -> Outcome {
    let wanted: Resources = read(body)?;
    let subscription = world
        .clouds
        .values_mut()
        .find_map(|cloud| cloud.subscription_mut(id))
        .ok_or_else(|| Wrong::missing("such subscription"))?;
    let scope = subscription.scope();
    subscription.facts.resources.extend((0..wanted.count).map(|number| {
        json!({
            "id": format!("{scope}/resourceGroups/many/providers/Microsoft.Web/sites/site-{number:05}"),
            "name": format!("site-{number:05}"), "type": "microsoft.web/sites", "kind": "app",
            "location": "westeurope", "identityType": "", "principalId": "", "propTenant": "",
        })
    }));
    Ok(json!({"resources": subscription.facts.resources.len()}))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Advance {
    advance_seconds: i64,
}

/// Changes the knobs that the body names; the others stay.
fn knobs(world: &mut World, body: &[u8]) -> Outcome {
    world.shared.knobs = merge(json!(world.shared.knobs), body)?;
    Ok(json!(world.shared.knobs))
}

fn merge<T: DeserializeOwned>(mut whole: Value, changes: &[u8]) -> Result<T, Wrong> {
    let changes: serde_json::Map<String, Value> = read(changes)?;
    for (name, value) in changes {
        whole[name] = value;
    }
    read(whole.to_string().as_bytes())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TenantChange {
    leaving: Option<Rule>,
    into: Option<Rule>,
    exempted_principals: Option<Vec<String>>,
    invites_from: Option<String>,
    invites_nobody_of: Option<Vec<String>>,
    mfa: Option<Mfa>,
}

fn change_tenant(world: &mut World, id: &str, body: &[u8]) -> Outcome {
    let change: TenantChange = read(body)?;
    let found = world.clouds.values_mut().find_map(|cloud| {
        let name = cloud.name.clone();
        let tenant =
            cloud.tenants.iter_mut().find(|it| it.tenant_id == id || it.domains.iter().any(|domain| domain == id))?;
        Some((name, tenant))
    });
    let (cloud, tenant) = found.ok_or_else(|| Wrong::missing("such tenant"))?;
    tenant.policy.leaving = change.leaving.unwrap_or(tenant.policy.leaving);
    tenant.policy.into = change.into.unwrap_or(tenant.policy.into);
    if let Some(exempted) = change.exempted_principals {
        tenant.policy.exempted_principals = exempted;
    }
    if let Some(invites_from) = change.invites_from {
        tenant.invites_from = invites_from;
    }
    if let Some(domains) = change.invites_nobody_of {
        tenant.invites_nobody_of = domains;
    }
    tenant.mfa = change.mfa.unwrap_or(tenant.mfa);
    let (id, policy) = (tenant.tenant_id.clone(), json!(tenant.policy));
    world.shared.record(&cloud, Kind::PolicyChanged, None, &id, policy.clone());
    Ok(json!({"tenantId": id, "policy": policy}))
}

fn revoke(world: &mut World, email: &str) -> Outcome {
    let mut revoked = 0;
    for cloud in world.clouds.values_mut() {
        for token in cloud.refresh_tokens.values_mut().filter(|it| it.email.eq_ignore_ascii_case(email) && !it.revoked)
        {
            token.revoked = true;
            revoked += 1;
        }
    }
    world.shared.record("", Kind::RefreshTokensRevoked, None, email, json!({"revoked": revoked}));
    Ok(json!({"revoked": revoked}))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct UserChange {
    /// Which object's roles; without it only the account changes.
    tenant_id: Option<String>,
    roles: Option<Vec<String>>,
    /// Takes the person out of that tenant.
    remove: Option<bool>,
    mfa_registered: Option<bool>,
    password: Option<String>,
    /// The directory that their sign-ins end in, whichever is asked for; empty: the one that is asked for.
    signs_in_at: Option<String>,
}

fn change_user(world: &mut World, email: &str, body: &[u8]) -> Outcome {
    let change: UserChange = read(body)?;
    let person = world
        .clouds
        .values_mut()
        .flat_map(|cloud| &mut cloud.people)
        .find(|it| it.email.eq_ignore_ascii_case(email))
        .ok_or_else(|| Wrong::missing("such person"))?;
    person.mfa_registered = change.mfa_registered.unwrap_or(person.mfa_registered);
    if let Some(password) = change.password {
        person.password = password;
    }
    if let Some(tenant_id) = change.signs_in_at {
        let known = tenant_id.is_empty() || person.memberships.iter().any(|it| it.tenant_id == tenant_id);
        if !known {
            return Err(Wrong::missing("such membership"));
        }
        person.signs_in_at = Some(tenant_id).filter(|it| !it.is_empty());
    }
    if let Some(tenant_id) = change.tenant_id {
        let at = person.memberships.iter().position(|it| it.tenant_id == tenant_id);
        let at = at.ok_or_else(|| Wrong::missing("such membership"))?;
        if change.remove == Some(true) {
            person.memberships.remove(at);
        } else if let (Some(roles), Some(membership)) = (change.roles, person.memberships.get_mut(at)) {
            membership.roles = roles;
        }
    }
    let memberships = json!(person.memberships);
    world.shared.record("", Kind::ControlChange, None, email, memberships.clone());
    Ok(json!({"email": email, "memberships": memberships}))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SubscriptionChange {
    state: Option<String>,
    quota_id: Option<String>,
    spending_limit: Option<String>,
}

fn change_subscription(world: &mut World, id: &str, body: &[u8]) -> Outcome {
    let change: SubscriptionChange = read(body)?;
    let (cloud, subscription) = find(world, id)?;
    let facts = &mut subscription.facts;
    facts.state = change.state.unwrap_or_else(|| facts.state.clone());
    facts.quota_id = change.quota_id.unwrap_or_else(|| facts.quota_id.clone());
    facts.spending_limit = change.spending_limit.unwrap_or_else(|| facts.spending_limit.clone());
    let shown = json!({"state": facts.state, "quotaId": facts.quota_id, "spendingLimit": facts.spending_limit});
    world.shared.record(&cloud, Kind::ControlChange, None, id, shown.clone());
    Ok(shown)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Assign {
    principal_id: String,
    role_definition_id: String,
    #[serde(default)]
    principal_type: Option<String>,
    #[serde(default)]
    condition: Option<String>,
    #[serde(default)]
    scope: Option<String>,
}

fn assign(world: &mut World, id: &str, body: &[u8]) -> Outcome {
    let asked: Assign = read(body)?;
    let now = world.shared.now();
    let facts = RoleAssignment {
        name: random::guid(),
        principal_id: asked.principal_id,
        principal_type: asked.principal_type.unwrap_or_else(|| "User".to_owned()),
        role_definition_id: asked.role_definition_id,
        scope: asked.scope,
        description: None,
        condition_version: asked.condition.as_ref().map(|_| "2.0".to_owned()),
        condition: asked.condition,
    };
    let (cloud, subscription) = find(world, id)?;
    let shown = json!(facts);
    subscription.assignments.push(LiveAssignment {
        facts,
        created_at: now,
        created_by: String::new(),
        effective_from: now,
    });
    world.shared.record(&cloud, Kind::ControlChange, None, id, shown.clone());
    Ok(shown)
}

fn unassign(world: &mut World, id: &str, name: &str) -> Outcome {
    let (cloud, subscription) = find(world, id)?;
    let before = subscription.assignments.len();
    subscription.assignments.retain(|it| it.facts.name != name);
    let removed = before - subscription.assignments.len();
    world.shared.record(&cloud, Kind::ControlChange, None, id, json!({"removed": name}));
    Ok(json!({"removed": removed}))
}

fn find<'a>(world: &'a mut World, id: &str) -> Result<(String, &'a mut crate::world::LiveSubscription), Wrong> {
    world
        .clouds
        .values_mut()
        .find_map(|cloud| {
            let name = cloud.name.clone();
            cloud.subscription_mut(id).map(|it| (name, it))
        })
        .ok_or_else(|| Wrong::missing("such subscription"))
}
