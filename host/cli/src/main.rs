//! The `filbench` command: the human and the JSON face of an evaluation, the
//! virtual board as a program, and the tools' sandboxed worker.

mod args;
mod boards;
mod bounded;
mod lease;
mod log;
mod output;
mod progress;
mod remote;
mod results;
mod run;
mod serve;
mod store;
mod suite;
mod suite_compare;
mod suite_report;
mod suite_run;
mod systemd;
mod table;
mod token;
mod toolbox;
mod usage;
mod vboard;
mod window;

use args::{Cli, Command};
use clap::Parser;
use std::process::ExitCode;
use usage::Usage;

/// The exit code of a fault, also of one that made no report.
const EXIT_FAULT: u8 = 3;
/// The exit code of wrong usage; `EX_USAGE` of BSD's sysexits.
const EXIT_USAGE: u8 = 64;

fn main() -> ExitCode {
    // The same program runs as the tools' worker; nothing may come before.
    if let Some(code) = filbench_toolbox::worker_main() {
        return code;
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no errors. Printing fails only when nobody
            // reads.
            error.print().ok();
            return match error.exit_code() {
                0 => ExitCode::SUCCESS,
                _ => ExitCode::from(EXIT_USAGE),
            };
        }
    };
    log::start(&cli.command);
    let end = match cli.command {
        Command::Run(args) => run::run(&args),
        Command::Suite(args) => suite::run(&args.command),
        Command::Vboard(args) => vboard::run(&args),
        Command::Serve(args) => serve::run(&args),
        Command::Token(args) => token::run(&args.command),
        Command::Boards(args) => boards::run(&args),
        Command::Lease(args) => lease::run(&args.command),
        Command::Results(args) => results::run(&args),
        Command::Store(args) => store::run(&args.command),
        Command::Toolbox(args) => toolbox::run(&args.command),
    };
    end.unwrap_or_else(|error| {
        // What a usage error says includes its cause.
        match error.downcast_ref::<Usage>() {
            Some(usage) => {
                output::tell(format_args!("error: {usage}"));
                ExitCode::from(EXIT_USAGE)
            }
            None => {
                output::tell(format_args!("error: {error:#}"));
                ExitCode::from(EXIT_FAULT)
            }
        }
    })
}
