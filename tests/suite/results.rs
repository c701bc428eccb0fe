//! How a sign-in can end, each from its cause: what Microsoft answers, what the browser brings, what happened meanwhile. Whatever the
//! cause, the person gets a page with an id, a reason and what to do; nothing of theirs is kept; the wait is as open as it was; and the
//! same person can try again at once.

use anyhow::{Context as _, Result, ensure};
use local::{Manner, SignInPage};
use serde_json::{Value, json};
use url::Url;
use web::SignInResult;

use crate::world::{CONFIRM, OWNER_SIGN_IN, Onboarding, PARTNER_SIGN_IN, PATIENCE, run};

/// What is open and kept of a sign-in that came to nothing.
async fn nothing_is_lost(onboarding: &Onboarding) -> Result<()> {
    let wait = onboarding.waits_for("sign-in", "owner").await?;
    ensure!(wait["outcome"].is_null() && wait["taskToken"].is_string(), "{wait:#}");
    let record = onboarding.record().await?;
    ensure!(record["META"]["ownerOid"].is_null(), "somebody was recorded");
    ensure!(!record.keys().any(|key| key.starts_with("CRED#")), "a token was kept");
    Ok(())
}

/// What Microsoft says when a code is redeemed, and what the person is told. By its error codes:
/// <https://learn.microsoft.com/entra/identity-platform/reference-error-codes>.
const REDEEMED: [(u16, &str, SignInResult); 13] = [
    (400, "AADSTS50076", SignInResult::MultiFactor),
    (400, "AADSTS50078", SignInResult::MultiFactor),
    (400, "AADSTS50079", SignInResult::MultiFactor),
    (400, "AADSTS53000", SignInResult::SignInRule),
    (400, "AADSTS53003", SignInResult::SignInRule),
    (400, "AADSTS50020", SignInResult::NotInDirectory),
    (400, "AADSTS50034", SignInResult::NotInDirectory),
    (400, "AADSTS90072", SignInResult::NotInDirectory),
    (400, "AADSTS65001", SignInResult::ConsentDeclined),
    (400, "AADSTS90094", SignInResult::AdminApproval),
    (400, "AADSTS54005", SignInResult::AlreadyDone),
    (400, "AADSTS50057", SignInResult::AccountProblem),
    (503, "AADSTS90033", SignInResult::MicrosoftUnavailable),
];

#[test]
fn whatever_microsoft_answers_to_a_code_the_person_is_told_what_it_means_and_can_try_again() -> Result<()> {
    run(async |case| {
        let mut onboarding = case.onboarding()?;
        onboarding.start_by_form().await?;
        let mail = onboarding.owner.wait_for_mail(case.stack(), OWNER_SIGN_IN, PATIENCE).await?;
        for (status, code, result) in REDEEMED {
            let effect = json!({ "kind": "status", "status": status, "code": code, "message": "the simulated cloud was told so" });
            let fault = json!({
                "operation": "login.token", "pathContains": onboarding.pair.source_tenant, "effect": effect, "count": 1,
            });
            case.stack().control_post("faults", &fault).await?;
            let page = onboarding.owner.sign_in_from(case.stack(), &mail, &Manner::default()).await?;
            ensure!(page.status == result.status().as_u16(), "{code}: {}", page.summary());
            page.expect_text(result.id()).and_then(|page| page.expect_text(result.title())).context(code)?;
            // Neither code nor state is left in the address.
            ensure!(page.url.query().is_none(), "{code}: {}", page.url.path());
            if result.may_try_again() {
                page.link("Try again").context(code)?;
            }
            nothing_is_lost(&onboarding).await.context(code)?;
            let left = case.stack().control("faults").await?;
            ensure!(
                !left.to_string().contains(&onboarding.pair.source_tenant),
                "{code}: not all of it was met: {left}"
            );
        }
        // What an IT department asks for is on the page.
        let trail = onboarding.audit().await?;
        let refused: Vec<&Value> =
            trail.iter().filter(|entry| entry.action == "sign-in.refused").map(|entry| &entry.detail).collect();
        assert_eq!(refused.len(), REDEEMED.len());
        ensure!(refused.iter().any(|detail| detail["codes"] == json!([53003])), "{refused:#?}");
        let page = onboarding.owner.sign_in_from(case.stack(), &mail, &Manner::default()).await?;
        page.expect_text("Thanks, that worked")?;
        onboarding.waits_for("sign-in", "partner-admin").await.map(drop)
    })
}

