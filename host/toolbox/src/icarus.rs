//! Where Icarus Verilog is, and what its sandbox has to show of the host.

use crate::protocol::View;
use crate::{Tool, ToolboxError};
use std::fs::{self, File};
use std::io::Read;
use std::path::{Component, Path, PathBuf};

/// The dynamic loader that the psABI names for this architecture.
const LOADER: &str = if cfg!(target_arch = "aarch64") {
    "/lib/ld-linux-aarch64.so.1"
} else if cfg!(target_arch = "riscv64") {
    "/lib/ld-linux-riscv64-lp64d.so.1"
} else {
    "/lib64/ld-linux-x86-64.so.2"
};
/// `iverilog` starts its passes through `system(3)`.
const SHELL: &str = "/bin/sh";

/// An installation of Icarus Verilog.
#[derive(Clone, Debug)]
pub(crate) struct Icarus {
    bin: PathBuf,
    pub(crate) view: View,
}

impl Icarus {
    pub(crate) fn program(&self, tool: Tool) -> PathBuf {
        self.bin.join(tool.name())
    }

    /// The first installation on `PATH` that consists of native programs and
    /// has its passes (`…/lib/ivl` or, on Debian, `…/lib/<triplet>/ivl`) where
    /// the programs were built to look for them.
    pub(crate) fn find(tool: Tool) -> Result<Self, ToolboxError> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
        let found = folders.iter().find_map(|bin| {
            let bin = bin.canonicalize().ok()?;
            let native = Tool::NATIVE.iter().all(|t| is_elf(&bin.join(t.name())));
            let passes = passes(&bin.parent()?.join("lib"))?;
            native.then_some((bin, passes))
        });
        let missing = || ToolboxError::IcarusMissing {
            tool,
            searched: folders.iter().map(|f| f.display().to_string()).collect(),
        };
        let (bin, passes) = found.ok_or_else(missing)?;
        let view = view(&bin, &passes).map_err(ToolboxError::io("look at", &bin))?;
        Ok(Self { bin, view })
    }
}

fn is_elf(path: &Path) -> bool {
    let mut magic = [0; 4];
    File::open(path).is_ok_and(|mut file| file.read_exact(&mut magic).is_ok())
        && magic == *b"\x7fELF"
}

fn passes(lib: &Path) -> Option<PathBuf> {
    let plain = lib.join("ivl");
    if plain.is_dir() {
        return Some(plain);
    }
    let folders = fs::read_dir(lib).ok()?;
    folders.flatten().map(|entry| entry.path().join("ivl")).find(|path| path.is_dir())
}

/// The programs, their passes, a shell, the loader, and the folder of the C
/// library, which is also that of the other libraries they need.
fn view(bin: &Path, passes: &Path) -> std::io::Result<View> {
    let mut view = View::default();
    let loader = Path::new(LOADER).canonicalize()?;
    let libraries = loader.parent().unwrap_or(Path::new("/")).to_path_buf();
    if !passes.starts_with(&libraries) {
        view.shown.push((passes.to_path_buf(), passes.to_path_buf()));
    }
    view.shown.push((libraries.clone(), libraries.clone()));
    let programs = Tool::NATIVE.map(|tool| bin.join(tool.name()));
    for path in programs.iter().map(PathBuf::as_path).chain([Path::new(SHELL), Path::new(LOADER)]) {
        // `/bin/sh` on a merged `/usr`: a link `/bin`, and the shell's file
        // shown as `/usr/bin/sh`.
        if let Some(Component::Normal(first)) = path.components().nth(1) {
            let top = Path::new("/").join(first);
            if let Ok(text) = fs::read_link(&top)
                && !view.links.iter().any(|(link, _)| *link == top)
            {
                view.links.push((top, text));
            }
        }
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
            continue;
        };
        let target = folder.canonicalize()?.join(name);
        if !target.starts_with(&libraries) {
            view.shown.push((path.canonicalize()?, target));
        }
    }
    Ok(view)
}
