//! What is known of a problem's golden, for those who compare with it.

use crate::analyse::Known;
use filbench_model::{ClockEdge, ClockTiming, Resources, TimingAlone};
use serde::{Deserialize, Serialize};

/// A golden's netlist and figures, on the board of the evaluation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GoldenFacts {
    /// Cells of the golden alone, without the fixture.
    pub resources: Resources,
    /// Predicted timing per clock; empty where it was not placed.
    pub timing: Vec<ClockTiming>,
    /// Of the golden by itself, where that was asked for.
    #[serde(default)]
    pub timing_alone: Option<TimingAlone>,
    /// The edges of its clock inputs, one entry for each input.
    pub clocks: Vec<ClockEdge>,
    /// An input that is no clock sets, resets, latches or gates something.
    pub has_other_events: bool,
    /// It has latches.
    pub has_latches: bool,
    /// A net inside it clocks something.
    pub has_derived_clocks: bool,
}

impl GoldenFacts {
    pub(crate) fn new(known: &Known, timing: Vec<ClockTiming>) -> Self {
        let analysis = &known.analysis;
        let clocks: Vec<usize> = analysis.clocks.iter().map(|(bit, _)| *bit).collect();
        Self {
            resources: known.resources,
            timing,
            timing_alone: None,
            clocks: analysis.clocks.iter().map(|(_, edge)| *edge).collect(),
            has_other_events: analysis
                .event_inputs
                .ones_indices()
                .any(|bit| !clocks.contains(&bit)),
            has_latches: known.has_latches,
            has_derived_clocks: known.has_derived_clocks,
        }
    }
}
