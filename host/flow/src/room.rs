//! How much of a device a netlist takes.

use crate::flowfile::{Capacity, FlowFile};
use crate::guard::{CellClass, class_of};
use crate::netlist::{Bit, Cell, Module, PortDirection};
use filbench_board::Device;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Add;

/// From this share of the logic cells on placement or routing may fail for
/// want of room.
const CROWDED: f64 = 0.9;

/// Logic cells of a tile. Their flip-flops have one clock, one clock enable and one set or
/// reset (iCE40 LP/HX and UltraPlus family data sheets, "PLB Blocks").
const CELLS_OF_TILE: u32 = 8;

/// What a netlist takes, in the device's own units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Room {
    /// Logic cells that look-up tables and flip-flops need after packing: a
    /// look-up table that drives one flip-flop's data and nothing else shares
    /// its cell, as in nextpnr's packer. Exact, so a lower bound of the whole.
    logic_cells: u32,
    /// Logic cells for carry cells that no look-up table can share; an estimate.
    carry_cells: u32,
    /// Tiles that the flip-flops need, as those of different control cannot share one; a
    /// lower bound.
    tiles: u32,
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
        let mut controlled: BTreeMap<_, u32> = BTreeMap::new();
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
                    *controlled.entry(control(cell)).or_default() += 1;
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
        room.tiles = controlled.values().map(|ffs| ffs.div_ceil(CELLS_OF_TILE)).sum();
        room
    }

    /// What is asked for beyond `capacity` for certain, as `5300 of 5280 logic
    /// cells`.
    pub(crate) fn surely_exceeds(&self, capacity: &Capacity) -> Option<String> {
        [
            ("logic cells", self.logic_cells, capacity.logic_cells),
            ("logic tiles (one has one clock, enable and reset)", self.tiles, tiles(capacity)),
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
            || f64::from(self.tiles) > CROWDED * f64::from(tiles(capacity))
            || self.bram == capacity.bram && self.bram > 0
    }

    /// Whether `share` of the logic cells and all of everything else is enough.
    pub(crate) fn fills_at_most(&self, share: f64, capacity: &Capacity) -> bool {
        self.surely_exceeds(capacity).is_none()
            && f64::from(self.all_logic_cells()) <= share * f64::from(capacity.logic_cells)
            && f64::from(self.tiles) <= share * f64::from(tiles(capacity))
    }

    /// `count` look-up tables that stand alone.
    pub(crate) fn of_gates(count: u32) -> Self {
        Self { logic_cells: count, ..Self::default() }
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
            tiles: self.tiles + other.tiles,
            bram: self.bram + other.bram,
            spram: self.spram + other.spram,
            dsp: self.dsp + other.dsp,
        }
    }
}

fn tiles(capacity: &Capacity) -> u32 {
    capacity.logic_cells / CELLS_OF_TILE
}

