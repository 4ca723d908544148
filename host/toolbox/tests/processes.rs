//! What several processes see: a parent that is killed, two that compile, a
//! toolbox that is stopped, a system without sandboxes.
//!
//! Most tests start this test binary again as the process in question: the
//! ignored tests at the end are what it does then.

#![expect(clippy::unwrap_used, reason = "clippy spares the tests, not their helpers")]

mod common;
#[macro_use]
mod hostile;

use common::{LIMITS, exit_of, run, said, toolbox};
use filbench_toolbox::{
    EdaTools, Interrupt, JobDir, Limits, Tool, ToolExit, ToolJob, Toolbox, ToolboxConfig,
    ToolboxError, cache_root, confine,
};
use landlock::{AccessFs, Ruleset, RulesetAttr, RulesetError};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Tells the ignored tests in which folder to work.
const FOLDER: &str = "FILBENCH_TEST_FOLDER";
/// For what takes well under a second on an idle machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// This binary again, doing the ignored test `name` in `folder`.
fn start(name: &str, folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--ignored", "--nocapture", name])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

fn folder() -> PathBuf {
    std::env::var_os(FOLDER).expect("started by another test of this file").into()
}

/// (process, its parent, its program's name) of everything that runs.
fn processes() -> Vec<(i32, i32, String)> {
    let stat = |entry: fs::DirEntry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let text = fs::read_to_string(entry.path().join("stat")).ok()?;
        let (name, rest) = text.split_once('(')?.1.rsplit_once(')')?;
        Some((pid, rest.split_whitespace().nth(1)?.parse().ok()?, name.to_owned()))
    };
    fs::read_dir("/proc").unwrap().flatten().filter_map(stat).collect()
}

fn descendants(ancestor: i32) -> Vec<(i32, String)> {
    let all = processes();
    let mut found = vec![(ancestor, String::new())];
    let mut next = 0;
    while let Some(&(parent, _)) = found.get(next) {
        found.extend(all.iter().filter(|p| p.1 == parent).map(|p| (p.0, p.2.clone())));
        next += 1;
    }
    found.split_off(1)
}

/// Waits until `ancestor` has a descendant for which `wanted` holds.
fn wait_for(ancestor: i32, wanted: impl Fn(&(i32, String)) -> bool) -> Vec<(i32, String)> {
    let started = Instant::now();
    loop {
        let found = descendants(ancestor);
        if found.iter().any(&wanted) {
            return found;
        }
        assert!(started.elapsed() < PATIENCE, "only {found:?}");
        // Nothing tells of a grandchild's start.
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Whether a process is a worker with a guest's code mapped, past its own
/// preparations.
fn computes((pid, _): &(i32, String)) -> bool {
    fs::read_to_string(format!("/proc/{pid}/maps")).is_ok_and(|maps| maps.contains(".cwasm"))
}

/// Kills `parent` and sees all its descendants end.
fn kill_and_watch(mut parent: Child, descendants: &[(i32, String)]) {
    let watched: Vec<_> = descendants
        .iter()
        .map(|(pid, name)| {
            let pid = Pid::from_raw(*pid).unwrap();
            (name, pidfd_open(pid, PidfdFlags::empty()).unwrap())
        })
        .collect();
    parent.kill().unwrap();
    parent.wait().unwrap();
    for (name, pidfd) in watched {
        let timeout = Timespec::try_from(PATIENCE).unwrap();
        let ended = poll(&mut [PollFd::new(&pidfd, PollFlags::IN)], Some(&timeout)).unwrap();
        assert_eq!(ended, 1, "`{name}` still runs after its parent was killed");
    }
}

#[test]
fn a_guest_dies_with_its_parent() {
    let dir = JobDir::create().unwrap();
    let parent = start("runs_an_endless_guest", dir.path());
    let pid = parent.id().cast_signed();
    let all = wait_for(pid, computes);
    kill_and_watch(parent, &all);
}

#[test]
fn a_native_tool_is_confined_and_dies_with_its_parent() {
    let dir = JobDir::create().unwrap();
    let parent = start("runs_an_endless_simulation", dir.path());
    let pid = parent.id().cast_signed();
    let all = wait_for(pid, |(_, name)| name == "vvp");
    let (vvp, _) = all.iter().find(|(_, name)| name == "vvp").unwrap();
    for namespace in ["user", "mnt", "net", "pid", "ipc"] {
        let of = |who: &str| fs::read_link(format!("/proc/{who}/ns/{namespace}")).unwrap();
        assert_ne!(of("self"), of(&vvp.to_string()), "{namespace}");
    }
    let interfaces = fs::read_to_string(format!("/proc/{vvp}/net/dev")).unwrap();
    let names: Vec<&str> = interfaces
        .lines()
        .skip(2)
        .filter_map(|line| line.split(':').next())
        .map(str::trim)
        .collect();
    // Some kernels put unconnected tunnel ends into every new namespace.
    assert!(names.contains(&"lo") && !names.iter().any(|n| n.starts_with('e')), "{names:?}");
    let routes = fs::read_to_string(format!("/proc/{vvp}/net/route")).unwrap();
    assert!(routes.lines().count() <= 1, "no more than a heading: {routes}");
    let status = fs::read_to_string(format!("/proc/{vvp}/status")).unwrap();
    for line in ["CapEff:\t0000000000000000", "CapPrm:\t0000000000000000", "NoNewPrivs:\t1"] {
        assert!(status.contains(line), "{line} in {status}");
    }
    let environment = fs::read(format!("/proc/{vvp}/environ")).unwrap();
    let environment = String::from_utf8_lossy(&environment);
    let mut names: Vec<&str> =
        environment.split_terminator('\0').filter_map(|v| v.split('=').next()).collect();
    names.sort_unstable();
    assert_eq!(names, ["LC_ALL", "PATH", "TMPDIR"]);
    kill_and_watch(parent, &all);
}

#[test]
fn without_a_sandbox_a_native_tool_is_refused() {
    // In a user namespace of its own, the limit on further ones can be set.
    let script = "echo 0 > /proc/sys/user/max_user_namespaces && exec \"$0\" \"$@\"";
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "sh", "-c", script])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "--ignored", "--nocapture", "finds_no_sandbox"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{output:?}");
}

