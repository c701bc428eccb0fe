//! Waiting for a person: nothing a person does is lost, nothing is done twice, and nothing but what is recorded counts.

use anyhow::{Context as _, Result, bail, ensure};
use jiff::{SignedDuration, Timestamp};
use local::{Crash, CrashMoment, Manner, SignInPage, Stack};
use serde_json::{Value, json};

use crate::world::{CONFIRM, OWNER_SIGN_IN, Onboarding, PARTNER_SIGN_IN, PATIENCE, SUBSCRIPTION_NAME, run, until};

pub(crate) const PARK: &str = "Wait for the person";

pub(crate) fn now() -> Timestamp {
    ops::Clock::system().now()
}

/// A day passes: the park's time is over.
async fn time_is_over(stack: &Stack, wait: &Value) -> Result<()> {
    let token = wait["taskToken"].as_str().context("the machine has not parked")?;
    let failure = json!({ "taskToken": token, "error": "States.Timeout", "cause": "a day has passed" });
    stack.aws().call("stepfunctions", "send_task_failure", failure).await.map(drop)
}

/// Moves a time of a record.
pub(crate) async fn set_time(stack: &Stack, wait: &Value, name: &str, at: Timestamp) -> Result<()> {
    let update = json!({
        "TableName": stack.output("OnboardingTable")?,
        "Key": { "pk": { "S": wait["pk"] }, "sk": { "S": wait["sk"] } },
        "UpdateExpression": "SET #name = :at",
        "ConditionExpression": "attribute_exists(#name)",
        "ExpressionAttributeNames": { "#name": name },
        "ExpressionAttributeValues": { ":at": { "S": at.to_string() } },
    });
    stack.aws().call("dynamodb", "update_item", update).await.map(drop)
}

/// A minute passes: the schedule runs the sweep.
pub(crate) async fn sweep(stack: &Stack) -> Result<()> {
    let invoke = json!({ "FunctionName": Stack::function_name("sweep"), "Payload": "{}" });
    let answer = stack.aws().call("lambda", "invoke", invoke).await?;
    ensure!(answer["FunctionError"].is_null(), "the sweep failed: {answer}");
    Ok(())
}

pub(crate) fn count(states: &[String], name: &str) -> usize {
    states.iter().filter(|state| *state == name).count()
}

/// The machine has parked again since the wait was read, on the same wait.
pub(crate) async fn parks_again(onboarding: &Onboarding, before: &Value) -> Result<Value> {
    until("the machine parks again", PATIENCE, async || {
        let record = onboarding.record().await?;
        let wait = record.get(before["sk"].as_str().unwrap_or_default()).context("the wait is gone")?;
        // The emulator gives a retried task its old token, as a machine that is told twice may be: the time is new.
        Ok((wait["tokenAt"] != before["tokenAt"]).then(|| wait.clone()))
    })
    .await
}

#[test]
fn a_forged_signal_changes_nothing_as_long_as_nothing_is_recorded() -> Result<()> {
    run(async |case| {
        let stack = case.stack();
        let mut onboarding = case.onboarding()?;
        onboarding.start_by_form().await?;
        let wait = onboarding.waits_for("sign-in", "owner").await?;
        let forged = json!({ "taskToken": wait["taskToken"], "output": "{\"outcome\":\"signed-in\"}" });
        stack.aws().call("stepfunctions", "send_task_success", forged).await?;
        let again = parks_again(&onboarding, &wait).await?;
        ensure!(again["outcome"].is_null() && again["reminders"] == 0, "{again:#}");
        let states = onboarding.states().await?;
        ensure!(count(&states, "1 Use existing directory") == 0, "the machine believed a signal: {states:?}");
        ensure!(states.ends_with(&["Pause".to_owned(), PARK.to_owned()]), "{states:?}");
        ensure!(onboarding.mails().await?.len() == 1, "somebody was bothered");
        // The person is not kept out by it.
        onboarding.associate().await
    })
}

#[test]
fn a_forged_failure_changes_nothing_either() -> Result<()> {
    run(async |case| {
        let stack = case.stack();
        let mut onboarding = case.onboarding()?;
        onboarding.start_by_form().await?;
        let wait = onboarding.waits_for("sign-in", "owner").await?;
        let forged = json!({ "taskToken": wait["taskToken"], "error": "Wait.Expired", "cause": "forged" });
        stack.aws().call("stepfunctions", "send_task_failure", forged).await?;
        let again = parks_again(&onboarding, &wait).await?;
        ensure!(again["outcome"].is_null(), "{again:#}");
        onboarding.associate().await
    })
}

