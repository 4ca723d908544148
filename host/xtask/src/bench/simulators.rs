//! Verilator and Icarus as boards: the decoded netlist, a clock, and a serial
//! line that toggles when it is told to.
//!
//! Both print the cycle of each toggle of the transmit pin.

use super::measure::quiet;
use crate::project::on_path;
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Name of the netlist's module.
pub const TOP: &str = "board";

/// A simulator that can be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Simulator {
    /// Compiles to C++.
    Verilator,
    /// Interprets.
    Icarus,
}

impl Simulator {
    /// Its name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Verilator => "Verilator",
            Self::Icarus => "Icarus Verilog",
        }
    }

    /// `None` when it is installed, else what to type.
    pub fn missing(self) -> Option<&'static str> {
        let (program, command) = match self {
            Self::Verilator => {
                ("verilator", "apt-get install --no-install-recommends verilator g++ make")
            }
            Self::Icarus => ("iverilog", "apt-get install --no-install-recommends iverilog"),
        };
        (!on_path(program)).then_some(command)
    }

    /// Makes a runnable model of `verilog`, in `folder`.
    pub fn compile(self, verilog: &str, folder: &Path) -> Result<PathBuf> {
        let write = |name: &str, text: &str| {
            let path = folder.join(name);
            std::fs::write(&path, text).with_context(|| format!("write {}", path.display()))
        };
        write("board.v", verilog)?;
        match self {
            Self::Verilator => {
                write("main.cpp", MAIN)?;
                let options = "--cc --exe --build -O3 --x-assign fast --x-initial fast \
                               --noassert -Wno-fatal -Wno-lint -Wno-style --Mdir model -CFLAGS -O3";
                quiet(
                    Command::new("verilator")
                        .current_dir(folder)
                        .args(options.split_whitespace())
                        .args(["--top-module", TOP, "-MAKEFLAGS", "OPT_FAST=-O3 OPT_SLOW=-O1"])
                        .args(["board.v", "main.cpp"]),
                )?;
                Ok(folder.join("model").join(format!("V{TOP}")))
            }
            Self::Icarus => {
                write("bench.v", BENCH)?;
                quiet(Command::new("iverilog").current_dir(folder).args([
                    "-g2012",
                    "-s",
                    "bench",
                    "-o",
                    "board.vvp",
                    "bench.v",
                    "board.v",
                ]))?;
                Ok(folder.join("board.vvp"))
            }
        }
    }

    /// Runs a model for `cycles` cycles; `line` are the toggles of its receive
    /// pin. Returns those of its transmit pin.
    pub fn run(self, model: &Path, line: &[u64], cycles: u64) -> Result<Vec<u64>> {
        let folder = model.parent().context("a model lies in a folder")?;
        let mut lines: Vec<String> = line
            .iter()
            .filter(|&&toggle| toggle < cycles)
            .map(|toggle| format!("{toggle:x}\n"))
            .collect();
        // A toggle that never comes ends the list.
        lines.push("ffffffffffffffff\n".into());
        let path = folder.join("line.hex");
        std::fs::write(&path, lines.concat())
            .with_context(|| format!("write {}", path.display()))?;
        let mut command = match self {
            Self::Verilator => {
                let mut command = Command::new(model);
                command.arg(cycles.to_string());
                command
            }
            Self::Icarus => {
                let mut command = Command::new("vvp");
                command.arg("-n").arg(model).arg(format!("+cycles={cycles}"));
                command.arg(format!("+toggles={}", lines.len()));
                command
            }
        };
        let printed = quiet(command.current_dir(folder))?;
        let mut toggles = Vec::new();
        for line in printed.lines() {
            match line.trim().parse() {
                Ok(toggle) => toggles.push(toggle),
                Err(_) => bail!("{} says `{line}` instead of a cycle", self.name()),
            }
        }
        Ok(toggles)
    }
}

const MAIN: &str = r#"#include "Vboard.h"
#include "verilated.h"
#include <cstdio>
#include <cstdlib>
#include <vector>

double sc_time_stamp() { return 0; }

int main(int, char **argv) {
    const unsigned long long cycles = strtoull(argv[1], nullptr, 10);
    std::vector<unsigned long long> line;
    FILE *file = fopen("line.hex", "r");
    unsigned long long toggle;
    while (file && fscanf(file, "%llx", &toggle) == 1) line.push_back(toggle);
    Vboard board;
    board.clk = 0;
    board.rx = 1;
    board.eval();
    size_t next = 0;
    int level = 1;
    for (unsigned long long cycle = 0; cycle < cycles; cycle++) {
        while (line[next] == cycle) {
            board.rx = !board.rx;
            next++;
            board.eval();
        }
        board.clk = 1;
        board.eval();
        board.clk = 0;
        board.eval();
        if (board.tx != level) {
            level = board.tx;
            printf("%llu\n", cycle + 1);
        }
    }
    board.final();
    return 0;
}
"#;

const BENCH: &str = r#"`timescale 1ns / 1ns
module bench;
    reg clk = 1'b0, rx = 1'b1, level = 1'b1;
    wire tx;
    board board (.clk(clk), .rx(rx), .tx(tx));

    reg [63:0] line [0:1048575];
    reg [63:0] cycle, cycles;
    integer toggles, next = 0;
    initial begin
        if (!$value$plusargs("cycles=%d", cycles)) $finish;
        if (!$value$plusargs("toggles=%d", toggles)) $finish;
        $readmemh("line.hex", line, 0, toggles - 1);
        #1;
        for (cycle = 0; cycle < cycles; cycle = cycle + 1) begin
            while (line[next] == cycle) begin
                rx = ~rx;
                next = next + 1;
                #1;
            end
            clk = 1'b1;
            #1 clk = 1'b0;
            #1 if (tx !== level) begin
                level = tx;
                $display("%0d", cycle + 1);
            end
        end
        $finish;
    end
endmodule
"#;
