//! Every request and every answer passes here.

use std::io;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;

use crate::scenario::Scenario;

/// The running clouds.
#[derive(Debug)]
pub(crate) struct Cloud {}

impl Cloud {
    pub(crate) fn new(_base: String, _scenario: Scenario) -> io::Result<Self> {
        Ok(Self {})
    }
}

pub(crate) async fn serve(State(_cloud): State<Arc<Cloud>>) -> StatusCode {
    StatusCode::NOT_FOUND
}