#[test]
fn an_outcome_that_a_crash_left_unsignalled_is_signalled_by_the_sweep() -> Result<()> {
    run(async |case| {
        let stack = case.stack();
        let mut onboarding = case.onboarding()?;
        onboarding.start_by_form().await?;
        let wait = onboarding.waits_for("sign-in", "owner").await?;
        let killed = stack.plan_crash(Crash {
            function: "sign-in".to_owned(),
            action: "UpdateItem".to_owned(),
            about: vec![onboarding.id.clone(), "outcomeBy".to_owned()],
            moment: CrashMoment::AfterTheCall,
        });
        let mail = onboarding.owner.wait_for_mail(stack, OWNER_SIGN_IN, PATIENCE).await?;
        onboarding.owner.sign_in_from(stack, &mail, &Manner::default()).await?;
        ensure!(killed.killed().is_some(), "nothing was killed");
        let record = onboarding.record().await?;
        let recorded = &record[wait["sk"].as_str().unwrap_or_default()];
        ensure!(recorded["outcome"] == "signed-in", "{recorded:#}");
        sweep(stack).await?;
        let signalled = until("the machine is told", PATIENCE, async || {
            let record = onboarding.record().await?;
            let wait = record[wait["sk"].as_str().unwrap_or_default()].clone();
            Ok(wait["signalledAt"].is_string().then_some(wait))
        })
        .await?;
        ensure!(signalled["taskToken"].is_null(), "a used task token is kept");
        onboarding.partner_acts(PARTNER_SIGN_IN).await?;
        onboarding.owner_acts(CONFIRM).await?;
        onboarding.ended("done").await?;
        ensure!(count(&onboarding.states().await?, "1 Use existing directory") == 1);
        Ok(())
    })
}

#[test]
fn who_does_nothing_for_a_day_is_reminded_once_with_the_same_link() -> Result<()> {
    run(async |case| {
        let stack = case.stack();
        let mut onboarding = case.onboarding()?;
        onboarding.start_by_form().await?;
        let wait = onboarding.waits_for("sign-in", "owner").await?;
        let first = onboarding.owner.wait_for_mail(stack, OWNER_SIGN_IN, PATIENCE).await?;
        set_time(stack, &wait, "dueAt", now() - SignedDuration::from_secs(1)).await?;
        sweep(stack).await?;
        let reminder = onboarding.owner.wait_for_mail(stack, "Reminder: your turn", PATIENCE).await?;
        ensure!(first.links() == reminder.links(), "the reminder leads elsewhere");
        let reminded = onboarding.waits_for("sign-in", "owner").await?;
        ensure!(
            reminded["reminders"] == 1 && reminded["dueAt"].as_str() > Some(now().to_string().as_str()),
            "{reminded:#}"
        );

        // The next minute is no reason to write again, and neither is a parking that ends.
        sweep(stack).await?;
        time_is_over(stack, &reminded).await?;
        let again = parks_again(&onboarding, &reminded).await?;
        ensure!(again["reminders"] == 1 && again["outcome"].is_null(), "{again:#}");
        let states = onboarding.states().await?;
        ensure!(count(&states, "Remind") == 1 && count(&states, PARK) == 2, "{states:?}");

        onboarding.owner.sign_in_from(stack, &reminder, &Manner::default()).await?;
        onboarding.partner_acts(PARTNER_SIGN_IN).await?;
        let reminders = onboarding.mails().await?.into_iter().filter(|mail| mail.subject.contains("Reminder")).count();
        ensure!(reminders == 1, "{reminders} reminders");
        Ok(())
    })
}

