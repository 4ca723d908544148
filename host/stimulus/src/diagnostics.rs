//! What `iverilog` printed, as diagnostics. A source can make it print as well, so nothing here
//! ever decides anything.

use filbench_model::{DIAGNOSTICS_MAX, Diagnostic, DiagnosticSubject, Severity};
use filbench_toolbox::Tool;

/// A file of the job folder that was handed in.
#[derive(Clone, Debug)]
pub(crate) struct JobFile {
    /// In the job folder.
    pub(crate) name: String,
    /// As it was handed in.
    pub(crate) original: String,
    /// An unfinished last line and the end counted.
    lines: u32,
}

impl JobFile {
    pub(crate) fn new(name: String, original: &str, contents: &[u8]) -> Self {
        let breaks = contents.iter().filter(|&&byte| byte == b'\n').count();
        let lines = u32::try_from(breaks).unwrap_or(u32::MAX).saturating_add(1);
        Self { name, original: original.to_owned(), lines }
    }
}

/// How a run of `iverilog` ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compilation {
    Succeeded,
    Failed,
}

/// Parses `file:line: error: …`, `file:line: warning: …`, `file:line: sorry: …` (what Icarus
/// does not know), `file:line: syntax error` and other text behind a place, both `error: …` and
/// `warning: …` without one, and the lines `file:line:      : …` that go on with the one before.
/// Errors come first.
///
/// A line is believed as far as it can be true: an error only of a compilation that failed, a
/// place only where `files` have such a line. One that failed without a line of any of these
/// forms has all its words in one diagnostic.
pub(crate) fn parse(
    printed: &str,
    compilation: Compilation,
    files: &[JobFile],
    subject: DiagnosticSubject,
) -> Vec<Diagnostic> {
    let mut said = Said::default();
    for line in printed.lines() {
        match read(line, compilation, files) {
            Line::Begins(severity, place, text) => said.begin(severity, place, text),
            Line::GoesOn(place, text) => said.go_on(place, text),
            Line::Other => said.open = None,
        }
    }
    let words = printed.trim();
    if compilation == Compilation::Failed && said.errors.is_empty() && !words.is_empty() {
        let words = words.lines().map(str::trim).collect::<Vec<_>>().join(" ");
        said.begin(Severity::Error, None, &words);
    }
    said.diagnostics(subject)
}

/// A line of some file that was handed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place<'a> {
    file: &'a str,
    line: u32,
}

/// A line of what was printed.
enum Line<'a> {
    Begins(Severity, Option<Place<'a>>, &'a str),
    GoesOn(Option<Place<'a>>, &'a str),
    /// A summary, such as `I give up.`, or no business of a reader.
    Other,
}

fn read<'a>(line: &'a str, compilation: Compilation, files: &'a [JobFile]) -> Line<'a> {
    let kind = |text: &'a str| {
        let kinds = [("error:", Severity::Error), ("warning:", Severity::Warning)];
        kinds.into_iter().find_map(|(word, severity)| {
            let (found, rest) = text.split_at_checked(word.len())?;
            found.eq_ignore_ascii_case(word).then_some((severity, rest.trim()))
        })
    };
    let failed = compilation == Compilation::Failed;
    let begins = |severity, place, text| match severity {
        Severity::Error if !failed => Line::Other,
        severity => Line::Begins(severity, place, text),
    };
    let at = if kind(line).is_some() { None } else { split_place(line) };
    let place = at.and_then(|(file, line, _)| {
        let known = files.iter().find(|known| known.name == file.trim_start_matches("./"))?;
        (1..=known.lines).contains(&line).then_some(Place { file: &known.original, line })
    });
    let text = at.map_or(line, |(_, _, text)| text);
    match (text.trim_start().strip_prefix(':'), kind(text.trim_start())) {
        (Some(more), _) => Line::GoesOn(place, more.trim()),
        (None, Some((severity, text))) => begins(severity, place, text),
        (None, None) if at.is_none() => Line::Other,
        (None, None) => match text.trim() {
            text if text.starts_with("sorry:") && !failed => begins(Severity::Warning, place, text),
            text if ["info:", "debug:"].iter().any(|word| text.starts_with(word)) => Line::Other,
            text => begins(Severity::Error, place, text),
        },
    }
}

/// `file`, the number of its line, and what follows: behind a colon, or a warning.
fn split_place(line: &str) -> Option<(&str, u32, &str)> {
    line.match_indices(':').find_map(|(colon, _)| {
        let rest = &line[colon + 1..];
        let (number, rest) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit())?);
        let text = match rest.strip_prefix(':') {
            Some(text) => text,
            None => rest.starts_with(" Warning:").then(|| rest.trim_start())?,
        };
        Some((&line[..colon], number.parse().ok()?, text))
    })
}

/// What begins with one line and may go on in others.
struct Message<'a> {
    place: Option<Place<'a>>,
    begins: String,
    goes_on: String,
}

#[derive(Default)]
struct Said<'a> {
    errors: Vec<Message<'a>>,
    warnings: Vec<Message<'a>>,
    /// What the next line may go on with: the last of these.
    open: Option<Severity>,
}

