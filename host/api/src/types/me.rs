use super::{Scope, TokenId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Who you are here, and what you may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MeView {
    /// Whose your submissions are: the token's id, or `local`.
    pub owner: String,
    /// The token; absent where none is demanded yet, and everybody may do everything.
    pub token: Option<TokenId>,
    /// The token's name.
    pub name: Option<String>,
    /// What you may do.
    pub scopes: Vec<Scope>,
    /// Until when the token is good.
    pub expires_ms: Option<i64>,
    /// How much at a time.
    pub limits: LimitsView,
}

/// How much a client may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LimitsView {
    /// Bytes of a request's body.
    pub body_bytes: u64,
    /// Files of one candidate, and of one problem, unpacked.
    pub files: usize,
    /// Bytes of one candidate, and of one problem, unpacked.
    pub file_bytes: u64,
    /// Evaluations of one submission.
    pub batch: usize,
    /// Requests a second, on the average.
    pub requests_per_s: u32,
    /// Requests at a time.
    pub requests_at_a_time: usize,
    /// Event streams at a time.
    pub streams_at_a_time: usize,
    /// Evaluations that have not ended.
    pub unended_evaluations: u64,
    /// The longest lease, in seconds.
    pub lease_s: u64,
}
