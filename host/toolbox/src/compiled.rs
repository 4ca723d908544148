//! Native code for the guests: made once per machine, by one process at a time.

use crate::interrupt::StopSigns;
use crate::protocol::{ModuleRef, Order, Reply};
use crate::supervise::{Bounds, Observed, Stop, supervise};
use crate::{Tool, ToolboxError};
use std::fs::{self, DirBuilder, File, TryLockError};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Backstop for compiling the largest module, about 70 CPU seconds of work, on
/// a slow and busy machine.
const COMPILE_WALL: Duration = Duration::from_secs(3600);
/// For an order that takes milliseconds.
const LOCATE_WALL: Duration = Duration::from_secs(60);
/// Of warnings and panics; neither order prints.
const CHATTER_BYTES: u64 = 1 << 20;

/// The folder for compiled modules, made if need be and safe to load from.
pub(crate) fn folder(cache: &Path) -> Result<PathBuf, ToolboxError> {
    let path = cache.join("compiled");
    fs::create_dir_all(cache).map_err(ToolboxError::io("create", cache))?;
    match DirBuilder::new().mode(0o700).create(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            return Err(ToolboxError::io("create", &path)(error));
        }
        _ => {}
    }
    let metadata = fs::metadata(&path).map_err(ToolboxError::io("look at", &path))?;
    let ours = metadata.uid() == rustix::process::geteuid().as_raw();
    if ours && metadata.mode() & 0o022 == 0 {
        Ok(path)
    } else {
        Err(ToolboxError::UnsafeCache { path })
    }
}

/// Starts workers that look for and make native code.
pub(crate) struct Compiler<'a> {
    pub(crate) worker: &'a Path,
    /// The folder of the installed wheel, for messages.
    pub(crate) wheel: &'a Path,
    pub(crate) stop: StopSigns,
}

impl Compiler<'_> {
    /// Compiles `module` unless that has been done; says what takes long.
    pub(crate) fn ensure(
        &self,
        module: &ModuleRef,
        progress: &mut dyn FnMut(&str),
    ) -> Result<(), ToolboxError> {
        let tool = module.tool;
        if self.order(Order::Locate(module.clone()), tool, LOCATE_WALL)? {
            return Ok(());
        }
        let lock_path = module.compiled.join(format!("{tool}.lock"));
        let lock = File::create(&lock_path).map_err(ToolboxError::io("open", &lock_path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                progress(&format!("waiting for another process that compiles {tool}"));
                lock.lock().map_err(ToolboxError::io("lock", &lock_path))?;
                if self.order(Order::Locate(module.clone()), tool, LOCATE_WALL)? {
                    return Ok(());
                }
            }
            Err(TryLockError::Error(error)) => {
                return Err(ToolboxError::io("lock", &lock_path)(error));
            }
        }
        progress(&match tool {
            Tool::Yosys => format!("compiling {tool} for this machine, once; takes about a minute"),
            _ => format!("compiling {tool} for this machine, once"),
        });
        self.order(Order::Compile(module.clone()), tool, COMPILE_WALL).map(drop)
    }

    /// Whether native code is there, after the order has been carried out.
    fn order(&self, order: Order, tool: Tool, wall: Duration) -> Result<bool, ToolboxError> {
        let stop = self.stop.clone();
        let bounds =
            Bounds { wall, output_bytes: CHATTER_BYTES, dir: None, free_bytes_min: 0, stop };
        let observed = run(self.worker, &order, &bounds)?;
        match observed.reply {
            Some(Reply::Compiled) => Ok(true),
            Some(Reply::NotCompiled) => Ok(false),
            Some(Reply::BadModule(cause)) => {
                Err(ToolboxError::Module { tool, cause, folder: self.wheel.to_path_buf() })
            }
            Some(reply) => Err(ToolboxError::WorkerFailed { tool, cause: format!("{reply:?}") }),
            None => Err(silent(self.worker, tool, &observed)),
        }
    }
}

/// [`supervise`], with its error in this crate's terms.
pub(crate) fn run(
    worker: &Path,
    order: &Order,
    bounds: &Bounds<'_>,
) -> Result<Observed, ToolboxError> {
    if bounds.stop.is_up() {
        return Err(ToolboxError::Stopped);
    }
    let observed = supervise(worker, order, bounds)
        .map_err(|source| ToolboxError::WorkerStart { path: worker.to_path_buf(), source })?;
    match observed.stop {
        Some(Stop::Told) => Err(ToolboxError::Stopped),
        Some(Stop::NoRoom) => {
            let path = bounds.dir.unwrap_or(Path::new("/")).to_path_buf();
            Err(ToolboxError::NoRoom { path, free_bytes_min: bounds.free_bytes_min })
        }
        _ => Ok(observed),
    }
}

/// The error for a worker that ended without a reply.
pub(crate) fn silent(worker: &Path, tool: Tool, observed: &Observed) -> ToolboxError {
    let tail = observed.stderr.len().saturating_sub(500);
    ToolboxError::WorkerSilent {
        path: worker.to_path_buf(),
        tool,
        status: observed.status.to_string(),
        said: String::from_utf8_lossy(&observed.stderr[tail..]).trim().to_owned(),
    }
}
