//! Choosing the subscription: where the request named none and the owner's account sees several, or where it doesn't see the one that
//! was named.
//!
//! What is chosen is looked at by the same step as any other: it must be there, movable and owned. So a choice proves nothing, and
//! needs no fresh sign-in. It counts as long as nobody has proved to own a subscription in this onboarding; from then on that one is
//! locked, and this page is over.

use http::{Request, StatusCode};
use impact::preflight::State;
use onboarding::{Actor, ErrorName, Outcome, Step, SubscriptionId, WaitKind};
use serde_json::json;
use store::{Change, Loaded, Note};
use web::pages::{ChooseView, FIELD_OTHER_SUBSCRIPTION, FIELD_SUBSCRIPTION, choose_wrong};
use web::{Answer, Fields, Problem, SignInResult, WebProblem, answer, pages, paths};

use crate::{Opened, World, change, logged, open};

/// Why the owner has something to choose, if so.
fn why(loaded: &Loaded) -> Option<ErrorName> {
    let wait = loaded.asked().filter(|wait| wait.kind == WaitKind::Fix && wait.actor == Actor::Owner);
    let reason = match wait {
        Some(wait) => wait.reason.as_deref(),
        // The step is looking again in this moment, by itself or because somebody pressed the button.
        None => loaded.step(Step::UseExistingDirectory).and_then(|record| record.error.as_deref()),
    };
    reason.and_then(ErrorName::parse).filter(|name| {
        matches!(name, ErrorName::SubscriptionNotChosen | ErrorName::SubscriptionNotVisible)
            && !loaded.meta.status.is_over()
            && !loaded.meta.subscription_locked
    })
}

/// What was chosen, or what is wrong with it.
fn chosen(loaded: &Loaded, why: ErrorName, posted: &Fields) -> Result<SubscriptionId, Problem> {
    if why == ErrorName::SubscriptionNotVisible
        && let Some(typed) = posted.filled(FIELD_OTHER_SUBSCRIPTION)
    {
        let id = SubscriptionId::parse(typed).ok().filter(SubscriptionId::is_chosen);
        return id.ok_or_else(|| choose_wrong(FIELD_OTHER_SUBSCRIPTION));
    }
    let seen = loaded.preflight.in_sight().subscriptions;
    let one = seen.iter().find(|one| one.id.as_str() == posted.get(FIELD_SUBSCRIPTION));
    let nothing_to_tick = seen.is_empty() && why == ErrorName::SubscriptionNotVisible;
    one.filter(|one| one.movable != State::Fails)
        .map(|one| one.id.clone())
        .ok_or_else(|| choose_wrong(if nothing_to_tick { FIELD_OTHER_SUBSCRIPTION } else { FIELD_SUBSCRIPTION }))
}

/// `POST /o/{link}/choose`.
pub(crate) async fn choose<W: World, B: AsRef<[u8]>>(
    world: &W,
    link: &str,
    request: &Request<B>,
) -> Result<Answer, ErrorName> {
    let Some(posted) = Fields::read(request.body().as_ref()) else { return Ok(WebProblem::TooLarge.answer(false)) };
    let opened = match open(world, link).await? {
        Ok(opened) => opened,
        Err(answered) => return Ok(answered),
    };
    let Some(actor) = opened.actor() else { return Ok(WebProblem::ViewOnly.answer(false)) };
    let moved_on = || Ok(answer::see_other(&paths::result(link, SignInResult::MovedOn)));
    let Some(why) = why(&opened.loaded).filter(|_| actor == Actor::Owner) else { return moved_on() };
    let id = match chosen(&opened.loaded, why, &posted) {
        Ok(id) => id,
        Err(problem) => return Ok(again(&opened, link, why, &posted, &[problem])),
    };
    let kept = change(world, &opened, |loaded| {
        self::why(loaded)?;
        let mut change = Change::of(&loaded.meta);
        change.meta.subscription_id = id.clone();
        change.meta.subscription_chosen = true;
        // Only where it is another one: sent twice, it is one choice.
        if loaded.meta.subscription_id != id {
            change.note(Note::person(Actor::Owner, "subscription.chosen", json!({"subscription": id})));
        }
        Some(change)
    })
    .await?;
    if !kept {
        return moved_on();
    }
    tracing::info!(target: "mooring::decide", onboarding_id = %opened.id, "the owner chose the subscription");
    // Read again: the step may have asked anew since. If it asks only after this, it has read the choice, or looks again when it is due.
    let loaded = world.load(&opened.id).await.map_err(|error| logged(&opened.id, &error))?;
    if let Some(wait) = loaded.asked().filter(|wait| wait.kind == WaitKind::Fix && wait.actor == Actor::Owner) {
        world
            .end_wait(&opened.id, &wait.wait_id, Outcome::Recheck, Actor::Owner)
            .await
            .map_err(|error| logged(&opened.id, &error))?;
    }
    Ok(answer::see_other(&paths::result(link, SignInResult::Chosen)))
}

fn again(opened: &Opened, link: &str, why: ErrorName, values: &Fields, problems: &[Problem]) -> Answer {
    let meta = &opened.loaded.meta;
    let reference = meta.onboarding_id.reference();
    let deadline = opened.loaded.asked().and_then(|wait| wait.deadline_at.parse().ok()).unwrap_or_default();
    let view = ChooseView {
        link,
        reference: &reference,
        why,
        explanation: texts::explanation(why),
        looked_for: Some(&meta.subscription_id).filter(|id| id.is_chosen()),
        directory: meta.source_tenant_id.as_str(),
        checks: &opened.loaded.preflight,
        values,
        problems,
        deadline,
        may_forward: true,
    };
    answer::page(StatusCode::UNPROCESSABLE_ENTITY, pages::choose(&view))
}
