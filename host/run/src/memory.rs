//! Evaluations by content: what was judged before is not judged again.

use crate::context::Context;
use crate::evaluate::evaluate;
use crate::evaluation::{Artifact, Evaluation, MISMATCH_VCD, Options};
use crate::event::Event;
use crate::fingerprint::Fingerprint;
use crate::golden::GoldenFacts;
use crate::keep;
use filbench_flow::Submission;
use filbench_lab::Selector;
use filbench_model::{Fault, InconclusiveReason, Outcome, Report, Stage};
use filbench_stimulus::ProblemFiles;
use filbench_toolbox::CacheFolder;
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::fmt;
use std::path::Path;
use tokio::sync::mpsc;

/// A larger waveform is not kept.
const WAVEFORM_BYTES_MAX: usize = 4 << 20;

/// Names an evaluation by all that its verdict and its numbers depend on:
/// submission, problem, options, firmware, fixture, tools, the kind of board
/// and the filbench program itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EvaluationKey(String);

impl EvaluationKey {
    /// The key of an evaluation by [`evaluate()`] with the same arguments.
    ///
    /// # Errors
    /// A fault when there is no such board, or the program cannot be read.
    pub fn new(
        context: &Context,
        submission: &Submission,
        problem: &ProblemFiles,
        selector: &Selector,
        options: &Options,
    ) -> Result<Self, Fault> {
        let place = context.table.open(selector)?;
        let print = Fingerprint::default()
            .add(&context.program_sha256()?)
            .add(submission)
            .add(problem)
            .add(options)
            .add(&context.firmware.sha256)
            .add(&context.flow.fixture_sha256())
            .add(&context.toolbox.records())
            .add(&place.record().kind)
            .add(&place.measured_on());
        Ok(Self(print.name()))
    }
}

impl fmt::Display for EvaluationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The folder of finished evaluations, one file for each.
#[derive(Clone, Debug)]
pub(crate) struct Evaluations {
    dir: CacheFolder,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    report: Report,
    golden: Option<GoldenFacts>,
    waveform: Option<String>,
}

impl Evaluations {
    pub(crate) fn new(cache: &Path) -> Self {
        Self { dir: CacheFolder::new(cache, "evaluations") }
    }

    fn find(&self, key: &EvaluationKey) -> Option<Evaluation> {
        let text = std::fs::read(self.dir.join(format!("{key}.json"))).ok()?;
        let kept: Kept = serde_json::from_slice(&text).ok()?;
        let waveform = kept.waveform.map(|vcd| Artifact::new(MISMATCH_VCD, vcd.into_bytes()));
        Some(Evaluation {
            report: kept.report,
            artifacts: waveform.into_iter().collect(),
            golden: kept.golden,
        })
    }

    fn keep(&self, key: &EvaluationKey, evaluation: &Evaluation) {
        let waveform = evaluation
            .artifacts
            .iter()
            .find(|artifact| artifact.name == MISMATCH_VCD)
            .filter(|artifact| artifact.contents.len() <= WAVEFORM_BYTES_MAX)
            .and_then(|artifact| String::from_utf8(artifact.contents.clone()).ok());
        let kept =
            Kept { report: evaluation.report.clone(), golden: evaluation.golden.clone(), waveform };
        if let Err(error) = keep::json(&self.dir, &format!("{key}.json"), &kept) {
            tracing::warn!(%error, path = %self.dir.path().display(), "an evaluation was not kept");
        }
    }
}

/// Whether the same evaluation would end in the same way: no fault, and
/// nothing that may have been one board's doing.
fn is_final(report: &Report) -> bool {
    match (report.verdict.outcome, report.verdict.stage) {
        (Outcome::Fault, _) => false,
        (_, Some(Stage::Inconclusive(InconclusiveReason::Unjudgeable))) => false,
        // What of it would be the same again is kept with the problem's refusals.
        (_, Some(Stage::Inconclusive(InconclusiveReason::GoldenFailed))) => false,
        _ => true,
    }
}

/// Like [`evaluate()`], but what was judged before, in this process or an
/// earlier one, is taken from the cache, and what is asked for twice at the
/// same time is done once. `key` is that of the arguments.
///
/// An evaluation from the cache has its report as it was, times included; of
/// its artifacts only the waveform of a mismatch is left. A fault is never
/// kept.
pub async fn evaluate_once(
    context: &Context,
    key: &EvaluationKey,
    submission: Submission,
    problem: ProblemFiles,
    selector: &Selector,
    options: &Options,
    events: mpsc::UnboundedSender<Event>,
) -> Evaluation {
    let work = async {
        if let Some(evaluation) = context.evaluations.find(key) {
            events.send(Event::Verdict(evaluation.report.verdict.clone())).ok();
            return Ok::<_, Infallible>(evaluation);
        }
        let evaluation = evaluate(context, submission, problem, selector, options, events).await;
        if is_final(&evaluation.report) {
            context.evaluations.keep(key, &evaluation);
        }
        Ok(evaluation)
    };
    match context.evaluating.join(&key.0, work).await {
        Ok(evaluation) => evaluation,
        Err(never) => match never {},
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use filbench_model::{FaultPlace, MeasuredOn, Provenance, Verdict};

    fn evaluation(verdict: Verdict, measured_on: MeasuredOn) -> Evaluation {
        let mut report = Report::new(verdict, Provenance::default());
        report.measured_on = Some(measured_on);
        let artifacts = ["bitstream.bin", MISMATCH_VCD].map(|n| Artifact::new(n, b"$end".to_vec()));
        Evaluation { report, artifacts: artifacts.to_vec(), golden: None }
    }

    #[test]
    fn what_was_kept_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let evaluations = Evaluations::new(dir.path());
        let key = EvaluationKey("k".into());
        assert_eq!(evaluations.find(&key), None);
        let evaluation = evaluation(Verdict::pass("all"), MeasuredOn::Virtual);
        evaluations.keep(&key, &evaluation);
        let found = evaluations.find(&key).unwrap();
        assert_eq!(found.report, evaluation.report);
        assert_eq!(found.artifacts, evaluation.artifacts[1..]);
        std::fs::write(dir.path().join("evaluations/k.json"), "{").unwrap();
        assert_eq!(evaluations.find(&key), None);
    }

    #[test]
    fn faults_and_what_a_board_may_have_done_are_not_final() {
        let last = |verdict: Verdict, on| is_final(&evaluation(verdict, on).report);
        let golden = Verdict::inconclusive(InconclusiveReason::GoldenFailed, "");
        assert!(!last(golden, MeasuredOn::Virtual));
        assert!(last(Verdict::pass(""), MeasuredOn::Physical));
        assert!(!last(Fault::new(FaultPlace::Link, "").into(), MeasuredOn::Virtual));
    }
}
