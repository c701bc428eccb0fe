//! Partner Center: the account that belongs to the partner directory.
//!
//! Base: the `partner_center` address of the cloud. The token is the partner admin's, of the **partner** tenant (App+User), and
//! must have been got with multi-factor authentication: else 401 with code 900421 ([`ErrorKind::ClaimsChallenge`]). Everything
//! here is a read. Indirect resellers have no API access at all, so nothing may depend on it.
//! Common answers: 401/800001 ([`ErrorKind::Unauthenticated`]), 403/2032 and 403/900150 (the person's role lacks the right,
//! [`ErrorKind::Forbidden`]), 404/1000, 404/60003 ([`ErrorKind::NotFound`]), 429 with the gateway's own envelope
//! ([`ErrorKind::Throttled`]).
//! See <https://learn.microsoft.com/partner-center/developer/error-codes> and
//! <https://learn.microsoft.com/partner-center/security/partner-security-requirements-mandating-mfa>.

use onboarding::TenantId;
use serde::{Deserialize, Serialize};

use crate::clouds::with_query;
use crate::errors::{Error, ErrorKind};
use crate::http::{Api, Call};

/// Partner Center as one person in one tenant may use it.
#[derive(Debug, Clone)]
pub struct PartnerCenter {
    api: Api,
}

/// What Partner Center says about the account.
#[derive(Debug, Clone)]
pub struct PartnerAccount {
    /// Its organisation.
    pub organization: OrganizationProfile,
    /// Whether the token was got with multi-factor authentication, if Partner Center says.
    pub mfa_compliant: Option<bool>,
}

/// The organisation of a Partner Center account.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrganizationProfile {
    /// Its id in Partner Center.
    #[serde(default)]
    pub id: String,
    /// Its name.
    #[serde(default)]
    pub company_name: String,
    /// The directory it belongs to: see [`OrganizationProfile::is_of`].
    #[serde(default)]
    pub tenant_id: String,
    /// Its domain.
    #[serde(default)]
    pub domain: Option<String>,
}

/// The partner's number in the Microsoft partner programme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MpnProfile {
    /// The number.
    pub mpn_id: String,
    /// The name it is registered under.
    #[serde(default)]
    pub partner_name: Option<String>,
}

/// What Microsoft knows of the company in law.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LegalBusinessProfile {
    /// Its name.
    #[serde(default)]
    pub company_name: String,
    /// How far Microsoft's check of it is, such as `authorized`, `pending` or `rejected`.
    #[serde(default)]
    pub vetting_status: Option<String>,
    /// Where in the check it is.
    #[serde(default)]
    pub vetting_sub_status: Option<String>,
}

impl PartnerCenter {
    pub(crate) fn new(api: Api) -> Self {
        Self { api }
    }

    /// The organisation of the account, and whether the token meets the rule on multi-factor authentication.
    ///
    /// `GET {pc}/v1/profiles/organization` with `ValidateMfa: true`, to which Partner Center answers with the header
    /// `isMfaCompliant`. 200, 401, 403, 404.
    /// See <https://learn.microsoft.com/partner-center/developer/get-an-organization-profile>.
    ///
    /// # Errors
    /// As for every call of [`crate::partner_center`].
    pub async fn account(&self) -> Result<PartnerAccount, Error> {
        let address = self.api.base.at(["v1", "profiles", "organization"]);
        let call = Call::get("partner_center.organization", address).header("ValidateMfa", "true");
        let answer = self.api.send(&call).await?;
        let said = answer.header("isMfaCompliant").unwrap_or_default().trim().to_ascii_lowercase();
        Ok(PartnerAccount {
            organization: answer.json()?,
            mfa_compliant: match said.as_str() {
                "true" => Some(true),
                "false" => Some(false),
                _ => None,
            },
        })
    }

    /// The account's partner number. `None`: it has none.
    ///
    /// `GET {pc}/v1/profiles/mpn`. 200; 404 (800015, 3000) is none.
    /// See <https://learn.microsoft.com/partner-center/developer/get-partner-network-profile>.
    ///
    /// # Errors
    /// As for every call of [`crate::partner_center`].
    pub async fn mpn(&self) -> Result<Option<MpnProfile>, Error> {
        let address = self.api.base.at(["v1", "profiles", "mpn"]);
        absent(self.api.read(&Call::get("partner_center.mpn", address)).await)
    }

    /// The company in law, and whether Microsoft has vetted it. `None`: nothing is recorded.
    ///
    /// `GET {pc}/v1/profiles/legalbusiness?vettingVersion=Current`. 200, 404.
    /// See <https://learn.microsoft.com/partner-center/developer/get-legal-business-profile>.
    ///
    /// # Errors
    /// As for every call of [`crate::partner_center`].
    pub async fn legal_business(&self) -> Result<Option<LegalBusinessProfile>, Error> {
        let address = self.api.base.at(["v1", "profiles", "legalbusiness"]);
        let address = with_query(&address, &[("vettingVersion", "Current")]);
        absent(self.api.read(&Call::get("partner_center.legal_business", address)).await)
    }
}

impl OrganizationProfile {
    /// Whether the account belongs to this directory.
    #[must_use]
    pub fn is_of(&self, tenant: &TenantId) -> bool {
        TenantId::parse(&self.tenant_id).is_ok_and(|ours| ours == *tenant)
    }
}

// A company may be a person.
impl std::fmt::Debug for OrganizationProfile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OrganizationProfile").field("tenant_id", &self.tenant_id).finish_non_exhaustive()
    }
}

impl LegalBusinessProfile {
    /// Whether Microsoft's check ended well.
    #[must_use]
    pub fn is_authorized(&self) -> bool {
        self.vetting_status.as_deref().is_some_and(|status| status.eq_ignore_ascii_case("authorized"))
    }
}

fn absent<T>(outcome: Result<T, Error>) -> Result<Option<T>, Error> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_belongs_to_a_directory_in_any_spelling_of_its_id() {
        let tenant = TenantId::parse("111a82eb-4c7b-48bb-962b-49363c510130").unwrap();
        let profile = |id: &str| -> OrganizationProfile {
            serde_json::from_value(serde_json::json!({"id": "x", "companyName": "Fabrikam", "tenantId": id})).unwrap()
        };
        assert!(profile("111A82EB-4C7B-48BB-962B-49363C510130").is_of(&tenant));
        assert!(!profile("").is_of(&tenant));
        assert!(!profile("211a82eb-4c7b-48bb-962b-49363c510130").is_of(&tenant));
        assert!(!format!("{:?}", profile("x")).contains("Fabrikam"));
    }
}
