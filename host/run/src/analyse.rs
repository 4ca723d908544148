//! What a golden's netlist says about its inputs, kept in the cache: a warm
//! evaluation does not synthesise the golden again.

use crate::keep;
use filbench_board::Device;
use filbench_flow::{Design, Submission};
use filbench_model::{Bits, ClockEdge, Control, Interface, Resources, ToolRecord};
use filbench_stimulus::Analysis;
use filbench_toolbox::CacheFolder;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::path::Path;

/// Changes when older analyses say something else.
const ANALYSIS_VERSION: u32 = 3;

/// What the recorder has to know of a synthesised design.
pub(crate) fn of_design(design: &Design) -> Analysis {
    let clocks = design.events.clocks.iter();
    Analysis {
        interface: design.interface.clone(),
        event_inputs: design.events.event_inputs.clone(),
        clocks: clocks.map(|clock| (clock.input_bit, clock.edge)).collect(),
        controls: design.events.controls.clone(),
    }
}

/// All that is kept of a synthesised golden.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) analysis: Analysis,
    pub(crate) resources: Resources,
    pub(crate) has_latches: bool,
    pub(crate) has_derived_clocks: bool,
}

impl Known {
    pub(crate) fn of_design(design: &Design) -> Self {
        Self {
            analysis: of_design(design),
            resources: design.resources,
            has_latches: design.has_latches,
            has_derived_clocks: !design.events.derived_clocks.is_empty(),
        }
    }
}

/// The folder of analyses, one file for each golden.
#[derive(Clone, Debug)]
pub(crate) struct Analyses {
    dir: CacheFolder,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    version: u32,
    interface: Interface,
    event_inputs: Bits,
    clocks: Vec<(usize, ClockEdge)>,
    controls: Vec<Control>,
    resources: Resources,
    has_latches: bool,
    has_derived_clocks: bool,
}

impl Analyses {
    pub(crate) fn new(cache: &Path) -> Self {
        Self { dir: CacheFolder::new(cache, "analyses") }
    }

    /// The analysis that was made of `golden` before.
    pub(crate) fn find(&self, key: &str) -> Option<Known> {
        let text = std::fs::read(self.dir.join(key)).ok()?;
        let kept: Kept = serde_json::from_slice(&text).ok()?;
        (kept.version == ANALYSIS_VERSION).then_some(Known {
            analysis: Analysis {
                interface: kept.interface,
                event_inputs: kept.event_inputs,
                clocks: kept.clocks,
                controls: kept.controls,
            },
            resources: kept.resources,
            has_latches: kept.has_latches,
            has_derived_clocks: kept.has_derived_clocks,
        })
    }

    /// Keeps an analysis; without room for it the next evaluation makes it
    /// again.
    pub(crate) fn keep(&self, key: &str, known: &Known) {
        let analysis = &known.analysis;
        let kept = Kept {
            version: ANALYSIS_VERSION,
            interface: analysis.interface.clone(),
            event_inputs: analysis.event_inputs.clone(),
            clocks: analysis.clocks.clone(),
            controls: analysis.controls.clone(),
            resources: known.resources,
            has_latches: known.has_latches,
            has_derived_clocks: known.has_derived_clocks,
        };
        if let Err(error) = keep::json(&self.dir, key, &kept) {
            tracing::warn!(%error, path = %self.dir.path().display(), "an analysis was not kept");
        }
    }
}

/// The name of a golden's analysis: a hash of all that it depends on.
pub(crate) fn key(
    golden: &Submission,
    program_sha256: &str,
    device: Device,
    tools: &[ToolRecord],
) -> String {
    let mut hasher = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hasher.update((bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    part(program_sha256.as_bytes());
    part(golden.top.as_bytes());
    part(device.name().as_bytes());
    for file in &golden.files {
        part(file.name.as_bytes());
        part(&file.contents);
    }
    for tool in tools {
        part(tool.sha256.as_bytes());
    }
    format!("{}.json", hex::encode(hasher.finalize()))
}
