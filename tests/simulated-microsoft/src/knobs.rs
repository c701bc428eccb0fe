//! Readings of what nobody outside Microsoft knows, and attacks on the sign-in.

use serde::{Deserialize, Serialize};

/// Every knob; the default is the reading closest to Microsoft's examples.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Knobs {
    /// The word for a request that waits: every example says Initiated, the definition says Initialized.
    pub(crate) pending_status: String,
    /// Answer to reading a request that does not exist.
    pub(crate) no_request: NoRequest,
    /// A second PUT over a pending request.
    pub(crate) repeated_put: RepeatedPut,
    /// Status asked for by the acceptor before acceptance.
    pub(crate) status_before_acceptance: StatusBefore,
    /// Whether the acceptor must hold an Entra admin role.
    pub(crate) acceptor_must_be_admin: bool,
    /// How a policy that was never configured is shown.
    pub(crate) unset_policy: UnsetPolicy,
    /// Whether people who are not Global Administrators may read the policy.
    pub(crate) policy_readable: bool,
    /// A second acceptance.
    pub(crate) second_acceptance: SecondAcceptance,
    /// When an unknown destination owner is noticed.
    pub(crate) destination_owner_checked_at: When,
    /// When a policy that blocks entering is noticed.
    pub(crate) entering_policy_checked_at: When,
    /// The newest api-version of the change-directory family that is live.
    pub(crate) newest_version: String,
    /// Whether a subscription must have the resource provider registered.
    pub(crate) registration_required: bool,
    /// Whether a refresh token works in a second tenant.
    pub(crate) refresh_across_tenants: bool,
    /// Whether asking for the status counts as a write for the second factor.
    pub(crate) status_needs_mfa: bool,
    /// Whether writes of people need a second factor (the public cloud only).
    pub(crate) writes_need_mfa: bool,
    /// The status of the answer to a write without a second factor: 401 or 403.
    pub(crate) mfa_refusal_status: u16,
    /// Whether the acceptor becomes Owner by acceptance.
    pub(crate) acceptor_becomes_owner: bool,
    /// Whether `principalType` lets a role assignment name a principal that is not replicated yet.
    pub(crate) principal_type_skips_replication: bool,
    /// How many of the newest resources Resource Graph does not show yet.
    pub(crate) inventory_misses: usize,
    /// Whether the directory has the licence that eligible assignments need.
    pub(crate) eligible_assignments: bool,
    /// Whether a what-if is answered at a second address.
    pub(crate) what_if_later: bool,
    /// How many writes a person may make in a subscription at once.
    pub(crate) writes_burst: u32,
    /// How many writes come back each second.
    pub(crate) writes_per_second: u32,
    /// What is wrong with id tokens.
    pub(crate) id_token: IdTokenAttack,
}

impl Default for Knobs {
    fn default() -> Self {
        Self {
            pending_status: "Initiated".to_owned(),
            no_request: NoRequest::NotFound,
            repeated_put: RepeatedPut::Overwrite,
            status_before_acceptance: StatusBefore::Shown,
            acceptor_must_be_admin: false,
            unset_policy: UnsetPolicy::True,
            policy_readable: true,
            second_acceptance: SecondAcceptance::Conflict,
            destination_owner_checked_at: When::Put,
            entering_policy_checked_at: When::Accept,
            newest_version: "2026-08-01-preview".to_owned(),
            registration_required: false,
            refresh_across_tenants: true,
            status_needs_mfa: false,
            writes_need_mfa: true,
            mfa_refusal_status: 401,
            acceptor_becomes_owner: true,
            principal_type_skips_replication: false,
            inventory_misses: 0,
            eligible_assignments: true,
            what_if_later: false,
            writes_burst: 200,
            writes_per_second: 10,
            id_token: IdTokenAttack::None,
        }
    }
}

/// U-4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum NoRequest {
    /// 404.
    NotFound,
    /// 200 without properties.
    Empty,
}

/// U-5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RepeatedPut {
    /// The new request replaces the old one.
    Overwrite,
    /// 409.
    Conflict,
    /// 200 with the old request.
    Keep,
}

/// U-6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum StatusBefore {
    /// The pending request, as in Microsoft's example of 2026.
    Shown,
    /// 404.
    NotFound,
    /// 403.
    Forbidden,
}

/// U-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum UnsetPolicy {
    /// true, which is what it means since 2026-05-01.
    True,
    /// false, although it blocks.
    False,
    /// null.
    Null,
    /// The fields are absent.
    Absent,
    /// 404.
    NotFound,
}

/// U-9.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum SecondAcceptance {
    /// 204 again, without effect.
    NoContent,
    /// 409.
    Conflict,
    /// 404.
    NotFound,
}

/// U-10 and the policy table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum When {
    /// At the request.
    Put,
    /// At acceptance.
    Accept,
}

/// An attack on id tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum IdTokenAttack {
    /// None.
    None,
    /// Another nonce.
    WrongNonce,
    /// Another issuer.
    WrongIssuer,
    /// Another tenant in `tid` than in the issuer.
    WrongTenant,
    /// Another audience.
    WrongAudience,
    /// Signed by a key that the tenant does not publish.
    UnknownKey,
    /// Names a published key, but was signed by another.
    BadSignature,
    /// Not signed at all.
    AlgNone,
    /// Expired an hour ago.
    Expired,
}
