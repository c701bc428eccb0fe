//! Starts `bounces`.

use bounces::Deps;
use ops::{Clock, Config, Event};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    ops::init_logging();
    let config = Config::from_env(&["ONBOARDING_TABLE"])?;
    let store = store::Store::new(&ops::aws().await, config.onboarding_table, String::new());
    let deps = Deps { store, clock: Clock::system() };
    ops::run(|event: Event<_>| bounces::handle(&deps, event.payload)).await
}
