//! The confirmation of the move, or the way back to the partner.

use http::{Request, StatusCode};
use impact::confirmation::{Confirmation, Expected};
use onboarding::links::fingerprint;
use onboarding::{Actor, ErrorName, Outcome, Route, WaitKind};
use serde_json::json;
use store::records::Review;
use store::{Browser, Change, Loaded, Meta, Note, Recorded, WaitRecord, Write};
use web::pages::{
    Changed, ConfirmView, DO_SEND_BACK, FIELD_DO, FIELD_NAME, FIELD_PHRASE, agree_field, confirm_problems,
};
use web::{Answer, Fields, Problem, SignInResult, WebProblem, answer, asked, pages, paths, row_key};

use crate::material::{Material, left_out, material};
use crate::review::reasons;
use crate::{Opened, World, change, logged, open};

/// How old a sign-in may be for a confirmation, in seconds.
const FRESH_SECONDS: i64 = 600;

/// Everything a confirmation needs to be true before it is looked at.
struct Ready {
    opened: Opened,
    wait: WaitRecord,
    browser: Browser,
    material: Material,
    review: Review,
}

/// The owner's open confirmation, in the browser where they signed in, within ten minutes. Anything else leads to where it
/// goes on.
async fn ready<W: World, B>(world: &W, link: &str, request: &Request<B>) -> Result<Result<Ready, Answer>, ErrorName> {
    let opened = match open(world, link).await? {
        Ok(opened) => opened,
        Err(answered) => return Ok(Err(answered)),
    };
    if opened.actor() != Some(Actor::Owner) {
        return Ok(Err(WebProblem::ViewOnly.answer(false)));
    }
    let Some(wait) = confirmation(&opened.loaded).cloned() else {
        return Ok(Err(answer::see_other(&paths::result(link, SignInResult::MovedOn))));
    };
    let browser = match asked::browser(request.headers()) {
        Some(cookie) => {
            let found = world.browser(&fingerprint(cookie), &opened.id, Actor::Owner).await;
            found.map_err(|error| logged(&opened.id, &error))?
        }
        None => None,
    };
    let Some(browser) = browser.filter(|browser| proves(browser, &opened.loaded.meta, &wait, world.now().as_second()))
    else {
        return Ok(Err(answer::see_other(&paths::turn(link))));
    };
    let material = material(world, &opened).await?;
    let review = material.review(&opened.loaded);
    Ok(Ok(Ready { opened, wait, browser, material, review }))
}

/// The wait for the owner's confirmation, if it is open.
pub(crate) fn confirmation(loaded: &Loaded) -> Option<&WaitRecord> {
    let waiting = !loaded.meta.status.is_over() && !loaded.meta.moved;
    loaded.open_wait().filter(|wait| waiting && wait.kind == WaitKind::Confirm && wait.actor == Actor::Owner)
}

/// Whether the browser's entry proves the owner, for this wait, lately.
pub(crate) fn proves(browser: &Browser, meta: &Meta, wait: &WaitRecord, now: i64) -> bool {
    browser.wait_id == wait.wait_id
        && browser.actor == Actor::Owner
        && browser.tid == *meta.tenant(wait.directory)
        && meta.object_id(Actor::Owner, wait.directory) == Some(&browser.oid)
        && browser.signed_in_at <= now
        && now - browser.signed_in_at <= FRESH_SECONDS
        && now < browser.expires_at
}

impl Ready {
    fn subscription_name(&self) -> &str {
        self.opened.loaded.meta.subscription_called()
    }

    fn page(&self, link: &str, values: &Fields, problems: &[Problem]) -> Answer {
        let meta = &self.opened.loaded.meta;
        let to = meta.partner_directory_name.as_deref().unwrap_or(&meta.partner_directory);
        let plan = self.material.plan(&self.review);
        let summary = meta.report.as_ref();
        let before = self.material.before.as_ref();
        let changed = before.map(|before| Changed::between(before, &self.material.report));
        let view = ConfirmView {
            link,
            reference: &meta.onboarding_id.reference(),
            subscription_name: self.subscription_name(),
            subscription_id: meta.subscription_id.as_str(),
            from: (pages::current_directory(), meta.source_tenant_id.as_str()),
            to: (to, meta.partner_tenant_id.as_str()),
            partner: &meta.partner_admin_email,
            accepting_guest: (meta.route == Route::SingleAccount).then_some(meta.owner_email.as_str()),
            removed: (self.material.snapshot.assignments.len(), self.material.snapshot.custom_roles.len()),
            restored: (plan.assignments.len(), plan.roles.len()),
            left_out: &left_out(&plan),
            lost: summary.map_or(0, |summary| summary.counts[2]),
            not_read: summary.map_or(0, |summary| summary.not_read),
            agree: &self.material.to_agree(&self.review, Actor::Owner),
            stops: &self.material.stop_rows(&self.review),
            changed,
            report_hash: summary.map_or("", |summary| summary.hash.as_str()),
            version: &self.review.hash(),
            values,
            problems,
        };
        let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
        answer::page(status, pages::confirm(&view))
    }

