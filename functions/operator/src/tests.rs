use std::collections::HashMap;
use std::sync::Mutex;

use http::{Request, StatusCode};
use jiff::{SignedDuration, Timestamp};
use microsoft::entra::{CodeVerifier, Person};
use onboarding::audit::Entry;
use onboarding::links::LinkKey;
use onboarding::{
    Actor, Cloud, Directory, ErrorName, ObjectId, OnboardingId, Outcome, Status, Step, TenantId, WaitKind,
};
use ops::config::Operators;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use store::records::Review;
use store::{
    Archive, Change, Loaded, Meta, OperatorSession, OperatorSignIn, OutboxMail, Recorded, SessionState, StoreError,
    WaitRecord, Write,
};
use web::{Answer, asked, paths};

use super::*;

const PORTAL: &str = "https://mooring.example";
const TENANT: &str = "0e000000-0000-4000-8000-000000000007";
const GROUP: &str = "0e000000-0000-4000-8000-000000000010";
const OLGA: &str = "0e000000-0000-4000-8000-000000000001";
const CODE: &str = "a-code-that-must-never-show";

fn start() -> Timestamp {
    "2026-05-12T10:00:00Z".parse().unwrap()
}

fn id() -> OnboardingId {
    OnboardingId::from_parts(1_778_000_000_000, 7)
}

