//! What is in a subscription: Azure Resource Graph, and a check on its silence.

use onboarding::SubscriptionId;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::json;

use super::Arm;
use crate::clouds::with_query;
use crate::errors::{Error, ErrorKind};
use crate::http::Call;
use crate::paging::Page;

impl Arm {
    /// A page of up to a thousand rows of a Resource Graph query over one subscription. `skip` is the page before's
    /// [`Page::next`], for the same query; without it the query begins. The query must project or order by `id`: only then are
    /// its pages stable.
    ///
    /// `POST {arm}/providers/Microsoft.ResourceGraph/resources?api-version=2022-10-01`; a reader's token of the tenant
    /// it trusts. 200. Its own quota: some 15 queries in five seconds, 429 beyond.
    /// See <https://learn.microsoft.com/rest/api/azureresourcegraph/resourcegraph/resources/resources>.
    ///
    /// What the person can't read is not among the rows, and its index lags by minutes: no rows are no proof that there are
    /// none. See [`Arm::has_resources`].
    ///
    /// # Errors
    /// [`ErrorKind::Unexpected`] for an answer that was cut off and can't be gone on with: a short list would look complete.
    /// [`ErrorKind::Invalid`] for a query it does not understand, or a `skip` it no longer knows; and as for every call of
    /// [`crate::arm`].
    pub async fn resource_graph<T: DeserializeOwned>(
        &self,
        id: &SubscriptionId,
        query: &str,
        skip: Option<&str>,
    ) -> Result<Page<T>, Error> {
        let mut options = json!({"$top": 1000, "resultFormat": "objectArray"});
        if let Some(skip) = skip {
            options["$skipToken"] = skip.into();
        }
        let body = json!({"subscriptions": [id.as_str()], "query": query, "options": options});
        let address = self.api.base.at(["providers", "Microsoft.ResourceGraph", "resources"]);
        let address = with_query(&address, &[("api-version", "2022-10-01")]);
        let rows: Rows<T> = self.api.read(&Call::post(QUERY, address, body)).await?;
        rows.page(skip)
    }

    /// Whether there is anything in a subscription that the person can read: what to ask before believing that a query without
    /// rows means an empty subscription.
    ///
    /// `GET {arm}/subscriptions/{id}/resources?api-version=2021-04-01&$top=1`, the first page only; a reader's token of
    /// the tenant it trusts. 200.
    /// See <https://learn.microsoft.com/rest/api/resources/resources/list>.
    ///
    /// # Errors
    /// As for every call of [`crate::arm`].
    pub async fn has_resources(&self, id: &SubscriptionId) -> Result<bool, Error> {
        let address = self.api.base.at(["subscriptions", id.as_str(), "resources"]);
        let address = with_query(&address, &[("api-version", "2021-04-01"), ("$top", "1")]);
        let page: Page<IgnoredAny> = self.api.page("arm.resources.first", address).await?;
        // An empty page with another behind it is how Azure skips what the person can't read.
        Ok(!page.rows.is_empty() || page.next.is_some())
    }

    /// Whether a database server names a Microsoft Entra administrator: only then can people sign in to it with Entra accounts. `list` is
    /// the path of its list of administrators, `…/providers/Microsoft.Sql/servers/{name}/administrators` or the like, in this
    /// subscription, and `version` its API's.
    ///
    /// `GET {arm}{list}?api-version={version}`; a reader's token of the tenant it trusts. 200.
    /// See <https://learn.microsoft.com/rest/api/sql/server-azure-ad-administrators/list-by-server>.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] for a path outside the subscription, before anything is sent; and as for every call of [`crate::arm`].
    pub async fn has_entra_administrator(&self, id: &SubscriptionId, list: &str, version: &str) -> Result<bool, Error> {
        const ADMINISTRATORS: &str = "arm.databases.administrators";
        let mut segments = list.trim_matches('/').split('/');
        let inside = segments.next().is_some_and(|first| first.eq_ignore_ascii_case("subscriptions"))
            && segments.next().is_some_and(|second| second.eq_ignore_ascii_case(id.as_str()));
        if !inside {
            return Err(
                Error::new(ErrorKind::Invalid, ADMINISTRATORS).with_message("not a server of this subscription")
            );
        }
        let address = self.api.base.at(list.trim_matches('/').split('/'));
        let address = with_query(&address, &[("api-version", version)]);
        let page: Page<IgnoredAny> = self.api.page(ADMINISTRATORS, address).await?;
        Ok(!page.rows.is_empty() || page.next.is_some())
    }
}

const QUERY: &str = "arm.resource_graph.query";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rows<T> {
    #[serde(default)]
    total_records: Option<u64>,
    // A text, says the contract.
    #[serde(default)]
    result_truncated: Option<String>,
    #[serde(rename = "$skipToken", default)]
    skip_token: Option<String>,
    data: Vec<T>,
}

impl<T> Rows<T> {
    fn page(self, asked: Option<&str>) -> Result<Page<T>, Error> {
        let next = self.skip_token.filter(|token| !token.is_empty());
        let truncated = self.result_truncated.as_deref().is_some_and(|text| text.eq_ignore_ascii_case("true"));
        if truncated && next.is_none() {
            return Err(Error::new(ErrorKind::Unexpected, QUERY).with_message("the rows were cut off"));
        }
        if next.is_some() && next.as_deref() == asked {
            return Err(Error::new(ErrorKind::Unexpected, QUERY).with_message("the list's pages don't come to an end"));
        }
        Ok(Page { rows: self.data, next, total: self.total_records })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(text: &str, asked: Option<&str>) -> Result<Page<u8>, Error> {
        serde_json::from_str::<Rows<u8>>(text).unwrap().page(asked)
    }

    #[test]
    fn rows_that_were_cut_off_are_no_list() {
        let whole = page(r#"{"totalRecords":2,"count":2,"resultTruncated":"false","data":[1,2],"facets":[]}"#, None);
        assert_eq!(whole.unwrap(), Page { rows: vec![1, 2], next: None, total: Some(2) });
        let more = page(r#"{"totalRecords":9,"resultTruncated":"true","$skipToken":"t","data":[1]}"#, None).unwrap();
        assert_eq!(more.next.as_deref(), Some("t"));
        let cut = page(r#"{"totalRecords":9,"resultTruncated":"true","data":[1]}"#, None).unwrap_err();
        assert_eq!(cut.kind(), ErrorKind::Unexpected);
        let again = page(r#"{"totalRecords":9,"resultTruncated":"false","$skipToken":"t","data":[1]}"#, Some("t"));
        assert_eq!(again.unwrap_err().kind(), ErrorKind::Unexpected);
    }
}
