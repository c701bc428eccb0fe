//! Cancelling undoes what was done, says so item by item, and is refused once there is nothing to undo.

use anyhow::{Context as _, Result, ensure};
use local::Page;
use onboarding::UndoItem;
use serde_json::{Value, json};

use crate::world::{CONFIRM, Case, OWNER_SIGN_IN, Onboarding, PARTNER_SIGN_IN, PATIENCE, run, until};

const CANCEL: &str = "Cancel the onboarding";

#[test]
fn cancelling_before_anybody_has_signed_in_changes_nothing_at_microsoft() -> Result<()> {
    run(async |case| {
        let mut onboarding = case.onboarding()?;
        onboarding.start_by_form().await?;
        onboarding.waits_for("sign-in", "owner").await?;
        owner_cancels(&mut onboarding).await?;
        let meta = cancelled(&mut onboarding).await?;
        assert_eq!(undone(&meta), []);
        assert_eq!(onboarding.ledger().await?, Vec::<Value>::new());
        Ok(())
    })
}

#[test]
fn the_partner_admin_can_cancel_while_it_is_their_turn() -> Result<()> {
    run(async |case| {
        let mut onboarding = case.onboarding()?;
        onboarding.start_by_event().await?;
        onboarding.owner_acts(OWNER_SIGN_IN).await?;
        onboarding.waits_for("sign-in", "partner-admin").await?;
        let link = onboarding.partner_link().await?;
        let page = onboarding.partner.browser.open(&link).await?;
        let page = onboarding.partner.browser.follow(&page, "Cancel this onboarding").await?;
        let page = onboarding.partner.browser.press(&page, CANCEL).await?;
        page.expect_text("The onboarding is being cancelled")?;
        let meta = cancelled(&mut onboarding).await?;
        assert_eq!(undone(&meta), [("sign-ins", "undone"), ("lock", "undone")]);
        Ok(())
    })
}

#[test]
fn cancelling_at_the_confirmation_removes_the_guest_that_was_invited_and_says_so() -> Result<()> {
    run(async |case| {
        let mut onboarding = case.onboarding()?.single_account();
        onboarding.start_by_form().await?;
        onboarding.owner_acts(OWNER_SIGN_IN).await?;
        onboarding.partner_acts(PARTNER_SIGN_IN).await?;
        onboarding.waits_for("confirm", "owner").await?;
        assert_eq!(onboarding.effects().await?.get("invitation-created"), Some(&1));
        owner_cancels(&mut onboarding).await?;
        let meta = cancelled(&mut onboarding).await?;
        assert_eq!(undone(&meta), [("guest", "undone"), ("sign-ins", "undone"), ("lock", "undone")]);
        assert_eq!(meta["undone"][0].get("why").filter(|why| !why.is_null()), None, "it was not gone already");
        let effects = onboarding.effects().await?;
        assert_eq!(effects.get("guest-deleted"), Some(&1));
        assert_eq!(effects.get("change-tenant-request-initiated"), None);
        let users = onboarding.users(&onboarding.pair.partner_tenant).await?;
        assert!(!users.iter().any(|user| user["invited"] == true), "{users:?}");
        Ok(())
    })
}

#[test]
fn not_now_on_the_confirmation_page_leads_to_cancelling_and_changes_nothing_by_itself() -> Result<()> {
    run(async |case| {
        let mut onboarding = case.onboarding()?;
        onboarding.start_by_form().await?;
        onboarding.owner_acts(OWNER_SIGN_IN).await?;
        onboarding.partner_acts(PARTNER_SIGN_IN).await?;
        let page = confirmation(case, &mut onboarding).await?;
        let before = onboarding.record().await?;
        let words = "Not now, keep everything as it is";
        let next = if page.offers(words) {
            onboarding.owner.browser.press(&page, words).await?
        } else {
            onboarding.owner.browser.follow(&page, words).await?
        };
        ensure!(next.status == 200, "{}", next.summary());
        assert_eq!(onboarding.record().await?, before, "nothing was recorded");
        onboarding.waits_for("confirm", "owner").await?;
        owner_cancels(&mut onboarding).await?;
        cancelled(&mut onboarding).await?;
        Ok(())
    })
}

#[test]
fn cancelling_while_a_policy_blocks_the_acceptance_deletes_the_pending_request_and_says_so() -> Result<()> {
    run(async |case| {
        let mut onboarding = case.onboarding()?;
        request_is_pending(case, &mut onboarding).await?;
        let page = onboarding.partner_reads_fix("The partner directory doesn't let subscriptions enter").await?;
        let page = onboarding.partner.browser.follow(&page, "progress").await?;
        page.expect_text("A request to change the directory is open in Azure")?;
        owner_cancels(&mut onboarding).await?;
        let meta = cancelled(&mut onboarding).await?;
        assert_eq!(undone(&meta), [("request", "undone"), ("sign-ins", "undone"), ("lock", "undone")]);
        assert_eq!(meta["undone"][0].get("why").filter(|why| !why.is_null()), None, "it was not gone already");
        let effects = onboarding.effects().await?;
        assert_eq!(effects.get("change-tenant-request-initiated"), Some(&1));
        assert_eq!(effects.get("change-tenant-request-deleted"), Some(&1));
        assert_eq!(effects.get("change-tenant-request-accepted"), None);
        Ok(())
    })
}

