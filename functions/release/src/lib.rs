//! The end of every onboarding: undoes what we did and can be undone, forgets what must be forgotten, and says item by item what
//! was undone, what was left, and what was not possible.
//!
//! Before the move: the pending request (as the owner) and the guest that *we* invited (as the partner admin). After it: nothing, for
//! after the point of no return there is only forward. In every case: the sealed tokens and the locks.
//!
//! While nobody knows what became of an accept call, nothing is undone: the guest may be the subscription's only Owner by now. Where
//! the subscription is, is asked first, without a token.
//!
//! After the move, what was to be restored and was not is said row by row, so that somebody can do it by hand. The kept lists (report,
//! snapshot, decisions) hold nothing secret and stay for as long as the onboarding's record does: they are what a person needs then.
//!
//! What is left for the two people to do after a move becomes a list each, which they tick off and are reminded of.
//!
//! Microsoft calls: none after a move; that one question after an intended acceptance; otherwise up to two refreshes, the list of
//! requests and two deletions. A step that fails here is not a reason to keep tokens: what can't be undone is said, and the rest is
//! done.

use access::mapping::{Decision, Verdict};
use access::plan::{Plan, RowOutcome, RowResult};
use impact::report::Report;
use impact::to_do::ToDo;
use microsoft::arm::Arm;
use onboarding::undo::{self, UndoItem};
use onboarding::{Actor, Directory, Ending, ErrorClass, ErrorName, OnboardingId, Status, Step};
use ops::{Event, StepError};
use serde::{Deserialize, Serialize};
use serde_json::json;
use step::{Deps, Job, Stop, change_again};
use store::{Archive, Change, Loaded, Note, Write};

/// What the state machine sends; and what an EventBridge rule sends when an execution ended in a way that no state of it could
/// catch (stopped by an operator, out of time): then too nothing may be left behind.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Input {
    /// Version of this form: 1.
    pub schema: u32,
    /// The onboarding; absent when all that is known is which execution has ended.
    #[serde(default)]
    pub onboarding_id: Option<OnboardingId>,
    /// The execution.
    pub execution: String,
    /// How it ends.
    pub ending: Ending,
    /// The error that ended it.
    #[serde(default)]
    pub error: Option<String>,
    /// Nobody tries again after this: what is not possible now is said and left.
    #[serde(default)]
    pub last: bool,
}

/// What the state machine gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Output {
    /// How it ended.
    pub ending: Ending,
}

