//! What the move does: the verdict, what could not be read, what breaks, who loses access, and what else could be done.

use std::collections::BTreeMap;

use impact::catalogue;
use impact::report::{Finding, Group, Override, Report, Summary};
use jiff::Timestamp;
use maud::{Markup, html};

use super::paged::{Part, pager, wide};
use crate::frame::{frame, person, time};
use crate::text::impact as text;
use crate::{paths, text as words};

/// Rows of one page, in each group when all groups are shown, and in one group when it is shown alone.
pub const REPORT_ROWS: usize = 100;
/// Rows of a group when all groups are shown.
const GROUP_ROWS: usize = 25;

/// Somebody who loses access, and what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonRow {
    /// Who: a name, or a kind and an id.
    pub who: String,
    /// The role, with what is particular about it.
    pub role: String,
    /// Where.
    pub scope: String,
    /// What becomes of it: for whom it is made again, or why not.
    pub after: String,
}

/// What changed since the report before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changed<'a> {
    /// New findings.
    pub added: Vec<&'a str>,
    /// Findings that are gone.
    pub gone: Vec<&'a str>,
    /// Findings that are different now.
    pub different: Vec<&'a str>,
}

impl<'a> Changed<'a> {
    /// What is new, gone or different in the later of two reports. A finding is the same one if its id is.
    #[must_use]
    pub fn between(before: &'a Report, after: &'a Report) -> Self {
        let by_id = |report: &'a Report| -> BTreeMap<&'a str, &'a Finding> {
            report.findings.iter().map(|finding| (finding.id.as_str(), finding)).collect()
        };
        let (old, new) = (by_id(before), by_id(after));
        Self {
            added: new.iter().filter(|(id, _)| !old.contains_key(*id)).map(|(_, one)| one.name.as_str()).collect(),
            gone: old.iter().filter(|(id, _)| !new.contains_key(*id)).map(|(_, one)| one.name.as_str()).collect(),
            different: new
                .iter()
                .filter(|(id, one)| old.get(*id).is_some_and(|known| known != *one))
                .map(|(_, one)| one.name.as_str())
                .collect(),
        }
    }

    /// Whether anything did.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.gone.is_empty() && self.different.is_empty()
    }
}

/// What the page shows.
#[derive(Debug)]
pub struct ReportView<'a> {
    /// The link that was opened.
    pub link: &'a str,
    /// The onboarding's short reference.
    pub reference: &'a str,
    /// The subscription's name or id.
    pub subscription: &'a str,
    /// The report in short.
    pub summary: &'a Summary,
    /// The rows; absent for viewers, who see counts only.
    pub report: Option<&'a Report>,
    /// Who loses access, in full.
    pub people: &'a [PersonRow],
    /// Reasons that were given for hard stops.
    pub overrides: &'a [Override],
    /// Hard stops that are not accepted by both people.
    pub open_stops: usize,
    /// Other ways to reach the same end: what, and when it fits.
    pub alternatives: &'a [(String, String)],
    /// What changed since the report before.
    pub changed: Option<Changed<'a>>,
    /// The group that is shown alone.
    pub group: Option<Group>,
    /// The page of it.
    pub page: usize,
}

/// The group that an address means.
#[must_use]
pub fn report_group(slug: &str) -> Option<Group> {
    text::GROUPS.iter().find(|(_, known, _, _)| *known == slug).map(|(group, _, _, _)| *group)
}

/// The code that two people can compare by telephone.
#[must_use]
pub fn short_code(hash: &str) -> String {
    let head: String = hash.chars().take(8).collect::<String>().to_uppercase();
    match (head.get(..4), head.get(4..)) {
        (Some(first), Some(rest)) if !rest.is_empty() => format!("{first}-{rest}"),
        _ => head,
    }
}

