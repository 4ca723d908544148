use crate::{Comparison, Diagnostic, MismatchWindow, Simulated, TimingAlone, Verdict};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The `schema` field of every [`Report`]; changes when a field changes meaning.
pub const REPORT_SCHEMA: &str = "filbench.report/1";

/// Whether numbers came from silicon or from a board in software.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum MeasuredOn {
    /// A board in software that runs the bitstream.
    Virtual,
    /// A board on the table.
    Physical,
}

/// Who reads a design's sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FrontEnd {
    /// Yosys' own reader of Verilog and SystemVerilog.
    Verilog,
    /// slang, inside Yosys: SystemVerilog.
    Slang,
    /// GHDL, whose Verilog Yosys reads: VHDL.
    Ghdl,
}

impl FrontEnd {
    /// As in reports and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Verilog => "verilog",
            Self::Slang => "slang",
            Self::Ghdl => "ghdl",
        }
    }
}

/// Cells of the design alone, without the fixture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Resources {
    /// Four-input look-up tables.
    pub lut4: u32,
    /// Flip-flops.
    pub ff: u32,
    /// Carry cells.
    pub carry: u32,
    /// Embedded block RAMs of 4 kbit.
    pub bram: u32,
    /// Single-port RAMs of 256 kbit.
    pub spram: u32,
    /// Multiply-accumulate blocks.
    pub dsp: u32,
}

/// Where a timing figure comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TimingSource {
    /// Predicted by place and route; not measured.
    StaticAnalysis,
}

/// Predicted timing of one clock of the placed system.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClockTiming {
    /// Port of the design, or the fixture's domain (`fixture`, `play_clk`).
    pub clock: String,
    /// Whether this is a clock of the design (and not of the fixture).
    pub of_design: bool,
    /// Highest frequency by static analysis, in MHz. Null where no path leads from a register
    /// on this clock to a register on it, so that nothing limits it.
    pub predicted_mhz: Option<f64>,
    /// What was asked for, in MHz.
    pub constraint_mhz: Option<f64>,
    /// Who says so.
    pub source: TimingSource,
}

/// One hop of a critical path.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PathStep {
    /// `clk-to-q`, `routing`, `logic`, `setup`, …
    pub kind: String,
    /// In ns.
    pub delay_ns: f64,
    /// Cell at the end of the hop.
    pub cell: String,
    /// Net, for routing hops.
    pub net: Option<String>,
    /// `file:line` of the design's source, where known.
    pub sources: Vec<String>,
}

/// A longest path.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CriticalPath {
    /// Launching clock, as in [`ClockTiming::clock`].
    pub from: String,
    /// Capturing clock.
    pub to: String,
    /// Sum of the steps, in ns.
    pub delay_ns: f64,
    /// From launch to capture.
    pub steps: Vec<PathStep>,
}

/// The first captured bit that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Mismatch {
    /// Index of the problem's step.
    pub step: usize,
    /// The first output port, in declared order, with a differing bit.
    pub port: String,
    /// The golden's value, binary, most significant bit first, `x` where
    /// don't-care.
    pub expected: String,
    /// What was captured, binary, most significant bit first.
    pub got: String,
}

/// What the comparison that the verdict does not come from would say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OtherComparison {
    /// Which one.
    pub compare: Comparison,
    /// What it concludes from the same responses.
    pub verdict: Verdict,
}

/// Which board ran the design.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BoardRecord {
    /// The board file, such as `icebreaker`.
    pub kind: String,
    /// The device, such as `up5k`.
    pub device: String,
    /// The package, such as `sg48`.
    pub package: String,
    /// A name that finds the board again: `virtual`, a serial or a USB port.
    pub id: String,
}

/// How a tool is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ToolBackend {
    /// As a WebAssembly guest, as flows/tools.toml pins it.
    Wasm,
    /// As a program of this machine, in a sandbox of the operating system.
    Native,
}

/// One tool and its version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ToolRecord {
    /// Such as `yosys`.
    pub name: String,
    /// As the pin file states it.
    pub version: String,
    /// SHA-256 of the module or executable.
    pub sha256: String,
    /// How it is run; absent in reports of before there was a choice.
    #[serde(default)]
    pub backend: Option<ToolBackend>,
}

/// What a design was driven with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StimulusRecord {
    /// `test_bench`, `csv`, `vcd`, `fst` or `generated`.
    pub source: String,
    /// Of generated stimulus.
    pub seed: Option<u64>,
    /// Whether every combination of input bits is among the steps of generated stimulus.
    pub exhaustive: bool,
    /// Steps of the problem.
    pub steps: usize,
    /// Nets of the golden's netlist that are 0 after some step and 1 after another, in a
    /// simulation of that netlist; absent where the stimulus was not generated.
    pub toggled_nets: Option<usize>,
    /// Nets of the golden's netlist, after synthesis for the board's device, that a cell or an
    /// output reads.
    pub nets: Option<usize>,
}

/// A design's place among several in a bitstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SlotRecord {
    /// Its slot, from 0.
    pub number: u8,
    /// Designs in the bitstream.
    pub designs: u8,
}

