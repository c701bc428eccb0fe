//! Id tokens that lie.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use microsoft::entra::{EntraErrorKind, Expected, Person};
use microsoft::errors::IdTokenFault;
use microsoft::{CloudClient, Error, ErrorKind};
use onboarding::TenantId;
use serde_json::{Value, json};

use crate::loopback::{Asked, Loopback, Reply, person, tenant};

const NOW: i64 = 1_900_000_000;

fn now() -> Timestamp {
    Timestamp::from_second(NOW).unwrap()
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A key a tenant publishes, and its name.
struct Key {
    pair: KeyPair,
    name: &'static str,
}

impl Key {
    fn new(name: &'static str) -> Self {
        Self { pair: KeyPair::generate(KeySize::Rsa2048).unwrap(), name }
    }

    fn published(&self) -> Value {
        let public = self.pair.public_key();
        json!({"kty": "RSA", "use": "sig", "kid": self.name,
            "n": encode(public.modulus().big_endian_without_leading_zero()),
            "e": encode(public.exponent().big_endian_without_leading_zero())})
    }

    fn sign(&self, claims: &Value) -> String {
        self.sign_with_header(&json!({"alg": "RS256", "typ": "JWT", "kid": self.name}), claims)
    }

    fn sign_with_header(&self, header: &Value, claims: &Value) -> String {
        let text = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).unwrap();
        format!("{text}.{}", encode(signature))
    }
}

/// A login host that publishes `keys`.
async fn login(keys: Vec<Value>) -> Loopback {
    Loopback::start(move |asked, _| metadata_or(asked, || Reply::json(200, &json!({"keys": keys})))).await
}

fn metadata_or(asked: &Asked, keys: impl FnOnce() -> Reply) -> Reply {
    if !asked.target.contains("openid-configuration") {
        return keys();
    }
    let base = format!("http://{}/public/login/{}", asked.header("host").unwrap(), tenant());
    Reply::json(
        200,
        &json!({
            "issuer": format!("{base}/v2.0"),
            "token_endpoint": format!("{base}/oauth2/v2.0/token"),
            "jwks_uri": format!("{base}/discovery/v2.0/keys"),
            "tenant_region_scope": "EU",
        }),
    )
}

fn honest(server: &Loopback) -> Value {
    json!({"iss": format!("{}/public/login/{}/v2.0", server.base, tenant()), "aud": "app-1", "tid": tenant(),
        "oid": person(), "sub": "s", "nonce": "NONCE", "iat": NOW, "nbf": NOW, "exp": NOW + 3600, "ver": "2.0",
        "preferred_username": "ada@outlook.com", "name": "Ada", "idp": "live.com", "acct": 1,
        "login_hint": "HINT", "auth_time": NOW - 60})
}

async fn verify(cloud: &CloudClient, token: &str) -> Result<Person, Error> {
    let expected = Expected { tenant: &tenant(), client_id: "app-1", nonce: "NONCE" };
    cloud.entra().verify_id_token(&token.into(), &expected, now()).await
}

#[tokio::test]
async fn an_honest_token_says_who_it_is() {
    let key = Key::new("k1");
    let server = login(vec![key.published()]).await;
    let who = verify(&server.cloud(), &key.sign(&honest(&server))).await.unwrap();
    assert_eq!((&who.tenant, &who.object_id), (&tenant(), &person()));
    assert_eq!(who.username.as_deref(), Some("ada@outlook.com"));
    assert_eq!(who.guest, Some(true));
    assert_eq!(who.login_hint.as_deref(), Some("HINT"));
    assert_eq!(who.authenticated_at.unwrap().as_second(), NOW - 60);
    assert!(who.is_personal_account());
    assert!(!format!("{who:?}").contains("Ada") && !format!("{who:?}").contains("ada@"));
}

