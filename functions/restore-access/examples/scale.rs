//! What a report and a restore cost, by size. Run it with
//! `cargo run --release -p restore-access --example scale`.
//!
//! For 10, 400 and 4,000 role assignments (with up to 300 custom roles and 50,000 resources) it makes a snapshot, a report and a plan,
//! keeps them as pages, and restores everything from an Azure in memory that answers in 80 ms and takes 200 writes at once and ten
//! a second after that. Azure's time is virtual, so that nobody waits for it; processor time and memory are this machine's. Each
//! size runs in a process of its own, since only then is the highest memory that of the size.
//!
//! It fails if an invocation took longer than a minute or the memory went over 256 MB: what the functions have.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::process::{Command, ExitCode};
use std::time::Duration;

use access::mapping::{Decision, People, Verdict};
use access::plan::{Pace, Plan, PlannedAssignment, PlannedRole, RowOutcome, RowResult, pace};
use access::snapshot::{Assignment, CustomRole, Origin, PermissionSet, Snapshot};
use impact::catalogue::Resource;
use impact::report::{Inventory, Report, ReportParts};
use jiff::{SignedDuration, Timestamp};
use onboarding::{Actor, ObjectId, SubscriptionId, TenantId};
use restore_access::restore::{Azure, Keep, Present, Said, SoFar, Time, Went, go_on};
use serde_json::{Value, json};
use step::Stop;
use tokio::time::Instant;

/// Assignments, custom roles, resources.
const SIZES: [(u32, u32, u32); 3] = [(10, 1, 100), (400, 30, 5_000), (4_000, 300, 50_000)];
const LONGEST_SECONDS: u64 = 60;
const MOST_MEMORY_KB: u64 = 256 * 1024;

const SUBSCRIPTION: &str = "51000000-0000-4000-8000-000000000001";
const SCOPE: &str = "/subscriptions/51000000-0000-4000-8000-000000000001";
const BEGAN: Timestamp = Timestamp::UNIX_EPOCH;

