//! The design by itself: placed without the fixture, between registers that do
//! nothing else than begin and end its paths.
//!
//! In a bitstream a design's figures depend on its company, the fixture at
//! least; here they depend on the design, the device and the seed. Each input
//! bit comes from a flip-flop of its own, each output bit ends in one, so no
//! path crosses a pin and any number of ports has room.

use crate::fixture::Fixture;
use crate::link;
use crate::netlist::{Bit, Cell, Entries, Module, NetName, Port, PortDirection};
use crate::place::{self, PlaceInputs};
use crate::synth::Design;
use crate::{FlowFault, timing};
use filbench_board::Board;
use filbench_model::{Fault, FaultPlace};
use filbench_toolbox::{JobDir, Limits, Tool, ToolExit, ToolJob, Toolbox};

/// What one placement of a design without the fixture says.
#[derive(Clone, Debug, PartialEq)]
pub struct TimedAlone {
    /// Highest frequency in MHz of each clock of the design, between its own
    /// registers; clocks without such a path are absent.
    pub clocks: Vec<(String, f64)>,
    /// Of a purely combinational design the longest path in ns from a
    /// flip-flop before an input to one behind an output, with the one's
    /// clock-to-output and the other's set-up time.
    pub delay_ns: Option<f64>,
}

/// Places and routes `design` alone.
///
/// # Errors
/// A fault when the tool could not be run, or did not place it.
pub(crate) fn time(
    toolbox: &Toolbox,
    design: &Design,
    board: &Board,
    seed: u32,
    limits: Limits,
) -> Result<TimedAlone, Fault> {
    let dir = JobDir::create().fault()?;
    let PlaceInputs { files, args } =
        place::inputs_alone(&surrounded(design), design.has_latches, board, seed)?;
    for (name, contents) in &files {
        dir.write(name, contents).fault()?;
    }
    let run = toolbox
        .run(&ToolJob {
            tool: Tool::NextpnrIce40,
            args,
            dir: dir.path(),
            read_only: Vec::new(),
            limits,
        })
        .fault()?;
    match dir.read("report.json", limits.output_bytes).fault()? {
        Some(report) if run.exit == ToolExit::Exited(0) => {
            timing::read_alone(&report, is_combinational(design))
        }
        _ => Err(Fault::new(
            FaultPlace::Tool,
            format!(
                "nextpnr ended with {:?} and did not place the design without the fixture (seed \
                 {seed}), though it fits beside it: {}",
                run.exit,
                place::last_words(&run.stderr)
            ),
        )),
    }
}

/// Whether outputs follow inputs and nothing is kept.
fn is_combinational(design: &Design) -> bool {
    let cells = &design.resources;
    !design.has_latches
        && cells.ff + cells.bram + cells.spram == 0
        && design.events.clocks.is_empty()
        && design.events.derived_clocks.is_empty()
}

/// The design between flip-flops. Their clocks are called like the fixture's,
/// which stand at the same places.
fn surrounded(design: &Design) -> Module {
    let (inputs, outputs) = (design.interface.input_bits(), design.interface.output_bits());
    let mut next = 0;
    let mut nets = |count: usize| -> Vec<Bit> {
        let first = next;
        next += count as u32;
        (first..next).map(Bit::Net).collect()
    };
    let (clocks, launched, captured, seen) = (nets(2), nets(inputs), nets(outputs), nets(outputs));
    let mut module = Module::default();
    for (name, bit) in ["play_clk", "cap_clk"].into_iter().zip(&clocks) {
        let port = Port { direction: PortDirection::Input, bits: vec![*bit] };
        module.ports.push(name, port);
        module.netnames.push(name, name_of(*bit));
    }
    for (index, output) in launched.iter().enumerate() {
        let name = format!("launch.{index}");
        module.netnames.push(name.clone(), name_of(*output));
        module.cells.push(name, flip_flop(clocks[0], Bit::Zero, *output));
    }
    for (index, (data, output)) in captured.iter().zip(&seen).enumerate() {
        let name = format!("capture.{index}");
        module.netnames.push(name.clone(), name_of(*output));
        module.cells.push(name, flip_flop(clocks[1], *data, *output));
    }
    let fixture = Fixture { module, inputs: launched, selected: Vec::new(), outputs: captured };
    link::surround(design, fixture)
}

fn name_of(bit: Bit) -> NetName {
    NetName { hide_name: 0, bits: vec![bit], attributes: Entries::default() }
}

fn flip_flop(clock: Bit, data: Bit, output: Bit) -> Cell {
    use PortDirection::{Input, Output};
    Cell {
        hide_name: 0,
        kind: "SB_DFF".into(),
        parameters: Entries::default(),
        attributes: Entries::default(),
        port_directions: [("C", Input), ("D", Input), ("Q", Output)].into_iter().collect(),
        connections: [("C", clock), ("D", data), ("Q", output)]
            .into_iter()
            .map(|(port, bit)| (port, vec![bit]))
            .collect(),
    }
}
