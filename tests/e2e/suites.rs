//! Every problem of every suite in tests/suites, with all its candidates: each
//! gets what the suite's expected.toml says, which is what simulation gives.
//!
//! One trial for each problem, in this process: what a hostile candidate does
//! to it shows in the candidates after it.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod common;

use common::{candidate, context, evaluate, problem, root};
use filbench_model::Severity;
use filbench_run::{Context, Evaluation, Options};
use libtest_mimic::{Arguments, Failed, Trial};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

/// A suite's expected.toml, as far as verdicts go.
type Expectations = BTreeMap<String, ProblemExpectation>;

#[derive(Deserialize)]
struct ProblemExpectation {
    checked: Option<usize>,
    candidates: BTreeMap<String, Expectation>,
}

#[derive(Clone, Deserialize)]
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
}

#[derive(Clone, Copy, Deserialize)]
enum Unknown {
    Zero,
    One,
}

fn main() -> ExitCode {
    let suites = std::fs::read_dir(root().join("tests/suites")).unwrap();
    let suites = suites.map(|suite| suite.unwrap().path()).filter(|path| path.is_dir());
    let mut trials: Vec<_> = suites.flat_map(|suite| suite_trials(&suite)).collect();
    // The longest first, or it is alone at the end.
    trials.sort_by_key(|(candidates, _)| std::cmp::Reverse(*candidates));
    let trials = trials.into_iter().map(|(_, trial)| trial).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// A trial for each problem, with the number of its candidates.
fn suite_trials(suite: &Path) -> Vec<(usize, Trial)> {
    let name = suite.file_name().unwrap().to_string_lossy().into_owned();
    let text = std::fs::read_to_string(suite.join("expected.toml")).unwrap();
    let expectations: Expectations = toml::from_str(&text).unwrap();
    expectations
        .into_iter()
        .map(|(problem, expectation)| {
            let path = format!("{name}/{problem}");
            let candidates = expectation.candidates.len();
            (candidates, Trial::test(path.clone(), move || judge_all(&path, &expectation)))
        })
        .collect()
}

/// Judges every candidate, and those that pass a second time after the others.
fn judge_all(path: &str, expectation: &ProblemExpectation) -> Result<(), Failed> {
    let context = context();
    let mut wrong = Vec::new();
    let again = expectation.candidates.iter().filter(|(_, expected)| expected.outcome == "pass");
    for (name, expected) in expectation.candidates.iter().chain(again) {
        let evaluation = judge(&context, path, name);
        let report = &evaluation.report;
        if let Err(found) = check(expected, expectation.checked, &evaluation) {
            wrong.push(format!("{name}: {found}: {}", report.verdict.reason));
        }
        println!("{path} {name}: {} ({} ms)", report.verdict, report.durations_ms["total"]);
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

fn judge(context: &Context, path: &str, name: &str) -> Evaluation {
    evaluate(context, &candidate(path, name), &problem(path), &Options::default()).0
}

fn check(
    expected: &Expectation,
    checked: Option<usize>,
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
    let played = match expected.unknown {
        None => "",
        Some(Unknown::Zero) => "(unknown inputs played as 0)",
        Some(Unknown::One) => "(unknown inputs played as 1)",
    };
    if !report.verdict.reason.contains(played) {
        return Err(format!("the reason does not say `{played}`"));
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
    if report.mismatching_samples.is_some() && checked != Some(report.checked_samples) {
        return Err(format!("{} samples instead of {checked:?}", report.checked_samples));
    }
    Ok(())
}
