//! The table of threats, as far as it is about pages, links, sign-ins and events: each line with the tests that hold it, and those tests
//! that are nowhere else.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use local::Manner;
use serde_json::{Value, json};

use crate::world::{
    CONFIRM, OWNER_SIGN_IN, Onboarding, PARTNER_SIGN_IN, PATIENCE, executions_of, nothing_exists_of, run, until,
};

/// The lines of the table, each with a file of this suite, or a source file of the project, and the name of a test in it.
const LINES: [(&str, &str, &str); 34] = [
    ("S1 a code of somebody else's", "sign_in", "a_forged_state_is_refused_and_changes_nothing"),
    (
        "S1 another browser",
        "sign_in",
        "a_sign_in_that_comes_back_in_another_browser_is_refused_and_can_still_be_finished_in_the_first",
    ),
    ("S1 a code twice", "sign_in", "an_address_that_microsoft_sent_the_browser_to_works_once"),
    (
        "S1 at the operators' door",
        "operators",
        "nobody_outside_the_group_gets_in_and_a_sign_in_counts_in_its_own_browser_once",
    ),
    (
        "S2 a link that was passed on",
        "threats",
        "a_link_that_was_passed_on_moves_nothing_without_the_other_persons_phrase",
    ),
    (
        "S3 the wrong account",
        "sign_in",
        "another_member_of_the_partner_directory_is_refused_and_the_wait_stays_open_for_the_administrator",
    ),
    (
        "S4 another issuer",
        "sign_in",
        "id_tokens_with_a_wrong_nonce_issuer_tenant_audience_key_or_time_or_no_signature_prove_nothing",
    ),
    ("S5 an open redirect", "reading", "whoever_reads_whatever_page_changes_nothing"),
    (
        "S5 at the operators' door",
        "functions/operator/src/tests.rs",
        "a_sign_in_leads_back_to_the_operator_s_pages_only",
    ),
    ("T1 a forged event", "threats", "an_event_of_another_source_or_kind_starts_nothing"),
    (
        "T1 a request with more than it may say",
        "bad_input",
        "an_event_or_a_console_input_with_a_wrong_field_fails_naming_it_and_creates_nothing",
    ),
    ("T2 an altered trail", "shared/impact/src/evidence.rs", "whatever_is_changed_left_out_or_put_in_is_found"),
    (
        "T3 fields that a form does not have",
        "functions/signup/src/tests.rs",
        "fields_that_the_form_does_not_have_are_ignored",
    ),
    (
        "R1 a confirmation of something else",
        "impact",
        "a_report_that_changes_after_the_confirmation_asks_again_and_shows_what_changed",
    ),
    (
        "R1 a confirmation by somebody else",
        "sign_in",
        "at_the_confirmation_only_the_owner_who_signed_in_first_gets_to_the_page",
    ),
    (
        "R1 a tick by somebody else",
        "functions/decide/src/tests.rs",
        "nobody_ticks_off_what_is_not_theirs_and_looking_is_not_ticking",
    ),
    ("I1 and I2 secrets", "secrets", "nothing_secret_is_in_any_log_history_table_mail_page_file_or_receipt"),
    ("I3 who is known", "threats", "whether_a_reference_or_an_address_is_known_is_told_to_nobody"),
    ("I3 an onboarding's id", "functions/signup/src/tests.rs", "nobody_is_led_to_an_onboarding_whose_id_they_know"),
    ("I4 what an address gives away", "reading", "whoever_reads_whatever_page_changes_nothing"),
    ("I5 a forged signal", "waits", "a_forged_signal_changes_nothing_as_long_as_nothing_is_recorded"),
    ("D1 a flood of forms", "threats", "a_flood_of_forms_with_one_address_sends_a_few_mails_and_starts_nothing"),
    ("D1 a flood from one source", "threats", "a_flood_from_one_source_is_held_and_keeps_no_other_source_out"),
    ("D1 a source", "functions/signup/src/limits.rs", "a_source_is_what_the_api_saw_and_not_what_a_header_says"),
    (
        "D1 a flood to one domain",
        "functions/signup/src/tests.rs",
        "one_domain_gets_so_many_codes_an_hour_and_a_public_one_as_many_as_its_people_want",
    ),
    (
        "D1 in a partner's name",
        "functions/signup/src/tests.rs",
        "strangers_start_few_onboardings_in_a_partners_name_its_own_people_many_and_owners_their_own",
    ),
    ("D2 a subscription that is not theirs", "threats", "who_does_not_own_a_subscription_can_not_lock_its_owner_out"),
    ("D3 mail scanners", "sign_in", "opening_any_address_of_an_onboarding_changes_nothing"),
    (
        "E1 a public function",
        "permissions",
        "the_public_callback_can_seal_and_never_open_and_the_steps_the_other_way_round",
    ),
    (
        "E1 what it holds",
        "structure",
        "a_function_that_anybody_can_call_holds_no_call_that_changes_something_at_microsoft",
    ),
    (
        "E2 permissions at Microsoft",
        "shared/microsoft/src/token.rs",
        "the_two_party_route_asks_for_nothing_that_invites",
    ),
    (
        "E3 addresses from an answer",
        "shared/microsoft/tests/suite/trust.rs",
        "a_next_page_outside_the_api_is_refused_before_a_token_is_sent",
    ),
    ("E5 names", "inert", "whatever_strangers_call_things_stays_text_everywhere"),
    ("E5 formulas in lists", "shared/onboarding/src/plain.rs", "a_cell_that_begins_a_formula_is_text"),
];

