//! Access that is not there yet, and access that is denied: roles that someone may activate (Privileged Identity Management), and
//! deny assignments.
//!
//! Neither can be made again by us: eligibility needs the other directory's licence and policies, deny assignments are made by
//! Azure itself. They are read to be shown.

use jiff::Timestamp;
use onboarding::{ObjectId, SubscriptionId};
use serde::{Deserialize, Serialize};

use super::Arm;
use super::access::{VERSION, last_segment};
use crate::clouds::with_query;
use crate::errors::Error;

/// A role that someone may activate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleEligibility {
    /// Its full id.
    pub id: String,
    /// What it says.
    pub properties: RoleEligibilityProperties,
}

/// What an eligibility says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoleEligibilityProperties {
    /// Where the role would hold.
    #[serde(default)]
    pub scope: Option<String>,
    /// Which role; compare by [`RoleEligibility::role`].
    pub role_definition_id: String,
    /// Whom it is for.
    pub principal_id: ObjectId,
    /// `User`, `Group`, …
    #[serde(default)]
    pub principal_type: Option<String>,
    /// `Inherited`, `Direct` or `Group`.
    #[serde(default)]
    pub member_type: Option<String>,
    /// Until when it may be activated; nothing is for ever.
    #[serde(default)]
    pub end_date_time: Option<Timestamp>,
}

/// A deny assignment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DenyAssignment {
    /// Its full id.
    pub id: String,
    /// What it says.
    pub properties: DenyAssignmentProperties,
}

/// What a deny assignment says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DenyAssignmentProperties {
    /// Its name.
    pub deny_assignment_name: String,
    /// Where it holds.
    pub scope: String,
    /// Whether Azure made it and nobody can change it.
    pub is_system_protected: bool,
}

impl RoleEligibility {
    /// The role definition's GUID, in lower case.
    #[must_use]
    pub fn role(&self) -> String {
        last_segment(&self.properties.role_definition_id)
    }
}

impl Arm {
    /// Every role that someone may activate at, above or below a subscription.
    ///
    /// `GET {arm}/subscriptions/{id}/providers/Microsoft.Authorization/roleEligibilityScheduleInstances?api-version=2020-10-01`;
    /// a reader's token of the tenant it trusts. 200 with pages; 400 `AadPremiumLicenseRequired` where the directory has no
    /// licence for it: then there is nothing to activate, and the list is empty.
    /// See <https://learn.microsoft.com/rest/api/authorization/role-eligibility-schedule-instances/list-for-scope>.
    ///
    /// # Errors
    /// As for every call of [`crate::arm`].
    pub async fn role_eligibilities(&self, id: &SubscriptionId) -> Result<Vec<RoleEligibility>, Error> {
        self.eligible(id, &[ELIGIBILITY_VERSION]).await
    }

    /// The roles that the token's person may activate at, above or below a subscription, those through groups too.
    ///
    /// As [`Arm::role_eligibilities`], with `$filter=asTarget()`.
    ///
    /// # Errors
    /// As for every call of [`crate::arm`].
    pub async fn my_role_eligibilities(&self, id: &SubscriptionId) -> Result<Vec<RoleEligibility>, Error> {
        self.eligible(id, &[ELIGIBILITY_VERSION, ("$filter", "asTarget()")]).await
    }

    /// The deny assignments at, above and below a subscription.
    ///
    /// `GET {arm}/subscriptions/{id}/providers/Microsoft.Authorization/denyAssignments?api-version=2022-04-01`; a
    /// reader's token of the tenant it trusts. 200 with pages.
    /// See <https://learn.microsoft.com/rest/api/authorization/deny-assignments/list>.
    ///
    /// # Errors
    /// As for every call of [`crate::arm`].
    pub async fn deny_assignments(&self, id: &SubscriptionId) -> Result<Vec<DenyAssignment>, Error> {
        let address = with_query(&self.authorization(id, &["denyAssignments"]), &[VERSION]);
        self.api.list("arm.deny_assignments.list", address).await
    }

    async fn eligible(&self, id: &SubscriptionId, query: &[(&str, &str)]) -> Result<Vec<RoleEligibility>, Error> {
        let address = with_query(&self.authorization(id, &["roleEligibilityScheduleInstances"]), query);
        match self.api.list("arm.role_eligibilities.list", address).await {
            Err(error) if error.has_code("AadPremiumLicenseRequired") => Ok(Vec::new()),
            outcome => outcome,
        }
    }
}

const ELIGIBILITY_VERSION: (&str, &str) = ("api-version", "2020-10-01");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_eligibility_without_an_end_is_for_ever() {
        let read = |end: &str| -> RoleEligibility {
            serde_json::from_str(&format!(
                r#"{{"id":"/e","properties":{{"roleDefinitionId":"/x/roleDefinitions/8E3AF657-A8FF-443C-A75C-2FE8C4BCB635",
                    "principalId":"ce2ce14e-85d7-4629-bdbc-454d0519d987"{end}}}}}"#
            ))
            .unwrap()
        };
        assert_eq!(read("").properties.end_date_time, None);
        assert_eq!(read(r#","endDateTime":null"#).properties.end_date_time, None);
        let ending = read(r#","endDateTime":"2030-01-01T00:00:00Z""#);
        assert_eq!(ending.properties.end_date_time, Some("2030-01-01T00:00:00Z".parse().unwrap()));
        assert_eq!(ending.role(), super::super::OWNER_ROLE);
    }
}
