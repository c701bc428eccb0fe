//! Both routes, from the sign-up form to the proof.

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::world::{CONFIRM, Case, OWNER_ROLE, OWNER_SIGN_IN, Onboarding, PARTNER_SIGN_IN, REVIEW, run};

/// As many as the design allows on the happy path.
const TRANSITIONS: usize = 35;
/// The owner's third sign-in, as a guest, takes five more.
const TRANSITIONS_AS_GUEST: usize = 40;

#[test]
fn the_two_party_route_ends_with_the_subscription_in_the_partner_directory_and_its_administrator_as_the_only_owner()
-> Result<()> {
    run(async |case| {
        let mut onboarding = case.onboarding()?;
        associate_and_prove(&mut onboarding).await?;
        let effects = onboarding.effects().await?;
        assert_eq!(effects.get("invitation-created"), None, "nobody is invited on the two-party route");
        let subscription = onboarding.at_microsoft().await?;
        assert_eq!(owners(&subscription), [onboarding.pair.partner_admin_oid.as_str()]);
        let guests = guests(&onboarding).await?;
        assert!(guests.is_empty(), "no guest that nobody asked for: {guests:?}");
        evidence(&mut onboarding).await
    })
}

#[test]
fn the_single_account_route_invites_the_owner_as_the_one_guest_and_ends_with_the_administrator_as_owner() -> Result<()>
{
    run(async |case| {
        let mut onboarding = case.onboarding()?.single_account();
        associate_and_prove(&mut onboarding).await?;
        let effects = onboarding.effects().await?;
        assert_eq!(effects.get("invitation-created"), Some(&1));
        assert_eq!(effects.get("invitation-repeated"), None);
        assert_eq!(effects.get("invitation-redeemed"), Some(&1));
        let guests = guests(&onboarding).await?;
        assert_eq!(guests.len(), 1, "{guests:?}");
        assert_eq!(guests[0]["email"], onboarding.pair.owner.as_str());
        // Who accepts becomes Owner: that is Azure's doing, not ours.
        let guest = guests[0]["oid"].as_str().unwrap_or_default().to_owned();
        let subscription = onboarding.at_microsoft().await?;
        assert_eq!(owners(&subscription), [guest.as_str(), onboarding.pair.partner_admin_oid.as_str()]);
        Ok(())
    })
}

#[test]
fn an_association_works_in_the_us_government_cloud_and_in_the_closed_german_one_where_it_is_simulated() -> Result<()> {
    run(async |case| {
        for (cloud, source, partner, prefix) in [
            ("us-government", "fabrikamus.onmicrosoft.us", "contosous.onmicrosoft.us", '8'),
            ("germany", "fabrikamde.onmicrosoft.de", "contosode.onmicrosoft.de", '9'),
        ] {
            let subscription = format!("5{prefix}000000-0000-4000-8000-000000000001");
            let mut onboarding = of_another_cloud(case, cloud, source, partner)?.about(&subscription, "Contoso Prod");
            onboarding.start_by_form().await.with_context(|| format!("in {cloud}"))?;
            onboarding.associate().await.with_context(|| format!("in {cloud}"))?;
            let subscription = onboarding.at_microsoft().await?;
            assert_eq!(subscription["tenantId"], format!("b{prefix}000000-0000-4000-8000-000000000002"), "{cloud}");
        }
        Ok(())
    })
}

fn of_another_cloud(case: &Case, cloud: &str, source: &str, partner: &str) -> Result<Onboarding> {
    let mut onboarding = case.onboarding()?;
    onboarding.request.cloud = Some(cloud.to_owned());
    onboarding.request.partner_directory = partner.to_owned();
    onboarding.owned_by(&format!("rosa@{source}"))?.administered_by(&format!("kim@{partner}"))
}