    /// The decisions with what the owner ticked, and the entries about it.
    fn agreed(&self, posted: &Fields) -> (Review, Vec<Note>) {
        let mut review = self.review.clone();
        let ticked = |id: &str| posted.get(&agree_field(&row_key(id))) == "yes";
        let offered: Vec<String> =
            self.material.to_agree(&self.review, Actor::Owner).into_iter().map(|row| row.key).collect();
        let (mut overrides, mut rows) = (Vec::new(), 0_usize);
        for given in &mut review.overrides {
            if given.seconded_by.is_none() && given.by != Actor::Owner && ticked(&given.finding) {
                given.seconded_by = Some(Actor::Owner);
                overrides.push(json!({"finding": given.finding, "reason": given.reason}));
            }
        }
        for decision in &mut review.decisions {
            let offered = offered.contains(&row_key(&decision.assignment));
            if offered && decision.by != Actor::Owner && ticked(&decision.assignment) {
                decision.seconded_by = Some(Actor::Owner);
                rows += 1;
            }
        }
        let mut notes = reasons(Actor::Owner, "override.agreed", &overrides);
        if rows > 0 {
            let detail = json!({"roles": rows, "decisionsHash": review.hash()});
            notes.push(Note::person(Actor::Owner, "access.agreed", detail));
        }
        (review, notes)
    }
}

/// `GET /o/{link}/confirm`.
pub(crate) async fn show<W: World, B>(world: &W, link: &str, request: &Request<B>) -> Result<Answer, ErrorName> {
    Ok(match ready(world, link, request).await? {
        Ok(ready) => ready.page(link, &Fields::default(), &[]),
        Err(answered) => answered,
    })
}

/// `POST /o/{link}/confirm`.
pub(crate) async fn confirm<W: World, B: AsRef<[u8]>>(
    world: &W,
    link: &str,
    request: &Request<B>,
) -> Result<Answer, ErrorName> {
    let Some(posted) = Fields::read_up_to(request.body().as_ref(), web::form::MAX_LIST) else {
        return Ok(WebProblem::TooLarge.answer(false));
    };
    let ready = match ready(world, link, request).await? {
        Ok(ready) => ready,
        Err(answered) => return Ok(answered),
    };
    if posted.get(FIELD_DO) == DO_SEND_BACK {
        return send_back(world, link, &ready).await;
    }
    let Some(report_hash) = ready.opened.loaded.meta.report.as_ref().map(|report| report.hash.clone()) else {
        return Err(ErrorName::InternalBug);
    };
    let stops = ready.material.stop_rows(&ready.review);
    let Meta { onboarding_id, partner_admin_email, .. } = &ready.opened.loaded.meta;
    let phrase_is_right = world.link_key().await?.is_phrase(onboarding_id, posted.get(FIELD_PHRASE));
    let problems = confirm_problems(
        &posted,
        ready.subscription_name(),
        &report_hash,
        &ready.review.hash(),
        &stops,
        partner_admin_email,
        phrase_is_right,
    );
    if !problems.is_empty() {
        // Everything else is right and the phrase is not: somebody guesses, or was misheard. Both people can read that it happened;
        // 28^6 phrases, the API's throttle and the ten minutes of a sign-in keep guessing hopeless.
        if !phrase_is_right && !posted.get(FIELD_PHRASE).is_empty() && problems.len() == 1 {
            crate::note(world, &ready.opened, Note::person(Actor::Owner, "move.phrase-wrong", json!({}))).await;
        }
        return Ok(ready.page(link, &posted, &problems));
    }
    let recorded = record(world, &ready, &posted, report_hash).await?;
    if !recorded {
        return Ok(answer::see_other(&paths::result(link, SignInResult::MovedOn)));
    }
    let Ready { opened, wait, .. } = &ready;
    let ended = world
        .end_wait(&opened.id, &wait.wait_id, Outcome::Confirmed, Actor::Owner)
        .await
        .map_err(|error| logged(&opened.id, &error))?;
    let result = match ended {
        Recorded::First { .. } | Recorded::Before { outcome: Outcome::Confirmed, .. } => SignInResult::Confirmed,
        Recorded::Before { .. } => SignInResult::MovedOn,
    };
    tracing::info!(target: "mooring::decide", onboarding_id = %opened.id, result = result.as_str(), "the owner decided about the move");
    Ok(answer::see_other(&paths::result(link, result)))
}