/// What Microsoft sends the browser back with instead of a code, and what the person is told.
const SENT_BACK: [(&str, &str, SignInResult); 7] = [
    ("access_denied", "AADSTS65004: User declined to consent to access the app.", SignInResult::ConsentDeclined),
    ("access_denied", "AADSTS53003: Access has been blocked by Conditional Access policies.", SignInResult::SignInRule),
    (
        "interaction_required",
        "AADSTS50076: Due to a configuration change you must use multi-factor authentication.",
        SignInResult::MultiFactor,
    ),
    ("consent_required", "AADSTS65001: The user or administrator has not consented.", SignInResult::ConsentDeclined),
    ("server_error", "AADSTS90033: A transient error has occurred.", SignInResult::MicrosoftUnavailable),
    (
        "temporarily_unavailable",
        "AADSTS90033: The service is temporarily unavailable.",
        SignInResult::MicrosoftUnavailable,
    ),
    ("something_new", "A text without a number. <b>\u{202e}", SignInResult::SomethingElse),
];

#[test]
fn whatever_microsoft_sends_the_browser_back_with_is_told_and_nothing_is_lost() -> Result<()> {
    run(async |case| {
        let mut onboarding = case.onboarding()?;
        onboarding.start_by_form().await?;
        let mail = onboarding.owner.wait_for_mail(case.stack(), OWNER_SIGN_IN, PATIENCE).await?;
        let to_the_return = Manner { stops_at: Some(SignInPage::Return), ..Manner::default() };
        let correlation = "7c1d0f6e-3f9b-4f0e-8f2e-5a1f0b9d2c3e";
        for (error, words, result) in SENT_BACK {
            let page = onboarding.owner.sign_in_from(case.stack(), &mail, &to_the_return).await?;
            let back = page.redirect().context("no way back")?;
            let state = back.query_pairs().find(|(name, _)| name == "state").map(|(_, value)| value.into_owned());
            let mut sent = Url::parse(&format!("{}{}", case.stack().portal(), back.path()))?;
            sent.query_pairs_mut()
                .append_pair("error", error)
                .append_pair(
                    "error_description",
                    &format!("{words} Correlation ID: {correlation} Timestamp: 2026-05-12"),
                )
                .append_pair("state", &state.context("no state")?);
            let page = onboarding.owner.browser.open(sent).await?;
            ensure!(page.status == result.status().as_u16(), "{words}: {}", page.summary());
            page.expect_text(result.id()).and_then(|page| page.expect_text(correlation)).context(words)?;
            ensure!(!page.body.contains("<b>") && page.url.query().is_none(), "{words}");
            nothing_is_lost(&onboarding).await.context(words)?;
        }
        let page = onboarding.owner.sign_in_from(case.stack(), &mail, &Manner::default()).await?;
        page.expect_text("Thanks, that worked")?;
        Ok(())
    })
}

#[test]
fn an_invitation_that_the_owner_s_organisation_does_not_allow_is_waited_for_and_goes_on_once_it_is_allowed()
-> Result<()> {
    run(async |case| {
        let mut onboarding = case.onboarding()?.single_account();
        onboarding.start_by_form().await?;
        let page = refused(case.stack(), &mut onboarding).await?;
        ensure!(page.offers("Check again"), "{}", page.summary());
        let tenant = format!("tenants/{}", onboarding.pair.partner_tenant);
        case.stack().control_post(&tenant, &json!({ "invitesNobodyOf": [] })).await?;
        let page = onboarding.partner.browser.press(&page, "Check again").await?;
        page.expect_text("We look again")?;
        onboarding.review_if_asked().await?;
        onboarding.waits_for("confirm", "owner").await?;
        assert_eq!(onboarding.effects().await?.get("invitation-created"), Some(&1));
        onboarding.owner_acts(CONFIRM).await?;
        onboarding.ended("done").await.map(drop)
    })
}

