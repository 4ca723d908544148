//! A place that is a board of the lab only while it is used.

use super::{Boards, Facts, Hold, Want};
use async_trait::async_trait;
use filbench_lab::{Link, Place, Selector, Timing};
use filbench_model::with_causes;
use filbench_model::{BoardRecord, Fault, FaultPlace, MeasuredOn};
use filbench_run::Table;
use filbench_store::{BlobId, Purpose};
use std::sync::{Arc, Mutex, PoisonError};

/// A play that the lab failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// On which board.
    pub(crate) board: String,
    /// What was loaded.
    pub(crate) bitstream: BlobId,
    /// What failed.
    pub(crate) fault: Fault,
}

/// The failures of an evaluation, over all its runs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trail(Arc<Mutex<Vec<Failure>>>);

impl Trail {
    pub(crate) fn failures(&self) -> Vec<Failure> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn add(&self, failure: Failure) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(failure);
    }
}

/// The boards as one run sees them.
pub(crate) struct BoardTable {
    pub(crate) boards: Arc<Boards>,
    /// Whose leases they become.
    pub(crate) holder: String,
    pub(crate) priority: i32,
    pub(crate) trail: Trail,
}

impl Table for BoardTable {
    /// Any board of the kind that the selector means: of several kinds, the first that has
    /// a board in service.
    fn open(&self, selector: &Selector) -> Result<Box<dyn Place>, Fault> {
        let host = |error: crate::DaemonError| Fault::new(FaultPlace::Host, with_causes(&error));
        let names = self.boards.named_by(selector).map_err(host)?;
        let state = self.boards.lock();
        let slots: Vec<_> = names.iter().filter_map(|name| state.slots.get(name)).collect();
        let first = slots.iter().find(|slot| !slot.is_in_quarantine()).or(slots.first());
        let Some(first) = first else {
            return Err(Fault::new(FaultPlace::Host, format!("no board here is `{selector}`")));
        };
        let alike = |facts: &Facts| {
            (&facts.record.kind, facts.measured_on)
                == (&first.facts.record.kind, first.facts.measured_on)
        };
        let names = slots.iter().filter(|slot| alike(&slot.facts));
        Ok(Box::new(LeasedPlace {
            want: Want {
                names: names.map(|slot| slot.config.name.clone()).collect(),
                priority: self.priority,
                ..Want::default()
            },
            facts: first.facts.clone(),
            boards: Arc::clone(&self.boards),
            holder: self.holder.clone(),
            trail: self.trail.clone(),
            had: None,
            last: None,
        }))
    }
}

struct LeasedPlace {
    boards: Arc<Boards>,
    holder: String,
    trail: Trail,
    want: Want,
    /// Of all boards that it may become.
    facts: Facts,
    had: Option<Had>,
    /// The board that it was last.
    last: Option<String>,
}

/// A board that is held.
struct Had {
    hold: Hold,
    place: Box<dyn Place>,
    bitstream: BlobId,
    /// How its play ended, once it has.
    end: Option<Option<Fault>>,
}

impl LeasedPlace {
    async fn take(&mut self) -> Result<&mut Had, Fault> {
        let host = |error: crate::DaemonError| {
            Fault::new(FaultPlace::Host, format!("no board could be had: {}", with_causes(&error)))
        };
        let had = match self.had.take() {
            Some(had) => {
                had.hold.check().await.map_err(host)?;
                had
            }
            None => {
                self.want.avoid =
                    self.trail.failures().into_iter().map(|failure| failure.board).collect();
                let (limits, want) = (&self.boards.limits, self.want.clone());
                let hold = self
                    .boards
                    .acquire(want, Purpose::Run, &self.holder, limits.play_lease, limits.board_wait)
                    .await
                    .map_err(host)?;
                let place = self.boards.open(&hold.board)?;
                self.last = Some(hold.board.clone());
                Had { hold, place, bitstream: BlobId::of(b""), end: None }
            }
        };
        Ok(self.had.insert(had))
    }
}

#[async_trait]
impl Place for LeasedPlace {
    async fn reserve(&mut self) -> Result<(), Fault> {
        self.take().await.map(|_| ())
    }

    async fn program(&mut self, bitstream: &[u8]) -> Result<Box<dyn Link>, Fault> {
        let had = self.take().await?;
        had.bitstream = BlobId::of(bitstream);
        had.place.program(bitstream).await
    }

    fn record(&self) -> BoardRecord {
        let mut record = self.facts.record.clone();
        if let Some(last) = &self.last {
            record.id.clone_from(last);
        }
        record
    }

    fn measured_on(&self) -> MeasuredOn {
        self.facts.measured_on
    }

    fn timing(&self) -> Timing {
        self.had.as_ref().map_or(self.facts.timing, |had| had.place.timing())
    }

    async fn last_words(&mut self) -> Option<String> {
        self.had.as_mut()?.place.last_words().await
    }

    fn played(&mut self, fault: Option<&Fault>) {
        let Some(had) = &mut self.had else { return };
        had.end = Some(fault.cloned());
        if let Some(fault) = fault.filter(|fault| is_of_the_board(fault)) {
            self.trail.add(Failure {
                board: had.hold.board.clone(),
                bitstream: had.bitstream.clone(),
                fault: fault.clone(),
            });
        }
    }

    async fn release(&mut self) {
        let Some(mut had) = self.had.take() else { return };
        had.place.release().await;
        if let Some(end) = had.end {
            let fault = end.filter(is_of_the_board);
            self.boards.played(&had.hold.board, fault.as_ref()).await;
        }
        had.hold.give_back().await;
    }
}

impl Drop for LeasedPlace {
    /// A run that was cancelled: the board is made safe before the next has it.
    fn drop(&mut self) {
        if let (Some(mut had), Ok(runtime)) =
            (self.had.take(), tokio::runtime::Handle::try_current())
        {
            runtime.spawn(async move {
                had.place.release().await;
                had.hold.give_back().await;
            });
        }
    }
}

/// Whether the board may be what failed.
pub(crate) fn is_of_the_board(fault: &Fault) -> bool {
    matches!(
        fault.place,
        FaultPlace::Program | FaultPlace::Link | FaultPlace::Firmware | FaultPlace::WrongBitstream
    )
}
