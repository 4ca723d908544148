//! What was judged so far, on disk at once.

use crate::SuiteError;
use filbench_results::{Record, write_jsonl};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The records of a run in the order in which they came, a line each.
///
/// A run that is killed leaves its journal. A line that was cut off by that
/// counts as none, and is cut off the file before another is written. Records
/// are read back one at a time, so a run of any length fits into memory.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    end: u64,
    /// Where each record is, by problem and sample: offset and length.
    lines: HashMap<(String, String), Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    key: Option<String>,
    offset: u64,
    length: u64,
}

#[derive(Serialize, Deserialize)]
struct Line<R> {
    /// Of the evaluation; none where there was none.
    key: Option<String>,
    record: R,
}

impl Journal {
    /// The journal in `path`, begun anew or, with `resume`, with what an
    /// earlier run left.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn open(path: &Path, resume: bool) -> Result<Self, SuiteError> {
        let fail = |source| SuiteError::Results { path: path.to_owned(), source };
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(!resume)
            .open(path)
            .map_err(fail)?;
        let mut journal = Self { path: path.to_owned(), file, end: 0, lines: HashMap::new() };
        journal.recover().map_err(fail)?;
        Ok(journal)
    }

    /// A journal that nobody resumes.
    ///
    /// # Errors
    /// When there is no place for temporary files.
    pub fn temporary() -> Result<Self, SuiteError> {
        let path = std::env::temp_dir();
        let file = tempfile::tempfile()
            .map_err(|source| SuiteError::Results { path: path.clone(), source })?;
        Ok(Self { path, file, end: 0, lines: HashMap::new() })
    }

    /// Finds the whole lines, and cuts off what follows the last.
    fn recover(&mut self) -> io::Result<()> {
        let mut reader = BufReader::new(&self.file);
        let mut line = Vec::new();
        loop {
            line.clear();
            let length = reader.read_until(b'\n', &mut line)? as u64;
            if !line.ends_with(b"\n") {
                break;
            }
            // The last of a killed machine may be whole and nonsense.
            let Ok(found) = serde_json::from_slice::<Line<Record>>(&line) else { break };
            let name = (found.record.problem, found.record.sample);
            self.lines.insert(name, Entry { key: found.key, offset: self.end, length });
            self.end += length;
        }
        self.file.set_len(self.end)
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The record of an evaluation with this key, if it is here.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn find(
        &self,
        problem: &str,
        sample: &str,
        key: &str,
    ) -> Result<Option<Record>, SuiteError> {
        let name = (problem.to_owned(), sample.to_owned());
        match self.lines.get(&name) {
            Some(entry) if entry.key.as_deref() == Some(key) => self.read(entry).map(Some),
            _ => Ok(None),
        }
    }

    /// Adds a record, in place of an earlier one of the same problem and
    /// sample; it is with the system when this returns.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn add(&mut self, key: Option<&str>, record: &Record) -> Result<(), SuiteError> {
        let write = |file: &mut File, end: u64| -> io::Result<u64> {
            let line = Line { key: key.map(str::to_owned), record };
            let mut text = serde_json::to_vec(&line)?;
            text.push(b'\n');
            file.seek(SeekFrom::Start(end))?;
            file.write_all(&text)?;
            Ok(text.len() as u64)
        };
        let length = write(&mut self.file, self.end).map_err(|source| self.fail(source))?;
        let entry = Entry { key: key.map(str::to_owned), offset: self.end, length };
        self.lines.insert((record.problem.clone(), record.sample.clone()), entry);
        self.end += length;
        Ok(())
    }

    /// Writes the records with these names to `path`, in that order, as JSON
    /// lines; whole or not at all.
    ///
    /// # Errors
    /// When a file cannot be read or written.
    pub fn write_results<'a>(
        &self,
        path: &Path,
        names: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Result<(), SuiteError> {
        let fail = |source| SuiteError::Results { path: path.to_owned(), source };
        let dir = path.parent().unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(dir).map_err(fail)?;
        let mut writer = BufWriter::new(file.as_file_mut());
        for (problem, sample) in names {
            let Some(entry) = self.lines.get(&(problem.to_owned(), sample.to_owned())) else {
                continue;
            };
            write_jsonl(&mut writer, &self.read(entry)?)
                .map_err(|error| fail(io::Error::other(error)))?;
        }
        writer.flush().map_err(fail)?;
        drop(writer);
        file.as_file().sync_all().map_err(fail)?;
        // A temporary file is its owner's alone; results are for everybody.
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let readable = std::fs::Permissions::from_mode(0o644);
            file.as_file().set_permissions(readable).map_err(fail)?;
        }
        file.persist(path).map_err(|error| fail(error.error))?;
        Ok(())
    }

    fn read(&self, entry: &Entry) -> Result<Record, SuiteError> {
        let read = || -> io::Result<Record> {
            let mut file = &self.file;
            file.seek(SeekFrom::Start(entry.offset))?;
            let mut text = Vec::new();
            file.take(entry.length).read_to_end(&mut text)?;
            Ok(serde_json::from_slice::<Line<Record>>(&text)?.record)
        };
        read().map_err(|source| self.fail(source))
    }

    fn fail(&self, source: io::Error) -> SuiteError {
        SuiteError::Results { path: self.path.clone(), source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use filbench_model::{Provenance, Report, Verdict};
    use filbench_results::ProblemClass;

    fn record(problem: &str, reason: &str) -> Record {
        Record {
            problem: problem.into(),
            sample: "s".into(),
            class: ProblemClass::Clocked,
            golden: None,
            report: Report::new(Verdict::pass(reason), Provenance::default()),
        }
    }

    #[test]
    fn a_torn_line_is_healed_and_nothing_is_lost_or_doubled() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal");
        let mut journal = Journal::open(&path, false).unwrap();
        journal.add(Some("k1"), &record("a", "1")).unwrap();
        journal.add(Some("k2"), &record("b", "2")).unwrap();
        drop(journal);
        let whole = std::fs::read(&path).unwrap();
        let first = whole.iter().position(|&b| b == b'\n').unwrap() + 1;
        for cut in [first, first + 1, whole.len() - 1] {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let mut journal = Journal::open(&path, true).unwrap();
            assert_eq!(journal.len(), 1, "cut at {cut}");
            assert_eq!(journal.find("a", "s", "k1").unwrap(), Some(record("a", "1")));
            assert_eq!(journal.find("a", "s", "other").unwrap(), None);
            assert_eq!(journal.find("b", "s", "k2").unwrap(), None);
            journal.add(Some("k2"), &record("b", "2")).unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), whole);
        }
        assert!(Journal::open(&path, false).unwrap().is_empty());
    }

    #[test]
    fn results_are_in_the_order_asked_for() {
        let dir = tempfile::tempdir().unwrap();
        let mut journal = Journal::temporary().unwrap();
        for (name, reason) in [("b", "1"), ("a", "2"), ("b", "3")] {
            journal.add(None, &record(name, reason)).unwrap();
        }
        let path = dir.path().join("results.jsonl");
        journal.write_results(&path, [("a", "s"), ("b", "s")].into_iter()).unwrap();
        let file = BufReader::new(File::open(&path).unwrap());
        let lines = filbench_results::read_jsonl(file).unwrap();
        assert_eq!(lines.records, [record("a", "2"), record("b", "3")]);
    }
}
