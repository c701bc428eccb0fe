//! The change of a subscription's directory: request, accept, follow, cancel.
//!
//! A preview API in all its versions (see [`super::ServedVersion`]), with one request a subscription, named `default`. The
//! owner requests in the source tenant, the named person accepts in the destination tenant, and accepting is the **point of no
//! return**: it deletes every role assignment and custom role. Nothing here is a long-running operation; progress is seen by
//! asking.
//! See <https://learn.microsoft.com/azure/cost-management-billing/manage/subscription-change-directory>.
//!
//! Microsoft publishes no error codes for this family: [`Error::directory_change_refusal`] reads what can be read.

use jiff::{Timestamp, ToSpan as _};
use onboarding::{ObjectId, SubscriptionId, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Arm;
use crate::clouds::with_query;
use crate::errors::{Error, ErrorKind};
use crate::http::Call;

/// A request to change a subscription's directory, as far as Microsoft tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DirectoryChange {
    /// How far it is.
    pub status: ChangeStatus,
    /// Where to.
    pub destination_tenant: Option<TenantId>,
    /// Who is to accept: an object id in the destination tenant, or in older versions the e-mail address that was given.
    pub destination_owner: Option<String>,
    /// Which subscription. Later versions only.
    pub subscription: Option<SubscriptionId>,
    /// Where from. Later versions only.
    pub source_tenant: Option<TenantId>,
    /// Who asked, as an object id in the source tenant. Later versions only.
    pub source_owner: Option<ObjectId>,
    /// When it was requested. Later versions only.
    pub created_at: Option<Timestamp>,
    /// When it was accepted.
    pub accepted_at: Option<Timestamp>,
    /// When it expires.
    pub expires_at: Option<Timestamp>,
}

/// How far a change of directory is. Microsoft's definition and its examples use different words for the same state, so
/// what is not known to be something else is pending.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeStatus {
    /// Requested and waiting to be accepted.
    Pending,
    /// Accepted, and being carried out.
    InProgress,
    /// The subscription trusts the destination.
    Completed,
    /// Failed, expired, cancelled or rejected, in Microsoft's word for it.
    Ended(String),
}

impl DirectoryChange {
    /// When it expires: as Microsoft says, or 24 hours after it was requested, as all its examples have it.
    #[must_use]
    pub fn expiry(&self) -> Option<Timestamp> {
        self.expires_at.or_else(|| self.created_at?.checked_add(24.hours()).ok())
    }

    /// Whether it can still be accepted at `now`.
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.status == ChangeStatus::Pending && self.expiry().is_none_or(|expiry| expiry > now)
    }

    /// Whether it leads to this tenant and this person. A destination owner given as an e-mail address can't be told from
    /// the right one and counts as another.
    #[must_use]
    pub fn leads_to(&self, tenant: &TenantId, owner: &ObjectId) -> bool {
        self.destination_tenant.as_ref() == Some(tenant)
            && self
                .destination_owner
                .as_deref()
                .is_some_and(|named| ObjectId::parse(named).is_ok_and(|named| named == *owner))
    }
}

impl Arm {
    /// Requests that a subscription move to `destination`, to be accepted by `acceptor` (their object id *there*).
    ///
    /// `PUT {arm}/subscriptions/{id}/providers/Microsoft.Subscription/changeTenantRequest/default?api-version=…` (see
    /// [`crate::arm`]); the owner's token of the **source** tenant (direct, unconditional Owner). 200 with the
    /// request. What a second request does to a pending one is published nowhere: ask [`Arm::directory_changes`] first, and
    /// again after [`ErrorKind::UnknownOutcome`]. The resource provider is registered if need be.
    /// See <https://learn.microsoft.com/azure/cost-management-billing/manage/subscription-change-directory>.
    ///
    /// # Errors
    /// As for every call of [`crate::arm`]; the reason of a refusal: [`Error::directory_change_refusal`].
    pub async fn request_directory_change(
        &self,
        id: &SubscriptionId,
        destination: &TenantId,
        acceptor: &ObjectId,
    ) -> Result<DirectoryChange, Error> {
        let body = json!({"properties": {
            "destinationTenantId": destination.as_str(),
            "destinationOwnerId": acceptor.as_str(),
        }});
        let body = &body;
        let wire: Wire = self
            .registered(id, || {
                self.version.negotiate(async |version| {
                    let address = self.request_address(id, true, version);
                    let call = Call::put("arm.change_directory.request", address, body.clone()).once();
                    self.api.read(&call).await
                })
            })
            .await?;
        Ok(wire.into_change().unwrap_or_else(|| DirectoryChange::requested(destination, acceptor)))
    }

