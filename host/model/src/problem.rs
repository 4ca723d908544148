use crate::{Bits, Interface, Playback};
use serde::{Deserialize, Serialize};

/// How responses are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    /// Each captured bit against the golden, under the care mask.
    EveryStep,
    /// The captured response is played back to the original bench.
    Bench,
}

/// Where a problem's vectors come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum StimulusSource {
    /// A test bench, recorded with its golden in place of the candidate.
    TestBench {
        /// The bench's stimulus changes when the golden's outputs are inverted.
        reactive: bool,
        /// No order of simultaneous changes reproduces the golden.
        racy: bool,
    },
    /// A vector file.
    VectorFile {
        /// `csv`, `vcd` or `fst`.
        format: String,
    },
    /// Made from what the golden's netlist says of its inputs.
    Generated {
        /// The same seed gives the same steps.
        seed: u64,
        /// Every combination of input bits is among the steps.
        exhaustive: bool,
    },
}

impl StimulusSource {
    /// As in reports: `test_bench`, `csv`, `vcd`, `fst` or `generated`.
    pub fn name(&self) -> &str {
        match self {
            Self::TestBench { .. } => "test_bench",
            Self::VectorFile { format } => format,
            Self::Generated { .. } => "generated",
        }
    }

    /// Of generated stimulus.
    pub fn seed(&self) -> Option<u64> {
        match self {
            Self::Generated { seed, .. } => Some(*seed),
            Self::TestBench { .. } | Self::VectorFile { .. } => None,
        }
    }
}

/// Which edge of a clock input the golden uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockEdge {
    /// 0 to 1.
    Rising,
    /// 1 to 0.
    Falling,
    /// Either.
    Both,
}

/// What an input bit does to registers, by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ControlRole {
    /// Sets or resets some at once.
    AsyncReset,
    /// Sets or resets some at their clock's edge.
    SyncReset,
    /// Lets some take their data, and keeps them as they are otherwise.
    Enable,
}

/// An input bit that controls registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Control {
    /// Number of the input bit in the interface.
    pub input_bit: usize,
    /// What it does.
    pub role: ControlRole,
    /// Whether it does so while it is 1.
    pub active_high: bool,
}

/// One applied vector and what the golden answers to it.
///
/// Steps are primitive: a step that changes an event input changes nothing
/// else, and the order of steps is the order in which things happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// All input bits; a bit that is unknown reads 0 here.
    pub inputs: Bits,
    /// Input bits that the stimulus leaves unknown (X); played as 0 and as 1.
    pub unknown: Bits,
    /// The golden's output bits; a bit that is don't-care reads 0 here.
    pub expected: Bits,
    /// Output bits that are compared after this step.
    pub care: Bits,
}

impl Step {
    /// Whether any bit of the response to this step is compared.
    pub fn checked(&self) -> bool {
        self.care.any()
    }
}

/// Stimulus, golden response and interface: all that a verdict needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// For people; unique within a suite.
    pub name: String,
    /// The name that the candidate's top module must have.
    pub top: String,
    /// The ports that the candidate must have.
    pub interface: Interface,
    /// Input bits that clock, latch, set or reset something in the golden, or
    /// lie in the cone of what does.
    pub event_inputs: Bits,
    /// Where the vectors come from.
    pub source: StimulusSource,
    /// How responses are judged.
    pub comparison: Comparison,
    /// In the order in which they are applied; the board's inputs are all
    /// zero before the first.
    pub steps: Vec<Step>,
    /// How responses are played back to the bench, for [`Comparison::Bench`].
    pub playback: Option<Playback>,
    /// SHA-256 of everything that the recording was made from.
    pub source_sha256: String,
}

/// A problem that contradicts itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProblemError {
    /// A vector's length is not the interface's.
    #[error("step {step}: {what} has {found} bits, the interface has {expected}")]
    Length {
        /// Index of the step.
        step: usize,
        /// Which vector.
        what: &'static str,
        /// Its length.
        found: usize,
        /// The interface's.
        expected: usize,
    },
    /// Two event inputs, or an event input and a data input, change at once.
    #[error("step {step} changes event input bit {event} together with input bit {other}")]
    EventNotAlone {
        /// Index of the step.
        step: usize,
        /// The event input's bit.
        event: usize,
        /// Another input bit that changes in the same step.
        other: usize,
    },
}

impl Problem {
    /// Checks lengths, and that event inputs change alone.
    pub fn check(&self) -> Result<(), ProblemError> {
        let (ni, no) = (self.interface.input_bits(), self.interface.output_bits());
        let mut before = Bits::zeros(ni);
        for (index, step) in self.steps.iter().enumerate() {
            for (what, found, expected) in [
                ("the input vector", step.inputs.len(), ni),
                ("the unknown mask", step.unknown.len(), ni),
                ("the expected response", step.expected.len(), no),
                ("the care mask", step.care.len(), no),
            ] {
                if found != expected {
                    return Err(ProblemError::Length { step: index, what, found, expected });
                }
            }
            let changed = before.xor(&step.inputs);
            if let Some(event) = changed.and(&self.event_inputs).ones_indices().next()
                && let Some(other) = changed.ones_indices().find(|&bit| bit != event)
            {
                return Err(ProblemError::EventNotAlone { step: index, event, other });
            }
            before = step.inputs.clone();
        }
        Ok(())
    }

    /// Whether any step leaves an input bit unknown.
    pub fn has_unknown_inputs(&self) -> bool {
        self.steps.iter().any(|s| s.unknown.any())
    }

    /// Whether the response to `step` has to be captured: where it is compared, and
    /// everywhere if responses are played back to a bench.
    pub fn captures(&self, step: &Step) -> bool {
        self.playback.is_some() || step.checked()
    }

    /// The captured steps with their indices, in order.
    pub fn captured_steps(&self) -> impl Iterator<Item = (usize, &Step)> {
        self.steps.iter().enumerate().filter(|(_, step)| self.captures(step))
    }

    /// Steps in which at least one bit is compared.
    pub fn checked_samples(&self) -> usize {
        self.steps.iter().filter(|step| step.checked()).count()
    }

    /// Output bits that no step compares.
    pub fn output_bits_never_checked(&self) -> Vec<usize> {
        let no = self.interface.output_bits();
        let seen = self.steps.iter().fold(Bits::zeros(no), |seen, step| seen.or(&step.care));
        seen.not().ones_indices().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Direction, Port};

    fn step(inputs: u64) -> Step {
        Step {
            inputs: Bits::from_u64(inputs, 2),
            unknown: Bits::zeros(2),
            expected: Bits::zeros(1),
            care: Bits::ones(1),
        }
    }

    #[test]
    fn an_event_input_changes_alone() {
        let port = |name: &str, direction| Port { name: name.into(), direction, width: 1 };
        let mut problem = Problem {
            name: "dff".into(),
            top: "TopModule".into(),
            interface: Interface {
                ports: vec![
                    port("clk", Direction::Input),
                    port("d", Direction::Input),
                    port("q", Direction::Output),
                ],
            },
            event_inputs: Bits::from_u64(0b01, 2),
            source: StimulusSource::VectorFile { format: "csv".into() },
            comparison: Comparison::EveryStep,
            steps: vec![step(0b10), step(0b11), step(0b10)],
            playback: None,
            source_sha256: String::new(),
        };
        assert_eq!(problem.check(), Ok(()));
        problem.steps.push(step(0b01));
        assert_eq!(
            problem.check(),
            Err(ProblemError::EventNotAlone { step: 3, event: 0, other: 1 })
        );
    }
}
