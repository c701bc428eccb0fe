//! Faults, time and reset.

use reqwest::Method;
use serde_json::json;

use crate::browser::{House, KIM, PARTNER, PROD, SOURCE, acceptance, change_request, initiate};

#[tokio::test]
async fn a_lost_answer_was_done_and_the_connection_is_closed() {
    let house = House::build().await;
    let rosa = house.arm_token(SOURCE, "rosa@outlook.com").await;
    let kim = house.arm_token(PARTNER, "kim@contoso.com").await;
    house.arm(Method::PUT, &change_request(PROD), &rosa, initiate(PARTNER, KIM)).await;
    house.control("faults", json!({"operation": "arm.acceptChangeTenant", "effect": {"kind": "lost-answer"}})).await;
    let url = house.url("arm", &acceptance(PROD, "acceptChangeTenant"));
    assert!(house.http.post(url).bearer_auth(&kim).send().await.is_err());
    assert_eq!(house.count("change-tenant-request-accepted").await, 1);
    assert_eq!(house.see("requests").await["arm.acceptChangeTenant"], json!({"lost": 1}));
    let again = house.arm(Method::POST, &acceptance(PROD, "acceptChangeTenant"), &kim, None).await;
    assert_eq!(again.status, 409);
    house.no_violations().await;
}

#[tokio::test]
async fn faults_hit_as_often_as_asked_and_in_the_words_of_the_api() {
    let house = House::build().await;
    let rosa = house.arm_token(SOURCE, "rosa@outlook.com").await;
    let path = format!("/subscriptions/{PROD}?api-version=2022-12-01");
    house.control("faults", json!({"operation": "arm.subscriptions.get", "count": 2, "skip": 1, "effect": {"kind": "status", "status": 503}})).await;
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(house.arm(Method::GET, &path, &rosa, None).await.status.as_u16());
    }
    assert_eq!(seen, [200, 503, 503, 200]);
    house.control("faults", json!({"operation": "arm", "effect": {"kind": "throttle", "retryAfter": 7}})).await;
    let throttled = house.arm(Method::GET, &path, &rosa, None).await;
    assert_eq!((throttled.status.as_u16(), throttled.headers["retry-after"].to_str().unwrap()), (429, "7"));
    house
        .control("faults", json!({"operation": "partner-center", "effect": {"kind": "throttle", "retryAfter": 57}}))
        .await;
    assert_eq!(house.profile("organization", "any").await.body["statusCode"], 429);
    house.control("faults", json!({"operation": "login.token", "effect": {"kind": "status", "status": 500}})).await;
    let token = house.refresh(SOURCE, "any", "openid").await;
    assert_eq!(token.body["error"], "temporarily_unavailable");
    assert_eq!(house.see("faults").await, json!([]));
    house.no_violations().await;
}

#[tokio::test]
async fn an_answer_with_a_field_too_many_is_recorded_as_a_violation() {
    let house = House::build().await;
    let rosa = house.arm_token(SOURCE, "rosa@outlook.com").await;
    let effect = json!({"kind": "extra-field", "name": "homeTenantId"});
    house.control("faults", json!({"operation": "arm.subscriptions.get", "effect": effect})).await;
    house.arm(Method::GET, &format!("/subscriptions/{PROD}?api-version=2022-12-01"), &rosa, None).await;
    let found = house.see("violations").await;
    assert_eq!(
        found,
        json!([{
            "operation": "arm.subscriptions.get", "direction": "answer", "place": "body/homeTenantId", "expected": "no such field",
        }])
    );
}

#[tokio::test]
async fn a_sign_in_that_fails_fails_with_a_page() {
    let house = House::build().await;
    let effect = json!({"kind": "status", "status": 503});
    house.control("faults", json!({"operation": "login.authorize", "effect": effect})).await;
    let answer = house.http.get(house.authorize(SOURCE, crate::browser::ARM)).send().await.unwrap();
    assert_eq!(answer.status(), 503);
    assert!(answer.text().await.unwrap().contains("AADSTS90033"));
    house.no_violations().await;
}

#[tokio::test]
async fn timing_can_be_changed_and_then_the_directory_changes_later() {
    let house = House::build().await;
    let timing = house.control("timing", json!({"directoryMovesAfterMs": 60_000})).await;
    assert_eq!(timing["subscriptionVisibleAfterMs"], 700);
    let rosa = house.arm_token(SOURCE, "rosa@outlook.com").await;
    let kim = house.arm_token(PARTNER, "kim@contoso.com").await;
    house.arm(Method::PUT, &change_request(PROD), &rosa, initiate(PARTNER, KIM)).await;
    house.arm(Method::POST, &acceptance(PROD, "acceptChangeTenant"), &kim, None).await;
    house.settle().await;
    assert_eq!(house.count("directory-changed").await, 0);
    house.control("time", json!({"advanceSeconds": 60})).await;
    assert_eq!(house.count("directory-changed").await, 1);
}

#[tokio::test]
async fn reset_brings_everything_back() {
    let house = House::build().await;
    let rosa = house.arm_token(SOURCE, "rosa@outlook.com").await;
    house.arm(Method::PUT, &change_request(PROD), &rosa, initiate(PARTNER, KIM)).await;
    house.http.post(format!("{}/control/reset", house.handle.base_url())).send().await.unwrap();
    assert_eq!(house.see("ledger").await, json!([]));
    let path = format!("/subscriptions/{PROD}?api-version=2022-12-01");
    assert_eq!(house.arm(Method::GET, &path, &rosa, None).await.code(), "InvalidAuthenticationToken");
}

#[tokio::test]
async fn a_control_call_that_does_not_fit_names_the_field() {
    let house = House::build().await;
    let url = format!("{}/control/faults", house.handle.base_url());
    let answer =
        house.http.post(url).json(&json!({"operation": "*", "effect": {"kind": "explode"}})).send().await.unwrap();
    assert_eq!(answer.status(), 400);
    assert!(answer.text().await.unwrap().contains("effect"));
}

#[tokio::test]
async fn shutdown_frees_the_port() {
    let house = House::build().await;
    let base = house.handle.base_url();
    house.handle.shutdown().await;
    assert!(reqwest::get(format!("{base}/control/ledger")).await.is_err());
}
