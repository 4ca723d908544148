//! The records of a submission, as a suite's results.jsonl has them.

use super::submissions::seen;
use crate::auth::{By, Read};
use crate::error::ApiError;
use crate::extract::Named;
use crate::openapi::{Guarded, Missing};
use crate::state::Api;
use crate::types::{EvaluationId, SubmissionId};
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use filbench_store::{Filter, Reader, Store, StoreError};
use futures_util::stream::{self, Stream};
use std::collections::VecDeque;

const JSON_LINES: &str = "application/jsonl";
/// Evaluations looked at together.
const PAGE: u32 = 64;

/// The reports of a submission's evaluations that were judged so far, in its order, one a
/// line
#[utoipa::path(
    get, path = "/v1/submissions/{id}/results", operation_id = "read_submission_results", tag = "submissions",
    params(("id" = SubmissionId, Path)),
    responses(
        (status = 200, description = "JSON lines; those of a results.jsonl",
         body = String, content_type = "application/jsonl"),
        Guarded, Missing
    )
)]
pub(crate) async fn results(
    State(api): State<Api>,
    by: By<Read>,
    Named(id): Named<SubmissionId>,
) -> Result<Response, ApiError> {
    seen(&api, &by.0, &id).await?;
    let lines = lines(api.store().clone(), id);
    Ok(([(header::CONTENT_TYPE, JSON_LINES)], Body::from_stream(lines)).into_response())
}

struct Lines {
    store: Store,
    filter: Filter,
    page: VecDeque<filbench_store::BlobId>,
    is_last_page: bool,
}

/// A body that ends before its end tells the client that something failed.
fn lines(store: Store, id: SubmissionId) -> impl Stream<Item = Result<Bytes, StoreError>> {
    let filter = Filter { submission: Some(id), ..Filter::default() };
    let lines = Lines { store, filter, page: VecDeque::new(), is_last_page: false };
    stream::try_unfold(lines, |mut lines| async move {
        let line = lines.next().await.inspect_err(|error| {
            tracing::error!(error = filbench_model::with_causes(error), "results broke off");
        })?;
        Ok(line.map(|line| (line, lines)))
    })
}

impl Lines {
    async fn next(&mut self) -> Result<Option<Bytes>, StoreError> {
        loop {
            if let Some(record) = self.page.pop_front() {
                let json = self.store.blob(&record).await?;
                let mut line = json.ok_or(StoreError::MissingBlob { id: record })?.to_vec();
                line.push(b'\n');
                return Ok(Some(line.into()));
            }
            if self.is_last_page {
                return Ok(None);
            }
            // The caller sees the submission, so all of it.
            let rows = self.store.evaluations(&Reader::All, &self.filter, PAGE).await?;
            self.is_last_page = rows.len() < PAGE as usize;
            let last: Option<EvaluationId> = rows.last().map(|row| row.id.clone());
            self.filter.after = last.or(self.filter.after.take());
            self.page = rows.into_iter().filter_map(|row| row.record).collect();
        }
    }
}
