//! A report for other programs: CSV for spreadsheets, JSON for everything else.

use access::snapshot::NotRead;
use onboarding::{SubscriptionId, TenantId};
use serde::Serialize;

use super::{Alternative, Finding, Group, Report, Task};
use crate::catalogue::{self, Recoverable};

impl Group {
    /// Its stable word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::StopsNow => "stops-now",
            Self::Redo => "redo",
            Self::CannotComeBack => "cannot-come-back",
            Self::CheckIt => "check-it",
            Self::LosesAccess => "loses-access",
        }
    }
}

impl Recoverable {
    /// Its stable word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Unknown => "unknown",
        }
    }
}

const COLUMNS: [&str; 13] = [
    "id",
    "group",
    "hardStop",
    "recoverable",
    "name",
    "kind",
    "resource",
    "dependsOn",
    "detail",
    "why",
    "when",
    "todo",
    "link",
];

fn cells(finding: &Finding) -> [String; 13] {
    let rule = catalogue::rule(&finding.rule);
    let said = |of: fn(&catalogue::Rule) -> &'static str| rule.map(of).unwrap_or_default().to_owned();
    [
        finding.id.clone(),
        finding.group.as_str().to_owned(),
        finding.hard_stop.to_string(),
        rule.map_or(Recoverable::Unknown, |rule| rule.recoverable).as_str().to_owned(),
        finding.name.clone(),
        finding.kind.clone(),
        finding.resource.clone(),
        finding.depends_on.join("\n"),
        finding.detail.clone().unwrap_or_default(),
        said(|rule| rule.why),
        said(|rule| rule.when),
        said(|rule| rule.todo),
        said(|rule| rule.link),
    ]
}

impl Report {
    /// The findings as CSV (RFC 4180) with a byte order mark, so that spreadsheets read it as UTF-8. What could not be read comes
    /// first, in the group `not-read`.
    #[must_use]
    pub fn csv(&self) -> String {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let unread = self.not_read.iter().map(|list| {
            let mut row: [String; 13] = Default::default();
            let [id, group, .., detail, why, _, todo, _] = &mut row;
            (*id, *group) = (format!("not-read:{}", list.what), "not-read".into());
            (*detail, *why) = (list.why.clone(), "This could not be read, so the report is not complete.".into());
            todo.clone_from(&list.needs);
            row
        });
        // Writing into memory can't fail.
        let _ = writer.write_record(COLUMNS);
        for row in unread.chain(self.findings.iter().map(cells)) {
            let _ = writer.write_record(row.iter().map(|cell| onboarding::plain::cell(cell).into_owned()));
        }
        let text = String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default();
        format!("\u{feff}{text}")
    }

    /// The report as JSON, with its hash.
    ///
    /// ```json
    /// { "schema": 1, "hash": "…", "subscription": "…", "source": "…", "partner": "…", "snapshotHash": "…",
    ///   "complete": true, "notRead": [{"what", "why", "needs"}], "resources": [{"type", "count"}],
    ///   "findings": [{"id", "rule", "group", "hardStop", "recoverable", "resource", "name", "kind", "dependsOn", "detail",
    ///                 "row", "why", "when", "todo", "link"}],
    ///   "tasks": [{"id", "phase", "rule", "title", "what", "resources", "count", "who", "dueDays", "link"}],
    ///   "alternatives": [{"id", "title", "said", "link"}] }
    /// ```
    ///
    /// Fields may be added; none changes its meaning under the same `schema`. `recoverable` is `yes`, `no` or `unknown`; `row` is the
    /// row of Microsoft's table, or empty.
    #[must_use]
    pub fn json(&self) -> String {
        let whole = Whole {
            schema: self.schema,
            hash: self.hash(),
            subscription: &self.subscription,
            source: &self.source,
            partner: &self.partner,
            snapshot_hash: &self.snapshot_hash,
            complete: self.not_read.is_empty(),
            not_read: &self.not_read,
            resources: self.resources.iter().map(|(kind, count)| Count { kind, count: *count }).collect(),
            findings: self.findings.iter().map(Row::of).collect(),
            tasks: self.tasks(),
            alternatives: super::alternatives(self),
        };
        // Texts and numbers always have a JSON form.
        serde_json::to_string(&whole).unwrap_or_default()
    }
}

/// The JSON's form. It borrows, so that a large report is not in memory twice.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Whole<'a> {
    schema: u32,
    hash: String,
    subscription: &'a SubscriptionId,
    source: &'a TenantId,
    partner: &'a TenantId,
    snapshot_hash: &'a str,
    complete: bool,
    not_read: &'a [NotRead],
    resources: Vec<Count<'a>>,
    findings: Vec<Row<'a>>,
    tasks: Vec<Task>,
    alternatives: Vec<Alternative>,
}

#[derive(Serialize)]
struct Count<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    count: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row<'a> {
    id: &'a str,
    rule: &'a str,
    group: Group,
    hard_stop: bool,
    recoverable: Recoverable,
    resource: &'a str,
    name: &'a str,
    kind: &'a str,
    depends_on: &'a [String],
    detail: Option<&'a str>,
    row: &'static str,
    why: &'static str,
    when: &'static str,
    todo: &'static str,
    link: &'static str,
}

impl<'a> Row<'a> {
    fn of(finding: &'a Finding) -> Self {
        let rule = catalogue::rule(&finding.rule);
        let said = |of: fn(&catalogue::Rule) -> &'static str| rule.map(of).unwrap_or_default();
        Self {
            id: &finding.id,
            rule: &finding.rule,
            group: finding.group,
            hard_stop: finding.hard_stop,
            recoverable: rule.map_or(Recoverable::Unknown, |rule| rule.recoverable),
            resource: &finding.resource,
            name: &finding.name,
            kind: &finding.kind,
            depends_on: &finding.depends_on,
            detail: finding.detail.as_deref(),
            row: said(|rule| rule.row),
            why: said(|rule| rule.why),
            when: said(|rule| rule.when),
            todo: said(|rule| rule.todo),
            link: said(|rule| rule.link),
        }
    }
}
