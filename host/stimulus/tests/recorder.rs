//! Benches that are written to be hard: what happens at the same time, and what goes wrong.

#![expect(clippy::unwrap_used, reason = "a test's own files are there, or it fails")]

mod common;

use common::{fresh_recorder, interface};
use filbench_model::{Bits, ClockEdge, FaultPlace, Problem, StimulusSource};
use filbench_model::{DiagnosticSubject, Fault, InterfaceMismatch, Severity};
use filbench_stimulus::{Analysis, Fill, RecordError, SourceText, first_mismatch, locate};

/// A problem by its golden and the body of its bench, in a folder of its own.
struct Case<'a> {
    ports: &'a str,
    clocks: &'a [(&'a str, ClockEdge)],
    /// Event inputs beside the clocks.
    levels: &'a [&'a str],
    golden: &'a str,
    bench: &'a str,
}

const RISING: &[(&str, ClockEdge)] = &[("clk", ClockEdge::Rising)];

impl Case<'_> {
    fn analysis(&self) -> Analysis {
        let interface = interface(self.ports);
        let mut event_inputs = Bits::zeros(interface.input_bits());
        let mut clocks = Vec::new();
        for (port, lsb) in interface.inputs() {
            let clock = self.clocks.iter().find(|(name, _)| *name == port.name);
            clocks.extend(clock.map(|(_, edge)| (lsb, *edge)));
            event_inputs.set(lsb, clock.is_some() || self.levels.contains(&port.name.as_str()));
        }
        Analysis { interface, event_inputs, clocks, controls: Vec::new() }
    }

    fn record(&self) -> Result<Problem, RecordError> {
        let folder = tempfile::tempdir().unwrap();
        let prefix = folder.path().join("case");
        std::fs::write(folder.path().join("case_ref.sv"), self.golden).unwrap();
        std::fs::write(folder.path().join("case_test.sv"), self.bench).unwrap();
        let fresh = fresh_recorder();
        let recorder = fresh.recorder.clone().with_steps_max(10_000);
        let problem = recorder.record(&locate(&prefix).unwrap(), &self.analysis())?;
        problem.check().unwrap();
        Ok(problem)
    }

    fn steps(&self) -> Vec<String> {
        let problem = self.record().unwrap();
        assert_eq!(problem.source, StimulusSource::TestBench { reactive: false, racy: false });
        let text = |bits: &Bits, mask: &Bits| -> String {
            let bit = |i| if mask.get(i) { if bits.get(i) { '1' } else { '0' } } else { '.' };
            (0..bits.len()).rev().map(bit).collect()
        };
        let steps = problem.steps.iter();
        steps
            .map(|s| {
                format!("{} {}", text(&s.inputs, &s.unknown.not()), text(&s.expected, &s.care))
            })
            .collect()
    }

    fn error(&self) -> String {
        self.record().unwrap_err().to_string()
    }
}

fn latch<'a>(bench: &'a str) -> Case<'a> {
    Case {
        ports: "ena:in, d:in, q:out",
        clocks: &[],
        levels: &["ena"],
        golden: "module RefModule(input ena, input d, output reg q);\n\
                 always @* if (ena) q = d;\nendmodule\n",
        bench,
    }
}

fn flip_flop<'a>(bench: &'a str) -> Case<'a> {
    Case {
        ports: "clk:in, d:in, q:out",
        clocks: RISING,
        levels: &[],
        golden: "module RefModule(input clk, input d, output reg q);\n\
                 always @(posedge clk) q <= d;\nendmodule\n",
        bench,
    }
}

/// Data that changes while the enable falls is not in the latch.
#[test]
fn a_latch_closes_before_its_data_changes() {
    let case = latch(
        "module tb; reg ena = 0, d = 0; wire q;\n\
         TopModule dut(.ena(ena), .d(d), .q(q));\n\
         initial begin #5 ena <= 1; d <= 1; #5 ena <= 0; d <= 0; #5 d <= 1; #5 $finish; end\n\
         endmodule\n",
    );
    let steps = case.steps();
    assert_eq!(steps, ["00 .", "01 .", "11 1", "10 .", "00 1", "10 1"]);
}

/// A reset that goes at the very edge of the clock: the flip-flop takes its data.
#[test]
fn a_reset_released_with_the_clock_is_gone_before_it() {
    let case = Case {
        ports: "clk:in, reset:in, q:out",
        clocks: RISING,
        levels: &["reset"],
        golden: "module RefModule(input clk, input reset, output reg q);\n\
                 always @(posedge clk or posedge reset) if (reset) q <= 0; else q <= 1;\n\
                 endmodule\n",
        bench: "module tb; reg clk = 0, reset = 0; wire q;\n\
                TopModule dut(.clk(clk), .reset(reset), .q(q));\n\
                initial begin #5 reset = 1; #5 clk <= 1; reset <= 0; #5 clk <= 0;\n\
                #5 reset <= 1; clk <= 1; #5 $finish; end\nendmodule\n",
    };
    let steps = case.steps();
    // The second edge comes with the reset: whichever goes first, the reset wins.
    assert_eq!(&steps[..4], ["00 .", "10 0", "00 .", "01 1"]);
    assert_eq!(steps.last().unwrap(), "11 0");
}

