//! The review: who gets access again, for whom in the partner directory, and why a hard stop may be accepted.

use access::mapping::{Confidence, Verdict};
use maud::{Markup, html};
use onboarding::Actor;

use super::paged::{Part, pager, wide};
use crate::form::Problem;
use crate::frame::{described_by, error_summary, field_error, frame, person, problem_of};
use crate::text::impact as text;
use crate::{paths, text as words};

/// Rows of one page.
pub const MAPPING_ROWS: usize = 50;
/// Which button was pressed.
pub const FIELD_DO: &str = "do";
/// The hash of the decisions that the page showed.
pub const FIELD_VERSION: &str = "decisions";
/// The page that was shown.
pub const FIELD_PAGE: &str = "page";
/// The pasted list.
pub const FIELD_CSV: &str = "csv";
/// [`FIELD_DO`]: keep the decisions of the page.
pub const DO_SAVE: &str = "save";
/// [`FIELD_DO`]: accept every exact suggestion.
pub const DO_EXACT: &str = "accept-exact";
/// [`FIELD_DO`]: keep the reasons for hard stops.
pub const DO_OVERRIDE: &str = "override";
/// [`FIELD_DO`]: show what the pasted list changes.
pub const DO_PREVIEW: &str = "csv-preview";
/// [`FIELD_DO`]: apply the pasted list.
pub const DO_APPLY: &str = "csv-apply";
/// [`FIELD_DO`]: the review is done.
pub const DO_DONE: &str = "done";

/// The field of a row's decision: `restore`, `skip`, or empty for undecided.
#[must_use]
pub fn decide_field(key: &str) -> String {
    format!("decide-{key}")
}

/// The field of the object id that a row is restored for.
#[must_use]
pub fn target_field(key: &str) -> String {
    format!("target-{key}")
}

/// The tick box of the other person's agreement, to a row or to a reason.
#[must_use]
pub fn agree_field(key: &str) -> String {
    format!("agree-{key}")
}

/// The field of the reason for a hard stop.
#[must_use]
pub fn reason_field(key: &str) -> String {
    format!("reason-{key}")
}

/// What was decided about a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// What.
    pub verdict: Verdict,
    /// By whom.
    pub by: Actor,
    /// The other person, if they agreed.
    pub agreed: Option<Actor>,
}

/// One assignment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingRow {
    /// What its fields are called after.
    pub key: String,
    /// Who has it today.
    pub who: String,
    /// The role.
    pub role: String,
    /// Where.
    pub scope: String,
    /// Its condition.
    pub condition: Option<String>,
    /// Whether it gives access to others.
    pub privileged: bool,
    /// Who that is in the partner directory: a name, if somebody was found.
    pub after: Option<String>,
    /// The object id in the field: what was decided, or what is suggested.
    pub target: String,
    /// How sure.
    pub confidence: Confidence,
    /// Why, as a stable word.
    pub reason: String,
    /// What was decided.
    pub decided: Option<Decided>,
}

/// One hard stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StopRow {
    /// What its fields are called after.
    pub key: String,
    /// The resource's name.
    pub name: String,
    /// Its type.
    pub kind: String,
    /// Why it can't come back.
    pub why: String,
    /// The reason that was given, and by whom.
    pub reason: Option<(String, Actor)>,
    /// The other person, if they agreed.
    pub agreed: Option<Actor>,
}

/// A line of the pasted list that can't be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CsvProblem {
    /// The line, from 1.
    pub line: u64,
    /// The column.
    pub column: String,
    /// What is wrong.
    pub message: String,
}

/// A difference between what is decided and what the pasted list says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Who, role and scope.
    pub what: String,
    /// Decided so far.
    pub before: String,
    /// The list says.
    pub after: String,
}

/// What the page shows.
#[derive(Debug)]
pub struct MappingView<'a> {
    /// The person's link.
    pub link: &'a str,
    /// The onboarding's short reference.
    pub reference: &'a str,
    /// Who looks.
    pub viewer: Actor,
    /// The rows of this page.
    pub rows: &'a [MappingRow],
    /// Which part of all rows that is.
    pub part: Part,
    /// How many rows are decided.
    pub decided: usize,
    /// How many assignments can't be made again.
    pub left: usize,
    /// How many undecided rows have an exact suggestion.
    pub exact: usize,
    /// The hard stops.
    pub stops: &'a [StopRow],
    /// The hash of the decisions.
    pub version: &'a str,
    /// What was typed, where it is shown again.
    pub typed: &'a crate::Fields,
    /// Lines of the pasted list that can't be used.
    pub csv_problems: &'a [CsvProblem],
    /// What the pasted list changes.
    pub differences: Option<&'a [Difference]>,
    /// What is wrong.
    pub problems: &'a [Problem],
    /// How many changes were kept just now.
    pub saved: Option<usize>,
}

