//! A deployment that changes nothing and is only asked about: whether the token's person could write here at all.

use onboarding::SubscriptionId;
use serde::Deserialize;
use serde_json::json;
use tokio::time::Instant;

use super::Arm;
use crate::clouds::with_query;
use crate::errors::{Error, ErrorKind};
use crate::http::{Answer, Call, retry_after};

/// What Azure said to a deployment it was only asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rehearsal {
    /// It would go through.
    Possible,
    /// It would not.
    Refused {
        /// Azure's code, such as `InvalidTemplateDeployment`.
        code: String,
    },
    /// Azure has not said within the time there was.
    Unanswered,
}

impl Arm {
    /// Asks what an empty deployment to a subscription would change. Nothing is deployed, and there is nothing in it to deploy: it
    /// tells whether deployments are possible for this person at all, before the move depends on it. `location` is any region
    /// of the cloud.
    ///
    /// `POST {arm}/subscriptions/{id}/providers/Microsoft.Resources/deployments/{name}/whatIf?api-version=2021-04-01`;
    /// the token, of the tenant it trusts, of someone who may ask (`Microsoft.Resources/deployments/whatIf/action`). 200, or
    /// 202 with a `Location`, which is asked again until the deadline, at most a few times.
    /// See <https://learn.microsoft.com/rest/api/resources/deployments/what-if-at-subscription-scope>.
    ///
    /// # Errors
    /// [`ErrorKind::ClaimsChallenge`] where writes need a second factor; [`ErrorKind::Forbidden`]; and as for every call of
    /// [`crate::arm`].
    pub async fn rehearse_deployment(
        &self,
        id: &SubscriptionId,
        name: &str,
        location: &str,
    ) -> Result<Rehearsal, Error> {
        const TRIES: u32 = 6;
        let segments =
            ["subscriptions", id.as_str(), "providers", "Microsoft.Resources", "deployments", name, "whatIf"];
        let address = with_query(&self.api.base.at(segments), &[("api-version", "2021-04-01")]);
        let body = json!({
            "location": location,
            "properties": {
                "mode": "Incremental",
                "template": {
                    "$schema": "https://schema.management.azure.com/schemas/2018-05-01/subscriptionDeploymentTemplate.json#",
                    "contentVersion": "1.0.0.0",
                    "resources": [],
                },
                "whatIfSettings": {"resultFormat": "ResourceIdOnly"},
            },
        });
        let settings = self.api.http.settings();
        let own = Instant::now() + settings.call_timeout;
        let until = self.api.deadline.map_or(own, |deadline| deadline.min(own));
        let mut answer = self.api.send(&Call::post(WHAT_IF, address, body)).await?;
        for again in 0..TRIES {
            if answer.status.as_u16() != 202 {
                return result(&answer);
            }
            let next = answer.header("location").map(str::to_owned).ok_or_else(|| {
                Error::new(ErrorKind::Unexpected, WHAT_IF).with_status(202).with_message("the answer leads nowhere")
            })?;
            let ours = (settings.first_wait * 2_u32.pow(again)).min(settings.longest_wait);
            let wait = retry_after(&answer.headers).map_or(ours, |theirs| theirs.max(ours));
            if Instant::now() + wait >= until {
                return Ok(Rehearsal::Unanswered);
            }
            tokio::time::sleep(wait).await;
            answer = self.api.send(&Call::get(POLL, next)).await?;
        }
        if answer.status.as_u16() == 202 { Ok(Rehearsal::Unanswered) } else { result(&answer) }
    }
}

fn result(answer: &Answer) -> Result<Rehearsal, Error> {
    let wire: Wire = answer.json()?;
    Ok(match wire {
        Wire { error: Some(error), .. } => Rehearsal::Refused { code: error.code },
        Wire { status, .. } if status.eq_ignore_ascii_case("Succeeded") => Rehearsal::Possible,
        Wire { status, .. } => Rehearsal::Refused { code: status },
    })
}

const WHAT_IF: &str = "arm.deployments.what_if";
const POLL: &str = "arm.deployments.what_if_result";

#[derive(Deserialize)]
struct Wire {
    #[serde(default)]
    status: String,
    #[serde(default)]
    error: Option<WireError>,
}

#[derive(Deserialize)]
struct WireError {
    #[serde(default)]
    code: String,
}
