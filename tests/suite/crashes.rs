//! A function's process may die at any moment. Each is killed where it hurts most: after it has changed something at
//! Microsoft and before it has recorded it, and again after the record and before anybody was told. The association
//! must end as if nothing had happened: the same record, the same subscription, the same effects, each of them once.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context as _, Result, ensure};
use local::{Crash, CrashMoment, Planned, Stack};
use onboarding::{OnboardingId, Step};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::world::{CONFIRM, Case, OWNER_SIGN_IN, Onboarding, PARTNER_SIGN_IN, PATIENCE, run, until};

/// A record that a function makes: the function, and texts that only this record holds.
type Mark = (&'static str, &'static [&'static str]);

const REGISTERED: Mark = ("register", &["UNIQ#REQ#"]);
const OWNER_ASKED: Mark = ("request-sign-in", &["WAIT#", "use-existing-directory"]);
const PARTNER_ASKED: Mark = ("request-sign-in", &["WAIT#", "associate-credentials"]);
const REVIEW_ASKED: Mark = ("request-sign-in", &["WAIT#", "assess-impact"]);
const CONFIRMATION_ASKED: Mark = ("request-sign-in", &["WAIT#", "map-directory"]);
const DIRECTORY_FOUND: Mark = ("use-existing-directory", &["STEP#00#use-existing-directory"]);
const GUEST_INTENDED: Mark = ("associate-credentials", &["guestInvited"]);
const PARTNER_PROVED: Mark = ("associate-credentials", &["STEP#01#associate-credentials"]);
const IMPACT_ASSESSED: Mark = ("assess-impact", &["STEP#02#assess-impact"]);
const REQUEST_INTENDED: Mark = ("map-directory", &["requestSent"]);
const ACCEPT_INTENDED: Mark = ("map-directory", &["acceptIntendedAt"]);
const DIRECTORY_MAPPED: Mark = ("map-directory", &["STEP#03#map-directory"]);
const ADMINISTRATOR_ADDED: Mark = ("add-administrator", &["STEP#04#add-administrator"]);
const ACCESS_RESTORED: Mark = ("restore-access", &["STEP#05#restore-access"]);
const CHANGES_CONFIRMED: Mark = ("confirm-changes", &["STEP#06#confirm-changes"]);
const RELEASED: Mark = ("release", &["onboarding.ended"]);

/// Every record on the way of a route.
const TWO_PARTY: [Mark; 15] = [
    REGISTERED,
    OWNER_ASKED,
    DIRECTORY_FOUND,
    PARTNER_ASKED,
    PARTNER_PROVED,
    IMPACT_ASSESSED,
    REVIEW_ASKED,
    CONFIRMATION_ASKED,
    REQUEST_INTENDED,
    ACCEPT_INTENDED,
    DIRECTORY_MAPPED,
    ADMINISTRATOR_ADDED,
    ACCESS_RESTORED,
    CHANGES_CONFIRMED,
    RELEASED,
];

/// Those that the other route makes in its own way.
const SINGLE_ACCOUNT: [Mark; 6] =
    [GUEST_INTENDED, PARTNER_PROVED, ACCEPT_INTENDED, DIRECTORY_MAPPED, ADMINISTRATOR_ADDED, CHANGES_CONFIRMED];

#[derive(Clone, Copy, PartialEq)]
enum Route {
    TwoParty,
    SingleAccount,
}

/// An onboarding whose id is known before its first function runs.
fn prepare(case: &Case, route: Route) -> Result<Onboarding> {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let mut onboarding = case.onboarding()?;
    if route == Route::SingleAccount {
        onboarding = onboarding.single_account();
    }
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    onboarding.id = OnboardingId::from_parts(1_790_000_000_000, u128::from(number)).to_string();
    Ok(onboarding)
}

async fn start(stack: &Stack, onboarding: &mut Onboarding) -> Result<()> {
    let mut input = onboarding.input();
    input["onboardingId"] = onboarding.id.as_str().into();
    onboarding.execution = stack.start_execution(&format!("onb-{}", onboarding.id), &input).await?;
    Ok(())
}

fn plan(stack: &Stack, onboarding: &Onboarding, mark: Mark, moment: CrashMoment) -> Planned {
    let (function, texts) = mark;
    let mut about: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
    about.push(onboarding.id.clone());
    stack.plan_crash(Crash { function: function.to_owned(), action: "TransactWriteItems".to_owned(), about, moment })
}

/// What was queued was sent; each mail with its recipient, without the onboarding's reference in its subject.
async fn mails(onboarding: &Onboarding) -> Result<Vec<String>> {
    until("every mail is sent", PATIENCE, async || {
        let record = onboarding.record().await?;
        let unsent = record.iter().any(|(key, mail)| key.starts_with("OUT#") && mail["sentAt"].is_null());
        Ok((!unsent).then_some(()))
    })
    .await?;
    let words = |subject: &str| subject.split_once("] ").map_or(subject, |(_, words)| words).to_owned();
    let mut mails: Vec<String> = onboarding
        .mails()
        .await?
        .into_iter()
        .map(|mail| format!("{}: {}", mail.to.join(", "), words(&mail.subject)))
        .collect();
    mails.sort();
    Ok(mails)
}

/// What must be the same however often a process died: where everything is, what is recorded, what happened how often.
async fn outcome(onboarding: &Onboarding) -> Result<Value> {
    let record = onboarding.record().await?;
    let meta = &record["META"];
    let mut steps = BTreeMap::new();
    for step in Step::ALL {
        let record = record.get(&store::keys::step(*step)).with_context(|| format!("no record of {step}"))?;
        let mut result = record["result"].clone();
        if let Some(facts) = result.as_object_mut() {
            // Of other ids another hash; and whether the role was there already depends on who looks.
            facts.retain(|name, _| !name.to_lowercase().ends_with("hash") && name != "how");
        }
        steps.insert(step.as_str(), json!({ "state": record["state"], "error": record["error"], "result": result }));
    }
    let waits: Vec<Value> = record
        .iter()
        .filter(|(key, _)| key.starts_with("WAIT#"))
        .map(|(_, wait)| json!({ "kind": wait["kind"], "actor": wait["actor"], "outcome": wait["outcome"] }))
        .collect();
    let mut audit = onboarding.audit().await?;
    onboarding::audit::verify(&audit).map_err(|broken| anyhow::anyhow!("the audit trail is broken: {broken:?}"))?;
    audit.retain(|entry| entry.action == "step.done");

    let subscription = onboarding.at_microsoft().await?;
    let users = onboarding.users(&onboarding.pair.partner_tenant).await?;
    let name_of = |oid: &Value| {
        let user = users.iter().find(|user| user["oid"] == *oid);
        user.map_or_else(|| oid.to_string(), |user| user["email"].to_string())
    };
    // A custom role that was made again has an id that is made of the subscription's.
    let custom = subscription["customRoles"].as_array().cloned().unwrap_or_default();
    let role_of = |id: &Value| custom.iter().find(|it| it["name"] == *id).map_or(id, |it| &it["roleName"]).clone();
    let mut roles: Vec<String> = subscription["roleAssignments"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|role| {
            format!("{} is {} of {}", name_of(&role["principalId"]), role_of(&role["roleDefinitionId"]), role["scope"])
        })
        .collect();
    roles.sort();
    let mut guests: Vec<String> = users
        .iter()
        .map(|user| format!("{} is {}, invited: {}", user["email"], user["userType"], user["invited"]))
        .collect();
    guests.sort();
    let mut effects = onboarding.effects().await?;
    // A step that is repeated gets itself new access tokens.
    effects.remove("token-issued");
    // It changes nothing, so asking again is free.
    effects.entry("what-if-asked".to_owned()).and_modify(|asked| *asked = (*asked).min(1));
    let mails = mails(onboarding).await?;
    let outcome = json!({
        "ending": meta["ending"], "status": meta["status"], "moved": meta["moved"], "error": meta["error"],
        "guestInvited": meta["guestInvited"], "undone": meta["undone"], "openWait": meta["openWait"],
        "steps": steps, "waits": waits, "stepsDone": audit.len(),
        "credentials": record.keys().filter(|key| key.starts_with("CRED#")).count(),
        "locks": onboarding.locks().await?.len(),
        "directory": subscription["tenantId"], "pending": subscription["pendingRequest"],
        "roles": roles, "partnerDirectory": guests, "effects": effects, "mails": mails,
    });
    Ok(serde_json::from_str(&onboarding.pair.anonymous(&outcome.to_string()))?)
}

/// The outcome of a run in which nothing happens, once for each route.
async fn undisturbed(case: &Case, route: Route) -> Result<&'static Value> {
    static UNDISTURBED: [OnceCell<Value>; 2] = [OnceCell::const_new(), OnceCell::const_new()];
    UNDISTURBED[usize::from(route == Route::SingleAccount)]
        .get_or_try_init(|| async {
            let mut onboarding = prepare(case, route)?;
            start(case.stack(), &mut onboarding).await?;
            onboarding.associate().await?;
            outcome(&onboarding).await
        })
        .await
}

/// What an undisturbed run itself must look like, so that sameness means something.
fn is_right(route: Route, outcome: &Value) -> Result<()> {
    let effects = &outcome["effects"];
    for (effect, times) in [
        ("change-tenant-request-initiated", 1),
        ("change-tenant-request-accepted", 1),
        ("directory-changed", 1),
        ("role-assignments-wiped", 1),
        // The acceptor becomes Owner by accepting; the partner admin, if somebody else, by our assignment; and four were restored.
        ("role-assignment-created", if route == Route::TwoParty { 5 } else { 6 }),
        ("role-definition-created", 2),
        ("invitation-created", usize::from(route == Route::SingleAccount)),
        ("invitation-redeemed", usize::from(route == Route::SingleAccount)),
        ("invitation-repeated", 0),
        ("guest-deleted", 0),
        ("change-tenant-request-deleted", 0),
        ("role-assignment-deleted", 0),
        ("wrong-tenant-token", 0),
    ] {
        let counted = effects[effect].as_u64().unwrap_or_default();
        ensure!(counted == times as u64, "{effect}: {counted} times and not {times}; {effects}");
    }
    ensure!(outcome["ending"] == "done" && outcome["moved"] == true, "{outcome:#}");
    ensure!(outcome["stepsDone"] == 7 && outcome["credentials"] == 0 && outcome["locks"] == 0, "{outcome:#}");
    Ok(())
}

/// Names what is different, not everything.
fn same(expected: &Value, found: &Value) -> Result<()> {
    let fields = expected.as_object().into_iter().flatten();
    let different: Vec<String> = fields
        .filter(|(name, value)| found[name.as_str()] != **value)
        .map(|(name, value)| format!("{name}:\n  undisturbed {value}\n  after crash {}", found[name.as_str()]))
        .collect();
    ensure!(different.is_empty(), "{}", different.join("\n"));
    Ok(())
}

/// Associates while the process behind each mark is killed once.
fn survives(route: Route, moment: CrashMoment, marks: &[Mark]) -> Result<()> {
    run(async |case| {
        let expected = undisturbed(case, route).await?;
        is_right(route, expected)?;
        let mut onboarding = prepare(case, route)?;
        let planned: Vec<(Mark, Planned)> =
            marks.iter().map(|mark| (*mark, plan(case.stack(), &onboarding, *mark, moment))).collect();
        start(case.stack(), &mut onboarding).await?;
        onboarding.associate().await?;
        for (mark, planned) in &planned {
            ensure!(planned.killed().is_some(), "nothing was killed at {mark:?}");
        }
        // Every kill is a failed attempt that the state machine saw, and nothing else failed.
        let history = case.stack().history(&onboarding.execution).await?;
        let failed: Vec<&Value> = history
            .iter()
            .filter(|event| event["type"] == "TaskFailed")
            .map(|event| &event["taskFailedEventDetails"]["error"])
            .filter(|error| **error != "DynamoDb.ConditionalCheckFailedException")
            .collect();
        ensure!(
            failed.len() == marks.len() && failed.iter().all(|error| **error == "Runtime.ExitError"),
            "these attempts failed: {failed:?}"
        );
        same(expected, &outcome(&onboarding).await?)
    })
}

fn killed_before(route: Route, mark: Mark) -> Result<()> {
    survives(route, CrashMoment::BeforeTheCall, &[mark])
}

#[test]
fn register_killed_before_its_record_registers_once() -> Result<()> {
    killed_before(Route::TwoParty, REGISTERED)
}

#[test]
fn request_sign_in_killed_before_its_record_asks_once() -> Result<()> {
    killed_before(Route::TwoParty, PARTNER_ASKED)
}

#[test]
fn use_existing_directory_killed_before_its_record_changes_nothing() -> Result<()> {
    killed_before(Route::TwoParty, DIRECTORY_FOUND)
}

#[test]
fn associate_credentials_killed_before_its_record_changes_nothing() -> Result<()> {
    killed_before(Route::TwoParty, PARTNER_PROVED)
}

#[test]
fn associate_credentials_killed_after_its_invitation_invites_nobody_twice() -> Result<()> {
    killed_before(Route::SingleAccount, PARTNER_PROVED)
}

#[test]
fn assess_impact_killed_before_its_record_changes_nothing() -> Result<()> {
    killed_before(Route::TwoParty, IMPACT_ASSESSED)
}

#[test]
fn map_directory_killed_before_it_records_its_wish_to_request_requests_once() -> Result<()> {
    killed_before(Route::TwoParty, REQUEST_INTENDED)
}

#[test]
fn map_directory_killed_after_its_request_requests_and_accepts_once() -> Result<()> {
    killed_before(Route::TwoParty, ACCEPT_INTENDED)
}

#[test]
fn map_directory_killed_after_its_acceptance_accepts_once() -> Result<()> {
    killed_before(Route::TwoParty, DIRECTORY_MAPPED)
}

#[test]
fn map_directory_killed_after_its_acceptance_accepts_once_as_the_owner_too() -> Result<()> {
    killed_before(Route::SingleAccount, DIRECTORY_MAPPED)
}

#[test]
fn add_administrator_killed_before_its_record_changes_nothing_where_the_admin_is_owner_already() -> Result<()> {
    killed_before(Route::TwoParty, ADMINISTRATOR_ADDED)
}

#[test]
fn add_administrator_killed_after_its_assignment_assigns_once() -> Result<()> {
    killed_before(Route::SingleAccount, ADMINISTRATOR_ADDED)
}

#[test]
fn restore_access_killed_before_its_record_makes_nothing_twice() -> Result<()> {
    killed_before(Route::TwoParty, ACCESS_RESTORED)
}

#[test]
fn confirm_changes_killed_before_its_record_changes_nothing() -> Result<()> {
    killed_before(Route::TwoParty, CHANGES_CONFIRMED)
}

#[test]
fn release_killed_before_its_record_releases_everything() -> Result<()> {
    killed_before(Route::TwoParty, RELEASED)
}

#[test]
fn every_function_killed_after_its_record_on_one_way_does_nothing_twice() -> Result<()> {
    survives(Route::TwoParty, CrashMoment::AfterTheCall, &TWO_PARTY)
}

#[test]
fn every_function_killed_after_its_record_on_the_single_account_way_does_nothing_twice() -> Result<()> {
    survives(Route::SingleAccount, CrashMoment::AfterTheCall, &SINGLE_ACCOUNT)
}

/// The acceptance is the point of no return: a lost answer is read back, never repeated on a guess.
fn accept_whose_answer_is_lost(route: Route) -> Result<()> {
    run(async |case| {
        let expected = undisturbed(case, route).await?;
        let mut onboarding = prepare(case, route)?;
        let fault = json!({
            "operation": "arm.acceptChangeTenant", "pathContains": onboarding.pair.subscription,
            "effect": { "kind": "lost-answer" },
        });
        case.stack().control_post("faults", &fault).await?;
        start(case.stack(), &mut onboarding).await?;
        onboarding.associate().await?;
        let left = case.stack().control("faults").await?;
        ensure!(!left.to_string().contains(&onboarding.pair.subscription), "no answer was lost: {left}");
        same(expected, &outcome(&onboarding).await?)
    })
}

#[test]
fn an_acceptance_whose_answer_is_lost_is_not_repeated() -> Result<()> {
    accept_whose_answer_is_lost(Route::TwoParty)
}

#[test]
fn an_acceptance_whose_answer_is_lost_is_not_repeated_as_the_owner_either() -> Result<()> {
    accept_whose_answer_is_lost(Route::SingleAccount)
}

#[test]
fn an_acceptance_that_never_arrived_is_made_again() -> Result<()> {
    run(async |case| {
        let expected = undisturbed(case, Route::TwoParty).await?;
        let mut onboarding = prepare(case, Route::TwoParty)?;
        let fault = json!({
            "operation": "arm.acceptChangeTenant", "pathContains": onboarding.pair.subscription,
            "effect": { "kind": "lost-request" },
        });
        case.stack().control_post("faults", &fault).await?;
        start(case.stack(), &mut onboarding).await?;
        onboarding.associate().await?;
        same(expected, &outcome(&onboarding).await?)
    })
}

#[test]
fn a_process_killed_between_its_intent_and_an_acceptance_whose_answer_is_lost_accepts_once() -> Result<()> {
    run(async |case| {
        let expected = undisturbed(case, Route::TwoParty).await?;
        let mut onboarding = prepare(case, Route::TwoParty)?;
        // The first attempt leaves nothing but its intent; the second asks Microsoft, accepts, and hears nothing of it.
        let fault = json!({
            "operation": "arm.acceptChangeTenant", "pathContains": onboarding.pair.subscription,
            "effect": { "kind": "lost-answer" },
        });
        case.stack().control_post("faults", &fault).await?;
        let planned = plan(case.stack(), &onboarding, ACCEPT_INTENDED, CrashMoment::AfterTheCall);
        start(case.stack(), &mut onboarding).await?;
        onboarding.associate().await?;
        ensure!(planned.killed().is_some(), "nothing was killed");
        let left = case.stack().control("faults").await?;
        ensure!(!left.to_string().contains(&onboarding.pair.subscription), "no answer was lost: {left}");
        same(expected, &outcome(&onboarding).await?)
    })
}

#[test]
fn a_callback_killed_before_it_records_the_sign_in_leaves_the_link_usable() -> Result<()> {
    run(async |case| {
        let mut onboarding = prepare(case, Route::TwoParty)?;
        let sealing: Mark = ("sign-in", &["CRED#owner#source"]);
        let planned = plan(case.stack(), &onboarding, sealing, CrashMoment::BeforeTheCall);
        start(case.stack(), &mut onboarding).await?;
        let mail = onboarding.owner.wait_for_mail(case.stack(), OWNER_SIGN_IN, PATIENCE).await?;
        let page = onboarding.owner.sign_in_from(case.stack(), &mail, &local::Manner::default()).await?;
        ensure!(planned.killed().is_some(), "nothing was killed");
        ensure!(page.status >= 500, "nothing was recorded, but the person reads: {}", page.summary());
        onboarding.waits_for("sign-in", "owner").await?;

        // The same link, as the mail said.
        let page = onboarding.owner.sign_in_from(case.stack(), &mail, &local::Manner::default()).await?;
        ensure!(page.status == 200, "the second sign-in was refused: {}", page.summary());
        onboarding.partner_acts(PARTNER_SIGN_IN).await?;
        onboarding.owner_acts(CONFIRM).await?;
        onboarding.ended("done").await?;
        let done = outcome(&onboarding).await?;
        // Signed in once more than usual, and otherwise the same.
        let mut expected = undisturbed(case, Route::TwoParty).await?.clone();
        expected["effects"]["signed-in"] = (expected["effects"]["signed-in"].as_u64().unwrap_or_default() + 1).into();
        same(&expected, &done)
    })
}

#[test]
fn a_crash_while_an_onboarding_is_undone_leaves_nothing_behind() -> Result<()> {
    run(async |case| {
        let mut onboarding = prepare(case, Route::SingleAccount)?;
        let planned = plan(case.stack(), &onboarding, RELEASED, CrashMoment::BeforeTheCall);
        start(case.stack(), &mut onboarding).await?;
        onboarding.owner_acts(OWNER_SIGN_IN).await?;
        onboarding.partner_acts(PARTNER_SIGN_IN).await?;
        let wait = onboarding.waits_for("confirm", "owner").await?;
        let link = onboarding.owner_link().await?;
        let page = onboarding.owner.browser.open(format!("{link}/cancel")).await?;
        onboarding.owner.browser.press(&page, "Cancel the onboarding").await?;
        let meta = onboarding.ended("cancelled").await?;
        ensure!(planned.killed().is_some(), "nothing was killed");
        let effects = onboarding.effects().await?;
        ensure!(
            effects.get("invitation-created") == Some(&1) && effects.get("guest-deleted") == Some(&1),
            "{effects:?}"
        );
        ensure!(meta["guestInvited"] == false, "{meta:#}");
        let record = onboarding.record().await?;
        ensure!(!record.keys().any(|key| key.starts_with("CRED#")), "sealed sign-ins are left");
        ensure!(onboarding.locks().await?.is_empty(), "locks are left");
        ensure!(record[&format!("WAIT#{}", wait["waitId"].as_str().unwrap_or_default())]["outcome"] == "cancelled");
        let guest = &onboarding.pair.owner;
        let users = onboarding.users(&onboarding.pair.partner_tenant).await?;
        ensure!(!users.iter().any(|user| user["email"] == guest.as_str()), "the guest is still there: {users:?}");
        Ok(())
    })
}

#[test]
fn notify_killed_before_it_marks_a_mail_as_sent_sends_it_again_rather_than_never() -> Result<()> {
    run(async |case| {
        let mut onboarding = prepare(case, Route::TwoParty)?;
        let about = vec![onboarding.id.clone(), "OUT#".to_owned(), "sentAt".to_owned()];
        let planned = case.stack().plan_crash(Crash {
            function: "notify".to_owned(),
            action: "UpdateItem".to_owned(),
            about,
            moment: CrashMoment::BeforeTheCall,
        });
        start(case.stack(), &mut onboarding).await?;
        until("the mail is sent again and marked", PATIENCE, async || {
            let record = onboarding.record().await?;
            let marked = record.iter().any(|(key, mail)| key.starts_with("OUT#") && mail["sentAt"].is_string());
            Ok((marked && planned.killed().is_some()).then_some(()))
        })
        .await?;
        let mails = onboarding.mails().await?;
        ensure!(mails.len() == 2 && mails[0].subject == mails[1].subject, "{mails:?}");
        ensure!(mails[0].links() == mails[1].links(), "a repeated mail leads elsewhere");
        Ok(())
    })
}
