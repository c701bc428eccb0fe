//! Logs: one JSON object a line on standard output, which Lambda passes on.
//!
//! The law: the message is readable alone and its ids are fields too; units are in names; a failure is logged once, where
//! it is handled; never secrets, personal data or bodies.

use tracing::Level;

/// Starts logging at the level of the variable `LOG_LEVEL` (`info` unless set). The libraries below us stay silent up to their
/// warnings: their debug lines hold headers and bodies.
pub fn init() {
    #[expect(
        clippy::disallowed_methods,
        reason = "logging starts before the configuration is read, so that its errors are logged"
    )]
    let level = std::env::var("LOG_LEVEL").ok().and_then(|level| level.parse().ok()).unwrap_or(Level::INFO);
    use tracing_subscriber::layer::SubscriberExt as _;
    use tracing_subscriber::util::SubscriberInitExt as _;
    let ours = tracing_subscriber::filter::filter_fn(move |event| {
        let allowed = if OURS.iter().any(|name| event.target().starts_with(name)) { level } else { Level::WARN };
        *event.level() <= allowed
    });
    let json = tracing_subscriber::fmt::layer().json().flatten_event(true).with_ansi(false);
    // A second start in one process (tests) keeps the first.
    let _ = tracing_subscriber::registry().with(json).with(ours).try_init();
}

/// The crates whose log lines follow the law above.
const OURS: [&str; 12] = [
    "mooring",
    "microsoft",
    "ops",
    "step",
    "assess",
    "store",
    "signal",
    "notify",
    "sweep",
    "publish",
    "webhook",
    "bounces",
];