/// Handles one event.
///
/// # Errors
/// The store's, and Microsoft's temporary ones while there is still an undo that may yet work.
pub async fn handle(deps: &Deps, event: Event<Input>) -> Result<Output, StepError> {
    let Event { payload: input, time_left } = event;
    let id = match input.onboarding_id {
        Some(id) => id,
        None => match deps.store.of_execution(&input.execution).await? {
            Some(id) => id,
            // It had created nothing, or was released by its own last state.
            None => return Ok(Output { ending: input.ending }),
        },
    };
    let loaded = deps.store.load(&id).await?;
    if let Some(ending) = loaded.meta.ending {
        // Run again after its answer was lost.
        return Ok(Output { ending });
    }
    if loaded.meta.execution != input.execution {
        return Err(StepError::new(ErrorName::Superseded, "another execution works on this onboarding"));
    }
    let job = Job::new(deps, loaded, time_left);
    // A move that was under way when the time ran out is still a move: whoever reads this must know.
    let found_moved =
        !job.loaded.meta.moved && job.loaded.meta.accept_intended_at.is_some() && is_moved(&job, input.last).await?;
    let undone = if job.loaded.meta.moved || found_moved {
        not_restored(&job).await?
    } else if job.loaded.meta.accept_intended_at.is_some() {
        left_alone(&job)
    } else {
        undo(&job, input.last).await?
    };
    let to_dos = if job.loaded.meta.moved || found_moved { left_to_do(&job).await? } else { Vec::new() };
    let error = input.error.as_deref().and_then(ErrorName::parse);
    let ending = input.ending;
    change_again(&deps.store, &id, deps.clock, |loaded| {
        let meta = &loaded.meta;
        if meta.ending.is_some() {
            return None;
        }
        let mut change = Change::of(meta);
        change.meta.status = Status::from(ending);
        change.meta.ending = Some(ending);
        change.meta.error = error.map(|error| error.as_str().to_owned());
        change.meta.open_wait = None;
        change.meta.ask = None;
        let mut undone = undone.clone();
        if ending != Ending::Done {
            undone.extend(forgotten(loaded));
        }
        change.meta.undone.clone_from(&undone);
        if found_moved {
            change.meta.moved = true;
            change.note(Note::mooring(
                "subscription.moved",
                None,
                json!({"from": meta.source_tenant_id, "to": meta.partner_tenant_id, "route": meta.route}),
            ));
        }
        if !change.meta.moved {
            change.meta.guest_invited = meta.guest_invited && !was_undone(&undone, undo::GUEST);
            change.meta.request_sent = meta.request_sent && !was_undone(&undone, undo::REQUEST);
        }
        change.note(Note::mooring(
            "onboarding.ended",
            None,
            json!({"ending": ending, "error": error, "undone": undone}),
        ));
        for list in &to_dos {
            change.write(Write::ToDo(Box::new(list.clone())));
        }
        for credential in &loaded.credentials {
            change.write(Write::ForgetCredential(credential.actor, credential.directory));
        }
        if meta.subscription_locked {
            change.write(Write::UnlockSubscription(meta.subscription_id.clone()));
        }
        change.write(Write::UnlockRequest(meta.request_key.clone()));
        change.write(Write::ForgetExecution(meta.execution.clone()));
        for actor in Actor::ALL {
            change.mail(*actor, "ended", json!({"ending": ending}));
        }
        Some(change)
    })
    .await?;
    Ok(Output { ending })
}

/// What the same write deletes.
fn forgotten(loaded: &Loaded) -> Vec<UndoItem> {
    let mut items = Vec::new();
    if !loaded.credentials.is_empty() {
        items.push(UndoItem::new(undo::SIGN_INS, undo::UNDONE, None).with("n", loaded.credentials.len()));
    }
    if loaded.meta.subscription_locked {
        items.push(UndoItem::new(undo::LOCK, undo::UNDONE, None));
    }
    items
}

fn was_undone(items: &[UndoItem], what: &str) -> bool {
    items.iter().any(|item| item.what == what && item.result == undo::UNDONE)
}

/// How many rows are said one by one. The rest is a number; the list of the review has them all.
const SAID: usize = 25;

/// What was to be restored after the move and was not, because the onboarding ended before.
async fn not_restored(job: &Job<'_>) -> Result<Vec<UndoItem>, Stop> {
    let (meta, review) = (&job.loaded.meta, &job.loaded.review);
    let confirmed = meta.confirmation.as_ref().is_some_and(|confirmation| confirmation.decisions_hash == review.hash());
    let finished = meta.restore.as_ref().is_some_and(|progress| progress.finished);
    if finished || !confirmed || !review.decisions.iter().any(|decision| decision.verdict == Verdict::Restore) {
        return Ok(Vec::new());
    }
    let (id, hash) = (&meta.onboarding_id, review.hash());
    let kept = job.deps.store.pages(id, Archive::Restored, &hash).await?;
    let results: Vec<RowResult> =
        kept.iter().filter_map(|page| access::pages::unpack::<Vec<RowResult>>(page).ok()).flatten().collect();
    // Not there if the restore never began; then a row has no better name than its id.
    let pages = job.deps.store.pages(id, Archive::Plan, &hash).await?;
    let plan = if pages.is_empty() { None } else { Plan::from_pages(&pages).ok() };
    Ok(missing(&review.decisions, plan.as_ref(), &results))
}

