//! The table itself. Sentences are ours; what they say is Microsoft's.

use onboarding::Actor;

use super::{After, Concern, EntraSignIn, Recoverable, Resource, Rule};
use crate::report::Group;

const TRANSFER: &str = "https://learn.microsoft.com/azure/role-based-access-control/transfer-subscription";
const VAULT: &str = "https://learn.microsoft.com/azure/key-vault/general/move-subscription";
const ASSOCIATE: &str = "https://learn.microsoft.com/entra/fundamentals/how-subscriptions-associated-directory";
const CHANGE: &str = "https://learn.microsoft.com/azure/cost-management-billing/manage/subscription-change-directory";

const AT_ONCE: &str = "At the moment the subscription moves.";
const LATER: &str = "When the old directory is next asked for it.";
const NEVER: &str = "From the moment the subscription moves, for good.";

const fn after(what: &'static str, due_days: u16) -> Option<After> {
    Some(After { what, who: Actor::PartnerAdmin, due_days })
}

/// Every rule, grouped as Microsoft's table is.
pub const RULES: &[Rule] = &[
    // What can't come back.
    Rule {
        id: "aks",
        row: "Azure Kubernetes Service",
        group: Group::CannotComeBack,
        hard_stop: true,
        recoverable: Recoverable::No,
        title: "Kubernetes clusters",
        why: "Microsoft does not support moving an AKS cluster and its resources to another directory.",
        when: NEVER,
        todo: "Leave the cluster in a subscription that stays, or delete it and build it again after the move.",
        before: Some("Build the cluster elsewhere and move its workloads, or leave it behind in another subscription."),
        after: None,
        link: TRANSFER,
        types: &["microsoft.containerservice/managedclusters"],
        test: Some(always),
    },
    Rule {
        id: "sql-entra",
        row: "Azure SQL databases with Microsoft Entra authentication enabled",
        group: Group::CannotComeBack,
        hard_stop: true,
        recoverable: Recoverable::No,
        title: "SQL servers and managed instances with Microsoft Entra sign-in",
        why: "Microsoft does not support moving an Azure SQL database with Microsoft Entra sign-in to another directory.",
        when: NEVER,
        todo: "Remove the Microsoft Entra administrator and every database user that is from the directory, or leave the server behind.",
        before: Some("Give the applications SQL logins, then remove the Microsoft Entra administrator."),
        after: after(
            "Set a Microsoft Entra administrator from the partner directory and make the database users again.",
            7,
        ),
        link: TRANSFER,
        types: &["microsoft.sql/servers", "microsoft.sql/managedinstances"],
        test: Some(entra_sign_in),
    },
    Rule {
        id: "mysql-entra",
        row: "Azure Database for MySQL with Microsoft Entra authentication enabled",
        group: Group::CannotComeBack,
        hard_stop: true,
        recoverable: Recoverable::No,
        title: "MySQL servers with Microsoft Entra sign-in",
        why: "Microsoft does not support moving a MySQL server with Microsoft Entra sign-in to another directory.",
        when: NEVER,
        todo: "Remove the Microsoft Entra administrator and every database user that is from the directory, or leave the server behind.",
        before: Some("Give the applications MySQL logins, then remove the Microsoft Entra administrator."),
        after: after(
            "Set a Microsoft Entra administrator from the partner directory and make the database users again.",
            7,
        ),
        link: TRANSFER,
        types: &["microsoft.dbformysql/servers", "microsoft.dbformysql/flexibleservers"],
        test: Some(entra_sign_in),
    },
    Rule {
        id: "domain-services",
        row: "Microsoft Entra Domain Services",
        group: Group::CannotComeBack,
        hard_stop: true,
        recoverable: Recoverable::No,
        title: "Microsoft Entra Domain Services",
        why: "A managed domain belongs to its directory and can't be moved to another.",
        when: NEVER,
        todo: "Move the machines that are joined to it first, or leave the subscription where it is.",
        before: Some("Take joined machines out of the managed domain, then delete it."),
        after: None,
        link: TRANSFER,
        types: &["microsoft.aad/domainservices"],
        test: Some(always),
    },
    Rule {
        id: "dev-box",
        row: "Microsoft Dev Box",
        group: Group::CannotComeBack,
        hard_stop: true,
        recoverable: Recoverable::No,
        title: "Microsoft Dev Box",
        why: "Dev centers and their dev boxes can't be moved to another directory.",
        when: NEVER,
        todo: "Save what is only on the dev boxes, delete them, and set them up again after the move.",
        before: Some("Save what is only on the dev boxes, then delete the dev center."),
        after: None,
        link: TRANSFER,
        types: &["microsoft.devcenter/"],
        test: Some(dev_box),
    },
    Rule {
        id: "deployment-environments",
        row: "Azure Deployment Environments",
        group: Group::CannotComeBack,
        hard_stop: true,
        recoverable: Recoverable::No,
        title: "Azure Deployment Environments",
        why: "Dev center projects and their environments can't be moved to another directory.",
        when: NEVER,
        todo: "Keep the environment definitions, delete the projects, and set them up again after the move.",
        before: Some("Keep the environment definitions, then delete the projects."),
        after: None,
        link: TRANSFER,
        types: &["microsoft.devcenter/"],
        test: Some(deployment_environments),
    },
    Rule {
        id: "key-outside",
        row: "Encryption at rest with a key outside the subscription",
        group: Group::CannotComeBack,
        hard_stop: true,
        recoverable: Recoverable::No,
        title: "Data whose encryption key is outside the subscription",
        why: "The identity that opens the key belongs to the old directory. Once it is gone, the data may never be read again.",
        when: "When the key is next needed: within hours, or at the next restart.",
        todo: "Before the move, switch to Microsoft-managed keys, or to a key in a vault that needs no identity of the old directory.",
        before: Some("Switch to Microsoft-managed keys and wait until the change is complete."),
        after: after("Switch back to your own key, in a vault of the partner directory.", 14),
        link: TRANSFER,
        types: &[],
        test: None,
    },
    Rule {
        id: "policy-compliance",
        row: "Azure Policy compliance data",
        group: Group::CannotComeBack,
        hard_stop: false,
        recoverable: Recoverable::No,
        title: "Compliance history",
        why: "Azure Policy's record of what complied, and when, does not move.",
        when: NEVER,
        todo: "Export the compliance data first if an auditor may ask for it.",
        before: Some("Export the compliance data if it is needed."),
        after: None,
        link: TRANSFER,
        types: &[],
        test: None,
    },
    // What stops the moment it moves.
    Rule {
        id: "system-identity",
        row: "System-assigned managed identities",
        group: Group::StopsNow,
        hard_stop: false,
        recoverable: Recoverable::Yes,
        title: "Resources with a system-assigned identity",
        why: "The identity is a service principal of the old directory. What the resource signs in to with it refuses it.",
        when: AT_ONCE,
        todo: "Switch the identity off and on again; it gets a new object id. Then give it its roles again.",
        before: Some("Note what each identity is used for, and plan the time that it does not work."),
        after: after("Switch the identity off, wait, and switch it on. Then give it its roles again.", 1),
        link: TRANSFER,
        types: &[],
        test: Some(system_identity),
    },
    Rule {
        id: "user-identity",
        row: "User-assigned managed identities",
        group: Group::StopsNow,
        hard_stop: false,
        recoverable: Recoverable::Yes,
        title: "User-assigned identities",
        why: "The identity is a service principal of the old directory. Every resource that uses it is refused.",
        when: AT_ONCE,
        todo: "Delete it, make it again, attach it to its resources and give it its roles again.",
        before: Some("Note which resources use each identity, and plan the time that it does not work."),
        after: after("Delete the identity, make it again, attach it to its resources and give it its roles again.", 1),
        link: TRANSFER,
        types: &["microsoft.managedidentity/userassignedidentities"],
        test: Some(always),
    },
    Rule {
        id: "uses-identity",
        row: "User-assigned managed identities",
        group: Group::StopsNow,
        hard_stop: false,
        recoverable: Recoverable::Yes,
        title: "Resources that use a user-assigned identity",
        why: "What the resource signs in to with the identity refuses it until the identity is made again.",
        when: AT_ONCE,
        todo: "Attach the identity again once it was made again.",
        before: None,
        after: after("Attach the new identity.", 1),
        link: TRANSFER,
        types: &[],
        test: Some(uses_identity),
    },
    Rule {
        id: "identity-roles",
        row: "Role assignments",
        group: Group::StopsNow,
        hard_stop: false,
        recoverable: Recoverable::Yes,
        title: "Roles of managed identities",
        why: "The role assignment is deleted, and the identity that had it gets another object id. We can't restore it for an identity that is yet to be made.",
        when: AT_ONCE,
        todo: "Give the role again once the identity was switched on or made again.",
        before: None,
        after: after("Give the new identity its role again.", 1),
        link: TRANSFER,
        types: &[],
        test: None,
    },
    Rule {
        id: "key-vault",
        row: "Azure Key Vault",
        group: Group::StopsNow,
        hard_stop: false,
        recoverable: Recoverable::Yes,
        title: "Key vaults",
        why: "A vault trusts the directory it was made in. Nobody can open it until it trusts the partner directory.",
        when: AT_ONCE,
        todo: "Set the vault's tenant id, remove its access policies and add new ones, or give the roles again.",
        before: Some("Note each vault's access policies, and plan the time that it can't be opened."),
        after: after(
            "Set the vault's tenant id to the partner directory, and make its access policies or roles again.",
            1,
        ),
        link: VAULT,
        types: &["microsoft.keyvault/vaults"],
        test: Some(vault),
    },
    Rule {
        id: "managed-hsm",
        row: "",
        group: Group::StopsNow,
        hard_stop: false,
        recoverable: Recoverable::Unknown,
        title: "Managed HSMs",
        why: "A managed HSM trusts the directory it was made in, and its administrators are from there. Microsoft's table does not name it.",
        when: AT_ONCE,
        todo: "Ask Microsoft before the move. Keep a security domain backup outside the subscription.",
        before: Some("Ask Microsoft support about this HSM, and keep a backup of its security domain."),
        after: after("Prove that the HSM's administrators can still open it.", 1),
        link: VAULT,
        types: &["microsoft.keyvault/managedhsms"],
        test: Some(always),
    },
    Rule {
        id: "key-inside",
        row: "Encryption at rest with a key in the subscription",
        group: Group::StopsNow,
        hard_stop: false,
        recoverable: Recoverable::Yes,
        title: "Data whose encryption key moves along",
        why: "The vault can't be opened until it trusts the partner directory, and the identity that opens it must be made again. Until then the data can't be read. Microsoft warns that this can become unrecoverable.",
        when: "When the key is next needed: within hours, or at the next restart.",
        todo: "Switch to Microsoft-managed keys before the move and back after it.",
        before: Some("Switch to Microsoft-managed keys and wait until the change is complete."),
        after: after(
            "Once the vault trusts the partner directory and the identity was made again, switch back to your own key.",
            14,
        ),
        link: TRANSFER,
        types: &[],
        test: None,
    },
    Rule {
        id: "disk-encryption-set",
        row: "Azure Managed Disks with Disk Encryption Sets",
        group: Group::StopsNow,
        hard_stop: false,
        recoverable: Recoverable::Yes,
        title: "Disk encryption sets",
        why: "The set opens the key with a system-assigned identity of the old directory. Disks that depend on it can't be started once it fails.",
        when: "At the next start of a machine, or within hours.",
        todo: "Switch the set's identity off and on again and give it its role on the vault again.",
        before: Some("Switch the disks to platform-managed keys, or plan to stop the machines that use them."),
        after: after("Switch the set's identity off and on, and give it its role on the vault again.", 1),
        link: TRANSFER,
        types: &["microsoft.compute/diskencryptionsets"],
        test: Some(always),
    },
    Rule {
        id: "disk-encryption",
        row: "Disks encrypted inside the machine",
        group: Group::StopsNow,
        hard_stop: false,
        recoverable: Recoverable::Yes,
        title: "Disks encrypted with Azure Disk Encryption",
        why: "The machine reads the disk's key from a vault that can't be opened until it trusts the partner directory.",
        when: "At the next start of the machine.",
        todo: "Switch the encryption off before the move and on again after it.",
        before: Some("Switch Azure Disk Encryption off and wait until the disks are decrypted."),
        after: after("Switch Azure Disk Encryption on again.", 7),
        link: VAULT,
        types: &[],
        test: Some(disk_encryption),
    },
    // What must be redone.
    Rule {
        id: "custom-role",
        row: "Custom roles",
        group: Group::Redo,
        hard_stop: false,
        recoverable: Recoverable::Yes,
        title: "Custom roles",
        why: "Azure deletes every custom role.",
        when: AT_ONCE,
        todo: "We make those again that a restored assignment needs.",
        before: None,
        after: after("Make those custom roles again that are still needed and that we did not restore.", 7),
        link: TRANSFER,
        types: &[],
        test: None,
    },
    Rule {
        id: "policy-assignment",
        row: "Azure Policy assignments",
        group: Group::Redo,
        hard_stop: false,
        recoverable: Recoverable::No,
        title: "Policy assignments",
        why: "Policy assignments do not move. Microsoft calls them not recoverable: they can only be exported, imported and assigned again.",
        when: AT_ONCE,
        todo: "Export them before the move and assign them again after it.",
        before: Some("Export the policy assignments, definitions and exemptions."),
        after: after("Import the definitions, assign the policies again and make the exemptions again.", 7),
        link: TRANSFER,
        types: &[],
        test: None,
    },
    Rule {
        id: "policy-inherited",
        row: "Azure Policy assignments",
        group: Group::Redo,
        hard_stop: false,
        recoverable: Recoverable::No,
        title: "Policies from a management group",
        why: "The subscription leaves its management groups and comes under those of the partner directory, with their policies.",
        when: AT_ONCE,
        todo: "Read which policies the partner directory's management groups assign.",
        before: None,
        after: after("Compare the policies from above with those there were, and assign what is missing.", 7),
        link: TRANSFER,
        types: &[],
        test: None,
    },
    Rule {
        id: "policy-definition",
        row: "Azure Policy custom definitions",
        group: Group::Redo,
        hard_stop: false,
        recoverable: Recoverable::No,
        title: "Custom policy definitions",
        why: "Custom policy and initiative definitions do not move.",
        when: AT_ONCE,
        todo: "Export them before the move and import them after it.",
        before: Some("Export the policy assignments, definitions and exemptions."),
        after: after("Import the policy definitions.", 7),
        link: TRANSFER,
        types: &[],
        test: None,
    },
    Rule {
        id: "policy-exemption",
        row: "Azure Policy exemptions",
        group: Group::Redo,
        hard_stop: false,
        recoverable: Recoverable::No,
        title: "Policy exemptions",
        why: "Policy exemptions do not move.",
        when: AT_ONCE,
        todo: "Export them before the move and make them again after it.",
        before: Some("Export the policy assignments, definitions and exemptions."),
        after: after("Make the policy exemptions again.", 7),
        link: TRANSFER,
        types: &[],
        test: None,
    },
    Rule {
        id: "data-lake-gen2",
        row: "Azure Storage and Azure Data Lake Storage Gen2",
        group: Group::Redo,
        hard_stop: false,
        recoverable: Recoverable::Yes,
        title: "Data Lake Storage Gen2",
        why: "Access lists on folders and files name people of the old directory.",
        when: AT_ONCE,
        todo: "Save the access lists before the move and write them again, for people of the partner directory, after it.",
        before: Some("Save the access lists on folders and files."),
        after: after("Write the access lists again, for people of the partner directory.", 7),
        link: TRANSFER,
        types: &["microsoft.storage/storageaccounts"],
        test: Some(hierarchical),
    },
    Rule {
        id: "data-lake-gen1",
        row: "Azure Data Lake Storage Gen1",
        group: Group::Redo,
        hard_stop: false,
        recoverable: Recoverable::Yes,
        title: "Data Lake Storage Gen1",
        why: "Access lists on folders and files name people of the old directory.",
        when: AT_ONCE,
        todo: "Write the access lists again after the move.",
        before: Some("Save the access lists on folders and files."),
        after: after("Write the access lists again, for people of the partner directory.", 7),
        link: TRANSFER,
        types: &["microsoft.datalakestore/accounts"],
        test: Some(always),
    },
    Rule {
        id: "files",
        row: "Azure Files",
        group: Group::Redo,
        hard_stop: false,
        recoverable: Recoverable::Yes,
        title: "File shares with identity-based access",
        why: "People sign in to the shares with accounts of the old directory.",
        when: AT_ONCE,
        todo: "Set up identity-based access for the partner directory and write the access lists again.",
        before: Some("Save the access lists on the shares."),
        after: after("Set up identity-based access and write the access lists again.", 7),
        link: TRANSFER,
        types: &["microsoft.storage/storageaccounts"],
        test: Some(files_identity),
    },
    Rule {
        id: "file-sync",
        row: "Azure File Sync",
        group: Group::Redo,
        hard_stop: false,
        recoverable: Recoverable::Yes,
        title: "File Sync services",
        why: "The sync service reaches the storage account with rights of the old directory.",
        when: AT_ONCE,
        todo: "Authorise the sync service on the storage account again.",
        before: None,
        after: after("Authorise the sync service on the storage account again, and look at a sync.", 2),
        link: TRANSFER,
        types: &["microsoft.storagesync/storagesyncservices"],
        test: Some(always),
    },
    Rule {
        id: "service-bus",
        row: "Azure Service Bus",
        group: Group::Redo,
        hard_stop: false,
        recoverable: Recoverable::Yes,
        title: "Service Bus namespaces",
        why: "Its managed identities and role assignments belong to the old directory.",
        when: AT_ONCE,
        todo: "Delete, make again and attach its managed identities, and give the roles again.",
        before: None,
        after: after("Make its managed identities again, attach them, and give the roles again.", 2),
        link: TRANSFER,
        types: &["microsoft.servicebus/namespaces"],
        test: Some(always),
    },
    Rule {
        id: "synapse",
        row: "Azure Synapse Analytics workspace",
        group: Group::Redo,
        hard_stop: false,
        recoverable: Recoverable::Yes,
        title: "Synapse workspaces",
        why: "The workspace and its Git connection name the old directory.",
        when: AT_ONCE,
        todo: "Set the workspace's tenant id and connect Git again with the new one.",
        before: None,
        after: after("Set the workspace's tenant id and connect Git again.", 2),
        link: TRANSFER,
        types: &["microsoft.synapse/workspaces"],
        test: Some(always),
    },
    Rule {
        id: "azure-stack",
        row: "Azure Stack",
        group: Group::Redo,
        hard_stop: false,
        recoverable: Recoverable::Yes,
        title: "Azure Stack",
        why: "It is registered with the old directory.",
        when: LATER,
        todo: "Register it again after the move.",
        before: None,
        after: after("Register it again.", 7),
        link: ASSOCIATE,
        types: &["microsoft.azurestack/registrations", "microsoft.azurestackhci/clusters"],
        test: Some(always),
    },
    Rule {
        id: "lighthouse",
        row: "Azure Lighthouse",
        group: Group::Redo,
        hard_stop: false,
        recoverable: Recoverable::Yes,
        title: "Delegations to another tenant",
        why: "The delegation was given by the old directory. A vault made through it stays tied to the managing tenant.",
        when: AT_ONCE,
        todo: "Remove the delegation before the move, and give it again after it if it is still wanted.",
        before: Some("Agree with the managing tenant and remove the delegation."),
        after: after("Give the delegation again if it is still wanted.", 7),
        link: VAULT,
        types: &[],
        test: None,
    },
    // What keeps working and is to be checked.
    Rule {
        id: "rotate-keys",
        row: "",
        group: Group::CheckIt,
        hard_stop: false,
        recoverable: Recoverable::Yes,
        title: "Access keys and connection strings",
        why: "Keys keep working. People of the old directory may still have them.",
        when: "It does not break.",
        todo: "Renew the keys after the move.",
        before: None,
        after: after("Renew both access keys, one after the other, and hand the new ones to the applications.", 30),
        link: TRANSFER,
        types: &[
            "microsoft.storage/storageaccounts",
            "microsoft.servicebus/namespaces",
            "microsoft.eventhub/namespaces",
            "microsoft.relay/namespaces",
            "microsoft.notificationhubs/namespaces",
            "microsoft.documentdb/databaseaccounts",
            "microsoft.cache/redis",
            "microsoft.cache/redisenterprise",
            "microsoft.cognitiveservices/accounts",
            "microsoft.search/searchservices",
            "microsoft.devices/iothubs",
            "microsoft.signalrservice/signalr",
            "microsoft.containerregistry/registries",
            "microsoft.batch/batchaccounts",
            "microsoft.appconfiguration/configurationstores",
        ],
        test: Some(has_keys),
    },
    Rule {
        id: "rotate-logins",
        row: "",
        group: Group::CheckIt,
        hard_stop: false,
        recoverable: Recoverable::Yes,
        title: "Database logins",
        why: "Logins with passwords keep working. People of the old directory may still know them.",
        when: "It does not break.",
        todo: "Change the passwords after the move.",
        before: None,
        after: after("Change the administrator's password and those of the applications.", 30),
        link: TRANSFER,
        types: &[
            "microsoft.sql/servers",
            "microsoft.sql/managedinstances",
            "microsoft.dbformysql/servers",
            "microsoft.dbformysql/flexibleservers",
            "microsoft.dbforpostgresql/servers",
            "microsoft.dbforpostgresql/flexibleservers",
        ],
        test: Some(has_logins),
    },
    Rule {
        id: "rotate-machines",
        row: "",
        group: Group::CheckIt,
        hard_stop: false,
        recoverable: Recoverable::Yes,
        title: "Local accounts of virtual machines",
        why: "Local passwords and SSH keys keep working. People of the old directory may still have them.",
        when: "It does not break.",
        todo: "Change them after the move.",
        before: None,
        after: after("Change local passwords and SSH keys.", 30),
        link: TRANSFER,
        types: &["microsoft.compute/virtualmachines"],
        test: Some(always),
    },
    Rule {
        id: "cosmos-db",
        row: "Azure Cosmos DB",
        group: Group::CheckIt,
        hard_stop: false,
        recoverable: Recoverable::Unknown,
        title: "Cosmos DB accounts",
        why: "Cosmos DB is not in Microsoft's list. Keys should keep working; roles for its data name people of the old directory.",
        when: "Microsoft does not say.",
        todo: "Look whether its data roles are used, and make them again after the move.",
        before: None,
        after: after("Make its data roles again, for people of the partner directory.", 7),
        link: TRANSFER,
        types: &["microsoft.documentdb/databaseaccounts"],
        test: Some(always),
    },
    Rule {
        id: "postgresql",
        row: "",
        group: Group::CheckIt,
        hard_stop: false,
        recoverable: Recoverable::Unknown,
        title: "PostgreSQL servers",
        why: "PostgreSQL is not in Microsoft's list. If people sign in to it with Entra accounts, they are of the old directory.",
        when: "Microsoft does not say.",
        todo: "If it has a Microsoft Entra administrator, give the applications logins of the database's own first.",
        before: None,
        after: after("If it had a Microsoft Entra administrator, set one from the partner directory.", 7),
        link: TRANSFER,
        types: &["microsoft.dbforpostgresql/servers", "microsoft.dbforpostgresql/flexibleservers"],
        test: Some(always),
    },
    Rule {
        id: "names-tenant",
        row: "",
        group: Group::CheckIt,
        hard_stop: false,
        recoverable: Recoverable::Unknown,
        title: "Other resources that name a directory",
        why: "Its settings name a directory. Microsoft's list does not say what becomes of it.",
        when: "Microsoft does not say.",
        todo: "Look at the resource's page in Microsoft's documentation before the move.",
        before: None,
        after: after("Look whether it still works, and which directory it names.", 7),
        link: TRANSFER,
        types: &[],
        test: Some(names_tenant),
    },
    Rule {
        id: "app-registration",
        row: "App registrations",
        group: Group::CheckIt,
        hard_stop: false,
        recoverable: Recoverable::Yes,
        title: "Applications with access",
        why: "The application has a role here and is registered in, or known to, the old directory. It can't sign in to the partner directory unless it is known there.",
        when: AT_ONCE,
        todo: "Register it in the partner directory, or consent to it there.",
        before: None,
        after: Some(After {
            what: "Register the application in the partner directory, or consent to it there, and change the directory it signs in to.",
            who: Actor::Owner,
            due_days: 7,
        }),
        link: TRANSFER,
        types: &[],
        test: None,
    },
    Rule {
        id: "lock",
        row: "",
        group: Group::CheckIt,
        hard_stop: false,
        recoverable: Recoverable::Unknown,
        title: "Locks",
        why: "Microsoft's list does not name locks. A read-only lock keeps access from being restored.",
        when: "Microsoft does not say.",
        todo: "Remove read-only locks before the move, and look afterwards whether the others are still there.",
        before: None,
        after: after("Look whether the lock is still there.", 7),
        link: "https://learn.microsoft.com/azure/azure-resource-manager/management/lock-resources",
        types: &[],
        test: None,
    },
    Rule {
        id: "deny-assignment",
        row: "",
        group: Group::CheckIt,
        hard_stop: false,
        recoverable: Recoverable::Unknown,
        title: "Deny assignments",
        why: "Azure makes and removes deny assignments itself, for managed applications and deployment stacks.",
        when: "Microsoft does not say.",
        todo: "Look after the move whether the managed application or stack still protects its resources.",
        before: None,
        after: after("Look whether the managed application or stack still protects its resources.", 7),
        link: "https://learn.microsoft.com/azure/role-based-access-control/deny-assignments",
        types: &[],
        test: None,
    },
    // Who loses access.
    Rule {
        id: "role-assignment",
        row: "Role assignments",
        group: Group::LosesAccess,
        hard_stop: false,
        recoverable: Recoverable::Yes,
        title: "Role assignments",
        why: "Azure deletes every role assignment.",
        when: AT_ONCE,
        todo: "Decide in the review whether it is restored, and for whom.",
        before: None,
        after: None,
        link: TRANSFER,
        types: &[],
        test: None,
    },
    Rule {
        id: "role-assignment-inherited",
        row: "Role assignments",
        group: Group::LosesAccess,
        hard_stop: false,
        recoverable: Recoverable::No,
        title: "Role assignments from above",
        why: "It comes from a management group or the root of the old directory, which the subscription leaves.",
        when: AT_ONCE,
        todo: "Give the role on the subscription itself, or on a management group of the partner directory, if it is still needed.",
        before: None,
        after: None,
        link: TRANSFER,
        types: &[],
        test: None,
    },
    Rule {
        id: "eligible-role",
        row: "Role assignments",
        group: Group::LosesAccess,
        hard_stop: false,
        recoverable: Recoverable::Yes,
        title: "Eligible roles (Privileged Identity Management)",
        why: "Roles that someone may activate are deleted with the others. We can't restore them.",
        when: AT_ONCE,
        todo: "Make the eligibility again in the partner directory's Privileged Identity Management.",
        before: None,
        after: after("Make the eligibility again in the partner directory's Privileged Identity Management.", 7),
        link: TRANSFER,
        types: &[],
        test: None,
    },
    Rule {
        id: "classic-administrator",
        row: "Classic administrators",
        group: Group::LosesAccess,
        hard_stop: false,
        recoverable: Recoverable::No,
        title: "Classic administrators",
        why: "Classic administrators lose their access. Microsoft has retired them.",
        when: AT_ONCE,
        todo: "Give the person a role instead, if they still need access.",
        before: None,
        after: None,
        link: ASSOCIATE,
        types: &[],
        test: None,
    },
    // What does not change. In the table so that nobody has to ask; never a finding.
    Rule {
        id: "billing",
        row: "Billing ownership",
        group: Group::CheckIt,
        hard_stop: false,
        recoverable: Recoverable::Yes,
        title: "Billing",
        why: "Changing the directory does not change who pays.",
        when: "It does not break.",
        todo: "Nothing. Transferring the billing is another procedure.",
        before: None,
        after: None,
        link: CHANGE,
        types: &[],
        test: None,
    },
];

