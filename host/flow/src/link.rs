//! Design and fixture in one netlist, without another synthesis.
//!
//! The fixture's black box goes, the design's cells come, with net numbers of
//! their own behind the fixture's. Nothing that the design chose reaches place
//! and route as it was: every name is prefixed and tidied, every attribute but
//! the source lines is dropped, every net has one name.

use crate::fixture::{self, Fixture, FixtureFile, Variant};
use crate::flowfile::{Capacity, FlowFile};
use crate::image::{self, Firmware, Identity};
use crate::netlist::{Bit, Cell, Drivers, Entries, Module, Names, NetName, PortDirection, Value};
use crate::room::Room;
use crate::submission::JobFiles;
use crate::synth::Design;
use filbench_board::{Board, Device};
use filbench_model::{FailStage, Fault, InconclusiveReason, Verdict};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Cells and nets of the design are called this and their own name.
pub(crate) const DESIGN_PREFIX: &str = "dut.";
/// The buffers before the design's clocks are called this and the port's name.
pub(crate) const CLOCK_DRIVER_PREFIX: &str = "clock_driver.";

/// A look-up table that passes I0 on.
const BUFFER: &str = "1010101010101010";

/// A design beside its fixture, ready for place and route.
#[derive(Clone, Debug)]
pub struct Linked {
    /// First 16 bytes of the SHA-256 of the netlist, with the firmware and
    /// without the identity block (which holds this hash).
    pub netlist_hash: [u8; 16],
    /// Player input bit of each input bit of the design's interface. Events come
    /// first, clocks before others, so that the cheapest opcode reaches them.
    pub input_map: Vec<u16>,
    /// Player output bit of each output bit of the design's interface.
    pub output_map: Vec<u16>,
    /// Bytes of the player's input register.
    pub input_bytes: u8,
    /// Bytes of a full capture; the design may use fewer.
    pub output_bytes: u8,
    /// The whole.
    pub(crate) module: Module,
    pub(crate) device: Device,
    pub(crate) has_latches: bool,
    /// How many clocks can follow one another before the last state has changed.
    pub(crate) derived_clocks: usize,
    /// Of the design alone.
    pub(crate) design_room: Room,
    /// Design and fixture.
    pub(crate) room: Room,
    pub(crate) files: Arc<JobFiles>,
}

/// The sizes of the fixture for `design`.
///
/// # Errors
/// `inconclusive: fixture_room` when no fixture has as many ports.
pub(crate) fn variant<'a>(design: &Design, board: &'a Board) -> Result<Variant<'a>, Verdict> {
    let sizes = &FlowFile::ice40().fixture;
    let interface = &design.interface;
    let size = |sizes: &[u8], bits: usize, what: &str| {
        fixture::size_for(sizes, bits).ok_or_else(|| {
            let most = sizes.iter().copied().max().unwrap_or(0);
            Verdict::inconclusive(
                InconclusiveReason::FixtureRoom,
                format!(
                    "the design has {bits} {what} bits, the largest fixture has {}",
                    8 * usize::from(most)
                ),
            )
        })
    };
    Ok(Variant {
        input_bytes: size(&sizes.input_bytes, interface.input_bits(), "input")?,
        output_bytes: size(&sizes.output_bytes, interface.output_bits(), "output")?,
        board,
    })
}

