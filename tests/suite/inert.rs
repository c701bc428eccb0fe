//! Names that strangers chose: the subscription, both directories, the company, every person, group, application and custom role are called
//! something that tries to be markup, a mail's header, a line of a log, or to be read backwards; some are ten thousand characters long. A
//! whole association goes through, and what they are called stays text in pages, mails, headers, logs, lists and events.

use anyhow::{Context as _, Result, ensure};
use local::Page;
use onboarding::plain::is_mark;
use serde_json::{Value, json};

use crate::world::{
    CONFIRM, HOSTILE, HOSTILE_NAME, OWNER_SIGN_IN, Onboarding, PARTNER_SIGN_IN, PATIENCE, Pair, run, until,
};

/// Only ever the beginning of an element that nobody meant.
const ELEMENT: &str = "<img src=x";
/// Only ever the beginning of a line that nobody meant.
const LINE: &str = "Bcc: evil";

fn page_is_harmless(page: &Page) -> Result<()> {
    let html =
        page.headers.get("content-type").and_then(|value| value.to_str().ok()).is_some_and(|it| it.contains("html"));
    if html {
        ensure!(!page.body.contains(ELEMENT), "an element of a name is in {}", page.url.path());
        ensure!(!page.body.contains(is_mark), "a mark of direction is in {}", page.url.path());
    }
    for (name, value) in &page.headers {
        let value = value.to_str().with_context(|| format!("the header {name} is no text"))?;
        ensure!(
            !value.contains("evil") && !value.contains("img"),
            "the header {name} of {} holds a name",
            page.url.path()
        );
    }
    ensure!(!page.title.contains("evil"), "a title holds a name: {}", page.title);
    Ok(())
}

#[test]
fn whatever_strangers_call_things_stays_text_everywhere() -> Result<()> {
    run(async |case| {
        let mut onboarding = Onboarding::of(case.stack(), Pair::new(HOSTILE))?;
        onboarding.subscription_name = onboarding::plain::one_line(HOSTILE_NAME);
        let mut input = onboarding.input();
        input["reference"] = json!(format!("T-1 {ELEMENT} onerror=alert(1)> \u{202e}1-T"));
        onboarding.start_by_console_with("inert", &input).await?;
        onboarding.owner_acts(OWNER_SIGN_IN).await?;
        onboarding.partner_acts(PARTNER_SIGN_IN).await?;
        // Everything that can be read, before and after.
        let read = async |onboarding: &mut Onboarding| -> Result<()> {
            for owner in [true, false] {
                let link = if owner { onboarding.owner_link().await? } else { onboarding.partner_link().await? };
                for page in [
                    "",
                    "/turn",
                    "/preflight",
                    "/report",
                    "/report.csv",
                    "/mapping",
                    "/mapping.csv",
                    "/access",
                    "/proof",
                    "/evidence",
                ] {
                    let browser = if owner { &mut onboarding.owner.browser } else { &mut onboarding.partner.browser };
                    let shown = browser.open(format!("{link}{page}")).await?;
                    ensure!(shown.status < 500, "{}", shown.summary());
                }
            }
            Ok(())
        };
        read(&mut onboarding).await?;
        onboarding.owner_acts(CONFIRM).await?;
        onboarding.ended("done").await?;
        read(&mut onboarding).await?;
        let mut olga = crate::operators::operator(case).await?;
        let operators = format!("{}/operator", case.stack().portal());
        let updated = onboarding.meta().await?["updatedAt"].as_str().unwrap_or_default().to_owned();
        let list = format!("{operators}?list={}&words=evil", updated.get(..7).unwrap_or_default());
        olga.browser.open(list).await?.expect_text("Shown: 1.")?;
        olga.browser.open(format!("{operators}/o/{}", onboarding.id)).await?;

        let portal = case.stack().portal();
        let (mut seen, mut named) = (0, 0);
        let visited = [&onboarding.owner, &onboarding.partner, &olga].map(|person| person.browser.pages());
        for page in visited.into_iter().flatten().filter(|page| page.url.as_str().starts_with(portal)) {
            page_is_harmless(page)?;
            seen += 1;
            named += usize::from(page.body.contains("&lt;img src=x"));
        }
        ensure!(seen > 40 && named > 10, "of {seen} pages {named} show such a name");

        for mail in onboarding.mails().await? {
            ensure!(!mail.subject.contains(char::is_control) && !mail.subject.contains(is_mark), "{}", mail.subject);
            ensure!(
                !mail.text.contains(is_mark) && !mail.text.lines().any(|line| line.starts_with(LINE)),
                "{}",
                mail.text
            );
            ensure!(mail.text.chars().count() < 4_000, "a mail of {} characters", mail.text.len());
            let to_them = [&onboarding.request.owner_email, &onboarding.request.partner_admin_email];
            ensure!(mail.to.len() == 1 && to_them.contains(&&mail.to[0]), "{:?}", mail.to);
        }

        for (function, log) in case.stack().logs().await? {
            for line in log.lines() {
                ensure!(!line.trim_start().starts_with(LINE), "{function} logged a line that a name made: {line}");
                if line.contains("evil@") {
                    let json = line.find('{').map(|from| &line[from..]).unwrap_or_default();
                    let read: Result<Value, _> = serde_json::from_str(json.trim_end());
                    ensure!(read.is_ok(), "{function} logged a line that is no JSON: {line}");
                }
            }
        }

        let about = until("the events have come", PATIENCE, async || {
            let wanted = onboarding.audit().await?.len();
            let about = crate::events::about(&onboarding.id);
            Ok((about.len() >= wanted).then_some(about))
        })
        .await?;
        for event in about {
            ensure!(!event.contains(is_mark) && !event.contains('\n'), "{event}");
            let event: Value = serde_json::from_str(&event)?;
            let reference = event["data"]["theirReference"].as_str().unwrap_or_default();
            ensure!(reference.starts_with("T-1 <img"), "the reference is not what was given: {reference}");
        }
        Ok(())
    })
}

#[test]
fn a_reference_of_ten_thousand_characters_or_two_lines_is_refused_by_its_field() -> Result<()> {
    run(async |case| {
        for (number, wrong) in ["x".repeat(10_000), "T-1\r\nBcc: evil@fabrikam.com".to_owned()].into_iter().enumerate()
        {
            let onboarding = case.onboarding()?;
            let mut input = onboarding.input();
            input["reference"] = json!(wrong);
            let execution = case.stack().start_execution(&format!("inert-reference-{number}"), &input).await?;
            let cause = until("the execution is refused", PATIENCE, async || {
                let execution = case.stack().execution(&execution).await?;
                Ok((execution["status"] == "FAILED").then(|| execution.to_string()))
            })
            .await?;
            ensure!(cause.contains("Input.Invalid") && cause.contains("reference"), "{cause}");
            ensure!(cause.len() < 20_000 + 4_000, "the cause repeats what was typed");
            crate::world::nothing_exists_of(case.stack(), &onboarding.pair).await?;
        }
        Ok(())
    })
}
