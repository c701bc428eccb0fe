//! What can go wrong between us and Microsoft, as one type.
//!
//! Two goals conflict: a program must branch on few, stable kinds, and a person must be able to find the very answer
//! again. So an [`Error`] has a coarse [`ErrorKind`] and beside it what Microsoft said: status, code, message, request
//! ids. The message may name people, so neither `Display` nor `Debug` shows it unscrubbed; [`Error::message`] gives it to
//! the few callers that show it to the person concerned.
//!
//! Microsoft has five envelopes for an error, all read here: Azure Resource Manager's (also wrapped twice), Graph's,
//! Entra's, Partner Center's, and the gateways' before them.

use std::fmt;
use std::time::Duration;

use serde_json::Value;

use crate::claims::ClaimsChallenge;
use crate::entra::{EntraErrorKind, Person};

/// A call that did not give what it should.
pub struct Error(Box<Details>);

/// What a program does about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// No answer, or a 5xx, also after our retries. Worth repeating later.
    Unavailable,
    /// Too many calls. [`Error::retry_after`] says when to come back, if Microsoft did.
    Throttled,
    /// The answer was lost and the call may have had its effect. Read back before anything else.
    UnknownOutcome,
    /// The token is good but not strong enough (multi-factor authentication, continuous access evaluation):
    /// sign in again with [`Error::claims`].
    ClaimsChallenge,
    /// The token is another tenant's. After a move this is the normal answer to the old tenant's tokens.
    WrongTenant,
    /// The token is missing, malformed, expired or revoked.
    Unauthenticated,
    /// The person may not do this.
    Forbidden,
    /// There is no such thing, or this token cannot see it.
    NotFound,
    /// It is in the way of something that is already there.
    Conflict,
    /// The subscription has not registered the resource provider.
    NotRegistered,
    /// None of the api-versions we know is served here.
    UnsupportedVersion,
    /// Microsoft refused the request as it was.
    Invalid,
    /// An answer that is no answer of this call: undecodable, too large, a redirect, a page loop.
    Unexpected,
    /// An address outside the cloud table; nothing was sent.
    ForeignAddress,
    /// Entra refused to sign in, to redeem or to refresh.
    Entra(EntraErrorKind),
    /// An id token that does not prove what it should.
    IdToken(IdTokenFault),
    /// Our own app credential cannot be used.
    Credential,
}

/// What is wrong with an id token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IdTokenFault {
    /// Not a signed token, or a claim is missing or mistyped.
    Malformed,
    /// Signed with another algorithm than RS256, or not at all.
    Algorithm,
    /// Signed with a key that the tenant does not publish.
    UnknownKey,
    /// The signature does not fit.
    Signature,
    /// Issued by someone else.
    Issuer,
    /// Issued for another application.
    Audience,
    /// Right in everything, and issued in another tenant.
    Tenant,
    /// Not the answer to this sign-in.
    Nonce,
    /// Too old.
    Expired,
    /// From the future.
    NotYetValid,
}

/// The ids under which Microsoft's support finds a call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestIds {
    /// The id we made, the same for every attempt of one call.
    pub ours: Option<String>,
    /// The id Microsoft gave the answer.
    pub theirs: Option<String>,
    /// Microsoft's correlation id.
    pub correlation: Option<String>,
}

