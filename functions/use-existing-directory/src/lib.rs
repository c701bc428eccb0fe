//! Step 1, use existing directory: proves that the signed-in owner may move the subscription, and that it can be moved.
//!
//! Who: the owner, with a token of the source directory. Microsoft calls: refresh, subscription, the owner's role assignments, pending
//! requests, the directory's policy. Changes nothing at Microsoft.

use std::borrow::Cow;

use microsoft::ErrorKind;
use microsoft::arm::{Arm, Subscription, SubscriptionState};
use onboarding::{Actor, Directory, ErrorName, Step};
use ops::{Event, StepError};
use serde::{Deserialize, Serialize};
use serde_json::json;
use step::{Deps, Input, Job, Reached, Stop, perform, policy};
use store::Write;

/// What the state machine gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// Always `ready`; whatever else there is to say has an error name.
    pub verdict: Cow<'static, str>,
}

/// Handles one event.
///
/// # Errors
/// [`ErrorName::SubscriptionNotMovable`], [`ErrorName::SubscriptionNotEnabled`], [`ErrorName::OwnerNotOwner`],
/// [`ErrorName::RequestForeignPending`], [`ErrorName::LeavingBlocked`], [`ErrorName::SubscriptionAlreadyOnboarding`], and those of every step.
pub async fn handle(deps: &Deps, event: Event<Input>) -> Result<Output, StepError> {
    perform(deps, event, Step::UseExistingDirectory, work).await
}

async fn work(job: &mut Job<'_>) -> Result<(Reached, Output), Stop> {
    let meta = job.loaded.meta.clone();
    let token = job.token::<Arm>(Actor::Owner, Directory::Source).await?;
    let arm = job.cloud()?.arm(&token);
    let subscription = look_at(job, &arm).await?;
    if subscription.tenant_id != meta.source_tenant_id {
        return Err(Stop::new(
            ErrorName::SubscriptionElsewhere,
            "the subscription no longer trusts the source directory",
        ));
    }
    if subscription.offer_cannot_move() {
        let offer = subscription.subscription_policies.quota_id.as_deref().unwrap_or("unknown");
        return Err(Stop::new(ErrorName::SubscriptionNotMovable, format!("its offer is {offer}")));
    }
    if subscription.state != SubscriptionState::Enabled {
        let state = String::from(subscription.state);
        return Err(Stop::new(ErrorName::SubscriptionNotEnabled, format!("its state is {state}")));
    }
    prove_owner(job, &arm).await?;
    let refused = |error| Stop::from_call(&error, Actor::Owner, Directory::Source);
    let pending = arm.directory_changes(&meta.subscription_id).await.map_err(refused)?;
    let now = job.deps.clock.now();
    if pending
        .iter()
        .any(|request| request.is_open(now) && request.destination_tenant.as_ref() != Some(&meta.partner_tenant_id))
    {
        return Err(Stop::new(ErrorName::RequestForeignPending, "a request to move it to another directory is open"));
    }
    let rules = arm.subscription_policy().await.map_err(refused)?;
    let leaving =
        policy::judge(&rules, rules.leaving, meta.owner_oid.as_ref(), ErrorName::LeavingBlocked, &job.loaded)?;
    take_up(job, &subscription).await?;
    let facts = json!({
        "offer": subscription.subscription_policies.quota_id,
        "spendingLimit": subscription.subscription_policies.spending_limit,
        "delegated": subscription.is_delegated(),
        "leavingPolicy": leaving.as_str(),
    });
    Ok((Reached::Done(facts), Output { verdict: "ready".into() }))
}

async fn look_at(job: &Job<'_>, arm: &Arm) -> Result<Subscription, Stop> {
    let invisible = || Stop::new(ErrorName::OwnerNotOwner, "the signed-in account can't see the subscription");
    match arm.subscription(&job.loaded.meta.subscription_id).await {
        Ok(Some(subscription)) => Ok(subscription),
        Ok(None) => Err(invisible()),
        Err(error) if error.kind() == ErrorKind::Forbidden => Err(invisible()),
        Err(error) if error.kind() == ErrorKind::WrongTenant => {
            Err(Stop::new(ErrorName::SubscriptionElsewhere, "the subscription no longer trusts the source directory"))
        }
        Err(error) => Err(Stop::from_call(&error, Actor::Owner, Directory::Source)),
    }
}

/// Microsoft: the owner must be assigned directly, without conditions, groups or privileged identity management.
async fn prove_owner(job: &Job<'_>, arm: &Arm) -> Result<(), Stop> {
    let meta = &job.loaded.meta;
    let Some(oid) = &meta.owner_oid else {
        return Err(Stop::sign_in(Actor::Owner, Directory::Source, "first", None));
    };
    let assignments = match arm.role_assignments_of(&meta.subscription_id, oid).await {
        Ok(assignments) => assignments,
        Err(error) if error.kind() == ErrorKind::Forbidden => Vec::new(),
        Err(error) => return Err(Stop::from_call(&error, Actor::Owner, Directory::Source)),
    };
    if assignments.iter().any(|assignment| assignment.is_direct_owner(&meta.subscription_id, oid)) {
        return Ok(());
    }
    let owner = |assignment: &&microsoft::arm::RoleAssignment| assignment.role() == microsoft::arm::OWNER_ROLE;
    let has = match assignments.iter().find(owner) {
        Some(with) if with.properties.condition.as_deref().is_some_and(|condition| !condition.is_empty()) => {
            "the account has the Owner role with a condition"
        }
        Some(_) => "the account has the Owner role elsewhere, not on the subscription itself",
        None if assignments.is_empty() => "the account has no role of its own on the subscription",
        None => "the account has other roles on the subscription, not Owner",
    };
    Err(Stop::new(ErrorName::OwnerNotOwner, has))
}

/// Takes the subscription's lock, now that its owner has proved to be one: nobody else can lock it out.
async fn take_up(job: &mut Job<'_>, subscription: &Subscription) -> Result<(), Stop> {
    let meta = &job.loaded.meta;
    match job.deps.store.running_for_subscription(&meta.subscription_id).await? {
        Some(other) if other != meta.onboarding_id => {
            let text = format!("onboarding {other} has this subscription; go on with it");
            return Err(Stop::new(ErrorName::SubscriptionAlreadyOnboarding, text));
        }
        Some(_) | None => {}
    }
    job.change.meta.subscription_name = Some(subscription.display_name.clone());
    job.change.meta.subscription_locked = true;
    job.change.write(Write::LockSubscription(subscription.subscription_id.clone()));
    Ok(())
}
