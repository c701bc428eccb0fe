//! The pages in a real browser: whole associations by two people, on both routes, with and without JavaScript, in light and dark, in wide
//! and narrow windows, with the mouse and with the keyboard only. Every page that is visited is held against WCAG 2.2 A and AA.
//!
//! What happens in the browser is written down in `tests/pages`; here it is started, with people and a subscription of its own.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use local::{BrowserTools, Console, Person, Workspace};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::sync::{OnceCell, Semaphore};
use web::{SignInResult, paths};

use crate::world::{Case, Onboarding, run};

/// How long one run of the browser may take.
const DEADLINE: Duration = Duration::from_secs(240);

#[test]
fn both_people_get_through_the_two_party_route_with_javascript_in_a_wide_light_window() -> Result<()> {
    run(async |case| {
        let onboarding = case.onboarding()?;
        journey(
            case,
            &onboarding,
            "two-party",
            json!({"javaScript": true, "scheme": "light", "width": 1280, "hands": "mouse"}),
        )
        .await
    })
}

#[test]
fn both_people_get_through_the_two_party_route_without_javascript_in_a_narrow_dark_window_with_the_keyboard_only()
-> Result<()> {
    run(async |case| {
        let onboarding = case.onboarding()?;
        journey(
            case,
            &onboarding,
            "two-party",
            json!({"javaScript": false, "scheme": "dark", "width": 320, "hands": "keyboard"}),
        )
        .await
    })
}

#[test]
fn both_people_get_through_the_single_account_route_with_javascript_in_a_narrow_dark_window_with_the_keyboard_only()
-> Result<()> {
    run(async |case| {
        let onboarding = case.onboarding()?.single_account();
        journey(
            case,
            &onboarding,
            "single-account",
            json!({"javaScript": true, "scheme": "dark", "width": 320, "hands": "keyboard"}),
        )
        .await
    })
}

#[test]
fn both_people_get_through_the_single_account_route_without_javascript_in_a_wide_light_window() -> Result<()> {
    run(async |case| {
        let onboarding = case.onboarding()?.single_account();
        journey(
            case,
            &onboarding,
            "single-account",
            json!({"javaScript": false, "scheme": "light", "width": 1280, "hands": "mouse"}),
        )
        .await
    })
}

#[test]
fn a_form_says_what_is_wrong_leads_there_and_keeps_what_was_typed_and_every_result_of_a_sign_in_can_be_read()
-> Result<()> {
    run(async |case| {
        let mut onboarding = case.onboarding()?;
        onboarding.start_by_form().await?;
        let link = onboarding.owner_link().await?;
        let link = link.path().trim_start_matches("/o/");
        let mut addresses: Vec<String> = SignInResult::ALL.iter().map(|result| paths::problem(*result)).collect();
        addresses.extend(SignInResult::ALL.iter().map(|result| paths::result(link, *result)));
        addresses.extend([paths::turn(link), paths::cancel(link), paths::forward(link), paths::preflight(link)]);
        addresses.extend([paths::report(link), paths::mapping(link), paths::confirm(link), paths::access(link)]);
        addresses.extend([paths::proof(link), paths::receipt(link), paths::progress("forged")]);
        for java_script in [true, false] {
            let mut task = task(case, &onboarding, "two-party");
            merge(
                &mut task,
                json!({"task": "forms", "javaScript": java_script, "fewLooks": true, "addresses": addresses}),
            );
            browse(&task).await?;
            addresses.clear();
        }
        Ok(())
    })
}

/// One association in the browser, and what it left at Microsoft.
async fn journey(case: &Case, onboarding: &Onboarding, route: &str, manner: Value) -> Result<()> {
    let mut task = task(case, onboarding, route);
    merge(&mut task, manner);
    browse(&task).await?;
    let subscription = onboarding.at_microsoft().await?;
    ensure!(
        subscription["tenantId"] == onboarding.pair.partner_tenant.as_str(),
        "the pages said that it is done, and the subscription is in {}",
        subscription["tenantId"]
    );
    Ok(())
}

/// What every task needs to know.
fn task(case: &Case, onboarding: &Onboarding, route: &str) -> Value {
    json!({
        "task": "journey",
        "portal": case.stack().portal(),
        "inbox": case.stack().inbox(),
        "route": route,
        "subscription": { "id": onboarding.request.subscription_id, "name": onboarding.subscription_name },
        "partnerDirectory": onboarding.request.partner_directory,
        "owner": account(&onboarding.owner),
        "partner": account(&onboarding.partner),
    })
}

fn account(person: &Person) -> Value {
    let account = &person.account;
    json!({ "email": account.email, "password": account.password, "code": account.code })
}

fn merge(task: &mut Value, more: Value) {
    if let (Some(task), Value::Object(more)) = (task.as_object_mut(), more) {
        task.extend(more);
    }
}

/// Plays one task in a browser of its own. Two at a time: a browser takes a core.
pub(crate) async fn browse(task: &Value) -> Result<()> {
    static TOOLS: OnceCell<BrowserTools> = OnceCell::const_new();
    static SEATS: Semaphore = Semaphore::const_new(2);
    let tools = TOOLS
        .get_or_try_init(|| async {
            let workspace = Workspace::find().await?;
            local::ensure_browser(&workspace, &Console::quiet()).await
        })
        .await?;
    let _seat = SEATS.acquire().await?;
    let mut node = tokio::process::Command::new(&tools.node)
        .arg(tools.scripts.join("run.mjs"))
        .env("MOORING_BROWSER", &tools.browser)
        .env("MOORING_BROWSER_MODULES", &tools.modules)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("cannot start Node.js")?;
    let mut input = node.stdin.take().context("no standard input")?;
    input.write_all(task.to_string().as_bytes()).await.context("cannot tell the browser what to do")?;
    drop(input);
    let output = tokio::time::timeout(DEADLINE, node.wait_with_output())
        .await
        .with_context(|| format!("the browser was not done within {} s", DEADLINE.as_secs()))?
        .context("the browser broke off")?;
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.success(), "in the browser: {said}");
    #[expect(clippy::print_stdout, reason = "figures for whoever reads the run")]
    {
        println!("{said}");
    }
    Ok(())
}
