use std::sync::Mutex;

use access::mapping::{Confidence, Decision, People, Suggestion, Verdict};
use access::snapshot::Snapshot;
use http::{Request, StatusCode};
use impact::feedback::Felt;
use impact::report::{Override, Report};
use impact::to_do::{self, ToDo};
use jiff::Timestamp;
use onboarding::links::{LinkKey, LinkRole, fingerprint};
use onboarding::{Actor, Directory, ErrorName, OnboardingId, Outcome, Status, Step, WaitKind};
use serde_json::json;
use store::records::Review;
use store::{Archive, Browser, Loaded, Meta, Recorded, StoreError, WaitRecord, Write};
use web::{Answer, paths};

use super::*;

const KEY: &str = "a link key for tests, long enough to be one";
const PORTAL: &str = "https://mooring.example";
const OID: &str = "b11a05c8-6acc-435e-9a51-2140dea093a5";
const KIM: &str = "c22b16d9-7bdd-446f-8b62-3251efb1a4b6";
const ADA: &str = "d33c27ea-8cee-457a-9c73-4362f0c2b5c7";
const PARTNER: &str = "22222222-2222-2222-2222-222222222222";
const SOURCE: &str = "11111111-1111-1111-1111-111111111111";

fn now() -> Timestamp {
    "2026-05-12T10:00:00Z".parse().unwrap()
}

fn id() -> OnboardingId {
    OnboardingId::from_parts(1_778_000_000_000, 7)
}

fn link(actor: Actor) -> String {
    LinkKey::new(KEY).unwrap().link(&id(), LinkRole::Person(actor, 0))
}

fn cookie() -> String {
    "c".repeat(43)
}

const READER: &str =
    "/subscriptions/6c3c85bc-5366-4eaa-8055-a10529eafd03/providers/Microsoft.Authorization/roleAssignments/a1";
const OWNER: &str =
    "/subscriptions/6c3c85bc-5366-4eaa-8055-a10529eafd03/providers/Microsoft.Authorization/roleAssignments/a2";
const STOP: &str = "aks:/subscriptions/x/aks1";

fn snapshot() -> Snapshot {
    let assignment = |id: &str, role: &str, name: &str, principal: &str, origin: &str| {
        json!({
            "id": id, "scope": "/subscriptions/6c3c85bc-5366-4eaa-8055-a10529eafd03", "role": role, "roleName": name,
            "principal": principal, "principalType": "User", "origin": origin,
        })
    };
    serde_json::from_value(json!({
        "assignments": [
            assignment(READER, "acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader", ADA, "here"),
            assignment(OWNER, "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner", OID, "here"),
            assignment("/providers/x/a3", "acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader", ADA, "management-group"),
        ],
        "customRoles": [], "eligible": [], "denied": [], "notRead": [],
    }))
    .unwrap()
}

fn report() -> Report {
    serde_json::from_value(json!({
        "schema": 1, "subscription": "6c3c85bc-5366-4eaa-8055-a10529eafd03", "source": SOURCE, "partner": PARTNER,
        "findings": [{
            "id": STOP, "rule": "aks", "group": "cannot-come-back", "hardStop": true,
            "resource": "/subscriptions/x/aks1", "name": "aks1", "kind": "microsoft.containerservice/managedclusters",
        }],
        "resources": [["microsoft.containerservice/managedclusters", 1]],
        "snapshotHash": snapshot().hash(), "notRead": [],
    }))
    .unwrap()
}

fn people() -> People {
    let principal = |id: &str, name: &str| json!({"id": id, "kind": "member", "name": name, "enabled": true});
    let suggestion = Suggestion {
        source: onboarding::ObjectId::parse(ADA).unwrap(),
        target: Some(onboarding::ObjectId::parse(KIM).unwrap()),
        target_name: Some("Ada L".into()),
        confidence: Confidence::Exact,
        reason: "signed-in".into(),
    };
    People {
        principals: serde_json::from_value(json!([principal(ADA, "Ada <b>"), principal(OID, "Rosa")])).unwrap(),
        suggestions: vec![suggestion],
        ..People::default()
    }
}

fn decided(id: &str, by: Actor) -> Decision {
    Decision {
        assignment: id.into(),
        verdict: Verdict::Restore,
        target: Some(onboarding::ObjectId::parse(KIM).unwrap()),
        by,
        at: "2026-05-12T09:40:00Z".into(),
        seconded_by: None,
    }
}

fn given(by: Actor, agreed: Option<Actor>) -> Override {
    Override {
        finding: STOP.into(),
        reason: "It is a test cluster".into(),
        by,
        at: "2026-05-12T09:40:00Z".into(),
        seconded_by: agreed,
    }
}

/// A review as the partner admin left it: one privileged row and one reason, both waiting for the owner.
fn reviewed() -> Review {
    Review {
        snapshot_hash: snapshot().hash(),
        decisions: vec![decided(READER, Actor::PartnerAdmin), decided(OWNER, Actor::PartnerAdmin)],
        overrides: vec![given(Actor::PartnerAdmin, None)],
    }
}

