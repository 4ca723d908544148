//! From configuration bits back to cells and nets.
//!
//! Every cell's input is followed backwards through the switches to what
//! drives it; wires disappear. What this crate does not model is refused by
//! name and place: a board in software that guesses is worse than none.
//!
//! Sources: IceStorm's documentation of logic, IO and RAM tiles and of the
//! UltraPlus features; `icebox_vlog` for the defaults of unconnected inputs.

mod dsp;
mod io;
mod logic;
mod memory;
mod pll;
mod refuse;
mod routing;

use std::collections::HashMap;

use crate::bitstream::{Bitstream, BitstreamError};
use crate::chipdb::{ChipDb, ChipDbError, ExtraCell, ExtraPort, FabricNet, SwitchKind};
use crate::device::{Device, TileAt, TileBit, TileKind};
use crate::netlist::{Net, Netlist};
pub(crate) use logic::LUT_BITS;
use routing::Routing;

/// Why a bitstream cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The file is no good bitstream.
    #[error(transparent)]
    Bitstream(#[from] BitstreamError),
    /// The embedded chip database is damaged.
    #[error(transparent)]
    ChipDb(#[from] ChipDbError),
    /// A switch's bits have a value that selects nothing.
    #[error(
        "the bits of a {kind:?} switch of tile {at} have the unknown value {value:#b} (net `{net}`)"
    )]
    UnknownChoice {
        /// Tile.
        at: TileAt,
        /// IceStorm's kind of switch.
        kind: SwitchName,
        /// Name of the driven net in that tile.
        net: String,
        /// Value of the bits.
        value: u16,
    },
    /// Two switches drive one net.
    #[error("net `{net}` of tile {at} is driven by two switches")]
    TwoDrivers {
        /// Tile of the second switch.
        at: TileAt,
        /// The net's name there.
        net: String,
    },
    /// Switches drive each other in a ring.
    #[error("the routing of input `{net}` of tile {at} runs in a ring")]
    RoutingRing {
        /// Tile of the input.
        at: TileAt,
        /// Its name.
        net: String,
    },
    /// A configuration bit is set that the database knows nothing of.
    #[error("configuration bit {bit} of {kind} tile {at} has no known meaning")]
    UnknownBit {
        /// Tile.
        at: TileAt,
        /// IceStorm's name of its kind.
        kind: &'static str,
        /// The bit.
        bit: TileBit,
    },
    /// A cell, or a mode of a cell, that is not modelled.
    #[error("{what} of the {device} at {at} is not modelled by the virtual board")]
    Unmodelled {
        /// Device.
        device: Device,
        /// What it is.
        what: String,
        /// Where.
        at: TileAt,
    },
}

/// Names of `SwitchKind` in errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SwitchName {
    /// `.buffer`
    Buffer,
    /// `.routing`
    Routing,
}

impl From<SwitchKind> for SwitchName {
    fn from(kind: SwitchKind) -> Self {
        match kind {
            SwitchKind::Buffer => SwitchName::Buffer,
            SwitchKind::Routing => SwitchName::Routing,
        }
    }
}

/// Decodes a bitstream file into its netlist.
///
/// # Errors
/// When the file is damaged, or uses something that is not modelled.
pub fn decode(file: &[u8]) -> Result<Netlist, DecodeError> {
    decode_bitstream(&Bitstream::parse(file)?)
}

pub(crate) fn decode_bitstream(bitstream: &Bitstream) -> Result<Netlist, DecodeError> {
    let db = ChipDb::of(bitstream.device())?;
    let mut decoder = Decoder::new(db, bitstream)?;
    decoder.refuse_unmodelled()?;
    // Outputs first, so that every input finds its driver.
    let logic = decoder.logic_cells();
    let rams = decoder.block_ram_cells();
    let sprams = decoder.spram_cells();
    let mac16s = decoder.mac16_cells();
    let plls = decoder.pll_cells()?;
    let ios = decoder.io_cells(&plls)?;
    decoder.connect_globals();

    let (mut luts, mut ffs) = decoder.connect_logic(logic)?;
    let block_rams = decoder.connect_block_rams(rams)?;
    let sprams = decoder.connect_sprams(sprams)?;
    let mac16s = decoder.connect_mac16s(mac16s)?;
    let plls = decoder.connect_plls(plls, &ios, &mut luts)?;
    let pads = decoder.connect_ios(ios, &mut luts, &mut ffs)?;
    Ok(Netlist {
        device: db.device,
        net_count: decoder.net_count as usize,
        luts,
        ffs,
        block_rams,
        sprams,
        mac16s,
        pads,
        plls,
    })
}

/// State of decoding one bitstream.
struct Decoder<'a> {
    db: &'static ChipDb,
    bitstream: &'a Bitstream,
    /// Configuration bits of each tile, in the order of [`ChipDb::tiles`].
    rows: HashMap<TileAt, [u64; 16]>,
    routing: Routing,
    /// The netlist's net of each fabric net that a cell drives.
    driven: Vec<Option<Net>>,
    net_count: u32,
}

