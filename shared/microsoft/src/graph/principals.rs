//! Principals by what is known of them: by object id in the directory that they have access from, and by address, application id or
//! on-premises identity in the one where their counterparts are looked for.
//!
//! Two goals conflict: thousands of principals must be read within an invocation, and users are only matched by attributes that
//! Graph leaves out unless it is asked for them. `getByIds` takes many ids in one call and says what each of them is; it takes no
//! `$select`, and gives groups and service principals whole but users only in part. So it is asked first, and then the users
//! alone, fifteen in a filter and twenty filters in a batch: four thousand principals are at most thirty calls, where one read
//! each, twenty in a batch, would be two hundred.

use std::collections::{HashMap, HashSet};
use std::fmt;

use onboarding::{ObjectId, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::batch::filters;
use super::{Graph, User};
use crate::errors::Error;
use crate::http::Call;
use crate::paging::{Page, Wire};

/// A group.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Group {
    /// Its object id in this tenant.
    pub id: ObjectId,
    /// The name to show.
    #[serde(default)]
    pub display_name: Option<String>,
    /// Its e-mail address.
    #[serde(default)]
    pub mail: Option<String>,
    /// Whether it can be given access.
    #[serde(default)]
    pub security_enabled: Option<bool>,
    /// The security identifier of the on-premises group it is synchronised from.
    #[serde(default)]
    pub on_premises_security_identifier: Option<String>,
}

/// An application, or a managed identity, in one tenant.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServicePrincipal {
    /// Its object id in this tenant.
    pub id: ObjectId,
    /// The name to show.
    #[serde(default)]
    pub display_name: Option<String>,
    /// The application's id, the same in every tenant.
    #[serde(default)]
    pub app_id: Option<String>,
    /// The tenant that registered the application.
    #[serde(default)]
    pub app_owner_organization_id: Option<TenantId>,
    /// `Application`, `ManagedIdentity`, `Legacy`, …
    #[serde(default)]
    pub service_principal_type: Option<String>,
    /// Of a managed identity: `isExplicit=False` for a system-assigned one, and the resource it belongs to.
    #[serde(default)]
    pub alternative_names: Option<Vec<String>>,
    /// Whether it may sign in.
    #[serde(default)]
    pub account_enabled: Option<bool>,
}

/// A principal, as far as the token may read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DirectoryObject {
    /// A user, guests too.
    User(User),
    /// A group.
    Group(Group),
    /// An application or a managed identity.
    ServicePrincipal(ServicePrincipal),
}

impl DirectoryObject {
    /// Its object id.
    #[must_use]
    pub fn id(&self) -> &ObjectId {
        match self {
            Self::User(user) => &user.id,
            Self::Group(group) => &group.id,
            Self::ServicePrincipal(principal) => &principal.id,
        }
    }
}

impl ServicePrincipal {
    /// Whether it is a managed identity.
    #[must_use]
    pub fn is_managed_identity(&self) -> bool {
        self.service_principal_type.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("ManagedIdentity"))
    }

    /// Of a managed identity: the Azure resource it belongs to.
    #[must_use]
    pub fn resource_id(&self) -> Option<&str> {
        let names = self.alternative_names.as_deref().unwrap_or_default();
        names.iter().map(String::as_str).find(|name| name.starts_with('/'))
    }
}

impl Graph {
    /// The users, groups and service principals of the token's tenant that have these object ids. What is missing from the answer
    /// the directory no longer knows.
    ///
    /// `POST {graph}/directoryObjects/getByIds`, 250 ids a call, and for the users among them
    /// `GET {graph}/users?$filter=id in (…)&$select=…` in `POST {graph}/$batch`, three hundred a call; permission
    /// `Directory.Read.All`. 200. What the token may not read comes with its id alone, or not at all.
    /// See <https://learn.microsoft.com/graph/api/directoryobject-getbyids>.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Forbidden`] without the permission; and as for every call of [`crate::graph`].
    pub async fn directory_objects(&self, ids: &[ObjectId]) -> Result<Vec<DirectoryObject>, Error> {
        let mut found = Vec::new();
        for ids in ids.chunks(IDS) {
            let ids: Vec<&str> = ids.iter().map(ObjectId::as_str).collect();
            let body = json!({"ids": ids, "types": ["user", "group", "servicePrincipal"]});
            let call =
                Call::post("graph.directory_objects.by_ids", self.api.base.at(["directoryObjects", "getByIds"]), body);
            let mut page = Page::from(self.api.read::<Wire<WireObject>>(&call).await?);
            found.append(&mut page.rows);
            if let Some(next) = page.next {
                found.append(&mut self.api.list("graph.directory_objects.by_ids", next).await?);
            }
        }
        let users: Vec<&str> = found.iter().filter(|it| it.is(USER)).map(|it| it.id.as_str()).collect();
        let mut whole: HashMap<ObjectId, User> =
            self.users_by_id(&users).await?.into_iter().map(|user| (user.id.clone(), user)).collect();
        let mut seen = HashSet::new();
        let objects = found.into_iter().filter_map(|object| object.read(&mut whole));
        Ok(objects.filter(|object| seen.insert(object.id().clone())).collect())
    }

