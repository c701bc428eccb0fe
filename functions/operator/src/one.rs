//! One onboarding.

use http::{Request, StatusCode};
use impact::to_do::ToDo;
use jiff::Timestamp;
use onboarding::audit::Entry;
use onboarding::links::LinkRole;
use onboarding::{Actor, ErrorName, OnboardingId};
use store::{Archive, By, Loaded};
use web::pages::{DID, OperatorAct, OperatorMail, OperatorOneView};
use web::{Answer, Fields, answer, pages};

use crate::session::Operator;
use crate::world::World;
use crate::{acts, list, logged};

/// `GET /operator/o/{id}`.
pub(crate) async fn show<W: World, B>(
    world: &W,
    who: &Operator,
    id: &OnboardingId,
    request: &Request<B>,
) -> Result<Answer, ErrorName> {
    let loaded = world.load(id).await.map_err(|error| logged(id, &error))?;
    let trail = world.audit(id).await.map_err(|error| logged(id, &error))?;
    let viewer = world.link_key().await?.link(id, LinkRole::Viewer);
    let runs = acts::runs_elsewhere(world, &loaded).await?;
    let can =
        OperatorAct::ALL.map(|act| (act, acts::offer(&loaded, act, By::Operator(&who.oid), world.now(), runs).err()));
    let meta = &loaded.meta;
    let unreachable: Vec<Actor> = [Actor::Owner, Actor::PartnerAdmin]
        .into_iter()
        .filter(|who| meta.contact(*who).unreachable.is_some())
        .collect();
    let query = Fields::read(request.uri().query().unwrap_or_default().as_bytes()).unwrap_or_default();
    let pack = meta.evidence(trail, None, world.now().to_string());
    let broken = pack.verify().err().map(|broken| broken.to_string());
    if let Some(broken) = &broken {
        tracing::error!(target: "mooring::operator", onboarding_id = %id, error_name = "Evidence.Broken", "the trail does not hold: {broken}");
    }
    let anew = anew(&pack.trail);
    let view = OperatorOneView {
        name: &who.name,
        row: &list::row(meta),
        subscription_id: Some(meta.subscription_id.as_str()).filter(|_| meta.subscription_id.is_chosen()),
        from: meta.source_tenant_id.as_str(),
        route: (meta.route.as_str(), meta.cloud.as_str()),
        their_reference: meta.reference.as_deref(),
        execution: &meta.execution,
        updated_at: instant(&meta.updated_at),
        unreachable: &unreachable,
        reminders: loaded.asked().map_or(0, |wait| wait.reminders),
        viewer: &viewer,
        anew: anew.as_ref(),
        acts: &can,
        did: query.get(DID),
        left: &left(&loaded, world.now()),
        feedback: &loaded.feedback,
        undone: &meta.undone,
        mails: &mails(&loaded),
        trail: &pack.trail,
        broken,
    };
    Ok(answer::page(StatusCode::OK, pages::operator_one(&view)))
}

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap_or_default()
}

/// How much each person has left to do after the move, and how much of it is overdue.
fn left(loaded: &Loaded, now: Timestamp) -> Vec<(Actor, usize, usize)> {
    let counted = |list: &ToDo| {
        let overdue = list.open().filter(|item| list.due(item) < now).count();
        (list.actor, list.open().count(), overdue)
    };
    loaded.to_dos.iter().map(counted).collect()
}

/// The mails, the newest first.
fn mails(loaded: &Loaded) -> Vec<OperatorMail> {
    let mut mails: Vec<OperatorMail> = loaded
        .mails
        .iter()
        .map(|mail| OperatorMail {
            to: mail.actor,
            what: mail.template.clone(),
            at: instant(&mail.created_at),
            sent: mail.sent_at.as_deref().map(instant),
        })
        .collect();
    mails.sort_by_key(|mail| std::cmp::Reverse(mail.at));
    mails
}

/// The onboarding that was last started in place of this one.
fn anew(trail: &[Entry]) -> Option<OnboardingId> {
    let entry = trail.iter().rev().find(|entry| entry.action == acts::STARTED_ANEW)?;
    OnboardingId::parse(entry.detail.get("onboarding")?.as_str()?).ok()
}

/// `GET /operator/o/{id}/evidence.json` and `.html`: the same as the two people get.
pub(crate) async fn evidence<W: World>(world: &W, id: &OnboardingId, as_page: bool) -> Result<Answer, ErrorName> {
    let loaded = world.load(id).await.map_err(|error| logged(id, &error))?;
    let trail = world.audit(id).await.map_err(|error| logged(id, &error))?;
    let damaged = |error: &dyn std::fmt::Display| {
        let error_name = ErrorName::InternalBug.as_str();
        tracing::error!(target: "mooring::operator", onboarding_id = %id, error_name, "the evidence can't be made: {error}");
        ErrorName::InternalBug
    };
    let receipt = match &loaded.meta.receipt_hash {
        Some(hash) => world
            .pages(id, Archive::Receipt, hash)
            .await
            .map_err(|error| logged(id, &error))?
            .first()
            .map(|page| access::pages::unpack(page))
            .transpose()
            .map_err(|error| damaged(&error))?,
        None => None,
    };
    let pack = loaded.meta.evidence(trail, receipt, world.now().to_string());
    if as_page {
        let broken = pack.verify().err().map(|broken| broken.to_string());
        let page = pages::evidence_document(&id.reference(), &pack.trail, broken.as_deref());
        let name = format!("evidence-{}.html", id.reference());
        return Ok(answer::file("text/html; charset=utf-8", &name, page.into_string()));
    }
    let content = serde_json::to_string(&pack).map_err(|error| damaged(&error))?;
    Ok(answer::file("application/json", &format!("evidence-{}.json", id.reference()), content))
}