fn is_set(rows: &[u64; 16], bit: TileBit) -> bool {
    rows[usize::from(bit.row) & 15] >> bit.column & 1 != 0
}

impl<'a> Decoder<'a> {
    fn new(db: &'static ChipDb, bitstream: &'a Bitstream) -> Result<Self, DecodeError> {
        let mut rows = HashMap::with_capacity(db.tiles.len());
        for (at, tile) in db.tiles() {
            let columns = db.functions[tile.kind.index()].columns;
            rows.insert(at, bitstream.tile_rows(at, columns, tile.kind == TileKind::Io));
        }
        let routing = Routing::read(db, &rows)?;
        Ok(Decoder {
            db,
            bitstream,
            rows,
            routing,
            driven: vec![None; db.nets as usize],
            net_count: 2,
        })
    }

    fn unmodelled(&self, what: impl Into<String>, at: TileAt) -> DecodeError {
        DecodeError::Unmodelled { device: self.db.device, what: what.into(), at }
    }

    /// A net that no fabric net stands for.
    fn new_net(&mut self) -> Net {
        self.net_count += 1;
        Net(self.net_count - 1)
    }

    /// The netlist's net for a fabric net that a cell drives.
    fn drive(&mut self, fabric: FabricNet) -> Net {
        if let Some(net) = self.driven[fabric.0 as usize] {
            return net;
        }
        let net = self.new_net();
        self.driven[fabric.0 as usize] = Some(net);
        net
    }

    /// The net that drives `fabric`, or `unconnected` when nothing does.
    fn input(&self, fabric: FabricNet, unconnected: Net) -> Result<Net, DecodeError> {
        match self.routing.root(fabric) {
            None => Err(self.ring(fabric)),
            Some(root) if root == fabric && self.driven[root.0 as usize].is_none() => {
                Ok(unconnected)
            }
            // A wire that leads nowhere reads 0, as an unconnected input does.
            Some(root) => Ok(self.driven[root.0 as usize].unwrap_or(Net::ZERO)),
        }
    }

    fn ring(&self, fabric: FabricNet) -> DecodeError {
        let named = self.db.tiles().find_map(|(at, tile)| {
            let slot = self.db.nets_of(tile).iter().position(|&n| n == fabric.0)?;
            Some((at, self.db.name(self.db.pattern(tile).slots[slot])))
        });
        let (at, net) = named.unwrap_or((TileAt { x: 0, y: 0 }, "?"));
        DecodeError::RoutingRing { at, net: net.to_owned() }
    }

    /// As [`Decoder::input`], by the net's name in a tile; a tile without
    /// such a net leaves the input unconnected.
    fn named_input(&self, at: TileAt, name: &str, unconnected: Net) -> Result<Net, DecodeError> {
        match self.db.net(at, name) {
            Some(fabric) => self.input(fabric, unconnected),
            None => Ok(unconnected),
        }
    }

    /// Value of a named one-bit function of a tile.
    fn flag(&self, at: TileAt, name: &str) -> bool {
        let Some(tile) = self.db.tile(at) else {
            return false;
        };
        self.db
            .function(tile.kind, name)
            .is_some_and(|bits| bits.iter().any(|&bit| is_set(&self.rows[&at], bit)))
    }

    fn bit(&self, at: TileAt, bit: TileBit) -> bool {
        self.rows.get(&at).is_some_and(|rows| is_set(rows, bit))
    }

    /// The fabric net of an extra cell's port.
    fn extra_net(&self, cell: &ExtraCell, port: &str) -> Option<FabricNet> {
        cell.ports.iter().find_map(|(name, p)| match p {
            ExtraPort::Net(net) if name == port => Some(*net),
            _ => None,
        })
    }

    fn extra_input(
        &self,
        cell: &ExtraCell,
        port: &str,
        unconnected: Net,
    ) -> Result<Net, DecodeError> {
        match self.extra_net(cell, port) {
            Some(net) => self.input(net, unconnected),
            None => Ok(unconnected),
        }
    }

    /// Value of an extra cell's configuration bit.
    fn extra_flag(&self, cell: &ExtraCell, port: &str) -> bool {
        cell.ports.iter().any(|(name, p)| match p {
            ExtraPort::ConfigBit(at, bit) if name == port => self.bit(*at, *bit),
            _ => false,
        })
    }

    /// Bits `<name>_<n-1>` to `<name>_0` of an extra cell as a number.
    fn extra_value(&self, cell: &ExtraCell, name: &str, bits: u32) -> u32 {
        (0..bits)
            .filter(|k| self.extra_flag(cell, &format!("{name}_{k}")))
            .fold(0, |value, k| value | 1 << k)
    }
}
