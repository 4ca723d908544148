//! `--tools native`, with shell scripts in place of tools.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod common;

use common::{Bench, answer, candidate, problem};
use filbench_flow::Submission;
use filbench_run::{Context, ContextConfig, EvaluationKey, Options};
use filbench_toolbox::EdaTools;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

const DFF: &str = "filbench-small/Prob002_dff";

/// A folder with programs that tell these versions.
fn programs(bench: &Bench, yosys: &str) -> PathBuf {
    let mut folder = PathBuf::new();
    for (name, says) in [
        ("yosys", format!("Yosys {yosys} (git sha1 0)")),
        ("nextpnr-ice40", "(Version nextpnr-0.11)".to_owned()),
        ("icepack", String::new()),
    ] {
        let path = bench.file(name, format!("#!/bin/sh\necho '{says}'\n"));
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
        folder = path.with_file_name("");
    }
    folder
}

#[test]
fn an_old_yosys_is_a_fault_that_says_what_is_needed() {
    let bench = Bench::new();
    let folder = programs(&bench, "0.23");
    let mut command = bench.command(["run", "--tools", "native", "--format", "json"]);
    command.arg(candidate(DFF, "right")).arg("--problem").arg(problem(DFF)).env("PATH", &folder);
    let answer = answer(&command.output().unwrap());
    assert_eq!(answer.code, 3);
    let reason = &answer.report.verdict.reason;
    assert!(reason.contains("yosys 0.23") && reason.contains("0.70 or newer"), "{reason}");
}

#[test]
fn evaluations_are_kept_by_backend() {
    let bench = Bench::new();
    let folder = programs(&bench, "0.70");
    let key = |tools| {
        let context = Context::open(ContextConfig {
            cache: filbench_toolbox::cache_root(),
            program: Some(env!("CARGO_BIN_EXE_filbench").into()),
            tools,
        })
        .unwrap();
        let files = filbench_stimulus::locate(&problem(DFF)).unwrap();
        let submission = Submission { files: Vec::new(), top: "TopModule".into() };
        let board = "virtual:icebreaker".parse().unwrap();
        EvaluationKey::new(&context, &submission, &files, &board, &Options::default()).unwrap()
    };
    let native = || EdaTools::Native { path: Some(folder.clone().into()) };
    assert_ne!(key(EdaTools::Wasm), key(native()));
    assert_eq!(key(native()), key(native()));
}
