//! The figures of a whole suite.

use crate::ratios::capped_mean;
use crate::{KnownBadProblem, ProblemClass, Ratios, SuiteResults, pass_at_k, verilog_eval_letter};
use filbench_model::{MeasuredOn, Outcome};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The `schema` field of every [`Summary`].
pub const SUMMARY_SCHEMA: &str = "filbench.summary/1";

/// The k of pass@k that are stated, as far as there are samples.
const KS: [u64; 6] = [1, 2, 5, 10, 20, 100];

/// How many evaluations ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcomes {
    /// `pass`.
    pub pass: u64,
    /// `fail`.
    pub fail: u64,
    /// `inconclusive`.
    pub inconclusive: u64,
    /// `fault`.
    pub fault: u64,
}

impl Outcomes {
    fn add(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Pass => self.pass += 1,
            Outcome::Fail => self.fail += 1,
            Outcome::Inconclusive => self.inconclusive += 1,
            Outcome::Fault => self.fault += 1,
        }
    }

    /// All of them.
    pub fn total(&self) -> u64 {
        self.pass + self.fail + self.inconclusive + self.fault
    }

    /// The number of each outcome, in the order of reports.
    pub fn each(&self) -> [(Outcome, u64); 4] {
        [
            (Outcome::Pass, self.pass),
            (Outcome::Fail, self.fail),
            (Outcome::Inconclusive, self.inconclusive),
            (Outcome::Fault, self.fault),
        ]
    }
}

/// One line of pass@k.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PassAtK {
    /// Samples that may be tried.
    pub k: u64,
    /// The mean over the problems of the unbiased estimate.
    pub estimate: f64,
    /// Problems with at least `k` judged samples; the others are not in the
    /// mean.
    pub problems: u64,
}

/// A cost against the golden's, over the evaluations that pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CostScore {
    /// The mean of min(x, 2·golden) / golden; below 1 is better than the
    /// golden.
    pub mean: Option<f64>,
    /// Passing evaluations with a ratio. A golden of 0 gives none.
    pub evaluations: u64,
}

/// Wall time of one phase over the evaluations in which it ran, in ms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhaseTimes {
    /// Evaluations in which the phase ran.
    pub evaluations: u64,
    /// Over all of them.
    pub total_ms: u64,
    /// The 5th percentile.
    pub p5_ms: u64,
    /// The 25th percentile.
    pub p25_ms: u64,
    /// The median.
    pub median_ms: u64,
    /// The 75th percentile.
    pub p75_ms: u64,
    /// The 95th percentile.
    pub p95_ms: u64,
}

impl PhaseTimes {
    /// Percentiles by nearest rank.
    fn of(mut times: Vec<u64>) -> Self {
        times.sort_unstable();
        let at = |percent: usize| match times.len() {
            0 => 0,
            count => times[(count * percent).div_ceil(100).clamp(1, count) - 1],
        };
        Self {
            evaluations: times.len() as u64,
            total_ms: times.iter().sum(),
            p5_ms: at(5),
            p25_ms: at(25),
            median_ms: at(50),
            p75_ms: at(75),
            p95_ms: at(95),
        }
    }
}

/// `summary.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// [`SUMMARY_SCHEMA`].
    pub schema: String,
    /// The suite, or what it was called with.
    pub title: String,
    /// Problems that are counted.
    pub problems: u64,
    /// Verdicts of the evaluations that are counted.
    pub outcomes: Outcomes,
    /// Passes over passes and fails; `inconclusive` and `fault` say nothing
    /// about a design.
    pub pass_rate: Option<f64>,
    /// Of the problems with judged samples.
    pub pass_at_k: Vec<PassAtK>,
    /// By the class of the problem.
    pub classes: BTreeMap<ProblemClass, Outcomes>,
    /// Failing evaluations by stage.
    pub fail_stages: BTreeMap<String, u64>,
    /// Inconclusive evaluations by reason.
    pub inconclusive_reasons: BTreeMap<String, u64>,
    /// Faults by place.
    pub fault_places: BTreeMap<String, u64>,
    /// VerilogEval's letters; see [`verilog_eval_letter`].
    pub verilog_eval_letters: BTreeMap<char, u64>,
    /// Look-up tables against the golden's.
    pub lut4_score: CostScore,
    /// Flip-flops against the golden's.
    pub ff_score: CostScore,
    /// Predicted period (1/fmax) against the golden's.
    pub delay_score: CostScore,
    /// By phase; `total` is the whole evaluation.
    pub times: BTreeMap<String, PhaseTimes>,
    /// Verdicts of the simulated evaluations by what simulation says.
    #[serde(default)]
    pub simulated: BTreeMap<String, Outcomes>,
    /// Evaluations in which simulation and board disagree, by how.
    #[serde(default)]
    pub sim_board_disagreements: BTreeMap<String, u64>,
    /// Evaluations on a virtual board.
    pub on_virtual: u64,
    /// Evaluations on a physical board.
    pub on_physical: u64,
    /// The boards, as `kind (device package, id)`.
    pub boards: BTreeSet<String>,
    /// Tools and their versions, as `name version`.
    pub tools: BTreeSet<String>,
    /// The known-bad list that is applied, and only that: what it names is
    /// not counted above.
    pub known_bad: Option<Vec<KnownBadProblem>>,
    /// Evaluations that the list leaves out.
    pub left_out: u64,
}

