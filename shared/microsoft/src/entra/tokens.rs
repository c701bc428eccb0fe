//! The token endpoint: codes for tokens, refresh tokens for tokens, and how we prove that we are ourselves.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::{Timestamp, ToSpan as _};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use onboarding::TenantId;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{CodeVerifier, Entra};
use crate::errors::{Error, ErrorKind};
use crate::graph::Graph;
use crate::http::Call;
use crate::token::{AccessToken, RefreshToken, Resource, directory_scope, inviting_scope, operator_scopes};

/// Our app registration's credential in one cloud.
#[derive(Clone)]
pub struct AppCredential {
    client_id: String,
    proof: Proof,
}

/// A code to redeem, as the browser brought it, and what its sign-in was begun with.
#[derive(Debug, Clone)]
pub struct Redemption<'a> {
    /// The code.
    pub code: &'a SecretString,
    /// The verifier whose challenge went with the browser.
    pub verifier: &'a CodeVerifier,
    /// The redirect URI the sign-in was begun with.
    pub redirect_uri: &'a str,
}

/// What the token endpoint gave.
pub struct Tokens<R: Resource> {
    /// For calls to `R`.
    pub access: AccessToken<R>,
    /// For more tokens later. Replaces the one it was got with.
    pub refresh: Option<RefreshToken>,
    /// Who signed in; not verified yet: [`Entra::verify_id_token`].
    pub id_token: Option<SecretString>,
    /// What was granted, as Entra words it.
    pub scope: String,
}

// By hand: derived ones would ask the same of `R`, which is a name only.
impl<R: Resource> fmt::Debug for Tokens<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens")
            .field("access", &self.access)
            .field("refresh", &self.refresh.is_some())
            .field("id_token", &self.id_token.is_some())
            .field("scope", &self.scope)
            .finish()
    }
}

impl AppCredential {
    /// A client secret.
    #[must_use]
    pub fn with_secret(client_id: impl Into<String>, secret: SecretString) -> Self {
        Self { client_id: client_id.into(), proof: Proof::Secret(secret) }
    }

    /// A certificate: an RSA key (PKCS#8 or PKCS#1) and the certificate registered at Entra, both as PEM.
    /// See <https://learn.microsoft.com/entra/identity-platform/certificate-credentials>.
    ///
    /// # Errors
    /// [`ErrorKind::Credential`]: one of the two can't be read.
    pub fn with_certificate(
        client_id: impl Into<String>,
        key_pem: &SecretString,
        certificate_pem: &str,
    ) -> Result<Self, Error> {
        let unreadable = |what: &str| Error::new(ErrorKind::Credential, SIGN).with_message(what.to_owned());
        let der = pem(key_pem.expose_secret(), &["PRIVATE KEY", "RSA PRIVATE KEY"])
            .ok_or_else(|| unreadable("the private key is no PEM"))?;
        let certificate =
            pem(certificate_pem, &["CERTIFICATE"]).ok_or_else(|| unreadable("the certificate is no PEM"))?;
        let key = pkcs1(&der).ok_or_else(|| unreadable("the private key is no RSA key"))?;
        Ok(Self {
            client_id: client_id.into(),
            proof: Proof::Certificate {
                key: EncodingKey::from_rsa_der(key),
                thumbprint: URL_SAFE_NO_PAD.encode(Sha256::digest(&certificate)),
            },
        })
    }

    /// The application's id in this cloud.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }
}

impl fmt::Debug for AppCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.proof {
            Proof::Secret(_) => "secret",
            Proof::Certificate { .. } => "certificate",
        };
        f.debug_struct("AppCredential").field("client_id", &self.client_id).field("kind", &kind).finish_non_exhaustive()
    }
}

impl Entra {
    /// Redeems a code for a token of `R` in `tenant`, with a refresh token and an id token.
    ///
    /// `POST {login}/{tenant}/oauth2/v2.0/token`, `grant_type=authorization_code`, with our app credential. 200 with the
    /// tokens; 400 or 401 with `error` (invalid_grant, invalid_client, interaction_required, …). A code is good once:
    /// the call is never repeated when its answer is lost ([`ErrorKind::UnknownOutcome`]: begin the sign-in anew), and a
    /// second redemption is [`super::EntraErrorKind::CodeAlreadyUsed`].
    /// See <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow#redeem-a-code-for-an-access-token>.
    ///
    /// # Errors
    /// [`ErrorKind::Entra`], [`ErrorKind::UnknownOutcome`], [`ErrorKind::Credential`], or no usable answer.
    pub async fn redeem_code<R: Resource>(
        &self,
        tenant: &TenantId,
        app: &AppCredential,
        redemption: &Redemption<'_>,
        now: Timestamp,
    ) -> Result<Tokens<R>, Error> {
        self.redeem_code_for(&R::scope(&self.endpoints), tenant, app, redemption, now).await
    }

