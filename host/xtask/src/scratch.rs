//! Folders that a task needs for as long as it runs.

use crate::project::{Project, empty_folder};
use anyhow::Result;
use rustix::process::{Pid, test_kill_process};
use std::path::{Path, PathBuf};

/// An empty folder in the cache, removed when it is dropped. What a killed task has left is
/// removed by the next one.
pub struct Scratch(PathBuf);

impl Scratch {
    /// One for this process, for `purpose`.
    pub fn new(project: &Project, purpose: &str) -> Result<Self> {
        Self::of_process(&project.cache.join("xtask"), purpose, std::process::id())
    }

    fn of_process(all: &Path, purpose: &str, process: u32) -> Result<Self> {
        sweep(all);
        let path = all.join(format!("{purpose}-{process}"));
        empty_folder(&path)?;
        Ok(Self(path))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // It may have been moved to where it is kept; what cannot be removed is swept later.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Removes the folders of processes that are no more.
fn sweep(all: &Path) {
    for entry in std::fs::read_dir(all).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let process = name.to_str().and_then(|name| name.rsplit_once('-')?.1.parse().ok());
        let lives = process.and_then(Pid::from_raw).is_some_and(|id| test_kill_process(id).is_ok());
        if !lives {
            // Another task may be faster.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn what_a_killed_task_left_is_swept() {
        let cache = tempfile::tempdir().unwrap();
        let mut task = Command::new("sleep").arg("60").spawn().unwrap();
        let make = |id| Scratch::of_process(cache.path(), "bench", id).unwrap();
        let killed = make(task.id());
        std::fs::write(killed.path().join("part"), "x").unwrap();
        let own = make(std::process::id());
        assert!(killed.path().is_dir(), "its task runs");
        task.kill().unwrap();
        task.wait().unwrap();
        let again = make(std::process::id());
        assert!(!killed.path().exists() && again.path().is_dir());
        drop(own);
        assert!(!again.path().exists());
    }
}
