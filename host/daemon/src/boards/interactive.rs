//! A board under somebody's own lease: loaded with any bitstream, its UART read and
//! written.

use super::ring::Ring;
use super::{Boards, Held};
use crate::error::DaemonError;
use filbench_lab::{Link, Place};
use filbench_model::{Fault, FaultPlace};
use filbench_store::{LeaseId, LeaseRow};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

pub use super::ring::UartBytes;

/// Writes that wait for the board.
const WRITES_MAX: usize = 64;
/// How long loading and writing may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A loaded board.
pub(super) struct Bench {
    lease: LeaseId,
    place: tokio::sync::Mutex<Box<dyn Place>>,
    up: Arc<Ring>,
    down: mpsc::Sender<Vec<u8>>,
    pump: JoinHandle<()>,
}

impl Bench {
    fn new(lease: LeaseId, place: Box<dyn Place>, line: Box<dyn Link>) -> Self {
        let (down, writes) = mpsc::channel(WRITES_MAX);
        let up = Arc::new(Ring::default());
        let pump = tokio::spawn(pump(line, Arc::clone(&up), writes));
        Self { lease, place: tokio::sync::Mutex::new(place), up, down, pump }
    }

    /// Makes the board safe.
    pub(super) async fn stop(&self) {
        self.pump.abort();
        self.place.lock().await.release().await;
        self.up.close();
    }
}

/// Carries bytes until the line breaks.
async fn pump(line: Box<dyn Link>, up: Arc<Ring>, mut writes: mpsc::Receiver<Vec<u8>>) {
    let (mut from, mut to) = tokio::io::split(line);
    let mut buffer = [0; 4096];
    loop {
        tokio::select! {
            read = from.read(&mut buffer) => match read {
                Ok(0) | Err(_) => break,
                Ok(count) => up.push(&buffer[..count]),
            },
            Some(bytes) = writes.recv() => {
                let written = async {
                    to.write_all(&bytes).await?;
                    to.flush().await
                };
                if written.await.is_err() {
                    break;
                }
            }
        }
    }
    up.close();
}

impl Boards {
    /// Loads a bitstream into the board of a lease.
    pub(crate) async fn program(
        self: &Arc<Self>,
        id: &LeaseId,
        generation: i64,
        bitstream: &[u8],
    ) -> Result<LeaseRow, DaemonError> {
        let lease = self.store.check_lease(id, generation).await?;
        let board = lease.board.clone();
        if let Some(bench) = self.take_bench(&lease) {
            bench.stop().await;
        }
        let failed = |source| DaemonError::Board { board: board.clone(), source };
        let mut place = self.open(&board).map_err(failed)?;
        let loading = tokio::time::timeout(PATIENCE, place.program(bitstream));
        let line = loading.await.unwrap_or_else(|_| {
            Err(Fault::new(
                FaultPlace::Program,
                format!("loading `{board}` did not end in {} s", PATIENCE.as_secs()),
            ))
        });
        let line = match line {
            Ok(line) => line,
            Err(fault) => {
                place.release().await;
                return Err(failed(fault));
            }
        };
        let bench = Arc::new(Bench::new(id.clone(), place, line));
        // The lease may have ended while the board was loaded.
        let lease = match self.store.check_lease(id, generation).await {
            Ok(lease) => lease,
            Err(error) => {
                bench.stop().await;
                return Err(error.into());
            }
        };
        let other = {
            let mut state = self.lock();
            match state.slots.get_mut(&board) {
                Some(slot) if is_held_by(&slot.hold, id) => slot.bench.replace(bench),
                _ => Some(bench),
            }
        };
        if let Some(other) = other {
            other.stop().await;
        }
        Ok(lease)
    }

    /// What the board sent from byte `from` on; see [`UartBytes`].
    pub(crate) async fn uart_read(
        &self,
        id: &LeaseId,
        generation: i64,
        from: u64,
        max: usize,
        wait: Duration,
    ) -> Result<UartBytes, DaemonError> {
        let bench = self.bench(id, generation).await?;
        Ok(bench.up.read(from, max, wait).await)
    }

    /// Sends bytes to the board.
    pub(crate) async fn uart_write(
        &self,
        id: &LeaseId,
        generation: i64,
        bytes: Vec<u8>,
    ) -> Result<(), DaemonError> {
        let bench = self.bench(id, generation).await?;
        let lease = self.store.check_lease(id, generation).await?;
        bench.down.send_timeout(bytes, PATIENCE).await.map_err(|_| DaemonError::Board {
            board: lease.board,
            source: Fault::new(FaultPlace::Link, "the line to the board has ended or is stuck"),
        })
    }

    async fn bench(&self, id: &LeaseId, generation: i64) -> Result<Arc<Bench>, DaemonError> {
        let lease = self.store.check_lease(id, generation).await?;
        let state = self.lock();
        let bench = state.slots.get(&lease.board).and_then(|slot| slot.bench.clone());
        bench
            .filter(|bench| bench.lease == *id)
            .ok_or(DaemonError::NotProgrammed { board: lease.board })
    }

    /// What was loaded under this lease.
    pub(super) fn take_bench(&self, lease: &LeaseRow) -> Option<Arc<Bench>> {
        let mut state = self.lock();
        let slot = state.slots.get_mut(&lease.board)?;
        slot.bench.take_if(|bench| bench.lease == lease.id)
    }
}

pub(super) fn is_held_by(hold: &Held, id: &LeaseId) -> bool {
    matches!(hold, Held::Leased(lease) if lease.id == *id)
}
