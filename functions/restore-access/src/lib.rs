//! After step 4: the access that both people reviewed, made again. Custom roles first, then role assignments at exactly the scopes
//! they had, with their conditions and notes.
//!
//! Who: whoever accepted the move, with a token of the partner directory. Microsoft calls, if anything is planned: refresh, custom
//! roles and role assignments (all pages; once more at the end, for what came of it), and one write a row that is not there yet, no
//! faster than Azure's allowance (200 at once, then ten a second). None if nothing is planned. AWS calls beyond those of every
//! step: one query a kept list, and a page and a transaction for every [`restore::BATCH`] rows.
//!
//! What is made is what the snapshot says, which is checked against the hash that was confirmed, for whom the decisions say, which
//! are checked likewise. Undecided is not granted: on the two-party route the owner, too, has afterwards what was decided for them in the
//! review, and nothing else.
//!
//! The subscription has moved, so there is only forward: a row that Azure refuses is reported with Azure's words and the next one
//! is made. Killed at any moment, the next run lists what is there and goes on. [`restore`] has the rules.

pub mod azure;
pub mod restore;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::time::Duration;

use access::mapping::{People, Verdict};
use access::pages::pack;
use access::plan::{Plan, RowOutcome, RowResult, difference};
use access::snapshot::Snapshot;
use jiff::Timestamp;
use microsoft::arm::Arm;
use onboarding::{Directory, ErrorName, Step, audit};
use ops::{Event, StepError};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use step::{Deps, Input, Job, Reached, Stop, perform};
use store::{Archive, RestoreProgress};

use crate::azure::Real;
use crate::restore::{Azure as _, Keep, Said, SoFar, Time, Went, go_on};

/// What the state machine gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    /// `restored` or `restoring`.
    pub verdict: Cow<'static, str>,
    /// When to go on, in seconds.
    pub wait_seconds: i64,
}

/// Handles one event.
///
/// # Errors
/// [`ErrorName::SnapshotDamaged`], and those of every step.
pub async fn handle(deps: &Deps, event: Event<Input>) -> Result<Output, StepError> {
    Box::pin(perform(deps, event, Step::RestoreAccess, work)).await
}

/// What one batch may take at most: nothing is begun later than this before the calls must have ended.
const FOR_A_BATCH: Duration = Duration::from_secs(5);

/// How many rows of the difference go into one record.
const PAGE: usize = 500;

async fn work(job: &mut Job<'_>) -> Result<(Reached, Output), Stop> {
    let Some(approved) = approved(job).await? else {
        // Nothing was approved and there is no custom role, so nothing is read or asked.
        let progress = RestoreProgress {
            started_at: job.deps.clock.now().to_string(),
            left_out: job.loaded.meta.report.as_ref().map_or(0, |report| report.assignments),
            ..RestoreProgress::default()
        };
        return Ok(done(job, progress, &[], None));
    };
    let Approved { hash, before, plan } = approved;
    let so_far = kept(job, &hash).await?;
    let progress = begun(job, &hash, &plan, &so_far).await?;
    if plan.roles.is_empty() && plan.assignments.is_empty() {
        return Ok(done(job, progress, &[], None));
    }
    let actor = job.loaded.meta.route.acceptor();
    let token = job.token::<Arm>(actor, Directory::Partner).await?;
    let azure = Real::new(job.cloud()?.arm(&token), job.loaded.meta.subscription_id.clone(), actor, &plan);
    let started = progress.started_at.parse::<Timestamp>().unwrap_or_else(|_| job.deps.clock.now());
    let so_far = SoFar { started, results: so_far.results, written: progress.written };
    let until = job.deadline() - FOR_A_BATCH;
    let clock = System(job.deps.clock);
    let mut record = Record { job, hash: &hash, progress };
    let went = go_on(&plan, so_far, &azure, &mut record, &clock, until).await?;
    let progress = record.progress;
    let after = match went {
        Went::Later { wait_seconds } => return Ok(later(job, progress, wait_seconds)),
        Went::Finished => match azure.present().await {
            Ok(after) => Some(after),
            Err(Said::Stop(stop)) => return Err(*stop),
            // The rows are made. What the list would have said is missing, and said to be.
            Err(_) => None,
        },
    };
    let shown = match after {
        Some(after) => {
            let after = Snapshot { assignments: after.assignments, custom_roles: after.roles, ..Snapshot::default() };
            let rows = difference(&before, &after, &plan);
            for (page, rows) in rows.chunks(PAGE).enumerate() {
                let content = pack(rows).map_err(|error| Stop::new(ErrorName::InternalBug, error.to_string()))?;
                job.deps
                    .store
                    .keep_page(&job.loaded.meta.onboarding_id, Archive::Difference, &hash, page, content)
                    .await?;
            }
            Some(audit::digest(&serde_json::to_value(&rows).unwrap_or(Value::Null)))
        }
        None => None,
    };
    let all = kept(job, &hash).await?;
    Ok(done(job, progress, &all.results, shown))
}

