//! Design and fixture in one netlist, without another synthesis.
//!
//! The fixture's black box goes, the design's cells come, with net numbers of
//! their own behind the fixture's. Nothing that the design chose reaches place
//! and route as it was: every name is prefixed and tidied, every attribute but
//! the source lines is dropped, every net has one name.

mod linker;
mod shared;

pub use shared::SharedLink;
pub(crate) use shared::{link_shared, shared_variant, shares};

use crate::cells::{self, EventPin};
use crate::fixture::{self, Fixture, Variant};
use crate::flowfile::{Capacity, FlowFile};
use crate::image::{self, Firmware, Identity};
use crate::netlist::{Bit, Module};
use crate::room::Room;
use crate::submission::JobFiles;
use crate::synth::Design;
use filbench_board::{Board, Device};
use filbench_model::{FailStage, Fault, FaultPlace, InconclusiveReason, Verdict};
use linker::Linker;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::sync::Arc;

/// One or several designs beside their fixture, ready for place and route.
#[derive(Clone, Debug)]
pub struct Linked {
    /// First 16 bytes of the SHA-256 of the netlist, with the firmware and
    /// without the identity block (which holds this hash).
    pub netlist_hash: [u8; 16],
    /// By slot; at least one.
    pub designs: Vec<LinkedDesign>,
    /// Bytes of the player's input register.
    pub input_bytes: u8,
    /// Bytes of a full capture; a design may use fewer.
    pub output_bytes: u8,
    /// The whole.
    pub(crate) module: Module,
    pub(crate) board: Board,
    pub(crate) has_own_cells: bool,
    /// Of the designs alone.
    pub(crate) design_room: Room,
    /// Designs and fixture.
    pub(crate) room: Room,
}

/// How a design was linked.
#[derive(Clone, Debug)]
pub struct LinkedDesign {
    /// Player input bit of each input bit of the design's interface. Events come
    /// first, clocks before others, so that the cheapest opcode reaches them.
    pub input_map: Vec<u16>,
    /// Player output bit of each output bit of the design's interface.
    pub output_map: Vec<u16>,
    pub(crate) slot: Slot,
    pub(crate) has_latches: bool,
    /// How many clocks can follow one another before the last state has changed.
    pub(crate) derived_clocks: usize,
    /// Levels of logic before the deepest of them.
    pub(crate) derived_levels: usize,
    /// Nets of the whole that clock cells of the design, sorted.
    pub(crate) clock_nets: Vec<String>,
    pub(crate) files: Arc<JobFiles>,
}

impl Linked {
    pub(crate) fn has_latches(&self) -> bool {
        self.designs.iter().any(|design| design.has_latches)
    }
}

/// The place of a design in the whole. Its cells, nets and clock drivers are
/// called after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    /// The only one there is.
    Alone,
    /// One of several; by number.
    Shared(u8),
}

/// What a name in the whole belongs to, with the name that its owner knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner<'a> {
    /// The design in the slot that was asked for.
    Design(&'a str),
    /// The driver of a clock input of that design; with the port's name.
    ClockDriver(&'a str),
    /// A design in another slot, its gates or its clock drivers.
    Other,
    /// Everything else, the gates before this design's inputs included.
    Fixture(&'a str),
}

impl Slot {
    /// Cells and nets of the design are called this and their own name.
    pub(crate) fn design_prefix(self) -> String {
        match self {
            Self::Alone => "dut.".to_owned(),
            Self::Shared(number) => format!("dut{number}."),
        }
    }

    /// The drivers of the design's clocks are called this and the port's name.
    pub(crate) fn clock_prefix(self) -> String {
        match self {
            Self::Alone => "clock_driver.".to_owned(),
            Self::Shared(number) => format!("clock_driver.{number}."),
        }
    }

    /// The gates before the design's other inputs are called this and the
    /// port's name.
    pub(crate) fn gate_prefix(self) -> String {
        match self {
            Self::Alone => "gate.".to_owned(),
            Self::Shared(number) => format!("gate.{number}."),
        }
    }

    /// Whose `name` is, seen from this slot.
    pub(crate) fn owner_of(self, name: &str) -> Owner<'_> {
        if let Some(own) = name.strip_prefix(&self.design_prefix()) {
            Owner::Design(own)
        } else if let Some(port) = name.strip_prefix(&self.clock_prefix()) {
            Owner::ClockDriver(port)
        } else if self != Self::Alone && !name.starts_with(&self.gate_prefix()) && is_of_slot(name)
        {
            Owner::Other
        } else {
            Owner::Fixture(name)
        }
    }
}

/// Whether `name` is one that a shared slot gives.
fn is_of_slot(name: &str) -> bool {
    ["dut", "clock_driver.", "gate."].into_iter().any(|prefix| {
        let number = name.strip_prefix(prefix).and_then(|rest| rest.split_once('.'));
        number.is_some_and(|(number, _)| number.parse::<u8>().is_ok())
    })
}

/// The sizes of the fixture for `design` alone.
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
        slots: 1,
        board,
    })
}

