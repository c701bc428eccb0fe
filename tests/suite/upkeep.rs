//! What looks after onboardings that nobody looks at: mails that come back, and what stands still.

use anyhow::{Result, ensure};
use local::Stack;
use serde_json::{Value, json};

use crate::world::{Case, Onboarding, PATIENCE, run, until};

/// What the mail service says about a mail of ours, as the bus hands it on. Nobody but the service itself may put it there, so the rule
/// is asked whether it would take it, and the function gets it as the rule's target does.
async fn came_back(case: &Case, onboarding: &Onboarding, kind: &str, part: &str, address: &str) -> Result<()> {
    let (aws, set) = (case.stack().aws(), Stack::function_name("mail"));
    let detail = json!({
        "eventType": "Bounce",
        "bounce": {
            "bounceType": kind, "bounceSubType": "General",
            "bouncedRecipients": [{ "emailAddress": address, "action": "failed", "status": "5.1.1" }],
        },
        "mail": {
            "messageId": "0102018d", "destination": [address],
            "tags": { "ses:configuration-set": [set], "onboarding": [onboarding.id], "part": [part] },
        },
    });
    let event = json!({
        "version": "0", "id": "0b8c9a1e-5f0e-4a51-9a42-0d5c5f3b6c11", "detail-type": "Email Bounced", "source": "aws.ses",
        "account": "000000000000", "time": "2026-05-12T10:00:00Z", "region": local::REGION, "resources": [], "detail": detail,
    });
    let rules = aws.list("events", "list_rules", json!({}), "Rules").await?;
    let patterns =
        rules.iter().filter_map(|rule| rule["EventPattern"].as_str()).filter(|pattern| pattern.contains("aws.ses"));
    let patterns: Vec<&str> = patterns.collect();
    ensure!(patterns.len() == 1, "{patterns:?}");
    for (event, taken) in [(event.clone(), true), (with_another_set(&event), false)] {
        let asked = json!({ "EventPattern": patterns[0], "Event": event.to_string() });
        let answer = aws.call("events", "test_event_pattern", asked).await?;
        ensure!(answer["Result"] == taken, "the rule answers {answer} to {event:#}");
    }
    let invoke = json!({ "FunctionName": Stack::function_name("bounces"), "Payload": event.to_string() });
    let answer = aws.call("lambda", "invoke", invoke).await?;
    ensure!(answer["FunctionError"].is_null(), "{answer}");
    Ok(())
}

/// The same about a mail that somebody else in the account sent.
fn with_another_set(event: &Value) -> Value {
    let mut event = event.clone();
    event["detail"]["mail"]["tags"]["ses:configuration-set"] = json!(["newsletter"]);
    event
}

#[test]
fn a_mail_that_comes_back_is_noted_the_other_person_is_told_and_another_address_mends_it() -> Result<()> {
    run(async |case| {
        let mut onboarding = case.onboarding()?;
        onboarding.start_by_form().await?;
        onboarding.waits_for("sign-in", "owner").await?;
        let owner = onboarding.pair.owner.clone();
        // A full mailbox today is none tomorrow; and another onboarding's address is none of this one's.
        came_back(case, &onboarding, "Transient", "owner", &owner).await?;
        came_back(case, &onboarding, "Permanent", "owner", "somebody@fabrikam.com").await?;
        came_back(case, &onboarding, "Permanent", "owner", &owner.to_uppercase()).await?;
        until("it is noted", PATIENCE, async || {
            Ok(onboarding.meta().await?["ownerContact"]["unreachable"].is_string().then_some(()))
        })
        .await?;
        // The same event again, as the bus may deliver it.
        came_back(case, &onboarding, "Permanent", "owner", &owner).await?;
        let mail = onboarding.partner.wait_for_mail(case.stack(), "could not be delivered", PATIENCE).await?;
        ensure!(mail.text.contains(&owner) && mail.text.contains("come back"), "{}", mail.text);
        let link = onboarding.partner_link().await?;
        onboarding.partner.browser.open(&link).await?.expect_text("Mails to this address come back")?;
        let noted = onboarding.audit().await?.iter().filter(|entry| entry.action == "mail.bounced").count();
        assert_eq!(noted, 1);

        let mut olga = crate::operators::operator(case).await?;
        let one = format!("{}/operator/o/{}", case.stack().portal(), onboarding.id);
        let page = olga.browser.open(&one).await?;
        page.expect_text("Mails to this address come back")?;
        let page = olga.browser.follow(&page, "Put somebody else in a part").await?;
        let mut form = page.form("Put somebody else in a part")?.clone();
        form.tick("part=owner")?.fill("new-email", &onboarding.pair.second_account)?;
        olga.browser.submit(&page, &form, "Put somebody else in a part").await?;
        assert_eq!(onboarding.meta().await?["ownerContact"]["unreachable"], Value::Null);
        let page = olga.browser.open(&one).await?;
        ensure!(!page.text.contains("Mails to this address come back"), "the new address is said to be unreachable");
        Ok(())
    })
}

#[test]
fn what_stands_still_is_told_by_its_id_once_an_hour_and_who_takes_their_time_is_not() -> Result<()> {
    run(async |case| {
        let (mut still, mut fine) = (case.onboarding()?, case.onboarding()?);
        still.start_by_form().await?;
        fine.start_by_form().await?;
        still.waits_for("sign-in", "owner").await?;
        fine.waits_for("sign-in", "owner").await?;
        // As after a table was restored: the wait's time is long over, and nothing in the index of due items leads to it.
        let update = json!({
            "TableName": case.stack().output("OnboardingTable")?,
            "Key": { "pk": { "S": format!("ONB#{}", still.id) }, "sk": { "S": "META" } },
            "UpdateExpression": "SET waiting.#until = :long_ago",
            "ExpressionAttributeNames": { "#until": "until" },
            "ExpressionAttributeValues": { ":long_ago": { "S": "2026-01-01T00:00:00Z" } },
        });
        case.stack().aws().call("dynamodb", "update_item", update).await?;
        let look =
            json!({ "FunctionName": Stack::function_name("sweep"), "Payload": json!({ "look": "stuck" }).to_string() });
        let answer = case.stack().aws().call("lambda", "invoke", look).await?;
        let said: Value = serde_json::from_str(answer["Payload"].as_str().unwrap_or_default())?;
        ensure!(said["stuck"].as_u64().is_some_and(|found| found >= 1), "{answer}");
        let told = until("it stands in the log", PATIENCE, async || {
            let logs = case.stack().logs().await?;
            let lines = logs.into_iter().filter(|(function, _)| function.contains("sweep")).map(|(_, text)| text);
            let told: String = lines.collect::<Vec<_>>().join("\n");
            Ok(told.contains(&still.id).then_some(told))
        })
        .await?;
        let line = told.lines().find(|line| line.contains(&still.id) && line.contains("Onboarding.Stuck"));
        // What the alarm's filter looks for is a field of the line itself.
        let line = line.map(|line| &line[line.find('{').unwrap_or_default()..]).unwrap_or_default();
        let line: Value = serde_json::from_str(line.trim_end())?;
        assert_eq!((&line["error_name"], &line["level"]), (&json!("Onboarding.Stuck"), &json!("ERROR")));
        ensure!(!told.lines().any(|line| line.contains(&fine.id) && line.contains("Onboarding.Stuck")), "{told}");
        Ok(())
    })
}
