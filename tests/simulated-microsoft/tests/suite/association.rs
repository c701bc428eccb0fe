//! A whole association by hand, on both routes.

use reqwest::Method;
use serde_json::json;

use crate::browser::{
    ARM, GRAPH, House, KIM, OWNER, PARTNER, PARTNER_CENTER, PROD, ROSA, SOURCE, acceptance, change_request, claims,
    initiate, text,
};

fn assignments(subscription: &str) -> String {
    format!("/subscriptions/{subscription}/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01")
}

#[tokio::test]
async fn two_people_associate_a_subscription() {
    let house = House::build().await;

    // The directory is found without a token.
    let probe = house
        .http
        .get(house.url("arm", &format!("/subscriptions/{PROD}?api-version=2016-06-01")))
        .send()
        .await
        .unwrap();
    assert_eq!(probe.status(), 401);
    assert!(probe.headers()["www-authenticate"].to_str().unwrap().contains(SOURCE));

    let rosa = house.sign_in(SOURCE, "rosa@outlook.com", &[ARM]).await;
    let who = claims(&text(&rosa.body, "id_token"));
    assert_eq!(
        (who["tid"].as_str(), who["oid"].as_str(), who["idp"].as_str()),
        (Some(SOURCE), Some(ROSA), Some("live.com"))
    );
    assert_eq!(who["nonce"], "the-nonce");
    let rosa = text(&rosa.body, "access_token");
    let subscription =
        house.arm(Method::GET, &format!("/subscriptions/{PROD}?api-version=2022-12-01"), &rosa, None).await;
    assert_eq!(subscription.body["displayName"], "Contoso Prod");

    // More than one page of role assignments.
    let mut found = 0;
    let mut next = Some(house.url("arm", &assignments(PROD)));
    let mut pages = 0;
    while let Some(url) = next {
        let page = house.call(Method::GET, url, &rosa, None).await;
        assert_eq!(page.status, 200, "{page:?}");
        found += page.body["value"].as_array().unwrap().len();
        next = page.body["nextLink"].as_str().map(str::to_owned);
        pages += 1;
    }
    assert_eq!((found, pages), (10, 5));

    let kim = house.sign_in(PARTNER, "kim@contoso.com", &[ARM, GRAPH, PARTNER_CENTER]).await;
    let refresh = text(&kim.body, "refresh_token");
    let kim = text(&kim.body, "access_token");
    let pc = text(&house.refresh(PARTNER, &refresh, PARTNER_CENTER).await.body, "access_token");
    let profile = house.profile("organization", &pc).await;
    assert_eq!(profile.body["tenantId"], PARTNER);

    let put = house.arm(Method::PUT, &change_request(PROD), &rosa, initiate(PARTNER, KIM)).await;
    assert_eq!(put.status, 200, "{put:?}");
    assert_eq!(put.body["properties"]["status"], "Initiated");
    let accepted = house.arm(Method::POST, &acceptance(PROD, "acceptChangeTenant"), &kim, None).await;
    assert_eq!(accepted.status, 204, "{accepted:?}");
    let status = house.arm(Method::POST, &acceptance(PROD, "changeTenantStatus"), &kim, None).await;
    assert_eq!(status.body["status"], "InProgress");
    house.settle().await;
    let status = house.arm(Method::POST, &acceptance(PROD, "changeTenantStatus"), &kim, None).await;
    assert_eq!(status.body["status"], "Completed");

    let probe = house
        .http
        .get(house.url("arm", &format!("/subscriptions/{PROD}?api-version=2016-06-01")))
        .send()
        .await
        .unwrap();
    assert!(probe.headers()["www-authenticate"].to_str().unwrap().contains(PARTNER));
    let list = house.arm(Method::GET, "/subscriptions?api-version=2022-12-01", &kim, None).await;
    assert_eq!(list.body["value"][0]["subscriptionId"], PROD);
    let rest = house.arm(Method::GET, &assignments(PROD), &kim, None).await;
    assert_eq!(rest.body["value"].as_array().unwrap().len(), 1);
    assert_eq!(rest.body["value"][0]["properties"]["principalId"], KIM);

    // Azure made the acceptor Owner: asking for the same again is a conflict, not a second effect.
    let path = format!(
        "/subscriptions/{PROD}/providers/Microsoft.Authorization/roleAssignments/0e000000-0000-4000-8000-000000000001?api-version=2022-04-01"
    );
    let body = json!({"properties": {"roleDefinitionId": format!("/subscriptions/{PROD}/providers/Microsoft.Authorization/roleDefinitions/{OWNER}"), "principalId": KIM, "principalType": "User"}});
    let again = house.arm(Method::PUT, &path, &kim, Some(body)).await;
    assert_eq!((again.status.as_u16(), again.code()), (409, "RoleAssignmentExists"));

    for (kind, times) in [
        ("change-tenant-request-initiated", 1),
        ("change-tenant-request-accepted", 1),
        ("directory-changed", 1),
        ("role-assignments-wiped", 1),
        ("role-assignment-created", 1),
        ("wrong-tenant-token", 0),
        ("invitation-created", 0),
    ] {
        assert_eq!(house.count(kind).await, times, "{kind}");
    }
    house.no_violations().await;
    let requests = house.see("requests").await;
    assert_eq!(requests["arm.acceptChangeTenant"], json!({"204": 1}));
}

