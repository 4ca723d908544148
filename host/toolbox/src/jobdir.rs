use rustix::fs::{FlockOperation, Mode, OFlags};
use rustix::io::Errno;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

const PREFIX: &str = "filbench-";

/// Why a file of a job folder could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum JobDirError {
    /// The name would leave the folder.
    #[error("`{name}` is not a file name inside a job folder: give a relative path without `..`")]
    Name {
        /// As given.
        name: String,
    },
    /// The tool left something that is not a file (a link, a pipe), or more
    /// bytes than the caller takes.
    #[error("the tool's output `{name}` is {found}, not a file of at most {bytes_max} bytes")]
    NotAnOutput {
        /// The file.
        name: String,
        /// What it is.
        found: String,
        /// The caller's bound.
        bytes_max: u64,
    },
    /// The system refused.
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

/// A folder for one job, under the system's temp folder, readable by nobody
/// else, removed on drop.
///
/// It is named `filbench-<pid>-<random>` and held by a lock, so that
/// [`Toolbox::open`](crate::Toolbox::open) can tell the folders of dead
/// processes from those in use and remove them.
#[derive(Debug)]
pub struct JobDir {
    dir: TempDir,
    /// Locked, and closed after `dir` is gone.
    _lock: File,
}

impl JobDir {
    /// A new, empty folder.
    pub fn create() -> Result<Self, JobDirError> {
        Self::create_below(&std::env::temp_dir())
    }

    /// The same below `parent`, which is made if need be and has to be swept.
    pub(crate) fn create_in(parent: &Path) -> Result<Self, JobDirError> {
        fs::create_dir_all(parent).map_err(io_error("create", parent))?;
        Self::create_below(parent)
    }

    fn create_below(parent: &Path) -> Result<Self, JobDirError> {
        let dir = tempfile::Builder::new()
            .prefix(&format!("{PREFIX}{}-", std::process::id()))
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir_in(parent)
            .map_err(io_error("create a job folder in", parent))?;
        let lock = File::open(dir.path()).map_err(io_error("open", dir.path()))?;
        rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive)
            .map_err(|e| io_error("lock", dir.path())(e.into()))?;
        Ok(Self { dir, _lock: lock })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Writes a file before a job; `name` may have folders, which are made.
    pub fn write(&self, name: &str, contents: impl AsRef<[u8]>) -> Result<(), JobDirError> {
        let path = self.inside(name)?;
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(io_error("create", parent))?;
        }
        fs::write(&path, contents).map_err(io_error("write", &path))
    }

    /// Reads what a job wrote; `None` if it is not there.
    ///
    /// Follows no link in the last component, waits on no pipe, and takes at
    /// most `bytes_max` bytes: the file is a tool's that met untrusted input.
    pub fn read(&self, name: &str, bytes_max: u64) -> Result<Option<Vec<u8>>, JobDirError> {
        let path = self.inside(name)?;
        let not_an_output =
            |found: String| JobDirError::NotAnOutput { name: name.to_owned(), found, bytes_max };
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = match rustix::fs::open(&path, flags, Mode::empty()) {
            Ok(fd) => File::from(fd),
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP) => return Err(not_an_output("a symbolic link".into())),
            Err(errno) => return Err(io_error("open", &path)(errno.into())),
        };
        let metadata = file.metadata().map_err(io_error("read", &path))?;
        if !metadata.is_file() {
            return Err(not_an_output("no regular file".into()));
        }
        let mut contents = Vec::new();
        file.take(bytes_max.saturating_add(1))
            .read_to_end(&mut contents)
            .map_err(io_error("read", &path))?;
        if contents.len() as u64 > bytes_max {
            return Err(not_an_output(format!("{} bytes long", metadata.len())));
        }
        Ok(Some(contents))
    }

    fn inside(&self, name: &str) -> Result<PathBuf, JobDirError> {
        let mut components = Path::new(name).components().peekable();
        if components.peek().is_none() || !components.all(|c| matches!(c, Component::Normal(_))) {
            return Err(JobDirError::Name { name: name.to_owned() });
        }
        Ok(self.path().join(name))
    }
}

