//! Whether the move can be made: each condition looked at with a real call, all of them before anything stops, so that a person sees
//! everything at once and not one problem a day.
//!
//! [`owners_side`] is what the owner's token can see (step 1, and again before the request), [`partners_side`] what the partner
//! admin's can (step 2, and again). Both put their rows into the job, which keeps them however the step ends.

use access::snapshot::NotRead;
use impact::preflight::{Check, CheckId, Choice, Fixer, InSight, OtherDirectory, State};
use impact::report::{Override, Report};
use microsoft::arm::{
    Arm, Block, OWNER_ROLE, RoleAssignment, Subscription, SubscriptionPolicy, SubscriptionState, TenantDescription,
};
use microsoft::graph::{DirectoryRole, Graph, MayInvite, Organization};
use microsoft::partner_center::PartnerCenter;
use microsoft::{CloudClient, Error, ErrorKind};
use onboarding::{Actor, Directory, ErrorClass, ErrorName, ObjectId, Route, SubscriptionId};
use serde_json::{Map, Value, json};
use step::{Job, Stop};
use store::{Loaded, Meta};

/// What the owner's side came to.
#[derive(Debug, Clone)]
pub struct OwnersSide {
    /// The subscription.
    pub subscription: Subscription,
    /// What the source directory's policy means for the owner.
    pub leaving: String,
}

/// What the partner's side came to.
#[derive(Debug)]
pub struct PartnersSide {
    /// Graph, as the partner admin.
    pub graph: Graph,
    /// How the partner directory describes itself.
    pub organization: Option<Organization>,
    /// The partner admin's directory roles, by name.
    pub roles: Vec<String>,
    /// Whether Partner Center itself proved the partner (`profile`) or the directory's own word did (`by-directory`).
    pub partner: &'static str,
    /// The company's name at Partner Center.
    pub company: Option<String>,
    /// What the partner directory's policy means for the acceptor.
    pub entering: String,
}

/// Rows as they are found, and what they stop.
struct Rows {
    seen_by: Actor,
    at: String,
    rows: Vec<Check>,
    stops: Vec<Stop>,
}

impl Rows {
    fn new(job: &Job<'_>, seen_by: Actor) -> Self {
        Self { seen_by, at: job.deps.clock.now().to_string(), rows: Vec::new(), stops: Vec::new() }
    }

    fn put(&mut self, id: CheckId, (state, case): (State, &str), source: &str, evidence: Value) -> &mut Check {
        let check = Check {
            id,
            state,
            case: case.to_owned(),
            evidence: evidence.as_object().cloned().unwrap_or_else(Map::new),
            source: source.to_owned(),
            fixer: None,
            seen_by: self.seen_by,
            at: self.at.clone(),
        };
        self.rows.push(check);
        // Just pushed.
        let last = self.rows.len() - 1;
        &mut self.rows[last]
    }

    /// A row that stops the step, with who can fix it.
    fn fails(&mut self, id: CheckId, case: &str, source: &str, evidence: Value, fixer: Fixer, stop: Stop) {
        self.put(id, (State::Fails, case), source, evidence).fixer = Some(fixer);
        self.stops.push(stop);
    }

    /// What ends the onboarding comes before what a person could fix: nobody is sent to fix something in vain.
    fn finish(self, job: &mut Job<'_>) -> Result<(), Stop> {
        for row in self.rows {
            job.saw(row);
        }
        let worst = |stop: &Stop| match stop.name.class() {
            ErrorClass::End => 0,
            ErrorClass::Fix => 1,
            ErrorClass::SignIn | ErrorClass::Confirm => 2,
            ErrorClass::Retry => 3,
        };
        match self.stops.into_iter().min_by_key(worst) {
            Some(stop) => Err(stop),
            None => Ok(()),
        }
    }
}

/// Whether an answer says that this can't be read, as opposed to that Microsoft can't answer now. An answer in a form that nobody
/// knows counts: it is said in the report, and an onboarding does not end for want of a list that is not indispensable.
pub(crate) fn is_unreadable(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Forbidden
            | ErrorKind::NotFound
            | ErrorKind::NotRegistered
            | ErrorKind::UnsupportedVersion
            | ErrorKind::Invalid
            | ErrorKind::Unexpected
    )
}

/// What Microsoft called it.
pub(crate) fn code(error: &Error) -> String {
    error.code().map_or_else(|| error.status().map_or_else(|| "no code".into(), |s| s.to_string()), str::to_owned)
}

