//! The tenant's policy on subscriptions that come and go.

use serde_json::{Value, json};

use super::errors::{Refused, refuse};
use super::version;
use crate::http::{Answer, Call};
use crate::knobs::UnsetPolicy;
use crate::scenario::Rule;
use crate::world::{AccessToken, Ctx, GLOBAL_ADMINISTRATOR};

pub(crate) fn get(ctx: &Ctx<'_>, call: &Call, token: &AccessToken) -> Result<Answer, Refused> {
    let version = version(call, &["2021-10-01", "2026-08-01-preview", "2025-11-01-preview", "2024-08-01-preview"])?;
    let is_admin = ctx.cloud.has_role(&token.caller.tid, &token.caller.oid, &[GLOBAL_ADMINISTRATOR]);
    if !is_admin && !ctx.shared.knobs.policy_readable {
        return Err(super::errors::not_authorized(
            &token.email,
            &token.caller.oid,
            "Microsoft.Subscription/Policies/read",
            "/providers/Microsoft.Subscription/policies/default",
        ));
    }
    let not_found = || refuse(404, "PolicyNotFound", "The tenant has no subscription policy.");
    let policy = ctx.cloud.tenant(&token.caller.tid).map(|it| it.policy.clone()).ok_or_else(not_found)?;
    let mut properties = json!({"policyId": token.caller.tid});
    for (name, rule) in
        [("blockSubscriptionsLeavingTenant", policy.leaving), ("blockSubscriptionsIntoTenant", policy.into)]
    {
        let shown = match (rule, ctx.shared.knobs.unset_policy) {
            (Rule::Allow, _) | (Rule::Unset, UnsetPolicy::False) => json!(false),
            (Rule::Block, _) | (Rule::Unset, UnsetPolicy::True) => json!(true),
            (Rule::Unset, UnsetPolicy::Null) => Value::Null,
            (Rule::Unset, UnsetPolicy::Absent) => continue,
            (Rule::Unset, UnsetPolicy::NotFound) => return Err(not_found()),
        };
        properties[name] = shown;
    }
    // Only Global Administrators see who is exempted.
    properties["exemptedPrincipals"] = if is_admin { json!(policy.exempted_principals) } else { json!([]) };
    let slash = if version == "2021-10-01" { "" } else { "/" };
    Ok(Answer::json(
        200,
        &json!({
            "id": format!("{slash}providers/Microsoft.Subscription/policies/default"),
            "name": "default",
            "type": "providers/Microsoft.Subscription/policies",
            "properties": properties,
        }),
    ))
}
