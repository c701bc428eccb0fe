//! Answers: every one carries the same security headers, whatever function gave it.

use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue,
    LOCATION, REFERRER_POLICY, SET_COOKIE, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use http::{Response, StatusCode};
use maud::Markup;
use serde::Serialize;

/// An answer as every HTTP function gives it.
pub type Answer = Response<String>;

/// The style sheet, served at [`crate::paths::STYLE`].
pub const STYLE: &str = include_str!("style.css");

/// The script, served at [`crate::paths::SCRIPT`]. Pages are complete without it.
pub const SCRIPT: &str = include_str!("live.js");

/// Where the forms of a page may lead.
///
/// Chromium applies `form-action` to every redirect that follows a form, not only to its target: a form that begins
/// a sign-in needs the login host in it. See <https://www.w3.org/TR/CSP3/#directive-form-action>.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormsLead<'a> {
    /// To ourselves.
    Home,
    /// To ourselves and on to these origins.
    OnTo(&'a [String]),
}

fn policy(forms: FormsLead<'_>) -> HeaderValue {
    let mut policy = String::from(
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    );
    match forms {
        FormsLead::Home => {}
        FormsLead::OnTo(origins) => {
            // A space or semicolon would begin another source or directive.
            for origin in origins.iter().filter(|origin| !origin.contains([' ', ';', ',', '\'', '"'])) {
                policy.push(' ');
                policy.push_str(origin);
            }
        }
    }
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

fn answer(status: StatusCode, content_type: &'static str, body: String, forms: FormsLead<'_>) -> Answer {
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(CONTENT_SECURITY_POLICY, policy(forms));
    // The callback's address holds a code and a state, links are capabilities: no address leaves us. Not `no-referrer`: browsers send
    // `Origin: null` with the forms of such a page, which is also what a form of a stranger's sandbox sends.
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=63072000; includeSubDomains"));
    headers.insert(
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    );
    headers.insert(HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin"));
    headers.insert(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin"));
    headers.insert(HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex, nofollow"));
    answer
}

/// Names in a page come from strangers. Markup is escaped where it is written; marks of direction are in no page of ours, whoever
/// wrote them.
fn harmless(page: Markup) -> String {
    let page = page.into_string();
    match onboarding::plain::without_marks(&page) {
        std::borrow::Cow::Borrowed(_) => page,
        std::borrow::Cow::Owned(page) => page,
    }
}

/// A page whose forms lead to ourselves.
#[must_use]
pub fn page(status: StatusCode, page: Markup) -> Answer {
    answer(status, "text/html; charset=utf-8", harmless(page), FormsLead::Home)
}

/// A page with a form that begins a sign-in, whose redirects go through these origins.
#[must_use]
pub fn page_leading_to(origins: &[String], page: Markup) -> Answer {
    answer(StatusCode::OK, "text/html; charset=utf-8", harmless(page), FormsLead::OnTo(origins))
}

/// JSON, for a program that asked for it.
#[must_use]
pub fn json(status: StatusCode, value: &impl Serialize) -> Answer {
    match serde_json::to_string(value) {
        Ok(text) => answer(status, "application/json", text, FormsLead::Home),
        // Our views hold strings, numbers and lists, which always serialise.
        Err(_) => answer(StatusCode::INTERNAL_SERVER_ERROR, "application/json", "{}".to_owned(), FormsLead::Home),
    }
}

/// Text of another kind, such as a list to be kept as a file.
#[must_use]
pub fn text(status: StatusCode, content_type: &'static str, content: String) -> Answer {
    answer(status, content_type, content, FormsLead::Home)
}

/// The same as a file: a browser keeps it under its name.
#[must_use]
pub fn file(content_type: &'static str, name: &str, content: String) -> Answer {
    let mut answer = text(StatusCode::OK, content_type, content);
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        answer.headers_mut().insert(CONTENT_DISPOSITION, value);
    }
    answer
}

/// To another page. 303, so that a POST is never repeated by the browser that follows.
#[must_use]
pub fn see_other(location: &str) -> Answer {
    let mut answer = answer(StatusCode::SEE_OTHER, "text/plain; charset=utf-8", String::new(), FormsLead::Home);
    match HeaderValue::from_str(location) {
        Ok(location) => {
            answer.headers_mut().insert(LOCATION, location);
        }
        Err(_) => *answer.status_mut() = StatusCode::INTERNAL_SERVER_ERROR,
    }
    answer
}

/// The style sheet.
#[must_use]
pub fn style() -> Answer {
    let mut answer = answer(StatusCode::OK, "text/css; charset=utf-8", STYLE.to_owned(), FormsLead::Home);
    // The one thing here that is the same for everyone and says nothing about anyone.
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    answer
}

/// The script that keeps a page up to date.
#[must_use]
pub fn script() -> Answer {
    let mut answer = answer(StatusCode::OK, "text/javascript; charset=utf-8", SCRIPT.to_owned(), FormsLead::Home);
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    answer
}

/// Adds a `Set-Cookie` header.
#[must_use]
pub fn with_cookie(mut answer: Answer, cookie: &str) -> Answer {
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        answer.headers_mut().append(SET_COOKIE, cookie);
    }
    answer
}

/// Adds the `Allow` header that a 405 must carry (RFC 9110 §15.5.6).
#[must_use]
pub fn with_allow(mut answer: Answer, methods: &'static str) -> Answer {
    answer.headers_mut().insert(ALLOW, HeaderValue::from_static(methods));
    answer
}

/// The same answer without its body, for HEAD.
#[must_use]
pub fn without_body(mut answer: Answer) -> Answer {
    answer.body_mut().clear();
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_carries_the_security_headers() {
        for answer in [
            page(StatusCode::OK, maud::html! { p { "x" } }),
            page_leading_to(&["https://login.example".to_owned()], maud::html! {}),
            json(StatusCode::OK, &1),
            see_other("/o/x"),
            style(),
        ] {
            let headers = answer.headers();
            for name in [
                "cache-control",
                "content-security-policy",
                "referrer-policy",
                "x-content-type-options",
                "strict-transport-security",
                "permissions-policy",
            ] {
                assert!(headers.contains_key(name), "{name}");
            }
            assert_eq!(headers["referrer-policy"], "same-origin");
            let policy = headers["content-security-policy"].to_str().unwrap();
            for directive in ["default-src 'none'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"] {
                assert!(policy.contains(directive), "{directive}");
            }
            assert!(!policy.contains("unsafe"));
        }
    }

    #[test]
    fn no_page_reads_backwards() {
        let name = "invoice\u{202e}fdp.exe\u{2066}";
        let shown = page(StatusCode::OK, maud::html! { p { (name) } input value=(name); });
        assert!(shown.body().contains("<p>invoicefdp.exe</p>") && !shown.body().contains('\u{202e}'));
        let shown = page_leading_to(&[], maud::html! { p { (name) } });
        assert!(!shown.body().contains('\u{202e}'));
    }

    #[test]
    fn pages_are_never_stored() {
        assert_eq!(page(StatusCode::OK, maud::html! {}).headers()["cache-control"], "no-store");
        assert_eq!(json(StatusCode::OK, &1).headers()["cache-control"], "no-store");
        assert_eq!(see_other("/").headers()["cache-control"], "no-store");
    }

    #[test]
    fn only_a_sign_in_page_lets_forms_lead_elsewhere() {
        let home = page(StatusCode::OK, maud::html! {});
        assert!(home.headers()["content-security-policy"].to_str().unwrap().ends_with("form-action 'self'"));
        let away = page_leading_to(&["https://login.example".to_owned()], maud::html! {});
        let policy = away.headers()["content-security-policy"].to_str().unwrap();
        assert!(policy.ends_with("form-action 'self' https://login.example"), "{policy}");
    }

    #[test]
    fn an_origin_cannot_smuggle_a_directive_into_the_policy() {
        let away = page_leading_to(&["https://x; script-src *".to_owned()], maud::html! {});
        assert!(!away.headers()["content-security-policy"].to_str().unwrap().contains("script-src *"));
    }

    #[test]
    fn a_location_with_a_line_break_becomes_an_error() {
        let answer = see_other("/o/x\r\nSet-Cookie: a=b");
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(!answer.headers().contains_key("location"));
    }
}
