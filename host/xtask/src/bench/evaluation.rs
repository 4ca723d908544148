//! The time of each step of `filbench run`.

use super::Bench;
use super::measure::{Cost, Samples, cost, quiet};
use super::table::{Table, goal};
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// Steps in the order in which they happen; others follow.
const STEPS: [&str; 11] = [
    "record", "proof", "synth", "link", "place", "pack", "program", "identify", "play", "compare",
    "total",
];
/// A flip-flop, and a problem of a few hundred steps.
const PROBLEMS: [(&str, &str); 2] = [("Prob002_dff", "right.sv"), ("Prob003_counter", "right.sv")];
/// Wall time of a warm evaluation, and the part of it that a board takes.
const TOTAL_GOAL_S: f64 = 8.0;
const BOARD_GOAL_S: f64 = 1.0;
const ON_THE_BOARD: [&str; 3] = ["program", "identify", "play"];

/// What of a report is looked at here.
#[derive(Deserialize)]
pub struct Report {
    pub verdict: Verdict,
    pub checked_samples: u64,
    pub masked_samples: u64,
    pub link: Option<Link>,
    pub durations_ms: BTreeMap<String, f64>,
}

#[derive(Deserialize)]
pub struct Verdict {
    pub outcome: String,
    pub reason: String,
}

/// What went over the line.
#[derive(Deserialize)]
pub struct Link {
    pub bytes_down: u64,
    pub bytes_up: u64,
    pub blocks: u64,
}

impl Report {
    /// Steps of the problem: each is compared, or masked as a whole.
    pub fn steps(&self) -> u64 {
        self.checked_samples + self.masked_samples
    }
}

/// Judges a candidate of filbench-small, which must pass.
pub fn evaluate(
    bench: &Bench,
    cache: &Path,
    problem: &str,
    candidate: &str,
) -> Result<(Report, Cost)> {
    let file = bench.suite(&format!("candidates/{problem}/{candidate}"));
    let mut command = bench.project.command(bench.project.filbench());
    command.env("FILBENCH_CACHE", cache).arg("run").arg(&file);
    command.arg("--problem").arg(bench.suite(problem)).args(["--format", "json"]);
    let (text, cost) = cost(|| quiet(&mut command))?;
    let report: Report =
        serde_json::from_str(&text).with_context(|| format!("read the report on {problem}"))?;
    if report.verdict.outcome != "pass" {
        bail!("{problem} with {candidate}: {}", report.verdict.reason);
    }
    Ok((report, cost))
}

/// Times of one problem with caches in one state.
#[derive(Default)]
struct Times {
    steps: BTreeMap<String, Samples>,
    /// Of programming, identifying and playing together.
    board: Samples,
    cpu: Samples,
}

impl Times {
    fn add(&mut self, report: &Report, cost: Cost) {
        let seconds = |step: &str| report.durations_ms.get(step).map_or(0.0, |ms| ms / 1000.0);
        for step in report.durations_ms.keys() {
            self.steps.entry(step.clone()).or_default().add(seconds(step));
        }
        self.board.add(ON_THE_BOARD.iter().map(|step| seconds(step)).sum());
        self.cpu.add_time(cost.cpu);
    }
}

/// Prints the time of each step, cold and warm.
pub fn steps(bench: &Bench) -> Result<()> {
    let mut all = Vec::new();
    for (problem, candidate) in PROBLEMS {
        let (mut cold, mut warm) = (Times::default(), Times::default());
        let mut steps = 0;
        for round in 0..bench.rounds {
            let cache = bench.cold_cache(&format!("cold-{round}"))?;
            let (report, cost) = evaluate(bench, &cache, problem, candidate)?;
            cold.add(&report, cost);
            let (report, cost) = evaluate(bench, &cache, problem, candidate)?;
            warm.add(&report, cost);
            steps = report.steps();
        }
        all.push((problem, steps, cold, warm));
    }
    for (problem, steps, cold, warm) in &all {
        let mut table = Table::new(&["step", "cold", "warm"]);
        let mut names: Vec<&str> = STEPS.to_vec();
        names.extend(cold.steps.keys().map(String::as_str).filter(|name| !STEPS.contains(name)));
        let none = Samples::default();
        for name in names {
            let of = |times: &Times| match times.steps.get(name) {
                Some(samples) => samples.seconds(),
                None => "-".to_owned(),
            };
            table.row([name.to_owned(), of(cold), of(warm)]);
        }
        table.row(["CPU time".to_owned(), cold.cpu.seconds(), warm.cpu.seconds()]);
        table.print(&format!(
            "Steps of `filbench run` for {problem} ({steps} steps): wall time; \
             `proof` holds the golden's own steps, which run beside the candidate's"
        ));
        let total = warm.steps.get("total").unwrap_or(&none);
        goal("warm run", "<= 8 s", &total.seconds(), total.median() <= TOTAL_GOAL_S);
        goal(
            "its programming and playing",
            "<= 1 s",
            &warm.board.seconds(),
            warm.board.median() <= BOARD_GOAL_S,
        );
    }
    Ok(())
}
