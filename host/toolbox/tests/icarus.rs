//! Icarus Verilog: it works, and its sandbox holds.

#![expect(clippy::unwrap_used, reason = "clippy spares the tests, not their helpers")]

mod common;

use common::{LIMITS, exit_of, run, said};
use filbench_toolbox::{JobDir, Limits, Tool, ToolExit, ToolRun};
use std::fs;
use std::time::Duration;

const SHORT: Limits = Limits { cpu: Duration::from_secs(2), ..LIMITS };

/// Compiles `body` as a module's contents and runs it in `dir`.
fn simulate(dir: &JobDir, body: &str, limits: Limits) -> ToolRun {
    dir.write("bench.v", format!("module bench;\n{body}\nendmodule\n")).unwrap();
    let compiled = run(dir, Tool::Iverilog, &["-g2012", "-o", "bench.vvp", "bench.v"], LIMITS);
    assert_eq!(compiled.exit, ToolExit::Exited(0), "{}", said(&compiled));
    run(dir, Tool::Vvp, &["bench.vvp"], limits)
}

#[test]
fn a_bench_runs_and_writes_into_its_folder() {
    let dir = JobDir::create().unwrap();
    let body = r#"
        integer file;
        initial begin
            file = $fopen("seen.txt", "w");
            $fdisplay(file, "written");
            $display("printed");
            $stop;
        end
    "#;
    let run = simulate(&dir, body, SHORT);
    assert_eq!(run.exit, ToolExit::Exited(0), "`$stop` ends it: {}", said(&run));
    assert!(String::from_utf8_lossy(&run.stdout).starts_with("printed\n"), "{}", said(&run));
    assert_eq!(dir.read("seen.txt", 100).unwrap().as_deref(), Some(&b"written\n"[..]));
    assert!(!dir.path().join(".tmp").exists());
}

#[test]
fn nothing_outside_the_folder_can_be_read_or_written() {
    let dir = JobDir::create().unwrap();
    let secret = JobDir::create().unwrap();
    secret.write("secret.hex", "2a\n").unwrap();
    let name = dir.path().file_name().unwrap().to_string_lossy().into_owned();
    let escape = format!("{name}-escaped");
    std::os::unix::fs::symlink("/etc/passwd", dir.path().join("link")).unwrap();
    let reads = [
        "/etc/passwd".to_owned(),
        "../../etc/passwd".to_owned(),
        "link".to_owned(),
        "/proc/self/environ".to_owned(),
        "/dev/null".to_owned(),
        secret.path().join("secret.hex").display().to_string(),
        env!("CARGO_MANIFEST_DIR").to_owned() + "/Cargo.toml",
    ];
    let writes = [
        format!("../{escape}"),
        format!("/tmp/{escape}"),
        format!("/{escape}"),
        format!("/usr/{escape}"),
        format!("{}/{escape}", std::env::temp_dir().display()),
    ];
    let tries: String = reads
        .iter()
        .map(|path| (path, "r"))
        .chain(writes.iter().map(|path| (path, "w")))
        .map(|(path, mode)| format!("$display(\"%0d\", $fopen(\"{path}\", \"{mode}\"));\n"))
        .collect();
    let run = simulate(&dir, &format!("initial begin {tries} end"), SHORT);
    assert_eq!(run.exit, ToolExit::Exited(0), "{}", said(&run));
    let expected = "0\n".repeat(reads.len() + writes.len());
    assert_eq!(String::from_utf8_lossy(&run.stdout), expected, "{reads:?} {writes:?}");
    let parent = dir.path().parent().unwrap();
    for folder in [parent, "/".as_ref(), "/usr".as_ref(), "/tmp".as_ref()] {
        assert!(!folder.join(&escape).exists(), "{}", folder.display());
    }
}

