//! What must agree between rooms of the house that the compiler does not see together: the state machine and the
//! domain, the state machine and the functions' inputs, the binaries and what they may be able to do.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};

use onboarding::waits::Ask;
use onboarding::{Actor, ErrorClass, ErrorName, OnboardingId, Outcome, Step};
use serde_json::{Value, json};

const ID: &str = "01HZX3Q4R5S6T7V8W9X0Y1Z2A3";
const ENTERED: &str = "2026-11-23T10:00:00.000Z";

/// The states that run a step, with the step.
const STEPS: [(&str, Step); 7] = [
    ("1 Use existing directory", Step::UseExistingDirectory),
    ("2 Associate the Partner Center credentials", Step::AssociateCredentials),
    ("Assess impact", Step::AssessImpact),
    ("3 Map the directory", Step::MapDirectory),
    ("4 Add the administrator", Step::AddAdministrator),
    ("Restore the access", Step::RestoreAccess),
    ("5 Confirm your changes", Step::ConfirmChanges),
];

/// Names of the class `End` that the machine leads elsewhere than to `Release` by `States.ALL`, each with where.
const ENDS_OF_THEIR_OWN: [(ErrorName, &str); 4] = [
    // The other execution goes on and releases.
    (ErrorName::AlreadyRunning, "Already running"),
    (ErrorName::Superseded, "Superseded"),
    // Released as what they are, not as failures.
    (ErrorName::Cancelled, "Release"),
    (ErrorName::WaitExpired, "Release"),
];

const HTTP_FUNCTIONS: [&str; 5] = ["signup", "sign-in", "progress", "decide", "operator"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_path_buf()
}

fn machine() -> BTreeMap<String, Value> {
    let text = std::fs::read_to_string(root().join("infra/association.asl.json")).unwrap_or_default();
    let mut machine: Value = serde_json::from_str(&text).unwrap_or_default();
    serde_json::from_value(machine["States"].take()).unwrap_or_default()
}

fn list<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value[name].as_array().into_iter().flatten()
}

fn catches(entry: &Value, error: &str) -> bool {
    list(entry, "ErrorEquals").any(|name| name == error || name == "States.ALL")
}

/// The first catcher that takes an error, as Step Functions looks for it.
fn caught(state: &Value, error: ErrorName) -> Option<&Value> {
    list(state, "Catch").find(|catcher| catches(catcher, error.as_str()))
}

fn is_retried(state: &Value, error: ErrorName) -> bool {
    list(state, "Retry").any(|retrier| catches(retrier, error.as_str()))
}

/// Where a state can lead.
fn next(state: &Value) -> Vec<String> {
    let own = [&state["Next"], &state["Default"]].into_iter();
    own.chain(list(state, "Choices").map(|choice| &choice["Next"]))
        .chain(list(state, "Catch").map(|catcher| &catcher["Next"]))
        .filter_map(|name| name.as_str().map(ToOwned::to_owned))
        .collect()
}

fn function_of(state: &Value) -> Option<String> {
    let name = state["Arguments"]["FunctionName"].as_str()?.strip_prefix("${")?.strip_suffix("FunctionArn}")?;
    let mut kebab = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !kebab.is_empty() {
            kebab.push('-');
        }
        kebab.extend(letter.to_lowercase());
    }
    Some(kebab)
}

#[test]
fn every_error_name_that_the_machine_branches_on_is_ours_or_one_of_the_platform() {
    let platform = ["States.", "Lambda.", "Sandbox.", "Runtime.", "DynamoDb.", "DynamoDB."];
    let mut ours = BTreeSet::new();
    for (name, state) in machine() {
        for entry in list(&state, "Retry").chain(list(&state, "Catch")) {
            for error in list(entry, "ErrorEquals").filter_map(Value::as_str) {
                if let Some(known) = ErrorName::parse(error) {
                    ours.insert(known);
                } else {
                    assert!(platform.iter().any(|prefix| error.starts_with(prefix)), "{name} expects {error}");
                }
            }
        }
        for error in [&state["Assign"], &state["Default"]].into_iter().chain(list(&state, "Choices")) {
            if let Some(text) = error["error"].as_str().filter(|text| *text != "none" && !text.starts_with("{%")) {
                assert!(ErrorName::parse(text).is_some(), "{name} records the error {text}");
            }
        }
    }
    for error in ErrorName::ALL.iter().filter(|error| error.class() != ErrorClass::End) {
        assert!(ours.contains(error), "nothing in the machine expects {error}");
    }
}

