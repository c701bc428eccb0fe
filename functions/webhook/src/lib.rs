//! Sends the product's events to one address of another system, signed as the Standard Webhooks specification says, so that receivers
//! verify them with a library that they have. Fed by a queue behind a rule on the bus: what the receiver does not take with a 2xx within
//! eight seconds is sent again later, and after a day lies in a queue of its own with an alarm.
//!
//! Microsoft calls: none. AWS calls: one secret in an environment's life.
//! See <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use ops::batch::Again;
use ops::{Clock, StepError};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::Sha256;
use vault::WebhookKey;

/// What the function works with.
#[derive(Debug)]
pub struct Deps {
    address: Option<reqwest::Url>,
    key: WebhookKey,
    client: reqwest::Client,
    clock: Clock,
}

/// How long a receiver may take. Five of them in a batch fit into the function's time.
const PATIENCE: Duration = Duration::from_secs(8);

impl Deps {
    /// Builds the client. No network. Without an address nothing is sent.
    ///
    /// # Errors
    /// An HTTP client that can't be built.
    pub fn new(address: Option<reqwest::Url>, key: WebhookKey, clock: Clock) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            .timeout(PATIENCE)
            // The sockets of a frozen execution environment are dead when it thaws.
            .pool_idle_timeout(Duration::from_secs(5))
            // A receiver that moved is told to whoever set the address, and nobody else gets what was meant for it.
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .user_agent(concat!("mooring/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { address, key, client, clock })
    }
}

/// A batch of the queue.
#[derive(Debug, Clone, Deserialize)]
pub struct Input {
    /// The messages.
    #[serde(rename = "Records")]
    pub records: Vec<Record>,
}

/// One message: an event as EventBridge delivers it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// The message's id.
    pub message_id: String,
    /// The event.
    pub body: String,
}

/// Handles one batch. One message that fails does not keep the others waiting.
///
/// # Errors
/// None of its own: failures are reported in the answer.
pub async fn handle(deps: &Deps, input: Input) -> Result<Again, StepError> {
    let mut again = Again::default();
    for record in input.records {
        if let Err(why) = send(deps, &record.body).await {
            // The address is the operator's and may hold a key: it is not logged.
            tracing::warn!(message_id = record.message_id, "an event was not taken: {why}");
            again.deliver(record.message_id);
        }
    }
    Ok(again)
}

/// An event as EventBridge delivers it, as far as it is passed on.
#[derive(Deserialize)]
struct Delivered {
    #[serde(rename = "detail-type")]
    kind: String,
    detail: Value,
}

async fn send(deps: &Deps, body: &str) -> Result<(), String> {
    let Some(address) = &deps.address else { return Ok(()) };
    let delivered: Delivered = serde_json::from_str(body).map_err(|error| format!("it is no event: {error}"))?;
    let id = delivered.detail["id"].as_str().ok_or("it is no event of ours")?.to_owned();
    let payload =
        json!({"type": delivered.kind, "timestamp": delivered.detail["at"], "data": delivered.detail}).to_string();
    let at = deps.clock.now().as_second();
    let answer = deps
        .client
        .post(address.clone())
        .header("content-type", "application/json")
        .header("webhook-id", &id)
        .header("webhook-timestamp", at.to_string())
        .header("webhook-signature", signature(&deps.key, &id, at, &payload))
        .body(payload)
        .send()
        .await
        .map_err(|error| error.without_url().to_string())?;
    if answer.status().is_success() { Ok(()) } else { Err(format!("it was answered with {}", answer.status())) }
}

/// `v1,` and the base64 of HMAC-SHA256 over id, timestamp and payload, joined with dots.
#[must_use]
pub fn signature(key: &WebhookKey, id: &str, at: i64, payload: &str) -> String {
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.bytes()) else { return String::new() };
    mac.update(format!("{id}.{at}.{payload}").as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_the_one_of_the_specification_s_example() {
        let key = WebhookKey::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signed = signature(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        // The prefix is optional; what is too short is no key.
        assert_eq!(WebhookKey::parse("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap().bytes(), key.bytes());
        assert!(WebhookKey::parse("whsec_c2hvcnQ=").is_none() && WebhookKey::parse("").is_none());
        assert_eq!(format!("{key:?}"), "WebhookKey(redacted)");
    }
}