fn hidden(view: &MappingView<'_>) -> Markup {
    html! {
        input type="hidden" name=(FIELD_VERSION) value=(view.version);
        input type="hidden" name=(FIELD_PAGE) value=(view.part.page);
    }
}

fn decided_by(decided: Option<&Decided>, privileged: bool) -> Markup {
    html! {
        @if let Some(decided) = decided {
            (person(decided.by))
            @match (decided.agreed, privileged && decided.verdict == Verdict::Restore) {
                (Some(agreed), _) => { ", " (text::MAPPING_AGREED.with(&[("who", person(agreed).said())])) }
                (None, true) => {
                    ", " (text::MAPPING_NOT_AGREED.with(&[("who", person(decided.by.other()).said())]))
                }
                (None, false) => {}
            }
        }
    }
}

fn row(view: &MappingView<'_>, row: &MappingRow) -> Markup {
    let (decide, target, agree) = (decide_field(&row.key), target_field(&row.key), agree_field(&row.key));
    let problem = problem_of(view.problems, &target);
    let now = match row.decided.as_ref().map(|decided| decided.verdict) {
        Some(Verdict::Restore) => "restore",
        Some(Verdict::Skip) => "skip",
        None => "",
    };
    // What was typed stays when something on the page is wrong.
    let chosen = if view.problems.is_empty() { now } else { view.typed.filled(&decide).unwrap_or(now) };
    let typed = if view.problems.is_empty() { &row.target } else { view.typed.filled(&target).unwrap_or(&row.target) };
    let (sign, sure) = text::confidence(row.confidence);
    let reason = text::REASONS.iter().find(|(known, _)| *known == row.reason).map(|(_, words)| words.said());
    let sure_id = format!("sure-{}", row.key);
    let can_agree = row.privileged
        && row.decided.as_ref().is_some_and(|decided| {
            decided.verdict == Verdict::Restore && decided.by != view.viewer && decided.agreed.is_none()
        });
    let described = match described_by(&target, false, problem.is_some()) {
        Some(error) => format!("{sure_id} {error}"),
        None => sure_id.clone(),
    };
    html! {
        tr {
            th scope="row" { (row.who) }
            td { @match &row.after { Some(after) => { (after) } None => { (text::MAPPING_NOBODY) } } }
            td {
                (row.role)
                @if row.privileged { p.muted { (text::MAPPING_PRIVILEGED) } }
                @if let Some(condition) = &row.condition { p.muted { (text::MAPPING_CONDITION) code { (condition) } } }
            }
            td { code { (row.scope) } }
            td id=(sure_id) {
                span aria-hidden="true" { (sign) } " " (sure)
                p.muted { @match reason { Some(reason) => { (reason) } None => { (row.reason) } } }
            }
            td {
                (field_error(&target, problem))
                select name=(decide) aria-describedby=(sure_id)
                    aria-label=(text::MAPPING_DECIDE_FOR.with(&[("who", &row.who), ("role", &row.role)])) {
                    // Decided once, a row is restored or skipped: undecided and skipped come to the same.
                    @if now.is_empty() { option value="" selected[chosen.is_empty()] { (text::MAPPING_OPEN) } }
                    option value="restore" selected[chosen == "restore"] { (text::MAPPING_RESTORE) }
                    option value="skip" selected[chosen == "skip"] { (text::MAPPING_SKIP) }
                }
                input type="text" id=(target) name=(target) value=(typed) autocomplete="off" spellcheck="false"
                    aria-label={ (text::MAPPING_TARGET) ": " (row.who) ", " (row.role) }
                    aria-invalid=[problem.map(|_| "true")] aria-describedby=(described);
                @if can_agree {
                    div.choice {
                        input type="checkbox" id=(agree) name=(agree) value="yes";
                        label for=(agree) { (text::MAPPING_AGREE.with(&[("who", &row.who), ("role", &row.role)])) }
                    }
                }
            }
            td { (decided_by(row.decided.as_ref(), row.privileged)) }
        }
    }
}

