//! Access and what stands around it: reading it whole, and making it again.

use microsoft::ErrorKind;
use microsoft::arm::{Assigned, NewRole, NewRoleAssignment, OWNER_ROLE, PermissionSet, Rehearsal};
use onboarding::SubscriptionId;
use serde_json::{Value, json};

use crate::loopback::{Loopback, Reply, person, subscription};

fn new(who: &onboarding::ObjectId) -> NewRoleAssignment<'_> {
    NewRoleAssignment {
        role: OWNER_ROLE,
        principal: who,
        principal_type: "Group",
        description: Some("d"),
        condition: Some(("@Resource[x] StringEquals 'y'", "2.0")),
    }
}

fn assignment(name: &str) -> Value {
    json!({"id": format!("/x/{name}"), "name": name, "properties": {
        "roleDefinitionId": OWNER_ROLE, "principalId": person(), "scope": "/"}})
}

#[tokio::test]
async fn an_assignment_is_made_at_its_own_scope_with_its_condition() {
    let server = Loopback::always(
        Reply::json(201, &assignment("n")).header("x-ms-ratelimit-remaining-subscription-writes", "187"),
    )
    .await;
    let (id, who, arm) = (subscription(), person(), server.arm());
    assert_eq!(arm.writes_left(), None);
    let scopes = [
        format!("/subscriptions/{id}"),
        format!("/subscriptions/{id}/resourceGroups/shop front"),
        format!(
            "/SUBSCRIPTIONS/{}/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v/keys/k/",
            id.as_str().to_uppercase()
        ),
    ];
    for scope in &scopes {
        let made = arm.assign_role_at(&id, scope, "n", &new(&who)).await.unwrap();
        assert!(matches!(made, Assigned::Created(_)));
    }
    assert_eq!(arm.writes_left(), Some(187));
    let asked = server.asked();
    let operations: Vec<_> = asked.iter().map(crate::loopback::Asked::operation).collect();
    assert_eq!(operations[0], "arm.roleAssignments.create");
    assert_eq!(operations[1..], ["arm.roleAssignments.createAtScope", "arm.roleAssignments.createAtScope"]);
    assert!(
        asked[1].target.contains("/resourceGroups/shop%20front/providers/Microsoft.Authorization/roleAssignments/n?")
    );
    let sent: Value = serde_json::from_str(&asked[2].body).unwrap();
    assert_eq!(sent["properties"]["conditionVersion"], "2.0");
    assert_eq!(sent["properties"]["principalType"], "Group");
    assert_eq!(
        sent["properties"]["roleDefinitionId"],
        format!("/subscriptions/{id}/providers/Microsoft.Authorization/roleDefinitions/{OWNER_ROLE}")
    );
}

#[tokio::test]
async fn nothing_is_written_outside_the_subscription() {
    let server = Loopback::always(Reply::json(201, &assignment("n"))).await;
    let (id, who, arm) = (subscription(), person(), server.arm());
    let other = SubscriptionId::parse("00000000-0000-4000-8000-000000000001").unwrap();
    for scope in [
        String::new(),
        "/".to_owned(),
        "/subscriptions".to_owned(),
        format!("/subscriptions/{other}"),
        "/providers/Microsoft.Management/managementGroups/root".to_owned(),
        format!("/subscriptions/{id}/../{other}"),
        format!("/subscriptions/{id}//resourceGroups/g"),
        format!("/subscriptions/{id}/./x"),
        format!("https://elsewhere.contoso.com/subscriptions/{id}"),
    ] {
        let refused = arm.assign_role_at(&id, &scope, "n", &new(&who)).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Invalid, "{scope}");
        assert_eq!(arm.role_assignment_at(&id, &scope, "n").await.unwrap_err().kind(), ErrorKind::Invalid);
    }
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn an_assignment_is_found_at_its_scope_or_is_not_there() {
    let server = Loopback::start(|_, before| match before {
        0 => Reply::json(200, &assignment("n")),
        _ => Reply::arm_error(404, "ResourceGroupNotFound"),
    })
    .await;
    let (id, arm) = (subscription(), server.arm());
    let scope = format!("/subscriptions/{id}/resourceGroups/g");
    assert_eq!(arm.role_assignment_at(&id, &scope, "n").await.unwrap().unwrap().name, "n");
    assert_eq!(arm.role_assignment_at(&id, &scope, "n").await.unwrap(), None);
    assert_eq!(server.asked()[0].operation(), "arm.roleAssignments.getAtScope");
}

