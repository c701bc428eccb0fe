//! Scopes: which resource they belong to, and what they need.

use std::collections::BTreeSet;

use super::errors::Refusal;
use crate::scenario::App;
use crate::world::Resource;

/// What a `scope` parameter asks for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scopes {
    /// openid, profile, email, offline_access.
    pub(crate) oidc: BTreeSet<String>,
    /// In the order given, without doubles.
    pub(crate) asked: Vec<Scope>,
}

/// One scope of one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scope {
    pub(crate) resource: Resource,
    /// `.default` or a name such as `user_impersonation`.
    pub(crate) name: String,
    /// The resource as it was written, for the answer.
    pub(crate) written: String,
}

/// Audiences by cloud: the resource, and how it may be written.
fn audiences(cloud: &str) -> &'static [(Resource, &'static [&'static str])] {
    const PARTNER: &[&str] = &["https://api.partnercenter.microsoft.com", "fa3d9a0c-3fb0-42cc-9193-47c7ecd2edbd"];
    match cloud {
        "us-government" => &[
            (Resource::Arm, &["https://management.core.usgovcloudapi.net/", "https://management.usgovcloudapi.net"]),
            (Resource::Graph, &["https://graph.microsoft.us"]),
            (Resource::PartnerCenter, PARTNER),
        ],
        "us-government-dod" => &[
            (Resource::Arm, &["https://management.core.usgovcloudapi.net/", "https://management.usgovcloudapi.net"]),
            (Resource::Graph, &["https://dod-graph.microsoft.us"]),
            (Resource::PartnerCenter, PARTNER),
        ],
        "china" => &[
            (Resource::Arm, &["https://management.core.chinacloudapi.cn/", "https://management.chinacloudapi.cn"]),
            (Resource::Graph, &["https://microsoftgraph.chinacloudapi.cn"]),
            (Resource::PartnerCenter, &["https://partner.partnercenterapi.microsoftonline.cn"]),
        ],
        "germany" => &[
            (Resource::Arm, &["https://management.core.cloudapi.de/", "https://management.microsoftazure.de"]),
            (Resource::Graph, &["https://graph.microsoft.de"]),
            (Resource::PartnerCenter, PARTNER),
        ],
        _ => &[
            (
                Resource::Arm,
                &[
                    "https://management.core.windows.net/",
                    "https://management.azure.com",
                    "797f4846-ba00-4fd7-ba43-dac1f8f63013",
                ],
            ),
            (Resource::Graph, &["https://graph.microsoft.com", "00000003-0000-0000-c000-000000000000"]),
            (Resource::PartnerCenter, PARTNER),
        ],
    }
}

/// The scopes that exist, and whether only an administrator can consent to them.
fn known(resource: Resource) -> &'static [(&'static str, bool)] {
    match resource {
        Resource::Arm => &[("user_impersonation", false)],
        Resource::PartnerCenter => &[("user_impersonation", true)],
        Resource::Graph => &[
            ("User.Read", false),
            ("User.ReadBasic.All", false),
            ("User.Invite.All", true),
            ("User.Read.All", true),
            ("User.ReadWrite.All", true),
            ("User.DeleteRestore.All", true),
            ("Directory.Read.All", true),
            ("Directory.AccessAsUser.All", true),
            ("RoleManagement.Read.Directory", true),
            ("Policy.Read.All", true),
            ("CrossTenantInformation.ReadBasic.All", true),
            ("Organization.Read.All", true),
            ("Application.Read.All", true),
            ("Group.Read.All", true),
            ("GroupMember.Read.All", true),
        ],
    }
}

/// Whether only an administrator can consent to the scope.
pub(crate) fn needs_admin(resource: Resource, name: &str) -> bool {
    known(resource).iter().any(|(known, admin)| *known == name && *admin)
}

