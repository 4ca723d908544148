//! The evaluation itself: who waits for whom, and which verdict goes first.

use crate::analyse;
use crate::build::{self, Built, Findings, Order};
use crate::conclude::{Scores, conclude, min_samples, unjudgeable};
use crate::context::{Context, blocking};
use crate::draft::Draft;
use crate::evaluation::{Artifact, Evaluation, MISMATCH_VCD, Options};
use crate::event::{Event, Phase, Phases, Reporter, Subject};
use crate::play::{Play, Playing};
use crate::proof::Claim;
use crate::scoreboard::compare;
use crate::waveform;
use crate::window::mismatch_window;
use crate::wiring::Wiring;
use filbench_board::Board;
use filbench_flow::{Policy, SourceFile, Submission};
use filbench_lab::{Place, Selector};
use filbench_model::{
    Comparison, Fault, FaultPlace, InconclusiveReason, LinkRecord, Outcome, Problem, Provenance,
    Stage, Verdict,
};
use filbench_stimulus::{Analysis, ProblemFiles, SourceText};
use filbench_toolbox::ToolboxError;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use tokio::sync::mpsc;

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
/// 5. what the scoreboard says; see [`conclude()`](crate::conclude()).
pub async fn evaluate(
    context: &Context,
    submission: Submission,
    problem: ProblemFiles,
    selector: &Selector,
    options: &Options,
    events: mpsc::UnboundedSender<Event>,
) -> Evaluation {
    let reporter = Reporter::new(events).among(&context.activity);
    let firmware = match &options.firmware {
        Some(firmware) => Arc::new(firmware.clone()),
        None => Arc::clone(&context.firmware),
    };
    let mut draft = Draft::new(provenance(&submission, options));
    draft.report.provenance.firmware_sha256 = Some(firmware.sha256.clone());
    let job = Job {
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

/// The evaluation of a submission that could not even begin.
pub fn fault_report(submission: &Submission, options: &Options, fault: Fault) -> Evaluation {
    let (events, _) = mpsc::unbounded_channel();
    Draft::new(provenance(submission, options)).finish(fault.into(), &Reporter::new(events))
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
        if self.files.comparison() == Comparison::Bench {
            return Err(Fault::new(
                FaultPlace::Problem,
                format!(
                    "`{}` asks for `comparison = \"bench\"`, which this filbench cannot do yet; \
                     compare at `every_step`",
                    self.files.name()
                ),
            )
            .into());
        }
        self.prepare(draft).await?;
        let mut place = self.context.table.open(selector)?;
        let order = self.order(place.as_ref())?;
        let phases = self.reporter.subject(Subject::Candidate);

        let golden = self.golden();
        let synthesis = build::synthesise(
            self.context,
            &phases,
            Arc::clone(&self.submission),
            &order,
            &mut draft.findings,
        );
        let (problem, design) = match &golden {
            Some(golden) => {
                let (problem, design) = tokio::join!(self.record_golden(golden, &order), synthesis);
                (problem?, design)
            }
            // A vector file says nothing about events; the candidate's own
            // netlist has to.
            None => {
                let design = synthesis.await?;
                let problem = self.record(analyse::of_design(&design)).await?;
                (problem, Ok(design))
            }
        };
        draft.problem(&problem);
        let asked = self.options.min_samples.or(self.files.policy().min_samples);
        let min_samples = min_samples(&problem, asked);
        draft.report.provenance.min_samples = min_samples;
        if let Some(verdict) = unjudgeable(&problem) {
            return Err(verdict);
        }

        let (proof, built) =
            tokio::join!(self.prove(&problem, golden.as_ref(), place.as_mut(), &order), async {
                let design = design?;
                let differences = problem.interface.compare(&design.interface);
                if !differences.is_empty() {
                    return Err(Verdict::interface(&differences));
                }
                let findings = &mut draft.findings;
                build::implement(self.context, &phases, design, &order, findings).await
            });
        proof?;
        let built = built?;

        draft.report.measured_on = Some(place.measured_on());
        draft.report.board = Some(place.record());
        let scores = match self.play(&phases, place.as_mut(), &built, &problem, draft).await {
            // It may be the company's fault.
            Err(fault) if built.is_shared => {
                self.reporter.send(Event::Retrying { fault });
                let (design, findings) = (Arc::clone(&built.design), &mut draft.findings);
                let alone =
                    build::implement_alone(self.context, &phases, design, &order, findings).await?;
                self.play(&phases, place.as_mut(), &alone, &problem, draft).await?
            }
            played => played?,
        };
        Ok(conclude(&problem, &scores, min_samples))
    }

    /// Compiles tools that nobody has used on this machine yet, and records
    /// which they are.
    async fn prepare(&self, draft: &mut Draft) -> Result<(), Fault> {
        let _doing = self.context.activity.begin();
        let toolbox = self.context.toolbox.clone();
        let reporter = self.reporter.clone();
        let prepared = blocking(move || {
            toolbox
                .prepare(&mut |line| reporter.send(Event::Preparing { what: line.to_owned() }))?;
            Ok(toolbox.records())
        });
        let tools = prepared
            .await?
            .map_err(|error: ToolboxError| Fault::new(FaultPlace::Tool, error.to_string()))?;
        draft.report.provenance.tools = tools;
        Ok(())
    }

    fn order(&self, place: &dyn Place) -> Result<Order, Fault> {
        let kind = place.record().kind;
        let board =
            Board::load(&kind).map_err(|error| Fault::new(FaultPlace::Host, error.to_string()))?;
        Ok(Order {
            policy: Policy {
                forbid_latches: self.options.forbid_latches || self.files.policy().forbid_latches,
            },
            board: Arc::new(board),
            firmware: Arc::clone(&self.firmware),
            seed: self.options.seed,
        })
    }

    /// The problem's own design, which has to pass before anybody is judged.
    fn golden(&self) -> Option<Arc<Submission>> {
        let (files, top) = self.files.golden()?;
        let file = |text: &SourceText| SourceFile {
            name: text.name.clone(),
            contents: text.contents.clone(),
        };
        let files = files.iter().map(file).collect();
        Some(Arc::new(Submission { files, top: top.to_owned() }))
    }

    /// The problem of a test bench: its golden analysed, its bench recorded.
    async fn record_golden(
        &self,
        golden: &Arc<Submission>,
        order: &Order,
    ) -> Result<Arc<Problem>, Verdict> {
        let key = analyse::key(golden, order.board.device, &self.context.toolbox.records());
        let analysis = match self.context.analyses.find(&key) {
            Some(analysis) => analysis,
            None => {
                let phases = self.reporter.subject(Subject::Golden);
                let order = order.for_golden();
                let mut findings = Findings::default();
                let golden = Arc::clone(golden);
                let design =
                    build::synthesise(self.context, &phases, golden, &order, &mut findings)
                        .await
                        .map_err(golden_failed)?;
                let analysis = analyse::of_design(&design);
                self.context.analyses.keep(&key, &analysis);
                analysis
            }
        };
        Ok(self.record(analysis).await?)
    }

    async fn record(&self, analysis: Analysis) -> Result<Arc<Problem>, Fault> {
        let recorder = Arc::clone(&self.context.recorder);
        let files = Arc::clone(&self.files);
        let recording = blocking(move || recorder.record(&files, &analysis));
        let problem =
            self.reporter.subject(Subject::Problem).run(Phase::Record, recording).await??;
        Ok(Arc::new(problem))
    }

    /// Takes the golden through the whole chain, unless that was done before.
    async fn prove(
        &self,
        problem: &Arc<Problem>,
        golden: Option<&Arc<Submission>>,
        place: &mut dyn Place,
        order: &Order,
    ) -> Result<(), Verdict> {
        // Vectors without a golden cannot prove themselves.
        let Some(golden) = golden else { return Ok(()) };
        let tools = self.context.toolbox.records();
        let fixture = self.context.flow.fixture_sha256();
        let measured_on = place.measured_on();
        let claim = Claim {
            problem,
            golden,
            tools: &tools,
            fixture,
            firmware: &order.firmware.sha256,
            board_kind: &order.board.kind,
            measured_on,
        };
        if self.context.proofs.has(&claim) {
            self.reporter.send(Event::Cached { phase: Phase::Proof });
            return Ok(());
        }
        let passing = self.pass(problem, golden, place, order);
        self.reporter
            .subject(Subject::Problem)
            .run(Phase::Proof, passing)
            .await
            .map_err(golden_failed)?;
        self.context.proofs.keep(&claim)?;
        Ok(())
    }

    /// Whether the golden passes; `Err` is what happened to it instead.
    async fn pass(
        &self,
        problem: &Arc<Problem>,
        golden: &Arc<Submission>,
        place: &mut dyn Place,
        order: &Order,
    ) -> Result<(), Verdict> {
        let phases = self.reporter.subject(Subject::Golden);
        let order = order.for_golden();
        let mut findings = Findings::default();
        let golden = Arc::clone(golden);
        let design =
            build::synthesise(self.context, &phases, golden, &order, &mut findings).await?;
        let built = build::implement(self.context, &phases, design, &order, &mut findings).await?;
        let mut link = LinkRecord::default();
        let plays = match self.answers(&phases, place, &built, problem, &mut link).await {
            // It may be the company's fault.
            Err(_) if built.is_shared => {
                let (design, findings) = (Arc::clone(&built.design), &mut findings);
                let alone =
                    build::implement_alone(self.context, &phases, design, &order, findings).await?;
                self.answers(&phases, place, &alone, problem, &mut link).await?
            }
            plays => plays?,
        };
        let scores = phases.run(Phase::Compare, async { score(problem, &plays) }).await;
        match scores.mismatch() {
            // How many samples there are is the problem's to answer for.
            None => Ok(()),
            Some(_) => Err(conclude(problem, &scores, 1)),
        }
    }

    /// What the board answers, when it is this evaluation's turn.
    async fn answers(
        &self,
        phases: &Phases,
        place: &mut dyn Place,
        built: &Built,
        problem: &Arc<Problem>,
        link: &mut LinkRecord,
    ) -> Result<Vec<Play>, Fault> {
        let wiring = wire(problem, built)?;
        let _turn = self.context.turn().await;
        Playing { phases, built, problem, wiring: &wiring }.play(place, link).await
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
        let mut link = LinkRecord::default();
        let plays = self.answers(phases, place, built, problem, &mut link).await;
        draft.report.link = Some(link);
        let plays = plays?;
        phases
            .run(Phase::Compare, async {
                let scores = score(problem, &plays);
                draft.score(problem, &scores);
                if let Some((unknown, _, mismatch)) = scores.mismatch()
                    && let Some((_, responses)) = plays.iter().find(|(u, _)| *u == unknown)
                {
                    draft.report.mismatch_window =
                        Some(mismatch_window(problem, responses, unknown, mismatch));
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

/// The verdict on a candidate whose problem's golden met with `verdict`.
fn golden_failed(verdict: Verdict) -> Verdict {
    match (verdict.outcome, verdict.stage) {
        (Outcome::Fault, _) | (_, Some(Stage::Inconclusive(InconclusiveReason::FixtureRoom))) => {
            verdict
        }
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

fn wire(problem: &Problem, built: &Built) -> Result<Arc<Wiring>, Fault> {
    Wiring::new(problem, built.interface(), built.event_inputs(), built.player())
        .map(Arc::new)
        .map_err(|error| Fault::new(FaultPlace::Host, error.to_string()))
}

fn score(problem: &Problem, plays: &[Play]) -> Scores {
    Scores {
        plays: plays
            .iter()
            .map(|(unknown, responses)| (*unknown, compare(problem, responses)))
            .collect(),
        unknown_inputs_matter: plays.windows(2).any(|pair| pair[0].1.differ(&pair[1].1, problem)),
    }
}

fn provenance(submission: &Submission, options: &Options) -> Provenance {
    Provenance {
        seed: options.seed,
        forbid_latches: options.forbid_latches,
        submission_sha256: submission_sha256(submission),
        ..Provenance::default()
    }
}

fn submission_sha256(submission: &Submission) -> String {
    let mut hasher = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hasher.update((bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    part(submission.top.as_bytes());
    for file in &submission.files {
        part(file.name.as_bytes());
        part(&file.contents);
    }
    hex::encode(hasher.finalize())
}
