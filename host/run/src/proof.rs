//! Proofs: that a problem's golden went through the whole chain and passed.

use filbench_model::{Bits, Fault, FaultPlace, Problem, ToolRecord};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Changes when a proof made by an older filbench says too little.
const PROOF_VERSION: u32 = 1;

/// Everything that a proof depends on.
///
/// The seed is not part of it: the golden is always placed with the same one.
#[derive(Debug)]
pub(crate) struct Claim<'a> {
    pub(crate) problem: &'a Problem,
    /// Name and SHA-256 of each file of the golden.
    pub(crate) golden: Vec<(String, String)>,
    pub(crate) tools: &'a [ToolRecord],
    /// Hash of the fixture's sources.
    pub(crate) fixture: &'a str,
    pub(crate) firmware: &'a str,
    pub(crate) board_kind: &'a str,
    /// `virtual` or `physical`.
    pub(crate) measured_on: &'a str,
}

/// What is kept of a proof; read by people only.
#[derive(Debug, Serialize, Deserialize)]
struct Proof {
    version: u32,
    problem: String,
    board: String,
    checked_samples: usize,
    filbench: String,
}

/// The folder of proofs, one file for each claim that was proven.
///
/// Only a pass is kept. A golden that failed is tried again each time, since
/// it may have been the board.
#[derive(Clone, Debug)]
pub(crate) struct Proofs {
    dir: PathBuf,
}

impl Proofs {
    pub(crate) fn new(cache: &Path) -> Self {
        Self {
            dir: cache.join("proofs"),
        }
    }

    /// Whether `claim` was proven before.
    pub(crate) fn has(&self, claim: &Claim<'_>) -> bool {
        let Ok(text) = std::fs::read(self.path(claim)) else {
            return false;
        };
        serde_json::from_slice::<Proof>(&text).is_ok_and(|proof| proof.version == PROOF_VERSION)
    }

    /// Keeps the proof of `claim`; whole or not at all, also with two
    /// processes at it.
    pub(crate) fn keep(&self, claim: &Claim<'_>) -> Result<(), Fault> {
        let proof = Proof {
            version: PROOF_VERSION,
            problem: claim.problem.name.clone(),
            board: claim.board_kind.to_owned(),
            checked_samples: claim.problem.checked_samples(),
            filbench: env!("CARGO_PKG_VERSION").to_owned(),
        };
        let write = || -> std::io::Result<()> {
            std::fs::create_dir_all(&self.dir)?;
            let mut file = tempfile::NamedTempFile::new_in(&self.dir)?;
            serde_json::to_writer_pretty(&mut file, &proof)?;
            file.flush()?;
            file.persist(self.path(claim))?;
            Ok(())
        };
        write().map_err(|error| {
            Fault::new(
                FaultPlace::Host,
                format!(
                    "the proof of `{}` cannot be written to {}: {error}; free some space or set \
                     FILBENCH_CACHE to a writable folder",
                    claim.problem.name,
                    self.dir.display()
                ),
            )
        })
    }

    fn path(&self, claim: &Claim<'_>) -> PathBuf {
        self.dir.join(format!("{}.json", claim.sha256()))
    }
}

impl Claim<'_> {
    /// A hash of the whole claim. Strings are hashed with their length, the
    /// steps as words, since a problem may have hundreds of thousands.
    fn sha256(&self) -> String {
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
        for port in &problem.interface.ports {
            text(&format!("{:?} {} {}", port.direction, port.width, port.name));
        }
        for (name, sha256) in &self.golden {
            text(name);
            text(sha256);
        }
        for tool in self.tools {
            text(&tool.name);
            text(&tool.sha256);
        }
        for fact in [
            self.fixture,
            self.firmware,
            self.board_kind,
            self.measured_on,
        ] {
            text(fact);
        }
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
        hex::encode(hasher.finalize())
    }
}

/// SHA-256 in hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
