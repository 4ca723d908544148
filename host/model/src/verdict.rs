use crate::InterfaceMismatch;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What an evaluation concludes, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Every checked bit of every captured response equals the golden one, or the original
    /// bench passes the response.
    Pass,
    /// The design is wrong, at a named stage.
    Fail,
    /// The problem or the room does not allow a judgement.
    Inconclusive,
    /// The lab failed; says nothing about the design.
    Fault,
}

/// Where a design fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FailStage {
    /// The front end does not read the source.
    Parse,
    /// Modules, parameters or widths do not resolve, or the top is missing.
    Elaborate,
    /// A latch was inferred and the policy forbids it.
    Latch,
    /// A tristate buffer is left inside the design.
    Tristate,
    /// A cell that synthesis left has no place in the device.
    UnsupportedCell,
    /// IO, PLL, oscillator, warm boot, hard IP or placement attributes.
    ForbiddenCell,
    /// A combinational loop that is not a latch.
    CombLoop,
    /// Ports are not those of the problem.
    Interface,
    /// Too large for the device, even alone.
    Fit,
    /// A timing policy is not met.
    Timing,
    /// A CPU-time, memory or output limit that the golden kept.
    Limit,
    /// A captured bit differs from the golden one, or the original bench rejects the response.
    Mismatch,
}

/// Why no judgement is possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InconclusiveReason {
    /// No order of simultaneous changes reproduces the golden.
    RacyTestbench,
    /// The bench's stimulus depends on the responses: there is a mismatch, or the bench that
    /// judges does something else with this response.
    ReactiveTestbench,
    /// Fewer checked samples than the minimum, or an output bit never checked.
    TooFewSamples,
    /// The problem's own golden does not pass.
    GoldenFailed,
    /// The bench that was to judge passes a response that is known to be wrong.
    BenchBlind,
    /// Fits alone, not beside the fixture, and no larger board is there.
    FixtureRoom,
    /// The fault follows the bitstream from board to board.
    Unjudgeable,
    /// Nothing is wrong so far, but the evaluation was to end before the board.
    NotPlayed,
}

/// Which part of the lab failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FaultPlace {
    /// A sandbox could not be set up; the work was refused.
    SandboxUnavailable,
    /// A tool is missing, or died in a way that is not the design's doing.
    Tool,
    /// The fixture itself could not be built or does not meet its clock.
    Fixture,
    /// The bitstream could not be loaded.
    Program,
    /// The cable or its stand-in: silence, lost bytes past all retries.
    Link,
    /// The firmware answers wrongly, or not at all.
    Firmware,
    /// The board runs another bitstream than the one just loaded.
    WrongBitstream,
    /// The recording or simulation of the problem could not be run.
    Problem,
    /// Disk or another resource of the host.
    Host,
}

/// A fault of the lab: what failed, where, and the whole story in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    /// Which part.
    pub place: FaultPlace,
    /// What was tried, on what, what was found, what to do next.
    pub message: String,
}

impl Fault {
    /// A fault at `place`; `message` is for a person.
    pub fn new(place: FaultPlace, message: impl Into<String>) -> Self {
        Self { place, message: message.into() }
    }
}

/// The verdict of one evaluation.
///
/// `stage` is a [`FailStage`] for `fail`, an [`InconclusiveReason`] for
/// `inconclusive`, a [`FaultPlace`] for `fault`, and absent for `pass`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Verdict {
    /// In one word.
    pub outcome: Outcome,
    /// The typed stage or reason.
    pub stage: Option<Stage>,
    /// For a person; one or more sentences.
    pub reason: String,
}

/// The typed part of a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Stage {
    /// For `fail`.
    Fail(FailStage),
    /// For `inconclusive`.
    Inconclusive(InconclusiveReason),
    /// For `fault`.
    Fault(FaultPlace),
}

impl Verdict {
    /// Everything that was checked is right.
    pub fn pass(reason: impl Into<String>) -> Self {
        Self { outcome: Outcome::Pass, stage: None, reason: reason.into() }
    }

    /// The design fails at `stage`.
    pub fn fail(stage: FailStage, reason: impl Into<String>) -> Self {
        Self { outcome: Outcome::Fail, stage: Some(Stage::Fail(stage)), reason: reason.into() }
    }

    /// No judgement is possible.
    pub fn inconclusive(why: InconclusiveReason, reason: impl Into<String>) -> Self {
        Self {
            outcome: Outcome::Inconclusive,
            stage: Some(Stage::Inconclusive(why)),
            reason: reason.into(),
        }
    }

    /// The ports are not those of the problem.
    pub fn interface(differences: &[InterfaceMismatch]) -> Self {
        let text: Vec<String> = differences.iter().map(ToString::to_string).collect();
        Self::fail(FailStage::Interface, text.join("; "))
    }

    /// The process exit code: 0 pass, 1 fail, 2 inconclusive, 3 fault.
    pub fn exit_code(&self) -> u8 {
        match self.outcome {
            Outcome::Pass => 0,
            Outcome::Fail => 1,
            Outcome::Inconclusive => 2,
            Outcome::Fault => 3,
        }
    }
}

impl From<Fault> for Verdict {
    fn from(fault: Fault) -> Self {
        Self {
            outcome: Outcome::Fault,
            stage: Some(Stage::Fault(fault.place)),
            reason: fault.message,
        }
    }
}

/// The snake-case name that serde gives a unit variant.
fn name(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        _ => String::new(),
    }
}

macro_rules! display_as_serialised {
    ($($ty:ty),*) => {$(
        impl fmt::Display for $ty {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&name(self))
            }
        }
    )*};
}
display_as_serialised!(Outcome, FailStage, InconclusiveReason, FaultPlace, Stage);

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.outcome)?;
        if let Some(stage) = self.stage {
            write!(f, " ({stage})")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_print_and_serialise_by_their_names() {
        let verdict = Verdict::fail(FailStage::CombLoop, "a loop through `q`");
        assert_eq!(verdict.to_string(), "fail (comb_loop)");
        let json = serde_json::to_value(&verdict).unwrap();
        assert_eq!(json["stage"], "comb_loop");
        assert_eq!(serde_json::from_value::<Verdict>(json).unwrap(), verdict);
        assert_eq!(Verdict::from(Fault::new(FaultPlace::Link, "silence")).exit_code(), 3);
    }
}
