//! How much of a netlist moves under a problem's steps.

use crate::icarus::Simulation;
use crate::recorder::{Fill, filled};
use crate::replay::steps_text;
use crate::verilog::{ReplayNames, replay, toggle_counter};
use crate::{RecordError, SourceText};
use filbench_model::Problem;
use filbench_toolbox::Toolbox;
use serde::{Deserialize, Serialize};

/// A netlist in Verilog whose nets can be looked at.
#[derive(Clone, Copy, Debug)]
pub struct NetlistSources<'a> {
    /// The netlist and its cells.
    pub files: &'a [SourceText],
    /// The netlist's module, which has the problem's ports.
    pub top: &'a str,
    /// One-bit wires in it.
    pub nets: &'a [String],
}

/// How many nets moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Toggles {
    /// 0 after one step and 1 after another.
    pub toggled: usize,
    /// All that were looked at.
    pub nets: usize,
}

/// What the counter writes.
const TOGGLES_FILE: &str = "filbench_toggles.txt";

/// Simulates the netlist, and looks at its nets when each step has settled.
pub(crate) fn count(
    toolbox: &Toolbox,
    problem: &Problem,
    netlist: &NetlistSources<'_>,
) -> Result<Toggles, RecordError> {
    let what = "the golden's netlist";
    let mut simulation = Simulation::new(toolbox, &problem.name, what)?;
    let names = ReplayNames::plain();
    let bench = replay(netlist.top, &problem.interface, &problem.event_inputs, &names);
    let counter = toggle_counter(&names, netlist.nets, problem.steps.len(), TOGGLES_FILE);
    simulation.own(&names.bench_file, bench)?;
    let steps = problem.steps.iter().map(|step| filled(step, Fill::Zero));
    simulation.own(&names.steps_file, steps_text(steps))?;
    simulation.own(counter.file, &counter.text)?;
    simulation.sources(netlist.files)?;
    simulation.run(&[&names.top, counter.top])?;
    let text = simulation.output(TOGGLES_FILE)?;
    let flags: Vec<u8> = text.into_iter().filter(|byte| !byte.is_ascii_whitespace()).collect();
    // What was never known is `x`.
    if flags.len() != netlist.nets.len() || flags.iter().any(|flag| !b"01x".contains(flag)) {
        return Err(
            simulation.no_record(format!("{} nets instead of those asked for", flags.len()))
        );
    }
    let toggled = flags.iter().filter(|&&flag| flag == b'1').count();
    Ok(Toggles { toggled, nets: flags.len() })
}