/// What was confirmed, checked.
struct Approved {
    /// Of the decisions.
    hash: String,
    before: Snapshot,
    plan: Plan,
}

/// What is to be restored. `None`: nothing at all.
async fn approved(job: &Job<'_>) -> Result<Option<Approved>, Stop> {
    let (meta, review) = (&job.loaded.meta, &job.loaded.review);
    let Some(confirmation) = &meta.confirmation else {
        return Ok(None);
    };
    let hash = review.hash();
    if hash != confirmation.decisions_hash {
        return Err(damaged("the decisions are not those that were confirmed"));
    }
    let reported = meta.report.as_ref().filter(|report| report.hash == confirmation.report_hash);
    // Where there was nothing to review, the decisions name no snapshot.
    let decided = !review.decisions.is_empty();
    let Some(report) = reported.filter(|report| !decided || report.snapshot_hash == review.snapshot_hash) else {
        return Err(damaged("the report is not the one that was confirmed"));
    };
    // Custom roles are made again whatever was decided: they give nothing to anybody by themselves, and Azure deletes them all.
    if report.custom_roles == 0 && !review.decisions.iter().any(|decision| decision.verdict == Verdict::Restore) {
        return Ok(None);
    }
    let id = &meta.onboarding_id;
    let pages = job.deps.store.pages(id, Archive::Snapshot, &report.snapshot_hash).await?;
    let before = Snapshot::from_pages(&pages).map_err(|error| damaged(error.to_string()))?;
    if before.hash() != report.snapshot_hash {
        return Err(damaged("the snapshot has another hash than the report says"));
    }
    let pages = job.deps.store.pages(id, Archive::Principals, &report.snapshot_hash).await?;
    let people = People::from_pages(&pages).map_err(|error| damaged(error.to_string()))?;
    let plan = Plan::new(&meta.subscription_id, &before, &review.decisions, &people);
    Ok(Some(Approved { hash, before, plan }))
}

fn damaged(message: impl Into<String>) -> Stop {
    Stop::new(ErrorName::SnapshotDamaged, message)
}

/// The results kept so far. A page that can't be read is as if it had not been kept: what it says is seen in Azure.
async fn kept(job: &Job<'_>, hash: &str) -> Result<Kept, Stop> {
    let pages = job.deps.store.pages(&job.loaded.meta.onboarding_id, Archive::Restored, hash).await?;
    let results = pages.iter().filter_map(|page| access::pages::unpack::<Vec<RowResult>>(page).ok()).flatten();
    Ok(Kept { results: results.collect(), pages: count(pages.len()) })
}

/// How far it is, counted from the results themselves: a page may be kept whose count was not.
fn counted(progress: &mut RestoreProgress, results: &[RowResult]) {
    let of = |outcomes: &[RowOutcome]| count(results.iter().filter(|it| outcomes.contains(&it.outcome)).count());
    progress.done = of(&[RowOutcome::Restored, RowOutcome::Present]);
    progress.refused = of(&[RowOutcome::Refused]);
}

