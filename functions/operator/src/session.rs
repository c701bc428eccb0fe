//! Signing in and out.
//!
//! As for the two people: the sign-in begins with a POST from our own page, is bound to the browser by a cookie, to ten minutes and one
//! use by a record, and to Microsoft's answer by state, PKCE and nonce, none of which is stored. Who comes back must be in the group;
//! then the browser gets a new random value of its own for an hour, and no token is kept.

use http::{HeaderMap, Request};
use microsoft::entra::CodeVerifier;
use onboarding::links::{LinkKey, fingerprint};
use onboarding::{ErrorName, ObjectId};
use secrecy::SecretString;
use store::{OperatorSession, OperatorSignIn, SessionState};
use web::pages::FIELD_TO;
use web::{Answer, Fields, WebProblem, answer, asked, pages, paths};

use crate::world::{Refused, SignedIn, World};
use crate::{Place, failed};

/// How long an operator has at Microsoft, in seconds.
const SIGN_IN_SECONDS: i64 = 600;

/// How long being in the group counts, in seconds: whoever is taken out of it can act for an hour more at most.
const SESSION_SECONDS: i64 = 3600;

/// Work accounts may sign in at their company's own identity provider, to which Entra redirects at once when it knows the account.
const FEDERATED_SIGN_IN: &str = "https:";

/// An operator who is signed in.
pub(crate) struct Operator {
    pub(crate) oid: ObjectId,
    pub(crate) name: String,
}

/// Who is signed in with this browser.
pub(crate) async fn of<W: World>(world: &W, headers: &HeaderMap) -> Result<Option<Operator>, ErrorName> {
    let Some(cookie) = asked::operator(headers) else { return Ok(None) };
    let session = world.session(&fingerprint(cookie)).await.map_err(|error| failed(&error))?;
    // A deployment that names another directory now must not honour what the old one said.
    let ours = |session: &OperatorSession| world.operators().is_some_and(|ours| ours.tenant == session.tid);
    let session = session.filter(|session| world.now().as_second() < session.expires_at && ours(session));
    Ok(session.map(|session| Operator { oid: session.oid, name: session.name }))
}

/// The page that asks to sign in, on the way to `path`. With `sends` something was to be done there and was not.
pub(crate) fn asks<W: World>(world: &W, path: &str, sends: bool) -> Result<Answer, ErrorName> {
    let login = asked::origin_of(&world.login_page()?).unwrap_or_default().to_owned();
    let page = pages::operator_sign_in(path, sends);
    let mut answered = answer::page_leading_to(&[login, FEDERATED_SIGN_IN.to_owned()], page);
    if sends {
        *answered.status_mut() = http::StatusCode::FORBIDDEN;
    }
    Ok(answered)
}

fn verifier(key: &LinkKey, browser: &str, state: &str) -> Result<CodeVerifier, ErrorName> {
    CodeVerifier::new(SecretString::from(key.code_verifier(browser, state))).map_err(|_| ErrorName::InternalBug)
}

/// `POST /operator/sign-in`.
pub(crate) async fn begin<W: World, B: AsRef<[u8]>>(world: &W, request: &Request<B>) -> Result<Answer, ErrorName> {
    let Some(posted) = Fields::read(request.body().as_ref()) else { return Ok(WebProblem::TooLarge.answer(false)) };
    // Only where a sign-in is of use, and never to another site.
    let to = match Place::of(posted.get(FIELD_TO)) {
        Some(Place::One(_) | Place::Act(..)) => posted.get(FIELD_TO),
        Some(Place::List | Place::Evidence(..) | Place::SignIn | Place::SignOut | Place::Callback) | None => {
            paths::OPERATOR
        }
    };
    // One value a browser: a second tab must not end the first one's sign-in.
    let browser = match asked::browser(request.headers()) {
        Some(browser) => browser.to_owned(),
        None => world.random()?,
    };
    let state = world.random()?;
    let key = world.link_key().await?;
    let (verifier, nonce) = (verifier(&key, &browser, &state)?, key.nonce(&browser, &state));
    let leads_to = world.authorize(&state, &nonce, &verifier).await?;
    let sign_in = OperatorSignIn {
        browser: fingerprint(&browser),
        to: to.to_owned(),
        state: SessionState::Started,
        ends_at: world.now().as_second() + SIGN_IN_SECONDS,
    };
    world.start_sign_in(&fingerprint(&state), &sign_in).await.map_err(|error| failed(&error))?;
    Ok(answer::with_cookie(answer::see_other(&leads_to), &asked::browser_cookie(&browser)))
}

