//! A browser without a screen: cookies, redirects and forms by the rules that matter for sign-in.
//!
//! It is strict where a lax client would hide a fault that a real browser shows: `__Host-` cookies without their
//! attributes are refused, SameSite=Lax cookies stay home on cross-site posts, and `form-action` of a page's
//! Content-Security-Policy also holds for the redirects that follow. Unlike a browser it keeps cookies by port too,
//! because on one machine the ports stand for what are different hosts in the world.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use http::Method;
use http::header::{self, HeaderMap, HeaderValue};
use url::{Origin, Url};

use crate::page::{Form, Page};
use crate::proxy::SOURCE;

/// As many redirects as browsers follow.
const REDIRECTS: usize = 20;
/// Longer than any page may take, so that a hanging one is an error and not a hanging walk-through.
const PATIENCE: Duration = Duration::from_secs(60);

/// One person's browser.
#[derive(Debug, Clone)]
pub struct Browser {
    client: reqwest::Client,
    /// The address that the portal sees this browser come from.
    source: Ipv4Addr,
    cookies: Vec<Cookie>,
    /// Every address that was asked for, with the status it answered, oldest first.
    visits: Vec<(Url, u16)>,
    /// Every page that was shown on the way, oldest first.
    pages: Vec<Page>,
}

#[derive(Debug, Clone)]
struct Cookie {
    origin: Origin,
    name: String,
    value: String,
    path: String,
    /// Whether it is sent with a form that another site posts.
    lax: bool,
}

/// One request before it is sent.
struct Ask {
    method: Method,
    url: Url,
    body: Option<String>,
    /// The page that this comes from; none when the address was typed or clicked in a mail.
    from: Option<Origin>,
    /// What that page's `form-action` allows, when this began with a form.
    form_action: Option<String>,
    /// Whether that page's `Referrer-Policy` makes a browser send `Origin: null`.
    hides_origin: bool,
}

impl Browser {
    /// A browser that has never been anywhere.
    pub fn new() -> Result<Self> {
        // The only clients beside the product's: they visit loopback as a person would.
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(PATIENCE)
            .user_agent("Mozilla/5.0 (simulated person)")
            .build()
            .context("cannot make a browser")?;
        Ok(Self { client, source: next_source(), cookies: Vec::new(), visits: Vec::new(), pages: Vec::new() })
    }

    /// Opens an address as if it had been typed or clicked in a mail.
    pub async fn open(&mut self, url: impl AsRef<str>) -> Result<Page> {
        let url = Url::parse(url.as_ref()).context("not an address")?;
        self.go(Ask { method: Method::GET, url, body: None, from: None, form_action: None, hides_origin: false }).await
    }

    /// Follows a link by its words.
    pub async fn follow(&mut self, page: &Page, words: &str) -> Result<Page> {
        let url = page.link(words)?.clone();
        self.go(Ask {
            method: Method::GET,
            url,
            body: None,
            from: Some(page.url.origin()),
            form_action: None,
            hides_origin: false,
        })
        .await
    }

    /// Presses a button, by its label or name, with the form as it is.
    pub async fn press(&mut self, page: &Page, button: &str) -> Result<Page> {
        let form = page.form(button)?.clone();
        self.submit(page, &form, button).await
    }

    /// Presses a button of a form that has been filled.
    pub async fn submit(&mut self, page: &Page, form: &Form, button: &str) -> Result<Page> {
        let ask = self.prepare(page, form, button)?;
        self.go(ask).await
    }

    /// Presses a button but follows no redirect; the answer says where it leads.
    pub async fn submit_without_following(&mut self, page: &Page, form: &Form, button: &str) -> Result<Page> {
        let ask = self.prepare(page, form, button)?;
        self.ask(&ask).await
    }

    /// Opens an address but follows no redirect.
    pub async fn open_without_following(&mut self, url: impl AsRef<str>) -> Result<Page> {
        let url = Url::parse(url.as_ref()).context("not an address")?;
        self.ask(&Ask { method: Method::GET, url, body: None, from: None, form_action: None, hides_origin: false })
            .await
    }

    /// Goes on where a redirect leads that was not followed.
    pub async fn follow_redirect(&mut self, page: &Page) -> Result<Page> {
        let url = page.redirect().with_context(|| format!("{} redirects nowhere", place(&page.url)))?;
        let from = page.from.clone();
        self.go(Ask {
            method: Method::GET,
            url,
            body: None,
            from,
            form_action: page.form_action.clone(),
            hides_origin: false,
        })
        .await
    }

    /// Goes one redirect further and stops there again.
    pub async fn open_redirect(&mut self, page: &Page) -> Result<Page> {
        let url = page.redirect().with_context(|| format!("{} redirects nowhere", place(&page.url)))?;
        let from = page.from.clone();
        self.ask(&Ask {
            method: Method::GET,
            url,
            body: None,
            from,
            form_action: page.form_action.clone(),
            hides_origin: false,
        })
        .await
    }

