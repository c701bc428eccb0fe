//! A person's word that the subscription shall be moved, bound to what they saw, where it goes, who they are and when they proved
//! it.

use onboarding::{ObjectId, TenantId};
use serde::{Deserialize, Serialize};

/// What was confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Confirmation {
    /// SHA-256 of the report.
    pub report_hash: String,
    /// SHA-256 of the decisions about access and hard stops.
    pub decisions_hash: String,
    /// The directory it goes to.
    pub partner: TenantId,
    /// The tenant the approver signed in to.
    pub approver_tenant: TenantId,
    /// The approver there.
    pub approver: ObjectId,
    /// When they signed in. Seconds since 1970.
    pub signed_in_at: i64,
    /// When they confirmed. RFC 3339, UTC.
    pub at: String,
    /// The name they typed.
    pub typed_name: String,
}