#[test]
fn what_could_not_be_undone_is_said_and_the_sign_ins_are_deleted_all_the_same() -> Result<()> {
    run(async |case| {
        let mut onboarding = case.onboarding()?;
        request_is_pending(case, &mut onboarding).await?;
        // Without a sign-in that works, nobody can take the request back for the owner.
        case.stack().control_post(&format!("users/{}/revoke", onboarding.pair.owner), &json!({})).await?;
        owner_cancels(&mut onboarding).await?;
        let meta = onboarding.ended("cancelled").await?;
        assert_eq!(undone(&meta), [("request", "not-possible"), ("sign-ins", "undone"), ("lock", "undone")]);
        assert_eq!(meta["undone"][0]["why"], "SignIn.Required", "{meta:#}");
        let record = onboarding.record().await?;
        assert!(!record.keys().any(|key| key.starts_with("CRED#")));
        let link = onboarding.owner_link().await?;
        let page = onboarding.owner.browser.open(&link).await?;
        page.expect_text("Our request to change the directory")?
            .expect_text("could not be undone")?
            .expect_text("A fresh sign-in is needed")?
            .expect_text("it expires a day after it was made")?;
        let german = onboarding.owner.browser.open(&format!("{link}?lang=de")).await?;
        german
            .expect_text("Unsere Anfrage zum Verzeichniswechsel")?
            .expect_text("konnte nicht rückgängig gemacht werden")?
            .expect_text("Unsere versiegelten Kopien von Anmeldungen")?;
        // The mail is queued with the end; it is on its way.
        until("a mail says what could not be undone", PATIENCE, async || {
            let said = "✗ Our request to change the directory: could not be undone.";
            Ok(onboarding.mails().await?.iter().any(|mail| mail.text.contains(said)).then_some(()))
        })
        .await
    })
}

#[test]
fn after_the_move_cancelling_is_refused_and_the_onboarding_goes_on_to_its_end() -> Result<()> {
    run(async |case| {
        let mut onboarding = case.onboarding()?;
        onboarding.start_by_form().await?;
        onboarding.owner_acts(OWNER_SIGN_IN).await?;
        onboarding.partner_acts(PARTNER_SIGN_IN).await?;
        let link = onboarding.owner_link().await?;
        let page = onboarding.owner.browser.open(&link).await?;
        let cancel_page = onboarding.owner.browser.follow(&page, "Cancel this onboarding").await?;
        ensure!(cancel_page.offers(CANCEL), "{}", cancel_page.summary());
        // Step 4 takes a while, so that there is time to try.
        let slow = json!({
            "operation": "arm", "pathContains": format!("{}/providers/Microsoft.Authorization/roleAssignments", onboarding.pair.subscription),
            "skip": 1, "effect": { "kind": "slow", "ms": 4000 },
        });
        case.stack().control_post("faults", &slow).await?;
        onboarding.owner_acts(CONFIRM).await?;
        until("it has moved", PATIENCE, async || {
            let meta = onboarding.meta().await?;
            ensure!(meta["ending"].is_null(), "it ended before anybody could try to cancel");
            Ok((meta["moved"] == true).then_some(()))
        })
        .await?;
        // A page that was opened before the move still has the button; pressing it must not help.
        let refused = onboarding.owner.browser.press(&cancel_page, CANCEL).await?;
        assert_eq!(refused.status, 409, "{}", refused.summary());
        refused.expect_text("It can't be cancelled any more")?;
        let page = onboarding.owner.browser.open(&link).await?;
        assert!(page.link("Cancel this onboarding").is_err(), "{}", page.summary());
        let meta = onboarding.ended("done").await?;
        assert_eq!(meta["cancelRequested"], false);
        assert_eq!(onboarding.at_microsoft().await?["tenantId"], onboarding.pair.partner_tenant.as_str());
        let over = onboarding.owner.browser.press(&cancel_page, CANCEL).await?;
        assert_eq!(over.status, 409);
        over.expect_text("This onboarding has ended")?;
        Ok(())
    })
}

