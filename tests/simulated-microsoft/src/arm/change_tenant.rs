//! The change-directory family: the request, its acceptance, its status.

use serde_json::{Value, json};

use super::errors::{Refused, not_authorized, refuse, subscription_not_found};
use super::role_assignments::writable;
use super::{rbac, second_factor, version};
use crate::clock::{Millis, instant};
use crate::http::{Answer, Call};
use crate::knobs::{NoRequest, RepeatedPut, SecondAcceptance, StatusBefore, When};
use crate::ledger::Kind;
use crate::world::{Acceptance, AccessToken, ChangeRequest, Ctx, GLOBAL_ADMINISTRATOR, LiveSubscription};

/// Newest first.
const VERSIONS: &[&str] = &["2026-08-01-preview", "2025-11-01-preview", "2024-08-01-preview"];
const OLD: &str = "2024-08-01-preview";
const DAY: Millis = 24 * 60 * 60 * 1000;
const READ: &str = "Microsoft.Subscription/changeTenantRequest/read";
const WRITE: &str = "Microsoft.Subscription/changeTenantRequest/write";
const DELETE: &str = "Microsoft.Subscription/changeTenantRequest/delete";
/// Directory roles that make an acceptor an "Entra admin", where that is asked for.
const ADMINS: &[&str] = &[GLOBAL_ADMINISTRATOR, "Privileged Role Administrator", "User Administrator"];

fn live_version<'a>(ctx: &Ctx<'_>, call: &'a Call) -> Result<&'a str, Refused> {
    let from = VERSIONS.iter().position(|it| *it == ctx.shared.knobs.newest_version).unwrap_or_default();
    version(call, VERSIONS.get(from..).unwrap_or_default())
}

fn found<'a>(ctx: &'a Ctx<'_>, id: &str) -> Result<&'a LiveSubscription, Refused> {
    ctx.cloud.subscription(id).ok_or_else(|| subscription_not_found(id))
}

fn no_request(id: &str) -> Refused {
    refuse(404, "ChangeTenantRequestNotFound", &format!("No change tenant request was found for subscription '{id}'."))
}

pub(crate) fn list(ctx: &Ctx<'_>, call: &Call, token: &AccessToken, id: &str) -> Result<Answer, Refused> {
    let version = live_version(ctx, call)?;
    rbac::demand(ctx, token, id, READ)?;
    let subscription = found(ctx, id)?;
    let rows: Vec<Value> =
        shown(ctx, subscription).map(|it| wrapped(ctx, subscription, it, version)).into_iter().collect();
    Ok(Answer::json(200, &json!({"value": rows, "nextLink": null})))
}

pub(crate) fn get(ctx: &Ctx<'_>, call: &Call, token: &AccessToken, id: &str) -> Result<Answer, Refused> {
    let version = live_version(ctx, call)?;
    rbac::demand(ctx, token, id, READ)?;
    let subscription = found(ctx, id)?;
    match (shown(ctx, subscription), ctx.shared.knobs.no_request) {
        (Some(request), _) => Ok(Answer::json(200, &wrapped(ctx, subscription, request, version))),
        (None, NoRequest::NotFound) => Err(no_request(id)),
        (None, NoRequest::Empty) => Ok(Answer::json(200, &frame(subscription, version))),
    }
}

/// The request that the source side sees: pending, or accepted and on its way.
fn shown<'a>(ctx: &Ctx<'_>, subscription: &'a LiveSubscription) -> Option<&'a ChangeRequest> {
    let on_its_way = || subscription.request.as_ref().filter(|it| it.accepted.as_ref().is_some_and(|it| !it.moved));
    subscription.pending(ctx.now()).or_else(on_its_way)
}

