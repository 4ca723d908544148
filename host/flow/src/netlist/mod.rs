//! Yosys' JSON netlist as types.
//!
//! The same types serve all three uses: reading what synthesis wrote, linking
//! in memory, and writing what place and route reads. Objects keep the order
//! of the file ([`Entries`]), because port order is meaning and the order of
//! cells decides placement.

mod bit;
mod entries;
mod graph;

pub(crate) use bit::Bit;
pub(crate) use entries::Entries;
pub(crate) use graph::{Drivers, Names};

use serde::{Deserialize, Serialize};

/// A whole file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Netlist {
    /// Who wrote it.
    #[serde(default)]
    pub(crate) creator: String,
    /// By name.
    pub(crate) modules: Entries<Module>,
}

/// One module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Module {
    #[serde(default)]
    pub(crate) attributes: Entries<Value>,
    /// In declared order.
    #[serde(default)]
    pub(crate) ports: Entries<Port>,
    #[serde(default)]
    pub(crate) cells: Entries<Cell>,
    #[serde(default)]
    pub(crate) netnames: Entries<NetName>,
}

/// Which way a port's values flow, seen from the module or cell that has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PortDirection {
    Input,
    Output,
    Inout,
}

/// A port of a module; bits least significant first, whatever the RTL's range.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Port {
    pub(crate) direction: PortDirection,
    pub(crate) bits: Vec<Bit>,
}

/// An instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cell {
    #[serde(default)]
    pub(crate) hide_name: u8,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) parameters: Entries<Value>,
    #[serde(default)]
    pub(crate) attributes: Entries<Value>,
    #[serde(default)]
    pub(crate) port_directions: Entries<PortDirection>,
    #[serde(default)]
    pub(crate) connections: Entries<Vec<Bit>>,
}

/// A name for some nets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NetName {
    #[serde(default)]
    pub(crate) hide_name: u8,
    pub(crate) bits: Vec<Bit>,
    #[serde(default)]
    pub(crate) attributes: Entries<Value>,
}

/// A parameter's or attribute's value: bits as text, or any other text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Value {
    Text(String),
    Number(i64),
}

impl Value {
    /// The text; `None` for a number, which Yosys writes only when asked to.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number(_) => None,
        }
    }
}

/// Why a file is not a netlist that we can use.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NetlistError {
    #[error("the JSON netlist is incomplete or malformed")]
    Json(#[from] serde_json::Error),
    #[error("the netlist has no module `{0}`")]
    NoModule(String),
    #[error("module `{module}` has a net number beyond the {bytes} bytes of its file")]
    NetNumber { module: String, bytes: usize },
}

impl Netlist {
    /// Reads a file. Names that are not UTF-8 are repaired: RTL may contain
    /// any bytes, and Yosys copies them.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, NetlistError> {
        let text = String::from_utf8_lossy(bytes);
        let netlist: Self = serde_json::from_str(&text)?;
        // Nets are counted up from 2; tables by net number stay within bounds.
        match netlist.modules.iter().find(|(_, m)| m.net_count() as usize > bytes.len()) {
            Some((module, _)) => {
                Err(NetlistError::NetNumber { module: module.clone(), bytes: bytes.len() })
            }
            None => Ok(netlist),
        }
    }

    /// Takes module `name` out.
    pub(crate) fn into_module(self, name: &str) -> Result<Module, NetlistError> {
        self.modules
            .into_iter()
            .find(|(key, _)| key == name)
            .map(|(_, module)| module)
            .ok_or_else(|| NetlistError::NoModule(name.to_owned()))
    }
}

impl Module {
    /// One more than the highest net number.
    pub(crate) fn net_count(&self) -> u32 {
        let ports = self.ports.iter().flat_map(|(_, port)| &port.bits);
        let cells = self
            .cells
            .iter()
            .flat_map(|(_, cell)| cell.connections.iter().flat_map(|(_, bits)| bits));
        let names = self.netnames.iter().flat_map(|(_, name)| &name.bits);
        ports
            .chain(cells)
            .chain(names)
            .filter_map(|bit| bit.net())
            .max()
            .map_or(0, |net| net.saturating_add(1))
    }
}

impl Cell {
    /// The bits of port `name`; none when it is not connected.
    pub(crate) fn bits(&self, name: &str) -> &[Bit] {
        self.connections.get(name).map_or(&[], Vec::as_slice)
    }

    /// Ports with their bits in direction `direction`.
    pub(crate) fn ports(&self, direction: PortDirection) -> impl Iterator<Item = (&str, &[Bit])> {
        self.connections
            .iter()
            .filter(move |(name, _)| self.port_directions.get(name) == Some(&direction))
            .map(|(name, bits)| (name.as_str(), bits.as_slice()))
    }

    /// Parameter `name` as text.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).and_then(Value::text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SNIPPET: &str = r#"{
      "creator": "Yosys",
      "modules": { "design": {
        "attributes": { "top": "00000000000000000000000000000001" },
        "ports": {
          "z": { "direction": "output", "bits": [ 5, "x" ] },
          "a": { "direction": "input", "upto": 1, "offset": 4, "bits": [ 2, 3 ] }
        },
        "cells": { "b_cell": {
          "hide_name": 0, "type": "SB_LUT4",
          "parameters": { "LUT_INIT": "1000100010001000" }, "attributes": { },
          "port_directions": { "I0": "input", "O": "output" },
          "connections": { "I0": [ 2 ], "I1": [ "1" ], "O": [ 5 ] }
        } },
        "netnames": { "z": { "hide_name": 0, "bits": [ 5, "x" ], "attributes": {} } }
      } }
    }"#;

    #[test]
    fn order_and_bits_survive() {
        let module = Netlist::parse(SNIPPET.as_bytes()).unwrap().into_module("design").unwrap();
        let ports: Vec<_> = module.ports.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(ports, ["z", "a"]);
        assert_eq!(module.ports.get("z").unwrap().bits, [Bit::Net(5), Bit::X]);
        assert_eq!(module.net_count(), 6);
        let cell = module.cells.get("b_cell").unwrap();
        assert_eq!(cell.bits("I1"), [Bit::One]);
        assert_eq!(cell.bits("I2"), []);
        assert_eq!(cell.parameter("LUT_INIT"), Some("1000100010001000"));

        let again = serde_json::to_string(&module).unwrap();
        assert_eq!(serde_json::from_str::<Module>(&again).unwrap(), module);
    }

    #[test]
    fn a_truncated_file_is_an_error() {
        let cut = &SNIPPET.as_bytes()[..SNIPPET.len() / 2];
        assert!(matches!(Netlist::parse(cut), Err(NetlistError::Json(_))));
    }

    #[test]
    fn net_numbers_are_bounded_by_the_file() {
        let bytes = SNIPPET.replace("5", "4294967295").into_bytes();
        assert!(matches!(Netlist::parse(&bytes), Err(NetlistError::NetNumber { .. })));
    }

    #[test]
    fn bytes_that_are_no_utf8_are_repaired() {
        let bytes = SNIPPET.replace("b_cell", "b\u{1}").into_bytes();
        let bytes: Vec<u8> = bytes.iter().map(|&b| if b == 1 { 0xff } else { b }).collect();
        let module = Netlist::parse(&bytes).unwrap().into_module("design").unwrap();
        assert!(module.cells.get("b\u{fffd}").is_some());
    }
}
