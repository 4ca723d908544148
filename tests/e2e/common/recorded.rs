//! A suite's problem as an evaluation records it, with what synthesis finds in its golden.

use super::problem as path_of;
use filbench_board::Device;
use filbench_flow::{Flow, Policy, Synthesis};
use filbench_model::{ClockEdge, Direction, Interface, Problem};
use filbench_run::golden_submission;
use filbench_stimulus::{Analysis, Recorder, locate};
use filbench_toolbox::{EdaTools, Toolbox, ToolboxConfig, cache_root};
use std::collections::{BTreeMap, BTreeSet};

/// A golden's netlist, and the recording made with it.
pub struct Recorded {
    pub analysis: Analysis,
    pub problem: Problem,
}

/// Synthesises the golden of the problem with this path below `tests/suites` for the
/// iCEBreaker, and records the problem, or takes the recording from the cache.
pub fn recorded(path: &str) -> Recorded {
    let toolbox = Toolbox::open(ToolboxConfig {
        cache: cache_root(),
        worker: Some(env!("CARGO_BIN_EXE_filbench").into()),
        tools: EdaTools::Wasm,
    })
    .unwrap();
    let files = locate(&path_of(path)).unwrap();
    let golden = golden_submission(&files).unwrap();
    let flow = Flow::new(toolbox.clone(), cache_root());
    let design = match flow.synthesise(&golden, &Policy::default(), Device::Up5k).unwrap() {
        Synthesis::Design(design) => design,
        Synthesis::Rejected(rejection) => panic!("{path}: {:?}", rejection.verdict),
    };
    let clocks = design.events.clocks.iter();
    let analysis = Analysis {
        interface: design.interface.clone(),
        event_inputs: design.events.event_inputs.clone(),
        clocks: clocks.map(|clock| (clock.input_bit, clock.edge)).collect(),
        controls: design.events.controls.clone(),
    };
    let problem = Recorder::new(toolbox, &cache_root()).record(&files, &analysis).unwrap();
    Recorded { analysis, problem }
}

impl Recorded {
    /// The golden's ports as expected.toml writes them: `clk:in, q[7:0]:out`.
    pub fn ports(&self) -> String {
        ports(&self.analysis.interface)
    }

    /// Its clocks by port.
    pub fn clocks(&self) -> BTreeMap<String, ClockEdge> {
        let clocks = self.analysis.clocks.iter();
        clocks.map(|&(bit, edge)| (self.input(bit), edge)).collect()
    }

    /// The ports with an event input.
    pub fn events(&self) -> BTreeSet<String> {
        self.analysis.event_inputs.ones_indices().map(|bit| self.input(bit)).collect()
    }

    fn input(&self, bit: usize) -> String {
        self.analysis.interface.input_of_bit(bit).unwrap().0.name.clone()
    }
}

fn ports(interface: &Interface) -> String {
    let port = |port: &filbench_model::Port| {
        let direction = if port.direction == Direction::Input { "in" } else { "out" };
        match port.width {
            1 => format!("{}:{direction}", port.name),
            width => format!("{}[{}:0]:{direction}", port.name, width - 1),
        }
    };
    interface.ports.iter().map(port).collect::<Vec<_>>().join(", ")
}
