//! Where things are, and how tasks run programs and tell their time.

use anyhow::{Context, Result, bail};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The checkout and the user's cache.
pub struct Project {
    /// The folder with the workspace's Cargo.toml.
    pub root: PathBuf,
    /// `FILBENCH_CACHE`, else the user's cache folder.
    pub cache: PathBuf,
}

impl Project {
    /// Finds both; creates the cache folder.
    pub fn locate() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .ancestors()
            .nth(2)
            .context("host/xtask lies two folders below the workspace")?
            .to_path_buf();
        let cache = match std::env::var_os("FILBENCH_CACHE") {
            Some(path) => PathBuf::from(path),
            None => directories::BaseDirs::new()
                .context("no home folder for the cache: set FILBENCH_CACHE to a folder")?
                .cache_dir()
                .join("filbench"),
        };
        std::fs::create_dir_all(&cache)
            .with_context(|| format!("create the cache folder {}", cache.display()))?;
        Ok(Self { root, cache })
    }

    /// A command that runs in the checkout and uses the same cache.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root).env("FILBENCH_CACHE", &self.cache).stdin(Stdio::null());
        command
    }

    /// `cargo` with arguments, in the checkout.
    pub fn cargo(&self, args: &[&str]) -> Command {
        let mut command = self.command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.args(args);
        command
    }

    /// Makes `folder` a cache with tools, their native code and the firmware, and nothing
    /// that an evaluation keeps: no recordings, analyses, proofs or fixtures.
    pub fn cold_cache(&self, folder: &Path) -> Result<()> {
        empty_folder(folder)?;
        for part in ["tools", "compiled", "firmware"] {
            let (from, to) = (self.cache.join(part), folder.join(part));
            std::os::unix::fs::symlink(&from, &to)
                .with_context(|| format!("link {} to {}", to.display(), from.display()))?;
        }
        Ok(())
    }

    /// The built `filbench`.
    pub fn filbench(&self) -> PathBuf {
        let target = std::env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| self.root.join("target"), |dir| self.root.join(dir));
        target.join("debug").join("filbench")
    }
}

/// Makes `path` an empty folder, whatever it was.
pub fn empty_folder(path: &Path) -> Result<()> {
    if path.exists() {
        std::fs::remove_dir_all(path).with_context(|| format!("empty {}", path.display()))?;
    }
    std::fs::create_dir_all(path).with_context(|| format!("create {}", path.display()))
}

/// Runs a command with our own stdout and stderr; an error names the command.
pub fn run(command: &mut Command) -> Result<()> {
    let shown = show(command);
    let status = command.status().with_context(|| format!("start `{shown}`"))?;
    if !status.success() {
        bail!("`{shown}` ended with {status}");
    }
    Ok(())
}

/// Runs a command and returns its stdout and stderr together; an error carries them.
pub fn capture(command: &mut Command) -> Result<String> {
    let shown = show(command);
    let output = command.output().with_context(|| format!("start `{shown}`"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        bail!("`{shown}` ended with {}:\n{text}", output.status);
    }
    Ok(text)
}

/// Whether a program is on PATH.
pub fn on_path(program: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
    })
}

fn show(command: &Command) -> String {
    let words: Vec<_> = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_string_lossy())
        .collect();
    words.join(" ")
}

/// Runs named phases one after another and prints how long each took.
#[derive(Default)]
pub struct Phases {
    done: Vec<(String, Duration)>,
}

impl Phases {
    /// Runs one phase; its error ends the task.
    pub fn run<T>(&mut self, name: &str, phase: impl FnOnce() -> Result<T>) -> Result<T> {
        eprintln!("==> {name}");
        let start = Instant::now();
        let value = phase().with_context(|| format!("phase `{name}`"))?;
        let took = start.elapsed();
        eprintln!("<== {name}: {:.1} s", took.as_secs_f64());
        self.done.push((name.to_owned(), took));
        Ok(value)
    }

    /// The table of all phases.
    pub fn summary(&self) -> String {
        let total: Duration = self.done.iter().map(|(_, took)| *took).sum();
        let mut text = String::from("phase                                   seconds\n");
        for (name, took) in
            self.done.iter().map(|(n, t)| (n.as_str(), *t)).chain([("total", total)])
        {
            text += &format!("{name:<40}{:>7.1}\n", took.as_secs_f64());
        }
        text
    }
}
