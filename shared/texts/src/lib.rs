//! Everything that people read, each text under a stable id, in the language and time zone of who reads it.
//!
//! English stands beside its id where it is used; another language is one file, `languages/<tag>.toml`, of ids and words.
//! Adding the file is all it takes: the build makes a table of it, and a test compares its ids and `{values}` with the English
//! ones. What a file lacks is said in English.
//!
//! Who reads is a property of the request, not of a text or of a page, and pages are deep trees of functions: so the
//! [`Locale`] is the scope of a task ([`scope`]) rather than one more argument of every function. Outside of a scope it is
//! English and UTC.

mod language;
mod said;
mod time;
mod undone;

pub use language::{Language, Locale, known_zone, language, recorded_zone, scope, within, zone};
pub use said::{explanation, of, step_title};
pub use time::{at, day, until};
pub use undone::{Undone, undone};

use maud::{Markup, Render, html};

/// A text under its id. `{name}` marks a value that is filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text {
    /// The id.
    pub id: &'static str,
    /// The English words.
    pub english: &'static str,
}

/// A text: its id and its English words.
#[must_use]
pub const fn text(id: &'static str, english: &'static str) -> Text {
    Text { id, english }
}

impl Text {
    /// The words, in the reader's language.
    #[must_use]
    pub fn said(self) -> &'static str {
        of(self.id, self.english)
    }

    /// The words with their values. Values are taken literally: braces in them mean nothing.
    #[must_use]
    pub fn with(self, values: &[(&str, &str)]) -> String {
        fill(self.said(), values)
    }
}

/// Fills values into words. A value that the words don't name is left out, one that isn't given is empty.
///
/// `{n|thing|things}` is the first where `n` is one and the second everywhere else. English and German need no more; a language that
/// does gets its own rule here.
#[must_use]
pub fn fill(words: &str, values: &[(&str, &str)]) -> String {
    let mut said = String::with_capacity(words.len() + 32);
    let mut rest = words;
    while let Some((before, after)) = rest.split_once('{') {
        said.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            rest = after;
            break;
        };
        let (name, forms) = name.split_once('|').map_or((name, None), |(name, forms)| (name, forms.split_once('|')));
        if let Some((_, value)) = values.iter().find(|(known, _)| *known == name) {
            said.push_str(match forms {
                Some((one, _)) if *value == "1" => one,
                Some((_, other)) => other,
                None => value,
            });
        }
        rest = after;
    }
    said.push_str(rest);
    said
}

impl Render for Text {
    fn render(&self) -> Markup {
        html! { (self.said()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_is_not_one_things() {
        let said = |n: &str| fill("{n} {n|thing stops|things stop}.", &[("n", n)]);
        assert_eq!([said("0"), said("1"), said("21")], ["0 things stop.", "1 thing stops.", "21 things stop."]);
        assert_eq!(fill("{n|one}{m|a|b}", &[("n", "1")]), "1");
    }

    #[test]
    fn values_are_filled_in_and_taken_literally() {
        let greeting = text("x", "a {one} b {two} c");
        assert_eq!(greeting.with(&[("one", "{two}"), ("two", "2")]), "a {two} b 2 c");
        assert_eq!(greeting.with(&[]), "a  b  c");
        assert_eq!(text("x", "open { brace").with(&[]), "open  brace");
    }
}
