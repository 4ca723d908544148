//! A link to the firmware over a fake fixture, and what can go wrong on it.

use filbench_lab::Timing;
use filbench_stim::fake::{Design, EdgeCounter, FakeBoard};
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

pub const HASH: [u8; 16] = *b"a linked netlist";

pub const TIMING: Timing = Timing {
    reply: Duration::from_secs(10),
    hello: Duration::from_secs(5),
    gap: Duration::from_secs(1),
    quiet: Duration::from_millis(50),
    attempts: 20,
};

/// The edge counter, to be looked at while a board has it.
#[derive(Clone, Default)]
pub struct Watched(Arc<Mutex<Counter>>);

#[derive(Default)]
struct Counter {
    edges: EdgeCounter,
    /// Slots that were selected, and the edges until then.
    selections: Vec<(u8, u64)>,
}

impl Watched {
    pub fn edges(&self) -> u64 {
        self.lock().edges.edges()
    }

    pub fn selections(&self) -> Vec<(u8, u64)> {
        self.lock().selections.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Counter> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Design for Watched {
    fn drive(&mut self, inputs: &[u8]) {
        self.lock().edges.drive(inputs);
    }

    fn output(&self, index: usize) -> u8 {
        self.lock().edges.output(index)
    }

    fn select(&mut self, slot: u8) {
        let mut counter = self.lock();
        let edges = counter.edges.edges();
        counter.selections.push((slot, edges));
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Down,
    Up,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    Lose,
    Double,
    /// The byte comes with these bits flipped.
    Flip(u8),
    /// The board is reset when the byte passes, before it is seen; what came before it
    /// was handled.
    Reset,
    /// The same, and what came with it was not handled either.
    ResetInWork,
    /// The player makes a step by itself when the byte passes.
    Glitch,
    /// From now on the board says that it can take no more than so many bytes.
    Busy(usize),
}

/// A mishap to the byte with this index in its direction, retransmissions counted.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    pub direction: Direction,
    pub at: usize,
    pub mishap: Mishap,
}

/// A link straight into a fake board. The board works when the host reads, so all that
/// a request has is there by then.
pub struct FakeLink {
    board: FakeBoard,
    faults: Vec<Fault>,
    passed: [usize; 2],
    down: Vec<u8>,
    up: VecDeque<u8>,
}

impl FakeLink {
    /// Bytes that have passed in a direction.
    pub fn passed(&self, direction: Direction) -> usize {
        self.passed[direction as usize]
    }

    pub fn new(design: impl Design + 'static, faults: Vec<Fault>) -> Self {
        Self {
            board: FakeBoard::new(HASH, design),
            faults,
            passed: [0; 2],
            down: Vec::new(),
            up: VecDeque::new(),
        }
    }

    fn mishap(&mut self, direction: Direction) -> Option<Mishap> {
        let passed = &mut self.passed[direction as usize];
        let at = *passed;
        *passed += 1;
        let hit = |fault: &&Fault| fault.direction == direction && fault.at == at;
        self.faults.iter().find(hit).map(|fault| fault.mishap)
    }

    fn work(&mut self) {
        let mut arriving = Vec::new();
        for byte in std::mem::take(&mut self.down) {
            match self.mishap(Direction::Down) {
                None => arriving.push(byte),
                Some(Mishap::Lose) => {}
                Some(Mishap::Double) => arriving.extend([byte, byte]),
                Some(Mishap::Flip(bits)) => arriving.push(byte ^ bits),
                Some(Mishap::Reset) => {
                    self.exchange(&std::mem::take(&mut arriving));
                    self.board.reset();
                }
                Some(Mishap::ResetInWork) => self.board.reset_with(&std::mem::take(&mut arriving)),
                Some(Mishap::Glitch) => {
                    self.board.glitch();
                    arriving.push(byte);
                }
                Some(Mishap::Busy(room)) => {
                    self.board.claim_room(room);
                    arriving.push(byte);
                }
            }
        }
        self.exchange(&arriving);
    }

    fn exchange(&mut self, bytes: &[u8]) {
        for byte in self.board.exchange(bytes) {
            match self.mishap(Direction::Up) {
                None => self.up.push_back(byte),
                Some(Mishap::Lose) => {}
                Some(Mishap::Double) => self.up.extend([byte, byte]),
                Some(Mishap::Flip(bits)) => self.up.push_back(byte ^ bits),
                Some(Mishap::Reset | Mishap::ResetInWork) => {
                    self.board.reset();
                    return;
                }
                Some(Mishap::Glitch) => {
                    self.board.glitch();
                    self.up.push_back(byte);
                }
                Some(Mishap::Busy(room)) => {
                    self.board.claim_room(room);
                    self.up.push_back(byte);
                }
            }
        }
    }
}

impl AsyncRead for FakeLink {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.down.is_empty() {
            self.work();
        }
        if self.up.is_empty() {
            // Nothing will come by itself: the reader's deadline wakes it.
            return Poll::Pending;
        }
        while buf.remaining() > 0
            && let Some(byte) = self.up.pop_front()
        {
            buf.put_slice(&[byte]);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for FakeLink {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.down.extend(buf);
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