/// Where a report's numbers come from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Provenance {
    /// Version of filbench.
    pub filbench: String,
    /// The tools that ran.
    pub tools: Vec<ToolRecord>,
    /// Place-and-route seed.
    pub seed: u32,
    /// Of generated stimulus; absent where the stimulus has another source, or nothing was
    /// played.
    #[serde(default)]
    pub stimulus_seed: Option<u64>,
    /// Checked samples that a pass needs at least.
    pub min_samples: usize,
    /// Whether the policy forbids latches.
    pub forbid_latches: bool,
    /// SHA-256 over the submitted files.
    pub submission_sha256: String,
    /// SHA-256 of the problem's sources.
    pub problem_sha256: String,
    /// Hash of the linked netlist, as `Hello` returned it.
    pub netlist_hash: Option<String>,
    /// SHA-256 of the bitstream.
    pub bitstream_sha256: Option<String>,
    /// The candidate's place in a bitstream that it shared; absent where it had one of its
    /// own. Netlist, bitstream and predicted timing then depend on its company.
    #[serde(default)]
    pub slot: Option<SlotRecord>,
    /// SHA-256 of the firmware image.
    pub firmware_sha256: Option<String>,
    /// When the evaluation started, RFC 3339, UTC.
    pub started_at: String,
}

/// What travelled between host and board while the candidate was played.
///
/// Counted over every play of the evaluation (a retry, the second setting of
/// unknown inputs), frames and checksums included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LinkRecord {
    /// Bytes from the host to the board.
    pub bytes_down: u64,
    /// Bytes from the board to the host.
    pub bytes_up: u64,
    /// Blocks of stimulus played.
    pub blocks: u64,
    /// Frames and blocks that were sent again, in either direction.
    pub retransmissions: u64,
}

/// The record of one evaluation; what `--format json` prints.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "filbench report")]
pub struct Report {
    /// [`REPORT_SCHEMA`].
    pub schema: String,
    /// What it concludes.
    pub verdict: Verdict,
    /// How responses were judged.
    pub compare: Comparison,
    /// What the other comparison says, where both were made: with `bench`, each response is
    /// compared with the golden at every step, too.
    #[serde(default)]
    pub other_comparison: Option<OtherComparison>,
    /// What the design was driven with; absent where there were no steps yet.
    #[serde(default)]
    pub stimulus: Option<StimulusRecord>,
    /// Steps in which at least one bit was compared with the golden.
    pub checked_samples: usize,
    /// Steps in which no bit was compared.
    pub masked_samples: usize,
    /// Output bits that no step compared, as `port[index]`; a one-bit port as `port`. Null
    /// where the candidate was not played: then nothing was checked at all.
    pub output_bits_never_checked: Option<Vec<String>>,
    /// Checked steps with at least one wrong bit; absent where the candidate
    /// was not played.
    pub mismatching_samples: Option<usize>,
    /// The first difference from the golden, for `mismatch`, and where only the bench passes.
    pub mismatch: Option<Mismatch>,
    /// The steps around the first difference.
    pub mismatch_window: Option<MismatchWindow>,
    /// What the candidate does in simulation; absent where nobody asked.
    #[serde(default)]
    pub simulated: Option<Simulated>,
    /// Playing unknown inputs as 0 and as 1 gave different responses.
    pub unknown_inputs_matter: bool,
    /// Of the design alone; absent where synthesis failed.
    pub resources: Option<Resources>,
    /// Per clock.
    pub timing: Vec<ClockTiming>,
    /// Of the design by itself, over several seeds; absent where it was not asked for or
    /// the design was not placed.
    #[serde(default)]
    pub timing_alone: Option<TimingAlone>,
    /// Longest paths, with source lines.
    pub critical_paths: Vec<CriticalPath>,
    /// Who read the sources, or got furthest with them; absent where nobody tried.
    #[serde(default)]
    pub front_end: Option<FrontEnd>,
    /// What the tools said: of the candidate, and of a problem that they refuse.
    pub diagnostics: Vec<Diagnostic>,
    /// Silicon or software; absent where no board was reached.
    pub measured_on: Option<MeasuredOn>,
    /// Which board; absent where none was reached.
    pub board: Option<BoardRecord>,
    /// What the link carried; absent where the candidate was not played.
    pub link: Option<LinkRecord>,
    /// Where the numbers come from.
    pub provenance: Provenance,
    /// Wall time of each phase, in ms, by the phase's name; absent phases did
    /// not run.
    pub durations_ms: BTreeMap<String, u64>,
}

impl Report {
    /// A report of `verdict` in which nothing was found out yet.
    pub fn new(verdict: Verdict, provenance: Provenance) -> Self {
        Self {
            schema: REPORT_SCHEMA.to_owned(),
            verdict,
            compare: Comparison::EveryStep,
            other_comparison: None,
            stimulus: None,
            checked_samples: 0,
            masked_samples: 0,
            output_bits_never_checked: None,
            mismatching_samples: None,
            mismatch: None,
            mismatch_window: None,
            simulated: None,
            unknown_inputs_matter: false,
            resources: None,
            timing: Vec::new(),
            timing_alone: None,
            critical_paths: Vec::new(),
            front_end: None,
            diagnostics: Vec::new(),
            measured_on: None,
            board: None,
            link: None,
            provenance,
            durations_ms: BTreeMap::new(),
        }
    }
}

/// The JSON schema of [`Report`], as committed in `host/model/report.schema.json`:
/// pretty-printed, with a newline at the end.
pub fn report_schema() -> String {
    let schema = schemars::schema_for!(Report);
    format!("{:#}\n", schema.as_value())
}