#[tokio::test]
async fn one_account_in_both_directories_associates_a_subscription() {
    let house = House::build().await;
    let kim = house.sign_in(PARTNER, "kim@contoso.com", &[GRAPH, ARM, PARTNER_CENTER]).await;
    let kim = text(&kim.body, "access_token");
    let rosa = house.sign_in(SOURCE, "rosa@outlook.com", &[ARM]).await;
    let (rosa, refresh) = (text(&rosa.body, "access_token"), text(&rosa.body, "refresh_token"));

    // Before the invitation the partner's directory does not know her.
    assert_eq!(house.refresh(PARTNER, &refresh, ARM).await.aadsts(), 50020);
    let policy = house.graph(Method::GET, "/policies/authorizationPolicy", &kim, None).await;
    assert_eq!(policy.body["allowInvitesFrom"], "everyone");
    let asked = json!({"invitedUserEmailAddress": "rosa@outlook.com", "inviteRedirectUrl": "http://127.0.0.1:5999/"});
    let invitation = house.graph(Method::POST, "/invitations", &kim, Some(asked.clone())).await;
    assert_eq!(invitation.status, 201, "{invitation:?}");
    let guest = text(&invitation.body["invitedUser"], "id");
    let again = house.graph(Method::POST, "/invitations", &kim, Some(asked)).await;
    assert_eq!(again.body["invitedUser"]["id"], guest.as_str());
    assert_eq!(house.refresh(PARTNER, &refresh, ARM).await.aadsts(), 50014);

    // She accepts the invitation while she signs in there.
    let (end, steps) = house.walk(house.authorize(PARTNER, ARM), "rosa@outlook.com", &[]).await;
    assert_eq!(steps, ["account", "password", "mfa", "invitation", "consent"], "{end:?}");
    let there = house.sign_in(PARTNER, "rosa@outlook.com", &[ARM]).await;
    assert_eq!(claims(&text(&there.body, "id_token"))["oid"], guest.as_str());
    let there = text(&there.body, "access_token");
    let path = format!("/users/{guest}?$select=id,externalUserState,userType,creationType");
    let user = house.graph(Method::GET, &path, &kim, None).await;
    assert_eq!(
        (user.body["externalUserState"].as_str(), user.body["creationType"].as_str()),
        (Some("Accepted"), Some("Invitation"))
    );

    let put = house.arm(Method::PUT, &change_request(PROD), &rosa, initiate(PARTNER, &guest)).await;
    assert_eq!(put.status, 200, "{put:?}");
    let accepted = house.arm(Method::POST, &acceptance(PROD, "acceptChangeTenant"), &there, None).await;
    assert_eq!(accepted.status, 204, "{accepted:?}");
    house.settle().await;

    // Step 4 is a real write here: the owner makes the partner's administrator Owner.
    let path = format!(
        "/subscriptions/{PROD}/providers/Microsoft.Authorization/roleAssignments/0e000000-0000-4000-8000-000000000002?api-version=2022-04-01"
    );
    let body = json!({"properties": {"roleDefinitionId": format!("/subscriptions/{PROD}/providers/Microsoft.Authorization/roleDefinitions/{OWNER}"), "principalId": KIM, "principalType": "User"}});
    assert_eq!(house.arm(Method::PUT, &path, &there, Some(body.clone())).await.status, 201);
    assert_eq!(house.arm(Method::PUT, &path, &there, Some(body)).await.status, 200);
    let kim_arm = house.arm_token(PARTNER, "kim@contoso.com").await;
    let seen = house.arm(Method::GET, &format!("/subscriptions/{PROD}?api-version=2022-12-01"), &kim_arm, None).await;
    assert_eq!((seen.status.as_u16(), seen.body["tenantId"].as_str()), (200, Some(PARTNER)));

    let for_kim = house.see("ledger?kind=role-assignment-created").await;
    let for_kim = for_kim.as_array().unwrap().iter().filter(|it| it["detail"]["principalId"] == KIM).count();
    assert_eq!(for_kim, 1);
    assert_eq!((house.count("invitation-created").await, house.count("invitation-redeemed").await), (1, 1));
    assert_eq!(house.count("wrong-tenant-token").await, 0);

    assert_eq!(house.graph(Method::DELETE, &format!("/users/{guest}"), &kim, None).await.status, 204);
    assert_eq!(house.graph(Method::DELETE, &format!("/users/{guest}"), &kim, None).await.status, 404);
    house.no_violations().await;
}

