//! The command line against a lab's server: what `filbench serve` judges is what
//! `filbench` itself judges, whatever becomes of the connection meanwhile.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod common;

use common::daemon::Daemon;
use common::processes::{a_child_computes, has_no_child};
use common::{Bench, answer, candidate, echo, problem, root};
use filbench_api::types::{State, SubmissionSummary};
use filbench_client::Wanted;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use tokio::runtime::Runtime;

const DFF: &str = "filbench-small/Prob002_dff";

/// Judges a candidate for the flip-flop, under the name that it has in its folder.
fn judge(command: Command, candidate: &str, out: &Path) -> Output {
    judging(command, candidate, out).output().unwrap()
}

fn judging(mut command: Command, candidate: &str, out: &Path) -> Command {
    command.current_dir(root().join("tests/suites/filbench-small/candidates/Prob002_dff"));
    command.args(["run", candidate, "--format", "json", "--problem"]).arg(problem(DFF));
    command.arg("--out").arg(out);
    command
}

/// A report without times, and without the name of the board that happened to be free.
fn report(output: &Output) -> Value {
    answer(output);
    let mut report: Value = serde_json::from_slice(&output.stdout).unwrap();
    report["durations_ms"] = Value::Null;
    report["provenance"]["started_at"] = Value::Null;
    report["board"]["id"] = Value::Null;
    report
}

fn files(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_server_judges_as_the_program_itself() {
    let daemon = Daemon::start();
    let folder = |name: &str| daemon.data().with_file_name(name);
    for (candidate, code) in [("right.sv", 0), ("wrong_inverted.sv", 1)] {
        let (here, there) = (folder("here"), folder("there"));
        let own = judge(daemon.bench.command([""; 0]), candidate, &here);
        let served = judge(daemon.command(&[]), candidate, &there);
        let said = String::from_utf8_lossy(&served.stderr).into_owned();
        assert_eq!(own.status.code(), Some(code));
        assert_eq!(served.status.code(), Some(code), "{said}");
        assert_eq!(report(&own), report(&served));
        assert!(said.contains("submitted as eval_") && said.contains("placing"), "{said}");
        assert_eq!(files(&here), files(&there));
        for name in ["bitstream.bin", "mismatch.vcd"] {
            assert_eq!(fs::read(here.join(name)).ok(), fs::read(there.join(name)).ok(), "{name}");
        }
    }
    assert_eq!(
        daemon.output(&["results", "--limit", "1"]).stdout.iter().filter(|&&b| b == b'\n').count(),
        1
    );
}

/// What is wrong in a candidate is told with the name that the user typed.
#[test]
fn errors_have_the_names_that_the_user_typed() {
    let daemon = Daemon::start();
    let broken = daemon.bench.file("broken.v", "module TopModule(input a;\nendmodule\n");
    let typed = broken.with_file_name("x").join("../broken.v");
    fs::create_dir(broken.with_file_name("x")).unwrap();
    let mut command = daemon.command(&["run", "--format", "json", "--problem"]);
    let output = command.arg(problem(DFF)).arg(&typed).output().unwrap();
    let answer = answer(&output);
    answer.expect("fail (parse)");
    let file = answer.report.diagnostics[0].file.as_deref();
    assert_eq!(file, typed.to_str());
}

/// A suite with what goes wrong in real ones.
fn suite(bench: &Bench) -> (PathBuf, PathBuf) {
    let marker = bench.file("suite-marker", "");
    let (suite, answers) = (marker.with_file_name("suite"), marker.with_file_name("answers"));
    for name in ["Prob001_mux", "Prob002_dff"] {
        fs::create_dir_all(&suite).unwrap();
        for part in ["ref", "test"] {
            let file = format!("{name}_{part}.sv");
            fs::copy(problem("filbench-small").join(&file), suite.join(&file)).unwrap();
        }
    }
    fs::write(suite.join("Prob003_half_ref.sv"), "module RefModule; endmodule").unwrap();
    let answer = |problem: &str, number: usize, text: &[u8]| {
        let folder = answers.join(problem);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("{problem}_sample{number:02}.sv")), text).unwrap();
    };
    let of_small = |problem: &str, name: &str| {
        fs::read(common::candidate(&format!("filbench-small/{problem}"), name)).unwrap()
    };
    answer("Prob001_mux", 1, &of_small("Prob001_mux", "right"));
    answer("Prob001_mux", 2, &of_small("Prob001_mux", "wrong_swapped"));
    answer("Prob002_dff", 1, &of_small("Prob002_dff", "right"));
    answer("Prob002_dff", 2, &[0xff, 0xfe, 0x00, b'm']);
    answer("Prob002_dff", 3, &of_small("Prob002_dff", "wrong_inverted"));
    answer("Prob003_half", 1, b"module TopModule; endmodule");
    (suite, answers)
}

