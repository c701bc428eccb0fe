//! The state of the simulated clouds.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use contracts::Violation;
use serde::Serialize;
use serde_json::{Value, json};

use crate::clock::{Clock, Millis, instant};
use crate::entra::sign_in::{Code, SignIn};
use crate::faults::Fault;
use crate::keys::Keys;
use crate::knobs::Knobs;
use crate::ledger::{Caller, Entry, Kind};
use crate::random;
use crate::scenario::{
    App, Consent, CustomRole, Membership, PartnerAccount, Person, RoleAssignment, Scenario, Subscription, Tenant,
    Timing,
};

/// Owner.
pub(crate) const OWNER: &str = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635";
/// The directory role that may do everything.
pub(crate) const GLOBAL_ADMINISTRATOR: &str = "Global Administrator";

/// Everything.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) shared: Shared,
    pub(crate) clouds: BTreeMap<String, CloudState>,
    scenario: Scenario,
}

/// What all clouds share.
#[derive(Debug)]
pub(crate) struct Shared {
    /// `http://127.0.0.1:PORT`.
    pub(crate) base: String,
    pub(crate) clock: Clock,
    pub(crate) knobs: Knobs,
    pub(crate) timing: Timing,
    pub(crate) page_size: usize,
    pub(crate) faults: Vec<Fault>,
    pub(crate) ledger: Vec<Entry>,
    /// Operation, then status or `lost`, then how often.
    pub(crate) requests: BTreeMap<String, BTreeMap<String, u64>>,
    pub(crate) violations: Vec<Violation>,
    /// Writes left by subscription and person, in thousandths, and when that was so.
    pub(crate) writes: HashMap<(String, String), (i64, Millis)>,
    pub(crate) secrets: BTreeSet<Secret>,
}

/// A value that must appear nowhere outside sealed fields.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Secret {
    pub(crate) kind: &'static str,
    pub(crate) value: String,
}

/// One cloud.
#[derive(Debug)]
pub(crate) struct CloudState {
    pub(crate) name: String,
    pub(crate) apps: Vec<App>,
    pub(crate) tenants: Vec<Tenant>,
    pub(crate) people: Vec<Person>,
    pub(crate) subscriptions: Vec<LiveSubscription>,
    pub(crate) partner_center: Vec<PartnerAccount>,
    /// By client id.
    pub(crate) consents: Vec<(String, Consent)>,
    pub(crate) guests: Vec<Guest>,
    pub(crate) sign_ins: HashMap<String, SignIn>,
    pub(crate) codes: HashMap<String, Code>,
    pub(crate) access_tokens: HashMap<String, AccessToken>,
    pub(crate) refresh_tokens: HashMap<String, RefreshToken>,
}

/// A subscription and what happened to it.
#[derive(Debug)]
pub(crate) struct LiveSubscription {
    pub(crate) facts: Subscription,
    pub(crate) assignments: Vec<LiveAssignment>,
    pub(crate) custom_roles: Vec<CustomRole>,
    pub(crate) request: Option<ChangeRequest>,
    /// Until then its new directory does not see it.
    pub(crate) visible_from: Millis,
    /// Whether someone registered Microsoft.Subscription with it; asked for by a knob only.
    pub(crate) registered: bool,
}

/// A role assignment and when it takes effect.
#[derive(Debug, Clone)]
pub(crate) struct LiveAssignment {
    pub(crate) facts: RoleAssignment,
    pub(crate) created_at: Millis,
    pub(crate) created_by: String,
    pub(crate) effective_from: Millis,
}

/// A request to change the directory.
#[derive(Debug, Clone)]
pub(crate) struct ChangeRequest {
    pub(crate) destination_tenant: String,
    /// As sent: an object id, or an e-mail address nobody in the destination had.
    pub(crate) destination_owner: String,
    pub(crate) source_tenant: String,
    pub(crate) source_owner: String,
    pub(crate) source_email: String,
    pub(crate) created_at: Millis,
    pub(crate) expires_at: Millis,
    pub(crate) accepted: Option<Acceptance>,
}

/// Who accepted it, when, and whether the directory changed already.
#[derive(Debug, Clone)]
pub(crate) struct Acceptance {
    pub(crate) at: Millis,
    pub(crate) by: Caller,
    pub(crate) moved: bool,
}

/// A guest who came by an invitation.
#[derive(Debug, Clone)]
pub(crate) struct Guest {
    pub(crate) tenant_id: String,
    pub(crate) oid: String,
    pub(crate) email: String,
    pub(crate) invited_at: Millis,
    pub(crate) state_changed_at: Millis,
    /// What the invitation links carry.
    pub(crate) tickets: Vec<String>,
}

/// What an access token stands for.
#[derive(Debug, Clone)]
pub(crate) struct AccessToken {
    pub(crate) caller: Caller,
    pub(crate) email: String,
    pub(crate) resource: Resource,
    pub(crate) scopes: Vec<String>,
    pub(crate) mfa: bool,
    pub(crate) expires_at: Millis,
}

