//! What is to be built, and how its files get into a job folder.

use filbench_model::FrontEnd;
use std::collections::BTreeSet;

/// One file of a submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Its name as the submitter knows it; may have folders. Used for messages,
    /// and (tidied) for the copy that the tools read, so that `` `include ``
    /// and `$readmemh` find their neighbours.
    pub name: String,
    /// Verilog, SystemVerilog or VHDL, or data for `$readmemh`; any bytes.
    pub contents: Vec<u8>,
}

/// A design as it came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    /// At least one.
    pub files: Vec<SourceFile>,
    /// The top module.
    pub top: String,
}

/// What the flow accepts beyond what it must refuse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Policy {
    /// Any latch fails the design (`latch`). Latches are allowed by default:
    /// benchmarks ask for them, and `always @*` without an `else` means one.
    pub forbid_latches: bool,
    /// Who has to read the sources. Where nobody is named, GHDL reads VHDL, and
    /// Yosys' own reader the rest, or slang where that one does not understand it.
    pub front_end: Option<FrontEnd>,
}

/// Suffixes of files that are not read by themselves: they are there for
/// `` `include `` and `$readmemh`.
const NOT_SOURCES: [&str; 9] = ["vh", "svh", "h", "inc", "hex", "mem", "dat", "txt", "bin"];

/// More folders than this are cut off a name, and longer parts shortened.
const FOLDERS_MAX: usize = 16;
const NAME_MAX: usize = 100;

/// A submission's files under names that are safe in a script and in a path.
#[derive(Debug)]
pub(crate) struct JobFiles {
    /// In the job folder, in the order of the submission.
    names: Vec<String>,
    /// The submitters' names.
    originals: Vec<String>,
    /// How many lines each has, an unfinished last one and the end counted.
    lines: Vec<u32>,
}

impl JobFiles {
    /// Gives every file a name below `src/`, of letters, digits, `.`, `_`, `-`
    /// and `/` only, and no two the same.
    pub(crate) fn new(files: &[SourceFile]) -> Self {
        let mut taken = Taken::default();
        let names = files
            .iter()
            .map(|file| {
                let tidy = tidy(&file.name);
                let mut name = format!("src/{tidy}");
                for number in 2.. {
                    if taken.insert(&name) {
                        break;
                    }
                    name = format!("src/{number}/{tidy}");
                }
                name
            })
            .collect();
        let lines = |file: &SourceFile| {
            let breaks = file.contents.iter().filter(|&&byte| byte == b'\n').count();
            u32::try_from(breaks).unwrap_or(u32::MAX).saturating_add(1)
        };
        Self {
            names,
            originals: files.iter().map(|file| file.name.clone()).collect(),
            lines: files.iter().map(lines).collect(),
        }
    }

    /// Every file's name in the job folder, in the order of the submission.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// The names of those files that the front end is told to read.
    pub(crate) fn sources(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str).filter(|name| {
            let suffix = name.rsplit_once('.').map_or("", |(_, suffix)| suffix);
            !NOT_SOURCES.contains(&suffix)
        })
    }

    /// Those of the sources that are VHDL.
    pub(crate) fn vhdl(&self) -> impl Iterator<Item = &str> {
        self.sources().filter(|name| is_vhdl(name))
    }

    /// The submitter's name of a file of the job folder; tools may have put
    /// `./` before it.
    pub(crate) fn original(&self, name: &str) -> Option<&str> {
        let name = name.trim_start_matches("./");
        self.names.iter().position(|n| n == name).map(|index| self.originals[index].as_str())
    }

    /// The submitter's name of a file of the job folder that has line `line`.
    pub(crate) fn original_with_line(&self, name: &str, line: u32) -> Option<&str> {
        let name = name.trim_start_matches("./");
        let index = self.names.iter().position(|n| n == name)?;
        (1..=self.lines[index]).contains(&line).then(|| self.originals[index].as_str())
    }

    /// A `src` attribute (`file:line.column-line.column|…`) as the submitter's
    /// `file:line`s, without those that lie in the tools' own libraries.
    pub(crate) fn source_lines(&self, attribute: &str) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for place in attribute.split('|') {
            if let Some((file, rest)) = place.rsplit_once(':')
                && let Some(original) = self.original(file)
            {
                let line: String = rest.chars().take_while(char::is_ascii_digit).collect();
                lines.push(format!("{original}:{line}"));
            }
        }
        lines.dedup();
        lines
    }
}

