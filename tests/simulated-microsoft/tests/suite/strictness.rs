//! What Azure, Graph and Partner Center refuse.

use reqwest::Method;
use serde_json::json;

use crate::browser::{
    ARM, GRAPH, House, KIM, OWNER, PARTNER, PARTNER_CENTER, PROD, SOURCE, acceptance, change_request, initiate, text,
};

fn subscription(n: u8) -> String {
    format!("51000000-0000-4000-8000-00000000000{n}")
}

#[tokio::test]
async fn a_token_of_another_tenant_or_audience_is_refused_and_noted() {
    let house = House::build().await;
    let kim = house.arm_token(PARTNER, "kim@contoso.com").await;
    let path = format!("/subscriptions/{PROD}?api-version=2022-12-01");
    let wrong = house.arm(Method::GET, &path, &kim, None).await;
    assert_eq!((wrong.status.as_u16(), wrong.code()), (401, "InvalidAuthenticationTokenTenant"));
    assert_eq!(house.count("wrong-tenant-token").await, 1);
    let graph = text(&house.sign_in(PARTNER, "kim@contoso.com", &[GRAPH]).await.body, "access_token");
    assert_eq!(house.arm(Method::GET, &path, &graph, None).await.status, 401);
    assert_eq!(house.graph(Method::GET, "/me", &kim, None).await.code(), "InvalidAuthenticationToken");
    assert_eq!(house.arm(Method::GET, &path, "nonsense", None).await.code(), "InvalidAuthenticationToken");
    house.control("time", json!({"advanceSeconds": 3601})).await;
    assert_eq!(house.arm(Method::GET, &path, &kim, None).await.code(), "ExpiredAuthenticationToken");
    house.no_violations().await;
}

#[tokio::test]
async fn only_a_direct_unconditional_owner_may_initiate() {
    let house = House::build().await;
    for who in [
        "reader@rosaoutlook.onmicrosoft.com",
        "conditional@rosaoutlook.onmicrosoft.com",
        "group@rosaoutlook.onmicrosoft.com",
    ] {
        let token = house.arm_token(SOURCE, who).await;
        let refused = house.arm(Method::PUT, &change_request(PROD), &token, initiate(PARTNER, KIM)).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (403, "AuthorizationFailed"), "{who}");
    }
    let second = house.arm_token(SOURCE, "rosa.second@outlook.com").await;
    let seen = house.arm(Method::GET, &format!("/subscriptions/{PROD}?api-version=2022-12-01"), &second, None).await;
    assert_eq!(seen.code(), "AuthorizationFailed");
    assert_eq!(house.count("change-tenant-request-initiated").await, 0);
    house.no_violations().await;
}

#[tokio::test]
async fn offers_states_and_destinations_that_do_not_fit_are_refused() {
    let house = House::build().await;
    let rosa = house.arm_token(SOURCE, "rosa@outlook.com").await;
    for (n, status, code) in [
        (2, 400, "SubscriptionOfferNotSupported"),
        (3, 400, "SubscriptionOfferNotSupported"),
        (4, 409, "ReadOnlyDisabledSubscription"),
        (7, 400, "SubscriptionOfferNotSupported"),
        (9, 404, "SubscriptionNotFound"),
    ] {
        let refused = house.arm(Method::PUT, &change_request(&subscription(n)), &rosa, initiate(PARTNER, KIM)).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (status, code), "{n}");
    }
    let same = house.arm(Method::PUT, &change_request(PROD), &rosa, initiate(SOURCE, KIM)).await;
    assert_eq!(same.code(), "InvalidDestinationTenant");
    let nobody = house.arm(Method::PUT, &change_request(PROD), &rosa, initiate(PARTNER, "nobody@contoso.com")).await;
    assert_eq!(nobody.code(), "DestinationOwnerNotFound");
    house.no_violations().await;
}

