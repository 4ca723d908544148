//! What got better and what got worse from one result to another.

use crate::{Record, SuiteResults, design_fmax, mcnemar};
use filbench_model::{Outcome, Resources};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The `schema` field of every [`Difference`].
pub const DIFFERENCE_SCHEMA: &str = "filbench.difference/1";

/// A change of predicted fmax of at most this share is noise: placements with
/// other seeds of one and the same netlist were seen that far apart (±9 %).
pub const FMAX_NOISE: f64 = 0.09;

/// One evaluation with another verdict than before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerdictChange {
    /// The problem.
    pub problem: String,
    /// The sample.
    pub sample: String,
    /// The verdict in A, as `fail (mismatch)`.
    pub from: String,
    /// The verdict in B.
    pub to: String,
}

/// One figure of one evaluation that changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FigureChange {
    /// The problem.
    pub problem: String,
    /// The sample.
    pub sample: String,
    /// In A.
    pub from: f64,
    /// In B.
    pub to: f64,
}

/// How one figure changed over the common evaluations that have it in both.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Changes {
    /// Evaluations with the figure in both.
    pub common: u64,
    /// Better by more than noise, the greatest first.
    pub better: Vec<FigureChange>,
    /// Worse by more than noise, the greatest first.
    pub worse: Vec<FigureChange>,
    /// Changed within noise.
    pub noise: u64,
}

/// How the time of one phase changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeChange {
    /// Sum over the common evaluations with the phase in A, in ms.
    pub from_ms: u64,
    /// Sum over the common evaluations with the phase in B, in ms.
    pub to_ms: u64,
}

/// Pass rates on the problems that were judged in both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CommonPassRate {
    /// Problems with a common sample that was judged (`pass` or `fail`) in
    /// both.
    pub problems: u64,
    /// The mean over these problems of the share of their common judged
    /// samples that pass in A.
    pub from: f64,
    /// In B.
    pub to: f64,
    /// Problems with a higher share in B.
    pub better: u64,
    /// Problems with a lower share in B.
    pub worse: u64,
    /// The exact two-sided McNemar test of these two numbers; with several
    /// samples of a problem it is the sign test of the shares.
    pub p_value: f64,
}

/// All that differs between two results, A and B.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// [`DIFFERENCE_SCHEMA`].
    pub schema: String,
    /// Evaluations in both.
    pub common: u64,
    /// Evaluations in A only, as `problem/sample`.
    pub only_a: Vec<String>,
    /// Evaluations in B only.
    pub only_b: Vec<String>,
    /// From `fail` to `pass`.
    pub better: Vec<VerdictChange>,
    /// From `pass` to `fail`: the regressions.
    pub worse: Vec<VerdictChange>,
    /// Every other change of verdict: judged or not judged any more, or
    /// failing at another stage.
    pub other: Vec<VerdictChange>,
    /// On the common problems.
    pub pass_rate: CommonPassRate,
    /// By resource; one tool version gives exactly one number, so any change
    /// counts.
    pub resources: BTreeMap<String, Changes>,
    /// Predicted fmax of the slowest clock of the design, in MHz: of the design by itself
    /// (the median of its seeds) where both results have it for all, else beside the
    /// fixture.
    pub fmax: Changes,
    /// Predicted delay of purely combinational designs by themselves, in ns; the median.
    pub delay: Changes,
    /// Wall time by phase, of the common evaluations.
    pub times: BTreeMap<String, TimeChange>,
    /// What else is not the same, and may be the reason.
    pub circumstances: Vec<String>,
    /// What the figures can and cannot say.
    pub noise: Vec<String>,
}

impl Difference {
    /// Compares what `a` and `b` count.
    pub fn between(a: &SuiteResults, b: &SuiteResults) -> Self {
        let (a, b) = (by_key(a), by_key(b));
        let pairs: Vec<(&Record, &Record)> =
            a.iter().filter_map(|(key, a)| Some((*a, *b.get(key)?))).collect();
        let alone = has_all_alone(&pairs);
        let mut difference = Self {
            schema: DIFFERENCE_SCHEMA.to_owned(),
            common: pairs.len() as u64,
            only_a: missing(&a, &b),
            only_b: missing(&b, &a),
            better: Vec::new(),
            worse: Vec::new(),
            other: Vec::new(),
            pass_rate: pass_rate(&pairs),
            resources: RESOURCES
                .iter()
                .map(|(name, of)| {
                    let figure = |record: &Record| {
                        record.report.resources.as_ref().map(|cells| f64::from(of(cells)))
                    };
                    ((*name).to_owned(), changes(&pairs, figure, Good::Low, 0.0))
                })
                .filter(|(_, changes)| !changes.better.is_empty() || !changes.worse.is_empty())
                .collect(),
            fmax: changes(
                &pairs,
                |record| match &record.report.timing_alone {
                    Some(timing) if alone => Some(timing.predicted_mhz?.median),
                    _ => design_fmax(&record.report.timing),
                },
                Good::High,
                FMAX_NOISE,
            ),
            delay: changes(
                &pairs,
                |record| Some(record.report.timing_alone.as_ref()?.delay_ns?.median),
                Good::Low,
                FMAX_NOISE,
            ),
            times: times(&pairs),
            circumstances: circumstances(&pairs),
            noise: Vec::new(),
        };
        for (a, b) in &pairs {
            difference.verdict(a, b);
        }
        difference.noise = difference.noise(alone);
        difference
    }