pub(crate) fn put(ctx: &mut Ctx<'_>, call: &Call, token: &AccessToken, id: &str) -> Result<Answer, Refused> {
    let version = live_version(ctx, call)?.to_owned();
    let subscription = found(ctx, id)?;
    if !rbac::is_direct_owner(ctx, token, subscription) {
        return Err(not_authorized(&token.email, &token.caller.oid, WRITE, &subscription.scope()));
    }
    second_factor(ctx, token)?;
    if ctx.shared.knobs.registration_required && !subscription.registered {
        return Err(refuse(
            409,
            "MissingSubscriptionRegistration",
            "The subscription is not registered to use namespace 'Microsoft.Subscription'. See https://aka.ms/rps-not-found for how to register subscriptions.",
        ));
    }
    writable(subscription)?;
    let quota = &subscription.facts.quota_id;
    if ["CSP_", "Internal_", "DreamSpark_"].iter().any(|it| quota.starts_with(it)) {
        return Err(refuse(
            400,
            "SubscriptionOfferNotSupported",
            &format!(
                "Changing the directory is not supported for subscription '{id}': its offer '{quota}' is not eligible."
            ),
        ));
    }
    let asked = call.json().unwrap_or_default();
    let text = |field: &str| asked["properties"][field].as_str().map(str::trim).filter(|it| !it.is_empty());
    let (Some(destination), Some(owner)) = (text("destinationTenantId"), text("destinationOwnerId")) else {
        return Err(refuse(
            400,
            "InvalidRequestContent",
            "The request content was invalid: properties.destinationTenantId and properties.destinationOwnerId are required.",
        ));
    };
    if uuid::Uuid::try_parse(destination).is_err() {
        return Err(refuse(400, "InvalidTenantId", &format!("The destination tenant '{destination}' is not a GUID.")));
    }
    if destination.eq_ignore_ascii_case(&token.caller.tid) {
        return Err(refuse(
            400,
            "InvalidDestinationTenant",
            "The destination tenant is the tenant of the subscription.",
        ));
    }
    let Some(tenant) = ctx.cloud.tenant(destination).cloned() else {
        return Err(refuse(
            400,
            "DestinationTenantNotFound",
            &format!("The destination tenant '{destination}' was not found."),
        ));
    };
    let source = ctx.cloud.tenant(&token.caller.tid).cloned();
    if let Some(policy) = source.map(|it| it.policy)
        && policy.leaving.blocks()
        && !policy.exempted_principals.contains(&token.caller.oid)
    {
        return Err(blocked("leaving", &token.caller.tid));
    }
    let resolved = resolve_owner(ctx, &tenant.tenant_id, owner);
    if resolved.is_none() && ctx.shared.knobs.destination_owner_checked_at == When::Put {
        return Err(refuse(
            400,
            "DestinationOwnerNotFound",
            &format!("The destination owner '{owner}' was not found in tenant '{destination}'."),
        ));
    }
    let destination_owner = resolved.unwrap_or_else(|| owner.to_owned());
    if ctx.shared.knobs.entering_policy_checked_at == When::Put
        && tenant.policy.into.blocks()
        && !tenant.policy.exempted_principals.contains(&destination_owner)
    {
        return Err(blocked("entering", destination));
    }
    let now = ctx.now();
    let repeated = shown(ctx, subscription).cloned();
    if let Some(earlier) = &repeated {
        if earlier.accepted.is_some() {
            return Err(refuse(409, "ChangeTenantRequestInProgress", "The subscription's directory is being changed."));
        }
        match ctx.shared.knobs.repeated_put {
            RepeatedPut::Overwrite => {}
            RepeatedPut::Conflict => {
                return Err(refuse(
                    409,
                    "ChangeTenantRequestExists",
                    "A change tenant request is pending for the subscription.",
                ));
            }
            RepeatedPut::Keep => return Ok(Answer::json(200, &wrapped(ctx, subscription, earlier, &version))),
        }
    }
    let request = ChangeRequest {
        destination_tenant: tenant.tenant_id,
        destination_owner,
        source_tenant: token.caller.tid.clone(),
        source_owner: token.caller.oid.clone(),
        source_email: token.email.clone(),
        created_at: now,
        expires_at: now + DAY,
        accepted: None,
    };
    let answer = Answer::json(200, &wrapped(ctx, subscription, &request, &version));
    let detail = json!({
        "destinationTenantId": request.destination_tenant,
        "destinationOwnerId": request.destination_owner,
        "replaced": repeated.is_some(),
    });
    if let Some(subscription) = ctx.cloud.subscription_mut(id) {
        subscription.request = Some(request);
    }
    ctx.record(Kind::ChangeTenantRequestInitiated, Some(token.caller.clone()), id, detail);
    Ok(answer)
}