/// Links `design` into `fixture`, which must be of `variant`.
///
/// # Errors
/// `fail: fit` or `inconclusive: fixture_room` when the device is surely too
/// small, and faults of the fixture or the firmware.
pub(crate) fn link(
    design: &Design,
    fixture: Fixture,
    variant: Variant<'_>,
    firmware: &Firmware,
) -> Result<Linked, Verdict> {
    let device = variant.board.device;
    let design_room = Room::of(&design.netlist, device);
    let room = design_room + Room::of(&fixture.module, device);
    check_room(&design_room, &room, device)?;
    let input_map = assign_inputs(design);
    let mut linker = Linker::new(design, fixture, &input_map)?;
    linker.add_clock_drivers();
    linker.add_cells();
    linker.add_names();
    let mut module = linker.finish()?;

    image::fill(&mut module, &image::contents(firmware, None)?)?;
    let netlist_hash = hash(&module);
    let identity = Identity {
        netlist_hash,
        input_bytes: variant.input_bytes,
        output_bytes: variant.output_bytes,
        clock_hz: variant.board.clock_hz,
    };
    image::fill(&mut module, &image::contents(firmware, Some(&identity))?)?;

    Ok(Linked {
        netlist_hash,
        output_map: (0..design.interface.output_bits() as u16).collect(),
        input_map,
        input_bytes: variant.input_bytes,
        output_bytes: variant.output_bytes,
        module,
        device,
        has_latches: design.has_latches,
        derived_clocks: design.events.derived_clocks.len(),
        design_room,
        room,
        files: Arc::clone(&design.files),
    })
}

fn check_room(alone: &Room, both: &Room, device: Device) -> Result<(), Verdict> {
    let capacity: &Capacity = &FlowFile::ice40().device(device).capacity;
    if let Some(lack) = alone.surely_exceeds(capacity) {
        return Err(Verdict::fail(
            FailStage::Fit,
            format!("the design alone needs {lack} of the {device}"),
        ));
    }
    match both.surely_exceeds(capacity) {
        Some(lack) => Err(Verdict::inconclusive(
            InconclusiveReason::FixtureRoom,
            format!("design and fixture together need {lack} of the {device}; try a larger board"),
        )),
        None => Ok(()),
    }
}

/// The player bit of each input bit: clocks, other events, the rest, each in
/// the interface's order.
fn assign_inputs(design: &Design) -> Vec<u16> {
    let bits = design.interface.input_bits();
    let clocks: BTreeSet<usize> = design.events.clocks.iter().map(|c| c.input_bit).collect();
    let rank = |bit: &usize| {
        if clocks.contains(bit) {
            0
        } else if design.events.event_inputs.get(*bit) {
            1
        } else {
            2
        }
    };
    let mut order: Vec<usize> = (0..bits).collect();
    order.sort_by_key(rank);
    let mut map = vec![0; bits];
    for (player_bit, bit) in order.into_iter().enumerate() {
        map[bit] = player_bit as u16;
    }
    map
}

struct Linker<'a> {
    design: &'a Design,
    module: Module,
    /// What takes the place of each player output net.
    replaced: BTreeMap<u32, Bit>,
    outputs: Vec<Bit>,
    /// For each net of the design what it is in the whole; `Zero` for nets that
    /// nothing drives.
    nets: Vec<Bit>,
    next_net: u32,
}

impl<'a> Linker<'a> {
    fn new(design: &'a Design, fixture: Fixture, input_map: &[u16]) -> Result<Self, Fault> {
        let mut next_net = fixture.module.net_count();
        let drivers = Drivers::of(&design.netlist);
        let mut nets: Vec<Bit> = (0..drivers.net_count() as u32)
            .map(|net| match drivers.get(net) {
                Some(_) => {
                    next_net += 1;
                    Bit::Net(next_net - 1)
                }
                None => Bit::Zero,
            })
            .collect();
        let input_bits = design
            .netlist
            .ports
            .iter()
            .filter(|(_, port)| port.direction == PortDirection::Input)
            .flat_map(|(_, port)| &port.bits);
        for (bit, &player_bit) in input_bits.zip(input_map) {
            if let Bit::Net(net) = *bit {
                nets[net as usize] = fixture.inputs[usize::from(player_bit)];
            }
        }
        Ok(Self {
            design,
            module: fixture.module,
            replaced: BTreeMap::new(),
            outputs: fixture.outputs,
            nets,
            next_net,
        })
    }

    fn translate(&self, bit: Bit) -> Bit {
        match bit {
            Bit::Net(net) => self.nets[net as usize],
            Bit::One => Bit::One,
            // Synthesis was free to choose; everything settles on 0 here.
            Bit::Zero | Bit::X | Bit::Z => Bit::Zero,
        }
    }

