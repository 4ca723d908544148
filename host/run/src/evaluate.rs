//! The evaluation itself: who waits for whom, and which verdict goes first.

mod answers;
mod problem;

use crate::alone;
use crate::analyse::{self, Known};
use crate::build::{self, Findings, Order};
use crate::conclude::{conclude, follows_the_design, may_be_the_design, min_samples, unjudgeable};
use crate::context::{Context, blocking};
use crate::draft::Draft;
use crate::evaluation::{Evaluation, Options, Tier};
use crate::event::{Event, Phases, Reporter, Subject};
use crate::golden::{GoldenFacts, accepts, golden_failed, golden_submission};
use crate::refusals::Refusal;
use crate::toggles;
use filbench_board::Board;
use filbench_flow::{Design, Policy, Submission};
use filbench_lab::{Place, Selector};
use filbench_model::{Fault, FaultPlace, InconclusiveReason, Interface, TimingAlone, Verdict};
use filbench_stimulus::ProblemFiles;
use filbench_toolbox::ToolboxError;
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
    let mut draft = Draft::new(&submission, options);
    draft.report.compare = problem.comparison();
    draft.report.provenance.forbid_latches = forbid_latches(options, &problem);
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
        Ok(verdict) => verdict,
        Err(refusal) => draft.refuse(refusal, &reporter),
    };
    reporter.send(Event::Verdict(verdict.clone()));
    draft.finish(verdict, &reporter)
}

/// Whether a design with latches fails: whoever judges may be stricter than the problem.
fn forbid_latches(options: &Options, problem: &ProblemFiles) -> bool {
    options.forbid_latches || problem.policy().forbid_latches
}

/// The evaluation of a submission that could not even begin.
pub fn fault_report(submission: &Submission, options: &Options, fault: Fault) -> Evaluation {
    verdict_report(submission, options, fault.into())
}

