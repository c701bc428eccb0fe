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
