//! Files that evaluations made.

use super::evaluations::seen;
use crate::auth::{By, Read};
use crate::error::{ApiError, ErrorKind};
use crate::extract::{Named, Parted, id};
use crate::openapi::{Guarded, Missing};
use crate::state::Api;
use crate::types::{ArtifactView, EvaluationId, Page};
use crate::views;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// The files of an evaluation, as far as they are still kept
#[utoipa::path(
    get, path = "/v1/evaluations/{id}/artifacts", operation_id = "list_artifacts", tag = "evaluations",
    params(("id" = EvaluationId, Path)),
    responses(
        (status = 200, description = "All of them", body = Page<ArtifactView>),
        Guarded, Missing
    )
)]
pub(crate) async fn list(
    State(api): State<Api>,
    by: By<Read>,
    Named(id): Named<EvaluationId>,
) -> Result<Json<Page<ArtifactView>>, ApiError> {
    seen(&api, &by.0, &id).await?;
    let rows = api.store().artifacts(&id).await?;
    Ok(Json(Page::whole(rows.into_iter().map(views::artifact).collect())))
}

/// A file of an evaluation
#[utoipa::path(
    get, path = "/v1/evaluations/{id}/artifacts/{name}", operation_id = "read_artifact", tag = "evaluations",
    params(
        ("id" = EvaluationId, Path), ("name" = String, Path),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of an earlier answer")
    ),
    responses(
        (status = 200, description = "Its bytes", body = Vec<u8>,
         content_type = "application/octet-stream",
         headers(("ETag" = String, description = "The bytes' SHA-256"))),
        (status = 304, description = "It is the file that you have"),
        Guarded, Missing
    )
)]
pub(crate) async fn show(
    State(api): State<Api>,
    by: By<Read>,
    Parted((evaluation, name)): Parted<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let id: EvaluationId = id(&evaluation)?;
    seen(&api, &by.0, &id).await?;
    let rows = api.store().artifacts(&id).await?;
    let Some(row) = rows.iter().find(|row| row.name == name) else {
        let names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
        return Err(ApiError::new(
            ErrorKind::NotFound,
            format!("the evaluation `{id}` has no file `{name}`, or not any more"),
        )
        .accepting(if names.is_empty() {
            "nothing; it has no files".into()
        } else {
            names.join(", ")
        }));
    };
    let etag = format!("\"{}\"", row.sha256);
    let etag = HeaderValue::try_from(etag).expect("hexadecimal digits in quotes");
    if headers.get(header::IF_NONE_MATCH) == Some(&etag) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, etag)]).into_response());
    }
    let bytes = api.store().blob(&row.sha256).await?.ok_or_else(|| {
        ApiError::new(ErrorKind::NotFound, format!("the file `{name}` is not kept any more"))
    })?;
    let disposition = HeaderValue::from_static("attachment");
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(views::content_type(&name))),
        (header::ETAG, etag),
        (header::CONTENT_DISPOSITION, disposition),
        // The same for ever, but for its readers only.
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
    ];
    Ok((headers, bytes).into_response())
}
