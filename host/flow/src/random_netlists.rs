//! Whatever a netlist looks like, the analyses end, and agree with plain ones.

use crate::dependencies::{Edges, Kind, kind};
use crate::netlist::{Bit, Cell, Entries, Module, Netlist, Port, PortDirection, Value};
use crate::room::Room;
use crate::submission::JobFiles;
use crate::{cells, events, guard, loops};
use filbench_board::Device;
use proptest::prelude::*;

const NETS: u32 = 12;

fn bit() -> impl Strategy<Value = Bit> {
    prop_oneof![
        8 => (0..NETS).prop_map(Bit::Net),
        1 => Just(Bit::Zero),
        1 => Just(Bit::One),
        1 => Just(Bit::X),
        1 => Just(Bit::Z),
    ]
}

fn kinds() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "$not",
        "$add",
        "$mux",
        "$pmux",
        "$shl",
        "$shiftx",
        "$eq",
        "$dlatch",
        "$dff",
        "$memrd_v2",
        "$tribuf",
        "$_NOT_",
        "$_AND_",
        "$_DLATCH_N_",
        "$__ICE40_CARRY_WRAPPER",
        "SB_LUT4",
        "SB_DFF",
        "SB_DFFNER",
        "SB_CARRY",
        "SB_RAM40_4K",
        "SB_MAC16",
        "SB_IO",
        "mystery",
    ])
}

/// A cell with any bits on the ports that the analyses look at.
fn cell() -> impl Strategy<Value = Cell> {
    const INPUTS: [&str; 10] = ["A", "B", "S", "D", "E", "EN", "C", "CLK", "R", "I0"];
    const OUTPUTS: [&str; 4] = ["Y", "Q", "O", "CO"];
    let bits = || prop::collection::vec(bit(), 0..4);
    (
        kinds(),
        prop::collection::vec(bits(), INPUTS.len()),
        prop::collection::vec(bits(), OUTPUTS.len()),
        any::<bool>(),
    )
        .prop_map(|(kind, inputs, outputs, set)| {
            let parameter = Value::Text(if set { "1" } else { "0" }.into());
            Cell {
                hide_name: 0,
                kind: kind.into(),
                parameters: ["A_SIGNED", "B_SIGNED", "EN_POLARITY", "I3_IS_CI"]
                    .into_iter()
                    .map(|name| (name, parameter.clone()))
                    .collect(),
                attributes: Entries::default(),
                port_directions: INPUTS
                    .iter()
                    .map(|port| (*port, PortDirection::Input))
                    .chain(OUTPUTS.iter().map(|port| (*port, PortDirection::Output)))
                    .collect(),
                connections: INPUTS
                    .iter()
                    .chain(&OUTPUTS)
                    .copied()
                    .zip(inputs.into_iter().chain(outputs))
                    .collect(),
            }
        })
}

fn module() -> impl Strategy<Value = Module> {
    let ports = prop::collection::vec((prop::collection::vec(bit(), 0..4), any::<bool>()), 0..4);
    (ports, prop::collection::vec(cell(), 0..10)).prop_map(|(ports, cells)| Module {
        ports: ports
            .into_iter()
            .enumerate()
            .map(|(index, (bits, input))| {
                let direction = if input { PortDirection::Input } else { PortDirection::Output };
                (format!("p{index}"), Port { direction, bits })
            })
            .collect(),
        cells: cells
            .into_iter()
            .enumerate()
            .map(|(index, cell)| (format!("c{index}"), cell))
            .collect(),
        ..Module::default()
    })
}

/// Whether some net follows itself through gates, by trying every net.
fn has_loop_of_gates(module: &Module) -> bool {
    let mut edges = Edges::new(module.net_count());
    for (_, cell) in module.cells.iter().filter(|(_, c)| kind(c) == Kind::Combinational) {
        edges.add(cell);
    }
    (0..edges.node_count() as u32).any(|start| {
        let mut reached = vec![start];
        let mut next = 0;
        while let Some(&at) = reached.get(next) {
            next += 1;
            for &(from, to) in &edges.list {
                if from == at && to == start {
                    return true;
                }
                if from == at && !reached.contains(&to) {
                    reached.push(to);
                }
            }
        }
        false
    })
}

proptest! {
    #[test]
    fn the_analyses_end(module in module()) {
        let files = JobFiles::new(&[]);
        for device in Device::ALL {
            if let Ok(interface) = guard::check_elaborated(&module, device, &files) {
                let found = events::find(&module);
                prop_assert_eq!(found.event_inputs.len(), interface.input_bits());
                prop_assert!(found.clocks.iter().all(|c| found.event_inputs.get(c.input_bit)));
            }
            // Unlike the elaborated netlist, this one must be of known cells only.
            if guard::check_mapped(&module, device).is_ok() {
                let foreign = module.cells.iter().any(|(_, c)| c.kind.starts_with('$') || c.kind == "SB_IO");
                prop_assert!(!foreign);
            }
            let room = Room::of(&module, device);
            prop_assert!(room.all_logic_cells() as usize <= module.cells.len());
        }
        for (_, cell) in module.cells.iter() {
            cells::event_pins(cell);
        }
    }

    #[test]
    fn a_loop_of_gates_is_found_where_there_is_one(module in module()) {
        let found = loops::find(&module).expect("it is small");
        let of_gates = found.is_some_and(|found| !found.through_latches);
        prop_assert_eq!(of_gates, has_loop_of_gates(&module));
    }

    #[test]
    fn netlists_survive_their_file(module in module()) {
        let netlist = Netlist {
            creator: "test".into(),
            modules: std::iter::once(("top", module)).collect(),
        };
        let bytes = serde_json::to_vec(&netlist).expect("it serialises");
        prop_assert_eq!(Netlist::parse(&bytes).expect("it parses"), netlist);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        // The point is that it returns.
        drop(Netlist::parse(&bytes));
    }
}
