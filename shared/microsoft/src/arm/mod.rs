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
mod policies;
mod probe;
mod subscriptions;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::errors::{Error, ErrorKind};
use crate::http::Api;

pub use access::{
    Assigned, ClassicAdministrator, NewRoleAssignment, OWNER_ROLE, PermissionSet, Permissions, RoleAssignment,
    RoleAssignmentProperties, RoleDefinition, RoleDefinitionProperties,
};
pub use change_directory::{ChangeStatus, DirectoryChange};
pub use policies::{Block, SubscriptionPolicy};
pub use probe::ArmProbe;
pub use subscriptions::{ManagedByTenant, Subscription, SubscriptionPolicies, SubscriptionState, TenantDescription};

/// Azure Resource Manager as one person in one tenant may use it.
#[derive(Debug, Clone)]
pub struct Arm {
    api: Api,
    version: Arc<ServedVersion>,
}

impl Arm {
    pub(crate) fn new(api: Api, version: Arc<ServedVersion>) -> Self {
        Self { api, version }
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
