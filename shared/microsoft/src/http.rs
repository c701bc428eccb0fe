//! The one place that talks HTTP: timeouts, retries, request ids, the token, the size of answers.
//!
//! * A token leaves the process in [`Http::attempt`] only, and only to an address that [`Api::send`] found inside the
//!   API it was issued for. Redirects are never followed.
//! * Repeated are 408, 429, 500, 502, 503, 504 and lost connections, and no longer than the deadline allows. Of the server's
//!   wait and ours the larger counts; a wait beyond the deadline ends the call at once, so that a step can wait outside.
//! * A call that must not happen twice ([`Repeat::Once`]) is repeated only when it certainly did not happen: no connection
//!   came about, or the server said 429. A lost answer is [`ErrorKind::UnknownOutcome`].
//! * No clock is read but the monotonic one: a `Retry-After` date counts from the answer's own `Date`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable as _};
use jiff::Timestamp;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Method, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::Instant;
use url::Url;
use uuid::Uuid;

use crate::claims::{self, ClaimsChallenge};
use crate::clouds::ApiBase;
use crate::entra::EntraErrorKind;
use crate::errors::{Dialect, Error, ErrorKind, RequestIds, Said};

/// How calls are made.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// How long a connection may take to come about.
    pub connect_timeout: Duration,
    /// How long one attempt may take, its answer read.
    pub attempt_timeout: Duration,
    /// How long one call may take, all attempts and waits together.
    pub call_timeout: Duration,
    /// How often a call is repeated at most.
    pub retries: usize,
    /// The wait before the first repetition; it doubles from there, with jitter.
    pub first_wait: Duration,
    /// The longest wait of our own choosing. The server's may be longer.
    pub longest_wait: Duration,
    /// The largest answer that is read, in bytes.
    pub answer_limit: usize,
    /// How many pages of a list are read before it counts as endless.
    pub page_limit: usize,
    /// Random bytes from the caller's port, from which request ids are derived.
    pub id_seed: [u8; 16],
}

impl HttpSettings {
    /// Settings that suit a function: everything within half a minute.
    #[must_use]
    pub fn new(id_seed: [u8; 16]) -> Self {
        Self {
            connect_timeout: Duration::from_secs(2),
            attempt_timeout: Duration::from_secs(15),
            call_timeout: Duration::from_secs(30),
            retries: 4,
            first_wait: Duration::from_millis(250),
            longest_wait: Duration::from_secs(8),
            // A page of a thousand role assignments is some 800 kB.
            answer_limit: 4 * 1024 * 1024,
            page_limit: 200,
            id_seed,
        }
    }
}

/// The HTTP client could not be built.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client could not be built")]
pub struct HttpSetupError(#[source] reqwest::Error);

/// One connection pool for all APIs.
#[derive(Debug)]
pub(crate) struct Http {
    client: reqwest::Client,
    settings: HttpSettings,
    namespace: Uuid,
    calls: AtomicU64,
}

/// One API as one caller may use it.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    pub(crate) http: Arc<Http>,
    pub(crate) base: ApiBase,
    pub(crate) dialect: Dialect,
    pub(crate) token: Option<SecretString>,
    pub(crate) deadline: Option<Instant>,
}

/// Whether a call may be made again when nobody knows whether it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// Reads, and writes that say the same thing twice.
    Safe,
    /// Everything else.
    Once,
}

/// One call, to be made as often as need be.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) operation: &'static str,
    method: Method,
    address: String,
    body: Body,
    headers: Vec<(&'static str, &'static str)>,
    repeat: Repeat,
}

/// An answer read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) operation: &'static str,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) ids: RequestIds,
    dialect: Dialect,
    body: Vec<u8>,
}

