//! Handing one's part to somebody else: what it does, before the button that does it.

use maud::{Markup, html};
use onboarding::Actor;
use texts::Text;

use crate::form::{Fields, Problem};
use crate::frame::{described_by, error_summary, field_error, frame, person, problem_of};
use crate::text::people as words;
use crate::{paths, text};

/// The field with the other person's address.
pub const FIELD_EMAIL: &str = "email";

/// Why a part can't be handed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotNow {
    /// The subscription has moved, or may have.
    Moved,
    /// The owner is a guest of the partner directory already.
    GuestInvited,
}

/// What the page shows.
#[derive(Debug)]
pub struct ForwardView<'a> {
    /// The person's link.
    pub link: &'a str,
    /// The onboarding's short reference.
    pub reference: &'a str,
    /// Whose part it is.
    pub actor: Actor,
    /// Why it can't be handed on, if so.
    pub not_now: Option<NotNow>,
    /// What was typed.
    pub values: &'a Fields,
    /// What is wrong with it.
    pub problems: &'a [Problem],
}

/// What is wrong with the address.
#[must_use]
pub fn forward_wrong(same: bool) -> Problem {
    let (id, said): (&str, Text) =
        if same { ("Forward.SamePerson", words::FORWARD_SAME) } else { ("Input.Invalid", words::FORWARD_NOT_ONE) };
    Problem::new(FIELD_EMAIL, id, said.said())
}

/// The page.
#[must_use]
pub fn forward(view: &ForwardView<'_>) -> Markup {
    let problem = problem_of(view.problems, FIELD_EMAIL);
    let title = if view.not_now.is_some() { words::FORWARD_NO_TITLE } else { words::FORWARD_TITLE };
    let content = html! {
        h1 { (title) }
        @match view.not_now {
            Some(NotNow::Moved) => { p { (words::FORWARD_NO_MOVED) } }
            Some(NotNow::GuestInvited) => { p { (words::FORWARD_NO_GUEST) } }
            None => {
                (error_summary(view.problems))
                p { (words::FORWARD_WHAT.with(&[("who", person(view.actor).said())])) }
                p { (words::FORWARD_LINK) }
                p { (words::FORWARD_NOTHING) }
                form method="post" action=(paths::forward(view.link)) novalidate {
                    div.field {
                        label for=(FIELD_EMAIL) { (words::FORWARD_EMAIL) }
                        p.hint #email-hint { (words::FORWARD_EMAIL_HINT) }
                        (field_error(FIELD_EMAIL, problem))
                        input #email name=(FIELD_EMAIL) type="email" autocomplete="off" spellcheck="false"
                            value=(view.values.get(FIELD_EMAIL)) aria-required="true" aria-invalid=[problem.map(|_| "true")]
                            aria-describedby=[described_by(FIELD_EMAIL, true, problem.is_some())];
                    }
                    div.actions {
                        button type="submit" { (words::FORWARD_BUTTON) }
                        a.button.quiet href=(paths::turn(view.link)) { (words::FORWARD_KEEP) }
                    }
                }
            }
        }
        p { a href=(paths::progress(view.link)) { (text::BACK_TO_PROGRESS) } }
    };
    frame(title.said(), Some(view.reference), &content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_address_is_announced_and_kept() {
        let values = Fields::default().with(FIELD_EMAIL, "\"><b>nobody");
        let page = forward(&ForwardView {
            link: "L",
            reference: "R",
            actor: Actor::Owner,
            not_now: None,
            values: &values,
            problems: &[forward_wrong(false)],
        })
        .into_string();
        for piece in [r##"href="#email""##, r#"role="alert""#, r#"aria-invalid="true""#, "&quot;&gt;&lt;b&gt;nobody"] {
            assert!(page.contains(piece), "{piece}");
        }
    }

    #[test]
    fn where_it_is_not_possible_there_is_a_reason_and_no_form() {
        for not_now in [NotNow::Moved, NotNow::GuestInvited] {
            let page = forward(&ForwardView {
                link: "L",
                reference: "R",
                actor: Actor::Owner,
                not_now: Some(not_now),
                values: &Fields::default(),
                problems: &[],
            })
            .into_string();
            assert!(!page.contains("<form") && page.contains("handed on now"));
        }
    }
}
