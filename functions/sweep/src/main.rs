//! Starts `sweep`.

use ops::{Clock, Config, Event};
use sweep::Deps;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    ops::init_logging();
    let config = Config::from_env(&["ONBOARDING_TABLE"])?;
    let aws = ops::aws().await;
    let deps = Deps {
        store: store::Store::new(&aws, config.onboarding_table, String::new()),
        signal: signal::Signal::new(&aws),
        clock: Clock::system(),
    };
    // The schedule's event says nothing that is needed.
    ops::run(|_: Event<serde_json::Value>| sweep::handle(&deps)).await
}
