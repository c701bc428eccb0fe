//! One change of an onboarding: everything that belongs together in one transaction, conditional on the version read.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put, TransactWriteItem, Update};
use impact::feedback::Feedback;
use impact::preflight::Preflight;
use impact::to_do::ToDo;
use onboarding::audit::Entry;
use onboarding::{Actor, Directory, ObjectId, OnboardingId, Status, SubscriptionId};

use crate::records::{Meta, OutboxMail, Review, SealedCredential, StepRecord, StoredEntry, WaitRecord};
use crate::{Store, StoreError, keys};

fn packed<T: serde::Serialize>(value: &T) -> Result<Item, StoreError> {
    let bytes = access::pages::pack(value).map_err(|error| StoreError::Unreadable(error.to_string()))?;
    Ok(Item::from([(crate::onboarding::CONTENT.into(), AttributeValue::B(Blob::new(bytes)))]))
}

pub(crate) type Item = HashMap<String, AttributeValue>;

/// An audit entry to be written.
#[derive(Debug, Clone)]
pub struct Note {
    /// `owner`, `partner-admin`, `operator` or `mooring`.
    pub actor: String,
    /// A stable name such as `step.done`.
    pub action: &'static str,
    /// The step, if any.
    pub step: Option<onboarding::Step>,
    /// Facts.
    pub detail: serde_json::Value,
}

/// Who acts on an onboarding.
#[derive(Debug, Clone, Copy)]
pub enum By<'a> {
    /// One of its two people, through their link.
    Person(Actor),
    /// One of those who run the service: their object id in the operators' directory.
    Operator(&'a ObjectId),
}

impl By<'_> {
    /// The word in records: `owner`, `partner-admin` or `operator`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person(actor) => actor.as_str(),
            Self::Operator(_) => onboarding::OPERATOR,
        }
    }

    /// An audit entry of what they did. An operator's says which of them it was, by their object id.
    #[must_use]
    pub fn note(self, action: &'static str, mut detail: serde_json::Value) -> Note {
        if let (Self::Operator(who), Some(detail)) = (self, detail.as_object_mut()) {
            detail.insert("operator".into(), who.as_str().into());
        }
        Note { actor: self.as_str().into(), action, step: None, detail }
    }
}

impl Note {
    /// Something that the machine did by itself.
    #[must_use]
    pub fn mooring(action: &'static str, step: Option<onboarding::Step>, detail: serde_json::Value) -> Self {
        Self { actor: "mooring".into(), action, step, detail }
    }

    /// Something that a person did.
    #[must_use]
    pub fn person(actor: Actor, action: &'static str, detail: serde_json::Value) -> Self {
        By::Person(actor).note(action, detail)
    }
}

/// A mail to be queued.
#[derive(Debug, Clone)]
pub struct Mail {
    /// Who it goes to.
    pub to: Actor,
    /// The text's name.
    pub template: &'static str,
    /// Values for the text.
    pub args: serde_json::Value,
}

/// Another record that changes together with the onboarding's own.
#[derive(Debug, Clone)]
pub enum Write {
    /// Replace a step's record.
    Step(Box<StepRecord>),
    /// Open a wait that must not exist.
    OpenWait {
        /// The wait.
        record: Box<WaitRecord>,
        /// When `sweep` shall look at it next: to remind, to end it, or to have the machine look again.
        next_at: jiff::Timestamp,
    },
    /// Count a reminder of a wait that is still open.
    Reminded {
        /// The wait.
        wait_id: String,
        /// When it was due, as it was read: whoever came second finds another time and reminds nobody.
        was_due: String,
        /// When `sweep` shall look at it next.
        next_at: jiff::Timestamp,
    },
    /// Count a reminder that an operator asked for, of a wait that is still open. When the next one is due stays as it was.
    RemindedNow {
        /// The wait.
        wait_id: String,
    },
    /// Give more time for a wait that is still open.
    Extended {
        /// The wait.
        wait_id: String,
        /// Until when.
        deadline: jiff::Timestamp,
        /// When `sweep` shall look at it next.
        next_at: jiff::Timestamp,
        /// Whether it is the one time that the person may have more by themself.
        once: bool,
    },
    /// Keep a person's sealed credential, replacing an older one.
    Credential(SealedCredential),
    /// Forget a person's sealed credential.
    ForgetCredential(Actor, Directory),
    /// Replace what was decided in the review.
    Review(Box<Review>),
    /// Replace the rows of the preflight.
    Preflight(Preflight),
    /// Make or replace what a person has to do after the move, and with it when they are reminded.
    ToDo(Box<ToDo>),
    /// Replace what a person has to say about how it went.
    Feedback(Box<Feedback>),
    /// Take the subscription's lock; it may be ours already.
    LockSubscription(SubscriptionId),
    /// Give the subscription's lock back, if it is ours.
    UnlockSubscription(SubscriptionId),
    /// Give the request's lock back, if it is ours.
    UnlockRequest(String),
    /// Forget which execution works on the onboarding.
    ForgetExecution(String),
}