    /// The accounts of this tenant that have one of these addresses: to sign in with, as their mail, or as a further one. A
    /// guest's name to sign in with is not their address; they are found by mail.
    ///
    /// `GET {graph}/users?$filter=userPrincipalName eq '…' or mail eq '…' or otherMails/any(x:x eq '…')&$select=…`, five
    /// addresses a filter, in `POST {graph}/$batch`, a hundred addresses a call; permission `User.Read.All`. 200.
    /// See <https://learn.microsoft.com/graph/api/user-list>.
    ///
    /// # Errors
    /// As for every call of [`crate::graph`].
    pub async fn users_by_addresses(&self, addresses: &[&str]) -> Result<Vec<User>, Error> {
        let filters = filters(addresses, 3, |it| {
            format!("userPrincipalName eq '{it}' or mail eq '{it}' or otherMails/any(x:x eq '{it}')")
        });
        let users = self.rows("graph.users.by_addresses", "users", USER_FIELDS, &filters).await?;
        Ok(unique(users, |user: &User| &user.id))
    }

    /// The accounts of this tenant that are synchronised from these on-premises accounts.
    ///
    /// `GET {graph}/users?$filter=onPremisesSecurityIdentifier eq '…'&$select=…`, fifteen a filter, in
    /// `POST {graph}/$batch`, three hundred a call; permission `User.Read.All`. 200.
    /// See <https://learn.microsoft.com/graph/api/user-list>.
    ///
    /// # Errors
    /// As for every call of [`crate::graph`].
    pub async fn users_by_on_premises_sid(&self, sids: &[&str]) -> Result<Vec<User>, Error> {
        let users = self.rows("graph.users.by_sid", "users", USER_FIELDS, &filters(sids, 1, by_sid)).await?;
        Ok(unique(users, |user: &User| &user.id))
    }

    /// The groups of this tenant that are synchronised from these on-premises groups.
    ///
    /// `GET {graph}/groups?$filter=onPremisesSecurityIdentifier eq '…'&$select=…`, as
    /// [`Graph::users_by_on_premises_sid`]; permission `GroupMember.Read.All` or `Group.Read.All`. 200.
    /// See <https://learn.microsoft.com/graph/api/group-list>.
    ///
    /// # Errors
    /// As for every call of [`crate::graph`].
    pub async fn groups_by_on_premises_sid(&self, sids: &[&str]) -> Result<Vec<Group>, Error> {
        let groups = self.rows("graph.groups.by_sid", "groups", GROUP_FIELDS, &filters(sids, 1, by_sid)).await?;
        Ok(unique(groups, |group: &Group| &group.id))
    }

    /// The service principals that these applications have in this tenant. None: nobody has consented to the application here.
    ///
    /// `GET {graph}/servicePrincipals?$filter=appId eq '…'&$select=…`, fifteen a filter, in `POST {graph}/$batch`, three
    /// hundred a call; permission `Application.Read.All`. 200.
    /// See <https://learn.microsoft.com/graph/api/serviceprincipal-list>.
    ///
    /// # Errors
    /// As for every call of [`crate::graph`].
    pub async fn service_principals_by_app_id(&self, app_ids: &[&str]) -> Result<Vec<ServicePrincipal>, Error> {
        const OPERATION: &str = "graph.service_principals.by_app_id";
        let filters = filters(app_ids, 1, |it| format!("appId eq '{it}'"));
        let principals = self.rows(OPERATION, "servicePrincipals", SERVICE_PRINCIPAL_FIELDS, &filters).await?;
        Ok(unique(principals, |principal: &ServicePrincipal| &principal.id))
    }

    async fn users_by_id(&self, ids: &[&str]) -> Result<Vec<User>, Error> {
        let filters: Vec<String> =
            ids.chunks(super::batch::CONDITIONS).map(|ids| format!("id in ('{}')", ids.join("','"))).collect();
        self.rows("graph.users.by_ids", "users", USER_FIELDS, &filters).await
    }
}

/// How many ids are asked for in one call. Graph takes a thousand; but service principals come whole, some of them with hundreds of
/// roles, and an answer beyond [`crate::HttpSettings::answer_limit`] would never be read.
const IDS: usize = 250;

const USER_FIELDS: &str = "id,displayName,userPrincipalName,mail,otherMails,userType,externalUserState,creationType,accountEnabled,identities,onPremisesSecurityIdentifier";
const GROUP_FIELDS: &str = "id,displayName,mail,securityEnabled,onPremisesSecurityIdentifier";
const SERVICE_PRINCIPAL_FIELDS: &str =
    "id,displayName,appId,appOwnerOrganizationId,servicePrincipalType,alternativeNames,accountEnabled";

