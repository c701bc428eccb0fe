//! The restore itself: which rows are still to be made, how fast, and what came of each. Azure, the record and the time are ports,
//! so that it can be killed at every row in a test.
//!
//! What makes it safe to repeat at any moment:
//!
//! * It lists before it writes. A row that is there is not written, whoever made it.
//! * Every name is deterministic, so that a write whose answer was lost says the same thing when it is said again.
//! * Results are kept at least every [`BATCH`] rows or [`KEPT_EVERY`]. A row with a result is never touched again.
//!
//! One refused row is that row's result and nobody else's: past the point of no return there is only forward.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use access::plan::{BURST, Pace, Plan, PlannedAssignment, PlannedRole, RowOutcome, RowResult, alternative_name, pace};
use access::snapshot::{Assignment, CustomRole};
use jiff::{SignedDuration, Timestamp};
use onboarding::ids::role_assignment_name;
use step::Stop;
use tokio::time::Instant;

/// How many rows are tried before their results are kept.
pub const BATCH: usize = 25;
/// How long results may wait to be kept.
pub const KEPT_EVERY: Duration = Duration::from_secs(2);
/// How long Azure may take to know what it has just been told. Its guide says ten minutes; after a move it can be more.
const KNOWN_WITHIN: SignedDuration = SignedDuration::from_hours(1);
/// How long the account that accepted the move may be refused as if it were not yet Owner: step 4 has seen it act already.
const HONOURED_WITHIN: SignedDuration = SignedDuration::from_mins(15);
/// How long a row may stay without any usable answer before that is its result.
const ANSWERED_WITHIN: SignedDuration = SignedDuration::from_hours(6);

/// The access that is there now.
#[derive(Debug, Clone, Default)]
pub struct Present {
    /// Custom roles that can be assigned in the subscription.
    pub roles: Vec<CustomRole>,
    /// Role assignments at, above and below the subscription.
    pub assignments: Vec<Assignment>,
}

/// What Azure said to one write, or to the list.
#[derive(Debug, Clone)]
pub enum Said {
    /// Made.
    Made,
    /// Somebody made the same under another name, which the list will show.
    There,
    /// The name is another's.
    NameTaken,
    /// It doesn't know yet what it has been told a moment ago.
    NotYet {
        /// Its words.
        words: String,
        /// Whether it is the caller's own right that it doesn't know.
        caller: bool,
    },
    /// No, for good.
    Refused(String),
    /// Too many calls.
    Busy(Option<Duration>),
    /// No usable answer; it may have been made.
    Unclear(String),
    /// A person has to sign in again: no further call would fare better.
    Stop(Box<Stop>),
}

/// Azure, as the account that accepted the move.
pub trait Azure {
    /// All custom roles and assignments. An error is never [`Said::Made`], [`Said::There`] or [`Said::NameTaken`].
    fn present(&self) -> impl Future<Output = Result<Present, Said>>;
    /// Makes a custom role under a name.
    fn make_role(&self, role: &PlannedRole, name: &str) -> impl Future<Output = Said>;
    /// Makes an assignment under a name.
    fn assign(&self, row: &PlannedAssignment, name: &str) -> impl Future<Output = Said>;
}

/// Where results are kept.
pub trait Keep {
    /// Keeps results, and how many writes have been made in all.
    fn keep(&mut self, results: &[RowResult], written: u32) -> impl Future<Output = Result<(), Stop>>;
}

/// What time it is, and waiting.
pub trait Time {
    /// Now.
    fn now(&self) -> Timestamp;
    /// Waits.
    fn sleep(&self, how_long: Duration) -> impl Future<Output = ()>;
}

/// How far a run came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Went {
    /// Every row has a result.
    Finished,
    /// Some rows have none yet.
    Later {
        /// When to go on, in seconds.
        wait_seconds: i64,
    },
}

/// What the runs before came to.
#[derive(Debug, Clone, Default)]
pub struct SoFar {
    /// When the restore began.
    pub started: Timestamp,
    /// Results kept.
    pub results: Vec<RowResult>,
    /// Writes made.
    pub written: u32,
}

