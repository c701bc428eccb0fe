//! Id tokens: who signed in, proven.
//!
//! Checked are the signature (RS256, with a key the tenant publishes), `iss`, `aud`, `tid`, `nonce`, `exp` and `nbf`, with five
//! minutes for clocks that differ. The time is the caller's: nothing here reads a clock.
//! See <https://learn.microsoft.com/entra/identity-platform/id-tokens> and
//! <https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference>.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use onboarding::{ObjectId, TenantId};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::Entra;
use crate::clouds::PERSONAL_ACCOUNTS_TENANT;
use crate::errors::{Error, ErrorKind, IdTokenFault};
use crate::http::Call;

/// What an id token must say.
#[derive(Debug, Clone)]
pub struct Expected<'a> {
    /// The tenant that was signed in at.
    pub tenant: &'a TenantId,
    /// Our application.
    pub client_id: &'a str,
    /// The nonce the sign-in was begun with.
    pub nonce: &'a str,
}

/// The person who signed in. The pair of tenant and object id is the key; the rest is for showing.
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    /// The tenant that was signed in at.
    pub tenant: TenantId,
    /// The person's object id in that tenant: another one in every tenant.
    pub object_id: ObjectId,
    /// The name they sign in with. May change, and be anyone's next year.
    pub username: Option<String>,
    /// An e-mail address, if the tenant tells. Never a proof.
    pub email: Option<String>,
    /// The name to show.
    pub name: Option<String>,
    /// Where the account lives, if not in this tenant.
    pub identity_provider: Option<String>,
    /// Whether they are a guest, if the tenant tells.
    pub guest: Option<bool>,
    /// What to give as `login_hint` or `logout_hint` later.
    pub login_hint: Option<String>,
    /// When they last proved who they are, if the tenant tells.
    pub authenticated_at: Option<Timestamp>,
    /// When the token was issued.
    pub issued_at: Timestamp,
}

impl Person {
    /// Whether the account is a personal Microsoft account.
    #[must_use]
    pub fn is_personal_account(&self) -> bool {
        self.tenant.as_str() == PERSONAL_ACCOUNTS_TENANT
            || self
                .identity_provider
                .as_deref()
                .is_some_and(|provider| provider == "live.com" || provider.contains(PERSONAL_ACCOUNTS_TENANT))
    }
}

// Names and addresses are nothing for a log.
impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Person")
            .field("tenant", &self.tenant)
            .field("object_id", &self.object_id)
            .field("personal_account", &self.is_personal_account())
            .finish_non_exhaustive()
    }
}

impl Entra {
    /// Checks an id token and says who it is.
    ///
    /// Needs the tenant's metadata and keys (`GET {login}/{tenant}/v2.0/.well-known/openid-configuration` and the
    /// `jwks_uri` in it, which must be on the same login host). They are kept for up to 24 hours; a key that isn't among them is
    /// looked for again, at most once a minute.
    /// See <https://learn.microsoft.com/entra/identity-platform/access-tokens#validate-tokens>.
    ///
    /// # Errors
    /// [`ErrorKind::IdToken`] says what is wrong with the token; or the keys can't be had.
    pub async fn verify_id_token(
        &self,
        token: &SecretString,
        expected: &Expected<'_>,
        now: Timestamp,
    ) -> Result<Person, Error> {
        let token = token.expose_secret();
        let kid = key_id(token)?;
        let (issuer, key) = self.key(expected.tenant, &kid, now).await?;
        let claims = verify_signature(token, &key, &fill(&issuer, expected.tenant))?;
        check(claims, &issuer, expected, now)
    }

    /// The tenant's issuer and its key named `kid`.
    async fn key(&self, tenant: &TenantId, kid: &str, now: Timestamp) -> Result<(String, Key), Error> {
        if let Some(found) = self.keys.find(tenant, kid, now) {
            return found;
        }
        let directory = self.directory(tenant.as_str()).await?.ok_or_else(|| rejected(IdTokenFault::Issuer))?;
        let set: KeySet = self.api.read(&Call::get("entra.keys", directory.keys.clone())).await?;
        self.keys.keep(tenant, directory.issuer, set.keys, now);
        self.keys.find(tenant, kid, now).unwrap_or_else(|| Err(rejected(IdTokenFault::UnknownKey)))
    }
}

/// What every tenant publishes for checking its signatures, kept while the process lives.
#[derive(Debug, Default)]
pub(crate) struct KeyCache(Mutex<HashMap<TenantId, Published>>);

