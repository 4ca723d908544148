//! Where the problem's own test bench is the judge: what it says becomes a verdict.

use crate::conclude::{Scores, every_step, racy, setting};
use crate::play::Play;
use crate::wiring::UnknownInputs;
use filbench_model::{
    BenchTrust, Comparison, FailStage, InconclusiveReason, OtherComparison, Problem,
    StimulusSource, Verdict,
};
use filbench_stimulus::{BenchVerdict, ProblemFiles, RecordError, Recorder};

/// Plays each of `plays` back to the bench; nothing where it is not the judge.
pub(crate) fn ask(
    recorder: &Recorder,
    files: &ProblemFiles,
    problem: &Problem,
    plays: &[Play],
) -> Result<Vec<BenchVerdict>, RecordError> {
    if problem.comparison == Comparison::EveryStep {
        return Ok(Vec::new());
    }
    plays
        .iter()
        .map(|(_, responses)| recorder.play_back(files, problem, responses.captured()))
        .collect()
}

/// Why the bench can judge nobody.
pub(crate) fn distrust(problem: &Problem) -> Option<Verdict> {
    match &problem.playback.as_ref()?.trust {
        BenchTrust::Proven => None,
        BenchTrust::Blind { passes } => Some(Verdict::inconclusive(
            InconclusiveReason::BenchBlind,
            format!(
                "the test bench of `{}` passes {passes}, so its pass proves nothing; judge by \
                 `--compare every-step`",
                problem.name
            ),
        )),
        BenchTrust::RejectsGolden { found } => Some(Verdict::inconclusive(
            InconclusiveReason::GoldenFailed,
            format!(
                "the test bench of `{}` cannot judge: {found}; mend the bench, or judge by \
                 `--compare every-step`",
                problem.name
            ),
        )),
    }
}

/// The verdict of the bench. A rejection in either play counts first, then a play that the
/// bench had no verdict on.
///
/// Of a bench in which data and clock race a rejection is none: in another simulator's order
/// it might pass.
pub(crate) fn by_bench(problem: &Problem, scores: &Scores, min_samples: usize) -> Verdict {
    let plays = || scores.plays.iter().map(|(unknown, _)| *unknown).zip(&scores.bench);
    if let Some((unknown, said)) = plays().find_map(|(unknown, verdict)| match verdict {
        BenchVerdict::Fails { said } => Some((unknown, said)),
        _ => None,
    }) {
        return rejected(problem, scores, unknown, said);
    }
    let unknown_end = plays().find_map(|(unknown, verdict)| match verdict {
        BenchVerdict::Diverges { step } => {
            Some((unknown, format!("behind step {step} it applies something else than recorded")))
        }
        BenchVerdict::Endless { how } => Some((unknown, format!("it does not end: {how}"))),
        BenchVerdict::Passes | BenchVerdict::Fails { .. } => None,
    });
    if let Some((unknown, what)) = unknown_end {
        return Verdict::inconclusive(
            InconclusiveReason::ReactiveTestbench,
            format!(
                "the test bench depends on the responses, and has no verdict on these{}: {what}; \
                 at every step: {}",
                setting(problem, unknown),
                other(problem, scores, min_samples).reason
            ),
        );
    }
    let played = problem.captured_steps().count();
    let required = min_samples.max(1);
    if played < required {
        return Verdict::inconclusive(
            InconclusiveReason::TooFewSamples,
            format!(
                "the test bench passes, but only {played} responses were played back to it and \
                 {required} are required; give the problem more steps or lower `--min-samples`"
            ),
        );
    }
    Verdict::pass(format!("the test bench passes the {played} responses played back to it"))
}

fn rejected(problem: &Problem, scores: &Scores, unknown: UnknownInputs, said: &str) -> Verdict {
    let what = format!(
        "the test bench rejects the responses{}; the last it says is {said}",
        setting(problem, unknown)
    );
    match problem.source {
        StimulusSource::TestBench { racy: true, .. } => Verdict::inconclusive(
            InconclusiveReason::RacyTestbench,
            format!("{what}; but data and clock race in it, so it may be the order's doing"),
        ),
        _ => match scores.mismatch() {
            None => Verdict::fail(FailStage::Mismatch, what),
            Some((_, score, mismatch)) => Verdict::fail(
                FailStage::Mismatch,
                format!(
                    "{what}; {} of {} samples differ from the golden's, the first at step {}, \
                     port `{}`",
                    score.mismatching_samples, score.checked_samples, mismatch.step, mismatch.port
                ),
            ),
        },
    }
}

/// What the comparison at every step says beside the bench.
pub(crate) fn other_comparison(
    problem: &Problem,
    scores: &Scores,
    min_samples: usize,
) -> Option<OtherComparison> {
    (problem.comparison == Comparison::Bench).then(|| OtherComparison {
        compare: Comparison::EveryStep,
        verdict: other(problem, scores, min_samples),
    })
}

fn other(problem: &Problem, scores: &Scores, min_samples: usize) -> Verdict {
    racy(problem).unwrap_or_else(|| every_step(problem, scores, min_samples))
}
