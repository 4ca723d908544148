//! The chip database: what each configuration bit of a device means.
//!
//! It is IceStorm's (`/usr/share/fpga-icestorm/chipdb`), folded. IceStorm
//! lists every switch of every tile with global net numbers; most tiles are
//! alike, so here a [`Pattern`] holds the switches of all tiles of one make,
//! written with the tile's own net names (its *slots*), and each tile holds
//! which net each slot is. Nothing is unfolded when it is read: the decoder
//! walks the tiles and looks the slots up.
//!
//! `cargo xtask chipdb` derives the files in `data/` (module `derive`).

mod bytes;
#[cfg(feature = "derive")]
pub mod derive;
mod format;

use std::sync::OnceLock;

use crate::device::{Device, TileAt, TileBit, TileKind};

pub use format::ChipDbError;

/// A net of the device, numbered as in IceStorm's `.net`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct FabricNet(pub u32);

/// Index of a name in [`ChipDb::names`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct NameId(pub u32);

/// A device's database.
#[derive(Debug, PartialEq)]
pub(crate) struct ChipDb {
    pub device: Device,
    /// Columns and rows of the tile grid, borders included.
    pub width: u8,
    pub height: u8,
    pub nets: u32,
    /// All names used anywhere, sorted.
    pub names: Vec<String>,
    /// Named configuration bits, by [`TileKind::index`].
    pub functions: Vec<TileFunctions>,
    pub patterns: Vec<Pattern>,
    /// Row by row from the bottom left; `None` where the chip has no tile.
    pub tiles: Vec<Option<Tile>>,
    /// Nets of the tiles' slots, tile after tile (see [`Tile::first_slot`]).
    pub slot_nets: Vec<u32>,
    pub packages: Vec<Package>,
    /// `.gbufin`: the IO tile whose `fabout` can drive a global network.
    pub gbufin: Vec<(TileAt, u8)>,
    /// `.gbufpin`: the IO block whose pad can drive a global network.
    pub gbufpin: Vec<(IoAt, u8)>,
    /// `.ieren`: where the input-enable and pull-up bits of an IO block are.
    pub ieren: Vec<(IoAt, IoAt)>,
    /// `.colbuf`: the tile whose `ColBufCtrl` bits feed a tile's globals.
    pub colbuf: Vec<(TileAt, TileAt)>,
    /// `.iolatch`: the IO tiles whose `fabout` drives their edge's latch net.
    pub iolatch: Vec<TileAt>,
    /// `.extra_bits`: CRAM bits that belong to no tile.
    pub extra_bits: Vec<ExtraBit>,
    pub extra_cells: Vec<ExtraCell>,
}

/// The named, non-routing configuration bits of a kind of tile.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct TileFunctions {
    /// Columns of the tile in the CRAM; 0 when the device has no such tile.
    pub columns: u8,
    pub entries: Vec<(NameId, Vec<TileBit>)>,
}

/// The make of a tile: its slots and switches.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Pattern {
    /// The tile's own name of each slot's net.
    pub slots: Vec<NameId>,
    pub switches: Vec<Switch>,
}

/// A programmable connection into one net.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Switch {
    pub kind: SwitchKind,
    /// The net it drives.
    pub destination: u16,
    /// Its configuration bits, most significant first.
    pub bits: Vec<TileBit>,
    /// Value of the bits, and the net it then takes. Value 0 is "off".
    pub choices: Vec<(u16, u16)>,
}

/// IceStorm's two kinds of connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum SwitchKind {
    /// `.buffer`
    Buffer,
    /// `.routing`
    Routing,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Tile {
    pub kind: TileKind,
    pub pattern: u32,
    /// Start of its slots' nets in [`ChipDb::slot_nets`].
    pub first_slot: u32,
}

/// An IO block: its tile and number (0 or 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct IoAt {
    pub tile: TileAt,
    pub block: u8,
}

