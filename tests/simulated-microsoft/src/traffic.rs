//! Every request and every answer passes here: contracts, faults, counts, and the way to the API.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use contracts::{Api, OperationId, find_operation, validate_answer, validate_request};
use serde_json::json;

use crate::clock::second;
use crate::connection::Cut;
use crate::faults::{self, Effect};
use crate::http::{Answer, Call, header_pairs, query_pairs};
use crate::keys::Keys;
use crate::scenario::Scenario;
use crate::world::{Ctx, World};
use crate::{arm, control, entra, graph, partner_center, random};

/// Bodies beyond this are refused; the longest that the APIs take is far shorter.
const LARGEST_BODY: usize = 4 * 1024 * 1024;

/// The running clouds.
#[derive(Debug)]
pub(crate) struct Cloud {
    world: Mutex<World>,
    keys: Keys,
}

impl Cloud {
    pub(crate) fn new(base: String, scenario: Scenario) -> io::Result<Self> {
        Ok(Self { world: Mutex::new(World::new(base, scenario)), keys: Keys::generate()? })
    }

    /// The state. A handler that panicked leaves it as it was then, which a test wants to see.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where a request goes.
enum Place {
    Control(String),
    Api { cloud: String, call: Call },
    Nowhere,
}

/// Answers any request.
pub(crate) async fn serve(
    State(cloud): State<Arc<Cloud>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    request: Request,
) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST_BODY).await else {
        return respond(Answer::json(413, &json!({"error": "the body is too long"})));
    };
    match place(&head, body.to_vec()) {
        Place::Control(path) => {
            let query = query_pairs(head.uri.query().unwrap_or_default());
            respond(control::answer(&mut cloud.world(), head.method.as_str(), &path, &query, &body))
        }
        Place::Api { cloud: name, call } => respond(api(&cloud, &cut, &name, &call).await),
        Place::Nowhere => respond(Answer::json(
            404,
            &json!({"error": "paths begin with /{cloud}/login, /{cloud}/arm, /{cloud}/graph, /{cloud}/partner-center or /control"}),
        )),
    }
}

fn place(head: &axum::http::request::Parts, body: Vec<u8>) -> Place {
    let path = head.uri.path();
    if let Some(rest) = path.strip_prefix("/control") {
        return Place::Control(rest.trim_start_matches('/').to_owned());
    }
    let mut parts = path.splitn(4, '/').skip(1);
    let (Some(cloud), Some(api)) = (parts.next(), parts.next().and_then(Api::parse)) else { return Place::Nowhere };
    let call = Call {
        api,
        method: head.method.as_str().to_owned(),
        path: format!("/{}", parts.next().unwrap_or_default()),
        query: query_pairs(head.uri.query().unwrap_or_default()),
        headers: header_pairs(&head.headers),
        body,
    };
    Place::Api { cloud: cloud.to_owned(), call }
}

async fn api(cloud: &Cloud, cut: &Cut, name: &str, call: &Call) -> Answer {
    // Pages between people and Entra are no API: no contract covers them, and they are not counted.
    if call.api == Api::Login
        && let Some(page) = with_ctx(cloud, name, |ctx| entra::page(ctx, call)).flatten()
    {
        return page;
    }
    let operation = find_operation(call.api, &call.method, &call.path, &call.query, &call.headers);
    let counted = operation.as_ref().map_or_else(|| format!("{}.unknown", call.api), |it| it.as_str().to_owned());
    let effect = {
        let mut world = cloud.world();
        if let Err(found) = validate_request(call.api, &call.method, &call.path, &call.query, &call.headers, &call.body)
        {
            world.shared.violations.extend(found);
        }
        faults::take(&mut world.shared.faults, &counted, call)
    };
    let act = || with_ctx(cloud, name, |ctx| dispatch(ctx, call)).unwrap_or_else(|| unknown_cloud(name));
    let mut lost = false;
    let mut deliberate = false;
    let answer = match effect {
        None => act(),
        Some(Effect::Slow { ms }) => {
            tokio::time::sleep(Duration::from_millis(ms)).await;
            act()
        }
        Some(Effect::LostAnswer) => {
            lost = true;
            act()
        }
        Some(Effect::LostRequest) => {
            lost = true;
            Answer::empty(503)
        }
        Some(Effect::Status { status, code, message }) => failure(cloud, call, status, code, message, None),
        Some(Effect::Throttle { retry_after }) => failure(cloud, call, 429, None, None, Some(retry_after)),
        Some(Effect::ExtraField { name }) => {
            let mut answer = act();
            if let Ok(mut body) = serde_json::from_slice::<serde_json::Value>(&answer.body) {
                body[name.as_str()] = json!("deliberately wrong");
                answer.body = body.to_string().into_bytes();
            }
            answer
        }
        Some(Effect::Malformed) => {
            deliberate = true;
            let mut answer = act();
            answer.body = b"<html>not what was asked for".to_vec();
            answer
        }
    };
    let mut world = cloud.world();
    let status = if lost { "lost".to_owned() } else { answer.status.to_string() };
    *world.shared.requests.entry(counted).or_default().entry(status).or_default() += 1;
    if lost {
        cut.cut();
    } else if let (Some(operation), false) = (operation, deliberate) {
        world.shared.violations.extend(check(&operation, &answer));
    }
    answer
}