/// Looks at everything that the owner's token can see. Changes nothing at Microsoft.
///
/// Microsoft calls: the subscription, the owner's assignments and eligibilities, pending requests, the source directory's policy,
/// locks, delegations; where the subscription is not seen or none is chosen, also the account's subscriptions and directories.
///
/// # Errors
/// [`ErrorName::SubscriptionElsewhere`], [`ErrorName::SubscriptionNotVisible`], [`ErrorName::SubscriptionNotChosen`], [`ErrorName::SubscriptionNotMovable`], [`ErrorName::SubscriptionNotEnabled`],
/// [`ErrorName::OwnerNotOwner`], [`ErrorName::RequestForeignPending`], [`ErrorName::LeavingBlocked`], and the calls'.
pub async fn owners_side(job: &mut Job<'_>, arm: &Arm) -> Result<OwnersSide, Stop> {
    let meta = job.loaded.meta.clone();
    let Some(owner) = meta.owner_oid.clone() else {
        return Err(Stop::sign_in(Actor::Owner, Directory::Source, "first", None));
    };
    let mut rows = Rows::new(job, Actor::Owner);
    let subscription = match find(&mut rows, arm, &meta).await? {
        Ok(subscription) => subscription,
        Err(stop) => {
            rows.stops.push(stop);
            rows.finish(job)?;
            return Err(Stop::new(ErrorName::SubscriptionNotVisible, INVISIBLE));
        }
    };
    let id = subscription.as_ref().map_or(&meta.subscription_id, |subscription| &subscription.subscription_id);
    match &subscription {
        Some(subscription) => look_at_subscription(&mut rows, subscription),
        None => {
            for row in [CheckId::SubscriptionState, CheckId::Offer, CheckId::SpendingLimit] {
                rows.put(row, (State::Unknown, "not-visible"), "GET subscriptions/{id}", json!({}));
            }
        }
    }
    look_at_owner(&mut rows, arm, id, &owner, subscription.is_some()).await?;
    // The sign-in demands it (`acrs`), and Entra ID gives no code without.
    rows.put(CheckId::OwnerMfa, (State::Holds, "demanded-at-sign-in"), "the sign-in", json!({}));
    look_at_pending(&mut rows, job, arm, id).await?;
    look_at_locks(&mut rows, arm, id).await?;
    look_at_delegations(&mut rows, arm, id, subscription.as_ref()).await?;

    let policy = arm.subscription_policy().await.map_err(|error| owners(&error))?;
    let judged = judge(&policy, policy.leaving, Some(&owner), ErrorName::LeavingBlocked, &job.loaded);
    let leaving = judged.1.to_owned();
    put_policy(
        &mut rows,
        CheckId::LeavingPolicy,
        judged,
        &policy,
        Fixer::SourceGlobalAdministrator,
        ErrorName::LeavingBlocked,
    );
    look_at_mails(&mut rows, &job.loaded);
    rows.finish(job)?;
    let subscription = subscription.ok_or_else(|| Stop::new(ErrorName::SubscriptionNotVisible, INVISIBLE))?;
    Ok(OwnersSide { subscription, leaving })
}

const INVISIBLE: &str = "the signed-in account can't see the subscription";

fn owners(error: &Error) -> Stop {
    Stop::from_call(error, Actor::Owner, Directory::Source)
}

fn elsewhere() -> Stop {
    Stop::new(ErrorName::SubscriptionElsewhere, "the subscription no longer trusts the source directory")
}

/// The subscription: the one that was named or chosen before, or the only one that can be meant. `Ok(None)`: the account doesn't see it.
/// An inner error says that there is nothing to look at further: the owner has to choose first.
async fn find(rows: &mut Rows, arm: &Arm, meta: &Meta) -> Result<Result<Option<Subscription>, Stop>, Stop> {
    const SOURCE: &str = "GET subscriptions/{id}";
    let id = &meta.subscription_id;
    if !id.is_chosen() {
        return choose(rows, arm, meta).await;
    }
    // What the owner chose has not been looked at by anybody: not being here means a mistake, not that somebody moved it.
    let may_be_wrong = meta.subscription_chosen && !meta.subscription_locked;
    match arm.subscription(id).await {
        Ok(Some(subscription)) if subscription.tenant_id == meta.source_tenant_id => {
            rows.put(CheckId::SubscriptionVisible, (State::Holds, "seen"), SOURCE, json!({}));
            return Ok(Ok(Some(subscription)));
        }
        Ok(None) => {}
        Err(error) if error.kind() == ErrorKind::Forbidden => {}
        Err(error) if error.kind() == ErrorKind::WrongTenant && may_be_wrong => {}
        Ok(Some(_)) if may_be_wrong => {}
        Ok(Some(_)) => return Err(elsewhere()),
        Err(error) if error.kind() == ErrorKind::WrongTenant => return Err(elsewhere()),
        Err(error) => return Err(owners(&error)),
    }
    let (_, in_sight) = in_sight(arm, meta).await?;
    rows.put(CheckId::SubscriptionVisible, (State::Fails, "not-visible"), SOURCE, json!(in_sight)).fixer =
        Some(Fixer::Owner);
    if may_be_wrong {
        // Its access can't be asked about in this directory.
        return Ok(Err(Stop::new(ErrorName::SubscriptionNotVisible, INVISIBLE)));
    }
    Ok(Ok(None))
}

