//! The pin file, and where what it pins is installed.

use crate::{Tool, ToolboxError};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// The wheel that carries SERV's RTL.
const SERV: &str = "pythondata-cpu-serv";

static PINS: LazyLock<Pins> = LazyLock::new(|| {
    toml::from_str(include_str!("../../../flows/tools.toml"))
        .expect("flows/tools.toml is part of the binary and read by this crate's tests")
});

#[derive(Deserialize)]
struct Pins {
    wheel: Vec<Wheel>,
    native: Vec<NativePin>,
}

/// The oldest native program that will do.
#[derive(Deserialize)]
struct NativePin {
    tool: Tool,
    version: String,
}

/// One pinned wheel.
#[derive(Deserialize)]
pub(crate) struct Wheel {
    name: String,
    version: String,
    #[serde(default)]
    module: Vec<PinnedModule>,
}

#[derive(Deserialize)]
struct PinnedModule {
    tool: Tool,
    file: String,
    sha256: String,
}

/// A WebAssembly guest as pinned.
pub(crate) struct Guest {
    pub(crate) version: &'static str,
    /// Of the module, lower-case hexadecimal.
    pub(crate) sha256: &'static str,
    /// The folder of its installed wheel.
    pub(crate) folder: PathBuf,
    pub(crate) module: PathBuf,
    /// The folder that the guest sees as `/share`.
    pub(crate) share: PathBuf,
}

/// filbench's cache: `FILBENCH_CACHE`, else the user's cache folder
/// (`$XDG_CACHE_HOME/filbench` or `~/.cache/filbench`).
///
/// `tools/` holds the unpacked wheels, `compiled/` native code made from them.
pub fn cache_root() -> PathBuf {
    match std::env::var_os("FILBENCH_CACHE") {
        Some(path) if !path.is_empty() => PathBuf::from(path),
        _ => directories::BaseDirs::new().map_or_else(
            || PathBuf::from(".filbench-cache"),
            |dirs| dirs.cache_dir().join("filbench"),
        ),
    }
}

impl Wheel {
    fn folder(&self, cache: &Path) -> PathBuf {
        cache.join("tools").join(format!("{}-{}", self.name, self.version))
    }

    fn installed(&self, cache: &Path, probe: &str) -> Result<PathBuf, ToolboxError> {
        let folder = self.folder(cache);
        if folder.join(probe).exists() {
            Ok(folder)
        } else {
            Err(ToolboxError::NotInstalled {
                name: self.name.clone(),
                version: self.version.clone(),
                path: folder,
            })
        }
    }
}

/// The installed guest `tool`; an error if setup has not put it there.
///
/// # Panics
/// If `tool` is native.
pub(crate) fn guest(cache: &Path, tool: Tool) -> Result<Guest, ToolboxError> {
    let (wheel, module) = PINS
        .wheel
        .iter()
        .find_map(|wheel| Some((wheel, wheel.module.iter().find(|m| m.tool == tool)?)))
        .expect("flows/tools.toml pins a module for every guest, as this crate's tests check");
    let folder = wheel.installed(cache, &module.file)?;
    Ok(Guest {
        version: &wheel.version,
        sha256: &module.sha256,
        module: folder.join(&module.file),
        share: folder.join("share"),
        folder,
    })
}

/// The version that a native `tool` must have at least; `None` for any.
pub(crate) fn native_version(tool: Tool) -> Option<&'static str> {
    PINS.native.iter().find(|pin| pin.tool == tool).map(|pin| pin.version.as_str())
}

/// The folder with SERV's `*.v`; an error if setup has not put it there.
pub(crate) fn serv_rtl(cache: &Path) -> Result<PathBuf, ToolboxError> {
    let wheel = PINS
        .wheel
        .iter()
        .find(|wheel| wheel.name == SERV)
        .expect("flows/tools.toml pins SERV, as this crate's tests check");
    Ok(wheel.installed(cache, "rtl")?.join("rtl"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_guest_and_serv_are_pinned() {
        let nowhere = Path::new("/nonexistent");
        for tool in Tool::GUESTS {
            let error = guest(nowhere, tool).err().map(|e| e.to_string());
            assert!(
                error.as_deref().is_some_and(|e| e.ends_with("run `cargo xtask setup`")),
                "{error:?}"
            );
        }
        assert!(serv_rtl(nowhere).is_err());
    }
}
