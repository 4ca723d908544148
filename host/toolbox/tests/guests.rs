//! The WebAssembly guests: what they do, and what they cannot.

#![expect(clippy::unwrap_used, reason = "clippy spares the tests, not their helpers")]

mod common;
#[macro_use]
mod hostile;

use common::{LIMITS, exit_of, run, said};
use filbench_toolbox::{JobDir, Limits, Tool, ToolExit, ToolRun};
use std::time::Duration;

const COUNTER: &str = "
module top(input clk, output reg [3:0] q);
    always @(posedge clk) q <= q + 1;
endmodule
";

#[test]
fn rtl_becomes_a_bitstream() {
    let dir = JobDir::create().unwrap();
    dir.write("top.v", COUNTER).unwrap();
    let script = "read_verilog top.v; synth_ice40 -top top -json top.json";
    let synth = run(&dir, Tool::Yosys, &["-p", script], LIMITS);
    assert_eq!(synth.exit, ToolExit::Exited(0), "{}", said(&synth));
    assert!(String::from_utf8_lossy(&synth.stdout).contains("End of script"));
    let args = "--up5k --package sg48 --json top.json --asc top.asc --report report.json --seed 1 --pcf-allow-unconstrained";
    let args: Vec<&str> = args.split(' ').collect();
    let place = run(&dir, Tool::NextpnrIce40, &args, LIMITS);
    assert_eq!(place.exit, ToolExit::Exited(0), "{}", said(&place));
    let pack = run(&dir, Tool::Icepack, &["top.asc", "top.bin"], LIMITS);
    assert_eq!(pack.exit, ToolExit::Exited(0), "{}", said(&pack));
    let bitstream = dir.read("top.bin", 1 << 20).unwrap().unwrap();
    assert_eq!(bitstream.len(), 104_090, "as long as every up5k bitstream");
    let report = dir.read("report.json", 1 << 20).unwrap().unwrap();
    assert!(String::from_utf8_lossy(&report).contains("\"fmax\""));
    for run in [synth, place, pack] {
        eprintln!("cpu {:?}, wall {:?}", run.cpu, run.wall);
    }
    assert!(!dir.path().join(".tmp").exists());
}

const SHORT: Limits = Limits { cpu: Duration::from_secs(2), ..LIMITS };

/// Runs `script` on `source`, which is `top.v`.
fn yosys(dir: &JobDir, source: &str, script: &str, limits: Limits) -> ToolRun {
    dir.write("top.v", source).unwrap();
    run(dir, Tool::Yosys, &["-p", script], limits)
}

#[test]
fn every_limit_has_its_exit() {
    let small = Limits { memory_bytes: 128 << 20, ..LIMITS };
    let terse = Limits { output_bytes: 64 << 10, ..LIMITS };
    let hasty = Limits { wall: Duration::from_millis(500), ..LIMITS };
    let endless = hostile!("endless_constant");
    let eater = hostile!("endless_generate");
    let read = "read_verilog -sv top.v";
    for (name, source, script, limits, expected) in [
        ("endless", endless, read, SHORT, ToolExit::CpuLimit),
        ("slow", endless, read, hasty, ToolExit::WallLimit),
        ("large", eater, read, small, ToolExit::MemoryLimit),
        ("talkative", COUNTER, "read_verilog top.v; help -all", terse, ToolExit::OutputLimit),
        ("long file", COUNTER, "tee -q -o log help -all", terse, ToolExit::OutputLimit),
        ("wrong", "not Verilog", read, SHORT, ToolExit::Exited(1)),
    ] {
        let dir = JobDir::create().unwrap();
        let run = yosys(&dir, source, script, limits);
        assert_eq!(run.exit, expected, "{name}: {}", exit_of(&run));
        assert!(run.stdout.len() + run.stderr.len() <= limits.output_bytes as usize, "{name}");
    }
}

#[test]
fn nothing_outside_the_folder_can_be_read_or_written() {
    let passwd = hostile!("reads_a_file");
    let up = passwd.replace("/etc/passwd", "../../../../../../etc/passwd");
    let link = passwd.replace("/etc/passwd", "link");
    let include = hostile!("includes_a_file");
    let script = "read_verilog -sv top.v; proc; memory; write_verilog out.v";
    for source in [passwd, &up, &link, include] {
        let dir = JobDir::create().unwrap();
        std::os::unix::fs::symlink("/etc/passwd", dir.path().join("link")).unwrap();
        let run = yosys(&dir, source, script, LIMITS);
        assert_eq!(run.exit, ToolExit::Exited(1), "{}", exit_of(&run));
        let text = said(&run).to_lowercase();
        assert!(["can not open", "can't open"].iter().any(|words| text.contains(words)), "{text}");
        assert_eq!(dir.read("out.v", 1 << 20).unwrap(), None);
    }
    let dir = JobDir::create().unwrap();
    let escape = format!("{}-escaped", dir.path().file_name().unwrap().to_string_lossy());
    for (target, left) in [
        (format!("../{escape}"), dir.path().parent().unwrap().join(&escape)),
        (format!("/{escape}"), format!("/{escape}").into()),
        (
            format!("/share/{escape}"),
            common::toolbox().share_dir(Tool::Yosys).unwrap().join(&escape),
        ),
    ] {
        let run =
            yosys(&dir, COUNTER, &format!("read_verilog top.v; write_verilog {target}"), LIMITS);
        assert!(!left.exists(), "{}", left.display());
        // A guest's root is its job folder.
        let expected = i32::from(target != format!("/{escape}"));
        assert_eq!(run.exit, ToolExit::Exited(expected), "{target}: {}", exit_of(&run));
    }
    assert!(dir.path().join(&escape).exists());
}

#[test]
fn the_records_name_what_ran() {
    let records = common::toolbox().records();
    let names: Vec<&str> = records.iter().map(|record| record.name.as_str()).collect();
    assert_eq!(names, ["yosys", "nextpnr-ice40", "icepack", "iverilog", "vvp", "ghdl"]);
    for record in records {
        assert!(record.version.starts_with(|c: char| c.is_ascii_digit()), "{record:?}");
        assert_eq!(record.sha256.len(), 64, "{record:?}");
    }
}
