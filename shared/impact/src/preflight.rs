//! Whether the subscription can be moved: one row a condition, each from a real call, with its evidence, its fix and who can fix it.

use onboarding::{Actor, SubscriptionId, TenantId};
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
    /// The owner's account sees the subscription in the directory it is in.
    SubscriptionVisible,
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

/// A subscription that the owner's account sees in the source directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Choice {
    /// Its id.
    pub id: SubscriptionId,
    /// What it is called, on one line.
    pub name: String,
    /// Whether it can move, as far as its state and its offer tell: [`State::Fails`] is no choice.
    pub movable: State,
    /// The case: `not-enabled`, or that of its offer.
    pub case: String,
}

/// Another directory of the owner's account: the subscription may be in one of these. We ask in none of them: that would take a sign-in
/// there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OtherDirectory {
    /// Its id.
    pub id: TenantId,
    /// Its name or domain, on one line, where Azure tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// What the owner's account sees: the evidence of [`CheckId::SubscriptionVisible`] where the subscription is not seen, or none is chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InSight {
    /// The first [`InSight::MOST`] subscriptions of the source directory.
    #[serde(default)]
    pub subscriptions: Vec<Choice>,
    /// How many more there are.
    #[serde(default)]
    pub more: usize,
    /// Other directories of the account.
    #[serde(default)]
    pub directories: Vec<OtherDirectory>,
}

impl InSight {
    /// How many of each are kept: more than anybody reads, and small enough for a record.
    pub const MOST: usize = 50;
}

/// All rows so far: the newest of each id.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Preflight(pub Vec<Check>);

impl CheckId {
    /// Where the row belongs.
    #[must_use]
    pub fn group(self) -> Group {
        match self {
            Self::OwnerRole | Self::OwnerMfa | Self::PartnerMfa => Group::Account,
            Self::SubscriptionVisible
            | Self::Offer
            | Self::SubscriptionState
            | Self::SpendingLimit
            | Self::Lighthouse
            | Self::PendingRequest
            | Self::Locks
            | Self::HardStops => Group::Subscription,
            Self::LeavingPolicy | Self::SourceConsent => Group::SourceDirectory,
            Self::EnteringPolicy | Self::PartnerAdminRole | Self::Invitations | Self::PartnerConsent => {
                Group::PartnerDirectory
            }
            Self::PartnerAccount => Group::PartnerCenter,
            Self::Mail => Group::OurSide,
        }
    }
}

impl Preflight {
    /// Puts a row in the place of the one before it, in the page's order. An older look never takes the place of a newer one: two
    /// steps may look at the same thing, and end in either order.
    pub fn put(&mut self, check: Check) {
        let seen = |check: &Check| check.at.parse::<jiff::Timestamp>().ok();
        match self.0.iter_mut().find(|row| row.id == check.id) {
            Some(row) if seen(row) > seen(&check) => {}
            Some(row) => *row = check,
            None => self.0.push(check),
        }
        self.0.sort_by_key(|row| (row.id.group(), row.id));
    }

    /// A row.
    #[must_use]
    pub fn get(&self, id: CheckId) -> Option<&Check> {
        self.0.iter().find(|row| row.id == id)
    }

    /// What the owner's account saw, where the subscription was not seen or is to be chosen.
    #[must_use]
    pub fn in_sight(&self) -> InSight {
        let evidence = self.get(CheckId::SubscriptionVisible).map(|row| row.evidence.clone());
        evidence.and_then(|evidence| serde_json::from_value(evidence.into()).ok()).unwrap_or_default()
    }

    /// The rows that do not hold.
    pub fn failing(&self) -> impl Iterator<Item = &Check> {
        self.0.iter().filter(|row| row.state == State::Fails)
    }
}

/// Whether an offer may change its directory, by what Azure calls its quota id, and the case. Decided on the beginning: the rest is a
/// date. An offer that nobody knows is not taken for one that may: Azure itself has the last word.
/// See <https://learn.microsoft.com/azure/cost-management-billing/manage/subscription-change-directory>.
#[must_use]
pub fn offer(quota_id: Option<&str>) -> (State, &'static str) {
    let Some(quota_id) = quota_id.map(str::trim).filter(|id| !id.is_empty()) else {
        return (State::Unknown, "offer-not-said");
    };
    let lower = quota_id.to_ascii_lowercase();
    let name = lower.split('_').next().unwrap_or_default();
    let known = OFFERS.iter().find(|(known, ..)| *known == name);
    // A Cloud Solution Provider's offer of a kind that is not in the list yet is one all the same.
    match known {
        Some((_, state, case)) => (*state, case),
        None if name.starts_with("csp") => (State::Fails, "offer-csp"),
        None => (State::Unknown, "offer-unknown"),
    }
}

