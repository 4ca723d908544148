//! `filbench serve`.

use clap::{Args, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;

/// `filbench serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// The configuration, in TOML; `FILBENCH_…` variables and flags go over it
    #[arg(long, value_name = "FILE", env = "FILBENCH_CONFIG")]
    pub config: Option<PathBuf>,
    /// Address and port [default: 127.0.0.1:8470]; another than a loopback address needs a token
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
    /// Where submissions, results and tokens are kept [default: filbench in the user's data
    /// folder]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// How the log on stderr is written; FILBENCH_LOG says what is
    #[arg(long, value_enum, env = "FILBENCH_LOG_FORMAT", default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
}

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Lines for a person.
    Text,
    /// A JSON object a line.
    Json,
}
