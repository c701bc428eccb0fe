//! How it went: pages at addresses without anything in them. What is told beyond the result (which account was used) was kept
//! for the browser that used it.

use http::Request;
use jiff::Timestamp;
use onboarding::ErrorName;
use onboarding::links::fingerprint;
use serde_json::Value;
use web::pages::{ResultView, Support};
use web::{Answer, SignInResult, WebProblem, answer, asked, pages};

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
    let names_account =
        matches!(result, SignInResult::WrongAccount | SignInResult::WrongDirectory | SignInResult::NotInDirectory);
    let needed = match role.actor() {
        Some(actor) if names_account => {
            let loaded = world.load(&id).await.map_err(|error| logged(&id, &error))?;
            Some(loaded.meta.email(actor).to_owned())
        }
        _ => None,
    };
    let at: Option<Timestamp> = told("at").and_then(|at| at.parse().ok());
    let reference = id.reference();
    let view = ResultView {
        link: Some(link),
        reference: Some(&reference),
        result,
        needed: needed.as_deref(),
        used: told("used"),
        support: at.map(|at| Support { correlation_id: told("correlationId"), at }),
        next_page: None,
    };
    Ok(shown(&view, request, note.as_ref()))
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
                support: None,
                next_page: None,
            };
            answer::page(result.status(), pages::result(&view))
        }
        _ => WebProblem::NotFound.answer(wants_json),
    }
}