#[tokio::test]
async fn a_token_with_one_wrong_claim_is_refused_for_that_claim() {
    let key = Key::new("k1");
    let server = login(vec![key.published()]).await;
    let cloud = server.cloud();
    let other = "211a82eb-4c7b-48bb-962b-49363c510130";
    for (claim, value, fault) in [
        ("nonce", json!("OTHER"), IdTokenFault::Nonce),
        ("nonce", Value::Null, IdTokenFault::Nonce),
        ("aud", json!("app-2"), IdTokenFault::Audience),
        ("tid", json!(other), IdTokenFault::Issuer),
        ("iss", json!(format!("{}/public/login/{other}/v2.0", server.base)), IdTokenFault::Issuer),
        ("iss", json!("https://login.contoso.com"), IdTokenFault::Issuer),
        ("exp", json!(NOW - 300), IdTokenFault::Expired),
        ("nbf", json!(NOW + 301), IdTokenFault::NotYetValid),
        ("oid", json!("ada"), IdTokenFault::Malformed),
        ("exp", json!("soon"), IdTokenFault::Malformed),
        ("aud", json!(["app-1", "app-2"]), IdTokenFault::Malformed),
    ] {
        let mut claims = honest(&server);
        claims[claim] = value.clone();
        let error = verify(&cloud, &key.sign(&claims)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::IdToken(fault), "{claim} {value}");
    }
}

#[tokio::test]
async fn a_token_of_another_tenant_is_refused_as_such_only_if_everything_else_is_right() {
    // The list of a tenant's keys names that tenant at each of them.
    let key = Key::new("k1");
    let published = key.published();
    let server = Loopback::start(move |asked, _| {
        metadata_or(asked, || {
            let mut key = published.clone();
            let host = asked.header("host").unwrap();
            key["issuer"] = json!(format!("http://{host}/public/login/{}/v2.0", tenant()));
            Reply::json(200, &json!({"keys": [key]}))
        })
    })
    .await;
    let cloud = server.cloud();
    assert!(verify(&cloud, &key.sign(&honest(&server))).await.is_ok());
    let other = "211a82eb-4c7b-48bb-962b-49363c510130";
    let mut claims = honest(&server);
    claims["tid"] = json!(other);
    claims["iss"] = json!(claims["iss"].as_str().unwrap().replace(tenant().as_str(), other));
    let error = verify(&cloud, &key.sign(&claims)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::IdToken(IdTokenFault::Tenant));
    let who = error.signed_in_elsewhere().unwrap();
    assert_eq!((who.tenant.as_str(), who.username.as_deref()), (other, Some("ada@outlook.com")));
    assert!(!format!("{error:?}").contains("ada@") && !error.to_string().contains("ada@"));
    for (claim, value, fault) in [
        ("nonce", json!("OTHER"), IdTokenFault::Nonce),
        ("aud", json!("app-2"), IdTokenFault::Audience),
        ("exp", json!(NOW - 300), IdTokenFault::Expired),
    ] {
        let mut claims = claims.clone();
        claims[claim] = value;
        let error = verify(&cloud, &key.sign(&claims)).await.unwrap_err();
        assert_eq!((error.kind(), error.signed_in_elsewhere()), (ErrorKind::IdToken(fault), None), "{claim}");
    }
}

#[tokio::test]
async fn clocks_may_differ_by_five_minutes() {
    let key = Key::new("k1");
    let server = login(vec![key.published()]).await;
    let cloud = server.cloud();
    for (claim, value) in [("exp", NOW - 299), ("nbf", NOW + 300)] {
        let mut claims = honest(&server);
        claims[claim] = json!(value);
        verify(&cloud, &key.sign(&claims)).await.unwrap();
    }
}

