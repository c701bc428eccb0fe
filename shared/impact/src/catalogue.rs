//! Microsoft's table of what a change of directory breaks, as rules over what Resource Graph and the management API list.
//!
//! One table, [`RULES`]: pages, CSV and JSON take their sentences from it, so that they say the same. A property that could not be
//! read never counts as harmless: where Azure itself would refuse or lose something, *not readable* is judged as *yes*, and says so.
//! See <https://learn.microsoft.com/azure/role-based-access-control/transfer-subscription>.

use std::collections::{BTreeMap, BTreeSet};

use onboarding::{Actor, SubscriptionId};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::report::{Finding, Group};

mod rules;

pub use rules::RULES;

/// The inventory: one query of Resource Graph, ordered by id so that pages stay whole. Its rows are [`Resource`]s.
///
/// Only what may be touched is asked for: a disk counts only if it is encrypted with somebody's own key. How many resources there
/// are of each type is [`COUNTS`]' business.
/// See <https://learn.microsoft.com/azure/governance/resource-graph/concepts/query-language>.
pub const QUERY: &str = "resources
| where type in~ (
    'microsoft.managedidentity/userassignedidentities', 'microsoft.keyvault/vaults', 'microsoft.keyvault/managedhsms',
    'microsoft.sql/servers', 'microsoft.sql/managedinstances',
    'microsoft.dbformysql/servers', 'microsoft.dbformysql/flexibleservers',
    'microsoft.dbforpostgresql/servers', 'microsoft.dbforpostgresql/flexibleservers',
    'microsoft.containerservice/managedclusters', 'microsoft.compute/diskencryptionsets', 'microsoft.compute/virtualmachines',
    'microsoft.storage/storageaccounts', 'microsoft.storagesync/storagesyncservices', 'microsoft.datalakestore/accounts',
    'microsoft.aad/domainservices', 'microsoft.synapse/workspaces', 'microsoft.servicebus/namespaces',
    'microsoft.eventhub/namespaces', 'microsoft.relay/namespaces', 'microsoft.documentdb/databaseaccounts',
    'microsoft.cache/redis', 'microsoft.cache/redisenterprise', 'microsoft.cognitiveservices/accounts',
    'microsoft.search/searchservices', 'microsoft.devices/iothubs', 'microsoft.signalrservice/signalr',
    'microsoft.containerregistry/registries', 'microsoft.batch/batchaccounts',
    'microsoft.notificationhubs/namespaces', 'microsoft.appconfiguration/configurationstores',
    'microsoft.azurestack/registrations', 'microsoft.azurestackhci/clusters')
  or type startswith 'microsoft.devcenter/'
  or isnotempty(identity.type)
  or isnotempty(properties.tenantId)
  or isnotempty(properties.encryption.diskEncryptionSetId)
  or isnotempty(properties.encryption.keyVaultProperties)
  or isnotempty(properties.encryption.vaultBaseUrl)
  or isnotempty(properties.encryption.cmk)
  or isnotempty(properties.dataEncryption.primaryKeyURI)
  or isnotempty(properties.keyVaultProperties)
  or isnotempty(properties.keyVaultKeyUri)
  or properties.encryptionSettingsCollection.enabled == true
| project id, name, type, kind, location,
    identityType = tostring(identity.type),
    principalId = iff(type =~ 'microsoft.managedidentity/userassignedidentities',
      tostring(properties.principalId), tostring(identity.principalId)),
    userAssigned = identity.userAssignedIdentities,
    propTenant = tostring(properties.tenantId),
    vaultUri = tostring(coalesce(properties.vaultUri, properties.hsmUri)),
    encryption = properties.encryption,
    dataEncryption = properties.dataEncryption,
    activeKey = properties.activeKey,
    keyId = tostring(properties.keyId),
    keyVaultKeyUri = tostring(properties.keyVaultKeyUri),
    keyVaultProperties = properties.keyVaultProperties,
    diskEncryption = properties.encryptionSettingsCollection,
    administrators = properties.administrators,
    isHnsEnabled = tobool(properties.isHnsEnabled),
    directoryService = tostring(properties.azureFilesIdentityBasedAuthentication.directoryServiceOptions),
    sharedKeyAccess = tobool(properties.allowSharedKeyAccess),
    disableLocalAuth = tobool(properties.disableLocalAuth)
| order by id asc";

/// How many resources there are of each type: rows of [`TypeCount`].
pub const COUNTS: &str = "resources | summarize count_ = count() by type | order by type asc";

/// A row of [`COUNTS`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypeCount {
    /// The type, in any case.
    #[serde(rename = "type")]
    pub resource_type: String,
    /// How many.
    #[serde(rename = "count_")]
    pub count: u64,
}

/// Whether people can sign in to a database with Microsoft Entra accounts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntraSignIn {
    /// Nobody looked yet.
    #[default]
    Unasked,
    /// There is an Entra administrator.
    On,
    /// The list of administrators was read and is empty.
    Off,
    /// The list could not be read.
    NotReadable,
}

