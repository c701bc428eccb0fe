//! What every function has in common: where its configuration comes from, how it logs, what time it is, and how an
//! error gets its name on the wire.

pub mod batch;
pub mod config;
mod error;
mod logging;
mod ports;
mod run;

pub use config::Config;
pub use error::StepError;
pub use logging::init as init_logging;
pub use ports::{Clock, random};
pub use run::{Event, decode, run};

/// The AWS clients' configuration, from the function's environment. The behaviour version is pinned, so that an update of
/// the SDK changes nothing that nobody looked at.
pub async fn aws() -> aws_config::SdkConfig {
    aws_config::load_defaults(aws_config::BehaviorVersion::v2026_01_12()).await
}

/// Microsoft's APIs, as the configuration points to them. Calls no network.
///
/// # Errors
/// A simulated cloud that is not on loopback, or an HTTP client that can't be built.
pub fn microsoft(config: &Config) -> Result<microsoft::Microsoft, Box<dyn std::error::Error + Send + Sync>> {
    let simulated = config
        .simulated_microsoft
        .as_ref()
        .map(|base| microsoft::clouds::LoopbackBase::parse(base.as_str()))
        .transpose()?;
    let clouds = microsoft::clouds::Clouds::new(simulated, config.allow_retired_clouds);
    Ok(microsoft::Microsoft::new(clouds, microsoft::HttpSettings::new(random()?))?)
}

/// The name of a failed call that was made without anybody's token: nobody can sign in to mend it.
#[must_use]
pub fn upstream_name(error: &microsoft::Error) -> onboarding::ErrorName {
    use microsoft::ErrorKind;
    use onboarding::ErrorName;
    match error.kind() {
        ErrorKind::Throttled => ErrorName::UpstreamThrottled,
        ErrorKind::Unavailable | ErrorKind::UnknownOutcome => ErrorName::UpstreamUnavailable,
        ErrorKind::ClaimsChallenge
        | ErrorKind::WrongTenant
        | ErrorKind::Unauthenticated
        | ErrorKind::Forbidden
        | ErrorKind::NotFound
        | ErrorKind::Conflict
        | ErrorKind::NotRegistered
        | ErrorKind::UnsupportedVersion
        | ErrorKind::Invalid
        | ErrorKind::Unexpected
        | ErrorKind::ForeignAddress
        | ErrorKind::Entra(_)
        | ErrorKind::IdToken(_)
        | ErrorKind::Credential => ErrorName::UpstreamRejected,
    }
}
