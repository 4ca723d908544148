//! Which inputs of a design are events, and which clock it.
//!
//! The player changes an event input alone, so that silicon has no race to
//! lose. What counts is found on the gate-level netlist, before latches become
//! loops of look-up tables: the inputs in the combinational cone of a clock
//! pin, an asynchronous set or reset, or a latch enable.

use crate::cells::{self, Class, EventPin};
use crate::controls;
use crate::netlist::{Bit, Cell, Drivers, Module, Names, PortDirection};
use filbench_model::{Bits, ClockEdge, Control};
use std::collections::BTreeSet;

/// The inputs that clock, latch, set or reset something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Events {
    /// One bit for each input bit of the interface: it lies in the cone of a
    /// clock, an asynchronous set or reset, or a latch enable.
    pub event_inputs: Bits,
    /// Input bits that are clocks, by themselves or inverted, in bit order.
    pub clocks: Vec<ClockUse>,
    /// Nets inside the design that clock something without being an input:
    /// divided, gated and rippling clocks. Their skew is whatever routing gives.
    pub derived_clocks: Vec<String>,
    /// Levels of logic before the deepest of them, from a register or an input on.
    pub(crate) derived_levels: usize,
    /// Input bits that reset, set or enable registers, in bit order.
    pub controls: Vec<Control>,
}

/// An input bit that clocks something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockUse {
    /// Number of the input bit in the interface.
    pub input_bit: usize,
    /// At the input, so after counting inverters.
    pub edge: ClockEdge,
}

/// Finds the events of a gate-level netlist.
pub(crate) fn find(gates: &Module) -> Events {
    let walker = Walker::new(gates);
    let mut cone = Cone {
        visited: vec![false; walker.drivers.net_count()],
        event_inputs: Bits::zeros(walker.input_bits),
    };
    let mut clocks: Vec<Option<ClockEdge>> = vec![None; walker.input_bits];
    let mut derived = BTreeSet::new();

    for (_, cell) in gates.cells.iter() {
        for (pin, bit) in cells::event_pins(cell) {
            let Bit::Net(net) = bit else { continue };
            walker.collect(net, &mut cone);
            if let EventPin::Clock(edge) = pin {
                match walker.resolve(net, edge) {
                    Ok((input, edge)) => clocks[input] = Some(merge(clocks[input], edge)),
                    Err(net) => {
                        derived.insert(net);
                    }
                }
            }
        }
    }

    let mut depths = vec![Depth::Unknown; walker.drivers.net_count()];
    let derived_levels =
        derived.iter().map(|&net| walker.levels(net, &mut depths)).max().unwrap_or(0);
    let names = Names::of(gates);
    let mut derived_clocks: Vec<String> = derived.into_iter().map(|net| names.get(net)).collect();
    derived_clocks.sort();
    Events {
        event_inputs: cone.event_inputs,
        clocks: clocks
            .into_iter()
            .enumerate()
            .filter_map(|(input_bit, edge)| Some(ClockUse { input_bit, edge: edge? }))
            .collect(),
        derived_clocks,
        derived_levels,
        controls: controls::find(gates),
    }
}

/// A multiplier without registers is about as deep as so many look-up tables.
const MULTIPLIER_LEVELS: usize = 4;

/// How deep the logic before a net is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Depth {
    Unknown,
    /// Being worked out.
    Open,
    Levels(usize),
}

struct Walker<'a> {
    module: &'a Module,
    drivers: Drivers,
    input_of_net: Vec<Option<usize>>,
    input_bits: usize,
}

struct Cone {
    visited: Vec<bool>,
    event_inputs: Bits,
}

impl<'a> Walker<'a> {
    fn new(module: &'a Module) -> Self {
        let drivers = Drivers::of(module);
        let mut input_of_net = vec![None; drivers.net_count()];
        let mut input_bits = 0;
        for (_, port) in module.ports.iter() {
            if port.direction != PortDirection::Input {
                continue;
            }
            for bit in &port.bits {
                if let Bit::Net(net) = *bit {
                    input_of_net[net as usize] = Some(input_bits);
                }
                input_bits += 1;
            }
        }
        Self { module, drivers, input_of_net, input_bits }
    }

    /// Adds the inputs in the cone of `net`. A latch lets its data through
    /// while it is open, so the cone of a gated clock reaches through the
    /// latch of its gate.
    fn collect(&self, net: u32, cone: &mut Cone) {
        let mut pending = vec![net];
        while let Some(net) = pending.pop() {
            if std::mem::replace(&mut cone.visited[net as usize], true) {
                continue;
            }
            if let Some(input) = self.input_of_net[net as usize] {
                cone.event_inputs.set(input, true);
                continue;
            }
            let Some(driver) = self.drivers.get(net) else {
                continue;
            };
            let (_, cell) = &self.module.cells.as_slice()[driver.cell as usize];
            if cells::class(cell) != Class::Sequential {
                for (port, bits) in cell.connections.iter() {
                    if !cells::is_output(cell, port) {
                        pending.extend(bits.iter().filter_map(|bit| bit.net()));
                    }
                }
            }
        }
    }

    /// Levels of logic between `net` and the registers and inputs behind it, latches
    /// counted like gates. Mapped, a level is a look-up table or a stage of a carry chain
    /// at most. A loop, which only latches may make, is cut where it closes.
    fn levels(&self, net: u32, depths: &mut [Depth]) -> usize {
        let known = |depths: &[Depth], net: u32| match depths[net as usize] {
            Depth::Levels(levels) => levels,
            Depth::Unknown | Depth::Open => 0,
        };
        let mut pending = vec![net];
        while let Some(&at) = pending.last() {
            match depths[at as usize] {
                Depth::Levels(_) => {
                    pending.pop();
                }
                Depth::Unknown => {
                    depths[at as usize] = Depth::Open;
                    let unknown = |net: &u32| depths[*net as usize] == Depth::Unknown;
                    pending.extend(self.before(at).iter().copied().filter(unknown));
                }
                Depth::Open => {
                    pending.pop();
                    let before = self.before(at);
                    let deepest = before.iter().map(|&net| known(depths, net)).max().unwrap_or(0);
                    depths[at as usize] = Depth::Levels(deepest + self.own_levels(at));
                }
            }
        }
        known(depths, net)
    }

