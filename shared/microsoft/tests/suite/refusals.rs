//! What Microsoft's answers mean.

use microsoft::ErrorKind;
use microsoft::arm::{Block, ChangeStatus};
use microsoft::claims::ClaimsChallenge;
use microsoft::graph::MayInvite;
use serde_json::json;

use crate::loopback::{Loopback, Reply, subscription, tenant};

/// The wish for a second factor, as it stands in a challenge.
const WISH: &str = "eyJhY2Nlc3NfdG9rZW4iOnsiYWNycyI6eyJlc3NlbnRpYWwiOnRydWUsInZhbHVlcyI6WyJwMSJdfX19";

#[tokio::test]
async fn statuses_and_codes_become_kinds() {
    for (status, code, kind) in [
        (401, "InvalidAuthenticationTokenTenant", ErrorKind::WrongTenant),
        (401, "ExpiredAuthenticationToken", ErrorKind::Unauthenticated),
        (403, "AuthorizationFailed", ErrorKind::Forbidden),
        (403, "RequestDisallowedByPolicy", ErrorKind::Forbidden),
        (409, "ReadOnlyDisabledSubscription", ErrorKind::Conflict),
        (400, "InvalidSubscriptionId", ErrorKind::Invalid),
        (418, "Teapot", ErrorKind::Invalid),
        (501, "0", ErrorKind::Unexpected),
    ] {
        let server = Loopback::always(Reply::arm_error(status, code)).await;
        let error = server.arm().tenants().await.unwrap_err();
        assert_eq!(error.kind(), kind, "{status} {code}");
        assert_eq!(error.operation(), "arm.tenants.list");
    }
}

