//! A sign-in, from /authorize over the pages to the redirect with a code.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use url::Url;

use super::errors::Refusal;
use super::pages::{Field, Page};
use super::scopes::{Scope, Scopes, needs_admin};
use super::{is_multi_tenant, pages::error};
use crate::clock::Millis;
use crate::http::{Answer, Call};
use crate::ledger::{Caller, Kind};
use crate::random;
use crate::scenario::{AccountKind, App, Consent, Mfa};
use crate::world::{Ctx, GLOBAL_ADMINISTRATOR};

/// A sign-in stays open this long.
const OPEN_FOR: Millis = 60 * 60 * 1000;
/// A code is good this long.
const CODE_LIVES: Millis = 10 * 60 * 1000;

/// A sign-in under way.
#[derive(Debug, Clone)]
pub(crate) struct SignIn {
    id: String,
    purpose: Purpose,
    /// Not known before the account at `common` and `organizations`.
    tenant_id: Option<String>,
    login_hint: String,
    started_at: Millis,
    email: Option<String>,
    authenticated: bool,
    mfa_wanted: bool,
    mfa_done: bool,
    consented: bool,
}

/// Why someone signs in.
#[derive(Debug, Clone)]
enum Purpose {
    /// An application asked.
    App(Box<Asked>),
    /// To accept an invitation; afterwards the person goes there.
    Redeem { goes_to: String },
}

/// What the application asked for.
#[derive(Debug, Clone)]
struct Asked {
    client_id: String,
    redirect_uri: String,
    state: Option<String>,
    nonce: Option<String>,
    scopes: Scopes,
    challenge: Option<String>,
    always_consent: bool,
}

/// A code to redeem.
#[derive(Debug, Clone)]
pub(crate) struct Code {
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) tenant_id: String,
    pub(crate) email: String,
    pub(crate) nonce: Option<String>,
    pub(crate) scopes: Scopes,
    pub(crate) challenge: Option<String>,
    pub(crate) mfa_tenants: BTreeSet<String>,
    pub(crate) auth_time: Millis,
    pub(crate) expires_at: Millis,
    pub(crate) redeemed: bool,
}

/// Whether a `claims` parameter asks for a second factor.
pub(crate) fn claims_ask_for_mfa(claims: &str) -> bool {
    serde_json::from_str::<Value>(claims)
        .ok()
        .and_then(|claims| Some(claims.pointer("/access_token/acrs/values")?.as_array()?.contains(&json!("p1"))))
        .unwrap_or(false)
}

