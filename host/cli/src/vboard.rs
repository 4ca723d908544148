//! `filbench vboard`: a virtual board as a program.

use crate::args::{Uart, VboardArgs};
use crate::bounded;
use crate::usage::Usage;
use anyhow::Context as _;
use filbench_board::{Board, Device};
use filbench_toolbox::confine;
use filbench_vboard::{
    BoardError, DecodeError, EngineKind, Pins, VirtualBoard, decode, serve, serve_stdio,
};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use std::fs::File;
use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

/// More than a bitstream has, comments included; one of an HX8K has 135 kB.
const BYTES_MAX: u64 = 4 << 20;
/// What the board may allocate; it takes some 100 MB.
const MEMORY_BYTES: u64 = 2 << 30;
/// What reading a bitstream and settling its netlist may take; it takes 0.2 s.
const POWER_UP_CPU: Duration = Duration::from_secs(60);

/// Runs the bitstream until its serial line ends.
pub fn run(args: &VboardArgs) -> anyhow::Result<ExitCode> {
    let board = Board::load(&args.board).map_err(|error| Usage::Board(error.to_string()))?;
    let path = args.bitstream.clone();
    let file = bounded::read(&path, BYTES_MAX)
        .map_err(|source| Usage::Bitstream { path: path.clone(), source })?;
    let line = match args.uart {
        Uart::Stdio => Line::Stdio,
        Uart::Pty => Line::Pty(Terminal::open()?),
    };
    // All that will be needed is open, and nobody has looked at the bytes yet.
    let confined = confine(MEMORY_BYTES, POWER_UP_CPU)?;
    let netlist = match decode(&file) {
        Ok(netlist) => netlist,
        Err(DecodeError::Bitstream(source)) => {
            return Err(Usage::NoBitstream { path, source }.into());
        }
        Err(damaged @ DecodeError::ChipDb(_)) => return Err(damaged.into()),
        Err(source) => return Err(Usage::Unmodelled { path, source }.into()),
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
    let virtual_board = match VirtualBoard::new(netlist, &pins, EngineKind::default()) {
        Ok(virtual_board) => virtual_board,
        Err(source @ (BoardError::PllReference { .. } | BoardError::Unsettled(_))) => {
            return Err(Usage::NoStart { path, kind: board.kind, source }.into());
        }
        Err(other) => {
            return Err(other)
                .with_context(|| format!("cannot set up a virtual {} as it is known", board.kind));
        }
    };
    // From here on whoever talks to the board decides how long it runs.
    confined.lift_cpu_limit()?;
    match line {
        Line::Stdio => serve_stdio(virtual_board)?,
        Line::Pty(terminal) => terminal.serve(virtual_board)?,
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

/// Where the board's UART goes.
enum Line {
    Stdio,
    Pty(Terminal),
}

/// A pseudo-terminal.
struct Terminal {
    path: String,
    /// For reading and for writing.
    controllers: [File; 2],
    /// Held open: otherwise reads fail whenever nobody else has the terminal.
    terminal: File,
}

impl Terminal {
    fn open() -> anyhow::Result<Self> {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let controller =
            openpt(flags).context("cannot open a pseudo-terminal; use `--uart stdio`")?;
        grantpt(&controller)?;
        unlockpt(&controller)?;
        let path = ptsname(&controller, Vec::new())?.to_string_lossy().into_owned();
        let terminal = File::options()
            .read(true)
            .write(true)
            .open(&path)
            .with_context(|| format!("cannot open the pseudo-terminal {path}"))?;
        let mut modes = tcgetattr(&terminal)?;
        modes.make_raw();
        tcsetattr(&terminal, OptionalActions::Now, &modes)?;
        let controller = File::from(controller);
        Ok(Self { path, controllers: [controller.try_clone()?, controller], terminal })
    }

    /// Serves it until the process is ended.
    fn serve(self, board: VirtualBoard) -> anyhow::Result<()> {
        // Whoever does not read the path may find the terminal otherwise.
        let mut stdout = std::io::stdout();
        writeln!(stdout, "{}", self.path).and_then(|()| stdout.flush()).ok();
        let [input, output] = self.controllers;
        serve(board, input, output)?;
        drop(self.terminal);
        Ok(())
    }
}
