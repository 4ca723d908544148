//! What a bitstream makes of the fabric: cells and the nets between them.

use std::fmt;

use crate::cells::mac16::Mac16Config;
use crate::device::{Device, TileAt};

/// A net of the decoded netlist. Nets are numbered densely; 0 and 1 are the
/// constants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Net(pub u32);

impl Net {
    /// Always 0; also what an unconnected input reads, with few exceptions.
    pub const ZERO: Net = Net(0);
    /// Always 1.
    pub const ONE: Net = Net(1);

    /// Whether it is one of the two constants.
    pub fn is_constant(self) -> bool {
        self.0 < 2
    }

    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// A logic cell of a logic tile: `LC_<k>` of its tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LogicCellAt {
    /// The tile.
    pub tile: TileAt,
    /// The cell, 0 to 7.
    pub cell: u8,
}

impl fmt::Display for LogicCellAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LC_{} of tile {}", self.cell, self.tile)
    }
}

/// A look-up table, or a carry (which is one of three inputs).
#[derive(Clone, Debug)]
pub struct Lut {
    /// Bit `i` is the output for input value `i`, input 0 being bit 0.
    pub table: u16,
    /// Its inputs.
    pub inputs: [Net; 4],
    /// What it drives.
    pub output: Net,
    /// Where it is; `None` for a table that stands for something else than a
    /// cell's LUT (carry, IO latch).
    pub at: Option<LogicCellAt>,
}

/// What a clocked element samples on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Clock {
    /// The net.
    pub net: Net,
    /// Whether the falling edge counts (`NegClk`).
    pub falling: bool,
}

/// How a flip-flop's set/reset input acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SetReset {
    /// At the clock edge, and only when the flip-flop is enabled.
    Synchronous,
    /// As long as it is 1, whatever clock and enable do.
    Asynchronous,
}

/// A flip-flop. It powers up as 0.
#[derive(Clone, Debug)]
pub struct Ff {
    /// Data.
    pub d: Net,
    /// Output.
    pub q: Net,
    /// Clock.
    pub clock: Clock,
    /// Clock enable.
    pub enable: Net,
    /// Set/reset input.
    pub set_reset: Net,
    /// How that acts.
    pub set_reset_kind: SetReset,
    /// The value that set/reset gives.
    pub set_value: bool,
}

/// A port of a block RAM.
#[derive(Clone, Debug)]
pub struct RamPort {
    /// Clock.
    pub clock: Clock,
    /// `RE` or `WE`.
    pub enable: Net,
    /// `RCLKE` or `WCLKE`.
    pub clock_enable: Net,
    /// `RADDR` or `WADDR`, bit 0 first.
    pub address: [Net; 11],
    /// `READ_MODE` or `WRITE_MODE`: 0 is 256×16, 1 is 512×8, 2 is 1024×4,
    /// 3 is 2048×2.
    pub mode: u8,
}

/// A 4-kbit block RAM (`SB_RAM40_4K`).
#[derive(Clone, Debug)]
pub struct BlockRam {
    /// Its lower tile.
    pub at: TileAt,
    /// Read port.
    pub read: RamPort,
    /// `RDATA`.
    pub read_data: [Net; 16],
    /// Write port.
    pub write: RamPort,
    /// `WDATA`.
    pub write_data: [Net; 16],
    /// `MASK`: 1 keeps a bit (mode 0 only).
    pub write_mask: [Net; 16],
    /// Contents after configuration: 256 words.
    pub init: Vec<u16>,
}

/// A 256-kbit single-port RAM (`SB_SPRAM256KA`).
#[derive(Clone, Debug)]
pub struct Spram {
    /// IceStorm's place of the cell.
    pub at: TileAt,
    /// `CLOCK`.
    pub clock: Clock,
    /// `ADDRESS`.
    pub address: [Net; 14],
    /// `DATAIN`.
    pub data_in: [Net; 16],
    /// `MASKWREN`: 1 writes a nibble.
    pub mask: [Net; 4],
    /// `WREN`.
    pub write_enable: Net,
    /// `CHIPSELECT`.
    pub chip_select: Net,
    /// `STANDBY`.
    pub standby: Net,
    /// `SLEEP`.
    pub sleep: Net,
    /// `POWEROFF`, active low.
    pub power_off_n: Net,
    /// `DATAOUT`.
    pub data_out: [Net; 16],
}

/// A multiply-accumulate block (`SB_MAC16`).
#[derive(Clone, Debug)]
pub struct Mac16 {
    /// Its lowest tile (DSP0).
    pub at: TileAt,
    /// Parameters.
    pub config: Mac16Config,
    /// `CLK`.
    pub clock: Clock,
    /// Inputs, ordered as [`Mac16::INPUT_COUNT`] says.
    pub inputs: Vec<Net>,
    /// `O` (32) and `CO`.
    pub outputs: [Net; 33],
}

/// An IO block whose pad the fabric uses.
#[derive(Clone, Debug)]
pub struct Pad {
    /// Tile of the block.
    pub tile: TileAt,
    /// Block, 0 or 1.
    pub block: u8,
    /// The net that the outside sets, if the fabric reads the pad.
    pub input: Option<Net>,
    /// What drives the pad, if anything.
    pub output: Option<PadOutput>,
    /// Whether the pull-up is on.
    pub pull_up: bool,
}

/// The driver of a pad.
#[derive(Clone, Copy, Debug)]
pub struct PadOutput {
    /// Value.
    pub value: Net,
    /// 1 drives, 0 leaves the pad floating.
    pub enable: Net,
}

/// A phase-locked loop.
#[derive(Clone, Debug)]
pub struct Pll {
    /// IceStorm's place of the cell.
    pub at: TileAt,
    /// The reference, which must be the pad that the board's clock enters.
    pub reference: Net,
    /// Outputs with their frequency: reference × `multiply` / `divide`.
    pub outputs: Vec<PllOutput>,
}

/// A clock that a PLL makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PllOutput {
    /// The net.
    pub net: Net,
    /// Numerator of its frequency.
    pub multiply: u32,
    /// Denominator of its frequency.
    pub divide: u32,
}

/// A decoded bitstream.
#[derive(Debug)]
pub struct Netlist {
    /// The device it is for.
    pub device: Device,
    /// Number of nets, the constants included.
    pub net_count: usize,
    /// LUTs and carries.
    pub luts: Vec<Lut>,
    /// Flip-flops.
    pub ffs: Vec<Ff>,
    /// Block RAMs.
    pub block_rams: Vec<BlockRam>,
    /// Single-port RAMs.
    pub sprams: Vec<Spram>,
    /// Multiply-accumulate blocks.
    pub mac16s: Vec<Mac16>,
    /// Pads in use.
    pub pads: Vec<Pad>,
    /// PLLs.
    pub plls: Vec<Pll>,
}

impl Mac16 {
    /// Number of inputs: A, B, C, D with 16 bits each, bit 0 first, then the
    /// controls in the order of [`crate::cells::mac16::control::NAMES`].
    pub const INPUT_COUNT: usize = 80;
}
