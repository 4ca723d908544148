//! Candidates in simulation, honest and hostile.

#![expect(clippy::unwrap_used, reason = "what a test cannot have fails it")]

mod common;

use common::{fresh_recorder, interface};
use filbench_model::{Bits, ClockEdge, DiagnosticSubject, Problem, Severity};
use filbench_stimulus::{
    Analysis, CandidateRun, CandidateSimulation, Ending, Fill, SourceText, first_mismatch, locate,
};

/// A flip-flop: `q` is what `d` was at the last rising edge.
const VECTORS: &str = "clk:in, d:in, q:out\n0, 1, x\n1, 1, 1\n0, 0, 1\n1, 0, 0\n0, 1, 0\n";
const HONEST: &str = "always @(posedge clk) q <= d;";

fn problem() -> Problem {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dff.csv");
    std::fs::write(&path, VECTORS).unwrap();
    let analysis = Analysis {
        interface: interface("clk:in, d:in, q:out"),
        event_inputs: Bits::from_u64(1, 2),
        clocks: vec![(0, ClockEdge::Rising)],
        controls: Vec::new(),
    };
    fresh_recorder().recorder.record(&locate(&path).unwrap(), &analysis).unwrap()
}

/// A flip-flop with `body` in simulation.
fn simulated(body: &str) -> CandidateSimulation {
    let text = format!("module TopModule(input clk, input d, output reg q);\n{body}\nendmodule\n");
    let sources = [SourceText { name: "top.sv".into(), contents: text.into() }];
    let recorder = fresh_recorder().recorder;
    recorder.simulate_candidate(&problem(), &sources, "TopModule").unwrap()
}

fn run(body: &str) -> CandidateRun {
    let mut runs = simulated(body).runs;
    assert_eq!(runs.len(), 1);
    runs.remove(0)
}

#[test]
fn an_honest_candidate_goes_to_the_end() {
    let problem = problem();
    let right = run(HONEST);
    assert_eq!((right.fill, &right.ending), (Fill::Zero, &Ending::Whole));
    assert_eq!(first_mismatch(&problem, &right.responses), None);
    // What it prints is nobody's business, whatever it looks like.
    let chatty = run(&format!("{HONEST} initial begin #1 $display(\"1\\n1\\n1\"); $dumpvars; end"));
    assert_eq!(chatty, right);
    let wrong = run("always @(posedge clk) q <= ~d;");
    assert_eq!(wrong.ending, Ending::Whole);
    let found = first_mismatch(&problem, &wrong.responses).unwrap();
    assert_eq!((found.port.as_str(), found.got.as_str()), ("q", "0"));
}

#[test]
fn ending_the_simulation_is_no_answer() {
    let problem = problem();
    let at_once = run("initial $finish;");
    assert_eq!((at_once.ending, at_once.responses.len()), (Ending::Early, 0));
    let later = run(&format!("{HONEST} always @(negedge d) $finish;"));
    assert_eq!(later.ending, Ending::Early);
    assert!((1..problem.steps.len()).contains(&later.responses.len()));
    assert!(matches!(run("initial #1 forever $display;").ending, Ending::Limit(_)));
}

/// A handle can be guessed, so no call that takes one is run, wherever it comes from.
#[test]
fn what_could_reach_the_files_is_refused() {
    for (body, task) in [
        ("integer f; initial f = $fopen(\"x\", \"w\");", "$fopen"),
        ("initial $fwrite(32'h8000_0004, \"1\\n\");", "$fwrite"),
        ("initial $fclose(32'h8000_0004);", "$fclose"),
        ("integer r; initial r = $rewind(32'h8000_0004);", "$rewind"),
        ("reg [7:0] m [0:1]; initial $writememh(\"x\", m);", "$writememh"),
        ("`define A $fdisplay\n initial `A(32'h8000_0004, \"1\");", "$fdisplay"),
        ("function x(input y); x = $fgetc(32'h8000_0003); endfunction assign w = x(d);", "$fgetc"),
        ("generate if (1) begin initial #1 $fflush; end endgenerate", "$fflush"),
        ("wire [31:0] w = d ? $ungetc(65, 32'h8000_0003) : 0;", "$ungetc"),
    ] {
        let run = run(&format!("{HONEST}\n{body}"));
        assert_eq!(run.ending, Ending::Refused(task.into()), "{body}");
        assert!(run.responses.is_empty());
    }
}

