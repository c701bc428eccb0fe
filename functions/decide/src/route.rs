//! Choosing the other route: the partner admin accepts, and nobody is invited.
//!
//! Only before anything was requested of Azure, and only towards the route on which nobody becomes anybody's guest. Whoever's turn it
//! is may choose it: the owner still confirms what moves, and the partner's side is looked at again for the new acceptor.

use http::StatusCode;
use onboarding::{ErrorName, Outcome, WaitKind};
use store::Recorded;
use web::pages::RouteView;
use web::{Answer, SignInResult, WebProblem, answer, pages, paths};

use crate::{World, change, logged, open};

/// `GET /o/{link}/route`.
pub(crate) async fn show<W: World>(world: &W, link: &str) -> Result<Answer, ErrorName> {
    let opened = match open(world, link).await? {
        Ok(opened) => opened,
        Err(answered) => return Ok(answered),
    };
    let Some(actor) = opened.actor() else { return Ok(WebProblem::ViewOnly.answer(false)) };
    let meta = &opened.loaded.meta;
    if !opened.loaded.may_change_route(actor) {
        return Ok(answer::see_other(&paths::result(link, SignInResult::MovedOn)));
    }
    let view = RouteView {
        link,
        reference: &meta.onboarding_id.reference(),
        owner: &meta.owner_email,
        partner: &meta.partner_admin_email,
        guest: meta.guest_invited,
    };
    Ok(answer::page(StatusCode::OK, pages::route(&view)))
}

/// `POST /o/{link}/route`.
pub(crate) async fn choose<W: World>(world: &W, link: &str) -> Result<Answer, ErrorName> {
    let opened = match open(world, link).await? {
        Ok(opened) => opened,
        Err(answered) => return Ok(answered),
    };
    let Some(actor) = opened.actor() else { return Ok(WebProblem::ViewOnly.answer(false)) };
    let moved_on = || Ok(answer::see_other(&paths::result(link, SignInResult::MovedOn)));
    // A press whose second half was lost has changed the route already: the wait is still to be ended.
    let Some(wait) = opened.loaded.asked_about_route(actor).cloned() else { return moved_on() };
    let changed = change(world, &opened, |loaded| loaded.rerouted(actor)).await?;
    let loaded = world.load(&opened.id).await.map_err(|error| logged(&opened.id, &error))?;
    if loaded.may_change_route(actor) || loaded.asked_about_route(actor).is_none_or(|now| now.wait_id != wait.wait_id) {
        return moved_on();
    }
    if changed {
        tracing::info!(target: "mooring::decide", onboarding_id = %opened.id, actor = actor.as_str(), "the other route was chosen");
    }
    // The step that was refused looks again by itself; from the confirmation it has to go back there.
    let outcome = if wait.kind == WaitKind::Fix { Outcome::Recheck } else { Outcome::Rerouted };
    let recorded =
        world.end_wait(&opened.id, &wait.wait_id, outcome, actor).await.map_err(|error| logged(&opened.id, &error))?;
    let result = match recorded {
        Recorded::First { .. } => SignInResult::Rerouted,
        Recorded::Before { outcome: before, .. } if before == outcome => SignInResult::Rerouted,
        Recorded::Before { .. } => SignInResult::MovedOn,
    };
    Ok(answer::see_other(&paths::result(link, result)))
}
