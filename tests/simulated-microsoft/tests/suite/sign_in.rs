//! Sign-ins: who gets in, who does not, and in which words.

use serde_json::json;

use crate::browser::{ARM, End, GRAPH, House, PARTNER, PARTNER_CENTER, SOURCE, claims, text};

fn page(end: End) -> String {
    match end {
        End::Page(page) => page,
        End::Redirect(pairs) => panic!("not a page: {pairs:?}"),
    }
}

fn redirect(end: End) -> Vec<(String, String)> {
    match end {
        End::Redirect(pairs) => pairs,
        End::Page(page) => panic!("{page}"),
    }
}

fn value<'a>(pairs: &'a [(String, String)], name: &str) -> &'a str {
    pairs.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str()).unwrap_or_default()
}

#[tokio::test]
async fn discovery_and_keys_agree_with_the_id_token() {
    let house = House::build().await;
    let discovery =
        house.http.get(house.url("login", "/contoso.com/v2.0/.well-known/openid-configuration")).send().await.unwrap();
    let discovery: serde_json::Value = discovery.json().await.unwrap();
    assert!(text(&discovery, "issuer").ends_with(&format!("/{PARTNER}/v2.0")));
    let keys: serde_json::Value =
        house.http.get(text(&discovery, "jwks_uri")).send().await.unwrap().json().await.unwrap();
    let tokens = house.sign_in(PARTNER, "kim@contoso.com", &[ARM]).await;
    let id_token = text(&tokens.body, "id_token");
    assert_eq!(claims(&id_token)["iss"], discovery["issuer"]);
    use base64::Engine as _;
    let header = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(id_token.split('.').next().unwrap()).unwrap();
    let header: serde_json::Value = serde_json::from_slice(&header).unwrap();
    assert_eq!(header["kid"], keys["keys"][0]["kid"]);
    let unknown = house
        .http
        .get(house.url("login", "/nobody.contoso.com/v2.0/.well-known/openid-configuration"))
        .send()
        .await
        .unwrap();
    assert_eq!(unknown.status(), 400);
    assert_eq!(unknown.json::<serde_json::Value>().await.unwrap()["error_codes"], json!([90002]));
    house.no_violations().await;
}

#[tokio::test]
async fn an_account_that_the_tenant_does_not_know_sees_50020_and_can_take_another() {
    let house = House::build().await;
    let (end, _) = house.walk(house.authorize(SOURCE, ARM), "stranger@outlook.com", &[]).await;
    let page = page(end);
    assert!(page.contains("AADSTS50020"), "{page}");
    assert!(page.contains("Use another account"));
    house.no_violations().await;
}

#[tokio::test]
async fn errors_before_the_redirect_address_is_known_are_pages() {
    let house = House::build().await;
    for (name, value, code) in [
        ("redirect_uri", "https://evil.contoso.com/callback", "AADSTS50011"),
        ("client_id", "c11e0000-0000-4000-8000-00000000dead", "AADSTS700016"),
    ] {
        let mut url = house.authorize(SOURCE, ARM);
        let pairs: Vec<(String, String)> = url.query_pairs().into_owned().filter(|(it, _)| it != name).collect();
        url.query_pairs_mut().clear().extend_pairs(pairs).append_pair(name, value);
        let answer = house.http.get(url).send().await.unwrap();
        assert_eq!(answer.status(), 400);
        assert!(answer.text().await.unwrap().contains(code));
    }
}

#[tokio::test]
async fn declined_consent_goes_back_with_the_reason() {
    let house = House::build().await;
    let (end, _) = house.walk(house.authorize(SOURCE, ARM), "rosa@outlook.com", &[("consent", "cancel")]).await;
    let pairs = redirect(end);
    assert_eq!((value(&pairs, "error"), value(&pairs, "state")), ("access_denied", "the-state"));
    assert!(value(&pairs, "error_description").starts_with("AADSTS65004"));
    // Who is no administrator cannot consent to Partner Center.
    let start = house.authorize(PARTNER, PARTNER_CENTER);
    let (end, steps) = house.walk(start, "alex@contoso.com", &[("approval", "cancel")]).await;
    assert_eq!(steps.last().map(String::as_str), Some("approval"));
    assert!(value(&redirect(end), "error_description").starts_with("AADSTS90094"));
    house.no_violations().await;
}

#[tokio::test]
async fn a_code_works_once_with_its_verifier_its_address_and_its_tenant() {
    let house = House::build().await;
    let code = house.code(SOURCE, ARM, "rosa@outlook.com").await;
    assert_eq!(house.redeem(PARTNER, &code, ARM).await.aadsts(), 700_005);
    let form = |verifier: &'static str, address: &'static str| {
        vec![
            ("grant_type", "authorization_code"),
            ("code_verifier", verifier),
            ("redirect_uri", address),
            ("scope", ARM),
        ]
    };
    let verifier = "another-verifier-of-more-than-forty-three-letters";
    let mut wrong = form(verifier, "http://127.0.0.1:5999/callback");
    wrong.push(("code", &code));
    assert_eq!(house.token(SOURCE, &wrong).await.aadsts(), 501_481);
    let mut wrong = form(verifier, "http://127.0.0.1:6000/callback");
    wrong.push(("code", &code));
    assert_eq!(house.token(SOURCE, &wrong).await.aadsts(), 500_112);
    let wrong =
        house.token(SOURCE, &[("grant_type", "authorization_code"), ("client_secret", "no"), ("scope", ARM)]).await;
    assert_eq!((wrong.status.as_u16(), wrong.aadsts()), (401, 7_000_215));
    let both = format!("{ARM} {PARTNER_CENTER}");
    assert_eq!(house.redeem(SOURCE, &code, &both).await.aadsts(), 70022);
    assert_eq!(house.redeem(SOURCE, &code, ARM).await.status, 200);
    assert_eq!(house.redeem(SOURCE, &code, ARM).await.aadsts(), 54005);
    let late = house.code(SOURCE, ARM, "rosa@outlook.com").await;
    house.control("time", json!({"advanceSeconds": 601})).await;
    assert_eq!(house.redeem(SOURCE, &late, ARM).await.aadsts(), 70008);
    house.no_violations().await;
}

