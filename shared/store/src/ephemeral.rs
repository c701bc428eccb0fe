//! Sign-in sessions, and which browser a person has signed in with. Nothing here is worth a backup, and nothing here
//! may ever come back from one.
//!
//! Expiry is checked in code: DynamoDB's TTL only cleans up, hours later.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use onboarding::{Actor, Directory, ObjectId, OnboardingId, TenantId, WaitKind};
use serde::{Deserialize, Serialize};

use crate::change::{Item, s};
use crate::{Store, StoreError, keys};

/// How far a sign-in is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SessionState {
    /// The person was sent to Microsoft.
    Started,
    /// The person came back; it can't be used again.
    Consumed,
}

/// A sign-in that a browser began. Holds fingerprints of the state and the cookie, never the values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// The onboarding.
    pub onboarding_id: OnboardingId,
    /// The wait that it answers.
    pub wait_id: String,
    /// What is asked.
    pub kind: WaitKind,
    /// Who is expected.
    pub actor: Actor,
    /// Where they sign in.
    pub directory: Directory,
    /// Its id.
    pub tenant_id: TenantId,
    /// Fingerprint of the browser's cookie.
    pub browser: String,
    /// The generation of the link that it was begun through.
    #[serde(default)]
    pub links: u32,
    /// How far it is.
    pub state: SessionState,
    /// RFC 3339, UTC.
    pub started_at: String,
    /// Seconds since 1970: not usable from then on.
    pub ends_at: i64,
    /// Where the person was sent when they came back: the last part of the result page's path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
}

/// What using a session came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Started {
    /// It was open, and is used up now.
    Now(Session),
    /// It had been used before.
    Before(Session),
    /// There is none: forged, or long gone.
    Unknown,
}

/// A browser in which a person has signed in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Browser {
    /// The onboarding.
    pub onboarding_id: OnboardingId,
    /// The wait that they signed in for.
    pub wait_id: String,
    /// Who.
    pub actor: Actor,
    /// In which tenant.
    pub tid: TenantId,
    /// As whom.
    pub oid: ObjectId,
    /// Seconds since 1970: when they signed in, by our clock.
    pub signed_in_at: i64,
    /// Seconds since 1970.
    pub expires_at: i64,
}

/// TTL cleans up a day after the end, so that a late comer still gets a true answer.
const KEPT_AFTER_END: i64 = 24 * 3600;

impl Store {
    /// Keeps a new session under the fingerprint of its state.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if the fingerprint is taken.
    pub async fn start_session(&self, state_fingerprint: &str, session: &Session) -> Result<(), StoreError> {
        let mut item: Item = serde_dynamo::to_item(session)?;
        item.insert("pk".into(), s(keys::session(state_fingerprint)));
        item.insert("sk".into(), s("S"));
        item.insert("expiresAt".into(), AttributeValue::N((session.ends_at + KEPT_AFTER_END).to_string()));
        self.client
            .put_item()
            .table_name(&self.ephemeral)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk)")
            .send()
            .await
            .map_err(|error| StoreError::from_sdk(&error))?;
        Ok(())
    }

    /// Reads a session without using it.
    ///
    /// # Errors
    /// When the table doesn't answer.
    pub async fn session(&self, state_fingerprint: &str) -> Result<Option<Session>, StoreError> {
        self.ephemeral_item(keys::session(state_fingerprint)).await
    }

    /// Uses a session up, once. The caller checks the browser first and the end (`ends_at`) after.
    ///
    /// # Errors
    /// When the table doesn't answer.
    pub async fn consume_session(&self, state_fingerprint: &str) -> Result<Started, StoreError> {
        let answer = self
            .client
            .update_item()
            .table_name(&self.ephemeral)
            .key("pk", s(keys::session(state_fingerprint)))
            .key("sk", s("S"))
            .update_expression("SET #state = :consumed")
            .condition_expression("attribute_exists(pk) AND #state = :started")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":consumed", s("consumed"))
            .expression_attribute_values(":started", s("started"))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match answer {
            Ok(answer) => Ok(Started::Now(serde_dynamo::from_item(answer.attributes.unwrap_or_default())?)),
            Err(error) => match StoreError::from_sdk(&error) {
                StoreError::Conflict => Ok(match self.session(state_fingerprint).await? {
                    Some(session) => Started::Before(session),
                    None => Started::Unknown,
                }),
                error @ (StoreError::NotFound | StoreError::Unavailable(_) | StoreError::Unreadable(_)) => Err(error),
            },
        }
    }

    /// Notes where the person was sent, so that a second arrival sees the same result.
    ///
    /// # Errors
    /// When the table doesn't answer.
    pub async fn session_result(&self, state_fingerprint: &str, result: &str) -> Result<(), StoreError> {
        self.client
            .update_item()
            .table_name(&self.ephemeral)
            .key("pk", s(keys::session(state_fingerprint)))
            .key("sk", s("S"))
            .update_expression("SET #result = :result")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_names("#result", "result")
            .expression_attribute_values(":result", s(result))
            .send()
            .await
            .map_err(|error| StoreError::from_sdk(&error))?;
        Ok(())
    }

    /// Remembers that a person signed in with this browser.
    ///
    /// # Errors
    /// When the table doesn't answer.
    pub async fn remember_browser(&self, cookie_fingerprint: &str, browser: &Browser) -> Result<(), StoreError> {
        let mut item: Item = serde_dynamo::to_item(browser)?;
        item.insert("pk".into(), s(keys::browser(cookie_fingerprint)));
        item.insert("sk".into(), s(browser_key(&browser.onboarding_id, browser.actor)));
        self.client
            .put_item()
            .table_name(&self.ephemeral)
            .set_item(Some(item))
            .send()
            .await
            .map_err(|error| StoreError::from_sdk(&error))?;
        Ok(())
    }

    /// Whether a person signed in with this browser, and as whom. The caller checks `expires_at`.
    ///
    /// # Errors
    /// When the table doesn't answer.
    pub async fn browser(
        &self,
        cookie_fingerprint: &str,
        id: &OnboardingId,
        actor: Actor,
    ) -> Result<Option<Browser>, StoreError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.ephemeral)
            .key("pk", s(keys::browser(cookie_fingerprint)))
            .key("sk", s(browser_key(id, actor)))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| StoreError::from_sdk(&error))?;
        Ok(answer.item.map(serde_dynamo::from_item).transpose()?)
    }
}

