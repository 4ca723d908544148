//! Mistakes on the command line that clap cannot see.

use filbench_board::{Board, Device};
use std::path::PathBuf;

/// What to type for a bitstream for `device`.
fn boards_with(device: Device) -> String {
    Board::known()
        .filter_map(|kind| Board::load(kind).ok())
        .filter(|board| board.device == device)
        .map(|board| format!("\n  type `--board {}`", board.kind))
        .collect()
}

/// A wrong argument: what was found, and what to type instead.
#[derive(Debug, thiserror::Error)]
pub enum Usage {
    /// A daemon that cannot be started like this.
    #[error("{0}")]
    Serve(String),
    /// A file of the candidate that cannot be read.
    #[error(
        "cannot read the candidate's file `{}`: {source}\n  \
         try `filbench run path/to/candidate.v --problem path/to/problem`",
        path.display()
    )]
    Candidate {
        /// As given.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A firmware image that cannot be read.
    #[error("cannot read the firmware image `{}`: {source}", path.display())]
    Firmware {
        /// As given.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A bitstream that cannot be read.
    #[error(
        "cannot read the bitstream `{}`: {source}\n  \
         try `filbench vboard --board KIND --bitstream path/to/bitstream.bin`",
        path.display()
    )]
    Bitstream {
        /// As given.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A file that no board would take.
    #[error("`{}` is no iCE40 bitstream: {source}", path.display())]
    NoBitstream {
        /// As given.
        path: PathBuf,
        /// What is wrong with it.
        source: filbench_vboard::BitstreamError,
    },
    /// A bitstream with something that the virtual board does not model, or that no tool
    /// writes.
    #[error(
        "`{}` cannot run on a virtual board: {source}\n  \
         leave that out of the design, or program a real board with it",
        path.display()
    )]
    Unmodelled {
        /// As given.
        path: PathBuf,
        /// What it is.
        source: filbench_vboard::DecodeError,
    },
    /// A bitstream that does not power up on this board.
    #[error(
        "`{}` does not start on a virtual {kind}: {source}; mend the design and build the \
         bitstream anew", path.display()
    )]
    NoStart {
        /// As given.
        path: PathBuf,
        /// The board's.
        kind: String,
        /// Why not.
        source: filbench_vboard::BoardError,
    },
    /// A bitstream for another device.
    #[error(
        "`{}` is for the {device}; a virtual {} has the {}{}",
        path.display(), board.kind, board.device, boards_with(*device)
    )]
    OtherDevice {
        /// As given.
        path: PathBuf,
        /// What it is for.
        device: Device,
        /// The board that was named.
        board: Box<Board>,
    },
    /// No problem where one was pointed at.
    #[error("{0}")]
    Problem(String),
    /// No suite, or no candidates, where they were pointed at.
    #[error("{0}")]
    Suite(String),
    /// Results that cannot be opened.
    #[error(
        "cannot read the results `{}`: {source}\n  \
         name a folder that `filbench suite run … --out DIR` wrote, or its results.jsonl",
        path.display()
    )]
    Results {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A file that holds no results.
    #[error("cannot read the results `{}`: {source}", path.display())]
    NoResults {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: Box<filbench_results::JsonLinesError>,
    },
    /// A known-bad list that is none.
    #[error("{0}\n  type `--known-bad verilog-eval-v2`, or name a file")]
    KnownBad(String),
    /// A store, or a backup, that is not there, is none, or is in the way.
    #[error("{0}")]
    Store(String),
    /// A server that refuses what was asked for, or an address or token that is none.
    #[error("{0}")]
    Server(String),
    /// A command that needs a server.
    #[error("no server is named; add `--server http://lab:8470`, or set FILBENCH_SERVER")]
    NoServer,
    /// An option that a server does not take.
    #[error(
        "`{option}` is not for a server to obey; leave it out, or leave out `--server` (and unset \
         FILBENCH_SERVER)"
    )]
    NotAtServer {
        /// Such as `--firmware`.
        option: &'static str,
    },
    /// A board selector that names nothing.
    #[error("{0}\n  type `filbench boards` for the boards within reach")]
    Board(String),
    /// An output folder that cannot be made, or is read-only.
    #[error(
        "cannot write into the folder `{}`: {source}\n  name a writable one, as in `--out out`",
        path.display()
    )]
    Out {
        /// As given.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
}
