//! `filbench suite report` and `filbench suite compare`, as a user types them.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use filbench_model::{FailStage, Provenance, Report, Verdict};
use filbench_results::{ProblemClass, Record, write_jsonl};
use std::path::Path;
use std::process::{Command, Output};

/// A folder with one result.
fn results(verdict: Verdict) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let record = Record {
        problem: "Prob001_mux".to_owned(),
        sample: "sample01".to_owned(),
        class: ProblemClass::Combinational,
        golden: None,
        report: Report::new(verdict, Provenance::default()),
    };
    let mut file = Vec::new();
    write_jsonl(&mut file, &record).unwrap();
    std::fs::write(dir.path().join("results.jsonl"), file).unwrap();
    dir
}

fn pass() -> Verdict {
    Verdict::pass("all is well")
}

fn fail() -> Verdict {
    Verdict::fail(FailStage::Parse, "syntax error")
}

fn filbench(arguments: &[&str], paths: &[&Path]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_filbench"))
        .arg("suite")
        .args(arguments)
        .args(paths)
        .output()
        .unwrap()
}

#[test]
fn the_reports_are_made_from_the_lines() {
    let dir = results(fail());
    let output = filbench(&["report"], &[dir.path()]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    for (name, contents) in [
        ("results.csv", "Prob001_mux,sample01,combinational,fail,parse,S,"),
        ("junit.xml", "<failure message=\"fail (parse): syntax error\" type=\"parse\">"),
        ("report.html", "<section class=\"ev\" id=\"e-Prob001_mux:sample01\">"),
        ("summary.json", "\"schema\": \"filbench.summary/1\""),
    ] {
        let text = std::fs::read_to_string(dir.path().join(name)).unwrap();
        assert!(text.contains(contents), "{name} has no `{contents}`");
    }
}

#[test]
fn a_regression_fails_only_where_that_was_asked_for() {
    let (good, bad) = (results(pass()), results(fail()));
    let code = |arguments: &[&str], a: &Path, b: &Path| {
        let output = filbench(arguments, &[a, b]);
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (exit, text) = code(&["compare"], good.path(), bad.path());
    assert_eq!(exit, Some(0));
    assert!(text.contains("Prob001_mux sample01: pass -> fail (parse)"), "{text}");
    assert_eq!(code(&["compare", "--fail-on-regression"], good.path(), bad.path()).0, Some(1));
    assert_eq!(code(&["compare", "--fail-on-regression"], bad.path(), good.path()).0, Some(0));
    let (_, json) = code(&["compare", "--format", "json"], good.path(), bad.path());
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["worse"][0]["problem"], "Prob001_mux");
}

#[test]
fn what_is_no_result_is_wrong_usage() {
    let dir = results(pass());
    let file = dir.path().join("results.jsonl");
    let another = std::fs::read_to_string(&file).unwrap().replace("report/1", "report/7");
    std::fs::write(&file, another).unwrap();
    for (arguments, expected) in [
        (["report"].as_slice(), "`filbench.report/7`"),
        (&["report", "--known-bad", "nobody"], "verilog-eval-v2, rtllm-2"),
    ] {
        let output = filbench(arguments, &[dir.path()]);
        assert_eq!(output.status.code(), Some(64));
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains(expected), "{error}");
    }
}
