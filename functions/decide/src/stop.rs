//! Cancelling, and asking to look again.

use http::StatusCode;
use onboarding::{Actor, ErrorName, Outcome, WaitKind};
use serde_json::json;
use store::{Change, Meta, Note, Recorded};
use web::pages::CancelView;
use web::{Answer, SignInResult, WebProblem, answer, pages, paths};

use crate::{Opened, World, change, logged, note, open};

/// Whether the call that can't be undone has been made, or may have been.
fn is_too_late(meta: &Meta) -> bool {
    meta.moved || meta.accept_intended_at.is_some()
}

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
        too_late: is_too_late(meta),
        guest: meta.guest_invited,
    };
    let status = if view.over || view.too_late { StatusCode::CONFLICT } else { StatusCode::OK };
    answer::page(status, pages::cancel(&view))
}

/// `POST /o/{link}/cancel`: either person, before the move.
pub(crate) async fn cancel<W: World>(world: &W, link: &str) -> Result<Answer, ErrorName> {
    let opened = match open(world, link).await? {
        Ok(opened) => opened,
        Err(answered) => return Ok(answered),
    };
    let Some(actor) = opened.actor() else { return Ok(WebProblem::ViewOnly.answer(false)) };
    let meta = &opened.loaded.meta;
    if meta.status.is_over() || is_too_late(meta) {
        return Ok(page(&opened, link));
    }
    if let Some(wait) = opened.loaded.open_wait() {
        let recorded = world
            .end_wait(&opened.id, &wait.wait_id, Outcome::Cancelled, actor)
            .await
            .map_err(|error| logged(&opened.id, &error))?;
        match recorded {
            Recorded::First { .. } => {
                note(world, &opened, Note::person(actor, "onboarding.cancelled", json!({"wait": wait.wait_id}))).await;
                return Ok(cancelled(&opened, link, actor));
            }
            Recorded::Before { outcome: Outcome::Cancelled | Outcome::Declined, .. } => {
                return Ok(answer::see_other(&paths::result(link, SignInResult::Cancelled)));
            }
            // Somebody was faster and a step is at work now: the next one stops.
            Recorded::Before { .. } => {}
        }
    }
    let asked = change(world, &opened, |loaded| {
        let meta = &loaded.meta;
        if meta.status.is_over() || is_too_late(meta) {
            return None;
        }
        let mut change = Change::of(meta);
        if !meta.cancel_requested {
            change.meta.cancel_requested = true;
            change.note(Note::person(actor, "onboarding.cancel-requested", json!({})));
        }
        Some(change)
    })
    .await?;
    if asked {
        return Ok(cancelled(&opened, link, actor));
    }
    // It ended or moved while we looked: the page as it is now says so.
    show(world, link).await
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
