//! What every function has in common: where its configuration comes from, how it logs, what time it is, and how an
//! error gets its name on the wire.

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
