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

mod alone;
mod cells;
mod controls;
mod dependencies;
mod diagnostics;
mod events;
mod fixture;
mod flowfile;
mod gates;
mod ghdl;
mod guard;
mod image;
mod limit;
mod link;
mod loops;
mod netlist;
mod place;
mod room;
mod slang;
mod submission;
mod synth;
mod timing;

#[cfg(test)]
mod random_netlists;

pub use alone::TimedAlone;
pub use events::{ClockUse, Events};
pub use gates::GateModel;
pub use ghdl::Translated;
pub use image::Firmware;
pub use link::{Linked, LinkedDesign, SharedLink};
pub use place::{Bitstream, PlaceInputs, Placed, PlacedDesign, Placement};
pub use submission::{Policy, SourceFile, Submission, is_vhdl};
pub use synth::{Design, Synthesis};

use filbench_board::{Board, Device};
use filbench_model::{Diagnostic, Fault, FaultPlace, FrontEnd, Verdict, with_causes};
use filbench_toolbox::{JobDirError, Toolbox, ToolboxError};
use flowfile::FlowFile;
use place::Attempt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use submission::JobFiles;

/// A design that goes no further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// Where and why.
    pub verdict: Verdict,
    /// Who read the sources; absent where that was done before, or not tried.
    pub front_end: Option<FrontEnd>,
    /// What the tools said.
    pub diagnostics: Vec<Diagnostic>,
}

/// The flow; cheap to clone, safe to use from several threads.
#[derive(Clone, Debug)]
pub struct Flow {
    toolbox: Toolbox,
    cache: PathBuf,
    /// Instead of the flow file's.
    synthesis_cpu: Option<Duration>,
}

impl Flow {
    /// A flow on `toolbox` that keeps fixtures under `cache`.
    pub fn new(toolbox: Toolbox, cache: PathBuf) -> Self {
        Self { toolbox, cache, synthesis_cpu: None }
    }

    /// The same with another limit on the CPU time of one submission's
    /// synthesis. A verdict of `limit` then means this limit.
    #[must_use]
    pub fn with_synthesis_cpu(self, cpu: Duration) -> Self {
        Self { synthesis_cpu: Some(cpu), ..self }
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
        let limits = FlowFile::ice40().limits.synthesis.limits(self.synthesis_cpu);
        synth::synthesise(&self.toolbox, submission, policy, device, limits)
    }

    /// Puts `design` into the smallest fixture for `board` that holds it, with
    /// `firmware` in the soft MCU. The first use of a fixture's size takes some
    /// seconds of synthesis; later ones read the cache.
    ///
    /// # Errors
    /// `fail: fit` when the device is too small for the design,
    /// `inconclusive: fixture_room` when it is for both, or a fault.
    pub fn link(
        &self,
        design: &Design,
        board: &Board,
        firmware: &Firmware,
    ) -> Result<Linked, Verdict> {
        let limits = FlowFile::ice40().limits.synthesis.limits(None);
        let variant = link::variant(design, board)?;
        let fixture = fixture::load(&self.toolbox, &self.cache, variant, limits)?;
        link::link(design, fixture, variant, firmware)
    }

    /// Whether `design` may share a bitstream with others. Of those that may,
    /// only designs that agree on [`Design::has_latches`] belong together.
    pub fn shares(&self, design: &Design) -> bool {
        link::shares(design)
    }

    /// How many designs a bitstream can have at most.
    pub fn slots_max(&self) -> usize {
        FlowFile::ice40().fixture.shared.most().into()
    }

    /// Puts as many of `designs` as fit into one fixture for `board`, in order. They
    /// must be ones that [`Flow::shares`].
    ///
    /// # Errors
    /// A fault. A design that is too large for what the others leave is no fault; it is
    /// missing among the members.
    pub fn link_shared(
        &self,
        designs: &[&Design],
        board: &Board,
        firmware: &Firmware,
    ) -> Result<SharedLink, Fault> {
        let limits = FlowFile::ice40().limits.synthesis.limits(None);
        let variant = link::shared_variant(designs.len(), board);
        let fixture = fixture::load(&self.toolbox, &self.cache, variant, limits)?;
        link::link_shared(designs, fixture, variant, firmware)
    }

    /// Places and routes with `seed`. The same netlist, board and seed give the
    /// same placement.
    ///
    /// # Errors
    /// A fault when the tool could not be run, or when the fixture itself does
    /// not meet the board's clock.
    pub fn place(&self, linked: &Linked, board: &Board, seed: u32) -> Result<Placement, Fault> {
        match self.attempt(linked, board, seed)? {
            Attempt::Ended(placement) => Ok(placement),
            Attempt::Unexplained(rejection) => {
                self.place_known_good(board, seed, &rejection.verdict.reason)?;
                Ok(Placement::Rejected(rejection))
            }
        }
    }