/// The request named no subscription: where the account sees one only, that one is meant; the owner confirms it by its name before it
/// moves. Of several, one that can't move is as good a choice as none, but it is for the owner to see why.
async fn choose(rows: &mut Rows, arm: &Arm, meta: &Meta) -> Result<Result<Option<Subscription>, Stop>, Stop> {
    const SOURCE: &str = "GET subscriptions";
    let (mut all, in_sight) = in_sight(arm, meta).await?;
    if all.len() <= 1 {
        let case = if all.is_empty() { (State::Fails, "not-visible") } else { (State::Holds, "found") };
        let row = rows.put(CheckId::SubscriptionVisible, case, SOURCE, json!(in_sight));
        row.fixer = all.is_empty().then_some(Fixer::Owner);
        return Ok(match all.pop() {
            Some(only) => Ok(Some(only)),
            None => {
                Err(Stop::new(ErrorName::SubscriptionNotVisible, "the account sees no subscription in the directory"))
            }
        });
    }
    rows.put(CheckId::SubscriptionVisible, (State::Fails, "several"), SOURCE, json!(in_sight)).fixer =
        Some(Fixer::Owner);
    let text = format!("the account sees {} subscriptions in the directory, and none was named", all.len());
    Ok(Err(Stop::new(ErrorName::SubscriptionNotChosen, text)))
}

/// What the account sees: the subscriptions of the source directory, and other directories, in which nobody asks.
async fn in_sight(arm: &Arm, meta: &Meta) -> Result<(Vec<Subscription>, InSight), Stop> {
    let mut all = arm.subscriptions().await.map_err(|error| owners(&error))?;
    // Those that are delegated to this directory are not in it.
    all.retain(|one| one.tenant_id == meta.source_tenant_id);
    let tenants = match arm.tenants().await {
        Ok(tenants) => tenants,
        Err(error) if is_unreadable(&error) => Vec::new(),
        Err(error) => return Err(owners(&error)),
    };
    let choice = |one: &Subscription| {
        let (movable, case) = if one.state == SubscriptionState::Enabled {
            impact::preflight::offer(one.subscription_policies.quota_id.as_deref())
        } else {
            // It can be made active again.
            (State::Warning, "not-enabled")
        };
        let name = onboarding::plain::one_line(&one.display_name);
        Choice { id: one.subscription_id.clone(), name, movable, case: case.to_owned() }
    };
    let directory = |one: &TenantDescription| OtherDirectory {
        id: one.tenant_id.clone(),
        name: one.display_name.as_deref().or(one.default_domain.as_deref()).map(onboarding::plain::one_line),
    };
    let others = tenants.iter().filter(|one| one.tenant_id != meta.source_tenant_id);
    let in_sight = InSight {
        subscriptions: all.iter().take(InSight::MOST).map(choice).collect(),
        more: all.len().saturating_sub(InSight::MOST),
        directories: others.take(InSight::MOST).map(directory).collect(),
    };
    Ok((all, in_sight))
}

fn look_at_subscription(rows: &mut Rows, subscription: &Subscription) {
    const SOURCE: &str = "GET subscriptions/{id}";
    let state = String::from(subscription.state.clone());
    if subscription.state == SubscriptionState::Enabled {
        rows.put(CheckId::SubscriptionState, (State::Holds, "enabled"), SOURCE, json!({"state": state}));
    } else {
        let stop = Stop::new(ErrorName::SubscriptionNotEnabled, format!("its state is {state}"));
        let evidence = json!({"state": state});
        rows.fails(CheckId::SubscriptionState, "not-enabled", SOURCE, evidence, Fixer::BillingAdministrator, stop);
    }
    let offer = subscription.subscription_policies.quota_id.as_deref();
    let evidence = json!({"quotaId": offer});
    match impact::preflight::offer(offer) {
        (State::Fails, case) => {
            let stop =
                Stop::new(ErrorName::SubscriptionNotMovable, format!("its offer is {}", offer.unwrap_or("unknown")));
            rows.fails(CheckId::Offer, case, SOURCE, evidence, Fixer::Nobody, stop);
        }
        judged => {
            rows.put(CheckId::Offer, judged, SOURCE, evidence);
        }
    }
    let limit = subscription.subscription_policies.spending_limit.as_deref();
    let judged = spending_limit(limit);
    let row = rows.put(CheckId::SpendingLimit, judged, SOURCE, json!({"spendingLimit": limit}));
    row.fixer = (judged.0 == State::Warning).then_some(Fixer::BillingAdministrator);
}

/// A limit doesn't keep a subscription from moving; one that is reached disables it, perhaps in the middle.
fn spending_limit(said: Option<&str>) -> (State, &'static str) {
    match said.map(str::to_ascii_lowercase).as_deref() {
        Some("off") => (State::Holds, "off"),
        Some("currentperiodoff") => (State::Holds, "off-this-period"),
        Some("on") => (State::Warning, "on"),
        Some(_) | None => (State::Unknown, "not-said"),
    }
}

