//! Vectors from a file as primitive steps.

use crate::{Analysis, Logic, ProblemFiles, RecordError, VectorError, recorder};
use filbench_model::{Bits, ClockEdge, Comparison, Interface, Problem, Step, StimulusSource};
use std::collections::BTreeMap;

/// All input bits of a file together; far more than any board has.
pub(crate) const PORT_BITS_MAX: usize = 1 << 16;

/// Inputs that are applied, and what is then expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// Where it stands, 1-based.
    pub(crate) line: usize,
    pub(crate) inputs: Logic,
    /// An unknown bit is not compared.
    pub(crate) outputs: Logic,
}

/// What goes first where a row changes data and events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum First {
    Data,
    Events,
}

/// How the rows of one format are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    /// The format's name.
    pub(crate) format: &'static str,
    pub(crate) first: First,
    /// What an input is before it has a value: no stimulus, or deliberately unknown.
    pub(crate) undriven: Undriven,
}

/// Inputs that are unknown from the start on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Undriven {
    /// Played as 0 until they are driven.
    Zero,
    /// Played as 0 and as 1, as any other unknown.
    Unknown,
}

/// Makes the rows a problem. Each is one step for its data and one for each event input
/// that changes; its response is compared after the last of them.
pub(crate) fn problem(
    files: &ProblemFiles,
    file: &str,
    (interface, rows): (Interface, Vec<Row>),
    analysis: &Analysis,
    reading: Reading,
    source_sha256: String,
) -> Result<Problem, RecordError> {
    let event_inputs = event_inputs(&interface, analysis, &files.declared.clocks);
    let steps_max = recorder::steps_max(&interface);
    let mut steps = Steps::new(&interface, event_inputs.clone());
    // Consumed, since a long file's rows take as much memory as its steps.
    for row in rows {
        steps.row(&row, reading).map_err(|message| VectorError {
            file: file.to_owned(),
            line: row.line,
            message,
        })?;
        if steps.steps.len() > steps_max {
            return Err(RecordError::TooLong { problem: files.name().to_owned(), steps_max });
        }
    }
    if steps.steps.is_empty() {
        return Err(VectorError {
            file: file.to_owned(),
            line: 0,
            message: "no vector in the file".to_owned(),
        }
        .into());
    }
    Ok(Problem {
        name: files.name().to_owned(),
        top: files.top().to_owned(),
        interface,
        event_inputs,
        source: StimulusSource::VectorFile { format: reading.format.to_owned() },
        comparison: Comparison::EveryStep,
        steps: steps.steps,
        playback: None,
        source_sha256,
    })
}

/// The line of the row that step number `step` of `problem`, which was made of `rows`, comes
/// from.
pub(crate) fn line_of(
    problem: &Problem,
    rows: &[Row],
    reading: Reading,
    step: usize,
) -> Option<usize> {
    let mut steps = Steps::new(&problem.interface, problem.event_inputs.clone());
    rows.iter().find_map(|row| {
        steps.row(row, reading).ok()?;
        (steps.steps.len() > step).then_some(row.line)
    })
}

/// The analysis' event inputs and the clocks that the problem declares, in the order of this
/// interface: ports are matched by name.
fn event_inputs(
    interface: &Interface,
    analysis: &Analysis,
    declared: &BTreeMap<String, ClockEdge>,
) -> Bits {
    let mut out = Bits::zeros(interface.input_bits());
    for (port, lsb) in interface.inputs() {
        if declared.contains_key(&port.name) {
            out.set(lsb, true);
        }
        let known = analysis.interface.inputs().find(|(known, _)| known.name == port.name);
        if let Some((known, known_lsb)) = known {
            for bit in 0..port.width.min(known.width) {
                if analysis.event_inputs.get(known_lsb + bit) {
                    out.set(lsb + bit, true);
                }
            }
        }
    }
    out
}

struct Steps {
    steps: Vec<Step>,
    events: Bits,
    inputs: Logic,
    driven: Bits,
    outputs: usize,
}

impl Steps {
    fn new(interface: &Interface, events: Bits) -> Self {
        Self {
            steps: Vec::new(),
            inputs: Logic::zeros(events.len()),
            driven: Bits::zeros(events.len()),
            outputs: interface.output_bits(),
            events,
        }
    }

    fn row(&mut self, row: &Row, reading: Reading) -> Result<(), String> {
        let mut target = row.inputs.clone();
        // A board has no edge to `x`: the event input keeps its value.
        for bit in target.unknown.and(&self.events).ones_indices() {
            target.copy_bit(bit, &self.inputs);
        }
        self.driven = self.driven.or(&target.unknown.not());
        if reading.undriven == Undriven::Zero {
            target.unknown = target.unknown.and(&self.driven);
        }
        let before = self.steps.len();
        if reading.first == First::Data {
            self.data(&target);
        }
        self.change_events(&target);
        self.data(&target);

        let care = row.outputs.unknown.not();
        if self.steps.len() == before && before > 0 {
            return self.look_again(&row.outputs, &care);
        }
        if before == self.steps.len() {
            self.push();
        }
        if let Some(last) = self.steps.last_mut() {
            last.expected = row.outputs.value.and(&care);
            last.care = care;
        }
        Ok(())
    }

    /// Nothing changed: the response to the last step is the response to this row.
    fn look_again(&mut self, outputs: &Logic, care: &Bits) -> Result<(), String> {
        let Some(last) = self.steps.last_mut() else {
            return Ok(());
        };
        let both = last.care.and(care);
        if last.expected.xor(&outputs.value).and(&both).any() {
            return Err("the inputs are those of the vector before, but another response is \
                        expected; a design answers to changes only"
                .to_owned());
        }
        last.expected = last.expected.or(&outputs.value.and(care));
        last.care = last.care.or(care);
        Ok(())
    }

    fn data(&mut self, target: &Logic) {
        let changed = self.inputs.changed(target).and(&self.events.not());
        if changed.any() {
            for bit in changed.ones_indices() {
                self.inputs.copy_bit(bit, target);
            }
            self.push();
        }
    }

    fn change_events(&mut self, target: &Logic) {
        let changed = self.inputs.changed(target).and(&self.events);
        for bit in changed.ones_indices() {
            self.inputs.copy_bit(bit, target);
            self.push();
        }
    }

    fn push(&mut self) {
        self.steps.push(Step {
            inputs: self.inputs.value.clone(),
            unknown: self.inputs.unknown.clone(),
            expected: Bits::zeros(self.outputs),
            care: Bits::zeros(self.outputs),
        });
    }
}
