//! Starts `notify`.

use notify::Deps;
use ops::{Clock, Config, Event};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    ops::init_logging();
    let config =
        Config::from_env(&["ONBOARDING_TABLE", "LINK_KEY_SECRET_ID", "PORTAL_URL", "MAIL_FROM", "MAIL_EVENTS"])?;
    let aws = ops::aws().await;
    let deps = Deps {
        store: store::Store::new(&aws, config.onboarding_table, String::new()),
        secrets: vault::Secrets::new(&aws, String::new(), config.link_key_secret),
        mail: aws_sdk_sesv2::Client::new(&aws),
        from: config.mail_from,
        events: config.mail_events,
        portal: config.portal_url,
        clock: Clock::system(),
    };
    ops::run(|event: Event<_>| notify::handle(&deps, event.payload)).await
}