#[tokio::test]
async fn policies_block_leaving_at_the_request_and_entering_at_acceptance() {
    let house = House::build().await;
    let lee = house.arm_token("fabrikam.com", "lee@fabrikam.com").await;
    let locked = subscription(5);
    let refused = house.arm(Method::PUT, &change_request(&locked), &lee, initiate(PARTNER, KIM)).await;
    assert_eq!(refused.code(), "SubscriptionPolicyViolation");
    let policy = "/providers/Microsoft.Subscription/policies/default?api-version=2021-10-01";
    assert_eq!(
        house.arm(Method::GET, policy, &lee, None).await.body["properties"]["blockSubscriptionsLeavingTenant"],
        true
    );
    house.control("policies/fabrikam.com", json!({"leaving": "allow"})).await;
    assert_eq!(house.arm(Method::PUT, &change_request(&locked), &lee, initiate(PARTNER, KIM)).await.status, 200);

    let rosa = house.arm_token(SOURCE, "rosa@outlook.com").await;
    let (closed, pat) = ("b4000000-0000-4000-8000-000000000004", "0d000000-0000-4000-8000-000000000001");
    assert_eq!(house.arm(Method::PUT, &change_request(PROD), &rosa, initiate(closed, pat)).await.status, 200);
    let pat = house.arm_token(closed, "pat@partner.fabrikam.com").await;
    let accept = acceptance(PROD, "acceptChangeTenant");
    assert_eq!(house.arm(Method::POST, &accept, &pat, None).await.code(), "SubscriptionPolicyViolation");
    house.control(&format!("policies/{closed}"), json!({"into": "allow"})).await;
    assert_eq!(house.arm(Method::POST, &accept, &pat, None).await.status, 204);
    // A policy that was never set blocks, too.
    let uma = house.arm_token("workshop.fabrikam.com", "uma@workshop.fabrikam.com").await;
    let refused = house.arm(Method::PUT, &change_request(&subscription(8)), &uma, initiate(PARTNER, KIM)).await;
    assert_eq!(refused.code(), "SubscriptionPolicyViolation");
    house.no_violations().await;
}

#[tokio::test]
async fn only_the_named_person_of_the_destination_accepts_and_only_in_time() {
    let house = House::build().await;
    let rosa = house.arm_token(SOURCE, "rosa@outlook.com").await;
    let accept = acceptance(PROD, "acceptChangeTenant");
    let kim = house.arm_token(PARTNER, "kim@contoso.com").await;
    assert_eq!(house.arm(Method::POST, &accept, &kim, None).await.code(), "ChangeTenantRequestNotFound");
    assert_eq!(
        house.arm(Method::PUT, &change_request(PROD), &rosa, initiate(PARTNER, "kim@contoso.com")).await.status,
        200
    );
    let alex = house.arm_token(PARTNER, "alex@contoso.com").await;
    assert_eq!(house.arm(Method::POST, &accept, &alex, None).await.status, 403);
    assert_eq!(house.arm(Method::POST, &accept, &rosa, None).await.status, 404);
    assert_eq!(house.count("wrong-tenant-token").await, 1);
    house.control("time", json!({"advanceSeconds": 24 * 3600})).await;
    let kim = house.arm_token(PARTNER, "kim@contoso.com").await;
    assert_eq!(house.arm(Method::POST, &accept, &kim, None).await.code(), "ChangeTenantRequestNotFound");
    let rosa = house.arm_token(SOURCE, "rosa@outlook.com").await;
    assert_eq!(house.arm(Method::PUT, &change_request(PROD), &rosa, initiate(PARTNER, KIM)).await.status, 200);
    assert_eq!(house.arm(Method::DELETE, &change_request(PROD), &rosa, None).await.status, 200);
    assert_eq!(house.arm(Method::DELETE, &change_request(PROD), &rosa, None).await.status, 404);
    assert_eq!(house.count("change-tenant-request-deleted").await, 1);
    house.no_violations().await;
}

