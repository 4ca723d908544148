//! Boards that fail are taken out of service, tested, and taken back.

use super::{Boards, Held, Hold, Shelf, Want};
use crate::config::BoardConfig;
use crate::error::DaemonError;
use crate::evaluator::Evaluator;
use filbench_lab::{Place, Selector};
use filbench_model::Fault;
use filbench_model::with_causes;
use filbench_run::Table;
use filbench_store::{BoardRow, Purpose};
use std::sync::Arc;
use std::time::Duration;

/// Who holds a board that is tested.
pub(super) const TEST: &str = "test";
/// Tests come before plays.
const TEST_PRIORITY: i32 = i32::MAX - 1;

/// The one board that is tested.
struct OneBoard {
    shelf: Arc<dyn Shelf>,
    config: BoardConfig,
}

impl Table for OneBoard {
    fn open(&self, _: &Selector) -> Result<Box<dyn Place>, Fault> {
        self.shelf.open(&self.config)
    }
}

impl Boards {
    /// Counts how a play on the board ended.
    pub(super) async fn played(self: &Arc<Self>, board: &str, fault: Option<&Fault>) {
        let (now, faults_max) = (self.store.now_ms(), self.limits.faults);
        self.change(board, |health| match fault {
            None if health.faults == 0 => false,
            None => {
                health.faults = 0;
                true
            }
            Some(fault) => {
                health.faults += 1;
                if health.faults >= faults_max && health.quarantined_ms.is_none() {
                    let reason = format!("{} faults one after another", health.faults);
                    quarantine(health, now, Some(now), format!("{reason}; the last: {fault}"));
                }
                true
            }
        })
        .await;
    }

    /// Takes a board out of service until it passes a test that somebody asks for.
    pub(crate) async fn quarantine(
        self: &Arc<Self>,
        board: &str,
        reason: &str,
    ) -> Result<(), DaemonError> {
        self.named_by(&Selector::Named(board.to_owned()))?;
        let now = self.store.now_ms();
        self.change(board, |health| {
            quarantine(health, now, None, reason.to_owned());
            true
        })
        .await;
        Ok(())
    }

    /// Tests a board that is in quarantine as soon as it can be had.
    pub(crate) async fn ask_for_test(self: &Arc<Self>, board: &str) -> Result<(), DaemonError> {
        self.named_by(&Selector::Named(board.to_owned()))?;
        let now = self.store.now_ms();
        self.change(board, |health| {
            health.next_test_ms = health.quarantined_ms.map(|_| now);
            true
        })
        .await;
        Ok(())
    }

    /// The boards whose test is due; each is being tested from now on.
    pub(crate) fn due_tests(&self) -> Vec<String> {
        let now = self.store.now_ms();
        let mut state = self.lock();
        let due = state.slots.values_mut().filter(|slot| {
            !slot.is_testing
                && matches!(slot.hold, Held::Free)
                && slot.health.next_test_ms.is_some_and(|at| at <= now)
        });
        due.map(|slot| {
            slot.is_testing = true;
            slot.config.name.clone()
        })
        .collect()
    }

    /// Tests a board. One that passes is in service from now on, one that does not in
    /// quarantine.
    pub(crate) async fn test(
        self: &Arc<Self>,
        evaluator: &dyn Evaluator,
        board: &str,
    ) -> Result<(), DaemonError> {
        let limits = &self.limits;
        let want = Want {
            names: vec![board.to_owned()],
            priority: TEST_PRIORITY,
            quarantined_too: true,
            ..Want::default()
        };
        let hold =
            self.acquire(want, Purpose::Run, TEST, limits.play_lease, limits.board_wait).await;
        let hold: Hold = hold.inspect_err(|_| self.not_testing(board))?;
        let config = {
            let mut state = self.lock();
            state.slots.get_mut(board).map(|slot| {
                slot.is_testing = true;
                slot.config.clone()
            })
        };
        let Some(config) = config else { return Ok(()) };
        let kind = config.kind.clone();
        let table = Arc::new(OneBoard { shelf: Arc::clone(&self.shelf), config });
        let tested = evaluator.test_board(table, &kind).await;
        let (now, limits) = (self.store.now_ms(), *limits);
        match &tested {
            Ok(()) => tracing::info!(board.name = board, "passed its test"),
            Err(fault) => tracing::warn!(board.name = board, %fault, "failed its test"),
        }
        self.change(board, |health| {
            match &tested {
                Ok(()) => {
                    let BoardRow { name, generation, .. } = std::mem::take(health);
                    *health = BoardRow { name, generation, ..BoardRow::default() };
                }
                Err(fault) => {
                    let after = limits
                        .test_after
                        .saturating_mul(1 << health.tests.min(20))
                        .min(limits.test_after_max);
                    quarantine(health, now, Some(now + millis(after)), format!("test: {fault}"));
                    health.tests += 1;
                }
            }
            true
        })
        .await;
        hold.give_back().await;
        tested.map_err(|source| DaemonError::Board { board: board.to_owned(), source })
    }

    fn not_testing(&self, board: &str) {
        if let Some(slot) = self.lock().slots.get_mut(board) {
            slot.is_testing = false;
        }
    }

    /// Changes how a board fares, in memory and in the store.
    async fn change(self: &Arc<Self>, board: &str, change: impl FnOnce(&mut BoardRow) -> bool) {
        let changed = {
            let mut state = self.lock();
            let Some(slot) = state.slots.get_mut(board) else { return };
            let before = slot.health.quarantined_ms.is_some();
            let changed = change(&mut slot.health);
            let health = slot.health.clone();
            match (before, &health.reason) {
                (false, Some(reason)) => {
                    tracing::warn!(board.name = board, reason, "board in quarantine");
                }
                (true, None) => tracing::info!(board.name = board, "board back in service"),
                _ => {}
            }
            changed.then_some(health)
        };
        let Some(health) = changed else { return };
        if let Err(error) = self.store.set_board(&health).await {
            tracing::error!(
                error = with_causes(&error),
                board.name = board,
                "how the board fares was not written down"
            );
        }
        self.grant();
    }
}

fn quarantine(health: &mut BoardRow, now: i64, next_test_ms: Option<i64>, reason: String) {
    health.quarantined_ms = health.quarantined_ms.or(Some(now));
    health.reason = Some(reason);
    health.next_test_ms = next_test_ms;
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
