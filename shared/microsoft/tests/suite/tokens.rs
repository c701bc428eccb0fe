//! The token endpoint.

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::{Timestamp, ToSpan as _};
use microsoft::arm::Arm;
use microsoft::entra::{AppCredential, AuthorizeRequest, CodeVerifier, EntraErrorKind, Prompt, Redemption};
use microsoft::graph::Graph;
use microsoft::token::owner_scopes;
use microsoft::{ErrorKind, RefreshToken};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use url::Url;

use crate::loopback::{Loopback, Reply, tenant};

fn now() -> Timestamp {
    "2030-01-01T00:00:00Z".parse().unwrap()
}

fn given() -> Value {
    json!({"token_type": "bearer", "scope": "s", "expires_in": 3599, "ext_expires_in": 3599,
        "access_token": "ACCESS", "refresh_token": "NEXT", "id_token": "ID"})
}

#[tokio::test]
async fn a_code_is_redeemed_with_its_verifier_and_our_secret() {
    let server = Loopback::always(Reply::json(200, &given())).await;
    let code = "CODE".into();
    let verifier = CodeVerifier::new("v".repeat(43).into()).unwrap();
    let redemption = Redemption { code: &code, verifier: &verifier, redirect_uri: "https://contoso.com/callback" };
    let app = AppCredential::with_secret("app-1", "S3CR&T+".into());
    let tokens = server.cloud().entra().redeem_code::<Arm>(&tenant(), &app, &redemption, now()).await.unwrap();
    assert_eq!(tokens.access.tenant(), &tenant());
    assert_eq!(tokens.access.expires_at(), Some(now() + 3599.seconds()));
    assert_eq!(tokens.refresh.as_ref().unwrap().secret().expose_secret(), "NEXT");
    assert_eq!(tokens.id_token.as_ref().unwrap().expose_secret(), "ID");
    for secret in ["ACCESS", "NEXT", "ID\""] {
        assert!(!format!("{tokens:?}").contains(secret));
    }
    let asked = &server.asked()[0];
    assert_eq!(asked.target, format!("/public/login/{}/oauth2/v2.0/token", tenant()));
    for (name, value) in [
        ("grant_type", "authorization_code"),
        ("client_id", "app-1"),
        ("client_secret", "S3CR&T+"),
        ("code", "CODE"),
        ("redirect_uri", "https://contoso.com/callback"),
        ("code_verifier", &"v".repeat(43)),
        ("scope", "openid profile email offline_access https://management.azure.com/user_impersonation"),
    ] {
        assert_eq!(asked.field(name).as_deref(), Some(value), "{name}");
    }
}

#[tokio::test]
async fn a_refresh_is_repeated_and_asks_for_one_resource_only() {
    let server = Loopback::start(|_, before| match before {
        0 => Reply::HangUp,
        _ => Reply::json(200, &json!({"token_type": "Bearer", "expires_in": 60, "access_token": "A"})),
    })
    .await;
    let app = AppCredential::with_secret("app-1", "x".into());
    let old = RefreshToken::new("OLD".into());
    let tokens = server.cloud().entra().refresh::<Graph>(&tenant(), &app, &old, now()).await.unwrap();
    assert!(tokens.refresh.is_none() && tokens.id_token.is_none());
    let asked = server.asked();
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[1].field("refresh_token").as_deref(), Some("OLD"));
    assert_eq!(
        asked[1].field("scope").as_deref(),
        Some(
            "openid profile email offline_access https://graph.microsoft.com/User.Read \
             https://graph.microsoft.com/RoleManagement.Read.Directory"
        )
    );
}

#[tokio::test]
async fn a_refused_refresh_says_why_and_what_to_ask_for() {
    let claims = r#"{"access_token":{"capolids":{"essential":true,"values":["p"]}}}"#;
    for (status, body, kind) in [
        (
            400,
            json!({"error": "interaction_required", "error_codes": [50076], "claims": claims}),
            ErrorKind::Entra(EntraErrorKind::MfaRequired),
        ),
        (
            400,
            json!({"error": "invalid_grant", "error_codes": [700082]}),
            ErrorKind::Entra(EntraErrorKind::SignInAgain),
        ),
        (
            401,
            json!({"error": "invalid_client", "error_codes": [7000222]}),
            ErrorKind::Entra(EntraErrorKind::AppMisconfigured),
        ),
        (400, json!({"error": "temporarily_unavailable", "error_codes": [90033]}), ErrorKind::Throttled),
        (503, json!({"error": "temporarily_unavailable"}), ErrorKind::Unavailable),
        (429, json!({}), ErrorKind::Throttled),
        (400, json!("<html>"), ErrorKind::Entra(EntraErrorKind::Unknown)),
    ] {
        let server = Loopback::always(Reply::json(status, &body)).await;
        let app = AppCredential::with_secret("app-1", "x".into());
        let old = RefreshToken::new("OLD".into());
        let error = server.cloud().entra().refresh::<Arm>(&tenant(), &app, &old, now()).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{body}");
        assert_eq!(error.claims().map(|it| it.as_str()), body.get("claims").and_then(Value::as_str), "{body}");
    }
}