/// A row of [`QUERY`]. What is missing is missing: Resource Graph leaves out what it does not know.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Resource {
    /// Its full id, as Azure writes it.
    pub id: String,
    /// Its name.
    #[serde(deserialize_with = "text")]
    pub name: String,
    /// Its type, in any case.
    #[serde(rename = "type")]
    pub resource_type: String,
    /// Its kind, such as `StorageV2`.
    #[serde(deserialize_with = "text", skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// Where it runs.
    #[serde(deserialize_with = "text", skip_serializing_if = "String::is_empty")]
    pub location: String,
    /// `SystemAssigned`, `UserAssigned`, `SystemAssigned, UserAssigned`, `None`, or empty.
    #[serde(deserialize_with = "text", skip_serializing_if = "String::is_empty")]
    pub identity_type: String,
    /// The service principal of its system-assigned identity, or of itself if it is a user-assigned identity.
    #[serde(deserialize_with = "text", skip_serializing_if = "String::is_empty")]
    pub principal_id: String,
    /// The user-assigned identities it uses: an object whose keys are their ids.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub user_assigned: Value,
    /// The tenant it names.
    #[serde(deserialize_with = "text", skip_serializing_if = "String::is_empty")]
    pub prop_tenant: String,
    /// Of a vault: its address.
    #[serde(deserialize_with = "text", skip_serializing_if = "String::is_empty")]
    pub vault_uri: String,
    /// `properties.encryption`.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub encryption: Value,
    /// `properties.dataEncryption` of a database server.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub data_encryption: Value,
    /// `properties.activeKey` of a disk encryption set.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub active_key: Value,
    /// `properties.keyId` of a SQL server.
    #[serde(deserialize_with = "text", skip_serializing_if = "String::is_empty")]
    pub key_id: String,
    /// `properties.keyVaultKeyUri` of a Cosmos DB account.
    #[serde(deserialize_with = "text", skip_serializing_if = "String::is_empty")]
    pub key_vault_key_uri: String,
    /// `properties.keyVaultProperties`.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub key_vault_properties: Value,
    /// `properties.encryptionSettingsCollection` of a disk.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub disk_encryption: Value,
    /// `properties.administrators` of a database server. Present proves Entra sign-in; absent proves nothing.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub administrators: Value,
    /// Of a storage account: whether it has a hierarchical namespace (Data Lake Storage Gen2).
    #[serde(deserialize_with = "flag", skip_serializing_if = "Option::is_none")]
    pub is_hns_enabled: Option<bool>,
    /// Of a storage account: what Azure Files signs people in with: `None`, `AD`, `AADDS`, `AADKERB`.
    #[serde(deserialize_with = "text", skip_serializing_if = "String::is_empty")]
    pub directory_service: String,
    /// Of a storage account: whether its keys are accepted.
    #[serde(deserialize_with = "flag", skip_serializing_if = "Option::is_none")]
    pub shared_key_access: Option<bool>,
    /// Whether its keys are refused.
    #[serde(deserialize_with = "flag", skip_serializing_if = "Option::is_none")]
    pub disable_local_auth: Option<bool>,
    /// What the list of its administrators said, for those types that have one ([`Resource::administrators_path`]). Ours: Resource
    /// Graph does not know it.
    pub entra_sign_in: EntraSignIn,
}

/// `null` and a missing field are the empty text, as Resource Graph's own `tostring` has it.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.unwrap_or_default())
}

/// A yes or no that may come as a text. Anything else is unknown.
fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(value.as_bool().or_else(|| value.as_str().and_then(|text| text.to_ascii_lowercase().parse().ok())))
}

/// Whether a finding of this rule can be made good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Recoverable {
    /// With the work that the rule names.
    Yes,
    /// Not at all.
    No,
    /// Microsoft does not say.
    Unknown,
}

/// What a person does after the move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct After {
    /// What, as an instruction.
    pub what: &'static str,
    /// Who.
    pub who: Actor,
    /// Within how many days.
    pub due_days: u16,
}

/// A rule of the catalogue.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Its stable id: findings, overrides and texts refer to it.
    pub id: &'static str,
    /// The row of Microsoft's table, or empty where the table has none.
    pub row: &'static str,
    /// When it hurts.
    pub group: Group,
    /// Whether the move must not start without a written override.
    pub hard_stop: bool,
    /// Whether it can be made good.
    pub recoverable: Recoverable,
    /// What it is about, for a heading.
    pub title: &'static str,
    /// What happens.
    pub why: &'static str,
    /// When.
    pub when: &'static str,
    /// What to do.
    pub todo: &'static str,
    /// What to do before the move, where there is something.
    pub before: Option<&'static str>,
    /// What to do after it, where there is something.
    pub after: Option<After>,
    /// Microsoft's page.
    pub link: &'static str,
    /// Of which types of resources, in lower case; a type that ends in `/` stands for all that begin with it. Empty for any type.
    pub types: &'static [&'static str],
    /// Whether a resource of such a type is concerned. `None`: the rule is not about resources.
    pub test: Option<fn(&Resource) -> Concern>,
}

