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
