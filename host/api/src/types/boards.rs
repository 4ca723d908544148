use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Takes a board out of service until it passes a test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuarantineRequest {
    /// Why, for whoever looks at the board next.
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
}
