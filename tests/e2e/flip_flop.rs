//! The flip-flop through everything, by the command that a user types.

mod common;

use common::{Bench, answer, candidate, problem, root};
use filbench_model::MeasuredOn;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

const DFF: &str = "filbench-small/Prob002_dff";

#[test]
fn a_right_flip_flop_passes() {
    let bench = Bench::new();
    let candidate = root().join("tests/designs/dff.v");
    let first = bench.judge(&candidate, &problem(DFF), &[]);
    first.expect("pass");
    assert_eq!(first.code, 0);
    let report = &first.report;
    assert_eq!(report.measured_on, Some(MeasuredOn::Virtual));
    assert_eq!(report.mismatching_samples, Some(0));
    assert!(report.checked_samples >= 8, "{}", report.checked_samples);
    let cells = report.resources.unwrap();
    assert_eq!((cells.lut4, cells.ff), (0, 1));
    assert!(report.timing.iter().any(|clock| !clock.of_design));
    assert!(report.link.unwrap().bytes_down > 0);
    for phase in ["synth", "link", "place", "pack", "program", "play", "total"] {
        assert!(report.durations_ms.contains_key(phase), "{phase}");
    }
    assert!(bench.remains().is_empty(), "{:?}", bench.remains());

    // The same submission with the same provenance gives the same bitstream.
    let again = bench.judge(&candidate, &problem(DFF), &[]);
    assert_eq!(again.report.provenance.bitstream_sha256, report.provenance.bitstream_sha256);
    let elsewhere = bench.judge(&candidate, &problem(DFF), &["--seed", "7"]);
    elsewhere.expect("pass");
    assert_ne!(elsewhere.report.provenance.bitstream_sha256, report.provenance.bitstream_sha256);
}

#[test]
fn a_wrong_flip_flop_fails_and_its_waveform_is_kept() {
    let bench = Bench::new();
    let out = bench.file("out", "").with_file_name("artifacts");
    let candidate = candidate(DFF, "wrong_edge");
    let more = ["--out", out.to_str().unwrap()];
    let answer = bench.judge(&candidate, &problem(DFF), &more);
    answer.expect("fail (mismatch)");
    assert_eq!(answer.code, 1);
    let mismatch = answer.report.mismatch.clone().unwrap();
    assert_eq!(mismatch.port, "q");
    assert_ne!(mismatch.expected, mismatch.got);
    let window = answer.report.mismatch_window.clone().unwrap();
    let wrong = mismatch.step - window.first_step;
    assert!(window.outputs[0].differs(wrong), "{window:?}");
    assert_eq!(window.outputs[0].got[wrong], Some(mismatch.got.clone()));

    let read = |name: &str| std::fs::read(out.join(name)).unwrap();
    let report: filbench_model::Report = serde_json::from_slice(&read("report.json")).unwrap();
    assert_eq!(report, answer.report);
    let files = || -> BTreeSet<String> {
        let entries = std::fs::read_dir(&out).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    let kept = ["bitstream.bin", "mismatch.vcd", "place.json", "report.json", "synth.json"];
    assert_eq!(files(), kept.map(str::to_owned).into());
    let synthesis: serde_json::Value = serde_json::from_slice(&read("synth.json")).unwrap();
    let cells = &synthesis["design"]["num_cells_by_type"];
    assert_eq!(cells["SB_DFFN"], 1, "{synthesis}");
    let placement: serde_json::Value = serde_json::from_slice(&read("place.json")).unwrap();
    assert!(placement["utilization"]["ICESTORM_LC"]["used"].as_u64() > Some(100), "{placement}");

    let waveform = String::from_utf8(read("mismatch.vcd")).unwrap();
    assert!(waveform.contains(&format!("#{}\n", mismatch.step)));
    assert_eq!(
        Some(hex::encode(Sha256::digest(read("bitstream.bin")))),
        report.provenance.bitstream_sha256
    );

    // A later evaluation leaves nothing of an earlier one behind.
    let right = root().join("tests/designs/dff.v");
    bench.judge(&right, &problem(DFF), &more).expect("pass");
    let kept = ["bitstream.bin", "place.json", "report.json", "synth.json"];
    assert_eq!(files(), kept.map(str::to_owned).into());
}

#[test]
fn top_and_board_are_as_asked_for() {
    let bench = Bench::new();
    let text = "module mine(input clk, input d, output reg q);\n\
        always @(posedge clk) q <= d;\nendmodule\n\
        module TopModule(input clk, input d, output q);\nassign q = d;\nendmodule\n";
    let candidate = bench.file("two.v", text);
    for (board, kind, device) in [
        ("icebreaker", "icebreaker", "up5k"),
        ("virtual:icebreaker", "icebreaker", "up5k"),
        ("virtual:ice40_hx8k_b_evn", "ice40_hx8k_b_evn", "hx8k"),
    ] {
        let answer = bench.judge(&candidate, &problem(DFF), &["--top", "mine", "--board", board]);
        answer.expect("pass");
        let found = answer.report.board.clone().unwrap();
        assert_eq!((found.kind.as_str(), found.device.as_str()), (kind, device), "{board}");
        assert_eq!(answer.report.measured_on, Some(MeasuredOn::Virtual), "{board}");
    }
    // Without `--top` it is the problem's, which is another design in this file.
    bench.judge(&candidate, &problem(DFF), &[]).expect("fail (mismatch)");
    let answer = bench.judge(&candidate, &problem(DFF), &["--top", "absent"]);
    answer.expect("fail (elaborate)");
    assert!(answer.report.verdict.reason.contains("absent"), "{}", answer.report.verdict.reason);
}

#[test]
fn a_person_gets_a_table() {
    let bench = Bench::new();
    for (name, code, words) in [
        ("right", 0, &["PASS", "predicted", "static analysis", "virtual"][..]),
        ("wrong_edge", 1, &["FAIL (mismatch)", "expected", "got", "--out DIR"]),
    ] {
        let mut command = bench.command(["run"]);
        command.arg(candidate(DFF, name)).arg("--problem").arg(problem(DFF));
        let output = command.output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(code), "{text}");
        for word in words {
            assert!(text.contains(word), "`{word}` is missing in\n{text}");
        }
    }
}

#[test]
fn too_few_samples_are_no_pass() {
    let bench = Bench::new();
    let candidate = root().join("tests/designs/dff.v");
    let answer = bench.judge(&candidate, &problem(DFF), &["--min-samples", "1000000"]);
    answer.expect("inconclusive (too_few_samples)");
    assert_eq!(answer.code, 2);
}

#[test]
fn a_missing_set_up_is_a_fault_that_says_what_to_type() {
    let bench = Bench::new();
    let mut command = bench.command(["run", "--format", "json"]);
    command
        .arg(root().join("tests/designs/dff.v"))
        .arg("--problem")
        .arg(problem(DFF))
        .env("FILBENCH_CACHE", bench.temp_dir().join("empty-cache"));
    let answer = answer(&command.output().unwrap());
    assert_eq!(answer.code, 3);
    assert!(
        answer.report.verdict.reason.contains("cargo xtask setup"),
        "{}",
        answer.report.verdict.reason
    );
}
