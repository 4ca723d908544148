use crate::tasks_file::{LineAt, TaskLine};
use crate::verilog::rename;
use filbench_model::with_causes;
use filbench_stimulus::{ProblemFiles, locate};
use filbench_toolbox::JobDir;
use std::path::{Path, PathBuf};

/// The module that VerilogEval v1 asks candidates for.
pub(crate) const V1_TOP: &str = "top_module";

/// One problem of a suite, found but not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuiteProblem {
    /// Unique within the suite.
    pub name: String,
    /// Where it is read from.
    pub(crate) source: ProblemSource,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ProblemSource {
    /// What `filbench run --problem` takes.
    Path(PathBuf),
    /// A line of VerilogEval v1's file.
    Task(LineAt),
}

impl SuiteProblem {
    /// Reads the problem.
    ///
    /// # Errors
    /// What is missing or wrong, in words.
    pub fn read(&self) -> Result<ProblemFiles, String> {
        match &self.source {
            ProblemSource::Path(path) => locate(path).map_err(|error| with_causes(&error)),
            ProblemSource::Task(line) => read_task(line),
        }
    }

    /// The top module that candidates have, where it is not the problem's.
    pub fn candidates_top(&self) -> Option<&str> {
        match self.source {
            ProblemSource::Path(_) => None,
            ProblemSource::Task(_) => Some(V1_TOP),
        }
    }

    /// The head of the module that completions go on with.
    pub(crate) fn head(&self) -> Result<Option<String>, String> {
        match &self.source {
            ProblemSource::Path(_) => Ok(None),
            ProblemSource::Task(line) => Ok(Some(line.parse::<TaskLine>()?.prompt)),
        }
    }
}

/// A problem of v1 is one of v2 with other names: the module under test is
/// `top_module`, and head and body of the golden are kept apart.
fn read_task(line: &LineAt) -> Result<ProblemFiles, String> {
    let task: TaskLine = line.parse()?;
    let golden = format!("{}\n{}", task.prompt, task.canonical_solution);
    let place = || format!("{}:{}", line.path.display(), line.number);
    let write = |dir: &Path| -> std::io::Result<()> {
        std::fs::write(dir.join("task_ref.sv"), rename(&golden, V1_TOP, "RefModule"))?;
        std::fs::write(dir.join("task_test.sv"), rename(&task.test, V1_TOP, "TopModule"))
    };
    let dir = JobDir::create().map_err(|error| format!("{}: {}", place(), with_causes(&error)))?;
    write(dir.path()).map_err(|error| format!("{}: {error}", place()))?;
    locate(&dir.path().join("task"))
        .map_err(|error| format!("{}: {}", place(), with_causes(&error)))
}
