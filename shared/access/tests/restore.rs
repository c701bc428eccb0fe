//! Random access graphs go through a move and a restore. What must hold of every one of them stands in the names of the tests.

#![expect(clippy::unwrap_used, reason = "what a test builds is there, or the test fails")]

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use access::mapping::{Confidence, Decision, People, Verdict, suggest};
use access::plan::{Plan, PlannedRole, remaining};
use access::principals::{DirectoryFacts, Principal, PrincipalKind};
use access::rights::{Grant, gained, held};
use access::snapshot::{Assignment, CustomRole, Origin, PermissionSet, Snapshot};
use onboarding::{Actor, ObjectId, SubscriptionId, TenantId};
use proptest::prelude::*;

const SUBSCRIPTION: &str = "6c3c85bc-5366-4eaa-8055-a10529eafd03";
/// Another subscription, where a custom role could be assigned too.
const OTHER: &str = "/subscriptions/11111111-5366-4eaa-8055-a10529eafd03";
const OWNER: &str = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635";
const CONTRIBUTOR: &str = "b24988ac-6180-42a0-ab88-20f7382dd24c";
const READER: &str = "acdd72a7-3385-48ef-bd42-f606fba81ae7";

fn subscription() -> SubscriptionId {
    SubscriptionId::parse(SUBSCRIPTION).unwrap()
}

fn id(space: u32, n: usize) -> ObjectId {
    ObjectId::parse(&format!("{space:08x}-0000-4000-8000-{n:012x}")).unwrap()
}

fn directory(space: u32, domain: &str) -> DirectoryFacts {
    let tenant = TenantId::parse(&format!("{space:08x}-aaaa-4000-8000-000000000000")).unwrap();
    DirectoryFacts { tenant, verified_domains: vec![domain.into(), format!("{domain}.onmicrosoft.com")] }
}

/// A few names only, so that the same name, mail and identifier come up again and again, and null among them.
fn word() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        2 => Just(None),
        1 => Just(Some(String::new())),
        1 => Just(Some("  ".to_owned())),
        4 => prop::sample::select(vec!["ada", "kim", "rosa", "lee", "sam"]).prop_map(|name| Some(name.to_owned())),
    ]
}

fn kind() -> impl Strategy<Value = PrincipalKind> {
    prop::sample::select(vec![
        PrincipalKind::Member,
        PrincipalKind::Member,
        PrincipalKind::Guest,
        PrincipalKind::Guest,
        PrincipalKind::Group,
        PrincipalKind::Application,
        PrincipalKind::ManagedIdentity,
        PrincipalKind::Unknown,
    ])
}

/// A principal of a directory: of its own domain, or a guest from one of three.
fn principal(space: u32, own: &'static str) -> impl Strategy<Value = Principal> {
    let addresses = (word(), prop::sample::select(vec!["contoso.com", "fabrikam.com", "outlook.com"]), any::<bool>());
    let attributes =
        (word(), word(), prop::option::weighted(0.5, prop::sample::select(vec!["", "S-1-5-21-1", "S-1-5-21-2"])));
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), 0..3_usize);
    (kind(), addresses, attributes, flags).prop_map(
        move |(kind, (user, home, honest), (name, app, sid), (accepted, enabled, has_owner, issuer))| {
            let at = |domain: &str| {
                user.as_deref().filter(|user| !user.trim().is_empty()).map(|user| format!("{user}@{domain}"))
            };
            let upn = if kind == PrincipalKind::Guest {
                user.as_deref().map(|user| format!("{user}_{home}#EXT#@{own}.onmicrosoft.com"))
            } else {
                at(own)
            };
            // Some guests' mail says something else than their principal name.
            let mail =
                if kind == PrincipalKind::Guest { at(if honest { home } else { "example.org" }) } else { at(own) };
            let issuers = match (kind, issuer) {
                (PrincipalKind::Guest, 0) => vec!["ExternalAzureAD".to_owned()],
                (PrincipalKind::Guest, 1) => vec!["MicrosoftAccount".to_owned()],
                (PrincipalKind::Guest, _) => vec!["mail".to_owned()],
                _ => vec![format!("{own}.onmicrosoft.com")],
            };
            Principal {
                id: id(space, 0),
                kind,
                name,
                upn,
                mail,
                other_mails: Vec::new(),
                issuers,
                accepted,
                enabled,
                on_premises_sid: sid.map(ToOwned::to_owned),
                app_id: app,
                app_owner: has_owner.then(|| directory(7, "x").tenant),
                resource_id: None,
            }
        },
    )
}

