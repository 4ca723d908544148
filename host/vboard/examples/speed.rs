//! How fast a bitstream runs (in CPU time), and what it answers:
//!
//! ```text
//! cargo run -p filbench-vboard --example speed -- \
//!     FILE.bin PACKAGE CLOCK RX TX DIVIDER CYCLES [TEXT]
//! ```

use std::time::Duration;

use filbench_vboard::{EngineKind, Pins, VirtualBoard, decode};

fn cpu_time() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, package, clock, rx, tx, divider, cycles, rest @ ..] = arguments.as_slice() else {
        return Err("usage: speed FILE.bin PACKAGE CLOCK RX TX DIVIDER CYCLES [TEXT]".into());
    };
    let pins = Pins { package, clock, uart_rx: rx, uart_tx: tx, uart_divider: divider.parse()? };
    let cycles: u64 = cycles.parse()?;
    let file = std::fs::read(path)?;
    for engine in EngineKind::ALL {
        let start = cpu_time();
        let netlist = decode(&file)?;
        let decoded = cpu_time() - start;
        let start = cpu_time();
        let mut board = VirtualBoard::new(netlist, &pins, engine)?;
        let prepared = cpu_time() - start;
        // Longer than a design is likely to hold its own reset.
        board.run(2000)?;
        for text in rest {
            board.send(text.as_bytes());
        }
        let start = cpu_time();
        board.run(cycles)?;
        let ran = cpu_time() - start;
        println!(
            "{engine:?}: decode {decoded:.1?}, prepare {prepared:.1?}, {cycles} cycles in \
             {ran:.1?} = {:.0} cycles/s, answer {:?}",
            cycles as f64 / ran.as_secs_f64(),
            String::from_utf8_lossy(&board.take_received()),
        );
    }
    Ok(())
}
