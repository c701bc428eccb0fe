//! Principals, by the thousand.

use microsoft::clouds::{Clouds, LoopbackBase};
use microsoft::entra::{AppCredential, EntraErrorKind};
use microsoft::graph::DirectoryObject;
use microsoft::{AccessToken, ErrorKind, HttpSettings, Microsoft, RefreshToken};
use onboarding::{Cloud, ObjectId};
use serde_json::{Value, json};

use crate::loopback::{Asked, Loopback, Reply, tenant};

fn id(number: usize) -> ObjectId {
    ObjectId::parse(&format!("00000000-0000-4000-8000-{number:012x}")).unwrap()
}

fn requests(asked: &Asked) -> Vec<Value> {
    let sent: Value = serde_json::from_str(&asked.body).unwrap();
    sent["requests"].as_array().unwrap().clone()
}

/// The ids a filter of users asks for.
fn ids_in(url: &str) -> Vec<String> {
    let query: Vec<(String, String)> =
        url::form_urlencoded::parse(url.split_once('?').unwrap().1.as_bytes()).into_owned().collect();
    let filter = &query.iter().find(|(name, _)| name == "$filter").unwrap().1;
    let list = filter.strip_prefix("id in (").unwrap().strip_suffix(')').unwrap();
    list.split(',').map(|it| it.trim_matches('\'').to_owned()).collect()
}

fn part(request: &Value, body: &Value) -> Value {
    json!({"id": request["id"], "status": 200, "headers": {"Content-Type": "application/json"}, "body": body})
}

