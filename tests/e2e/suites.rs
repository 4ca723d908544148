//! Every problem of every suite in tests/suites, with all its candidates: each
//! gets what the suite's expected.toml says, which is what simulation gives.
//!
//! One trial for each problem, in this process: what a hostile candidate does
//! to it shows in the candidates after it. What the file says of a golden and its recording
//! is compared with synthesis and the recorder in trials of their own.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod common;

use common::recorded::recorded;
use common::{candidate, context, evaluate, problem, root};
use filbench_model::{ClockEdge, Severity, StimulusSource, report_schema};
use filbench_run::{Context, Evaluation, Options, Tier};
use libtest_mimic::{Arguments, Failed, Trial};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::ExitCode;

/// What judging a candidate may take, the proof of its problem included. Two front ends may use
/// up the CPU limit of synthesis (flows/ice40.toml), a minute each, and a processor may have
/// several jobs to share.
const LONGEST_MS: u64 = 15 * 60_000;
/// What this process may hold at its peak, whatever candidates do: tools and boards have
/// processes of their own. The largest vectors, of 200,000 steps, take a tenth.
const PEAK_BYTES: u64 = 1 << 30;

/// A suite's expected.toml.
type Expectations = BTreeMap<String, ProblemExpectation>;

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProblemExpectation {
    /// Of the golden, as synthesis must find them; absent where nobody looks.
    ports: Option<String>,
    #[serde(default)]
    clocks: BTreeMap<String, ClockEdge>,
    #[serde(default)]
    events: BTreeSet<String>,
    #[serde(default)]
    racy: bool,
    #[serde(default)]
    reactive: bool,
    /// Of the recording.
    steps: Option<usize>,
    /// Steps whose response is compared.
    checked: Option<usize>,
    candidates: BTreeMap<String, Expectation>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expectation {
    outcome: String,
    stage: Option<String>,
    /// Of the first mismatch.
    step: Option<usize>,
    port: Option<String>,
    /// How unknown inputs are played where it shows.
    unknown: Option<Unknown>,
    /// Who must read it, or get furthest with it.
    front_end: Option<String>,
    /// `file:line:column` of the first error.
    at: Option<String>,
    /// The verdict by every step, where the bench is the judge and the candidate is played.
    other: Option<String>,
    /// How far it is taken; to the board where absent.
    tier: Option<Tier>,
    /// How fast it has to be.
    min_mhz: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
enum Unknown {
    Zero,
    One,
}

fn main() -> ExitCode {
    let suites = std::fs::read_dir(root().join("tests/suites")).unwrap();
    let suites = suites.map(|suite| suite.unwrap().path()).filter(|path| path.is_dir());
    let problems: Vec<_> = suites.flat_map(|suite| problems_of(&suite)).collect();
    let stages = problems.iter().flat_map(|(_, problem)| problem.candidates.values());
    let stages: BTreeSet<_> = stages.filter_map(|expected| expected.stage.clone()).collect();
    let goldens: Vec<_> = problems
        .iter()
        .filter(|(_, expected)| expected.ports.is_some())
        .cloned()
        .map(|(path, expected)| {
            Trial::test(format!("{path}/golden"), move || look_at(&path, &expected))
        })
        .collect();
    let mut trials: Vec<_> = problems
        .into_iter()
        .map(|(path, problem)| {
            let candidates = problem.candidates.len();
            (candidates, Trial::test(path.clone(), move || judge_all(&path, &problem)))
        })
        .collect();
    // The longest first, or it is alone at the end.
    trials.sort_by_key(|(candidates, _)| std::cmp::Reverse(*candidates));
    trials.push((0, Trial::test("every_stage_has_a_candidate", move || cover(&stages))));
    let trials = trials.into_iter().map(|(_, trial)| trial).chain(goldens).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// The problems of a suite by their paths below `tests/suites`.
fn problems_of(suite: &Path) -> impl Iterator<Item = (String, ProblemExpectation)> + use<> {
    let name = suite.file_name().unwrap().to_string_lossy().into_owned();
    let text = std::fs::read_to_string(suite.join("expected.toml")).unwrap();
    let expectations: Expectations = toml::from_str(&text).unwrap();
    expectations.into_iter().map(move |(problem, expected)| (format!("{name}/{problem}"), expected))
}

/// Whether `expected` are all the stages that a report can name, but those of a lab's faults.
fn cover(expected: &BTreeSet<String>) -> Result<(), Failed> {
    let schema: serde_json::Value = serde_json::from_str(&report_schema()).unwrap();
    let stages = ["FailStage", "InconclusiveReason"].map(|name| {
        let stages = schema["$defs"][name]["oneOf"].as_array().unwrap().iter();
        stages.map(|stage| stage["const"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    });
    let stages: BTreeSet<String> = stages.concat().into_iter().collect();
    if stages == *expected {
        return Ok(());
    }
    Err(format!("there are {stages:?}, and candidates for {expected:?}").into())
}

/// Whether the golden and its recording are as the suite says.
fn look_at(path: &str, expected: &ProblemExpectation) -> Result<(), Failed> {
    let found = recorded(path);
    assert_eq!(Some(found.ports()), expected.ports);
    assert_eq!(found.clocks(), expected.clocks);
    assert_eq!(found.events(), expected.events);
    let problem = found.problem;
    assert_eq!(Some(problem.steps.len()), expected.steps);
    assert_eq!(Some(problem.checked_samples()), expected.checked);
    if let StimulusSource::TestBench { reactive, racy } = problem.source {
        assert_eq!((reactive, racy), (expected.reactive, expected.racy), "reactive, racy");
    }
    Ok(())
}

/// Judges every candidate, and after hostile ones those that pass a second time.
fn judge_all(path: &str, expectation: &ProblemExpectation) -> Result<(), Failed> {
    let context = context();
    let mut wrong = Vec::new();
    let is_hostile = path.starts_with("hostile/");
    let passes = |expected: &Expectation| is_hostile && expected.outcome == "pass";
    let again = expectation.candidates.iter().filter(|(_, expected)| passes(expected));
    for (name, expected) in expectation.candidates.iter().chain(again) {
        let evaluation = judge(&context, path, name, expected);
        let report = &evaluation.report;
        if let Err(found) = check(expected, expectation, &evaluation) {
            wrong.push(format!("{name}: {found}: {}", report.verdict.reason));
        }
        let (took_ms, peak_bytes) = (report.durations_ms["total"], peak_bytes());
        if took_ms > LONGEST_MS {
            wrong.push(format!("{name}: took {took_ms} ms"));
        }
        if peak_bytes > PEAK_BYTES {
            wrong.push(format!("{name}: at {peak_bytes} bytes in this process by now"));
        }
        println!("{path} {name}: {} ({} ms)", report.verdict, report.durations_ms["total"]);
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

/// The largest resident set that this process has had.
fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

fn judge(context: &Context, path: &str, name: &str, asked: &Expectation) -> Evaluation {
    let tier = asked.tier.unwrap_or_default();
    let options = Options { tier, min_mhz: asked.min_mhz, ..Options::default() };
    evaluate(context, &candidate(path, name), &problem(path), &options).0
}

fn check(
    expected: &Expectation,
    problem: &ProblemExpectation,
    evaluation: &Evaluation,
) -> Result<(), String> {
    let report = &evaluation.report;
    let outcome = report.verdict.outcome.to_string();
    let stage = report.verdict.stage.map(|stage| stage.to_string());
    if (&outcome, &stage) != (&expected.outcome, &expected.stage) {
        return Err(format!(
            "{} instead of {} {:?}",
            report.verdict, expected.outcome, expected.stage
        ));
    }
    let other = report.other_comparison.as_ref().map(|other| other.verdict.to_string());
    if other != expected.other {
        return Err(format!("by every step {other:?} instead of {:?}", expected.other));
    }
    let mismatch = report.mismatch.as_ref().map(|m| (m.step, m.port.clone()));
    let expected_mismatch = expected.step.zip(expected.port.clone());
    if mismatch != expected_mismatch {
        return Err(format!("mismatch {mismatch:?} instead of {expected_mismatch:?}"));
    }
    // A mismatch of a problem with unknown inputs says how they were played, and no other does.
    let played = [Unknown::Zero, Unknown::One].into_iter().find(|setting| {
        let digit = if *setting == Unknown::Zero { 0 } else { 1 };
        report.verdict.reason.contains(&format!("(unknown inputs played as {digit})"))
    });
    if played != expected.unknown {
        return Err(format!("unknown inputs {played:?} instead of {:?}", expected.unknown));
    }
    let front_end = report.front_end.map(|front_end| front_end.name());
    if let Some(expected) = &expected.front_end
        && front_end != Some(expected.as_str())
    {
        return Err(format!("read by {front_end:?} instead of {expected}"));
    }
    if let Some(expected) = &expected.at {
        let first = report.diagnostics.first().ok_or("no diagnostic")?;
        let place = match (&first.file, first.line, first.column) {
            (Some(file), Some(line), Some(column)) => format!("{file}:{line}:{column}"),
            place => format!("{place:?}"),
        };
        if first.severity != Severity::Error || place != *expected {
            return Err(format!(
                "the first diagnostic is at {place}, not at {expected}: {first:?}"
            ));
        }
    }
    let steps = report.stimulus.as_ref().map(|stimulus| stimulus.steps);
    if let Some(expected) = problem.steps
        && steps.is_some_and(|steps| steps != expected)
    {
        return Err(format!("{steps:?} steps instead of {expected}"));
    }
    if report.mismatching_samples.is_some() {
        if problem.checked != Some(report.checked_samples) {
            return Err(format!(
                "{} samples instead of {:?}",
                report.checked_samples, problem.checked
            ));
        }
        if report.checked_samples + report.masked_samples != steps.unwrap_or_default() {
            return Err(format!("{} masked samples of {steps:?} steps", report.masked_samples));
        }
    }
    // Nothing was checked where nothing was played, not everything.
    if report.output_bits_never_checked.is_some() != report.mismatching_samples.is_some() {
        return Err(format!("never checked: {:?}", report.output_bits_never_checked));
    }
    Ok(())
}
