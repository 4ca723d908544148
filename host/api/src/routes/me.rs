//! Who the caller is.

use crate::auth::Caller;
use crate::openapi::Guarded;
use crate::state::Api;
use crate::types::{LimitsView, MeView};
use axum::Json;
use axum::extract::State;

/// Who you are here, what you may do, and how much
#[utoipa::path(
    get, path = "/v1/me", operation_id = "me", tag = "me",
    responses((status = 200, description = "You", body = MeView), Guarded)
)]
pub(crate) async fn me(State(api): State<Api>, caller: Caller) -> Json<MeView> {
    let scopes = caller.scopes().to_vec();
    let limits = &api.config.limits;
    let Caller { owner, token } = caller;
    let expires_ms = token.as_ref().and_then(|token| token.expires_ms);
    let (token, name) = token.map(|token| (token.id, token.name)).unzip();
    Json(MeView {
        owner,
        token,
        name,
        scopes,
        expires_ms,
        limits: LimitsView {
            body_bytes: limits.body_bytes as u64,
            files: limits.files,
            file_bytes: limits.file_bytes,
            batch: limits.batch,
            requests_per_s: limits.requests_per_s.get(),
            requests_at_a_time: limits.requests_at_a_time,
            streams_at_a_time: limits.streams_at_a_time,
            unended_evaluations: limits.unended_evaluations,
            lease_s: api.daemon.config().limits.lease_max.as_secs(),
        },
    })
}