/// The verdict: its tone and its sentence.
pub(crate) fn verdict(summary: &Summary, open_stops: usize) -> (&'static str, String) {
    let [stops, redo, lost, ..] = summary.counts;
    if open_stops > 0 {
        return ("bad", text::REPORT_STOP.with(&[("n", &open_stops.to_string())]));
    }
    if !summary.hard_stops.is_empty() {
        return ("", text::REPORT_ACCEPTED.with(&[("n", &summary.hard_stops.len().to_string())]));
    }
    match stops + redo + lost {
        0 if summary.not_read > 0 => ("", text::REPORT_FINE_PARTLY.said().to_owned()),
        0 => ("good", text::REPORT_FINE.said().to_owned()),
        n => ("", text::REPORT_PREPARE.with(&[("n", &n.to_string())])),
    }
}

fn override_said(given: &Override) -> Markup {
    html! {
        p {
            (text::REPORT_OVERRIDDEN.with(&[("who", person(given.by).said()), ("reason", &given.reason)])) " "
            @match given.seconded_by {
                Some(agreed) => { (text::REPORT_OVERRIDE_AGREED.with(&[("who", person(agreed).said())])) }
                None => { (text::REPORT_OVERRIDE_OPEN) }
            }
        }
    }
}

fn finding(view: &ReportView<'_>, finding: &Finding) -> Markup {
    // A report may be older than a rule that has gone since: then its id has to do.
    let rule = catalogue::rule(&finding.rule);
    let said = rule.map(crate::findings::rule_said);
    html! {
        tr {
            th scope="row" {
                @if finding.hard_stop { span.state { (text::REPORT_HARD_STOP) } br; }
                (finding.name) br; span.muted { (finding.kind) }
                br; code.muted { (finding.resource) }
            }
            td {
                @match said { Some(said) => { (said.why) " " (said.when) } None => { code { (finding.rule) } } }
                @if let Some(detail) = &finding.detail { p.muted { (detail) } }
                @if !finding.depends_on.is_empty() { ul.seen { @for one in &finding.depends_on { li { code { (one) } } } } }
            }
            td {
                @match rule {
                    Some(rule) => { (text::recoverable(rule.recoverable)) }
                    None => { (text::recoverable(catalogue::Recoverable::Unknown)) }
                }
            }
            td {
                @if let (Some(rule), Some(said)) = (rule, said) {
                    (said.todo) " " a href=(rule.link) rel="noreferrer" { (text::REPORT_GUIDE) }
                }
                @if finding.hard_stop {
                    @match view.overrides.iter().find(|given| given.finding == finding.id) {
                        Some(given) => { (override_said(given)) }
                        None => { p { (text::REPORT_OVERRIDE_PATH) } }
                    }
                }
            }
        }
    }
}

fn group_section(
    view: &ReportView<'_>,
    report: &Report,
    group: Group,
    slug: &str,
    title: words::Text,
    said: words::Text,
) -> Markup {
    let rows: Vec<&Finding> = report.findings.iter().filter(|finding| finding.group == group).collect();
    let alone = view.group == Some(group);
    let part = if alone { Part::of(rows.len(), REPORT_ROWS, view.page) } else { Part::of(rows.len(), GROUP_ROWS, 1) };
    let address = format!("{}?group={slug}", paths::report(view.link));
    html! {
        @if !rows.is_empty() {
            h2 id=(slug) { (title) ": " (rows.len()) }
            p { (said) }
            (wide(title.said(), &html! {
                table {
                    caption { (title) }
                    thead { tr {
                        th scope="col" { (text::REPORT_COL_RESOURCE) }
                        th scope="col" { (text::REPORT_COL_WHY) }
                        th scope="col" { (text::REPORT_COL_BACK) }
                        th scope="col" { (text::REPORT_COL_DO) }
                    } }
                    tbody { @for row in part.of_rows(&rows) { (finding(view, row)) } }
                }
            }))
            @if alone { (pager(part, &address)) }
            @else if part.pages > 1 { p { a href=(address) { (title) ": " (rows.len()) } } }
        }
    }
}

