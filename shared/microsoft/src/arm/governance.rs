//! What governs a subscription besides roles: Azure Policy, locks, and delegation to other tenants (Azure Lighthouse).

use jiff::Timestamp;
use onboarding::SubscriptionId;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Arm;
use crate::clouds::with_query;
use crate::errors::Error;

/// A policy, or an initiative, that was assigned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PolicyAssignment {
    /// Its full id, the scope included.
    pub id: String,
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// Where its managed identity lives, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Its managed identity: assignments that remedy have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<PolicyAssignmentIdentity>,
    /// What it says.
    #[serde(default)]
    pub properties: PolicyAssignmentProperties,
}

/// A policy assignment's managed identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyAssignmentIdentity {
    /// `SystemAssigned`, `UserAssigned` or `None`.
    #[serde(rename = "type", default)]
    pub kind: String,
}

/// What a policy assignment says. What is only needed to make it again is kept as Azure wrote it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PolicyAssignmentProperties {
    /// The name to show.
    pub display_name: Option<String>,
    /// What is assigned: a definition, or a set of them.
    pub policy_definition_id: String,
    /// Where it holds: at the subscription, in it, or above it.
    pub scope: Option<String>,
    /// Where it does not.
    pub not_scopes: Option<Vec<String>>,
    /// The values it was assigned with.
    pub parameters: Option<Value>,
    /// `Default` or `DoNotEnforce`.
    pub enforcement_mode: Option<String>,
}

/// A policy that someone wrote.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PolicyDefinition {
    /// Its full id.
    pub id: String,
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// What it says.
    #[serde(default)]
    pub properties: PolicyDefinitionProperties,
}

/// What a policy says, as Azure wrote it: nobody can read it back after the move.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PolicyDefinitionProperties {
    /// `Custom`, `BuiltIn` or `Static`.
    pub policy_type: Option<String>,
    /// The name to show.
    pub display_name: Option<String>,
    /// `All`, `Indexed`, or a resource provider's.
    pub mode: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// The rule.
    pub policy_rule: Option<Value>,
    /// The parameters it takes.
    pub parameters: Option<Value>,
}

/// An exemption from a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyExemption {
    /// Its full id, the scope included.
    pub id: String,
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// What it says.
    #[serde(default)]
    pub properties: PolicyExemptionProperties,
}

/// What an exemption says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PolicyExemptionProperties {
    /// Which assignment it is from.
    pub policy_assignment_id: String,
    /// `Waiver` or `Mitigated`.
    pub exemption_category: String,
    /// The name to show.
    pub display_name: Option<String>,
    /// Until when.
    pub expires_on: Option<Timestamp>,
}

/// A lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    /// Its full id, the scope included.
    pub id: String,
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// What it says.
    pub properties: LockProperties,
}

/// What a lock says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockProperties {
    /// `CanNotDelete`, `ReadOnly` or `NotSpecified`.
    #[serde(default)]
    pub level: String,
    /// What someone noted.
    #[serde(default)]
    pub notes: Option<String>,
}

/// A delegation of the subscription, or a part of it, to another tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delegation {
    /// Its full id, the scope included.
    pub id: String,
    /// What it says.
    #[serde(default)]
    pub properties: DelegationProperties,
}

/// What a delegation says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DelegationProperties {
    /// The offer that was accepted.
    pub registration_definition_id: String,
    /// The offer itself.
    pub registration_definition: Option<DelegationOffer>,
}

/// The offer of another tenant to manage something here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DelegationOffer {
    /// What it says.
    pub properties: DelegationOfferProperties,
}

/// What an offer says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DelegationOfferProperties {
    /// Its name.
    pub registration_definition_name: Option<String>,
    /// The tenant that manages. Kept as text: it is shown, and nothing is decided by it.
    pub managed_by_tenant_id: Option<String>,
    /// That tenant's name.
    pub managed_by_tenant_name: Option<String>,
}

impl Lock {
    /// Whether nothing can be written below it; role assignments can't either.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.properties.level.eq_ignore_ascii_case("ReadOnly")
    }
}

impl Delegation {
    /// The tenant that manages, where Azure says so.
    #[must_use]
    pub fn managed_by(&self) -> Option<&str> {
        self.properties.registration_definition.as_ref()?.properties.managed_by_tenant_id.as_deref()
    }
}

