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

/// One page. `value` may be null or missing for an empty list.
#[derive(Debug, Deserialize)]
pub(crate) struct Page<T> {
    #[serde(default = "Option::default")]
    value: Option<Vec<T>>,
    #[serde(rename = "nextLink", alias = "@odata.nextLink", default)]
    next: Option<String>,
}

impl Api {
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
            let page: Page<T> = self.read(&Call::get(operation, address)).await?;
            all.extend(page.value.into_iter().flatten());
            next = page.next.filter(|link| !link.is_empty());
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(text: &str) -> (usize, Option<String>) {
        let page: Page<u8> = serde_json::from_str(text).unwrap();
        (page.value.map_or(0, |value| value.len()), page.next)
    }

    #[test]
    fn both_spellings_of_the_next_page_are_read_and_null_is_the_end() {
        assert_eq!(page(r#"{"value":[1,2],"nextLink":"a"}"#), (2, Some("a".to_owned())));
        assert_eq!(page(r#"{"value":[1],"@odata.nextLink":"b"}"#), (1, Some("b".to_owned())));
        assert_eq!(page(r#"{"value":[],"nextLink":null}"#), (0, None));
        assert_eq!(page(r#"{"value":null}"#), (0, None));
        assert_eq!(page("{}"), (0, None));
    }
}
