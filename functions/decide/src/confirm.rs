//! The confirmation of the move.

use http::{Request, StatusCode};
use onboarding::links::fingerprint;
use onboarding::{Actor, ErrorName, Outcome, Route, WaitKind};
use serde::Deserialize;
use serde_json::json;
use store::{Browser, Change, Loaded, Meta, Note, Recorded, WaitRecord};
use web::pages::{ConfirmView, CustomRoleRow, RoleRow, confirm_problems};
use web::{Answer, Fields, Problem, SignInResult, WebProblem, answer, asked, pages, paths};

use crate::{Opened, World, change, logged, open};

/// How old a sign-in may be for a confirmation, in seconds.
const FRESH_SECONDS: i64 = 600;

/// What Azure will delete, as `assess-impact` kept it. Fields that this page doesn't show are not read.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    kind: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    role: Option<String>,
    #[serde(default)]
    principal_id: Option<String>,
    #[serde(default)]
    principal_type: Option<String>,
    #[serde(default)]
    scope: Option<String>,
    #[serde(default)]
    scopes: Vec<String>,
    #[serde(default)]
    condition: Option<String>,
    #[serde(default)]
    inherited: bool,
}

/// Everything a confirmation needs to be true before it is looked at.
struct Ready {
    opened: Opened,
    wait: WaitRecord,
    browser: Browser,
    report_hash: String,
    roles: Vec<RoleRow>,
    custom_roles: Vec<CustomRoleRow>,
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
    let Some(report_hash) = opened.loaded.meta.report_hash.clone() else { return Err(ErrorName::InternalBug) };
    let pages = world.report(&opened.id, &report_hash).await.map_err(|error| logged(&opened.id, &error))?;
    let (mut roles, mut custom_roles) = (Vec::new(), Vec::new());
    for page in &pages {
        let rows: Vec<Row> = serde_json::from_str(&page.rows).map_err(|error| {
            tracing::error!(target: "mooring::decide", onboarding_id = %opened.id, "a report can't be read: {error}");
            ErrorName::InternalBug
        })?;
        for row in rows {
            let scope = row.scope.unwrap_or_else(|| row.scopes.join(", "));
            if row.kind == "customRole" {
                custom_roles.push(CustomRoleRow { role: row.role.or(row.name).unwrap_or_default(), scope });
            } else {
                // Whatever else Azure deletes belongs on the page too.
                let who = match (row.principal_id, row.principal_type) {
                    (Some(id), Some(kind)) => format!("{kind} {id}"),
                    (id, kind) => id.or(kind).or(row.name).unwrap_or_default(),
                };
                let (conditional, inherited) = (row.condition.is_some(), row.inherited);
                roles.push(RoleRow { who, role: row.role.unwrap_or(row.kind), scope, conditional, inherited });
            }
        }
    }
    // A page that shows less than will be deleted must not be confirmed.
    let meta = &opened.loaded.meta;
    let complete = u32::try_from(roles.len()) == Ok(meta.report_assignments)
        && u32::try_from(custom_roles.len()) == Ok(meta.report_custom_roles);
    if !complete {
        tracing::error!(target: "mooring::decide", onboarding_id = %opened.id, "the report is not complete");
        return Err(ErrorName::StoreUnavailable);
    }
    Ok(Ok(Ready { opened, wait, browser, report_hash, roles, custom_roles }))
}

/// The wait for the owner's confirmation, if it is open.
fn confirmation(loaded: &Loaded) -> Option<&WaitRecord> {
    let waiting = !loaded.meta.status.is_over() && !loaded.meta.moved;
    loaded.open_wait().filter(|wait| waiting && wait.kind == WaitKind::Confirm && wait.actor == Actor::Owner)
}

/// Whether the browser's entry proves the owner, for this wait, lately.
fn proves(browser: &Browser, meta: &Meta, wait: &WaitRecord, now: i64) -> bool {
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
        let meta = &self.opened.loaded.meta;
        meta.subscription_name
            .as_deref()
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .unwrap_or(meta.subscription_id.as_str())
    }

    fn page(&self, link: &str, values: &Fields, problems: &[Problem]) -> Answer {
        let meta = &self.opened.loaded.meta;
        let to = meta.partner_directory_name.as_deref().unwrap_or(&meta.partner_directory);
        let view = ConfirmView {
            link,
            reference: &meta.onboarding_id.reference(),
            subscription_name: self.subscription_name(),
            subscription_id: meta.subscription_id.as_str(),
            from: (pages::CURRENT_DIRECTORY, meta.source_tenant_id.as_str()),
            to: (to, meta.partner_tenant_id.as_str()),
            partner: &meta.partner_admin_email,
            accepting_guest: (meta.route == Route::SingleAccount).then_some(meta.owner_email.as_str()),
            roles: &self.roles,
            custom_roles: &self.custom_roles,
            report_hash: &self.report_hash,
            values,
            problems,
        };
        let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
        answer::page(status, pages::confirm(&view))
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
    let Some(posted) = Fields::read(request.body().as_ref()) else { return Ok(WebProblem::TooLarge.answer(false)) };
    let ready = match ready(world, link, request).await? {
        Ok(ready) => ready,
        Err(answered) => return Ok(answered),
    };
    let problems = confirm_problems(&posted, ready.subscription_name(), &ready.report_hash);
    if !problems.is_empty() {
        return Ok(ready.page(link, &posted, &problems));
    }
    let Ready { opened, wait, browser, report_hash, .. } = &ready;
    // Who agreed to what, and when they had proved who they are. The subscription and both directories are named, so that
    // this can't be read as an agreement to anything else.
    let approval = json!({
        "reportHash": report_hash,
        "subscriptionId": opened.loaded.meta.subscription_id,
        "subscriptionName": ready.subscription_name(),
        "sourceTenantId": opened.loaded.meta.source_tenant_id,
        "partnerTenantId": opened.loaded.meta.partner_tenant_id,
        "roleAssignments": ready.roles.len(),
        "customRoles": ready.custom_roles.len(),
        "tid": browser.tid,
        "oid": browser.oid,
        "signedInAt": browser.signed_in_at,
        "wait": wait.wait_id,
    });
    let recorded = change(world, opened, |loaded| {
        let same = confirmation(loaded).is_some_and(|open| open.wait_id == wait.wait_id)
            && loaded.meta.report_hash.as_deref() == Some(report_hash.as_str());
        same.then(|| {
            let mut change = Change::of(&loaded.meta);
            change.meta.confirmed_hash = Some(report_hash.clone());
            change.meta.confirmed_at = Some(world.now().to_string());
            change.note(Note::person(Actor::Owner, "move.confirmed", approval.clone()));
            change
        })
    })
    .await?;
    if !recorded {
        return Ok(answer::see_other(&paths::result(link, SignInResult::MovedOn)));
    }
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