fn suite_run(
    mut command: Command,
    suite: &(PathBuf, PathBuf),
    out: &Path,
    more: &[&str],
) -> Command {
    command.args(["suite", "run", "--no-cache", "--format", "json"]).args(more).arg(&suite.0);
    command.arg("--candidates").arg(&suite.1).arg("--out").arg(out);
    command
}

/// The records, without what differs from run to run.
fn records(out: &Path) -> Vec<Value> {
    let text = fs::read_to_string(out.join("results.jsonl")).unwrap();
    text.lines()
        .map(|line| {
            let mut record: Value = serde_json::from_str(line).unwrap();
            record["durations_ms"] = Value::Null;
            record["provenance"]["started_at"] = Value::Null;
            if record["board"].is_object() {
                record["board"]["id"] = Value::Null;
            }
            record
        })
        .collect()
}

#[test]
fn a_suite_at_a_server_has_the_same_results_and_is_resumed() {
    let daemon = Daemon::start();
    let suite = suite(&daemon.bench);
    let folder = |name: &str| daemon.data().with_file_name(name);
    let (here, there, parts) = (folder("here"), folder("there"), folder("parts"));
    let own = suite_run(daemon.bench.command([""; 0]), &suite, &here, &[]).output().unwrap();
    let served = suite_run(daemon.command(&[]), &suite, &there, &[]).output().unwrap();
    let said = String::from_utf8_lossy(&served.stderr).into_owned();
    assert_eq!((own.status.code(), served.status.code()), (Some(1), Some(1)), "{said}");
    let json = |output: &Output| serde_json::from_slice::<Value>(&output.stdout).unwrap();
    assert_eq!(json(&own), json(&served));
    assert_eq!(records(&here), records(&there));
    let mut made = files(&there);
    assert!(made.remove("server.json"));
    assert_eq!(files(&here), made);
    assert_eq!(files(&here.join("waveforms")), files(&there.join("waveforms")));
    assert!(said.contains("6/6 "), "{said}");

    // Interrupted, the server goes on.
    let mut command = suite_run(daemon.command(&[]), &suite, &parts, &[]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let rest = wait_for(&mut child, "submitted as sub_");
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let said = rest.join().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{said}");
    assert!(said.contains("--resume"), "{said}");
    assert!(!parts.join("results.jsonl").exists());
    let before = submissions(&daemon);
    for _ in 0..2 {
        let resumed =
            suite_run(daemon.command(&[]), &suite, &parts, &["--resume"]).output().unwrap();
        assert_eq!(resumed.status.code(), Some(1));
        assert_eq!(records(&parts), records(&here));
        assert_eq!(submissions(&daemon), before, "submitted anew");
    }
}

fn submissions(daemon: &Daemon) -> Vec<String> {
    let output = daemon.output(&["results", "--format", "json"]);
    let all: Vec<SubmissionSummary> = serde_json::from_slice(&output.stdout).unwrap();
    all.iter().map(|submission| submission.id.to_string()).collect()
}

/// Reads stderr up to a line with `text`; the rest comes when the child has ended.
fn wait_for(child: &mut Child, text: &str) -> std::thread::JoinHandle<String> {
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut seen = String::new();
    while !seen.contains(text) {
        assert!(stderr.read_line(&mut seen).unwrap() > 0, "no {text:?} in:\n{seen}");
    }
    std::thread::spawn(move || {
        stderr.read_to_string(&mut seen).unwrap();
        seen
    })
}

#[test]
fn a_daemon_killed_under_its_client_costs_nothing_but_time() {
    let mut daemon = Daemon::start();
    let out = daemon.data().with_file_name("out");
    for phase in ["synthesising", "placing and routing"] {
        let mut command = judging(daemon.command(&[]), "right.sv", &out);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let rest = wait_for(&mut child, phase);
        daemon.kill();
        daemon.start_again();
        let output = child.wait_with_output().unwrap();
        let said = rest.join().unwrap();
        assert_eq!(output.status.code(), Some(0), "{said}");
        assert!(said.contains("waiting for another run"), "{said}");
        answer(&output).expect("pass");
        assert!(out.join("bitstream.bin").exists());
    }
    // An evaluation each, and each ended once.
    let runtime = Runtime::new().unwrap();
    let all = runtime.block_on(daemon.client(None).evaluations(&Wanted::default(), 10)).unwrap();
    assert_eq!(all.len(), 2);
    assert!(all.iter().all(|evaluation| evaluation.state == State::Ended));
}

#[test]
fn an_interrupted_run_is_cancelled_at_the_server() {
    let mut daemon = Daemon::start();
    let out = daemon.data().with_file_name("out");
    let mut command = judging(daemon.command(&[]), "right.sv", &out);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let rest = wait_for(&mut child, "submitted as");
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let said = rest.join().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{said}");
    assert!(said.contains("was cancelled at the server"), "{said}");
    let runtime = Runtime::new().unwrap();
    let all = runtime.block_on(daemon.client(None).evaluations(&Wanted::default(), 10)).unwrap();
    assert_eq!(all.len(), 1);
    let follow = daemon.output(&["results", all[0].id.as_str(), "--follow"]);
    assert_eq!(follow.status.code(), Some(3));
    let said = String::from_utf8_lossy(&follow.stderr).into_owned();
    assert!(said.contains("ended without a verdict: cancelled"), "{said}");
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn what_is_cancelled_leaves_no_tool_at_work() {
    let mut daemon = Daemon::start();
    let out = daemon.data().with_file_name("out");
    let endless = candidate("hostile/Prob001_accumulator", "endless_constant");
    let mut command = daemon.command(&[]);
    command.arg("run").arg(endless).arg("--problem").arg(problem("hostile/Prob001_accumulator"));
    command.arg("--out").arg(&out);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let rest = wait_for(&mut child, "submitted as");
    a_child_computes(daemon.session());
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{}", rest.join().unwrap());
    has_no_child(daemon.session(), "the evaluation was cancelled");
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn who_may_not_is_told_what_to_do() {
    let mut daemon = Daemon::prepare();
    daemon.start_again();
    let reader = daemon.token("read");
    let submitter = daemon.token("submit,read");
    let out = daemon.data().with_file_name("out");
    let run = |token: Option<&str>| {
        let mut command = judging(daemon.command(&[]), "right.sv", &out);
        command.envs(token.map(|token| ("FILBENCH_TOKEN", token)));
        let output = command.output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!token.is_some_and(|token| said.contains(token)), "{said}");
        (output.status.code().unwrap(), said)
    };
    let (code, said) = run(None);
    assert_eq!(code, 64, "{said}");
    assert!(said.contains("401") && said.contains("FILBENCH_TOKEN"), "{said}");
    let (code, said) = run(Some("fb_unknown"));
    assert_eq!(code, 64, "{said}");
    let (code, said) = run(Some(&reader));
    assert_eq!(code, 64, "{said}");
    assert!(said.contains("403") && said.contains("more scopes"), "{said}");
    assert_eq!(run(Some(&submitter)).0, 0);

    // Another's results are not there for this one, nor is a board.
    let as_reader = |args: &[&str]| {
        let output = daemon.command(args).env("FILBENCH_TOKEN", &reader).output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let runtime = Runtime::new().unwrap();
    let client = daemon.client(Some(&submitter));
    let all = runtime.block_on(client.evaluations(&Wanted::default(), 10)).unwrap();
    let (code, said) = as_reader(&["results", all[0].id.as_str()]);
    assert_eq!(code, 64);
    assert!(said.contains("404"), "{said}");
    assert_eq!(as_reader(&["lease", "take", "virtual:icebreaker"]).0, 64);
    assert_eq!(as_reader(&["boards"]).0, 0);

    let file = daemon.bench.file("token", &submitter);
    let path = file.to_str().unwrap();
    let with_file = || daemon.output(&["boards", "--token-file", path]);
    let open = with_file();
    assert_eq!(open.status.code(), Some(64));
    assert!(String::from_utf8_lossy(&open.stderr).contains("chmod 600"));
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(with_file().status.code(), Some(0));
    assert!(!daemon.log().contains(&submitter) && !daemon.log().contains(&reader));
}

#[test]
fn what_goes_wrong_before_a_server_answers() {
    let daemon = Daemon::prepare();
    let out = daemon.data().with_file_name("out");
    let nobody = judge(daemon.command(&[]), "right.sv", &out);
    let said = String::from_utf8_lossy(&nobody.stderr).into_owned();
    assert_eq!(nobody.status.code(), Some(3), "{said}");
    assert!(nobody.stdout.is_empty());
    assert!(said.contains("is `filbench serve` running there"), "{said}");
    let usage = |args: &[&str]| {
        let output = daemon.output(args);
        assert_eq!(output.status.code(), Some(64), "{args:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(usage(&["boards", "--server", "lab:8470"]).contains("http://127.0.0.1:8470"));
    let text = usage(&["run", "x.v", "--problem", "p", "--firmware", "f.bin"]);
    assert!(text.contains("`--firmware` is not for a server"), "{text}");
    let suite = root().join("tests/suites/filbench-small");
    for option in [["--jobs", "2"], ["--slots", "2"]] {
        let text = usage(&["suite", "run", suite.to_str().unwrap(), option[0], option[1]]);
        assert!(text.contains(option[0]) && text.contains("FILBENCH_SERVER"), "{text}");
    }
    assert!(usage(&["results", "eval_x"]).contains("`eval_x` is no submission"));
    let output = daemon.bench.command(["results"]).env_remove("FILBENCH_SERVER").output().unwrap();
    assert_eq!(output.status.code(), Some(64));
}

#[test]
fn a_leased_board_echoes_and_is_given_back() {
    let daemon = Daemon::start();
    let bitstream = daemon.bench.file("echo.bin", echo::build("icebreaker", "uart_echo"));
    let message = daemon.bench.file("message", echo::message());
    let taken = daemon.output(&["lease", "take", "id:icebreaker-v1", "--ttl", "20"]);
    assert!(taken.status.success(), "{}", String::from_utf8_lossy(&taken.stderr));
    let lease = String::from_utf8(taken.stdout).unwrap().trim().to_owned();
    let on_lease = |args: &[&str], lease: &str| {
        let mut command = daemon.command(&["lease"]);
        command.args(args).env("FILBENCH_LEASE", lease).stdin(fs::File::open(&message).unwrap());
        command.output().unwrap()
    };
    let unprogrammed = on_lease(&["uart"], &lease);
    assert_eq!(unprogrammed.status.code(), Some(3));
    let programmed = on_lease(&["program", bitstream.to_str().unwrap()], &lease);
    assert!(programmed.status.success(), "{}", String::from_utf8_lossy(&programmed.stderr));
    let echoed = on_lease(&["uart"], &lease);
    assert!(echoed.status.success(), "{}", String::from_utf8_lossy(&echoed.stderr));
    assert_eq!(echoed.stdout, echo::message());

    // Nobody else has it, and nobody comes to it with another generation.
    let other = daemon.output(&["lease", "take", "id:icebreaker-v1"]);
    assert_eq!(other.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&other.stderr).contains("409"));
    let (id, generation) = lease.split_once('@').unwrap();
    let generation: i64 = generation.parse().unwrap();
    let stale = on_lease(&["uart"], &format!("{id}@{}", generation - 1));
    assert_eq!(stale.status.code(), Some(3));
    assert!(on_lease(&["extend", "--ttl", "30"], &lease).status.success());
    assert!(on_lease(&["release"], &lease).status.success());
    let over = on_lease(&["extend"], &lease);
    assert_eq!(over.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&over.stderr).contains("lease is over"));
}

/// The command lives longer than the lease was taken for.
#[test]
fn a_lease_is_kept_alive_while_a_command_runs_and_no_longer() {
    let daemon = Daemon::start();
    let bitstream = daemon.bench.file("echo.bin", echo::build("icebreaker", "uart_echo"));
    let script = r#"
        sleep 3
        "$FILBENCH" lease program "$BITSTREAM" && printf hello | "$FILBENCH" lease uart; exit 7"#;
    let mut command = daemon.command(&["lease", "take", "id:icebreaker-v2", "--ttl", "1", "--"]);
    command.args(["sh", "-c", script]).env("BITSTREAM", &bitstream);
    let output = command.env("FILBENCH", env!("CARGO_BIN_EXE_filbench")).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(
        (output.status.code(), output.stdout.as_slice()),
        (Some(7), &b"hello"[..]),
        "{said}"
    );
    let again = daemon.output(&["lease", "take", "id:icebreaker-v2", "--ttl", "1"]);
    assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stderr));
}

#[test]
fn what_a_daemon_keeps_is_saved_while_it_works() {
    let daemon = Daemon::start();
    let out = daemon.data().with_file_name("out");
    assert_eq!(judge(daemon.command(&[]), "right.sv", &out).status.code(), Some(0));
    let (file, copy) = (out.join("saved.tar"), daemon.data().with_file_name("copy"));
    let store = |args: &[&str], data: &Path| {
        let mut command = daemon.bench.command(["store"]);
        let output = command.args(args).arg("--data").arg(data).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    store(&["backup", file.to_str().unwrap()], daemon.data());
    store(&["restore", file.to_str().unwrap()], &copy);
    assert!(store(&["check"], &copy).contains("sound"));
    assert!(store(&["check"], daemon.data()).contains("sound"));

    // What was judged is fetched from the server as it was printed.
    let all = submissions(&daemon);
    let fetched = daemon.data().with_file_name("fetched");
    let output = daemon.output(&["results", &all[0], "--out", fetched.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&output.stdout).contains("pass"));
    assert_eq!(records(&fetched)[0]["verdict"]["outcome"], "pass");
    assert!(files(&fetched).contains("junit.xml"));
}