type Problem = Box<dyn std::error::Error>;

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line program talks to its user")]
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.first().and_then(|place| place.parse::<usize>().ok()) {
        Some(place) => measure(place).map(|row| println!("{row}")),
        None => compare().map(|table| println!("{table}")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

/// Runs every size and holds them against the limits.
fn compare() -> Result<String, Problem> {
    let columns = [
        "assignments",
        "roles",
        "resources",
        "reportMs",
        "findings",
        "keptBytes",
        "restoreMs",
        "azureSeconds",
        "invocations",
        "longestSeconds",
        "lists",
        "writes",
        "keptBatches",
        "reportKb",
        "memoryKb",
    ];
    let mut lines = vec![columns.join("\t")];
    let mut rows: Vec<Value> = Vec::new();
    for place in 0..SIZES.len() {
        let output = Command::new(std::env::current_exe()?).arg(place.to_string()).output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
        }
        let row: Value = serde_json::from_slice(&output.stdout)?;
        lines.push(columns.map(|column| row[column].to_string()).join("\t"));
        rows.push(row);
    }
    for (one, next) in rows.iter().zip(rows.iter().skip(1)) {
        let factor = |column: &str| {
            let of = |row: &Value| row[column].as_f64().unwrap_or_default().max(1.0);
            format!("{column} ×{:.1}", of(next) / of(one))
        };
        let factors = ["assignments", "reportMs", "keptBytes", "restoreMs", "writes", "memoryKb"].map(factor);
        lines.push(format!("growth: {}", factors.join(", ")));
    }
    for row in &rows {
        let number = |column: &str| row[column].as_u64().unwrap_or(u64::MAX);
        if number("longestSeconds") > LONGEST_SECONDS || number("memoryKb") > MOST_MEMORY_KB {
            return Err(format!("{}\nover the limit: {row}", lines.join("\n")).into());
        }
    }
    Ok(lines.join("\n"))
}

fn measure(place: usize) -> Result<Value, Problem> {
    let (assignments, roles, resources) = SIZES.get(place).copied().ok_or("no such size")?;
    let subscription = SubscriptionId::parse(SUBSCRIPTION)?;
    let started = std::time::Instant::now();
    let mut before = snapshot(assignments, roles)?;
    before.sort();
    let hash = before.hash();
    let tenant = |digit: char| TenantId::parse(&SUBSCRIPTION.replace('5', &digit.to_string()));
    let mut parts = ReportParts::new(subscription.clone(), tenant('6')?, tenant('7')?, &before, hash);
    parts.inventory = inventory(resources)?;
    parts.expected = Some(u64::from(resources));
    let report = Report::build(parts);
    let pages = [before.to_pages()?, report.to_pages()?];
    let kept: usize = pages.iter().flatten().map(Vec::len).sum();
    let report_ms = started.elapsed().as_millis();
    let report_kb = memory_kb()?;
    let started = std::time::Instant::now();
    let decisions: Vec<_> = before.assignments.iter().map(approved).collect();
    let plan = Plan::new(&subscription, &before, &decisions, &People::default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    let restored = runtime.block_on(restore(&plan))?;
    let mut row = json!({
        "assignments": assignments, "roles": roles, "resources": resources,
        "reportMs": report_ms, "findings": report.findings.len(), "keptBytes": kept,
        "restoreMs": started.elapsed().as_millis(), "reportKb": report_kb, "memoryKb": memory_kb()?,
    });
    if let (Some(row), Value::Object(restored)) = (row.as_object_mut(), restored) {
        row.extend(restored);
    }
    Ok(row)
}

/// All invocations of a restore, as the state machine makes them.
async fn restore(plan: &Plan) -> Result<Value, Problem> {
    let clock = Virtual(Instant::now());
    let (azure, mut kept) = (Memory::new(), Kept::default());
    let (mut invocations, mut longest) = (0, 0);
    loop {
        let so_far = SoFar { started: BEGAN, results: kept.results.clone(), written: kept.written };
        let began = Instant::now();
        let went = go_on(plan, so_far, &azure, &mut kept, &clock, began + Duration::from_secs(50)).await;
        invocations += 1;
        longest = longest.max(began.elapsed().as_secs());
        match went.map_err(|stop| stop.message)? {
            Went::Finished => break,
            Went::Later { wait_seconds } => clock.sleep(Duration::from_secs(wait_seconds.unsigned_abs())).await,
        }
    }
    let restored = kept.results.iter().filter(|result| result.outcome == RowOutcome::Restored).count();
    if restored != plan.rows() || azure.throttled.get() > 0 {
        return Err(format!("{restored} of {} rows, {} throttled", plan.rows(), azure.throttled.get()).into());
    }
    Ok(json!({
        "azureSeconds": clock.0.elapsed().as_secs(), "invocations": invocations, "longestSeconds": longest,
        "lists": azure.lists.get(), "writes": azure.writes.get(), "keptBatches": kept.batches,
    }))
}

fn id(prefix: &str, number: u32) -> String {
    format!("{prefix}000000-0000-4000-8000-{number:012}")
}

fn snapshot(assignments: u32, roles: u32) -> Result<Snapshot, Problem> {
    let role = |number: u32| CustomRole {
        id: format!("{SCOPE}/providers/Microsoft.Authorization/roleDefinitions/{}", id("d0", number)),
        guid: id("d0", number),
        name: format!("Operator {number}"),
        description: Some("Runs one of the workloads".into()),
        permissions: vec![PermissionSet {
            actions: (0..20).map(|action| format!("Microsoft.Service{action}/things/read")).collect(),
            ..PermissionSet::default()
        }],
        assignable_scopes: vec![SCOPE.into()],
    };
    let assignment = |number: u32| -> Result<Assignment, Problem> {
        let scope = format!("{SCOPE}/resourceGroups/group-{}", number % 97);
        let custom = number.is_multiple_of(3);
        Ok(Assignment {
            id: format!("{scope}/providers/Microsoft.Authorization/roleAssignments/{}", id("e0", number)),
            scope,
            role: if custom { id("d0", number % roles) } else { "acdd72a7-3385-48ef-bd42-f606fba81ae7".into() },
            role_name: if custom { format!("Operator {}", number % roles) } else { "Reader".into() },
            principal: ObjectId::parse(&id("0a", number))?,
            principal_type: "User".into(),
            description: number.is_multiple_of(5).then(|| "Asked for by finance".into()),
            condition: None,
            condition_version: None,
            origin: Origin::Here,
        })
    };
    Ok(Snapshot {
        assignments: (0..assignments).map(assignment).collect::<Result<_, _>>()?,
        custom_roles: (0..roles).map(role).collect(),
        ..Snapshot::default()
    })
}

/// Everything is approved, each for an account of the same number in the partner directory.
fn approved(assignment: &Assignment) -> Decision {
    Decision {
        assignment: assignment.id.clone(),
        verdict: Verdict::Restore,
        target: ObjectId::parse(&assignment.principal.as_str().replacen("0a", "0b", 1)).ok(),
        by: Actor::PartnerAdmin,
        at: BEGAN.to_string(),
        seconded_by: Some(Actor::Owner),
    }
}

fn memory_kb() -> Result<u64, Problem> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse()?)
}

