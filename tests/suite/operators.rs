//! Those who run the service: signed in with their own directory and group, they see every onboarding and can remind, extend, reassign,
//! try again and cancel. What they do is in the trail with who did it; what only the two people may do, they can't.

use anyhow::{Context as _, Result, ensure};
use local::{Browser, Manner, Page, Person};
use serde_json::{Value, json};
use url::Url;

use crate::world::{CLOUD, Case, OWNER_SIGN_IN, Onboarding, PARTNER_SIGN_IN, PATIENCE, run, until};

/// In the group of operators.
const OLGA: &str = "olga@ops.contoso.com";
const OLGA_OID: &str = "0e000000-0000-4000-8000-000000000001";
/// In the same directory, and not in the group.
const OMAR: &str = "omar@ops.contoso.com";

/// An operator who has signed in.
pub(crate) async fn operator(case: &Case) -> Result<Person> {
    let mut olga = Person::of(case.stack(), CLOUD, OLGA)?;
    let page = olga.browser.open(format!("{}/operator", case.stack().portal())).await?;
    page.expect_text("For operators")?;
    let page = olga.sign_in_at(case.stack(), &page, &Manner::default()).await?;
    ensure!(page.status == 200 && page.url.path() == "/operator", "{}", page.summary());
    page.expect_text(&format!("Signed in as {OLGA}"))?;
    Ok(olga)
}

fn address(case: &Case, onboarding: &Onboarding) -> String {
    format!("{}/operator/o/{}", case.stack().portal(), onboarding.id)
}

/// Opens an act from the onboarding's page, fills in the form, and presses its button.
async fn act(
    case: &Case,
    who: &mut Person,
    onboarding: &Onboarding,
    act: &str,
    typed: &[(&str, &str)],
) -> Result<Page> {
    let page = who.browser.open(address(case, onboarding)).await?;
    let page = who.browser.follow(&page, act).await?;
    ensure!(page.status == 200, "{}", page.summary());
    let mut form = page.form(act)?.clone();
    for (field, value) in typed {
        if *field == "part" {
            form.tick(&format!("part={value}"))?;
        } else {
            form.fill(field, value)?;
        }
    }
    who.browser.submit(&page, &form, act).await
}

/// What operators did, by the trail: what, and who.
async fn done_by_operators(onboarding: &Onboarding) -> Result<Vec<(String, String)>> {
    let trail = onboarding.audit().await?;
    let broken = onboarding::audit::verify(&trail).err();
    ensure!(broken.is_none(), "the trail does not hold together from entry {broken:?} on");
    let theirs = trail.into_iter().filter(|entry| entry.actor == "operator");
    Ok(theirs.map(|entry| (entry.action, entry.detail["operator"].as_str().unwrap_or_default().to_owned())).collect())
}

