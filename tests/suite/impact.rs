//! What a move does, told before it is made: the report, what must be accepted, and the access that is there again.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, ensure};
use local::{Page, Person};
use serde_json::{Value, json};

use crate::world::{
    CONFIRM, Case, OWNER_ROLE, OWNER_SIGN_IN, Onboarding, PARTNER_SIGN_IN, PATIENCE, REVIEW, run, until,
};

const EVERYTHING: &str = "Contoso Everything";

/// An onboarding of a subscription that only reports are about.
fn about(case: &Case, subscription: impl Fn(&crate::world::Pair) -> String, name: &str) -> Result<Onboarding> {
    let pair = case.pair_with_reports()?;
    let subscription = subscription(&pair);
    Ok(Onboarding::of(case.stack(), pair)?.about(&subscription, name))
}

/// Up to where the report is there to read.
async fn reported(onboarding: &mut Onboarding) -> Result<Value> {
    onboarding.start_by_form().await?;
    onboarding.owner_acts(OWNER_SIGN_IN).await?;
    onboarding.partner_acts_once(PARTNER_SIGN_IN).await?;
    until("the report is made", PATIENCE, async || {
        let meta = onboarding.meta().await?;
        ensure!(meta["ending"].is_null(), "it ended: {}", meta["error"]);
        Ok((meta["report"].is_object() && meta["openWait"].is_string()).then_some(()))
    })
    .await?;
    report(onboarding).await
}

async fn report(onboarding: &mut Onboarding) -> Result<Value> {
    let link = onboarding.partner_link().await?;
    onboarding.partner.browser.json(format!("{link}/report.json")).await
}

/// The rules of a report's findings with their groups, and the names under each.
fn by_rule(report: &Value) -> BTreeMap<(String, String), BTreeSet<String>> {
    let mut rules: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    let said = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    for finding in report["findings"].as_array().into_iter().flatten() {
        let rule = (said(&finding["group"]), said(&finding["rule"]));
        rules.entry(rule).or_default().insert(said(&finding["name"]));
    }
    rules
}

#[test]
fn a_subscription_with_everything_that_a_move_breaks_is_reported_row_by_row_in_the_right_group() -> Result<()> {
    run(async |case| {
        let mut onboarding = about(case, |pair| pair.everything.clone(), EVERYTHING)?;
        let report = reported(&mut onboarding).await?;
        let found = by_rule(&report);
        // Every row of Microsoft's table that names a kind of resource, and what it must lead to.
        for (group, rule, name) in [
            ("cannot-come-back", "aks", "aks"),
            ("cannot-come-back", "sql-entra", "sqlentra"),
            ("cannot-come-back", "sql-entra", "mientra"),
            ("cannot-come-back", "mysql-entra", "mysqlentra"),
            ("cannot-come-back", "domain-services", "aadds.contoso.com"),
            ("cannot-come-back", "dev-box", "boxes"),
            ("cannot-come-back", "deployment-environments", "test"),
            ("cannot-come-back", "key-outside", "keyoutside"),
            ("stops-now", "system-identity", "vm1"),
            ("stops-now", "user-identity", "robot"),
            ("stops-now", "key-vault", "everything"),
            ("stops-now", "disk-encryption-set", "des"),
            ("redo", "custom-role", "Everything Operator"),
            ("redo", "data-lake-gen2", "lake"),
            ("redo", "data-lake-gen1", "gen1"),
            ("redo", "files", "shares"),
            ("redo", "file-sync", "sync"),
            ("redo", "azure-stack", "stack"),
        ] {
            let names = found.get(&(group.to_owned(), rule.to_owned()));
            ensure!(names.is_some_and(|names| names.contains(name)), "{group}/{rule} does not name {name}: {found:#?}");
        }
        let rules: BTreeSet<&str> = found.keys().map(|(_, rule)| rule.as_str()).collect();
        for rule in [
            "managed-hsm",
            "key-inside",
            "disk-encryption",
            "policy-assignment",
            "policy-definition",
            "policy-exemption",
            "service-bus",
            "synapse",
            "lighthouse",
            "cosmos-db",
            "role-assignment",
        ] {
            ensure!(rules.contains(rule), "nothing by the rule {rule}: {found:#?}");
        }
        // A plan of a web app is no row of the table.
        let plain = found.values().flatten().any(|name| name == "plan");
        ensure!(!plain, "a plain resource is reported: {found:#?}");
        // Each hard stop is one.
        let stops: BTreeSet<&str> = report["findings"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|finding| finding["hardStop"] == true)
            .filter_map(|finding| finding["name"].as_str())
            .collect();
        for name in ["aks", "sqlentra", "mientra", "aadds.contoso.com", "boxes", "test", "keyoutside", "mysqlentra"] {
            ensure!(stops.contains(name), "{name} is no hard stop: {stops:?}");
        }
        // Servers without Entra sign-in can be moved.
        for name in ["sqlplain", "mysqlplain", "vm1", "lake", "keyinside", "bus", "cosmos", "everything"] {
            ensure!(!stops.contains(name), "{name} is a hard stop");
        }
        // The page and the table say the same.
        let link = onboarding.partner_link().await?;
        let page = onboarding.partner.browser.open(format!("{link}/report")).await?;
        page.expect_text("Don't move it yet")?.expect_text("aadds.contoso.com")?;
        let csv = onboarding.partner.browser.open(format!("{link}/report.csv")).await?;
        let findings = report["findings"].as_array().map_or(0, Vec::len);
        ensure!(csv.body.matches("\nredo:").count() + csv.body.lines().count() > findings, "{}", csv.body);
        Ok(())
    })
}

