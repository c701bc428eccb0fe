//! Microsoft Graph v1.0: people, invitations, the directory.

mod directory;
mod invitations;
mod principals;
mod users;

use serde_json::{Value, json};

use crate::clock::second;
use crate::http::{Answer, Call, query_pairs};
use crate::random;
use crate::world::{AccessToken, Ctx, Resource};

/// An answer that is a refusal.
type Refused = Box<Answer>;

/// Answers a call.
pub(crate) fn answer(ctx: &mut Ctx<'_>, call: &Call) -> Answer {
    let id = random::guid();
    let answer = route(ctx, call, &id).unwrap_or_else(|refused| *refused);
    let client_id = call.header("client-request-id").unwrap_or(&id).to_owned();
    answer
        .header("request-id", id)
        .header("client-request-id", client_id)
        .header("x-ms-resource-unit", "1")
        .header("cache-control", "no-cache")
}

fn route(ctx: &mut Ctx<'_>, call: &Call, id: &str) -> Result<Answer, Refused> {
    let errors = Errors { at: second(ctx.now()), id: id.to_owned() };
    let token = authenticate(ctx, call, &errors)?;
    // Clients may or may not encode the dollar sign.
    if call.method == "POST" && call.parts() == ["v1.0", "$batch"] {
        return batch(ctx, call, &token, &errors);
    }
    dispatch(ctx, call, &token, &errors)
}

/// Twenty reads in one call; each is answered on its own.
fn batch(ctx: &mut Ctx<'_>, call: &Call, token: &AccessToken, errors: &Errors) -> Result<Answer, Refused> {
    let asked = call.json().unwrap_or_default();
    let requests = asked["requests"].as_array().cloned().unwrap_or_default();
    if requests.is_empty() || requests.len() > 20 {
        return Err(errors.refuse(400, "BadRequest", "A batch holds between 1 and 20 requests."));
    }
    let mut responses = Vec::new();
    for request in &requests {
        let url = request["url"].as_str().unwrap_or_default();
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let inner = Call {
            api: call.api,
            method: request["method"].as_str().unwrap_or_default().to_owned(),
            path: format!("/v1.0/{}", path.trim_start_matches('/')),
            query: query_pairs(query),
            headers: call.headers.clone(),
            body: Vec::new(),
        };
        let answer = dispatch(ctx, &inner, token, errors).unwrap_or_else(|refused| *refused);
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        responses.push(json!({
            "id": request["id"], "status": answer.status, "headers": {"Content-Type": "application/json"}, "body": body,
        }));
    }
    Ok(Answer::json(200, &json!({"responses": responses})))
}

fn dispatch(ctx: &mut Ctx<'_>, call: &Call, token: &AccessToken, errors: &Errors) -> Result<Answer, Refused> {
    let parts = call.parts();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    match (call.method.as_str(), parts.as_slice()) {
        ("GET", ["v1.0", "me"]) => users::me(ctx, call, token, errors),
        ("GET", ["v1.0", "organization"]) => directory::organization(ctx, call, token, errors),
        ("GET", ["v1.0", "users"]) => users::list(ctx, call, token, errors),
        ("GET", ["v1.0", "users", user]) => users::get(ctx, call, token, user, errors),
        ("DELETE", ["v1.0", "users", user]) => users::delete(ctx, token, user, errors),
        ("POST", ["v1.0", "invitations"]) => invitations::create(ctx, call, token, errors),
        ("GET", ["v1.0", "policies", "authorizationPolicy"]) => directory::authorization_policy(ctx, token, errors),
        ("GET", ["v1.0", "directoryRoles"]) => directory::roles(ctx, token, errors),
        ("GET", ["v1.0", "me", "transitiveMemberOf", "microsoft.graph.directoryRole"]) => {
            directory::my_roles(ctx, call, token, errors)
        }
        ("POST", ["v1.0", "me", "checkMemberGroups"]) => principals::my_groups(ctx, call, token, errors),
        ("POST", ["v1.0", "directoryObjects", "getByIds"]) => principals::by_ids(ctx, call, token, errors),
        ("GET", ["v1.0", "groups"]) => principals::groups(ctx, call, token, errors),
        ("GET", ["v1.0", "servicePrincipals"]) => principals::service_principals(ctx, call, token, errors),
        _ => Err(errors.refuse(404, "ResourceNotFound", "Resource not found for the segment.")),
    }
}

/// What every error of one call shares.
struct Errors {
    at: String,
    id: String,
}

impl Errors {
    fn refuse(&self, status: u16, code: &str, message: &str) -> Refused {
        Box::new(Answer::json(
            status,
            &json!({"error": {"code": code, "message": message, "innerError": {
                "date": self.at, "request-id": self.id, "client-request-id": self.id,
            }}}),
        ))
    }

    fn denied(&self) -> Refused {
        self.refuse(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
    }
}

fn authenticate(ctx: &Ctx<'_>, call: &Call, errors: &Errors) -> Result<AccessToken, Refused> {
    let refused = |message: &str| {
        let challenge = format!(
            "Bearer realm=\"\", authorization_uri=\"{}/common/oauth2/authorize\", client_id=\"00000003-0000-0000-c000-000000000000\"",
            ctx.url("login")
        );
        let refused = *errors.refuse(401, "InvalidAuthenticationToken", message);
        Box::new(refused.header("www-authenticate", challenge))
    };
    let bearer = call.bearer().ok_or_else(|| refused("Access token is empty."))?;
    let token = ctx.access_token(bearer).map_err(|expired| {
        refused(if expired {
            "Lifetime validation failed, the token is expired."
        } else {
            "CompactToken parsing failed."
        })
    })?;
    if token.resource != Resource::Graph {
        return Err(refused("Access token validation failure. Invalid audience."));
    }
    Ok(token)
}

/// Refuses a token without any of these scopes.
fn scope(token: &AccessToken, errors: &Errors, any_of: &[&str]) -> Result<(), Refused> {
    if token.scopes.iter().any(|it| any_of.contains(&it.as_str())) { Ok(()) } else { Err(errors.denied()) }
}

/// Keeps the fields that `$select` names; without it, the usual ones.
fn select(call: &Call, mut body: Value, usual: &[&str]) -> Value {
    let selected: Vec<String> = match call.query("$select") {
        Some(names) => names.split(',').map(|it| it.trim().to_owned()).collect(),
        None => usual.iter().map(|&it| it.to_owned()).collect(),
    };
    if let Some(fields) = body.as_object_mut() {
        fields.retain(|name, _| selected.iter().any(|it| it.eq_ignore_ascii_case(name)));
    }
    body
}

/// The context that Graph puts at the head of an answer.
fn context(ctx: &Ctx<'_>, of: &str) -> Value {
    json!(format!("{}/v1.0/$metadata#{of}", ctx.url("graph")))
}
