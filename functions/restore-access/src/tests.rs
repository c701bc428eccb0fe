//! The restore against an Azure in memory: killed at every row, slowed down, refused.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;

use access::plan::{Plan, PlannedAssignment, PlannedRole, RowOutcome, RowResult};
use access::snapshot::{Assignment, CustomRole, Origin, PermissionSet};
use jiff::{SignedDuration, Timestamp};
use onboarding::ids::role_assignment_name;
use onboarding::{Actor, Directory, ErrorName, ObjectId};
use step::Stop;
use tokio::time::Instant;

use crate::restore::{Azure, BATCH, Keep, Present, Said, SoFar, Time, Went, go_on};

const SCOPE: &str = "/subscriptions/51000000-0000-4000-8000-000000000001";

/// An Azure that remembers what it was told and counts how often.
#[derive(Default)]
struct Memory {
    present: RefCell<Present>,
    /// Effects a name: a second one would be a duplicate.
    made: RefCell<BTreeMap<String, u32>>,
    calls: Cell<u32>,
    lists: Cell<u32>,
    /// What it answers instead, by the row's key; taken from the front.
    instead: RefCell<BTreeMap<String, Vec<Said>>>,
    /// Dies at this call: 1 is the first. An even death is after the effect, an odd one before it.
    dies_at: Cell<Option<u32>>,
}

impl Memory {
    /// Whether the process dies at this call, before or after its effect.
    fn is_dying(&self) -> bool {
        self.calls.set(self.calls.get() + 1);
        self.dies_at.get() == Some(self.calls.get())
    }

    fn instead(&self, key: &str) -> Option<Said> {
        let mut instead = self.instead.borrow_mut();
        let answers = instead.get_mut(key)?;
        if answers.len() > 1 { Some(answers.remove(0)) } else { answers.first().cloned() }
    }

    fn count(&self, name: &str) {
        *self.made.borrow_mut().entry(name.to_owned()).or_default() += 1;
    }
}

/// The process is gone: nothing after this point runs, as with a kill.
async fn die() -> Said {
    std::future::pending().await
}

impl Azure for Memory {
    async fn present(&self) -> Result<Present, Said> {
        self.lists.set(self.lists.get() + 1);
        match self.instead("list") {
            Some(said) => Err(said),
            None => Ok(self.present.borrow().clone()),
        }
    }

    async fn make_role(&self, role: &PlannedRole, name: &str) -> Said {
        tokio::time::sleep(Duration::from_millis(80)).await;
        let dying = self.is_dying();
        if dying && !self.calls.get().is_multiple_of(2) {
            return die().await;
        }
        if let Some(said) = self.instead(&format!("{}:{name}", role.guid)).or_else(|| self.instead(&role.guid)) {
            return said;
        }
        self.count(&role.guid);
        self.present.borrow_mut().roles.push(CustomRole {
            id: format!("{SCOPE}/providers/Microsoft.Authorization/roleDefinitions/{}", role.guid),
            guid: role.guid.clone(),
            name: name.to_owned(),
            description: None,
            permissions: role.permissions.clone(),
            assignable_scopes: role.assignable_scopes.clone(),
        });
        if dying { die().await } else { Said::Made }
    }

    async fn assign(&self, row: &PlannedAssignment, name: &str) -> Said {
        tokio::time::sleep(Duration::from_millis(80)).await;
        let dying = self.is_dying();
        if dying && !self.calls.get().is_multiple_of(2) {
            return die().await;
        }
        if let Some(said) = self.instead(&row.before) {
            return said;
        }
        if self.present.borrow().assignments.iter().any(|it| it.id.ends_with(name)) {
            return Said::Made;
        }
        self.count(name);
        self.present.borrow_mut().assignments.push(assignment(row, name));
        if dying { die().await } else { Said::Made }
    }
}

fn assignment(row: &PlannedAssignment, name: &str) -> Assignment {
    Assignment {
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
    }
}

#[derive(Default)]
struct Notebook {
    results: Vec<RowResult>,
    written: u32,
    largest: usize,
}

impl Keep for Notebook {
    async fn keep(&mut self, results: &[RowResult], written: u32) -> Result<(), Stop> {
        self.results.extend_from_slice(results);
        self.written = written;
        self.largest = self.largest.max(results.len());
        Ok(())
    }
}

/// Tokio's paused clock.
struct Paused(Instant);

impl Paused {
    fn new() -> Self {
        Self(Instant::now())
    }
}

const BEGAN: &str = "2026-11-24T02:00:00Z";

impl Time for Paused {
    fn now(&self) -> Timestamp {
        BEGAN.parse::<Timestamp>().unwrap() + SignedDuration::try_from(self.0.elapsed()).unwrap()
    }

    async fn sleep(&self, how_long: Duration) {
        tokio::time::sleep(how_long).await;
    }
}