#[test]
fn a_subscription_without_resources_is_reported_as_such_and_asks_nobody_to_review() -> Result<()> {
    run(async |case| {
        let mut onboarding = about(case, |pair| pair.empty.clone(), "Contoso Empty")?;
        let report = reported(&mut onboarding).await?;
        assert_eq!(report["notRead"], json!([]));
        assert_eq!(report["resources"], json!([]));
        onboarding.waits_for("confirm", "owner").await?;
        let link = onboarding.partner_link().await?;
        let page = onboarding.partner.browser.open(format!("{link}/report")).await?;
        page.expect_text("No resources")?;
        onboarding.owner_acts(CONFIRM).await?;
        onboarding.ended("done").await?;
        Ok(())
    })
}

#[test]
fn a_list_that_is_refused_is_said_to_be_missing_and_the_report_is_not_complete() -> Result<()> {
    run(async |case| {
        let mut onboarding = case.onboarding()?;
        let list = format!("{}/providers/Microsoft.Authorization/policyAssignments", onboarding.pair.subscription);
        let refused = json!({
            "operation": "arm", "pathContains": list,
            "effect": { "kind": "status", "status": 403, "code": "AuthorizationFailed" },
        });
        case.stack().control_post("faults", &refused).await?;
        let report = reported(&mut onboarding).await?;
        assert_eq!(report["complete"], false);
        let missing: Vec<&str> =
            report["notRead"].as_array().into_iter().flatten().filter_map(|list| list["what"].as_str()).collect();
        assert_eq!(missing, ["policies"], "{report:#}");
        let link = onboarding.partner_link().await?;
        let page = onboarding.partner.browser.open(format!("{link}/report")).await?;
        page.expect_text("What could not be read")?.expect_text("AuthorizationFailed")?;
        Ok(())
    })
}

/// The confirmation page in the owner's browser.
async fn confirmation(case: &Case, onboarding: &mut Onboarding) -> Result<Page> {
    let mail = onboarding.owner.wait_for_mail(case.stack(), CONFIRM, PATIENCE).await?;
    let turn = onboarding.owner.open_mail(case.stack(), &mail).await?;
    onboarding.owner.sign_in_at(case.stack(), &turn, &local::Manner::default()).await
}

