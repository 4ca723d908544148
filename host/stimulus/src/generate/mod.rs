//! Stimulus for a golden alone, made from what its netlist says of its inputs.
//!
//! A combinational golden with few inputs gets every combination of them. Any other is
//! reset, and then driven at random, in *moods*: which clocks go fast, how often inputs
//! change, how likely each bit is. What a uniform choice would take for ever to reach (a
//! counter's end, a full buffer, a read of what was written) comes from moods that last, from
//! a long time without a reset, and from words that are repeated; see [`values`].
//!
//! The golden's own response, in Icarus, is what is expected.

mod plan;
mod values;
mod walk;

use crate::files::{Generated, Golden};
use crate::recorder::steps_max;
use crate::replay::{Design, responses};
use crate::{Analysis, Logic, ProblemFiles, RecordError};
use filbench_model::{Bits, Comparison, Problem, Step, StimulusSource};
use filbench_toolbox::Toolbox;
use plan::Plan;
use values::Dice;

/// Seed of stimulus for which nobody names one.
pub(crate) const DEFAULT_SEED: u64 = 1;
/// Steps of stimulus that is not exhaustive, where nobody says how many: some 1,300 clock
/// cycles.
const DEFAULT_STEPS: usize = 4096;
/// A combinational golden with so many input bits or fewer gets every combination.
const EXHAUSTIVE_BITS: usize = 12;
/// Every combination comes several times, in another order each, while there are fewer steps
/// than this: what a latch in a candidate holds depends on the order.
const EXHAUSTIVE_STEPS_MIN: usize = 1024;
const PASSES_MAX: usize = 4;

/// Makes the stimulus of `files`, and takes down what `golden` answers to it.
pub(crate) fn problem(
    toolbox: &Toolbox,
    files: &ProblemFiles,
    golden: &Golden,
    generated: &Generated,
    analysis: &Analysis,
    source_sha256: String,
) -> Result<Problem, RecordError> {
    let name = files.name();
    let interface = &analysis.interface;
    if interface.output_bits() == 0 {
        return Err(RecordError::NoRecord {
            problem: name.to_owned(),
            what: format!("`{}`", golden.top),
            found: "it has no output that could be compared".to_owned(),
        });
    }
    let steps_max = steps_max(interface);
    if generated.steps.is_some_and(|steps| steps > steps_max) {
        return Err(RecordError::TooLong { problem: name.to_owned(), steps_max });
    }
    let plan = Plan::new(name, generated, analysis)?;
    let Made { vectors, exhaustive } = make(&plan, generated, steps_max);
    let design = Design {
        sources: &golden.files,
        top: &golden.top,
        interface,
        event_inputs: &analysis.event_inputs,
    };
    let known = |bits: &Bits| Logic { value: bits.clone(), unknown: Bits::zeros(bits.len()) };
    let what = "the golden on generated steps";
    let responses = responses(toolbox, name, what, design, vectors.iter().map(known))?;
    let steps = vectors.into_iter().zip(responses).map(|(inputs, response)| Step {
        unknown: Bits::zeros(inputs.len()),
        inputs,
        expected: response.value,
        care: response.unknown.not(),
    });
    Ok(Problem {
        name: name.to_owned(),
        top: files.top().to_owned(),
        interface: interface.clone(),
        event_inputs: analysis.event_inputs.clone(),
        source: StimulusSource::Generated { seed: generated.seed, exhaustive },
        comparison: Comparison::EveryStep,
        steps: steps.collect(),
        playback: None,
        source_sha256,
    })
}

/// Input vectors, one for each step.
struct Made {
    vectors: Vec<Bits>,
    exhaustive: bool,
}

fn make(plan: &Plan, generated: &Generated, steps_max: usize) -> Made {
    let mut dice = Dice::new(generated.seed);
    let bits = plan.input_bits;
    let rows = (plan.is_combinational() && bits <= EXHAUSTIVE_BITS).then(|| 1usize << bits);
    match rows {
        Some(rows) if generated.steps.is_none_or(|steps| steps >= rows) => {
            Made { vectors: every_combination(bits, rows, &mut dice), exhaustive: true }
        }
        _ => {
            let steps = generated.steps.unwrap_or(DEFAULT_STEPS).clamp(1, steps_max);
            Made { vectors: walk::random(plan, steps, &mut dice), exhaustive: false }
        }
    }
}

fn every_combination(bits: usize, rows: usize, dice: &mut Dice) -> Vec<Bits> {
    let passes = (EXHAUSTIVE_STEPS_MIN / rows).clamp(1, PASSES_MAX);
    let mut values: Vec<u64> = Vec::with_capacity(passes * rows);
    for _ in 0..passes {
        let mut pass: Vec<u64> = (0..rows as u64).collect();
        dice.shuffle(&mut pass);
        values.extend(pass);
    }
    // A step that changes nothing is none.
    values.dedup();
    values.into_iter().map(|value| Bits::from_u64(value, bits)).collect()
}

#[cfg(test)]
mod tests;
