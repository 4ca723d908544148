//! `filbench token`.

use clap::{Args, Subcommand};
use filbench_store::{Scope, TokenId};
use std::path::PathBuf;

/// `filbench token`.
#[derive(Debug, Args)]
pub struct TokenArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: TokenCommand,
}

/// The subcommands of `filbench token`.
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Make a token and print its secret, this once
    Create(TokenCreateArgs),
    /// List the tokens
    List(TokenListArgs),
    /// Make a token worthless, from now on
    Revoke(TokenRevokeArgs),
}

/// `filbench token create`.
#[derive(Debug, Args)]
pub struct TokenCreateArgs {
    /// Who or what has it
    #[arg(value_name = "NAME")]
    pub name: String,
    /// What it allows: submit, read, operate, admin
    #[arg(
        long = "scope",
        value_name = "SCOPE",
        value_delimiter = ',',
        default_values_t = [Scope::Submit, Scope::Read]
    )]
    pub scopes: Vec<Scope>,
    /// Good for so many days [default: for ever]
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..))]
    pub days: Option<u32>,
    /// The daemon's data folder [default: filbench in the user's data folder]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

/// `filbench token list`.
#[derive(Debug, Args)]
pub struct TokenListArgs {
    /// The daemon's data folder [default: filbench in the user's data folder]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

/// `filbench token revoke`.
#[derive(Debug, Args)]
pub struct TokenRevokeArgs {
    /// As `filbench token list` has it
    #[arg(value_name = "ID")]
    pub id: TokenId,
    /// The daemon's data folder [default: filbench in the user's data folder]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}
