//! The three starts lead to the same onboarding, and a repeated one to the one that is there.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::world::{Case, Onboarding, PATIENCE, executions_of, put_event, run, until};

#[test]
fn form_event_and_console_start_the_same_execution_and_leave_the_same_record() -> Result<()> {
    run(async |case| {
        let mut form = case.onboarding()?;
        let mut event = case.onboarding()?;
        let mut console = case.onboarding()?;
        form.start_by_form().await?;
        event.start_by_event().await?;
        console.start_by_console(&format!("console-{}", console.pair.partner_domain.replace('.', "-"))).await?;
        tokio::try_join!(form.associate(), event.associate(), console.associate())?;

        let states = [states(&form).await?, states(&event).await?, states(&console).await?];
        assert_eq!(states[0], states[1], "form and event");
        assert_eq!(states[0], states[2], "form and console");
        let records = [record(&form).await?, record(&event).await?, record(&console).await?];
        assert_eq!(records[0], records[1], "form and event");
        assert_eq!(records[0], records[2], "form and console");
        let mut effects = [form.effects().await?, event.effects().await?, console.effects().await?];
        for counted in &mut effects {
            // Whoever has to look twice whether Microsoft is done asks for a new access token.
            counted.remove("token-issued");
        }
        assert_eq!(effects[0], effects[1]);
        assert_eq!(effects[0], effects[2]);

        // The form's execution bears the onboarding's name, so that a lost answer can't start a second one.
        assert!(form.execution.ends_with(&format!(":onb-{}", form.id)), "{}", form.execution);
        Ok(())
    })
}

#[test]
fn a_form_sent_twice_starts_one_onboarding_and_leads_to_it_both_times() -> Result<()> {
    run(async |case| {
        let mut onboarding = case.onboarding()?;
        let start = onboarding.partner.browser.open(case.stack().portal()).await?;
        let empty = onboarding.partner.browser.follow(&start, "Start").await?;
        let filled = local::Person::fill_sign_up(&empty, &onboarding.request)?;
        let button = "Start the onboarding";
        let mut second = onboarding.partner.browser.clone();
        let (asked, asked_again) = tokio::try_join!(
            onboarding.partner.browser.submit(&empty, &filled, button),
            second.submit(&empty, &filled, button),
        )?;
        assert_eq!(asked.url, asked_again.url, "one draft");
        let mail = onboarding.partner.wait_for_mail(case.stack(), "is your code", crate::world::PATIENCE).await?;
        let mut typed = asked.form("Prove my mailbox and start")?.clone();
        typed.fill("code", mail.subject.split(' ').next().unwrap_or_default())?;
        let prove = "Prove my mailbox and start";
        let (first, again) = tokio::try_join!(
            onboarding.partner.browser.submit(&asked, &typed, prove),
            second.submit(&asked, &typed, prove),
        )?;
        let later = onboarding.partner.browser.submit(&asked, &typed, prove).await?;
        for page in [&again, &later] {
            assert_eq!((page.status, page.url.path()), (200, first.url.path()), "{}", page.summary());
        }
        onboarding.id = crate::world::id_of_link(first.url.path())?;
        only_one(case, &onboarding, 1).await
    })
}

#[test]
fn a_second_form_for_a_running_onboarding_is_refused_and_leads_to_the_running_one() -> Result<()> {
    run(async |case| {
        let mut onboarding = case.onboarding()?;
        onboarding.start_by_event().await?;
        onboarding.waits_for("sign-in", "owner").await?;
        let mut somebody = onboarding.partner.clone();
        // One of its two people, who proves it, is led to it.
        let progress = somebody.sign_up(case.stack(), &onboarding.request).await?;
        assert_eq!((progress.status, crate::world::id_of_link(progress.url.path())?), (200, onboarding.id.clone()));
        progress.expect_text("Waiting for the subscription's owner")?;
        only_one(case, &onboarding, 1).await
    })
}

