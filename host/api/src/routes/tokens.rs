//! Who may do what.

use crate::auth::{Admin, By};
use crate::error::{ApiError, ErrorKind};
use crate::extract::{Body, Named};
use crate::openapi::{Guarded, Missing, WrongBody};
use crate::state::Api;
use crate::types::{NewTokenView, Page, TokenId, TokenRequest, TokenView};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use filbench_store::NewToken;

/// Bytes of a name.
const NAME_MAX: usize = 200;
/// A hundred years.
const EXPIRES_S_MAX: u64 = 100 * 366 * 24 * 60 * 60;

/// Every token that was ever made, without secrets
#[utoipa::path(
    get, path = "/v1/tokens", operation_id = "list_tokens", tag = "tokens",
    responses((status = 200, description = "All of them", body = Page<TokenView>), Guarded)
)]
pub(crate) async fn list(
    State(api): State<Api>,
    _: By<Admin>,
) -> Result<Json<Page<TokenView>>, ApiError> {
    let tokens = api.store().tokens().await?;
    Ok(Json(Page::whole(tokens)))
}

/// Make a token; its secret is told this once
#[utoipa::path(
    post, path = "/v1/tokens", operation_id = "create_token", tag = "tokens", request_body = TokenRequest,
    responses(
        (status = 201, description = "The token and its secret", body = NewTokenView),
        Guarded, WrongBody
    )
)]
pub(crate) async fn create(
    State(api): State<Api>,
    _: By<Admin>,
    Body(request): Body<TokenRequest>,
) -> Result<(StatusCode, Json<NewTokenView>), ApiError> {
    let TokenRequest { name, scopes, expires_in_s } = request;
    let invalid = |detail: &str| ApiError::new(ErrorKind::Invalid, detail);
    if name.trim().is_empty() || name.len() > NAME_MAX || name.chars().any(char::is_control) {
        return Err(
            invalid("the `name` is none").accepting(format!("1 to {NAME_MAX} bytes, for people"))
        );
    }
    if scopes.is_empty() {
        return Err(invalid("there are no `scopes`").accepting("submit, read, operate, admin"));
    }
    let expires_ms = match expires_in_s {
        None => None,
        Some(seconds @ 1..=EXPIRES_S_MAX) => {
            Some(api.store().now_ms().saturating_add_unsigned(seconds * 1000))
        }
        Some(_) => {
            return Err(invalid("`expires_in_s` is out of bounds")
                .accepting(format!("1 to {EXPIRES_S_MAX}, or none")));
        }
    };
    let (token, secret) = api.store().create_token(&NewToken { name, scopes, expires_ms }).await?;
    Ok((StatusCode::CREATED, Json(NewTokenView { token, secret })))
}

/// Make a token worthless, from now on
#[utoipa::path(
    delete, path = "/v1/tokens/{id}", operation_id = "revoke_token", tag = "tokens", params(("id" = TokenId, Path)),
    responses((status = 200, description = "The token", body = TokenView), Guarded, Missing)
)]
pub(crate) async fn revoke(
    State(api): State<Api>,
    _: By<Admin>,
    Named(id): Named<TokenId>,
) -> Result<Json<TokenView>, ApiError> {
    Ok(Json(api.store().revoke_token(&id).await?))
}