#[tokio::test]
async fn a_write_without_a_second_factor_is_challenged() {
    let house = House::build().await;
    let mut url = house.authorize(SOURCE, ARM);
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().filter(|(it, _)| it != "claims").collect();
    url.query_pairs_mut().clear().extend_pairs(pairs);
    let (crate::browser::End::Redirect(pairs), _) = house.walk(url, "rosa@outlook.com", &[]).await else {
        panic!("no redirect")
    };
    let code = &pairs.iter().find(|(name, _)| name == "code").unwrap().1;
    let rosa = text(&house.redeem(SOURCE, code, ARM).await.body, "access_token");
    let refused = house.arm(Method::PUT, &change_request(PROD), &rosa, initiate(PARTNER, KIM)).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (401, "RequestDisallowedByPolicy"));
    let challenge = refused.headers["www-authenticate"].to_str().unwrap();
    assert!(challenge.contains("insufficient_claims"));
    assert!(challenge.contains("eyJhY2Nlc3NfdG9rZW4iOnsiYWNycyI6eyJlc3NlbnRpYWwiOnRydWUsInZhbHVlcyI6WyJwMSJdfX19"));
    house.no_violations().await;
}

#[tokio::test]
async fn the_older_api_version_has_its_older_shape_and_knobs_choose_the_reading() {
    let house = House::build().await;
    let rosa = house.arm_token(SOURCE, "rosa@outlook.com").await;
    house
        .control(
            "knobs",
            json!({"newestVersion": "2024-08-01-preview", "pendingStatus": "Initialized", "noRequest": "empty"}),
        )
        .await;
    let newest = house.arm(Method::PUT, &change_request(PROD), &rosa, initiate(PARTNER, KIM)).await;
    assert_eq!(newest.code(), "InvalidApiVersionParameter");
    let old = change_request(PROD).replace("2026-08-01-preview", "2024-08-01-preview");
    let none = house.arm(Method::GET, &old, &rosa, None).await;
    assert_eq!((none.status.as_u16(), none.body.get("properties")), (200, None));
    let put = house.arm(Method::PUT, &old, &rosa, initiate(PARTNER, KIM)).await;
    assert_eq!(put.body["properties"]["status"], "Initialized");
    assert!(put.body["id"].as_str().unwrap().starts_with("subscriptions/"));
    assert!(put.body["properties"].get("sourceOwnerId").is_none());
    house.control("knobs", json!({"repeatedPut": "conflict"})).await;
    assert_eq!(house.arm(Method::PUT, &old, &rosa, initiate(PARTNER, KIM)).await.status, 409);
    house.no_violations().await;
}

#[tokio::test]
async fn role_assignments_are_refused_in_azures_words() {
    let house = House::build().await;
    let rosa = house.arm_token(SOURCE, "rosa@outlook.com").await;
    let path = |name: &str| {
        format!("/subscriptions/{PROD}/providers/Microsoft.Authorization/roleAssignments/{name}?api-version=2022-04-01")
    };
    let body = |who: &str, role: &str| {
        Some(
            json!({"properties": {"roleDefinitionId": format!("/subscriptions/{PROD}/providers/Microsoft.Authorization/roleDefinitions/{role}"), "principalId": who, "principalType": "User"}}),
        )
    };
    let reader = "acdd72a7-3385-48ef-bd42-f606fba81ae7";
    let second = "0a000000-0000-4000-8000-000000000002";
    let fresh = "0e000000-0000-4000-8000-000000000009";
    assert_eq!(house.arm(Method::PUT, &path(fresh), &rosa, body(KIM, OWNER)).await.code(), "PrincipalNotFound");
    assert_eq!(
        house.arm(Method::PUT, &path("e0000000-0000-4000-8000-000000000011"), &rosa, body(second, reader)).await.code(),
        "RoleAssignmentUpdateNotPermitted"
    );
    assert_eq!(house.arm(Method::PUT, &path(fresh), &rosa, body(second, reader)).await.status, 201);
    assert_eq!(house.arm(Method::PUT, &path(fresh), &rosa, body(second, reader)).await.status, 200);
    assert_eq!(
        house.arm(Method::PUT, &path("0e000000-0000-4000-8000-00000000000a"), &rosa, body(second, reader)).await.code(),
        "RoleAssignmentExists"
    );
    assert_eq!(house.arm(Method::DELETE, &path(fresh), &rosa, None).await.status, 200);
    assert_eq!(house.arm(Method::DELETE, &path(fresh), &rosa, None).await.status, 204);
    let weak = house.arm_token(SOURCE, "reader@rosaoutlook.onmicrosoft.com").await;
    assert_eq!(house.arm(Method::PUT, &path(fresh), &weak, body(second, reader)).await.code(), "AuthorizationFailed");
    house.no_violations().await;
}

