use filbench_model::{ClockTiming, Report, Resources, TimingAlone};
use serde::{Deserialize, Serialize};
use std::fmt;

/// How a problem's golden keeps state, which decides how hard it is to get
/// right and to play. Each problem has one class: the first that applies in
/// the order `latch`, `dual_edge`, `multi_clock`, `async_reset`, `clocked`,
/// `combinational`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemClass {
    /// No state.
    Combinational,
    /// One edge of one clock.
    Clocked,
    /// One edge of one clock, with an asynchronous set or reset.
    AsyncReset,
    /// A latch, with or without flip-flops beside it.
    Latch,
    /// Both edges of one clock.
    DualEdge,
    /// Several clocks.
    MultiClock,
    /// There is no golden to derive it from, or it could not be analysed.
    Unknown,
}

impl ProblemClass {
    /// Every class, in the order in which reports list them.
    pub const ALL: [Self; 7] = [
        Self::Combinational,
        Self::Clocked,
        Self::AsyncReset,
        Self::Latch,
        Self::DualEdge,
        Self::MultiClock,
        Self::Unknown,
    ];

    /// The name in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Combinational => "combinational",
            Self::Clocked => "clocked",
            Self::AsyncReset => "async_reset",
            Self::Latch => "latch",
            Self::DualEdge => "dual_edge",
            Self::MultiClock => "multi_clock",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for ProblemClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What the problem's golden costs on the same board with the same tools:
/// what a candidate's figures are compared with.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GoldenFigures {
    /// Cells of the golden alone, without the fixture; absent where it was
    /// not synthesised.
    pub resources: Option<Resources>,
    /// Predicted timing per clock; empty where it was not placed.
    pub timing: Vec<ClockTiming>,
    /// Of the golden by itself, with the candidate's seeds; absent where that
    /// was not asked for.
    #[serde(default)]
    pub timing_alone: Option<TimingAlone>,
}

/// One evaluation in the results of a suite.
///
/// Serialises to the report's own fields (the form of `filbench run --format
/// json`) with those of the suite beside them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The problem's name, unique within the suite.
    pub problem: String,
    /// Which answer to the problem, unique within the problem; `golden` where
    /// the golden itself was judged.
    pub sample: String,
    /// How the problem's golden keeps state.
    pub class: ProblemClass,
    /// The golden's figures, where there is a golden that was built.
    pub golden: Option<GoldenFigures>,
    /// The evaluation.
    #[serde(flatten)]
    pub report: Report,
}
