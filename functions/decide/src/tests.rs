use std::sync::Mutex;

use http::{Request, StatusCode};
use jiff::Timestamp;
use onboarding::links::{LinkKey, LinkRole, fingerprint};
use onboarding::{Actor, Directory, ErrorName, OnboardingId, Outcome, Status, Step, WaitKind};
use serde_json::json;
use store::{AccessPage, Browser, Loaded, Meta, Recorded, StoreError, WaitRecord};
use web::{Answer, paths};

use super::*;

const KEY: &str = "a link key for tests, long enough to be one";
const PORTAL: &str = "https://mooring.example";
const OID: &str = "b11a05c8-6acc-435e-9a51-2140dea093a5";
const SOURCE: &str = "11111111-1111-1111-1111-111111111111";

fn now() -> Timestamp {
    "2026-05-12T10:00:00Z".parse().unwrap()
}

fn id() -> OnboardingId {
    OnboardingId::from_parts(1_778_000_000_000, 7)
}

fn link(actor: Actor) -> String {
    LinkKey::new(KEY).unwrap().link(&id(), LinkRole::Person(actor))
}

fn cookie() -> String {
    "c".repeat(43)
}

fn meta() -> Meta {
    serde_json::from_value(json!({
        "onboardingId": id(), "schema": 1, "ver": 3, "status": "waiting", "currentStep": "assess-impact",
        "cloud": "public", "route": "two-party",
        "subscriptionId": "6c3c85bc-5366-4eaa-8055-a10529eafd03", "subscriptionName": "Fabrikam Prod",
        "sourceTenantId": SOURCE, "partnerTenantId": "22222222-2222-2222-2222-222222222222",
        "partnerDirectory": "contoso.com", "partnerDirectoryName": "Contoso",
        "ownerEmail": "rosa@outlook.com", "ownerAccount": "personal", "ownerOid": OID,
        "partnerAdminEmail": "kim@contoso.com", "requestKey": "k", "execution": "arn",
        "createdAt": "2026-05-12T09:00:00Z", "updatedAt": "2026-05-12T09:30:00Z", "openWait": "w1",
        "reportHash": "h1", "reportAssignments": 1, "reportCustomRoles": 1,
    }))
    .unwrap()
}

fn wait(kind: WaitKind) -> WaitRecord {
    WaitRecord {
        wait_id: "w1".into(),
        kind,
        actor: Actor::Owner,
        directory: Directory::Source,
        reason: None,
        claims: None,
        resume: Step::MapDirectory,
        opened_at: "2026-05-12T09:30:00Z".into(),
        deadline_at: "2026-05-19T09:30:00Z".into(),
        reminders: 0,
        outcome: None,
        outcome_at: None,
        outcome_by: None,
        signalled_at: None,
    }
}

