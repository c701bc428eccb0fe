//! The pages of those who run the service: signing in (`/operator/sign-in`, `/operator/callback`, `/operator/sign-out`), the list of
//! onboardings (`/operator`), one of them with its mails and its audit trail (`/operator/o/{id}`), and what can be done about it:
//! remind, extend, reassign, retry, cancel, each with a page that says what will happen before the button that does it.
//!
//! An operator is whoever is in one group of one directory, both named in the template; unless both are, these pages are off. Microsoft
//! says at the sign-in who is in the group; what it said counts for an hour, in the browser that signed in, and no longer. Nothing here
//! can do what only one of the two people may: sign in for them, review, confirm, or move anything. Every act is in the audit trail
//! with the object id of who did it.
//!
//! AWS calls of an act: session, onboarding, commit or outcome and signal. Microsoft calls: at a sign-in two (the code's redemption, the
//! group), and the tenant's metadata and keys once in an environment's life; otherwise none.

mod acts;
mod list;
mod one;
mod session;
#[cfg(test)]
mod tests;
mod world;

use http::{Method, Request};
use onboarding::{ErrorName, OnboardingId};
use store::StoreError;
use web::pages::OperatorAct;
use web::{Answer, WebProblem, answer, asked, pages, paths};

pub use world::{Deps, Refused, SignedIn, World};

/// Answers one request, in the language of who asks.
pub async fn handle<W: World, B: AsRef<[u8]>>(world: &W, request: &Request<B>) -> Answer {
    let locale = asked::locale(request.headers(), request.uri().query().unwrap_or_default());
    let answered = texts::scope(locale, Box::pin(answered(world, request))).await;
    asked::with_language(answered, request.uri().query().unwrap_or_default())
}

/// What an address is.
enum Place {
    SignIn,
    SignOut,
    Callback,
    List,
    One(OnboardingId),
    /// As a page to keep, or else as JSON.
    Evidence(OnboardingId, bool),
    Act(OnboardingId, OperatorAct),
}

impl Place {
    fn of(path: &str) -> Option<Self> {
        match path {
            paths::OPERATOR => return Some(Self::List),
            paths::OPERATOR_SIGN_IN => return Some(Self::SignIn),
            paths::OPERATOR_SIGN_OUT => return Some(Self::SignOut),
            paths::OPERATOR_CALLBACK => return Some(Self::Callback),
            _ => {}
        }
        let rest = path.strip_prefix(paths::OPERATOR)?.strip_prefix("/o/")?;
        let (id, act) = rest.split_once('/').map_or((rest, None), |(id, act)| (id, Some(act)));
        let id = OnboardingId::parse(id).ok()?;
        match act {
            None => Some(Self::One(id)),
            Some("evidence.json") => Some(Self::Evidence(id, false)),
            Some("evidence.html") => Some(Self::Evidence(id, true)),
            Some(act) => OperatorAct::parse(act).map(|act| Self::Act(id, act)),
        }
    }

    /// The methods that it answers.
    fn allows(&self) -> &'static str {
        match self {
            Self::SignIn | Self::SignOut => "POST",
            // A HEAD must not use the code up, so it is not answered like a GET.
            Self::Callback => "GET",
            Self::List | Self::One(_) | Self::Evidence(..) => "GET, HEAD",
            Self::Act(..) => "GET, HEAD, POST",
        }
    }
}

async fn answered<W: World, B: AsRef<[u8]>>(world: &W, request: &Request<B>) -> Answer {
    let wants_json = asked::wants_json(request.headers());
    let Some(place) = Place::of(request.uri().path()) else { return WebProblem::NotFound.answer(wants_json) };
    if world.operators().is_none() {
        return WebProblem::OperatorOff.answer(wants_json);
    }
    let method = request.method();
    if !place.allows().split(", ").any(|allowed| allowed == method.as_str()) {
        return answer::with_allow(WebProblem::MethodNotAllowed.answer(wants_json), place.allows());
    }
    let sends = method == Method::POST;
    if sends && !asked::came_from_our_page(request.headers(), world.portal()) {
        return WebProblem::CrossSite.answer(wants_json);
    }
    let answered = match place {
        Place::SignIn => session::begin(world, request).await,
        Place::SignOut => session::end(world, request).await,
        // Boxed, as the others: what is loaded of an onboarding is large, and futures are moved on a small stack.
        Place::Callback => Ok(Box::pin(session::callback(world, request)).await),
        Place::List | Place::One(_) | Place::Evidence(..) | Place::Act(..) => {
            Box::pin(guarded(world, request, place)).await
        }
    };
    let answered = answered.unwrap_or_else(|name| pages::explained(name, None, wants_json));
    if method == Method::HEAD { answer::without_body(answered) } else { answered }
}

/// What only an operator sees.
async fn guarded<W: World, B: AsRef<[u8]>>(world: &W, request: &Request<B>, place: Place) -> Result<Answer, ErrorName> {
    let sends = request.method() == Method::POST;
    if let (Place::List, Some(problem)) = (&place, session::problem(request.uri().query().unwrap_or_default())) {
        return Ok(problem.answer(asked::wants_json(request.headers())));
    }
    let Some(who) = session::of(world, request.headers()).await? else {
        return session::asks(world, request.uri().path(), sends);
    };
    match place {
        Place::One(id) => one::show(world, &who, &id, request).await,
        Place::Evidence(id, as_page) => one::evidence(world, &id, as_page).await,
        Place::Act(id, act) if sends => Box::pin(acts::act(world, &who, &id, act, request)).await,
        Place::Act(id, act) => acts::show(world, &who, &id, act).await,
        Place::List | Place::SignIn | Place::SignOut | Place::Callback => list::show(world, &who, request).await,
    }
}

/// Logs a failure of the tables where it is handled, and gives its name.
fn logged(id: &OnboardingId, error: &StoreError) -> ErrorName {
    if !matches!(error, StoreError::NotFound) {
        let error_name = error.name().as_str();
        tracing::error!(target: "mooring::operator", onboarding_id = %id, error_name, "the tables failed: {error}");
    }
    error.name()
}

/// The same where no onboarding is known.
fn failed(error: &StoreError) -> ErrorName {
    let error_name = error.name().as_str();
    tracing::error!(target: "mooring::operator", error_name, "the tables failed: {error}");
    error.name()
}
