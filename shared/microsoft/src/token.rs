//! Tokens as types: which resource and which tenant a token is for can't be mixed up by accident, and none of them
//! shows its text.

use std::fmt;
use std::marker::PhantomData;

use jiff::Timestamp;
use onboarding::TenantId;
use secrecy::SecretString;

use crate::arm::Arm;
use crate::clouds::Endpoints;
use crate::graph::Graph;
use crate::partner_center::PartnerCenter;

/// An access token for the API `R` in one tenant. Opaque: Microsoft forbids reading its inside.
pub struct AccessToken<R> {
    secret: SecretString,
    tenant: TenantId,
    expires_at: Option<Timestamp>,
    resource: PhantomData<fn() -> R>,
}

/// A refresh token: it works in every tenant where its person exists and for every resource they consented to, until its
/// person's home tenant revokes it. The old one stays good when a new one is given, so the last one written wins.
/// See <https://learn.microsoft.com/entra/identity-platform/refresh-tokens>.
#[derive(Clone)]
pub struct RefreshToken(SecretString);

/// An API that tokens are issued for: [`Arm`], [`Graph`] or [`PartnerCenter`].
pub trait Resource: sealed::Sealed + 'static {
    /// The resource's name in our logs and messages.
    const NAME: &'static str;

    /// What to ask the token endpoint for: one resource only, and within what the sign-in asked for.
    fn scope(endpoints: &Endpoints) -> String;
}

/// What a partner admin's sign-in asks for beyond knowing who they are and what they may do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PartnerAdminScopes {
    /// To invite the owner as a guest and to take the guest away again (single-account route).
    pub invite: bool,
    /// The Partner Center API. Tenants without it (indirect resellers') refuse the whole sign-in when asked for it.
    pub partner_center: bool,
}

/// What the owner's sign-in asks for: who they are, a refresh token, and Azure Resource Manager.
///
/// See <https://learn.microsoft.com/entra/identity-platform/scopes-oidc>.
#[must_use]
pub fn owner_scopes(endpoints: &Endpoints) -> String {
    format!("{IDENTITY} {}", endpoints.arm_scope())
}

/// What the partner admin's sign-in asks for. Naming several resources is allowed here, and only here.
///
/// Graph's permissions: `User.Read` (who is it), `RoleManagement.Read.Directory` (is it an administrator), and for
/// inviting `User.Invite.All`, `User.ReadWrite.All` (look up and delete the guest) and `Policy.Read.All` (may anyone
/// invite); all but the first need an administrator's consent.
/// See <https://learn.microsoft.com/graph/permissions-reference>.
#[must_use]
pub fn partner_admin_scopes(endpoints: &Endpoints, asks: PartnerAdminScopes) -> String {
    let graph = if asks.invite { inviting_scope(endpoints) } else { Graph::scope(endpoints) };
    let mut scopes = format!("{graph} {}", endpoints.arm_scope());
    if asks.partner_center {
        scopes = format!("{scopes} {}", endpoints.partner_center_scope());
    }
    scopes
}

/// What an operator's sign-in asks for: who they are, and whether they are in the operators' group. No refresh token.
#[must_use]
pub fn operator_scopes(endpoints: &Endpoints) -> String {
    format!("openid profile {}/User.Read", endpoints.graph_resource())
}

/// What to ask the token endpoint for to invite a guest: within what a sign-in with [`PartnerAdminScopes::invite`] asked for.
pub(crate) fn inviting_scope(endpoints: &Endpoints) -> String {
    let mut scope = Graph::scope(endpoints);
    for permission in ["User.Invite.All", "User.ReadWrite.All", "Policy.Read.All"] {
        scope = format!("{scope} {}/{permission}", endpoints.graph_resource());
    }
    scope
}

/// What to ask the token endpoint for to read a directory: whatever has been consented to there before, and nothing new. So a
/// person whose directory allows no more is not stopped; they get a token that may read less.
/// See <https://learn.microsoft.com/entra/identity-platform/scopes-oidc#the-default-scope>.
pub(crate) fn directory_scope(endpoints: &Endpoints) -> String {
    format!("{IDENTITY} {}/.default", endpoints.graph_resource())
}