/// Why a change of directory was refused, as far as an undocumented family of errors can tell.
/// See [`Error::directory_change_refusal`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DirectoryChangeRefusal {
    /// One of the two tenants' subscription policies says no.
    BlockedByTenantPolicy,
    /// This kind of offer cannot change its directory.
    OfferNotEligible,
    /// The caller is not (directly, unconditionally) Owner, or not the one named as acceptor.
    NotAllowed,
    /// The destination tenant or the destination owner is not known.
    BadDestination,
    /// A request is already pending.
    AlreadyPending,
    /// The request has expired, or there is none.
    Expired,
    /// The subscription is disabled, past due or locked.
    SubscriptionDisabled,
    /// None of these.
    Unrecognised,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, operation: &'static str) -> Self {
        Self(Box::new(Details {
            kind,
            operation,
            status: None,
            code: None,
            message: None,
            entra_codes: Vec::new(),
            ids: RequestIds::default(),
            retry_after: None,
            claims: None,
            elsewhere: None,
            source: None,
        }))
    }

    /// What to do about it.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The call, as a name of our own such as `arm.role_assignments.list`.
    #[must_use]
    pub fn operation(&self) -> &'static str {
        self.0.operation
    }

    /// The HTTP status, if there was an answer.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// Microsoft's error code, such as `AuthorizationFailed`, `invalid_grant` or `900421`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// Whether Microsoft's error code is this one, in any case.
    #[must_use]
    pub fn has_code(&self, code: &str) -> bool {
        self.code().is_some_and(|ours| ours.eq_ignore_ascii_case(code))
    }

    /// Microsoft's message. It may name people and objects: show it to the person concerned, never log it.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.0.message.as_deref()
    }

    /// Entra's numeric codes (the digits of `AADSTS…`), first the one it led with. A hint: Microsoft changes them.
    #[must_use]
    pub fn entra_codes(&self) -> &[u32] {
        &self.0.entra_codes
    }

    /// The answer itself, without a word of ours: the call, and what came back of it. Holds no names, like `Display`.
    #[must_use]
    pub fn answered(&self) -> String {
        let Details { operation, status, code, ids, .. } = &*self.0;
        let status = status.map(|status| format!("status {status}"));
        let request = ids.theirs.as_deref().map(|id| format!("request {}", scrub(id)));
        let facts: Vec<String> = [status, code.as_deref().map(scrub), request].into_iter().flatten().collect();
        if facts.is_empty() { (*operation).to_owned() } else { format!("{operation} ({})", facts.join(", ")) }
    }

    /// The ids of the call.
    #[must_use]
    pub fn request_ids(&self) -> &RequestIds {
        &self.0.ids
    }

    /// How long Microsoft asked us to wait.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// What a new sign-in must ask for.
    #[must_use]
    pub fn claims(&self) -> Option<&ClaimsChallenge> {
        self.0.claims.as_ref()
    }

    /// Who signed in at another tenant than the one that was asked for: with [`IdTokenFault::Tenant`]. Their token proves nothing here;
    /// it says what to tell them.
    #[must_use]
    pub fn signed_in_elsewhere(&self) -> Option<&Person> {
        self.0.elsewhere.as_ref()
    }

    /// Whether Entra gave no token because nobody consented to what was asked for. Nothing is broken and signing in again
    /// does not help: a person, or an administrator, may consent, or what needs it stays unread.
    #[must_use]
    pub fn lacks_consent(&self) -> bool {
        matches!(
            self.kind(),
            ErrorKind::Entra(
                EntraErrorKind::ConsentRequired | EntraErrorKind::AdminConsentRequired | EntraErrorKind::UserDeclined
            )
        )
    }

    /// Whether the same call may succeed later without anyone doing anything.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self.kind() {
            ErrorKind::Unavailable | ErrorKind::Throttled | ErrorKind::UnknownOutcome => true,
            ErrorKind::Entra(kind) => {
                matches!(kind, EntraErrorKind::Throttled | EntraErrorKind::Unavailable)
            }
            ErrorKind::ClaimsChallenge
            | ErrorKind::WrongTenant
            | ErrorKind::Unauthenticated
            | ErrorKind::Forbidden
            | ErrorKind::NotFound
            | ErrorKind::Conflict
            | ErrorKind::NotRegistered
            | ErrorKind::UnsupportedVersion
            | ErrorKind::Invalid
            | ErrorKind::Unexpected
            | ErrorKind::ForeignAddress
            | ErrorKind::IdToken(_)
            | ErrorKind::Credential => false,
        }
    }

    /// Reads the refusal of a change of directory. Microsoft publishes no error codes for that family, so this goes by
    /// status and by words in code and message, and says [`DirectoryChangeRefusal::Unrecognised`] rather than guess.
    /// Only for errors of the calls in [`crate::arm`] that request, accept or follow a change of directory.
    #[must_use]
    pub fn directory_change_refusal(&self) -> DirectoryChangeRefusal {
        use DirectoryChangeRefusal as Refusal;
        let said =
            format!("{} {}", self.code().unwrap_or_default(), self.message().unwrap_or_default()).to_ascii_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| said.contains(word));
        if says(&["readonlydisabledsubscription", "scopelocked", "subscriptionnotactive", "past due", "disabled"]) {
            return Refusal::SubscriptionDisabled;
        }
        if says(&["not eligible", "noteligible", "not supported for", "offernot", "unsupportedoffer", "offer type"]) {
            return Refusal::OfferNotEligible;
        }
        // Azure Policy and the mandatory MFA rule are other policies than the tenants' subscription policy.
        if says(&["policy", "blocked", "not allowed to leave", "not allowed to enter", "leavingtenant", "intotenant"])
            && !self.has_code("RequestDisallowedByPolicy")
        {
            return Refusal::BlockedByTenantPolicy;
        }
        match self.status() {
            Some(409) => Refusal::AlreadyPending,
            Some(410) => Refusal::Expired,
            _ if says(&["expired"]) => Refusal::Expired,
            Some(403) => Refusal::NotAllowed,
            _ if says(&["destinationowner", "destinationtenant", "destination", "invaliddestination"]) => {
                Refusal::BadDestination
            }
            Some(404) => Refusal::Expired,
            _ => Refusal::Unrecognised,
        }
    }

    pub(crate) fn with_source(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.0.source = Some(Box::new(source));
        self
    }

    pub(crate) fn with_message(mut self, message: impl Into<String>) -> Self {
        self.0.message = Some(message.into());
        self
    }

    pub(crate) fn with_code(mut self, code: Option<String>) -> Self {
        self.0.code = code;
        self
    }

    pub(crate) fn with_ids(mut self, ids: RequestIds) -> Self {
        self.0.ids = ids;
        self
    }

    pub(crate) fn with_status(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self
    }

    pub(crate) fn with_retry_after(mut self, wait: Option<Duration>) -> Self {
        self.0.retry_after = wait;
        self
    }

    pub(crate) fn with_claims(mut self, claims: Option<ClaimsChallenge>) -> Self {
        self.0.claims = claims;
        self
    }

    pub(crate) fn with_elsewhere(mut self, person: Person) -> Self {
        self.0.elsewhere = Some(person);
        self
    }

    pub(crate) fn with_entra_codes(mut self, codes: Vec<u32>) -> Self {
        self.0.entra_codes = codes;
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Details { kind, operation, status, code, ids, .. } = &*self.0;
        write!(f, "{operation}: {kind}")?;
        if let Some(status) = status {
            write!(f, " (status {status}")?;
            if let Some(code) = code {
                write!(f, ", {}", scrub(code))?;
            }
            if let Some(id) = &ids.theirs {
                write!(f, ", request {}", scrub(id))?;
            }
            write!(f, ")")?;
        } else if let Some(code) = code {
            write!(f, " ({})", scrub(code))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Who signed in elsewhere is nothing for a log.
        let Details { kind, operation, status, code, message, entra_codes, ids, retry_after, claims, source, .. } =
            &*self.0;
        f.debug_struct("Error")
            .field("kind", kind)
            .field("operation", operation)
            .field("status", status)
            .field("code", &code.as_deref().map(scrub))
            .field("message", &message.as_deref().map(scrub))
            .field("entra_codes", entra_codes)
            .field("request_ids", ids)
            .field("retry_after", retry_after)
            .field("claims", &claims.is_some())
            .field("source", source)
            .finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0.source {
            Some(source) => Some(&**source),
            None => None,
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self {
            Self::Unavailable => "Microsoft gave no usable answer",
            Self::Throttled => "Microsoft asked us to slow down",
            Self::UnknownOutcome => "the answer was lost and the call may have had its effect",
            Self::ClaimsChallenge => "a stronger sign-in is needed",
            Self::WrongTenant => "the token is another tenant's",
            Self::Unauthenticated => "the token was not accepted",
            Self::Forbidden => "not allowed",
            Self::NotFound => "not found",
            Self::Conflict => "in conflict with what is there",
            Self::NotRegistered => "the resource provider is not registered",
            Self::UnsupportedVersion => "no api-version we know is served",
            Self::Invalid => "the request was refused",
            Self::Unexpected => "an answer we do not understand",
            Self::ForeignAddress => "an address outside the cloud table, nothing was sent",
            Self::Entra(kind) => return write!(f, "sign-in refused: {kind}"),
            Self::IdToken(fault) => return write!(f, "id token refused: {fault}"),
            Self::Credential => "the app credential cannot be used",
        };
        f.write_str(words)
    }
}

impl fmt::Display for IdTokenFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "malformed",
            Self::Algorithm => "not signed with RS256",
            Self::UnknownKey => "signed with an unknown key",
            Self::Signature => "the signature does not fit",
            Self::Issuer => "wrong issuer",
            Self::Audience => "wrong audience",
            Self::Tenant => "wrong tenant",
            Self::Nonce => "wrong nonce",
            Self::Expired => "expired",
            Self::NotYetValid => "not yet valid",
        })
    }
}