#[tokio::test]
async fn a_certificate_proves_the_app_with_a_signature_and_sends_no_secret() {
    let server = Loopback::always(Reply::json(200, &given())).await;
    let key = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let pkcs8: Pkcs8V1Der<'_> = key.as_der().unwrap();
    let block = |label: &str, bytes: &[u8]| {
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(bytes))
    };
    let app = AppCredential::with_certificate(
        "app-1",
        &block("PRIVATE KEY", pkcs8.as_ref()).into(),
        &block("CERTIFICATE", b"certificate"),
    )
    .unwrap();
    let old = RefreshToken::new("OLD".into());
    server.cloud().entra().refresh::<Arm>(&tenant(), &app, &old, now()).await.unwrap();
    let asked = &server.asked()[0];
    assert_eq!(asked.field("client_secret"), None);
    assert_eq!(
        asked.field("client_assertion_type").as_deref(),
        Some("urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
    );
    let assertion = asked.field("client_assertion").unwrap();
    let public = key.public_key();
    let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let checker = jsonwebtoken::DecodingKey::from_rsa_components(
        &part(public.modulus().big_endian_without_leading_zero()),
        &part(public.exponent().big_endian_without_leading_zero()),
    )
    .unwrap();
    let mut rules = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::PS256);
    rules.validate_exp = false;
    rules.set_audience(&[format!("{}/public/login/{}/oauth2/v2.0/token", server.base, tenant())]);
    let signed = jsonwebtoken::decode::<Value>(&assertion, &checker, &rules).unwrap();
    assert_eq!(signed.claims["iss"], "app-1");
    assert_eq!(signed.claims["sub"], "app-1");
    assert_eq!(signed.claims["exp"], now().as_second() + 600);
    // SHA-256 of the certificate's bytes.
    assert_eq!(signed.header.x5t_s256.unwrap().len(), 43);
}

#[tokio::test]
async fn the_browser_is_sent_to_the_expected_tenant_with_everything_bound() {
    let server = Loopback::always(Reply::empty(404)).await;
    let cloud = server.cloud();
    let scope = owner_scopes(cloud.endpoints());
    let claims = microsoft::claims::sign_in_claims(true, None);
    let mut request = AuthorizeRequest {
        tenant: &tenant(),
        client_id: "app-1",
        redirect_uri: "https://contoso.com/callback?x=1&y=2",
        scope: &scope,
        state: "STATE",
        nonce: "NONCE",
        code_challenge: "CHALLENGE",
        login_hint: Some("ada+x@outlook.com"),
        domain_hint: Some("live.com"),
        prompt: None,
        claims: Some(&claims),
    };
    let url = Url::parse(&cloud.entra().authorize_url(&request)).unwrap();
    assert_eq!(url.path(), format!("/public/login/{}/oauth2/v2.0/authorize", tenant()));
    let field =
        |url: &Url, name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    for (name, value) in [
        ("client_id", "app-1"),
        ("response_type", "code"),
        ("response_mode", "query"),
        ("redirect_uri", "https://contoso.com/callback?x=1&y=2"),
        ("scope", scope.as_str()),
        ("state", "STATE"),
        ("nonce", "NONCE"),
        ("code_challenge", "CHALLENGE"),
        ("code_challenge_method", "S256"),
        ("login_hint", "ada+x@outlook.com"),
        ("domain_hint", "live.com"),
        ("claims", claims.as_str()),
    ] {
        assert_eq!(field(&url, name).as_deref(), Some(value), "{name}");
    }
    assert_eq!(field(&url, "prompt"), None);
    request.prompt = Some(Prompt::SelectAccount);
    let url = Url::parse(&cloud.entra().authorize_url(&request)).unwrap();
    assert_eq!(field(&url, "prompt").as_deref(), Some("select_account"));
    assert_eq!(field(&url, "login_hint"), None);
}

#[tokio::test]
async fn every_kind_of_call_can_be_awaited_on_another_thread() {
    // The HTTP runtime of the functions demands it, and one value held over an await would take it away.
    fn needs_send<T: Send>(_: T) {}
    let server = Loopback::always(Reply::empty(404)).await;
    let (entra, arm, graph, partner) = (server.cloud().entra(), server.arm(), server.graph(), server.partner_center());
    let app = AppCredential::with_secret("app-1", "x".into());
    let old = RefreshToken::new("OLD".into());
    let id = crate::loopback::subscription();
    needs_send(entra.refresh::<Arm>(&tenant(), &app, &old, now()));
    needs_send(entra.directory("contoso.com"));
    needs_send(arm.directory_changes(&id));
    needs_send(arm.accept_directory_change(&id));
    needs_send(graph.users_by_mail("ada@outlook.com"));
    needs_send(partner.account());
    assert!(server.asked().is_empty());
}
