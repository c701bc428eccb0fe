//! What is to be made again after the move, in order, and what is not and why.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use onboarding::ids::role_assignment_name;
use onboarding::{ObjectId, SubscriptionId};
use serde::{Deserialize, Serialize};

use crate::mapping::{Decision, People, Verdict};
use crate::pages::{self, PageError};
use crate::principals::PrincipalKind;
use crate::snapshot::{Assignment, CustomRole, Origin, PermissionSet, Snapshot, subscription_scope};

/// What is to be made again. Custom roles come first: assignments refer to them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// Custom roles to be made, in order.
    pub roles: Vec<PlannedRole>,
    /// Assignments to be made, in order.
    pub assignments: Vec<PlannedAssignment>,
    /// Assignments that are not made, with the reason.
    pub left_out: Vec<LeftOut>,
}

/// A custom role to be made again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlannedRole {
    /// Its GUID before the move.
    pub before: String,
    /// Its GUID now: deterministic.
    pub guid: String,
    /// Its name.
    pub name: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What it allows: exactly as before.
    pub permissions: Vec<PermissionSet>,
    /// Where it may be assigned: what lies in the subscription of where it could before.
    pub assignable_scopes: Vec<String>,
}

/// An assignment to be made again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlannedAssignment {
    /// The assignment's full id before the move.
    pub before: String,
    /// Its name now: a deterministic GUID.
    pub name: String,
    /// Where: exactly as before.
    pub scope: String,
    /// The role's GUID now.
    pub role: String,
    /// The role's name.
    pub role_name: String,
    /// For whom, in the partner directory.
    pub principal: ObjectId,
    /// `User`, `Group` or `ServicePrincipal`.
    pub principal_type: String,
    /// The note, as before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The condition, with the ids in it translated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// The condition's language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition_version: Option<String>,
}

/// An assignment that is not made again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LeftOut {
    /// The assignment's full id before the move.
    pub before: String,
    /// Why, as a stable word: `undecided`, `skipped`, `not-seconded`, `inherited`, `managed-identity`, `condition`, `no-target`,
    /// `kind` (a principal of a kind that no directory shares), `same-as-another`.
    pub why: String,
}

/// How one planned row ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RowResult {
    /// The planned row: the assignment's id before the move, or `role:<guid before>`.
    pub before: String,
    /// How.
    pub outcome: RowOutcome,
    /// What Azure said, where it refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// How one planned row ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RowOutcome {
    /// Made by us.
    Restored,
    /// There already.
    Present,
    /// Azure refused for good.
    Refused,
}

/// Writes that Azure takes at once for one subscription, and per second after that.
/// See <https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling>.
pub const BURST: u32 = 200;
/// Writes that Azure takes per second once the burst is used up.
pub const PER_SECOND: u32 = 10;

/// How many writes may be made now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// This many at once.
    Now(u32),
    /// None; so many seconds from now there will be some.
    Wait(u32),
}

/// How many writes may be made now, if the first was made at `started` and `written` were made since. Azure fills a bucket of
/// [`BURST`] by [`PER_SECOND`]; never more than that is taken, so that Azure need not refuse.
#[must_use]
pub fn pace(started: Timestamp, now: Timestamp, written: u32) -> Pace {
    let seconds = u32::try_from(now.duration_since(started).as_secs().max(0)).unwrap_or(u32::MAX);
    let allowed = BURST.saturating_add(PER_SECOND.saturating_mul(seconds));
    match allowed.saturating_sub(written) {
        0 => Pace::Wait((written - allowed).div_ceil(PER_SECOND).max(1)),
        left => Pace::Now(left.min(BURST)),
    }
}

/// The GUID of a custom role that is made again: deterministic, and another in every subscription.
fn role_guid(subscription: &SubscriptionId, before: &str) -> String {
    let said = format!("{}|role|{before}", subscription_scope(subscription));
    uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, said.as_bytes()).hyphenated().to_string()
}

/// Another name for a custom role whose name another role of the partner directory has. `apart` tells it from others of the same name.
#[must_use]
pub fn alternative_name(name: &str, apart: &str) -> String {
    let short: String = apart.chars().take(8).collect();
    // Azure takes 128 characters.
    let kept: String = name.chars().take(100).collect();
    format!("{kept} (moved, {short})")
}

