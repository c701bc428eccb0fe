//! One onboarding from the sign-up form to the proof, by two simulated people, with everything that happens printed
//! as it happens.
//!
//! Nothing here reaches behind the stage: the people use pages and mails. What is printed is read from where an
//! operator could read it: the progress page's JSON, the execution's history and the simulated cloud's ledger.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use serde_json::Value;
use url::Url;

use crate::console::Console;
use crate::findings;
use crate::mail::Mail;
use crate::people::{Person, SignUp};
use crate::receipt::{Moment, Receipt};
use crate::stack::Stack;

/// The longest a walk-through may take.
const DEADLINE: Duration = Duration::from_secs(300);
/// How often somebody does what a mail asks before they call it a nuisance.
const PATIENCE: usize = 6;
/// How often the watcher looks.
const LOOK: Duration = Duration::from_millis(150);
/// The simulated people, their subscription and where it goes: all from the standard scenario.
const CLOUD: &str = "public";
const OWNER: &str = "rosa@outlook.com";
const PARTNER_ADMIN: &str = "kim@contoso.com";
const PARTNER_DIRECTORY: &str = "contoso.com";
const SUBSCRIPTION: &str = "Contoso Prod";
/// The built-in Owner role, the same in every directory.
const OWNER_ROLE: &str = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635";

/// Who accepts the subscription in the partner's directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// The owner initiates, the partner's administrator accepts.
    TwoParty,
    /// The owner becomes a guest of the partner's directory and accepts in person.
    SingleAccount,
}

impl Route {
    /// As the sign-up form calls it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TwoParty => "two-party",
            Self::SingleAccount => "single-account",
        }
    }
}

/// What is true of a subscription at Microsoft.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    pub(crate) directory_id: String,
    pub(crate) directory_name: String,
    pub(crate) owners: Vec<String>,
}

/// Associates the scenario's subscription, end to end.
pub async fn associate(stack: &Stack, route: Route, console: &Console) -> Result<Receipt> {
    let walk = tokio::time::timeout(DEADLINE, Box::pin(walk(stack, route, console))).await;
    let failure = match walk {
        Ok(Ok(receipt)) => return Ok(receipt),
        Ok(Err(error)) => error,
        Err(_) => anyhow!("the onboarding did not end within {} s", DEADLINE.as_secs()),
    };
    // The emulator takes its memory with it, so what it knows is saved while it is there.
    let evidence = stack.save_evidence().await.context("and the functions' logs could not be saved");
    Err(match evidence {
        Ok(folder) => failure.context(format!("the association failed (the functions' logs: {})", folder.display())),
        Err(error) => failure.context(format!("the association failed ({error:#})")),
    })
}

async fn walk(stack: &Stack, route: Route, console: &Console) -> Result<Receipt> {
    let subscription = stack
        .scenario()
        .clouds
        .get(CLOUD)
        .and_then(|cloud| cloud.subscriptions.iter().find(|one| one.display_name == SUBSCRIPTION))
        .with_context(|| format!("the scenario has no subscription {SUBSCRIPTION}"))?
        .clone();
    let before = facts(stack, &subscription.subscription_id).await?;
    let earlier: BTreeSet<String> = stack.executions().await?.into_iter().collect();
    let (ledger_before, requests_before, calls_before) =
        (entries(stack, "ledger").await?.len(), requests(stack).await?, stack.aws_calls().await?.len());

    console.heading(format_args!(
        "{SUBSCRIPTION} ({}) trusts {}; it goes to {PARTNER_DIRECTORY} ({} route)",
        subscription.subscription_id,
        before.directory_name,
        route.as_str()
    ));
    let mut owner = Person::of(stack, CLOUD, OWNER)?;
    let mut partner = Person::of(stack, CLOUD, PARTNER_ADMIN)?;
    let mut log = Log { console, started: Instant::now(), moments: Vec::new() };

    let sign_up = SignUp {
        subscription_id: subscription.subscription_id.clone(),
        source_directory: None,
        owner_email: OWNER.to_owned(),
        partner_directory: PARTNER_DIRECTORY.to_owned(),
        partner_admin_email: PARTNER_ADMIN.to_owned(),
        cloud: None,
        route: Some(route.as_str().to_owned()),
    };
    let page = partner.sign_up(stack, &sign_up).await?;
    ensure!(page.status < 300, "the sign-up form was refused: {}", page.summary());
    log.add(&partner.name, "sent the sign-up form");
    let link = page.url.clone();

    // The people write down what they do while the watcher writes down what happens: one list, in order.
    let log = std::sync::Mutex::new(log);
    let ended = {
        let watching = watch(stack, &link, ledger_before, &log);
        let acting = act(stack, [&mut owner, &mut partner], &subscription.display_name, &log);
        tokio::select! {
            ended = watching => ended?,
            failed = acting => return Err(failed.err().unwrap_or_else(|| anyhow!("nobody acts any more"))),
        }
    };
    let restored = findings::after_the_restore(stack, &mut partner, &log).await?;
    let log = log.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    let seconds = log.started.elapsed().as_secs_f64();
    let ending = ended["ending"].as_str().or(ended["status"].as_str()).unwrap_or("unknown").to_owned();
    ensure!(
        ending == "done",
        "the onboarding ended as {ending}{}; logs in {}",
        ended["error"].as_str().map(|error| format!(" ({error})")).unwrap_or_default(),
        stack.folder().display()
    );

    let after = facts(stack, &subscription.subscription_id).await?;
    ensure!(after.directory_id != before.directory_id, "the subscription still trusts {}", after.directory_name);
    ensure!(
        after.owners.iter().any(|owner| owner.eq_ignore_ascii_case(PARTNER_ADMIN)),
        "{PARTNER_ADMIN} is not Owner; these are: {}",
        after.owners.join(", ")
    );
    let execution =
        stack.executions().await?.into_iter().find(|arn| !earlier.contains(arn)).context("no execution was started")?;
    let history = finished_history(stack, &execution).await?;
    let violations = entries(stack, "violations").await?;
    ensure!(
        violations.is_empty(),
        "{} requests or answers broke Microsoft's contracts: {}",
        violations.len(),
        Value::from(violations)
    );
    Ok(Receipt::new(
        &ended,
        route,
        seconds,
        log.moments,
        (SUBSCRIPTION, &subscription.subscription_id),
        [before, after],
        restored,
        &history,
        [requests_before, requests(stack).await?],
        &entries(stack, "ledger").await?.split_off(ledger_before),
        &stack.aws_calls().await?.split_off(calls_before),
    ))
}

