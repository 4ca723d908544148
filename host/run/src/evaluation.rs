//! What goes into an evaluation and what comes out of it.

use crate::golden::GoldenFacts;
use filbench_flow::Firmware;
use filbench_model::{FrontEnd, Report};
use serde::{Deserialize, Serialize};
use std::num::NonZeroU32;

/// The bitstream that was played.
pub(crate) const BITSTREAM: &str = "bitstream.bin";

/// Yosys' own statistics of the design alone.
pub(crate) const SYNTH_REPORT: &str = "synth.json";

/// nextpnr's own report.
pub(crate) const PLACE_REPORT: &str = "place.json";

/// Every artifact that an evaluation can make.
pub const ARTIFACTS: [&str; 4] = [SYNTH_REPORT, BITSTREAM, PLACE_REPORT, MISMATCH_VCD];

/// The artifact that shows the first mismatch.
pub const MISMATCH_VCD: &str = "mismatch.vcd";

/// How far a candidate is taken.
///
/// What ends before the board is never a `pass`: the verdict is
/// `inconclusive: not_played`, with what was found out on the way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// Synthesis, what the guard forbids, and the ports.
    Synth,
    /// Further, to a placed design: its timing is known.
    Pnr,
    /// All the way: played on a board and compared.
    #[default]
    Board,
}

/// How a candidate is judged.
#[derive(Clone, Debug)]
pub struct Options {
    /// How far it is taken.
    pub tier: Tier,
    /// Place-and-route seed of the candidate.
    pub seed: u32,
    /// Place the candidate (and the golden) without the fixture with so many seeds, from
    /// `seed` on, for [`Report::timing_alone`]; 0 for not at all.
    pub seeds: u32,
    /// Fail a design that is predicted to be slower, in MHz: its slowest clock, the median of
    /// `seeds`, or of 3 where `seeds` is 0.
    pub min_mhz: Option<f64>,
    /// Checked samples that a pass needs; see [`crate::min_samples`].
    pub min_samples: Option<usize>,
    /// Fail a design in which a latch is inferred.
    pub forbid_latches: bool,
    /// Simulate the candidate on the same steps as well.
    pub simulate: bool,
    /// Who reads the candidate's sources; `None` for whoever can.
    pub front_end: Option<FrontEnd>,
    /// In place of the built firmware, for tests of the chain itself.
    pub firmware: Option<Firmware>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            tier: Tier::Board,
            seed: 1,
            seeds: 0,
            min_mhz: None,
            min_samples: None,
            forbid_latches: false,
            simulate: false,
            front_end: None,
            firmware: None,
        }
    }
}

/// Placements that a timing policy wants at least: one alone is noise.
pub const POLICY_SEEDS: u32 = 3;

impl Options {
    /// How many placements of the design alone are to be made, if any.
    pub(crate) fn seeds_alone(&self) -> Option<NonZeroU32> {
        let seeds =
            if self.min_mhz.is_some() && self.seeds == 0 { POLICY_SEEDS } else { self.seeds };
        NonZeroU32::new(seeds)
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
    /// What the problem's golden is like, as far as it was found out.
    pub golden: Option<GoldenFacts>,
}

impl Evaluation {
    /// The bitstream, if it came to one. It is not kept in the cache.
    pub fn bitstream(&self) -> Option<&[u8]> {
        let bitstream = self.artifacts.iter().find(|artifact| artifact.name == BITSTREAM)?;
        Some(&bitstream.contents)
    }
}
