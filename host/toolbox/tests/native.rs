//! Native tools of the flow: found, asked for their versions, and kept in the sandbox.
//!
//! Shell scripts stand in for them; the sandbox shows a tool `/bin/sh`, and a script can use
//! nothing beyond the shell's own commands there. Debian's tools are tried where they are
//! installed.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

#[expect(dead_code, reason = "this target runs tools of toolboxes of its own")]
mod common;

use common::{LIMITS, said};
use filbench_model::ToolBackend;
use filbench_toolbox::{
    EdaTools, JobDir, Limits, Tool, ToolExit, ToolJob, ToolRun, Toolbox, ToolboxConfig,
    ToolboxError, cache_root,
};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

/// Tells a version; else runs its last argument in the shell.
const YOSYS: &str = "#!/bin/sh\nif [ \"$1\" = -V ]; then echo 'Yosys 0.70+1 (git sha1 0)'; exit; fi\n\
    for last; do :; done\neval \"$last\"\n";
const NEXTPNR: &str = "#!/bin/sh\n\
    echo '\"nextpnr-ice40\" -- Next Generation Place and Route (Version nextpnr-0.11-2)' >&2\n";
const ICEPACK: &str = "#!/bin/sh\n:\n";

/// A folder with these programs.
fn folder(programs: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in programs {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    }
    folder
}

fn open(path: &Path) -> Result<Toolbox, ToolboxError> {
    Toolbox::open(ToolboxConfig {
        cache: cache_root(),
        worker: Some(env!("CARGO_BIN_EXE_filbench-toolbox-worker").into()),
        tools: EdaTools::Native { path: Some(path.into()) },
    })
}

fn stand_ins() -> (TempDir, Toolbox) {
    let folder = folder(&[("yosys", YOSYS), ("nextpnr-ice40", NEXTPNR), ("icepack", ICEPACK)]);
    let toolbox = open(folder.path()).unwrap();
    (folder, toolbox)
}

fn run(toolbox: &Toolbox, tool: Tool, dir: &JobDir, args: &[&str], limits: Limits) -> ToolRun {
    let args = args.iter().map(|&arg| arg.to_owned()).collect();
    toolbox.run(&ToolJob { tool, args, dir: dir.path(), read_only: Vec::new(), limits }).unwrap()
}

#[test]
fn records_say_which_backend_it_is() {
    let (_folder, native) = stand_ins();
    let record = |toolbox: &Toolbox, name: &str| {
        let records = toolbox.records();
        let record = records.iter().find(|record| record.name == name).unwrap();
        (record.version.clone(), record.backend, record.sha256.clone())
    };
    let (version, backend, sha256) = record(&native, "yosys");
    assert_eq!((version.as_str(), backend), ("0.70+1", Some(ToolBackend::Native)));
    assert_eq!(record(&native, "nextpnr-ice40").0, "0.11-2");
    assert_eq!(record(&native, "icepack").1, Some(ToolBackend::Native));
    let guests = common::toolbox();
    assert_eq!(record(guests, "yosys").1, Some(ToolBackend::Wasm));
    assert_ne!(record(guests, "yosys").2, sha256, "caches tell them apart by this");
    assert_eq!(record(guests, "iverilog").1, Some(ToolBackend::Native));
    assert!(guests.reads_slang());
    native.prepare(&mut |line| panic!("nothing to compile: {line}")).unwrap();
}

#[test]
fn what_is_too_old_or_missing_is_refused() {
    let old = "#!/bin/sh\necho 'Yosys 0.23 (git sha1 7ce5011c24b)'\n";
    let with = |yosys| [("yosys", yosys), ("nextpnr-ice40", NEXTPNR), ("icepack", ICEPACK)];
    let folder_of_old = folder(&with(old));
    let error = open(folder_of_old.path()).unwrap_err().to_string();
    let path = folder_of_old.path().join("yosys").display().to_string();
    for word in [path.as_str(), "yosys 0.23", "needs yosys 0.70 or newer", "--tools native"] {
        assert!(error.contains(word), "`{word}`: {error}");
    }
    let other = folder(&with("#!/bin/sh\necho 'exec: not found'\n"));
    let error = open(other.path()).unwrap_err().to_string();
    assert!(error.contains("of no known version (it says: exec: not found)"), "{error}");

    let none = folder(&[("yosys", YOSYS)]);
    std::fs::write(none.path().join("nextpnr-ice40"), "no program").unwrap();
    let error = open(none.path()).unwrap_err().to_string();
    assert!(error.contains("no `nextpnr-ice40` on PATH"), "{error}");
    assert!(error.contains(&none.path().display().to_string()), "{error}");
}