impl Http {
    /// The only place that builds an HTTP client. `plain` allows http, for the simulated cloud on loopback.
    pub(crate) fn new(settings: HttpSettings, plain: bool) -> Result<Self, HttpSetupError> {
        let client = reqwest::Client::builder()
            .connect_timeout(settings.connect_timeout)
            // The sockets of a frozen execution environment are dead when it thaws.
            .pool_idle_timeout(Duration::from_secs(5))
            .redirect(reqwest::redirect::Policy::none())
            // A proxy from the environment would see the tokens of plain http and is none of our endpoints.
            .no_proxy()
            .https_only(!plain)
            .user_agent(concat!("mooring/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(HttpSetupError)?;
        let namespace = Uuid::from_bytes(settings.id_seed);
        Ok(Self { client, settings, namespace, calls: AtomicU64::new(0) })
    }

    pub(crate) fn settings(&self) -> &HttpSettings {
        &self.settings
    }

    /// A new id, unique as far as the seed is.
    pub(crate) fn new_id(&self) -> String {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        Uuid::new_v5(&self.namespace, &call.to_be_bytes()).hyphenated().to_string()
    }

    /// One attempt. The only place where a token is exposed; [`Api::send`] has checked where it goes.
    async fn attempt(&self, api: &Api, call: &Call, url: &Url, id: &str, until: Instant) -> Result<Answer, Failed> {
        let left = until.saturating_duration_since(Instant::now());
        let timeout = self.settings.attempt_timeout.min(left);
        let mut request =
            self.client.request(call.method.clone(), url.clone()).timeout(timeout).header(ACCEPT, "application/json");
        for (name, value) in api.dialect.headers(id) {
            request = request.header(name, value);
        }
        for (name, value) in &call.headers {
            request = request.header(*name, *value);
        }
        if let Some(token) = &api.token {
            let mut value = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret()))
                .map_err(|_| Failed::Final(Error::new(ErrorKind::Unauthenticated, call.operation)))?;
            value.set_sensitive(true);
            request = request.header(AUTHORIZATION, value);
        }
        request = match &call.body {
            Body::None if call.method == Method::POST => request.header(CONTENT_LENGTH, "0"),
            Body::None => request,
            Body::Json(json) => request.header(CONTENT_TYPE, "application/json").body(json.to_string()),
            Body::Form(form) => {
                request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form.expose_secret().to_owned())
            }
        };
        let response = request.send().await.map_err(Failed::transport)?;
        self.read(api, call, id, response).await
    }

    async fn read(&self, api: &Api, call: &Call, id: &str, mut response: reqwest::Response) -> Result<Answer, Failed> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(Failed::transport)? {
            if body.len() + chunk.len() > self.settings.answer_limit {
                let error = Error::new(ErrorKind::Unexpected, call.operation)
                    .with_status(response.status().as_u16())
                    .with_message("the answer is larger than we read");
                return Err(Failed::Final(error));
            }
            body.extend_from_slice(&chunk);
        }
        let answer = Answer {
            operation: call.operation,
            status: response.status(),
            ids: api.dialect.ids(id, response.headers()),
            headers: response.headers().clone(),
            dialect: api.dialect,
            body,
        };
        match answer.status.as_u16() {
            408 | 429 | 500 | 502 | 503 | 504 => Err(Failed::Answer(Box::new(answer))),
            _ => Ok(answer),
        }
    }
}

impl Api {
    /// Makes the call and gives its answer if it is a success, and otherwise what Microsoft said.
    pub(crate) async fn send(&self, call: &Call) -> Result<Answer, Error> {
        let answer = self.exchange(call).await?;
        if answer.status.is_success() { Ok(answer) } else { Err(answer.refusal(call)) }
    }

    /// Makes the call and gives its answer, whatever its status; an error if there is none but "try later".
    pub(crate) async fn exchange(&self, call: &Call) -> Result<Answer, Error> {
        let url = Url::parse(&call.address)
            .ok()
            .filter(|url| self.base.admits(url))
            .ok_or_else(|| Error::new(ErrorKind::ForeignAddress, call.operation))?;
        let started = Instant::now();
        let until = started + self.http.settings.call_timeout;
        let until = self.deadline.map_or(until, |deadline| deadline.min(until));
        let id = self.http.new_id();
        // A call that must not happen twice isn't begun with too little time left to hear of its outcome.
        let needed = match call.repeat {
            Repeat::Safe => Duration::ZERO,
            Repeat::Once => self.http.settings.connect_timeout,
        };
        if started + needed >= until {
            return Err(Error::new(ErrorKind::Unavailable, call.operation)
                .with_message("too little time is left; nothing was sent"));
        }
        let mut attempts = 0_u32;
        let outcome = (|| {
            attempts += 1;
            self.http.attempt(self, call, &url, &id, until)
        })
        .retry(self.http.settings.waits())
        .sleep(tokio::time::sleep)
        .when(|failed| failed.may_be_repeated(call.repeat))
        .adjust(|failed, ours| failed.wait(ours?, until))
        .await;
        let status = match &outcome {
            Ok(answer) => answer.status.as_u16(),
            Err(Failed::Answer(answer)) => answer.status.as_u16(),
            Err(Failed::Transport(_) | Failed::Final(_)) => 0,
        };
        tracing::debug!(
            operation = call.operation,
            status,
            attempts,
            duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            request_id = %id,
            "called {}",
            call.operation
        );
        match outcome {
            Ok(answer) => Ok(answer),
            Err(Failed::Answer(answer)) => Err(answer.refusal(call)),
            Err(Failed::Final(error)) => Err(error.with_ids(RequestIds { ours: Some(id), ..RequestIds::default() })),
            Err(Failed::Transport(source)) => {
                let lost = call.repeat == Repeat::Once && !source.is_connect();
                let kind = if lost { ErrorKind::UnknownOutcome } else { ErrorKind::Unavailable };
                Err(Error::new(kind, call.operation)
                    .with_ids(RequestIds { ours: Some(id), ..RequestIds::default() })
                    .with_source(source))
            }
        }
    }