fn meta() -> Meta {
    serde_json::from_value(json!({
        "onboardingId": id(), "schema": 1, "ver": 3, "status": "waiting", "currentStep": "assess-impact",
        "cloud": "public", "route": "two-party",
        "subscriptionId": "6c3c85bc-5366-4eaa-8055-a10529eafd03", "subscriptionName": "Fabrikam Prod",
        "sourceTenantId": SOURCE, "partnerTenantId": "22222222-2222-2222-2222-222222222222",
        "partnerDirectory": "contoso.com", "partnerDirectoryName": "Contoso",
        "ownerEmail": "rosa@outlook.com", "ownerAccount": "personal", "ownerOid": OID, "partnerAdminOid": KIM,
        "partnerAdminEmail": "kim@contoso.com", "requestKey": "k", "execution": "arn",
        "createdAt": "2026-05-12T09:00:00Z", "updatedAt": "2026-05-12T09:30:00Z", "openWait": "w1",
        "report": report().summary("2026-05-12T09:00:00Z"),
    }))
    .unwrap()
}

fn wait(kind: WaitKind) -> WaitRecord {
    WaitRecord {
        wait_id: "w1".into(),
        kind,
        actor: if kind == WaitKind::Review { Actor::PartnerAdmin } else { Actor::Owner },
        directory: if kind == WaitKind::Review { Directory::Partner } else { Directory::Source },
        reason: None,
        claims: None,
        resume: Step::MapDirectory,
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

/// One onboarding with one open wait; what is written shows in the next read.
struct Small {
    loaded: Mutex<Loaded>,
    browser: Option<Browser>,
    /// Whether a kept list lost its pages.
    damaged: bool,
    /// How many writes somebody else gets in first.
    conflicts: Mutex<u32>,
    notes: Mutex<Vec<(&'static str, serde_json::Value)>>,
    mails: Mutex<Vec<(Actor, &'static str)>>,
}

fn small(kind: WaitKind) -> Small {
    let signed_in = now().as_second() - 60;
    Small {
        loaded: Mutex::new(Loaded {
            meta: meta(),
            steps: vec![],
            waits: vec![wait(kind)],
            credentials: vec![],
            mails: vec![],
            review: if kind == WaitKind::Confirm { reviewed() } else { Review::default() },
            preflight: impact::preflight::Preflight::default(),
            to_dos: vec![],
            feedback: vec![],
        }),
        browser: Some(Browser {
            onboarding_id: id(),
            wait_id: "w1".into(),
            actor: wait(kind).actor,
            tid: onboarding::TenantId::parse(if kind == WaitKind::Review { PARTNER } else { SOURCE }).unwrap(),
            oid: onboarding::ObjectId::parse(if kind == WaitKind::Review { KIM } else { OID }).unwrap(),
            signed_in_at: signed_in,
            expires_at: signed_in + 600,
        }),
        damaged: false,
        conflicts: Mutex::new(0),
        notes: Mutex::default(),
        mails: Mutex::default(),
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
    fn cool_off_seconds(&self) -> i64 {
        600
    }
    async fn pages(&self, _: &OnboardingId, kind: Archive, _: &str) -> Result<Vec<Vec<u8>>, StoreError> {
        let kept = [
            (Archive::Report, report().to_pages().unwrap()),
            (Archive::Snapshot, snapshot().to_pages().unwrap()),
            (Archive::Principals, people().to_pages().unwrap()),
        ];
        let found = kept.into_iter().find(|(known, _)| *known == kind && !self.damaged);
        Ok(found.map(|(_, pages)| pages).unwrap_or_default())
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
        for write in change.writes {
            match write {
                Write::Review(review) => loaded.review = *review,
                Write::Extended { deadline, .. } => {
                    loaded.waits[0].extended_at = Some("2026-05-12T10:00:00Z".into());
                    loaded.waits[0].deadline_at = deadline.to_string();
                }
                Write::ForgetCredential(..) => {}
                Write::RemindedNow { .. } => loaded.waits[0].reminders += 1,
                Write::ToDo(list) => {
                    loaded.to_dos.retain(|other| other.actor != list.actor);
                    loaded.to_dos.push(*list);
                }
                Write::Feedback(said) => {
                    loaded.feedback.retain(|other| other.actor != said.actor);
                    loaded.feedback.push(*said);
                }
                other @ (Write::Step(_)
                | Write::OpenWait { .. }
                | Write::Reminded { .. }
                | Write::Credential(_)
                | Write::Preflight(_)
                | Write::LockSubscription(_)
                | Write::UnlockSubscription(_)
                | Write::UnlockRequest(_)
                | Write::ForgetExecution(_)) => panic!("{other:?}"),
            }
        }
        self.mails.lock().unwrap().extend(change.mails.into_iter().map(|mail| (mail.to, mail.template)));
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

/// What the owner posts who agrees to everything.
fn right() -> String {
    format!(
        "report={}&decisions={}&agree-delete=yes&agree-directory=yes&agree-back=yes&subscription-name=Fabrikam+Prod\
         &agree-{}=yes&agree-{}=yes",
        meta().report.unwrap().hash,
        reviewed().hash(),
        web::row_key(OWNER),
        web::row_key(STOP),
    )
}

async fn confirm(world: &Small, body: &str) -> Answer {
    let body = format!("{body}&phrase={}", LinkKey::new(KEY).unwrap().phrase(&id()));
    handle(world, &request("POST", &paths::confirm(&link(Actor::Owner)), &body)).await
}

async fn map(world: &Small, actor: Actor, body: &str) -> Answer {
    let version = {
        let loaded = world.loaded.lock().unwrap();
        Review { snapshot_hash: snapshot().hash(), ..loaded.review.clone() }.hash()
    };
    handle(world, &request("POST", &paths::mapping(&link(actor)), &format!("decisions={version}&{body}"))).await
}

fn location(answer: &Answer) -> &str {
    answer.headers()["location"].to_str().unwrap()
}

fn on_the_single_account_route(kind: WaitKind) -> Small {
    small(kind).with(|loaded| {
        loaded.meta.route = onboarding::Route::SingleAccount;
        let wait = &mut loaded.waits[0];
        if kind == WaitKind::Fix {
            wait.actor = Actor::PartnerAdmin;
            wait.reason = Some("Invitation.Refused".into());
        }
        wait.directory = Directory::Partner;
    })
}

#[tokio::test]
async fn the_other_route_is_chosen_where_the_invitation_matters_once_and_only_by_whose_turn_it_is() {
    for (kind, actor, outcome) in
        [(WaitKind::Fix, Actor::PartnerAdmin, Outcome::Recheck), (WaitKind::Confirm, Actor::Owner, Outcome::Rerouted)]
    {
        let world = on_the_single_account_route(kind);
        let other = handle(&world, &request("POST", &paths::route(&link(actor.other())), "")).await;
        assert!(location(&other).ends_with("/result/moved-on"));
        let page = handle(&world, &request("GET", &paths::route(&link(actor)), "")).await;
        assert!(page.status() == StatusCode::OK && page.body().contains("kim@contoso.com accepts the move"));
        assert_eq!((world.meta().route, world.outcome()), (onboarding::Route::SingleAccount, None));
        for _ in 0..2 {
            handle(&world, &request("POST", &paths::route(&link(actor)), "")).await;
            assert_eq!((world.meta().route, world.outcome()), (onboarding::Route::TwoParty, Some(outcome)));
        }
        assert_eq!(world.noted("route.changed"), 1);
    }
}

#[tokio::test]
async fn the_other_route_is_not_chosen_where_something_was_requested_or_nobody_is_invited() {
    type Changed = fn(&mut Loaded);
    let cases: [(WaitKind, Changed); 4] = [
        (WaitKind::Confirm, |loaded| loaded.meta.request_sent = true),
        (WaitKind::Confirm, |loaded| loaded.meta.accept_intended_at = Some("2026-05-12T10:00:00Z".into())),
        (WaitKind::Confirm, |loaded| loaded.waits[0].directory = Directory::Source),
        (WaitKind::Review, |_| {}),
    ];
    for (kind, change) in cases {
        let world = on_the_single_account_route(kind).with(change);
        let actor = wait(kind).actor;
        for method in ["GET", "POST"] {
            let answer = handle(&world, &request(method, &paths::route(&link(actor)), "")).await;
            assert!(location(&answer).ends_with("/result/moved-on"));
        }
        assert_eq!((world.outcome(), world.noted("route.changed")), (None, 0));
    }
}

#[tokio::test]
async fn an_owner_whose_invitation_is_refused_hands_their_part_to_another_address_and_it_is_looked_at_again() {
    let world = on_the_single_account_route(WaitKind::Fix);
    let answer = handle(&world, &request("POST", &paths::forward(&link(Actor::Owner)), "email=ada@fabrikam.com")).await;
    assert_eq!(location(&answer), "/problem/handed-over");
    assert_eq!((world.meta().owner_email.as_str(), world.outcome()), ("ada@fabrikam.com", Some(Outcome::Recheck)));
}

#[tokio::test]
async fn the_page_shows_what_happens_and_what_needs_agreement() {
    let answer = handle(&small(WaitKind::Confirm), &request("GET", &paths::confirm(&link(Actor::Owner)), "")).await;
    assert_eq!(answer.status(), StatusCode::OK);
    for piece in [
        "Fabrikam Prod",
        "3 role assignments and 0 custom roles",
        "aks1",
        "It is a test cluster",
        "gets Owner",
        "Contoso",
        SOURCE,
        &meta().report.unwrap().hash,
    ] {
        assert!(answer.body().contains(piece), "{piece}");
    }
}

#[tokio::test]
async fn a_right_confirmation_is_recorded_with_who_what_and_every_agreement_before_the_wait_ends() {
    let world = small(WaitKind::Confirm);
    let answer = confirm(&world, &right()).await;
    assert!(location(&answer).ends_with("/result/confirmed"));
    assert_eq!(world.outcome(), Some(Outcome::Confirmed));
    let review = world.loaded.lock().unwrap().review.clone();
    assert!(review.overrides[0].holds());
    let owner = review.decisions.iter().find(|one| one.assignment == OWNER).unwrap();
    assert_eq!(owner.seconded_by, Some(Actor::Owner));
    let kept = world.meta().confirmation.unwrap();
    assert_eq!(kept.decisions_hash, review.hash(), "what was agreed is part of what was confirmed");
    assert_eq!(world.meta().decisions_hash.as_deref(), Some(review.hash().as_str()));
    assert_eq!((kept.approver.as_str(), kept.typed_name.as_str()), (OID, "Fabrikam Prod"));
    let notes = world.notes.lock().unwrap();
    let actions: Vec<_> = notes.iter().map(|(action, _)| *action).collect();
    assert_eq!(actions, ["override.agreed", "access.agreed", "move.confirmed"]);
    assert_eq!(notes[0].1["overrides"][0]["reason"], "It is a test cluster");
    assert_eq!(notes[2].1["restsUntil"], "2026-05-12T10:10:00Z");
    let mails = [(Actor::Owner, "move-confirmed"), (Actor::PartnerAdmin, "move-confirmed")];
    assert_eq!(*world.mails.lock().unwrap(), mails);
}

#[tokio::test]
async fn a_privileged_row_that_the_owner_does_not_tick_is_confirmed_as_not_agreed() {
    let world = small(WaitKind::Confirm);
    let body = right().replace(&format!("agree-{}=yes", web::row_key(OWNER)), "");
    assert!(location(&confirm(&world, &body).await).ends_with("/result/confirmed"));
    let review = world.loaded.lock().unwrap().review.clone();
    assert!(review.decisions.iter().all(|one| one.seconded_by.is_none()));
}

#[tokio::test]
async fn an_incomplete_or_outdated_confirmation_moves_nothing() {
    let hash = meta().report.unwrap().hash;
    for (body, id) in [
        (String::new(), "Confirm.ReportChanged"),
        (right().replace(&hash, "h0"), "Confirm.ReportChanged"),
        (right().replace(&reviewed().hash(), "v0"), "Confirm.DecisionsChanged"),
        (right().replace("Prod", "prod"), "Confirm.NameDiffers"),
        (right().replace("agree-delete=yes", ""), "Confirm.NotTicked"),
        (right().replace("agree-back=yes", ""), "Confirm.NotTicked"),
        (right().replace(&format!("agree-{}=yes", web::row_key(STOP)), ""), "Confirm.HardStop"),
    ] {
        let world = small(WaitKind::Confirm);
        let answer = confirm(&world, &body).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{id}");
        assert!(answer.body().contains(id), "{id}");
        assert_eq!((world.outcome(), world.meta().confirmation), (None, None), "{id}");
    }
}

#[tokio::test]
async fn without_the_partner_admins_phrase_nothing_moves_and_a_wrong_one_is_in_the_trail() {
    for (typed, noted) in [("", 0), ("&phrase=ACDEFG", 1)] {
        let world = small(WaitKind::Confirm);
        let body = format!("{}{typed}", right());
        let answer = handle(&world, &request("POST", &paths::confirm(&link(Actor::Owner)), &body)).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.body().contains("Confirm.PhraseDiffers"));
        assert_eq!((world.outcome(), world.meta().confirmation), (None, None));
        assert_eq!(world.noted("move.phrase-wrong"), noted);
        assert!(
            !answer.body().contains(&LinkKey::new(KEY).unwrap().phrase(&id())),
            "the owner's page does not tell it"
        );
    }
}

#[tokio::test]
async fn a_hard_stop_without_a_reason_of_the_other_person_cannot_be_confirmed_whatever_is_posted() {
    for overrides in [vec![], vec![given(Actor::Owner, None)], vec![given(Actor::Owner, Some(Actor::Owner))]] {
        let world = small(WaitKind::Confirm).with(|loaded| loaded.review.overrides = overrides);
        let version = world.loaded.lock().unwrap().review.hash();
        let answer = confirm(&world, &right().replace(&reviewed().hash(), &version)).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.body().contains("Confirm.HardStop"));
        assert_eq!((world.outcome(), world.meta().confirmation), (None, None));
    }
}

#[tokio::test]
async fn the_owner_sends_the_review_back_without_confirming_anything() {
    let world = small(WaitKind::Confirm);
    let answer = confirm(&world, "do=send-back").await;
    assert!(location(&answer).ends_with("/result/sent-back"));
    assert_eq!((world.outcome(), world.meta().confirmation), (Some(Outcome::SentBack), None));
    assert_eq!(world.noted("review.sent-back"), 1);
}

#[tokio::test]
async fn the_partner_admin_decides_rows_and_gives_reasons_and_the_review_ends() {
    let world = small(WaitKind::Review);
    let page = handle(&world, &request("GET", &paths::mapping(&link(Actor::PartnerAdmin)), "")).await;
    assert_eq!(page.status(), StatusCode::OK);
    for piece in ["Ada &lt;b&gt;", "Ada L", "Accept all exact (1)", "aks1", "2 role assignments can be made again"] {
        assert!(page.body().contains(piece), "{piece}");
    }
    assert!(location(&map(&world, Actor::PartnerAdmin, "do=accept-exact").await).ends_with("saved=1"));
    let key = web::row_key(OWNER);
    let body = format!("do=save&decide-{key}=restore&target-{key}={KIM}");
    assert!(location(&map(&world, Actor::PartnerAdmin, &body).await).ends_with("saved=1"));
    let body = format!("do=override&reason-{}=It+is+a+test+cluster", web::row_key(STOP));
    assert!(location(&map(&world, Actor::PartnerAdmin, &body).await).ends_with("saved=1"));
    let review = world.loaded.lock().unwrap().review.clone();
    assert_eq!((review.decisions.len(), review.overrides.len()), (2, 1));
    assert_eq!(world.noted("access.decided"), 3);
    assert_eq!(world.noted("override.given"), 1);
    assert!(location(&map(&world, Actor::PartnerAdmin, "do=done").await).ends_with("/result/reviewed"));
    assert_eq!(world.outcome(), Some(Outcome::Reviewed));
    assert_eq!(world.meta().decisions_hash.as_deref(), Some(review.hash().as_str()));
}

#[tokio::test]
async fn nobody_agrees_to_what_they_decided_themselves() {
    for (actor, kind) in [(Actor::PartnerAdmin, WaitKind::Review), (Actor::Owner, WaitKind::Confirm)] {
        let own = Review {
            decisions: vec![decided(OWNER, actor)],
            overrides: vec![given(actor, None)],
            snapshot_hash: snapshot().hash(),
        };
        for body in [
            format!("do=save&agree-{}=yes", web::row_key(OWNER)),
            format!("do=override&agree-{}=yes&reason-{0}=It+is+a+test+cluster", web::row_key(STOP)),
        ] {
            let world = small(kind).with(|loaded| loaded.review = own.clone());
            let answer = map(&world, actor, &body).await;
            assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{body}");
            assert!(answer.body().contains("Mapping.OwnDecision"));
            assert_eq!(world.loaded.lock().unwrap().review, own);
        }
    }
}

#[tokio::test]
async fn deciding_anew_takes_the_agreement_away_and_saying_the_same_again_does_not() {
    let mut agreed = decided(OWNER, Actor::PartnerAdmin);
    agreed.seconded_by = Some(Actor::Owner);
    let world = small(WaitKind::Review).with(|loaded| loaded.review.decisions = vec![agreed]);
    let key = web::row_key(OWNER);
    let same = map(&world, Actor::PartnerAdmin, &format!("do=save&decide-{key}=restore&target-{key}={KIM}")).await;
    assert!(same.body().contains("Mapping.NothingChanged"));
    map(&world, Actor::PartnerAdmin, &format!("do=save&decide-{key}=restore&target-{key}={ADA}")).await;
    assert_eq!(world.loaded.lock().unwrap().review.decisions[0].seconded_by, None);
}

#[tokio::test]
async fn decisions_on_top_of_other_decisions_than_were_shown_count_for_nothing() {
    let world = small(WaitKind::Review);
    let body = format!("decisions=older&do=save&decide-{}=skip&csv=kept", web::row_key(READER));
    let answer = handle(&world, &request("POST", &paths::mapping(&link(Actor::PartnerAdmin)), &body)).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.body().contains("Mapping.Stale") && answer.body().contains("kept</textarea>"));
    assert_eq!(world.loaded.lock().unwrap().review, Review::default());
}

#[tokio::test]
async fn a_pasted_list_is_shown_as_differences_before_it_is_kept_and_stays_when_it_is_wrong() {
    let world = small(WaitKind::Review);
    let list = handle(&world, &request("GET", &paths::mapping_csv(&link(Actor::PartnerAdmin)), "")).await;
    assert_eq!(list.headers()["content-type"], "text/csv; charset=utf-8");
    assert!(list.headers()["content-disposition"].to_str().unwrap().starts_with("attachment"));
    let key = web::row_key(READER);
    assert!(list.body().contains(&key));
    let paste = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let wrong = format!("row,decision,target\n{key},perhaps,\nnobody,skip,\n{key},restore,nonsense\n");
    let answer = map(&world, Actor::PartnerAdmin, &format!("do=csv-apply&csv={}", paste(&wrong))).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    for piece in ["Line 2, decision", "Line 3, row", "Line 4, target", "nobody,skip"] {
        assert!(answer.body().contains(piece), "{piece}");
    }
    let good = format!("row\tdecision\ttarget\n{key}\trestore\t{KIM}\n");
    let preview = map(&world, Actor::PartnerAdmin, &format!("do=csv-preview&csv={}", paste(&good))).await;
    assert!(preview.body().contains("Apply 1 difference"), "{}", preview.body());
    assert_eq!(world.loaded.lock().unwrap().review, Review::default(), "a preview keeps nothing");
    let applied = map(&world, Actor::PartnerAdmin, &format!("do=csv-apply&csv={}", paste(&good))).await;
    assert!(location(&applied).ends_with("saved=1"));
    assert_eq!(world.loaded.lock().unwrap().review.decisions.len(), 1);
}

#[tokio::test]
async fn the_review_is_for_the_person_whose_turn_it_is_in_the_browser_where_they_signed_in() {
    let viewer = LinkKey::new(KEY).unwrap().link(&id(), LinkRole::Viewer);
    let world = small(WaitKind::Review);
    let post = |link: &str| request("POST", &paths::mapping(link), "do=accept-exact");
    assert_eq!(handle(&world, &post(&viewer)).await.status(), StatusCode::FORBIDDEN);
    assert!(location(&handle(&world, &post(&link(Actor::Owner))).await).ends_with("/moved-on"), "not the owner's turn");
    let mut elsewhere = post(&link(Actor::PartnerAdmin));
    elsewhere.headers_mut().remove("cookie");
    assert!(location(&handle(&world, &elsewhere).await).ends_with("/turn"));
    let mut foreign = post(&link(Actor::PartnerAdmin));
    foreign.headers_mut().insert("origin", "https://evil.example".parse().unwrap());
    assert_eq!(handle(&world, &foreign).await.status(), StatusCode::FORBIDDEN);
    let good = small(WaitKind::Review).browser.unwrap();
    let other = onboarding::ObjectId::parse(ADA).unwrap();
    for browser in [
        Browser { oid: other, ..good.clone() },
        Browser { tid: onboarding::TenantId::parse(SOURCE).unwrap(), ..good.clone() },
        Browser { expires_at: now().as_second(), ..good.clone() },
    ] {
        let world = Small { browser: Some(browser), ..small(WaitKind::Review) };
        assert!(location(&handle(&world, &post(&link(Actor::PartnerAdmin))).await).ends_with("/turn"));
    }
    let hours = Browser { signed_in_at: now().as_second() - 7200, expires_at: now().as_second() + 60, ..good };
    let world = Small { browser: Some(hours), ..small(WaitKind::Review) };
    assert!(location(&map(&world, Actor::PartnerAdmin, "do=accept-exact").await).ends_with("saved=1"));
}

#[tokio::test]
async fn the_owner_decides_while_confirming_and_needs_the_fresh_sign_in_for_it() {
    let world = small(WaitKind::Confirm);
    let body = format!("do=save&decide-{}=skip", web::row_key(READER));
    assert!(location(&map(&world, Actor::Owner, &body).await).ends_with("saved=1"));
    let old = Browser { signed_in_at: now().as_second() - 660, ..world.browser.clone().unwrap() };
    let world = Small { browser: Some(old), ..small(WaitKind::Confirm) };
    assert!(location(&map(&world, Actor::Owner, &body).await).ends_with("/turn"), "eleven minutes");
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
            let answer = handle(&world, &request(method, &paths::confirm(&link(Actor::Owner)), &right())).await;
            assert!(location(&answer).ends_with("/turn"), "{what}");
        }
        assert_eq!(world.outcome(), None, "{what}");
    }
    let mut elsewhere = request("POST", &paths::confirm(&link(Actor::Owner)), &right());
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
        let answer = handle(&world, &request("POST", &paths::confirm(&link), &right())).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN);
        assert_eq!(world.outcome(), None);
    }
}