#[test]
fn the_compiler_reads_and_writes_nothing_outside_either() {
    for source in [
        "`include \"/etc/passwd\"\nmodule top; endmodule\n".to_owned(),
        format!("`include \"{}/Cargo.toml\"\n", env!("CARGO_MANIFEST_DIR")),
        "`include \"../../etc/passwd\"\n".to_owned(),
    ] {
        let dir = JobDir::create().unwrap();
        dir.write("top.v", &source).unwrap();
        let run = run(&dir, Tool::Iverilog, &["-o", "x", "top.v"], LIMITS);
        let text = said(&run);
        assert!(matches!(run.exit, ToolExit::Exited(1..)), "{text}");
        assert!(text.contains("not found"), "{source}: {text}");
        assert!(!text.contains("root:"), "{text}");
    }
    let dir = JobDir::create().unwrap();
    let name = dir.path().file_name().unwrap().to_string_lossy().into_owned();
    dir.write("top.v", "module top; endmodule\n").unwrap();
    let out = format!("../{name}-escaped");
    let run = run(&dir, Tool::Iverilog, &["-o", &out, "top.v"], LIMITS);
    assert!(!dir.path().parent().unwrap().join(format!("{name}-escaped")).exists());
    assert!(matches!(run.exit, ToolExit::Exited(1..)), "{}", said(&run));
}

/// A command smuggled into the shell that `iverilog` starts finds nothing to
/// run, nothing to read, and nowhere to write.
#[test]
fn a_shell_gets_nowhere() {
    let dir = JobDir::create().unwrap();
    dir.write("top.v", "module top; endmodule\n").unwrap();
    let command = "x;echo</etc/passwd;echo>/tmp/filbench-escaped;echo>escaped;";
    run(&dir, Tool::Iverilog, &["-o", "x", &format!("-DA=\"$({command})\""), "top.v"], LIMITS);
    assert!(!fs::exists("/tmp/filbench-escaped").unwrap());
}

#[test]
fn every_limit_has_its_exit() {
    let small = Limits { memory_bytes: 256 << 20, ..SHORT };
    let terse = Limits { output_bytes: 1 << 20, cpu: Duration::from_secs(20), ..LIMITS };
    let hasty = Limits { wall: Duration::from_millis(300), ..LIMITS };
    for (name, body, limits, expected) in [
        ("endless", "reg a = 0; always #1 a = ~a;", SHORT, ToolExit::CpuLimit),
        ("endless in no time", "initial while (1);", SHORT, ToolExit::CpuLimit),
        ("slow", "initial while (1);", hasty, ToolExit::WallLimit),
        (
            "large memory",
            "reg [63:0] m [0:30000000]; integer i;
             initial for (i = 0; i < 30000000; i = i + 1) m[i] = i;",
            small,
            ToolExit::MemoryLimit,
        ),
        (
            "growing queue",
            "integer q[$]; initial while (1) q.push_back(1);",
            Limits { cpu: Duration::from_secs(20), ..small },
            ToolExit::MemoryLimit,
        ),
        ("talkative", "initial while (1) $display(\"again\");", terse, ToolExit::OutputLimit),
        (
            "long file",
            "integer f; initial begin f = $fopen(\"f\", \"w\"); while (1) $fdisplay(f, \"again\"); end",
            terse,
            ToolExit::OutputLimit,
        ),
    ] {
        let dir = JobDir::create().unwrap();
        let run = simulate(&dir, body, limits);
        assert_eq!(run.exit, expected, "{name}: {}", exit_of(&run));
        assert!(run.stdout.len() + run.stderr.len() <= limits.output_bytes as usize, "{name}");
        assert!(run.wall < Duration::from_secs(60), "{name}: {:?}", run.wall);
    }
}

#[test]
fn the_compiler_has_limits_too() {
    let endless = "module top; function integer f(input integer n); begin
        f = n; while (f >= 0) f = f ^ 1; end endfunction
        localparam X = f(2); initial $display(X); endmodule\n";
    let huge = "module top; genvar i; generate for (i = 0; i < 1 << 26; i = i + 1)
        begin : g reg r; end endgenerate endmodule\n";
    let small = Limits { memory_bytes: 256 << 20, cpu: Duration::from_secs(20), ..LIMITS };
    for (source, limits, expected) in
        [(endless, SHORT, ToolExit::CpuLimit), (huge, small, ToolExit::MemoryLimit)]
    {
        let dir = JobDir::create().unwrap();
        dir.write("top.v", source).unwrap();
        let run = run(&dir, Tool::Iverilog, &["-g2012", "-o", "x", "top.v"], limits);
        assert_eq!(run.exit, expected, "{}", exit_of(&run));
    }
}
