//! The devices this crate knows, and where their tiles lie in the CRAM.

use std::fmt;

/// An iCE40 device, named as IceStorm names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Device {
    /// iCE40 UP5K (`5k`).
    Up5k,
    /// iCE40 LP8K and HX8K (`8k`).
    Lp8k,
}

impl Device {
    /// All devices with an embedded chip database.
    pub const ALL: [Device; 2] = [Device::Up5k, Device::Lp8k];

    /// IceStorm's name of the device, as in `.device` of its databases.
    pub fn icestorm_name(self) -> &'static str {
        match self {
            Device::Up5k => "5k",
            Device::Lp8k => "8k",
        }
    }

    /// The device whose first CRAM bank is `width` bits wide, from the widths
    /// that `icepack` writes.
    pub(crate) fn from_cram_width(width: u32) -> Option<Device> {
        Device::ALL.into_iter().find(|device| device.cram_width() == width)
    }

    /// Number of tile columns and rows, borders included.
    pub(crate) fn grid(self) -> (u8, u8) {
        match self {
            Device::Up5k => (26, 32),
            Device::Lp8k => (34, 34),
        }
    }

    /// Bits in a row of each CRAM bank: the tiles of one half, and two columns
    /// that belong to no tile (the extra bits of the global buffers).
    pub(crate) fn cram_width(self) -> u32 {
        let tiles: u32 = self.half_columns().iter().map(|&w| u32::from(w)).sum();
        tiles + 2
    }

    /// Rows of CRAM bank `bank`: even banks hold the lower tiles.
    pub(crate) fn cram_height(self, bank: usize) -> u32 {
        let (_, rows) = self.grid();
        let lower = u32::from(self.first_top_row());
        16 * if bank.is_multiple_of(2) { lower } else { u32::from(rows) - lower }
    }

    /// Bits in a row of BRAM bank `bank`: 16 for each block RAM.
    pub(crate) fn bram_width(self, bank: usize) -> u32 {
        match (self, bank % 2) {
            (Device::Up5k, 0) => 160,
            (Device::Up5k, _) => 80,
            (Device::Lp8k, _) => 128,
        }
    }

    /// Rows of each BRAM bank: the 256 words of 16 bits of one block RAM,
    /// 16 bits a row.
    pub(crate) const BRAM_HEIGHT: u32 = 256;

    /// Widths of the tile columns of the left half in CRAM bits; the right
    /// half is its mirror image. IO columns have 18, RAM columns 42, others
    /// 54 (IceStorm, "Organization of the CRAM").
    pub(crate) fn half_columns(self) -> &'static [u8] {
        match self {
            Device::Up5k => &[54, 54, 54, 54, 54, 54, 42, 54, 54, 54, 54, 54, 54],
            Device::Lp8k => &[18, 54, 54, 54, 54, 54, 54, 54, 42, 54, 54, 54, 54, 54, 54, 54, 54],
        }
    }

    /// The lowest tile row whose bits lie in the odd (top) banks. The UP5K is
    /// split at two thirds of its height, the 8k in the middle.
    pub(crate) fn first_top_row(self) -> u8 {
        match self {
            Device::Up5k => 21,
            Device::Lp8k => 17,
        }
    }

    /// Whether tile column `x` lies in the right banks (2 and 3).
    pub(crate) fn is_right(self, x: u8) -> bool {
        x >= self.grid().0 / 2
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.icestorm_name())
    }
}

/// A tile's place: column `x` from the left, row `y` from the bottom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TileAt {
    /// Column.
    pub x: u8,
    /// Row.
    pub y: u8,
}

impl fmt::Display for TileAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({}, {})", self.x, self.y)
    }
}

/// A configuration bit inside its tile, written `B<row>[<column>]` as in
/// IceStorm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TileBit {
    /// Row, 0 to 15.
    pub row: u8,
    /// Column, below the tile's width.
    pub column: u8,
}

impl fmt::Display for TileBit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "B{}[{}]", self.row, self.column)
    }
}

/// What a tile is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TileKind {
    /// Two IO blocks.
    Io,
    /// Eight logic cells.
    Logic,
    /// Lower half of a block RAM.
    Ramb,
    /// Upper half of a block RAM.
    Ramt,
    /// The four tiles of a MAC16, from the bottom.
    Dsp0,
    /// Second tile of a MAC16.
    Dsp1,
    /// Third tile of a MAC16.
    Dsp2,
    /// Fourth tile of a MAC16.
    Dsp3,
    /// Connections of the UltraPlus hard IP.
    Ipcon,
}

impl TileKind {
    /// All kinds, in the order of the chip database's numbering.
    pub const ALL: [TileKind; 9] = [
        TileKind::Io,
        TileKind::Logic,
        TileKind::Ramb,
        TileKind::Ramt,
        TileKind::Dsp0,
        TileKind::Dsp1,
        TileKind::Dsp2,
        TileKind::Dsp3,
        TileKind::Ipcon,
    ];

    /// IceStorm's name, as in `.<name>_tile`.
    pub fn icestorm_name(self) -> &'static str {
        match self {
            TileKind::Io => "io",
            TileKind::Logic => "logic",
            TileKind::Ramb => "ramb",
            TileKind::Ramt => "ramt",
            TileKind::Dsp0 => "dsp0",
            TileKind::Dsp1 => "dsp1",
            TileKind::Dsp2 => "dsp2",
            TileKind::Dsp3 => "dsp3",
            TileKind::Ipcon => "ipcon",
        }
    }

    pub(crate) fn index(self) -> usize {
        self as usize
    }
}
