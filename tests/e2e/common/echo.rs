//! A bitstream that is not ours: it sends every byte back.

use super::lab::{FILE_BYTES, Lab};
use super::root;
use filbench_toolbox::{JobDir, Tool};

/// Of tests/designs.
const SOURCES: [&str; 4] = ["uart_echo.v", "pll_echo.v", "open_drain_echo.v", "unmodelled.v"];

/// The module `top` of [`SOURCES`] for a board, built the way its maker would.
pub fn build(kind: &str, top: &str) -> Vec<u8> {
    let lab = Lab::open(kind);
    let dir = JobDir::create().unwrap();
    for name in SOURCES {
        let source = std::fs::read(root().join("tests/designs").join(name)).unwrap();
        dir.write(name, source).unwrap();
    }
    let (clock, uart) = (&lab.board.clock_pin, &lab.board.uart);
    let pcf = format!("set_io clk {clock}\nset_io rx {}\nset_io tx {}\n", uart.rx, uart.tx);
    dir.write("pins.pcf", pcf).unwrap();
    let sources = SOURCES.join(" ");
    let synthesis = format!("read_verilog {sources}; synth_ice40 -top {top} -json echo.json");
    lab.tool(&dir, Tool::Yosys, &["-q", "-p", &synthesis]);
    let device = format!("--{}", lab.board.device);
    let files = ["--json", "echo.json", "--pcf", "pins.pcf", "--asc", "echo.asc"];
    let package = ["--package", lab.board.package.as_str(), "--freq", "12", "--quiet"];
    let args = [&[device.as_str()], &package[..], &files[..]].concat();
    lab.tool(&dir, Tool::NextpnrIce40, &args);
    lab.tool(&dir, Tool::Icepack, &["echo.asc", "echo.bin"]);
    dir.read("echo.bin", FILE_BYTES).unwrap().unwrap()
}

/// Every byte twice, the second time in another order.
pub fn message() -> Vec<u8> {
    (0..=255u8).chain((0..=255u8).map(|byte| byte.wrapping_mul(77).wrapping_add(5))).collect()
}
