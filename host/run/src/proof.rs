//! Proofs: that a problem's golden went through the whole chain and passed.

use crate::keep;
use filbench_flow::Submission;
use filbench_model::{Bits, ClockTiming, Fault, FaultPlace, MeasuredOn, Problem, ToolRecord};
use filbench_toolbox::CacheFolder;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::path::Path;

/// Changes when a proof made by an older filbench says too little.
const PROOF_VERSION: u32 = 2;

/// Everything that a proof depends on.
///
/// The seed is not part of it: the golden is always placed with the same one.
#[derive(Debug)]
pub(crate) struct Claim<'a> {
    pub(crate) problem: &'a Problem,
    pub(crate) golden: &'a Submission,
    pub(crate) tools: &'a [ToolRecord],
    /// Hash of filbench itself: flow, recorder and virtual board.
    pub(crate) program: &'a str,
    /// Hash of the fixture's sources.
    pub(crate) fixture: &'a str,
    pub(crate) firmware: &'a str,
    pub(crate) board_kind: &'a str,
    pub(crate) measured_on: MeasuredOn,
}

/// What is kept of a proof. Only the golden's timing is used again; the rest is for
/// people.
#[derive(Debug, Serialize, Deserialize)]
struct Proof {
    version: u32,
    problem: String,
    board: String,
    checked_samples: usize,
    filbench: String,
    timing: Vec<ClockTiming>,
}

/// The folder of proofs, one file for each claim that was proven.
///
/// Only a pass is kept. A golden that failed on a physical board is tried again
/// each time, since it may have been the board; on a virtual one see
/// [`Refusals`](crate::refusals::Refusals).
#[derive(Clone, Debug)]
pub(crate) struct Proofs {
    dir: CacheFolder,
}

impl Proofs {
    pub(crate) fn new(cache: &Path) -> Self {
        Self { dir: CacheFolder::new(cache, "proofs") }
    }

    /// The golden's timing, where the claim with this name was proven before.
    pub(crate) fn find(&self, name: &str) -> Option<Vec<ClockTiming>> {
        let text = std::fs::read(self.dir.join(name)).ok()?;
        let proof = serde_json::from_slice::<Proof>(&text).ok()?;
        (proof.version == PROOF_VERSION).then_some(proof.timing)
    }

    /// Keeps the proof of `claim`; whole or not at all, also with two
    /// processes at it.
    pub(crate) fn keep(
        &self,
        name: &str,
        claim: &Claim<'_>,
        timing: &[ClockTiming],
    ) -> Result<(), Fault> {
        let proof = Proof {
            version: PROOF_VERSION,
            problem: claim.problem.name.clone(),
            board: claim.board_kind.to_owned(),
            checked_samples: claim.problem.checked_samples(),
            filbench: env!("CARGO_PKG_VERSION").to_owned(),
            timing: timing.to_vec(),
        };
        keep::json(&self.dir, name, &proof).map_err(|error| {
            Fault::new(
                FaultPlace::Host,
                format!(
                    "the proof of `{}` cannot be written to {}: {error}; free some space or set \
                     FILBENCH_CACHE to a writable folder",
                    claim.problem.name,
                    self.dir.path().display()
                ),
            )
        })
    }
}

impl Claim<'_> {
    /// Named after a hash of the whole claim. Strings are hashed with their length, the
    /// steps as words, since a problem may have hundreds of thousands.
    pub(crate) fn file_name(&self) -> String {
        let mut hasher = Sha256::new();
        let mut text = |text: &str| {
            hasher.update((text.len() as u64).to_le_bytes());
            hasher.update(text);
        };
        let problem = self.problem;
        text(&problem.name);
        text(&problem.top);
        text(&format!("{:?}", problem.source));
        text(&format!("{:?}", problem.comparison));
        // The wakes follow from the sources that this is a hash of.
        text(&problem.source_sha256);
        for port in &problem.interface.ports {
            text(&format!("{:?} {} {}", port.direction, port.width, port.name));
        }
        text(&self.golden.top);
        for file in &self.golden.files {
            text(&file.name);
            text(&hex::encode(Sha256::digest(&file.contents)));
        }
        for tool in self.tools {
            text(&tool.name);
            text(&tool.sha256);
        }
        for fact in [self.program, self.fixture, self.firmware, self.board_kind] {
            text(fact);
        }
        text(&format!("{:?}", self.measured_on));
        let mut words = |bits: &Bits| {
            for word in bits.words() {
                hasher.update(word.to_le_bytes());
            }
        };
        words(&problem.event_inputs);
        for step in &problem.steps {
            words(&step.inputs);
            words(&step.unknown);
            words(&step.expected);
            words(&step.care);
        }
        format!("{}.json", hex::encode(hasher.finalize()))
    }
}
