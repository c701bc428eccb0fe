//! What was decided before holds for what is the same as before.

use std::collections::{HashMap, HashSet};

use access::snapshot::{Assignment, Snapshot};
use impact::report::Report;
use onboarding::{ObjectId, Outcome, WaitKind};
use store::{Loaded, Review};

/// Decisions and overrides that still stand, and those that don't, by what they were about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Carried {
    /// What stands, about the new snapshot.
    pub review: Review,
    /// Assignments whose decision fell: they are gone, or not what was decided about.
    pub fallen: Vec<String>,
    /// Findings whose override fell, because there is no such finding any more.
    pub needless: Vec<String>,
}

/// Carries decisions over to a new snapshot and report. A decision stands if its assignment is there in every detail as it was: who
/// has which role where, and under which condition. What a role allows counts as a detail of it.
#[must_use]
pub fn carry(review: &Review, before: &Snapshot, after: &Snapshot, report: &Report, hash: &str) -> Carried {
    if review.snapshot_hash == hash {
        return Carried { review: review.clone(), ..Carried::default() };
    }
    let same = Unchanged::between(before, after);
    let (decisions, fallen): (Vec<_>, Vec<_>) =
        review.decisions.iter().cloned().partition(|decision| same.has(&decision.assignment));
    let findings: HashSet<&str> = report.findings.iter().map(|finding| finding.id.as_str()).collect();
    let (overrides, needless): (Vec<_>, Vec<_>) =
        review.overrides.iter().cloned().partition(|each| findings.contains(each.finding.as_str()));
    Carried {
        review: Review { snapshot_hash: hash.to_owned(), decisions, overrides },
        fallen: fallen.into_iter().map(|decision| decision.assignment).collect(),
        needless: needless.into_iter().map(|each| each.finding).collect(),
    }
}

/// Whether there is anything for the partner admin to decide that was not before them when they last did: an assignment that could
/// be made again. The owner's own are left to the confirmation, where the owner decides them.
#[must_use]
pub fn is_to_be_reviewed(loaded: &Loaded, before: &Snapshot, after: &Snapshot) -> bool {
    let reviewed =
        loaded.waits.iter().any(|wait| wait.kind == WaitKind::Review && wait.outcome == Some(Outcome::Reviewed));
    let owner = loaded.meta.owner_oid.as_ref();
    let seen = reviewed.then(|| Unchanged::between(before, after));
    after
        .assignments
        .iter()
        .filter(|assignment| is_to_be_decided(assignment, owner))
        .any(|assignment| seen.as_ref().is_none_or(|seen| !seen.has(&assignment.id)))
}

fn is_to_be_decided(assignment: &Assignment, owner: Option<&ObjectId>) -> bool {
    assignment.can_be_restored() && owner != Some(&assignment.principal)
}

/// The assignments that are in both snapshots, with everything that they are made of.
struct Unchanged(HashSet<String>);

impl Unchanged {
    fn between(before: &Snapshot, after: &Snapshot) -> Self {
        let was: HashMap<String, &Assignment> =
            before.assignments.iter().map(|assignment| (assignment.id.to_ascii_lowercase(), assignment)).collect();
        let role = |snapshot: &Snapshot, guid: &str| {
            snapshot.custom_roles.iter().find(|role| role.guid == guid).map(|role| role.permissions.clone())
        };
        // Looked up once a role, not once an assignment.
        let mut roles: HashMap<&str, bool> = HashMap::new();
        let mut same = HashSet::new();
        for assignment in &after.assignments {
            let id = assignment.id.to_ascii_lowercase();
            let guid = assignment.role.as_str();
            let role_is_same = *roles.entry(guid).or_insert_with(|| role(before, guid) == role(after, guid));
            if role_is_same && was.get(&id).is_some_and(|was| is_same(was, assignment)) {
                same.insert(id);
            }
        }
        Self(same)
    }

    fn has(&self, assignment: &str) -> bool {
        self.0.contains(&assignment.to_ascii_lowercase())
    }
}

