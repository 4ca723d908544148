//! The serial line of a leased board.

use super::leases::{GenerationQuery, own};
use crate::auth::{By, Operate};
use crate::error::ApiError;
use crate::extract::{Asked, Named, SMALL, bytes};
use crate::openapi::{Conflicting, Guarded, Missing, WrongBytes, WrongQuery};
use crate::state::Api;
use crate::types::{LeaseId, UART_CLOSED, UART_FROM, UART_LOST, UART_NEXT};
use crate::views::within;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::time::Duration;
use utoipa::IntoParams;

/// Bytes of one answer.
const MAX: usize = 256 << 10;
/// How long an answer may wait for a byte.
const WAIT_MS_MAX: u64 = 30_000;

/// Which bytes.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct UartQuery {
    /// The lease's; another one is refused.
    generation: i64,
    /// The number of the first byte, counted from the first that the board sent since it was
    /// loaded; 0 where absent.
    from: Option<u64>,
    /// How many at most; 262144 where absent.
    #[param(minimum = 1, maximum = 262144)]
    max: Option<usize>,
    /// How long to wait for the first byte; 0 where absent.
    #[param(minimum = 0, maximum = 30000)]
    wait_ms: Option<u64>,
}

/// What the board sent
#[utoipa::path(
    get, path = "/v1/leases/{id}/uart", operation_id = "read_uart", tag = "leases",
    params(("id" = LeaseId, Path), UartQuery),
    responses(
        (status = 200, description = "The bytes; none where none came in time", body = Vec<u8>,
         content_type = "application/octet-stream",
         headers(
             ("Filbench-Uart-From" = u64, description = "The number of the first byte"),
             ("Filbench-Uart-Next" = u64, description = "The `from` that goes on after them"),
             ("Filbench-Uart-Lost" = u64,
              description = "Bytes before them that were asked for and are not kept any more"),
             ("Filbench-Uart-Closed" = bool, description = "Whether nothing more can come")
         )),
        Guarded, Missing, WrongQuery, Conflicting
    )
)]
pub(crate) async fn read(
    State(api): State<Api>,
    by: By<Operate>,
    Named(id): Named<LeaseId>,
    Asked(query): Asked<UartQuery>,
) -> Result<Response, ApiError> {
    own(&api, &by.0, &id).await?;
    let asked = query.from.unwrap_or(0);
    let max = within("max", query.max, MAX, 1..=MAX)?;
    let wait = Duration::from_millis(within("wait_ms", query.wait_ms, 0, 0..=WAIT_MS_MAX)?);
    let read = api.daemon.uart_read(&id, query.generation, asked, max, wait).await?;
    let next = read.from + read.bytes.len() as u64;
    let headers = [
        (UART_FROM, HeaderValue::from(read.from)),
        (UART_NEXT, HeaderValue::from(next)),
        (UART_LOST, HeaderValue::from(read.from.saturating_sub(asked))),
        (UART_CLOSED, HeaderValue::from_static(if read.is_closed { "true" } else { "false" })),
    ];
    let kind = [(header::CONTENT_TYPE, "application/octet-stream")];
    Ok((headers, kind, read.bytes).into_response())
}

/// Send bytes to the board
#[utoipa::path(
    post, path = "/v1/leases/{id}/uart", operation_id = "write_uart", tag = "leases",
    params(("id" = LeaseId, Path), GenerationQuery),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses(
        (status = 204, description = "They are on their way"),
        Guarded, Missing, WrongBytes, Conflicting
    )
)]
pub(crate) async fn write(
    State(api): State<Api>,
    by: By<Operate>,
    Named(id): Named<LeaseId>,
    Asked(query): Asked<GenerationQuery>,
    request: Request,
) -> Result<StatusCode, ApiError> {
    own(&api, &by.0, &id).await?;
    api.store().check_lease(&id, query.generation).await?;
    let bytes = bytes(request, &api, SMALL).await?;
    api.daemon.uart_write(&id, query.generation, bytes.into()).await?;
    Ok(StatusCode::NO_CONTENT)
}
