//! The token endpoint: codes and refresh tokens.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::errors::{self, Refusal};
use super::is_multi_tenant;
use super::scopes::Scopes;
use super::sign_in::{claims_ask_for_mfa, consented};
use crate::clock::Millis;
use crate::http::{Answer, Call};
use crate::keys::Signature;
use crate::knobs::IdTokenAttack;
use crate::ledger::{Caller, Kind};
use crate::random;
use crate::scenario::{AccountKind, App, Membership, Mfa, Person};
use crate::world::{AccessToken, Ctx, RefreshToken, Resource};

const HOUR: Millis = 60 * 60 * 1000;
/// A refresh token that is not used for so long is worth nothing.
const REFRESH_LIVES: Millis = 90 * 24 * HOUR;
/// What a client must ask for to get past a demand for a second factor.
pub(crate) const MFA_CLAIMS: &str = r#"{"access_token":{"acrs":{"essential":true,"values":["p1"]}}}"#;

struct Form(Vec<(String, String)>);

impl Form {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str()).filter(|it| !it.is_empty())
    }

    fn need(&self, name: &str) -> Result<&str, Refusal> {
        self.get(name).ok_or_else(|| {
            Refusal::new(
                400,
                "invalid_request",
                900_144,
                &format!("The request body must contain the following parameter: '{name}'."),
            )
        })
    }
}

/// POST /token.
pub(crate) fn answer(ctx: &mut Ctx<'_>, tenant: &str, call: &Call) -> Answer {
    let form = Form(call.form());
    for (kind, name) in
        [("code-verifier", "code_verifier"), ("client-secret", "client_secret"), ("refresh-token", "refresh_token")]
    {
        if let Some(value) = form.get(name) {
            ctx.shared.secret(kind, value);
        }
    }
    match issue(ctx, tenant, &form) {
        Ok(answer) => answer,
        Err(refusal) => {
            let detail = json!({"error": refusal.error, "code": refusal.code, "tenant": tenant});
            ctx.record(Kind::TokenRefused, None, form.get("client_id").unwrap_or_default(), detail);
            errors::json(ctx, &refusal)
        }
    }
}