#[test]
fn at_the_last_call_both_people_are_told_and_an_answer_still_counts() -> Result<()> {
    run(async |case| {
        let stack = case.stack();
        let mut onboarding = case.onboarding()?;
        onboarding.start_by_form().await?;
        let wait = onboarding.waits_for("sign-in", "owner").await?;
        let mail = onboarding.owner.wait_for_mail(stack, OWNER_SIGN_IN, PATIENCE).await?;
        // Six days have passed, and an hour is left.
        set_time(stack, &wait, "openedAt", now() - SignedDuration::from_hours(6 * 24)).await?;
        set_time(stack, &wait, "deadlineAt", now() + SignedDuration::from_hours(1)).await?;
        set_time(stack, &wait, "dueAt", now() - SignedDuration::from_secs(1)).await?;
        sweep(stack).await?;
        onboarding.owner.wait_for_mail(stack, "Last call", PATIENCE).await?;
        let told = onboarding.partner.wait_for_mail(stack, "has not answered", PATIENCE).await?;
        ensure!(told.text.contains(&onboarding.pair.owner), "{}", told.text);
        // Both once: what comes next is the end.
        sweep(stack).await?;
        let calls = onboarding.audit().await?.iter().filter(|entry| entry.action == "wait.last-call").count();
        ensure!(calls == 1, "{calls} last calls");
        onboarding.owner.sign_in_from(stack, &mail, &Manner::default()).await?.expect_text("Thanks, that worked")?;
        onboarding.waits_for("sign-in", "partner-admin").await?;
        Ok(())
    })
}

/// Nothing of the onboarding is left: no sealed sign-in, no lock, no guest of ours, no pending request.
async fn all_is_undone(onboarding: &Onboarding) -> Result<()> {
    let record = onboarding.record().await?;
    ensure!(!record.keys().any(|key| key.starts_with("CRED#")), "sealed sign-ins are left");
    let locks = onboarding.locks().await?;
    ensure!(locks.is_empty(), "locks are left: {locks:?}");
    let subscription = onboarding.at_microsoft().await?;
    ensure!(subscription["tenantId"] == onboarding.pair.source_tenant.as_str(), "the subscription moved");
    ensure!(subscription["pendingRequest"].is_null(), "a request is left: {subscription:#}");
    let users = onboarding.users(&onboarding.pair.partner_tenant).await?;
    ensure!(!users.iter().any(|user| user["email"] == onboarding.pair.owner.as_str()), "the guest is left: {users:?}");
    Ok(())
}

#[test]
fn a_wait_that_nobody_answers_expires_undone_and_who_comes_late_is_told_so() -> Result<()> {
    run(async |case| {
        let stack = case.stack();
        let mut onboarding = case.onboarding()?.single_account();
        onboarding.start_by_form().await?;
        onboarding.owner_acts(OWNER_SIGN_IN).await?;
        onboarding.partner_acts(PARTNER_SIGN_IN).await?;
        let wait = onboarding.waits_for("confirm", "owner").await?;
        ensure!(onboarding.effects().await?.get("invitation-created") == Some(&1), "there is no guest to undo");

        // The owner is on the way back from Microsoft when the time runs out.
        let mail = onboarding.owner.wait_for_mail(stack, CONFIRM, PATIENCE).await?;
        let manner = Manner { stops_at: Some(SignInPage::Return), ..Manner::default() };
        let on_the_way = onboarding.owner.sign_in_from(stack, &mail, &manner).await?;
        set_time(stack, &wait, "deadlineAt", now() - SignedDuration::from_secs(1)).await?;
        set_time(stack, &wait, "dueAt", now() - SignedDuration::from_secs(1)).await?;
        // The parking would last a week: the deadline is kept all the same.
        sweep(stack).await?;
        onboarding.ended("expired").await?;
        ensure!(onboarding.states().await?.last().map(String::as_str) == Some("Expired"));

        let late = onboarding.owner.browser.follow_redirect(&on_the_way).await?;
        ensure!(late.status == 410 && late.text.contains("ran out of time"), "{}", late.summary());
        let page = onboarding.owner.open_mail(stack, &mail).await?;
        ensure!(!page.offers("Continue to Microsoft"), "a page of an expired onboarding offers a sign-in");
        ensure!(
            page.text.to_lowercase().contains("time ran out") || page.text.contains("xpired"),
            "{}",
            page.summary()
        );

        all_is_undone(&onboarding).await?;
        let effects = onboarding.effects().await?;
        ensure!(effects.get("guest-deleted") == Some(&1), "{effects:?}");
        ensure!(!effects.contains_key("change-tenant-request-initiated"), "{effects:?}");
        onboarding.owner.wait_for_mail(stack, "Expired", PATIENCE).await?;
        onboarding.partner.wait_for_mail(stack, "Expired", PATIENCE).await?;
        Ok(())
    })
}