impl Plan {
    /// What is to be made again, from what was there and what was decided. The same input gives the same plan, names included.
    ///
    /// Nothing in it is wider than it was: every assignment at its own scope with its own condition, every custom role with its own
    /// permissions and only the assignable scopes that lie in this subscription.
    #[must_use]
    pub fn new(subscription: &SubscriptionId, snapshot: &Snapshot, decisions: &[Decision], people: &People) -> Self {
        let roles: Vec<PlannedRole> =
            snapshot.custom_roles.iter().map(|role| planned_role(subscription, role)).collect();
        let guids: HashMap<&str, &str> = roles.iter().map(|role| (role.before.as_str(), role.guid.as_str())).collect();
        let decided: HashMap<String, &Decision> =
            decisions.iter().map(|decision| (decision.assignment.to_ascii_lowercase(), decision)).collect();
        let kinds: HashMap<&ObjectId, PrincipalKind> =
            people.principals.iter().map(|principal| (&principal.id, principal.kind)).collect();
        let privileged: HashSet<&str> = snapshot
            .custom_roles
            .iter()
            .filter(|role| role.gives_access_to_others())
            .map(|role| role.guid.as_str())
            .collect();
        let gives = |row: &Assignment| row.gives_access_to_others(&[]) || privileged.contains(row.role.as_str());
        let translated = Translation::of(snapshot, &decided, &guids, people);

        let mut plan = Self { roles: roles.clone(), ..Self::default() };
        for row in &snapshot.assignments {
            let decision = decided.get(&row.id.to_ascii_lowercase()).copied();
            let kind = kinds.get(&row.principal).copied().unwrap_or(PrincipalKind::Unknown);
            match judge(row, decision, kind, gives(row)) {
                Err(why) => plan.left_out.push(LeftOut { before: row.id.clone(), why: why.into() }),
                Ok(target) => match translated.condition(row.condition.as_deref()) {
                    None => plan.left_out.push(LeftOut { before: row.id.clone(), why: "condition".into() }),
                    Some(condition) => {
                        let role = guids.get(row.role.as_str()).copied().unwrap_or(row.role.as_str());
                        plan.assignments.push(PlannedAssignment {
                            before: row.id.clone(),
                            name: role_assignment_name(
                                &row.scope,
                                target,
                                role,
                                condition.as_deref().unwrap_or_default(),
                            ),
                            scope: row.scope.clone(),
                            role: role.to_owned(),
                            role_name: row.role_name.clone(),
                            principal: target.clone(),
                            principal_type: row.principal_type.clone(),
                            description: row.description.clone(),
                            condition_version: condition.as_ref().and(row.condition_version.clone()),
                            condition,
                        });
                    }
                },
            }
        }
        plan.drop_twins();
        plan
    }

    /// Two rows that come to the same assignment are one: Azure takes only one, and it is there for both.
    fn drop_twins(&mut self) {
        let mut names = HashSet::new();
        let mut twins = Vec::new();
        self.assignments.retain(|row| {
            let first = names.insert(row.name.clone());
            if !first {
                twins.push(LeftOut { before: row.before.clone(), why: "same-as-another".into() });
            }
            first
        });
        self.left_out.append(&mut twins);
    }

    /// How many rows are to be made.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.roles.len() + self.assignments.len()
    }

    /// The plan as pages that each fit into one record.
    ///
    /// # Errors
    /// None that a plan can cause.
    pub fn to_pages(&self) -> Result<Vec<Vec<u8>>, PageError> {
        const PAGE: usize = 500;
        let longest = self.assignments.len().max(self.left_out.len());
        let mut kept = Vec::new();
        for page in 0..longest.div_ceil(PAGE).max(1) {
            let (from, to) = (page * PAGE, (page + 1) * PAGE);
            kept.push(pages::pack(&Self {
                roles: if page == 0 { self.roles.clone() } else { Vec::new() },
                assignments: slice(&self.assignments, from, to),
                left_out: slice(&self.left_out, from, to),
            })?);
        }
        Ok(kept)
    }

    /// The plan of its pages.
    ///
    /// # Errors
    /// Pages that are missing or damaged.
    pub fn from_pages(kept: &[Vec<u8>]) -> Result<Self, PageError> {
        if kept.is_empty() {
            return Err(PageError::Missing);
        }
        let mut plan = Self::default();
        for page in kept {
            let page: Self = pages::unpack(page)?;
            plan.roles.extend(page.roles);
            plan.assignments.extend(page.assignments);
            plan.left_out.extend(page.left_out);
        }
        Ok(plan)
    }
}

fn slice<T: Clone>(list: &[T], from: usize, to: usize) -> Vec<T> {
    list.get(from.min(list.len())..to.min(list.len())).unwrap_or_default().to_vec()
}

