//! What an operator can do about an onboarding. Each act looks at the record as it is when the button is pressed, and does nothing if
//! that is not what the page was about: a form that was sent late, or twice, must not do something else.

use http::{Request, StatusCode};
use jiff::{SignedDuration, Timestamp};
use onboarding::{Actor, ErrorName, OnboardingId, Outcome, Status, WaitKind, request as asked_for};
use serde_json::json;
use store::{By, Change, HandOverRefused, Loaded, Recorded, StoreError, WaitRecord};
use web::pages::{
    Again, DID, DID_NOTHING, FIELD_ABOUT, FIELD_NEW_EMAIL, FIELD_PART, OperatorAct, OperatorActView, OperatorNotNow,
    OperatorOffer, ReassignWrong, reassign_wrong,
};
use web::{Answer, Fields, Problem, WebProblem, answer, pages, paths};

use crate::logged;
use crate::session::Operator;
use crate::world::World;

/// How often a change is tried again when somebody else writes at the same time.
const TRIES: usize = 5;

/// How long after a mail to a person an operator can have them reminded.
const BETWEEN_MAILS: SignedDuration = SignedDuration::from_hours(1);

/// The audit entry of an onboarding in whose place another was started.
pub(crate) const STARTED_ANEW: &str = "onboarding.started-anew";

/// What an act would do to this onboarding now. `runs` says that the same request runs as another onboarding.
pub(crate) fn offer(
    loaded: &Loaded,
    act: OperatorAct,
    by: By<'_>,
    now: Timestamp,
    runs: bool,
) -> Result<OperatorOffer, OperatorNotNow> {
    let meta = &loaded.meta;
    let over = meta.status.is_over();
    match act {
        OperatorAct::Retry => again(loaded, runs).map(OperatorOffer::Retry),
        OperatorAct::Remind | OperatorAct::Extend | OperatorAct::Reassign | OperatorAct::Cancel if over => {
            Err(OperatorNotNow::Over)
        }
        OperatorAct::Remind => {
            let wait = loaded.asked().ok_or(OperatorNotNow::NobodyAsked)?;
            if loaded.mailed_at(wait.actor).is_some_and(|last| now < last + BETWEEN_MAILS) {
                return Err(OperatorNotNow::MailedRecently);
            }
            Ok(OperatorOffer::Remind(wait.actor, meta.email(wait.actor).to_owned()))
        }
        OperatorAct::Extend => {
            let wait = loaded.asked().ok_or(OperatorNotNow::NobodyAsked)?;
            let until = loaded.longer(wait, by, now).ok_or(OperatorNotNow::Longest)?;
            Ok(OperatorOffer::Extend(wait.actor, until))
        }
        OperatorAct::Reassign | OperatorAct::Cancel if meta.is_past_return() => Err(OperatorNotNow::Moved),
        OperatorAct::Reassign => {
            let free = |actor: &Actor| *actor == Actor::PartnerAdmin || !meta.guest_invited;
            Ok(OperatorOffer::Reassign([Actor::Owner, Actor::PartnerAdmin].into_iter().filter(free).collect()))
        }
        OperatorAct::Cancel if meta.cancel_requested && loaded.asked().is_none() => Err(OperatorNotNow::Cancelling),
        OperatorAct::Cancel => Ok(OperatorOffer::Cancel),
    }
}

/// How the onboarding can be tried again.
fn again(loaded: &Loaded, runs: bool) -> Result<Again, OperatorNotNow> {
    let meta = &loaded.meta;
    if !meta.status.is_over() {
        return match (loaded.asked(), untold(loaded)) {
            (Some(wait), _) if wait.kind == WaitKind::Fix => Ok(Again::Look),
            (Some(_), _) => Err(OperatorNotNow::WaitsForPerson),
            (None, Some(_)) => Ok(Again::Tell),
            (None, None) => Err(OperatorNotNow::AtWork),
        };
    }
    if meta.status == Status::Done {
        Err(OperatorNotNow::Done)
    } else if meta.is_past_return() {
        Err(OperatorNotNow::Moved)
    } else if runs {
        Err(OperatorNotNow::Runs)
    } else {
        Ok(Again::Anew)
    }
}

