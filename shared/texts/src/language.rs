//! Who reads: a language and a time zone.

use std::sync::{Arc, OnceLock};

use jiff::tz::TimeZone;

/// A language that people can read this in.
#[derive(Clone, Copy)]
pub struct Language {
    /// Its tag, such as `en` or `de` (RFC 5646).
    pub(crate) tag: &'static str,
    /// Its words, sorted by id.
    pub(crate) words: &'static [(&'static str, &'static str)],
}

include!(concat!(env!("OUT_DIR"), "/languages.rs"));

impl std::fmt::Debug for Language {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.tag)
    }
}

impl PartialEq for Language {
    fn eq(&self, other: &Self) -> bool {
        self.tag == other.tag
    }
}

impl Eq for Language {}

impl Default for Language {
    fn default() -> Self {
        Self::ENGLISH
    }
}

impl Language {
    /// The language that every text is written in first.
    pub const ENGLISH: Self = Self { tag: "en", words: &[] };

    /// Every language: English first, then those that have a file.
    pub fn all() -> impl Iterator<Item = Self> {
        std::iter::once(Self::ENGLISH).chain(LANGUAGES.iter().copied())
    }

    /// Its tag.
    #[must_use]
    pub fn tag(self) -> &'static str {
        self.tag
    }

    /// What it calls itself.
    #[must_use]
    pub fn own_name(self) -> &'static str {
        self.word("language.own-name").unwrap_or("English")
    }

    /// The language of a tag such as `de`, `de-AT` or `DE`, if we speak it.
    #[must_use]
    pub fn parse(tag: &str) -> Option<Self> {
        let primary = tag.trim().split(['-', '_']).next().unwrap_or_default();
        Self::all().find(|language| language.tag.eq_ignore_ascii_case(primary))
    }

    /// The best language for an `Accept-Language` header (RFC 9110 §12.5.4); none if it names none that we speak.
    #[must_use]
    pub fn accepted(header: &str) -> Option<Self> {
        let mut best: Option<(f32, Self)> = None;
        for range in header.split(',').take(20) {
            let mut parts = range.split(';');
            let Some(language) = parts.next().and_then(Self::parse) else { continue };
            let quality = parts
                .find_map(|part| part.trim().strip_prefix("q=").map(|q| q.parse::<f32>().unwrap_or(0.0)))
                .unwrap_or(1.0);
            if quality > 0.0 && best.is_none_or(|(so_far, _)| quality > so_far) {
                best = Some((quality, language));
            }
        }
        best.map(|(_, language)| language)
    }

    /// The ids that its file has; none for English, which has no file.
    pub fn ids(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.words.iter().copied()
    }

    pub(crate) fn word(self, id: &str) -> Option<&'static str> {
        let index = self.words.binary_search_by(|(known, _)| (*known).cmp(id)).ok()?;
        self.words.get(index).map(|(_, said)| *said)
    }
}

/// Who reads.
#[derive(Debug, Clone, Default)]
pub struct Locale {
    /// In which language.
    pub language: Language,
    /// In which time zone, where the reader's own device has said so.
    pub zone: Option<TimeZone>,
    recorded: Arc<OnceLock<TimeZone>>,
}

impl Locale {
    /// A reader of this language, in this time zone if it is known.
    #[must_use]
    pub fn new(language: Language, zone: Option<TimeZone>) -> Self {
        Self { language, zone, recorded: Arc::default() }
    }

    /// The same from recorded names; what is not known any more is English and UTC.
    #[must_use]
    pub fn named(language: &str, zone: &str) -> Self {
        Self::new(Language::parse(language).unwrap_or_default(), known_zone(zone))
    }
}

tokio::task_local! {
    static LOCALE: Locale;
}

/// Runs a future for a reader.
pub async fn scope<F: Future>(locale: Locale, future: F) -> F::Output {
    LOCALE.scope(locale, future).await
}

/// Runs a function for a reader.
pub fn within<T>(locale: Locale, say: impl FnOnce() -> T) -> T {
    LOCALE.sync_scope(locale, say)
}

/// The reader's language.
#[must_use]
pub fn language() -> Language {
    LOCALE.try_with(|locale| locale.language).unwrap_or_default()
}

/// The reader's time zone: what their device said, else what is recorded of them, else UTC.
#[must_use]
pub fn zone() -> TimeZone {
    LOCALE
        .try_with(|locale| locale.zone.clone().or_else(|| locale.recorded.get().cloned()))
        .ok()
        .flatten()
        .unwrap_or(TimeZone::UTC)
}

/// Remembers, for the rest of the scope, the time zone that is recorded of the reader: known only after they are.
pub fn recorded_zone(name: &str) {
    if let Some(zone) = known_zone(name) {
        // Only the first counts, and outside of a scope nobody reads.
        let _ = LOCALE.try_with(|locale| locale.recorded.set(zone));
    }
}

/// The time zone of an IANA name such as `Europe/Berlin`; none if there is none by that name.
#[must_use]
pub fn known_zone(name: &str) -> Option<TimeZone> {
    let plain = name.len() <= 40 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"/_+-".contains(&b));
    if !plain {
        return None;
    }
    TimeZone::get(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_chooses_the_language_that_it_prefers_and_we_speak() {
        let accepted = |header| Language::accepted(header).map(Language::tag);
        assert_eq!(accepted("de-AT,de;q=0.9,en;q=0.8"), Some("de"));
        assert_eq!(accepted("fr, en;q=0.4, de;q=0.7"), Some("de"));
        assert_eq!(accepted("en-GB"), Some("en"));
        assert_eq!(accepted("tlh, de;q=0"), None);
        assert_eq!(accepted(""), None);
        assert_eq!(accepted(&"x,".repeat(10_000)), None);
    }

    #[test]
    fn only_names_of_real_time_zones_are_taken() {
        assert!(known_zone("Europe/Berlin").is_some() && known_zone("UTC").is_some());
        for wrong in ["", "Moon/Base", "../../etc/passwd", "Europe/Berlin\r\n", "<b>"] {
            assert!(known_zone(wrong).is_none(), "{wrong}");
        }
    }

    #[tokio::test]
    async fn the_scope_says_who_reads_and_outside_it_is_english_and_utc() {
        assert_eq!((language(), zone()), (Language::ENGLISH, TimeZone::UTC));
        scope(Locale::named("de", "nowhere"), async {
            assert_eq!(language().tag(), "de");
            assert_eq!(zone(), TimeZone::UTC);
            recorded_zone("Europe/Berlin");
            assert_eq!(zone().iana_name(), Some("Europe/Berlin"));
        })
        .await;
        within(Locale::named("en", "Asia/Tokyo"), || {
            recorded_zone("Europe/Berlin");
            assert_eq!(zone().iana_name(), Some("Asia/Tokyo"), "the device knows better than the record");
        });
    }
}
