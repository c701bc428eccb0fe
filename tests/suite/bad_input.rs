//! Bad input gets an answer that names the field and the remedy, and nothing is created; what a person can fix outside is waited for,
//! and the same step goes on afterwards.

use anyhow::{Context as _, Result, ensure};
use local::{Manner, Page, SignInPage};
use serde_json::{Value, json};

use crate::world::{
    CHECK_AGAIN, CONFIRM, Case, OWNER_ROLE, OWNER_SIGN_IN, Onboarding, PARTNER_SIGN_IN, PATIENCE, executions_of,
    nothing_exists_of, put_event, run, run_alone, until,
};

#[test]
fn a_wrong_field_of_the_form_is_named_with_the_remedy_keeps_what_was_typed_and_creates_nothing() -> Result<()> {
    run(async |case| {
        let onboarding = case.onboarding()?;
        let pair = onboarding.pair.clone();
        let unknown = pair.subscription.replace("51000000", "59999999");
        // What is typed where, and the words of the answer: the field's own name and what to do.
        let mistakes: [(&str, &str, [&str; 2]); 9] = [
            (
                "subscriptionId",
                "contoso-prod",
                ["Azure subscription id must be a GUID", "copy it from the subscription's overview page"],
            ),
            ("subscriptionId", "", ["Azure subscription id is missing", ""]),
            (
                "subscriptionId",
                &unknown,
                ["Azure subscription id is not known to Azure in this cloud", "check the cloud"],
            ),
            (
                "subscriptionId",
                &pair.source_tenant,
                ["Azure subscription id must be a subscription id: this is a tenant id", "Copy the subscription id"],
            ),
            ("partnerDirectory", "rosa@outlook.com", ["Partner directory must be a domain", "such as contoso.com"]),
            (
                "partnerDirectory",
                "nowhere.contoso.com",
                [
                    "Partner directory is not known to Microsoft in this cloud",
                    "Use a domain that the directory has verified",
                ],
            ),
            (
                "partnerDirectory",
                &pair.source_tenant,
                ["Partner directory is the directory that the subscription is already in", "nothing needs to move"],
            ),
            (
                "ownerEmail",
                "rosa",
                ["E-mail address of the subscription's owner must be one e-mail address", "such as kim@contoso.com"],
            ),
            (
                "partnerAdminEmail",
                "kim@@contoso.com",
                [
                    "E-mail address of the Partner Center administrator must be one e-mail address",
                    "such as kim@contoso.com",
                ],
            ),
        ];
        for (field, typed, words) in mistakes {
            let mut request = onboarding.request.clone();
            match field {
                "subscriptionId" => typed.clone_into(&mut request.subscription_id),
                "partnerDirectory" => typed.clone_into(&mut request.partner_directory),
                "ownerEmail" => typed.clone_into(&mut request.owner_email),
                _ => typed.clone_into(&mut request.partner_admin_email),
            }
            let mut person = onboarding.partner.clone();
            let page = person.sign_up(case.stack(), &request).await?;
            assert_eq!(page.status, 422, "{field} = {typed}: {}", page.summary());
            for words in words {
                page.expect_text(words).with_context(|| format!("{field} = {typed}"))?;
            }
            let form = page.form("Start the onboarding")?;
            let kept = |name: &str| form.fields.iter().find(|one| one.name == name).map(|one| one.value.clone());
            assert_eq!(kept(field).as_deref(), Some(typed), "what was typed is kept");
            assert_eq!(kept("cloud").as_deref(), Some("public"));
        }
        nothing_exists_of(case.stack(), &pair).await?;
        assert_eq!(executions_of(case.stack(), &pair).await?, Vec::<String>::new());
        Ok(())
    })
}

