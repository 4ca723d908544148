//! A file system and a network of its own for a native tool.

use crate::protocol::{SCRATCH, View};
use rustix::fs::StatVfsMountFlags;
use rustix::mount::{
    MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_bind, mount_change,
    mount_remount, unmount,
};
use rustix::process::{getgid, getuid, pivot_root};
use rustix::thread::UnshareFlags;
use std::ffi::CStr;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// Where the sandbox shows the job folder.
pub(super) const JOB: &str = "/job";

/// Who the tool is in its own user namespace: nobody, so that `exec` leaves it
/// without capabilities there.
const NOBODY: u32 = 65534;

/// For the folder tree and mount points of [`enter`] alone.
const ROOT_OPTIONS: &CStr = c"size=1m,nr_inodes=1k,mode=755";

/// A step of the set-up that the system refused.
pub(super) struct Refused {
    pub(super) step: String,
    pub(super) cause: io::Error,
}

/// `result`, or which step it was that failed.
fn step<T, E: Into<io::Error>>(
    what: impl Into<String>,
    result: Result<T, E>,
) -> Result<T, Refused> {
    result.map_err(|cause| Refused { step: what.into(), cause: cause.into() })
}

/// Moves this process, which must have one thread, into new namespaces.
///
/// Afterwards it has no network (not even a loopback that is up), no System V
/// or POSIX queue of the host, and a root with nothing but `view`, read-only,
/// and `dir` at [`JOB`]. Its next child is process 1 of a new pid namespace: when
/// that one ends, the kernel ends all that are left.
pub(super) fn enter(view: &View, dir: &Path) -> Result<(), Refused> {
    let (uid, gid) = (getuid().as_raw(), getgid().as_raw());
    let flags = UnshareFlags::NEWUSER
        | UnshareFlags::NEWNS
        | UnshareFlags::NEWNET
        | UnshareFlags::NEWPID
        | UnshareFlags::NEWIPC
        | UnshareFlags::NEWUTS
        | UnshareFlags::NEWCGROUP;
    // SAFETY: only sharing the table of open files between threads would be at
    // stake; it is not in `flags`, and there is one thread.
    step("unshare the namespaces", unsafe { rustix::thread::unshare_unsafe(flags) })?;
    for (file, text) in [
        ("setgroups", "deny".to_owned()),
        ("uid_map", format!("{NOBODY} {uid} 1")),
        ("gid_map", format!("{NOBODY} {gid} 1")),
    ] {
        let path = format!("/proc/self/{file}");
        step(format!("write {path}"), fs::write(&path, text))?;
    }
    let private = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
    step("make the mounts private", mount_change("/", private))?;
    build_root(view, dir)
}

/// Builds the new root on a small tmpfs, which covers the scratch folder in
/// this namespace only, and moves into it.
fn build_root(view: &View, dir: &Path) -> Result<(), Refused> {
    let root = dir.join(SCRATCH);
    let inert = MountFlags::NOSUID | MountFlags::NODEV;
    step("mount a tmpfs", mount("filbench", &root, "tmpfs", inert, ROOT_OPTIONS))?;
    for (link, text) in &view.links {
        let place = below(&root, link);
        let folder = place.parent().map_or(Ok(()), fs::create_dir_all);
        let made = folder.and_then(|()| symlink(text, &place));
        step(format!("link {}", link.display()), made)?;
    }
    for (source, target) in &view.shown {
        show(source, &below(&root, target), MountFlags::RDONLY)?;
    }
    // Nothing that a tool wrote can be executed.
    show(dir, &below(&root, Path::new(JOB)), MountFlags::NOEXEC)?;
    step("make the root read-only", mount_remount(&root, inert | MountFlags::RDONLY, c""))?;
    step("enter the root", std::env::set_current_dir(&root))?;
    // The old root lands on top of the new one, from where it is taken away.
    step("pivot to the root", pivot_root(".", "."))?;
    step("leave the old root", unmount(".", UnmountFlags::DETACH))?;
    step("enter the root", std::env::set_current_dir("/"))
}

/// Binds `source` to `target` with these flags and those that keep a mount
/// from giving privileges.
fn show(source: &Path, target: &Path, flags: MountFlags) -> Result<(), Refused> {
    let what = format!("show {}", source.display());
    let make_target = || {
        if source.is_dir() {
            return fs::create_dir_all(target);
        }
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::File::create(target).map(drop)
    };
    step(&what, make_target())?;
    step(&what, mount_bind(source, target))?;
    // The kernel lets nobody take away a restriction that the source had.
    let had = step(&what, rustix::fs::statvfs(target))?.f_flag;
    let kept = [
        (StatVfsMountFlags::NOEXEC, MountFlags::NOEXEC),
        (StatVfsMountFlags::RDONLY, MountFlags::RDONLY),
        (StatVfsMountFlags::NOATIME, MountFlags::NOATIME),
        (StatVfsMountFlags::NODIRATIME, MountFlags::NODIRATIME),
        (StatVfsMountFlags::RELATIME, MountFlags::RELATIME),
    ]
    .into_iter()
    .filter(|(state, _)| had.contains(*state))
    .fold(MountFlags::BIND, |all, (_, flag)| all | flag);
    let flags = kept | flags | MountFlags::NOSUID | MountFlags::NODEV;
    step(&what, mount_remount(target, flags, c""))
}

/// The absolute path `path`, below `root`.
fn below(root: &Path, path: &Path) -> PathBuf {
    root.join(path.strip_prefix("/").unwrap_or(path))
}
