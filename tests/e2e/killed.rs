//! Killed at any phase: nothing keeps running, no folders pile up, and a
//! second run works.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod common;

use common::processes::nothing_runs;
use common::{Bench, answer, problem, root};
use filbench_run::Phase;
use rustix::process::{Pid, Signal, kill_process};
use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// Starts a run in a session of its own, so that whatever it starts can be
/// told by its session, and kills it as soon as `phase` has begun.
fn kill_at(bench: &Bench, phase: Phase, signal: Signal) {
    let filbench = run_command(bench);
    let mut command = Command::new("setsid");
    command
        .arg(filbench.get_program())
        .args(filbench.get_args())
        .envs(filbench.get_envs().filter_map(|(key, value)| Some((key, value?))))
        .env("FILBENCH_LOG", "filbench_run=debug")
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    wait_for(&mut child, phase);
    let session = child.id();
    kill_process(Pid::from_child(&child), signal).unwrap();
    let status = child.wait().unwrap();
    if signal == Signal::INT {
        // Comparing takes no time: the run may have its verdict before the signal comes.
        let over = phase == Phase::Compare && status.code() == Some(0);
        assert!(over || status.code() == Some(130), "interrupted at {phase}: {status}");
        assert!(bench.remains().is_empty(), "{phase}: {:?}", bench.remains());
    }
    nothing_runs(session, &format!("killed at {phase}"));
}

fn run_command(bench: &Bench) -> Command {
    let mut command = bench.command(["run", "--format", "json"]);
    command
        .arg(root().join("tests/designs/dff.v"))
        .arg("--problem")
        .arg(problem("filbench-small/Prob002_dff"));
    command
}

/// Reads the log up to the line that says that the candidate's `phase` began.
fn wait_for(child: &mut Child, phase: Phase) {
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let mut seen = String::new();
    let mut line = String::new();
    let wanted = format!("run.phase={phase}");
    while log.read_line(&mut line).unwrap() > 0 {
        if line.contains("phase started") && line.contains(&wanted) {
            // The rest of the log has to go somewhere.
            std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
            return;
        }
        write!(seen, "{line}").unwrap();
        line.clear();
    }
    panic!("phase {phase} never began:\n{seen}");
}

/// Kills a run at `phase` in both ways, and lets a second one finish.
fn survives(phases: &[Phase]) {
    for &phase in phases {
        let bench = Bench::new();
        kill_at(&bench, phase, Signal::KILL);
        kill_at(&bench, phase, Signal::INT);
        let output = run_command(&bench).output().unwrap();
        answer(&output).expect("pass");
        assert!(bench.remains().is_empty(), "{phase}: {:?}", bench.remains());
    }
}

#[test]
fn a_run_killed_while_it_builds_leaves_nothing() {
    survives(&[Phase::Synth, Phase::Link, Phase::Place, Phase::Pack]);
}

#[test]
fn a_run_killed_while_it_plays_leaves_nothing() {
    survives(&[Phase::Program, Phase::Identify, Phase::Play, Phase::Compare]);
}
