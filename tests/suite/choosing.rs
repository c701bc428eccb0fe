//! Which subscription? A request may name none; an account may see several, one or none of them.

use anyhow::{Context as _, Result, ensure};
use onboarding::Actor;
use onboarding::links::LinkRole;
use serde_json::json;
use url::Url;

use crate::world::{CONFIRM, OWNER_ROLE, OWNER_SIGN_IN, Onboarding, PARTNER_SIGN_IN, PATIENCE, run, until};

/// Sends a choice through a link, as a page of ours does; answers the status and the page that it leads to.
async fn choose(link: &Url, field: &str, value: &str) -> Result<(u16, String)> {
    let sent = reqwest::Client::new().post(format!("{link}/choose")).form(&[(field, value)]).send().await?;
    Ok((sent.status().as_u16(), sent.text().await?))
}

/// The owner signs in, and there is something to choose because of this.
async fn has_to_choose(onboarding: &mut Onboarding, reason: &str) -> Result<local::Page> {
    onboarding.owner_acts(OWNER_SIGN_IN).await?;
    let wait = onboarding.waits_for("fix", "owner").await?;
    ensure!(wait["reason"] == reason, "{wait:#}");
    let page = onboarding.owner_turn().await?;
    page.expect_text(reason)?;
    ensure!(onboarding.locks().await?.iter().all(|lock| !lock["pk"].as_str().unwrap_or_default().contains("SUB#")));
    Ok(page)
}

#[test]
fn without_a_subscription_the_owner_chooses_one_of_those_they_see_and_it_is_associated() -> Result<()> {
    run(async |case| {
        let mut onboarding = case.onboarding()?.in_directory_of_the_owner();
        onboarding.start_by_form().await?;
        let progress = onboarding.owner.browser.open(onboarding.owner_link().await?).await?;
        progress.expect_text("not chosen yet")?;
        ensure!(!progress.body.contains("00000000-0000"), "the id of no subscription is shown");
        let page = has_to_choose(&mut onboarding, "Subscription.NotChosen").await?;
        let (pair, link) = (onboarding.pair.clone(), onboarding.owner_link().await?);
        page.expect_text("Which subscription shall move?")?.expect_text(&pair.subscription)?;
        // What can't move is on the list with the reason, and is no choice.
        page.expect_text(&pair.csp_subscription)?.expect_text("It can't change its directory.")?;

        // Nothing chosen, what can't move, and one that is not on the list: each is said, and it waits as before.
        let mut form = page.form("Use this subscription")?.clone();
        let wrong = onboarding.owner.browser.submit(&page, &form, "Use this subscription").await?;
        ensure!(wrong.status == 422, "{}", wrong.summary());
        wrong.expect_text("Choose one of the subscriptions that can change their directory")?;
        for id in [&pair.csp_subscription, "6c3c85bc-5366-4eaa-8055-a10529eafd03"] {
            let (status, page) = choose(&link, "subscription", id).await?;
            ensure!(status == 422, "{page}");
        }
        let wait = onboarding.waits_for("fix", "owner").await?;
        ensure!(wait["outcome"].is_null(), "{wait:#}");

        form.tick(&format!("subscription={}", pair.subscription))?;
        let sent = onboarding.owner.browser.submit(&page, &form, "Use this subscription").await?;
        sent.expect_text("Thanks, we look at that subscription")?;
        onboarding.waits_for("sign-in", "partner-admin").await?;
        let meta = onboarding.meta().await?;
        ensure!(meta["subscriptionId"] == pair.subscription.as_str(), "{meta:#}");
        // Too late for another choice: this one is proved and locked.
        let (_, late) = choose(&link, "subscription", &pair.disabled_subscription).await?;
        ensure!(late.contains("SignIn.MovedOn"), "{late}");
        ensure!(onboarding.meta().await?["subscriptionId"] == pair.subscription.as_str());

        onboarding.partner_acts(PARTNER_SIGN_IN).await?;
        onboarding.owner_acts(CONFIRM).await?;
        onboarding.ended("done").await?;
        onboarding.request.subscription_id = pair.subscription.clone();
        ensure!(onboarding.at_microsoft().await?["tenantId"] == pair.partner_tenant.as_str());
        let trail = onboarding.audit().await?;
        assert_eq!(trail.iter().filter(|entry| entry.action == "subscription.chosen").count(), 1);
        assert_eq!(onboarding::audit::verify(&trail), Ok(()));
        Ok(())
    })
}