#[test]
fn a_repeated_event_leads_to_the_running_onboarding_and_creates_nothing() -> Result<()> {
    run(async |case| {
        let mut onboarding = case.onboarding()?;
        onboarding.start_by_event().await?;
        onboarding.waits_for("sign-in", "owner").await?;
        put_event(case.stack(), &onboarding.input()).await?;
        already_running(case, &onboarding).await?;
        only_one(case, &onboarding, 2).await
    })
}

#[test]
fn a_repeated_console_start_leads_to_the_running_onboarding_and_creates_nothing() -> Result<()> {
    run(async |case| {
        let mut onboarding = case.onboarding()?;
        let name = format!("console-{}", onboarding.pair.partner_domain.replace('.', "-"));
        onboarding.start_by_console(&name).await?;
        onboarding.waits_for("sign-in", "owner").await?;
        // The same name with the same input is the same execution: Step Functions answers with it, the emulator says that it
        // is there.
        match case.stack().start_execution(&name, &onboarding.input()).await {
            Ok(again) => assert_eq!(again, onboarding.execution),
            Err(error) => {
                let code = error.downcast_ref::<local::AwsError>().map(|error| error.code.as_str());
                assert_eq!(code, Some("ExecutionAlreadyExists"), "{error:#}");
            }
        }
        only_one(case, &onboarding, 1).await?;
        // Another name is another execution, and it finds the onboarding running.
        case.stack().start_execution(&format!("{name}-again"), &onboarding.input()).await?;
        already_running(case, &onboarding).await?;
        only_one(case, &onboarding, 2).await
    })
}

#[test]
fn an_onboarding_that_was_cancelled_can_be_started_anew() -> Result<()> {
    run(async |case| {
        let mut onboarding = case.onboarding()?;
        onboarding.start_by_form().await?;
        onboarding.waits_for("sign-in", "owner").await?;
        let page = onboarding.owner_turn().await?;
        onboarding.owner.browser.press(&page, "Decline").await?;
        onboarding.ended("declined").await?;
        let first = onboarding.id.clone();
        onboarding.id.clear();
        onboarding.start_by_form().await?;
        assert_ne!(onboarding.id, first);
        onboarding.waits_for("sign-in", "owner").await?;
        Ok(())
    })
}

/// Waits for a second execution of the pair that ended because the onboarding was running.
async fn already_running(case: &Case, onboarding: &Onboarding) -> Result<()> {
    let second = until("a second execution has ended", PATIENCE, async || {
        for arn in executions_of(case.stack(), &onboarding.pair).await? {
            if arn != onboarding.execution && case.stack().execution(&arn).await?["status"] != "RUNNING" {
                return Ok(Some(arn));
            }
        }
        Ok(None)
    })
    .await?;
    assert_eq!(case.stack().execution(&second).await?["status"], "SUCCEEDED");
    let states = crate::world::states_of(&case.stack().history(&second).await?);
    assert_eq!(states, ["Register", "Already running"]);
    Ok(())
}

/// There is one onboarding of the pair, the owner was asked once, and no more executions exist than that.
async fn only_one(case: &Case, onboarding: &Onboarding, executions: usize) -> Result<()> {
    let asked = until("the owner is asked", PATIENCE, async || {
        let asked = onboarding.mails().await?.len();
        Ok((asked > 0).then_some(asked))
    })
    .await?;
    assert_eq!(asked, 1, "the owner is asked once");
    let tables = case.stack().dump_tables().await?;
    let items = tables.get("OnboardingTable").context("no table")?;
    let metas: Vec<Value> = items
        .iter()
        .map(crate::world::plain_item)
        .filter(|item| item["sk"] == "META" && item["subscriptionId"] == onboarding.request.subscription_id.as_str())
        .collect();
    assert_eq!(metas.len(), 1, "{metas:#?}");
    assert_eq!(metas[0]["onboardingId"], onboarding.id.as_str());
    let executions_now = executions_of(case.stack(), &onboarding.pair).await?;
    ensure!(executions_now.len() == executions, "executions: {executions_now:?}");
    Ok(())
}