#[tokio::test]
async fn a_report_that_is_not_complete_cannot_be_confirmed() {
    let world = Small { damaged: true, ..small(WaitKind::Confirm) };
    assert_eq!(confirm(&world, &right()).await.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(world.outcome(), None);
}

#[tokio::test]
async fn confirming_twice_counts_once() {
    let world = small(WaitKind::Confirm);
    confirm(&world, &right()).await;
    let again = confirm(&world, &right()).await;
    assert!(location(&again).ends_with("/result/moved-on"));
    assert_eq!(world.noted("move.confirmed"), 1);
}

#[tokio::test]
async fn somebody_else_writing_at_the_same_time_does_not_lose_a_confirmation() {
    let world = small(WaitKind::Confirm);
    *world.conflicts.lock().unwrap() = 2;
    assert!(location(&confirm(&world, &right()).await).ends_with("/result/confirmed"));
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
        let mut foreign = request("POST", &path, &right());
        foreign.headers_mut().insert("origin", "https://evil.example".parse().unwrap());
        assert_eq!(handle(&world, &foreign).await.status(), StatusCode::FORBIDDEN);
    }
    assert_eq!(handle(&world, &request("GET", &paths::check_again(&link(Actor::Owner)), "")).await.status(), 405);
    assert_eq!(world.outcome(), None);
    assert_eq!(world.meta(), meta());
}

