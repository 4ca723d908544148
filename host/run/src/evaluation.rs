//! What goes into an evaluation and what comes out of it.

use filbench_flow::Firmware;
use filbench_model::Report;

/// The bitstream that was played.
pub(crate) const BITSTREAM: &str = "bitstream.bin";

/// nextpnr's own report.
pub(crate) const PLACE_REPORT: &str = "place.json";

/// Every artifact that an evaluation can make.
pub const ARTIFACTS: [&str; 3] = [BITSTREAM, PLACE_REPORT, MISMATCH_VCD];

/// The artifact that shows the first mismatch.
pub const MISMATCH_VCD: &str = "mismatch.vcd";

/// How a candidate is judged.
#[derive(Clone, Debug)]
pub struct Options {
    /// Place-and-route seed of the candidate.
    pub seed: u32,
    /// Checked samples that a pass needs; see [`crate::min_samples`].
    pub min_samples: Option<usize>,
    /// Fail a design in which a latch is inferred.
    pub forbid_latches: bool,
    /// In place of the built firmware, for tests of the chain itself.
    pub firmware: Option<Firmware>,
}

impl Default for Options {
    fn default() -> Self {
        Self { seed: 1, min_samples: None, forbid_latches: false, firmware: None }
    }
}

/// A file that an evaluation made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// File name, without a folder.
    pub name: String,
    /// What is in it.
    pub contents: Vec<u8>,
}

impl Artifact {
    pub(crate) fn new(name: &str, contents: Vec<u8>) -> Self {
        Self { name: name.to_owned(), contents }
    }
}

/// The outcome of an evaluation.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// The record.
    pub report: Report,
    /// Bitstream, waveform and tool reports, as far as they came to be.
    pub artifacts: Vec<Artifact>,
}
