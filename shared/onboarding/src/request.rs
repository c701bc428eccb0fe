//! The request for an onboarding: one schema for its three starts (form, event, console).

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::cloud::Cloud;
use crate::ids::{OnboardingId, SubscriptionId};
use crate::steps::Route;

crate::steps::names! {
    /// What kind of Microsoft account an address belongs to. The same address can be both.
    AccountKind {
        /// A personal Microsoft account (outlook.com, or any address registered as one).
        Personal = "personal",
        /// An account of an organisation's directory.
        Work = "work",
        /// Not known.
        Unknown = "unknown",
    }
}

/// The version of the schema that this code writes.
pub const SCHEMA: u64 = 1;

/// The longest a free text may be.
const MAX_TEXT: usize = 120;

/// One field's mistake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// The field, as it is called in the request.
    pub field: String,
    /// What is wrong and what to write instead.
    pub message: String,
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}

/// A valid request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OnboardingRequest {
    /// The schema's version: 1.
    pub schema: u64,
    /// Given by the form only, so that a second click is the same onboarding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub onboarding_id: Option<OnboardingId>,
    /// The subscription to move. Absent: the owner chooses it after their sign-in, from those that they see in the directory it is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscription_id: Option<SubscriptionId>,
    /// The directory that the subscription is in: a verified domain, the onmicrosoft.com name, or the tenant id. Where the subscription
    /// is given, Azure itself says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_directory: Option<String>,
    /// The partner directory: a verified domain, the onmicrosoft.com name, or the tenant id.
    pub partner_directory: String,
    /// The partner admin's e-mail address, lower case.
    pub partner_admin_email: String,
    /// The owner's e-mail address, lower case.
    pub owner_email: String,
    /// What kind of account the owner's is.
    pub owner_account: AccountKind,
    /// The cloud.
    pub cloud: Cloud,
    /// The route, if one was chosen; otherwise two-party.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<Route>,
    /// The caller's own reference, such as a ticket number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The language of the mails until a person chooses another, a tag such as `de`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The time zone of the people until their own devices say another, an IANA name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Who asked for it and proved their mailbox. The form says it; the event and the console, which only the operator's own people
    /// reach, may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_by: Option<Initiator>,
}

/// Who asked for an onboarding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Initiator {
    /// Which of the two people; none if somebody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<crate::Actor>,
    /// Their address, lower case.
    pub email: String,
    /// When they proved that mails to it reach them. RFC 3339, UTC.
    pub verified_at: String,
}

impl OnboardingRequest {
    /// The fields a request may have, the required ones first.
    pub const FIELDS: [&'static str; 14] = [
        "schema",
        "subscriptionId",
        "sourceDirectory",
        "partnerDirectory",
        "partnerAdminEmail",
        "ownerEmail",
        "ownerAccount",
        "cloud",
        "route",
        "reference",
        "language",
        "timeZone",
        "startedBy",
        "onboardingId",
    ];