/// Whether a rule concerns a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Concern {
    /// No.
    No,
    /// Yes, with what it depends on and what else to say.
    Yes(Vec<String>, Option<String>),
    /// It could not be read, which counts as yes. With what could not be read.
    NotReadable(&'static str),
}

/// A rule by its id.
#[must_use]
pub fn rule(id: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.id == id)
}

impl Rule {
    fn covers(&self, resource_type: &str) -> bool {
        self.types.is_empty()
            || self
                .types
                .iter()
                .any(|of| if of.ends_with('/') { resource_type.starts_with(of) } else { resource_type == *of })
    }

    /// A finding of this rule.
    #[must_use]
    pub fn finding(&self, resource: &str, name: &str, kind: &str) -> Finding {
        Finding {
            id: format!("{}:{}", self.id, resource.to_ascii_lowercase()),
            rule: self.id.into(),
            group: self.group,
            hard_stop: self.hard_stop,
            resource: resource.into(),
            name: name.into(),
            kind: kind.to_ascii_lowercase(),
            depends_on: Vec::new(),
            detail: None,
        }
    }
}

/// What must be known beyond a resource itself to judge it.
#[derive(Debug, Clone)]
pub struct Context<'a> {
    /// The subscription that moves.
    pub subscription: &'a SubscriptionId,
    /// The vaults in it.
    pub vaults: &'a Vaults,
}

/// The vaults of the subscription, found by id and by address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Vaults(BTreeMap<String, String>);

impl Vaults {
    /// Adds a resource if it is a vault or a managed HSM.
    pub fn note(&mut self, resource: &Resource) {
        let of = resource.type_lower();
        if of == "microsoft.keyvault/vaults" || of == "microsoft.keyvault/managedhsms" {
            let id = resource.id.to_ascii_lowercase();
            // The default address follows from the name in every cloud; the suffix is the cloud's, so that only the host's first
            // label is compared where the address itself is missing.
            let host = host(&resource.vault_uri).unwrap_or_else(|| format!("{}.", resource.name.to_ascii_lowercase()));
            self.0.insert(id, host);
        }
    }

    /// The vault's id, if this is an address or an id of a vault in the subscription.
    #[must_use]
    pub fn find(&self, reference: &str) -> Option<&str> {
        let reference = reference.to_ascii_lowercase();
        if let Some(of) = host(&reference) {
            let same = |known: &str| known == of || (known.ends_with('.') && of.starts_with(known));
            return self.0.iter().find(|(_, known)| same(known)).map(|(id, _)| id.as_str());
        }
        self.0.keys().find(|id| reference == **id || reference.starts_with(&format!("{id}/"))).map(String::as_str)
    }
}

/// A resource whose data is encrypted with somebody's own key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyUse {
    /// The resource.
    pub resource: String,
    /// Its name.
    pub name: String,
    /// Its type, lower case.
    pub kind: String,
    /// Where the key is: ids of vaults, keys and disk encryption sets, and addresses. Empty: it could not be read.
    pub keys: Vec<String>,
}

impl KeyUse {
    /// What it means that the key is where it is: inside the subscription, outside it, or not to be told, which counts as outside.
    #[must_use]
    pub fn findings(&self, context: &Context<'_>) -> Vec<Finding> {
        let (mut inside, mut outside) = (BTreeSet::new(), BTreeSet::new());
        let mut unknown = self.keys.is_empty();
        let own = format!("/subscriptions/{}/", context.subscription);
        for key in &self.keys {
            if let Some(vault) = context.vaults.find(key) {
                inside.insert(vault.to_owned());
            } else if key.to_ascii_lowercase().starts_with(&own) {
                inside.insert(key.to_ascii_lowercase());
            } else {
                unknown |= host(key).is_some();
                outside.insert(key.clone());
            }
        }
        let mut findings = Vec::new();
        if (!outside.is_empty() || self.keys.is_empty())
            && let Some(rule) = rule("key-outside")
        {
            let mut finding = rule.finding(&self.resource, &self.name, &self.kind);
            finding.detail = if self.keys.is_empty() {
                Some("Where the key is could not be read; judged as outside the subscription.".into())
            } else if unknown {
                Some("No vault in this subscription has the key's address; judged as outside.".into())
            } else {
                None
            };
            finding.depends_on = outside.into_iter().collect();
            findings.push(finding);
        }
        if !inside.is_empty()
            && let Some(rule) = rule("key-inside")
        {
            let mut finding = rule.finding(&self.resource, &self.name, &self.kind);
            finding.depends_on = inside.into_iter().collect();
            findings.push(finding);
        }
        findings
    }
}

