//! The browser's part of a sign-in: where to send it, and what it may bring back instead of a code.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use onboarding::TenantId;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

use super::{Entra, EntraErrorKind};
use crate::clouds::with_query;
use crate::errors::Error;

/// What a sign-in asks for.
#[derive(Debug, Clone)]
pub struct AuthorizeRequest<'a> {
    /// The tenant to sign in at. Always a certain one: for guests Microsoft requires it, and a personal account without
    /// one would land in a directory of its own.
    pub tenant: &'a TenantId,
    /// Our app registration in this cloud.
    pub client_id: &'a str,
    /// Where the browser comes back to, exactly as registered.
    pub redirect_uri: &'a str,
    /// [`crate::token::owner_scopes`] or [`crate::token::partner_admin_scopes`].
    pub scope: &'a str,
    /// Ties the answer to the session that began.
    pub state: &'a str,
    /// Ties the id token to the session that began.
    pub nonce: &'a str,
    /// [`CodeVerifier::challenge`].
    pub code_challenge: &'a str,
    /// The account we expect. Left out when the person is to choose: Entra wants one or the other.
    pub login_hint: Option<&'a str>,
    /// Where the account lives: `live.com` leads a personal account straight to its own sign-in page.
    pub domain_hint: Option<&'a str>,
    /// What the person is asked in any case.
    pub prompt: Option<Prompt>,
    /// [`crate::claims::sign_in_claims`].
    pub claims: Option<&'a str>,
}

/// What the person is asked even if they are signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prompt {
    /// Which account.
    SelectAccount,
    /// The credentials again.
    Login,
    /// Consent again.
    Consent,
}

/// PKCE's verifier (RFC 7636).
#[derive(Clone)]
pub struct CodeVerifier(SecretString);

/// A text that is no PKCE verifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a code verifier has 43 to 128 unreserved characters")]
pub struct NotAVerifier;

impl Entra {
    /// Where to send the browser.
    ///
    /// `GET {login}/{tenant}/oauth2/v2.0/authorize`, called by the person's browser. Comes back as
    /// `?code=…&state=…`, or `?error=…&error_description=…&state=…`: see [`refused_redirect`]. A code lives some ten
    /// minutes and can be redeemed once.
    /// See <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow>.
    #[must_use]
    pub fn authorize_url(&self, request: &AuthorizeRequest<'_>) -> String {
        let address = self.endpoints.login().at([request.tenant.as_str(), "oauth2", "v2.0", "authorize"]);
        let mut query = vec![
            ("client_id", request.client_id),
            ("response_type", "code"),
            ("response_mode", "query"),
            ("redirect_uri", request.redirect_uri),
            ("scope", request.scope),
            ("state", request.state),
            ("nonce", request.nonce),
            ("code_challenge", request.code_challenge),
            ("code_challenge_method", "S256"),
        ];
        let chooses = request.prompt == Some(Prompt::SelectAccount);
        let hint = request.login_hint.filter(|_| !chooses);
        query.extend(hint.map(|hint| ("login_hint", hint)));
        query.extend(request.domain_hint.map(|hint| ("domain_hint", hint)));
        query.extend(request.prompt.map(|prompt| ("prompt", prompt.as_str())));
        query.extend(request.claims.map(|claims| ("claims", claims)));
        with_query(&address, &query)
    }

    /// Where to send the browser to end its session. Tokens already issued stay good.
    ///
    /// `GET {login}/{tenant}/oauth2/v2.0/logout`.
    /// See <https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc#send-a-sign-out-request>.
    #[must_use]
    pub fn sign_out_url(&self, tenant: &TenantId, back_to: &str, logout_hint: Option<&str>) -> String {
        let address = self.endpoints.login().at([tenant.as_str(), "oauth2", "v2.0", "logout"]);
        let mut query = vec![("post_logout_redirect_uri", back_to)];
        query.extend(logout_hint.map(|hint| ("logout_hint", hint)));
        with_query(&address, &query)
    }
}