fn yes() -> Concern {
    Concern::Yes(Vec::new(), None)
}

fn when(holds: bool) -> Concern {
    if holds { yes() } else { Concern::No }
}

fn always(_: &Resource) -> Concern {
    yes()
}

fn entra_sign_in(resource: &Resource) -> Concern {
    if resource.has_administrators() {
        return yes();
    }
    match resource.entra_sign_in {
        EntraSignIn::On => yes(),
        EntraSignIn::Off => Concern::No,
        EntraSignIn::Unasked | EntraSignIn::NotReadable => {
            Concern::NotReadable("Whether people sign in to it with Microsoft Entra accounts")
        }
    }
}

/// Projects and environment types are Deployment Environments' side of a dev center, all else is Dev Box'.
fn is_environment(resource: &Resource) -> bool {
    let of = resource.type_lower();
    of == "microsoft.devcenter/projects" || of.ends_with("/environmenttypes") || of.ends_with("/environments")
}

fn dev_box(resource: &Resource) -> Concern {
    when(!is_environment(resource))
}

fn deployment_environments(resource: &Resource) -> Concern {
    when(is_environment(resource))
}

fn system_identity(resource: &Resource) -> Concern {
    // A disk encryption set has a rule of its own, with the same remedy and more to say.
    let own_rule = resource.type_lower() == "microsoft.compute/diskencryptionsets";
    when(!own_rule && resource.identity_type.to_ascii_lowercase().contains("systemassigned"))
}

