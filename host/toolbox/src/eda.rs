//! Yosys, nextpnr and icepack as native programs.

use crate::native::{Native, view};
use crate::{Tool, ToolboxError};
use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Yosys starts ABC through `popen(3)`; a program may be a shell script as well.
const SHELL: &str = "/bin/sh";
/// Yosys' own ABC, beside it.
const ABC: &str = "yosys-abc";
/// From this link Yosys and nextpnr tell where they are, and so where their data is. The
/// sandbox has no other `/proc`.
const SELF: &str = "/proc/self/exe";

/// A native program of the flow.
#[derive(Clone, Debug)]
pub(crate) struct Eda {
    pub(crate) native: Native,
    /// Its data.
    pub(crate) share: Option<PathBuf>,
}

/// The first `tool` in `path`, a list of folders like `PATH`.
pub(crate) fn find(tool: Tool, path: &OsStr) -> Result<Eda, ToolboxError> {
    let folders: Vec<PathBuf> = std::env::split_paths(path).collect();
    let bins = folders.iter().filter_map(|folder| folder.canonicalize().ok());
    let Some(bin) = bins.into_iter().find(|bin| is_program(&bin.join(tool.name()))) else {
        let searched = folders.iter().map(|folder| folder.display().to_string()).collect();
        return Err(ToolboxError::NativeMissing { tool, searched });
    };
    let program = bin.join(tool.name());
    let mut programs = vec![program.clone(), PathBuf::from(SHELL)];
    if tool == Tool::Yosys && is_program(&bin.join(ABC)) {
        programs.push(bin.join(ABC));
    }
    let name = match tool {
        Tool::Yosys => Some("share/yosys"),
        Tool::NextpnrIce40 => Some("share/nextpnr"),
        _ => None,
    };
    let share = name.zip(bin.parent()).map(|(name, root)| root.join(name));
    let share = share.filter(|share| share.is_dir());
    let mut shown: Vec<PathBuf> = share.iter().cloned().collect();
    if tool == Tool::NextpnrIce40 {
        shown.extend(bin.parent().into_iter().flat_map(python));
    }
    let mut view = view(&programs, &shown).map_err(ToolboxError::io("look at", &bin))?;
    view.links.push((SELF.into(), program.clone()));
    Ok(Eda { native: Native { program, view }, share })
}

/// The libraries of Python below `root`: most builds of nextpnr start an interpreter, needed
/// or not.
fn python(root: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root.join("lib")).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("python3."))
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect()
}

fn is_program(path: &Path) -> bool {
    path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

/// What to ask `tool` for its version with; `None` for icepack, which tells none.
pub(crate) fn version_argument(tool: Tool) -> Option<&'static str> {
    match tool {
        Tool::Icepack => None,
        Tool::NextpnrIce40 | Tool::Ghdl => Some("--version"),
        _ => Some("-V"),
    }
}

/// The version in what a tool of the flow prints: `Yosys 0.70 (git sha1 …)`,
/// `nextpnr-ice40 -- Next Generation Place and Route (Version nextpnr-0.11-1+b1)`.
pub(crate) fn version(text: &str) -> Option<&str> {
    let words = text.split(|c: char| c.is_whitespace() || "()\"".contains(c));
    let version = words
        .skip_while(|word| !["Yosys", "Version"].contains(word))
        .find(|word| word.contains(|c: char| c.is_ascii_digit()))?;
    Some(version.strip_prefix("nextpnr-").unwrap_or(version))
}

/// Whether `found` is `needed` or newer, by the numbers between their points; what follows
/// the numbers (`+12`, `-1`) counts for nothing.
pub(crate) fn is_enough(found: &str, needed: &str) -> bool {
    let numbers = |version: &str| -> Vec<u32> {
        let end = version.find(|c: char| !(c.is_ascii_digit() || c == '.'));
        let plain = &version[..end.unwrap_or(version.len())];
        plain.split('.').filter_map(|number| number.parse().ok()).collect()
    };
    numbers(found) >= numbers(needed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_and_compared_by_their_numbers() {
        for (text, expected) in [
            ("Yosys 0.23 (git sha1 7ce5011c24b)\n", Some("0.23")),
            ("Yosys 0.70+42 (git sha1 1, clang++ 18)\n", Some("0.70+42")),
            (
                "\"nextpnr-ice40\" -- Next Generation Place and Route (Version 0.4-1+b1)\n",
                Some("0.4-1+b1"),
            ),
            ("nextpnr-ice40 -- Next Generation … (Version nextpnr-0.11-3-gab)", Some("0.11-3-gab")),
            ("/bin/sh: not found", None),
        ] {
            assert_eq!(version(text), expected, "{text}");
        }
        for (found, needed, enough) in [
            ("0.23", "0.70", false),
            ("0.9", "0.70", false),
            ("0.70", "0.70", true),
            ("0.70+42", "0.70", true),
            ("0.71-1", "0.70", true),
            ("1.0", "0.70", true),
            ("0.4-1+b1", "0.11", false),
            ("?", "0.1", false),
        ] {
            assert_eq!(is_enough(found, needed), enough, "{found} for {needed}");
        }
    }
}
