//! Decisions: who gets access again (`/o/{link}/mapping`), confirming the move (`/o/{link}/confirm`), cancelling
//! (`/o/{link}/cancel`), asking to look again after a fix (`/o/{link}/check-again`), choosing the subscription (`/o/{link}/choose`),
//! choosing the other route (`/o/{link}/route`), needing more time (`/o/{link}/extend`), having the other person
//! reminded (`/o/{link}/remind`), and handing one's part on (`/o/{link}/forward`);
//! after the move, ticking off what is left to do (`/o/{link}/to-do`) and saying how it went (`/o/{link}/feedback`).
//!
//! The confirmation is the last thing before what can't be undone. It takes the owner, signed in in this very browser within the
//! last ten minutes, who has been shown what the move does, ticks what it means, and types the subscription's name. What was
//! shown is named by its hashes: a confirmation of something else counts for nothing, here and again in the step that moves.
//! The decision is recorded with who, what and when before the wait ends.
//!
//! AWS calls of a confirmation: onboarding, browser, report, access, people, commit, outcome, signal. Microsoft calls: none.

mod after;
mod choose;
mod confirm;
mod list;
mod material;
mod people;
mod review;
mod route;
mod stop;
#[cfg(test)]
mod tests;
mod world;

use http::{Method, Request};
use onboarding::links::LinkRole;
use onboarding::{Actor, ErrorName, OnboardingId};
use store::{Change, Loaded, Note, StoreError};
use web::{Answer, WebProblem, answer, asked, pages, paths};

pub use world::{Deps, World};

/// Answers one request, in the language of who asks.
pub async fn handle<W: World, B: AsRef<[u8]>>(world: &W, request: &Request<B>) -> Answer {
    let locale = asked::locale(request.headers(), request.uri().query().unwrap_or_default());
    let answered = texts::scope(locale, Box::pin(answered(world, request))).await;
    asked::with_language(answered, request.uri().query().unwrap_or_default())
}

async fn answered<W: World, B: AsRef<[u8]>>(world: &W, request: &Request<B>) -> Answer {
    let wants_json = asked::wants_json(request.headers());
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let Some((link, action)) = paths::parse(&path) else { return WebProblem::NotFound.answer(wants_json) };
    let reads = method == Method::GET || method == Method::HEAD;
    let sends = method == Method::POST;
    if sends && !asked::came_from_our_page(request.headers(), world.portal()) {
        return WebProblem::CrossSite.answer(wants_json);
    }
    let answered = match action {
        "confirm" if reads => confirm::show(world, link, request).await,
        "confirm" if sends => confirm::confirm(world, link, request).await,
        "mapping" if reads => review::show(world, link, request).await,
        // Boxed: it is by far the largest of these, and the others should not carry its size.
        "mapping" if sends => Box::pin(review::decide(world, link, request)).await,
        "mapping.csv" if reads => list::download(world, link, request).await,
        "cancel" if reads => stop::show(world, link).await,
        "cancel" if sends => stop::cancel(world, link).await,
        "extend" if sends => people::extend(world, link).await,
        "remind" if sends => people::remind(world, link).await,
        "forward" if reads => people::show(world, link).await,
        "forward" if sends => people::forward(world, link, request).await,
        "route" if reads => route::show(world, link).await,
        "route" if sends => route::choose(world, link).await,
        "choose" if sends => choose::choose(world, link, request).await,
        "to-do" if sends => after::tick(world, link, request).await,
        "feedback" if sends => after::feedback(world, link, request).await,
        "check-again" if sends => stop::check_again(world, link).await,
        "mapping.csv" => Ok(answer::with_allow(WebProblem::MethodNotAllowed.answer(wants_json), "GET, HEAD")),
        "confirm" | "cancel" | "mapping" | "forward" | "route" => {
            Ok(answer::with_allow(WebProblem::MethodNotAllowed.answer(wants_json), "GET, HEAD, POST"))
        }
        "check-again" | "choose" | "extend" | "feedback" | "remind" | "to-do" => {
            Ok(answer::with_allow(WebProblem::MethodNotAllowed.answer(wants_json), "POST"))
        }
        _ => Ok(WebProblem::NotFound.answer(wants_json)),
    };
    let answered = answered.unwrap_or_else(|name| pages::explained(name, None, wants_json));
    if method == Method::HEAD { answer::without_body(answered) } else { answered }
}

/// What a link leads to.
struct Opened {
    id: OnboardingId,
    role: LinkRole,
    loaded: Loaded,
}

impl Opened {
    fn actor(&self) -> Option<Actor> {
        self.role.actor()
    }
}

async fn open<W: World>(world: &W, link: &str) -> Result<Result<Opened, Answer>, ErrorName> {
    let key = world.link_key().await?;
    let Some((id, role)) = key.open(link) else { return Ok(Err(WebProblem::LinkUnknown.answer(false))) };
    let loaded = world.load(&id).await.map_err(|error| logged(&id, &error))?;
    if !loaded.meta.link_counts(role) {
        return Ok(Err(WebProblem::LinkSuperseded.answer(false)));
    }
    Ok(Ok(Opened { id, role, loaded }))
}

/// Logs a failure of the tables where it is handled, and gives its name.
fn logged(id: &OnboardingId, error: &StoreError) -> ErrorName {
    if !matches!(error, StoreError::NotFound) {
        let error_name = error.name().as_str();
        tracing::error!(target: "mooring::decide", onboarding_id = %id, error_name, "the tables failed: {error}");
    }
    error.name()
}

/// How often a change is tried again when somebody else writes at the same time.
const TRIES: usize = 5;

/// Changes the onboarding's record. `decide` looks at the record as it is and makes the change, or says no with `None`;
/// it is asked again when somebody else wrote meanwhile.
async fn change<W: World>(
    world: &W,
    opened: &Opened,
    decide: impl Fn(&Loaded) -> Option<Change> + Send + Sync,
) -> Result<bool, ErrorName> {
    let mut loaded = opened.loaded.clone();
    for _ in 0..TRIES {
        let Some(change) = decide(&loaded) else { return Ok(false) };
        match world.commit(&loaded.meta, change).await {
            Ok(_) => return Ok(true),
            Err(StoreError::Conflict) => {
                loaded = world.load(&opened.id).await.map_err(|error| logged(&opened.id, &error))?;
            }
            Err(error) => return Err(logged(&opened.id, &error)),
        }
    }
    Err(ErrorName::StoreConflict)
}

/// Adds an entry to the audit trail, beside what has happened already: a failure is logged and does not undo it.
async fn note<W: World>(world: &W, opened: &Opened, entry: Note) {
    let added = change(world, opened, |loaded| {
        let mut change = Change::of(&loaded.meta);
        change.note(entry.clone());
        Some(change)
    })
    .await;
    if let Err(name) = added {
        let (error_name, action) = (name.as_str(), entry.action);
        tracing::error!(target: "mooring::decide", onboarding_id = %opened.id, error_name, action, "the audit entry could not be written");
    }
}
