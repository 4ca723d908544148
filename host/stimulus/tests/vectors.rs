//! Vectors from files: which order a waveform's golden speaks for, and what does not fit.

#![expect(clippy::unwrap_used, reason = "a test's own files are there, or it fails")]

mod common;

use common::{fresh_recorder, interface};
use filbench_model::{Bits, ClockEdge, Problem};
use filbench_stimulus::{Analysis, RecordError, locate};
use std::path::Path;

const GOLDEN: &str = "module golden(input clk, input [3:0] d, output reg [3:0] q);\n\
    always @(posedge clk) q <= d;\nendmodule\n";

fn analysis() -> Analysis {
    Analysis {
        interface: interface("clk:in, d[3:0]:in, q[3:0]:out"),
        event_inputs: Bits::from_u64(1, 5),
        clocks: vec![(0, ClockEdge::Rising)],
        controls: Vec::new(),
    }
}

fn record(folder: &Path, toml: &str) -> Result<Problem, RecordError> {
    std::fs::write(folder.join("problem.toml"), toml).unwrap();
    fresh_recorder().recorder.record(&locate(folder).unwrap(), &analysis())
}

/// A register whose data changes at the very time of the rising edge: `taken` is what of it
/// the register takes.
fn waveform(taken: impl Fn(usize) -> usize) -> String {
    let mut text = "$scope module dut $end $var wire 1 ! clk $end $var wire 4 \" d $end \
        $var wire 4 # q $end $upscope $end $enddefinitions $end\n#0\n0!\nb0 \"\nbx #\n"
        .to_owned();
    for n in 1..8 {
        text.push_str(&format!("#{}\n1!\nb{:b} \"\nb{:b} #\n", 10 * n, n, taken(n)));
        text.push_str(&format!("#{}\n0!\n", 10 * n + 5));
    }
    text
}

#[test]
fn a_golden_says_whether_data_goes_before_the_clock() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("golden.v"), GOLDEN).unwrap();
    let with_golden = "golden.files = [\"golden.v\"]\nstimulus.vectors.file = \"w.vcd\"\n";
    let behind = |problem: &Problem| {
        let rising = problem.steps.windows(2).position(|pair| {
            pair[1].inputs.get(0) && !pair[0].inputs.get(0) && pair[1].inputs != pair[0].inputs
        });
        // Data that goes behind the edge has a step of its own there.
        problem.steps[rising.unwrap() + 2].inputs.get(0)
    };
    std::fs::write(folder.join("w.vcd"), waveform(|n| n - 1)).unwrap();
    assert!(behind(&record(folder, with_golden).unwrap()));
    std::fs::write(folder.join("w.vcd"), waveform(|n| n)).unwrap();
    assert!(!behind(&record(folder, with_golden).unwrap()));
    // Nobody knows without a golden.
    let alone = "interface = [\"clk:in\", \"d[3:0]:in\", \"q[3:0]:out\"]\n\
        stimulus.vectors.file = \"w.vcd\"\n";
    assert!(behind(&record(folder, alone).unwrap()));
    // One that Icarus does not read says nothing.
    std::fs::write(folder.join("golden.v"), GOLDEN.replace("endmodule", "no; endmodule")).unwrap();
    assert!(behind(&record(folder, with_golden).unwrap()));
}

#[test]
fn ports_that_are_not_the_goldens_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("golden.v"), GOLDEN).unwrap();
    std::fs::write(folder.join("v.csv"), "# wide\nclk:in, d[7:0]:in, q[3:0]:out\n0,0,x\n").unwrap();
    let toml = "golden.files = [\"golden.v\"]\nstimulus.vectors.file = \"v.csv\"\n";
    let error = record(folder, toml).unwrap_err();
    let words = "v.csv:2: the columns are not the golden's ports: `input [3:0] d` is expected, \
        `input [7:0] d` was found; correct the header";
    assert_eq!(error.to_string(), words);
}

/// Without a golden the analysis is the candidate's, which may have any clock.
#[test]
fn declared_clocks_are_events_whatever_the_candidate_does_with_them() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("v.csv"), "clk:in, d[3:0]:in, q[3:0]:out\n1, 5, 5\n").unwrap();
    let combinational = Analysis { event_inputs: Bits::zeros(5), clocks: Vec::new(), ..analysis() };
    for (clocks, steps) in [("", 1), ("[clocks]\nclk = \"falling\"\n", 2)] {
        let toml = format!("stimulus.vectors.file = \"v.csv\"\n{clocks}");
        std::fs::write(folder.join("problem.toml"), toml).unwrap();
        let files = locate(folder).unwrap();
        let problem = fresh_recorder().recorder.record(&files, &combinational).unwrap();
        assert_eq!(problem.steps.len(), steps, "{clocks}");
    }
}
