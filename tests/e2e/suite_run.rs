//! `filbench suite run`: a small suite with what goes wrong in real ones, cached,
//! killed and resumed.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod common;

use common::{Bench, problem};
use filbench_results::{Record, read_jsonl};
use rustix::process::{Pid, Signal, kill_process};
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A suite and its candidates, in folders of their own.
struct Lab {
    bench: Bench,
    suite: PathBuf,
    candidates: PathBuf,
}

impl Lab {
    fn new() -> Self {
        let bench = Bench::new();
        let files = bench.file("marker", "");
        let (suite, candidates) = (files.with_file_name("suite"), files.with_file_name("answers"));
        fs::create_dir_all(&suite).unwrap();
        fs::create_dir_all(&candidates).unwrap();
        let lab = Self { bench, suite, candidates };
        for name in ["Prob001_mux", "Prob002_dff"] {
            for part in ["ref", "test"] {
                let file = format!("{name}_{part}.sv");
                let from = problem("filbench-small").join(&file);
                fs::copy(from, lab.suite.join(&file)).unwrap();
            }
        }
        // A problem that lacks its bench.
        fs::write(lab.suite.join("Prob003_half_ref.sv"), "module RefModule; endmodule").unwrap();
        let mux = lab.of_small("Prob001_mux", "right");
        let crlf = String::from_utf8(mux.clone()).unwrap().replace('\n', "\r\n");
        lab.answer("Prob001_mux", 1, &mux);
        lab.answer("Prob001_mux", 2, lab.of_small("Prob001_mux", "wrong_swapped"));
        lab.answer("Prob001_mux", 3, crlf);
        lab.answer("Prob001_mux", 4, "");
        lab.answer("Prob002_dff", 1, lab.of_small("Prob002_dff", "right"));
        lab.answer("Prob002_dff", 2, lab.of_small("Prob002_dff", "wrong_inverted"));
        lab.answer("Prob002_dff", 3, [0xff, 0xfe, 0x00, b'm']);
        lab.answer("Prob003_half", 1, "module TopModule; endmodule");
        lab
    }

    fn of_small(&self, problem: &str, name: &str) -> Vec<u8> {
        fs::read(common::candidate(&format!("filbench-small/{problem}"), name)).unwrap()
    }

    fn answer(&self, problem: &str, number: usize, text: impl AsRef<[u8]>) {
        let folder = self.candidates.join(problem);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("{problem}_sample{number:02}.sv")), text).unwrap();
    }

    fn run(&self, out: &Path, more: &[&str]) -> Command {
        let mut command = self.bench.command(["suite", "run"]);
        command.arg(&self.suite).arg("--candidates").arg(&self.candidates);
        command.arg("--out").arg(out).args(more);
        command
    }

    fn out(&self, name: &str) -> PathBuf {
        self.suite.with_file_name(name)
    }
}

/// The records in `out`, without what differs from run to run.
fn records(out: &Path) -> Vec<Record> {
    let file = fs::File::open(out.join("results.jsonl")).unwrap();
    let lines = read_jsonl(BufReader::new(file)).unwrap();
    assert!(lines.torn.is_none());
    let mut records = lines.records;
    for record in &mut records {
        record.report.durations_ms = BTreeMap::new();
        record.report.provenance.started_at = String::new();
    }
    records
}

/// Starts a run, and sends `signal` when two evaluations have their verdict.
fn interrupt(mut command: Command, signal: Signal) -> Option<i32> {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut progress = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.starts_with("2/") {
        line.clear();
        assert!(progress.read_line(&mut line).unwrap() > 0, "ended before two verdicts");
    }
    kill_process(Pid::from_child(&child), signal).unwrap();
    // What is still written has to go somewhere.
    std::io::copy(&mut progress, &mut std::io::sink()).unwrap();
    child.wait().unwrap().code()
}