fn stops(view: &MappingView<'_>) -> Markup {
    html! {
        h2 { (text::MAPPING_STOPS.with(&[("n", &view.stops.len().to_string())])) }
        p { (text::MAPPING_STOPS_SAID) }
        form method="post" action=(paths::mapping(view.link)) novalidate {
            (hidden(view))
            @for stop in view.stops {
                @let (reason, agree) = (reason_field(&stop.key), agree_field(&stop.key));
                @let problem = problem_of(view.problems, &reason);
                @let given = stop.reason.as_ref().map_or("", |(reason, _)| reason.as_str());
                @let typed = if view.problems.is_empty() { given } else { view.typed.filled(&reason).unwrap_or(given) };
                div.field {
                    p { span.state { (text::REPORT_HARD_STOP) } " " (stop.name) " " span.muted { "(" (stop.kind) ")" } }
                    p.hint id={ (reason) "-hint" } { (stop.why) }
                    label for=(reason) { (text::MAPPING_REASON.with(&[("name", &stop.name)])) }
                    (field_error(&reason, problem))
                    textarea id=(reason) name=(reason) rows="2" maxlength="1000"
                        aria-invalid=[problem.map(|_| "true")]
                        aria-describedby=[described_by(&reason, true, problem.is_some())] { (typed) }
                    @if let Some((_, by)) = &stop.reason {
                        p.muted {
                            (text::MAPPING_COL_BY) ": " (person(*by)) ", "
                            @match stop.agreed {
                                Some(agreed) => { (text::MAPPING_AGREED.with(&[("who", person(agreed).said())])) }
                                None => { (text::MAPPING_NOT_AGREED.with(&[("who", person(by.other()).said())])) }
                            }
                        }
                        @if *by != view.viewer && stop.agreed.is_none() {
                            div.choice {
                                input type="checkbox" id=(agree) name=(agree) value="yes";
                                label for=(agree) { (text::MAPPING_REASON_AGREE.with(&[("name", &stop.name)])) }
                            }
                        }
                    }
                }
            }
            div.actions { button type="submit" name=(FIELD_DO) value=(DO_OVERRIDE) { (text::MAPPING_OVERRIDE) } }
        }
    }
}

fn spreadsheet(view: &MappingView<'_>) -> Markup {
    let pasted = view.typed.get(FIELD_CSV);
    let problem = problem_of(view.problems, FIELD_CSV);
    html! {
        h2 { (text::MAPPING_CSV) }
        p #csv-hint { (text::MAPPING_CSV_SAID) }
        p { a href=(paths::mapping_csv(view.link)) { (text::MAPPING_CSV_GET) } }
        @if !view.csv_problems.is_empty() {
            ul {
                @for wrong in view.csv_problems {
                    li { (text::MAPPING_CSV_LINE.with(&[
                        ("line", &wrong.line.to_string()), ("column", &wrong.column), ("message", &wrong.message),
                    ])) }
                }
            }
        }
        @if let Some(differences) = view.differences {
            @if differences.is_empty() { p role="status" { (text::MAPPING_CSV_SAME) } } @else {
                (wide(text::MAPPING_CSV_DIFFERENCES.said(), &html! {
                    table {
                        caption { (text::MAPPING_CSV_DIFFERENCES) ": " (differences.len()) }
                        thead { tr {
                            th scope="col" { (text::MAPPING_COL_TODAY) }
                            th scope="col" { (text::MAPPING_COL_BEFORE) }
                            th scope="col" { (text::MAPPING_COL_NEW) }
                        } }
                        tbody {
                            @for one in differences {
                                tr { th scope="row" { (one.what) } td { (one.before) } td { (one.after) } }
                            }
                        }
                    }
                }))
            }
        }
        form method="post" action=(paths::mapping(view.link)) novalidate {
            (hidden(view))
            div.field {
                label for=(FIELD_CSV) { (text::MAPPING_CSV_FIELD) }
                (field_error(FIELD_CSV, problem))
                textarea id=(FIELD_CSV) name=(FIELD_CSV) rows="6" spellcheck="false"
                    aria-invalid=[problem.map(|_| "true")]
                    aria-describedby=[described_by(FIELD_CSV, true, problem.is_some())] { (pasted) }
            }
            div.actions {
                @if let Some(differences) = view.differences.filter(|differences| !differences.is_empty()) {
                    button type="submit" name=(FIELD_DO) value=(DO_APPLY) {
                        (text::MAPPING_CSV_APPLY.with(&[("n", &differences.len().to_string())]))
                    }
                }
                button.quiet type="submit" name=(FIELD_DO) value=(DO_PREVIEW) { (text::MAPPING_CSV_PREVIEW) }
            }
        }
    }
}