pub(crate) fn delete(ctx: &mut Ctx<'_>, call: &Call, token: &AccessToken, id: &str) -> Result<Answer, Refused> {
    live_version(ctx, call)?;
    rbac::demand(ctx, token, id, DELETE)?;
    second_factor(ctx, token)?;
    let subscription = found(ctx, id)?;
    let Some(request) = shown(ctx, subscription) else { return Err(no_request(id)) };
    if request.accepted.is_some() {
        return Err(refuse(
            409,
            "ChangeTenantRequestInProgress",
            "The request was accepted and can no longer be cancelled.",
        ));
    }
    let detail = json!({"destinationTenantId": request.destination_tenant});
    if let Some(subscription) = ctx.cloud.subscription_mut(id) {
        subscription.request = None;
    }
    ctx.record(Kind::ChangeTenantRequestDeleted, Some(token.caller.clone()), id, detail);
    Ok(Answer::empty(200))
}

/// The request that this token's tenant may accept or has accepted.
fn for_acceptor(ctx: &mut Ctx<'_>, call: &Call, token: &AccessToken, id: &str) -> Result<ChangeRequest, Refused> {
    let now = ctx.now();
    let subscription = found(ctx, id)?;
    let request = subscription.request.clone().filter(|it| it.accepted.is_some() || now < it.expires_at);
    let Some(request) = request else { return Err(no_request(id)) };
    if request.destination_tenant != token.caller.tid {
        // The address names no tenant: to another tenant's token there is no such request.
        let detail = json!({"method": call.method, "path": call.path, "destination": request.destination_tenant});
        ctx.record(Kind::WrongTenantToken, Some(token.caller.clone()), id, detail);
        return Err(no_request(id));
    }
    Ok(request)
}

pub(crate) fn accept(ctx: &mut Ctx<'_>, call: &Call, token: &AccessToken, id: &str) -> Result<Answer, Refused> {
    live_version(ctx, call)?;
    let request = for_acceptor(ctx, call, token, id)?;
    second_factor(ctx, token)?;
    let scope = format!("/providers/Microsoft.Subscription/subscriptions/{id}");
    let refused =
        || not_authorized(&token.email, &token.caller.oid, "Microsoft.Subscription/acceptChangeTenant/action", &scope);
    let owner = resolve_owner(ctx, &request.destination_tenant, &request.destination_owner);
    if owner.as_ref() != Some(&token.caller.oid) {
        return Err(refused());
    }
    if ctx.shared.knobs.acceptor_must_be_admin && !ctx.cloud.has_role(&token.caller.tid, &token.caller.oid, ADMINS) {
        return Err(refused());
    }
    if request.accepted.is_some() {
        return match ctx.shared.knobs.second_acceptance {
            SecondAcceptance::NoContent => Ok(Answer::empty(204)),
            SecondAcceptance::Conflict => Err(refuse(
                409,
                "ChangeTenantRequestAlreadyAccepted",
                "The change tenant request has already been accepted.",
            )),
            SecondAcceptance::NotFound => Err(no_request(id)),
        };
    }
    let policy = ctx.cloud.tenant(&request.destination_tenant).map(|it| it.policy.clone());
    if let Some(policy) = policy
        && policy.into.blocks()
        && !policy.exempted_principals.contains(&token.caller.oid)
    {
        return Err(blocked("entering", &request.destination_tenant));
    }
    writable(found(ctx, id)?)?;
    let acceptance = Acceptance { at: ctx.now(), by: token.caller.clone(), moved: false };
    if let Some(request) = ctx.cloud.subscription_mut(id).and_then(|it| it.request.as_mut()) {
        request.accepted = Some(acceptance);
    }
    ctx.record(
        Kind::ChangeTenantRequestAccepted,
        Some(token.caller.clone()),
        id,
        json!({"to": request.destination_tenant}),
    );
    Ok(Answer::empty(204))
}

