//! Microsoft Entra ID: finding a directory, signing people in, tokens.
//!
//! OAuth is small here: one URL to send a browser to, two requests to the token endpoint, one signature to check.
//! Base: the login host of the cloud; `{tenant}` in an address is a tenant id, or a domain where that is said.

mod discovery;
mod id_token;
mod sign_in;
mod tokens;

use std::fmt;
use std::sync::Arc;

use crate::clouds::Endpoints;
use crate::errors::ErrorKind;
use crate::http::Api;

pub use discovery::DirectoryInfo;
pub use id_token::{Expected, Person};
pub use sign_in::{AuthorizeRequest, CodeVerifier, NotAVerifier, Prompt, refused_redirect};
pub use tokens::{AppCredential, Redemption, Tokens};

pub(crate) use id_token::KeyCache;

/// Entra of one cloud. Needs no token.
#[derive(Debug, Clone)]
pub struct Entra {
    api: Api,
    endpoints: Endpoints,
    keys: Arc<KeyCache>,
}

/// What a refused sign-in or a refused token means for the person.
///
/// Classified by OAuth's `error` first; the AADSTS number is a hint where that word says too little, because Microsoft
/// reserves the right to change the numbers.
/// See <https://learn.microsoft.com/entra/identity-platform/reference-error-codes>.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EntraErrorKind {
    /// A second factor is wanted in this tenant.
    MfaRequired,
    /// The person has not consented yet.
    ConsentRequired,
    /// An administrator must consent.
    AdminConsentRequired,
    /// The person pressed cancel or declined.
    UserDeclined,
    /// The token or session is expired, revoked or otherwise of no use.
    SignInAgain,
    /// The code was redeemed before.
    CodeAlreadyUsed,
    /// The person has no account in this tenant.
    UserNotInTenant,
    /// The person's invitation to this tenant is not redeemed yet.
    InvitationPending,
    /// A Conditional Access policy says no; signing in again won't help.
    ConditionalAccess,
    /// Cross-tenant access settings, or an assignment that is missing, say no.
    CrossTenantPolicy,
    /// Our app registration is wrong: the operator's to mend.
    AppMisconfigured,
    /// No such tenant in this cloud.
    TenantNotFound,
    /// The tenant is in another cloud.
    WrongCloud,
    /// The account is locked, disabled, or its password expired.
    AccountProblem,
    /// Too many requests.
    Throttled,
    /// A fault on Entra's side.
    Unavailable,
    /// None of these.
    Unknown,
}

impl Entra {
    pub(crate) fn new(api: Api, endpoints: Endpoints, keys: Arc<KeyCache>) -> Self {
        Self { api, endpoints, keys }
    }
}

impl EntraErrorKind {
    /// Classifies an OAuth error. `challenged` says whether it came with claims to ask for.
    #[must_use]
    pub fn of(error: &str, codes: &[u32], suberror: Option<&str>, challenged: bool) -> Self {
        let hint = codes.iter().find_map(|code| Self::of_code(*code));
        match error {
            "invalid_client" | "unauthorized_client" => match hint {
                Some(kind @ (Self::WrongCloud | Self::TenantNotFound | Self::AdminConsentRequired)) => kind,
                _ => Self::AppMisconfigured,
            },
            "invalid_tenant" => match hint {
                Some(kind @ Self::WrongCloud) => kind,
                _ => Self::TenantNotFound,
            },
            "consent_required" => match hint {
                Some(kind @ Self::AdminConsentRequired) => kind,
                _ => Self::ConsentRequired,
            },
            "access_denied" => hint.unwrap_or(Self::UserDeclined),
            "invalid_grant" | "login_required" => match suberror {
                Some("consent_required") => hint.unwrap_or(Self::ConsentRequired),
                _ if challenged => hint.unwrap_or(Self::MfaRequired),
                _ => hint.unwrap_or(Self::SignInAgain),
            },
            "interaction_required" => match suberror {
                Some("consent_required") => hint.unwrap_or(Self::ConsentRequired),
                Some("protection_policy_required") => hint.unwrap_or(Self::ConditionalAccess),
                _ if challenged => hint.unwrap_or(Self::MfaRequired),
                // "The selected account is not supported here": true of a refresh token in another tenant, too, where a
                // sign-in settles it.
                _ if codes.contains(&16000) => Self::SignInAgain,
                // Whatever it is, the person must come back; only a known hint says more.
                _ => hint.unwrap_or(Self::SignInAgain),
            },
            "temporarily_unavailable" | "server_error" => match hint {
                Some(kind @ Self::Throttled) => kind,
                _ => Self::Unavailable,
            },
            "invalid_request"
            | "invalid_resource"
            | "invalid_scope"
            | "unsupported_grant_type"
            | "unsupported_response_type" => hint.unwrap_or(Self::AppMisconfigured),
            _ => hint.unwrap_or(Self::Unknown),
        }
    }

