//! The two small proxies: one between the functions and AWS that counts calls, one that stands in for the portal's
//! custom domain.

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result};
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, State};
use axum::response::Response;
use axum::{Router, body};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, Uri, header};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::Serialize;

use crate::aws::lock;
use crate::crash::{Connection, Crashes, Moment};

/// More than any request or answer of this system; DynamoDB's own limit is 16 MB.
const LARGEST_BODY: usize = 20 * 1024 * 1024;

type Forwarder = Client<HttpConnector, Body>;

/// One call that a function made to AWS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AwsCall {
    /// The service as the signature names it: `dynamodb`, `kms`, `secretsmanager`, `states`, `ses`.
    pub service: String,
    /// The operation, for example `UpdateItem`.
    pub action: String,
    /// The access key that signed; [`crate::Stack::aws_calls`] turns it into the function's name.
    pub caller: String,
    /// The status of the answer.
    pub status: u16,
}

/// Everything that was counted so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counted(Arc<Mutex<Vec<AwsCall>>>);

impl Counted {
    pub(crate) fn calls(&self) -> Vec<AwsCall> {
        lock(&self.0).clone()
    }
}

#[derive(Clone)]
struct Counting {
    client: Forwarder,
    upstream: Authority,
    counted: Counted,
    crashes: Crashes,
    port: u16,
}

/// Serves the counting proxy on the listener until the runtime ends.
pub(crate) fn count_aws_calls(listener: TcpListener, upstream_port: u16, crashes: Crashes) -> Result<Counted> {
    let counted = Counted::default();
    let state = Counting {
        client: forwarder(),
        upstream: loopback(upstream_port)?,
        counted: counted.clone(),
        crashes,
        port: listener.local_addr().context("cannot use the listener")?.port(),
    };
    serve(listener, Router::new().fallback(forward_aws).with_state(state))?;
    Ok(counted)
}

async fn forward_aws(
    State(state): State<Counting>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    request: Request<Body>,
) -> Response {
    // The signature covers the Host header and the body: both go on exactly as they came.
    let (mut head, body) = request.into_parts();
    let Ok(bytes) = body::to_bytes(body, LARGEST_BODY).await else {
        return failure(StatusCode::PAYLOAD_TOO_LARGE, "the request is too large for the local stack");
    };
    let mut call = describe(&head.headers, head.method.as_str(), head.uri.path(), &bytes);
    let path = head.uri.path_and_query().cloned();
    head.uri = address(&state.upstream, path);
    let crash = state.crashes.due(&call.action, Connection { from, to: state.port }, &bytes);
    if let Some(crash) = crash.as_ref().filter(|crash| crash.moment == Moment::BeforeTheCall) {
        crash.kill();
        return failure(StatusCode::BAD_GATEWAY, "the process was killed before this call");
    }
    let answer = state.client.request(Request::from_parts(head, Body::from(bytes))).await;
    call.status = answer.as_ref().map_or(0, |answer| answer.status().as_u16());
    lock(&state.counted.0).push(call);
    if let Some(crash) = crash {
        crash.kill();
    }
    match answer {
        Ok(answer) => answer.map(Body::new),
        Err(_) => failure(StatusCode::BAD_GATEWAY, "the AWS emulator does not answer"),
    }
}

/// Reads from a signed request who calls which operation of which service.
fn describe(headers: &HeaderMap, method: &str, path: &str, body: &Bytes) -> AwsCall {
    let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let mut scope = text(&header::AUTHORIZATION)
        .and_then(|authorization| authorization.split_once("Credential="))
        .map(|(_, rest)| rest.split(',').next().unwrap_or(rest))
        .unwrap_or_default()
        .split('/');
    let caller = scope.next().unwrap_or_default().to_owned();
    let service = scope.nth(2).unwrap_or("unsigned").to_owned();
    let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok());
    let action = match target.and_then(|target| target.rsplit_once('.')) {
        Some((_, action)) => action.to_owned(),
        None => action_of_path(method, path).or_else(|| action_of_form(body)).unwrap_or_else(|| {
            // A REST operation that is not known here is shown as the request it was.
            format!("{method} {path}")
        }),
    };
    AwsCall { service, action, caller, status: 0 }
}

fn action_of_path(method: &str, path: &str) -> Option<String> {
    if let Some((_, operation)) = path.strip_prefix("/service/").and_then(|rest| rest.split_once("/operation/")) {
        return Some(operation.to_owned());
    }
    (method == "POST" && path == "/v2/email/outbound-emails").then(|| "SendEmail".to_owned())
}

fn action_of_form(body: &Bytes) -> Option<String> {
    url::form_urlencoded::parse(body).find(|(name, _)| name == "Action").map(|(_, action)| action.into_owned())
}

#[derive(Clone)]
struct Front {
    client: Forwarder,
    upstream: Authority,
    api_id: String,
}

/// Serves the portal on the listener: what a custom domain with the API's `$default` stage would do.
pub(crate) fn front_portal(listener: TcpListener, upstream_port: u16, api_id: &str) -> Result<()> {
    let state = Front { client: forwarder(), upstream: loopback(upstream_port)?, api_id: api_id.to_owned() };
    serve(listener, Router::new().fallback(forward_portal).with_state(state))
}

/// Where a simulated person's browser says it is: the stack has one machine, and people are many. Nobody but this front reads it.
pub(crate) const SOURCE: HeaderName = HeaderName::from_static("x-local-source");