/// Records the confirmation with what was agreed, in one change, and tells both people. `false`: something is no longer as the
/// page showed it.
async fn record<W: World>(world: &W, ready: &Ready, posted: &Fields, report_hash: String) -> Result<bool, ErrorName> {
    let Ready { opened, wait, browser, material, .. } = ready;
    let (review, notes) = ready.agreed(posted);
    let before = opened.loaded.review.hash();
    let now = world.now();
    let decisions_hash = review.hash();
    let expected = Expected {
        report_hash: &report_hash,
        decisions_hash: &decisions_hash,
        partner: &opened.loaded.meta.partner_tenant_id,
        approver_tenant: &browser.tid,
        approver: &browser.oid,
        subscription_name: ready.subscription_name(),
    };
    let signed_in_at = jiff::Timestamp::from_second(browser.signed_in_at).map_err(|_| ErrorName::InternalBug)?;
    let given = match Confirmation::new(&expected, posted.get(FIELD_NAME), signed_in_at, now) {
        Ok(given) => given,
        Err(refusal) => {
            // The page has checked the same; what is left is a sign-in that grew too old in between.
            tracing::warn!(target: "mooring::decide", onboarding_id = %opened.id, "a confirmation was refused: {refusal}");
            return Ok(false);
        }
    };
    let plan = material.plan(&review);
    let rests_until = now.checked_add(jiff::SignedDuration::from_secs(world.cool_off_seconds())).unwrap_or(now);
    // Who agreed to what, and when they had proved who they are. The subscription and both directories are named, so that
    // this can't be read as an agreement to anything else.
    let approval = json!({
        "reportHash": report_hash,
        "decisionsHash": decisions_hash,
        "subscriptionId": opened.loaded.meta.subscription_id,
        "subscriptionName": ready.subscription_name(),
        "sourceTenantId": opened.loaded.meta.source_tenant_id,
        "partnerTenantId": opened.loaded.meta.partner_tenant_id,
        "roleAssignments": material.snapshot.assignments.len(),
        "customRoles": material.snapshot.custom_roles.len(),
        "restored": plan.assignments.len(),
        "notRestored": plan.left_out.len(),
        "hardStops": review.overrides.len(),
        "tid": browser.tid,
        "oid": browser.oid,
        "signedInAt": browser.signed_in_at,
        "wait": wait.wait_id,
        "phraseGiven": true,
        "restsUntil": rests_until.to_string(),
    });
    let mail = json!({"by": Actor::Owner, "at": now.to_string(), "until": rests_until.to_string()});
    change(world, opened, |loaded| {
        let same = confirmation(loaded).is_some_and(|open| open.wait_id == wait.wait_id)
            && loaded.meta.report.as_ref().is_some_and(|report| report.hash == report_hash)
            && loaded.review.hash() == before;
        same.then(|| {
            let mut change = Change::of(&loaded.meta);
            change.meta.confirmation = Some(given.clone());
            change.meta.decisions_hash = Some(decisions_hash.clone());
            change.write(Write::Review(Box::new(review.clone())));
            for note in &notes {
                change.note(note.clone());
            }
            change.note(Note::person(Actor::Owner, "move.confirmed", approval.clone()));
            for actor in [Actor::Owner, Actor::PartnerAdmin] {
                change.mail(actor, "move-confirmed", mail.clone());
            }
            change
        })
    })
    .await
}

/// Ends the confirmation without one: the partner admin looks at the decisions again.
async fn send_back<W: World>(world: &W, link: &str, ready: &Ready) -> Result<Answer, ErrorName> {
    let Ready { opened, wait, .. } = ready;
    let ended = world
        .end_wait(&opened.id, &wait.wait_id, Outcome::SentBack, Actor::Owner)
        .await
        .map_err(|error| logged(&opened.id, &error))?;
    let result = match ended {
        Recorded::First { .. } => {
            let entry = Note::person(Actor::Owner, "review.sent-back", json!({"wait": wait.wait_id}));
            crate::note(world, opened, entry).await;
            SignInResult::SentBack
        }
        Recorded::Before { outcome: Outcome::SentBack, .. } => SignInResult::SentBack,
        Recorded::Before { .. } => SignInResult::MovedOn,
    };
    Ok(answer::see_other(&paths::result(link, result)))
}