    /// Reads a request and finds every mistake in it, not only the first.
    ///
    /// # Errors
    /// One entry a mistake, each naming its field and the remedy.
    pub fn parse(input: &Value) -> Result<Self, Vec<FieldError>> {
        let Value::Object(fields) = input else {
            return Err(vec![FieldError {
                field: "(whole input)".into(),
                message:
                    "must be a JSON object with partnerDirectory, partnerAdminEmail, ownerEmail and subscriptionId or sourceDirectory"
                        .into(),
            }]);
        };
        let mut errors = Vec::new();
        for name in fields.keys().filter(|name| !Self::FIELDS.contains(&name.as_str())) {
            let shown: String = name.chars().take(40).collect();
            errors.push(FieldError {
                field: shown,
                message: format!(
                    "is not a field of the request; remove it. The fields are {}",
                    Self::FIELDS.join(", ")
                ),
            });
        }
        let mut read = Reader { fields, errors };
        read.schema();
        let wrong_before = read.errors.len();
        let subscription_id = read.optional(
            "subscriptionId",
            |text| SubscriptionId::parse(text).ok().filter(SubscriptionId::is_chosen),
            "must be a GUID such as 6c3c85bc-5366-4eaa-8055-a10529eafd03; copy it from the subscription's overview page in the Azure portal",
        );
        let source_directory = read.optional(
            "sourceDirectory",
            directory,
            "must be a domain such as fabrikam.com or fabrikam.onmicrosoft.com, or a tenant id",
        );
        let where_is_wrong = read.errors.len() > wrong_before;
        let partner_directory = read.required("partnerDirectory").and_then(|text| {
            read.check(
                "partnerDirectory",
                directory(&text),
                "must be a domain such as contoso.com or contoso.onmicrosoft.com, or a tenant id",
            )
        });
        let partner_admin_email = read.email("partnerAdminEmail");
        let owner_email = read.email("ownerEmail");
        let owner_account = read.optional("ownerAccount", AccountKind::parse, "must be personal, work or unknown");
        let cloud =
            read.optional("cloud", Cloud::parse, "must be public, us-government, us-government-dod, china or germany");
        let route = read.optional(
            "route",
            Route::parse,
            "must be two-party or single-account; leave it out to let it be two-party",
        );
        let reference = read.optional("reference", text, "must be text of at most 120 characters without line breaks");
        let language = read.optional("language", language, "must be a language tag such as en or de");
        let time_zone =
            read.optional("timeZone", time_zone, "must be the name of a time zone such as Europe/Berlin or UTC");
        let started_by = read.initiator();
        // Azure shows a person the subscriptions of one directory at a time, and a personal account's of none unless one is named.
        let source_directory = match (&subscription_id, source_directory) {
            (None, None) if !where_is_wrong => {
                let domain = owner_email.as_deref().and_then(|email| email.rsplit_once('@')).map(|(_, domain)| domain);
                let domain = domain.filter(|_| owner_account == Some(AccountKind::Work)).map(str::to_owned);
                if domain.is_none() {
                    read.fail(
                        "subscriptionId",
                        "is missing. Give it, or the directory that the subscription is in (sourceDirectory): the owner then chooses the subscription after their sign-in",
                    );
                }
                domain
            }
            (_, directory) => directory,
        };
        let onboarding_id = read.optional(
            "onboardingId",
            |text| OnboardingId::parse(text).ok(),
            "must be a ULID; leave it out to have one made",
        );
        let Reader { mut errors, .. } = read;
        // A guest invitation can't be sent to every address Microsoft accepts as an account name.
        if let (Some(Route::SingleAccount), Some(email)) = (route, &owner_email)
            && email.chars().any(|c| "~!#$%^&*()+=[]{}\\/|;:\"<>?,".contains(c))
        {
            errors.push(FieldError {
                field: "ownerEmail".into(),
                message: "has a character that Microsoft refuses in guest invitations; choose the two-party route, which needs no invitation".into(),
            });
        }
        match (partner_directory, partner_admin_email, owner_email) {
            (Some(partner_directory), Some(partner_admin_email), Some(owner_email)) if errors.is_empty() => Ok(Self {
                schema: SCHEMA,
                onboarding_id,
                subscription_id,
                source_directory,
                partner_directory,
                partner_admin_email,
                owner_email,
                owner_account: owner_account.unwrap_or(AccountKind::Unknown),
                cloud: cloud.unwrap_or_default(),
                route,
                reference,
                language,
                time_zone,
                started_by,
            }),
            _ => Err(errors),
        }
    }

    /// What makes two requests the same onboarding: the subscription, or the directory that it is in where it is not given, the partner
    /// directory and the two people. A repeated start, from whichever of the three places, leads to the one that runs.
    #[must_use]
    pub fn key(&self, source_tenant: &crate::TenantId, partner_tenant: &crate::TenantId) -> String {
        let subscription = self.subscription_id.as_ref().map_or(source_tenant.as_str(), SubscriptionId::as_str);
        crate::audit::digest(&serde_json::json!([
            self.cloud.as_str(),
            subscription,
            partner_tenant,
            self.partner_admin_email,
            self.owner_email,
        ]))
    }
}

struct Reader<'a> {
    fields: &'a Map<String, Value>,
    errors: Vec<FieldError>,
}

