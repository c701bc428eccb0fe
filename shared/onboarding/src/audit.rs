//! The audit trail's chain: each entry's hash covers the one before, so that a change anywhere shows everywhere after it.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// What one entry says. `detail` holds ids, counts and names, never secrets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// 1, 2, 3, … without gaps.
    pub seq: u64,
    /// RFC 3339, UTC.
    pub at: String,
    /// Who: `owner`, `partner-admin`, or `mooring` for the machine itself.
    pub actor: String,
    /// What happened, as a stable name such as `step.done`.
    pub action: String,
    /// The step it belongs to, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// Facts.
    #[serde(default)]
    pub detail: serde_json::Value,
    /// The hash of the entry before; empty for the first.
    #[serde(rename = "prevHash")]
    pub prev_hash: String,
    /// This entry's hash.
    pub hash: String,
}

impl Entry {
    /// The hash that this entry must have: SHA-256 over the hash before and the entry's fields in a fixed order.
    #[must_use]
    pub fn expected_hash(&self) -> String {
        let said =
            serde_json::json!([self.prev_hash, self.seq, self.at, self.actor, self.action, self.step, self.detail,]);
        digest(&said)
    }
}

/// SHA-256 of a JSON value in canonical form: object keys sorted at every depth, no white space. Neither a table that
/// forgets the order of keys nor a JSON library that keeps it may change a hash.
#[must_use]
pub fn digest(value: &serde_json::Value) -> String {
    crate::links::hex(&Sha256::digest(canonical(value).to_string().as_bytes()))
}

fn canonical(value: &serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::Object(fields) => {
            let mut sorted: Vec<_> = fields.iter().collect();
            sorted.sort_by_key(|(name, _)| *name);
            Value::Object(sorted.into_iter().map(|(name, value)| (name.clone(), canonical(value))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(canonical).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

/// Checks a whole trail.
///
/// # Errors
/// The sequence number of the first entry that is missing, out of order, or changed.
pub fn verify(trail: &[Entry]) -> Result<(), u64> {
    let mut previous = String::new();
    for (entry, seq) in trail.iter().zip(1..) {
        if entry.seq != seq || entry.prev_hash != previous || entry.hash != entry.expected_hash() {
            return Err(seq);
        }
        previous.clone_from(&entry.hash);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trail() -> Vec<Entry> {
        let mut previous = String::new();
        (1..=3)
            .map(|seq| {
                let mut entry = Entry {
                    seq,
                    at: format!("2026-01-01T00:00:0{seq}Z"),
                    actor: "mooring".into(),
                    action: "step.done".into(),
                    step: Some("map-directory".into()),
                    detail: serde_json::json!({"b": 1, "a": [seq]}),
                    prev_hash: previous.clone(),
                    hash: String::new(),
                };
                entry.hash = entry.expected_hash();
                previous.clone_from(&entry.hash);
                entry
            })
            .collect()
    }

    #[test]
    fn the_order_of_keys_does_not_change_a_digest() {
        let one: serde_json::Value = serde_json::from_str(r#"{"a":{"x":1,"y":2},"b":[]}"#).unwrap();
        let two: serde_json::Value = serde_json::from_str(r#"{"b":[],"a":{"y":2,"x":1}}"#).unwrap();
        assert_eq!(digest(&one), digest(&two));
        assert_ne!(digest(&one), digest(&serde_json::json!({"a":{"x":1,"y":3},"b":[]})));
    }

    #[test]
    fn an_untouched_trail_verifies() {
        assert_eq!(verify(&trail()), Ok(()));
    }

    #[test]
    fn any_change_gap_or_swap_is_found() {
        let mut changed = trail();
        changed[1].actor = "owner".into();
        assert_eq!(verify(&changed), Err(2));
        let mut gap = trail();
        gap.remove(1);
        assert_eq!(verify(&gap), Err(2));
        let mut swapped = trail();
        swapped.swap(0, 1);
        assert_eq!(verify(&swapped), Err(1));
    }
}
