//! What the walk-through shows of the pages that people read before they decide, and of what became of it: the preflight, the
//! report, the review and the restored access. All of it is read where a person reads it.

use std::sync::Mutex;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use url::Url;

use crate::aws::lock;
use crate::mail::Mail;
use crate::page::Page;
use crate::people::Person;
use crate::stack::Stack;
use crate::walkthrough::Log;

/// The groups of a report, in its order, as people say them.
const GROUPS: [(&str, &str); 5] = [
    ("stops-now", "stops the moment it moves"),
    ("redo", "must be redone"),
    ("cannot-come-back", "can't come back"),
    ("check-it", "keeps working, check it"),
    ("loses-access", "loses access"),
];

/// The address of one of an onboarding's pages, for whoever got the mail.
fn place(stack: &Stack, mail: &Mail, name: &str) -> Result<Url> {
    let links = mail.links();
    let link = links.iter().find(|link| link.as_str().starts_with(stack.portal())).context("a mail without a link")?;
    let mut segments = link.path_segments().context("a link without a path")?;
    let (first, key) = (segments.next().unwrap_or_default(), segments.next().unwrap_or_default());
    link.join(&format!("/{first}/{key}/{name}")).context("not an address")
}

async fn read(person: &mut Person, url: &Url) -> Result<Page> {
    let page = person.browser.open(url).await?;
    ensure!(page.status == 200, "{} can't read it: {}", person.name, page.summary());
    Ok(page)
}

/// The preflight and the report, before anything is decided.
pub(crate) async fn before_the_review(
    stack: &Stack,
    person: &mut Person,
    mail: &Mail,
    log: &Mutex<Log<'_>>,
) -> Result<()> {
    let page = read(person, &place(stack, mail, "preflight")?).await?;
    for row in page.table_rows() {
        if let [check, state, ..] = row.as_slice() {
            lock(log).add("Preflight", format!("{state} {check}"));
        }
    }
    let report = person.browser.json(place(stack, mail, "report.json")?).await?;
    for line in report_lines(&report) {
        lock(log).add("Report", line);
    }
    Ok(())
}

fn report_lines(report: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    for list in report["notRead"].as_array().into_iter().flatten() {
        lines.push(format!("not read: {}: {}", said(&list["what"]), said(&list["why"])));
    }
    let findings: Vec<&Value> = report["findings"].as_array().into_iter().flatten().collect();
    for (group, words) in GROUPS {
        let named: Vec<String> = findings
            .iter()
            .filter(|finding| finding["group"] == group)
            .map(|finding| match finding["detail"].as_str() {
                Some(detail) => format!("{} ({detail})", said(&finding["name"])),
                None => said(&finding["name"]).to_owned(),
            })
            .collect();
        lines.push(format!("{}: {words}", named.len()));
        lines.extend(named.into_iter().map(|name| format!("    {name}")));
    }
    lines.push(format!("SHA-256 {}", said(&report["hash"])));
    lines
}

fn said(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// What was decided about each assignment, as it stood on the page.
pub(crate) fn after_the_review(person: &Person, log: &Mutex<Log<'_>>) {
    for row in &person.reviewed {
        if let [who, after, role, scope, sure, _, decided] = row.as_slice() {
            let decided = if decided.is_empty() { "nobody decided: not given" } else { decided };
            lock(log).add("Review", format!("{who} → {after}: {role} at {scope}; {sure}; {decided}"));
        }
    }
}

/// What became of each assignment. Answers the rows as they were told.
pub(crate) async fn after_the_restore(stack: &Stack, person: &mut Person, log: &Mutex<Log<'_>>) -> Result<Vec<String>> {
    let mails = stack.mails().await?;
    let mail = mails
        .iter()
        .find(|mail| mail.is_to(&person.account.email) && !mail.links().is_empty())
        .context("nobody wrote to the partner")?;
    let page = read(person, &place(stack, mail, "access")?).await?;
    let mut rows = Vec::new();
    for row in page.table_rows() {
        if let [who, role, scope, after, became] = row.as_slice() {
            let after = if after.is_empty() { "nobody" } else { after };
            rows.push(format!("{became}: {role} of {who} → {after} at {scope}"));
        }
    }
    for row in &rows {
        lock(log).add("Access", row.as_str());
    }
    Ok(rows)
}
