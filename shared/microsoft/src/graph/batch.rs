//! Several reads in one call.
//!
//! Graph takes up to twenty requests in one and answers each by itself; Microsoft throttles each by itself too, so that a batch saves
//! round trips and no quota. What was throttled or failed is asked for again, the rest is not.
//! See <https://learn.microsoft.com/graph/json-batching>.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::Graph;
use crate::clouds::with_query;
use crate::errors::{Error, ErrorKind};
use crate::http::{Answer, Call, retry_after};
use crate::paging::{Page, Wire};

/// How many requests fit into one call.
const PARTS: usize = 20;

/// How many conditions fit into one filter: Graph refuses a sixteenth.
pub(super) const CONDITIONS: usize = 15;

impl Graph {
    /// The rows of `collection` that fit any of `filters`, which are asked for twenty in a call.
    pub(super) async fn rows<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        collection: &str,
        select: &str,
        filters: &[String],
    ) -> Result<Vec<T>, Error> {
        let mut rows = Vec::new();
        for filters in filters.chunks(PARTS) {
            let urls: Vec<String> = filters
                .iter()
                .map(|filter| with_query(&format!("/{collection}"), &[("$filter", filter), ("$select", select)]))
                .collect();
            for answer in self.batch(operation, &urls).await? {
                let mut page = Page::from(answer.json::<Wire<T>>()?);
                rows.append(&mut page.rows);
                if let Some(next) = page.next {
                    rows.append(&mut self.api.list(operation, next).await?);
                }
            }
        }
        Ok(rows)
    }

    /// Makes reads in one call, and again those that Graph could not answer just then; every answer is a success.
    async fn batch(&self, operation: &'static str, urls: &[String]) -> Result<Vec<Answer>, Error> {
        let settings = self.api.http.settings();
        let own = Instant::now() + settings.call_timeout;
        let until = self.api.deadline.map_or(own, |deadline| deadline.min(own));
        let mut open: Vec<usize> = (0..urls.len()).collect();
        let mut done = BTreeMap::new();
        let mut tries = 0;
        loop {
            let requests: Vec<Value> = open
                .iter()
                .map(|place| json!({"id": place.to_string(), "method": "GET", "url": urls[*place]}))
                .collect();
            let call = Call::post(operation, self.api.base.at(["$batch"]), json!({"requests": requests}));
            let answer = self.api.send(&call).await?;
            let mut parts: HashMap<String, Part> =
                answer.json::<Parts>()?.responses.into_iter().map(|part| (part.id.clone(), part)).collect();
            let mut again = Vec::new();
            let mut failed: Option<Error> = None;
            let mut wait = Duration::ZERO;
            for place in open {
                let part = parts.remove(&place.to_string()).ok_or_else(|| {
                    Error::new(ErrorKind::Unexpected, operation).with_message("a part of the answer is missing")
                })?;
                let part = part.answer(&answer)?;
                match part.status.as_u16() {
                    200..300 => drop(done.insert(place, part)),
                    408 | 429 | 500 | 502 | 503 | 504 => {
                        wait = wait.max(retry_after(&part.headers).unwrap_or_default());
                        failed = Some(part.refusal(&call));
                        again.push(place);
                    }
                    _ => return Err(part.refusal(&call)),
                }
            }
            let Some(failed) = failed else { return Ok(done.into_values().collect()) };
            let wait = wait.max(settings.longest_wait.min(settings.first_wait * 2_u32.saturating_pow(tries)));
            tries += 1;
            if usize::try_from(tries).is_ok_and(|tries| tries > settings.retries) || Instant::now() + wait >= until {
                return Err(failed);
            }
            tokio::time::sleep(wait).await;
            open = again;
        }
    }
}

/// The filters that ask for any of `values`, `each` of them being one condition (or several, which count).
pub(super) fn filters(values: &[&str], conditions: usize, each: impl Fn(&str) -> String) -> Vec<String> {
    // OData writes a quote inside a text as two.
    let one = |value: &&str| each(&value.replace('\'', "''"));
    let fit = (CONDITIONS / conditions.max(1)).max(1);
    values.chunks(fit).map(|values| values.iter().map(one).collect::<Vec<_>>().join(" or ")).collect()
}

#[derive(Deserialize)]
struct Parts {
    #[serde(default)]
    responses: Vec<Part>,
}

#[derive(Deserialize)]
struct Part {
    id: String,
    status: u16,
    #[serde(default)]
    headers: Option<HashMap<String, String>>,
    #[serde(default)]
    body: Value,
}

impl Part {
    fn answer(self, whole: &Answer) -> Result<Answer, Error> {
        let status = StatusCode::from_u16(self.status).map_err(|_| {
            Error::new(ErrorKind::Unexpected, whole.operation).with_message("a part of the answer has no status")
        })?;
        let headers: HeaderMap = self
            .headers
            .unwrap_or_default()
            .into_iter()
            .filter_map(|(name, value)| Some((HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?)))
            .collect();
        Ok(whole.part(status, headers, self.body.to_string().into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_filter_has_more_conditions_than_graph_takes_and_quotes_are_doubled() {
        let values: Vec<String> = (0..31).map(|number| format!("o'{number}")).collect();
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        let ones = filters(&values, 1, |value| format!("a eq '{value}'"));
        assert_eq!(ones.iter().map(|it| it.split(" or ").count()).collect::<Vec<_>>(), [15, 15, 1]);
        assert!(ones[0].starts_with("a eq 'o''0' or "), "{}", ones[0]);
        let threes = filters(&values, 3, |value| format!("a eq '{value}' or b eq '{value}' or c eq '{value}'"));
        assert_eq!(threes.len(), 7);
        assert!(threes.iter().all(|it| it.split(" or ").count() <= CONDITIONS));
        assert!(filters(&[], 1, str::to_owned).is_empty());
    }
}
