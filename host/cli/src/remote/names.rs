//! File names on their way to a server and back.
//!
//! A user may type any path; a server takes relative names, each once. What it says about
//! its files is told with the names that the user typed.

use filbench_api::types::SentFile;
use filbench_api::{Bounds, FileSet};
use filbench_flow::SourceFile;
use filbench_model::{Diagnostic, DiagnosticSubject, Report};

/// More than any name that is sent.
const NAME_BYTES_MAX: usize = 200;
const PARTS_MAX: usize = 12;

/// The files under names that a server takes, in their order.
pub fn sent_files(files: Vec<SourceFile>) -> Vec<SentFile> {
    let names = sent_names(files.iter().map(|file| file.name.as_str()));
    names.into_iter().zip(files).map(|(name, file)| SentFile::new(name, file.contents)).collect()
}

fn sent_names<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut taken = FileSet::new(Bounds { files_max: usize::MAX, bytes_max: 0 });
    let mut free = |name: &str| taken.add(name, Vec::new()).is_ok();
    names
        .map(|name| {
            if free(name) {
                return name.to_owned();
            }
            let tidy = tidy(name);
            if free(&tidy) {
                return tidy;
            }
            (2..)
                .map(|number| format!("{number}/{tidy}"))
                .find(|name| free(name))
                .expect("only so many names are taken")
        })
        .collect()
}

/// A relative path without `.`, `..` and what a server does not take; of a long one the end.
fn tidy(name: &str) -> String {
    let mut parts: Vec<String> = name
        .split(['/', '\\'])
        .filter(|part| !matches!(*part, "" | "." | ".."))
        .map(|part| {
            let plain = |c: char| if c.is_control() || c == ':' { '_' } else { c };
            part.chars().map(plain).collect()
        })
        .collect();
    let length = |parts: &[String]| parts.iter().map(|part| part.len() + 1).sum::<usize>();
    while parts.len() > PARTS_MAX || (parts.len() > 1 && length(&parts) > NAME_BYTES_MAX) {
        parts.remove(0);
    }
    match parts.join("/") {
        name if name.is_empty() => "design.v".to_owned(),
        name => {
            let skipped = name.len().saturating_sub(NAME_BYTES_MAX);
            let at = (skipped..name.len()).find(|&at| name.is_char_boundary(at));
            name[at.unwrap_or(0)..].trim_start_matches('/').to_owned()
        }
    }
}

/// Puts the user's names into what a server found out about `files`.
pub fn restore_names(report: &mut Report, files: &[String]) {
    let sent = sent_names(files.iter().map(String::as_str));
    let original = |name: &str| {
        let index = sent.iter().position(|sent| sent == name)?;
        Some(files[index].clone()).filter(|original| original != name)
    };
    // The problem's files are not among them.
    let of_candidate =
        |diagnostic: &&mut Diagnostic| diagnostic.subject == DiagnosticSubject::Candidate;
    for diagnostic in report.diagnostics.iter_mut().filter(of_candidate) {
        if let Some(name) = diagnostic.file.as_deref().and_then(original) {
            diagnostic.file = Some(name);
        }
    }
    let steps = report.critical_paths.iter_mut().flat_map(|path| &mut path.steps);
    for source in steps.flat_map(|step| &mut step.sources) {
        if let Some((file, line)) = source.rsplit_once(':')
            && let Some(name) = original(file)
        {
            *source = format!("{name}:{line}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use filbench_model::{Provenance, Severity, Verdict};

    #[test]
    fn every_name_is_taken_and_no_two_are_the_same() {
        let names = [
            "rtl/top.sv",
            "./top.sv",
            "/etc/x.v",
            "../../x.v",
            "C:\\x.v",
            "rtl/top.sv",
            "..",
            "rtl",
            "a\nb.v",
        ];
        let sent = sent_names(names.into_iter());
        insta::assert_snapshot!(sent.join("\n"), @"
        rtl/top.sv
        ./top.sv
        etc/x.v
        x.v
        C_/x.v
        2/rtl/top.sv
        design.v
        3/rtl
        a_b.v
        ");
        let long = format!("{}x.v", "ä/".repeat(300));
        let sent = sent_names([long.as_str(), &"ö".repeat(300)].into_iter());
        assert!(sent[0].ends_with("/x.v") && sent[1].ends_with('ö'), "{sent:?}");
    }

    #[test]
    fn what_was_found_is_told_with_the_typed_names() {
        let mut report = Report::new(Verdict::pass(""), Provenance::default());
        let diagnostic = |file: &str| Diagnostic {
            file: Some(file.into()),
            ..Diagnostic::new("yosys", Severity::Error, "")
        };
        report.diagnostics = ["a.v", "top/b.v", "elsewhere"].map(diagnostic).into();
        let subject = DiagnosticSubject::Problem;
        report.diagnostics.push(Diagnostic { subject, ..diagnostic("a.v") });
        restore_names(&mut report, &["../a.v".into(), "top/b.v".into()]);
        let files: Vec<_> = report.diagnostics.iter().filter_map(|d| d.file.as_deref()).collect();
        assert_eq!(files, ["../a.v", "top/b.v", "elsewhere", "a.v"]);
    }
}
