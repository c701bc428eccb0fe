//! Cancelling, and asking to look again.

use http::StatusCode;
use onboarding::undo;
use onboarding::{Actor, ErrorName, Outcome, WaitKind};
use serde_json::json;
use store::{Change, Note, Recorded, StoreError};
use web::pages::CancelView;
use web::{Answer, SignInResult, WebProblem, answer, pages, paths};

use crate::{Opened, TRIES, World, logged, note, open};

/// `GET /o/{link}/cancel`.
pub(crate) async fn show<W: World>(world: &W, link: &str) -> Result<Answer, ErrorName> {
    let opened = match open(world, link).await? {
        Ok(opened) => opened,
        Err(answered) => return Ok(answered),
    };
    Ok(page(&opened, link))
}

fn page(opened: &Opened, link: &str) -> Answer {
    let meta = &opened.loaded.meta;
    let view = CancelView {
        link,
        reference: &meta.onboarding_id.reference(),
        may_act: opened.actor().is_some(),
        over: meta.status.is_over(),
        too_late: meta.is_past_return(),
        guest: meta.guest_invited,
        undone: &if opened.actor().is_some() { meta.undone.clone() } else { undo::without_names(&meta.undone) },
    };
    let status = if view.over || view.too_late { StatusCode::CONFLICT } else { StatusCode::OK };
    answer::page(status, pages::cancel(&view))
}

/// `POST /o/{link}/cancel`: either person, before the move.
///
/// An open wait is ended by it; where a step is at work, the next state stops. Which of the two it is can change under our
/// hands, so a write that meets another one is decided again from what is true then: nobody must first have to answer a wait
/// that opened meanwhile.
pub(crate) async fn cancel<W: World>(world: &W, link: &str) -> Result<Answer, ErrorName> {
    for _ in 0..TRIES {
        let opened = match open(world, link).await? {
            Ok(opened) => opened,
            Err(answered) => return Ok(answered),
        };
        let Some(actor) = opened.actor() else { return Ok(WebProblem::ViewOnly.answer(false)) };
        let meta = &opened.loaded.meta;
        if meta.status.is_over() || meta.is_past_return() {
            return Ok(page(&opened, link));
        }
        if let Some(wait) = opened.loaded.open_wait() {
            let recorded = world
                .end_wait(&opened.id, &wait.wait_id, Outcome::Cancelled, actor)
                .await
                .map_err(|error| logged(&opened.id, &error))?;
            match recorded {
                Recorded::First { .. } => {
                    let entry = Note::person(actor, "onboarding.cancelled", json!({"wait": wait.wait_id}));
                    note(world, &opened, entry).await;
                    return Ok(cancelled(&opened, link, actor));
                }
                Recorded::Before { outcome: Outcome::Cancelled | Outcome::Declined, .. } => {
                    return Ok(answer::see_other(&paths::result(link, SignInResult::Cancelled)));
                }
                // Somebody was faster: a step is at work now.
                Recorded::Before { .. } => continue,
            }
        }
        if meta.cancel_requested {
            return Ok(cancelled(&opened, link, actor));
        }
        let mut change = Change::of(meta);
        change.meta.cancel_requested = true;
        change.note(Note::person(actor, "onboarding.cancel-requested", json!({})));
        match world.commit(meta, change).await {
            Ok(_) => return Ok(cancelled(&opened, link, actor)),
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(logged(&opened.id, &error)),
        }
    }
    Err(ErrorName::StoreConflict)
}

fn cancelled(opened: &Opened, link: &str, actor: Actor) -> Answer {
    tracing::info!(target: "mooring::decide", onboarding_id = %opened.id, actor = actor.as_str(), "an onboarding was cancelled");
    answer::see_other(&paths::result(link, SignInResult::Cancelled))
}

/// `POST /o/{link}/check-again`: the person whose fix it is says that it is made.
pub(crate) async fn check_again<W: World>(world: &W, link: &str) -> Result<Answer, ErrorName> {
    let opened = match open(world, link).await? {
        Ok(opened) => opened,
        Err(answered) => return Ok(answered),
    };
    let Some(actor) = opened.actor() else { return Ok(WebProblem::ViewOnly.answer(false)) };
    let wait = opened.loaded.open_wait().filter(|wait| wait.kind == WaitKind::Fix);
    let Some(wait) = wait.filter(|_| !opened.loaded.meta.status.is_over()) else {
        return Ok(answer::see_other(&paths::result(link, SignInResult::MovedOn)));
    };
    if wait.actor != actor {
        return Ok(answer::see_other(&paths::turn(link)));
    }
    let recorded = world
        .end_wait(&opened.id, &wait.wait_id, Outcome::Recheck, actor)
        .await
        .map_err(|error| logged(&opened.id, &error))?;
    let result = match recorded {
        Recorded::First { .. } | Recorded::Before { outcome: Outcome::Recheck, .. } => SignInResult::Rechecking,
        Recorded::Before { .. } => SignInResult::MovedOn,
    };
    Ok(answer::see_other(&paths::result(link, result)))
}
