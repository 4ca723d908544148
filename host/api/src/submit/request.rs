//! A submission's body, in either form.

use super::multipart;
use crate::error::{ApiError, ErrorKind};
use crate::extract::{bytes_refused, json_refused, media_type};
use crate::state::Api;
use crate::types::SubmitRequest;
use axum::Json;
use axum::extract::{FromRequest as _, Multipart, Request};
use bytes::Bytes;

/// What a body is read into; JSON is parsed where that holds nobody up.
pub(crate) enum Sent {
    Json(Bytes),
    Multipart(SubmitRequest),
}

/// Reads the body.
pub(crate) async fn read(api: &Api, request: Request) -> Result<Sent, ApiError> {
    match media_type(request.headers()).as_deref() {
        Some("application/json") => {
            let max = api.config.limits.body_bytes;
            let bytes = Bytes::from_request(request, api).await;
            Ok(Sent::Json(bytes.map_err(|rejection| bytes_refused(&rejection, max))?))
        }
        Some("multipart/form-data") => {
            let parts = Multipart::from_request(request, api).await.map_err(|rejection| {
                ApiError::new(ErrorKind::Malformed, rejection.body_text())
                    .accepting("`Content-Type: multipart/form-data; boundary=…`")
            })?;
            Ok(Sent::Multipart(multipart::read(parts, &api.config.limits).await?))
        }
        _ => Err(ApiError::new(
            ErrorKind::UnsupportedMediaType,
            "the body is neither said to be JSON nor a form",
        )
        .accepting("`Content-Type: application/json` or `multipart/form-data`")),
    }
}

impl Sent {
    /// What it asks for.
    pub(crate) fn parse(self) -> Result<SubmitRequest, ApiError> {
        match self {
            Self::Json(bytes) => match Json::from_bytes(&bytes) {
                Ok(Json(request)) => Ok(request),
                Err(rejection) => Err(json_refused(&rejection)),
            },
            Self::Multipart(request) => Ok(request),
        }
    }
}
