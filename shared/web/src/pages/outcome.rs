//! What became of the access, whether it is done as the partner admin sees it, and the receipt of it all.

use access::plan::RowOutcome;
use impact::proof::{Cause, Evidence};
use maud::{Markup, html};
use serde::Serialize;
use serde_json::Value;

use super::paged::{Part, pager, seen, wide};
use crate::frame::frame;
use crate::text::impact as text;
use crate::{paths, text as words};

/// Rows of one page.
const ACCESS_ROWS: usize = 100;

/// What became of one row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Became {
    /// The restore did it, or tried.
    Ended(RowOutcome, Option<String>),
    /// Left out, with the stable word of why.
    LeftOut(String),
    /// Still to come.
    Pending,
    /// Made, and not there when the list was read again.
    Missing,
}

/// One row: before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessRow {
    /// Who had it.
    pub who: String,
    /// The role.
    pub role: String,
    /// Where.
    pub scope: String,
    /// Who has it now, or is to have it.
    pub after: Option<String>,
    /// What became of it.
    pub became: Became,
}

/// Why a row was left out, in words.
#[must_use]
pub fn left_out_words(why: &str) -> &str {
    text::LEFT_OUT.iter().find(|(known, _)| *known == why).map_or(why, |(_, words)| words.said())
}

/// What the page shows.
#[derive(Debug)]
pub struct AccessView<'a> {
    /// The link that was opened.
    pub link: &'a str,
    /// The onboarding's short reference.
    pub reference: &'a str,
    /// All rows.
    pub rows: &'a [AccessRow],
    /// Access that was not there before: who, role and scope.
    pub new: &'a [[String; 3]],
    /// Whether the viewer is one of the two people.
    pub details: bool,
    /// The page.
    pub page: usize,
}

fn became(became: &Became) -> Markup {
    html! {
        @match became {
            Became::Ended(outcome, error) => {
                (text::outcome(*outcome))
                @if let Some(error) = error { p.muted { (text::ACCESS_AZURE_SAID) code lang="en" translate="no" { (error) } } }
            }
            Became::LeftOut(why) => { (text::ACCESS_LEFT_OUT) (left_out_words(why)) }
            Became::Pending => { (text::ACCESS_PENDING) }
            Became::Missing => { (text::ACCESS_MISSING) }
        }
    }
}

/// Access before and after.
#[must_use]
pub fn access(view: &AccessView<'_>) -> Markup {
    let count = |is: fn(&Became) -> bool| view.rows.iter().filter(|row| is(&row.became)).count().to_string();
    let part = Part::of(view.rows.len(), ACCESS_ROWS, view.page);
    let said = text::ACCESS_SAID.with(&[
        ("restored", &count(|became| matches!(became, Became::Ended(RowOutcome::Restored, _)))),
        ("present", &count(|became| matches!(became, Became::Ended(RowOutcome::Present, _)))),
        ("refused", &count(|became| matches!(became, Became::Ended(RowOutcome::Refused, _)))),
        ("left", &count(|became| matches!(became, Became::LeftOut(_)))),
        ("pending", &count(|became| matches!(became, Became::Pending))),
    ]);
    let content = html! {
        h1 { (text::ACCESS_TITLE) }
        div.panel { p { strong { (said) } } }
        @if !view.details { p { (text::COUNTS_ONLY) } } @else {
            (wide(text::ACCESS_TABLE.said(), &html! {
                table {
                    caption { (text::ACCESS_TABLE) }
                    thead { tr {
                        th scope="col" { (text::ACCESS_COL_BEFORE) }
                        th scope="col" { (text::COL_ROLE) }
                        th scope="col" { (text::COL_SCOPE) }
                        th scope="col" { (text::COL_AFTER) }
                        th scope="col" { (text::COL_RESULT) }
                    } }
                    tbody {
                        @for row in part.of_rows(view.rows) {
                            tr {
                                th scope="row" { (row.who) }
                                td { (row.role) }
                                td { code { (row.scope) } }
                                td { @if let Some(after) = &row.after { (after) } }
                                td { (became(&row.became)) }
                            }
                        }
                    }
                }
            }))
            (pager(part, &paths::access(view.link)))
            @if !view.new.is_empty() {
                h2 { (text::ACCESS_NEW) ": " (view.new.len()) }
                p { (text::ACCESS_NEW_SAID) }
                (wide(text::ACCESS_NEW.said(), &html! {
                    table {
                        caption { (text::ACCESS_NEW) }
                        thead { tr {
                            th scope="col" { (text::COL_WHO) }
                            th scope="col" { (text::COL_ROLE) }
                            th scope="col" { (text::COL_SCOPE) }
                        } }
                        tbody {
                            @for [who, role, scope] in Part::of(view.new.len(), ACCESS_ROWS, 1).of_rows(view.new) {
                                tr { th scope="row" { (who) } td { (role) } td { code { (scope) } } }
                            }
                        }
                    }
                }))
            }
        }
        p.actions { a.button.quiet href=(paths::progress(view.link)) { (words::BACK_TO_PROGRESS) } }
    };
    frame(text::ACCESS_TITLE.said(), Some(view.reference), &content)
}

