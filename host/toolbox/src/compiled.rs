//! Native code for the guests: made once per machine, by one process at a time.

use crate::interrupt::StopSigns;
use crate::protocol::{ModuleRef, Order, Reply};
use crate::supervise::{Bounds, Observed, Stop, supervise};
use crate::{Tool, ToolboxError};
use std::fs::{self, DirBuilder, File, TryLockError};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Backstop for compiling the largest module, about 70 CPU seconds of work, on
/// a slow and busy machine.
const COMPILE_WALL: Duration = Duration::from_secs(3600);
/// How often the lock of a compilation is tried.
const TRY_EVERY: Duration = Duration::from_millis(50);
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
        if !try_lock(&lock, &lock_path)? {
            progress(&format!("waiting for another process that compiles {tool}"));
            self.wait_for(&lock, &lock_path, tool, COMPILE_WALL)?;
            if self.order(Order::Locate(module.clone()), tool, LOCATE_WALL)? {
                return Ok(());
            }
        }
        progress(&match tool {
            Tool::Yosys => format!("compiling {tool} for this machine, once; takes about a minute"),
            _ => format!("compiling {tool} for this machine, once"),
        });
        self.order(Order::Compile(module.clone()), tool, COMPILE_WALL).map(drop)
    }

    /// Waits until the process that compiles `tool` has ended, however it does.
    fn wait_for(
        &self,
        lock: &File,
        path: &Path,
        tool: Tool,
        wall: Duration,
    ) -> Result<(), ToolboxError> {
        let started = Instant::now();
        while !try_lock(lock, path)? {
            if self.stop.is_up() {
                return Err(ToolboxError::Stopped);
            }
            if started.elapsed() >= wall {
                let path = path.to_path_buf();
                return Err(ToolboxError::CompilerStuck { tool, waited_s: wall.as_secs(), path });
            }
            std::thread::sleep(TRY_EVERY);
        }
        Ok(())
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

fn try_lock(lock: &File, path: &Path) -> Result<bool, ToolboxError> {
    match lock.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(ToolboxError::io("lock", path)(error)),
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;

    #[test]
    fn nobody_waits_for_ever_for_another_process_that_compiles() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("yosys.lock");
        let held = File::create(&path).unwrap();
        held.lock().unwrap();
        let stopped = Arc::new(AtomicBool::new(false));
        let stop = StopSigns::new(&stopped);
        let compiler = Compiler { worker: Path::new("/none"), wheel: folder.path(), stop };
        let lock = File::create(&path).unwrap();
        let wait = |wall| compiler.wait_for(&lock, &path, Tool::Yosys, wall);
        let stuck = wait(Duration::ZERO).unwrap_err();
        assert!(matches!(stuck, ToolboxError::CompilerStuck { .. }), "{stuck}");
        assert!(stuck.to_string().contains(&path.display().to_string()), "{stuck}");
        stopped.store(true, std::sync::atomic::Ordering::Relaxed);
        assert!(matches!(wait(COMPILE_WALL), Err(ToolboxError::Stopped)));
        drop(held);
        wait(COMPILE_WALL).unwrap();
    }
}
