//! Step 3, map the directory: the owner's request, the acceptor's acceptance, and Microsoft's change of the directory.
//!
//! Contains the **point of no return**, the accept call. The rules that keep it safe:
//! 1. Nothing is requested before everything was read again, and a person confirmed exactly that: what the move does, what is
//!    decided about it, where it goes, as the person who may.
//! 2. Nothing is requested before the acceptor's token works, so that a request is not left hanging for want of a sign-in.
//! 3. The intent to accept is recorded, conditional on nobody having cancelled, before the call is made.
//! 4. Once the intent is recorded, the call is made again only when an earlier one must be over and Microsoft says that the request
//!    is still waiting; that intent is recorded as well, so that of two runs at once only one makes the call.
//! 5. Only the answer to a first call proves that nothing was accepted. A later call may be refused because an earlier one got through.
//!
//! Who: the owner with a token of the source directory (reading, request), the partner admin with tokens of the partner directory
//! (the preflight's other side), the acceptor with one of the partner directory (accept, status).
//! After the acceptance no token of the source directory is used: where the subscription is, is asked without one.

use std::borrow::Cow;

use std::time::Duration;

use assess::{Progress, preflight};
use impact::confirmation::{Confirmation, Expected};
use jiff::{SignedDuration, Timestamp};
use microsoft::arm::{Arm, Block, ChangeStatus, DirectoryChange};
use microsoft::errors::DirectoryChangeRefusal;
use microsoft::{AccessToken, CloudClient, Error, ErrorKind};
use onboarding::{Actor, Directory, ErrorName, ObjectId, Step};
use ops::{Event, StepError};
use serde::{Deserialize, Serialize};
use serde_json::json;
use step::{Deps, Input, Job, Reached, Stop, perform};

/// What the state machine gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    /// `moved`, `settling`, or `reading`: everything is read again before the request, and there is more of it to read.
    pub verdict: Cow<'static, str>,
    /// When to look again, in seconds.
    pub wait_seconds: i64,
}

/// Handles one event.
///
/// # Errors
/// [`ErrorName::ConfirmationMissing`], [`ErrorName::ConfirmationStale`], [`ErrorName::ImpactNotAccepted`], those of the preflight,
/// [`ErrorName::RequestForeignPending`], [`ErrorName::RequestRefused`], [`ErrorName::SubscriptionElsewhere`], and those of every step.
pub async fn handle(deps: &Deps, event: Event<Input>) -> Result<Output, StepError> {
    perform(deps, event, Step::MapDirectory, work).await
}

/// How long a function waits for Microsoft itself; what takes longer is the state machine's to wait for, at no cost.
const PATIENCE: Duration = Duration::from_secs(8);
/// Between two looks within that time.
const PAUSE: Duration = Duration::from_millis(500);
/// How long the accept call may take, from the record of the intent on.
const ACCEPT_TAKES: Duration = Duration::from_secs(15);
/// When an accept call that was intended is surely over, whatever became of the process that made it: twice what it may take.
const ACCEPT_IS_OVER: SignedDuration = SignedDuration::from_secs(30);

async fn work(job: &mut Job<'_>) -> Result<(Reached, Output), Stop> {
    let cloud = job.cloud()?;
    if is_moved(job, &cloud).await? {
        return Ok(moved(job));
    }
    let acceptor = acceptor(job)?;
    match job.loaded.meta.accept_intended_at.clone() {
        None => {
            let token = match prepare(job, &cloud, &acceptor).await? {
                Prepared::Requested(token) => token,
                Prepared::Reading(rows) => {
                    let facts = json!({"reading": {"resources": rows}});
                    return Ok((Reached::Partly(facts), Output { verdict: "reading".into(), wait_seconds: 0 }));
                }
            };
            accept(job, &cloud, &token, Call::First).await?;
        }
        Some(at) => accept_again_if_it_never_arrived(job, &cloud, &acceptor, &at).await?,
    }
    let patience = PATIENCE.min(job.time_left / 2);
    let mut waited = Duration::ZERO;
    while waited < patience {
        if is_moved(job, &cloud).await? {
            return Ok(moved(job));
        }
        tokio::time::sleep(PAUSE).await;
        waited += PAUSE;
    }
    let wait_seconds = seconds_to_wait(job.loaded.meta.accept_intended_at.as_deref(), job.deps.clock.now());
    Ok((Reached::Settling(json!({"accepted": true})), Output { verdict: "settling".into(), wait_seconds }))
}

