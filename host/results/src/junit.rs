//! `junit.xml`: what GitHub's and GitLab's test views show.

use crate::text::{LONGEST_MESSAGE, shortened, visible};
use crate::{Record, SuiteResults};
use filbench_model::{DiagnosticSubject, MeasuredOn, Outcome};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use std::fmt::Write as _;
use std::io::Write;
use std::time::Duration;

/// Most diagnostics of a test case.
const DIAGNOSTICS: usize = 20;

/// Writes a test suite for each problem and a test case for each sample.
///
/// `fail` is a failure and `fault` an error, with the stage as type;
/// `inconclusive`, and whatever the known-bad list leaves out, is skipped with
/// its reason.
pub fn write_junit(
    out: impl Write,
    results: &SuiteResults,
) -> Result<(), quick_junit::SerializeError> {
    let mut file = Report::new(visible(&results.title));
    for records in results.records().chunk_by(|a, b| a.problem == b.problem) {
        let mut suite = TestSuite::new(visible(&records[0].problem));
        for record in records {
            let known_bad = results.left_out(record).map(|bad| bad.reason.as_str());
            suite.add_test_case(case(record, known_bad));
        }
        suite.set_time(records.iter().map(time).sum());
        file.add_test_suite(suite);
    }
    file.set_time(results.records().iter().map(time).sum());
    file.serialize(out)
}

fn time(record: &Record) -> Duration {
    Duration::from_millis(record.report.durations_ms.get("total").copied().unwrap_or(0))
}

fn case(record: &Record, known_bad: Option<&str>) -> TestCase {
    let verdict = &record.report.verdict;
    let reason = shortened(&verdict.reason, LONGEST_MESSAGE);
    let mut status = match (known_bad, verdict.outcome) {
        (Some(_), _) | (None, Outcome::Inconclusive) => TestCaseStatus::skipped(),
        (None, Outcome::Pass) => TestCaseStatus::success(),
        (None, Outcome::Fail) => TestCaseStatus::non_success(NonSuccessKind::Failure),
        (None, Outcome::Fault) => TestCaseStatus::non_success(NonSuccessKind::Error),
    };
    if let Some(why) = known_bad {
        status.set_message(format!("known bad: {why} ({verdict}: {reason})"));
    } else if verdict.outcome != Outcome::Pass {
        status.set_message(format!("{verdict}: {reason}"));
        // The JUnit schema has no type for what is skipped.
        if let (Some(stage), Outcome::Fail | Outcome::Fault) = (verdict.stage, verdict.outcome) {
            status.set_type(stage.to_string());
        }
        status.set_description(description(record));
    }
    let mut case = TestCase::new(visible(&record.sample), status);
    case.set_classname(visible(&record.problem));
    case.set_time(time(record));
    case
}

/// What a person needs beside the reason.
fn description(record: &Record) -> String {
    let report = &record.report;
    let mut text = shortened(&report.verdict.reason, LONGEST_MESSAGE);
    text.push('\n');
    if let (Some(on), Some(board)) = (report.measured_on, &report.board) {
        let on = match on {
            MeasuredOn::Virtual => "virtual",
            MeasuredOn::Physical => "physical",
        };
        writeln!(text, "measured on a {on} {} ({})", board.kind, board.id).ok();
    }
    for diagnostic in report.diagnostics.iter().take(DIAGNOSTICS) {
        if diagnostic.subject == DiagnosticSubject::Problem {
            text.push_str("the problem's ");
        }
        if let Some(file) = &diagnostic.file {
            write!(text, "{}:", visible(file)).ok();
            if let Some(line) = diagnostic.line {
                write!(text, "{line}:").ok();
                if let Some(column) = diagnostic.column {
                    write!(text, "{column}:").ok();
                }
            }
            text.push(' ');
        }
        writeln!(text, "{}", shortened(diagnostic.message.trim(), LONGEST_MESSAGE)).ok();
    }
    if let Some(more) = report.diagnostics.len().checked_sub(DIAGNOSTICS + 1) {
        writeln!(text, "and {} more messages", more + 1).ok();
    }
    text
}