/// Fails unless each of these tests exists.
pub(crate) fn exist<const N: usize>(tests: [(&str, &str, &str); N]) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for (what, file, test) in tests {
        let path = if file.contains('/') { root.join(file) } else { root.join(format!("tests/suite/{file}.rs")) };
        let source = std::fs::read_to_string(&path).with_context(|| format!("{what}: no {}", path.display()))?;
        ensure!(source.contains(&format!("fn {test}(")), "{what}: no test {test} in {file}");
    }
    Ok(())
}

#[test]
fn every_line_of_the_table_of_threats_has_its_test() -> Result<()> {
    exist(LINES)
}

#[test]
fn a_link_that_was_passed_on_moves_nothing_without_the_other_persons_phrase() -> Result<()> {
    run(async |case| {
        // Somebody starts it in the name of a partner and has the owner's mail passed on to the owner.
        let mut onboarding = case.onboarding()?;
        onboarding.start_by_form().await?;
        let turn = onboarding.owner_turn().await?;
        // Before anything: who asks, from where to where, as which account, and a way to say no.
        turn.expect_text(&onboarding.pair.partner_domain)?
            .expect_text(&onboarding.pair.owner)?
            .expect_text("decline")?;
        onboarding.owner_acts(OWNER_SIGN_IN).await?;
        onboarding.partner_acts(PARTNER_SIGN_IN).await?;
        let mail = onboarding.owner.wait_for_mail(case.stack(), CONFIRM, PATIENCE).await?;
        let page = onboarding.owner.sign_in_from(case.stack(), &mail, &Manner::default()).await?;
        // Without the phrase, and with one that was guessed.
        for phrase in ["", "ACDEFG"] {
            let mut form = page.form("Move the subscription")?.clone();
            form.tick_all_boxes();
            form.fill("subscription-name", &onboarding.subscription_name)?.fill("phrase", phrase)?;
            let refused = onboarding.owner.browser.submit(&page, &form, "Move the subscription").await?;
            ensure!(refused.status == 422, "{}", refused.summary());
        }
        let meta = onboarding.meta().await?;
        ensure!(meta["confirmation"].is_null() && meta["moved"] == false, "{meta:#}");
        ensure!(
            !onboarding.effects().await?.contains_key("change-tenant-request-initiated"),
            "something was requested of Azure"
        );
        let trail = onboarding.audit().await?;
        assert_eq!(trail.iter().filter(|entry| entry.action == "move.phrase-wrong").count(), 1);
        // The phrase is on no page of the owner's and in no mail.
        let partner = onboarding.partner_link().await?;
        let shown = onboarding.partner.browser.open(&partner).await?;
        let words = shown.text.split_whitespace().collect::<Vec<_>>();
        let phrase =
            words.iter().find(|word| word.len() == 7 && word.as_bytes()[3] == b'-' && word.to_uppercase() == **word);
        let phrase = (*phrase.context("the partner's page shows no phrase")?).to_owned();
        for text in onboarding.mails().await?.iter().map(|mail| &mail.text) {
            ensure!(!text.contains(&phrase), "a mail holds the phrase");
        }
        for page in onboarding.owner.browser.pages() {
            ensure!(!page.text.contains(&phrase), "a page of the owner's holds the phrase: {}", page.url.path());
        }
        Ok(())
    })
}