fn moved(job: &mut Job<'_>) -> (Reached, Output) {
    let facts = json!({
        "from": job.loaded.meta.source_tenant_id, "to": job.loaded.meta.partner_tenant_id,
        "route": job.loaded.meta.route,
    });
    if !job.loaded.meta.moved {
        job.change.meta.moved = true;
        job.note("subscription.moved", facts.clone());
    }
    (Reached::Done(facts), Output { verdict: "moved".into(), wait_seconds: 0 })
}

/// Where the subscription is, asked without a token: true before and after the change for everybody.
async fn is_moved(job: &Job<'_>, cloud: &CloudClient) -> Result<bool, Stop> {
    let meta = &job.loaded.meta;
    let tenant = cloud
        .arm_probe()
        .tenant_of_subscription(&meta.subscription_id)
        .await
        .map_err(|error| Stop::from_call(&error, meta.route.acceptor(), Directory::Partner))?;
    match tenant {
        Some(tenant) if tenant == meta.partner_tenant_id => Ok(true),
        Some(tenant) if tenant == meta.source_tenant_id => Ok(false),
        Some(_) => Err(Stop::new(ErrorName::SubscriptionElsewhere, "the subscription trusts a third directory")),
        // Between two directories for a moment, perhaps; never a reason to act.
        None => Err(Stop::new(ErrorName::UpstreamUnavailable, "Azure does not know the subscription at the moment")),
    }
}

fn acceptor(job: &Job<'_>) -> Result<ObjectId, Stop> {
    let actor = job.loaded.meta.route.acceptor();
    let oid = job.loaded.meta.object_id(actor, Directory::Partner).cloned();
    oid.ok_or_else(|| Stop::sign_in(actor, Directory::Partner, "first", None))
}

/// A confirmation is for now. What kept the move waiting for longer than a day is a reason to ask again.
fn is_recent(confirmed: &str, now: Timestamp) -> bool {
    confirmed.parse::<Timestamp>().is_ok_and(|at| now.duration_since(at) <= SignedDuration::from_hours(24))
}

/// How far the preparation came.
enum Prepared {
    /// The request is made. With the acceptor's token.
    Requested(AccessToken<Arm>),
    /// There is more to read. With the rows read so far.
    Reading(u64),
}

/// What the request, the acceptance and the first looks may take, once everything is read.
const TO_MOVE: Duration = Duration::from_secs(28);

