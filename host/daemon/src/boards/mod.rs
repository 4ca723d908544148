//! The lab's boards: who has which, and how they fare.

mod grant;
mod interactive;
mod lease;
mod place;
mod quarantine;
mod ring;
mod status;

pub(crate) use grant::{Hold, Want};
pub use interactive::UartBytes;
pub(crate) use place::{BoardTable, Failure, Trail, is_of_the_board};
pub use status::{BoardState, BoardStatus};

use crate::config::{BoardConfig, Limits};
use crate::error::DaemonError;
use filbench_board::Board;
use filbench_lab::{Place, Selector, SelectorError, Timing, VirtualPlace};
use filbench_model::{BoardRecord, Fault, FaultPlace, MeasuredOn};
use filbench_store::{BoardRow, LeaseRow, Purpose, Store};
use grant::Waiter;
use interactive::Bench;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Where boards come from.
pub trait Shelf: Send + Sync + 'static {
    /// The board itself, not programmed yet.
    ///
    /// # Errors
    /// A fault when it is not there.
    fn open(&self, board: &BoardConfig) -> Result<Box<dyn Place>, Fault>;
}

/// Boards in software.
#[derive(Clone, Debug)]
pub struct VirtualShelf {
    /// The `filbench` that they run.
    pub program: PathBuf,
}

impl Shelf for VirtualShelf {
    fn open(&self, board: &BoardConfig) -> Result<Box<dyn Place>, Fault> {
        let file = Board::load(&board.kind)
            .map_err(|error| Fault::new(FaultPlace::Host, error.to_string()))?;
        Ok(Box::new(VirtualPlace::new(file, self.program.clone())))
    }
}

/// All boards of a daemon.
pub(crate) struct Boards {
    pub(crate) store: Store,
    shelf: Arc<dyn Shelf>,
    limits: Limits,
    epoch: i64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    slots: BTreeMap<String, Slot>,
    waiters: Vec<Waiter>,
    tickets: u64,
}

/// One board.
struct Slot {
    config: BoardConfig,
    facts: Facts,
    /// How it fares; its generation is the store's to know.
    health: BoardRow,
    hold: Held,
    is_testing: bool,
    /// Loaded under somebody's own lease.
    bench: Option<Arc<Bench>>,
}

/// What is known of a board before it is had.
#[derive(Clone, Debug)]
struct Facts {
    record: BoardRecord,
    measured_on: MeasuredOn,
    timing: Timing,
}

/// Who has a board.
#[derive(Clone, Debug)]
enum Held {
    /// Nobody.
    Free,
    /// Somebody who has not got it in writing yet.
    Granted,
    /// Whoever holds this lease.
    Leased(LeaseRow),
}

impl Slot {
    fn is_in_quarantine(&self) -> bool {
        self.health.quarantined_ms.is_some()
    }

    fn meets(&self, selector: &Selector) -> bool {
        match selector {
            Selector::Virtual(kind) => {
                self.config.kind == *kind && self.facts.measured_on == MeasuredOn::Virtual
            }
            Selector::Kind(kind) => self.config.kind == *kind,
            Selector::Named(name) => self.config.name == *name,
            Selector::Tagged(tag) => self.config.tags.contains(tag),
        }
    }
}

impl Boards {
    /// The configured boards, with what the store remembers of them. Leases that people
    /// had before the daemon began anew are theirs still.
    pub(crate) async fn new(
        store: Store,
        shelf: Arc<dyn Shelf>,
        configs: &[BoardConfig],
        limits: Limits,
        epoch: i64,
    ) -> Result<Self, DaemonError> {
        let leases = store.active_leases().await?;
        let mut slots = BTreeMap::new();
        for config in configs {
            let place = shelf
                .open(config)
                .map_err(|source| DaemonError::Board { board: config.name.clone(), source })?;
            let facts = Facts {
                record: BoardRecord { id: config.name.clone(), ..place.record() },
                measured_on: place.measured_on(),
                timing: place.timing(),
            };
            let lease = leases
                .iter()
                .find(|lease| lease.board == config.name && lease.purpose == Purpose::Interactive);
            let slot = Slot {
                config: config.clone(),
                facts,
                health: store.board(&config.name).await?,
                hold: lease.cloned().map_or(Held::Free, Held::Leased),
                is_testing: false,
                bench: None,
            };
            slots.insert(config.name.clone(), slot);
        }
        let state = Mutex::new(State { slots, ..State::default() });
        Ok(Self { store, shelf, limits, epoch, state })
    }

    /// Whether there is a board, in service or not, that `selector` means.
    pub(crate) fn check_selector(&self, text: &str) -> Result<(), DaemonError> {
        match crate::order::selectors(text) {
            Ok(selectors) => {
                for selector in selectors {
                    self.named_by(&selector)?;
                }
                Ok(())
            }
            // Of kinds, those that are here would do, not all that exist.
            Err(SelectorError::UnknownKind { .. }) => Err(self.no_such_board(text)),
            Err(error) => Err(error.into()),
        }
    }

    /// The names of the boards that `selector` means.
    fn named_by(&self, selector: &Selector) -> Result<Vec<String>, DaemonError> {
        let state = self.lock();
        let names: Vec<String> = state
            .slots
            .values()
            .filter(|slot| slot.meets(selector))
            .map(|slot| slot.config.name.clone())
            .collect();
        drop(state);
        if names.is_empty() { Err(self.no_such_board(&selector.to_string())) } else { Ok(names) }
    }

    fn no_such_board(&self, selector: &str) -> DaemonError {
        let state = self.lock();
        let mut known = std::collections::BTreeSet::new();
        for slot in state.slots.values() {
            known.insert(slot.config.kind.clone());
            known.insert(format!("id:{}", slot.config.name));
            known.extend(slot.config.tags.iter().map(|tag| format!("tag:{tag}")));
        }
        DaemonError::NoSuchBoard {
            selector: selector.to_owned(),
            known: known.into_iter().collect(),
        }
    }

    fn open(&self, board: &str) -> Result<Box<dyn Place>, Fault> {
        let config = self.lock().slots.get(board).map(|slot| slot.config.clone());
        let config = config.ok_or_else(|| {
            Fault::new(FaultPlace::Host, format!("no board `{board}` is configured any more"))
        })?;
        self.shelf.open(&config)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is whole after every change, even one that panicked.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
