use std::collections::HashMap;

use access::mapping::{Decision, People, Verdict};
use access::plan::{Plan, RowOutcome, RowResult};
use access::snapshot::Snapshot;
use impact::report::Report;
use serde_json::json;

use super::*;
use onboarding::links::LinkRole;
use onboarding::request::AccountKind;
use onboarding::{Actor, Cloud, Directory, Route, Status, Step, WaitKind};
use store::{Meta, StepRecord, StepState, WaitRecord};

const KEY: &str = "a link key for tests, long enough to be one";

struct Fixed {
    loaded: Option<Loaded>,
    audit: Vec<Entry>,
    kept: HashMap<Archive, Vec<Vec<u8>>>,
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
    async fn pages(&self, _: &OnboardingId, kind: Archive, _: &str) -> Result<Vec<Vec<u8>>, StoreError> {
        Ok(self.kept.get(&kind).cloned().unwrap_or_default())
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
        extended_at: None,
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
            to_dos: vec![],
            feedback: vec![],
        }),
        audit: vec![entry],
        kept: HashMap::new(),
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
    let partner = get(&fixed(), &paths::progress(&link(LinkRole::Person(Actor::PartnerAdmin, 0))), "text/html").await;
    assert_eq!(partner.status(), StatusCode::OK);
    assert!(partner.body().contains("Your turn") && partner.body().contains("/turn\""));
    let owner = get(&fixed(), &paths::progress(&link(LinkRole::Person(Actor::Owner, 0))), "text/html").await;
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
    let answer = get(&fixed(), &paths::progress(&link(LinkRole::Person(Actor::Owner, 0))), "application/json").await;
    let told: serde_json::Value = serde_json::from_str(answer.body()).unwrap();
    assert_eq!(told["status"], "waiting");
    assert_eq!(told["turn"]["actor"], "partner-admin");
    assert_eq!(told["turn"]["yours"], false);
    let states: Vec<&str> =
        told["steps"].as_array().unwrap().iter().map(|step| step["state"].as_str().unwrap()).collect();
    assert_eq!(
        states,
        ["done", "waiting-for-partner", "not-started", "not-started", "not-started", "not-started", "not-started"]
    );
    assert_eq!(told["activity"][0]["action"], "step.done");
    assert_eq!(told["moved"], false);
}

#[tokio::test]
async fn between_sign_up_and_record_the_page_says_so_and_later_it_says_that_there_is_none() {
    let mut deps = Fixed { loaded: None, audit: vec![], kept: HashMap::new(), now: now() };
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
    let answer = get(&deps, &paths::progress(&link(LinkRole::Person(Actor::PartnerAdmin, 0))), "text/html").await;
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
    let nothing = Fixed { loaded: None, audit: vec![], kept: HashMap::new(), now: now() };
    let style = get(&nothing, paths::STYLE, "*/*").await;
    assert_eq!(style.headers()["content-type"], "text/css; charset=utf-8");
    assert_eq!(get(&nothing, paths::HEALTH, "*/*").await.status(), StatusCode::OK);
    assert_eq!(get(&nothing, "/o/x/y", "*/*").await.status(), StatusCode::NOT_FOUND);
}

const SUBSCRIPTION: &str = "6c3c85bc-5366-4eaa-8055-a10529eafd03";
const ADA: &str = "d33c27ea-8cee-457a-9c73-4362f0c2b5c7";
const TARGET: &str = "c22b16d9-7bdd-446f-8b62-3251efb1a4b6";
const READER: &str = "/subscriptions/6c3c85bc/providers/Microsoft.Authorization/roleAssignments/a1";

fn snapshot() -> Snapshot {
    let scope = format!("/subscriptions/{SUBSCRIPTION}");
    let assignment = |id: &str, origin: &str| {
        json!({
            "id": id, "scope": scope, "role": "acdd72a7-3385-48ef-bd42-f606fba81ae7", "roleName": "Reader",
            "principal": ADA, "principalType": "User", "origin": origin,
        })
    };
    serde_json::from_value(json!({
        "assignments": [assignment(READER, "here"), assignment("/providers/x/a2", "management-group")],
        "customRoles": [], "eligible": [], "denied": [], "notRead": [],
    }))
    .unwrap()
}

