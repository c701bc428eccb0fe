//! The rendezvous of a person and the state machine.
//!
//! The outcome is written first, once, by one conditional update that answers with the task token, if the machine
//! has parked already. If it has not, its own conditional write of the token fails and it reads the outcome instead.
//! So neither order of the two loses anything. A crash between writing and signalling is found by `sweep`, because
//! the same write puts the wait into the index of due items.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use onboarding::{Actor, OnboardingId, Outcome, WaitKind};

use crate::change::{Item, s};
use crate::{Store, StoreError, keys};

/// What recording an outcome came to. Holds a task token, hence the hand-written Debug.
#[derive(Clone, PartialEq, Eq)]
pub enum Recorded {
    /// Ours was the first. The token is there if the machine has parked.
    First {
        /// The task token to signal with.
        task_token: Option<String>,
    },
    /// There was one before.
    Before {
        /// What was recorded.
        outcome: Outcome,
        /// By whom.
        by: String,
        /// When.
        at: String,
        /// The task token, if the machine has parked and has not been told yet.
        task_token: Option<String>,
    },
}

impl std::fmt::Debug for Recorded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::First { task_token } => write!(f, "First(parked: {})", task_token.is_some()),
            Self::Before { outcome, by, at, .. } => write!(f, "Before({outcome} by {by} at {at})"),
        }
    }
}

/// A wait that `sweep` has to look at. Holds a task token, hence the hand-written Debug.
#[derive(Clone)]
pub struct Due {
    /// The onboarding.
    pub onboarding_id: OnboardingId,
    /// The wait.
    pub wait_id: String,
    /// The outcome, if it is an unsignalled one; none if it is time to look again.
    pub outcome: Option<Outcome>,
    /// The task token, if the machine has parked.
    pub task_token: Option<String>,
    /// Since when it is due. RFC 3339, UTC.
    pub due_at: String,
    /// What is asked, if that can be read.
    pub kind: Option<WaitKind>,
}

impl std::fmt::Debug for Due {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Due")
            .field("onboarding_id", &self.onboarding_id)
            .field("wait_id", &self.wait_id)
            .field("outcome", &self.outcome)
            .finish_non_exhaustive()
    }
}

/// Everything that `sweep` has to look at.
#[derive(Debug, Default)]
pub struct DueItems {
    /// Waits.
    pub waits: Vec<Due>,
    /// People who are to be reminded of what they have to do after the move. The index lags: the record says whether they still are.
    pub to_dos: Vec<(OnboardingId, Actor)>,
}

impl Store {
    /// Records how a wait ended, once. Answers who was first and the task token, if the machine has parked.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if there is no such wait.
    pub async fn record_outcome(
        &self,
        id: &OnboardingId,
        wait_id: &str,
        outcome: Outcome,
        by: &str,
        now: jiff::Timestamp,
    ) -> Result<Recorded, StoreError> {
        let mark = mark();
        let answer = self
            .client
            .update_item()
            .table_name(&self.onboarding)
            .key("pk", s(keys::onboarding(id)))
            .key("sk", s(keys::wait(wait_id)))
            .update_expression(
                "SET outcome = :outcome, outcomeAt = :at, outcomeBy = :by, outcomeMark = :mark, dueBucket = :bucket, dueAt = :at",
            )
            .condition_expression("attribute_exists(pk) AND attribute_not_exists(outcome)")
            .expression_attribute_values(":outcome", s(outcome.as_str()))
            .expression_attribute_values(":at", s(now.to_string()))
            .expression_attribute_values(":by", s(by))
            .expression_attribute_values(":mark", s(&mark))
            .expression_attribute_values(":bucket", s(keys::due_bucket(id)))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match answer {
            Ok(answer) => {
                let item = answer.attributes.unwrap_or_default();
                Ok(Recorded::First { task_token: text(&item, "taskToken") })
            }
            Err(error) => {
                use aws_sdk_dynamodb::operation::update_item::UpdateItemError::ConditionalCheckFailedException;
                match error.as_service_error() {
                    Some(ConditionalCheckFailedException(failed)) => match failed.item() {
                        Some(item) => before(item, &mark),
                        // Nothing to show: there is no such wait.
                        None => Err(StoreError::NotFound),
                    },
                    _ => Err(StoreError::from_sdk(&error)),
                }
            }
        }
    }

