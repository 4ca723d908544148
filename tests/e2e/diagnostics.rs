//! What Icarus says, as data: of a candidate, of a problem that nobody can be judged by, and
//! of what it does not read at all.

mod common;

use common::{Bench, candidate, problem};
use filbench_model::{Diagnostic, DiagnosticSubject, Severity, SimulatedOutcome};
use std::fs;

const MUX: &str = "filbench-small/Prob001_mux";

fn of_icarus(diagnostics: &[Diagnostic]) -> Vec<&Diagnostic> {
    diagnostics.iter().filter(|diagnostic| diagnostic.tool == "iverilog").collect()
}

/// Also when the problem is not looked at again, since it was refused before.
#[test]
fn of_a_broken_problem() {
    let bench = Bench::new();
    let source =
        |part: &str| fs::read_to_string(format!("{}_{part}", problem(MUX).display())).unwrap();
    bench.file("broken_ref.sv", source("ref.sv"));
    let test = source("test.sv").replacen("int samples = 0,", "int samples = ;", 1);
    assert!(test.lines().nth(16).unwrap().contains("int samples = ;"));
    // The folder's name makes it a problem that no cache knows.
    let test = bench.file("broken_test.sv", format!("{test}// {}\n", bench.temp_dir().display()));

    let prefix = test.with_file_name("broken");
    let right = candidate(MUX, "right");
    let mut told = Vec::new();
    for _ in 0..2 {
        let answer = bench.judge(&right, &prefix, &[]);
        answer.expect("inconclusive (golden_failed)");
        let report = answer.report;
        let first = report.diagnostics.first().unwrap();
        assert_eq!((first.tool.as_str(), first.severity), ("iverilog", Severity::Error));
        assert_eq!(first.subject, DiagnosticSubject::Problem);
        assert_eq!((first.file.as_deref(), first.line), (Some("broken_test.sv"), Some(17)));
        assert!(report.verdict.reason.contains(&first.to_string()), "{}", report.verdict.reason);
        told.push(report.diagnostics);
    }
    assert_eq!(told[0], told[1]);

    let printed = bench.command(["run"]).arg(&right).arg("--problem").arg(&prefix).output();
    let printed = String::from_utf8(printed.unwrap().stdout).unwrap();
    assert!(printed.contains("iverilog    the problem's broken_test.sv:17: "), "{printed}");
}

/// A golden that does not synthesise has its messages, too, and none is the candidate's.
#[test]
fn of_a_golden_that_yosys_refuses() {
    const UNSYNTHESISABLE: &str = "filbench-small/Prob014_unsynthesisable";
    let bench = Bench::new();
    let right = candidate(UNSYNTHESISABLE, "right");
    let answer = bench.judge(&right, &problem(UNSYNTHESISABLE), &[]);
    answer.expect("inconclusive (golden_failed)");
    let first = answer.report.diagnostics.first().unwrap();
    assert_eq!((first.tool.as_str(), first.severity), ("yosys", Severity::Error));
    assert_eq!(first.subject, DiagnosticSubject::Problem);
    assert!(answer.report.verdict.reason.contains(&first.message), "{first}");
}

#[test]
fn of_a_candidate_that_it_refuses() {
    let bench = Bench::new();
    let text = "module TopModule (\n  input [1:0] sel,\n  input [7:0] a, b, c, d,\n  \
        output [7:0] y\n);\n  \
        assign y = (sel inside {2'd2, 2'd3}) ? (sel[0] ? d : c) : (sel[0] ? b : a);\n\
        endmodule\n";
    let file = bench.file("set.sv", text);
    let answer = bench.judge(&file, &problem(MUX), &["--simulate"]);
    answer.expect("pass");
    let report = answer.report;
    let simulated = report.simulated.unwrap();
    assert_eq!(simulated.outcome, SimulatedOutcome::Rejected);
    let said = of_icarus(&report.diagnostics);
    assert_eq!(
        (said[0].subject, said[0].severity),
        (DiagnosticSubject::Candidate, Severity::Error)
    );
    assert_eq!((said[0].file.as_deref(), said[0].line), (file.to_str(), Some(6)));
    assert!(simulated.reason.contains(&said[0].to_string()), "{}", simulated.reason);
}

/// What it simulates in its own way is worth knowing where simulation and board differ.
#[test]
fn of_a_candidate_that_it_simulates() {
    const COUNTER: &str = "languages/Prob001_counter";
    let bench = Bench::new();
    let right = candidate(COUNTER, "slang_right");
    let answer = bench.judge(&right, &problem(COUNTER), &["--simulate"]);
    answer.expect("pass");
    let said = of_icarus(&answer.report.diagnostics);
    let [warning] = said[..] else { panic!("{said:?}") };
    assert_eq!((warning.severity, warning.line), (Severity::Warning, Some(24)));
    assert!(warning.message.starts_with("sorry: constant selects in always_*"), "{warning}");
}

/// It reads no VHDL, and that is said; the board judges it all the same.
#[test]
fn of_vhdl_nothing() {
    const COUNTER: &str = "languages/Prob001_counter";
    let bench = Bench::new();
    let wrong = candidate(COUNTER, "vhdl_wrong");
    let answer = bench.judge(&wrong, &problem(COUNTER), &["--simulate"]);
    answer.expect("fail (mismatch)");
    let simulated = answer.report.simulated.as_ref().unwrap();
    assert_eq!(simulated.outcome, SimulatedOutcome::NotSimulated);
    assert!(simulated.reason.contains("vhdl_wrong.vhd` is VHDL"), "{}", simulated.reason);
    assert_eq!((simulated.checked_samples, simulated.compared_with_board), (0, 0));
    assert_eq!(of_icarus(&answer.report.diagnostics).len(), 0);

    let mut command = bench.command(["run", "--simulate"]);
    let printed = command.arg(&wrong).arg("--problem").arg(problem(COUNTER)).output().unwrap();
    let printed = String::from_utf8(printed.stdout).unwrap();
    assert!(printed.contains("  simulated   not_simulated: `"), "{printed}");
    assert!(bench.judge(&wrong, &problem(COUNTER), &[]).report.simulated.is_none());
}
