//! IAM is enforced: every function has what it needs, nothing more, and says what is missing when something is.
//!
//! Roles belong to a stack, so these tests have one of their own and take turns on it. On it the state machine's pauses last a
//! thousandth, so that twenty attempts are over in a second and a missing permission ends where it must.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::error::ProvideErrorMetadata as _;
use local::{Console, Manner, Stack, StackOptions};
use onboarding::{Actor, OnboardingId};
use serde_json::{Value, json};
use tokio::sync::{Mutex, OnceCell};
use vault::TokenSeal;

use crate::world::{CONFIRM, Case, OWNER_SIGN_IN, Onboarding, PARTNER_SIGN_IN, PATIENCE, run, until};

/// Runs a test on the stack whose roles may be changed, while no other test does.
fn alone(test: impl AsyncFnOnce(&'static Stack, &Case) -> Result<()>) -> Result<()> {
    static STACK: OnceCell<Stack> = OnceCell::const_new();
    static TURN: Mutex<()> = Mutex::const_new(());
    run(async |case| {
        let _turn = TURN.lock().await;
        let stack = STACK
            .get_or_try_init(|| {
                let scenario = case.stack().scenario().clone();
                let options =
                    StackOptions { enforce_iam: true, scenario, wait_scale: 0.001, ..StackOptions::default() };
                Box::pin(async move { Stack::up(options, &Console::quiet()).await })
            })
            .await?;
        test(stack, case).await?;
        let violations = stack.control("violations").await?;
        ensure!(violations.as_array().is_some_and(Vec::is_empty), "contracts were broken: {violations:#}");
        Ok(())
    })
}

fn onboarding(stack: &'static Stack, case: &Case) -> Result<Onboarding> {
    Onboarding::of(stack, case.pair()?)
}

/// How AWS names a missing permission.
fn denied(action: &str) -> String {
    format!("is not authorized to perform: {action}")
}

/// Waits until the function's log names the missing permission.
async fn is_logged(stack: &Stack, function: &str, action: &str) -> Result<()> {
    until(&format!("the log of {function} names {action}"), PATIENCE, async || {
        let logs = stack.logs().await?;
        Ok(logs.get(function).is_some_and(|log| log.contains(&denied(action))).then_some(()))
    })
    .await
}

/// Takes a role out of the token key's own policy, which is what decides who may seal and open; answers the policy as it was.
async fn take_from_key(stack: &Stack, role: &str, action: &str) -> Result<String> {
    let key = stack.output("TokenKeyArn")?;
    let which = json!({ "KeyId": key, "PolicyName": "default" });
    let before = stack.aws().call("kms", "get_key_policy", which).await?;
    let before = before["Policy"].as_str().context("the key has no policy")?.to_owned();
    let mut policy: Value = serde_json::from_str(&before)?;
    let statements = policy["Statement"].as_array_mut().context("the policy has no statements")?;
    let mut taken = false;
    statements.retain_mut(|statement| {
        if statement["Action"] != action {
            return true;
        }
        let is_role = |arn: &Value| arn.as_str().is_some_and(|arn| arn.contains(role));
        match &mut statement["Principal"]["AWS"] {
            Value::Array(arns) => {
                let all = arns.len();
                arns.retain(|arn| !is_role(arn));
                taken |= arns.len() < all;
                true
            }
            arn if is_role(arn) => {
                taken = true;
                false
            }
            _ => true,
        }
    });
    ensure!(taken, "{role} is not among those who may {action}: {before}");
    put_key_policy(stack, &policy.to_string()).await?;
    Ok(before)
}

async fn put_key_policy(stack: &Stack, policy: &str) -> Result<()> {
    let key = stack.output("TokenKeyArn")?;
    let put = json!({ "KeyId": key, "PolicyName": "default", "Policy": policy });
    stack.aws().call("kms", "put_key_policy", put).await.map(|_| ())
}

/// Waits until an attempt of a function failed for want of a permission.
async fn fails_for(stack: &Stack, onboarding: &Onboarding, action: &str) -> Result<()> {
    until(&format!("the history names {action}"), PATIENCE, async || {
        let history = stack.history(&onboarding.execution).await?;
        let named = history.iter().any(|event| {
            event["taskFailedEventDetails"]["cause"].as_str().is_some_and(|cause| cause.contains(&denied(action)))
        });
        Ok(named.then_some(()))
    })
    .await
}

#[test]
fn the_whole_association_passes_with_iam_enforced_on_both_routes() -> Result<()> {
    alone(async |stack, case| {
        for route in ["two-party", "single-account"] {
            let mut onboarding = onboarding(stack, case)?;
            onboarding.request.route = Some(route.to_owned());
            let before = stack.aws_calls().await?.len();
            onboarding.start_by_form().await?;
            onboarding.associate().await?;
            let calls = stack.aws_calls().await?.split_off(before);
            let refused: Vec<_> = calls.iter().filter(|call| call.status == 403).collect();
            ensure!(refused.is_empty(), "{refused:?}");
            // Each call was made as some function and not as somebody else, whom nothing is refused.
            let unknown: Vec<_> = calls.iter().filter(|call| call.caller.starts_with("ASIA")).collect();
            ensure!(!calls.is_empty() && unknown.is_empty(), "{unknown:?}");
        }
        Ok(())
    })
}

#[test]
fn a_step_that_may_not_open_sign_ins_fails_the_association_and_the_failure_says_so() -> Result<()> {
    alone(async |stack, case| {
        let mut onboarding = onboarding(stack, case)?;
        let taken = take_from_key(stack, "UseExistingDirectoryRole", "kms:Decrypt").await?;
        let ended = async {
            onboarding.start_by_form().await?;
            onboarding.owner_acts(OWNER_SIGN_IN).await?;
            onboarding.ended("failed").await
        };
        let ended = ended.await;
        put_key_policy(stack, &taken).await?;
        let meta = ended?;
        ensure!(meta["error"] == "Vault.Unavailable", "{meta:#}");
        ensure!(onboarding.execution_status().await? == "FAILED");
        fails_for(stack, &onboarding, "kms:Decrypt").await?;
        // What it could not open is forgotten all the same.
        ensure!(!onboarding.record().await?.keys().any(|key| key.starts_with("CRED#")), "sealed sign-ins are left");
        ensure!(onboarding.locks().await?.is_empty(), "locks are left");
        Ok(())
    })
}

#[test]
fn a_step_that_may_not_write_fails_the_association_and_the_failure_says_so() -> Result<()> {
    alone(async |stack, case| {
        let mut onboarding = onboarding(stack, case)?;
        let taken = stack.take_permission("associate-credentials", "dynamodb:PutItem").await?;
        let ended = async {
            onboarding.start_by_form().await?;
            onboarding.owner_acts(OWNER_SIGN_IN).await?;
            onboarding.partner_acts(PARTNER_SIGN_IN).await?;
            onboarding.ended("failed").await
        };
        let ended = ended.await;
        stack.restore_permissions(&taken).await?;
        ensure!(ended?["error"] == "Store.Unavailable");
        fails_for(stack, &onboarding, "dynamodb:PutItem").await
    })
}

#[test]
fn a_registration_that_may_not_write_creates_nothing_and_the_failure_says_so() -> Result<()> {
    alone(async |stack, case| {
        let onboarding = onboarding(stack, case)?;
        let taken = stack.take_permission("register", "dynamodb:PutItem").await?;
        let failed = async {
            let execution = stack.start_execution("register-without-permission", &onboarding.input()).await?;
            until("the execution fails", PATIENCE, async || {
                let execution = stack.execution(&execution).await?;
                Ok((execution["status"] != "RUNNING").then_some(execution))
            })
            .await
        };
        let failed = failed.await;
        stack.restore_permissions(&taken).await?;
        let failed = failed?;
        ensure!(failed["status"] == "FAILED" && failed["error"] == "Store.Unavailable", "{failed:#}");
        ensure!(failed["cause"].as_str().unwrap_or_default().contains(&denied("dynamodb:PutItem")), "{failed:#}");
        let subscription = onboarding.pair.subscription.as_str();
        let tables = stack.dump_tables().await?;
        ensure!(!serde_json::to_string(&tables)?.contains(subscription), "something was created");
        Ok(())
    })
}

#[test]
fn a_step_3_that_may_not_write_accepts_nothing_and_goes_on_when_it_may() -> Result<()> {
    alone(async |stack, case| {
        let mut onboarding = onboarding(stack, case)?;
        onboarding.start_by_form().await?;
        onboarding.owner_acts(OWNER_SIGN_IN).await?;
        onboarding.partner_acts(PARTNER_SIGN_IN).await?;
        let taken = stack.take_permission("map-directory", "dynamodb:PutItem").await?;
        let failed = async {
            onboarding.owner_acts(CONFIRM).await?;
            fails_for(stack, &onboarding, "dynamodb:PutItem").await?;
            onboarding.effects().await
        };
        let failed = failed.await;
        stack.restore_permissions(&taken).await?;
        let effects = failed?;
        ensure!(!effects.contains_key("change-tenant-request-accepted"), "accepted without a record: {effects:?}");
        onboarding.ended("done").await?;
        let effects = onboarding.effects().await?;
        for once in ["change-tenant-request-initiated", "change-tenant-request-accepted", "directory-changed"] {
            ensure!(effects.get(once) == Some(&1), "{once}: {effects:?}");
        }
        Ok(())
    })
}

#[test]
fn a_callback_that_may_not_signal_loses_nothing() -> Result<()> {
    alone(async |stack, case| {
        let mut onboarding = onboarding(stack, case)?;
        onboarding.start_by_form().await?;
        let wait = onboarding.waits_for("sign-in", "owner").await?;
        let taken = stack.take_permission("sign-in", "states:SendTaskSuccess").await?;
        let signed_in = async {
            let page = onboarding.owner_acts(OWNER_SIGN_IN).await?;
            is_logged(stack, "sign-in", "states:SendTaskSuccess").await?;
            Ok::<_, anyhow::Error>(page)
        };
        let signed_in = signed_in.await;
        stack.restore_permissions(&taken).await?;
        // The person has done their part, and the page says so.
        ensure!(signed_in?.status == 200);
        let record = onboarding.record().await?;
        ensure!(record[wait["sk"].as_str().unwrap_or_default()]["outcome"] == "signed-in", "the outcome was lost");
        let invoke = json!({ "FunctionName": Stack::function_name("sweep"), "Payload": "{}" });
        stack.aws().call("lambda", "invoke", invoke).await?;
        onboarding.partner_acts(PARTNER_SIGN_IN).await?;
        onboarding.owner_acts(CONFIRM).await?;
        onboarding.ended("done").await?;
        Ok(())
    })
}

#[test]
fn a_callback_that_may_not_seal_tells_the_person_and_keeps_the_wait_open() -> Result<()> {
    alone(async |stack, case| {
        let mut onboarding = onboarding(stack, case)?;
        onboarding.start_by_form().await?;
        let mail = onboarding.owner.wait_for_mail(stack, OWNER_SIGN_IN, PATIENCE).await?;
        let taken = take_from_key(stack, "SignInRole", "kms:Encrypt").await?;
        let refused = async {
            let page = onboarding.owner.sign_in_from(stack, &mail, &Manner::default()).await?;
            is_logged(stack, "sign-in", "kms:Encrypt").await?;
            Ok::<_, anyhow::Error>(page)
        };
        let refused = refused.await;
        put_key_policy(stack, &taken).await?;
        let page = refused?;
        ensure!(page.status == 503 && page.text.contains("your link still works"), "{}", page.summary());
        onboarding.waits_for("sign-in", "owner").await?;
        ensure!(!onboarding.record().await?.keys().any(|key| key.starts_with("CRED#")), "something was kept unsealed");

        let page = onboarding.owner.sign_in_from(stack, &mail, &Manner::default()).await?;
        ensure!(page.status == 200, "{}", page.summary());
        onboarding.partner.wait_for_mail(stack, PARTNER_SIGN_IN, PATIENCE).await?;
        Ok(())
    })
}

#[test]
fn a_mail_that_may_not_be_sent_is_sent_when_it_may() -> Result<()> {
    alone(async |stack, case| {
        let mut onboarding = onboarding(stack, case)?;
        let taken = stack.take_permission("notify", "ses:SendEmail").await?;
        let unsent = async {
            onboarding.start_by_event().await?;
            is_logged(stack, "notify", "ses:SendEmail").await?;
            onboarding.mails().await
        };
        let unsent = unsent.await;
        stack.restore_permissions(&taken).await?;
        ensure!(unsent?.is_empty(), "a mail was sent without permission");
        // The stream gives up after ten attempts. What it gave up is unsent in the record, and delivering it again sends it.
        let record = onboarding.record().await?;
        let unsent: Vec<_> = record.keys().filter(|key| key.starts_with("OUT#")).collect();
        ensure!(!unsent.is_empty(), "no mail is queued");
        let records: Vec<_> = unsent
            .iter()
            .map(|key| {
                let keys = json!({ "pk": { "S": format!("ONB#{}", onboarding.id) }, "sk": { "S": key } });
                json!({ "dynamodb": { "Keys": keys, "SequenceNumber": "1" } })
            })
            .collect();
        let payload = json!({ "Records": records }).to_string();
        let again = json!({ "FunctionName": Stack::function_name("notify"), "Payload": payload });
        stack.aws().call("lambda", "invoke", again).await?;
        onboarding.owner_acts(OWNER_SIGN_IN).await?;
        onboarding.partner.wait_for_mail(stack, PARTNER_SIGN_IN, PATIENCE).await?;
        Ok(())
    })
}

/// Calls AWS as a function does: with the credentials that one of its processes holds at the moment.
async fn as_function(stack: &Stack, function: &str) -> Result<SdkConfig> {
    let name = format!("AWS_LAMBDA_FUNCTION_NAME={}", Stack::function_name(function));
    // Another stack's functions have the same names.
    let home = format!("HOME={}", stack.folder().display());
    let environment = std::fs::read_dir("/proc")?
        .flatten()
        .filter_map(|entry| std::fs::read(entry.path().join("environ")).ok())
        .map(|environment| {
            let text = String::from_utf8_lossy(&environment).into_owned();
            text.split('\0').map(ToOwned::to_owned).collect::<BTreeSet<String>>()
        })
        .find(|variables| variables.contains(&name) && variables.contains(&home))
        .with_context(|| format!("no process of {function} is running"))?;
    let read = |variable: &str| {
        let found = environment.iter().find_map(|one| one.strip_prefix(variable)?.strip_prefix('='));
        found.map(ToOwned::to_owned).with_context(|| format!("a process of {function} has no {variable}"))
    };
    let credentials = aws_sdk_dynamodb::config::Credentials::new(
        read("AWS_ACCESS_KEY_ID")?,
        read("AWS_SECRET_ACCESS_KEY")?,
        Some(read("AWS_SESSION_TOKEN")?),
        None,
        "tests",
    );
    Ok(aws_config::defaults(BehaviorVersion::v2026_01_12())
        .endpoint_url(stack.emulator())
        .region(Region::new(local::REGION))
        .credentials_provider(credentials)
        .load()
        .await)
}

#[test]
fn the_public_callback_can_seal_and_never_open_and_the_steps_the_other_way_round() -> Result<()> {
    alone(async |stack, case| {
        let mut onboarding = onboarding(stack, case)?;
        onboarding.start_by_form().await?;
        onboarding.owner_acts(OWNER_SIGN_IN).await?;
        onboarding.partner.wait_for_mail(stack, PARTNER_SIGN_IN, PATIENCE).await?;
        let key = stack.output("TokenKeyArn")?;
        let id = OnboardingId::parse(&onboarding.id)?;
        let seal = async |function: &str| {
            Ok::<_, anyhow::Error>(TokenSeal::new(&as_function(stack, function).await?, key.to_owned()))
        };
        let (callback, step) = (seal("sign-in").await?, seal("use-existing-directory").await?);

        let secret = "a token".to_owned().into();
        let sealed = callback.seal(&id, Actor::Owner, &secret).await?;
        let pieces = || sealed.iter().map(Vec::as_slice);
        let refused =
            callback.open(&id, Actor::Owner, pieces()).await.err().context("the callback opened a sign-in")?;
        ensure!(refused.to_string().contains(&denied("kms:Decrypt")), "{refused}");
        step.open(&id, Actor::Owner, pieces()).await?;
        let refused = step.seal(&id, Actor::Owner, &secret).await.err().context("a step sealed something")?;
        ensure!(refused.to_string().contains(&denied("kms:Encrypt")), "{refused}");
        // Only as what it was sealed as.
        for (id, actor) in [(&id, Actor::PartnerAdmin), (&OnboardingId::from_parts(1, 1), Actor::Owner)] {
            ensure!(step.open(id, actor, pieces()).await.is_err(), "opened as something else");
        }

        let callback = as_function(stack, "sign-in").await?;
        let scan = aws_sdk_dynamodb::Client::new(&callback).scan().table_name(stack.output("OnboardingTable")?);
        let refused = scan.send().await.err().context("the callback read the whole table")?;
        let refused = refused.into_service_error();
        ensure!(refused.message().is_some_and(|text| text.contains(&denied("dynamodb:Scan"))), "{refused:?}");
        let start = aws_sdk_sfn::Client::new(&callback)
            .start_execution()
            .state_machine_arn(stack.output("StateMachineArn")?)
            .input(onboarding.input().to_string());
        let refused = start.send().await.err().context("the callback started an execution")?;
        let refused = refused.into_service_error();
        ensure!(refused.message().is_some_and(|text| text.contains(&denied("states:StartExecution"))), "{refused:?}");
        Ok(())
    })
}

/// Everything that a function's role allows, as it is deployed.
async fn allowed(stack: &Stack, configuration: &Value) -> Result<BTreeSet<String>> {
    let role = configuration["Role"].as_str().and_then(|arn| arn.rsplit('/').next()).context("no role")?;
    let attached = json!({ "RoleName": role });
    let managed = stack.aws().list("iam", "list_attached_role_policies", attached.clone(), "AttachedPolicies").await?;
    ensure!(managed.is_empty(), "{role} has policies that are not its own: {managed:?}");
    let mut actions = BTreeSet::new();
    for policy in stack.aws().list("iam", "list_role_policies", attached, "PolicyNames").await? {
        let get = json!({ "RoleName": role, "PolicyName": policy });
        let document = stack.aws().call("iam", "get_role_policy", get).await?["PolicyDocument"].take();
        for statement in document["Statement"].as_array().into_iter().flatten() {
            ensure!(statement["Effect"] == "Allow" && statement["NotAction"].is_null(), "{statement}");
            let named = match &statement["Action"] {
                Value::Array(actions) => actions.clone(),
                one => vec![one.clone()],
            };
            actions.extend(named.iter().filter_map(|action| action.as_str().map(ToOwned::to_owned)));
        }
    }
    Ok(actions)
}

#[test]
fn nobody_may_scan_only_the_form_and_operators_may_start_and_no_role_has_a_wildcard() -> Result<()> {
    alone(async |stack, _| {
        let functions = stack.aws().list("lambda", "list_functions", json!({}), "Functions").await?;
        ensure!(functions.len() == 20, "{} functions", functions.len());
        let mut may = std::collections::BTreeMap::<String, BTreeSet<String>>::new();
        for configuration in &functions {
            let name = configuration["FunctionName"].as_str().context("a function without a name")?;
            let function = name.trim_start_matches(&Stack::function_name("")).to_owned();
            for action in allowed(stack, configuration).await? {
                ensure!(!action.contains('*'), "{function} may {action}");
                may.entry(action).or_default().insert(function.clone());
            }
        }
        let who = |action: &str| may.get(action).into_iter().flatten().map(String::as_str).collect::<Vec<_>>();
        ensure!(who("dynamodb:Scan").is_empty(), "{:?}", who("dynamodb:Scan"));
        ensure!(who("states:StartExecution") == ["operator", "signup"], "{:?}", who("states:StartExecution"));
        let tell = who("states:SendTaskSuccess");
        ensure!(tell == ["decide", "operator", "sign-in", "sweep"], "{tell:?}");
        ensure!(who("kms:Encrypt") == ["sign-in"], "{:?}", who("kms:Encrypt"));
        ensure!(who("events:PutEvents") == ["publish"], "{:?}", who("events:PutEvents"));
        ensure!(who("ses:SendEmail") == ["notify"], "{:?}", who("ses:SendEmail"));
        for function in who("kms:Decrypt") {
            ensure!(
                !["signup", "sign-in", "progress", "decide", "operator"].contains(&function),
                "{function} may open sign-ins"
            );
        }
        ensure!(who("kms:Decrypt").len() == 8, "{:?}", who("kms:Decrypt"));
        Ok(())
    })
}