/// The wait whose recorded outcome the state machine was not told, as far as we know.
fn untold(loaded: &Loaded) -> Option<(&WaitRecord, Outcome)> {
    let id = loaded.meta.open_wait.as_deref()?;
    let wait = loaded.waits.iter().find(|wait| wait.wait_id == id && wait.signalled_at.is_none())?;
    wait.outcome.map(|outcome| (wait, outcome))
}

/// Whether the request of an onboarding that has ended runs as another one.
pub(crate) async fn runs_elsewhere<W: World>(world: &W, loaded: &Loaded) -> Result<bool, ErrorName> {
    let meta = &loaded.meta;
    if !meta.status.is_over() {
        return Ok(false);
    }
    let running = world.running(&meta.request_key).await.map_err(|error| logged(&meta.onboarding_id, &error))?;
    Ok(running.is_some_and(|other| other != meta.onboarding_id))
}

/// What a page is about: what a form must still be about when it comes in.
fn about(loaded: &Loaded, act: OperatorAct) -> String {
    let wait = |wait: &WaitRecord| format!("{} {}", wait.wait_id, wait.deadline_at);
    match act {
        OperatorAct::Remind | OperatorAct::Extend => loaded.asked().map(wait).unwrap_or_default(),
        OperatorAct::Retry if loaded.meta.status.is_over() => loaded.meta.ver.to_string(),
        OperatorAct::Retry => loaded.meta.open_wait.clone().unwrap_or_default(),
        // Whatever happens meanwhile, the part and the end are the same.
        OperatorAct::Reassign | OperatorAct::Cancel => String::new(),
    }
}

/// `GET /operator/o/{id}/{act}`.
pub(crate) async fn show<W: World>(
    world: &W,
    who: &Operator,
    id: &OnboardingId,
    act: OperatorAct,
) -> Result<Answer, ErrorName> {
    let loaded = world.load(id).await.map_err(|error| logged(id, &error))?;
    let runs = runs_elsewhere(world, &loaded).await?;
    Ok(page(world, who, &loaded, act, runs, &Fields::default(), &[]))
}

