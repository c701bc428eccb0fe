//! Resource Graph, as far as the report asks: rows of a table, not the query language.

use serde_json::{Value, json};

use super::errors::{Refused, refuse};
use super::{rbac, version};
use crate::http::{Answer, Call};
use crate::world::{AccessToken, Ctx};

pub(crate) fn query(ctx: &Ctx<'_>, call: &Call, token: &AccessToken) -> Result<Answer, Refused> {
    version(call, &["2022-10-01"])?;
    let bad = |message: &str| {
        Box::new(Answer::json(
            400,
            &json!({"error": {"code": "BadRequest", "message": message, "details": [{"code": "InvalidQuery", "message": message}]}}),
        ))
    };
    let asked = call.json().unwrap_or_default();
    let Some(query) = asked["query"].as_str() else { return Err(bad("Query is required.")) };
    let table = query.split(['|', '\n', ' ']).find(|it| !it.is_empty()).unwrap_or_default().to_ascii_lowercase();
    let named = asked["subscriptions"].as_array().cloned();
    let readable = ctx.cloud.subscriptions.iter().filter(|it| {
        it.facts.tenant_id == token.caller.tid
            && ctx.now() >= it.visible_from
            && named.as_ref().is_none_or(|named| named.contains(&json!(it.facts.subscription_id)))
            && rbac::may(ctx, token, it, "Microsoft.Resources/subscriptions/resources/read")
    });
    // Subscriptions that the caller cannot read give no rows and no error.
    let rows: Vec<Value> = match table.as_str() {
        "resources" => readable
            .flat_map(|it| {
                let shown = it.facts.resources.len().saturating_sub(ctx.shared.knobs.inventory_misses);
                it.facts.resources.iter().take(shown).cloned()
            })
            .collect(),
        "authorizationresources" => readable
            .flat_map(|subscription| {
                subscription.assignments.iter().map(|it| {
                    json!({
                        "id": format!("{}/providers/Microsoft.Authorization/RoleAssignments/{}", subscription.scope(), it.facts.name),
                        "name": it.facts.name,
                        "type": "microsoft.authorization/roleassignments",
                        "properties": {"principalId": it.facts.principal_id, "principalType": it.facts.principal_type},
                    })
                })
            })
            .collect(),
        "policyresources" => Vec::new(),
        other => return Err(bad(&format!("The table '{other}' does not exist."))),
    };
    let rows = if query.contains("summarize") && query.contains("by type") {
        by_type(&rows)
    } else if query.contains("project id, name, type, kind") {
        rows.iter().filter(|row| is_touched(row, query)).map(inventory_row).collect()
    } else {
        rows
    };
    let options = &asked["options"];
    let top = options["$top"]
        .as_u64()
        .and_then(|it| usize::try_from(it).ok())
        .unwrap_or(100)
        .clamp(1, 1000)
        .min(ctx.shared.page_size);
    let from = match options["$skipToken"].as_str() {
        None => 0,
        Some(text) => text
            .strip_prefix("page-")
            .and_then(|it| it.parse::<usize>().ok())
            .ok_or_else(|| refuse(400, "BadRequest", "The skip token is not valid."))?,
    };
    let total = rows.len();
    let data: Vec<Value> = rows.into_iter().skip(from).take(top).collect();
    let next = from + data.len();
    let mut body =
        json!({"totalRecords": total, "count": data.len(), "resultTruncated": "false", "data": data, "facets": []});
    if next < total {
        body["$skipToken"] = json!(format!("page-{next}"));
    }
    Ok(Answer::json(200, &body)
        .header("x-ms-user-quota-remaining", "14")
        .header("x-ms-user-quota-resets-after", "00:00:05"))
}

/// `summarize count_ = count() by type | order by type asc`: the one summary that the report asks for.
fn by_type(rows: &[Value]) -> Vec<Value> {
    let mut counts = std::collections::BTreeMap::<String, u64>::new();
    for row in rows {
        *counts.entry(row["type"].as_str().unwrap_or_default().to_ascii_lowercase()).or_default() += 1;
    }
    counts.into_iter().map(|(kind, count)| json!({"type": kind, "count_": count})).collect()
}

/// The `where` of the inventory: by one of the types that the query names, or by what carries an identity, a tenant or somebody's own key. A row without properties is
/// an inventory row of the scenario already.
fn is_touched(row: &Value, query: &str) -> bool {
    let kind = row["type"].as_str().unwrap_or_default().to_ascii_lowercase();
    let (properties, said) = (&row["properties"], |value: &Value| value.as_str().is_some_and(|text| !text.is_empty()));
    properties.is_null()
        || query.contains(&format!("'{kind}'"))
        || kind.starts_with("microsoft.devcenter/")
        || said(&row["identity"]["type"])
        || said(&properties["tenantId"])
        || said(&properties["encryption"]["diskEncryptionSetId"])
        || !properties["encryption"]["keyVaultProperties"].is_null()
        || said(&properties["encryption"]["vaultBaseUrl"])
        || !properties["encryption"]["cmk"].is_null()
        || said(&properties["dataEncryption"]["primaryKeyURI"])
        || !properties["keyVaultProperties"].is_null()
        || said(&properties["keyVaultKeyUri"])
        || properties["encryptionSettingsCollection"]["enabled"] == true
}

/// The `project` of the inventory. `tostring` of what is missing is the empty text, anything else that is missing is null.
fn inventory_row(row: &Value) -> Value {
    if row["properties"].is_null() {
        return row.clone();
    }
    let (properties, identity) = (&row["properties"], &row["identity"]);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let kind = text(&row["type"]).to_ascii_lowercase();
    let user_assigned = kind == "microsoft.managedidentity/userassignedidentities";
    let principal = if user_assigned { &properties["principalId"] } else { &identity["principalId"] };
    let vault = if properties["vaultUri"].is_null() { &properties["hsmUri"] } else { &properties["vaultUri"] };
    json!({
        "id": row["id"], "name": row["name"], "type": kind, "kind": text(&row["kind"]), "location": text(&row["location"]),
        "identityType": text(&identity["type"]),
        "principalId": text(principal),
        "userAssigned": identity["userAssignedIdentities"],
        "propTenant": text(&properties["tenantId"]),
        "vaultUri": text(vault),
        "encryption": properties["encryption"],
        "dataEncryption": properties["dataEncryption"],
        "activeKey": properties["activeKey"],
        "keyId": text(&properties["keyId"]),
        "keyVaultKeyUri": text(&properties["keyVaultKeyUri"]),
        "keyVaultProperties": properties["keyVaultProperties"],
        "diskEncryption": properties["encryptionSettingsCollection"],
        "administrators": properties["administrators"],
        "isHnsEnabled": properties["isHnsEnabled"],
        "directoryService": text(&properties["azureFilesIdentityBasedAuthentication"]["directoryServiceOptions"]),
        "sharedKeyAccess": properties["allowSharedKeyAccess"],
        "disableLocalAuth": properties["disableLocalAuth"],
    })
}