#[test]
fn an_event_of_another_source_or_kind_starts_nothing() -> Result<()> {
    run(async |case| {
        let onboarding = case.onboarding()?;
        let bus = case.stack().output("BusName")?;
        for (source, kind) in [
            ("mooring", "Onboarding requested"),
            ("mooring.start", "onboarding.created"),
            ("mooring.started", "Onboarding requested"),
            ("aws.states", "Onboarding requested"),
        ] {
            let entry = json!({ "Source": source, "DetailType": kind, "Detail": onboarding.input().to_string(), "EventBusName": bus });
            // A source that is AWS's own is refused at once, or does nothing.
            let _ = case.stack().aws().call("events", "put_events", json!({ "Entries": [entry] })).await;
        }
        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
        ensure!(executions_of(case.stack(), &onboarding.pair).await?.is_empty(), "a forged event started something");
        nothing_exists_of(case.stack(), &onboarding.pair).await
    })
}

/// The middle of how long some requests took, in milliseconds.
fn median(mut times: Vec<u128>) -> u128 {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

#[test]
fn whether_a_reference_or_an_address_is_known_is_told_to_nobody() -> Result<()> {
    run(async |case| {
        let mut onboarding = case.onboarding()?;
        onboarding.start_by_form().await?;
        onboarding.waits_for("sign-in", "owner").await?;
        let known = onboarding::OnboardingId::parse(&onboarding.id)?.reference();
        let cases = [
            ("known", known.clone(), onboarding.pair.owner.clone()),
            ("another's address", known, "nobody@fabrikam.com".to_owned()),
            ("no such reference", "ABCD-EFGH".to_owned(), onboarding.pair.owner.clone()),
        ];
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
        let (mut answers, mut medians) = (Vec::new(), Vec::new());
        for (what, reference, email) in &cases {
            let (mut times, mut said) = (Vec::new(), String::new());
            for _ in 0..9 {
                let begun = std::time::Instant::now();
                let form = [("reference", reference.as_str()), ("email", email.as_str())];
                let answer = client.post(format!("{}/new-link", case.stack().portal())).form(&form).send().await?;
                let (status, to) = (answer.status(), format!("{:?}", answer.headers().get("location")));
                said = format!("{status} {to} {}", answer.text().await?);
                times.push(begun.elapsed().as_millis());
            }
            medians.push(median(times));
            answers.push((*what, said));
        }
        ensure!(answers.iter().all(|(_, said)| *said == answers[0].1), "{answers:#?}");
        // Nobody can tell them apart by the clock over a network: the one write more takes as long as the emulator lets it.
        let spread = medians.iter().max().context("no times")? - medians.iter().min().context("no times")?;
        println!("lost link, medians in ms: {medians:?}");
        ensure!(spread < 150, "{spread} ms tell a known reference from an unknown one: {medians:?}");
        Ok(())
    })
}

#[test]
fn a_flood_of_forms_with_one_address_sends_a_few_mails_and_starts_nothing() -> Result<()> {
    run(async |case| {
        let mut onboarding = case.onboarding()?;
        let me = onboarding.pair.partner_admin.clone();
        let before = case.stack().mails().await?.iter().filter(|mail| mail.is_to(&me)).count();
        let start = onboarding.partner.browser.open(format!("{}/new", case.stack().portal())).await?;
        for number in 0..20 {
            let mut with = onboarding.request.clone();
            with.owner_email = format!("victim{number}@fabrikam.com");
            let form = local::Person::fill_sign_up(&start, &with)?;
            let page = onboarding.partner.browser.submit(&start, &form, "Start the onboarding").await?;
            ensure!(page.status == 200 || page.status == 429, "{}", page.summary());
        }
        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
        let mails = case.stack().mails().await?;
        let sent = mails.iter().filter(|mail| mail.is_to(&me)).count() - before;
        ensure!((1..=10).contains(&sent), "{sent} mails to the one address");
        ensure!(
            !mails.iter().any(|mail| mail.to.iter().any(|to| to.starts_with("victim"))),
            "a third party got a mail"
        );
        ensure!(executions_of(case.stack(), &onboarding.pair).await?.is_empty(), "something was started");
        Ok(())
    })
}

#[test]
fn a_flood_from_one_source_is_held_and_keeps_no_other_source_out() -> Result<()> {
    run(async |case| {
        let onboarding = case.onboarding()?;
        let new = format!("{}/new", case.stack().portal());
        let mut flooding = local::Browser::new()?;
        let start = flooding.open(&new).await?;
        let (mut taken, mut held) = (0, 0);
        // The hour of the clock may turn once in between.
        for number in 0..64 {
            if held == 2 {
                break;
            }
            // Another person each time: by address alone nothing would be noticed.
            let mut with = onboarding.request.clone();
            with.partner_admin_email = format!("admin{number}@d{number}.fabrikam.com");
            let form = local::Person::fill_sign_up(&start, &with)?;
            let page = flooding.submit(&start, &form, "Start the onboarding").await?;
            match page.status {
                200 => taken += 1,
                429 => {
                    held += 1;
                    page.expect_text("Form.TooMany")?;
                    ensure!(page.headers.contains_key("retry-after"), "it does not say when to come again");
                }
                _ => anyhow::bail!("{}", page.summary()),
            }
        }
        ensure!((30..=60).contains(&taken) && held == 2, "{taken} taken, {held} held");
        let mut other = local::Browser::new()?;
        let start = other.open(&new).await?;
        let form = local::Person::fill_sign_up(&start, &onboarding.request)?;
        let page = other.submit(&start, &form, "Start the onboarding").await?;
        ensure!(page.status == 200, "another source is kept out: {}", page.summary());
        ensure!(executions_of(case.stack(), &onboarding.pair).await?.is_empty(), "something was started");
        Ok(())
    })
}

#[test]
fn who_does_not_own_a_subscription_can_not_lock_its_owner_out() -> Result<()> {
    run(async |case| {
        let pair = case.pair()?;
        let reader = pair.reader.clone();
        // Somebody who is only Reader names themself the owner, and gets as far as they can.
        let mut squatter = Onboarding::of(case.stack(), pair.clone())?.owned_by(&reader)?;
        squatter.start_by_form().await?;
        squatter.owner_acts(OWNER_SIGN_IN).await?;
        squatter.waits_for("fix", "owner").await?;
        let about = |locks: Vec<Value>| {
            locks.iter().filter(|lock| lock["pk"].as_str().is_some_and(|pk| pk.contains("SUB#"))).count()
        };
        assert_eq!(about(squatter.locks().await?), 0, "a subscription was locked by somebody who does not own it");
        // The owner is not kept out by it.
        let mut onboarding = Onboarding::of(case.stack(), pair)?;
        onboarding.start_by_event().await?;
        onboarding.owner_acts(OWNER_SIGN_IN).await?;
        onboarding.waits_for("sign-in", "partner-admin").await?;
        assert_eq!(about(onboarding.locks().await?), 1);
        let link = squatter.owner_link().await?;
        let page = squatter.owner.browser.open(format!("{link}/cancel")).await?;
        squatter.owner.browser.press(&page, "Cancel the onboarding").await?;
        until("the squatter's onboarding ends", PATIENCE, async || {
            Ok(squatter.meta().await?["ending"].is_string().then_some(()))
        })
        .await
    })
}
