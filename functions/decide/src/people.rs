//! Needing more time, having the other person reminded, and handing one's part to somebody else.

use http::{Request, StatusCode};
use onboarding::{Actor, ErrorName, Outcome, request};
use store::{By, HandOverRefused, Loaded, StoreError, WaitRecord};
use web::pages::{FIELD_EMAIL, ForwardView, NotNow, forward_wrong};
use web::{Answer, Fields, Problem, SignInResult, WebProblem, answer, pages, paths};

use crate::{Opened, TRIES, World, change, logged, open};

/// The open wait, if it is this person's turn.
fn turn_of(loaded: &Loaded, actor: Actor) -> Option<&WaitRecord> {
    loaded.asked().filter(|wait| wait.actor == actor)
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
    let now = world.now();
    // An onboarding that has waited as long as it may in all has no more to give either.
    if wait.extended_at.is_some() || opened.loaded.longer(wait, By::Person(actor), now).is_none() {
        return Ok(answer::see_other(&paths::result(link, SignInResult::ExtendedBefore)));
    }
    let extended = change(world, &opened, |loaded| {
        let wait = turn_of(loaded, actor).filter(|wait| wait.extended_at.is_none())?;
        let by = By::Person(actor);
        let until = loaded.longer(wait, by, now)?;
        loaded.extended(wait, until, by, now)
    })
    .await?;
    let result = if extended { SignInResult::Extended } else { SignInResult::MovedOn };
    Ok(answer::see_other(&paths::result(link, result)))
}

/// `POST /o/{link}/remind`: the person who is waited for gets one more mail, a day after the last at the earliest.
pub(crate) async fn remind<W: World>(world: &W, link: &str) -> Result<Answer, ErrorName> {
    let opened = match open(world, link).await? {
        Ok(opened) => opened,
        Err(answered) => return Ok(answered),
    };
    let Some(actor) = opened.actor() else { return Ok(WebProblem::ViewOnly.answer(false)) };
    if turn_of(&opened.loaded, actor.other()).is_none() {
        return Ok(answer::see_other(&paths::result(link, SignInResult::MovedOn)));
    }
    let now = world.now();
    let reminded = change(world, &opened, |loaded| {
        let wait = loaded.may_remind(actor, now)?;
        Some(loaded.reminded(wait, By::Person(actor)))
    })
    .await?;
    let result = if reminded { SignInResult::Reminded } else { SignInResult::RemindedBefore };
    Ok(answer::see_other(&paths::result(link, result)))
}

/// `GET /o/{link}/forward`.
pub(crate) async fn show<W: World>(world: &W, link: &str) -> Result<Answer, ErrorName> {
    let opened = match open(world, link).await? {
        Ok(opened) => opened,
        Err(answered) => return Ok(answered),
    };
    let Some(actor) = opened.actor() else { return Ok(WebProblem::ViewOnly.answer(false)) };
    if !opened.loaded.may_hand_over(actor) {
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
        if !opened.loaded.may_hand_over(actor) {
            return Ok(answer::see_other(&paths::result(link, SignInResult::MovedOn)));
        }
        let Some(email) = request::email(posted.get(FIELD_EMAIL)) else {
            return Ok(page(&opened, link, actor, &posted, &[forward_wrong(false)]));
        };
        let meta = &opened.loaded.meta;
        let change = match opened.loaded.handed_over(actor, &email, By::Person(actor)) {
            Ok(change) => change,
            Err(HandOverRefused::SamePerson) => {
                return Ok(page(&opened, link, actor, &posted, &[forward_wrong(true)]));
            }
            Err(HandOverRefused::Over | HandOverRefused::Moved | HandOverRefused::GuestInvited) => {
                return Ok(page(&opened, link, actor, &posted, &[]));
            }
        };
        match world.commit(meta, change).await {
            Ok(_) => {
                tracing::info!(target: "mooring::decide", onboarding_id = %opened.id, actor = actor.as_str(), "a part was handed over");
                // The address was what somebody else waited for: their step looks again.
                if let Some(wait) = opened.loaded.asked().filter(|wait| wait.actor != actor) {
                    world
                        .end_wait(&opened.id, &wait.wait_id, Outcome::Recheck, actor)
                        .await
                        .map_err(|error| logged(&opened.id, &error))?;
                }
                return Ok(answer::see_other(&paths::problem(SignInResult::HandedOver)));
            }
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(logged(&opened.id, &error)),
        }
    }
    Err(ErrorName::StoreConflict)
}
