//! The log, on stderr.

use crate::args::{Command, LogFormat};
use std::io::{IsTerminal as _, stderr};
use tracing_subscriber::EnvFilter;

/// What is logged; the syntax of `tracing_subscriber`'s filter.
const LOG: &str = "FILBENCH_LOG";

/// Starts it: for a daemon what it does, for everything else what goes wrong.
pub fn start(command: &Command) {
    let (usual, format) = match command {
        Command::Serve(args) => ("info", args.log_format),
        _ => ("warn", LogFormat::Text),
    };
    let filter = EnvFilter::try_from_env(LOG).unwrap_or_else(|_| EnvFilter::new(usual));
    let log = tracing_subscriber::fmt().with_writer(stderr).with_env_filter(filter);
    match format {
        LogFormat::Text => log.with_ansi(stderr().is_terminal()).init(),
        LogFormat::Json => log.json().init(),
    }
}