/// The kernel stacks 16 rulesets and no more; there is no room for the guest's then.
#[test]
fn without_landlock_a_guest_is_refused() {
    let toolbox = own_toolbox();
    let dir = JobDir::create().unwrap();
    let refused = std::thread::spawn(move || {
        let layer = || -> Result<_, RulesetError> {
            let ruleset = Ruleset::default().handle_access(AccessFs::MakeFifo)?;
            ruleset.create()?.restrict_self()
        };
        assert!((0..17).any(|_| layer().is_err()));
        let error = toolbox.run(&endless_job(&dir)).unwrap_err();
        assert!(matches!(error, ToolboxError::SandboxUnavailable { .. }), "{error}");
        let error = confine(1 << 30, LIMITS.cpu).unwrap_err().to_string();
        assert!(error.contains("apply Landlock"), "{error}");
    });
    refused.join().unwrap();
}

#[test]
fn what_is_confined_computes_and_does_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let output = start("confines_itself", folder.path()).wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{output:?}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_stopped_toolbox_ends_its_jobs_and_takes_no_more() {
    let toolbox = own_toolbox();
    let dir = JobDir::create().unwrap();
    let endless = || toolbox.run(&endless_job(&dir));
    std::thread::scope(|scope| {
        let running = scope.spawn(endless);
        wait_for(std::process::id().cast_signed(), computes);
        toolbox.stop();
        assert!(matches!(running.join().unwrap(), Err(ToolboxError::Stopped)));
    });
    assert!(matches!(endless(), Err(ToolboxError::Stopped)));
}

#[test]
fn an_interrupted_job_ends_and_others_go_on() {
    let toolbox = own_toolbox();
    let dir = JobDir::create().unwrap();
    let interrupt = Interrupt::default();
    let endless = interrupt.watch(|| toolbox.run(&endless_job(&dir)));
    std::thread::scope(|scope| {
        let running = scope.spawn(endless);
        wait_for(std::process::id().cast_signed(), computes);
        drop(interrupt);
        assert!(matches!(running.join().unwrap(), Err(ToolboxError::Stopped)));
    });
    let version = ToolJob { args: vec!["-V".into()], ..endless_job(&dir) };
    assert_eq!(toolbox.run(&version).unwrap().exit, ToolExit::Exited(0));
}

/// A toolbox that no other test uses.
fn own_toolbox() -> Toolbox {
    Toolbox::open(ToolboxConfig {
        cache: cache_root(),
        worker: Some(env!("CARGO_BIN_EXE_filbench-toolbox-worker").into()),
        tools: EdaTools::Wasm,
    })
    .unwrap()
}

/// A job that ends by its limits only.
fn endless_job(dir: &JobDir) -> ToolJob<'_> {
    dir.write("top.v", hostile!("endless_constant")).unwrap();
    ToolJob {
        tool: Tool::Yosys,
        args: vec!["-p".into(), "read_verilog -sv top.v".into()],
        dir: dir.path(),
        read_only: Vec::new(),
        limits: LIMITS,
    }
}

