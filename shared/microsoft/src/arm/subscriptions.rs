//! Tenants and subscriptions as a person sees them.

use onboarding::{SubscriptionId, TenantId};
use serde::{Deserialize, Serialize};

use super::{Arm, found};
use crate::clouds::with_query;
use crate::errors::{Error, ErrorKind};
use crate::http::Call;

/// A subscription.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Subscription {
    /// Its id.
    pub subscription_id: SubscriptionId,
    /// Its name. The owner's choice: may be anything.
    #[serde(default)]
    pub display_name: String,
    /// The tenant it trusts.
    pub tenant_id: TenantId,
    /// Whether it can be used.
    pub state: SubscriptionState,
    /// Its offer, and whether it has a spending limit.
    #[serde(default)]
    pub subscription_policies: SubscriptionPolicies,
    /// Tenants to which it is delegated (Azure Lighthouse).
    #[serde(default)]
    pub managed_by_tenants: Option<Vec<ManagedByTenant>>,
}

/// Whether a subscription can be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum SubscriptionState {
    /// In use.
    Enabled,
    /// About to be disabled.
    Warned,
    /// A bill is unpaid.
    PastDue,
    /// Read-only.
    Disabled,
    /// Gone.
    Deleted,
    /// A state that Microsoft added later.
    Other(String),
}

/// The offer of a subscription.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SubscriptionPolicies {
    /// The offer, such as `PayAsYouGo_2014-09-01` or `CSP_2015-05-01`.
    #[serde(default)]
    pub quota_id: Option<String>,
    /// `On`, `Off` or `CurrentPeriodOff`.
    #[serde(default)]
    pub spending_limit: Option<String>,
}

/// A tenant to which a subscription is delegated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ManagedByTenant {
    /// The managing tenant.
    pub tenant_id: TenantId,
}

/// A tenant in which the person has an account.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TenantDescription {
    /// Its id.
    pub tenant_id: TenantId,
    /// Its name.
    #[serde(default)]
    pub display_name: Option<String>,
    /// Its first domain.
    #[serde(default)]
    pub default_domain: Option<String>,
    /// `Home`, `ProjectedBy` or `ManagedBy`.
    #[serde(default)]
    pub tenant_category: Option<String>,
}

impl Subscription {
    /// Whether its offer can't change its directory: CSP, Azure for Students Starter and internal offers.
    /// See <https://learn.microsoft.com/azure/cost-management-billing/manage/subscription-change-directory>.
    #[must_use]
    pub fn offer_cannot_move(&self) -> bool {
        let offer = self.subscription_policies.quota_id.as_deref().unwrap_or_default().to_ascii_lowercase();
        ["csp_", "dreamspark_", "internal_"].iter().any(|prefix| offer.starts_with(prefix))
    }

    /// Whether another tenant manages it.
    #[must_use]
    pub fn is_delegated(&self) -> bool {
        self.managed_by_tenants.as_ref().is_some_and(|tenants| !tenants.is_empty())
    }
}

impl Arm {
    /// The tenants in which the person has an account.
    ///
    /// `GET {arm}/tenants?api-version=2022-12-01`; anyone's token of any tenant. 200 with pages.
    /// See <https://learn.microsoft.com/rest/api/resources/tenants/list>.
    ///
    /// # Errors
    /// As for every call of [`crate::arm`].
    pub async fn tenants(&self) -> Result<Vec<TenantDescription>, Error> {
        let address = self.api.base.at(["tenants"]);
        self.api.list("arm.tenants.list", with_query(&address, &[SUBSCRIPTIONS_VERSION])).await
    }

    /// The subscriptions visible in the token's tenant: what a drop-down there would show. Subscriptions delegated to this
    /// tenant are among them and name another `tenant_id`.
    ///
    /// `GET {arm}/subscriptions?api-version=2022-12-01`; anyone's token. 200 with pages.
    /// See <https://learn.microsoft.com/rest/api/resources/subscriptions/list>.
    ///
    /// # Errors
    /// As for every call of [`crate::arm`].
    pub async fn subscriptions(&self) -> Result<Vec<Subscription>, Error> {
        let address = self.api.base.at(["subscriptions"]);
        self.api.list("arm.subscriptions.list", with_query(&address, &[SUBSCRIPTIONS_VERSION])).await
    }

    /// One subscription. `None`: unknown, or not visible in the token's tenant (for hours after a move, perhaps).
    ///
    /// `GET {arm}/subscriptions/{id}?api-version=2022-12-01`; a reader's token of the tenant it trusts. 200, 404
    /// `SubscriptionNotFound`, 401 `InvalidAuthenticationTokenTenant`, 403.
    /// See <https://learn.microsoft.com/rest/api/resources/subscriptions/get>.
    ///
    /// # Errors
    /// As for every call of [`crate::arm`].
    pub async fn subscription(&self, id: &SubscriptionId) -> Result<Option<Subscription>, Error> {
        let address = self.api.base.at(["subscriptions", id.as_str()]);
        let call = Call::get("arm.subscriptions.get", with_query(&address, &[SUBSCRIPTIONS_VERSION]));
        found(self.api.read(&call).await)
    }