#[tokio::test]
async fn a_refresh_token_follows_the_person_not_the_second_factor_or_the_consent() {
    let house = House::build().await;
    let kim = house.sign_in(PARTNER, "kim@contoso.com", &[ARM]).await;
    let refresh = text(&kim.body, "refresh_token");
    assert_eq!(house.refresh(PARTNER, &refresh, ARM).await.status, 200);
    // Never asked for at the sign-in, so never consented to.
    let unasked = house.refresh(PARTNER, &refresh, PARTNER_CENTER).await;
    assert_eq!((unasked.aadsts(), unasked.body["suberror"].as_str()), (65001, Some("consent_required")));
    assert_eq!(house.refresh(SOURCE, &refresh, ARM).await.aadsts(), 50020);
    house.control("users/kim@contoso.com/revoke", json!({})).await;
    assert_eq!(house.refresh(PARTNER, &refresh, ARM).await.aadsts(), 50173);
    let rosa = text(&house.sign_in(SOURCE, "rosa@outlook.com", &[ARM]).await.body, "refresh_token");
    house.control("time", json!({"advanceSeconds": 90 * 24 * 3600})).await;
    assert_eq!(house.refresh(SOURCE, &rosa, ARM).await.aadsts(), 700_082);
    house.no_violations().await;
}

#[tokio::test]
async fn a_tenant_that_wants_a_second_factor_refuses_tokens_without_one() {
    let house = House::build().await;
    let mut url = house.authorize(PARTNER, ARM);
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().filter(|(it, _)| it != "claims").collect();
    url.query_pairs_mut().clear().extend_pairs(pairs);
    let (end, steps) = house.walk(url, "kim@contoso.com", &[]).await;
    assert!(!steps.contains(&"mfa".to_owned()));
    let pairs = redirect(end);
    let tokens = house.redeem(PARTNER, value(&pairs, "code"), ARM).await;
    house.control(&format!("tenants/{PARTNER}"), json!({"mfa": "required"})).await;
    let refused = house.refresh(PARTNER, &text(&tokens.body, "refresh_token"), ARM).await;
    assert_eq!((refused.aadsts(), refused.body["error"].as_str()), (50076, Some("interaction_required")));
    assert!(text(&refused.body, "claims").contains("acrs"));
    house.no_violations().await;
}

#[tokio::test]
async fn someone_without_a_second_factor_sets_one_up() {
    let house = House::build().await;
    let start = house.authorize("workshop.fabrikam.com", ARM);
    let (_, steps) = house.walk(start, "uma@workshop.fabrikam.com", &[]).await;
    assert_eq!(steps, ["account", "password", "mfa-setup", "mfa", "consent"]);
}

#[tokio::test]
async fn attacks_on_the_id_token_are_played() {
    let house = House::build().await;
    for (attack, claim, expected) in [
        ("wrong-nonce", "nonce", json!("another-nonce")),
        ("wrong-tenant", "tid", json!("99999999-0000-4000-8000-000000000009")),
        ("wrong-audience", "aud", json!("c11e0000-0000-4000-8000-00000000ffff")),
    ] {
        house.control("knobs", json!({"idToken": attack})).await;
        let tokens = house.sign_in(SOURCE, "rosa@outlook.com", &[ARM]).await;
        assert_eq!(claims(&text(&tokens.body, "id_token"))[claim], expected, "{attack}");
    }
    house.control("knobs", json!({"idToken": "alg-none"})).await;
    let tokens = house.sign_in(SOURCE, "rosa@outlook.com", &[ARM]).await;
    assert!(text(&tokens.body, "id_token").ends_with('.'));
}

#[tokio::test]
async fn everything_secret_is_listed_for_the_leak_scan() {
    let house = House::build().await;
    let tokens = house.sign_in(PARTNER, "kim@contoso.com", &[GRAPH]).await;
    let secrets = house.see("secrets").await;
    let values: Vec<&str> = secrets.as_array().unwrap().iter().map(|it| it["value"].as_str().unwrap()).collect();
    for name in ["access_token", "refresh_token", "id_token"] {
        assert!(values.contains(&text(&tokens.body, name).as_str()), "{name}");
    }
    let kinds: Vec<&str> = secrets.as_array().unwrap().iter().map(|it| it["kind"].as_str().unwrap()).collect();
    for kind in ["code", "code-verifier", "client-secret", "state", "nonce"] {
        assert!(kinds.contains(&kind), "{kind}");
    }
}