fn report() -> Report {
    serde_json::from_value(json!({
        "schema": 1, "subscription": SUBSCRIPTION, "source": "11111111-1111-1111-1111-111111111111",
        "partner": "22222222-2222-2222-2222-222222222222",
        "findings": [{
            "id": "aks:/x/aks1", "rule": "aks", "group": "cannot-come-back", "hardStop": true,
            "resource": "/x/aks1", "name": "aks-secret-name", "kind": "microsoft.containerservice/managedclusters",
        }],
        "resources": [["microsoft.containerservice/managedclusters", 1]], "snapshotHash": snapshot().hash(),
        "notRead": [{"what": "policies", "why": "AuthorizationFailed", "needs": "Reader"}],
    }))
    .unwrap()
}

/// With a report, decisions, and a restore that made one row.
fn assessed() -> Fixed {
    let mut deps = fixed();
    let people = People {
        principals: serde_json::from_value(
            json!([{"id": ADA, "kind": "member", "name": "Ada Lovelace", "enabled": true}]),
        )
        .unwrap(),
        ..People::default()
    };
    let decision = Decision {
        assignment: READER.into(),
        verdict: Verdict::Restore,
        target: Some(onboarding::ObjectId::parse(TARGET).unwrap()),
        by: Actor::PartnerAdmin,
        at: "2026-05-12T09:40:00Z".into(),
        seconded_by: None,
    };
    let plan = Plan::new(
        &onboarding::SubscriptionId::parse(SUBSCRIPTION).unwrap(),
        &snapshot(),
        std::slice::from_ref(&decision),
        &people,
    );
    let results = [RowResult { before: READER.into(), outcome: RowOutcome::Restored, error: None }];
    let loaded = deps.loaded.as_mut().unwrap();
    loaded.meta.report = Some(report().summary("2026-05-12T09:20:00Z"));
    loaded.meta.decisions_hash = Some("d1".into());
    loaded.review.decisions = vec![decision];
    deps.kept = HashMap::from([
        (Archive::Report, report().to_pages().unwrap()),
        (Archive::Snapshot, snapshot().to_pages().unwrap()),
        (Archive::Principals, people.to_pages().unwrap()),
        (Archive::Plan, plan.to_pages().unwrap()),
        (Archive::Restored, vec![access::pages::pack(&results).unwrap()]),
        (Archive::Receipt, vec![access::pages::pack(&json!({"schema": 1, "to": "partner"})).unwrap()]),
    ]);
    deps
}

const HTML: &str = "text/html";

async fn page_of(deps: &Fixed, role: LinkRole, page: &str) -> Answer {
    get(deps, &format!("/o/{}/{page}", link(role)), HTML).await
}

const OWNER: LinkRole = LinkRole::Person(Actor::Owner, 0);

#[tokio::test]
async fn the_report_says_the_verdict_what_was_not_read_and_who_loses_access() {
    let page = page_of(&assessed(), OWNER, "report").await;
    assert_eq!(page.status(), StatusCode::OK);
    for piece in ["move it yet: 1", "AuthorizationFailed", "aks-secret-name", "Ada Lovelace", TARGET, "came from above"]
    {
        assert!(page.body().contains(piece), "{piece}");
    }
}

#[tokio::test]
async fn the_report_comes_as_csv_and_json_under_a_name_of_its_own() {
    for (file, kind) in [("report.csv", "text/csv; charset=utf-8"), ("report.json", "application/json")] {
        let answer = page_of(&assessed(), OWNER, file).await;
        assert_eq!(answer.headers()["content-type"], kind);
        let name = answer.headers()["content-disposition"].to_str().unwrap();
        assert!(
            name.starts_with("attachment; filename=\"report-") && name.ends_with(&format!("{}\"", &file[6..])),
            "{name}"
        );
        assert!(answer.body().contains("aks-secret-name"));
    }
}

