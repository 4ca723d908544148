//! What a design must not contain, decided on netlists.
//!
//! The design shares the device with the fixture that judges it. It may have
//! logic, memory and arithmetic, and nothing that reaches pins, clocks,
//! configuration or placement.

use crate::flowfile::{Cells, Classes, FlowFile};
use crate::netlist::{Bit, Cell, Entries, Module, Names, PortDirection, Value};
use crate::submission::JobFiles;
use filbench_board::Device;
use filbench_model::{Direction, FailStage, Interface, Port, Resources};
use std::collections::{BTreeMap, BTreeSet};

/// A reason to refuse a design.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) stage: FailStage,
    pub(crate) reason: String,
}

impl Refusal {
    fn new(stage: FailStage, reason: impl Into<String>) -> Self {
        Self { stage, reason: reason.into() }
    }
}

/// The class under which a cell of type `kind` is counted on `device`; `None`
/// when the device has no such cell for a design.
pub(crate) fn class_of(classes: &Classes, device: Device, kind: &str) -> Option<CellClass> {
    let capacity = FlowFile::ice40().device(device).capacity;
    [
        (CellClass::Lut4, &classes.lut4, capacity.logic_cells),
        (CellClass::Carry, &classes.carry, capacity.logic_cells),
        (CellClass::Ff, &classes.ff, capacity.logic_cells),
        (CellClass::Bram, &classes.bram, capacity.bram),
        (CellClass::Spram, &classes.spram, capacity.spram),
        (CellClass::Dsp, &classes.dsp, capacity.dsp),
    ]
    .into_iter()
    .find(|(_, kinds, available)| *available > 0 && kinds.iter().any(|k| k == kind))
    .map(|(class, _, _)| class)
}

/// What a cell counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CellClass {
    Lut4,
    Carry,
    Ff,
    Bram,
    Spram,
    Dsp,
}

/// Checks the elaborated, flattened netlist: ports, attributes, instances,
/// drivers.
pub(crate) fn check_elaborated(
    module: &Module,
    device: Device,
    files: &JobFiles,
) -> Result<Interface, Refusal> {
    let interface = interface(module)?;
    check_attributes(&module.attributes, "the top module")?;
    for (name, net) in module.netnames.iter() {
        check_attributes(&net.attributes, name)?;
    }
    for (name, cell) in module.cells.iter() {
        check_attributes(&cell.attributes, name)?;
        // Cells of Yosys' own are still to be mapped.
        if !cell.kind.starts_with('$') {
            check_kind(name, cell, device)?;
            // Before synthesis takes the parameters for its own.
            check_multiplier(name, cell)?;
        }
    }
    check_drivers(module, files)?;
    Ok(interface)
}

/// How many bits of latches an elaborated netlist has, and the nets they drive.
pub(crate) fn latches(module: &Module) -> Vec<String> {
    let names = Names::of(module);
    let mut latched: Vec<String> = module
        .cells
        .iter()
        .filter(|(_, cell)| matches!(cell.kind.as_str(), "$dlatch" | "$adlatch" | "$dlatchsr"))
        .flat_map(|(_, cell)| cell.bits("Q"))
        .filter_map(|bit| Some(names.get(bit.net()?)))
        .collect();
    latched.sort();
    latched
}

/// Checks the mapped netlist, and counts what is in it.
pub(crate) fn check_mapped(module: &Module, device: Device) -> Result<Resources, Refusal> {
    let mut resources = Resources::default();
    for (name, cell) in module.cells.iter() {
        if cell.kind == "$_TBUF_" {
            let names = Names::of(module);
            let net = cell.bits("Y").iter().find_map(|bit| bit.net());
            return Err(Refusal::new(
                FailStage::Tristate,
                format!(
                    "`{}` is left undriven (z) under some condition; a design under test has \
                     no tristate outputs",
                    net.map_or_else(|| name.clone(), |net| names.get(net)),
                ),
            ));
        }
        let counter = match check_kind(name, cell, device)? {
            CellClass::Lut4 => &mut resources.lut4,
            CellClass::Carry => &mut resources.carry,
            CellClass::Ff => &mut resources.ff,
            CellClass::Bram => &mut resources.bram,
            CellClass::Spram => &mut resources.spram,
            CellClass::Dsp => &mut resources.dsp,
        };
        *counter += 1;
        check_parameters(name, cell)?;
        check_multiplier(name, cell)?;
    }
    Ok(resources)
}