#[test]
fn every_candidate_gets_its_record_and_a_killed_run_goes_on() {
    let lab = Lab::new();
    let whole = lab.out("whole");
    let run = lab.run(&whole, &["--no-cache", "--format", "json"]).output().unwrap();
    let stderr = String::from_utf8_lossy(&run.stderr);
    assert_eq!(run.status.code(), Some(1), "{stderr}");
    let found: Vec<String> = records(&whole)
        .iter()
        .map(|r| format!("{} {}: {}", r.problem, r.sample, r.report.verdict))
        .collect();
    insta::assert_snapshot!(found.join("\n"), @"
    Prob001_mux sample01: pass
    Prob001_mux sample02: fail (mismatch)
    Prob001_mux sample03: pass
    Prob001_mux sample04: fail (elaborate)
    Prob002_dff sample01: pass
    Prob002_dff sample02: fail (mismatch)
    Prob002_dff sample03: fail (parse)
    Prob003_half sample01: inconclusive (golden_failed)
    ");
    let summary: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
    assert_eq!(summary["evaluations"].as_array().unwrap().len(), found.len());
    for made in ["results.csv", "junit.xml", "report.html", "summary.json"] {
        assert!(fs::metadata(whole.join(made)).unwrap().len() > 0, "{made}");
    }

    for (signal, code) in [(Signal::KILL, None), (Signal::INT, Some(130))] {
        let parts = lab.out(&format!("parts{}", signal.as_raw()));
        assert_eq!(interrupt(lab.run(&parts, &["--no-cache"]), signal), code);
        assert!(!parts.join("results.jsonl").exists(), "results of half a run");
        // As if the machine had died in the middle of a line.
        let journal = parts.join("journal.jsonl");
        let mut text = fs::read(&journal).unwrap();
        text.extend_from_slice(b"{\"key\":\"torn");
        fs::write(&journal, text).unwrap();
        let resumed = lab.run(&parts, &["--no-cache", "--resume"]).output().unwrap();
        assert_eq!(resumed.status.code(), Some(1));
        assert_eq!(records(&parts), records(&whole));
    }
}

#[test]
fn what_was_judged_before_is_not_judged_again() {
    let lab = Lab::new();
    let (first, second) = (lab.out("first"), lab.out("second"));
    for out in [&first, &second] {
        assert_eq!(lab.run(out, &[]).output().unwrap().status.code(), Some(1));
    }
    let text = |out: &Path| fs::read_to_string(out.join("results.jsonl")).unwrap();
    let judged = |out: &Path| -> Vec<String> {
        // A problem or candidate that cannot be read is looked at again.
        let text = text(out);
        let lines = text.lines().filter(|line| line.contains("bitstream_sha256\":\""));
        lines.map(str::to_owned).collect()
    };
    assert!(!judged(&first).is_empty());
    assert_eq!(judged(&first), judged(&second), "times and all");
}

#[test]
fn a_tier_below_the_board_is_never_a_pass() {
    let lab = Lab::new();
    let out = lab.out("synth");
    lab.run(&out, &["--tier", "synth"]).output().unwrap();
    let verdicts: Vec<String> = records(&out)
        .iter()
        .filter(|record| record.problem == "Prob002_dff")
        .map(|record| record.report.verdict.to_string())
        .collect();
    assert_eq!(
        verdicts,
        ["inconclusive (not_played)", "inconclusive (not_played)", "fail (parse)"]
    );
}

#[test]
fn a_suite_that_is_none_is_wrong_usage() {
    let lab = Lab::new();
    let empty = lab.out("empty");
    fs::create_dir_all(&empty).unwrap();
    let says = |path: &Path, more: &[&str]| {
        let mut command = lab.bench.command(["suite", "run"]);
        let output = command.arg(path).args(more).output().unwrap();
        assert_eq!(output.status.code(), Some(64), "{more:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(says(&lab.out("nowhere"), &[]).contains("cannot read"));
    assert!(says(&empty, &[]).contains("a suite is a folder with"));
    assert!(says(&lab.suite, &["--layout", "rtllm"]).contains("leave out `--layout`"));
    let nobody = empty.to_str().unwrap();
    assert!(says(&lab.suite, &["--candidates", nobody]).contains("no candidate for any"));
    assert!(says(&lab.suite, &["--resume"]).contains("add `--out DIR`"));
}