fn count(rows: usize) -> u32 {
    u32::try_from(rows).unwrap_or(u32::MAX)
}

/// Keeps the plan and the beginning, once.
async fn begun(job: &mut Job<'_>, hash: &str, plan: &Plan, kept: &Kept) -> Result<RestoreProgress, Stop> {
    if let Some(progress) = &job.loaded.meta.restore {
        let mut progress = progress.clone();
        progress.pages = kept.pages;
        counted(&mut progress, &kept.results);
        return Ok(progress);
    }
    let pages = plan.to_pages().map_err(|error| Stop::new(ErrorName::InternalBug, error.to_string()))?;
    for (page, content) in pages.into_iter().enumerate() {
        job.deps.store.keep_page(&job.loaded.meta.onboarding_id, Archive::Plan, hash, page, content).await?;
    }
    let mut progress = RestoreProgress {
        started_at: job.deps.clock.now().to_string(),
        planned: count(plan.roles.len() + plan.assignments.len()),
        left_out: count(plan.left_out.len()),
        pages: kept.pages,
        ..RestoreProgress::default()
    };
    counted(&mut progress, &kept.results);
    Ok(progress)
}

fn facts(progress: &RestoreProgress) -> Value {
    json!({
        "planned": progress.planned, "done": progress.done, "refused": progress.refused,
        "leftOut": progress.left_out, "written": progress.written,
    })
}

fn later(job: &mut Job<'_>, progress: RestoreProgress, wait_seconds: i64) -> (Reached, Output) {
    let facts = facts(&progress);
    job.change.meta.restore = Some(progress);
    (Reached::Settling(facts), Output { verdict: "restoring".into(), wait_seconds })
}

fn done(
    job: &mut Job<'_>,
    mut progress: RestoreProgress,
    results: &[RowResult],
    difference: Option<String>,
) -> (Reached, Output) {
    progress.finished = true;
    let mut facts = facts(&progress);
    // In the order of their keys: killed and repeated or not, the same results have the same hash.
    let mut sorted: Vec<_> = results.iter().collect();
    sorted.sort_by(|one, other| one.before.cmp(&other.before));
    facts["resultsHash"] = audit::digest(&serde_json::to_value(&sorted).unwrap_or(Value::Null)).into();
    if let Some(hash) = difference {
        facts["differenceHash"] = hash.into();
    }
    job.change.meta.restore = Some(progress);
    job.note("access.restored", facts.clone());
    (Reached::Done(facts), Output { verdict: "restored".into(), wait_seconds: 0 })
}

/// What was kept, and in how many pages.
struct Kept {
    results: Vec<RowResult>,
    pages: u32,
}

/// The record as the restore sees it: a page a batch, and the count beside it.
struct Record<'a, 'b> {
    job: &'a mut Job<'b>,
    hash: &'a str,
    progress: RestoreProgress,
}

impl Keep for Record<'_, '_> {
    async fn keep(&mut self, results: &[RowResult], written: u32) -> Result<(), Stop> {
        let content = pack(results).map_err(|error| Stop::new(ErrorName::InternalBug, error.to_string()))?;
        let id = self.job.loaded.meta.onboarding_id.clone();
        let page = usize::try_from(self.progress.pages).unwrap_or(usize::MAX);
        // First the results, then their count: a kill in between loses a number that the next run counts again.
        self.job.deps.store.keep_page(&id, Archive::Restored, self.hash, page, content).await?;
        let mut batch = self.progress.clone();
        counted(&mut batch, results);
        self.progress.done += batch.done;
        self.progress.refused += batch.refused;
        self.progress.pages += 1;
        self.progress.written = written;
        self.job.change.meta.restore = Some(self.progress.clone());
        self.job.record().await
    }
}

/// The function's clock.
struct System(ops::Clock);

impl Time for System {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    async fn sleep(&self, how_long: Duration) {
        tokio::time::sleep(how_long).await;
    }
}
