//! How it went: pages at addresses without anything in them. What is told beyond the result (which account was used) was kept
//! for the browser that used it.

use http::Request;
use jiff::Timestamp;
use onboarding::links::fingerprint;
use onboarding::{Actor, ErrorName, TenantId};
use serde_json::Value;
use store::{Loaded, Meta, WaitRecord};
use web::pages::{Last, ResultView, Stopped, Support, Ways};
use web::{Answer, SignInResult, WebProblem, answer, asked, pages};

use crate::begin::directory_name;
use crate::{World, logged};

/// `GET /o/{link}/result/{result}`.
pub(crate) async fn of_link<W: World, B>(
    world: &W,
    link: &str,
    slug: &str,
    request: &Request<B>,
) -> Result<Answer, ErrorName> {
    let Some(result) = SignInResult::parse(slug) else { return Ok(WebProblem::NotFound.answer(false)) };
    let key = world.link_key().await?;
    let Some((id, role)) = key.open(link) else { return Ok(WebProblem::LinkUnknown.answer(false)) };
    let note = match asked::browser(request.headers()) {
        Some(browser) => world.note(&fingerprint(browser), &id).await.map_err(|error| logged(&id, &error))?,
        None => None,
    };
    // A note of another result is an older one.
    let note = note.filter(|note| note["result"] == result.as_str());
    let told = |name: &str| note.as_ref().and_then(|note| note[name].as_str());
    let loaded = match role.actor() {
        Some(_) if says_more(result) => Some(world.load(&id).await.map_err(|error| logged(&id, &error))?),
        _ => None,
    };
    // Who handed their part on learns nothing of the other person.
    let loaded = loaded.filter(|loaded| loaded.meta.link_counts(role));
    let theirs = loaded.as_ref().zip(role.actor());
    let wait = theirs.and_then(|(loaded, actor)| loaded.asked().filter(|wait| wait.actor == actor));
    let names_account =
        matches!(result, SignInResult::WrongAccount | SignInResult::WrongDirectory | SignInResult::NotInDirectory);
    let names_directory = matches!(result, SignInResult::WrongDirectory | SignInResult::NotInDirectory);
    let needed = theirs.filter(|_| names_account).map(|(loaded, actor)| loaded.meta.email(actor));
    let directory = |tenant: &TenantId| loaded.as_ref().map(|loaded| directory_called(&loaded.meta, tenant));
    let asked_at = loaded.as_ref().zip(wait).map(|(loaded, wait)| loaded.meta.tenant(wait.directory));
    let needed_directory = asked_at.filter(|_| names_directory).and_then(directory);
    let signed_in_at = told("directory").and_then(|tenant| TenantId::parse(tenant).ok());
    let used_directory = signed_in_at.as_ref().and_then(directory);
    let at: Option<Timestamp> = told("at").and_then(|at| at.parse().ok());
    let reference = id.reference();
    let text = match theirs.zip(wait) {
        Some(((loaded, _), wait)) => {
            let codes = note.iter().flat_map(|note| note["codes"].as_array()).flatten().map(Value::to_string).collect();
            let told = Told { at: at.unwrap_or_else(|| world.now()), correlation: told("correlationId"), codes };
            to_forward(world, result, &loaded.meta, wait, &told).await?
        }
        None => None,
    };
    let declined = result == SignInResult::ConsentDeclined
        && wait.is_some()
        && loaded.as_ref().is_some_and(|loaded| !loaded.meta.is_past_return());
    let may_reroute =
        result == SignInResult::NotInDirectory && theirs.is_some_and(|(loaded, actor)| loaded.may_change_route(actor));
    let view = ResultView {
        link: Some(link),
        reference: Some(&reference),
        result,
        needed,
        used: told("used"),
        needed_directory: needed_directory.as_deref(),
        used_directory: used_directory.as_deref(),
        request: text,
        ways: Ways { forward: declined, cancel: declined, route: may_reroute },
        last: loaded.as_ref().filter(|_| is_over(result)).and_then(last),
        support: at.map(|at| Support { correlation_id: told("correlationId"), at }),
        next_page: None,
    };
    Ok(shown(&view, request, note.as_ref()))
}

