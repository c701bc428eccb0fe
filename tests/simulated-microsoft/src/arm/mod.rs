//! Azure Resource Manager: who may call, and which call it is.

mod change_tenant;
mod errors;
mod governance;
mod policies;
mod rbac;
mod resource_graph;
mod role_assignments;
mod role_definitions;
mod subscriptions;

use serde_json::{Value, json};

use self::errors::{Refused, refuse};
use crate::http::{Answer, Call};
use crate::ledger::Kind;
use crate::random;
use crate::world::{AccessToken, Ctx, Resource};

/// Answers a call.
pub(crate) fn answer(ctx: &mut Ctx<'_>, call: &Call) -> Answer {
    let answer = route(ctx, call).unwrap_or_else(|refused| *refused);
    let id = random::guid();
    let answer = answer
        .header("x-ms-request-id", id.clone())
        .header("x-ms-correlation-request-id", random::guid())
        .header("x-ms-ratelimit-remaining-subscription-reads", "249")
        .header("x-ms-routing-request-id", format!("WESTEUROPE:{id}"))
        .header("cache-control", "no-cache");
    match (call.header("x-ms-return-client-request-id"), call.header("x-ms-client-request-id")) {
        (Some("true"), Some(id)) => answer.header("x-ms-client-request-id", id),
        _ => answer,
    }
}

/// ARM ignores letter case in the fixed parts of a path, so routing looks at them in lower case.
fn route(ctx: &mut Ctx<'_>, call: &Call) -> Result<Answer, Refused> {
    let parts = call.parts();
    let lower: Vec<String> = parts.iter().map(|it| it.to_ascii_lowercase()).collect();
    let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
    let method = call.method.as_str();
    match lower.as_slice() {
        ["subscriptions"] => {
            let token = authenticate(ctx, call, None)?;
            subscriptions::list(ctx, call, &token)
        }
        ["tenants"] => {
            let token = authenticate(ctx, call, None)?;
            subscriptions::tenants(ctx, call, &token)
        }
        ["subscriptions", id, rest @ ..] => {
            let token = in_subscription(ctx, call, id)?;
            if matches!(method, "PUT" | "DELETE") {
                allowance(ctx, &token, id)?;
            }
            match (method, rest) {
                ("GET", []) => subscriptions::get(ctx, call, &token, id),
                (_, ["providers", "microsoft.authorization", rest @ ..]) => match (method, rest) {
                    ("GET", ["permissions"]) => rbac::permissions(ctx, call, &token, id),
                    ("GET", ["roleassignments"]) => role_assignments::list(ctx, call, &token, id),
                    ("GET", ["roleassignments", name]) => role_assignments::get(ctx, call, &token, id, name),
                    ("PUT", ["roleassignments", name]) => role_assignments::put(ctx, call, &token, id, name),
                    ("DELETE", ["roleassignments", name]) => role_assignments::delete(ctx, call, &token, id, name),
                    ("GET", ["roledefinitions"]) => role_definitions::list(ctx, call, &token, id),
                    ("GET", ["roledefinitions", name]) => role_definitions::get(ctx, call, &token, id, name),
                    ("GET", ["classicadministrators"]) => role_assignments::classic(ctx, call, &token, id),
                    ("PUT", ["roledefinitions", name]) => role_definitions::put(ctx, call, &token, id, name),
                    ("GET", [kind]) => {
                        governance::list(ctx, call, &token, id, kind).unwrap_or_else(|| Err(no_such_resource(call)))
                    }
                    _ => Err(no_such_resource(call)),
                },
                ("GET", ["providers", "microsoft.managedservices", kind @ "registrationassignments"]) => {
                    governance::list(ctx, call, &token, id, kind).unwrap_or_else(|| Err(no_such_resource(call)))
                }
                ("GET", ["resources"]) => governance::resources(ctx, call, &token, id),
                ("GET", ["resourcegroups", _, "providers", .., "administrators"]) => {
                    governance::administrators(ctx, call, &token, id)
                }
                ("POST", ["providers", "microsoft.resources", "deployments", name, "whatif"]) => {
                    governance::what_if(ctx, call, &token, id, name)
                }
                ("GET", ["operationresults", _]) => governance::result(ctx, call, &token, id),
                (_, [.., "providers", "microsoft.authorization", "roleassignments", name]) => match method {
                    "GET" => role_assignments::get(ctx, call, &token, id, name),
                    "PUT" => role_assignments::put(ctx, call, &token, id, name),
                    "DELETE" => role_assignments::delete(ctx, call, &token, id, name),
                    _ => Err(no_such_resource(call)),
                },
                (_, ["providers", "microsoft.subscription", "changetenantrequest", rest @ ..]) => {
                    match (method, rest) {
                        ("GET", []) => change_tenant::list(ctx, call, &token, id),
                        ("GET", ["default"]) => change_tenant::get(ctx, call, &token, id),
                        ("PUT", ["default"]) => change_tenant::put(ctx, call, &token, id),
                        ("DELETE", ["default"]) => change_tenant::delete(ctx, call, &token, id),
                        _ => Err(no_such_resource(call)),
                    }
                }
                ("POST", ["providers", "microsoft.subscription", "register"]) => {
                    subscriptions::register(ctx, call, &token, id)
                }
                _ => Err(no_such_resource(call)),
            }
        }
        ["providers", "microsoft.subscription", "subscriptions", id, operation] => {
            let token = authenticate(ctx, call, None)?;
            match (method, *operation) {
                ("POST", "acceptchangetenant") => change_tenant::accept(ctx, call, &token, id),
                ("POST", "changetenantstatus") => change_tenant::status(ctx, call, &token, id),
                _ => Err(no_such_resource(call)),
            }
        }
        ["providers", "microsoft.subscription", "policies", "default"] if method == "GET" => {
            let token = authenticate(ctx, call, None)?;
            policies::get(ctx, call, &token)
        }
        ["providers", "microsoft.resourcegraph", "resources"] if method == "POST" => {
            let token = authenticate(ctx, call, None)?;
            resource_graph::query(ctx, call, &token)
        }
        _ => Err(no_such_resource(call)),
    }
}

