//! Errors in Entra's words.

use jiff::Timestamp;
use serde_json::json;

use crate::http::Answer;
use crate::random;
use crate::world::Ctx;

/// A refusal with its AADSTS code.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) error: &'static str,
    pub(crate) code: u32,
    pub(crate) message: String,
    pub(crate) suberror: Option<&'static str>,
    pub(crate) claims: Option<String>,
}

impl Refusal {
    pub(crate) fn new(status: u16, error: &'static str, code: u32, message: &str) -> Self {
        Self { status, error, code, message: message.to_owned(), suberror: None, claims: None }
    }

    /// The same, naming the claims that a new sign-in must ask for.
    pub(crate) fn with_claims(mut self, suberror: &'static str, claims: String) -> Self {
        self.suberror = Some(suberror);
        self.claims = Some(claims);
        self
    }

    /// `AADSTS50020: …` as it stands in `error_description`.
    pub(crate) fn description(&self) -> String {
        format!("AADSTS{}: {}", self.code, self.message)
    }
}

/// The JSON answer of the token endpoint.
pub(crate) fn json(ctx: &Ctx<'_>, refusal: &Refusal) -> Answer {
    let (trace, correlation) = (random::guid(), random::guid());
    let at = Timestamp::from_millisecond(ctx.now())
        .map_or_else(|_| String::new(), |it| it.strftime("%Y-%m-%d %H:%M:%SZ").to_string());
    let mut body = json!({
        "error": refusal.error,
        "error_description": format!(
            "{} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {at}",
            refusal.description()
        ),
        "error_codes": [refusal.code],
        "timestamp": at,
        "trace_id": trace,
        "correlation_id": correlation,
        "error_uri": format!("{}/error?code={}", ctx.url("login"), refusal.code),
    });
    if let Some(suberror) = refusal.suberror {
        body["suberror"] = json!(suberror);
    }
    if let Some(claims) = &refusal.claims {
        body["claims"] = json!(claims);
    }
    Answer::json(refusal.status, &body).header("x-ms-request-id", trace).header("cache-control", "no-store, no-cache")
}