    fn of_code(code: u32) -> Option<Self> {
        Some(match code {
            50072 | 50074 | 50076 | 50078 | 50079 | 50097 | 50158 => Self::MfaRequired,
            50131 | 53000..=53004 | 53011 | 530_032 | 530_035 => Self::ConditionalAccess,
            65001 | 65005 => Self::ConsentRequired,
            90093..=90095 | 90099 | 650_052 | 650_056 | 650_057 => Self::AdminConsentRequired,
            65004 => Self::UserDeclined,
            54005 => Self::CodeAlreadyUsed,
            // Codes of another tenant or verifier, and every way for a token or a session to end.
            50013 | 50058 | 50089 | 50132 | 50133 | 50147 | 50173 | 70000 | 70008 | 70043 | 501_481 | 700_005
            | 700_082 | 700_084 => Self::SignInAgain,
            16000 | 16003 | 50020 | 50034 | 50177 | 51004 | 90072 => Self::UserNotInTenant,
            50014 => Self::InvitationPending,
            50105 | 500_208 | 500_212 | 500_213 => Self::CrossTenantPolicy,
            50001 | 50011 | 50194 | 70011 | 70022 | 90014 | 90023 | 500_011 | 700_016 | 700_022 | 900_144 | 901_002
            | 7_000_215 | 7_000_218 | 7_000_222 => Self::AppMisconfigured,
            50059 | 90002 => Self::TenantNotFound,
            90038 | 90123 | 90124 | 90130 | 900_382 | 900_432 => Self::WrongCloud,
            50053 | 50055 | 50057 | 50085 | 50126 | 50196 => Self::AccountProblem,
            90024 | 90033 | 90055 => Self::Throttled,
            _ => return None,
        })
    }

    /// The error this is: throttling and faults are the same for every API.
    pub(crate) fn error_kind(self) -> ErrorKind {
        if self == Self::Throttled {
            ErrorKind::Throttled
        } else if self == Self::Unavailable {
            ErrorKind::Unavailable
        } else {
            ErrorKind::Entra(self)
        }
    }
}

impl fmt::Display for EntraErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MfaRequired => "a second factor is wanted",
            Self::ConsentRequired => "consent is missing",
            Self::AdminConsentRequired => "an administrator must consent",
            Self::UserDeclined => "the person declined",
            Self::SignInAgain => "a new sign-in is needed",
            Self::CodeAlreadyUsed => "the code was used before",
            Self::UserNotInTenant => "the person has no account in this tenant",
            Self::InvitationPending => "the invitation is not redeemed yet",
            Self::ConditionalAccess => "a Conditional Access policy says no",
            Self::CrossTenantPolicy => "the tenant's access settings say no",
            Self::AppMisconfigured => "the app registration is wrong",
            Self::TenantNotFound => "no such tenant",
            Self::WrongCloud => "the tenant is in another cloud",
            Self::AccountProblem => "the account cannot sign in",
            Self::Throttled => "too many requests",
            Self::Unavailable => "Entra has a fault",
            Self::Unknown => "for a reason we do not know",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::EntraErrorKind as Kind;

    #[test]
    fn the_error_word_decides_and_the_number_only_refines() {
        for (error, codes, suberror, challenged, expected) in [
            ("interaction_required", &[50076][..], Some("basic_action"), true, Kind::MfaRequired),
            ("interaction_required", &[], None, true, Kind::MfaRequired),
            ("interaction_required", &[], None, false, Kind::SignInAgain),
            ("interaction_required", &[53003], None, false, Kind::ConditionalAccess),
            ("invalid_grant", &[65001], Some("consent_required"), false, Kind::ConsentRequired),
            ("invalid_grant", &[90094], None, false, Kind::AdminConsentRequired),
            ("invalid_grant", &[54005], None, false, Kind::CodeAlreadyUsed),
            ("invalid_grant", &[50173], None, false, Kind::SignInAgain),
            ("invalid_grant", &[50020], None, false, Kind::UserNotInTenant),
            ("invalid_grant", &[50014], None, false, Kind::InvitationPending),
            ("invalid_grant", &[1], None, false, Kind::SignInAgain),
            ("invalid_client", &[7_000_222], None, false, Kind::AppMisconfigured),
            ("invalid_client", &[50076], None, false, Kind::AppMisconfigured),
            ("invalid_client", &[900_382], None, false, Kind::WrongCloud),
            ("unauthorized_client", &[700_016], None, false, Kind::AppMisconfigured),
            ("access_denied", &[], None, false, Kind::UserDeclined),
            ("access_denied", &[65004], None, false, Kind::UserDeclined),
            ("access_denied", &[53003], None, false, Kind::ConditionalAccess),
            ("access_denied", &[90094], None, false, Kind::AdminConsentRequired),
            ("access_denied", &[500_212], None, false, Kind::CrossTenantPolicy),
            ("consent_required", &[], None, false, Kind::ConsentRequired),
            ("invalid_tenant", &[90002], None, false, Kind::TenantNotFound),
            ("invalid_request", &[90002], None, false, Kind::TenantNotFound),
            ("invalid_request", &[90038], None, false, Kind::WrongCloud),
            ("invalid_request", &[50011], None, false, Kind::AppMisconfigured),
            ("invalid_request", &[50053], None, false, Kind::AccountProblem),
            ("temporarily_unavailable", &[90055], None, false, Kind::Throttled),
            ("temporarily_unavailable", &[], None, false, Kind::Unavailable),
            ("server_error", &[], None, false, Kind::Unavailable),
            ("login_required", &[50058], None, false, Kind::SignInAgain),
            ("something_new", &[], None, false, Kind::Unknown),
            ("", &[], None, false, Kind::Unknown),
        ] {
            assert_eq!(Kind::of(error, codes, suberror, challenged), expected, "{error} {codes:?}");
        }
    }
}
