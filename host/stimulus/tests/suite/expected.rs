//! A suite's expected.toml.

use crate::common::interface;
use filbench_model::{Bits, ClockEdge, Outcome};
use filbench_stimulus::{Analysis, SourceText};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// One problem of a suite's expected.toml.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    ports: Option<String>,
    #[serde(default)]
    clocks: BTreeMap<String, ClockEdge>,
    #[serde(default)]
    events: Vec<String>,
    #[serde(default)]
    racy: bool,
    #[serde(default)]
    reactive: bool,
    steps: Option<usize>,
    checked: Option<usize>,
    candidates: BTreeMap<String, Expected>,
}

/// The verdict that a candidate must get.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    pub outcome: Outcome,
    #[serde(default, rename = "stage")]
    pub _stage: Option<String>,
    pub step: Option<usize>,
    pub port: Option<String>,
    /// How unknown inputs are played where the mismatch shows.
    pub unknown: Option<String>,
}

pub struct Candidate {
    pub source: SourceText,
    pub expected: Expected,
}

pub struct Problem {
    pub prefix: PathBuf,
    pub analysis: Option<Analysis>,
    pub racy: bool,
    pub reactive: bool,
    pub steps: usize,
    pub checked: usize,
    pub candidates: Vec<Candidate>,
}

/// The problems of a suite, in order.
pub fn suite(name: &str) -> Vec<Problem> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/suites").join(name);
    let text = std::fs::read_to_string(folder.join("expected.toml")).unwrap();
    let entries: BTreeMap<String, Entry> = toml::from_str(&text).unwrap();
    let problem = |(name, entry): (String, Entry)| {
        let analysis = entry.ports.as_ref().map(|ports| analysis(ports, &entry));
        let source = |candidate: &String| {
            let name_of_file = format!("{candidate}.sv");
            let path = folder.join("candidates").join(&name).join(&name_of_file);
            SourceText { name: name_of_file, contents: std::fs::read(path).unwrap() }
        };
        let candidates = entry
            .candidates
            .iter()
            .map(|(name, expected)| Candidate { source: source(name), expected: expected.clone() })
            .collect();
        Problem {
            prefix: folder.join(&name),
            analysis,
            racy: entry.racy,
            reactive: entry.reactive,
            steps: entry.steps.unwrap_or_default(),
            checked: entry.checked.unwrap_or_default(),
            candidates,
        }
    };
    entries.into_iter().map(problem).collect()
}

fn analysis(ports: &str, entry: &Entry) -> Analysis {
    let interface = interface(ports);
    let mut event_inputs = Bits::zeros(interface.input_bits());
    let mut clocks = Vec::new();
    for (port, lsb) in interface.inputs() {
        if entry.events.contains(&port.name) {
            (lsb..lsb + port.width).for_each(|bit| event_inputs.set(bit, true));
        }
        if let Some(edge) = entry.clocks.get(&port.name) {
            event_inputs.set(lsb, true);
            clocks.push((lsb, *edge));
        }
    }
    Analysis { interface, event_inputs, clocks, controls: Vec::new() }
}