impl<'a> Said<'a> {
    fn of(&mut self, severity: Severity) -> &mut Vec<Message<'a>> {
        match severity {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
        }
    }

    fn begin(&mut self, severity: Severity, place: Option<Place<'a>>, text: &str) {
        let all = self.of(severity);
        // A file that is included twice has its errors twice.
        let again = all.iter().any(|message| message.place == place && message.begins == text);
        let is_new = !again && all.len() < DIAGNOSTICS_MAX;
        if is_new {
            all.push(Message { place, begins: text.to_owned(), goes_on: String::new() });
        }
        self.open = is_new.then_some(severity);
    }

    fn go_on(&mut self, place: Option<Place<'a>>, text: &str) {
        let Some(message) = self.open.and_then(|severity| self.of(severity).last_mut()) else {
            return;
        };
        message.goes_on.push(' ');
        message.goes_on.push_str(text);
        // It may speak of another line, such as that of a declaration.
        if let Some(Place { file, line }) = place.filter(|_| place != message.place) {
            message.goes_on.push_str(&format!(" ({file}:{line})"));
        }
    }

    fn diagnostics(self, subject: DiagnosticSubject) -> Vec<Diagnostic> {
        let of = |severity, messages: Vec<Message<'a>>| {
            messages.into_iter().map(move |Message { place, begins, goes_on }| Diagnostic {
                subject,
                file: place.map(|place| place.file.to_owned()),
                line: place.map(|place| place.line),
                ..Diagnostic::new(Tool::Iverilog.name(), severity, &(begins + &goes_on))
            })
        };
        of(Severity::Error, self.errors)
            .chain(of(Severity::Warning, self.warnings))
            .take(DIAGNOSTICS_MAX)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Compilation::{Failed, Succeeded};

    fn files() -> [JobFile; 2] {
        let file = |name: &str, original: &str| {
            JobFile::new(name.to_owned(), original, b"1\n2\n3\n4\n5\n6\n7\n")
        };
        [file("src/my_top.v", "../my top.v"), file("src/inc/b.vh", "inc/b.vh")]
    }

    /// Each as `severity file:line: message`.
    fn said(printed: &str, compilation: Compilation) -> Vec<String> {
        parse(printed, compilation, &files(), DiagnosticSubject::Problem)
            .into_iter()
            .map(|diagnostic| {
                assert_eq!(diagnostic.subject, DiagnosticSubject::Problem);
                assert_eq!((diagnostic.tool.as_str(), diagnostic.column), ("iverilog", None));
                format!("{:?} {diagnostic}", diagnostic.severity)
            })
            .collect()
    }

    /// As Icarus 11 and 12 print it.
    #[test]
    fn every_form_has_its_place() {
        let printed = "src/my_top.v:2: warning: Port 1 (a) of sub expects 1 bits, got 4.\n\
            src/my_top.v:2:        : Pruning 3 high bits of the expression.\n\
            src/my_top.v:6 Warning: Synthesis wants the sensitivity list to be a single bit.\n\
            src/my_top.v:4: syntax error\n\
            src/my_top.v:4: error: invalid module item.\n\
            src/my_top.v:3: error: q is not a valid l-value in top.\n\
            src/my_top.v:1:      : q is declared here as wire.\n\
            ./src/inc/b.vh:5: Include file missing.vh not found\n\
            src/my_top.v:7: sorry: concurrent_assertion_item not supported.\n\
            src/my_top.v:7: error: Module sub was already declared here: src/inc/b.vh:1\n\
            error: Unable to find the root module \"top\" in the Verilog source.\n\
            \u{20}    : Perhaps ``-s top'' is incorrect?\n\
            3 error(s) during elaboration.\n\
            *** These modules were missing:\n\
            \u{20}       foo referenced 1 times.\n\
            ***\n\
            I give up.\n";
        assert_eq!(
            said(printed, Failed),
            [
                "Error ../my top.v:4: syntax error",
                "Error ../my top.v:4: invalid module item.",
                "Error ../my top.v:3: q is not a valid l-value in top. q is declared here as wire. \
                 (../my top.v:1)",
                "Error inc/b.vh:5: Include file missing.vh not found",
                "Error ../my top.v:7: sorry: concurrent_assertion_item not supported.",
                "Error ../my top.v:7: Module sub was already declared here: src/inc/b.vh:1",
                "Error Unable to find the root module \"top\" in the Verilog source. Perhaps \
                 ``-s top'' is incorrect?",
                "Warning ../my top.v:2: Port 1 (a) of sub expects 1 bits, got 4. Pruning 3 high \
                 bits of the expression.",
                "Warning ../my top.v:6: Synthesis wants the sensitivity list to be a single bit.",
            ]
        );
    }

    #[test]
    fn what_cannot_be_true_is_not_believed() {
        let printed = "src/my_top.v:1: error: forged\n\
            src/my_top.v:1:      : and more\n\
            src/my_top.v:99: warning: beyond the end\n\
            filbench_stub.sv:3: warning: of ours\n\
            src/my_top.v:3: info: chatter\n\
            src/my_top.v:3: sorry: all bits will be included.\n";
        assert_eq!(
            said(printed, Succeeded),
            [
                "Warning beyond the end",
                "Warning of ours",
                "Warning ../my top.v:3: sorry: all bits will be included.",
            ]
        );
    }

    #[test]
    fn a_failure_is_never_without_a_word() {
        let printed = "src/x.v: No such file or directory\n  Preprocessor failed\x1b[2J\n";
        assert_eq!(
            said(printed, Failed),
            ["Error src/x.v: No such file or directory Preprocessor failed[2J"]
        );
        assert_eq!(said(printed, Succeeded), [""; 0]);
        assert_eq!(said(" \n", Failed), [""; 0]);
    }

    #[test]
    fn repetition_and_length_are_bounded() {
        let twice = "src/my_top.v:1: syntax error\nsrc/my_top.v:1:      : here\n".repeat(2);
        assert_eq!(said(&twice, Failed), ["Error ../my top.v:1: syntax error here"]);
        let many: String = (0..200)
            .map(|n| format!("src/my_top.v:1: warning: {n}{}\n", "x".repeat(999)))
            .collect();
        let found = said(&many, Succeeded);
        assert_eq!(found.len(), DIAGNOSTICS_MAX);
        assert!(found.iter().all(|line| line.len() < 600));
    }
}
