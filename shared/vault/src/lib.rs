//! Secrets: people's refresh tokens, sealed with KMS and kept with their onboarding, and the two secrets of our own in
//! Secrets Manager, the app credential and the link key.
//!
//! A sealed token is bound to its onboarding and its person by the encryption context: KMS opens it for nothing else,
//! and CloudTrail shows for whom it was opened. The public callback may seal and never open (its role has
//! `kms:Encrypt` only). See <https://docs.aws.amazon.com/kms/latest/developerguide/encrypt_context.html>.

use std::collections::HashMap;
use std::sync::OnceLock;

use aws_sdk_kms::primitives::Blob;
use microsoft::entra::AppCredential;
use onboarding::links::LinkKey;
use onboarding::{Actor, Cloud, ErrorName, OnboardingId};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use zeroize::Zeroizing;

/// KMS encrypts at most 4,096 bytes at once; Entra's refresh tokens are one to two thousand, and nobody promises that they
/// stay so. Longer ones are sealed in pieces.
const PIECE: usize = 4096;

/// Why a secret is not to be had.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// KMS or Secrets Manager did not answer or refused. Holds the service's own words, which name no secret.
    #[error("the key store refused: {0}")]
    Unavailable(String),
    /// The secret's content is not what it must be. Names the field, never the value.
    #[error("the secret {secret} must be {must_be}")]
    Malformed {
        /// Which secret.
        secret: &'static str,
        /// What it must be.
        must_be: &'static str,
    },
    /// There is no app credential for this cloud.
    #[error("there is no app credential for the cloud {0}")]
    NoCredential(Cloud),
}

impl VaultError {
    /// The name that the state machine sees.
    #[must_use]
    pub fn name(&self) -> ErrorName {
        match self {
            Self::Unavailable(_) => ErrorName::VaultUnavailable,
            Self::Malformed { .. } => ErrorName::InternalBug,
            Self::NoCredential(_) => ErrorName::CloudUnsupported,
        }
    }

    fn from_sdk<E, R>(error: &aws_sdk_kms::error::SdkError<E, R>) -> Self
    where
        E: aws_sdk_kms::error::ProvideErrorMetadata + std::fmt::Debug,
        R: std::fmt::Debug,
    {
        match error.as_service_error() {
            Some(service) => Self::Unavailable(format!(
                "{}: {}",
                service.code().unwrap_or("unknown"),
                service.message().unwrap_or_default()
            )),
            None => Self::Unavailable(error.to_string()),
        }
    }
}

/// The app registration's credential in one cloud, as the operator writes it into the secret: a client secret, or a certificate
/// (private key and certificate, both PEM), which Microsoft recommends.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    client_id: String,
    #[serde(default)]
    client_secret: Option<SecretString>,
    #[serde(default)]
    private_key: Option<SecretString>,
    #[serde(default)]
    certificate: Option<String>,
}

impl Written {
    fn credential(&self) -> Result<AppCredential, VaultError> {
        match (&self.private_key, &self.certificate, &self.client_secret) {
            (Some(key), Some(certificate), _) => AppCredential::with_certificate(&self.client_id, key, certificate)
                .map_err(|_| VaultError::Malformed {
                    secret: "app credential",
                    must_be: "a certificate and its RSA private key, both as PEM",
                }),
            (_, _, Some(secret)) => Ok(AppCredential::with_secret(&self.client_id, secret.clone())),
            _ => Err(VaultError::Malformed {
                secret: "app credential",
                must_be: "given with clientSecret, or with privateKey and certificate",
            }),
        }
    }
}

#[derive(Deserialize)]
struct AppCredentials {
    clouds: HashMap<Cloud, Written>,
}

/// The key that signs webhooks, from its own secret: `whsec_` and base64, with or without the prefix.
/// See <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>.
pub struct WebhookKey(Zeroizing<Vec<u8>>);

impl std::fmt::Debug for WebhookKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WebhookKey(redacted)")
    }
}

impl WebhookKey {
    /// Reads the secret's text; none if it is no key of at least 24 bytes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        use base64::Engine as _;
        let text = text.trim();
        let bytes =
            base64::engine::general_purpose::STANDARD.decode(text.strip_prefix("whsec_").unwrap_or(text)).ok()?;
        (bytes.len() >= 24).then(|| Self(Zeroizing::new(bytes)))
    }

    /// Reads it from its secret.
    ///
    /// # Errors
    /// When Secrets Manager doesn't answer, or the secret is no key.
    pub async fn read(config: &aws_config::SdkConfig, id: &str) -> Result<Self, VaultError> {
        let text = Secrets::new(config, String::new(), String::new()).read(id).await?;
        Self::parse(text.expose_secret())
            .ok_or(VaultError::Malformed { secret: "webhook secret", must_be: "24 bytes or more as base64" })
    }

    /// The bytes, for signing.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Seals and opens refresh tokens.
#[derive(Clone, Debug)]
pub struct TokenSeal {
    kms: aws_sdk_kms::Client,
    key: String,
}

impl TokenSeal {
    /// `key` is the token key's ARN.
    #[must_use]
    pub fn new(config: &aws_config::SdkConfig, key: String) -> Self {
        Self { kms: aws_sdk_kms::Client::new(config), key }
    }