fn issue(ctx: &mut Ctx<'_>, tenant: &str, form: &Form) -> Result<Answer, Refusal> {
    let tenant_id = match ctx.cloud.tenant(tenant) {
        Some(found) => Some(found.tenant_id.clone()),
        None if is_multi_tenant(tenant) => None,
        None => {
            return Err(Refusal::new(
                400,
                "invalid_request",
                90002,
                &format!(
                    "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud."
                ),
            ));
        }
    };
    let client_id = form.need("client_id")?;
    let app = ctx.cloud.app(client_id).cloned().ok_or_else(|| {
        Refusal::new(
            400,
            "unauthorized_client",
            700_016,
            &format!("Application with identifier '{client_id}' was not found in the directory '{tenant}'."),
        )
    })?;
    match form.get("client_secret") {
        Some(secret) if app.client_secrets.iter().any(|it| it == secret) => {}
        Some(_) => {
            return Err(Refusal::new(
                401,
                "invalid_client",
                7_000_215,
                &format!(
                    "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{client_id}'."
                ),
            ));
        }
        // No registration here has a certificate.
        None if form.get("client_assertion").is_some() => {
            return Err(Refusal::new(
                401,
                "invalid_client",
                700_027,
                "The certificate with identifier used to sign the client assertion is not registered on application.",
            ));
        }
        None => {
            return Err(Refusal::new(
                401,
                "invalid_client",
                7_000_218,
                "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
            ));
        }
    }
    match form.need("grant_type")? {
        "authorization_code" => redeem_code(ctx, tenant_id, &app, form),
        "refresh_token" => refresh(ctx, tenant_id, &app, form),
        _ => Err(Refusal::new(400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.")),
    }
}

fn redeem_code(ctx: &mut Ctx<'_>, tenant_id: Option<String>, app: &App, form: &Form) -> Result<Answer, Refusal> {
    let invalid = |code: u32, message: &str| Refusal::new(400, "invalid_grant", code, message);
    let given = form.need("code")?;
    let now = ctx.now();
    let code = ctx
        .cloud
        .codes
        .get(given)
        .cloned()
        .ok_or_else(|| invalid(70000, "The provided value for the 'code' parameter is not valid."))?;
    if code.redeemed {
        return Err(invalid(
            54005,
            "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.",
        ));
    }
    if now >= code.expires_at {
        return Err(invalid(
            70008,
            "The provided authorization code or refresh token has expired due to inactivity. Send a new interactive authorization request for this user and resource.",
        ));
    }
    if code.client_id != app.client_id {
        return Err(invalid(70000, "The code was not issued to this client."));
    }
    if tenant_id.as_ref().is_some_and(|it| *it != code.tenant_id) {
        return Err(invalid(
            700_005,
            "The provided authorization code is intended to use against other tenant, thus rejected.",
        ));
    }
    if form.need("redirect_uri")? != code.redirect_uri {
        return Err(Refusal::new(
            400,
            "invalid_client",
            500_112,
            "The reply address does not match the reply address provided when requesting Authorization code.",
        ));
    }
    match (&code.challenge, form.get("code_verifier")) {
        (None, None) => {}
        (Some(challenge), Some(verifier))
            if (43..=128).contains(&verifier.len())
                && URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)) == *challenge => {}
        (Some(_), Some(_)) => {
            return Err(invalid(
                501_481,
                "The Code_Verifier does not match the code_challenge supplied in the authorization request.",
            ));
        }
        (Some(_), None) => {
            return Err(invalid(50147, "Missing code_verifier: the authorization request had a code_challenge."));
        }
        (None, Some(_)) => return Err(invalid(501_481, "The authorization request had no code_challenge.")),
    }
    let mut scopes = Scopes::parse(&ctx.cloud.name, form.need("scope")?)?;
    // What was not asked for at /authorize is not given here.
    scopes.oidc.retain(|it| code.scopes.oidc.contains(it));
    let grant = Grant {
        email: code.email.clone(),
        tenant_id: code.tenant_id.clone(),
        mfa_tenants: code.mfa_tenants.clone(),
        auth_time: code.auth_time,
        nonce: code.nonce.clone(),
    };
    let answer = tokens(ctx, app, &grant, &scopes, form.get("claims"))?;
    if let Some(code) = ctx.cloud.codes.get_mut(given) {
        code.redeemed = true;
    }
    Ok(answer)
}

fn refresh(ctx: &mut Ctx<'_>, tenant_id: Option<String>, app: &App, form: &Form) -> Result<Answer, Refusal> {
    let invalid = |code: u32, message: &str| Refusal::new(400, "invalid_grant", code, message);
    let now = ctx.now();
    let token = ctx
        .cloud
        .refresh_tokens
        .get(form.need("refresh_token")?)
        .cloned()
        .ok_or_else(|| invalid(9_002_313, "Invalid request. Request is malformed or invalid."))?;
    if token.client_id != app.client_id {
        return Err(invalid(700_005, "The refresh token was not issued to this client."));
    }
    if token.revoked {
        return Err(invalid(50173, "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their password.").with_suberror("bad_token"));
    }
    if now >= token.expires_at {
        return Err(invalid(700_082, "The refresh token has expired due to inactivity.").with_suberror("bad_token"));
    }
    let tenant_id = tenant_id.unwrap_or_else(|| token.tenant_id.clone());
    if tenant_id != token.tenant_id && !ctx.shared.knobs.refresh_across_tenants {
        return Err(Refusal::new(
            400,
            "interaction_required",
            16000,
            "The user must sign in to this tenant interactively.",
        )
        .with_suberror("basic_action"));
    }
    let scopes = Scopes::parse(&ctx.cloud.name, form.need("scope")?)?;
    let grant = Grant {
        email: token.email,
        tenant_id,
        mfa_tenants: token.mfa_tenants,
        auth_time: token.auth_time,
        nonce: None,
    };
    tokens(ctx, app, &grant, &scopes, form.get("claims"))
}

impl Refusal {
    fn with_suberror(mut self, suberror: &'static str) -> Self {
        self.suberror = Some(suberror);
        self
    }
}

/// What was proven at the sign-in.
struct Grant {
    email: String,
    tenant_id: String,
    mfa_tenants: BTreeSet<String>,
    auth_time: Millis,
    nonce: Option<String>,
}