/// The rows that were to be restored and have no good result.
fn missing(decisions: &[Decision], plan: Option<&Plan>, results: &[RowResult]) -> Vec<UndoItem> {
    let result_of = |before: &str| results.iter().find(|result| result.before == before);
    let missing: Vec<_> = decisions
        .iter()
        .filter(|decision| decision.verdict == Verdict::Restore)
        .filter(|decision| match result_of(&decision.assignment).map(|result| result.outcome) {
            Some(RowOutcome::Restored | RowOutcome::Present) => false,
            Some(RowOutcome::Refused) | None => true,
        })
        // What the plan leaves out was never to be made: nobody had agreed to it, or it can't be.
        .filter(|decision| plan.is_none_or(|plan| !plan.left_out.iter().any(|row| row.before == decision.assignment)))
        .collect();
    let not_made = |what: &str| UndoItem::new(what, undo::NOT_POSSIBLE, Some(undo::ENDED_BEFORE));
    let mut items: Vec<_> = missing
        .iter()
        .take(SAID)
        .map(|decision| {
            let row = plan.and_then(|plan| plan.assignments.iter().find(|row| row.before == decision.assignment));
            let mut item = match row {
                Some(row) => not_made(undo::ROLE)
                    .with("role", &row.role_name)
                    .with("principal", &row.principal)
                    .with("scope", &row.scope),
                None => not_made(undo::ASSIGNMENT).with("id", &decision.assignment),
            };
            if let Some(refused) = result_of(&decision.assignment).and_then(|result| result.error.clone()) {
                (item.why, item.said) = (None, Some(refused));
            }
            item
        })
        .collect();
    if let Some(more) = missing.len().checked_sub(SAID).filter(|more| *more > 0) {
        items.push(not_made(undo::MORE_ROLES).with("n", more));
    }
    items
}

/// What is left for each of the two people to do now that the subscription has moved, with the time of their first reminder.
async fn left_to_do(job: &Job<'_>) -> Result<Vec<ToDo>, Stop> {
    let (meta, now) = (&job.loaded.meta, job.deps.clock.now());
    let confirmed = job.loaded.step(Step::ConfirmChanges).and_then(|record| record.done_at.as_deref());
    let since = confirmed.and_then(|at| at.parse().ok()).unwrap_or(now);
    let report = match &meta.report {
        // A report that can't be read leaves what everybody has to do: the end doesn't wait for it.
        Some(summary) => {
            Report::from_pages(&job.deps.store.pages(&meta.onboarding_id, Archive::Report, &summary.hash).await?).ok()
        }
        None => None,
    };
    let refused = meta.restore.as_ref().map_or(0, |progress| progress.refused);
    let list = |actor: &Actor| {
        let mut list = ToDo::of(*actor, report.as_ref(), refused, since);
        list.plan(&meta.contact(*actor).zone(), now);
        list
    };
    Ok(Actor::ALL.iter().map(list).collect())
}

/// Whether the accept call, whose outcome nobody recorded, has moved the subscription.
async fn is_moved(job: &Job<'_>, last: bool) -> Result<bool, Stop> {
    let meta = &job.loaded.meta;
    let asked = match job.cloud() {
        Ok(cloud) => cloud
            .arm_probe()
            .tenant_of_subscription(&meta.subscription_id)
            .await
            .map_err(|error| Stop::from_call(&error, meta.route.acceptor(), Directory::Partner)),
        Err(stop) => Err(stop),
    };
    match asked {
        Ok(tenant) => Ok(tenant.as_ref() == Some(&meta.partner_tenant_id)),
        Err(stop) if is_worth_repeating(&stop, last) => Err(stop),
        Err(_) => Ok(false),
    }
}

/// What is not touched while an acceptance may be under way.
fn left_alone(job: &Job<'_>) -> Vec<UndoItem> {
    let meta = &job.loaded.meta;
    let mut items = Vec::new();
    if meta.request_sent {
        items.push(UndoItem::new(undo::REQUEST, undo::LEFT, Some(undo::MAYBE_ACCEPTED)));
    }
    if meta.guest_invited {
        items.push(UndoItem::new(undo::GUEST, undo::LEFT, Some(undo::MAYBE_MOVING)));
    }
    items
}

async fn undo(job: &Job<'_>, last: bool) -> Result<Vec<UndoItem>, Stop> {
    let meta = &job.loaded.meta;
    let mut items = Vec::new();
    if meta.request_sent {
        items.push(item(undo::REQUEST, take_request_back(job).await, last)?);
    }
    if meta.guest_invited {
        items.push(item(undo::GUEST, job.remove_guest().await, last)?);
    }
    Ok(items)
}