fn role(number: u32) -> PlannedRole {
    PlannedRole {
        before: format!("00000000-0000-4000-8000-{number:012}"),
        guid: format!("10000000-0000-4000-8000-{number:012}"),
        name: format!("Operator {number}"),
        description: None,
        permissions: vec![PermissionSet { actions: vec!["*/read".into()], ..PermissionSet::default() }],
        assignable_scopes: vec![SCOPE.into()],
    }
}

/// Row `number`; each third one has custom role 1.
fn row(number: u32) -> PlannedAssignment {
    let principal = ObjectId::parse(&format!("0b000000-0000-4000-8000-{number:012}")).unwrap();
    let custom = number.is_multiple_of(3);
    let role = if custom { role(1).guid } else { "acdd72a7-3385-48ef-bd42-f606fba81ae7".into() };
    let scope = format!("{SCOPE}/resourceGroups/group-{number}");
    PlannedAssignment {
        before: format!("{scope}/providers/Microsoft.Authorization/roleAssignments/before-{number}"),
        name: role_assignment_name(&scope, &principal, &role, ""),
        scope,
        role,
        role_name: if custom { "Operator 1".into() } else { "Reader".into() },
        principal,
        principal_type: "User".into(),
        description: None,
        condition: None,
        condition_version: None,
    }
}

fn plan(roles: u32, assignments: u32) -> Plan {
    Plan {
        roles: (1..=roles).map(role).collect(),
        assignments: (1..=assignments).map(row).collect(),
        left_out: Vec::new(),
    }
}

/// The state machine: invokes again until it is finished. An invocation has 45 s; one that hangs for a minute was killed.
async fn restore(plan: &Plan, azure: &Memory, notebook: &mut Notebook, clock: &Paused) -> Result<u32, Stop> {
    for invocation in 1..2_000 {
        let so_far =
            SoFar { started: BEGAN.parse().unwrap(), results: notebook.results.clone(), written: notebook.written };
        let until = Instant::now() + Duration::from_secs(45);
        let run = go_on(plan, so_far, azure, notebook, clock, until);
        match tokio::time::timeout(Duration::from_secs(60), run).await {
            Ok(Ok(Went::Finished)) => return Ok(invocation),
            Ok(Ok(Went::Later { wait_seconds })) => clock.sleep(Duration::from_secs(wait_seconds.unsigned_abs())).await,
            Ok(Err(stop)) => return Err(stop),
            Err(_) => {}
        }
    }
    panic!("the restore does not end");
}

fn assert_all_restored(plan: &Plan, azure: &Memory, notebook: &Notebook, context: &str) {
    let wanted: Vec<_> =
        plan.roles.iter().map(|it| &it.guid).chain(plan.assignments.iter().map(|it| &it.name)).collect();
    let made = azure.made.borrow();
    assert_eq!(made.len(), wanted.len(), "{context}");
    for name in wanted {
        assert_eq!(made.get(name), Some(&1), "{context}: {name}");
    }
    assert_eq!(notebook.results.len(), plan.roles.len() + plan.assignments.len(), "{context}: one result a row");
    let restored = notebook.results.iter().all(|it| it.outcome == RowOutcome::Restored);
    assert!(restored, "{context}: {:?}", notebook.results);
}

#[tokio::test(start_paused = true)]
async fn killed_at_any_row_and_repeated_it_makes_the_same_once() {
    let plan = plan(3, 60);
    for dies_at in 1..=63 {
        let (azure, mut notebook, clock) = (Memory::default(), Notebook::default(), Paused::new());
        azure.dies_at.set(Some(dies_at));
        restore(&plan, &azure, &mut notebook, &clock).await.unwrap();
        assert_all_restored(&plan, &azure, &notebook, &format!("killed at {dies_at}"));
        // Rows that have a result are not written again: only what was under way in the killed batch may be.
        assert!(azure.calls.get() <= 63 + 8, "killed at {dies_at}: {} calls", azure.calls.get());
    }
}

#[tokio::test(start_paused = true)]
async fn killed_again_and_again_it_comes_to_its_end() {
    let plan = plan(2, 300);
    let (azure, mut notebook, clock) = (Memory::default(), Notebook::default(), Paused::new());
    let mut kills = 0;
    let mut next = 7;
    loop {
        azure.dies_at.set((kills < 10).then_some(next));
        let so_far =
            SoFar { started: BEGAN.parse().unwrap(), results: notebook.results.clone(), written: notebook.written };
        let until = Instant::now() + Duration::from_secs(45);
        let run = go_on(&plan, so_far, &azure, &mut notebook, &clock, until);
        match tokio::time::timeout(Duration::from_secs(60), run).await {
            Ok(Ok(Went::Finished)) => break,
            Ok(Ok(Went::Later { wait_seconds })) => clock.sleep(Duration::from_secs(wait_seconds.unsigned_abs())).await,
            Ok(Err(stop)) => panic!("{stop:?}"),
            Err(_) => {
                kills += 1;
                next = azure.calls.get() + 13;
            }
        }
    }
    assert_eq!(kills, 10);
    assert_all_restored(&plan, &azure, &notebook, "killed ten times");
}