impl Arm {
    /// The policies assigned to a subscription: at it, in it, and those from above that reach it.
    ///
    /// `GET {arm}/subscriptions/{id}/providers/Microsoft.Authorization/policyAssignments?api-version=2022-06-01`; a
    /// reader's token of the tenant it trusts. 200 with pages.
    /// See <https://learn.microsoft.com/rest/api/policy/policy-assignments/list>.
    ///
    /// # Errors
    /// As for every call of [`crate::arm`].
    pub async fn policy_assignments(&self, id: &SubscriptionId) -> Result<Vec<PolicyAssignment>, Error> {
        let address = self.authorization(id, &["policyAssignments"]);
        let address = with_query(&address, &[("api-version", "2022-06-01")]);
        self.api.list("arm.policy_assignments.list", address).await
    }

    /// The policies that someone wrote in a subscription.
    ///
    /// `GET {arm}/subscriptions/{id}/providers/Microsoft.Authorization/policyDefinitions?api-version=2021-06-01&$filter=policyType eq 'Custom'`;
    /// a reader's token of the tenant it trusts. 200 with pages.
    /// See <https://learn.microsoft.com/rest/api/policy/policy-definitions/list>.
    ///
    /// # Errors
    /// As for every call of [`crate::arm`].
    pub async fn custom_policies(&self, id: &SubscriptionId) -> Result<Vec<PolicyDefinition>, Error> {
        let address = self.authorization(id, &["policyDefinitions"]);
        let query = [("api-version", "2021-06-01"), ("$filter", "policyType eq 'Custom'")];
        self.api.list("arm.policy_definitions.list_custom", with_query(&address, &query)).await
    }

    /// The exemptions from policies at a subscription and in it.
    ///
    /// `GET {arm}/subscriptions/{id}/providers/Microsoft.Authorization/policyExemptions?api-version=2022-07-01-preview`;
    /// a reader's token of the tenant it trusts. 200 with pages. There is no version that is not a preview.
    /// See <https://learn.microsoft.com/rest/api/policy/policy-exemptions/list>.
    ///
    /// # Errors
    /// As for every call of [`crate::arm`].
    pub async fn policy_exemptions(&self, id: &SubscriptionId) -> Result<Vec<PolicyExemption>, Error> {
        let address = self.authorization(id, &["policyExemptions"]);
        let address = with_query(&address, &[("api-version", "2022-07-01-preview")]);
        self.api.list("arm.policy_exemptions.list", address).await
    }

    /// The locks at a subscription and in it.
    ///
    /// `GET {arm}/subscriptions/{id}/providers/Microsoft.Authorization/locks?api-version=2020-05-01`; the token, of the
    /// tenant it trusts, of someone who may read locks. 200 with pages.
    /// See <https://learn.microsoft.com/rest/api/resources/management-locks/list-at-subscription-level>.
    ///
    /// # Errors
    /// As for every call of [`crate::arm`].
    pub async fn locks(&self, id: &SubscriptionId) -> Result<Vec<Lock>, Error> {
        let address = with_query(&self.authorization(id, &["locks"]), &[("api-version", "2020-05-01")]);
        self.api.list("arm.locks.list", address).await
    }

    /// The delegations of a subscription to other tenants, with the offers they accepted.
    ///
    /// `GET {arm}/subscriptions/{id}/providers/Microsoft.ManagedServices/registrationAssignments?api-version=2022-10-01&$expandRegistrationDefinition=true`;
    /// a reader's token of the tenant it trusts. 200 with pages.
    /// See <https://learn.microsoft.com/rest/api/managedservices/registration-assignments/list>.
    ///
    /// # Errors
    /// As for every call of [`crate::arm`].
    pub async fn delegations(&self, id: &SubscriptionId) -> Result<Vec<Delegation>, Error> {
        let segments =
            ["subscriptions", id.as_str(), "providers", "Microsoft.ManagedServices", "registrationAssignments"];
        let query = [("api-version", "2022-10-01"), ("$expandRegistrationDefinition", "true")];
        self.api.list("arm.registration_assignments.list", with_query(&self.api.base.at(segments), &query)).await
    }
}
