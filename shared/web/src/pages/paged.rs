//! Long lists, a page at a time, and values that come from outside.

use maud::{Markup, html};
use serde_json::{Map, Value};

use crate::text::impact as text;

/// Which part of a long list is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// This page, from 1.
    pub page: usize,
    /// How many there are; at least 1.
    pub pages: usize,
    /// Rows in all.
    pub total: usize,
    /// Rows on a page.
    pub size: usize,
}

impl Part {
    /// The part of a list of `total` rows that a `page` (from 1, as typed) means. A page beyond the end is the last one.
    #[must_use]
    pub fn of(total: usize, size: usize, page: usize) -> Self {
        let pages = total.div_ceil(size.max(1)).max(1);
        Self { page: page.clamp(1, pages), pages, total, size: size.max(1) }
    }

    /// Its rows.
    #[must_use]
    pub fn of_rows<T>(self, rows: &[T]) -> &[T] {
        let from = (self.page - 1).saturating_mul(self.size).min(rows.len());
        let to = from.saturating_add(self.size).min(rows.len());
        rows.get(from..to).unwrap_or_default()
    }
}

/// The links to the pages beside this one. `address` holds everything of the address but the page.
pub(crate) fn pager(part: Part, address: &str) -> Markup {
    let join = if address.contains('?') { '&' } else { '?' };
    let to = |page: usize| format!("{address}{join}page={page}");
    html! {
        @if part.pages > 1 {
            nav aria-label=(text::PAGES.said()) {
                p {
                    (text::PAGES_AT.with(&[
                        ("page", &part.page.to_string()),
                        ("pages", &part.pages.to_string()),
                        ("total", &part.total.to_string()),
                    ]))
                    @if part.page > 1 { " " a href=(to(part.page - 1)) rel="prev" { (text::PAGES_BEFORE) } }
                    @if part.page < part.pages { " " a href=(to(part.page + 1)) rel="next" { (text::PAGES_NEXT) } }
                }
            }
        }
    }
}

/// What was seen: names and values as they came, inert.
pub(crate) fn seen(values: &Map<String, Value>) -> Markup {
    html! {
        @if !values.is_empty() {
            ul.seen lang="en" translate="no" {
                @for (name, value) in values {
                    li { code { (name) ": " @match value { Value::String(text) => { (text) } other => { (other) } } } }
                }
            }
        }
    }
}

/// A list that scrolls sideways on a small screen: reachable by keyboard, with its name.
pub(crate) fn wide(name: &str, table: &Markup) -> Markup {
    html! { div.wide tabindex="0" role="region" aria-label=(name) { (table) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_on_exactly_one_page() {
        let rows: Vec<u32> = (0..103).collect();
        let part = Part::of(rows.len(), 50, 1);
        let mut seen = Vec::new();
        for page in 1..=part.pages {
            seen.extend_from_slice(Part::of(rows.len(), 50, page).of_rows(&rows));
        }
        assert_eq!(seen, rows);
    }

    #[test]
    fn a_page_that_is_not_there_is_the_nearest_one() {
        let rows = [1, 2, 3];
        assert_eq!(Part::of(3, 2, 0).page, 1);
        assert_eq!(Part::of(3, 2, usize::MAX).of_rows(&rows), [3]);
        assert!(Part::of(0, 2, 5).of_rows::<u8>(&[]).is_empty());
    }
}
