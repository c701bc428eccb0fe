//! Creating and reading onboardings.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use impact::preflight::Preflight;
use onboarding::audit::Entry;
use onboarding::{Actor, OnboardingId, SubscriptionId, TenantId};

use crate::change::{Item, Mail, Note, built, chain, list, outbox_item, s};
use crate::records::{Archive, DraftMail, Loaded, Meta, OutboxMail, Review, StoredEntry};
use crate::{Store, StoreError, keys};

/// An onboarding to be created.
#[derive(Debug)]
pub struct NewOnboarding {
    /// Its record.
    pub meta: Meta,
    /// Its first audit entries.
    pub notes: Vec<Note>,
    /// Its first mails.
    pub mails: Vec<Mail>,
}

/// What creating came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Created {
    /// It is new.
    New,
    /// The same request is already an onboarding: this one.
    Existing(OnboardingId),
}

impl Store {
    /// Creates an onboarding together with the lock of its request, its audit entries and its mails, or finds the one
    /// that the same request started before.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if the id exists with another request.
    pub async fn create_onboarding(&self, new: NewOnboarding, now: jiff::Timestamp) -> Result<Created, StoreError> {
        let NewOnboarding { mut meta, notes, mails } = new;
        let id = meta.onboarding_id.clone();
        let request_key = meta.request_key.clone();
        list(&mut meta);
        let entries = chain(&mut meta, notes, now);

        let lock = Item::from([("onboardingId".into(), s(id.as_str())), ("since".into(), s(now.to_string()))]);
        let lock = self
            .put(&keys::request_lock(&request_key), keys::LOCK, lock)
            .condition_expression("attribute_not_exists(pk)");
        let execution = Item::from([("onboardingId".into(), s(id.as_str())), ("since".into(), s(now.to_string()))]);
        let execution = self.put(&keys::execution(&meta.execution), keys::LOCK, execution);
        let reference = Item::from([("onboardingId".into(), s(id.as_str())), ("since".into(), s(now.to_string()))]);
        let reference = self.put(&keys::reference(&id.reference()), keys::POINTER, reference);
        let mut items = vec![
            TransactWriteItem::builder().put(built(reference.build())?).build(),
            TransactWriteItem::builder().put(built(lock.build())?).build(),
            TransactWriteItem::builder().put(built(execution.build())?).build(),
            self.create(&id, keys::META, serde_dynamo::to_item(&meta)?)?,
        ];
        for entry in &entries {
            items.push(self.create(&id, &keys::audit(entry.seq), serde_dynamo::to_item(StoredEntry::from(entry))?)?);
        }
        for (index, mail) in mails.into_iter().enumerate() {
            items.push(self.create(&id, &keys::outbox(meta.ver, index), outbox_item(&id, mail, now)?)?);
        }
        match self.transact(items).await {
            Ok(()) => Ok(Created::New),
            Err(StoreError::Conflict) => match self.lock_holder(&keys::request_lock(&request_key)).await? {
                Some(running) => Ok(Created::Existing(running)),
                None => Err(StoreError::Conflict),
            },
            Err(error @ (StoreError::NotFound | StoreError::Unavailable(_) | StoreError::Unreadable(_))) => Err(error),
        }
    }

    /// The onboarding that the same request already started and that still runs.
    ///
    /// # Errors
    /// When the table doesn't answer.
    pub async fn running_for_request(&self, request_key: &str) -> Result<Option<OnboardingId>, StoreError> {
        self.lock_holder(&keys::request_lock(request_key)).await
    }

    /// The onboarding that has a subscription, once its owner has proved to be its owner.
    ///
    /// # Errors
    /// When the table doesn't answer.
    pub async fn running_for_subscription(
        &self,
        subscription: &SubscriptionId,
    ) -> Result<Option<OnboardingId>, StoreError> {
        self.lock_holder(&keys::subscription_lock(subscription)).await
    }

    /// An onboarding's own record.
    ///
    /// # Errors
    /// When the table doesn't answer.
    pub async fn meta(&self, id: &OnboardingId) -> Result<Option<Meta>, StoreError> {
        self.item(&keys::onboarding(id), keys::META).await
    }

    /// Queues a mail with the code of a sign-up; the same number is the same mail.
    ///
    /// # Errors
    /// When the table doesn't answer.
    pub async fn queue_draft_mail(&self, id: &OnboardingId, mail: &DraftMail) -> Result<(), StoreError> {
        let mut item: Item = serde_dynamo::to_item(mail)?;
        item.insert("pk".into(), s(keys::draft(id)));
        item.insert("sk".into(), s(keys::outbox(mail.number.into(), 0)));
        self.queue(item).await
    }

