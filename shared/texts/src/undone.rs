//! What became of each thing that was prepared, in words. Pages and mails say the same.

use onboarding::ErrorName;
use onboarding::undo::{self, UndoItem};

use crate::{Text, explanation, text};

/// One item, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undone {
    /// A shape beside the words.
    pub sign: &'static str,
    /// What.
    pub what: String,
    /// What became of it.
    pub result: String,
    /// Why, where there is something to say.
    pub why: Option<String>,
    /// What a person can do about it.
    pub to_do: Option<&'static str>,
    /// Whether what and why are from a record that has English words in place of ids.
    pub in_english: bool,
}

const WHAT: [(&str, Text); 7] = [
    (undo::REQUEST, text("undone.what.request", "Our request to change the directory")),
    (undo::GUEST, text("undone.what.guest", "The owner's guest account that we invited into the partner directory")),
    (undo::SIGN_INS, text("undone.what.sign-ins", "Our sealed {n|copy of a sign-in|copies of sign-ins} ({n})")),
    (undo::LOCK, text("undone.what.lock", "Our mark that kept the subscription for this onboarding")),
    (undo::ROLE, text("undone.what.role", "The role {role} for {principal} at {scope}")),
    (undo::ASSIGNMENT, text("undone.what.assignment", "The role assignment {id}")),
    (
        undo::MORE_ROLES,
        text("undone.what.more-roles", "{n} {n|role assignment|role assignments} that had been confirmed"),
    ),
];

const DONE: [(&str, Text); 4] = [
    (undo::REQUEST, text("undone.done.request", "withdrawn")),
    (undo::GUEST, text("undone.done.guest", "removed")),
    (undo::SIGN_INS, text("undone.done.sign-ins", "deleted")),
    (undo::LOCK, text("undone.done.lock", "removed")),
];
const UNDONE: Text = text("undone.result.undone", "undone");
const LEFT: Text = text("undone.result.left", "left as it is");
const NOT_POSSIBLE: Text = text("undone.result.not-possible", "could not be undone");
const NOT_RESTORED: Text = text("undone.result.not-restored", "not restored");

const WHY: [(&str, Text); 4] = [
    (undo::GONE_ALREADY, text("undone.why.gone-already", "It was gone already.")),
    (
        undo::MAYBE_ACCEPTED,
        text("undone.why.maybe-accepted", "It may have been accepted; if not, it expires within a day."),
    ),
    (
        undo::MAYBE_MOVING,
        text(
            "undone.why.maybe-moving",
            "The move may be under way, and this account would be the subscription's Owner.",
        ),
    ),
    (undo::ENDED_BEFORE, text("undone.why.ended-before", "The onboarding ended before its turn came.")),
];

const TO_DO: [(&str, Text); 5] = [
    (
        undo::REQUEST,
        text(
            "undone.to-do.request",
            "It moves nothing unless somebody accepts it, and it expires a day after it was made. Until then, nobody should accept it.",
        ),
    ),
    (
        undo::GUEST,
        text(
            "undone.to-do.guest",
            "If the subscription did not move, an administrator of the partner directory can delete the account: Microsoft Entra admin center, Users.",
        ),
    ),
    (undo::ROLE, ASSIGN),
    (undo::ASSIGNMENT, ASSIGN),
    (undo::MORE_ROLES, ASSIGN),
];
const ASSIGN: Text = text(
    "undone.to-do.role",
    "The subscription's Owner can assign it by hand in the Azure portal: Access control (IAM) at that place.",
);

fn known(table: &[(&str, Text)], id: &str) -> Option<Text> {
    table.iter().find(|(known, _)| *known == id).map(|(_, words)| *words)
}

/// An item in the reader's language.
#[must_use]
pub fn undone(item: &UndoItem) -> Undone {
    let values: Vec<(&str, &str)> = item.values.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let what = known(&WHAT, &item.what);
    let is_role = known(&TO_DO, &item.what) == Some(ASSIGN);
    let (sign, result) = match item.result.as_str() {
        undo::UNDONE => ("✓", known(&DONE, &item.what).unwrap_or(UNDONE).said()),
        undo::LEFT => ("○", LEFT.said()),
        undo::NOT_POSSIBLE if is_role => ("✗", NOT_RESTORED.said()),
        undo::NOT_POSSIBLE => ("✗", NOT_POSSIBLE.said()),
        other => ("○", other),
    };
    let why = item.why.as_deref().map(|why| match (known(&WHY, why), ErrorName::parse(why)) {
        (Some(words), _) => words.said().to_owned(),
        (None, Some(name)) => format!("{}.", explanation(name).title),
        (None, None) => why.to_owned(),
    });
    Undone {
        sign,
        what: what.map_or_else(|| item.what.clone(), |words| words.with(&values)),
        result: result.to_owned(),
        why,
        to_do: known(&TO_DO, &item.what).filter(|_| item.result != undo::UNDONE).map(Text::said),
        in_english: what.is_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Locale, within};

    #[test]
    fn every_kind_of_item_is_said_in_german_without_a_word_of_english() {
        let locale = || Locale::named("de", "Europe/Berlin");
        for (what, english) in WHAT {
            for result in [undo::UNDONE, undo::LEFT, undo::NOT_POSSIBLE] {
                let item = UndoItem::new(what, result, Some("SignIn.Required")).with("n", 2).with("role", "Reader");
                let (here, there) = (undone(&item), within(locale(), || undone(&item)));
                assert_ne!((&here.what, &here.result, &here.why), (&there.what, &there.result, &there.why));
                assert!(there.what != here.what && there.result != here.result && there.why != here.why, "{there:?}");
                assert!(!there.in_english && !there.what.contains(english.english), "{there:?}");
            }
        }
    }

    #[test]
    fn what_was_not_undone_says_what_to_do() {
        for what in [undo::REQUEST, undo::GUEST, undo::ROLE] {
            assert!(undone(&UndoItem::new(what, undo::NOT_POSSIBLE, None)).to_do.is_some());
            assert_eq!(undone(&UndoItem::new(what, undo::UNDONE, None)).to_do, None);
        }
    }

    #[test]
    fn a_record_from_before_there_were_ids_is_shown_as_it_is() {
        let said = undone(&UndoItem::new("the guest account that we invited", "undone", Some("it was gone already")));
        assert_eq!((said.what.as_str(), said.result.as_str()), ("the guest account that we invited", "undone"));
        assert!(said.in_english && said.why.as_deref() == Some("it was gone already"));
    }
}
