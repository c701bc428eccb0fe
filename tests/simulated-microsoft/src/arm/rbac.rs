//! Roles: what they allow, and who has them.

use serde_json::{Value, json};

use super::errors::{Refused, not_authorized};
use super::{page, version};
use crate::http::{Answer, Call};
use crate::world::{AccessToken, Ctx, LiveAssignment, LiveSubscription, OWNER};

/// A role's rules.
#[derive(Debug, Clone)]
pub(crate) struct Role {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) custom: bool,
    pub(crate) actions: Vec<String>,
    pub(crate) not_actions: Vec<String>,
    pub(crate) data_actions: Vec<String>,
    pub(crate) not_data_actions: Vec<String>,
    /// Empty: the subscription, or of a built-in role, everywhere.
    pub(crate) assignable_scopes: Vec<String>,
}

/// Every role that can be assigned in a subscription.
pub(crate) fn roles(subscription: &LiveSubscription) -> Vec<Role> {
    let built_in = |id: &str, name: &str, description: &str, actions: &[&str], not_actions: &[&str]| Role {
        id: id.to_owned(),
        name: name.to_owned(),
        description: description.to_owned(),
        custom: false,
        actions: actions.iter().map(|&it| it.to_owned()).collect(),
        not_actions: not_actions.iter().map(|&it| it.to_owned()).collect(),
        data_actions: Vec::new(),
        not_data_actions: Vec::new(),
        assignable_scopes: Vec::new(),
    };
    let mut roles = vec![
        built_in(
            OWNER,
            "Owner",
            "Grants full access to manage all resources, including the ability to assign roles in Azure RBAC.",
            &["*"],
            &[],
        ),
        built_in(
            "b24988ac-6180-42a0-ab88-20f7382dd24c",
            "Contributor",
            "Grants full access to manage all resources, but does not allow you to assign roles in Azure RBAC.",
            &["*"],
            &[
                "Microsoft.Authorization/*/Delete",
                "Microsoft.Authorization/*/Write",
                "Microsoft.Authorization/elevateAccess/Action",
                "Microsoft.Subscription/changeTenantRequest/*",
            ],
        ),
        built_in(
            "acdd72a7-3385-48ef-bd42-f606fba81ae7",
            "Reader",
            "View all resources, but does not allow you to make any changes.",
            &["*/read"],
            &[],
        ),
        built_in(
            "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
            "Storage Blob Data Reader",
            "Allows for read access to Azure Storage blob containers and data.",
            &["Microsoft.Storage/storageAccounts/blobServices/containers/read"],
            &[],
        ),
        built_in(
            "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
            "User Access Administrator",
            "Lets you manage user access to Azure resources.",
            &["*/read", "Microsoft.Authorization/*", "Microsoft.Support/*"],
            &[],
        ),
        built_in(
            "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
            "Role Based Access Control Administrator",
            "Manage access to Azure resources by assigning roles using Azure RBAC.",
            &[
                "Microsoft.Authorization/roleAssignments/write",
                "Microsoft.Authorization/roleAssignments/delete",
                "*/read",
                "Microsoft.Support/*",
            ],
            &[],
        ),
    ];
    roles.extend(subscription.custom_roles.iter().map(|role| Role {
        id: role.name.clone(),
        name: role.role_name.clone(),
        description: role.description.clone(),
        custom: true,
        actions: role.actions.clone(),
        not_actions: role.not_actions.clone(),
        data_actions: role.data_actions.clone(),
        not_data_actions: role.not_data_actions.clone(),
        assignable_scopes: role.assignable_scopes.clone(),
    }));
    roles
}

impl Role {
    fn allows(&self, action: &str) -> bool {
        self.actions.iter().any(|it| covers(it, action)) && !self.not_actions.iter().any(|it| covers(it, action))
    }
}

/// Whether a pattern with `*` covers an action; letter case does not matter.
fn covers(pattern: &str, action: &str) -> bool {
    let (pattern, action) = (pattern.to_ascii_lowercase(), action.to_ascii_lowercase());
    let mut rest = action.as_str();
    let mut pieces = pattern.split('*').peekable();
    let Some(first) = pieces.next() else { return false };
    let Some(after) = rest.strip_prefix(first) else { return false };
    rest = after;
    if pieces.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() {
            return rest.ends_with(piece);
        }
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    true
}

/// Whether an assignment is for this principal, directly or by a group.
fn is_for(ctx: &Ctx<'_>, assignment: &LiveAssignment, tenant: &str, oid: &str) -> bool {
    assignment.facts.principal_id == oid
        || ctx.cloud.tenant(tenant).is_some_and(|tenant| {
            tenant.groups.iter().any(|group| {
                group.oid == assignment.facts.principal_id && group.members.iter().any(|member| member == oid)
            })
        })
}

