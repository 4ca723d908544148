//! The command line.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::num::NonZeroUsize;
use std::path::PathBuf;

mod lease;
mod results;
mod serve;
mod server;
mod store;
mod token;

pub use lease::{LeaseArgs, LeaseCommand, LeaseTakeArgs};
pub use results::ResultsArgs;
pub use serve::{LogFormat, ServeArgs};
pub use server::ServerArgs;
pub use store::{StoreArgs, StoreCommand};
pub use token::{TokenArgs, TokenCommand, TokenCreateArgs};

/// Judge generated RTL on an FPGA board, real or virtual.
#[derive(Debug, Parser)]
#[command(name = "filbench", version, after_help = EXIT_CODES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "\
Exit codes: 0 pass, 1 fail, 2 inconclusive, 3 fault of the lab, 64 wrong usage, 130 interrupted.
FILBENCH_LOG sets what is logged to stderr (such as `filbench_run=debug`), FILBENCH_CACHE where \
tools and recordings are kept.";

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Judge a design: build it, play its problem on a board, compare with the golden
    #[command(after_help = EXIT_CODES)]
    Run(RunArgs),
    /// Judge whole suites, and show and compare their results
    Suite(SuiteArgs),
    /// Run a bitstream on a virtual board
    Vboard(VboardArgs),
    /// List the known boards and what a board selector accepts
    Boards(BoardsArgs),
    /// Serve a lab: a queue, boards and results over HTTP
    Serve(ServeArgs),
    /// Look after the tokens of a lab's server
    Token(TokenArgs),
    /// Reserve a board of a lab's server for yourself
    Lease(LeaseArgs),
    /// Show what a lab's server judged, and fetch it
    Results(ResultsArgs),
    /// Save, bring back and check what a lab's daemon keeps
    Store(StoreArgs),
    /// Look after the tools that filbench runs
    Toolbox(ToolboxArgs),
}

/// `filbench boards`.
#[derive(Debug, Args)]
pub struct BoardsArgs {
    /// Where.
    #[command(flatten)]
    pub server: ServerArgs,
}

/// `filbench run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// The candidate's files: Verilog, SystemVerilog or, in this order, VHDL (.vhd, .vhdl)
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The problem: a VerilogEval prefix (`suite/Prob031_dff`) or any of its files, a folder in
    /// RTLLM's layout or with a `problem.toml`, a vector file (.csv, or a .vcd or .fst that a problem.toml beside it names
    /// the ports of), or a golden alone
    #[arg(long, value_name = "PATH")]
    pub problem: PathBuf,
    /// The candidate's top module [default: the one that the problem names]
    #[arg(long, value_name = "NAME")]
    pub top: Option<String>,
    /// Which board: `virtual:KIND`, `KIND`, or with --server also `id:NAME` or `tag:TAG`; see
    /// `filbench boards`
    #[arg(long, value_name = "SELECTOR", default_value = "virtual:icebreaker")]
    pub board: String,
    /// How the report is printed on stdout
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
    /// Where report.json, bitstream.bin, the waveform of a mismatch (mismatch.vcd) and the reports
    /// of Yosys (synth.json) and nextpnr (place.json) go
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// How a design is judged.
    #[command(flatten)]
    pub judging: JudgingArgs,
    /// Put this image into the soft MCU instead of the built firmware; not with --server
    #[arg(long, value_name = "FILE", hide = true)]
    pub firmware: Option<PathBuf>,
    /// Where.
    #[command(flatten)]
    pub server: ServerArgs,
}

/// How a design is judged, by itself and in a suite.
#[derive(Debug, Args)]
pub struct JudgingArgs {
    /// Place-and-route seed
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u32,
    /// Place the design also without the fixture, with N seeds: median, minimum and maximum of
    /// its own predicted fmax, or delay
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seeds: u32,
    /// Fail (timing) a design whose slowest clock is predicted below F MHz, without the fixture
    /// (median of --seeds, else of 3)
    #[arg(long, value_name = "F")]
    pub min_mhz: Option<f64>,
    /// Seed of the stimulus of a problem that is a golden alone [default: the problem's, or 1]
    #[arg(long, value_name = "N")]
    pub stimulus_seed: Option<u64>,
    /// Checked samples that a pass needs [default: 8, or all steps of a shorter problem]
    #[arg(long, value_name = "N")]
    pub min_samples: Option<usize>,
    /// Fail a design in which a latch is inferred
    #[arg(long)]
    pub forbid_latches: bool,
    /// Simulate the candidate on the same steps, too, and show where simulation and board differ;
    /// not for VHDL
    #[arg(long)]
    pub simulate: bool,
    /// Who reads the candidate's sources
    #[arg(long, value_enum, default_value_t = FrontEndArg::Auto)]
    pub frontend: FrontEndArg,
    /// Which Yosys, nextpnr and icepack build the designs
    #[arg(long, value_enum, default_value_t = ToolsArg::Wasm)]
    pub tools: ToolsArg,
    /// How responses are judged [default: what the problem says; its layout's otherwise]
    #[arg(long, value_enum)]
    pub compare: Option<CompareArg>,
}

