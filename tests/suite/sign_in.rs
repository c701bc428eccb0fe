//! Signing in: only the expected person, in the browser where it began, once and in time; anything else leaves the wait open and
//! records nothing of theirs.

use anyhow::{Context as _, Result, ensure};
use local::{Account, Browser, Manner, Page, Person, SignInPage};
use serde_json::{Value, json};
use url::Url;

use crate::world::{CLOUD, CONFIRM, Case, OWNER_SIGN_IN, Onboarding, PARTNER_SIGN_IN, PATIENCE, run, run_alone};

#[test]
fn the_owner_s_second_account_is_refused_and_the_wait_stays_open_for_the_right_one() -> Result<()> {
    run(async |case| {
        let mut onboarding = started(case).await?;
        let wrong = account(case, &onboarding.pair.second_account)?;
        let mail = onboarding.owner.wait_for_mail(case.stack(), OWNER_SIGN_IN, PATIENCE).await?;
        let manner = Manner { with: Some(wrong), ..Manner::default() };
        let page = onboarding.owner.sign_in_from(case.stack(), &mail, &manner).await?;
        assert_eq!(page.status, 403, "{}", page.summary());
        page.expect_text("That was a different account")?;
        page.expect_text(&format!("You signed in as {}", onboarding.pair.second_account))?;
        page.expect_text(&format!("This step needs {}", onboarding.pair.owner))?;
        still_open(&onboarding, "owner", "sign-in.wrong-account").await?;
        // The page leads back to the same sign-in.
        onboarding.owner.browser.forget(Some(&Url::parse(case.stack().microsoft())?));
        let turn = onboarding.owner.browser.follow(&page, "Try again").await?;
        let page = onboarding.owner.sign_in_at(case.stack(), &turn, &Manner::default()).await?;
        page.expect_text("Thanks, that worked")?;
        onboarding.waits_for("sign-in", "partner-admin").await?;
        Ok(())
    })
}

#[test]
fn another_member_of_the_partner_directory_is_refused_and_the_wait_stays_open_for_the_administrator() -> Result<()> {
    run(async |case| {
        let mut onboarding = started(case).await?;
        onboarding.owner_acts(OWNER_SIGN_IN).await?;
        // So that Microsoft lets them through to us: whether they may consent is another test's matter.
        let member = onboarding.pair.partner_member.clone();
        let roles = json!({ "tenantId": onboarding.pair.partner_tenant, "roles": ["Global Administrator"] });
        case.stack().control_post(&format!("users/{member}"), &roles).await?;
        let mail = onboarding.partner.wait_for_mail(case.stack(), PARTNER_SIGN_IN, PATIENCE).await?;
        let manner = Manner { with: Some(account(case, &member)?), ..Manner::default() };
        let page = onboarding.partner.sign_in_from(case.stack(), &mail, &manner).await?;
        assert_eq!(page.status, 403, "{}", page.summary());
        page.expect_text("That was a different account")?;
        still_open(&onboarding, "partner-admin", "sign-in.wrong-account").await?;
        onboarding.partner.browser.forget(Some(&Url::parse(case.stack().microsoft())?));
        sign_in(case, &mut onboarding.partner, &mail, &Manner::default(), "Thanks, that worked").await?;
        onboarding.waits_for("review", "partner-admin").await?;
        Ok(())
    })
}

#[test]
fn at_the_confirmation_only_the_owner_who_signed_in_first_gets_to_the_page() -> Result<()> {
    run(async |case| {
        let mut onboarding = started(case).await?;
        onboarding.owner_acts(OWNER_SIGN_IN).await?;
        onboarding.partner_acts(PARTNER_SIGN_IN).await?;
        let mail = onboarding.owner.wait_for_mail(case.stack(), CONFIRM, PATIENCE).await?;
        let wrong = account(case, &onboarding.pair.second_account)?;
        let manner = Manner { with: Some(wrong), ..Manner::default() };
        let page = onboarding.owner.sign_in_from(case.stack(), &mail, &manner).await?;
        assert_eq!(page.status, 403, "{}", page.summary());
        page.expect_text("That was a different account")?;
        // Without a fresh sign-in of the owner in this browser the address of the confirmation leads back to signing in.
        let link = onboarding.owner_link().await?;
        let page = onboarding.owner.browser.open(format!("{link}/confirm")).await?;
        assert!(page.url.path().ends_with("/turn") && !page.offers("Move the subscription"), "{}", page.summary());
        assert_eq!(onboarding.meta().await?["confirmedHash"], Value::Null);
        onboarding.owner.browser.forget(Some(&Url::parse(case.stack().microsoft())?));
        let page = onboarding.owner.sign_in_from(case.stack(), &mail, &Manner::default()).await?;
        ensure!(page.offers("Move the subscription"), "{}", page.summary());
        // The same address in a browser that has not signed in leads to signing in, whoever has the link.
        let page = Browser::new()?.open(format!("{link}/confirm")).await?;
        assert!(page.url.path().ends_with("/turn"), "{}", page.summary());
        Ok(())
    })
}