/// Everything that must be true before the request is made, and the request.
async fn prepare(job: &mut Job<'_>, cloud: &CloudClient, acceptor: &ObjectId) -> Result<Prepared, Stop> {
    let meta = job.loaded.meta.clone();
    let Some(confirmation) = meta.confirmation.clone() else {
        return Err(Stop::new(ErrorName::ConfirmationMissing, "no confirmation is recorded"));
    };
    if !is_recent(&confirmation.at, job.deps.clock.now()) {
        return Err(Stop::new(ErrorName::ConfirmationStale, "the confirmation is more than a day old"));
    }
    // Before anything is requested: would the acceptor be let in?
    let acceptors = job.token::<Arm>(meta.route.acceptor(), Directory::Partner).await?;
    let token = job.token::<Arm>(Actor::Owner, Directory::Source).await?;
    let arm = cloud.arm(&token);
    let refused = |error: Error| Stop::from_call(&error, Actor::Owner, Directory::Source);

    let found = match Box::pin(assess::read(job, cloud, &arm, Step::MapDirectory, TO_MOVE)).await? {
        Progress::Finished(found) => found,
        Progress::Reading(rows) => return Ok(Prepared::Reading(rows)),
    };
    // Both sides, before either stops: a person sees everything at once.
    let owners = Box::pin(preflight::owners_side(job, &arm)).await;
    let partners = Box::pin(preflight::partners_side(job, cloud)).await;
    owners?;
    partners?;
    let now = job.deps.clock.now();
    let mut summary = found.report.summary(&now.to_string());
    if summary.hash != confirmation.report_hash {
        return Err(Stop::new(ErrorName::ConfirmationStale, "what the move does changed after the confirmation"));
    }
    verify(job, &confirmation)?;
    if preflight::look_at_hard_stops(job, &found.report, &job.loaded.review.overrides.clone()) {
        let text = "something would be lost for ever, and not both people have accepted that";
        return Err(Stop::new(ErrorName::ImpactNotAccepted, text));
    }
    if let Some(known) = job.change.meta.report.as_mut().filter(|known| known.hash == summary.hash) {
        known.at = std::mem::take(&mut summary.at);
    }
    let pending = arm.directory_changes(&meta.subscription_id).await.map_err(refused)?;
    let open = pending.into_iter().find(|request| request.is_open(now));
    match open {
        // Made by an earlier attempt, whose answer may have been lost.
        Some(request) if request.leads_to(&meta.partner_tenant_id, acceptor) => {}
        // Ours, but Microsoft tells another acceptor, or none: the singleton has to go first. One that leads elsewhere is never
        // ours, whatever we sent before.
        Some(request) if meta.request_sent && request.destination_tenant.as_ref() == Some(&meta.partner_tenant_id) => {
            arm.cancel_directory_change(&meta.subscription_id).await.map_err(refused)?;
            send_request(job, &arm, acceptor).await?;
        }
        Some(_) => {
            return Err(Stop::new(ErrorName::RequestForeignPending, "a request that is not ours is open"));
        }
        None => send_request(job, &arm, acceptor).await?,
    }
    Ok(Prepared::Requested(acceptors))
}

/// Holds the confirmation against what is true now.
fn verify(job: &Job<'_>, confirmation: &Confirmation) -> Result<(), Stop> {
    let meta = job.loaded.meta.clone();
    let directory = meta.route.owner_returns_to();
    let decisions_hash = job.loaded.review.hash();
    let report_hash = confirmation.report_hash.clone();
    let Some(approver) = meta.object_id(Actor::Owner, directory) else {
        return Err(Stop::new(ErrorName::ConfirmationMissing, "who may confirm is not known"));
    };
    let expected = Expected {
        report_hash: &report_hash,
        decisions_hash: &decisions_hash,
        partner: &meta.partner_tenant_id,
        approver_tenant: meta.tenant(directory),
        approver,
        subscription_name: meta.subscription_called(),
    };
    confirmation.verify(&expected).map_err(|refusal| {
        Stop::new(ErrorName::ConfirmationStale, format!("the confirmation does not hold: {refusal}"))
    })
}

async fn send_request(job: &mut Job<'_>, arm: &Arm, acceptor: &ObjectId) -> Result<(), Stop> {
    let meta = job.loaded.meta.clone();
    if !meta.request_sent {
        // Recorded first: whoever cancels from here on must take a request back that may exist.
        job.change.meta.request_sent = true;
        job.record().await?;
    }
    match arm.request_directory_change(&meta.subscription_id, &meta.partner_tenant_id, acceptor).await {
        Ok(_) => {
            job.note("request.sent", json!({"to": meta.partner_tenant_id}));
            Ok(())
        }
        Err(error) => Err(refusal(&error, Actor::Owner, Directory::Source, arm, None).await),
    }
}

/// Which call to accept it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Call {
    /// No other has been made: its answer says what happened.
    First,
    /// An earlier one was lost, and may get through yet.
    Again,
}

