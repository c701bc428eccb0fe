//! What moving does to this very subscription.

use std::collections::{BTreeMap, BTreeSet};

use access::pages::{self, PageError};
use access::snapshot::NotRead;
use onboarding::audit::digest;
use onboarding::{Actor, SubscriptionId, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::json;

mod advice;
mod build;
mod export;

pub use advice::{Alternative, INSTEAD, Phase, Task, alternatives, checklist};
pub use build::{Classic, Delegation, Inventory, Lock, Policy, PolicyKind, ReportParts};

/// The version of the report's form.
pub const SCHEMA: u32 = 1;

/// Findings of one page: compressed, a page stays far below what one record may hold.
const PAGE: usize = 1000;

/// When it hurts, and whether it comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// Stops the moment it moves.
    StopsNow,
    /// Must be redone.
    Redo,
    /// Can't come back.
    CannotComeBack,
    /// Keeps working; check it.
    CheckIt,
    /// People who lose access.
    LosesAccess,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// Stable within a subscription: the rule's id and what it is about. Overrides and diffs refer to it.
    pub id: String,
    /// The rule of the catalogue, such as `aks` or `key-vault`.
    pub rule: String,
    /// Where it belongs.
    pub group: Group,
    /// Whether the move must not start without a written override.
    pub hard_stop: bool,
    /// The resource, or the assignment, by its full id.
    pub resource: String,
    /// Its name, for people.
    pub name: String,
    /// Its type, lower case.
    pub kind: String,
    /// What it depends on, or what depends on it: vaults, keys, identities, by full id or address.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<String>,
    /// What else to say: a role's name, a vault's tenant, a policy's display name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl Finding {
    /// Where it stands in a report. The rest after the id decides only between two rows that claim to be the same thing, so that the
    /// order in which they arrived does not.
    fn place(&self) -> (Group, &str, &str, &str, Option<&str>, &[String]) {
        (self.group, &self.rule, &self.id, &self.name, self.detail.as_deref(), &self.depends_on)
    }
}

/// A report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Version of this form: 1.
    pub schema: u32,
    /// The subscription.
    pub subscription: SubscriptionId,
    /// The directory it is in.
    pub source: TenantId,
    /// The directory it would go to.
    pub partner: TenantId,
    /// Sorted by group, rule and id.
    pub findings: Vec<Finding>,
    /// How many resources there are of each type, impacted or not, sorted by type.
    pub resources: Vec<(String, u64)>,
    /// SHA-256 of the access snapshot.
    pub snapshot_hash: String,
    /// What could not be read. A report with anything here is not complete, and says so first.
    pub not_read: Vec<NotRead>,
}

/// The small part of a report that everybody needs, kept with the onboarding.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// SHA-256 over the report in canonical form; the time it was made is not part of it.
    pub hash: String,
    /// SHA-256 of the access snapshot.
    pub snapshot_hash: String,
    /// When it was last found to be so. RFC 3339, UTC.
    pub at: String,
    /// Findings in each group: stops now, redo, cannot come back, check it, loses access.
    pub counts: [u32; 5],
    /// Resources in all.
    pub resources: u64,
    /// Role assignments in all, and custom roles.
    pub assignments: u32,
    /// Custom roles.
    pub custom_roles: u32,
    /// Ids of the findings that are hard stops.
    pub hard_stops: Vec<String>,
    /// How many lists could not be read.
    pub not_read: u32,
}

/// A person's word that a hard stop shall not stop this move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Override {
    /// The finding's id.
    pub finding: String,
    /// Why, in their words.
    pub reason: String,
    /// Who.
    pub by: Actor,
    /// When. RFC 3339, UTC.
    pub at: String,
    /// The other person, who agreed. Without, the stop stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconded_by: Option<Actor>,
}

/// What a report comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "verdict", content = "count")]
pub enum Verdict {
    /// Nothing to prepare.
    Safe,
    /// So many things should be prepared first.
    SafeAfterPreparations(u32),
    /// So many things would be lost, and nobody took that upon themself.
    DoNotMove(u32),
    /// Not everything could be read, so that nobody can tell.
    Incomplete,
}

