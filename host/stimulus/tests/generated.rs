//! Generated stimulus on goldens of each class, and mutants of them that it has to tell
//! apart. Here a netlist's analysis is written by hand.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod common;

use common::{Fresh, fresh_recorder, interface};
use filbench_model::ControlRole::{AsyncReset, Enable, SyncReset};
use filbench_model::{Bits, ClockEdge, Control, ControlRole, Problem, StimulusSource};
use filbench_stimulus::{
    Analysis, Fill, NetlistSources, ProblemFiles, RecordError, SourceText, Toggles, first_mismatch,
};

struct Case {
    name: &'static str,
    ports: &'static str,
    clocks: &'static [(&'static str, ClockEdge)],
    controls: &'static [(&'static str, ControlRole, bool)],
    golden: &'static str,
    /// A part of the golden, and what stands there in a mutant.
    mutants: &'static [(&'static str, &'static str)],
}

const CASES: [Case; 6] = [
    Case {
        name: "counter",
        ports: "clk:in, rst:in, en:in, q[7:0]:out, last:out",
        clocks: &[("clk", ClockEdge::Rising)],
        controls: &[("rst", SyncReset, true), ("en", Enable, true)],
        golden: "module top(input clk, rst, en, output reg [7:0] q, output last);
            assign last = &q;
            always @(posedge clk) if (rst) q <= 0; else if (en) q <= q + 1;
            endmodule",
        mutants: &[
            ("posedge", "negedge"),
            ("&q", "q > 253"),
            ("if (en)", "if (1)"),
            ("if (rst) q <= 0; else ", "if (rst) q <= 1; else "),
            ("@(posedge clk)", "@(posedge clk or posedge rst)"),
            ("if (rst) q <= 0; else if (en) q <= q + 1", "if (en) q <= rst ? 0 : q + 1"),
        ],
    },
    Case {
        name: "fsm",
        ports: "clk:in, rst_n:in, x:in, found:out",
        clocks: &[("clk", ClockEdge::Rising)],
        controls: &[("rst_n", AsyncReset, false)],
        golden: "module top(input clk, rst_n, x, output found);
            reg [2:0] s;
            assign found = s == 4;
            always @(posedge clk or negedge rst_n)
              if (!rst_n) s <= 0;
              else case (s)
                0: s <= x ? 1 : 0;
                1: s <= x ? 1 : 2;
                2: s <= x ? 3 : 0;
                3: s <= x ? 4 : 2;
                default: s <= x ? 1 : 2;
              endcase
            endmodule",
        mutants: &[
            ("4 : 2", "4 : 0"),
            ("default: s <= x ? 1 : 2", "default: s <= 0"),
            ("posedge clk or negedge rst_n", "posedge clk"),
            ("!rst_n", "rst_n"),
        ],
    },
    Case {
        name: "combinational",
        ports: "a[3:0]:in, b[3:0]:in, op[1:0]:in, y[4:0]:out",
        clocks: &[],
        controls: &[],
        golden: "module top(input [3:0] a, b, input [1:0] op, output reg [4:0] y);
            always @* case (op) 0: y = a + b; 1: y = a - b; 2: y = a & b; default: y = a < b;
            endcase endmodule",
        mutants: &[
            ("a < b", "a <= b"),
            ("default: y = a < b;", "default: if (a != 9 || b != 6) y = a < b;"),
            ("a - b", "{1'b0, a} - b - (a == 15 && b == 15)"),
        ],
    },
    Case {
        name: "two clocks",
        ports: "wclk:in, rclk:in, rst:in, up:in, down:in, more:out",
        clocks: &[("wclk", ClockEdge::Rising), ("rclk", ClockEdge::Rising)],
        controls: &[("rst", AsyncReset, true), ("up", Enable, true), ("down", Enable, true)],
        golden: "module top(input wclk, rclk, rst, up, down, output more);
            reg [2:0] w, r, s1, s2;
            always @(posedge wclk or posedge rst) if (rst) w <= 0; else if (up) w <= w + 1;
            always @(posedge rclk or posedge rst)
              if (rst) {s1, s2} <= 0; else {s1, s2} <= {w ^ (w >> 1), s1};
            assign more = s2 != (r ^ (r >> 1));
            always @(posedge rclk or posedge rst)
              if (rst) r <= 0; else if (down && more) r <= r + 1;
            endmodule",
        mutants: &[
            ("{w ^ (w >> 1), s1}", "{w ^ (w >> 1), w ^ (w >> 1)}"),
            ("down && more", "down"),
        ],
    },
    Case {
        name: "memory",
        ports: "clk:in, we:in, wa[7:0]:in, ra[7:0]:in, wd[7:0]:in, rd[7:0]:out",
        clocks: &[("clk", ClockEdge::Rising)],
        controls: &[("we", Enable, true)],
        golden: "module top(input clk, we, input [7:0] wa, ra, wd, output reg [7:0] rd);
            reg [7:0] m [0:255];
            always @(posedge clk) begin if (we) m[wa] <= wd; rd <= m[ra]; end
            endmodule",
        mutants: &[
            ("m[wa] <=", "m[wa & 8'h7f] <="),
            ("rd <= m[ra]", "rd <= we && wa == ra ? wd : m[ra]"),
            ("if (we)", "if (we && wa != 255)"),
        ],
    },
    Case {
        name: "falling edge",
        ports: "clk:in, rst:in, d:in, q[2:0]:out",
        clocks: &[("clk", ClockEdge::Falling)],
        controls: &[("rst", SyncReset, true)],
        golden: "module top(input clk, rst, d, output reg [2:0] q);
            always @(negedge clk) if (rst) q <= 0; else q <= {q[1:0], d};
            endmodule",
        mutants: &[("negedge", "posedge"), ("{q[1:0], d}", "{d, q[2:1]}")],
    },
];

