//! Which files of a folder answer which problem.
//!
//! A candidate of the problem `P` is, at any depth of the folder,
//!
//! - a file `P_sample01.sv`, `P_01.sv`, `P-1.v` or `P.v`: the sample is called
//!   after the number, or after the folders above (RTLLM's `t1/P.v`);
//! - a file `anything.sv` in a folder `P`: the sample is `anything`;
//! - a folder `P/sample01/` with a Verilog file: all its files together.
//!
//! Verilog is `.v` and `.sv`, VHDL `.vhd` and `.vhdl`. A problem's own files
//! (`…_ref.sv`, `…_test.sv`, `testbench.v`, `verified_….v`) are no candidates.

use crate::layout::{slashed, walk};
use crate::problem::SuiteProblem;
use crate::tasks_file::{self, CompletionLine, LineAt};
use crate::verilog::declares;
use crate::{SuiteError, natural_order};
use filbench_flow::{SourceFile, Submission};
use filbench_model::{FailStage, Fault, FaultPlace, Verdict};
use filbench_run::golden_submission;
use filbench_stimulus::ProblemFiles;
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

/// A candidate may have this many bytes in all.
const BYTES_MAX: u64 = 16 << 20;
/// And this many files.
const FILES_MAX: usize = 1000;
/// Files without a problem that are named.
const NAMED_MAX: usize = 5;
const EXTENSIONS: [&str; 4] = ["sv", "v", "vhd", "vhdl"];

/// One answer to a problem, found but not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Unique among the problem's.
    pub sample: String,
    pub(crate) source: CandidateSource,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CandidateSource {
    /// The problem's own design.
    Golden,
    /// One file.
    File(PathBuf),
    /// All files below a folder.
    Folder { folder: PathBuf, files: Vec<PathBuf> },
    /// A line of a file of completions.
    Completion(LineAt),
}

/// The candidates of a suite's problems.
#[derive(Clone, Debug, Default)]
pub struct Candidates {
    /// By problem; each problem's in natural order of their samples.
    pub of: HashMap<String, Vec<Candidate>>,
    /// What was found on the way that a person should know.
    pub remarks: Vec<String>,
}

impl Candidates {
    /// Finds the candidates for `problems` in the folder, or file of
    /// completions, `path`.
    ///
    /// # Errors
    /// When it cannot be read, or has no candidate for any problem.
    pub fn find(path: &Path, problems: &[SuiteProblem]) -> Result<Self, SuiteError> {
        let io = |source| SuiteError::Io { path: path.to_owned(), source };
        let mut found = Finder::new(problems);
        if fs::metadata(path).map_err(io)?.is_file() {
            found.completions(path)?;
        } else {
            found.folder(path);
        }
        let candidates = found.finish();
        if candidates.of.is_empty() {
            return Err(SuiteError::NoCandidate {
                path: path.to_owned(),
                problems: problems.len(),
                names: problems.iter().take(NAMED_MAX).map(|p| p.name.clone()).collect(),
            });
        }
        Ok(candidates)
    }
}

struct Finder<'a> {
    problems: HashMap<&'a str, &'a SuiteProblem>,
    /// Last parts of problems that are named by a path.
    found: HashMap<String, BTreeMap<String, CandidateSource>>,
    foreign: Vec<String>,
    remarks: Vec<String>,
}

/// Whose a file is.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    /// One file, one candidate.
    File { problem: String, sample: String },
    /// A part of the folder that so many parts of the path name.
    Part { problem: String, sample: String, depth: usize },
}

impl<'a> Finder<'a> {
    fn new(problems: &'a [SuiteProblem]) -> Self {
        Self {
            problems: problems.iter().map(|p| (p.name.as_str(), p)).collect(),
            found: HashMap::new(),
            foreign: Vec::new(),
            remarks: Vec::new(),
        }
    }

