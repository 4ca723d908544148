//! How much of a device a netlist takes.

use crate::flowfile::{Capacity, FlowFile};
use crate::guard::{CellClass, class_of};
use crate::netlist::{Bit, Cell, Module, PortDirection};
use filbench_board::Device;
use std::collections::BTreeSet;
use std::ops::Add;

/// From this share of the logic cells on placement or routing may fail for
/// want of room.
const CROWDED: f64 = 0.9;

/// What a netlist takes, in the device's own units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Room {
    /// Logic cells that look-up tables and flip-flops need after packing: a
    /// look-up table that drives one flip-flop's data and nothing else shares
    /// its cell, as in nextpnr's packer. Exact, so a lower bound of the whole.
    logic_cells: u32,
    /// Logic cells for carry cells that no look-up table can share; an estimate.
    carry_cells: u32,
    bram: u32,
    spram: u32,
    dsp: u32,
}

impl Room {
    /// What `module` takes of `device`.
    pub(crate) fn of(module: &Module, device: Device) -> Self {
        let classes = &FlowFile::ice40().cells.classes;
        let users = count_users(module);
        let mut room = Self::default();
        let mut luts = BTreeSet::new();
        let mut carries = Vec::new();
        let mut lut_outputs = BTreeSet::new();
        let mut ff_data = Vec::new();
        for (_, cell) in module.cells.iter() {
            match class_of(classes, device, &cell.kind) {
                Some(CellClass::Lut4) => {
                    room.logic_cells += 1;
                    luts.insert((bit(cell, "I1"), bit(cell, "I2"), bit(cell, "I3")));
                    lut_outputs.extend(bit(cell, "O").net());
                }
                Some(CellClass::Ff) => {
                    room.logic_cells += 1;
                    ff_data.extend(bit(cell, "D").net());
                }
                Some(CellClass::Carry) => {
                    carries.push((bit(cell, "I0"), bit(cell, "I1"), bit(cell, "CI")));
                }
                Some(CellClass::Bram) => room.bram += 1,
                Some(CellClass::Spram) => room.spram += 1,
                Some(CellClass::Dsp) => room.dsp += 1,
                None => {}
            }
        }
        let shared = ff_data
            .iter()
            .filter(|net| lut_outputs.contains(net) && users[**net as usize] == 1)
            .count();
        room.logic_cells -= shared as u32;
        room.carry_cells = carries.iter().filter(|carry| !luts.contains(carry)).count() as u32;
        room
    }

    /// What is asked for beyond `capacity` for certain, as `5300 of 5280 logic
    /// cells`.
    pub(crate) fn surely_exceeds(&self, capacity: &Capacity) -> Option<String> {
        [
            ("logic cells", self.logic_cells, capacity.logic_cells),
            ("block RAMs", self.bram, capacity.bram),
            ("single-port RAMs", self.spram, capacity.spram),
            ("DSP blocks", self.dsp, capacity.dsp),
        ]
        .into_iter()
        .find(|(_, needed, available)| needed > available)
        .map(|(what, needed, available)| format!("{needed} of {available} {what}"))
    }

    /// Whether a failure to place or route may be for want of room.
    pub(crate) fn is_crowded(&self, capacity: &Capacity) -> bool {
        f64::from(self.all_logic_cells()) > CROWDED * f64::from(capacity.logic_cells)
            || self.bram == capacity.bram && self.bram > 0
    }

    /// Including carry cells.
    pub(crate) fn all_logic_cells(&self) -> u32 {
        self.logic_cells + self.carry_cells
    }
}

impl Add for Room {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            logic_cells: self.logic_cells + other.logic_cells,
            carry_cells: self.carry_cells + other.carry_cells,
            bram: self.bram + other.bram,
            spram: self.spram + other.spram,
            dsp: self.dsp + other.dsp,
        }
    }
}

fn bit(cell: &Cell, port: &str) -> Bit {
    cell.bits(port).first().copied().unwrap_or(Bit::Zero)
}

/// How many pins and output ports each net feeds.
fn count_users(module: &Module) -> Vec<u32> {
    let mut users = vec![0; module.net_count() as usize];
    let pins = module
        .cells
        .iter()
        .flat_map(|(_, cell)| cell.ports(PortDirection::Input))
        .flat_map(|(_, bits)| bits);
    let ports = module
        .ports
        .iter()
        .filter(|(_, port)| port.direction == PortDirection::Output)
        .flat_map(|(_, port)| &port.bits);
    for net in pins.chain(ports).filter_map(|bit| bit.net()) {
        users[net as usize] += 1;
    }
    users
}