impl Store {
    /// Keeps what the next page shall tell the person in this browser, so that it need not be in the page's address.
    /// `note` holds no secrets; it may name the account that was used.
    ///
    /// # Errors
    /// When the table doesn't answer.
    pub async fn keep_note(
        &self,
        cookie_fingerprint: &str,
        id: &OnboardingId,
        note: &serde_json::Value,
        expires_at: i64,
    ) -> Result<(), StoreError> {
        let item = Item::from([
            ("pk".into(), s(keys::browser(cookie_fingerprint))),
            ("sk".into(), s(format!("NOTE#{id}"))),
            ("note".into(), s(note.to_string())),
            ("expiresAt".into(), AttributeValue::N(expires_at.to_string())),
        ]);
        self.client
            .put_item()
            .table_name(&self.ephemeral)
            .set_item(Some(item))
            .send()
            .await
            .map_err(|error| StoreError::from_sdk(&error))?;
        Ok(())
    }

    /// What was kept for this browser.
    ///
    /// # Errors
    /// When the table doesn't answer.
    pub async fn note(
        &self,
        cookie_fingerprint: &str,
        id: &OnboardingId,
    ) -> Result<Option<serde_json::Value>, StoreError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.ephemeral)
            .key("pk", s(keys::browser(cookie_fingerprint)))
            .key("sk", s(format!("NOTE#{id}")))
            .send()
            .await
            .map_err(|error| StoreError::from_sdk(&error))?;
        let note = answer.item.as_ref().and_then(|item| crate::waits::text(item, "note"));
        Ok(note.and_then(|note| serde_json::from_str(&note).ok()))
    }
}

/// An operator's sign-in that a browser began. Holds fingerprints of the state and the cookie, never the values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OperatorSignIn {
    /// Fingerprint of the browser's cookie.
    pub browser: String,
    /// The operator's page that they came from: the path of it.
    pub to: String,
    /// How far it is.
    pub state: SessionState,
    /// Seconds since 1970: not usable from then on.
    pub ends_at: i64,
}

/// An operator who is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OperatorSession {
    /// In which tenant: the operators'.
    pub tid: TenantId,
    /// As whom.
    pub oid: ObjectId,
    /// The name they signed in with, to show it to themself.
    pub name: String,
    /// Seconds since 1970.
    pub signed_in_at: i64,
    /// Seconds since 1970: who was in the group then may act until now.
    pub expires_at: i64,
}

impl Store {
    /// Keeps an operator's sign-in that was begun, under the fingerprint of its state.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if the fingerprint is taken.
    pub async fn start_operator_sign_in(&self, state: &str, sign_in: &OperatorSignIn) -> Result<(), StoreError> {
        let mut item: Item = serde_dynamo::to_item(sign_in)?;
        item.insert("pk".into(), s(keys::operator_sign_in(state)));
        item.insert("sk".into(), s("S"));
        item.insert("expiresAt".into(), AttributeValue::N(sign_in.ends_at.to_string()));
        let put = self.client.put_item().table_name(&self.ephemeral).set_item(Some(item));
        let put = put.condition_expression("attribute_not_exists(pk)");
        put.send().await.map_err(|error| StoreError::from_sdk(&error))?;
        Ok(())
    }