#[test]
fn a_hard_stop_keeps_the_move_from_starting_until_both_people_have_accepted_it_in_writing() -> Result<()> {
    run(async |case| {
        let mut onboarding = about(case, |pair| pair.everything.clone(), EVERYTHING)?;
        let report = reported(&mut onboarding).await?;
        let stops = report["findings"].as_array().into_iter().flatten().filter(|it| it["hardStop"] == true).count();
        ensure!(stops >= 7, "{stops} hard stops");
        onboarding.waits_for("review", "partner-admin").await?;

        // The partner hands over without a word about them: then the owner has no button to move anything with.
        let mail = onboarding.partner.wait_for_mail(case.stack(), REVIEW, PATIENCE).await?;
        let page = onboarding.partner.open_mail(case.stack(), &mail).await?;
        let page = reviewing(case, &mut onboarding.partner, page).await?;
        onboarding.partner.browser.press(&page, "Done: the owner may decide now").await?;
        onboarding.waits_for("confirm", "owner").await?;
        let page = confirmation(case, &mut onboarding).await?;
        ensure!(!page.offers("Move the subscription"), "{}", page.summary());
        page.expect_text("can't be confirmed yet")?;
        onboarding.owner.browser.press(&page, "Send back to the partner").await?;

        // With a reason for each, and the owner's agreement to each, it moves.
        onboarding.waits_for("review", "partner-admin").await?;
        onboarding.partner_acts_once(REVIEW).await?;
        onboarding.owner_acts(CONFIRM).await?;
        onboarding.ended("done").await?;
        let audit = onboarding.audit().await?;
        for (action, actor) in [("override.given", "partner-admin"), ("override.agreed", "owner")] {
            let said: Vec<String> = audit
                .iter()
                .filter(|entry| entry.action == action && entry.actor == actor)
                .map(|entry| entry.detail.to_string())
                .collect();
            let all = said.join("\n");
            let named = report["findings"].as_array().into_iter().flatten().filter(|it| it["hardStop"] == true);
            for stop in named.filter_map(|it| it["id"].as_str()) {
                ensure!(all.contains(stop), "{action} by the {actor} does not name {stop}: {all}");
            }
            ensure!(all.contains("It is a test resource"), "{action} tells no reason: {all}");
        }
        let moved = audit.iter().position(|entry| entry.action == "request.sent").context("no request")?;
        let agreed = audit.iter().rposition(|entry| entry.action == "override.agreed").context("no agreement")?;
        ensure!(agreed < moved, "it was requested before everything was agreed to");
        Ok(())
    })
}

/// The review page, through a sign-in if one is asked for.
async fn reviewing(case: &Case, partner: &mut Person, page: Page) -> Result<Page> {
    let page = if page.offers("Continue to Microsoft") {
        partner.sign_in_at(case.stack(), &page, &local::Manner::default()).await?
    } else {
        page
    };
    if page.offers("Done: the owner may decide now") {
        return Ok(page);
    }
    partner.browser.follow(&page, "Continue").await
}

