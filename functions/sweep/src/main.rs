//! Starts `sweep`.

use ops::{Clock, Config, Event};
use sweep::{Deps, Input};

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
    let deps = &deps;
    ops::run(|event: Event<Input>| async move { sweep::handle(deps, &event.payload).await }).await
}