/// A change: what the onboarding's record becomes, and all that is written with it.
#[derive(Debug, Clone)]
pub struct Change {
    /// The record as it shall be. Its `ver`, `audit_seq`, `last_hash` and `updated_at` are set by [`Store::commit`].
    pub meta: Meta,
    /// Audit entries, in order.
    pub notes: Vec<Note>,
    /// Mails.
    pub mails: Vec<Mail>,
    /// Other records.
    pub writes: Vec<Write>,
}

impl Change {
    /// A change of nothing yet.
    #[must_use]
    pub fn of(meta: &Meta) -> Self {
        Self { meta: meta.clone(), notes: Vec::new(), mails: Vec::new(), writes: Vec::new() }
    }

    /// Adds an audit entry.
    pub fn note(&mut self, note: Note) -> &mut Self {
        self.notes.push(note);
        self
    }

    /// Adds a mail.
    pub fn mail(&mut self, to: Actor, template: &'static str, args: serde_json::Value) -> &mut Self {
        self.mails.push(Mail { to, template, args });
        self
    }

    /// Adds a record.
    pub fn write(&mut self, write: Write) -> &mut Self {
        self.writes.push(write);
        self
    }
}

impl Store {
    /// Writes a change in one transaction. `before` is the record as it was loaded.
    ///
    /// A lost answer is harmless: the SDK repeats the transaction under the same client token, which DynamoDB
    /// recognises for ten minutes.
    /// See <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when somebody else changed the onboarding since, or a lock is taken.
    pub async fn commit(&self, before: &Meta, change: Change, now: jiff::Timestamp) -> Result<Meta, StoreError> {
        let Change { mut meta, notes, mails, writes } = change;
        meta.ver = before.ver + 1;
        meta.updated_at = now.to_string();
        if meta.status != Status::Waiting {
            meta.waiting = None;
        }
        list(&mut meta);
        let entries = chain(&mut meta, notes, now);

        let mut items = vec![TransactWriteItem::builder().update(self.meta_update(before, &meta)?).build()];
        let id = meta.onboarding_id.clone();
        for entry in &entries {
            items.push(self.create(&id, &keys::audit(entry.seq), serde_dynamo::to_item(StoredEntry::from(entry))?)?);
        }
        for (index, mail) in mails.into_iter().enumerate() {
            items.push(self.create(&id, &keys::outbox(meta.ver, index), outbox_item(&id, mail, now)?)?);
        }
        for write in writes {
            items.push(self.write_item(&id, write, now)?);
        }
        self.transact(items).await?;
        Ok(meta)
    }

    pub(crate) async fn transact(&self, items: Vec<TransactWriteItem>) -> Result<(), StoreError> {
        match self.client.transact_write_items().set_transact_items(Some(items)).send().await {
            Ok(_) => Ok(()),
            Err(error) => {
                let cancelled = error.as_service_error().is_some_and(|error| {
                    error.is_transaction_canceled_exception() || error.is_transaction_in_progress_exception()
                });
                // Every reason of ours to cancel is a condition that says "somebody was faster";
                // a throttled transaction is cancelled too and must not look like one.
                if cancelled && !throttled(&error) {
                    Err(StoreError::Conflict)
                } else {
                    Err(StoreError::from_sdk(&error))
                }
            }
        }
    }

    /// An update of exactly the attributes that changed.
    fn meta_update(&self, before: &Meta, after: &Meta) -> Result<Update, StoreError> {
        let old: Item = serde_dynamo::to_item(before)?;
        let new: Item = serde_dynamo::to_item(after)?;
        let mut set = Vec::new();
        let mut removed = Vec::new();
        let mut update = Update::builder()
            .table_name(&self.onboarding)
            .key("pk", s(keys::onboarding(&after.onboarding_id)))
            .key("sk", s(keys::META))
            .condition_expression("attribute_exists(pk) AND #ver = :was")
            .expression_attribute_values(":was", AttributeValue::N(before.ver.to_string()))
            .expression_attribute_names("#ver", "ver");
        let mut names: Vec<_> = new.iter().filter(|(name, value)| old.get(*name) != Some(value)).collect();
        names.sort_by_key(|(name, _)| *name);
        for (index, (name, value)) in names.into_iter().enumerate() {
            set.push(format!("#s{index} = :s{index}"));
            update = update.expression_attribute_names(format!("#s{index}"), name);
            update = update.expression_attribute_values(format!(":s{index}"), value.clone());
        }
        let mut gone: Vec<_> = old.keys().filter(|name| !new.contains_key(*name)).collect();
        gone.sort();
        for (index, name) in gone.into_iter().enumerate() {
            removed.push(format!("#r{index}"));
            update = update.expression_attribute_names(format!("#r{index}"), name);
        }
        let mut expression = format!("SET {}", set.join(", "));
        if !removed.is_empty() {
            expression = format!("{expression} REMOVE {}", removed.join(", "));
        }
        built(update.update_expression(expression).build())
    }

