//! `cargo xtask demo`: sets up, then runs the main job on the virtual board.

use crate::project::{Phases, Project};
use crate::setup;
use anyhow::{Context, Result, bail};

/// A right and a wrong candidate of one problem, judged on the virtual iCEBreaker.
pub fn demo(project: &Project) -> Result<()> {
    let mut phases = Phases::default();
    setup::setup(project, &mut phases, setup::Build::Programs)?;
    eprintln!("{}", phases.summary());
    let suite = project.root.join("tests/suites/filbench-small");
    let problem = "Prob002_dff";
    judge(project, &suite, problem, "right.sv", 0)?;
    judge(project, &suite, problem, "wrong_inverted.sv", 1)?;
    Ok(())
}

fn judge(
    project: &Project,
    suite: &std::path::Path,
    problem: &str,
    candidate: &str,
    expected: i32,
) -> Result<()> {
    let file = suite.join("candidates").join(problem).join(candidate);
    let shown = |path: &std::path::Path| {
        path.strip_prefix(&project.root).unwrap_or(path).display().to_string()
    };
    let (file, prefix) = (shown(&file), shown(&suite.join(problem)));
    println!("\n$ filbench run {file} --problem {prefix} --board virtual:icebreaker");
    let mut command = project.command(project.filbench());
    command.args(["run", &file, "--problem", &prefix, "--board", "virtual:icebreaker"]);
    let status = command.status().with_context(|| format!("run `filbench run {file}`"))?;
    if status.code() != Some(expected) {
        bail!("`filbench run {file}` ended with {status}; {expected} was expected");
    }
    Ok(())
}