/// The evaluation of a submission whose verdict is known without it.
pub fn verdict_report(submission: &Submission, options: &Options, verdict: Verdict) -> Evaluation {
    let (events, _) = mpsc::unbounded_channel();
    Draft::new(submission, options).finish(verdict, &Reporter::new(events))
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
    /// `Err` ends the evaluation early.
    async fn judge(&self, selector: &Selector, draft: &mut Draft) -> Result<Verdict, Refusal> {
        self.prepare(draft).await?;
        let mut place = self.context.table.open(selector)?;
        let order = self.order(place.as_ref())?;
        let phases = self.reporter.subject(Subject::Candidate);

        let golden = self.golden();
        // The golden itself, built in the way in which goldens are proven: its
        // evaluation is its proof.
        let is_golden = order.is_for_golden() && golden.as_ref() == Some(&self.submission);
        let synthesis = build::synthesise(
            self.context,
            &phases,
            Arc::clone(&self.submission),
            &order,
            &mut draft.findings,
        );
        let (known, problem, design) = match &golden {
            Some(golden) if is_golden => {
                let design = synthesis.await.map_err(golden_failed)?;
                let known = Known::of_design(&design);
                self.context.analyses.keep(&self.analysis_key(golden, &order)?, &known);
                let problem = self.record(&known.analysis).await;
                (Some(known), problem, Ok(design))
            }
            Some(golden) => {
                let recording = async {
                    let known = self.analyse(golden, &order).await?;
                    let problem = self.record(&known.analysis).await;
                    Ok::<_, Refusal>((known, problem))
                };
                let (recorded, design) = tokio::join!(recording, synthesis);
                let (known, problem) = recorded?;
                (Some(known), problem, design)
            }
            // The problem says which ports there are. Vectors say nothing about
            // events; the candidate's own netlist has to.
            None => {
                let ports = self.ports()?;
                let design = synthesis.await?.named_like(&ports);
                let differences = ports.compare(&design.interface);
                if !differences.is_empty() {
                    return Err(Verdict::interface(&differences).into());
                }
                let problem = self.record(&analyse::of_design(&design)).await;
                (None, problem, Ok(design))
            }
        };
        draft.golden = known.as_ref().map(|known| GoldenFacts::new(known, Vec::new()));
        let Some(problem) = problem? else {
            let ports = known.map(|known| known.analysis.interface);
            let findings = &mut draft.findings;
            return Ok(self.stop_early(&phases, design?, ports.as_ref(), &order, findings).await?);
        };
        draft.problem(&problem);
        let min_samples = min_samples(&problem, self.options.min_samples, self.files.policy());
        draft.report.provenance.min_samples = min_samples;
        if let Some(verdict) = unjudgeable(&problem) {
            return Err(verdict.into());
        }

        let unproven = golden.as_ref().filter(|_| !is_golden);
        let golden_design = design.as_ref().ok().filter(|_| is_golden).cloned();
        let (proof, built, simulation, toggles) = tokio::join!(
            async {
                let timing = self.prove(&problem, unproven, place.as_mut(), &order).await?;
                Ok::<_, Refusal>((timing, self.golden_alone(&order).await?))
            },
            async {
                let design = design?.named_like(&problem.interface);
                let differences = problem.interface.compare(&design.interface);
                if !differences.is_empty() {
                    return Err(Verdict::interface(&differences));
                }
                let findings = &mut draft.findings;
                let built = build::implement(self.context, &phases, design, &order, findings);
                let built = built.await?;
                self.time_alone(&phases, &built.design, &order, findings).await?;
                Ok(built)
            },
            self.simulate(&problem),
            toggles::counted(
                self.context,
                &self.files,
                golden.as_ref(),
                golden_design,
                &problem,
                &order
            ),
        );
        draft.toggles(toggles);
        draft.simulate(&problem, simulation?, &self.reporter);
        let (golden_timing, golden_timing_alone) = proof?;
        draft.findings.golden_timing_alone = golden_timing_alone;
        let built = if is_golden { built.map_err(golden_failed) } else { built }?;
        if golden.as_ref() == Some(&self.submission) {
            draft.findings.golden_timing_alone = draft.findings.timing_alone.clone();
        }

        draft.report.measured_on = Some(place.measured_on());
        draft.report.board = Some(place.record());
        let scores = match self.play(&phases, place.as_mut(), &built, &problem, draft).await {
            // It may be the company's fault.
            Err(fault) if built.is_shared => {
                self.reporter.send(Event::Retrying { fault });
                let (design, findings) = (Arc::clone(&built.design), &mut draft.findings);
                let alone =
                    build::implement_alone(self.context, &phases, design, &order, findings).await?;
                self.play(&phases, place.as_mut(), &alone, &problem, draft).await
            }
            played => played,
        };
        let scores = match (scores, &golden) {
            (Err(fault), Some(golden)) if !is_golden && may_be_the_design(&fault) => {
                let known_good = self.pass(&problem, golden, place.as_mut(), &order).await;
                let verdict =
                    known_good.map_or(fault.clone().into(), |_| follows_the_design(&fault));
                return Err(verdict.into());
            }
            (scores, _) => scores?,
        };
        let mut verdict = conclude(&problem, &scores, min_samples);
        if let Some((_, _, mismatch)) = scores.mismatch() {
            let (files, problem, step) =
                (Arc::clone(&self.files), Arc::clone(&problem), mismatch.step);
            if let Some(place) = blocking(move || files.place_of(&problem, step)).await? {
                verdict.reason = format!("{}; the step is from {place}", verdict.reason);
            }
        }
        let (true, Some(golden)) = (is_golden, &golden) else {
            draft.golden = known.map(|known| GoldenFacts::new(&known, golden_timing));
            return Ok(verdict);
        };
        if !accepts(&problem, &scores) {
            return Err(golden_failed(verdict).into());
        }
        let timing = draft.findings.timing.clone();
        let tools = self.context.toolbox.records();
        let claim = self.claim(&problem, golden, place.measured_on(), &tools, &order)?;
        self.context.proofs.keep(&claim.file_name(), &claim, &timing)?;
        draft.golden = known.map(|known| GoldenFacts::new(&known, timing));
        Ok(verdict)
    }

    /// The golden's timing by itself, where that was asked for and it is not the candidate's.
    async fn golden_alone(&self, order: &Order) -> Result<Option<TimingAlone>, Verdict> {
        let golden = self.golden().filter(|golden| *golden != self.submission);
        let (Some(count), Some(golden)) = (self.options.seeds_alone(), golden) else {
            return Ok(None);
        };
        let phases = self.reporter.subject(Subject::Golden);
        let timed = alone::of_golden(self.context, &phases, &golden, order, count).await;
        timed.map(Some).map_err(golden_failed)
    }

    /// The design's timing by itself, where that was asked for, and what the policy says of
    /// it.
    async fn time_alone(
        &self,
        phases: &Phases,
        design: &Arc<Design>,
        order: &Order,
        findings: &mut Findings,
    ) -> Result<(), Verdict> {
        let Some(count) = self.options.seeds_alone() else { return Ok(()) };
        let timing = alone::time(self.context, phases, design, order, count).await?;
        let checked = self.options.min_mhz.map_or(Ok(()), |mhz| alone::check(&timing, mhz));
        findings.timing_alone = Some(timing);
        checked
    }

    /// The end of an evaluation that does not go as far as a board.
    async fn stop_early(
        &self,
        phases: &Phases,
        design: Arc<Design>,
        ports: Option<&Interface>,
        order: &Order,
        findings: &mut Findings,
    ) -> Result<Verdict, Verdict> {
        let design = match ports {
            Some(ports) => design.named_like(ports),
            None => design,
        };
        let differences = ports.map(|ports| ports.compare(&design.interface)).unwrap_or_default();
        if !differences.is_empty() {
            return Err(Verdict::interface(&differences));
        }
        let got_through = match self.options.tier {
            Tier::Synth => "synthesis",
            Tier::Pnr | Tier::Board => {
                let built = build::implement(self.context, phases, design, order, findings).await?;
                let timed = self.time_alone(phases, &built.design, order, findings).await;
                findings.golden_timing_alone = match self.golden() {
                    Some(golden) if golden == self.submission => findings.timing_alone.clone(),
                    _ => self.golden_alone(order).await?,
                };
                timed?;
                "place and route"
            }
        };
        Ok(Verdict::inconclusive(
            InconclusiveReason::NotPlayed,
            format!(
                "got through {got_through}; not played, as asked (--tier {})",
                if self.options.tier == Tier::Synth { "synth" } else { "pnr" }
            ),
        ))
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
                forbid_latches: forbid_latches(self.options, &self.files),
                front_end: self.options.front_end,
            },
            board: Arc::new(board),
            firmware: Arc::clone(&self.firmware),
            seed: self.options.seed,
        })
    }

    /// The problem's own design, which has to pass before anybody is judged.
    fn golden(&self) -> Option<Arc<Submission>> {
        golden_submission(&self.files).map(Arc::new)
    }
}
