//! The evaluation itself: who waits for whom, and which verdict goes first.

use crate::build::{self, Built, Findings, Order};
use crate::conclude::{Scores, conclude, min_samples, unjudgeable};
use crate::context::{Context, blocking};
use crate::draft::Draft;
use crate::evaluation::{Artifact, Evaluation, MISMATCH_VCD, Options};
use crate::event::{Event, Phase, Phases, Reporter, Subject};
use crate::play;
use crate::proof::{Claim, sha256};
use crate::scoreboard::compare;
use crate::waveform;
use crate::wiring::Wiring;
use filbench_board::Board;
use filbench_flow::{Policy, Submission};
use filbench_lab::{Place, Selector};
use filbench_model::{
    Fault, FaultPlace, InconclusiveReason, LinkRecord, Outcome, Problem, Provenance, Stage,
    Verdict,
};
use filbench_stimulus::ProblemFiles;
use std::sync::Arc;
use tokio::sync::mpsc;

/// The golden is always placed with the same seed, so that its proof holds
/// for candidates of every seed.
const GOLDEN_SEED: u32 = 1;

/// Judges `submission` on `problem`, on the board that `selector` names.
///
/// Everything that happens is told to `events`, the verdict last. The order
/// in which verdicts count, whatever is known first:
///
/// 1. a fault in recording or proving the problem;
/// 2. `inconclusive` because of the problem: its bench is racy, its golden
///    does not pass;
/// 3. what building the candidate says: `fail` at a stage before the board,
///    `inconclusive` for want of room, or a fault;
/// 4. a fault of the board, the second time;
/// 5. what the scoreboard says; see [`conclude`].
pub async fn evaluate(
    context: &Context,
    submission: Submission,
    problem: ProblemFiles,
    selector: &Selector,
    options: &Options,
    events: mpsc::UnboundedSender<Event>,
) -> Evaluation {
    let reporter = Reporter::new(events);
    let firmware = match &options.firmware {
        Some(firmware) => Arc::new(firmware.clone()),
        None => Arc::clone(&context.firmware),
    };
    let mut draft = Draft::new(Provenance {
        tools: context.toolbox.records(),
        seed: options.seed,
        forbid_latches: options.forbid_latches,
        submission_sha256: submission_sha256(&submission),
        firmware_sha256: Some(firmware.sha256.clone()),
        ..Provenance::default()
    });
    let mut job = Job {
        context,
        reporter: reporter.clone(),
        submission: Arc::new(submission),
        files: Arc::new(problem),
        options,
        firmware,
    };
    let verdict = match job.judge(selector, &mut draft).await {
        Ok(verdict) | Err(verdict) => verdict,
    };
    reporter.send(Event::Verdict(verdict.clone()));
    draft.finish(verdict, &reporter)
}

struct Job<'a> {
    context: &'a Context,
    reporter: Reporter,
    submission: Arc<Submission>,
    files: Arc<ProblemFiles>,
    options: &'a Options,
    firmware: Arc<filbench_flow::Firmware>,
}

impl Job<'_> {
    /// `Err` is a verdict that ends the evaluation early.
    async fn judge(&self, selector: &Selector, draft: &mut Draft) -> Result<Verdict, Verdict> {
        let mut place = self.context.table.open(selector)?;
        let order = self.order(place.as_ref())?;
        let phases = self.reporter.subject(Subject::Candidate);

        let (recorded, design) = tokio::join!(
            self.record(),
            build::synthesise(
                self.context,
                &phases,
                Arc::clone(&self.submission),
                order.policy.clone(),
                &mut draft.findings,
            )
        );
        let problem = recorded?;
        draft.problem(&problem);
        let min_samples = min_samples(&problem, self.options.min_samples);
        draft.report.provenance.min_samples = min_samples;
        if let Some(verdict) = unjudgeable(&problem) {
            return Err(verdict);
        }

        let (proof, built) = tokio::join!(
            self.prove(&problem, place.as_mut(), &order),
            async {
                let design = design?;
                let differences = problem.interface.compare(&design.interface);
                if !differences.is_empty() {
                    return Err(Verdict::interface(&differences));
                }
                let findings = &mut draft.findings;
                build::implement(self.context, &phases, design, &order, findings).await
            }
        );
        proof?;
        let built = built?;

        draft.report.measured_on = Some(place.measured_on());
        draft.report.board = Some(place.record());
        let scores = self.play(&phases, place.as_mut(), &built, &problem, draft);
        let scores = scores.await?;
        Ok(conclude(&problem, &scores, min_samples))
    }

    fn order(&self, place: &dyn Place) -> Result<Order, Fault> {
        let kind = place.record().kind;
        let board = Board::load(&kind)
            .map_err(|error| Fault::new(FaultPlace::Host, error.to_string()))?;
        Ok(Order {
            policy: Policy {
                forbid_latches: self.options.forbid_latches,
            },
            board: Arc::new(board),
            firmware: Arc::clone(&self.firmware),
            seed: self.options.seed,
        })
    }

    /// Plays and compares; the waveform of a mismatch goes to the draft.
    async fn play(
        &self,
        phases: &Phases,
        place: &mut dyn Place,
        built: &Built,
        problem: &Arc<Problem>,
        draft: &mut Draft,
    ) -> Result<Scores, Fault> {
        let wiring = wire(problem, built)?;
        let mut link = LinkRecord::default();
        let plays = play::play(phases, place, built, problem, &wiring, &mut link).await;
        draft.report.link = Some(link);
        let plays = plays?;
        phases
            .run(Phase::Compare, async {
                let scores = score(problem, &plays);
                draft.score(problem, &scores);
                if let Some((unknown, _, mismatch)) = scores.mismatch()
                    && let Some((_, responses)) = plays.iter().find(|(u, _)| *u == unknown)
                {
                    let mut file = Vec::new();
                    // Writing to memory fails for no reason but its size.
                    if waveform::write(&mut file, problem, responses, unknown, mismatch.step)
                        .is_ok()
                    {
                        draft.findings.artifacts.push(Artifact::new(MISMATCH_VCD, file));
                    }
                }
                Ok(scores)
            })
            .await
    }
}

fn wire(problem: &Problem, built: &Built) -> Result<Arc<Wiring>, Fault> {
    Wiring::new(problem, &built.interface, &built.event_inputs, built.player())
        .map(Arc::new)
        .map_err(|error| Fault::new(FaultPlace::Host, error.to_string()))
}

fn score(problem: &Problem, plays: &[play::Play]) -> Scores {
    Scores {
        plays: plays
            .iter()
            .map(|(unknown, responses)| (*unknown, compare(problem, responses)))
            .collect(),
        unknown_inputs_matter: plays
            .windows(2)
            .any(|pair| pair[0].1.differ(&pair[1].1, problem)),
    }
}

fn submission_sha256(submission: &Submission) -> String {
    let mut bytes = submission.top.clone().into_bytes();
    for file in &submission.files {
        bytes.push(0);
        bytes.extend_from_slice(file.name.as_bytes());
        bytes.extend_from_slice(&(file.contents.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&file.contents);
    }
    sha256(&bytes)
}
