//! Ids, vectors, verdicts, problems and reports: pure data, no I/O, no async.
//!
//! Everything that crosses a crate boundary in an evaluation is defined here,
//! so that the flow, the lab and the scoreboard agree on bit order and words.
//!
//! **Bit order.** An interface's input bits are numbered by walking its input
//! ports in declared order, least significant bit first within a port; output
//! bits likewise. [`Bits`] index 0 is that first bit.

mod alone;
mod bits;
mod causes;
mod diagnostic;
mod interface;
mod playback;
mod problem;
mod report;
mod simulated;
mod verdict;
mod window;

pub use alone::{ClockSpread, Spread, TimingAlone};
pub use bits::Bits;
pub use causes::with_causes;
pub use diagnostic::{DIAGNOSTICS_MAX, Diagnostic, DiagnosticSubject, Severity, first_error};
pub use interface::{Direction, Interface, InterfaceMismatch, Port};
pub use playback::{Assignment, BenchTrust, Playback, Wake};
pub use problem::{
    ClockEdge, Comparison, Control, ControlRole, Problem, ProblemError, Step, StimulusSource,
};
pub use report::{
    BoardRecord, ClockTiming, CriticalPath, FrontEnd, LinkRecord, MeasuredOn, Mismatch,
    OtherComparison, PathStep, Provenance, REPORT_SCHEMA, Report, Resources, SlotRecord,
    StimulusRecord, TimingSource, ToolBackend, ToolRecord, report_schema,
};
pub use simulated::{Disagreement, DisagreementKind, Simulated, SimulatedOutcome};
pub use verdict::{FailStage, Fault, FaultPlace, InconclusiveReason, Outcome, Stage, Verdict};
pub use window::{InputWindow, MismatchWindow, OutputWindow, hexadecimal};