    /// Whether a design that passed now fails.
    pub fn is_regression(&self) -> bool {
        !self.worse.is_empty()
    }

    fn verdict(&mut self, a: &Record, b: &Record) {
        let (from, to) = (&a.report.verdict, &b.report.verdict);
        if (from.outcome, from.stage) == (to.outcome, to.stage) {
            return;
        }
        let list = match (from.outcome, to.outcome) {
            (Outcome::Fail, Outcome::Pass) => &mut self.better,
            (Outcome::Pass, Outcome::Fail) => &mut self.worse,
            _ => &mut self.other,
        };
        list.push(VerdictChange {
            problem: a.problem.clone(),
            sample: a.sample.clone(),
            from: from.to_string(),
            to: to.to_string(),
        });
    }

    fn noise(&self, alone: bool) -> Vec<String> {
        let rate = &self.pass_rate;
        let mut noise = vec![
            format!(
                "predicted fmax is {}; changes of up to ±{:.0} % are seen between seeds of one \
                 netlist and are called noise here",
                if alone {
                    "the median over the seeds of the design placed alone"
                } else {
                    "that of one place-and-route seed each"
                },
                FMAX_NOISE * 100.0
            ),
            "wall times depend on the machine's load and on what was cached; they are no \
             property of the designs"
                .to_owned(),
        ];
        noise.push(if rate.better + rate.worse == 0 {
            format!("no pass rate changed on the {} common problems", rate.problems)
        } else if rate.p_value < 0.05 {
            format!(
                "the pass rates differ by more than chance explains (p = {:.3}, exact McNemar \
                 test on {} problems that changed)",
                rate.p_value,
                rate.better + rate.worse
            )
        } else {
            format!(
                "the pass rates do not differ by more than chance explains (p = {:.3}, exact \
                 McNemar test on {} problems that changed)",
                rate.p_value,
                rate.better + rate.worse
            )
        });
        noise
    }
}

/// Whether every placed design was also placed alone, and there is one.
fn has_all_alone(pairs: &[(&Record, &Record)]) -> bool {
    let mut placed =
        pairs.iter().flat_map(|(a, b)| [a, b]).filter(|record| !record.report.timing.is_empty());
    let mut any = false;
    placed.all(|record| {
        any = true;
        record.report.timing_alone.is_some()
    }) && any
}

type Figure = fn(&Resources) -> u32;

const RESOURCES: [(&str, Figure); 6] = [
    ("lut4", |cells| cells.lut4),
    ("ff", |cells| cells.ff),
    ("carry", |cells| cells.carry),
    ("bram", |cells| cells.bram),
    ("spram", |cells| cells.spram),
    ("dsp", |cells| cells.dsp),
];

type ByKey<'a> = BTreeMap<(&'a str, &'a str), &'a Record>;

fn by_key(results: &SuiteResults) -> ByKey<'_> {
    results
        .counted()
        .map(|record| ((record.problem.as_str(), record.sample.as_str()), record))
        .collect()
}

fn missing(of: &ByKey<'_>, from: &ByKey<'_>) -> Vec<String> {
    of.keys()
        .filter(|key| !from.contains_key(*key))
        .map(|(problem, sample)| format!("{problem}/{sample}"))
        .collect()
}