#[test]
fn somebody_whom_the_directory_does_not_know_is_stopped_by_microsoft_and_the_wait_stays_open() -> Result<()> {
    run(async |case| {
        let mut onboarding = started(case).await?;
        let mail = onboarding.owner.wait_for_mail(case.stack(), OWNER_SIGN_IN, PATIENCE).await?;
        let manner = Manner { with: Some(account(case, "stranger@outlook.com")?), ..Manner::default() };
        let page = onboarding.owner.sign_in_from(case.stack(), &mail, &manner).await?;
        ensure!(page.url.as_str().starts_with(case.stack().microsoft()), "{}", page.summary());
        page.expect_text("AADSTS50020")?;
        let record = onboarding.record().await?;
        assert!(!record.keys().any(|key| key.starts_with("CRED#")));
        onboarding.owner.browser.forget(Some(&Url::parse(case.stack().microsoft())?));
        sign_in(case, &mut onboarding.owner, &mail, &Manner::default(), "Thanks, that worked").await
    })
}

#[test]
fn a_declined_consent_is_told_as_such_and_the_wait_stays_open_for_another_try() -> Result<()> {
    run(async |case| {
        let mut onboarding = started(case).await?;
        let mail = onboarding.owner.wait_for_mail(case.stack(), OWNER_SIGN_IN, PATIENCE).await?;
        let manner = Manner { declines_consent: true, ..Manner::default() };
        let page = onboarding.owner.sign_in_from(case.stack(), &mail, &manner).await?;
        assert_eq!(page.status, 403, "{}", page.summary());
        page.expect_text("You chose not to allow access")?.expect_text("SignIn.ConsentDeclined")?;
        still_open(&onboarding, "owner", "sign-in.refused").await?;
        assert_eq!(onboarding.effects().await?.get("consent-declined"), Some(&1));
        sign_in(case, &mut onboarding.owner, &mail, &Manner::default(), "Thanks, that worked").await
    })
}

#[test]
fn somebody_who_may_not_consent_for_the_directory_leaves_the_wait_open() -> Result<()> {
    run(async |case| {
        let pair = case.pair()?;
        let member = pair.partner_member.clone();
        let mut onboarding = Onboarding::of(case.stack(), pair)?.administered_by(&member)?;
        onboarding.start_by_form().await?;
        onboarding.owner_acts(OWNER_SIGN_IN).await?;
        let mail = onboarding.partner.wait_for_mail(case.stack(), PARTNER_SIGN_IN, PATIENCE).await?;
        let at_approval = Manner { stops_at: Some(SignInPage::Approval), ..Manner::default() };
        let page = onboarding.partner.sign_in_from(case.stack(), &mail, &at_approval).await?;
        page.expect_text("AADSTS90094")?;
        let page = onboarding.partner.sign_in_from(case.stack(), &mail, &Manner::default()).await?;
        assert_eq!(page.status, 403, "{}", page.summary());
        page.expect_text("Nothing was recorded")?.link("Try again")?;
        still_open(&onboarding, "partner-admin", "sign-in.refused").await
    })
}

#[test]
fn either_person_can_decline_and_that_ends_the_onboarding_with_nothing_changed() -> Result<()> {
    run(async |case| {
        let mut onboarding = started(case).await?;
        let page = onboarding.owner_turn().await?;
        let page = onboarding.owner.browser.press(&page, "Decline").await?;
        page.expect_text("You declined")?;
        declined(&onboarding, "owner").await?;

        let mut onboarding = started(case).await?;
        onboarding.owner_acts(OWNER_SIGN_IN).await?;
        onboarding.waits_for("sign-in", "partner-admin").await?;
        let page = onboarding.partner_turn().await?;
        let page = onboarding.partner.browser.press(&page, "Decline").await?;
        page.expect_text("You declined")?;
        declined(&onboarding, "partner-admin").await
    })
}

