//! Proving the mailbox, and what begins with it.
//!
//! Until the code was typed nothing exists but a draft that forgets itself: no execution, no onboarding, no mail to anybody
//! else. The code is derived from the draft and the number of the mail; it is stored nowhere, and five wrong tries make it void.

use http::StatusCode;
use onboarding::links::LinkRole;
use onboarding::{Actor, ErrorName, OnboardingId, OnboardingRequest, TenantId};
use serde_json::{Value, json};
use store::{Draft, Meta};
use web::pages::{CheckMailView, CodeProblem, DO_RESEND, FIELD_BUTTON, FIELD_CODE, too_many};
use web::{Answer, Fields, Problem, WebProblem, answer, pages, paths};

use crate::limits;
use crate::world::World;

/// How long a code is good, in seconds.
pub(crate) const DRAFT_SECONDS: i64 = 1800;

/// Mails with codes that one address gets in a day.
pub(crate) const CODES_A_DAY: u32 = 10;

/// Tries of codes for one address in a day, all its sign-ups together: guessing has one chance in thirty thousand a day.
const TRIES_A_DAY: u32 = 30;

/// More tries than any code has: it can't be used.
const VOID: u32 = 1000;

/// Keeps the draft and has the code mailed. Sent twice, it is the same draft and one mail.
pub(crate) async fn begin<W: World>(world: &W, id: &OnboardingId, draft: Draft) -> Result<(), ErrorName> {
    // Sent twice: one draft and one mail. Whose mail got lost on the way has a new one sent.
    if world.draft(id).await?.is_some() {
        return Ok(());
    }
    // Too many for this address: the answer is the same, so that nobody learns who signs up here. A code that nobody was mailed
    // must not be one that can be guessed.
    let may = world.may_mail(&draft.email, CODES_A_DAY).await?;
    let draft = if may { draft } else { Draft { tries: VOID, ..draft } };
    if world.keep_draft(id, &draft).await? && may {
        world.mail_code(id, &draft).await?;
    }
    Ok(())
}

fn shown(link: &str, draft: &Draft, again: bool, problems: &[Problem]) -> Answer {
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    answer::page(status, pages::check_mail(&CheckMailView { link, email: &draft.email, again, problems }))
}

fn gone() -> Answer {
    answer::page(StatusCode::GONE, pages::check_mail_gone())
}

async fn draft_of<W: World>(world: &W, link: &str) -> Result<Option<(OnboardingId, Draft)>, ErrorName> {
    let Some((id, LinkRole::Draft)) = world.link_key().await?.open(link) else { return Ok(None) };
    let draft = world.draft(&id).await?.filter(|draft| world.now().as_second() < draft.ends_at);
    Ok(draft.map(|draft| (id, draft)))
}

/// `GET /check-mail/{link}`.
pub(crate) async fn show<W: World>(world: &W, link: &str) -> Result<Answer, ErrorName> {
    Ok(draft_of(world, link).await?.map_or_else(gone, |(_, draft)| shown(link, &draft, false, &[])))
}

/// `POST /check-mail/{link}`.
pub(crate) async fn prove<W: World>(world: &W, link: &str, body: &[u8]) -> Result<Answer, ErrorName> {
    let Some(posted) = Fields::read(body) else { return Ok(WebProblem::TooLarge.answer(false)) };
    let Some((id, draft)) = draft_of(world, link).await? else { return Ok(gone()) };
    if posted.get(FIELD_BUTTON) == DO_RESEND {
        return resend(world, link, &id, &draft).await;
    }
    // Counted before it is compared: tries side by side can't outrun the count.
    if !world.may_try(&draft.email, TRIES_A_DAY).await? || !world.try_code(&id, draft.number).await? {
        return Ok(shown(link, &draft, false, &[CodeProblem::Void.told()]));
    }
    let key = world.link_key().await?;
    if !key.is_mailbox_code(id.as_str(), draft.number, posted.get(FIELD_CODE)) {
        return Ok(shown(link, &draft, false, &[CodeProblem::Wrong.told()]));
    }
    start(world, link, &id, &draft).await
}

async fn resend<W: World>(world: &W, link: &str, id: &OnboardingId, draft: &Draft) -> Result<Answer, ErrorName> {
    let refused = || Ok(shown(link, draft, false, &[CodeProblem::TooSoon.told()]));
    // In this order, so that nobody's good code becomes void without a new one on its way.
    if !draft.may_renew(world.now().as_second()) || !world.may_mail(&draft.email, CODES_A_DAY).await? {
        return refused();
    }
    let Some(renewed) = world.renew_code(id, draft).await? else { return refused() };
    world.mail_code(id, &renewed).await?;
    Ok(shown(link, &renewed, true, &[]))
}

/// Starts the onboarding, once: the execution's name is the draft's id. Leads to the initiator's own link if they are one of the two.
async fn start<W: World>(world: &W, link: &str, id: &OnboardingId, draft: &Draft) -> Result<Answer, ErrorName> {
    let mut input: Value = serde_json::from_str(&draft.request).map_err(|_| ErrorName::InternalBug)?;
    let request = OnboardingRequest::parse(&input).map_err(|_| ErrorName::InternalBug)?;
    let partner = TenantId::parse(&draft.partner_tenant).map_err(|_| ErrorName::InternalBug)?;
    // A draft of an older version has no source directory; its subscription is given, and counts instead.
    let source = TenantId::parse(&draft.source_tenant).unwrap_or_else(|_| partner.clone());
    let by_request = world.running_for_request(&request.key(&source, &partner)).await?;
    let running = match (by_request, &request.subscription_id) {
        (Some(running), _) => Some(running),
        (None, Some(subscription)) => world.running_for_subscription(subscription).await?,
        (None, None) => None,
    };
    let key = world.link_key().await?;
    let first = running.is_none();
    match running.filter(|running| running != id) {
        Some(running) => {
            // Whoever proved the mailbox of one of its people is told where it is; anybody else only that it runs.
            let meta = world.meta(&running).await?;
            let theirs =
                meta.as_ref().and_then(|meta| person_of(meta, &draft.email).map(|actor| meta.link_role(actor)));
            Ok(match theirs {
                Some(role) => answer::see_other(&paths::progress(&key.link(&running, role))),
                None => answer::page(StatusCode::CONFLICT, pages::already_running()),
            })
        }
        None => {
            // Sent twice, it has been counted.
            if first && let Some(again) = limits::of_start(world, &request, draft, &partner).await? {
                let view = CheckMailView { link, email: &draft.email, again: false, problems: &[too_many(again)] };
                let refused = answer::page(StatusCode::TOO_MANY_REQUESTS, pages::check_mail(&view));
                return Ok(limits::with_again(refused, world, Some(again)));
            }
            input["startedBy"] = json!({"who": draft.who, "email": draft.email, "verifiedAt": world.now().to_string()});
            let input = serde_json::to_string(&input).map_err(|_| ErrorName::InternalBug)?;
            world.start(id, &input).await?;
            tracing::info!(target: "mooring::signup", onboarding_id = %id, "an onboarding was started by the form");
            let role = draft.who.map_or(LinkRole::Viewer, |actor| LinkRole::Person(actor, 0));
            Ok(answer::see_other(&paths::progress(&key.link(id, role))))
        }
    }
}

pub(crate) fn person_of(meta: &Meta, email: &str) -> Option<Actor> {
    Actor::ALL.iter().copied().find(|actor| meta.email(*actor) == email)
}
