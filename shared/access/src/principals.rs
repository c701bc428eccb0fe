//! The people, groups and applications that have access, as each directory describes them.

use onboarding::{ObjectId, TenantId};
use serde::{Deserialize, Serialize};

/// What a principal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PrincipalKind {
    /// A member of the directory.
    Member,
    /// A guest: their home is another directory, or a personal account.
    Guest,
    /// A group.
    Group,
    /// An application's service principal.
    Application,
    /// A managed identity: it belongs to a resource and gets another object when it is made again.
    ManagedIdentity,
    /// The directory no longer knows it, or we may not read it.
    Unknown,
}

/// A principal as a directory describes it. Every attribute may be missing; a missing one matches nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Principal {
    /// Its object id in that directory.
    pub id: ObjectId,
    /// What it is.
    pub kind: PrincipalKind,
    /// Its display name: for people to read, never to match by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `userPrincipalName`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upn: Option<String>,
    /// `mail`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<String>,
    /// `otherMails`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_mails: Vec<String>,
    /// Issuers of its identities: `contoso.onmicrosoft.com`, `ExternalAzureAD`, `MicrosoftAccount`, …
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub issuers: Vec<String>,
    /// Of a guest: whether the invitation was accepted, that is, whether the address was ever proved.
    #[serde(default)]
    pub accepted: bool,
    /// Of a user: whether the account is enabled.
    #[serde(default)]
    pub enabled: bool,
    /// Of a synchronised user or group: the security identifier of the on-premises object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_premises_sid: Option<String>,
    /// Of an application: its application (client) id, the same in every directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_id: Option<String>,
    /// Of an application: the tenant that registered it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_owner: Option<TenantId>,
    /// Of a managed identity: the resource it belongs to (`alternativeNames`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<String>,
}

/// A directory, as far as the mapping needs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DirectoryFacts {
    /// Its id.
    pub tenant: TenantId,
    /// Its verified domains, lower case.
    pub verified_domains: Vec<String>,
}
