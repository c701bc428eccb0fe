//! Puts a report together from what was read, page by page where there is much.

use std::collections::{BTreeMap, BTreeSet};

use access::principals::{Principal, PrincipalKind};
use access::snapshot::{Assignment, NotRead, Origin, Snapshot};
use onboarding::{SubscriptionId, TenantId};
use serde::{Deserialize, Serialize};

use super::{Finding, Report, SCHEMA};
use crate::catalogue::{self, Context, KeyUse, Resource, Vaults};

/// What is known of the resources so far. It takes them a page at a time and keeps only what the report needs, so that a subscription
/// of any size fits; it can be kept between invocations.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Inventory {
    /// What was found, but for what depends on other resources.
    pub findings: Vec<Finding>,
    /// Who uses which key: judged when every vault is known.
    pub key_uses: Vec<KeyUse>,
    /// The vaults of the subscription.
    pub vaults: Vaults,
    /// The managed identities of the subscription: their object ids, and whose they are.
    pub identities: BTreeMap<String, String>,
    /// How many resources were taken.
    pub taken: u64,
}

impl Inventory {
    /// Takes a page of resources.
    pub fn take(&mut self, resources: &[Resource]) {
        for resource in resources {
            self.vaults.note(resource);
            self.findings.extend(catalogue::plain_findings(resource));
            self.key_uses.extend(resource.key_use());
            if !resource.principal_id.is_empty() {
                self.identities.insert(resource.principal_id.to_ascii_lowercase(), resource.id.clone());
            }
            self.taken += 1;
        }
    }
}

/// What a policy object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PolicyKind {
    /// A policy or initiative that was assigned.
    Assignment,
    /// A policy that someone wrote.
    Definition,
    /// An initiative that someone wrote.
    Initiative,
    /// An exemption.
    Exemption,
}

/// A policy object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Policy {
    /// What it is.
    pub kind: PolicyKind,
    /// Its full id, the scope included.
    pub id: String,
    /// The name to show.
    pub name: String,
    /// Whether it has a managed identity, which must be made again.
    #[serde(default)]
    pub has_identity: bool,
}

/// A lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Lock {
    /// Its full id, the scope included.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `CanNotDelete` or `ReadOnly`.
    pub level: String,
}

/// A delegation to another tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Delegation {
    /// Its full id.
    pub id: String,
    /// The offer's name.
    pub name: String,
    /// The managing tenant, by name or id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub managed_by: Option<String>,
}

/// A classic administrator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Classic {
    /// Their address.
    pub address: String,
    /// What they are.
    pub role: String,
}

/// Everything a report is made of.
#[derive(Debug)]
pub struct ReportParts<'a> {
    /// The subscription.
    pub subscription: SubscriptionId,
    /// The directory it is in.
    pub source: TenantId,
    /// The directory it would go to.
    pub partner: TenantId,
    /// Its access.
    pub snapshot: &'a Snapshot,
    /// SHA-256 of that.
    pub snapshot_hash: String,
    /// The principals in it, as far as the source directory let us read them.
    pub principals: &'a [Principal],
    /// Its resources.
    pub inventory: Inventory,
    /// How many resources there are of each type. Empty if it could not be read.
    pub counts: Vec<(String, u64)>,
    /// Whether the management API's own list has any resource. `None`: nobody asked, or it could not be read.
    pub listed_any: Option<bool>,
    /// How many rows Resource Graph said that the inventory has.
    pub expected: Option<u64>,
    /// Policies.
    pub policies: &'a [Policy],
    /// Locks.
    pub locks: &'a [Lock],
    /// Delegations.
    pub delegations: &'a [Delegation],
    /// Classic administrators.
    pub classic: &'a [Classic],
    /// What could not be read.
    pub not_read: Vec<NotRead>,
}

impl<'a> ReportParts<'a> {
    /// Parts of a subscription in which nothing was looked for yet but its access.
    #[must_use]
    pub fn new(
        subscription: SubscriptionId,
        source: TenantId,
        partner: TenantId,
        snapshot: &'a Snapshot,
        snapshot_hash: String,
    ) -> Self {
        Self {
            subscription,
            source,
            partner,
            snapshot,
            snapshot_hash,
            principals: &[],
            inventory: Inventory::default(),
            counts: Vec::new(),
            listed_any: None,
            expected: None,
            policies: &[],
            locks: &[],
            delegations: &[],
            classic: &[],
            not_read: Vec::new(),
        }
    }
}

