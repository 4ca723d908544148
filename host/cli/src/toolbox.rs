//! `filbench toolbox`: the tools' cache.

use crate::args::ToolboxCommand;
use crate::output::tell;
use anyhow::Result;
use filbench_toolbox::{EdaTools, Toolbox, ToolboxConfig, cache_root};
use std::process::ExitCode;

/// Runs one of the subcommands.
pub fn run(command: &ToolboxCommand) -> Result<ExitCode> {
    let toolbox =
        Toolbox::open(ToolboxConfig { cache: cache_root(), worker: None, tools: EdaTools::Wasm })?;
    match command {
        ToolboxCommand::Prepare => toolbox.prepare(&mut |line| tell(format_args!("{line}")))?,
    }
    tell(format_args!("the tools are ready in {}", cache_root().display()));
    Ok(ExitCode::SUCCESS)
}