fn principals(space: u32, own: &'static str) -> impl Strategy<Value = Vec<Principal>> {
    prop::collection::vec(principal(space, own), 0..14).prop_map(move |mut list| {
        for (n, one) in list.iter_mut().enumerate() {
            one.id = id(space, n);
        }
        list
    })
}

fn scope() -> impl Strategy<Value = String> {
    let sub = format!("/subscriptions/{SUBSCRIPTION}");
    prop::sample::select(vec![
        sub.clone(),
        sub.to_uppercase().replace("/SUBSCRIPTIONS", "/subscriptions"),
        format!("{sub}/resourceGroups/web"),
        format!("{sub}/resourceGroups/web/providers/Microsoft.Storage/storageAccounts/a"),
        format!("{sub}/resourceGroups/data"),
        "/providers/Microsoft.Management/managementGroups/contoso".to_owned(),
        "/".to_owned(),
    ])
}

#[derive(Debug, Clone)]
struct Graph {
    source: Vec<Principal>,
    partner: Vec<Principal>,
    snapshot: Snapshot,
    decisions: Vec<Decision>,
    /// Memberships of the source directory.
    groups: HashMap<ObjectId, Vec<ObjectId>>,
}

impl Graph {
    fn people(&self) -> People {
        let suggestions =
            suggest(&self.source, &directory(1, "contoso.com"), &self.partner, &directory(2, "fabrikam.com"), &[]);
        People { principals: self.source.clone(), suggestions, targets: self.partner.clone() }
    }

    fn plan(&self) -> Plan {
        Plan::new(&subscription(), &self.snapshot, &self.decisions, &self.people())
    }
}

type RowSeed = (usize, usize, String, usize, usize, bool);
type DecisionSeed = (bool, bool, usize, bool, Option<bool>);

fn custom_role(n: usize, actions: &[&str], scopes: &[String]) -> CustomRole {
    let guid = format!("00000000-0000-4000-9000-{n:012x}");
    CustomRole {
        id: format!("/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{guid}"),
        guid,
        name: "Operator".into(),
        description: None,
        permissions: vec![PermissionSet {
            actions: actions.iter().map(ToString::to_string).collect(),
            ..PermissionSet::default()
        }],
        assignable_scopes: scopes.to_vec(),
    }
}

fn graph() -> impl Strategy<Value = Graph> {
    let row: BoxedStrategy<RowSeed> =
        (0..16_usize, 0..5_usize, scope(), 0..5_usize, 0..16_usize, any::<bool>()).boxed();
    let decision: BoxedStrategy<DecisionSeed> =
        (any::<bool>(), any::<bool>(), 0..16_usize, any::<bool>(), prop::option::of(any::<bool>())).boxed();
    (
        principals(1, "contoso.com"),
        principals(2, "fabrikam.com"),
        prop::collection::vec((row, decision), 0..24),
        prop::collection::vec((0..14_usize, 0..14_usize), 0..10),
    )
        .prop_map(|(source, partner, rows, memberships)| build(source, partner, rows, memberships))
}

