//! Turns IceStorm's text databases (`chipdb-*.txt`, from Debian's
//! `fpga-icestorm-chipdb`) into the compact form.
//!
//! The text's own header documents its sections. A net may have several names
//! in one tile; kept are the names of cell ports, and one name for each other
//! net that a switch of the tile touches.

use std::collections::{BTreeMap, HashMap};

use super::{
    ChipDb, ExtraBit, ExtraCell, ExtraPort, FabricNet, IoAt, NameId, Package, Pattern, Switch,
    SwitchKind, Tile, TileFunctions,
};
use crate::device::{Device, TileAt, TileBit, TileKind};

/// Why a text database could not be turned into the compact form.
#[derive(Debug, thiserror::Error)]
pub enum DeriveError {
    /// A line is not what its section calls for.
    #[error("line {line} of the text chip database is not understood: `{text}`")]
    Line {
        /// Line number, from 1.
        line: usize,
        /// The line.
        text: String,
    },
    /// The text has no `.device` line, or one of a device that is not modelled.
    #[error("the text chip database is of no device that is modelled (5k, 8k)")]
    Device,
    /// A port of an extra cell names a net or bit that its tile does not have.
    #[error("{cell} port `{port}`: tile {at} has no `{name}`")]
    Port {
        /// Kind of the cell.
        cell: String,
        /// Its port.
        port: String,
        /// The tile.
        at: TileAt,
        /// The missing name.
        name: String,
    },
    /// A switch uses value 0, which the compact form keeps for "off".
    #[error("a switch of tile {0} does something with all bits clear")]
    ZeroChoice(TileAt),
}

/// The compact database file for the text database `text`.
pub fn derive(text: &str) -> Result<Vec<u8>, DeriveError> {
    Ok(Text::parse(text)?.fold()?.to_file())
}

/// Whether the compact file `file` holds what `text` says. (The files
/// themselves may differ by the compressor's version.)
pub fn matches(file: &[u8], text: &str) -> Result<bool, DeriveError> {
    let derived = Text::parse(text)?.fold()?;
    Ok(ChipDb::from_file(file).is_ok_and(|embedded| embedded == derived))
}

struct TextSwitch {
    kind: SwitchKind,
    destination: u32,
    bits: Vec<TileBit>,
    choices: Vec<(u16, u32)>,
}

/// A named function and its bits.
type Function<'a> = (&'a str, Vec<TileBit>);

/// A line of an `.extra_cell`: key and the words after it.
type Key<'a> = (&'a str, Vec<&'a str>);

