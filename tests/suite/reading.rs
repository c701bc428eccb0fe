//! Reading changes nothing: GET and HEAD of every route, by everybody who might try, with and without a signed-in browser, with query
//! strings that nobody thought of. Mail scanners, previews and prefetching browsers open links long before a person does.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, ensure};
use onboarding::links::LinkRole;
use onboarding::{Actor, OnboardingId};
use serde_json::Value;

use crate::operators::operator;
use crate::world::{Case, OWNER_SIGN_IN, Onboarding, PARTNER_SIGN_IN, plain_item, run_alone};

/// Requests are made up anew from this; a failure names the request.
const SEED: u64 = 0x6d6f_6f72_696e_6721;

#[test]
fn whoever_reads_whatever_page_changes_nothing() -> Result<()> {
    run_alone(async |case| {
        // In the middle: there is a report, a mapping, and a decision to be made, and both people have signed in.
        let mut onboarding = case.onboarding()?;
        onboarding.start_by_form().await?;
        onboarding.owner_acts(OWNER_SIGN_IN).await?;
        onboarding.partner_acts(PARTNER_SIGN_IN).await?;
        onboarding.waits_for("confirm", "owner").await?;
        onboarding.everything().await?;

        let template = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../template.yaml"))?;
        let routes: Vec<&str> = template
            .split("RouteKey: \"GET ")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .filter(|route| route.starts_with('/'))
            .collect();
        ensure!(routes.len() > 20, "the template's routes are read wrong: {routes:?}");
        let posts = template.split("RouteKey: \"POST ").skip(1).filter_map(|rest| rest.split('"').next());
        let all: BTreeSet<&str> = routes.iter().copied().chain(posts.filter(|route| route.starts_with('/'))).collect();

        // The operators' pages are read signed in, or there would be nothing to change.
        let mut operator = operator(case).await?;

        let links = links(case, &onboarding).await?;
        let others = others(case, &onboarding).await?;
        let before = state(case, &onboarding, &others).await?;
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
        let mut chance = SEED;
        let mut asked = 0;
        for route in all {
            if let Some(rest) = route.strip_prefix("/operator/o/{id}") {
                for act in ["remind", "extend", "reassign", "retry", "cancel", "evidence.json", "nonsense"] {
                    let path = format!("/operator/o/{}{}", onboarding.id, rest.replace("{act}", act));
                    let address = format!("{}{path}?{}", case.stack().portal(), query(&mut chance));
                    let page = operator.browser.open_without_following(&address).await?;
                    ensure!(
                        page.status < 500 && !page.text.contains("For operators"),
                        "GET {path}: {}",
                        page.summary()
                    );
                    asked += 1;
                }
            }
            for (whose, link) in &links {
                let path =
                    route.replace("{link}", link).replace("{outcome}", "signed-in").replace("{id}", "wrong-account");
                let query = query(&mut chance);
                let address = format!("{}{path}?{query}", case.stack().portal());
                // With the session of somebody who is signed in, who has more that could be used up.
                for person in [&mut onboarding.owner, &mut onboarding.partner, &mut operator] {
                    let page = person.browser.open_without_following(&address).await?;
                    ensure!(
                        page.status < 500,
                        "GET {route} with the {whose} link and ?{query} answers {}",
                        page.status
                    );
                    // Whatever was asked for, nobody is led away from here.
                    if let Some(to) = page.redirect() {
                        ensure!(to.as_str().starts_with(case.stack().portal()), "GET {route}?{query} leads to {to}");
                    }
                    if routes.contains(&route) && !matches!(route, "/style.css" | "/live.js") {
                        headers(route, &page.headers)?;
                    }
                }
                let head = client.head(&address).send().await.context("HEAD")?;
                ensure!(head.status().as_u16() < 500, "HEAD {route} with the {whose} link answers {}", head.status());
                asked += 4;
                if !route.contains("{link}") {
                    break;
                }
            }
            let after = state(case, &onboarding, &others).await?;
            for (what, was) in &before {
                let is = after.get(what).cloned().unwrap_or_default();
                ensure!(*was == is, "reading {route} changed {what}: {}", difference(was, &is));
            }
        }
        println!("{asked} requests changed nothing");
        Ok(())
    })
}

