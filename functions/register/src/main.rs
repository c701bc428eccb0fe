//! Starts `register`.

use ops::{Clock, Config};
use register::Deps;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    ops::init_logging();
    let config = Config::from_env(&["ONBOARDING_TABLE"])?;
    let aws = ops::aws().await;
    let deps = Deps {
        microsoft: ops::microsoft(&config)?,
        store: store::Store::new(&aws, config.onboarding_table, String::new()),
        clock: Clock::system(),
    };
    ops::run(|event| register::handle(&deps, event)).await
}