/// The people read their mails and do what is asked. It ends with the first thing that goes wrong.
async fn act(
    stack: &Stack,
    people: [&mut Person; 2],
    subscription_name: &str,
    log: &std::sync::Mutex<Log<'_>>,
) -> Result<()> {
    let [owner, partner] = people;
    tokio::try_join!(
        answer_mails(stack, owner, subscription_name, log),
        answer_mails(stack, partner, subscription_name, log)
    )?;
    Ok(())
}

async fn answer_mails(
    stack: &Stack,
    person: &mut Person,
    subscription_name: &str,
    log: &std::sync::Mutex<Log<'_>>,
) -> Result<()> {
    let mut asked = 0;
    loop {
        let Some(mail) = person.next_mail(stack).await? else {
            tokio::time::sleep(LOOK).await;
            continue;
        };
        crate::aws::lock(log).add(&person.name, format!("got the mail “{}”", mail.subject));
        if !asks_for_something(&mail) {
            continue;
        }
        asked += 1;
        ensure!(asked <= PATIENCE, "{} was asked {asked} times and gives up", person.name);
        let reviews = mail.subject.contains("review the impact");
        if reviews {
            findings::before_the_review(stack, person, &mail, log).await?;
        }
        let page = person
            .do_as_asked(stack, &mail, subscription_name)
            .await
            .with_context(|| format!("{} could not do what “{}” asks", person.name, mail.subject))?;
        crate::aws::lock(log).add(&person.name, format!("did so: “{}”", page.heading));
        if reviews {
            findings::after_the_review(person, log);
        }
    }
}

fn asks_for_something(mail: &Mail) -> bool {
    mail.subject.contains("our turn")
}