/// A process of the bench that drives at the edge, blocking or not, drives behind it.
#[test]
fn a_flip_flop_sees_what_stood_before_the_edge() {
    for assignment in ["d <= ~d", "#0 d = ~d"] {
        let bench = format!(
            "module tb; reg clk = 0, d = 0; wire q; TopModule dut(.clk(clk), .d(d), .q(q));\n\
             initial repeat (6) #5 clk = ~clk;\n\
             always @(posedge clk) {assignment};\nendmodule\n"
        );
        let steps = flip_flop(&bench).steps();
        assert_eq!(
            steps[..7],
            ["00 .", "01 .", "11 0", "10 0", "11 .", "01 1", "00 1"],
            "{assignment}"
        );
    }
}

#[test]
fn a_clock_pulse_without_duration_counts() {
    let steps = flip_flop(
        "module tb; reg clk = 0, d = 0; wire q; TopModule dut(.clk(clk), .d(d), .q(q));\n\
         initial begin #5 d = 1; #5 clk = 1; clk = 0; #5 d = 0; #5 $finish; end\nendmodule\n",
    )
    .steps();
    assert_eq!(steps, ["00 .", "10 .", "11 .", "10 1", "00 1"]);
}

/// Delays in RTL are over before the bench looks.
#[test]
fn delays_of_the_golden_settle() {
    let mut case = flip_flop(
        "`timescale 1ns/1ns\nmodule tb; reg clk = 0, d = 1; wire q;\n\
         TopModule dut(.clk(clk), .d(d), .q(q)); initial begin #5 clk = 1; #5 $finish; end\n\
         endmodule\n",
    );
    case.golden = "module RefModule(input clk, input d, output reg q);\n\
                   always @(posedge clk) q <= #1 d;\nendmodule\n";
    assert_eq!(case.steps(), ["10 .", "11 1"]);
}

#[test]
fn inputs_that_turn_unknown_are_unknown_and_do_not_matter() {
    let case = Case {
        ports: "sel:in, a:in, y:out, z:out",
        clocks: &[],
        levels: &[],
        // With `sel` unknown simulation takes the second branch; silicon takes either.
        golden: "module RefModule(input sel, input a, output reg y, output z);\n\
                 always @* if (sel) y = a; else y = 0;\n assign z = a;\nendmodule\n",
        bench: "module tb; reg sel, a; wire y, z; TopModule dut(.sel(sel), .a(a), .y(y), .z(z));\n\
                initial begin #5 a = 1; sel = 1; #5 sel = 1'bx; #5 a = 0; #5 $finish; end\n\
                endmodule\n",
    };
    // Bit 0 of the inputs is `sel`, bit 0 of the outputs `y`. At first nothing is driven.
    assert_eq!(case.steps(), ["00 ..", "11 11", "1. 1.", "0. 00"]);
    let problem = case.record().unwrap();
    let sources = [SourceText {
        name: "other.sv".into(),
        contents: b"module Other(input sel, a, output y, z); assign y = sel & a, z = a; endmodule"
            .to_vec(),
    }];
    for fill in [Fill::Zero, Fill::One] {
        let simulated = fresh_recorder().recorder.simulate(&problem, &sources, "Other", fill);
        assert_eq!(first_mismatch(&problem, &simulated.unwrap()), None);
    }
}

/// Ports may be called like Verilog's words and like our own names.
#[test]
fn names_do_not_collide() {
    let case = Case {
        ports: "fb_clk:in, fb_inputs[1:0]:in, fb_:out",
        clocks: &[("fb_clk", ClockEdge::Rising)],
        levels: &[],
        golden: "module RefModule(input fb_clk, input [1:0] fb_inputs, output reg fb_);\n\
                 always @(posedge fb_clk) fb_ <= ^fb_inputs;\nendmodule\n",
        bench: "module tb; reg fb_clk = 0; reg [1:0] fb_lines = 1; wire q;\n\
                TopModule fb_golden(.fb_clk(fb_clk), .fb_inputs(fb_lines), .fb_(q));\n\
                initial begin #5 fb_clk = 1; #5 $finish; end\nendmodule\n",
    };
    assert_eq!(case.steps(), ["010 .", "011 1"]);
}

