//! Whether the subscription can be moved: one row a condition, with what was seen, what to do and who can do it.

use impact::preflight::{Check, CheckId, Preflight, State};
use jiff::Timestamp;
use maud::{Markup, html};

use super::fix::Request;
use super::paged::{seen, wide};
use crate::frame::{frame, person, time};
use crate::text::impact as text;
use crate::{paths, text as words};

/// What the page shows.
#[derive(Debug)]
pub struct PreflightView<'a> {
    /// The link that was opened.
    pub link: &'a str,
    /// The onboarding's short reference.
    pub reference: &'a str,
    /// The rows.
    pub checks: &'a Preflight,
    /// Whether the viewer is one of the two people: only they see what was seen.
    pub details: bool,
    /// Whether a fix is open that the viewer can say is made.
    pub may_check_again: bool,
    /// Requests to forward, for policies that are in the way or can't be read.
    pub requests: &'a [(CheckId, Request<'a>)],
    /// Now.
    pub now: Timestamp,
}

/// How many rows say what: holds, holds with something to know, does not hold, can't be told.
#[must_use]
pub fn preflight_counts(checks: &Preflight) -> [usize; 4] {
    [State::Holds, State::Warning, State::Fails, State::Unknown]
        .map(|state| checks.0.iter().filter(|check| check.state == state).count())
}

/// The counts in a sentence.
pub(crate) fn counted([holds, warnings, fails, unknown]: [usize; 4]) -> String {
    text::PREFLIGHT_SAID.with(&[
        ("holds", &holds.to_string()),
        ("warnings", &warnings.to_string()),
        ("fails", &fails.to_string()),
        ("unknown", &unknown.to_string()),
    ])
}

/// How long ago, in words.
fn ago(at: Timestamp, now: Timestamp) -> String {
    let seconds = now.as_second() - at.as_second();
    let (template, n) = match seconds {
        ..=4 => (text::AGO_NOW, 0),
        5..=119 => (text::AGO_SECONDS, seconds),
        120..=7199 => (text::AGO_MINUTES, seconds / 60),
        7200..=172_799 => (text::AGO_HOURS, seconds / 3600),
        _ => (text::AGO_DAYS, seconds / 86_400),
    };
    template.with(&[("n", &n.to_string())])
}

fn row(check: &Check, now: Timestamp) -> Markup {
    let (title, fix) = text::check(check.id);
    let (sign, said) = text::state(check.state);
    let case = text::CASES.iter().find(|(case, _)| *case == check.case).map(|(_, words)| words.said());
    let at: Option<Timestamp> = check.at.parse().ok();
    html! {
        tr {
            th scope="row" { (title) }
            td { span.state { span aria-hidden="true" { (sign) } " " (said) } }
            td {
                @match case { Some(case) => { (case) } None => { code { (check.case) } } }
                (seen(&check.evidence))
                p.muted { code { (check.source) } }
                @if let Some(at) = at {
                    p.muted {
                        (text::PREFLIGHT_CHECKED.with(&[("ago", &ago(at, now)), ("who", person(check.seen_by).said())]))
                        " (" (time(at)) ")"
                    }
                }
            }
            td {
                @if check.state != State::Holds {
                    (fix)
                    @if let Some(fixer) = check.fixer {
                        p { (text::PREFLIGHT_WHO.with(&[("who", text::fixer(fixer).said())])) }
                    }
                }
            }
        }
    }
}