    /// Redeems the code of an operator's sign-in ([`operator_scopes`]): a token of Graph that may read its person and nothing
    /// else, and an id token.
    ///
    /// # Errors
    /// As [`Entra::redeem_code`].
    pub async fn redeem_operator_code(
        &self,
        tenant: &TenantId,
        app: &AppCredential,
        redemption: &Redemption<'_>,
        now: Timestamp,
    ) -> Result<Tokens<Graph>, Error> {
        self.redeem_code_for(&operator_scopes(&self.endpoints), tenant, app, redemption, now).await
    }

    async fn redeem_code_for<R: Resource>(
        &self,
        scope: &str,
        tenant: &TenantId,
        app: &AppCredential,
        redemption: &Redemption<'_>,
        now: Timestamp,
    ) -> Result<Tokens<R>, Error> {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", redemption.code.expose_secret()),
            ("redirect_uri", redemption.redirect_uri),
            ("code_verifier", redemption.verifier.secret().expose_secret()),
            ("scope", scope),
        ];
        self.token(REDEEM, tenant, app, &form, now).await
    }

    /// Gets a new token of `R` in `tenant`. Any tenant will do in which the person exists and has consented.
    ///
    /// `POST {login}/{tenant}/oauth2/v2.0/token`, `grant_type=refresh_token`, with our app credential. Answers as for
    /// [`Entra::redeem_code`]; safe to repeat, for the old refresh token stays good.
    /// See <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow#refresh-the-access-token>.
    ///
    /// # Errors
    /// [`ErrorKind::Entra`] with the reason to sign in again, [`ErrorKind::Credential`], or no usable answer.
    pub async fn refresh<R: Resource>(
        &self,
        tenant: &TenantId,
        app: &AppCredential,
        refresh: &RefreshToken,
        now: Timestamp,
    ) -> Result<Tokens<R>, Error> {
        self.refresh_for(&R::scope(&self.endpoints), tenant, app, refresh, now).await
    }

    /// Gets a new token of Graph that may invite, look up and delete guests: [`Entra::refresh`] with more permissions.
    ///
    /// # Errors
    /// As there; [`super::EntraErrorKind::ConsentRequired`] if the sign-in was without
    /// [`crate::token::PartnerAdminScopes::invite`].
    pub async fn refresh_to_invite(
        &self,
        tenant: &TenantId,
        app: &AppCredential,
        refresh: &RefreshToken,
        now: Timestamp,
    ) -> Result<Tokens<Graph>, Error> {
        self.refresh_for(&inviting_scope(&self.endpoints), tenant, app, refresh, now).await
    }

    /// Gets a new token of Graph with every permission that was consented to in `tenant` beforehand, and asks for no other:
    /// [`Entra::refresh`] with `.default`. What it may read only the calls show: a missing permission is
    /// [`ErrorKind::Forbidden`] there.
    ///
    /// # Errors
    /// As for [`Entra::refresh`]; [`Error::lacks_consent`] where nothing was consented to.
    pub async fn refresh_to_read_directory(
        &self,
        tenant: &TenantId,
        app: &AppCredential,
        refresh: &RefreshToken,
        now: Timestamp,
    ) -> Result<Tokens<Graph>, Error> {
        self.refresh_for(&directory_scope(&self.endpoints), tenant, app, refresh, now).await
    }

    async fn refresh_for<R: Resource>(
        &self,
        scope: &str,
        tenant: &TenantId,
        app: &AppCredential,
        refresh: &RefreshToken,
        now: Timestamp,
    ) -> Result<Tokens<R>, Error> {
        let form =
            [("grant_type", "refresh_token"), ("refresh_token", refresh.secret().expose_secret()), ("scope", scope)];
        self.token(REFRESH, tenant, app, &form, now).await
    }

    async fn token<R: Resource>(
        &self,
        operation: &'static str,
        tenant: &TenantId,
        app: &AppCredential,
        fields: &[(&str, &str)],
        now: Timestamp,
    ) -> Result<Tokens<R>, Error> {
        let address = self.endpoints.login().at([tenant.as_str(), "oauth2", "v2.0", "token"]);
        let call = Call::form(operation, address.clone(), self.proven(app, fields, &address, now)?.into());
        let call = if operation == REDEEM { call.once() } else { call };
        let given: Given = self.api.read(&call).await?;
        if !given.token_type.eq_ignore_ascii_case("Bearer") {
            return Err(Error::new(ErrorKind::Unexpected, operation).with_message("not a bearer token"));
        }
        let expires_at = now.checked_add(given.expires_in.seconds()).ok();
        Ok(Tokens {
            access: AccessToken::new(given.access_token, tenant.clone(), expires_at),
            refresh: given.refresh_token.map(RefreshToken::new),
            id_token: given.id_token,
            scope: given.scope,
        })
    }

    /// The fields, with the proof that we are the app.
    fn proven(
        &self,
        app: &AppCredential,
        fields: &[(&str, &str)],
        address: &str,
        now: Timestamp,
    ) -> Result<String, Error> {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("client_id", &app.client_id).extend_pairs(fields);
        match &app.proof {
            Proof::Secret(secret) => {
                form.append_pair("client_secret", secret.expose_secret());
            }
            Proof::Certificate { key, thumbprint } => {
                let assertion = self.assertion(app, key, thumbprint, address, now)?;
                form.append_pair("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
                    .append_pair("client_assertion", &assertion);
            }
        }
        Ok(form.finish())
    }

    /// The signed statement that we are the app, good for ten minutes.
    fn assertion(
        &self,
        app: &AppCredential,
        key: &EncodingKey,
        thumbprint: &str,
        audience: &str,
        now: Timestamp,
    ) -> Result<String, Error> {
        let mut header = Header::new(Algorithm::PS256);
        header.x5t_s256 = Some(thumbprint.to_owned());
        let now = now.as_second();
        let claims = Assertion {
            aud: audience,
            iss: &app.client_id,
            sub: &app.client_id,
            jti: self.api.http.new_id(),
            nbf: now,
            iat: now,
            exp: now + 600,
        };
        jsonwebtoken::encode(&header, &claims, key)
            .map_err(|error| Error::new(ErrorKind::Credential, SIGN).with_source(error))
    }
}