/// What changed between two reports, by the findings' ids.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Diff {
    /// Findings that are new.
    pub added: Vec<Finding>,
    /// Findings that are gone.
    pub gone: Vec<Finding>,
    /// Findings that say something else now, as they are now.
    pub changed: Vec<Finding>,
    /// Lists that could not be read, and now could, or the other way round; resources that came or went without a finding.
    pub other: u32,
}

impl Diff {
    /// How many things changed.
    #[must_use]
    pub fn count(&self) -> usize {
        self.added.len() + self.gone.len() + self.changed.len() + usize::try_from(self.other).unwrap_or(usize::MAX)
    }

    /// Whether nothing did.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count() == 0
    }
}

/// What changed.
#[must_use]
pub fn diff(before: &Report, after: &Report) -> Diff {
    let index = |report: &'_ Report| -> BTreeMap<String, usize> {
        report.findings.iter().enumerate().map(|(place, finding)| (finding.id.clone(), place)).collect()
    };
    let (was, is) = (index(before), index(after));
    let mut diff = Diff::default();
    for finding in &after.findings {
        match was.get(&finding.id).and_then(|place| before.findings.get(*place)) {
            None => diff.added.push(finding.clone()),
            Some(before) if before != finding => diff.changed.push(finding.clone()),
            Some(_) => {}
        }
    }
    diff.gone = before.findings.iter().filter(|finding| !is.contains_key(&finding.id)).cloned().collect();
    let counts = |report: &Report| -> BTreeSet<(String, u64)> { report.resources.iter().cloned().collect() };
    let (counts_before, counts_after) = (counts(before), counts(after));
    let types: BTreeSet<&String> = counts_before.symmetric_difference(&counts_after).map(|(kind, _)| kind).collect();
    let unread = |report: &Report| -> BTreeSet<NotRead> { report.not_read.iter().cloned().collect() };
    let (unread_before, unread_after) = (unread(before), unread(after));
    let lists: BTreeSet<&String> = unread_before.symmetric_difference(&unread_after).map(|list| &list.what).collect();
    diff.other = u32::try_from(types.len() + lists.len()).unwrap_or(u32::MAX);
    diff
}

impl Override {
    /// Whether both people stand for it: one said why, and the other agreed.
    #[must_use]
    pub fn holds(&self) -> bool {
        !self.reason.trim().is_empty() && self.seconded_by.is_some_and(|other| other != self.by)
    }
}

/// The hard stops among these findings that nobody, or only one person, took upon themself.
#[must_use]
pub fn open_stops(findings: &[Finding], overrides: &[Override]) -> Vec<String> {
    still_open(findings.iter().filter(|finding| finding.hard_stop).map(|finding| finding.id.as_str()), overrides)
}

fn still_open<'a>(stops: impl Iterator<Item = &'a str>, overrides: &[Override]) -> Vec<String> {
    let taken: BTreeSet<&str> =
        overrides.iter().filter(|given| given.holds()).map(|given| given.finding.as_str()).collect();
    stops.filter(|stop| !taken.contains(stop)).map(ToOwned::to_owned).collect()
}

impl Summary {
    /// As [`open_stops`], where only the summary is at hand.
    #[must_use]
    pub fn open_stops(&self, overrides: &[Override]) -> Vec<String> {
        still_open(self.hard_stops.iter().map(String::as_str), overrides)
    }
}

/// The first page of a report that is kept.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    schema: u32,
    subscription: SubscriptionId,
    source: TenantId,
    partner: TenantId,
    resources: Vec<(String, u64)>,
    snapshot_hash: String,
    not_read: Vec<NotRead>,
    /// How many findings follow: a missing page must not pass for a short report.
    findings: usize,
}

/// Why a kept report can't be read.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A page is not what we wrote.
    #[error(transparent)]
    Page(#[from] PageError),
    /// There is no first page, or findings are missing.
    #[error("the report is not complete: {found} of {expected} findings")]
    Incomplete {
        /// How many there should be.
        expected: usize,
        /// How many there are.
        found: usize,
    },
}

