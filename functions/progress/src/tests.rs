use super::*;
use onboarding::links::LinkRole;
use onboarding::request::AccountKind;
use onboarding::{Actor, Cloud, Directory, Route, Status, Step, WaitKind};
use store::{Meta, StepRecord, StepState, WaitRecord};

const KEY: &str = "a link key for tests, long enough to be one";

struct Fixed {
    loaded: Option<Loaded>,
    audit: Vec<Entry>,
    now: Timestamp,
}

impl Reading for Fixed {
    async fn link_key(&self) -> Result<LinkKey, VaultError> {
        Ok(LinkKey::new(KEY).unwrap())
    }
    async fn load(&self, _: &OnboardingId) -> Result<Loaded, StoreError> {
        self.loaded.clone().ok_or(StoreError::NotFound)
    }
    async fn audit(&self, _: &OnboardingId) -> Result<Vec<Entry>, StoreError> {
        Ok(self.audit.clone())
    }
    fn now(&self) -> Timestamp {
        self.now
    }
}

fn now() -> Timestamp {
    "2026-05-12T10:00:00Z".parse().unwrap()
}

fn id() -> OnboardingId {
    OnboardingId::from_parts(u64::try_from(now().as_millisecond()).unwrap(), 7)
}

fn link(role: LinkRole) -> String {
    LinkKey::new(KEY).unwrap().link(&id(), role)
}

fn meta() -> Meta {
    serde_json::from_value(serde_json::json!({
        "onboardingId": id(), "schema": 1, "ver": 3, "status": Status::Waiting, "currentStep": Step::AssociateCredentials,
        "cloud": Cloud::Public, "route": Route::TwoParty,
        "subscriptionId": "6c3c85bc-5366-4eaa-8055-a10529eafd03", "subscriptionName": "Fabrikam Prod",
        "sourceTenantId": "11111111-1111-1111-1111-111111111111", "partnerTenantId": "22222222-2222-2222-2222-222222222222",
        "partnerDirectory": "contoso.com", "ownerEmail": "rosa@outlook.com", "ownerAccount": AccountKind::Personal,
        "partnerAdminEmail": "kim@contoso.com", "requestKey": "k", "execution": "arn",
        "createdAt": "2026-05-12T09:00:00Z", "updatedAt": "2026-05-12T09:30:00Z", "openWait": "w1",
    }))
    .unwrap()
}

fn wait() -> WaitRecord {
    WaitRecord {
        wait_id: "w1".into(),
        kind: WaitKind::SignIn,
        actor: Actor::PartnerAdmin,
        directory: Directory::Partner,
        reason: None,
        claims: None,
        resume: Step::AssociateCredentials,
        opened_at: "2026-05-12T09:30:00Z".into(),
        deadline_at: "2026-05-19T09:30:00Z".into(),
        reminders: 0,
        outcome: None,
        outcome_at: None,
        outcome_by: None,
        signalled_at: None,
    }
}

fn fixed() -> Fixed {
    let done = StepRecord {
        step: Step::UseExistingDirectory,
        state: StepState::Done,
        attempts: 1,
        started_at: "2026-05-12T09:10:00Z".into(),
        done_at: Some("2026-05-12T09:11:00Z".into()),
        result: serde_json::Value::Null,
        entered_at: None,
        output: None,
        error: None,
        message: None,
    };
    let entry = Entry {
        seq: 1,
        at: "2026-05-12T09:11:00Z".into(),
        actor: "mooring".into(),
        action: "step.done".into(),
        step: Some("use-existing-directory".into()),
        detail: serde_json::json!({"account": "rosa@outlook.com"}),
        prev_hash: String::new(),
        hash: String::new(),
    };
    Fixed {
        loaded: Some(Loaded {
            meta: meta(),
            steps: vec![done],
            waits: vec![wait()],
            credentials: vec![],
            mails: vec![],
            review: store::records::Review::default(),
            preflight: impact::preflight::Preflight::default(),
        }),
        audit: vec![entry],
        now: now(),
    }
}

fn request(method: &str, path: &str, accept: &str) -> Request<()> {
    Request::builder().method(method).uri(path).header("accept", accept).body(()).unwrap()
}

async fn get(deps: &Fixed, path: &str, accept: &str) -> Answer {
    handle(deps, &request("GET", path, accept)).await
}