#[test]
fn an_operator_finds_an_onboarding_gives_more_time_puts_somebody_else_in_a_part_and_cancels() -> Result<()> {
    run(async |case| {
        let mut onboarding = case.onboarding()?;
        onboarding.start_by_form().await?;
        let wait = onboarding.waits_for("sign-in", "owner").await?;
        let mut olga = operator(case).await?;

        // It is on the list, whom it waits for and until when; and it is found by an address.
        let list = format!("{}/operator", case.stack().portal());
        let found =
            olga.browser.open(format!("{list}?words={}&waiting=owner&sort=deadline", onboarding.pair.owner)).await?;
        let reference = onboarding::OnboardingId::parse(&onboarding.id)?.reference();
        found.expect_text("Shown: 1.")?.expect_text(&reference)?.expect_text("owner")?;
        let other = olga.browser.open(format!("{list}?words={}&waiting=nobody", onboarding.pair.owner)).await?;
        other.expect_text("There is none.")?;
        let one = olga.browser.follow(&found, &reference).await?;
        one.expect_text(&onboarding.pair.subscription)?.expect_text(&onboarding.pair.partner_admin)?;
        one.expect_text("The onboarding was created")?;

        let page = act(case, &mut olga, &onboarding, "Give more time", &[]).await?;
        page.expect_text("The deadline is later now")?;
        let later = onboarding.waits_for("sign-in", "owner").await?;
        let time = |wait: &Value| wait["deadlineAt"].as_str().unwrap_or_default().parse::<jiff::Timestamp>();
        assert_eq!(time(&later)?.duration_since(time(&wait)?), jiff::SignedDuration::from_hours(7 * 24));
        // The person's own more time is still theirs.
        assert_eq!(later["extendedAt"], Value::Null);

        // The first mail is minutes old: nobody is pestered.
        let page = olga.browser.open(address(case, &onboarding)).await?;
        page.expect_text("less than an hour old")?;

        // Somebody else becomes the owner; the old link stops counting.
        let old = onboarding.owner_link().await?;
        let new = onboarding.pair.second_account.clone();
        let page = act(
            case,
            &mut olga,
            &onboarding,
            "Put somebody else in a part",
            &[("part", "owner"), ("new-email", "nobody")],
        )
        .await?;
        ensure!(page.status == 422, "{}", page.summary());
        page.expect_text("must be one address")?;
        let page =
            act(case, &mut olga, &onboarding, "Put somebody else in a part", &[("part", "owner"), ("new-email", &new)])
                .await?;
        page.expect_text("belongs to the new person now")?.expect_text(&new)?;
        let page = Browser::new()?.open(old).await?;
        ensure!(page.status == 410, "{}", page.summary());
        let mut second = Person::of(case.stack(), CLOUD, &new)?;
        second.wait_for_mail(case.stack(), OWNER_SIGN_IN, PATIENCE).await?;

        let page = act(case, &mut olga, &onboarding, "Cancel", &[]).await?;
        page.expect_text("is being cancelled")?;
        onboarding.ended("cancelled").await?;
        assert_eq!(onboarding.locks().await?, Vec::<Value>::new());
        let by_olga = |action: &str| (action.to_owned(), OLGA_OID.to_owned());
        assert_eq!(
            done_by_operators(&onboarding).await?,
            ["wait.extended", "person.handed-over", "onboarding.cancelled"].map(by_olga)
        );
        // The evidence is the same that the two people get, and holds.
        let pack = olga.browser.open(format!("{}/evidence.json", address(case, &onboarding))).await?;
        let pack: impact::evidence::Pack = serde_json::from_str(&pack.body)?;
        pack.verify().context("the operator's pack")?;
        // It is on the month's list now.
        let month = onboarding.meta().await?["updatedAt"].as_str().unwrap_or_default().get(..7).map(str::to_owned);
        let month = month.context("no month")?;
        let page = olga.browser.open(format!("{list}?list={month}&words={reference}")).await?;
        page.expect_text("Shown: 1.")?.expect_text("Cancelled")?;
        Ok(())
    })
}

#[test]
fn what_has_expired_or_failed_is_started_anew_once_with_the_same_people() -> Result<()> {
    run(async |case| {
        let mut onboarding = case.onboarding()?;
        onboarding.start_by_form().await?;
        onboarding.owner_acts(OWNER_SIGN_IN).await?;
        onboarding.waits_for("sign-in", "partner-admin").await?;
        let mut olga = operator(case).await?;
        act(case, &mut olga, &onboarding, "Cancel", &[]).await?;
        onboarding.ended("cancelled").await?;

        let page = olga.browser.open(format!("{}/retry", address(case, &onboarding))).await?;
        let form = page.form("Try again")?.clone();
        let first = olga.browser.submit(&page, &form, "Try again").await?;
        first.expect_text("It is tried again")?.expect_text("Started anew as")?;
        // The same form once more, as a back button sends it.
        let second = olga.browser.submit(&page, &form, "Try again").await?;
        second.expect_text("so nothing was done")?;
        let trail = onboarding.audit().await?;
        let anew: Vec<&str> = trail
            .iter()
            .filter(|entry| entry.action == "onboarding.started-anew")
            .filter_map(|entry| entry.detail["onboarding"].as_str())
            .collect();
        ensure!(anew.len() == 1, "{anew:?}");
        let mut again = Onboarding::of(case.stack(), onboarding.pair.clone())?;
        again.id = anew[0].to_owned();
        let started = until("the new onboarding is there", PATIENCE, async || Ok(again.meta().await.ok())).await?;
        assert_eq!(started["ownerEmail"], onboarding.pair.owner.as_str());
        again.execution = started["execution"].as_str().unwrap_or_default().to_owned();
        again.waits_for("sign-in", "owner").await?;
        // It runs now, so there is nothing to start from the old one.
        let page = olga.browser.open(format!("{}/retry", address(case, &onboarding))).await?;
        ensure!(page.status == 409, "{}", page.summary());
        page.expect_text("runs already")?;
        act(case, &mut olga, &again, "Cancel", &[]).await?;
        again.ended("cancelled").await?;
        Ok(())
    })
}