impl Report {
    /// The report of these parts.
    #[must_use]
    pub fn build(parts: ReportParts<'_>) -> Self {
        let mut not_read = parts.not_read;
        not_read.extend(parts.snapshot.not_read.iter().cloned());
        not_read.extend(silence(&parts.inventory, &parts.counts, parts.listed_any, parts.expected));
        let people = People::of(parts.principals, &parts.inventory.identities);
        let mut findings = parts.inventory.findings;
        of_keys(&mut findings, &parts.inventory.key_uses, &parts.subscription, &parts.inventory.vaults);
        of_access(&mut findings, parts.snapshot, &people);
        of_policies(&mut findings, parts.policies, &parts.subscription);
        of_rest(&mut findings, parts.locks, parts.delegations, parts.classic);
        let mut report = Self {
            schema: SCHEMA,
            subscription: parts.subscription,
            source: parts.source,
            partner: parts.partner,
            findings,
            resources: added_up(parts.counts),
            snapshot_hash: parts.snapshot_hash,
            not_read,
        };
        report.sort();
        report
    }
}

/// Types by lower case, each once.
fn added_up(counts: Vec<(String, u64)>) -> Vec<(String, u64)> {
    let mut sums: BTreeMap<String, u64> = BTreeMap::new();
    for (kind, count) in counts {
        *sums.entry(kind.to_ascii_lowercase()).or_default() += count;
    }
    sums.into_iter().collect()
}

/// What Resource Graph's answers leave open: no rows are no proof of an empty subscription, and fewer rows than it announced are no
/// whole list.
fn silence(
    inventory: &Inventory,
    counts: &[(String, u64)],
    listed_any: Option<bool>,
    expected: Option<u64>,
) -> Option<NotRead> {
    let counted: u64 = counts.iter().map(|(_, count)| count).sum();
    let unread =
        |why: &str, needs: &str| Some(NotRead { what: "resources".into(), why: why.into(), needs: needs.into() });
    if expected.is_some_and(|expected| inventory.taken < expected) {
        return unread("Incomplete", "Reading again: the list changed while it was read.");
    }
    if counted > 0 || inventory.taken > 0 {
        return None;
    }
    match listed_any {
        Some(false) => None,
        Some(true) => unread("IndexBehind", "Some minutes: Resource Graph has not indexed this subscription yet."),
        None => unread("NotCrossChecked", "Reader on the subscription."),
    }
}

fn of_keys(findings: &mut Vec<Finding>, uses: &[KeyUse], subscription: &SubscriptionId, vaults: &Vaults) {
    let context = Context { subscription, vaults };
    let mut dependents: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for key_use in uses {
        for key in &key_use.keys {
            if let Some(vault) = vaults.find(key) {
                dependents.entry(vault.to_owned()).or_default().insert(key_use.resource.clone());
            }
        }
        findings.extend(key_use.findings(&context));
    }
    // A vault's row says who depends on it: a vault that nobody needs is repaired at leisure.
    for finding in findings.iter_mut().filter(|finding| matches!(finding.rule.as_str(), "key-vault" | "managed-hsm")) {
        if let Some(who) = dependents.get(&finding.resource.to_ascii_lowercase()) {
            finding.depends_on = who.iter().cloned().collect();
        }
    }
}

/// Names and kinds by object id.
struct People<'a> {
    principals: BTreeMap<&'a str, &'a Principal>,
    identities: &'a BTreeMap<String, String>,
}

impl<'a> People<'a> {
    fn of(principals: &'a [Principal], identities: &'a BTreeMap<String, String>) -> Self {
        Self { principals: principals.iter().map(|one| (one.id.as_str(), one)).collect(), identities }
    }

    fn name(&self, id: &str) -> String {
        let known = self.principals.get(id);
        let name = known.and_then(|one| one.name.as_ref().or(one.upn.as_ref()).or(one.mail.as_ref()));
        name.map_or_else(|| id.to_owned(), Clone::clone)
    }

