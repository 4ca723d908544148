//! What happens to a random design's inputs.

use super::PinnedPort;
use super::rng::Rng;

/// One step. After each, the outputs are compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// These inputs take these levels: one event input, or data inputs.
    Set(Vec<(usize, bool)>),
    /// The clock, which is low, runs for this many cycles.
    Cycles(u32),
}

/// Number of steps.
const STEPS: usize = 400;

/// Event inputs by index.
const CLK: usize = 0;
const CLK2: usize = 1;
const RST: usize = 2;
const LE: usize = 3;
const FIRST_DATA: usize = 4;

pub(super) fn stimulus(rng: &mut Rng, inputs: &[PinnedPort]) -> (Vec<bool>, Vec<Step>) {
    let mut levels: Vec<bool> = (0..inputs.len()).map(|_| rng.chance(50)).collect();
    levels[CLK] = false;
    levels[CLK2] = false;
    levels[RST] = false;
    // Latches are open, so that what they hold is known.
    levels[LE] = true;
    let initial = levels.clone();
    let mut steps = Vec::with_capacity(STEPS);
    for _ in 0..STEPS {
        let event = match rng.below(100) {
            0..=37 => None,
            38..=72 => Some(CLK),
            73..=83 => Some(CLK2),
            // A reset seldom begins and soon ends.
            84..=88 if levels[RST] || rng.chance(40) => Some(RST),
            84..=88 => Some(CLK),
            89..=95 => Some(LE),
            _ if !levels[CLK] => {
                steps.push(Step::Cycles(rng.between(1, 8) as u32));
                continue;
            }
            _ => Some(CLK),
        };
        let changed: Vec<usize> = match event {
            Some(input) => vec![input],
            None => (FIRST_DATA..inputs.len()).filter(|_| rng.chance(40)).collect(),
        };
        let mut set = Vec::with_capacity(changed.len());
        for input in changed {
            levels[input] = !levels[input];
            set.push((input, levels[input]));
        }
        steps.push(Step::Set(set));
    }
    (initial, steps)
}
