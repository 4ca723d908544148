//! filbench over HTTP.

mod archive;
mod error;
mod files;
pub mod types;

pub use archive::{ArchiveError, unpack};
pub use error::{ApiError, ErrorKind, PROBLEM_JSON, ProblemDetails};
pub use files::{Bounds, FileError, FileSet, checked_name};