#[tokio::test]
async fn a_viewer_sees_numbers_and_no_name_on_any_page() {
    let mut deps = assessed();
    let loaded = deps.loaded.as_mut().unwrap();
    loaded.meta.receipt_hash = Some("r1".into());
    for page in [
        "",
        "preflight",
        "report",
        "access",
        "proof",
        "report.csv",
        "report.json",
        "receipt",
        "receipt.json",
        "evidence",
        "evidence.json",
        "evidence.html",
    ] {
        for accept in [HTML, "application/json"] {
            let seen = get(&deps, &format!("/o/{}/{page}", link(LinkRole::Viewer)), accept).await;
            for hidden in ["aks-secret-name", "/x/aks1", "Ada", ADA, TARGET] {
                assert!(!seen.body().contains(hidden), "{page} {accept}: {hidden}");
            }
            if page.starts_with("evidence") || page.starts_with("re") && page != "report" {
                assert_eq!(seen.status(), StatusCode::FORBIDDEN, "{page}");
            }
        }
    }
}

#[tokio::test]
async fn access_is_told_row_by_row() {
    let page = page_of(&assessed(), OWNER, "access").await;
    for piece in ["1 restored", "1 left out", "Ada Lovelace", "came from above", TARGET] {
        assert!(page.body().contains(piece), "{piece}");
    }
}

#[tokio::test]
async fn what_is_not_there_when_it_is_looked_for_again_is_not_told_as_restored() {
    let mut deps = assessed();
    let row = |before: &str, principal: &str, change: &str| json!({"before": before, "roleName": "Owner", "scope": "/s", "principal": principal, "change": change});
    let seen = json!([row(READER, ADA, "missing"), row("", TARGET, "new")]);
    deps.kept.insert(Archive::Difference, vec![access::pages::pack(&seen).unwrap()]);
    let page = page_of(&deps, OWNER, "access").await;
    assert!(page.body().contains("0 restored") && page.body().contains("not in the list when we looked again"));
    assert!(page.body().contains("Access that was not there before: 1"));
}

#[tokio::test]
async fn before_anything_was_found_out_the_pages_say_so() {
    for page in ["report", "report.csv", "access", "proof", "receipt"] {
        let answer = page_of(&fixed(), OWNER, page).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{page}");
        assert!(answer.body().contains("Not there yet"), "{page}");
    }
    assert!(page_of(&fixed(), OWNER, "preflight").await.body().contains("Nothing has been checked yet"));
}

#[tokio::test]
async fn the_proof_shows_what_step_five_recorded_and_the_receipt_what_was_kept() {
    let mut deps = assessed();
    let loaded = deps.loaded.as_mut().unwrap();
    loaded.meta.receipt_hash = Some("abcdef0123456789".into());
    let evidence =
        json!([{"check": "listed", "holds": true, "seen": {"requestId": "req-7"}, "source": "GET /subscriptions"}]);
    loaded.steps.push(StepRecord {
        step: Step::ConfirmChanges,
        result: json!({"evidence": evidence, "causes": [{"cause": "filter", "applies": null, "seen": {}}]}),
        ..loaded.steps[0].clone()
    });
    let page = page_of(&deps, OWNER, "proof").await;
    for piece in ["everything holds", "req-7", "az account clear", "/receipt\""] {
        assert!(page.body().contains(piece), "{piece}");
    }
    let receipt = page_of(&deps, OWNER, "receipt").await;
    assert!(receipt.body().contains("abcdef0123456789") && receipt.body().contains("partner"));
    let json = page_of(&deps, OWNER, "receipt.json").await;
    assert_eq!(json.headers()["content-type"], "application/json");
}

#[tokio::test]
async fn a_confirmed_move_that_rests_can_be_cancelled_from_the_progress_page() {
    let mut deps = assessed();
    let loaded = deps.loaded.as_mut().unwrap();
    loaded.meta.open_wait = None;
    loaded.meta.status = Status::Running;
    loaded.meta.confirmation = serde_json::from_value(json!({
        "reportHash": "h", "decisionsHash": "d", "partner": "22222222-2222-2222-2222-222222222222",
        "approverTenant": "11111111-1111-1111-1111-111111111111", "approver": ADA, "signedInAt": 1, "at": "x", "typedName": "n",
    }))
    .unwrap();
    deps.audit.push(Entry {
        action: "move.confirmed".into(),
        detail: json!({"restsUntil": "2026-05-12T10:05:00Z"}),
        ..deps.audit[0].clone()
    });
    let page = page_of(&deps, OWNER, "").await;
    assert!(page.body().contains("begins soon") && page.body().contains("10:05 UTC"), "{}", page.body());
    deps.now = "2026-05-12T10:05:00Z".parse().unwrap();
    assert!(!page_of(&deps, OWNER, "").await.body().contains("begins soon"));
}

