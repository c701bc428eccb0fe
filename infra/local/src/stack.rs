//! The whole house on loopback, up and running.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use simulated_microsoft::{Options, Scenario, SimulatedMicrosoft};
use tokio::runtime::Runtime;

use crate::aws::Aws;
use crate::console::Console;
use crate::crash::{Crash, Crashes, Planned};
use crate::deploy::{Deployment, STACK};
use crate::emulator::{Emulator, REGION, free_port};
use crate::mail::{self, Mail};
use crate::proxy::{self, AwsCall, Counted};
use crate::tools::hex;
use crate::workspace::{Run, Workspace};
use crate::{functions, inbox, tools};

/// The operators' directory and group of the standard scenario.
const OPERATOR_TENANT: &str = "0e000000-0000-4000-8000-000000000007";
/// See above.
const OPERATOR_GROUP: &str = "0e000000-0000-4000-8000-000000000010";
/// The portal's port, unless it is taken or another is asked for.
const PORTAL_PORT: u16 = 4180;
/// The sender of every mail.
const MAIL_FROM: &str = "mooring@contoso.com";

/// How the stack is brought up.
#[derive(Debug, Clone)]
pub struct StackOptions {
    /// Whether the emulator checks every call of a function against the function's role.
    pub enforce_iam: bool,
    /// The portal's port; none takes 4180, or a free one when that is taken.
    pub portal_port: Option<u16>,
    /// The AWS emulator's port; none takes a free one.
    pub emulator_port: Option<u16>,
    /// The simulated Microsoft cloud's port; none takes a free one.
    pub microsoft_port: Option<u16>,
    /// Who and what exists in the simulated Microsoft cloud.
    pub scenario: Scenario,
    /// How long the state machine's Wait states last, as a factor; 1 is as written.
    pub wait_scale: f64,
    /// Template parameters beside or instead of the stack's own.
    pub parameters: BTreeMap<String, String>,
}

impl Default for StackOptions {
    fn default() -> Self {
        Self {
            enforce_iam: true,
            portal_port: None,
            emulator_port: None,
            microsoft_port: None,
            scenario: Scenario::standard(),
            wait_scale: 1.0,
            parameters: BTreeMap::new(),
        }
    }
}

/// The running stack. Everything it started stops when it is dropped, and also when this process is killed.
#[derive(Debug)]
pub struct Stack {
    outputs: BTreeMap<String, String>,
    portal: String,
    inbox: String,
    microsoft: String,
    counted: Counted,
    crashes: Crashes,
    client: reqwest::Client,
    scenario: Scenario,
    aws: Aws,
    emulator: Emulator,
    run: Run,
    _microsoft: simulated_microsoft::Handle,
    /// The proxies and the simulated cloud live on a runtime of their own: tests share one stack between runtimes
    /// that come and go.
    runtime: Option<Runtime>,
}

