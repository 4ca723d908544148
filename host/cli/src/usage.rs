//! Mistakes on the command line that clap cannot see.

use std::path::PathBuf;

/// A wrong argument: what was found, and what to type instead.
#[derive(Debug, thiserror::Error)]
pub enum Usage {
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
    /// A board selector that names nothing.
    #[error("{0}\n  type `filbench boards` for the boards within reach")]
    Board(String),
    /// An output folder that cannot be made.
    #[error(
        "cannot make the folder `{}`: {source}\n  name a writable one, as in `--out out`",
        path.display()
    )]
    Out {
        /// As given.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
}