#[derive(Debug)]
struct Published {
    issuer: String,
    keys: Vec<Key>,
    fetched_at: Timestamp,
    /// When an unknown key was last looked for.
    looked_again_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Deserialize)]
struct Key {
    #[serde(default)]
    kid: String,
    kty: String,
    #[serde(default)]
    n: String,
    #[serde(default)]
    e: String,
    #[serde(rename = "use", default)]
    purpose: Option<String>,
    /// Whose tokens it signs, as a template.
    #[serde(default)]
    issuer: Option<String>,
}

#[derive(Debug, Deserialize)]
struct KeySet {
    keys: Vec<Key>,
}

impl KeyCache {
    /// Microsoft rolls keys without notice and advises to look at least once a day.
    const KEPT_SECONDS: i64 = 24 * 60 * 60;
    /// Anyone can make up a key id; that must not make us ask Microsoft each time.
    const REFETCH_SECONDS: i64 = 60;

    /// The key; or that there is none; or `None`: ask Microsoft.
    fn find(&self, tenant: &TenantId, kid: &str, now: Timestamp) -> Option<Result<(String, Key), Error>> {
        let since = |then: Timestamp| now.as_second() - then.as_second();
        let mut tenants = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let published = tenants.get_mut(tenant)?;
        if !(0..Self::KEPT_SECONDS).contains(&since(published.fetched_at)) {
            return None;
        }
        let signs = |key: &&Key| key.kid == kid && key.kty == "RSA" && key.purpose.as_deref() != Some("enc");
        if let Some(key) = published.keys.iter().find(signs) {
            return Some(Ok((published.issuer.clone(), key.clone())));
        }
        let just_looked = |then| (0..Self::REFETCH_SECONDS).contains(&since(then));
        if published.looked_again_at.is_some_and(just_looked) {
            return Some(Err(rejected(IdTokenFault::UnknownKey)));
        }
        published.looked_again_at = Some(now);
        None
    }

    fn keep(&self, tenant: &TenantId, issuer: String, keys: Vec<Key>, now: Timestamp) {
        let mut tenants = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let looked_again_at = tenants.get(tenant).and_then(|published| published.looked_again_at);
        tenants.insert(tenant.clone(), Published { issuer, keys, fetched_at: now, looked_again_at });
    }
}

#[derive(Deserialize)]
struct TokenHeader {
    alg: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default)]
    crit: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    tid: TenantId,
    oid: ObjectId,
    exp: i64,
    iat: i64,
    #[serde(default)]
    nbf: Option<i64>,
    #[serde(default)]
    nonce: Option<String>,
    #[serde(default)]
    preferred_username: Option<String>,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    idp: Option<String>,
    #[serde(default)]
    acct: Option<u8>,
    #[serde(default)]
    login_hint: Option<String>,
    #[serde(default)]
    auth_time: Option<i64>,
}

const SKEW_SECONDS: i64 = 5 * 60;

fn rejected(fault: IdTokenFault) -> Error {
    Error::new(ErrorKind::IdToken(fault), "entra.verify_id_token")
}

/// The key's name in a header that asks for nothing we don't do. The algorithm is ours to choose, not the token's.
fn key_id(token: &str) -> Result<String, Error> {
    let malformed = || rejected(IdTokenFault::Malformed);
    let header = token.split('.').next().ok_or_else(malformed)?;
    let header = URL_SAFE_NO_PAD.decode(header).map_err(|_| malformed())?;
    let header: TokenHeader = serde_json::from_slice(&header).map_err(|_| malformed())?;
    if header.alg != "RS256" {
        return Err(rejected(IdTokenFault::Algorithm));
    }
    if header.crit.is_some() {
        return Err(malformed());
    }
    header.kid.ok_or_else(|| rejected(IdTokenFault::UnknownKey))
}

fn verify_signature(token: &str, key: &Key, asked: &str) -> Result<Claims, Error> {
    use jsonwebtoken::errors::ErrorKind as Fault;
    let decoder = DecodingKey::from_rsa_components(&key.n, &key.e).map_err(|_| rejected(IdTokenFault::UnknownKey))?;
    // The library would read the system's clock: times are checked below, and so is everything but the signature.
    let mut validation = Validation::new(Algorithm::RS256);
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    let claims = jsonwebtoken::decode::<Claims>(token, &decoder, &validation)
        .map_err(|error| {
            rejected(if *error.kind() == Fault::InvalidSignature {
                IdTokenFault::Signature
            } else {
                IdTokenFault::Malformed
            })
        })?
        .claims;
    // A key that Microsoft publishes for other issuers, such as that of personal accounts, signs only theirs. Where a tenant's list names
    // that tenant at each key, the key is every tenant's all the same: whose token it is, `check` says, which takes no other tenant's.
    let for_issuer = key.issuer.as_deref().map(|issuer| fill(issuer, &claims.tid));
    if for_issuer.is_some_and(|issuer| issuer != claims.iss && issuer != asked) {
        return Err(rejected(IdTokenFault::Issuer));
    }
    Ok(claims)
}

