//! A report while it is being written.

use crate::bench::other_comparison;
use crate::build::{Findings, note};
use crate::conclude::Scores;
use crate::evaluation::{Evaluation, Options};
use crate::event::{Event, Reporter, Subject, millis};
use crate::golden::GoldenFacts;
use crate::play::Play;
use crate::refusals::Refusal;
use crate::scoreboard::never_checked;
use crate::simulated::{not_simulated, simulated};
use filbench_flow::Submission;
use filbench_model::{
    FrontEnd, Problem, Provenance, Report, StimulusRecord, StimulusSource, Verdict,
};
use filbench_stimulus::{CandidateSimulation, Toggles};
use sha2::{Digest, Sha256};
use std::time::{Instant, SystemTime};

/// The key of the whole evaluation's wall time in a report's durations.
pub const TOTAL: &str = "total";

/// The candidate in simulation.
#[derive(Debug)]
pub(crate) enum InSimulation {
    /// Nobody asked.
    NotAsked,
    /// The simulator cannot read it, and why.
    Unreadable(String),
    /// It was simulated.
    Simulated(CandidateSimulation),
}

/// A report without its verdict.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) report: Report,
    pub(crate) findings: Findings,
    pub(crate) golden: Option<GoldenFacts>,
    simulation: InSimulation,
    started: Instant,
}

impl Draft {
    pub(crate) fn new(submission: &Submission, options: &Options) -> Self {
        Self {
            started: Instant::now(),
            findings: Findings::default(),
            golden: None,
            simulation: InSimulation::NotAsked,
            report: Report::new(
                // Replaced by `finish`, the only way to the report.
                Verdict::pass(""),
                Provenance {
                    filbench: env!("CARGO_PKG_VERSION").to_owned(),
                    started_at: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
                    ..provenance(submission, options)
                },
            ),
        }
    }

    /// What is known as soon as the problem is.
    pub(crate) fn problem(&mut self, problem: &Problem) {
        let report = &mut self.report;
        report.provenance.problem_sha256 = problem.source_sha256.clone();
        report.provenance.stimulus_seed = problem.source.seed();
        let exhaustive =
            matches!(problem.source, StimulusSource::Generated { exhaustive: true, .. });
        report.stimulus = Some(StimulusRecord {
            source: problem.source.name().to_owned(),
            seed: problem.source.seed(),
            exhaustive,
            steps: problem.steps.len(),
            toggled_nets: None,
            nets: None,
        });
    }

    /// How much of the golden its stimulus moves.
    pub(crate) fn toggles(&mut self, toggles: Option<Toggles>) {
        if let (Some(stimulus), Some(toggles)) = (&mut self.report.stimulus, toggles) {
            stimulus.toggled_nets = Some(toggles.toggled);
            stimulus.nets = Some(toggles.nets);
        }
    }

    /// What the scoreboard says: the play with the first mismatch, or the
    /// first play where nothing differs.
    pub(crate) fn score(&mut self, problem: &Problem, scores: &Scores) {
        let wrong = scores.mismatch().map(|(_, score, _)| score);
        let Some(score) = wrong.or_else(|| scores.plays.first().map(|(_, score)| score)) else {
            return;
        };
        let report = &mut self.report;
        report.checked_samples = score.checked_samples;
        report.masked_samples = score.masked_samples;
        report.mismatching_samples = Some(score.mismatching_samples);
        report.mismatch = score.mismatch.clone();
        report.unknown_inputs_matter = scores.unknown_inputs_matter;
        report.output_bits_never_checked = Some(never_checked(problem));
        report.other_comparison = other_comparison(problem, scores, report.provenance.min_samples);
    }

    /// How the candidate does in simulation, if anybody asked.
    pub(crate) fn simulate(
        &mut self,
        problem: &Problem,
        simulation: InSimulation,
        reporter: &Reporter,
    ) {
        if let InSimulation::Simulated(simulation) = &simulation {
            let phases = reporter.subject(Subject::Simulation);
            note(&phases, &mut self.findings, &simulation.diagnostics);
        }
        self.simulation = simulation;
        self.played(problem, &[]);
    }

    /// The verdict that ends the evaluation, with what is said of the problem before
    /// everything else: it is the reason.
    pub(crate) fn refuse(&mut self, refusal: Refusal, reporter: &Reporter) -> Verdict {
        let Refusal { verdict, diagnostics, again: _ } = refusal;
        for diagnostic in &diagnostics {
            reporter.send(Event::Diagnostic(diagnostic.clone()));
        }
        self.findings.diagnostics.splice(0..0, diagnostics);
        verdict
    }

    /// Compares the simulation with what a board answered.
    pub(crate) fn played(&mut self, problem: &Problem, plays: &[Play]) {
        self.report.simulated = match &self.simulation {
            InSimulation::NotAsked => None,
            InSimulation::Unreadable(why) => Some(not_simulated(why.clone())),
            InSimulation::Simulated(simulation) => {
                Some(simulated(problem, &simulation.runs, plays))
            }
        };
    }

    /// The record, whole.
    pub(crate) fn finish(self, verdict: Verdict, reporter: &Reporter) -> Evaluation {
        let Self { mut report, findings, golden, simulation: _, started } = self;
        report.verdict = verdict;
        report.resources = findings.resources;
        report.timing = findings.timing;
        report.timing_alone = findings.timing_alone;
        report.critical_paths = findings.critical_paths;
        report.front_end = findings.front_end;
        report.diagnostics = findings.diagnostics;
        if report.front_end != Some(FrontEnd::Ghdl) {
            report.provenance.tools.retain(|tool| tool.name != FrontEnd::Ghdl.name());
        }
        report.provenance.netlist_hash = findings.netlist_hash;
        report.provenance.bitstream_sha256 = findings.bitstream_sha256;
        report.provenance.slot = findings.slot;
        report.durations_ms = reporter
            .durations()
            .into_iter()
            .map(|(phase, duration)| (phase.name().to_owned(), millis(duration)))
            .chain([(TOTAL.to_owned(), millis(started.elapsed()))])
            .collect();
        let timing_alone = findings.golden_timing_alone;
        let golden = golden.map(|golden| GoldenFacts { timing_alone, ..golden });
        Evaluation { report, artifacts: findings.artifacts, golden }
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