pub(crate) fn status(ctx: &mut Ctx<'_>, call: &Call, token: &AccessToken, id: &str) -> Result<Answer, Refused> {
    let version = live_version(ctx, call)?.to_owned();
    if ctx.shared.knobs.status_needs_mfa {
        second_factor(ctx, token)?;
    }
    let request = for_acceptor(ctx, call, token, id)?;
    if request.accepted.is_none() {
        match ctx.shared.knobs.status_before_acceptance {
            StatusBefore::Shown => {}
            StatusBefore::NotFound => return Err(no_request(id)),
            StatusBefore::Forbidden => {
                let scope = format!("/providers/Microsoft.Subscription/subscriptions/{id}");
                return Err(not_authorized(
                    &token.email,
                    &token.caller.oid,
                    "Microsoft.Subscription/changeTenantStatus/action",
                    &scope,
                ));
            }
        }
    }
    let subscription = found(ctx, id)?;
    let body = if version == OLD {
        json!({"status": status_word(ctx, &request)})
    } else {
        properties(ctx, subscription, &request, &version)
    };
    Ok(Answer::json(200, &body))
}

/// The destination owner's object id, given one or an e-mail address.
fn resolve_owner(ctx: &Ctx<'_>, tenant_id: &str, owner: &str) -> Option<String> {
    let by_email = || ctx.cloud.membership(owner, tenant_id);
    let user = ctx.cloud.user(tenant_id, owner).map(|(_, membership)| membership).or_else(by_email);
    user.map(|it| it.oid.clone())
}

fn blocked(way: &str, tenant: &str) -> Refused {
    refuse(
        403,
        "SubscriptionPolicyViolation",
        &format!(
            "Subscriptions {way} the tenant '{tenant}' are blocked by the tenant's subscription policy. Contact a Global Administrator of the tenant."
        ),
    )
}

fn status_word(ctx: &Ctx<'_>, request: &ChangeRequest) -> String {
    match &request.accepted {
        None => ctx.shared.knobs.pending_status.clone(),
        Some(acceptance) if acceptance.moved => "Completed".to_owned(),
        Some(_) => "InProgress".to_owned(),
    }
}

fn frame(subscription: &LiveSubscription, version: &str) -> Value {
    let slash = if version == OLD { "" } else { "/" };
    json!({
        "id": format!("{slash}subscriptions/{}/providers/Microsoft.Subscription/changeTenantRequest/default", subscription.facts.subscription_id),
        "name": "default",
        "type": "Microsoft.Subscription/changeTenantRequest",
    })
}

fn wrapped(ctx: &Ctx<'_>, subscription: &LiveSubscription, request: &ChangeRequest, version: &str) -> Value {
    let mut body = frame(subscription, version);
    body["properties"] = properties(ctx, subscription, request, version);
    body
}

fn properties(ctx: &Ctx<'_>, subscription: &LiveSubscription, request: &ChangeRequest, version: &str) -> Value {
    let status = status_word(ctx, request);
    // The definition wants a GUID; of an address that nobody has, none is known.
    let owner = if uuid::Uuid::try_parse(&request.destination_owner).is_ok() || version == OLD {
        request.destination_owner.clone()
    } else {
        "00000000-0000-0000-0000-000000000000".to_owned()
    };
    if version == OLD {
        return json!({
            "destinationTenantId": request.destination_tenant,
            "destinationOwnerId": owner,
            "status": status,
            "expiresOn": instant(request.expires_at),
        });
    }
    json!({
        "destinationTenantId": request.destination_tenant,
        "destinationOwnerId": owner,
        "subscriptionId": subscription.facts.subscription_id,
        "createdDate": instant(request.created_at),
        "acceptedDate": request.accepted.as_ref().map(|it| instant(it.at)),
        "sourceOwnerEmail": request.source_email,
        "sourceOwnerId": request.source_owner,
        "sourceTenantId": request.source_tenant,
        "status": status,
        "expiresOn": instant(request.expires_at),
    })
}
