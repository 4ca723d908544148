use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A tool that the toolbox can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tool {
    /// Synthesis; a WebAssembly guest, or native.
    Yosys,
    /// Place and route for iCE40; a WebAssembly guest, or native.
    #[serde(rename = "nextpnr-ice40")]
    NextpnrIce40,
    /// iCE40 text configuration to bitstream; a WebAssembly guest, or native.
    Icepack,
    /// Icarus Verilog's compiler; native.
    Iverilog,
    /// Icarus Verilog's simulator; native. Always started with `-n`, so that
    /// `$stop` ends the run.
    Vvp,
    /// From an FST waveform to VCD; a part of filbench itself. Its arguments are the FST file,
    /// the VCD file, and the names of the variables that are wanted.
    FstToVcd,
    /// GHDL, which turns VHDL into Verilog; native.
    Ghdl,
}

impl Tool {
    /// The flow's tools: WebAssembly guests, unless native ones are asked for.
    pub(crate) const GUESTS: [Tool; 3] = [Tool::Yosys, Tool::NextpnrIce40, Tool::Icepack];
    /// The tools that are always native.
    pub(crate) const NATIVE: [Tool; 3] = [Tool::Iverilog, Tool::Vvp, Tool::Ghdl];
    /// Those that belong to one installation of Icarus Verilog.
    pub(crate) const ICARUS: [Tool; 2] = [Tool::Iverilog, Tool::Vvp];

    /// Its name, which is that of its program and its `argv[0]`; but GHDL's program
    /// may have a longer one.
    pub fn name(self) -> &'static str {
        match self {
            Tool::Yosys => "yosys",
            Tool::NextpnrIce40 => "nextpnr-ice40",
            Tool::Icepack => "icepack",
            Tool::Iverilog => "iverilog",
            Tool::Vvp => "vvp",
            Tool::FstToVcd => "fst-to-vcd",
            Tool::Ghdl => "ghdl",
        }
    }
}

impl fmt::Display for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What one job may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// CPU time, rounded up to whole seconds. Each process of the job has this
    /// much; only `iverilog` has more than one (a pipe of two).
    pub cpu: Duration,
    /// Wall time: a backstop against a job that sleeps, so several times `cpu`.
    pub wall: Duration,
    /// A guest's linear memory, or a native tool's address space.
    pub memory_bytes: u64,
    /// Standard output and standard error together may have this many bytes;
    /// what the job writes into its folder may have as many again.
    pub output_bytes: u64,
}

/// One run of one tool.
#[derive(Clone, Debug)]
pub struct ToolJob<'a> {
    /// Which tool.
    pub tool: Tool,
    /// The arguments after `argv[0]`. Paths are relative to `dir`.
    pub args: Vec<String>,
    /// The job folder: the tool's working directory and the only place where it
    /// can write. A subfolder `.tmp` is there during the run.
    pub dir: &'a Path,
    /// Further folders (host path, guest path) that a WebAssembly guest may
    /// read. Its share stands at `/share` without being listed. Must be empty
    /// for native tools.
    pub read_only: Vec<(PathBuf, String)>,
    /// What it may use.
    pub limits: Limits,
}

/// How a job ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToolExit {
    /// By itself, with this status. Zero does not prove that the outputs are
    /// complete: the caller checks them.
    Exited(i32),
    /// Out of CPU time.
    CpuLimit,
    /// Out of wall time, with CPU time left.
    WallLimit,
    /// It asked for more memory than its limit.
    MemoryLimit,
    /// It wrote more than its limit.
    OutputLimit,
    /// A WebAssembly trap, in its own words: a guest's stack overflow, an access
    /// out of bounds, an uncaught exception.
    Trapped(String),
    /// By this signal.
    Killed(i32),
}

/// What came of a job.
#[derive(Clone, Debug)]
pub struct ToolRun {
    /// How it ended.
    pub exit: ToolExit,
    /// At most [`Limits::output_bytes`] together with `stderr`. A candidate can
    /// make a tool print anything: never the source of a verdict or a number.
    pub stdout: Vec<u8>,
    /// As `stdout`.
    pub stderr: Vec<u8>,
    /// User and system time of the worker and all its children.
    pub cpu: Duration,
    /// From the worker's start to its end.
    pub wall: Duration,
}
