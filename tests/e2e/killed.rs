//! Killed at any phase: nothing keeps running, no folders pile up, and a
//! second run works and leaves in temp folder and cache what an undisturbed one leaves.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod common;

use common::processes::nothing_runs;
use common::{Bench, answer, problem, root};
use filbench_run::Phase;
use rustix::process::{Pid, Signal, kill_process};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

/// What set-up made: the rest of a cache comes from runs.
const GIVEN: [&str; 3] = ["tools", "compiled", "firmware"];

/// What is in the cache of a run that nobody disturbs: files with their contents, and
/// folders. Its timing is asked for, so that there is a phase for that.
static UNDISTURBED: LazyLock<BTreeMap<PathBuf, Option<Vec<u8>>>> = LazyLock::new(|| {
    let bench = Bench::new();
    cold_cache(&bench);
    answer(&run_command(&bench).output().unwrap()).expect("pass");
    let cache = cache_of(&bench);
    listing(&cache)
        .into_iter()
        .map(|path| (path.clone(), fs::read(cache.join(path)).ok()))
        .collect()
});

fn cache_of(bench: &Bench) -> PathBuf {
    bench.temp_dir().with_file_name("cache")
}

/// A cache in which nothing is recorded or proven.
fn cold_cache(bench: &Bench) {
    let user = filbench_toolbox::cache_root().canonicalize().unwrap();
    let cache = cache_of(bench);
    fs::create_dir(&cache).unwrap();
    for folder in GIVEN {
        symlink(user.join(folder), cache.join(folder)).unwrap();
    }
}

/// One in which the golden is proven, and a run has gone through.
fn warm_cache(bench: &Bench) {
    cold_cache(bench);
    for (path, contents) in &*UNDISTURBED {
        let path = cache_of(bench).join(path);
        match contents {
            None => fs::create_dir_all(path).unwrap(),
            Some(contents) => {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, contents).unwrap();
            }
        }
    }
}

/// Everything below `folder`, links not followed.
fn listing(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut pending = vec![folder.to_path_buf()];
    while let Some(next) = pending.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let entry = entry.unwrap();
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                pending.push(entry.path());
            }
            if !kind.is_symlink() {
                found.insert(entry.path().strip_prefix(folder).unwrap().to_path_buf());
            }
        }
    }
    found
}

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
        .arg(problem("filbench-small/Prob002_dff"))
        .args(["--seeds", "1"])
        .env("FILBENCH_CACHE", cache_of(bench));
    command
}

/// Reads the log up to the line that says that a `phase` began.
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

/// Kills runs in both ways at one of `phases` after the other, with what the runs before have
/// left, and lets the last one finish.
fn survives(phases: &[Phase], cache: fn(&Bench)) {
    let bench = Bench::new();
    cache(&bench);
    for &phase in phases {
        kill_at(&bench, phase, Signal::KILL);
        kill_at(&bench, phase, Signal::INT);
    }
    answer(&run_command(&bench).output().unwrap()).expect("pass");
    assert!(bench.remains().is_empty(), "{:?}", bench.remains());
    is_undisturbed(&bench, &format!("killed at {phases:?}"));
}

fn is_undisturbed(bench: &Bench, when: &str) {
    let expected: BTreeSet<PathBuf> = UNDISTURBED.keys().cloned().collect();
    assert_eq!(listing(&cache_of(bench)), expected, "{when}");
}

/// What stands in the way of the candidate.
#[test]
fn a_run_killed_before_its_candidate_leaves_nothing() {
    survives(&[Phase::Record, Phase::Proof], cold_cache);
}

#[test]
fn a_run_killed_while_it_builds_leaves_nothing() {
    survives(&[Phase::Synth, Phase::Link, Phase::Place, Phase::Pack, Phase::Timing], warm_cache);
}

#[test]
fn a_run_killed_while_it_plays_leaves_nothing() {
    survives(&[Phase::Program, Phase::Identify, Phase::Play, Phase::Compare], warm_cache);
}

/// A process that is killed while it writes a file of the cache.
#[test]
fn what_was_half_written_is_swept() {
    let bench = Bench::new();
    warm_cache(&bench);
    let mut dead = Command::new("true").spawn().unwrap();
    dead.wait().unwrap();
    for folder in [cache_of(&bench).join("scratch"), bench.temp_dir()] {
        let left = folder.join(format!("filbench-{}-left", dead.id()));
        fs::create_dir_all(&left).unwrap();
        fs::write(left.join("unfinished"), "{").unwrap();
    }
    answer(&run_command(&bench).output().unwrap()).expect("pass");
    assert!(bench.remains().is_empty(), "{:?}", bench.remains());
    is_undisturbed(&bench, "with folders of a dead process");
}
