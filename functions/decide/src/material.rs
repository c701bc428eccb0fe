//! What decisions are about: the report, the access before the move, the people in it; and what is decided about them so far.

use std::collections::{BTreeMap, HashMap, HashSet};

use access::mapping::{Decision, People, Verdict};
use access::plan::Plan;
use access::snapshot::{Assignment, Snapshot};
use impact::report::{Finding, Report};
use onboarding::{Actor, ErrorName};
use store::records::Review;
use store::{Archive, Loaded};
use web::pages::{AgreeRow, Decided, MappingRow, StopRow};
use web::{Named, role_said, row_key};

use crate::{Opened, World, logged};

/// What decisions are about, complete and with the hashes that the record names.
pub(crate) struct Material {
    pub(crate) report: Report,
    pub(crate) snapshot: Snapshot,
    pub(crate) people: People,
    /// The report before it, where it said something else.
    pub(crate) before: Option<Report>,
}

/// Reads it all. A page that shows less than will be deleted must not be decided about, so anything missing or changed is an
/// error.
pub(crate) async fn material<W: World>(world: &W, opened: &Opened) -> Result<Material, ErrorName> {
    let meta = &opened.loaded.meta;
    let Some(summary) = &meta.report else { return Err(ErrorName::InternalBug) };
    let read =
        async |kind, hash: &str| world.pages(&opened.id, kind, hash).await.map_err(|error| logged(&opened.id, &error));
    let report =
        Report::from_pages(&read(Archive::Report, &summary.hash).await?).map_err(|error| damaged(opened, &error))?;
    let snapshot = Snapshot::from_pages(&read(Archive::Snapshot, &summary.snapshot_hash).await?)
        .map_err(|error| damaged(opened, &error))?;
    let people = People::from_pages(&read(Archive::Principals, &summary.snapshot_hash).await?)
        .map_err(|error| damaged(opened, &error))?;
    if report.hash() != summary.hash || snapshot.hash() != summary.snapshot_hash {
        return Err(damaged(opened, &"the hash differs"));
    }
    let before = match &meta.report_before {
        Some(hash) => {
            let pages = read(Archive::Report, hash).await?;
            // It only serves to show what changed; without it the page says less, and nothing wrong.
            Report::from_pages(&pages).ok()
        }
        None => None,
    };
    Ok(Material { report, snapshot, people, before })
}

fn damaged(opened: &Opened, error: &dyn std::fmt::Display) -> ErrorName {
    tracing::error!(target: "mooring::decide", onboarding_id = %opened.id, "what was kept of the report or the access can't be used: {error}");
    ErrorName::StoreUnavailable
}

impl Material {
    /// The assignments that can be made again, in the snapshot's order.
    pub(crate) fn restorable(&self) -> Vec<&Assignment> {
        self.snapshot.assignments.iter().filter(|assignment| assignment.can_be_restored()).collect()
    }

    /// The hard stops, in the report's order.
    pub(crate) fn stops(&self) -> Vec<&Finding> {
        self.report.findings.iter().filter(|finding| finding.hard_stop).collect()
    }

    /// Whether an assignment gives access to others.
    pub(crate) fn is_privileged(&self, assignment: &Assignment) -> bool {
        assignment.gives_access_to_others(&self.snapshot.custom_roles)
    }

    /// What is decided so far about what is there now: decisions about what is gone fall away.
    pub(crate) fn review(&self, loaded: &Loaded) -> Review {
        let known: HashSet<&str> = self.snapshot.assignments.iter().map(|one| one.id.as_str()).collect();
        let stops: Vec<&str> = self.stops().iter().map(|stop| stop.id.as_str()).collect();
        let mut review = loaded.review.clone();
        review.decisions.retain(|decision| known.contains(decision.assignment.as_str()));
        review.overrides.retain(|given| stops.contains(&given.finding.as_str()));
        review.snapshot_hash.clone_from(&self.report.snapshot_hash);
        review
    }