#[tokio::test]
async fn a_list_of_assignments_is_read_page_by_page_and_gone_on_with_later() {
    let server = Loopback::start(|asked, _| {
        let base = format!("http://{}", asked.header("host").unwrap());
        let path = asked.target.split('?').next().unwrap();
        if asked.target.contains("skipToken=two") {
            Reply::json(200, &json!({"value": [assignment("b")], "nextLink": null}))
        } else {
            let next = format!("{base}{path}?api-version=2022-04-01&$skipToken=two");
            Reply::json(200, &json!({"value": [assignment("a")], "nextLink": next}))
        }
    })
    .await;
    let id = subscription();
    let first = server.arm().role_assignments_page(&id, None).await.unwrap();
    assert_eq!(first.rows[0].name, "a");
    // Another invocation, with another client.
    let second = server.arm().role_assignments_page(&id, first.next.as_deref()).await.unwrap();
    assert_eq!((second.rows[0].name.as_str(), second.next), ("b", None));
    let elsewhere = Some("https://elsewhere.contoso.com/subscriptions?$skipToken=two");
    let refused = server.arm().role_assignments_page(&id, elsewhere).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ForeignAddress);
    assert_eq!(server.asked().len(), 2);
    assert!(server.asked().iter().all(|asked| asked.operation() == "arm.roleAssignments.list"));
}

#[tokio::test]
async fn a_custom_role_is_made_as_it_was() {
    let server = Loopback::start(|_, before| match before {
        0 => Reply::json(
            201,
            &json!({"id": "/r", "name": "g", "properties": {"roleName": "Shop Operator", "type": "CustomRole"}}),
        ),
        _ => Reply::arm_error(409, "RoleDefinitionWithSameNameExists"),
    })
    .await;
    let (id, arm) = (subscription(), server.arm());
    let permissions = [PermissionSet {
        actions: vec!["*/read".to_owned()],
        not_data_actions: vec!["x".to_owned()],
        ..PermissionSet::default()
    }];
    let scopes = [format!("/subscriptions/{id}")];
    let role =
        NewRole { name: "Shop Operator", description: None, permissions: &permissions, assignable_scopes: &scopes };
    assert!(arm.create_custom_role(&id, "g", &role).await.unwrap().is_custom());
    let refused = arm.create_custom_role(&id, "g", &role).await.unwrap_err();
    assert!(refused.kind() == ErrorKind::Conflict && refused.has_code("RoleDefinitionWithSameNameExists"));
    let asked = &server.asked()[0];
    assert_eq!(asked.operation(), "arm.roleDefinitions.create");
    let sent: Value = serde_json::from_str(&asked.body).unwrap();
    assert_eq!(sent["properties"]["permissions"][0]["actions"], json!(["*/read"]));
    assert_eq!(sent["properties"]["permissions"][0]["notDataActions"], json!(["x"]));
    assert_eq!(sent["properties"]["assignableScopes"], json!(scopes));
}

#[tokio::test]
async fn the_rows_of_a_query_come_in_pages_that_can_be_gone_on_with() {
    let server = Loopback::start(|asked, _| {
        let sent: Value = serde_json::from_str(&asked.body).unwrap();
        match sent["options"]["$skipToken"].as_str() {
            None => Reply::json(
                200,
                &json!({"totalRecords": 2, "count": 1, "resultTruncated": "false", "$skipToken": "two",
                    "data": [{"id": "/a"}], "facets": []}),
            ),
            Some("two") => Reply::json(
                200,
                &json!({"totalRecords": 2, "count": 1, "resultTruncated": "false", "data": [{"id": "/b"}]}),
            ),
            Some(_) => Reply::arm_error(400, "BadRequest"),
        }
    })
    .await;
    let id = subscription();
    let query = "Resources | project id | order by id asc";
    let first = server.arm().resource_graph::<Value>(&id, query, None).await.unwrap();
    assert_eq!((first.total, first.rows[0]["id"].as_str()), (Some(2), Some("/a")));
    let second = server.arm().resource_graph::<Value>(&id, query, first.next.as_deref()).await.unwrap();
    assert_eq!((second.next, second.rows[0]["id"].as_str()), (None, Some("/b")));
    let asked = server.asked();
    assert!(asked.iter().all(|asked| asked.operation() == "arm.resources.query"));
    let sent: Value = serde_json::from_str(&asked[0].body).unwrap();
    assert_eq!(sent["subscriptions"], json!([id]));
    assert_eq!((&sent["options"]["$top"], &sent["options"]["resultFormat"]), (&json!(1000), &json!("objectArray")));
}

#[tokio::test]
async fn a_subscription_is_empty_only_if_its_list_ends_empty() {
    for (body, expected) in [
        (json!({"value": []}), false),
        (json!({"value": [{"id": "/a"}]}), true),
        (json!({"value": [], "nextLink": "https://management.azure.com/x"}), true),
    ] {
        let server = Loopback::always(Reply::json(200, &body)).await;
        assert_eq!(server.arm().has_resources(&subscription()).await.unwrap(), expected, "{body}");
        assert_eq!(server.asked().len(), 1);
        assert_eq!(server.asked()[0].operation(), "arm.resources.list");
    }
}

