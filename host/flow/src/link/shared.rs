//! Several designs in one bitstream.

use super::{Linked, Slot, check_device, join};
use crate::events::Events;
use crate::fixture::{Fixture, Variant};
use crate::flowfile::FlowFile;
use crate::image::Firmware;
use crate::room::Room;
use crate::synth::Design;
use filbench_board::Board;
use filbench_model::{Fault, Interface};

/// Event inputs must lie in the player's byte 0, where each costs one byte a
/// step, as they do in a fixture of the design's own.
const EVENTS_MAX: usize = 8;

/// Designs that share a bitstream.
#[derive(Clone, Debug)]
pub struct SharedLink {
    /// The whole.
    pub linked: Linked,
    /// By slot, the index of the design among those that were to be linked. Those
    /// that are missing did not fit beside the others.
    pub members: Vec<usize>,
}

/// Whether `design` may share a bitstream: its ports fit the shared fixture, and it
/// instantiates no device cells itself, about which only place and route of the
/// design alone can decide.
pub(crate) fn shares(design: &Design) -> bool {
    !design.has_own_cells && fits_ports(&design.interface, &design.events)
}

fn fits_ports(interface: &Interface, events: &Events) -> bool {
    let shared = &FlowFile::ice40().fixture.shared;
    interface.input_bits() <= 8 * usize::from(shared.input_bytes)
        && interface.output_bits() <= 8 * usize::from(shared.output_bytes)
        && events.event_inputs.count_ones() <= EVENTS_MAX
}

/// The fixture for `count` designs, or as many as there can be.
pub(crate) fn shared_variant(count: usize, board: &Board) -> Variant<'_> {
    let shared = &FlowFile::ice40().fixture.shared;
    let slots = shared.slots.iter().copied();
    Variant {
        input_bytes: shared.input_bytes,
        output_bytes: shared.output_bytes,
        slots: slots.clone().filter(|&s| usize::from(s) >= count).min().unwrap_or(shared.most()),
        board,
    }
}

/// Links as many of `designs` as fit into `fixture`, which must be of `variant`; in
/// order, leaving out those that are too large for what is left.
///
/// # Errors
/// Faults of the fixture or the firmware, and of a caller that gave designs that
/// may not share.
pub(crate) fn link_shared(
    designs: &[&Design],
    fixture: Fixture,
    variant: Variant<'_>,
    firmware: &Firmware,
) -> Result<SharedLink, Fault> {
    let device = variant.board.device;
    let capacity = &FlowFile::ice40().device(device).capacity;
    let fullness = FlowFile::ice40().fixture.shared.fullness;
    let fixture_room = Room::of(&fixture.module, device);
    let mut design_room = Room::default();
    let mut members = Vec::new();
    let mut slots = Vec::new();
    for (index, design) in designs.iter().enumerate() {
        check_device(design, variant.board)?;
        let bits = design.interface.input_bits() + design.interface.output_bits();
        let more = design_room + Room::of(&design.netlist, device) + Room::of_gates(bits as u32);
        let fits = (fixture_room + more).fills_at_most(fullness, capacity);
        if let Ok(number) = u8::try_from(members.len())
            && number < variant.slots
            && fits
        {
            design_room = more;
            members.push(index);
            slots.push((*design, Slot::Shared(number)));
        }
    }
    let linked = join(&slots, fixture, variant, firmware, design_room)?;
    Ok(SharedLink { linked, members })
}
