//! What the end-to-end tests share: the program, its answers, its remains.
//!
//! Tests use the user's cache (or `FILBENCH_CACHE`), as a user would: tools
//! and firmware from `cargo xtask setup` and `cargo xtask firmware`.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]
#![expect(dead_code, reason = "each test target uses a part of it")]

pub mod daemon;
pub mod echo;
pub mod lab;
pub mod processes;
pub mod recorded;
pub mod running;

use filbench_flow::{SourceFile, Submission};
use filbench_model::{Report, report_schema};
use filbench_run::{Context, ContextConfig, Evaluation, Event, Options, Phase, Subject};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// The repository's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A problem of a suite, by its path below `tests/suites`.
pub fn problem(name: &str) -> PathBuf {
    root().join("tests/suites").join(name)
}

/// One place to run `filbench` in, whose temp folder can be looked into.
pub struct Bench {
    temp: TempDir,
}

/// What `filbench run --format json` answered.
pub struct Answer {
    /// The process's exit code.
    pub code: i32,
    /// The report, which validates against the committed schema.
    pub report: Report,
    /// Progress and logs.
    pub stderr: String,
}

impl Answer {
    /// The verdict as `outcome (stage)`.
    pub fn verdict(&self) -> String {
        self.report.verdict.to_string()
    }

    /// Panics with the whole story unless the verdict is `expected`.
    pub fn expect(&self, expected: &str) -> &Self {
        assert_eq!(self.verdict(), expected, "{}\n{}", self.report.verdict.reason, self.stderr);
        self
    }
}

impl Bench {
    pub fn new() -> Self {
        Self { temp: tempfile::tempdir().unwrap() }
    }

    /// A folder that lives as long as the bench, for a test's own files.
    pub fn file(&self, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        let folder = self.temp.path().join("files");
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join(name);
        std::fs::write(&path, contents).unwrap();
        path
    }

    /// Where filbench's temp folders go.
    pub fn temp_dir(&self) -> PathBuf {
        let folder = self.temp.path().join("tmp");
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    /// What is left in the temp folder.
    pub fn remains(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.temp_dir()).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    }

    /// The program with `args`, its temp folder in here.
    pub fn command<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_filbench"));
        command.args(args).env("TMPDIR", self.temp_dir());
        command
    }

    /// Runs the program to its end.
    pub fn output<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Output {
        self.command(args).output().unwrap()
    }

    /// Judges `candidate` on `problem`, with further arguments.
    pub fn judge(&self, candidate: &Path, problem: &Path, more: &[&str]) -> Answer {
        let mut command = self.command(["run", "--format", "json"]);
        command.arg(candidate).arg("--problem").arg(problem);
        let output = command.args(more).output().unwrap();
        answer(&output)
    }
}

/// Takes a JSON answer apart, and validates it.
pub fn answer(output: &Output) -> Answer {
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let value: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!(
            "stdout is not one JSON document ({error}):\n{}\n{stderr}",
            String::from_utf8_lossy(&output.stdout)
        )
    });
    validate(&value);
    Answer {
        code: output.status.code().unwrap(),
        report: serde_json::from_value(value).unwrap(),
        stderr,
    }
}

/// Panics with every violation of the report's schema.
pub fn validate(report: &serde_json::Value) {
    let schema = serde_json::from_str(&report_schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(report)
        .map(|error| format!("{}: {error}", error.instance_path))
        .collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
}

/// A candidate of a suite: `name` beside the others for `problem`.
pub fn candidate(problem: &str, name: &str) -> PathBuf {
    let (suite, problem) = problem.split_once('/').unwrap();
    let path = |extension| {
        root().join(format!("tests/suites/{suite}/candidates/{problem}/{name}.{extension}"))
    };
    ["v", "vhd"].map(path).into_iter().find(|path| path.exists()).unwrap_or_else(|| path("sv"))
}

/// Surroundings for evaluations within the test's own process.
pub fn context() -> Context {
    Context::open(ContextConfig {
        cache: filbench_toolbox::cache_root(),
        program: Some(env!("CARGO_BIN_EXE_filbench").into()),
        tools: filbench_toolbox::EdaTools::Wasm,
    })
    .unwrap()
}

/// An evaluation within the test's own process, with all its events.
pub fn evaluate(
    context: &Context,
    candidate: &Path,
    problem: &Path,
    options: &Options,
) -> (Evaluation, Vec<Event>) {
    let problem = filbench_stimulus::locate(problem).unwrap();
    let submission = Submission {
        files: vec![SourceFile {
            name: candidate.file_name().unwrap().to_string_lossy().into_owned(),
            contents: std::fs::read(candidate).unwrap(),
        }],
        top: problem.top().to_owned(),
    };
    let selector = "virtual:icebreaker".parse().unwrap();
    let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let evaluation = runtime
        .block_on(filbench_run::evaluate(context, submission, problem, &selector, options, sender));
    let mut events = Vec::new();
    while let Ok(event) = receiver.try_recv() {
        events.push(event);
    }
    check_order(&events, &evaluation.report);
    validate(&serde_json::to_value(&evaluation.report).unwrap());
    (evaluation, events)
}

/// Phases of one subject follow one another in their order, going back only where [`Phase`]'s
/// documentation says so, and the one verdict is the last event and the report's.
fn check_order(events: &[Event], report: &Report) {
    let mut running = BTreeMap::new();
    let mut last: BTreeMap<Subject, Phase> = BTreeMap::new();
    let mut retrying = false;
    for event in events {
        match *event {
            Event::PhaseStarted { subject, phase } => {
                assert_eq!(running.insert(subject, phase), None, "{subject:?} {phase}");
                assert!(belongs(subject, phase), "{subject:?} {phase}");
                if let Some(before) = last.insert(subject, phase) {
                    let played = (Phase::Program..Phase::Compare).contains(&before);
                    let goes_back = match phase {
                        Phase::Program => played && (retrying || before == Phase::Play),
                        Phase::Link => played && retrying,
                        Phase::Synth => subject == Subject::Golden,
                        _ => false,
                    };
                    assert!(before < phase || goes_back, "{subject:?}: {phase} after {before}");
                }
            }
            Event::Progress { subject, phase, done, total } => {
                assert_eq!(running.get(&subject), Some(&phase));
                assert!(done <= total);
            }
            Event::PhaseFinished { subject, phase, .. } => {
                assert_eq!(running.remove(&subject), Some(phase));
            }
            Event::Retrying { .. } => retrying = true,
            _ => {}
        }
    }
    assert!(running.is_empty(), "{running:?}");
    let verdicts = events.iter().filter(|event| matches!(event, Event::Verdict(_)));
    assert_eq!(verdicts.count(), 1);
    assert_eq!(events.last(), Some(&Event::Verdict(report.verdict.clone())));
}

/// Whether `subject` goes through `phase` at all.
fn belongs(subject: Subject, phase: Phase) -> bool {
    match phase {
        Phase::Record | Phase::Proof => subject == Subject::Problem,
        Phase::Simulate => subject == Subject::Simulation,
        _ => matches!(subject, Subject::Golden | Subject::Candidate),
    }
}
