//! Reads what a move does to the subscription: all access, every resource that is touched, the policies, and who the people are in
//! either directory.
//!
//! Who: the owner with tokens of the source directory, the partner admin with one of the partner directory. Microsoft calls: role
//! assignments and role definitions (all pages; without these there is no report), eligibilities, deny assignments, policies, locks,
//! classic administrators, delegations, Resource Graph (a page a thousand resources that are touched, and the counts), the
//! principals (a call a thousand), and their look-up in the partner directory. Changes nothing at Microsoft.
//!
//! What can't be read is said in the report, with what would be needed; it never counts as absent.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;

use access::mapping::{LookupKey, People, lookup_keys, suggest};
use access::principals::{DirectoryFacts, Principal};
use access::snapshot::{NotRead, Snapshot};
use impact::catalogue::{self, EntraSignIn, Resource, TypeCount};
use impact::report::{Classic, Delegation, Lock, Policy, PolicyKind, Report, ReportParts};
use microsoft::arm::Arm;
use microsoft::graph::Graph;
use microsoft::{CloudClient, Error, ErrorKind};
use onboarding::{Actor, Directory, ErrorClass, ErrorName, ObjectId, Step, SubscriptionId};
use step::{Job, Stop};
use store::Archive;

use crate::convert::{self, RoleNames};
use crate::draft::{Draft, Listed};
use crate::preflight::{self, code, is_unreadable};

/// All that was found.
#[derive(Debug)]
pub struct Found {
    /// The access.
    pub snapshot: Snapshot,
    /// SHA-256 of it.
    pub snapshot_hash: String,
    /// The report.
    pub report: Report,
    /// Who the principals are in either directory.
    pub people: People,
}

/// How far the reading came.
#[derive(Debug)]
pub enum Progress {
    /// To its end.
    Finished(Box<Found>),
    /// The time ran short. What was read is kept; the next invocation goes on. With the rows read so far.
    Reading(u64),
}

/// With less than this left nothing more is begun: the longest call and what it takes to keep the draft.
const SHORT: Duration = Duration::from_secs(13);

/// Reads, or goes on reading where the last invocation of this step left off. `spare` is how much time must be left at the end.
///
/// # Errors
/// The calls', where what can't be read is indispensable or Microsoft does not answer now. What was read by then is kept.
pub async fn read(
    job: &mut Job<'_>,
    cloud: &CloudClient,
    arm: &Arm,
    step: Step,
    spare: Duration,
) -> Result<Progress, Stop> {
    let mut draft = Draft::open(job, step).await?;
    let before = draft.reach();
    let outcome = advance(job, cloud, arm, &mut draft).await;
    let short = |at: Duration| job.deadline().saturating_duration_since(tokio::time::Instant::now()) < at;
    match outcome {
        Ok(true) if !short(spare) => {
            draft.close(job).await?;
            Ok(Progress::Finished(Box::new(compose(job, draft))))
        }
        Ok(_) => {
            draft.leave(job, step).await?;
            Ok(Progress::Reading(draft.inventory.taken))
        }
        // Throttled, perhaps: what was read need not be read again.
        Err(stop) => {
            if draft.reach() != before
                && let Err(error) = draft.leave(job, step).await
            {
                tracing::warn!(error = %error.message, "what was read could not be kept");
            }
            Err(stop)
        }
    }
}

