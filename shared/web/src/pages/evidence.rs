//! The evidence: the whole trail with its hashes, to read, to print and to download.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use onboarding::audit::Entry;

use super::paged::wide;
use super::progress::{ActivityRow, activity_said, technical};
use super::short_code;
use crate::frame::{frame, time};
use crate::text::impact as words;
use crate::{paths, text};

/// What the page shows.
#[derive(Debug)]
pub struct EvidenceView<'a> {
    /// The person's link.
    pub link: &'a str,
    /// The onboarding's short reference.
    pub reference: &'a str,
    /// The trail, oldest first.
    pub trail: &'a [Entry],
    /// Whether it holds together: the first entry that does not, if any.
    pub broken: Option<String>,
}

/// The page.
#[must_use]
pub fn evidence(view: &EvidenceView<'_>) -> Markup {
    let content = html! {
        h1 { (words::EVIDENCE_TITLE) }
        p { (words::EVIDENCE_LEAD) }
        (integrity(view.trail, view.broken.as_deref()))
        div.actions {
            a.button.quiet href=(paths::evidence_json(view.link)) { (words::EVIDENCE_JSON) }
            a.button.quiet href=(paths::evidence_html(view.link)) { (words::EVIDENCE_HTML) }
            a.button.quiet href=(paths::progress(view.link)) { (text::BACK_TO_PROGRESS) }
        }
        p.muted { (words::EVIDENCE_CHECK) " " code { "cargo run -- verify FILE" } }
        (trail(view.trail))
        p.muted { (words::REPORT_PRINT) }
    };
    frame(words::EVIDENCE_TITLE.said(), Some(view.reference), &content)
}

/// The same as a file: whole by itself, without a link in it that opens anything.
#[must_use]
pub fn evidence_document(reference: &str, trail_of: &[Entry], broken: Option<&str>) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(texts::language().tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (words::EVIDENCE_TITLE) " · " (text::PRODUCT) }
                style { (PreEscaped(crate::answer::STYLE)) }
            }
            body {
                main {
                    h1 { (words::EVIDENCE_TITLE) }
                    p { (text::REFERENCE) " " (reference) }
                    p { (words::EVIDENCE_LEAD) }
                    (integrity(trail_of, broken))
                    (trail(trail_of))
                }
            }
        }
    }
}

/// Whether a trail holds together, and its last hash.
pub(super) fn integrity(trail: &[Entry], broken: Option<&str>) -> Markup {
    let head = trail.last().map_or("", |entry| entry.hash.as_str());
    html! {
        div class={ "panel " (if broken.is_some() { "bad" } else { "good" }) } {
            @match broken {
                None => { p { strong { (words::EVIDENCE_HOLDS.with(&[("n", &trail.len().to_string())])) } } }
                Some(why) => { p { strong { (words::EVIDENCE_BROKEN) } } p { code lang="en" { (why) } } }
            }
            dl {
                dt { (words::EVIDENCE_HEAD) }
                dd { code { (short_code(head)) } br; code.muted { (head) } }
            }
            p { (words::EVIDENCE_COMPARE) }
        }
    }
}

/// A trail, entry by entry.
pub(super) fn trail(trail: &[Entry]) -> Markup {
    let said = |entry: &Entry| {
        let at = entry.at.parse().unwrap_or_default();
        let step = entry.step.as_deref().and_then(onboarding::Step::parse);
        activity_said(&ActivityRow { at, actor: entry.actor.clone(), action: entry.action.clone(), step, detail: None })
    };
    wide(
        text::PROGRESS_ACTIVITY.said(),
        &html! {
            table {
                caption { (text::PROGRESS_ACTIVITY) }
                thead { tr { th scope="col" { "#" } th scope="col" { (words::EVIDENCE_WHEN) } th scope="col" { (words::EVIDENCE_WHAT) } th scope="col" { (words::EVIDENCE_HASH) } } }
                tbody {
                    @for entry in trail {
                        tr {
                            th scope="row" { (entry.seq) }
                            td { @match entry.at.parse() { Ok(at) => { (time(at)) } Err(_) => { (entry.at) } } }
                            td {
                                (said(entry))
                                (technical(Some(&entry.detail)))
                            }
                            td { code { (short_code(&entry.hash)) } }
                        }
                    }
                }
            }
        },
    )
}
