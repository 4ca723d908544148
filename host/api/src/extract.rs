//! What handlers take out of requests, refused with problem details.

use crate::error::{ApiError, ErrorKind};
use crate::state::{Api, too_large};
use axum::Json;
use axum::extract::rejection::{BytesRejection, JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use bytes::Bytes;
use filbench_store::IdError;
use serde::de::DeserializeOwned;
use std::str::FromStr;

/// Bytes of a JSON body that is no submission.
pub(crate) const SMALL: usize = 64 << 10;

/// A JSON body.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<Api> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, api: &Api) -> Result<Self, ApiError> {
        match Json::from_request(request, api).await {
            Ok(Json(value)) => Ok(Self(value)),
            Err(rejection) => Err(json_refused(&rejection)),
        }
    }
}

/// Why a JSON body is not taken.
pub(crate) fn json_refused(rejection: &JsonRejection) -> ApiError {
    let text = rejection.body_text();
    match rejection {
        JsonRejection::JsonDataError(_) => ApiError::new(ErrorKind::Invalid, text),
        JsonRejection::MissingJsonContentType(_) => {
            ApiError::new(ErrorKind::UnsupportedMediaType, "the body is not said to be JSON")
                .accepting("`Content-Type: application/json`")
        }
        JsonRejection::BytesRejection(rejection) => bytes_refused(rejection, SMALL),
        _ => ApiError::new(ErrorKind::Malformed, text).accepting("one JSON value"),
    }
}

/// Why the bytes of a body are not taken.
pub(crate) fn bytes_refused(rejection: &BytesRejection, bytes_max: usize) -> ApiError {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_large(bytes_max),
        _ => ApiError::new(ErrorKind::Malformed, "the request's body breaks off"),
    }
}

/// A body of any bytes, at most as many as the route allows.
pub(crate) async fn bytes(
    request: Request,
    api: &Api,
    bytes_max: usize,
) -> Result<Bytes, ApiError> {
    Bytes::from_request(request, api)
        .await
        .map_err(|rejection| bytes_refused(&rejection, bytes_max))
}

/// The query's parameters; others are refused where `T` refuses them.
pub(crate) struct Asked<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<Api> for Asked<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        match Query::from_request_parts(parts, api).await {
            Ok(Query(value)) => Ok(Self(value)),
            Err(rejection) => {
                let rejection: QueryRejection = rejection;
                Err(ApiError::new(ErrorKind::Invalid, rejection.body_text()))
            }
        }
    }
}

/// The only part of the path that varies: an id. Text that is none names nothing.
pub(crate) struct Named<T>(pub(crate) T);

impl<T> FromRequestParts<Api> for Named<T>
where
    T: FromStr<Err = IdError>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        let Path(text) =
            Path::<String>::from_request_parts(parts, api).await.map_err(path_refused)?;
        Ok(Self(id(&text)?))
    }
}

/// An id within a path.
pub(crate) fn id<T: FromStr<Err = IdError>>(text: &str) -> Result<T, ApiError> {
    text.parse().map_err(|error: IdError| ApiError::new(ErrorKind::NotFound, error.to_string()))
}

/// The parts of the path that vary, as text.
pub(crate) struct Parted<T>(pub(crate) T);

impl<T: DeserializeOwned + Send> FromRequestParts<Api> for Parted<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        let Path(value) = Path::<T>::from_request_parts(parts, api).await.map_err(path_refused)?;
        Ok(Self(value))
    }
}

fn path_refused(rejection: PathRejection) -> ApiError {
    ApiError::new(ErrorKind::NotFound, rejection.body_text())
}

/// An id in a query.
pub(crate) fn asked_id<T: FromStr<Err = IdError>>(
    text: Option<&str>,
) -> Result<Option<T>, ApiError> {
    text.map(|text| {
        text.parse().map_err(|error: IdError| ApiError::new(ErrorKind::Invalid, error.to_string()))
    })
    .transpose()
}

/// The media type of a body, without parameters, in lower case.
pub(crate) fn media_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    Some(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
}