fn uses_identity(resource: &Resource) -> Concern {
    let identities = resource.user_assigned_ids();
    if identities.is_empty() && !resource.identity_type.to_ascii_lowercase().contains("userassigned") {
        return Concern::No;
    }
    let detail = identities.is_empty().then(|| "Which identities it uses could not be read.".to_owned());
    Concern::Yes(identities, detail)
}

fn vault(resource: &Resource) -> Concern {
    let detail = match resource.prop_tenant.as_str() {
        "" => "Which directory it trusts could not be read.".to_owned(),
        tenant => format!("It trusts the directory {tenant}."),
    };
    Concern::Yes(Vec::new(), Some(detail))
}

fn disk_encryption(resource: &Resource) -> Concern {
    when(resource.disk_encryption.get("enabled").and_then(serde_json::Value::as_bool) == Some(true))
}

fn hierarchical(resource: &Resource) -> Concern {
    match resource.is_hns_enabled {
        Some(true) => yes(),
        // Azure leaves the property out of accounts that were made without it.
        Some(false) | None => Concern::No,
    }
}

fn files_identity(resource: &Resource) -> Concern {
    let service = resource.directory_service.as_str();
    if service.is_empty() || service.eq_ignore_ascii_case("None") {
        return Concern::No;
    }
    Concern::Yes(Vec::new(), Some(format!("People sign in through {service}.")))
}

fn has_keys(resource: &Resource) -> Concern {
    when(resource.shared_key_access != Some(false) && resource.disable_local_auth != Some(true))
}

fn has_logins(resource: &Resource) -> Concern {
    let only = resource.administrators.get("azureADOnlyAuthentication").and_then(serde_json::Value::as_bool);
    when(only != Some(true))
}

/// Types with a rule of their own say what becomes of the directory they name.
fn names_tenant(resource: &Resource) -> Concern {
    let of = resource.type_lower();
    let own_rule = super::RULES
        .iter()
        .any(|rule| !rule.row.is_empty() && rule.test.is_some() && !rule.types.is_empty() && rule.covers(&of))
        || of.starts_with("microsoft.keyvault/");
    if own_rule || resource.prop_tenant.is_empty() {
        return Concern::No;
    }
    Concern::Yes(Vec::new(), Some(format!("It names the directory {}.", resource.prop_tenant)))
}
