//! The database as a file: a magic, then one deflated block of variable-length
//! integers. Slots' nets are written as differences to the previous tile of
//! the same pattern, which are small and repeat.

use super::bytes::Reader;
#[cfg(feature = "derive")]
use super::bytes::Writer;
use super::{
    ChipDb, ExtraBit, ExtraCell, ExtraPort, FabricNet, IoAt, NameId, Package, Pattern, Switch,
    SwitchKind, Tile, TileFunctions,
};
use crate::device::{Device, TileAt, TileBit, TileKind};

/// First bytes of a database file; the last one is the format's version.
const MAGIC: &[u8; 8] = b"FBCHIP\x00\x01";

/// A bound on an unpacked database, several times the largest.
const MAX_UNPACKED: usize = 32 << 20;

/// Why an embedded chip database could not be read: the file in `data/` is
/// damaged or from another version.
#[derive(Debug, thiserror::Error)]
pub enum ChipDbError {
    /// Wrong first bytes.
    #[error("not a chip database of this version; run `cargo xtask chipdb`")]
    Magic,
    /// The compressed block is damaged.
    #[error("the chip database does not unpack; run `cargo xtask chipdb`")]
    Compression,
    /// It ends too early.
    #[error("the chip database is cut short; run `cargo xtask chipdb`")]
    Truncated,
    /// A field has an impossible value.
    #[error("the chip database has an impossible {0}; run `cargo xtask chipdb`")]
    Malformed(&'static str),
}

impl ChipDb {
    /// Reads a database file.
    pub fn from_file(file: &[u8]) -> Result<ChipDb, ChipDbError> {
        let packed = file.strip_prefix(MAGIC).ok_or(ChipDbError::Magic)?;
        let payload = miniz_oxide::inflate::decompress_to_vec_with_limit(packed, MAX_UNPACKED)
            .map_err(|_| ChipDbError::Compression)?;
        ChipDb::from_payload(&payload)
    }