#[derive(Default)]
struct Text<'a> {
    device: Option<Device>,
    nets: u32,
    tiles: BTreeMap<TileAt, TileKind>,
    /// Columns and functions, by kind.
    functions: HashMap<TileKind, (u8, Vec<Function<'a>>)>,
    names: HashMap<TileAt, Vec<(&'a str, u32)>>,
    switches: HashMap<TileAt, Vec<TextSwitch>>,
    packages: Vec<Package>,
    gbufin: Vec<(TileAt, u8)>,
    gbufpin: Vec<(IoAt, u8)>,
    ieren: Vec<(IoAt, IoAt)>,
    colbuf: Vec<(TileAt, TileAt)>,
    iolatch: Vec<TileAt>,
    extra_bits: Vec<ExtraBit>,
    extra_cells: Vec<(&'a str, TileAt, u8, Vec<Key<'a>>)>,
}

/// The section a line belongs to.
#[derive(Clone, Copy)]
enum Section {
    None,
    Pins,
    GbufIn,
    GbufPin,
    IoLatch,
    IeRen,
    ColBuf,
    Functions(TileKind),
    ExtraCell,
    ExtraBits,
    Net(u32),
    Switch(TileAt),
}

fn number<T: std::str::FromStr>(word: Option<&str>) -> Option<T> {
    word?.parse().ok()
}

fn numbers<const N: usize>(line: &str) -> Option<[u8; N]> {
    let mut words = line.split(' ');
    let mut out = [0; N];
    for value in &mut out {
        *value = number(words.next())?;
    }
    words.next().is_none().then_some(out)
}

fn tile_at(x: u8, y: u8) -> TileAt {
    TileAt { x, y }
}

fn io_at(x: u8, y: u8, block: u8) -> IoAt {
    IoAt { tile: tile_at(x, y), block }
}

/// `B<row>[<column>]`
fn tile_bit(word: &str) -> Option<TileBit> {
    let (row, column) = word.strip_prefix('B')?.strip_suffix(']')?.split_once('[')?;
    Some(TileBit { row: number(Some(row))?, column: number(Some(column))? })
}

fn tile_kind(name: &str) -> Option<TileKind> {
    TileKind::ALL.into_iter().find(|kind| kind.icestorm_name() == name)
}

impl<'a> Text<'a> {
    fn parse(text: &'a str) -> Result<Text<'a>, DeriveError> {
        let mut db = Text::default();
        let mut section = Section::None;
        for (index, line) in text.lines().enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let understood = if let Some(header) = line.strip_prefix('.') {
                db.header(header).map(|new| section = new)
            } else {
                db.entry(section, line)
            };
            understood.ok_or_else(|| DeriveError::Line {
                line: index + 1,
                text: line.chars().take(80).collect(),
            })?;
        }
        Ok(db)
    }

    fn header(&mut self, header: &'a str) -> Option<Section> {
        let mut words = header.split(' ');
        Some(match words.next()? {
            "device" => {
                let name = words.next()?;
                self.device = Device::ALL.into_iter().find(|d| d.icestorm_name() == name);
                self.nets = number(words.nth(2))?;
                Section::None
            }
            "pins" => {
                self.packages.push(Package { name: words.next()?.into(), pins: Vec::new() });
                Section::Pins
            }
            "gbufin" => Section::GbufIn,
            "gbufpin" => Section::GbufPin,
            "iolatch" => Section::IoLatch,
            "ieren" => Section::IeRen,
            "colbuf" => Section::ColBuf,
            "extra_bits" => Section::ExtraBits,
            "net" => Section::Net(number(words.next())?),
            "extra_cell" => {
                let words: Vec<&str> = words.collect();
                let (x, y) = (number(Some(words[0]))?, number(Some(words.get(1)?))?);
                let (z, kind) = match words[2..] {
                    [kind] => (0, kind),
                    [z, kind] => (number(Some(z))?, kind),
                    _ => return None,
                };
                self.extra_cells.push((kind, tile_at(x, y), z, Vec::new()));
                Section::ExtraCell
            }
            name @ ("buffer" | "routing") => {
                let at = tile_at(number(words.next())?, number(words.next())?);
                let switch = TextSwitch {
                    kind: if name == "buffer" { SwitchKind::Buffer } else { SwitchKind::Routing },
                    destination: number(words.next())?,
                    bits: words.map(tile_bit).collect::<Option<_>>()?,
                    choices: Vec::new(),
                };
                self.switches.entry(at).or_default().push(switch);
                Section::Switch(at)
            }
            name => {
                if let Some(kind) = name.strip_suffix("_tile") {
                    let at = tile_at(number(words.next())?, number(words.next())?);
                    self.tiles.insert(at, tile_kind(kind)?);
                    Section::None
                } else {
                    let kind = tile_kind(name.strip_suffix("_tile_bits")?)?;
                    let columns = number(words.next())?;
                    self.functions.insert(kind, (columns, Vec::new()));
                    Section::Functions(kind)
                }
            }
        })
    }

    fn entry(&mut self, section: Section, line: &'a str) -> Option<()> {
        let mut words = line.split(' ');
        match section {
            Section::None => return None,
            Section::Pins => {
                let pin = words.next()?.to_owned();
                let io = io_at(number(words.next())?, number(words.next())?, number(words.next())?);
                self.packages.last_mut()?.pins.push((pin, io));
            }
            Section::GbufIn => {
                let [x, y, global] = numbers(line)?;
                self.gbufin.push((tile_at(x, y), global));
            }
            Section::GbufPin => {
                let [x, y, block, global] = numbers(line)?;
                self.gbufpin.push((io_at(x, y, block), global));
            }
            Section::IoLatch => {
                let [x, y] = numbers(line)?;
                self.iolatch.push(tile_at(x, y));
            }
            Section::IeRen => {
                let [x, y, block, bx, by, bits] = numbers(line)?;
                self.ieren.push((io_at(x, y, block), io_at(bx, by, bits)));
            }
            Section::ColBuf => {
                let [sx, sy, x, y] = numbers(line)?;
                self.colbuf.push((tile_at(sx, sy), tile_at(x, y)));
            }
            Section::Functions(kind) => {
                let name = words.next()?;
                let bits = words.map(tile_bit).collect::<Option<_>>()?;
                self.functions.get_mut(&kind)?.1.push((name, bits));
            }
            Section::ExtraCell => {
                let key = words.next()?;
                let cell = self.extra_cells.last_mut()?;
                cell.3.push((key, words.collect()));
            }
            Section::ExtraBits => self.extra_bits.push(ExtraBit {
                name: words.next()?.into(),
                bank: number(words.next())?,
                x: number(words.next())?,
                y: number(words.next())?,
            }),
            Section::Net(net) => {
                let at = tile_at(number(words.next())?, number(words.next())?);
                let name = words.next()?;
                self.names.entry(at).or_default().push((name, net));
            }
            Section::Switch(at) => {
                let value = u16::from_str_radix(words.next()?, 2).ok()?;
                let source = number(words.next())?;
                let switch = self.switches.get_mut(&at)?.last_mut()?;
                switch.choices.push((value, source));
            }
        }
        Some(())
    }

    /// Folds tiles that are alike into patterns.
    fn fold(self) -> Result<ChipDb, DeriveError> {
        let device = self.device.ok_or(DeriveError::Device)?;
        let (width, height) = device.grid();
        let extra_cells = self.extra_cells()?;

        let mut names: Vec<&str> = self
            .names
            .values()
            .flatten()
            .map(|&(name, _)| name)
            .chain(self.functions.values().flat_map(|f| f.1.iter().map(|e| e.0)))
            .collect();
        names.sort_unstable();
        names.dedup();
        let ids: HashMap<&str, NameId> =
            names.iter().enumerate().map(|(k, &name)| (name, NameId(k as u32))).collect();

        let mut patterns: Vec<Pattern> = Vec::new();
        let mut known: HashMap<(TileKind, Pattern), u32> = HashMap::new();
        let mut tiles = Vec::new();
        let mut slot_nets = Vec::new();
        for y in 0..height {
            for x in 0..width {
                let at = tile_at(x, y);
                let Some(&kind) = self.tiles.get(&at) else {
                    tiles.push(None);
                    continue;
                };
                let (pattern, nets) = self.fold_tile(at, &ids)?;
                let key = (kind, pattern);
                let pattern = match known.get(&key) {
                    Some(&index) => index,
                    None => {
                        let index = patterns.len() as u32;
                        patterns.push(Pattern {
                            slots: key.1.slots.clone(),
                            switches: clone_switches(&key.1.switches),
                        });
                        known.insert(key, index);
                        index
                    }
                };
                tiles.push(Some(Tile { kind, pattern, first_slot: slot_nets.len() as u32 }));
                slot_nets.extend(nets);
            }
        }

        let functions = TileKind::ALL
            .into_iter()
            .map(|kind| match self.functions.get(&kind) {
                None => TileFunctions::default(),
                Some((columns, entries)) => TileFunctions {
                    columns: *columns,
                    entries: entries.iter().map(|(name, bits)| (ids[name], bits.clone())).collect(),
                },
            })
            .collect();
        Ok(ChipDb {
            device,
            width,
            height,
            nets: self.nets,
            functions,
            patterns,
            tiles,
            slot_nets,
            packages: self.packages,
            gbufin: self.gbufin,
            gbufpin: self.gbufpin,
            ieren: self.ieren,
            colbuf: self.colbuf,
            iolatch: self.iolatch,
            extra_bits: self.extra_bits,
            extra_cells,
            names: names.into_iter().map(str::to_owned).collect(),
        })
    }

    fn fold_tile(
        &self,
        at: TileAt,
        ids: &HashMap<&str, NameId>,
    ) -> Result<(Pattern, Vec<u32>), DeriveError> {
        let no_switches = Vec::new();
        let switches = self.switches.get(&at).unwrap_or(&no_switches);
        let mut names: Vec<(NameId, u32, bool)> = self
            .names
            .get(&at)
            .into_iter()
            .flatten()
            .map(|&(name, net)| (ids[name], net, !is_wire(name)))
            .collect();
        names.sort_unstable_by_key(|&(id, ..)| id);

        // The slot of each net: its port name's if it has one, else that of
        // its first wire name, if a switch needs it at all.
        let mut touched: Vec<u32> = switches
            .iter()
            .flat_map(|s| std::iter::once(s.destination).chain(s.choices.iter().map(|c| c.1)))
            .collect();
        touched.sort_unstable();
        touched.dedup();
        let ports: std::collections::HashSet<u32> =
            names.iter().filter(|n| n.2).map(|n| n.1).collect();
        let mut slots = Vec::new();
        let mut nets = Vec::new();
        let mut slot_of: HashMap<u32, u16> = HashMap::new();
        for &(id, net, is_port) in &names {
            let wanted = is_port
                || (touched.binary_search(&net).is_ok()
                    && !ports.contains(&net)
                    && !slot_of.contains_key(&net));
            if wanted {
                slot_of.entry(net).or_insert(slots.len() as u16);
                slots.push(id);
                nets.push(net);
            }
        }

        let slot = |net: u32| {
            slot_of.get(&net).copied().ok_or_else(|| DeriveError::Port {
                cell: "switch".into(),
                port: "net".into(),
                at,
                name: net.to_string(),
            })
        };
        let mut folded = Vec::with_capacity(switches.len());
        for switch in switches {
            let mut choices = Vec::with_capacity(switch.choices.len());
            for &(value, source) in &switch.choices {
                if value == 0 {
                    return Err(DeriveError::ZeroChoice(at));
                }
                choices.push((value, slot(source)?));
            }
            choices.sort_unstable();
            folded.push(Switch {
                kind: switch.kind,
                destination: slot(switch.destination)?,
                bits: switch.bits.clone(),
                choices,
            });
        }
        folded.sort_unstable_by_key(|s| (s.destination, s.bits.first().copied()));
        let pattern = Pattern { slots, switches: folded };
        Ok((pattern, nets))
    }

    /// Resolves the ports of the extra cells to nets and bits.
    fn extra_cells(&self) -> Result<Vec<ExtraCell>, DeriveError> {
        let mut cells = Vec::new();
        for (kind, at, z, keys) in &self.extra_cells {
            let mut ports = Vec::new();
            for (key, words) in keys {
                // `LOCKED` lists packages without the cell: no port.
                if *key == "LOCKED" {
                    continue;
                }
                let port = self.extra_port(words).ok_or_else(|| DeriveError::Port {
                    cell: (*kind).into(),
                    port: (*key).into(),
                    at: *at,
                    name: words.join(" "),
                })?;
                ports.push(((*key).to_owned(), port));
            }
            cells.push(ExtraCell { kind: (*kind).into(), at: *at, z: *z, ports });
        }
        Ok(cells)
    }

    fn extra_port(&self, words: &[&str]) -> Option<ExtraPort> {
        let [x, y, name] = words else { return None };
        let at = tile_at(number(Some(x))?, number(Some(y))?);
        if let Ok(block) = name.parse() {
            return Some(ExtraPort::Block(IoAt { tile: at, block }));
        }
        // Configuration bits are given without the group they are listed in.
        let kind = self.tiles.get(&at)?;
        let (_, functions) = self.functions.get(kind)?;
        let bit = ["PLL.", "IpConfig."].iter().find_map(|group| {
            let full = format!("{group}{name}");
            functions.iter().find(|f| f.0 == full).map(|f| f.1[0])
        });
        if let Some(bit) = bit {
            return Some(ExtraPort::ConfigBit(at, bit));
        }
        // Logic-like tiles call the same clock `clk` or `lutff_global/clk`.
        let names = self.names.get(&at)?;
        let net = |wanted: &str| names.iter().find(|n| n.0 == wanted).map(|n| n.1);
        let found = match *name {
            "clk" | "lutff_global/clk" => net("lutff_global/clk").or_else(|| net("clk")),
            name => net(name),
        };
        Some(ExtraPort::Net(FabricNet(found?)))
    }
}

/// Whether `name` is of a routing wire, which only switches need.
fn is_wire(name: &str) -> bool {
    ["sp4_", "sp12_", "span4_", "span12_", "local_", "neigh_op_", "logic_op_", "glb2local_"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

fn clone_switches(switches: &[Switch]) -> Vec<Switch> {
    switches
        .iter()
        .map(|s| Switch {
            kind: s.kind,
            destination: s.destination,
            bits: s.bits.clone(),
            choices: s.choices.clone(),
        })
        .collect()
}