    /// A queued mail of a sign-up.
    ///
    /// # Errors
    /// When the table doesn't answer.
    pub async fn draft_mail(&self, id: &OnboardingId, sk: &str) -> Result<Option<DraftMail>, StoreError> {
        self.item(&keys::draft(id), sk).await
    }

    /// Forgets a mail of a sign-up: it was sent, or is of no use any more. Nothing of a sign-up is kept in this table.
    ///
    /// # Errors
    /// When the table doesn't answer.
    pub async fn forget_draft_mail(&self, id: &OnboardingId, sk: &str) -> Result<(), StoreError> {
        let delete = self.client.delete_item().table_name(&self.onboarding);
        let delete = delete.key("pk", s(keys::draft(id))).key("sk", s(sk));
        delete.send().await.map_err(|error| StoreError::from_sdk(&error))?;
        Ok(())
    }

    async fn item<T: serde::de::DeserializeOwned>(&self, pk: &str, sk: &str) -> Result<Option<T>, StoreError> {
        let get = self.client.get_item().table_name(&self.onboarding).key("pk", s(pk)).key("sk", s(sk));
        let answer = get.consistent_read(true).send().await.map_err(|error| StoreError::from_sdk(&error))?;
        Ok(answer.item.map(serde_dynamo::from_item).transpose()?)
    }

    /// A page of a list ([`keys::LIST_OPEN`] or [`keys::list_over`]), the oldest first, and where the next page begins.
    ///
    /// # Errors
    /// When the table doesn't answer.
    pub async fn listed(
        &self,
        list: &str,
        after: Option<&str>,
        limit: i32,
    ) -> Result<(Vec<Meta>, Option<String>), StoreError> {
        let answer = self
            .client
            .query()
            .table_name(&self.onboarding)
            .index_name("ByState")
            .key_condition_expression("listPk = :list AND listSk > :after")
            .expression_attribute_values(":list", s(list))
            .expression_attribute_values(":after", s(after.unwrap_or(" ")))
            .limit(limit)
            .send()
            .await
            .map_err(|error| StoreError::from_sdk(&error))?;
        let more = answer.last_evaluated_key.is_some();
        let rows: Vec<Meta> = serde_dynamo::from_items(answer.items.unwrap_or_default())?;
        let next = rows.last().and_then(|meta| meta.list_sk.clone()).filter(|_| more);
        Ok((rows, next))
    }

    /// How many running onboardings to a directory wait for their first sign-in, of those that somebody other than their owner started by
    /// the form; counted up to `most`.
    ///
    /// # Errors
    /// When the table doesn't answer.
    pub async fn waiting_for_first_sign_in(&self, partner: &TenantId, most: usize) -> Result<usize, StoreError> {
        let mut pages = self
            .client
            .query()
            .table_name(&self.onboarding)
            .index_name("ByState")
            .key_condition_expression("listPk = :list")
            .filter_expression(
                "partnerTenantId = :partner AND attribute_exists(startedBy) AND attribute_not_exists(ownerOid) AND attribute_not_exists(partnerAdminOid)",
            )
            .expression_attribute_values(":list", s(keys::LIST_OPEN))
            .expression_attribute_values(":partner", s(partner.as_str()))
            .into_paginator()
            .items()
            .send();
        let mut waiting = 0;
        while let Some(item) = pages.next().await {
            let meta: Meta = serde_dynamo::from_item(item.map_err(|error| StoreError::from_sdk(&error))?)?;
            waiting += usize::from(meta.started_by.is_some_and(|by| by.who != Some(Actor::Owner)));
            if waiting >= most {
                break;
            }
        }
        Ok(waiting)
    }

    /// The onboarding that an execution works on, until it is released.
    ///
    /// # Errors
    /// When the table doesn't answer.
    pub async fn of_execution(&self, arn: &str) -> Result<Option<OnboardingId>, StoreError> {
        self.lock_holder(&keys::execution(arn)).await
    }

    /// The onboarding with this short reference, running or over.
    ///
    /// # Errors
    /// When the table doesn't answer.
    pub async fn of_reference(&self, reference: &str) -> Result<Option<OnboardingId>, StoreError> {
        self.holder(&keys::reference(reference), keys::POINTER).await
    }