/// What a refresh token stands for. It is bound to a person and a client, not to a tenant or resource.
#[derive(Debug, Clone)]
pub(crate) struct RefreshToken {
    pub(crate) email: String,
    pub(crate) client_id: String,
    pub(crate) tenant_id: String,
    pub(crate) mfa_tenants: BTreeSet<String>,
    pub(crate) auth_time: Millis,
    pub(crate) expires_at: Millis,
    pub(crate) revoked: bool,
}

/// What an access token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resource {
    Arm,
    Graph,
    PartnerCenter,
}

impl Resource {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Arm => "arm",
            Self::Graph => "graph",
            Self::PartnerCenter => "partner-center",
        }
    }
}

/// One cloud, with what all share: what a handler works on.
#[derive(Debug)]
pub(crate) struct Ctx<'a> {
    pub(crate) cloud: &'a mut CloudState,
    pub(crate) shared: &'a mut Shared,
    pub(crate) keys: &'a Keys,
}

impl World {
    pub(crate) fn new(base: String, scenario: Scenario) -> Self {
        let mut shared = Shared {
            base,
            clock: Clock::default(),
            knobs: Knobs::default(),
            timing: scenario.timing,
            page_size: scenario.page_size.max(1),
            faults: Vec::new(),
            ledger: Vec::new(),
            requests: BTreeMap::new(),
            violations: Vec::new(),
            writes: HashMap::new(),
            secrets: BTreeSet::new(),
        };
        let now = shared.clock.now();
        let clouds = scenario
            .clouds
            .iter()
            .map(|(name, cloud)| (name.clone(), CloudState::new(name, cloud.clone(), now)))
            .collect();
        for app in scenario.clouds.values().flat_map(|cloud| &cloud.apps) {
            for secret in &app.client_secrets {
                shared.secret("client-secret", secret);
            }
        }
        Self { shared, clouds, scenario }
    }

    /// Back to the beginning, with another scenario if one is given.
    pub(crate) fn reset(&mut self, scenario: Option<Scenario>) {
        let scenario = scenario.unwrap_or_else(|| self.scenario.clone());
        *self = Self::new(self.shared.base.clone(), scenario);
    }
}

impl Shared {
    pub(crate) fn now(&self) -> Millis {
        self.clock.now()
    }

    pub(crate) fn secret(&mut self, kind: &'static str, value: &str) {
        self.secrets.insert(Secret { kind, value: value.to_owned() });
    }

    pub(crate) fn record(&mut self, cloud: &str, kind: Kind, caller: Option<Caller>, subject: &str, detail: Value) {
        let at = instant(self.now());
        let entry = Entry {
            seq: self.ledger.len() + 1,
            at,
            cloud: cloud.to_owned(),
            kind,
            caller,
            subject: subject.to_owned(),
            detail,
        };
        self.ledger.push(entry);
    }

    /// The address below which an API of a cloud lives.
    pub(crate) fn url(&self, cloud: &str, api: &str) -> String {
        format!("{}/{cloud}/{api}", self.base)
    }
}

impl CloudState {
    fn new(name: &str, cloud: crate::scenario::Cloud, now: Millis) -> Self {
        let consents = cloud
            .apps
            .iter()
            .flat_map(|app| app.consents.iter().map(|consent| (app.client_id.clone(), consent.clone())))
            .collect();
        Self {
            name: name.to_owned(),
            apps: cloud.apps,
            tenants: cloud.tenants,
            people: cloud.people,
            subscriptions: cloud.subscriptions.into_iter().map(|facts| LiveSubscription::new(facts, now)).collect(),
            partner_center: cloud.partner_center,
            consents,
            guests: Vec::new(),
            sign_ins: HashMap::new(),
            codes: HashMap::new(),
            access_tokens: HashMap::new(),
            refresh_tokens: HashMap::new(),
        }
    }

    /// The tenant named by id or verified domain.
    pub(crate) fn tenant(&self, named: &str) -> Option<&Tenant> {
        self.tenants.iter().find(|tenant| {
            tenant.tenant_id.eq_ignore_ascii_case(named)
                || tenant.domains.iter().any(|domain| domain.eq_ignore_ascii_case(named))
        })
    }

    pub(crate) fn person(&self, email: &str) -> Option<&Person> {
        self.people.iter().find(|person| {
            person.email.eq_ignore_ascii_case(email)
                || (person.kind == crate::scenario::AccountKind::Work
                    && person.memberships.iter().any(|it| it.user_principal_name.eq_ignore_ascii_case(email)))
        })
    }

    pub(crate) fn membership(&self, email: &str, tenant_id: &str) -> Option<&Membership> {
        self.person(email)?.memberships.iter().find(|it| it.tenant_id == tenant_id)
    }

