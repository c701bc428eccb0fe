//! What a request says about itself: whether it came from our own page, what it wants back, which browser it is.

use http::HeaderMap;
use http::header::{ACCEPT, COOKIE, HOST, HeaderName, ORIGIN};

/// The name of the browser's cookie. The prefix makes browsers refuse it from a subdomain, over plain http,
/// or with a path: nobody else can plant it.
pub const COOKIE_NAME: &str = "__Host-mooring";

/// The name of an operator's cookie: another one, so that what opens the operator's pages opens nothing else, and the other way round.
pub const OPERATOR_COOKIE_NAME: &str = "__Host-mooring-operator";

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Whether a POST came from a page of ours.
///
/// Browsers send `Sec-Fetch-Site` and `Origin` with every POST and no page can forge them. A form of another site
/// is refused on either; a program that sends neither is no browser, so there is no session of a person to ride.
#[must_use]
pub fn came_from_our_page(headers: &HeaderMap, portal: &str) -> bool {
    if let Some(site) = headers.get(SEC_FETCH_SITE) {
        // `none` is a person's own act (address bar), which can't be a POST of another site.
        if site != "same-origin" && site != "none" {
            return false;
        }
    }
    match headers.get(ORIGIN).map(|origin| origin.to_str()) {
        None => true,
        Some(Ok(origin)) => origin_of(portal).is_some_and(|ours| ours.eq_ignore_ascii_case(origin)),
        Some(Err(_)) => false,
    }
}

/// Scheme, host and port of an address.
#[must_use]
pub fn origin_of(address: &str) -> Option<&str> {
    let (scheme, rest) = address.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    if host.is_empty() || scheme.is_empty() {
        return None;
    }
    address.get(..scheme.len() + 3 + host.len())
}

/// Whether the request prefers JSON to a page.
#[must_use]
pub fn wants_json(headers: &HeaderMap) -> bool {
    let Some(accept) = headers.get(ACCEPT).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let quality = |wanted: &str| {
        accept
            .split(',')
            .filter_map(|entry| {
                let mut parts = entry.split(';').map(str::trim);
                (parts.next()?.eq_ignore_ascii_case(wanted))
                    .then(|| parts.find_map(|part| part.strip_prefix("q=")?.parse::<f32>().ok()).unwrap_or(1.0))
            })
            .fold(0.0_f32, f32::max)
    };
    quality("application/json") > quality("text/html")
}

/// The value of the browser's cookie, if it is one that we could have set: 32 bytes as 43 base64url characters.
#[must_use]
pub fn browser(headers: &HeaderMap) -> Option<&str> {
    random_cookie(headers, COOKIE_NAME)
}

/// The value of an operator's cookie, likewise.
#[must_use]
pub fn operator(headers: &HeaderMap) -> Option<&str> {
    random_cookie(headers, OPERATOR_COOKIE_NAME)
}

fn random_cookie<'a>(headers: &'a HeaderMap, wanted: &str) -> Option<&'a str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == wanted)
        .map(|(_, value)| value)
        .filter(|value| value.len() == 43 && value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'))
}

/// The `Set-Cookie` value that gives the browser this random value.
///
/// `Lax`, not `Strict`: Microsoft's redirect back to us is a navigation from another site and must carry it.
/// Twelve hours: an onboarding is often finished in one sitting, and the cookie is worth nothing by itself.
#[must_use]
pub fn browser_cookie(value: &str) -> String {
    format!("{COOKIE_NAME}={value}; Path=/; Max-Age=43200; Secure; HttpOnly; SameSite=Lax")
}

/// The same for an operator who has signed in, for as long as that counts. `None` takes it away.
///
/// `Lax`, because the redirect that ends a sign-in comes from Microsoft's site; what it opens acts on POSTs from our own pages only.
#[must_use]
pub fn operator_cookie(value: Option<(&str, i64)>) -> String {
    let (value, seconds) = value.unwrap_or_default();
    format!("{OPERATOR_COOKIE_NAME}={value}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=Lax")
}

/// The host that the request names; for logs only, never for building an address.
#[must_use]
pub fn host(headers: &HeaderMap) -> Option<&str> {
    headers.get(HOST).and_then(|value| value.to_str().ok())
}

/// The query's name for a language that the reader chose, and the cookie that remembers it.
pub const LANGUAGE: &str = "lang";
/// The cookie in which a script of ours remembers the device's time zone.
pub const ZONE: &str = "mooring-zone";
const LANGUAGE_COOKIE: &str = "mooring-lang";