impl Reader<'_> {
    fn fail(&mut self, field: &str, message: &str) {
        self.errors.push(FieldError { field: field.into(), message: message.into() });
    }

    fn check<T>(&mut self, field: &str, value: Option<T>, message: &str) -> Option<T> {
        if value.is_none() {
            self.fail(field, message);
        }
        value
    }

    fn schema(&mut self) {
        match self.fields.get("schema") {
            None => {}
            Some(version) if version.as_u64() == Some(SCHEMA) => {}
            Some(_) => self.fail("schema", "must be the number 1"),
        }
    }

    /// The text of a field; an empty text, which a form sends for an empty box, counts as absent.
    fn text(&mut self, field: &str) -> Option<String> {
        match self.fields.get(field) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) if text.trim().is_empty() => None,
            Some(Value::String(text)) => Some(text.trim().to_owned()),
            Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                self.fail(field, "must be a text in quotes");
                None
            }
        }
    }

    fn required(&mut self, field: &str) -> Option<String> {
        let before = self.errors.len();
        let text = self.text(field);
        if text.is_none() && self.errors.len() == before {
            self.fail(field, "is missing");
        }
        text
    }

    fn optional<T>(&mut self, field: &str, read: impl Fn(&str) -> Option<T>, message: &str) -> Option<T> {
        let text = self.text(field)?;
        let value = read(&text);
        self.check(field, value, message)
    }

    fn initiator(&mut self) -> Option<Initiator> {
        let value = self.fields.get("startedBy").filter(|value| !value.is_null())?;
        let read: Option<Initiator> = serde_json::from_value(value.clone()).ok();
        let read = read.filter(|read| {
            email(&read.email).as_ref() == Some(&read.email) && read.verified_at.parse::<jiff::Timestamp>().is_ok()
        });
        self.check("startedBy", read, "must be an object with email, verifiedAt and, if they are one of the two, who")
    }

    fn email(&mut self, field: &str) -> Option<String> {
        let text = self.required(field)?;
        let value = email(&text);
        self.check(field, value, "must be one e-mail address such as kim@contoso.com")
    }
}

fn text(text: &str) -> Option<String> {
    (text.chars().count() <= MAX_TEXT && !text.chars().any(char::is_control)).then(|| text.to_owned())
}

/// A language tag's primary part, lower case; a language that nobody has a file of is read in English.
fn language(text: &str) -> Option<String> {
    let primary = text.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    let plain = (2..=3).contains(&primary.len()) && primary.bytes().all(|sign| sign.is_ascii_lowercase());
    (plain && text.len() <= 35).then_some(primary)
}

/// The form of an IANA name. Whether there is such a zone is for those to say who have the list of them.
fn time_zone(text: &str) -> Option<String> {
    let plain = |sign: char| sign.is_ascii_alphanumeric() || "/_+-".contains(sign);
    (text.len() <= 40 && text.starts_with(|sign: char| sign.is_ascii_alphabetic()) && text.chars().all(plain))
        .then(|| text.to_owned())
}

/// A domain or a tenant id, lower case.
fn directory(text: &str) -> Option<String> {
    let text = text.to_ascii_lowercase();
    if let Ok(id) = crate::TenantId::parse(&text) {
        return Some(id.as_str().to_owned());
    }
    let labels: Vec<&str> = text.split('.').collect();
    let label = |label: &&str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    (labels.len() >= 2 && text.len() <= 253 && labels.iter().all(label)).then_some(text)
}