#[test]
fn a_step_s_error_leads_where_its_class_says() {
    let machine = machine();
    for (name, step) in STEPS {
        let state = &machine[name];
        for error in ErrorName::ALL.iter().copied() {
            let catcher = caught(state, error).unwrap();
            let to = catcher["Next"].as_str().unwrap();
            let resumes_here = || {
                let resume = [&catcher["Assign"]["resume"], &machine[to]["Assign"]["resume"]];
                assert!(resume.iter().any(|resume| **resume == step.as_str()), "{name}: {error} does not come back");
            };
            match error.class() {
                ErrorClass::Retry => {
                    assert!(is_retried(state, error), "{name} does not retry {error}");
                }
                ErrorClass::SignIn => {
                    let asks =
                        if step == Step::ConfirmChanges { "Sign in to Partner Center" } else { "Ask to sign in again" };
                    assert_eq!(to, asks, "{name}: {error}");
                    resumes_here();
                }
                ErrorClass::Fix => {
                    assert_eq!(to, "Ask for a fix", "{name}: {error}");
                    resumes_here();
                }
                // Only the step that needs the confirmation can miss it.
                ErrorClass::Confirm if step == Step::MapDirectory => {
                    let back = match error {
                        ErrorName::ConfirmationStale => "Assess impact",
                        ErrorName::ImpactNotAccepted => "Ask the partner to review",
                        _ => "Sign in again with the Azure account",
                    };
                    assert_eq!(to, back, "{name}: {error}");
                }
                ErrorClass::Confirm | ErrorClass::End => {
                    let own =
                        ENDS_OF_THEIR_OWN.iter().find(|(own, _)| *own == error && error != ErrorName::AlreadyRunning);
                    assert_eq!(to, own.map_or("Release", |(_, to)| to), "{name}: {error}");
                    assert!(!is_retried(state, error), "{name} retries {error}, which lasts");
                }
            }
        }
    }
}

#[test]
fn every_error_after_the_registration_reaches_release_unless_another_execution_releases() {
    let machine = machine();
    for (name, state) in &machine {
        let Some(function) = function_of(state).filter(|function| function != "register") else { continue };
        for error in ErrorName::ALL.iter().copied() {
            let first = caught(state, error).unwrap()["Next"].as_str().unwrap().to_owned();
            if function == "release" {
                let ends = ["Failed", "Release later?", "Superseded"];
                assert!(ends.contains(&first.as_str()), "{name}: {error} leads to {first}");
                continue;
            }
            let mut seen = BTreeSet::from([first.clone()]);
            let mut queue = VecDeque::from([first.clone()]);
            while let Some(at) = queue.pop_front() {
                for to in next(&machine[&at]).into_iter().filter(|to| at != "Release" && seen.insert(to.clone())) {
                    queue.push_back(to);
                }
            }
            assert_eq!(seen.contains("Release"), error != ErrorName::Superseded, "{name}: {error} leads to {first}");
            // Nothing ends without it.
            for end in ["Done", "Cancelled", "Expired", "Failed"] {
                assert!(!seen.contains(end), "{name}: {error} reaches {end} without a release");
            }
        }
    }
}

#[test]
fn what_the_machine_sends_is_what_the_functions_read() {
    let machine = machine();
    let mut read = BTreeSet::new();
    for (name, state) in &machine {
        let Some(function) = function_of(state) else { continue };
        let payload = sample(&state["Arguments"]["Payload"]);
        let understood = match function.as_str() {
            "register" => ops::decode::<register::Input>(payload.clone()).map(drop),
            "request-sign-in" => ops::decode::<request_sign_in::Input>(payload.clone()).map(drop),
            "release" => ops::decode::<release::Input>(payload.clone()).map(drop),
            _ => ops::decode::<step::Input>(payload.clone()).map(drop),
        };
        assert!(understood.is_ok(), "{name}: {:?} in {payload}", understood.unwrap_err());
        if payload["ask"].is_object() {
            let ask: Ask = serde_json::from_value(payload["ask"].clone()).unwrap();
            let partner = ask.actor == Actor::PartnerAdmin;
            assert_eq!(
                partner,
                name.contains("Partner Center") || name.contains("the partner"),
                "{name} asks the {}",
                ask.actor
            );
        }
        if let Some((_, step)) = STEPS.iter().find(|(state, _)| state == name) {
            assert_eq!(function, step.as_str(), "{name} runs another step's function");
        }
        read.insert(function);
    }
    // Every function of the template that the machine runs, and none of the others.
    let others: BTreeSet<String> = functions().into_iter().filter(|name| !read.contains(name)).collect();
    assert_eq!(
        others,
        ["bounces", "decide", "notify", "operator", "progress", "publish", "sign-in", "signup", "sweep", "webhook"]
            .map(ToOwned::to_owned)
            .into()
    );
}