#[tokio::test]
async fn the_basic_pair_works_in_germany_too() {
    let mut house = House::build().await;
    house.cloud = "germany";
    let arm = "https://management.core.cloudapi.de//.default";
    let (source, partner) = ("a9000000-0000-4000-8000-000000000001", "b9000000-0000-4000-8000-000000000002");
    let subscription = "59000000-0000-4000-8000-000000000001";
    let rosa = house.sign_in(source, "rosa@fabrikamde.onmicrosoft.de", &[arm]).await;
    let rosa = text(&rosa.body, "access_token");
    let kim = house.sign_in(partner, "kim@contosode.onmicrosoft.de", &[arm]).await;
    let oid = text(&claims(&text(&kim.body, "id_token")), "oid");
    let kim = text(&kim.body, "access_token");
    assert_eq!(house.arm(Method::PUT, &change_request(subscription), &rosa, initiate(partner, &oid)).await.status, 200);
    assert_eq!(house.arm(Method::POST, &acceptance(subscription, "acceptChangeTenant"), &kim, None).await.status, 204);
    house.settle().await;
    let state = house.see("state").await;
    assert_eq!(state["clouds"]["germany"]["subscriptions"][0]["tenantId"], partner);
    house.no_violations().await;
}

#[tokio::test]
async fn an_invitation_link_is_redeemed_once_its_ticket_fits() {
    let house = House::build().await;
    let kim = text(&house.sign_in(PARTNER, "kim@contoso.com", &[GRAPH]).await.body, "access_token");
    let asked =
        json!({"invitedUserEmailAddress": "rosa@outlook.com", "inviteRedirectUrl": "http://127.0.0.1:5999/?done=1"});
    let invitation = house.graph(Method::POST, "/invitations", &kim, Some(asked)).await;
    let link = reqwest::Url::parse(&text(&invitation.body, "inviteRedeemUrl")).unwrap();
    let mut forged = link.clone();
    let pairs: Vec<(String, String)> = link.query_pairs().into_owned().filter(|(name, _)| name != "ticket").collect();
    forged.query_pairs_mut().clear().extend_pairs(pairs).append_pair("ticket", "guessed");
    assert_eq!(house.http.get(forged).send().await.unwrap().status(), 400);
    let (end, steps) = house.walk(link, "rosa@outlook.com", &[]).await;
    assert_eq!(steps, ["account", "password", "invitation"]);
    assert!(matches!(end, crate::browser::End::Redirect(pairs) if pairs == [("done".to_owned(), "1".to_owned())]));
    assert_eq!(house.count("invitation-redeemed").await, 1);
    house.no_violations().await;
}
