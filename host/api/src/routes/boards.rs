//! The lab's boards.

use crate::auth::{By, Operate, Read};
use crate::error::{ApiError, ErrorKind};
use crate::extract::{Body, Parted};
use crate::openapi::{Guarded, Missing, WrongBody};
use crate::state::Api;
use crate::types::{BoardView, Page, QuarantineRequest};
use axum::Json;
use axum::extract::State;

/// Bytes of a reason.
const REASON_MAX: usize = 500;

/// Every board as it stands
#[utoipa::path(
    get, path = "/v1/boards", operation_id = "list_boards", tag = "boards",
    responses((status = 200, description = "All of them", body = Page<BoardView>), Guarded)
)]
pub(crate) async fn list(
    State(api): State<Api>,
    _: By<Read>,
) -> Result<Json<Page<BoardView>>, ApiError> {
    let boards = api.daemon.boards().await?;
    Ok(Json(Page::whole(boards)))
}

/// A board as it stands
#[utoipa::path(
    get, path = "/v1/boards/{name}", operation_id = "show_board", tag = "boards", params(("name" = String, Path)),
    responses((status = 200, description = "The board", body = BoardView), Guarded, Missing)
)]
pub(crate) async fn show(
    State(api): State<Api>,
    _: By<Read>,
    Parted(name): Parted<String>,
) -> Result<Json<BoardView>, ApiError> {
    Ok(Json(named(&api, &name).await?))
}

/// Take a board out of service, until it passes a test that is asked for
#[utoipa::path(
    post, path = "/v1/boards/{name}/quarantine", operation_id = "quarantine_board", tag = "boards", params(("name" = String, Path)),
    request_body = QuarantineRequest,
    responses(
        (status = 200, description = "The board", body = BoardView),
        Guarded, Missing, WrongBody
    )
)]
pub(crate) async fn quarantine(
    State(api): State<Api>,
    _: By<Operate>,
    Parted(name): Parted<String>,
    Body(request): Body<QuarantineRequest>,
) -> Result<Json<BoardView>, ApiError> {
    named(&api, &name).await?;
    let reason = request.reason.trim();
    if reason.is_empty() || reason.len() > REASON_MAX || reason.chars().any(char::is_control) {
        return Err(ApiError::new(ErrorKind::Invalid, "the `reason` is no line of text")
            .accepting(format!("1 to {REASON_MAX} bytes, for whoever looks at the board next")));
    }
    api.daemon.quarantine(&name, reason).await?;
    Ok(Json(named(&api, &name).await?))
}

/// Have a board in quarantine tested as soon as nobody has it
#[utoipa::path(
    post, path = "/v1/boards/{name}/test", operation_id = "test_board", tag = "boards", params(("name" = String, Path)),
    responses(
        (status = 200, description = "The board, whose test is due", body = BoardView),
        Guarded, Missing
    )
)]
pub(crate) async fn test(
    State(api): State<Api>,
    _: By<Operate>,
    Parted(name): Parted<String>,
) -> Result<Json<BoardView>, ApiError> {
    named(&api, &name).await?;
    api.daemon.test_board(&name).await?;
    Ok(Json(named(&api, &name).await?))
}

async fn named(api: &Api, name: &str) -> Result<BoardView, ApiError> {
    let boards = api.daemon.boards().await?;
    let names: Vec<String> = boards.iter().map(|board| board.name.clone()).collect();
    let board = boards.into_iter().find(|board| board.name == name);
    board.ok_or_else(|| {
        ApiError::new(ErrorKind::NotFound, format!("there is no board `{name}`"))
            .accepting(names.join(", "))
    })
}