/// Does what is not done yet, as long as there is time. Answers whether everything is done.
async fn advance(job: &mut Job<'_>, cloud: &CloudClient, arm: &Arm, draft: &mut Draft) -> Result<bool, Stop> {
    let deadline = job.deadline();
    let short = || deadline.saturating_duration_since(tokio::time::Instant::now()) < SHORT;
    let id = job.loaded.meta.subscription_id.clone();
    if draft.access.is_none() {
        read_access(arm, &id, draft).await?;
    }
    if draft.listed.is_none() && !short() {
        draft.listed = Some(read_lists(arm, &id, &mut draft.not_read).await?);
    }
    while !draft.inventoried && !short() {
        read_page(arm, &id, draft).await?;
    }
    if draft.counts.is_none() && draft.inventoried && !short() {
        draft.counts = Some(read_counts(arm, &id, draft).await?);
    }
    if draft.principals.is_none() && !short() {
        draft.principals = Some(read_principals(job, cloud, draft).await?);
    }
    if !draft.mapped && draft.principals.is_some() && !short() {
        read_targets(job, cloud, draft, &short).await?;
    }
    Ok(draft.listed.is_some() && draft.inventoried && draft.counts.is_some() && draft.mapped)
}

fn owners(error: &Error) -> Stop {
    Stop::from_call(error, Actor::Owner, Directory::Source)
}

/// A list that may be missing, with what it takes to read it.
fn unless_hidden<T>(
    outcome: Result<Vec<T>, Error>,
    (what, needs): (&str, &str),
    not_read: &mut Vec<NotRead>,
) -> Result<Vec<T>, Stop> {
    match outcome {
        Ok(list) => Ok(list),
        Err(error) if is_unreadable(&error) => {
            not_read.push(NotRead { what: what.to_owned(), why: code(&error), needs: needs.to_owned() });
            Ok(Vec::new())
        }
        Err(error) => Err(owners(&error)),
    }
}

/// Every assignment and role. Without these there is no report.
async fn read_access(arm: &Arm, id: &SubscriptionId, draft: &mut Draft) -> Result<(), Stop> {
    let assignments = arm.role_assignments(id).await.map_err(|error| owners(&error))?;
    let definitions = arm.role_definitions(id).await.map_err(|error| owners(&error))?;
    let names = RoleNames::of(&definitions);
    let mut not_read = Vec::new();
    let hidden = ("eligibility", "Microsoft.Authorization/roleEligibilityScheduleInstances/read");
    let eligible = unless_hidden(arm.role_eligibilities(id).await, hidden, &mut not_read)?;
    let hidden = ("deny-assignments", "Microsoft.Authorization/denyAssignments/read");
    let denied = unless_hidden(arm.deny_assignments(id).await, hidden, &mut not_read)?;
    let mut snapshot = Snapshot {
        assignments: assignments.into_iter().map(|one| convert::assignment(one, &names, id)).collect(),
        custom_roles: definitions.iter().filter(|role| role.is_custom()).map(convert::custom_role).collect(),
        eligible: eligible.into_iter().map(|one| convert::eligibility(one, &names)).collect(),
        denied: denied.into_iter().map(convert::denied).collect(),
        not_read,
    };
    snapshot.sort();
    draft.access = Some(snapshot);
    Ok(())
}