/// What the page shows.
#[derive(Debug)]
pub struct ProofView<'a> {
    /// The link that was opened.
    pub link: &'a str,
    /// The onboarding's short reference.
    pub reference: &'a str,
    /// What was asked and seen.
    pub evidence: &'a [Evidence],
    /// Why it may not be seen, tested.
    pub causes: &'a [Cause],
    /// The partner directory's id.
    pub tenant: &'a str,
    /// Whether there is a receipt.
    pub receipt: bool,
    /// Whether the viewer is one of the two people.
    pub details: bool,
}

/// The proof.
#[must_use]
pub fn proof(view: &ProofView<'_>) -> Markup {
    let missing = view.evidence.iter().filter(|one| !one.holds).count();
    let said = if missing == 0 {
        text::PROOF_ALL.said().to_owned()
    } else {
        text::PROOF_SOME.with(&[("n", &missing.to_string()), ("all", &view.evidence.len().to_string())])
    };
    let content = html! {
        h1 { (text::PROOF_TITLE) }
        div.panel.good[missing == 0].bad[missing > 0] { p { strong { (said) } } }
        @if !view.details { p { (text::COUNTS_ONLY) } } @else {
            (wide(text::PROOF_TABLE.said(), &html! {
                table {
                    caption { (text::PROOF_TABLE) }
                    thead { tr {
                        th scope="col" { (text::PROOF_COL_CHECK) }
                        th scope="col" { (text::COL_RESULT) }
                        th scope="col" { (text::PREFLIGHT_COL_SEEN) }
                        th scope="col" { (text::PROOF_COL_CALL) }
                    } }
                    tbody {
                        @for one in view.evidence {
                            @let known = text::PROOFS.iter().find(|(check, _)| *check == one.check);
                            tr {
                                th scope="row" { @match known { Some((_, words)) => { (words) } None => { code { (one.check) } } } }
                                td { span.state { @if one.holds { (text::PROOF_YES) } @else { (text::PROOF_NO) } } }
                                td { (seen(&one.seen)) }
                                td { code { (one.source) } }
                            }
                        }
                    }
                }
            }))
            @if !view.causes.is_empty() {
                h2 { (text::PROOF_CAUSES) }
                (wide(text::PROOF_CAUSES.said(), &html! {
                    table {
                        caption { (text::PROOF_CAUSES) }
                        thead { tr {
                            th scope="col" { (text::PROOF_CAUSE) }
                            th scope="col" { (text::COL_RESULT) }
                            th scope="col" { (text::PREFLIGHT_COL_SEEN) }
                            th scope="col" { (text::REPORT_COL_DO) }
                        } }
                        tbody {
                            @for one in view.causes {
                                @let known = text::CAUSES.iter().find(|(cause, _, _)| *cause == one.cause);
                                tr {
                                    th scope="row" { @match known { Some((_, words, _)) => { (words) } None => { code { (one.cause) } } } }
                                    td { @match one.applies {
                                        Some(true) => { (text::PROOF_CAUSE_YES) }
                                        Some(false) => { (text::PROOF_CAUSE_NO) }
                                        None => { (text::PROOF_CAUSE_UNKNOWN) }
                                    } }
                                    td { (seen(&one.seen)) }
                                    td { @if let Some((_, _, tip)) = known { (tip) } }
                                }
                            }
                        }
                    }
                }))
            }
        }
        h2 { (text::PROOF_TIPS) }
        ul { @for tip in text::PROOF_TIP_ROWS { li { (tip.with(&[("tenant", view.tenant)])) } } }
        @if view.receipt && view.details { p { a href=(paths::receipt(view.link)) { (text::PROOF_RECEIPT) } } }
        p.actions { a.button.quiet href=(paths::progress(view.link)) { (words::BACK_TO_PROGRESS) } }
    };
    frame(text::PROOF_TITLE.said(), Some(view.reference), &content)
}

