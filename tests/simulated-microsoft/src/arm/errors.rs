//! Errors in ARM's words.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::http::Answer;
use crate::world::Ctx;

/// An answer that is a refusal.
pub(crate) type Refused = Box<Answer>;

/// A refusal with ARM's envelope.
pub(crate) fn refuse(status: u16, code: &str, message: &str) -> Refused {
    Box::new(Answer::json(status, &json!({"error": {"code": code, "message": message}})))
}

/// 401, naming the directory to sign in to.
pub(crate) fn unauthorized(ctx: &Ctx<'_>, tenant: Option<&str>, code: &str, message: &str) -> Refused {
    let authority = format!("{}/{}", ctx.url("login"), tenant.unwrap_or("common"));
    let description = if code == "AuthenticationFailed" {
        "The authentication failed because of missing 'Authorization' header."
    } else {
        message
    };
    let challenge = format!(
        "Bearer authorization_uri=\"{authority}\", error=\"invalid_token\", error_description=\"{description}\""
    );
    let refused = *refuse(401, code, message);
    Box::new(refused.header("www-authenticate", challenge))
}

/// The refusal of a write without a second factor, with the claims to ask for.
pub(crate) fn needs_second_factor(ctx: &Ctx<'_>, tenant: &str) -> Refused {
    let refused = *refuse(
        ctx.shared.knobs.mfa_refusal_status,
        "RequestDisallowedByPolicy",
        "Resource was disallowed by policy. Reasons: Users must use MFA for Create/Update operation. Users must authenticate with multi-factor authentication to create or update resources.",
    );
    Box::new(refused.header(
        "www-authenticate",
        format!(
            "Bearer realm=\"\", authorization_uri=\"{}/{tenant}/oauth2/authorize\", error=\"insufficient_claims\", claims=\"{}\"",
            ctx.url("login"),
            STANDARD.encode(r#"{"access_token":{"acrs":{"essential":true,"values":["p1"]}}}"#)
        ),
    ))
}

pub(crate) fn subscription_not_found(id: &str) -> Refused {
    refuse(404, "SubscriptionNotFound", &format!("The subscription '{id}' could not be found."))
}

pub(crate) fn not_authorized(email: &str, oid: &str, action: &str, scope: &str) -> Refused {
    refuse(
        403,
        "AuthorizationFailed",
        &format!(
            "The client '{email}' with object id '{oid}' does not have authorization or an ABAC condition not fulfilled to perform action '{action}' over scope '{scope}' or the scope is invalid. If access was recently granted, please refresh your credentials."
        ),
    )
}