#[test]
fn a_request_that_nobody_could_accept_in_time_is_taken_back() -> Result<()> {
    run(async |case| {
        let stack = case.stack();
        let mut onboarding = case.onboarding()?;
        let refused = json!({
            "operation": "arm.acceptChangeTenant", "pathContains": onboarding.pair.subscription,
            "effect": { "kind": "status", "status": 401 },
        });
        stack.control_post("faults", &refused).await?;
        onboarding.start_by_form().await?;
        onboarding.owner_acts(OWNER_SIGN_IN).await?;
        onboarding.partner_acts(PARTNER_SIGN_IN).await?;
        onboarding.owner_acts(CONFIRM).await?;
        let wait = onboarding.waits_for("sign-in", "partner-admin").await?;
        ensure!(wait["resume"] == "map-directory", "{wait:#}");
        ensure!(onboarding.at_microsoft().await?["pendingRequest"].is_object(), "there is no request to take back");
        set_time(stack, &wait, "deadlineAt", now() - SignedDuration::from_secs(1)).await?;
        time_is_over(stack, &wait).await?;
        let meta = onboarding.ended("expired").await?;
        all_is_undone(&onboarding).await?;
        let effects = onboarding.effects().await?;
        ensure!(effects.get("change-tenant-request-deleted") == Some(&1), "{effects:?}");
        ensure!(meta["undone"][0]["result"] == "undone", "{meta:#}");
        Ok(())
    })
}

#[test]
fn what_a_person_must_fix_is_looked_at_again_by_the_sweep_when_it_is_due_and_not_before() -> Result<()> {
    run(async |case| {
        let stack = case.stack();
        let mut onboarding = case.onboarding()?;
        let policy = format!("policies/{}", onboarding.pair.source_tenant);
        stack.control_post(&policy, &json!({ "leaving": "block" })).await?;
        onboarding.start_by_form().await?;
        onboarding.owner_acts(OWNER_SIGN_IN).await?;
        let wait = onboarding.waits_for("fix", "owner").await?;
        ensure!(wait["reason"] == "Policy.LeavingBlocked" && wait["dueAt"].is_string(), "{wait:#}");
        // What was asked for is written with the wait; the mail itself is on its way.
        onboarding.owner_reads_fix("doesn't let subscriptions leave").await?;

        sweep(stack).await?;
        let early = onboarding.waits_for("fix", "owner").await?;
        ensure!(early["sk"] == wait["sk"], "it was looked at before its time");

        // Due, and still blocked: the same question to the same person, without another mail.
        set_time(stack, &wait, "dueAt", now() - SignedDuration::from_secs(1)).await?;
        sweep(stack).await?;
        let second = until("the next wait opens", PATIENCE, async || {
            let second = onboarding.waits_for("fix", "owner").await?;
            Ok((second["sk"] != wait["sk"]).then_some(second))
        })
        .await?;
        let asked = onboarding.mails().await?.into_iter().filter(|mail| mail.is_to(&onboarding.pair.owner)).count();
        ensure!(asked == 2, "a sign-in and one request to fix make two mails, not {asked}");

        // Due, and allowed meanwhile.
        stack.control_post(&policy, &json!({ "leaving": "allow" })).await?;
        set_time(stack, &second, "dueAt", now() - SignedDuration::from_secs(1)).await?;
        sweep(stack).await?;
        onboarding.partner_acts(PARTNER_SIGN_IN).await?;
        onboarding.owner_acts(CONFIRM).await?;
        onboarding.ended("done").await?;
        let states = onboarding.states().await?;
        ensure!(count(&states, "Sign in with the Azure account") == 1, "the owner had to sign in again: {states:?}");
        ensure!(count(&states, "1 Use existing directory") == 3, "{states:?}");
        Ok(())
    })
}

/// What makes a step's sign-in worthless.
enum Dies {
    /// So many refreshes of the tenant after the first sign-in or the confirmation's beginning.
    AtRefresh { of_owner: bool, skip: u32 },
    /// Revoked while the people are at this point.
    WhileWaiting { of_owner: bool },
    /// The partner admin's, revoked while Azure takes its time to accept the move.
    WhileItMoves,
}