    /// Seals a refresh token for one person of one onboarding.
    ///
    /// # Errors
    /// When KMS doesn't answer or refuses.
    pub async fn seal(
        &self,
        onboarding: &OnboardingId,
        actor: Actor,
        token: &SecretString,
    ) -> Result<Vec<Vec<u8>>, VaultError> {
        let mut sealed = Vec::new();
        for piece in token.expose_secret().as_bytes().chunks(PIECE) {
            let answer = self
                .kms
                .encrypt()
                .key_id(&self.key)
                .plaintext(Blob::new(piece))
                .set_encryption_context(Some(context(onboarding, actor)))
                .send()
                .await
                .map_err(|error| VaultError::from_sdk(&error))?;
            sealed.push(answer.ciphertext_blob.map(Blob::into_inner).unwrap_or_default());
        }
        Ok(sealed)
    }

    /// Opens a sealed refresh token of this person of this onboarding.
    ///
    /// # Errors
    /// When KMS doesn't answer or refuses: another onboarding's token, for one.
    pub async fn open<'a>(
        &self,
        onboarding: &OnboardingId,
        actor: Actor,
        sealed: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<SecretString, VaultError> {
        let mut opened = Zeroizing::new(Vec::new());
        for piece in sealed {
            let answer = self
                .kms
                .decrypt()
                .key_id(&self.key)
                .ciphertext_blob(Blob::new(piece))
                .set_encryption_context(Some(context(onboarding, actor)))
                .send()
                .await
                .map_err(|error| VaultError::from_sdk(&error))?;
            let piece = Zeroizing::new(answer.plaintext.map(Blob::into_inner).unwrap_or_default());
            opened.extend_from_slice(&piece);
        }
        let token = std::str::from_utf8(&opened)
            .map_err(|_| VaultError::Malformed { secret: "sealed refresh token", must_be: "text" })?;
        Ok(SecretString::from(token))
    }
}

fn context(onboarding: &OnboardingId, actor: Actor) -> HashMap<String, String> {
    HashMap::from([("onboarding".into(), onboarding.to_string()), ("actor".into(), actor.to_string())])
}

/// The secrets of our own. Each is read once in the life of an execution environment; a rotated one is seen by the next.
pub struct Secrets {
    client: aws_sdk_secretsmanager::Client,
    app_credential: String,
    link_key: String,
    credentials: OnceLock<HashMap<Cloud, Written>>,
    key: OnceLock<LinkKey>,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secrets")
            .field("app_credential", &self.app_credential)
            .field("link_key", &self.link_key)
            .finish_non_exhaustive()
    }
}

impl Secrets {
    /// The ids are empty in functions that don't use the secret (and have no right to).
    #[must_use]
    pub fn new(config: &aws_config::SdkConfig, app_credential: String, link_key: String) -> Self {
        Self {
            client: aws_sdk_secretsmanager::Client::new(config),
            app_credential,
            link_key,
            credentials: OnceLock::new(),
            key: OnceLock::new(),
        }
    }

    /// The app credential of one cloud.
    ///
    /// # Errors
    /// [`VaultError::NoCredential`] if the operator has set none for this cloud.
    pub async fn app_credential(&self, cloud: Cloud) -> Result<AppCredential, VaultError> {
        if self.credentials.get().is_none() {
            let text = self.read(&self.app_credential).await?;
            // serde's error could quote the secret, so it is not passed on.
            let read: AppCredentials =
                serde_json::from_str(text.expose_secret()).map_err(|_| VaultError::Malformed {
                    secret: "app credential",
                    must_be: r#"JSON such as {"clouds":{"public":{"clientId":"…","clientSecret":"…"}}}"#,
                })?;
            // Two invocations never run at once in one environment; were it so, both read the same.
            let _ = self.credentials.set(read.clouds);
        }
        self.credentials
            .get()
            .and_then(|clouds| clouds.get(&cloud))
            .ok_or(VaultError::NoCredential(cloud))?
            .credential()
    }

    /// The key of links and of sign-ins' derived values.
    ///
    /// # Errors
    /// When Secrets Manager doesn't answer, or the key is too short.
    pub async fn link_key(&self) -> Result<LinkKey, VaultError> {
        if self.key.get().is_none() {
            let text = self.read(&self.link_key).await?;
            let key = LinkKey::new(text.expose_secret())
                .ok_or(VaultError::Malformed { secret: "link key", must_be: "at least 32 characters long" })?;
            let _ = self.key.set(key);
        }
        self.key.get().cloned().ok_or(VaultError::Malformed { secret: "link key", must_be: "there" })
    }

    async fn read(&self, id: &str) -> Result<SecretString, VaultError> {
        let answer =
            self.client.get_secret_value().secret_id(id).send().await.map_err(|error| VaultError::from_sdk(&error))?;
        Ok(SecretString::from(answer.secret_string.unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_credential_is_a_secret_or_a_certificate_and_never_shows() {
        let read: AppCredentials = serde_json::from_str(
            r#"{"clouds":{"public":{"clientId":"7c2f","clientSecret":"very-secret"},"germany":{"clientId":"x"},
                "china":{"clientId":"y","privateKey":"no pem","certificate":"no pem"}}}"#,
        )
        .unwrap();
        let credential = read.clouds[&Cloud::Public].credential().unwrap();
        let shown = format!("{credential:?}");
        assert!(shown.contains("7c2f") && !shown.contains("very-secret"), "{shown}");
        assert!(read.clouds[&Cloud::Germany].credential().is_err());
        assert!(read.clouds[&Cloud::China].credential().is_err());
    }
}