impl Stack {
    /// Brings everything up, from the tools on, and answers when the portal does.
    pub async fn up(options: StackOptions, console: &Console) -> Result<Self> {
        let workspace = Workspace::find().await?;
        let run = workspace.new_run()?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("stack")
            .enable_all()
            .build()
            .context("cannot start the stack's own runtime")?;
        // From here on a failure must not leave the runtime to be dropped where blocking is not allowed.
        let runtime = Shutdown(Some(runtime));

        // Ports first: a busy one must be said before minutes are spent on tools and binaries.
        let emulator_port = free_port(options.emulator_port, "the AWS emulator")?;
        let portal_listener = portal_listener(options.portal_port)?;
        let microsoft_port = match options.microsoft_port {
            Some(port) => free_port(Some(port), "the simulated Microsoft cloud")?,
            None => 0,
        };
        let counting_listener = loopback_listener()?;
        let functions_endpoint = format!("http://{}", counting_listener.local_addr()?);

        let (started, functions) = tokio::try_join!(
            async {
                let tools = tools::ensure(&workspace, console).await?;
                let emulator = Emulator::start(
                    &workspace,
                    &tools,
                    &run.folder,
                    emulator_port,
                    &functions_endpoint,
                    options.enforce_iam,
                    options.wait_scale,
                )
                .await?;
                let address = format!("http://127.0.0.1:{emulator_port}");
                console.say("emulator", format_args!("AWS on {address}"));
                let aws = Aws::start(&workspace, &tools, &run.folder, &address)?;
                Ok((tools, emulator, aws, address))
            },
            functions::build(&workspace, console)
        )?;
        let (tools, emulator, aws, emulator_address) = started;
        let crashes = Crashes::default();
        let counted = {
            let _inside = runtime.enter();
            proxy::count_aws_calls(counting_listener, emulator_port, crashes.clone())?
        };

        let scenario = options.scenario.clone();
        let start = SimulatedMicrosoft::start(Options { port: microsoft_port, scenario: options.scenario });
        let microsoft_handle = runtime
            .spawn(start)?
            .await
            .context("the simulated Microsoft cloud broke")?
            .context("cannot start the simulated Microsoft cloud")?;
        let microsoft = microsoft_handle.base_url();
        console.say("microsoft", format_args!("simulated on {microsoft}"));

        let portal = format!("http://{}", portal_listener.local_addr()?);
        let mut parameters = BTreeMap::from([
            ("PortalUrl".to_owned(), portal.clone()),
            ("SimulatedMicrosoft".to_owned(), microsoft.clone()),
            ("MailFrom".to_owned(), MAIL_FROM.to_owned()),
            // Every cloud of the table can be tried here, the closed one too.
            ("RetiredClouds".to_owned(), "allow".to_owned()),
            // Nobody who tries it wants to wait ten minutes for a move; a test of the cool-off says its own seconds.
            ("CoolOffSeconds".to_owned(), "0".to_owned()),
            ("OperatorTenantId".to_owned(), OPERATOR_TENANT.to_owned()),
            ("OperatorGroupId".to_owned(), OPERATOR_GROUP.to_owned()),
        ]);
        parameters.extend(options.parameters);
        let deployment = Deployment {
            workspace: &workspace,
            tools: &tools,
            run: &run.folder,
            aws: &aws,
            emulator: &emulator_address,
            console,
        };
        let outputs = deployment.deploy(&functions, &parameters).await?;
        {
            let _inside = runtime.enter();
            let api = outputs.get("ApiId").context("the stack has no output ApiId")?;
            proxy::front_portal(portal_listener, emulator_port, api)?;
        }
        let client = reqwest::Client::builder().timeout(Duration::from_secs(30)).build()?;
        let inbox_listener = loopback_listener()?;
        let inbox = format!("http://{}", inbox_listener.local_addr()?);
        {
            let _inside = runtime.enter();
            inbox::show_mails(inbox_listener, client.clone(), emulator_address)?;
        }
        let stack = Self {
            outputs,
            portal,
            inbox,
            microsoft,
            counted,
            crashes,
            client: reqwest::Client::builder().timeout(Duration::from_secs(30)).build()?,
            scenario,
            aws,
            emulator,
            run,
            _microsoft: microsoft_handle,
            runtime: runtime.keep(),
        };
        stack.hand_over(&parameters).await?;
        stack.wait_for_portal().await?;
        console.say("portal", format_args!("ready on {}", stack.portal));
        Ok(stack)
    }

    /// What the operator does once on AWS: the app registration's credential and the sender's address.
    async fn hand_over(&self, parameters: &BTreeMap<String, String>) -> Result<()> {
        let clouds: serde_json::Map<String, Value> = self
            .scenario
            .clouds
            .iter()
            .filter_map(|(cloud, content)| {
                let app = content.apps.first()?;
                let credential = json!({ "clientId": app.client_id, "clientSecret": app.client_secrets.first()? });
                Some((cloud.clone(), credential))
            })
            .collect();
        let secret = json!({
            "SecretId": self.output("AppCredentialSecret")?,
            "SecretString": json!({ "clouds": clouds }).to_string(),
        });
        self.aws.call("secretsmanager", "put_secret_value", secret).await?;
        let sender = parameters.get("MailFrom").map_or(MAIL_FROM, String::as_str);
        self.aws.call("sesv2", "create_email_identity", json!({ "EmailIdentity": sender })).await?;
        Ok(())
    }