#[tokio::test]
async fn a_policy_in_the_way_comes_with_a_request_to_forward_and_the_person_can_check_again() {
    let mut deps = fixed();
    let loaded = deps.loaded.as_mut().unwrap();
    loaded.preflight = serde_json::from_value(json!([{
        "id": "entering-policy", "state": "fails", "case": "blocked", "evidence": {}, "source": "GET …/policies/default",
        "fixer": "partner-global-administrator", "seenBy": "partner-admin", "at": "2026-05-12T09:59:00Z",
    }]))
    .unwrap();
    loaded.waits[0].kind = WaitKind::Fix;
    let partner = page_of(&deps, LinkRole::Person(Actor::PartnerAdmin, 0), "preflight").await;
    for piece in ["Does not hold", "Subject: Please allow", "kim@contoso.com", "Check again", "60 seconds ago"] {
        assert!(partner.body().contains(piece), "{piece}");
    }
    let owner = page_of(&deps, OWNER, "preflight").await;
    assert!(!owner.body().contains("<form"), "it is not the owner's fix");
}

#[tokio::test]
async fn what_moving_back_would_take_is_told_to_the_two_people_once_it_has_moved() {
    let mut deps = fixed();
    let moved = |deps: &mut Fixed, moved| deps.loaded.as_mut().unwrap().meta.moved = moved;
    moved(&mut deps, false);
    assert_eq!(page_of(&deps, OWNER, "move-back").await.status(), StatusCode::NOT_FOUND);
    moved(&mut deps, true);
    let source = deps.loaded.as_ref().unwrap().meta.source_tenant_id.to_string();
    let page = page_of(&deps, OWNER, "move-back").await;
    for piece in ["Nothing takes the move back", source.as_str(), "/access\"", "/evidence\""] {
        assert!(page.status() == StatusCode::OK && page.body().contains(piece), "{piece}");
    }
    let viewer = get(&deps, &format!("/o/{}/move-back", link(LinkRole::Viewer)), HTML).await;
    assert_eq!(viewer.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_evidence_is_a_pack_that_verifies_and_a_page_that_says_when_it_does_not() {
    let mut deps = fixed();
    deps.audit[0].hash = deps.audit[0].expected_hash();
    let page = page_of(&deps, OWNER, "evidence").await;
    for piece in ["Complete and unchanged: 1 entry.", &deps.audit[0].hash, "/evidence.json\"", "verify FILE"] {
        assert!(page.body().contains(piece), "{piece}");
    }
    let file = page_of(&deps, OWNER, "evidence.json").await;
    assert!(file.headers()["content-disposition"].to_str().unwrap().contains("evidence-"));
    let pack: impact::evidence::Pack = serde_json::from_str(file.body()).unwrap();
    assert_eq!(pack.verify().unwrap().entries, 1);
    // To keep, it is whole by itself and opens nothing.
    let kept = page_of(&deps, OWNER, "evidence.html").await;
    assert!(kept.headers()["content-disposition"].to_str().unwrap().contains(".html"));
    assert!(kept.body().contains(&deps.audit[0].hash) && kept.body().contains("<style>"));
    assert!(!kept.body().contains("/o/") && !kept.body().contains("<script") && !kept.body().contains("href="));
    deps.audit[0].actor = "owner".into();
    let page = page_of(&deps, OWNER, "evidence").await;
    assert!(page.body().contains("does not hold") && page.body().contains("entry 1"));
}

#[tokio::test]
async fn what_is_left_to_do_is_shown_with_its_day_to_everybody_and_can_be_ticked_off_by_its_person() {
    let mut deps = fixed();
    let loaded = deps.loaded.as_mut().unwrap();
    (loaded.meta.status, loaded.meta.moved, loaded.meta.open_wait) = (Status::Done, true, None);
    let since = deps.now - jiff::SignedDuration::from_hours(48);
    let of = |who| impact::to_do::ToDo::of(who, None, 3, since);
    loaded.to_dos = vec![of(Actor::Owner), of(Actor::PartnerAdmin)];
    let (at, how) = (deps.now, impact::to_do::How::Done);
    loaded.to_dos[1].tick(impact::to_do::REFUSED, Some(how), &jiff::tz::TimeZone::UTC, at);
    let said = "<b>it went</b>".to_owned();
    let felt = impact::feedback::Felt::Well;
    loaded.feedback = vec![impact::feedback::Feedback { actor: Actor::PartnerAdmin, felt, text: said, at }];
    let page = |role, accept| {
        let path = paths::progress(&link(role));
        let deps = &deps;
        async move { get(deps, &path, accept).await.body().clone() }
    };
    let kim = page(LinkRole::Person(Actor::PartnerAdmin, 0), "text/html").await;
    for piece in ["Still open: 3.", "Overdue: 2.", "Ticked off: ", "3 roles were refused", "&lt;b&gt;it went&lt;/b&gt;"]
    {
        assert!(kim.contains(piece), "{piece} in {kim}");
    }
    assert_eq!((kim.matches("value=\"done\"").count(), kim.matches("value=\"open\"").count()), (2, 1));
    let rosa = page(LinkRole::Person(Actor::Owner, 0), "text/html").await;
    assert_eq!(rosa.matches("value=\"done\"").count(), 1);
    assert!(!rosa.contains("it went&lt;"), "what somebody wrote is for the operator");
    let viewer = page(LinkRole::Viewer, "text/html").await;
    assert!(viewer.contains("Still open: 3.") && !viewer.contains("<form"), "{viewer}");
    let json: serde_json::Value = serde_json::from_str(&page(LinkRole::Viewer, "application/json").await).unwrap();
    assert_eq!(json["toDo"][0]["stands"]["id"], impact::to_do::POLICY);
    assert_eq!(json["toDo"][0]["stands"]["overdue"], true);
    assert!(!json.to_string().contains("it went"));
}

#[tokio::test]
async fn while_azure_makes_the_change_the_page_says_how_far_it_is_and_when_that_takes_long() {
    let mut deps = fixed();
    let entry = |action: &str, at: &str| Entry { action: action.into(), at: at.into(), ..fixed().audit[0].clone() };
    // A first request expired; what was accepted is the second.
    deps.audit = vec![
        entry("request.sent", "2026-05-10T09:00:00Z"),
        entry("request.accepted", "2026-05-10T09:01:00Z"),
        entry("request.ended", "2026-05-11T09:00:00Z"),
        entry("request.sent", "2026-05-12T09:30:00Z"),
    ];
    let path = paths::progress(&link(LinkRole::Person(Actor::Owner, 0)));
    let view = async |deps: &Fixed| {
        serde_json::from_str::<serde_json::Value>(get(deps, &path, "application/json").await.body()).unwrap()
    };
    assert_eq!(view(&deps).await["moving"], serde_json::Value::Null, "nothing is requested");
    let loaded = deps.loaded.as_mut().unwrap();
    loaded.waits.clear();
    (loaded.meta.open_wait, loaded.meta.status, loaded.meta.request_sent) = (None, Status::Settling, true);
    let said = view(&deps).await;
    assert_eq!(said["moving"][0], json!({"what": "requested", "at": "2026-05-12T09:30:00Z"}));
    assert_eq!(said["moving"][1], json!({"what": "accepted"}), "another request was accepted");
    deps.audit.push(entry("request.accepted", "2026-05-12T09:31:00Z"));
    assert_eq!(view(&deps).await["moving"][1]["at"], "2026-05-12T09:31:00Z");
    let page = get(&deps, &path, "text/html").await;
    assert!(page.body().contains("usually takes 4 to 20 minutes") && !page.body().contains("longer than usual"));
    deps.now = "2026-05-12T10:32:00Z".parse().unwrap();
    let page = get(&deps, &path, "text/html").await;
    assert!(page.body().contains("longer than usual") && !page.body().contains("4 to 20 minutes"));
    deps.audit.push(entry("subscription.moved", "2026-05-12T10:33:00Z"));
    let page = get(&deps, &path, "text/html").await;
    assert!(!page.body().contains("longer than usual"));
    deps.loaded.as_mut().unwrap().meta.status = Status::Done;
    assert_eq!(view(&deps).await["moving"], serde_json::Value::Null, "it is over");
}
