//! What the cells of a gate-level iCE40 netlist do, as far as the analyses need
//! to know: which pins clock, set or latch something, and whether outputs follow
//! inputs without waiting for an event.

use crate::netlist::{Bit, Cell, PortDirection};
use filbench_model::{ClockEdge, ControlRole};

/// How a cell's outputs depend on its inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// Outputs follow inputs.
    Combinational,
    /// Outputs follow inputs while the enable is active, and hold otherwise.
    Latch,
    /// Outputs change at events only.
    Sequential,
}

/// What a pin does to the state behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EventPin {
    /// Samples at an edge.
    Clock(ClockEdge),
    /// Sets or resets at once.
    AsyncSetReset,
    /// Opens a latch.
    LatchEnable,
}

/// The class of `cell`.
///
/// The gate-level netlist holds Yosys' fine-grained gates (`$_AND_`, …), the
/// carry wrapper, latches, and iCE40 cells (from flip-flop mapping, or
/// instantiated by the design).
pub(crate) fn class(cell: &Cell) -> Class {
    match cell.kind.as_str() {
        "$_DLATCH_P_" | "$_DLATCH_N_" => Class::Latch,
        // With a constant clock nothing inside can be registered.
        "SB_MAC16" if cell.bits("CLK").iter().all(|bit| bit.net().is_none()) => {
            Class::Combinational
        }
        "SB_MAC16" | "SB_SPRAM256KA" => Class::Sequential,
        kind if kind.starts_with("SB_DFF") || kind.starts_with("SB_RAM40_4K") => Class::Sequential,
        _ => Class::Combinational,
    }
}

/// The pins of `cell` through which events enter, with what they are tied to.
pub(crate) fn event_pins(cell: &Cell) -> Vec<(EventPin, Bit)> {
    use ClockEdge::{Falling, Rising};
    let mut pins = Vec::new();
    let mut add = |port: &str, role: EventPin| {
        pins.extend(cell.bits(port).iter().map(|&bit| (role, bit)));
    };
    let edge = |falling: bool| EventPin::Clock(if falling { Falling } else { Rising });
    match cell.kind.as_str() {
        "$_DLATCH_P_" | "$_DLATCH_N_" => add("E", EventPin::LatchEnable),
        "SB_SPRAM256KA" => add("CLOCK", edge(false)),
        "SB_MAC16" if class(cell) == Class::Sequential => {
            let negative = cell.parameter("NEG_TRIGGER").is_some_and(|value| value.ends_with('1'));
            add("CLK", edge(negative));
            for port in ["IRSTTOP", "IRSTBOT", "ORSTTOP", "ORSTBOT"] {
                add(port, EventPin::AsyncSetReset);
            }
        }
        kind => {
            if let Some(suffix) = kind.strip_prefix("SB_RAM40_4K") {
                add("RCLK", edge(suffix.starts_with("NR")));
                add("WCLK", edge(suffix.ends_with("NW")));
            } else if let Some(suffix) = kind.strip_prefix("SB_DFF") {
                let (falling, suffix) = strip(suffix, 'N');
                let (_, suffix) = strip(suffix, 'E');
                add("C", edge(falling));
                // `SR` and `SS` are the synchronous ones.
                match suffix {
                    "R" => add("R", EventPin::AsyncSetReset),
                    "S" => add("S", EventPin::AsyncSetReset),
                    _ => {}
                }
            }
        }
    }
    pins
}

/// The pins of `cell` that reset, set or enable registers while they are 1.
pub(crate) fn control_pins(cell: &Cell) -> Vec<(ControlRole, Bit)> {
    let mut pins = Vec::new();
    let mut add = |port: &str, role: ControlRole| {
        pins.extend(cell.bits(port).iter().map(|&bit| (role, bit)));
    };
    if let Some(suffix) = cell.kind.strip_prefix("SB_DFF") {
        let (_, suffix) = strip(suffix, 'N');
        let (_, suffix) = strip(suffix, 'E');
        add("E", ControlRole::Enable);
        let role = match suffix {
            "R" | "S" => ControlRole::AsyncReset,
            _ => ControlRole::SyncReset,
        };
        add("R", role);
        add("S", role);
    } else if cell.kind.starts_with("SB_RAM40_4K") {
        for port in ["WE", "RE", "WCLKE", "RCLKE"] {
            add(port, ControlRole::Enable);
        }
    }
    pins
}

