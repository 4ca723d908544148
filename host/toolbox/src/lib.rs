//! Runs tools on untrusted input in sandboxed workers.
//!
//! [`Toolbox::run`] takes a [`ToolJob`] and gives a [`ToolRun`]. Between the two
//! stands a *worker*: this very binary, started again with a hidden first
//! argument, in a process group of its own. It lives for one job and no longer
//! than its parent, and it is where every limit is enforced:
//!
//! | tool | confined by | memory limit | CPU limit |
//! |---|---|---|---|
//! | `yosys`, `nextpnr-ice40`, `icepack` | WebAssembly, and Landlock where the kernel has it | store limiter, `RLIMIT_DATA` | `RLIMIT_CPU` |
//! | the same as native programs ([`EdaTools::Native`]), `iverilog`, `vvp`, `ghdl` | user, mount, network, pid and ipc namespaces, and Landlock; all of them or nothing | `RLIMIT_AS` | `RLIMIT_CPU` |
//!
//! The parent counts what the job writes, to its standard streams and into its
//! folder, and holds a wall clock as a backstop. However a job ends, it ends as
//! a [`ToolExit`]; a [`ToolboxError`] says that the lab, not the job, failed.
//!
//! [`Toolbox::stop`] ends all jobs, an [`Interrupt`] those of one caller.
//!
//! A binary that uses the toolbox calls [`worker_main`] first thing in `main`.

mod compiled;
mod eda;
mod error;
mod icarus;
mod interrupt;
mod job;
mod jobdir;
mod native;
mod outcome;
mod pins;
mod protocol;
mod supervise;
mod toolbox;
mod worker;

pub use error::ToolboxError;
pub use interrupt::Interrupt;
pub use job::{Limits, Tool, ToolExit, ToolJob, ToolRun};
pub use jobdir::{JobDir, JobDirError};
pub use pins::cache_root;
pub use toolbox::{EdaTools, Toolbox, ToolboxConfig};
pub use worker::worker_main;