fn check(claims: Claims, issuer: &str, expected: &Expected<'_>, now: Timestamp) -> Result<Person, Error> {
    let now = now.as_second();
    // The keys are the same in every tenant, so a token of another one gets this far. Its issuer must be that tenant's.
    let issuer_there = fill(issuer, expected.tenant).replace(expected.tenant.as_str(), claims.tid.as_str());
    let fault = if claims.iss != issuer_there {
        Some(IdTokenFault::Issuer)
    } else if claims.aud != expected.client_id {
        Some(IdTokenFault::Audience)
    } else if claims.nonce.as_deref() != Some(expected.nonce) || expected.nonce.is_empty() {
        Some(IdTokenFault::Nonce)
    } else if claims.exp.saturating_add(SKEW_SECONDS) <= now {
        Some(IdTokenFault::Expired)
    } else if claims.nbf.unwrap_or(claims.iat).saturating_sub(SKEW_SECONDS) > now {
        Some(IdTokenFault::NotYetValid)
    } else {
        None
    };
    if let Some(fault) = fault {
        return Err(rejected(fault));
    }
    let time = |seconds| Timestamp::from_second(seconds).map_err(|_| rejected(IdTokenFault::Malformed));
    let person = Person {
        tenant: claims.tid,
        object_id: claims.oid,
        username: claims.preferred_username,
        email: claims.email,
        name: claims.name,
        identity_provider: claims.idp,
        guest: claims.acct.map(|kind| kind == 1),
        login_hint: claims.login_hint,
        authenticated_at: claims.auth_time.map(time).transpose()?,
        issued_at: time(claims.iat)?,
    };
    if person.tenant == *expected.tenant {
        Ok(person)
    } else {
        Err(rejected(IdTokenFault::Tenant).with_elsewhere(person))
    }
}

/// An issuer, with the tenant in the place that Microsoft leaves for it.
fn fill(issuer: &str, tenant: &TenantId) -> String {
    issuer.replace("{tenantid}", tenant.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &str) -> String {
        format!("{}.e30.", URL_SAFE_NO_PAD.encode(header))
    }

    #[test]
    fn a_header_that_chooses_another_algorithm_is_refused() {
        for header in [
            r#"{"alg":"none","kid":"1"}"#,
            r#"{"alg":"NONE"}"#,
            r#"{"alg":"HS256","kid":"1"}"#,
            r#"{"alg":"RS512","kid":"1"}"#,
        ] {
            let error = key_id(&token(header)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::IdToken(IdTokenFault::Algorithm), "{header}");
        }
    }

    #[test]
    fn a_text_that_is_no_token_is_malformed() {
        for text in ["", ".", "..", "a.b.c", "e30.e30.", &token(r#"{"alg":"RS256","kid":"1","crit":["b64"]}"#)] {
            let error = key_id(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::IdToken(IdTokenFault::Malformed), "{text}");
        }
    }

    #[test]
    fn keys_are_kept_a_day_and_an_unknown_one_is_asked_for_once_a_minute() {
        let tenant = TenantId::parse("111a82eb-4c7b-48bb-962b-49363c510130").unwrap();
        let cache = KeyCache::default();
        let at = |seconds: i64| Timestamp::from_second(1_800_000_000 + seconds).unwrap();
        let key: Key = serde_json::from_str(r#"{"kty":"RSA","kid":"1","n":"AQAB","e":"AQAB"}"#).unwrap();
        assert!(cache.find(&tenant, "1", at(0)).is_none());
        cache.keep(&tenant, "issuer".to_owned(), vec![key], at(0));
        assert!(cache.find(&tenant, "1", at(86_399)).unwrap().is_ok());
        assert!(cache.find(&tenant, "1", at(86_400)).is_none());
        assert!(cache.find(&tenant, "1", at(-1)).is_none());
        assert!(cache.find(&tenant, "2", at(5)).is_none());
        assert!(cache.find(&tenant, "2", at(64)).unwrap().is_err());
        assert!(cache.find(&tenant, "2", at(65)).is_none());
    }
}