/// What governs the subscription besides roles.
async fn read_lists(arm: &Arm, id: &SubscriptionId, not_read: &mut Vec<NotRead>) -> Result<Listed, Stop> {
    let mut listed = Listed::default();
    let hidden = ("policies", "Microsoft.Authorization/policyAssignments/read");
    for policy in unless_hidden(arm.policy_assignments(id).await, hidden, not_read)? {
        listed.policies.push(Policy {
            kind: PolicyKind::Assignment,
            name: named(policy.properties.display_name, policy.name, &policy.id),
            has_identity: policy.identity.is_some_and(|identity| !identity.kind.eq_ignore_ascii_case("None")),
            id: policy.id,
        });
    }
    let own = format!("/subscriptions/{id}/");
    let hidden = ("policy-definitions", "Microsoft.Authorization/policyDefinitions/read");
    for policy in unless_hidden(arm.custom_policies(id).await, hidden, not_read)? {
        // Those of a management group stay where they are.
        if policy.id.to_ascii_lowercase().starts_with(&own) {
            listed.policies.push(Policy {
                kind: PolicyKind::Definition,
                name: named(policy.properties.display_name, policy.name, &policy.id),
                has_identity: false,
                id: policy.id,
            });
        }
    }
    let hidden = ("policy-exemptions", "Microsoft.Authorization/policyExemptions/read");
    for exemption in unless_hidden(arm.policy_exemptions(id).await, hidden, not_read)? {
        listed.policies.push(Policy {
            kind: PolicyKind::Exemption,
            name: named(exemption.properties.display_name, exemption.name, &exemption.id),
            has_identity: false,
            id: exemption.id,
        });
    }
    let hidden = ("locks", "Microsoft.Authorization/locks/read");
    for lock in unless_hidden(arm.locks(id).await, hidden, not_read)? {
        let name = named(None, lock.name, &lock.id);
        listed.locks.push(Lock { id: lock.id, name, level: lock.properties.level });
    }
    let hidden = ("delegations", "Microsoft.ManagedServices/registrationAssignments/read");
    for delegation in unless_hidden(arm.delegations(id).await, hidden, not_read)? {
        let offer = delegation.properties.registration_definition.as_ref().map(|offer| &offer.properties);
        let name = offer.and_then(|offer| offer.registration_definition_name.clone());
        let by_name = offer.and_then(|offer| offer.managed_by_tenant_name.clone());
        let managed_by = by_name.or_else(|| delegation.managed_by().map(str::to_owned));
        let name = named(name, String::new(), &delegation.id);
        listed.delegations.push(Delegation { id: delegation.id, name, managed_by });
    }
    let hidden = ("classic-administrators", "Microsoft.Authorization/classicAdministrators/read");
    for classic in unless_hidden(arm.classic_administrators(id).await, hidden, not_read)? {
        let properties = classic.properties;
        listed.classic.push(Classic { address: properties.email_address, role: properties.role });
    }
    Ok(listed)
}

/// The name to show: the one people gave it, or else the one in its id.
fn named(shown: Option<String>, name: String, id: &str) -> String {
    let last = || id.trim_end_matches('/').rsplit('/').next().unwrap_or(id).to_owned();
    shown.into_iter().chain([name]).find(|text| !text.trim().is_empty()).unwrap_or_else(last)
}

const READER: &str = "Reader on the subscription";

fn hidden(what: &str, needs: &str, error: &Error) -> NotRead {
    NotRead { what: what.to_owned(), why: code(error), needs: needs.to_owned() }
}

/// One page of the inventory: judged at once, so that the memory does not grow with resources that nothing happens to.
async fn read_page(arm: &Arm, id: &SubscriptionId, draft: &mut Draft) -> Result<(), Stop> {
    match arm.resource_graph::<Resource>(id, catalogue::QUERY, draft.next.as_deref()).await {
        Ok(mut page) => {
            ask_for_administrators(arm, id, &mut page.rows).await?;
            draft.inventory.take(&page.rows);
            draft.expected = page.total.or(draft.expected);
            draft.inventoried = page.next.is_none();
            draft.next = page.next;
            Ok(())
        }
        Err(error) if is_unreadable(&error) => {
            draft.not_read.push(hidden("resources", READER, &error));
            draft.inventoried = true;
            Ok(())
        }
        Err(error) => Err(owners(&error)),
    }
}

/// Whether people sign in to a database with Entra accounts decides whether it can be moved at all, and Resource Graph does not
/// always know: those servers are asked one by one. They are few; what they refuse to say counts as the worse answer.
async fn ask_for_administrators(arm: &Arm, id: &SubscriptionId, rows: &mut [Resource]) -> Result<(), Stop> {
    for resource in rows {
        let Some((list, version)) = resource.administrators_path() else { continue };
        resource.entra_sign_in = match arm.has_entra_administrator(id, &list, version).await {
            Ok(true) => EntraSignIn::On,
            Ok(false) => EntraSignIn::Off,
            Err(error) if is_unreadable(&error) || error.kind() == ErrorKind::Invalid => EntraSignIn::NotReadable,
            Err(error) => return Err(owners(&error)),
        };
    }
    Ok(())
}

