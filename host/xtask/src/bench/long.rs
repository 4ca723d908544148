//! A whole suite: without common bitstreams, with them, and once more.

use super::Bench;
use super::measure::{Cost, cost};
use super::table::{Table, goal};
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;
use std::process::Stdio;

/// Designs that may share a bitstream.
const SLOTS: &str = "16";
/// VerilogEval v2 on two cores: wall time without common bitstreams, with them,
/// and of a run when all is known.
const ALONE_GOAL_S: f64 = 25.0 * 60.0;
const SHARED_GOAL_S: f64 = 8.0 * 60.0;
const AGAIN_GOAL_S: f64 = 30.0;
/// `filbench suite run` ends with at most this when the lab did not fail.
const EXIT_INCONCLUSIVE: i32 = 2;

/// What of a suite's summary is looked at here.
#[derive(Deserialize)]
struct Summary {
    stages: BTreeMap<String, usize>,
    evaluations: Vec<Line>,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
struct Line {
    problem: String,
    sample: String,
    outcome: String,
    stage: Option<serde_json::Value>,
}

/// What of a record is looked at here.
#[derive(Deserialize)]
struct Record {
    durations_ms: BTreeMap<String, f64>,
}

/// One run over the suite.
struct Run {
    summary: Summary,
    cost: Cost,
    /// Seconds of each step, all evaluations together.
    steps: BTreeMap<String, f64>,
}

/// Judges the goldens of `suite` three times and prints what it took; an error
/// if verdicts differ.
pub fn long(bench: &Bench, suite: &Path) -> Result<()> {
    let (first, second) = (bench.cold_cache("alone")?, bench.cold_cache("shared")?);
    let alone = judge(bench, suite, &first, "1", "alone-out")?;
    let shared = judge(bench, suite, &second, SLOTS, "shared-out")?;
    let again = judge(bench, suite, &second, SLOTS, "again-out")?;
    let designs = alone.summary.evaluations.len();

    let columns = ["", "alone", "shared", "repeated"];
    let runs = [&alone, &shared, &again];
    let mut table = Table::new(&columns);
    let mut row = |name: &str, cell: &dyn Fn(&Run) -> String| {
        table.row(std::iter::once(name.to_owned()).chain(runs.iter().map(|run| cell(run))));
    };
    row("wall time", &|run| format!("{:.1} s", run.wall()));
    row("CPU time", &|run| format!("{:.1} s", run.cost.cpu.as_secs_f64()));
    row("designs a minute", &|run| format!("{:.1}", designs as f64 / run.wall() * 60.0));
    row("pass", &|run| run.passed().to_string());
    for stage in alone.summary.stages.keys() {
        row(stage, &|run| run.summary.stages.get(stage).copied().unwrap_or(0).to_string());
    }
    table.print(&format!(
        "{} goldens of {}, virtual boards: each in a bitstream of its own, up to {SLOTS} in a \
         common one, and that once more",
        designs,
        suite.display()
    ));

    let mut table = Table::new(&columns[..3]);
    for step in alone.steps.keys().filter(|step| *step != "total") {
        let share = |run: &Run| {
            let all: f64 = run.steps.iter().filter(|(name, _)| *name != "total").map(|s| s.1).sum();
            let seconds = run.steps.get(step).copied().unwrap_or(0.0);
            format!("{:.1} %", 100.0 * seconds / all.max(f64::MIN_POSITIVE))
        };
        table.row([step.clone(), share(&alone), share(&shared)]);
    }
    table.print(
        "Share of each step, by the wall time of the evaluations, which wait for each other; \
         `proof` holds the golden's own steps",
    );

    let timed = |what: &str, run: &Run, most: f64| {
        let wanted = format!("<= {most} s (156 designs, 2 cores)");
        goal(what, &wanted, &format!("{:.1} s", run.wall()), run.wall() <= most);
    };
    timed("the whole suite", &alone, ALONE_GOAL_S);
    timed("with common bitstreams", &shared, SHARED_GOAL_S);
    timed("repeated", &again, AGAIN_GOAL_S);
    for (what, run) in [("common bitstreams", &shared), ("the repetition", &again)] {
        same(what, &alone.summary, &run.summary)?;
    }
    Ok(())
}

impl Run {
    fn wall(&self) -> f64 {
        self.cost.wall.as_secs_f64()
    }

    fn passed(&self) -> usize {
        self.summary.evaluations.iter().filter(|line| line.outcome == "pass").count()
    }
}

fn same(what: &str, alone: &Summary, other: &Summary) -> Result<()> {
    let pairs = alone.evaluations.iter().zip(&other.evaluations);
    let different: Vec<&str> =
        pairs.filter(|(a, b)| a != b).map(|(a, _)| a.problem.as_str()).collect();
    if alone.evaluations.len() != other.evaluations.len() || !different.is_empty() {
        bail!("with {what} other verdicts: {}", different.join(", "));
    }
    Ok(())
}

fn judge(bench: &Bench, suite: &Path, cache: &Path, slots: &str, out: &str) -> Result<Run> {
    eprintln!("{} with --slots {slots} into {out}", suite.display());
    let out = bench.folder(out)?;
    let mut command = bench.project.command(bench.project.filbench());
    command.env("FILBENCH_CACHE", cache).args(["suite", "run"]).arg(suite);
    command.args(["--format", "json", "--slots", slots].map(OsStr::new));
    command.arg("--out").arg(&out).stdin(Stdio::null()).stderr(Stdio::inherit());
    let (output, cost) = cost(|| command.output().context("start filbench"))?;
    if output.status.code().is_none_or(|code| code > EXIT_INCONCLUSIVE) {
        bail!("`filbench suite run` ended with {}", output.status);
    }
    let summary = serde_json::from_slice(&output.stdout).context("read the suite's summary")?;
    let results = std::fs::read_to_string(out.join("results.jsonl")).context("read the results")?;
    let mut steps: BTreeMap<String, f64> = BTreeMap::new();
    for line in results.lines() {
        let record: Record = serde_json::from_str(line).context("read a line of the results")?;
        for (step, ms) in record.durations_ms {
            *steps.entry(step).or_default() += ms / 1000.0;
        }
    }
    Ok(Run { summary, cost, steps })
}
