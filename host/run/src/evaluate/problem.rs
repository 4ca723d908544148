//! The problem of an evaluation: what its golden is, its recording, its proof.

use super::Job;
use crate::analyse::{self, Known};
use crate::build::{self, Findings, Order};
use crate::conclude::conclude;
use crate::context::blocking;
use crate::evaluation::Tier;
use crate::event::{Event, Phase, Subject};
use crate::fingerprint::Fingerprint;
use crate::golden::{accepts, broken, readable, refused};
use crate::proof::Claim;
use crate::refusals::Refusal;
use filbench_flow::Submission;
use filbench_lab::Place;
use filbench_model::{
    ClockTiming, Fault, Interface, LinkRecord, MeasuredOn, Problem, ToolRecord, Verdict,
};
use filbench_stimulus::{Analysis, RecordError};
use std::fmt::Debug;
use std::sync::Arc;

impl Job<'_> {
    pub(super) fn analysis_key(&self, golden: &Submission, order: &Order) -> Result<String, Fault> {
        let program = self.context.program_sha256()?;
        let tools = self.context.toolbox.records();
        Ok(analyse::key(golden, program, order.board.device, &tools))
    }

    /// What the golden's netlist says, from the cache or by synthesis.
    pub(super) async fn analyse(
        &self,
        golden: &Arc<Submission>,
        order: &Order,
    ) -> Result<Known, Refusal> {
        let key = self.analysis_key(golden, order)?;
        let refusal = self.refusal("analysis", &key)?;
        let work = async {
            if let Some(known) = self.context.analyses.find(&key) {
                return Ok(known);
            }
            if let Some(found) = self.context.refusals.find(&refusal) {
                return Err(found);
            }
            let phases = self.reporter.subject(Subject::Golden);
            let order = order.for_golden();
            let mut findings = Findings::default();
            let golden = Arc::clone(golden);
            let design =
                build::synthesise(self.context, &phases, golden, &order, &mut findings).await;
            let design = design.map_err(|verdict| {
                let refused = refused(verdict, findings.diagnostics);
                self.context.refusals.keep(&refusal, &refused);
                refused
            });
            let known = Known::of_design(&*design?);
            self.context.analyses.keep(&key, &known);
            Ok(known)
        };
        self.context.analysing.join(&key, work).await
    }

    /// The ports of a problem without a golden.
    pub(super) fn ports(&self) -> Result<Interface, Refusal> {
        let unknown = || RecordError::NoPorts { problem: self.files.name().to_owned() };
        let ports = self.files.ports().map_err(RecordError::from);
        ports.and_then(|ports| ports.ok_or_else(unknown)).map_err(broken)
    }

    /// The recorded problem; `None` where the evaluation needs none, since it
    /// ends before the board.
    pub(super) async fn record(
        &self,
        analysis: &Analysis,
    ) -> Result<Option<Arc<Problem>>, Refusal> {
        if self.options.tier != Tier::Board {
            return Ok(None);
        }
        let tools = self.context.toolbox.records();
        let name = self.refusal("recording", &(&self.files, analysis, tools))?;
        let recording = self.context.recording.join(&name, async {
            if let Some(refusal) = self.context.refusals.find(&name) {
                return Err(refusal);
            }
            let recorder = Arc::clone(&self.context.recorder);
            let (files, analysis) = (readable(self.context, &self.files).await?, analysis.clone());
            let recorded = blocking(move || recorder.record(&files, &analysis)).await?;
            recorded.map(Arc::new).map_err(|error| {
                let refusal = broken(error);
                self.context.refusals.keep(&name, &refusal);
                refusal
            })
        });
        self.reporter.subject(Subject::Problem).run(Phase::Record, recording).await.map(Some)
    }

    /// Names a refusal of the problem for something that `facts` decide.
    fn refusal(&self, of: &str, facts: &impl Debug) -> Result<String, Fault> {
        let program = self.context.program_sha256()?;
        Ok(Fingerprint::default().add(&program).add(&of).add(facts).name())
    }

    pub(super) fn claim<'a>(
        &'a self,
        problem: &'a Problem,
        golden: &'a Submission,
        measured_on: MeasuredOn,
        tools: &'a [ToolRecord],
        order: &'a Order,
    ) -> Result<Claim<'a>, Fault> {
        Ok(Claim {
            problem,
            golden,
            tools,
            program: self.context.program_sha256()?,
            fixture: self.context.flow.fixture_sha256(),
            firmware: &order.firmware.sha256,
            board_kind: &order.board.kind,
            measured_on,
        })
    }

    /// Takes the golden through the whole chain, unless that was done before;
    /// gives its timing.
    pub(super) async fn prove(
        &self,
        problem: &Arc<Problem>,
        golden: Option<&Arc<Submission>>,
        place: &mut dyn Place,
        order: &Order,
    ) -> Result<Vec<ClockTiming>, Refusal> {
        // Vectors without a golden cannot prove themselves.
        let Some(golden) = golden else { return Ok(Vec::new()) };
        let tools = self.context.toolbox.records();
        let claim = self.claim(problem, golden, place.measured_on(), &tools, order)?;
        let name = claim.file_name();
        let refusal = self.refusal("proof", &name)?;
        let work = async {
            if let Some(timing) = self.context.proofs.find(&name) {
                self.reporter.send(Event::Cached { phase: Phase::Proof });
                return Ok(timing);
            }
            if let Some(found) = self.context.refusals.find(&refusal) {
                self.reporter.send(Event::Cached { phase: Phase::Proof });
                return Err(found);
            }
            let measured_on = place.measured_on();
            let passing = self.pass(problem, golden, place, order);
            let passed = self.reporter.subject(Subject::Problem).run(Phase::Proof, passing).await;
            let passed = passed.map_err(|verdict| refused(verdict, Vec::new()));
            match &passed {
                Ok(timing) => self.context.proofs.keep(&name, &claim, timing)?,
                // A virtual board would do the same again.
                Err(refused) if measured_on == MeasuredOn::Virtual => {
                    self.context.refusals.keep(&refusal, refused);
                }
                Err(_) => {}
            }
            passed
        };
        self.context.proving.join(&name, work).await
    }

    /// The golden's timing if it passes; `Err` is what happened to it instead.
    pub(super) async fn pass(
        &self,
        problem: &Arc<Problem>,
        golden: &Arc<Submission>,
        place: &mut dyn Place,
        order: &Order,
    ) -> Result<Vec<ClockTiming>, Verdict> {
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
        let scores = phases.run(Phase::Compare, self.score(problem, &plays)).await?;
        // How many samples there are is the problem's to answer for.
        if accepts(problem, &scores) {
            Ok(findings.timing)
        } else {
            Err(conclude(problem, &scores, 1))
        }
    }
}
