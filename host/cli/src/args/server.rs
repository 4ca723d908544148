//! What the commands that speak to a lab's server have in common.

use clap::Args;
use std::path::PathBuf;

/// Which server, and with which token.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "A lab's server")]
pub struct ServerArgs {
    /// Have it done by the `filbench serve` at this address, such as http://lab:8470
    #[arg(long, value_name = "URL", env = "FILBENCH_SERVER")]
    pub server: Option<String>,
    /// The file that holds the token, and that its owner alone may read [default:
    /// $FILBENCH_TOKEN, or `filbench/token` in the user's configuration folder if it is there]
    #[arg(long, value_name = "FILE", env = "FILBENCH_TOKEN_FILE")]
    pub token_file: Option<PathBuf>,
}
