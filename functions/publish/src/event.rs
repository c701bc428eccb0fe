//! An audit entry as other systems get it.
//!
//! What leaves the product names directories, the subscription and the two parts, and nobody: no address, no name, no link, no
//! message of another system. Facts are taken over by an explicit list, so that what a later entry says besides stays inside until
//! somebody decides otherwise.

use onboarding::audit::Entry;
use onboarding::{Cloud, OnboardingId, Route, Status, SubscriptionId, TenantId};
use serde::Serialize;
use serde_json::{Map, Value};
use store::Meta;

/// The version of the form, `infra/events/onboarding.v1.json`. A field may be added to a version; one that goes, or changes what it
/// means, makes a new one.
pub const SCHEMA: u32 = 1;

/// The `source` of the events.
pub const SOURCE: &str = "mooring";

/// The facts of an audit entry that are passed on: ids, names of ours, and times.
const FACTS: [&str; 18] = [
    "acceptor",
    "actor",
    "by",
    "directory",
    "ending",
    "error",
    "felt",
    "item",
    "kind",
    "onboarding",
    "operator",
    "outcome",
    "part",
    "reason",
    "restsUntil",
    "result",
    "until",
    "wait",
];

/// The longest text that is passed on as a fact: ours are shorter.
const LONGEST: usize = 200;

/// One thing that happened to an onboarding.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Happened {
    /// 1.
    pub schema: u32,
    /// The same whenever it is delivered again: `<onboarding>-<sequence>`.
    pub id: String,
    /// The onboarding.
    pub onboarding_id: OnboardingId,
    /// Its short reference.
    pub reference: String,
    /// Its place in the audit trail, from 1. Events may come in another order.
    pub sequence: u64,
    /// What happened: the audit entry's action, such as `wait.opened`.
    #[serde(rename = "type")]
    pub kind: String,
    /// When. RFC 3339, UTC.
    pub at: String,
    /// Who: `owner`, `partner-admin`, `operator` or `mooring`.
    pub actor: String,
    /// The step, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// Where the onboarding stood when this was sent, which may be later.
    pub status: Status,
    /// The cloud.
    pub cloud: Cloud,
    /// The route.
    pub route: Route,
    /// The subscription.
    pub subscription_id: SubscriptionId,
    /// The directory that it comes from.
    pub source_tenant_id: TenantId,
    /// The directory that it goes to.
    pub partner_tenant_id: TenantId,
    /// The caller's own reference, as they wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub their_reference: Option<String>,
    /// What else there is to say.
    pub facts: Map<String, Value>,
}

impl Happened {
    /// What an audit entry says to others.
    #[must_use]
    pub fn of(meta: &Meta, entry: &Entry) -> Self {
        Self {
            schema: SCHEMA,
            id: format!("{}-{:010}", meta.onboarding_id, entry.seq),
            onboarding_id: meta.onboarding_id.clone(),
            reference: meta.onboarding_id.reference(),
            sequence: entry.seq,
            kind: entry.action.clone(),
            at: entry.at.clone(),
            actor: entry.actor.clone(),
            step: entry.step.clone(),
            status: meta.status,
            cloud: meta.cloud,
            route: meta.route,
            subscription_id: meta.subscription_id.clone(),
            source_tenant_id: meta.source_tenant_id.clone(),
            partner_tenant_id: meta.partner_tenant_id.clone(),
            their_reference: meta.reference.as_deref().map(onboarding::plain::one_line),
            facts: facts(&entry.detail),
        }
    }
}

fn facts(detail: &Value) -> Map<String, Value> {
    let plain = |value: &Value| match value {
        // An address has no place among ids and names.
        Value::String(text) => text.len() <= LONGEST && !text.contains('@'),
        Value::Number(_) | Value::Bool(_) => true,
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    };
    let passed = detail.as_object().into_iter().flatten();
    let passed = passed.filter(|(name, value)| FACTS.contains(&name.as_str()) && plain(value));
    passed.map(|(name, value)| (name.clone(), value.clone())).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

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
            "updatedAt": "2026-05-12T09:30:00Z", "reference": "T-1\r\n<b>\u{202e}",
        }))
        .unwrap()
    }

    fn entry(action: &str, detail: Value) -> Entry {
        Entry {
            seq: 7,
            at: "2026-05-12T10:00:00Z".into(),
            actor: "operator".into(),
            action: action.into(),
            step: None,
            detail,
            prev_hash: String::new(),
            hash: String::new(),
        }
    }

    #[test]
    fn what_is_not_on_the_list_stays_inside() {
        let told = |detail: Value| Happened::of(&meta(), &entry("x", detail)).facts;
        assert!(
            told(json!({"message": "of Azure", "undone": [], "startedBy": {"email": "x"}, "token": "t"})).is_empty()
        );
        assert!(told(json!({"part": ["owner"], "kind": {"a": 1}, "error": null})).is_empty());
        assert!(told(json!({"reason": "x".repeat(LONGEST + 1), "until": "rosa@outlook.com"})).is_empty());
        assert_eq!(told(json!({"kind": "fix", "actor": "owner"})).len(), 2);
        assert_eq!(told(json!({"felt": "hard", "text": "Kim was late"})).keys().collect::<Vec<_>>(), ["felt"]);
        let handed = told(json!({"part": "owner", "from": "rosa@outlook.com", "to": "ada@contoso.com"}));
        assert_eq!(handed.keys().collect::<Vec<_>>(), ["part"]);
    }

    #[test]
    fn an_event_names_no_address_and_is_one_line() {
        let happened = Happened::of(&meta(), &entry("wait.opened", json!({"kind": "sign-in"})));
        let text = serde_json::to_string(&happened).unwrap();
        assert!(!text.contains('@') && !text.contains("\\n") && !text.contains(onboarding::plain::is_mark), "{text}");
        assert!(text.contains(r#""id":"01"#) && text.contains(r#"-0000000007","#), "{text}");
    }
}