#[tokio::test]
async fn more_time_is_given_once_and_as_much_as_there_was() {
    let world = small(WaitKind::Confirm);
    let path = format!("/o/{}/extend", link(Actor::Owner));
    let first = handle(&world, &request("POST", &path, "")).await;
    assert!(first.headers()["location"].to_str().unwrap().ends_with("/result/extended"));
    assert_eq!(world.loaded.lock().unwrap().waits[0].deadline_at, "2026-05-26T09:30:00Z");
    let second = handle(&world, &request("POST", &path, "")).await;
    assert!(second.headers()["location"].to_str().unwrap().ends_with("/result/extended-before"));
    assert_eq!(world.noted("wait.extended"), 1);
    assert_eq!(world.outcome(), None, "the wait is still open");
}

#[tokio::test]
async fn the_other_person_has_who_is_waited_for_reminded_once_a_day() {
    let world = small(WaitKind::Confirm);
    let path = paths::remind(&link(Actor::PartnerAdmin));
    let own = handle(&world, &request("POST", &paths::remind(&link(Actor::Owner)), "")).await;
    assert!(location(&own).ends_with("/result/moved-on"), "nobody reminds themself");
    assert_eq!(handle(&world, &request("GET", &path, "")).await.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(world.noted("wait.reminded"), 0);
    let first = handle(&world, &request("POST", &path, "")).await;
    assert!(location(&first).ends_with("/result/reminded"));
    assert_eq!(*world.mails.lock().unwrap(), [(Actor::Owner, "reminder")]);
    // A mail of less than a day ago is enough.
    let mailed = |hours: i64| {
        let at = now() - jiff::SignedDuration::from_hours(hours);
        world.loaded.lock().unwrap().mails = vec![store::OutboxMail {
            onboarding_id: meta().onboarding_id,
            template: "reminder".into(),
            actor: Actor::Owner,
            args: serde_json::Value::Null,
            created_at: at.to_string(),
            sent_at: None,
            message_id: None,
        }];
    };
    for (hours, result, count) in [(0, "reminded-before", 1), (23, "reminded-before", 1), (24, "reminded", 2)] {
        mailed(hours);
        let answer = handle(&world, &request("POST", &path, "")).await;
        assert!(location(&answer).ends_with(&format!("/result/{result}")), "{hours} h: {}", location(&answer));
        assert_eq!(world.noted("wait.reminded"), count);
    }
    assert_eq!(world.outcome(), None, "the wait is still open");
}

#[tokio::test]
async fn nobody_else_gets_more_time_for_a_person() {
    let world = small(WaitKind::Confirm);
    let path = format!("/o/{}/extend", link(Actor::PartnerAdmin));
    let answer = handle(&world, &request("POST", &path, "")).await;
    assert!(answer.headers()["location"].to_str().unwrap().ends_with("/result/moved-on"));
    assert_eq!(world.noted("wait.extended"), 0);
}

#[tokio::test]
async fn a_part_that_is_handed_on_counts_for_the_other_person_only() {
    let world = small(WaitKind::Confirm);
    let path = format!("/o/{}/forward", link(Actor::Owner));
    for (typed, id) in [("nobody", "Input.Invalid"), ("rosa@outlook.com", "Forward.SamePerson")] {
        let answer = handle(&world, &request("POST", &path, &format!("email={typed}"))).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.body().contains(id) && answer.body().contains(typed));
    }
    let answer = handle(&world, &request("POST", &path, "email=Jo%40fabrikam.com")).await;
    assert_eq!(answer.headers()["location"], "/problem/handed-over");
    let meta = world.meta();
    assert_eq!(
        (meta.owner_email.as_str(), meta.owner_oid.as_ref(), meta.owner_contact.links),
        ("jo@fabrikam.com", None, 1)
    );
    assert_eq!(world.noted("person.handed-over"), 1);
    assert_eq!(*world.mails.lock().unwrap(), [(Actor::Owner, "your-turn"), (Actor::PartnerAdmin, "handed-over")]);
    // The old link reads nothing and does nothing any more.
    for (method, action) in [("GET", "forward"), ("POST", "forward"), ("GET", "confirm"), ("POST", "cancel")] {
        let path = format!("/o/{}/{action}", link(Actor::Owner));
        let answer = handle(&world, &request(method, &path, "email=x%40fabrikam.com")).await;
        assert_eq!(answer.status(), StatusCode::GONE, "{method} {action}");
        assert!(answer.body().contains("Link.Superseded"));
    }
    assert_eq!(world.meta().ver, meta.ver);
}

