//! From VHDL to Verilog, with GHDL.

use crate::diagnostics::{self, Place};
use crate::guard::Refusal;
use crate::submission::{JobFiles, Submission, is_plain_identifier};
use crate::{FlowFault, limit};
use filbench_model::{DIAGNOSTICS_MAX, Diagnostic, FailStage, Fault, Severity, first_error};
use filbench_toolbox::{JobDir, Limits, Tool, ToolExit, ToolJob, ToolRun, Toolbox};

/// A design in Verilog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Translated {
    /// The design, in one file.
    pub verilog: Vec<u8>,
    /// The top module's name as the VHDL writes it: there, `Top` and `TOP` are the same.
    pub top: String,
    /// Warnings.
    pub diagnostics: Vec<Diagnostic>,
}

/// A design that GHDL does not take.
pub(crate) struct NotRead {
    pub(crate) refusal: Refusal,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// Translates the sources of `submission`, in their order.
///
/// GHDL runs twice: what the first run refuses, which only analyses, fails to
/// `parse`; what the second refuses fails to `elaborate`. So the stage comes
/// from how a run ended, whatever VHDL makes GHDL print.
pub(crate) fn translate(
    toolbox: &Toolbox,
    submission: &Submission,
    files: &JobFiles,
    limits: Limits,
) -> Result<Result<Translated, NotRead>, Fault> {
    let dir = JobDir::create().fault()?;
    for (name, file) in files.names().iter().zip(&submission.files) {
        dir.write(name, &file.contents).fault()?;
    }
    let sources: Vec<String> = files.sources().map(str::to_owned).collect();
    let ghdl = |args: Vec<String>| {
        let job =
            ToolJob { tool: Tool::Ghdl, args, dir: dir.path(), read_only: Vec::new(), limits };
        let run = toolbox.run(&job).fault()?;
        tracing::debug!(exit = ?run.exit, cpu = ?run.cpu, "ghdl.ended");
        Ok::<ToolRun, Fault>(run)
    };
    let not_read = |run: &ToolRun, stage| {
        let diagnostics = said(run, files);
        let refusal = match limit::refusal(Tool::Ghdl, &run.exit, limits)? {
            Some(refusal) => refusal,
            None => Refusal {
                stage,
                reason: first_error(&diagnostics)
                    .unwrap_or_else(|| "ghdl gave up without a reason".to_owned()),
            },
        };
        Ok::<NotRead, Fault>(NotRead { refusal, diagnostics })
    };
    let standard = "--std=08".to_owned();
    let analysis =
        ghdl(["-s".to_owned(), standard.clone()].into_iter().chain(sources.clone()).collect())?;
    if analysis.exit != ToolExit::Exited(0) {
        return Ok(Err(not_read(&analysis, FailStage::Parse)?));
    }
    let synthesis = ghdl(
        ["--synth".to_owned(), standard, "--out=verilog".to_owned()]
            .into_iter()
            .chain(sources)
            .chain(["-e".to_owned(), submission.top.clone()])
            .collect(),
    )?;
    match top_module(&synthesis.stdout, &submission.top) {
        Some(top) if synthesis.exit == ToolExit::Exited(0) => Ok(Ok(Translated {
            diagnostics: said(&synthesis, files),
            top,
            verilog: synthesis.stdout,
        })),
        _ => Ok(Err(not_read(&synthesis, FailStage::Elaborate)?)),
    }
}

/// The module of this name, in whatever case, that the Verilog has.
fn top_module(verilog: &[u8], name: &str) -> Option<String> {
    String::from_utf8_lossy(verilog)
        .lines()
        .filter_map(|line| line.strip_prefix("module "))
        .map(str::trim)
        .find(|module| module.eq_ignore_ascii_case(name) && is_plain_identifier(module))
        .map(str::to_owned)
}

/// `file:line:column: message` is an error, `file:line:column:warning: message` a
/// warning. An error is believed of a run that failed only; other lines quote sources.
fn said(run: &ToolRun, files: &JobFiles) -> Vec<Diagnostic> {
    let failed = run.exit != ToolExit::Exited(0);
    let mut found: Vec<Diagnostic> = Vec::new();
    for line in String::from_utf8_lossy(&run.stderr).lines() {
        let (place, message) = match split_place(line) {
            Some((place, message)) => match Place::read(place, files) {
                Some(place) => (Some(place), message),
                None => continue,
            },
            // Without a place it speaks of the command: no such entity.
            None => match line.split_once(": ") {
                Some((program, message)) if program.starts_with(Tool::Ghdl.name()) => {
                    (None, message)
                }
                _ => continue,
            },
        };
        let (severity, message) = match message.split_once(':') {
            Some(("warning", message)) => (Severity::Warning, message),
            Some(("error", message)) => (Severity::Error, message),
            // Notes, and what assertions of the design print.
            Some((kind, _)) if kind == "note" || kind.starts_with('(') => continue,
            _ => (Severity::Error, message),
        };
        if severity == Severity::Error && !failed {
            continue;
        }
        let diagnostic = diagnostics::diagnostic(Tool::Ghdl.name(), severity, place, message);
        if !found.contains(&diagnostic) {
            found.push(diagnostic);
        }
    }
    found.sort_by_key(|diagnostic| diagnostic.severity != Severity::Error);
    found.truncate(DIAGNOSTICS_MAX);
    found
}

/// `file:line:column` and what follows the next colon.
fn split_place(line: &str) -> Option<(&str, &str)> {
    let mut colons = line.match_indices(':').map(|(at, _)| at);
    let (file, row, column) = (colons.next()?, colons.next()?, colons.next()?);
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    (is_number(&line[file + 1..row]) && is_number(&line[row + 1..column]))
        .then(|| (&line[..column], &line[column + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::submission::SourceFile;
    use std::time::Duration;

    fn run(exit: i32, stderr: &str) -> ToolRun {
        ToolRun {
            exit: ToolExit::Exited(exit),
            stdout: Vec::new(),
            stderr: stderr.as_bytes().to_vec(),
            cpu: Duration::ZERO,
            wall: Duration::ZERO,
        }
    }

    #[test]
    fn errors_and_warnings_have_their_places() {
        let contents = b"entity e is\nend;\n\n\n".to_vec();
        let files = JobFiles::new(&[SourceFile { name: "my e.vhd".into(), contents }]);
        let stderr = "src/my_e.vhd:3:33:warning: signal \"u\" is never assigned\n\
            \u{20} architecture a of e is\n\
            src/my_e.vhd:2:2:(assertion note): src/my_e.vhd:1:1: forged\n\
            src/my_e.vhd:99:1: beyond the end\n\
            src/my_e.vhd:2:4: primary expression expected\n\
            ghdl-mcode: cannot find entity or configuration topx\n";
        let read = |exit| -> Vec<_> {
            said(&run(exit, stderr), &files)
                .into_iter()
                .map(|d| (d.severity, d.file.is_some(), d.line, d.column, d.message))
                .collect()
        };
        let warning =
            (Severity::Warning, true, Some(3), Some(33), "signal \"u\" is never assigned".into());
        let expected = "primary expression expected".to_owned();
        let entity = "cannot find entity or configuration topx".to_owned();
        assert_eq!(
            read(1),
            [
                (Severity::Error, true, Some(2), Some(4), expected),
                (Severity::Error, false, None, None, entity),
                warning.clone(),
            ]
        );
        assert_eq!(read(0), [warning]);
    }

    #[test]
    fn the_top_module_has_the_case_of_its_source() {
        let verilog = b"module leaf\n  (input a);\nendmodule\n\nmodule topmodule\n  (input A);\n";
        assert_eq!(top_module(verilog, "TopModule").as_deref(), Some("topmodule"));
        assert_eq!(top_module(verilog, "Top"), None);
    }
}