/// One planned row.
#[derive(Debug, Clone, Copy)]
enum Row<'a> {
    Role(&'a PlannedRole),
    Assignment(&'a PlannedAssignment),
}

/// The key of a custom role's row in results.
#[must_use]
pub fn role_key(role: &PlannedRole) -> String {
    format!("role:{}", role.before)
}

impl Row<'_> {
    fn key(&self) -> String {
        match self {
            Self::Role(role) => role_key(role),
            Self::Assignment(row) => row.before.clone(),
        }
    }

    fn result(&self, outcome: RowOutcome, error: Option<String>) -> RowResult {
        RowResult { before: self.key(), outcome, error }
    }

    /// Makes the row; under another name if its own is another's. Answers how many calls that took.
    async fn make<A: Azure>(&self, azure: &A) -> (Said, u32) {
        let (name, other) = match self {
            Self::Role(role) => (role.name.clone(), alternative_name(&role.name, &role.guid)),
            Self::Assignment(row) => {
                (row.name.clone(), role_assignment_name(&row.scope, &row.principal, &row.role, "2"))
            }
        };
        let said = self.make_as(azure, &name).await;
        if !matches!(said, Said::NameTaken) {
            return (said, 1);
        }
        let said = self.make_as(azure, &other).await;
        if !matches!(said, Said::NameTaken) {
            return (said, 2);
        }
        (Said::Refused(format!("both names are taken by something else: {name}, {other}")), 2)
    }

    async fn make_as<A: Azure>(&self, azure: &A, name: &str) -> Said {
        match self {
            Self::Role(role) => azure.make_role(role, name).await,
            Self::Assignment(row) => azure.assign(row, name).await,
        }
    }
}

/// Makes what is still to be made, until `until`. Calls Azure only if there is something.
///
/// # Errors
/// A person has to sign in again, or a result could not be kept. What was done before is kept.
pub async fn go_on<A: Azure, K: Keep, T: Time>(
    plan: &Plan,
    so_far: SoFar,
    azure: &A,
    keep: &mut K,
    time: &T,
    until: Instant,
) -> Result<Went, Stop> {
    let mut run = Run::new(plan, so_far, time);
    if run.is_finished() {
        return Ok(Went::Finished);
    }
    match azure.present().await {
        Ok(present) => run.look(&present),
        Err(said) => {
            let wait_seconds = run.without_list(said)?;
            if run.is_finished() {
                run.keep(keep).await?;
                return Ok(Went::Finished);
            }
            return Ok(Went::Later { wait_seconds });
        }
    }
    run.keep(keep).await?;
    // Roles first: assignments refer to them.
    let roles: Vec<_> = plan.roles.iter().map(Row::Role).collect();
    let assignments: Vec<_> = plan.assignments.iter().map(Row::Assignment).collect();
    for rows in [roles, assignments] {
        if let Some(wait_seconds) = run.make_all(&rows, azure, keep, until).await? {
            return Ok(Went::Later { wait_seconds });
        }
    }
    Ok(match run.look_again_in() {
        _ if run.is_finished() => Went::Finished,
        wait_seconds => Went::Later { wait_seconds },
    })
}

/// One invocation's part of a restore.
struct Run<'a, T> {
    plan: &'a Plan,
    time: &'a T,
    started: Timestamp,
    /// When this run began, and what of Azure's allowance was used up by then.
    began: Timestamp,
    used: u32,
    written_before: u32,
    written: u32,
    done: HashMap<String, RowOutcome>,
    /// Results that are not kept yet.
    fresh: Vec<RowResult>,
    /// The first row of each name.
    twins: HashMap<&'a str, &'a PlannedAssignment>,
    /// The planned custom roles by their GUIDs of now.
    roles: HashMap<&'a str, &'a PlannedRole>,
}