    /// Puts a buffer before every input that clocks the design: the seam at
    /// which bursts can be gated, and a net whose name says which clock it is.
    fn add_clock_drivers(&mut self) {
        let inputs: Vec<(String, Bit)> = self
            .design
            .netlist
            .ports
            .iter()
            .filter(|(_, port)| port.direction == PortDirection::Input)
            .flat_map(|(name, port)| {
                let width = port.bits.len();
                port.bits.iter().enumerate().map(move |(index, bit)| {
                    let name = if width == 1 { name.clone() } else { format!("{name}[{index}]") };
                    (name, *bit)
                })
            })
            .collect();
        for clock in &self.design.events.clocks {
            let (port, bit) = &inputs[clock.input_bit];
            let Bit::Net(net) = *bit else { continue };
            let name = format!("{CLOCK_DRIVER_PREFIX}{}", tidy(port));
            let output = Bit::Net(self.next_net);
            self.next_net += 1;
            let live = std::mem::replace(&mut self.nets[net as usize], output);
            self.module.netnames.push(
                name.clone(),
                NetName { hide_name: 0, bits: vec![output], attributes: Entries::default() },
            );
            self.module.cells.push(name, buffer(live, output));
        }
    }

    fn add_cells(&mut self) {
        let mut taken = BTreeSet::new();
        for (name, cell) in self.design.netlist.cells.iter() {
            if cell.kind.starts_with('$') {
                continue;
            }
            let linked = Cell {
                hide_name: 0,
                kind: cell.kind.clone(),
                parameters: cell.parameters.clone(),
                attributes: source_only(&cell.attributes),
                port_directions: cell.port_directions.clone(),
                connections: cell
                    .connections
                    .iter()
                    .map(|(port, bits)| {
                        let bits: Vec<Bit> = bits.iter().map(|b| self.translate(*b)).collect();
                        (port.clone(), bits)
                    })
                    .collect(),
            };
            let name = unique(format!("{DESIGN_PREFIX}{}", tidy(name)), &mut taken);
            self.module.cells.push(name, linked);
        }
    }

    /// One name for each net inside the design. Its inputs are nets of the
    /// fixture and keep the fixture's names.
    fn add_names(&mut self) {
        let netlist = &self.design.netlist;
        let names = Names::of(netlist);
        let drivers = Drivers::of(netlist);
        let sources = sources_of_nets(netlist);
        let mut taken = BTreeSet::new();
        for net in 0..drivers.net_count() as u32 {
            let Some(driver) = drivers.get(net) else {
                continue;
            };
            if netlist.cells.as_slice()[driver.cell as usize].1.kind.starts_with('$') {
                continue;
            }
            let name = unique(format!("{DESIGN_PREFIX}{}", tidy(&names.get(net))), &mut taken);
            let attributes = sources[net as usize]
                .map(|text| ("src", Value::Text(text.to_owned())))
                .into_iter()
                .collect();
            self.module.netnames.push(
                name,
                NetName { hide_name: 0, bits: vec![self.nets[net as usize]], attributes },
            );
        }
    }