#[test]
fn an_onboarding_whose_invitation_is_refused_goes_on_by_the_other_route_and_nobody_is_invited() -> Result<()> {
    run(async |case| {
        let mut onboarding = case.onboarding()?.single_account();
        onboarding.start_by_form().await?;
        let page = refused(case.stack(), &mut onboarding).await?;
        let page = onboarding.partner.browser.follow(&page, "Go on without an invitation").await?;
        page.expect_text(&format!("{} accepts the move", onboarding.pair.partner_admin))?;
        let page = onboarding.partner.browser.press(&page, "Use the other route").await?;
        page.expect_text("Thanks, it goes on without an invitation")?;
        onboarding.owner_acts(CONFIRM).await?;
        onboarding.ended("done").await?;
        assert_eq!(onboarding.effects().await?.get("invitation-created"), None);
        assert_eq!(onboarding.meta().await?["route"], "two-party");
        let trail = onboarding.audit().await?;
        assert_eq!(trail.iter().filter(|entry| entry.action == "route.changed").count(), 1);
        assert_eq!(onboarding::audit::verify(&trail), Ok(()));
        Ok(())
    })
}

#[test]
fn an_owner_who_was_invited_and_is_asked_to_confirm_chooses_the_other_route_and_the_guest_is_removed() -> Result<()> {
    run(async |case| {
        let mut onboarding = case.onboarding()?.single_account();
        onboarding.start_by_form().await?;
        onboarding.owner_acts(OWNER_SIGN_IN).await?;
        onboarding.partner_acts(PARTNER_SIGN_IN).await?;
        onboarding.waits_for("confirm", "owner").await?;
        let first = onboarding.owner.wait_for_mail(case.stack(), CONFIRM, PATIENCE).await?;
        let page = onboarding.owner.open_mail(case.stack(), &first).await?;
        let page = onboarding.owner.browser.follow(&page, "Go on without an invitation").await?;
        page.expect_text("The guest account that we invited is removed again")?;
        onboarding.owner.browser.press(&page, "Use the other route").await?;
        onboarding.owner_acts(CONFIRM).await?;
        onboarding.ended("done").await?;
        let effects = onboarding.effects().await?;
        assert_eq!((effects.get("guest-deleted"), effects.get("invitation-redeemed")), (Some(&1), None));
        let users = onboarding.users(&onboarding.pair.partner_tenant).await?;
        ensure!(!users.iter().any(|user| user["invited"] == true), "{users:?}");
        Ok(())
    })
}

/// Both people have signed in, and the owner's domain may not be invited: the page that says so. The wait is open, and nobody is there.
async fn refused(stack: &local::Stack, onboarding: &mut Onboarding) -> Result<local::Page> {
    let tenant = format!("tenants/{}", onboarding.pair.partner_tenant);
    stack.control_post(&tenant, &json!({ "invitesNobodyOf": ["outlook.com"] })).await?;
    onboarding.owner_acts(OWNER_SIGN_IN).await?;
    onboarding.partner_acts(PARTNER_SIGN_IN).await?;
    let wait = onboarding.waits_for("fix", "partner-admin").await?;
    ensure!(wait["reason"] == "Invitation.Refused", "{wait:#}");
    let page = onboarding.partner_turn().await?;
    page.expect_text("Microsoft can't finish the invitation for this address")?.expect_text("Invitation.Refused")?;
    page.expect_text(&onboarding.pair.owner)?.expect_text("blocked by cross-tenant access settings")?;
    assert_eq!(onboarding.meta().await?["guestInvited"], false);
    assert_eq!(onboarding.effects().await?.get("invitation-created"), None);
    Ok(page)
}