#[test]
fn a_design_without_inputs_is_looked_at_once() {
    let case = Case {
        ports: "y[1:0]:out",
        clocks: &[],
        levels: &[],
        golden: "module RefModule(output [1:0] y); assign y = 2'b1z; endmodule\n",
        bench: "module tb; wire [1:0] y; TopModule dut(y); initial #100 $finish; endmodule\n",
    };
    let mut case = case;
    case.ports = "y[1:0]:out";
    let problem = case.record().unwrap();
    assert_eq!(problem.steps.len(), 1);
    assert_eq!(
        (&problem.steps[0].expected, &problem.steps[0].care),
        (&Bits::from_u64(2, 2), &Bits::from_u64(2, 2))
    );
}

#[test]
fn a_bench_that_listens_is_reactive_and_one_that_gives_up_is_not() {
    let bench = |reaction: &str| {
        format!(
            "module tb; reg clk = 0, d = 0; wire q; TopModule dut(.clk(clk), .d(d), .q(q));\n\
             initial repeat (20) #5 clk = ~clk;\n\
             always @(negedge clk) begin {reaction}; end\nendmodule\n"
        )
    };
    for (reaction, reactive) in [("d = ~q", true), ("d = ~d; if (q === d) $finish", false)] {
        let problem = flip_flop(&bench(reaction)).record().unwrap();
        assert_eq!(
            problem.source,
            StimulusSource::TestBench { reactive, racy: false },
            "{reaction}"
        );
    }
}

/// A bench without a clock of its own: it pulses one until it is answered. The golden answers
/// after four pulses; the inverted one never does within the bench's patience.
#[test]
fn a_bench_that_waits_longer_for_other_responses_is_reactive() {
    let case = |wait: &str| {
        flip_flop(&format!(
            "module tb; reg clk = 0, d = 1; integer n = 0; wire q;\n\
             TopModule dut(.clk(clk), .d(d), .q(q));\n\
             initial begin {wait} #5 $finish; end\n\
             task pulse; begin #5 clk = 1; #5 clk = 0; n = n + 1; end endtask\nendmodule\n"
        ))
        .record()
        .unwrap()
        .source
    };
    let source = |reactive| StimulusSource::TestBench { reactive, racy: false };
    assert_eq!(case("while (q !== 1 && n < 9) pulse;"), source(true));
    assert_eq!(case("repeat (4) pulse; if (q !== 1) $display(\"wrong\");"), source(false));
    assert_eq!(case("repeat (4) begin pulse; if (q !== 1) $finish; end"), source(false));
}

/// `initial clk = 0` is a falling edge to a simulator.
#[test]
fn an_edge_from_unknown_counts_where_the_golden_has_counted_it() {
    let case = |golden: &'static str, bench: &'static str| Case {
        ports: "clk:in, n[1:0]:out",
        clocks: &[("clk", ClockEdge::Falling)],
        levels: &[],
        golden,
        bench,
    };
    let golden = "module RefModule(input clk, output reg [1:0] n); initial n = 0;\n\
                  always @(negedge clk) n <= n + 1;\nendmodule\n";
    let bench = "module tb; reg clk; wire [1:0] n; TopModule dut(.clk(clk), .n(n));\n\
                 initial begin clk = 0; repeat (4) #5 clk = ~clk; #5 $finish; end\nendmodule\n";
    assert_eq!(case(golden, bench).steps(), ["1 ..", "0 01", "1 01", "0 10", "1 10", "0 11"]);
    // With a value from the beginning there is no edge.
    let bench = "module tb; reg clk = 0; wire [1:0] n; TopModule dut(.clk(clk), .n(n));\n\
                 initial begin repeat (4) #5 clk = ~clk; #5 $finish; end\nendmodule\n";
    assert_eq!(case(golden, bench).steps(), ["0 00", "1 00", "0 01", "1 01", "0 10"]);
}

#[test]
fn what_cannot_be_recorded_is_said() {
    let bench = |body: &str| format!("module tb; reg clk = 0, d = 0; wire q;\n{body}\nendmodule\n");
    let dut = "TopModule dut(.clk(clk), .d(d), .q(q));";
    for (body, expected) in [
        ("initial #5 $finish;".to_owned(), "0 instances of `TopModule`, where one is needed"),
        (format!("{dut} wire r; TopModule two(.clk(clk), .d(d), .q(r));"), "2 instances"),
        (
            format!("{dut} initial $finish"),
            "iverilog rejects the test bench: case_test.sv:3: syntax error",
        ),
        (format!("{dut} initial clk = dut.hidden;"), "iverilog rejects the test bench"),
        (format!("{dut} initial forever #1 clk = ~clk;"), "more than 10000 steps"),
    ] {
        let error = flip_flop(&bench(&body)).error();
        assert!(error.contains(expected), "{body}: {error}");
    }
    let other = flip_flop("module other; endmodule\n").error();
    assert!(other.contains("iverilog rejects"), "{other}");
    let error = flip_flop("module tb; nonsense; endmodule\n").record().unwrap_err();
    let [said, ..] = error.diagnostics() else { panic!("{error}") };
    assert_eq!((said.subject, said.severity), (DiagnosticSubject::Problem, Severity::Error));
    assert_eq!((said.file.as_deref(), said.line), (Some("case_test.sv"), Some(1)));
    assert_eq!(Fault::from(error).place, FaultPlace::Problem);
}

