//! Which folders are suites, and where their problems are.

use crate::problem::{ProblemSource, SuiteProblem};
use crate::{SuiteError, natural_order, tasks_file};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use walkdir::{DirEntry, WalkDir};

/// Folders in folders are searched to this depth.
pub(crate) const DEPTH_MAX: usize = 8;
/// Entries of a suite or a folder of candidates that are looked at.
pub(crate) const ENTRIES_MAX: usize = 1_000_000;
/// What VerilogEval appends to a problem's name.
const SUFFIXES: [&str; 4] = ["_ref.sv", "_test.sv", "_prompt.txt", "_ifc.txt"];

/// How a suite is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layout {
    /// `NAME_ref.sv` and `NAME_test.sv` in one folder (v2), or a `.jsonl` file
    /// (v1).
    VerilogEval,
    /// A folder for each problem, at any depth, with `testbench.v`.
    Rtllm,
    /// A folder for each problem, at any depth, with `problem.toml`.
    Filbench,
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::VerilogEval => "verilog-eval",
            Self::Rtllm => "rtllm",
            Self::Filbench => "filbench",
        })
    }
}

/// The problems of a suite, found but not read.
#[derive(Clone, Debug)]
pub struct Suite {
    /// The folder's name, or the file's without its suffix.
    pub name: String,
    /// As asked for, or as found out.
    pub layout: Layout,
    /// In natural order of their names.
    pub problems: Vec<SuiteProblem>,
    /// What was found on the way that a person should know.
    pub remarks: Vec<String>,
}

impl Suite {
    /// Finds the problems in the folder or file `path`, in `layout` or in the
    /// one that it has.
    ///
    /// # Errors
    /// When there is no problem, or when it is not clear which are meant. A
    /// problem that is incomplete is found like any other.
    pub fn open(path: &Path, layout: Option<Layout>) -> Result<Self, SuiteError> {
        let io = |source| SuiteError::Io { path: path.to_owned(), source };
        if std::fs::metadata(path).map_err(io)?.is_file() {
            return tasks(path);
        }
        let found = Found::in_folder(path)?;
        let layout = match layout {
            Some(layout) => layout,
            None => found.layout(path)?,
        };
        let paths = found.paths.get(&layout);
        let Some(paths) = paths.filter(|paths| !paths.is_empty()) else {
            return Err(SuiteError::WrongLayout { path: path.to_owned(), layout });
        };
        let mut problems: Vec<SuiteProblem> = names(path, paths)
            .into_iter()
            .map(|(name, path)| SuiteProblem { name, source: ProblemSource::Path(path) })
            .collect();
        problems.sort_by(|a, b| natural_order(&a.name, &b.name));
        Ok(Self { name: stem(path), layout, problems, remarks: found.remarks })
    }
}

/// The last part of a path that has one, such as that of `.`.
fn stem(path: &Path) -> String {
    let full = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    full.file_stem().map_or_else(|| "suite".to_owned(), |stem| stem.to_string_lossy().into_owned())
}

/// A problem is called after its last part, or where another has the same,
/// after its path within the suite.
fn names(root: &Path, paths: &BTreeSet<PathBuf>) -> Vec<(String, PathBuf)> {
    let last = |path: &Path| {
        path.file_name().map_or_else(|| stem(path), |name| name.to_string_lossy().into_owned())
    };
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for path in paths {
        *seen.entry(last(path)).or_default() += 1;
    }
    paths
        .iter()
        .map(|path| {
            let name = last(path);
            let name = match seen.get(&name) {
                Some(1) | None => name,
                Some(_) => slashed(path.strip_prefix(root).unwrap_or(path)),
            };
            (name, path.clone())
        })
        .collect()
}

pub(crate) fn slashed(path: &Path) -> String {
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}