/// Whether a file's name is that of a VHDL source.
pub fn is_vhdl(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, suffix)| {
        ["vhd", "vhdl"].iter().any(|vhdl| suffix.eq_ignore_ascii_case(vhdl))
    })
}

/// The files and folders of a job folder.
#[derive(Default)]
struct Taken {
    files: BTreeSet<String>,
    folders: BTreeSet<String>,
}

impl Taken {
    /// Whether `name` is free, that is no file, no folder, and below no file;
    /// takes it if so.
    fn insert(&mut self, name: &str) -> bool {
        let folders: Vec<&str> = name.match_indices('/').map(|(at, _)| &name[..at]).collect();
        let free = !self.files.contains(name)
            && !self.folders.contains(name)
            && !folders.iter().any(|folder| self.files.contains(*folder));
        if free {
            self.files.insert(name.to_owned());
            self.folders.extend(folders.into_iter().map(str::to_owned));
        }
        free
    }
}

/// A relative path without `.`, `..`, hidden files, options and surprises.
fn tidy(name: &str) -> String {
    let parts: Vec<String> = name
        .split(['/', '\\'])
        .filter(|part| !matches!(*part, "" | "." | ".."))
        .take(FOLDERS_MAX)
        .map(|part| {
            let part: String = part
                .chars()
                .take(NAME_MAX)
                .map(|c| match c {
                    'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '_' | '-' => c,
                    _ => '_',
                })
                .collect();
            match part.strip_prefix(['.', '-']) {
                Some(rest) => format!("_{rest}"),
                None => part,
            }
        })
        .collect();
    if parts.is_empty() { "design.v".to_owned() } else { parts.join("/") }
}

/// Whether a name can stand in a script: a plain Verilog identifier.
pub(crate) fn is_plain_identifier(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '$')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(names: &[&str]) -> JobFiles {
        let files: Vec<_> = names
            .iter()
            .map(|name| SourceFile { name: (*name).into(), contents: Vec::new() })
            .collect();
        JobFiles::new(&files)
    }

    #[test]
    fn names_are_tidied_and_told_apart() {
        let job = files(&[
            "rtl/top.sv",
            "/etc/passwd",
            "../../x.v",
            "-p shell.v",
            "a b;$(c).v",
            "rtl/top.sv",
            "..",
            "rtl",
            "x.v/y.v",
        ]);
        assert_eq!(
            job.names(),
            [
                "src/rtl/top.sv",
                "src/etc/passwd",
                "src/x.v",
                "src/_p_shell.v",
                "src/a_b___c_.v",
                "src/2/rtl/top.sv",
                "src/design.v",
                "src/3/rtl",
                "src/2/x.v/y.v",
            ]
        );
        assert_eq!(job.original("src/x.v"), Some("../../x.v"));
        assert_eq!(job.original("./src/2/rtl/top.sv"), Some("rtl/top.sv"));
        assert_eq!(job.original("/share/techmap.v"), None);
    }

    #[test]
    fn headers_and_data_are_not_sources() {
        let job = files(&["defs.vh", "top.v", "rom.hex", "pkg.sv", "candidate"]);
        let sources: Vec<_> = job.sources().collect();
        assert_eq!(sources, ["src/top.v", "src/pkg.sv", "src/candidate"]);
    }

    #[test]
    fn source_attributes_speak_of_the_submitters_files() {
        let job = files(&["my top.v"]);
        assert_eq!(
            job.source_lines("src/my_top.v:6.2-6.90|/share/ice40/ff_map.v:2.51-2.90"),
            ["my top.v:6"]
        );
    }

    #[test]
    fn only_plain_identifiers_reach_the_script() {
        for good in ["TopModule", "_x$1"] {
            assert!(is_plain_identifier(good), "{good}");
        }
        for bad in ["", "1a", "$a", "a b", "a;exec", "-auto-top", "\\a"] {
            assert!(!is_plain_identifier(bad), "{bad}");
        }
    }
}