#[test]
fn an_event_or_a_console_input_with_a_wrong_field_fails_naming_it_and_creates_nothing() -> Result<()> {
    run(async |case| {
        let onboarding = case.onboarding()?;
        let pair = onboarding.pair.clone();
        let changed = |change: &dyn Fn(&mut Value)| {
            let mut input = onboarding.input();
            change(&mut input);
            input
        };
        let unknown = pair.subscription.replace("51000000", "59999999");
        let mistakes: [(Value, &str, &[&str]); 11] = [
            (
                changed(&|it| drop(it.as_object_mut().map(|it| it.remove("ownerEmail")))),
                "Input.Invalid",
                &["ownerEmail: is missing"],
            ),
            (
                changed(&|it| it["colour"] = "blue".into()),
                "Input.Invalid",
                &["colour: is not a field of the request; remove it"],
            ),
            (
                changed(&|it| it["partnerAdminEmail"] = 7.into()),
                "Input.Invalid",
                &["partnerAdminEmail: must be a text in quotes"],
            ),
            (changed(&|it| it["schema"] = "1".into()), "Input.Invalid", &["schema: must be the number 1"]),
            (changed(&|it| it["cloud"] = "moon".into()), "Input.Invalid", &["cloud: must be public"]),
            (
                changed(&|it| it["route"] = "three-party".into()),
                "Input.Invalid",
                &["route: must be two-party or single-account"],
            ),
            (
                changed(&|it| {
                    it["subscriptionId"] = "contoso".into();
                    it["ownerEmail"] = Value::Null;
                }),
                "Input.Invalid",
                &["subscriptionId: must be a GUID", "ownerEmail: is missing"],
            ),
            (
                changed(&|it| it["subscriptionId"] = unknown.clone().into()),
                "Subscription.Unknown",
                &["subscriptionId: no such subscription"],
            ),
            (
                changed(&|it| it["subscriptionId"] = pair.source_tenant.clone().into()),
                "Subscription.Unknown",
                &["subscriptionId: this is a tenant id"],
            ),
            (
                changed(&|it| it["partnerDirectory"] = "nowhere.contoso.com".into()),
                "Directory.Unknown",
                &["partnerDirectory: no directory nowhere.contoso.com"],
            ),
            (
                changed(&|it| it["partnerDirectory"] = pair.source_tenant.clone().into()),
                "Directory.Same",
                &["partnerDirectory: the subscription is already in this directory"],
            ),
        ];
        for (number, (input, error, causes)) in mistakes.iter().enumerate() {
            let name = format!("bad-{number}-{}", pair.partner_domain.replace('.', "-"));
            let arn = case.stack().start_execution(&name, input).await?;
            refused(case, &arn, error, causes).await.with_context(|| input.to_string())?;
        }
        let before = executions_of(case.stack(), &pair).await?;
        let (input, error, causes) = &mistakes[0];
        put_event(case.stack(), input).await?;
        let arn = until("the event starts an execution", PATIENCE, async || {
            Ok(executions_of(case.stack(), &pair).await?.into_iter().find(|arn| !before.contains(arn)))
        })
        .await?;
        refused(case, &arn, error, causes).await?;
        nothing_exists_of(case.stack(), &pair).await
    })
}

/// The execution ends at `Not registered` with this error, and its cause has these words.
async fn refused(case: &Case, arn: &str, error: &str, causes: &[&str]) -> Result<()> {
    let execution = until("the execution has ended", PATIENCE, async || {
        let execution = case.stack().execution(arn).await?;
        Ok((execution["status"] != "RUNNING").then_some(execution))
    })
    .await?;
    assert_eq!(execution["status"], "FAILED");
    let history = case.stack().history(arn).await?;
    assert_eq!(crate::world::states_of(&history), ["Register", "Not registered"]);
    let ended = history.last().context("no events")?;
    let details = &ended["executionFailedEventDetails"];
    assert_eq!(details["error"], error, "{ended:#}");
    let said = details["cause"].as_str().unwrap_or_default();
    for cause in causes {
        assert!(said.contains(cause), "“{cause}” is not in: {said}");
    }
    Ok(())
}

#[test]
fn the_retired_german_cloud_is_refused_by_form_and_console_unless_the_operator_allows_it() -> Result<()> {
    run_alone(async |case| {
        // As on AWS: no simulated cloud, and the operator has not allowed what is closed. It is refused before any call.
        let as_on_aws = [("RETIRED_CLOUDS", Some("refuse")), ("SIMULATED_MICROSOFT", None)];
        let mut before = Vec::new();
        for function in ["signup", "register"] {
            before.push((function, case.stack().set_environment(function, &as_on_aws).await?));
        }
        let tested = germany_is_refused(case).await;
        for (function, before) in before {
            let restore: Vec<(&str, Option<&str>)> =
                before.iter().map(|(name, value)| (name.as_str(), Some(value.as_str()))).collect();
            case.stack().set_environment(function, &restore).await?;
        }
        tested
    })
}