/// Who reads: the language chosen on the page, or remembered, or the browser's; the zone that the device said.
#[must_use]
pub fn locale(headers: &HeaderMap, query: &str) -> texts::Locale {
    let accepted = || headers.get(http::header::ACCEPT_LANGUAGE)?.to_str().ok().and_then(texts::Language::accepted);
    let language = chosen(query)
        .or_else(|| plain_cookie(headers, LANGUAGE_COOKIE).and_then(texts::Language::parse))
        .or_else(accepted)
        .unwrap_or_default();
    let zone = plain_cookie(headers, ZONE).and_then(|zone| texts::known_zone(&zone.replace("%2F", "/")));
    texts::Locale::new(language, zone)
}

fn chosen(query: &str) -> Option<texts::Language> {
    form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == LANGUAGE)
        .and_then(|(_, value)| texts::Language::parse(&value))
}

/// Remembers a chosen language with the reader's browser; nothing of it is kept here.
#[must_use]
pub fn with_language(answer: crate::Answer, query: &str) -> crate::Answer {
    match chosen(query) {
        Some(language) => crate::answer::with_cookie(
            answer,
            &format!("{LANGUAGE_COOKIE}={}; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly", language.tag()),
        ),
        None => answer,
    }
}

fn plain_cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(http::header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .find_map(|cookies| cookies.split(';').find_map(|cookie| cookie.trim().strip_prefix(name)?.strip_prefix('=')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    #[test]
    fn a_post_of_another_site_is_refused_on_either_header() {
        let portal = "https://mooring.example/base";
        assert!(came_from_our_page(&headers(&[]), portal));
        assert!(came_from_our_page(&headers(&[("origin", "https://mooring.example")]), portal));
        assert!(came_from_our_page(
            &headers(&[("origin", "https://mooring.example"), ("sec-fetch-site", "same-origin")]),
            portal
        ));
        for wrong in [
            [("origin", "https://evil.example"), ("sec-fetch-site", "same-origin")],
            [("origin", "https://mooring.example"), ("sec-fetch-site", "cross-site")],
            [("origin", "https://mooring.example"), ("sec-fetch-site", "same-site")],
            [("origin", "null"), ("sec-fetch-site", "same-origin")],
            [("origin", "http://mooring.example"), ("sec-fetch-site", "same-origin")],
            [("origin", "https://mooring.example.evil.example"), ("sec-fetch-site", "same-origin")],
        ] {
            assert!(!came_from_our_page(&headers(&wrong), portal), "{wrong:?}");
        }
    }

    #[test]
    fn a_browser_gets_pages_and_a_program_gets_json() {
        assert!(!wants_json(&headers(&[])));
        assert!(!wants_json(&headers(&[("accept", "text/html,application/xhtml+xml,*/*;q=0.8")])));
        assert!(wants_json(&headers(&[("accept", "application/json")])));
        assert!(wants_json(&headers(&[("accept", "text/html;q=0.5, application/json")])));
        assert!(!wants_json(&headers(&[("accept", "*/*")])));
    }

    #[test]
    fn only_a_cookie_that_we_could_have_set_is_read() {
        let value = "a".repeat(43);
        let cookie = |text: &str| headers(&[("cookie", text)]);
        assert_eq!(browser(&cookie(&format!("x=1; {COOKIE_NAME}={value}"))), Some(value.as_str()));
        assert_eq!(browser(&cookie(&format!("mooring={value}"))), None);
        assert_eq!(browser(&cookie(&format!("{COOKIE_NAME}=short"))), None);
        assert_eq!(browser(&cookie(&format!("{COOKIE_NAME}={}", "<".repeat(43)))), None);
    }

    #[test]
    fn the_cookie_has_every_protection_that_its_prefix_requires() {
        for cookie in [browser_cookie("v"), operator_cookie(Some(("v", 3600))), operator_cookie(None)] {
            for part in ["__Host-", "Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
                assert!(cookie.contains(part), "{part}");
            }
            assert!(!cookie.contains("Domain"));
        }
    }

    #[test]
    fn neither_cookie_is_taken_for_the_other() {
        let value = "a".repeat(43);
        let cookie = |name: &str| headers(&[("cookie", &format!("{name}={value}"))]);
        assert_eq!(operator(&cookie(OPERATOR_COOKIE_NAME)), Some(value.as_str()));
        assert_eq!((operator(&cookie(COOKIE_NAME)), browser(&cookie(OPERATOR_COOKIE_NAME))), (None, None));
    }
}