/// A payload with a value in the place of every expression.
fn sample(payload: &Value) -> Value {
    match payload {
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), sample(value))).collect(),
        Value::String(text) => match text.trim_start_matches("{%").trim_end_matches("%}").trim() {
            "$onboardingId" => json!(ID),
            "$states.context.State.EnteredTime" => json!(ENTERED),
            "$states.context.Execution.Id" => json!("arn:aws:states:us-east-1:000000000000:execution:mooring:1"),
            "$states.input" => json!({"subscriptionId": "51000000-0000-4000-8000-000000000001"}),
            "$resume" => json!("map-directory"),
            // Built by an expression, key by key.
            built if built.starts_with("$merge") => {
                let value = |key: &str| match key {
                    "schema" => json!(1),
                    "onboardingId" => json!(ID),
                    "ending" => json!("failed"),
                    "last" => json!(false),
                    _ => json!("Internal.Bug"),
                };
                built
                    .split('\'')
                    .skip(1)
                    .step_by(2)
                    .filter(|key| !["", "none"].contains(key))
                    .map(|key| (key.to_owned(), value(key)))
                    .collect()
            }
            _ => payload.clone(),
        },
        _ => payload.clone(),
    }
}

#[test]
fn the_machine_parks_and_reads_where_the_store_keeps_waits() {
    let id = OnboardingId::parse(ID).unwrap();
    let machine = machine();
    let evaluated = |expression: &Value| {
        let text = expression["S"].as_str().unwrap().trim_start_matches("{%").trim_end_matches("%}").trim();
        let (prefix, variable) = text.split_once(" & ").unwrap();
        let value = if variable == "$onboardingId" { ID } else { ENTERED };
        format!("{}{value}", prefix.trim_matches('\''))
    };
    for name in ["Wait for the person", "Load outcome"] {
        let key = &machine[name]["Arguments"]["Key"];
        assert_eq!(evaluated(&key["pk"]), store::keys::onboarding(&id), "{name}");
        assert_eq!(evaluated(&key["sk"]), store::keys::wait(ENTERED), "{name}");
    }
    let park = &machine["Wait for the person"]["Arguments"];
    assert_eq!(park["ConditionExpression"], "attribute_exists(pk) AND attribute_not_exists(outcome)");
    assert!(park["UpdateExpression"].as_str().unwrap().contains("taskToken = :token"));
    assert!(park["ReturnValues"].is_null(), "the history would keep the whole item");
    assert_eq!(
        machine["Load outcome"]["Arguments"]["ProjectionExpression"], "outcome",
        "the history keeps what is read"
    );
    assert_eq!(machine["Load outcome"]["Arguments"]["ConsistentRead"], true);
}

#[test]
fn every_outcome_and_every_step_that_can_be_waited_for_has_its_way_on() {
    let machine = machine();
    let conditions: Vec<&str> =
        list(&machine["Continue"], "Choices").filter_map(|choice| choice["Condition"].as_str()).collect();
    for outcome in Outcome::ALL {
        let quoted = format!("'{outcome}'");
        assert!(conditions.iter().any(|condition| condition.contains(&quoted)), "{outcome}");
    }
    for (name, step) in STEPS {
        let resume = format!("$resume = '{step}'");
        let choice = list(&machine["Continue"], "Choices")
            .find(|choice| choice["Condition"].as_str().is_some_and(|condition| condition.contains(&resume)))
            .unwrap();
        assert_eq!(choice["Next"], name);
    }
}

fn functions() -> Vec<String> {
    let template = std::fs::read_to_string(root().join("template.yaml")).unwrap_or_default();
    let folders = template.lines().filter_map(|line| line.trim().strip_prefix("CodeUri:"));
    folders.filter_map(|folder| folder.trim().trim_end_matches('/').rsplit('/').next().map(ToOwned::to_owned)).collect()
}