async fn declined(onboarding: &Onboarding, by: &str) -> Result<()> {
    onboarding.ended("declined").await?;
    let record = onboarding.record().await?;
    assert!(!record.keys().any(|key| key.starts_with("CRED#")));
    assert_eq!(onboarding.locks().await?, Vec::<Value>::new());
    let audit = onboarding.audit().await?;
    assert!(audit.iter().any(|entry| entry.action == "onboarding.declined" && entry.actor == by), "{audit:#?}");
    assert_eq!(onboarding::audit::verify(&audit), Ok(()));
    let effects = onboarding.effects().await?;
    assert_eq!(effects.get("change-tenant-request-initiated"), None);
    Ok(())
}

#[test]
fn an_address_that_microsoft_sent_the_browser_to_works_once() -> Result<()> {
    run(async |case| {
        let mut onboarding = started(case).await?;
        let back = up_to_the_return(case, &mut onboarding).await?;
        let callback = back.redirect().context("no way back")?;
        let first = onboarding.owner.browser.open(&callback).await?;
        assert_eq!(first.status, 200, "{}", first.summary());
        first.expect_text("Thanks, that worked")?;
        let again = onboarding.owner.browser.open(&callback).await?;
        assert_eq!(again.status, 409, "{}", again.summary());
        again.expect_text("Already done")?;
        onboarding.waits_for("sign-in", "partner-admin").await?;
        let late = onboarding.owner.browser.open(&callback).await?;
        assert_eq!(late.status, 409, "{}", late.summary());
        let audit = onboarding.audit().await?;
        assert_eq!(audit.iter().filter(|entry| entry.action == "sign-in.done").count(), 1);
        let effects = onboarding.effects().await?;
        assert_eq!(effects.get("token-refused"), None, "the code is not tried twice: {effects:?}");
        Ok(())
    })
}

#[test]
fn two_arrivals_of_one_sign_in_at_the_same_moment_record_it_once() -> Result<()> {
    run(async |case| {
        let mut onboarding = started(case).await?;
        let back = up_to_the_return(case, &mut onboarding).await?;
        let callback = back.redirect().context("no way back")?;
        let mut twin = onboarding.owner.browser.clone();
        let (one, two) = tokio::try_join!(onboarding.owner.browser.open(&callback), twin.open(&callback))?;
        let mut statuses = [one.status, two.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409], "{} and {}", one.summary(), two.summary());
        onboarding.waits_for("sign-in", "partner-admin").await?;
        let audit = onboarding.audit().await?;
        assert_eq!(audit.iter().filter(|entry| entry.action == "sign-in.done").count(), 1);
        Ok(())
    })
}

#[test]
fn a_forged_state_is_refused_and_changes_nothing() -> Result<()> {
    run(async |case| {
        let mut onboarding = started(case).await?;
        let back = up_to_the_return(case, &mut onboarding).await?;
        let real = back.redirect().context("no way back")?;
        let before = onboarding.everything().await?;
        let state = parameter(&real, "state")?;
        let mut other = state.clone();
        let last = if other.ends_with('A') { 'B' } else { 'A' };
        other.pop();
        other.push(last);
        for (state, code) in
            [(other.as_str(), Some(parameter(&real, "code")?)), (&"x".repeat(43), None), ("", None), ("short", None)]
        {
            let mut forged = real.clone();
            forged.query_pairs_mut().clear().append_pair("state", state);
            if let Some(code) = code {
                forged.query_pairs_mut().append_pair("code", &code);
            }
            let page = onboarding.owner.browser.open(&forged).await?;
            assert_eq!(page.status, 400, "{}", page.summary());
            page.expect_text("We don't know this sign-in")?;
            assert!(page.url.query().is_none(), "the address that stays in the history has no state");
        }
        assert_eq!(onboarding.everything().await?, before);
        // And the real one still works.
        let page = onboarding.owner.browser.open(&real).await?;
        page.expect_text("Thanks, that worked")?;
        Ok(())
    })
}