/// Links `design` alone into `fixture`, which must be of `variant`.
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
    check_device(design, variant.board)?;
    let design_room = Room::of(&design.netlist, device);
    let room = design_room + Room::of(&fixture.module, device);
    check_room(&design_room, &room, device)?;
    Ok(join(&[(design, Slot::Alone)], fixture, variant, firmware, design_room)?)
}

/// `design` alone in `surroundings` that stand where the fixture would, its input and
/// output bits in the interface's order.
pub(crate) fn surround(design: &Design, surroundings: Fixture) -> Module {
    let input_map: Vec<u16> = (0..design.interface.input_bits() as u16).collect();
    let mut linker = Linker::new(surroundings);
    linker.add(&design.netlist, Slot::Alone, &input_map, &design.events.clocks);
    linker.finish()
}

fn check_device(design: &Design, board: &Board) -> Result<(), Fault> {
    if design.device == board.device {
        return Ok(());
    }
    let message = format!(
        "a design for the {} cannot be linked for {}, which has a {}; synthesise it for the \
         board's device",
        design.device, board.kind, board.device
    );
    Err(Fault::new(FaultPlace::Tool, message))
}

/// Puts `designs`, which take `design_room`, into `fixture`.
fn join(
    designs: &[(&Design, Slot)],
    fixture: Fixture,
    variant: Variant<'_>,
    firmware: &Firmware,
    design_room: Room,
) -> Result<Linked, Fault> {
    let room = design_room + Room::of(&fixture.module, variant.board.device);
    let mut linker = Linker::new(fixture);
    let mut linked = Vec::new();
    for &(design, slot) in designs {
        let input_map = assign_inputs(design);
        linker.add(&design.netlist, slot, &input_map, &design.events.clocks);
        linked.push(LinkedDesign {
            output_map: (0..design.interface.output_bits() as u16).collect(),
            input_map,
            slot,
            has_latches: design.has_latches,
            derived_clocks: design.events.derived_clocks.len(),
            derived_levels: design.events.derived_levels,
            clock_nets: Vec::new(),
            files: Arc::clone(&design.files),
        });
    }
    let mut module = linker.finish();
    for design in &mut linked {
        design.clock_nets = clock_nets(&module, design.slot);
    }

    image::fill(&mut module, &image::contents(firmware, None)?)?;
    let netlist_hash = hash(&module);
    let identity = Identity {
        netlist_hash,
        input_bytes: variant.input_bytes,
        output_bytes: variant.output_bytes,
        slots: variant.slots,
        clock_hz: variant.board.clock_hz,
    };
    image::fill(&mut module, &image::contents(firmware, Some(&identity))?)?;

    Ok(Linked {
        netlist_hash,
        designs: linked,
        input_bytes: variant.input_bytes,
        output_bytes: variant.output_bytes,
        module,
        board: variant.board.clone(),
        has_own_cells: designs.iter().any(|(design, _)| design.has_own_cells),
        design_room,
        room,
    })
}

/// The nets that clock cells of the design in `slot`, by name.
fn clock_nets(module: &Module, slot: Slot) -> Vec<String> {
    let prefix = slot.design_prefix();
    let cells = module.cells.iter().filter(|(name, _)| name.starts_with(&prefix));
    let clocks: BTreeSet<Bit> = cells
        .flat_map(|(_, cell)| cells::event_pins(cell))
        .filter(|(pin, _)| matches!(pin, EventPin::Clock(_)))
        .map(|(_, bit)| bit)
        .collect();
    let nets = module.netnames.iter();
    let mut names: Vec<String> = nets
        .filter(|(_, net)| matches!(net.bits[..], [bit @ Bit::Net(_)] if clocks.contains(&bit)))
        .map(|(name, _)| name.clone())
        .collect();
    names.sort();
    names
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
