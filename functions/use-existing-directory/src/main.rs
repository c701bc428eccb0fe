//! Starts `use-existing-directory`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    ops::init_logging();
    let deps = step::Deps::from_env().await?;
    ops::run(|event| use_existing_directory::handle(&deps, event)).await
}