/// One onboarding with one open wait; what is written shows in the next read.
struct Small {
    loaded: Mutex<Loaded>,
    browser: Option<Browser>,
    report: String,
    /// How many writes somebody else gets in first.
    conflicts: Mutex<u32>,
    notes: Mutex<Vec<(&'static str, serde_json::Value)>>,
}

fn small(kind: WaitKind) -> Small {
    let signed_in = now().as_second() - 60;
    Small {
        loaded: Mutex::new(Loaded { meta: meta(), steps: vec![], waits: vec![wait(kind)], credentials: vec![], mails: vec![] }),
        browser: Some(Browser {
            onboarding_id: id(),
            wait_id: "w1".into(),
            actor: Actor::Owner,
            tid: onboarding::TenantId::parse(SOURCE).unwrap(),
            oid: onboarding::ObjectId::parse(OID).unwrap(),
            signed_in_at: signed_in,
            expires_at: signed_in + 600,
        }),
        report: json!([
            {"kind": "roleAssignment", "principalId": "p-1", "principalType": "User", "role": "Reader", "scope": "/subscriptions/x", "inherited": false},
            {"kind": "customRole", "role": "Night shift", "scopes": ["/subscriptions/x", "/subscriptions/y"]},
        ])
        .to_string(),
        conflicts: Mutex::new(0),
        notes: Mutex::default(),
    }
}

impl Small {
    fn with(self, change: impl FnOnce(&mut Loaded)) -> Self {
        change(&mut self.loaded.lock().unwrap());
        self
    }
    fn outcome(&self) -> Option<Outcome> {
        self.loaded.lock().unwrap().waits[0].outcome
    }
    fn meta(&self) -> Meta {
        self.loaded.lock().unwrap().meta.clone()
    }
    fn noted(&self, action: &str) -> usize {
        self.notes.lock().unwrap().iter().filter(|(noted, _)| *noted == action).count()
    }
}

impl World for Small {
    fn portal(&self) -> &str {
        PORTAL
    }
    fn now(&self) -> Timestamp {
        now()
    }
    async fn link_key(&self) -> Result<LinkKey, ErrorName> {
        Ok(LinkKey::new(KEY).unwrap())
    }
    async fn load(&self, _: &OnboardingId) -> Result<Loaded, StoreError> {
        Ok(self.loaded.lock().unwrap().clone())
    }
    async fn report(&self, _: &OnboardingId, hash: &str) -> Result<Vec<AccessPage>, StoreError> {
        assert_eq!(hash, "h1");
        Ok(vec![AccessPage { rows: self.report.clone() }])
    }
    async fn commit(&self, before: &Meta, change: Change) -> Result<Meta, StoreError> {
        let mut loaded = self.loaded.lock().unwrap();
        let mut conflicts = self.conflicts.lock().unwrap();
        if *conflicts > 0 {
            *conflicts -= 1;
            loaded.meta.ver += 1;
        }
        if loaded.meta.ver != before.ver {
            return Err(StoreError::Conflict);
        }
        loaded.meta = Meta { ver: before.ver + 1, ..change.meta };
        self.notes.lock().unwrap().extend(change.notes.into_iter().map(|note| (note.action, note.detail)));
        Ok(loaded.meta.clone())
    }
    async fn end_wait(
        &self,
        _: &OnboardingId,
        wait_id: &str,
        outcome: Outcome,
        by: Actor,
    ) -> Result<Recorded, StoreError> {
        let mut loaded = self.loaded.lock().unwrap();
        let wait = loaded.waits.iter_mut().find(|wait| wait.wait_id == wait_id).ok_or(StoreError::NotFound)?;
        match wait.outcome {
            None => {
                wait.outcome = Some(outcome);
                Ok(Recorded::First { task_token: None })
            }
            Some(outcome) => {
                Ok(Recorded::Before { outcome, by: by.as_str().into(), at: String::new(), task_token: None })
            }
        }
    }
    async fn browser(&self, browser: &str, _: &OnboardingId, _: Actor) -> Result<Option<Browser>, StoreError> {
        Ok(self.browser.clone().filter(|_| browser == fingerprint(&cookie())))
    }
}

fn request(method: &str, path: &str, body: &str) -> Request<Vec<u8>> {
    Request::builder()
        .method(method)
        .uri(path)
        .header("origin", PORTAL)
        .header("cookie", format!("{}={}", web::asked::COOKIE_NAME, cookie()))
        .body(body.as_bytes().to_vec())
        .unwrap()
}

const RIGHT: &str = "report=h1&agree-delete=yes&agree-directory=yes&subscription-name=Fabrikam+Prod";

async fn confirm(world: &Small, body: &str) -> Answer {
    handle(world, &request("POST", &paths::confirm(&link(Actor::Owner)), body)).await
}

fn location(answer: &Answer) -> &str {
    answer.headers()["location"].to_str().unwrap()
}

#[tokio::test]
async fn the_page_shows_everything_that_azure_will_delete() {
    let answer = handle(&small(WaitKind::Confirm), &request("GET", &paths::confirm(&link(Actor::Owner)), "")).await;
    assert_eq!(answer.status(), StatusCode::OK);
    for piece in [
        "Fabrikam Prod",
        "User p-1",
        "Reader",
        "Night shift",
        "/subscriptions/x, /subscriptions/y",
        "Contoso",
        SOURCE,
        r#"value="h1""#,
    ] {
        assert!(answer.body().contains(piece), "{piece}");
    }
}

#[tokio::test]
async fn a_right_confirmation_is_recorded_with_who_and_what_before_the_wait_ends() {
    let world = small(WaitKind::Confirm);
    let answer = confirm(&world, RIGHT).await;
    assert!(location(&answer).ends_with("/result/confirmed"));
    assert_eq!(world.outcome(), Some(Outcome::Confirmed));
    assert_eq!(world.meta().confirmed_hash.as_deref(), Some("h1"));
    let notes = world.notes.lock().unwrap();
    let [("move.confirmed", approval)] = notes.as_slice() else { panic!("{notes:?}") };
    assert_eq!(approval["reportHash"], "h1");
    assert_eq!(approval["oid"], OID);
    assert_eq!(approval["partnerTenantId"], "22222222-2222-2222-2222-222222222222");
    assert_eq!(approval["subscriptionName"], "Fabrikam Prod");
}

#[tokio::test]
async fn an_incomplete_or_outdated_confirmation_moves_nothing() {
    for (body, id) in [
        ("", "Confirm.ReportChanged"),
        (&*RIGHT.replace("h1", "h0"), "Confirm.ReportChanged"),
        (&*RIGHT.replace("Prod", "prod"), "Confirm.NameDiffers"),
        (&*RIGHT.replace("agree-delete=yes", ""), "Confirm.NotTicked"),
    ] {
        let world = small(WaitKind::Confirm);
        let answer = confirm(&world, body).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        assert!(answer.body().contains(id), "{body}");
        assert_eq!((world.outcome(), world.meta().confirmed_hash), (None, None), "{body}");
    }
}

#[tokio::test]
async fn without_a_fresh_sign_in_of_the_owner_in_this_browser_it_leads_to_the_sign_in() {
    let other = onboarding::ObjectId::parse("00000000-0000-0000-0000-000000000001").unwrap();
    let tenant = onboarding::TenantId::parse("22222222-2222-2222-2222-222222222222").unwrap();
    let good = small(WaitKind::Confirm).browser.unwrap();
    let long_ago = now().as_second() - 601;
    for (what, browser) in [
        ("no sign-in", None),
        ("another person", Some(Browser { oid: other, ..good.clone() })),
        ("another directory", Some(Browser { tid: tenant, ..good.clone() })),
        ("another wait", Some(Browser { wait_id: "w0".into(), ..good.clone() })),
        ("too long ago", Some(Browser { signed_in_at: long_ago, expires_at: now().as_second() + 60, ..good.clone() })),
        ("expired", Some(Browser { expires_at: now().as_second(), ..good.clone() })),
        ("the future", Some(Browser { signed_in_at: now().as_second() + 60, ..good })),
    ] {
        let world = Small { browser, ..small(WaitKind::Confirm) };
        for method in ["GET", "POST"] {
            let answer = handle(&world, &request(method, &paths::confirm(&link(Actor::Owner)), RIGHT)).await;
            assert!(location(&answer).ends_with("/turn"), "{what}");
        }
        assert_eq!(world.outcome(), None, "{what}");
    }
    let mut elsewhere = request("POST", &paths::confirm(&link(Actor::Owner)), RIGHT);
    elsewhere.headers_mut().remove("cookie");
    let world = small(WaitKind::Confirm);
    assert!(location(&handle(&world, &elsewhere).await).ends_with("/turn"));
    assert_eq!(world.outcome(), None);
}

#[tokio::test]
async fn nobody_but_the_owner_confirms() {
    let viewer = LinkKey::new(KEY).unwrap().link(&id(), LinkRole::Viewer);
    for link in [link(Actor::PartnerAdmin), viewer] {
        let world = small(WaitKind::Confirm);
        let answer = handle(&world, &request("POST", &paths::confirm(&link), RIGHT)).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN);
        assert_eq!(world.outcome(), None);
    }
}

