//! Lists that come in pages.
//!
//! Microsoft gives the next page as an absolute address, to be followed as it is. It comes from an answer, so it is
//! followed only inside the API the list came from: anything else ends the call before a token is sent.
//! See <https://learn.microsoft.com/graph/paging> and
//! <https://learn.microsoft.com/rest/api/azure/#async-operations-throttling-and-paging>.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::errors::{Error, ErrorKind};
use crate::http::{Api, Call};

/// One page of a list that is read a page at a time, so that it can be gone on with in another invocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// What is on it.
    pub rows: Vec<T>,
    /// What to ask for the next page with. Opaque; `None` is the end. It can be kept, and is checked again before it is followed.
    pub next: Option<String>,
    /// How many rows all pages have together, where Microsoft says so.
    pub total: Option<u64>,
}

/// One page as it comes. `value` may be null or missing for an empty list.
#[derive(Debug, Deserialize)]
pub(crate) struct Wire<T> {
    #[serde(default = "Option::default")]
    value: Option<Vec<T>>,
    #[serde(rename = "nextLink", alias = "@odata.nextLink", default)]
    next: Option<String>,
}

impl<T> From<Wire<T>> for Page<T> {
    fn from(wire: Wire<T>) -> Self {
        let next = wire.next.filter(|link| !link.is_empty());
        Self { rows: wire.value.unwrap_or_default(), next, total: None }
    }
}

impl Api {
    /// Reads one page of a list.
    pub(crate) async fn page<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        address: String,
    ) -> Result<Page<T>, Error> {
        self.read::<Wire<T>>(&Call::get(operation, address)).await.map(Page::from)
    }

    /// Reads a list to its end.
    pub(crate) async fn list<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        address: String,
    ) -> Result<Vec<T>, Error> {
        let mut all = Vec::new();
        let mut next = Some(address);
        let mut last = String::new();
        let mut pages = 0;
        while let Some(address) = next.take() {
            pages += 1;
            // A list that leads back to itself, or never ends, is cut off as an error: a short list would look complete.
            if address == last || pages > self.http.settings().page_limit {
                return Err(
                    Error::new(ErrorKind::Unexpected, operation).with_message("the list's pages don't come to an end")
                );
            }
            last.clone_from(&address);
            let mut page = self.page(operation, address).await?;
            all.append(&mut page.rows);
            next = page.next;
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(text: &str) -> (usize, Option<String>) {
        let page = Page::from(serde_json::from_str::<Wire<u8>>(text).unwrap());
        (page.rows.len(), page.next)
    }

    #[test]
    fn both_spellings_of_the_next_page_are_read_and_null_is_the_end() {
        assert_eq!(page(r#"{"value":[1,2],"nextLink":"a"}"#), (2, Some("a".to_owned())));
        assert_eq!(page(r#"{"value":[1],"@odata.nextLink":"b"}"#), (1, Some("b".to_owned())));
        assert_eq!(page(r#"{"value":[],"nextLink":null}"#), (0, None));
        assert_eq!(page(r#"{"value":[1],"nextLink":""}"#), (1, None));
        assert_eq!(page(r#"{"value":null}"#), (0, None));
        assert_eq!(page("{}"), (0, None));
    }
}
