//! Starts `restore-access`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    ops::init_logging();
    let deps = step::Deps::from_env().await?;
    ops::run(|event| restore_access::handle(&deps, event)).await
}
