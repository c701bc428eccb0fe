use std::sync::Mutex;

use http::{Request, StatusCode};
use jiff::Timestamp;
use microsoft::entra::{CodeVerifier, Person};
use onboarding::links::{LinkKey, LinkRole, fingerprint};
use onboarding::{
    Actor, Cloud, Directory, ErrorName, ObjectId, OnboardingId, Outcome, Status, Step, TenantId, WaitKind,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use store::{Browser, Change, Loaded, Meta, Recorded, Session, SessionState, Started, StoreError, WaitRecord, Write};
use web::{Answer, paths};

use super::*;
use crate::world::Refused;

const KEY: &str = "a link key for tests, long enough to be one";
const PORTAL: &str = "https://mooring.example";
const SOURCE: &str = "11111111-1111-1111-1111-111111111111";
const PARTNER: &str = "22222222-2222-2222-2222-222222222222";
const ROSA: &str = "b11a05c8-6acc-435e-9a51-2140dea093a5";
const OTHER: &str = "c22a05c8-6acc-435e-9a51-2140dea093a5";
const CODE: &str = "a-code-that-must-never-show";
const REFRESH: &str = "a-refresh-token-that-must-never-show";

fn start() -> Timestamp {
    "2026-05-12T10:00:00Z".parse().unwrap()
}

fn id() -> OnboardingId {
    OnboardingId::from_parts(1_778_000_000_000, 7)
}

fn link(actor: Actor) -> String {
    LinkKey::new(KEY).unwrap().link(&id(), LinkRole::Person(actor, 0))
}

fn meta() -> Meta {
    serde_json::from_value(json!({
        "onboardingId": id(), "schema": 1, "ver": 3, "status": "waiting", "currentStep": "use-existing-directory",
        "cloud": "public", "route": "two-party", "subscriptionId": "6c3c85bc-5366-4eaa-8055-a10529eafd03",
        "sourceTenantId": SOURCE, "partnerTenantId": PARTNER, "partnerDirectory": "contoso.com",
        "ownerEmail": "rosa@outlook.com", "ownerAccount": "personal", "partnerAdminEmail": "kim@contoso.com",
        "requestKey": "k", "execution": "arn", "createdAt": "2026-05-12T09:00:00Z", "updatedAt": "2026-05-12T09:30:00Z",
        "openWait": "w1",
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
        resume: Step::UseExistingDirectory,
        opened_at: "2026-05-12T09:30:00Z".into(),
        deadline_at: "2026-05-19T09:30:00Z".into(),
        reminders: 0,
        extended_at: None,
        outcome: None,
        outcome_at: None,
        outcome_by: None,
        signalled_at: None,
    }
}

fn rosa() -> Person {
    Person {
        tenant: TenantId::parse(SOURCE).unwrap(),
        object_id: ObjectId::parse(ROSA).unwrap(),
        username: Some("Rosa@Outlook.com".into()),
        email: None,
        name: Some("Rosa".into()),
        identity_provider: Some("live.com".into()),
        guest: None,
        login_hint: None,
        authenticated_at: Some(start()),
        issued_at: start(),
    }
}

/// One onboarding with one open wait, one session at a time, and a Microsoft that lets one person in.
struct Small {
    now: Mutex<Timestamp>,
    loaded: Mutex<Loaded>,
    session: Mutex<Option<(String, Session)>>,
    sent_to: Mutex<Option<(String, String)>>,
    person: Mutex<Option<Person>>,
    redeemed: Mutex<u32>,
    browsers: Mutex<Vec<(String, Browser)>>,
    notes: Mutex<Vec<(String, Value)>>,
    written: Mutex<Vec<Change>>,
    randoms: Mutex<u8>,
    seal_fails: bool,
    conflicts: Mutex<u32>,
}

fn small(kind: WaitKind) -> Small {
    Small {
        now: Mutex::new(start()),
        loaded: Mutex::new(Loaded {
            meta: meta(),
            steps: vec![],
            waits: vec![wait(kind)],
            credentials: vec![],
            mails: vec![],
            review: store::records::Review::default(),
            preflight: impact::preflight::Preflight::default(),
            to_dos: vec![],
            feedback: vec![],
        }),
        session: Mutex::default(),
        sent_to: Mutex::default(),
        person: Mutex::new(Some(rosa())),
        redeemed: Mutex::default(),
        browsers: Mutex::default(),
        notes: Mutex::default(),
        written: Mutex::default(),
        randoms: Mutex::default(),
        seal_fails: false,
        conflicts: Mutex::default(),
    }
}

impl Small {
    fn with(self, change: impl FnOnce(&mut Loaded)) -> Self {
        change(&mut self.loaded.lock().unwrap());
        self
    }
    fn signs_in(self, person: Person) -> Self {
        *self.person.lock().unwrap() = Some(person);
        self
    }
    fn later(&self, seconds: i64) {
        let mut now = self.now.lock().unwrap();
        *now = now.checked_add(jiff::SignedDuration::from_secs(seconds)).unwrap();
    }
    fn outcome(&self) -> Option<Outcome> {
        self.loaded.lock().unwrap().waits[0].outcome
    }
    fn actions(&self) -> Vec<&'static str> {
        self.written.lock().unwrap().iter().flat_map(|change| change.notes.iter().map(|note| note.action)).collect()
    }
    fn credentials(&self) -> usize {
        let written = self.written.lock().unwrap();
        written.iter().flat_map(|change| &change.writes).filter(|write| matches!(write, Write::Credential(_))).count()
    }
    /// Everything that was written anywhere, as a log or a table reader would see it.
    fn everything(&self) -> String {
        format!("{:?} {:?} {:?} {:?}", self.session, self.notes, self.written, self.browsers)
    }
}

impl World for Small {
    fn portal(&self) -> &str {
        PORTAL
    }
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }
    fn random(&self) -> Result<String, ErrorName> {
        let mut randoms = self.randoms.lock().unwrap();
        *randoms += 1;
        Ok(format!("{:043}", *randoms))
    }
    async fn link_key(&self) -> Result<LinkKey, ErrorName> {
        Ok(LinkKey::new(KEY).unwrap())
    }
    async fn load(&self, _: &OnboardingId) -> Result<Loaded, StoreError> {
        Ok(self.loaded.lock().unwrap().clone())
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
        loaded.meta = Meta { ver: before.ver + 1, ..change.meta.clone() };
        self.written.lock().unwrap().push(change);
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
        Ok(match wait.outcome {
            None => {
                wait.outcome = Some(outcome);
                Recorded::First { task_token: None }
            }
            Some(outcome) => Recorded::Before { outcome, by: by.as_str().into(), at: String::new(), task_token: None },
        })
    }
    async fn start_session(&self, state: &str, session: &Session) -> Result<(), StoreError> {
        *self.session.lock().unwrap() = Some((state.to_owned(), session.clone()));
        Ok(())
    }
    async fn session(&self, state: &str) -> Result<Option<Session>, StoreError> {
        let session = self.session.lock().unwrap();
        Ok(session.as_ref().filter(|(known, _)| known == state).map(|(_, session)| session.clone()))
    }
    async fn consume_session(&self, state: &str) -> Result<Started, StoreError> {
        let mut session = self.session.lock().unwrap();
        Ok(match session.as_mut().filter(|(known, _)| known == state) {
            None => Started::Unknown,
            Some((_, session)) if session.state == SessionState::Consumed => Started::Before(session.clone()),
            Some((_, session)) => {
                session.state = SessionState::Consumed;
                Started::Now(session.clone())
            }
        })
    }
    async fn session_result(&self, _: &str, result: &str) -> Result<(), StoreError> {
        if let Some((_, session)) = self.session.lock().unwrap().as_mut() {
            session.result = Some(result.to_owned());
        }
        Ok(())
    }
    async fn remember_browser(&self, browser: &str, entry: &Browser) -> Result<(), StoreError> {
        self.browsers.lock().unwrap().push((browser.to_owned(), entry.clone()));
        Ok(())
    }
    async fn keep_note(&self, browser: &str, _: &OnboardingId, note: &Value, _: i64) -> Result<(), StoreError> {
        self.notes.lock().unwrap().push((browser.to_owned(), note.clone()));
        Ok(())
    }
    async fn note(&self, browser: &str, _: &OnboardingId) -> Result<Option<Value>, StoreError> {
        let notes = self.notes.lock().unwrap();
        Ok(notes.iter().rev().find(|(known, _)| known == browser).map(|(_, note)| note.clone()))
    }
    async fn seal(&self, _: &OnboardingId, _: Actor, token: &SecretString) -> Result<Vec<Vec<u8>>, ErrorName> {
        assert_eq!(token.expose_secret(), REFRESH);
        if self.seal_fails { Err(ErrorName::VaultUnavailable) } else { Ok(vec![b"sealed".to_vec()]) }
    }
    async fn registration(&self, _: Cloud, actor: Actor, invite: bool) -> Result<Registration, ErrorName> {
        assert!(!invite, "nobody is invited on the two-party route");
        Ok(Registration { client_id: "app-1".into(), scope: format!("openid scope-of-{actor}") })
    }
    fn login_page(&self, _: Cloud) -> Result<String, ErrorName> {
        Ok("https://login.microsoftonline.com".into())
    }
    async fn authorize(&self, asking: &Asking<'_>) -> Result<String, ErrorName> {
        assert_eq!(asking.tenant.as_str(), SOURCE);
        *self.sent_to.lock().unwrap() = Some((asking.verifier.challenge(), asking.nonce.to_owned()));
        Ok(format!("https://login.microsoftonline.com/{}/oauth2/v2.0/authorize?state={}", asking.tenant, asking.state))
    }
    async fn redeem(
        &self,
        _: Cloud,
        _: Actor,
        tenant: &TenantId,
        code: &SecretString,
        verifier: &CodeVerifier,
        nonce: &str,
    ) -> Result<SignedIn, Refused> {
        assert_eq!((tenant.as_str(), code.expose_secret()), (SOURCE, CODE));
        assert_eq!(
            *self.sent_to.lock().unwrap(),
            Some((verifier.challenge(), nonce.to_owned())),
            "what began must come back"
        );
        *self.redeemed.lock().unwrap() += 1;
        match self.person.lock().unwrap().clone() {
            Some(person) => Ok(SignedIn { person, refresh: Some(SecretString::from(REFRESH)) }),
            None => Err(Refused::Microsoft(microsoft::entra::refused_redirect(
                "invalid_grant",
                Some("AADSTS54005: OAuth2 Authorization code was already redeemed"),
                None,
            ))),
        }
    }
}

fn request(method: &str, uri: &str, cookie: Option<&str>) -> Request<()> {
    let mut request = Request::builder().method(method).uri(uri).header("origin", PORTAL);
    if let Some(cookie) = cookie {
        request = request.header("cookie", format!("{}={cookie}", web::asked::COOKIE_NAME));
    }
    request.body(()).unwrap()
}

fn location(answer: &Answer) -> &str {
    assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{}", answer.body());
    answer.headers()["location"].to_str().unwrap()
}

/// Begins a sign-in; answers the browser's cookie and the state.
async fn begin(world: &Small) -> (String, String) {
    let answer = handle(world, &request("POST", &paths::sign_in(&link(Actor::Owner)), None)).await;
    let cookie = answer.headers()["set-cookie"].to_str().unwrap();
    let cookie = cookie.split(';').next().unwrap().split('=').nth(1).unwrap().to_owned();
    let state = location(&answer).split("state=").nth(1).unwrap().to_owned();
    (cookie, state)
}

async fn back(world: &Small, cookie: Option<&str>, query: &str) -> Answer {
    handle(world, &request("GET", &format!("/callback?{query}"), cookie)).await
}

async fn whole(world: &Small) -> Answer {
    let (cookie, state) = begin(world).await;
    back(world, Some(&cookie), &format!("code={CODE}&state={state}")).await
}

#[tokio::test]
async fn the_expected_person_is_recorded_sealed_and_ends_the_wait() {
    let world = small(WaitKind::SignIn);
    let answer = whole(&world).await;
    assert_eq!(location(&answer), format!("/o/{}/result/signed-in", link(Actor::Owner)));
    assert_eq!(world.outcome(), Some(Outcome::SignedIn));
    assert_eq!(world.loaded.lock().unwrap().meta.owner_oid.as_ref().map(ObjectId::as_str), Some(ROSA));
    assert_eq!((world.credentials(), world.actions()), (1, vec!["sign-in.done"]));
}

#[tokio::test]
async fn no_code_state_verifier_nonce_token_or_cookie_is_written_or_sent_on() {
    let world = small(WaitKind::SignIn);
    let (cookie, state) = begin(&world).await;
    let answer = back(&world, Some(&cookie), &format!("code={CODE}&state={state}")).await;
    let key = LinkKey::new(KEY).unwrap();
    let seen = format!("{} {:?} {}", world.everything(), answer.headers(), answer.body());
    for secret in [CODE, REFRESH, &cookie, &state, &key.code_verifier(&cookie, &state), &key.nonce(&cookie, &state)] {
        assert!(!seen.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn another_person_records_nothing_and_the_wait_stays_open_until_the_right_one_comes() {
    let other =
        Person { object_id: ObjectId::parse(OTHER).unwrap(), username: Some("kim@contoso.com".into()), ..rosa() };
    let world = small(WaitKind::SignIn).signs_in(other);
    let (cookie, state) = begin(&world).await;
    let answer = back(&world, Some(&cookie), &format!("code={CODE}&state={state}")).await;
    let page = location(&answer).to_owned();
    assert!(page.ends_with("/result/wrong-account"), "{page}");
    assert_eq!((world.outcome(), world.credentials(), world.actions()), (None, 0, vec!["sign-in.wrong-account"]));
    assert_eq!(world.loaded.lock().unwrap().meta.owner_oid, None);

    let told = handle(&world, &request("GET", &page, Some(&cookie))).await;
    assert_eq!(told.status(), StatusCode::FORBIDDEN);
    assert!(told.body().contains("kim@contoso.com") && told.body().contains("rosa@outlook.com"));
    let elsewhere = handle(&world, &request("GET", &page, None)).await;
    assert!(!elsewhere.body().contains("kim@contoso.com"), "only the browser that used the account is told");

    *world.person.lock().unwrap() = Some(rosa());
    assert!(location(&whole(&world).await).ends_with("/result/signed-in"));
    assert_eq!(world.outcome(), Some(Outcome::SignedIn));
}

#[tokio::test]
async fn who_needs_somebody_else_gets_a_text_for_them_without_the_link() {
    let correlation = "7c1d0f6e-3f9b-4f0e-8f2e-5a1f0b9d2c3e";
    for (words, result, pieces) in [
        (
            "AADSTS90094: needs permission that only an admin can grant.",
            "admin-approval",
            [
                "app-1",
                "openid, scope-of-owner",
                "https://login.microsoftonline.com/11111111-1111-1111-1111-111111111111/adminconsent?client_id=app-1",
            ],
        ),
        ("AADSTS53003: Access has been blocked.", "sign-in-rule", ["53003", correlation, "2026-05-12T10:00:00Z"]),
    ] {
        let world = small(WaitKind::SignIn);
        let (cookie, state) = begin(&world).await;
        let words: String = form_urlencoded::byte_serialize(
            format!("{words} Correlation ID: {correlation} Timestamp: 2026-05-12").as_bytes(),
        )
        .collect();
        let query = format!("error=access_denied&error_description={words}&state={state}");
        let answer = back(&world, Some(&cookie), &query).await;
        let page = location(&answer).to_owned();
        assert!(page.ends_with(result), "{page}");
        let page = handle(&world, &request("GET", &page, Some(&cookie))).await.body().to_owned();
        let text = page.split("<pre").nth(1).unwrap().split("</pre>").next().unwrap();
        for piece in pieces.into_iter().chain(["rosa@outlook.com", SOURCE]) {
            assert!(text.contains(piece), "{piece} in {text}");
        }
        assert!(!text.contains("/o/"), "a text to forward must not hold the link");
    }
}

#[tokio::test]
async fn a_declined_consent_offers_to_ask_somebody_else_and_to_cancel_until_the_move() {
    for (moved, offered) in [(false, true), (true, false)] {
        let world = small(WaitKind::SignIn).with(|loaded| loaded.meta.moved = moved);
        let page = format!("/o/{}/result/consent-declined", link(Actor::Owner));
        let page = handle(&world, &request("GET", &page, None)).await.body().to_owned();
        assert_eq!(page.contains("/forward\"") && page.contains("/cancel\""), offered, "{page}");
        assert!(page.contains("/turn\""));
    }
}

#[tokio::test]
async fn what_is_over_is_told_with_who_did_it_and_when() {
    let world = small(WaitKind::SignIn).with(|loaded| {
        loaded.waits[0].outcome = Some(Outcome::SignedIn);
        loaded.waits[0].outcome_at = Some("2026-05-12T09:45:00Z".into());
        loaded.waits[0].outcome_by = Some("owner".into());
        loaded.meta.open_wait = None;
    });
    for result in ["already-done", "moved-on"] {
        let page = format!("/o/{}/result/{result}", link(Actor::Owner));
        let page = handle(&world, &request("GET", &page, None)).await.body().to_owned();
        assert!(page.contains("signed in, the subscription") && page.contains("2026-05-12T09:45:00Z"), "{page}");
    }
}

#[tokio::test]
async fn once_known_only_tenant_and_object_id_count() {
    let known = |loaded: &mut Loaded| loaded.meta.owner_oid = Some(ObjectId::parse(ROSA).unwrap());
    let renamed = Person { username: Some("rosa.new@outlook.com".into()), ..rosa() };
    let world = small(WaitKind::SignIn).with(known).signs_in(renamed);
    assert!(location(&whole(&world).await).ends_with("/result/signed-in"));
    let namesake = Person { object_id: ObjectId::parse(OTHER).unwrap(), ..rosa() };
    let world = small(WaitKind::SignIn).with(known).signs_in(namesake);
    assert!(location(&whole(&world).await).ends_with("/result/wrong-account"));
}

#[tokio::test]
async fn the_work_account_of_the_same_address_is_another_account() {
    let work = Person {
        identity_provider: Some("https://sts.windows.net/33333333-3333-3333-3333-333333333333/".into()),
        ..rosa()
    };
    let world = small(WaitKind::SignIn).signs_in(work);
    assert!(location(&whole(&world).await).ends_with("/result/wrong-account"));
    assert_eq!(world.outcome(), None);
}

#[tokio::test]
async fn another_browser_gets_nothing_and_does_not_spend_the_sign_in() {
    let world = small(WaitKind::SignIn);
    let (cookie, state) = begin(&world).await;
    let query = format!("code={CODE}&state={state}");
    for stranger in [None, Some("x".repeat(43))] {
        let answer = back(&world, stranger.as_deref(), &query).await;
        assert_eq!(location(&answer), "/problem/other-browser");
    }
    assert_eq!((*world.redeemed.lock().unwrap(), world.outcome()), (0, None));
    assert!(location(&back(&world, Some(&cookie), &query).await).ends_with("/result/signed-in"));
}

#[tokio::test]
async fn a_second_arrival_redeems_nothing() {
    let world = small(WaitKind::SignIn);
    let (cookie, state) = begin(&world).await;
    let query = format!("code={CODE}&state={state}");
    back(&world, Some(&cookie), &query).await;
    for _ in 0..3 {
        assert!(location(&back(&world, Some(&cookie), &query).await).ends_with("/result/already-done"));
    }
    assert_eq!((*world.redeemed.lock().unwrap(), world.credentials()), (1, 1));
}

#[tokio::test]
async fn a_forged_or_missing_state_leads_to_a_page_without_a_link() {
    let world = small(WaitKind::SignIn);
    let (cookie, _) = begin(&world).await;
    for query in [
        String::new(),
        format!("code={CODE}"),
        format!("code={CODE}&state=short"),
        format!("code={CODE}&state={}", "z".repeat(43)),
    ] {
        assert_eq!(location(&back(&world, Some(&cookie), &query).await), "/problem/unknown-sign-in");
    }
    assert_eq!(*world.redeemed.lock().unwrap(), 0);
}

#[tokio::test]
async fn ten_minutes_end_a_sign_in_and_not_the_wait() {
    let world = small(WaitKind::SignIn);
    let (cookie, state) = begin(&world).await;
    world.later(600);
    let query = format!("code={CODE}&state={state}");
    assert!(location(&back(&world, Some(&cookie), &query).await).ends_with("/result/expired"));
    assert_eq!((*world.redeemed.lock().unwrap(), world.outcome()), (0, None));
    assert!(location(&back(&world, Some(&cookie), &query).await).ends_with("/result/expired"), "told the same again");
    assert!(location(&whole(&world).await).ends_with("/result/signed-in"), "the link still works");
}

#[tokio::test]
async fn what_microsoft_refuses_becomes_a_page_and_the_wait_stays_open() {
    for (query, result) in [
        (
            "error=access_denied&error_description=AADSTS65004:+declined.+Correlation+ID:+33333333-3333-3333-3333-333333333333",
            "consent-declined",
        ),
        ("error=access_denied&error_subcode=cancel", "consent-declined"),
        ("error=access_denied&error_description=AADSTS90094:+admin", "admin-approval"),
        ("error=interaction_required&error_description=AADSTS50076:+mfa", "multi-factor"),
        ("error=access_denied&error_description=AADSTS53003:+rule", "sign-in-rule"),
        ("error=invalid_request&error_description=AADSTS50020:+user", "not-in-directory"),
        ("error=temporarily_unavailable", "microsoft-unavailable"),
        ("error=unauthorized_client&error_description=AADSTS700016:+app", "not-set-up"),
        ("error=%3Cscript%3E", "something-else"),
    ] {
        let world = small(WaitKind::SignIn);
        let (cookie, state) = begin(&world).await;
        let answer = back(&world, Some(&cookie), &format!("{query}&state={state}")).await;
        assert!(location(&answer).ends_with(&format!("/result/{result}")), "{query}: {}", location(&answer));
        assert_eq!((world.outcome(), *world.redeemed.lock().unwrap()), (None, 0), "{query}");
        assert_eq!(world.actions(), ["sign-in.refused"]);
        let page = handle(&world, &request("GET", location(&answer), Some(&cookie))).await;
        assert!(!page.status().is_success());
        assert_eq!(
            page.body().contains("33333333-3333-3333-3333-333333333333"),
            query.contains("Correlation"),
            "{query}"
        );
    }
}

#[tokio::test]
async fn a_code_that_was_used_elsewhere_is_told_and_nothing_is_recorded() {
    let world = small(WaitKind::SignIn);
    *world.person.lock().unwrap() = None;
    assert!(location(&whole(&world).await).ends_with("/result/already-done"));
    assert_eq!(world.outcome(), None);
}

#[tokio::test]
async fn a_token_that_cannot_be_sealed_is_not_kept_and_the_wait_stays_open() {
    let world = Small { seal_fails: true, ..small(WaitKind::SignIn) };
    assert!(location(&whole(&world).await).ends_with("/result/try-later"));
    assert_eq!((world.outcome(), world.credentials()), (None, 0));
}

#[tokio::test]
async fn somebody_else_writing_at_the_same_time_does_not_lose_a_sign_in() {
    let world = small(WaitKind::SignIn);
    *world.conflicts.lock().unwrap() = 3;
    assert!(location(&whole(&world).await).ends_with("/result/signed-in"));
    assert_eq!((world.outcome(), world.credentials()), (Some(Outcome::SignedIn), 1));
}

#[tokio::test]
async fn a_wait_that_ended_meanwhile_takes_no_sign_in() {
    type Change = fn(&mut Loaded);
    let changes: [Change; 3] = [
        |loaded| loaded.waits[0].outcome = Some(Outcome::Cancelled),
        |loaded| loaded.meta.open_wait = Some("w2".into()),
        |loaded| loaded.meta.status = Status::Expired,
    ];
    for change in changes {
        let world = small(WaitKind::SignIn);
        let (cookie, state) = begin(&world).await;
        change(&mut world.loaded.lock().unwrap());
        let answer = back(&world, Some(&cookie), &format!("code={CODE}&state={state}")).await;
        assert!(location(&answer).ends_with("/result/moved-on"));
        assert_eq!((*world.redeemed.lock().unwrap(), world.credentials()), (0, 0));
    }
}

#[tokio::test]
async fn signing_in_to_confirm_remembers_the_browser_and_leaves_the_wait_open() {
    let world = small(WaitKind::Confirm);
    let (cookie, state) = begin(&world).await;
    world.later(30);
    let answer = back(&world, Some(&cookie), &format!("code={CODE}&state={state}")).await;
    assert_eq!(location(&answer), paths::confirm(&link(Actor::Owner)));
    assert_eq!(world.outcome(), None);
    let browsers = world.browsers.lock().unwrap();
    let [(browser, entry)] = browsers.as_slice() else { panic!("{browsers:?}") };
    assert_eq!((browser, entry.oid.as_str(), entry.wait_id.as_str()), (&fingerprint(&cookie), ROSA, "w1"));
    assert_eq!(entry.signed_in_at, start().as_second(), "when the person proved who they are, not when they came back");
}

#[tokio::test]
async fn signing_in_to_review_opens_the_review_for_hours_and_leaves_the_wait_open() {
    let world = small(WaitKind::Review);
    let answer = whole(&world).await;
    assert_eq!(location(&answer), paths::mapping(&link(Actor::Owner)));
    assert_eq!(world.outcome(), None);
    let browsers = world.browsers.lock().unwrap();
    let [(_, entry)] = browsers.as_slice() else { panic!("{browsers:?}") };
    assert!(entry.expires_at - entry.signed_in_at > 3600);
}

#[tokio::test]
async fn an_old_proof_does_not_count_for_a_confirmation() {
    let old = start().checked_sub(jiff::SignedDuration::from_secs(3600)).unwrap();
    let world = small(WaitKind::Confirm).signs_in(Person { authenticated_at: Some(old), ..rosa() });
    assert!(location(&whole(&world).await).ends_with("/result/multi-factor"));
    assert!(world.browsers.lock().unwrap().is_empty());
}

#[tokio::test]
async fn opening_links_and_pages_changes_nothing() {
    let world = small(WaitKind::SignIn);
    let (cookie, state) = begin(&world).await;
    let before = world.everything();
    for path in [
        paths::turn(&link(Actor::Owner)),
        paths::turn(&link(Actor::PartnerAdmin)),
        paths::result(&link(Actor::Owner), web::SignInResult::Expired),
        paths::problem(web::SignInResult::Unknown),
    ] {
        for method in ["GET", "HEAD", "GET"] {
            let answer = handle(&world, &request(method, &path, Some(&cookie))).await;
            assert!(!answer.status().is_server_error());
            assert_eq!(answer.body().is_empty(), method == "HEAD", "{path}");
        }
    }
    let head = handle(&world, &request("HEAD", &format!("/callback?code={CODE}&state={state}"), Some(&cookie))).await;
    assert_eq!(head.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(world.everything(), before);
    assert_eq!((*world.redeemed.lock().unwrap(), world.outcome()), (0, None));
}

#[tokio::test]
async fn the_page_before_the_sign_in_lets_its_form_lead_to_microsoft_and_nowhere_else() {
    let answer = handle(&small(WaitKind::SignIn), &request("GET", &paths::turn(&link(Actor::Owner)), None)).await;
    let policy = answer.headers()["content-security-policy"].to_str().unwrap();
    assert!(
        policy.ends_with("form-action 'self' https://login.microsoftonline.com https://login.live.com"),
        "{policy}"
    );
    assert!(answer.body().contains("rosa@outlook.com") && answer.body().contains("login.microsoftonline.com"));
}

#[tokio::test]
async fn a_form_of_another_site_a_viewer_or_the_other_person_begins_nothing() {
    let viewer = LinkKey::new(KEY).unwrap().link(&id(), LinkRole::Viewer);
    for path in [paths::sign_in(&link(Actor::Owner)), paths::decline(&link(Actor::Owner))] {
        let world = small(WaitKind::SignIn);
        let mut foreign = request("POST", &path, None);
        foreign.headers_mut().insert("sec-fetch-site", "cross-site".parse().unwrap());
        assert_eq!(handle(&world, &foreign).await.status(), StatusCode::FORBIDDEN);
        let looking = path.replace(&link(Actor::Owner), &viewer);
        assert_eq!(handle(&world, &request("POST", &looking, None)).await.status(), StatusCode::FORBIDDEN);
        let other = path.replace(&link(Actor::Owner), &link(Actor::PartnerAdmin));
        assert!(location(&handle(&world, &request("POST", &other, None)).await).ends_with("/result/moved-on"));
        assert_eq!(handle(&world, &request("GET", &path, None)).await.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert!(world.session.lock().unwrap().is_none());
        assert_eq!(world.outcome(), None);
    }
}

#[tokio::test]
async fn declining_ends_the_wait_and_is_noted() {
    let world = small(WaitKind::SignIn);
    let path = paths::decline(&link(Actor::Owner));
    for _ in 0..2 {
        let answer = handle(&world, &request("POST", &path, None)).await;
        assert!(location(&answer).contains("/result/"));
    }
    assert_eq!((world.outcome(), world.actions()), (Some(Outcome::Declined), vec!["onboarding.declined"]));
}

#[tokio::test]
async fn declining_as_something_unknown_is_noted_as_a_report_too() {
    let world = small(WaitKind::SignIn);
    for result in ["/result/reported", "/result/"] {
        let answer = handle(&world, &request("POST", &paths::decline_and_report(&link(Actor::Owner)), None)).await;
        assert!(location(&answer).contains(result), "{}", location(&answer));
    }
    let noted = vec!["onboarding.declined", "onboarding.reported"];
    assert_eq!((world.outcome(), world.actions()), (Some(Outcome::Declined), noted));
}

#[tokio::test]
async fn a_fix_page_has_the_request_to_forward_and_no_sign_in() {
    let world = small(WaitKind::Fix).with(|loaded| loaded.waits[0].reason = Some("Policy.LeavingBlocked".into()));
    let page = handle(&world, &request("GET", &paths::turn(&link(Actor::Owner)), None)).await;
    for piece in ["Policy.LeavingBlocked", "Global Administrator", "/check-again", SOURCE, "rosa@outlook.com"] {
        assert!(page.body().contains(piece), "{piece}");
    }
    assert!(!page.body().contains("/sign-in\""));
    let answer = handle(&world, &request("POST", &paths::sign_in(&link(Actor::Owner)), None)).await;
    assert!(location(&answer).ends_with("/turn"));
}

#[tokio::test]
async fn whatever_the_callback_brings_its_answer_stays_on_our_own_pages() {
    for extra in [
        "returnUrl=https://evil.example",
        "redirect_uri=//evil.example",
        "state=https://evil.example",
        "code=%0d%0aLocation:%20x",
    ] {
        let world = small(WaitKind::SignIn);
        let (cookie, state) = begin(&world).await;
        for query in [
            extra.to_owned(),
            format!("{extra}&state={state}&error=access_denied"),
            format!("error={extra}&state={state}"),
        ] {
            let answer = back(&world, Some(&cookie), &query).await;
            let to = location(&answer);
            assert!(to.starts_with("/o/") || to.starts_with("/problem/"), "{to}");
            assert!(!to.contains("evil") && !to.contains(&state), "{to}");
        }
    }
}