impl JudgingArgs {
    /// The options of an evaluation, as far as these say.
    pub fn options(&self) -> filbench_run::Options {
        filbench_run::Options {
            seed: self.seed,
            seeds: self.seeds,
            min_mhz: self.min_mhz,
            min_samples: self.min_samples,
            forbid_latches: self.forbid_latches,
            simulate: self.simulate,
            front_end: self.frontend.into(),
            ..filbench_run::Options::default()
        }
    }
}

/// Which builds of the flow's tools run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ToolsArg {
    /// The pinned ones, as WebAssembly guests.
    Wasm,
    /// Programs on PATH, in a sandbox of the operating system.
    Native,
}

impl From<ToolsArg> for filbench_toolbox::EdaTools {
    fn from(tools: ToolsArg) -> Self {
        match tools {
            ToolsArg::Wasm => Self::Wasm,
            ToolsArg::Native => Self::Native { path: None },
        }
    }
}

/// How responses are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CompareArg {
    /// Each captured bit against the golden.
    EveryStep,
    /// The original bench, to which the responses are played back.
    Bench,
}

impl From<CompareArg> for filbench_model::Comparison {
    fn from(compare: CompareArg) -> Self {
        match compare {
            CompareArg::EveryStep => Self::EveryStep,
            CompareArg::Bench => Self::Bench,
        }
    }
}

/// How a report is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A table for a person.
    Human,
    /// The report as JSON, and nothing else, on stdout.
    Json,
}

/// Who reads a candidate's sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FrontEndArg {
    /// GHDL reads VHDL (.vhd, .vhdl); Yosys the rest, or slang where Yosys gives up.
    Auto,
    /// Yosys' own reader of Verilog and SystemVerilog.
    Verilog,
    /// SystemVerilog by slang.
    Slang,
    /// VHDL by GHDL.
    Ghdl,
}

impl From<FrontEndArg> for Option<filbench_model::FrontEnd> {
    fn from(front_end: FrontEndArg) -> Self {
        use filbench_model::FrontEnd;
        match front_end {
            FrontEndArg::Auto => None,
            FrontEndArg::Verilog => Some(FrontEnd::Verilog),
            FrontEndArg::Slang => Some(FrontEnd::Slang),
            FrontEndArg::Ghdl => Some(FrontEnd::Ghdl),
        }
    }
}

/// `filbench suite`.
#[derive(Debug, Args)]
pub struct SuiteArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: SuiteCommand,
}

/// The subcommands of `filbench suite`.
#[derive(Debug, Subcommand)]
pub enum SuiteCommand {
    /// Judge the candidates of a suite, or its goldens
    #[command(after_help = "\
Exit codes: 0 all pass (or got through the tier asked for), 1 some fail, 2 some could not be \
judged, 3 the lab failed some, 64 wrong usage, 130 interrupted.")]
    Run(SuiteRunArgs),
    /// Make CSV, JUnit XML, HTML and summary from results.jsonl
    Report(SuiteReportArgs),
    /// Show what got better and worse from results A to results B
    #[command(after_help = "\
Exit codes: 0 compared, 1 a design that passed in A fails in B (with --fail-on-regression), \
64 wrong usage.")]
    Compare(SuiteCompareArgs),
}