/// One plain address. Stricter than RFC 5321 on purpose: what is refused here (quoted names, address lists, control
/// characters) could only harm in a mail header.
#[must_use]
pub fn email(text: &str) -> Option<String> {
    let text = text.trim();
    let (name, domain) = text.rsplit_once('@')?;
    let plain = |c: char| c.is_ascii_alphanumeric() || ".!#$%&'*+/=?^_`{|}~-".contains(c);
    let fits = !name.is_empty()
        && name.len() <= 64
        && name.chars().all(plain)
        && !name.starts_with('.')
        && !name.ends_with('.')
        && !name.contains("..")
        && crate::TenantId::parse(domain).is_err()
        && directory(domain).is_some();
    fits.then(|| text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn good() -> Value {
        json!({
            "subscriptionId": "6c3c85bc-5366-4eaa-8055-a10529eafd03",
            "partnerDirectory": "Contoso.com",
            "partnerAdminEmail": "Kim@contoso.com",
            "ownerEmail": "rosa@outlook.com",
        })
    }

    fn fields_refused(input: &Value) -> Vec<String> {
        OnboardingRequest::parse(input).unwrap_err().into_iter().map(|error| error.field).collect()
    }

    #[test]
    fn the_four_required_fields_are_enough() {
        let request = OnboardingRequest::parse(&good()).unwrap();
        assert_eq!(request.partner_directory, "contoso.com");
        assert_eq!(request.partner_admin_email, "kim@contoso.com");
        assert_eq!((request.cloud, request.route, request.owner_account), (Cloud::Public, None, AccountKind::Unknown));
    }

    #[test]
    fn without_a_subscription_it_says_in_which_directory_the_owner_shall_choose_one() {
        let mut input = good();
        input["subscriptionId"].take();
        assert_eq!(fields_refused(&input), ["subscriptionId"], "a personal account's address names no directory");
        input["sourceDirectory"] = json!("Fabrikam.onmicrosoft.com");
        let request = OnboardingRequest::parse(&input).unwrap();
        assert_eq!(
            (request.subscription_id, request.source_directory.as_deref()),
            (None, Some("fabrikam.onmicrosoft.com"))
        );
        // A work account's does.
        input["sourceDirectory"].take();
        input["ownerEmail"] = json!("rosa@fabrikam.com");
        assert_eq!(fields_refused(&input), ["subscriptionId"]);
        input["ownerAccount"] = json!("work");
        let request = OnboardingRequest::parse(&input).unwrap();
        assert_eq!(request.source_directory.as_deref(), Some("fabrikam.com"));
        assert_eq!(OnboardingRequest::parse(&serde_json::to_value(&request).unwrap()).unwrap(), request);
        // What was mistyped is told once, and the GUID that stands for none is no subscription.
        input["subscriptionId"] = json!("00000000-0000-0000-0000-000000000000");
        assert_eq!(fields_refused(&input), ["subscriptionId"]);
    }

    #[test]
    fn requests_without_a_subscription_are_the_same_within_one_directory() {
        let tenant = |text: &str| crate::TenantId::parse(text).unwrap();
        let partner = tenant("45ffe2da-b7a4-460f-9e4c-51afd47b94cb");
        let sources = [tenant("f3a0f89e-12ab-4bcd-8e9f-0123456789ab"), tenant("b11a05c8-6acc-435e-9a51-2140dea093a5")];
        let mut input = good();
        let named = OnboardingRequest::parse(&input).unwrap();
        assert_eq!(named.key(&sources[0], &partner), named.key(&sources[1], &partner));
        input["subscriptionId"].take();
        input["sourceDirectory"] = json!("fabrikam.com");
        let open = OnboardingRequest::parse(&input).unwrap();
        assert_ne!(open.key(&sources[0], &partner), open.key(&sources[1], &partner));
        assert_ne!(open.key(&sources[0], &partner), named.key(&sources[0], &partner));
    }

    #[test]
    fn a_request_survives_its_own_json() {
        let request = OnboardingRequest::parse(&good()).unwrap();
        assert_eq!(OnboardingRequest::parse(&serde_json::to_value(&request).unwrap()).unwrap(), request);
    }

    #[test]
    fn every_mistake_is_named_at_once() {
        let mut input = good();
        input["subscriptionId"] = json!("contoso");
        input["partnerAdminEmail"] = json!(7);
        input["colour"] = json!("blue");
        input["cloud"] = json!("moon");
        input["schema"] = json!("1");
        let mut fields = fields_refused(&input);
        fields.sort();
        assert_eq!(fields, ["cloud", "colour", "partnerAdminEmail", "schema", "subscriptionId"]);
        assert_eq!(fields_refused(&json!({})).len(), 4);
        assert_eq!(fields_refused(&json!([])), ["(whole input)"]);
    }

    #[test]
    fn addresses_that_could_break_a_mail_header_are_refused() {
        for wrong in [
            "kim",
            "kim@",
            "@contoso.com",
            "a@b@c.com",
            "kim@contoso.com\r\nBcc: x@y.zz",
            "\"k m\"@contoso.com",
            "k..m@contoso.com",
            "kim@contoso",
        ] {
            let mut input = good();
            input["ownerEmail"] = json!(wrong);
            assert_eq!(fields_refused(&input), ["ownerEmail"], "{wrong}");
        }
    }

    #[test]
    fn an_address_that_can_not_be_invited_needs_the_two_party_route() {
        let mut input = good();
        input["ownerEmail"] = json!("rosa+azure@outlook.com");
        assert!(OnboardingRequest::parse(&input).is_ok());
        input["route"] = json!("single-account");
        assert_eq!(fields_refused(&input), ["ownerEmail"]);
    }

    #[test]
    fn a_reference_does_not_make_it_another_onboarding() {
        let source = crate::TenantId::parse("f3a0f89e-12ab-4bcd-8e9f-0123456789ab").unwrap();
        let tenant = crate::TenantId::parse("45ffe2da-b7a4-460f-9e4c-51afd47b94cb").unwrap();
        let key = |input: &Value| OnboardingRequest::parse(input).unwrap().key(&source, &tenant);
        let mut input = good();
        input["reference"] = json!("T-1");
        assert_eq!(key(&good()), key(&input));
        input["ownerEmail"] = json!("other@outlook.com");
        assert_ne!(key(&good()), key(&input));
    }
}
