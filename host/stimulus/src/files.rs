//! What a problem consists of, read into memory.

use crate::generate::DEFAULT_SEED;
use crate::source::Modules;
use crate::{Analysis, RecordError, VectorError, csv};
use filbench_model::{ClockEdge, Comparison, Interface, Problem};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A file of a problem: its name, which may have folders, and its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceText {
    /// Relative to the problem, with `/` between folders.
    pub name: String,
    /// Any bytes. In JSON a string where they are UTF-8, else `{"base64": "…"}`.
    #[serde(with = "contents")]
    pub contents: Vec<u8>,
}

/// Suffixes of files that no tool is told to read: they are there for `` `include `` and
/// `$readmemh`. The flow knows the same ones.
pub(crate) const NOT_SOURCES: [&str; 9] =
    ["vh", "svh", "h", "inc", "hex", "mem", "dat", "txt", "bin"];

/// Those of them that hold Verilog.
pub(crate) const HEADERS: [&str; 4] = ["vh", "svh", "h", "inc"];

impl SourceText {
    /// Whether a tool is told to read it, judged by its name.
    pub fn is_source(&self) -> bool {
        let suffix = self.name.rsplit_once('.').map_or("", |(_, suffix)| suffix);
        !NOT_SOURCES.contains(&suffix)
    }

    /// Whether it is Verilog, to be read or to be included.
    pub(crate) fn is_text(&self) -> bool {
        let suffix = self.name.rsplit_once('.').map_or("", |(_, suffix)| suffix);
        self.is_source() || HEADERS.contains(&suffix)
    }
}

/// A design that is known to be good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Golden {
    /// Sources, and what they include or read.
    pub(crate) files: Vec<SourceText>,
    pub(crate) top: String,
}

/// An original test bench.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bench {
    /// Sources, and what they include or read. The candidate's module is not among them.
    pub(crate) files: Vec<SourceText>,
    pub(crate) tops: Vec<String>,
    pub(crate) pass_mark: PassMark,
}

/// How a test bench says that a design passes. All of it has to hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PassMark {
    /// It prints this text, in one line.
    Prints(String),
    /// It prints `Mismatches: 0 in N samples`, where N is not 0, as VerilogEval's benches do.
    NoMismatches,
    /// The simulation ends with this exit status (`$fatal` makes it 1).
    ExitsWith(i32),
    /// It prints this text and ends with this status.
    PrintsAndExitsWith(String, i32),
}

/// What a problem's vectors come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Stimulus {
    /// A test bench around the golden.
    TestBench(Bench),
    /// Vectors with expected responses.
    Csv(SourceText),
    /// A waveform of a golden; the scope that shows it, such as `tb.dut`.
    Vcd { file: SourceText, scope: Option<String> },
    /// The same in the compressed form of GTKWave.
    Fst { file: SourceText, scope: Option<String> },
    /// None: they are made for the golden.
    Generated(Generated),
}

/// How stimulus is to be made. What is not said comes from the golden's netlist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Generated {
    #[serde(default = "Generated::default_seed")]
    pub(crate) seed: u64,
    pub(crate) steps: Option<usize>,
    /// Inputs that are driven as clocks, with the edges before which data changes.
    #[serde(default)]
    pub(crate) clocks: BTreeMap<String, ClockEdge>,
    /// Inputs that are seldom active.
    #[serde(default)]
    pub(crate) resets: BTreeMap<String, Level>,
    /// Inputs that are mostly active.
    #[serde(default)]
    pub(crate) enables: BTreeMap<String, Level>,
}

/// The level at which an input is active.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Level {
    /// At 0.
    Low,
    /// At 1.
    High,
}

impl Generated {
    fn default_seed() -> u64 {
        DEFAULT_SEED
    }
}

impl Default for Generated {
    fn default() -> Self {
        let (clocks, resets, enables) = Default::default();
        Self { seed: DEFAULT_SEED, steps: None, clocks, resets, enables }
    }
}

/// What a problem says about itself beyond its files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Declared {
    pub(crate) interface: Option<Interface>,
    pub(crate) clocks: BTreeMap<String, ClockEdge>,
}

