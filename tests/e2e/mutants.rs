//! Wrong candidates by the dozen: mutants of our own goldens, which simulation proves wrong,
//! fail on the board in the same step and port.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod common;

use common::{Bench, problem, root};
use filbench_model::{DisagreementKind, Mismatch, Outcome, SimulatedOutcome};
use filbench_results::{Record, read_jsonl};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::io::BufReader;
use std::path::Path;

const SUITE: &str = "filbench-small";
/// So many have to be proven wrong by simulation.
const PROVEN_MIN: usize = 40;

/// The one place where `find` stands becomes `replace`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Edit {
    find: String,
    replace: String,
}

/// Writes the mutants as candidates; how many there are.
fn write_mutants(answers: &Path) -> usize {
    let text = fs::read_to_string(root().join(format!("tests/mutants/{SUITE}.toml"))).unwrap();
    let edits: BTreeMap<String, BTreeMap<String, Edit>> = toml::from_str(&text).unwrap();
    let mut count = 0;
    for (name, edits) in edits {
        let golden = fs::read_to_string(problem(SUITE).join(format!("{name}_ref.sv"))).unwrap();
        let golden = golden.replace("RefModule", "TopModule");
        for (mutant, Edit { find, replace }) in edits {
            assert_eq!(golden.matches(&find).count(), 1, "`{find}` in {name}");
            let folder = answers.join(&name).join(mutant);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("top.sv"), golden.replace(&find, &replace)).unwrap();
            count += 1;
        }
    }
    count
}

/// Whether simulation leaves no doubt: the first wrong value is known where it counts.
fn is_proven(record: &Record) -> bool {
    let simulated = record.report.simulated.as_ref().unwrap();
    let known = simulated.mismatch.as_ref().is_some_and(|mismatch| !mismatch.got.contains('x'));
    simulated.outcome == SimulatedOutcome::Mismatch && known
}

#[test]
fn the_board_finds_what_simulation_finds_in_the_same_place() {
    let bench = Bench::new();
    let answers = bench.file("marker", "").with_file_name("answers");
    let out = answers.with_file_name("out");
    let mutants = write_mutants(&answers);
    let mut command = bench.command(["suite", "run", "--simulate", "--slots", "32", "--out"]);
    command.arg(&out).arg(problem(SUITE)).arg("--candidates").arg(&answers);
    let run = command.output().unwrap();
    let stderr = String::from_utf8_lossy(&run.stderr);
    assert_eq!(run.status.code(), Some(1), "{stderr}");

    let file = fs::File::open(out.join("results.jsonl")).unwrap();
    let records = read_jsonl(BufReader::new(file)).unwrap().records;
    assert_eq!(records.len(), mutants, "{stderr}");
    let mut wrong = Vec::new();
    let mut proven = 0;
    for record in &records {
        let report = &record.report;
        let simulated = report.simulated.as_ref().unwrap();
        let place = |found: &Option<Mismatch>| {
            found.as_ref().map(|found| (found.step, found.port.clone(), found.got.clone()))
        };
        let on_board = (report.verdict.outcome, place(&report.mismatch));
        if is_proven(record) {
            proven += 1;
            let contradiction = simulated
                .sim_board_disagreement
                .as_ref()
                .is_some_and(|differs| differs.kind == DisagreementKind::Contradiction);
            if on_board != (Outcome::Fail, place(&simulated.mismatch)) || contradiction {
                wrong.push(format!(
                    "{} {}: {on_board:?} on the board, {simulated:#?}",
                    record.problem, record.sample
                ));
            }
        } else {
            println!(
                "not proven: {} {}: {:?} {}",
                record.problem, record.sample, on_board, simulated.reason
            );
        }
    }
    println!("{proven} of {mutants} mutants proven wrong by simulation");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(proven >= PROVEN_MIN, "{proven} of {mutants} mutants are proven wrong");
}