/// The error that the browser brought back to the redirect URI: its `error`, `error_description` and `error_subcode`.
/// All three come from a browser: nothing in them is proven, and the description is not for a page.
#[must_use]
pub fn refused_redirect(error: &str, description: Option<&str>, subcode: Option<&str>) -> Error {
    let codes = description.map(entra_codes).unwrap_or_default();
    let kind = match subcode {
        // A personal account's cancel button.
        Some("cancel") => EntraErrorKind::UserDeclined,
        _ => EntraErrorKind::of(error, &codes, subcode, false),
    };
    // Not a word of it is longer than the longest of OAuth's.
    let word: String = error.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(64).collect();
    let refused = Error::new(kind.error_kind(), "entra.authorize").with_code(Some(word)).with_entra_codes(codes);
    match description {
        Some(description) => refused.with_message(description),
        None => refused,
    }
}

impl CodeVerifier {
    /// Takes a verifier of the caller's making; it must be unguessable.
    ///
    /// # Errors
    /// Fewer than 43 or more than 128 characters, or others than letters, digits and `-._~`.
    pub fn new(secret: SecretString) -> Result<Self, NotAVerifier> {
        let text = secret.expose_secret();
        let unreserved = |c: u8| c.is_ascii_alphanumeric() || b"-._~".contains(&c);
        if (43..=128).contains(&text.len()) && text.bytes().all(unreserved) {
            Ok(Self(secret))
        } else {
            Err(NotAVerifier)
        }
    }

    /// The challenge that goes with the browser (method S256).
    #[must_use]
    pub fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.0.expose_secret().as_bytes()))
    }

    pub(super) fn secret(&self) -> &SecretString {
        &self.0
    }
}

impl fmt::Debug for CodeVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeVerifier(..)")
    }
}

impl Prompt {
    fn as_str(self) -> &'static str {
        match self {
            Self::SelectAccount => "select_account",
            Self::Login => "login",
            Self::Consent => "consent",
        }
    }
}

/// The numbers after `AADSTS` in a description: a redirect has no field for them.
fn entra_codes(description: &str) -> Vec<u32> {
    description
        .split("AADSTS")
        .skip(1)
        .filter_map(|rest| {
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            rest.get(..end)?.parse().ok()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::errors::ErrorKind;

    #[test]
    fn the_challenge_is_rfc_7636s_own_example() {
        let verifier = CodeVerifier::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".into()).unwrap();
        assert_eq!(verifier.challenge(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        assert_eq!(format!("{verifier:?}"), "CodeVerifier(..)");
    }

    #[test]
    fn a_weak_or_unsendable_verifier_is_refused() {
        for bad in ["", "short", &"a".repeat(42), &"a".repeat(129), &format!("{}+", "a".repeat(43))] {
            assert_eq!(CodeVerifier::new((*bad).into()).err(), Some(NotAVerifier), "{bad}");
        }
    }

    #[test]
    fn a_refused_redirect_says_what_it_means() {
        let kind = |error, description, subcode| refused_redirect(error, description, subcode).kind();
        assert_eq!(
            kind("access_denied", Some("AADSTS65004: User declined"), None),
            ErrorKind::Entra(EntraErrorKind::UserDeclined)
        );
        assert_eq!(
            kind("access_denied", Some("AADSTS53003: Access has been blocked"), None),
            ErrorKind::Entra(EntraErrorKind::ConditionalAccess)
        );
        assert_eq!(
            kind("access_denied", Some("The user has denied access"), Some("cancel")),
            ErrorKind::Entra(EntraErrorKind::UserDeclined)
        );
        assert_eq!(kind("temporarily_unavailable", None, None), ErrorKind::Unavailable);
        assert_eq!(kind("<script>", Some("AADSTS: AADSTSx"), None), ErrorKind::Entra(EntraErrorKind::Unknown));
    }

    #[test]
    fn a_refused_redirects_code_is_a_bare_word() {
        let refused = refused_redirect("<b>x_y</b>", None, None);
        assert_eq!(refused.code(), Some("bx_yb"));
    }
}
