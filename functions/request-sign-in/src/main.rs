//! Starts `request-sign-in`.

use ops::{Clock, Config};
use request_sign_in::Deps;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    ops::init_logging();
    let config = Config::from_env(&["ONBOARDING_TABLE"])?;
    let aws = ops::aws().await;
    let deps = Deps {
        store: store::Store::new(&aws, config.onboarding_table, String::new()),
        clock: Clock::system(),
        deadline_seconds: config.wait_deadline_seconds,
    };
    ops::run(|event| request_sign_in::handle(&deps, event)).await
}