impl Scopes {
    /// Reads a `scope` parameter.
    pub(crate) fn parse(cloud: &str, text: &str) -> Result<Self, Refusal> {
        let mut scopes = Self::default();
        for word in text.split_whitespace() {
            if matches!(word, "openid" | "profile" | "email" | "offline_access") {
                scopes.oidc.insert(word.to_owned());
                continue;
            }
            let scope = Scope::parse(cloud, word)?;
            if !scopes.asked.contains(&scope) {
                scopes.asked.push(scope);
            }
        }
        let default = scopes.asked.iter().any(|it| it.name == ".default");
        if default && scopes.asked.iter().any(|it| it.name != ".default") {
            return Err(Refusal::new(
                400,
                "invalid_scope",
                70011,
                "The provided value for the input parameter 'scope' is not valid. .default scope can't be combined with resource-specific scopes.",
            ));
        }
        if scopes.asked.is_empty() && scopes.oidc.is_empty() {
            return Err(Refusal::new(
                400,
                "invalid_request",
                900_144,
                "The request body must contain the following parameter: 'scope'.",
            ));
        }
        Ok(scopes)
    }

    /// The scopes with `.default` replaced by what the registration asks for.
    pub(crate) fn expanded(&self, app: &App) -> Vec<Scope> {
        let mut expanded: Vec<Scope> = Vec::new();
        for scope in &self.asked {
            if scope.name == ".default" {
                for name in app.permissions.get(scope.resource.as_str()).into_iter().flatten() {
                    expanded.push(Scope { name: name.clone(), ..scope.clone() });
                }
            } else {
                expanded.push(scope.clone());
            }
        }
        expanded
    }

    /// The resources named, without doubles.
    pub(crate) fn resources(&self) -> Vec<Resource> {
        let mut resources: Vec<Resource> = Vec::new();
        for scope in &self.asked {
            if !resources.contains(&scope.resource) {
                resources.push(scope.resource);
            }
        }
        resources
    }
}

impl Scope {
    fn parse(cloud: &str, word: &str) -> Result<Self, Refusal> {
        let invalid = |written: &str| {
            Refusal::new(
                400,
                "invalid_resource",
                500_011,
                &format!(
                    "The resource principal named {written} was not found in the tenant. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant."
                ),
            )
        };
        // The name follows the last slash; the resource keeps a slash of its own: `https://…windows.net//.default`.
        let Some((written, name)) = word.rsplit_once('/') else {
            // A bare name belongs to Graph.
            let written = audiences(cloud)
                .iter()
                .find(|(resource, _)| *resource == Resource::Graph)
                .and_then(|(_, written)| written.first())
                .copied()
                .unwrap_or_default();
            return Self::known(Resource::Graph, word, written);
        };
        let resource = audiences(cloud)
            .iter()
            .find(|(_, accepted)| accepted.iter().any(|it| it.trim_end_matches('/') == written.trim_end_matches('/')))
            .map(|(resource, _)| *resource)
            .ok_or_else(|| invalid(written))?;
        Self::known(resource, name, written)
    }

    fn known(resource: Resource, name: &str, written: &str) -> Result<Self, Refusal> {
        if name != ".default" && !known(resource).iter().any(|(known, _)| *known == name) {
            return Err(Refusal::new(
                400,
                "invalid_scope",
                70011,
                &format!(
                    "The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. The scope {name} does not exist."
                ),
            ));
        }
        Ok(Self { resource, name: name.to_owned(), written: written.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_double_slash_of_arms_audience_is_read() {
        let scopes = Scopes::parse("public", "openid https://management.core.windows.net//.default").unwrap();
        assert_eq!(scopes.resources(), [Resource::Arm]);
        assert_eq!(scopes.asked[0].name, ".default");
    }

    #[test]
    fn another_clouds_audience_is_refused() {
        let refusal = Scopes::parse("public", "https://management.usgovcloudapi.net/user_impersonation").unwrap_err();
        assert_eq!(refusal.code, 500_011);
    }

    #[test]
    fn default_beside_named_scopes_is_refused() {
        let refusal = Scopes::parse("public", "https://management.azure.com/.default User.Read").unwrap_err();
        assert_eq!(refusal.code, 70011);
    }
}