#[tokio::test]
async fn after_the_move_and_with_an_open_invitation_a_part_stays_where_it_is() {
    for (change, said) in [
        (Box::new(|meta: &mut Meta| meta.moved = true) as Box<dyn Fn(&mut Meta)>, "has moved"),
        (Box::new(|meta: &mut Meta| meta.guest_invited = true), "invited as a guest"),
    ] {
        let world = small(WaitKind::Confirm).with(|loaded| change(&mut loaded.meta));
        let path = format!("/o/{}/forward", link(Actor::Owner));
        for method in ["GET", "POST"] {
            let answer = handle(&world, &request(method, &path, "email=jo%40fabrikam.com")).await;
            assert_eq!(answer.status(), StatusCode::CONFLICT);
            assert!(answer.body().contains(said));
        }
        assert_eq!(world.meta().owner_email, "rosa@outlook.com");
    }
}

/// An onboarding that is done, with something left to do for both.
fn done() -> Small {
    small(WaitKind::Confirm).with(|loaded| {
        loaded.meta.status = Status::Done;
        loaded.meta.moved = true;
        loaded.meta.open_wait = None;
        let since = "2026-05-11T10:00:00Z".parse().unwrap();
        loaded.to_dos = [Actor::Owner, Actor::PartnerAdmin].map(|who| ToDo::of(who, None, 0, since)).into();
    })
}

