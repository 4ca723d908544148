//! Which inputs of a design are events, and which clock it.
//!
//! The player changes an event input alone, so that silicon has no race to
//! lose. What counts is found on the gate-level netlist, before latches become
//! loops of look-up tables: the inputs in the combinational cone of a clock
//! pin, an asynchronous set or reset, or a latch enable.

use crate::cells::{self, Class, EventPin};
use crate::controls;
use crate::netlist::{Bit, Drivers, Module, Names, PortDirection};
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
        controls: controls::find(gates),
    }
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
