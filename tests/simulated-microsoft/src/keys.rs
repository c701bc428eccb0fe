//! The keys that sign id tokens: one that the tenants publish, and one that nobody does.

use std::io;
use std::sync::OnceLock;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// The signing keys.
#[derive(Debug)]
pub(crate) struct Keys {
    published: Key,
    /// Made when it is first needed: making a key takes a while.
    unknown: OnceLock<Key>,
}

#[derive(Debug)]
struct Key {
    pair: KeyPair,
    kid: String,
}

/// How a token is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signature {
    Published,
    /// By a key that nobody knows, and saying so.
    Unknown,
    /// By that key, claiming to be the published one.
    Bad,
    None,
}

impl Keys {
    pub(crate) fn generate() -> io::Result<Self> {
        Ok(Self { published: Key::generate()?, unknown: OnceLock::new() })
    }

    fn unknown(&self) -> &Key {
        #[expect(clippy::expect_used, reason = "the first key could be made, so can this one")]
        self.unknown.get_or_init(|| Key::generate().expect("an RSA key can be made"))
    }

    /// The published key as Entra shows it.
    pub(crate) fn published(&self) -> Value {
        let (modulus, exponent) = self.published.public();
        json!({
            "kty": "RSA", "use": "sig", "kid": self.published.kid, "x5t": self.published.kid,
            "n": modulus, "e": exponent,
        })
    }

    /// A JWT with these claims.
    pub(crate) fn sign(&self, claims: &Value, signature: Signature) -> String {
        let (header, key) = match signature {
            Signature::None => (json!({"typ": "JWT", "alg": "none"}), None),
            Signature::Published => (self.published.header(), Some(&self.published)),
            Signature::Unknown => (self.unknown().header(), Some(self.unknown())),
            Signature::Bad => (self.published.header(), Some(self.unknown())),
        };
        let signed =
            format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()));
        let signature = key.map(|key| URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes()))).unwrap_or_default();
        format!("{signed}.{signature}")
    }
}

impl Key {
    fn generate() -> io::Result<Self> {
        let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|_| io::Error::other("no RSA key could be made"))?;
        let kid = URL_SAFE_NO_PAD.encode(&Sha256::digest(pair.public_key().as_ref())[..20]);
        Ok(Self { pair, kid })
    }

    fn header(&self) -> Value {
        json!({"typ": "JWT", "alg": "RS256", "kid": self.kid})
    }

    /// Modulus and exponent. The DER form of a 2048-bit key with the usual exponent has a fixed layout: nine bytes
    /// of framing, 256 of modulus, two of framing, three of exponent.
    fn public(&self) -> (String, String) {
        let der = self.pair.public_key().as_ref();
        let part = |range: std::ops::Range<usize>| URL_SAFE_NO_PAD.encode(der.get(range).unwrap_or_default());
        (part(9..265), part(267..270))
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        #[expect(clippy::expect_used, reason = "the buffer has the key's size, nothing else can fail")]
        self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).expect("an RSA key signs");
        signature
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_key_has_the_usual_exponent_and_a_modulus_of_2048_bits() {
        let key = Keys::generate().unwrap().published();
        assert_eq!(key["e"], "AQAB");
        assert_eq!(URL_SAFE_NO_PAD.decode(key["n"].as_str().unwrap()).unwrap().len(), 256);
    }
}