/// GET /authorize.
pub(crate) fn authorize(ctx: &mut Ctx<'_>, tenant: &str, call: &Call) -> Answer {
    // Until the redirect address is known to be the application's, an error is a page.
    let refuse = |code: u32, message: &str| {
        let refusal = Refusal::new(400, "invalid_request", code, message);
        Answer::html(400, error("Sign in to your account", &refusal.description()))
    };
    let tenant_id = match ctx.cloud.tenant(tenant) {
        Some(found) => Some(found.tenant_id.clone()),
        None if is_multi_tenant(tenant) => None,
        None => {
            return refuse(
                90002,
                &format!(
                    "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud."
                ),
            );
        }
    };
    let Some(client_id) = call.query("client_id") else {
        return refuse(900_144, "The request body must contain the following parameter: 'client_id'.");
    };
    let Some(app) = ctx.cloud.app(client_id).cloned() else {
        return refuse(
            700_016,
            &format!(
                "Application with identifier '{client_id}' was not found in the directory '{tenant}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant."
            ),
        );
    };
    let Some(redirect_uri) = call.query("redirect_uri").filter(|uri| may_return_to(&app, uri)) else {
        return refuse(
            50011,
            &format!(
                "The redirect URI '{}' specified in the request does not match the redirect URIs configured for the application '{client_id}'.",
                call.query("redirect_uri").unwrap_or_default()
            ),
        );
    };
    let state = call.query("state").map(str::to_owned);
    let back = |refusal: &Refusal| Answer::redirect(&error_redirect(redirect_uri, state.as_deref(), refusal, None));

    if call.query("response_type") != Some("code") {
        return back(&Refusal::new(
            400,
            "unsupported_response_type",
            700_054,
            "response_type is not enabled for the application.",
        ));
    }
    if !matches!(call.query("response_mode"), None | Some("query")) {
        return back(&Refusal::new(400, "invalid_request", 90023, "The simulated cloud answers in the query only."));
    }
    let Some(scope) = call.query("scope") else {
        return back(&Refusal::new(
            400,
            "invalid_request",
            900_144,
            "The request body must contain the following parameter: 'scope'.",
        ));
    };
    let scopes = match Scopes::parse(&ctx.cloud.name, scope) {
        Ok(scopes) => scopes,
        Err(refusal) => return back(&refusal),
    };
    let challenge = match (call.query("code_challenge"), call.query("code_challenge_method")) {
        (None, _) => None,
        (Some(challenge), Some("S256")) if challenge.len() == 43 => Some(challenge.to_owned()),
        (Some(_), _) => {
            return back(&Refusal::new(
                400,
                "invalid_request",
                501_491,
                "The size or the method of code_challenge is not valid; S256 is required.",
            ));
        }
    };
    if call.query("prompt") == Some("none") {
        return back(&Refusal::new(
            400,
            "login_required",
            50058,
            "A silent sign-in request was sent but no user is signed in.",
        ));
    }
    let id = random::secret("ctx-");
    ctx.shared.secret("sign-in", &id);
    for (kind, name) in [("state", "state"), ("nonce", "nonce")] {
        if let Some(value) = call.query(name) {
            ctx.shared.secret(kind, value);
        }
    }
    let mut sign_in = SignIn {
        id: id.clone(),
        purpose: Purpose::App(Box::new(Asked {
            client_id: app.client_id,
            redirect_uri: redirect_uri.to_owned(),
            state,
            nonce: call.query("nonce").map(str::to_owned),
            scopes,
            challenge,
            always_consent: call.query("prompt") == Some("consent"),
        })),
        tenant_id,
        login_hint: call.query("login_hint").unwrap_or_default().to_owned(),
        started_at: ctx.now(),
        email: None,
        authenticated: false,
        mfa_wanted: call.query("claims").is_some_and(claims_ask_for_mfa),
        mfa_done: false,
        consented: false,
    };
    let answer = next(ctx, &mut sign_in, None);
    ctx.cloud.sign_ins.insert(id, sign_in);
    answer
}

/// An invitation link.
pub(crate) fn redeem(ctx: &mut Ctx<'_>, call: &Call) -> Answer {
    let given = |name: &str| call.query(name).unwrap_or_default();
    let guest = ctx.cloud.guests.iter().find(|it| {
        it.tenant_id == given("tenant") && it.oid == given("user") && it.tickets.iter().any(|it| it == given("ticket"))
    });
    let guest = guest.cloned();
    let (Some(guest), Some(goes_to)) = (guest, call.query("rd")) else {
        return Answer::html(400, error("Invitation", "AADSTS50034: This invitation does not exist or was withdrawn."));
    };
    let id = random::secret("ctx-");
    ctx.shared.secret("sign-in", &id);
    let mut sign_in = SignIn {
        id: id.clone(),
        purpose: Purpose::Redeem { goes_to: goes_to.to_owned() },
        tenant_id: Some(guest.tenant_id),
        login_hint: guest.email,
        started_at: ctx.now(),
        email: None,
        authenticated: false,
        mfa_wanted: false,
        mfa_done: false,
        consented: false,
    };
    let answer = next(ctx, &mut sign_in, None);
    ctx.cloud.sign_ins.insert(id, sign_in);
    answer
}

