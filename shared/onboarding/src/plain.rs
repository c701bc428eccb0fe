//! Text that others wrote, made harmless where it is shown: a directory, a subscription or a person can be called anything.
//!
//! Escaping is the business of whoever writes a page; this is about what escaping leaves alone. A mark of direction makes the words
//! after it read backwards, so that `exe.txt` shows what ends in `exe`; a line break begins a header or a sentence of its own.

use std::borrow::Cow;

/// How much of a name is shown. Azure's own names are shorter.
const LONGEST: usize = 200;

/// Whether a character only says in which direction others are to be read. Letters of languages that are written from right to left
/// carry their direction themselves and are none.
/// See <https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters>.
#[must_use]
pub const fn is_mark(sign: char) -> bool {
    matches!(sign, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The same without marks of direction.
#[must_use]
pub fn without_marks(text: &str) -> Cow<'_, str> {
    if text.contains(is_mark) { Cow::Owned(text.replace(is_mark, "")) } else { Cow::Borrowed(text) }
}

/// A name on one line: without marks of direction, with a blank for whatever breaks a line or can't be seen, and cut where it is longer
/// than any name.
#[must_use]
pub fn one_line(text: &str) -> String {
    let text = without_marks(text);
    let spaced = text.replace(|sign: char| sign.is_control() || matches!(sign, '\u{2028}' | '\u{2029}'), " ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let line = words.join(" ");
    if line.chars().count() <= LONGEST {
        return line;
    }
    let mut cut: String = line.chars().take(LONGEST).collect();
    cut.push('…');
    cut
}

/// A cell of a list that no spreadsheet takes for a formula: the apostrophe makes it text, as OWASP advises.
/// See <https://owasp.org/www-community/attacks/CSV_Injection>.
#[must_use]
pub fn cell(text: &str) -> Cow<'_, str> {
    let begins = text.trim_start_matches(' ').starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    if begins { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_that_begins_a_formula_is_text() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1"] {
            assert_eq!(cell(formula), format!("'{formula}"));
        }
        assert!(matches!(cell("Ada =1"), Cow::Borrowed("Ada =1")));
    }

    #[test]
    fn a_name_is_one_line_that_reads_as_it_is_written() {
        assert_eq!(one_line("Contoso Prod"), "Contoso Prod");
        assert_eq!(one_line(" a\r\nBcc: b\u{0}\u{2028}c\u{202e}txt.exe\u{2066} "), "a Bcc: b ctxt.exe");
        assert_eq!(one_line("שלום"), "שלום");
        let long = one_line(&"ä".repeat(10_000));
        assert!(long.chars().count() == LONGEST + 1 && long.ends_with('…'));
        // What was made harmless stays as it is.
        assert_eq!(one_line(&long), long);
        assert!(matches!(without_marks("plain"), Cow::Borrowed("plain")));
    }
}