#[test]
fn a_fix_is_looked_at_again_and_a_signal_that_was_lost_is_given_again() -> Result<()> {
    run(async |case| {
        let pair = case.pair()?;
        let policy = format!("policies/{}", pair.source_tenant);
        case.stack().control_post(&policy, &json!({ "leaving": "block" })).await?;
        let mut onboarding = Onboarding::of(case.stack(), pair)?;
        onboarding.start_by_form().await?;
        onboarding.owner_acts(OWNER_SIGN_IN).await?;
        onboarding.waits_for("fix", "owner").await?;
        let mut olga = operator(case).await?;
        case.stack().control_post(&policy, &json!({ "leaving": "allow" })).await?;
        act(case, &mut olga, &onboarding, "Try again", &[]).await?.expect_text("It is tried again")?;
        let wait = onboarding.waits_for("sign-in", "partner-admin").await?;
        // While a person's own answer is asked for there is nothing to try.
        let page = olga.browser.open(address(case, &onboarding)).await?;
        page.expect_text("own answer")?;

        // An outcome as a crash leaves it: recorded, and the state machine not told. The sweep is kept away from it.
        let update = json!({
            "TableName": case.stack().output("OnboardingTable")?,
            "Key": { "pk": { "S": format!("ONB#{}", onboarding.id) }, "sk": { "S": wait["sk"] } },
            "UpdateExpression": "SET outcome = :outcome, outcomeBy = :by, outcomeAt = :at REMOVE dueBucket, dueAt",
            "ExpressionAttributeValues": {
                ":outcome": { "S": "cancelled" }, ":by": { "S": "partner-admin" }, ":at": { "S": "2026-05-12T10:00:00Z" },
            },
        });
        case.stack().aws().call("dynamodb", "update_item", update).await?;
        assert_eq!(onboarding.execution_status().await?, "RUNNING");
        act(case, &mut olga, &onboarding, "Try again", &[]).await?.expect_text("It is tried again")?;
        onboarding.ended("cancelled").await?;
        let theirs = done_by_operators(&onboarding).await?;
        assert_eq!(
            theirs.iter().map(|(action, _)| action.as_str()).collect::<Vec<_>>(),
            ["retry.asked", "retry.asked"]
        );
        Ok(())
    })
}

#[test]
fn nobody_outside_the_group_gets_in_and_a_sign_in_counts_in_its_own_browser_once() -> Result<()> {
    run(async |case| {
        let mut onboarding = case.onboarding()?;
        onboarding.start_by_form().await?;
        let list = format!("{}/operator", case.stack().portal());
        // Of the directory, and not in the group.
        let mut omar = Person::of(case.stack(), CLOUD, OMAR)?;
        let page = omar.browser.open(address(case, &onboarding)).await?;
        let page = omar.sign_in_at(case.stack(), &page, &Manner::default()).await?;
        ensure!(page.status == 403, "{}", page.summary());
        page.expect_text("Operator.NotMember")?;
        // Nothing of the sign-in is left in the address.
        ensure!(page.url.query() == Some("problem=Operator.NotMember"), "{}", page.url.path());
        omar.browser.open(&list).await?.expect_text("For operators")?;

        // The partner admin of an onboarding is no operator: Microsoft does not know them in that directory.
        let page = onboarding.partner.browser.open(&list).await?;
        let page = onboarding.partner.sign_in_at(case.stack(), &page, &Manner::default()).await?;
        ensure!(page.url.as_str().starts_with(case.stack().microsoft()), "{}", page.summary());
        onboarding.partner.browser.forget(Some(&Url::parse(case.stack().microsoft())?));

        // The way back is of use once, in the browser that began.
        let mut olga = Person::of(case.stack(), CLOUD, OLGA)?;
        let page = olga.browser.open(&list).await?;
        let back = Manner { stops_at: Some(local::SignInPage::Return), ..Manner::default() };
        let page = olga.sign_in_at(case.stack(), &page, &back).await?;
        let back = page.redirect().context("no way back")?;
        let stolen = Browser::new()?.open(back.clone()).await?;
        ensure!(stolen.status == 403, "{}", stolen.summary());
        stolen.expect_text("Operator.SignIn")?;
        let page = olga.browser.follow_redirect(&page).await?;
        page.expect_text(&format!("Signed in as {OLGA}"))?;
        let again = olga.browser.open(back).await?;
        ensure!(again.status == 403, "{}", again.summary());

        // Signed out, the cookie that was good opens nothing.
        let kept = olga.browser.clone();
        let page = olga.browser.open(&list).await?;
        let form = page.form("Sign out")?.clone();
        olga.browser.submit(&page, &form, "Sign out").await?.expect_text("For operators")?;
        let mut kept = kept;
        kept.open(address(case, &onboarding)).await?.expect_text("For operators")?;
        // Nobody did anything.
        assert_eq!(done_by_operators(&onboarding).await?, Vec::new());
        onboarding.owner_acts(OWNER_SIGN_IN).await?;
        onboarding.partner_acts_once(PARTNER_SIGN_IN).await?;
        Ok(())
    })
}