    /// Makes the call and reads its answer.
    pub(crate) async fn read<T: DeserializeOwned>(&self, call: &Call) -> Result<T, Error> {
        self.send(call).await?.json()
    }
}

impl Call {
    pub(crate) fn get(operation: &'static str, address: String) -> Self {
        Self::new(operation, Method::GET, address, Body::None)
    }

    pub(crate) fn put(operation: &'static str, address: String, body: Value) -> Self {
        Self::new(operation, Method::PUT, address, Body::Json(body))
    }

    pub(crate) fn post(operation: &'static str, address: String, body: Value) -> Self {
        Self::new(operation, Method::POST, address, Body::Json(body))
    }

    /// A POST without a body, as Azure's actions are.
    pub(crate) fn act(operation: &'static str, address: String) -> Self {
        Self::new(operation, Method::POST, address, Body::None)
    }

    pub(crate) fn form(operation: &'static str, address: String, form: SecretString) -> Self {
        Self::new(operation, Method::POST, address, Body::Form(form))
    }

    pub(crate) fn delete(operation: &'static str, address: String) -> Self {
        Self::new(operation, Method::DELETE, address, Body::None)
    }

    /// Never made again while its outcome is unknown.
    pub(crate) fn once(mut self) -> Self {
        self.repeat = Repeat::Once;
        self
    }

    pub(crate) fn header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }

    fn new(operation: &'static str, method: Method, address: String, body: Body) -> Self {
        Self { operation, method, address, body, headers: Vec::new(), repeat: Repeat::Safe }
    }
}

impl Answer {
    /// A part of an answer that holds several, read as if it had come alone.
    pub(crate) fn part(&self, status: StatusCode, headers: HeaderMap, body: Vec<u8>) -> Self {
        let (operation, ids, dialect) = (self.operation, self.ids.clone(), self.dialect);
        Self { operation, status, headers, ids, dialect, body }
    }