/// The ports of a netlist, in declared order.
fn interface(module: &Module) -> Result<Interface, Refusal> {
    let mut ports = Vec::new();
    let mut input_nets = BTreeMap::new();
    for (name, port) in module.ports.iter() {
        let direction = match port.direction {
            PortDirection::Input => Direction::Input,
            PortDirection::Output => Direction::Output,
            PortDirection::Inout => {
                return Err(Refusal::new(
                    FailStage::Interface,
                    format!(
                        "port `{name}` is `inout`; a design under test has inputs and outputs only"
                    ),
                ));
            }
        };
        if direction == Direction::Input {
            for bit in &port.bits {
                if bit.net().is_none() || input_nets.insert(*bit, name).is_some() {
                    return Err(Refusal::new(
                        FailStage::Elaborate,
                        format!("the input `{name}` is also driven inside the design"),
                    ));
                }
            }
        }
        ports.push(Port { name: name.clone(), direction, width: port.bits.len() });
    }
    Ok(Interface { ports })
}

fn check_attributes(attributes: &Entries<Value>, owner: &str) -> Result<(), Refusal> {
    let cells: &Cells = &FlowFile::ice40().cells;
    match attributes.iter().find(|(name, _)| cells.is_forbidden_attribute(name)) {
        Some((attribute, _)) => Err(Refusal::new(
            FailStage::ForbiddenCell,
            format!("the attribute `{attribute}` on `{owner}` would steer placement"),
        )),
        None => Ok(()),
    }
}

fn check_kind(name: &str, cell: &Cell, device: Device) -> Result<CellClass, Refusal> {
    let cells = &FlowFile::ice40().cells;
    let kind = &cell.kind;
    if cells.is_forbidden(kind) {
        return Err(Refusal::new(
            FailStage::ForbiddenCell,
            format!(
                "`{name}` is a `{kind}`; a design under test has no pins, clock sources, \
                 configuration or hard IP of its own"
            ),
        ));
    }
    class_of(&cells.classes, device, kind).ok_or_else(|| {
        Refusal::new(
            FailStage::UnsupportedCell,
            format!("`{name}` is a `{kind}`, which {device} does not have for a design"),
        )
    })
}

/// Parameters go on to place and route, so they must be the bit strings that
/// it expects; a design that instantiates cells itself can write anything.
fn check_parameters(name: &str, cell: &Cell) -> Result<(), Refusal> {
    let is_bits = |value: &Value| {
        value.text().is_some_and(|text| text.bytes().all(|b| matches!(b, b'0' | b'1' | b'x')))
    };
    match cell.parameters.iter().find(|(_, value)| !is_bits(value)) {
        Some((parameter, _)) => Err(Refusal::new(
            FailStage::UnsupportedCell,
            format!("the parameter `{parameter}` of `{name}` ({}) is not a bit vector", cell.kind),
        )),
        None => Ok(()),
    }
}

