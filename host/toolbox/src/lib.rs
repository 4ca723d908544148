//! Runs tools on untrusted input in sandboxed workers.
//!
//! [`Toolbox::run`] takes a [`ToolJob`] and gives a [`ToolRun`]. Between the two
//! stands a *worker*: this very binary, started again with a hidden first
//! argument, in a process group of its own. It lives for one job and no longer
//! than its parent, and it is where every limit is enforced:
//!
//! | tool | confined by | memory limit | CPU limit |
//! |---|---|---|---|
//! | `yosys`, `nextpnr-ice40`, `icepack` | WebAssembly and Landlock; both or nothing | store limiter, `RLIMIT_DATA` | `RLIMIT_CPU` |
//! | the same as native programs ([`EdaTools::Native`]), `iverilog`, `vvp`, `ghdl` | user, mount, network, pid and ipc namespaces, and Landlock; all of them or nothing | `RLIMIT_AS` | `RLIMIT_CPU` |
//!
//! A native tool sees, beside its job folder, its own installation, the dynamic loader, and
//! the folder of the C library, read-only. On Debian that is the whole of
//! `/usr/lib/<triplet>`: programs' libraries and plug-ins, which every user of the machine
//! can read and which hold nothing of a lab.
//!
//! The parent counts what the job writes, to its standard streams and into its
//! folder, and holds a wall clock as a backstop. However a job ends, it ends as
//! a [`ToolExit`]; a [`ToolboxError`] says that the lab, not the job, failed.
//!
//! [`Toolbox::stop`] ends all jobs, an [`Interrupt`] those of one caller.
//!
//! A process of this program that looks at untrusted bytes itself, as the virtual board
//! does, confines itself first: [`confine()`].
//!
//! A binary that uses the toolbox calls [`worker_main`] first thing in `main`.

mod cache_folder;
mod compiled;
mod confine;
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

pub use cache_folder::CacheFolder;
pub use confine::{ConfineError, Confined, confine};
pub use error::ToolboxError;
pub use interrupt::Interrupt;
pub use job::{Limits, Tool, ToolExit, ToolJob, ToolRun};
pub use jobdir::{JobDir, JobDirError};
pub use pins::cache_root;
pub use toolbox::{EdaTools, Toolbox, ToolboxConfig};
pub use worker::worker_main;
