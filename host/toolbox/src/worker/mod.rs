//! The worker's side: what runs in the process that [`supervise`] starts.
//!
//! [`supervise`]: crate::supervise

mod guest;
pub(crate) mod landlocked;
mod module;
mod namespaces;
mod native;
mod waveform;

use crate::protocol::{Order, Reply, WORKER_ARGUMENT, WorkerLimits};
use rustix::process::{Resource, Rlimit, Signal};
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;

/// For making native code: that of Yosys takes 1.6 GB.
const COMPILE_DATA_BYTES: u64 = 4 << 30;

/// Makes this process a worker if it was started as one.
///
/// A binary that uses the toolbox calls this first thing in `main`, before it
/// starts a thread or opens a file, and exits with what it returns:
///
/// ```no_run
/// # use std::process::ExitCode;
/// fn main() -> ExitCode {
///     if let Some(code) = filbench_toolbox::worker_main() {
///         return code;
///     }
///     // …
///     ExitCode::SUCCESS
/// }
/// ```
pub fn worker_main() -> Option<ExitCode> {
    let mut args = std::env::args_os().skip(1);
    if args.next()? != WORKER_ARGUMENT {
        return None;
    }
    let code = match work(args.next()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("filbench worker: {error}");
            ExitCode::from(2)
        }
    };
    Some(code)
}

fn work(parent: Option<OsString>) -> io::Result<()> {
    leash(parent)?;
    let mut control = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mut text = Vec::new();
    control.read_to_end(&mut text)?;
    let reply = match serde_json::from_slice(&text)? {
        Order::Guest(order) => guest::run(order),
        Order::Native(order) => native::run(&order, &control),
        Order::Waveform(order) => Some(waveform::run(&order)),
        Order::Locate(module) => {
            set_limit(Resource::Data, COMPILE_DATA_BYTES, COMPILE_DATA_BYTES)?;
            Some(module::locate(&module))
        }
        Order::Compile(module) => {
            set_limit(Resource::Data, COMPILE_DATA_BYTES, COMPILE_DATA_BYTES)?;
            Some(module::compile(&module))
        }
    };
    match reply {
        Some(reply) => answer(&mut control, &reply),
        None => Ok(()),
    }
}

fn answer(control: &mut UnixStream, reply: &Reply) -> io::Result<()> {
    control.write_all(&serde_json::to_vec(reply)?)
}

/// Ties this process to its parent and takes away what it may have inherited.
fn leash(parent: Option<OsString>) -> io::Result<()> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    // The parent may have died before the line above took effect.
    let parent_pid = rustix::process::getppid().map(|pid| pid.as_raw_pid().to_string());
    if parent.as_ref().and_then(|p| p.to_str()) != parent_pid.as_deref() {
        return Err(io::Error::other("the process that started me is gone"));
    }
    // SAFETY: this process has opened nothing above standard error yet, so no
    // descriptor that is closed here has an owner in it.
    unsafe { libc::close_range(3, libc::c_uint::MAX, 0) };
    for signal in [libc::SIGXCPU, libc::SIGXFSZ] {
        // SAFETY: the default action is no handler, so nothing can be unsound
        // about when it runs. An ignored signal would outlive `exec`.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
    // When the machine runs out of memory, jobs go before their parent. Where
    // the file is not there, there is nothing to prefer.
    let _ = std::fs::write("/proc/self/oom_score_adj", "500");
    set_limit(Resource::Core, 0, 0)
}

/// Limits that a guest and a native tool share.
fn apply_common_limits(limits: &WorkerLimits) -> io::Result<()> {
    // SIGXCPU at the soft limit says why; SIGKILL a second later insists.
    set_limit(Resource::Cpu, limits.cpu_s, limits.cpu_s + 1)?;
    set_limit(Resource::Fsize, limits.file_bytes, limits.file_bytes)
}

pub(crate) fn set_limit(resource: Resource, soft: u64, hard: u64) -> io::Result<()> {
    // A limit that the parent already lives under cannot be raised again.
    let inherited = rustix::process::getrlimit(resource).maximum;
    let clamp = |value: u64| Some(inherited.map_or(value, |max| value.min(max)));
    rustix::process::setrlimit(resource, Rlimit { current: clamp(soft), maximum: clamp(hard) })?;
    Ok(())
}
