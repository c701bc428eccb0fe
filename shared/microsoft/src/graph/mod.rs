//! Microsoft Graph: who the partner admin is, the owner as a guest, and the principals that have access.
//!
//! Base: the `graph` address of the cloud, which ends in `/v1.0`. Every token is of the **partner** tenant, and is the
//! partner admin's unless said otherwise; principals are read in the source tenant too, with the owner's. Common answers: 401 `InvalidAuthenticationToken` ([`ErrorKind::Unauthenticated`]), 401
//! or 403 with `insufficient_claims` ([`ErrorKind::ClaimsChallenge`]), 403 `Authorization_RequestDenied`
//! ([`ErrorKind::Forbidden`]), 404 `Request_ResourceNotFound` ([`ErrorKind::NotFound`]), 429 ([`ErrorKind::Throttled`]).
//! See <https://learn.microsoft.com/graph/errors>.

mod batch;
mod principals;

use onboarding::{ObjectId, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::clouds::with_query;
use crate::errors::{Error, ErrorKind};
use crate::http::{Api, Call};

pub use principals::{DirectoryObject, Group, ServicePrincipal};

/// The role template of the Global Administrator.
/// See <https://learn.microsoft.com/entra/identity/role-based-access-control/permissions-reference>.
pub const GLOBAL_ADMINISTRATOR: &str = "62e90394-69f5-4237-9190-012177145e10";

/// The role template of the Guest Inviter.
pub const GUEST_INVITER: &str = "95e79109-95c0-4d8e-aee3-d01accf2d47b";

/// Microsoft Graph as one person in one tenant may use it.
#[derive(Debug, Clone)]
pub struct Graph {
    api: Api,
}

/// A person, or an account of another kind, in one tenant.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// Its object id in this tenant.
    pub id: ObjectId,
    /// The name to show.
    #[serde(default)]
    pub display_name: Option<String>,
    /// The name to sign in with; a guest's contains `#EXT#`.
    #[serde(default)]
    pub user_principal_name: Option<String>,
    /// Its e-mail address.
    #[serde(default)]
    pub mail: Option<String>,
    /// Further e-mail addresses.
    #[serde(default)]
    pub other_mails: Option<Vec<String>>,
    /// `Member` or `Guest`.
    #[serde(default)]
    pub user_type: Option<String>,
    /// `PendingAcceptance`, `Accepted`, or nothing for those who were never invited.
    #[serde(default)]
    pub external_user_state: Option<String>,
    /// `Invitation` for those who were invited.
    #[serde(default)]
    pub creation_type: Option<String>,
    /// Whether it may sign in.
    #[serde(default)]
    pub account_enabled: Option<bool>,
    /// What it signs in with, and who vouches for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identities: Option<Vec<Identity>>,
    /// The security identifier of the on-premises account it is synchronised from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_premises_security_identifier: Option<String>,
}

/// One way in which an account signs in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    /// Who vouches for it: `ExternalAzureAD`, `MicrosoftAccount`, a domain of the tenant's own, …
    #[serde(default)]
    pub issuer: Option<String>,
    /// `userPrincipalName`, `federated`, `emailAddress`, …
    #[serde(default)]
    pub sign_in_type: Option<String>,
}

/// A tenant as it describes itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Organization {
    /// Its tenant id.
    pub id: TenantId,
    /// Its name.
    #[serde(default)]
    pub display_name: Option<String>,
    /// Its domains.
    #[serde(default)]
    pub verified_domains: Option<Vec<VerifiedDomain>>,
    /// What kind of Microsoft partner it is, such as `breadthPartner`; nothing if it is none, or if the caller may not know.
    #[serde(default)]
    pub partner_tenant_type: Option<String>,
}

/// A domain that a tenant has proven to be its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifiedDomain {
    /// The domain.
    pub name: String,
    /// Whether it is the tenant's first.
    #[serde(default)]
    pub is_default: Option<bool>,
}

/// An invitation to be sent.
#[derive(Clone)]
pub struct NewInvitation<'a> {
    /// Whom to invite: see [`can_be_invited`].
    pub address: &'a str,
    /// Where the person is led after redeeming it.
    pub redirect_to: &'a str,
    /// The name to show in the directory.
    pub display_name: Option<&'a str>,
    /// Whether Microsoft sends its own mail. Ours says what it is about, so normally not.
    pub send_mail: bool,
}

/// An invitation that was made.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Invitation {
    /// Its id.
    pub id: String,
    /// Where the person redeems it: the only way to redeem one is a browser. Whoever has this address can try to.
    pub invite_redeem_url: String,
    /// `PendingAcceptance`, `Completed`, `InProgress` or `Error`.
    #[serde(default)]
    pub status: String,
    /// The guest it made, or found.
    pub invited_user: InvitedUser,
}

