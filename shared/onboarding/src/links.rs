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
    /// One of the two people, who may act through it. The number is its generation: a part that is handed to somebody else gets
    /// the next one, and the onboarding's record says which counts.
    Person(Actor, u32),
    /// Whoever signs up, until their mailbox is proved: opens the page with the code and nothing else.
    Draft,
    /// Anyone who may look: the sign-up form's visitor, a colleague.
    Viewer,
}

impl LinkRole {
    /// `o`, `p` or `v`, and the generation where it is not the first.
    fn letter(self) -> String {
        match self {
            Self::Person(actor, generation) => {
                let letter = match actor {
                    Actor::Owner => "o",
                    Actor::PartnerAdmin => "p",
                };
                if generation == 0 { letter.to_owned() } else { format!("{letter}{generation}") }
            }
            Self::Draft => "d".to_owned(),
            Self::Viewer => "v".to_owned(),
        }
    }

    fn from_letter(letter: &str) -> Option<Self> {
        let generation = letter.get(1..).unwrap_or_default();
        let generation = if generation.is_empty() { Some(0) } else { generation.parse().ok() }?;
        match letter.chars().next()? {
            'o' => Some(Self::Person(Actor::Owner, generation)),
            'p' => Some(Self::Person(Actor::PartnerAdmin, generation)),
            'd' if letter == "d" => Some(Self::Draft),
            'v' if letter == "v" => Some(Self::Viewer),
            _ => None,
        }
    }

    /// The person who may act, if any.
    #[must_use]
    pub fn actor(self) -> Option<Actor> {
        match self {
            Self::Person(actor, _) => Some(actor),
            Self::Draft | Self::Viewer => None,
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

    /// The six characters that both people share over another channel before the owner confirms: shown to the partner admin,
    /// asked of the owner, so that a link which was only forwarded is not enough (RFC 10027, request binding with out-of-band
    /// data). Letters and digits that can't be mistaken for each other.
    #[must_use]
    pub fn phrase(&self, onboarding: &OnboardingId) -> String {
        const SIGNS: &[u8; 28] = b"ACDEFGHJKLMNPQRTUVWXY3456789";
        let tag = self.tag(&format!("phrase:{onboarding}"));
        // 256 is not a multiple of 28: the bias is below a thousandth of a bit, and guesses are counted by people.
        tag.iter()
            .take(6)
            .filter_map(|byte| SIGNS.get(usize::from(*byte) % SIGNS.len()))
            .map(|sign| char::from(*sign))
            .collect()
    }

    /// Whether somebody typed the phrase: case, blanks and dashes don't count.
    #[must_use]
    pub fn is_phrase(&self, onboarding: &OnboardingId, typed: &str) -> bool {
        let typed: String =
            typed.chars().filter(char::is_ascii_alphanumeric).map(|sign| sign.to_ascii_uppercase()).take(16).collect();
        same(typed.as_bytes(), self.phrase(onboarding).as_bytes())
    }

    /// The six digits that prove a mailbox at sign-up: the code of this draft and this mail. Nothing of it is stored.
    #[must_use]
    pub fn mailbox_code(&self, draft: &str, number: u32) -> String {
        let tag = self.tag(&format!("mailbox:{draft}:{number}"));
        let value = tag.iter().take(8).fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
        format!("{:06}", value % 1_000_000)
    }

    /// Whether somebody typed that code.
    #[must_use]
    pub fn is_mailbox_code(&self, draft: &str, number: u32, typed: &str) -> bool {
        let typed: String = typed.chars().filter(char::is_ascii_digit).take(16).collect();
        same(typed.as_bytes(), self.mailbox_code(draft, number).as_bytes())
    }

    /// A mark of where requests come from, to count them: the same for the same source, and without the key nobody can tell which one.
    #[must_use]
    pub fn source_mark(&self, source: &str) -> String {
        hex(&self.tag(&format!("source:{source}")))
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
        for role in [LinkRole::Person(Actor::Owner, 0), LinkRole::Person(Actor::PartnerAdmin, 3), LinkRole::Viewer] {
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
    fn phrases_and_codes_belong_to_what_they_were_made_for() {
        let id = OnboardingId::from_parts(1, 2);
        let phrase = key().phrase(&id);
        assert_eq!(phrase.len(), 6);
        assert!(key().is_phrase(&id, &format!(" {}-{} ", &phrase[..3].to_lowercase(), &phrase[3..])));
        assert!(!key().is_phrase(&OnboardingId::from_parts(1, 3), &phrase) && !key().is_phrase(&id, ""));
        let code = key().mailbox_code("draft", 1);
        assert!(code.len() == 6 && code.bytes().all(|digit| digit.is_ascii_digit()));
        assert!(key().is_mailbox_code("draft", 1, &format!("{} {}", &code[..3], &code[3..])));
        assert!(!key().is_mailbox_code("draft", 2, &code) && !key().is_mailbox_code("other", 1, &code));
    }

    #[test]
    fn a_source_has_one_mark_that_needs_the_key() {
        let mark = key().source_mark("198.51.100.7");
        assert_eq!(mark, key().source_mark("198.51.100.7"));
        assert_ne!(mark, key().source_mark("198.51.100.8"));
        let other = LinkKey::new("another key, just as long as the first one is").unwrap();
        assert_ne!(mark, other.source_mark("198.51.100.7"));
        assert!(!mark.contains(&fingerprint("198.51.100.7")));
    }

    #[test]
    fn the_key_never_shows() {
        assert_eq!(format!("{:?}", key()), "LinkKey(redacted)");
        assert!(LinkKey::new("short").is_none());
    }
}