/// POST of one of the pages.
pub(crate) fn post(ctx: &mut Ctx<'_>, call: &Call) -> Answer {
    let form = call.form();
    let field = |name: &str| form.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str());
    let (step, answer) = (field("step").unwrap_or_default(), field("answer").unwrap_or("next"));
    let now = ctx.now();
    let Some(mut sign_in) = field("ctx").and_then(|id| ctx.cloud.sign_ins.remove(id)) else {
        return Answer::html(
            400,
            error("Sign in to your account", "AADSTS50196: This sign-in is over. Start again at the application."),
        );
    };
    if now > sign_in.started_at + OPEN_FOR {
        return Answer::html(
            400,
            error(
                "Sign in to your account",
                "AADSTS50089: This sign-in took too long. Start again at the application.",
            ),
        );
    }
    let mut problem = None;
    match (step, answer) {
        ("account", _) => {
            let email = field("loginfmt").unwrap_or_default().trim();
            match ctx.cloud.person(email) {
                Some(person) => sign_in.email = Some(person.email.clone()),
                None => problem = Some("AADSTS50034: We couldn't find an account with that username.".to_owned()),
            }
            sign_in.login_hint = email.to_owned();
        }
        (_, "other") => {
            sign_in.email = None;
            sign_in.authenticated = false;
            sign_in.mfa_done = false;
        }
        ("password", _) => {
            let known = sign_in.email.as_deref().and_then(|email| ctx.cloud.person(email));
            if known.is_some_and(|person| field("passwd") == Some(&person.password)) {
                sign_in.authenticated = true;
            } else {
                problem = Some("AADSTS50126: Your account or password is incorrect.".to_owned());
            }
        }
        ("mfa-setup", _) if sign_in.authenticated => {
            let email = sign_in.email.clone().unwrap_or_default();
            if let Some(person) = ctx.cloud.people.iter_mut().find(|person| person.email == email) {
                person.mfa_registered = true;
            }
            let caller = sign_in.caller(ctx);
            ctx.record(Kind::MfaRegistered, caller, &email, json!({}));
        }
        ("mfa", _) if sign_in.authenticated => {
            let known = sign_in.email.as_deref().and_then(|email| ctx.cloud.person(email));
            if known.is_some_and(|person| field("otc") == Some(&person.mfa_code)) {
                sign_in.mfa_done = true;
            } else {
                problem = Some("AADSTS500121: That code didn't work. Check the code and try again.".to_owned());
            }
        }
        ("invitation", "accept") if sign_in.authenticated => accept_invitation(ctx, &sign_in),
        ("consent", "accept") if sign_in.authenticated => {
            grant(ctx, &sign_in);
            sign_in.consented = true;
        }
        ("invitation" | "consent" | "approval", "cancel") => return decline(ctx, &sign_in, step),
        _ => {}
    }
    let answer = next(ctx, &mut sign_in, problem.as_deref());
    // A sign-in that ended is gone; one that goes on is kept.
    if answer.status == 200 {
        ctx.cloud.sign_ins.insert(sign_in.id.clone(), sign_in);
    }
    answer
}

