//! A tenant's policy on subscriptions that enter or leave it.

use onboarding::ObjectId;
use serde::{Deserialize, Serialize};

use super::Arm;
use crate::clouds::with_query;
use crate::errors::{Error, ErrorKind};
use crate::http::Call;

/// Whether a policy blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Block {
    /// It blocks, but for exempted people.
    Blocked,
    /// It says explicitly that it does not.
    Allowed,
    /// It does not say, or we may not read it. Since May 2026 a tenant that never set its policy blocks: assume so, warn,
    /// and let the request itself decide.
    Unknown,
}

/// A tenant's subscription policy, as far as the caller may read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionPolicy {
    /// Subscriptions leaving this tenant.
    pub leaving: Block,
    /// Subscriptions entering this tenant.
    pub entering: Block,
    /// People the policy does not bind. Hidden from all but global administrators: an empty list proves nothing.
    pub exempted: Vec<ObjectId>,
}

impl SubscriptionPolicy {
    /// Whether the policy names this person as not bound by it.
    #[must_use]
    pub fn exempts(&self, person: &ObjectId) -> bool {
        self.exempted.contains(person)
    }

    const UNKNOWN: Self = Self { leaving: Block::Unknown, entering: Block::Unknown, exempted: Vec::new() };
}

impl Arm {
    /// The subscription policy of the token's tenant. Read it in the source tenant for leaving and in the partner tenant for
    /// entering.
    ///
    /// `GET {arm}/providers/Microsoft.Subscription/policies/default?api-version=2021-10-01`; anyone's token of that
    /// tenant. 200; what a tenant that never set it answers is published nowhere, so 404, 403 and absent or null fields
    /// are [`Block::Unknown`].
    /// See <https://learn.microsoft.com/azure/cost-management-billing/manage/manage-azure-subscription-policy>.
    ///
    /// # Errors
    /// As for every call of [`crate::arm`], but for 403 and 404.
    pub async fn subscription_policy(&self) -> Result<SubscriptionPolicy, Error> {
        let address = self.api.base.at(["providers", "Microsoft.Subscription", "policies", "default"]);
        let call = Call::get("arm.policies.get", with_query(&address, &[("api-version", "2021-10-01")]));
        match self.api.read::<Wire>(&call).await {
            Ok(wire) => Ok(wire.properties.unwrap_or_default().into()),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Forbidden) => {
                Ok(SubscriptionPolicy::UNKNOWN)
            }
            Err(error) => Err(error),
        }
    }
}

#[derive(Deserialize)]
struct Wire {
    #[serde(default)]
    properties: Option<WireProperties>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct WireProperties {
    #[serde(default)]
    block_subscriptions_leaving_tenant: Option<bool>,
    #[serde(default)]
    block_subscriptions_into_tenant: Option<bool>,
    #[serde(default)]
    exempted_principals: Option<Vec<ObjectId>>,
}

impl From<WireProperties> for SubscriptionPolicy {
    fn from(wire: WireProperties) -> Self {
        let block = |said: Option<bool>| match said {
            Some(true) => Block::Blocked,
            Some(false) => Block::Allowed,
            None => Block::Unknown,
        };
        Self {
            leaving: block(wire.block_subscriptions_leaving_tenant),
            entering: block(wire.block_subscriptions_into_tenant),
            exempted: wire.exempted_principals.unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_policy_does_not_say_is_unknown_and_not_allowed() {
        let read = |text: &str| -> SubscriptionPolicy {
            serde_json::from_str::<Wire>(text).unwrap().properties.unwrap_or_default().into()
        };
        assert_eq!(read("{}"), SubscriptionPolicy::UNKNOWN);
        assert_eq!(read(r#"{"properties":null}"#), SubscriptionPolicy::UNKNOWN);
        let said = read(
            r#"{"properties":{"blockSubscriptionsLeavingTenant":true,"blockSubscriptionsIntoTenant":false,
                "exemptedPrincipals":["e879cf0f-2b4d-5431-109a-f72fc9868693"]}}"#,
        );
        assert_eq!((said.leaving, said.entering), (Block::Blocked, Block::Allowed));
        assert!(said.exempts(&ObjectId::parse("E879CF0F-2b4d-5431-109a-f72fc9868693").unwrap()));
        assert_eq!(read(r#"{"properties":{"blockSubscriptionsLeavingTenant":null}}"#).leaving, Block::Unknown);
    }
}