/// Records the intent and makes the call.
async fn accept(job: &mut Job<'_>, cloud: &CloudClient, token: &AccessToken<Arm>, call: Call) -> Result<(), Stop> {
    let actor = job.loaded.meta.route.acceptor();
    job.change.meta.accept_intended_at = Some(job.deps.clock.now().to_string());
    job.note("accept.intended", json!({"acceptor": actor}));
    job.record().await?;
    let until = job.deadline().min(tokio::time::Instant::now() + ACCEPT_TAKES);
    let arm = cloud.clone().until(until).arm(token);
    let error = match arm.accept_directory_change(&job.loaded.meta.subscription_id).await {
        Ok(()) => {
            job.note("request.accepted", json!({"by": actor}));
            return Ok(());
        }
        Err(error) => error,
    };
    // The next attempt reads back before it does anything.
    if matches!(error.kind(), ErrorKind::UnknownOutcome | ErrorKind::Unexpected) {
        return Err(Stop::new(ErrorName::UpstreamTimeout, error.to_string()).quoting(&error));
    }
    if call == Call::First {
        // Nothing was accepted: cancelling is possible again.
        job.change.meta.accept_intended_at = None;
    }
    job.note("accept.refused", json!({"answer": error.answered()}));
    job.record().await?;
    if error.is_transient() {
        return Err(Stop::from_call(&error, actor, Directory::Partner));
    }
    let gone = matches!(error.kind(), ErrorKind::Conflict | ErrorKind::NotFound);
    if call == Call::Again && gone {
        // No longer waiting to be accepted, so the earlier call got through. Time will tell.
        return Ok(());
    }
    let arm = cloud.arm(token);
    Err(refusal(&error, actor, Directory::Partner, &arm, Some(Directory::Partner)).await)
}

/// The outcome of an earlier accept is unknown. Microsoft is asked as the acceptor; only if it says that the request is
/// still waiting is the call made again, and not while an earlier one may be on its way.
async fn accept_again_if_it_never_arrived(
    job: &mut Job<'_>,
    cloud: &CloudClient,
    acceptor: &ObjectId,
    intended_at: &str,
) -> Result<(), Stop> {
    if !is_over(intended_at, job.deps.clock.now()) {
        return Ok(());
    }
    let actor = job.loaded.meta.route.acceptor();
    let token = job.token::<Arm>(actor, Directory::Partner).await?;
    let status = cloud
        .arm(&token)
        .directory_change_status(&job.loaded.meta.subscription_id)
        .await
        .map_err(|error| Stop::from_call(&error, actor, Directory::Partner))?;
    let now = job.deps.clock.now();
    match status {
        Some(DirectoryChange { status: ChangeStatus::Ended(word), .. }) => begin_again(job, &word).await,
        Some(change)
            if change.status == ChangeStatus::Pending && change.accepted_at.is_none() && !change.is_open(now) =>
        {
            begin_again(job, "expired").await
        }
        Some(change) if change.status != ChangeStatus::Pending || change.accepted_at.is_some() => Ok(()),
        // Waiting, or Microsoft does not tell the acceptor: the owner's own list is the proof. The subscription was in the
        // source directory a moment ago.
        Some(_) | None => {
            let owners = job.token::<Arm>(Actor::Owner, Directory::Source).await?;
            let listed = match cloud.arm(&owners).directory_changes(&job.loaded.meta.subscription_id).await {
                Ok(listed) => listed,
                // It moved in this very moment.
                Err(error) if error.kind() == ErrorKind::WrongTenant => return Ok(()),
                Err(error) => return Err(Stop::from_call(&error, Actor::Owner, Directory::Source)),
            };
            let partner = &job.loaded.meta.partner_tenant_id;
            if listed.iter().any(|request| request.is_open(now) && request.leads_to(partner, acceptor)) {
                accept(job, cloud, &token, Call::Again).await
            } else {
                // Neither waiting nor refused: being carried out. Time will tell.
                Ok(())
            }
        }
    }
}

/// Whether an accept call that was intended then can no longer be on its way.
fn is_over(intended_at: &str, now: Timestamp) -> bool {
    let since = intended_at.parse::<Timestamp>().map(|at| now.duration_since(at));
    since.is_ok_and(|since| since >= ACCEPT_IS_OVER)
}

/// The request ended without moving anything: from the start, with the same confirmation.
async fn begin_again(job: &mut Job<'_>, word: &str) -> Result<(), Stop> {
    job.change.meta.accept_intended_at = None;
    job.note("request.ended", json!({"status": word}));
    job.record().await?;
    Err(Stop::new(ErrorName::UpstreamTimeout, "the request ended before it was accepted; it will be made again"))
}

