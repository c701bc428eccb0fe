//! What Azure lists, as the snapshot keeps it.

use std::collections::HashMap;

use access::principals::{Principal, PrincipalKind};
use access::snapshot::{Assignment, CustomRole, DenyAssignment, Eligibility, Origin, PermissionSet};
use microsoft::arm::{RoleAssignment, RoleDefinition, RoleEligibility};
use microsoft::graph::{DirectoryObject, Group, ServicePrincipal, User};
use onboarding::{ObjectId, SubscriptionId};

/// Names of roles by GUID, lower case.
pub(crate) struct RoleNames(HashMap<String, String>);

impl RoleNames {
    pub(crate) fn of(definitions: &[RoleDefinition]) -> Self {
        let name = |role: &RoleDefinition| (role.name.to_ascii_lowercase(), role.properties.role_name.clone());
        Self(definitions.iter().map(name).collect())
    }

    /// A role's name, or its GUID where the name can't be read.
    pub(crate) fn name(&self, guid: &str) -> String {
        self.0.get(guid).filter(|name| !name.is_empty()).map_or_else(|| guid.to_owned(), Clone::clone)
    }
}

pub(crate) fn assignment(from: RoleAssignment, names: &RoleNames, subscription: &SubscriptionId) -> Assignment {
    let role = from.role();
    let said = |text: Option<String>| text.filter(|text| !text.is_empty());
    let scope = from.properties.scope.unwrap_or_default();
    Assignment {
        id: from.id,
        role_name: names.name(&role),
        role,
        principal: from.properties.principal_id,
        principal_type: said(from.properties.principal_type).unwrap_or_else(|| "Unknown".into()),
        description: said(from.properties.description),
        condition: said(from.properties.condition),
        condition_version: said(from.properties.condition_version),
        origin: Origin::of(&scope, subscription),
        scope,
    }
}

pub(crate) fn custom_role(from: &RoleDefinition) -> CustomRole {
    let mut assignable_scopes = from.properties.assignable_scopes.clone();
    assignable_scopes.sort();
    CustomRole {
        id: from.id.clone(),
        guid: from.name.to_ascii_lowercase(),
        name: from.properties.role_name.clone(),
        description: from.properties.description.clone().filter(|text| !text.is_empty()),
        permissions: from.properties.permissions.iter().map(permissions).collect(),
        assignable_scopes,
    }
}

fn permissions(from: &microsoft::arm::PermissionSet) -> PermissionSet {
    let sorted = |list: &[String]| {
        let mut list = list.to_vec();
        list.sort();
        list
    };
    PermissionSet {
        actions: sorted(&from.actions),
        not_actions: sorted(&from.not_actions),
        data_actions: sorted(&from.data_actions),
        not_data_actions: sorted(&from.not_data_actions),
    }
}

pub(crate) fn eligibility(from: RoleEligibility, names: &RoleNames) -> Eligibility {
    let role = from.role();
    Eligibility {
        id: from.id,
        scope: from.properties.scope.unwrap_or_default(),
        role_name: names.name(&role),
        role,
        principal: from.properties.principal_id,
        principal_type: from.properties.principal_type.unwrap_or_else(|| "Unknown".into()),
        until: from.properties.end_date_time.map(|end| end.to_string()),
    }
}

pub(crate) fn denied(from: microsoft::arm::DenyAssignment) -> DenyAssignment {
    DenyAssignment { id: from.id, name: from.properties.deny_assignment_name, scope: from.properties.scope }
}

pub(crate) fn principal(from: DirectoryObject) -> Principal {
    match from {
        DirectoryObject::User(user) => self::user(user),
        DirectoryObject::Group(group) => self::group(group),
        DirectoryObject::ServicePrincipal(principal) => self::application(principal),
    }
}

pub(crate) fn user(from: User) -> Principal {
    let kind = if from.is_guest() { PrincipalKind::Guest } else { PrincipalKind::Member };
    let issuers = from.identities.iter().flatten().filter_map(|identity| identity.issuer.clone()).collect();
    Principal {
        kind,
        accepted: from.has_accepted(),
        name: from.display_name,
        upn: from.user_principal_name,
        mail: from.mail,
        other_mails: from.other_mails.unwrap_or_default(),
        issuers,
        enabled: from.account_enabled.unwrap_or(false),
        on_premises_sid: from.on_premises_security_identifier,
        ..nobody(from.id)
    }
}

pub(crate) fn group(from: Group) -> Principal {
    Principal {
        kind: PrincipalKind::Group,
        name: from.display_name,
        mail: from.mail,
        enabled: from.security_enabled.unwrap_or(false),
        on_premises_sid: from.on_premises_security_identifier,
        ..nobody(from.id)
    }
}

pub(crate) fn application(from: ServicePrincipal) -> Principal {
    let managed = from.is_managed_identity();
    let resource_id = from.resource_id().map(str::to_owned);
    Principal {
        kind: if managed { PrincipalKind::ManagedIdentity } else { PrincipalKind::Application },
        name: from.display_name,
        app_id: from.app_id,
        app_owner: from.app_owner_organization_id,
        enabled: from.account_enabled.unwrap_or(false),
        resource_id,
        ..nobody(from.id)
    }
}

/// A principal of which nothing is known but its id.
pub(crate) fn nobody(id: ObjectId) -> Principal {
    Principal {
        id,
        kind: PrincipalKind::Unknown,
        name: None,
        upn: None,
        mail: None,
        other_mails: Vec::new(),
        issuers: Vec::new(),
        accepted: false,
        enabled: false,
        on_premises_sid: None,
        app_id: None,
        app_owner: None,
        resource_id: None,
    }
}
