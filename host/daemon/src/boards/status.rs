//! How the boards stand, for people and meters.

use super::{Boards, Held};
use filbench_model::MeasuredOn;
use filbench_store::LeaseRow;
use serde::{Deserialize, Serialize};

/// What a board does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum BoardState {
    /// Nothing; it can be had.
    Free,
    /// It is used under a lease.
    Leased,
    /// It is being tested.
    Testing,
    /// It keeps failing, or was taken out of service.
    Quarantined,
}

impl BoardState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Free, Self::Leased, Self::Testing, Self::Quarantined];

    /// As JSON has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Leased => "leased",
            Self::Testing => "testing",
            Self::Quarantined => "quarantined",
        }
    }
}

/// A board as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = BoardView))]
pub struct BoardStatus {
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
    pub lease: Option<LeaseRow>,
    /// Faults one after another.
    pub faults: u32,
    /// Since when it is in quarantine.
    pub quarantined_ms: Option<i64>,
    /// Why it is.
    pub reason: Option<String>,
    /// When it is tested next.
    pub next_test_ms: Option<i64>,
}

impl super::Slot {
    fn state(&self) -> BoardState {
        match &self.hold {
            _ if self.is_testing => BoardState::Testing,
            _ if self.is_in_quarantine() => BoardState::Quarantined,
            Held::Leased(_) | Held::Granted => BoardState::Leased,
            Held::Free => BoardState::Free,
        }
    }
}

impl Boards {
    /// Every board, by name.
    pub(crate) async fn status(&self) -> Result<Vec<BoardStatus>, crate::DaemonError> {
        let rows = self.store.boards().await?;
        let now = self.store.now_ms();
        let state = self.lock();
        let status = |slot: &super::Slot| {
            let lease = match &slot.hold {
                Held::Leased(lease) => Some(lease.clone()).filter(|lease| lease.is_active(now)),
                Held::Free | Held::Granted => None,
            };
            let health = &slot.health;
            BoardStatus {
                name: slot.config.name.clone(),
                kind: slot.config.kind.clone(),
                device: slot.facts.record.device.clone(),
                tags: slot.config.tags.clone(),
                measured_on: slot.facts.measured_on,
                state: slot.state(),
                generation: rows
                    .iter()
                    .find(|row| row.name == slot.config.name)
                    .map_or(0, |row| row.generation),
                lease,
                faults: health.faults,
                quarantined_ms: health.quarantined_ms,
                reason: health.reason.clone(),
                next_test_ms: health.next_test_ms,
            }
        };
        Ok(state.slots.values().map(status).collect())
    }

    /// Boards in each state.
    pub(crate) fn counts(&self) -> [(BoardState, usize); 4] {
        let state = self.lock();
        let of = |wanted: BoardState| {
            (wanted, state.slots.values().filter(|slot| slot.state() == wanted).count())
        };
        BoardState::ALL.map(of)
    }
}
