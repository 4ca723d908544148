//! What a lab configures.

use crate::error::DaemonError;
use filbench_board::Board;
use filbench_store::Retention;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::time::Duration;

/// A board of the lab.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoardConfig {
    /// Finds the board: `id:NAME`.
    pub name: String,
    /// Its board file, such as `icebreaker`.
    pub kind: String,
    /// Groups of boards: `tag:TAG`.
    #[serde(default)]
    pub tags: Vec<String>,
}

/// How a daemon works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DaemonConfig {
    /// The boards; names are unique.
    pub boards: Vec<BoardConfig>,
    /// Tools at work at a time.
    pub workers: NonZeroUsize,
    /// Designs that may share a bitstream.
    pub slots: NonZeroUsize,
    /// Evaluations under way at a time, waiting for boards included; `None` for as many
    /// as keep tools and boards busy.
    pub jobs: Option<NonZeroUsize>,
    /// Where its time goes.
    pub limits: Limits,
    /// How long and how much is kept.
    pub retention: Retention,
}

/// Times and counts that tests and odd labs change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Runs of an evaluation whose lab fails, the first included.
    pub runs: u32,
    /// Before the second run; four times as long before each further one.
    pub retry_after: Duration,
    /// Faults of a board one after another that put it into quarantine.
    pub faults: u32,
    /// Before a board that failed its test is tested again; doubles each time.
    pub test_after: Duration,
    /// It does not double past this.
    pub test_after_max: Duration,
    /// How long a lease for a play lasts unless the daemon, which is alive, extends it.
    pub play_lease: Duration,
    /// How long somebody's own lease lasts unless extended, if nothing else is asked for.
    pub lease: Duration,
    /// The longest that may be asked for.
    pub lease_max: Duration,
    /// How long an evaluation may wait for a board.
    pub board_wait: Duration,
    /// How long somebody's own lease may wait for a board that is playing.
    pub lease_wait: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            runs: 3,
            retry_after: Duration::from_secs(1),
            faults: 3,
            test_after: Duration::from_secs(30),
            test_after_max: Duration::from_secs(30 * 60),
            play_lease: Duration::from_secs(120),
            lease: Duration::from_secs(60),
            lease_max: Duration::from_secs(60 * 60),
            board_wait: Duration::from_secs(6 * 60 * 60),
            lease_wait: Duration::from_secs(60),
        }
    }
}

impl DaemonConfig {
    /// A virtual icebreaker and a virtual HX8K for each core: what is there when nothing is
    /// configured.
    pub fn virtual_boards() -> Self {
        let workers = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let board = |number: usize, kind: &str| BoardConfig {
            name: format!("{kind}-v{number}"),
            kind: kind.to_owned(),
            tags: Vec::new(),
        };
        let boards = |kind: &'static str| (1..=workers.get()).map(move |n| board(n, kind));
        Self {
            boards: Board::known().flat_map(boards).collect(),
            workers,
            slots: NonZeroUsize::MIN,
            jobs: None,
            limits: Limits::default(),
            retention: Retention::default(),
        }
    }

    /// Evaluations under way at a time.
    pub(crate) fn jobs(&self) -> usize {
        let busy = match self.slots.get() {
            // Some build, some play, and as many are between the two.
            1 => 2 * self.workers.get() + self.boards.len(),
            slots => self.workers.get() + 2 * slots,
        };
        self.jobs.map_or(busy, NonZeroUsize::get)
    }

    pub(crate) fn check(&self) -> Result<(), DaemonError> {
        let mut names = BTreeSet::new();
        for board in &self.boards {
            Board::load(&board.kind).map_err(|source| DaemonError::BoardConfig {
                name: board.name.clone(),
                source: Box::new(source),
            })?;
            let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            if board.name.is_empty() || !board.name.chars().all(plain) {
                return Err(DaemonError::BoardName { name: board.name.clone() });
            }
            if !names.insert(&board.name) {
                return Err(DaemonError::BoardTwice { name: board.name.clone() });
            }
        }
        if names.is_empty() { Err(DaemonError::NoBoards) } else { Ok(()) }
    }
}