#[test]
fn a_sign_in_that_comes_back_in_another_browser_is_refused_and_can_still_be_finished_in_the_first() -> Result<()> {
    run(async |case| {
        let mut onboarding = started(case).await?;
        let back = up_to_the_return(case, &mut onboarding).await?;
        let callback = back.redirect().context("no way back")?;
        let before = onboarding.everything().await?;
        // A browser without a cookie, and one with a cookie of its own from another sign-in.
        let mut nobody = Browser::new()?;
        let mut attacker = Person::of(case.stack(), CLOUD, "stranger@outlook.com")?.browser;
        let mut other = started(case).await?;
        other.owner.browser = attacker;
        up_to_the_return(case, &mut other).await?;
        attacker = other.owner.browser.clone();
        for browser in [&mut nobody, &mut attacker] {
            let page = browser.open(&callback).await?;
            assert_eq!(page.status, 403, "{}", page.summary());
            page.expect_text("This sign-in was started somewhere else")?;
            assert!(!page.body.contains(&onboarding.id), "another browser learns nothing of the onboarding");
        }
        assert_eq!(onboarding.everything().await?, before);
        let page = onboarding.owner.browser.open(&callback).await?;
        page.expect_text("Thanks, that worked")?;
        Ok(())
    })
}

#[test]
fn a_sign_in_that_took_longer_than_ten_minutes_is_refused_and_can_be_started_again() -> Result<()> {
    run(async |case| {
        let mut onboarding = started(case).await?;
        let back = up_to_the_return(case, &mut onboarding).await?;
        let callback = back.redirect().context("no way back")?;
        let sessions: Vec<Value> =
            onboarding.elsewhere().await?.into_iter().filter(|item| item["state"] == "started").collect();
        assert_eq!(sessions.len(), 1, "{sessions:#?}");
        // Eleven minutes pass, which is to say that the ten were over a minute ago.
        let ends_at = sessions[0]["endsAt"].as_i64().context("no end")? - 660;
        let update = json!({
            "TableName": case.stack().output("EphemeralTable")?,
            "Key": { "pk": { "S": sessions[0]["pk"] }, "sk": { "S": sessions[0]["sk"] } },
            "UpdateExpression": "SET endsAt = :end",
            "ExpressionAttributeValues": { ":end": { "N": ends_at.to_string() } },
        });
        case.stack().aws().call("dynamodb", "update_item", update).await?;
        let page = onboarding.owner.browser.open(&callback).await?;
        assert_eq!(page.status, 410, "{}", page.summary());
        page.expect_text("This sign-in took too long")?;
        let record = onboarding.record().await?;
        assert!(!record.keys().any(|key| key.starts_with("CRED#")));
        onboarding.waits_for("sign-in", "owner").await?;
        let turn = onboarding.owner.browser.follow(&page, "Try again").await?;
        let page = onboarding.owner.sign_in_at(case.stack(), &turn, &Manner::default()).await?;
        page.expect_text("Thanks, that worked")?;
        Ok(())
    })
}

#[test]
fn id_tokens_with_a_wrong_nonce_issuer_tenant_audience_key_or_time_or_no_signature_prove_nothing() -> Result<()> {
    // The simulator lies to everybody who signs in meanwhile.
    run_alone(async |case| {
        let mut onboarding = started(case).await?;
        let mail = onboarding.owner.wait_for_mail(case.stack(), OWNER_SIGN_IN, PATIENCE).await?;
        let mut tested = Ok(());
        for (attack, words) in [
            ("wrong-nonce", "We could not verify this sign-in"),
            ("wrong-issuer", "We could not verify this sign-in"),
            ("wrong-tenant", "We could not verify this sign-in"),
            ("wrong-audience", "We could not verify this sign-in"),
            ("unknown-key", "We could not verify this sign-in"),
            ("alg-none", "We could not verify this sign-in"),
            ("expired", "We could not verify this sign-in"),
        ] {
            case.stack().control_post("knobs", &json!({ "idToken": attack })).await?;
            tested = attacked(case, &mut onboarding, &mail, words).await.context(attack);
            if tested.is_err() {
                break;
            }
        }
        case.stack().control_post("knobs", &json!({ "idToken": "none" })).await?;
        tested?;
        sign_in(case, &mut onboarding.owner, &mail, &Manner::default(), "Thanks, that worked").await
    })
}

async fn attacked(case: &Case, onboarding: &mut Onboarding, mail: &local::Mail, words: &str) -> Result<()> {
    let page = onboarding.owner.sign_in_from(case.stack(), mail, &Manner::default()).await?;
    ensure!(page.status == 403, "{}", page.summary());
    page.expect_text(words)?.link("Try again")?;
    still_open(onboarding, "owner", "sign-in.refused").await
}

