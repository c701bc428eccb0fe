//! Onboardings that stand still although nobody is waited for.
//!
//! Whatever a step or a signal loses is repeated by itself; this finds what all of that missed: an execution that died while the event
//! about it was lost, a table that was restored, a mistake of ours. Nothing is repaired blindly: whoever runs the service is told once an
//! hour, by a line in the log with an alarm on it, and has the operator's pages to look and act.

use jiff::{SignedDuration, Timestamp};
use onboarding::Status;
use ops::StepError;
use store::{Meta, keys};

use crate::Deps;

/// Longer than any step and all its retries take. See the `Retry` entries of the state machine.
const WORKS: SignedDuration = SignedDuration::from_hours(6);
/// Longer than the state machine waits for Microsoft to apply a change.
const SETTLES: SignedDuration = SignedDuration::from_hours(36);
/// Longer than a minute's sweep needs to end a wait whose time is over, however many there are.
const ENDS: SignedDuration = SignedDuration::from_hours(2);

/// How many entries of the list are read at once, and how many in all.
const AT_ONCE: i32 = 250;
const MOST: usize = 5000;

/// Looks through everything that runs; answers how many stand still.
///
/// # Errors
/// When the table can't be read.
pub(crate) async fn look(deps: &Deps) -> Result<u32, StepError> {
    let (mut found, mut seen, mut after) = (0, 0, None);
    loop {
        let (page, next) = deps.store.listed(keys::LIST_OPEN, after.as_deref(), AT_ONCE).await?;
        seen += page.len();
        for (meta, why) in page.iter().filter_map(|meta| Some((meta, stands_still(meta, deps.clock.now())?))) {
            found += 1;
            tracing::error!(
                onboarding_id = %meta.onboarding_id, error_name = "Onboarding.Stuck", status = meta.status.as_str(),
                step = meta.current_step.as_str(), updated_at = meta.updated_at, execution = meta.execution,
                "an onboarding stands still: {why}"
            );
        }
        after = next;
        if after.is_none() || seen >= MOST {
            return Ok(found);
        }
    }
}

/// Why an onboarding should have moved on by now; none if it may well stand where it does.
fn stands_still(meta: &Meta, now: Timestamp) -> Option<&'static str> {
    let since = |time: &str| time.parse::<Timestamp>().ok().map(|at| now.duration_since(at));
    let changed = since(&meta.updated_at)?;
    match meta.status {
        Status::Running => (changed > WORKS).then_some("a step should have ended by now"),
        Status::Settling => {
            (changed > SETTLES).then_some("the state machine should have given up waiting for Microsoft")
        }
        Status::Waiting => {
            let until = since(&meta.waiting.as_ref()?.until)?;
            (until > ENDS).then_some("its wait should have ended at its deadline")
        }
        Status::Done | Status::Cancelled | Status::Declined | Status::Expired | Status::Failed => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn meta(status: &str, updated: &str, until: &str) -> Meta {
        serde_json::from_value(json!({
            "onboardingId": onboarding::OnboardingId::from_parts(1, 2), "schema": 1, "ver": 3, "status": status,
            "currentStep": "map-directory", "cloud": "public", "route": "two-party",
            "subscriptionId": "6c3c85bc-5366-4eaa-8055-a10529eafd03",
            "sourceTenantId": "11111111-1111-1111-1111-111111111111",
            "partnerTenantId": "22222222-2222-2222-2222-222222222222", "partnerDirectory": "contoso.com",
            "ownerEmail": "rosa@outlook.com", "ownerAccount": "personal", "partnerAdminEmail": "kim@contoso.com",
            "requestKey": "k", "execution": "arn", "createdAt": "2026-05-10T09:00:00Z", "updatedAt": updated,
            "waiting": {"actor": "owner", "kind": "sign-in", "since": "2026-05-10T09:00:00Z", "until": until},
        }))
        .unwrap()
    }

    #[test]
    fn what_should_have_moved_on_is_found_and_who_may_take_their_time_is_not() {
        let now = "2026-05-12T10:00:00Z".parse().unwrap();
        let week = "2026-05-19T10:00:00Z";
        for (status, updated, until, stuck) in [
            ("running", "2026-05-12T03:59:00Z", week, true),
            ("running", "2026-05-12T04:01:00Z", week, false),
            ("settling", "2026-05-10T21:59:00Z", week, true),
            ("settling", "2026-05-10T22:01:00Z", week, false),
            ("waiting", "2026-05-10T09:00:00Z", week, false),
            ("waiting", "2026-05-10T09:00:00Z", "2026-05-12T07:59:00Z", true),
            ("waiting", "2026-05-10T09:00:00Z", "2026-05-12T08:01:00Z", false),
            ("done", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", false),
        ] {
            assert_eq!(stands_still(&meta(status, updated, until), now).is_some(), stuck, "{status} {updated} {until}");
        }
    }
}