/// Tokio's paused clock.
struct Virtual(Instant);

impl Time for Virtual {
    fn now(&self) -> Timestamp {
        BEGAN + SignedDuration::try_from(self.0.elapsed()).unwrap_or_default()
    }

    async fn sleep(&self, how_long: Duration) {
        tokio::time::sleep(how_long).await;
    }
}

#[derive(Default)]
struct Kept {
    results: Vec<RowResult>,
    written: u32,
    batches: u32,
}

impl Keep for Kept {
    async fn keep(&mut self, results: &[RowResult], written: u32) -> Result<(), Stop> {
        self.results.extend_from_slice(results);
        self.written = written;
        self.batches += 1;
        Ok(())
    }
}

/// An Azure that remembers names and refuses what comes too fast.
struct Memory {
    began: Instant,
    present: RefCell<Present>,
    names: RefCell<HashSet<String>>,
    lists: Cell<u32>,
    writes: Cell<u32>,
    throttled: Cell<u32>,
}

impl Memory {
    fn new() -> Self {
        Self {
            began: Instant::now(),
            present: RefCell::default(),
            names: RefCell::default(),
            lists: Cell::default(),
            writes: Cell::default(),
            throttled: Cell::default(),
        }
    }

    async fn write(&self, name: &str) -> Said {
        tokio::time::sleep(Duration::from_millis(80)).await;
        let now = BEGAN + SignedDuration::try_from(self.began.elapsed()).unwrap_or_default();
        if let Pace::Wait(seconds) = pace(BEGAN, now, self.writes.get()) {
            self.throttled.set(self.throttled.get() + 1);
            return Said::Busy(Some(Duration::from_secs(u64::from(seconds))));
        }
        self.writes.set(self.writes.get() + 1);
        if self.names.borrow_mut().insert(name.to_owned()) { Said::Made } else { Said::Refused("made twice".into()) }
    }
}

impl Azure for Memory {
    async fn present(&self) -> Result<Present, Said> {
        self.lists.set(self.lists.get() + 1);
        tokio::time::sleep(Duration::from_millis(400)).await;
        Ok(self.present.borrow().clone())
    }

    async fn make_role(&self, role: &PlannedRole, name: &str) -> Said {
        let said = self.write(&role.guid).await;
        if matches!(said, Said::Made) {
            self.present.borrow_mut().roles.push(CustomRole {
                id: format!("{SCOPE}/providers/Microsoft.Authorization/roleDefinitions/{}", role.guid),
                guid: role.guid.clone(),
                name: name.to_owned(),
                description: role.description.clone(),
                permissions: role.permissions.clone(),
                assignable_scopes: role.assignable_scopes.clone(),
            });
        }
        said
    }

    async fn assign(&self, row: &PlannedAssignment, name: &str) -> Said {
        let said = self.write(name).await;
        if matches!(said, Said::Made) {
            self.present.borrow_mut().assignments.push(Assignment {
                id: format!("{}/providers/Microsoft.Authorization/roleAssignments/{name}", row.scope),
                scope: row.scope.clone(),
                role: row.role.clone(),
                role_name: row.role_name.clone(),
                principal: row.principal.clone(),
                principal_type: row.principal_type.clone(),
                description: row.description.clone(),
                condition: row.condition.clone(),
                condition_version: row.condition_version.clone(),
                origin: Origin::Here,
            });
        }
        said
    }
}

fn inventory(resources: u32) -> Result<Inventory, Problem> {
    let mut inventory = Inventory::default();
    let mut page = Vec::new();
    for number in 0..resources {
        let (of, identity) = match number % 10 {
            0 => ("microsoft.keyvault/vaults", "None"),
            1 => ("microsoft.web/sites", "SystemAssigned"),
            2 => ("microsoft.storage/storageaccounts", "None"),
            _ => ("microsoft.compute/disks", "None"),
        };
        let resource: Resource = serde_json::from_value(json!({
            "id": format!("{SCOPE}/resourceGroups/group-{}/providers/{of}/thing-{number}", number % 97),
            "name": format!("thing-{number}"), "type": of, "location": "westeurope", "identityType": identity,
        }))?;
        // A page at a time, as it is read.
        page.push(resource);
        if page.len() == 1_000 || number + 1 == resources {
            inventory.take(&page);
            page.clear();
        }
    }
    Ok(inventory)
}
