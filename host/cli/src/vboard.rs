//! `filbench vboard`: a virtual board as a program.

use crate::args::{Uart, VboardArgs};
use crate::usage::Usage;
use anyhow::Context as _;
use filbench_board::Board;
use filbench_vboard::{EngineKind, Pins, VirtualBoard, decode, serve, serve_stdio};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use std::fs::File;
use std::process::ExitCode;

/// Runs the bitstream until its serial line ends.
pub fn run(args: &VboardArgs) -> anyhow::Result<ExitCode> {
    let board = Board::load(&args.board).map_err(|error| Usage::Board(error.to_string()))?;
    let file = std::fs::read(&args.bitstream)
        .map_err(|source| Usage::Bitstream { path: args.bitstream.clone(), source })?;
    let path = args.bitstream.display();
    let netlist = decode(&file).with_context(|| format!("cannot decode {path}"))?;
    let pins = Pins {
        package: &board.package,
        clock: &board.clock_pin,
        uart_rx: &board.uart.rx,
        uart_tx: &board.uart.tx,
        uart_divider: board.uart.divider,
    };
    let virtual_board = VirtualBoard::new(netlist, &pins, EngineKind::default())
        .with_context(|| format!("cannot run {path} on a virtual {}", board.kind))?;
    match args.uart {
        Uart::Stdio => serve_stdio(virtual_board)?,
        Uart::Pty => serve_pty(virtual_board)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Serves a pseudo-terminal until the process is ended.
fn serve_pty(board: VirtualBoard) -> anyhow::Result<()> {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let controller = openpt(flags).context("cannot open a pseudo-terminal; use `--uart stdio`")?;
    grantpt(&controller)?;
    unlockpt(&controller)?;
    let path = ptsname(&controller, Vec::new())?.to_string_lossy().into_owned();
    // Held open: otherwise reads fail whenever nobody else has the terminal.
    let terminal = File::options()
        .read(true)
        .write(true)
        .open(&path)
        .with_context(|| format!("cannot open the pseudo-terminal {path}"))?;
    let mut modes = tcgetattr(&terminal)?;
    modes.make_raw();
    tcsetattr(&terminal, OptionalActions::Now, &modes)?;
    println!("{path}");
    let controller = File::from(controller);
    serve(board, controller.try_clone()?, controller)?;
    drop(terminal);
    Ok(())
}