#[tokio::test]
async fn partner_center_wants_a_partner_an_administrator_and_a_second_factor() {
    let house = House::build().await;
    let token = |tokens: crate::browser::Answer| text(&tokens.body, "access_token");
    let kim = token(house.sign_in(PARTNER, "kim@contoso.com", &[PARTNER_CENTER]).await);
    let answer = house
        .http
        .get(house.url("partner-center", "/v1/profiles/mpn"))
        .bearer_auth(&kim)
        .header("MS-RequestId", "560df6b9-6e53-4954-aed7-133477ac1194")
        .header("ValidateMfa", "true")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.headers()["ms-requestid"], "560df6b9-6e53-4954-aed7-133477ac1194");
    assert_eq!(answer.headers()["ismfacompliant"], "true");
    assert_eq!(house.profile("mpn?mpnId=9999999", &kim).await.body["code"], 3000);
    let dana = token(house.sign_in("retail.contoso.com", "dana@retail.contoso.com", &[PARTNER_CENTER]).await);
    assert_eq!(house.profile("organization", &dana).await.body["code"], 60003);
    let refused =
        house.http.get(house.url("partner-center", "/v1/profiles/organization")).bearer_auth("x").send().await.unwrap();
    assert_eq!(refused.status(), 401);
    house.no_violations().await;
}

#[tokio::test]
async fn invitations_need_a_work_account_and_an_address_that_can_be_invited() {
    let house = House::build().await;
    let kim = text(&house.sign_in(PARTNER, "kim@contoso.com", &[GRAPH]).await.body, "access_token");
    let invite = |email: &str| {
        Some(json!({"invitedUserEmailAddress": email, "inviteRedirectUrl": "https://mooring.contoso.com/"}))
    };
    assert_eq!(house.graph(Method::POST, "/invitations", &kim, invite("rosa+azure@outlook.com")).await.status, 400);
    // The owner is Global Administrator of her own directory, but her account is a personal one.
    let rosa = text(&house.sign_in(SOURCE, "rosa@outlook.com", &[GRAPH]).await.body, "access_token");
    assert_eq!(
        house.graph(Method::POST, "/invitations", &rosa, invite("kim@contoso.com")).await.code(),
        "Authorization_RequestDenied"
    );
    house.control(&format!("tenants/{PARTNER}"), json!({"invitesFrom": "none"})).await;
    assert_eq!(house.graph(Method::POST, "/invitations", &kim, invite("rosa@outlook.com")).await.status, 403);
    let filter = "/users?$filter=mail%20eq%20%27rosa@outlook.com%27%20or%20otherMails/any(x:x%20eq%20%27rosa@outlook.com%27)&$select=id,mail";
    assert_eq!(house.graph(Method::GET, filter, &kim, None).await.body["value"], json!([]));
    let mine = house
        .graph(
            Method::GET,
            "/me/transitiveMemberOf/microsoft.graph.directoryRole?$select=displayName,roleTemplateId",
            &kim,
            None,
        )
        .await;
    assert_eq!(mine.body["value"][0]["displayName"], "Global Administrator");
    house.no_violations().await;
}

#[tokio::test]
async fn requests_that_break_the_contract_are_recorded() {
    let house = House::build().await;
    let rosa = house.arm_token(SOURCE, "rosa@outlook.com").await;
    let body = json!({"properties": {"destinationTenantId": PARTNER, "destinationOwnerId": KIM, "comment": "hello"}});
    house.arm(Method::PUT, &change_request(PROD), &rosa, Some(body)).await;
    house.arm(Method::GET, &acceptance(PROD, "changeTenantStatus"), &rosa, None).await;
    let found = house.see("violations").await;
    let places: Vec<&str> = found.as_array().unwrap().iter().map(|it| it["place"].as_str().unwrap()).collect();
    assert_eq!(places, ["body/properties/comment", "path"]);
}
