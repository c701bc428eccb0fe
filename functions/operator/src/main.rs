//! Starts `operator`.

use std::convert::Infallible;

use lambda_http::{Request, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    ops::init_logging();
    let deps = &operator::Deps::from_env().await?;
    lambda_http::run(service_fn(move |request: Request| async move {
        Ok::<_, Infallible>(operator::handle(deps, &request).await)
    }))
    .await
}
