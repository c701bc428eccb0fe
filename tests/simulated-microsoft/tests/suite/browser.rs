//! People in front of the sign-in pages, and the calls an application makes with what they bring back.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::redirect::Policy;
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use simulated_microsoft::{Handle, Options, SimulatedMicrosoft};

pub(crate) const SOURCE: &str = "a1000000-0000-4000-8000-000000000001";
pub(crate) const PARTNER: &str = "b2000000-0000-4000-8000-000000000002";
pub(crate) const PROD: &str = "51000000-0000-4000-8000-000000000001";
pub(crate) const ROSA: &str = "0a000000-0000-4000-8000-000000000001";
pub(crate) const KIM: &str = "0b000000-0000-4000-8000-000000000001";
pub(crate) const OWNER: &str = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635";
pub(crate) const ARM: &str = "https://management.azure.com/user_impersonation";
pub(crate) const GRAPH: &str = "https://graph.microsoft.com/User.Read https://graph.microsoft.com/User.Invite.All https://graph.microsoft.com/User.ReadWrite.All https://graph.microsoft.com/RoleManagement.Read.Directory https://graph.microsoft.com/Policy.Read.All";
pub(crate) const PARTNER_CENTER: &str = "https://api.partnercenter.microsoft.com/user_impersonation";
pub(crate) const MFA: &str = r#"{"access_token":{"acrs":{"essential":true,"values":["p1"]}}}"#;
const VERIFIER: &str = "a-verifier-of-more-than-forty-three-letters-0123";
const CALLBACK: &str = "http://127.0.0.1:5999/callback";

/// A simulated cloud and an application that uses it.
pub(crate) struct House {
    pub(crate) handle: Handle,
    pub(crate) http: Client,
    pub(crate) cloud: &'static str,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
}

/// How a sign-in ended.
#[derive(Debug)]
pub(crate) enum End {
    Redirect(Vec<(String, String)>),
    Page(String),
}

impl House {
    pub(crate) async fn build() -> Self {
        Self::with(Options::default()).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        let handle = SimulatedMicrosoft::start(options).await.unwrap();
        let http = Client::builder().redirect(Policy::none()).build().unwrap();
        Self { handle, http, cloud: "public" }
    }

    pub(crate) fn url(&self, api: &str, path: &str) -> String {
        format!("{}/{}/{api}{path}", self.handle.base_url(), self.cloud)
    }

