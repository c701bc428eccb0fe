//! A server on loopback that answers what the test says, and remembers what it was asked.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use microsoft::arm::Arm;
use microsoft::clouds::{Clouds, LoopbackBase};
use microsoft::graph::Graph;
use microsoft::partner_center::PartnerCenter;
use microsoft::{AccessToken, CloudClient, HttpSettings, Microsoft};
use onboarding::{Cloud, ObjectId, SubscriptionId, TenantId};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// One request, as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

/// What to answer.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    Answer {
        status: u16,
        headers: Vec<(String, String)>,
        body: String,
    },
    /// The connection ends without an answer.
    HangUp,
    /// No answer, and the connection stays.
    Silence,
}

/// The server. Ends with the test's runtime.
#[derive(Debug)]
pub(crate) struct Loopback {
    pub(crate) base: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The operation of the contracts that this request is; it must fit in everything.
    pub(crate) fn operation(&self) -> String {
        let (path, query) = self.target.split_once('?').unwrap_or((&self.target, ""));
        let path = path.strip_prefix("/public/").unwrap();
        let (api, path) = path.split_at(path.find('/').unwrap());
        let api = contracts::Api::parse(api).unwrap();
        let query: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let found = contracts::validate_request(api, &self.method, path, &query, &self.headers, self.body.as_bytes());
        found.unwrap_or_else(|problems| panic!("{problems:?}")).as_str().to_owned()
    }

    pub(crate) fn form(&self) -> Vec<(String, String)> {
        url::form_urlencoded::parse(self.body.as_bytes()).into_owned().collect()
    }

    pub(crate) fn field(&self, name: &str) -> Option<String> {
        self.form().into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }
}

impl Reply {
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::Answer {
            status,
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: body.to_string(),
        }
    }

    pub(crate) fn empty(status: u16) -> Self {
        Self::Answer { status, headers: Vec::new(), body: String::new() }
    }

    pub(crate) fn arm_error(status: u16, code: &str) -> Self {
        let error = serde_json::json!({"error": {"code": code, "message": "so it is"}});
        Self::json(status, &error)
    }

    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        if let Self::Answer { headers, .. } = &mut self {
            headers.push((name.to_owned(), value.into()));
        }
        self
    }
}

impl Loopback {
    /// Starts a server whose answer to each request is `answer`'s, told the request and how many came before it.
    pub(crate) async fn start(mut answer: impl FnMut(&Asked, usize) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        tokio::spawn(async move {
            let mut silent = Vec::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                let Some(request) = read(&mut stream).await else {
                    continue;
                };
                let reply = {
                    let mut seen = seen.lock().unwrap();
                    let reply = answer(&request, seen.len());
                    seen.push(request);
                    reply
                };
                match reply {
                    Reply::HangUp => drop(stream),
                    Reply::Silence => silent.push(stream),
                    Reply::Answer { status, headers, body } => {
                        let mut head = format!("HTTP/1.1 {status} x\r\nconnection: close\r\n");
                        if status != 204 {
                            head.push_str(&format!("content-length: {}\r\n", body.len()));
                        }
                        for (name, value) in headers {
                            head.push_str(&format!("{name}: {value}\r\n"));
                        }
                        let _ = stream.write_all(format!("{head}\r\n{body}").as_bytes()).await;
                        let _ = stream.shutdown().await;
                    }
                }
            }
        });
        Self { base, asked }
    }

    /// A server that always answers the same.
    pub(crate) async fn always(reply: Reply) -> Self {
        Self::start(move |_, _| reply.clone()).await
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// A client whose whole cloud is this server, with waits as short as tests want them.
    pub(crate) fn microsoft(&self) -> Microsoft {
        let base = LoopbackBase::parse(&self.base).unwrap();
        Microsoft::new(Clouds::new(Some(base), false), settings()).unwrap()
    }

    pub(crate) fn cloud(&self) -> CloudClient {
        self.microsoft().cloud(Cloud::Public).unwrap()
    }

    pub(crate) fn arm(&self) -> Arm {
        self.cloud().arm(&AccessToken::new("ARM-TOKEN".into(), tenant(), None))
    }

    pub(crate) fn graph(&self) -> Graph {
        self.cloud().graph(&AccessToken::new("GRAPH-TOKEN".into(), tenant(), None))
    }

    pub(crate) fn partner_center(&self) -> PartnerCenter {
        self.cloud().partner_center(&AccessToken::new("PARTNER-TOKEN".into(), tenant(), None))
    }
}

pub(crate) fn settings() -> HttpSettings {
    HttpSettings {
        attempt_timeout: Duration::from_millis(400),
        call_timeout: Duration::from_secs(3),
        first_wait: Duration::from_millis(1),
        longest_wait: Duration::from_millis(5),
        answer_limit: 64 * 1024,
        page_limit: 5,
        ..HttpSettings::new([7; 16])
    }
}

pub(crate) fn subscription() -> SubscriptionId {
    SubscriptionId::parse("6c3c85bc-5366-4eaa-8055-a10529eafd03").unwrap()
}

pub(crate) fn tenant() -> TenantId {
    TenantId::parse("111a82eb-4c7b-48bb-962b-49363c510130").unwrap()
}

pub(crate) fn person() -> ObjectId {
    ObjectId::parse("b11a05c8-6acc-435e-9a51-2140dea093a5").unwrap()
}

async fn read(stream: &mut TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).ok()?;
    let mut lines = head.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: Vec<_> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let mut asked = Asked { method, target, headers, body: String::new() };
    let length: usize = asked.header("content-length").unwrap_or("0").parse().ok()?;
    let mut body = bytes.split_off(end + 4);
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    asked.body = String::from_utf8(body).ok()?;
    Some(asked)
}