async fn germany_is_refused(case: &Case) -> Result<()> {
    let mut onboarding = case.onboarding()?;
    onboarding.request.cloud = Some("germany".to_owned());
    let name = format!("germany-{}", onboarding.pair.partner_domain.replace('.', "-"));
    let arn = case.stack().start_execution(&name, &onboarding.input()).await?;
    refused(case, &arn, "Cloud.Retired", &["cloud: "]).await?;

    let mut person = onboarding.partner.clone();
    let start = person.browser.open(case.stack().portal()).await?;
    let page = person.browser.follow(&start, "Start").await?;
    onboarding.request.cloud = None;
    let mut form = local::Person::fill_sign_up(&page, &onboarding.request)?;
    assert!(form.fill("cloud", "germany").is_err(), "the form does not offer it");
    // Somebody who sends it all the same, with an old page for one.
    for field in form.fields.iter_mut().filter(|field| field.name == "cloud") {
        "germany".clone_into(&mut field.value);
    }
    let page = person.browser.submit(&page, &form, "Start the onboarding").await?;
    assert_eq!(page.status, 422, "{}", page.summary());
    page.expect_text("Microsoft cloud can't be chosen")?.expect_text("29 October 2021")?;
    nothing_exists_of(case.stack(), &onboarding.pair).await
}

#[test]
fn a_subscription_of_a_kind_that_can_not_move_ends_the_onboarding_and_changes_nothing() -> Result<()> {
    run(async |case| {
        for csp in [true, false] {
            let pair = case.pair()?;
            let (subscription, name) = if csp {
                (pair.csp_subscription.clone(), "Contoso CSP")
            } else {
                (pair.internal_subscription.clone(), "Contoso Internal")
            };
            let mut onboarding = Onboarding::of(case.stack(), pair)?.about(&subscription, name);
            onboarding.start_by_form().await?;
            let before = onboarding.at_microsoft().await?;
            onboarding.owner_acts(OWNER_SIGN_IN).await?;
            let meta = onboarding.ended("failed").await?;
            assert_eq!(meta["error"], "Subscription.NotMovable", "{name}");
            assert_eq!(onboarding.execution_status().await?, "FAILED");
            assert_eq!(onboarding.at_microsoft().await?, before, "{name}");
            let record = onboarding.record().await?;
            assert!(!record.keys().any(|key| key.starts_with("CRED#")));
            assert_eq!(onboarding.locks().await?, Vec::<Value>::new());
            let link = onboarding.owner_link().await?;
            let page = onboarding.owner.browser.open(&link).await?;
            page.expect_text("This kind of subscription can't change directory")?;
            page.expect_text("Create a subscription in the partner directory and move the resources")?;
        }
        Ok(())
    })
}

#[test]
fn a_disabled_subscription_is_waited_for_and_the_same_step_goes_on_once_it_is_enabled() -> Result<()> {
    run(async |case| {
        let pair = case.pair()?;
        let subscription = pair.disabled_subscription.clone();
        let mut onboarding = Onboarding::of(case.stack(), pair)?.about(&subscription, "Contoso Old");
        onboarding.start_by_form().await?;
        onboarding.owner_acts(OWNER_SIGN_IN).await?;
        let page = owner_must_fix(&mut onboarding, "Subscription.NotEnabled", "The subscription is not active").await?;

        // Too early: it looks, and waits again, without a second mail.
        let mails = onboarding.mails().await?.len();
        let waited = onboarding.waits_for("fix", "owner").await?;
        let looked = onboarding.owner.browser.press(&page, CHECK_AGAIN).await?;
        looked.expect_text("We look again")?;
        until("it waits again", PATIENCE, async || {
            let wait = onboarding.waits_for("fix", "owner").await?;
            Ok((wait["waitId"] != waited["waitId"]).then_some(()))
        })
        .await?;
        assert_eq!(onboarding.mails().await?.len(), mails, "nobody is told twice");

        case.stack().control_post(&format!("subscriptions/{subscription}"), &json!({ "state": "Enabled" })).await?;
        let page = onboarding.owner_turn().await?;
        onboarding.owner.browser.press(&page, CHECK_AGAIN).await?;
        step_1_went_on(&onboarding).await
    })
}