/// Loses a sign-in in the middle, and checks that exactly the step that needed it was continued.
async fn loses_a_sign_in(
    onboarding: &mut Onboarding,
    stack: &Stack,
    dies: (&str, Dies),
    step: &str,
    asks: &str,
) -> Result<()> {
    let (before, dies) = dies;
    let mut asked_owner = false;
    for (mail, is_owner) in [(OWNER_SIGN_IN, true), (PARTNER_SIGN_IN, false), (CONFIRM, true)] {
        if mail == before {
            // The wait is open and everything before it is done.
            onboarding
                .waits_for(
                    if mail == CONFIRM { "confirm" } else { "sign-in" },
                    if is_owner { "owner" } else { "partner-admin" },
                )
                .await?;
            let (owner, partner) = (onboarding.pair.owner.clone(), onboarding.pair.partner_admin.clone());
            match dies {
                Dies::AtRefresh { of_owner, skip } => {
                    let tenant =
                        if of_owner { &onboarding.pair.source_tenant } else { &onboarding.pair.partner_tenant };
                    let fault = json!({
                        "operation": "login.token", "pathContains": tenant, "skip": skip,
                        "effect": { "kind": "status", "status": 400, "code": "AADSTS50173" },
                    });
                    stack.control_post("faults", &fault).await?;
                    asked_owner = of_owner;
                }
                Dies::WhileItMoves => {
                    let slow = json!({
                        "operation": "arm", "pathContains": format!("{}/acceptChangeTenant", onboarding.pair.subscription),
                        "effect": { "kind": "slow", "ms": 3000 },
                    });
                    stack.control_post("faults", &slow).await?;
                }
                Dies::WhileWaiting { of_owner } => {
                    let email = if of_owner { owner } else { partner };
                    let revoked = stack.control_post(&format!("users/{email}/revoke"), &json!({})).await?;
                    ensure!(revoked["revoked"].as_u64() > Some(0), "nothing was revoked");
                    asked_owner = of_owner;
                }
            }
        }
        if is_owner {
            onboarding.owner_acts(mail).await?
        } else {
            onboarding.partner_acts(mail).await?
        };
        if mail == before && matches!(dies, Dies::WhileItMoves) {
            until("the acceptance is intended", PATIENCE, async || {
                Ok(onboarding.meta().await?["acceptIntendedAt"].is_string().then_some(()))
            })
            .await?;
            let email = onboarding.pair.partner_admin.clone();
            stack.control_post(&format!("users/{email}/revoke"), &json!({})).await?;
        }
        if mail == before {
            let words = if asked_owner { OWNER_SIGN_IN } else { PARTNER_SIGN_IN };
            if asked_owner {
                onboarding.owner_acts(words).await?
            } else {
                onboarding.partner_acts(words).await?
            };
        }
    }
    onboarding.ended("done").await?;
    let states = onboarding.states().await?;
    for each in [
        "1 Use existing directory",
        "2 Associate the Partner Center credentials",
        "Assess impact",
        "3 Map the directory",
        "4 Add the administrator",
        "5 Confirm your changes",
    ] {
        let again = usize::from(each == step);
        // Steps that wait for Microsoft come back by themselves, but never through a person.
        let by_themselves =
            states.windows(2).filter(|two| two[0].starts_with("Wait for ") && two[1] == each && two[0] != PARK).count();
        ensure!(count(&states, each) - by_themselves == 1 + again, "{each}: {states:?}");
    }
    let at = states.iter().position(|state| state == asks).with_context(|| format!("nobody was asked: {states:?}"))?;
    ensure!(count(&states, asks) == 1, "{states:?}");
    ensure!(states[at - 1] == step, "{asks} came after {}", states[at - 1]);
    let on = states.get(at + 1..at + 5).map(|on| on.iter().map(String::as_str).collect::<Vec<_>>());
    ensure!(on == Some(vec![PARK, "Load outcome", "Continue", step]), "{asks} leads on to {on:?}");
    let effects = onboarding.effects().await?;
    for once in ["change-tenant-request-initiated", "change-tenant-request-accepted", "directory-changed"] {
        ensure!(effects.get(once) == Some(&1), "{once}: {effects:?}");
    }
    Ok(())
}

const AGAIN: &str = "Ask to sign in again";

#[test]
fn a_sign_in_that_is_dead_at_step_1_continues_step_1() -> Result<()> {
    run(async |case| {
        let mut onboarding = case.onboarding()?;
        onboarding.start_by_form().await?;
        // The code is redeemed, and the first refresh fails.
        let dies = (OWNER_SIGN_IN, Dies::AtRefresh { of_owner: true, skip: 1 });
        loses_a_sign_in(&mut onboarding, case.stack(), dies, "1 Use existing directory", AGAIN).await
    })
}

