//! The problems of a request: its own, and those of the daemon's suites.

use super::files::unpacked;
use crate::error::{ApiError, ErrorKind};
use crate::files::{Bounds, FileSet, checked_name};
use crate::types::{ProblemRef, ProblemSource};
use filbench_model::with_causes;
use filbench_stimulus::{LocateError, ProblemFiles, locate};
use filbench_suite::Suite;
use filbench_toolbox::JobDir;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The folder that a problem lies in where its name does not do for one.
const FOLDER: &str = "problem";
/// An error names so many of the problems that would do.
const NAMED_MAX: usize = 8;

/// A problem and what it is called in results.
pub(super) struct Found {
    pub(super) name: String,
    pub(super) problem: ProblemFiles,
    /// The candidates' top module, where it is not the problem's.
    pub(super) candidates_top: Option<String>,
}

/// Finds the problems that evaluations refer to.
pub(super) struct Problems<'a> {
    keys: Vec<String>,
    sent: BTreeMap<String, ProblemSource>,
    configured: &'a BTreeMap<String, PathBuf>,
    suites: BTreeMap<String, Suite>,
    bounds: Bounds,
}

impl<'a> Problems<'a> {
    pub(super) fn new(
        sent: BTreeMap<String, ProblemSource>,
        configured: &'a BTreeMap<String, PathBuf>,
        bounds: Bounds,
    ) -> Self {
        let keys = sent.keys().cloned().collect();
        Self { keys, sent, configured, suites: BTreeMap::new(), bounds }
    }

    pub(super) fn find(&mut self, reference: &ProblemRef) -> Result<Found, ApiError> {
        match reference {
            ProblemRef::Key(key) => self.sent(key),
            ProblemRef::Suite { suite, problem } => self.of_suite(suite, problem),
        }
    }

    fn sent(&mut self, key: &str) -> Result<Found, ApiError> {
        // Each is looked for once only.
        let Some(source) = self.sent.remove(key) else {
            return Err(invalid(format!("`problems` has no `{key}`"))
                .accepting(some(self.keys.iter().map(String::as_str))));
        };
        let problem = match source {
            ProblemSource::Located(problem) => {
                for file in problem.files() {
                    checked_name(&file.name)?;
                }
                *problem
            }
            ProblemSource::Files { files, select } => {
                let files = unpacked(files, None, self.bounds)?;
                from_files(key, &files, select.as_deref())?
            }
        };
        Ok(Found { name: key.to_owned(), problem, candidates_top: None })
    }

    fn of_suite(&mut self, name: &str, problem: &str) -> Result<Found, ApiError> {
        if !self.suites.contains_key(name) {
            let suite = open_suite(self.configured, name).map_err(|error| match error.kind {
                // The route is there, what it was asked for is not.
                ErrorKind::NotFound => ApiError { kind: ErrorKind::Invalid, ..error },
                _ => error,
            })?;
            self.suites.insert(name.to_owned(), suite);
        }
        let suite = &self.suites[name];
        let Some(found) = suite.problems.iter().find(|found| found.name == problem) else {
            return Err(invalid(format!("the suite `{name}` has no problem `{problem}`"))
                .accepting(some(suite.problems.iter().map(|found| found.name.as_str()))));
        };
        let files = found.read().map_err(|error| {
            tracing::warn!(
                suite.name = name,
                problem.name = problem,
                error,
                "a problem cannot be read"
            );
            ApiError::new(
                ErrorKind::Conflict,
                format!("the problem `{problem}` of the suite `{name}` cannot be read here"),
            )
        })?;
        Ok(Found {
            name: problem.to_owned(),
            problem: files,
            candidates_top: found.candidates_top().map(str::to_owned),
        })
    }
}

/// A suite of the daemon's.
pub(crate) fn open_suite(
    configured: &BTreeMap<String, PathBuf>,
    name: &str,
) -> Result<Suite, ApiError> {
    let Some(path) = configured.get(name) else {
        return Err(ApiError::new(ErrorKind::NotFound, format!("there is no suite `{name}`"))
            .accepting(some(configured.keys().map(String::as_str))));
    };
    Suite::open(path, None).map_err(|error| {
        tracing::warn!(suite.name = name, error = with_causes(&error), "a suite cannot be read");
        ApiError::new(ErrorKind::Conflict, format!("the suite `{name}` cannot be read here"))
    })
}

/// Held while a problem is read: vectors may take a gigabyte for as long, and whoever submits
/// does not choose how often at a time.
static READING: Mutex<()> = Mutex::new(());

/// Reads a problem from a folder with these files and no others.
fn from_files(name: &str, files: &FileSet, select: Option<&str>) -> Result<ProblemFiles, ApiError> {
    if files.is_empty() {
        return Err(invalid(format!("the problem `{name}` has no files"))
            .accepting("files of a problem in VerilogEval's, RTLLM's or filbench's layout"));
    }
    let internal = |error: std::io::Error| ApiError::internal(&error);
    let root = JobDir::create().map_err(|error| ApiError::internal(&error))?;
    // A folder's name is the problem's in some layouts.
    let is_plain = checked_name(name).is_ok_and(|name| !name.contains('/'));
    let folder = root.path().canonicalize().map_err(internal)?;
    let folder = folder.join(if is_plain { name } else { FOLDER });
    std::fs::create_dir(&folder).map_err(internal)?;
    files.write_into(&folder).map_err(internal)?;
    let reading = READING.lock().unwrap_or_else(PoisonError::into_inner);
    let located = match select {
        Some(select) => locate(&folder.join(checked_name(select)?)),
        None => only(&folder, files),
    };
    drop(reading);
    located.map_err(|error| {
        // Where it lies for a moment is nobody's business.
        let hidden = format!("{}/", folder.display());
        let text =
            with_causes(&error).replace(&hidden, "").replace(&*folder.to_string_lossy(), ".");
        invalid(format!("the problem `{name}`: {text}"))
    })
}

/// The only problem of a folder.
fn only(folder: &Path, files: &FileSet) -> Result<ProblemFiles, LocateError> {
    let mut names = files.iter().map(|(name, _)| name);
    if let (Some(name), None) = (names.next(), names.next()) {
        return locate(&folder.join(name));
    }
    match locate(folder) {
        Err(LocateError::Folder { names, .. }) if names.len() == 1 => {
            locate(&folder.join(&names[0]))
        }
        located => located,
    }
}

fn invalid(detail: String) -> ApiError {
    ApiError::new(ErrorKind::Invalid, detail)
}

/// Some of the names that would do.
fn some<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    let shown = names.iter().take(NAMED_MAX).map(|name| format!("`{name}`"));
    let mut text = shown.collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMED_MAX) {
        _ if names.is_empty() => "nothing; there is none".clone_into(&mut text),
        0 => {}
        more => text.push_str(&format!(" and {more} more")),
    }
    text
}