    /// An item that must not exist yet.
    pub(crate) fn create(&self, id: &OnboardingId, sk: &str, item: Item) -> Result<TransactWriteItem, StoreError> {
        let put = self.put(&keys::onboarding(id), sk, item).condition_expression("attribute_not_exists(pk)");
        Ok(TransactWriteItem::builder().put(built(put.build())?).build())
    }

    pub(crate) fn put(&self, pk: &str, sk: &str, mut item: Item) -> aws_sdk_dynamodb::types::builders::PutBuilder {
        item.insert("pk".into(), s(pk));
        item.insert("sk".into(), s(sk));
        Put::builder().table_name(&self.onboarding).set_item(Some(item))
    }

    fn write_item(
        &self,
        id: &OnboardingId,
        write: Write,
        now: jiff::Timestamp,
    ) -> Result<TransactWriteItem, StoreError> {
        let pk = keys::onboarding(id);
        let write_put = |sk: &str, item: Item| -> Result<TransactWriteItem, StoreError> {
            Ok(TransactWriteItem::builder().put(built(self.put(&pk, sk, item).build())?).build())
        };
        match write {
            Write::Step(record) => write_put(&keys::step(record.step), serde_dynamo::to_item(*record)?),
            Write::Review(review) => write_put(keys::REVIEW, packed(&*review)?),
            Write::Preflight(rows) => write_put(keys::PREFLIGHT, packed(&rows)?),
            Write::ToDo(list) => {
                let mut item: Item = serde_dynamo::to_item(&*list)?;
                if list.due_at.is_some() {
                    item.insert("dueBucket".into(), s(keys::due_bucket(id)));
                }
                write_put(&keys::to_do(list.actor), item)
            }
            Write::Feedback(said) => write_put(&keys::feedback(said.actor), serde_dynamo::to_item(*said)?),
            Write::Credential(record) => {
                write_put(&keys::credential(record.actor, record.directory), serde_dynamo::to_item(record)?)
            }
            Write::OpenWait { record, next_at } => {
                let sk = keys::wait(&record.wait_id);
                let mut item: Item = serde_dynamo::to_item(*record)?;
                item.insert("dueBucket".into(), s(keys::due_bucket(id)));
                item.insert("dueAt".into(), s(next_at.to_string()));
                self.create(id, &sk, item)
            }
            Write::Reminded { wait_id, was_due, next_at } => {
                let update = Update::builder()
                    .table_name(&self.onboarding)
                    .key("pk", s(&pk))
                    .key("sk", s(keys::wait(&wait_id)))
                    .update_expression("SET dueBucket = :bucket, dueAt = :next ADD reminders :one")
                    .condition_expression("attribute_exists(pk) AND attribute_not_exists(outcome) AND dueAt = :was")
                    .expression_attribute_values(":was", s(was_due))
                    .expression_attribute_values(":bucket", s(keys::due_bucket(id)))
                    .expression_attribute_values(":next", s(next_at.to_string()))
                    .expression_attribute_values(":one", AttributeValue::N("1".into()));
                Ok(TransactWriteItem::builder().update(built(update.build())?).build())
            }
            Write::RemindedNow { wait_id } => {
                let update = Update::builder()
                    .table_name(&self.onboarding)
                    .key("pk", s(&pk))
                    .key("sk", s(keys::wait(&wait_id)))
                    .update_expression("ADD reminders :one")
                    .condition_expression("attribute_exists(pk) AND attribute_not_exists(outcome)")
                    .expression_attribute_values(":one", AttributeValue::N("1".into()));
                Ok(TransactWriteItem::builder().update(built(update.build())?).build())
            }
            Write::Extended { wait_id, deadline, next_at, once } => {
                let (mark, unmarked) = if once {
                    (", extendedAt = :now", " AND attribute_not_exists(extendedAt)")
                } else {
                    Default::default()
                };
                let mut update = Update::builder()
                    .table_name(&self.onboarding)
                    .key("pk", s(&pk))
                    .key("sk", s(keys::wait(&wait_id)))
                    .update_expression(format!("SET dueBucket = :bucket, dueAt = :next, deadlineAt = :deadline{mark}"))
                    .condition_expression(format!("attribute_exists(pk) AND attribute_not_exists(outcome){unmarked}"))
                    .expression_attribute_values(":bucket", s(keys::due_bucket(id)))
                    .expression_attribute_values(":next", s(next_at.to_string()))
                    .expression_attribute_values(":deadline", s(deadline.to_string()));
                if once {
                    update = update.expression_attribute_values(":now", s(now.to_string()));
                }
                Ok(TransactWriteItem::builder().update(built(update.build())?).build())
            }
            Write::ForgetCredential(actor, directory) => {
                let delete = Delete::builder()
                    .table_name(&self.onboarding)
                    .key("pk", s(&pk))
                    .key("sk", s(keys::credential(actor, directory)));
                Ok(TransactWriteItem::builder().delete(built(delete.build())?).build())
            }
            Write::LockSubscription(subscription) => {
                let item = Item::from([("onboardingId".into(), s(id.as_str())), ("since".into(), s(now.to_string()))]);
                let put = self
                    .put(&keys::subscription_lock(&subscription), keys::LOCK, item)
                    .condition_expression("attribute_not_exists(pk) OR onboardingId = :me")
                    .expression_attribute_values(":me", s(id.as_str()));
                Ok(TransactWriteItem::builder().put(built(put.build())?).build())
            }
            Write::UnlockSubscription(subscription) => self.unlock(id, &keys::subscription_lock(&subscription)),
            Write::UnlockRequest(key) => self.unlock(id, &keys::request_lock(&key)),
            Write::ForgetExecution(arn) => self.unlock(id, &keys::execution(&arn)),
        }
    }

