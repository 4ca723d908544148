//! One candidate on one problem.

use super::submissions::{EvaluationsQuery, only_owner};
use crate::auth::{By, Caller, Read, Submit};
use crate::error::{ApiError, ErrorKind};
use crate::extract::{Asked, Named};
use crate::openapi::{Conflicting, Guarded, Missing, WrongQuery};
use crate::state::Api;
use crate::types::{CancelView, EvaluationId, EvaluationSummary, EvaluationView, Page};
use crate::views;
use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use filbench_store::EvaluationRow;

/// Evaluations that you may read, the newest first
#[utoipa::path(
    get, path = "/v1/evaluations", operation_id = "list_evaluations", tag = "evaluations", params(EvaluationsQuery),
    responses(
        (status = 200, description = "A page of them", body = Page<EvaluationSummary>),
        Guarded, WrongQuery
    )
)]
pub(crate) async fn list(
    State(api): State<Api>,
    by: By<Read>,
    Asked(query): Asked<EvaluationsQuery>,
) -> Result<Json<Page<EvaluationSummary>>, ApiError> {
    query.page(&api, &by.0, None).await
}

/// An evaluation
#[utoipa::path(
    get, path = "/v1/evaluations/{id}", operation_id = "show_evaluation", tag = "evaluations",
    params(("id" = EvaluationId, Path)),
    responses((status = 200, description = "The evaluation", body = EvaluationView), Guarded, Missing)
)]
pub(crate) async fn show(
    State(api): State<Api>,
    by: By<Read>,
    Named(id): Named<EvaluationId>,
) -> Result<Json<EvaluationView>, ApiError> {
    let row = seen(&api, &by.0, &id).await?;
    let runs = api.store().runs(&id).await?;
    Ok(Json(views::evaluation(row, runs)?))
}

/// The report of an evaluation that was judged
///
/// The report of `filbench run --format json`, with `problem`, `sample`, `class` and
/// `golden` beside its own fields: a line of results.jsonl.
#[utoipa::path(
    get, path = "/v1/evaluations/{id}/report", operation_id = "read_report", tag = "evaluations",
    params(("id" = EvaluationId, Path)),
    responses(
        (status = 200, description = "The report", body = Object),
        Guarded, Missing, Conflicting
    )
)]
pub(crate) async fn report(
    State(api): State<Api>,
    by: By<Read>,
    Named(id): Named<EvaluationId>,
) -> Result<Response, ApiError> {
    let row = seen(&api, &by.0, &id).await?;
    let Some(record) = row.record else {
        let why = match row.ending {
            Some(ending) => format!("it ended without a verdict ({ending})"),
            None => format!("it is {}", row.state),
        };
        return Err(ApiError::new(
            ErrorKind::Conflict,
            format!("the evaluation `{id}` has no report: {why}"),
        ));
    };
    let json = api.store().blob(&record).await?.ok_or_else(|| {
        ApiError::internal(&filbench_store::StoreError::MissingBlob { id: record })
    })?;
    Ok(([(header::CONTENT_TYPE, "application/json")], json).into_response())
}

/// Cancel an evaluation
#[utoipa::path(
    delete, path = "/v1/evaluations/{id}", operation_id = "cancel_evaluation", tag = "evaluations",
    params(("id" = EvaluationId, Path)),
    responses((status = 200, description = "What it did", body = CancelView), Guarded, Missing)
)]
pub(crate) async fn cancel(
    State(api): State<Api>,
    by: By<Submit>,
    Named(id): Named<EvaluationId>,
) -> Result<Json<CancelView>, ApiError> {
    let row = seen(&api, &by.0, &id).await?;
    only_owner(&by.0, &row.owner)?;
    let cancelled = u64::from(api.daemon.cancel(&id).await?);
    Ok(Json(CancelView { cancelled, over: 1 - cancelled }))
}

/// The evaluation, if `caller` may read it.
pub(crate) async fn seen(
    api: &Api,
    caller: &Caller,
    id: &EvaluationId,
) -> Result<EvaluationRow, ApiError> {
    let row = api.store().evaluation(id).await?;
    if caller.reader().sees(&row.owner, row.shared) {
        return Ok(row);
    }
    // As if it were not there.
    Err(ApiError::new(ErrorKind::NotFound, format!("there is no evaluation `{id}`")))
}