#[test]
fn its_sandbox_holds() {
    let (folder, toolbox) = stand_ins();
    let dir = JobDir::create().unwrap();
    dir.write("in.txt", "own\n").unwrap();
    let shell = |command: &str| run(&toolbox, Tool::Yosys, &dir, &["-q", "-p", command], LIMITS);
    let own = shell("read word < in.txt; echo \"$word\" > out.txt; echo \"$HOME$USER\"");
    assert_eq!(own.exit, ToolExit::Exited(0), "{}", said(&own));
    assert_eq!(own.stdout, b"\n", "the environment is not the caller's");
    assert_eq!(dir.read("out.txt", 100).unwrap().unwrap(), b"own\n");

    let outside = folder.path().join("written").display().to_string();
    for command in [
        "read word < /etc/passwd",
        "read word < ../../etc/passwd",
        "read word < /proc/1/environ",
        &format!("echo x > {outside}"),
        "echo x > /bin/x",
        "echo x > /x",
        // What it wrote itself cannot be executed.
        "echo '#!/bin/sh' > x; ./x",
    ] {
        let run = shell(&format!("{command} || exit 7"));
        assert_ne!(run.exit, ToolExit::Exited(0), "{command}: {}", said(&run));
    }
    assert!(!folder.path().join("written").exists());
}

#[test]
fn its_limits_hold() {
    let (_folder, toolbox) = stand_ins();
    let dir = JobDir::create().unwrap();
    let limits = Limits { cpu: Duration::from_secs(1), output_bytes: 1 << 20, ..LIMITS };
    for (command, expected) in [
        ("while :; do :; done", ToolExit::CpuLimit),
        (
            "while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done",
            ToolExit::OutputLimit,
        ),
        ("exit 3", ToolExit::Exited(3)),
    ] {
        let run = run(&toolbox, Tool::Yosys, &dir, &["-p", command], limits);
        assert_eq!(run.exit, expected, "{command}: {}", said(&run));
    }
}

#[test]
fn debians_yosys_is_too_old_and_its_icepack_packs() {
    let debian = Path::new("/usr/bin");
    if ["yosys", "nextpnr-ice40", "icepack"].iter().any(|name| !debian.join(name).exists()) {
        eprintln!("skipped: Debian's yosys, nextpnr-ice40 and fpga-icestorm are not installed");
        return;
    }
    match open(debian) {
        Err(ToolboxError::NativeVersion { needed, .. }) => assert_eq!(needed, "0.70"),
        other => assert!(other.is_ok(), "{:?}", other.err()),
    }
    let folder = folder(&[("yosys", YOSYS), ("nextpnr-ice40", NEXTPNR)]);
    std::os::unix::fs::symlink(debian.join("icepack"), folder.path().join("icepack")).unwrap();
    let native = open(folder.path()).unwrap();
    let packed = |toolbox: &Toolbox| {
        let dir = JobDir::create().unwrap();
        let tile = "000000000000000000\n".repeat(16);
        dir.write("a.asc", format!(".comment x\n.device 5k\n.io_tile 1 0\n{tile}\n")).unwrap();
        let run = run(toolbox, Tool::Icepack, &dir, &["a.asc", "a.bin"], LIMITS);
        assert_eq!(run.exit, ToolExit::Exited(0), "{}", said(&run));
        dir.read("a.bin", 1 << 20).unwrap().unwrap()
    };
    let bytes = packed(&native);
    assert!(bytes.len() > 100_000);
    assert_eq!(bytes, packed(common::toolbox()));
}
