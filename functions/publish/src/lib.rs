//! Tells other systems what happened: every entry of an audit trail becomes an event on the product's own bus, `source` `mooring`,
//! `detail-type` the entry's action. Fed by the table's stream, so that what was recorded is told, and nothing else.
//!
//! Microsoft calls: none. AWS calls a batch: two reads an entry, one call that puts up to ten events.
//!
//! At least once, in no certain order: `id` is the same each time, `sequence` is the place in the trail.
//! See <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html>.

mod event;

use aws_sdk_eventbridge::error::ProvideErrorMetadata as _;
use aws_sdk_eventbridge::types::{PutEventsRequestEntry, PutEventsResultEntry};
use onboarding::{ErrorName, OnboardingId};
use ops::StepError;
use ops::batch::{Again, Change, Changes};
use store::Store;

pub use event::{Happened, SCHEMA, SOURCE};

/// What the function works with.
#[derive(Debug)]
pub struct Deps {
    /// The tables.
    pub store: Store,
    /// The bus's service.
    pub events: aws_sdk_eventbridge::Client,
    /// The bus.
    pub bus: String,
}

/// How many events one call takes.
const AT_ONCE: usize = 10;

/// Handles one batch, in order.
///
/// # Errors
/// None of its own: a failure is reported in the answer.
pub async fn handle(deps: &Deps, changes: Changes) -> Result<Again, StepError> {
    let changes: Vec<Change> = changes.in_order().collect();
    for some in changes.chunks(AT_ONCE) {
        let (mut numbers, mut entries, mut failed) = (Vec::new(), Vec::new(), None);
        for change in some {
            match told(deps, change.keys()).await {
                Ok(Some(entry)) => {
                    numbers.push(change.sequence_number().to_owned());
                    entries.push(entry);
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::error!(
                        error_name = error.name.as_str(),
                        error = error.message,
                        "an event could not be made"
                    );
                    failed = Some(change.sequence_number().to_owned());
                    break;
                }
            }
        }
        // What was made before the one that failed is told all the same.
        if let Some(number) = put(deps, &numbers, entries).await.or(failed) {
            return Ok(Again::from_here(number));
        }
    }
    Ok(Again::default())
}

/// The event of one change; none if it is no audit entry, or its onboarding is gone.
async fn told(deps: &Deps, (pk, sk): (&str, &str)) -> Result<Option<PutEventsRequestEntry>, StepError> {
    // The stream's filter lets only audit entries through; where a filter is not applied, the rest is passed over here.
    let Some(id) = pk.strip_prefix("ONB#").filter(|_| sk.starts_with(store::keys::AUDIT_PREFIX)) else {
        return Ok(None);
    };
    let bug = |error: &dyn std::fmt::Display| StepError::new(ErrorName::InternalBug, error.to_string());
    let id = OnboardingId::parse(id).map_err(|error| bug(&error))?;
    let (Some(entry), Some(meta)) = (deps.store.audit_entry(&id, sk).await?, deps.store.meta(&id).await?) else {
        return Ok(None);
    };
    let happened = Happened::of(&meta, &entry);
    let detail = serde_json::to_string(&happened).map_err(|error| bug(&error))?;
    let at = entry.at.parse::<jiff::Timestamp>().map_err(|error| bug(&error))?;
    let event = PutEventsRequestEntry::builder()
        .event_bus_name(&deps.bus)
        .source(SOURCE)
        .detail_type(&happened.kind)
        .time(aws_sdk_eventbridge::primitives::DateTime::from_secs(at.as_second()))
        .resources(&meta.execution)
        .detail(detail);
    Ok(Some(event.build()))
}

/// Puts the events on the bus; answers the number of the first that did not get there. The call itself can succeed while some
/// of its entries fail.
async fn put(deps: &Deps, numbers: &[String], entries: Vec<PutEventsRequestEntry>) -> Option<String> {
    let first = numbers.first()?;
    let answer = match deps.events.put_events().set_entries(Some(entries)).send().await {
        Ok(answer) => answer,
        Err(error) => {
            let service = error.as_service_error();
            let code = service.and_then(|error| error.code()).unwrap_or("no answer");
            let said = service.and_then(|error| error.message()).unwrap_or_default();
            let error_name = ErrorName::UpstreamUnavailable.as_str();
            tracing::error!(error_name, "the bus refused: {code} {said}");
            return Some(first.clone());
        }
    };
    let (number, code) = first_refused(numbers, answer.entries())?;
    tracing::error!(error_name = ErrorName::UpstreamUnavailable.as_str(), "the bus refused an event: {code}");
    Some(number.to_owned())
}

/// The number of the first event that is not on the bus, and why.
fn first_refused<'a>(numbers: &'a [String], results: &'a [PutEventsResultEntry]) -> Option<(&'a str, &'a str)> {
    numbers.iter().enumerate().find_map(|(index, number)| match results.get(index) {
        Some(result) => result.error_code().map(|code| (number.as_str(), code)),
        // One that is not answered for did not get there either.
        None => Some((number.as_str(), "no answer")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_goes_on_from_the_first_event_that_the_bus_refused() {
        let numbers = ["1", "2", "3"].map(str::to_owned);
        let taken = || PutEventsResultEntry::builder().event_id("e").build();
        let refused = || PutEventsResultEntry::builder().error_code("ThrottlingException").build();
        assert_eq!(first_refused(&numbers, &[taken(), taken(), taken()]), None);
        assert_eq!(first_refused(&numbers, &[taken(), refused(), refused()]), Some(("2", "ThrottlingException")));
        assert_eq!(first_refused(&numbers, &[taken(), taken()]), Some(("3", "no answer")));
        assert_eq!(first_refused(&numbers, &[]), Some(("1", "no answer")));
    }
}
