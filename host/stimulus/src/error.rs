use filbench_model::{Diagnostic, Fault, FaultPlace};
use filbench_toolbox::{JobDirError, Tool, ToolboxError};
use std::error::Error;
use std::io;
use std::path::PathBuf;

/// Why no problem was found.
#[derive(Debug, thiserror::Error)]
pub enum LocateError {
    /// Nothing with that name.
    #[error(
        "no problem at `{}`: looked for {}; {FORMS}",
        path.display(),
        looked_for.iter().map(|p| format!("`{}`", p.display())).collect::<Vec<_>>().join(" and ")
    )]
    Missing {
        /// As given.
        path: PathBuf,
        /// What was looked for and is not there.
        looked_for: Vec<PathBuf>,
    },
    /// A folder, which is no problem.
    #[error(
        "`{}` is a folder with {}; give the path of one problem",
        path.display(),
        problems(names, *more)
    )]
    Folder {
        /// As given.
        path: PathBuf,
        /// Some problems in it, sorted.
        names: Vec<String>,
        /// How many more there are.
        more: usize,
    },
    /// A file that belongs to no problem.
    #[error("`{}` is no part of a problem; {FORMS}", path.display())]
    Foreign {
        /// As given.
        path: PathBuf,
    },
    /// Which module is meant cannot be told.
    #[error("`{}` has {}; describe the problem in a problem.toml", path.display(), these(what, names))]
    Ambiguous {
        /// The file or folder.
        path: PathBuf,
        /// What there should be one of.
        what: &'static str,
        /// What was found.
        names: Vec<String>,
    },
    /// A problem.toml that is none.
    #[error("{}: {message}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What was found, and what would do.
        message: String,
    },
    /// A waveform that nothing goes with to say which of its signals are a design's ports.
    #[error(
        "`{}` is a waveform, which does not say which signals are a design's inputs and outputs; \
         name them in a problem.toml beside it, and give the same path again:\n\n  \
         interface = [\"clk:in\", \"d[7:0]:in\", \"q[7:0]:out\"]\n  \
         [stimulus.vectors]\n  file = {file:?}\n\n\
         or leave out the interface and name a golden: `golden.files = [\"golden.v\"]`",
        path.display()
    )]
    Waveform {
        /// Of the waveform, or of the problem.toml that has nothing more.
        path: PathBuf,
        /// The waveform's name.
        file: String,
    },
    /// A vector file that is none.
    #[error(transparent)]
    Vectors(#[from] VectorError),
    /// More than filbench reads.
    #[error("`{}` has {bytes} bytes; a file of a problem may have {bytes_max}", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
        /// The limit.
        bytes_max: u64,
    },
    /// The system refused.
    #[error("cannot read `{}`", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

/// What a path may name.
const FORMS: &str = "give the prefix of `…_ref.sv` and `…_test.sv` or one of these files, a \
    folder with `testbench.v` and `verified_….v` or with a `problem.toml`, a vector file (.csv, \
    .vcd, .fst), or a golden alone (.v, .sv, .vhd)";

fn these(what: &str, names: &[String]) -> String {
    match names {
        [] => format!("no {what}"),
        [name] => format!("one of the {what}: `{name}`"),
        names => format!("several {what}: `{}`", names.join("` and `")),
    }
}

fn problems(names: &[String], more: usize) -> String {
    match (names, more) {
        ([], _) => "no problem in it".to_owned(),
        (names, 0) => format!("the problems {}", names.join(", ")),
        (names, more) => format!("the problems {} and {more} more", names.join(", ")),
    }
}

/// What is wrong with a vector file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {message}")]
pub struct VectorError {
    /// The file's name.
    pub file: String,
    /// 1-based; 0 for the file as a whole.
    pub line: usize,
    /// What was found, and what would do.
    pub message: String,
}

/// Why there is no recording. None of these is the candidate's doing.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Icarus does not compile the bench with its golden, or refuses a file.
    #[error("`{problem}`: {tool} rejects {what}: {said}")]
    Rejected {
        /// The problem.
        problem: String,
        /// Which pass.
        tool: Tool,
        /// What was to be compiled.
        what: String,
        /// Its first error, or the start of its own words.
        said: String,
        /// All that it said, where it compiled; errors first.
        diagnostics: Vec<Diagnostic>,
    },
    /// A simulation did not come to its end.
    #[error("`{problem}`: simulating {what} did not end by itself: {how}")]
    Endless {
        /// The problem.
        problem: String,
        /// What was simulated.
        what: String,
        /// Which limit.
        how: String,
    },
    /// The machine ended Icarus: another time it may well come to its end.
    #[error("`{problem}`: {tool} did not get through {what}: {how}")]
    Disturbed {
        /// The problem.
        problem: String,
        /// Which pass.
        tool: Tool,
        /// What was compiled or simulated.
        what: String,
        /// What happened.
        how: String,
    },
    /// A simulation ended too early, or left nonsense.
    #[error("`{problem}`: simulating {what} left no usable record: {found}")]
    NoRecord {
        /// The problem.
        problem: String,
        /// What was simulated.
        what: String,
        /// What was found.
        found: String,
    },
    /// More steps than filbench plays.
    #[error("`{problem}` has more than {steps_max} steps; shorten its stimulus")]
    TooLong {
        /// The problem.
        problem: String,
        /// The limit.
        steps_max: usize,
    },
    /// There is no bench, or it was not recorded to be played back to.
    #[error("`{problem}` has no recorded bench to play responses back to; record it for `bench`")]
    NoPlayback {
        /// The problem.
        problem: String,
    },
    /// A waveform alone, which cannot say what a candidate's ports must be.
    #[error(
        "`{problem}` is a waveform without a golden or an interface, so nothing says which ports a \
         design must have; add `interface = [\"clk:in\", \"q[7:0]:out\", …]` to its problem.toml"
    )]
    NoPorts {
        /// The problem.
        problem: String,
    },
    /// The problem describes itself otherwise than its golden is.
    #[error("`{problem}`: {message}; correct its problem.toml")]
    Declared {
        /// The problem.
        problem: String,
        /// What differs.
        message: String,
    },
    /// The vector file is not one.
    #[error(transparent)]
    Vectors(#[from] VectorError),
    /// The toolbox failed.
    #[error(transparent)]
    Toolbox(#[from] ToolboxError),
    /// The system has no random numbers.
    #[error("no random name for a simulation")]
    Entropy(#[source] getrandom::Error),
    /// A job folder failed.
    #[error(transparent)]
    JobDir(#[from] JobDirError),
    /// The problem cache cannot be written.
    #[error("cannot keep the recording in {}", path.display())]
    Cache {
        /// Where.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

impl RecordError {
    /// What a tool said of its input, where that is the reason.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        match self {
            Self::Rejected { diagnostics, .. } => diagnostics,
            _ => &[],
        }
    }
}

impl From<RecordError> for Fault {
    fn from(error: RecordError) -> Self {
        let place = match &error {
            RecordError::Toolbox(ToolboxError::SandboxUnavailable { .. }) => {
                FaultPlace::SandboxUnavailable
            }
            RecordError::Toolbox(_) | RecordError::Disturbed { .. } => FaultPlace::Tool,
            RecordError::JobDir(_) | RecordError::Cache { .. } | RecordError::Entropy(_) => {
                FaultPlace::Host
            }
            _ => FaultPlace::Problem,
        };
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            let cause_text = cause.to_string();
            if !text.contains(&cause_text) {
                text = format!("{text}: {cause_text}");
            }
            source = cause.source();
        }
        Fault::new(place, text)
    }
}