fn list_of(world: &Small, who: Actor) -> ToDo {
    world.loaded.lock().unwrap().to_do(who).unwrap().clone()
}

async fn tick(world: &Small, link: &str, item: &str, how: &str) -> Answer {
    handle(world, &request("POST", &paths::to_do(link), &format!("item={item}&how={how}"))).await
}

#[tokio::test]
async fn a_person_ticks_off_their_own_takes_it_back_and_the_trail_says_so() {
    let (world, kim) = (done(), link(Actor::PartnerAdmin));
    *world.conflicts.lock().unwrap() = 1;
    let answer = tick(&world, &kim, to_do::SECRETS, "done").await;
    assert_eq!((answer.status(), location(&answer)), (StatusCode::SEE_OTHER, format!("/o/{kim}#to-do").as_str()));
    tick(&world, &kim, to_do::POLICY, "not-needed").await;
    let list = list_of(&world, Actor::PartnerAdmin);
    assert_eq!((list.open().count(), list.due_at), (0, None));
    assert_eq!(list.items[0].ticked.unwrap().how, to_do::How::NotNeeded);
    // A second press of the same button is nothing new.
    tick(&world, &kim, to_do::POLICY, "not-needed").await;
    tick(&world, &kim, to_do::POLICY, "open").await;
    assert_eq!(list_of(&world, Actor::PartnerAdmin).due_at, Some("2026-05-13T10:00:00Z".parse().unwrap()));
    let notes = world.notes.lock().unwrap();
    let actions: Vec<_> = notes.iter().map(|(action, detail)| (*action, detail["item"].as_str().unwrap())).collect();
    assert_eq!(
        actions,
        [("to-do.done", to_do::SECRETS), ("to-do.not-needed", to_do::POLICY), ("to-do.reopened", to_do::POLICY)]
    );
    assert_eq!(list_of(&world, Actor::Owner).open().count(), 1, "the owner's own is theirs");
}