    /// An operator's sign-in, without using it.
    ///
    /// # Errors
    /// When the table doesn't answer.
    pub async fn operator_sign_in(&self, state: &str) -> Result<Option<OperatorSignIn>, StoreError> {
        self.ephemeral_item(keys::operator_sign_in(state)).await
    }

    /// Uses an operator's sign-in up; `false` if it was used before or there is none.
    ///
    /// # Errors
    /// When the table doesn't answer.
    pub async fn use_operator_sign_in(&self, state: &str) -> Result<bool, StoreError> {
        let used = self
            .client
            .update_item()
            .table_name(&self.ephemeral)
            .key("pk", s(keys::operator_sign_in(state)))
            .key("sk", s("S"))
            .update_expression("SET #state = :consumed")
            .condition_expression("attribute_exists(pk) AND #state = :started")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":consumed", s("consumed"))
            .expression_attribute_values(":started", s("started"))
            .send()
            .await;
        done_or_refused(used.map(drop).map_err(|error| StoreError::from_sdk(&error)))
    }

    /// Keeps that an operator is signed in, under the fingerprint of their cookie.
    ///
    /// # Errors
    /// When the table doesn't answer.
    pub async fn keep_operator(&self, cookie: &str, session: &OperatorSession) -> Result<(), StoreError> {
        let mut item: Item = serde_dynamo::to_item(session)?;
        item.insert("pk".into(), s(keys::operator(cookie)));
        item.insert("sk".into(), s("S"));
        let put = self.client.put_item().table_name(&self.ephemeral).set_item(Some(item));
        put.send().await.map_err(|error| StoreError::from_sdk(&error))?;
        Ok(())
    }

    /// Who is signed in with this cookie. The caller checks `expires_at`.
    ///
    /// # Errors
    /// When the table doesn't answer.
    pub async fn operator(&self, cookie: &str) -> Result<Option<OperatorSession>, StoreError> {
        self.ephemeral_item(keys::operator(cookie)).await
    }

    /// Signs an operator out.
    ///
    /// # Errors
    /// When the table doesn't answer.
    pub async fn forget_operator(&self, cookie: &str) -> Result<(), StoreError> {
        let delete = self.client.delete_item().table_name(&self.ephemeral);
        let delete = delete.key("pk", s(keys::operator(cookie))).key("sk", s("S"));
        delete.send().await.map_err(|error| StoreError::from_sdk(&error))?;
        Ok(())
    }

    async fn ephemeral_item<T: serde::de::DeserializeOwned>(&self, pk: String) -> Result<Option<T>, StoreError> {
        let get = self.client.get_item().table_name(&self.ephemeral).key("pk", s(pk)).key("sk", s("S"));
        let answer = get.consistent_read(true).send().await.map_err(|error| StoreError::from_sdk(&error))?;
        Ok(answer.item.map(serde_dynamo::from_item).transpose()?)
    }
}

/// A sign-up whose mailbox isn't proved yet. It forgets itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Draft {
    /// The request, as JSON.
    pub request: String,
    /// The partner directory's id, as it was found for the request.
    pub partner_tenant: String,
    /// The id of the directory that the subscription is in, as it was found for the request. Older drafts have none.
    #[serde(default)]
    pub source_tenant: String,
    /// Whose mailbox must be proved.
    pub email: String,
    /// Which of the two people that is; none if somebody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<Actor>,
    /// The number of the newest code, from 1.
    pub number: u32,
    /// How often it was tried.
    #[serde(default)]
    pub tries: u32,
    /// Seconds since 1970: when the newest code was sent.
    pub sent_at: i64,
    /// Seconds since 1970: nothing can be proved any more.
    pub ends_at: i64,
}

/// How often a code may be tried.
const TRIES: u32 = 5;
/// How many codes a sign-up gets.
const CODES: u32 = 4;
/// How long after a code the next one can be had, in seconds.
const BETWEEN_CODES: i64 = 60;

impl Draft {
    /// Whether a new code can be had: a minute after the one before, three times in all.
    #[must_use]
    pub fn may_renew(&self, now: i64) -> bool {
        self.number < CODES && now - self.sent_at >= BETWEEN_CODES
    }
}