impl Declared {
    /// Compares it with what the golden's netlist says.
    pub(crate) fn check(&self, problem: &str, analysis: &Analysis) -> Result<(), RecordError> {
        let differs = |message| Err(RecordError::Declared { problem: problem.to_owned(), message });
        if let Some(interface) = &self.interface {
            let found = interface.compare(&analysis.interface);
            if !found.is_empty() {
                let found: Vec<String> = found.iter().map(ToString::to_string).collect();
                return differs(format!("interface: {}", found.join("; ")));
            }
        }
        for (name, edge) in &self.clocks {
            let port = analysis.interface.inputs().find(|(port, _)| port.name == *name);
            let known =
                port.and_then(|(_, lsb)| analysis.clocks.iter().find(|(bit, _)| *bit == lsb));
            match known {
                Some((_, found)) if found == edge => {}
                Some((_, found)) => {
                    return differs(format!(
                        "clock `{name}` is said to be {edge:?}, the netlist uses {found:?}"
                    ));
                }
                None => return differs(format!("`{name}` clocks nothing in the netlist")),
            }
        }
        Ok(())
    }
}

/// What a problem asks of its candidates beyond right answers; options of an evaluation
/// only add to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProblemPolicy {
    /// Fail a design in which a latch is inferred.
    pub forbid_latches: bool,
    /// Checked samples that a pass needs.
    pub min_samples: Option<usize>,
}

/// The files of one problem, read.
///
/// As JSON it is whole: what another host makes of it is the same problem.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProblemFiles {
    pub(crate) name: String,
    pub(crate) top: String,
    pub(crate) golden: Option<Golden>,
    pub(crate) stimulus: Stimulus,
    pub(crate) comparison: Comparison,
    pub(crate) declared: Declared,
    pub(crate) policy: ProblemPolicy,
}

impl ProblemFiles {
    /// The problem's name, for people.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the candidate's top module must be called unless the user says otherwise.
    pub fn top(&self) -> &str {
        &self.top
    }

    /// The golden design, with all that it includes and reads, and the name of its top
    /// module, where there is one.
    pub fn golden(&self) -> Option<(&[SourceText], &str)> {
        self.golden.as_ref().map(|golden| (golden.files.as_slice(), golden.top.as_str()))
    }

    /// The ports that a candidate must have, as far as they are known without the golden's
    /// netlist: those that the problem declares, else those in the header of a CSV file.
    ///
    /// `None` where only a golden can say. A problem without one then has no ports, and
    /// nobody can be judged by it: a waveform does not say which way its signals flow.
    ///
    /// # Errors
    /// A CSV file without a header that names its ports.
    pub fn ports(&self) -> Result<Option<Interface>, VectorError> {
        match (&self.declared.interface, &self.stimulus) {
            (Some(interface), _) => Ok(Some(interface.clone())),
            (None, Stimulus::Csv(file)) => csv::ports(file).map(Some),
            (None, _) => Ok(None),
        }
    }

    /// Where a step of `problem`, which was recorded from these files, stands in a CSV file, as
    /// `vectors.csv:7`; other problems have no such place.
    pub fn place_of(&self, problem: &Problem, step: usize) -> Option<String> {
        let Stimulus::Csv(file) = &self.stimulus else { return None };
        let line = csv::line_of(file, problem, step)?;
        Some(format!("{}:{line}", file.name))
    }