fn no_such_resource(call: &Call) -> Refused {
    refuse(
        404,
        "InvalidResourceType",
        &format!("The resource type could not be found for '{} {}'.", call.method, call.path),
    )
}

/// The token of a call below a subscription: it must be of the directory that the subscription trusts.
fn in_subscription(ctx: &mut Ctx<'_>, call: &Call, id: &str) -> Result<AccessToken, Refused> {
    if uuid::Uuid::try_parse(id).is_err() {
        return Err(refuse(
            400,
            "InvalidSubscriptionId",
            &format!("The provided subscription identifier '{id}' is malformed or invalid."),
        ));
    }
    let known = ctx.cloud.subscription(id).map(|it| (it.facts.tenant_id.clone(), it.visible_from));
    let Some((tenant, visible_from)) = known else {
        // Someone without a token learns no more than someone with one.
        return Err(errors::subscription_not_found(id));
    };
    let token = authenticate(ctx, call, Some(&tenant))?;
    if token.caller.tid != tenant {
        let detail = json!({"method": call.method, "path": call.path, "trusts": tenant});
        ctx.record(Kind::WrongTenantToken, Some(token.caller.clone()), id, detail);
        let message = format!(
            "The access token is from the wrong issuer '{}'. It must match the tenant '{}' associated with this subscription. Please use the authority (URL) '{}' to get the token. Note, if the subscription is transferred to another tenant there is no impact to the services, but information about new tenant could take time to propagate (up to an hour). If you just transferred your subscription and see this error message, please try back later.",
            issuer(ctx, &token.caller.tid),
            issuer(ctx, &tenant),
            format_args!("{}/{tenant}", ctx.url("login")),
        );
        return Err(errors::unauthorized(ctx, Some(&tenant), "InvalidAuthenticationTokenTenant", &message));
    }
    if ctx.now() < visible_from {
        return Err(errors::subscription_not_found(id));
    }
    Ok(token)
}

fn issuer(ctx: &Ctx<'_>, tenant: &str) -> String {
    format!("{}/{tenant}/", ctx.url("login"))
}