#[tokio::test]
async fn nobody_ticks_off_what_is_not_theirs_and_looking_is_not_ticking() {
    let world = done();
    let (rosa, viewer) = (link(Actor::Owner), LinkKey::new(KEY).unwrap().link(&id(), LinkRole::Viewer));
    for (item, how) in [(to_do::SECRETS, "done"), ("nothing", "done"), (to_do::POLICY, "burnt"), ("", "")] {
        assert!(location(&tick(&world, &rosa, item, how).await).ends_with("/moved-on"), "{item} {how}");
    }
    assert_eq!(tick(&world, &viewer, to_do::POLICY, "done").await.status(), StatusCode::FORBIDDEN);
    let mut foreign = request("POST", &paths::to_do(&rosa), "item=policy-exceptions&how=done");
    foreign.headers_mut().insert("origin", "https://contoso.com".parse().unwrap());
    assert_eq!(handle(&world, &foreign).await.status(), StatusCode::FORBIDDEN);
    let read = handle(&world, &request("GET", &paths::to_do(&rosa), "")).await;
    assert_eq!((read.status(), &read.headers()["allow"]), (StatusCode::METHOD_NOT_ALLOWED, &"POST".parse().unwrap()));
    assert!(world.notes.lock().unwrap().is_empty());
}

