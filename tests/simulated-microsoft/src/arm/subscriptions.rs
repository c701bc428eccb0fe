//! Subscriptions and tenants.

use serde_json::{Value, json};

use super::errors::{Refused, refuse, subscription_not_found};
use super::{page, rbac, version};
use crate::http::{Answer, Call};
use crate::world::{AccessToken, Ctx, LiveSubscription};

pub(crate) fn get(ctx: &Ctx<'_>, call: &Call, token: &AccessToken, id: &str) -> Result<Answer, Refused> {
    version(call, &["2022-12-01", "2016-06-01"])?;
    rbac::demand(ctx, token, id, "Microsoft.Resources/subscriptions/read")?;
    let subscription = ctx.cloud.subscription(id).ok_or_else(|| subscription_not_found(id))?;
    Ok(Answer::json(200, &body(subscription)))
}

/// Those that the caller can see in the token's tenant.
pub(crate) fn list(ctx: &Ctx<'_>, call: &Call, token: &AccessToken) -> Result<Answer, Refused> {
    version(call, &["2022-12-01"])?;
    if call.method != "GET" {
        return Err(refuse(405, "MethodNotAllowed", "The requested resource does not support this method."));
    }
    let now = ctx.now();
    let rows = ctx
        .cloud
        .subscriptions
        .iter()
        .filter(|it| it.facts.tenant_id == token.caller.tid && now >= it.visible_from)
        .filter(|it| rbac::may(ctx, token, it, "Microsoft.Resources/subscriptions/read"))
        .map(body)
        .collect();
    page(ctx, call, rows, "$skiptoken")
}

/// Those that the caller belongs to.
pub(crate) fn tenants(ctx: &Ctx<'_>, call: &Call, token: &AccessToken) -> Result<Answer, Refused> {
    version(call, &["2022-12-01"])?;
    let memberships = ctx.cloud.person(&token.email).map(|person| person.memberships.clone()).unwrap_or_default();
    let rows: Vec<Value> = memberships
        .iter()
        .filter(|it| it.external_user_state.as_deref() != Some("PendingAcceptance"))
        .filter_map(|it| ctx.cloud.tenant(&it.tenant_id))
        .map(|tenant| {
            json!({
                "id": format!("/tenants/{}", tenant.tenant_id),
                "tenantId": tenant.tenant_id,
                "countryCode": "US",
                "displayName": tenant.display_name,
                "domains": tenant.domains,
                "tenantCategory": "Home",
                "defaultDomain": tenant.default_domain,
                "tenantType": "AAD",
            })
        })
        .collect();
    page(ctx, call, rows, "$skiptoken")
}

/// Registers the provider of the change-directory family with the subscription.
pub(crate) fn register(ctx: &mut Ctx<'_>, call: &Call, token: &AccessToken, id: &str) -> Result<Answer, Refused> {
    version(call, &["2021-04-01"])?;
    rbac::demand(ctx, token, id, "Microsoft.Subscription/register/action")?;
    super::second_factor(ctx, token)?;
    let scope = ctx.cloud.subscription(id).map(LiveSubscription::scope).unwrap_or_default();
    if let Some(subscription) = ctx.cloud.subscription_mut(id) {
        subscription.registered = true;
    }
    Ok(Answer::json(
        200,
        &json!({
            "id": format!("{scope}/providers/Microsoft.Subscription"),
            "namespace": "Microsoft.Subscription",
            "registrationState": "Registered",
            "registrationPolicy": "RegistrationRequired",
            "resourceTypes": [],
        }),
    ))
}

fn body(subscription: &LiveSubscription) -> Value {
    let facts = &subscription.facts;
    json!({
        "id": subscription.scope(),
        "subscriptionId": facts.subscription_id,
        "tenantId": facts.tenant_id,
        "displayName": facts.display_name,
        "state": facts.state,
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": facts.quota_id,
            "spendingLimit": facts.spending_limit,
        },
        "authorizationSource": "RoleBased",
        "managedByTenants": facts.managed_by_tenants.iter().map(|it| json!({"tenantId": it})).collect::<Vec<_>>(),
    })
}