/// The page.
#[must_use]
pub fn mapping(view: &MappingView<'_>) -> Markup {
    let said = text::MAPPING_SAID.with(&[
        ("total", &view.part.total.to_string()),
        ("decided", &view.decided.to_string()),
        ("left", &view.left.to_string()),
    ]);
    let without_reason = view.stops.iter().filter(|stop| stop.reason.is_none()).count();
    let content = html! {
        h1 { (text::MAPPING_TITLE) }
        (error_summary(view.problems))
        @if let Some(saved) = view.saved {
            div.panel.good role="status" { p { (text::MAPPING_SAVED.with(&[("n", &saved.to_string())])) } }
        }
        p { (text::MAPPING_LEAD) }
        p { (said) " " a href=(paths::report(view.link)) { (text::CONFIRM_READ_REPORT) } }
        @if view.part.total == 0 { p { (text::MAPPING_EMPTY) } } @else {
            @if view.exact > 0 {
                form method="post" action=(paths::mapping(view.link)) {
                    (hidden(view))
                    div.actions {
                        button type="submit" name=(FIELD_DO) value=(DO_EXACT) aria-describedby="exact-said" {
                            (text::MAPPING_EXACT.with(&[("n", &view.exact.to_string())]))
                        }
                    }
                    p.muted #exact-said { (text::MAPPING_EXACT_SAID) }
                }
            }
            form method="post" action=(paths::mapping(view.link)) novalidate {
                (hidden(view))
                (wide(text::MAPPING_TABLE.said(), &html! {
                    table {
                        caption { (text::MAPPING_TABLE) }
                        thead { tr {
                            th scope="col" { (text::MAPPING_COL_TODAY) }
                            th scope="col" { (text::COL_AFTER) }
                            th scope="col" { (text::COL_ROLE) }
                            th scope="col" { (text::COL_SCOPE) }
                            th scope="col" { (text::MAPPING_COL_SURE) }
                            th scope="col" { (text::MAPPING_COL_DECISION) }
                            th scope="col" { (text::MAPPING_COL_BY) }
                        } }
                        tbody { @for one in view.rows { (row(view, one)) } }
                    }
                }))
                (pager(view.part, &paths::mapping(view.link)))
                div.actions { button type="submit" name=(FIELD_DO) value=(DO_SAVE) { (text::MAPPING_SAVE) } }
            }
        }
        @if !view.stops.is_empty() { (stops(view)) }
        @if view.part.total > 0 { (spreadsheet(view)) }
        @match view.viewer {
            Actor::PartnerAdmin => {
                h2 { (text::MAPPING_DONE) }
                p #done-said { (text::MAPPING_DONE_SAID) }
                @if without_reason > 0 {
                    p.error { (text::MAPPING_DONE_OPEN.with(&[("n", &without_reason.to_string())])) }
                }
                form method="post" action=(paths::mapping(view.link)) {
                    (hidden(view))
                    div.actions {
                        button type="submit" name=(FIELD_DO) value=(DO_DONE) aria-describedby="done-said" { (text::MAPPING_DONE) }
                    }
                }
            }
            Actor::Owner => { p.actions { a.button href=(paths::confirm(view.link)) { (text::MAPPING_BACK) } } }
        }
        p.actions { a.button.quiet href=(paths::progress(view.link)) { (words::BACK_TO_PROGRESS) } }
    };
    frame(text::MAPPING_TITLE.said(), Some(view.reference), &content)
}

/// A decision in words.
#[must_use]
pub fn decision_said(verdict: Option<Verdict>, target: Option<&str>) -> String {
    match (verdict, target) {
        (None, _) => text::MAPPING_OPEN.said().to_owned(),
        (Some(Verdict::Skip), _) => text::MAPPING_SKIP.said().to_owned(),
        (Some(Verdict::Restore), target) => {
            format!("{}: {}", text::MAPPING_RESTORE.said(), target.unwrap_or(text::MAPPING_NOBODY.said()))
        }
    }
}

/// The problem of decisions that somebody else changed meanwhile.
#[must_use]
pub fn stale() -> Problem {
    Problem::new("", "Mapping.Stale", text::MAPPING_STALE.said())
}

/// The problem of a page that was sent as it was.
#[must_use]
pub fn nothing_changed() -> Problem {
    Problem::new("", "Mapping.NothingChanged", text::MAPPING_NOTHING.said())
}

/// The problem of a row that has nobody to be restored for.
#[must_use]
pub fn target_wrong(key: &str, who: &str) -> Problem {
    Problem::new(&target_field(key), "Mapping.TargetInvalid", text::MAPPING_TARGET_WRONG.with(&[("who", who)]))
}