#[tokio::test]
async fn every_way_to_ask_for_a_second_factor_is_a_claims_challenge() {
    let challenge = format!(r#"Bearer realm="", error="insufficient_claims", claims="{WISH}""#);
    let policy = json!({"error": {"code": "RequestDisallowedByPolicy",
        "message": "Users must use MFA for Create/Update operation."}});
    let partner = json!({"code": "900421", "description": "MFA is required", "data": [], "source": "x"});
    for reply in [
        Reply::arm_error(401, "InvalidAuthenticationToken").header("www-authenticate", challenge.clone()),
        Reply::arm_error(403, "x").header("www-authenticate", challenge),
        Reply::arm_error(403, "x").header("www-authenticate", r#"Bearer error="insufficient_claims""#),
        Reply::json(401, &policy),
        Reply::json(403, &policy),
        Reply::json(401, &partner),
    ] {
        let server = Loopback::always(reply.clone()).await;
        let error = server.arm().tenants().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ClaimsChallenge, "{reply:?}");
        assert_eq!(error.claims(), Some(&ClaimsChallenge::multi_factor()), "{reply:?}");
    }
}

#[tokio::test]
async fn the_tenant_of_a_subscription_is_read_from_the_challenge() {
    for address in ["https://login.windows.net/{t}", "https://login.microsoftonline.us/{t}/", "{t}"] {
        let address = address.replace("{t}", &tenant().as_str().to_uppercase());
        let header = format!(r#"Bearer authorization_uri="{address}", error="invalid_token", error_description="x""#);
        let server =
            Loopback::always(Reply::arm_error(401, "AuthenticationFailed").header("www-authenticate", header)).await;
        let probe = server.cloud().arm_probe();
        assert_eq!(probe.tenant_of_subscription(&subscription()).await.unwrap(), Some(tenant()), "{address}");
    }
}

#[tokio::test]
async fn an_unknown_subscription_has_no_tenant_and_a_strange_answer_is_an_error() {
    let server = Loopback::always(Reply::arm_error(404, "SubscriptionNotFound")).await;
    assert_eq!(server.cloud().arm_probe().tenant_of_subscription(&subscription()).await.unwrap(), None);
    for reply in [
        Reply::empty(200),
        Reply::empty(401),
        Reply::empty(401).header("www-authenticate", r#"Bearer authorization_uri="https://x/common""#),
        Reply::empty(400),
    ] {
        let server = Loopback::always(reply.clone()).await;
        let outcome = server.cloud().arm_probe().tenant_of_subscription(&subscription()).await;
        assert!(outcome.is_err(), "{reply:?}");
    }
}

#[tokio::test]
async fn no_request_is_told_in_every_way_microsoft_may_tell_it() {
    for reply in [
        Reply::arm_error(404, "NotFound"),
        Reply::empty(404),
        Reply::json(200, &json!({"id": "x", "properties": null})),
        Reply::json(200, &json!({})),
    ] {
        let server = Loopback::always(reply.clone()).await;
        assert_eq!(server.arm().directory_change(&subscription()).await.unwrap(), None, "{reply:?}");
    }
    for reply in [
        Reply::arm_error(404, "NotFound"),
        Reply::json(200, &json!({"value": [], "nextLink": null})),
        Reply::json(200, &json!({"value": null})),
    ] {
        let server = Loopback::always(reply.clone()).await;
        assert_eq!(server.arm().directory_changes(&subscription()).await.unwrap(), [], "{reply:?}");
    }
}

#[tokio::test]
async fn a_subscription_that_cannot_be_seen_is_not_one_without_a_request() {
    let server = Loopback::always(Reply::arm_error(404, "SubscriptionNotFound")).await;
    let arm = server.arm();
    assert_eq!(arm.directory_change(&subscription()).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(arm.directory_changes(&subscription()).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert!(arm.subscription(&subscription()).await.unwrap().is_none());
}

#[tokio::test]
async fn the_acceptor_sees_nothing_before_the_change_and_both_shapes_after() {
    for (reply, expected) in [
        (Reply::arm_error(404, "NotFound"), None),
        (Reply::arm_error(403, "AuthorizationFailed"), None),
        (Reply::json(200, &json!({"status": "Completed"})), Some(ChangeStatus::Completed)),
        (Reply::json(200, &json!({"properties": {"status": "InProgress"}})), Some(ChangeStatus::InProgress)),
        (
            Reply::json(200, &json!({"status": "Initiated", "destinationTenantId": tenant()})),
            Some(ChangeStatus::Pending),
        ),
    ] {
        let server = Loopback::always(reply.clone()).await;
        let status = server.arm().directory_change_status(&subscription()).await.unwrap();
        assert_eq!(status.map(|it| it.status), expected, "{reply:?}");
        assert_eq!(server.asked()[0].method, "POST");
    }
}

#[tokio::test]
async fn what_we_may_not_read_is_unknown_and_not_allowed() {
    for reply in [Reply::arm_error(403, "AuthorizationFailed"), Reply::arm_error(404, "NotFound")] {
        let server = Loopback::always(reply).await;
        let policy = server.arm().subscription_policy().await.unwrap();
        assert_eq!((policy.leaving, policy.entering), (Block::Unknown, Block::Unknown));
        assert_eq!(server.graph().may_invite().await.unwrap(), MayInvite::Unknown);
    }
}

#[tokio::test]
async fn classic_administrators_may_be_unknown_to_azure() {
    for reply in
        [Reply::arm_error(404, "x"), Reply::arm_error(410, "x"), Reply::arm_error(400, "NoRegisteredProviderFound")]
    {
        let server = Loopback::always(reply).await;
        assert!(server.arm().classic_administrators(&subscription()).await.unwrap().is_empty());
    }
    let server = Loopback::always(Reply::arm_error(403, "AuthorizationFailed")).await;
    assert!(server.arm().classic_administrators(&subscription()).await.is_err());
}

#[tokio::test]
async fn a_partner_number_that_is_missing_is_none() {
    let body = json!({"code": 3000, "description": "could not be found", "data": [], "source": "PartnerFD"});
    let server = Loopback::always(Reply::json(404, &body)).await;
    assert_eq!(server.partner_center().mpn().await.unwrap(), None);
    assert_eq!(server.partner_center().legal_business().await.unwrap(), None);
}
