//! A golden alone, by the command that a user types.

mod common;

use common::Bench;

const SHIFT: &str = "module shift(input clk, input rst, input [1:0] d, output reg [5:0] q);
  always @(posedge clk) if (rst) q <= 0; else q <= {q[3:0], d};
endmodule
";

#[test]
fn a_golden_alone_judges() {
    let bench = Bench::new();
    let golden = bench.file("shift.v", SHIFT);
    let right = "module shift(input clk, rst, input [1:0] d, output logic [5:0] q);
        always_ff @(posedge clk) begin q <= q << 2; q[1:0] <= d; if (rst) q <= '0; end
        endmodule";
    let right = bench.file("right.sv", right);
    let seven = bench.judge(&right, &golden, &["--stimulus-seed", "7"]);
    seven.expect("pass");
    let report = &seven.report;
    let stimulus = report.stimulus.clone().unwrap();
    assert_eq!((stimulus.source.as_str(), stimulus.seed), ("generated", Some(7)));
    assert_eq!(report.provenance.stimulus_seed, Some(7));
    assert!(stimulus.steps > 1000 && report.checked_samples > 1000, "{stimulus:?}");
    // Clock, reset, data and every register.
    let (toggled, nets) = (stimulus.toggled_nets.unwrap(), stimulus.nets.unwrap());
    assert!(toggled == nets && nets >= 10, "{stimulus:?}");

    let wrong = bench.file("wrong.v", SHIFT.replace("q <= 0", "q <= q"));
    let answer = bench.judge(&wrong, &golden, &["--stimulus-seed", "7"]);
    answer.expect("fail (mismatch)");
    assert_eq!(answer.report.mismatch.clone().unwrap().port, "q");
    let other = bench.judge(&wrong, &golden, &[]);
    assert_eq!(other.report.provenance.stimulus_seed, Some(1));
    assert_ne!(other.report.provenance.problem_sha256, answer.report.provenance.problem_sha256);
}

#[test]
fn a_golden_in_vhdl_judges_verilog() {
    let bench = Bench::new();
    let vhdl = "library ieee; use ieee.std_logic_1164.all;
        entity majority is port (v : in std_logic_vector(2 downto 0); y : out std_logic); end;
        architecture a of majority is begin
        y <= (v(0) and v(1)) or (v(0) and v(2)) or (v(1) and v(2)); end;";
    let golden = bench.file("majority.vhd", vhdl);
    let verilog = |expression: &str| {
        format!("module majority(input [2:0] v, output y); assign y = {expression}; endmodule\n")
    };
    let right = bench.file("right.v", verilog("v[0] + v[1] + v[2] > 2'd1"));
    let answer = bench.judge(&right, &golden, &[]);
    answer.expect("pass");
    assert!(answer.report.stimulus.clone().unwrap().exhaustive);
    let wrong = bench.file("wrong.v", verilog("^v"));
    bench.judge(&wrong, &golden, &[]).expect("fail (mismatch)");
}

#[test]
fn a_golden_that_proves_nothing_is_inconclusive() {
    let bench = Bench::new();
    // Never defined: nothing resets it.
    let text = "module t(input clk, output reg q); always @(posedge clk) q <= ~q; endmodule\n";
    let golden = bench.file("t.v", text);
    bench.judge(&golden, &golden, &[]).expect("inconclusive (too_few_samples)");
    let text = "module t(input clk); endmodule\n";
    let golden = bench.file("none.v", text);
    let answer = bench.judge(&golden, &golden, &[]);
    assert_eq!(answer.code, 2, "{}", answer.report.verdict.reason);
}

#[test]
fn a_seed_for_other_stimulus_is_wrong_usage() {
    let bench = Bench::new();
    let candidate = common::candidate("filbench-small/Prob002_dff", "right");
    let mut command = bench.command(["run", "--stimulus-seed", "2"]);
    command.arg(candidate).arg("--problem").arg(common::problem("filbench-small/Prob002_dff"));
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(64));
    assert!(String::from_utf8_lossy(&output.stderr).contains("is not generated"));
}