#[test]
fn a_link_for_looking_can_not_cancel() -> Result<()> {
    run(async |case| {
        let mut onboarding = case.onboarding()?;
        let page = onboarding.partner.sign_up(case.stack(), &onboarding.request).await?;
        onboarding.id = crate::world::id_of_link(page.url.path())?;
        let own = page.url.clone();
        let share = until("it is registered", PATIENCE, async || {
            let page = onboarding.partner.browser.clone().open(&own).await?;
            Ok(page.link("A link for looking only").ok().map(|link| link.to_string()))
        })
        .await?;
        let url = format!("{share}/cancel");
        let shown = until("it is registered", PATIENCE, async || {
            let page = onboarding.partner.browser.clone().open(&url).await?;
            Ok((page.status == 200).then_some(page))
        })
        .await?;
        shown.expect_text("This link is for looking only")?;
        ensure!(!shown.offers(CANCEL), "{}", shown.summary());
        Ok(())
    })
}

async fn owner_cancels(onboarding: &mut Onboarding) -> Result<()> {
    let link = onboarding.owner_link().await?;
    let page = onboarding.owner.browser.open(&link).await?;
    let page = onboarding.owner.browser.follow(&page, "Cancel this onboarding").await?;
    page.expect_text("Cancelling leaves the subscription as it is")?;
    let page = onboarding.owner.browser.press(&page, CANCEL).await?;
    ensure!(page.status == 200, "{}", page.summary());
    page.expect_text("The onboarding is being cancelled")?;
    Ok(())
}

/// It ended as cancelled: nothing is left of it at Microsoft, and nothing that must be forgotten is kept.
async fn cancelled(onboarding: &mut Onboarding) -> Result<Value> {
    let meta = onboarding.ended("cancelled").await?;
    assert_eq!(onboarding.execution_status().await?, "SUCCEEDED");
    assert_eq!(onboarding.states().await?.last().map(String::as_str), Some("Cancelled"));
    let subscription = onboarding.at_microsoft().await?;
    assert_eq!(subscription["tenantId"], onboarding.pair.source_tenant.as_str());
    assert_eq!(subscription["pendingRequest"], Value::Null);
    let record = onboarding.record().await?;
    assert!(!record.keys().any(|key| key.starts_with("CRED#")), "the sealed sign-ins are gone");
    assert!(!record.values().any(|item| item["taskToken"].is_string()), "no task token is left");
    assert_eq!(onboarding.locks().await?, Vec::<Value>::new());
    let audit = onboarding.audit().await?;
    assert_eq!(onboarding::audit::verify(&audit), Ok(()));
    until("both people are told", PATIENCE, async || {
        let told = onboarding.mails().await?.iter().filter(|mail| mail.subject.ends_with("Cancelled")).count();
        Ok((told == 2).then_some(()))
    })
    .await?;
    let link = onboarding.owner_link().await?;
    let page = onboarding.owner.browser.open(&link).await?;
    page.expect_text("This onboarding was cancelled")?;
    for item in meta["undone"].as_array().context("no list of what was undone")? {
        let item: UndoItem = serde_json::from_value(item.clone())?;
        page.expect_text(&texts::undone(&item).what)?;
    }
    Ok(meta)
}

/// Up to a request that is pending because the partner directory's policy stopped its acceptance.
async fn request_is_pending(case: &Case, onboarding: &mut Onboarding) -> Result<()> {
    onboarding.start_by_form().await?;
    onboarding.owner_acts(OWNER_SIGN_IN).await?;
    onboarding.partner_acts(PARTNER_SIGN_IN).await?;
    onboarding.waits_for("confirm", "owner").await?;
    // The policy changes between the request and its acceptance: before, the step looks at it itself.
    let slow = json!({
        "operation": "arm", "pathContains": format!("{}/acceptChangeTenant", onboarding.pair.subscription),
        "effect": { "kind": "slow", "ms": 3000 },
    });
    case.stack().control_post("faults", &slow).await?;
    onboarding.owner_acts(CONFIRM).await?;
    until("the acceptance is intended", PATIENCE, async || {
        Ok(onboarding.meta().await?["acceptIntendedAt"].is_string().then_some(()))
    })
    .await?;
    let policy = format!("policies/{}", onboarding.pair.partner_tenant);
    case.stack().control_post(&policy, &json!({ "into": "block" })).await?;
    onboarding.waits_for("fix", "partner-admin").await?;
    let pending = onboarding.at_microsoft().await?["pendingRequest"].take();
    ensure!(pending.is_object(), "no request is pending");
    Ok(())
}

/// The confirmation page, not yet answered.
async fn confirmation(case: &Case, onboarding: &mut Onboarding) -> Result<Page> {
    let mail = onboarding.owner.wait_for_mail(case.stack(), CONFIRM, PATIENCE).await?;
    let page = onboarding.owner.sign_in_from(case.stack(), &mail, &local::Manner::default()).await?;
    ensure!(page.offers("Move the subscription"), "no confirmation page: {}", page.summary());
    Ok(page)
}

/// What became of each thing, by its ids.
fn undone(meta: &Value) -> Vec<(&str, &str)> {
    meta["undone"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|item| (item["what"].as_str().unwrap_or_default(), item["result"].as_str().unwrap_or_default()))
        .collect()
}
