//! Starts `publish`.

use ops::{Config, Event};
use publish::Deps;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    ops::init_logging();
    let config = Config::from_env(&["ONBOARDING_TABLE", "EVENT_BUS"])?;
    let aws = ops::aws().await;
    let deps = Deps {
        store: store::Store::new(&aws, config.onboarding_table, String::new()),
        events: aws_sdk_eventbridge::Client::new(&aws),
        bus: config.event_bus,
    };
    ops::run(|event: Event<_>| publish::handle(&deps, event.payload)).await
}
