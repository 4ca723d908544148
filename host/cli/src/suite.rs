//! `filbench suite`.

use crate::args::SuiteCommand;
use crate::{suite_compare, suite_report};
use std::process::ExitCode;

/// Runs one of the subcommands.
pub fn run(command: &SuiteCommand) -> anyhow::Result<ExitCode> {
    match command {
        SuiteCommand::Report(args) => suite_report::run(args),
        SuiteCommand::Compare(args) => suite_compare::run(args),
    }
}
