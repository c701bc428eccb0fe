//! Having a lost link mailed again: a reference and an address go in, and the answer is the same whatever is known about them.

use maud::{Markup, html};
use texts::Text;

use super::forward::FIELD_EMAIL;
use crate::form::{Fields, Problem};
use crate::frame::{described_by, error_summary, field_error, frame, problem_of};
use crate::paths;
use crate::text::signup as words;

/// The field with the short reference.
pub const FIELD_REFERENCE: &str = "reference";

/// What the page shows.
#[derive(Debug)]
pub struct NewLinkView<'a> {
    /// What was typed.
    pub values: &'a Fields,
    /// What is wrong with it.
    pub problems: &'a [Problem],
}

/// What is wrong with the field.
#[must_use]
pub fn new_link_wrong(field: &str) -> Problem {
    let said: Text = if field == FIELD_EMAIL { words::NEW_LINK_NOT_ONE } else { words::NEW_LINK_NO_REFERENCE };
    Problem::new(field, "Input.Invalid", said.said())
}

/// The page.
#[must_use]
pub fn new_link(view: &NewLinkView<'_>) -> Markup {
    let field = |name: &str, label: Text, hint: Text, autocomplete: &str| {
        let problem = problem_of(view.problems, name);
        html! {
            div.field {
                label for=(name) { (label) }
                p.hint id={ (name) "-hint" } { (hint) }
                (field_error(name, problem))
                input type="text" id=(name) name=(name) value=(view.values.get(name)) autocomplete=(autocomplete) spellcheck="false"
                    aria-required="true" aria-invalid=[problem.map(|_| "true")]
                    aria-describedby=[described_by(name, true, problem.is_some())];
            }
        }
    };
    let content = html! {
        h1 { (words::NEW_LINK_TITLE) }
        (error_summary(view.problems))
        p { (words::NEW_LINK_SAID) }
        form method="post" action=(paths::NEW_LINK) novalidate {
            (field(FIELD_REFERENCE, words::NEW_LINK_REFERENCE, words::NEW_LINK_REFERENCE_HINT, "off"))
            (field(FIELD_EMAIL, words::NEW_LINK_EMAIL, words::NEW_LINK_EMAIL_HINT, "email"))
            p.actions { button type="submit" { (words::NEW_LINK_BUTTON) } }
        }
    };
    frame(words::NEW_LINK_TITLE.said(), None, &content)
}

/// The page after it, the same for everybody: it tells nobody whether an address or a reference is known.
#[must_use]
pub fn new_link_sent() -> Markup {
    let content = html! {
        h1 { (words::NEW_LINK_SENT_TITLE) }
        p role="status" { (words::NEW_LINK_SENT) }
        p { a href=(paths::NEW_LINK) { (words::NEW_LINK_AGAIN) } }
    };
    frame(words::NEW_LINK_SENT_TITLE.said(), None, &content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_said_at_its_field_and_what_was_typed_stays() {
        let values = Fields::default().with(FIELD_REFERENCE, "<b>").with(FIELD_EMAIL, "nobody");
        let problems = [new_link_wrong(FIELD_REFERENCE), new_link_wrong(FIELD_EMAIL)];
        let page = new_link(&NewLinkView { values: &values, problems: &problems }).into_string();
        for piece in
            [r##"href="#reference""##, r##"href="#email""##, r#"value="nobody""#, "&lt;b&gt;", r#"role="alert""#]
        {
            assert!(page.contains(piece), "{piece}");
        }
    }
}