#[test]
fn a_sign_in_that_is_dead_at_step_2_continues_step_2() -> Result<()> {
    run(async |case| {
        let mut onboarding = case.onboarding()?;
        onboarding.start_by_form().await?;
        let dies = (PARTNER_SIGN_IN, Dies::AtRefresh { of_owner: false, skip: 1 });
        let step = "2 Associate the Partner Center credentials";
        loses_a_sign_in(&mut onboarding, case.stack(), dies, step, AGAIN).await
    })
}

#[test]
fn a_sign_in_that_is_revoked_before_the_impact_is_assessed_continues_there() -> Result<()> {
    run(async |case| {
        let mut onboarding = case.onboarding()?;
        onboarding.start_by_form().await?;
        let dies = (PARTNER_SIGN_IN, Dies::WhileWaiting { of_owner: true });
        loses_a_sign_in(&mut onboarding, case.stack(), dies, "Assess impact", AGAIN).await
    })
}

#[test]
fn a_sign_in_that_is_revoked_before_step_3_continues_step_3() -> Result<()> {
    run(async |case| {
        let mut onboarding = case.onboarding()?;
        onboarding.start_by_form().await?;
        let dies = (CONFIRM, Dies::WhileWaiting { of_owner: false });
        loses_a_sign_in(&mut onboarding, case.stack(), dies, "3 Map the directory", AGAIN).await
    })
}

#[test]
fn a_sign_in_that_dies_after_the_move_continues_step_4() -> Result<()> {
    run(async |case| {
        let mut onboarding = case.onboarding()?;
        onboarding.start_by_form().await?;
        let dies = (CONFIRM, Dies::WhileItMoves);
        loses_a_sign_in(&mut onboarding, case.stack(), dies, "4 Add the administrator", AGAIN).await
    })
}

#[test]
fn a_sign_in_that_is_revoked_before_step_5_leads_the_partner_back_to_partner_center() -> Result<()> {
    run(async |case| {
        let mut onboarding = case.onboarding()?.single_account();
        onboarding.start_by_form().await?;
        // On this route the owner accepts and does step 4.
        let dies = (CONFIRM, Dies::WhileItMoves);
        let step = "5 Confirm your changes";
        loses_a_sign_in(&mut onboarding, case.stack(), dies, step, "Sign in to Partner Center").await
    })
}

