//! The environment, read in one place. A function that misses a variable stops at its start and says which.

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
    /// `SIMULATED_MICROSOFT`: address of a simulated Microsoft cloud on this machine; empty on AWS.
    pub simulated_microsoft: Option<Url>,
    /// `RETIRED_CLOUDS`: `allow` lets closed clouds through; anything else refuses them.
    pub allow_retired_clouds: bool,
    /// `WAIT_DEADLINE_SECONDS`: how long a person has, in seconds. A week unless set.
    pub wait_deadline_seconds: i64,
    /// `COOL_OFF_SECONDS`: how long a confirmed move rests before it begins, so that it can be cancelled. None unless set.
    pub cool_off_seconds: i64,
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
        Ok(Self {
            onboarding_table: read("ONBOARDING_TABLE"),
            ephemeral_table: read("EPHEMERAL_TABLE"),
            token_key: read("TOKEN_KEY_ARN"),
            app_credential_secret: read("APP_CREDENTIAL_SECRET_ID"),
            link_key_secret: read("LINK_KEY_SECRET_ID"),
            portal_url: read("PORTAL_URL").trim_end_matches('/').to_owned(),
            state_machine: read("STATE_MACHINE_ARN"),
            mail_from: read("MAIL_FROM"),
            simulated_microsoft,
            allow_retired_clouds: read("RETIRED_CLOUDS") == "allow",
            wait_deadline_seconds,
            cool_off_seconds,
        })
    }
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
}