/// The guest of an invitation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitedUser {
    /// Their object id in the inviting tenant.
    pub id: ObjectId,
}

/// A directory role that a person has, directly or through a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DirectoryRole {
    /// Its name.
    #[serde(default)]
    pub display_name: Option<String>,
    /// Which role it is, the same in every tenant: [`GLOBAL_ADMINISTRATOR`], for one.
    #[serde(default)]
    pub role_template_id: Option<String>,
}

/// Who may invite guests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MayInvite {
    /// Nobody, administrators included: the default in US Government.
    Nobody,
    /// Administrators and guest inviters.
    AdministratorsAndInviters,
    /// These, and every member.
    Members,
    /// Everyone, guests too: the default elsewhere.
    Everyone,
    /// We may not know, or Microsoft has a new word for it.
    Unknown,
}

/// Whether Microsoft accepts an address for an invitation, as far as its rules are published: a plus sign, for one, it
/// refuses.
/// See <https://learn.microsoft.com/graph/api/invitation-post>.
#[must_use]
pub fn can_be_invited(address: &str) -> bool {
    const REFUSED: &str = "~!#$%^&*()+=[]{}\\/|;:\"<>?,";
    let Some((user, domain)) = address.split_once('@') else {
        return false;
    };
    let edge = |text: &str| text.starts_with(['.', '-']) || text.ends_with(['.', '-']);
    !user.is_empty()
        && !edge(user)
        && domain.contains('.')
        && !domain.contains('@')
        && !address.contains(|c: char| REFUSED.contains(c) || c.is_whitespace() || c.is_control())
}

impl Graph {
    pub(crate) fn new(api: Api) -> Self {
        Self { api }
    }

    /// The token's person.
    ///
    /// `GET {graph}/me?$select=…`; permission `User.Read`. 200.
    /// See <https://learn.microsoft.com/graph/api/user-get>.
    ///
    /// # Errors
    /// As for every call of [`crate::graph`].
    pub async fn me(&self) -> Result<User, Error> {
        let address =
            with_query(&self.api.base.at(["me"]), &[("$select", "id,displayName,mail,userPrincipalName,userType")]);
        self.api.read(&Call::get("graph.me", address)).await
    }

    /// The token's tenant. `None`: for a personal account, which has none.
    ///
    /// `GET {graph}/organization?$select=…`; permission `User.Read` gives id, name and domains, more only with
    /// `Organization.Read.All`. 200 with one element.
    /// See <https://learn.microsoft.com/graph/api/organization-list>.
    ///
    /// # Errors
    /// As for every call of [`crate::graph`].
    pub async fn organization(&self) -> Result<Option<Organization>, Error> {
        let address = with_query(
            &self.api.base.at(["organization"]),
            &[("$select", "id,displayName,verifiedDomains,partnerTenantType")],
        );
        Ok(self.api.list("graph.organization", address).await?.pop())
    }

    /// The accounts of this tenant that have an e-mail address.
    ///
    /// `GET {graph}/users?$filter=mail eq '…' or otherMails/any(x:x eq '…')&$select=…`; permission `User.Read.All` or
    /// `User.ReadWrite.All`. 200 with pages. A guest just made may be missing for seconds to minutes.
    /// See <https://learn.microsoft.com/graph/api/user-list>.
    ///
    /// # Errors
    /// As for every call of [`crate::graph`].
    pub async fn users_by_mail(&self, address: &str) -> Result<Vec<User>, Error> {
        // OData writes a quote inside a text as two.
        let quoted = address.replace('\'', "''");
        let filter = format!("mail eq '{quoted}' or otherMails/any(x:x eq '{quoted}')");
        let query = [("$filter", filter.as_str()), ("$select", USER_FIELDS)];
        self.api.list("graph.users.by_mail", with_query(&self.api.base.at(["users"]), &query)).await
    }

