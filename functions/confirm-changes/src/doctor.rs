//! "My subscription is not in the list": the causes that there are, each tested by a call. A test that fails to be made says nothing,
//! and is shown as saying nothing; none of them stops the step.

use jiff::{SignedDuration, Timestamp};
use microsoft::ErrorKind;
use microsoft::arm::{Subscription, SubscriptionState};
use onboarding::{Step, SubscriptionId, TenantId};
use serde_json::{Value, json};
use step::Job;

use impact::proof::Cause;

use crate::look::Seen;

/// How long Microsoft may take until everything shows up: "several hours", and a day is more than that.
/// See <https://learn.microsoft.com/azure/cost-management-billing/manage/subscription-change-directory>.
pub(crate) const SHOWN_WITHIN: SignedDuration = SignedDuration::from_hours(24);

/// What the calls said. `None`: that call gave no usable answer.
#[derive(Debug, Clone, Default)]
struct Facts {
    /// The directory that Azure names without a token.
    trusts: Option<TenantId>,
    /// The directories in which the partner admin has an account, and whether the partner directory is one.
    tenants: Option<(usize, bool)>,
    listed: bool,
    /// The partner admin's own role assignments on the subscription, and whether one is Owner.
    roles: Option<(usize, bool)>,
    state: Option<SubscriptionState>,
    since_move: Option<SignedDuration>,
}

/// Tests every cause.
pub(crate) async fn examine(job: &Job<'_>, seen: &Seen) -> Vec<Cause> {
    let meta = &job.loaded.meta;
    let id = &meta.subscription_id;
    let trusts = match job.cloud() {
        Ok(cloud) => cloud.arm_probe().tenant_of_subscription(id).await.ok().flatten(),
        Err(_) => None,
    };
    let tenants = seen.arm.tenants().await.ok();
    let tenants = tenants.map(|list| (list.len(), list.iter().any(|it| it.tenant_id == meta.partner_tenant_id)));
    let roles = match &meta.partner_admin_oid {
        Some(admin) => match seen.arm.role_assignments_of(id, admin).await {
            Ok(list) => Some((list.len(), list.iter().any(|it| it.is_direct_owner(id, admin)))),
            // Who may not even read the list of roles has none.
            Err(error) if matches!(error.kind(), ErrorKind::Forbidden | ErrorKind::NotFound) => Some((0, false)),
            Err(_) => None,
        },
        None => None,
    };
    let moved = job.loaded.step(Step::MapDirectory).and_then(|record| record.done_at.as_deref());
    let moved = moved.and_then(|at| at.parse::<Timestamp>().ok());
    let facts = Facts {
        trusts,
        tenants,
        listed: seen.listed.is_some(),
        roles,
        state: state(seen, id).await,
        since_move: moved.map(|at| job.deps.clock.now().duration_since(at)),
    };
    causes(&facts, &meta.partner_tenant_id)
}

async fn state(seen: &Seen, id: &SubscriptionId) -> Option<SubscriptionState> {
    let of = |subscription: &Subscription| subscription.state.clone();
    match &seen.listed {
        Some(subscription) => Some(of(subscription)),
        None => seen.arm.subscription(id).await.ok().flatten().as_ref().map(of),
    }
}

fn causes(facts: &Facts, partner: &TenantId) -> Vec<Cause> {
    let elsewhere = facts.trusts.as_ref().map(|tenant| tenant != partner);
    let no_account = facts.tenants.map(|(_, among)| !among);
    let without_role = facts.roles.map(|(count, _)| count == 0);
    let disabled = facts.state.as_ref().map(|state| *state != SubscriptionState::Enabled);
    let wrong_directory = match (elsewhere, no_account) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (Some(false), _) => Some(false),
        (None, _) => None,
    };
    // Everything is as it should be and it still does not show: Microsoft is at it, unless it has had its day.
    let propagation = match (wrong_directory, without_role, facts.since_move) {
        (_, _, Some(since)) if since > SHOWN_WITHIN => Some(false),
        (Some(true), ..) => Some(false),
        (Some(false), Some(false), Some(_)) => Some(!facts.listed || disabled.is_none()),
        // A role that step 4 saw and this list doesn't have yet may be on its way, too.
        _ => None,
    };
    let cause = |cause: &str, applies, seen: Value| Cause {
        cause: cause.into(),
        applies,
        seen: seen.as_object().cloned().unwrap_or_default(),
    };
    let (tenants, roles) = (facts.tenants.map(|(count, _)| count), facts.roles.map(|(count, _)| count));
    vec![
        cause("wrong-directory", wrong_directory, json!({"trusts": facts.trusts, "partnerAdminsDirectories": tenants})),
        // The list that we read has no filter. Whether a browser's has, only its person sees.
        cause("filter", if facts.listed { None } else { Some(false) }, json!({"listedWithoutFilter": facts.listed})),
        cause("role", without_role, json!({"roleAssignments": roles, "owner": facts.roles.map(|(_, owner)| owner)})),
        cause("propagation", propagation, json!({"minutesSinceMove": facts.since_move.map(|since| since.as_mins())})),
        cause("disabled", disabled, json!({"state": facts.state})),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partner() -> TenantId {
        TenantId::parse("b2000000-0000-4000-8000-000000000002").unwrap()
    }

    /// All is well but for the list: the move was ten minutes ago.
    fn fresh() -> Facts {
        Facts {
            trusts: Some(partner()),
            tenants: Some((2, true)),
            listed: false,
            roles: Some((1, true)),
            state: Some(SubscriptionState::Enabled),
            since_move: Some(SignedDuration::from_mins(10)),
        }
    }

    fn applies(facts: &Facts) -> Vec<String> {
        let causes = causes(facts, &partner());
        assert_eq!(causes.len(), 5);
        causes.into_iter().filter(|it| it.applies == Some(true)).map(|it| it.cause).collect()
    }

    #[test]
    fn each_cause_is_found_and_found_alone() {
        assert_eq!(applies(&fresh()), ["propagation"]);
        let elsewhere = TenantId::parse("c5000000-0000-4000-8000-000000000005").unwrap();
        assert_eq!(applies(&Facts { trusts: Some(elsewhere), ..fresh() }), ["wrong-directory"]);
        assert_eq!(applies(&Facts { roles: Some((0, false)), ..fresh() }), ["role"]);
        let disabled = Facts { state: Some(SubscriptionState::Disabled), listed: true, ..fresh() };
        assert_eq!(applies(&disabled), ["disabled"]);
    }

    #[test]
    fn after_a_day_microsoft_is_no_longer_at_it() {
        let late = Facts { since_move: Some(SignedDuration::from_hours(25)), ..fresh() };
        assert!(applies(&late).is_empty());
    }

    #[test]
    fn what_could_not_be_asked_is_neither_a_cause_nor_ruled_out() {
        let causes = causes(&Facts::default(), &partner());
        let open: Vec<_> = causes.iter().filter(|it| it.applies.is_none()).map(|it| it.cause.as_str()).collect();
        assert_eq!(open, ["wrong-directory", "role", "propagation", "disabled"]);
    }
}