/// The value of a parameter of an address.
fn parameter(address: &url::Url, name: &str) -> Option<String> {
    address.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

#[test]
fn azure_s_demand_for_a_second_factor_becomes_a_sign_in_that_passes_it_on() -> Result<()> {
    run(async |case| {
        let stack = case.stack();
        let mut onboarding = case.onboarding()?;
        onboarding.start_by_form().await?;
        onboarding.owner_acts(OWNER_SIGN_IN).await?;
        onboarding.partner_acts(PARTNER_SIGN_IN).await?;

        // Every sign-in asks for the second factor beforehand. A browser that drops the wish gets a weaker sign-in.
        let mail = onboarding.owner.wait_for_mail(stack, CONFIRM, PATIENCE).await?;
        let turn = onboarding.owner.open_mail(stack, &mail).await?;
        let owner = &mut onboarding.owner;
        let form = turn.form("Continue to Microsoft")?.clone();
        let leads = owner.browser.submit_without_following(&turn, &form, "Continue to Microsoft").await?;
        let mut to = leads.redirect().with_context(|| format!("the sign-in leads nowhere: {}", leads.summary()))?;
        ensure!(parameter(&to, "claims").is_some_and(|claims| claims.contains("p1")), "no second factor is asked for");
        let kept: Vec<(String, String)> = to
            .query_pairs()
            .filter(|(name, _)| name != "claims")
            .map(|(n, v)| (n.into_owned(), v.into_owned()))
            .collect();
        to.query_pairs_mut().clear().extend_pairs(kept);
        let page = owner.browser.open_without_following(&to).await?;
        let back = owner.go_through_sign_in(stack, page, &Manner::default()).await?;
        let confirm =
            if back.offers("Move the subscription") { back } else { owner.browser.follow(&back, "Continue").await? };
        owner.confirm_move(stack, &confirm, SUBSCRIPTION_NAME).await?;

        let wait = onboarding.waits_for("sign-in", "owner").await?;
        ensure!(wait["reason"] == "mfa" && wait["resume"] == "map-directory", "{wait:#}");
        let demand: Value = serde_json::from_str(wait["claims"].as_str().unwrap_or_default())?;
        ensure!(demand["access_token"]["acrs"]["values"] == json!(["p1"]), "{demand}");
        let effects = onboarding.effects().await?;
        ensure!(!effects.contains_key("change-tenant-request-initiated"), "it was done without: {effects:?}");

        // What Azure demands beside what we ask for anyway is passed on too.
        let mut stronger = demand.clone();
        stronger["access_token"]["nbf"] = json!({ "essential": true, "value": "1700000000" });
        let update = json!({
            "TableName": stack.output("OnboardingTable")?,
            "Key": { "pk": { "S": wait["pk"] }, "sk": { "S": wait["sk"] } },
            "UpdateExpression": "SET claims = :claims",
            "ExpressionAttributeValues": { ":claims": { "S": stronger.to_string() } },
        });
        stack.aws().call("dynamodb", "update_item", update).await?;
        let mail = onboarding.owner.wait_for_mail(stack, OWNER_SIGN_IN, PATIENCE).await;
        let mail = match mail {
            Ok(mail) => mail,
            Err(error) => bail!("{error}: {}", onboarding.story().await?),
        };
        let turn = onboarding.owner.open_mail(stack, &mail).await?;
        let owner = &mut onboarding.owner;
        let leads = owner
            .browser
            .submit_without_following(&turn, turn.form("Continue to Microsoft")?, "Continue to Microsoft")
            .await?;
        let to = leads.redirect().context("the sign-in leads nowhere")?;
        let passed_on: Value = serde_json::from_str(&parameter(&to, "claims").unwrap_or_default())?;
        for name in ["acrs", "nbf"] {
            ensure!(passed_on["access_token"][name] == stronger["access_token"][name], "{name}: {passed_on}");
        }
        owner.go_through_sign_in(stack, leads, &Manner::default()).await?;
        onboarding.ended("done").await?;
        let states = onboarding.states().await?;
        ensure!(count(&states, AGAIN) == 1 && count(&states, "Assess impact") == 1, "{states:?}");
        Ok(())
    })
}

#[test]
fn who_has_lost_their_link_has_it_mailed_again_and_nobody_else_gets_anything() -> Result<()> {
    run(async |case| {
        let mut onboarding = case.onboarding()?;
        onboarding.start_by_form().await?;
        onboarding.waits_for("sign-in", "owner").await?;
        let stack = case.stack();
        let link = onboarding.owner_link().await?;
        let id = onboarding.meta().await?["onboardingId"].as_str().unwrap_or_default().to_owned();
        let reference = onboarding::OnboardingId::parse(&id)?.reference();
        let mut said = Vec::new();
        for email in ["eve@fabrikam.com", &onboarding.request.owner_email.clone()] {
            let page = onboarding.owner.browser.open(format!("{}/new-link", stack.portal())).await?;
            let mut form = page.form("Mail me my link")?.clone();
            form.fill("reference", &reference.to_lowercase())?.fill("email", email)?;
            let sent = onboarding.owner.browser.submit(&page, &form, "Mail me my link").await?;
            ensure!(sent.status == 200, "{}", sent.summary());
            said.push(sent.text);
        }
        assert_eq!(said[0], said[1], "the page tells whether an address is known");
        let mail = onboarding.owner.wait_for_mail(stack, "Your link again", PATIENCE).await?;
        let mailed = mail.links().into_iter().find(|mailed| mailed.path().starts_with("/o/"));
        assert_eq!(mailed.map(|mailed| mailed.path().to_owned()).as_deref(), Some(link.path()));
        let others = stack.mails().await?.into_iter().filter(|mail| mail.is_to("eve@fabrikam.com")).count();
        assert_eq!(others, 0, "a stranger got a mail");
        let page = onboarding.owner.open_mail(stack, &mail).await?;
        page.expect_text("Your turn")?;
        Ok(())
    })
}

#[test]
fn who_needs_more_time_gets_it_once_and_the_wait_lasts_longer() -> Result<()> {
    run(async |case| {
        let mut onboarding = case.onboarding()?;
        onboarding.start_by_form().await?;
        let before = onboarding.waits_for("sign-in", "owner").await?;
        let page = onboarding.owner_turn().await?;
        let form = page.form("I need more time")?.clone();
        let done = onboarding.owner.browser.submit(&page, &form, "I need more time").await?;
        ensure!(done.text.contains("You have more time"), "{}", done.summary());
        let after = onboarding.waits_for("sign-in", "owner").await?;
        ensure!(
            after["deadlineAt"].as_str() > before["deadlineAt"].as_str() && after["extendedAt"].is_string(),
            "{after:#}"
        );
        // A second time, from a page that was open before.
        let again = onboarding.owner.browser.submit(&page, &form, "I need more time").await?;
        ensure!(again.status == 409 && again.text.contains("Wait.ExtendedBefore"), "{}", again.summary());
        let page = onboarding.owner_turn().await?;
        ensure!(!page.offers("I need more time"), "more time is offered again");
        onboarding.owner_acts(OWNER_SIGN_IN).await?;
        Ok(())
    })
}

#[test]
fn who_waits_for_the_other_has_them_reminded_once_a_day() -> Result<()> {
    run(async |case| {
        let stack = case.stack();
        let mut onboarding = case.onboarding()?;
        onboarding.start_by_form().await?;
        onboarding.owner_acts(OWNER_SIGN_IN).await?;
        onboarding.waits_for("sign-in", "partner-admin").await?;
        onboarding.partner.wait_for_mail(stack, PARTNER_SIGN_IN, PATIENCE).await?;
        let link = onboarding.owner_link().await?;
        let page = onboarding.owner.browser.open(link.as_str()).await?;
        page.expect_text("Last mail to them")?.expect_text("Next reminder")?;
        ensure!(!page.offers("Remind them now"), "the other one was written to a moment ago");
        // A day passes.
        let asked = onboarding.record().await?.into_iter().filter(|(key, _)| key.starts_with("OUT#"));
        let yesterday = now() - SignedDuration::from_hours(25);
        for (_, mail) in asked {
            set_time(stack, &mail, "createdAt", yesterday).await?;
        }
        let page = onboarding.owner.browser.open(link.as_str()).await?;
        let form = page.form("Remind them now")?.clone();
        let done = onboarding.owner.browser.submit(&page, &form, "Remind them now").await?;
        done.expect_text("They get one more mail")?;
        let mail = onboarding.partner.wait_for_mail(stack, "Reminder", PATIENCE).await?;
        // A second time, from a page that was open before.
        let again = onboarding.owner.browser.submit(&page, &form, "Remind them now").await?;
        ensure!(again.status == 409 && again.text.contains("Wait.RemindedBefore"), "{}", again.summary());
        let page = onboarding.partner.sign_in_from(stack, &mail, &local::Manner::default()).await?;
        page.expect_text("Thanks, that worked")?;
        Ok(())
    })
}

#[test]
fn a_part_that_is_handed_on_is_done_by_the_other_person_and_the_old_link_says_that_it_is_old() -> Result<()> {
    run(async |case| {
        let stack = case.stack();
        let mut onboarding = case.onboarding()?;
        // Started with a wrong address: that person hands it to the one who owns the subscription.
        let right = onboarding.owner.account.email.clone();
        let wrong = onboarding.pair.partner_admin.clone();
        onboarding = onboarding.owned_by(&wrong)?;
        onboarding.start_by_form().await?;
        let old = onboarding.owner_link().await?;
        let turn = onboarding.owner_turn().await?;
        let page = onboarding.owner.browser.follow(&turn, "Somebody else should do this").await?;
        let mut form = page.form("Hand it over")?.clone();
        form.fill("email", &right)?;
        let done = onboarding.owner.browser.submit(&page, &form, "Hand it over").await?;
        ensure!(done.text.contains("You handed your part on"), "{}", done.summary());
        for path in ["", "/turn", "/forward", "/cancel", "/confirm"] {
            let address = format!("{old}{path}");
            let page = onboarding.owner.browser.open(&address).await?;
            ensure!(page.status == 410 && page.text.contains("Link.Superseded"), "{path}: {}", page.summary());
        }
        onboarding.partner.wait_for_mail(stack, "Somebody else takes a part", PATIENCE).await?;
        onboarding = onboarding.owned_by(&right)?;
        onboarding.associate().await?;
        let entries = onboarding.audit().await?;
        ensure!(entries.iter().any(|entry| entry.action == "person.handed-over"), "the trail does not say it");
        Ok(())
    })
}
