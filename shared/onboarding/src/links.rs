//! The links that mails carry, and the values of a sign-in that are derived instead of stored.
//!
//! A link is a capability: `<onboarding>.<role>.<tag>`, where the tag is the first 128 bits of an HMAC-SHA256 over the
//! other two under the link key. So nothing about links is stored, a reminder repeats the same link, and neither a
//! reader of the tables nor someone who knows an onboarding's id can make one. Opening a link shows a page and
//! changes nothing; signing in still takes the right person.
//!
//! The PKCE verifier and the nonce of a sign-in are HMACs over the browser's cookie and the state under the same key.
//! They exist nowhere at rest, and a code can be redeemed only with the browser that began
//! (RFC 9700 §2.1.1: transaction-specific and bound to the user agent).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::ids::OnboardingId;
use crate::steps::Actor;

/// Who a link was made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LinkRole {
    /// One of the two people, who may act through it.
    Person(Actor),
    /// Anyone who may look: the sign-up form's visitor, a colleague.
    Viewer,
}

impl LinkRole {
    fn letter(self) -> &'static str {
        match self {
            Self::Person(Actor::Owner) => "o",
            Self::Person(Actor::PartnerAdmin) => "p",
            Self::Viewer => "v",
        }
    }

    fn from_letter(letter: &str) -> Option<Self> {
        match letter {
            "o" => Some(Self::Person(Actor::Owner)),
            "p" => Some(Self::Person(Actor::PartnerAdmin)),
            "v" => Some(Self::Viewer),
            _ => None,
        }
    }

    /// The person who may act, if any.
    #[must_use]
    pub fn actor(self) -> Option<Actor> {
        match self {
            Self::Person(actor) => Some(actor),
            Self::Viewer => None,
        }
    }
}

/// Makes and checks links, and derives a sign-in's verifier and nonce. Holds the link key, hence no Debug of it.
#[derive(Clone)]
pub struct LinkKey(Vec<u8>);

impl std::fmt::Debug for LinkKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LinkKey(redacted)")
    }
}

impl LinkKey {
    /// Takes the secret. Shorter than 32 bytes is refused: the tag would be weaker than it looks.
    #[must_use]
    pub fn new(secret: &str) -> Option<Self> {
        (secret.len() >= 32).then(|| Self(secret.as_bytes().to_vec()))
    }

    fn tag(&self, said: &str) -> [u8; 32] {
        // HMAC takes keys of any length, so this can't fail; an all-zero tag would still match nothing we give out.
        Hmac::<Sha256>::new_from_slice(&self.0)
            .map(|mut mac| {
                mac.update(said.as_bytes());
                mac.finalize().into_bytes().into()
            })
            .unwrap_or_default()
    }

    /// The link's last path segment for this onboarding and role.
    #[must_use]
    pub fn link(&self, onboarding: &OnboardingId, role: LinkRole) -> String {
        let letter = role.letter();
        let tag = self.tag(&format!("link:{onboarding}:{letter}"));
        format!("{onboarding}.{letter}.{}", URL_SAFE_NO_PAD.encode(&tag[..16]))
    }

    /// What a link says, if we made it.
    #[must_use]
    pub fn open(&self, link: &str) -> Option<(OnboardingId, LinkRole)> {
        let mut parts = link.split('.');
        let (id, letter, _) = (parts.next()?, parts.next()?, parts.next()?);
        let onboarding = OnboardingId::parse(id).ok()?;
        let role = LinkRole::from_letter(letter)?;
        same(self.link(&onboarding, role).as_bytes(), link.as_bytes()).then_some((onboarding, role))
    }

    /// The PKCE code verifier of the sign-in that this browser began with this state: 43 unreserved characters,
    /// 256 bits (RFC 7636 §4.1).
    #[must_use]
    pub fn code_verifier(&self, browser: &str, state: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.tag(&format!("pkce:{browser}:{state}")))
    }

    /// The nonce that the id token of this sign-in must carry.
    #[must_use]
    pub fn nonce(&self, browser: &str, state: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.tag(&format!("nonce:{browser}:{state}")))
    }
}

/// SHA-256 in lower-case hexadecimal: how a random value is stored when only recognising it matters.
#[must_use]
pub fn fingerprint(value: &str) -> String {
    hex(&Sha256::digest(value.as_bytes()))
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Compares without telling by its time where the first difference is.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |difference, (x, y)| difference | (x ^ y)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> LinkKey {
        LinkKey::new("0123456789abcdef0123456789abcdef0123456789abcdef").unwrap()
    }

    #[test]
    fn a_link_opens_to_what_it_was_made_for_and_nothing_else() {
        let id = OnboardingId::from_parts(1, 2);
        for role in [LinkRole::Person(Actor::Owner), LinkRole::Person(Actor::PartnerAdmin), LinkRole::Viewer] {
            assert_eq!(key().open(&key().link(&id, role)), Some((id.clone(), role)));
        }
        let forged = key().link(&id, LinkRole::Viewer).replace(".v.", ".o.");
        assert_eq!(key().open(&forged), None);
        for wrong in ["", "..", "a.b.c", &format!("{}x", key().link(&id, LinkRole::Viewer)), &format!("{id}.o.")] {
            assert_eq!(key().open(wrong), None, "{wrong}");
        }
        let other = LinkKey::new("another key, just as long as the first one is").unwrap();
        assert_eq!(other.open(&key().link(&id, LinkRole::Viewer)), None);
    }

    #[test]
    fn a_verifier_belongs_to_one_browser_and_one_state() {
        let verifier = key().code_verifier("browser", "state");
        assert_eq!(verifier.len(), 43);
        assert_ne!(verifier, key().code_verifier("browser", "other"));
        assert_ne!(verifier, key().code_verifier("other", "state"));
        assert_ne!(verifier, key().nonce("browser", "state"));
    }

    #[test]
    fn the_key_never_shows() {
        assert_eq!(format!("{:?}", key()), "LinkKey(redacted)");
        assert!(LinkKey::new("short").is_none());
    }
}
