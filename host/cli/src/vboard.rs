//! `filbench vboard`: a virtual board as a program.

use crate::args::{Uart, VboardArgs};
use crate::bounded;
use crate::usage::Usage;
use anyhow::Context as _;
use filbench_board::{Board, Device};
use filbench_vboard::{DecodeError, EngineKind, Pins, VirtualBoard, decode, serve, serve_stdio};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use std::fs::File;
use std::io::Write as _;
use std::process::ExitCode;

/// More than a bitstream has, comments included; one of an HX8K has 135 kB.
const BYTES_MAX: u64 = 4 << 20;

/// Runs the bitstream until its serial line ends.
pub fn run(args: &VboardArgs) -> anyhow::Result<ExitCode> {
    let board = Board::load(&args.board).map_err(|error| Usage::Board(error.to_string()))?;
    let path = args.bitstream.clone();
    let file = bounded::read(&path, BYTES_MAX)
        .map_err(|source| Usage::Bitstream { path: path.clone(), source })?;
    let netlist = match decode(&file) {
        Ok(netlist) => netlist,
        Err(DecodeError::Bitstream(source)) => {
            return Err(Usage::NoBitstream { path, source }.into());
        }
        Err(other) => {
            return Err(other).with_context(|| format!("cannot run `{}`", path.display()));
        }
    };
    let device = device(netlist.device);
    if device != board.device {
        return Err(Usage::OtherDevice { path, device, board: Box::new(board) }.into());
    }
    let pins = Pins {
        package: &board.package,
        clock: &board.clock_pin,
        uart_rx: &board.uart.rx,
        uart_tx: &board.uart.tx,
        uart_divider: board.uart.divider,
    };
    let virtual_board = VirtualBoard::new(netlist, &pins, EngineKind::default())
        .with_context(|| format!("cannot run `{}` on a virtual {}", path.display(), board.kind))?;
    match args.uart {
        Uart::Stdio => serve_stdio(virtual_board)?,
        Uart::Pty => serve_pty(virtual_board)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// A device as boards call it.
fn device(device: filbench_vboard::Device) -> Device {
    match device {
        filbench_vboard::Device::Up5k => Device::Up5k,
        filbench_vboard::Device::Lp8k => Device::Hx8k,
    }
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
    // Whoever does not read the path may find the terminal otherwise.
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{path}").and_then(|()| stdout.flush()).ok();
    let controller = File::from(controller);
    serve(board, controller.try_clone()?, controller)?;
    drop(terminal);
    Ok(())
}