    /// The resource that a managed identity belongs to. Without a look into the directory the inventory tells.
    fn identity_of(&self, id: &str) -> Option<Option<String>> {
        let managed = self.principals.get(id).filter(|one| one.kind == PrincipalKind::ManagedIdentity);
        match (managed, self.identities.get(id)) {
            (_, Some(resource)) => Some(Some(resource.clone())),
            (Some(one), None) => Some(one.resource_id.clone()),
            (None, None) => None,
        }
    }
}

fn of_access(findings: &mut Vec<Finding>, snapshot: &Snapshot, people: &People<'_>) {
    let mut push = |rule: &str, of: (&str, &str, &str), depends_on: Vec<String>, detail: String| {
        if let Some(rule) = catalogue::rule(rule) {
            let (resource, name, kind) = of;
            let mut finding = rule.finding(resource, name, kind);
            (finding.depends_on, finding.detail) = (depends_on, Some(detail).filter(|detail| !detail.is_empty()));
            findings.push(finding);
        }
    };
    const ASSIGNMENT: &str = "microsoft.authorization/roleassignments";
    let mut applications = BTreeSet::new();
    for assignment in &snapshot.assignments {
        let principal = assignment.principal.as_str();
        let name = people.name(principal);
        let of = (assignment.id.as_str(), name.as_str(), ASSIGNMENT);
        let said = said(assignment);
        if assignment.origin != Origin::Here {
            push("role-assignment-inherited", of, Vec::new(), said);
        } else if let Some(resource) = people.identity_of(principal) {
            push("identity-roles", of, resource.into_iter().collect(), said);
        } else {
            push("role-assignment", of, Vec::new(), said);
            if assignment.principal_type.eq_ignore_ascii_case("ServicePrincipal") {
                applications.insert(principal);
            }
        }
    }
    for application in applications {
        let known = people.principals.get(application);
        let detail = match known.and_then(|one| one.app_id.as_ref()) {
            Some(id) => format!("Its application id is {id}."),
            None => {
                "What it is could not be read: an application, or a managed identity of another subscription.".into()
            }
        };
        push(
            "app-registration",
            (application, &people.name(application), "microsoft.graph/serviceprincipals"),
            Vec::new(),
            detail,
        );
    }
    for role in &snapshot.custom_roles {
        let of = (role.id.as_str(), role.name.as_str(), "microsoft.authorization/roledefinitions");
        push(
            "custom-role",
            of,
            Vec::new(),
            format!("It could be assigned in {} places.", role.assignable_scopes.len()),
        );
    }
    for one in &snapshot.eligible {
        let name = people.name(one.principal.as_str());
        let until = one.until.as_ref().map(|until| format!(", until {until}")).unwrap_or_default();
        let of = (one.id.as_str(), name.as_str(), "microsoft.authorization/roleeligibilityscheduleinstances");
        push("eligible-role", of, Vec::new(), format!("{} on {}{until}.", one.role_name, one.scope));
    }
    for one in &snapshot.denied {
        let of = (one.id.as_str(), one.name.as_str(), "microsoft.authorization/denyassignments");
        push("deny-assignment", of, Vec::new(), format!("On {}.", one.scope));
    }
}

fn said(assignment: &Assignment) -> String {
    let condition = if assignment.condition.is_some() { ", with a condition" } else { "" };
    let from = match assignment.origin {
        Origin::Here => "",
        Origin::ManagementGroup => ", from a management group",
        Origin::Root => ", from the root of the directory",
    };
    format!("{} on {}{condition}{from}.", assignment.role_name, assignment.scope)
}

fn of_policies(findings: &mut Vec<Finding>, policies: &[Policy], subscription: &SubscriptionId) {
    let own = access::snapshot::subscription_scope(subscription);
    let mut own_assignment = false;
    for policy in policies {
        let lower = policy.id.to_ascii_lowercase();
        let here = lower.starts_with(&own);
        let (rule, kind) = match policy.kind {
            PolicyKind::Assignment if here => ("policy-assignment", "microsoft.authorization/policyassignments"),
            PolicyKind::Assignment => ("policy-inherited", "microsoft.authorization/policyassignments"),
            PolicyKind::Definition => ("policy-definition", "microsoft.authorization/policydefinitions"),
            PolicyKind::Initiative => ("policy-definition", "microsoft.authorization/policysetdefinitions"),
            PolicyKind::Exemption => ("policy-exemption", "microsoft.authorization/policyexemptions"),
        };
        // A definition above the subscription stays where it is; only what assigns it here is lost.
        if !here && policy.kind != PolicyKind::Assignment {
            continue;
        }
        own_assignment |= policy.kind == PolicyKind::Assignment;
        if let Some(rule) = catalogue::rule(rule) {
            let mut finding = rule.finding(&policy.id, &policy.name, kind);
            finding.detail = policy.has_identity.then(|| "It has a managed identity, which must be made again.".into());
            findings.push(finding);
        }
    }
    if own_assignment && let Some(rule) = catalogue::rule("policy-compliance") {
        findings.push(rule.finding(&own, "Compliance history", "microsoft.policyinsights/policystates"));
    }
}