    /// Everyone with an object in the tenant. People who exist nowhere but as invited guests are among them.
    pub(crate) fn users<'a>(&'a self, tenant_id: &'a str) -> impl Iterator<Item = (&'a Person, &'a Membership)> {
        self.people.iter().flat_map(move |person| {
            person.memberships.iter().filter(move |it| it.tenant_id == tenant_id).map(move |it| (person, it))
        })
    }

    pub(crate) fn user<'a>(&'a self, tenant_id: &'a str, oid: &str) -> Option<(&'a Person, &'a Membership)> {
        self.users(tenant_id).find(|(_, membership)| membership.oid.eq_ignore_ascii_case(oid))
    }

    pub(crate) fn has_role(&self, tenant_id: &str, oid: &str, roles: &[&str]) -> bool {
        self.user(tenant_id, oid)
            .is_some_and(|(_, membership)| membership.roles.iter().any(|role| roles.contains(&role.as_str())))
    }

    pub(crate) fn subscription(&self, id: &str) -> Option<&LiveSubscription> {
        self.subscriptions.iter().find(|it| it.facts.subscription_id.eq_ignore_ascii_case(id))
    }

    pub(crate) fn subscription_mut(&mut self, id: &str) -> Option<&mut LiveSubscription> {
        self.subscriptions.iter_mut().find(|it| it.facts.subscription_id.eq_ignore_ascii_case(id))
    }

    pub(crate) fn app(&self, client_id: &str) -> Option<&App> {
        self.apps.iter().find(|app| app.client_id.eq_ignore_ascii_case(client_id))
    }

    /// Lets accepted requests take effect whose time has come.
    pub(crate) fn settle(&mut self, shared: &mut Shared) {
        let now = shared.now();
        let name = self.name.clone();
        for subscription in &mut self.subscriptions {
            let Some(request) = &mut subscription.request else { continue };
            let Some(acceptance) = &mut request.accepted else { continue };
            if acceptance.moved || now < acceptance.at + shared.timing.directory_moves_after_ms {
                continue;
            }
            acceptance.moved = true;
            let by = acceptance.by.clone();
            let id = subscription.facts.subscription_id.clone();
            let wiped: Vec<_> = subscription.assignments.drain(..).map(|it| it.facts).collect();
            let roles = std::mem::take(&mut subscription.custom_roles);
            // Policy, delegation and eligibility belong to the directory that was left; locks are the subscription's.
            subscription.facts.governance.retain(|kind, _| kind == "locks");
            let from = std::mem::replace(&mut subscription.facts.tenant_id, request.destination_tenant.clone());
            subscription.visible_from = acceptance.at + shared.timing.subscription_visible_after_ms;
            let effective_from = acceptance.at + shared.timing.owner_effective_after_ms;
            shared.record(
                &name,
                Kind::DirectoryChanged,
                Some(by.clone()),
                &id,
                json!({"from": from, "to": request.destination_tenant}),
            );
            shared.record(
                &name,
                Kind::RoleAssignmentsWiped,
                Some(by.clone()),
                &id,
                json!({"roleAssignments": wiped.len(), "customRoles": roles.len()}),
            );
            if shared.knobs.acceptor_becomes_owner {
                let assignment = LiveAssignment {
                    facts: RoleAssignment {
                        name: random::guid(),
                        principal_id: by.oid.clone(),
                        principal_type: "User".to_owned(),
                        role_definition_id: OWNER.to_owned(),
                        scope: None,
                        description: None,
                        condition: None,
                        condition_version: None,
                    },
                    created_at: now,
                    created_by: by.oid.clone(),
                    effective_from,
                };
                let detail = json!({"name": assignment.facts.name, "principalId": by.oid, "roleDefinitionId": OWNER, "by": "acceptance"});
                subscription.assignments.push(assignment);
                shared.record(&name, Kind::RoleAssignmentCreated, Some(by), &id, detail);
            }
        }
    }
}

impl LiveSubscription {
    fn new(mut facts: Subscription, now: Millis) -> Self {
        let assignments = std::mem::take(&mut facts.role_assignments)
            .into_iter()
            .map(|facts| LiveAssignment { facts, created_at: now, created_by: String::new(), effective_from: 0 })
            .collect();
        let custom_roles = std::mem::take(&mut facts.custom_roles);
        Self { facts, assignments, custom_roles, request: None, visible_from: 0, registered: false }
    }

    /// The pending request, if there is one that has not expired.
    pub(crate) fn pending(&self, now: Millis) -> Option<&ChangeRequest> {
        self.request.as_ref().filter(|request| request.accepted.is_none() && now < request.expires_at)
    }

    pub(crate) fn scope(&self) -> String {
        format!("/subscriptions/{}", self.facts.subscription_id)
    }
}

impl Ctx<'_> {
    pub(crate) fn now(&self) -> Millis {
        self.shared.now()
    }

    pub(crate) fn record(&mut self, kind: Kind, caller: Option<Caller>, subject: &str, detail: Value) {
        self.shared.record(&self.cloud.name, kind, caller, subject, detail);
    }

    pub(crate) fn url(&self, api: &str) -> String {
        self.shared.url(&self.cloud.name, api)
    }

    /// A bearer token that was issued here and has not expired; `Err(true)` when it is known but expired.
    pub(crate) fn access_token(&self, token: &str) -> Result<AccessToken, bool> {
        match self.cloud.access_tokens.get(token) {
            Some(known) if self.now() < known.expires_at => Ok(known.clone()),
            Some(_) => Err(true),
            None => Err(false),
        }
    }
}