/// Only what will pass by itself is worth another attempt, while there is one.
fn is_worth_repeating(stop: &Stop, last: bool) -> bool {
    stop.name.class() == ErrorClass::Retry && !last
}

async fn take_request_back(job: &Job<'_>) -> Result<bool, Stop> {
    let token = job.token::<Arm>(Actor::Owner, Directory::Source).await?;
    let arm = job.cloud()?.arm(&token);
    let subscription = &job.loaded.meta.subscription_id;
    let refused = |error: microsoft::Error| Stop::from_call(&error, Actor::Owner, Directory::Source);
    let listed = arm.directory_changes(subscription).await.map_err(refused)?;
    // Only ours: whatever leads elsewhere is somebody else's.
    if !listed.iter().any(|request| request.destination_tenant.as_ref() == Some(&job.loaded.meta.partner_tenant_id)) {
        return Ok(false);
    }
    arm.cancel_directory_change(subscription).await.map_err(refused)
}

/// Says what came of an undo. Only what will pass by itself is an error: the state machine tries again.
fn item(what: &str, outcome: Result<bool, Stop>, last: bool) -> Result<UndoItem, Stop> {
    match outcome {
        Ok(true) => Ok(UndoItem::new(what, undo::UNDONE, None)),
        // Gone: by an attempt of ours that crashed before it could say so, or by somebody else. Nothing is left of it either way.
        Ok(false) => Ok(UndoItem::new(what, undo::UNDONE, Some(undo::GONE_ALREADY))),
        Err(stop) if is_worth_repeating(&stop, last) => Err(stop),
        Err(stop) => {
            Ok(UndoItem { said: stop.said, ..UndoItem::new(what, undo::NOT_POSSIBLE, Some(stop.name.as_str())) })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use onboarding::ObjectId;

    fn decision(number: usize, verdict: Verdict) -> Decision {
        Decision {
            assignment: format!("/subscriptions/s/roleAssignments/{number}"),
            verdict,
            target: ObjectId::parse("0b000000-0000-4000-8000-000000000001").ok(),
            by: Actor::PartnerAdmin,
            at: "2026-11-24T02:00:00Z".into(),
            seconded_by: None,
        }
    }

    fn result(number: usize, outcome: RowOutcome, error: Option<&str>) -> RowResult {
        let before = decision(number, Verdict::Restore).assignment;
        serde_json::from_value(json!({"before": before, "outcome": outcome, "error": error})).unwrap()
    }

    #[test]
    fn a_restore_that_was_cut_short_says_which_rows_are_missing() {
        let decisions: Vec<_> = (0..3).map(|number| decision(number, Verdict::Restore)).collect();
        let results = [result(0, RowOutcome::Restored, None), result(1, RowOutcome::Refused, Some("ScopeLocked"))];
        let items = missing(&decisions, None, &results);
        let whys: Vec<_> = items.iter().map(|item| (item.why.as_deref(), item.said.as_deref())).collect();
        assert_eq!(whys, [(None, Some("ScopeLocked")), (Some(undo::ENDED_BEFORE), None)]);
        assert!(items[1].values["id"].ends_with("roleAssignments/2"), "{:?}", items[1]);
    }

    #[test]
    fn what_was_skipped_or_left_out_is_not_missing() {
        let decisions = [decision(0, Verdict::Skip), decision(1, Verdict::Restore)];
        let left_out = access::plan::LeftOut { before: decisions[1].assignment.clone(), why: "not-seconded".into() };
        let plan = Plan { left_out: vec![left_out], ..Plan::default() };
        assert!(missing(&decisions, Some(&plan), &[]).is_empty());
    }

    #[test]
    fn thousands_of_missing_rows_are_a_few_rows_and_a_number() {
        let decisions: Vec<_> = (0..4_000).map(|number| decision(number, Verdict::Restore)).collect();
        let items = missing(&decisions, None, &[]);
        assert_eq!(items.len(), SAID + 1);
        assert_eq!((items[SAID].what.as_str(), items[SAID].values["n"].as_str()), (undo::MORE_ROLES, "3975"));
    }
}