/// Refuses what `SB_MAC16` can do and place and route leaves out without a word
/// (nextpnr 0.11, `ice40/bitstream.cc`: `NEG_TRIGGER` is not among the parameters it
/// writes, and `ACCUMCI` and `SIGNEXTIN` have no wires from the fabric, a constant's included):
/// the board would compute something else.
fn check_multiplier(name: &str, cell: &Cell) -> Result<(), Refusal> {
    if cell.kind != "SB_MAC16" {
        return Ok(());
    }
    let has = |parameter: &str, bits: &str| {
        cell.parameter(parameter).is_some_and(|value| value.ends_with(bits))
    };
    let is_clocked = cell.bits("CLK").iter().any(|bit| bit.net().is_some());
    let left_out = if has("NEG_TRIGGER", "1") && is_clocked {
        "registers on the falling edge (NEG_TRIGGER); clock it with the rising one, or keep its \
         registers in the fabric"
    } else if has("BOTADDSUB_CARRYSELECT", "10") {
        "a carry from another multiplier's accumulator (ACCUMCI); give it to the input CI"
    } else if has("BOTADDSUB_LOWERINPUT", "11") {
        "a sign from another multiplier (SIGNEXTIN); extend the operand in the design"
    } else {
        return Ok(());
    };
    Err(Refusal::new(
        FailStage::UnsupportedCell,
        format!("`{name}` is an SB_MAC16 with what nextpnr cannot configure: {left_out}"),
    ))
}

/// Refuses nets with several drivers, unless all of them can let go (a
/// tristate bus, which synthesis turns into logic or leaves to the tristate
/// check). Yosys only warns, and then makes constants of them.
fn check_drivers(module: &Module, files: &JobFiles) -> Result<(), Refusal> {
    let mut by_net: BTreeMap<Bit, Vec<&Cell>> = BTreeMap::new();
    for (_, cell) in module.cells.iter() {
        for (_, bits) in cell.ports(PortDirection::Output) {
            for bit in bits {
                by_net.entry(*bit).or_default().push(cell);
            }
        }
    }
    let inputs: BTreeSet<Bit> = module
        .ports
        .iter()
        .filter(|(_, port)| port.direction == PortDirection::Input)
        .flat_map(|(_, port)| port.bits.iter().copied())
        .collect();
    let conflict = by_net.iter().find(|(bit, cells)| {
        let lets_go = |cell: &&Cell| can_let_go(cell, &by_net);
        match bit {
            // An output tied to a constant, because the RTL drives the net with both.
            Bit::Zero | Bit::One => !cells.iter().all(lets_go),
            Bit::X | Bit::Z => false,
            Bit::Net(_) => inputs.contains(bit) || (cells.len() > 1 && !cells.iter().all(lets_go)),
        }
    });
    let Some((bit, cells)) = conflict else {
        return Ok(());
    };
    let net = match bit.net() {
        Some(net) => format!("`{}`", Names::of(module).get(net)),
        None => "a constant".to_owned(),
    };
    let mut reason = format!("{net} has more than one driver");
    let lines: BTreeSet<String> = cells
        .iter()
        .filter_map(|cell| cell.attributes.get("src")?.text())
        .flat_map(|text| files.source_lines(text))
        .collect();
    for (index, line) in lines.iter().enumerate() {
        reason += if index == 0 { ": " } else { ", " };
        reason += line;
    }
    Err(Refusal::new(FailStage::Elaborate, reason))
}

/// Whether `cell` drives `z` under some condition: a tristate buffer, or a
/// multiplexer that chooses between values of which one is `z` or lets go.
fn can_let_go(cell: &Cell, by_net: &BTreeMap<Bit, Vec<&Cell>>) -> bool {
    let mut seen: BTreeSet<*const Cell> = BTreeSet::new();
    let mut pending = vec![cell];
    while let Some(cell) = pending.pop() {
        if cell.kind == "$tribuf" {
            return true;
        }
        if !matches!(cell.kind.as_str(), "$mux" | "$pmux") || !seen.insert(cell) {
            continue;
        }
        for bit in cell.bits("A").iter().chain(cell.bits("B")) {
            match (bit, by_net.get(bit).map(Vec::as_slice)) {
                (Bit::Z, _) => return true,
                (_, Some([driver])) => pending.push(driver),
                _ => {}
            }
        }
    }
    false
}
