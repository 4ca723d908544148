//! `filbench suite`.

use crate::args::SuiteCommand;
use crate::{suite_compare, suite_report, suite_run};
use std::process::ExitCode;

/// Runs one of the subcommands.
pub fn run(command: &SuiteCommand) -> anyhow::Result<ExitCode> {
    match command {
        SuiteCommand::Run(args) => suite_run::run(args),
        SuiteCommand::Report(args) => suite_report::run(args),
        SuiteCommand::Compare(args) => suite_compare::run(args),
    }
}
