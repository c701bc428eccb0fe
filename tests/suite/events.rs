//! What other systems get: every entry of an audit trail as an event on the bus, by the published schema and without anybody's address,
//! and the same as signed webhooks, again and again until they are taken.

use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use anyhow::{Context as _, Result, ensure};
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use local::Stack;
use serde_json::{Value, json};

use crate::world::{Case, OWNER_SIGN_IN, Onboarding, PATIENCE, run, until};

/// In the webhook's address, as a receiver's own key would be.
pub(crate) const ADDRESS_KEY: &str = "hook-key-that-must-never-show";

/// What came to the receiver.
#[derive(Debug, Clone)]
struct Received {
    path: String,
    headers: HeaderMap,
    body: String,
    answered: u16,
}

/// The other system: takes what is sent to it, and refuses what a test asks it to refuse.
#[derive(Debug, Default)]
struct Receiver {
    received: Vec<Received>,
    /// What is answered to the next deliveries about an onboarding, before they are taken.
    answers: BTreeMap<String, Vec<u16>>,
}

type Shared = Arc<Mutex<Receiver>>;

fn receiver() -> &'static Shared {
    static RECEIVER: OnceLock<Shared> = OnceLock::new();
    RECEIVER.get_or_init(Shared::default)
}

fn locked<T>(look: impl FnOnce(&mut Receiver) -> T) -> T {
    look(&mut receiver().lock().unwrap_or_else(PoisonError::into_inner))
}

async fn take(State(receiver): State<Shared>, uri: Uri, headers: HeaderMap, body: String) -> Response {
    let mut receiver = receiver.lock().unwrap_or_else(PoisonError::into_inner);
    let sent: Value = serde_json::from_str(&body).unwrap_or_default();
    let about = sent["data"]["onboardingId"].as_str().unwrap_or_default();
    let answered = receiver.answers.get_mut(about).and_then(Vec::pop).unwrap_or(204);
    receiver.received.push(Received { path: uri.path().to_owned(), headers, body, answered });
    let status = StatusCode::from_u16(answered).unwrap_or(StatusCode::NO_CONTENT);
    if status.is_redirection() {
        (status, [("location", "/elsewhere")]).into_response()
    } else {
        status.into_response()
    }
}

/// What was sent about an onboarding.
pub(crate) fn about(id: &str) -> Vec<String> {
    locked(|receiver| {
        receiver.received.iter().filter(|one| one.body.contains(id)).map(|one| one.body.clone()).collect()
    })
}

/// Starts the receiver; answers the address that webhooks are to be sent to.
pub(crate) fn receive() -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").context("no port for the receiver of webhooks")?;
    listener.set_nonblocking(true)?;
    let address = format!("http://{}/hook/{ADDRESS_KEY}", listener.local_addr()?);
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let router = Router::new().fallback(take).with_state(receiver().clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}

/// Ten minutes between two tries are for the world; nobody waits so long here.
pub(crate) async fn retry_soon(stack: &Stack) -> Result<()> {
    let attributes =
        json!({ "QueueUrl": stack.output("WebhookQueueUrl")?, "Attributes": { "VisibilityTimeout": "2" } });
    stack.aws().call("sqs", "set_queue_attributes", attributes).await.map(drop)
}

/// A queue of another system behind a rule of its own, as anybody with the account sets it up.
async fn listen(case: &Case, name: &str) -> Result<String> {
    let aws = case.stack().aws();
    let queue = aws.call("sqs", "create_queue", json!({ "QueueName": name })).await?;
    let url = queue["QueueUrl"].as_str().context("no queue")?.to_owned();
    let asked = json!({ "QueueUrl": url, "AttributeNames": ["QueueArn"] });
    let attributes = aws.call("sqs", "get_queue_attributes", asked).await?;
    let bus = case.stack().output("BusName")?;
    let pattern = json!({ "source": ["mooring"] }).to_string();
    let rule = json!({ "Name": name, "EventBusName": bus, "EventPattern": pattern, "State": "ENABLED" });
    aws.call("events", "put_rule", rule).await?;
    let target = json!({ "Id": "queue", "Arn": attributes["Attributes"]["QueueArn"] });
    aws.call("events", "put_targets", json!({ "Rule": name, "EventBusName": bus, "Targets": [target] })).await?;
    Ok(url)
}

/// Ends the rule and the queue.
async fn leave(case: &Case, name: &str, url: &str) -> Result<()> {
    let (aws, bus) = (case.stack().aws(), case.stack().output("BusName")?);
    aws.call("events", "remove_targets", json!({ "Rule": name, "EventBusName": bus, "Ids": ["queue"] })).await?;
    aws.call("events", "delete_rule", json!({ "Name": name, "EventBusName": bus })).await?;
    aws.call("sqs", "delete_queue", json!({ "QueueUrl": url })).await.map(drop)
}

