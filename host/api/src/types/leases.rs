use super::{LeaseEnd, LeaseId, Purpose};
use filbench_store::LeaseRow;
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

/// A lease.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LeaseView {
    /// Its name.
    pub id: LeaseId,
    /// The board.
    pub board: String,
    /// Goes with every command to the board.
    pub generation: i64,
    /// What for.
    pub purpose: Purpose,
    /// Who has it: a token's id, `local`, or a run.
    pub holder: String,
    /// Since when.
    pub created_ms: i64,
    /// Until when, unless it is extended.
    pub expires_ms: i64,
    /// When it ended.
    pub ended_ms: Option<i64>,
    /// How it ended.
    pub ending: Option<LeaseEnd>,
}

impl From<LeaseRow> for LeaseView {
    fn from(row: LeaseRow) -> Self {
        let LeaseRow {
            id,
            board,
            generation,
            purpose,
            holder,
            created_ms,
            expires_ms,
            ended_ms,
            ending,
        } = row;
        Self { id, board, generation, purpose, holder, created_ms, expires_ms, ended_ms, ending }
    }
}
