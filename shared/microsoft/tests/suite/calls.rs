//! Repeating, and not repeating.

use std::time::{Duration, Instant};

use microsoft::arm::{Assigned, NewRoleAssignment, OWNER_ROLE};
use microsoft::entra::{AppCredential, CodeVerifier, Redemption};
use microsoft::graph::NewInvitation;
use microsoft::{Error, ErrorKind};
use onboarding::ids::role_assignment_name;
use serde_json::json;

use crate::loopback::{Loopback, Reply, person, subscription, tenant};

fn empty_list() -> Reply {
    Reply::json(200, &json!({"value": []}))
}

#[tokio::test]
async fn a_read_is_repeated_after_a_fault_a_throttle_and_a_lost_answer() {
    let server = Loopback::start(|_, before| match before {
        0 => Reply::empty(503),
        1 => Reply::HangUp,
        2 => Reply::empty(429),
        _ => empty_list(),
    })
    .await;
    server.arm().tenants().await.unwrap();
    assert_eq!(server.asked().len(), 4);
}

#[tokio::test]
async fn every_attempt_of_one_call_has_the_same_request_id_and_the_next_call_another() {
    let server = Loopback::start(|_, before| if before < 2 { Reply::empty(500) } else { empty_list() }).await;
    let arm = server.arm();
    arm.tenants().await.unwrap();
    arm.tenants().await.unwrap();
    let asked = server.asked();
    let ids: Vec<_> = asked.iter().map(|it| it.header("x-ms-client-request-id").unwrap()).collect();
    assert_eq!(ids.len(), 4);
    assert!(ids[0] == ids[1] && ids[1] == ids[2] && ids[2] != ids[3], "{ids:?}");
}

