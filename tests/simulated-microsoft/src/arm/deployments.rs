//! Deployments that are only thought through.

use serde_json::{Value, json};

use super::errors::{Refused, refuse};
use super::{rbac, version};
use crate::http::{Answer, Call};
use crate::world::{AccessToken, Ctx};

/// What a deployment would change. Templates with resources in them are not understood here, so only an empty one succeeds.
pub(crate) fn what_if(ctx: &Ctx<'_>, call: &Call, token: &AccessToken, id: &str) -> Result<Answer, Refused> {
    version(call, &["2021-04-01"])?;
    rbac::demand(ctx, token, id, "Microsoft.Resources/deployments/whatIf/action")?;
    let body: Value = serde_json::from_slice(&call.body).unwrap_or_default();
    if body["location"].as_str().is_none_or(str::is_empty) {
        return Err(refuse(
            400,
            "LocationRequired",
            "The location property is required for a deployment at subscription scope.",
        ));
    }
    let resources = body["properties"]["template"]["resources"].as_array().map_or(0, Vec::len);
    if resources > 0 {
        let error = json!({"code": "InvalidTemplateDeployment", "message": "The template deployment is not valid."});
        return Ok(Answer::json(200, &json!({"status": "Failed", "error": error})));
    }
    Ok(Answer::json(200, &json!({"status": "Succeeded", "properties": {"changes": []}})))
}