    /// Decodes the answer; an error names the field that does not fit, and not what stood in it.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let mut decoder = serde_json::Deserializer::from_slice(&self.body);
        serde_path_to_error::deserialize(&mut decoder).map_err(|error| {
            Error::new(ErrorKind::Unexpected, self.operation)
                .with_status(self.status.as_u16())
                .with_ids(self.ids.clone())
                .with_message(format!("the answer's field `{}` does not fit", error.path()))
        })
    }

    /// A header as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The error that this answer is.
    pub(crate) fn refusal(&self, call: &Call) -> Error {
        let said = Said::read(&self.body);
        let challenge = claims::bearer_challenge(&self.headers).unwrap_or_default();
        let (kind, claims) = self.classify(call.repeat, &said, &challenge);
        let mut ids = self.ids.clone();
        ids.theirs = ids.theirs.or(said.request_id);
        ids.correlation = ids.correlation.or(said.correlation_id);
        let error = Error::new(kind, self.operation)
            .with_status(self.status.as_u16())
            .with_code(said.code)
            .with_entra_codes(said.entra_codes)
            .with_ids(ids)
            .with_retry_after(retry_after(&self.headers))
            .with_claims(claims);
        match said.message {
            Some(message) => error.with_message(message),
            None => error,
        }
    }

    fn classify(
        &self,
        repeat: Repeat,
        said: &Said,
        challenge: &[(String, String)],
    ) -> (ErrorKind, Option<ClaimsChallenge>) {
        let status = self.status.as_u16();
        let asked = claims::parameter(challenge, "claims").or(said.claims.as_deref()).and_then(ClaimsChallenge::parse);
        if self.dialect == Dialect::Entra {
            let kind = match status {
                429 => EntraErrorKind::Throttled,
                408 | 500.. => EntraErrorKind::Unavailable,
                _ => EntraErrorKind::of(
                    said.code.as_deref().unwrap_or_default(),
                    &said.entra_codes,
                    said.suberror.as_deref(),
                    asked.is_some(),
                ),
            };
            let kind = kind.error_kind();
            let lost = kind == ErrorKind::Unavailable && repeat == Repeat::Once;
            let kind = if lost { ErrorKind::UnknownOutcome } else { kind };
            return (kind, asked);
        }
        let code = said.code.as_deref().unwrap_or_default();
        let is = |names: &[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(code));
        let insufficient = claims::parameter(challenge, "error") == Some("insufficient_claims");
        if matches!(status, 401 | 403) && (insufficient || asked.is_some() || is(&[PARTNER_CENTER_MFA])) {
            return (ErrorKind::ClaimsChallenge, Some(asked.unwrap_or_else(ClaimsChallenge::multi_factor)));
        }
        // Azure Policy uses the same code for its own refusals; only the mandatory rule speaks of MFA.
        let message = said.message.as_deref().unwrap_or_default().to_ascii_lowercase();
        if is(&["RequestDisallowedByPolicy"]) && (message.contains("mfa") || message.contains("multi-factor")) {
            return (ErrorKind::ClaimsChallenge, Some(ClaimsChallenge::multi_factor()));
        }
        let kind = match status {
            _ if is(&["InvalidAuthenticationTokenTenant"]) => ErrorKind::WrongTenant,
            _ if is(&["InvalidApiVersionParameter", "NoRegisteredProviderFound", "InvalidResourceType"]) => {
                ErrorKind::UnsupportedVersion
            }
            _ if is(&["MissingSubscriptionRegistration"]) => ErrorKind::NotRegistered,
            401 => ErrorKind::Unauthenticated,
            403 => ErrorKind::Forbidden,
            404 | 410 => ErrorKind::NotFound,
            409 | 412 => ErrorKind::Conflict,
            429 => ErrorKind::Throttled,
            408 | 500 | 502 | 503 | 504 if repeat == Repeat::Once => ErrorKind::UnknownOutcome,
            408 | 500 | 502 | 503 | 504 => ErrorKind::Unavailable,
            400..500 => ErrorKind::Invalid,
            // Redirects among them: none of these calls has one.
            _ => ErrorKind::Unexpected,
        };
        (kind, None)
    }
}

/// Partner Center's code for a sign-in without multi-factor authentication.
/// See <https://learn.microsoft.com/partner-center/security/partner-security-requirements-mandating-mfa>.
const PARTNER_CENTER_MFA: &str = "900421";

enum Body {
    None,
    Json(Value),
    Form(SecretString),
}

// Bodies carry codes, refresh tokens and people's addresses.
impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Json(_) => "Json(..)",
            Self::Form(_) => "Form(..)",
        })
    }
}

/// Why an attempt was no success that ends the call.
enum Failed {
    /// An answer that invites another attempt.
    Answer(Box<Answer>),
    /// No answer, or half of one.
    Transport(reqwest::Error),
    /// Nothing another attempt would change.
    Final(Error),
}

impl Failed {
    fn transport(error: reqwest::Error) -> Self {
        // The address is in our operation's name already, and a query may hold a person's address.
        Self::Transport(error.without_url())
    }

    fn may_be_repeated(&self, repeat: Repeat) -> bool {
        match (self, repeat) {
            (Self::Final(_), _) => false,
            (_, Repeat::Safe) => true,
            (Self::Answer(answer), Repeat::Once) => answer.status == StatusCode::TOO_MANY_REQUESTS,
            (Self::Transport(error), Repeat::Once) => error.is_connect(),
        }
    }

    /// The larger of our wait and the server's, or `None` if that is past the deadline.
    fn wait(&self, ours: Duration, until: Instant) -> Option<Duration> {
        let theirs = match self {
            Self::Answer(answer) => retry_after(&answer.headers),
            Self::Transport(_) | Self::Final(_) => None,
        };
        let wait = theirs.map_or(ours, |theirs| theirs.max(ours));
        (Instant::now() + wait < until).then_some(wait)
    }
}

impl HttpSettings {
    fn waits(&self) -> ExponentialBuilder {
        ExponentialBuilder::default()
            .with_min_delay(self.first_wait)
            .with_max_delay(self.longest_wait)
            .with_max_times(self.retries)
            .with_jitter()
    }
}