async fn forward_portal(
    State(state): State<Front>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    request: Request<Body>,
) -> Response {
    let (mut head, body) = request.into_parts();
    let asked = head.uri.path_and_query().map_or("/", PathAndQuery::as_str);
    let Ok(path) = PathAndQuery::try_from(format!("/_aws/execute-api/{}/$default{asked}", state.api_id)) else {
        return failure(StatusCode::BAD_REQUEST, "this address cannot be forwarded");
    };
    head.uri = address(&state.upstream, Some(path));
    drop_hop_by_hop(&mut head.headers);
    if let Some(host) = head.headers.get(header::HOST).cloned() {
        head.headers.insert("x-forwarded-host", host);
    }
    head.headers.insert("x-forwarded-proto", HeaderValue::from_static("http"));
    let source = head.headers.remove(SOURCE).and_then(|source| source.to_str().map(ToOwned::to_owned).ok());
    let source = source.unwrap_or_else(|| from.ip().to_string());
    if let Some(seen) = seen_by_api(&head.headers, &source) {
        head.headers.insert("x-forwarded-for", seen);
    }
    match state.client.request(Request::from_parts(head, body)).await {
        Ok(mut answer) => {
            drop_hop_by_hop(answer.headers_mut());
            answer.map(Body::new)
        }
        Err(_) => failure(StatusCode::BAD_GATEWAY, "the local stack does not answer"),
    }
}

/// What an HTTP API makes of `X-Forwarded-For`: what the sender wrote stays, the address that it saw comes after it.
fn seen_by_api(headers: &HeaderMap, source: &str) -> Option<HeaderValue> {
    let written = headers.get("x-forwarded-for").and_then(|written| written.to_str().ok());
    let seen = written.map_or_else(|| source.to_owned(), |written| format!("{written}, {source}"));
    HeaderValue::from_str(&seen).ok()
}

fn drop_hop_by_hop(headers: &mut HeaderMap) {
    for name in [header::CONNECTION, header::UPGRADE, header::TE, header::TRAILER, header::TRANSFER_ENCODING] {
        headers.remove(name);
    }
    headers.remove("keep-alive");
}

/// Serves until the runtime ends.
pub(crate) fn serve(listener: TcpListener, router: Router) -> Result<()> {
    listener.set_nonblocking(true).context("cannot use the listener")?;
    let listener = tokio::net::TcpListener::from_std(listener).context("cannot use the listener")?;
    tokio::spawn(async move {
        // It ends with the runtime; an error of one connection does not end it.
        let _ = axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()).await;
    });
    Ok(())
}

fn forwarder() -> Forwarder {
    Client::builder(TokioExecutor::new()).build_http()
}

fn loopback(port: u16) -> Result<Authority> {
    format!("127.0.0.1:{port}").parse().context("not an address")
}

fn address(upstream: &Authority, path: Option<PathAndQuery>) -> Uri {
    let mut parts = http::uri::Parts::default();
    parts.scheme = Some(Scheme::HTTP);
    parts.authority = Some(upstream.clone());
    parts.path_and_query = Some(path.unwrap_or_else(|| PathAndQuery::from_static("/")));
    // Scheme, authority and path are all there, which is all that can be missing.
    Uri::from_parts(parts).unwrap_or_default()
}

fn failure(status: StatusCode, text: &'static str) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn what_a_sender_writes_into_the_header_comes_before_what_was_seen() {
        let seen = |written: &[(&'static str, &'static str)]| seen_by_api(&headers(written), "198.18.0.1").unwrap();
        assert_eq!(seen(&[]), "198.18.0.1");
        assert_eq!(seen(&[("x-forwarded-for", "203.0.113.9")]), "203.0.113.9, 198.18.0.1");
    }

    #[test]
    fn a_json_call_is_counted_by_its_target() {
        let signed = headers(&[
            (
                "authorization",
                "AWS4-HMAC-SHA256 Credential=ASIAX/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host",
            ),
            ("x-amz-target", "DynamoDB_20120810.UpdateItem"),
        ]);
        let call = describe(&signed, "POST", "/", &Bytes::new());
        assert_eq!(
            call,
            AwsCall { service: "dynamodb".into(), action: "UpdateItem".into(), caller: "ASIAX".into(), status: 0 }
        );
    }

    #[test]
    fn rest_query_and_cbor_calls_are_counted_by_what_they_say() {
        let none = HeaderMap::new();
        let mail = describe(&none, "POST", "/v2/email/outbound-emails", &Bytes::new());
        assert_eq!((mail.service.as_str(), mail.action.as_str()), ("unsigned", "SendEmail"));
        let query = describe(&none, "POST", "/", &Bytes::from_static(b"Version=1&Action=AssumeRole"));
        assert_eq!(query.action, "AssumeRole");
        let cbor = describe(&none, "POST", "/service/AWSStepFunctions/operation/SendTaskSuccess", &Bytes::new());
        assert_eq!(cbor.action, "SendTaskSuccess");
        let other = describe(&none, "GET", "/2015-03-31/functions", &Bytes::new());
        assert_eq!(other.action, "GET /2015-03-31/functions");
    }

    #[test]
    fn the_path_reaches_the_emulator_as_it_was_written() {
        let upstream = loopback(4566).unwrap();
        let uri = address(&upstream, Some(PathAndQuery::from_static("/a%2Fb/%7e?x=%20+|".split('|').next().unwrap())));
        assert_eq!(uri.to_string(), "http://127.0.0.1:4566/a%2Fb/%7e?x=%20+");
    }
}
