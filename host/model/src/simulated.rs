use crate::Mismatch;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What became of a candidate that was to be simulated. None of these is a verdict.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum SimulatedOutcome {
    /// Every compared bit equals the golden's.
    Equal,
    /// A compared bit differs from the golden's, or is unknown.
    Mismatch,
    /// The simulator does not compile it.
    Rejected,
    /// It calls what could reach the simulator's files; it was not run.
    Refused,
    /// It ended the simulation before the last step, with nothing wrong until then.
    EndedEarly,
    /// It ran into a limit of time, memory or output, with nothing wrong until then.
    Limit,
    /// The simulator reads no such sources; nothing was tried.
    NotSimulated,
}

impl fmt::Display for SimulatedOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Equal => "equal",
            Self::Mismatch => "mismatch",
            Self::Rejected => "rejected",
            Self::Refused => "refused",
            Self::EndedEarly => "ended_early",
            Self::Limit => "limit",
            Self::NotSimulated => "not_simulated",
        })
    }
}

/// How simulation and board differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DisagreementKind {
    /// Both have a value, and the values differ.
    Contradiction,
    /// The simulator's value is unknown (`x` or `z`): a register without a reset, for
    /// instance, of which a board has some value.
    UnknownInSimulation,
}

impl fmt::Display for DisagreementKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Contradiction => "contradiction",
            Self::UnknownInSimulation => "unknown_in_simulation",
        })
    }
}

/// The first compared sample in which simulation and board differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Disagreement {
    /// How.
    pub kind: DisagreementKind,
    /// Index of the problem's step.
    pub step: usize,
    /// The first output port, in declared order, with such a bit.
    pub port: String,
    /// The simulator's value, binary, most significant bit first, `x` where unknown.
    pub simulated: String,
    /// What the board answered, in the same form.
    pub captured: String,
}

/// The candidate in simulation, on the steps that the board was given; see
/// `--simulate`. It never changes a verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Simulated {
    /// In one word.
    pub outcome: SimulatedOutcome,
    /// For a person.
    pub reason: String,
    /// Samples that were compared with the golden.
    pub checked_samples: usize,
    /// Those with at least one wrong bit.
    pub mismatching_samples: usize,
    /// The first difference from the golden.
    pub mismatch: Option<Mismatch>,
    /// Samples that were compared with the board's; 0 where it was not reached.
    pub compared_with_board: usize,
    /// Those in which the two differ, in either way.
    pub disagreeing_samples: usize,
    /// The first contradiction; where there is none, the first value that is unknown in
    /// simulation.
    pub sim_board_disagreement: Option<Disagreement>,
}
