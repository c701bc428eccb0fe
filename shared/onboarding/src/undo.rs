//! What became of each thing that was prepared, once an onboarding has ended: by stable ids, so that everybody reads it in their own
//! language.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Our request to change the directory.
pub const REQUEST: &str = "request";
/// The guest account that we invited.
pub const GUEST: &str = "guest";
/// Our sealed copies of the sign-ins; `n` says how many.
pub const SIGN_INS: &str = "sign-ins";
/// The lock that kept the subscription for this onboarding.
pub const LOCK: &str = "lock";
/// A role that was to be given again: `role`, `principal`, `scope`.
pub const ROLE: &str = "role";
/// The same where no more is known than the `id` of the assignment before the move.
pub const ASSIGNMENT: &str = "assignment";
/// As many (`n`) as are not said one by one.
pub const MORE_ROLES: &str = "more-roles";

/// It was undone.
pub const UNDONE: &str = "undone";
/// It was left alone.
pub const LEFT: &str = "left";
/// It could not be done.
pub const NOT_POSSIBLE: &str = "not-possible";

/// It was gone when we looked.
pub const GONE_ALREADY: &str = "gone-already";
/// It may have been accepted.
pub const MAYBE_ACCEPTED: &str = "maybe-accepted";
/// The move may be under way.
pub const MAYBE_MOVING: &str = "maybe-moving";
/// The onboarding ended before its turn came.
pub const ENDED_BEFORE: &str = "ended-before";

/// One thing that was looked at when an onboarding ended.
///
/// Records from before there were ids have English words in `what` and `why`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UndoItem {
    /// What, such as [`REQUEST`].
    pub what: String,
    /// [`UNDONE`], [`LEFT`] or [`NOT_POSSIBLE`].
    pub result: String,
    /// Why, where there is something to say: such as [`GONE_ALREADY`], or the name of an error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// What Microsoft answered: status, code and request id, as it said them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
    /// The values that belong to `what`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, String>,
}

impl UndoItem {
    /// An item without values.
    #[must_use]
    pub fn new(what: &str, result: &str, why: Option<&str>) -> Self {
        let (what, result, why) = (what.to_owned(), result.to_owned(), why.map(str::to_owned));
        Self { what, result, why, said: None, values: BTreeMap::new() }
    }

    /// The same with one more value.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.values.insert(name.to_owned(), value.to_string());
        self
    }
}

/// The same without names, ids and quotations: roles are a number. For mails, and for whoever was given a link to look.
#[must_use]
pub fn without_names(items: &[UndoItem]) -> Vec<UndoItem> {
    let is_role = |item: &&UndoItem| [ROLE, ASSIGNMENT, MORE_ROLES].contains(&item.what.as_str());
    let count = |item: &UndoItem| item.values.get("n").and_then(|n| n.parse().ok()).unwrap_or(1_usize);
    let mut kept: Vec<UndoItem> = items.iter().filter(|item| !is_role(item)).cloned().collect();
    for item in &mut kept {
        item.said = None;
    }
    let roles: usize = items.iter().filter(is_role).map(count).sum();
    if roles > 0 {
        kept.push(UndoItem::new(MORE_ROLES, NOT_POSSIBLE, Some(ENDED_BEFORE)).with("n", roles));
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_names_roles_are_a_number_and_nothing_is_quoted() {
        let role = UndoItem::new(ROLE, NOT_POSSIBLE, Some(ENDED_BEFORE)).with("principal", "p-1");
        let mut guest = UndoItem::new(GUEST, NOT_POSSIBLE, Some("Upstream.Rejected"));
        guest.said = Some("status 403".into());
        let items = [guest, role.clone(), UndoItem::new(MORE_ROLES, NOT_POSSIBLE, None).with("n", 7)];
        let told = without_names(&items);
        assert_eq!(told.len(), 2);
        assert_eq!((told[0].said.as_deref(), told[1].values["n"].as_str()), (None, "8"));
        assert!(!serde_json::to_string(&told).unwrap().contains("p-1"));
    }

    #[test]
    fn a_record_of_the_form_before_is_read() {
        let old =
            r#"{"what":"the pending request to change the directory","result":"undone","why":"it was gone already"}"#;
        let item: UndoItem = serde_json::from_str(old).unwrap();
        assert_eq!(item.why.as_deref(), Some("it was gone already"));
    }
}