/// The page or redirect that comes next.
fn next(ctx: &mut Ctx<'_>, sign_in: &mut SignIn, problem: Option<&str>) -> Answer {
    let authority = sign_in.tenant_id.clone().unwrap_or_else(|| "common".to_owned());
    let action = format!("{}/{authority}/login", ctx.url("login"));
    let id = sign_in.id.clone();
    let page = |step: &str,
                title: &str,
                words: Vec<String>,
                list: Vec<String>,
                field: Option<Field<'_>>,
                buttons: &[(&str, &str)]| {
        Answer::html(
            200,
            Page { action: &action, ctx: &id, step, title, problem, words, list, field, buttons }.render(),
        )
    };
    let Some(email) = sign_in.email.clone() else {
        let field = Field {
            name: "loginfmt",
            kind: "email",
            label: "Email, phone, or Skype",
            value: &sign_in.login_hint,
            autocomplete: "username",
        };
        return page("account", "Sign in", vec![], vec![], Some(field), &[("next", "Next")]);
    };
    if !sign_in.authenticated {
        let field =
            Field { name: "passwd", kind: "password", label: "Password", value: "", autocomplete: "current-password" };
        return page(
            "password",
            "Enter password",
            vec![email],
            vec![],
            Some(field),
            &[("next", "Sign in"), ("other", "Use another account")],
        );
    }
    let Some(person) = ctx.cloud.person(&email).cloned() else {
        return Answer::html(400, error("Sign in", "AADSTS50034: The account no longer exists."));
    };
    let tenant_id = match (&sign_in.tenant_id, person.kind) {
        (Some(tenant_id), _) => tenant_id.clone(),
        (None, AccountKind::Work) => person.home_tenant_id.clone(),
        // A personal account has no directory of its own at `common`: these resources need a tenant in the authority.
        (None, AccountKind::Personal) => String::new(),
    };
    let now = ctx.now();
    let guest = ctx.cloud.guests.iter().find(|it| it.tenant_id == tenant_id && it.email.eq_ignore_ascii_case(&email));
    let replicated = guest.is_none_or(|it| now >= it.invited_at + ctx.shared.timing.guest_can_sign_in_after_ms);
    let membership = ctx.cloud.membership(&email, &tenant_id).filter(|_| replicated).cloned();
    let (Some(membership), Some(tenant)) = (membership, ctx.cloud.tenant(&tenant_id).cloned()) else {
        let provider = if person.kind == AccountKind::Personal { "live.com" } else { person.home_tenant_id.as_str() };
        let name = ctx.cloud.tenant(&tenant_id).map_or_else(|| authority.clone(), |tenant| tenant.display_name.clone());
        let words = vec![format!(
            "AADSTS50020: User account '{email}' from identity provider '{provider}' does not exist in tenant '{name}' and cannot access the application in that tenant. The account needs to be added as an external user in the tenant first. Sign out and sign in again with a different Azure Active Directory user account."
        )];
        return page(
            "not-a-member",
            "Selected user account does not exist in tenant",
            words,
            vec![],
            None,
            &[("other", "Use another account")],
        );
    };
    sign_in.tenant_id = Some(tenant_id.clone());
    if sign_in.mfa_wanted || tenant.mfa == Mfa::Required {
        if !person.mfa_registered {
            return page(
                "mfa-setup",
                "More information required",
                vec![format!("{} needs more information to keep your account secure.", tenant.display_name)],
                vec![],
                None,
                &[("next", "Next")],
            );
        }
        if !sign_in.mfa_done {
            let field = Field { name: "otc", kind: "text", label: "Code", value: "", autocomplete: "one-time-code" };
            return page(
                "mfa",
                "Enter code",
                vec!["Enter the code displayed in your authenticator app.".to_owned()],
                vec![],
                Some(field),
                &[("next", "Verify"), ("other", "Use another account")],
            );
        }
    }
    if membership.external_user_state.as_deref() == Some("PendingAcceptance") {
        let words = vec![
            format!("Permission requested by: {} ({})", tenant.display_name, tenant.default_domain),
            "By accepting, you allow this organization to receive your profile data and collect your activity."
                .to_owned(),
        ];
        return page(
            "invitation",
            "Review permissions",
            words,
            vec![],
            None,
            &[("accept", "Accept"), ("cancel", "Cancel")],
        );
    }
    let asked = match sign_in.purpose.clone() {
        Purpose::Redeem { goes_to } => return Answer::redirect(&goes_to),
        Purpose::App(asked) => asked,
    };
    let Some(app) = ctx.cloud.app(&asked.client_id).cloned() else {
        return Answer::html(400, error("Sign in", "AADSTS700016: The application is gone."));
    };
    let missing: Vec<Scope> = asked
        .scopes
        .expanded(&app)
        .into_iter()
        .filter(|scope| {
            (asked.always_consent && !sign_in.consented)
                || !has_consent(ctx, &app.client_id, &tenant_id, &membership.oid, scope)
        })
        .collect();
    let is_admin = membership.roles.iter().any(|role| role == GLOBAL_ADMINISTRATOR);
    if !missing.is_empty() {
        let list = missing.iter().map(|scope| format!("{} ({})", scope.name, scope.resource.as_str())).collect();
        if !is_admin && missing.iter().any(|scope| needs_admin(scope.resource, &scope.name)) {
            let words = vec![format!(
                "AADSTS90094: {} needs permission to access resources in your organization that only an admin can grant. Please ask an admin to grant permission to this app before you can use it.",
                app.display_name
            )];
            return page(
                "approval",
                "Need admin approval",
                words,
                list,
                None,
                &[
                    ("cancel", "Return to the application without granting consent"),
                    ("other", "Have an admin account? Sign in with that account"),
                ],
            );
        }
        let words = vec![format!("{} would like to:", app.display_name)];
        return page(
            "consent",
            "Permissions requested",
            words,
            list,
            None,
            &[("accept", "Accept"), ("cancel", "Cancel")],
        );
    }
    finish(ctx, sign_in, &asked, &tenant_id, &membership.oid)
}