impl<R> AccessToken<R> {
    /// A token as it came from the token endpoint of `tenant`.
    #[must_use]
    pub fn new(secret: SecretString, tenant: TenantId, expires_at: Option<Timestamp>) -> Self {
        Self { secret, tenant, expires_at, resource: PhantomData }
    }

    /// The tenant in which it is good.
    #[must_use]
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// When it expires, if that is known.
    #[must_use]
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at
    }

    pub(crate) fn secret(&self) -> &SecretString {
        &self.secret
    }
}

impl<R> Clone for AccessToken<R> {
    fn clone(&self) -> Self {
        Self::new(self.secret.clone(), self.tenant.clone(), self.expires_at)
    }
}

impl<R: Resource> fmt::Debug for AccessToken<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken")
            .field("resource", &R::NAME)
            .field("tenant", &self.tenant)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

impl RefreshToken {
    /// A refresh token, as it was given or unsealed.
    #[must_use]
    pub fn new(secret: SecretString) -> Self {
        Self(secret)
    }

    /// The text, for sealing it. Nothing else needs it.
    #[must_use]
    pub fn secret(&self) -> &SecretString {
        &self.0
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshToken(..)")
    }
}

impl Resource for Arm {
    const NAME: &'static str = "Azure Resource Manager";

    fn scope(endpoints: &Endpoints) -> String {
        owner_scopes(endpoints)
    }
}

impl Resource for Graph {
    const NAME: &'static str = "Microsoft Graph";

    fn scope(endpoints: &Endpoints) -> String {
        let graph = endpoints.graph_resource();
        format!("{IDENTITY} {graph}/User.Read {graph}/RoleManagement.Read.Directory")
    }
}

impl Resource for PartnerCenter {
    const NAME: &'static str = "Partner Center";

    fn scope(endpoints: &Endpoints) -> String {
        format!("{IDENTITY} {}", endpoints.partner_center_scope())
    }
}

/// Who it is, and a refresh token.
const IDENTITY: &str = "openid profile email offline_access";

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Arm {}
    impl Sealed for super::Graph {}
    impl Sealed for super::PartnerCenter {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clouds::Clouds;
    use onboarding::Cloud;

    #[test]
    fn no_token_shows_its_text() {
        let tenant = TenantId::parse("111a82eb-4c7b-48bb-962b-49363c510130").unwrap();
        let token = AccessToken::<Arm>::new("SECRET".into(), tenant, None);
        assert!(!format!("{token:?}").contains("SECRET"));
        assert!(format!("{token:?}").contains("Azure Resource Manager"));
        assert!(!format!("{:?}", RefreshToken::new("SECRET".into())).contains("SECRET"));
    }

    #[test]
    fn a_code_is_redeemed_for_one_resource_within_what_the_sign_in_asked_for() {
        let asks = PartnerAdminScopes { invite: true, partner_center: true };
        for cloud in Cloud::ALL {
            let row = Clouds::new(None, true).endpoints(cloud).unwrap();
            let asked = partner_admin_scopes(&row, asks);
            for scope in [Arm::scope(&row), Graph::scope(&row), inviting_scope(&row), PartnerCenter::scope(&row)] {
                let mut resources = std::collections::BTreeSet::new();
                for part in scope.split(' ') {
                    assert!(asked.split(' ').any(|scope| scope == part), "{cloud}: {part}");
                    resources.extend(part.rsplit_once('/').map(|(resource, _)| resource));
                }
                assert_eq!(resources.len(), 1, "{cloud}: {scope}");
            }
        }
    }

    #[test]
    fn the_two_party_route_asks_for_nothing_that_invites() {
        let row = Clouds::new(None, false).endpoints(Cloud::Public).unwrap();
        let asked = partner_admin_scopes(&row, PartnerAdminScopes::default());
        assert!(!asked.contains("Invite") && !asked.contains("Write") && !asked.contains("partnercenter"));
        assert_eq!(
            owner_scopes(&row),
            "openid profile email offline_access https://management.azure.com/user_impersonation"
        );
    }
}