/// How many resources there are of each type. Resource Graph leaves out what the owner can't read, so none at all is held against
/// the management API's own list.
async fn read_counts(arm: &Arm, id: &SubscriptionId, draft: &mut Draft) -> Result<Vec<(String, u64)>, Stop> {
    let rows = match arm.resource_graph::<TypeCount>(id, catalogue::COUNTS, None).await {
        Ok(page) => page.rows,
        Err(error) if is_unreadable(&error) => {
            draft.not_read.push(hidden("resource-counts", READER, &error));
            Vec::new()
        }
        Err(error) => return Err(owners(&error)),
    };
    if rows.is_empty() && draft.inventory.taken == 0 {
        draft.listed_any = match arm.has_resources(id).await {
            Ok(any) => Some(any),
            Err(error) if is_unreadable(&error) => None,
            Err(error) => return Err(owners(&error)),
        };
    }
    Ok(rows.into_iter().map(|row| (row.resource_type, row.count)).collect())
}

/// Who has access, as the source directory describes them. Nothing is asked of the owner for this at their sign-in, so that a plain
/// owner is never stopped by "admin approval": where an administrator has consented to it before, the names can be read.
async fn read_principals(job: &mut Job<'_>, cloud: &CloudClient, draft: &mut Draft) -> Result<Vec<Principal>, Stop> {
    const NEEDS: &str = "Directory.Read.All (admin consent) in the source directory";
    let ids = principals_of(draft.access.as_ref());
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let read = match job.token_to_read_directory(Actor::Owner, Directory::Source).await {
        Ok(token) => cloud.graph(&token).directory_objects(&ids).await,
        Err(stop) if stop.name.class() == ErrorClass::Retry => return Err(stop),
        Err(stop) => {
            draft.not_read.push(NotRead { what: "principals".to_owned(), why: why(stop), needs: NEEDS.to_owned() });
            return Ok(ids.into_iter().map(convert::nobody).collect());
        }
    };
    let mut known: HashMap<ObjectId, Principal> = match read {
        Ok(objects) => objects.into_iter().map(convert::principal).map(|one| (one.id.clone(), one)).collect(),
        Err(error) if is_unreadable(&error) || is_refused(&error) => {
            draft.not_read.push(hidden("principals", NEEDS, &error));
            HashMap::new()
        }
        Err(error) => return Err(owners(&error)),
    };
    // Whom the directory no longer knows has access all the same, and is a row like every other.
    Ok(ids.into_iter().map(|id| known.remove(&id).unwrap_or_else(|| convert::nobody(id))).collect())
}

/// Why there is no token, as a word.
fn why(stop: Stop) -> String {
    stop.ask.and_then(|ask| ask.reason).unwrap_or_else(|| stop.name.as_str().to_owned())
}

/// Graph refuses a token without the permission in more than one way.
fn is_refused(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Unauthenticated | ErrorKind::ClaimsChallenge)
}

fn principals_of(access: Option<&Snapshot>) -> Vec<ObjectId> {
    let ids: BTreeSet<&str> = access
        .into_iter()
        .flat_map(|snapshot| {
            let assigned = snapshot.assignments.iter().map(|one| one.principal.as_str());
            assigned.chain(snapshot.eligible.iter().map(|one| one.principal.as_str()))
        })
        .collect();
    ids.into_iter().filter_map(|id| ObjectId::parse(id).ok()).collect()
}

/// Look-ups in the partner directory that are made before the time is looked at again.
const AT_ONCE: usize = 300;