#[tokio::test]
async fn what_stands_around_access_is_asked_for_as_microsoft_wants_it() {
    let server = Loopback::start(|asked, _| {
        let value = match asked.operation().as_str() {
            "arm.locks.list" => json!([{"id": "/l", "properties": {"level": "readonly"}}]),
            "arm.registrationAssignments.list" => json!([{"id": "/d", "properties": {"registrationDefinitionId": "/o",
                "registrationDefinition": {"properties": {"managedByTenantId": "t", "managedByTenantName": "Msp"}}}}]),
            "arm.policyAssignments.list" => json!([{"id": "/p", "name": "p", "identity": {"type": "SystemAssigned"},
                "properties": {"policyDefinitionId": "/d", "parameters": {"a": {"value": 1}}}}]),
            "arm.policyDefinitions.list" => {
                json!([{"id": "/p", "properties": {"policyType": "Custom", "policyRule": {"if": {}}}}])
            }
            "arm.policyExemptions.list" => json!([{"id": "/e", "properties": {"policyAssignmentId": "/p",
                "exemptionCategory": "Waiver", "expiresOn": null}}]),
            "arm.denyAssignments.list" => json!([{"id": "/n", "properties": {"denyAssignmentName": "stack",
                "scope": "/subscriptions/x", "isSystemProtected": true}}]),
            "arm.roleEligibilityScheduleInstances.list" => json!([{"id": "/e", "properties": {
                "roleDefinitionId": OWNER_ROLE, "principalId": person(), "memberType": "Group"}}]),
            "arm.roleAssignments.list" => json!([assignment("n")]),
            other => panic!("{other}"),
        };
        Reply::json(200, &json!({"value": value}))
    })
    .await;
    let (id, arm) = (subscription(), server.arm());
    assert!(arm.locks(&id).await.unwrap()[0].is_read_only());
    assert_eq!(arm.delegations(&id).await.unwrap()[0].managed_by(), Some("t"));
    assert!(arm.policy_assignments(&id).await.unwrap()[0].properties.parameters.is_some());
    assert!(arm.custom_policies(&id).await.unwrap()[0].properties.policy_rule.is_some());
    assert_eq!(arm.policy_exemptions(&id).await.unwrap()[0].properties.expires_on, None);
    assert!(arm.deny_assignments(&id).await.unwrap()[0].properties.is_system_protected);
    assert_eq!(arm.role_eligibilities(&id).await.unwrap()[0].role(), OWNER_ROLE);
    assert_eq!(arm.my_role_eligibilities(&id).await.unwrap().len(), 1);
    assert_eq!(arm.role_assignments_assigned_to(&id, &person()).await.unwrap().len(), 1);
    let asked = server.asked();
    assert!(asked.iter().any(|asked| asked.target.contains("policyType%20eq%20%27Custom%27")));
    assert!(asked.iter().any(|asked| asked.target.contains("$expandRegistrationDefinition=true")));
    assert!(asked.iter().any(|asked| asked.target.contains("$filter=asTarget%28%29")));
    assert!(asked.iter().any(|asked| asked.target.contains(&format!("assignedTo%28%27{}%27%29", person()))));
}

#[tokio::test]
async fn a_directory_without_the_licence_has_nothing_to_activate() {
    let server = Loopback::always(Reply::arm_error(400, "AadPremiumLicenseRequired")).await;
    assert_eq!(server.arm().role_eligibilities(&subscription()).await.unwrap(), []);
}

#[tokio::test]
async fn a_rehearsal_waits_for_its_answer_and_not_for_ever() {
    let accepted = |asked: &crate::loopback::Asked| {
        let base = format!("http://{}", asked.header("host").unwrap());
        let next =
            format!("{base}/public/arm/subscriptions/{}/operationresults/o?api-version=2021-04-01", subscription());
        Reply::empty(202).header("location", next)
    };
    let done = |body: Value| {
        move |asked: &crate::loopback::Asked, before: usize| match before {
            0 | 1 => accepted(asked),
            _ => Reply::json(200, &body),
        }
    };
    let (id, name) = (subscription(), "mooring");
    for (body, expected) in [
        (json!({"status": "Succeeded", "properties": {"changes": []}}), Rehearsal::Possible),
        (
            json!({"status": "Failed", "error": {"code": "RequestDisallowedByPolicy", "message": "no"}}),
            Rehearsal::Refused { code: "RequestDisallowedByPolicy".to_owned() },
        ),
    ] {
        let server = Loopback::start(done(body)).await;
        assert_eq!(server.arm().rehearse_deployment(&id, name, "westeurope").await.unwrap(), expected);
        let operations: Vec<_> = server.asked().iter().map(crate::loopback::Asked::operation).collect();
        assert_eq!(operations, ["arm.deployments.whatIf", "arm.operationResults.get", "arm.operationResults.get"]);
    }
    let server = Loopback::start(move |asked, _| accepted(asked)).await;
    assert_eq!(server.arm().rehearse_deployment(&id, name, "westeurope").await.unwrap(), Rehearsal::Unanswered);
    assert!(server.asked().len() < 10);
    let server = Loopback::start(move |asked, _| accepted(asked).header("retry-after", "600")).await;
    assert_eq!(server.arm().rehearse_deployment(&id, name, "westeurope").await.unwrap(), Rehearsal::Unanswered);
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn a_rehearsals_answer_is_not_followed_elsewhere() {
    let server = Loopback::always(Reply::empty(202).header("location", "https://elsewhere.contoso.com/o")).await;
    let error = server.arm().rehearse_deployment(&subscription(), "m", "westeurope").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ForeignAddress);
}
