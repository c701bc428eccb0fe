//! That the association is done, as the partner admin sees it; and if not, why.

use access::pages::{self, PageError};
use onboarding::audit::{Entry, digest};
use onboarding::{OnboardingId, SubscriptionId, TenantId};
use serde::{Deserialize, Serialize};

use crate::confirmation::Confirmation;
use crate::report::Task;

/// One thing that was looked at, with how it was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// A stable word: `listed`, `in-partner-directory`, `active`, `may-deploy`, `what-if`, `partner-center`.
    pub check: String,
    /// Whether it holds.
    pub holds: bool,
    /// What was seen: counts, ids, codes, Microsoft's request id.
    #[serde(default)]
    pub seen: serde_json::Map<String, serde_json::Value>,
    /// The call.
    pub source: String,
}

/// A possible cause of "my subscription is not in the list", tested.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cause {
    /// A stable word: `wrong-directory`, `filter`, `role`, `propagation`, `disabled`.
    pub cause: String,
    /// `true`: this is why. `false`: ruled out. `None`: can't be told from here.
    pub applies: Option<bool>,
    /// What was seen.
    #[serde(default)]
    pub seen: serde_json::Map<String, serde_json::Value>,
}

/// The form of a receipt.
pub const SCHEMA: u32 = 1;

/// How much of the access is there again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Restored {
    /// Rows that were to be made: custom roles and assignments.
    pub planned: u32,
    /// Rows that are there.
    pub done: u32,
    /// Rows that Azure refused for good.
    pub refused: u32,
    /// Rows that were left out on purpose.
    pub left_out: u32,
}

/// What was done, for people who check later. It names the audit trail's last entry before it, and the entry that records it names
/// its hash: neither can be altered alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// Version of this form: [`SCHEMA`].
    pub schema: u32,
    /// The onboarding.
    pub onboarding: OnboardingId,
    /// The subscription.
    pub subscription: SubscriptionId,
    /// The directory it was in.
    pub from: TenantId,
    /// The directory it is in.
    pub to: TenantId,
    /// What was looked at as the partner admin, all of it.
    pub evidence: Vec<Evidence>,
    /// How much of the access is there again.
    #[serde(default)]
    pub restored: Restored,
    /// SHA-256 of the report that was confirmed.
    pub report_hash: String,
    /// SHA-256 of the access before the move.
    pub snapshot_hash: String,
    /// SHA-256 of the decisions.
    pub decisions_hash: String,
    /// The person's word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmation: Option<Confirmation>,
    /// What is left to do.
    #[serde(default)]
    pub checklist: Vec<Task>,
    /// The audit trail's last entry when this was made.
    pub audit_seq: u64,
    /// Its hash.
    pub audit_hash: String,
    /// When. RFC 3339, UTC.
    pub at: String,
}

/// Why a receipt is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum ReceiptError {
    /// The audit trail itself was altered.
    #[error("the audit trail does not hold at entry {0}")]
    Trail(u64),
    /// The trail's entry is not the one that the receipt names.
    #[error("the audit trail is another than the receipt's")]
    AnotherTrail,
    /// The trail records another receipt.
    #[error("the audit trail records another receipt")]
    AnotherReceipt,
    /// The trail records none.
    #[error("the audit trail does not record the receipt")]
    NotRecorded,
}

/// The field of an audit entry's detail that records a receipt.
pub const RECORDED_AS: &str = "receiptHash";

impl Receipt {
    /// SHA-256 of what it says, in canonical form.
    #[must_use]
    pub fn hash(&self) -> String {
        digest(&serde_json::to_value(self).unwrap_or_default())
    }

    /// The receipt as a page to be kept.
    ///
    /// # Errors
    /// A value that has no JSON form, which none of ours is.
    pub fn to_page(&self) -> Result<Vec<u8>, PageError> {
        pages::pack(self)
    }

    /// The receipt that was kept.
    ///
    /// # Errors
    /// Anything that we did not write.
    pub fn from_page(page: &[u8]) -> Result<Self, PageError> {
        pages::unpack(page)
    }

    /// Whether everything that was looked at holds.
    #[must_use]
    pub fn holds(&self) -> bool {
        !self.evidence.is_empty() && self.evidence.iter().all(|evidence| evidence.holds)
    }