/// Finds the same people, groups and applications in the partner directory, as the partner admin.
async fn read_targets(
    job: &mut Job<'_>,
    cloud: &CloudClient,
    draft: &mut Draft,
    short: &impl Fn() -> bool,
) -> Result<(), Stop> {
    const NEEDS: &str =
        "User.Read.All, Group.Read.All and Application.Read.All (admin consent) in the partner directory";
    let (source, partner) = match draft.directories.take() {
        Some(known) => known,
        None => directories(job, cloud).await?,
    };
    let keys = lookup_keys(draft.principals.as_deref().unwrap_or_default(), &source);
    draft.directories = Some((source, partner));
    if draft.looked_up >= keys.len() {
        draft.mapped = true;
        return Ok(());
    }
    let token = match job.token_to_read_directory(Actor::PartnerAdmin, Directory::Partner).await {
        Ok(token) => token,
        Err(stop) if stop.name.class() == ErrorClass::Retry => return Err(stop),
        Err(stop) => {
            let what = "partner-principals".to_owned();
            draft.not_read.push(NotRead { what, why: why(stop), needs: NEEDS.to_owned() });
            draft.mapped = true;
            return Ok(());
        }
    };
    let graph = cloud.graph(&token);
    while draft.looked_up < keys.len() && !short() {
        let some: Vec<&LookupKey> = keys.iter().skip(draft.looked_up).take(AT_ONCE).collect();
        match look_up(&graph, &some).await {
            Ok(found) => {
                draft.targets.extend(found);
                draft.looked_up += some.len();
            }
            Err(error) if is_unreadable(&error) || is_refused(&error) => {
                draft.not_read.push(hidden("partner-principals", NEEDS, &error));
                draft.looked_up = keys.len();
            }
            Err(error) => return Err(Stop::from_call(&error, Actor::PartnerAdmin, Directory::Partner)),
        }
    }
    draft.mapped = draft.looked_up >= keys.len();
    Ok(())
}

async fn look_up(graph: &Graph, keys: &[&LookupKey]) -> Result<Vec<Principal>, Error> {
    let (mut addresses, mut applications, mut sids) = (Vec::new(), Vec::new(), Vec::new());
    for key in keys {
        match key {
            LookupKey::Address(address) => addresses.push(address.as_str()),
            LookupKey::ApplicationId(application) => applications.push(application.as_str()),
            LookupKey::OnPremisesSid(sid) => sids.push(sid.as_str()),
        }
    }
    let mut found = Vec::new();
    if !addresses.is_empty() {
        found.extend(graph.users_by_addresses(&addresses).await?.into_iter().map(convert::user));
    }
    if !applications.is_empty() {
        let principals = graph.service_principals_by_app_id(&applications).await?;
        found.extend(principals.into_iter().map(convert::application));
    }
    if !sids.is_empty() {
        found.extend(graph.users_by_on_premises_sid(&sids).await?.into_iter().map(convert::user));
        found.extend(graph.groups_by_on_premises_sid(&sids).await?.into_iter().map(convert::group));
    }
    Ok(found)
}

/// What both directories say of themselves. Without the verified domains an address of theirs proves nothing, and matches nothing.
async fn directories(job: &Job<'_>, cloud: &CloudClient) -> Result<(DirectoryFacts, DirectoryFacts), Stop> {
    let source = facts(job, cloud, Actor::Owner, Directory::Source).await?;
    let partner = facts(job, cloud, Actor::PartnerAdmin, Directory::Partner).await?;
    Ok((source, partner))
}

async fn facts(job: &Job<'_>, cloud: &CloudClient, actor: Actor, directory: Directory) -> Result<DirectoryFacts, Stop> {
    let tenant = job.loaded.meta.tenant(directory).clone();
    let unknown = DirectoryFacts { tenant: tenant.clone(), verified_domains: Vec::new() };
    let token = match job.token_to_read_directory(actor, directory).await {
        Ok(token) => token,
        Err(stop) if stop.name.class() == ErrorClass::Retry => return Err(stop),
        Err(_) => return Ok(unknown),
    };
    match cloud.graph(&token).organization().await {
        Ok(organization) => {
            let domains = organization.and_then(|organization| organization.verified_domains).unwrap_or_default();
            let verified_domains = domains.into_iter().map(|domain| domain.name.to_ascii_lowercase()).collect();
            Ok(DirectoryFacts { tenant, verified_domains })
        }
        Err(error) if is_unreadable(&error) || is_refused(&error) => Ok(unknown),
        Err(error) => Err(Stop::from_call(&error, actor, directory)),
    }
}

