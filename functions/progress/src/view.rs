//! From the records to the page's view.

use impact::report::{Report, Task, checklist};
use impact::to_do::{Item, ToDo};
use jiff::Timestamp;
use onboarding::audit::Entry;
use onboarding::undo;
use onboarding::{Actor, Status, Step, ladder};
use store::{Loaded, StepState as Recorded, WaitRecord};
use web::pages::{
    ActivityRow, MovingRow, ProgressView, Reached, RestoreRow, StepRow, StepState, ToDoRow, ToDoStands, Turn,
};
use web::{masked, pages};

use crate::read::{evidence, open_stops};

/// How many lines of activity a page shows. The audit trail itself is never cut.
const ACTIVITY: usize = 100;

/// What the page shows to this viewer: addresses and details in full to the two people, masked to everybody else.
#[must_use]
pub fn view(
    loaded: &Loaded,
    audit: &[Entry],
    report: Option<&Report>,
    link: &str,
    viewer: Option<Actor>,
    now: Timestamp,
) -> ProgressView {
    let meta = &loaded.meta;
    let shown = |address: &str| {
        if viewer.is_some() { address.to_owned() } else { masked(address) }
    };
    let wait = loaded.open_wait();
    let over = meta.status.is_over();
    ProgressView {
        onboarding_id: meta.onboarding_id.clone(),
        reference: meta.onboarding_id.reference(),
        link: link.to_owned(),
        viewer,
        status: meta.status,
        ending: meta.ending,
        error: meta.error.clone(),
        turn: wait.filter(|_| !over).map(|wait| Turn {
            kind: wait.kind,
            actor: wait.actor,
            account: shown(meta.email(wait.actor)),
            directory: wait.directory,
            reason: wait.reason.clone(),
            since: instant(&wait.opened_at).unwrap_or(now),
            until: instant(&wait.deadline_at).unwrap_or(now),
            mailed: loaded.mailed_at(wait.actor),
            reminded: next_reminder(loaded, wait, now),
            may_remind: viewer.is_some_and(|viewer| loaded.may_remind(viewer, now).is_some()),
            yours: viewer == Some(wait.actor),
        }),
        cancelling: meta.cancel_requested,
        may_cancel: !over && !meta.moved && meta.accept_intended_at.is_none() && !meta.cancel_requested,
        subscription_id: Some(meta.subscription_id.to_string()).filter(|_| meta.subscription_id.is_chosen()),
        subscription_name: meta.subscription_name.clone(),
        from: meta.source_tenant_id.to_string(),
        to: meta.partner_directory_name.clone().unwrap_or_else(|| meta.partner_directory.clone()),
        owner: shown(&meta.owner_email),
        partner_admin: shown(&meta.partner_admin_email),
        unreachable: [Actor::Owner, Actor::PartnerAdmin]
            .into_iter()
            .filter(|who| meta.contact(*who).unreachable.is_some())
            .collect(),
        your_reference: meta.reference.clone(),
        guest_invited: meta.guest_invited,
        request_sent: meta.request_sent,
        moved: meta.moved,
        moving: moving(loaded, audit),
        cool_off_until: rests_until(loaded, audit).filter(|until| *until > now),
        preflight: Some(&loaded.preflight).filter(|checks| !checks.0.is_empty()).map(pages::preflight_counts),
        report: meta.report.clone().map(|summary| hidden(summary, viewer)),
        open_stops: open_stops(loaded),
        restore: meta.restore.as_ref().map(|progress| RestoreRow {
            planned: progress.planned,
            done: progress.done,
            refused: progress.refused,
            left_out: progress.left_out,
            finished: progress.finished,
        }),
        proof: !evidence(loaded).0.is_empty(),
        receipt_hash: meta.receipt_hash.clone(),
        to_do: if loaded.to_dos.is_empty() {
            report.map(to_do).unwrap_or_default()
        } else {
            loaded.to_dos.iter().flat_map(|list| kept(list, now)).collect()
        },
        felt: viewer.and_then(|viewer| loaded.felt(viewer)).cloned(),
        steps: Step::ALL.iter().map(|step| row(loaded, *step, wait, viewer)).collect(),
        activity: audit.iter().rev().take(ACTIVITY).filter_map(|entry| activity(entry, viewer)).collect(),
        undone: if viewer.is_some() { meta.undone.clone() } else { undo::without_names(&meta.undone) },
        share: None,
        phrase: None,
        changed: changed(loaded, now),
        read_at: now,
    }
}

/// What the page depends on: the record's version, and the outcome of a wait, which is written beside it.
fn changed(loaded: &Loaded, now: Timestamp) -> String {
    let outcome = loaded.waits.last().and_then(|wait| wait.outcome).map_or("", onboarding::Outcome::as_str);
    // A minute that passes changes what is said about a rest that ends by itself.
    let rests = loaded.meta.confirmation.is_some() && !loaded.meta.is_past_return();
    let minute = if rests { now.as_second() / 60 } else { 0 };
    format!("{}-{outcome}-{minute}", loaded.meta.ver)
}