/// What a folder holds, by layout.
struct Found {
    paths: BTreeMap<Layout, BTreeSet<PathBuf>>,
    /// Folders below with problems in VerilogEval's layout.
    below: BTreeSet<PathBuf>,
    remarks: Vec<String>,
}

impl Found {
    fn in_folder(root: &Path) -> Result<Self, SuiteError> {
        let mut found =
            Self { paths: BTreeMap::new(), below: BTreeSet::new(), remarks: Vec::new() };
        for entry in walk(root) {
            match entry {
                Ok(entry) if entry.file_type().is_file() => found.file(root, &entry),
                Ok(_) => {}
                Err(remark) => found.remarks.push(remark),
            }
        }
        Ok(found)
    }

    fn file(&mut self, root: &Path, entry: &DirEntry) {
        let name = entry.file_name().to_string_lossy();
        let Some(folder) = entry.path().parent() else { return };
        let mut add = |layout, path: &Path| {
            self.paths.entry(layout).or_default().insert(path.to_owned());
        };
        match &*name {
            "problem.toml" => add(Layout::Filbench, folder),
            "testbench.v" | "design_description.txt" => add(Layout::Rtllm, folder),
            name => {
                let prefix = SUFFIXES.iter().find_map(|suffix| name.strip_suffix(suffix));
                match prefix {
                    Some(prefix) if !prefix.is_empty() && folder == root => {
                        add(Layout::VerilogEval, &root.join(prefix));
                    }
                    Some(_) if name.ends_with("_ref.sv") => {
                        self.below.insert(folder.to_owned());
                    }
                    _ => {}
                }
            }
        }
    }

    fn layout(&self, path: &Path) -> Result<Layout, SuiteError> {
        let layouts: Vec<Layout> = self.paths.keys().copied().collect();
        match layouts[..] {
            [] => Err(SuiteError::NoProblem {
                path: path.to_owned(),
                below: self.below.iter().cloned().collect(),
            }),
            [layout] => Ok(layout),
            // A problem of ours may say that its bench is RTLLM's.
            [Layout::Rtllm, Layout::Filbench]
                if self.paths[&Layout::Rtllm].is_subset(&self.paths[&Layout::Filbench]) =>
            {
                Ok(Layout::Filbench)
            }
            _ => Err(SuiteError::SeveralLayouts { path: path.to_owned(), layouts }),
        }
    }
}

/// What is below `root`, links followed but not in circles; `Err` is something
/// that cannot be looked into. Hidden folders are left out.
pub(crate) fn walk(root: &Path) -> impl Iterator<Item = Result<DirEntry, String>> {
    WalkDir::new(root)
        .follow_links(true)
        .max_depth(DEPTH_MAX)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| {
            entry.depth() == 0 || !entry.file_name().to_string_lossy().starts_with('.')
        })
        .take(ENTRIES_MAX)
        .map(|entry| entry.map_err(|error| format!("left out: {error}")))
}

/// VerilogEval v1's file.
fn tasks(path: &Path) -> Result<Suite, SuiteError> {
    let mut problems: BTreeMap<String, SuiteProblem> = BTreeMap::new();
    let mut remarks = Vec::new();
    for line in tasks_file::index(path)? {
        match line {
            Ok((name, line)) if problems.contains_key(&name) => remarks.push(format!(
                "{}:{}: left out: there is a problem `{name}` already",
                path.display(),
                line.number
            )),
            Ok((name, line)) => {
                let source = ProblemSource::Task(line);
                problems.insert(name.clone(), SuiteProblem { name, source });
            }
            Err(error) => remarks.push(format!("left out: {error}")),
        }
    }
    if problems.is_empty() {
        return Err(SuiteError::NoProblem { path: path.to_owned(), below: Vec::new() });
    }
    let mut problems: Vec<_> = problems.into_values().collect();
    problems.sort_by(|a, b| natural_order(&a.name, &b.name));
    Ok(Suite { name: stem(path), layout: Layout::VerilogEval, problems, remarks })
}
