//! Folders of the cache, whose files appear whole or not at all.

use crate::JobDir;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Where files of the cache are while they are written, by the cache's root.
pub(crate) const SCRATCH_FOLDER: &str = "scratch";

/// A folder of the cache.
///
/// A file is written in a locked folder of its own in the cache's `scratch` and renamed, so
/// that it is whole whoever else writes the same, and what a killed process leaves there is
/// swept by the next [`Toolbox::open`](crate::Toolbox::open), as job folders are.
#[derive(Clone, Debug)]
pub struct CacheFolder {
    path: PathBuf,
    scratch: PathBuf,
}

impl CacheFolder {
    /// The folder `name` of the cache at `root`; made when something is written.
    pub fn new(root: &Path, name: &str) -> Self {
        Self { path: root.join(name), scratch: root.join(SCRATCH_FOLDER) }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where file `name` is, if it is.
    pub fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.path.join(name)
    }

    /// Writes or replaces file `name`, for this user to read.
    ///
    /// # Errors
    /// Where the system refuses. An older file is there still then.
    pub fn write(&self, name: impl AsRef<Path>, contents: &[u8]) -> io::Result<()> {
        fs::create_dir_all(&self.path)?;
        let scratch = JobDir::create_in(&self.scratch).map_err(io::Error::other)?;
        let unfinished = scratch.path().join("unfinished");
        let mut file =
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
        file.write_all(contents)?;
        fs::rename(&unfinished, self.join(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_replaced_and_nothing_else_is_left() {
        let root = tempfile::tempdir().unwrap();
        let folder = CacheFolder::new(root.path(), "proofs");
        folder.write("a.json", b"1").unwrap();
        folder.write("a.json", b"22").unwrap();
        assert_eq!(fs::read(folder.join("a.json")).unwrap(), b"22");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert_eq!(fs::read_dir(root.path().join(SCRATCH_FOLDER)).unwrap().count(), 0);
    }
}