/// A bench sees no file of the host, and its own files go nowhere.
#[test]
fn a_bench_is_confined() {
    let bench = "module tb; reg clk = 0, d = 0; wire q; integer fd; reg [7:0] m [0:3];\n\
                 TopModule dut(.clk(clk), .d(d), .q(q));\n\
                 initial begin\n $dumpfile(\"wave.vcd\"); $dumpvars;\n\
                 $readmemh(\"/etc/hostname\", m); fd = $fopen(\"/etc/passwd\", \"r\");\n\
                 d = fd != 0; #5 clk = 1; #5 $finish;\n end\nendmodule\n";
    assert_eq!(flip_flop(bench).steps(), ["00 .", "01 0"]);
}

#[test]
fn a_candidate_with_other_ports_does_not_simulate() {
    let case = flip_flop(
        "module tb; reg clk = 0, d = 0; wire q; TopModule dut(.clk(clk), .d(d), .q(q));\n\
         initial begin #5 clk = 1; #5 $finish; end\nendmodule\n",
    );
    let problem = case.record().unwrap();
    let sources = [SourceText {
        name: "../../narrow.sv".into(),
        contents: b"module TopModule(input clk, output q); endmodule\n".to_vec(),
    }];
    let error = fresh_recorder().recorder.simulate(&problem, &sources, "TopModule", Fill::Zero);
    assert!(error.unwrap_err().to_string().contains("rejects the design"));
    let found = interface("clk:in, q:out");
    assert!(matches!(problem.interface.compare(&found)[..], [InterfaceMismatch::Missing { .. }]));
}

/// RTLLM's layout, where golden and candidate may have the same name, and bench and golden
/// read data.
#[test]
fn a_golden_may_have_the_candidates_name() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("rom");
    std::fs::create_dir(&folder).unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
    write(
        "verified_rom.v",
        "module rom(input [1:0] a, output [3:0] q);\n  reg [3:0] m [0:3];\n\
         initial $readmemh(\"rom.dat\", m);\n  assign q = m[a];\nendmodule\n",
    );
    write("rom.dat", "1\n2\n4\n8\n");
    write("order.txt", "2\n1\n");
    write(
        "testbench.v",
        "module tb; reg [1:0] a, o [0:1]; wire [3:0] q; rom uut(.a(a), .q(q));\n\
         initial begin $readmemh(\"order.txt\", o); a = o[0]; #5 a = o[1]; #5\n\
         $display(\"Your Design Passed\"); $finish; end\nendmodule\n",
    );
    let interface = interface("a[1:0]:in, q[3:0]:out");
    let (event_inputs, clocks, controls) = (Bits::zeros(2), Vec::new(), Vec::new());
    let analysis = Analysis { interface, event_inputs, clocks, controls };
    let files = locate(&folder).unwrap();
    let problem = fresh_recorder().recorder.record(&files, &analysis).unwrap();
    let steps: Vec<String> =
        problem.steps.iter().map(|s| format!("{} {} {}", s.inputs, s.expected, s.care)).collect();
    assert_eq!(
        (problem.top.as_str(), steps.as_slice()),
        ("rom", &["10 0100 1111".to_owned(), "01 0010 1111".to_owned()][..])
    );
}

/// What a problem.toml says of ports and clocks has to be so.
#[test]
fn a_declaration_is_checked_against_the_golden() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write(
        "dff.v",
        "module dff(input clk, input d, output reg q); always @(posedge clk) q <= d; endmodule\n",
    );
    write("v.csv", "clk:in, d:in, q:out\n0, 1, x\n1, 1, 1\n");
    let record = |edge: &str| {
        write(
            "problem.toml",
            &format!(
                "[golden]\nfiles = [\"dff.v\"]\n[stimulus.vectors]\nfile = \"v.csv\"\n[clocks]\nclk = \"{edge}\"\n"
            ),
        );
        let analysis = Analysis {
            interface: interface("clk:in, d:in, q:out"),
            event_inputs: Bits::from_u64(1, 2),
            clocks: vec![(0, ClockEdge::Rising)],
            controls: Vec::new(),
        };
        fresh_recorder().recorder.record(&locate(folder.path()).unwrap(), &analysis)
    };
    assert_eq!(record("rising").unwrap().steps.len(), 2);
    let error = record("falling").unwrap_err().to_string();
    assert!(error.contains("`clk` is said to be Falling"), "{error}");
}