    /// One account by its object id. `None`: there is none (yet).
    ///
    /// `GET {graph}/users/{id}?$select=…`; permission `User.Read.All` or `User.ReadWrite.All`. 200, 404.
    /// See <https://learn.microsoft.com/graph/api/user-get>.
    ///
    /// # Errors
    /// As for every call of [`crate::graph`].
    pub async fn user(&self, id: &ObjectId) -> Result<Option<User>, Error> {
        let address = with_query(&self.api.base.at(["users", id.as_str()]), &[("$select", USER_FIELDS)]);
        match self.api.read(&Call::get("graph.users.get", address)).await {
            Ok(user) => Ok(Some(user)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Invites someone as a guest. There is no call to redeem an invitation: the person must open it, or sign in at this
    /// tenant.
    ///
    /// `POST {graph}/invitations`; permission `User.Invite.All`; never with a personal account's token. 201. Inviting someone
    /// who is a guest already gives the same guest and a new address, but nothing promises that: look for them first
    /// ([`Graph::users_by_mail`]), and again after [`ErrorKind::UnknownOutcome`]; never repeated by us.
    /// See <https://learn.microsoft.com/graph/api/invitation-post>.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] or [`ErrorKind::Forbidden`] where the tenant's settings or the address forbid it; and as for
    /// every call of [`crate::graph`].
    pub async fn invite(&self, invitation: &NewInvitation<'_>) -> Result<Invitation, Error> {
        let mut body = json!({
            "invitedUserEmailAddress": invitation.address,
            "inviteRedirectUrl": invitation.redirect_to,
            "sendInvitationMessage": invitation.send_mail,
        });
        if let Some(name) = invitation.display_name {
            body["invitedUserDisplayName"] = name.into();
        }
        let call = Call::post("graph.invitations.create", self.api.base.at(["invitations"]), body);
        self.api.read(&call.once()).await
    }

    /// Deletes an account; for thirty days the tenant's administrators can bring it back. Only for guests that *we* invited.
    /// `false`: there was none.
    ///
    /// `DELETE {graph}/users/{id}`; permission `User.ReadWrite.All`. 204; 404 is done. Safe to repeat.
    /// See <https://learn.microsoft.com/graph/api/user-delete>.
    ///
    /// # Errors
    /// As for every call of [`crate::graph`].
    pub async fn delete_user(&self, id: &ObjectId) -> Result<bool, Error> {
        let call = Call::delete("graph.users.delete", self.api.base.at(["users", id.as_str()]));
        match self.api.send(&call).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The directory roles of the token's person, those through groups too.
    ///
    /// `GET {graph}/me/transitiveMemberOf/microsoft.graph.directoryRole?$select=…`; permission
    /// `RoleManagement.Read.Directory`. 200 with pages.
    /// See <https://learn.microsoft.com/graph/api/user-list-transitivememberof>.
    ///
    /// # Errors
    /// As for every call of [`crate::graph`].
    pub async fn my_directory_roles(&self) -> Result<Vec<DirectoryRole>, Error> {
        let address = self.api.base.at(["me", "transitiveMemberOf", "microsoft.graph.directoryRole"]);
        let query = [("$select", "displayName,roleTemplateId")];
        self.api.list("graph.me.directory_roles", with_query(&address, &query)).await
    }

    /// Whether the token's person is in a group of this tenant, through other groups too.
    ///
    /// `POST {graph}/me/checkMemberGroups`; permission `User.Read`, which people may consent to for themselves; never with a
    /// personal account's token. 200 with those of the groups that the person is in. Unlike the `groups` claim of a token it
    /// has no limit on how many groups somebody is in.
    /// See <https://learn.microsoft.com/graph/api/user-checkmembergroups>.
    ///
    /// # Errors
    /// As for every call of [`crate::graph`].
    pub async fn am_in_group(&self, group: &ObjectId) -> Result<bool, Error> {
        let address = self.api.base.at(["me", "checkMemberGroups"]);
        // It changes nothing: safe to repeat like a read.
        let call = Call::post("graph.me.check_member_groups", address, json!({"groupIds": [group]}));
        let mine: MemberGroups = self.api.read(&call).await?;
        Ok(mine.value.iter().any(|id| id.eq_ignore_ascii_case(group.as_str())))
    }

    /// Who may invite guests into this tenant.
    ///
    /// `GET {graph}/policies/authorizationPolicy`; permission `Policy.Read.All`; not with a personal account's token. 200;
    /// 403 and 404 are [`MayInvite::Unknown`], for this is only asked to fail earlier.
    /// See <https://learn.microsoft.com/graph/api/authorizationpolicy-get>.
    ///
    /// # Errors
    /// As for every call of [`crate::graph`], but for those.
    pub async fn may_invite(&self) -> Result<MayInvite, Error> {
        let address = self.api.base.at(["policies", "authorizationPolicy"]);
        let call = Call::get("graph.authorization_policy", address);
        match self.api.read::<AuthorizationPolicy>(&call).await {
            Ok(policy) => Ok(MayInvite::from_wire(policy.allow_invites_from.as_deref())),
            Err(error) if matches!(error.kind(), ErrorKind::Forbidden | ErrorKind::NotFound) => Ok(MayInvite::Unknown),
            Err(error) => Err(error),
        }
    }
}

const USER_FIELDS: &str =
    "id,displayName,userPrincipalName,mail,otherMails,userType,externalUserState,creationType,accountEnabled";

impl User {
    /// Whether it was invited and has redeemed its invitation.
    #[must_use]
    pub fn has_accepted(&self) -> bool {
        self.external_user_state.as_deref().is_some_and(|state| state.eq_ignore_ascii_case("Accepted"))
    }

    /// Whether it is a guest.
    #[must_use]
    pub fn is_guest(&self) -> bool {
        self.user_type.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("Guest"))
    }
}

// Names and addresses are nothing for a log.
impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("User")
            .field("id", &self.id)
            .field("user_type", &self.user_type)
            .field("external_user_state", &self.external_user_state)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").field("sign_in_type", &self.sign_in_type).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for NewInvitation<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewInvitation").field("send_mail", &self.send_mail).finish_non_exhaustive()
    }
}

