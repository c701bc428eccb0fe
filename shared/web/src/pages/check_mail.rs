//! Proving a mailbox before anything begins: nobody can have us write to other people under somebody else's address.

use maud::{Markup, html};
use texts::Text;

use crate::form::Problem;
use crate::frame::{described_by, error_summary, field_error, frame, problem_of};
use crate::paths;
use crate::text::signup as words;

/// The field with the code.
pub const FIELD_CODE: &str = "code";
/// Which button was pressed.
pub const FIELD_BUTTON: &str = "do";
/// Its value for a new code.
pub const DO_RESEND: &str = "resend";

/// What went wrong with a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeProblem {
    /// It isn't the one.
    Wrong,
    /// It was tried too often.
    Void,
    /// No new one can be had now.
    TooSoon,
}

impl CodeProblem {
    /// As the page tells it.
    #[must_use]
    pub fn told(self) -> Problem {
        let (id, said): (&str, Text) = match self {
            Self::Wrong => ("Mailbox.WrongCode", words::WRONG),
            Self::Void => ("Mailbox.VoidCode", words::VOID),
            Self::TooSoon => ("Mailbox.TooSoon", words::TOO_SOON),
        };
        Problem::new(FIELD_CODE, id, said.said())
    }
}

/// What anybody reads who signs up too often, whichever limit it was.
#[must_use]
pub fn too_many(again: jiff::Timestamp) -> Problem {
    Problem::new("", "Form.TooMany", words::TOO_MANY.with(&[("when", &texts::at(again))]))
}

/// What the page shows.
#[derive(Debug)]
pub struct CheckMailView<'a> {
    /// The link of what would be started.
    pub link: &'a str,
    /// The address that the code went to: the one that was typed.
    pub email: &'a str,
    /// Whether a new code was just sent.
    pub again: bool,
    /// What is wrong.
    pub problems: &'a [Problem],
}

/// The page.
#[must_use]
pub fn check_mail(view: &CheckMailView<'_>) -> Markup {
    let problem = problem_of(view.problems, FIELD_CODE);
    let content = html! {
        h1 { (words::TITLE) }
        (error_summary(view.problems))
        @if view.again { p role="status" { (words::AGAIN) } }
        p { (words::SENT.with(&[("email", view.email)])) }
        p { (words::NOTHING_YET) }
        form method="post" action=(paths::check_mail(view.link)) novalidate {
            div.field {
                label for=(FIELD_CODE) { (words::CODE) }
                p.hint #code-hint { (words::CODE_HINT) }
                (field_error(FIELD_CODE, problem))
                input #code name=(FIELD_CODE) type="text" inputmode="numeric" autocomplete="one-time-code" spellcheck="false"
                    aria-required="true" aria-invalid=[problem.map(|_| "true")]
                    aria-describedby=[described_by(FIELD_CODE, true, problem.is_some())];
            }
            p.actions { button type="submit" { (words::BUTTON) } }
        }
        form method="post" action=(paths::check_mail(view.link)) {
            p.muted #resend-said { (words::RESEND_SAID) }
            p.actions {
                button.quiet type="submit" name=(FIELD_BUTTON) value=(DO_RESEND) aria-describedby="resend-said" { (words::RESEND) }
                a.button.quiet href=(paths::NEW) { (words::OTHER_ADDRESS) }
            }
        }
        p.muted { (words::OTHER_DEVICE) " " a href=(paths::check_mail(view.link)) { (paths::check_mail(view.link)) } }
    };
    frame(words::TITLE.said(), None, &content)
}

/// The page when the code is too old, or there never was one.
#[must_use]
pub fn check_mail_gone() -> Markup {
    let content = html! {
        h1 { (words::GONE_TITLE) }
        p { (words::GONE) }
        p.actions { a.button href=(paths::NEW) { (words::OTHER_ADDRESS) } }
    };
    frame(words::GONE_TITLE.said(), None, &content)
}

/// The page when the subscription is being associated already, for somebody who is not part of that.
#[must_use]
pub fn already_running() -> Markup {
    let content = html! {
        h1 { (words::RUNNING_TITLE) }
        div.panel.bad role="alert" { p { (words::RUNNING) } p { code { (onboarding::ErrorName::AlreadyRunning.as_str()) } } }
    };
    frame(words::RUNNING_TITLE.said(), None, &content)
}