#[tokio::test]
async fn a_refusal_is_not_repeated() {
    for status in [400, 401, 403, 404, 409, 501] {
        let server = Loopback::always(Reply::arm_error(status, "No")).await;
        server.arm().tenants().await.unwrap_err();
        assert_eq!(server.asked().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn repeating_ends_and_says_what_the_last_answer_was() {
    let server = Loopback::always(Reply::arm_error(503, "ServerBusy").header("x-ms-request-id", "r-1")).await;
    let error = server.arm().tenants().await.unwrap_err();
    assert_eq!(server.asked().len(), 5);
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!((error.status(), error.code()), (Some(503), Some("ServerBusy")));
    assert_eq!(error.request_ids().theirs.as_deref(), Some("r-1"));
    assert!(error.is_transient());
}

#[tokio::test]
async fn the_servers_wait_counts_when_it_is_longer_than_ours() {
    let server = Loopback::start(|_, before| match before {
        0 => Reply::empty(429).header("x-ms-retry-after-ms", "120"),
        _ => empty_list(),
    })
    .await;
    let started = Instant::now();
    server.arm().tenants().await.unwrap();
    assert!(started.elapsed() >= Duration::from_millis(120));
}

#[tokio::test]
async fn a_wait_past_the_deadline_is_left_to_the_caller() {
    let throttled = json!({"statusCode": 429, "message": "Rate limit is exceeded. Try again in 57 seconds."});
    let server = Loopback::always(Reply::json(429, &throttled).header("retry-after", "57")).await;
    let error = server.partner_center().account().await.unwrap_err();
    assert_eq!(server.asked().len(), 1);
    assert_eq!(error.kind(), ErrorKind::Throttled);
    assert_eq!(error.retry_after(), Some(Duration::from_secs(57)));
}

#[tokio::test]
async fn no_call_outlives_the_deadline_it_was_given() {
    let server = Loopback::always(Reply::Silence).await;
    let deadline = tokio::time::Instant::now() + Duration::from_millis(150);
    let token = microsoft::AccessToken::new("x".into(), tenant(), None);
    let started = Instant::now();
    let error = server.cloud().until(deadline).arm(&token).tenants().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(started.elapsed() < Duration::from_millis(1_000));
}

#[tokio::test]
async fn a_call_that_must_not_happen_twice_is_not_begun_shortly_before_the_deadline() {
    let server = Loopback::always(Reply::empty(204)).await;
    let token = microsoft::AccessToken::new("x".into(), tenant(), None);
    for left in [Duration::ZERO, Duration::from_millis(900)] {
        let deadline = tokio::time::Instant::now() + left;
        let arm = server.cloud().until(deadline).arm(&token);
        let error = arm.accept_directory_change(&subscription()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
    }
    assert!(server.asked().is_empty());
}

/// Makes each of the calls that must not happen twice; they are named by what they are.
async fn make_once(server: &Loopback, call: &str) -> Error {
    match call {
        "accept" => server.arm().accept_directory_change(&subscription()).await.unwrap_err(),
        "request" => server.arm().request_directory_change(&subscription(), &tenant(), &person()).await.unwrap_err(),
        "invite" => {
            let invitation = NewInvitation {
                address: "ada@outlook.com",
                redirect_to: "https://contoso.com",
                display_name: None,
                send_mail: false,
            };
            server.graph().invite(&invitation).await.unwrap_err()
        }
        "redeem" => {
            let code = "CODE".into();
            let verifier = CodeVerifier::new("v".repeat(43).into()).unwrap();
            let redemption = Redemption { code: &code, verifier: &verifier, redirect_uri: "https://contoso.com" };
            let app = AppCredential::with_secret("app", "SECRET".into());
            let now = jiff::Timestamp::UNIX_EPOCH;
            let entra = server.cloud().entra();
            entra.redeem_code::<microsoft::arm::Arm>(&tenant(), &app, &redemption, now).await.unwrap_err()
        }
        other => panic!("no call named {other}"),
    }
}

const ONCE: [&str; 4] = ["accept", "request", "invite", "redeem"];

#[tokio::test]
async fn a_call_that_must_not_happen_twice_is_not_repeated_when_its_answer_is_lost() {
    for call in ONCE {
        for reply in [Reply::HangUp, Reply::Silence, Reply::empty(500), Reply::empty(502), Reply::empty(504)] {
            let server = Loopback::always(reply.clone()).await;
            let error = make_once(&server, call).await;
            assert_eq!(error.kind(), ErrorKind::UnknownOutcome, "{call} {reply:?}");
            assert_eq!(server.asked().len(), 1, "{call} {reply:?}");
        }
    }
}

#[tokio::test]
async fn a_call_that_must_not_happen_twice_is_repeated_when_it_certainly_did_not_happen() {
    for call in ONCE {
        let server = Loopback::start(|_, before| match before {
            0 => Reply::empty(429),
            _ => Reply::arm_error(403, "AuthorizationFailed"),
        })
        .await;
        make_once(&server, call).await;
        assert_eq!(server.asked().len(), 2, "{call}");
    }
}

#[tokio::test]
async fn a_call_without_a_connection_has_not_happened() {
    // A port that was free a moment ago, and on which nobody listens.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let base = microsoft::clouds::LoopbackBase::parse(&base).unwrap();
    let clouds = microsoft::clouds::Clouds::new(Some(base), false);
    let client = microsoft::Microsoft::new(clouds, crate::loopback::settings()).unwrap();
    let token = microsoft::AccessToken::new("x".into(), tenant(), None);
    let arm = client.cloud(onboarding::Cloud::Public).unwrap().arm(&token);
    let error = arm.accept_directory_change(&subscription()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}

#[tokio::test]
async fn an_unserved_api_version_leads_to_an_older_one_which_is_remembered() {
    let server = Loopback::start(|asked, _| {
        if asked.target.contains("2024-08-01-preview") {
            Reply::empty(204)
        } else {
            Reply::arm_error(400, "InvalidApiVersionParameter")
        }
    })
    .await;
    let client = server.microsoft();
    for _ in 0..2 {
        let token = microsoft::AccessToken::new("x".into(), tenant(), None);
        let arm = client.cloud(onboarding::Cloud::Public).unwrap().arm(&token);
        arm.accept_directory_change(&subscription()).await.unwrap();
    }
    let versions: Vec<_> = server.asked().iter().map(|it| it.target.rsplit('=').next().unwrap().to_owned()).collect();
    assert_eq!(versions, ["2026-08-01-preview", "2025-11-01-preview", "2024-08-01-preview", "2024-08-01-preview"]);
}

#[tokio::test]
async fn when_no_version_is_served_that_is_what_the_error_says() {
    for (status, code) in [(400, "NoRegisteredProviderFound"), (404, "InvalidResourceType")] {
        let server = Loopback::always(Reply::arm_error(status, code)).await;
        let error = server.arm().directory_change(&subscription()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnsupportedVersion, "{code}");
        assert_eq!(server.asked().len(), 3, "{code}");
    }
}

#[tokio::test]
async fn a_missing_registration_is_made_up_for_once() {
    let mut registered = false;
    let server = Loopback::start(move |asked, _| {
        if asked.target.contains("/register?") {
            registered = true;
            return Reply::json(200, &json!({"registrationState": "Registered"}));
        }
        match registered {
            true => empty_list(),
            false => Reply::arm_error(409, "MissingSubscriptionRegistration"),
        }
    })
    .await;
    assert_eq!(server.arm().directory_changes(&subscription()).await.unwrap(), []);
    let targets: Vec<_> = server.asked().iter().map(|it| it.method.clone()).collect();
    assert_eq!(targets, ["GET", "POST", "GET"]);
}

#[tokio::test]
async fn a_registration_that_does_not_take_effect_is_not_waited_for_without_end() {
    let server = Loopback::start(|asked, _| {
        if asked.target.contains("/register?") {
            Reply::json(200, &json!({"registrationState": "Registering"}))
        } else {
            Reply::arm_error(409, "MissingSubscriptionRegistration")
        }
    })
    .await;
    let error = server.arm().directory_changes(&subscription()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotRegistered);
    let registrations = server.asked().iter().filter(|it| it.method == "POST").count();
    assert_eq!(registrations, 1);
}

#[tokio::test]
async fn making_a_role_assignment_again_is_no_error_under_any_name() {
    let id = subscription();
    let who = person();
    let name = role_assignment_name(&format!("/subscriptions/{id}"), &who, OWNER_ROLE, "");
    let new = NewRoleAssignment {
        role: OWNER_ROLE,
        principal: &who,
        principal_type: "User",
        description: Some("for the association"),
        condition: None,
    };
    let body = json!({"id": "/x", "name": name, "properties": {
        "roleDefinitionId": format!("/providers/Microsoft.Authorization/roleDefinitions/{OWNER_ROLE}"),
        "principalId": who, "scope": format!("/subscriptions/{id}")}});
    let server = Loopback::start(move |_, before| match before {
        0 => Reply::json(201, &body),
        1 => Reply::json(200, &body),
        _ => Reply::arm_error(409, "RoleAssignmentExists"),
    })
    .await;
    let arm = server.arm();
    let Assigned::Created(made) = arm.assign_role(&id, &name, &new).await.unwrap() else {
        panic!("not created");
    };
    assert!(made.is_direct_owner(&id, &who));
    assert!(matches!(arm.assign_role(&id, &name, &new).await, Ok(Assigned::Unchanged(_))));
    assert!(matches!(arm.assign_role(&id, &name, &new).await, Ok(Assigned::ExistsUnderAnotherName)));
    let asked = server.asked();
    assert_eq!(asked[0].method, "PUT");
    assert!(asked[0].target.ends_with(&format!("/roleAssignments/{name}?api-version=2022-04-01")));
    let sent: serde_json::Value = serde_json::from_str(&asked[0].body).unwrap();
    assert_eq!(sent["properties"]["principalType"], "User");
}

#[tokio::test]
async fn deleting_what_is_not_there_is_done_already() {
    let server = Loopback::start(|asked, _| match asked.target.contains("roleAssignments") {
        true => Reply::empty(204),
        false => Reply::arm_error(404, "Request_ResourceNotFound"),
    })
    .await;
    assert!(!server.arm().delete_role_assignment(&subscription(), "n").await.unwrap());
    assert!(!server.arm().cancel_directory_change(&subscription()).await.unwrap());
    assert!(!server.graph().delete_user(&person()).await.unwrap());
}

#[tokio::test]
async fn an_action_without_a_body_says_so() {
    let server = Loopback::always(Reply::empty(204)).await;
    server.arm().accept_directory_change(&subscription()).await.unwrap();
    let asked = server.asked();
    assert_eq!(asked[0].header("content-length"), Some("0"));
    assert_eq!(asked[0].header("content-type"), None);
    assert!(asked[0].target.starts_with(&format!(
        "/public/arm/providers/Microsoft.Subscription/subscriptions/{}/acceptChangeTenant?",
        subscription()
    )));
}

#[tokio::test]
async fn people_are_looked_up_with_their_quotes_doubled() {
    let server = Loopback::always(empty_list()).await;
    server.graph().users_by_mail("o'neil+x@contoso.com").await.unwrap();
    let asked = server.asked();
    assert!(asked[0].target.contains("mail%20eq%20%27o%27%27neil%2Bx%40contoso.com%27"), "{}", asked[0].target);
}

#[tokio::test]
async fn partner_center_gets_its_headers_and_tells_about_the_second_factor() {
    let body = json!({"id": "x", "companyName": "Fabrikam", "tenantId": tenant()});
    let server = Loopback::start(move |_, before| match before {
        0 => Reply::json(200, &body).header("isMfaCompliant", "true"),
        1 => Reply::json(200, &body).header("isMfaCompliant", "False"),
        _ => Reply::json(200, &body),
    })
    .await;
    let api = server.partner_center();
    let account = api.account().await.unwrap();
    assert!(account.organization.is_of(&tenant()));
    assert_eq!(account.mfa_compliant, Some(true));
    assert_eq!(api.account().await.unwrap().mfa_compliant, Some(false));
    assert_eq!(api.account().await.unwrap().mfa_compliant, None);
    let asked = server.asked();
    assert_eq!(asked[0].header("ValidateMfa"), Some("true"));
    assert_eq!(asked[0].header("MS-Contract-Version"), Some("v1"));
    assert!(asked[0].header("MS-RequestId").is_some() && asked[0].header("MS-CorrelationId").is_some());
}
