//! Starts `add-administrator`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    ops::init_logging();
    let deps = step::Deps::from_env().await?;
    ops::run(|event| add_administrator::handle(&deps, event)).await
}
