//! The WebAssembly guests: what they do, and what they cannot.

mod common;

use common::{LIMITS, run, said};
use filbench_toolbox::{JobDir, Tool, ToolExit};

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