#[test]
fn opening_any_address_of_an_onboarding_changes_nothing() -> Result<()> {
    run(async |case| {
        let mut onboarding = started(case).await?;
        onboarding.owner_acts(OWNER_SIGN_IN).await?;
        onboarding.partner_acts(PARTNER_SIGN_IN).await?;
        onboarding.waits_for("confirm", "owner").await?;
        // The owner has signed in for the confirmation, so that every page opens for her.
        let mail = onboarding.owner.wait_for_mail(case.stack(), CONFIRM, PATIENCE).await?;
        let page = onboarding.owner.sign_in_from(case.stack(), &mail, &Manner::default()).await?;
        ensure!(page.offers("Move the subscription"), "{}", page.summary());

        let before = (onboarding.everything().await?, onboarding.effects().await?, onboarding.mails().await?.len());
        let cookies: Vec<String> = onboarding.owner.browser.cookie_values();
        let cookie = cookies.iter().map(|value| format!("__Host-mooring={value}")).collect::<Vec<_>>().join("; ");
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
        let (owner, partner) = (onboarding.owner_link().await?, onboarding.partner_link().await?);
        let mut addresses = Vec::new();
        for link in [&owner, &partner] {
            for action in [
                "",
                "/turn",
                "/sign-in",
                "/decline",
                "/confirm",
                "/cancel",
                "/check-again",
                "/result/signed-in",
                "/result/wrong-account",
                "/result/cancelled",
                "/nothing",
            ] {
                addresses.push(format!("{link}{action}"));
            }
        }
        let portal = case.stack().portal();
        for path in
            ["/", "/new", "/callback", "/callback?state=x&code=y", "/problem/unknown-sign-in", "/health", "/style.css"]
        {
            addresses.push(format!("{portal}{path}"));
        }
        for address in &addresses {
            for method in [reqwest::Method::HEAD, reqwest::Method::GET] {
                for cookie in [None, Some(&cookie)] {
                    let mut request = client.request(method.clone(), address);
                    if let Some(cookie) = cookie {
                        request = request.header("cookie", cookie);
                    }
                    let answer = request.send().await?;
                    let status = answer.status();
                    assert!(!status.is_server_error(), "{method} {address}: {status}");
                    if method == reqwest::Method::HEAD {
                        assert!(answer.bytes().await?.is_empty(), "{method} {address}");
                    }
                }
            }
        }
        let after = (onboarding.everything().await?, onboarding.effects().await?, onboarding.mails().await?.len());
        assert_eq!(after, before);
        Ok(())
    })
}

#[test]
fn a_form_sent_from_another_site_or_with_a_forged_link_does_nothing() -> Result<()> {
    run(async |case| {
        let mut onboarding = started(case).await?;
        let link = onboarding.owner_link().await?;
        onboarding.waits_for("sign-in", "owner").await?;
        let before = onboarding.everything().await?;
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
        for action in ["sign-in", "decline", "cancel", "check-again"] {
            let post = client.post(format!("{link}/{action}"));
            let foreign =
                post.header("origin", "https://contoso.com").header("sec-fetch-site", "cross-site").send().await?;
            assert_eq!(foreign.status().as_u16(), 403, "{action}");
        }
        // A link whose last part was guessed, and the viewer's made into an owner's.
        let mut guessed = link.to_string();
        let last = if guessed.ends_with('A') { 'Q' } else { 'A' };
        guessed.pop();
        guessed.push(last);
        let swapped = link.to_string().replace(".o.", ".p.");
        for forged in [guessed, swapped] {
            for action in ["sign-in", "decline", "cancel"] {
                let answer = client.post(format!("{forged}/{action}")).send().await?;
                assert_eq!(answer.status().as_u16(), 404, "{action}");
            }
            assert_eq!(client.get(&forged).send().await?.status().as_u16(), 404);
        }
        assert_eq!(onboarding.everything().await?, before);
        onboarding.owner_acts(OWNER_SIGN_IN).await?;
        Ok(())
    })
}

/// Started by the form, and waiting for the owner.
async fn started(case: &Case) -> Result<Onboarding> {
    let mut onboarding = case.onboarding()?;
    onboarding.start_by_form().await?;
    onboarding.waits_for("sign-in", "owner").await?;
    Ok(onboarding)
}

