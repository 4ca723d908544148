//! `cargo xtask chipdb`: the virtual board's chip databases, from Debian's IceStorm.
//!
//! IceStorm's text databases come with the package `fpga-icestorm-chipdb`. Where it is not
//! installed it is downloaded and unpacked into the cache, which needs no root.

use crate::project::{Project, capture, on_path, run};
use crate::scratch::Scratch;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};

const PACKAGE: &str = "fpga-icestorm-chipdb";
/// The version that the committed files were derived from. Another one may be as good:
/// the comparison decides.
const VERSION: &str = "0~20230218gitd20a5e9-1~deb12u1";
/// Where the package puts its files.
const TEXTS: &str = "usr/share/fpga-icestorm/chipdb";
/// The derived files, in `host/vboard/data`.
const FILES: [&str; 2] = ["5k.chipdb", "8k.chipdb"];

/// Derives the files again.
pub fn write(project: &Project) -> Result<()> {
    let texts = texts(project)?;
    derive(project, &texts, &committed(project))
}

/// Fails when a committed file is not what IceStorm's texts give.
pub fn check(project: &Project) -> Result<()> {
    let texts = texts(project)?;
    let fresh = project.root.join("target/chipdb");
    fs::create_dir_all(&fresh).with_context(|| format!("create {}", fresh.display()))?;
    derive(project, &texts, &fresh)?;
    for file in FILES {
        let read = |folder: &Path| {
            let path = folder.join(file);
            fs::read(&path).with_context(|| format!("read {}", path.display()))
        };
        if read(&fresh)? != read(&committed(project))? {
            bail!(
                "host/vboard/data/{file} is not what {} gives ({PACKAGE} {VERSION} was used \
                 last); type: cargo xtask chipdb",
                texts.display()
            );
        }
    }
    Ok(())
}

fn committed(project: &Project) -> PathBuf {
    project.root.join("host/vboard/data")
}

fn derive(project: &Project, texts: &Path, to: &Path) -> Result<()> {
    run(project
        .cargo(&["run", "--quiet", "-p", "filbench-vboard", "--features", "derive"])
        .args(["--bin", "derive-chipdb", "--"])
        .args([texts, to]))
}

/// The folder with IceStorm's text databases.
fn texts(project: &Project) -> Result<PathBuf> {
    let installed = Path::new("/").join(TEXTS);
    if is_whole(&installed) {
        return Ok(installed);
    }
    let unpacked = project.cache.join(format!("{PACKAGE}-{VERSION}"));
    let texts = unpacked.join(TEXTS);
    if is_whole(&texts) {
        return Ok(texts);
    }
    if !on_path("apt-get") || !on_path("dpkg-deb") {
        bail!("no {}; install IceStorm's chip databases there", installed.display());
    }
    let scratch = Scratch::new(project, PACKAGE)?;
    fetch(project, scratch.path())?;
    // Another process may have been faster; its folder is as good.
    match fs::rename(scratch.path(), &unpacked) {
        Err(error) if !is_whole(&texts) => {
            Err(error).with_context(|| format!("rename {}", scratch.path().display()))
        }
        _ => Ok(texts),
    }
}

fn is_whole(texts: &Path) -> bool {
    ["5k", "8k"].iter().all(|device| texts.join(format!("chipdb-{device}.txt")).is_file())
}

/// Downloads the package, the pinned version if Debian still has it, and unpacks it.
fn fetch(project: &Project, work: &Path) -> Result<()> {
    let download = |what: &str| {
        capture(project.command("apt-get").args(["download", "-q", what]).current_dir(work))
    };
    if download(&format!("{PACKAGE}={VERSION}")).is_err() && download(PACKAGE).is_err() {
        bail!("cannot download {PACKAGE}; type: apt-get update && apt-get install {PACKAGE}");
    }
    for entry in fs::read_dir(work).with_context(|| format!("list {}", work.display()))? {
        let path = entry.with_context(|| format!("list {}", work.display()))?.path();
        if path.extension().is_some_and(|extension| extension == "deb") {
            capture(project.command("dpkg-deb").arg("-x").arg(&path).arg(work))?;
            fs::remove_file(&path).with_context(|| format!("remove {}", path.display()))?;
        }
    }
    if !is_whole(&work.join(TEXTS)) {
        bail!("{PACKAGE} has no text databases in /{TEXTS}");
    }
    Ok(())
}
