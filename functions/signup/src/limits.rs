//! How much may be signed up: by where it comes from, by whom it would write to, and for one partner directory.
//!
//! Two goals conflict: nobody shall be flooded by way of us, and nobody shall be kept out by somebody else's flood. Hence a source is
//! counted before anything is looked up; a domain is counted only as one that gets mail without having asked for it; and the many who
//! share a public mail domain don't share a count, each of their addresses has its own. The limits are far above what a person does with
//! a form; who onboards in bulk starts with events, which are not counted.
//!
//! The answer is one and the same for every limit: it tells nobody which of them was met, nor who else signs up here.

use http::header::{HeaderValue, RETRY_AFTER};
use jiff::{SignedDuration, Timestamp, ToSpan as _, tz::TimeZone};
use lambda_http::RequestExt as _;
use lambda_http::request::RequestContext;
use onboarding::{Actor, Cloud, ErrorName, OnboardingRequest, TenantId};
use store::Draft;
use web::Answer;

use crate::world::{Looked, World};

/// How often something may happen in an hour and in a day, both of the clock in UTC.
pub(crate) struct Limit {
    what: &'static str,
    an_hour: u32,
    a_day: u32,
}

/// Forms that one source sends: an office behind one address among them.
pub(crate) const FORMS: Limit = Limit { what: "forms-of-source", an_hour: 30, a_day: 100 };
/// Times that one source only looks what is known: each asks Microsoft up to three times.
pub(crate) const LOOKS: Limit = Limit { what: "looks-of-source", an_hour: 120, a_day: 500 };
/// Lost links that one source asks for.
pub(crate) const LINKS: Limit = Limit { what: "links-of-source", an_hour: 60, a_day: 200 };
/// Codes to mailboxes of one domain, none of them proved.
const CODES: Limit = Limit { what: "codes-to-domain", an_hour: 60, a_day: 200 };
/// Onboardings with a person of one domain, started by somebody of another.
const STARTS: Limit = Limit { what: "starts-with-domain", an_hour: 20, a_day: 60 };

/// Onboardings to one partner directory that wait for their first sign-in, once whose mailbox is in none of its domains may start no more
/// in its name …
const WAITING_OUTSIDE: usize = 3;
/// … and once nobody may: a partner sends its invitations in bursts.
const WAITING: usize = 25;

/// Domains whose mailboxes belong to nobody in common.
const PUBLIC: [&str; 24] = [
    "aol.com",
    "gmail.com",
    "gmx.at",
    "gmx.ch",
    "gmx.de",
    "gmx.net",
    "googlemail.com",
    "hotmail.co.uk",
    "hotmail.com",
    "hotmail.de",
    "hotmail.fr",
    "icloud.com",
    "live.com",
    "mac.com",
    "me.com",
    "msn.com",
    "outlook.com",
    "outlook.de",
    "outlook.fr",
    "proton.me",
    "t-online.de",
    "web.de",
    "yahoo.co.uk",
    "yahoo.com",
];

/// Where a request comes from, as the API saw it. What `X-Forwarded-For` says is whatever the sender wrote into it, and counts for
/// nothing. Whoever has one IPv6 address has all 2^64 of its network, so that the network is the source.
pub(crate) fn source<B>(request: &http::Request<B>) -> String {
    let seen = match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => context.http.source_ip.as_deref(),
        _ => None,
    };
    match seen.and_then(|seen| seen.parse().ok()).map(|seen: std::net::IpAddr| seen.to_canonical()) {
        Some(std::net::IpAddr::V4(address)) => address.to_string(),
        Some(std::net::IpAddr::V6(address)) => std::net::Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).to_string(),
        // All that the API says nothing of share one count.
        None => "unknown".to_owned(),
    }
}

/// Counts something; answers when it may happen again, if it may not now.
async fn count<W: World>(world: &W, limit: &Limit, whom: &str) -> Result<Option<Timestamp>, ErrorName> {
    let now = world.now();
    let (hour, day) = (next_hour(now), next_day(now));
    for (period, most, ends) in [("%Y-%m-%dT%H", limit.an_hour, hour), ("%Y-%m-%d", limit.a_day, day)] {
        let bucket = format!("{}:{whom}:{}", limit.what, now.strftime(period));
        if !world.may_count(&bucket, most, ends.as_second()).await? {
            tracing::warn!(target: "mooring::signup", limit = limit.what, "a limit of sign-ups is reached");
            return Ok(Some(ends));
        }
    }
    Ok(None)
}

fn next_hour(now: Timestamp) -> Timestamp {
    let past = now.as_second().rem_euclid(3600);
    now + SignedDuration::from_secs(3600 - past)
}

