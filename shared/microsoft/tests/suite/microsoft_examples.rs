//! Microsoft's own example payloads, where they lie beside the project, pass through our types.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::loopback::{Loopback, Reply, person, subscription};

/// The folder of examples, if there is one. Without it nothing is checked here, and CI does not accept that.
fn folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/microsoft/openapi/examples");
    if folder.is_dir() {
        return Some(folder);
    }
    #[expect(
        clippy::disallowed_methods,
        reason = "CI says so in the environment; nothing of the product is configured here"
    )]
    let ci = std::env::var_os("CI").is_some_and(|value| value == "true");
    assert!(!ci, "in CI Microsoft's examples must be there: {}", folder.display());
    println!("not checked: Microsoft's examples are not beside this project");
    None
}

/// The bodies of an example's successful answers, in both of the shapes the examples come in.
fn bodies(path: &Path) -> Vec<(u16, Value)> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let example: Value = serde_json::from_str(&text).unwrap();
    let listed = |answer: &Value| {
        let status = answer["status"].as_u64().unwrap();
        (u16::try_from(status).unwrap(), answer.get("body").cloned().unwrap_or(Value::Null))
    };
    match (&example["responses"], &example["response"]) {
        (Value::Object(by_status), _) => by_status
            .iter()
            .map(|(status, answer)| (status.parse().unwrap(), answer.get("body").cloned().unwrap_or(Value::Null)))
            .collect(),
        (Value::Array(answers), _) => answers.iter().map(listed).collect(),
        (_, answer) => vec![listed(answer)],
    }
}

/// Takes out a next page that leads elsewhere: the examples have made-up ones.
fn one_page(mut body: Value) -> Value {
    if let Some(list) = body.as_object_mut() {
        list.remove("nextLink");
        list.remove("@odata.nextLink");
    }
    body
}

/// Makes the call that an example is of, and says whether it understood the answer.
async fn call(server: &Loopback, example: &str) -> Result<(), microsoft::Error> {
    let (id, who) = (subscription(), person());
    let (arm, graph, partner) = (server.arm(), server.graph(), server.partner_center());
    match example {
        "microsoft.resources/2022-12-01/GetTenants" => arm.tenants().await.map(|it| assert_eq!(it.len(), 3)),
        "microsoft.resources/2021-01-01/GetSubscription" => {
            let it = arm.subscription(&id).await?.unwrap();
            assert!(it.offer_cannot_move() && it.is_delegated());
            Ok(())
        }
        "microsoft.authorization/2022-04-01/RoleAssignments_ListForSubscription" => {
            arm.role_assignments(&id).await.map(|it| assert_eq!(it.len(), 1))
        }
        "microsoft.authorization/2022-04-01/RoleAssignments_Get" => {
            arm.role_assignment(&id, "n").await.map(|it| assert!(it.is_some()))
        }
        "microsoft.authorization/2022-04-01/RoleAssignments_CreateForSubscription" => {
            let new = microsoft::arm::NewRoleAssignment {
                role: microsoft::arm::OWNER_ROLE,
                principal: &who,
                principal_type: "User",
                description: None,
                condition: None,
            };
            arm.assign_role(&id, "n", &new).await.map(drop)
        }
        "microsoft.authorization/2022-04-01/GetRoleDefinitionAtScope" => {
            arm.role_definitions(&id).await.map(|it| assert_eq!(it.len(), 1))
        }
        "microsoft.authorization/2022-04-01/GetPermissions" => arm.permissions(&id).await.map(drop),
        "microsoft.resourcegraph/2022-10-01/ResourcesFirstPageQuery" => {
            let page = arm.resource_graph::<Value>(&id, "Resources | project id", None).await?;
            assert_eq!((page.rows.len(), page.total), (3, Some(386)));
            assert!(page.next.is_some());
            Ok(())
        }
        "microsoft.subscription/2024-08-01-preview/putTargetDirectory"
        | "microsoft.subscription/2026-08-01-preview/putTargetDirectory" => {
            let asked = arm.request_directory_change(&id, &crate::loopback::tenant(), &who).await?;
            assert!(asked.destination_tenant.is_some() && asked.expires_at.is_some());
            Ok(())
        }
        "microsoft.subscription/2024-08-01-preview/getTargetDirectory"
        | "microsoft.subscription/2026-08-01-preview/getTargetDirectory" => {
            let seen = arm.directory_change(&id).await?.unwrap();
            assert_eq!(seen.status, microsoft::arm::ChangeStatus::Pending);
            Ok(())
        }
        "microsoft.subscription/2026-08-01-preview/listTargetDirectory" => {
            arm.directory_changes(&id).await.map(|it| assert_eq!(it.len(), 1))
        }
        "microsoft.subscription/2024-08-01-preview/targetDirectoryStatus"
        | "microsoft.subscription/2026-08-01-preview/targetDirectoryStatus" => {
            arm.directory_change_status(&id).await.map(|it| assert!(it.is_some()))
        }
        "microsoft.subscription/2026-08-01-preview/acceptTargetDirectory" => arm.accept_directory_change(&id).await,
        "microsoft.subscription/2026-08-01-preview/deleteTargetDirectory" => {
            arm.cancel_directory_change(&id).await.map(|it| assert!(it))
        }
        "microsoft.subscription/2021-10-01/getTenantPolicy"
        | "microsoft.subscription/2026-08-01-preview/getTenantPolicy" => {
            let policy = arm.subscription_policy().await?;
            assert_eq!(policy.leaving, microsoft::arm::Block::Blocked);
            assert_eq!(policy.exempted.len(), 2);
            Ok(())
        }
        "microsoft.graph/v1.0/CreateInvitation" => {
            let new = microsoft::graph::NewInvitation {
                address: "admin@fabrikam.com",
                redirect_to: "https://contoso.com",
                display_name: None,
                send_mail: false,
            };
            graph.invite(&new).await.map(|it| assert_eq!(it.status, "PendingAcceptance"))
        }
        "microsoft.graph/v1.0/GetAuthorizationPolicy" => {
            graph.may_invite().await.map(|it| assert_eq!(it, microsoft::graph::MayInvite::Everyone))
        }
        "microsoft.graph/v1.0/ListDirectoryRoles" => {
            let roles = graph.my_directory_roles().await?;
            assert!(roles.iter().any(|role| role.is(microsoft::graph::GLOBAL_ADMINISTRATOR)));
            Ok(())
        }
        "partnercenter/v1/get-profiles-organization" => partner.account().await.map(drop),
        "partnercenter/v1/get-profiles-mpn" | "partnercenter/v1/get-profiles-mpn-own" => partner.mpn().await.map(drop),
        "partnercenter/v1/get-profiles-legalbusiness" => {
            partner.legal_business().await.map(|it| assert!(it.unwrap().is_authorized()))
        }
        other => panic!("no call is known for {other}"),
    }
}