impl Resource {
    /// What [`QUERY`] answers for a resource that is given in the management API's own form.
    #[must_use]
    pub fn from_arm(resource: &Value) -> Self {
        let at = |path: &str| resource.pointer(path).cloned().unwrap_or_default();
        let word = |path: &str| resource.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
        let resource_type = word("/type").to_ascii_lowercase();
        let own_principal = resource_type == "microsoft.managedidentity/userassignedidentities";
        Self {
            id: word("/id"),
            name: word("/name"),
            kind: word("/kind"),
            location: word("/location"),
            identity_type: word("/identity/type"),
            principal_id: word(if own_principal { "/properties/principalId" } else { "/identity/principalId" }),
            user_assigned: at("/identity/userAssignedIdentities"),
            prop_tenant: word("/properties/tenantId"),
            vault_uri: Some(word("/properties/vaultUri"))
                .filter(|uri| !uri.is_empty())
                .unwrap_or_else(|| word("/properties/hsmUri")),
            encryption: at("/properties/encryption"),
            data_encryption: at("/properties/dataEncryption"),
            active_key: at("/properties/activeKey"),
            key_id: word("/properties/keyId"),
            key_vault_key_uri: word("/properties/keyVaultKeyUri"),
            key_vault_properties: at("/properties/keyVaultProperties"),
            disk_encryption: at("/properties/encryptionSettingsCollection"),
            administrators: at("/properties/administrators"),
            is_hns_enabled: at("/properties/isHnsEnabled").as_bool(),
            directory_service: word("/properties/azureFilesIdentityBasedAuthentication/directoryServiceOptions"),
            shared_key_access: at("/properties/allowSharedKeyAccess").as_bool(),
            disable_local_auth: at("/properties/disableLocalAuth").as_bool(),
            entra_sign_in: EntraSignIn::Unasked,
            resource_type,
        }
    }

    /// The type, lower case.
    #[must_use]
    pub fn type_lower(&self) -> String {
        self.resource_type.to_ascii_lowercase()
    }

    /// Where the list of its Entra administrators is, if only that list can tell whether people sign in to it with Entra accounts: the
    /// path below the management API, and the version. Ask, and note the answer in [`Resource::entra_sign_in`].
    #[must_use]
    pub fn administrators_path(&self) -> Option<(String, &'static str)> {
        if self.has_administrators() || self.entra_sign_in != EntraSignIn::Unasked {
            return None;
        }
        let version = match self.type_lower().as_str() {
            "microsoft.sql/servers" | "microsoft.sql/managedinstances" => "2021-11-01",
            "microsoft.dbformysql/servers" => "2017-12-01",
            "microsoft.dbformysql/flexibleservers" => "2023-12-30",
            _ => return None,
        };
        Some((format!("{}/administrators", self.id.trim_end_matches('/')), version))
    }

    /// Whether the resource itself names an Entra administrator.
    #[must_use]
    pub fn has_administrators(&self) -> bool {
        let named = |value: &Value| !value.as_str().unwrap_or_default().is_empty();
        let fields = ["administratorType", "sid", "login"];
        let of = &self.administrators;
        fields.iter().any(|field| of.get(field).is_some_and(named)) || of.as_array().is_some_and(|all| !all.is_empty())
    }

    /// Where its encryption keys are, if it uses somebody's own.
    #[must_use]
    pub fn key_use(&self) -> Option<KeyUse> {
        let mut keys = BTreeSet::new();
        let mut own_key = false;
        let bags = [
            &self.encryption,
            &self.data_encryption,
            &self.active_key,
            &self.key_vault_properties,
            &self.disk_encryption,
        ];
        for bag in bags {
            collect_keys(bag, &mut keys, &mut own_key);
        }
        for address in [&self.key_id, &self.key_vault_key_uri] {
            if !address.is_empty() {
                own_key = true;
                keys.insert(address.clone());
            }
        }
        // Disk encryption inside the machine: the vault is named beside it, or nowhere that we can see.
        own_key |= self.disk_encryption.get("enabled").and_then(Value::as_bool) == Some(true);
        // A vault in the bag of a storage account that has gone back to Microsoft's keys is only a memory.
        let back = self.encryption.get("keySource").and_then(Value::as_str);
        if back.is_some_and(|source| source.eq_ignore_ascii_case("Microsoft.Storage")) {
            return None;
        }
        (own_key || !keys.is_empty()).then(|| KeyUse {
            resource: self.id.clone(),
            name: self.name.clone(),
            kind: self.type_lower(),
            keys: keys.into_iter().collect(),
        })
    }

    /// The ids of the user-assigned identities it uses.
    #[must_use]
    pub fn user_assigned_ids(&self) -> Vec<String> {
        match self.user_assigned.as_object() {
            Some(identities) => identities.keys().cloned().collect(),
            None => Vec::new(),
        }
    }
}

/// What the rules say of one resource, its keys included.
#[must_use]
pub fn findings(resource: &Resource, context: &Context<'_>) -> Vec<Finding> {
    let mut findings = plain_findings(resource);
    if let Some(key_use) = resource.key_use() {
        findings.extend(key_use.findings(context));
    }
    findings
}