    /// Names for everybody.
    pub(crate) fn named(&self) -> Named<'_> {
        Named::of(&self.people.principals, &self.people.targets, &self.people.suggestions)
    }

    /// What would be made again with these decisions.
    pub(crate) fn plan(&self, review: &Review) -> Plan {
        Plan::new(&self.report.subscription, &self.snapshot, &review.decisions, &self.people)
    }

    /// The rows of the review.
    pub(crate) fn rows(&self, assignments: &[&Assignment], review: &Review) -> Vec<MappingRow> {
        let named = self.named();
        let decided = by_assignment(review);
        let row = |assignment: &&Assignment| {
            let decision = decided.get(assignment.id.as_str()).copied();
            let suggestion = named.suggestion(&assignment.principal);
            let suggested = suggestion.and_then(|suggestion| suggestion.target.as_ref());
            let target = decision.and_then(|decision| decision.target.as_ref()).or(suggested);
            MappingRow {
                key: row_key(&assignment.id),
                who: named.who(assignment),
                role: role_said(assignment),
                scope: assignment.scope.clone(),
                condition: assignment.condition.clone(),
                privileged: self.is_privileged(assignment),
                after: target.map(|target| named.target(target)),
                target: target.map(ToString::to_string).unwrap_or_default(),
                confidence: suggestion.map_or(access::mapping::Confidence::None, |one| one.confidence),
                reason: suggestion.map_or_else(|| "not-read".to_owned(), |one| one.reason.clone()),
                decided: decision.map(|decision| Decided {
                    verdict: decision.verdict,
                    by: decision.by,
                    agreed: decision.seconded_by,
                }),
            }
        };
        assignments.iter().map(row).collect()
    }

    /// The hard stops with the reasons that were given.
    pub(crate) fn stop_rows(&self, review: &Review) -> Vec<StopRow> {
        let row = |finding: &&Finding| {
            let given = review.overrides.iter().find(|given| given.finding == finding.id);
            let rule = impact::catalogue::rule(&finding.rule);
            StopRow {
                key: row_key(&finding.id),
                name: finding.name.clone(),
                kind: finding.kind.clone(),
                why: rule.map_or_else(|| finding.rule.clone(), |rule| web::findings::rule_said(rule).why.to_owned()),
                reason: given.map(|given| (given.reason.clone(), given.by)),
                agreed: given.and_then(|given| given.seconded_by).filter(|by| Some(*by) != given.map(|given| given.by)),
            }
        };
        self.stops().iter().map(row).collect()
    }

    /// The decisions that give access to others and that this person has not agreed to yet.
    pub(crate) fn to_agree(&self, review: &Review, by: Actor) -> Vec<AgreeRow> {
        let named = self.named();
        let decided = by_assignment(review);
        let open = |decision: &Decision| {
            decision.verdict == Verdict::Restore && decision.by != by && decision.seconded_by.is_none()
        };
        self.restorable()
            .into_iter()
            .filter(|assignment| self.is_privileged(assignment))
            .filter_map(|assignment| Some((assignment, decided.get(assignment.id.as_str())?)))
            .filter(|(_, decision)| open(decision))
            .map(|(assignment, decision)| AgreeRow {
                key: row_key(&assignment.id),
                who: decision.target.as_ref().map_or_else(|| named.who(assignment), |target| named.target(target)),
                role: role_said(assignment),
                scope: assignment.scope.clone(),
            })
            .collect()
    }
}

/// The decisions, found by the assignment's id.
pub(crate) fn by_assignment(review: &Review) -> HashMap<&str, &Decision> {
    review.decisions.iter().map(|decision| (decision.assignment.as_str(), decision)).collect()
}

/// How many of the plan's omissions have which reason.
pub(crate) fn left_out(plan: &Plan) -> Vec<(String, usize)> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for one in &plan.left_out {
        *counts.entry(one.why.clone()).or_default() += 1;
    }
    counts.into_iter().collect()
}