    fn folder(&mut self, root: &Path) {
        let mut others: Vec<(PathBuf, Vec<String>)> = Vec::new();
        for entry in walk(root) {
            let entry = match entry {
                Ok(entry) if entry.file_type().is_file() => entry,
                Ok(_) => continue,
                Err(remark) => {
                    self.remarks.push(remark);
                    continue;
                }
            };
            let relative = entry.path().strip_prefix(root).unwrap_or(entry.path());
            let parts: Vec<String> =
                relative.iter().map(|part| part.to_string_lossy().into_owned()).collect();
            let path = entry.path().to_owned();
            if !is_design(&parts) {
                others.push((path, parts));
                continue;
            }
            match self.place(&parts) {
                Some(Place::File { problem, sample }) => {
                    self.add(problem, sample, &parts, CandidateSource::File(path));
                }
                Some(Place::Part { problem, sample, depth }) => {
                    let folder = root.join(parts[..depth].join("/"));
                    self.part(problem, sample, folder, path);
                }
                None => self.foreign.push(slashed(relative)),
            }
        }
        // What else a candidate of several files includes or reads.
        for (path, parts) in others {
            if let Some(Place::Part { problem, sample, depth }) = self.place(&parts) {
                let folder = root.join(parts[..depth].join("/"));
                let samples = self.found.entry(problem).or_default();
                if let Some(CandidateSource::Folder { folder: theirs, files }) =
                    samples.get_mut(&sample)
                    && *theirs == folder
                {
                    files.push(path);
                }
            }
        }
    }

    /// Whose the file with this path is, by its name or by its folders.
    fn place(&self, parts: &[String]) -> Option<Place> {
        let (file, folders) = parts.split_last()?;
        let stem = file.rsplit_once('.').map_or(file.as_str(), |(stem, _)| stem);
        let own =
            (0..folders.len()).rev().find(|&at| self.problems.contains_key(folders[at].as_str()));
        if let Some(at) = own
            && folders.len() > at + 1
        {
            let problem = folders[at].clone();
            let sample = [&folders[..at], &folders[at + 1..at + 2]].concat().join("/");
            return Some(Place::Part { problem, sample, depth: at + 2 });
        }
        let above: Vec<&str> = folders
            .iter()
            .enumerate()
            .filter(|(at, _)| Some(*at) != own)
            .map(|(_, part)| part.as_str())
            .collect();
        let (problem, number) = match own {
            Some(at) => (folders[at].clone(), Some(self.in_its_folder(&folders[at], stem))),
            None => self.by_name(stem)?,
        };
        let sample: Vec<&str> = above.into_iter().chain(number.as_deref()).collect();
        let sample = if sample.is_empty() { "sample01".to_owned() } else { sample.join("/") };
        Some(Place::File { problem, sample })
    }

    fn in_its_folder(&self, problem: &str, stem: &str) -> String {
        match stem.strip_prefix(problem).and_then(number) {
            Some(number) => number,
            None if stem == problem => "sample01".to_owned(),
            None => stem.to_owned(),
        }
    }

    /// The longest problem's name that `stem` begins with, and what follows.
    fn by_name(&self, stem: &str) -> Option<(String, Option<String>)> {
        if self.problems.contains_key(stem) {
            return Some((stem.to_owned(), None));
        }
        let ends = stem.char_indices().rev().filter(|(_, c)| ['_', '-', '.'].contains(c));
        ends.map(|(end, _)| stem.split_at(end))
            .find(|(name, _)| self.problems.contains_key(name))
            .and_then(|(name, rest)| Some((name.to_owned(), Some(number(rest)?))))
    }

    fn add(&mut self, problem: String, sample: String, parts: &[String], source: CandidateSource) {
        let samples = self.found.entry(problem.clone()).or_default();
        let mut name = sample;
        if samples.contains_key(&name) {
            let other = parts.join("/");
            self.remarks.push(format!(
                "`{problem}` has two candidates called `{name}`; the second is called `{other}`"
            ));
            name = other;
        }
        samples.insert(name, source);
    }

    fn part(&mut self, problem: String, sample: String, folder: PathBuf, path: PathBuf) {
        let samples = self.found.entry(problem).or_default();
        let source = samples
            .entry(sample)
            .or_insert_with(|| CandidateSource::Folder { folder, files: Vec::new() });
        match source {
            CandidateSource::Folder { files, .. } => files.push(path),
            _ => self.foreign.push(path.display().to_string()),
        }
    }