/// Which family of envelopes and headers an API uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Arm,
    Graph,
    Entra,
    PartnerCenter,
}

/// What an error answer said, whatever its envelope.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
    /// Ids that stand in the body, where the headers have none.
    pub(crate) request_id: Option<String>,
    pub(crate) correlation_id: Option<String>,
    pub(crate) suberror: Option<String>,
    pub(crate) claims: Option<String>,
    pub(crate) entra_codes: Vec<u32>,
}

impl Said {
    /// Reads any of Microsoft's error envelopes; an empty result for anything else (gateways answer HTML, too).
    pub(crate) fn read(body: &[u8]) -> Self {
        let Ok(body) = serde_json::from_slice::<Value>(body) else {
            return Self::default();
        };
        match body.get("error") {
            Some(Value::String(error)) => Self::entra(error, &body),
            Some(error @ Value::Object(_)) => {
                // The subscriptions API is specified with its envelope wrapped twice.
                let inner = error.get("error").filter(|inner| inner.is_object());
                Self::odata(inner.unwrap_or(error))
            }
            _ => Self::flat(&body),
        }
    }

    fn entra(error: &str, body: &Value) -> Self {
        let codes = body.get("error_codes").and_then(Value::as_array);
        Self {
            code: Some(error.to_owned()),
            message: text(body, &["error_description"]),
            request_id: text(body, &["trace_id"]),
            correlation_id: text(body, &["correlation_id"]),
            suberror: text(body, &["suberror"]),
            claims: text(body, &["claims"]),
            entra_codes: codes.into_iter().flatten().filter_map(|code| u32::try_from(code.as_u64()?).ok()).collect(),
        }
    }

