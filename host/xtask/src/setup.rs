//! `cargo xtask setup`: everything a fresh machine needs, in one go, again and again without harm.

use crate::firmware;
use crate::project::{Phases, Project, capture, on_path, run};
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::path::Path;

/// What `flows/tools.toml` says about Debian; the rest is for `flows/fetch.py`.
#[derive(Deserialize)]
struct Tools {
    debian: Vec<DebianPackage>,
}

/// One Debian package and how to see that it is there.
#[derive(Deserialize)]
struct DebianPackage {
    /// Its name for apt.
    package: String,
    /// A file that it installs.
    provides: String,
    /// What it is needed for.
    purpose: String,
}

/// What of the workspace set-up builds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Build {
    /// What people use.
    Programs,
    /// The tests as well. What they need beside it gives libraries other features, so that
    /// programs that are built before them would be built twice.
    All,
}

impl Build {
    fn cargo_arguments(self) -> &'static [&'static str] {
        match self {
            Build::Programs => &["build", "--workspace"],
            Build::All => &["build", "--workspace", "--all-targets"],
        }
    }
}

/// Sets up tools, build, compiled modules and firmware.
pub fn setup(project: &Project, phases: &mut Phases, build: Build) -> Result<()> {
    phases.run("setup: programs from Debian", || debian(project))?;
    phases.run("setup: pinned tools", || {
        if !on_path("python3") {
            bail!("python3 is needed to fetch the pinned tools; type `apt-get install python3`");
        }
        run(project.command("python3").arg("flows/fetch.py").arg("--cache").arg(&project.cache))
    })?;
    phases.run("setup: build", || run(&mut project.cargo(build.cargo_arguments())))?;
    phases.run("setup: compile the tools' modules", || {
        run(project.command(project.filbench()).args(["toolbox", "prepare"]))
    })?;
    phases.run("setup: firmware", || firmware::build(project))
}

fn debian(project: &Project) -> Result<()> {
    let path = project.root.join("flows/tools.toml");
    let text =
        std::fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
    let tools: Tools =
        toml::from_str(&text).with_context(|| format!("parse {}", path.display()))?;
    let missing: Vec<&DebianPackage> =
        tools.debian.iter().filter(|p| !Path::new(&p.provides).exists()).collect();
    if missing.is_empty() {
        eprintln!("nothing to install");
        return Ok(());
    }
    for package in &missing {
        eprintln!("{} is missing ({})", package.package, package.purpose);
    }
    let names: Vec<&str> = missing.iter().map(|p| p.package.as_str()).collect();
    let by_hand =
        format!("apt-get update && apt-get install --no-install-recommends {}", names.join(" "));
    if !on_path("apt-get") {
        bail!("this is no Debian; install what provides {}", names.join(", "));
    }
    let is_root = capture(project.command("id").arg("-u"))?.trim() == "0";
    if !is_root {
        bail!("not root, so type: sudo sh -c '{by_hand}'");
    }
    let apt = |args: &[&str]| {
        // Its own lines are the progress of what may take minutes.
        run(project.command("apt-get").args(args).env("DEBIAN_FRONTEND", "noninteractive"))
            .with_context(|| format!("install by hand: {by_hand}"))
    };
    apt(&["update"])?;
    let mut install = vec!["install", "-y", "--no-install-recommends"];
    install.extend(&names);
    apt(&install)?;
    match missing.iter().find(|p| !Path::new(&p.provides).exists()) {
        Some(package) => {
            bail!("{} was installed, but there is no {}", package.package, package.provides)
        }
        None => Ok(()),
    }
}