#[test]
fn an_owner_who_is_only_reader_is_waited_for_and_the_same_step_goes_on_once_they_are_owner() -> Result<()> {
    run(async |case| {
        let pair = case.pair()?;
        let (reader, oid) = (pair.reader.clone(), pair.reader_oid.clone());
        becomes_owner(case, Onboarding::of(case.stack(), pair)?.owned_by(&reader)?, &oid).await
    })
}

#[test]
fn an_owner_with_a_condition_is_waited_for_and_the_same_step_goes_on_once_they_are_owner_without_one() -> Result<()> {
    run(async |case| {
        let pair = case.pair()?;
        let (conditional, oid) = (pair.conditional_owner.clone(), pair.conditional_owner_oid.clone());
        becomes_owner(case, Onboarding::of(case.stack(), pair)?.owned_by(&conditional)?, &oid).await
    })
}

async fn becomes_owner(case: &Case, mut onboarding: Onboarding, oid: &str) -> Result<()> {
    onboarding.start_by_form().await?;
    onboarding.owner_acts(OWNER_SIGN_IN).await?;
    let page = owner_must_fix(&mut onboarding, "Owner.NotOwner", "You need the Owner role without conditions").await?;
    let role = json!({ "principalId": oid, "roleDefinitionId": OWNER_ROLE });
    let path = format!("subscriptions/{}/role-assignments", onboarding.pair.subscription);
    case.stack().control_post(&path, &role).await?;
    onboarding.owner.browser.press(&page, CHECK_AGAIN).await?;
    step_1_went_on(&onboarding).await?;
    onboarding.partner_acts(PARTNER_SIGN_IN).await?;
    onboarding.owner_acts(CONFIRM).await?;
    onboarding.ended("done").await?;
    Ok(())
}

#[test]
fn an_admin_who_is_not_admin_is_waited_for_and_the_same_step_goes_on_once_they_are() -> Result<()> {
    run(async |case| {
        let pair = case.pair()?;
        let member = pair.partner_member.clone();
        let mut onboarding = Onboarding::of(case.stack(), pair)?.administered_by(&member)?;
        onboarding.start_by_form().await?;
        onboarding.owner_acts(OWNER_SIGN_IN).await?;
        // They still were when they agreed to what the application asks for, and no longer are when they come back.
        let tenant = onboarding.pair.partner_tenant.clone();
        let roles = |roles: Value| json!({ "tenantId": tenant, "roles": roles });
        let user = format!("users/{member}");
        case.stack().control_post(&user, &roles(json!(["Global Administrator"]))).await?;
        let mail = onboarding.partner.wait_for_mail(case.stack(), PARTNER_SIGN_IN, PATIENCE).await?;
        let until_the_return = Manner { stops_at: Some(SignInPage::Return), ..Manner::default() };
        let page = onboarding.partner.sign_in_from(case.stack(), &mail, &until_the_return).await?;
        case.stack().control_post(&user, &roles(json!([]))).await?;
        let page = onboarding.partner.browser.follow_redirect(&page).await?;
        assert_eq!(page.status, 200, "{}", page.summary());
        let title = "You need to be an administrator of the partner directory";
        let page = partner_must_fix(&mut onboarding, "PartnerAdmin.NotAdmin", title).await?;
        case.stack().control_post(&user, &roles(json!(["Global Administrator"]))).await?;
        onboarding.partner.browser.press(&page, CHECK_AGAIN).await?;
        onboarding.owner_acts(CONFIRM).await?;
        onboarding.ended("done").await?;
        continued(&onboarding, "2 Associate the Partner Center credentials", PARTNER_SIGN_IN).await
    })
}

