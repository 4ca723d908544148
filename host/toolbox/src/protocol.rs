//! What parent and worker say to each other: one order, one reply, as JSON over
//! the socket that is the worker's standard input.

use crate::Tool;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The first argument that makes a binary a worker; the second is the parent's
/// process id.
pub(crate) const WORKER_ARGUMENT: &str = "__worker";

/// The longest reply that a parent reads.
pub(crate) const REPLY_BYTES_MAX: usize = 64 << 10;

/// Scratch space inside a job folder, there for the length of a run.
pub(crate) const SCRATCH: &str = ".tmp";

#[derive(Serialize, Deserialize)]
pub(crate) enum Order {
    Guest(GuestOrder),
    Native(NativeOrder),
    Waveform(WaveformOrder),
    /// Is this module compiled for this machine?
    Locate(ModuleRef),
    /// Compile this module, unless that has been done.
    Compile(ModuleRef),
}

/// A WebAssembly module and the folder for its native code.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct ModuleRef {
    pub(crate) tool: Tool,
    pub(crate) wasm: PathBuf,
    pub(crate) sha256: String,
    pub(crate) compiled: PathBuf,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) struct WorkerLimits {
    pub(crate) cpu_s: u64,
    pub(crate) memory_bytes: u64,
    /// Of each file.
    pub(crate) file_bytes: u64,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct GuestOrder {
    pub(crate) module: ModuleRef,
    pub(crate) args: Vec<String>,
    pub(crate) dir: PathBuf,
    /// Host folder, guest path.
    pub(crate) read_only: Vec<(PathBuf, String)>,
    pub(crate) limits: WorkerLimits,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct NativeOrder {
    pub(crate) program: PathBuf,
    pub(crate) args: Vec<String>,
    pub(crate) dir: PathBuf,
    pub(crate) view: View,
    pub(crate) limits: WorkerLimits,
}

/// Rewrite an FST waveform as VCD. Both files are in `dir`.
#[derive(Serialize, Deserialize)]
pub(crate) struct WaveformOrder {
    pub(crate) dir: PathBuf,
    pub(crate) input: String,
    pub(crate) output: String,
    /// Of the variables that are wanted.
    pub(crate) names: Vec<String>,
    pub(crate) limits: WorkerLimits,
}

/// What a native tool sees of the host's files, beside its job folder.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct View {
    /// Files and folders: where they are on the host, where they are shown.
    pub(crate) shown: Vec<(PathBuf, PathBuf)>,
    /// Symbolic links: their place, their text.
    pub(crate) links: Vec<(PathBuf, PathBuf)>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Reply {
    Exited(i32),
    Signalled(i32),
    Trapped(String),
    MemoryLimit,
    /// The module has to be compiled first; nothing was run.
    NotCompiled,
    /// It is there.
    Compiled,
    /// The module is not the pinned one, or wasmtime rejects it.
    BadModule(String),
    /// The sandbox could not be set up; nothing was run.
    NoSandbox {
        step: String,
        cause: String,
    },
    /// Anything else that is the worker's own failure.
    Failed(String),
}
