//! One evaluation, from submission to report.
//!
//! ```text
//!            record ─► proof ─┐
//!                             ├─► program ─► identify ─► play ─► compare
//! synth ─► link ─► place ─► pack ┘
//! ```
//!
//! [`evaluate()`] sends [`Event`]s while it runs and ends with an
//! [`Evaluation`]. The parts that decide are pure: [`Vectors`] say what the
//! player is given, [`compare`] is the scoreboard, [`conclude()`] finds the
//! verdict. **A verdict comes from captured port values and from the flow's
//! typed rejections, never from what anything printed; a fault of the lab
//! never becomes a failure of the design.**

mod activity;
mod alone;
mod analyse;
mod batch;
mod bench;
mod build;
mod conclude;
mod context;
mod draft;
mod evaluate;
mod evaluation;
mod event;
mod fingerprint;
mod flight;
mod golden;
mod keep;
mod memory;
mod play;
mod proof;
mod refusals;
mod scoreboard;
mod simulated;
mod toggles;
mod waveform;
mod window;
mod wiring;

pub use conclude::{DEFAULT_MIN_SAMPLES, Scores, conclude, min_samples, unjudgeable};
pub use context::{Context, ContextConfig, Table};
pub use draft::TOTAL;
pub use evaluate::{evaluate, fault_report, verdict_report};
pub use evaluation::{ARTIFACTS, Artifact, Evaluation, MISMATCH_VCD, Options, Tier};
pub use event::{Event, Phase, Subject};
pub use golden::{GoldenFacts, golden_submission};
pub use memory::{EvaluationKey, evaluate_once};
pub use scoreboard::{CaptureLength, Responses, Score, compare, never_checked};
pub use simulated::simulated;
pub use waveform::write as write_waveform;
pub use window::mismatch_window;
pub use wiring::{PlayerMap, UnknownInputs, UnmatchedPort, Vector, Vectors, Wiring};
