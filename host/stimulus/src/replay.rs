//! Primitive steps applied to RTL, each settled.

use crate::icarus::Simulation;
use crate::recording::vector;
use crate::verilog::{REPLAY_TOP, RESPONSES_FILE, STEPS_FILE, replay};
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
    let count = steps.len();
    let mut text = Vec::new();
    for step in steps {
        if step.is_empty() {
            text.push(b'0');
        }
        step.write(&mut text);
        text.push(b'\n');
    }
    let bench = replay(design.top, design.interface, design.event_inputs);
    simulation.own("filbench_replay.sv", bench)?;
    simulation.own(STEPS_FILE, text)?;
    simulation.sources(design.sources)?;
    simulation.run(&[REPLAY_TOP])?;

    let outputs = design.interface.output_bits();
    let text = simulation.output(RESPONSES_FILE)?;
    let mut responses = Vec::with_capacity(count);
    for line in text.split(|&b| b == b'\n').filter(|line| !line.is_empty()) {
        let response = vector(line, outputs).ok_or_else(|| {
            simulation.no_record(format!("a response that is no vector of {outputs} bits"))
        })?;
        responses.push(response);
    }
    if responses.len() != count {
        return Err(simulation.no_record(format!(
            "{} responses to {count} steps; a `$finish` in the design ends it early",
            responses.len()
        )));
    }
    Ok(responses)
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