/// Whether more is said about a result than that it happened.
fn says_more(result: SignInResult) -> bool {
    is_over(result)
        || matches!(
            result,
            SignInResult::WrongAccount
                | SignInResult::WrongDirectory
                | SignInResult::NotInDirectory
                | SignInResult::ConsentDeclined
                | SignInResult::AdminApproval
                | SignInResult::SignInRule
        )
}

fn is_over(result: SignInResult) -> bool {
    matches!(result, SignInResult::AlreadyDone | SignInResult::MovedOn)
}

/// A directory by its name, as far as that is known.
fn directory_called(meta: &Meta, tenant: &TenantId) -> String {
    match (*tenant == meta.partner_tenant_id, &meta.partner_directory_name) {
        (true, Some(name)) => format!("{name} ({tenant})"),
        (true, None) => format!("{} ({tenant})", meta.partner_directory),
        (false, _) => tenant.to_string(),
    }
}

/// What came of the newest wait that has ended.
fn last(loaded: &Loaded) -> Option<Last> {
    let ended = loaded.waits.iter().rev().find(|wait| wait.outcome.is_some())?;
    let at = ended.outcome_at.as_deref()?.parse().ok()?;
    Some(Last { who: ended.outcome_by.as_deref().and_then(Actor::parse), what: ended.outcome?, at })
}

/// What this browser was told about a refusal.
struct Told<'a> {
    at: Timestamp,
    correlation: Option<&'a str>,
    codes: Vec<String>,
}

/// The text for whoever else has to act.
async fn to_forward<W: World>(
    world: &W,
    result: SignInResult,
    meta: &Meta,
    wait: &WaitRecord,
    told: &Told<'_>,
) -> Result<Option<String>, ErrorName> {
    let tenant = meta.tenant(wait.directory);
    let name = directory_name(meta, wait.directory);
    let reference = meta.onboarding_id.reference();
    let stopped =
        Stopped { directory: (&name, tenant.as_str()), account: meta.email(wait.actor), reference: &reference };
    if result == SignInResult::AdminApproval {
        let invite = meta.route == onboarding::Route::SingleAccount;
        let app = world.registration(meta.cloud, wait.actor, invite).await?;
        let login = world.login_page(meta.cloud)?;
        let address = format!("{}/{tenant}/adminconsent?client_id={}", login.trim_end_matches('/'), app.client_id);
        return Ok(Some(stopped.approval(&app.client_id, &app.scope.replace(' ', ", "), &address)));
    }
    Ok((result == SignInResult::SignInRule).then(|| stopped.rule(told.at, told.correlation, &told.codes)))
}

fn shown<B>(view: &ResultView<'_>, request: &Request<B>, note: Option<&Value>) -> Answer {
    if asked::wants_json(request.headers()) {
        let [cause, effect, next_step] = view.result.said();
        let told = serde_json::json!({
            "result": view.result, "id": view.result.id(), "title": view.result.title(),
            "cause": cause, "effect": effect, "nextStep": next_step,
            "needed": view.needed, "used": view.used, "correlationId": note.map(|note| &note["correlationId"]),
        });
        return answer::json(view.result.status(), &told);
    }
    answer::page(view.result.status(), pages::result(view))
}

/// `GET /problem/{result}`: a sign-in that belongs to nothing that this browser may see.
pub(crate) fn of_nothing(slug: &str, wants_json: bool) -> Answer {
    match SignInResult::parse(slug) {
        // The two kinds that belong to no link: what failed before a link was known, and a part that was handed on.
        Some(result) if !result.status().is_success() || result == SignInResult::HandedOver => {
            let [cause, effect, next_step] = result.said();
            if wants_json {
                let explanation = onboarding::Explanation { title: result.title(), cause, effect, next_step };
                return pages::problem(result.status(), result.id(), explanation, None, true);
            }
            let view = ResultView {
                link: None,
                reference: None,
                result,
                needed: None,
                used: None,
                needed_directory: None,
                used_directory: None,
                request: None,
                ways: Ways::default(),
                last: None,
                support: None,
                next_page: None,
            };
            answer::page(result.status(), pages::result(&view))
        }
        _ => WebProblem::NotFound.answer(wants_json),
    }
}