fn people_section(view: &ReportView<'_>) -> Markup {
    let alone = view.group == Some(Group::LosesAccess);
    let part =
        Part::of(view.people.len(), if alone { REPORT_ROWS } else { GROUP_ROWS }, if alone { view.page } else { 1 });
    let address = format!("{}?group=loses-access", paths::report(view.link));
    html! {
        h2 #loses-access { (text::REPORT_PEOPLE) ": " (view.people.len()) }
        @if view.people.is_empty() { p { (text::REPORT_PEOPLE_NONE) } } @else {
            (wide(text::REPORT_PEOPLE.said(), &html! {
                table {
                    caption { (text::REPORT_PEOPLE) }
                    thead { tr {
                        th scope="col" { (text::COL_WHO) }
                        th scope="col" { (text::COL_ROLE) }
                        th scope="col" { (text::COL_SCOPE) }
                        th scope="col" { (text::COL_AFTER) }
                    } }
                    tbody {
                        @for row in part.of_rows(view.people) {
                            tr { th scope="row" { (row.who) } td { (row.role) } td { code { (row.scope) } } td { (row.after) } }
                        }
                    }
                }
            }))
            @if alone { (pager(part, &address)) }
            @else if part.pages > 1 { p { a href=(address) { (text::REPORT_PEOPLE) ": " (view.people.len()) } } }
        }
    }
}

pub(super) fn changed(changed: &Changed<'_>) -> Markup {
    html! {
        h2 { (text::REPORT_CHANGED) }
        ul {
            @for name in &changed.added { li { (text::REPORT_ADDED.with(&[("name", name)])) } }
            @for name in &changed.gone { li { (text::REPORT_GONE.with(&[("name", name)])) } }
            @for name in &changed.different { li { (text::REPORT_DIFFERENT.with(&[("name", name)])) } }
        }
    }
}

/// The counts of the report in a sentence.
pub(crate) fn counted(summary: &Summary) -> String {
    let [stops, redo, lost, check, access] = summary.counts.map(|count| count.to_string());
    text::PROGRESS_REPORT_SAID.with(&[
        ("stops", &stops),
        ("redo", &redo),
        ("lost", &lost),
        ("check", &check),
        ("access", &access),
    ])
}