    fn from_payload(payload: &[u8]) -> Result<ChipDb, ChipDbError> {
        let r = &mut Reader::new(payload);
        let device_name = r.string()?;
        let device = Device::ALL
            .into_iter()
            .find(|d| d.icestorm_name() == device_name)
            .ok_or(ChipDbError::Malformed("device"))?;
        let (width, height) = (r.byte()?, r.byte()?);
        if (width, height) != device.grid() {
            return Err(ChipDbError::Malformed("grid"));
        }
        let nets = r.int()?;
        let names = r.list(Reader::string)?;
        let name = |r: &mut Reader| match r.int()? {
            id if (id as usize) < names.len() => Ok(NameId(id)),
            _ => Err(ChipDbError::Malformed("name")),
        };
        let functions = r.list(|r| {
            Ok(TileFunctions {
                columns: r.byte()?,
                entries: r.list(|r| Ok((name(r)?, r.list(tile_bit)?)))?,
            })
        })?;
        if functions.len() != TileKind::ALL.len() {
            return Err(ChipDbError::Malformed("list of tile kinds"));
        }
        let patterns = r.list(|r| {
            let slots = r.list(name)?;
            let switches = r.list(|r| read_switch(r, slots.len()))?;
            Ok(Pattern { slots, switches })
        })?;
        let mut tiles = read_tiles(r, usize::from(width) * usize::from(height), &patterns)?;
        let slot_nets = read_slot_nets(r, &mut tiles, &patterns, nets)?;
        let db = ChipDb {
            device,
            width,
            height,
            nets,
            functions,
            patterns,
            tiles,
            slot_nets,
            packages: r.list(|r| {
                Ok(Package { name: r.string()?, pins: r.list(|r| Ok((r.string()?, io_at(r)?)))? })
            })?,
            gbufin: r.list(|r| Ok((tile_at(r)?, r.byte()?)))?,
            gbufpin: r.list(|r| Ok((io_at(r)?, r.byte()?)))?,
            ieren: r.list(|r| Ok((io_at(r)?, io_at(r)?)))?,
            colbuf: r.list(|r| Ok((tile_at(r)?, tile_at(r)?)))?,
            iolatch: r.list(tile_at)?,
            extra_bits: r.list(|r| {
                Ok(ExtraBit {
                    name: r.string()?,
                    bank: r.byte()?,
                    x: r.int()? as u16,
                    y: r.int()? as u16,
                })
            })?,
            extra_cells: r.list(|r| read_extra_cell(r, nets))?,
            names,
        };
        if !r.is_empty() {
            return Err(ChipDbError::Malformed("length"));
        }
        Ok(db)
    }
}

fn tile_at(r: &mut Reader) -> Result<TileAt, ChipDbError> {
    Ok(TileAt { x: r.byte()?, y: r.byte()? })
}

fn io_at(r: &mut Reader) -> Result<IoAt, ChipDbError> {
    Ok(IoAt { tile: tile_at(r)?, block: r.byte()? })
}

fn tile_bit(r: &mut Reader) -> Result<TileBit, ChipDbError> {
    let bit = TileBit { row: r.byte()?, column: r.byte()? };
    if bit.row >= 16 || bit.column >= 54 {
        return Err(ChipDbError::Malformed("configuration bit"));
    }
    Ok(bit)
}

fn read_switch(r: &mut Reader, slots: usize) -> Result<Switch, ChipDbError> {
    let slot = |r: &mut Reader| match r.int()? {
        slot if (slot as usize) < slots => Ok(slot as u16),
        _ => Err(ChipDbError::Malformed("slot")),
    };
    let kind = match r.byte()? {
        0 => SwitchKind::Buffer,
        1 => SwitchKind::Routing,
        _ => return Err(ChipDbError::Malformed("switch")),
    };
    let switch = Switch {
        kind,
        destination: slot(r)?,
        bits: r.list(tile_bit)?,
        choices: r.list(|r| Ok((r.int()? as u16, slot(r)?)))?,
    };
    if switch.bits.len() > 16 {
        return Err(ChipDbError::Malformed("switch"));
    }
    Ok(switch)
}

fn read_tiles(
    r: &mut Reader,
    places: usize,
    patterns: &[Pattern],
) -> Result<Vec<Option<Tile>>, ChipDbError> {
    (0..places)
        .map(|_| {
            let kind = usize::from(r.byte()?);
            if kind == 0 {
                return Ok(None);
            }
            let kind = *TileKind::ALL.get(kind - 1).ok_or(ChipDbError::Malformed("tile"))?;
            let pattern = r.int()?;
            if pattern as usize >= patterns.len() {
                return Err(ChipDbError::Malformed("pattern"));
            }
            Ok(Some(Tile { kind, pattern, first_slot: 0 }))
        })
        .collect()
}

fn read_slot_nets(
    r: &mut Reader,
    tiles: &mut [Option<Tile>],
    patterns: &[Pattern],
    nets: u32,
) -> Result<Vec<u32>, ChipDbError> {
    let mut slot_nets: Vec<u32> = Vec::new();
    let mut previous: Vec<Option<usize>> = vec![None; patterns.len()];
    for tile in tiles.iter_mut().flatten() {
        let pattern = tile.pattern as usize;
        let first = slot_nets.len();
        tile.first_slot = first as u32;
        let before = previous[pattern].replace(first);
        for slot in 0..patterns[pattern].slots.len() {
            let base = match before {
                Some(start) => slot_nets[start + slot],
                None => slot_nets.last().copied().unwrap_or(0),
            };
            let net = base.wrapping_add_signed(r.signed()?);
            if net >= nets {
                return Err(ChipDbError::Malformed("net"));
            }
            slot_nets.push(net);
        }
    }
    Ok(slot_nets)
}

fn read_extra_cell(r: &mut Reader, nets: u32) -> Result<ExtraCell, ChipDbError> {
    Ok(ExtraCell {
        kind: r.string()?,
        at: tile_at(r)?,
        z: r.byte()?,
        ports: r.list(|r| {
            let name = r.string()?;
            let port = match r.byte()? {
                0 => match r.int()? {
                    net if net < nets => ExtraPort::Net(FabricNet(net)),
                    _ => return Err(ChipDbError::Malformed("net")),
                },
                1 => ExtraPort::ConfigBit(tile_at(r)?, tile_bit(r)?),
                2 => ExtraPort::Block(io_at(r)?),
                _ => return Err(ChipDbError::Malformed("port")),
            };
            Ok((name, port))
        })?,
    })
}

#[cfg(feature = "derive")]
impl ChipDb {
    /// The database as a file.
    pub fn to_file(&self) -> Vec<u8> {
        let mut file = MAGIC.to_vec();
        file.extend(miniz_oxide::deflate::compress_to_vec(&self.to_payload(), 10));
        file
    }

