//! Starts `webhook`.

use ops::{Clock, Config, Event};
use vault::WebhookKey;
use webhook::Deps;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    ops::init_logging();
    let config = Config::from_env(&["WEBHOOK_SECRET_ID"])?;
    let key = WebhookKey::read(&ops::aws().await, &config.webhook_secret).await?;
    let deps = Deps::new(config.webhook_url, key, Clock::system())?;
    ops::run(|event: Event<_>| webhook::handle(&deps, event.payload)).await
}