    fn odata(error: &Value) -> Self {
        // Graph writes innerError in its pages and innererror in some answers; the ids in it have both spellings too.
        let inner = error.get("innerError").or_else(|| error.get("innererror"));
        let inner = |names: &[&str]| inner.and_then(|inner| text(inner, names));
        Self {
            code: text(error, &["code"]),
            message: text(error, &["message"]),
            request_id: inner(&["request-id", "requestId"]),
            correlation_id: inner(&["client-request-id"]),
            ..Self::default()
        }
    }

    /// Partner Center's `code` and `description`, and the gateways' `statusCode` and `message`. A code is a number in some
    /// answers and text in others.
    fn flat(body: &Value) -> Self {
        Self {
            code: text(body, &["code", "Code", "statusCode"]),
            message: text(body, &["description", "message", "Message"]),
            ..Self::default()
        }
    }
}

struct Details {
    kind: ErrorKind,
    operation: &'static str,
    status: Option<u16>,
    code: Option<String>,
    message: Option<String>,
    entra_codes: Vec<u32>,
    ids: RequestIds,
    retry_after: Option<Duration>,
    claims: Option<ClaimsChallenge>,
    elsewhere: Option<Person>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// The first of `names` that is text or a number.
fn text(value: &Value, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| {
        let value = value.get(name)?;
        let number = || value.is_number().then(|| value.to_string());
        value.as_str().filter(|text| !text.is_empty()).map(str::to_owned).or_else(number)
    })
}