/// Microsoft: the owner must be assigned directly, without conditions, groups or privileged identity management.
async fn look_at_owner(
    rows: &mut Rows,
    arm: &Arm,
    id: &SubscriptionId,
    owner: &ObjectId,
    visible: bool,
) -> Result<(), Stop> {
    const SOURCE: &str = "GET roleAssignments, roleEligibilityScheduleInstances";
    let readable = |outcome: Result<Vec<RoleAssignment>, Error>| match outcome {
        Ok(list) => Ok(list),
        Err(error) if is_unreadable(&error) => Ok(Vec::new()),
        Err(error) => Err(owners(&error)),
    };
    let mut assigned = match arm.role_assignments_of(id, owner).await {
        Err(error) if !matches!(error.kind(), ErrorKind::Forbidden | ErrorKind::NotFound) => {
            return Err(owners(&error));
        }
        outcome => outcome.unwrap_or_default(),
    };
    let mut eligible = false;
    // Why not, is asked only where it is so.
    if !assigned.iter().any(|assignment| assignment.is_direct_owner(id, owner)) {
        assigned.extend(readable(arm.role_assignments_assigned_to(id, owner).await)?);
        eligible = match arm.my_role_eligibilities(id).await {
            Ok(list) => list.iter().any(|one| one.role() == OWNER_ROLE),
            Err(error) if is_unreadable(&error) => false,
            Err(error) => return Err(owners(&error)),
        };
    }
    let case = owner_case(&assigned, eligible, id, owner);
    let evidence = json!({"eligible": eligible});
    if case == "direct" {
        rows.put(CheckId::OwnerRole, (State::Holds, case), SOURCE, evidence);
    } else {
        // Without any role on it, it may as well be the wrong account or the wrong subscription.
        let name = if visible || case != "none" { ErrorName::OwnerNotOwner } else { ErrorName::SubscriptionNotVisible };
        let stop = Stop::new(name, owner_words(case, assigned.is_empty()));
        rows.fails(CheckId::OwnerRole, case, SOURCE, evidence, Fixer::Owner, stop);
    }
    Ok(())
}

/// How the account is Owner. What is nearest to enough is named: it has the simplest remedy.
fn owner_case(assigned: &[RoleAssignment], eligible: bool, id: &SubscriptionId, owner: &ObjectId) -> &'static str {
    let here = format!("/subscriptions/{id}");
    let is_here = |one: &&RoleAssignment| {
        one.properties.scope.as_deref().is_some_and(|scope| scope.trim_end_matches('/').eq_ignore_ascii_case(&here))
    };
    let is_above = |one: &&RoleAssignment| {
        one.properties.scope.as_deref().is_some_and(|scope| !scope.to_ascii_lowercase().starts_with(&here))
    };
    let roles: Vec<&RoleAssignment> = assigned.iter().filter(|one| one.role() == OWNER_ROLE).collect();
    let own = |one: &&RoleAssignment| one.properties.principal_id == *owner;
    if roles.iter().any(|one| one.is_direct_owner(id, owner)) {
        "direct"
    } else if roles.iter().any(|one| is_here(one) && own(one)) {
        "conditional"
    } else if eligible {
        "eligible"
    } else if roles.iter().any(is_here) {
        "group"
    } else if roles.iter().any(is_above) {
        "inherited"
    } else {
        "none"
    }
}

fn owner_words(case: &str, nothing: bool) -> &'static str {
    match case {
        "conditional" => "the account has the Owner role with a condition",
        "eligible" => "the account may activate the Owner role and does not have it permanently",
        "group" => "the account has the Owner role through a group",
        "inherited" => "the account has the Owner role from above the subscription, not on the subscription itself",
        _ if nothing => "the account has no role of its own on the subscription",
        _ => "the account has other roles on the subscription, not Owner",
    }
}

async fn look_at_pending(rows: &mut Rows, job: &Job<'_>, arm: &Arm, id: &SubscriptionId) -> Result<(), Stop> {
    const SOURCE: &str = "GET changeTenantRequest";
    let meta = &job.loaded.meta;
    let pending = match arm.directory_changes(id).await {
        Ok(pending) => pending,
        Err(error) if is_unreadable(&error) => {
            rows.put(CheckId::PendingRequest, (State::Unknown, "not-readable"), SOURCE, json!({"code": code(&error)}));
            return Ok(());
        }
        Err(error) => return Err(owners(&error)),
    };
    let now = job.deps.clock.now();
    let open: Vec<_> = pending.iter().filter(|request| request.is_open(now)).collect();
    let foreign = open.iter().find(|request| request.destination_tenant.as_ref() != Some(&meta.partner_tenant_id));
    match foreign {
        Some(request) => {
            let evidence = json!({"to": request.destination_tenant});
            let stop = Stop::new(ErrorName::RequestForeignPending, "a request to move it to another directory is open");
            rows.fails(CheckId::PendingRequest, "foreign", SOURCE, evidence, Fixer::Owner, stop);
        }
        None if open.is_empty() => {
            rows.put(CheckId::PendingRequest, (State::Holds, "none"), SOURCE, json!({}));
        }
        None => {
            rows.put(CheckId::PendingRequest, (State::Holds, "to-the-partner"), SOURCE, json!({"open": open.len()}));
        }
    }
    Ok(())
}

