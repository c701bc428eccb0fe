//! Forms: reading what was posted, and saying what is wrong with it.

use std::collections::BTreeMap;

/// The largest body that is read. Our largest form but one is far below it.
pub const MAX_BODY: usize = 16 * 1024;

/// The largest body of the review's form: 4,000 assignments as CSV, percent-encoded. Lambda takes six megabytes.
pub const MAX_LIST: usize = 4 * 1024 * 1024;

/// Posted fields. A field that was posted twice keeps its first value, so that nothing appended can override it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Fields(BTreeMap<String, String>);

impl std::fmt::Debug for Fields {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Values are people's addresses: a log gets the names only.
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Fields {
    /// Reads an `application/x-www-form-urlencoded` body; `None` when it is too large.
    #[must_use]
    pub fn read(body: &[u8]) -> Option<Self> {
        Self::read_up_to(body, MAX_BODY)
    }

    /// The same with another limit, for the one form that takes a list.
    #[must_use]
    pub fn read_up_to(body: &[u8], limit: usize) -> Option<Self> {
        if body.len() > limit {
            return None;
        }
        let mut fields = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(body) {
            fields.entry(name.into_owned()).or_insert_with(|| value.trim().to_owned());
        }
        Some(Self(fields))
    }

    /// The value of a field, without the white space around it; empty when it was not posted.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// The value of a field that says something.
    #[must_use]
    pub fn filled(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Sets a value, for a form that is shown with something filled in.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.0.insert(name.to_owned(), value.to_owned());
        self
    }
}

/// What is wrong with one field and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The field's name; empty for the form as a whole.
    pub field: String,
    /// A stable id, for programs and for support.
    pub id: String,
    /// What is wrong and the remedy, in one or two sentences.
    pub message: String,
}

impl Problem {
    /// A problem with a field.
    #[must_use]
    pub fn new(field: &str, id: &str, message: impl Into<String>) -> Self {
        Self { field: field.to_owned(), id: id.to_owned(), message: message.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_decoded_and_trimmed() {
        let fields = Fields::read(b"a=+x%40y+&b=&c=%E2%9C%93").unwrap();
        assert_eq!((fields.get("a"), fields.get("b"), fields.get("c"), fields.get("d")), ("x@y", "", "✓", ""));
        assert_eq!(fields.filled("b"), None);
    }

    #[test]
    fn a_repeated_field_keeps_its_first_value() {
        assert_eq!(Fields::read(b"a=1&a=2").unwrap().get("a"), "1");
    }

    #[test]
    fn a_body_beyond_the_limit_is_not_read() {
        assert_eq!(Fields::read(&vec![b'a'; MAX_BODY + 1]), None);
    }

    #[test]
    fn debug_shows_no_value() {
        let said = format!("{:?}", Fields::read(b"email=rosa%40outlook.com").unwrap());
        assert!(said.contains("email") && !said.contains("rosa"), "{said}");
    }
}
