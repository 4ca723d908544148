use crate::Tool;
use std::io;
use std::path::{Path, PathBuf};

/// Why a job could not be run at all. Says nothing about the job's input.
#[derive(Debug, thiserror::Error)]
pub enum ToolboxError {
    /// A pinned wheel has not been fetched.
    #[error("{name} {version} is not installed in {}; run `cargo xtask setup`", path.display())]
    NotInstalled {
        /// The wheel.
        name: String,
        /// The version that flows/tools.toml pins.
        version: String,
        /// Where it was looked for.
        path: PathBuf,
    },
    /// A native tool is not on `PATH`, or only as a wrapper script, which the
    /// sandbox cannot run.
    #[error("no `{tool}` of Icarus Verilog on PATH (looked for a native program with its `ivl` folder in {}); run `apt install iverilog`", searched.join(", "))]
    IcarusMissing {
        /// Which one.
        tool: Tool,
        /// The folders that were searched.
        searched: Vec<String>,
    },
    /// GHDL is not on `PATH`, or only as a script, which the sandbox cannot run.
    #[error("no GHDL on PATH, which VHDL needs (looked for a native program `ghdl-mcode`, `ghdl-llvm`, `ghdl-gcc` or `ghdl` with its `../lib/ghdl` in {}); run `apt install ghdl-mcode`", searched.join(", "))]
    GhdlMissing {
        /// The folders that were searched.
        searched: Vec<String>,
    },
    /// A tool of the flow is not on `PATH`.
    #[error("no `{tool}` on PATH, which `--tools native` needs (looked in {}); install it, or leave `--tools native` out", searched.join(", "))]
    NativeMissing {
        /// Which one.
        tool: Tool,
        /// The folders that were searched.
        searched: Vec<String>,
    },
    /// A tool of the flow is too old, or is not that tool.
    #[error("{} is {found}, and the flow needs {tool} {needed} or newer; put one first on PATH, or leave `--tools native` out", path.display())]
    NativeVersion {
        /// Which one.
        tool: Tool,
        /// The program.
        path: PathBuf,
        /// Its version, or what it says instead.
        found: String,
        /// The oldest version that will do.
        needed: String,
    },
    /// The operating system does not allow the sandbox, so the job was refused.
    #[error(
        "the sandbox for `{tool}` cannot be set up: {step}: {cause}; it needs unprivileged user namespaces and Landlock (Linux 5.13 or newer; a container must allow `unshare`, `mount` and the `landlock_` system calls; `sysctl user.max_user_namespaces` must not be 0, and on Ubuntu `kernel.apparmor_restrict_unprivileged_userns` must be 0)"
    )]
    SandboxUnavailable {
        /// For which tool.
        tool: Tool,
        /// What was tried.
        step: String,
        /// What the system answered.
        cause: String,
    },
    /// A module is not the pinned one, or does not compile.
    #[error("the WebAssembly module of `{tool}` cannot be used: {cause}; remove {} and run `cargo xtask setup`", folder.display())]
    Module {
        /// For which tool.
        tool: Tool,
        /// What is wrong.
        cause: String,
        /// The installed wheel.
        folder: PathBuf,
    },
    /// Another process has been compiling a module for too long.
    #[error("another process has been compiling `{tool}` for more than {waited_s} s; `fuser {}` names it: end it, and try again", path.display())]
    CompilerStuck {
        /// For which tool.
        tool: Tool,
        /// How long it was waited for.
        waited_s: u64,
        /// The lock that it holds.
        path: PathBuf,
    },
    /// The worker could not be started.
    #[error("cannot start the worker {}", path.display())]
    WorkerStart {
        /// The binary.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The worker ended without a word.
    #[error("the worker {} for `{tool}` ended ({status}) without an answer; its binary must call `filbench_toolbox::worker_main` first thing in `main`; it said: {said}", path.display())]
    WorkerSilent {
        /// The binary.
        path: PathBuf,
        /// For which tool.
        tool: Tool,
        /// How it ended.
        status: String,
        /// The end of its standard error.
        said: String,
    },
    /// The worker could not do its own part of the job.
    #[error("the worker for `{tool}` failed: {cause}")]
    WorkerFailed {
        /// For which tool.
        tool: Tool,
        /// Its own words.
        cause: String,
    },
    /// The file system of the job folder is full, or nearly: whatever a tool did there says
    /// nothing about its input.
    #[error("the file system of {} has less than {} MiB left; make room, or set TMPDIR to a folder on another one", path.display(), free_bytes_min >> 20)]
    NoRoom {
        /// The job folder.
        path: PathBuf,
        /// What must be left, in bytes.
        free_bytes_min: u64,
    },
    /// Somebody called [`Toolbox::stop`](crate::Toolbox::stop), or dropped the job's
    /// [`Interrupt`](crate::Interrupt).
    #[error("the job was told to end")]
    Stopped,
    /// The caller asked for something that this tool cannot have.
    #[error("not a job for `{tool}`: {cause}")]
    InvalidJob {
        /// The tool.
        tool: Tool,
        /// What is wrong.
        cause: String,
    },
    /// The cache can be written by others: it holds native code that workers
    /// load, so it must not be.
    #[error("{} can be written by other users; run `chmod go-w` on it", path.display())]
    UnsafeCache {
        /// The folder.
        path: PathBuf,
    },
    /// A file operation of the toolbox itself.
    #[error("cannot {doing} {}", path.display())]
    Io {
        /// The verb.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

impl ToolboxError {
    /// Wraps an [`io::Error`], for `map_err`.
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| ToolboxError::Io { doing, path, source }
    }
}