#[test]
fn two_processes_compile_a_module_once() {
    let cache = JobDir::create().unwrap();
    symlink(cache_root().canonicalize().unwrap().join("tools"), cache.path().join("tools"))
        .unwrap();
    let children = [(); 2].map(|()| start("packs_with_an_empty_cache", cache.path()));
    let seen = children.map(|child| {
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{text}");
        let line = text.lines().find_map(|line| line.split_once("file ")).expect("prints it");
        line.1.to_owned()
    });
    assert_eq!(seen[0], seen[1], "each compiled its own");
    let names: Vec<String> = fs::read_dir(cache.path().join("compiled"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.ends_with(".lock"))
        .collect();
    assert!(matches!(&names[..], [name] if name.ends_with(".cwasm")), "{names:?}");
}

#[test]
#[ignore = "started by a_guest_dies_with_its_parent"]
fn runs_an_endless_guest() {
    let dir = JobDir::create().unwrap();
    dir.write("top.v", hostile!("endless_constant")).unwrap();
    let run = run(&dir, Tool::Yosys, &["-p", "read_verilog -sv top.v"], LIMITS);
    panic!("it ended: {}", exit_of(&run));
}

#[test]
#[ignore = "started by a_native_tool_is_confined_and_dies_with_its_parent"]
fn runs_an_endless_simulation() {
    let dir = JobDir::create().unwrap();
    dir.write("top.v", "module top; initial while (1); endmodule\n").unwrap();
    let compiled = run(&dir, Tool::Iverilog, &["-o", "top.vvp", "top.v"], LIMITS);
    assert_eq!(compiled.exit, ToolExit::Exited(0), "{}", said(&compiled));
    let run = run(&dir, Tool::Vvp, &["top.vvp"], LIMITS);
    panic!("it ended: {}", exit_of(&run));
}

#[test]
#[ignore = "started by without_a_sandbox_a_native_tool_is_refused"]
fn finds_no_sandbox() {
    let dir = JobDir::create().unwrap();
    for tool in [Tool::Iverilog, Tool::Vvp] {
        let job = ToolJob {
            tool,
            args: vec!["-V".into()],
            dir: dir.path(),
            read_only: Vec::new(),
            limits: LIMITS,
        };
        let error = toolbox().run(&job).unwrap_err();
        assert!(matches!(error, ToolboxError::SandboxUnavailable { .. }), "{error}");
    }
}

#[test]
#[ignore = "started by what_is_confined_computes_and_does_nothing_else"]
fn confines_itself() {
    let folder = folder();
    std::thread::spawn(move || {
        let confined = confine(1 << 30, LIMITS.cpu).unwrap();
        for path in [Path::new("/etc/passwd"), Path::new("/proc/self/environ")] {
            assert!(fs::read(path).is_err(), "{}", path.display());
        }
        assert!(fs::write(folder.join("written"), "x").is_err());
        assert!(fs::create_dir(folder.join("made")).is_err());
        assert!(Command::new("/bin/true").status().is_err());
        assert!(std::net::UdpSocket::bind("127.0.0.1:0").is_err());
        assert!(std::os::unix::net::UnixDatagram::unbound().is_err());
        confined.lift_cpu_limit().unwrap();
        // Threads can still be started.
        assert_eq!(std::thread::spawn(|| vec![1u8; 1 << 20].len()).join().unwrap(), 1 << 20);
    })
    .join()
    .unwrap();
}

/// Prints which file of native code is there after its run.
#[test]
#[ignore = "started by two_processes_compile_a_module_once"]
fn packs_with_an_empty_cache() {
    let cache = folder();
    let toolbox = Toolbox::open(ToolboxConfig {
        cache: cache.clone(),
        worker: Some(env!("CARGO_BIN_EXE_filbench-toolbox-worker").into()),
        tools: EdaTools::Wasm,
    })
    .unwrap();
    let dir = JobDir::create().unwrap();
    let job = ToolJob {
        tool: Tool::Icepack,
        args: vec!["absent.asc".into(), "out.bin".into()],
        dir: dir.path(),
        read_only: Vec::new(),
        limits: Limits { memory_bytes: 256 << 20, ..LIMITS },
    };
    let run = toolbox.run(&job).unwrap();
    assert!(matches!(run.exit, ToolExit::Exited(1..)), "{}", said(&run));
    let file = fs::read_dir(cache.join("compiled"))
        .unwrap()
        .flatten()
        .find(|entry| entry.path().extension().is_some_and(|e| e == "cwasm"))
        .unwrap();
    let metadata = file.metadata().unwrap();
    println!("\nfile {} {}", metadata.ino(), metadata.mtime_nsec());
}