impl Summary {
    /// Counts `results`.
    pub fn of(results: &SuiteResults) -> Self {
        let mut summary = Self {
            schema: SUMMARY_SCHEMA.to_owned(),
            title: results.title.clone(),
            problems: 0,
            outcomes: Outcomes::default(),
            pass_rate: None,
            pass_at_k: estimates(results),
            classes: BTreeMap::new(),
            fail_stages: BTreeMap::new(),
            inconclusive_reasons: BTreeMap::new(),
            fault_places: BTreeMap::new(),
            verilog_eval_letters: BTreeMap::new(),
            lut4_score: score(results, |ratios| ratios.lut4),
            ff_score: score(results, |ratios| ratios.ff),
            delay_score: score(results, |ratios| ratios.delay),
            times: BTreeMap::new(),
            simulated: BTreeMap::new(),
            sim_board_disagreements: BTreeMap::new(),
            on_virtual: 0,
            on_physical: 0,
            boards: BTreeSet::new(),
            tools: BTreeSet::new(),
            known_bad: results.known_bad.as_ref().map(|list| list.problems.clone()),
            left_out: 0,
        };
        let mut problems = BTreeSet::new();
        let mut times: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
        for record in results.counted() {
            let report = &record.report;
            problems.insert(record.problem.as_str());
            let outcome = report.verdict.outcome;
            summary.outcomes.add(outcome);
            summary.classes.entry(record.class).or_default().add(outcome);
            let by_stage = match outcome {
                Outcome::Pass => None,
                Outcome::Fail => Some(&mut summary.fail_stages),
                Outcome::Inconclusive => Some(&mut summary.inconclusive_reasons),
                Outcome::Fault => Some(&mut summary.fault_places),
            };
            if let (Some(stages), Some(stage)) = (by_stage, report.verdict.stage) {
                *stages.entry(stage.to_string()).or_default() += 1;
            }
            let letter = verilog_eval_letter(&report.verdict);
            *summary.verilog_eval_letters.entry(letter).or_default() += 1;
            if let Some(simulated) = &report.simulated {
                let said = simulated.outcome.to_string();
                summary.simulated.entry(said).or_default().add(outcome);
                if let Some(differs) = &simulated.sim_board_disagreement {
                    let kind = differs.kind.to_string();
                    *summary.sim_board_disagreements.entry(kind).or_default() += 1;
                }
            }
            match report.measured_on {
                Some(MeasuredOn::Virtual) => summary.on_virtual += 1,
                Some(MeasuredOn::Physical) => summary.on_physical += 1,
                None => {}
            }
            if let Some(board) = &report.board {
                summary.boards.insert(format!(
                    "{} ({} {}, {})",
                    board.kind, board.device, board.package, board.id
                ));
            }
            for tool in &report.provenance.tools {
                summary.tools.insert(format!("{} {}", tool.name, tool.version));
            }
            for (phase, ms) in &report.durations_ms {
                times.entry(phase).or_default().push(*ms);
            }
        }
        let judged = summary.outcomes.pass + summary.outcomes.fail;
        summary.pass_rate = (judged > 0).then(|| summary.outcomes.pass as f64 / judged as f64);
        summary.problems = problems.len() as u64;
        summary.left_out = results.records().len() as u64 - summary.outcomes.total();
        summary.times = times
            .into_iter()
            .map(|(phase, times)| (phase.to_owned(), PhaseTimes::of(times)))
            .collect();
        summary
    }
}

fn estimates(results: &SuiteResults) -> Vec<PassAtK> {
    let judged = results.judged();
    KS.into_iter()
        .filter_map(|k| {
            let estimates: Vec<f64> = judged
                .values()
                .filter_map(|&(samples, passes)| pass_at_k(samples, passes, k))
                .collect();
            let problems = estimates.len() as u64;
            (problems > 0).then(|| PassAtK {
                k,
                estimate: estimates.iter().sum::<f64>() / problems as f64,
                problems,
            })
        })
        .collect()
}

fn score(results: &SuiteResults, ratio: fn(&Ratios) -> Option<f64>) -> CostScore {
    let ratios: Vec<f64> = results
        .counted()
        .filter(|record| record.report.verdict.outcome == Outcome::Pass)
        .filter_map(|record| ratio(&Ratios::of(record)))
        .collect();
    CostScore { evaluations: ratios.len() as u64, mean: capped_mean(ratios) }
}