    fn attempt(&self, linked: &Linked, board: &Board, seed: u32) -> Result<Attempt, Fault> {
        let limits = FlowFile::ice40().limits.place.limits(None);
        place::place(&self.toolbox, linked, board, seed, limits)
    }

    /// Places a design that is known to be good, to tell a design that nextpnr cannot place
    /// from a nextpnr that places nothing.
    fn place_known_good(&self, board: &Board, seed: u32, failure: &str) -> Result<(), Fault> {
        let broken = |why: String| {
            let message = format!("{failure}; nor does a known-good design get through: {why}");
            Fault::new(FaultPlace::Tool, message)
        };
        let synthesis = self.synthesise(&known_good(), &Policy::default(), board.device)?;
        let design = match synthesis {
            Synthesis::Design(design) => design,
            Synthesis::Rejected(rejection) => return Err(broken(rejection.verdict.reason)),
        };
        let endless_loop = Firmware::new(vec![0x6f, 0x00, 0x00, 0x00]);
        let linked = self.link(&design, board, &endless_loop).map_err(|v| broken(v.reason))?;
        match self.attempt(&linked, board, seed)? {
            Attempt::Ended(Placement::Placed(_)) => Ok(()),
            Attempt::Ended(Placement::Rejected(rejection)) | Attempt::Unexplained(rejection) => {
                Err(broken(rejection.verdict.reason))
            }
        }
    }

    /// Places and routes `design` without the fixture, for a `board` with the design's
    /// device: its own timing, whatever the company in a bitstream. Costs a fraction of
    /// [`Flow::place`].
    ///
    /// # Errors
    /// A fault when the tool could not be run, or could not place what it has placed
    /// beside the fixture.
    pub fn time_alone(
        &self,
        design: &Design,
        board: &Board,
        seed: u32,
    ) -> Result<TimedAlone, Fault> {
        let limits = FlowFile::ice40().limits.place.limits(None);
        alone::time(&self.toolbox, design, board, seed, limits)
    }

    /// A submission in VHDL as Verilog, which simulators read as well; `Err` inside is the
    /// verdict on one that GHDL does not read.
    ///
    /// # Errors
    /// A fault when GHDL could not be run.
    pub fn translate(&self, submission: &Submission) -> Result<Result<Translated, Verdict>, Fault> {
        let limits = FlowFile::ice40().limits.synthesis.limits(self.synthesis_cpu);
        let files = JobFiles::new(&submission.files);
        let translated = ghdl::translate(&self.toolbox, submission, &files, limits)?;
        Ok(translated
            .map_err(|not_read| Verdict::fail(not_read.refusal.stage, not_read.refusal.reason)))
    }

    /// The netlist of `design` for a simulator.
    ///
    /// # Errors
    /// A fault when the cells' models cannot be read.
    pub fn gate_model(&self, design: &Design) -> Result<GateModel, Fault> {
        gates::model(&self.toolbox, design)
    }

    /// What [`Flow::place`] gives to nextpnr, for whoever wants more of it
    /// than a placement.
    ///
    /// # Errors
    /// A fault when the netlist cannot be written as JSON.
    pub fn place_inputs(
        &self,
        linked: &Linked,
        board: &Board,
        seed: u32,
    ) -> Result<PlaceInputs, Fault> {
        place::inputs(linked, board, seed)
    }

    /// Packs a placement into a bitstream.
    ///
    /// # Errors
    /// A fault when the tool could not be run.
    pub fn pack(&self, placed: &Placed) -> Result<Bitstream, Fault> {
        let limits = FlowFile::ice40().limits.pack.limits(None);
        place::pack(&self.toolbox, placed, limits)
    }

    /// SHA-256 over the fixture's sources and the flow file: what a proof that
    /// the chain works depends on, besides tools and firmware.
    pub fn fixture_sha256(&self) -> &'static str {
        fixture::sha256()
    }
}

/// A wire.
fn known_good() -> Submission {
    let contents = b"module known_good(input a, output y); assign y = a; endmodule\n".to_vec();
    let file = SourceFile { name: "known_good.v".into(), contents };
    Submission { files: vec![file], top: "known_good".into() }
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
            Fault::new(place, with_causes(&error))
        })
    }
}

impl<T> FlowFault<T> for Result<T, JobDirError> {
    fn fault(self) -> Result<T, Fault> {
        self.map_err(|error| Fault::new(FaultPlace::Host, with_causes(&error)))
    }
}

/// A file operation of the flow itself.
fn host_fault(doing: &str, path: &Path, error: &std::io::Error) -> Fault {
    Fault::new(FaultPlace::Host, format!("cannot {doing} {}: {error}", path.display()))
}