    /// The nets that `net` follows without waiting for an event.
    fn before(&self, net: u32) -> Vec<u32> {
        let Some(cell) = self.logic(net) else { return Vec::new() };
        let inputs = cell.connections.iter().filter(|(port, _)| !cells::is_output(cell, port));
        inputs.flat_map(|(_, bits)| bits.iter().filter_map(|bit| bit.net())).collect()
    }

    fn own_levels(&self, net: u32) -> usize {
        match self.logic(net) {
            None => 0,
            Some(cell) if cell.kind == "SB_MAC16" => MULTIPLIER_LEVELS,
            Some(_) => 1,
        }
    }

    /// The logic that drives `net`: no input, no register.
    fn logic(&self, net: u32) -> Option<&Cell> {
        if self.input_of_net[net as usize].is_some() {
            return None;
        }
        let driver = self.drivers.get(net)?;
        let (_, cell) = &self.module.cells.as_slice()[driver.cell as usize];
        (cells::class(cell) != Class::Sequential).then_some(cell)
    }

    /// The input behind a clock net and the edge at that input; the net itself
    /// where something other than inverters stands between.
    fn resolve(&self, net: u32, edge: ClockEdge) -> Result<(usize, ClockEdge), u32> {
        let (mut at, mut edge) = (net, edge);
        // Inverters in a loop are refused elsewhere; do not spin here.
        for _ in 0..self.drivers.net_count() {
            if let Some(input) = self.input_of_net[at as usize] {
                return Ok((input, edge));
            }
            let driver = self.drivers.get(at).ok_or(net)?;
            let (_, cell) = &self.module.cells.as_slice()[driver.cell as usize];
            match (cell.kind.as_str(), cell.bits("A")) {
                ("$_NOT_", [Bit::Net(input)]) => {
                    at = *input;
                    edge = match edge {
                        ClockEdge::Rising => ClockEdge::Falling,
                        ClockEdge::Falling => ClockEdge::Rising,
                        ClockEdge::Both => ClockEdge::Both,
                    };
                }
                _ => return Err(net),
            }
        }
        Err(net)
    }
}

fn merge(seen: Option<ClockEdge>, edge: ClockEdge) -> ClockEdge {
    match seen {
        Some(seen) if seen != edge => ClockEdge::Both,
        _ => edge,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netlist::Netlist;

    /// A pin, its net, and whether it is an output.
    type Pin = (&'static str, u32, bool);
    /// Its type and its pins.
    type Cell = (&'static str, [Pin; 3]);

    fn events(cells: &[Cell]) -> Events {
        let cells: serde_json::Map<String, serde_json::Value> = cells
            .iter()
            .enumerate()
            .map(|(index, (kind, pins))| {
                let pins = pins.iter();
                let directions = pins.clone().map(|&(pin, _, output)| {
                    (pin.to_owned(), if output { "output" } else { "input" }.into())
                });
                let connections =
                    pins.map(|&(pin, net, _)| (pin.to_owned(), serde_json::json!([net])));
                let cell = serde_json::json!({
                    "type": kind,
                    "parameters": {},
                    "port_directions": directions.collect::<serde_json::Map<_, _>>(),
                    "connections": connections.collect::<serde_json::Map<_, _>>(),
                });
                (format!("c{index}"), cell)
            })
            .collect();
        let json = serde_json::json!({ "modules": { "m": {
            "ports": { "a": { "direction": "input", "bits": [2, 3] } },
            "cells": cells,
        } } });
        let netlist = Netlist::parse(json.to_string().as_bytes()).unwrap();
        find(&netlist.into_module("m").unwrap())
    }

    const fn and(a: u32, b: u32, y: u32) -> Cell {
        ("$_AND_", [("A", a, false), ("B", b, false), ("Y", y, true)])
    }

    fn ff(c: u32, q: u32) -> Cell {
        ("SB_DFF", [("C", c, false), ("D", 3, false), ("Q", q, true)])
    }

    fn levels(cells: &[Cell]) -> usize {
        events(cells).derived_levels
    }

    #[test]
    fn the_logic_before_a_derived_clock_is_counted_from_the_last_register_on() {
        // An input clocks: none. A register does: none.
        assert_eq!(levels(&[ff(2, 10)]), 0);
        assert_eq!(levels(&[ff(2, 10), ff(10, 11)]), 0);
        // A gate of an input and a register; a chain of three of them.
        assert_eq!(levels(&[ff(2, 10), and(2, 10, 11), ff(11, 12)]), 1);
        let chain = [ff(2, 10), and(10, 2, 11), and(11, 3, 12), and(11, 12, 13), ff(13, 14)];
        assert_eq!(levels(&chain), 3);
        // A register in between begins anew.
        let cut = [and(2, 3, 10), and(10, 3, 11), ff(11, 12), and(12, 3, 13), ff(13, 14)];
        assert_eq!(levels(&cut), 2);
    }

    #[test]
    fn a_latch_counts_like_a_gate_and_a_loop_through_it_ends() {
        let latch = ("$_DLATCH_P_", [("E", 2, false), ("D", 11, false), ("Q", 10, true)]);
        assert_eq!(levels(&[latch, and(10, 3, 11), ff(11, 12)]), 2);
    }
}
