//! Figures for meters.

use crate::auth::{By, Read};
use crate::error::ApiError;
use crate::openapi::Guarded;
use crate::state::Api;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Figures for Prometheus: the queue, phases' times, boards, verdicts, requests
#[utoipa::path(
    get, path = "/metrics", operation_id = "metrics", tag = "health",
    responses(
        (status = 200, description = "OpenMetrics text", body = String,
         content_type = "application/openmetrics-text"),
        Guarded
    )
)]
pub(crate) async fn metrics(State(api): State<Api>, _: By<Read>) -> Result<Response, ApiError> {
    let snapshot = api.daemon.snapshot().await?;
    let text = api.metrics.text(snapshot).map_err(|error| ApiError::internal(&error))?;
    Ok(([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response())
}
