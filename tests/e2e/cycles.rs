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
use common::running::{Adder, Cable, pins};
use filbench_board::Board;
use filbench_lab::{Session, Timing};
use filbench_vboard::{EngineKind, Pins, VirtualBoard, decode};
use libtest_mimic::{Arguments, Failed, Trial};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// From configuration to the last byte of the answer to `Hello`, which was asked
/// for at the first cycle.
const BOOT_CYCLES_MAX: u64 = 100_000;
/// From the first byte of the request to play to the last byte of the captures.
const PLAY_CYCLES_MAX: u64 = 600_000;
/// Steps that are played, each captured.
const STEPS: usize = 200;
/// From the first byte of a request to play one step to the last byte of its capture.
const LOCK_STEP_CYCLES_MAX: u64 = 100_000;
/// So many are played.
const LOCK_STEPS: usize = 3;
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
    let adder = Adder::build(&lab, &lab.firmware);
    assert_eq!(idle_level(&adder), Some(true), "{kind} without a cable");

    let (vectors, expected) = adder.steps(STEPS);
    let count = |engine| {
        let counted = count(&adder, engine, &vectors);
        assert_eq!(counted.captures, expected, "{engine:?}");
        (counted.boot, counted.play, counted.lock_step)
    };
    let (boot, play, lock_step) = count(EngineKind::Event);
    println!(
        "{kind}: boot to Hello {boot} cycles (budget {BOOT_CYCLES_MAX}), playing {STEPS} steps \
         {play} cycles (budget {PLAY_CYCLES_MAX}), a lock-step {lock_step} cycles"
    );
    if count(EngineKind::Plain) != (boot, play, lock_step) {
        return Err("the plain engine counts otherwise".into());
    }
    if boot > BOOT_CYCLES_MAX || play > PLAY_CYCLES_MAX || lock_step > LOCK_STEP_CYCLES_MAX {
        return Err("over budget".into());
    }
    Ok(())
}

/// The level of the receive pin when nothing drives it.
fn idle_level(adder: &Adder) -> Option<bool> {
    // The cable is plugged into another pin.
    let board = &adder.board;
    let unplugged = Pins { uart_rx: &board.led.pin, ..pins(board) };
    let netlist = decode(&adder.bitstream).unwrap();
    let running = VirtualBoard::new(netlist, &unplugged, EngineKind::Event).unwrap();
    running.pin(&board.uart.rx).unwrap()
}

struct Counted {
    boot: u64,
    play: u64,
    /// The slowest of a few.
    lock_step: u64,
    captures: Vec<u8>,
}

fn count(adder: &Adder, engine: EngineKind, vectors: &[(Vec<u8>, bool)]) -> Counted {
    let board = Arc::new(Mutex::new(adder.start(engine)));
    let now = || board.lock().unwrap().cycles();
    // Only a board that has come to rest runs out of time; it has failed.
    let second = Duration::from_secs(1);
    let timing = Timing { reply: second, hello: second, gap: second, quiet: second, attempts: 1 };
    let cable = || Cable { board: Arc::clone(&board), cycles_max: CYCLES_MAX };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut session = Session::open(cable(), timing).await.unwrap();
        let boot = now();
        let mut playing = session.begin(0, adder.settle_cycles, 1).unwrap();
        let captures = playing.all(vectors.iter().cloned(), |_| {}).await.unwrap();
        let play = now() - boot;

        let mut lock_step = 0;
        for (inputs, _) in vectors.iter().take(LOCK_STEPS) {
            let begun = now();
            assert!(playing.add(inputs, true).unwrap());
            assert_eq!(playing.flush().await.unwrap().len(), 1);
            lock_step = lock_step.max(now() - begun);
        }
        Counted { boot, play, lock_step, captures }
    })
}