fn build(
    source: Vec<Principal>,
    partner: Vec<Principal>,
    rows: Vec<(RowSeed, DecisionSeed)>,
    memberships: Vec<(usize, usize)>,
) -> Graph {
    let sub = format!("/subscriptions/{SUBSCRIPTION}");
    let custom_roles = vec![
        custom_role(1, &["Microsoft.Compute/*/read"], &[format!("{sub}/resourceGroups/web"), OTHER.to_owned()]),
        custom_role(
            2,
            &["Microsoft.Authorization/*"],
            &["/providers/Microsoft.Management/managementGroups/contoso".into()],
        ),
    ];
    let roles = [OWNER, CONTRIBUTOR, READER, custom_roles[0].guid.as_str(), custom_roles[1].guid.as_str()];
    let mut snapshot = Snapshot { custom_roles: custom_roles.clone(), ..Snapshot::default() };
    let mut decisions = Vec::new();
    let mut said = HashSet::new();
    for (n, ((who, role, scope, condition, named, _), (decided, restore, target, own, second))) in
        rows.into_iter().enumerate()
    {
        let Some(holder) = source.get(who) else { continue };
        let other = source.get(named).map_or_else(|| id(9, named), |one| one.id.clone());
        let condition = match condition {
            0 => Some(format!("@Request[PrincipalId] ForAnyOfAnyValues:GuidNotEquals {{{other}}}")),
            1 => Some(format!("@Request[RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{}}}", roles[role])),
            2 => Some("@Resource[blobs:path] StringLike 'logs/*'".to_owned()),
            _ => None,
        };
        // Azure takes one assignment of a role to a principal at a scope.
        if !said.insert((holder.id.clone(), role, scope.to_lowercase())) {
            continue;
        }
        let assignment = Assignment {
            id: format!("{scope}/providers/Microsoft.Authorization/roleAssignments/{n:032x}"),
            origin: Origin::of(&scope, &subscription()),
            scope,
            role: roles[role].to_owned(),
            role_name: String::new(),
            principal: holder.id.clone(),
            principal_type: match holder.kind {
                PrincipalKind::Member | PrincipalKind::Guest => "User",
                PrincipalKind::Group => "Group",
                PrincipalKind::Application | PrincipalKind::ManagedIdentity => "ServicePrincipal",
                PrincipalKind::Unknown => "Unknown",
            }
            .into(),
            description: None,
            condition_version: condition.as_ref().map(|_| "2.0".into()),
            condition,
        };
        if decided {
            let by = if own { Actor::Owner } else { Actor::PartnerAdmin };
            let other = if own { Actor::PartnerAdmin } else { Actor::Owner };
            decisions.push(Decision {
                assignment: assignment.id.clone(),
                verdict: if restore { Verdict::Restore } else { Verdict::Skip },
                target: partner.get(target).map(|one| one.id.clone()),
                by,
                at: "2026-01-01T00:00:00Z".into(),
                // Nobody, the other person, or a forged agreement of the same person.
                seconded_by: second.map(|honest| if honest { other } else { by }),
            });
        }
        snapshot.assignments.push(assignment);
    }
    snapshot.sort();
    let mut groups: HashMap<ObjectId, Vec<ObjectId>> = HashMap::new();
    for (member, group) in memberships {
        if let (Some(member), Some(group)) = (source.get(member), source.get(group))
            && group.kind == PrincipalKind::Group
        {
            groups.entry(member.id.clone()).or_default().push(group.id.clone());
        }
    }
    Graph { source, partner, snapshot, decisions, groups }
}

/// The subscription after the restore: what Azure would hold if each planned row were made once under its name.
fn restored(plan: &Plan) -> (BTreeMap<String, Assignment>, Vec<CustomRole>) {
    let made = plan.assignments.iter().map(|row| {
        let assignment = Assignment {
            id: format!("{}/providers/Microsoft.Authorization/roleAssignments/{}", row.scope, row.name),
            scope: row.scope.clone(),
            role: row.role.clone(),
            role_name: row.role_name.clone(),
            principal: row.principal.clone(),
            principal_type: row.principal_type.clone(),
            description: row.description.clone(),
            condition: row.condition.clone(),
            condition_version: row.condition_version.clone(),
            origin: Origin::Here,
        };
        (row.name.clone(), assignment)
    });
    let roles = plan.roles.iter().map(|role| CustomRole {
        id: role.guid.clone(),
        guid: role.guid.clone(),
        name: role.name.clone(),
        description: role.description.clone(),
        permissions: role.permissions.clone(),
        assignable_scopes: role.assignable_scopes.clone(),
    });
    (made.collect(), roles.collect())
}

/// Conditions name people; before and after they name them by different ids. For comparing, ids become whoever they stand for.
fn unnamed(grants: BTreeSet<Grant>, graph: &Graph, plan: &Plan) -> BTreeSet<Grant> {
    let mut ids: Vec<(String, String)> = Vec::new();
    for suggestion in graph.people().suggestions {
        if let Some(target) = suggestion.target {
            ids.push((suggestion.source.to_string(), target.to_string()));
        }
    }
    for decision in &graph.decisions {
        let row = graph.snapshot.assignments.iter().find(|row| row.id == decision.assignment);
        // Whom a skipped row would have gone to says nothing about who anybody is.
        let target = decision.target.as_ref().filter(|_| decision.verdict == Verdict::Restore);
        if let (Some(row), Some(target)) = (row, target) {
            ids.push((row.principal.to_string(), target.to_string()));
        }
    }
    ids.extend(plan.roles.iter().map(|role| (role.before.clone(), role.guid.clone())));
    // Whoever leads to the same is the same.
    let canonical = |text: &str| {
        let mut text = text.to_owned();
        for (before, after) in &ids {
            text = text.replace(before.as_str(), after.as_str());
        }
        text
    };
    grants.into_iter().map(|grant| Grant { condition: canonical(&grant.condition), ..grant }).collect()
}