fn check(operation: &OperationId, answer: &Answer) -> Vec<contracts::Violation> {
    validate_answer(operation, answer.status, &answer.headers, &answer.body)
}

fn with_ctx<T>(cloud: &Cloud, name: &str, act: impl FnOnce(&mut Ctx<'_>) -> T) -> Option<T> {
    let mut world = cloud.world();
    let World { shared, clouds, .. } = &mut *world;
    let state = clouds.get_mut(name)?;
    state.settle(shared);
    Some(act(&mut Ctx { cloud: state, shared, keys: &cloud.keys }))
}

fn dispatch(ctx: &mut Ctx<'_>, call: &Call) -> Answer {
    match call.api {
        Api::Login => entra::answer(ctx, call),
        Api::Arm => arm::answer(ctx, call),
        Api::Graph => graph::answer(ctx, call),
        Api::PartnerCenter => partner_center::answer(ctx, call),
    }
}

fn unknown_cloud(name: &str) -> Answer {
    Answer::json(404, &json!({"error": format!("the scenario has no cloud {name}")}))
}

/// An error that was asked for, in the words of the API it stands in.
fn failure(
    cloud: &Cloud,
    call: &Call,
    status: u16,
    code: Option<String>,
    message: Option<String>,
    retry_after: Option<u64>,
) -> Answer {
    // What a browser asks for is answered with a page.
    if call.api == Api::Login && call.path.ends_with("/authorize") {
        return entra::failure_page(status);
    }
    let usual = match status {
        401 => "InvalidAuthenticationToken",
        403 => "AuthorizationFailed",
        404 => "ResourceNotFound",
        409 => "Conflict",
        429 => "TooManyRequests",
        503 => "ServerBusy",
        _ => "InternalServerError",
    };
    let code = code.unwrap_or_else(|| usual.to_owned());
    let message = message.unwrap_or_else(|| "The simulated cloud was told to fail here.".to_owned());
    let retry_after = retry_after.or_else(|| (status == 429).then_some(1));
    let id = random::guid();
    let at = second(cloud.world().shared.now());
    let body = match call.api {
        Api::Arm => json!({"error": {"code": code, "message": message}}),
        Api::Graph => json!({"error": {"code": code, "message": message, "innerError": {
            "date": at, "request-id": id, "client-request-id": id,
        }}}),
        // The gateway in front of Partner Center has a shape of its own.
        Api::PartnerCenter if status == 429 => json!({
            "statusCode": 429,
            "message": format!("Rate limit is exceeded. Try again in {} seconds.", retry_after.unwrap_or_default()),
        }),
        Api::PartnerCenter => json!({"code": code, "description": message, "data": [], "source": "PartnerFD"}),
        Api::Login => {
            let number = code.trim_start_matches("AADSTS").parse::<u32>().unwrap_or(90033);
            let error = match (status, number) {
                (429 | 500..=599, _) => "temporarily_unavailable",
                (_, 50076 | 50079 | 50072 | 50074 | 50158) => "interaction_required",
                _ => "invalid_grant",
            };
            json!({
                "error": error, "error_description": format!("AADSTS{number}: {message}"), "error_codes": [number],
                "timestamp": at, "trace_id": id, "correlation_id": id,
            })
        }
    };
    let mut answer = Answer::json(status, &body).header("x-ms-request-id", id.clone()).header("request-id", id);
    if status == 401 {
        answer = answer.header("www-authenticate", "Bearer error=\"invalid_token\"");
    }
    match retry_after {
        Some(seconds) => answer.header("retry-after", seconds.to_string()),
        None => answer,
    }
}

fn respond(answer: Answer) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(&value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}