/// `GET /operator/callback`. Whatever happens, the answer's address is one without code and state.
pub(crate) async fn callback<W: World, B>(world: &W, request: &Request<B>) -> Answer {
    match came_back(world, request).await {
        Ok(answered) => answered,
        Err(problem) => answer::see_other(&paths::operator_problem(problem.id())),
    }
}

/// How a sign-in went wrong, where the list's address says so.
pub(crate) fn problem(query: &str) -> Option<WebProblem> {
    let said = Fields::read(query.as_bytes())?;
    [WebProblem::OperatorSignIn, WebProblem::OperatorNotMember]
        .into_iter()
        .find(|it| it.id() == said.get(paths::PROBLEM))
}

async fn came_back<W: World, B>(world: &W, request: &Request<B>) -> Result<Answer, WebProblem> {
    let refused = |why: &str| {
        tracing::warn!(target: "mooring::operator", error_name = WebProblem::OperatorSignIn.id(), "an operator's sign-in was refused: {why}");
        WebProblem::OperatorSignIn
    };
    let (mut state, mut code, mut error) = (String::new(), None, None);
    for (name, value) in form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes()) {
        // The first of each counts: nothing that was appended can override it.
        match name.as_ref() {
            "state" if state.is_empty() => state = value.into_owned(),
            "code" if code.is_none() && !value.is_empty() => code = Some(SecretString::from(value.into_owned())),
            "error" if error.is_none() => error = Some(value.into_owned()),
            _ => {}
        }
    }
    // A state of ours has 43 characters: anything else costs no look into the table.
    if state.len() != 43 {
        return Err(refused("no state"));
    }
    let known = fingerprint(&state);
    let sign_in = world.sign_in(&known).await.map_err(|error| refused(&error.to_string()))?;
    let sign_in = sign_in.ok_or_else(|| refused("an unknown state"))?;
    // Before it is used up, so that a stolen address can't end somebody's sign-in.
    let browser = asked::browser(request.headers())
        .filter(|browser| fingerprint(browser) == sign_in.browser)
        .ok_or_else(|| refused("another browser"))?;
    if !world.use_sign_in(&known).await.map_err(|error| refused(&error.to_string()))? {
        return Err(refused("it was used before"));
    }
    let now = world.now().as_second();
    if now >= sign_in.ends_at {
        return Err(refused("too late"));
    }
    if error.is_some() {
        // What Microsoft says about it is for the person; it was on its page.
        return Err(refused("Microsoft sent an error"));
    }
    let code = code.ok_or_else(|| refused("no code"))?;
    let key = world.link_key().await.map_err(|name| refused(name.as_str()))?;
    let verifier = verifier(&key, browser, &state).map_err(|name| refused(name.as_str()))?;
    let SignedIn { person, member } = match world.redeem(&code, &verifier, &key.nonce(browser, &state)).await {
        Ok(signed_in) => signed_in,
        Err(Refused::Microsoft(error)) => return Err(refused(&error.to_string())),
        Err(Refused::Ours(name)) => return Err(refused(name.as_str())),
    };
    if !member {
        tracing::warn!(target: "mooring::operator", oid = %person.object_id, error_name = WebProblem::OperatorNotMember.id(), "somebody who is no operator signed in");
        return Err(WebProblem::OperatorNotMember);
    }
    // A new value at every sign-in: what a browser had before opens nothing.
    let cookie = world.random().map_err(|name| refused(name.as_str()))?;
    let name = person.username.as_deref().or(person.name.as_deref()).unwrap_or_default();
    let session = OperatorSession {
        tid: person.tenant.clone(),
        oid: person.object_id.clone(),
        name: onboarding::plain::one_line(name),
        signed_in_at: now,
        expires_at: now + SESSION_SECONDS,
    };
    world.keep_session(&fingerprint(&cookie), &session).await.map_err(|error| refused(&error.to_string()))?;
    tracing::info!(target: "mooring::operator", oid = %person.object_id, "an operator signed in");
    let cookie = asked::operator_cookie(Some((&cookie, SESSION_SECONDS)));
    Ok(answer::with_cookie(answer::see_other(&sign_in.to), &cookie))
}

/// `POST /operator/sign-out`.
pub(crate) async fn end<W: World, B>(world: &W, request: &Request<B>) -> Result<Answer, ErrorName> {
    if let Some(cookie) = asked::operator(request.headers()) {
        world.forget_session(&fingerprint(cookie)).await.map_err(|error| failed(&error))?;
    }
    Ok(answer::with_cookie(answer::see_other(paths::OPERATOR), &asked::operator_cookie(None)))
}
