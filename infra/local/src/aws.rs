//! AWS calls of the stack itself and of the tests, through the AWS client in the private environment.
//!
//! One helper process speaks JSON lines, so that this crate links none of the large SDK crates and tests can call
//! any operation of any service.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, anyhow};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::emulator::REGION;
use crate::tools::Tools;
use crate::workspace::Workspace;

type Waiting = Arc<Mutex<HashMap<u64, oneshot::Sender<Result<Value, AwsError>>>>>;

/// The connection to the helper. Calls may be made from any thread and at the same time.
#[derive(Debug)]
pub struct Aws {
    child: Child,
    input: Mutex<Option<ChildStdin>>,
    waiting: Waiting,
    next: AtomicU64,
}

/// An error that AWS, or the client before it, answered with.
#[derive(Debug, Clone, Deserialize)]
pub struct AwsError {
    /// For example `ConditionalCheckFailedException`.
    pub code: String,
    /// The sentence beside it.
    pub message: String,
}

impl std::fmt::Display for AwsError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for AwsError {}

#[derive(Deserialize)]
struct Reply {
    id: u64,
    result: Option<Value>,
    error: Option<AwsError>,
}

impl Aws {
    pub(crate) fn start(workspace: &Workspace, tools: &Tools, run: &Path, endpoint: &str) -> Result<Self> {
        let log = std::fs::File::create(run.join("aws.log")).context("cannot create the AWS client's log")?;
        let mut child = Command::new(&tools.emulator)
            .arg(workspace.script("aws.py"))
            .args([endpoint, REGION])
            .current_dir(run)
            .env_clear()
            .env("HOME", run)
            .env("LANG", "C.UTF-8")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .context("cannot start the AWS client")?;
        let input = child.stdin.take();
        let output = child.stdout.take().context("the AWS client has no output")?;
        let waiting = Waiting::default();
        let answers = Arc::clone(&waiting);
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines() {
                let Ok(line) = line else { break };
                let Ok(reply) = serde_json::from_str::<Reply>(&line) else {
                    continue;
                };
                if let Some(caller) = lock(&answers).remove(&reply.id) {
                    // A caller that has given up is no problem.
                    let _ = caller.send(reply.error.map_or_else(|| Ok(reply.result.unwrap_or_default()), Err));
                }
            }
            // Nobody will answer those who still wait: dropping their senders tells them.
            lock(&answers).clear();
        });
        Ok(Self { child, input: Mutex::new(input), waiting, next: AtomicU64::new(1) })
    }

    /// Calls an operation, named as the Python client names it: `call("dynamodb", "get_item", json!({…}))`.
    ///
    /// The error can be downcast to [`AwsError`].
    pub async fn call(&self, service: &str, operation: &str, parameters: Value) -> Result<Value> {
        self.send(json!({ "service": service, "operation": operation, "parameters": parameters })).await
    }

    /// Calls a listing operation for all its pages and gathers the named list.
    pub async fn list(&self, service: &str, operation: &str, parameters: Value, pages: &str) -> Result<Vec<Value>> {
        let mut answer = self
            .send(json!({ "service": service, "operation": operation, "parameters": parameters, "pages": pages }))
            .await?;
        serde_json::from_value(answer[pages].take())
            .with_context(|| format!("{service} {operation}: {pages} is no list"))
    }

    /// Puts a file into a bucket.
    pub(crate) async fn put_object(&self, bucket: &str, key: &str, from: &Path) -> Result<()> {
        let parameters = json!({ "Bucket": bucket, "Key": key, "Body": { "$file": from } });
        self.call("s3", "put_object", parameters).await.map(drop)
    }

    async fn send(&self, mut request: Value) -> Result<Value> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        request["id"] = id.into();
        let what = format!(
            "{} {}",
            request["service"].as_str().unwrap_or_default(),
            request["operation"].as_str().unwrap_or_default()
        );
        let (sender, answer) = oneshot::channel();
        lock(&self.waiting).insert(id, sender);
        {
            let mut input = lock(&self.input);
            let pipe = input.as_mut().context("the AWS client has been stopped")?;
            writeln!(pipe, "{request}").and_then(|()| pipe.flush()).context("the AWS client has ended")?;
        }
        answer
            .await
            .map_err(|_closed| anyhow!("the AWS client ended during {what}"))?
            .with_context(|| format!("{what} failed"))
    }
}

impl Drop for Aws {
    fn drop(&mut self) {
        // It ends at the end of its input; it is killed because nothing it could still do matters.
        lock(&self.input).take();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A poisoned lock still holds usable data here: every critical section is a single insert, remove or write.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