    /// The request of a subscription as the source tenant sees it. `None`: there is none.
    ///
    /// `GET …/changeTenantRequest/default`; a token of the **source** tenant. 200; 404, or a 200 whose properties are null, is
    /// none. [`Arm::directory_changes`] is the surer question.
    /// See <https://learn.microsoft.com/azure/cost-management-billing/manage/subscription-change-directory>.
    ///
    /// # Errors
    /// As for every call of [`crate::arm`]; a subscription that the token can't see is an error, not a missing request.
    pub async fn directory_change(&self, id: &SubscriptionId) -> Result<Option<DirectoryChange>, Error> {
        let wire = self
            .registered(id, || {
                self.version.negotiate(async |version| {
                    let address = self.request_address(id, true, version);
                    self.api.read::<Wire>(&Call::get("arm.change_directory.get", address)).await
                })
            })
            .await;
        Ok(none_if_absent(wire)?.and_then(Wire::into_change))
    }

    /// The requests of a subscription as the source tenant sees them: none or one.
    ///
    /// `GET …/changeTenantRequest`; a token of the **source** tenant. 200 with pages.
    /// See <https://learn.microsoft.com/azure/cost-management-billing/manage/subscription-change-directory>.
    ///
    /// # Errors
    /// As for [`Arm::directory_change`].
    pub async fn directory_changes(&self, id: &SubscriptionId) -> Result<Vec<DirectoryChange>, Error> {
        let wires = self
            .registered(id, || {
                self.version.negotiate(async |version| {
                    let address = self.request_address(id, false, version);
                    self.api.list::<Wire>("arm.change_directory.list", address).await
                })
            })
            .await;
        let wires = none_if_absent(wires)?.unwrap_or_default();
        Ok(wires.into_iter().filter_map(Wire::into_change).collect())
    }

