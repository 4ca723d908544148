//! A bitstream with the firmware and a small adder, running on a virtual board within the
//! test's own process.

use super::lab::Lab;
use filbench_board::Board;
use filbench_flow::{Firmware, Placement};
use filbench_vboard::{EngineKind, Pins, VirtualBoard, decode};
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The design `adder8`, linked and placed.
pub struct Adder {
    pub board: Board,
    pub bitstream: Vec<u8>,
    pub settle_cycles: u8,
    input_map: Vec<u16>,
    output_map: Vec<u16>,
}

impl Adder {
    /// In a fixture with this firmware.
    pub fn build(lab: &Lab, firmware: &Firmware) -> Adder {
        let design = lab.design("adder8");
        let linked = lab.flow.link(&design, &lab.board, firmware).unwrap();
        let placement = lab.flow.place(&linked, &lab.board, 1).unwrap();
        let Placement::Placed(placed) = placement else { panic!("{placement:?}") };
        let slot = &linked.designs[0];
        Adder {
            board: lab.board.clone(),
            bitstream: lab.flow.pack(&placed).unwrap().bytes,
            settle_cycles: placed.designs[0].settle_cycles,
            input_map: slot.input_map.clone(),
            output_map: slot.output_map.clone(),
        }
    }

    /// Steps of its clock, each captured, and what has to be captured.
    pub fn steps(&self, count: usize) -> (Vec<(Vec<u8>, bool)>, Vec<u8>) {
        let bit = |map: &[u16], k: usize| u32::from(map[k]);
        let (mut vectors, mut expected) = (Vec::new(), Vec::new());
        let (mut sum, mut data) = (0u8, 0u8);
        for step in 0..count {
            let clk = step % 2;
            if clk == 0 {
                data = data.wrapping_mul(5).wrapping_add(17) & 0x7f;
            } else {
                sum = sum.wrapping_add(data);
            }
            let inputs = usize::from(data) << 1 | clk;
            let bank = (0..8).map(|k| (inputs >> k & 1) << bit(&self.input_map, k)).sum::<usize>();
            vectors.push((vec![bank as u8], true));
            expected.push((0..8).map(|k| (sum >> k & 1) << bit(&self.output_map, k)).sum::<u8>());
        }
        (vectors, expected)
    }

    /// A board that has just been loaded with it.
    pub fn start(&self, engine: EngineKind) -> VirtualBoard {
        VirtualBoard::new(decode(&self.bitstream).unwrap(), &pins(&self.board), engine).unwrap()
    }
}

/// The pins of a board.
pub fn pins(board: &Board) -> Pins<'_> {
    Pins {
        package: &board.package,
        clock: &board.clock_pin,
        uart_rx: &board.uart.rx,
        uart_tx: &board.uart.tx,
        uart_divider: board.uart.divider,
    }
}

/// A board's serial line. The board runs while its bytes are waited for, and only then.
pub struct Cable {
    pub board: Arc<Mutex<VirtualBoard>>,
    /// The cycle after which a board that still works has failed.
    pub cycles_max: u64,
}

impl AsyncRead for Cable {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut board = self.board.lock().unwrap();
        while board.cycles() < self.cycles_max {
            // A cycle at a time, so that the count ends with the byte.
            board.run(1).map_err(io::Error::other)?;
            let bytes = board.take_received();
            if !bytes.is_empty() {
                buffer.put_slice(&bytes);
                return Poll::Ready(Ok(()));
            }
            if board.is_quiescent() {
                // Nothing will come by itself: the reader's deadline wakes it.
                return Poll::Pending;
            }
        }
        Poll::Ready(Err(io::Error::other("the board does not come to rest")))
    }
}

impl AsyncWrite for Cable {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.board.lock().unwrap().send(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