const OFFERS: [(&str, State, &str); 17] = [
    ("csp", State::Fails, "offer-csp"),
    ("cspdevtest", State::Fails, "offer-csp"),
    ("dreamspark", State::Fails, "offer-students-starter"),
    ("internal", State::Fails, "offer-internal"),
    ("default", State::Fails, "offer-support-plan"),
    ("payasyougo", State::Holds, "offer-pay-as-you-go"),
    ("mpn", State::Holds, "offer-partner-benefit"),
    ("msdndevtest", State::Holds, "offer-dev-test"),
    ("azureinopen", State::Holds, "offer-open"),
    ("sponsored", State::Holds, "offer-sponsored"),
    ("enterpriseagreement", State::Warning, "offer-agreement"),
    ("msdn", State::Warning, "offer-personal-benefit"),
    ("freetrial", State::Warning, "offer-free-trial"),
    ("azureforstudents", State::Warning, "offer-students"),
    ("azurepass", State::Warning, "offer-pass"),
    ("bizspark", State::Warning, "offer-legacy"),
    ("lightweighttrial", State::Warning, "offer-legacy"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn check(id: CheckId, state: State, second: u8) -> Check {
        Check {
            id,
            state,
            case: "case".into(),
            evidence: serde_json::Map::new(),
            source: "GET".into(),
            fixer: None,
            seen_by: Actor::Owner,
            at: format!("2026-01-01T00:00:{second:02}Z"),
        }
    }

    #[test]
    fn the_newest_row_of_each_id_stays_whatever_the_order_of_arrival() {
        let mut rows = Preflight::default();
        rows.put(check(CheckId::Mail, State::Holds, 1));
        rows.put(check(CheckId::Offer, State::Holds, 5));
        rows.put(check(CheckId::OwnerRole, State::Fails, 1));
        rows.put(check(CheckId::Offer, State::Fails, 3));
        assert_eq!(rows.get(CheckId::Offer).map(|row| row.state), Some(State::Holds));
        rows.put(check(CheckId::Offer, State::Warning, 6));
        assert_eq!(rows.get(CheckId::Offer).map(|row| row.state), Some(State::Warning));
        let order: Vec<_> = rows.0.iter().map(|row| row.id).collect();
        assert_eq!(order, [CheckId::OwnerRole, CheckId::Offer, CheckId::Mail]);
        assert_eq!(rows.failing().map(|row| row.id).collect::<Vec<_>>(), [CheckId::OwnerRole]);
    }

    #[test]
    fn what_is_in_sight_is_read_from_its_row_and_nothing_from_none() {
        let mut rows = Preflight::default();
        assert_eq!(rows.in_sight(), InSight::default());
        let seen = InSight {
            subscriptions: vec![Choice {
                id: SubscriptionId::parse("6c3c85bc-5366-4eaa-8055-a10529eafd03").unwrap(),
                name: "Shop".into(),
                movable: State::Holds,
                case: "offer-pay-as-you-go".into(),
            }],
            more: 2,
            directories: vec![],
        };
        let evidence = serde_json::to_value(&seen).unwrap();
        let row = check(CheckId::SubscriptionVisible, State::Fails, 1);
        rows.put(Check { evidence: evidence.as_object().cloned().unwrap(), ..row });
        assert_eq!(rows.in_sight(), seen);
    }

    #[test]
    fn every_offer_of_microsofts_list_is_judged() {
        let cases = [
            ("CSP_2015-05-01", State::Fails),
            ("CSP_MG_2017-12-01", State::Fails),
            ("CSPDEVTEST_2018-05-01", State::Fails),
            ("DreamSpark_2015-02-01", State::Fails),
            ("Internal_2014-09-01", State::Fails),
            ("Default_2014-09-01", State::Fails),
            ("PayAsYouGo_2014-09-01", State::Holds),
            ("MPN_2014-09-01", State::Holds),
            ("MSDNDevTest_2014-09-01", State::Holds),
            ("AzureInOpen_2014-09-01", State::Holds),
            ("Sponsored_2016-01-01", State::Holds),
            ("EnterpriseAgreement_2014-09-01", State::Warning),
            ("MSDN_2014-09-01", State::Warning),
            ("FreeTrial_2014-09-01", State::Warning),
            ("AzureForStudents_2018-01-01", State::Warning),
            ("AzurePass_2014-09-01", State::Warning),
            ("BizSpark_2014-09-01", State::Warning),
            ("LightweightTrial_2016-09-01", State::Warning),
        ];
        for (quota_id, state) in cases {
            assert_eq!(offer(Some(quota_id)).0, state, "{quota_id}");
            assert_eq!(offer(Some(&quota_id.to_uppercase())).0, state, "{quota_id}");
        }
    }

    #[test]
    fn an_offer_that_nobody_knows_is_never_taken_for_one_that_may_move() {
        for quota_id in [None, Some(""), Some("Tomorrow_2030-01-01"), Some("PayAsYouGoish_2030-01-01")] {
            assert_eq!(offer(quota_id).0, State::Unknown, "{quota_id:?}");
        }
        assert_eq!(offer(Some("CSPSOMETHING_2030-01-01")).0, State::Fails);
    }
}
