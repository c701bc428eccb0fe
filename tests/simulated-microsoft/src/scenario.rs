//! The scenario: who and what exists in the simulated clouds when the server starts. Read from JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The default scenario's file.
pub(crate) const DEFAULT: &str = include_str!("default-scenario.json");

/// Everything that exists at the start, by cloud.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Scenario {
    /// How many rows a page of a list holds before it links to the next.
    pub page_size: usize,
    /// How long changes take to show.
    pub timing: Timing,
    /// What exists, by cloud name: public, us-government, us-government-dod, china, germany.
    pub clouds: BTreeMap<String, Cloud>,
}

/// Why a scenario could not be read.
#[derive(Debug, thiserror::Error)]
#[error("the scenario does not fit at {place}: {reason}")]
pub struct ScenarioError {
    place: String,
    reason: String,
}

impl Scenario {
    /// Reads a scenario from JSON.
    ///
    /// # Errors
    /// JSON that is malformed, or has a field too many, too few or of another type: the error names it.
    pub fn from_json(text: &str) -> Result<Self, ScenarioError> {
        let mut reader = serde_json::Deserializer::from_str(text);
        serde_path_to_error::deserialize(&mut reader)
            .map_err(|error| ScenarioError { place: error.path().to_string(), reason: error.inner().to_string() })
    }

    /// The default scenario's JSON text.
    #[must_use]
    pub fn default_json() -> &'static str {
        DEFAULT
    }

    /// The default scenario (the crate's documentation lists who is in it).
    ///
    /// # Panics
    /// Never: the embedded file is read by a test.
    #[must_use]
    pub fn standard() -> Self {
        #[expect(clippy::expect_used, reason = "the file is part of the program, and a test reads it")]
        Self::from_json(DEFAULT).expect("the embedded scenario fits")
    }
}

/// How long, in milliseconds of the simulated clock, a change takes to show.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Timing {
    /// From acceptance until the subscription trusts the new directory.
    pub directory_moves_after_ms: i64,
    /// From acceptance until the subscription is seen in the new directory.
    pub subscription_visible_after_ms: i64,
    /// From acceptance until the acceptor's Owner role has effect.
    pub owner_effective_after_ms: i64,
    /// From an invitation until role assignments know the guest.
    pub guest_known_to_rbac_after_ms: i64,
    /// From an invitation until the guest can sign in.
    pub guest_can_sign_in_after_ms: i64,
    /// From a role assignment until it has effect.
    pub role_assignment_effective_after_ms: i64,
}

/// One Microsoft cloud.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Cloud {
    /// Applications registered in this cloud.
    pub apps: Vec<App>,
    /// Its directories.
    pub tenants: Vec<Tenant>,
    /// People with accounts in it.
    pub people: Vec<Person>,
    /// Its subscriptions.
    pub subscriptions: Vec<Subscription>,
    /// Partner Center accounts.
    pub partner_center: Vec<PartnerAccount>,
}

/// An application registration.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct App {
    /// The client id.
    pub client_id: String,
    /// What people see on the consent page.
    pub display_name: String,
    /// Any of these proves the client.
    pub client_secrets: Vec<String>,
    /// Where a sign-in may return to, exactly.
    pub redirect_uris: Vec<String>,
    /// Paths allowed on `http://127.0.0.1` and `http://localhost` with any port.
    pub loopback_paths: Vec<String>,
    /// What the registration asks for (what `.default` means), by resource: arm, graph, partner-center.
    pub permissions: BTreeMap<String, Vec<String>>,
    /// Consents that exist from the start.
    pub consents: Vec<Consent>,
}

/// A consent to some scopes of one resource, by one user or for a whole tenant.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Consent {
    /// The tenant.
    pub tenant_id: String,
    /// The user; absent: everyone in the tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oid: Option<String>,
    /// arm, graph or partner-center.
    pub resource: String,
    /// The scopes.
    pub scopes: Vec<String>,
}

/// A directory.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Tenant {
    /// Its id.
    pub tenant_id: String,
    /// Its name.
    pub display_name: String,
    /// default-directory, partner or other.
    pub kind: TenantKind,
    /// Verified domains.
    pub domains: Vec<String>,
    /// The one shown first.
    pub default_domain: String,
    /// What it says about subscriptions that come and go.
    pub policy: SubscriptionPolicy,
    /// Who may invite guests: none, adminsAndGuestInviters, adminsGuestInvitersAndAllMembers, everyone.
    pub invites_from: String,
    /// Domains whose people nobody may invite here: their own directory, or the two together, don't allow it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub invites_nobody_of: Vec<String>,
    /// When a second factor is asked for.
    pub mfa: Mfa,
    /// Groups.
    #[serde(default)]
    pub groups: Vec<Group>,
    /// Service principals.
    #[serde(default)]
    pub service_principals: Vec<ServicePrincipal>,
}

/// What kind of directory it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TenantKind {
    /// Came with a personal account's first Azure subscription.
    DefaultDirectory,
    /// Belongs to a partner.
    Partner,
    /// Any other.
    Other,
}

/// When a tenant asks for a second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mfa {
    /// At every sign-in.
    Required,
    /// When the application asks for it with a claim.
    OnDemand,
}

/// A group, for role assignments to groups.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Group {
    /// Object id.
    pub oid: String,
    /// Name.
    pub display_name: String,
    /// Object ids of its members.
    pub members: Vec<String>,
    /// Its identity in an on-premises directory, if it comes from one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_premises_security_identifier: Option<String>,
}

