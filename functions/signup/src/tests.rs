use std::sync::Mutex;

use http::Request;
use jiff::Timestamp;
use onboarding::links::{LinkKey, LinkRole};
use onboarding::{Cloud, ErrorName, OnboardingId, SubscriptionId, TenantId};

use super::*;

const KEY: &str = "a link key for tests, long enough to be one";
const SUBSCRIPTION: &str = "6c3c85bc-5366-4eaa-8055-a10529eafd03";
const SOURCE: &str = "11111111-1111-1111-1111-111111111111";
const PARTNER: &str = "22222222-2222-2222-2222-222222222222";

/// One subscription in one directory, one partner directory, and what was started.
struct Small {
    now: Timestamp,
    running: Option<OnboardingId>,
    failing: Option<ErrorName>,
    started: Mutex<Vec<(OnboardingId, String)>>,
}

impl World for Small {
    fn portal(&self) -> &str {
        "https://mooring.example"
    }
    fn now(&self) -> Timestamp {
        self.now
    }
    fn new_id(&self) -> Result<OnboardingId, ErrorName> {
        Ok(OnboardingId::from_parts(self.now.as_millisecond().unsigned_abs(), 5))
    }
    fn closed(&self, cloud: Cloud) -> Option<ErrorName> {
        match cloud {
            Cloud::Germany => Some(ErrorName::CloudRetired),
            Cloud::China => Some(ErrorName::CloudUnsupported),
            Cloud::Public | Cloud::UsGovernment | Cloud::UsGovernmentDod => None,
        }
    }
    async fn link_key(&self) -> Result<LinkKey, ErrorName> {
        Ok(LinkKey::new(KEY).unwrap())
    }
    async fn directory(&self, _: Cloud, name: &str) -> Result<Looked, ErrorName> {
        if let Some(name) = self.failing {
            return Err(name);
        }
        Ok(match name {
            "contoso.com" | PARTNER => Looked::Found(TenantId::parse(PARTNER).unwrap()),
            "fabrikam.com" | SOURCE => Looked::Found(TenantId::parse(SOURCE).unwrap()),
            "contoso.us" => Looked::OtherCloud,
            _ => Looked::Unknown,
        })
    }
    async fn tenant_of_subscription(&self, _: Cloud, id: &SubscriptionId) -> Result<Looked, ErrorName> {
        let found = id.as_str() == SUBSCRIPTION;
        Ok(if found { Looked::Found(TenantId::parse(SOURCE).unwrap()) } else { Looked::Unknown })
    }
    async fn running_for_request(&self, _: &str) -> Result<Option<OnboardingId>, ErrorName> {
        Ok(None)
    }
    async fn running_for_subscription(&self, _: &SubscriptionId) -> Result<Option<OnboardingId>, ErrorName> {
        Ok(self.running.clone())
    }
    async fn start(&self, id: &OnboardingId, input: &str) -> Result<(), ErrorName> {
        self.started.lock().unwrap().push((id.clone(), input.to_owned()));
        Ok(())
    }
}

fn small() -> Small {
    Small { now: "2026-05-12T10:00:00Z".parse().unwrap(), running: None, failing: None, started: Mutex::default() }
}

fn form_id(seconds_ago: i64) -> String {
    let at = small().now.as_millisecond() - seconds_ago * 1000;
    OnboardingId::from_parts(at.unsigned_abs(), 77).to_string()
}

fn filled(changes: &[(&str, &str)]) -> String {
    let form = form_id(60);
    let mut fields = vec![
        ("onboardingId", form.as_str()),
        ("subscriptionId", SUBSCRIPTION),
        ("partnerDirectory", "contoso.com"),
        ("partnerAdminEmail", "kim@contoso.com"),
        ("ownerEmail", "rosa@outlook.com"),
        ("ownerAccount", "personal"),
        ("cloud", "public"),
        ("route", "two-party"),
        ("reference", ""),
    ];
    for (name, value) in changes {
        fields.retain(|(known, _)| known != name);
        fields.push((name, value));
    }
    let pairs: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
    pairs.join("&")
}

