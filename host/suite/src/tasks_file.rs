//! VerilogEval v1's files: a JSON object in each line.
//!
//! A problem has `task_id`, `prompt` (the module's head), `canonical_solution`
//! (the rest of it) and `test`; a candidate has `task_id` and `completion`.
//! Lines are read when they are needed, since files with many candidates are
//! large.

use crate::SuiteError;
use serde::Deserialize;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// A longer line is not read.
const LINE_BYTES_MAX: u64 = 16 << 20;

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LineAt {
    pub(crate) path: PathBuf,
    /// 1-based.
    pub(crate) number: usize,
    offset: u64,
    length: u64,
}

/// A problem's line.
#[derive(Debug, Deserialize)]
pub(crate) struct TaskLine {
    pub(crate) prompt: String,
    pub(crate) canonical_solution: String,
    pub(crate) test: String,
}

/// A candidate's line.
#[derive(Debug, Deserialize)]
pub(crate) struct CompletionLine {
    pub(crate) completion: String,
}

#[derive(Deserialize)]
struct Id {
    task_id: String,
}

/// A line and the problem that it names; `Err` is what is wrong with it.
pub(crate) type IndexedLine = Result<(String, LineAt), String>;

/// The lines of a file, those without anything in them left out.
pub(crate) fn index(path: &Path) -> Result<Vec<IndexedLine>, SuiteError> {
    let io = |source| SuiteError::Io { path: path.to_owned(), source };
    let mut file = BufReader::new(File::open(path).map_err(io)?);
    let mut lines = Vec::new();
    let (mut offset, mut number) = (0, 0);
    loop {
        let mut line = Vec::new();
        let read = (&mut file).take(LINE_BYTES_MAX).read_until(b'\n', &mut line).map_err(io)?;
        if read == 0 {
            return Ok(lines);
        }
        number += 1;
        let mut length = read as u64;
        let whole = line.ends_with(b"\n") || length < LINE_BYTES_MAX;
        while !line.ends_with(b"\n") {
            line.clear();
            match (&mut file).take(LINE_BYTES_MAX).read_until(b'\n', &mut line).map_err(io)? {
                0 => break,
                more => length += more as u64,
            }
        }
        let place = format!("{}:{number}", path.display());
        let at = LineAt { path: path.to_owned(), number, offset, length };
        offset += length;
        if !whole {
            let problem =
                format!("{place}: the line has {length} bytes, {LINE_BYTES_MAX} would do");
            lines.push(Err(problem));
            continue;
        }
        if at.read().is_ok_and(|text| text.trim_ascii().is_empty()) {
            continue;
        }
        lines.push(match at.parse::<Id>() {
            Ok(id) => Ok((id.task_id, at)),
            Err(error) => Err(error),
        });
    }
}

impl LineAt {
    /// The line as a `T`; `Err` says where and why not.
    pub(crate) fn parse<T: for<'a> Deserialize<'a>>(&self) -> Result<T, String> {
        let place = format!("{}:{}", self.path.display(), self.number);
        let text = self.read().map_err(|error| format!("{place}: {error}"))?;
        serde_json::from_slice(&text).map_err(|error| format!("{place}: {error}"))
    }

    fn read(&self) -> io::Result<Vec<u8>> {
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(self.offset))?;
        let mut text = Vec::new();
        file.take(self.length).read_to_end(&mut text)?;
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("c.jsonl");
        let text = b"{\"task_id\":\"a\",\"completion\":\"x\"}\r\n\n\xff\n{\"task_id\":\"b\"}\n\
            {\"task_id\":\"a\",\"completion\":\"y\"}";
        std::fs::write(&path, text).unwrap();
        let lines = index(&path).unwrap();
        let names: Vec<_> = lines.iter().map(|l| l.as_ref().map(|(n, _)| n.as_str())).collect();
        assert!(matches!(names[..], [Ok("a"), Err(_), Ok("b"), Ok("a")]), "{names:?}");
        let at = |index: usize| lines[index].as_ref().unwrap().1.clone();
        assert_eq!(at(3).parse::<CompletionLine>().unwrap().completion, "y");
        let error = at(2).parse::<CompletionLine>().unwrap_err();
        assert!(error.contains("c.jsonl:4") && error.contains("completion"), "{error}");
    }
}
