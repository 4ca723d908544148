//! A synthesised design as Verilog that a simulator takes, to look at its nets.

use crate::cells::is_output;
use crate::host_fault;
use crate::netlist::{Bit, Cell, Module, PortDirection, Value};
use crate::synth::Design;
use filbench_model::{Fault, FaultPlace};
use filbench_toolbox::{Tool, Toolbox};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// The netlist's module; no name that a design chooses is in the text but those of its ports.
const TOP: &str = "filbench_gates";
/// Yosys' models of the iCE40 cells, in its share.
const CELLS: &str = "ice40/cells_sim.v";
/// Its input ports have default values, which not every simulator knows. Yosys connects
/// every input of what it maps.
const NO_DEFAULTS: &str = "`define NO_ICE40_DEFAULT_ASSIGNMENTS\n";

/// What a simulator needs for a design's netlist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GateModel {
    /// The netlist: one module with the design's ports, one instance for each cell.
    pub netlist: String,
    /// The models of the cells.
    pub cells: String,
    /// The netlist's module.
    pub top: &'static str,
    /// The wires of the nets that something reads, a cell or a port; each is one bit.
    pub nets: Vec<String>,
}

/// Writes the netlist of `design`.
pub(crate) fn model(toolbox: &Toolbox, design: &Design) -> Result<GateModel, Fault> {
    let share = toolbox.share_dir(Tool::Yosys).ok_or_else(|| {
        Fault::new(FaultPlace::Tool, format!("yosys has no `share` with {CELLS}; install it whole"))
    })?;
    let path = share.join(CELLS);
    let cells = std::fs::read_to_string(&path).map_err(|e| host_fault("read", &path, &e))?;
    let (netlist, nets) = write(&design.netlist);
    Ok(GateModel { netlist, cells: format!("{NO_DEFAULTS}{cells}"), top: TOP, nets })
}

/// The module as text, and those of its nets that something reads.
fn write(module: &Module) -> (String, Vec<String>) {
    let (mut nets, mut read) = (BTreeSet::new(), BTreeSet::new());
    let mut body = String::new();
    let mut ports = Vec::new();
    for (name, port) in module.ports.iter() {
        let is_input = port.direction == PortDirection::Input;
        let direction = if is_input { "input" } else { "output" };
        let range = match port.bits.len() {
            1 => String::new(),
            width => format!("[{}:0] ", width - 1),
        };
        ports.push(format!("{direction} {range}\\{name} "));
        for (index, bit) in port.bits.iter().enumerate() {
            nets.extend(bit.net());
            read.extend(bit.net().filter(|_| !is_input));
            let index = if range.is_empty() { String::new() } else { format!("[{index}]") };
            // Writing to a String does not fail.
            match (is_input, bit) {
                (true, Bit::Net(net)) => writeln!(body, "  assign n{net} = \\{name} {index};"),
                (true, _) => Ok(()),
                (false, bit) => writeln!(body, "  assign \\{name} {index} = {};", text(*bit)),
            }
            .ok();
        }
    }
    for (index, (_, cell)) in module.cells.iter().enumerate() {
        for (port, bits) in cell.connections.iter() {
            let bits = bits.iter().filter_map(|bit| bit.net());
            nets.extend(bits.clone());
            read.extend(bits.filter(|_| !is_output(cell, port)));
        }
        body.push_str(&instance(cell, index));
    }
    let declarations: String = nets.iter().map(|net| format!("  wire n{net};\n")).collect();
    let ports = ports.join(", ");
    let read = read.iter().map(|net| format!("n{net}")).collect();
    (format!("module {TOP}({ports});\n{declarations}{body}endmodule\n"), read)
}

fn instance(cell: &Cell, index: usize) -> String {
    let parameters: Vec<String> = cell
        .parameters
        .iter()
        .map(|(name, value)| format!(".\\{name} ({})", parameter(value)))
        .collect();
    let mut open = String::new();
    let mut connections = Vec::new();
    for (port, bits) in cell.connections.iter() {
        let mut driven = |bit: Bit| match bit {
            Bit::Net(_) => text(bit),
            // An output that leads nowhere must not lead to a constant.
            _ => {
                let name = format!("o{index}_{}", open.lines().count());
                writeln!(open, "  wire {name};").ok();
                name
            }
        };
        let bits = bits.iter().rev().copied();
        let bits: Vec<String> = if is_output(cell, port) {
            bits.map(&mut driven).collect()
        } else {
            bits.map(text).collect()
        };
        connections.push(format!(".\\{port} ({{{}}})", bits.join(", ")));
    }
    format!(
        "{open}  \\{} #({}) c{index} ({});\n",
        cell.kind,
        parameters.join(", "),
        connections.join(", ")
    )
}

fn parameter(value: &Value) -> String {
    match value {
        Value::Number(number) => number.to_string(),
        Value::Text(bits) if !bits.is_empty() && bits.bytes().all(|b| b"01xz".contains(&b)) => {
            format!("{}'b{bits}", bits.len())
        }
        Value::Text(text) => {
            let plain = text.chars().filter(|c| c.is_ascii_graphic() && !"\"\\".contains(*c));
            format!("\"{}\"", plain.collect::<String>())
        }
    }
}

fn text(bit: Bit) -> String {
    match bit {
        Bit::Net(net) => format!("n{net}"),
        Bit::Zero => "1'b0".to_owned(),
        Bit::One => "1'b1".to_owned(),
        Bit::X | Bit::Z => "1'bx".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netlist::Netlist;

    #[test]
    fn every_net_has_a_wire_and_every_pin_its_bits() {
        let json = r#"{ "modules": { "m": {
            "ports": {
                "d": { "direction": "input", "bits": [2, 3] },
                "q": { "direction": "output", "bits": [5] },
                "k": { "direction": "output", "bits": ["1", "x"] }
            },
            "cells": { "\\odd name": {
                "type": "SB_RAM40_4K", "parameters": { "INIT_0": "01x", "FILE": "a\"b" },
                "port_directions": { "RDATA": "output", "RADDR": "input" },
                "connections": { "RDATA": [5, "x", 9], "RADDR": [2, 3, "0"] }
            } }
        } } }"#;
        let module = Netlist::parse(json.as_bytes()).unwrap().into_module("m").unwrap();
        let (text, nets) = write(&module);
        assert_eq!(nets, ["n2", "n3", "n5"]);
        assert_eq!(
            text,
            "module filbench_gates(input [1:0] \\d , output \\q , output [1:0] \\k );\n\
             \x20 wire n2;\n  wire n3;\n  wire n5;\n  wire n9;\n\
             \x20 assign n2 = \\d [0];\n  assign n3 = \\d [1];\n  assign \\q  = n5;\n\
             \x20 assign \\k [0] = 1'b1;\n  assign \\k [1] = 1'bx;\n\
             \x20 wire o0_0;\n\
             \x20 \\SB_RAM40_4K #(.\\INIT_0 (3'b01x), .\\FILE (\"ab\")) c0 \
             (.\\RDATA ({n9, o0_0, n5}), .\\RADDR ({1'b0, n3, n2}));\nendmodule\n"
        );
    }
}