/// The page.
#[must_use]
pub fn report(view: &ReportView<'_>) -> Markup {
    let summary = view.summary;
    let (tone, said) = verdict(summary, view.open_stops);
    let (roles, custom) = (summary.assignments.to_string(), summary.custom_roles.to_string());
    let made: Option<Timestamp> = summary.at.parse().ok();
    let content = html! {
        h1 { (text::REPORT_TITLE) }
        div class={ "panel " (tone) } { p { strong { (said) } } }
        @if let Some(report) = view.report.filter(|report| !report.not_read.is_empty()) {
            h2 { (text::REPORT_NOT_READ) ": " (report.not_read.len()) }
            p { (text::REPORT_NOT_READ_SAID) }
            (wide(text::REPORT_NOT_READ.said(), &html! {
                table {
                    caption { (text::REPORT_NOT_READ) }
                    thead { tr {
                        th scope="col" { (text::REPORT_COL_WHAT) }
                        th scope="col" { (text::REPORT_COL_ANSWER) }
                        th scope="col" { (text::REPORT_COL_NEEDS) }
                    } }
                    tbody {
                        @for list in &report.not_read {
                            tr { th scope="row" { (list.what) } td { code { (list.why) } } td { (list.needs) } }
                        }
                    }
                }
            }))
        } @else if summary.not_read > 0 {
            p { (text::REPORT_NOT_READ) ": " (summary.not_read) }
        }
        dl {
            dt { (words::PROGRESS_SUBSCRIPTION) } dd { (view.subscription) }
            dt { (text::REPORT_CODE) } dd { code { (short_code(&summary.hash)) } }
            @if let Some(made) = made { dt { (text::REPORT_MADE) } dd { (time(made)) } }
            dt { (text::REPORT_RESOURCES) } dd { (summary.resources) }
            dt { (text::REPORT_ROLES) }
            dd { (text::REPORT_ROLES_SAID.with(&[("roles", &roles), ("custom", &custom)])) }
        }
        p { (text::REPORT_AGAIN) }
        @if summary.resources == 0 { p { (text::REPORT_EMPTY.with(&[("roles", &roles)])) } }
        @if let Some(what) = view.changed.as_ref().filter(|what| !what.is_empty()) { (changed(what)) }
        h2 { (text::REPORT_GROUPS) }
        (wide(text::REPORT_GROUPS.said(), &html! {
            table {
                caption { (text::REPORT_GROUPS) }
                thead { tr { th scope="col" { (text::REPORT_COL_GROUP) } th scope="col" { (text::COL_NUMBER) } } }
                tbody {
                    @for ((_, slug, title, _), count) in text::GROUPS.iter().zip(summary.counts) {
                        tr {
                            th scope="row" {
                                @if view.report.is_some() && count > 0 {
                                    a href={ (paths::report(view.link)) "?group=" (slug) } { (title) }
                                } @else { (title) }
                            }
                            td { (count) }
                        }
                    }
                }
            }
        }))
        @match view.report {
            None => { p { (text::COUNTS_ONLY) } }
            Some(report) => {
                @for (group, slug, title, said) in text::GROUPS {
                    @if view.group.is_none_or(|only| only == group) && group != Group::LosesAccess {
                        (group_section(view, report, group, slug, title, said))
                    }
                }
                @if view.group.is_none_or(|only| only == Group::LosesAccess) { (people_section(view)) }
                @if view.group.is_some() { p { a href=(paths::report(view.link)) { (text::REPORT_ALL_GROUPS) } } }
                @if !view.alternatives.is_empty() {
                    h2 { (text::REPORT_ALTERNATIVES) }
                    dl { @for (what, when) in view.alternatives { dt { (what) } dd { (when) } } }
                }
                div.actions {
                    a.button.quiet href=(paths::report_csv(view.link)) { (text::REPORT_CSV) }
                    a.button.quiet href=(paths::report_json(view.link)) { (text::REPORT_JSON) }
                }
                p.muted { (text::REPORT_PRINT) }
            }
        }
        p.actions { a.button.quiet href=(paths::progress(view.link)) { (words::BACK_TO_PROGRESS) } }
    };
    frame(text::REPORT_TITLE.said(), Some(view.reference), &content)
}

/// The page for something that does not exist yet: a report before it is made, a receipt before the end.
#[must_use]
pub fn not_yet(link: &str, reference: &str) -> Markup {
    let content = html! {
        h1 { (text::NOT_YET_TITLE) }
        p { (text::NOT_YET) }
        p.actions { a.button.quiet href=(paths::progress(link)) { (words::BACK_TO_PROGRESS) } }
    };
    frame(text::NOT_YET_TITLE.said(), Some(reference), &content)
}

#[cfg(test)]
mod tests {
    use access::snapshot::NotRead;
    use onboarding::Actor;

    use super::*;

    fn made(findings: usize) -> Report {
        let finding = |n: usize| {
            serde_json::json!({
                "id": format!("aks:{n}"), "rule": "aks", "group": if n == 0 { "cannot-come-back" } else { "stops-now" },
                "hardStop": n == 0, "resource": format!("/subscriptions/s/r/{n}"), "name": format!("<i>res{n}</i>"),
                "kind": "microsoft.containerservice/managedclusters",
            })
        };
        serde_json::from_value(serde_json::json!({
            "schema": 1, "subscription": "6c3c85bc-5366-4eaa-8055-a10529eafd03",
            "source": "11111111-1111-1111-1111-111111111111", "partner": "22222222-2222-2222-2222-222222222222",
            "findings": (0..findings).map(finding).collect::<Vec<_>>(), "resources": [], "snapshotHash": "s", "notRead": [],
        }))
        .unwrap()
    }