#[test]
fn after_the_move_everybody_who_was_mapped_and_approved_has_their_access_again_and_nobody_else_any() -> Result<()> {
    run(async |case| {
        let mut onboarding = case.onboarding()?;
        onboarding.start_by_form().await?;
        let before = onboarding.at_microsoft().await?;
        onboarding.associate().await?;
        let after = onboarding.at_microsoft().await?;
        let partner = |last: usize| onboarding.pair.partner_admin_oid.replace("000000000001", &format!("{last:012}"));
        let holders: BTreeSet<(String, String, String)> = after["roleAssignments"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|row| {
                let said = |field: &str| row[field].as_str().unwrap_or_default().to_owned();
                (said("principalId"), said("roleDefinitionId"), said("scope").to_lowercase())
            })
            .collect();
        let roles = |subscription: &Value| -> BTreeMap<String, (String, String)> {
            let all = subscription["customRoles"].as_array().into_iter().flatten();
            all.map(|role| {
                let said = |field: &str| role[field].as_str().unwrap_or_default().to_owned();
                let mut actions: Vec<&str> =
                    role["actions"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
                actions.sort_unstable();
                (said("roleName"), (said("name"), actions.join(", ")))
            })
            .collect()
        };
        let (roles_before, roles_after) = (roles(&before), roles(&after));
        let allowed = |roles: &BTreeMap<String, (String, String)>| {
            roles.iter().map(|(name, (_, actions))| (name.clone(), actions.clone())).collect::<Vec<_>>()
        };
        assert_eq!(allowed(&roles_before), allowed(&roles_after), "the custom roles allow what they allowed");
        let backup = roles_after.get("Backup Runner").context("no Backup Runner")?.0.clone();
        let group = format!("/subscriptions/{}/resourcegroups/prod", onboarding.pair.subscription);
        let expected = BTreeSet::from([
            // Azure's doing, as the one who accepted.
            (partner(1), OWNER_ROLE.to_owned(), String::new()),
            // The same application, and the same synchronised group, which both people agreed to.
            (partner(6), backup, group.clone()),
            (partner(5), OWNER_ROLE.to_owned(), String::new()),
            // The member of the partner directory who was a guest, and the guest of it who was a member, at the same scope.
            (partner(3), "b24988ac-6180-42a0-ab88-20f7382dd24c".to_owned(), group.clone()),
            (partner(4), "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1".to_owned(), group),
        ]);
        let whole = format!("/subscriptions/{}", onboarding.pair.subscription);
        let holders: BTreeSet<_> = holders
            .into_iter()
            .map(|(who, role, scope)| (who, role, if scope == whole { String::new() } else { scope }))
            .collect();
        assert_eq!(holders, expected);
        // Both people can read, row by row, what became of the rest.
        let link = onboarding.partner_link().await?;
        let page = onboarding.partner.browser.open(format!("{link}/access")).await?;
        ensure!(page.status == 200 && page.table_rows().len() >= 10, "{}", page.summary());
        Ok(())
    })
}

#[test]
fn a_report_that_changes_after_the_confirmation_asks_again_and_shows_what_changed() -> Result<()> {
    run(async |case| {
        let mut onboarding = case.onboarding()?;
        reported(&mut onboarding).await?;
        onboarding.review_if_asked().await?;
        onboarding.waits_for("confirm", "owner").await?;
        let (subscription, reader) = (onboarding.pair.subscription.clone(), onboarding.pair.reader_oid.clone());
        let contributor = "b24988ac-6180-42a0-ab88-20f7382dd24c";
        let new = json!({ "principalId": reader, "principalType": "User", "roleDefinitionId": contributor });
        case.stack().control_post(&format!("subscriptions/{subscription}/role-assignments"), &new).await?;
        let first = onboarding.meta().await?["report"]["hash"].clone();
        onboarding.owner_acts(CONFIRM).await?;
        until("the report is made again", PATIENCE, async || {
            let meta = onboarding.meta().await?;
            ensure!(meta["requestSent"] != true, "the move was requested for a report that nobody confirmed");
            Ok((meta["report"]["hash"] != first && meta["openWait"].is_string()).then_some(()))
        })
        .await?;
        onboarding.review_if_asked().await?;
        onboarding.waits_for("confirm", "owner").await?;
        let mail = onboarding.owner.wait_for_mail(case.stack(), CONFIRM, PATIENCE).await?;
        let page = onboarding.owner.open_mail(case.stack(), &mail).await?;
        let page = if page.offers("Continue to Microsoft") {
            onboarding.owner.sign_in_at(case.stack(), &page, &local::Manner::default()).await?
        } else {
            page
        };
        page.expect_text("What changed since")?.expect_text("Ravi Reader")?;
        let confirmed =
            onboarding.owner.confirm_move(case.stack(), &page, &onboarding.subscription_name.clone()).await?;
        ensure!(confirmed.status == 200, "{}", confirmed.summary());
        onboarding.ended("done").await?;
        assert_eq!(onboarding.effects().await?.get("change-tenant-request-initiated"), Some(&1));
        Ok(())
    })
}

/// What a large subscription has.
const MANY_ASSIGNMENTS: usize = 4000;
const MANY_RESOURCES: usize = 50_000;

#[test]
fn a_subscription_with_thousands_of_assignments_and_resources_is_reported_in_slices_that_each_fit_one_invocation()
-> Result<()> {
    crate::world::run_alone(async |case| {
        let mut onboarding = case.onboarding()?;
        let subscription = onboarding.pair.subscription.clone();
        let stack = case.stack();
        stack.control_post("paging", &json!({ "pageSize": 1000 })).await?;
        stack
            .control_post(&format!("subscriptions/{subscription}/resources"), &json!({ "count": MANY_RESOURCES }))
            .await?;
        for number in 0..MANY_ASSIGNMENTS {
            let new = json!({
                "principalId": format!("0c000000-ffff-4000-8000-{number:012}"), "principalType": "User",
                "roleDefinitionId": "acdd72a7-3385-48ef-bd42-f606fba81ae7",
            });
            stack.control_post(&format!("subscriptions/{subscription}/role-assignments"), &new).await?;
        }
        let report = reported(&mut onboarding).await;
        stack.control_post("paging", &json!({ "pageSize": 2 })).await?;
        let report = report?;
        let found = report["findings"].as_array().map_or(0, Vec::len);
        ensure!(found > MANY_ASSIGNMENTS, "{found} findings");
        let history = stack.history(&onboarding.execution).await?;
        let mut entered = None;
        let mut slices = Vec::new();
        for event in &history {
            let at = event["timestamp"].as_f64().unwrap_or_default();
            if event["stateEnteredEventDetails"]["name"] == "Assess impact" {
                entered = Some(at);
            } else if event["stateExitedEventDetails"]["name"] == "Assess impact" {
                slices.push(at - entered.take().context("left without having been entered")?);
            }
        }
        println!("the report of {found} findings took {slices:?} seconds");
        ensure!(!slices.is_empty() && slices.iter().all(|seconds| *seconds < 60.0), "{slices:?}");
        Ok(())
    })
}