fn io_error(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> JobDirError {
    let path = path.to_path_buf();
    move |source| JobDirError::Io { doing, path, source }
}

/// A folder is made before it is locked. One that is younger than this may be about to be.
const LOCKED_WITHIN: Duration = Duration::from_secs(60);

/// Removes the job folders of this user's dead processes from `parent`. What
/// cannot be removed is left for another time.
///
/// A free lock tells that the process is dead. Its number does not tell that it lives: in a
/// container the next start has the same few.
pub(crate) fn sweep(parent: &Path, now: SystemTime) {
    let Ok(entries) = fs::read_dir(parent) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let owner = name
            .to_str()
            .and_then(|n| n.strip_prefix(PREFIX)?.split_once('-')?.0.parse().ok())
            .and_then(rustix::process::Pid::from_raw);
        let Some(pid) = owner else { continue };
        // Nobody locks any more what a process made that is gone; unless it lives in another
        // pid namespace that shares the temp folder, so that the lock decides there too.
        let is_gone = rustix::process::test_kill_process(pid) == Err(Errno::SRCH);
        let is_old = || is_older(&entry, LOCKED_WITHIN, now);
        if (is_gone || is_old()) && is_abandoned(&entry.path()).unwrap_or(false) {
            let removed = fs::remove_dir_all(entry.path());
            tracing::debug!(path = %entry.path().display(), ?removed, "swept a stale job folder");
        }
    }
}

fn is_older(entry: &fs::DirEntry, age: Duration, now: SystemTime) -> bool {
    let modified = entry.metadata().and_then(|metadata| metadata.modified());
    modified.is_ok_and(|modified| now.duration_since(modified).is_ok_and(|found| found > age))
}

fn is_abandoned(path: &Path) -> io::Result<bool> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let dir = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    Ok(dir.metadata()?.uid() == rustix::process::geteuid().as_raw()
        && rustix::fs::flock(&dir, FlockOperation::NonBlockingLockExclusive).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn names_stay_inside_and_outputs_are_plain_files() {
        let dir = JobDir::create().unwrap();
        for name in ["", "/etc/passwd", "../x", "a/../../x", "."] {
            assert!(matches!(dir.write(name, ""), Err(JobDirError::Name { .. })), "{name}");
        }
        dir.write("rtl/top.v", "module top; endmodule").unwrap();
        assert_eq!(
            dir.read("rtl/top.v", 100).unwrap().as_deref(),
            Some(&b"module top; endmodule"[..])
        );
        assert_eq!(dir.read("absent", 100).unwrap(), None);
        symlink("/etc/passwd", dir.path().join("link")).unwrap();
        for name in ["link", "rtl"] {
            assert!(
                matches!(dir.read(name, 1 << 20), Err(JobDirError::NotAnOutput { .. })),
                "{name}"
            );
        }
        assert!(matches!(dir.read("rtl/top.v", 5), Err(JobDirError::NotAnOutput { .. })));
    }

    #[test]
    fn only_folders_of_dead_processes_are_swept() {
        let parent = tempfile::tempdir().unwrap();
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let dead = child.id();
        child.wait().unwrap();
        let stale = parent.path().join(format!("{PREFIX}{dead}-abc"));
        let locked = parent.path().join(format!("{PREFIX}{dead}-def"));
        let live = parent.path().join(format!("{PREFIX}{}-abc", std::process::id()));
        let used = parent.path().join(format!("{PREFIX}{}-def", std::process::id()));
        let foreign = parent.path().join("filbench-notes");
        for path in [&stale, &locked, &live, &used, &foreign] {
            fs::create_dir(path).unwrap();
        }
        let _locks = [&locked, &used].map(|path| {
            let lock = File::open(path).unwrap();
            rustix::fs::flock(&lock, FlockOperation::LockExclusive).unwrap();
            lock
        });
        sweep(parent.path(), SystemTime::now());
        assert!(!stale.exists() && locked.exists() && live.exists() && used.exists());
        // Another process has the number of the one that left it.
        sweep(parent.path(), SystemTime::now() + 2 * LOCKED_WITHIN);
        assert!(locked.exists() && !live.exists() && used.exists() && foreign.exists());
    }
}
