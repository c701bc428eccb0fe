//! Notes that mails to a person come back, so that nobody waits for somebody who was never asked. Fed by the mail service's events about
//! our own mails: for good undeliverable, or complained about. The other person is told; an operator, or whoever has the link, can put
//! another address in the place of the wrong one.
//!
//! Microsoft calls: none. AWS calls: one query, one transaction.
//! See <https://docs.aws.amazon.com/ses/latest/dg/monitoring-eventbridge.html>.

use std::collections::HashMap;

use jiff::Timestamp;
use onboarding::{Actor, ErrorName, OnboardingId};
use ops::{Clock, StepError};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Change, Meta, Note, Store, StoreError};

/// What the function works with.
#[derive(Debug)]
pub struct Deps {
    /// The tables.
    pub store: Store,
    /// What time it is.
    pub clock: Clock,
}

/// An event of the mail service, as far as it is read.
#[derive(Debug, Clone, Deserialize)]
pub struct Input {
    detail: Detail,
}

#[derive(Debug, Clone, Deserialize)]
struct Detail {
    #[serde(default)]
    bounce: Option<Bounce>,
    #[serde(default)]
    complaint: Option<Complaint>,
    mail: Sent,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bounce {
    bounce_type: String,
    #[serde(default)]
    bounced_recipients: Vec<Recipient>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Complaint {
    #[serde(default)]
    complained_recipients: Vec<Recipient>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recipient {
    email_address: String,
}

#[derive(Debug, Clone, Deserialize)]
struct Sent {
    #[serde(default)]
    tags: HashMap<String, Vec<String>>,
}

impl Detail {
    /// Why mails to these addresses won't be read; none if a later one may be.
    fn for_good(&self) -> Option<(&'static str, &[Recipient])> {
        let bounced = self.bounce.as_ref().filter(|bounce| bounce.bounce_type == "Permanent");
        let complained =
            self.complaint.as_ref().map(|complaint| ("complaint", complaint.complained_recipients.as_slice()));
        bounced.map(|bounce| ("bounce", bounce.bounced_recipients.as_slice())).or(complained)
    }

    fn tag(&self, name: &str) -> Option<&str> {
        self.mail.tags.get(name)?.first().map(String::as_str)
    }
}

/// What was done.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    /// Whether somebody is known to be unreachable by it.
    pub noted: bool,
}

/// How often a change is tried again when somebody else writes at the same time.
const TRIES: usize = 5;

/// Handles one event. Repeating it is harmless.
///
/// # Errors
/// When the table doesn't answer; the event is delivered again.
pub async fn handle(deps: &Deps, input: Input) -> Result<Output, StepError> {
    let (Some((why, addresses)), Some(id)) = (input.detail.for_good(), input.detail.tag("onboarding")) else {
        return Ok(Output { noted: false });
    };
    let Some(who) = input.detail.tag("part").and_then(Actor::parse) else { return Ok(Output { noted: false }) };
    let id =
        OnboardingId::parse(id).map_err(|error| StepError::new(ErrorName::InputInvalid, format!("tags: {error}")))?;
    for _ in 0..TRIES {
        let loaded = match deps.store.load_for_page(&id).await {
            Ok(loaded) => loaded,
            // Its record is gone: there is nobody left to tell.
            Err(StoreError::NotFound) => return Ok(Output { noted: false }),
            Err(error) => return Err(error.into()),
        };
        let now = deps.clock.now();
        let Some(change) = unreachable(&loaded.meta, who, addresses, why, now) else {
            return Ok(Output { noted: false });
        };
        match deps.store.commit(&loaded.meta, change, now).await {
            Ok(_) => {
                tracing::warn!(onboarding_id = %id, actor = who.as_str(), error_name = "Mail.Bounced", why, "mails to a person come back");
                return Ok(Output { noted: true });
            }
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(StepError::new(ErrorName::StoreConflict, "somebody else wrote at the same time, again and again"))
}

/// What the event changes in the record; none if it is known, or about an address that is not theirs any more.
fn unreachable(meta: &Meta, who: Actor, addresses: &[Recipient], why: &str, now: Timestamp) -> Option<Change> {
    let theirs = addresses.iter().any(|address| address.email_address.eq_ignore_ascii_case(meta.email(who)));
    if !theirs || meta.contact(who).unreachable.is_some() {
        return None;
    }
    let mut change = Change::of(meta);
    change.meta.contact_mut(who).unreachable = Some(now.to_string());
    change.note(Note::mooring("mail.bounced", None, json!({"actor": who, "reason": why})));
    // Nobody writes to both about each other's addresses for ever: who can't be reached is told nothing.
    if !meta.status.is_over() && meta.contact(who.other()).unreachable.is_none() {
        change.mail(who.other(), "unreachable", json!({"part": who}));
    }
    Some(change)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meta() -> Meta {
        serde_json::from_value(json!({
            "onboardingId": OnboardingId::from_parts(1_778_000_000_000, 7), "schema": 1, "ver": 3, "status": "waiting",
            "currentStep": "use-existing-directory", "cloud": "public", "route": "two-party",
            "subscriptionId": "6c3c85bc-5366-4eaa-8055-a10529eafd03",
            "sourceTenantId": "11111111-1111-1111-1111-111111111111",
            "partnerTenantId": "22222222-2222-2222-2222-222222222222", "partnerDirectory": "contoso.com",
            "ownerEmail": "rosa@outlook.com", "ownerAccount": "personal", "partnerAdminEmail": "kim@contoso.com",
            "requestKey": "k", "execution": "arn", "createdAt": "2026-05-10T09:00:00Z",
            "updatedAt": "2026-05-12T09:30:00Z",
        }))
        .unwrap()
    }

    fn detail(kind: &str, address: &str) -> Detail {
        let recipients = json!([{"emailAddress": address, "action": "failed"}]);
        let mut detail = json!({"eventType": "Bounce", "mail": {"messageId": "m", "tags": {"onboarding": ["x"], "part": ["owner"]}}});
        match kind {
            "complaint" => detail["complaint"] = json!({"complainedRecipients": recipients}),
            kind => {
                detail["bounce"] =
                    json!({"bounceType": kind, "bounceSubType": "General", "bouncedRecipients": recipients})
            }
        }
        serde_json::from_value(detail).unwrap()
    }

    fn changed(meta: &Meta, kind: &str, address: &str) -> Option<Change> {
        let detail = detail(kind, address);
        let (why, addresses) = detail.for_good()?;
        unreachable(meta, Actor::Owner, addresses, why, "2026-05-12T10:00:00Z".parse().unwrap())
    }

    #[test]
    fn who_can_not_be_reached_is_noted_once_and_the_other_person_is_told() {
        for kind in ["Permanent", "complaint"] {
            let change = changed(&meta(), kind, "Rosa@Outlook.com").unwrap();
            assert_eq!(change.meta.owner_contact.unreachable.as_deref(), Some("2026-05-12T10:00:00Z"));
            assert_eq!((change.mails.len(), change.mails[0].to, change.notes.len()), (1, Actor::PartnerAdmin, 1));
            assert!(changed(&change.meta, kind, "rosa@outlook.com").is_none());
        }
    }

    #[test]
    fn a_full_mailbox_or_an_address_that_was_replaced_changes_nothing() {
        assert!(changed(&meta(), "Transient", "rosa@outlook.com").is_none());
        assert!(changed(&meta(), "Undetermined", "rosa@outlook.com").is_none());
        assert!(changed(&meta(), "Permanent", "somebody@outlook.com").is_none());
    }

    #[test]
    fn at_the_end_or_where_neither_can_be_reached_nobody_is_written_to() {
        let mut over = meta();
        over.status = onboarding::Status::Cancelled;
        assert!(changed(&over, "Permanent", "rosa@outlook.com").unwrap().mails.is_empty());
        let mut both = meta();
        both.partner_admin_contact.unreachable = Some("2026-05-12T09:00:00Z".into());
        assert!(changed(&both, "Permanent", "rosa@outlook.com").unwrap().mails.is_empty());
    }
}
