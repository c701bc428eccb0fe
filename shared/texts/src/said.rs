//! Words by id, and the words of the domain, which itself speaks English only.

use onboarding::errors::Explanation;
use onboarding::{ErrorName, Step};

use crate::language::language;

/// The words of an id in the reader's language; the English ones where the language has none.
#[must_use]
pub fn of(id: &str, english: &'static str) -> &'static str {
    language().word(id).unwrap_or(english)
}

/// What a person is told about an error.
#[must_use]
pub fn explanation(name: ErrorName) -> Explanation {
    let english = name.explanation();
    let id = |part: &str| format!("error.{}.{part}", name.as_str());
    Explanation {
        title: of(&id("title"), english.title),
        cause: of(&id("cause"), english.cause),
        effect: of(&id("effect"), english.effect),
        next_step: of(&id("next-step"), english.next_step),
    }
}

/// What a step is called.
#[must_use]
pub fn step_title(step: Step) -> &'static str {
    of(&format!("step.{step}"), step.title())
}
