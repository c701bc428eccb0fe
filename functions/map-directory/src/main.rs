//! Starts `map-directory`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    ops::init_logging();
    let deps = step::Deps::from_env().await?;
    ops::run(|event| map_directory::handle(&deps, event)).await
}
