//! filbench over HTTP: a daemon's queue, boards and results, for programs and for people.
//!
//! ```text
//! connection ─► headers ─► who is it? ─► may it? how much? ─► body ─► daemon, store
//! ```
//!
//! - **A request is read only as far as its sender is known to be allowed to send it**, and
//!   everything in it is checked before anything is kept.
//! - **What belongs to somebody else is not there.**
//! - A refusal is an RFC 9457 problem that says what would be accepted.

mod archive;
mod auth;
mod config;
mod error;
mod extract;
mod files;
mod limits;
mod metrics;
mod openapi;
mod pages;
mod router;
mod routes;
mod serve;
mod settings;
mod state;
mod submit;
pub mod types;
mod views;

pub use archive::{ArchiveError, unpack};
pub use auth::LOCAL;
pub use config::{ApiConfig, ApiLimits, WithoutToken};
pub use error::{ApiError, ErrorKind, PROBLEM_JSON, ProblemDetails};
pub use files::{Bounds, FileError, FileSet, checked_name};
pub use openapi::openapi;
pub use router::router;
pub use serve::serve;
pub use settings::{LISTEN, LabSettings, RetentionSettings, Settings, SettingsError};