impl Report {
    /// The one order: by group, rule and id, each finding once.
    pub fn sort(&mut self) {
        self.findings.sort_by(|one, other| one.place().cmp(&other.place()));
        self.findings.dedup_by(|one, other| one.id == other.id);
        self.resources.sort();
        self.not_read.sort();
        self.not_read.dedup();
    }

    /// SHA-256 of what the report says. Order and time make no difference; the findings are hashed a page at a time, so that a large
    /// report needs no second copy in memory.
    #[must_use]
    pub fn hash(&self) -> String {
        let mut order: Vec<&Finding> = self.findings.iter().collect();
        order.sort_by(|one, other| one.place().cmp(&other.place()));
        let mut resources: Vec<&(String, u64)> = self.resources.iter().collect();
        resources.sort();
        let mut not_read: Vec<&NotRead> = self.not_read.iter().collect();
        not_read.sort();
        let findings: Vec<String> = order.chunks(PAGE).map(|page| digest(&json!(page))).collect();
        digest(&json!({
            "schema": self.schema, "subscription": self.subscription, "source": self.source, "partner": self.partner,
            "snapshotHash": self.snapshot_hash, "resources": resources, "notRead": not_read, "findings": findings,
        }))
    }

    /// The report as pages to be kept: the head, then the findings, a thousand a page.
    ///
    /// # Errors
    /// A value that has no JSON form, which none of ours is.
    pub fn to_pages(&self) -> Result<Vec<Vec<u8>>, PageError> {
        let head = Head {
            schema: self.schema,
            subscription: self.subscription.clone(),
            source: self.source.clone(),
            partner: self.partner.clone(),
            resources: self.resources.clone(),
            snapshot_hash: self.snapshot_hash.clone(),
            not_read: self.not_read.clone(),
            findings: self.findings.len(),
        };
        let findings = self.findings.chunks(PAGE).map(pages::pack);
        std::iter::once(pages::pack(&head)).chain(findings).collect()
    }

    /// The report that was kept.
    ///
    /// # Errors
    /// A page that we did not write, or one that is missing.
    pub fn from_pages(kept: &[Vec<u8>]) -> Result<Self, ReportError> {
        let Some((head, rest)) = kept.split_first() else {
            return Err(ReportError::Incomplete { expected: 1, found: 0 });
        };
        let head: Head = pages::unpack(head)?;
        let mut findings: Vec<Finding> = Vec::new();
        for page in rest {
            findings.extend(pages::unpack::<Vec<Finding>>(page)?);
        }
        if findings.len() != head.findings {
            return Err(ReportError::Incomplete { expected: head.findings, found: findings.len() });
        }
        Ok(Self {
            schema: head.schema,
            subscription: head.subscription,
            source: head.source,
            partner: head.partner,
            findings,
            resources: head.resources,
            snapshot_hash: head.snapshot_hash,
            not_read: head.not_read,
        })
    }

    /// The small part. `at` is when it was found to be so: RFC 3339, UTC.
    #[must_use]
    pub fn summary(&self, at: &str) -> Summary {
        let mut summary = Summary {
            hash: self.hash(),
            snapshot_hash: self.snapshot_hash.clone(),
            at: at.to_owned(),
            resources: self.resources.iter().map(|(_, count)| count).sum(),
            not_read: u32::try_from(self.not_read.len()).unwrap_or(u32::MAX),
            ..Summary::default()
        };
        let [stops_now, redo, cannot_come_back, check_it, loses_access] = &mut summary.counts;
        for finding in &self.findings {
            *match finding.group {
                Group::StopsNow => &mut *stops_now,
                Group::Redo => &mut *redo,
                Group::CannotComeBack => &mut *cannot_come_back,
                Group::CheckIt => &mut *check_it,
                Group::LosesAccess => &mut *loses_access,
            } += 1;
            match finding.rule.as_str() {
                "role-assignment" | "role-assignment-inherited" | "identity-roles" => summary.assignments += 1,
                "custom-role" => summary.custom_roles += 1,
                _ => {}
            }
            if finding.hard_stop {
                summary.hard_stops.push(finding.id.clone());
            }
        }
        summary
    }