// The redeem address is a ticket.
impl std::fmt::Debug for Invitation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Invitation")
            .field("id", &self.id)
            .field("status", &self.status)
            .field("invited_user", &self.invited_user.id)
            .finish_non_exhaustive()
    }
}

impl DirectoryRole {
    /// Whether it is this role template.
    #[must_use]
    pub fn is(&self, template: &str) -> bool {
        self.role_template_id.as_deref().is_some_and(|ours| ours.eq_ignore_ascii_case(template))
    }
}

impl MayInvite {
    fn from_wire(word: Option<&str>) -> Self {
        match word.unwrap_or_default().to_ascii_lowercase().as_str() {
            "none" => Self::Nobody,
            "adminsandguestinviters" => Self::AdministratorsAndInviters,
            "adminsguestinvitersandallmembers" => Self::Members,
            "everyone" => Self::Everyone,
            _ => Self::Unknown,
        }
    }
}

#[derive(Deserialize)]
struct MemberGroups {
    #[serde(default)]
    value: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AuthorizationPolicy {
    #[serde(default)]
    allow_invites_from: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_microsoft_refuses_are_known_beforehand() {
        for good in ["ada@outlook.com", "ada.l-b_c@contoso.com", "o'neil@fabrikam.com"] {
            assert!(can_be_invited(good), "{good}");
        }
        for bad in [
            "",
            "ada",
            "@contoso.com",
            "ada@contoso",
            "me+azure@outlook.com",
            ".ada@contoso.com",
            "ada-@contoso.com",
            "a b@contoso.com",
            "ada@contoso.com@x.com",
            "a<b>@contoso.com",
            "ada@contoso.com\n",
        ] {
            assert!(!can_be_invited(bad), "{bad}");
        }
    }

    #[test]
    fn neither_a_user_nor_an_invitation_shows_an_address() {
        let user: User = serde_json::from_str(
            r#"{"id":"cbb896f9-8306-49d0-b56b-b8e39cd28825","mail":"ada@outlook.com","displayName":"Ada",
                "userPrincipalName":"ada_outlook.com#EXT#@contoso.com","userType":"guest","externalUserState":"Accepted"}"#,
        )
        .unwrap();
        assert!(user.is_guest() && user.has_accepted());
        let invitation: Invitation = serde_json::from_str(
            r#"{"id":"9071bfde-35e0-47d2-a582-d244ab1b4af6","inviteRedeemUrl":"https://x/redeem?ticket=SECRET",
                "status":"PendingAcceptance","invitedUser":{"id":"cbb896f9-8306-49d0-b56b-b8e39cd28825"}}"#,
        )
        .unwrap();
        let new =
            NewInvitation { address: "ada@outlook.com", redirect_to: "x", display_name: Some("Ada"), send_mail: false };
        let shown = format!("{user:?} {invitation:?} {new:?}");
        for private in ["ada", "Ada", "SECRET"] {
            assert!(!shown.contains(private), "{shown}");
        }
    }

    #[test]
    fn a_policy_word_nobody_knows_is_unknown() {
        assert_eq!(MayInvite::from_wire(Some("none")), MayInvite::Nobody);
        assert_eq!(MayInvite::from_wire(Some("AdminsAndGuestInviters")), MayInvite::AdministratorsAndInviters);
        assert_eq!(MayInvite::from_wire(Some("adminsGuestInvitersAndAllMembers")), MayInvite::Members);
        assert_eq!(MayInvite::from_wire(Some("everyone")), MayInvite::Everyone);
        for word in [None, Some(""), Some("unknownFutureValue")] {
            assert_eq!(MayInvite::from_wire(word), MayInvite::Unknown);
        }
    }
}
