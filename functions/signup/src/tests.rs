use std::collections::BTreeMap;
use std::sync::Mutex;

use http::Request;
use jiff::Timestamp;
use onboarding::links::{LinkKey, LinkRole};
use onboarding::{Actor, Cloud, ErrorName, OnboardingId, SubscriptionId, TenantId};

use serde_json::json;
use store::{Draft, Meta};

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
    drafts: Mutex<BTreeMap<String, Draft>>,
    mailed: Mutex<Vec<(String, u32)>>,
    mails_left: Mutex<u32>,
    counted: Mutex<BTreeMap<String, u32>>,
    waiting: usize,
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
    async fn meta(&self, id: &OnboardingId) -> Result<Option<Meta>, ErrorName> {
        Ok(Some(
            serde_json::from_value(json!({
                "onboardingId": id, "schema": 1, "ver": 3, "status": "waiting", "currentStep": "assess-impact",
                "cloud": "public", "route": "two-party", "subscriptionId": SUBSCRIPTION, "sourceTenantId": SOURCE,
                "partnerTenantId": PARTNER, "partnerDirectory": "contoso.com", "ownerEmail": "rosa@outlook.com",
                "ownerAccount": "personal", "partnerAdminEmail": "kim@contoso.com", "requestKey": "k", "execution": "arn",
                "createdAt": "2026-05-12T09:00:00Z", "updatedAt": "2026-05-12T09:30:00Z",
            }))
            .unwrap(),
        ))
    }
    async fn keep_draft(&self, id: &OnboardingId, draft: &Draft) -> Result<bool, ErrorName> {
        let mut drafts = self.drafts.lock().unwrap();
        let new = !drafts.contains_key(id.as_str());
        drafts.entry(id.to_string()).or_insert_with(|| draft.clone());
        Ok(new)
    }
    async fn draft(&self, id: &OnboardingId) -> Result<Option<Draft>, ErrorName> {
        Ok(self.drafts.lock().unwrap().get(id.as_str()).cloned())
    }
    async fn try_code(&self, id: &OnboardingId, number: u32) -> Result<bool, ErrorName> {
        let mut drafts = self.drafts.lock().unwrap();
        let draft = drafts.get_mut(id.as_str()).unwrap();
        let may = draft.number == number && draft.tries < 5;
        draft.tries += u32::from(may);
        Ok(may)
    }
    async fn renew_code(&self, id: &OnboardingId, draft: &Draft) -> Result<Option<Draft>, ErrorName> {
        if self.now.as_second() - draft.sent_at < 60 {
            return Ok(None);
        }
        let renewed = Draft { number: draft.number + 1, tries: 0, sent_at: self.now.as_second(), ..draft.clone() };
        self.drafts.lock().unwrap().insert(id.to_string(), renewed.clone());
        Ok(Some(renewed))
    }
    async fn may_mail(&self, _: &str, _: u32) -> Result<bool, ErrorName> {
        let mut left = self.mails_left.lock().unwrap();
        let may = *left > 0;
        *left = left.saturating_sub(1);
        Ok(may)
    }
    async fn may_try(&self, _: &str, _: u32) -> Result<bool, ErrorName> {
        Ok(true)
    }
    async fn may_count(&self, bucket: &str, most: u32, ends_at: i64) -> Result<bool, ErrorName> {
        assert!(ends_at > self.now.as_second());
        let mut counted = self.counted.lock().unwrap();
        let so_far = counted.entry(bucket.to_owned()).or_default();
        let may = *so_far < most;
        *so_far += u32::from(may);
        Ok(may)
    }
    async fn waiting_for_first_sign_in(&self, partner: &TenantId, most: usize) -> Result<usize, ErrorName> {
        assert_eq!(partner.as_str(), PARTNER);
        Ok(self.waiting.min(most))
    }
    async fn mail_code(&self, _: &OnboardingId, draft: &Draft) -> Result<(), ErrorName> {
        let mail = (draft.email.clone(), draft.number);
        let mut mailed = self.mailed.lock().unwrap();
        if !mailed.contains(&mail) {
            mailed.push(mail);
        }
        Ok(())
    }
    async fn of_reference(&self, reference: &str) -> Result<Option<OnboardingId>, ErrorName> {
        Ok(self.running.clone().filter(|id| id.reference() == reference))
    }
    async fn mail_link(&self, _: &OnboardingId, to: Actor) -> Result<(), ErrorName> {
        self.mailed.lock().unwrap().push((to.to_string(), 0));
        Ok(())
    }
    async fn start(&self, id: &OnboardingId, input: &str) -> Result<(), ErrorName> {
        self.started.lock().unwrap().push((id.clone(), input.to_owned()));
        Ok(())
    }
}

