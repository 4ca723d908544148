//! Wrong usage: exit code 64, nothing on stdout, and the next thing to type.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod common;

use common::Bench;

/// Runs with `args`, expects a usage error, and returns its text.
fn usage_error(bench: &Bench, args: &[&str]) -> String {
    let output = bench.output(args);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(64), "{args:?}: {stderr}");
    assert!(output.stdout.is_empty(), "{args:?}");
    stderr
}

#[test]
fn wrong_arguments_are_usage_errors() {
    let bench = Bench::new();
    for args in [
        &[][..],
        &["walk"],
        &["run"],
        &["run", "x.v"],
        &["run", "x.v", "--problem"],
        &["run", "x.v", "--problem", "p", "--seed", "many"],
        &["run", "x.v", "--problem", "p", "--format", "xml"],
        &["vboard", "--board", "icebreaker"],
    ] {
        let text = usage_error(&bench, args);
        assert!(text.contains("--help"), "{args:?}: {text}");
    }
}

#[test]
fn what_is_not_there_is_named() {
    let bench = Bench::new();
    let candidate = bench.file("dff.v", "module TopModule; endmodule");
    let candidate = candidate.to_str().unwrap();

    let text = usage_error(&bench, &["run", "absent.v", "--problem", "absent"]);
    assert!(text.contains("absent.v") && text.contains("filbench run"), "{text}");
    let text = usage_error(&bench, &["run", candidate, "--problem", "no/Prob999"]);
    assert!(text.contains("no/Prob999"), "{text}");
}

#[test]
fn vectors_that_nobody_can_be_judged_by_are_usage_errors() {
    let bench = Bench::new();
    let candidate = bench.file("copy.v", "module TopModule(input a, output y); endmodule");
    let waveform = "$scope module dut $end $var wire 1 ! a $end $var wire 1 # y $end \
        $upscope $end $enddefinitions $end\n#0\n1!\n1#\n";
    for (name, text, expected) in [
        ("w.vcd", waveform, &["w.vcd", "problem.toml", "interface = ["][..]),
        ("w.fst", waveform, &["w.fst", "problem.toml", "interface = ["]),
        ("v.csv", "a:in, y:out\n0, 2\n", &["v.csv:2: port `y`: 2 does not fit"]),
        ("empty.csv", "", &["empty.csv:0: no header"]),
    ] {
        let file = bench.file(name, text);
        let (candidate, file) = (candidate.to_str().unwrap(), file.to_str().unwrap());
        let said = usage_error(&bench, &["run", candidate, "--problem", file]);
        for words in expected {
            assert!(said.contains(words), "{name}: {said}");
        }
    }
}

#[test]
fn a_board_that_nobody_knows_is_a_usage_error() {
    let bench = Bench::new();
    let candidate = bench.file("dff.v", "module TopModule; endmodule");
    let vectors = bench.file("dff.csv", "");
    for selector in ["virtual:teapot", "teapot", "virtual:", "id:"] {
        let text = usage_error(
            &bench,
            &[
                "run",
                candidate.to_str().unwrap(),
                "--problem",
                vectors.to_str().unwrap(),
                "--board",
                selector,
            ],
        );
        assert!(text.contains("filbench boards"), "{selector}: {text}");
    }
    let text = usage_error(
        &bench,
        &["vboard", "--board", "teapot", "--bitstream", candidate.to_str().unwrap()],
    );
    assert!(text.contains("icebreaker"), "{text}");
}

#[test]
fn help_version_and_boards_are_no_errors() {
    let bench = Bench::new();
    for args in [&["--help"][..], &["--version"], &["run", "--help"], &["boards"]] {
        let output = bench.output(args);
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        assert!(!output.stdout.is_empty(), "{args:?}");
    }
    let boards = String::from_utf8(bench.output(["boards"]).stdout).unwrap();
    assert!(boards.contains("icebreaker") && boards.contains("virtual:KIND"), "{boards}");
}
