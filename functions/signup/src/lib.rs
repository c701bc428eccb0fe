//! Signing up: the start page (`GET /`), the form (`GET /new`), and what it starts (`POST /new`).
//!
//! Nothing begins before whoever fills in the form has proved their mailbox (`/check-mail/{link}`): see `mailbox`.
//!
//! Who has lost their link has it mailed again (`/new-link`): see `new_link`.
//!
//! The form is one of three equal starts: it validates against the same schema as the event and the console do, looks up what
//! can be known without anybody's sign-in, so that mistakes are told where they were made, and starts the same execution.
//! `register` checks all of it again: nothing that comes from here is trusted because it came from here.
//!
//! Sending a form twice starts one onboarding: its id is made of the form's own id and of what was typed. So neither a second
//! click nor a repeated request starts a second one, a corrected form starts a new one, and nobody can pick the id of an
//! onboarding that exists and be led to it.
//!
//! Microsoft calls: two, both without a token (the partner directory's metadata, the subscription's tenant); a third when the
//! subscription is unknown, to tell a tenant id from a subscription id. AWS calls: four counts, two reads of locks, a query of what waits, one
//! start.

mod form;
mod limits;
mod mailbox;
mod new_link;
#[cfg(test)]
mod tests;
mod world;

use http::{Method, Request, StatusCode};
use web::{Answer, Fields, WebProblem, answer, asked, pages, paths};

pub use world::{Deps, Looked, World};

const CHECK_MAIL: &str = "/check-mail/";

/// Answers one request, in the language of who asks.
pub async fn handle<W: World, B: AsRef<[u8]>>(world: &W, request: &Request<B>) -> Answer {
    let locale = asked::locale(request.headers(), request.uri().query().unwrap_or_default());
    let answered = texts::scope(locale, Box::pin(answered(world, request))).await;
    asked::with_language(answered, request.uri().query().unwrap_or_default())
}

async fn answered<W: World, B: AsRef<[u8]>>(world: &W, request: &Request<B>) -> Answer {
    let wants_json = asked::wants_json(request.headers());
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let reads = method == Method::GET || method == Method::HEAD;
    let source = limits::source(request);
    let answered = match path.as_str() {
        paths::START if reads => answer::page(StatusCode::OK, pages::start()),
        paths::NEW if reads => form::empty(world).unwrap_or_else(|name| pages::explained(name, None, wants_json)),
        paths::NEW if method == Method::POST => {
            if !asked::came_from_our_page(request.headers(), world.portal()) {
                return WebProblem::CrossSite.answer(wants_json);
            }
            let Some(posted) = Fields::read(request.body().as_ref()) else {
                return WebProblem::TooLarge.answer(wants_json);
            };
            let answered = if posted.get(pages::FIELD_BUTTON) == pages::DO_CHECK {
                form::check(world, &posted, &source).await
            } else {
                form::send(world, posted, wants_json, &source).await
            };
            answered.unwrap_or_else(|name| pages::explained(name, None, wants_json))
        }
        paths::NEW_LINK if reads => new_link::show(),
        paths::NEW_LINK if method == Method::POST => {
            if !asked::came_from_our_page(request.headers(), world.portal()) {
                return WebProblem::CrossSite.answer(wants_json);
            }
            let Some(posted) = Fields::read(request.body().as_ref()) else {
                return WebProblem::TooLarge.answer(wants_json);
            };
            new_link::send(world, &posted, &source)
                .await
                .unwrap_or_else(|name| pages::explained(name, None, wants_json))
        }
        path if path.starts_with(CHECK_MAIL) => {
            let link = path.strip_prefix(CHECK_MAIL).unwrap_or_default();
            let answered = match method.clone() {
                Method::GET | Method::HEAD => mailbox::show(world, link).await,
                Method::POST if !asked::came_from_our_page(request.headers(), world.portal()) => {
                    return WebProblem::CrossSite.answer(wants_json);
                }
                Method::POST => mailbox::prove(world, link, request.body().as_ref()).await,
                _ => Ok(answer::with_allow(WebProblem::MethodNotAllowed.answer(wants_json), "GET, HEAD, POST")),
            };
            answered.unwrap_or_else(|name| pages::explained(name, None, wants_json))
        }
        paths::START => answer::with_allow(WebProblem::MethodNotAllowed.answer(wants_json), "GET, HEAD"),
        paths::NEW | paths::NEW_LINK => {
            answer::with_allow(WebProblem::MethodNotAllowed.answer(wants_json), "GET, HEAD, POST")
        }
        _ => WebProblem::NotFound.answer(wants_json),
    };
    if method == Method::HEAD { answer::without_body(answered) } else { answered }
}
