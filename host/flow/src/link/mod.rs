//! Design and fixture in one netlist, without another synthesis.
//!
//! The fixture's black box goes, the design's cells come, with net numbers of
//! their own behind the fixture's. Nothing that the design chose reaches place
//! and route as it was: every name is prefixed and tidied, every attribute but
//! the source lines is dropped, every net has one name.

mod linker;

use crate::fixture::{self, Fixture, Variant};
use crate::flowfile::{Capacity, FlowFile};
use crate::image::{self, Firmware, Identity};
use crate::netlist::Module;
use crate::room::Room;
use crate::submission::JobFiles;
use crate::synth::Design;
use filbench_board::{Board, Device};
use filbench_model::{FailStage, Fault, FaultPlace, InconclusiveReason, Verdict};
use linker::Linker;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Cells and nets of the design are called this and their own name.
pub(crate) const DESIGN_PREFIX: &str = "dut.";
/// The buffers before the design's clocks are called this and the port's name.
pub(crate) const CLOCK_DRIVER_PREFIX: &str = "clock_driver.";

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
    pub(crate) board: Board,
    pub(crate) has_latches: bool,
    pub(crate) has_own_cells: bool,
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
    if design.device != device {
        let message = format!(
            "a design for the {} cannot be linked for {}, which has a {device}; synthesise it for \
             the board's device",
            design.device, variant.board.kind
        );
        return Err(Fault::new(FaultPlace::Tool, message).into());
    }
    let design_room = Room::of(&design.netlist, device);
    let room = design_room + Room::of(&fixture.module, device);
    check_room(&design_room, &room, device)?;
    let input_map = assign_inputs(design);
    let mut linker = Linker::new(&design.netlist, fixture, &input_map);
    linker.add_clock_drivers(&design.events.clocks);
    linker.add_cells();
    linker.add_names();
    let mut module = linker.finish();

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
        board: variant.board.clone(),
        has_latches: design.has_latches,
        has_own_cells: design.has_own_cells,
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