    fn completions(&mut self, path: &Path) -> Result<(), SuiteError> {
        let mut counts: HashMap<String, usize> = HashMap::new();
        for line in tasks_file::index(path)? {
            match line {
                Ok((problem, line)) if self.problems.contains_key(problem.as_str()) => {
                    let count = counts.entry(problem.clone()).or_default();
                    *count += 1;
                    let samples = self.found.entry(problem).or_default();
                    samples.insert(format!("sample{count:02}"), CandidateSource::Completion(line));
                }
                Ok((problem, line)) => {
                    self.foreign.push(format!("line {} (`{problem}`)", line.number));
                }
                Err(error) => self.remarks.push(format!("left out: {error}")),
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Candidates {
        if !self.foreign.is_empty() {
            let more = self.foreign.len().saturating_sub(NAMED_MAX);
            let named = self.foreign.iter().take(NAMED_MAX).cloned().collect::<Vec<_>>().join(", ");
            let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
            self.remarks.push(format!("no problem's candidates: {named}{rest}"));
        }
        let of = self
            .found
            .into_iter()
            .filter(|(_, samples)| !samples.is_empty())
            .map(|(problem, samples)| {
                let mut candidates: Vec<_> = samples
                    .into_iter()
                    .map(|(sample, source)| Candidate { sample, source })
                    .collect();
                candidates.sort_by(|a, b| natural_order(&a.sample, &b.sample));
                (problem, candidates)
            })
            .collect();
        Candidates { of, remarks: self.remarks }
    }
}

/// `_sample01`, `_01`, `-1`: the sample's name without what joins it.
fn number(rest: &str) -> Option<String> {
    let name = rest.strip_prefix(['_', '-', '.'])?;
    let digits = name.strip_prefix("sample").unwrap_or(name);
    let digits = digits.trim_start_matches(['_', '-']);
    let counts = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    counts.then(|| format!("sample{digits}"))
}

/// Whether a file's name is that of a design, and not of a problem's own file.
fn is_design(parts: &[String]) -> bool {
    let Some((stem, extension)) = parts.last().and_then(|name| name.rsplit_once('.')) else {
        return false;
    };
    let own = stem.ends_with("_ref")
        || stem.ends_with("_test")
        || stem.starts_with("verified_")
        || ["testbench", "tb"].contains(&stem);
    EXTENSIONS.contains(&extension) && !own
}

impl Candidate {
    /// Reads the candidate. A single file is called after the top module, so
    /// that the same text is the same submission whatever its file's name.
    ///
    /// # Errors
    /// The verdict on a candidate that is too large, or a fault where it
    /// cannot be read.
    pub fn read(
        &self,
        problem: &SuiteProblem,
        files: &ProblemFiles,
    ) -> Result<Submission, Verdict> {
        let top = problem.candidates_top().unwrap_or_else(|| files.top()).to_owned();
        let mut room = BYTES_MAX;
        let files = match &self.source {
            CandidateSource::Golden => {
                return golden_submission(files).ok_or_else(|| {
                    unreadable(format!(
                        "`{}` has no golden to be judged; give candidates with `--candidates DIR`",
                        problem.name
                    ))
                });
            }
            CandidateSource::File(path) => {
                let extension = path.extension().map_or("sv".into(), |e| e.to_string_lossy());
                vec![SourceFile {
                    name: format!("{top}.{extension}"),
                    contents: read(path, &mut room)?,
                }]
            }
            CandidateSource::Folder { folder, files } => {
                if files.len() > FILES_MAX {
                    return Err(Verdict::fail(
                        FailStage::Limit,
                        format!("{} files; a candidate may have {FILES_MAX}", files.len()),
                    ));
                }
                files
                    .iter()
                    .map(|path| {
                        let name = slashed(path.strip_prefix(folder).unwrap_or(path));
                        Ok(SourceFile { name, contents: read(path, &mut room)? })
                    })
                    .collect::<Result<_, Verdict>>()?
            }
            CandidateSource::Completion(line) => {
                let completion = line.parse::<CompletionLine>().map_err(unreadable)?.completion;
                let whole = declares(&completion, &top);
                let head = if whole { None } else { problem.head().map_err(unreadable)? };
                let contents = head.unwrap_or_default() + &completion;
                vec![SourceFile { name: format!("{top}.sv"), contents: contents.into_bytes() }]
            }
        };
        Ok(Submission { files, top })
    }
}

fn read(path: &Path, room: &mut u64) -> Result<Vec<u8>, Verdict> {
    let io =
        |error: std::io::Error| unreadable(format!("cannot read `{}`: {error}", path.display()));
    let bytes = fs::metadata(path).map_err(io)?.len();
    let Some(rest) = room.checked_sub(bytes) else {
        return Err(Verdict::fail(
            FailStage::Limit,
            format!(
                "the candidate has {bytes} bytes or more; a candidate may have {BYTES_MAX}, so it \
                 was not read"
            ),
        ));
    };
    *room = rest;
    fs::read(path).map_err(io)
}

/// The design may be right or wrong; nobody knows.
fn unreadable(message: String) -> Verdict {
    Fault::new(FaultPlace::Host, message).into()
}