/// What a receipt holds, as it was written: names and values, as deep as they go.
fn value(value: &Value) -> Markup {
    html! {
        @match value {
            Value::Object(fields) => {
                dl { @for (name, inner) in fields { dt { (name) } dd { (self::value(inner)) } } }
            }
            Value::Array(items) => { ul { @for inner in items { li { (self::value(inner)) } } } }
            Value::String(text) => { (text) }
            Value::Null | Value::Bool(_) | Value::Number(_) => { code { (value) } }
        }
    }
}

/// The receipt.
#[must_use]
pub fn receipt(link: &str, reference: &str, hash: &str, content: &Value) -> Markup {
    let content = html! {
        h1 { (text::RECEIPT_TITLE) }
        p { (text::RECEIPT_LEAD) }
        dl { dt { (text::RECEIPT_HASH) } dd { code { (hash) } } }
        (value(content))
        div.actions {
            a.button.quiet href=(paths::receipt_json(link)) { (text::RECEIPT_JSON) }
            a.button.quiet href=(paths::progress(link)) { (words::BACK_TO_PROGRESS) }
        }
        p.muted { (text::REPORT_PRINT) }
    };
    frame(text::RECEIPT_TITLE.said(), Some(reference), &content)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(became: Became) -> AccessRow {
        AccessRow {
            who: "<i>Ada".into(),
            role: "Reader".into(),
            scope: "/subscriptions/x".into(),
            after: Some("Ada L".into()),
            became,
        }
    }

    #[test]
    fn each_row_says_what_became_of_it_and_why() {
        let rows = [
            row(Became::Ended(RowOutcome::Restored, None)),
            row(Became::Ended(RowOutcome::Refused, Some("PrincipalNotFound".into()))),
            row(Became::LeftOut("skipped".into())),
            row(Became::LeftOut("something-new".into())),
            row(Became::Pending),
        ];
        let page = access(&AccessView { link: "L", reference: "R", rows: &rows, new: &[], details: true, page: 1 })
            .into_string();
        for piece in
            ["✓ Restored", "PrincipalNotFound", "skipped on purpose", "something-new", "Still to come", "1 refused"]
        {
            assert!(page.contains(piece), "{piece}");
        }
        assert!(!page.contains("<i>"));
        let counts = access(&AccessView { link: "L", reference: "R", rows: &rows, new: &[], details: false, page: 1 })
            .into_string();
        assert!(counts.contains("2 left out") && !counts.contains("Ada"));
    }

    #[test]
    fn the_proof_shows_what_was_seen_and_the_tips_with_the_directory() {
        let evidence = [Evidence {
            check: "listed".into(),
            holds: true,
            seen: serde_json::from_str(r#"{"requestId":"<r>"}"#).unwrap(),
            source: "GET /subscriptions".into(),
        }];
        let causes = [Cause { cause: "filter".into(), applies: None, seen: serde_json::Map::new() }];
        let view = ProofView {
            link: "L",
            reference: "R",
            evidence: &evidence,
            causes: &causes,
            tenant: "t-1",
            receipt: true,
            details: true,
        };
        let page = proof(&view).into_string();
        for piece in ["✓ Yes", "az account clear", "Clear-AzContext", "t-1", "/o/L/receipt", "filter hides it"] {
            assert!(page.contains(piece), "{piece}");
        }
        assert!(!page.contains("<r>"));
        assert!(!proof(&ProofView { details: false, ..view }).into_string().contains("requestId"));
    }

    #[test]
    fn a_receipt_is_shown_as_deep_as_it_goes_and_inert() {
        let page = receipt("L", "R", "h1", &serde_json::json!({"a": [{"b": "<script>"}], "n": 1})).into_string();
        assert!(page.contains("h1") && page.contains("&lt;script&gt;") && page.contains("receipt.json"));
    }
}