fn account(case: &Case, email: &str) -> Result<Account> {
    Ok(Person::of(case.stack(), CLOUD, email)?.account)
}

async fn sign_in(case: &Case, person: &mut Person, mail: &local::Mail, manner: &Manner, words: &str) -> Result<()> {
    let page = person.sign_in_from(case.stack(), mail, manner).await?;
    page.expect_text(words)?;
    Ok(())
}

/// The owner's sign-in up to the redirect that leads back to us, which is not followed.
async fn up_to_the_return(case: &Case, onboarding: &mut Onboarding) -> Result<Page> {
    let mail = onboarding.owner.wait_for_mail(case.stack(), OWNER_SIGN_IN, PATIENCE).await?;
    let manner = Manner { stops_at: Some(SignInPage::Return), ..Manner::default() };
    let page = onboarding.owner.sign_in_from(case.stack(), &mail, &manner).await?;
    ensure!(page.redirect().is_some(), "no way back: {}", page.summary());
    Ok(page)
}

fn parameter(url: &Url, name: &str) -> Result<String> {
    let found = url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned());
    found.with_context(|| format!("no {name} in the address"))
}

/// The wait is open, nothing of the person who came is kept, and the trail says that somebody came.
async fn still_open(onboarding: &Onboarding, actor: &str, action: &str) -> Result<()> {
    onboarding.waits_for("sign-in", actor).await?;
    let record = onboarding.record().await?;
    let oid = if actor == "owner" { "ownerOid" } else { "partnerAdminOid" };
    assert_eq!(record["META"][oid], Value::Null);
    let credential = format!("CRED#{actor}");
    assert!(!record.keys().any(|key| key.starts_with(&credential)), "no token is kept");
    let audit = onboarding.audit().await?;
    assert!(audit.iter().any(|entry| entry.action == action && entry.actor == actor), "{action} in {audit:#?}");
    assert_eq!(onboarding::audit::verify(&audit), Ok(()));
    Ok(())
}

#[test]
fn a_sign_in_that_ended_in_another_directory_of_the_same_person_is_told_with_both_and_the_wait_stays_open() -> Result<()>
{
    run(async |case| {
        let pair = case.pair()?;
        // A member of the source directory who is a guest of the partner's, where Microsoft signs her in this time.
        let nina = format!("nina@{}", pair.reader.split('@').nth(1).context("no domain")?);
        let mut onboarding = Onboarding::of(case.stack(), pair)?.owned_by(&nina)?;
        onboarding.start_by_form().await?;
        let (source, partner) = (onboarding.pair.source_tenant.clone(), onboarding.pair.partner_tenant.clone());
        case.stack().control_post(&format!("users/{nina}"), &json!({ "signsInAt": partner })).await?;
        let mail = onboarding.owner.wait_for_mail(case.stack(), OWNER_SIGN_IN, PATIENCE).await?;
        let page = onboarding.owner.sign_in_from(case.stack(), &mail, &Manner::default()).await?;
        assert_eq!(page.status, 403, "{}", page.summary());
        page.expect_text("Right person, other directory")?.expect_text("SignIn.WrongDirectory")?;
        page.expect_text(&format!("You signed in at the directory {} ({partner})", onboarding.pair.partner_domain))?;
        page.expect_text(&format!("This step needs a sign-in at the directory {source}"))?;
        ensure!(page.url.query().is_none() && !page.url.path().contains(&partner), "{}", page.url.path());
        still_open(&onboarding, "owner", "sign-in.refused").await?;
        // Somebody else there is somebody else, wherever they signed in.
        let other = onboarding.pair.reader.clone();
        let manner = Manner { with: Some(account(case, &other)?), ..Manner::default() };
        onboarding.owner.browser.forget(Some(&Url::parse(case.stack().microsoft())?));
        let wrong = onboarding.owner.sign_in_from(case.stack(), &mail, &manner).await?;
        wrong.expect_text("That was a different account")?;
        case.stack().control_post(&format!("users/{nina}"), &json!({ "signsInAt": "" })).await?;
        onboarding.owner.browser.forget(Some(&Url::parse(case.stack().microsoft())?));
        let turn = onboarding.owner.browser.follow(&page, "Try again").await?;
        let page = onboarding.owner.sign_in_at(case.stack(), &turn, &Manner::default()).await?;
        page.expect_text("Thanks, that worked")?;
        Ok(())
    })
}