/// Takes from the queue until every entry of the trail has come; answers the events by their place in the trail.
async fn heard(case: &Case, url: &str, onboarding: &Onboarding) -> Result<BTreeMap<u64, Value>> {
    let heard = Mutex::new(BTreeMap::new());
    until("every entry of the trail has come as an event", PATIENCE, async || {
        let take = json!({ "QueueUrl": url, "MaxNumberOfMessages": 10, "VisibilityTimeout": 600 });
        let answer = case.stack().aws().call("sqs", "receive_message", take).await?;
        let wanted = onboarding.audit().await?.len();
        let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
        for message in answer["Messages"].as_array().into_iter().flatten() {
            let event: Value = serde_json::from_str(message["Body"].as_str().unwrap_or_default())?;
            if event["detail"]["onboardingId"] == onboarding.id.as_str() {
                heard.insert(event["detail"]["sequence"].as_u64().context("no sequence")?, event);
            }
        }
        Ok((heard.len() >= wanted).then_some(()))
    })
    .await?;
    Ok(heard.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// Nothing that leaves the product names a person or opens anything.
fn names_nobody(text: &str, onboarding: &Onboarding) -> Result<()> {
    for word in ["@", "/o/", "http", "token", "\r", "\n"] {
        ensure!(!text.contains(word), "an event holds {word:?}: {text}");
    }
    ensure!(!text.contains(&format!("{}.", onboarding.id)), "an event holds a link: {text}");
    Ok(())
}

#[test]
fn every_entry_of_a_trail_is_an_event_by_the_published_schema_that_names_nobody() -> Result<()> {
    run(async |case| {
        let url = listen(case, "another-system").await?;
        let mut onboarding = case.onboarding()?;
        onboarding.start_by_form().await?;
        onboarding.owner_acts(OWNER_SIGN_IN).await?;
        onboarding.waits_for("sign-in", "partner-admin").await?;
        let link = onboarding.partner_link().await?;
        let page = onboarding.partner.browser.open(format!("{link}/cancel")).await?;
        onboarding.partner.browser.press(&page, "Cancel the onboarding").await?;
        onboarding.ended("cancelled").await?;

        let events = heard(case, &url, &onboarding).await?;
        leave(case, "another-system", &url).await?;
        let schema = include_str!("../../infra/events/onboarding.v1.json");
        let schema = jsonschema::validator_for(&serde_json::from_str(schema)?).context("the schema")?;
        let trail = onboarding.audit().await?;
        ensure!(events.len() == trail.len(), "{} events of {} entries", events.len(), trail.len());
        for (entry, (sequence, event)) in trail.iter().zip(&events) {
            assert_eq!((entry.seq, &json!("mooring")), (*sequence, &event["source"]));
            assert_eq!((&event["detail-type"], &event["detail"]["type"]), (&json!(entry.action), &json!(entry.action)));
            assert_eq!(event["detail"]["actor"], entry.actor.as_str());
            let faults: Vec<String> = schema.iter_errors(&event["detail"]).map(|fault| fault.to_string()).collect();
            ensure!(faults.is_empty(), "{} does not fit the schema: {faults:?}\n{event:#}", entry.action);
            names_nobody(&event["detail"].to_string(), &onboarding)?;
        }
        let opened = events.values().find(|event| event["detail-type"] == "wait.opened").context("no wait")?;
        assert_eq!(opened["detail"]["facts"]["kind"], "sign-in");
        let ended = events.values().last().context("no event")?;
        assert_eq!(
            (&ended["detail-type"], &ended["detail"]["facts"]["ending"]),
            (&json!("onboarding.ended"), &json!("cancelled"))
        );
        Ok(())
    })
}

#[test]
fn a_webhook_is_signed_and_sent_again_until_it_is_taken_and_follows_no_redirect() -> Result<()> {
    run(async |case| {
        let get = json!({ "SecretId": case.stack().output("WebhookSecretId")? });
        let secret = case.stack().aws().call("secretsmanager", "get_secret_value", get).await?;
        let key = STANDARD.decode(secret["SecretString"].as_str().context("no secret")?)?;

        let mut onboarding = case.onboarding()?;
        onboarding.start_by_form().await?;
        // From here on: refused, led elsewhere, refused; taken from last to first.
        locked(|receiver| receiver.answers.insert(onboarding.id.clone(), vec![500, 307, 503]));
        onboarding.owner_acts(OWNER_SIGN_IN).await?;
        onboarding.waits_for("sign-in", "partner-admin").await?;
        let trail: BTreeSet<u64> = onboarding.audit().await?.iter().map(|entry| entry.seq).collect();

        let about = |one: &Received| one.body.contains(&onboarding.id);
        let taken = async || {
            let received: Vec<Received> =
                locked(|receiver| receiver.received.iter().filter(|one| about(one)).cloned().collect());
            let sequence = |one: &Received| {
                let body: Value = serde_json::from_str(&one.body).unwrap_or_default();
                body["data"]["sequence"].as_u64()
            };
            let taken: BTreeSet<u64> = received.iter().filter(|one| one.answered == 204).filter_map(sequence).collect();
            Ok((taken.is_superset(&trail)).then_some(received))
        };
        let received = until("every event is taken", PATIENCE, taken).await?;

        let refused: Vec<&Received> = received.iter().filter(|one| one.answered != 204).collect();
        let mut answers: Vec<u16> = refused.iter().map(|one| one.answered).collect();
        answers.sort_unstable();
        assert_eq!(answers, [307, 500, 503]);
        ensure!(received.iter().all(|one| one.path.starts_with("/hook/")), "a redirect was followed");
        for one in &received {
            let header = |name: &str| one.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
            let (id, at) = (header("webhook-id"), header("webhook-timestamp"));
            let body: Value = serde_json::from_str(&one.body)?;
            assert_eq!((id, &body["type"]), (body["data"]["id"].as_str().unwrap_or_default(), &body["data"]["type"]));
            let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&key)?;
            mac.update(format!("{id}.{at}.{}", one.body).as_bytes());
            assert_eq!(header("webhook-signature"), format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())));
            let age = ops::Clock::system().now().as_second() - at.parse::<i64>()?;
            ensure!((0..300).contains(&age), "sent {age} s ago, by its own word");
            names_nobody(&one.body, &onboarding)?;
        }
        // What was refused came again as the same.
        for one in refused {
            let id = one.headers.get("webhook-id");
            let again = received.iter().find(|other| other.answered == 204 && other.headers.get("webhook-id") == id);
            assert_eq!(again.map(|again| &again.body), Some(&one.body));
        }
        Ok(())
    })
}
