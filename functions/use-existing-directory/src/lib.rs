//! Step 1, use existing directory: proves that the signed-in owner may move the subscription, and that it can be moved.
//!
//! Who: the owner, with a token of the source directory. Microsoft calls: refresh, and those of the owner's side of the preflight
//! ([`assess::preflight::owners_side`]). Changes nothing at Microsoft.

use std::borrow::Cow;

use assess::preflight;
use microsoft::arm::{Arm, Subscription};
use onboarding::{Actor, Directory, ErrorName, Step};
use ops::{Event, StepError};
use serde::{Deserialize, Serialize};
use serde_json::json;
use step::{Deps, Input, Job, Reached, Stop, perform};
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
/// [`ErrorName::SubscriptionNotVisible`], [`ErrorName::SubscriptionNotChosen`], [`ErrorName::SubscriptionNotMovable`], [`ErrorName::SubscriptionNotEnabled`], [`ErrorName::OwnerNotOwner`],
/// [`ErrorName::RequestForeignPending`], [`ErrorName::LeavingBlocked`], [`ErrorName::SubscriptionAlreadyOnboarding`], and those of every step.
pub async fn handle(deps: &Deps, event: Event<Input>) -> Result<Output, StepError> {
    perform(deps, event, Step::UseExistingDirectory, work).await
}

async fn work(job: &mut Job<'_>) -> Result<(Reached, Output), Stop> {
    let token = job.token::<Arm>(Actor::Owner, Directory::Source).await?;
    let arm = job.cloud()?.arm(&token);
    let side = Box::pin(preflight::owners_side(job, &arm)).await?;
    take_up(job, &side.subscription).await?;
    let facts = json!({
        "offer": side.subscription.subscription_policies.quota_id,
        "spendingLimit": side.subscription.subscription_policies.spending_limit,
        "delegated": side.subscription.is_delegated(),
        "leavingPolicy": side.leaving,
    });
    Ok((Reached::Done(facts), Output { verdict: "ready".into() }))
}

/// Takes the subscription's lock, now that its owner has proved to be one: nobody else can lock it out.
async fn take_up(job: &mut Job<'_>, subscription: &Subscription) -> Result<(), Stop> {
    let meta = &job.loaded.meta;
    let id = &subscription.subscription_id;
    match job.deps.store.running_for_subscription(id).await? {
        Some(other) if other != meta.onboarding_id => {
            let text = format!("onboarding {other} has this subscription; go on with it");
            return Err(Stop::new(ErrorName::SubscriptionAlreadyOnboarding, text));
        }
        Some(_) | None => {}
    }
    if !meta.subscription_id.is_chosen() {
        job.change.meta.subscription_id = id.clone();
        job.change.meta.subscription_chosen = true;
        job.note("subscription.found", json!({"subscription": id}));
    }
    job.change.meta.subscription_name = Some(onboarding::plain::one_line(&subscription.display_name));
    job.change.meta.subscription_locked = true;
    job.change.write(Write::LockSubscription(subscription.subscription_id.clone()));
    Ok(())
}