/// The rows of the design's table of results, and the test that produces each from its cause: a file of this suite and the name of a test.
const ROWS: [(&str, &str, &str); 22] = [
    ("It worked", "sign_in", "the_owner_s_second_account_is_refused_and_the_wait_stays_open_for_the_right_one"),
    ("Wrong account", "sign_in", "the_owner_s_second_account_is_refused_and_the_wait_stays_open_for_the_right_one"),
    (
        "Right person, other directory",
        "sign_in",
        "a_sign_in_that_ended_in_another_directory_of_the_same_person_is_told_with_both_and_the_wait_stays_open",
    ),
    (
        "Invitation refused",
        "results",
        "an_invitation_that_the_owner_s_organisation_does_not_allow_is_waited_for_and_goes_on_once_it_is_allowed",
    ),
    (
        "Invitation refused, other route",
        "results",
        "an_onboarding_whose_invitation_is_refused_goes_on_by_the_other_route_and_nobody_is_invited",
    ),
    (
        "No subscription visible",
        "choosing",
        "who_does_not_see_the_subscription_reads_where_was_looked_and_can_do_something_about_it",
    ),
    (
        "Several subscriptions",
        "choosing",
        "without_a_subscription_the_owner_chooses_one_of_those_they_see_and_it_is_associated",
    ),
    (
        "Not in that directory",
        "sign_in",
        "somebody_whom_the_directory_does_not_know_is_stopped_by_microsoft_and_the_wait_stays_open",
    ),
    (
        "Not in that directory, said at the redemption",
        "results",
        "whatever_microsoft_answers_to_a_code_the_person_is_told_what_it_means_and_can_try_again",
    ),
    ("Consent declined", "sign_in", "a_declined_consent_is_told_as_such_and_the_wait_stays_open_for_another_try"),
    ("Approval of an administrator", "sign_in", "somebody_who_may_not_consent_for_the_directory_leaves_the_wait_open"),
    (
        "Second factor missing or too old",
        "waits",
        "azure_s_demand_for_a_second_factor_becomes_a_sign_in_that_passes_it_on",
    ),
    ("Conditional Access", "results", "whatever_microsoft_sends_the_browser_back_with_is_told_and_nothing_is_lost"),
    (
        "No role on the subscription",
        "bad_input",
        "an_owner_who_is_only_reader_is_waited_for_and_the_same_step_goes_on_once_they_are_owner",
    ),
    (
        "Offer can't move",
        "bad_input",
        "a_subscription_of_a_kind_that_can_not_move_ends_the_onboarding_and_changes_nothing",
    ),
    (
        "Owner with a condition",
        "bad_input",
        "an_owner_with_a_condition_is_waited_for_and_the_same_step_goes_on_once_they_are_owner_without_one",
    ),
    (
        "Another browser",
        "sign_in",
        "a_sign_in_that_comes_back_in_another_browser_is_refused_and_can_still_be_finished_in_the_first",
    ),
    (
        "Longer than ten minutes",
        "sign_in",
        "a_sign_in_that_took_longer_than_ten_minutes_is_refused_and_can_be_started_again",
    ),
    ("Already done", "sign_in", "an_address_that_microsoft_sent_the_browser_to_works_once"),
    ("Moved on", "waits", "a_wait_that_nobody_answers_expires_undone_and_who_comes_late_is_told_so"),
    (
        "Link superseded",
        "waits",
        "a_part_that_is_handed_on_is_done_by_the_other_person_and_the_old_link_says_that_it_is_old",
    ),
    (
        "Not trusted",
        "sign_in",
        "id_tokens_with_a_wrong_nonce_issuer_tenant_audience_key_or_time_or_no_signature_prove_nothing",
    ),
];

#[test]
fn every_row_of_the_table_of_results_has_its_test() -> Result<()> {
    crate::threats::exist(ROWS)
}
