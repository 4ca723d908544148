//! What a whole report says beside its verdict: of samples, of unknown inputs, of the policy
//! that was applied.

mod common;

use common::{Bench, candidate, context, evaluate, problem};
use filbench_model::Report;
use filbench_run::Options;

const UNKNOWN_INPUTS: &str = "filbench-small/Prob015_unknown_inputs";
const STRICT: &str = "filbench-own/strict_register";

fn report(problem_name: &str, name: &str, options: &Options) -> Report {
    let candidate = candidate(problem_name, name);
    evaluate(&context(), &candidate, &problem(problem_name), options).0.report
}

#[test]
fn unknown_inputs_matter_to_a_design_that_leaks_them() {
    let right = report(UNKNOWN_INPUTS, "right", &Options::default());
    let leaks = report(UNKNOWN_INPUTS, "wrong_leaks", &Options::default());
    assert_eq!(right.verdict.to_string(), "pass", "{}", right.verdict.reason);
    assert!(!right.unknown_inputs_matter);
    assert_eq!(leaks.verdict.to_string(), "fail (mismatch)", "{}", leaks.verdict.reason);
    assert!(leaks.unknown_inputs_matter);
    for report in [right, leaks] {
        let steps = report.stimulus.unwrap().steps;
        assert_eq!((report.checked_samples, report.masked_samples), (200, steps - 200));
        assert_eq!(report.output_bits_never_checked, Some(Vec::new()));
    }
}

#[test]
fn output_bits_that_nobody_looks_at_are_named_and_are_no_pass() {
    let bench = Bench::new();
    let mut vectors = "a[3:0]:in, y[3:0]:out, z:out\n".to_owned();
    for value in 0..16 {
        // Bits 1 and 3 are never known; nothing is in the last rows.
        let y =
            if value < 12 { format!("0bx{}x{}", value >> 2 & 1, value & 1) } else { "x".into() };
        vectors.push_str(&format!("{value}, {y}, x\n"));
    }
    let vectors = bench.file("half.csv", vectors);
    let copy = "module TopModule(input [3:0] a, output [3:0] y, output z);\n\
        assign y = a; assign z = 0;\nendmodule\n";
    let copy = bench.file("copy.v", copy);
    let (evaluation, _) = evaluate(&context(), &copy, &vectors, &Options::default());
    let report = evaluation.report;
    let reason = &report.verdict.reason;
    assert_eq!(report.verdict.to_string(), "inconclusive (too_few_samples)", "{reason}");
    assert_eq!((report.checked_samples, report.masked_samples), (12, 4));
    let never = ["y[1]", "y[3]", "z"];
    assert_eq!(report.output_bits_never_checked, Some(never.map(str::to_owned).into()));
    assert!(reason.contains("y[1], y[3], z"), "{reason}");
    assert!(!report.unknown_inputs_matter);

    // Before the board nothing was looked at, which is not the same as nothing left out.
    let other = bench.file("other.v", "module TopModule(input a, output y); endmodule");
    let (evaluation, _) = evaluate(&context(), &other, &vectors, &Options::default());
    let report = evaluation.report;
    assert_eq!(report.verdict.to_string(), "fail (interface)", "{}", report.verdict.reason);
    assert_eq!(report.output_bits_never_checked, None);
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json.get("output_bits_never_checked"), Some(&serde_json::Value::Null));
}

#[test]
fn a_mismatch_by_vectors_names_the_row() {
    let bench = Bench::new();
    let vectors = "# two rows are right\na[3:0]:in, y[3:0]:out\n\n1, 1\n2, 2\n3, 4\n4, 4\n";
    let vectors = bench.file("rows.csv", vectors);
    let copy = "module TopModule(input [3:0] a, output [3:0] y); assign y = a; endmodule\n";
    let (evaluation, _) =
        evaluate(&context(), &bench.file("copy.v", copy), &vectors, &Options::default());
    let report = evaluation.report;
    assert_eq!(report.verdict.to_string(), "fail (mismatch)", "{}", report.verdict.reason);
    assert_eq!(report.mismatch.unwrap().step, 2);
    let reason = report.verdict.reason;
    assert!(reason.ends_with("; the step is from rows.csv:6"), "{reason}");
}

#[test]
fn who_judges_can_be_stricter_than_the_problem_and_no_less() {
    let lax = Options { min_samples: Some(1), forbid_latches: false, ..Options::default() };
    let right = report(STRICT, "right", &lax);
    assert_eq!(right.verdict.to_string(), "pass", "{}", right.verdict.reason);
    assert_eq!(right.provenance.min_samples, 1000);
    assert!(right.provenance.forbid_latches);
    let latches = report(STRICT, "two_latches", &lax);
    assert_eq!(latches.verdict.to_string(), "fail (latch)", "{}", latches.verdict.reason);
    assert!(latches.provenance.forbid_latches);

    let strict = Options { min_samples: Some(1_000_000), ..Options::default() };
    let right = report(STRICT, "right", &strict);
    let reason = right.verdict.reason;
    assert_eq!(right.verdict.stage.unwrap().to_string(), "too_few_samples", "{reason}");
    assert_eq!(right.provenance.min_samples, 1_000_000);
    let mux = report("filbench-small/Prob001_mux", "right", &Options::default());
    assert!(!mux.provenance.forbid_latches);
}
