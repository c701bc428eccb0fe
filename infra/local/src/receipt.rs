//! The receipt: what one association did, took and left behind.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Serialize;
use serde_json::{Value, json};

use crate::console::Console;
use crate::proxy::AwsCall;
use crate::stack::Stack;
use crate::walkthrough::{Facts, Route};

/// The function behind the progress page.
const PROGRESS_PAGE: &str = "progress";

/// What one association did, took and left behind.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// The onboarding's id.
    pub onboarding_id: String,
    /// Who accepted.
    pub route: String,
    /// How it ended.
    pub ending: String,
    /// From the sign-up form to the end.
    pub seconds: f64,
    /// What was moved.
    pub subscription: Value,
    /// The directory it trusted before and trusts after.
    pub directory: BeforeAfter,
    /// Who was Owner before and is after.
    pub owners: BeforeAfter,
    /// What became of every role assignment, as the access page says it.
    pub access: Vec<String>,
    /// Every state of the state machine that was entered.
    pub states: Vec<StateTime>,
    /// How many states were entered.
    pub state_transitions: usize,
    /// Calls to Microsoft by what they are.
    pub microsoft_calls: Calls,
    /// Calls of the functions to AWS, without those of the progress page.
    pub aws_calls: Calls,
    /// The progress page's calls to AWS: the walk-through itself keeps asking for it.
    pub progress_page_calls: usize,
    /// All calls of the functions to AWS, by function.
    pub aws_calls_by_function: BTreeMap<String, BTreeMap<String, usize>>,
    /// What the state machine itself called.
    pub state_machine_calls: Calls,
    /// What changed at Microsoft, counted.
    pub effects: BTreeMap<String, usize>,
    /// Everything as it was told.
    pub moments: Vec<Moment>,
}

/// Something before and after.
#[derive(Debug, Clone, Serialize)]
pub struct BeforeAfter {
    /// Before.
    pub before: Value,
    /// After.
    pub after: Value,
}

/// One state that was entered.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StateTime {
    /// Its name in the state machine.
    pub name: String,
    /// Seconds from the start of the execution.
    pub entered_at: f64,
    /// How long it took.
    pub seconds: f64,
}

/// Calls, counted.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Calls {
    /// All of them.
    pub total: usize,
    /// By kind.
    pub by_kind: BTreeMap<String, usize>,
}

/// Something that happened.
#[derive(Debug, Clone, Serialize)]
pub struct Moment {
    /// Seconds from the sign-up form.
    pub at: f64,
    /// Who did it.
    pub who: String,
    /// What it was.
    pub what: String,
}

impl Calls {
    /// What was counted after, less what had been counted before.
    fn between(before: &BTreeMap<String, usize>, after: BTreeMap<String, usize>) -> Self {
        let by_kind: BTreeMap<String, usize> = after
            .into_iter()
            .map(|(kind, count)| {
                let earlier = before.get(&kind).copied().unwrap_or_default();
                (kind, count.saturating_sub(earlier))
            })
            .filter(|(_, count)| *count > 0)
            .collect();
        Self { total: by_kind.values().sum(), by_kind }
    }

    fn count(kinds: impl Iterator<Item = String>) -> Self {
        let mut calls = Self::default();
        for kind in kinds {
            calls.total += 1;
            *calls.by_kind.entry(kind).or_default() += 1;
        }
        calls
    }
}

impl Receipt {
    #[expect(clippy::too_many_arguments, reason = "one call, with everything that a receipt is made of")]
    pub(crate) fn new(
        progress: &Value,
        route: Route,
        seconds: f64,
        moments: Vec<Moment>,
        subscription: (&str, &str),
        facts: [Facts; 2],
        access: Vec<String>,
        history: &[Value],
        requests: [BTreeMap<String, usize>; 2],
        ledger: &[Value],
        aws: &[AwsCall],
    ) -> Self {
        let [before, after] = facts;
        let [requests_before, requests_after] = requests;
        let mut by_function: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
        for call in aws {
            *by_function.entry(call.caller.clone()).or_default().entry(kind_of_aws_call(call)).or_default() += 1;
        }
        let states = states_of(history);
        let (watching, working): (Vec<&AwsCall>, Vec<&AwsCall>) =
            aws.iter().partition(|call| call.caller == PROGRESS_PAGE);
        Self {
            onboarding_id: progress["onboardingId"].as_str().unwrap_or_default().to_owned(),
            route: route.as_str().to_owned(),
            ending: progress["ending"].as_str().unwrap_or_default().to_owned(),
            seconds,
            subscription: json!({ "name": subscription.0, "id": subscription.1 }),
            directory: BeforeAfter { before: directory(&before), after: directory(&after) },
            owners: BeforeAfter { before: before.owners.into(), after: after.owners.into() },
            access,
            state_transitions: states.len(),
            states,
            microsoft_calls: Calls::between(&requests_before, requests_after),
            aws_calls: Calls::count(working.into_iter().map(kind_of_aws_call)),
            progress_page_calls: watching.len(),
            aws_calls_by_function: by_function,
            state_machine_calls: Calls::count(history.iter().filter_map(kind_of_task)),
            effects: Calls::count(ledger.iter().filter_map(|effect| effect["kind"].as_str().map(ToOwned::to_owned)))
                .by_kind,
            moments,
        }
    }

