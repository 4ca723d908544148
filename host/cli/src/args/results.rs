//! `filbench results`.

use super::{Format, ServerArgs};
use clap::Args;
use std::path::PathBuf;

/// `filbench results`.
#[derive(Debug, Args)]
pub struct ResultsArgs {
    /// A submission (`sub_…`) or an evaluation (`eval_…`) [default: the newest submissions are
    /// listed]
    #[arg(value_name = "ID")]
    pub id: Option<String>,
    /// Where an evaluation's report and artifacts, or a submission's results.jsonl and the
    /// reports made from it go
    #[arg(long, value_name = "DIR", requires = "id")]
    pub out: Option<PathBuf>,
    /// Show what happens until all has ended; the exit code is that of `filbench run` or
    /// `suite run`
    #[arg(long, requires = "id")]
    pub follow: bool,
    /// List at most so many
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub limit: usize,
    /// How it is printed on stdout
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
    /// Where.
    #[command(flatten)]
    pub server: ServerArgs,
}
