//! What a tool printed, as diagnostics. RTL can print too, so nothing here
//! ever decides anything.

use crate::submission::JobFiles;
use filbench_model::{Diagnostic, Severity};
use filbench_toolbox::Tool;

/// More than this nobody reads.
const DIAGNOSTICS_MAX: usize = 50;
const MESSAGE_MAX: usize = 500;

/// Parses `file:line: ERROR: …`, `file:line: Warning: …`, and both without a
/// place. Errors come first.
pub(crate) fn parse(tool: Tool, stderr: &[u8], files: &JobFiles) -> Vec<Diagnostic> {
    let text = String::from_utf8_lossy(stderr);
    let mut found: Vec<Diagnostic> = Vec::new();
    for line in text.lines() {
        if let Some(diagnostic) = parse_line(tool, line, files)
            && !found.contains(&diagnostic)
        {
            found.push(diagnostic);
            if found.len() == 10 * DIAGNOSTICS_MAX {
                break;
            }
        }
    }
    found.sort_by_key(|diagnostic| diagnostic.severity == Severity::Warning);
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
    let (file, line) = match place.trim_end().strip_suffix(':') {
        None if place.is_empty() => (None, None),
        None => return None,
        Some(place) => {
            let (file, line) = place.rsplit_once(':')?;
            let line: String = line.chars().take_while(char::is_ascii_digit).collect();
            match files.original(file) {
                Some(original) => (Some(original.to_owned()), line.parse().ok()),
                // A place in the tool's own libraries helps nobody.
                None => (None, None),
            }
        }
    };
    Some(Diagnostic {
        tool: tool.to_string(),
        severity,
        file,
        line,
        message: message.trim().chars().take(MESSAGE_MAX).collect(),
    })
}

/// The first error in words, with its place.
pub(crate) fn first_error(diagnostics: &[Diagnostic]) -> Option<String> {
    let error = diagnostics.iter().find(|d| d.severity == Severity::Error)?;
    Some(match (&error.file, error.line) {
        (Some(file), Some(line)) => format!("{file}:{line}: {}", error.message),
        _ => error.message.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::submission::SourceFile;

    #[test]
    fn places_and_severities() {
        let files =
            JobFiles::new(&[SourceFile { name: "my design.v".into(), contents: Vec::new() }]);
        let stderr = b"src/my_design.v:2: Warning: Identifier `\\b' is implicitly declared.\n\
            Selection contains:\n\
            Mismatches: 0 in 100 samples\n\
            src/my_design.v:3: ERROR:syntax error, unexpected TOK_ENDMODULE\n\
            ERROR: Module `\\foo' is not part of the design.\n\
            /share/techmap.v:9: Warning: of ours\n";
        let found: Vec<_> = parse(Tool::Yosys, stderr, &files)
            .into_iter()
            .map(|d| (d.severity, d.file, d.line, d.message))
            .collect();
        let file = Some("my design.v".to_owned());
        assert_eq!(
            found,
            [
                (
                    Severity::Error,
                    file.clone(),
                    Some(3),
                    "syntax error, unexpected TOK_ENDMODULE".to_owned()
                ),
                (
                    Severity::Error,
                    None,
                    None,
                    "Module `\\foo' is not part of the design.".to_owned()
                ),
                (
                    Severity::Warning,
                    file,
                    Some(2),
                    "Identifier `\\b' is implicitly declared.".to_owned()
                ),
                (Severity::Warning, None, None, "of ours".to_owned()),
            ]
        );
    }
}