/// What the rules say of one resource without knowing the others: all but where its keys are.
#[must_use]
pub fn plain_findings(resource: &Resource) -> Vec<Finding> {
    let of = resource.type_lower();
    let concerned = |rule: &'static Rule| {
        let test = rule.test.filter(|_| rule.covers(&of))?;
        let mut finding = rule.finding(&resource.id, &resource.name, &of);
        match test(resource) {
            Concern::No => return None,
            Concern::Yes(depends_on, detail) => (finding.depends_on, finding.detail) = (depends_on, detail),
            Concern::NotReadable(what) => {
                finding.detail = Some(format!("{what} could not be read; judged as if it were so."))
            }
        }
        Some(finding)
    };
    RULES.iter().filter_map(concerned).collect()
}

/// The host of an address, lower case. `None`: it is not an address.
fn host(address: &str) -> Option<String> {
    let address = address.trim().to_ascii_lowercase();
    let rest = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"))?;
    let host = rest.split(['/', ':', '?']).next().unwrap_or_default();
    (!host.is_empty()).then(|| host.to_owned())
}

/// Addresses and ids of keys anywhere in a bag of properties: every resource type keeps them elsewhere.
fn collect_keys(value: &Value, keys: &mut BTreeSet<String>, own_key: &mut bool) {
    if let Some(text) = value.as_str() {
        let lower = text.to_ascii_lowercase();
        let vault_host = host(&lower).is_some_and(|host| host.contains(".vault.") || host.contains(".managedhsm."));
        let id = lower.starts_with("/subscriptions/")
            && (lower.contains("/providers/microsoft.keyvault/") || lower.contains("/diskencryptionsets/"));
        if vault_host || id {
            keys.insert(text.to_owned());
        }
        *own_key |= matches!(
            lower.as_str(),
            "microsoft.keyvault"
                | "azurekeyvault"
                | "encryptionatrestwithcustomerkey"
                | "encryptionatrestwithplatformandcustomerkeys"
        );
    }
    for value in value.as_array().into_iter().flatten() {
        collect_keys(value, keys, own_key);
    }
    for (name, value) in value.as_object().into_iter().flatten() {
        // A vault in another cloud or behind a name of its own still is one where the field says so.
        if let Some(text) = value.as_str()
            && host(text).is_some()
            && ["keyvaulturi", "keyuri", "keyurl", "primarykeyuri", "keyvaulturl", "vaultbaseurl", "keyidentifier"]
                .contains(&name.to_ascii_lowercase().as_str())
        {
            keys.insert(text.to_owned());
        }
        collect_keys(value, keys, own_key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const SUBSCRIPTION: &str = "6c3c85bc-5366-4eaa-8055-a10529eafd03";
    const OTHER: &str = "0c3c85bc-5366-4eaa-8055-a10529eafd00";

    fn id(subscription: &str, kind: &str, name: &str) -> String {
        format!("/subscriptions/{subscription}/resourceGroups/web/providers/{kind}/{name}")
    }

    /// A resource in the management API's form, with what `of` adds.
    fn resource(kind: &str, name: &str, of: Value) -> Resource {
        let mut arm = json!({"id": id(SUBSCRIPTION, kind, name), "name": name, "type": kind});
        for (field, value) in of.as_object().into_iter().flatten() {
            arm[field] = value.clone();
        }
        Resource::from_arm(&arm)
    }

    fn rules_of(resources: &[Resource]) -> BTreeSet<String> {
        let subscription = SubscriptionId::parse(SUBSCRIPTION).unwrap();
        let mut vaults = Vaults::default();
        resources.iter().for_each(|resource| vaults.note(resource));
        let context = Context { subscription: &subscription, vaults: &vaults };
        resources.iter().flat_map(|resource| findings(resource, &context)).map(|finding| finding.rule).collect()
    }

    fn looked(mut resource: Resource, said: EntraSignIn) -> Resource {
        resource.entra_sign_in = said;
        resource
    }

    fn storage(of: Value) -> Resource {
        resource("Microsoft.Storage/storageAccounts", "data", json!({"properties": of}))
    }

    fn encrypted(uri: &str) -> Resource {
        storage(json!({"encryption": {"keySource": "Microsoft.Keyvault", "keyvaultproperties": {"keyvaulturi": uri}}}))
    }

    fn own_vault() -> Resource {
        resource(
            "Microsoft.KeyVault/vaults",
            "ours",
            json!({"properties": {"vaultUri": "https://ours.vault.azure.net/"}}),
        )
    }

    /// The rows of Microsoft's table that speak of resources: a rule, one that it finds, and one that it must leave alone.
    fn rows() -> Vec<(&'static str, &'static str, Resource, Resource)> {
        let plain = |kind: &str| resource(kind, "one", json!({}));
        let web = || plain("Microsoft.Web/sites");
        let system = || resource("Microsoft.Web/sites", "one", json!({"identity": {"type": "SystemAssigned"}}));
        let admin = |kind: &str| {
            resource(kind, "one", json!({"properties": {"administrators": {"administratorType": "ActiveDirectory"}}}))
        };
        let off = |kind: &str| looked(plain(kind), EntraSignIn::Off);
        vec![
            ("System-assigned managed identities", "system-identity", system(), web()),
            (
                "User-assigned managed identities",
                "user-identity",
                plain("Microsoft.ManagedIdentity/userAssignedIdentities"),
                system(),
            ),
            (
                "User-assigned managed identities",
                "uses-identity",
                resource(
                    "Microsoft.Web/sites",
                    "one",
                    json!({"identity": {"type": "UserAssigned", "userAssignedIdentities": {"/subscriptions/x/i": {}}}}),
                ),
                system(),
            ),
            ("Azure Key Vault", "key-vault", own_vault(), web()),
            (
                "Azure SQL databases with Microsoft Entra authentication enabled",
                "sql-entra",
                admin("Microsoft.Sql/servers"),
                off("Microsoft.Sql/servers"),
            ),
            (
                "Azure SQL databases with Microsoft Entra authentication enabled",
                "sql-entra",
                admin("Microsoft.Sql/managedInstances"),
                off("Microsoft.Sql/managedInstances"),
            ),
            (
                "Azure Database for MySQL with Microsoft Entra authentication enabled",
                "mysql-entra",
                looked(plain("Microsoft.DBforMySQL/flexibleServers"), EntraSignIn::On),
                off("Microsoft.DBforMySQL/flexibleServers"),
            ),
            (
                "Azure Database for MySQL with Microsoft Entra authentication enabled",
                "mysql-entra",
                looked(plain("Microsoft.DBforMySQL/servers"), EntraSignIn::On),
                off("Microsoft.DBforMySQL/servers"),
            ),
            (
                "Azure Storage and Azure Data Lake Storage Gen2",
                "data-lake-gen2",
                storage(json!({"isHnsEnabled": true})),
                storage(json!({"isHnsEnabled": false})),
            ),
            (
                "Azure Data Lake Storage Gen1",
                "data-lake-gen1",
                plain("Microsoft.DataLakeStore/accounts"),
                storage(json!({})),
            ),
            (
                "Azure Files",
                "files",
                storage(json!({"azureFilesIdentityBasedAuthentication": {"directoryServiceOptions": "AADKERB"}})),
                storage(json!({"azureFilesIdentityBasedAuthentication": {"directoryServiceOptions": "None"}})),
            ),
            ("Azure File Sync", "file-sync", plain("Microsoft.StorageSync/storageSyncServices"), storage(json!({}))),
            (
                "Azure Managed Disks with Disk Encryption Sets",
                "disk-encryption-set",
                plain("Microsoft.Compute/diskEncryptionSets"),
                plain("Microsoft.Compute/disks"),
            ),
            (
                "Disks encrypted inside the machine",
                "disk-encryption",
                resource(
                    "Microsoft.Compute/disks",
                    "one",
                    json!({"properties": {"encryptionSettingsCollection": {"enabled": true}}}),
                ),
                resource(
                    "Microsoft.Compute/disks",
                    "one",
                    json!({"properties": {"encryptionSettingsCollection": {"enabled": false}}}),
                ),
            ),
            ("Azure Kubernetes Service", "aks", plain("Microsoft.ContainerService/managedClusters"), web()),
            ("Microsoft Entra Domain Services", "domain-services", plain("Microsoft.AAD/domainServices"), web()),
            (
                "Microsoft Dev Box",
                "dev-box",
                plain("Microsoft.DevCenter/projects/pools"),
                plain("Microsoft.DevCenter/projects/environmentTypes"),
            ),
            (
                "Azure Deployment Environments",
                "deployment-environments",
                plain("Microsoft.DevCenter/projects"),
                plain("Microsoft.DevCenter/networkConnections"),
            ),
            (
                "Azure Service Bus",
                "service-bus",
                plain("Microsoft.ServiceBus/namespaces"),
                plain("Microsoft.EventHub/namespaces"),
            ),
            ("Azure Synapse Analytics workspace", "synapse", plain("Microsoft.Synapse/workspaces"), web()),
            ("Azure Cosmos DB", "cosmos-db", plain("Microsoft.DocumentDB/databaseAccounts"), web()),
            ("Azure Stack", "azure-stack", plain("Microsoft.AzureStack/registrations"), web()),
            (
                "Encryption at rest with a key outside the subscription",
                "key-outside",
                encrypted("https://theirs.vault.azure.net"),
                storage(json!({"encryption": {"keySource": "Microsoft.Storage"}})),
            ),
        ]
    }

    /// The rows that speak of access, policies and tenants: `report::build` finds them.
    const OTHER_ROWS: [&str; 11] = [
        "Role assignments",
        "Custom roles",
        "App registrations",
        "Azure Policy assignments",
        "Azure Policy custom definitions",
        "Azure Policy exemptions",
        "Azure Policy compliance data",
        "Classic administrators",
        "Azure Lighthouse",
        "Billing ownership",
        "Encryption at rest with a key in the subscription",
    ];

    #[test]
    fn every_row_of_microsofts_table_finds_what_it_is_about_and_leaves_alone_what_it_is_not() {
        for (row, id, concerned, spared) in rows() {
            assert_eq!(rule(id).map(|rule| rule.row), Some(row), "{id}");
            assert!(rules_of(std::slice::from_ref(&concerned)).contains(id), "{id} must find {concerned:?}");
            assert!(!rules_of(std::slice::from_ref(&spared)).contains(id), "{id} must leave {spared:?} alone");
        }
    }

    #[test]
    fn the_catalogue_has_every_row_of_the_table_and_no_other() {
        let told: BTreeSet<&str> = rows().iter().map(|(row, ..)| *row).chain(OTHER_ROWS).collect();
        let known: BTreeSet<&str> = RULES.iter().map(|rule| rule.row).filter(|row| !row.is_empty()).collect();
        assert_eq!(told, known);
    }

    #[test]
    fn ids_are_unique_and_every_sentence_is_there() {
        let ids: BTreeSet<&str> = RULES.iter().map(|rule| rule.id).collect();
        assert_eq!(ids.len(), RULES.len());
        for rule in RULES {
            for sentence in [rule.why, rule.when, rule.todo] {
                assert!(sentence.ends_with('.') && sentence.len() > 10, "{}: {sentence}", rule.id);
            }
            assert!(rule.link.starts_with("https://learn.microsoft.com/"), "{}", rule.id);
            assert!(!rule.title.is_empty());
            // What stops the move is lost for ever, and there is something to do about it first.
            assert!(!rule.hard_stop || (rule.group == Group::CannotComeBack && rule.before.is_some()), "{}", rule.id);
        }
    }

    #[test]
    fn the_hard_stops_are_those_that_azure_can_not_undo() {
        let stops: Vec<&str> = RULES.iter().filter(|rule| rule.hard_stop).map(|rule| rule.id).collect();
        let expected =
            ["aks", "sql-entra", "mysql-entra", "domain-services", "dev-box", "deployment-environments", "key-outside"];
        assert_eq!(stops, expected);
    }

    #[test]
    fn the_query_asks_for_every_type_that_a_rule_names() {
        let query = QUERY.to_ascii_lowercase();
        for kind in RULES.iter().flat_map(|rule| rule.types) {
            assert!(query.contains(kind), "{kind}");
        }
    }

    #[test]
    fn the_query_answers_every_field_of_a_row() {
        let arm = json!({
            "id": "i", "name": "n", "type": "t", "kind": "k", "location": "l",
            "identity": {"type": "UserAssigned", "principalId": "p", "userAssignedIdentities": {"a": {}}},
            "properties": {
                "tenantId": "t", "vaultUri": "v", "encryption": {}, "dataEncryption": {}, "activeKey": {}, "keyId": "k",
                "keyVaultKeyUri": "u", "keyVaultProperties": {}, "encryptionSettingsCollection": {}, "administrators": {},
                "isHnsEnabled": true, "allowSharedKeyAccess": true, "disableLocalAuth": true,
                "azureFilesIdentityBasedAuthentication": {"directoryServiceOptions": "AD"},
            }
        });
        let row = serde_json::to_value(Resource::from_arm(&arm)).unwrap();
        let projected = QUERY.split("| project").nth(1).unwrap();
        for field in row.as_object().unwrap().keys().filter(|field| *field != "entraSignIn") {
            let named = projected.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == field);
            assert!(named, "{field}");
        }
    }

    #[test]
    fn a_database_whose_administrators_nobody_could_read_is_a_hard_stop_and_says_so() {
        for said in [EntraSignIn::Unasked, EntraSignIn::NotReadable] {
            let server = looked(resource("Microsoft.Sql/servers", "one", json!({})), said);
            let found = plain_findings(&server).into_iter().find(|finding| finding.rule == "sql-entra").unwrap();
            assert!(found.hard_stop);
            assert!(found.detail.unwrap().contains("could not be read"));
        }
    }

    #[test]
    fn only_a_database_that_leaves_it_open_is_asked_for_its_administrators() {
        let server = resource("Microsoft.Sql/servers", "one", json!({}));
        let (path, version) = server.administrators_path().unwrap();
        assert!(path.ends_with("/Microsoft.Sql/servers/one/administrators") && !version.is_empty());
        assert_eq!(looked(server, EntraSignIn::Off).administrators_path(), None);
        assert_eq!(storage(json!({})).administrators_path(), None);
    }

    #[test]
    fn a_key_in_the_subscription_is_no_hard_stop_and_one_outside_is() {
        let ours = encrypted("https://OURS.vault.azure.net/keys/one");
        assert!(rules_of(&[ours.clone(), own_vault()]).contains("key-inside"));
        assert!(!rules_of(&[ours.clone(), own_vault()]).contains("key-outside"));
        // The same address without the vault in the inventory: nobody knows whose it is.
        assert!(rules_of(&[ours]).contains("key-outside"));
        assert!(rules_of(&[encrypted("https://theirs.vault.azure.cn/keys/one"), own_vault()]).contains("key-outside"));
    }

    #[test]
    fn a_vault_or_an_encryption_set_of_another_subscription_is_outside() {
        let disk = |set: String| {
            resource(
                "Microsoft.Compute/disks",
                "one",
                json!({"properties": {"encryption": {"diskEncryptionSetId": set}}}),
            )
        };
        let set = "Microsoft.Compute/diskEncryptionSets";
        assert!(rules_of(&[disk(id(OTHER, set, "set"))]).contains("key-outside"));
        let inside = rules_of(&[disk(id(SUBSCRIPTION, set, "set"))]);
        assert!(inside.contains("key-inside") && !inside.contains("key-outside"));
        let of_vault = |subscription: &str| {
            let vault = id(subscription, "Microsoft.KeyVault/vaults", "ours");
            resource(set, "set", json!({"properties": {"activeKey": {"sourceVault": {"id": vault}}}}))
        };
        assert!(rules_of(&[of_vault(OTHER)]).contains("key-outside"));
        assert!(!rules_of(&[of_vault(SUBSCRIPTION)]).contains("key-outside"));
    }

    #[test]
    fn a_key_that_is_somewhere_unknown_counts_as_outside() {
        let account = storage(json!({"encryption": {"keySource": "Microsoft.Keyvault"}}));
        let subscription = SubscriptionId::parse(SUBSCRIPTION).unwrap();
        let context = Context { subscription: &subscription, vaults: &Vaults::default() };
        let found = findings(&account, &context).into_iter().find(|finding| finding.rule == "key-outside").unwrap();
        assert!(found.hard_stop && found.detail.unwrap().contains("could not be read"));
    }

    #[test]
    fn microsofts_own_keys_are_nobodys_concern() {
        let account = storage(json!({"encryption": {
            "keySource": "Microsoft.Storage", "services": {"blob": {"enabled": true, "keyType": "Account"}}
        }}));
        assert_eq!(account.key_use(), None);
        let disk = json!({"properties": {"encryption": {"type": "EncryptionAtRestWithPlatformKey"}}});
        assert_eq!(resource("Microsoft.Compute/disks", "one", disk).key_use(), None);
    }

    #[test]
    fn keys_are_found_wherever_a_service_keeps_them() {
        let uri = "https://theirs.vault.azure.net/keys/one/1";
        let cases = [
            ("Microsoft.Sql/servers", json!({"keyId": uri})),
            ("Microsoft.DocumentDB/databaseAccounts", json!({"keyVaultKeyUri": uri})),
            ("Microsoft.DBforMySQL/flexibleServers", json!({"dataEncryption": {"primaryKeyURI": uri}})),
            ("Microsoft.Synapse/workspaces", json!({"encryption": {"cmk": {"key": {"keyVaultUrl": uri}}}})),
            ("Microsoft.ServiceBus/namespaces", json!({"encryption": {"keyVaultProperties": [{"keyVaultUri": uri}]}})),
            ("Microsoft.OperationalInsights/clusters", json!({"keyVaultProperties": {"keyVaultUri": uri}})),
            ("Microsoft.DataFactory/factories", json!({"encryption": {"vaultBaseUrl": uri}})),
            (
                "Microsoft.Compute/disks",
                json!({"encryptionSettingsCollection": {
                    "enabled": true, "encryptionSettings": [{"diskEncryptionKey": {"secretUrl": uri}}]
                }}),
            ),
        ];
        for (kind, properties) in cases {
            let found = resource(kind, "one", json!({"properties": properties})).key_use();
            assert_eq!(found.map(|found| found.keys), Some(vec![uri.to_owned()]), "{kind}");
        }
    }

    #[test]
    fn a_row_is_read_whatever_is_missing_in_it_and_flags_may_be_texts() {
        let row =
            json!({"id": "/s", "name": null, "type": "t", "identityType": null, "isHnsEnabled": "True", "new": 1});
        let read: Resource = serde_json::from_value(row).unwrap();
        assert_eq!((read.name.as_str(), read.is_hns_enabled), ("", Some(true)));
        let strange: Resource = serde_json::from_value(json!({"id": "/s", "type": "t", "isHnsEnabled": 7})).unwrap();
        assert_eq!(strange.is_hns_enabled, None);
    }

    #[test]
    fn the_same_resource_spelt_otherwise_is_the_same_finding() {
        let one = resource("Microsoft.AAD/domainServices", "Contoso", json!({}));
        let other =
            Resource { id: one.id.to_uppercase(), resource_type: one.resource_type.to_uppercase(), ..one.clone() };
        let ids = |resource: &Resource| plain_findings(resource).into_iter().map(|it| it.id).collect::<Vec<_>>();
        assert_eq!(ids(&one), ids(&other));
    }

    #[test]
    fn keys_that_are_switched_off_need_no_renewal() {
        let rotates = |properties: Value| rules_of(&[storage(properties)]).contains("rotate-keys");
        assert!(rotates(json!({})));
        assert!(rotates(json!({"allowSharedKeyAccess": true})));
        assert!(!rotates(json!({"allowSharedKeyAccess": false})));
    }
}