#[tokio::test]
async fn the_person_whose_turn_it_is_gets_a_button_and_the_other_one_reads_whom_it_waits_for() {
    let partner = get(&fixed(), &paths::progress(&link(LinkRole::Person(Actor::PartnerAdmin))), "text/html").await;
    assert_eq!(partner.status(), StatusCode::OK);
    assert!(partner.body().contains("Your turn") && partner.body().contains("/turn\""));
    let owner = get(&fixed(), &paths::progress(&link(LinkRole::Person(Actor::Owner))), "text/html").await;
    assert!(owner.body().contains("Waiting for the Partner Center administrator") && !owner.body().contains("/turn\""));
}

#[tokio::test]
async fn a_viewer_sees_no_address_no_detail_and_nothing_to_press() {
    for accept in ["text/html", "application/json"] {
        let seen = get(&fixed(), &paths::progress(&link(LinkRole::Viewer)), accept).await;
        assert_eq!(seen.status(), StatusCode::OK);
        for hidden in ["rosa@outlook.com", "kim@contoso.com", "/turn\"", "/cancel\""] {
            assert!(!seen.body().contains(hidden), "{accept}: {hidden}");
        }
        assert!(seen.body().contains("k…@contoso.com"));
    }
}

#[tokio::test]
async fn the_same_address_answers_a_program_with_json() {
    let answer = get(&fixed(), &paths::progress(&link(LinkRole::Person(Actor::Owner))), "application/json").await;
    let told: serde_json::Value = serde_json::from_str(answer.body()).unwrap();
    assert_eq!(told["status"], "waiting");
    assert_eq!(told["turn"]["actor"], "partner-admin");
    assert_eq!(told["turn"]["yours"], false);
    let states: Vec<&str> =
        told["steps"].as_array().unwrap().iter().map(|step| step["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["done", "waiting-for-partner", "not-started", "not-started", "not-started", "not-started"]);
    assert_eq!(told["activity"][0]["action"], "step.done");
    assert_eq!(told["moved"], false);
}

#[tokio::test]
async fn between_sign_up_and_record_the_page_says_so_and_later_it_says_that_there_is_none() {
    let mut deps = Fixed { loaded: None, audit: vec![], now: now() };
    let path = paths::progress(&link(LinkRole::Viewer));
    let young = get(&deps, &path, "application/json").await;
    assert_eq!(young.status(), StatusCode::OK);
    assert!(young.body().contains("creating"));
    deps.now = "2026-05-12T11:20:00Z".parse().unwrap();
    let old = get(&deps, &path, "text/html").await;
    assert_eq!(old.status(), StatusCode::NOT_FOUND);
    assert!(old.body().contains("Onboarding.NotFound"));
}

#[tokio::test]
async fn a_forged_link_leads_nowhere() {
    let forged = link(LinkRole::Viewer).replace(".v.", ".o.");
    let answer = get(&fixed(), &paths::progress(&forged), "text/html").await;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    assert!(answer.body().contains("Link.Unknown") && !answer.body().contains("contoso"));
}

#[tokio::test]
async fn an_ended_onboarding_says_how_and_offers_nothing() {
    let mut deps = fixed();
    let loaded = deps.loaded.as_mut().unwrap();
    loaded.meta.status = Status::Failed;
    loaded.meta.error = Some("Subscription.NotMovable".into());
    let answer = get(&deps, &paths::progress(&link(LinkRole::Person(Actor::PartnerAdmin))), "text/html").await;
    assert!(answer.body().contains("Subscription.NotMovable"));
    for gone in ["/turn\"", "/cancel\""] {
        assert!(!answer.body().contains(gone), "{gone}");
    }
}

#[tokio::test]
async fn only_reading_is_possible_here() {
    for method in ["POST", "PUT", "DELETE"] {
        let answer = handle(&fixed(), &request(method, &paths::progress("x"), "text/html")).await;
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(answer.headers()["allow"], "GET, HEAD");
    }
    let head = handle(&fixed(), &request("HEAD", &paths::progress(&link(LinkRole::Viewer)), "text/html")).await;
    assert_eq!(head.status(), StatusCode::OK);
    assert!(head.body().is_empty());
}

#[tokio::test]
async fn the_style_sheet_and_the_health_check_need_no_table() {
    let nothing = Fixed { loaded: None, audit: vec![], now: now() };
    let style = get(&nothing, paths::STYLE, "*/*").await;
    assert_eq!(style.headers()["content-type"], "text/css; charset=utf-8");
    assert_eq!(get(&nothing, paths::HEALTH, "*/*").await.status(), StatusCode::OK);
    assert_eq!(get(&nothing, "/o/x/y", "*/*").await.status(), StatusCode::NOT_FOUND);
}