/// The problem of agreeing to one's own decision.
#[must_use]
pub fn own_decision(field: &str) -> Problem {
    Problem::new(field, "Mapping.OwnDecision", text::MAPPING_OWN.said())
}

/// The problem of a reason that says nothing, or too much.
#[must_use]
pub fn reason_wrong(key: &str, name: &str) -> Problem {
    Problem::new(&reason_field(key), "Mapping.ReasonLength", text::MAPPING_REASON_SHORT.with(&[("name", name)]))
}

/// The problem of a pasted list with lines that can't be used; none at all if nothing was pasted.
#[must_use]
pub fn csv_wrong(lines: usize) -> Problem {
    let message = match lines {
        0 => text::MAPPING_CSV_EMPTY.said().to_owned(),
        n => text::MAPPING_CSV_WRONG.with(&[("n", &n.to_string())]),
    };
    Problem::new(FIELD_CSV, "Mapping.ListInvalid", message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Fields;

    fn rows() -> Vec<MappingRow> {
        let row = MappingRow {
            key: "k1".into(),
            who: "Ada <script>".into(),
            role: "Owner".into(),
            scope: "/subscriptions/x".into(),
            condition: None,
            privileged: true,
            after: Some("Ada L".into()),
            target: "b11a05c8-6acc-435e-9a51-2140dea093a5".into(),
            confidence: Confidence::Exact,
            reason: "signed-in".into(),
            decided: Some(Decided { verdict: Verdict::Restore, by: Actor::PartnerAdmin, agreed: None }),
        };
        let open = MappingRow {
            key: "k2".into(),
            who: "Group ops".into(),
            role: "Reader".into(),
            privileged: false,
            after: None,
            target: String::new(),
            confidence: Confidence::None,
            reason: "no-key".into(),
            decided: None,
            ..row.clone()
        };
        vec![row, open]
    }

    fn stop() -> StopRow {
        StopRow {
            key: "s1".into(),
            name: "aks1".into(),
            kind: "aks".into(),
            why: "It can't be moved".into(),
            reason: None,
            agreed: None,
        }
    }

    fn shown(viewer: Actor, typed: &Fields, problems: &[Problem], stops: &[StopRow]) -> String {
        let rows = rows();
        mapping(&MappingView {
            link: "L",
            reference: "R",
            viewer,
            rows: &rows,
            part: Part::of(2, MAPPING_ROWS, 1),
            decided: 1,
            left: 3,
            exact: 1,
            stops,
            version: "v1",
            typed,
            csv_problems: &[],
            differences: None,
            problems,
            saved: None,
        })
        .into_string()
    }

    #[test]
    fn a_row_says_who_for_whom_how_sure_and_who_decided() {
        let page = shown(Actor::PartnerAdmin, &Fields::default(), &[], &[stop()]);
        for piece in [
            "Ada &lt;script&gt;",
            "Ada L",
            "Exact",
            "No match",
            "Nobody was found",
            "waits for the subscription's owner to agree",
            "Accept all exact (1)",
            r#"name="decide-k1""#,
            r#"name="target-k1""#,
            r#"aria-describedby="sure-k1""#,
            r#"name="decisions" value="v1""#,
            "hard stop has no reason yet",
            r#"value="done""#,
        ] {
            assert!(page.contains(piece), "{piece}");
        }
        assert!(!page.contains("agree-k1"), "nobody agrees to what they decided themselves");
    }

    #[test]
    fn only_the_other_person_is_offered_to_agree() {
        let given = StopRow { reason: Some(("A test cluster".into(), Actor::PartnerAdmin)), ..stop() };
        let page = shown(Actor::Owner, &Fields::default(), &[], &[given]);
        assert!(page.contains(r#"name="agree-k1""#) && page.contains(r#"name="agree-s1""#));
        assert!(!page.contains(r#"value="done""#), "the owner ends nothing here");
        assert!(page.contains("/o/L/confirm"));
    }

    #[test]
    fn what_was_typed_stays_beside_what_is_wrong() {
        let typed = Fields::default().with("decide-k2", "restore").with("target-k2", "nonsense").with("csv", "a,b");
        let page = shown(Actor::PartnerAdmin, &typed, &[target_wrong("k2", "Group ops")], &[]);
        assert!(page.contains(r#"value="nonsense""#) && page.contains("a,b</textarea>"));
        assert!(page.contains("Mapping.TargetInvalid") && page.contains(r##"href="#target-k2""##));
    }
}