fn of_rest(findings: &mut Vec<Finding>, locks: &[Lock], delegations: &[Delegation], classic: &[Classic]) {
    let mut push = |rule: &str, of: (&str, &str, &str), detail: String| {
        if let Some(rule) = catalogue::rule(rule) {
            let mut finding = rule.finding(of.0, of.1, of.2);
            finding.detail = Some(detail);
            findings.push(finding);
        }
    };
    for lock in locks {
        let level = if lock.level.eq_ignore_ascii_case("ReadOnly") {
            "Read-only: access can't be restored below it."
        } else {
            "Against deletion."
        };
        push("lock", (&lock.id, &lock.name, "microsoft.authorization/locks"), level.into());
    }
    for one in delegations {
        let who = one.managed_by.as_deref().unwrap_or("a tenant that could not be read");
        push(
            "lighthouse",
            (&one.id, &one.name, "microsoft.managedservices/registrationassignments"),
            format!("To {who}."),
        );
    }
    for one in classic {
        // One person may be two kinds of administrator.
        let id = format!("{}/{}", one.address, one.role);
        push(
            "classic-administrator",
            (&id, &one.address, "microsoft.authorization/classicadministrators"),
            format!("{}.", one.role),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use access::snapshot::{CustomRole, DenyAssignment, Eligibility};
    use onboarding::ObjectId;
    use serde_json::json;

    const SUBSCRIPTION: &str = "6c3c85bc-5366-4eaa-8055-a10529eafd03";
    const PERSON: &str = "b11a05c8-6acc-435e-9a51-2140dea093a5";
    const ROBOT: &str = "b11a05c8-6acc-435e-9a51-2140dea093a6";
    const IDENTITY: &str = "b11a05c8-6acc-435e-9a51-2140dea093a7";

    fn assignment(name: &str, principal: &str, kind: &str, origin: Origin) -> Assignment {
        Assignment {
            id: format!("/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleAssignments/{name}"),
            scope: format!("/subscriptions/{SUBSCRIPTION}"),
            role: "8e3af657-a8ff-443c-a75c-2fe8c4bcb635".into(),
            role_name: "Owner".into(),
            principal: ObjectId::parse(principal).unwrap(),
            principal_type: kind.into(),
            description: None,
            condition: None,
            condition_version: None,
            origin,
        }
    }

    fn parts(snapshot: &Snapshot) -> ReportParts<'_> {
        let tenant = |text| TenantId::parse(text).unwrap();
        let (source, partner) =
            (tenant("111a82eb-4c7b-48bb-962b-49363c510130"), tenant("c9eb5ae2-2ad9-45a2-a5a9-3b6a3d4ef9d1"));
        let mut parts =
            ReportParts::new(SubscriptionId::parse(SUBSCRIPTION).unwrap(), source, partner, snapshot, "hash".into());
        parts.listed_any = Some(false);
        parts
    }

    fn rules(report: &Report) -> Vec<&str> {
        report.findings.iter().map(|finding| finding.rule.as_str()).collect()
    }

    fn vault() -> Resource {
        Resource::from_arm(&json!({
            "id": format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/z/providers/Microsoft.KeyVault/vaults/ours"),
            "name": "ours", "type": "Microsoft.KeyVault/vaults",
            "properties": {"vaultUri": "https://ours.vault.azure.net/"}
        }))
    }

    fn account() -> Resource {
        Resource::from_arm(&json!({
            "id": format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/a/providers/Microsoft.Storage/storageAccounts/data"),
            "name": "data", "type": "Microsoft.Storage/storageAccounts",
            "properties": {"encryption": {
                "keySource": "Microsoft.Keyvault", "keyvaultproperties": {"keyvaulturi": "https://ours.vault.azure.net"}
            }}
        }))
    }

    #[test]
    fn each_assignment_is_a_finding_of_its_own_by_what_becomes_of_it() {
        let snapshot = Snapshot {
            assignments: vec![
                assignment("1", PERSON, "User", Origin::Here),
                assignment("2", PERSON, "User", Origin::ManagementGroup),
                assignment("3", ROBOT, "ServicePrincipal", Origin::Here),
                assignment("4", IDENTITY, "ServicePrincipal", Origin::Here),
            ],
            ..Snapshot::default()
        };
        let mut given = parts(&snapshot);
        given.inventory.take(&[Resource {
            id: "/subscriptions/s/site".into(),
            name: "site".into(),
            resource_type: "Microsoft.Web/sites".into(),
            identity_type: "SystemAssigned".into(),
            principal_id: IDENTITY.to_uppercase(),
            ..Resource::default()
        }]);
        let report = Report::build(given);
        assert_eq!(
            rules(&report),
            [
                "identity-roles",
                "system-identity",
                "app-registration",
                "role-assignment",
                "role-assignment",
                "role-assignment-inherited"
            ]
        );
        // The inventory knows whose identity it is, without a look into the directory.
        assert_eq!(report.findings[0].depends_on, ["/subscriptions/s/site"]);
        assert_eq!(report.summary("").assignments, 4);
    }

    #[test]
    fn people_are_named_where_the_directory_let_us_read_them_and_by_id_where_not() {
        let snapshot = Snapshot {
            assignments: vec![
                assignment("1", PERSON, "User", Origin::Here),
                assignment("2", ROBOT, "User", Origin::Here),
            ],
            ..Snapshot::default()
        };
        let known: Vec<Principal> =
            vec![serde_json::from_value(json!({"id": PERSON, "kind": "member", "name": "Rosa"})).unwrap()];
        let report = Report::build(ReportParts { principals: &known, ..parts(&snapshot) });
        let names: Vec<_> = report.findings.iter().map(|finding| finding.name.as_str()).collect();
        assert_eq!(names, ["Rosa", ROBOT]);
    }

    #[test]
    fn custom_roles_eligible_roles_and_deny_assignments_are_found() {
        let snapshot = Snapshot {
            custom_roles: vec![CustomRole {
                id: "/r".into(),
                guid: "r".into(),
                name: "Deployer".into(),
                description: None,
                permissions: Vec::new(),
                assignable_scopes: vec!["/subscriptions/s".into()],
            }],
            eligible: vec![Eligibility {
                id: "/e".into(),
                scope: "/subscriptions/s".into(),
                role: "o".into(),
                role_name: "Owner".into(),
                principal: ObjectId::parse(PERSON).unwrap(),
                principal_type: "User".into(),
                until: Some("2027-01-01T00:00:00Z".into()),
            }],
            denied: vec![DenyAssignment { id: "/d".into(), name: "stack".into(), scope: "/subscriptions/s".into() }],
            ..Snapshot::default()
        };
        let report = Report::build(parts(&snapshot));
        assert_eq!(rules(&report), ["custom-role", "deny-assignment", "eligible-role"]);
        assert!(report.findings[2].detail.as_ref().unwrap().contains("until 2027"));
    }

    #[test]
    fn policies_locks_delegations_and_classic_administrators_are_found() {
        let own = |kind: &str, name: &str| {
            format!("/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/{kind}/{name}")
        };
        let policy = |kind, id: String| Policy { kind, id, name: "Tags".into(), has_identity: false };
        let policies = [
            policy(PolicyKind::Assignment, own("policyAssignments", "tags")),
            policy(PolicyKind::Definition, own("policyDefinitions", "tags")),
            policy(PolicyKind::Initiative, own("policySetDefinitions", "tags")),
            policy(PolicyKind::Exemption, own("policyExemptions", "tags")),
            policy(
                PolicyKind::Assignment,
                "/providers/Microsoft.Management/managementGroups/g/providers/Microsoft.Authorization/policyAssignments/x".into(),
            ),
            policy(
                PolicyKind::Definition,
                "/providers/Microsoft.Management/managementGroups/g/providers/Microsoft.Authorization/policyDefinitions/x".into(),
            ),
        ];
        let locks = [Lock { id: own("locks", "keep"), name: "keep".into(), level: "ReadOnly".into() }];
        let delegations = [Delegation { id: own("x", "d"), name: "Managed".into(), managed_by: None }];
        let classic = [Classic { address: "a@contoso.com".into(), role: "CoAdministrator".into() }];
        let snapshot = Snapshot::default();
        let report = Report::build(ReportParts {
            policies: &policies,
            locks: &locks,
            delegations: &delegations,
            classic: &classic,
            ..parts(&snapshot)
        });
        assert_eq!(
            rules(&report),
            [
                "lighthouse",
                "policy-assignment",
                "policy-definition",
                "policy-definition",
                "policy-exemption",
                "policy-inherited",
                "policy-compliance",
                "lock",
                "classic-administrator"
            ]
        );
        assert!(!report.findings.iter().any(|finding| finding.hard_stop || finding.rule == "billing"));
    }

    #[test]
    fn a_vault_that_comes_after_what_depends_on_it_is_still_known_and_names_who_does() {
        let snapshot = Snapshot::default();
        let mut given = parts(&snapshot);
        given.inventory.take(&[account()]);
        // Kept between two invocations.
        given.inventory = serde_json::from_value(serde_json::to_value(&given.inventory).unwrap()).unwrap();
        given.inventory.take(&[vault()]);
        let report = Report::build(given);
        assert_eq!(rules(&report), ["key-inside", "key-vault", "rotate-keys"]);
        assert_eq!(report.findings[1].depends_on, [account().id]);
    }

    #[test]
    fn pages_of_any_size_and_order_make_the_same_report() {
        let snapshot = Snapshot::default();
        let resources = [account(), vault()];
        let all = |pages: &[&[Resource]]| {
            let mut given = parts(&snapshot);
            pages.iter().for_each(|page| given.inventory.take(page));
            Report::build(given).hash()
        };
        let whole = all(&[&resources]);
        assert_eq!(all(&[&resources[..1], &resources[1..]]), whole);
        assert_eq!(all(&[&resources[1..], &resources[..1]]), whole);
        // A row that two pages have is one.
        assert_eq!(all(&[&resources, &resources[..1]]), whole);
    }

    #[test]
    fn silence_is_never_taken_for_an_empty_subscription() {
        let snapshot = Snapshot::default();
        let unread = |listed_any, expected, counts: &[(&str, u64)]| {
            let counts = counts.iter().map(|(kind, count)| ((*kind).to_owned(), *count)).collect();
            let report = Report::build(ReportParts { listed_any, expected, counts, ..parts(&snapshot) });
            report.not_read.into_iter().map(|list| list.why).collect::<Vec<_>>()
        };
        assert_eq!(unread(Some(true), None, &[]), ["IndexBehind"]);
        assert_eq!(unread(None, None, &[]), ["NotCrossChecked"]);
        assert!(unread(Some(false), Some(0), &[]).is_empty());
        assert!(unread(None, Some(0), &[("microsoft.network/virtualnetworks", 3)]).is_empty());
        assert_eq!(unread(Some(true), Some(2), &[("microsoft.web/sites", 2)]), ["Incomplete"]);
    }

    #[test]
    fn what_the_snapshot_could_not_read_is_in_the_report_once() {
        let list = NotRead { what: "eligibility".into(), why: "Forbidden".into(), needs: "P2".into() };
        let snapshot = Snapshot { not_read: vec![list.clone()], ..Snapshot::default() };
        let report = Report::build(ReportParts { not_read: vec![list.clone()], ..parts(&snapshot) });
        assert_eq!(report.not_read, [list]);
        assert_eq!(report.verdict(&[]), crate::report::Verdict::Incomplete);
    }

    #[test]
    fn types_are_counted_without_case() {
        let snapshot = Snapshot::default();
        let counts = vec![("Microsoft.Web/sites".into(), 2), ("microsoft.web/sites".into(), 1)];
        let report = Report::build(ReportParts { counts, ..parts(&snapshot) });
        assert_eq!(report.resources, [("microsoft.web/sites".to_owned(), 3)]);
    }
}