    pub(crate) fn client_id(&self) -> &'static str {
        match self.cloud {
            "germany" => "c11e0000-0000-4000-8000-000000000005",
            _ => "c11e0000-0000-4000-8000-000000000001",
        }
    }

    pub(crate) fn authorize(&self, tenant: &str, scope: &str) -> reqwest::Url {
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
        let mut url = reqwest::Url::parse(&self.url("login", &format!("/{tenant}/oauth2/v2.0/authorize"))).unwrap();
        url.query_pairs_mut().extend_pairs([
            ("client_id", self.client_id()),
            ("response_type", "code"),
            ("redirect_uri", CALLBACK),
            ("scope", &format!("openid profile email offline_access {scope}")),
            ("state", "the-state"),
            ("nonce", "the-nonce"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
            ("claims", MFA),
        ]);
        url
    }

    /// Goes through the pages; `answers` overrides what a page's button says.
    pub(crate) async fn walk(&self, start: reqwest::Url, email: &str, answers: &[(&str, &str)]) -> (End, Vec<String>) {
        let mut answer = self.http.get(start).send().await.unwrap();
        let mut steps = Vec::new();
        for _ in 0..10 {
            if answer.status() == StatusCode::FOUND {
                let to = reqwest::Url::parse(answer.headers()["location"].to_str().unwrap()).unwrap();
                return (End::Redirect(to.query_pairs().into_owned().collect()), steps);
            }
            let page = answer.text().await.unwrap();
            let (Some(action), Some(step)) = (attribute(&page, "action=\""), field(&page, "step")) else {
                return (End::Page(page), steps);
            };
            if step == "not-a-member" || page.contains("role=\"alert\"") {
                return (End::Page(page), steps);
            }
            steps.push(step.clone());
            let usual = if matches!(step.as_str(), "consent" | "invitation") { "accept" } else { "next" };
            let said = answers.iter().find(|(at, _)| *at == step).map_or(usual, |(_, said)| *said);
            let form = [
                ("ctx", field(&page, "ctx").unwrap()),
                ("step", step.clone()),
                ("answer", said.to_owned()),
                ("loginfmt", email.to_owned()),
                ("passwd", "simulated".to_owned()),
                ("otc", "123456".to_owned()),
            ];
            answer = self.http.post(action).form(&form).send().await.unwrap();
        }
        panic!("the sign-in has no end: {steps:?}");
    }

    /// Signs in and gives the code.
    pub(crate) async fn code(&self, tenant: &str, scope: &str, email: &str) -> String {
        match self.walk(self.authorize(tenant, scope), email, &[]).await {
            (End::Redirect(pairs), _) => {
                assert!(pairs.contains(&("state".to_owned(), "the-state".to_owned())), "{pairs:?}");
                pairs.iter().find(|(name, _)| name == "code").unwrap_or_else(|| panic!("{pairs:?}")).1.clone()
            }
            (End::Page(page), _) => panic!("{page}"),
        }
    }

    pub(crate) async fn token(&self, tenant: &str, form: &[(&str, &str)]) -> Answer {
        let url = self.url("login", &format!("/{tenant}/oauth2/v2.0/token"));
        let mut all = vec![("client_id", self.client_id()), ("client_secret", self.secret())];
        // A pair of the caller's replaces ours.
        all.retain(|(name, _)| !form.iter().any(|(given, _)| given == name));
        all.extend_from_slice(form);
        read(self.http.post(url).form(&all).send().await.unwrap()).await
    }

    fn secret(&self) -> &'static str {
        match self.cloud {
            "germany" => "simulated-client-secret-germany",
            _ => "simulated-client-secret-public",
        }
    }

    pub(crate) async fn redeem(&self, tenant: &str, code: &str, scope: &str) -> Answer {
        let scope = format!("openid profile email offline_access {scope}");
        self.token(
            tenant,
            &[
                ("grant_type", "authorization_code"),
                ("code", code),
                ("redirect_uri", CALLBACK),
                ("code_verifier", VERIFIER),
                ("scope", &scope),
            ],
        )
        .await
    }

    pub(crate) async fn refresh(&self, tenant: &str, token: &str, scope: &str) -> Answer {
        self.token(tenant, &[("grant_type", "refresh_token"), ("refresh_token", token), ("scope", scope)]).await
    }

    /// Signs in for several resources; gives the answer to the first token request, for the first of them.
    pub(crate) async fn sign_in(&self, tenant: &str, email: &str, resources: &[&str]) -> Answer {
        let code = self.code(tenant, &resources.join(" "), email).await;
        let answer = self.redeem(tenant, &code, resources[0]).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer
    }

    /// An access token for ARM, by a new sign-in.
    pub(crate) async fn arm_token(&self, tenant: &str, email: &str) -> String {
        text(&self.sign_in(tenant, email, &[ARM]).await.body, "access_token")
    }

    pub(crate) async fn call(&self, method: Method, url: String, token: &str, body: Option<Value>) -> Answer {
        let mut request = self.http.request(method, url).bearer_auth(token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        read(request.send().await.unwrap()).await
    }

    pub(crate) async fn arm(&self, method: Method, path: &str, token: &str, body: Option<Value>) -> Answer {
        self.call(method, self.url("arm", path), token, body).await
    }

    pub(crate) async fn graph(&self, method: Method, path: &str, token: &str, body: Option<Value>) -> Answer {
        self.call(method, self.url("graph", &format!("/v1.0{path}")), token, body).await
    }

    pub(crate) async fn profile(&self, name: &str, token: &str) -> Answer {
        self.call(Method::GET, self.url("partner-center", &format!("/v1/profiles/{name}")), token, None).await
    }

    pub(crate) async fn see(&self, path: &str) -> Value {
        let answer = self.http.get(format!("{}/control/{path}", self.handle.base_url())).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.json().await.unwrap()
    }

    pub(crate) async fn control(&self, path: &str, body: Value) -> Value {
        let url = format!("{}/control/{path}", self.handle.base_url());
        let answer = self.http.post(url).json(&body).send().await.unwrap();
        let status = answer.status();
        let body = answer.text().await.unwrap();
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str(&body).unwrap()
    }

    /// How often something is in the ledger.
    pub(crate) async fn count(&self, kind: &str) -> usize {
        self.see(&format!("ledger?kind={kind}")).await.as_array().unwrap().len()
    }

    /// Moves the clock so that everything under way takes effect.
    pub(crate) async fn settle(&self) {
        self.control("time", json!({"advanceSeconds": 5})).await;
    }

    pub(crate) async fn no_violations(&self) {
        let found = self.see("violations").await;
        assert_eq!(found, json!([]), "{found:#}");
    }
}

pub(crate) fn initiate(tenant: &str, owner: &str) -> Option<Value> {
    Some(json!({"properties": {"destinationTenantId": tenant, "destinationOwnerId": owner}}))
}

pub(crate) fn change_request(subscription: &str) -> String {
    format!(
        "/subscriptions/{subscription}/providers/Microsoft.Subscription/changeTenantRequest/default?api-version=2026-08-01-preview"
    )
}

pub(crate) fn acceptance(subscription: &str, operation: &str) -> String {
    format!("/providers/Microsoft.Subscription/subscriptions/{subscription}/{operation}?api-version=2026-08-01-preview")
}

pub(crate) fn text(body: &Value, field: &str) -> String {
    body[field].as_str().unwrap_or_else(|| panic!("no {field} in {body}")).to_owned()
}

pub(crate) fn claims(id_token: &str) -> Value {
    let claims = id_token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap()
}

async fn read(answer: reqwest::Response) -> Answer {
    let (status, headers) = (answer.status(), answer.headers().clone());
    let bytes = answer.bytes().await.unwrap();
    let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap() };
    Answer { status, headers, body }
}

impl Answer {
    pub(crate) fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }

    pub(crate) fn aadsts(&self) -> i64 {
        self.body["error_codes"][0].as_i64().unwrap_or_default()
    }
}

fn attribute(page: &str, before: &str) -> Option<String> {
    let after = page.split_once(before)?.1;
    Some(after.split_once('"')?.0.replace("&amp;", "&"))
}

fn field(page: &str, name: &str) -> Option<String> {
    attribute(page.split_once(&format!("name=\"{name}\""))?.1, "value=\"")
}