#[tokio::test]
async fn a_report_that_is_not_complete_cannot_be_confirmed() {
    let world = Small { report: "[]".into(), ..small(WaitKind::Confirm) };
    assert_eq!(confirm(&world, RIGHT).await.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(world.outcome(), None);
}

#[tokio::test]
async fn confirming_twice_counts_once() {
    let world = small(WaitKind::Confirm);
    confirm(&world, RIGHT).await;
    let again = confirm(&world, RIGHT).await;
    assert!(location(&again).ends_with("/result/moved-on"));
    assert_eq!(world.noted("move.confirmed"), 1);
}

#[tokio::test]
async fn somebody_else_writing_at_the_same_time_does_not_lose_a_confirmation() {
    let world = small(WaitKind::Confirm);
    *world.conflicts.lock().unwrap() = 2;
    assert!(location(&confirm(&world, RIGHT).await).ends_with("/result/confirmed"));
    assert_eq!(world.noted("move.confirmed"), 1);
}

#[tokio::test]
async fn either_person_cancels_before_the_move() {
    for actor in [Actor::Owner, Actor::PartnerAdmin] {
        let world = small(WaitKind::SignIn);
        let answer = handle(&world, &request("POST", &paths::cancel(&link(actor)), "")).await;
        assert!(location(&answer).ends_with("/result/cancelled"));
        assert_eq!(world.outcome(), Some(Outcome::Cancelled));
        assert_eq!(world.noted("onboarding.cancelled"), 1);
    }
}

#[tokio::test]
async fn while_a_step_is_at_work_cancelling_is_asked_for_and_the_next_step_stops() {
    let world = small(WaitKind::SignIn).with(|loaded| {
        loaded.meta.open_wait = None;
        loaded.meta.status = Status::Running;
    });
    let answer = handle(&world, &request("POST", &paths::cancel(&link(Actor::Owner)), "")).await;
    assert!(location(&answer).ends_with("/result/cancelled"));
    assert!(world.meta().cancel_requested);
    assert_eq!(world.noted("onboarding.cancel-requested"), 1);
    handle(&world, &request("POST", &paths::cancel(&link(Actor::Owner)), "")).await;
    assert_eq!(world.noted("onboarding.cancel-requested"), 1, "asking twice is noted once");
}

#[tokio::test]
async fn after_the_move_began_or_the_end_cancelling_does_nothing_and_says_why() {
    type Change = fn(&mut Loaded);
    let changes: [(Change, &str); 3] = [
        (|loaded| loaded.meta.moved = true, "can't be cancelled"),
        (|loaded| loaded.meta.accept_intended_at = Some("2026-05-12T10:00:00Z".into()), "can't be cancelled"),
        (|loaded| loaded.meta.status = Status::Done, "has ended"),
    ];
    for (change, words) in changes {
        let world = small(WaitKind::SignIn).with(change);
        for method in ["GET", "POST"] {
            let answer = handle(&world, &request(method, &paths::cancel(&link(Actor::Owner)), "")).await;
            assert_eq!(answer.status(), StatusCode::CONFLICT);
            assert!(answer.body().contains(words) || answer.body().contains(&words.replace('\'', "&#39;")), "{words}");
        }
        assert_eq!((world.outcome(), world.meta().cancel_requested), (None, false));
    }
}

#[tokio::test]
async fn the_person_whose_fix_it_is_asks_to_look_again() {
    let world = small(WaitKind::Fix);
    let other = handle(&world, &request("POST", &paths::check_again(&link(Actor::PartnerAdmin)), "")).await;
    assert!(location(&other).ends_with("/turn"));
    assert_eq!(world.outcome(), None);
    let answer = handle(&world, &request("POST", &paths::check_again(&link(Actor::Owner)), "")).await;
    assert!(location(&answer).ends_with("/result/rechecking"));
    assert_eq!(world.outcome(), Some(Outcome::Recheck));
}

#[tokio::test]
async fn looking_again_is_for_fixes_only() {
    let world = small(WaitKind::SignIn);
    let answer = handle(&world, &request("POST", &paths::check_again(&link(Actor::Owner)), "")).await;
    assert!(location(&answer).ends_with("/result/moved-on"));
    assert_eq!(world.outcome(), None);
}

#[tokio::test]
async fn looking_changes_nothing_and_a_form_of_another_site_does_nothing() {
    let world = small(WaitKind::Confirm);
    for path in [paths::confirm(&link(Actor::Owner)), paths::cancel(&link(Actor::Owner))] {
        for method in ["GET", "HEAD"] {
            let answer = handle(&world, &request(method, &path, "")).await;
            assert_eq!(answer.status(), StatusCode::OK);
            assert_eq!(answer.body().is_empty(), method == "HEAD");
        }
        let mut foreign = request("POST", &path, RIGHT);
        foreign.headers_mut().insert("origin", "https://evil.example".parse().unwrap());
        assert_eq!(handle(&world, &foreign).await.status(), StatusCode::FORBIDDEN);
    }
    assert_eq!(handle(&world, &request("GET", &paths::check_again(&link(Actor::Owner)), "")).await.status(), 405);
    assert_eq!(world.outcome(), None);
    assert_eq!(world.meta(), meta());
}