#[tokio::test]
async fn a_token_signed_by_nobody_or_by_a_stranger_is_refused() {
    let (key, stranger) = (Key::new("k1"), Key::new("k1"));
    let server = login(vec![key.published()]).await;
    let cloud = server.cloud();
    let claims = honest(&server);
    let unsigned = format!("{}.{}.", encode(r#"{"alg":"none","kid":"k1"}"#), encode(claims.to_string()));
    let mut altered: Vec<String> = key.sign(&claims).split('.').map(str::to_owned).collect();
    altered[1] = encode(claims.to_string().replace("\"acct\":1", "\"acct\":0"));
    for (token, fault) in [
        (unsigned, IdTokenFault::Algorithm),
        (key.sign_with_header(&json!({"alg": "HS256", "kid": "k1"}), &claims), IdTokenFault::Algorithm),
        (key.sign_with_header(&json!({"alg": "RS256"}), &claims), IdTokenFault::UnknownKey),
        (stranger.sign(&claims), IdTokenFault::Signature),
        (altered.join("."), IdTokenFault::Signature),
        ("not a token".to_owned(), IdTokenFault::Malformed),
    ] {
        let error = verify(&cloud, &token).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::IdToken(fault), "{token}");
        assert!(!format!("{error:?}").contains(&encode(claims.to_string())));
    }
}

#[tokio::test]
async fn a_key_that_signs_for_another_issuer_does_not_sign_for_this_one() {
    let key = Key::new("k1");
    let mut published = key.published();
    published["issuer"] = json!("https://login.contoso.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0");
    let server = login(vec![published]).await;
    let error = verify(&server.cloud(), &key.sign(&honest(&server))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::IdToken(IdTokenFault::Issuer));
}

#[tokio::test]
async fn keys_are_fetched_once_and_again_when_they_have_rolled() {
    let (old, new) = (Key::new("old"), Key::new("new"));
    let mut fetched = 0;
    let sets = [vec![old.published()], vec![old.published(), new.published()]];
    let server = Loopback::start(move |asked, _| {
        metadata_or(asked, || {
            fetched += 1;
            Reply::json(200, &json!({"keys": sets[usize::min(fetched - 1, 1)]}))
        })
    })
    .await;
    let cloud = server.cloud();
    let fetches = || server.asked().iter().filter(|it| it.target.ends_with("/keys")).count();
    verify(&cloud, &old.sign(&honest(&server))).await.unwrap();
    verify(&cloud, &old.sign(&honest(&server))).await.unwrap();
    assert_eq!(fetches(), 1);
    verify(&cloud, &new.sign(&honest(&server))).await.unwrap();
    assert_eq!(fetches(), 2);
    // Made-up key names don't make us ask Microsoft again and again.
    let made_up = Key::new("made-up");
    for _ in 0..3 {
        let error = verify(&cloud, &made_up.sign(&honest(&server))).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::IdToken(IdTokenFault::UnknownKey));
    }
    assert_eq!(fetches(), 2);
}

#[tokio::test]
async fn a_directory_is_found_by_domain_and_by_address() {
    let server = login(Vec::new()).await;
    let entra = server.cloud().entra();
    assert_eq!(entra.tenant_of_domain("contoso.com").await.unwrap(), Some(tenant()));
    assert_eq!(entra.tenant_of_domain("ada@contoso.com").await.unwrap(), Some(tenant()));
    assert_eq!(server.asked()[1].target, "/public/login/contoso.com/v2.0/.well-known/openid-configuration");
    assert_eq!(entra.tenant_of_domain("contoso").await.unwrap(), None);
    assert_eq!(entra.directory("../x").await.unwrap(), None);
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn an_unknown_domain_is_no_directory() {
    let body = json!({"error": "invalid_tenant", "error_description": "AADSTS90002: no", "error_codes": [90002]});
    let server = Loopback::always(Reply::json(400, &body)).await;
    assert_eq!(server.cloud().entra().tenant_of_domain("fabrikam.com").await.unwrap(), None);
}

#[tokio::test]
async fn a_directory_that_leads_to_another_login_host_is_in_another_cloud() {
    let id = TenantId::parse("111a82eb-4c7b-48bb-962b-49363c510130").unwrap();
    let base = format!("https://login.microsoftonline.us/{id}");
    let body = json!({"issuer": format!("{base}/v2.0"), "token_endpoint": format!("{base}/oauth2/v2.0/token"),
        "jwks_uri": format!("{base}/discovery/v2.0/keys"), "tenant_region_scope": "USGov"});
    let server = Loopback::always(Reply::json(200, &body)).await;
    let error = server.cloud().entra().directory("contoso.com").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Entra(EntraErrorKind::WrongCloud));
}