fn finish(ctx: &mut Ctx<'_>, sign_in: &SignIn, asked: &Asked, tenant_id: &str, oid: &str) -> Answer {
    let email = sign_in.email.clone().unwrap_or_default();
    let code = random::secret("0.simulated-code-");
    ctx.shared.secret("code", &code);
    let now = ctx.now();
    let caller = Caller { tid: tenant_id.to_owned(), oid: oid.to_owned(), client_id: asked.client_id.clone() };
    ctx.record(Kind::SignedIn, Some(caller), oid, json!({"account": email, "mfa": sign_in.mfa_done}));
    ctx.cloud.codes.insert(
        code.clone(),
        Code {
            client_id: asked.client_id.clone(),
            redirect_uri: asked.redirect_uri.clone(),
            tenant_id: tenant_id.to_owned(),
            email,
            nonce: asked.nonce.clone(),
            scopes: asked.scopes.clone(),
            challenge: asked.challenge.clone(),
            mfa_tenants: sign_in.mfa_done.then(|| tenant_id.to_owned()).into_iter().collect(),
            auth_time: now,
            expires_at: now + CODE_LIVES,
            redeemed: false,
        },
    );
    let mut to = vec![("code", code.as_str())];
    if let Some(state) = &asked.state {
        to.push(("state", state));
    }
    let session = random::guid();
    to.push(("session_state", &session));
    Answer::redirect(&with_query(&asked.redirect_uri, &to))
}

impl SignIn {
    fn caller(&self, ctx: &Ctx<'_>) -> Option<Caller> {
        let tid = self.tenant_id.clone()?;
        let oid = ctx.cloud.membership(self.email.as_deref()?, &tid)?.oid.clone();
        let client_id = match &self.purpose {
            Purpose::App(asked) => asked.client_id.clone(),
            Purpose::Redeem { .. } => String::new(),
        };
        Some(Caller { tid, oid, client_id })
    }
}

fn accept_invitation(ctx: &mut Ctx<'_>, sign_in: &SignIn) {
    let (Some(email), Some(tenant_id)) = (sign_in.email.clone(), sign_in.tenant_id.clone()) else { return };
    let now = ctx.now();
    let membership = ctx
        .cloud
        .people
        .iter_mut()
        .filter(|person| person.email.eq_ignore_ascii_case(&email))
        .flat_map(|person| &mut person.memberships)
        .find(|it| it.tenant_id == tenant_id);
    let Some(membership) = membership else { return };
    membership.external_user_state = Some("Accepted".to_owned());
    let oid = membership.oid.clone();
    if let Some(guest) = ctx.cloud.guests.iter_mut().find(|it| it.oid == oid) {
        guest.state_changed_at = now;
    }
    let caller = sign_in.caller(ctx);
    ctx.record(Kind::InvitationRedeemed, caller, &oid, json!({"tenantId": tenant_id, "account": email}));
}

fn has_consent(ctx: &Ctx<'_>, client_id: &str, tenant_id: &str, oid: &str, scope: &Scope) -> bool {
    consented(ctx, client_id, tenant_id, oid, scope.resource.as_str()).iter().any(|it| it == &scope.name)
}

/// The scopes of a resource that the person, or the whole tenant, consented to.
pub(crate) fn consented(ctx: &Ctx<'_>, client_id: &str, tenant_id: &str, oid: &str, resource: &str) -> Vec<String> {
    let mut scopes: Vec<String> = ctx
        .cloud
        .consents
        .iter()
        .filter(|(client, consent)| {
            client == client_id
                && consent.tenant_id == tenant_id
                && consent.resource == resource
                && consent.oid.as_deref().is_none_or(|it| it == oid)
        })
        .flat_map(|(_, consent)| consent.scopes.clone())
        .collect();
    scopes.sort();
    scopes.dedup();
    scopes
}

