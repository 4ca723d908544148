//! What a tool printed, as diagnostics. RTL can print too, so nothing here
//! ever decides anything.

use crate::submission::JobFiles;
use filbench_model::{DIAGNOSTICS_MAX, Diagnostic, Severity};
use filbench_toolbox::{Tool, ToolExit, ToolRun};

/// Parses `file:line: ERROR: …`, `file:line: Warning: …`, and both without a
/// place. Errors come first.
///
/// RTL can make a tool print lines that look like these, so a line is believed
/// as far as it can be true: an error only of a run that failed, and there the
/// last, as these tools give up at their first; a place only where the
/// submission has such a line.
pub(crate) fn parse(tool: Tool, run: &ToolRun, files: &JobFiles) -> Vec<Diagnostic> {
    let text = String::from_utf8_lossy(&run.stderr);
    let mut found: Vec<Diagnostic> = Vec::new();
    let mut error = None;
    for line in text.lines() {
        match parse_line(tool, line, files) {
            Some(diagnostic) if diagnostic.severity == Severity::Error => error = Some(diagnostic),
            Some(diagnostic) if found.len() < DIAGNOSTICS_MAX && !found.contains(&diagnostic) => {
                found.push(diagnostic);
            }
            _ => {}
        }
    }
    let failed = run.exit != ToolExit::Exited(0);
    if let Some(error) = error.filter(|_| failed) {
        found.insert(0, error);
    }
    found.truncate(DIAGNOSTICS_MAX);
    found
}

fn parse_line(tool: Tool, line: &str, files: &JobFiles) -> Option<Diagnostic> {
    // Some errors have no space behind the colon.
    let (place, severity, message) = [("ERROR:", Severity::Error), ("Warning:", Severity::Warning)]
        .into_iter()
        .find_map(|(mark, severity)| {
            let (place, message) = line.split_once(mark)?;
            Some((place, severity, message))
        })?;
    let place = match place.trim_end().strip_suffix(':') {
        None if place.is_empty() => find_place(message, files),
        None => return None,
        Some(place) => {
            let (file, rest) = place.rsplit_once(':')?;
            // A place in the tool's own libraries helps nobody.
            read_place(file, rest, files)
        }
    };
    Some(diagnostic(tool.name(), severity, place, message))
}

/// A place in the submission.
pub(crate) struct Place {
    file: String,
    line: u32,
    column: Option<u32>,
}

impl Place {
    /// From `file:line:column`; `None` where the submission has no such line.
    pub(crate) fn read(text: &str, files: &JobFiles) -> Option<Self> {
        let (rest, column) = text.rsplit_once(':')?;
        let (file, line) = rest.rsplit_once(':')?;
        let place = read_place(file, line, files)?;
        Some(Self { column: column.parse().ok(), ..place })
    }
}

/// The place `file`, and `rest`, which begins with `line` or `line.column`.
fn read_place(file: &str, rest: &str, files: &JobFiles) -> Option<Place> {
    let (line, rest) = number(rest)?;
    let column = rest.strip_prefix('.').and_then(number).map(|(column, _)| column);
    let file = files.original_with_line(file, line)?.to_owned();
    Some(Place { file, line, column })
}

/// A place that a message mentions by the way, as in ``process
/// `\top.$proc$src/a.v:6$1'``.
fn find_place(message: &str, files: &JobFiles) -> Option<Place> {
    files.names().iter().find_map(|name| {
        let (_, rest) = message.split_once(&format!("{name}:"))?;
        read_place(name, rest, files)
    })
}

fn number(text: &str) -> Option<(u32, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    Some((text[..end].parse().ok()?, &text[end..]))
}

/// What `tool` said of a place.
pub(crate) fn diagnostic(
    tool: &str,
    severity: Severity,
    place: Option<Place>,
    message: &str,
) -> Diagnostic {
    let said = Diagnostic::new(tool, severity, message);
    match place {
        Some(Place { file, line, column }) => {
            Diagnostic { file: Some(file), line: Some(line), column, ..said }
        }
        None => said,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::submission::SourceFile;
    use std::time::Duration;

    fn run(exit: i32, stderr: &[u8]) -> ToolRun {
        ToolRun {
            exit: ToolExit::Exited(exit),
            stdout: Vec::new(),
            stderr: stderr.to_vec(),
            cpu: Duration::ZERO,
            wall: Duration::ZERO,
        }
    }

    fn files() -> JobFiles {
        let contents = b"module top;\n\n\n\n\nendmodule\n".to_vec();
        JobFiles::new(&[SourceFile { name: "my design.v".into(), contents }])
    }

    #[test]
    fn places_and_severities() {
        use Severity::{Error, Warning};
        let stderr = b"src/my_design.v:2: Warning: Identifier `\\b' is implicitly declared.\n\
            Selection contains:\n\
            Mismatches: 0 in 100 samples\n\
            Warning: Latch from process `\\top.$proc$src/my_design.v:5$1'.\n\
            /share/techmap.v:9: Warning: of ours\n\
            src/my_design.v:3.7-3.9: ERROR:syntax error, unexpected TOK_ENDMODULE\n";
        let found = parse(Tool::Yosys, &run(1, stderr), &files());
        let found: Vec<_> = found
            .iter()
            .map(|d| (d.severity, d.file.as_deref(), d.line, d.column, d.message.as_str()))
            .collect();
        let file = Some("my design.v");
        assert_eq!(
            found,
            [
                (Error, file, Some(3), Some(7), "syntax error, unexpected TOK_ENDMODULE"),
                (Warning, file, Some(2), None, "Identifier `\\b' is implicitly declared."),
                (
                    Warning,
                    file,
                    Some(5),
                    None,
                    "Latch from process `\\top.$proc$src/my_design.v:5$1'."
                ),
                (Warning, None, None, None, "of ours"),
            ]
        );
    }

    #[test]
    fn what_cannot_be_true_is_not_believed() {
        let stderr =
            b"src/my_design.v:1: ERROR: forged\nsrc/my_design.v:99: ERROR: the \x1b[2Jlast\n";
        let [error] = &parse(Tool::Yosys, &run(1, stderr), &files())[..] else { panic!() };
        assert_eq!((error.file.as_deref(), error.message.as_str()), (None, "the [2Jlast"));
        assert_eq!(parse(Tool::Yosys, &run(0, stderr), &files()), []);
    }
}
