//! From scores to a verdict: pure.

use crate::bench::{by_bench, distrust};
use crate::scoreboard::{Score, never_checked};
use crate::wiring::UnknownInputs;
use filbench_model::{
    Comparison, FailStage, Fault, FaultPlace, InconclusiveReason, Mismatch, Problem,
    StimulusSource, Verdict,
};
use filbench_stimulus::{BenchVerdict, ProblemPolicy};

/// Checked samples that a pass needs where the caller does not say: this
/// many, or every step of a problem that has fewer.
pub const DEFAULT_MIN_SAMPLES: usize = 8;

/// Checked samples that a pass on `problem` needs: as many as whoever judges has `asked` for,
/// as the problem's own policy wants at least, or else the default; never less than one.
pub fn min_samples(problem: &Problem, asked: Option<usize>, policy: ProblemPolicy) -> usize {
    asked
        .max(policy.min_samples)
        .unwrap_or_else(|| DEFAULT_MIN_SAMPLES.min(problem.steps.len()))
        .max(1)
}

/// Why a problem cannot be judged whatever the candidate answers.
pub fn unjudgeable(problem: &Problem) -> Option<Verdict> {
    match problem.comparison {
        Comparison::EveryStep => racy(problem),
        Comparison::Bench => distrust(problem),
    }
}

pub(crate) fn racy(problem: &Problem) -> Option<Verdict> {
    match problem.source {
        StimulusSource::TestBench { racy: true, .. } => Some(Verdict::inconclusive(
            InconclusiveReason::RacyTestbench,
            format!(
                "no order of the simultaneous changes in the test bench of `{}` reproduces its \
                 golden; drive the data away from the clock's edges and run again",
                problem.name
            ),
        )),
        _ => None,
    }
}

/// The scores of one candidate: of the play with unknown inputs as 0, and of
/// the one with them as 1 where the problem has any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scores {
    /// Each play's setting and score, in the order played.
    pub plays: Vec<(UnknownInputs, Score)>,
    /// The plays' answers differ in a compared bit.
    pub unknown_inputs_matter: bool,
    /// What the original bench says of each play; empty where it is not the judge.
    pub bench: Vec<BenchVerdict>,
}

impl Scores {
    /// The first play with a mismatch.
    pub fn mismatch(&self) -> Option<(UnknownInputs, &Score, &Mismatch)> {
        self.plays.iter().find_map(|(unknown, score)| {
            score.mismatch.as_ref().map(|mismatch| (*unknown, score, mismatch))
        })
    }
}

/// The verdict on a candidate that was played.
///
/// At every step a mismatch counts however few samples there are; a pass needs
/// `min_samples` of them and every output bit checked at least once. Where the
/// bench judges, it has to pass every play, of at least `min_samples`
/// responses.
pub fn conclude(problem: &Problem, scores: &Scores, min_samples: usize) -> Verdict {
    match problem.comparison {
        Comparison::EveryStep => every_step(problem, scores, min_samples),
        Comparison::Bench => by_bench(problem, scores, min_samples),
    }
}

pub(crate) fn every_step(problem: &Problem, scores: &Scores, min_samples: usize) -> Verdict {
    if let Some((unknown, score, mismatch)) = scores.mismatch() {
        return mismatched(problem, unknown, score, mismatch);
    }
    let checked = problem.checked_samples();
    let required = min_samples.max(1);
    if checked < required {
        return Verdict::inconclusive(
            InconclusiveReason::TooFewSamples,
            format!(
                "nothing differs, but only {checked} samples were checked and {required} are \
                 required; give the problem more steps, or lower `--min-samples` and what \
                 the problem's policy asks for"
            ),
        );
    }
    let unchecked = never_checked(problem);
    if !unchecked.is_empty() {
        return Verdict::inconclusive(
            InconclusiveReason::TooFewSamples,
            format!(
                "nothing differs, but no step checks {}; let the golden define it in some step",
                unchecked.join(", ")
            ),
        );
    }
    Verdict::pass(format!("all {checked} checked samples equal the golden ones"))
}

fn mismatched(
    problem: &Problem,
    unknown: UnknownInputs,
    score: &Score,
    mismatch: &Mismatch,
) -> Verdict {
    let what = format!(
        "step {}, port `{}`: expected {}, got {}{}; {} of {} samples differ",
        mismatch.step,
        mismatch.port,
        mismatch.expected,
        mismatch.got,
        setting(problem, unknown),
        score.mismatching_samples,
        score.checked_samples,
    );
    match problem.source {
        StimulusSource::TestBench { reactive: true, .. } => Verdict::inconclusive(
            InconclusiveReason::ReactiveTestbench,
            format!(
                "{what}; but the bench's stimulus depends on the responses, so what it would \
                 have applied to this candidate is not known"
            ),
        ),
        _ => Verdict::fail(FailStage::Mismatch, what),
    }
}

/// How unknown inputs were played, where there are any.
pub(crate) fn setting(problem: &Problem, unknown: UnknownInputs) -> &'static str {
    match (problem.has_unknown_inputs(), unknown) {
        (false, _) => "",
        (true, UnknownInputs::Zero) => " (unknown inputs played as 0)",
        (true, UnknownInputs::One) => " (unknown inputs played as 1)",
    }
}

/// Whether a fault, met in every attempt, may come with the design; one that
/// oscillates, for instance, keeps the firmware from answering.
pub(crate) fn may_be_the_design(fault: &Fault) -> bool {
    matches!(fault.place, FaultPlace::Link | FaultPlace::Firmware)
}

/// The verdict on a candidate that meets with `fault` where the golden passes.
pub(crate) fn follows_the_design(fault: &Fault) -> Verdict {
    Verdict::inconclusive(
        InconclusiveReason::Unjudgeable,
        format!("the fault follows the design, while the golden passes on the same board: {fault}"),
    )
}
