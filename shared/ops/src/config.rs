//! The environment, read in one place. A function that misses a variable stops at its start and says which.

use onboarding::{Cloud, ObjectId, TenantId};
use url::Url;

/// What the template tells a function. Each field's doc names its variable; a function gets only those it uses, so most
/// are empty in most functions.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// `ONBOARDING_TABLE`: name of the table of onboardings.
    pub onboarding_table: String,
    /// `EPHEMERAL_TABLE`: name of the table of sign-in sessions.
    pub ephemeral_table: String,
    /// `TOKEN_KEY_ARN`: the KMS key that seals refresh tokens.
    pub token_key: String,
    /// `APP_CREDENTIAL_SECRET_ID`: the secret with the app registration's credential.
    pub app_credential_secret: String,
    /// `LINK_KEY_SECRET_ID`: the secret with the key of links.
    pub link_key_secret: String,
    /// `PORTAL_URL`: where people reach the pages, without a slash at the end.
    pub portal_url: String,
    /// `STATE_MACHINE_ARN`: the state machine.
    pub state_machine: String,
    /// `MAIL_FROM`: the sender of mails.
    pub mail_from: String,
    /// `MAIL_EVENTS`: the configuration set of every mail, which says what became of it.
    pub mail_events: String,
    /// `EVENT_BUS`: name of the bus that the product's events go to.
    pub event_bus: String,
    /// `WEBHOOK_URL`: where events are sent; empty while they are sent nowhere.
    pub webhook_url: Option<Url>,
    /// `WEBHOOK_SECRET_ID`: the secret that signs what is sent there.
    pub webhook_secret: String,
    /// `SIMULATED_MICROSOFT`: address of a simulated Microsoft cloud on this machine; empty on AWS.
    pub simulated_microsoft: Option<Url>,
    /// `RETIRED_CLOUDS`: `allow` lets closed clouds through; anything else refuses them.
    pub allow_retired_clouds: bool,
    /// `WAIT_DEADLINE_SECONDS`: how long a person has, in seconds. A week unless set.
    pub wait_deadline_seconds: i64,
    /// `COOL_OFF_SECONDS`: how long a confirmed move rests before it begins, so that it can be cancelled. None unless set.
    pub cool_off_seconds: i64,
    /// `OPERATOR_TENANT_ID`, `OPERATOR_GROUP_ID`, `OPERATOR_CLOUD`: who may use the operator's pages. None where neither id is set.
    pub operators: Option<Operators>,
}

/// Who may use the operator's pages: the members of a group of a directory, in a cloud.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operators {
    /// The directory.
    pub tenant: TenantId,
    /// The group's object id there.
    pub group: ObjectId,
    /// The cloud; public unless set.
    pub cloud: Cloud,
}

/// A variable that must be there and is not, or is not what it must be.
#[derive(Debug, thiserror::Error)]
#[error("the environment variable {name} must be {must_be}")]
pub struct ConfigError {
    name: &'static str,
    must_be: &'static str,
}

const WEEK: i64 = 7 * 24 * 3600;