/// A service principal, for role assignments to one.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServicePrincipal {
    /// Object id.
    pub oid: String,
    /// Name.
    pub display_name: String,
    /// The application's id, the same in every directory that knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_id: Option<String>,
    /// The directory that the application is registered in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_owner_organization_id: Option<String>,
    /// Application, unless it says ManagedIdentity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_principal_type: Option<String>,
    /// Of a managed identity: isExplicit, and the resource.
    #[serde(default)]
    pub alternative_names: Vec<String>,
}

/// The tenant's subscription policy.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SubscriptionPolicy {
    /// May subscriptions leave?
    pub leaving: Rule,
    /// May subscriptions enter?
    pub into: Rule,
    /// Object ids of people whom neither rule stops.
    pub exempted_principals: Vec<String>,
}

/// One rule of a subscription policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// Never configured, which blocks since 2026-05-01.
    Unset,
    /// Allowed.
    Allow,
    /// Blocked.
    Block,
}

impl Rule {
    pub(crate) fn blocks(self) -> bool {
        match self {
            Self::Unset | Self::Block => true,
            Self::Allow => false,
        }
    }
}

/// A person with one account.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Person {
    /// The name they sign in with.
    pub email: String,
    /// Their name.
    pub display_name: String,
    /// personal (a Microsoft account) or work.
    pub kind: AccountKind,
    /// The tenant that checks the password; for personal accounts the consumer tenant.
    pub home_tenant_id: String,
    /// The password.
    pub password: String,
    /// Whether a second factor is set up.
    pub mfa_registered: bool,
    /// What the authenticator shows.
    pub mfa_code: String,
    /// Whatever directory is asked for, this is the one that their sign-ins end in: what an application must not rely on Microsoft to
    /// prevent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signs_in_at: Option<String>,
    /// Where the account is a member or guest.
    pub memberships: Vec<Membership>,
}

/// Personal or work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccountKind {
    /// A Microsoft account.
    Personal,
    /// A work or school account.
    Work,
}

/// A person's object in one tenant.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Membership {
    /// The tenant.
    pub tenant_id: String,
    /// The object id there.
    pub oid: String,
    /// The user principal name there.
    pub user_principal_name: String,
    /// Member or Guest.
    pub user_type: String,
    /// Directory roles by display name.
    pub roles: Vec<String>,
    /// For guests: PendingAcceptance or Accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_user_state: Option<String>,
    /// The person's identity in an on-premises directory, if the object comes from one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_premises_security_identifier: Option<String>,
    /// Whether the account is switched off there.
    #[serde(default)]
    pub disabled: bool,
}

/// A subscription.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Subscription {
    /// Its id.
    pub subscription_id: String,
    /// Its name.
    pub display_name: String,
    /// The directory it trusts.
    pub tenant_id: String,
    /// Enabled, Warned, PastDue, Disabled or Deleted.
    pub state: String,
    /// What was bought, e.g. `PayAsYouGo_2014-09-01`.
    pub quota_id: String,
    /// On, Off or CurrentPeriodOff.
    pub spending_limit: String,
    /// Who has which role.
    pub role_assignments: Vec<RoleAssignment>,
    /// Roles defined in it.
    #[serde(default)]
    pub custom_roles: Vec<CustomRole>,
    /// Resources, as Resource Graph's rows.
    #[serde(default)]
    pub resources: Vec<Value>,
    /// Resource groups that exist beside those of the resources, by name.
    #[serde(default)]
    pub resource_groups: Vec<String>,
    /// What can only be read, as Azure's rows, by type: policyAssignments, policyDefinitions, policyExemptions, locks,
    /// denyAssignments, roleEligibilityScheduleInstances, registrationAssignments.
    #[serde(default)]
    pub governance: BTreeMap<String, Vec<Value>>,
    /// Tenants that manage it by delegation.
    #[serde(default)]
    pub managed_by_tenants: Vec<String>,
}

/// A role assignment.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RoleAssignment {
    /// Its GUID.
    pub name: String,
    /// Who.
    pub principal_id: String,
    /// User, Group, ServicePrincipal, ForeignGroup or Device.
    pub principal_type: String,
    /// The role's GUID.
    pub role_definition_id: String,
    /// Where; absent: the subscription.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// A condition on what the role allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// The condition language's version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition_version: Option<String>,
}

/// A role defined in a subscription.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CustomRole {
    /// Its GUID.
    pub name: String,
    /// Its name.
    pub role_name: String,
    /// What it is for.
    pub description: String,
    /// What it allows.
    pub actions: Vec<String>,
    /// What it does not.
    pub not_actions: Vec<String>,
    /// What it allows with data.
    #[serde(default)]
    pub data_actions: Vec<String>,
    /// What it does not allow with data.
    #[serde(default)]
    pub not_data_actions: Vec<String>,
    /// Where it can be assigned; empty: in its subscription.
    #[serde(default)]
    pub assignable_scopes: Vec<String>,
}

/// A Partner Center account.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PartnerAccount {
    /// The partner's directory.
    pub tenant_id: String,
    /// The organisation profile's id.
    pub profile_id: String,
    /// The company.
    pub company_name: String,
    /// Its domain.
    pub domain: String,
    /// Its contact.
    pub email: String,
    /// Its Microsoft AI Cloud Partner Program id.
    pub mpn_id: String,
    /// authorized, pending, ….
    pub vetting_status: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_scenario_fits() {
        let scenario = Scenario::standard();
        assert_eq!(scenario.clouds.len(), 5);
        assert!(scenario.clouds["public"].subscriptions.iter().any(|it| it.display_name == "Contoso Prod"));
    }

    #[test]
    fn a_field_that_does_not_belong_is_named() {
        let error = Scenario::from_json(r#"{"pageSize":2,"surprise":1}"#).unwrap_err().to_string();
        assert!(error.contains("surprise"), "{error}");
    }
}
