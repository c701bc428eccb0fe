//! What every test of this suite stands on: one stack for the whole process, and for each test people, directories and
//! subscriptions of its own.
//!
//! The stack is the product as it is deployed, on the emulator with IAM enforced, with the simulated Microsoft cloud
//! beside it. It is started by the first test that needs it and ends with the process. Tests run on it side by side:
//! a [`Pair`] is the standard scenario's owner and partner once more under other names and ids, so that a test sees
//! only its own mails, counts only its own effects, and may block its own directories.
//!
//! What can't be had twice (the simulator's knobs, a function's environment or role, the deployed state machine) is changed only
//! by a test that runs with [`run_alone`].

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use local::{Console, Mail, Page, Person, SignUp, Stack, StackOptions};
use onboarding::links::LinkKey;
use serde_json::{Value, json};
use simulated_microsoft::{Cloud, Scenario};
use tokio::runtime::Runtime;
use tokio::sync::{OnceCell, RwLock};

/// How many pairs the scenario holds: more than the suite has tests.
const PAIRS: usize = 200;
/// The cloud that the pairs live in.
pub(crate) const CLOUD: &str = "public";
/// The pair in which everything is called something that strangers might call it.
pub(crate) const HOSTILE: usize = PAIRS + 1;
/// What it is called.
pub(crate) const HOSTILE_NAME: &str =
    "\"><img src=x onerror=alert(1)>\r\nBcc: evil@fabrikam.com\u{202e}gpj.{owner}\u{2066}";
/// How long anything may take that nobody has to wait for. A whole association takes a fifth of it on two busy cores.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);
/// How often a condition is looked at.
const LOOK: Duration = Duration::from_millis(100);
/// Azure's built-in Owner role.
pub(crate) const OWNER_ROLE: &str = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635";

/// The stack and what the tests share of it.
#[derive(Debug)]
pub(crate) struct World {
    stack: Stack,
    next_pair: AtomicUsize,
    /// Held for reading by tests that leave shared things alone, for writing by those that change them.
    shared: RwLock<()>,
}

/// One test's view of the world.
#[derive(Debug)]
pub(crate) struct Case {
    world: &'static World,
    pairs: Mutex<Vec<Pair>>,
}

/// Runs a test on the shared stack, beside others. Afterwards every request and answer of the whole run so far must
/// have kept Microsoft's contracts, and no token may have been used in a directory that it was not for.
pub(crate) fn run(test: impl AsyncFnOnce(&Case) -> Result<()>) -> Result<()> {
    runtime()?.block_on(async {
        let world = world().await?;
        let _beside_others = world.shared.read().await;
        world.judge(test).await
    })
}

/// The same while no other test runs.
pub(crate) fn run_alone(test: impl AsyncFnOnce(&Case) -> Result<()>) -> Result<()> {
    runtime()?.block_on(async {
        let world = world().await?;
        let _alone = world.shared.write().await;
        world.judge(test).await
    })
}

/// One runtime for all tests: connections that are kept open belong to the runtime on which they were opened.
fn runtime() -> Result<&'static Runtime> {
    static RUNTIME: OnceLock<std::io::Result<Runtime>> = OnceLock::new();
    RUNTIME
        .get_or_init(|| tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build())
        .as_ref()
        .map_err(|error| anyhow::anyhow!("no runtime for the tests: {error}"))
}

/// The stack is never dropped: what it started watches our end of a pipe and goes when this process does.
async fn world() -> Result<&'static World> {
    static WORLD: OnceCell<Result<World, String>> = OnceCell::const_new();
    WORLD
        .get_or_init(|| async { World::start().await.map_err(|error| format!("{error:?}")) })
        .await
        .as_ref()
        .map_err(|error| anyhow::anyhow!("the stack could not be started: {error}"))
}

impl World {
    async fn start() -> Result<Self> {
        let mut scenario = Scenario::standard();
        let public = scenario.clouds.get(CLOUD).context("the standard scenario has no public cloud")?.clone();
        for number in 1..=HOSTILE {
            let pair = Pair::new(number).cloud(&public)?;
            let pair = if number == HOSTILE { renamed(pair)? } else { pair };
            let cloud = scenario.clouds.entry(CLOUD.to_owned()).or_default();
            cloud.tenants.extend(pair.tenants);
            cloud.people.extend(pair.people);
            cloud.subscriptions.extend(pair.subscriptions);
            cloud.partner_center.extend(pair.partner_center);
            // What an administrator consented to for the standard pair's directories holds for this one's too.
            for (app, theirs) in cloud.apps.iter_mut().zip(pair.apps) {
                app.consents.extend(theirs.consents);
            }
        }
        let parameters = BTreeMap::from([("WebhookUrl".to_owned(), crate::events::receive()?)]);
        let options = StackOptions { enforce_iam: true, scenario, parameters, ..StackOptions::default() };
        let stack = Stack::up(options, &Console::quiet()).await?;
        crate::events::retry_soon(&stack).await?;
        Ok(Self { stack, next_pair: AtomicUsize::new(1), shared: RwLock::new(()) })
    }