    /// Queues the mail with a person's link, once a second at most.
    ///
    /// Not part of a change of the onboarding: nothing about it changes, and whoever asks is not known.
    ///
    /// # Errors
    /// When the table doesn't answer.
    pub async fn queue_link_mail(&self, id: &OnboardingId, to: Actor, now: jiff::Timestamp) -> Result<(), StoreError> {
        let mail = Mail { to, template: "link", args: serde_json::json!({}) };
        let mut item = outbox_item(id, mail, now)?;
        // Numbered by the second, which no onboarding's version reaches; the two people's mails are apart.
        let number = now.as_second().unsigned_abs();
        item.insert("pk".into(), s(keys::onboarding(id)));
        item.insert("sk".into(), s(keys::outbox(number, if to == Actor::Owner { 0 } else { 1 })));
        self.queue(item).await
    }

    /// Queues a mail that is no part of a change, unless it is queued already.
    async fn queue(&self, item: Item) -> Result<(), StoreError> {
        let put = self.client.put_item().table_name(&self.onboarding).set_item(Some(item));
        match put.condition_expression("attribute_not_exists(pk)").send().await {
            Ok(_) => Ok(()),
            Err(error) => match StoreError::from_sdk(&error) {
                StoreError::Conflict => Ok(()),
                error @ (StoreError::NotFound | StoreError::Unavailable(_) | StoreError::Unreadable(_)) => Err(error),
            },
        }
    }

    async fn lock_holder(&self, pk: &str) -> Result<Option<OnboardingId>, StoreError> {
        self.holder(pk, keys::LOCK).await
    }

