use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Response header: the number of the first byte, counted from the first that the board
/// sent since it was loaded.
pub const UART_FROM: &str = "filbench-uart-from";
/// Response header: the `from` that goes on after these bytes.
pub const UART_NEXT: &str = "filbench-uart-next";
/// Response header: how many of the bytes asked for were not kept so long.
pub const UART_LOST: &str = "filbench-uart-lost";
/// Response header: `true` when nothing comes after these bytes.
pub const UART_CLOSED: &str = "filbench-uart-closed";

/// Asks for a board for yourself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LeaseRequest {
    /// A board selector.
    #[schema(example = "virtual:icebreaker")]
    pub board: String,
    /// For how many seconds, unless it is extended; the daemon's usual time where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub ttl_s: Option<u64>,
    /// How many seconds a board that is in use is waited for; 0 for not at all, the
    /// daemon's usual time where absent, which is also the longest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 3600)]
    pub wait_s: Option<u64>,
}

/// Asks for more time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExtendRequest {
    /// The lease's.
    pub generation: i64,
    /// For how many seconds from now; the daemon's usual time where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub ttl_s: Option<u64>,
}