/// A lock keeps nobody from moving a subscription. One that makes it read-only keeps us from making access again; a directory
/// change does not remove locks.
async fn look_at_locks(rows: &mut Rows, arm: &Arm, id: &SubscriptionId) -> Result<(), Stop> {
    const SOURCE: &str = "GET locks";
    let locks = match arm.locks(id).await {
        Ok(locks) => locks,
        Err(error) if is_unreadable(&error) => {
            rows.put(CheckId::Locks, (State::Unknown, "not-readable"), SOURCE, json!({"code": code(&error)}));
            return Ok(());
        }
        Err(error) => return Err(owners(&error)),
    };
    let read_only = locks.iter().filter(|lock| lock.is_read_only()).count();
    let judged = match (locks.len(), read_only) {
        (0, _) => (State::Holds, "none"),
        (_, 0) => (State::Holds, "against-deletion"),
        _ => (State::Warning, "read-only"),
    };
    let row = rows.put(CheckId::Locks, judged, SOURCE, json!({"locks": locks.len(), "readOnly": read_only}));
    row.fixer = (judged.0 == State::Warning).then_some(Fixer::Owner);
    Ok(())
}

/// Another tenant that manages the subscription loses that: nothing that stops a move, and something to know.
async fn look_at_delegations(
    rows: &mut Rows,
    arm: &Arm,
    id: &SubscriptionId,
    subscription: Option<&Subscription>,
) -> Result<(), Stop> {
    const SOURCE: &str = "GET registrationAssignments, subscriptions/{id}";
    let named: Vec<_> = subscription
        .and_then(|subscription| subscription.managed_by_tenants.as_ref())
        .map(|tenants| tenants.iter().map(|tenant| tenant.tenant_id.clone()).collect())
        .unwrap_or_default();
    let (registered, readable) = match arm.delegations(id).await {
        Ok(list) => (list.len(), true),
        Err(error) if is_unreadable(&error) => (0, false),
        Err(error) => return Err(owners(&error)),
    };
    let judged = match (registered + named.len(), readable) {
        (0, true) => (State::Holds, "none"),
        (0, false) => (State::Unknown, "not-readable"),
        _ => (State::Warning, "managed-by-others"),
    };
    let row = rows.put(CheckId::Lighthouse, judged, SOURCE, json!({"tenants": named, "delegations": registered}));
    row.fixer = (judged.0 == State::Warning).then_some(Fixer::Owner);
    Ok(())
}

fn look_at_mails(rows: &mut Rows, loaded: &Loaded) {
    let sent = |actor: Actor| loaded.mails.iter().filter(|mail| mail.actor == actor && mail.sent_at.is_some()).count();
    let waiting = loaded.mails.iter().filter(|mail| mail.sent_at.is_none()).count();
    let (owner, partner) = (sent(Actor::Owner), sent(Actor::PartnerAdmin));
    let judged = match (owner + partner, waiting) {
        (0, _) => (State::Unknown, "not-sent-yet"),
        (_, 0) => (State::Holds, "accepted"),
        _ => (State::Warning, "some-not-sent-yet"),
    };
    let evidence = json!({"owner": owner, "partnerAdmin": partner, "waiting": waiting});
    rows.put(CheckId::Mail, judged, "the outbox", evidence).fixer =
        (judged.0 == State::Warning).then_some(Fixer::Operator);
}

/// Looks at everything that the partner admin's tokens can see. Changes nothing at Microsoft.
///
/// Microsoft calls: refresh (three resources), organization, directory roles, Partner Center's organization profile, the partner
/// directory's policy; on the single-account route also who may invite.
///
/// # Errors
/// [`ErrorName::PartnerAdminNotAdmin`], [`ErrorName::PartnerCenterNotAPartner`], [`ErrorName::EnteringBlocked`],
/// [`ErrorName::InvitationRefused`], and the calls'.
pub async fn partners_side(job: &mut Job<'_>, cloud: &CloudClient) -> Result<PartnersSide, Stop> {
    let route = job.loaded.meta.route;
    let mut rows = Rows::new(job, Actor::PartnerAdmin);
    let token = match route {
        Route::TwoParty => job.token::<Graph>(Actor::PartnerAdmin, Directory::Partner).await,
        Route::SingleAccount => job.token_to_invite().await,
    };
    let token = match token {
        Ok(token) => token,
        Err(stop) => {
            if stop.ask.as_ref().and_then(|ask| ask.reason.as_deref()) == Some("consent") {
                let fixer = Fixer::PartnerGlobalAdministrator;
                rows.fails(CheckId::PartnerConsent, "missing", "the token endpoint", json!({}), fixer, stop.clone());
                rows.finish(job)?;
            }
            return Err(stop);
        }
    };
    rows.put(CheckId::PartnerConsent, (State::Holds, "granted"), "the token endpoint", json!({}));
    let graph = cloud.graph(&token);
    let organization = graph.organization().await.map_err(|error| partners(&error))?;
    let roles = graph.my_directory_roles().await.map_err(|error| partners(&error))?;
    let names: Vec<String> = roles.iter().filter_map(|role| role.display_name.clone()).collect();
    look_at_roles(&mut rows, &roles, &names);
    let (partner, company) = look_at_partner_center(&mut rows, job, cloud, organization.as_ref()).await?;

    let token = job.token::<Arm>(Actor::PartnerAdmin, Directory::Partner).await?;
    let policy = cloud.arm(&token).subscription_policy().await.map_err(|error| partners(&error))?;
    let acceptor = job.loaded.meta.object_id(route.acceptor(), Directory::Partner).cloned();
    let judged = judge(&policy, policy.entering, acceptor.as_ref(), ErrorName::EnteringBlocked, &job.loaded);
    let entering = judged.1.to_owned();
    let fixer = Fixer::PartnerGlobalAdministrator;
    put_policy(&mut rows, CheckId::EnteringPolicy, judged, &policy, fixer, ErrorName::EnteringBlocked);
    if route == Route::SingleAccount {
        look_at_invitations(&mut rows, &graph, &job.loaded.meta.owner_email).await?;
    } else if job.preflight().get(CheckId::Invitations).is_some() {
        // The route was changed since it was looked at.
        rows.put(CheckId::Invitations, (State::Holds, "not-needed"), "the route", json!({}));
    }
    rows.finish(job)?;
    Ok(PartnersSide { graph, organization, roles: names, partner, company, entering })
}