fn encode(value: &str) -> String {
    value
        .bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

fn post(body: &str) -> Request<Vec<u8>> {
    let request = Request::builder().method("POST").uri("/new").header("origin", "https://mooring.example");
    request.body(body.as_bytes().to_vec()).unwrap()
}

async fn send(world: &Small, changes: &[(&str, &str)]) -> Answer {
    handle(world, &post(&filled(changes))).await
}

fn location(answer: &Answer) -> &str {
    answer.headers()["location"].to_str().unwrap()
}

#[tokio::test]
async fn a_right_form_starts_one_execution_and_leads_to_a_link_for_looking() {
    let world = small();
    let answer = send(&world, &[]).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let started = world.started.lock().unwrap();
    let [(id, input)] = started.as_slice() else { panic!("{started:?}") };
    let (link, rest) = paths::parse(location(&answer)).unwrap();
    assert_eq!(rest, "");
    assert_eq!(LinkKey::new(KEY).unwrap().open(link), Some((id.clone(), LinkRole::Viewer)));
    let input: serde_json::Value = serde_json::from_str(input).unwrap();
    let request = onboarding::OnboardingRequest::parse(&input).unwrap();
    assert_eq!(request.onboarding_id.as_ref(), Some(id));
    assert_eq!(request.owner_email, "rosa@outlook.com");
}

#[tokio::test]
async fn a_second_click_is_the_same_onboarding_and_a_corrected_form_is_another() {
    let world = small();
    send(&world, &[]).await;
    send(&world, &[]).await;
    send(&world, &[("ownerEmail", "rosa@fabrikam.com")]).await;
    let started = world.started.lock().unwrap();
    assert_eq!(started[0], started[1]);
    assert_ne!(started[0].0, started[2].0);
}

#[tokio::test]
async fn nobody_is_led_to_an_onboarding_whose_id_they_know() {
    let world = small();
    let known = form_id(60);
    let answer = send(&world, &[("onboardingId", &known)]).await;
    assert!(!location(&answer).contains(&known));
}

#[tokio::test]
async fn every_mistake_is_told_at_its_field_and_nothing_is_started() {
    for (changes, field, id, words) in [
        (&[("subscriptionId", "contoso")][..], "subscriptionId", "Input.Invalid", "GUID"),
        (&[("subscriptionId", "")], "subscriptionId", "Input.Invalid", "is missing"),
        (&[("subscriptionId", PARTNER)], "subscriptionId", "Subscription.Unknown", "this is a tenant id"),
        (
            &[("subscriptionId", "99999999-9999-9999-9999-999999999999")],
            "subscriptionId",
            "Subscription.Unknown",
            "is not known to Azure",
        ),
        (&[("partnerDirectory", "nobody.example")], "partnerDirectory", "Directory.Unknown", "verified"),
        (&[("partnerDirectory", "contoso.us")], "partnerDirectory", "Directory.Unknown", "another Microsoft cloud"),
        (&[("partnerDirectory", "fabrikam.com")], "partnerDirectory", "Directory.Same", "already in"),
        (&[("partnerDirectory", "not a domain")], "partnerDirectory", "Input.Invalid", "domain"),
        (&[("cloud", "germany")], "cloud", "Cloud.Retired", "29 October 2021"),
        (&[("cloud", "china")], "cloud", "Cloud.Unsupported", "Partner Center"),
        (&[("cloud", "moon")], "cloud", "Input.Invalid", "must be public"),
        (&[("ownerEmail", "rosa")], "ownerEmail", "Input.Invalid", "e-mail"),
        (&[("partnerAdminEmail", "kim@contoso.com\r\nBcc: x@y.zz")], "partnerAdminEmail", "Input.Invalid", "e-mail"),
    ] {
        let world = small();
        let answer = send(&world, changes).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{changes:?}");
        for piece in
            [format!("href=\"#{field}\""), format!("id=\"{field}-error\""), format!("({id})"), words.to_owned()]
        {
            assert!(answer.body().contains(&piece), "{changes:?}: {piece}");
        }
        assert!(answer.body().contains(r#"value="kim@contoso.com"#), "what was right is kept: {changes:?}");
        assert!(world.started.lock().unwrap().is_empty(), "{changes:?}");
    }
}

#[tokio::test]
async fn two_mistakes_that_only_microsoft_can_tell_are_told_at_once() {
    let changes = [("partnerDirectory", "nobody.example"), ("subscriptionId", "99999999-9999-9999-9999-999999999999")];
    let answer = send(&small(), &changes).await;
    assert!(answer.body().contains("partnerDirectory-error") && answer.body().contains("subscriptionId-error"));
}

#[tokio::test]
async fn a_running_onboarding_of_the_subscription_is_led_to() {
    let running = OnboardingId::from_parts(1, 2);
    let world = Small { running: Some(running.clone()), ..small() };
    let answer = send(&world, &[]).await;
    assert_eq!(answer.status(), StatusCode::CONFLICT);
    let link = LinkKey::new(KEY).unwrap().link(&running, LinkRole::Viewer);
    assert!(answer.body().contains(&paths::progress(&link)) && answer.body().contains("Onboarding.AlreadyRunning"));
    assert!(world.started.lock().unwrap().is_empty());
}

#[tokio::test]
async fn when_microsoft_is_down_the_form_is_kept_and_says_so() {
    let world = Small { failing: Some(ErrorName::UpstreamUnavailable), ..small() };
    let answer = send(&world, &[]).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.body().contains("Upstream.Unavailable") && answer.body().contains(r#"value="contoso.com""#));
}

#[tokio::test]
async fn a_form_without_an_id_or_an_old_one_is_shown_again_with_a_new_id() {
    for id in ["", "x", &form_id(2 * 3600), &form_id(-3600)] {
        let world = small();
        let answer = send(&world, &[("onboardingId", id)]).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{id}");
        assert!(answer.body().contains("Form.TooOld") && answer.body().contains(r#"value="contoso.com""#));
        assert!(answer.body().contains(world.new_id().unwrap().as_str()));
    }
}

#[tokio::test]
async fn a_program_gets_the_problems_as_json() {
    let mut request = post(&filled(&[("subscriptionId", "x")]));
    request.headers_mut().insert("accept", "application/json".parse().unwrap());
    let answer = handle(&small(), &request).await;
    let told: serde_json::Value = serde_json::from_str(answer.body()).unwrap();
    assert_eq!(told["errors"][0]["field"], "subscriptionId");
    assert_eq!(told["errors"][0]["error"], "Input.Invalid");
}

#[tokio::test]
async fn fields_that_the_form_does_not_have_are_ignored() {
    let world = small();
    send(&world, &[("execution", "arn"), ("schema", "9"), ("moved", "true")]).await;
    let started = world.started.lock().unwrap();
    assert!(!started[0].1.contains("moved") && started[0].1.contains(r#""schema":1"#));
}

#[tokio::test]
async fn a_form_of_another_site_or_a_huge_one_does_nothing() {
    let world = small();
    let mut request = post(&filled(&[]));
    request.headers_mut().insert("origin", "https://evil.example".parse().unwrap());
    assert_eq!(handle(&world, &request).await.status(), StatusCode::FORBIDDEN);
    let huge = post(&format!("{}&x={}", filled(&[]), "a".repeat(20_000)));
    assert_eq!(handle(&world, &huge).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert!(world.started.lock().unwrap().is_empty());
}

#[tokio::test]
async fn looking_starts_nothing() {
    let world = small();
    for (method, path) in [("GET", "/"), ("HEAD", "/"), ("GET", "/new"), ("HEAD", "/new")] {
        let request = Request::builder().method(method).uri(path).body(Vec::new()).unwrap();
        let answer = handle(&world, &request).await;
        assert_eq!(answer.status(), StatusCode::OK, "{method} {path}");
        assert_eq!(answer.body().is_empty(), method == "HEAD");
    }
    let form = Request::builder().uri("/new").body(Vec::new()).unwrap();
    let page = handle(&world, &form).await.into_body();
    assert!(page.contains("Azure public cloud") && !page.contains("closed in 2021") && !page.contains("21Vianet"));
    assert!(world.started.lock().unwrap().is_empty());
}