/// The states entered, without the turns taken while Microsoft applies a change: how many depends on the moment.
async fn states(onboarding: &Onboarding) -> Result<Vec<String>> {
    let mut states: Vec<String> = Vec::new();
    for state in onboarding.states().await? {
        if ["Wait for Microsoft", "Wait for the role", "Wait for the changes"].contains(&state.as_str()) {
            continue;
        }
        states.push(state);
        let count = states.len();
        if count >= 4 && states[count - 4..count - 2] == states[count - 2..] {
            states.truncate(count - 2);
        }
    }
    Ok(states)
}

/// The record without what can't be the same twice: ids, times, hashes, the pair's names, and how often Microsoft was looked at.
async fn record(onboarding: &Onboarding) -> Result<BTreeMap<String, Value>> {
    let record = onboarding.record().await?;
    let mut waits = 0;
    let mut kept = BTreeMap::new();
    let mut trail = Vec::new();
    for (key, item) in record {
        let pieces: Vec<&str> = key.split('#').collect();
        let key = match pieces.as_slice() {
            ["WAIT", _] => {
                waits += 1;
                format!("WAIT#{waits}")
            }
            ["AUD", _] => {
                if item["action"] != "step.settling" {
                    trail.push(serde_json::json!([item["actor"], item["action"], item["step"]]));
                }
                continue;
            }
            ["ARCHIVE", kind, _, page] => format!("ARCHIVE#{kind}#{page}"),
            ["OUT", _, index] => format!("OUT#{}#{}#{index}", item["template"], item["args"]["kind"]),
            _ => key.clone(),
        };
        // Names of what was made again are made of ids; that they are right is another test's matter.
        let made = ["plan", "restored", "difference", "receipt"]
            .iter()
            .any(|kind| key.starts_with(&format!("ARCHIVE#{kind}#")));
        let mut item = item;
        // Only the form has an initiator who proved a mailbox; a place on a list holds the time.
        if let Some(meta) = item.as_object_mut() {
            meta.remove("startedBy");
            meta.remove("listSk");
        }
        // Whether the last mail is out already when the mails are counted is a matter of milliseconds.
        if let Some(checks) = item["content"].as_array_mut().filter(|_| key == "PREFLIGHT") {
            checks.retain(|check| check["id"] != "mail");
        }
        kept.insert(key, if made { Value::Null } else { without_what_differs(&item, onboarding) });
    }
    kept.insert("AUD".to_owned(), Value::from(trail));
    Ok(kept)
}

fn without_what_differs(item: &Value, onboarding: &Onboarding) -> Value {
    const DIFFERENT: [&str; 22] = [
        "pk",
        "sk",
        "ver",
        "auditSeq",
        "lastHash",
        "requestKey",
        "reportHash",
        "confirmedHash",
        "hash",
        "execution",
        "waitId",
        "messageId",
        // By which a write recognises itself when its answer was lost.
        "outcomeMark",
        "attempts",
        "deadline",
        // When, and how long ago, in what is kept compressed.
        "at",
        "signedInAt",
        "until",
        "name",
        "seen",
        // The days of what is left to do count from the end; which of the four buckets it is due in follows from the id.
        "since",
        "dueBucket",
    ];
    match item {
        Value::Object(fields) => fields
            .iter()
            .filter(|(name, _)| !DIFFERENT.contains(&name.as_str()) && !name.ends_with("At"))
            .map(|(name, value)| (name.clone(), without_what_differs(value, onboarding)))
            .collect(),
        Value::Array(items) => items.iter().map(|item| without_what_differs(item, onboarding)).collect(),
        // Hashes cover ids.
        Value::String(text) if text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) => "HASH".into(),
        Value::String(text) => Value::String(onboarding.pair.anonymous(&text.replace(&onboarding.id, "ID"))),
        Value::Null | Value::Bool(_) | Value::Number(_) => item.clone(),
    }
}