/// What a flip-flop shares with all others of its tile: clock, its edge, enable, set or reset.
fn control(cell: &Cell) -> (Bit, bool, Bit, Bit) {
    // Constants are dropped or need no net of the tile.
    let net = |port| match bit(cell, port) {
        net @ Bit::Net(_) => net,
        _ => Bit::Zero,
    };
    let set_reset = if cell.bits("S").is_empty() { net("R") } else { net("S") };
    (net("C"), cell.kind.starts_with("SB_DFFN"), net("E"), set_reset)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netlist::{Entries, Port};

    fn cell(kind: &str, inputs: &[(&str, u32)], output: (&str, u32)) -> Cell {
        use PortDirection::{Input, Output};
        let pins = || inputs.iter().map(|(port, net)| (*port, *net));
        Cell {
            hide_name: 0,
            kind: kind.into(),
            parameters: Entries::default(),
            attributes: Entries::default(),
            port_directions: pins().map(|(p, _)| (p, Input)).chain([(output.0, Output)]).collect(),
            connections: pins().chain([output]).map(|(p, net)| (p, vec![Bit::Net(net)])).collect(),
        }
    }

    fn room(cells: Vec<Cell>, outputs: &[u32]) -> Room {
        let mut module = Module::default();
        let bits = outputs.iter().map(|net| Bit::Net(*net)).collect();
        module.ports.push("y", Port { direction: PortDirection::Output, bits });
        for (index, cell) in cells.into_iter().enumerate() {
            module.cells.push(format!("c{index}"), cell);
        }
        Room::of(&module, Device::Up5k)
    }

    #[test]
    fn a_look_up_table_shares_the_cell_of_the_only_flip_flop_it_feeds() {
        let lut = || cell("SB_LUT4", &[("I0", 1)], ("O", 2));
        let ff = || cell("SB_DFF", &[("C", 0), ("D", 2)], ("Q", 3));
        assert_eq!(room(vec![lut(), ff()], &[3]).all_logic_cells(), 1);
        assert_eq!(room(vec![lut(), ff()], &[2, 3]).all_logic_cells(), 2);
        let second = cell("SB_DFFE", &[("C", 0), ("D", 2), ("E", 5)], ("Q", 4));
        assert_eq!(room(vec![lut(), ff(), second], &[3, 4]).all_logic_cells(), 3);
    }

    #[test]
    fn a_carry_cell_shares_with_the_look_up_table_on_its_inputs() {
        let carry = || cell("SB_CARRY", &[("I0", 1), ("I1", 2), ("CI", 3)], ("CO", 4));
        let sum = cell("SB_LUT4", &[("I1", 1), ("I2", 2), ("I3", 3)], ("O", 5));
        assert_eq!(room(vec![carry(), sum], &[5]).all_logic_cells(), 1);
        let other = cell("SB_LUT4", &[("I1", 1), ("I2", 2), ("I3", 9)], ("O", 5));
        assert_eq!(room(vec![carry(), other], &[5]).all_logic_cells(), 2);
    }

    #[test]
    fn a_share_is_of_the_logic_cells_only() {
        let capacity = Capacity { logic_cells: 10, bram: 2, spram: 0, dsp: 0 };
        let room = |logic_cells, bram| Room { logic_cells, bram, ..Room::default() };
        assert!(room(8, 2).fills_at_most(0.8, &capacity));
        assert!(!room(9, 2).fills_at_most(0.8, &capacity));
        assert!(!room(8, 3).fills_at_most(0.8, &capacity));
        assert_eq!(Room::of_gates(3) + room(1, 0), room(4, 0));
    }

    #[test]
    fn flip_flops_of_different_control_need_different_tiles() {
        let ff = |kind: &str, pins: &[(&str, u32)]| cell(kind, pins, ("Q", 9));
        let plain = || ff("SB_DFF", &[("C", 0), ("D", 1)]);
        let tiles = |cells| room(cells, &[9]).tiles;
        assert_eq!(tiles((0..8).map(|_| plain()).collect()), 1);
        assert_eq!(tiles((0..9).map(|_| plain()).collect()), 2);
        let others = [
            plain(),
            ff("SB_DFFN", &[("C", 0), ("D", 1)]),
            ff("SB_DFF", &[("C", 2), ("D", 1)]),
            ff("SB_DFFE", &[("C", 0), ("D", 1), ("E", 3)]),
            ff("SB_DFFSR", &[("C", 0), ("D", 1), ("R", 3)]),
            ff("SB_DFFS", &[("C", 0), ("D", 1), ("S", 4)]),
        ];
        assert_eq!(tiles(others.into()), 6);
        // Set and reset by one net may lie in one tile.
        let mixed = [("SB_DFFSR", "R"), ("SB_DFFSS", "S"), ("SB_DFFR", "R")];
        let mixed = mixed.map(|(kind, pin)| ff(kind, &[("C", 0), ("D", 1), (pin, 3)]));
        assert_eq!(tiles(mixed.into()), 1);

        let capacity = Capacity { logic_cells: 80, bram: 0, spram: 0, dsp: 0 };
        let ripple = |tiles| Room { logic_cells: tiles, tiles, ..Room::default() };
        assert!(!ripple(9).is_crowded(&capacity) && ripple(10).is_crowded(&capacity));
        assert_eq!(
            ripple(11).surely_exceeds(&capacity).as_deref(),
            Some("11 of 10 logic tiles (one has one clock, enable and reset)")
        );
    }

    #[test]
    fn what_surely_exceeds_says_so() {
        let capacity = Capacity { logic_cells: 10, bram: 1, spram: 0, dsp: 0 };
        let rams = Room { bram: 2, ..Room::default() };
        assert_eq!(rams.surely_exceeds(&capacity).as_deref(), Some("2 of 1 block RAMs"));
        let tight = Room { logic_cells: 9, carry_cells: 1, ..Room::default() };
        assert_eq!(tight.surely_exceeds(&capacity), None);
        assert!(tight.is_crowded(&capacity));
        assert!(!Room { logic_cells: 9, ..Room::default() }.is_crowded(&capacity));
        assert_eq!(
            (tight + tight).surely_exceeds(&capacity).as_deref(),
            Some("18 of 10 logic cells")
        );
    }
}