fn grant(ctx: &mut Ctx<'_>, sign_in: &SignIn) {
    let (Some(caller), Purpose::App(asked)) = (sign_in.caller(ctx), &sign_in.purpose) else { return };
    let Some(app) = ctx.cloud.app(&asked.client_id).cloned() else { return };
    for scope in asked.scopes.expanded(&app) {
        if has_consent(ctx, &app.client_id, &caller.tid, &caller.oid, &scope) {
            continue;
        }
        let resource = scope.resource.as_str();
        ctx.record(
            Kind::ConsentGranted,
            Some(caller.clone()),
            &caller.oid,
            json!({"resource": resource, "scope": scope.name}),
        );
        ctx.cloud.consents.push((
            app.client_id.clone(),
            Consent {
                tenant_id: caller.tid.clone(),
                oid: Some(caller.oid.clone()),
                resource: resource.to_owned(),
                scopes: vec![scope.name],
            },
        ));
    }
}

fn decline(ctx: &mut Ctx<'_>, sign_in: &SignIn, step: &str) -> Answer {
    let caller = sign_in.caller(ctx);
    let subject = sign_in.email.clone().unwrap_or_default();
    ctx.record(Kind::ConsentDeclined, caller, &subject, json!({"page": step}));
    let Purpose::App(asked) = &sign_in.purpose else {
        return Answer::html(
            200,
            super::pages::notice("Invitation", "You did not accept the invitation. You can close this page."),
        );
    };
    let refusal = if step == "approval" {
        Refusal::new(
            400,
            "access_denied",
            90094,
            "Admin consent is required for the permissions requested by this application.",
        )
    } else {
        Refusal::new(400, "access_denied", 65004, "User declined to consent to access the app.")
    };
    Answer::redirect(&error_redirect(&asked.redirect_uri, asked.state.as_deref(), &refusal, Some("cancel")))
}

fn error_redirect(redirect_uri: &str, state: Option<&str>, refusal: &Refusal, subcode: Option<&str>) -> String {
    let description = refusal.description();
    let mut to = vec![("error", refusal.error)];
    to.extend(subcode.map(|it| ("error_subcode", it)));
    to.push(("error_description", &description));
    to.extend(state.map(|it| ("state", it)));
    with_query(redirect_uri, &to)
}

fn with_query(address: &str, pairs: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let joint = if address.contains('?') { '&' } else { '?' };
    format!("{address}{joint}{query}")
}

pub(crate) fn may_return_to(app: &App, uri: &str) -> bool {
    if app.redirect_uris.iter().any(|it| it == uri) {
        return true;
    }
    // Entra ignores the port of loopback addresses, because local programs cannot choose one beforehand.
    let Ok(url) = Url::parse(uri) else { return false };
    url.scheme() == "http"
        && matches!(url.host_str(), Some("127.0.0.1" | "localhost"))
        && url.query().is_none()
        && url.fragment().is_none()
        && app.loopback_paths.iter().any(|path| path == url.path())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Scenario;

    #[test]
    fn a_redirect_address_fits_exactly_or_is_a_loopback_path() {
        let app = &Scenario::standard().clouds["public"].apps[0].clone();
        assert!(may_return_to(app, "https://mooring.contoso.com/callback"));
        assert!(may_return_to(app, "http://127.0.0.1:5173/callback"));
        for wrong in [
            "https://mooring.contoso.com/callback/",
            "https://evil.contoso.com/callback",
            "http://127.0.0.1:5173/callback/x",
            "http://127.0.0.1.contoso.com/callback",
            "https://127.0.0.1/callback",
        ] {
            assert!(!may_return_to(app, wrong), "{wrong}");
        }
    }

    #[test]
    fn the_mfa_claim_is_read() {
        assert!(claims_ask_for_mfa(r#"{"access_token":{"acrs":{"essential":true,"values":["p1"]}}}"#));
        assert!(!claims_ask_for_mfa(r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#));
        assert!(!claims_ask_for_mfa("no json"));
    }
}