    /// Whose ports a file has to have, for an error about it.
    pub(crate) fn whose_ports(&self) -> &'static str {
        if self.golden.is_some() { "the golden's" } else { "the interface's" }
    }

    /// Every file of the problem, in no particular order.
    pub fn files(&self) -> impl Iterator<Item = &SourceText> {
        let golden = self.golden.iter().flat_map(|golden| &golden.files);
        let stimulus = match &self.stimulus {
            Stimulus::TestBench(bench) => bench.files.as_slice(),
            Stimulus::Csv(file) | Stimulus::Vcd { file, .. } | Stimulus::Fst { file, .. } => {
                std::slice::from_ref(file)
            }
            Stimulus::Generated(_) => &[],
        };
        golden.chain(stimulus)
    }

    /// How responses are to be judged: the layout's default, unless the problem or
    /// [`with_comparison`](Self::with_comparison) says otherwise.
    pub fn comparison(&self) -> Comparison {
        self.comparison
    }

    /// Whether the original bench can judge, which [`Comparison::Bench`] needs.
    pub fn has_bench(&self) -> bool {
        matches!(self.stimulus, Stimulus::TestBench(_))
    }

    /// Whether the stimulus is made for the golden.
    pub fn is_generated(&self) -> bool {
        matches!(self.stimulus, Stimulus::Generated(_))
    }

    /// Makes the stimulus from another seed; other problems have none.
    #[must_use]
    pub fn with_stimulus_seed(mut self, seed: u64) -> Self {
        if let Stimulus::Generated(generated) = &mut self.stimulus {
            generated.seed = seed;
        }
        self
    }

    /// The same golden in other words, such as a translation that Icarus reads.
    #[must_use]
    pub fn with_golden(self, files: Vec<SourceText>, top: String) -> Self {
        Self { golden: Some(Golden { files, top }), ..self }
    }

    /// Judges responses in another way. A problem without a bench is always judged by
    /// [`Comparison::EveryStep`].
    #[must_use]
    pub fn with_comparison(mut self, comparison: Comparison) -> Self {
        if self.has_bench() || comparison == Comparison::EveryStep {
            self.comparison = comparison;
        }
        self
    }

    /// What the problem asks of its candidates beyond right answers.
    pub fn policy(&self) -> ProblemPolicy {
        self.policy
    }

    /// Takes the ports of a waveform from the scope with this path, such as `tb.dut`; other
    /// problems have no scopes.
    #[must_use]
    pub fn in_scope(mut self, path: &str) -> Self {
        if let Stimulus::Vcd { scope, .. } | Stimulus::Fst { scope, .. } = &mut self.stimulus {
            *scope = Some(path.to_owned());
        }
        self
    }

    /// A problem from a bench and a golden that are in memory, judged at every step.
    ///
    /// `top` is the module that the bench instantiates and that candidates must have;
    /// `golden_top` the golden's, which may have the same name. The bench's roots are found
    /// in its text. `bench` may contain the golden's module only under another name than
    /// `golden` does.
    pub fn from_test_bench(
        name: &str,
        top: &str,
        golden: Vec<SourceText>,
        golden_top: &str,
        bench: Vec<SourceText>,
        pass_mark: PassMark,
    ) -> Self {
        let tops = Modules::of(&bench).tops().into_iter().map(str::to_owned).collect();
        Self {
            name: name.to_owned(),
            top: top.to_owned(),
            golden: Some(Golden { files: golden, top: golden_top.to_owned() }),
            stimulus: Stimulus::TestBench(Bench { files: bench, tops, pass_mark }),
            comparison: Comparison::EveryStep,
            declared: Declared::default(),
            policy: ProblemPolicy::default(),
        }
    }

    /// A problem of a golden that is in memory, with stimulus made from `seed`.
    pub fn from_golden(name: &str, golden: Vec<SourceText>, top: &str, seed: u64) -> Self {
        Self {
            golden: Some(Golden { files: golden, top: top.to_owned() }),
            top: top.to_owned(),
            ..Self::vectors(name, Stimulus::Generated(Generated { seed, ..Generated::default() }))
        }
    }

    /// A problem of vectors without a golden.
    pub(crate) fn vectors(name: &str, stimulus: Stimulus) -> Self {
        Self {
            name: name.to_owned(),
            top: crate::locate::TOP.to_owned(),
            golden: None,
            stimulus,
            comparison: Comparison::EveryStep,
            declared: Declared::default(),
            policy: ProblemPolicy::default(),
        }
    }
}

/// File contents in JSON: text as it is, everything else in base 64.
mod contents {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    enum Contents<'a> {
        Text(std::borrow::Cow<'a, str>),
        #[serde(rename_all = "snake_case")]
        Bytes {
            base64: String,
        },
    }

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        let contents = match std::str::from_utf8(bytes) {
            Ok(text) => Contents::Text(text.into()),
            Err(_) => Contents::Bytes { base64: STANDARD.encode(bytes) },
        };
        contents.serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        match Contents::deserialize(from)? {
            Contents::Text(text) => Ok(text.into_owned().into_bytes()),
            Contents::Bytes { base64 } => STANDARD.decode(base64).map_err(de::Error::custom),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_comes_back_from_json_byte_by_byte() {
        let file = |name: &str, contents: &[u8]| SourceText {
            name: name.to_owned(),
            contents: contents.to_vec(),
        };
        let problem = ProblemFiles::from_test_bench(
            "p",
            "dut",
            vec![file("golden.v", b"module golden; endmodule\n"), file("rom.bin", b"\xff\x00")],
            "golden",
            vec![file("bench.v", b"module tb; dut dut(); endmodule\n")],
            PassMark::PrintsAndExitsWith("ok".to_owned(), 0),
        );
        let json = serde_json::to_value(&problem).unwrap();
        assert_eq!(json["golden"]["files"][0]["contents"], "module golden; endmodule\n");
        assert_eq!(json["golden"]["files"][1]["contents"]["base64"], "/wA=");
        assert_eq!(serde_json::from_value::<ProblemFiles>(json).unwrap(), problem);
        let vectors = ProblemFiles::vectors(
            "w",
            Stimulus::Vcd { file: file("w.vcd", b"$end"), scope: Some("tb.dut".to_owned()) },
        );
        let json = serde_json::to_string(&vectors).unwrap();
        assert_eq!(serde_json::from_str::<ProblemFiles>(&json).unwrap(), vectors);
    }
}