/// The same person signed in to both directories in this onboarding: the owner as a guest of the partner directory. That is proved,
/// whatever the directories say of either account.
fn proven(job: &Job<'_>) -> Vec<(ObjectId, ObjectId)> {
    let meta = &job.loaded.meta;
    let signed_in = |directory: Directory| {
        job.loaded.credentials.iter().any(|one| one.actor == Actor::Owner && one.directory == directory)
    };
    match (&meta.owner_oid, &meta.owner_partner_oid) {
        (Some(source), Some(partner)) if signed_in(Directory::Source) && signed_in(Directory::Partner) => {
            vec![(source.clone(), partner.clone())]
        }
        _ => Vec::new(),
    }
}

fn compose(job: &mut Job<'_>, draft: Draft) -> Found {
    let meta = job.loaded.meta.clone();
    let snapshot = draft.access.unwrap_or_default();
    let snapshot_hash = snapshot.hash();
    let principals = draft.principals.unwrap_or_default();
    let listed = draft.listed.unwrap_or_default();
    let mut targets = draft.targets;
    let mut seen = HashSet::new();
    targets.retain(|target| seen.insert(target.id.clone()));
    let suggestions = match &draft.directories {
        Some((source, partner)) => suggest(&principals, source, &targets, partner, &proven(job)),
        None => Vec::new(),
    };
    preflight::look_at_consent(job, &draft.not_read);
    let report = Report::build(ReportParts {
        principals: &principals,
        inventory: draft.inventory,
        counts: draft.counts.unwrap_or_default(),
        listed_any: draft.listed_any,
        expected: draft.expected,
        policies: &listed.policies,
        locks: &listed.locks,
        delegations: &listed.delegations,
        classic: &listed.classic,
        not_read: draft.not_read,
        ..ReportParts::new(
            meta.subscription_id,
            meta.source_tenant_id,
            meta.partner_tenant_id,
            &snapshot,
            snapshot_hash.clone(),
        )
    });
    let people = People { principals, suggestions, targets };
    Found { snapshot, snapshot_hash, report, people }
}

/// Keeps all that was found. The pages of the snapshot and the report are named by their content; the people are kept beside the
/// snapshot and are replaced by what is known of them now.
///
/// # Errors
/// When the table doesn't answer.
pub async fn keep(job: &Job<'_>, found: &Found) -> Result<(), Stop> {
    let report_hash = found.report.hash();
    let unfit = |error: access::pages::PageError| Stop::new(ErrorName::InternalBug, error.to_string());
    let lists = [
        (Archive::Snapshot, found.snapshot_hash.as_str(), found.snapshot.to_pages().map_err(unfit)?),
        (Archive::Principals, found.snapshot_hash.as_str(), found.people.to_pages().map_err(unfit)?),
        (Archive::Report, report_hash.as_str(), found.report.to_pages().map_err(unfit)?),
    ];
    for (kind, hash, pages) in lists {
        for (place, page) in pages.into_iter().enumerate() {
            job.deps.store.keep_page(&job.loaded.meta.onboarding_id, kind, hash, place, page).await?;
        }
    }
    Ok(())
}

/// The snapshot that was kept under a hash. One that is missing or can't be read is empty: nothing stands then that was decided about
/// it.
///
/// # Errors
/// When the table doesn't answer.
pub async fn kept_snapshot(job: &Job<'_>, hash: &str) -> Result<Snapshot, Stop> {
    if hash.is_empty() {
        return Ok(Snapshot::default());
    }
    let pages = job.deps.store.pages(&job.loaded.meta.onboarding_id, Archive::Snapshot, hash).await?;
    Ok(Snapshot::from_pages(&pages).ok().filter(|snapshot| snapshot.hash() == hash).unwrap_or_default())
}
