//! What is around a run: readers that go away, disks that are full, files that
//! are anything. None of it costs the verdict, and each has its own message.

mod common;

use common::{Bench, answer, problem};
use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A run that ends soon: an empty candidate fails at `elaborate`.
fn run(bench: &Bench, candidate: &Path) -> Command {
    let mut command = bench.command(["run"]);
    command.arg(candidate).arg("--problem").arg(problem("filbench-small/Prob002_dff"));
    command
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let bench = Bench::new();
    let empty = bench.file("empty.v", "");
    let mut child =
        run(&bench, &empty).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop((child.stdout.take(), child.stderr.take()));
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[test]
fn a_report_that_cannot_be_printed_is_said() {
    let bench = Bench::new();
    let empty = bench.file("empty.v", "");
    let full = File::options().write(true).open("/dev/full").unwrap();
    let output = run(&bench, &empty).stdout(full).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("cannot print the report") && said.contains("--out DIR"), "{said}");
}

/// The report is printed, and nothing half-written stays.
#[test]
fn a_folder_that_cannot_be_written_into_costs_nobody_the_verdict() {
    let bench = Bench::new();
    let empty = bench.file("empty.v", "");
    let out = bench.temp_dir().join("out");
    std::fs::create_dir(&out).unwrap();
    // Whatever is written there is too much.
    std::os::unix::fs::symlink("/dev/full", out.join("report.json")).unwrap();
    let output =
        run(&bench, &empty).args(["--format", "json", "--out"]).arg(&out).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("is there room?") && said.contains("report.json"), "{said}");
    assert_eq!(answer(&output).expect("fail (elaborate)").code, 3);
    assert_eq!(std::fs::read_dir(&out).unwrap().count(), 0);
}

#[test]
fn what_cannot_be_a_candidate_or_a_folder_is_said_before_the_work() {
    let bench = Bench::new();
    let empty = bench.file("empty.v", "");
    let usage = |command: &mut Command, expected: &str| {
        let output = command.output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(64), 0), "{said}");
        assert_eq!(said.matches(expected).count(), 1, "{said}");
    };
    usage(&mut run(&bench, &PathBuf::from("/dev/zero")), "more than 16 MiB");
    usage(&mut run(&bench, &bench.temp_dir()), "Is a directory");
    usage(run(&bench, &empty).arg("--out").arg(&empty), "cannot write into the folder");
    usage(run(&bench, &empty).args(["--out", "/proc/filbench"]), "cannot write into the folder");
}

#[test]
fn names_and_contents_may_be_any_bytes() {
    let bench = Bench::new();
    let folder = bench.file("empty.v", "").parent().unwrap().to_owned();
    let name = folder.join(OsStr::from_bytes(b"caf\xe9 \xff.v"));
    std::fs::write(&name, b"module TopModule(input clk, d, output q); // \xff\xfe\n").unwrap();
    let output = run(&bench, &name).args(["--format", "json"]).output().unwrap();
    assert_eq!(answer(&output).expect("fail (parse)").code, 1);
}
