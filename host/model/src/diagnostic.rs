use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// More diagnostics of one run of a tool than this nobody reads.
pub const DIAGNOSTICS_MAX: usize = 50;
/// Longest message, in characters.
const MESSAGE_MAX: usize = 500;

/// How bad a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The tool went on.
    Warning,
    /// The tool gave up.
    Error,
}

/// Whose sources a diagnostic is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DiagnosticSubject {
    /// The design that is judged.
    #[default]
    Candidate,
    /// The problem's own: its golden, its test bench. Says nothing about the candidate.
    Problem,
}

/// What a tool said, as data. Never the source of a verdict or a number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Diagnostic {
    /// Which tool.
    pub tool: String,
    /// Whose sources it is about; the candidate's in reports of before there was a choice.
    #[serde(default)]
    pub subject: DiagnosticSubject,
    /// How bad.
    pub severity: Severity,
    /// Source file, relative to the submission, or to the problem.
    pub file: Option<String>,
    /// 1-based.
    pub line: Option<u32>,
    /// 1-based, where the tool tells it.
    #[serde(default)]
    pub column: Option<u32>,
    /// The tool's own words.
    pub message: String,
}

impl Diagnostic {
    /// About the candidate, at no place; the message is cut short, and without what does not
    /// print safely.
    pub fn new(tool: &str, severity: Severity, message: &str) -> Self {
        Self {
            tool: tool.to_owned(),
            subject: DiagnosticSubject::Candidate,
            severity,
            file: None,
            line: None,
            column: None,
            message: message.trim().chars().filter(|c| !c.is_control()).take(MESSAGE_MAX).collect(),
        }
    }
}

/// `file:line:column: message`, as far as the place is known.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{file}:")?;
            if let Some(line) = self.line {
                write!(f, "{line}:")?;
                if let Some(column) = self.column {
                    write!(f, "{column}:")?;
                }
            }
            f.write_str(" ")?;
        }
        f.write_str(&self.message)
    }
}

/// The first error in words, with its place.
pub fn first_error(diagnostics: &[Diagnostic]) -> Option<String> {
    diagnostics.iter().find(|d| d.severity == Severity::Error).map(ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diagnostic_tells_its_place_as_far_as_known() {
        let bare = Diagnostic::new("yosys", Severity::Error, " the \x1b[2Jlast\n");
        let of_file = Diagnostic { file: Some("a.v".into()), ..bare.clone() };
        let of_line = Diagnostic { line: Some(7), ..of_file.clone() };
        let of_column = Diagnostic { column: Some(3), ..of_line.clone() };
        assert_eq!(
            [&bare, &of_file, &of_line, &of_column].map(ToString::to_string),
            ["the [2Jlast", "a.v: the [2Jlast", "a.v:7: the [2Jlast", "a.v:7:3: the [2Jlast"]
        );
        let warning = Diagnostic { severity: Severity::Warning, ..bare };
        assert_eq!(first_error(&[warning, of_line]).as_deref(), Some("a.v:7: the [2Jlast"));
    }

    #[test]
    fn what_older_reports_say_is_about_the_candidate() {
        let text = r#"{"tool":"yosys","severity":"error","file":null,"line":null,"message":""}"#;
        let read: Diagnostic = serde_json::from_str(text).unwrap();
        assert_eq!(read.subject, DiagnosticSubject::Candidate);
    }
}