    async fn wait_for_portal(&self) -> Result<()> {
        let answer = self.client.get(&self.portal).send().await.context("the portal does not answer")?;
        let status = answer.status();
        if !status.is_success() {
            let text = answer.text().await.unwrap_or_default();
            bail!("the portal's start page answers {status}: {text} (logs in {})", self.run.folder.display());
        }
        Ok(())
    }

    /// The portal's address, without a slash at the end.
    #[must_use]
    pub fn portal(&self) -> &str {
        &self.portal
    }

    /// A page with all mails that were sent.
    #[must_use]
    pub fn inbox(&self) -> &str {
        &self.inbox
    }

    /// The AWS emulator's address, without a slash at the end.
    #[must_use]
    pub fn emulator(&self) -> String {
        format!("http://127.0.0.1:{}", self.emulator.port)
    }

    /// The simulated Microsoft cloud's address, without a slash at the end.
    #[must_use]
    pub fn microsoft(&self) -> &str {
        &self.microsoft
    }

    /// Who and what existed in the simulated Microsoft cloud at the start.
    #[must_use]
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// Any AWS call.
    #[must_use]
    pub fn aws(&self) -> &Aws {
        &self.aws
    }

    /// Where this run keeps its logs and `stack.json`.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.run.folder
    }

    /// An output of the deployed template, for example `StateMachineArn` or `OnboardingTable`.
    pub fn output(&self, name: &str) -> Result<&str> {
        self.outputs.get(name).map(String::as_str).with_context(|| format!("the template has no output {name}"))
    }

    /// Writes one file with every endpoint and answers with its path.
    pub fn write_endpoints(&self) -> Result<PathBuf> {
        let path = self.run.folder.join("stack.json");
        let text = serde_json::to_string_pretty(&self.endpoints())?;
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path)
    }

    /// Every endpoint.
    #[must_use]
    pub fn endpoints(&self) -> Value {
        let output = |name: &str| self.outputs.get(name).cloned();
        let clouds: BTreeMap<_, _> = self
            .scenario
            .clouds
            .keys()
            .map(|cloud| {
                let base = format!("{}/{cloud}", self.microsoft);
                let endpoints = json!({
                    "login": format!("{base}/login"),
                    "arm": format!("{base}/arm"),
                    "graph": format!("{base}/graph/v1.0"),
                    "partnerCenter": format!("{base}/partner-center"),
                });
                (cloud, endpoints)
            })
            .collect();
        json!({
            "portal": self.portal,
            "aws": { "endpoint": self.emulator(), "region": REGION, "accessKeyId": "test", "secretAccessKey": "test" },
            "microsoft": { "base": self.microsoft, "control": format!("{}/control", self.microsoft), "clouds": clouds },
            "mails": { "page": self.inbox, "json": format!("{}/_ministack/ses/messages", self.emulator()) },
            "stateMachineArn": output("StateMachineArn"),
            "eventBus": output("BusName"),
            "tables": { "onboarding": output("OnboardingTable"), "ephemeral": output("EphemeralTable") },
            "secrets": { "appCredential": output("AppCredentialSecret"), "linkKey": output("LinkKeySecret") },
            "tokenKeyArn": output("TokenKeyArn"),
            "logs": self.run.folder,
        })
    }

    /// All mails that were sent, oldest first.
    pub async fn mails(&self) -> Result<Vec<Mail>> {
        mail::read(&self.client, &self.emulator()).await
    }

    /// Reads from the simulated cloud's control API: `control("ledger")`.
    pub async fn control(&self, path: &str) -> Result<Value> {
        let url = format!("{}/control/{path}", self.microsoft);
        let answer = self.client.get(&url).send().await.with_context(|| format!("cannot reach {url}"))?;
        read_json(&url, answer).await
    }

    /// Posts to the simulated cloud's control API.
    pub async fn control_post(&self, path: &str, body: &Value) -> Result<Value> {
        let url = format!("{}/control/{path}", self.microsoft);
        let answer = self.client.post(&url).json(body).send().await.with_context(|| format!("cannot reach {url}"))?;
        read_json(&url, answer).await
    }

    /// Kills a function's process, once, when it makes a certain call to AWS.
    #[must_use]
    pub fn plan_crash(&self, crash: Crash) -> Planned {
        self.crashes.plan(crash)
    }

    /// Every AWS call that the functions made so far, with the function's name as the caller.
    pub async fn aws_calls(&self) -> Result<Vec<AwsCall>> {
        let mut callers = BTreeMap::new();
        for function in self.aws.list("lambda", "list_functions", json!({}), "Functions").await? {
            let (Some(name), Some(arn), Some(role)) =
                (function["FunctionName"].as_str(), function["FunctionArn"].as_str(), function["Role"].as_str())
            else {
                continue;
            };
            let name = name.strip_prefix(&format!("{STACK}-")).unwrap_or(name).to_owned();
            callers.insert(session_key(arn, role), name);
        }
        let mut calls = self.counted.calls();
        for call in &mut calls {
            if let Some(name) = callers.get(&call.caller) {
                call.caller.clone_from(name);
            }
        }
        Ok(calls)
    }

    /// The full name of a function: `register` is `mooring-register`.
    #[must_use]
    pub fn function_name(function: &str) -> String {
        format!("{STACK}-{function}")
    }

    /// Sets variables of a function's environment; an absent value removes one. Answers with what was there.
    pub async fn set_environment(
        &self,
        function: &str,
        changes: &[(&str, Option<&str>)],
    ) -> Result<BTreeMap<String, String>> {
        let name = Self::function_name(function);
        let configuration =
            self.aws.call("lambda", "get_function_configuration", json!({ "FunctionName": name })).await?;
        let before: BTreeMap<String, String> =
            serde_json::from_value(configuration["Environment"]["Variables"].clone()).unwrap_or_default();
        let mut after = before.clone();
        for (variable, value) in changes {
            match value {
                Some(value) => after.insert((*variable).to_owned(), (*value).to_owned()),
                None => after.remove(*variable),
            };
        }
        let update = json!({ "FunctionName": name, "Environment": { "Variables": after } });
        self.aws.call("lambda", "update_function_configuration", update).await?;
        Ok(before)
    }

    /// Takes one action, for example `dynamodb:PutItem`, out of a function's role. Give the answer to
    /// [`Stack::restore_permissions`] to undo it.
    pub async fn take_permission(&self, function: &str, action: &str) -> Result<Permissions> {
        let name = Self::function_name(function);
        let configuration =
            self.aws.call("lambda", "get_function_configuration", json!({ "FunctionName": name })).await?;
        let role = configuration["Role"]
            .as_str()
            .and_then(|arn| arn.rsplit('/').next())
            .with_context(|| format!("{name} has no role"))?
            .to_owned();
        let mut before = Permissions { role: role.clone(), policies: Vec::new() };
        for policy in self.aws.list("iam", "list_role_policies", json!({ "RoleName": role }), "PolicyNames").await? {
            let key = json!({ "RoleName": role, "PolicyName": policy });
            let document = self.aws.call("iam", "get_role_policy", key).await?["PolicyDocument"].take();
            let mut without = document.clone();
            if remove_action(&mut without, action) {
                before.policies.push((policy.as_str().unwrap_or_default().to_owned(), document));
                self.put_policy(&role, &policy, &without).await?;
            }
        }
        ensure!(!before.policies.is_empty(), "the role of {name} has no permission {action} to take away");
        Ok(before)
    }

    /// Gives back what [`Stack::take_permission`] took.
    pub async fn restore_permissions(&self, permissions: &Permissions) -> Result<()> {
        for (policy, document) in &permissions.policies {
            self.put_policy(&permissions.role, &Value::from(policy.as_str()), document).await?;
        }
        Ok(())
    }

    async fn put_policy(&self, role: &str, policy: &Value, document: &Value) -> Result<()> {
        let statements = document["Statement"].as_array().is_some_and(Vec::is_empty);
        if statements {
            // A policy must say something, so one that allows nothing any more is deleted.
            return self
                .aws
                .call("iam", "delete_role_policy", json!({ "RoleName": role, "PolicyName": policy }))
                .await
                .map(drop);
        }
        let put = json!({ "RoleName": role, "PolicyName": policy, "PolicyDocument": document.to_string() });
        self.aws.call("iam", "put_role_policy", put).await.map(drop)
    }

    /// Changes the deployed state machine. Answers with the definition as it was, for putting it back with
    /// [`Stack::put_state_machine`].
    pub async fn alter_state_machine(&self, alter: impl FnOnce(&mut Value)) -> Result<Value> {
        let arn = self.output("StateMachineArn")?;
        let machine =
            self.aws.call("stepfunctions", "describe_state_machine", json!({ "stateMachineArn": arn })).await?;
        let before: Value = serde_json::from_str(machine["definition"].as_str().unwrap_or_default())
            .context("the deployed state machine is not JSON")?;
        let mut after = before.clone();
        alter(&mut after);
        self.put_state_machine(&after).await?;
        Ok(before)
    }

    /// Replaces the deployed state machine's definition.
    pub async fn put_state_machine(&self, definition: &Value) -> Result<()> {
        let update = json!({
            "stateMachineArn": self.output("StateMachineArn")?,
            "definition": definition.to_string(),
        });
        self.aws.call("stepfunctions", "update_state_machine", update).await.map(drop)
    }

    /// Starts an execution as the console would, and answers with its ARN.
    pub async fn start_execution(&self, name: &str, input: &Value) -> Result<String> {
        let start = json!({
            "stateMachineArn": self.output("StateMachineArn")?,
            "name": name,
            "input": input.to_string(),
        });
        let answer = self.aws.call("stepfunctions", "start_execution", start).await?;
        answer["executionArn"].as_str().map(ToOwned::to_owned).context("no ARN for the started execution")
    }

    /// The ARNs of all executions, newest first.
    pub async fn executions(&self) -> Result<Vec<String>> {
        let list = json!({ "stateMachineArn": self.output("StateMachineArn")? });
        let executions = self.aws.list("stepfunctions", "list_executions", list, "executions").await?;
        Ok(executions.iter().filter_map(|it| it["executionArn"].as_str().map(ToOwned::to_owned)).collect())
    }

    /// One execution: its status, input and output.
    pub async fn execution(&self, arn: &str) -> Result<Value> {
        self.aws.call("stepfunctions", "describe_execution", json!({ "executionArn": arn })).await
    }

    /// The events of one execution, oldest first.
    pub async fn history(&self, arn: &str) -> Result<Vec<Value>> {
        let get = json!({ "executionArn": arn, "maxResults": 1000 });
        self.aws.list("stepfunctions", "get_execution_history", get, "events").await
    }

    /// The events of all executions, by ARN.
    pub async fn histories(&self) -> Result<BTreeMap<String, Vec<Value>>> {
        let mut histories = BTreeMap::new();
        for arn in self.executions().await? {
            let events = self.history(&arn).await?;
            histories.insert(arn, events);
        }
        Ok(histories)
    }

    /// Every item of both tables, in DynamoDB's own form.
    pub async fn dump_tables(&self) -> Result<BTreeMap<String, Vec<Value>>> {
        let mut tables = BTreeMap::new();
        for output in ["OnboardingTable", "EphemeralTable"] {
            let scan = json!({ "TableName": self.output(output)?, "ConsistentRead": true });
            tables.insert(output.to_owned(), self.aws.list("dynamodb", "scan", scan, "Items").await?);
        }
        Ok(tables)
    }

    /// Writes what only the emulator knows into the run's folder: the functions' logs and the executions' events.
    pub async fn save_evidence(&self) -> Result<PathBuf> {
        let folder = self.run.folder.join("evidence");
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        for (function, text) in self.logs().await? {
            std::fs::write(folder.join(format!("{function}.log")), text)
                .with_context(|| format!("cannot write the log of {function}"))?;
        }
        let histories = serde_json::to_string_pretty(&self.histories().await?)?;
        std::fs::write(folder.join("executions.json"), histories).context("cannot write the executions' events")?;
        Ok(folder)
    }

    /// Everything that the functions logged, by function.
    pub async fn logs(&self) -> Result<BTreeMap<String, String>> {
        let mut logs = BTreeMap::new();
        for group in self.aws.list("logs", "describe_log_groups", json!({}), "logGroups").await? {
            let Some(name) = group["logGroupName"].as_str() else {
                continue;
            };
            let events = self.aws.list("logs", "filter_log_events", json!({ "logGroupName": name }), "events").await?;
            let text = events.iter().filter_map(|event| event["message"].as_str()).collect::<Vec<_>>().join("\n");
            let function = name.rsplit('/').next().unwrap_or(name);
            let function = function.strip_prefix(&format!("{STACK}-")).unwrap_or(function);
            logs.insert(function.to_owned(), text);
        }
        Ok(logs)
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// A role's policies as they were.
#[derive(Debug, Clone)]
pub struct Permissions {
    role: String,
    policies: Vec<(String, Value)>,
}

/// A runtime that is never dropped where blocking is not allowed.
struct Shutdown(Option<Runtime>);

impl Shutdown {
    fn enter(&self) -> Option<tokio::runtime::EnterGuard<'_>> {
        self.0.as_ref().map(Runtime::enter)
    }

    fn spawn<F>(&self, future: F) -> Result<tokio::task::JoinHandle<F::Output>>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        Ok(self.0.as_ref().context("the stack's runtime is gone")?.spawn(future))
    }

    fn keep(mut self) -> Option<Runtime> {
        self.0.take()
    }
}

