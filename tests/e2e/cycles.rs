//! What the firmware takes in cycles of the board's clock, against its budgets.
//!
//! Counted on the virtual board that runs the real bitstream, with the real
//! session at the other end of its UART. A count is a difference between two
//! readings of the board's clock, which goes on counting while nothing on the
//! board changes and the engine skips; so a cycle that is skipped is counted
//! like any other. Only what the host would take to think is left out: it
//! answers at once. To show that skipping changes no count, the plain engine,
//! which evaluates every cycle, has to come to the same numbers.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod common;

use common::lab::Lab;
use filbench_board::Board;
use filbench_flow::Placement;
use filbench_lab::{PlayPlan, Session, Timing};
use filbench_vboard::{EngineKind, Pins, VirtualBoard, decode};
use libtest_mimic::{Arguments, Failed, Trial};
use std::io;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// From configuration to the last byte of the answer to `Hello`, which was asked
/// for at the first cycle.
const BOOT_CYCLES_MAX: u64 = 100_000;
/// From the first byte of the request to play to the last byte of the captures.
const PLAY_CYCLES_MAX: u64 = 600_000;
/// Steps that are played, each captured.
const STEPS: usize = 200;
/// More cycles than any of it takes.
const CYCLES_MAX: u64 = 3_000_000;

fn main() -> ExitCode {
    let trials = Board::known()
        .map(|kind| {
            Trial::test(format!("{kind} keeps to its cycle budgets"), move || budgets(kind))
        })
        .collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn budgets(kind: &str) -> Result<(), Failed> {
    let lab = Lab::open(kind);
    let design = lab.design("adder8");
    let linked = lab.flow.link(&design, &lab.board, &lab.firmware).unwrap();
    let placement = lab.flow.place(&linked, &lab.board, 1).unwrap();
    let Placement::Placed(placed) = placement else { panic!("{placement:?}") };
    let bitstream = lab.flow.pack(&placed).unwrap().bytes;

    assert_eq!(idle_level(&lab.board, &bitstream), Some(true), "{kind} without a cable");

    let slot = &linked.designs[0];
    let bit = |map: &[u16], k: usize| u32::from(map[k]);
    let mut vectors = Vec::new();
    let mut expected = Vec::new();
    let (mut sum, mut data) = (0u8, 0u8);
    for step in 0..STEPS {
        let clk = step % 2;
        if clk == 0 {
            data = data.wrapping_mul(5).wrapping_add(17) & 0x7f;
        } else {
            sum = sum.wrapping_add(data);
        }
        let inputs = usize::from(data) << 1 | clk;
        let bank = (0..8).map(|k| (inputs >> k & 1) << bit(&slot.input_map, k)).sum::<usize>();
        vectors.push((vec![bank as u8], true));
        expected.push((0..8).map(|k| (sum >> k & 1) << bit(&slot.output_map, k)).sum::<u8>());
    }

    let count = |engine| {
        let plan = PlayPlan {
            slot: 0,
            settle_cycles: placed.designs[0].settle_cycles,
            capture_bytes: 1,
            vectors: vectors.clone().into_iter(),
        };
        let counted = count(&lab.board, &bitstream, engine, plan);
        assert_eq!(counted.captures, expected, "{engine:?}");
        (counted.boot, counted.play)
    };
    let (boot, play) = count(EngineKind::Event);
    println!(
        "{kind}: boot to Hello {boot} cycles (budget {BOOT_CYCLES_MAX}), playing {STEPS} steps \
         {play} cycles (budget {PLAY_CYCLES_MAX})"
    );
    if count(EngineKind::Plain) != (boot, play) {
        return Err("the plain engine counts otherwise".into());
    }
    if boot > BOOT_CYCLES_MAX || play > PLAY_CYCLES_MAX {
        return Err("over budget".into());
    }
    Ok(())
}

/// The level of the receive pin when nothing drives it.
fn idle_level(board: &Board, bitstream: &[u8]) -> Option<bool> {
    // The cable is plugged into another pin.
    let unplugged = Pins { uart_rx: &board.led.pin, ..pins(board) };
    let netlist = decode(bitstream).unwrap();
    let running = VirtualBoard::new(netlist, &unplugged, EngineKind::Event).unwrap();
    running.pin(&board.uart.rx).unwrap()
}

fn pins(board: &Board) -> Pins<'_> {
    Pins {
        package: &board.package,
        clock: &board.clock_pin,
        uart_rx: &board.uart.rx,
        uart_tx: &board.uart.tx,
        uart_divider: board.uart.divider,
    }
}

struct Counted {
    boot: u64,
    play: u64,
    captures: Vec<u8>,
}

fn count<V: Iterator<Item = (Vec<u8>, bool)>>(
    board: &Board,
    bitstream: &[u8],
    engine: EngineKind,
    plan: PlayPlan<V>,
) -> Counted {
    let netlist = decode(bitstream).unwrap();
    let running = Arc::new(Mutex::new(VirtualBoard::new(netlist, &pins(board), engine).unwrap()));
    let now = || running.lock().unwrap().cycles();
    // Time-outs never strike: the link answers at once or fails.
    let timing = Timing {
        reply: Duration::from_secs(600),
        hello: Duration::from_secs(600),
        gap: Duration::from_secs(600),
        quiet: Duration::from_secs(1),
        attempts: 1,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut session = Session::open(Cable(Arc::clone(&running)), timing).await.unwrap();
        let boot = now();
        let captures = session.play(plan, |_| {}).await.unwrap();
        Counted { boot, play: now() - boot, captures }
    })
}

/// A board's serial line. The board runs while its bytes are waited for, and only then.
struct Cable(Arc<Mutex<VirtualBoard>>);

impl AsyncRead for Cable {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut board = self.0.lock().unwrap();
        while board.cycles() < CYCLES_MAX {
            // A cycle at a time, so that the count ends with the byte.
            board.run(1).map_err(io::Error::other)?;
            let bytes = board.take_received();
            if !bytes.is_empty() {
                buffer.put_slice(&bytes);
                return Poll::Ready(Ok(()));
            }
        }
        Poll::Ready(Err(io::Error::other("no answer")))
    }
}

impl AsyncWrite for Cable {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.lock().unwrap().send(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