fn pass_rate(pairs: &[(&Record, &Record)]) -> CommonPassRate {
    let mut judged: BTreeMap<&str, (u64, u64, u64)> = BTreeMap::new();
    let passes = |record: &Record| match record.report.verdict.outcome {
        Outcome::Pass => Some(1),
        Outcome::Fail => Some(0),
        Outcome::Inconclusive | Outcome::Fault => None,
    };
    for (a, b) in pairs {
        if let (Some(in_a), Some(in_b)) = (passes(a), passes(b)) {
            let (samples, a_passes, b_passes) = judged.entry(&a.problem).or_default();
            *samples += 1;
            *a_passes += in_a;
            *b_passes += in_b;
        }
    }
    let problems = judged.len() as u64;
    let mean = |of: fn(&(u64, u64, u64)) -> u64| match problems {
        0 => 0.0,
        _ => {
            judged.values().map(|counts| of(counts) as f64 / counts.0 as f64).sum::<f64>()
                / problems as f64
        }
    };
    let better = judged.values().filter(|(_, a, b)| b > a).count() as u64;
    let worse = judged.values().filter(|(_, a, b)| b < a).count() as u64;
    CommonPassRate {
        problems,
        from: mean(|counts| counts.1),
        to: mean(|counts| counts.2),
        better,
        worse,
        p_value: mcnemar(better, worse),
    }
}

/// Which way a figure gets better.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Good {
    Low,
    High,
}

fn changes(
    pairs: &[(&Record, &Record)],
    figure: impl Fn(&Record) -> Option<f64>,
    good: Good,
    noise: f64,
) -> Changes {
    let mut changes = Changes::default();
    for (a, b) in pairs {
        let (Some(from), Some(to)) = (figure(a), figure(b)) else { continue };
        changes.common += 1;
        if from == to {
            continue;
        }
        if (to - from).abs() <= noise * from {
            changes.noise += 1;
            continue;
        }
        let list = match (to > from) == (good == Good::High) {
            true => &mut changes.better,
            false => &mut changes.worse,
        };
        list.push(FigureChange { problem: a.problem.clone(), sample: a.sample.clone(), from, to });
    }
    // From 0 to anything is the greatest change there is.
    let size = |change: &FigureChange| ((change.to - change.from) / change.from).abs();
    for list in [&mut changes.better, &mut changes.worse] {
        list.sort_by(|a, b| size(b).total_cmp(&size(a)));
    }
    changes
}

fn times(pairs: &[(&Record, &Record)]) -> BTreeMap<String, TimeChange> {
    let mut times: BTreeMap<String, TimeChange> = BTreeMap::new();
    for (a, b) in pairs {
        for (record, is_a) in [(a, true), (b, false)] {
            for (phase, ms) in &record.report.durations_ms {
                let change =
                    times.entry(phase.clone()).or_insert(TimeChange { from_ms: 0, to_ms: 0 });
                *if is_a { &mut change.from_ms } else { &mut change.to_ms } += ms;
            }
        }
    }
    times
}

/// What may explain a difference: other tools, boards, seeds, policies.
fn circumstances(pairs: &[(&Record, &Record)]) -> Vec<String> {
    type Describe = fn(&Record) -> Option<String>;
    let kinds: [(&str, Describe); 6] = [
        ("filbench", |record| Some(record.report.provenance.filbench.clone())),
        ("tools", |record| {
            let tools = &record.report.provenance.tools;
            let text: Vec<String> =
                tools.iter().map(|tool| format!("{} {}", tool.name, tool.version)).collect();
            (!text.is_empty()).then(|| text.join(" + "))
        }),
        ("measured on", |record| {
            let board = record.report.board.as_ref()?;
            Some(format!("{:?} {}", record.report.measured_on?, board.kind).to_lowercase())
        }),
        ("seed", |record| Some(record.report.provenance.seed.to_string())),
        ("latches forbidden", |record| Some(record.report.provenance.forbid_latches.to_string())),
        ("comparison", |record| Some(format!("{:?}", record.report.compare))),
    ];
    let mut circumstances = Vec::new();
    for (what, describe) in kinds {
        let set = |records: &mut dyn Iterator<Item = &Record>| -> BTreeSet<String> {
            records.filter_map(describe).collect()
        };
        let a = set(&mut pairs.iter().map(|(a, _)| *a));
        let b = set(&mut pairs.iter().map(|(_, b)| *b));
        if a != b {
            let text = |set: BTreeSet<String>| Vec::from_iter(set).join(", ");
            circumstances.push(format!("{what}: {} in A, {} in B", text(a), text(b)));
        }
    }
    let other = |of: fn(&Record) -> &str| pairs.iter().filter(|(a, b)| of(a) != of(b)).count();
    for (what, count) in [
        ("submission", other(|record| &record.report.provenance.submission_sha256)),
        ("problem", other(|record| &record.report.provenance.problem_sha256)),
    ] {
        if count > 0 {
            circumstances.push(format!("{what}: other contents in {count} common evaluations"));
        }
    }
    circumstances
}
