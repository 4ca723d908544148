//! Boards for oneself.

use crate::auth::{By, Caller, Operate};
use crate::error::{ApiError, ErrorKind};
use crate::extract::{Asked, Body, Named, bytes};
use crate::openapi::{Conflicting, Guarded, Missing, WrongBody, WrongBytes};
use crate::state::Api;
use crate::types::{ExtendRequest, LeaseEnd, LeaseId, LeaseRequest, LeaseView, Page};
use crate::views::within;
use axum::Json;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use filbench_store::LeaseRow;
use serde::Deserialize;
use std::time::Duration;
use utoipa::IntoParams;

/// More than any known device's bitstream.
pub(crate) const BITSTREAM_MAX: usize = 4 << 20;

/// Nobody waits for longer, whatever the daemon's usual time.
const WAIT_S_MAX: u64 = 3600;

/// Lease a board for yourself
///
/// Nobody else has it until the lease is released or runs out; extend it for as long as
/// you need it. Commands to the board name the lease's generation.
#[utoipa::path(
    post, path = "/v1/leases", operation_id = "take_lease", tag = "leases", request_body = LeaseRequest,
    responses(
        (status = 201, description = "The board is yours", body = LeaseView,
         headers(("Location" = String, description = "Where the lease is found"))),
        Guarded, WrongBody, Conflicting
    )
)]
pub(crate) async fn take(
    State(api): State<Api>,
    by: By<Operate>,
    Body(request): Body<LeaseRequest>,
) -> Result<Response, ApiError> {
    let LeaseRequest { board, ttl_s, wait_s } = request;
    if !api.daemon.is_ready().await {
        return Err(filbench_daemon::DaemonError::Draining.into());
    }
    let wait_s = match wait_s {
        Some(wait_s) => Some(within("wait_s", Some(wait_s), 0, 0..=WAIT_S_MAX)?),
        None => None,
    };
    let (ttl, wait) = (ttl_s.map(Duration::from_secs), wait_s.map(Duration::from_secs));
    let lease = api.daemon.lease(&board, &by.0.owner, ttl, wait).await?;
    let location = format!("/v1/leases/{}", lease.id);
    let view = Json(lease);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], view).into_response())
}

/// Your leases that have not ended; everybody's for an administrator
#[utoipa::path(
    get, path = "/v1/leases", operation_id = "list_leases", tag = "leases",
    responses((status = 200, description = "All of them", body = Page<LeaseView>), Guarded)
)]
pub(crate) async fn list(
    State(api): State<Api>,
    by: By<Operate>,
) -> Result<Json<Page<LeaseView>>, ApiError> {
    let leases = api.store().active_leases().await?;
    let own = leases.into_iter().filter(|lease| by.0.may_change(&lease.holder));
    Ok(Json(Page::whole(own.collect())))
}

/// A lease
#[utoipa::path(
    get, path = "/v1/leases/{id}", operation_id = "show_lease", tag = "leases", params(("id" = LeaseId, Path)),
    responses((status = 200, description = "The lease", body = LeaseView), Guarded, Missing)
)]
pub(crate) async fn show(
    State(api): State<Api>,
    by: By<Operate>,
    Named(id): Named<LeaseId>,
) -> Result<Json<LeaseView>, ApiError> {
    Ok(Json(own(&api, &by.0, &id).await?))
}

/// Ask for more time
#[utoipa::path(
    post, path = "/v1/leases/{id}/extend", operation_id = "extend_lease", tag = "leases", params(("id" = LeaseId, Path)),
    request_body = ExtendRequest,
    responses(
        (status = 200, description = "The lease", body = LeaseView),
        Guarded, Missing, WrongBody, Conflicting
    )
)]
pub(crate) async fn extend(
    State(api): State<Api>,
    by: By<Operate>,
    Named(id): Named<LeaseId>,
    Body(request): Body<ExtendRequest>,
) -> Result<Json<LeaseView>, ApiError> {
    own(&api, &by.0, &id).await?;
    let ttl = request.ttl_s.map(Duration::from_secs);
    Ok(Json(api.daemon.extend(&id, request.generation, ttl).await?))
}

/// Give a board back
#[utoipa::path(
    delete, path = "/v1/leases/{id}", operation_id = "release_lease", tag = "leases", params(("id" = LeaseId, Path)),
    responses(
        (status = 200, description = "The lease, which has ended", body = LeaseView),
        Guarded, Missing, Conflicting
    )
)]
pub(crate) async fn release(
    State(api): State<Api>,
    by: By<Operate>,
    Named(id): Named<LeaseId>,
) -> Result<Json<LeaseView>, ApiError> {
    let lease = own(&api, &by.0, &id).await?;
    let is_own = lease.holder == by.0.owner;
    let ending = if is_own { LeaseEnd::Released } else { LeaseEnd::Revoked };
    Ok(Json(api.daemon.release(&id, ending).await?))
}

/// Which lease of the board.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct GenerationQuery {
    /// The lease's; another one is refused.
    pub(crate) generation: i64,
}

/// Load a bitstream
#[utoipa::path(
    put, path = "/v1/leases/{id}/bitstream", operation_id = "load_bitstream", tag = "leases",
    params(("id" = LeaseId, Path), GenerationQuery),
    request_body(content = Vec<u8>, content_type = "application/octet-stream",
                 description = "A .bin file, as for the device itself"),
    responses(
        (status = 200, description = "It runs", body = LeaseView),
        Guarded, Missing, WrongBytes, Conflicting
    )
)]
pub(crate) async fn load(
    State(api): State<Api>,
    by: By<Operate>,
    Named(id): Named<LeaseId>,
    Asked(query): Asked<GenerationQuery>,
    request: Request,
) -> Result<Json<LeaseView>, ApiError> {
    own(&api, &by.0, &id).await?;
    api.store().check_lease(&id, query.generation).await?;
    let bitstream = bytes(request, &api, BITSTREAM_MAX).await?;
    Ok(Json(api.daemon.program(&id, query.generation, &bitstream).await?))
}

/// The lease, if it is the caller's.
pub(crate) async fn own(api: &Api, caller: &Caller, id: &LeaseId) -> Result<LeaseRow, ApiError> {
    let lease = api.store().lease(id).await?;
    if caller.may_change(&lease.holder) {
        return Ok(lease);
    }
    // As if it were not there.
    Err(ApiError::new(ErrorKind::NotFound, format!("there is no lease `{id}`")))
}