/// Whom a row is made again for, or why it is not.
fn judge<'a>(
    row: &Assignment,
    decision: Option<&'a Decision>,
    kind: PrincipalKind,
    privileged: bool,
) -> Result<&'a ObjectId, &'static str> {
    if row.origin != Origin::Here {
        return Err("inherited");
    }
    if kind == PrincipalKind::ManagedIdentity {
        return Err("managed-identity");
    }
    if !row.can_be_restored() {
        return Err("kind");
    }
    let decision = decision.ok_or("undecided")?;
    if decision.verdict == Verdict::Skip {
        return Err("skipped");
    }
    let target = decision.target.as_ref().ok_or("no-target")?;
    let seconded = decision.seconded_by.is_some_and(|second| second != decision.by);
    if privileged && !seconded {
        return Err("not-seconded");
    }
    Ok(target)
}

fn planned_role(subscription: &SubscriptionId, role: &CustomRole) -> PlannedRole {
    let here = |scope: &&String| Origin::of(scope, subscription) == Origin::Here;
    let mut scopes: Vec<String> = role.assignable_scopes.iter().filter(here).cloned().collect();
    if scopes.is_empty() {
        // It could be assigned here because a management group above could. What can be assigned is not yet given to anybody.
        scopes.push(subscription_scope(subscription));
    }
    PlannedRole {
        before: role.guid.clone(),
        guid: role_guid(subscription, &role.guid),
        name: role.name.clone(),
        description: role.description.clone(),
        permissions: role.permissions.clone(),
        assignable_scopes: scopes,
    }
}

/// What the ids in conditions become.
struct Translation<'a> {
    /// Ids with a meaning in the source directory, and what they are in the partner directory, if they are anything there.
    known: HashMap<&'a str, Option<&'a str>>,
}

impl<'a> Translation<'a> {
    fn of(
        snapshot: &'a Snapshot,
        decided: &HashMap<String, &'a Decision>,
        guids: &HashMap<&'a str, &'a str>,
        people: &'a People,
    ) -> Self {
        let mut known: HashMap<&str, Option<&str>> = HashMap::new();
        // Roles that Azure itself defines have the same id in every directory. Those of a snapshot that are not custom are such.
        for role in snapshot.assignments.iter().map(|row| row.role.as_str()).chain(BUILT_IN) {
            known.insert(role, Some(role));
        }
        for (before, now) in guids {
            known.insert(before, Some(now));
        }
        for suggestion in &people.suggestions {
            known.insert(suggestion.source.as_str(), suggestion.target.as_ref().map(ObjectId::as_str));
        }
        // Whoever picks somebody by hand for a small right would otherwise decide whom the condition of a great one spares. So a person
        // in a condition is who a verified key says, or who two people agreed on where no key says anything; a decision that
        // says otherwise leaves nobody.
        let mut by_person: HashMap<&str, Option<&str>> = HashMap::new();
        for row in &snapshot.assignments {
            let Some(decision) = decided.get(&row.id.to_ascii_lowercase()) else { continue };
            let Some(target) = decision.target.as_ref().filter(|_| decision.verdict == Verdict::Restore) else {
                continue;
            };
            let suggested = known.get(row.principal.as_str()).copied().flatten();
            let agreed = decision.seconded_by.is_some_and(|second| second != decision.by);
            let certain = match suggested {
                Some(suggested) => suggested == target.as_str(),
                None => agreed,
            };
            by_person
                .entry(row.principal.as_str())
                .and_modify(|other| {
                    if *other != Some(target.as_str()) || !certain {
                        *other = None;
                    }
                })
                .or_insert(certain.then_some(target.as_str()));
        }
        known.extend(by_person);
        Self { known }
    }

    /// A condition with every id in it translated. `None`: it names somebody or something that is not known in the partner directory. A
    /// condition is never dropped, and never kept with a hole: "not for these people" with nobody left in it is "for everybody".
    fn condition(&self, condition: Option<&str>) -> Option<Option<String>> {
        let Some(text) = condition.filter(|text| !text.trim().is_empty()) else { return Some(None) };
        let mut translated = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((at, id)) = next_guid(rest) {
            translated.push_str(rest.get(..at)?);
            translated.push_str((*self.known.get(id.as_str())?)?);
            rest = rest.get(at + 36..)?;
        }
        translated.push_str(rest);
        Some(Some(translated))
    }
}

/// Roles that conditions often name: those that may be given, or not, by somebody who may give access.
const BUILT_IN: [&str; 6] = [
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
    "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
    "b24988ac-6180-42a0-ab88-20f7382dd24c",
    "acdd72a7-3385-48ef-bd42-f606fba81ae7",
    "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
];