    fn to_payload(&self) -> Vec<u8> {
        let w = &mut Writer::default();
        w.string(self.device.icestorm_name());
        w.byte(self.width);
        w.byte(self.height);
        w.int(self.nets);
        w.list(&self.names, |w, name| w.string(name));
        w.list(&self.functions, |w, kind| {
            w.byte(kind.columns);
            w.list(&kind.entries, |w, (name, bits)| {
                w.int(name.0);
                w.list(bits, |w, bit| write_tile_bit(w, *bit));
            });
        });
        w.list(&self.patterns, |w, pattern| {
            w.list(&pattern.slots, |w, name| w.int(name.0));
            w.list(&pattern.switches, |w, switch| {
                w.byte(switch.kind as u8);
                w.int(switch.destination.into());
                w.list(&switch.bits, |w, bit| write_tile_bit(w, *bit));
                w.list(&switch.choices, |w, &(value, slot)| {
                    w.int(value.into());
                    w.int(slot.into());
                });
            });
        });
        for tile in &self.tiles {
            match tile {
                None => w.byte(0),
                Some(tile) => {
                    w.byte(tile.kind.index() as u8 + 1);
                    w.int(tile.pattern);
                }
            }
        }
        self.write_slot_nets(w);
        w.list(&self.packages, |w, package| {
            w.string(&package.name);
            w.list(&package.pins, |w, (pin, io)| {
                w.string(pin);
                write_io_at(w, *io);
            });
        });
        w.list(&self.gbufin, |w, &(at, global)| {
            write_tile_at(w, at);
            w.byte(global);
        });
        w.list(&self.gbufpin, |w, &(io, global)| {
            write_io_at(w, io);
            w.byte(global);
        });
        w.list(&self.ieren, |w, &(io, bits)| {
            write_io_at(w, io);
            write_io_at(w, bits);
        });
        w.list(&self.colbuf, |w, &(source, tile)| {
            write_tile_at(w, source);
            write_tile_at(w, tile);
        });
        w.list(&self.iolatch, |w, &at| write_tile_at(w, at));
        w.list(&self.extra_bits, |w, bit| {
            w.string(&bit.name);
            w.byte(bit.bank);
            w.int(bit.x.into());
            w.int(bit.y.into());
        });
        w.list(&self.extra_cells, |w, cell| {
            w.string(&cell.kind);
            write_tile_at(w, cell.at);
            w.byte(cell.z);
            w.list(&cell.ports, |w, (name, port)| {
                w.string(name);
                match port {
                    ExtraPort::Net(net) => {
                        w.byte(0);
                        w.int(net.0);
                    }
                    ExtraPort::ConfigBit(at, bit) => {
                        w.byte(1);
                        write_tile_at(w, *at);
                        write_tile_bit(w, *bit);
                    }
                    ExtraPort::Block(io) => {
                        w.byte(2);
                        write_io_at(w, *io);
                    }
                }
            });
        });
        std::mem::take(&mut w.bytes)
    }

    fn write_slot_nets(&self, w: &mut Writer) {
        let mut previous: Vec<Option<&[u32]>> = vec![None; self.patterns.len()];
        let mut last = 0;
        for tile in self.tiles.iter().flatten() {
            let nets = self.nets_of(tile);
            let before = previous[tile.pattern as usize].replace(nets);
            for (slot, &net) in nets.iter().enumerate() {
                let base = before.map_or(last, |before| before[slot]);
                w.signed(net.wrapping_sub(base) as i32);
                last = net;
            }
        }
    }
}

#[cfg(feature = "derive")]
fn write_tile_at(w: &mut Writer, at: TileAt) {
    w.byte(at.x);
    w.byte(at.y);
}

#[cfg(feature = "derive")]
fn write_io_at(w: &mut Writer, io: IoAt) {
    write_tile_at(w, io.tile);
    w.byte(io.block);
}

#[cfg(feature = "derive")]
fn write_tile_bit(w: &mut Writer, bit: TileBit) {
    w.byte(bit.row);
    w.byte(bit.column);
}