impl Config {
    /// Reads the process's environment and insists on the variables named.
    ///
    /// # Errors
    /// The first variable that is missing or malformed.
    pub fn from_env(required: &[&'static str]) -> Result<Self, ConfigError> {
        #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
        Self::from_lookup(required, |name| std::env::var(name).ok())
    }

    /// The same from any source.
    ///
    /// # Errors
    /// The first variable that is missing or malformed.
    pub fn from_lookup(
        required: &[&'static str],
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let read = |name: &str| lookup(name).map(|value| value.trim().to_owned()).unwrap_or_default();
        if let Some(name) = required.iter().find(|name| read(name).is_empty()) {
            return Err(ConfigError { name, must_be: "set" });
        }
        let simulated = read("SIMULATED_MICROSOFT");
        let simulated_microsoft = match Url::parse(&simulated) {
            Ok(url) => Some(url),
            Err(_) if simulated.is_empty() => None,
            Err(_) => {
                return Err(ConfigError { name: "SIMULATED_MICROSOFT", must_be: "a URL, or empty" });
            }
        };
        let webhook = read("WEBHOOK_URL");
        let webhook_url = match Url::parse(&webhook) {
            Ok(url) if url.scheme() == "https" || is_loopback(&url) => Some(url),
            Err(_) if webhook.is_empty() => None,
            _ => return Err(ConfigError { name: "WEBHOOK_URL", must_be: "an https URL, or empty" }),
        };
        let deadline = read("WAIT_DEADLINE_SECONDS");
        let wait_deadline_seconds = match deadline.parse() {
            Ok(seconds) if seconds > 0 => seconds,
            _ if deadline.is_empty() => WEEK,
            _ => {
                return Err(ConfigError { name: "WAIT_DEADLINE_SECONDS", must_be: "a number of seconds above 0" });
            }
        };
        let cool_off = read("COOL_OFF_SECONDS");
        let cool_off_seconds = match cool_off.parse() {
            Ok(seconds) if seconds >= 0 => seconds,
            _ if cool_off.is_empty() => 0,
            _ => {
                return Err(ConfigError { name: "COOL_OFF_SECONDS", must_be: "a number of seconds, 0 or above" });
            }
        };
        let operators = operators(&read)?;
        Ok(Self {
            onboarding_table: read("ONBOARDING_TABLE"),
            ephemeral_table: read("EPHEMERAL_TABLE"),
            token_key: read("TOKEN_KEY_ARN"),
            app_credential_secret: read("APP_CREDENTIAL_SECRET_ID"),
            link_key_secret: read("LINK_KEY_SECRET_ID"),
            portal_url: read("PORTAL_URL").trim_end_matches('/').to_owned(),
            state_machine: read("STATE_MACHINE_ARN"),
            mail_from: read("MAIL_FROM"),
            mail_events: read("MAIL_EVENTS"),
            event_bus: read("EVENT_BUS"),
            webhook_url,
            webhook_secret: read("WEBHOOK_SECRET_ID"),
            simulated_microsoft,
            allow_retired_clouds: read("RETIRED_CLOUDS") == "allow",
            wait_deadline_seconds,
            cool_off_seconds,
            operators,
        })
    }
}

/// Plain http is for a receiver on this machine only.
fn is_loopback(url: &Url) -> bool {
    url.scheme() == "http" && matches!(url.host_str(), Some("127.0.0.1" | "localhost"))
}

/// Both ids or neither: one alone would be a door that nobody meant to open, or to close.
fn operators(read: &impl Fn(&str) -> String) -> Result<Option<Operators>, ConfigError> {
    let (tenant, group, cloud) = (read("OPERATOR_TENANT_ID"), read("OPERATOR_GROUP_ID"), read("OPERATOR_CLOUD"));
    if tenant.is_empty() && group.is_empty() {
        return Ok(None);
    }
    let wrong = |name, must_be| ConfigError { name, must_be };
    let tenant = TenantId::parse(&tenant)
        .map_err(|_| wrong("OPERATOR_TENANT_ID", "the id of a directory, as OPERATOR_GROUP_ID is set"))?;
    let group = ObjectId::parse(&group)
        .map_err(|_| wrong("OPERATOR_GROUP_ID", "the object id of a group, as OPERATOR_TENANT_ID is set"))?;
    let cloud = match Cloud::parse(&cloud) {
        Some(cloud) => cloud,
        None if cloud.is_empty() => Cloud::Public,
        None => return Err(wrong("OPERATOR_CLOUD", "the name of a cloud, such as public")),
    };
    Ok(Some(Operators { tenant, group, cloud }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_variable_is_named() {
        let error = Config::from_lookup(&["ONBOARDING_TABLE"], |_| None).unwrap_err();
        assert_eq!(error.to_string(), "the environment variable ONBOARDING_TABLE must be set");
    }

    #[test]
    fn what_is_not_set_has_a_default_and_what_is_malformed_is_refused() {
        let config = Config::from_lookup(&[], |_| None).unwrap();
        assert_eq!(config.wait_deadline_seconds, WEEK);
        assert!(!config.allow_retired_clouds && config.simulated_microsoft.is_none());
        for name in ["WAIT_DEADLINE_SECONDS", "SIMULATED_MICROSOFT", "COOL_OFF_SECONDS"] {
            assert!(Config::from_lookup(&[], |asked| (asked == name).then(|| "-1".into())).is_err(), "{name}");
        }
    }

    #[test]
    fn a_webhook_is_https_or_on_this_machine() {
        let with = |url: &'static str| Config::from_lookup(&[], |asked| (asked == "WEBHOOK_URL").then(|| url.into()));
        assert!(with("").unwrap().webhook_url.is_none());
        for good in ["https://hooks.contoso.com/mooring", "http://127.0.0.1:4000/x"] {
            assert!(with(good).unwrap().webhook_url.is_some(), "{good}");
        }
        for bad in ["http://hooks.contoso.com/", "ftp://127.0.0.1/", "http://127.0.0.1.contoso.com/", "hooks"] {
            assert!(with(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn operators_are_named_by_both_ids_or_not_at_all() {
        const ID: &str = "11111111-1111-1111-1111-111111111111";
        let with = |tenant: &'static str, group: &'static str, cloud: &'static str| {
            Config::from_lookup(&[], |asked| {
                let value = match asked {
                    "OPERATOR_TENANT_ID" => tenant,
                    "OPERATOR_GROUP_ID" => group,
                    "OPERATOR_CLOUD" => cloud,
                    _ => return None,
                };
                Some(value.to_owned())
            })
        };
        assert_eq!(with("", "", "public").unwrap().operators, None);
        assert_eq!(with(ID, ID, "").unwrap().operators.unwrap().cloud, Cloud::Public);
        assert_eq!(with(ID, ID, "us-government").unwrap().operators.unwrap().cloud, Cloud::UsGovernment);
        for (tenant, group, cloud) in [(ID, "", ""), ("", ID, ""), (ID, "operators", ""), (ID, ID, "moon")] {
            assert!(with(tenant, group, cloud).is_err(), "{tenant} {group} {cloud}");
        }
    }
}
