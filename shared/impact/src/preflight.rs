//! Whether the subscription can be moved: one row a condition, each from a real call, with its evidence, its fix and who can fix it.

use onboarding::Actor;
use serde::{Deserialize, Serialize};

/// What a row says. Unknown is never presented as fine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It holds.
    Holds,
    /// It holds, and there is something to know.
    Warning,
    /// It does not hold.
    Fails,
    /// It can't be told from here.
    Unknown,
}

/// Where a row belongs on the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// The signed-in accounts.
    Account,
    /// The subscription.
    Subscription,
    /// The directory it is in.
    SourceDirectory,
    /// The directory it goes to.
    PartnerDirectory,
    /// Partner Center.
    PartnerCenter,
    /// This service.
    OurSide,
}

/// Who can fix a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fixer {
    /// The subscription owner.
    Owner,
    /// The partner admin.
    PartnerAdmin,
    /// A Global Administrator of the source directory.
    SourceGlobalAdministrator,
    /// A Global Administrator of the partner directory.
    PartnerGlobalAdministrator,
    /// The billing account's administrator.
    BillingAdministrator,
    /// Whoever operates this service.
    Operator,
    /// Nobody: this subscription can't be moved.
    Nobody,
}

/// The rows, by stable id. Texts live with the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckId {
    /// The owner has the Owner role on the subscription itself, without conditions.
    OwnerRole,
    /// The owner's sign-in has multi-factor authentication.
    OwnerMfa,
    /// The offer may change its directory.
    Offer,
    /// The subscription is active.
    SubscriptionState,
    /// The spending limit is off.
    SpendingLimit,
    /// No other tenant manages it (Azure Lighthouse).
    Lighthouse,
    /// Nobody else has started a change of directory.
    PendingRequest,
    /// The source directory lets subscriptions leave.
    LeavingPolicy,
    /// The partner directory lets subscriptions enter.
    EnteringPolicy,
    /// The partner admin administers the partner directory.
    PartnerAdminRole,
    /// The partner admin's sign-in satisfies Partner Center's multi-factor rule.
    PartnerMfa,
    /// Partner Center knows the partner directory as a partner.
    PartnerAccount,
    /// The partner directory lets its administrator invite guests.
    Invitations,
    /// The app has the consent it needs in the source directory.
    SourceConsent,
    /// The app has the consent it needs in the partner directory.
    PartnerConsent,
    /// No lock keeps anything from being changed.
    Locks,
    /// Nothing in the subscription is lost for ever by moving, or it was overridden.
    HardStops,
    /// Our mails to both people were accepted.
    Mail,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// Which.
    pub id: CheckId,
    /// What it says.
    pub state: State,
    /// The case within the row, as a stable word that leads to its text: `direct`, `group`, `inherited`, `eligible`, `conditional`,
    /// `none`; `allowed`, `exempted`, `blocked`, `blocked-list-hidden`, `unknown`; …
    pub case: String,
    /// What was seen, for people who check: counts, ids, codes. Never secrets.
    #[serde(default)]
    pub evidence: serde_json::Map<String, serde_json::Value>,
    /// The call it comes from, such as `GET …/roleAssignments`.
    pub source: String,
    /// Who can fix it, if it is to be fixed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixer: Option<Fixer>,
    /// Whose sign-in it was seen with.
    pub seen_by: Actor,
    /// When. RFC 3339, UTC.
    pub at: String,
}

/// All rows so far: the newest of each id.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Preflight(pub Vec<Check>);