    /// Takes a request back. Means something only before it is accepted. `false`: there was none.
    ///
    /// `DELETE …/changeTenantRequest/default`; the owner's token of the **source** tenant. 200 (202 and 204 count too); 404 is
    /// done. Safe to repeat.
    /// See <https://learn.microsoft.com/azure/cost-management-billing/manage/subscription-change-directory>.
    ///
    /// # Errors
    /// As for every call of [`crate::arm`].
    pub async fn cancel_directory_change(&self, id: &SubscriptionId) -> Result<bool, Error> {
        let outcome = self
            .version
            .negotiate(async |version| {
                let address = self.request_address(id, true, version);
                self.api.send(&Call::delete("arm.change_directory.cancel", address)).await
            })
            .await;
        match outcome {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Accepts the request: the **point of no return**.
    ///
    /// `POST {arm}/providers/Microsoft.Subscription/subscriptions/{id}/acceptChangeTenant` without a body; the
    /// token, of the **destination** tenant, of the person the request names. 204. Not known to be idempotent: never repeated by
    /// us while the outcome is unknown. After [`ErrorKind::UnknownOutcome`] ask [`Arm::directory_change_status`],
    /// [`super::ArmProbe::tenant_of_subscription`] and [`Arm::subscription`] before anything else.
    /// See <https://learn.microsoft.com/azure/cost-management-billing/manage/subscription-change-directory>.
    ///
    /// # Errors
    /// As for every call of [`crate::arm`]; the reason of a refusal: [`Error::directory_change_refusal`].
    pub async fn accept_directory_change(&self, id: &SubscriptionId) -> Result<(), Error> {
        self.version
            .negotiate(async |version| {
                let address = self.tenant_address(id, "acceptChangeTenant", version);
                self.api.send(&Call::act("arm.change_directory.accept", address).once()).await
            })
            .await
            .map(|_| ())
    }

    /// How far the change is, as the acceptor sees it. `None`: not visible yet (before acceptance nobody knows what
    /// Microsoft answers; 403 and 404 count as that).
    ///
    /// `POST {arm}/providers/Microsoft.Subscription/subscriptions/{id}/changeTenantStatus` without a body (a read in a
    /// POST); the acceptor's token of the **destination** tenant. 200: the request's properties, bare or wrapped, or only its
    /// status, depending on the version. Safe to repeat.
    /// See <https://learn.microsoft.com/azure/cost-management-billing/manage/subscription-change-directory>.
    ///
    /// # Errors
    /// As for every call of [`crate::arm`], but for 403 and 404.
    pub async fn directory_change_status(&self, id: &SubscriptionId) -> Result<Option<DirectoryChange>, Error> {
        let outcome = self
            .version
            .negotiate(async |version| {
                let address = self.tenant_address(id, "changeTenantStatus", version);
                self.api.read::<Wire>(&Call::act("arm.change_directory.status", address)).await
            })
            .await;
        match outcome {
            Ok(wire) => Ok(wire.into_change()),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Forbidden) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn request_address(&self, id: &SubscriptionId, named: bool, version: &str) -> String {
        let family = ["subscriptions", id.as_str(), "providers", "Microsoft.Subscription", "changeTenantRequest"];
        let address = self.api.base.at(family.into_iter().chain(named.then_some("default")));
        with_query(&address, &[("api-version", version)])
    }

    fn tenant_address(&self, id: &SubscriptionId, verb: &str, version: &str) -> String {
        let segments = ["providers", "Microsoft.Subscription", "subscriptions", id.as_str(), verb];
        with_query(&self.api.base.at(segments), &[("api-version", version)])
    }
}

impl DirectoryChange {
    /// What we asked for, where the answer doesn't repeat it.
    fn requested(destination: &TenantId, acceptor: &ObjectId) -> Self {
        Self {
            status: ChangeStatus::Pending,
            destination_tenant: Some(destination.clone()),
            destination_owner: Some(acceptor.to_string()),
            subscription: None,
            source_tenant: None,
            source_owner: None,
            created_at: None,
            accepted_at: None,
            expires_at: None,
        }
    }
}

impl ChangeStatus {
    fn from_wire(word: &str) -> Self {
        let lower = word.to_ascii_lowercase();
        match lower.as_str() {
            "inprogress" => Self::InProgress,
            "completed" => Self::Completed,
            _ if ["fail", "expire", "cancel", "reject"].iter().any(|start| lower.starts_with(start)) => {
                Self::Ended(word.to_owned())
            }
            // `Initialized`, `Initiated`, and words yet to come.
            _ => Self::Pending,
        }
    }
}

/// An answer in either shape: properties in a wrapper, or bare.
struct Wire(Properties);

impl<'de> Deserialize<'de> for Wire {
    fn deserialize<D: serde::Deserializer<'de>>(decoder: D) -> Result<Self, D::Error> {
        let mut answer = Value::deserialize(decoder)?;
        let properties = match answer.get_mut("properties") {
            Some(Value::Null) => return Ok(Self(Properties::default())),
            Some(wrapped) => wrapped.take(),
            None => answer,
        };
        Properties::deserialize(properties).map(Self).map_err(serde::de::Error::custom)
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Properties {
    status: Option<String>,
    destination_tenant_id: Option<TenantId>,
    destination_owner_id: Option<String>,
    subscription_id: Option<SubscriptionId>,
    source_tenant_id: Option<TenantId>,
    source_owner_id: Option<ObjectId>,
    created_date: Option<Timestamp>,
    accepted_date: Option<Timestamp>,
    expires_on: Option<Timestamp>,
}

impl Wire {
    /// The request, unless the answer has nothing of one.
    fn into_change(self) -> Option<DirectoryChange> {
        let properties = self.0;
        let says_something = properties.status.is_some() || properties.destination_tenant_id.is_some();
        says_something.then(|| DirectoryChange {
            status: ChangeStatus::from_wire(properties.status.as_deref().unwrap_or_default()),
            destination_tenant: properties.destination_tenant_id,
            destination_owner: properties.destination_owner_id,
            subscription: properties.subscription_id,
            source_tenant: properties.source_tenant_id,
            source_owner: properties.source_owner_id,
            created_at: properties.created_date,
            accepted_at: properties.accepted_date,
            expires_at: properties.expires_on,
        })
    }
}

/// A request that isn't there is no error; a subscription that can't be seen is.
fn none_if_absent<T>(outcome: Result<T, Error>) -> Result<Option<T>, Error> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == ErrorKind::NotFound && !error.has_code("SubscriptionNotFound") => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<DirectoryChange> {
        serde_json::from_str::<Wire>(text).unwrap().into_change()
    }

    #[test]
    fn every_word_for_waiting_is_pending_and_every_word_for_ended_has_ended() {
        for word in ["Initialized", "Initiated", "initiated", "INITIALIZED", "", "SomethingNew"] {
            assert_eq!(ChangeStatus::from_wire(word), ChangeStatus::Pending, "{word}");
        }
        for word in ["Failed", "Expired", "Cancelled", "canceled", "Rejected"] {
            assert_eq!(ChangeStatus::from_wire(word), ChangeStatus::Ended(word.to_owned()));
        }
        assert_eq!(ChangeStatus::from_wire("inprogress"), ChangeStatus::InProgress);
        assert_eq!(ChangeStatus::from_wire("COMPLETED"), ChangeStatus::Completed);
    }

    #[test]
    fn a_request_is_read_wrapped_bare_and_as_its_status_alone() {
        let wrapped = read(
            r#"{"id":"subscriptions/x","name":"default","properties":{"status":"Initiated",
                "destinationTenantId":"111A82EB-4c7b-48bb-962b-49363c510130","destinationOwnerId":"ada@outlook.com",
                "expiresOn":"2030-07-19T17:57:40.0278346Z"}}"#,
        )
        .unwrap();
        let tenant = TenantId::parse("111a82eb-4c7b-48bb-962b-49363c510130").unwrap();
        let owner = ObjectId::parse("b11a05c8-6acc-435e-9a51-2140dea093a5").unwrap();
        assert_eq!(wrapped.destination_tenant.as_ref(), Some(&tenant));
        assert!(!wrapped.leads_to(&tenant, &owner));
        let bare = read(
            r#"{"status":"InProgress","destinationTenantId":"111a82eb-4c7b-48bb-962b-49363c510130",
                "destinationOwnerId":"B11A05C8-6acc-435e-9a51-2140dea093a5","acceptedDate":null}"#,
        )
        .unwrap();
        assert_eq!(bare.status, ChangeStatus::InProgress);
        assert!(bare.leads_to(&tenant, &owner));
        assert_eq!(read(r#"{"status":"Completed"}"#).unwrap().status, ChangeStatus::Completed);
    }

    #[test]
    fn an_answer_that_says_nothing_is_no_request() {
        for nothing in ["{}", r#"{"properties":null}"#, r#"{"properties":{"status":null}}"#, r#"{"name":"default"}"#] {
            assert_eq!(read(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn a_request_expires_when_microsoft_says_or_after_a_day() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let told =
            read(r#"{"status":"Initiated","createdDate":"2030-01-01T00:00:00Z","expiresOn":"2030-01-01T06:00:00Z"}"#);
        assert!(told.as_ref().unwrap().is_open(at("2030-01-01T05:59:59Z")));
        assert!(!told.unwrap().is_open(at("2030-01-01T06:00:00Z")));
        let untold = read(r#"{"status":"Initiated","createdDate":"2030-01-01T00:00:00Z"}"#).unwrap();
        assert_eq!(untold.expiry(), Some(at("2030-01-02T00:00:00Z")));
        assert!(read(r#"{"status":"Initiated"}"#).unwrap().is_open(at("2040-01-01T00:00:00Z")));
        assert!(!read(r#"{"status":"Completed"}"#).unwrap().is_open(at("2030-01-01T00:00:00Z")));
    }
}