    /// Holds the receipt against the audit trail: the trail is whole, it is the one that the receipt was made from, and a later entry
    /// records this very receipt.
    ///
    /// # Errors
    /// What does not hold, the first of it.
    pub fn verify(&self, trail: &[Entry]) -> Result<(), ReceiptError> {
        onboarding::audit::verify(trail).map_err(ReceiptError::Trail)?;
        let named = trail.iter().find(|entry| entry.seq == self.audit_seq);
        if named.is_none_or(|entry| entry.hash != self.audit_hash) {
            return Err(ReceiptError::AnotherTrail);
        }
        let later = trail.iter().filter(|entry| entry.seq > self.audit_seq);
        let mut recorded = later.filter_map(|entry| entry.detail.get(RECORDED_AS)?.as_str()).peekable();
        if recorded.peek().is_none() {
            return Err(ReceiptError::NotRecorded);
        }
        let hash = self.hash();
        if recorded.any(|known| known == hash) { Ok(()) } else { Err(ReceiptError::AnotherReceipt) }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    fn entry(trail: &mut Vec<Entry>, action: &str, detail: serde_json::Value) {
        let mut entry = Entry {
            seq: u64::try_from(trail.len()).unwrap() + 1,
            at: "2026-01-01T00:00:00Z".into(),
            actor: "mooring".into(),
            action: action.into(),
            step: None,
            detail,
            prev_hash: trail.last().map(|last| last.hash.clone()).unwrap_or_default(),
            hash: String::new(),
        };
        entry.hash = entry.expected_hash();
        trail.push(entry);
    }

    fn receipt(trail: &[Entry]) -> Receipt {
        let last = trail.last().unwrap();
        let tenant = |text| TenantId::parse(text).unwrap();
        Receipt {
            schema: SCHEMA,
            onboarding: OnboardingId::from_parts(1_700_000_000_000, 42),
            subscription: SubscriptionId::parse("6c3c85bc-5366-4eaa-8055-a10529eafd03").unwrap(),
            from: tenant("111a82eb-4c7b-48bb-962b-49363c510130"),
            to: tenant("c9eb5ae2-2ad9-45a2-a5a9-3b6a3d4ef9d1"),
            evidence: vec![Evidence {
                check: "listed".into(),
                holds: true,
                seen: serde_json::Map::new(),
                source: "GET /subscriptions".into(),
            }],
            restored: Restored { planned: 3, done: 3, ..Restored::default() },
            report_hash: "r".into(),
            snapshot_hash: "s".into(),
            decisions_hash: "d".into(),
            confirmation: None,
            checklist: Vec::new(),
            audit_seq: last.seq,
            audit_hash: last.hash.clone(),
            at: "2026-01-01T00:00:00Z".into(),
        }
    }

    /// A trail of two entries, the receipt made from it, and the entry that records it.
    pub(crate) fn recorded() -> (Vec<Entry>, Receipt) {
        let mut trail = Vec::new();
        entry(&mut trail, "onboarding.registered", serde_json::json!({}));
        entry(&mut trail, "step.done", serde_json::json!({"n": 1}));
        let receipt = receipt(&trail);
        entry(&mut trail, "step.done", serde_json::json!({RECORDED_AS: receipt.hash()}));
        (trail, receipt)
    }

    #[test]
    fn a_receipt_that_the_trail_records_is_believed() {
        let (trail, receipt) = recorded();
        assert_eq!(receipt.verify(&trail), Ok(()));
        assert!(receipt.holds());
        let back = Receipt::from_page(&receipt.to_page().unwrap()).unwrap();
        assert_eq!((&back, back.hash()), (&receipt, receipt.hash()));
    }

    #[test]
    fn no_part_of_a_receipt_can_be_altered_alone() {
        let (trail, receipt) = recorded();
        let mut evidence = receipt.clone();
        evidence.evidence[0].holds = false;
        let altered = [
            evidence,
            Receipt { to: receipt.from.clone(), ..receipt.clone() },
            Receipt { restored: Restored::default(), ..receipt.clone() },
            Receipt { report_hash: "other".into(), ..receipt.clone() },
            Receipt { at: "2026-01-02T00:00:00Z".into(), ..receipt.clone() },
        ];
        for altered in altered {
            assert_eq!(altered.verify(&trail), Err(ReceiptError::AnotherReceipt));
        }
        let moved = Receipt { audit_seq: 1, ..receipt };
        assert_eq!(moved.verify(&trail), Err(ReceiptError::AnotherTrail));
    }

    #[test]
    fn a_trail_that_was_altered_or_cut_proves_nothing() {
        let (trail, receipt) = recorded();
        let mut altered = trail.clone();
        altered[0].actor = "owner".into();
        assert_eq!(receipt.verify(&altered), Err(ReceiptError::Trail(1)));
        assert_eq!(receipt.verify(&trail[..2]), Err(ReceiptError::NotRecorded));
        assert_eq!(receipt.verify(&trail[..1]), Err(ReceiptError::AnotherTrail));
    }

    #[test]
    fn without_evidence_nothing_is_proved() {
        let (_, mut receipt) = recorded();
        receipt.evidence.clear();
        assert!(!receipt.holds());
    }
}
