//! Confines a process of this program that is about to meet untrusted bytes itself.

use crate::worker::{landlocked, set_limit};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::time::Duration;

/// Why a process could not be confined. It must not go on.
#[derive(Debug, thiserror::Error)]
#[error(
    "the virtual board's sandbox cannot be set up: {step}: {cause}; it needs Landlock (Linux 5.13 or newer; a container must allow the `landlock_` system calls)"
)]
pub struct ConfineError {
    /// What was tried.
    step: &'static str,
    /// What the system answered.
    cause: String,
}

impl ConfineError {
    fn at<E: ToString>(step: &'static str) -> impl FnOnce(E) -> Self {
        move |error| Self { step, cause: error.to_string() }
    }
}

/// A process that is confined, and whose CPU time is counted.
#[derive(Debug)]
pub struct Confined(());

/// Leaves to this process what it has open, and nothing else: from here on it opens no
/// file, makes no socket or pipe, starts no program, and allocates at most `memory_bytes`.
/// When it has used `cpu`, rounded up to seconds, SIGXCPU ends it.
///
/// Whoever calls it has read the untrusted bytes and not yet looked at them, and has
/// started no thread: threads that run already are not confined.
///
/// # Errors
/// [`ConfineError`] where the system does not allow it.
pub fn confine(memory_bytes: u64, cpu: Duration) -> Result<Confined, ConfineError> {
    landlocked::confine_to_nothing().map_err(ConfineError::at("apply Landlock"))?;
    let limit = |resource, value| {
        set_limit(resource, value, value).map_err(ConfineError::at("limit the process"))
    };
    // Landlock knows nothing of UDP and of sockets that connect nowhere; without a
    // descriptor there is none.
    limit(Resource::Nofile, 0)?;
    limit(Resource::Core, 0)?;
    limit(Resource::Data, memory_bytes)?;
    let seconds = cpu.as_secs() + u64::from(cpu.subsec_nanos() > 0);
    soft_cpu_limit(Some(seconds))?;
    Ok(Confined(()))
}

impl Confined {
    /// Takes the CPU limit away, once the untrusted bytes are understood and what is left
    /// is bounded otherwise.
    ///
    /// # Errors
    /// [`ConfineError`] where the system does not allow it.
    pub fn lift_cpu_limit(self) -> Result<(), ConfineError> {
        soft_cpu_limit(None)
    }
}

/// `None` for the hard limit, which stays as it is.
fn soft_cpu_limit(seconds: Option<u64>) -> Result<(), ConfineError> {
    let maximum = getrlimit(Resource::Cpu).maximum;
    let current = match (seconds, maximum) {
        (Some(seconds), Some(maximum)) => Some(seconds.min(maximum)),
        (seconds, maximum) => seconds.or(maximum),
    };
    setrlimit(Resource::Cpu, Rlimit { current, maximum })
        .map_err(ConfineError::at("limit the CPU time"))
}
