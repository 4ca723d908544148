//! What is submitted together.

use crate::auth::{By, Caller, Read, Submit};
use crate::error::{ApiError, ErrorKind};
use crate::extract::{Asked, Named, asked_id};
use crate::openapi::{Conflicting, Guarded, Missing, WrongBody, WrongQuery};
use crate::state::Api;
use crate::submit::{Prepared, Resolver, read};
use crate::types::{
    CancelView, EvaluationSummary, Page, SubmissionId, SubmissionSummary, SubmissionView,
    SubmitRequest,
};
use crate::views::{page, page_size, summary};
use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use filbench_model::Outcome;
use filbench_store::{EvaluationId, Filter, Idempotency, SubmissionRow, Submitted};
use serde::Deserialize;
use utoipa::IntoParams;

/// With which a request that was sent again is known.
pub(crate) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const KEY_MAX: usize = 255;
/// When to come back with more evaluations.
const RETRY_AFTER_S: u64 = 30;

/// A form that submits one candidate.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes a form, which is read part by part")]
struct SubmitForm {
    /// The problem's files, or an archive of them.
    #[schema(content_media_type = "application/octet-stream")]
    problem: Option<Vec<String>>,
    /// A suite of the daemon's, instead of files.
    suite: Option<String>,
    /// The problem in that suite, or what to call the one that is sent.
    problem_name: Option<String>,
    /// Which problem of the files is meant, where there are several.
    select: Option<String>,
    /// The candidate's files, or an archive of them.
    #[schema(content_media_type = "application/octet-stream")]
    candidate: Vec<String>,
    /// The candidate's top module.
    top: Option<String>,
    /// Tells candidates apart.
    sample: Option<String>,
    /// A word of your own for it.
    label: Option<String>,
    /// Whether everybody with a token may read it.
    shared: Option<bool>,
    /// A board selector.
    board: Option<String>,
    /// `synth`, `pnr` or `board`.
    tier: Option<String>,
    /// `every_step` or `bench`.
    compare: Option<String>,
    /// An `EvaluationOptions` as JSON.
    options: Option<String>,
    /// Higher ones go first.
    priority: Option<i32>,
    /// It ends without a verdict when it is not judged in so many seconds.
    deadline_s: Option<u64>,
}

/// Submit candidates
///
/// What is acknowledged is on the daemon's disk and is judged exactly once. A request that
/// is sent again with the same `Idempotency-Key` is answered as the first one was.
#[utoipa::path(
    post, path = "/v1/submissions", operation_id = "submit", tag = "submissions",
    params((
        "Idempotency-Key" = Option<String>, Header,
        description = "Any text of at most 255 visible ASCII characters, new for each submission"
    )),
    request_body(content(
        (SubmitRequest = "application/json"), (SubmitForm = "multipart/form-data")
    )),
    responses(
        (status = 201, description = "It is in the queue", body = SubmissionView,
         headers(("Location" = String, description = "Where it is found"))),
        (status = 200, description = "It has been there since an earlier, equal request",
         body = SubmissionView),
        Guarded, WrongBody, Conflicting
    )
)]
pub(crate) async fn submit(
    State(api): State<Api>,
    by: By<Submit>,
    request: Request,
) -> Result<Response, ApiError> {
    let caller = by.0;
    let key = idempotency_key(request.headers())?;
    if !api.daemon.is_ready().await {
        return Err(filbench_daemon::DaemonError::Draining.into());
    }
    let length = content_length(request.headers());
    let _room = api.room_for_body(length).await?;
    let sent = read(&api, request).await?;
    let resolving = {
        let api = api.clone();
        tokio::task::spawn_blocking(move || Resolver::prepare(&api.config, sent.parse()?))
    };
    let prepared = resolving.await.map_err(|panic| ApiError::internal(&panic))??;
    let submitted = queue(&api, &caller, key, prepared).await?;
    match submitted {
        Submitted::Created(row) => {
            let location = format!("/v1/submissions/{}", row.id);
            let view = view(&api, row).await?;
            Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(view)).into_response())
        }
        Submitted::Repeated(row) => Ok(Json(view(&api, row).await?).into_response()),
        Submitted::KeyReused(id) => Err(ApiError::new(
            ErrorKind::KeyReused,
            format!("the `Idempotency-Key` belongs to {id}, whose request was another one"),
        )
        .accepting("a new key for a new submission")),
    }
}

/// Everything is checked before the first byte is kept.
async fn queue(
    api: &Api,
    caller: &Caller,
    key: Option<String>,
    prepared: Prepared,
) -> Result<Submitted, ApiError> {
    let idempotency = key.map(|key| Idempotency { key, body: prepared.hash() });
    let _turn = api.limiter.submitting(&caller.owner).await;
    if let Some(idempotency) = &idempotency
        && let Some(earlier) = api.store().submitted_before(&caller.owner, idempotency).await?
    {
        return Ok(earlier);
    }
    for board in prepared.boards() {
        api.daemon.check_selector(board)?;
    }
    let (max, new) = (api.config.limits.unended_evaluations, prepared.len() as u64);
    let unended = api.store().unended(&caller.owner).await?;
    if unended + new > max {
        return Err(ApiError::new(
            ErrorKind::RateLimited,
            format!("this token has {unended} evaluations that have not ended, and {new} come"),
        )
        .accepting(format!("up to {max} in all"))
        .retry_after(RETRY_AFTER_S));
    }
    api.store().put_blobs(prepared.blobs()).await?;
    let new = prepared.submission(&caller.owner, idempotency, api.store().now_ms());
    Ok(api.daemon.submit(&new).await?)
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let Some(value) = headers.get(&IDEMPOTENCY_KEY) else { return Ok(None) };
    match value.to_str() {
        Ok(key) if (1..=KEY_MAX).contains(&key.len()) => Ok(Some(key.to_owned())),
        _ => Err(ApiError::new(ErrorKind::Invalid, "the `Idempotency-Key` is none")
            .accepting("1 to 255 visible ASCII characters")),
    }
}