/// For every principal of the partner directory: what it holds now that none of those who were mapped to it held before.
fn widened(graph: &Graph, plan: &Plan) -> Vec<(ObjectId, Grant)> {
    let (after, roles) = restored(plan);
    let after: Vec<Assignment> = after.into_values().collect();
    let mut who: BTreeSet<String> = after.iter().map(|row| row.principal.to_string()).collect();
    who.extend(graph.partner.iter().map(|one| one.id.to_string()));
    let mut wider = Vec::new();
    for target in who {
        let target = ObjectId::parse(&target).unwrap();
        let sources: BTreeSet<String> = graph
            .decisions
            .iter()
            .filter(|decision| decision.target.as_ref() == Some(&target) && decision.verdict == Verdict::Restore)
            .filter_map(|decision| graph.snapshot.assignments.iter().find(|row| row.id == decision.assignment))
            .map(|row| row.principal.to_string())
            .collect();
        let before: BTreeSet<Grant> = sources
            .iter()
            .flat_map(|source| {
                let source = ObjectId::parse(source).unwrap();
                held(&source, &graph.snapshot.assignments, &graph.snapshot.custom_roles, &graph.groups)
            })
            .collect();
        let now = held(&target, &after, &roles, &HashMap::new());
        let (before, now) = (unnamed(before, graph, plan), unnamed(now, graph, plan));
        wider.extend(gained(&before, &now).into_iter().map(|grant| (target.clone(), grant.clone())));
    }
    wider
}

fn is_privileged(row: &Assignment, graph: &Graph) -> bool {
    row.gives_access_to_others(&graph.snapshot.custom_roles)
}

