//! Responses played back to benches that look at awkward moments, or not at all.

#![expect(clippy::unwrap_used, reason = "a test's own files are there, or it fails")]

mod common;

use common::{Fresh, fresh_recorder, interface};
use filbench_model::{BenchTrust, Bits, ClockEdge, Comparison, Problem};
use filbench_stimulus::{Analysis, BenchVerdict, PassMark, ProblemFiles, SourceText};

const FLIP_FLOP: &str = "module Golden(input clk, input [1:0] d, output reg [1:0] q, output y);\n\
    always @(posedge clk) q <= d;\n assign y = ^d;\nendmodule\n";

/// Ports of [`FLIP_FLOP`] and of the benches' device.
const DEVICE: &str = "reg clk = 0; reg [1:0] d = 0; wire [1:0] q; wire y; integer bad = 0;\n\
    Device dut(.clk(clk), .d(d), .q(q), .y(y));\n";

struct Case {
    files: ProblemFiles,
    problem: Problem,
    fresh: Fresh,
}

impl Case {
    /// A bench with this body around [`FLIP_FLOP`].
    fn new(body: &str, mark: PassMark) -> Self {
        let text = |name: &str, contents: String| SourceText {
            name: name.into(),
            contents: contents.into_bytes(),
        };
        let bench = format!("module tb;\n{DEVICE}{body}\nendmodule\n");
        let files = ProblemFiles::from_test_bench(
            "case",
            "Device",
            vec![text("golden.sv", FLIP_FLOP.into())],
            "Golden",
            vec![text("tb.sv", bench)],
            mark,
        )
        .with_comparison(Comparison::Bench);
        let fresh = fresh_recorder();
        let analysis = Analysis {
            interface: interface("clk:in, d[1:0]:in, q[1:0]:out, y:out"),
            event_inputs: Bits::from_u64(1, 3),
            clocks: vec![(0, ClockEdge::Rising)],
            controls: Vec::new(),
        };
        let problem = fresh.recorder.record(&files, &analysis).unwrap();
        assert_eq!(fresh.recorder.record(&files, &analysis).unwrap(), problem);
        Self { files, problem, fresh }
    }

    fn prints(body: &str) -> Self {
        Self::new(body, PassMark::Prints("well done".into()))
    }

    fn trust(&self) -> &BenchTrust {
        &self.problem.playback.as_ref().unwrap().trust
    }

    /// What a board with the flip-flop answers, whose registers start with 0.
    fn right(&self) -> Vec<Bits> {
        let (mut clk, mut q) = (false, Bits::zeros(2));
        let step = |inputs: &Bits| {
            if inputs.get(0) && !clk {
                q = inputs.slice(1, 2);
            }
            clk = inputs.get(0);
            Bits::from_iter_lsb([q.get(0), q.get(1), inputs.get(1) != inputs.get(2)])
        };
        self.problem.steps.iter().map(|step| &step.inputs).map(step).collect()
    }

    fn says(&self, responses: &[Bits]) -> BenchVerdict {
        self.fresh.recorder.play_back(&self.files, &self.problem, responses).unwrap()
    }

    fn fails(&self, responses: &[Bits]) -> bool {
        matches!(self.says(responses), BenchVerdict::Fails { .. })
    }
}

const END: &str = "initial #202 begin if (bad == 0) $display(\"well done\"); else $display(\"%0d bad\", \
    bad); $finish; end\n";
const CLOCK: &str = "always #5 clk = ~clk;\n";

/// Each looks at another moment of a time step.
#[test]
fn a_bench_meets_a_response_as_it_met_the_golden() {
    let drive = "reg [1:0] was = 0, now = 0; integer n = 0;\n\
        always @(posedge clk) begin was <= now; now <= d; n <= n + 1; end\n";
    for (moment, looks) in [
        ("at the edge: before it", "always @(posedge clk) if (n > 0 && q !== now) bad = bad + 1;"),
        ("behind the edge", "always @(posedge clk) #0 if (n > 0 && q !== now) bad = bad + 1;"),
        (
            "at the end",
            "reg [1:0] e; always @(posedge clk) begin e = d; #1 if (q !== e) bad = bad + 1; end",
        ),
        (
            "as the output changes",
            "integer c = 0; always @(q) begin c = c + 1; if (n > 0 && q !== now) bad = bad + 1; end\n\
            initial #200 if (c < 5) bad = 100;",
        ),
        (
            "at a gate at once",
            "always @(negedge clk) begin d = d + 1; #0 if (y !== ^d) bad = bad + 1; end",
        ),
        (
            "at a gate behind the edge",
            "always @(posedge clk) begin d = d + 1; #0 if (y !== ^d) bad = bad + 1; end",
        ),
        (
            "from a register",
            "reg [1:0] s = 0; always @(posedge clk) s <= q;\n\
            always @(negedge clk) if (n > 2 && s !== was) bad = bad + 1;",
        ),
    ] {
        let moves = if looks.contains("d = d + 1") {
            ""
        } else if moment == "as the output changes" {
            "always @(negedge clk) d = d + 1;\n"
        } else {
            "always @(posedge clk) d <= d + 1;\n"
        };
        let case = Case::prints(&format!("{CLOCK}{drive}{moves}{looks}\n{END}"));
        assert_eq!(case.trust(), &BenchTrust::Proven, "{moment}");
        let right = case.right();
        assert_eq!(case.says(&right), BenchVerdict::Passes, "{moment}");
        let at = right.len() / 2;
        let mut wrong = right.clone();
        for response in &mut wrong[at..at + 6] {
            *response = response.not();
        }
        let BenchVerdict::Fails { said } = case.says(&wrong) else { panic!("{moment}") };
        assert!(said.ends_with(" bad`"), "{moment}: {said}");
    }
}