/// A directory in which every third principal is a user, a group, or an application, and every tenth is gone.
fn directory(asked: &Asked) -> Reply {
    match asked.operation().as_str() {
        "graph.directoryObjects.getByIds" => {
            let sent: Value = serde_json::from_str(&asked.body).unwrap();
            let ids = sent["ids"].as_array().unwrap();
            assert!(ids.len() <= 250);
            let objects: Vec<Value> = ids
                .iter()
                .filter_map(|id| {
                    let number = usize::from_str_radix(&id.as_str().unwrap()[24..], 16).unwrap();
                    let kind = ["user", "group", "servicePrincipal"][number % 3];
                    (number % 10 != 0).then(|| {
                        json!({"@odata.type": format!("#microsoft.graph.{kind}"), "id": id, "displayName": "n",
                            "mail": null, "alternativeNames": [], "appId": id})
                    })
                })
                .collect();
            Reply::json(200, &json!({"value": objects}))
        }
        "graph.batch" => {
            let requests = requests(asked);
            assert!(requests.len() <= 20);
            // Graph promises no order.
            let parts: Vec<Value> = requests
                .iter()
                .rev()
                .map(|request| {
                    let ids = ids_in(request["url"].as_str().unwrap());
                    assert!(ids.len() <= 15);
                    let users: Vec<Value> =
                        ids.iter().map(|id| json!({"id": id, "userType": "Guest", "otherMails": ["a@b.c"]})).collect();
                    part(request, &json!({"value": users}))
                })
                .collect();
            Reply::json(200, &json!({"responses": parts}))
        }
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn hundreds_of_principals_are_a_handful_of_calls() {
    let server = Loopback::start(|asked, _| directory(asked)).await;
    let base = LoopbackBase::parse(&server.base).unwrap();
    let settings = HttpSettings { answer_limit: 1024 * 1024, ..crate::loopback::settings() };
    let microsoft = Microsoft::new(Clouds::new(Some(base), false), settings).unwrap();
    let graph = microsoft.cloud(Cloud::Public).unwrap().graph(&AccessToken::new("T".into(), tenant(), None));
    let ids: Vec<ObjectId> = (0..400).map(id).collect();
    let found = graph.directory_objects(&ids).await.unwrap();
    assert_eq!(found.len(), 360);
    let users = found.iter().filter(|it| matches!(it, DirectoryObject::User(user) if user.is_guest())).count();
    let groups = found.iter().filter(|it| matches!(it, DirectoryObject::Group(_))).count();
    let applications =
        found.iter().filter(|it| matches!(it, DirectoryObject::ServicePrincipal(it) if it.app_id.is_some())).count();
    assert_eq!((users, groups, applications), (120, 120, 120));
    // Two to learn what they are, and one for the users.
    assert_eq!(server.asked().len(), 3);
}

#[tokio::test]
async fn what_was_throttled_within_a_batch_is_asked_for_again_and_nothing_else() {
    let server = Loopback::start(|asked, before| {
        let parts: Vec<Value> = requests(asked)
            .iter()
            .enumerate()
            .map(|(place, request)| match (before, place) {
                (0, 1) => json!({"id": request["id"], "status": 429, "headers": {"Retry-After": "0"},
                    "body": {"error": {"code": "TooManyRequests", "message": "later"}}}),
                _ => part(request, &json!({"value": [{"id": id(before * 10 + place)}]})),
            })
            .collect();
        Reply::json(200, &json!({"responses": parts}))
    })
    .await;
    let sids: Vec<String> = (0..31).map(|number| format!("S-1-5-21-{number}")).collect();
    let sids: Vec<&str> = sids.iter().map(String::as_str).collect();
    let groups = server.graph().groups_by_on_premises_sid(&sids).await.unwrap();
    assert_eq!(groups.len(), 3);
    let asked = server.asked();
    assert_eq!(asked.iter().map(|asked| requests(asked).len()).collect::<Vec<_>>(), [3, 1]);
    assert_eq!(requests(&asked[0])[1]["url"], requests(&asked[1])[0]["url"]);
}

#[tokio::test]
async fn a_batch_that_stays_throttled_ends_as_throttled_and_a_long_wait_is_the_callers() {
    for (after, calls) in [("0", 5), ("600", 1)] {
        let server = Loopback::start(move |asked, _| {
            let parts: Vec<Value> = requests(asked)
                .iter()
                .map(|request| json!({"id": request["id"], "status": 429, "headers": {"Retry-After": after}, "body": null}))
                .collect();
            Reply::json(200, &json!({"responses": parts}))
        })
        .await;
        let error = server.graph().users_by_on_premises_sid(&["S-1"]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Throttled);
        assert!(error.retry_after().is_some());
        assert_eq!(server.asked().len(), calls, "{after}");
    }
}

#[tokio::test]
async fn a_refusal_or_a_gap_within_a_batch_is_not_a_short_list() {
    let server = Loopback::start(|asked, before| {
        let request = &requests(asked)[0];
        let parts = match before {
            0 => json!([{"id": request["id"], "status": 403,
                "body": {"error": {"code": "Authorization_RequestDenied", "message": "no"}}}]),
            1 => json!([]),
            _ => json!([{"id": "other", "status": 200, "body": {"value": []}}]),
        };
        Reply::json(200, &json!({"responses": parts}))
    })
    .await;
    let denied = server.graph().service_principals_by_app_id(&["a"]).await.unwrap_err();
    assert_eq!((denied.kind(), denied.code()), (ErrorKind::Forbidden, Some("Authorization_RequestDenied")));
    for _ in 0..2 {
        let error = server.graph().service_principals_by_app_id(&["a"]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unexpected);
    }
}

#[tokio::test]
async fn a_person_found_by_two_addresses_is_one_person() {
    let server = Loopback::start(|asked, _| {
        let requests = requests(asked);
        let found = json!({"value": [{"id": id(1), "mail": "ada@contoso.com", "otherMails": ["ada@outlook.com"]}]});
        let parts: Vec<Value> = requests.iter().map(|request| part(request, &found)).collect();
        Reply::json(200, &json!({"responses": parts}))
    })
    .await;
    let addresses = ["o'neil@contoso.com", "b", "c", "d", "e", "ada@outlook.com"];
    let users = server.graph().users_by_addresses(&addresses).await.unwrap();
    assert_eq!(users.len(), 1);
    let asked = &server.asked()[0];
    assert_eq!(asked.operation(), "graph.batch");
    let requests = requests(asked);
    assert_eq!(requests.len(), 2);
    let url = requests[0]["url"].as_str().unwrap();
    assert!(
        url.starts_with("/users?$filter=userPrincipalName%20eq%20%27o%27%27neil%40contoso.com%27%20or%20mail"),
        "{url}"
    );
}

#[tokio::test]
async fn nobody_to_look_up_is_no_call() {
    let server = Loopback::always(Reply::empty(500)).await;
    let graph = server.graph();
    assert!(graph.directory_objects(&[]).await.unwrap().is_empty());
    assert!(graph.users_by_addresses(&[]).await.unwrap().is_empty());
    assert!(graph.service_principals_by_app_id(&[]).await.unwrap().is_empty());
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn a_directory_is_read_with_what_was_consented_to_before_and_asks_for_nothing() {
    let refused = json!({"error": "invalid_grant", "suberror": "consent_required", "error_codes": [65001],
        "error_description": "AADSTS65001"});
    let given = json!({"token_type": "Bearer", "scope": "s", "expires_in": 3599, "access_token": "ACCESS"});
    let server = Loopback::start(move |_, before| match before {
        0 => Reply::json(200, &given),
        _ => Reply::json(400, &refused),
    })
    .await;
    let entra = server.cloud().entra();
    let app = AppCredential::with_secret("app", "SECRET".into());
    let refresh = RefreshToken::new("REFRESH".into());
    let now = jiff::Timestamp::UNIX_EPOCH;
    let tokens = entra.refresh_to_read_directory(&tenant(), &app, &refresh, now).await.unwrap();
    let _: &AccessToken<microsoft::graph::Graph> = &tokens.access;
    let scope = server.asked()[0].field("scope").unwrap();
    assert_eq!(scope, "openid profile email offline_access https://graph.microsoft.com/.default");
    let error = entra.refresh_to_read_directory(&tenant(), &app, &refresh, now).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Entra(EntraErrorKind::ConsentRequired));
    assert!(error.lacks_consent() && !error.is_transient());
}
