//! Where Icarus Verilog is.

use crate::native::{Native, is_elf, view};
use crate::{Tool, ToolboxError};
use std::fs;
use std::path::{Path, PathBuf};

/// `iverilog` starts its passes through `system(3)`.
const SHELL: &str = "/bin/sh";

/// The first installation in `bins` that consists of native programs and has
/// its passes (`…/lib/ivl` or, on Debian, `…/lib/<triplet>/ivl`) where the
/// programs were built to look for them.
pub(crate) fn find(
    tool: Tool,
    mut bins: impl Iterator<Item = PathBuf>,
) -> Option<Result<Native, ToolboxError>> {
    bins.find_map(|bin| {
        let programs = Tool::ICARUS.map(|tool| bin.join(tool.name()));
        let passes = passes(&bin.parent()?.join("lib"))?;
        programs.iter().all(|program| is_elf(program)).then(|| {
            let shown: Vec<PathBuf> = programs.into_iter().chain([SHELL.into()]).collect();
            let view = view(&shown, &[passes]).map_err(ToolboxError::io("look at", &bin))?;
            Ok(Native { program: bin.join(tool.name()), view })
        })
    })
}

fn passes(lib: &Path) -> Option<PathBuf> {
    let plain = lib.join("ivl");
    if plain.is_dir() {
        return Some(plain);
    }
    let folders = fs::read_dir(lib).ok()?;
    folders.flatten().map(|entry| entry.path().join("ivl")).find(|path| path.is_dir())
}
