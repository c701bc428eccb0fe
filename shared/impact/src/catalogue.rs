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