fn partners(error: &Error) -> Stop {
    Stop::from_call(error, Actor::PartnerAdmin, Directory::Partner)
}

fn look_at_roles(rows: &mut Rows, roles: &[DirectoryRole], names: &[String]) {
    const SOURCE: &str = "GET me/transitiveMemberOf/microsoft.graph.directoryRole";
    let evidence = json!({"roles": names});
    if roles.iter().any(|role| role.is(microsoft::graph::GLOBAL_ADMINISTRATOR)) {
        rows.put(CheckId::PartnerAdminRole, (State::Holds, "global-administrator"), SOURCE, evidence);
    } else if roles.iter().any(administers) {
        rows.put(CheckId::PartnerAdminRole, (State::Holds, "administrator"), SOURCE, evidence);
    } else {
        let text = "the account has no administrator role in the partner directory";
        let stop = Stop::new(ErrorName::PartnerAdminNotAdmin, text);
        rows.fails(CheckId::PartnerAdminRole, "none", SOURCE, evidence, Fixer::PartnerGlobalAdministrator, stop);
    }
}

/// Microsoft says that the acceptor must be "an Entra admin" and not which one, so every role that administers something counts;
/// readers and inviters don't.
fn administers(role: &DirectoryRole) -> bool {
    role.is(microsoft::graph::GLOBAL_ADMINISTRATOR)
        || role.display_name.as_deref().is_some_and(|name| name.ends_with("Administrator"))
}

/// Partner Center's own word where it gives one; what the directory says of itself where it doesn't (indirect resellers have no
/// access to the API). Answers which of the two it was, and the company's name.
async fn look_at_partner_center(
    rows: &mut Rows,
    job: &Job<'_>,
    cloud: &CloudClient,
    organization: Option<&Organization>,
) -> Result<(&'static str, Option<String>), Stop> {
    const SOURCE: &str = "GET profiles/organization";
    let kind = organization.and_then(|organization| organization.partner_tenant_type.clone());
    let by_directory = |rows: &mut Rows, why: &str, text: &str| {
        let evidence = json!({"why": why, "partnerTenantType": kind});
        rows.put(CheckId::PartnerMfa, (State::Unknown, "no-access-to-partner-center"), SOURCE, json!({"why": why}));
        if kind.as_deref().is_some_and(|kind| !kind.is_empty()) {
            rows.put(CheckId::PartnerAccount, (State::Warning, "by-directory"), "GET organization", evidence);
        } else {
            let stop = Stop::new(ErrorName::PartnerCenterNotAPartner, text);
            rows.fails(CheckId::PartnerAccount, "none", "GET organization", evidence, Fixer::Nobody, stop);
        }
    };
    let token = match job.token::<PartnerCenter>(Actor::PartnerAdmin, Directory::Partner).await {
        Ok(token) => token,
        // The tenant doesn't offer the API, or nobody may consent to it there.
        Err(stop) if stop.name == ErrorName::CloudUnsupported => {
            by_directory(rows, "not offered", "the directory has no access to Partner Center");
            return Ok(("by-directory", None));
        }
        Err(stop) => return Err(stop),
    };
    let account = match cloud.partner_center(&token).account().await {
        Ok(account) => account,
        Err(error) if error.kind() == ErrorKind::Forbidden => {
            let text = format!("the account has no role in Partner Center that may read the profile: {error}");
            let stop = Stop::new(ErrorName::PartnerAdminNotAdmin, text);
            let evidence = json!({"code": code(&error)});
            rows.put(CheckId::PartnerMfa, (State::Unknown, "not-said"), SOURCE, json!({}));
            rows.fails(CheckId::PartnerAccount, "no-role", SOURCE, evidence, Fixer::PartnerGlobalAdministrator, stop);
            return Ok(("none", None));
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            by_directory(rows, &code(&error), "Partner Center has no account for this directory");
            return Ok(("by-directory", None));
        }
        // Partner Center says so of every call without: 401 with code 900421.
        Err(error) if error.kind() == ErrorKind::ClaimsChallenge => {
            let evidence = json!({"code": code(&error)});
            rows.fails(CheckId::PartnerMfa, "not-compliant", SOURCE, evidence, Fixer::PartnerAdmin, partners(&error));
            rows.put(CheckId::PartnerAccount, (State::Unknown, "not-read"), SOURCE, json!({}));
            return Ok(("none", None));
        }
        Err(error) => return Err(partners(&error)),
    };
    match account.mfa_compliant {
        Some(true) => rows.put(CheckId::PartnerMfa, (State::Holds, "compliant"), SOURCE, json!({})),
        None => rows.put(CheckId::PartnerMfa, (State::Unknown, "not-said"), SOURCE, json!({})),
        Some(false) => {
            let stop = Stop::sign_in(Actor::PartnerAdmin, Directory::Partner, "mfa", None);
            rows.fails(CheckId::PartnerMfa, "not-compliant", SOURCE, json!({}), Fixer::PartnerAdmin, stop);
            rows.put(CheckId::PartnerAccount, (State::Unknown, "not-read"), SOURCE, json!({}));
            return Ok(("none", None));
        }
    };
    if account.organization.is_of(&job.loaded.meta.partner_tenant_id) {
        rows.put(CheckId::PartnerAccount, (State::Holds, "profile"), SOURCE, json!({}));
        Ok(("profile", Some(account.organization.company_name)))
    } else {
        let text = "the Partner Center account of this sign-in belongs to another directory";
        let stop = Stop::new(ErrorName::PartnerCenterNotAPartner, text);
        rows.fails(CheckId::PartnerAccount, "another-directory", SOURCE, json!({}), Fixer::Nobody, stop);
        Ok(("none", None))
    }
}

