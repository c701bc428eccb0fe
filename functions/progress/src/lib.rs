//! The progress page: `GET /o/{link}`, as HTML and, at the same address, as JSON; and the pages about what was found out and what
//! became of it: `preflight`, `report`, `access`, `proof`, `receipt`. Also the style sheet and the health check.
//!
//! Reads only: nothing that is opened here changes anything. AWS calls: the link key once in an environment's life, then two
//! queries a page, and one more for each kept list. Microsoft calls: none.

mod read;
mod view;

use http::{Method, Request, StatusCode};
use jiff::Timestamp;
use onboarding::audit::Entry;
use onboarding::links::{LinkKey, LinkRole};
use onboarding::{Actor, ErrorName, OnboardingId};
use ops::{Clock, Config};
use store::{Archive, Loaded, Store, StoreError};
use vault::{Secrets, VaultError};
use web::{Answer, WebProblem, answer, asked, pages, paths};

pub use view::view;

/// What the function works with.
#[derive(Debug)]
pub struct Deps {
    store: Store,
    secrets: Secrets,
    clock: Clock,
}

impl Deps {
    /// Reads the environment and builds the clients. No network.
    ///
    /// # Errors
    /// A variable that is missing.
    pub async fn from_env() -> Result<Self, ops::config::ConfigError> {
        let config = Config::from_env(&["ONBOARDING_TABLE", "LINK_KEY_SECRET_ID"])?;
        let aws = ops::aws().await;
        Ok(Self {
            store: Store::new(&aws, config.onboarding_table, String::new()),
            secrets: Secrets::new(&aws, String::new(), config.link_key_secret),
            clock: Clock::system(),
        })
    }
}

/// What the pages read from.
pub trait Reading: Sync {
    /// The key of links.
    fn link_key(&self) -> impl Future<Output = Result<LinkKey, VaultError>> + Send;
    /// The onboarding.
    fn load(&self, id: &OnboardingId) -> impl Future<Output = Result<Loaded, StoreError>> + Send;
    /// Its audit trail, oldest first.
    fn audit(&self, id: &OnboardingId) -> impl Future<Output = Result<Vec<Entry>, StoreError>> + Send;
    /// The pages of a kept list, in order.
    fn pages(
        &self,
        id: &OnboardingId,
        kind: Archive,
        hash: &str,
    ) -> impl Future<Output = Result<Vec<Vec<u8>>, StoreError>> + Send;
    /// What time it is.
    fn now(&self) -> Timestamp;
}

impl Reading for Deps {
    async fn link_key(&self) -> Result<LinkKey, VaultError> {
        self.secrets.link_key().await
    }

    async fn load(&self, id: &OnboardingId) -> Result<Loaded, StoreError> {
        self.store.load_for_page(id).await
    }

    async fn audit(&self, id: &OnboardingId) -> Result<Vec<Entry>, StoreError> {
        self.store.audit(id).await
    }