    fn summary(stops: &[&str]) -> Summary {
        Summary {
            hash: "abcdef0123".into(),
            at: "2026-05-12T09:00:00Z".into(),
            counts: [3, 0, 1, 0, 2],
            resources: 4,
            assignments: 2,
            hard_stops: stops.iter().map(|stop| (*stop).to_owned()).collect(),
            ..Summary::default()
        }
    }

    fn shown(view: impl FnOnce(&mut ReportView<'_>), report: &Report) -> String {
        let summary = summary(&["aks:0"]);
        let people =
            [PersonRow { who: "Ada".into(), role: "Reader".into(), scope: "/s".into(), after: "Restored".into() }];
        let mut shown = ReportView {
            link: "L",
            reference: "R",
            subscription: "Fabrikam Prod",
            summary: &summary,
            report: Some(report),
            people: &people,
            overrides: &[],
            open_stops: 1,
            alternatives: &[],
            changed: None,
            group: None,
            page: 1,
        };
        view(&mut shown);
        super::report(&shown).into_string()
    }

    #[test]
    fn the_verdict_comes_first_and_a_hard_stop_says_how_it_can_be_accepted() {
        let page = shown(|_| {}, &made(3));
        let at = |words: &str| page.find(words).unwrap_or_else(|| panic!("{words}"));
        assert!(at("move it yet: 1") < at("ABCD-EF01") && at("ABCD-EF01") < at("⛔ Hard stop"));
        assert!(page.contains("gives a reason in the review") && page.contains("https://learn.microsoft.com/"));
        assert!(page.contains("Ada") && !page.contains("<i>"), "names are inert");
    }

    #[test]
    fn what_could_not_be_read_is_told_before_what_was_found() {
        let mut report = made(2);
        report.not_read =
            vec![NotRead { what: "policies".into(), why: "AuthorizationFailed".into(), needs: "Reader".into() }];
        let page = shown(|_| {}, &report);
        assert!(page.find("AuthorizationFailed").unwrap() < page.find("⛔").unwrap());
    }

    #[test]
    fn thousands_of_rows_come_a_page_at_a_time() {
        let report = made(3001);
        let all = shown(|_| {}, &report);
        assert!(all.matches("<tr").count() < 100);
        let page = shown(
            |view| {
                view.group = Some(Group::StopsNow);
                view.page = 30;
            },
            &report,
        );
        assert!(page.contains("Page 30 of 30") && page.contains("res3000"));
    }

    #[test]
    fn an_accepted_stop_names_both_people() {
        let given = [Override {
            finding: "aks:0".into(),
            reason: "A test cluster".into(),
            by: Actor::PartnerAdmin,
            at: String::new(),
            seconded_by: Some(Actor::Owner),
        }];
        let report = made(1);
        let summary = summary(&["aks:0"]);
        let page = super::report(&ReportView {
            link: "L",
            reference: "R",
            subscription: "S",
            summary: &summary,
            report: Some(&report),
            people: &[],
            overrides: &given,
            open_stops: 0,
            alternatives: &[],
            changed: Some(Changed { added: vec!["new one"], ..Changed::default() }),
            group: None,
            page: 1,
        })
        .into_string();
        assert!(page.contains("A test cluster") && page.contains("owner agreed") && page.contains("New: new one"));
        assert!(page.contains("Both people accepted"));
    }

    #[test]
    fn a_viewer_sees_numbers_only_and_an_empty_subscription_says_so() {
        let summary = Summary { resources: 0, assignments: 4, ..summary(&[]) };
        let page = super::report(&ReportView {
            link: "L",
            reference: "R",
            subscription: "S",
            summary: &summary,
            report: None,
            people: &[],
            overrides: &[],
            open_stops: 0,
            alternatives: &[],
            changed: None,
            group: None,
            page: 1,
        })
        .into_string();
        assert!(page.contains("no names") && page.contains("Only its access is rebuilt: 4"));
        assert!(!page.contains("report.csv"));
    }
}