async fn look_at_invitations(rows: &mut Rows, graph: &Graph, owner: &str) -> Result<(), Stop> {
    const SOURCE: &str = "GET policies/authorizationPolicy";
    let may = graph.may_invite().await.map_err(|error| partners(&error))?;
    // A guest that is there already needs no invitation.
    let there =
        may == MayInvite::Nobody && !graph.users_by_mail(owner).await.map_err(|error| partners(&error))?.is_empty();
    let (judged, word) = match may {
        MayInvite::Nobody if there => ((State::Holds, "guest-is-there"), "none"),
        MayInvite::Nobody => {
            let stop = Stop::new(ErrorName::InvitationRefused, "the directory lets nobody invite guests");
            let fixer = Fixer::PartnerGlobalAdministrator;
            rows.fails(CheckId::Invitations, "nobody", SOURCE, json!({"allowInvitesFrom": "none"}), fixer, stop);
            return Ok(());
        }
        MayInvite::AdministratorsAndInviters => ((State::Holds, "administrators"), "adminsAndGuestInviters"),
        MayInvite::Members => ((State::Holds, "members"), "adminsGuestInvitersAndAllMembers"),
        MayInvite::Everyone => ((State::Holds, "everyone"), "everyone"),
        MayInvite::Unknown => ((State::Unknown, "not-readable"), "unknown"),
    };
    rows.put(CheckId::Invitations, judged, SOURCE, json!({"allowInvitesFrom": word}));
    Ok(())
}

/// Puts the row of an invitation that Microsoft refused although the directory's policy allows it.
pub fn saw_invitation_refused(job: &mut Job<'_>, error: &Error) {
    let mut rows = Rows::new(job, Actor::PartnerAdmin);
    let evidence = json!({"code": code(error), "said": error.message().map(onboarding::plain::one_line)});
    let row = rows.put(CheckId::Invitations, (State::Fails, "invitation-refused"), "POST invitations", evidence);
    row.fixer = Some(Fixer::PartnerGlobalAdministrator);
    for row in rows.rows {
        job.saw(row);
    }
}

/// Puts the row of what the app may read in the source directory: names are read where an administrator consented to it before, and
/// nobody has to.
pub(crate) fn look_at_consent(job: &mut Job<'_>, not_read: &[NotRead]) {
    let hidden = not_read.iter().find(|list| list.what == "principals");
    let mut rows = Rows::new(job, Actor::Owner);
    let (judged, evidence) = match hidden {
        None => ((State::Holds, "names-readable"), json!({})),
        Some(list) => ((State::Warning, "names-hidden"), json!({"code": list.why, "needs": list.needs})),
    };
    let row = rows.put(CheckId::SourceConsent, judged, "POST directoryObjects/getByIds", evidence);
    row.fixer = hidden.map(|_| Fixer::SourceGlobalAdministrator);
    for row in rows.rows {
        job.saw(row);
    }
}

/// Puts the row of what would be lost for ever, and answers whether it stops the move: some hard stop without an override that both
/// people stand for.
pub fn look_at_hard_stops(job: &mut Job<'_>, report: &Report, overrides: &[Override]) -> bool {
    let stops = report.findings.iter().filter(|finding| finding.hard_stop).count();
    let open = impact::report::open_stops(&report.findings, overrides).len();
    let mut rows = Rows::new(job, Actor::Owner);
    let judged = match (stops, open) {
        (0, _) => (State::Holds, "none"),
        (_, 0) => (State::Warning, "accepted-by-both"),
        _ => (State::Fails, "not-accepted"),
    };
    let row = rows.put(CheckId::HardStops, judged, "the report", json!({"hardStops": stops, "open": open}));
    row.fixer = (open > 0).then_some(Fixer::PartnerAdmin);
    for row in rows.rows {
        job.saw(row);
    }
    open > 0
}

