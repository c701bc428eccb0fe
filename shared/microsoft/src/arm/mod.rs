//! Azure Resource Manager: subscriptions, the change of a subscription's directory, and access to it.
//!
//! Base: the `arm` address of the cloud. Every call but the probe carries a token, and ARM evaluates it in the token's
//! tenant: a token of another tenant is [`ErrorKind::WrongTenant`].
//!
//! Common answers: 401 `InvalidAuthenticationToken`/`ExpiredAuthenticationToken` ([`ErrorKind::Unauthenticated`]), 401 with
//! `insufficient_claims` or 401/403 `RequestDisallowedByPolicy` about MFA ([`ErrorKind::ClaimsChallenge`]), 403
//! `AuthorizationFailed` ([`ErrorKind::Forbidden`]; after a fresh grant worth retrying with a *new* token for ten minutes),
//! 429 ([`ErrorKind::Throttled`]).
//!
//! The api-version of the change-directory family is negotiated: 2026-08-01-preview, 2025-11-01-preview and
//! 2024-08-01-preview are tried in this order, and what a cloud refused is not tried again.
//!
//! See <https://learn.microsoft.com/azure/role-based-access-control/troubleshooting> and
//! <https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling>.

mod access;
mod change_directory;
mod eligibility;
mod governance;
mod policies;
mod probe;
mod rehearsal;
mod resources;
mod subscriptions;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use crate::errors::{Error, ErrorKind};
use crate::http::{Answer, Api, Call};

pub use access::{
    Assigned, ClassicAdministrator, NewRole, NewRoleAssignment, OWNER_ROLE, PermissionSet, Permissions, RoleAssignment,
    RoleAssignmentProperties, RoleDefinition, RoleDefinitionProperties,
};
pub use change_directory::{ChangeStatus, DirectoryChange};
pub use eligibility::{DenyAssignment, DenyAssignmentProperties, RoleEligibility, RoleEligibilityProperties};
pub use governance::{
    Delegation, DelegationOffer, DelegationOfferProperties, DelegationProperties, Lock, LockProperties,
    PolicyAssignment, PolicyAssignmentIdentity, PolicyAssignmentProperties, PolicyDefinition,
    PolicyDefinitionProperties, PolicyExemption, PolicyExemptionProperties,
};
pub use policies::{Block, SubscriptionPolicy};
pub use probe::ArmProbe;
pub use rehearsal::Rehearsal;
pub use subscriptions::{ManagedByTenant, Subscription, SubscriptionPolicies, SubscriptionState, TenantDescription};

/// Azure Resource Manager as one person in one tenant may use it.
#[derive(Debug, Clone)]
pub struct Arm {
    api: Api,
    version: Arc<ServedVersion>,
    writes_left: Arc<WritesLeft>,
}

impl Arm {
    pub(crate) fn new(api: Api, version: Arc<ServedVersion>) -> Self {
        Self { api, version, writes_left: Arc::default() }
    }

    /// How many more writes Azure said it takes now, in the answer to this client's last write. `None`: it has not said.
    ///
    /// `x-ms-ratelimit-remaining-subscription-writes`: a bucket of 200 that refills at ten a second, for each person and
    /// subscription.
    /// See <https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling>.
    #[must_use]
    pub fn writes_left(&self) -> Option<u32> {
        self.writes_left.get()
    }

    /// Makes a write and notes how many more Azure takes.
    async fn write(&self, call: &Call) -> Result<Answer, Error> {
        let answer = self.api.send(call).await?;
        let said = answer.header("x-ms-ratelimit-remaining-subscription-writes");
        if let Some(left) = said.and_then(|text| text.trim().parse().ok()) {
            self.writes_left.set(left);
        }
        Ok(answer)
    }
}

/// A number that Azure may not have said yet.
#[derive(Debug)]
struct WritesLeft(AtomicU32);

impl Default for WritesLeft {
    fn default() -> Self {
        Self(AtomicU32::new(Self::UNSAID))
    }
}

impl WritesLeft {
    const UNSAID: u32 = u32::MAX;

    fn get(&self) -> Option<u32> {
        Some(self.0.load(Ordering::Relaxed)).filter(|left| *left != Self::UNSAID)
    }

    fn set(&self, left: u32) {
        self.0.store(left, Ordering::Relaxed);
    }
}

/// Which api-version of the change-directory family a cloud serves. None is generally available, and which is live where is
/// published nowhere: the newest is tried first, and what a cloud refused is not tried again.
#[derive(Debug, Default)]
pub(crate) struct ServedVersion(AtomicUsize);

impl ServedVersion {
    const KNOWN: [&str; 3] = ["2026-08-01-preview", "2025-11-01-preview", "2024-08-01-preview"];

    /// Makes a call with the newest version that this cloud has not refused.
    pub(crate) async fn negotiate<T, F, C>(&self, call: C) -> Result<T, Error>
    where
        C: Fn(&'static str) -> F,
        F: Future<Output = Result<T, Error>>,
    {
        loop {
            let place = self.0.load(Ordering::Relaxed);
            let version = Self::KNOWN.get(place).copied().unwrap_or(Self::KNOWN[0]);
            match call(version).await {
                Err(error) if error.kind() == ErrorKind::UnsupportedVersion => {
                    if place + 1 >= Self::KNOWN.len() {
                        // Another cloud state tomorrow, perhaps: begin at the newest again.
                        self.0.store(0, Ordering::Relaxed);
                        return Err(error);
                    }
                    self.0.store(place + 1, Ordering::Relaxed);
                }
                outcome => return outcome,
            }
        }
    }
}

/// `Ok(None)` for what isn't there.
fn found<T>(outcome: Result<T, Error>) -> Result<Option<T>, Error> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
