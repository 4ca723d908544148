//! Runs a native tool in namespaces and under Landlock, or not at all.
//!
//! ```text
//! worker       makes the namespaces, forks, waits
//! └─ init      process 1 of the pid namespace: Landlock, limits, waits, replies
//!    └─ tool   and whatever it starts
//! ```
//!
//! The tool is not process 1 itself, because the kernel spares that one the
//! signals, SIGXCPU among them, for which it has no handler.

use super::namespaces::{self, JOB};
use super::{answer, apply_common_limits, landlocked, set_limit};
use crate::protocol::{NativeOrder, Reply, SCRATCH};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Resource, Signal, WaitOptions};
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::Command;

/// Processes at a time. Counted in the tool's own user namespace; the kernel
/// exempts those that are root outside.
const PROCESSES_MAX: u64 = 32;
const OPEN_FILES_MAX: u64 = 256;

/// Runs it. `None` if the reply has been given already.
pub(super) fn run(order: &NativeOrder, control: &UnixStream) -> Option<Reply> {
    match supervise_init(order, control) {
        Ok(reply) => reply,
        Err(error) => Some(Reply::Failed(error.to_string())),
    }
}

fn supervise_init(order: &NativeOrder, control: &UnixStream) -> io::Result<Option<Reply>> {
    // Opened before the root that has it goes out of sight.
    let nothing = File::open("/dev/null")?;
    if let Err(refused) = namespaces::enter(&order.view, &order.dir) {
        return Ok(Some(Reply::NoSandbox { step: refused.step, cause: refused.cause.to_string() }));
    }
    // New credentials may have cut the leash.
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    // Ends when this process does.
    let (lifeline, life) = pipe_with(PipeFlags::CLOEXEC)?;
    let mut control = control.try_clone()?;
    // SAFETY: this process has one thread, so that the child, a copy of it,
    // holds no lock of a thread that is not there.
    let pid = match unsafe { libc::fork() } {
        -1 => return Err(io::Error::last_os_error()),
        0 => {
            drop(life);
            let reply = init(order, nothing, &lifeline);
            let code = i32::from(answer(&mut control, &reply).is_err());
            // SAFETY: ends the process without the clean-up that belongs to
            // the copy that waits.
            unsafe { libc::_exit(code) }
        }
        pid => rustix::process::Pid::from_raw(pid),
    };
    drop(lifeline);
    let ended = rustix::process::waitpid(pid, WaitOptions::empty())?;
    match ended.and_then(|(_, status)| status.exit_status()) {
        Some(0) => Ok(None),
        _ => Ok(Some(Reply::Failed(format!(
            "process 1 of the sandbox ended without a reply: {ended:?}"
        )))),
    }
}

fn init(order: &NativeOrder, nothing: File, lifeline: &OwnedFd) -> Reply {
    match run_tool(order, nothing, lifeline) {
        Ok(reply) => reply,
        Err(error) => Reply::Failed(format!("{}: {error}", order.program.display())),
    }
}

fn run_tool(order: &NativeOrder, nothing: File, lifeline: &OwnedFd) -> io::Result<Reply> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    let mut fds = [PollFd::new(lifeline, PollFlags::IN)];
    if poll(&mut fds, Some(&Timespec::default()))? > 0 {
        return Err(io::Error::other("the worker is gone"));
    }
    if let Err(error) = landlocked::confine_native(Path::new("/"), Path::new(JOB)) {
        return Ok(Reply::NoSandbox { step: "apply Landlock".into(), cause: error.to_string() });
    }
    let mut command = Command::new(&order.program);
    if let Some(name) = order.program.file_name() {
        command.arg0(name);
    }
    command
        .args(&order.args)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("LC_ALL", "C")
        .env("TMPDIR", Path::new(JOB).join(SCRATCH))
        .current_dir(JOB)
        .stdin(nothing);
    apply_common_limits(&order.limits)?;
    set_limit(Resource::Nproc, PROCESSES_MAX, PROCESSES_MAX)?;
    set_limit(Resource::Nofile, OPEN_FILES_MAX, OPEN_FILES_MAX)?;
    let memory_bytes = order.limits.memory_bytes;
    set_limit(Resource::As, memory_bytes, memory_bytes)?;
    let status = command.spawn()?.wait()?;
    Ok(match (status.code(), status.signal()) {
        (Some(code), _) => Reply::Exited(code),
        (None, Some(signal)) => Reply::Signalled(signal),
        (None, None) => Reply::Failed(format!("ended strangely: {status}")),
    })
}