impl Dialect {
    /// The headers this API wants with every call.
    fn headers(self, id: &str) -> Vec<(&'static str, String)> {
        let id = id.to_owned();
        match self {
            Self::Arm => vec![("x-ms-client-request-id", id), ("x-ms-return-client-request-id", "true".to_owned())],
            Self::Graph | Self::Entra => vec![("client-request-id", id)],
            // Every example of Microsoft's leaves the contract version out, and the reference calls it required.
            Self::PartnerCenter => vec![
                ("MS-RequestId", id.clone()),
                ("MS-CorrelationId", id),
                ("MS-Contract-Version", "v1".to_owned()),
                ("MS-PartnerCenter-Application", "Mooring".to_owned()),
                ("X-Locale", "en-US".to_owned()),
            ],
        }
    }

    /// The ids an answer carries.
    fn ids(self, ours: &str, headers: &HeaderMap) -> RequestIds {
        let (theirs, correlation) = match self {
            Self::Arm => ("x-ms-request-id", "x-ms-correlation-request-id"),
            Self::Graph => ("request-id", "client-request-id"),
            Self::Entra => ("x-ms-request-id", "client-request-id"),
            Self::PartnerCenter => ("MS-RequestId", "MS-CorrelationId"),
        };
        let header = |name: &str| Some(headers.get(name)?.to_str().ok()?.to_owned());
        RequestIds { ours: Some(ours.to_owned()), theirs: header(theirs), correlation: header(correlation) }
    }
}

/// How long the server asks us to wait, in whichever way it says so; the longest if it says it in several.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let milliseconds = ["x-ms-retry-after-ms", "retry-after-ms"]
        .into_iter()
        .filter_map(|name| header(name)?.trim().parse().ok())
        .map(Duration::from_millis);
    let standard = header(RETRY_AFTER.as_str()).and_then(|text| {
        let text = text.trim();
        match text.parse() {
            Ok(seconds) => Some(Duration::from_secs(seconds)),
            Err(_) => {
                let wait = http_date(text)?.duration_since(http_date(header(DATE.as_str())?)?);
                // A date in the past means: now.
                Some(Duration::try_from(wait).unwrap_or_default())
            }
        }
    });
    milliseconds.chain(standard).max()
}

fn http_date(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text.trim()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (name.parse::<reqwest::header::HeaderName>().unwrap(), HeaderValue::from_static(value))
            })
            .collect()
    }

    #[test]
    fn retry_after_is_read_as_seconds_date_and_milliseconds_and_the_longest_counts() {
        assert_eq!(retry_after(&headers(&[])), None);
        assert_eq!(retry_after(&headers(&[("retry-after", "57")])), Some(Duration::from_secs(57)));
        assert_eq!(
            retry_after(&headers(&[("x-ms-retry-after-ms", "1500"), ("retry-after", "1")])),
            Some(Duration::from_millis(1500))
        );
        let dates = [("date", "Tue, 21 Jul 2020 04:10:58 GMT"), ("retry-after", "Tue, 21 Jul 2020 04:11:28 GMT")];
        assert_eq!(retry_after(&headers(&dates)), Some(Duration::from_secs(30)));
        let past = [("date", "Tue, 21 Jul 2020 04:10:58 GMT"), ("retry-after", "Tue, 21 Jul 2020 04:00:00 GMT")];
        assert_eq!(retry_after(&headers(&past)), Some(Duration::ZERO));
    }

    #[test]
    fn a_retry_after_nobody_can_read_is_no_wait() {
        for text in ["", "-1", "soon", "1e3"] {
            assert_eq!(retry_after(&headers(&[("retry-after", text)])), None, "{text}");
        }
        // Without the server's own date there is no clock to count from.
        assert_eq!(retry_after(&headers(&[("retry-after", "Tue, 21 Jul 2020 04:11:28 GMT")])), None);
    }

    #[test]
    fn ids_differ_from_call_to_call_and_from_seed_to_seed() {
        let http = |seed| Http::new(HttpSettings::new([seed; 16]), true).unwrap();
        let (one, other) = (http(1), http(2));
        let first = one.new_id();
        assert_ne!(first, one.new_id());
        assert_ne!(first, other.new_id());
    }

    #[test]
    fn a_calls_debug_shows_no_body() {
        let call = Call::form("test", "https://login.contoso.com".to_owned(), "code=SECRET".to_owned().into());
        assert!(!format!("{call:?}").contains("SECRET"));
        let call =
            Call::post("test", "https://x.contoso.com".to_owned(), serde_json::json!({"mail": "ada@outlook.com"}));
        assert!(!format!("{call:?}").contains("ada@"));
    }
}