impl Store {
    /// Keeps a sign-up; `false` if it was kept before.
    ///
    /// # Errors
    /// When the table doesn't answer.
    pub async fn keep_draft(&self, id: &OnboardingId, draft: &Draft) -> Result<bool, StoreError> {
        let mut item: Item = serde_dynamo::to_item(draft)?;
        item.insert("pk".into(), s(keys::draft(id)));
        item.insert("sk".into(), s("S"));
        item.insert("expiresAt".into(), AttributeValue::N((draft.ends_at + KEPT_AFTER_END).to_string()));
        let put = self.client.put_item().table_name(&self.ephemeral).set_item(Some(item));
        let kept = put.condition_expression("attribute_not_exists(pk)").send().await;
        done_or_refused(kept.map(drop).map_err(|error| StoreError::from_sdk(&error)))
    }

    /// A sign-up.
    ///
    /// # Errors
    /// When the table doesn't answer.
    pub async fn draft(&self, id: &OnboardingId) -> Result<Option<Draft>, StoreError> {
        self.ephemeral_item(keys::draft(id)).await
    }

    /// Counts a try of a code; `false` if it had all its tries, or is not the newest.
    ///
    /// # Errors
    /// When the table doesn't answer.
    pub async fn try_code(&self, id: &OnboardingId, number: u32) -> Result<bool, StoreError> {
        let tried = self
            .client
            .update_item()
            .table_name(&self.ephemeral)
            .key("pk", s(keys::draft(id)))
            .key("sk", s("S"))
            .update_expression("ADD tries :one")
            .condition_expression("attribute_exists(pk) AND #number = :number AND tries < :most")
            .expression_attribute_names("#number", "number")
            .expression_attribute_values(":one", AttributeValue::N("1".into()))
            .expression_attribute_values(":number", AttributeValue::N(number.to_string()))
            .expression_attribute_values(":most", AttributeValue::N(TRIES.to_string()))
            .send()
            .await;
        done_or_refused(tried.map(drop).map_err(|error| StoreError::from_sdk(&error)))
    }

    /// Makes the code void and a new one the one that counts; none if it is too soon, or there were enough.
    ///
    /// # Errors
    /// When the table doesn't answer.
    pub async fn renew_code(&self, id: &OnboardingId, draft: &Draft, now: i64) -> Result<Option<Draft>, StoreError> {
        let renewed = Draft { number: draft.number + 1, tries: 0, sent_at: now, ..draft.clone() };
        if !draft.may_renew(now) {
            return Ok(None);
        }
        let renew = self
            .client
            .update_item()
            .table_name(&self.ephemeral)
            .key("pk", s(keys::draft(id)))
            .key("sk", s("S"))
            .update_expression("SET #number = :next, tries = :none, sentAt = :now")
            .condition_expression("attribute_exists(pk) AND #number = :was")
            .expression_attribute_names("#number", "number")
            .expression_attribute_values(":next", AttributeValue::N(renewed.number.to_string()))
            .expression_attribute_values(":was", AttributeValue::N(draft.number.to_string()))
            .expression_attribute_values(":none", AttributeValue::N("0".into()))
            .expression_attribute_values(":now", AttributeValue::N(now.to_string()))
            .send()
            .await;
        let done = done_or_refused(renew.map(drop).map_err(|error| StoreError::from_sdk(&error)))?;
        Ok(done.then_some(renewed))
    }

    /// Counts up to a limit; `false` when it is reached. `bucket` names what is counted and in which period.
    ///
    /// # Errors
    /// When the table doesn't answer.
    pub async fn count_up(&self, bucket: &str, most: u32, expires_at: i64) -> Result<bool, StoreError> {
        let counted = self
            .client
            .update_item()
            .table_name(&self.ephemeral)
            .key("pk", s(keys::bucket(bucket)))
            .key("sk", s("S"))
            .update_expression("SET expiresAt = :end ADD counted :one")
            .condition_expression("attribute_not_exists(counted) OR counted < :most")
            .expression_attribute_values(":end", AttributeValue::N(expires_at.to_string()))
            .expression_attribute_values(":one", AttributeValue::N("1".into()))
            .expression_attribute_values(":most", AttributeValue::N(most.to_string()))
            .send()
            .await;
        done_or_refused(counted.map(drop).map_err(|error| StoreError::from_sdk(&error)))
    }
}

fn done_or_refused(result: Result<(), StoreError>) -> Result<bool, StoreError> {
    match result {
        Ok(()) => Ok(true),
        Err(StoreError::Conflict) => Ok(false),
        Err(error) => Err(error),
    }
}

fn browser_key(id: &OnboardingId, actor: Actor) -> String {
    format!("{id}#{actor}")
}