fn page<W: World>(
    world: &W,
    who: &Operator,
    loaded: &Loaded,
    act: OperatorAct,
    runs: bool,
    values: &Fields,
    problems: &[Problem],
) -> Answer {
    let offered = offer(loaded, act, By::Operator(&who.oid), world.now(), runs);
    let status = match (&offered, problems) {
        (Err(_), _) => StatusCode::CONFLICT,
        (Ok(_), []) => StatusCode::OK,
        (Ok(_), _) => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let view = OperatorActView {
        name: &who.name,
        id: &loaded.meta.onboarding_id,
        act,
        offer: offered.as_ref().map_err(|why| *why),
        about: &about(loaded, act),
        values,
        problems,
    };
    answer::page(status, pages::operator_act(&view))
}

/// How an act went.
enum Went {
    /// Done.
    Done,
    /// Something changed meanwhile.
    Nothing,
    /// Somebody wrote at the same time: look again.
    Again,
    /// The form says something that can't be.
    Wrong(Problem),
}

/// `POST /operator/o/{id}/{act}`.
pub(crate) async fn act<W: World, B: AsRef<[u8]>>(
    world: &W,
    who: &Operator,
    id: &OnboardingId,
    act: OperatorAct,
    request: &Request<B>,
) -> Result<Answer, ErrorName> {
    let Some(posted) = Fields::read(request.body().as_ref()) else { return Ok(WebProblem::TooLarge.answer(false)) };
    let by = By::Operator(&who.oid);
    for _ in 0..TRIES {
        let loaded = world.load(id).await.map_err(|error| logged(id, &error))?;
        let runs = runs_elsewhere(world, &loaded).await?;
        if posted.get(FIELD_ABOUT) != about(&loaded, act) {
            return Ok(done(id, DID_NOTHING));
        }
        let Ok(offered) = offer(&loaded, act, by, world.now(), runs) else { return Ok(done(id, DID_NOTHING)) };
        let went = match offered {
            OperatorOffer::Remind(..) => match loaded.asked() {
                Some(wait) => commit(world, &loaded, loaded.reminded(wait, by)).await?,
                None => Went::Nothing,
            },
            OperatorOffer::Extend(_, until) => {
                match loaded.asked().and_then(|wait| loaded.extended(wait, until, by, world.now())) {
                    Some(change) => commit(world, &loaded, change).await?,
                    None => Went::Nothing,
                }
            }
            OperatorOffer::Reassign(parts) => reassign(world, &loaded, &parts, &posted, by).await?,
            OperatorOffer::Retry(again) => retry(world, &loaded, again, by).await?,
            OperatorOffer::Cancel => cancel(world, &loaded, by).await?,
        };
        match went {
            Went::Done => {
                tracing::info!(target: "mooring::operator", onboarding_id = %id, oid = %who.oid, act = act.as_str(), "an operator acted");
                return Ok(done(id, act.as_str()));
            }
            Went::Nothing => return Ok(done(id, DID_NOTHING)),
            Went::Again => {}
            Went::Wrong(problem) => return Ok(page(world, who, &loaded, act, runs, &posted, &[problem])),
        }
    }
    Err(ErrorName::StoreConflict)
}

/// Back to the onboarding, which says what was done.
fn done(id: &OnboardingId, did: &str) -> Answer {
    answer::see_other(&format!("{}?{DID}={did}", paths::operator_one(id.as_str())))
}

async fn commit<W: World>(world: &W, loaded: &Loaded, change: Change) -> Result<Went, ErrorName> {
    match world.commit(&loaded.meta, change).await {
        Ok(_) => Ok(Went::Done),
        Err(StoreError::Conflict) => Ok(Went::Again),
        Err(error) => Err(logged(&loaded.meta.onboarding_id, &error)),
    }
}

async fn reassign<W: World>(
    world: &W,
    loaded: &Loaded,
    parts: &[Actor],
    posted: &Fields,
    by: By<'_>,
) -> Result<Went, ErrorName> {
    let wrong = |wrong| Ok(Went::Wrong(reassign_wrong(wrong)));
    let Some(part) = Actor::parse(posted.get(FIELD_PART)) else { return wrong(ReassignWrong::NoPart) };
    if !parts.contains(&part) {
        return wrong(ReassignWrong::Guest);
    }
    let Some(email) = asked_for::email(posted.get(FIELD_NEW_EMAIL)) else { return wrong(ReassignWrong::NotOne) };
    match loaded.handed_over(part, &email, by) {
        Ok(change) => commit(world, loaded, change).await,
        Err(HandOverRefused::SamePerson) => wrong(ReassignWrong::SamePerson),
        Err(HandOverRefused::GuestInvited) => wrong(ReassignWrong::Guest),
        Err(HandOverRefused::Over | HandOverRefused::Moved) => Ok(Went::Nothing),
    }
}

/// Writes an entry of what was done already; a failure is logged and does not undo it.
async fn note<W: World>(
    world: &W,
    loaded: &Loaded,
    by: By<'_>,
    action: &'static str,
    detail: &serde_json::Value,
) -> Result<(), ErrorName> {
    let id = &loaded.meta.onboarding_id;
    let mut meta = loaded.meta.clone();
    for _ in 0..TRIES {
        let mut change = Change::of(&meta);
        change.note(by.note(action, detail.clone()));
        match world.commit(&meta, change).await {
            Ok(_) => return Ok(()),
            Err(StoreError::Conflict) => meta = world.load(id).await.map_err(|error| logged(id, &error))?.meta,
            Err(error) => {
                logged(id, &error);
                return Ok(());
            }
        }
    }
    tracing::error!(target: "mooring::operator", onboarding_id = %id, action, "the audit entry could not be written");
    Ok(())
}

async fn retry<W: World>(world: &W, loaded: &Loaded, again: Again, by: By<'_>) -> Result<Went, ErrorName> {
    let id = &loaded.meta.onboarding_id;
    let failed = |error: StoreError| logged(id, &error);
    match again {
        Again::Look => {
            let Some(wait) = loaded.asked() else { return Ok(Went::Nothing) };
            match world.end_wait(id, &wait.wait_id, Outcome::Recheck).await.map_err(failed)? {
                Recorded::First { .. } => {
                    note(world, loaded, by, "retry.asked", &json!({"wait": wait.wait_id})).await?;
                    Ok(Went::Done)
                }
                // It is being looked at already.
                Recorded::Before { outcome: Outcome::Recheck, .. } => Ok(Went::Done),
                Recorded::Before { .. } => Ok(Went::Nothing),
            }
        }
        Again::Tell => {
            let Some((wait, outcome)) = untold(loaded) else { return Ok(Went::Nothing) };
            // Recording it again changes nothing, and tells what was recorded.
            world.end_wait(id, &wait.wait_id, outcome).await.map_err(failed)?;
            note(world, loaded, by, "retry.asked", &json!({"wait": wait.wait_id, "outcome": outcome})).await?;
            Ok(Went::Done)
        }
        Again::Anew => {
            let meta = &loaded.meta;
            // Made of what it takes the place of: a second click starts the same, and so nothing.
            let made_of = onboarding::audit::digest(&json!({"onboarding": id, "version": meta.ver}));
            let random = u128::from_str_radix(made_of.get(..32).unwrap_or_default(), 16).unwrap_or_default();
            let at: Timestamp = meta.updated_at.parse().unwrap_or_default();
            let new = OnboardingId::from_parts(at.as_millisecond().unsigned_abs(), random);
            let mut input = json!({
                "onboardingId": new, "partnerDirectory": meta.partner_directory,
                "partnerAdminEmail": meta.partner_admin_email, "ownerEmail": meta.owner_email,
                "ownerAccount": meta.owner_account, "cloud": meta.cloud, "route": meta.route,
                "language": meta.owner_contact.language, "timeZone": meta.owner_contact.time_zone,
            });
            if meta.subscription_id.is_chosen() {
                input["subscriptionId"] = meta.subscription_id.as_str().into();
            } else {
                input["sourceDirectory"] = meta.source_tenant_id.as_str().into();
            }
            if let Some(reference) = &meta.reference {
                input["reference"] = reference.as_str().into();
            }
            world.start(&new, &input.to_string()).await?;
            let mut change = Change::of(meta);
            change.note(by.note(STARTED_ANEW, json!({"onboarding": new})));
            match commit(world, loaded, change).await? {
                // A second click was as fast, and started the same.
                Went::Again => Ok(Went::Done),
                went @ (Went::Done | Went::Nothing | Went::Wrong(_)) => Ok(went),
            }
        }
    }
}

/// An open wait is ended by it; where a step is at work, the next state stops.
async fn cancel<W: World>(world: &W, loaded: &Loaded, by: By<'_>) -> Result<Went, ErrorName> {
    let id = &loaded.meta.onboarding_id;
    let Some(wait) = loaded.asked() else {
        let mut change = Change::of(&loaded.meta);
        change.meta.cancel_requested = true;
        change.note(by.note("onboarding.cancel-requested", json!({})));
        return commit(world, loaded, change).await;
    };
    let recorded = world.end_wait(id, &wait.wait_id, Outcome::Cancelled).await.map_err(|error| logged(id, &error))?;
    match recorded {
        Recorded::First { .. } => {
            note(world, loaded, by, "onboarding.cancelled", &json!({"wait": wait.wait_id})).await?;
            Ok(Went::Done)
        }
        Recorded::Before { outcome: Outcome::Cancelled | Outcome::Declined, .. } => Ok(Went::Done),
        // Somebody was faster: a step is at work now.
        Recorded::Before { .. } => Ok(Went::Again),
    }
}