/// Custom roles that allow something else than before, or that can be assigned where they could not or outside the subscription.
fn wider_roles(graph: &Graph, plan: &Plan) -> Vec<String> {
    let whole = format!("/subscriptions/{SUBSCRIPTION}");
    let wider = |role: &&PlannedRole| {
        let Some(before) = graph.snapshot.custom_roles.iter().find(|one| one.guid == role.before) else { return true };
        // A role of a management group above could be assigned anywhere in the subscription.
        let above = before.assignable_scopes.iter().all(|scope| Origin::of(scope, &subscription()) != Origin::Here);
        let known = |scope: &String| before.assignable_scopes.contains(scope) || (above && *scope == whole);
        role.permissions != before.permissions
            || !role.assignable_scopes.iter().all(known)
            || role.assignable_scopes.iter().any(|scope| Origin::of(scope, &subscription()) != Origin::Here)
    };
    plan.roles.iter().filter(wider).map(|role| role.name.clone()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nobody_holds_a_right_that_their_mapped_identity_did_not_hold(graph in graph()) {
        prop_assert_eq!(widened(&graph, &graph.plan()), vec![]);
    }

    #[test]
    fn whoever_was_mapped_and_approved_holds_every_right_again(graph in graph()) {
        let plan = graph.plan();
        let (after, roles) = restored(&plan);
        let after: Vec<Assignment> = after.into_values().collect();
        let kinds: HashMap<&ObjectId, PrincipalKind> = graph.source.iter().map(|one| (&one.id, one.kind)).collect();
        let left: HashMap<&str, &str> = plan.left_out.iter().map(|row| (row.before.as_str(), row.why.as_str())).collect();
        for row in &graph.snapshot.assignments {
            let decision = graph.decisions.iter().find(|decision| decision.assignment == row.id);
            let approved = decision.filter(|decision| {
                decision.verdict == Verdict::Restore
                    && (!is_privileged(row, &graph) || decision.seconded_by.is_some_and(|by| by != decision.by))
            });
            let target = approved.and_then(|decision| decision.target.as_ref());
            let possible = row.can_be_restored() && kinds.get(&row.principal) != Some(&PrincipalKind::ManagedIdentity);
            let why = left.get(row.id.as_str()).copied();
            let Some(target) = target.filter(|_| possible) else {
                // Not approved, and so not there on this row's account, with a reason.
                prop_assert!(why.is_some());
                continue;
            };
            if why == Some("condition") {
                prop_assert!(row.condition.is_some());
                continue;
            }
            let before = held(&row.principal, std::slice::from_ref(row), &graph.snapshot.custom_roles, &HashMap::new());
            let now = held(target, &after, &roles, &HashMap::new());
            let (before, now) = (unnamed(before, &graph, &plan), unnamed(now, &graph, &plan));
            prop_assert!(before.is_subset(&now), "{before:?} is not in {now:?}");
        }
    }

    #[test]
    fn the_plan_repeated_from_any_point_comes_to_the_same_without_duplicates(graph in graph(), cut in 0..30_usize) {
        let plan = graph.plan();
        let again = Plan::new(&subscription(), &graph.snapshot, &graph.decisions, &graph.people());
        prop_assert_eq!(&plan, &again);
        let names: HashSet<&str> = plan.assignments.iter().map(|row| row.name.as_str()).collect();
        prop_assert_eq!(names.len(), plan.assignments.len());
        let (whole, _) = restored(&plan);
        let killed = Plan { assignments: plan.assignments.iter().take(cut).cloned().collect(), ..plan.clone() };
        let (mut part, _) = restored(&killed);
        let there: Vec<Assignment> = part.values().cloned().collect();
        let rest: Vec<_> = remaining(&plan, &there).into_iter().cloned().collect();
        prop_assert_eq!(rest.len() + part.len(), plan.assignments.len());
        part.extend(restored(&Plan { assignments: rest, ..plan.clone() }).0);
        prop_assert_eq!(part, whole);
    }

    #[test]
    fn every_assignment_is_either_planned_or_left_out_with_a_reason(graph in graph()) {
        let plan = graph.plan();
        let mut rows: Vec<&str> = plan.assignments.iter().map(|row| row.before.as_str()).collect();
        rows.extend(plan.left_out.iter().map(|row| row.before.as_str()));
        rows.sort_unstable();
        let mut all: Vec<&str> = graph.snapshot.assignments.iter().map(|row| row.id.as_str()).collect();
        all.sort_unstable();
        prop_assert_eq!(rows, all);
        let pages = plan.to_pages().unwrap();
        prop_assert_eq!(Plan::from_pages(&pages).unwrap(), plan);
    }

    #[test]
    fn custom_roles_allow_what_they_allowed_and_nowhere_else(graph in graph()) {
        prop_assert_eq!(wider_roles(&graph, &graph.plan()), Vec::<String>::new());
    }

    #[test]
    fn a_suggestion_rests_on_a_verified_key_that_leads_to_one_person(graph in graph()) {
        let people = graph.people();
        let mut targets = HashSet::new();
        for suggestion in &people.suggestions {
            let Some(target) = &suggestion.target else {
                prop_assert_eq!(suggestion.confidence, Confidence::None);
                continue;
            };
            prop_assert!(targets.insert(target.clone()), "two people lead to {target}");
            let (one, other) = (people.principal(&suggestion.source).unwrap(), graph.partner.iter().find(|other| other.id == *target).unwrap());
            let said = |text: &Option<String>| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_lowercase);
            let same = |one: Option<String>, other: Option<String>| one.is_some() && one == other;
            let verified = match suggestion.reason.as_str() {
                "application-id" => same(said(&one.app_id), said(&other.app_id)) && one.app_owner.is_some() && one.app_owner == other.app_owner,
                "on-premises-sid" => same(said(&one.on_premises_sid), said(&other.on_premises_sid)) && one.kind == other.kind,
                // A guest's mail is the address that was proved when the invitation was accepted.
                "guest-of-member" => other.accepted && other.kind == PrincipalKind::Guest && same(said(&one.upn), said(&other.mail)),
                "member-of-guest" => one.accepted && other.kind == PrincipalKind::Member && same(said(&other.upn), said(&one.mail)),
                "same-guest" => one.accepted && other.accepted && same(said(&one.mail), said(&other.mail)) && one.issuers == other.issuers,
                _ => false,
            };
            prop_assert!(verified, "{suggestion:?}: {one:?} / {other:?}");
            prop_assert!(other.enabled || !matches!(other.kind, PrincipalKind::Member | PrincipalKind::Guest));
        }
    }

    #[test]
    fn names_that_people_read_decide_nothing(graph in graph()) {
        let renamed = |list: &[Principal]| -> Vec<Principal> {
            list.iter().enumerate().map(|(n, one)| Principal { name: Some(format!("Same {}", n % 2)), ..one.clone() }).collect()
        };
        let other = Graph { source: renamed(&graph.source), partner: renamed(&graph.partner), ..graph.clone() };
        let targets = |graph: &Graph| graph.people().suggestions.into_iter().map(|one| one.target).collect::<Vec<_>>();
        prop_assert_eq!(targets(&graph), targets(&other));
    }
}

