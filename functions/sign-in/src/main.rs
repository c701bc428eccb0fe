//! Starts `sign-in`.

use std::convert::Infallible;

use lambda_http::{Request, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    ops::init_logging();
    let deps = &sign_in::Deps::from_env().await?;
    lambda_http::run(service_fn(move |request: Request| async move {
        Ok::<_, Infallible>(sign_in::handle(deps, &request).await)
    }))
    .await
}