fn meta() -> Meta {
    serde_json::from_value(json!({
        "onboardingId": id(), "schema": 1, "ver": 3, "status": "waiting", "currentStep": "use-existing-directory",
        "cloud": "public", "route": "two-party", "subscriptionId": "6c3c85bc-5366-4eaa-8055-a10529eafd03",
        "subscriptionName": "Contoso Prod", "sourceTenantId": "11111111-1111-1111-1111-111111111111",
        "partnerTenantId": "22222222-2222-2222-2222-222222222222", "partnerDirectory": "contoso.com",
        "ownerEmail": "rosa@outlook.com", "ownerAccount": "personal", "partnerAdminEmail": "kim@contoso.com",
        "requestKey": "k", "execution": "arn", "createdAt": "2026-05-10T09:00:00Z", "updatedAt": "2026-05-12T09:30:00Z",
        "openWait": "w1", "waiting": {
            "actor": "owner", "kind": "sign-in", "since": "2026-05-10T09:00:00Z", "until": "2026-05-17T09:00:00Z",
        },
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
        opened_at: "2026-05-10T09:00:00Z".into(),
        deadline_at: "2026-05-17T09:00:00Z".into(),
        reminders: 0,
        extended_at: None,
        outcome: None,
        outcome_at: None,
        outcome_by: None,
        signalled_at: None,
    }
}

/// One onboarding, one list that it is on, and a Microsoft that lets one person in.
struct Small {
    operators: Option<Operators>,
    now: Mutex<Timestamp>,
    member: bool,
    randoms: Mutex<u32>,
    sign_ins: Mutex<HashMap<String, OperatorSignIn>>,
    sessions: Mutex<HashMap<String, OperatorSession>>,
    loaded: Mutex<Loaded>,
    /// How many writes somebody else gets in first.
    conflicts: Mutex<u32>,
    /// Who, what, and the facts.
    notes: Mutex<Vec<(String, &'static str, Value)>>,
    mails: Mutex<Vec<(Actor, &'static str)>>,
    started: Mutex<Vec<(OnboardingId, Value)>>,
    told: Mutex<Vec<Outcome>>,
    runs: bool,
    /// How often anything was written at all.
    writes: Mutex<u32>,
}

fn small(kind: WaitKind) -> Small {
    Small {
        operators: Some(Operators {
            tenant: TenantId::parse(TENANT).unwrap(),
            group: ObjectId::parse(GROUP).unwrap(),
            cloud: Cloud::Public,
        }),
        now: Mutex::new(start()),
        member: true,
        randoms: Mutex::default(),
        sign_ins: Mutex::default(),
        sessions: Mutex::default(),
        loaded: Mutex::new(Loaded {
            meta: meta(),
            steps: vec![],
            waits: vec![wait(kind)],
            credentials: vec![],
            mails: vec![],
            review: Review::default(),
            preflight: impact::preflight::Preflight::default(),
            to_dos: vec![],
            feedback: vec![],
        }),
        conflicts: Mutex::default(),
        notes: Mutex::default(),
        mails: Mutex::default(),
        started: Mutex::default(),
        told: Mutex::default(),
        runs: false,
        writes: Mutex::default(),
    }
}

impl Small {
    fn with(self, change: impl FnOnce(&mut Loaded)) -> Self {
        change(&mut self.loaded.lock().unwrap());
        self
    }
    fn over(self, status: Status) -> Self {
        self.with(|loaded| {
            loaded.meta.status = status;
            loaded.meta.open_wait = None;
            loaded.meta.waiting = None;
        })
    }
    fn loaded(&self) -> Loaded {
        self.loaded.lock().unwrap().clone()
    }
    fn later(&self, seconds: i64) {
        *self.now.lock().unwrap() += SignedDuration::from_secs(seconds);
    }
    fn noted(&self) -> Vec<&'static str> {
        self.notes.lock().unwrap().iter().map(|(_, action, _)| *action).collect()
    }
    fn written(&self) {
        *self.writes.lock().unwrap() += 1;
    }
}

impl World for Small {
    fn portal(&self) -> &str {
        PORTAL
    }
    fn operators(&self) -> Option<&Operators> {
        self.operators.as_ref()
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
        Ok(LinkKey::new("a link key for tests, long enough to be one").unwrap())
    }
    async fn start_sign_in(&self, state: &str, sign_in: &OperatorSignIn) -> Result<(), StoreError> {
        self.written();
        self.sign_ins.lock().unwrap().insert(state.into(), sign_in.clone());
        Ok(())
    }
    async fn sign_in(&self, state: &str) -> Result<Option<OperatorSignIn>, StoreError> {
        Ok(self.sign_ins.lock().unwrap().get(state).cloned())
    }
    async fn use_sign_in(&self, state: &str) -> Result<bool, StoreError> {
        self.written();
        let mut sign_ins = self.sign_ins.lock().unwrap();
        let Some(sign_in) = sign_ins.get_mut(state) else { return Ok(false) };
        Ok(std::mem::replace(&mut sign_in.state, SessionState::Consumed) == SessionState::Started)
    }
    async fn keep_session(&self, cookie: &str, session: &OperatorSession) -> Result<(), StoreError> {
        self.written();
        self.sessions.lock().unwrap().insert(cookie.into(), session.clone());
        Ok(())
    }
    async fn session(&self, cookie: &str) -> Result<Option<OperatorSession>, StoreError> {
        Ok(self.sessions.lock().unwrap().get(cookie).cloned())
    }
    async fn forget_session(&self, cookie: &str) -> Result<(), StoreError> {
        self.written();
        self.sessions.lock().unwrap().remove(cookie);
        Ok(())
    }
    fn login_page(&self) -> Result<String, ErrorName> {
        Ok("https://login.microsoftonline.com".into())
    }
    async fn authorize(&self, state: &str, nonce: &str, verifier: &CodeVerifier) -> Result<String, ErrorName> {
        let challenge = verifier.challenge();
        Ok(format!("https://login.microsoftonline.com/x?state={state}&nonce={nonce}&challenge={challenge}"))
    }
    async fn redeem(&self, code: &SecretString, _: &CodeVerifier, _: &str) -> Result<SignedIn, Refused> {
        if code.expose_secret() != CODE {
            return Err(Refused::Ours(ErrorName::UpstreamRejected));
        }
        let person = Person {
            tenant: TenantId::parse(TENANT).unwrap(),
            object_id: ObjectId::parse(OLGA).unwrap(),
            username: Some("olga@ops.contoso.com".into()),
            email: None,
            name: None,
            identity_provider: None,
            guest: None,
            login_hint: None,
            authenticated_at: None,
            issued_at: self.now(),
        };
        Ok(SignedIn { person, member: self.member })
    }
    async fn listed(&self, list: &str, after: Option<&str>) -> Result<(Vec<Meta>, Option<String>), StoreError> {
        let mut meta = self.loaded().meta;
        match (list, after) {
            // Two pages, the second with one that waits for the partner admin and ends sooner.
            ("OPEN", None) => Ok((vec![meta], Some("more".into()))),
            ("OPEN", Some(_)) => {
                meta.onboarding_id = OnboardingId::from_parts(1, 1);
                meta.created_at = "2026-05-11T09:00:00Z".into();
                meta.partner_directory = "fabrikam.com".into();
                if let Some(waiting) = &mut meta.waiting {
                    waiting.actor = Actor::PartnerAdmin;
                    waiting.until = "2026-05-13T09:00:00Z".into();
                }
                Ok((vec![meta], None))
            }
            _ => Ok((vec![], None)),
        }
    }
    async fn load(&self, wanted: &OnboardingId) -> Result<Loaded, StoreError> {
        if *wanted == id() { Ok(self.loaded()) } else { Err(StoreError::NotFound) }
    }
    async fn audit(&self, _: &OnboardingId) -> Result<Vec<Entry>, StoreError> {
        Ok(vec![])
    }
    async fn pages(&self, _: &OnboardingId, _: Archive, _: &str) -> Result<Vec<Vec<u8>>, StoreError> {
        Ok(vec![])
    }
    async fn running(&self, _: &str) -> Result<Option<OnboardingId>, StoreError> {
        Ok(self.runs.then(|| OnboardingId::from_parts(9, 9)))
    }
    async fn commit(&self, before: &Meta, change: Change) -> Result<Meta, StoreError> {
        self.written();
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
        for write in change.writes {
            match write {
                Write::Extended { deadline, once, .. } => {
                    assert!(!once, "an operator used up what is the person's own");
                    loaded.waits[0].deadline_at = deadline.to_string();
                }
                Write::RemindedNow { .. } => loaded.waits[0].reminders += 1,
                Write::ForgetCredential(..) => {}
                other @ (Write::Step(_)
                | Write::OpenWait { .. }
                | Write::Reminded { .. }
                | Write::Review(_)
                | Write::Credential(_)
                | Write::Preflight(_)
                | Write::ToDo(_)
                | Write::Feedback(_)
                | Write::LockSubscription(_)
                | Write::UnlockSubscription(_)
                | Write::UnlockRequest(_)
                | Write::ForgetExecution(_)) => panic!("{other:?}"),
            }
        }
        for mail in change.mails {
            self.mails.lock().unwrap().push((mail.to, mail.template));
            loaded.mails.push(OutboxMail {
                onboarding_id: id(),
                template: mail.template.into(),
                actor: mail.to,
                args: mail.args,
                created_at: self.now().to_string(),
                sent_at: None,
                message_id: None,
            });
        }
        let notes = change.notes.into_iter().map(|note| (note.actor, note.action, note.detail));
        self.notes.lock().unwrap().extend(notes);
        Ok(loaded.meta.clone())
    }
    async fn end_wait(&self, _: &OnboardingId, wait_id: &str, outcome: Outcome) -> Result<Recorded, StoreError> {
        self.written();
        assert_eq!(wait_id, "w1");
        let mut loaded = self.loaded.lock().unwrap();
        let wait = &mut loaded.waits[0];
        if let Some(before) = wait.outcome {
            self.told.lock().unwrap().push(before);
            return Ok(Recorded::Before {
                outcome: before,
                by: "owner".into(),
                at: String::new(),
                task_token: Some("t".into()),
            });
        }
        wait.outcome = Some(outcome);
        self.told.lock().unwrap().push(outcome);
        Ok(Recorded::First { task_token: Some("t".into()) })
    }
    async fn start(&self, new: &OnboardingId, input: &str) -> Result<(), ErrorName> {
        self.written();
        self.started.lock().unwrap().push((new.clone(), serde_json::from_str(input).unwrap()));
        Ok(())
    }
}

async fn ask(world: &Small, method: &str, path: &str, cookies: &str, body: &str) -> Answer {
    let request = Request::builder().method(method).uri(path).header("cookie", cookies).header("origin", PORTAL);
    handle(world, &request.body(body.to_owned()).unwrap()).await
}

fn cookie_of(answer: &Answer, name: &str) -> String {
    let set = answer.headers().get_all("set-cookie").iter().map(|value| value.to_str().unwrap());
    let found = set.filter_map(|value| value.strip_prefix(&format!("{name}="))).next();
    found.unwrap_or_else(|| panic!("no cookie {name}")).split(';').next().unwrap().to_owned()
}

fn location(answer: &Answer) -> String {
    answer.headers()["location"].to_str().unwrap().to_owned()
}

/// Begins a sign-in; answers the browser's cookie and the address that Microsoft leads back to.
async fn begin(world: &Small, to: &str) -> (String, String) {
    let answer = ask(world, "POST", paths::OPERATOR_SIGN_IN, "", &format!("to={to}")).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{}", answer.body());
    let browser = format!("{}={}", asked::COOKIE_NAME, cookie_of(&answer, asked::COOKIE_NAME));
    let leads_to = location(&answer);
    let state = leads_to.split("state=").nth(1).unwrap().split('&').next().unwrap();
    (browser, format!("{}?state={state}&code={CODE}", paths::OPERATOR_CALLBACK))
}

/// Signs in; answers the operator's cookie.
async fn signed_in(world: &Small) -> String {
    let (browser, back) = begin(world, "").await;
    let answer = ask(world, "GET", &back, &browser, "").await;
    assert_eq!(location(&answer), paths::OPERATOR);
    format!("{}={}", asked::OPERATOR_COOKIE_NAME, cookie_of(&answer, asked::OPERATOR_COOKIE_NAME))
}

/// Opens an act's page and presses its button, with what is typed.
async fn press(world: &Small, cookie: &str, act: &str, typed: &str) -> Answer {
    let path = paths::operator_act(id().as_str(), act);
    let page = ask(world, "GET", &path, cookie, "").await;
    assert_eq!(page.status(), StatusCode::OK, "{}", page.body());
    send(world, cookie, act, &format!("about={}&{typed}", about(&page))).await
}

fn about(page: &Answer) -> String {
    let value = page.body().split("name=\"about\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    form_urlencoded::byte_serialize(value.as_bytes()).collect()
}

async fn send(world: &Small, cookie: &str, act: &str, body: &str) -> Answer {
    ask(world, "POST", &paths::operator_act(id().as_str(), act), cookie, body).await
}

fn did(what: &str) -> String {
    format!("{}?did={what}", paths::operator_one(id().as_str()))
}

#[tokio::test]
async fn without_a_directory_and_a_group_nothing_is_there() {
    let world = Small { operators: None, ..small(WaitKind::SignIn) };
    for (method, path) in
        [("GET", paths::OPERATOR), ("POST", paths::OPERATOR_SIGN_IN), ("GET", paths::OPERATOR_CALLBACK)]
    {
        let answer = ask(&world, method, path, "", "").await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
        assert!(answer.body().contains("Operator.Off"));
    }
    assert_eq!(*world.writes.lock().unwrap(), 0);
}

#[tokio::test]
async fn who_is_not_signed_in_sees_nothing_and_does_nothing() {
    let world = small(WaitKind::SignIn);
    for path in [paths::OPERATOR.to_owned(), paths::operator_one(id().as_str())] {
        let answer = ask(&world, "GET", &path, "", "").await;
        assert!(answer.body().contains("For operators") && !answer.body().contains("rosa"), "{}", answer.body());
        assert!(answer.body().contains(&format!("value=\"{path}\"")));
        let policy = answer.headers()["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("https://login.microsoftonline.com"));
    }
    let forged = format!("{}={}", asked::OPERATOR_COOKIE_NAME, "x".repeat(43));
    for cookie in ["", &forged] {
        for act in web::pages::OperatorAct::ALL {
            let answer = send(&world, cookie, act.as_str(), "about=").await;
            assert_eq!(answer.status(), StatusCode::FORBIDDEN);
            assert!(answer.body().contains("nothing was done"), "{}", answer.body());
        }
        let evidence = paths::operator_act(id().as_str(), "evidence.json");
        assert!(!ask(&world, "GET", &evidence, cookie, "").await.body().contains("trail"));
    }
    assert_eq!(*world.writes.lock().unwrap(), 0);
}

#[tokio::test]
async fn an_operator_signs_in_for_an_hour_and_out_again() {
    let world = small(WaitKind::SignIn);
    let cookie = signed_in(&world).await;
    let list = ask(&world, "GET", paths::OPERATOR, &cookie, "").await;
    assert!(list.body().contains("Signed in as olga@ops.contoso.com") && list.body().contains("Contoso Prod"));
    // The first cookie opens nothing.
    let first = cookie.replace(asked::OPERATOR_COOKIE_NAME, asked::COOKIE_NAME);
    assert!(!ask(&world, "GET", paths::OPERATOR, &first, "").await.body().contains("Contoso Prod"));
    world.later(3599);
    assert!(ask(&world, "GET", paths::OPERATOR, &cookie, "").await.body().contains("Contoso Prod"));
    world.later(1);
    assert!(!ask(&world, "GET", paths::OPERATOR, &cookie, "").await.body().contains("Contoso Prod"));

    let again = signed_in(&world).await;
    assert_ne!(cookie, again);
    let out = ask(&world, "POST", paths::OPERATOR_SIGN_OUT, &again, "").await;
    assert!(cookie_of(&out, asked::OPERATOR_COOKIE_NAME).is_empty());
    assert!(!ask(&world, "GET", paths::OPERATOR, &again, "").await.body().contains("Contoso Prod"));
}

#[tokio::test]
async fn a_sign_in_counts_once_in_time_in_its_own_browser_and_for_a_member() {
    for case in ["another browser", "twice", "late", "error", "no code", "wrong code", "not a member"] {
        let mut world = small(WaitKind::SignIn);
        world.member = case != "not a member";
        let (mut browser, mut back) = begin(&world, "").await;
        match case {
            "another browser" => browser = format!("{}={}", asked::COOKIE_NAME, "y".repeat(43)),
            "twice" => drop(ask(&world, "GET", &back, &browser, "").await),
            "late" => world.later(600),
            "error" => back = back.replace("code=", "error=access_denied&code="),
            "no code" => back = back.split("&code").next().unwrap().to_owned(),
            "wrong code" => back = back.replace(CODE, "another"),
            _ => {}
        }
        let before = world.sessions.lock().unwrap().len();
        let answer = ask(&world, "GET", &back, &browser, "").await;
        assert!(!answer.headers().contains_key("set-cookie"), "{case}");
        // At an address without the code.
        let answer = ask(&world, "GET", &location(&answer), &browser, "").await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{case}");
        let id = if world.member { "Operator.SignIn" } else { "Operator.NotMember" };
        assert!(answer.body().contains(id), "{case}");
        assert!(!answer.body().contains(CODE), "{case}");
        assert_eq!(world.sessions.lock().unwrap().len(), before, "{case}");
        if case == "another browser" {
            // It did not use the sign-in up.
            assert!(world.sign_ins.lock().unwrap().values().all(|one| one.state == SessionState::Started));
        }
    }
}

#[tokio::test]
async fn a_sign_in_leads_back_to_the_operator_s_pages_only() {
    let one = paths::operator_one(id().as_str());
    for (to, leads) in [
        (one.as_str(), one.as_str()),
        ("https://evil.example/operator", paths::OPERATOR),
        ("//evil.example", paths::OPERATOR),
        ("/o/link", paths::OPERATOR),
        ("/operator/callback", paths::OPERATOR),
    ] {
        let world = small(WaitKind::SignIn);
        let (browser, back) = begin(&world, to).await;
        assert_eq!(location(&ask(&world, "GET", &back, &browser, "").await), leads);
    }
}

#[tokio::test]
async fn a_deployment_that_names_another_directory_honours_no_older_session() {
    let mut world = small(WaitKind::SignIn);
    let cookie = signed_in(&world).await;
    if let Some(operators) = &mut world.operators {
        operators.tenant = TenantId::parse("0f000000-0000-4000-8000-000000000007").unwrap();
    }
    assert!(!ask(&world, "GET", paths::OPERATOR, &cookie, "").await.body().contains("Contoso Prod"));
}

#[tokio::test]
async fn another_site_and_another_method_do_nothing() {
    let world = small(WaitKind::SignIn);
    let cookie = signed_in(&world).await;
    let before = *world.writes.lock().unwrap();
    let cancel = paths::operator_act(id().as_str(), "cancel");
    let request = Request::builder().method("POST").uri(&cancel).header("cookie", &cookie);
    let request = request.header("origin", "https://evil.example").body(String::new()).unwrap();
    assert_eq!(handle(&world, &request).await.status(), StatusCode::FORBIDDEN);
    for (method, path) in [
        ("HEAD", paths::OPERATOR_CALLBACK),
        ("POST", paths::OPERATOR),
        ("DELETE", &cancel),
        ("GET", "/operator/sign-in"),
    ] {
        let answer = ask(&world, method, path, &cookie, "").await;
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
        assert!(answer.headers().contains_key("allow"));
    }
    for path in ["/operator/o/x", "/operator/x", "/operatoro/x", &format!("{cancel}/x"), "/operator/o"] {
        assert_eq!(ask(&world, "GET", path, &cookie, "").await.status(), StatusCode::NOT_FOUND, "{path}");
    }
    let unknown = paths::operator_one(OnboardingId::from_parts(5, 5).as_str());
    let answer = ask(&world, "GET", &unknown, &cookie, "").await;
    assert!(answer.status() == StatusCode::NOT_FOUND && answer.body().contains("Onboarding.NotFound"));
    assert_eq!(*world.writes.lock().unwrap(), before);
}

#[tokio::test]
async fn the_list_is_whole_and_can_be_narrowed_and_sorted() {
    let world = small(WaitKind::SignIn);
    let cookie = signed_in(&world).await;
    let listed = async |query: &str| {
        let request = Request::builder().uri(format!("/operator?{query}")).header("cookie", &cookie);
        let answer = handle(&world, &request.header("accept", "application/json").body(String::new()).unwrap()).await;
        let rows: Vec<Value> = serde_json::from_str(answer.body()).unwrap();
        rows.into_iter().map(|row| row["partner"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (contoso, fabrikam) = ("contoso.com", "fabrikam.com");
    assert_eq!(listed("").await, [contoso, fabrikam]);
    assert_eq!(listed("sort=deadline").await, [fabrikam, contoso]);
    assert_eq!(listed("waiting=owner").await, [contoso]);
    assert_eq!(listed("waiting=partner-admin").await, [fabrikam]);
    assert!(listed("waiting=nobody").await.is_empty() && listed("status=failed").await.is_empty());
    assert_eq!(listed("words=FABRI").await, [fabrikam]);
    assert_eq!(listed(&format!("words={}", id().reference().to_lowercase())).await, [contoso]);
    assert!(listed("list=2026-04").await.is_empty());
    assert_eq!(listed("list=open&status=nonsense&sort=nonsense&page=99").await, [contoso, fabrikam]);
    let page = ask(&world, "GET", "/operator?words=%3Cscript%3E&page=-1", &cookie, "").await;
    assert!(page.body().contains("There is none.") && page.body().contains("&lt;script&gt;"));
}

#[tokio::test]
async fn reading_writes_nothing() {
    for world in [small(WaitKind::SignIn), small(WaitKind::Fix), small(WaitKind::SignIn).over(Status::Failed)] {
        let cookie = signed_in(&world).await;
        let before = *world.writes.lock().unwrap();
        let one = paths::operator_one(id().as_str());
        let acts = web::pages::OperatorAct::ALL.map(|act| paths::operator_act(id().as_str(), act.as_str()));
        let evidence = ["evidence.json", "evidence.html"].map(|file| paths::operator_act(id().as_str(), file));
        for path in [paths::OPERATOR.to_owned(), one].into_iter().chain(evidence).chain(acts) {
            for method in ["GET", "HEAD"] {
                let answer = ask(&world, method, &path, &cookie, "").await;
                assert!(answer.status() == StatusCode::OK || answer.status() == StatusCode::CONFLICT, "{path}");
                assert_eq!(answer.body().is_empty(), method == "HEAD");
            }
        }
        assert_eq!(*world.writes.lock().unwrap(), before);
    }
}

#[tokio::test]
async fn one_reminder_an_hour() {
    let world = small(WaitKind::SignIn);
    let cookie = signed_in(&world).await;
    assert_eq!(location(&press(&world, &cookie, "remind", "").await), did("remind"));
    assert_eq!(*world.mails.lock().unwrap(), [(Actor::Owner, "reminder")]);
    assert_eq!(world.loaded().waits[0].reminders, 1);
    let (by, action, facts) = world.notes.lock().unwrap()[0].clone();
    assert_eq!((by.as_str(), action, facts["operator"].as_str()), ("operator", "wait.reminded", Some(OLGA)));
    let second = send(&world, &cookie, "remind", "about=w1+2026-05-17T09%3A00%3A00Z").await;
    assert_eq!(location(&second), did("nothing"));
    assert_eq!(world.mails.lock().unwrap().len(), 1);
    let page = ask(&world, "GET", &paths::operator_act(id().as_str(), "remind"), &cookie, "").await;
    assert!(page.status() == StatusCode::CONFLICT && page.body().contains("less than an hour old"));
}

#[tokio::test]
async fn a_week_more_at_once_and_never_longer_than_an_onboarding_may_wait() {
    let world = small(WaitKind::SignIn);
    let cookie = signed_in(&world).await;
    let page = ask(&world, "GET", &paths::operator_act(id().as_str(), "extend"), &cookie, "").await;
    assert!(page.body().contains("2026-05-24T09:00:00Z"), "{}", page.body());
    let form = format!("about={}", about(&page));
    assert_eq!(location(&send(&world, &cookie, "extend", &form).await), did("extend"));
    // The same form once more means the same deadline, which it has.
    assert_eq!(location(&send(&world, &cookie, "extend", &form).await), did("nothing"));
    assert_eq!(world.loaded().waits[0].deadline_at, "2026-05-24T09:00:00Z");
    assert_eq!(world.loaded().meta.waiting.unwrap().until, "2026-05-24T09:00:00Z");
    for _ in 0..2 {
        press(&world, &cookie, "extend", "").await;
    }
    // 28 days from the start.
    assert_eq!(world.loaded().waits[0].deadline_at, "2026-06-07T09:00:00Z");
    let page = ask(&world, "GET", &paths::operator_act(id().as_str(), "extend"), &cookie, "").await;
    assert!(page.status() == StatusCode::CONFLICT && page.body().contains("28 days"));
    assert!(world.mails.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_part_goes_to_somebody_else_and_wrong_input_is_told_by_field() {
    let world = small(WaitKind::SignIn);
    let cookie = signed_in(&world).await;
    for (typed, said) in [
        ("new-email=ada%40contoso.com", "Choose whose part it is."),
        ("part=owner&new-email=nobody", "must be one address"),
        ("part=owner&new-email=rosa%40outlook.com", "has already"),
    ] {
        let answer = press(&world, &cookie, "reassign", typed).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.body().contains(said) && answer.body().contains("role=\"alert\""), "{}", answer.body());
    }
    assert!(world.noted().is_empty());
    let answer = press(&world, &cookie, "reassign", "part=owner&new-email=Ada%40Contoso.com").await;
    assert_eq!(location(&answer), did("reassign"));
    let meta = world.loaded().meta;
    assert_eq!((meta.owner_email.as_str(), meta.owner_contact.links), ("ada@contoso.com", 1));
    assert_eq!(*world.mails.lock().unwrap(), [(Actor::Owner, "your-turn"), (Actor::PartnerAdmin, "handed-over")]);

    // Whose turn it is not hears when it is.
    let answer = press(&world, &cookie, "reassign", "part=partner-admin&new-email=lee%40contoso.com").await;
    assert_eq!(location(&answer), did("reassign"));
    assert_eq!(world.mails.lock().unwrap()[2..], [(Actor::Owner, "handed-over")]);

    let world = small(WaitKind::SignIn).with(|loaded| loaded.meta.guest_invited = true);
    let cookie = signed_in(&world).await;
    let answer = press(&world, &cookie, "reassign", "part=owner&new-email=ada%40contoso.com").await;
    assert!(answer.status() == StatusCode::UNPROCESSABLE_ENTITY && answer.body().contains("Forward.GuestInvited"));
}

#[tokio::test]
async fn cancelling_ends_the_wait_or_stops_the_step_that_is_at_work() {
    let world = small(WaitKind::SignIn);
    let cookie = signed_in(&world).await;
    assert_eq!(location(&press(&world, &cookie, "cancel", "").await), did("cancel"));
    assert_eq!(world.loaded().waits[0].outcome, Some(Outcome::Cancelled));
    assert_eq!(world.noted(), ["onboarding.cancelled"]);

    let world = small(WaitKind::SignIn).with(|loaded| loaded.meta.open_wait = None);
    *world.conflicts.lock().unwrap() = 2;
    let cookie = signed_in(&world).await;
    assert_eq!(location(&press(&world, &cookie, "cancel", "").await), did("cancel"));
    assert!(world.loaded().meta.cancel_requested);
    let page = ask(&world, "GET", &paths::operator_act(id().as_str(), "cancel"), &cookie, "").await;
    assert!(page.body().contains("asked for already"));
}

#[tokio::test]
async fn trying_again_looks_tells_or_starts_anew() {
    let world = small(WaitKind::Fix);
    let cookie = signed_in(&world).await;
    assert_eq!(location(&press(&world, &cookie, "retry", "").await), did("retry"));
    assert_eq!((world.loaded().waits[0].outcome, world.noted()), (Some(Outcome::Recheck), vec!["retry.asked"]));

    let world = small(WaitKind::SignIn).with(|loaded| loaded.waits[0].outcome = Some(Outcome::SignedIn));
    let cookie = signed_in(&world).await;
    assert_eq!(location(&press(&world, &cookie, "retry", "").await), did("retry"));
    assert_eq!(*world.told.lock().unwrap(), [Outcome::SignedIn]);
    assert_eq!(world.loaded().waits[0].outcome, Some(Outcome::SignedIn));

    let world = small(WaitKind::SignIn).over(Status::Expired);
    let cookie = signed_in(&world).await;
    let page = ask(&world, "GET", &paths::operator_act(id().as_str(), "retry"), &cookie, "").await;
    let form = format!("about={}", about(&page));
    assert_eq!(location(&send(&world, &cookie, "retry", &form).await), did("retry"));
    assert_eq!(location(&send(&world, &cookie, "retry", &form).await), did("nothing"));
    let started = world.started.lock().unwrap().clone();
    assert_eq!(started.len(), 1);
    assert_ne!(started[0].0, id());
    let request = onboarding::request::OnboardingRequest::parse(&started[0].1).unwrap();
    assert_eq!((request.onboarding_id, request.owner_email), (Some(started[0].0.clone()), "rosa@outlook.com".into()));
    assert_eq!(world.noted(), ["onboarding.started-anew"]);
}

#[tokio::test]
async fn what_cannot_be_done_says_why_and_does_nothing() {
    let moved = |loaded: &mut Loaded| loaded.meta.moved = true;
    let at_work = |loaded: &mut Loaded| loaded.meta.open_wait = None;
    let cases = [
        (small(WaitKind::SignIn), "retry", "own answer"),
        (small(WaitKind::SignIn).with(at_work), "retry", "at work by itself"),
        (small(WaitKind::SignIn).with(at_work), "remind", "Nobody is asked"),
        (small(WaitKind::SignIn).with(moved), "cancel", "only forward"),
        (small(WaitKind::SignIn).with(moved), "reassign", "only forward"),
        (small(WaitKind::SignIn).over(Status::Failed).with(moved), "retry", "only forward"),
        (small(WaitKind::SignIn).over(Status::Done), "retry", "It is done"),
        (small(WaitKind::SignIn).over(Status::Cancelled), "cancel", "has ended"),
        (Small { runs: true, ..small(WaitKind::SignIn).over(Status::Expired) }, "retry", "runs already"),
    ];
    for (world, act, why) in cases {
        let cookie = signed_in(&world).await;
        let before = *world.writes.lock().unwrap();
        let page = ask(&world, "GET", &paths::operator_act(id().as_str(), act), &cookie, "").await;
        assert_eq!(page.status(), StatusCode::CONFLICT, "{act}: {why}");
        assert!(page.body().contains(why), "{act}: {why} in {}", page.body());
        let one = ask(&world, "GET", &paths::operator_one(id().as_str()), &cookie, "").await;
        assert!(one.body().contains(why), "{act}: {why}");
        let loaded = world.loaded();
        let about = if loaded.meta.status.is_over() { loaded.meta.ver.to_string() } else { String::new() };
        let answer = send(&world, &cookie, act, &format!("about={about}")).await;
        assert_eq!(location(&answer), did("nothing"), "{act}: {why}");
        assert_eq!(*world.writes.lock().unwrap(), before, "{act}: {why}");
    }
}