/// How far the move is: as the trail says, from the request that stands on.
fn moving(loaded: &Loaded, audit: &[Entry]) -> Vec<MovingRow> {
    let meta = &loaded.meta;
    if meta.status.is_over() || !(meta.request_sent || meta.moved) {
        return Vec::new();
    }
    let request = audit.iter().rposition(|entry| entry.action == "request.sent").unwrap_or_default();
    let noted = |action: &str| {
        let entry = audit.iter().skip(request).find(|entry| entry.action == action)?;
        instant(&entry.at)
    };
    let row = |what: Reached| {
        let at = match what {
            Reached::Requested => noted("request.sent"),
            Reached::Accepted => noted("request.accepted"),
            Reached::Moved => noted("subscription.moved"),
            // Whoever was Owner already is not assigned.
            Reached::OwnerAdded => {
                let step = loaded.step(Step::AddAdministrator).filter(|step| step.state == Recorded::Done);
                step.and_then(|step| step.done_at.as_deref()).and_then(instant)
            }
            Reached::AccessRestored => noted("access.restored"),
            Reached::Proved => noted("association.proved"),
        };
        MovingRow { what, at }
    };
    Reached::ALL.map(row).into()
}

/// When the person of a wait is reminded next; none once only the deadline is left.
fn next_reminder(loaded: &Loaded, wait: &WaitRecord, now: Timestamp) -> Option<Timestamp> {
    let (opened, deadline) = (instant(&wait.opened_at)?, instant(&wait.deadline_at)?);
    let (at, moment) = ladder::next(opened, deadline, &loaded.meta.contact(wait.actor).zone(), now);
    Some(at).filter(|_| moment != ladder::Moment::Deadline)
}

/// Until when a confirmed move rests: as its entry in the audit trail says, while that confirmation stands.
fn rests_until(loaded: &Loaded, audit: &[Entry]) -> Option<Timestamp> {
    let confirmed = loaded.meta.confirmation.is_some() && !loaded.meta.is_past_return() && loaded.open_wait().is_none();
    let entry = audit.iter().rev().find(|entry| entry.action == "move.confirmed").filter(|_| confirmed)?;
    entry.detail.get("restsUntil")?.as_str().and_then(instant)
}

/// Hard stops are named by resource: not for everyone who was given the link to look.
pub(crate) fn hidden(summary: impact::report::Summary, viewer: Option<Actor>) -> impact::report::Summary {
    match viewer {
        Some(_) => summary,
        None => impact::report::Summary {
            hard_stops: summary.hard_stops.iter().map(|_| String::new()).collect(),
            ..summary
        },
    }
}

/// What the report's findings leave for people to do after the move, the soonest first.
fn to_do(report: &Report) -> Vec<ToDoRow> {
    let row = |task: Task| {
        let (about, what) = web::findings::task_said(&task);
        ToDoRow { what, about, count: task.count, who: task.who, due_days: task.due_days, stands: None }
    };
    checklist(report).into_iter().map(row).collect()
}

/// A person's list, as it stands.
fn kept(list: &ToDo, now: Timestamp) -> Vec<ToDoRow> {
    let row = |item: &Item| {
        let (about, what) = web::findings::item_said(item);
        let (due, ticked) = (list.due(item), item.ticked);
        let stands = ToDoStands { id: item.id.clone(), due, overdue: ticked.is_none() && due < now, ticked };
        ToDoRow { what, about, count: item.count, who: list.actor, due_days: item.due_days, stands: Some(stands) }
    };
    list.items.iter().map(row).collect()
}

fn row(loaded: &Loaded, step: Step, wait: Option<&WaitRecord>, viewer: Option<Actor>) -> StepRow {
    let meta = &loaded.meta;
    let record = loaded.step(step);
    let at_it = wait.map_or(meta.current_step == step, |wait| wait.resume == step);
    let state = match (record.map(|record| record.state), meta.status.is_over()) {
        (Some(Recorded::Done), _) => StepState::Done,
        (Some(Recorded::Failed), true) => StepState::NeedsAttention,
        (_, true) => StepState::NotReached,
        (_, false) if at_it => match (wait, meta.status) {
            (Some(wait), _) => StepState::waiting_for(wait.actor, viewer),
            (None, Status::Settling) => StepState::WaitingForMicrosoft,
            (None, _) => StepState::Running,
        },
        (Some(Recorded::Waiting), false) => StepState::Running,
        (Some(Recorded::Failed), false) => StepState::NeedsAttention,
        (None, false) => StepState::NotStarted,
    };
    let since = match state {
        StepState::Done => record.and_then(|record| record.done_at.as_deref()),
        StepState::YourTurn | StepState::WaitingForOwner | StepState::WaitingForPartner => {
            wait.map(|wait| wait.opened_at.as_str())
        }
        StepState::Running | StepState::WaitingForMicrosoft | StepState::NeedsAttention => {
            record.map(|record| record.started_at.as_str())
        }
        StepState::NotStarted | StepState::NotReached => None,
    };
    StepRow {
        step,
        number: step.number(),
        title: texts::step_title(step),
        state,
        since: since.and_then(instant),
        error: record.and_then(|record| record.error.clone()).filter(|_| state != StepState::Done),
    }
}

fn activity(entry: &Entry, viewer: Option<Actor>) -> Option<ActivityRow> {
    Some(ActivityRow {
        at: instant(&entry.at)?,
        actor: entry.actor.clone(),
        action: entry.action.clone(),
        step: entry.step.as_deref().and_then(Step::parse),
        // Details name accounts and ids: not for everyone who was given the link to look.
        detail: viewer.map(|_| entry.detail.clone()),
    })
}

fn instant(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}