    async fn pages(&self, id: &OnboardingId, kind: Archive, hash: &str) -> Result<Vec<Vec<u8>>, StoreError> {
        self.store.pages(id, kind, hash).await
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// Answers one request, in the language of who asks.
pub async fn handle<R: Reading, B>(deps: &R, request: &Request<B>) -> Answer {
    let locale = asked::locale(request.headers(), request.uri().query().unwrap_or_default());
    let answered = texts::scope(locale, Box::pin(answered(deps, request))).await;
    asked::with_language(answered, request.uri().query().unwrap_or_default())
}

async fn answered<R: Reading, B>(deps: &R, request: &Request<B>) -> Answer {
    let wants_json = asked::wants_json(request.headers());
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    if method != Method::GET && method != Method::HEAD {
        return answer::with_allow(WebProblem::MethodNotAllowed.answer(wants_json), "GET, HEAD");
    }
    let answered = match path.as_str() {
        paths::STYLE => answer::style(),
        paths::SCRIPT => answer::script(),
        paths::HEALTH => answer::json(StatusCode::OK, &serde_json::json!({"status": "ok"})),
        path => match paths::parse(path) {
            Some((link, page)) => match progress(deps, link, page, request, wants_json).await {
                Ok(answered) => answered,
                Err(name) => pages::explained(name, None, wants_json),
            },
            None => WebProblem::NotFound.answer(wants_json),
        },
    };
    if method == Method::HEAD { answer::without_body(answered) } else { answered }
}

/// How long after its id was made an onboarding may still be on its way into the table: the id is as old as the form, which
/// may be open for an hour, and the state machine repeats a failing start for some minutes.
const CREATING_SECONDS: u64 = 3600 + 600;

async fn progress<R: Reading, B>(
    deps: &R,
    link: &str,
    page: &str,
    request: &Request<B>,
    wants_json: bool,
) -> Result<Answer, ErrorName> {
    let key = deps.link_key().await.map_err(|error| {
        tracing::error!(target: "mooring::progress", error_name = error.name().as_str(), "the link key could not be read: {error}");
        error.name()
    })?;
    let Some((id, role)) = key.open(link) else {
        return Ok(WebProblem::LinkUnknown.answer(wants_json));
    };
    let loaded = match deps.load(&id).await {
        Ok(loaded) => loaded,
        Err(StoreError::NotFound) if is_new(&id, deps.now()) => {
            return Ok(creating(link, &id, wants_json));
        }
        Err(error) => return Err(failed(&id, &error)),
    };
    if !loaded.meta.link_counts(role) {
        return Ok(WebProblem::LinkSuperseded.answer(wants_json));
    }
    if let Some(actor) = role.actor() {
        texts::recorded_zone(&loaded.meta.contact(actor).time_zone);
    }
    if !page.is_empty() {
        let look = read::Look { link, id: &id, role, loaded: &loaded, wants_json };
        return match read::page(deps, &look, page, request).await {
            Some(answered) => answered,
            None => Ok(WebProblem::NotFound.answer(wants_json)),
        };
    }
    let audit = deps.audit(&id).await.map_err(|error| failed(&id, &error))?;
    // After the move, people ask what is left for them to do: that is in the report.
    let report = if loaded.meta.moved { read::newest(deps, &loaded).await? } else { None };
    let mut view = view(&loaded, &audit, report.as_ref(), link, role.actor(), deps.now());
    let may_matter = !loaded.meta.status.is_over() && !loaded.meta.is_past_return();
    // For the one who tells it, never for the one who is asked, nor for whoever only looks.
    let tells = role.actor() == Some(Actor::PartnerAdmin) && may_matter;
    view.phrase = tells.then(|| key.phrase(&id)).map(|signs| format!("{}-{}", &signs[..3], &signs[3..]));
    view.share = role.actor().map(|_| key.link(&id, LinkRole::Viewer));
    Ok(if wants_json {
        answer::json(StatusCode::OK, &view)
    } else {
        answer::page(StatusCode::OK, pages::progress(&view))
    })
}

fn failed(id: &OnboardingId, error: &StoreError) -> ErrorName {
    if !matches!(error, StoreError::NotFound) {
        tracing::error!(target: "mooring::progress", onboarding_id = %id, error_name = error.name().as_str(), "the onboarding could not be read: {error}");
    }
    error.name()
}

/// Whether the id is young: an id holds the time at which it was made.
fn is_new(id: &OnboardingId, now: Timestamp) -> bool {
    let made = ulid::Ulid::from_string(id.as_str()).map(|ulid| ulid.timestamp_ms()).unwrap_or_default();
    let now = u64::try_from(now.as_millisecond()).unwrap_or_default();
    now.saturating_sub(made) < CREATING_SECONDS * 1000
}

fn creating(link: &str, id: &OnboardingId, wants_json: bool) -> Answer {
    if wants_json {
        let said = serde_json::json!({"onboardingId": id, "reference": id.reference(), "status": "creating"});
        return answer::json(StatusCode::OK, &said);
    }
    answer::page(StatusCode::OK, pages::creating(link, &id.reference()))
}

#[cfg(test)]
mod tests;
