//! Starts `associate-credentials`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    ops::init_logging();
    let portal = ops::Config::from_env(&["PORTAL_URL"])?.portal_url;
    let deps = step::Deps::from_env().await?;
    ops::run(|event| associate_credentials::handle(&deps, &portal, event)).await
}