#[tokio::test]
async fn how_it_went_is_kept_and_can_be_changed_and_its_text_is_not_in_the_trail() {
    let (world, rosa) = (done(), link(Actor::Owner));
    let say = async |body: &str| handle(&world, &request("POST", &paths::feedback(&rosa), body)).await;
    let answer = say("felt=hard&text=%3Cb%3EKim%3C%2Fb%3E%0D%0Awas+late").await;
    assert_eq!(location(&answer), format!("/o/{rosa}#feedback"));
    say("felt=hard&text=%3Cb%3EKim%3C%2Fb%3E%0D%0Awas+late").await;
    say("felt=mostly&text=").await;
    let felt = world.loaded.lock().unwrap().feedback.clone();
    assert_eq!((felt.len(), felt[0].felt, felt[0].text.as_str()), (1, Felt::Mostly, ""));
    let notes = world.notes.lock().unwrap().clone();
    assert_eq!(notes, [("feedback.given", json!({"felt": "hard"})), ("feedback.given", json!({"felt": "mostly"}))]);
    let wrong = say(&format!("text={}", "x".repeat(1001))).await;
    assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.body().contains("Choose one") && wrong.body().contains("1000 characters"));
}

#[tokio::test]
async fn how_it_went_is_asked_of_the_two_people_and_when_it_is_done() {
    let viewer = LinkKey::new(KEY).unwrap().link(&id(), LinkRole::Viewer);
    let answer = handle(&done(), &request("POST", &paths::feedback(&viewer), "felt=well")).await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    let world = small(WaitKind::Confirm);
    let early = handle(&world, &request("POST", &paths::feedback(&link(Actor::Owner)), "felt=well")).await;
    assert!(location(&early).ends_with("/moved-on"));
    assert!(world.loaded.lock().unwrap().feedback.is_empty());
}