/// Neither the bench nor its files have a name that a source could know.
#[test]
fn nothing_of_the_bench_can_be_named() {
    for body in [
        "initial force filbench_replay.fb_got = 0;",
        "initial fb_got = 0;",
        "initial filbench_replay.fb_design.q = 1;",
        "`include \"filbench_steps.txt\"",
        "`include \"filbench_replay.sv\"",
        "`include \"../filbench_replay.sv\"",
    ] {
        let run = run(&format!("{HONEST}\n{body}"));
        let Ending::Rejected(said) = &run.ending else { panic!("{body}: {run:?}") };
        assert!(!said.contains("fb0") && !said.is_empty(), "{said}");
    }
    // A parameter of the bench's instance, in case it is there.
    let guess = run(&format!("{HONEST} defparam filbench_replay.fb_design.P = 1;"));
    assert!(matches!(guess.ending, Ending::Whole | Ending::Rejected(_)), "{guess:?}");
    // A file that is not there gives no value, and its steps are not seen beforehand.
    let peek = run("reg m [0:9]; initial $readmemb(\"filbench_steps.txt\", m); assign q = m[0];");
    assert!(!matches!(peek.ending, Ending::Whole) || peek.responses[0].unknown.any(), "{peek:?}");
}

/// What the simulator says of the candidate's sources is data; the bench's names are not in it.
#[test]
fn what_is_said_of_the_sources_has_its_place() {
    let of = |body: &str| {
        let CandidateSimulation { runs, diagnostics } = simulated(body);
        let said = diagnostics.into_iter().map(|said| {
            assert_eq!(
                (said.tool.as_str(), said.subject),
                ("iverilog", DiagnosticSubject::Candidate)
            );
            (said.severity, said.file, said.line, said.message)
        });
        (runs[0].ending.clone(), said.collect::<Vec<_>>())
    };
    let file = || Some("top.sv".to_owned());
    assert_eq!(of(HONEST), (Ending::Whole, Vec::new()));

    let (ending, said) = of(&format!("{HONEST}\nmissing m(.d(d));"));
    let unknown = (Severity::Error, file(), Some(3), "Unknown module type: missing".to_owned());
    assert_eq!(said, [unknown]);
    assert_eq!(ending, Ending::Rejected("top.sv:3: Unknown module type: missing".to_owned()));

    let (ending, said) = of(&format!(
        "{HONEST}\nwire [3:0] w; pair p(d, w);\nendmodule\n\
        module pair(input a, input [1:0] b);"
    ));
    assert_eq!(ending, Ending::Whole);
    let [(Severity::Warning, Some(_), Some(3), message)] = &said[..] else { panic!("{said:?}") };
    assert!(message.starts_with("Port 2 (b)") && message.contains("Pruning 2"), "{message}");

    // Of a place in the bench, whose name nobody may know, only the words are left.
    let sources =
        [SourceText { name: "top.sv".into(), contents: b"module other; endmodule".into() }];
    let recorder = fresh_recorder().recorder;
    let simulation = recorder.simulate_candidate(&problem(), &sources, "TopModule").unwrap();
    let [said] = &simulation.diagnostics[..] else { panic!("{simulation:?}") };
    assert_eq!((said.file.as_deref(), said.line), (None, None));
    assert_eq!(said.message, "Unknown module type: TopModule");
}

/// What a candidate forces are its own ports.
#[test]
fn forced_ports_are_the_candidates_own() {
    let stuck = run(&format!("{HONEST} initial force clk = 0;"));
    assert_eq!(stuck.ending, Ending::Whole);
    assert_eq!(stuck.responses.len(), problem().steps.len());
    assert!(first_mismatch(&problem(), &stuck.responses).is_some());
}

/// A macro or a directive left open ends with the candidate's own text.
#[test]
fn directives_do_not_reach_the_bench() {
    let run = run(&format!("{HONEST}\n`timescale 1s/1s\n`define module nothing\n`undefineall"));
    assert!(matches!(run.ending, Ending::Whole | Ending::Rejected(_)), "{run:?}");
    let sources = [SourceText { name: "top.sv".into(), contents: b"`ifdef X\n".into() }];
    let recorder = fresh_recorder().recorder;
    let runs = recorder.simulate_candidate(&problem(), &sources, "TopModule").unwrap().runs;
    assert!(matches!(runs[0].ending, Ending::Rejected(_)), "{runs:?}");
}