/// The page.
#[must_use]
pub fn preflight(view: &PreflightView<'_>) -> Markup {
    let content = html! {
        h1 { (text::PREFLIGHT_TITLE) }
        @if view.checks.0.is_empty() { p { (text::PREFLIGHT_EMPTY) } } @else {
            div.panel { p { strong { (counted(preflight_counts(view.checks))) } } }
            p { (text::PREFLIGHT_LEAD) }
        }
        @if view.may_check_again {
            div.actions {
                form method="post" action=(paths::check_again(view.link)) {
                    button type="submit" aria-describedby="again-said" { (words::FIX_CHECK) }
                }
            }
            p.muted #again-said { (text::PREFLIGHT_AGAIN_SAID) }
        }
        @if !view.details { p { (text::COUNTS_ONLY) } } @else {
            @for (group, title) in text::CHECK_GROUPS {
                @let rows: Vec<&Check> = view.checks.0.iter().filter(|check| check.id.group() == group).collect();
                @if !rows.is_empty() {
                    h2 { (title) }
                    (wide(title.said(), &html! {
                        table {
                            caption { (title) }
                            thead { tr {
                                th scope="col" { (text::PREFLIGHT_COL_CHECK) }
                                th scope="col" { (text::PREFLIGHT_COL_STATE) }
                                th scope="col" { (text::PREFLIGHT_COL_SEEN) }
                                th scope="col" { (text::PREFLIGHT_COL_FIX) }
                            } }
                            tbody { @for check in rows { (row(check, view.now)) } }
                        }
                    }))
                }
            }
            @for (id, request) in view.requests {
                @let title = text::PREFLIGHT_PACK.with(&[("check", text::check(*id).0.said())]);
                h2 { (title) }
                pre tabindex="0" aria-label=(title) { (request.words(view.reference)) }
            }
            @if !view.requests.is_empty() { p.muted { (words::FIX_OTHER) } }
        }
        p.actions { a.button.quiet href=(paths::progress(view.link)) { (words::BACK_TO_PROGRESS) } }
    };
    frame(text::PREFLIGHT_TITLE.said(), Some(view.reference), &content)
}

#[cfg(test)]
mod tests {
    use impact::preflight::Fixer;
    use onboarding::{Actor, ErrorName};

    use super::*;

    fn check(id: CheckId, state: State, case: &str) -> Check {
        Check {
            id,
            state,
            case: case.into(),
            evidence: serde_json::from_str(r#"{"assignment":"<b>a1</b>"}"#).unwrap(),
            source: "GET …/policies/default".into(),
            fixer: Some(Fixer::SourceGlobalAdministrator),
            seen_by: Actor::Owner,
            at: "2026-05-12T09:59:48Z".into(),
        }
    }

    fn shown(details: bool, may_check_again: bool) -> String {
        let checks = Preflight(vec![
            check(CheckId::OwnerRole, State::Holds, "direct"),
            check(CheckId::LeavingPolicy, State::Fails, "blocked"),
            check(CheckId::Locks, State::Unknown, "some-new-case"),
        ]);
        let request = Request {
            blocked: ErrorName::LeavingBlocked,
            directory: ("Fabrikam", "45ffe2da-b7a4-460f-9e4c-51afd47b94cb"),
            other: "Contoso",
            account: "rosa@outlook.com",
            object_id: Some("b11a05c8-6acc-435e-9a51-2140dea093a5"),
            subscription: "6c3c85bc-5366-4eaa-8055-a10529eafd03",
        };
        preflight(&PreflightView {
            link: "01ABC.o.secret",
            reference: "ABCD-1234",
            checks: &checks,
            details,
            may_check_again,
            requests: &[(CheckId::LeavingPolicy, request)],
            now: "2026-05-12T10:00:00Z".parse().unwrap(),
        })
        .into_string()
    }

    #[test]
    fn every_row_says_in_words_what_holds_what_was_seen_what_to_do_and_who_can() {
        let page = shown(true, false);
        for piece in [
            "Holds",
            "Does not hold",
            "Can't be told from here",
            "assigned directly",
            "some-new-case",
            "12 seconds ago",
            "a Global Administrator of the directory it is in",
            "<caption>",
            "scope=\"row\"",
        ] {
            let escaped = piece.replace('\'', "&#39;");
            assert!(page.contains(piece) || page.contains(&escaped), "{piece}");
        }
        assert!(!page.contains("<b>a1"), "evidence is inert");
        assert!(!page.contains("<form"));
    }

    #[test]
    fn the_request_can_be_forwarded_as_it_is_and_says_how_to_close_it_again() {
        let page = shown(true, true);
        let request = page.split("<pre").nth(1).unwrap().split("</pre>").next().unwrap();
        for piece in ["Subject:", "b11a05c8", "rosa@outlook.com", "Exempted", "afterwards", "ABCD-1234"] {
            assert!(request.contains(piece), "{piece}");
        }
        assert!(!request.contains("secret") && !request.contains('{'), "{request}");
        assert!(page.contains("check-again"));
    }

    #[test]
    fn a_viewer_sees_counts_only() {
        let page = shown(false, false);
        assert!(page.contains("1 hold") && !page.contains("a1") && !page.contains("rosa"));
    }
}
