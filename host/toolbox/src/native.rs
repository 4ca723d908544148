//! Where native tools are, and what their sandboxes have to show of the host.

use crate::icarus;
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

/// GHDL's programs, one for each way of making code, which synthesis never does. On
/// Debian `ghdl` is a script that chooses one of the others.
const GHDL: [&str; 4] = ["ghdl-mcode", "ghdl-llvm", "ghdl-gcc", "ghdl"];

/// An installed native tool.
#[derive(Clone, Debug)]
pub(crate) struct Native {
    pub(crate) program: PathBuf,
    pub(crate) view: View,
}

impl Native {
    /// The first installation of `tool` on `PATH` that consists of native programs.
    pub(crate) fn find(tool: Tool) -> Result<Self, ToolboxError> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
        let searched = || folders.iter().map(|folder| folder.display().to_string()).collect();
        let bins = folders.iter().filter_map(|bin| bin.canonicalize().ok());
        if tool == Tool::Ghdl {
            ghdl(bins).ok_or_else(|| ToolboxError::GhdlMissing { searched: searched() })?
        } else {
            icarus::find(tool, bins)
                .ok_or_else(|| ToolboxError::IcarusMissing { tool, searched: searched() })?
        }
    }
}

/// GHDL with its libraries (`…/lib/ghdl`), which it finds from where it is itself.
fn ghdl(mut bins: impl Iterator<Item = PathBuf>) -> Option<Result<Native, ToolboxError>> {
    bins.find_map(|bin| {
        let program = GHDL.iter().map(|name| bin.join(name)).find(|path| is_elf(path))?;
        let libraries = bin.parent()?.join("lib/ghdl");
        libraries.is_dir().then(|| {
            let view = view(std::slice::from_ref(&program), &[libraries]);
            let view = view.map_err(ToolboxError::io("look at", &bin))?;
            Ok(Native { program, view })
        })
    })
}

pub(crate) fn is_elf(path: &Path) -> bool {
    let mut magic = [0; 4];
    File::open(path).is_ok_and(|mut file| file.read_exact(&mut magic).is_ok())
        && magic == *b"\x7fELF"
}

/// `programs`, `folders`, the loader, and the folder of the C library, which is also
/// that of the other libraries that they need.
pub(crate) fn view(programs: &[PathBuf], folders: &[PathBuf]) -> std::io::Result<View> {
    let mut view = View::default();
    let loader = Path::new(LOADER).canonicalize()?;
    let libraries = loader.parent().unwrap_or(Path::new("/")).to_path_buf();
    for folder in folders.iter().filter(|folder| !folder.starts_with(&libraries)) {
        view.shown.push((folder.clone(), folder.clone()));
    }
    view.shown.push((libraries.clone(), libraries.clone()));
    for path in programs.iter().map(PathBuf::as_path).chain([Path::new(LOADER)]) {
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
