//! Random designs through the real tools, simulated by Icarus Verilog as
//! Yosys' netlist and by both engines as nextpnr's bitstream.
//!
//! The expected values are Icarus' with Yosys' `ice40/cells_sim.v`, in which
//! `defined_cells` replaces what is undefined at power-up, and undefined
//! forever in an SPRAM, by what the virtual board documents.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use filbench_toolbox::{
    JobDir, JobDirError, Limits, Tool, ToolExit, ToolJob, Toolbox, ToolboxError,
};
use filbench_vboard::{BoardError, DecodeError, EngineKind, Pins, VirtualBoard, decode};

use crate::coverage::{Coverage, Watcher};
use crate::random_design::{RandomDesign, Step, random_design};

/// Why a seed's design was not the same everywhere.
#[derive(Debug, thiserror::Error)]
pub enum DifferentialError {
    /// A tool could not be run.
    #[error(transparent)]
    Toolbox(#[from] ToolboxError),
    /// A file of the job could not be written or read.
    #[error(transparent)]
    JobDir(#[from] JobDirError),
    /// Yosys' cell models could not be read.
    #[error("cannot read {}", path.display())]
    Cells {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// Yosys' cell models are not as expected: another version?
    #[error("ice40/cells_sim.v of this Yosys does not contain `{0}`; adapt `defined_cells`")]
    CellModels(&'static str),
    /// A tool failed on the design.
    #[error("seed {seed}: {tool} ends with {exit:?}: {output}")]
    Tool {
        /// The seed.
        seed: u64,
        /// The tool.
        tool: Tool,
        /// How it ended.
        exit: ToolExit,
        /// The end of what it said.
        output: String,
    },
    /// The bitstream could not be decoded.
    #[error("seed {seed}: the bitstream does not decode")]
    Decode {
        /// The seed.
        seed: u64,
        /// The cause.
        source: DecodeError,
    },
    /// The board did not run.
    #[error("seed {seed}: the board does not run")]
    Board {
        /// The seed.
        seed: u64,
        /// The cause.
        source: BoardError,
    },
    /// Icarus gave another number of samples than there are steps.
    #[error("seed {seed}: Icarus gives {found} samples for {expected} steps")]
    Samples {
        /// The seed.
        seed: u64,
        /// Steps.
        expected: usize,
        /// Samples.
        found: usize,
    },
    /// An engine differs from Icarus.
    #[error(
        "seed {seed}, step {step} ({what:?}): port {port} is {found} on the {engine:?} engine, {expected} in Icarus"
    )]
    Mismatch {
        /// The seed.
        seed: u64,
        /// Step, from 0.
        step: usize,
        /// What the step did.
        what: Option<Step>,
        /// Port.
        port: String,
        /// Level expected.
        expected: char,
        /// Level found.
        found: char,
        /// Engine.
        engine: EngineKind,
    },
    /// The engines' states differ.
    #[error("seed {seed}, step {step}: {what} is not the same in both engines")]
    State {
        /// The seed.
        seed: u64,
        /// Step, from 0.
        step: usize,
        /// What differs.
        what: String,
    },
}

/// What is needed to run designs.
pub struct Differential {
    toolbox: Toolbox,
    cells: BTreeMap<String, String>,
}

/// What came of many seeds.
#[derive(Debug, Default)]
pub struct Summary {
    /// Designs that were the same everywhere.
    pub passed: u64,
    /// Samples that Icarus left undefined, and all samples.
    pub undefined: u64,
    /// All samples.
    pub samples: u64,
    /// Cells and modes that the designs exercised.
    pub coverage: Coverage,
    /// Designs for which nextpnr found no routes within its limit: they say nothing
    /// about the board.
    pub unplaced: Vec<u64>,
    /// Failures, by seed.
    pub failures: Vec<(u64, DifferentialError)>,
}

impl Summary {
    fn add(&mut self, passed: &Passed) {
        self.passed += 1;
        self.undefined += passed.undefined;
        self.samples += passed.samples;
        self.coverage.add(&passed.coverage);
    }
}

/// Runs `count` designs from seed `first` on in `jobs` threads. For each that nextpnr does
/// not place another one is drawn behind them, up to a tenth of `count` and ten more. `report`
/// hears of each seed as it is done.
///
/// # Errors
/// When Yosys' cell models are missing. Whatever goes wrong with a seed is in
/// the summary.
pub fn run(
    toolbox: &Toolbox,
    first: u64,
    count: u64,
    jobs: usize,
    report: Report<'_>,
) -> Result<Summary, DifferentialError> {
    let differential = Differential::new(toolbox.clone())?;
    let summary = Mutex::new((Summary::default(), report));
    let last = first + count + count / 10 + 10;
    let mut seeds = first..first + count;
    while !seeds.is_empty() {
        differential.run_seeds(seeds.clone(), jobs, &summary);
        let lacking = {
            let (summary, _) = &*summary.lock().unwrap_or_else(PoisonError::into_inner);
            count - summary.passed - summary.failures.len() as u64
        };
        seeds = seeds.end..last.min(seeds.end + lacking);
    }
    let (mut summary, _) = summary.into_inner().unwrap_or_else(PoisonError::into_inner);
    summary.failures.sort_by_key(|&(seed, _)| seed);
    Ok(summary)
}

/// What is heard of each seed.
type Report<'a> = &'a mut (dyn FnMut(u64, Option<&DifferentialError>) + Send);

/// What came of one design that was the same everywhere.
#[derive(Debug)]
pub struct Passed {
    /// Samples that Icarus left undefined.
    pub undefined: u64,
    /// All samples.
    pub samples: u64,
    /// What it exercised.
    pub coverage: Coverage,
}

impl Differential {
    /// Reads Yosys' cell models.
    ///
    /// # Errors
    /// When they are missing, or not as expected.
    pub fn new(toolbox: Toolbox) -> Result<Differential, DifferentialError> {
        let path = toolbox.share_dir(Tool::Yosys).unwrap_or_default().join("ice40/cells_sim.v");
        let text = std::fs::read_to_string(&path)
            .map_err(|source| DifferentialError::Cells { path, source })?;
        Ok(Differential { toolbox, cells: modules(&defined_cells(&text)?) })
    }

    fn run_seeds(&self, seeds: Range<u64>, jobs: usize, summary: &Mutex<(Summary, Report<'_>)>) {
        let next = AtomicU64::new(seeds.start);
        std::thread::scope(|scope| {
            for _ in 0..jobs.max(1) {
                scope.spawn(|| {
                    loop {
                        let seed = next.fetch_add(1, Ordering::Relaxed);
                        if seed >= seeds.end {
                            return;
                        }
                        let result = self.run(&random_design(seed));
                        let mut guard = summary.lock().unwrap_or_else(PoisonError::into_inner);
                        let (summary, report) = &mut *guard;
                        report(seed, result.as_ref().err());
                        match result {
                            Ok(passed) => summary.add(&passed),
                            Err(DifferentialError::Tool {
                                tool: Tool::NextpnrIce40,
                                exit: ToolExit::CpuLimit,
                                ..
                            }) => summary.unplaced.push(seed),
                            Err(error) => summary.failures.push((seed, error)),
                        }
                    }
                });
            }
        });
    }

    /// Runs one design through everything.
    ///
    /// # Errors
    /// Whatever is not the same everywhere.
    pub fn run(&self, design: &RandomDesign) -> Result<Passed, DifferentialError> {
        let dir = JobDir::create()?;
        dir.write("top.v", design.verilog.as_bytes())?;
        dir.write("top.pcf", design.pcf().as_bytes())?;
        // Memories are instances: inferring them is left out, for its time.
        let synthesis = "read_verilog -sv top.v; \
             synth_ice40 -top top -latches info -run begin:map_ram; \
             synth_ice40 -top top -latches info -run map_ffram:; \
             write_json top.json; write_verilog -noattr netlist.v";
        self.tool(design, &dir, Tool::Yosys, &["-q", "-p", synthesis])?;
        let options = design.target.place_options();
        let mut place: Vec<&str> = vec!["-q", "--json", "top.json", "--pcf", "top.pcf"];
        place.extend(options);
        place.extend(design.place_options.iter().map(String::as_str));
        place.extend(["--asc", "top.asc"]);
        self.tool(design, &dir, Tool::NextpnrIce40, &place)?;
        self.tool(design, &dir, Tool::Icepack, &["top.asc", "top.bin"])?;
        let bitstream = dir.read("top.bin", OUTPUT_BYTES)?.unwrap_or_default();
        let netlist = dir.read("netlist.v", OUTPUT_BYTES)?.unwrap_or_default();
        let expected = self.simulate(design, &dir, &String::from_utf8_lossy(&netlist))?;
        compare(design, &bitstream, &expected)
    }

    fn tool(
        &self,
        design: &RandomDesign,
        dir: &JobDir,
        tool: Tool,
        args: &[&str],
    ) -> Result<Vec<u8>, DifferentialError> {
        let run = self.toolbox.run(&ToolJob {
            tool,
            args: args.iter().map(|&arg| arg.to_owned()).collect(),
            dir: dir.path(),
            read_only: Vec::new(),
            limits: Limits {
                cpu: TOOL_CPU,
                wall: TOOL_CPU * 20,
                memory_bytes: 2 << 30,
                output_bytes: OUTPUT_BYTES,
            },
        })?;
        if run.exit != ToolExit::Exited(0) {
            let text = String::from_utf8_lossy(&run.stderr).into_owned()
                + &String::from_utf8_lossy(&run.stdout);
            let from = text.char_indices().rev().nth(800).map_or(0, |(at, _)| at);
            return Err(DifferentialError::Tool {
                seed: design.seed,
                tool,
                exit: run.exit,
                output: text[from..].trim().to_owned(),
            });
        }
        Ok(run.stdout)
    }

    /// One line of output levels for each step, the first for power-up.
    fn simulate(
        &self,
        design: &RandomDesign,
        dir: &JobDir,
        netlist: &str,
    ) -> Result<Vec<Vec<u8>>, DifferentialError> {
        let mut cells = self.cells[""].clone();
        for (name, text) in &self.cells {
            // The variants of the block RAM are made of the plain one.
            let is_part = name == "SB_RAM40_4K" && netlist.contains("SB_RAM40_4K");
            if !name.is_empty() && (is_part || netlist.contains(&format!("  {name} "))) {
                cells += text;
            }
        }
        dir.write("cells.v", cells.as_bytes())?;
        dir.write("bench.v", bench(design).as_bytes())?;
        dir.write("stimulus.txt", stimulus(design).as_bytes())?;
        let define = "-DNO_ICE40_DEFAULT_ASSIGNMENTS";
        let compile =
            ["-g2012", define, "-o", "top.vvp", "-s", "bench", "cells.v", "netlist.v", "bench.v"];
        self.tool(design, dir, Tool::Iverilog, &compile)?;
        let stdout = self.tool(design, dir, Tool::Vvp, &["top.vvp"])?;
        let lines: Vec<Vec<u8>> = stdout
            .split(|&byte| byte == b'\n')
            .filter(|line| line.len() == design.outputs.len())
            .map(<[u8]>::to_vec)
            .collect();
        let expected = design.steps.len() + 1;
        if lines.len() != expected {
            return Err(DifferentialError::Samples {
                seed: design.seed,
                expected,
                found: lines.len(),
            });
        }
        Ok(lines)
    }
}

/// A design takes a second or two; a few never route.
const TOOL_CPU: Duration = Duration::from_secs(8);
/// A bound on what a tool writes for one design.
const OUTPUT_BYTES: u64 = 64 << 20;

/// `cells_sim.v` without what is undefined: registers and memories start as 0,
/// no clock has an edge at power-up, and an SPRAM's output keeps its value
/// where the model says `x`.
fn defined_cells(text: &str) -> Result<String, DifferentialError> {
    let mut text = text.to_owned();
    for (from, to) in [
        ("\treg dout, din_0, din_1;", "\treg dout = 0, din_0 = 0, din_1 = 0;"),
        ("\treg din_q_0, din_q_1;", "\treg din_q_0 = 0, din_q_1 = 0;"),
        ("\treg dout_q_0, dout_q_1;", "\treg dout_q_0 = 0, dout_q_1 = 0;"),
        ("\treg outena_q;", "\treg outena_q = 0;"),
        // Evaluated at power-up too.
        ("\talways @* begin\n\t\tif (PIN_TYPE[3])", "\talways_comb begin\n\t\tif (PIN_TYPE[3])"),
        ("reg  [15:0] RDATA_I;", "reg  [15:0] RDATA_I = 0;"),
        ("reg [15:0] rC, rA;", "reg [15:0] rC = 0, rA = 0;"),
        ("reg [15:0] rB, rD;", "reg [15:0] rB = 0, rD = 0;"),
        ("reg [15:0] rF, rJ;", "reg [15:0] rF = 0, rJ = 0;"),
        ("reg [15:0] rK, rG;", "reg [15:0] rK = 0, rG = 0;"),
        ("reg [31:0] rH;", "reg [31:0] rH = 0;"),
        ("reg [15:0] rQ;", "reg [15:0] rQ = 0;"),
        ("reg [15:0] rS;", "reg [15:0] rS = 0;"),
        ("DATAOUT <= 16'bx;", ";"),
        ("\t\tfor (i = 0; i <= 16383; i = i+1)\n\t\t\tmem[i] = 16'bx;", ""),
        (
            "\twire off = SLEEP || !POWEROFF;\n\tinteger i;",
            "\twire off = SLEEP || !POWEROFF;\n\tinteger i;\n\tinitial begin\n\
             \t\tDATAOUT = 0;\n\t\tfor (i = 0; i <= 16383; i = i+1) mem[i] = 0;\n\tend",
        ),
    ] {
        if !text.contains(from) {
            return Err(DifferentialError::CellModels(from));
        }
        text = text.replace(from, to);
    }
    // `always @(posedge C)` and `always @(posedge C, posedge R)`
    let mut guarded = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let Some((before, rest)) = line.split_once("always @(") else {
            guarded.push_str(line);
            continue;
        };
        let Some((events, after)) = rest.split_once(')') else {
            guarded.push_str(line);
            continue;
        };
        let or_level = match events.split_once(", posedge ") {
            Some((_, level)) => format!(" || {level}"),
            None => String::new(),
        };
        guarded += &format!("{before}always @({events}) if ($time > 0{or_level}){after}");
    }
    Ok(guarded)
}

/// The modules of a Verilog file by name; what stands before them under "".
fn modules(text: &str) -> BTreeMap<String, String> {
    let mut modules: BTreeMap<String, String> = BTreeMap::new();
    let mut current = String::new();
    for line in text.split_inclusive('\n') {
        if let Some(rest) = line.strip_prefix("module ") {
            let end = rest.find([' ', '(']).unwrap_or(rest.len());
            current = rest[..end].to_owned();
        }
        // The only directives outside modules stand before the first.
        modules.entry(current.clone()).or_default().push_str(line);
    }
    modules
}

fn bench(design: &RandomDesign) -> String {
    let (inputs, outputs) = (design.inputs.len(), design.outputs.len());
    let lines = stimulus(design).lines().count();
    let mut ports = Vec::new();
    for (k, port) in design.inputs.iter().enumerate() {
        ports.push(format!(".{}(in[{}])", port.name, inputs - 1 - k));
    }
    for (k, port) in design.outputs.iter().enumerate() {
        ports.push(format!(".{}(out[{}])", port.name, outputs - 1 - k));
    }
    format!(
        "`timescale 1ps / 1ps\n\
         module bench;\n  reg [{inputs}:0] lines [0:{last}];\n  reg [{high}:0] values;\n  \
         wire [{high}:0] in = values;\n  wire [{out_high}:0] out;\n  integer k;\n  \
         top top ({ports});\n  initial begin\n    $readmemb(\"stimulus.txt\", lines);\n    \
         for (k = 0; k <= {last}; k = k + 1) begin\n      values = lines[k][{inputs}:1];\n      \
         #100;\n      if (lines[k][0]) $display(\"%b\", out);\n    end\n    $finish;\n  end\n\
         endmodule\n",
        last = lines - 1,
        high = inputs - 1,
        out_high = outputs - 1,
        ports = ports.join(", "),
    )
}

/// One line for each change of the inputs: their levels, the first input first,
/// and whether the outputs are sampled then.
fn stimulus(design: &RandomDesign) -> String {
    let mut levels = design.initial.clone();
    let mut text = String::new();
    let mut line = |levels: &[bool], sample: bool| {
        text.extend(levels.iter().map(|&level| if level { '1' } else { '0' }));
        text.push_str(if sample { "1\n" } else { "0\n" });
    };
    line(&levels, true);
    for step in &design.steps {
        match step {
            Step::Set(changes) => {
                for &(input, level) in changes {
                    levels[input] = level;
                }
                line(&levels, true);
            }
            Step::Cycles(cycles) => {
                for k in 1..=*cycles {
                    levels[0] = true;
                    line(&levels, false);
                    levels[0] = false;
                    line(&levels, k == *cycles);
                }
            }
        }
    }
    text
}

/// Runs the bitstream on both engines and compares each step.
fn compare(
    design: &RandomDesign,
    bitstream: &[u8],
    expected: &[Vec<u8>],
) -> Result<Passed, DifferentialError> {
    let seed = design.seed;
    let board_error = |source| DifferentialError::Board { seed, source };
    let (rx, tx) = design.target.uart_pins();
    let pins = Pins {
        package: design.target.package(),
        clock: design.inputs[0].pin,
        uart_rx: rx,
        uart_tx: tx,
        uart_divider: 4,
    };
    let initial: Vec<(&str, bool)> =
        design.inputs.iter().zip(&design.initial).map(|(port, &level)| (port.pin, level)).collect();
    let board = |engine| -> Result<(EngineKind, VirtualBoard), DifferentialError> {
        let netlist =
            decode(bitstream).map_err(|source| DifferentialError::Decode { seed, source })?;
        let board = VirtualBoard::with_levels(netlist, &pins, engine, &initial);
        Ok((engine, board.map_err(board_error)?))
    };
    let mut boards = [board(EngineKind::Event)?, board(EngineKind::Plain)?];
    // The plain engine keeps every net.
    let mut watcher = Watcher::new(&boards[1].1, design);
    let mut undefined = 0;
    let mut samples = 0;
    for (step, expected) in expected.iter().enumerate() {
        let what = step.checked_sub(1).map(|k| &design.steps[k]);
        for (engine, board) in &mut boards {
            match what {
                None => {}
                Some(Step::Set(changes)) => {
                    let levels: Vec<(&str, bool)> = changes
                        .iter()
                        .map(|&(input, level)| (design.inputs[input].pin, level))
                        .collect();
                    board.set_pins(&levels).map_err(board_error)?;
                }
                Some(Step::Cycles(cycles)) => {
                    board.run(u64::from(*cycles)).map_err(board_error)?;
                }
            }
            for (port, &expected) in design.outputs.iter().zip(expected) {
                samples += 1;
                if expected == b'x' {
                    undefined += 1;
                    continue;
                }
                let found = match board.pin(port.pin).map_err(board_error)? {
                    Some(true) => '1',
                    Some(false) => '0',
                    None => 'z',
                };
                if found != char::from(expected) {
                    return Err(DifferentialError::Mismatch {
                        seed,
                        step,
                        what: what.cloned(),
                        port: port.name.clone(),
                        expected: char::from(expected),
                        found,
                        engine: *engine,
                    });
                }
            }
        }
        if let Some(what) = boards[0].1.first_difference(&boards[1].1) {
            return Err(DifferentialError::State { seed, step, what });
        }
        watcher.observe(&boards[1].1);
    }
    Ok(Passed { undefined, samples, coverage: watcher.coverage(&boards[1].1) })
}
