//! What the tests share. They run Icarus, so set-up must have been run; without it they
//! fail and say so.

use filbench_model::{Bits, ClockEdge, Direction, Interface, Outcome, Port};
use filbench_stimulus::{Analysis, Recorder, SourceText};
use filbench_toolbox::{Toolbox, ToolboxConfig, cache_root};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use tempfile::TempDir;

/// A recorder with a cache of its own.
pub struct Fresh {
    pub recorder: Recorder,
    _cache: TempDir,
}

pub fn fresh_recorder() -> Fresh {
    static TOOLBOX: LazyLock<Toolbox> = LazyLock::new(|| {
        Toolbox::open(ToolboxConfig {
            cache: cache_root(),
            worker: Some(env!("CARGO_BIN_EXE_filbench-stimulus-worker").into()),
        })
        .unwrap_or_else(|error| panic!("{error}"))
    });
    let cache = tempfile::tempdir().unwrap();
    Fresh { recorder: Recorder::new(TOOLBOX.clone(), cache.path()), _cache: cache }
}

/// One recorder for all tests of a binary.
pub fn recorder() -> &'static Recorder {
    static FRESH: LazyLock<Fresh> = LazyLock::new(fresh_recorder);
    &FRESH.recorder
}

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

/// `clk:in, d[3:0]:in, q:out`.
pub fn interface(ports: &str) -> Interface {
    let port = |text: &str| {
        let (name, direction) = text.trim().rsplit_once(':').unwrap();
        let (name, width) = match name.split_once('[') {
            Some((name, range)) => {
                (name, range.split_once(':').unwrap().0.parse::<usize>().unwrap() + 1)
            }
            None => (name, 1),
        };
        let direction = if direction == "in" { Direction::Input } else { Direction::Output };
        Port { name: name.to_owned(), direction, width }
    };
    Interface { ports: ports.split(',').map(port).collect() }
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
    Analysis { interface, event_inputs, clocks }
}
