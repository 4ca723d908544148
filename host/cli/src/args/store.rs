//! `filbench store`.

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// `filbench store`.
#[derive(Debug, Args)]
pub struct StoreArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: StoreCommand,
}

/// Where a lab's daemon keeps everything.
#[derive(Debug, Args)]
pub struct DataArgs {
    /// The daemon's folder [default: $FILBENCH_DATA, or `filbench` in the user's data folder]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

impl DataArgs {
    /// The folder.
    pub fn dir(&self) -> PathBuf {
        self.data.clone().unwrap_or_else(filbench_store::default_dir)
    }
}

/// The subcommands of `filbench store`.
#[derive(Debug, Subcommand)]
pub enum StoreCommand {
    /// Write everything into one file, also while the daemon works
    Backup {
        /// The new file, or a folder that gets one named after the time
        #[arg(value_name = "FILE|DIR")]
        to: PathBuf,
        /// Where from.
        #[command(flatten)]
        data: DataArgs,
    },
    /// Make the daemon's folder, which must not be there or be empty, from such a file
    Restore {
        /// What `filbench store backup` wrote
        #[arg(value_name = "FILE")]
        from: PathBuf,
        /// Where to.
        #[command(flatten)]
        data: DataArgs,
    },
    /// Look at everything for damage, also while the daemon works
    #[command(after_help = "Exit codes: 0 sound, 3 damaged, 64 wrong usage.")]
    Check {
        /// Where.
        #[command(flatten)]
        data: DataArgs,
    },
}
