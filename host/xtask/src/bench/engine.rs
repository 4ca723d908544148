//! The virtual board's engine against simulators of the same netlist: a
//! fixture's bitstream, whose firmware says hello and plays.

use super::Bench;
use super::measure::{Cost, Samples, cost, quiet, thread_cpu};
use super::simulators::{Simulator, TOP};
use super::stimulus::Stimulus;
use super::table::{Table, goal};
use anyhow::{Context, Result, bail};
use filbench_board::Board;
use filbench_vboard::{EngineKind, Pins, VirtualBoard, decode, verilog};
use serde::Deserialize;
use std::path::PathBuf;
use std::time::Duration;

/// Times as many cycles a second as Verilator.
const SPEED_GOAL: f64 = 1.2;
/// CPU time from the file to a running board.
const PREPARATION_GOAL_S: f64 = 0.2;
/// Blocks of the stimulus; some two seconds of simulation.
const BLOCKS: u16 = 40;

/// 32 bits in and 32 out: a clock in the fabric, an enable, an asynchronous
/// reset, and registers on both edges.
const DESIGN: &str = "\
module top(input clk, input rst, input en, input [28:0] d, output [31:0] q);
  reg [15:0] rise, fall;
  always @(posedge clk or posedge rst)
    if (rst) rise <= 16'h00a5;
    else if (en) rise <= {rise[14:0], ^d} ^ d[15:0];
  always @(negedge clk)
    fall <= rise + d[28:13];
  assign q = {fall, rise};
endmodule
";

#[derive(Deserialize)]
struct Built {
    settle_cycles: Vec<u8>,
    identity_map: Vec<bool>,
}

/// Prints cycles a second of each contestant.
pub fn engine(bench: &Bench) -> Result<()> {
    let folder = bench.folder("engine")?;
    let (design, bitstream) = (folder.join("design.sv"), folder.join("design.bin"));
    std::fs::write(&design, DESIGN).with_context(|| format!("write {}", design.display()))?;
    let mut command = bench.project.command(bench.program("filbench-build"));
    command.arg("--out").arg(&bitstream).arg("top").arg(&design);
    let built: Built =
        serde_json::from_str(&quiet(&mut command)?).context("read what filbench-build printed")?;
    let (&[settle_cycles], &[true]) = (&*built.settle_cycles, &*built.identity_map) else {
        bail!("the design's ports do not lie at the player's bits in order; adapt `DESIGN`");
    };
    let file =
        std::fs::read(&bitstream).with_context(|| format!("read {}", bitstream.display()))?;
    let board = Board::load("icebreaker")?;
    let pins = Pins {
        package: &board.package,
        clock: &board.clock_pin,
        uart_rx: &board.uart.rx,
        uart_tx: &board.uart.tx,
        uart_divider: board.uart.divider,
    };
    // The first decoding in a process also unpacks the chip database.
    let start = thread_cpu();
    let netlist = decode(&file)?;
    let decoded = thread_cpu() - start;
    let text = verilog(&netlist, &pins, TOP)?;
    let size = format!(
        "{} LUTs and carries, {} flip-flops, {} block RAMs",
        netlist.luts.len(),
        netlist.ffs.len(),
        netlist.block_rams.len()
    );
    let start = thread_cpu();
    let mut first = VirtualBoard::new(netlist, &pins, EngineKind::Event)?;
    let prepared = decoded + (thread_cpu() - start);
    let stimulus = Stimulus::record(&mut first, board.uart.divider, settle_cycles, BLOCKS)?;

    let mut ours = Contestant::new("filbench's engine", stimulus.cycles);
    ours.preparation.add_time(prepared);
    let mut others = Vec::new();
    for simulator in [Simulator::Verilator, Simulator::Icarus] {
        if let Some(command) = simulator.missing() {
            println!("\n{} is not installed; type: {command}", simulator.name());
            continue;
        }
        // Icarus is slow, and stops after the first block.
        let (cycles, bytes) = match simulator {
            Simulator::Verilator => (stimulus.cycles, stimulus.answer.len()),
            Simulator::Icarus => stimulus.short,
        };
        let folder = bench.folder(simulator.name())?;
        let (model, cost) = cost(|| simulator.compile(&text, &folder))?;
        let mut contestant = Contestant::new(simulator.name(), cycles);
        contestant.preparation.add_time(cost.cpu);
        others.push(Other { simulator, model, bytes, contestant });
    }
    let line = stimulus.line();
    for round in 0..bench.rounds {
        ours.run.add_time(run(&file, &pins, &stimulus)?);
        for other in &mut others {
            if other.simulator == Simulator::Icarus && round > 0 {
                continue;
            }
            let cost = other.run(&line, &stimulus)?;
            other.contestant.run.add_time(cost.cpu);
        }
    }

    let mut table =
        Table::new(&["", "preparation, CPU", "cycles", "cycles a CPU second", "to the engine"]);
    for contestant in std::iter::once(&ours).chain(others.iter().map(|other| &other.contestant)) {
        table.row([
            contestant.name.to_owned(),
            format!("{:.3} s", contestant.preparation.median()),
            contestant.cycles.to_string(),
            format!("{} / {}", mega(contestant.best()), mega(contestant.typical())),
            format!("{:.3}", contestant.typical() / ours.typical()),
        ]);
    }
    table.print(&format!(
        "Engines on one bitstream ({size}): Hello and {} steps in {BLOCKS} blocks; all answer \
         with the same bytes",
        stimulus.steps
    ));
    let prepared = prepared.as_secs_f64();
    let met = prepared < PREPARATION_GOAL_S;
    goal("preparation, decoding included,", "< 0.2 s", &format!("{prepared:.3} s"), met);
    if let Some(other) = others.iter().find(|other| other.simulator == Simulator::Verilator) {
        let ratio = ours.typical() / other.contestant.typical();
        let found = format!("{ratio:.2} x");
        goal("engine", ">= 1.2 x Verilator", &found, ratio >= SPEED_GOAL);
    }
    Ok(())
}