/// What was built for the deployment, which the stack's start has brought up to date.
fn binary(function: &str) -> Vec<u8> {
    std::fs::read(root().join("target/lambda").join(function).join("bootstrap")).unwrap_or_default()
}

fn holds(binary: &[u8], text: &str) -> bool {
    binary.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn a_function_that_anybody_can_call_holds_no_call_that_changes_something_at_microsoft() -> anyhow::Result<()> {
    let changes = [
        ("acceptChangeTenant", &["map-directory"][..]),
        ("changeTenantRequest", &["map-directory", "release"]),
        ("graph.invitations.create", &["associate-credentials"]),
        ("Partner Center administrator, added when", &["add-administrator"]),
        ("arm.role_definitions.create", &["restore-access"]),
    ];
    // The stack's start brings the binaries up to date.
    crate::world::run(async |_| {
        for function in functions() {
            let binary = binary(&function);
            anyhow::ensure!(binary.len() > 1_000_000, "{function} was not built");
            for (call, steps) in changes {
                if steps.contains(&function.as_str()) {
                    // Otherwise the search would find nothing anywhere and prove nothing.
                    anyhow::ensure!(holds(&binary, call), "{function} does not hold {call}");
                } else if HTTP_FUNCTIONS.contains(&function.as_str()) {
                    anyhow::ensure!(!holds(&binary, call), "{function} holds {call}");
                }
            }
        }
        Ok(())
    })
}

/// The normal dependencies of packages, with only their own features, as `name vVERSION`.
fn dependencies(packages: &[String]) -> BTreeSet<String> {
    let mut tree = std::process::Command::new(env!("CARGO"));
    tree.current_dir(root()).args(["tree", "--offline", "--edges", "normal", "--prefix", "none", "--format", "{p}"]);
    for package in packages {
        tree.args(["--package", package]);
    }
    let output = tree.output().map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&output)
        .lines()
        .filter_map(|line| {
            let mut words = line.split(' ');
            Some(format!("{} {}", words.next()?, words.next()?))
        })
        .collect()
}

#[test]
fn no_function_links_a_second_tls_or_http_stack() {
    let dependencies = dependencies(&functions());
    let named = |name: &str| dependencies.iter().filter(|it| it.split(' ').next() == Some(name)).collect::<Vec<_>>();
    assert!(dependencies.len() > 100, "{dependencies:?}");
    for name in ["ring", "openssl-sys", "openssl", "native-tls"] {
        assert!(named(name).is_empty(), "{name}");
    }
    for (name, version) in [("hyper", "v1."), ("rustls", "v0.23."), ("reqwest", "v0.13."), ("aws-lc-rs", "v1.")] {
        let linked = named(name);
        assert!(linked.len() == 1 && linked[0].contains(version), "{name}: {linked:?}");
    }
}

#[test]
fn a_function_links_only_the_rooms_it_needs() {
    let rooms = |function: &str| -> BTreeSet<String> {
        dependencies(&[function.to_owned()])
            .iter()
            .filter_map(|it| it.split(' ').next().map(ToOwned::to_owned))
            .collect()
    };
    let all = functions();
    assert_eq!(all.len(), 20);
    for function in &all {
        let linked = rooms(function);
        assert!(linked.contains("onboarding") && linked.contains("store"), "{function}: {linked:?}");
        for other in all.iter().filter(|other| *other != function) {
            assert!(!linked.contains(other), "{function} uses {other}");
        }
        let is_step = STEPS.iter().any(|(_, step)| step.as_str() == function) || function == "release";
        assert_eq!(linked.contains("step"), is_step, "{function}");
        assert_eq!(linked.contains("web"), HTTP_FUNCTIONS.contains(&function.as_str()), "{function}");
        let tells = ["sign-in", "decide", "operator", "sweep"].contains(&function.as_str());
        assert_eq!(linked.contains("signal"), tells, "{function}");
        assert_eq!(linked.contains("aws-sdk-sesv2"), function == "notify", "{function}");
        assert_eq!(linked.contains("aws-sdk-eventbridge"), function == "publish", "{function}");
        for test_room in ["contracts", "simulated-microsoft", "local"] {
            assert!(!linked.contains(test_room), "{function} links {test_room}");
        }
    }
    // What needs no secret can't read one.
    for function in ["register", "request-sign-in", "sweep", "publish", "bounces"] {
        let linked = rooms(function);
        assert!(!linked.contains("vault") && !linked.contains("aws-sdk-kms"), "{function}");
    }
}
