//! How it went, in a person's own words: asked once, when it is done.

use jiff::Timestamp;
use onboarding::Actor;
use serde::{Deserialize, Serialize};

/// The longest text that is taken, in characters.
pub const LONGEST: usize = 1000;

/// How it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Felt {
    /// Without a hitch.
    Well,
    /// With something to wonder about.
    Mostly,
    /// With trouble.
    Hard,
    /// It did damage, or cost more than it was worth.
    Badly,
}

impl Felt {
    /// Every answer, the best first.
    pub const ALL: [Self; 4] = [Self::Well, Self::Mostly, Self::Hard, Self::Badly];

    /// The word in records and forms.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Well => "well",
            Self::Mostly => "mostly",
            Self::Hard => "hard",
            Self::Badly => "badly",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|felt| felt.as_str() == text)
    }
}

/// A person's answer.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Feedback {
    /// Whose.
    pub actor: Actor,
    /// How it went.
    pub felt: Felt,
    /// What they have to say besides: plain text of up to [`LONGEST`] characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// When they said it last.
    pub at: Timestamp,
}

impl std::fmt::Debug for Feedback {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // What somebody wrote freely can name anybody: it gets into no log.
        f.debug_struct("Feedback").field("actor", &self.actor).field("felt", &self.felt).finish_non_exhaustive()
    }
}

/// What somebody wrote, as it is kept: without marks of direction and what can't be seen; none if it is too long.
#[must_use]
pub fn written(text: &str) -> Option<String> {
    let unified = text.replace("\r\n", "\n");
    let kept: String = onboarding::plain::without_marks(unified.trim())
        .chars()
        .filter(|sign| *sign == '\n' || !sign.is_control())
        .collect();
    (kept.chars().count() <= LONGEST).then_some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_keeps_its_lines_and_loses_what_nobody_sees() {
        assert_eq!(written(" It went\r\nwell.\u{202e}\u{7} ").unwrap(), "It went\nwell.");
        assert_eq!(written(&"ä".repeat(LONGEST)).unwrap().chars().count(), LONGEST);
        assert_eq!(written(&"x".repeat(LONGEST + 1)), None);
    }

    #[test]
    fn an_answer_reads_back_and_its_words_are_in_no_log() {
        for felt in Felt::ALL {
            assert_eq!(Felt::parse(felt.as_str()), Some(felt));
            assert_eq!(serde_json::to_value(felt).unwrap(), felt.as_str());
        }
        let said =
            Feedback { actor: Actor::Owner, felt: Felt::Hard, text: "Kim was late".into(), at: Timestamp::UNIX_EPOCH };
        assert!(!format!("{said:?}").contains("Kim"), "{said:?}");
    }
}