/// What a refusal of the family means. Microsoft documents no codes for it; where a tenant's policy is the likely cause, both
/// policies' owners are told apart by asking.
async fn refusal(error: &Error, actor: Actor, directory: Directory, arm: &Arm, at: Option<Directory>) -> Stop {
    meaning(error, actor, directory, arm, at).await.quoting(error)
}

async fn meaning(error: &Error, actor: Actor, directory: Directory, arm: &Arm, at: Option<Directory>) -> Stop {
    match error.kind() {
        ErrorKind::Invalid | ErrorKind::Forbidden | ErrorKind::Conflict | ErrorKind::NotFound => {}
        ErrorKind::Unavailable
        | ErrorKind::Throttled
        | ErrorKind::UnknownOutcome
        | ErrorKind::ClaimsChallenge
        | ErrorKind::WrongTenant
        | ErrorKind::Unauthenticated
        | ErrorKind::NotRegistered
        | ErrorKind::UnsupportedVersion
        | ErrorKind::Unexpected
        | ErrorKind::ForeignAddress
        | ErrorKind::Entra(_)
        | ErrorKind::IdToken(_)
        | ErrorKind::Credential => return Stop::from_call(error, actor, directory),
    }
    let said = error.to_string();
    match error.directory_change_refusal() {
        DirectoryChangeRefusal::BlockedByTenantPolicy => {
            let here = arm.subscription_policy().await.ok();
            let name = match (at, here) {
                (Some(_), Some(policy)) if policy.entering == Block::Allowed => ErrorName::LeavingBlocked,
                (Some(_), _) => ErrorName::EnteringBlocked,
                (None, Some(policy)) if policy.leaving == Block::Allowed => ErrorName::EnteringBlocked,
                (None, _) => ErrorName::LeavingBlocked,
            };
            Stop::new(name, said)
        }
        DirectoryChangeRefusal::OfferNotEligible => Stop::new(ErrorName::SubscriptionNotMovable, said),
        DirectoryChangeRefusal::SubscriptionDisabled => Stop::new(ErrorName::SubscriptionNotEnabled, said),
        DirectoryChangeRefusal::NotAllowed => match actor {
            Actor::Owner if directory == Directory::Source => Stop::new(ErrorName::OwnerNotOwner, said),
            Actor::Owner | Actor::PartnerAdmin => Stop::new(ErrorName::PartnerAdminNotAdmin, said),
        },
        DirectoryChangeRefusal::AlreadyPending => Stop::new(ErrorName::RequestForeignPending, said),
        DirectoryChangeRefusal::Expired => {
            Stop::new(ErrorName::UpstreamTimeout, format!("the request is gone and will be made again: {said}"))
        }
        DirectoryChangeRefusal::BadDestination | DirectoryChangeRefusal::Unrecognised => {
            Stop::new(ErrorName::RequestRefused, said)
        }
    }
}

/// Ever longer: a change usually takes minutes, and Microsoft's guide says hours.
fn seconds_to_wait(accepted: Option<&str>, now: Timestamp) -> i64 {
    let since =
        accepted.and_then(|at| at.parse::<Timestamp>().ok()).map_or(SignedDuration::ZERO, |at| now.duration_since(at));
    match since.as_secs() {
        ..60 => 5,
        60..600 => 30,
        600..3600 => 120,
        _ => 900,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_may_be_on_its_way_is_not_made_again() {
        let now: Timestamp = "2026-01-01T00:00:29Z".parse().unwrap();
        assert!(!is_over("2026-01-01T00:00:00Z", now));
        assert!(is_over("2025-12-31T23:59:59Z", now));
        assert!(!is_over("no time", now));
    }

    #[test]
    fn the_looks_become_rarer_and_a_day_of_them_stays_affordable() {
        let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let (mut at, mut looks) = (start, 0);
        while at.duration_since(start).as_secs() < 24 * 3600 {
            at += SignedDuration::from_secs(seconds_to_wait(Some(&start.to_string()), at));
            looks += 1;
        }
        assert!(looks < 160, "{looks}");
    }
}