    /// Ties the design's outputs to the fixture, and what is unused to 0.
    fn finish(mut self) -> Result<Module, Fault> {
        let design_outputs: Vec<Bit> = self
            .design
            .netlist
            .ports
            .iter()
            .filter(|(_, port)| port.direction == PortDirection::Output)
            .flat_map(|(_, port)| port.bits.iter().map(|bit| self.translate(*bit)))
            .collect();
        for (index, bit) in self.outputs.iter().enumerate() {
            if let Bit::Net(net) = *bit {
                let value = design_outputs.get(index).copied().unwrap_or(Bit::Zero);
                self.replaced.insert(net, value);
            }
        }
        let replaced = &self.replaced;
        let fixture_top = FixtureFile::get().top();
        for (name, cell) in self.module.cells.iter_mut() {
            for (_, bits) in cell.connections.iter_mut() {
                for bit in bits {
                    *bit = match *bit {
                        Bit::Net(net) => replaced.get(&net).copied().unwrap_or(Bit::Net(net)),
                        // In the fixture, too, x is a choice.
                        Bit::X | Bit::Z => Bit::Zero,
                        constant => constant,
                    };
                }
            }
            if !name.starts_with(DESIGN_PREFIX) {
                cell.attributes = Entries::default();
            }
        }
        self.module.netnames.retain(|_, name| {
            name.bits.iter().all(|bit| bit.net().is_none_or(|net| !replaced.contains_key(&net)))
        });
        for (name, net) in self.module.netnames.iter_mut() {
            if !name.starts_with(DESIGN_PREFIX) {
                net.attributes = Entries::default();
            }
        }
        self.module.attributes = std::iter::once(("top", Value::Text("1".into()))).collect();
        tracing::debug!(module = fixture_top, cells = self.module.cells.len(), "flow.linked");
        Ok(self.module)
    }
}

fn buffer(input: Bit, output: Bit) -> Cell {
    let inputs = ["I0", "I1", "I2", "I3"];
    Cell {
        hide_name: 0,
        kind: "SB_LUT4".into(),
        parameters: std::iter::once(("LUT_INIT", Value::Text(BUFFER.into()))).collect(),
        attributes: Entries::default(),
        port_directions: inputs
            .into_iter()
            .map(|port| (port, PortDirection::Input))
            .chain([("O", PortDirection::Output)])
            .collect(),
        connections: inputs
            .into_iter()
            .map(|port| {
                let bit = if port == "I0" { input } else { Bit::Zero };
                (port, vec![bit])
            })
            .chain([("O", vec![output])])
            .collect(),
    }
}

fn source_only(attributes: &Entries<Value>) -> Entries<Value> {
    attributes.get("src").map(|source| ("src", source.clone())).into_iter().collect()
}

/// The `src` attribute of each net: of its name in the source.
fn sources_of_nets(module: &Module) -> Vec<Option<&str>> {
    let mut sources = vec![None; module.net_count() as usize];
    for (_, name) in module.netnames.iter() {
        if let Some(source) = name.attributes.get("src").and_then(Value::text) {
            for net in name.bits.iter().filter_map(|bit| bit.net()) {
                let slot = &mut sources[net as usize];
                if slot.is_none() || name.hide_name == 0 {
                    *slot = Some(source);
                }
            }
        }
    }
    sources
}

/// Characters that mean nothing to any tool or file format on the way.
fn tidy(name: &str) -> String {
    name.chars()
        .map(|c| match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '.' | '[' | ']' | '$' | ':' => c,
            _ => '_',
        })
        .collect()
}

fn unique(name: String, taken: &mut BTreeSet<String>) -> String {
    let mut candidate = name.clone();
    for number in 2.. {
        if taken.insert(candidate.clone()) {
            break;
        }
        candidate = format!("{name}~{number}");
    }
    candidate
}

/// The identity of a netlist: its cells, parameters and connections, whatever
/// the order in which a file lists them, and none of its attributes.
fn hash(module: &Module) -> [u8; 16] {
    let mut hasher = Sha256::new();
    let mut cells: Vec<_> = module.cells.iter().collect();
    cells.sort_by(|(a, _), (b, _)| a.cmp(b));
    for (name, cell) in cells {
        hasher.update(format!("cell {name} {}\n", cell.kind));
        let mut lines: Vec<String> = cell
            .parameters
            .iter()
            .map(|(name, value)| format!("parameter {name} {value:?}\n"))
            .chain(
                cell.connections.iter().map(|(port, bits)| format!("connection {port} {bits:?}\n")),
            )
            .collect();
        lines.sort();
        lines.iter().for_each(|line| hasher.update(line));
    }
    let digest = hasher.finalize();
    let mut hash = [0; 16];
    hash.copy_from_slice(&digest[..16]);
    hash
}