impl<'a, T: Time> Run<'a, T> {
    fn new(plan: &'a Plan, so_far: SoFar, time: &'a T) -> Self {
        let began = time.now();
        let SoFar { started, results, written } = so_far;
        // What the allowance regained while nothing was written must not become a longer burst.
        let used = match pace(started, began, written) {
            Pace::Now(left) => BURST.saturating_sub(left),
            Pace::Wait(_) => BURST,
        };
        let done = results.into_iter().map(|result| (result.before, result.outcome)).collect();
        let mut twins = HashMap::new();
        for row in &plan.assignments {
            twins.entry(row.name.as_str()).or_insert(row);
        }
        let roles = plan.roles.iter().map(|role| (role.guid.as_str(), role)).collect();
        let (written_before, fresh) = (written, Vec::new());
        Self { plan, time, started, began, used, written_before, written: 0, done, fresh, twins, roles }
    }

    fn rows(&self) -> impl Iterator<Item = Row<'a>> + use<'a, T> {
        let roles = self.plan.roles.iter().map(Row::Role);
        roles.chain(self.plan.assignments.iter().map(Row::Assignment))
    }

    fn is_finished(&self) -> bool {
        self.rows().all(|row| self.done.contains_key(&row.key()))
    }

    fn first_of(&self, row: &'a PlannedAssignment) -> &'a PlannedAssignment {
        self.twins.get(row.name.as_str()).copied().unwrap_or(row)
    }

    fn elapsed(&self) -> SignedDuration {
        self.time.now().duration_since(self.started)
    }

    fn end(&mut self, row: Row<'_>, outcome: RowOutcome, error: Option<String>) {
        self.done.insert(row.key(), outcome);
        self.fresh.push(row.result(outcome, error));
    }

    /// Ends the rows that are there already.
    fn look(&mut self, present: &Present) {
        let roles: HashSet<_> = present.roles.iter().map(|role| role.guid.to_ascii_lowercase()).collect();
        let named: HashMap<_, _> = present.assignments.iter().map(|it| (last_segment(&it.id), it)).collect();
        let same: HashMap<_, _> = present
            .assignments
            .iter()
            .map(|it| ((it.scope.to_ascii_lowercase(), it.role.to_ascii_lowercase(), &it.principal), it))
            .collect();
        let open: Vec<_> = self.rows().filter(|row| !self.done.contains_key(&row.key())).collect();
        for row in open {
            match row {
                // Its GUID is ours alone, so it was made by an attempt whose result was not kept.
                Row::Role(role) if roles.contains(&role.guid.to_ascii_lowercase()) => {
                    self.end(row, RowOutcome::Restored, None);
                }
                // One of two who become one account: its result is that of the first.
                Row::Assignment(planned) if self.first_of(planned).before != planned.before => {}
                Row::Role(_) => {}
                Row::Assignment(planned) => {
                    let what =
                        (planned.scope.to_ascii_lowercase(), planned.role.to_ascii_lowercase(), &planned.principal);
                    let Some(there) = same.get(&what) else { continue };
                    let ours = named.get(&planned.name.to_ascii_lowercase()).is_some_and(|it| it.id == there.id);
                    if there.condition.as_deref().unwrap_or_default()
                        != planned.condition.as_deref().unwrap_or_default()
                    {
                        self.end(row, RowOutcome::Refused, Some(OTHER_CONDITION.into()));
                    } else if ours {
                        self.end(row, RowOutcome::Restored, None);
                    } else {
                        self.end(row, RowOutcome::Present, None);
                    }
                }
            }
        }
    }

    /// What is done about a list that could not be read: when to try again, or every row that is left ends with Azure's words.
    fn without_list(&mut self, said: Said) -> Result<i64, Stop> {
        let words = match said {
            Said::Stop(stop) => return Err(*stop),
            Said::Busy(wait) => return Ok(seconds(wait)),
            Said::NotYet { words, caller } if self.elapsed() > known_within(caller) => words,
            Said::Unclear(words) if self.elapsed() > ANSWERED_WITHIN => words,
            Said::Refused(words) => words,
            Said::NotYet { .. } | Said::Unclear(_) | Said::Made | Said::There | Said::NameTaken => {
                return Ok(self.look_again_in());
            }
        };
        let open: Vec<_> = self.rows().filter(|row| !self.done.contains_key(&row.key())).collect();
        for row in open {
            self.end(row, RowOutcome::Refused, Some(words.clone()));
        }
        Ok(0)
    }

    /// Makes rows batch by batch. `Some`: go on later, in so many seconds.
    async fn make_all<A: Azure, K: Keep>(
        &mut self,
        rows: &[Row<'a>],
        azure: &A,
        keep: &mut K,
        until: Instant,
    ) -> Result<Option<i64>, Stop> {
        let mut next = 0;
        while let Some(from) = rows.get(next..).filter(|rest| !rest.is_empty()) {
            let mut batch = Vec::new();
            let mut passed = 0;
            for row in from {
                if batch.len() == BATCH {
                    break;
                }
                passed += 1;
                if self.is_to_be_made(*row) {
                    batch.push(*row);
                }
            }
            if !batch.is_empty() {
                if let Some(wait) = self.wait_for_allowance(&batch, until).await {
                    self.keep(keep).await?;
                    return Ok(Some(wait));
                }
                let answers = make_batch(azure, &batch).await;
                let attempted = answers.len();
                let ended = self.settle(answers);
                self.keep(keep).await?;
                match ended {
                    Ended::Stop(stop) => return Err(*stop),
                    Ended::Wait(seconds) => return Ok(Some(seconds)),
                    // Not all were tried within the time: take them again, those that are done drop out.
                    Ended::GoOn if attempted < batch.len() => continue,
                    Ended::GoOn => {}
                }
            }
            next += passed;
        }
        self.keep(keep).await?;
        Ok(None)
    }

    /// Whether a row needs a call now. Those whose fate is known without one get their result here.
    fn is_to_be_made(&mut self, row: Row<'a>) -> bool {
        if self.done.contains_key(&row.key()) {
            return false;
        }
        let Row::Assignment(planned) = row else { return true };
        if let Some(role) = self.roles.get(planned.role.as_str()).copied() {
            match self.done.get(&role_key(role)) {
                Some(RowOutcome::Restored | RowOutcome::Present) => {}
                Some(RowOutcome::Refused) => {
                    let words = format!("the custom role {} could not be made", role.name);
                    self.end(row, RowOutcome::Refused, Some(words));
                    return false;
                }
                None => return false,
            }
        }
        // Two who become one account in the partner directory: one assignment, and never one that replaces the other.
        let first = self.first_of(planned);
        if first.before == planned.before {
            return true;
        }
        match self.done.get(&first.before) {
            Some(RowOutcome::Restored | RowOutcome::Present) if first.condition == planned.condition => {
                self.end(row, RowOutcome::Present, None);
                false
            }
            Some(RowOutcome::Restored | RowOutcome::Present) => {
                self.end(row, RowOutcome::Refused, Some(OTHER_CONDITION.into()));
                false
            }
            Some(RowOutcome::Refused) => true,
            None => false,
        }
    }

    /// Waits until Azure takes a batch. `Some`: that is later than this run lasts.
    async fn wait_for_allowance(&self, batch: &[Row<'_>], until: Instant) -> Option<i64> {
        let wanted = u32::try_from(batch.len()).unwrap_or(u32::MAX);
        loop {
            if Instant::now() >= until {
                return Some(1);
            }
            match pace(self.began, self.time.now(), self.used + self.written) {
                Pace::Now(allowed) if allowed >= wanted => return None,
                Pace::Now(_) | Pace::Wait(_) => self.time.sleep(Duration::from_secs(1)).await,
            }
        }
    }

    fn settle(&mut self, answers: Vec<(Row<'a>, Said, u32)>) -> Ended {
        let mut ended = Ended::GoOn;
        let (mut results, mut stuck) = (0, 0);
        for (row, said, calls) in answers {
            self.written += calls;
            let (outcome, words) = match said {
                Said::Made => (RowOutcome::Restored, None),
                Said::There if self.elapsed() > KNOWN_WITHIN => (RowOutcome::Present, None),
                Said::NameTaken => (RowOutcome::Refused, Some("the name is taken".to_owned())),
                Said::Refused(words) => (RowOutcome::Refused, Some(words)),
                Said::NotYet { words, caller } if self.elapsed() > known_within(caller) => {
                    (RowOutcome::Refused, Some(words))
                }
                Said::Unclear(words) if self.elapsed() > ANSWERED_WITHIN => (RowOutcome::Refused, Some(words)),
                Said::NotYet { caller, .. } => {
                    // What Azure doesn't know yet of one account says nothing of the others; of the caller it says all.
                    stuck += u32::from(caller);
                    continue;
                }
                Said::Unclear(_) => {
                    stuck += 1;
                    continue;
                }
                // Under which condition, the list says.
                Said::There => continue,
                Said::Busy(wait) => {
                    if !matches!(ended, Ended::Stop(_)) {
                        ended = Ended::Wait(seconds(wait));
                    }
                    continue;
                }
                Said::Stop(stop) => {
                    ended = Ended::Stop(stop);
                    continue;
                }
            };
            results += 1;
            self.end(row, outcome, words);
        }
        if matches!(ended, Ended::GoOn) && results == 0 && stuck > 0 {
            ended = Ended::Wait(self.look_again_in());
        }
        ended
    }

    async fn keep<K: Keep>(&mut self, keep: &mut K) -> Result<(), Stop> {
        if self.fresh.is_empty() {
            return Ok(());
        }
        keep.keep(&self.fresh, self.written_before + self.written).await?;
        self.fresh.clear();
        Ok(())
    }

    /// When to look again, in seconds: soon at first, and rarely after an hour.
    fn look_again_in(&self) -> i64 {
        match self.elapsed().as_secs() {
            ..120 => 10,
            120..3600 => 60,
            _ => 300,
        }
    }
}

/// How a batch ended.
enum Ended {
    GoOn,
    Wait(i64),
    Stop(Box<Stop>),
}

const OTHER_CONDITION: &str =
    "the same role is assigned to the same account here under another condition, and was left as it is";

fn known_within(caller: bool) -> SignedDuration {
    if caller { HONOURED_WITHIN } else { KNOWN_WITHIN }
}

fn seconds(wait: Option<Duration>) -> i64 {
    wait.map_or(10, |wait| i64::try_from(wait.as_secs()).unwrap_or(300)).clamp(1, 300)
}

fn last_segment(id: &str) -> String {
    id.rsplit('/').next().unwrap_or_default().to_ascii_lowercase()
}

/// Makes the rows of a batch, several at once. Those that were not begun in time, or after Azure had asked us to stop, are not
/// among the answers.
async fn make_batch<'a, A: Azure>(azure: &A, batch: &[Row<'a>]) -> Vec<(Row<'a>, Said, u32)> {
    let began = Instant::now();
    let (next, halt) = (AtomicUsize::new(0), AtomicBool::new(false));
    let answers = Mutex::new(Vec::with_capacity(batch.len()));
    let worker = || async {
        while !halt.load(Ordering::Relaxed) && began.elapsed() < KEPT_EVERY {
            let Some(row) = batch.get(next.fetch_add(1, Ordering::Relaxed)) else { break };
            let (said, calls) = row.make(azure).await;
            if matches!(said, Said::Busy(_) | Said::Stop(_)) {
                halt.store(true, Ordering::Relaxed);
            }
            answers.lock().unwrap_or_else(PoisonError::into_inner).push((*row, said, calls));
        }
    };
    // Eight at once: at Azure's pace of ten a second more would only wait.
    tokio::join!(worker(), worker(), worker(), worker(), worker(), worker(), worker(), worker());
    answers.into_inner().unwrap_or_else(PoisonError::into_inner)
}
