//! `results.jsonl`: one record a line.

use crate::Record;
use filbench_model::REPORT_SCHEMA;
use serde::Deserialize;
use std::io::{self, BufRead, Read, Write};

/// Longest line that is read, in bytes; a record has a few kilobytes.
pub const LONGEST_LINE: u64 = 16 << 20;

/// Why a file of records cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum JsonLinesError {
    /// Reading failed.
    #[error("cannot read line {line} of the results")]
    Read {
        /// 1-based.
        line: usize,
        /// Why.
        source: io::Error,
    },
    /// A line is longer than any record.
    #[error("line {line} is longer than {LONGEST_LINE} bytes; that is no record of filbench")]
    TooLong {
        /// 1-based.
        line: usize,
    },
    /// A line that a newline ends is no record. An interrupted run tears the
    /// last line only, so this is damage or another kind of file.
    #[error(
        "line {line} is no record: {source}; \
         name a results.jsonl that `filbench suite run` wrote, or remove the line"
    )]
    NoRecord {
        /// 1-based.
        line: usize,
        /// Why.
        source: serde_json::Error,
    },
    /// A line of another version's form.
    #[error(
        "line {line} has the schema `{found}`, this filbench reads `{REPORT_SCHEMA}`; \
         read it with the filbench that wrote it, or run the suite again"
    )]
    Schema {
        /// 1-based.
        line: usize,
        /// What the line states.
        found: String,
    },
    /// A record cannot be written.
    #[error("cannot write the record of `{problem}`, `{sample}`")]
    Write {
        /// The record's problem.
        problem: String,
        /// The record's sample.
        sample: String,
        /// Why.
        source: io::Error,
    },
}

/// The last line, where a run was interrupted while it wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TornLine {
    /// 1-based.
    pub line: usize,
    /// Its bytes, which no record was made from.
    pub bytes: u64,
}

/// What a file of records holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JsonLines {
    /// In the order of the file.
    pub records: Vec<Record>,
    /// A last line without a newline that is no record.
    pub torn: Option<TornLine>,
    /// Bytes up to the end of the last record, its newline included if it has
    /// one: where a resumed run cuts the file.
    pub whole_bytes: u64,
}

/// Reads records to the end of `file`.
///
/// A last line without a newline counts as a record if it is one; if not, it
/// is told apart as [torn](JsonLines::torn). Empty lines are passed over.
pub fn read_jsonl(mut file: impl BufRead) -> Result<JsonLines, JsonLinesError> {
    let mut lines = JsonLines::default();
    let mut read = 0;
    let mut text = Vec::new();
    for line in 1.. {
        text.clear();
        let bytes = file
            .by_ref()
            .take(LONGEST_LINE + 1)
            .read_until(b'\n', &mut text)
            .map_err(|source| JsonLinesError::Read { line, source })? as u64;
        if bytes == 0 {
            break;
        }
        if bytes > LONGEST_LINE {
            return Err(JsonLinesError::TooLong { line });
        }
        read += bytes;
        if text.trim_ascii().is_empty() {
            continue;
        }
        match record(&text, line) {
            Ok(record) => lines.records.push(record),
            Err(JsonLinesError::NoRecord { .. }) if !text.ends_with(b"\n") => {
                lines.torn = Some(TornLine { line, bytes });
                break;
            }
            Err(error) => return Err(error),
        }
        lines.whole_bytes = read;
    }
    Ok(lines)
}

fn record(text: &[u8], line: usize) -> Result<Record, JsonLinesError> {
    /// Read first: a record of another version may have any form.
    #[derive(Deserialize)]
    struct Form {
        schema: String,
    }
    let no_record = |source| JsonLinesError::NoRecord { line, source };
    let form: Form = serde_json::from_slice(text).map_err(no_record)?;
    if form.schema != REPORT_SCHEMA {
        return Err(JsonLinesError::Schema { line, found: form.schema });
    }
    serde_json::from_slice(text).map_err(no_record)
}

/// Writes one record as a line, in one piece: a reader sees the whole line, or
/// one without a newline at the end of the file.
pub fn write_jsonl(mut file: impl Write, record: &Record) -> Result<(), JsonLinesError> {
    serde_json::to_vec(record)
        .map_err(io::Error::from)
        .and_then(|mut line| {
            line.push(b'\n');
            file.write_all(&line)
        })
        .map_err(|source| JsonLinesError::Write {
            problem: record.problem.clone(),
            sample: record.sample.clone(),
            source,
        })
}