    /// Shows it on the screen.
    pub fn print(&self, console: &Console) {
        console.heading("Receipt");
        let line = |name: &str, value: &dyn std::fmt::Display| console.line(format_args!("  {name:<18}{value}"));
        line("onboarding", &self.onboarding_id);
        line("route", &self.route);
        line("ended", &format_args!("{} after {:.1} s", self.ending, self.seconds));
        line("subscription", &format_args!("{} {}", text(&self.subscription["name"]), text(&self.subscription["id"])));
        let directories = (text(&self.directory.before["name"]), text(&self.directory.after["name"]));
        line("directory", &format_args!("{} → {}", directories.0, directories.1));
        line("Owner", &format_args!("{} → {}", names(&self.owners.before), names(&self.owners.after)));
        for row in &self.access {
            line("access", row);
        }
        line("state transitions", &self.state_transitions);
        console.line("\n  The state machine, without its bookkeeping states:");
        for state in self.states.iter().filter(|state| state.seconds >= 0.02) {
            console.line(format_args!("    {:>7.2} s  {:>6.2} s  {}", state.entered_at, state.seconds, state.name));
        }
        print_calls(console, "Calls to Microsoft", &self.microsoft_calls);
        print_calls(console, "Calls of the functions to AWS", &self.aws_calls);
        console.line(format_args!(
            "    (beside {} of the progress page, which the walk-through keeps looking at)",
            self.progress_page_calls
        ));
        print_calls(console, "Calls of the state machine", &self.state_machine_calls);
        console.line("\n  What changed at Microsoft:");
        for (kind, count) in &self.effects {
            console.line(format_args!("    {count:>4}  {kind}"));
        }
    }

    /// Writes it as JSON to the file, or to `.mooring/run/receipt.json`, and answers with the path.
    pub fn write(&self, file: Option<&Path>, stack: &Stack) -> Result<PathBuf> {
        let path = match file {
            Some(file) => file.to_path_buf(),
            None => stack.folder().parent().context("the run's folder has no parent")?.join("receipt.json"),
        };
        let text = serde_json::to_string_pretty(self).context("the receipt is not JSON")?;
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path)
    }
}

fn print_calls(console: &Console, title: &str, calls: &Calls) {
    console.line(format_args!("\n  {title}: {}", calls.total));
    for (kind, count) in &calls.by_kind {
        console.line(format_args!("    {count:>4}  {kind}"));
    }
}

fn directory(facts: &Facts) -> Value {
    json!({ "id": facts.directory_id, "name": facts.directory_name })
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn names(value: &Value) -> String {
    value.as_array().into_iter().flatten().map(text).collect::<Vec<_>>().join(", ")
}

/// Every state with the time at which it was entered and left.
fn states_of(history: &[Value]) -> Vec<StateTime> {
    let start = history.first().and_then(|event| event["timestamp"].as_f64()).unwrap_or_default();
    let mut states: Vec<StateTime> = Vec::new();
    for event in history {
        let kind = event["type"].as_str().unwrap_or_default();
        let at = event["timestamp"].as_f64().unwrap_or(start) - start;
        if kind.ends_with("StateEntered") {
            let name = text(&event["stateEnteredEventDetails"]["name"]).to_owned();
            states.push(StateTime { name, entered_at: at, seconds: 0.0 });
        } else if kind.ends_with("StateExited") {
            let name = text(&event["stateExitedEventDetails"]["name"]);
            // The machine has no parallel states, so the newest of that name is the one.
            if let Some(state) = states.iter_mut().rev().find(|state| state.name == name) {
                state.seconds = at - state.entered_at;
            }
        }
    }
    states
}

fn kind_of_task(event: &Value) -> Option<String> {
    if event["type"] != "TaskScheduled" {
        return None;
    }
    let details = &event["taskScheduledEventDetails"];
    // AWS names the operation alone, the emulator the whole resource.
    let resource = text(&details["resource"]);
    let operation = resource.rsplit_once(":::").map_or(resource, |(_, operation)| operation);
    if operation.contains(':') {
        return Some(operation.to_owned());
    }
    Some(format!("{}:{operation}", text(&details["resourceType"])))
}

fn kind_of_aws_call(call: &AwsCall) -> String {
    format!("{} {}", call.service, call.action)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_timed_from_entry_to_exit_each_time_it_is_entered() {
        let event = |kind: &str, details: &str, name: &str, at: f64| json!({ "type": kind, details: { "name": name }, "timestamp": at });
        let history = [
            json!({ "type": "ExecutionStarted", "timestamp": 100.0 }),
            event("TaskStateEntered", "stateEnteredEventDetails", "Register", 100.5),
            event("TaskStateExited", "stateExitedEventDetails", "Register", 101.0),
            event("TaskStateEntered", "stateEnteredEventDetails", "Register", 102.0),
        ];
        let states = states_of(&history);
        assert_eq!(states.len(), 2);
        assert!((states[0].seconds - 0.5).abs() < 1e-9 && states[1].seconds.abs() < 1e-9);
    }

    #[test]
    fn a_task_is_counted_by_its_operation_whoever_runs_the_machine() {
        let task = |kind: &str, resource: &str| {
            let details = json!({ "resourceType": kind, "resource": resource });
            kind_of_task(&json!({ "type": "TaskScheduled", "taskScheduledEventDetails": details }))
        };
        assert_eq!(task("lambda", "invoke").unwrap(), "lambda:invoke");
        assert_eq!(task("lambda", "arn:aws:states:::lambda:invoke").unwrap(), "lambda:invoke");
    }

    #[test]
    fn only_what_was_called_since_is_counted() {
        let counts = |pairs: &[(&str, usize)]| pairs.iter().map(|(kind, count)| ((*kind).to_owned(), *count)).collect();
        let calls = Calls::between(&counts(&[("a", 2), ("b", 1)]), counts(&[("a", 5), ("b", 1), ("c", 1)]));
        assert_eq!(calls.total, 4);
        assert_eq!(calls.by_kind, counts(&[("a", 3), ("c", 1)]));
    }
}