#[tokio::test(start_paused = true)]
async fn four_thousand_rows_keep_to_azures_pace_and_to_small_batches() {
    let plan = plan(300, 4_000);
    let (azure, mut notebook, clock) = (Memory::default(), Notebook::default(), Paused::new());
    let invocations = restore(&plan, &azure, &mut notebook, &clock).await.unwrap();
    assert_all_restored(&plan, &azure, &notebook, "4,000");
    // 200 at once, then ten a second: not before 410 s, and not much later.
    let took = clock.0.elapsed().as_secs();
    assert!((409..=440).contains(&took), "{took} s");
    assert!(invocations <= 11, "{invocations} invocations");
    assert!(notebook.largest <= BATCH, "{}", notebook.largest);
    assert_eq!(azure.calls.get(), 4_300);
    assert_eq!(notebook.written, 4_300);
}

#[tokio::test(start_paused = true)]
async fn nothing_planned_asks_azure_nothing() {
    let (azure, mut notebook, clock) = (Memory::default(), Notebook::default(), Paused::new());
    assert_eq!(restore(&plan(0, 0), &azure, &mut notebook, &clock).await.unwrap(), 1);
    assert_eq!((azure.calls.get(), azure.lists.get()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn what_somebody_else_made_is_present_and_not_made_again() {
    let plan = plan(0, 2);
    let (azure, mut notebook, clock) = (Memory::default(), Notebook::default(), Paused::new());
    azure.present.borrow_mut().assignments.push(assignment(&plan.assignments[0], "by-hand"));
    let conditional =
        Assignment { condition: Some("@Resource…".into()), ..assignment(&plan.assignments[1], "by-hand-2") };
    azure.present.borrow_mut().assignments.push(conditional);
    restore(&plan, &azure, &mut notebook, &clock).await.unwrap();
    assert_eq!(azure.calls.get(), 0);
    assert_eq!(notebook.results[0].outcome, RowOutcome::Present);
    // The same role under another condition is not the same access, and not ours to change.
    assert_eq!(notebook.results[1].outcome, RowOutcome::Refused);
}

#[tokio::test(start_paused = true)]
async fn a_refused_row_is_reported_and_the_next_ones_are_made() {
    let plan = plan(1, 9);
    let (azure, mut notebook, clock) = (Memory::default(), Notebook::default(), Paused::new());
    let no = Said::Refused("ScopeLocked".into());
    azure.instead.borrow_mut().insert(plan.assignments[3].before.clone(), vec![no.clone()]);
    azure.instead.borrow_mut().insert(plan.roles[0].guid.clone(), vec![no]);
    restore(&plan, &azure, &mut notebook, &clock).await.unwrap();
    let refused: Vec<_> = notebook.results.iter().filter(|it| it.outcome == RowOutcome::Refused).collect();
    // The role, the row, and the three rows that would have had the role: those without a call.
    assert_eq!(refused.len(), 5, "{refused:?}");
    assert!(refused.iter().all(|it| it.error.is_some()));
    assert_eq!(azure.made.borrow().len(), 5);
    assert_eq!(azure.calls.get(), 7);
}

#[tokio::test(start_paused = true)]
async fn what_azure_does_not_know_yet_is_tried_again_and_given_up_after_an_hour() {
    let plan = plan(0, 3);
    let (azure, mut notebook, clock) = (Memory::default(), Notebook::default(), Paused::new());
    let later = Said::NotYet { words: "PrincipalNotFound".into(), caller: false };
    let soon = vec![later.clone(), later.clone(), Said::Made];
    azure.instead.borrow_mut().insert(plan.assignments[0].before.clone(), soon);
    azure.instead.borrow_mut().insert(plan.assignments[1].before.clone(), vec![later]);
    restore(&plan, &azure, &mut notebook, &clock).await.unwrap();
    let outcome = |row: usize| {
        let before = &plan.assignments[row].before;
        notebook.results.iter().find(|it| it.before == *before).unwrap().outcome
    };
    assert_eq!([outcome(0), outcome(1), outcome(2)], [RowOutcome::Restored, RowOutcome::Refused, RowOutcome::Restored]);
    let took = clock.0.elapsed().as_secs();
    assert!((3_600..3_800).contains(&took), "{took} s");
}

#[tokio::test(start_paused = true)]
async fn a_caller_without_rights_is_waited_for_a_quarter_of_an_hour_without_storming_azure() {
    let plan = plan(0, 400);
    let (azure, mut notebook, clock) = (Memory::default(), Notebook::default(), Paused::new());
    for row in &plan.assignments {
        let no = Said::NotYet { words: "AuthorizationFailed".into(), caller: true };
        azure.instead.borrow_mut().insert(row.before.clone(), vec![no]);
    }
    restore(&plan, &azure, &mut notebook, &clock).await.unwrap();
    assert!(notebook.results.iter().all(|it| it.outcome == RowOutcome::Refused));
    assert!(azure.calls.get() < 400 + 30 * 25, "{}", azure.calls.get());
}

#[tokio::test(start_paused = true)]
async fn a_list_that_cannot_be_read_ends_as_refused_rows_and_not_as_an_error() {
    let plan = plan(1, 2);
    let (azure, mut notebook, clock) = (Memory::default(), Notebook::default(), Paused::new());
    let no = Said::NotYet { words: "AuthorizationFailed".into(), caller: true };
    azure.instead.borrow_mut().insert("list".into(), vec![no]);
    restore(&plan, &azure, &mut notebook, &clock).await.unwrap();
    assert_eq!(notebook.results.len(), 3);
    assert!(notebook.results.iter().all(|it| it.outcome == RowOutcome::Refused));
    assert_eq!(azure.calls.get(), 0);
}

#[tokio::test(start_paused = true)]
async fn when_azure_asks_to_slow_down_nothing_more_is_begun() {
    let plan = plan(0, 100);
    let (azure, mut notebook, clock) = (Memory::default(), Notebook::default(), Paused::new());
    let busy = vec![Said::Busy(Some(Duration::from_secs(17))), Said::Made];
    azure.instead.borrow_mut().insert(plan.assignments[30].before.clone(), busy);
    let so_far = SoFar { started: BEGAN.parse().unwrap(), ..SoFar::default() };
    let until = Instant::now() + Duration::from_secs(45);
    let went = go_on(&plan, so_far, &azure, &mut notebook, &clock, until).await.unwrap();
    assert_eq!(went, Went::Later { wait_seconds: 17 });
    assert!(azure.calls.get() < 40, "{}", azure.calls.get());
    restore(&plan, &azure, &mut notebook, &clock).await.unwrap();
    assert_eq!(notebook.results.len(), 100);
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_that_is_needed_stops_after_what_was_done_is_kept() {
    let plan = plan(0, 40);
    let (azure, mut notebook, clock) = (Memory::default(), Notebook::default(), Paused::new());
    let stop = Stop::sign_in(Actor::Owner, Directory::Partner, "expired", None);
    azure
        .instead
        .borrow_mut()
        .insert(plan.assignments[30].before.clone(), vec![Said::Stop(Box::new(stop)), Said::Made]);
    let stop = restore(&plan, &azure, &mut notebook, &clock).await.unwrap_err();
    assert_eq!(stop.name, ErrorName::SignInRequired);
    assert_eq!(notebook.results.len(), azure.made.borrow().len());
    restore(&plan, &azure, &mut notebook, &clock).await.unwrap();
    assert_eq!(notebook.results.len(), 40);
}

#[tokio::test(start_paused = true)]
async fn a_role_whose_name_is_taken_gets_another_one() {
    let plan = plan(1, 3);
    let (azure, mut notebook, clock) = (Memory::default(), Notebook::default(), Paused::new());
    let key = format!("{}:{}", plan.roles[0].guid, plan.roles[0].name);
    azure.instead.borrow_mut().insert(key, vec![Said::NameTaken]);
    restore(&plan, &azure, &mut notebook, &clock).await.unwrap();
    assert_all_restored(&plan, &azure, &notebook, "renamed");
    let made = azure.present.borrow().roles[0].clone();
    assert_ne!(made.name, plan.roles[0].name);
    assert_eq!(made.guid, plan.roles[0].guid);
}

#[tokio::test(start_paused = true)]
async fn two_who_become_one_account_never_replace_each_others_condition() {
    let mut plan = plan(0, 1);
    let twin = PlannedAssignment { before: "twin".into(), ..plan.assignments[0].clone() };
    let conditional = PlannedAssignment {
        before: "conditional".into(),
        condition: Some("@Resource…".into()),
        condition_version: Some("2.0".into()),
        ..plan.assignments[0].clone()
    };
    plan.assignments.extend([twin, conditional]);
    let (azure, mut notebook, clock) = (Memory::default(), Notebook::default(), Paused::new());
    restore(&plan, &azure, &mut notebook, &clock).await.unwrap();
    assert_eq!(azure.calls.get(), 1);
    let outcome = |before: &str| notebook.results.iter().find(|it| it.before == before).unwrap().outcome;
    assert_eq!(outcome("twin"), RowOutcome::Present);
    assert_eq!(outcome("conditional"), RowOutcome::Refused);
    assert_eq!(azure.present.borrow().assignments[0].condition, None);
}