    fn unlock(&self, id: &OnboardingId, pk: &str) -> Result<TransactWriteItem, StoreError> {
        let delete = Delete::builder()
            .table_name(&self.onboarding)
            .key("pk", s(pk))
            .key("sk", s(keys::LOCK))
            .condition_expression("attribute_not_exists(pk) OR onboardingId = :me")
            .expression_attribute_values(":me", s(id.as_str()));
        Ok(TransactWriteItem::builder().delete(built(delete.build())?).build())
    }
}

/// Puts an onboarding on the list that it belongs to: the open ones, or those that ended in a month.
pub(crate) fn list(meta: &mut Meta) {
    let pk = if meta.status.is_over() {
        keys::list_over(meta.updated_at.get(..7).unwrap_or_default())
    } else {
        keys::LIST_OPEN.to_owned()
    };
    if meta.status.is_over() && meta.list_pk.as_deref().is_some_and(|list| list != keys::LIST_OPEN) {
        // It ended before: a late note does not move it to another month.
        return;
    }
    meta.list_pk = Some(pk);
    meta.list_sk = Some(format!("{}#{}", meta.created_at, meta.onboarding_id));
}

/// Numbers the notes and chains them to the trail.
pub(crate) fn chain(meta: &mut Meta, notes: Vec<Note>, now: jiff::Timestamp) -> Vec<Entry> {
    notes
        .into_iter()
        .map(|note| {
            meta.audit_seq += 1;
            let mut entry = Entry {
                seq: meta.audit_seq,
                at: now.to_string(),
                actor: note.actor,
                action: note.action.into(),
                step: note.step.map(|step| step.as_str().into()),
                detail: note.detail,
                prev_hash: std::mem::take(&mut meta.last_hash),
                hash: String::new(),
            };
            entry.hash = entry.expected_hash();
            meta.last_hash.clone_from(&entry.hash);
            entry
        })
        .collect()
}

pub(crate) fn outbox_item(id: &OnboardingId, mail: Mail, now: jiff::Timestamp) -> Result<Item, StoreError> {
    Ok(serde_dynamo::to_item(OutboxMail {
        onboarding_id: id.clone(),
        template: mail.template.into(),
        actor: mail.to,
        args: mail.args,
        created_at: now.to_string(),
        sent_at: None,
        message_id: None,
    })?)
}

pub(crate) fn s(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

/// The SDK's builders fail when a required field is missing, which is a mistake of ours.
pub(crate) fn built<T>(result: Result<T, aws_sdk_dynamodb::error::BuildError>) -> Result<T, StoreError> {
    result.map_err(|error| StoreError::Unreadable(error.to_string()))
}

fn throttled<R: std::fmt::Debug>(
    error: &aws_sdk_dynamodb::error::SdkError<
        aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError,
        R,
    >,
) -> bool {
    use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError::TransactionCanceledException;
    let Some(TransactionCanceledException(cancelled)) = error.as_service_error() else {
        return false;
    };
    cancelled
        .cancellation_reasons()
        .iter()
        .any(|reason| matches!(reason.code(), Some("ThrottlingError" | "ProvisionedThroughputExceeded")))
}
