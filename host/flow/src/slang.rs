//! What slang says of SystemVerilog, from the file that it writes.

use crate::diagnostics::{self, Place};
use crate::submission::JobFiles;
use filbench_model::{DIAGNOSTICS_MAX, Diagnostic, FailStage, Severity};
use serde::Deserialize;

/// Where the flow's script makes slang write its diagnostics.
pub(crate) const DIAGNOSTICS: &str = "slang.json";

/// How reports call it.
const NAME: &str = "slang";

/// slang's own code of what Yosys adds to it, such as a missing data file.
const OF_YOSYS: &str = "<user-diag>";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Said {
    severity: String,
    message: String,
    #[serde(default)]
    code: String,
    /// `file:line:column`.
    location: Option<String>,
    /// Absent where the parser speaks, which knows of no design yet.
    symbol_path: Option<String>,
}

impl Said {
    fn is_error(&self) -> bool {
        ["error", "fatal"].contains(&self.severity.as_str())
    }
}

/// What the diagnostics file says; nothing where it is none.
fn read(file: &[u8]) -> Vec<Said> {
    serde_json::from_str(&String::from_utf8_lossy(file)).unwrap_or_default()
}

/// The diagnostics, errors first; notes are left out.
pub(crate) fn diagnostics(file: &[u8], files: &JobFiles) -> Vec<Diagnostic> {
    let mut all: Vec<Diagnostic> = read(file)
        .iter()
        .filter_map(|said| {
            let severity = match said.severity.as_str() {
                "warning" => Severity::Warning,
                _ if said.is_error() => Severity::Error,
                _ => return None,
            };
            let place = said.location.as_deref().and_then(|place| Place::read(place, files));
            Some(diagnostics::diagnostic(NAME, severity, place, &said.message))
        })
        .collect();
    all.sort_by_key(|diagnostic| diagnostic.severity != Severity::Error);
    all.truncate(DIAGNOSTICS_MAX);
    all
}

/// Whether slang failed to parse, or to make sense of what it had parsed. It
/// does both in one command, which only its diagnostics tell apart.
pub(crate) fn stage(file: &[u8]) -> FailStage {
    let errors: Vec<Said> = read(file).into_iter().filter(Said::is_error).collect();
    let of_parser = |said: &Said| said.symbol_path.is_none() && said.code != OF_YOSYS;
    match errors.iter().any(of_parser) || errors.is_empty() {
        true => FailStage::Parse,
        false => FailStage::Elaborate,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::submission::SourceFile;

    const SYNTAX: &str = r#"{ "severity": "error", "message": "expected ';'",
        "code": "ExpectedToken", "location": "src/my_design.sv:2:15" }"#;
    const MEANING: &str = r#"{ "severity": "error", "message": "unknown module 'foo'",
        "code": "UnknownModule", "location": "src/my_design.sv:3:3", "symbolPath": "top" }"#;
    const DATA: &str = r#"{ "severity": "error", "message": "failed to open file",
        "code": "<user-diag>", "location": "/share/x.sv:3:3" }"#;
    const WARNING: &str = r#"{ "severity": "warning", "message": "odd", "code": "Odd" }"#;
    const NOTE: &str = r#"{ "severity": "note", "message": "see there" }"#;

    #[test]
    fn parser_and_elaboration_are_told_apart() {
        let stage = |said: &[&str]| stage(format!("[{}]", said.join(",")).as_bytes());
        assert_eq!(stage(&[MEANING, SYNTAX]), FailStage::Parse);
        assert_eq!(stage(&[WARNING, MEANING, DATA]), FailStage::Elaborate);
        assert_eq!(super::stage(b"[{"), FailStage::Parse);
    }

    #[test]
    fn places_are_the_submitters() {
        let contents = b"module top;\n\n\nendmodule\n".to_vec();
        let files = JobFiles::new(&[SourceFile { name: "my design.sv".into(), contents }]);
        let file = format!("[{}]", [WARNING, SYNTAX, NOTE, DATA].join(","));
        let found = diagnostics(file.as_bytes(), &files);
        let found: Vec<_> = found
            .iter()
            .map(|d| (d.severity, d.file.as_deref(), d.line, d.column, d.message.as_str()))
            .collect();
        assert_eq!(
            found,
            [
                (Severity::Error, Some("my design.sv"), Some(2), Some(15), "expected ';'"),
                (Severity::Error, None, None, None, "failed to open file"),
                (Severity::Warning, None, None, None, "odd"),
            ]
        );
    }
}
