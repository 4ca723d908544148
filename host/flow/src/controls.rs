//! Which inputs of a design reset, set or enable its registers, and at which level.
//!
//! What counts is what an input does by itself: one that is `a` in `reset = a | !b` resets
//! whatever `b` is, one that is `a` in `reset = a & b` does not. Logic in front of a pin is
//! followed on the gate-level netlist, before look-up tables hide it.

use crate::cells;
use crate::netlist::{Bit, Cell, Drivers, Module, PortDirection};
use filbench_model::{Control, ControlRole};
use std::collections::{BTreeMap, BTreeSet};

/// Finds the controls of a gate-level netlist in bit order, at most one for each input bit:
/// the first of its roles, as [`ControlRole`] lists them, that it has at one level only.
pub(crate) fn find(gates: &Module) -> Vec<Control> {
    let search = Search::new(gates);
    let mut levels: BTreeMap<(usize, ControlRole), BTreeSet<bool>> = BTreeMap::new();
    for (_, cell) in gates.cells.iter() {
        for (role, pin) in cells::control_pins(cell) {
            let Bit::Net(net) = pin else { continue };
            // An enable is known by the level that takes it away.
            let is_enable = role == ControlRole::Enable;
            for (input_bit, level) in search.forcing(net, !is_enable) {
                levels.entry((input_bit, role)).or_default().insert(level != is_enable);
            }
        }
    }
    let mut controls: Vec<Control> = Vec::new();
    for ((input_bit, role), active_high) in levels {
        let is_known = controls.last().is_some_and(|control| control.input_bit == input_bit);
        let mut active_high = active_high.into_iter();
        if let (false, Some(active_high), None) = (is_known, active_high.next(), active_high.next())
        {
            controls.push(Control { input_bit, role, active_high });
        }
    }
    controls
}

struct Search<'a> {
    module: &'a Module,
    drivers: Drivers,
    input_of_net: BTreeMap<u32, usize>,
}

impl<'a> Search<'a> {
    fn new(module: &'a Module) -> Self {
        let inputs = module.ports.iter().filter(|(_, port)| port.direction == PortDirection::Input);
        let bits = inputs.flat_map(|(_, port)| &port.bits).enumerate();
        Self {
            module,
            drivers: Drivers::of(module),
            input_of_net: bits.filter_map(|(index, bit)| Some((bit.net()?, index))).collect(),
        }
    }

    /// The inputs that make `net` be `value` whatever the others are, with the level at
    /// which each does.
    fn forcing(&self, net: u32, value: bool) -> BTreeSet<(usize, bool)> {
        let mut found = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut pending = vec![(net, value)];
        while let Some((net, value)) = pending.pop() {
            if !seen.insert((net, value)) {
                continue;
            }
            if let Some(&input) = self.input_of_net.get(&net) {
                found.insert((input, value));
            } else if let Some(driver) = self.drivers.get(net) {
                let (_, cell) = &self.module.cells.as_slice()[driver.cell as usize];
                pending.extend(
                    forcing_pins(cell, value).filter_map(|(bit, value)| Some((bit.net()?, value))),
                );
            }
        }
        found
    }
}

/// The inputs of a gate each of which makes its output be `value`, with the level at which
/// it does.
fn forcing_pins(gate: &Cell, value: bool) -> impl Iterator<Item = (Bit, bool)> {
    let [a, b] = ["A", "B"].map(|port| gate.bits(port).first().copied());
    let (a_level, b_level) = match (gate.kind.as_str(), value) {
        ("$_BUF_", value) => (Some(value), None),
        ("$_NOT_", value) => (Some(!value), None),
        ("$_AND_", false) | ("$_NAND_", true) => (Some(false), Some(false)),
        ("$_OR_", true) | ("$_NOR_", false) => (Some(true), Some(true)),
        ("$_ANDNOT_", false) => (Some(false), Some(true)),
        ("$_ORNOT_", true) => (Some(true), Some(false)),
        _ => (None, None),
    };
    [a.zip(a_level), b.zip(b_level)].into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netlist::Netlist;
    use ControlRole::{AsyncReset, Enable, SyncReset};

    fn controls(cells: &[(&str, &[(&str, u32)])]) -> Vec<(usize, ControlRole, bool)> {
        let cells: serde_json::Map<String, serde_json::Value> = cells
            .iter()
            .enumerate()
            .map(|(index, (kind, pins))| {
                let directions: BTreeMap<_, _> = pins
                    .iter()
                    .map(|(pin, _)| {
                        (*pin, if ["Y", "Q"].contains(pin) { "output" } else { "input" })
                    })
                    .collect();
                let connections: BTreeMap<_, _> =
                    pins.iter().map(|(pin, net)| (*pin, [*net])).collect();
                let cell = serde_json::json!({
                    "type": kind, "port_directions": directions, "connections": connections,
                });
                (format!("c{index}"), cell)
            })
            .collect();
        // Input bits 0 to 7 are nets 2 to 9.
        let inputs: Vec<u32> = (2..10).collect();
        let netlist = serde_json::json!({ "modules": { "m": {
            "ports": { "i": { "direction": "input", "bits": inputs } }, "cells": cells,
        } } });
        let module = Netlist::parse(netlist.to_string().as_bytes()).unwrap();
        let found = find(&module.into_module("m").unwrap());
        found.iter().map(|c| (c.input_bit, c.role, c.active_high)).collect()
    }

    #[test]
    fn levels_are_those_at_the_input() {
        let found = controls(&[
            ("SB_DFFER", &[("C", 2), ("E", 20), ("R", 21), ("D", 5)]),
            ("$_NOT_", &[("A", 3), ("Y", 21)]),
            // Enabled by bit 2 and not bit 3.
            ("$_ANDNOT_", &[("A", 4), ("B", 5), ("Y", 20)]),
            ("SB_DFFSR", &[("C", 2), ("R", 6), ("D", 5)]),
        ]);
        assert_eq!(
            found,
            [(1, AsyncReset, false), (2, Enable, true), (3, Enable, false), (4, SyncReset, true)]
        );
    }

    #[test]
    fn one_of_several_has_to_be_enough() {
        let either = controls(&[
            ("SB_DFFSR", &[("C", 2), ("R", 20)]),
            ("$_OR_", &[("A", 3), ("B", 21), ("Y", 20)]),
            ("$_NAND_", &[("A", 4), ("B", 5), ("Y", 21)]),
        ]);
        assert_eq!(either, [(1, SyncReset, true), (2, SyncReset, false), (3, SyncReset, false)]);
        let both = controls(&[
            ("SB_DFFSR", &[("C", 2), ("R", 20)]),
            ("$_AND_", &[("A", 3), ("B", 4), ("Y", 20)]),
        ]);
        assert_eq!(both, []);
    }

    #[test]
    fn a_reset_that_enables_as_well_is_a_reset_and_one_at_both_levels_is_none() {
        let found = controls(&[
            ("SB_DFFESR", &[("C", 2), ("E", 20), ("R", 3)]),
            ("$_OR_", &[("A", 3), ("B", 4), ("Y", 20)]),
            ("SB_DFFR", &[("C", 2), ("R", 5)]),
            ("SB_DFFS", &[("C", 2), ("S", 21)]),
            ("$_NOT_", &[("A", 5), ("Y", 21)]),
        ]);
        assert_eq!(found, [(1, SyncReset, true)]);
    }
}