const USED: [&str; 27] = [
    "microsoft.resources/2022-12-01/GetTenants",
    "microsoft.resources/2021-01-01/GetSubscription",
    "microsoft.authorization/2022-04-01/RoleAssignments_ListForSubscription",
    "microsoft.authorization/2022-04-01/RoleAssignments_Get",
    "microsoft.authorization/2022-04-01/RoleAssignments_CreateForSubscription",
    "microsoft.authorization/2022-04-01/GetRoleDefinitionAtScope",
    "microsoft.authorization/2022-04-01/GetPermissions",
    "microsoft.resourcegraph/2022-10-01/ResourcesFirstPageQuery",
    "microsoft.subscription/2024-08-01-preview/putTargetDirectory",
    "microsoft.subscription/2026-08-01-preview/putTargetDirectory",
    "microsoft.subscription/2024-08-01-preview/getTargetDirectory",
    "microsoft.subscription/2026-08-01-preview/getTargetDirectory",
    "microsoft.subscription/2026-08-01-preview/listTargetDirectory",
    "microsoft.subscription/2024-08-01-preview/targetDirectoryStatus",
    "microsoft.subscription/2026-08-01-preview/targetDirectoryStatus",
    "microsoft.subscription/2026-08-01-preview/acceptTargetDirectory",
    "microsoft.subscription/2026-08-01-preview/deleteTargetDirectory",
    "microsoft.subscription/2021-10-01/getTenantPolicy",
    "microsoft.subscription/2026-08-01-preview/getTenantPolicy",
    "microsoft.graph/v1.0/CreateInvitation",
    "microsoft.graph/v1.0/GetAuthorizationPolicy",
    "microsoft.graph/v1.0/ListDirectoryRoles",
    "partnercenter/v1/get-profiles-organization",
    "partnercenter/v1/get-profiles-mpn",
    "partnercenter/v1/get-profiles-mpn-own",
    "partnercenter/v1/get-profiles-legalbusiness",
    "partnercenter/v1/throttled-429",
];

#[tokio::test]
async fn every_example_of_the_calls_we_make_is_understood() {
    let Some(folder) = folder() else { return };
    let mut understood = 0;
    for example in USED {
        for (status, body) in bodies(&folder.join(format!("{example}.json"))) {
            let reply = if body.is_null() { Reply::empty(status) } else { Reply::json(status, &one_page(body)) };
            let server = Loopback::always(reply.clone()).await;
            if status == 429 {
                let error = server.partner_center().mpn().await.unwrap_err();
                assert_eq!(error.kind(), microsoft::ErrorKind::Throttled);
                assert!(error.message().is_some_and(|it| it.contains("Rate limit")));
            } else {
                call(&server, example).await.unwrap_or_else(|error| panic!("{example} {status}: {error:?}"));
            }
            understood += 1;
        }
    }
    assert!(understood >= USED.len());
}
