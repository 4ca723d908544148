use super::{BoardState, LeaseView, MeasuredOn};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A board as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BoardView {
    /// `id:NAME` selects it.
    pub name: String,
    /// The board file, such as `icebreaker`; selects any of its kind.
    pub kind: String,
    /// The device, such as `up5k`.
    pub device: String,
    /// `tag:TAG` selects it.
    pub tags: Vec<String>,
    /// Silicon or software.
    pub measured_on: MeasuredOn,
    /// What it does.
    pub state: BoardState,
    /// Of the last lease.
    pub generation: i64,
    /// Who has it.
    pub lease: Option<LeaseView>,
    /// Faults one after another.
    pub faults: u32,
    /// Since when it is in quarantine.
    pub quarantined_ms: Option<i64>,
    /// Why it is.
    pub reason: Option<String>,
    /// When it is tested next.
    pub next_test_ms: Option<i64>,
}

/// Takes a board out of service until it passes a test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuarantineRequest {
    /// Why, for whoever looks at the board next.
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
}