    async fn judge(&'static self, test: impl AsyncFnOnce(&Case) -> Result<()>) -> Result<()> {
        let case = Case { world: self, pairs: Mutex::default() };
        let tested = test(&case).await;
        let kept = case.finish_checks().await;
        // What a test found out matters more than what its failure left behind.
        tested.and(kept)
    }
}

impl Case {
    /// The stack.
    pub(crate) fn stack(&self) -> &'static Stack {
        &self.world.stack
    }

    /// People, directories and subscriptions that no other test uses.
    pub(crate) fn pair(&self) -> Result<Pair> {
        let number = self.world.next_pair.fetch_add(1, Ordering::Relaxed);
        ensure!(number <= PAIRS - REPORTED, "more than {PAIRS} pairs were asked for: raise PAIRS");
        let pair = Pair::new(number);
        self.pairs.lock().unwrap_or_else(PoisonError::into_inner).push(pair.clone());
        Ok(pair)
    }

    /// A pair that also has the subscriptions that reports are about.
    pub(crate) fn pair_with_reports(&self) -> Result<Pair> {
        static NEXT: AtomicUsize = AtomicUsize::new(PAIRS - REPORTED + 1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        ensure!(number <= PAIRS, "more than {REPORTED} pairs with reports were asked for: raise REPORTED");
        let pair = Pair::new(number);
        self.pairs.lock().unwrap_or_else(PoisonError::into_inner).push(pair.clone());
        Ok(pair)
    }

    /// The key that links are made with.
    pub(crate) async fn link_key(&self) -> Result<LinkKey> {
        let get = json!({ "SecretId": self.stack().output("LinkKeySecret")? });
        let secret = self.stack().aws().call("secretsmanager", "get_secret_value", get).await?;
        secret["SecretString"].as_str().and_then(LinkKey::new).context("no key of the links")
    }

    /// An onboarding of a new pair's subscription that has not been started, on the two-party route.
    pub(crate) fn onboarding(&self) -> Result<Onboarding> {
        Onboarding::of(self.stack(), self.pair()?)
    }

    /// No request and no answer of any test broke a contract; no token of this test's people went to a wrong directory.
    async fn finish_checks(&self) -> Result<()> {
        let violations = self.stack().control("violations").await?;
        ensure!(
            violations.as_array().is_some_and(Vec::is_empty),
            "requests or answers broke Microsoft's contracts: {violations:#}"
        );
        let pairs = self.pairs.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let wrong = self.stack().control("ledger?kind=wrong-tenant-token").await?;
        for pair in pairs {
            let its: Vec<&Value> = wrong.as_array().into_iter().flatten().filter(|entry| pair.owns(entry)).collect();
            ensure!(its.is_empty(), "tokens were used in a directory that they were not for: {its:#?}");
        }
        Ok(())
    }
}

/// The standard scenario's owner and partner under names and ids of their own: `rosa.<n>@outlook.com` with her default directory and
/// her subscriptions, `kim@p<n>.contoso.com` with the partner directory and its Partner Center account.
#[derive(Debug, Clone)]
pub(crate) struct Pair {
    number: usize,
    /// The owner's account, a personal one.
    pub(crate) owner: String,
    /// The owner's second account, which she signs in with by mistake. A guest of the source directory without any role.
    pub(crate) second_account: String,
    /// A member of the source directory who is Reader of the subscription.
    pub(crate) reader: String,
    /// A member of the source directory who is Owner of the subscription with a condition.
    pub(crate) conditional_owner: String,
    /// The partner directory's Global Administrator.
    pub(crate) partner_admin: String,
    /// A member of the partner directory without any role.
    pub(crate) partner_member: String,
    /// The partner directory's domain.
    pub(crate) partner_domain: String,
    /// The directory that the subscription is in.
    pub(crate) source_tenant: String,
    /// The directory that it goes to.
    pub(crate) partner_tenant: String,
    /// The reader's object in the source directory.
    pub(crate) reader_oid: String,
    /// The conditional owner's object in the source directory.
    pub(crate) conditional_owner_oid: String,
    /// The partner admin's object in the partner directory.
    pub(crate) partner_admin_oid: String,
    /// The subscription that moves: pay-as-you-go, enabled, with role assignments, custom roles and resources.
    pub(crate) subscription: String,
    /// One that a cloud solution provider sells.
    pub(crate) csp_subscription: String,
    /// A Microsoft-internal one.
    pub(crate) internal_subscription: String,
    /// A disabled one.
    pub(crate) disabled_subscription: String,
    /// One with a resource of every row of Microsoft's table. Only a pair with reports has it.
    pub(crate) everything: String,
    /// One without any resource. Only a pair with reports has it.
    pub(crate) empty: String,
}