impl Case {
    fn analysis(&self) -> Analysis {
        let interface = interface(self.ports);
        let bit = |name: &str| interface.inputs().find(|(port, _)| port.name == name).unwrap().1;
        let clocks: Vec<_> = self.clocks.iter().map(|(name, edge)| (bit(name), *edge)).collect();
        let control = |&(name, role, active_high): &(&str, _, _)| Control {
            input_bit: bit(name),
            role,
            active_high,
        };
        let controls: Vec<_> = self.controls.iter().map(control).collect();
        let mut event_inputs = Bits::zeros(interface.input_bits());
        let resets = controls.iter().filter(|c| c.role == AsyncReset).map(|c| c.input_bit);
        for bit in clocks.iter().map(|(bit, _)| *bit).chain(resets) {
            event_inputs.set(bit, true);
        }
        Analysis { interface, event_inputs, clocks, controls }
    }

    fn record(&self, fresh: &Fresh, seed: u64) -> Result<Problem, RecordError> {
        let files = ProblemFiles::from_golden(self.name, vec![source(self.golden)], "top", seed);
        fresh.recorder.record(&files, &self.analysis())
    }
}

fn source(text: &str) -> SourceText {
    SourceText { name: "top.v".into(), contents: text.into() }
}

#[test]
fn mutants_of_every_class_are_found_whatever_the_seed() {
    for case in &CASES {
        let fresh = fresh_recorder();
        for seed in 1..=5 {
            let problem = case.record(&fresh, seed).unwrap();
            assert_eq!(problem.check(), Ok(()), "{}", case.name);
            assert_eq!(problem.source.seed(), Some(seed));
            assert!(problem.output_bits_never_checked().is_empty(), "{}", case.name);
            let differs = |text: &str| {
                let responses =
                    fresh.recorder.simulate(&problem, &[source(text)], "top", Fill::Zero).unwrap();
                first_mismatch(&problem, &responses)
            };
            assert_eq!(differs(case.golden), None, "{}", case.name);
            for (from, to) in case.mutants {
                assert!(case.golden.contains(from), "{}: `{from}`", case.name);
                let mutant = case.golden.replace(from, to);
                assert!(differs(&mutant).is_some(), "{}, seed {seed}: `{to}`", case.name);
            }
        }
    }
}

#[test]
fn a_problem_is_kept_by_its_seed_and_every_row_is_there() {
    let fresh = fresh_recorder();
    let case = &CASES[2];
    let first = case.record(&fresh, 1).unwrap();
    assert_eq!(first.source, StimulusSource::Generated { seed: 1, exhaustive: true });
    let mut rows: Vec<u64> = first.steps.iter().map(|step| step.inputs.words()[0]).collect();
    rows.sort_unstable();
    rows.dedup();
    assert_eq!(rows, (0..1024).collect::<Vec<u64>>());
    let second = case.record(&fresh, 2).unwrap();
    assert_ne!(second.steps, first.steps);
    assert_ne!(second.source_sha256, first.source_sha256);
    assert_eq!(case.record(&fresh, 1).unwrap(), first);
}

#[test]
fn what_the_golden_leaves_unknown_is_not_compared() {
    let fresh = fresh_recorder();
    let problem = CASES[0].record(&fresh, 1).unwrap();
    // Before the first clock edge under reset.
    assert!(!problem.steps[0].care.any());
    let known = problem.steps.iter().position(|step| step.checked()).unwrap();
    assert!(known < 10 && problem.steps[known..].iter().all(|step| step.care == Bits::ones(9)));
}

#[test]
fn a_golden_without_outputs_proves_nothing() {
    let case = Case { ports: "a:in", golden: "module top(input a); endmodule", ..CASES[2] };
    let error = case.record(&fresh_recorder(), 1).unwrap_err().to_string();
    assert!(error.contains("`top`") && error.contains("no output"), "{error}");
}

#[test]
fn nets_that_move_are_counted() {
    let fresh = fresh_recorder();
    let case = &CASES[5];
    let problem = case.record(&fresh, 1).unwrap();
    // The golden's ports; three nets that follow inputs, one that never moves, one that is
    // never known, and more than a group of 64 of the same.
    let copies: String = (0..70).map(|n| format!("wire k{n} = clk;")).collect();
    let text = format!(
        "module gates(input clk, rst, d, output [2:0] q);
         wire a = d; wire b = ~rst; wire c = 1'b0; wire u; {copies} endmodule"
    );
    let mut nets: Vec<String> = ["a", "b", "c", "u"].map(str::to_owned).into();
    nets.extend((0..70).map(|n| format!("k{n}")));
    let files = [source(&text)];
    let netlist = NetlistSources { files: &files, top: "gates", nets: &nets };
    let toggles = fresh.recorder.toggles(&problem, &netlist).unwrap();
    assert_eq!(toggles, Toggles { toggled: 72, nets: 74 });
}