/// A renamed role or a changed note is not what was decided about.
fn is_same(was: &Assignment, is: &Assignment) -> bool {
    was.scope.eq_ignore_ascii_case(&is.scope)
        && was.role == is.role
        && was.principal == is.principal
        && was.condition == is.condition
        && was.condition_version == is.condition_version
}

#[cfg(test)]
mod tests {
    use super::*;
    use access::mapping::{Decision, Verdict};
    use access::snapshot::{CustomRole, Origin, PermissionSet};
    use impact::report::Override;
    use onboarding::{Actor, SubscriptionId, TenantId};

    fn assignment(name: &str, condition: Option<&str>) -> Assignment {
        Assignment {
            id: format!("/subscriptions/s/providers/Microsoft.Authorization/roleAssignments/{name}"),
            scope: "/subscriptions/s".into(),
            role: "8e3af657-a8ff-443c-a75c-2fe8c4bcb635".into(),
            role_name: "Owner".into(),
            principal: ObjectId::parse("b11a05c8-6acc-435e-9a51-2140dea093a5").unwrap(),
            principal_type: "User".into(),
            description: None,
            condition: condition.map(Into::into),
            condition_version: None,
            origin: Origin::Here,
        }
    }

    fn decision(assignment: &Assignment) -> Decision {
        Decision {
            assignment: assignment.id.clone(),
            verdict: Verdict::Restore,
            target: Some(assignment.principal.clone()),
            by: Actor::PartnerAdmin,
            at: "2026-01-01T00:00:00Z".into(),
            seconded_by: None,
        }
    }

    fn report() -> Report {
        Report {
            schema: 1,
            subscription: SubscriptionId::parse("6c3c85bc-5366-4eaa-8055-a10529eafd03").unwrap(),
            source: TenantId::parse("111a82eb-4c7b-48bb-962b-49363c510130").unwrap(),
            partner: TenantId::parse("c9eb5ae2-2ad9-45a2-a5a9-3b6a3d4ef9d1").unwrap(),
            findings: Vec::new(),
            resources: Vec::new(),
            snapshot_hash: "2".into(),
            not_read: Vec::new(),
        }
    }

    fn snapshot(assignments: &[Assignment]) -> Snapshot {
        Snapshot { assignments: assignments.to_vec(), ..Snapshot::default() }
    }

    #[test]
    fn a_decision_stands_only_for_what_is_as_it_was() {
        let (kept, changed, gone) = (assignment("a", None), assignment("b", None), assignment("c", None));
        let review = Review {
            snapshot_hash: "1".into(),
            decisions: [&kept, &changed, &gone].map(decision).to_vec(),
            overrides: vec![Override {
                finding: "aks:x".into(),
                reason: "it is a test cluster".into(),
                by: Actor::Owner,
                at: "2026-01-01T00:00:00Z".into(),
                seconded_by: None,
            }],
        };
        let after = snapshot(&[kept.clone(), assignment("b", Some("@Resource…"))]);
        let before = snapshot(&[kept.clone(), changed.clone(), gone.clone()]);
        let carried = carry(&review, &before, &after, &report(), "2");
        assert_eq!(carried.review.decisions, [decision(&kept)]);
        assert_eq!(carried.fallen, [changed.id, gone.id]);
        assert_eq!(carried.needless, ["aks:x"]);
        assert_eq!(carried.review.snapshot_hash, "2");
    }

    #[test]
    fn a_decision_about_a_role_falls_when_the_role_allows_something_else() {
        let one = assignment("a", None);
        let role = |action: &str| CustomRole {
            id: "r".into(),
            guid: one.role.clone(),
            name: "Ours".into(),
            description: None,
            permissions: vec![PermissionSet { actions: vec![action.into()], ..PermissionSet::default() }],
            assignable_scopes: Vec::new(),
        };
        let with = |action: &str| Snapshot { custom_roles: vec![role(action)], ..snapshot(std::slice::from_ref(&one)) };
        let review = Review { snapshot_hash: "1".into(), decisions: vec![decision(&one)], overrides: Vec::new() };
        assert!(carry(&review, &with("*/read"), &with("*"), &report(), "2").review.decisions.is_empty());
        assert!(carry(&review, &with("*/read"), &with("*/read"), &report(), "2").fallen.is_empty());
    }
}