/// The scope of an assignment.
pub(crate) fn scope_of(subscription: &LiveSubscription, assignment: &LiveAssignment) -> String {
    assignment.facts.scope.clone().unwrap_or_else(|| subscription.scope())
}

/// Whether an assignment at `scope` counts at the subscription: at it or above.
fn at_or_above(subscription: &LiveSubscription, scope: &str) -> bool {
    scope == subscription.scope() || scope == "/" || scope.starts_with("/providers/Microsoft.Management/")
}

/// The roles a caller holds at the subscription that have taken effect, with whether each is conditional.
fn held(ctx: &Ctx<'_>, token: &AccessToken, subscription: &LiveSubscription) -> Vec<(Role, bool)> {
    let now = ctx.now();
    let known = roles(subscription);
    subscription
        .assignments
        .iter()
        .filter(|it| now >= it.effective_from)
        .filter(|it| at_or_above(subscription, &scope_of(subscription, it)))
        .filter(|it| is_for(ctx, it, &token.caller.tid, &token.caller.oid))
        .filter_map(|it| {
            let role = known.iter().find(|role| role.id == it.facts.role_definition_id)?;
            Some((role.clone(), it.facts.condition.is_some()))
        })
        .collect()
}

/// Whether the caller may do something in the subscription.
pub(crate) fn may(ctx: &Ctx<'_>, token: &AccessToken, subscription: &LiveSubscription, action: &str) -> bool {
    // Conditions limit what role assignments a delegate may write; ours allow none.
    let about_roles = action.starts_with("Microsoft.Authorization/roleAssignments/") && !action.ends_with("/read");
    held(ctx, token, subscription)
        .iter()
        .any(|(role, conditional)| role.allows(action) && !(*conditional && about_roles))
}

/// Refuses the caller unless they may.
pub(crate) fn demand(ctx: &Ctx<'_>, token: &AccessToken, id: &str, action: &str) -> Result<(), Refused> {
    let subscription = ctx.cloud.subscription(id).ok_or_else(|| super::errors::subscription_not_found(id))?;
    if may(ctx, token, subscription, action) {
        return Ok(());
    }
    Err(not_authorized(&token.email, &token.caller.oid, action, &subscription.scope()))
}

/// Whether the caller is Owner directly, at the subscription itself, without a condition.
pub(crate) fn is_direct_owner(ctx: &Ctx<'_>, token: &AccessToken, subscription: &LiveSubscription) -> bool {
    let now = ctx.now();
    subscription.assignments.iter().any(|it| {
        now >= it.effective_from
            && it.facts.principal_id == token.caller.oid
            && it.facts.role_definition_id == OWNER
            && it.facts.condition.is_none()
            && scope_of(subscription, it) == subscription.scope()
    })
}

/// GET permissions: what the caller's roles allow.
pub(crate) fn permissions(ctx: &Ctx<'_>, call: &Call, token: &AccessToken, id: &str) -> Result<Answer, Refused> {
    version(call, &["2022-04-01", "2014-07-01-preview"])?;
    let subscription = ctx.cloud.subscription(id).ok_or_else(|| super::errors::subscription_not_found(id))?;
    let rows: Vec<Value> = held(ctx, token, subscription)
        .iter()
        .map(|(role, conditional)| {
            let mut not_actions = role.not_actions.clone();
            if *conditional {
                not_actions.push("Microsoft.Authorization/roleAssignments/write".to_owned());
                not_actions.push("Microsoft.Authorization/roleAssignments/delete".to_owned());
            }
            json!({"actions": role.actions, "notActions": not_actions, "dataActions": [], "notDataActions": []})
        })
        .collect();
    page(ctx, call, rows, "$skipToken")
}

#[cfg(test)]
mod tests {
    use super::covers;

    #[test]
    fn patterns_cover_actions_without_regard_to_case() {
        assert!(covers("*", "Microsoft.Subscription/changeTenantRequest/write"));
        assert!(covers("*/read", "Microsoft.Resources/subscriptions/READ"));
        assert!(covers("Microsoft.Authorization/*/Write", "microsoft.authorization/roleAssignments/write"));
        assert!(!covers("*/read", "Microsoft.Resources/subscriptions/write"));
        assert!(!covers("Microsoft.Support/*", "Microsoft.Storage/x/read"));
        assert!(!covers("Microsoft.Storage/read", "Microsoft.Storage/read/more"));
    }
}