fn mega(rate: f64) -> String {
    format!("{:.3} M", rate / 1e6)
}

struct Contestant {
    name: &'static str,
    cycles: u64,
    preparation: Samples,
    run: Samples,
}

impl Contestant {
    fn new(name: &'static str, cycles: u64) -> Self {
        Self { name, cycles, preparation: Samples::default(), run: Samples::default() }
    }

    /// Cycles a second in the best round, and in the median one.
    fn best(&self) -> f64 {
        self.cycles as f64 / self.run.least()
    }

    fn typical(&self) -> f64 {
        self.cycles as f64 / self.run.median()
    }
}

/// Another simulator, ready to run.
struct Other {
    simulator: Simulator,
    model: PathBuf,
    /// That the board has answered by then.
    bytes: usize,
    contestant: Contestant,
}

impl Other {
    fn run(&self, line: &[u64], stimulus: &Stimulus) -> Result<Cost> {
        let cycles = self.contestant.cycles;
        let (toggles, cost) = cost(|| self.simulator.run(&self.model, line, cycles))?;
        let answer = stimulus.decode(&toggles);
        if answer != stimulus.answer[..self.bytes] {
            bail!(
                "{} answers with {} bytes that are not the virtual board's {}",
                self.contestant.name,
                answer.len(),
                self.bytes
            );
        }
        Ok(cost)
    }
}

/// The CPU time of the stimulus on a new board.
fn run(file: &[u8], pins: &Pins, stimulus: &Stimulus) -> Result<Duration> {
    let mut board = VirtualBoard::new(decode(file)?, pins, EngineKind::Event)?;
    let start = thread_cpu();
    for (cycle, bytes) in &stimulus.sends {
        board.run(cycle - board.cycles())?;
        board.send(bytes);
    }
    board.run(stimulus.cycles - board.cycles())?;
    let ran = thread_cpu() - start;
    if board.take_received() != stimulus.answer {
        bail!("the virtual board does not answer twice in the same way");
    }
    Ok(ran)
}