    /// The onboarding that an item outside of it names.
    async fn holder(&self, pk: &str, sk: &str) -> Result<Option<OnboardingId>, StoreError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.onboarding)
            .key("pk", s(pk))
            .key("sk", s(sk))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| StoreError::from_sdk(&error))?;
        let Some(item) = answer.item else {
            return Ok(None);
        };
        let holder =
            item.get("onboardingId").and_then(|value| value.as_s().ok()).map(String::as_str).unwrap_or_default();
        OnboardingId::parse(holder).map(Some).map_err(|error| StoreError::Unreadable(error.to_string()))
    }

    /// All that a step needs, in one strongly consistent query.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if there is no such onboarding.
    pub async fn load(&self, id: &OnboardingId) -> Result<Loaded, StoreError> {
        self.load_range(id, keys::STEP_RANGE).await
    }

    /// All that a page needs: the same without the sealed credentials.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if there is no such onboarding.
    pub async fn load_for_page(&self, id: &OnboardingId) -> Result<Loaded, StoreError> {
        self.load_range(id, keys::PAGE_RANGE).await
    }

    async fn load_range(&self, id: &OnboardingId, (from, to): (&str, &str)) -> Result<Loaded, StoreError> {
        let mut meta = None;
        let (mut steps, mut waits, mut credentials, mut mails) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let (mut review, mut preflight) = (Review::default(), Preflight::default());
        let (mut to_dos, mut feedback) = (Vec::new(), Vec::new());
        for item in self.query(&keys::onboarding(id), from, to).await? {
            let sk = item.get("sk").and_then(|value| value.as_s().ok()).cloned().unwrap_or_default();
            match sk.split('#').next().unwrap_or_default() {
                "META" => meta = Some(serde_dynamo::from_item::<_, Meta>(item)?),
                "STEP" => steps.push(serde_dynamo::from_item(item)?),
                "WAIT" => waits.push(serde_dynamo::from_item(item)?),
                "CRED" => credentials.push(serde_dynamo::from_item(item)?),
                "OUT" => mails.push(serde_dynamo::from_item(item)?),
                keys::REVIEW => review = packed(&item)?,
                keys::PREFLIGHT => preflight = packed(&item)?,
                "TODO" => to_dos.push(serde_dynamo::from_item(item)?),
                "OPINION" => feedback.push(serde_dynamo::from_item(item)?),
                // A newer function may keep records that this one doesn't know.
                _ => {}
            }
        }
        let meta = meta.ok_or(StoreError::NotFound)?;
        Ok(Loaded { meta, steps, waits, credentials, mails, review, preflight, to_dos, feedback })
    }

    async fn query(&self, pk: &str, from: &str, to: &str) -> Result<Vec<Item>, StoreError> {
        let mut items = Vec::new();
        let mut start: Option<Item> = None;
        loop {
            let answer = self
                .client
                .query()
                .table_name(&self.onboarding)
                .consistent_read(true)
                .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :to")
                .expression_attribute_values(":pk", s(pk))
                .expression_attribute_values(":from", s(from))
                .expression_attribute_values(":to", s(to))
                .set_exclusive_start_key(start.take())
                .send()
                .await
                .map_err(|error| StoreError::from_sdk(&error))?;
            items.extend(answer.items.unwrap_or_default());
            match answer.last_evaluated_key {
                Some(key) if !key.is_empty() => start = Some(key),
                _ => return Ok(items),
            }
        }
    }

    /// The audit trail, oldest first.
    ///
    /// # Errors
    /// When the table doesn't answer.
    pub async fn audit(&self, id: &OnboardingId) -> Result<Vec<Entry>, StoreError> {
        let items = self.query(&keys::onboarding(id), keys::AUDIT_PREFIX, "AUD#~").await?;
        items.into_iter().map(|item| Ok(serde_dynamo::from_item::<_, StoredEntry>(item)?.into())).collect()
    }

    /// One audit entry, by its sort key.
    ///
    /// # Errors
    /// When the table doesn't answer.
    pub async fn audit_entry(&self, id: &OnboardingId, sk: &str) -> Result<Option<Entry>, StoreError> {
        Ok(self.item::<StoredEntry>(&keys::onboarding(id), sk).await?.map(Entry::from))
    }

    /// Keeps one page of a list. Repeating it is harmless: the key names the content (a draft is replaced on purpose).
    ///
    /// # Errors
    /// When the table doesn't answer.
    pub async fn keep_page(
        &self,
        id: &OnboardingId,
        kind: Archive,
        hash: &str,
        page: usize,
        content: Vec<u8>,
    ) -> Result<(), StoreError> {
        let mut item = Item::from([(CONTENT.into(), AttributeValue::B(Blob::new(content)))]);
        item.insert("pk".into(), s(keys::onboarding(id)));
        item.insert("sk".into(), s(keys::archive(kind, hash, page)));
        let put = self.client.put_item().table_name(&self.onboarding).set_item(Some(item));
        put.send().await.map_err(|error| StoreError::from_sdk(&error))?;
        Ok(())
    }

    /// The pages of one list, in order.
    ///
    /// # Errors
    /// When the table doesn't answer.
    pub async fn pages(&self, id: &OnboardingId, kind: Archive, hash: &str) -> Result<Vec<Vec<u8>>, StoreError> {
        let prefix = keys::archive_prefix(kind, hash);
        let items = self.query(&keys::onboarding(id), &prefix, &format!("{prefix}~")).await?;
        items.into_iter().map(content).collect()
    }

    /// One page of a list. `None`: there is no such page.
    ///
    /// # Errors
    /// When the table doesn't answer.
    pub async fn page(
        &self,
        id: &OnboardingId,
        kind: Archive,
        hash: &str,
        page: usize,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.onboarding)
            .key("pk", s(keys::onboarding(id)))
            .key("sk", s(keys::archive(kind, hash, page)))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| StoreError::from_sdk(&error))?;
        answer.item.map(content).transpose()
    }

    /// One mail, by its sort key.
    ///
    /// # Errors
    /// When the table doesn't answer.
    pub async fn mail(&self, id: &OnboardingId, sk: &str) -> Result<Option<OutboxMail>, StoreError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.onboarding)
            .key("pk", s(keys::onboarding(id)))
            .key("sk", s(sk))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| StoreError::from_sdk(&error))?;
        Ok(answer.item.map(serde_dynamo::from_item).transpose()?)
    }

    /// Marks a mail as sent.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if it was sent before.
    pub async fn mail_sent(
        &self,
        id: &OnboardingId,
        sk: &str,
        message_id: &str,
        now: jiff::Timestamp,
    ) -> Result<(), StoreError> {
        self.client
            .update_item()
            .table_name(&self.onboarding)
            .key("pk", s(keys::onboarding(id)))
            .key("sk", s(sk))
            .update_expression("SET sentAt = :at, messageId = :message")
            .condition_expression("attribute_exists(pk) AND attribute_not_exists(sentAt)")
            .expression_attribute_values(":at", s(now.to_string()))
            .expression_attribute_values(":message", s(message_id))
            .send()
            .await
            .map_err(|error| StoreError::from_sdk(&error))?;
        Ok(())
    }
}

/// The attribute that holds a packed record or a page.
pub(crate) const CONTENT: &str = "content";

fn content(mut item: Item) -> Result<Vec<u8>, StoreError> {
    match item.remove(CONTENT) {
        Some(AttributeValue::B(bytes)) => Ok(bytes.into_inner()),
        _ => Err(StoreError::Unreadable("a page without content".into())),
    }
}

/// A record that is one compressed JSON text, since it may hold thousands of rows.
fn packed<T: serde::de::DeserializeOwned>(item: &Item) -> Result<T, StoreError> {
    let bytes = item.get(CONTENT).and_then(|value| value.as_b().ok());
    let bytes = bytes.ok_or_else(|| StoreError::Unreadable("a packed record without content".into()))?;
    access::pages::unpack(bytes.as_ref()).map_err(|error| StoreError::Unreadable(error.to_string()))
}