    /// Reads an address as JSON, as a page's own script would.
    pub async fn json(&mut self, url: impl AsRef<str>) -> Result<serde_json::Value> {
        let url = Url::parse(url.as_ref()).context("not an address")?;
        let request = self.client.get(url.clone()).header(header::ACCEPT, "application/json");
        let request = self.with_cookies(request, &url, true);
        let answer = request.send().await.with_context(|| format!("cannot reach {}", place(&url)))?;
        let status = answer.status();
        ensure!(status.is_success(), "{} answered {status}", place(&url));
        answer.json().await.with_context(|| format!("{} is not JSON", place(&url)))
    }

    /// Every address that was asked for, with the status it answered, oldest first.
    #[must_use]
    pub fn visits(&self) -> &[(Url, u16)] {
        &self.visits
    }

    /// Everything that was shown or redirected, oldest first, for tests that search what was written for secrets.
    #[must_use]
    pub fn pages(&self) -> &[Page] {
        &self.pages
    }

    /// The values of all cookies held, for tests that search what was written for secrets.
    #[must_use]
    pub fn cookie_values(&self) -> Vec<String> {
        self.cookies.iter().map(|cookie| cookie.value.clone()).collect()
    }

    /// Forgets the cookies of one place, or all: a private window.
    pub fn forget(&mut self, place: Option<&Url>) {
        match place {
            Some(url) => self.cookies.retain(|cookie| cookie.origin != url.origin()),
            None => self.cookies.clear(),
        }
    }

    fn prepare(&self, page: &Page, form: &Form, button: &str) -> Result<Ask> {
        let button = form.button(button).with_context(|| format!("no button “{button}” in the form"))?;
        let mut url = button.action.clone().unwrap_or_else(|| form.action.clone());
        let entries = form.entries(button);
        let body = if form.post {
            Some(url::form_urlencoded::Serializer::new(String::new()).extend_pairs(entries).finish())
        } else {
            url.query_pairs_mut().clear().extend_pairs(entries);
            None
        };
        let method = if form.post { Method::POST } else { Method::GET };
        let form_action = form_action(&page.headers);
        let hides_origin = page.headers.get(header::REFERRER_POLICY).is_some_and(|policy| policy == "no-referrer");
        Ok(Ask { method, url, body, from: Some(page.url.origin()), form_action, hides_origin })
    }

    async fn go(&mut self, mut ask: Ask) -> Result<Page> {
        for _ in 0..REDIRECTS {
            let page = self.ask(&ask).await?;
            let Some(to) = page.redirect() else {
                return Ok(page);
            };
            ask.url = to;
            // 307 and 308 repeat the request; the others turn it into a GET.
            if !matches!(page.status, 307 | 308) {
                ask.method = Method::GET;
                ask.body = None;
            }
        }
        bail!("{} redirects without end", place(&ask.url))
    }

    async fn ask(&mut self, ask: &Ask) -> Result<Page> {
        ask.check_form_action()?;
        let same_site = ask.from.as_ref().is_none_or(|from| *from == ask.url.origin());
        let mut request = self
            .client
            .request(ask.method.clone(), ask.url.clone())
            .header(SOURCE, self.source.to_string())
            .header(header::ACCEPT, "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8")
            .header(header::ACCEPT_LANGUAGE, "en")
            .header("sec-fetch-mode", "navigate")
            .header("sec-fetch-dest", "document")
            .header(
                "sec-fetch-site",
                match &ask.from {
                    None => "none",
                    Some(_) if same_site => "same-origin",
                    Some(_) => "cross-site",
                },
            );
        if let Some(body) = &ask.body {
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(body.clone());
            if let Some(from) = &ask.from {
                let origin = if ask.hides_origin { "null".to_owned() } else { from.ascii_serialization() };
                request = request.header(header::ORIGIN, origin);
            }
        }
        request = self.with_cookies(request, &ask.url, same_site || ask.method == Method::GET);
        let answer = request.send().await.with_context(|| format!("cannot reach {}", place(&ask.url)))?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        self.visits.push((ask.url.clone(), status));
        for cookie in headers.get_all(header::SET_COOKIE) {
            self.keep(cookie, &ask.url)?;
        }
        let body = answer.text().await.with_context(|| format!("{} broke off", place(&ask.url)))?;
        let mut page = Page::parse(ask.url.clone(), status, headers, body);
        page.from.clone_from(&ask.from);
        page.form_action.clone_from(&ask.form_action);
        self.pages.push(page.clone());
        Ok(page)
    }

    fn with_cookies(&self, request: reqwest::RequestBuilder, url: &Url, lax: bool) -> reqwest::RequestBuilder {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .filter(|cookie| {
                cookie.origin == url.origin() && url.path().starts_with(&cookie.path) && (lax || !cookie.lax)
            })
            .map(|cookie| format!("{}={}", cookie.name, cookie.value))
            .collect();
        if cookies.is_empty() { request } else { request.header(header::COOKIE, cookies.join("; ")) }
    }