/// Prints what changes until the onboarding is over; answers with the last progress.
async fn watch(stack: &Stack, link: &Url, mut ledger_seen: usize, log: &std::sync::Mutex<Log<'_>>) -> Result<Value> {
    let mut browser = crate::browser::Browser::new()?;
    let mut states: BTreeMap<String, String> = BTreeMap::new();
    let mut turn = None;
    loop {
        // In the first second there is a page but no record yet, and so no JSON either.
        let progress = browser.json(link).await.unwrap_or_default();
        for effect in entries(stack, "ledger").await?.iter().skip(ledger_seen) {
            ledger_seen += 1;
            if let Some(line) = told(effect) {
                crate::aws::lock(log).add("Microsoft", line);
            }
        }
        for step in progress["steps"].as_array().into_iter().flatten() {
            let (Some(title), Some(state)) = (step["title"].as_str(), step["state"].as_str()) else {
                continue;
            };
            let known = states.insert(title.to_owned(), state.to_owned());
            if known.as_deref() != Some(state)
                && matches!(state, "running" | "waiting-for-microsoft" | "needs-attention" | "done")
            {
                crate::aws::lock(log)
                    .add("Mooring", format!("step {}: {}", label(step, title), state.replace('-', " ")));
            }
        }
        let now = progress["turn"]["actor"].as_str().map(|actor| {
            let told = |field: &str| progress["turn"][field].as_str().unwrap_or_default();
            let kind = told("kind").replace('-', " ");
            match told("reason") {
                "" => format!("waits for the {}: {kind}", actor.replace('-', " ")),
                reason => format!("waits for the {}: {kind}, because of {reason}", actor.replace('-', " ")),
            }
        });
        if now != turn {
            if let Some(waits) = &now {
                crate::aws::lock(log).add("Mooring", waits);
            }
            turn = now;
        }
        if progress["ending"].is_string() {
            crate::aws::lock(log).add("Mooring", format!("ended: {}", progress["ending"].as_str().unwrap_or_default()));
            return Ok(progress);
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn label(step: &Value, title: &str) -> String {
    match step["number"].as_u64() {
        Some(number) if !title.starts_with(char::is_numeric) => format!("{number} {title}"),
        _ => title.to_owned(),
    }
}

/// A line for an effect that changed something at Microsoft; tokens and sign-ins are counted, not told.
fn told(effect: &Value) -> Option<String> {
    let kind = effect["kind"].as_str()?;
    if matches!(kind, "token-issued" | "token-refused" | "control-change") {
        return None;
    }
    let subject = effect["subject"].as_str().unwrap_or_default();
    Some(format!("{}: {subject}", kind.replace('-', " ")))
}

/// The history once the execution has ended; the record is done a moment before it.
async fn finished_history(stack: &Stack, execution: &str) -> Result<Vec<Value>> {
    loop {
        let status = stack.execution(execution).await?["status"].take();
        if status != "RUNNING" {
            ensure!(status == "SUCCEEDED", "the execution ended as {status}");
            return stack.history(execution).await;
        }
        tokio::time::sleep(LOOK).await;
    }
}

pub(crate) struct Log<'a> {
    console: &'a Console,
    started: Instant,
    moments: Vec<Moment>,
}

impl Log<'_> {
    pub(crate) fn add(&mut self, who: &str, what: impl Into<String>) {
        let what = what.into();
        self.console.say(who, &what);
        self.moments.push(Moment { at: self.started.elapsed().as_secs_f64(), who: who.to_owned(), what });
    }
}

/// A list of the simulated cloud's control API.
async fn entries(stack: &Stack, list: &str) -> Result<Vec<Value>> {
    let mut answer = stack.control(list).await?;
    let entries = if answer.is_array() { answer } else { answer[list].take() };
    serde_json::from_value(entries).with_context(|| format!("the control API's {list} is no list"))
}

/// What Microsoft says about the subscription now.
async fn facts(stack: &Stack, subscription: &str) -> Result<Facts> {
    let state = stack.control("state").await?;
    let cloud = &state["clouds"][CLOUD];
    let find = |list: &str, key: &str, id: &str| {
        cloud[list].as_array().and_then(|items| items.iter().find(|item| item[key] == id)).cloned()
    };
    let found = find("subscriptions", "subscriptionId", subscription)
        .with_context(|| format!("the simulated cloud has no subscription {subscription}"))?;
    let directory_id = found["tenantId"].as_str().context("a subscription without a directory")?.to_owned();
    let tenant = find("tenants", "tenantId", &directory_id).unwrap_or_default();
    let name_of = |principal: &str| {
        tenant["users"]
            .as_array()
            .and_then(|users| users.iter().find(|user| user["oid"] == principal))
            .and_then(|user| user["email"].as_str())
            .unwrap_or(principal)
            .to_owned()
    };
    let owners = found["roleAssignments"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|assignment| {
            assignment["roleDefinitionId"] == OWNER_ROLE
                && assignment["scope"].is_null()
                && assignment["condition"].is_null()
                && assignment["principalType"] == "User"
        })
        .filter_map(|assignment| assignment["principalId"].as_str().map(name_of))
        .collect();
    Ok(Facts {
        directory_name: tenant["displayName"].as_str().unwrap_or(&directory_id).to_owned(),
        directory_id,
        owners,
    })
}

/// How often each operation of Microsoft's APIs was called so far.
async fn requests(stack: &Stack) -> Result<BTreeMap<String, usize>> {
    let counted: BTreeMap<String, BTreeMap<String, usize>> = serde_json::from_value(stack.control("requests").await?)
        .context("the control API's requests are not counts")?;
    Ok(counted.into_iter().map(|(operation, by_status)| (operation, by_status.values().sum())).collect())
}