/// The first GUID in a text: where, and which, lower case.
fn next_guid(text: &str) -> Option<(usize, String)> {
    text.char_indices().find_map(|(at, _)| {
        let guid = text.get(at..at + 36)?;
        let shaped = guid.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
        let alone = |byte: Option<u8>| byte.is_none_or(|byte| !byte.is_ascii_hexdigit());
        let before = at.checked_sub(1).and_then(|before| text.as_bytes().get(before).copied());
        let after = text.as_bytes().get(at + 36).copied();
        (shaped && alone(before) && alone(after)).then(|| (at, guid.to_ascii_lowercase()))
    })
}

/// One line of the comparison of access before the move and after the restore.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DiffRow {
    /// The assignment's full id before; empty if it is new.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub before: String,
    /// The assignment's full id after; empty if it is not there.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub after: String,
    /// The role's name.
    pub role_name: String,
    /// Where.
    pub scope: String,
    /// Whose before; whose after, if it is new.
    pub principal: ObjectId,
    /// How they compare.
    pub change: Change,
}

/// How access before and after compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// It is there again, for the mapped principal.
    Same,
    /// It is not there, on purpose.
    LeftOut,
    /// It should be there and is not.
    Missing,
    /// It was not there before: the acceptor's and the partner admin's own roles, or somebody else's doing since.
    New,
}

/// What an assignment says, apart from its name: where, which role, for whom, under which condition.
type Says = (String, String, String, String);

fn says(scope: &str, role: &str, principal: &ObjectId, condition: Option<&str>) -> Says {
    let scope = scope.trim_end_matches('/').to_ascii_lowercase();
    (scope, role.to_ascii_lowercase(), principal.to_string(), condition.unwrap_or_default().trim().to_owned())
}

/// The planned assignments that are not there yet. Whoever made what is there does not matter.
#[must_use]
pub fn remaining<'a>(plan: &'a Plan, present: &[Assignment]) -> Vec<&'a PlannedAssignment> {
    let there: HashSet<Says> =
        present.iter().map(|row| says(&row.scope, &row.role, &row.principal, row.condition.as_deref())).collect();
    let missing = |row: &&PlannedAssignment| {
        !there.contains(&says(&row.scope, &row.role, &row.principal, row.condition.as_deref()))
    };
    plan.assignments.iter().filter(missing).collect()
}

/// Compares the access before the move with the access now, row by row.
#[must_use]
pub fn difference(before: &Snapshot, after: &Snapshot, plan: &Plan) -> Vec<DiffRow> {
    let there: HashMap<Says, &Assignment> = after
        .assignments
        .iter()
        .map(|row| (says(&row.scope, &row.role, &row.principal, row.condition.as_deref()), row))
        .collect();
    let planned: HashMap<&str, &PlannedAssignment> =
        plan.assignments.iter().map(|row| (row.before.as_str(), row)).collect();
    let mut explained: HashSet<&str> = HashSet::new();
    let mut rows = Vec::with_capacity(before.assignments.len());
    for row in &before.assignments {
        let found = planned.get(row.id.as_str()).map(|planned| {
            there.get(&says(&planned.scope, &planned.role, &planned.principal, planned.condition.as_deref()))
        });
        let (change, now) = match found {
            None => (Change::LeftOut, None),
            Some(None) => (Change::Missing, None),
            Some(Some(now)) => (Change::Same, Some(*now)),
        };
        if let Some(now) = now {
            explained.insert(now.id.as_str());
        }
        rows.push(DiffRow {
            before: row.id.clone(),
            after: now.map(|now| now.id.clone()).unwrap_or_default(),
            role_name: row.role_name.clone(),
            scope: row.scope.clone(),
            principal: row.principal.clone(),
            change,
        });
    }
    let new = after.assignments.iter().filter(|row| !explained.contains(row.id.as_str()));
    rows.extend(new.map(|row| DiffRow {
        before: String::new(),
        after: row.id.clone(),
        role_name: row.role_name.clone(),
        scope: row.scope.clone(),
        principal: row.principal.clone(),
        change: Change::New,
    }));
    rows
}

#[cfg(test)]
mod tests {
    use onboarding::Actor;

    use super::*;
    use crate::mapping::{Confidence, Suggestion};

    const SUBSCRIPTION: &str = "6c3c85bc-5366-4eaa-8055-a10529eafd03";
    const READER: &str = "acdd72a7-3385-48ef-bd42-f606fba81ae7";