fn content_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

async fn view(api: &Api, row: SubmissionRow) -> Result<SubmissionView, ApiError> {
    let evaluations = api.store().evaluation_ids(&row.id).await?;
    Ok(SubmissionView { summary: row, evaluations })
}

/// The submission, if `caller` may read it.
pub(crate) async fn seen(
    api: &Api,
    caller: &Caller,
    id: &SubmissionId,
) -> Result<SubmissionRow, ApiError> {
    let row = api.store().submission(id).await?;
    if caller.reader().sees(&row.owner, row.shared) {
        return Ok(row);
    }
    // As if it were not there.
    Err(ApiError::new(ErrorKind::NotFound, format!("there is no submission `{id}`")))
}

/// Which submissions.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SubmissionsQuery {
    /// How many at most; 100 where absent.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// Older than this one: the `next` of the page before.
    before: Option<String>,
}

/// Submissions that you may read, the newest first
#[utoipa::path(
    get, path = "/v1/submissions", operation_id = "list_submissions", tag = "submissions", params(SubmissionsQuery),
    responses(
        (status = 200, description = "A page of them", body = Page<SubmissionSummary>),
        Guarded, WrongQuery
    )
)]
pub(crate) async fn list(
    State(api): State<Api>,
    by: By<Read>,
    Asked(query): Asked<SubmissionsQuery>,
) -> Result<Json<Page<SubmissionSummary>>, ApiError> {
    let limit = page_size(query.limit)?;
    let before = asked_id(query.before.as_deref())?;
    let rows = api.store().submissions(&by.0.reader(), before.as_ref(), limit + 1).await?;
    Ok(Json(page(rows, limit, |row| row.id.as_str(), Ok)?))
}

/// A submission
#[utoipa::path(
    get, path = "/v1/submissions/{id}", operation_id = "show_submission", tag = "submissions",
    params(("id" = SubmissionId, Path)),
    responses((status = 200, description = "The submission", body = SubmissionView), Guarded, Missing)
)]
pub(crate) async fn show(
    State(api): State<Api>,
    by: By<Read>,
    Named(id): Named<SubmissionId>,
) -> Result<Json<SubmissionView>, ApiError> {
    let row = seen(&api, &by.0, &id).await?;
    Ok(Json(view(&api, row).await?))
}

/// Which evaluations.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct EvaluationsQuery {
    /// How many at most; 100 where absent.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// After this one: the `next` of the page before.
    after: Option<String>,
    /// Only those in this state.
    state: Option<crate::types::State>,
    /// Only those with this outcome.
    outcome: Option<Outcome>,
    /// Only those of the problem with this name.
    problem: Option<String>,
}

impl EvaluationsQuery {
    /// A page of what it asks for.
    pub(crate) async fn page(
        self,
        api: &Api,
        caller: &Caller,
        submission: Option<SubmissionId>,
    ) -> Result<Json<Page<EvaluationSummary>>, ApiError> {
        let limit = page_size(self.limit)?;
        let filter = Filter {
            submission,
            state: self.state,
            outcome: self.outcome.map(|outcome| outcome.to_string()),
            problem_name: self.problem,
            after: asked_id::<EvaluationId>(self.after.as_deref())?,
        };
        let rows = api.store().evaluations(&caller.reader(), &filter, limit + 1).await?;
        Ok(Json(page(rows, limit, |row| row.id.as_str(), summary)?))
    }
}

/// The evaluations of a submission, in its order
#[utoipa::path(
    get, path = "/v1/submissions/{id}/evaluations", operation_id = "list_submission_evaluations", tag = "submissions",
    params(("id" = SubmissionId, Path), EvaluationsQuery),
    responses(
        (status = 200, description = "A page of them", body = Page<EvaluationSummary>),
        Guarded, Missing, WrongQuery
    )
)]
pub(crate) async fn evaluations(
    State(api): State<Api>,
    by: By<Read>,
    Named(id): Named<SubmissionId>,
    Asked(query): Asked<EvaluationsQuery>,
) -> Result<Json<Page<EvaluationSummary>>, ApiError> {
    seen(&api, &by.0, &id).await?;
    query.page(&api, &by.0, Some(id)).await
}

/// Cancel what has not ended of a submission
#[utoipa::path(
    delete, path = "/v1/submissions/{id}", operation_id = "cancel_submission", tag = "submissions",
    params(("id" = SubmissionId, Path)),
    responses((status = 200, description = "What it did", body = CancelView), Guarded, Missing)
)]
pub(crate) async fn cancel(
    State(api): State<Api>,
    by: By<Submit>,
    Named(id): Named<SubmissionId>,
) -> Result<Json<CancelView>, ApiError> {
    let row = seen(&api, &by.0, &id).await?;
    only_owner(&by.0, &row.owner)?;
    let cancelled = api.daemon.cancel_submission(&id).await? as u64;
    Ok(Json(CancelView { cancelled, over: row.counts.total().saturating_sub(cancelled) }))
}

/// Refuses to let `caller` change what somebody else shares with them.
pub(crate) fn only_owner(caller: &Caller, owner: &str) -> Result<(), ApiError> {
    if caller.may_change(owner) {
        return Ok(());
    }
    Err(ApiError::new(ErrorKind::Forbidden, "it is somebody else's, who lets you read it only")
        .accepting("its owner's token, or an administrator's"))
}
