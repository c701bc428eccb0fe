//! The ledger: every effect, with who caused it.

use serde::Serialize;
use serde_json::Value;

/// One effect.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Entry {
    pub(crate) seq: usize,
    pub(crate) at: String,
    pub(crate) cloud: String,
    pub(crate) kind: Kind,
    pub(crate) caller: Option<Caller>,
    /// What it happened to: a subscription id, an object id, a tenant id.
    pub(crate) subject: String,
    pub(crate) detail: Value,
}

/// Whose token was used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Caller {
    pub(crate) tid: String,
    pub(crate) oid: String,
    pub(crate) client_id: String,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    SignedIn,
    MfaRegistered,
    ConsentGranted,
    ConsentDeclined,
    TokenIssued,
    TokenRefused,
    InvitationCreated,
    InvitationRepeated,
    InvitationRedeemed,
    GuestDeleted,
    ChangeTenantRequestInitiated,
    ChangeTenantRequestDeleted,
    ChangeTenantRequestAccepted,
    DirectoryChanged,
    RoleAssignmentsWiped,
    RoleAssignmentCreated,
    RoleAssignmentDeleted,
    RoleDefinitionCreated,
    WhatIfAsked,
    WrongTenantToken,
    PolicyChanged,
    RefreshTokensRevoked,
    ControlChange,
}