    fn id(n: usize) -> ObjectId {
        ObjectId::parse(&format!("0000000a-0000-4000-8000-{n:012x}")).unwrap()
    }

    fn row(n: usize, principal: usize, condition: Option<&str>) -> Assignment {
        let scope = format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/g{n}");
        Assignment {
            id: format!("{scope}/providers/Microsoft.Authorization/roleAssignments/{n}"),
            scope,
            role: READER.into(),
            role_name: "Reader".into(),
            principal: id(principal),
            principal_type: "User".into(),
            description: None,
            condition: condition.map(Into::into),
            condition_version: condition.map(|_| "2.0".into()),
            origin: Origin::Here,
        }
    }

    fn restore(row: &Assignment, target: usize, seconded_by: Option<Actor>) -> Decision {
        Decision {
            assignment: row.id.clone(),
            verdict: Verdict::Restore,
            target: Some(id(target)),
            by: Actor::PartnerAdmin,
            at: String::new(),
            seconded_by,
        }
    }

    fn people(pairs: &[(usize, usize)]) -> People {
        let suggestions = pairs.iter().map(|(source, target)| Suggestion {
            source: id(*source),
            target: Some(id(*target)),
            target_name: None,
            confidence: Confidence::Exact,
            reason: "signed-in".into(),
        });
        People { suggestions: suggestions.collect(), ..People::default() }
    }

    fn planned(rows: &[Assignment], decisions: &[Decision], people: &People) -> Plan {
        let snapshot = Snapshot { assignments: rows.to_vec(), ..Snapshot::default() };
        Plan::new(&SubscriptionId::parse(SUBSCRIPTION).unwrap(), &snapshot, decisions, people)
    }

    fn naming(n: usize) -> String {
        format!("@Request[PrincipalId] GuidNotEquals {{{}}}", id(n).as_str().to_uppercase())
    }

    #[test]
    fn a_condition_names_the_same_people_by_their_new_ids() {
        let rows = [row(1, 1, Some(&naming(2)))];
        let plan = planned(&rows, &[restore(&rows[0], 11, None)], &people(&[(2, 12)]));
        assert_eq!(plan.assignments[0].condition, Some(format!("@Request[PrincipalId] GuidNotEquals {{{}}}", id(12))));
        assert_eq!(plan.assignments[0].condition_version.as_deref(), Some("2.0"));
    }

    #[test]
    fn a_condition_that_names_somebody_unknown_leaves_its_row_out() {
        let rows = [row(1, 1, Some(&naming(2)))];
        let plan = planned(&rows, &[restore(&rows[0], 11, None)], &people(&[]));
        assert_eq!((plan.assignments.len(), plan.left_out[0].why.as_str()), (0, "condition"));
    }

    #[test]
    fn nobody_alone_decides_whom_a_condition_spares() {
        let rows = [row(1, 1, Some(&naming(2))), row(2, 2, None)];
        let condition = |second: Option<Actor>, people: &People| {
            let plan = planned(&rows, &[restore(&rows[0], 11, None), restore(&rows[1], 13, second)], people);
            plan.assignments.iter().find(|planned| planned.before == rows[0].id).map(|row| row.condition.clone())
        };
        assert_eq!(condition(None, &people(&[])), None, "picked by hand");
        assert_eq!(condition(Some(Actor::PartnerAdmin), &people(&[])), None, "agreed to by the same person");
        assert_eq!(condition(Some(Actor::Owner), &people(&[(2, 12)])), None, "against what a key says");
        assert!(condition(Some(Actor::Owner), &people(&[])).flatten().unwrap().contains(id(13).as_str()));
        assert!(condition(None, &people(&[(2, 13)])).flatten().unwrap().contains(id(13).as_str()));
    }

    #[test]
    fn writes_stay_within_what_azure_takes() {
        let at = |second: i64| Timestamp::from_second(1_700_000_000 + second).unwrap();
        assert_eq!(pace(at(0), at(0), 0), Pace::Now(200));
        assert_eq!(pace(at(0), at(0), 200), Pace::Wait(1));
        assert_eq!(pace(at(0), at(5), 240), Pace::Now(10));
        assert_eq!(pace(at(9), at(0), 200), Pace::Wait(1));
    }

    #[test]
    fn a_long_name_keeps_within_what_azure_takes() {
        let name = alternative_name(&"ä".repeat(128), SUBSCRIPTION);
        assert!(name.chars().count() <= 128 && name.ends_with("(moved, 6c3c85bc)"));
    }
}