/// A planner that does one thing wrong, as other tools do, must be caught by the same measure.
fn caught(wrong: impl Fn(&mut Plan)) -> bool {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    (0..400).any(|_| {
        let graph = graph().new_tree(&mut runner).unwrap().current();
        let mut plan = graph.plan();
        wrong(&mut plan);
        !widened(&graph, &plan).is_empty() || !wider_roles(&graph, &plan).is_empty()
    })
}

#[test]
fn a_restore_at_a_wider_scope_would_be_caught() {
    assert!(caught(|plan| {
        for row in &mut plan.assignments {
            row.scope = format!("/subscriptions/{SUBSCRIPTION}");
        }
    }));
}

#[test]
fn a_dropped_condition_would_be_caught() {
    assert!(caught(|plan| plan.assignments.iter_mut().for_each(|row| row.condition = None)));
}

#[test]
fn a_custom_role_that_allows_more_would_be_caught() {
    assert!(caught(|plan| {
        for role in &mut plan.roles {
            role.permissions[0].actions.push("*".into());
        }
    }));
}

#[test]
fn a_custom_role_that_can_be_assigned_more_widely_would_be_caught() {
    let whole = format!("/subscriptions/{SUBSCRIPTION}");
    assert!(caught(|plan| plan.roles.iter_mut().for_each(|role| role.assignable_scopes = vec![whole.clone()])));
    assert!(caught(|plan| plan.roles.iter_mut().for_each(|role| role.assignable_scopes.push(OTHER.into()))));
}

#[test]
fn a_grant_to_somebody_else_would_be_caught() {
    assert!(caught(|plan| plan.assignments.iter_mut().for_each(|row| row.principal = id(3, 1))));
}

#[test]
fn the_measure_finds_nothing_wrong_with_the_plan_as_it_is() {
    assert!(!caught(|_| {}));
}

#[test]
fn null_does_not_match_null() {
    let nobody = |space: u32| Principal {
        id: id(space, 1),
        kind: PrincipalKind::Member,
        name: Some("Ada".into()),
        upn: None,
        mail: None,
        other_mails: vec![String::new()],
        issuers: Vec::new(),
        accepted: true,
        enabled: true,
        on_premises_sid: Some(String::new()),
        app_id: None,
        app_owner: None,
        resource_id: None,
    };
    for kind in [PrincipalKind::Member, PrincipalKind::Guest, PrincipalKind::Group, PrincipalKind::Application] {
        let (one, other) = (Principal { kind, ..nobody(1) }, Principal { kind, ..nobody(2) });
        let found = suggest(&[one], &directory(1, "contoso.com"), &[other], &directory(2, "fabrikam.com"), &[]);
        assert_eq!((found[0].target.clone(), found[0].reason.as_str()), (None, "no-key"), "{kind:?}");
    }
}

#[test]
fn a_large_subscription_is_planned_in_a_moment() {
    let custom_roles = (0..300).map(|n| custom_role(n, &["*/read"], &[])).collect();
    let mut snapshot = Snapshot { custom_roles, ..Snapshot::default() };
    let source: Vec<Principal> = (0..1000)
        .map(|n| Principal {
            id: id(1, n),
            kind: PrincipalKind::Member,
            name: None,
            upn: Some(format!("user{n}@contoso.com")),
            mail: None,
            other_mails: Vec::new(),
            issuers: Vec::new(),
            accepted: true,
            enabled: true,
            on_premises_sid: None,
            app_id: None,
            app_owner: None,
            resource_id: None,
        })
        .collect();
    for n in 0..4000 {
        let scope = format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/g{n}");
        snapshot.assignments.push(Assignment {
            id: format!("{scope}/roleAssignments/{n}"),
            scope,
            role: snapshot.custom_roles[n % 300].guid.clone(),
            role_name: String::new(),
            principal: id(1, n % 1000),
            principal_type: "User".into(),
            description: None,
            condition: None,
            condition_version: None,
            origin: Origin::Here,
        });
    }
    let decisions: Vec<Decision> = snapshot
        .assignments
        .iter()
        .map(|row| Decision {
            assignment: row.id.clone(),
            verdict: Verdict::Restore,
            target: Some(id(2, 1)),
            by: Actor::Owner,
            at: String::new(),
            seconded_by: None,
        })
        .collect();
    let people = People { principals: source, ..People::default() };
    let began = std::time::Instant::now();
    let plan = Plan::new(&subscription(), &snapshot, &decisions, &people);
    assert_eq!(plan.assignments.len(), 4000);
    assert!(began.elapsed().as_secs_f64() < 5.0, "{:?} in a debug build", began.elapsed());
}