    /// Takes a cookie in, or refuses it as a browser would. Secure ones are taken on loopback, as browsers do.
    fn keep(&mut self, set: &HeaderValue, url: &Url) -> Result<()> {
        let set = set.to_str().context("a cookie that is not text")?;
        let mut parts = set.split(';').map(str::trim);
        let (name, value) = parts.next().and_then(|pair| pair.split_once('=')).context("a cookie without a name")?;
        let attributes: Vec<(String, &str)> = parts
            .map(|part| part.split_once('=').unwrap_or((part, "")))
            .map(|(name, value)| (name.to_ascii_lowercase(), value))
            .collect();
        let attribute = |wanted: &str| attributes.iter().find(|(name, _)| name == wanted).map(|(_, value)| *value);
        let path = attribute("path").filter(|path| path.starts_with('/')).unwrap_or("/");
        if name.starts_with("__Host-") {
            ensure!(
                attribute("secure").is_some() && attribute("domain").is_none() && attribute("path") == Some("/"),
                "a browser refuses the cookie {name}: it needs Secure, Path=/ and no Domain"
            );
        }
        self.cookies.retain(|cookie| !(cookie.origin == url.origin() && cookie.name == name && cookie.path == path));
        // A browser also reads Expires; pages here delete with Max-Age or an empty value.
        let gone = attribute("max-age").is_some_and(|age| age.parse::<i64>().is_ok_and(|age| age <= 0));
        if !gone && !value.is_empty() {
            let lax = attribute("samesite").is_none_or(|policy| !policy.eq_ignore_ascii_case("none"));
            self.cookies.push(Cookie {
                origin: url.origin(),
                name: name.to_owned(),
                value: value.to_owned(),
                path: path.to_owned(),
                lax,
            });
        }
        Ok(())
    }
}

impl Ask {
    fn check_form_action(&self) -> Result<()> {
        let (Some(allowed), Some(from)) = (&self.form_action, &self.from) else {
            return Ok(());
        };
        let target = self.url.origin().ascii_serialization();
        let fits = allowed.split_whitespace().any(|source| match source {
            "'self'" => self.url.origin() == *from,
            "*" => true,
            scheme if scheme.ends_with(':') => self.url.scheme() == scheme.trim_end_matches(':'),
            host => {
                let host = host.trim_end_matches('/');
                target.eq_ignore_ascii_case(host)
                    || target.rsplit_once("://").is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(host))
            }
        });
        ensure!(fits, "a browser refuses to send the form to {target}: the page's form-action is {allowed}");
        Ok(())
    }
}

/// One address a browser, of the range for tests between networks (RFC 2544): whoever counts by source counts people.
fn next_source() -> Ipv4Addr {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed) % (1 << 17);
    Ipv4Addr::from_bits(Ipv4Addr::new(198, 18, 0, 0).to_bits() + number)
}

/// The `form-action` of a page, where its policy has one.
fn form_action(headers: &HeaderMap) -> Option<String> {
    headers
        .get_all(header::CONTENT_SECURITY_POLICY)
        .iter()
        .filter_map(|policy| policy.to_str().ok())
        .flat_map(|policy| policy.split(';'))
        .find_map(|directive| directive.trim().strip_prefix("form-action ").map(ToOwned::to_owned))
}

/// An address for an error: without its query, which may hold a code.
fn place(url: &Url) -> String {
    format!("{}{}", url.origin().ascii_serialization(), url.path())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(url: &str) -> Url {
        Url::parse(url).unwrap()
    }

    #[test]
    fn a_host_cookie_without_its_attributes_is_refused() {
        let mut browser = Browser::new().unwrap();
        let lax = HeaderValue::from_static("__Host-mooring=1; Path=/; HttpOnly");
        assert!(browser.keep(&lax, &at("http://127.0.0.1:4180/")).is_err());
        let good = HeaderValue::from_static("__Host-mooring=1; Path=/; Secure; HttpOnly; SameSite=Lax");
        browser.keep(&good, &at("http://127.0.0.1:4180/")).unwrap();
        assert_eq!(browser.cookie_values(), ["1"]);
        let gone = HeaderValue::from_static("__Host-mooring=; Path=/; Secure; Max-Age=0");
        browser.keep(&gone, &at("http://127.0.0.1:4180/")).unwrap();
        assert!(browser.cookie_values().is_empty());
    }

    #[test]
    fn a_form_goes_only_where_the_page_allows() {
        let ask = |to: &str, allowed: &str| {
            Ask {
                method: Method::GET,
                url: at(to),
                body: None,
                from: Some(at("http://127.0.0.1:4180/o").origin()),
                form_action: Some(allowed.to_owned()),
                hides_origin: false,
            }
            .check_form_action()
        };
        assert!(ask("http://127.0.0.1:4180/turn", "'self'").is_ok());
        assert!(ask("http://127.0.0.1:9000/login", "'self'").is_err());
        assert!(ask("http://127.0.0.1:9000/login", "'self' http://127.0.0.1:9000").is_ok());
        assert!(ask("https://contoso.com/", "https:").is_ok());
        assert!(ask("https://contoso.com/", "'none'").is_err());
    }
}
