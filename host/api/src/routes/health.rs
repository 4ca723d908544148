//! Whether the daemon lives, and whether it takes work.

use crate::error::{ApiError, ErrorKind};
use crate::openapi::NotReady;
use crate::state::Api;
use axum::extract::State;

/// The process answers
#[utoipa::path(
    get, path = "/healthz", operation_id = "healthz", tag = "health", security(()),
    responses((status = 200, description = "It does", body = String, content_type = "text/plain"))
)]
pub(crate) async fn healthz() -> &'static str {
    "ok\n"
}

/// The daemon takes work: its store answers, and it is not ending
#[utoipa::path(
    get, path = "/readyz", operation_id = "readyz", tag = "health", security(()),
    responses(
        (status = 200, description = "It does", body = String, content_type = "text/plain"),
        NotReady
    )
)]
pub(crate) async fn readyz(State(api): State<Api>) -> Result<&'static str, ApiError> {
    if api.daemon.is_ready().await {
        return Ok("ready\n");
    }
    Err(ApiError::new(ErrorKind::Unavailable, "the daemon is ending, or its store does not answer")
        .retry_after(5))
}
