//! Where tokens go, and what of an answer is followed.

use microsoft::ErrorKind;
use serde_json::json;

use crate::loopback::{Loopback, Reply, subscription};

#[tokio::test]
async fn a_next_page_outside_the_api_is_refused_before_a_token_is_sent() {
    let elsewhere = Loopback::always(Reply::json(200, &json!({"value": []}))).await;
    for place in [
        elsewhere.base.clone(),
        format!("{}/public/arm/tenants", elsewhere.base),
        "http://169.254.169.254/latest/meta-data".to_owned(),
        "https://management.azure.com/tenants".to_owned(),
        "{base}/public/login/tenants".to_owned(),
        "{base}/china/arm/tenants".to_owned(),
        "{base}/public/arm/../graph/v1.0/me".to_owned(),
        "{base}/public/armx".to_owned(),
        "/public/arm/tenants".to_owned(),
        "file:///contoso".to_owned(),
        "not an address".to_owned(),
    ] {
        let next = place.clone();
        let server = Loopback::start(move |asked, _| {
            let next = next.replace("{base}", &format!("http://{}", asked.header("host").unwrap()));
            Reply::json(200, &json!({"value": [], "nextLink": next}))
        })
        .await;
        let error = server.arm().tenants().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ForeignAddress, "{place}");
        assert_eq!(server.asked().len(), 1, "{place}");
    }
    assert!(elsewhere.asked().is_empty());
}

#[tokio::test]
async fn a_next_page_inside_the_api_is_followed_as_it_is() {
    let server = Loopback::start(|asked, before| {
        let base = format!("http://{}/public/graph/v1.0", asked.header("host").unwrap());
        match before {
            0 => Reply::json(
                200,
                &json!({
                    "value": [{"roleTemplateId": "a"}],
                    "@odata.nextLink": format!("{base}/me/x?$skiptoken=a%2Bb")
                }),
            ),
            _ => Reply::json(200, &json!({"value": [{"roleTemplateId": "b"}]})),
        }
    })
    .await;
    assert_eq!(server.graph().my_directory_roles().await.unwrap().len(), 2);
    assert_eq!(server.asked()[1].target, "/public/graph/v1.0/me/x?$skiptoken=a%2Bb");
    assert_eq!(server.asked()[1].header("authorization"), Some("Bearer GRAPH-TOKEN"));
}

#[tokio::test]
async fn pages_without_end_are_an_error_and_not_a_short_list() {
    for step in [0, 1] {
        let server = Loopback::start(move |asked, before| {
            let host = asked.header("host").unwrap();
            let page = before * step;
            Reply::json(200, &json!({"value": [], "nextLink": format!("http://{host}/public/arm/tenants?page={page}")}))
        })
        .await;
        let error = server.arm().tenants().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unexpected);
        assert!(server.asked().len() <= 5);
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Loopback::always(Reply::empty(200)).await;
    for status in [301, 302, 307, 308] {
        let server = Loopback::always(Reply::empty(status).header("location", elsewhere.base.clone())).await;
        let error = server.arm().subscription(&subscription()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unexpected, "{status}");
    }
    assert!(elsewhere.asked().is_empty());
}

#[tokio::test]
async fn an_answer_larger_than_the_limit_is_refused() {
    let body = json!({"value": [], "more": "x".repeat(100_000)});
    let server = Loopback::always(Reply::json(200, &body)).await;
    let error = server.arm().tenants().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unexpected);
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn each_api_gets_its_own_token_and_the_probe_and_entra_get_none() {
    let server = Loopback::always(Reply::json(404, &json!({}))).await;
    let _ = server.arm().subscription(&subscription()).await;
    let _ = server.graph().me().await;
    let _ = server.partner_center().mpn().await;
    let _ = server.cloud().arm_probe().tenant_of_subscription(&subscription()).await;
    let _ = server.cloud().entra().directory("contoso.com").await;
    let asked = server.asked();
    let tokens: Vec<_> = asked.iter().map(|it| it.header("authorization")).collect();
    assert_eq!(
        tokens,
        [Some("Bearer ARM-TOKEN"), Some("Bearer GRAPH-TOKEN"), Some("Bearer PARTNER-TOKEN"), None, None]
    );
}

#[tokio::test]
async fn an_error_never_shows_a_token_or_an_address() {
    let server = Loopback::always(Reply::arm_error(403, "AuthorizationFailed")).await;
    let error = server.graph().users_by_mail("ada@outlook.com").await.unwrap_err();
    let shown = format!("{error} {error:?} {error:#?}");
    assert!(!shown.contains("TOKEN") && !shown.contains("ada"), "{shown}");
    let server = Loopback::always(Reply::HangUp).await;
    let error = server.graph().users_by_mail("ada@outlook.com").await.unwrap_err();
    let shown = format!("{error} {error:?} {:?}", std::error::Error::source(&error));
    assert!(!shown.contains("TOKEN") && !shown.contains("ada"), "{shown}");
    let api = server.graph();
    assert!(!format!("{api:?}").contains("TOKEN"));
}

#[tokio::test]
async fn an_answer_that_does_not_fit_is_told_by_its_field_and_not_by_its_content() {
    let body = json!({"value": [{"tenantId": "PRIVATE"}]});
    let server = Loopback::always(Reply::json(200, &body)).await;
    let error = server.arm().tenants().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unexpected);
    assert!(error.message().unwrap().contains("value[0].tenantId"), "{error:?}");
    assert!(!format!("{error:?}").contains("PRIVATE"));
}
