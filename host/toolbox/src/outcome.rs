//! From what was seen of a worker to how its job ended.

use crate::protocol::{Reply, WorkerLimits};
use crate::supervise::{Observed, Stop};
use crate::{Limits, Tool, ToolExit};
use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

/// What programs say when an allocation fails under `RLIMIT_AS`: C++ that
/// throws, `perror`, parsers made by bison, Rust.
const OUT_OF_MEMORY: [&str; 5] = [
    "bad_alloc",
    "Cannot allocate memory",
    "memory exhausted",
    "ut of memory",
    "memory allocation of",
];

/// Where a job's end has to be guessed from what was seen of it. A guess takes what a
/// program prints for its own words, and a candidate may have chosen them, so it is made
/// only where nothing better is to be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guess {
    /// Nowhere: the worker counts what a guest asks for, and says so
    /// ([`Reply::MemoryLimit`]).
    Never,
    /// Where a signal ended the program, as an allocation that fails in C++ or Rust does.
    /// Its own status is what it says: synthesis of a design with a memory ends with 1 on
    /// purpose, with the design's names in what is printed.
    OfSignals,
    /// With a status that is not 0 as well: `iverilog` and GHDL tell with it that a pass of
    /// theirs died.
    OfStatusesToo,
}

impl Guess {
    /// For `tool`, as a guest or as a native program.
    pub(crate) fn of(tool: Tool, is_guest: bool) -> Self {
        match tool {
            _ if is_guest => Self::Never,
            Tool::Yosys | Tool::NextpnrIce40 | Tool::Icepack | Tool::FstToVcd => Self::OfSignals,
            Tool::Iverilog | Tool::Vvp | Tool::Ghdl => Self::OfStatusesToo,
        }
    }
}

/// A shell's status for a command that a signal ended is this plus the signal
/// (POSIX asks for more than 128).
const SHELL_SIGNALLED: i32 = 128;

/// The part of the limits that the worker enforces itself.
pub(crate) fn worker_limits(limits: &Limits) -> WorkerLimits {
    WorkerLimits {
        cpu_s: cpu_s(limits),
        memory_bytes: limits.memory_bytes,
        file_bytes: limits.output_bytes,
    }
}

/// `RLIMIT_CPU` counts whole seconds, and reads 0 as "at once".
fn cpu_s(limits: &Limits) -> u64 {
    let rounded_up = u64::from(limits.cpu.subsec_nanos() > 0);
    limits.cpu.as_secs().saturating_add(rounded_up).max(1)
}

/// How the job ended; `None` if there was no job, because the worker failed.
pub(crate) fn tool_exit(limits: &Limits, guess: Guess, seen: &Observed) -> Option<ToolExit> {
    match seen.stop {
        Some(Stop::Wall) => return Some(ToolExit::WallLimit),
        Some(Stop::Output) => return Some(ToolExit::OutputLimit),
        Some(Stop::Told | Stop::NoRoom) => return None,
        None if seen.written_bytes > limits.output_bytes => return Some(ToolExit::OutputLimit),
        None => {}
    }
    match &seen.reply {
        Some(Reply::MemoryLimit) => Some(ToolExit::MemoryLimit),
        Some(Reply::Trapped(text)) => Some(ToolExit::Trapped(text.clone())),
        Some(Reply::Exited(0)) => Some(ToolExit::Exited(0)),
        // `iverilog` hides behind a status what happened to its passes; that of
        // a killed one comes from the shell.
        Some(Reply::Exited(code)) if guess == Guess::OfStatusesToo => {
            Some(match code - SHELL_SIGNALLED {
                signal @ (libc::SIGXCPU | libc::SIGXFSZ) => killed(signal, limits, guess, seen),
                _ => limit_reached(limits, guess, seen).unwrap_or(ToolExit::Exited(*code)),
            })
        }
        // A program that Yosys started has ended at a limit; its time is measured, and nothing
        // that is printed counts.
        Some(Reply::Exited(_)) if guess == Guess::OfSignals && is_out_of_time(limits, seen) => {
            Some(ToolExit::CpuLimit)
        }
        Some(Reply::Exited(code)) => Some(ToolExit::Exited(*code)),
        Some(Reply::Signalled(signal)) => Some(killed(*signal, limits, guess, seen)),
        Some(_) => None,
        None => seen.status.signal().map(|signal| killed(signal, limits, guess, seen)),
    }
}

fn killed(signal: i32, limits: &Limits, guess: Guess, seen: &Observed) -> ToolExit {
    match signal {
        libc::SIGXCPU => ToolExit::CpuLimit,
        libc::SIGXFSZ => ToolExit::OutputLimit,
        _ => limit_reached(limits, guess, seen).unwrap_or(ToolExit::Killed(signal)),
    }
}

fn is_out_of_time(limits: &Limits, seen: &Observed) -> bool {
    seen.cpu >= Duration::from_secs(cpu_s(limits))
}

