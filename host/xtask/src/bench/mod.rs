//! `cargo xtask bench`: how long things take, as ratios between things that run
//! side by side.
//!
//! Contestants take turns, every figure is given as the least and the median of
//! some rounds, and CPU time is taken wherever it can be, because the machine
//! may be busy. A goal that is missed is printed and is no error; what could not
//! be measured, or results that differ, are.

mod daemon;
mod engine;
mod evaluation;
mod long;
mod measure;
mod rate;
mod simulators;
mod stimulus;
mod table;
mod traffic;
mod yowasp;

use crate::project::{Project, empty_folder, run};
use crate::scratch::Scratch;
use anyhow::{Result, bail};
use clap::ValueEnum;
use std::path::{Path, PathBuf};

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// Time of each step of `filbench run`, with cold and warm caches
    Steps,
    /// Designs a minute, against the stock YoWASP commands
    Rate,
    /// The virtual board's engine, against Verilator and Icarus
    Engine,
    /// Bytes of a step on the link
    Link,
    /// A lab's daemon with 2,048 evaluations at once
    Daemon,
}

/// What the parts share.
pub struct Bench<'a> {
    project: &'a Project,
    rounds: usize,
    scratch: Scratch,
}

impl Bench<'_> {
    /// A program of the workspace.
    fn program(&self, name: &str) -> PathBuf {
        self.project.filbench().with_file_name(name)
    }

    /// A suite's file, relative to the suite.
    fn suite(&self, path: &str) -> PathBuf {
        self.project.root.join("tests/suites/filbench-small").join(path)
    }

    /// An empty folder of this run.
    fn folder(&self, name: &str) -> Result<PathBuf> {
        let path = self.scratch.path().join(name);
        empty_folder(&path)?;
        Ok(path)
    }

    /// A cache in which nothing was judged yet.
    fn cold_cache(&self, name: &str) -> Result<PathBuf> {
        let path = self.scratch.path().join(name);
        self.project.cold_cache(&path)?;
        Ok(path)
    }
}

/// Measures `parts`, or all, with `rounds` rounds each.
pub fn bench(project: &Project, rounds: usize, parts: &[Part]) -> Result<()> {
    if rounds == 0 {
        bail!("nothing is measured in 0 rounds; use `--rounds 3`");
    }
    in_scratch(project, rounds, |bench| measure_parts(bench, parts))
}

/// Measures how long all goldens of `suite` take, or of our own one.
pub fn long(project: &Project, suite: Option<&Path>) -> Result<()> {
    let own = project.root.join("tests/suites/filbench-small");
    in_scratch(project, 1, |bench| long::long(bench, suite.unwrap_or(&own)))
}

fn in_scratch(
    project: &Project,
    rounds: usize,
    measure: impl FnOnce(&Bench) -> Result<()>,
) -> Result<()> {
    run(&mut project.cargo(&["build", "--workspace", "--quiet"]))?;
    if !project.cache.join("firmware/soft.bin").is_file() {
        bail!("the cache {} is not set up; run `cargo xtask setup`", project.cache.display());
    }
    measure(&Bench { project, rounds, scratch: Scratch::new(project, "bench")? })
}

fn measure_parts(bench: &Bench, parts: &[Part]) -> Result<()> {
    println!(
        "{} rounds, virtual board, {} processors; times are the least / the median",
        bench.rounds,
        std::thread::available_parallelism().map_or(1, usize::from)
    );
    let mut failed = Vec::new();
    for &part in Part::value_variants() {
        if !parts.is_empty() && !parts.contains(&part) {
            continue;
        }
        let result = match part {
            Part::Steps => evaluation::steps(bench),
            Part::Rate => rate::rate(bench),
            Part::Engine => engine::engine(bench),
            Part::Link => traffic::link(bench),
            Part::Daemon => daemon::daemon(bench),
        };
        if let Err(error) = result {
            println!("not measured: {error:#}");
            failed.push(format!("{part:?}").to_lowercase());
        }
    }
    if !failed.is_empty() {
        bail!("not measured, or with different results: {}", failed.join(", "));
    }
    Ok(())
}