/// The token of any call: ours, for ARM, and still good.
fn authenticate(ctx: &Ctx<'_>, call: &Call, tenant: Option<&str>) -> Result<AccessToken, Refused> {
    let refused = |code: &str, message: &str| errors::unauthorized(ctx, tenant, code, message);
    if call.header("authorization").is_none() {
        return Err(refused("AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing."));
    }
    let Some(bearer) = call.bearer() else {
        return Err(refused(
            "AuthenticationFailedInvalidHeader",
            "Authentication failed. The 'Authorization' header is provided in an invalid format.",
        ));
    };
    let token = ctx.access_token(bearer).map_err(|expired| {
        if expired {
            refused("ExpiredAuthenticationToken", "The access token expiry UTC time is earlier than current UTC time.")
        } else {
            refused("InvalidAuthenticationToken", "The access token is invalid.")
        }
    })?;
    if token.resource != Resource::Arm || !token.scopes.iter().any(|it| it == "user_impersonation") {
        return Err(refused(
            "InvalidAuthenticationTokenAudience",
            "The access token has been obtained for wrong audience or resource.",
        ));
    }
    Ok(token)
}

/// Checks the api-version; gives it back.
fn version<'a>(call: &'a Call, live: &[&str]) -> Result<&'a str, Refused> {
    match call.query("api-version") {
        None => Err(refuse(
            400,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        )),
        Some(version) if live.contains(&version) => Ok(version),
        Some(version) => Err(refuse(
            400,
            "InvalidApiVersionParameter",
            &format!("The api-version '{version}' is invalid. The supported versions are '{}'.", live.join(",")),
        )),
    }
}

/// Refuses a write by a person who showed no second factor, where that is enforced.
fn second_factor(ctx: &Ctx<'_>, token: &AccessToken) -> Result<(), Refused> {
    // In the sovereign clouds it is not enforced.
    if token.mfa || ctx.cloud.name != "public" || !ctx.shared.knobs.writes_need_mfa {
        return Ok(());
    }
    Err(errors::needs_second_factor(ctx, &token.caller.tid))
}

/// Takes one write from what the person has left in the subscription: a bucket that fills again by the second.
fn allowance(ctx: &mut Ctx<'_>, token: &AccessToken, id: &str) -> Result<(), Refused> {
    let now = ctx.now();
    let full = i64::from(ctx.shared.knobs.writes_burst) * 1000;
    let rate = i64::from(ctx.shared.knobs.writes_per_second.max(1));
    let left = ctx.shared.writes.entry((id.to_owned(), token.caller.oid.clone())).or_insert((full, now));
    left.0 = (left.0 + (now - left.1).max(0) * rate).min(full);
    left.1 = now;
    if left.0 >= 1000 {
        left.0 -= 1000;
        return Ok(());
    }
    let message =
        "Number of 'write' requests for the subscription exceeded the limit. Please try again after some time.";
    Err(Box::new(refuse(429, "SubscriptionRequestsThrottled", message).header("retry-after", "1")))
}

/// One page of a list, and the link to the next.
fn page(ctx: &Ctx<'_>, call: &Call, rows: Vec<Value>, token_name: &str) -> Result<Answer, Refused> {
    page_by(ctx, call, rows, token_name, |row| row)
}

/// One page of a list, of which only the rows shown are written out: long lists stay quick.
fn page_by<T>(
    ctx: &Ctx<'_>,
    call: &Call,
    rows: Vec<T>,
    token_name: &str,
    body_of: impl Fn(T) -> Value,
) -> Result<Answer, Refused> {
    let from = match call.query(token_name) {
        None => 0,
        Some(text) => text
            .strip_prefix("page-")
            .and_then(|it| it.parse::<usize>().ok())
            .filter(|from| *from < rows.len())
            .ok_or_else(|| refuse(400, "InvalidSkipToken", "The provided skip token is invalid."))?,
    };
    let to = from + ctx.shared.page_size;
    let more = to < rows.len();
    let mut body =
        json!({"value": rows.into_iter().skip(from).take(ctx.shared.page_size).map(body_of).collect::<Vec<_>>()});
    if more {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(call.query.iter().filter(|(name, _)| name != token_name));
        query.append_pair(token_name, &format!("page-{to}"));
        body["nextLink"] = json!(format!("{}{}?{}", ctx.url("arm"), call.path, query.finish()));
    }
    Ok(Answer::json(200, &body))
}
