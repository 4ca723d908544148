//! Suites: many problems, many candidates, one table.
//!
//! [`Suite::open`] finds the problems of a folder, [`Candidates::find`] the
//! answers to them, [`plan()`] pairs them in an order that depends on nothing
//! but their names, and [`Runner::run`] judges the pairs on all cores.
//!
//! **A problem or candidate that cannot be read is a record of its own; the
//! rest is still judged.** What was judged is in the [`Journal`] at once, so
//! that a run that is killed loses only what was in progress.

mod candidates;
mod class;
mod error;
mod journal;
mod layout;
mod natural;
mod plan;
mod problem;
mod runner;
mod summary;
mod tasks_file;
mod verilog;

pub use candidates::{Candidate, Candidates};
pub use class::record;
pub use error::SuiteError;
pub use journal::Journal;
pub use layout::{Layout, Suite};
pub use natural::natural_order;
pub use plan::{GOLDEN_SAMPLE, Task, plan};
pub use problem::SuiteProblem;
pub use runner::{Finished, Observer, Runner, Settings, waveform_path};
pub use summary::{Line, SUMMARY_SCHEMA, Summary};
