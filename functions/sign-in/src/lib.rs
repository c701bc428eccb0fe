//! Signing in: what is asked (`GET /o/{link}/turn`), the way to Microsoft (`POST /o/{link}/sign-in`), the way back
//! (`GET /callback`), saying no (`POST /o/{link}/decline`), and how it went (`GET /o/{link}/result/{result}`,
//! `GET /problem/{result}`).
//!
//! The threat is that somebody makes somebody else sign in, or comes back with somebody else's code. Hence: opening a link does
//! nothing; the sign-in begins with a POST from our own page; it is bound to the browser by a cookie, to the wait by a session
//! that can be used once within ten minutes, and to Microsoft's answer by state, PKCE and nonce, none of which is stored; and
//! what comes back must be the expected person of the expected tenant, or nothing is recorded and the wait stays open.
//!
//! What is got is sealed before anything else happens; this function's role may seal and never open. AWS calls of a callback
//! that succeeds: session, use of it, onboarding, seal, commit, outcome, signal, note of it, result. Microsoft calls: the code's
//! redemption, and the tenant's metadata and keys once in an environment's life.

mod begin;
mod callback;
mod person;
mod result;
#[cfg(test)]
mod tests;
mod world;

use http::{Method, Request};
use onboarding::links::LinkRole;
use onboarding::{Actor, ErrorName, OnboardingId};
use store::{Loaded, StoreError};
use web::{Answer, WebProblem, answer, asked, pages, paths};

pub use world::{Asking, Deps, Registration, SignedIn, World};

/// Answers one request, in the language of who asks.
pub async fn handle<W: World, B>(world: &W, request: &Request<B>) -> Answer {
    let locale = asked::locale(request.headers(), request.uri().query().unwrap_or_default());
    let answered = texts::scope(locale, Box::pin(answered(world, request))).await;
    asked::with_language(answered, request.uri().query().unwrap_or_default())
}

async fn answered<W: World, B>(world: &W, request: &Request<B>) -> Answer {
    let wants_json = asked::wants_json(request.headers());
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let (link, action) = match path.as_str() {
        paths::CALLBACK => ("", "callback"),
        other => match (paths::parse(other), other.strip_prefix("/problem/")) {
            (Some((link, action)), _) => (link, action),
            (None, Some(_)) => ("", other),
            (None, None) => return WebProblem::NotFound.answer(wants_json),
        },
    };
    let reads = method == Method::GET || method == Method::HEAD;
    let answered = match (action, reads, method == Method::POST) {
        // A HEAD of the callback must not use the code up, so it is not answered like a GET.
        ("callback", true, _) if method == Method::HEAD => {
            answer::with_allow(WebProblem::MethodNotAllowed.answer(wants_json), "GET")
        }
        // Boxed, as the others: what is loaded of an onboarding is large, and futures are moved on a small stack.
        ("callback", true, _) => Box::pin(callback::callback(world, request)).await,
        ("turn", true, _) => Box::pin(begin::turn(world, link)).await.unwrap_or_else(|name| refused(name, wants_json)),
        ("sign-in", _, true) => {
            Box::pin(begin::sign_in(world, link, request)).await.unwrap_or_else(|name| refused(name, wants_json))
        }
        ("decline", _, true) => {
            Box::pin(begin::decline(world, link, request)).await.unwrap_or_else(|name| refused(name, wants_json))
        }
        ("callback" | "turn", false, _) => {
            answer::with_allow(WebProblem::MethodNotAllowed.answer(wants_json), "GET, HEAD")
        }
        ("sign-in" | "decline", _, false) => {
            answer::with_allow(WebProblem::MethodNotAllowed.answer(wants_json), "POST")
        }
        (other, true, _) => match (other.strip_prefix("result/"), other.strip_prefix("/problem/")) {
            (Some(slug), _) => Box::pin(result::of_link(world, link, slug, request))
                .await
                .unwrap_or_else(|name| refused(name, wants_json)),
            (None, Some(slug)) => result::of_nothing(slug, wants_json),
            (None, None) => WebProblem::NotFound.answer(wants_json),
        },
        _ => WebProblem::NotFound.answer(wants_json),
    };
    if method == Method::HEAD { answer::without_body(answered) } else { answered }
}

fn refused(name: ErrorName, wants_json: bool) -> Answer {
    pages::explained(name, None, wants_json)
}

/// What a link leads to.
pub(crate) struct Opened {
    pub(crate) id: OnboardingId,
    pub(crate) role: LinkRole,
    pub(crate) loaded: Loaded,
}

impl Opened {
    /// The person whose link it is, if it is one of the two.
    pub(crate) fn actor(&self) -> Option<Actor> {
        self.role.actor()
    }
}

/// Opens a link and loads its onboarding. A link that we did not make is answered like one that leads nowhere.
pub(crate) async fn open<W: World>(world: &W, link: &str) -> Result<Result<Opened, WebProblem>, ErrorName> {
    let key = world.link_key().await?;
    let Some((id, role)) = key.open(link) else { return Ok(Err(WebProblem::LinkUnknown)) };
    let loaded = world.load(&id).await.map_err(|error| logged(&id, &error))?;
    if !loaded.meta.link_counts(role) {
        return Ok(Err(WebProblem::LinkSuperseded));
    }
    Ok(Ok(Opened { id, role, loaded }))
}

/// Logs a failure of the tables where it is handled, and gives its name.
pub(crate) fn logged(id: &OnboardingId, error: &StoreError) -> ErrorName {
    if !matches!(error, StoreError::NotFound) {
        let error_name = error.name().as_str();
        tracing::error!(target: "mooring::sign_in", onboarding_id = %id, error_name, "the tables failed: {error}");
    }
    error.name()
}