/// It looks once; what happens elsewhere is no matter to it, but is to the golden.
#[test]
fn a_bench_that_looks_once_passes_what_differs_elsewhere() {
    let case = Case::prints(&format!(
        "{CLOCK}always @(negedge clk) d = d + 1;\n\
         initial #151 if (q !== 2'd2 || y !== 1'b0) bad = 1;\n{END}"
    ));
    assert_eq!(case.trust(), &BenchTrust::Proven);
    let mut elsewhere = case.right();
    elsewhere[4] = elsewhere[4].not();
    assert_eq!(case.says(&elsewhere), BenchVerdict::Passes);
    assert!(case.problem.steps[4].checked());
    let zeros = vec![Bits::zeros(3); case.problem.steps.len()];
    assert!(case.fails(&zeros));
}

#[test]
fn a_bench_that_passes_everything_is_blind() {
    let looks = |condition: &str| {
        format!(
            "{CLOCK}always @(negedge clk) begin d = d + 1; if ({condition}) bad = 1; end\n{END}"
        )
    };
    for (condition, expected) in [
        ("0", "a response of zeros"),
        ("q > 3", "a response of zeros"),
        ("q === 2'd0 && d === 2'd2", "the complement of its golden's response"),
    ] {
        let case = Case::prints(&looks(condition));
        assert_eq!(case.trust(), &BenchTrust::Blind { passes: expected.into() }, "{condition}");
    }
}

#[test]
fn a_bench_that_rejects_its_golden_proves_nothing() {
    for (body, expected) in [
        (
            format!("{CLOCK}initial #20 bad = 3;\n{END}"),
            "in simulation: the last it says is `3 bad`",
        ),
        (
            "initial #20 begin $display(\"well %s\", \"done\"); $finish; end".to_owned(),
            "none of its sources has `well done` as one piece of text",
        ),
    ] {
        let case = Case::prints(&body);
        let BenchTrust::RejectsGolden { found } = case.trust() else { panic!("{body}") };
        assert!(found.contains(expected), "{found}");
    }
}

/// The bench waits for an answer: with another one, it does something else.
#[test]
fn a_bench_that_reacts_diverges() {
    let case = Case::prints(&format!(
        "{CLOCK}initial begin d = 3; @(posedge clk); #1 wait (q == 3); d = 1; repeat (3) @(posedge clk);\n\
         #1 if (q !== 1 || y !== 1) bad = 1; d = 2; @(posedge clk); #1 if (q !== 2) bad = 1;\n\
         if (bad == 0) $display(\"well done\"); $finish; end\n"
    ));
    assert_eq!(case.trust(), &BenchTrust::Proven);
    let right = case.right();
    assert_eq!(case.says(&right), BenchVerdict::Passes);
    let mut late = right.clone();
    let first = right.iter().position(|response| response.slice(0, 2) == Bits::from_u64(3, 2));
    late[first.unwrap()] = Bits::zeros(3);
    late[first.unwrap() + 1] = Bits::zeros(3);
    assert!(matches!(case.says(&late), BenchVerdict::Diverges { .. }), "{:?}", case.says(&late));
    let mut wrong = right;
    let last = wrong.len() - 1;
    wrong[last] = wrong[last].not();
    assert!(case.fails(&wrong));
}

/// A response that makes the bench print the very words of a pass.
#[test]
fn a_response_cannot_speak_for_the_bench() {
    let case = Case::prints(&format!(
        "{CLOCK}always @(negedge clk) d = d + 1;\n\
         initial #151 begin if (q === 2'd0) $display(\"well %s\", \"done\");\n\
         if (q !== 2'd2) bad = 1; end\n{END}"
    ));
    assert_eq!(case.trust(), &BenchTrust::Proven);
    assert!(case.fails(&vec![Bits::zeros(3); case.problem.steps.len()]));
}

#[test]
fn a_bench_may_say_it_by_its_exit_status() {
    let body = format!(
        "{CLOCK}always @(negedge clk) d = d + 1;\n\
         initial begin #151 if (q !== 2'd2) $fatal(0, \"bad\"); if (y !== 1'b0) $fatal; $finish; end\n"
    );
    let case = Case::new(&body, PassMark::ExitsWith(0));
    assert_eq!(case.trust(), &BenchTrust::Proven);
    assert_eq!(case.says(&case.right()), BenchVerdict::Passes);
    assert!(case.fails(&vec![Bits::ones(3); case.problem.steps.len()]));
}