    /// Registers the resource provider `Microsoft.Subscription` with a subscription. Takes effect within seconds or minutes.
    ///
    /// `POST {arm}/subscriptions/{id}/providers/Microsoft.Subscription/register?api-version=2021-04-01`; a
    /// contributor's token of the tenant it trusts. 200; saying it twice changes nothing.
    /// See <https://learn.microsoft.com/rest/api/resources/providers/register>.
    ///
    /// # Errors
    /// As for every call of [`crate::arm`].
    pub async fn register_provider(&self, id: &SubscriptionId) -> Result<(), Error> {
        let segments = ["subscriptions", id.as_str(), "providers", "Microsoft.Subscription", "register"];
        let address = with_query(&self.api.base.at(segments), &[("api-version", "2021-04-01")]);
        self.api.send(&Call::act("arm.providers.register", address)).await.map(|_| ())
    }

    /// Makes a call; if the subscription lacks the resource provider, registers it and makes the call again until the
    /// registration has taken effect or a few tries are used up.
    pub(super) async fn registered<T, F, C>(&self, id: &SubscriptionId, call: C) -> Result<T, Error>
    where
        C: Fn() -> F,
        F: Future<Output = Result<T, Error>>,
    {
        const TRIES: u32 = 4;
        let mut outcome = call().await;
        for again in 0..TRIES {
            match &outcome {
                Err(error) if error.kind() == ErrorKind::NotRegistered => {}
                _ => break,
            }
            if again == 0 {
                self.register_provider(id).await?;
            } else {
                let wait = self.api.http.settings().first_wait * 2_u32.pow(again);
                if self.api.deadline.is_some_and(|deadline| tokio::time::Instant::now() + wait > deadline) {
                    break;
                }
                tokio::time::sleep(wait).await;
            }
            outcome = call().await;
        }
        outcome
    }
}

const SUBSCRIPTIONS_VERSION: (&str, &str) = ("api-version", "2022-12-01");

impl From<String> for SubscriptionState {
    fn from(text: String) -> Self {
        match text.to_ascii_lowercase().as_str() {
            "enabled" => Self::Enabled,
            "warned" => Self::Warned,
            "pastdue" => Self::PastDue,
            "disabled" => Self::Disabled,
            "deleted" => Self::Deleted,
            _ => Self::Other(text),
        }
    }
}

impl From<SubscriptionState> for String {
    fn from(state: SubscriptionState) -> Self {
        match state {
            SubscriptionState::Enabled => "Enabled".to_owned(),
            SubscriptionState::Warned => "Warned".to_owned(),
            SubscriptionState::PastDue => "PastDue".to_owned(),
            SubscriptionState::Disabled => "Disabled".to_owned(),
            SubscriptionState::Deleted => "Deleted".to_owned(),
            SubscriptionState::Other(text) => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subscription(extra: &str) -> Subscription {
        serde_json::from_str(&format!(
            r#"{{"subscriptionId":"6c3c85bc-5366-4eaa-8055-a10529eafd03","displayName":"Shop",
                 "tenantId":"111a82eb-4c7b-48bb-962b-49363c510130","state":"enabled"{extra}}}"#
        ))
        .unwrap()
    }

    #[test]
    fn csp_student_and_internal_offers_cannot_move() {
        for (offer, stuck) in [
            ("CSP_2015-05-01", true),
            ("DreamSpark_2015-02-01", true),
            ("Internal_2014-09-01", true),
            ("PayAsYouGo_2014-09-01", false),
            ("MSDN_2014-09-01", false),
            ("SomethingNew_2030", false),
        ] {
            let it = subscription(&format!(r#","subscriptionPolicies":{{"quotaId":"{offer}"}}"#));
            assert_eq!(it.offer_cannot_move(), stuck, "{offer}");
        }
    }

    #[test]
    fn a_subscription_is_read_with_as_little_as_microsoft_may_send() {
        let it = subscription("");
        assert_eq!(it.state, SubscriptionState::Enabled);
        assert!(!it.is_delegated() && !it.offer_cannot_move());
        assert!(!subscription(r#","managedByTenants":null"#).is_delegated());
    }

    #[test]
    fn a_state_nobody_knows_yet_is_kept_as_it_is() {
        assert_eq!(SubscriptionState::from("Expired".to_owned()), SubscriptionState::Other("Expired".to_owned()));
        assert_eq!(String::from(SubscriptionState::from("pastdue".to_owned())), "PastDue");
    }
}
