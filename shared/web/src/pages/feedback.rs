//! One question when it is done: how did this go? An answer can be given again, and what is written stays text.

use impact::feedback::{Felt, LONGEST};
use maud::{Markup, html};

use crate::form::{Fields, Problem};
use crate::frame::{described_by, error_summary, field_error, frame, problem_of};
use crate::text::people as words;
use crate::{paths, text};

/// The field of how it went: [`Felt`] as a word.
pub const FIELD_FELT: &str = "felt";
/// The field of what the person has to say besides.
pub const FIELD_TEXT: &str = "text";
/// The question's place on the page.
pub const FEEDBACK: &str = "feedback";

/// What the page shows, when something is wrong with an answer.
#[derive(Debug)]
pub struct FeedbackView<'a> {
    /// The person's link.
    pub link: &'a str,
    /// The onboarding's short reference.
    pub reference: &'a str,
    /// What was chosen and typed.
    pub values: &'a Fields,
    /// What is wrong with it.
    pub problems: &'a [Problem],
}

/// An answer in words.
pub(crate) fn felt_said(felt: Felt) -> text::Text {
    match felt {
        Felt::Well => words::FELT_WELL,
        Felt::Mostly => words::FELT_MOSTLY,
        Felt::Hard => words::FELT_HARD,
        Felt::Badly => words::FELT_BADLY,
    }
}

/// What is wrong with an answer.
#[must_use]
pub fn feedback_wrong(field: &'static str) -> Problem {
    let said = if field == FIELD_TEXT {
        words::FEEDBACK_TOO_LONG.with(&[("n", &LONGEST.to_string())])
    } else {
        words::FEEDBACK_NONE.said().to_owned()
    };
    Problem::new(field, "Input.Invalid", said)
}

/// The question, with what was answered before.
pub(super) fn feedback_form(link: &str, values: &Fields, problems: &[Problem]) -> Markup {
    let (felt, text) = (problem_of(problems, FIELD_FELT), problem_of(problems, FIELD_TEXT));
    html! {
        form method="post" action=(paths::feedback(link)) novalidate {
            fieldset #(FIELD_FELT) tabindex="-1" aria-describedby=[described_by(FIELD_FELT, false, felt.is_some())] {
                legend { (words::FEEDBACK_ASKED) }
                (field_error(FIELD_FELT, felt))
                @for one in Felt::ALL {
                    div.choice {
                        input type="radio" id={ "felt-" (one.as_str()) } name=(FIELD_FELT) value=(one.as_str())
                            checked[values.get(FIELD_FELT) == one.as_str()];
                        label for={ "felt-" (one.as_str()) } { (felt_said(one)) }
                    }
                }
            }
            div.field {
                label for=(FIELD_TEXT) { (words::FEEDBACK_TEXT) }
                p.hint id={ (FIELD_TEXT) "-hint" } { (words::FEEDBACK_HINT.with(&[("n", &LONGEST.to_string())])) }
                (field_error(FIELD_TEXT, text))
                textarea id=(FIELD_TEXT) name=(FIELD_TEXT) rows="4" maxlength=(LONGEST) aria-invalid=[text.map(|_| "true")]
                    aria-describedby=[described_by(FIELD_TEXT, true, text.is_some())] { (values.get(FIELD_TEXT)) }
            }
            p.actions { button.quiet type="submit" { (words::FEEDBACK_BUTTON) } }
        }
    }
}

/// The page that says what is wrong with an answer.
#[must_use]
pub fn feedback(view: &FeedbackView<'_>) -> Markup {
    let content = html! {
        h1 { (words::FEEDBACK_TITLE) }
        (error_summary(view.problems))
        (feedback_form(view.link, view.values, view.problems))
        p { a href=(paths::progress(view.link)) { (text::BACK_TO_PROGRESS) } }
    };
    frame(words::FEEDBACK_TITLE.said(), Some(view.reference), &content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_answer_is_announced_leads_to_its_field_and_keeps_what_was_typed() {
        let values = Fields::default().with(FIELD_TEXT, "</textarea><b>late");
        let problems = [feedback_wrong(FIELD_FELT), feedback_wrong(FIELD_TEXT)];
        let page = feedback(&FeedbackView { link: "L", reference: "R", values: &values, problems: &problems });
        let page = page.into_string();
        for piece in [r##"href="#felt""##, r##"href="#text""##, r#"role="alert""#, "&lt;/textarea&gt;&lt;b&gt;late"] {
            assert!(page.contains(piece), "{piece} in {page}");
        }
        assert!(page.contains("1000 characters"));
    }
}