fn tokens(
    ctx: &mut Ctx<'_>,
    app: &App,
    grant: &Grant,
    scopes: &Scopes,
    claims: Option<&str>,
) -> Result<Answer, Refusal> {
    let now = ctx.now();
    let (person, membership) = member(ctx, grant)?;
    let resource = match scopes.resources().as_slice() {
        [] => Resource::Graph,
        [resource] => *resource,
        _ => {
            return Err(Refusal::new(
                400,
                "invalid_request",
                70022,
                "The request contains more than one resource: a token can be requested for one resource at a time.",
            ));
        }
    };
    let tenant = ctx.cloud.tenant(&grant.tenant_id).cloned();
    let mfa = grant.mfa_tenants.contains(&grant.tenant_id);
    let mfa_wanted = claims.is_some_and(claims_ask_for_mfa) || tenant.is_some_and(|it| it.mfa == Mfa::Required);
    if mfa_wanted && !mfa {
        return Err(Refusal::new(
            400,
            "interaction_required",
            50076,
            "Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access the resource.",
        )
        .with_claims("basic_action", MFA_CLAIMS.to_owned()));
    }
    let given = consented(ctx, &app.client_id, &grant.tenant_id, &membership.oid, resource.as_str());
    // `.default` is whatever was consented to already; names must have been.
    let asks_default = scopes.asked.iter().any(|it| it.name == ".default");
    let missing =
        scopes.expanded(app).into_iter().find(|it| !given.contains(&it.name) && (!asks_default || given.is_empty()));
    if let Some(missing) = missing {
        return Err(Refusal::new(400, "invalid_grant", 65001, &format!(
            "The user or administrator has not consented to use the application with ID '{}' named '{}' ({}). Send an interactive authorization request for this user and resource.",
            app.client_id, app.display_name, missing.name
        ))
        .with_suberror("consent_required"));
    }
    let caller = Caller { tid: grant.tenant_id.clone(), oid: membership.oid.clone(), client_id: app.client_id.clone() };
    let mut body = json!({"token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599});

    // A token carries everything consented to for its resource, not only what this request names.
    let written = scopes.asked.first().map(|it| it.written.clone()).unwrap_or_default();
    let mut words: Vec<String> = given.iter().map(|name| format!("{written}/{name}")).collect();
    words.extend(scopes.oidc.iter().filter(|it| *it != "offline_access").cloned());
    body["scope"] = json!(words.join(" "));

    let access_token = random::secret("simulated-at.");
    ctx.shared.secret("access-token", &access_token);
    body["access_token"] = json!(access_token);
    ctx.cloud.access_tokens.insert(
        access_token,
        AccessToken {
            caller: caller.clone(),
            email: person.email.clone(),
            resource,
            scopes: given,
            mfa,
            expires_at: now + HOUR,
        },
    );
    if scopes.oidc.contains("offline_access") {
        let refresh_token = random::secret("1.simulated-rt.");
        ctx.shared.secret("refresh-token", &refresh_token);
        body["refresh_token"] = json!(refresh_token);
        ctx.cloud.refresh_tokens.insert(
            refresh_token,
            RefreshToken {
                email: person.email.clone(),
                client_id: app.client_id.clone(),
                tenant_id: grant.tenant_id.clone(),
                mfa_tenants: grant.mfa_tenants.clone(),
                auth_time: grant.auth_time,
                expires_at: now + REFRESH_LIVES,
                revoked: false,
            },
        );
    }
    if scopes.oidc.contains("openid") {
        let id_token = id_token(ctx, app, grant, scopes, &person, &membership);
        ctx.shared.secret("id-token", &id_token);
        body["id_token"] = json!(id_token);
    }
    let detail = json!({"resource": resource.as_str(), "account": person.email, "mfa": mfa});
    ctx.record(Kind::TokenIssued, Some(caller.clone()), &caller.oid, detail);
    Ok(Answer::json(200, &body).header("cache-control", "no-store, no-cache").header("x-ms-request-id", random::guid()))
}

/// The person as this tenant knows them.
fn member(ctx: &Ctx<'_>, grant: &Grant) -> Result<(Person, Membership), Refusal> {
    let now = ctx.now();
    let unknown = || {
        Refusal::new(
            400,
            "invalid_grant",
            50020,
            &format!(
                "User account '{}' does not exist in tenant '{}' and cannot access the application in that tenant. The account needs to be added as an external user in the tenant first.",
                grant.email, grant.tenant_id
            ),
        )
    };
    let person = ctx.cloud.person(&grant.email).ok_or_else(unknown)?;
    let membership = ctx.cloud.membership(&grant.email, &grant.tenant_id).ok_or_else(unknown)?;
    let guest = ctx.cloud.guests.iter().find(|it| it.oid == membership.oid);
    if guest.is_some_and(|it| now < it.invited_at + ctx.shared.timing.guest_can_sign_in_after_ms) {
        return Err(unknown());
    }
    if membership.external_user_state.as_deref() == Some("PendingAcceptance") {
        return Err(Refusal::new(
            400,
            "interaction_required",
            50014,
            "The user's redemption is in a pending state. The guest user account is not fully created yet.",
        ));
    }
    Ok((person.clone(), membership.clone()))
}

fn id_token(
    ctx: &Ctx<'_>,
    app: &App,
    grant: &Grant,
    scopes: &Scopes,
    person: &Person,
    membership: &Membership,
) -> String {
    let attack = ctx.shared.knobs.id_token;
    let elsewhere =
        person.signs_in_at.as_deref().and_then(|it| person.memberships.iter().find(|at| at.tenant_id == it));
    let membership = elsewhere.unwrap_or(membership);
    let now = ctx.now() / 1000;
    let issued_at = if attack == IdTokenAttack::Expired { now - 2 * 3600 } else { now };
    let nowhere = "99999999-0000-4000-8000-000000000009";
    let tid = if attack == IdTokenAttack::WrongTenant { nowhere } else { &membership.tenant_id };
    let issuer_tenant = match attack {
        IdTokenAttack::WrongIssuer => nowhere,
        IdTokenAttack::WrongTenant => &grant.tenant_id,
        IdTokenAttack::None
        | IdTokenAttack::WrongNonce
        | IdTokenAttack::WrongAudience
        | IdTokenAttack::UnknownKey
        | IdTokenAttack::BadSignature
        | IdTokenAttack::AlgNone
        | IdTokenAttack::Expired => tid,
    };
    let subject = URL_SAFE_NO_PAD
        .encode(Sha256::digest(format!("{}|{}|{}", app.client_id, membership.tenant_id, membership.oid)));
    let audience =
        if attack == IdTokenAttack::WrongAudience { "c11e0000-0000-4000-8000-00000000ffff" } else { &app.client_id };
    let mut claims = json!({
        "aud": audience,
        "iss": format!("{}/{issuer_tenant}/v2.0", ctx.url("login")),
        "iat": issued_at, "nbf": issued_at, "exp": issued_at + 3600,
        "auth_time": grant.auth_time / 1000,
        "oid": membership.oid, "sub": subject, "tid": tid, "ver": "2.0",
        "acct": u8::from(membership.user_type == "Guest"),
    });
    if scopes.oidc.contains("profile") {
        claims["name"] = json!(person.display_name);
        claims["preferred_username"] = json!(person.email);
        claims["login_hint"] = json!(URL_SAFE_NO_PAD.encode(format!("O.{}", person.email)));
    }
    if scopes.oidc.contains("email") {
        claims["email"] = json!(person.email);
    }
    if person.kind == AccountKind::Personal {
        claims["idp"] = json!("live.com");
    } else if person.home_tenant_id != membership.tenant_id {
        claims["idp"] = json!(format!("https://sts.windows.net/{}/", person.home_tenant_id));
    }
    if let Some(nonce) = &grant.nonce {
        claims["nonce"] = json!(if attack == IdTokenAttack::WrongNonce { "another-nonce" } else { nonce });
    }
    let signature = match attack {
        IdTokenAttack::UnknownKey => Signature::Unknown,
        IdTokenAttack::BadSignature => Signature::Bad,
        IdTokenAttack::AlgNone => Signature::None,
        IdTokenAttack::None
        | IdTokenAttack::WrongNonce
        | IdTokenAttack::WrongIssuer
        | IdTokenAttack::WrongTenant
        | IdTokenAttack::WrongAudience
        | IdTokenAttack::Expired => Signature::Published,
    };
    ctx.keys.sign(&claims, signature)
}