    async fn wait_item(&self, id: &OnboardingId, wait_id: &str) -> Result<Option<Item>, StoreError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.onboarding)
            .key("pk", s(keys::onboarding(id)))
            .key("sk", s(keys::wait(wait_id)))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| StoreError::from_sdk(&error))?;
        Ok(answer.item)
    }

    /// Notes that the state machine was told; takes the wait out of the index of due items.
    ///
    /// # Errors
    /// When the table doesn't answer.
    pub async fn signalled(&self, id: &OnboardingId, wait_id: &str, now: jiff::Timestamp) -> Result<(), StoreError> {
        self.client
            .update_item()
            .table_name(&self.onboarding)
            .key("pk", s(keys::onboarding(id)))
            .key("sk", s(keys::wait(wait_id)))
            .update_expression("SET signalledAt = :at REMOVE dueBucket, dueAt, taskToken")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":at", s(now.to_string()))
            .send()
            .await
            .map_err(|error| StoreError::from_sdk(&error))?;
        Ok(())
    }

    /// What is due: waits that were answered and not signalled, or are to be looked at, and lists of what is left to do. An item that
    /// can't be read is logged and passed over: it must not keep the others waiting.
    ///
    /// # Errors
    /// When the table doesn't answer.
    pub async fn due(&self, now: jiff::Timestamp) -> Result<DueItems, StoreError> {
        let mut due = DueItems::default();
        for bucket in 0..keys::DUE_BUCKETS {
            let mut pages = self
                .client
                .query()
                .table_name(&self.onboarding)
                .index_name("ByDue")
                .key_condition_expression("dueBucket = :bucket AND dueAt <= :now")
                .expression_attribute_values(":bucket", s(format!("DUE#{bucket}")))
                .expression_attribute_values(":now", s(now.to_string()))
                .into_paginator()
                .page_size(100)
                .send();
            while let Some(page) = pages.next().await {
                let page = page.map_err(|error| StoreError::from_sdk(&error))?;
                for key in page.items.unwrap_or_default() {
                    match to_do(&key) {
                        Some(list) => due.to_dos.push(list),
                        None => due.waits.extend(self.due_item(&key, now).await?),
                    }
                }
                if due.waits.len() + due.to_dos.len() >= DUE_AT_ONCE {
                    break;
                }
            }
        }
        Ok(due)
    }
}

impl Store {
    /// What an entry of the index leads to, if it is still due. The index holds keys only, and lags: the item itself says what is
    /// true.
    async fn due_item(&self, key: &Item, now: jiff::Timestamp) -> Result<Option<Due>, StoreError> {
        let (Some(pk), Some(sk)) = (text(key, "pk"), text(key, "sk")) else { return Ok(None) };
        let (Some(id), Some(wait_id)) = (pk.strip_prefix("ONB#"), sk.strip_prefix("WAIT#")) else {
            return Ok(None);
        };
        let Ok(id) = OnboardingId::parse(id) else {
            tracing::error!(target: "mooring::store", "a due wait belongs to no onboarding");
            return Ok(None);
        };
        let Some(item) = self.wait_item(&id, wait_id).await? else { return Ok(None) };
        if item.contains_key("signalledAt") || !item.contains_key("dueBucket") {
            return Ok(None);
        }
        // The index lags, and another sweep may have been quicker: what was attended to since is due later, and not twice.
        let due_at = text(&item, "dueAt").unwrap_or_default();
        if due_at.parse::<jiff::Timestamp>().is_ok_and(|due_at| due_at > now) {
            return Ok(None);
        }
        Ok(Some(Due {
            onboarding_id: id,
            wait_id: wait_id.to_owned(),
            outcome: text(&item, "outcome").as_deref().and_then(Outcome::parse),
            task_token: text(&item, "taskToken"),
            due_at,
            kind: text(&item, "kind").as_deref().and_then(WaitKind::parse),
        }))
    }
}

/// Whose list of what is left to do an entry of the index leads to, if it leads to one.
fn to_do(key: &Item) -> Option<(OnboardingId, Actor)> {
    let (pk, sk) = (text(key, "pk")?, text(key, "sk")?);
    let id = OnboardingId::parse(pk.strip_prefix("ONB#")?).ok()?;
    Some((id, Actor::parse(sk.strip_prefix(keys::TO_DO_PREFIX)?)?))
}

/// As many as one minute's sweep can help; the rest is there a minute later.
const DUE_AT_ONCE: usize = 400;

/// What tells this write from every other one: two clicks in the same millisecond are two. No secret, only never the same.
fn mark() -> String {
    use std::hash::{BuildHasher as _, RandomState};
    let seed = RandomState::new();
    format!("{:016x}{:016x}", seed.hash_one(0), seed.hash_one(1))
}

/// Our own write, repeated by the SDK after its answer was lost, must count as the first.
fn before(item: &Item, mark: &str) -> Result<Recorded, StoreError> {
    let Some(recorded) = text(item, "outcome") else {
        return Err(StoreError::NotFound);
    };
    let recorded =
        Outcome::parse(&recorded).ok_or_else(|| StoreError::Unreadable(format!("unknown outcome {recorded}")))?;
    let (by, at) = (text(item, "outcomeBy").unwrap_or_default(), text(item, "outcomeAt").unwrap_or_default());
    let task_token = text(item, "taskToken").filter(|_| !item.contains_key("signalledAt"));
    if text(item, "outcomeMark").as_deref() == Some(mark) {
        return Ok(Recorded::First { task_token });
    }
    Ok(Recorded::Before { outcome: recorded, by, at, task_token })
}

pub(crate) fn text(item: &Item, name: &str) -> Option<String> {
    item.get(name).and_then(|value: &AttributeValue| value.as_s().ok()).cloned()
}