impl Drop for Shutdown {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// A listener on a free port of this machine.
fn loopback_listener() -> Result<TcpListener> {
    TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).context("cannot listen on loopback")
}

fn portal_listener(asked: Option<u16>) -> Result<TcpListener> {
    let bind = |port| TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    match asked {
        Some(port) => {
            free_port(Some(port), "the portal")?;
            bind(port).with_context(|| format!("cannot listen on port {port} for the portal"))
        }
        None => bind(PORTAL_PORT).or_else(|_| bind(0)).context("cannot listen for the portal"),
    }
}

/// The access key under which the emulator lets a function call, when it enforces IAM.
fn session_key(function_arn: &str, role_arn: &str) -> String {
    let digest = hex(&Sha256::digest(format!("{function_arn}:{role_arn}")));
    format!("ASIA{}", digest[..16].to_uppercase())
}

/// Takes an action out of every statement; says whether it was there.
fn remove_action(document: &mut Value, action: &str) -> bool {
    let mut found = false;
    let Some(statements) = document["Statement"].as_array_mut() else {
        return false;
    };
    statements.retain_mut(|statement| {
        let actions = &mut statement["Action"];
        if let Some(list) = actions.as_array_mut() {
            let before = list.len();
            list.retain(|one| one != action);
            found |= list.len() != before;
            return !list.is_empty();
        }
        let is_it = actions == action;
        found |= is_it;
        !is_it
    });
    found
}

async fn read_json(url: &str, answer: reqwest::Response) -> Result<Value> {
    let status = answer.status();
    let text = answer.text().await.with_context(|| format!("{url} broke off"))?;
    ensure!(status.is_success(), "{url} answered {status}: {text}");
    if text.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_str(&text).with_context(|| format!("{url} is not JSON"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_taken_from_every_statement_and_empty_statements_go() {
        let mut document = json!({ "Statement": [
            { "Effect": "Allow", "Action": ["dynamodb:GetItem", "dynamodb:PutItem"] },
            { "Effect": "Allow", "Action": "dynamodb:PutItem" },
        ]});
        assert!(remove_action(&mut document, "dynamodb:PutItem"));
        assert_eq!(document["Statement"], json!([{ "Effect": "Allow", "Action": ["dynamodb:GetItem"] }]));
        assert!(!remove_action(&mut document, "kms:Decrypt"));
    }
}
