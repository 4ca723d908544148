//! The name of a recorded problem in the cache.

use crate::files::Stimulus;
use crate::{Analysis, ProblemFiles, SourceText};
use filbench_toolbox::{Tool, Toolbox};
use sha2::{Digest, Sha256};

/// Changes whenever the same bench would give another problem.
const RECORDER_VERSION: u32 = 7;

/// A hash of everything that the problem is made from.
pub(crate) fn key(toolbox: &Toolbox, files: &ProblemFiles, analysis: &Analysis) -> String {
    let mut hasher = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hasher.update((bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    part(&RECORDER_VERSION.to_le_bytes());
    part(env!("CARGO_PKG_VERSION").as_bytes());
    part(files.name().as_bytes());
    part(files.top().as_bytes());
    part(format!("{:?} {:?}", files.comparison, files.declared).as_bytes());
    // Icarus has a say wherever a golden is simulated.
    if files.golden.is_some() {
        for record in toolbox.records() {
            if [Tool::Iverilog.name(), Tool::Vvp.name()].contains(&record.name.as_str()) {
                part(record.version.as_bytes());
                part(record.sha256.as_bytes());
            }
        }
    }
    let named: Vec<&SourceText> = match &files.stimulus {
        Stimulus::TestBench(bench) => {
            part(format!("test bench {:?} {:?}", bench.tops, bench.pass_mark).as_bytes());
            bench.files.iter().collect()
        }
        Stimulus::Generated(generated) => {
            part(format!("{generated:?} {:?}", analysis.controls).as_bytes());
            Vec::new()
        }
        Stimulus::Csv(file) => vec![file],
        Stimulus::Vcd { file, scope } | Stimulus::Fst { file, scope } => {
            part(format!("waveform {scope:?}").as_bytes());
            vec![file]
        }
    };
    for file in named {
        part(file.name.as_bytes());
        part(&file.contents);
    }
    if let Some(golden) = &files.golden {
        part(golden.top.as_bytes());
        for file in &golden.files {
            part(file.name.as_bytes());
            part(&file.contents);
        }
    }
    for port in &analysis.interface.ports {
        part(port.to_string().as_bytes());
    }
    part(format!("{:?} {:?}", analysis.event_inputs, analysis.clocks).as_bytes());
    hex::encode(hasher.finalize())
}