#[test]
fn the_only_subscription_that_an_account_sees_is_found_without_asking() -> Result<()> {
    run(async |case| {
        let pair = case.pair()?;
        let (reader, oid) = (pair.reader.clone(), pair.reader_oid.clone());
        let mut onboarding = Onboarding::of(case.stack(), pair)?.owned_by(&reader)?.in_directory_of_the_owner();
        // The same from the console, where there is no form.
        let name = format!("console-{}", onboarding.pair.partner_domain.replace('.', "-"));
        onboarding.start_by_console(&name).await?;
        onboarding.owner_acts(OWNER_SIGN_IN).await?;
        // It is looked at like any other.
        let wait = onboarding.waits_for("fix", "owner").await?;
        ensure!(wait["reason"] == "Owner.NotOwner", "{wait:#}");
        let role = json!({ "principalId": oid, "roleDefinitionId": OWNER_ROLE });
        let path = format!("subscriptions/{}/role-assignments", onboarding.pair.subscription);
        case.stack().control_post(&path, &role).await?;
        let page = onboarding.owner_turn().await?;
        onboarding.owner.browser.press(&page, "Check again").await?;
        onboarding.waits_for("sign-in", "partner-admin").await?;
        let meta = onboarding.meta().await?;
        ensure!(meta["subscriptionId"] == onboarding.pair.subscription.as_str(), "{meta:#}");
        ensure!(onboarding.audit().await?.iter().any(|entry| entry.action == "subscription.found"));
        Ok(())
    })
}

#[test]
fn who_does_not_see_the_subscription_reads_where_was_looked_and_can_do_something_about_it() -> Result<()> {
    run(async |case| {
        let pair = case.pair()?;
        let (second, wanted) = (pair.second_account.clone(), pair.subscription.clone());
        let mut onboarding = Onboarding::of(case.stack(), pair)?.owned_by(&second)?;
        onboarding.start_by_form().await?;
        let page = has_to_choose(&mut onboarding, "Subscription.NotVisible").await?;
        page.expect_text("We can't see the subscription with this account")?
            .expect_text(&wanted)?
            .expect_text(&onboarding.pair.source_tenant)?
            .expect_text("there is none")?
            .expect_text("Another account should do this")?;
        // No id at all, and one of a subscription that is somewhere else: neither ends anything.
        let link = onboarding.owner_link().await?;
        let (status, sent) = choose(&link, "other-subscription", "shop").await?;
        ensure!(status == 422 && sent.contains("The id must be a GUID"), "{sent}");
        let first = onboarding.waits_for("fix", "owner").await?;
        let elsewhere = "6c3c85bc-5366-4eaa-8055-a10529eafd03";
        choose(&link, "other-subscription", elsewhere).await?;
        let second_wait = until("it is looked at and asked again", PATIENCE, async || {
            let wait = onboarding.waits_for("fix", "owner").await?;
            Ok((wait["waitId"] != first["waitId"]).then_some(wait))
        })
        .await?;
        ensure!(second_wait["reason"] == "Subscription.NotVisible", "{second_wait:#}");
        // Back to the right one, and the role that was missing is given.
        let users = onboarding.users(&onboarding.pair.source_tenant.clone()).await?;
        let person = users.iter().find(|user| user.to_string().contains(&second)).context("no such guest")?;
        let role = json!({ "principalId": person["oid"], "roleDefinitionId": OWNER_ROLE });
        let path = format!("subscriptions/{wanted}/role-assignments");
        case.stack().control_post(&path, &role).await.with_context(|| format!("{person:#}"))?;
        choose(&link, "other-subscription", &wanted).await?;
        onboarding.waits_for("sign-in", "partner-admin").await?;
        ensure!(onboarding.meta().await?["subscriptionId"] == wanted.as_str());
        Ok(())
    })
}

#[test]
fn only_the_owner_chooses_and_only_while_there_is_something_to_choose() -> Result<()> {
    run(async |case| {
        let mut onboarding = case.onboarding()?.in_directory_of_the_owner();
        onboarding.start_by_form().await?;
        let subscription = onboarding.pair.subscription.clone();
        // Before anybody looked.
        let link = onboarding.owner_link().await?;
        let (_, early) = choose(&link, "subscription", &subscription).await?;
        ensure!(early.contains("SignIn.MovedOn"), "{early}");
        has_to_choose(&mut onboarding, "Subscription.NotChosen").await?;
        // Whoever only looks.
        let progress = onboarding.owner.browser.open(&link).await?;
        let (status, page) = choose(progress.link("A link for looking only")?, "subscription", &subscription).await?;
        ensure!(status == 403, "{page}");
        // The partner admin, whom it is not about.
        let key = case.link_key().await?;
        let id = onboarding::OnboardingId::parse(&onboarding.id)?;
        let theirs = key.link(&id, LinkRole::Person(Actor::PartnerAdmin, 0));
        let theirs = Url::parse(&format!("{}/o/{theirs}", case.stack().portal()))?;
        let (_, page) = choose(&theirs, "subscription", &subscription).await?;
        ensure!(page.contains("SignIn.MovedOn"), "{page}");
        let meta = onboarding.meta().await?;
        ensure!(meta["subscriptionChosen"] != true, "{meta:#}");
        onboarding.waits_for("fix", "owner").await?;
        Ok(())
    })
}