/// `filbench suite run`.
#[derive(Debug, Args)]
pub struct SuiteRunArgs {
    /// The suite: a folder in VerilogEval's, RTLLM's or filbench's layout, or VerilogEval v1's
    /// .jsonl file
    #[arg(value_name = "PATH")]
    pub path: PathBuf,
    /// The suite's layout [default: found out]
    #[arg(long, value_enum)]
    pub layout: Option<LayoutArg>,
    /// The candidates: a folder (`PROBLEM/PROBLEM_sample01.sv`, `PROBLEM.v`, …) or a .jsonl file
    /// of completions [default: the goldens are judged]
    #[arg(long, value_name = "DIR")]
    pub candidates: Option<PathBuf>,
    /// At most so many candidates of each problem
    #[arg(long, value_name = "N")]
    pub samples: Option<NonZeroUsize>,
    /// How far candidates are taken
    #[arg(long, value_enum, default_value_t = TierArg::Board)]
    pub tier: TierArg,
    /// Tools and boards at work at a time [default: the cores]; not with --server
    #[arg(long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,
    /// Designs that may share a bitstream; not with --server
    #[arg(long, value_name = "N", default_value = "1")]
    pub slots: NonZeroUsize,
    /// Go on where an interrupted run with the same --out stopped
    #[arg(long)]
    pub resume: bool,
    /// Where results.jsonl, CSV, JUnit XML, HTML, summary and waveforms go
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Which board: `virtual:KIND`, `KIND`, or with --server also `id:NAME` or `tag:TAG`; what
    /// has no room on a virtual one goes on to the virtual HX8K
    #[arg(long, value_name = "SELECTOR", default_value = "virtual:icebreaker")]
    pub board: String,
    /// How the summary is printed on stdout
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
    /// How a design is judged.
    #[command(flatten)]
    pub judging: JudgingArgs,
    /// Judge anew what was judged before in the same circumstances
    #[arg(long)]
    pub no_cache: bool,
    /// Where.
    #[command(flatten)]
    pub server: ServerArgs,
}

/// A suite's layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LayoutArg {
    /// `NAME_ref.sv` and `NAME_test.sv`.
    VerilogEval,
    /// A folder each, with `testbench.v`.
    Rtllm,
    /// A folder each, with `problem.toml`.
    Filbench,
}

impl From<LayoutArg> for filbench_suite::Layout {
    fn from(layout: LayoutArg) -> Self {
        match layout {
            LayoutArg::VerilogEval => Self::VerilogEval,
            LayoutArg::Rtllm => Self::Rtllm,
            LayoutArg::Filbench => Self::Filbench,
        }
    }
}

/// How far candidates are taken; only `board` gives a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TierArg {
    /// Synthesis and the ports.
    Synth,
    /// Place and route.
    Pnr,
    /// Played on a board.
    Board,
}

impl From<TierArg> for filbench_run::Tier {
    fn from(tier: TierArg) -> Self {
        match tier {
            TierArg::Synth => Self::Synth,
            TierArg::Pnr => Self::Pnr,
            TierArg::Board => Self::Board,
        }
    }
}

/// `filbench suite report`.
#[derive(Debug, Args)]
pub struct SuiteReportArgs {
    /// The folder with results.jsonl, where the reports go as well
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
    /// Leave out of the statistics what this list names: `verilog-eval-v2`, `rtllm-2` or a TOML
    /// file
    #[arg(long, value_name = "LIST")]
    pub known_bad: Option<String>,
}

/// `filbench suite compare`.
#[derive(Debug, Args)]
pub struct SuiteCompareArgs {
    /// The earlier results: a folder with results.jsonl, or the file
    #[arg(value_name = "A")]
    pub a: PathBuf,
    /// The later results
    #[arg(value_name = "B")]
    pub b: PathBuf,
    /// How the difference is printed on stdout
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
    /// End with exit code 1 if a design that passed in A fails in B
    #[arg(long)]
    pub fail_on_regression: bool,
    /// Leave out what this list names: `verilog-eval-v2`, `rtllm-2` or a TOML file
    #[arg(long, value_name = "LIST")]
    pub known_bad: Option<String>,
}

/// `filbench vboard`.
#[derive(Debug, Args)]
pub struct VboardArgs {
    /// The kind of board, such as `icebreaker`
    #[arg(long, value_name = "KIND")]
    pub board: String,
    /// An icepack `.bin` file, the same that the real board gets
    #[arg(long, value_name = "FILE")]
    pub bitstream: PathBuf,
    /// Where the board's UART goes
    #[arg(long, value_enum, default_value_t = Uart::Stdio)]
    pub uart: Uart,
}

/// Where a virtual board's UART goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Uart {
    /// Bytes in on stdin, bytes out on stdout.
    Stdio,
    /// A pseudo-terminal whose path is printed.
    Pty,
}

/// `filbench toolbox`.
#[derive(Debug, Args)]
pub struct ToolboxArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: ToolboxCommand,
}

/// The subcommands of `filbench toolbox`.
#[derive(Debug, Subcommand)]
pub enum ToolboxCommand {
    /// Compile the fetched tools for this machine, once; takes about a minute
    Prepare,
}