/// Everything that has a name, called something else; every third name is ten thousand characters longer.
fn renamed(cloud: Cloud) -> Result<Cloud> {
    fn rename(value: &mut Value, names: &mut usize) {
        match value {
            Value::Object(fields) => {
                for (field, value) in fields {
                    if value.is_string()
                        && ["displayName", "companyName", "roleName", "description"].contains(&field.as_str())
                    {
                        *names += 1;
                        let more = if names.is_multiple_of(3) { "x".repeat(10_000) } else { names.to_string() };
                        *value = format!("{HOSTILE_NAME}{more}").into();
                    } else {
                        rename(value, names);
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| rename(item, names)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let apps = cloud.apps.clone();
    let mut whole = serde_json::to_value(cloud)?;
    rename(&mut whole, &mut 0);
    let mut cloud: Cloud = serde_json::from_value(whole)?;
    cloud.apps = apps;
    // What the owner types is known: the name alone.
    for subscription in &mut cloud.subscriptions {
        subscription.display_name = HOSTILE_NAME.to_owned();
    }
    Ok(cloud)
}

/// How many pairs also have the subscriptions that reports are about.
const REPORTED: usize = 8;
/// Those subscriptions: one with a resource of every row of Microsoft's table, and an empty one.
const REPORTS: [&str; 2] = ["Contoso Everything", "Contoso Empty"];

/// What the subscription is called.
pub(crate) const SUBSCRIPTION_NAME: &str = "Contoso Prod";

impl Pair {
    pub(crate) fn new(number: usize) -> Self {
        let id = |first: &str, last: usize| format!("{first}-{number:04x}-4000-8000-{last:012}");
        Self {
            number,
            owner: format!("rosa.{number}@outlook.com"),
            second_account: format!("rosa.{number}.second@outlook.com"),
            reader: format!("reader@rosa{number}outlook.onmicrosoft.com"),
            conditional_owner: format!("conditional@rosa{number}outlook.onmicrosoft.com"),
            partner_admin: format!("kim@p{number}.contoso.com"),
            partner_member: format!("alex@p{number}.contoso.com"),
            partner_domain: format!("p{number}.contoso.com"),
            source_tenant: id("a1000000", 1),
            partner_tenant: id("b2000000", 2),
            reader_oid: id("0a000000", 3),
            conditional_owner_oid: id("0a000000", 4),
            partner_admin_oid: id("0b000000", 1),
            subscription: id("51000000", 1),
            csp_subscription: id("51000000", 2),
            internal_subscription: id("51000000", 3),
            disabled_subscription: id("51000000", 4),
            everything: id("51000000", 10),
            empty: id("51000000", 11),
        }
    }

    /// In the middle of every id of this pair, and in no other.
    fn marker(&self) -> String {
        format!("-{:04x}-4000-8000-", self.number)
    }

    /// Whether a ledger entry, or anything else, names something of this pair.
    pub(crate) fn owns(&self, said: &Value) -> bool {
        let said = said.to_string();
        said.contains(&self.marker())
            || [&self.owner, &self.second_account, &self.partner_admin, &self.partner_member]
                .iter()
                .any(|address| said.contains(&format!("\"{address}\"")))
    }

    /// A text without what makes this pair another than the next one.
    pub(crate) fn anonymous(&self, text: &str) -> String {
        text.replace(&self.marker(), "-PAIR-")
            .replace(&self.owner, "rosa@outlook.com")
            .replace(&self.owner.replace('@', "_"), "rosa_outlook.com")
            .replace(&self.partner_domain, "contoso.com")
            .replace(&format!("rosa{}outlook", self.number), "rosaoutlook")
            .replace(&format!("contoso{}partner", self.number), "contosopartner")
    }

    /// The part of the scenario that is this pair: the standard one's, renamed throughout.
    fn cloud(&self, standard: &Cloud) -> Result<Cloud> {
        let (source, partner) = ("a1000000-0000-4000-8000-000000000001", "b2000000-0000-4000-8000-000000000002");
        let ours = |tenant: &str| tenant == source || tenant == partner;
        let mut cloud = Cloud {
            apps: standard
                .apps
                .iter()
                .cloned()
                .map(|mut app| {
                    app.consents.retain(|it| ours(&it.tenant_id));
                    app
                })
                .collect(),
            tenants: standard.tenants.iter().filter(|it| ours(&it.tenant_id)).cloned().collect(),
            people: standard
                .people
                .iter()
                .filter(|it| it.memberships.iter().any(|m| ours(&m.tenant_id)))
                .cloned()
                .collect(),
            subscriptions: standard
                .subscriptions
                .iter()
                .filter(|it| it.tenant_id == source)
                // Everybody's state is read again and again: few have the subscriptions that only reports are about.
                .filter(|it| self.number > PAIRS - REPORTED || !REPORTS.contains(&it.display_name.as_str()))
                .cloned()
                .collect(),
            partner_center: standard.partner_center.iter().filter(|it| it.tenant_id == partner).cloned().collect(),
        };
        for person in &mut cloud.people {
            person.memberships.retain(|membership| ours(&membership.tenant_id));
        }
        let number = self.number;
        let text = serde_json::to_string(&cloud)?
            .replace("-0000-4000-8000-", &self.marker())
            .replace("rosaoutlook", &format!("rosa{number}outlook"))
            .replace("contosopartner", &format!("contoso{number}partner"))
            .replace("rosa.second@", &format!("rosa.{number}.second@"))
            .replace("rosa@", &format!("rosa.{number}@"))
            .replace("rosa_outlook", &format!("rosa.{number}_outlook"))
            .replace("rosa.second_outlook", &format!("rosa.{number}.second_outlook"))
            .replace("@contoso.com", &format!("@{}", self.partner_domain))
            .replace("_contoso.com#EXT#", &format!("_{}#EXT#", self.partner_domain))
            .replace("\"contoso.com\"", &format!("\"{}\"", self.partner_domain));
        serde_json::from_str(&text).context("a renamed part of the scenario does not fit")
    }
}

/// One onboarding: its two people, and what anybody could look at.
#[derive(Debug)]
pub(crate) struct Onboarding {
    stack: &'static Stack,
    /// Whom and what it is about.
    pub(crate) pair: Pair,
    /// What is asked for; changed before the start.
    pub(crate) request: SignUp,
    /// What the subscription is called.
    pub(crate) subscription_name: String,
    /// The owner with her mailbox and browser.
    pub(crate) owner: Person,
    /// The partner admin with his.
    pub(crate) partner: Person,
    /// Known once it has been started and registered.
    pub(crate) id: String,
    /// The execution that works on it.
    pub(crate) execution: String,
}

impl Onboarding {
    /// Not started yet.
    pub(crate) fn of(stack: &'static Stack, pair: Pair) -> Result<Self> {
        let request = SignUp {
            subscription_id: pair.subscription.clone(),
            source_directory: None,
            owner_email: pair.owner.clone(),
            partner_directory: pair.partner_domain.clone(),
            partner_admin_email: pair.partner_admin.clone(),
            cloud: None,
            route: Some("two-party".to_owned()),
        };
        Ok(Self {
            owner: Person::of(stack, CLOUD, &pair.owner)?,
            partner: Person::of(stack, CLOUD, &pair.partner_admin)?,
            stack,
            pair,
            request,
            subscription_name: SUBSCRIPTION_NAME.to_owned(),
            id: String::new(),
            execution: String::new(),
        })
    }

    /// On the single-account route.
    pub(crate) fn single_account(mut self) -> Self {
        self.request.route = Some("single-account".to_owned());
        self
    }

    /// With somebody else as the owner.
    pub(crate) fn owned_by(mut self, email: &str) -> Result<Self> {
        self.request.owner_email = email.to_owned();
        self.owner = Person::of(self.stack, self.cloud(), email)?;
        Ok(self)
    }

    /// With somebody else as the partner admin.
    pub(crate) fn administered_by(mut self, email: &str) -> Result<Self> {
        self.request.partner_admin_email = email.to_owned();
        self.partner = Person::of(self.stack, self.cloud(), email)?;
        Ok(self)
    }

    /// Without a subscription: the owner chooses it in the directory that it is in.
    pub(crate) fn in_directory_of_the_owner(mut self) -> Self {
        self.request.subscription_id.clear();
        self.request.source_directory = Some(self.pair.source_tenant.clone());
        self
    }

    /// Of another subscription.
    pub(crate) fn about(mut self, subscription: &str, name: &str) -> Self {
        self.request.subscription_id = subscription.to_owned();
        self.subscription_name = name.to_owned();
        self
    }

    fn cloud(&self) -> &str {
        self.request.cloud.as_deref().unwrap_or(CLOUD)
    }

    /// The request as an event or the console's input carries it.
    pub(crate) fn input(&self) -> Value {
        let mut input = json!({
            "partnerDirectory": self.request.partner_directory,
            "partnerAdminEmail": self.request.partner_admin_email,
            "ownerEmail": self.request.owner_email,
        });
        if !self.request.subscription_id.is_empty() {
            input["subscriptionId"] = self.request.subscription_id.as_str().into();
        }
        if let Some(directory) = &self.request.source_directory {
            input["sourceDirectory"] = directory.as_str().into();
        }
        if let Some(cloud) = &self.request.cloud {
            input["cloud"] = cloud.as_str().into();
        }
        if let Some(route) = &self.request.route {
            input["route"] = route.as_str().into();
        }
        input
    }

    /// Starts it with the form, as the partner.
    pub(crate) async fn start_by_form(&mut self) -> Result<&mut Self> {
        let page = self.partner.sign_up(self.stack, &self.request).await?;
        ensure!(page.status == 200, "the form was refused: {}", page.summary());
        self.id = id_of_link(page.url.path())?;
        self.execution = self.execution_named(&format!("onb-{}", self.id)).await?;
        self.registered().await?;
        Ok(self)
    }

    /// Starts it with an event on the product's bus.
    pub(crate) async fn start_by_event(&mut self) -> Result<&mut Self> {
        let before = executions_of(self.stack, &self.pair).await?;
        put_event(self.stack, &self.input()).await?;
        self.execution = until("the event starts an execution", PATIENCE, async || {
            Ok(executions_of(self.stack, &self.pair).await?.into_iter().find(|arn| !before.contains(arn)))
        })
        .await?;
        self.registered().await?;
        Ok(self)
    }

    /// Starts it as a person in the console does.
    pub(crate) async fn start_by_console(&mut self, name: &str) -> Result<&mut Self> {
        self.execution = self.stack.start_execution(name, &self.input()).await?;
        self.registered().await?;
        Ok(self)
    }

    /// The same with another input.
    pub(crate) async fn start_by_console_with(&mut self, name: &str, input: &Value) -> Result<&mut Self> {
        self.execution = self.stack.start_execution(name, input).await?;
        self.registered().await?;
        Ok(self)
    }

    async fn execution_named(&self, name: &str) -> Result<String> {
        let machine = self.stack.output("StateMachineArn")?;
        let arn = format!("{}:{name}", machine.replace(":stateMachine:", ":execution:"));
        self.stack.execution(&arn).await.context("the form started no execution of the onboarding's name")?;
        Ok(arn)
    }

    /// Waits until the first state is over and takes the id from what it answered.
    async fn registered(&mut self) -> Result<()> {
        let id = until("the onboarding is registered", PATIENCE, async || {
            let history = self.stack.history(&self.execution).await?;
            let answered = history.iter().find_map(|event| {
                let output = event["taskSucceededEventDetails"]["output"].as_str()?;
                let output: Value = serde_json::from_str(output).ok()?;
                output["Payload"]["onboardingId"].as_str().map(ToOwned::to_owned)
            });
            if answered.is_none() && self.execution_status().await? != "RUNNING" {
                bail!("the execution ended before anything was registered: {}", told(&history));
            }
            Ok(answered)
        })
        .await?;
        ensure!(self.id.is_empty() || self.id == id, "the form said {} and {id} was registered", self.id);
        self.id = id;
        Ok(())
    }

    /// RUNNING, SUCCEEDED, FAILED, ….
    pub(crate) async fn execution_status(&self) -> Result<String> {
        let execution = self.stack.execution(&self.execution).await?;
        Ok(execution["status"].as_str().unwrap_or_default().to_owned())
    }

    /// The names of the states entered so far, in order.
    pub(crate) async fn states(&self) -> Result<Vec<String>> {
        Ok(states_of(&self.stack.history(&self.execution).await?))
    }

    /// Every item of the onboarding's partition as plain JSON, by sort key.
    pub(crate) async fn record(&self) -> Result<BTreeMap<String, Value>> {
        let query = json!({
            "TableName": self.stack.output("OnboardingTable")?,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": { ":pk": { "S": format!("ONB#{}", self.id) } },
            "ConsistentRead": true,
        });
        let items = self.stack.aws().list("dynamodb", "query", query, "Items").await?;
        Ok(items
            .into_iter()
            .map(|item| plain_item(&item))
            .map(|item| (item["sk"].as_str().unwrap_or_default().to_owned(), item))
            .collect())
    }

    /// The onboarding's own record.
    pub(crate) async fn meta(&self) -> Result<Value> {
        let key = json!({ "pk": { "S": format!("ONB#{}", self.id) }, "sk": { "S": "META" } });
        let get = json!({ "TableName": self.stack.output("OnboardingTable")?, "Key": key, "ConsistentRead": true });
        let item = self.stack.aws().call("dynamodb", "get_item", get).await?["Item"].take();
        ensure!(item.is_object(), "onboarding {} has no record", self.id);
        Ok(plain_item(&item))
    }

    /// The items that are somewhere else and name this onboarding: its locks, and what the Ephemeral table holds of it.
    pub(crate) async fn elsewhere(&self) -> Result<Vec<Value>> {
        let mut found = Vec::new();
        for items in self.stack.dump_tables().await?.into_values() {
            let its = items.iter().map(plain_item).filter(|item| {
                !item["pk"].as_str().unwrap_or_default().ends_with(&self.id) && item.to_string().contains(&self.id)
            });
            found.extend(its);
        }
        Ok(found)
    }

    /// The locks that this onboarding holds.
    pub(crate) async fn locks(&self) -> Result<Vec<Value>> {
        let mut elsewhere = self.elsewhere().await?;
        elsewhere.retain(|item| item["sk"] == "LOCK");
        Ok(elsewhere)
    }

    /// The audit trail, oldest first.
    pub(crate) async fn audit(&self) -> Result<Vec<onboarding::audit::Entry>> {
        self.record()
            .await?
            .into_iter()
            .filter(|(key, _)| key.starts_with("AUD#"))
            .map(|(key, mut item)| {
                // Kept as text, so that the table can't change what was hashed.
                if let Some(detail) = item["detail"].as_str() {
                    item["detail"] = serde_json::from_str(detail).with_context(|| format!("the detail of {key}"))?;
                }
                serde_json::from_value(item).with_context(|| format!("{key} is no audit entry"))
            })
            .collect()
    }

    /// Everything that happened at Microsoft to this onboarding's people, directories and subscriptions.
    pub(crate) async fn ledger(&self) -> Result<Vec<Value>> {
        let ledger = self.stack.control("ledger").await?;
        Ok(ledger.as_array().into_iter().flatten().filter(|entry| self.pair.owns(entry)).cloned().collect())
    }

    /// How often each kind of effect happened.
    pub(crate) async fn effects(&self) -> Result<BTreeMap<String, usize>> {
        let mut effects = BTreeMap::new();
        for entry in self.ledger().await? {
            *effects.entry(entry["kind"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
        }
        Ok(effects)
    }

    /// The subscription as Microsoft has it now.
    pub(crate) async fn at_microsoft(&self) -> Result<Value> {
        let state = self.stack.control("state").await?;
        let all = state["clouds"][self.cloud()]["subscriptions"].as_array();
        let id = self.request.subscription_id.as_str();
        all.into_iter()
            .flatten()
            .find(|one| one["subscriptionId"] == id)
            .cloned()
            .with_context(|| format!("no subscription {id} at Microsoft"))
    }

    /// The people of one of the pair's directories, as Microsoft has them now.
    pub(crate) async fn users(&self, tenant: &str) -> Result<Vec<Value>> {
        let state = self.stack.control("state").await?;
        let all = state["clouds"][CLOUD]["tenants"].as_array();
        let found = all.into_iter().flatten().find(|one| one["tenantId"] == tenant);
        let users = found.and_then(|tenant| tenant["users"].as_array()).cloned();
        users.with_context(|| format!("no directory {tenant} at Microsoft"))
    }

    /// The mails of the onboarding to its two people, oldest first: the code of a sign-up belongs to none yet.
    pub(crate) async fn mails(&self) -> Result<Vec<Mail>> {
        let mut mails = self.stack.mails().await?;
        mails.retain(|mail| mail.is_to(&self.request.owner_email) || mail.is_to(&self.request.partner_admin_email));
        mails.retain(|mail| !mail.subject.contains("is your code"));
        Ok(mails)
    }

    /// The owner does what the mail with these words asks. A confirmation may have to wait for the partner admin's review.
    pub(crate) async fn owner_acts(&mut self, words: &str) -> Result<Page> {
        if words == CONFIRM {
            self.review_if_asked().await?;
        }
        let mail = self.owner.wait_for_mail(self.stack, words, PATIENCE).await?;
        self.owner.do_as_asked(self.stack, &mail, &self.subscription_name).await
    }

    /// The partner admin does. Whoever has signed in as the partner admin also goes through the review that follows: the tests about
    /// reviews act step by step.
    pub(crate) async fn partner_acts(&mut self, words: &str) -> Result<Page> {
        let page = self.partner_acts_once(words).await?;
        if words == PARTNER_SIGN_IN {
            self.review_if_asked().await?;
        }
        Ok(page)
    }

    /// The partner admin goes through the review, if that is what comes next.
    pub(crate) async fn review_if_asked(&mut self) -> Result<()> {
        if self.next_is_a_review().await? {
            self.partner_acts_once(REVIEW).await?;
        }
        Ok(())
    }

    /// The partner admin does what the mail with these words asks, and nothing else.
    pub(crate) async fn partner_acts_once(&mut self, words: &str) -> Result<Page> {
        let mail = self.partner.wait_for_mail(self.stack, words, PATIENCE).await?;
        self.partner.do_as_asked(self.stack, &mail, &self.subscription_name).await
    }

    /// Whether a review is what comes next, once it is known. Another wait, or an end, is an answer too; so is nothing for a while.
    async fn next_is_a_review(&self) -> Result<bool> {
        let deadline = Instant::now() + PATIENCE / 2;
        while Instant::now() < deadline {
            let record = self.record().await?;
            let meta = record.get("META").context("no record")?;
            let open = meta["openWait"].as_str().and_then(|wait| record.get(&format!("WAIT#{wait}")));
            match open.filter(|wait| wait["outcome"].is_null()).map(|wait| wait["kind"].as_str().unwrap_or_default()) {
                Some("review") => return Ok(true),
                Some(_) => return Ok(false),
                None if meta["ending"].is_string() => return Ok(false),
                None => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
        Ok(false)
    }

    /// Both people do what they are asked for, from the first sign-in to the proof.
    pub(crate) async fn associate(&mut self) -> Result<()> {
        self.owner_acts(OWNER_SIGN_IN).await?;
        self.partner_acts(PARTNER_SIGN_IN).await?;
        self.owner_acts(CONFIRM).await?;
        self.ended("done").await?;
        Ok(())
    }

    /// Waits until a wait of this kind is open for this person, and answers its record.
    pub(crate) async fn waits_for(&self, kind: &str, actor: &str) -> Result<Value> {
        until(&format!("the onboarding waits for the {actor}: {kind}"), PATIENCE, async || {
            let record = self.record().await?;
            let meta = record.get("META").context("no record")?;
            if let Some(ending) = meta["ending"].as_str() {
                bail!("the onboarding ended as {ending} instead of waiting: {meta:#}");
            }
            let open = meta["openWait"].as_str().and_then(|wait| record.get(&format!("WAIT#{wait}")));
            Ok(open
                .filter(|wait| wait["kind"] == kind && wait["actor"] == actor && wait["outcome"].is_null())
                // Parked: from here on a signal reaches the state machine.
                .filter(|wait| wait["taskToken"].is_string())
                .cloned())
        })
        .await
    }

    /// Waits until it has ended, in the record and in the state machine, and answers the record.
    pub(crate) async fn ended(&self, ending: &str) -> Result<Value> {
        let meta = until(&format!("the onboarding ends as {ending}"), PATIENCE, async || {
            let meta = self.meta().await?;
            Ok(if meta["ending"].is_string() && self.execution_status().await? != "RUNNING" {
                Some(meta)
            } else {
                None
            })
        })
        .await
        .with_context(|| format!("onboarding {}", self.id));
        let meta = match meta {
            Ok(meta) => meta,
            Err(error) => return Err(error.context(self.story().await?)),
        };
        if meta["ending"] != ending {
            bail!("the onboarding ended as {} and not as {ending}: {}", meta["ending"], self.story().await?);
        }
        Ok(meta)
    }

    /// What happened so far, for a failing test.
    pub(crate) async fn story(&self) -> Result<String> {
        let history = self.stack.history(&self.execution).await?;
        let meta = self.meta().await.map_or_else(|error| error.to_string(), |meta| format!("{meta:#}"));
        Ok(format!("{meta}\n{}", told(&history)))
    }

    /// The address of the owner's page.
    pub(crate) async fn owner_link(&self) -> Result<url::Url> {
        self.link_of(&self.owner).await
    }

    /// The address of the partner admin's page.
    pub(crate) async fn partner_link(&self) -> Result<url::Url> {
        self.link_of(&self.partner).await
    }

    /// From their first mail: every mail to a person carries the same link.
    async fn link_of(&self, person: &Person) -> Result<url::Url> {
        let mut link = until(&format!("{} gets a mail with a link", person.name), PATIENCE, async || {
            let mails = self.mails().await?;
            Ok(mails
                .iter()
                .filter(|mail| mail.is_to(&person.account.email))
                .find_map(|mail| mail.links().into_iter().next()))
        })
        .await?;
        let path = link.path().trim_end_matches("/turn").to_owned();
        link.set_path(&path);
        Ok(link)
    }

    /// The owner opens what is asked of her now.
    pub(crate) async fn owner_turn(&mut self) -> Result<Page> {
        let link = self.owner_link().await?;
        self.owner.browser.open(format!("{link}/turn")).await
    }

    /// The partner admin opens what is asked of him now.
    pub(crate) async fn partner_turn(&mut self) -> Result<Page> {
        let link = self.partner_link().await?;
        self.partner.browser.open(format!("{link}/turn")).await
    }

    /// Gets the mail about a fix, and answers the page that it leads to in the end.
    pub(crate) async fn owner_reads_fix(&mut self, title: &str) -> Result<Page> {
        let mail = self.owner.wait_for_mail(self.stack, title, PATIENCE).await?;
        let page = self.owner.open_mail(self.stack, &mail).await?;
        if page.offers(CHECK_AGAIN) { Ok(page) } else { self.owner.browser.follow(&page, "Continue").await }
    }

    /// The same for the partner admin.
    pub(crate) async fn partner_reads_fix(&mut self, title: &str) -> Result<Page> {
        let mail = self.partner.wait_for_mail(self.stack, title, PATIENCE).await?;
        let page = self.partner.open_mail(self.stack, &mail).await?;
        if page.offers(CHECK_AGAIN) { Ok(page) } else { self.partner.browser.follow(&page, "Continue").await }
    }

    /// What the product keeps of this onboarding, for comparing: the record and what lies elsewhere.
    ///
    /// A mail is marked as sent a moment after it has arrived: what is compared begins once every mail that is here is marked.
    pub(crate) async fn everything(&self) -> Result<String> {
        let record = until("every mail that arrived is marked as sent", PATIENCE, async || {
            let (arrived, record) = (self.mails().await?.len(), self.record().await?);
            let marked = record.values().filter(|item| item["sentAt"].is_string()).count();
            Ok((marked >= arrived).then_some(record))
        })
        .await?;
        let mut elsewhere = self.elsewhere().await?;
        elsewhere.sort_by_key(ToString::to_string);
        Ok(format!("{record:#?}\n{elsewhere:#?}"))
    }
}

/// The mail that asks the owner to sign in.
pub(crate) const OWNER_SIGN_IN: &str = "our turn: sign in as subscription owner";
/// The mail that asks the partner admin to sign in.
pub(crate) const PARTNER_SIGN_IN: &str = "our turn: sign in as partner admin";
/// The mail that asks the owner to confirm.
pub(crate) const REVIEW: &str = "our turn: review the impact";
pub(crate) const CONFIRM: &str = "our turn: review and confirm the move";

/// The button below a fix.
pub(crate) const CHECK_AGAIN: &str = "Check again";

/// ARNs of the executions whose input names something of this pair.
pub(crate) async fn executions_of(stack: &Stack, pair: &Pair) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for arn in stack.executions().await? {
        let execution = stack.execution(&arn).await?;
        let input = execution["input"].as_str().and_then(|input| serde_json::from_str(input).ok());
        if input.is_some_and(|input: Value| pair.owns(&input)) {
            found.push(arn);
        }
    }
    Ok(found)
}

/// Fails if anything of this pair is in a table, in a mailbox or changed at Microsoft, or an execution still works on it.
pub(crate) async fn nothing_exists_of(stack: &Stack, pair: &Pair) -> Result<()> {
    for (table, items) in stack.dump_tables().await? {
        let its: Vec<&Value> = items.iter().filter(|item| pair.owns(item)).collect();
        ensure!(its.is_empty(), "the table {table} holds {its:#?}");
    }
    let mails = stack.mails().await?;
    let to_them = [&pair.owner, &pair.partner_admin];
    let its: Vec<&Mail> = mails.iter().filter(|mail| to_them.iter().any(|address| mail.is_to(address))).collect();
    ensure!(its.is_empty(), "mails were sent: {its:#?}");
    let ledger = stack.control("ledger").await?;
    let its: Vec<&Value> = ledger.as_array().into_iter().flatten().filter(|entry| pair.owns(entry)).collect();
    ensure!(its.is_empty(), "something happened at Microsoft: {its:#?}");
    for arn in executions_of(stack, pair).await? {
        let execution = stack.execution(&arn).await?;
        ensure!(execution["status"] != "RUNNING", "an execution still runs: {execution:#}");
    }
    Ok(())
}

/// Looks until there is something, or fails after so long.
pub(crate) async fn until<T>(what: &str, patience: Duration, look: impl AsyncFn() -> Result<Option<T>>) -> Result<T> {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(found) = look().await.with_context(|| format!("while waiting until {what}"))? {
            return Ok(found);
        }
        ensure!(Instant::now() < deadline, "not within {} s: {what}", patience.as_secs());
        tokio::time::sleep(LOOK).await;
    }
}

/// Puts a request on the product's bus, as another system would.
pub(crate) async fn put_event(stack: &Stack, detail: &Value) -> Result<()> {
    let entry = json!({
        "Source": "mooring.start",
        "DetailType": "Onboarding requested",
        "Detail": detail.to_string(),
        "EventBusName": stack.output("BusName")?,
    });
    let answer = stack.aws().call("events", "put_events", json!({ "Entries": [entry] })).await?;
    ensure!(answer["FailedEntryCount"] == 0, "the bus did not take the event: {answer}");
    Ok(())
}

/// The id in the path of a link.
pub(crate) fn id_of_link(path: &str) -> Result<String> {
    let link = path.strip_prefix("/o/").with_context(|| format!("{} is no onboarding's page", path.len()))?;
    Ok(link.split('.').next().unwrap_or_default().to_owned())
}

/// The names of the states entered, in order.
pub(crate) fn states_of(history: &[Value]) -> Vec<String> {
    history
        .iter()
        .filter(|event| event["type"].as_str().is_some_and(|kind| kind.ends_with("StateEntered")))
        .filter_map(|event| event["stateEnteredEventDetails"]["name"].as_str().map(ToOwned::to_owned))
        .collect()
}

/// A history in one line a state, with every failure.
fn told(history: &[Value]) -> String {
    let lines = history.iter().filter_map(|event| {
        let kind = event["type"].as_str()?;
        if kind.ends_with("StateEntered") {
            return event["stateEnteredEventDetails"]["name"].as_str().map(|name| format!("  {name}"));
        }
        if !kind.contains("Failed") && !kind.contains("TimedOut") && !kind.contains("Aborted") {
            return None;
        }
        let details = event.as_object()?.iter().find(|(key, _)| key.ends_with("Details")).map(|(_, details)| details);
        Some(format!("    {kind}: {}", details.map(ToString::to_string).unwrap_or_default()))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// An item of DynamoDB as plain JSON.
pub(crate) fn plain_item(item: &Value) -> Value {
    let fields = item.as_object().into_iter().flatten();
    Value::Object(fields.map(|(name, value)| (name.clone(), plain(value))).collect())
}

fn plain(value: &Value) -> Value {
    let Some((kind, content)) = value.as_object().and_then(|typed| typed.iter().next()) else {
        return Value::Null;
    };
    match kind.as_str() {
        "N" => content.as_str().and_then(|number| serde_json::from_str(number).ok()).unwrap_or_default(),
        "NULL" => Value::Null,
        "M" => plain_item(content),
        "L" => content.as_array().into_iter().flatten().map(plain).collect(),
        "B" => unpacked(content).unwrap_or_else(|| content.clone()),
        _ => content.clone(),
    }
}

/// What is kept compressed is compared, and searched for secrets, as what it says.
fn unpacked(content: &Value) -> Option<Value> {
    let text = content.as_str().or_else(|| content["$bytes"].as_str())?;
    let bytes = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, text).ok()?;
    access::pages::unpack(&bytes).ok()
}

/// Makes the time to look again at a fix come now.
pub(crate) async fn make_due(stack: &Stack, id: &str, wait: &Value) -> Result<()> {
    ensure!(wait["dueAt"].is_string(), "the wait has no time to look again: {wait:#}");
    let update = json!({
        "TableName": stack.output("OnboardingTable")?,
        "Key": { "pk": { "S": format!("ONB#{id}") }, "sk": { "S": wait["sk"] } },
        "UpdateExpression": "SET dueAt = :due",
        "ConditionExpression": "attribute_not_exists(outcome)",
        "ExpressionAttributeValues": { ":due": { "S": "2020-01-01T00:00:00Z" } },
    });
    stack.aws().call("dynamodb", "update_item", update).await.map(drop)
}

/// Runs the sweep now instead of at the next full minute.
pub(crate) async fn sweep(stack: &Stack) -> Result<Value> {
    let invoke = json!({ "FunctionName": Stack::function_name("sweep"), "Payload": "{}" });
    let answer = stack.aws().call("lambda", "invoke", invoke).await?;
    ensure!(answer["FunctionError"].is_null(), "the sweep failed: {answer}");
    let said = answer["Payload"].as_str().unwrap_or_default();
    serde_json::from_str(said).with_context(|| format!("the sweep answered {said}"))
}
