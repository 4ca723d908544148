//! Synthesis, guard, link, place and route, pack.
//!
//! [`Flow`] takes a [`Submission`] to a [`Bitstream`]:
//!
//! 1. [`Flow::synthesise`] runs Yosys on the submission alone and refuses what
//!    must not stand beside the fixture;
//! 2. [`Flow::link`] puts the design's cells into the fixture's netlist, in pure
//!    Rust, with the firmware and the identity block in the soft MCU's RAM;
//! 3. [`Flow::place`] runs nextpnr, and reads timing from its report;
//! 4. [`Flow::pack`] runs icepack.
//!
//! A design that is refused is a [`Verdict`]; a flow that fails is a [`Fault`].
//! Neither ever comes from what a tool printed.

mod cells;
mod diagnostics;
mod events;
mod flowfile;
mod guard;
mod limit;
mod loops;
mod netlist;
mod submission;
mod synth;

pub use events::{ClockUse, Events};
pub use submission::{Policy, SourceFile, Submission};
pub use synth::{Design, Synthesis};

use filbench_board::Device;
use filbench_model::{Diagnostic, Fault, FaultPlace, Verdict};
use filbench_toolbox::{JobDirError, Toolbox, ToolboxError};
use std::error::Error;
use std::path::PathBuf;

/// A design that goes no further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// Where and why.
    pub verdict: Verdict,
    /// What the tools said.
    pub diagnostics: Vec<Diagnostic>,
}

/// The flow; cheap to clone, safe to use from several threads.
#[derive(Clone, Debug)]
pub struct Flow {
    toolbox: Toolbox,
    cache: PathBuf,
}

impl Flow {
    /// A flow on `toolbox` that keeps fixtures under `cache`.
    pub fn new(toolbox: Toolbox, cache: PathBuf) -> Self {
        Self { toolbox, cache }
    }

    /// Synthesises `submission` alone, for `device`.
    ///
    /// # Errors
    /// A fault when the tools could not be run; whatever is wrong with the
    /// submission is [`Synthesis::Rejected`].
    pub fn synthesise(
        &self,
        submission: &Submission,
        policy: &Policy,
        device: Device,
    ) -> Result<Synthesis, Fault> {
        let limits = flowfile::FlowFile::ice40().limits.synthesis.limits();
        synth::synthesise(&self.toolbox, submission, policy, device, limits)
    }
}

/// Errors of the lab as faults.
trait FlowFault<T> {
    fn fault(self) -> Result<T, Fault>;
}

impl<T> FlowFault<T> for Result<T, ToolboxError> {
    fn fault(self) -> Result<T, Fault> {
        self.map_err(|error| {
            let place = match error {
                ToolboxError::SandboxUnavailable { .. } => FaultPlace::SandboxUnavailable,
                _ => FaultPlace::Tool,
            };
            Fault::new(place, with_sources(&error))
        })
    }
}

impl<T> FlowFault<T> for Result<T, JobDirError> {
    fn fault(self) -> Result<T, Fault> {
        self.map_err(|error| Fault::new(FaultPlace::Host, with_sources(&error)))
    }
}

/// An error and its causes in one line.
fn with_sources(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text += ": ";
        text += &cause.to_string();
        source = cause.source();
    }
    text
}
