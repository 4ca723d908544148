//! A problem's golden: as a submission, what is known of it, and what comes of it when it
//! does not pass.

use crate::analyse::Known;
use crate::conclude::Scores;
use crate::context::{Context, blocking};
use crate::refusals::{Again, Refusal};
use filbench_flow::{SourceFile, Submission, is_vhdl};
use filbench_model::{
    ClockEdge, ClockTiming, Comparison, Diagnostic, FailStage, Fault, FaultPlace,
    InconclusiveReason, Outcome, Problem, Resources, Stage, TimingAlone, Verdict,
};
use filbench_stimulus::{BenchVerdict, ProblemFiles, RecordError, SourceText};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

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

/// The problem's golden as a submission, where it has one: a candidate that
/// is the same is its problem's proof.
pub fn golden_submission(problem: &ProblemFiles) -> Option<Submission> {
    let (files, top) = problem.golden()?;
    let file =
        |text: &SourceText| SourceFile { name: text.name.clone(), contents: text.contents.clone() };
    Some(Submission { files: files.iter().map(file).collect(), top: top.to_owned() })
}

/// The problem's files as Icarus reads them: a golden in VHDL, for which stimulus is made,
/// goes through GHDL.
pub(crate) async fn readable(
    context: &Context,
    files: &Arc<ProblemFiles>,
) -> Result<Arc<ProblemFiles>, Verdict> {
    let golden = golden_submission(files).filter(|golden| {
        files.is_generated() && golden.files.iter().any(|file| is_vhdl(&file.name))
    });
    let Some(golden) = golden else { return Ok(Arc::clone(files)) };
    let _turn = context.turn().await;
    let flow = context.flow.clone();
    let translated = blocking(move || flow.translate(&golden)).await??.map_err(golden_failed)?;
    let file = SourceText { name: "golden.v".to_owned(), contents: translated.verilog };
    let files = ProblemFiles::clone(files);
    Ok(Arc::new(files.with_golden(vec![file], translated.top)))
}

/// Whether the golden's own plays are as they should be.
pub(crate) fn accepts(problem: &Problem, scores: &Scores) -> bool {
    match problem.comparison {
        Comparison::EveryStep => scores.mismatch().is_none(),
        Comparison::Bench => scores.bench.iter().all(|said| *said == BenchVerdict::Passes),
    }
}

/// The verdict on a candidate whose problem's golden met with `verdict`.
pub(crate) fn golden_failed(verdict: Verdict) -> Verdict {
    match (verdict.outcome, verdict.stage) {
        (Outcome::Fault, _)
        | (
            _,
            Some(Stage::Inconclusive(
                InconclusiveReason::FixtureRoom | InconclusiveReason::GoldenFailed,
            )),
        ) => verdict,
        (_, Some(Stage::Fail(FailStage::Fit))) => Verdict::inconclusive(
            InconclusiveReason::FixtureRoom,
            format!("the problem's own golden is too large: {}", verdict.reason),
        ),
        _ => Verdict::inconclusive(
            InconclusiveReason::GoldenFailed,
            format!(
                "the problem's own golden does not pass: {verdict}: {}; nobody can be judged by \
                 it until it does",
                verdict.reason
            ),
        ),
    }
}

/// What every candidate of a problem gets whose golden met with `verdict`, and a tool said
/// `diagnostics` of it.
pub(crate) fn refused(verdict: Verdict, diagnostics: Vec<Diagnostic>) -> Refusal {
    let again = Again::of(&verdict);
    Refusal::of_problem(golden_failed(verdict), diagnostics, again)
}

/// What every candidate of a problem gets that could not be recorded: a
/// bench that does not compile or end proves nothing, and is no fault of the
/// lab.
pub(crate) fn broken(error: RecordError) -> Refusal {
    let diagnostics = error.diagnostics().to_vec();
    // Another time, or on another machine, the limit may do.
    let again = match &error {
        RecordError::Endless { .. } => Again::Perhaps,
        _ => Again::Always,
    };
    let fault = Fault::from(error);
    if fault.place != FaultPlace::Problem {
        return fault.into();
    }
    let verdict = Verdict::inconclusive(
        InconclusiveReason::GoldenFailed,
        format!("the problem proves nothing: {fault}; nobody can be judged by it until it does"),
    );
    Refusal::of_problem(verdict, diagnostics, again)
}