/// Everything that both routes have in common.
async fn associate_and_prove(onboarding: &mut Onboarding) -> Result<()> {
    onboarding.start_by_form().await?;
    let before = onboarding.at_microsoft().await?;
    onboarding.associate().await?;
    let pair = onboarding.pair.clone();

    // At Microsoft: the directory, and nothing left of the access that was there before.
    let subscription = onboarding.at_microsoft().await?;
    assert_eq!(before["tenantId"], pair.source_tenant.as_str());
    assert_eq!(subscription["tenantId"], pair.partner_tenant.as_str());
    assert_eq!(subscription["pendingRequest"], Value::Null);
    assert_eq!(subscription["customRoles"].as_array().map(Vec::len), before["customRoles"].as_array().map(Vec::len));
    for old in names(&before) {
        assert!(!names(&subscription).contains(&old), "the role assignment {old} of the old directory is left");
    }

    // What it took: one of each, and one Owner assignment for the administrator.
    let effects = onboarding.effects().await?;
    for once in [
        "change-tenant-request-initiated",
        "change-tenant-request-accepted",
        "directory-changed",
        "role-assignments-wiped",
    ] {
        assert_eq!(effects.get(once), Some(&1), "{once} in {effects:?}");
    }
    for never in ["change-tenant-request-deleted", "role-assignment-deleted", "guest-deleted", "token-refused"] {
        assert_eq!(effects.get(never), None, "{never} in {effects:?}");
    }
    let ledger = onboarding.ledger().await?;
    let owner_effects = ledger
        .iter()
        .filter(|entry| {
            entry["kind"] == "role-assignment-created"
                && entry["detail"]["principalId"] == pair.partner_admin_oid.as_str()
                && entry["detail"]["roleDefinitionId"] == OWNER_ROLE
        })
        .count();
    assert_eq!(owner_effects, 1, "the administrator becomes Owner exactly once");

    // The record.
    let record = onboarding.record().await?;
    let meta = &record["META"];
    assert_eq!((&meta["status"], &meta["ending"], &meta["moved"]), (&"done".into(), &"done".into(), &true.into()));
    assert_eq!(meta["openWait"], Value::Null);
    let steps: Vec<(&str, &str)> = record
        .iter()
        .filter(|(key, _)| key.starts_with("STEP#"))
        .map(|(_, step)| (step["step"].as_str().unwrap_or_default(), step["state"].as_str().unwrap_or_default()))
        .collect();
    assert_eq!(
        steps,
        [
            ("use-existing-directory", "done"),
            ("associate-credentials", "done"),
            ("assess-impact", "done"),
            ("map-directory", "done"),
            ("add-administrator", "done"),
            ("restore-access", "done"),
            ("confirm-changes", "done"),
        ]
    );
    assert!(!record.keys().any(|key| key.starts_with("CRED#")), "the sealed sign-ins are gone");
    assert!(!record.values().any(|item| item["taskToken"].is_string()), "no task token is left");
    assert_eq!(onboarding.locks().await?, Vec::<Value>::new(), "the locks are gone");

    // The trail.
    let audit = onboarding.audit().await?;
    assert_eq!(onboarding::audit::verify(&audit), Ok(()));
    assert_eq!(meta["lastHash"], audit.last().context("an empty trail")?.hash.as_str());
    for action in [
        "onboarding.created",
        "review.done",
        "move.confirmed",
        "access.restored",
        "request.sent",
        "request.accepted",
        "association.proved",
        "onboarding.ended",
    ] {
        assert_eq!(audit.iter().filter(|entry| entry.action == action).count(), 1, "{action}");
    }

    // The state machine.
    assert_eq!(onboarding.execution_status().await?, "SUCCEEDED");
    let states = onboarding.states().await?;
    let most =
        if onboarding.request.route.as_deref() == Some("single-account") { TRANSITIONS_AS_GUEST } else { TRANSITIONS };
    assert!(states.len() <= most, "{} transitions: {states:?}", states.len());
    assert_eq!(states.last().map(String::as_str), Some("Done"));

    // The mails: each asked once, both told at the end.
    let subjects: Vec<(bool, String)> =
        crate::world::until("both people are told", crate::world::PATIENCE, async || {
            let mails = onboarding.mails().await?;
            let done = mails.iter().filter(|mail| mail.subject.contains("Done")).count();
            Ok((done == 2).then(|| mails.into_iter().map(|mail| (mail.is_to(&pair.owner), mail.subject)).collect()))
        })
        .await?;
    for (to_owner, words) in [
        (true, OWNER_SIGN_IN),
        (false, PARTNER_SIGN_IN),
        (false, REVIEW),
        (true, CONFIRM),
        (true, "The move is confirmed"),
        (false, "The move is confirmed"),
        (true, "Done"),
        (false, "Done"),
    ] {
        let got = subjects.iter().filter(|(owner, subject)| *owner == to_owner && subject.contains(words)).count();
        assert_eq!(got, 1, "“{words}” in {subjects:?}");
    }

    // The page, as both people see it.
    let link = onboarding.owner_link().await?;
    let page = onboarding.owner.browser.open(&link).await?;
    page.expect_text("The subscription trusts Contoso Partner.")?.expect_text("is Owner of the subscription")?;
    ensure!(!page.offers("Continue to Microsoft"), "nothing is asked any more: {}", page.summary());
    Ok(())
}

fn names(subscription: &Value) -> Vec<String> {
    let all = subscription["roleAssignments"].as_array().into_iter().flatten();
    all.filter_map(|assignment| assignment["name"].as_str().map(ToOwned::to_owned)).collect()
}

/// Object ids of the people who are Owners, in the order in which they became it. A group that had the role has it again.
fn owners(subscription: &Value) -> Vec<&str> {
    let all = subscription["roleAssignments"].as_array().into_iter().flatten();
    all.filter(|assignment| assignment["roleDefinitionId"] == OWNER_ROLE && assignment["principalType"] == "User")
        .filter_map(|assignment| assignment["principalId"].as_str())
        .collect()
}

async fn guests(onboarding: &Onboarding) -> Result<Vec<Value>> {
    let mut users = onboarding.users(&onboarding.pair.partner_tenant).await?;
    // Some were guests before.
    users.retain(|user| user["userType"] == "Guest" && user["invited"] == true);
    Ok(users)
}

/// Both people download the same trail; it holds together and records the receipt, and an altered copy does not.
async fn evidence(onboarding: &mut Onboarding) -> Result<()> {
    let (owner, partner) = (onboarding.owner_link().await?, onboarding.partner_link().await?);
    let mine = onboarding.owner.browser.json(format!("{owner}/evidence.json")).await?;
    let theirs = onboarding.partner.browser.json(format!("{partner}/evidence.json")).await?;
    let pack: impact::evidence::Pack = serde_json::from_value(mine.clone())?;
    let verified = pack.verify()?;
    assert!(verified.entries > 10 && verified.receipt.is_some(), "{verified:?}");
    assert_eq!(theirs["head"], verified.head.as_str());
    let page = onboarding.owner.browser.open(format!("{owner}/evidence")).await?;
    page.expect_text("Complete and unchanged")?.expect_text(&verified.head)?;
    for (altered, to) in
        [("/trail/3/at", "2026-01-01T00:00:00Z"), ("/receipt/to", "45ffe2da-b7a4-460f-9e4c-51afd47b94cb")]
    {
        let mut copy = mine.clone();
        *copy.pointer_mut(altered).with_context(|| format!("the pack has no {altered}"))? = to.into();
        let copy: impact::evidence::Pack = serde_json::from_value(copy)?;
        assert!(copy.verify().is_err(), "{altered} was altered and nobody sees it");
    }
    Ok(())
}