    /// What it comes to, with these overrides. What would be lost is said even where not everything could be read.
    #[must_use]
    pub fn verdict(&self, overrides: &[Override]) -> Verdict {
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let lost = open_stops(&self.findings, overrides).len();
        if lost > 0 {
            return Verdict::DoNotMove(number(lost));
        }
        if !self.not_read.is_empty() {
            return Verdict::Incomplete;
        }
        match self.preparations().len() {
            0 => Verdict::Safe,
            count => Verdict::SafeAfterPreparations(number(count)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn empty() -> Report {
        Report {
            schema: SCHEMA,
            subscription: SubscriptionId::parse("6c3c85bc-5366-4eaa-8055-a10529eafd03").unwrap(),
            source: TenantId::parse("111a82eb-4c7b-48bb-962b-49363c510130").unwrap(),
            partner: TenantId::parse("c9eb5ae2-2ad9-45a2-a5a9-3b6a3d4ef9d1").unwrap(),
            findings: Vec::new(),
            resources: Vec::new(),
            snapshot_hash: "s".into(),
            not_read: Vec::new(),
        }
    }

    pub(super) fn finding(rule: &str, name: &str) -> Finding {
        crate::catalogue::rule(rule).unwrap().finding(&format!("/subscriptions/s/{name}"), name, "kind")
    }

    fn report(count: usize) -> Report {
        let rules = ["aks", "key-vault", "lock", "role-assignment", "custom-role"];
        let of = |place: usize| finding(rules[place % rules.len()], &format!("r{place}"));
        let mut report = Report { findings: (0..count).map(of).collect(), ..empty() };
        report.resources = vec![("b".into(), 2), ("a".into(), 1)];
        report.sort();
        report
    }

    /// A shuffle that is another for each seed and the same for the same.
    fn shuffled<T: Clone>(list: &[T], seed: u64) -> Vec<T> {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let mut list = list.to_vec();
        for place in (1..list.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            list.swap(place, usize::try_from(state >> 33).unwrap() % (place + 1));
        }
        list
    }

    fn unread(what: &str) -> NotRead {
        NotRead { what: what.into(), why: "AuthorizationFailed".into(), needs: "Reader".into() }
    }

    fn given(finding: &Finding, seconded_by: Option<Actor>) -> Override {
        Override {
            finding: finding.id.clone(),
            reason: "It is a test cluster".into(),
            by: Actor::PartnerAdmin,
            at: "2026-01-01T00:00:00Z".into(),
            seconded_by,
        }
    }

    #[test]
    fn whatever_the_order_the_hash_is_the_same() {
        let whole = Report { not_read: vec![unread("locks"), unread("policies")], ..report(2_300) };
        for seed in 0..12 {
            let other = Report {
                findings: shuffled(&whole.findings, seed),
                resources: shuffled(&whole.resources, seed),
                not_read: shuffled(&whole.not_read, seed),
                ..whole.clone()
            };
            assert_eq!(other.hash(), whole.hash(), "{seed}");
        }
    }

    #[test]
    fn any_change_changes_the_hash() {
        let whole = report(40);
        let mut changed = vec![
            Report { snapshot_hash: "t".into(), ..whole.clone() },
            Report { partner: whole.source.clone(), ..whole.clone() },
            Report { resources: vec![("a".into(), 1)], ..whole.clone() },
            Report { not_read: vec![unread("locks")], ..whole.clone() },
        ];
        for place in 0..whole.findings.len() {
            let mut less = whole.clone();
            less.findings.remove(place);
            let mut other = whole.clone();
            other.findings[place].detail = Some("other".into());
            changed.extend([less, other]);
        }
        let hashes: BTreeSet<String> = changed.iter().chain([&whole]).map(Report::hash).collect();
        assert_eq!(hashes.len(), changed.len() + 1);
    }

    #[test]
    fn a_report_comes_back_from_its_pages_and_a_missing_page_is_noticed() {
        let whole = report(2_300);
        let pages = whole.to_pages().unwrap();
        assert_eq!(pages.len(), 4);
        let back = Report::from_pages(&pages).unwrap();
        assert_eq!(back, whole);
        assert!(matches!(Report::from_pages(&pages[..3]), Err(ReportError::Incomplete { .. })));
        assert!(Report::from_pages(&[]).is_err());
        assert!(Report::from_pages(&[b"no page".to_vec()]).is_err());
    }

    #[test]
    fn a_page_of_findings_fits_into_one_record() {
        let long = "x".repeat(300);
        let of = |place: usize| {
            let mut finding = finding("key-outside", &format!("{long}{}", digest(&json!(place))));
            finding.depends_on = vec![format!("https://{}.vault.azure.net", digest(&json!(["v", place])))];
            finding
        };
        let whole = Report { findings: (0..PAGE).map(of).collect(), ..empty() };
        assert!(whole.to_pages().unwrap().iter().all(|page| page.len() < 350_000));
    }

    #[test]
    fn between_a_report_and_itself_nothing_changed_in_any_order() {
        let whole = report(60);
        for seed in 0..20 {
            let other = Report { findings: shuffled(&whole.findings, seed), ..whole.clone() };
            assert!(diff(&whole, &other).is_empty());
        }
    }

    #[test]
    fn a_diff_leads_from_one_report_to_the_other_and_its_reverse_back() {
        for seed in 0..30 {
            let all = shuffled(&report(40).findings, seed);
            let cut = usize::try_from(seed).unwrap();
            let before = Report { findings: all[..30].to_vec(), ..report(0) };
            let mut after = Report { findings: all[cut.min(10)..].to_vec(), ..report(0) };
            after.findings[0].detail = Some("other".into());
            let (forth, back) = (diff(&before, &after), diff(&after, &before));
            let ids = |list: &[Finding]| list.iter().map(|one| one.id.clone()).collect::<BTreeSet<_>>();
            let mut led = ids(&before.findings);
            ids(&forth.gone).iter().for_each(|id| assert!(led.remove(id)));
            ids(&forth.added).into_iter().for_each(|id| assert!(led.insert(id)));
            assert_eq!(led, ids(&after.findings));
            assert_eq!((ids(&forth.added), ids(&forth.gone)), (ids(&back.gone), ids(&back.added)));
            assert_eq!(ids(&forth.changed), ids(&back.changed));
            assert_eq!(forth.count(), forth.added.len() + forth.gone.len() + 1);
        }
    }

    #[test]
    fn whenever_the_hash_changes_the_diff_says_that_something_did() {
        let before = report(10);
        for after in [
            Report { resources: vec![("a".into(), 1), ("b".into(), 3)], ..before.clone() },
            Report { not_read: vec![unread("locks")], ..before.clone() },
        ] {
            assert_eq!(diff(&before, &after).count(), 1);
        }
    }

    #[test]
    fn a_stop_stands_until_both_people_took_it_upon_themselves() {
        let cluster = finding("aks", "cluster");
        let findings = [cluster.clone(), finding("lock", "lock")];
        let stands = vec![cluster.id.clone()];
        let open = |overrides: &[Override]| open_stops(&findings, overrides);
        assert_eq!(open(&[]), stands);
        assert_eq!(open(&[given(&cluster, None)]), stands);
        assert_eq!(open(&[given(&cluster, Some(Actor::PartnerAdmin))]), stands);
        let wordless = Override { reason: "  ".into(), ..given(&cluster, Some(Actor::Owner)) };
        assert_eq!(open(&[wordless]), stands);
        assert_eq!(open(&[given(&findings[1], Some(Actor::Owner))]), stands);
        assert!(open(&[given(&cluster, Some(Actor::Owner))]).is_empty());
    }

    #[test]
    fn the_verdict_says_the_worst_that_is_known() {
        let of =
            |rules: &[&str]| Report { findings: rules.iter().map(|rule| finding(rule, rule)).collect(), ..empty() };
        assert_eq!(of(&["role-assignment", "lock"]).verdict(&[]), Verdict::Safe);
        assert_eq!(of(&["key-vault", "system-identity", "lock"]).verdict(&[]), Verdict::SafeAfterPreparations(2));
        let lost = of(&["aks", "sql-entra", "key-vault"]);
        assert_eq!(lost.verdict(&[]), Verdict::DoNotMove(2));
        let taken = lost.findings[..2].iter().map(|one| given(one, Some(Actor::Owner))).collect::<Vec<_>>();
        assert_eq!(lost.verdict(&taken), Verdict::SafeAfterPreparations(3));
        let partly = Report { not_read: vec![unread("locks")], ..of(&[]) };
        assert_eq!(partly.verdict(&[]), Verdict::Incomplete);
        let both = Report { not_read: vec![unread("locks")], ..lost };
        assert_eq!(both.verdict(&[]), Verdict::DoNotMove(2));
    }

    #[test]
    fn a_summary_counts_what_the_report_says() {
        let summary = report(10).summary("2026-01-01T00:00:00Z");
        assert_eq!(summary.counts, [2, 2, 2, 2, 2]);
        assert_eq!((summary.resources, summary.assignments, summary.custom_roles), (3, 2, 2));
        assert_eq!(summary.hash, report(10).hash());
        assert_eq!(summary.hard_stops.len(), 2);
        assert_eq!(summary.open_stops(&[]), summary.hard_stops);
    }

    #[test]
    fn a_cell_never_begins_like_a_formula_and_the_file_reads_back() {
        let mut evil = finding("lock", "=cmd|' /C calc'!A0");
        evil.detail = Some("@sum, \"quoted\"\nand more".into());
        let whole = Report { findings: vec![evil], not_read: vec![unread("policies")], ..empty() };
        let text = whole.csv();
        assert!(text.starts_with('\u{feff}'));
        let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        assert_eq!(rows.len(), 2);
        assert_eq!(&rows[0][0], "not-read:policies");
        assert_eq!(&rows[1][8], "'@sum, \"quoted\"\nand more");
        for cell in rows.iter().flat_map(|row| row.iter()) {
            assert!(!cell.trim_start_matches(' ').starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell}");
        }
    }

    #[test]
    fn json_says_what_csv_says_and_carries_the_hash() {
        let whole = report(5);
        let said: serde_json::Value = serde_json::from_str(&whole.json()).unwrap();
        assert_eq!(said["hash"], whole.hash());
        assert_eq!(said["findings"].as_array().unwrap().len(), 5);
        let csv = whole.csv();
        for one in said["findings"].as_array().unwrap() {
            assert!(csv.contains(one["why"].as_str().unwrap()) && csv.contains(one["link"].as_str().unwrap()));
        }
    }

    #[test]
    fn other_ways_are_offered_only_where_something_would_be_lost() {
        assert!(alternatives(&Report { findings: vec![finding("key-vault", "v")], ..empty() }).is_empty());
        let offered = alternatives(&Report { findings: vec![finding("aks", "c"), finding("aks", "d")], ..empty() });
        let ids: Vec<_> = offered.iter().map(|one| one.id.as_str()).collect();
        assert_eq!(ids, ["prepare-aks", "lighthouse", "new-subscription", "guests"]);
    }

    #[test]
    fn the_checklist_names_the_resources_and_comes_in_the_order_of_its_days() {
        let findings = (0..70).map(|place| finding("rotate-keys", &format!("k{place:02}"))).collect::<Vec<_>>();
        let whole = Report { findings: [findings, vec![finding("key-vault", "v")]].concat(), ..empty() };
        let list = checklist(&whole);
        let ids: Vec<_> = list.iter().map(|task| (task.id.as_str(), task.count, task.due_days)).collect();
        assert_eq!(ids, [("after:key-vault", 1, 1), ("after:rotate-keys", 70, 30)]);
        assert_eq!(list[1].resources.len(), 50);
        assert_eq!(whole.preparations().len(), 1);
    }

    #[test]
    fn fifty_thousand_resources_are_kept_and_hashed() {
        let whole = report(50_000);
        let pages = whole.to_pages().unwrap();
        assert_eq!(Report::from_pages(&pages).unwrap().hash(), whole.hash());
    }
}