fn next_day(now: Timestamp) -> Timestamp {
    let tomorrow = now.to_zoned_datetime(TimeZone::UTC).start_of_day().and_then(|day| day.checked_add(1.day()));
    tomorrow.map_or(now + SignedDuration::from_hours(24), |day| day.timestamp())
}

/// Counts what a source does. Its address is kept nowhere: the key of links makes a mark of it that nobody else can make.
pub(crate) async fn of_source<W: World>(
    world: &W,
    limit: &Limit,
    source: &str,
) -> Result<Option<Timestamp>, ErrorName> {
    let mark = world.link_key().await?.source_mark(source);
    count(world, limit, &mark).await
}

/// Says with an answer when to come again, in seconds from now (RFC 9110 §10.2.3).
pub(crate) fn with_again<W: World>(mut answer: Answer, world: &W, again: Option<Timestamp>) -> Answer {
    if let Some(again) = again {
        let seconds = again.as_second() - world.now().as_second();
        answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    answer
}

fn domain_of(email: &str) -> &str {
    email.rsplit_once('@').map_or(email, |(_, domain)| domain)
}

/// Counts a code to an address that nobody has proved.
pub(crate) async fn of_code<W: World>(world: &W, email: &str) -> Result<Option<Timestamp>, ErrorName> {
    match domain_of(email) {
        domain if PUBLIC.contains(&domain) => Ok(None),
        domain => count(world, &CODES, domain).await,
    }
}

/// Counts an onboarding that somebody with a proved mailbox starts, as far as it writes to others.
pub(crate) async fn of_start<W: World>(
    world: &W,
    request: &OnboardingRequest,
    draft: &Draft,
    partner: &TenantId,
) -> Result<Option<Timestamp>, ErrorName> {
    if let Some(again) = of_directory(world, request.cloud, draft, partner).await? {
        return Ok(Some(again));
    }
    let own = domain_of(&draft.email);
    let mut domains = vec![domain_of(&request.owner_email), domain_of(&request.partner_admin_email)];
    domains.dedup();
    for domain in domains.into_iter().filter(|domain| *domain != own && !PUBLIC.contains(domain)) {
        if let Some(again) = count(world, &STARTS, domain).await? {
            return Ok(Some(again));
        }
    }
    Ok(None)
}

/// An owner writes to nobody before they have signed in themselves, so what owners start is not counted.
async fn of_directory<W: World>(
    world: &W,
    cloud: Cloud,
    draft: &Draft,
    partner: &TenantId,
) -> Result<Option<Timestamp>, ErrorName> {
    if draft.who == Some(Actor::Owner) {
        return Ok(None);
    }
    let waiting = world.waiting_for_first_sign_in(partner, WAITING).await?;
    let full = waiting >= WAITING
        || waiting >= WAITING_OUTSIDE
            && world.directory(cloud, domain_of(&draft.email)).await? != Looked::Found(partner.clone());
    Ok(full.then(|| next_hour(world.now())))
}

#[cfg(test)]
mod tests {
    use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequestContext;

    use super::*;

    fn from(seen: &str) -> http::Request<()> {
        let mut context = ApiGatewayV2httpRequestContext::default();
        context.http.source_ip = Some(seen.to_owned());
        let request = http::Request::builder().header("x-forwarded-for", "203.0.113.9").body(()).unwrap();
        request.with_request_context(RequestContext::ApiGatewayV2(context))
    }

    #[test]
    fn a_source_is_what_the_api_saw_and_not_what_a_header_says() {
        assert_eq!(source(&from("198.51.100.7")), "198.51.100.7");
        assert_eq!(source(&from("::ffff:198.51.100.7")), "198.51.100.7");
        assert_eq!(source(&from("2001:db8:1:2:3:4:5:6")), source(&from("2001:db8:1:2::1")));
        assert_ne!(source(&from("2001:db8:1:2::1")), source(&from("2001:db8:1:3::1")));
        for none in ["", "203.0.113.9, 198.51.100.7"] {
            assert_eq!(source(&from(none)), "unknown", "{none}");
        }
        let bare = http::Request::builder().header("x-forwarded-for", "203.0.113.9").body(()).unwrap();
        assert_eq!(source(&bare), "unknown");
    }

    #[test]
    fn hours_and_days_end_where_the_clock_says_so() {
        let now: Timestamp = "2026-05-12T23:59:59.5Z".parse().unwrap();
        assert_eq!(next_hour(now).as_second(), "2026-05-13T00:00:00Z".parse::<Timestamp>().unwrap().as_second());
        assert_eq!(next_day(now), "2026-05-13T00:00:00Z".parse().unwrap());
        let sharp: Timestamp = "2026-05-12T10:00:00Z".parse().unwrap();
        assert_eq!(next_hour(sharp), "2026-05-12T11:00:00Z".parse().unwrap());
    }
}