/// A package and its pins.
#[derive(Debug, PartialEq)]
pub(crate) struct Package {
    pub name: String,
    pub pins: Vec<(String, IoAt)>,
}

/// A CRAM bit outside the tiles.
#[derive(Debug, PartialEq)]
pub(crate) struct ExtraBit {
    pub name: String,
    pub bank: u8,
    pub x: u16,
    pub y: u16,
}

/// A cell that is not part of the fabric: PLL, SPRAM, MAC16, …
#[derive(Debug, PartialEq)]
pub(crate) struct ExtraCell {
    pub kind: String,
    pub at: TileAt,
    /// IceStorm's third coordinate, which tells cells at one place apart.
    pub z: u8,
    pub ports: Vec<(String, ExtraPort)>,
}

/// What a key of an extra cell stands for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ExtraPort {
    Net(FabricNet),
    ConfigBit(TileAt, TileBit),
    Block(IoAt),
}

impl ChipDb {
    /// The embedded database of `device`, read on first use.
    pub fn of(device: Device) -> Result<&'static ChipDb, ChipDbError> {
        static LOADED: [OnceLock<ChipDb>; Device::ALL.len()] = [const { OnceLock::new() }; 2];
        let (file, cell): (&[u8], _) = match device {
            Device::Up5k => (include_bytes!("../../data/5k.chipdb"), &LOADED[0]),
            Device::Lp8k => (include_bytes!("../../data/8k.chipdb"), &LOADED[1]),
        };
        if let Some(db) = cell.get() {
            return Ok(db);
        }
        let db = ChipDb::from_file(file)?;
        Ok(cell.get_or_init(|| db))
    }

    pub fn name(&self, id: NameId) -> &str {
        &self.names[id.0 as usize]
    }

    pub fn tile(&self, at: TileAt) -> Option<&Tile> {
        if at.x >= self.width || at.y >= self.height {
            return None;
        }
        self.tiles[usize::from(at.y) * usize::from(self.width) + usize::from(at.x)].as_ref()
    }

    /// All tiles with their places, row by row from the bottom left.
    pub fn tiles(&self) -> impl Iterator<Item = (TileAt, &Tile)> {
        let width = usize::from(self.width);
        self.tiles.iter().enumerate().filter_map(move |(k, tile)| {
            let at = TileAt { x: (k % width) as u8, y: (k / width) as u8 };
            tile.as_ref().map(|tile| (at, tile))
        })
    }

    pub fn pattern(&self, tile: &Tile) -> &Pattern {
        &self.patterns[tile.pattern as usize]
    }

    /// Nets of a tile's slots.
    pub fn nets_of(&self, tile: &Tile) -> &[u32] {
        let first = tile.first_slot as usize;
        &self.slot_nets[first..first + self.pattern(tile).slots.len()]
    }

    /// The net that tile `at` calls `name`, if it is one of its slots.
    pub fn net(&self, at: TileAt, name: &str) -> Option<FabricNet> {
        let tile = self.tile(at)?;
        let id = self.name_id(name)?;
        let slot = self.pattern(tile).slots.iter().position(|&n| n == id)?;
        Some(FabricNet(self.nets_of(tile)[slot]))
    }

    pub fn name_id(&self, name: &str) -> Option<NameId> {
        self.names.binary_search_by(|n| n.as_str().cmp(name)).ok().map(|k| NameId(k as u32))
    }

    /// Bits of a named function of a kind of tile, in IceStorm's order.
    pub fn function(&self, kind: TileKind, name: &str) -> Option<&[TileBit]> {
        let id = self.name_id(name)?;
        self.functions[kind.index()]
            .entries
            .iter()
            .find(|(n, _)| *n == id)
            .map(|(_, bits)| bits.as_slice())
    }

    pub fn package(&self, name: &str) -> Option<&Package> {
        self.packages.iter().find(|p| p.name == name)
    }
}
