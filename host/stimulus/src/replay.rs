//! Primitive steps applied to RTL, each settled.

use crate::icarus::Simulation;
use crate::recording::vector;
use crate::verilog::{ReplayNames, replay};
use crate::{Logic, RecordError, SourceText};
use filbench_model::{Bits, Interface, Mismatch, Problem};
use filbench_toolbox::Toolbox;

/// A design to be replayed.
#[derive(Clone, Copy)]
pub(crate) struct Design<'a> {
    pub(crate) sources: &'a [SourceText],
    pub(crate) top: &'a str,
    pub(crate) interface: &'a Interface,
    pub(crate) event_inputs: &'a Bits,
}

/// The response to each of `steps`.
pub(crate) fn responses(
    toolbox: &Toolbox,
    problem: &str,
    what: &str,
    design: Design<'_>,
    steps: impl ExactSizeIterator<Item = Logic>,
) -> Result<Vec<Logic>, RecordError> {
    let mut simulation = Simulation::new(toolbox, problem, what)?;
    let names = ReplayNames::plain();
    let count = steps.len();
    let bench = replay(design.top, design.interface, design.event_inputs, &names);
    simulation.own(&names.bench_file, bench)?;
    simulation.own(&names.steps_file, steps_text(steps))?;
    simulation.sources(design.sources)?;
    simulation.run(&[&names.top])?;

    let outputs = design.interface.output_bits();
    let text = simulation.output(&names.responses_file)?;
    let responses = parse(&text, outputs).ok_or_else(|| {
        simulation.no_record(format!("a response that is no vector of {outputs} bits"))
    })?;
    if responses.len() != count {
        return Err(simulation.no_record(format!(
            "{} responses to {count} steps; a `$finish` in the design ends it early",
            responses.len()
        )));
    }
    Ok(responses)
}

/// What the replay's bench reads.
pub(crate) fn steps_text(steps: impl Iterator<Item = Logic>) -> Vec<u8> {
    let mut text = Vec::new();
    for step in steps {
        if step.is_empty() {
            text.push(b'0');
        }
        step.write(&mut text);
        text.push(b'\n');
    }
    text
}

/// What the replay's bench wrote: whole lines, each a vector of `outputs` bits; `None` if
/// one is not.
pub(crate) fn parse(text: &[u8], outputs: usize) -> Option<Vec<Logic>> {
    // The last line has no end where the simulator was stopped while writing.
    let whole = text.iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
    let lines = text[..whole].split(|&b| b == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| vector(line, outputs)).collect()
}

/// The first difference from the golden in simulated responses to `problem`'s steps, one
/// for each. A compared bit that is unknown differs from whatever is expected.
pub fn first_mismatch(problem: &Problem, responses: &[Logic]) -> Option<Mismatch> {
    for (index, (step, got)) in problem.steps.iter().zip(responses).enumerate() {
        let wrong = step.expected.xor(&got.value).or(&got.unknown).and(&step.care);
        let port = wrong.ones_indices().next().and_then(|bit| problem.interface.output_of_bit(bit));
        if let Some((port, _)) = port {
            let lsb = problem
                .interface
                .outputs()
                .find(|(other, _)| *other == port)
                .map_or(0, |(_, lsb)| lsb);
            let text = |value: &Bits, unknown: &Bits| {
                let logic = Logic {
                    value: value.slice(lsb, port.width),
                    unknown: unknown.slice(lsb, port.width),
                };
                logic.to_string()
            };
            return Some(Mismatch {
                step: index,
                port: port.name.clone(),
                expected: text(&step.expected, &step.care.not()),
                got: text(&got.value, &got.unknown),
            });
        }
    }
    None
}
