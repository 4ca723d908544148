//! `filbench lease`.

use super::{Format, ServerArgs};
use clap::{Args, Subcommand};
use filbench_client::LeaseRef;
use std::path::PathBuf;

/// `filbench lease`.
#[derive(Debug, Args)]
pub struct LeaseArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: LeaseCommand,
}

/// The subcommands of `filbench lease`.
#[derive(Debug, Subcommand)]
pub enum LeaseCommand {
    /// Reserve a board, for a while or for as long as a command runs
    #[command(after_help = "\
Without a COMMAND the lease is printed (`lease_…@GENERATION`) and ends by itself unless it is \
extended. With one it is kept alive while the command runs, which finds it in FILBENCH_LEASE, and \
then given back; the exit code is the command's.")]
    Take(LeaseTakeArgs),
    /// Give a lease more time
    Extend {
        /// Which.
        #[command(flatten)]
        lease: LeaseArg,
        /// So many seconds from now [default: as the server is configured]
        #[arg(long, value_name = "S")]
        ttl: Option<u64>,
        /// Where.
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Give the board back
    Release {
        /// Which.
        #[command(flatten)]
        lease: LeaseArg,
        /// Where.
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Load a bitstream into the board
    Program {
        /// An icepack `.bin` file
        #[arg(value_name = "FILE")]
        bitstream: PathBuf,
        /// Which.
        #[command(flatten)]
        lease: LeaseArg,
        /// Where.
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Connect the board's UART with standard input and output; keeps the lease alive
    #[command(after_help = "\
Ends when the board is given back, or, after the end of the input, when nothing came from the \
board for --idle seconds.")]
    Uart {
        /// Which.
        #[command(flatten)]
        lease: LeaseArg,
        /// After the end of the input, wait so many seconds for more from the board
        #[arg(long, value_name = "S", default_value_t = 1.0)]
        idle: f64,
        /// Where.
        #[command(flatten)]
        server: ServerArgs,
    },
}

/// `filbench lease take`.
#[derive(Debug, Args)]
pub struct LeaseTakeArgs {
    /// Which board: `virtual:KIND`, `KIND`, `tag:TAG` or `id:NAME`; see `filbench boards --server`
    #[arg(value_name = "SELECTOR")]
    pub board: String,
    /// For so many seconds, unless it is extended [default: as the server is configured]
    #[arg(long, value_name = "S")]
    pub ttl: Option<u64>,
    /// Wait so many seconds for a board that is in use
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub wait: u64,
    /// How the lease is printed on stdout
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
    /// Where.
    #[command(flatten)]
    pub server: ServerArgs,
    /// Run this while the board is reserved
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<String>,
}

/// A lease that was taken.
#[derive(Debug, Args)]
pub struct LeaseArg {
    /// The lease, as `filbench lease take` printed it
    #[arg(long, value_name = "LEASE@GENERATION", env = "FILBENCH_LEASE")]
    pub lease: LeaseRef,
}