#[test]
fn a_directory_that_lets_no_subscription_leave_is_waited_for_and_looked_at_again_by_itself() -> Result<()> {
    run(async |case| {
        let mut onboarding = case.onboarding()?;
        let policy = format!("policies/{}", onboarding.pair.source_tenant);
        case.stack().control_post(&policy, &json!({ "leaving": "block" })).await?;
        onboarding.start_by_form().await?;
        onboarding.owner_acts(OWNER_SIGN_IN).await?;
        let title = "The current directory doesn't let subscriptions leave";
        let page = owner_must_fix(&mut onboarding, "Policy.LeavingBlocked", title).await?;
        page.expect_text("A request to forward to a Global Administrator")?;
        page.expect_text(&onboarding.pair.source_tenant)?.expect_text(&onboarding.pair.owner)?;
        ensure!(!page.text.contains("/o/"), "the text to forward must not carry the link");

        case.stack().control_post(&policy, &json!({ "leaving": "allow" })).await?;
        // Nobody presses anything: the time to look again has come.
        let wait = onboarding.waits_for("fix", "owner").await?;
        crate::world::make_due(case.stack(), &onboarding.id, &wait).await?;
        crate::world::sweep(case.stack()).await?;
        step_1_went_on(&onboarding).await
    })
}

#[test]
fn a_directory_that_lets_no_subscription_enter_is_waited_for_and_goes_on_once_the_accepting_account_is_exempt()
-> Result<()> {
    run(async |case| {
        let mut onboarding = case.onboarding()?;
        let policy = format!("policies/{}", onboarding.pair.partner_tenant);
        case.stack().control_post(&policy, &json!({ "into": "unset" })).await?;
        onboarding.start_by_form().await?;
        onboarding.owner_acts(OWNER_SIGN_IN).await?;
        onboarding.partner_acts(PARTNER_SIGN_IN).await?;
        let title = "The partner directory doesn't let subscriptions enter";
        let page = partner_must_fix(&mut onboarding, "Policy.EnteringBlocked", title).await?;
        page.expect_text("A request to forward to a Global Administrator")?
            .expect_text(&onboarding.pair.partner_admin)?;
        let exempt = json!({ "exemptedPrincipals": [onboarding.pair.partner_admin_oid] });
        case.stack().control_post(&policy, &exempt).await?;
        onboarding.partner.browser.press(&page, CHECK_AGAIN).await?;
        onboarding.owner_acts(CONFIRM).await?;
        onboarding.ended("done").await?;
        continued(&onboarding, "2 Associate the Partner Center credentials", PARTNER_SIGN_IN).await
    })
}

/// It waits for the owner because of this, and their mail and page say so.
async fn owner_must_fix(onboarding: &mut Onboarding, reason: &str, title: &str) -> Result<Page> {
    let wait = onboarding.waits_for("fix", "owner").await?;
    assert_eq!(wait["reason"], reason);
    let page = onboarding.owner_reads_fix(title).await?;
    page.expect_text(title)?.expect_text(reason)?;
    nothing_moved(onboarding).await?;
    Ok(page)
}

async fn partner_must_fix(onboarding: &mut Onboarding, reason: &str, title: &str) -> Result<Page> {
    let wait = onboarding.waits_for("fix", "partner-admin").await?;
    assert_eq!(wait["reason"], reason);
    let page = onboarding.partner_reads_fix(title).await?;
    page.expect_text(title)?.expect_text(reason)?;
    nothing_moved(onboarding).await?;
    Ok(page)
}

async fn nothing_moved(onboarding: &Onboarding) -> Result<()> {
    let effects = onboarding.effects().await?;
    assert_eq!(effects.get("change-tenant-request-initiated"), None, "{effects:?}");
    Ok(())
}

/// The first step finished after a fix, and the partner is asked next.
async fn step_1_went_on(onboarding: &Onboarding) -> Result<()> {
    onboarding.waits_for("sign-in", "partner-admin").await?;
    continued(onboarding, "1 Use existing directory", OWNER_SIGN_IN).await
}

/// The step was entered again and nothing before it was: it was continued, not restarted.
async fn continued(onboarding: &Onboarding, step: &str, asked: &str) -> Result<()> {
    let states = onboarding.states().await?;
    let times = |name: &str| states.iter().filter(|state| *state == name).count();
    assert!(times(step) >= 2, "{states:?}");
    assert_eq!((times("Register"), times("Sign in with the Azure account")), (1, 1), "{states:?}");
    let mails = onboarding.mails().await?;
    assert_eq!(mails.iter().filter(|mail| mail.subject.contains(asked)).count(), 1, "asked to sign in once");
    let audit = onboarding.audit().await?;
    assert_eq!(onboarding::audit::verify(&audit), Ok(()));
    Ok(())
}