/// Links that open the onboarding for each role, and links that must open nothing.
async fn links(case: &Case, onboarding: &Onboarding) -> Result<Vec<(&'static str, String)>> {
    let key = case.link_key().await?;
    let id: OnboardingId = OnboardingId::parse(&onboarding.id).ok().context("the onboarding's id")?;
    let owner = key.link(&id, LinkRole::Person(Actor::Owner, 0));
    let opens = onboarding.owner_link().await?;
    ensure!(opens.path().ends_with(&owner), "links are made in another way than the mails' are");
    let (front, tag) = owner.rsplit_once('.').context("a link without a tag")?;
    let forged = format!("{front}.{}", tag.chars().rev().collect::<String>());
    Ok(vec![
        ("partner's", key.link(&id, LinkRole::Person(Actor::PartnerAdmin, 0))),
        ("another generation's", key.link(&id, LinkRole::Person(Actor::Owner, 1))),
        ("viewer's", key.link(&id, LinkRole::Viewer)),
        ("forged", forged),
        ("promoted", owner.replacen(".o.", ".p.", 1)),
        ("cut", front.to_owned()),
        ("unknown", key.link(&OnboardingId::from_parts(1, 2), LinkRole::Person(Actor::Owner, 0))),
        ("owner's", owner),
    ])
}

/// The ids of other tests' onboardings, some of which go on by themselves.
async fn others(case: &Case, onboarding: &Onboarding) -> Result<BTreeSet<String>> {
    let tables = case.stack().dump_tables().await?;
    let keys = tables.values().flatten().filter_map(|item| item["pk"]["S"].as_str()?.strip_prefix("ONB#"));
    Ok(keys.filter(|id| *id != onboarding.id).map(ToOwned::to_owned).collect())
}

/// Everything that a request could change, but for what other onboardings do by themselves.
async fn state(
    case: &Case,
    onboarding: &Onboarding,
    others: &BTreeSet<String>,
) -> Result<BTreeMap<String, BTreeSet<String>>> {
    // Whose an item is stands in its keys or in a field of its own.
    let ours = |item: &&Value| {
        let text = |name: &str| item[name]["S"].as_str().unwrap_or_default();
        let mut named = ["pk", "sk", "onboardingId"].into_iter().flat_map(|name| text(name).split('#'));
        !named.any(|id| others.contains(id))
    };
    let mut state = BTreeMap::new();
    for (table, items) in case.stack().dump_tables().await? {
        state.insert(table, items.iter().filter(ours).map(|item| plain_item(item).to_string()).collect());
    }
    let ledger = onboarding.ledger().await?;
    state.insert("Microsoft".to_owned(), ledger.iter().map(Value::to_string).collect());
    let mails = onboarding.mails().await?;
    state.insert("the mails".to_owned(), mails.into_iter().map(|mail| mail.id).collect());
    state.insert("the executions".to_owned(), case.stack().executions().await?.into_iter().collect());
    Ok(state)
}

fn difference(was: &BTreeSet<String>, is: &BTreeSet<String>) -> String {
    let [gone, new] = [was.difference(is), is.difference(was)].map(|some| some.cloned().collect::<Vec<_>>().join("\n"));
    format!("gone:\n{gone}\nnew:\n{new}")
}

fn headers(route: &str, headers: &http::HeaderMap) -> Result<()> {
    for (name, wanted) in [
        ("content-security-policy", "default-src 'none'"),
        ("cache-control", "no-store"),
        ("referrer-policy", "same-origin"),
        ("x-content-type-options", "nosniff"),
    ] {
        let value = headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        ensure!(value.contains(wanted), "{route}: the header {name} is “{value}”");
    }
    Ok(())
}

/// Up to three pairs of names that pages know, and some that none knows, with values of all kinds.
fn query(chance: &mut u64) -> String {
    const NAMES: [&str; 15] = [
        "to",
        "returnUrl",
        "redirect_uri",
        "page",
        "saved",
        "lang",
        "state",
        "code",
        "error",
        "do",
        "confirm",
        "cancel",
        "subscription-name",
        "q",
        "token",
    ];
    const VALUES: [&str; 12] = [
        "",
        "1",
        "-1",
        "99999999999999999999",
        "yes",
        "de",
        "save",
        "<script>",
        "%00",
        "../../o/x",
        "https://evil.fabrikam.com/",
        "//evil.fabrikam.com",
    ];
    let mut next = |most: usize| {
        // xorshift64: the same requests at every run.
        *chance ^= *chance << 13;
        *chance ^= *chance >> 7;
        *chance ^= *chance << 17;
        usize::try_from(*chance % 1000).unwrap_or_default() % most
    };
    let mut pairs = url::form_urlencoded::Serializer::new(String::new());
    for _ in 0..next(4) {
        pairs.append_pair(NAMES[next(NAMES.len())], VALUES[next(VALUES.len())]);
    }
    pairs.finish()
}