fn small() -> Small {
    Small {
        now: "2026-05-12T10:00:00Z".parse().unwrap(),
        running: None,
        failing: None,
        started: Mutex::default(),
        drafts: Mutex::default(),
        mailed: Mutex::default(),
        mails_left: Mutex::new(10),
        counted: Mutex::default(),
        waiting: 0,
    }
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

/// The page with the code, and the link in its address.
async fn check_mail(world: &Small, changes: &[(&str, &str)]) -> String {
    let answer = send(world, changes).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{}", answer.body());
    location(&answer).strip_prefix("/check-mail/").unwrap().to_owned()
}

fn code(link: &str, number: u32) -> String {
    let key = LinkKey::new(KEY).unwrap();
    let (id, _) = key.open(link).unwrap();
    key.mailbox_code(id.as_str(), number)
}

async fn prove(world: &Small, link: &str, body: &str) -> Answer {
    let request = Request::builder().method("POST").uri(format!("/check-mail/{link}"));
    let request = request.header("origin", "https://mooring.example").body(body.as_bytes().to_vec()).unwrap();
    handle(world, &request).await
}

#[tokio::test]
async fn a_right_form_starts_nothing_and_mails_a_code_to_whoever_fills_it_in_only() {
    for (changes, email) in [
        (&[][..], "kim@contoso.com"),
        (&[("initiator", "owner")], "rosa@outlook.com"),
        (&[("initiator", "other"), ("initiatorEmail", "Jo@contoso.com")], "jo@contoso.com"),
    ] {
        let world = small();
        let link = check_mail(&world, changes).await;
        assert_eq!(*world.mailed.lock().unwrap(), [(email.to_owned(), 1)]);
        assert!(world.started.lock().unwrap().is_empty());
        let page = Request::builder().uri(format!("/check-mail/{link}")).body(Vec::new()).unwrap();
        let page = handle(&world, &page).await;
        assert!(page.body().contains(email) && page.body().contains("one-time-code"));
        assert!(!page.body().contains(&code(&link, 1)));
    }
}

#[tokio::test]
async fn the_right_code_starts_one_execution_and_leads_to_the_initiators_own_link() {
    for (changes, role) in [
        (&[][..], LinkRole::Person(Actor::PartnerAdmin, 0)),
        (&[("initiator", "owner")], LinkRole::Person(Actor::Owner, 0)),
        (&[("initiator", "other"), ("initiatorEmail", "jo@contoso.com")], LinkRole::Viewer),
        (&[("initiator", "other"), ("initiatorEmail", "rosa@outlook.com")], LinkRole::Person(Actor::Owner, 0)),
    ] {
        let world = small();
        let link = check_mail(&world, changes).await;
        let right = format!("code={}", code(&link, 1));
        let (first, second) = (prove(&world, &link, &right).await, prove(&world, &link, &right).await);
        assert_eq!((first.status(), location(&first)), (StatusCode::SEE_OTHER, location(&second)));
        let started = world.started.lock().unwrap();
        assert_eq!(started[0], started[1], "twice the same execution");
        let (id, input) = &started[0];
        let (opened, rest) = paths::parse(location(&first)).unwrap();
        assert_eq!((LinkKey::new(KEY).unwrap().open(opened), rest), (Some((id.clone(), role)), ""));
        let request = onboarding::OnboardingRequest::parse(&serde_json::from_str(input).unwrap()).unwrap();
        assert_eq!(request.onboarding_id.as_ref(), Some(id));
        assert_eq!(request.started_by.unwrap().email, world.mailed.lock().unwrap()[0].0);
    }
}

#[tokio::test]
async fn five_wrong_codes_make_it_void_and_the_right_one_comes_too_late() {
    let world = small();
    let link = check_mail(&world, &[]).await;
    for _ in 0..5 {
        let answer = prove(&world, &link, "code=000").await;
        assert!(answer.status() == StatusCode::UNPROCESSABLE_ENTITY && answer.body().contains("Mailbox.WrongCode"));
    }
    let late = prove(&world, &link, &format!("code={}", code(&link, 1))).await;
    assert!(late.body().contains("Mailbox.VoidCode"));
    assert!(world.started.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_new_code_can_be_had_after_a_minute_and_makes_the_old_one_void() {
    let mut world = small();
    let link = check_mail(&world, &[]).await;
    let soon = prove(&world, &link, "do=resend").await;
    assert!(soon.body().contains("Mailbox.TooSoon") && world.mailed.lock().unwrap().len() == 1);
    world.now = "2026-05-12T10:02:00Z".parse().unwrap();
    let again = prove(&world, &link, "do=resend").await;
    assert!(again.status() == StatusCode::OK && world.mailed.lock().unwrap().len() == 2);
    assert!(prove(&world, &link, &format!("code={}", code(&link, 1))).await.body().contains("Mailbox.WrongCode"));
    assert_eq!(prove(&world, &link, &format!("code={}", code(&link, 2))).await.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn after_half_an_hour_and_for_a_forged_link_there_is_nothing() {
    let mut world = small();
    let link = check_mail(&world, &[]).await;
    let right = format!("code={}", code(&link, 1));
    world.now = "2026-05-12T10:31:00Z".parse().unwrap();
    assert_eq!(prove(&world, &link, &right).await.status(), StatusCode::GONE);
    world.now = small().now;
    for forged in [link.replace(".d.", ".v."), "x".into(), String::new()] {
        assert_eq!(prove(&world, &forged, &right).await.status(), StatusCode::GONE, "{forged}");
    }
    assert!(world.started.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_address_with_too_many_mails_gets_no_more_and_the_same_answer() {
    let world = small();
    *world.mails_left.lock().unwrap() = 0;
    let link = check_mail(&world, &[]).await;
    assert!(world.mailed.lock().unwrap().is_empty());
    // What nobody was mailed can't be guessed either.
    let guessed = prove(&world, &link, &format!("code={}", code(&link, 1))).await;
    assert!(guessed.body().contains("Mailbox.VoidCode") && world.started.lock().unwrap().is_empty());
    let again = prove(&world, &link, "do=resend").await;
    assert!(again.body().contains("Mailbox.TooSoon"));
}

/// A request that the API saw coming from this address.
fn seen_from(request: Request<Vec<u8>>, address: &str) -> Request<Vec<u8>> {
    use lambda_http::RequestExt as _;
    let mut context = lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequestContext::default();
    context.http.source_ip = Some(address.to_owned());
    request.with_request_context(lambda_http::request::RequestContext::ApiGatewayV2(context))
}

fn is_too_many(answer: &Answer, seconds: &str) -> bool {
    answer.status() == StatusCode::TOO_MANY_REQUESTS
        && answer.body().contains("Form.TooMany")
        && answer.headers()["retry-after"] == seconds
}

#[tokio::test]
async fn one_source_sends_so_many_forms_an_hour_whatever_they_say_and_keeps_nobody_else_out() {
    let mut world = small();
    *world.mails_left.lock().unwrap() = 1000;
    let from = async |world: &Small, address: &str, changes: &[(&str, &str)]| {
        handle(world, &seen_from(post(&filled(changes)), address)).await
    };
    for number in 0..30 {
        let owner = format!("rosa{number}@outlook.com");
        // Known or not, right or wrong: every form counts the same.
        let directory = if number % 2 == 0 { "contoso.com" } else { "nobody.example" };
        let changes = [("ownerEmail", owner.as_str()), ("partnerDirectory", directory)];
        let answer = from(&world, "198.51.100.7", &changes).await;
        assert_ne!(answer.status(), StatusCode::TOO_MANY_REQUESTS, "{number}");
    }
    let (known, unknown) = (
        from(&world, "198.51.100.7", &[]).await,
        from(&world, "198.51.100.7", &[("partnerDirectory", "nobody.example")]).await,
    );
    assert!(is_too_many(&known, "3600") && is_too_many(&unknown, "3600"), "{}", known.body());
    assert!(known.body().contains(r#"value="kim@contoso.com""#), "what was typed is kept");
    assert!(known.body().contains("12 May 2026, 11:00 UTC"), "{}", known.body());
    // Another form of theirs, and a program, are refused as well; a header makes nobody another source.
    let mut request = seen_from(post(&filled(&[])), "198.51.100.7");
    request.headers_mut().insert("x-forwarded-for", "203.0.113.9".parse().unwrap());
    request.headers_mut().insert("accept", "application/json".parse().unwrap());
    let told = handle(&world, &request).await;
    assert!(is_too_many(&told, "3600") && told.body().starts_with('{'), "{}", told.body());
    assert_eq!(from(&world, "198.51.100.8", &[]).await.status(), StatusCode::SEE_OTHER);
    let buckets = world.counted.lock().unwrap().keys().cloned().collect::<String>();
    assert!(!buckets.contains("198.51"), "an address is kept: {buckets}");
    // An hour later they may again, until the day's limit.
    world.now = "2026-05-12T11:00:00Z".parse().unwrap();
    let form = OnboardingId::from_parts(world.now.as_millisecond().unsigned_abs(), 78).to_string();
    assert_eq!(from(&world, "198.51.100.7", &[("onboardingId", &form)]).await.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn one_domain_gets_so_many_codes_an_hour_and_a_public_one_as_many_as_its_people_want() {
    for (domain, limited) in [("fabrikam.com", true), ("outlook.com", false)] {
        let world = small();
        *world.mails_left.lock().unwrap() = 1000;
        let mut refused = 0;
        for number in 0..70 {
            let email = format!("victim{number}@{domain}");
            let changes = [("initiator", "other"), ("initiatorEmail", email.as_str())];
            let answer = handle(&world, &seen_from(post(&filled(&changes)), &format!("198.51.100.{number}"))).await;
            refused += u32::from(answer.status() == StatusCode::TOO_MANY_REQUESTS);
        }
        let mailed = world.mailed.lock().unwrap().len();
        assert_eq!((refused, mailed), if limited { (10, 60) } else { (0, 70) }, "{domain}");
    }
}

#[tokio::test]
async fn strangers_start_few_onboardings_in_a_partners_name_its_own_people_many_and_owners_their_own() {
    let other = [("initiator", "other"), ("initiatorEmail", "jo@outlook.com")];
    for (waiting, changes, starts) in [
        (2, &other[..], true),
        (3, &other[..], false),
        // The domain of the mailbox is one of the partner directory's.
        (3, &[][..], true),
        (24, &[][..], true),
        (25, &[][..], false),
        (25, &[("initiator", "owner")][..], true),
    ] {
        let world = Small { waiting, ..small() };
        let link = check_mail(&world, changes).await;
        let answer = prove(&world, &link, &format!("code={}", code(&link, 1))).await;
        assert_eq!(world.started.lock().unwrap().len(), usize::from(starts), "{waiting} {changes:?}");
        assert!(starts || is_too_many(&answer, "3600"), "{waiting} {changes:?}: {}", answer.body());
    }
}

#[tokio::test]
async fn people_of_one_domain_are_written_to_on_a_strangers_word_so_often_and_no_more() {
    let world = small();
    *world.mails_left.lock().unwrap() = 1000;
    let mut started = 0;
    for number in 0..25 {
        let owner = format!("rosa{number}@fabrikam.com");
        let link = check_mail(&world, &[("ownerEmail", &owner)]).await;
        let answer = prove(&world, &link, &format!("code={}", code(&link, 1))).await;
        started += usize::from(answer.status() == StatusCode::SEE_OTHER);
        assert!(number < 20 || is_too_many(&answer, "3600"), "{number}: {}", answer.body());
    }
    assert_eq!((started, world.started.lock().unwrap().len()), (20, 20));
}

#[tokio::test]
async fn lost_links_and_looks_are_counted_by_source_too() {
    let world = small();
    let body = "reference=ABCD-1234&email=rosa%40outlook.com";
    let ask = async || {
        let request = Request::builder().method("POST").uri(paths::NEW_LINK).header("origin", world.portal());
        handle(&world, &request.body(body.as_bytes().to_vec()).unwrap()).await
    };
    for _ in 0..60 {
        assert_eq!(ask().await.status(), StatusCode::OK);
    }
    let refused = ask().await;
    assert!(is_too_many(&refused, "3600") && refused.body().contains("ABCD-1234"), "{}", refused.body());
    for _ in 0..120 {
        assert_eq!(send(&world, &[("do", "check")]).await.status(), StatusCode::OK);
    }
    assert!(is_too_many(&send(&world, &[("do", "check")]).await, "3600"));
    assert_eq!(send(&world, &[]).await.status(), StatusCode::SEE_OTHER, "each has a count of its own");
}

#[tokio::test]
async fn a_second_click_is_the_same_draft_with_one_mail_and_a_corrected_form_is_another() {
    let world = small();
    let first = check_mail(&world, &[]).await;
    assert_eq!(first, check_mail(&world, &[]).await);
    assert_eq!(world.mailed.lock().unwrap().len(), 1);
    for changes in [&[("ownerEmail", "rosa@fabrikam.com")][..], &[("initiator", "owner")]] {
        assert_ne!(first, check_mail(&world, changes).await, "{changes:?}");
    }
}

#[tokio::test]
async fn nobody_is_led_to_an_onboarding_whose_id_they_know() {
    let world = small();
    let known = form_id(60);
    assert!(!check_mail(&world, &[("onboardingId", &known)]).await.contains(&known));
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
        (&[("initiator", "other"), ("initiatorEmail", "jo")], "initiatorEmail", "Input.Invalid", "one address"),
        (&[("timeZone", "Moon/Base")], "timeZone", "Input.Invalid", "Europe/Berlin"),
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
        assert!(world.started.lock().unwrap().is_empty() && world.mailed.lock().unwrap().is_empty(), "{changes:?}");
    }
}

#[tokio::test]
async fn two_mistakes_that_only_microsoft_can_tell_are_told_at_once() {
    let changes = [("partnerDirectory", "nobody.example"), ("subscriptionId", "99999999-9999-9999-9999-999999999999")];
    let answer = send(&small(), &changes).await;
    assert!(answer.body().contains("partnerDirectory-error") && answer.body().contains("subscriptionId-error"));
}

#[tokio::test]
async fn a_running_onboarding_is_led_to_by_its_people_and_only_named_to_others_and_only_after_the_code() {
    let running = OnboardingId::from_parts(1, 2);
    for (changes, link) in [
        (&[][..], Some(LinkRole::Person(Actor::PartnerAdmin, 0))),
        (&[("initiator", "other"), ("initiatorEmail", "jo@contoso.com")], None),
    ] {
        let world = Small { running: Some(running.clone()), ..small() };
        let draft = check_mail(&world, changes).await;
        let answer = prove(&world, &draft, &format!("code={}", code(&draft, 1))).await;
        match link {
            Some(role) => {
                let link = LinkKey::new(KEY).unwrap().link(&running, role);
                assert_eq!(location(&answer), paths::progress(&link));
            }
            None => {
                assert_eq!(answer.status(), StatusCode::CONFLICT);
                assert!(
                    answer.body().contains("Onboarding.AlreadyRunning") && !answer.body().contains(running.as_str())
                );
            }
        }
        assert!(world.started.lock().unwrap().is_empty());
    }
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
    let by = r#"{"email":"rosa@outlook.com","verifiedAt":"2026-05-12T10:00:00Z"}"#;
    send(&world, &[("execution", "arn"), ("schema", "9"), ("moved", "true"), ("startedBy", by)]).await;
    let drafts = world.drafts.lock().unwrap();
    let request = &drafts.values().next().unwrap().request;
    assert!(!request.contains("moved") && !request.contains("startedBy") && request.contains(r#""schema":1"#));
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

async fn ask_for_link(world: &Small, reference: &str, email: &str) -> Answer {
    let body = format!("reference={reference}&email={email}");
    let request = Request::builder().method("POST").uri(paths::NEW_LINK).header("origin", world.portal());
    handle(world, &request.body(body.into_bytes()).unwrap()).await
}

#[tokio::test]
async fn a_lost_link_is_mailed_to_its_own_person_and_the_page_says_the_same_to_everybody() {
    let running = OnboardingId::from_parts(1, 2);
    let world = Small { running: Some(running.clone()), ..small() };
    let typed = running.reference().to_lowercase().replace('-', "+");
    let told = ask_for_link(&world, &typed, "Rosa%40outlook.com").await;
    assert_eq!(told.status(), StatusCode::OK);
    for (reference, email) in
        [(running.reference().as_str(), "eve%40fabrikam.com"), ("ZZZZ-ZZZZ", "rosa%40outlook.com")]
    {
        let other = ask_for_link(&world, reference, email).await;
        assert_eq!((other.status(), other.body()), (told.status(), told.body()));
    }
    assert_eq!(*world.mailed.lock().unwrap(), [("owner".to_owned(), 0)]);
    let full = Small { running: Some(running.clone()), mails_left: Mutex::new(0), ..small() };
    assert_eq!(ask_for_link(&full, &running.reference(), "rosa%40outlook.com").await.body(), told.body());
    assert!(full.mailed.lock().unwrap().is_empty(), "an address gets only so many mails a day");
}

#[tokio::test]
async fn a_request_for_a_link_names_the_field_that_is_wrong() {
    for (reference, email, wrong) in [
        ("ABCD", "rosa%40outlook.com", "#reference"),
        ("ABCD-1234", "rosa", "#email"),
        ("%3Cb%3E12345", "r%40x.com", "#reference"),
    ] {
        let answer = ask_for_link(&small(), reference, email).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.body().contains(&format!("href=\"{wrong}\"")), "{reference} {email}");
    }
}

#[tokio::test]
async fn looking_what_is_known_tells_it_field_by_field_and_keeps_and_mails_nothing() {
    let world = small();
    let check = async |changes: &[(&str, &str)]| {
        let mut all = vec![("do", "check")];
        all.extend_from_slice(changes);
        send(&world, &all).await
    };
    let found = check(&[]).await;
    assert_eq!(found.status(), StatusCode::OK, "{}", found.body());
    assert!(found.body().contains("The partner directory exists") && found.body().contains("The subscription exists"));
    assert!(found.body().contains("nobody got a mail") && found.body().contains("value=\"contoso.com\""));
    // What is empty is no mistake yet.
    let some = check(&[("subscriptionId", ""), ("ownerEmail", "")]).await;
    assert!(some.status() == StatusCode::OK && some.body().contains("The partner directory exists"));
    let nothing = check(&[("subscriptionId", ""), ("partnerDirectory", "")]).await;
    assert!(nothing.status() == StatusCode::OK && nothing.body().contains("and look again"));
    // What is wrong is told where it is, as when it is sent.
    let wrong = check(&[("partnerDirectory", "nowhere.example"), ("ownerEmail", "nobody")]).await;
    assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.body().contains("href=\"#partnerDirectory\"") && wrong.body().contains("href=\"#ownerEmail\""));
    // The same address twice is allowed, and said.
    let same = check(&[("ownerEmail", "kim@contoso.com"), ("partnerAdminEmail", "Kim@Contoso.com")]).await;
    assert!(same.status() == StatusCode::OK && same.body().contains("the same address"), "{}", same.body());
    assert!(world.drafts.lock().unwrap().is_empty() && world.mailed.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_german_reader_is_told_every_mistake_in_german() {
    let german = async |world: &Small, changes: &[(&str, &str)]| {
        let request = Request::builder().method("POST").uri("/new").header("origin", "https://mooring.example");
        let request = request.header("accept-language", "de").body(filled(changes).into_bytes()).unwrap();
        handle(world, &request).await
    };
    let wrong = [
        ("subscriptionId", "x"),
        ("partnerDirectory", "?"),
        ("partnerAdminEmail", "kim"),
        ("ownerEmail", ""),
        ("ownerAccount", "robot"),
        ("cloud", "moon"),
        ("route", "around"),
        ("timeZone", "Mars/Base"),
    ];
    let long = "x".repeat(121);
    let mut changes = wrong.to_vec();
    changes.push(("reference", &long));
    let page = german(&small(), &changes).await;
    assert_eq!(page.status(), StatusCode::UNPROCESSABLE_ENTITY);
    for english in ["must be", "is missing", "is not known", "of at most"] {
        assert!(!page.body().contains(english), "{english}: {}", page.body());
    }
    assert!(page.body().contains("muss eine GUID sein") && page.body().contains("fehlt"));
    for (field, value) in
        [("partnerDirectory", "nowhere.example"), ("subscriptionId", "00000000-0000-4000-8000-000000000000")]
    {
        let page = german(&small(), &[(field, value)]).await;
        assert_eq!(page.status(), StatusCode::UNPROCESSABLE_ENTITY, "{field}");
        assert!(
            page.body().contains("in dieser Cloud nicht bekannt") || page.body().contains("muss eine Abonnement-ID"),
            "{}",
            page.body()
        );
    }
}
