//! The evidence pack: what happened in one onboarding, so that somebody who trusts neither of the two people nor whoever runs the
//! service can check that nothing was changed, left out in the middle or put in afterwards.
//!
//! What it proves and what not: every entry's hash covers the one before, so a change anywhere changes the last hash, the *head*.
//! Whoever rewrites the whole trail can make a new chain that fits in itself. So the head is what is compared: with a pack that was
//! downloaded earlier, or with the page that the other person sees.

use onboarding::audit::{self, Entry};
use onboarding::{OnboardingId, Status, SubscriptionId, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::proof::{RECORDED_AS, Receipt, ReceiptError};

/// Version of this form.
pub const SCHEMA: u32 = 1;

/// What is downloaded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Pack {
    /// Version of this form: 1.
    pub schema: u32,
    /// The onboarding.
    pub onboarding_id: OnboardingId,
    /// The subscription.
    pub subscription_id: SubscriptionId,
    /// The directory it was in.
    pub source_tenant_id: TenantId,
    /// The directory it goes to.
    pub partner_tenant_id: TenantId,
    /// Where the onboarding stood when the pack was made.
    pub status: Status,
    /// When that was. RFC 3339, UTC.
    pub made_at: String,
    /// The whole trail.
    pub trail: Vec<Entry>,
    /// The hash of its last entry.
    pub head: String,
    /// The receipt as it was kept, once there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Value>,
}

/// What a pack that holds together holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Entries of the trail.
    pub entries: usize,
    /// The hash to compare.
    pub head: String,
    /// The receipt's hash, where there is a receipt.
    pub receipt: Option<String>,
}

/// Why a pack is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// It is of another version.
    #[error("it is of form {0}, and form 1 is known here: use the version that made it")]
    Schema(u32),
    /// It has no entries.
    #[error("its trail has no entries")]
    Empty,
    /// This entry is missing, out of order or changed.
    #[error("entry {0} of its trail is missing, out of order or changed")]
    Entry(u64),
    /// The head is not the last entry's hash.
    #[error("its head is not the hash of the last entry: something is missing at the end")]
    Head,
    /// The trail records a receipt, and there is none.
    #[error("its trail records a receipt, and the receipt is missing")]
    ReceiptMissing,
    /// The receipt has fields that no receipt has, or lacks some.
    #[error("its receipt is not in the form of a receipt")]
    ReceiptForm,
    /// The receipt is not the one that the trail records.
    #[error("its receipt does not hold: {0}")]
    Receipt(ReceiptError),
    /// The receipt is about another onboarding, subscription or directory.
    #[error("its receipt is about another onboarding, subscription or directory")]
    Another,
}

impl Pack {
    /// Checks the chain, the head, and that the trail records this very receipt.
    ///
    /// # Errors
    /// The first thing that doesn't fit.
    pub fn verify(&self) -> Result<Verified, Broken> {
        if self.schema != SCHEMA {
            return Err(Broken::Schema(self.schema));
        }
        audit::verify(&self.trail).map_err(Broken::Entry)?;
        let last = self.trail.last().ok_or(Broken::Empty)?;
        if last.hash != self.head {
            return Err(Broken::Head);
        }
        let receipt = match &self.receipt {
            Some(kept) => Some(self.receipt_holds(kept)?),
            None if self.trail.iter().any(|entry| entry.detail.get(RECORDED_AS).is_some()) => {
                return Err(Broken::ReceiptMissing);
            }
            None => None,
        };
        Ok(Verified { entries: self.trail.len(), head: self.head.clone(), receipt })
    }

    fn receipt_holds(&self, kept: &Value) -> Result<String, Broken> {
        let receipt: Receipt = serde_json::from_value(kept.clone()).map_err(|_| Broken::ReceiptForm)?;
        // A field that no receipt has would be read over, and must not be believed.
        if audit::digest(kept) != receipt.hash() {
            return Err(Broken::ReceiptForm);
        }
        receipt.verify(&self.trail).map_err(Broken::Receipt)?;
        let about = (&receipt.onboarding, &receipt.subscription, &receipt.from, &receipt.to);
        if about != (&self.onboarding_id, &self.subscription_id, &self.source_tenant_id, &self.partner_tenant_id) {
            return Err(Broken::Another);
        }
        Ok(receipt.hash())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::tests::recorded;
    use serde_json::json;

    fn pack() -> Pack {
        let (trail, receipt) = recorded();
        Pack {
            schema: SCHEMA,
            onboarding_id: receipt.onboarding.clone(),
            subscription_id: receipt.subscription.clone(),
            source_tenant_id: receipt.from.clone(),
            partner_tenant_id: receipt.to.clone(),
            status: Status::Done,
            made_at: "2026-01-02T00:00:00Z".into(),
            head: trail.last().unwrap().hash.clone(),
            trail,
            receipt: Some(serde_json::to_value(receipt).unwrap()),
        }
    }

    #[test]
    fn an_untouched_pack_holds_together_after_it_was_written_and_read() {
        let read: Pack = serde_json::from_str(&serde_json::to_string(&pack()).unwrap()).unwrap();
        let verified = read.verify().unwrap();
        assert_eq!((verified.entries, verified.head), (3, pack().head));
        assert_eq!(verified.receipt, Some(recorded().1.hash()));
    }

    #[test]
    fn before_the_receipt_a_pack_holds_without_one() {
        let mut early = pack();
        early.trail.pop();
        early.head = early.trail.last().unwrap().hash.clone();
        early.receipt = None;
        assert_eq!(early.verify().unwrap().receipt, None);
    }

    #[test]
    fn whatever_is_changed_left_out_or_put_in_is_found() {
        type Fault = (fn(&mut Pack), Broken);
        let faults: [Fault; 11] = [
            (|pack| pack.trail[1].detail["more"] = json!(1), Broken::Entry(2)),
            (|pack| pack.trail[0].actor = "owner".into(), Broken::Entry(1)),
            (|pack| drop(pack.trail.remove(0)), Broken::Entry(1)),
            (|pack| drop(pack.trail.pop()), Broken::Head),
            (|pack| pack.trail.clear(), Broken::Empty),
            (
                |pack| pack.receipt.as_mut().unwrap()["at"] = json!("2026"),
                Broken::Receipt(ReceiptError::AnotherReceipt),
            ),
            (|pack| pack.receipt.as_mut().unwrap()["note"] = json!("all is well"), Broken::ReceiptForm),
            (|pack| pack.receipt = Some(json!({})), Broken::ReceiptForm),
            (|pack| pack.receipt = None, Broken::ReceiptMissing),
            (|pack| pack.partner_tenant_id = pack.source_tenant_id.clone(), Broken::Another),
            (|pack| pack.schema = 2, Broken::Schema(2)),
        ];
        for (fault, broken) in faults {
            let mut pack = pack();
            fault(&mut pack);
            assert_eq!(pack.verify(), Err(broken));
        }
    }
}
