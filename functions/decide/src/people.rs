//! Needing more time, and handing one's part to somebody else.

use http::{Request, StatusCode};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use onboarding::{Actor, Directory, ErrorName, WaitKind, ladder, request, waits};
use serde_json::json;
use store::{Change, HandOverRefused, Loaded, Note, StoreError, WaitRecord, Write};
use web::pages::{FIELD_EMAIL, ForwardView, NotNow, forward_wrong};
use web::{Answer, Fields, Problem, SignInResult, WebProblem, answer, pages, paths};

use crate::{Opened, TRIES, World, change, logged, open};

/// The open wait, if it is this person's turn.
fn turn_of(loaded: &Loaded, actor: Actor) -> Option<&WaitRecord> {
    loaded.open_wait().filter(|wait| wait.actor == actor && !loaded.meta.status.is_over())
}

/// `POST /o/{link}/extend`: as long again as the person had, once a wait.
pub(crate) async fn extend<W: World>(world: &W, link: &str) -> Result<Answer, ErrorName> {
    let opened = match open(world, link).await? {
        Ok(opened) => opened,
        Err(answered) => return Ok(answered),
    };
    let Some(actor) = opened.actor() else { return Ok(WebProblem::ViewOnly.answer(false)) };
    let Some(wait) = turn_of(&opened.loaded, actor) else {
        return Ok(answer::see_other(&paths::result(link, SignInResult::MovedOn)));
    };
    if wait.extended_at.is_some() {
        return Ok(answer::see_other(&paths::result(link, SignInResult::ExtendedBefore)));
    }
    let now = world.now();
    let extended = change(world, &opened, |loaded| {
        turn_of(loaded, actor).filter(|wait| wait.extended_at.is_none()).and_then(|wait| longer(loaded, wait, now))
    })
    .await?;
    let result = if extended { SignInResult::Extended } else { SignInResult::MovedOn };
    Ok(answer::see_other(&paths::result(link, result)))
}

/// What more time changes in the record; none where the times in it can't be read.
fn longer(loaded: &Loaded, wait: &WaitRecord, now: Timestamp) -> Option<Change> {
    let time = |text: &str| text.parse::<Timestamp>().ok();
    let (opened, deadline) = (time(&wait.opened_at)?, time(&wait.deadline_at)?);
    let longest = time(&loaded.meta.created_at)? + waits::LONGEST;
    let until = (deadline + deadline.duration_since(opened)).min(longest).max(deadline);
    let zone = TimeZone::get(&loaded.meta.contact(wait.actor).time_zone).unwrap_or(TimeZone::UTC);
    let (mut next_at, _) = ladder::next(opened, until, &zone, now);
    if wait.kind == WaitKind::Fix {
        // It is looked at again as planned; the ladder would make that later.
        next_at = next_at.min(now + SignedDuration::from_mins(15));
    }
    let mut change = Change::of(&loaded.meta);
    if let Some(waiting) = &mut change.meta.waiting {
        waiting.until = until.to_string();
    }
    change.note(Note::person(wait.actor, "wait.extended", json!({"until": until.to_string()})));
    change.write(Write::Extended { wait_id: wait.wait_id.clone(), deadline: until, next_at });
    Some(change)
}

/// `GET /o/{link}/forward`.
pub(crate) async fn show<W: World>(world: &W, link: &str) -> Result<Answer, ErrorName> {
    let opened = match open(world, link).await? {
        Ok(opened) => opened,
        Err(answered) => return Ok(answered),
    };
    let Some(actor) = opened.actor() else { return Ok(WebProblem::ViewOnly.answer(false)) };
    if turn_of(&opened.loaded, actor).is_none() {
        return Ok(answer::see_other(&paths::result(link, SignInResult::MovedOn)));
    }
    Ok(page(&opened, link, actor, &Fields::default(), &[]))
}

fn page(opened: &Opened, link: &str, actor: Actor, values: &Fields, problems: &[Problem]) -> Answer {
    let meta = &opened.loaded.meta;
    // Tried with an address that nobody has: what is left are the reasons that hold for everyone.
    let not_now = match meta.clone().hand_over(actor, "") {
        Err(HandOverRefused::Moved | HandOverRefused::Over) => Some(NotNow::Moved),
        Err(HandOverRefused::GuestInvited) => Some(NotNow::GuestInvited),
        Ok(()) | Err(HandOverRefused::SamePerson) => None,
    };
    let status = match (not_now, problems) {
        (Some(_), _) => StatusCode::CONFLICT,
        (None, []) => StatusCode::OK,
        (None, _) => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let reference = meta.onboarding_id.reference();
    answer::page(status, pages::forward(&ForwardView { link, reference: &reference, actor, not_now, values, problems }))
}

/// `POST /o/{link}/forward`: puts somebody else in the person's place.
///
/// The old link stops counting with the same write that makes the new one count, and the sealed sign-ins of the old person go with
/// it: there is no moment in which both can act.
pub(crate) async fn forward<W: World, B: AsRef<[u8]>>(
    world: &W,
    link: &str,
    request: &Request<B>,
) -> Result<Answer, ErrorName> {
    let Some(posted) = Fields::read(request.body().as_ref()) else { return Ok(WebProblem::TooLarge.answer(false)) };
    for _ in 0..TRIES {
        let opened = match open(world, link).await? {
            Ok(opened) => opened,
            Err(answered) => return Ok(answered),
        };
        let Some(actor) = opened.actor() else { return Ok(WebProblem::ViewOnly.answer(false)) };
        let Some(wait) = turn_of(&opened.loaded, actor) else {
            return Ok(answer::see_other(&paths::result(link, SignInResult::MovedOn)));
        };
        let Some(email) = request::email(posted.get(FIELD_EMAIL)) else {
            return Ok(page(&opened, link, actor, &posted, &[forward_wrong(false)]));
        };
        let meta = &opened.loaded.meta;
        let mut change = Change::of(meta);
        match change.meta.hand_over(actor, &email) {
            Ok(()) => {}
            Err(HandOverRefused::SamePerson) => {
                return Ok(page(&opened, link, actor, &posted, &[forward_wrong(true)]));
            }
            Err(HandOverRefused::Over | HandOverRefused::Moved | HandOverRefused::GuestInvited) => {
                return Ok(page(&opened, link, actor, &posted, &[]));
            }
        }
        let entry = json!({"part": actor, "from": meta.email(actor), "to": email});
        change.note(Note::person(actor, "person.handed-over", entry));
        change.write(Write::ForgetCredential(actor, Directory::Source));
        change.write(Write::ForgetCredential(actor, Directory::Partner));
        let template = if wait.kind == WaitKind::Review { "review" } else { "your-turn" };
        let args = json!({"kind": wait.kind, "reason": wait.reason, "step": wait.resume, "deadline": wait.deadline_at});
        change.mail(actor, template, args);
        change.mail(actor.other(), "handed-over", json!({"part": actor}));
        match world.commit(meta, change).await {
            Ok(_) => {
                tracing::info!(target: "mooring::decide", onboarding_id = %opened.id, actor = actor.as_str(), "a part was handed over");
                return Ok(answer::see_other(&paths::problem(SignInResult::HandedOver)));
            }
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(logged(&opened.id, &error)),
        }
    }
    Err(ErrorName::StoreConflict)
}