fn put_policy(
    rows: &mut Rows,
    id: CheckId,
    judged: (State, &'static str),
    policy: &SubscriptionPolicy,
    fixer: Fixer,
    blocked: ErrorName,
) {
    const SOURCE: &str = "GET Microsoft.Subscription/policies/default";
    let evidence = json!({"exemptedPrincipals": policy.exempted.len()});
    if judged.0 == State::Fails {
        let stop = Stop::new(blocked, "the directory's subscription policy says so");
        rows.fails(id, judged.1, SOURCE, evidence, fixer, stop);
    } else {
        rows.put(id, judged, SOURCE, evidence).fixer = (judged.0 != State::Holds).then_some(fixer);
    }
}

/// Judges one side of a policy. Three answers, since "unknown" is not "allowed".
///
/// A policy that blocks stops the step, but for two cases: it names the person as exempted; or a person answered the last wait for
/// this very cause with "check again" while the list of exempted people is hidden from us (Microsoft shows it to Global
/// Administrators only). Then a Global Administrator may well have exempted the account, and only Azure itself can say.
fn judge(
    policy: &SubscriptionPolicy,
    side: Block,
    person: Option<&ObjectId>,
    blocked: ErrorName,
    loaded: &Loaded,
) -> (State, &'static str) {
    match side {
        Block::Allowed => (State::Holds, "allowed"),
        Block::Unknown => (State::Unknown, "unknown"),
        Block::Blocked if person.is_some_and(|person| policy.exempts(person)) => (State::Holds, "exempted"),
        Block::Blocked if !policy.exempted.is_empty() => (State::Fails, "blocked"),
        Block::Blocked if a_person_says_it_is_fixed(loaded, blocked) => (State::Warning, "blocked-list-hidden"),
        Block::Blocked => (State::Fails, "blocked-list-hidden"),
    }
}

fn a_person_says_it_is_fixed(loaded: &Loaded, cause: ErrorName) -> bool {
    let last = loaded.waits.iter().rev().find(|wait| wait.reason.as_deref() == Some(cause.as_str()));
    last.is_some_and(|wait| wait.outcome_by.as_deref().is_some_and(|by| by != "mooring"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id() -> SubscriptionId {
        SubscriptionId::parse("6c3c85bc-5366-4eaa-8055-a10529eafd03").unwrap()
    }

    fn me() -> ObjectId {
        ObjectId::parse("b11a05c8-6acc-435e-9a51-2140dea093a5").unwrap()
    }

    fn owner(scope: &str, principal: &str, condition: Option<&str>) -> RoleAssignment {
        serde_json::from_value(json!({
            "id": format!("{scope}/providers/Microsoft.Authorization/roleAssignments/1"), "name": "1",
            "properties": {
                "scope": scope, "principalId": principal, "condition": condition,
                "roleDefinitionId": format!("/providers/Microsoft.Authorization/roleDefinitions/{OWNER_ROLE}"),
            }
        }))
        .unwrap()
    }

    #[test]
    fn only_a_direct_unconditional_owner_is_enough_and_every_other_case_has_its_name() {
        let here = format!("/subscriptions/{}", id());
        let above = "/providers/Microsoft.Management/managementGroups/contoso";
        let group = "0aa6b3a4-4b1a-4d4f-8a3d-5a8f5d0f3f11";
        let case = |list: &[RoleAssignment], eligible| owner_case(list, eligible, &id(), &me());
        assert_eq!(case(&[owner(&here, me().as_str(), None)], false), "direct");
        assert_eq!(case(&[owner(&here, me().as_str(), Some("@Resource"))], false), "conditional");
        assert_eq!(case(&[owner(&here, group, None)], false), "group");
        assert_eq!(case(&[owner(above, me().as_str(), None)], false), "inherited");
        assert_eq!(case(&[owner(above, me().as_str(), None)], true), "eligible");
        assert_eq!(case(&[owner(&format!("{here}/resourceGroups/web"), me().as_str(), None)], false), "none");
        assert_eq!(case(&[], false), "none");
    }

    #[test]
    fn a_spending_limit_warns_and_what_is_not_said_is_unknown() {
        assert_eq!(spending_limit(Some("Off")).0, State::Holds);
        assert_eq!(spending_limit(Some("On")).0, State::Warning);
        assert_eq!(spending_limit(None).0, State::Unknown);
    }

    fn role(name: &str, template: &str) -> DirectoryRole {
        DirectoryRole { display_name: Some(name.into()), role_template_id: Some(template.into()) }
    }

    #[test]
    fn readers_and_inviters_do_not_administer_a_directory() {
        assert!(administers(&role("Globaler Administrator", microsoft::graph::GLOBAL_ADMINISTRATOR)));
        assert!(administers(&role("Global Administrator", "")));
        assert!(administers(&role("Privileged Role Administrator", "")));
        for name in ["Guest Inviter", "Directory Readers", "Global Reader"] {
            assert!(!administers(&role(name, "")), "{name}");
        }
    }
}
