//! After the move: what is left to do is ticked off or reminded of, and both people say how it went. The onboarding has ended, and its
//! trail still holds.

use anyhow::{Context as _, Result, ensure};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::operators::operator;
use crate::waits::{now, set_time, sweep};
use crate::world::{Onboarding, PATIENCE, run, until};

const REMINDER: &str = "Still to do after the move";

async fn list(onboarding: &Onboarding, who: &str) -> Result<Value> {
    let record = onboarding.record().await?;
    record.get(&format!("TODO#{who}")).cloned().with_context(|| format!("there is no list of the {who}"))
}

fn reminders(onboarding: &[local::Mail]) -> usize {
    onboarding.iter().filter(|mail| mail.subject.contains(REMINDER)).count()
}

#[test]
fn who_has_something_left_to_do_is_reminded_until_it_is_ticked_off_and_both_say_how_it_went() -> Result<()> {
    run(async |case| {
        let stack = case.stack();
        let mut onboarding = case.onboarding()?;
        onboarding.start_by_form().await?;
        onboarding.associate().await?;

        // Nothing is due on the first day, and the table's index says when something is.
        sweep(stack).await?;
        let theirs = list(&onboarding, "partner-admin").await?;
        let due: Timestamp = theirs["dueAt"].as_str().context("no time of a reminder")?.parse()?;
        ensure!(due > now() + SignedDuration::from_hours(23) && theirs["dueBucket"].is_string(), "{theirs:#}");
        ensure!(reminders(&onboarding.mails().await?) == 0, "somebody was reminded on the first day");

        // The day has come: one mail with one link, however often the sweep runs.
        set_time(stack, &theirs, "dueAt", now() - SignedDuration::from_secs(1)).await?;
        sweep(stack).await?;
        sweep(stack).await?;
        let mail = onboarding.partner.wait_for_mail(stack, REMINDER, PATIENCE).await?;
        ensure!(mail.links().len() == 1 && mail.text.contains("policy exceptions"), "{}", mail.text);
        let reminded = list(&onboarding, "partner-admin").await?;
        let next: Timestamp = reminded["dueAt"].as_str().context("no second reminder")?.parse()?;
        ensure!(reminded["reminders"] == 1 && next > now() + SignedDuration::from_hours(6 * 24), "{reminded:#}");

        // A week later again, and then it is all ticked off: nobody writes any more.
        set_time(stack, &reminded, "dueAt", now() - SignedDuration::from_secs(1)).await?;
        sweep(stack).await?;
        let mail = onboarding.partner.wait_for_mail(stack, REMINDER, PATIENCE).await?;
        let mut page = onboarding.partner.open_mail(stack, &mail).await?;
        let mut ticked = 0;
        while page.offers("It is done") {
            let button = if ticked == 0 { "Not needed here" } else { "It is done" };
            page = onboarding.partner.browser.press(&page, button).await?;
            ticked += 1;
            ensure!(ticked < 50, "{}", page.summary());
        }
        let done = list(&onboarding, "partner-admin").await?;
        ensure!(ticked >= 2 && done["dueAt"].is_null() && done["dueBucket"].is_null(), "{done:#}");
        page = onboarding.partner.browser.press(&page, "Open again").await?;
        ensure!(page.offers("It is done"), "{}", page.summary());
        let again: Timestamp = list(&onboarding, "partner-admin").await?["dueAt"].as_str().context("open")?.parse()?;
        ensure!(again > now() + SignedDuration::from_hours(5 * 24), "{again}");
        page = onboarding.partner.browser.press(&page, "It is done").await?;
        sweep(stack).await?;

        // Whoever only looks sees it and has nothing to press; a form sent with that link does nothing.
        let viewer = onboarding.partner.browser.follow(&page, "A link for looking").await?;
        ensure!(viewer.text.contains("What is left to do") && viewer.forms.is_empty(), "{}", viewer.summary());
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
        let post = |to: &str| {
            client.post(format!("{}/{to}", viewer.url)).form(&[("item", "policy-exceptions"), ("how", "done")])
        };
        for to in ["to-do", "feedback"] {
            ensure!(post(to).send().await?.status().as_u16() == 403, "{to} with a link for looking");
        }

        // How it went: kept, shown to the operator as text, and told to nobody else.
        let owner = onboarding.owner_link().await?;
        let mut page = onboarding.owner.browser.open(owner.as_str()).await?;
        for (felt, text) in [("felt=hard", "<img src=x> took long"), ("felt=well", "<img src=x> took long after all")] {
            let mut form = page.form("Send this answer")?.clone();
            form.tick(felt)?.fill("text", text)?;
            page = onboarding.owner.browser.submit(&page, &form, "Send this answer").await?;
            page.expect_text("Thank you")?;
        }
        let mut olga = operator(case).await?;
        let one = format!("{}/operator/o/{}", stack.portal(), onboarding.id);
        let seen = olga.browser.open(one).await?;
        seen.expect_text("Well: no trouble")?.expect_text("<img src=x> took long after all")?;
        ensure!(!seen.body.contains("<img src=x"), "what somebody wrote became markup");

        // The trail of what has ended holds, with all of it.
        let trail = onboarding.audit().await?;
        let count = |action: &str| trail.iter().filter(|entry| entry.action == action).count();
        assert_eq!((count("to-do.reminded"), count("to-do.reopened"), count("feedback.given")), (2, 1, 2));
        assert_eq!(count("to-do.done") + count("to-do.not-needed"), ticked + 1);
        let pack = onboarding.owner.browser.json(format!("{owner}/evidence.json")).await?;
        let verified = serde_json::from_value::<impact::evidence::Pack>(pack)?.verify()?;
        assert!(verified.receipt.is_some() && verified.entries == trail.len(), "{verified:?}");
        assert_eq!(reminders(&onboarding.mails().await?), 2);
        let told = until("the events have come", PATIENCE, async || {
            let told = crate::events::about(&onboarding.id);
            Ok((told.len() >= trail.len()).then(|| told.concat()))
        })
        .await?;
        ensure!(told.contains(r#""felt":"well""#) && !told.contains("took long"), "{told}");
        Ok(())
    })
}