fn strip(text: &str, prefix: char) -> (bool, &str) {
    match text.strip_prefix(prefix) {
        Some(rest) => (true, rest),
        None => (false, text),
    }
}

/// Whether `port` of `cell` is an output. Yosys leaves the directions of its
/// carry wrapper out, as no module stands behind it.
pub(crate) fn is_output(cell: &Cell, port: &str) -> bool {
    match cell.port_directions.get(port) {
        Some(direction) => *direction == PortDirection::Output,
        None => cell.kind == "$__ICE40_CARRY_WRAPPER" && matches!(port, "CO" | "O"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(kind: &str, pins: &[(&str, u32, PortDirection)]) -> Cell {
        Cell {
            hide_name: 0,
            kind: kind.into(),
            parameters: Default::default(),
            attributes: Default::default(),
            port_directions: pins.iter().map(|(p, _, d)| (*p, *d)).collect(),
            connections: pins.iter().map(|(p, n, _)| (*p, vec![Bit::Net(*n)])).collect(),
        }
    }

    fn inputs(kind: &str, pins: &[&str]) -> Cell {
        let pins: Vec<_> =
            pins.iter().enumerate().map(|(n, p)| (*p, n as u32, PortDirection::Input)).collect();
        cell(kind, &pins)
    }

    #[test]
    fn flip_flop_names_tell_edge_and_reset() {
        use ClockEdge::{Falling, Rising};
        use EventPin::{AsyncSetReset, Clock};
        for (kind, reset_pin, edge, is_async) in [
            ("SB_DFF", "R", Rising, false),
            ("SB_DFFR", "R", Rising, true),
            ("SB_DFFS", "S", Rising, true),
            ("SB_DFFSR", "R", Rising, false),
            ("SB_DFFSS", "S", Rising, false),
            ("SB_DFFESR", "R", Rising, false),
            ("SB_DFFES", "S", Rising, true),
            ("SB_DFFNER", "R", Falling, true),
            ("SB_DFFNESS", "S", Falling, false),
            ("SB_DFFNSR", "R", Falling, false),
        ] {
            let mut expected = vec![(Clock(edge), Bit::Net(0))];
            if is_async {
                expected.push((AsyncSetReset, Bit::Net(1)));
            }
            let pins = if kind == "SB_DFF" { vec!["C"] } else { vec!["C", reset_pin] };
            assert_eq!(event_pins(&inputs(kind, &pins)), expected, "{kind}");
        }
    }

    #[test]
    fn flip_flop_names_tell_what_controls_them() {
        use ControlRole::{AsyncReset, Enable, SyncReset};
        for (kind, pins, expected) in [
            ("SB_DFF", &["C", "D"][..], vec![]),
            ("SB_DFFER", &["E", "R"], vec![(Enable, Bit::Net(0)), (AsyncReset, Bit::Net(1))]),
            ("SB_DFFNESS", &["S", "E"], vec![(Enable, Bit::Net(1)), (SyncReset, Bit::Net(0))]),
            ("SB_DFFS", &["S"], vec![(AsyncReset, Bit::Net(0))]),
            ("SB_RAM40_4K", &["WCLK", "WE"], vec![(Enable, Bit::Net(1))]),
        ] {
            assert_eq!(control_pins(&inputs(kind, pins)), expected, "{kind}");
        }
    }

    #[test]
    fn ram_names_tell_the_edges() {
        use ClockEdge::{Falling, Rising};
        for (kind, read, write) in [
            ("SB_RAM40_4K", Rising, Rising),
            ("SB_RAM40_4KNR", Falling, Rising),
            ("SB_RAM40_4KNW", Rising, Falling),
            ("SB_RAM40_4KNRNW", Falling, Falling),
        ] {
            let pins = event_pins(&inputs(kind, &["RCLK", "WCLK"]));
            let expected =
                [(EventPin::Clock(read), Bit::Net(0)), (EventPin::Clock(write), Bit::Net(1))];
            assert_eq!(pins, expected, "{kind}");
        }
    }

    #[test]
    fn a_multiplier_without_a_clock_is_combinational() {
        let mut mac = inputs("SB_MAC16", &["CLK", "A"]);
        assert_eq!(class(&mac), Class::Sequential);
        *mac.connections.get_mut("CLK").unwrap() = vec![Bit::Zero];
        assert_eq!(class(&mac), Class::Combinational);
        assert_eq!(event_pins(&mac), []);
    }
}