/// Takes out of Microsoft's words what may name a person or hold a token, and cuts the rest to a length for a log line.
fn scrub(words: &str) -> String {
    const LENGTH: usize = 400;
    const LONGEST_WORD: usize = 80;
    let mut kept = String::new();
    for word in words.split_whitespace() {
        if kept.len() > LENGTH {
            kept.push_str(" …");
            break;
        }
        if !kept.is_empty() {
            kept.push(' ');
        }
        // Addresses and guest names have an at or a hash sign; tokens are long or begin with an encoded brace.
        let private = word.contains(['@', '#']) || word.contains("eyJ") || word.len() > LONGEST_WORD;
        kept.push_str(if private { "[removed]" } else { word });
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(body: &str) -> Said {
        Said::read(body.as_bytes())
    }

    #[test]
    fn each_of_microsofts_envelopes_is_read() {
        let arm = said(r#"{"error":{"code":"AuthorizationFailed","message":"no","details":[]}}"#);
        assert_eq!(arm.code.as_deref(), Some("AuthorizationFailed"));
        let twice = said(r#"{"error":{"error":{"code":"SubscriptionNotFound","message":"none"}}}"#);
        assert_eq!(twice.code.as_deref(), Some("SubscriptionNotFound"));
        assert_eq!(twice.message.as_deref(), Some("none"));
        let graph = said(
            r#"{"error":{"code":"Request_ResourceNotFound","message":"none",
                "innerError":{"request-id":"r1","client-request-id":"c1","date":"2026-01-01"}}}"#,
        );
        assert_eq!(graph.request_id.as_deref(), Some("r1"));
        assert_eq!(graph.correlation_id.as_deref(), Some("c1"));
        let entra = said(
            r#"{"error":"invalid_grant","error_description":"AADSTS70008: late","error_codes":[70008],
                "trace_id":"t","correlation_id":"c","suberror":"token_expired"}"#,
        );
        assert_eq!(entra.code.as_deref(), Some("invalid_grant"));
        assert_eq!(entra.entra_codes, [70008]);
        assert_eq!(entra.request_id.as_deref(), Some("t"));
        let partner = said(r#"{"code":3000,"description":"none","data":[],"source":"PartnerFD"}"#);
        assert_eq!(partner.code.as_deref(), Some("3000"));
        assert_eq!(said(r#"{"code":"900421","description":"x"}"#).code.as_deref(), Some("900421"));
        let gateway = said(r#"{"statusCode":429,"message":"Try again in 57 seconds."}"#);
        assert_eq!(gateway.code.as_deref(), Some("429"));
        assert_eq!(gateway.message.as_deref(), Some("Try again in 57 seconds."));
    }

    #[test]
    fn a_body_that_is_no_envelope_says_nothing() {
        for body in ["", "<html>502</html>", "[]", "null", "{\"error\":[]}", "{\"error\":{\"code\":null}}"] {
            assert_eq!(said(body), Said::default(), "{body}");
        }
    }

    #[test]
    fn neither_display_nor_debug_shows_people_or_tokens() {
        let error = Error::new(ErrorKind::Forbidden, "arm.test")
            .with_status(403)
            .with_code(Some("AuthorizationFailed".to_owned()))
            .with_message("The client 'live.com#ada@outlook.com' sent eyJhbGciOiJub25lIn0.e30. to owner@contoso.com");
        for shown in [format!("{error}"), format!("{error:?}"), format!("{error:#?}")] {
            assert!(shown.contains("AuthorizationFailed"), "{shown}");
            for secret in ["ada", "contoso.com", "eyJ"] {
                assert!(!shown.contains(secret), "{shown}");
            }
        }
        assert!(error.message().unwrap().contains("ada@outlook.com"));
    }

    #[test]
    fn an_error_reads_as_a_fragment() {
        let error = Error::new(ErrorKind::NotFound, "graph.user").with_status(404);
        assert_eq!(error.to_string(), "graph.user: not found (status 404)");
    }

    #[test]
    fn a_refused_change_of_directory_is_recognised_by_its_words() {
        use DirectoryChangeRefusal as Refusal;
        let refused = |status, code: &str, message: &str| {
            Error::new(ErrorKind::Invalid, "test")
                .with_status(status)
                .with_code(Some(code.to_owned()))
                .with_message(message)
                .directory_change_refusal()
        };
        for (status, code, message, expected) in [
            (403, "SubscriptionLeavingTenantBlocked", "", Refusal::BlockedByTenantPolicy),
            (409, "Conflict", "The tenant policy does not permit this", Refusal::BlockedByTenantPolicy),
            (400, "BadRequest", "This offer is not eligible", Refusal::OfferNotEligible),
            (403, "AuthorizationFailed", "The client does not have authorization", Refusal::NotAllowed),
            (403, "RequestDisallowedByPolicy", "Users must use MFA", Refusal::NotAllowed),
            (400, "InvalidDestinationOwner", "", Refusal::BadDestination),
            (409, "RequestExists", "A request is pending", Refusal::AlreadyPending),
            (400, "RequestExpired", "", Refusal::Expired),
            (404, "NotFound", "", Refusal::Expired),
            (409, "ReadOnlyDisabledSubscription", "", Refusal::SubscriptionDisabled),
            (400, "BadRequest", "no", Refusal::Unrecognised),
        ] {
            assert_eq!(refused(status, code, message), expected, "{status} {code} {message}");
        }
    }
}
