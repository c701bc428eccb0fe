//! Entra ID: discovery, keys, the sign-in pages, tokens.

mod errors;
mod pages;
mod scopes;
pub(crate) mod sign_in;
mod token;

use serde_json::json;

use crate::http::{Answer, Call};
use crate::world::Ctx;

/// The tenant of all personal accounts.
pub(crate) const CONSUMERS: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

/// Answers one of the documented endpoints.
pub(crate) fn answer(ctx: &mut Ctx<'_>, call: &Call) -> Answer {
    let parts = call.parts();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    match (call.method.as_str(), parts.as_slice()) {
        ("GET", [tenant, "v2.0", ".well-known", "openid-configuration"]) => discovery(ctx, tenant),
        ("GET", [tenant, "discovery", "v2.0", "keys"]) => keys(ctx, tenant),
        ("GET", [tenant, "oauth2", "v2.0", "authorize"]) => sign_in::authorize(ctx, tenant, call),
        ("GET", [_, "oauth2", "v2.0", "logout"]) => match call.query("post_logout_redirect_uri") {
            Some(uri) if ctx.cloud.apps.iter().any(|app| sign_in::may_return_to(app, uri)) => Answer::redirect(uri),
            _ => Answer::html(
                200,
                pages::notice(
                    "Signed out",
                    "You signed out of your account. It’s a good idea to close all browser windows.",
                ),
            ),
        },
        ("POST", [tenant, "oauth2", "v2.0", "token"]) => token::answer(ctx, tenant, call),
        _ => Answer::html(404, pages::error("Not found", "There is no such page.")),
    }
}

/// Answers a page between people and Entra, which is no API: the form posts of a sign-in, and invitation links.
pub(crate) fn page(ctx: &mut Ctx<'_>, call: &Call) -> Option<Answer> {
    let parts = call.parts();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    match (call.method.as_str(), parts.as_slice()) {
        ("POST", [_, "login"]) => Some(sign_in::post(ctx, call)),
        ("GET", ["redeem"]) => Some(sign_in::redeem(ctx, call)),
        _ => None,
    }
}

/// The page of a failure that was asked for.
pub(crate) fn failure_page(status: u16) -> Answer {
    let words = "AADSTS90033: A transient error has occurred. Please try again.";
    Answer::html(status, pages::error("Sign in to your account", words))
}

/// Whether a name in an authority's place is one of the multi-tenant ones.
fn is_multi_tenant(tenant: &str) -> bool {
    matches!(tenant, "common" | "organizations")
}

fn tenant_not_found(ctx: &Ctx<'_>, tenant: &str) -> Answer {
    errors::json(
        ctx,
        &errors::Refusal::new(
            400,
            "invalid_tenant",
            90002,
            &format!(
                "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant."
            ),
        ),
    )
}

fn discovery(ctx: &Ctx<'_>, tenant: &str) -> Answer {
    let login = ctx.url("login");
    let id = match ctx.cloud.tenant(tenant) {
        Some(found) => found.tenant_id.clone(),
        None if is_multi_tenant(tenant) => "{tenantid}".to_owned(),
        None if tenant == "consumers" || tenant == CONSUMERS => CONSUMERS.to_owned(),
        None => return tenant_not_found(ctx, tenant),
    };
    // The endpoints name the tenant as it was asked for, the issuer always by id.
    let place = if id.starts_with('{') { tenant } else { &id };
    let region = match ctx.cloud.name.as_str() {
        "us-government" => "USGov",
        "us-government-dod" => "DOD",
        "china" => "AS",
        _ => "EU",
    };
    let graph = ctx.url("graph").trim_start_matches("http://").to_owned();
    Answer::json(
        200,
        &json!({
            "token_endpoint": format!("{login}/{place}/oauth2/v2.0/token"),
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
            "jwks_uri": format!("{login}/{place}/discovery/v2.0/keys"),
            "response_modes_supported": ["query", "fragment", "form_post"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "issuer": format!("{login}/{id}/v2.0"),
            "request_uri_parameter_supported": false,
            "userinfo_endpoint": format!("{}/oidc/userinfo", ctx.url("graph")),
            "authorization_endpoint": format!("{login}/{place}/oauth2/v2.0/authorize"),
            "device_authorization_endpoint": format!("{login}/{place}/oauth2/v2.0/devicecode"),
            "http_logout_supported": true,
            "frontchannel_logout_supported": true,
            "end_session_endpoint": format!("{login}/{place}/oauth2/v2.0/logout"),
            "claims_supported": ["sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "preferred_username", "name", "tid", "ver", "email"],
            "tenant_region_scope": region,
            "cloud_instance_name": ctx.url("login").trim_start_matches("http://"),
            "cloud_graph_host_name": graph,
            "msgraph_host": graph,
        }),
    )
}

fn keys(ctx: &Ctx<'_>, tenant: &str) -> Answer {
    let id = match ctx.cloud.tenant(tenant) {
        Some(found) => found.tenant_id.clone(),
        None if is_multi_tenant(tenant) => "{tenantid}".to_owned(),
        None if tenant == "consumers" || tenant == CONSUMERS => CONSUMERS.to_owned(),
        None => return tenant_not_found(ctx, tenant),
    };
    let mut key = ctx.keys.published();
    key["issuer"] = json!(format!("{}/{id}/v2.0", ctx.url("login")));
    Answer::json(200, &json!({"keys": [key]}))
}