/// The limit that explains an end that was not a success. Nothing in the kernel
/// says that `RLIMIT_AS` was the cause: the program's size at its peak, or its
/// own complaint, has to do.
fn limit_reached(limits: &Limits, guess: Guess, seen: &Observed) -> Option<ToolExit> {
    if is_out_of_time(limits, seen) {
        return Some(ToolExit::CpuLimit);
    }
    if guess == Guess::Never {
        return None;
    }
    let grown = seen.rss_bytes_max >= limits.memory_bytes / 4 * 3;
    let complaint = || {
        let text = String::from_utf8_lossy(&seen.stderr);
        OUT_OF_MEMORY.iter().any(|words| text.contains(words))
    };
    (grown || complaint()).then_some(ToolExit::MemoryLimit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::ExitStatus;

    const LIMITS: Limits = Limits {
        cpu: Duration::from_millis(1500),
        wall: Duration::from_secs(20),
        memory_bytes: 1 << 30,
        output_bytes: 1000,
    };

    fn seen(reply: Option<Reply>, raw_status: i32) -> Observed {
        Observed {
            stop: None,
            status: ExitStatus::from_raw(raw_status),
            reply,
            stdout: Vec::new(),
            stderr: Vec::new(),
            cpu: Duration::ZERO,
            rss_bytes_max: 0,
            wall: Duration::ZERO,
            written_bytes: 0,
        }
    }

    #[test]
    fn every_end_has_its_name() {
        let exit = |seen: &Observed| tool_exit(&LIMITS, Guess::OfStatusesToo, seen);
        for (reply, raw_status, expected) in [
            (Some(Reply::Exited(0)), 0, Some(ToolExit::Exited(0))),
            (Some(Reply::Exited(3)), 0, Some(ToolExit::Exited(3))),
            (Some(Reply::Exited(128 + libc::SIGXCPU)), 0, Some(ToolExit::CpuLimit)),
            (Some(Reply::Exited(128 + libc::SIGXFSZ)), 0, Some(ToolExit::OutputLimit)),
            (Some(Reply::Signalled(11)), 0, Some(ToolExit::Killed(11))),
            (Some(Reply::Signalled(libc::SIGXCPU)), 0, Some(ToolExit::CpuLimit)),
            (None, libc::SIGXCPU, Some(ToolExit::CpuLimit)),
            (None, libc::SIGXFSZ, Some(ToolExit::OutputLimit)),
            (None, libc::SIGSEGV, Some(ToolExit::Killed(11))),
            (None, 0, None),
            (Some(Reply::NotCompiled), 0, None),
            (Some(Reply::Failed("x".into())), 0, None),
        ] {
            let text = format!("{reply:?}");
            assert_eq!(exit(&seen(reply, raw_status)), expected, "{text}");
        }
        let failed = || seen(Some(Reply::Exited(1)), 0);
        let mut slow = failed();
        slow.cpu = Duration::from_secs(2);
        assert_eq!(exit(&slow), Some(ToolExit::CpuLimit));
        let mut large = failed();
        large.rss_bytes_max = 900 << 20;
        assert_eq!(exit(&large), Some(ToolExit::MemoryLimit));
        let mut complaining = failed();
        complaining.stderr = b"what():  std::bad_alloc".to_vec();
        assert_eq!(exit(&complaining), Some(ToolExit::MemoryLimit));
        let mut prolific = seen(Some(Reply::Exited(0)), 0);
        prolific.written_bytes = 1001;
        assert_eq!(exit(&prolific), Some(ToolExit::OutputLimit));
        let mut sleeping = seen(None, libc::SIGKILL);
        sleeping.stop = Some(Stop::Wall);
        assert_eq!(exit(&sleeping), Some(ToolExit::WallLimit));
    }

    /// A design chooses its names, and what is large may be right.
    #[test]
    fn what_is_printed_makes_no_limit_of_a_status() {
        let mut seen = seen(Some(Reply::Exited(1)), 0);
        seen.stderr = b"Warning: wire `bad_alloc` is out of memory".to_vec();
        seen.rss_bytes_max = 900 << 20;
        for tool in Tool::GUESTS {
            for is_guest in [true, false] {
                let exit = tool_exit(&LIMITS, Guess::of(tool, is_guest), &seen);
                assert_eq!(exit, Some(ToolExit::Exited(1)), "{tool} as a guest: {is_guest}");
            }
        }
        seen.cpu = LIMITS.cpu * 2;
        let abc_ended = tool_exit(&LIMITS, Guess::of(Tool::Yosys, false), &seen);
        assert_eq!(abc_ended, Some(ToolExit::CpuLimit));
        seen.cpu = Duration::ZERO;
        seen.reply = Some(Reply::Signalled(libc::SIGABRT));
        let exit = |is_guest| tool_exit(&LIMITS, Guess::of(Tool::Yosys, is_guest), &seen);
        assert_eq!(exit(false), Some(ToolExit::MemoryLimit));
        assert_eq!(exit(true), Some(ToolExit::Killed(libc::SIGABRT)));
    }
}