const USER: &str = "#microsoft.graph.user";
const GROUP: &str = "#microsoft.graph.group";
const SERVICE_PRINCIPAL: &str = "#microsoft.graph.servicePrincipal";

fn by_sid(sid: &str) -> String {
    format!("onPremisesSecurityIdentifier eq '{sid}'")
}

/// Each object once: two filters may find the same one.
fn unique<T>(objects: Vec<T>, id: impl Fn(&T) -> &ObjectId) -> Vec<T> {
    let mut seen = HashSet::new();
    objects.into_iter().filter(|object| seen.insert(id(object).clone())).collect()
}

/// What `getByIds` gives: anything at all, by its type.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireObject {
    #[serde(rename = "@odata.type", default)]
    kind: String,
    id: ObjectId,
    #[serde(default)]
    display_name: Option<String>,
    #[serde(default)]
    user_principal_name: Option<String>,
    #[serde(default)]
    mail: Option<String>,
    #[serde(default)]
    security_enabled: Option<bool>,
    #[serde(default)]
    on_premises_security_identifier: Option<String>,
    #[serde(default)]
    app_id: Option<String>,
    #[serde(default)]
    app_owner_organization_id: Option<TenantId>,
    #[serde(default)]
    service_principal_type: Option<String>,
    #[serde(default)]
    alternative_names: Option<Vec<String>>,
    #[serde(default)]
    account_enabled: Option<bool>,
}

impl WireObject {
    fn is(&self, kind: &str) -> bool {
        self.kind.eq_ignore_ascii_case(kind)
    }

    /// The object it is; a user as the call for users gave it, where that knew them.
    fn read(self, users: &mut HashMap<ObjectId, User>) -> Option<DirectoryObject> {
        if self.is(USER) {
            let known = users.remove(&self.id);
            return Some(DirectoryObject::User(known.unwrap_or(User {
                id: self.id,
                display_name: self.display_name,
                user_principal_name: self.user_principal_name,
                mail: self.mail,
                other_mails: None,
                user_type: None,
                external_user_state: None,
                creation_type: None,
                account_enabled: None,
                identities: None,
                on_premises_security_identifier: None,
            })));
        }
        if self.is(GROUP) {
            return Some(DirectoryObject::Group(Group {
                id: self.id,
                display_name: self.display_name,
                mail: self.mail,
                security_enabled: self.security_enabled,
                on_premises_security_identifier: self.on_premises_security_identifier,
            }));
        }
        self.is(SERVICE_PRINCIPAL).then_some(DirectoryObject::ServicePrincipal(ServicePrincipal {
            id: self.id,
            display_name: self.display_name,
            app_id: self.app_id,
            app_owner_organization_id: self.app_owner_organization_id,
            service_principal_type: self.service_principal_type,
            alternative_names: self.alternative_names,
            account_enabled: self.account_enabled,
        }))
    }
}

// Names and addresses are nothing for a log.
impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group").field("id", &self.id).finish_non_exhaustive()
    }
}

impl fmt::Debug for ServicePrincipal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServicePrincipal")
            .field("id", &self.id)
            .field("app_id", &self.app_id)
            .field("service_principal_type", &self.service_principal_type)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_managed_identity_names_its_resource_and_an_application_none() {
        let read = |more: &str| -> ServicePrincipal {
            serde_json::from_str(&format!(r#"{{"id":"cbb896f9-8306-49d0-b56b-b8e39cd28825"{more}}}"#)).unwrap()
        };
        let identity = read(
            r#","servicePrincipalType":"ManagedIdentity","displayName":"shop",
               "alternativeNames":["isExplicit=False","/subscriptions/s/resourceGroups/g/providers/a/b/c"]"#,
        );
        assert!(identity.is_managed_identity());
        assert_eq!(identity.resource_id(), Some("/subscriptions/s/resourceGroups/g/providers/a/b/c"));
        assert!(!format!("{identity:?}").contains("shop"));
        let application = read(r#","servicePrincipalType":"Application","alternativeNames":[]"#);
        assert!(!application.is_managed_identity() && application.resource_id().is_none());
        assert!(read(r#","alternativeNames":null"#).resource_id().is_none());
    }

    #[test]
    fn an_object_that_may_not_be_read_still_has_its_id_and_another_kind_is_left_out() {
        let read = |text: &str| serde_json::from_str::<WireObject>(text).unwrap().read(&mut HashMap::new());
        let id = "cbb896f9-8306-49d0-b56b-b8e39cd28825";
        let group = read(&format!(
            r##"{{"@odata.type":"#microsoft.graph.group","id":"{id}","displayName":null,"mail":null}}"##
        ));
        assert!(matches!(group, Some(DirectoryObject::Group(group)) if group.id.as_str() == id));
        assert!(read(&format!(r##"{{"@odata.type":"#microsoft.graph.device","id":"{id}"}}"##)).is_none());
    }
}