const REDEEM: &str = "entra.redeem_code";
const REFRESH: &str = "entra.refresh";
const SIGN: &str = "entra.client_assertion";

#[derive(Clone)]
enum Proof {
    Secret(SecretString),
    Certificate { key: EncodingKey, thumbprint: String },
}

#[derive(Deserialize)]
struct Given {
    token_type: String,
    #[serde(default)]
    scope: String,
    expires_in: i32,
    access_token: SecretString,
    #[serde(default)]
    refresh_token: Option<SecretString>,
    #[serde(default)]
    id_token: Option<SecretString>,
}

#[derive(Serialize)]
struct Assertion<'a> {
    aud: &'a str,
    iss: &'a str,
    sub: &'a str,
    jti: String,
    nbf: i64,
    iat: i64,
    exp: i64,
}

/// The bytes of the first PEM block with one of `labels`.
fn pem(text: &str, labels: &[&str]) -> Option<Vec<u8>> {
    labels.iter().find_map(|label| {
        let (_, rest) = text.split_once(&format!("-----BEGIN {label}-----"))?;
        let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
        let base64: String = body.split_whitespace().collect();
        STANDARD.decode(base64).ok()
    })
}

/// The RSA key inside a PKCS#8 envelope, or the key itself: the signing library takes the bare key only.
///
/// PKCS#8 is `SEQUENCE { INTEGER version, SEQUENCE algorithm, OCTET STRING key }`; a bare key begins with two INTEGERs.
fn pkcs1(der: &[u8]) -> Option<&[u8]> {
    let (SEQUENCE, envelope, _) = element(der)? else {
        return None;
    };
    let (INTEGER, _, rest) = element(envelope)? else {
        return None;
    };
    match element(rest)? {
        (INTEGER, _, _) => Some(der),
        (SEQUENCE, _, rest) => match element(rest)? {
            (OCTET_STRING, key, _) => Some(key),
            _ => None,
        },
        _ => None,
    }
}

const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const SEQUENCE: u8 = 0x30;

/// One DER element: its tag, its content, and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, first], rest) = der.split_first_chunk::<2>()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_shows_its_application_and_no_secret() {
        let shown = format!("{:?}", AppCredential::with_secret("app-1", "SECRET".into()));
        assert!(shown.contains("app-1") && !shown.contains("SECRET"), "{shown}");
    }

    #[test]
    fn the_rsa_key_is_found_bare_and_in_its_envelope() {
        let bare = [0x30, 6, 2, 1, 0, 2, 1, 5];
        assert_eq!(pkcs1(&bare), Some(&bare[..]));
        let mut envelope = vec![0x30, 0x81, 17, 2, 1, 0, 0x30, 2, 5, 0, 4, 8];
        envelope.extend_from_slice(&bare);
        envelope[2] = u8::try_from(envelope.len() - 3).unwrap();
        assert_eq!(pkcs1(&envelope), Some(&bare[..]));
    }

    #[test]
    fn a_key_that_is_none_is_refused_without_being_shown() {
        for bad in ["", "SECRET", "-----BEGIN PRIVATE KEY-----\nU0VDUkVU\n-----END PRIVATE KEY-----"] {
            let error = AppCredential::with_certificate("app-1", &bad.into(), bad).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Credential);
            assert!(!format!("{error:?}").contains("SECRET"));
        }
        for truncated in [&[0x30][..], &[0x30, 0x84, 1], &[0x30, 5, 2, 1], &[0x30, 0x80], &[]] {
            assert_eq!(pkcs1(truncated), None);
        }
    }
}
