//! The parent's side of a worker: start it, read it, stop it, account for it.

use crate::interrupt::StopSigns;
use crate::protocol::{Order, REPLY_BYTES_MAX, Reply, WORKER_ARGUMENT};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal};
use std::fs;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How often the job folder is measured.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How long a worker may take to read its order, and the processes of a worker
/// that was killed to close their pipes.
const PATIENCE: Duration = Duration::from_secs(30);
/// What a file, however short, counts against the output limit.
const ENTRY_BYTES: u64 = 4096;

/// With less room on the job folder's file system a tool may fail, or write half of a
/// result, because of that.
pub(crate) const FREE_BYTES_MIN: u64 = 16 << 20;

/// What the parent itself watches over.
pub(crate) struct Bounds<'a> {
    pub(crate) wall: Duration,
    /// Of both streams together, and of the growth of `dir`.
    pub(crate) output_bytes: u64,
    pub(crate) dir: Option<&'a Path>,
    /// Room that the file system of `dir` must have left, up to the worker's end.
    pub(crate) free_bytes_min: u64,
    /// Becomes true when the job is told to end.
    pub(crate) stop: StopSigns,
}

/// Why the parent stopped a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    Wall,
    Output,
    /// The lab's disk is full.
    NoRoom,
    Told,
}

/// Everything there is to know about a worker that has ended.
pub(crate) struct Observed {
    pub(crate) stop: Option<Stop>,
    pub(crate) status: ExitStatus,
    pub(crate) reply: Option<Reply>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    pub(crate) cpu: Duration,
    /// Largest resident set of any of its processes.
    pub(crate) rss_bytes_max: u64,
    pub(crate) wall: Duration,
    /// Growth of the job folder.
    pub(crate) written_bytes: u64,
}

/// Runs one order to its end. Blocks this thread, and must: the kernel counts
/// the thread as the worker's parent, whose death is the worker's.
pub(crate) fn supervise(
    program: &Path,
    order: &Order,
    bounds: &Bounds<'_>,
) -> io::Result<Observed> {
    let size_before = bounds.dir.map_or(0, |dir| tree_bytes(dir, u64::MAX));
    let started = Instant::now();
    let mut worker = Running::start(program)?;
    worker.send(order)?;
    let stop = worker.watch(bounds, started + bounds.wall, size_before)?;
    let (status, usage) = worker.reap()?;
    // Whoever has written the last bytes of the disk, no result can be trusted.
    let stop = if stop.is_none() && has_no_room(bounds)? { Some(Stop::NoRoom) } else { stop };
    let written_bytes =
        bounds.dir.map_or(0, |dir| tree_bytes(dir, u64::MAX).saturating_sub(size_before));
    let [stdout, stderr, reply] =
        worker.streams.each_mut().map(|stream| std::mem::take(&mut stream.bytes));
    Ok(Observed {
        stop,
        status,
        reply: serde_json::from_slice(&reply).ok(),
        stdout,
        stderr,
        cpu: duration(usage.ru_utime) + duration(usage.ru_stime),
        rss_bytes_max: u64::try_from(usage.ru_maxrss).unwrap_or(0) * 1024,
        wall: started.elapsed(),
        written_bytes,
    })
}

fn has_no_room(bounds: &Bounds<'_>) -> io::Result<bool> {
    let Some(dir) = bounds.dir else { return Ok(false) };
    let system = rustix::fs::statvfs(dir)?;
    Ok(system.f_bavail.saturating_mul(system.f_frsize) < bounds.free_bytes_min)
}

/// A worker process; killed and reaped on drop.
struct Running {
    pid: Pid,
    pidfd: OwnedFd,
    control: UnixStream,
    /// Standard output, standard error, reply.
    streams: [Stream; 3],
    reaped: bool,
}

impl Running {
    fn start(program: &Path) -> io::Result<Self> {
        let (control, theirs) = UnixStream::pair()?;
        control.set_write_timeout(Some(PATIENCE))?;
        let mut child = Command::new(program)
            .arg(WORKER_ARGUMENT)
            .arg(std::process::id().to_string())
            .env_clear()
            // wasmtime-wasi starts a tokio runtime; one thread is plenty.
            .env("TOKIO_WORKER_THREADS", "1")
            .current_dir("/")
            .stdin(OwnedFd::from(theirs))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()?;
        let pid = Pid::from_child(&child);
        let pipes = [
            child.stdout.take().map(OwnedFd::from),
            child.stderr.take().map(OwnedFd::from),
            Some(OwnedFd::from(control.try_clone()?)),
        ];
        let streams = pipes.map(|fd| Stream { fd: fd.map(fs::File::from), bytes: Vec::new() });
        match rustix::process::pidfd_open(pid, PidfdFlags::empty()) {
            Ok(pidfd) => Ok(Self { pid, pidfd, control, streams, reaped: false }),
            Err(errno) => {
                child.kill()?;
                child.wait()?;
                Err(errno.into())
            }
        }
    }

    fn send(&mut self, order: &Order) -> io::Result<()> {
        let text = serde_json::to_vec(order)?;
        match self.control.write_all(&text).and_then(|()| self.control.shutdown(Shutdown::Write)) {
            // It ended early; its status and its last words say why.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
            other => other,
        }
    }

    /// Collects what the worker says until it and all that holds its pipes has
    /// ended; kills it when it passes a bound.
    fn watch(
        &mut self,
        bounds: &Bounds<'_>,
        deadline: Instant,
        size_before: u64,
    ) -> io::Result<Option<Stop>> {
        for stream in &self.streams {
            if let Some(fd) = &stream.fd {
                rustix::io::ioctl_fionbio(fd, true)?;
            }
        }
        let mut stop = None;
        let mut next_look = Instant::now() + LOOK_EVERY;
        let mut give_up = None;
        loop {
            let now = Instant::now();
            if stop.is_none() && give_up.is_none() {
                if now >= deadline {
                    stop = Some(Stop::Wall);
                } else if let Some(dir) = bounds.dir
                    && now >= next_look
                {
                    let bytes_max = size_before.saturating_add(bounds.output_bytes);
                    if has_no_room(bounds)? {
                        stop = Some(Stop::NoRoom);
                    } else if tree_bytes(dir, bytes_max) > bytes_max {
                        stop = Some(Stop::Output);
                    }
                    next_look = Instant::now() + LOOK_EVERY;
                }
                if self.printed_bytes() > bounds.output_bytes {
                    stop = Some(Stop::Output);
                }
                if bounds.stop.is_up() {
                    stop = Some(Stop::Told);
                }
                if stop.is_some() {
                    self.kill();
                }
            }
            let ended =
                self.wait_for_news(LOOK_EVERY.min(deadline.saturating_duration_since(now)))?;
            self.read(bounds.output_bytes)?;
            if ended {
                // Its children may hold the pipes a moment longer.
                let give_up = *give_up.get_or_insert(Instant::now() + PATIENCE);
                if self.streams.iter().all(|s| s.fd.is_none()) || Instant::now() >= give_up {
                    break;
                }
            }
        }
        // Whatever was printed between the last check and the end counts too.
        if stop.is_none() && self.printed_bytes() > bounds.output_bytes {
            stop = Some(Stop::Output);
        }
        self.truncate(bounds.output_bytes);
        Ok(stop)
    }

    /// Sleeps until a stream has something, the worker has ended, or `timeout`
    /// is over. Says whether the worker has ended.
    fn wait_for_news(&self, timeout: Duration) -> io::Result<bool> {
        let mut fds = vec![PollFd::new(&self.pidfd, PollFlags::IN)];
        for fd in self.streams.iter().filter_map(|s| s.fd.as_ref()) {
            fds.push(PollFd::new(fd, PollFlags::IN));
        }
        // Once the worker has ended its descriptor stays ready: then wait for
        // the streams alone, if any is left.
        let ended = is_ready(&self.pidfd)?;
        let watched = if ended { &mut fds[1..] } else { &mut fds[..] };
        if watched.is_empty() {
            return Ok(ended);
        }
        let timeout = Timespec::try_from(timeout.max(Duration::from_millis(1))).ok();
        match poll(watched, timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(ended),
            Err(errno) => Err(errno.into()),
        }
    }

    fn read(&mut self, output_bytes_max: u64) -> io::Result<()> {
        let [stdout, stderr, reply] = &mut self.streams;
        // One byte more than allowed tells that the limit is passed.
        let room = (output_bytes_max + 1).saturating_sub(stdout.len() + stderr.len());
        stdout.read(room)?;
        let room = (output_bytes_max + 1).saturating_sub(stdout.len() + stderr.len());
        stderr.read(room)?;
        reply.read((REPLY_BYTES_MAX as u64).saturating_sub(reply.len()))
    }

    fn printed_bytes(&self) -> u64 {
        self.streams[0].len() + self.streams[1].len()
    }

    fn truncate(&mut self, output_bytes_max: u64) {
        let keep = usize::try_from(output_bytes_max).unwrap_or(usize::MAX);
        self.streams[0].bytes.truncate(keep);
        let left = keep - self.streams[0].bytes.len();
        self.streams[1].bytes.truncate(left);
    }

    fn kill(&self) {
        // The group holds the worker and, unless they left it, its children.
        // Only "no such process" can come back, which is what is wanted.
        let _ = rustix::process::kill_process_group(self.pid, Signal::KILL);
        let _ = rustix::process::pidfd_send_signal(&self.pidfd, Signal::KILL);
    }

    fn reap(&mut self) -> io::Result<(ExitStatus, libc::rusage)> {
        let mut status = 0;
        // SAFETY: `rusage` is plain integers, for which all zeros is a value.
        let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
        loop {
            // SAFETY: both pointers are to live, writable locals.
            let pid = unsafe { libc::wait4(self.pid.as_raw_pid(), &mut status, 0, &mut usage) };
            if pid == self.pid.as_raw_pid() {
                self.reaped = true;
                return Ok((ExitStatus::from_raw(status), usage));
            }
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.reaped {
            self.kill();
            // Nobody is left to tell, and the kernel reaps orphans.
            let _ = self.reap();
        }
    }
}

/// One pipe of the worker and what has come through it.
struct Stream {
    /// Absent once it has ended.
    fd: Option<fs::File>,
    bytes: Vec<u8>,
}

impl Stream {
    fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// Takes what is there, at most `room` bytes; more is thrown away.
    fn read(&mut self, room: u64) -> io::Result<()> {
        let mut buffer = [0; 64 << 10];
        let Some(fd) = &mut self.fd else {
            return Ok(());
        };
        match fd.read(&mut buffer) {
            Ok(0) => self.fd = None,
            Ok(count) => {
                let keep = count.min(usize::try_from(room).unwrap_or(usize::MAX));
                self.bytes.extend_from_slice(&buffer[..keep]);
            }
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => self.fd = None,
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
                ) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

fn is_ready(fd: &impl AsFd) -> io::Result<bool> {
    let mut fds = [PollFd::new(fd, PollFlags::IN)];
    match poll(&mut fds, Some(&Timespec::default())) {
        Ok(count) => Ok(count > 0),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(errno) => Err(errno.into()),
    }
}

fn duration(time: libc::timeval) -> Duration {
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Duration::from_secs(seconds) + Duration::from_micros(u64::try_from(time.tv_usec).unwrap_or(0))
}

/// What lies below `dir`, without following links; stops counting above
/// `enough`. Entries that vanish meanwhile count nothing.
fn tree_bytes(dir: &Path, enough: u64) -> u64 {
    let mut total: u64 = 0;
    let mut folders: Vec<PathBuf> = vec![dir.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries.flatten() {
            let Ok(metadata) = entry.metadata() else {
                continue;
            };
            total = total.saturating_add(ENTRY_BYTES);
            if metadata.is_dir() {
                folders.push(entry.path());
            } else {
                total = total.saturating_add(metadata.len());
            }
            if total > enough {
                return total;
            }
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Tool;
    use crate::protocol::ModuleRef;

    /// `true` stands for a tool that does not notice that its disk is full.
    #[test]
    fn nothing_is_believed_of_a_tool_on_a_full_disk() {
        let dir = tempfile::tempdir().unwrap();
        let order = Order::Locate(ModuleRef {
            tool: Tool::Yosys,
            wasm: PathBuf::new(),
            sha256: String::new(),
            compiled: PathBuf::new(),
        });
        let stop = |free_bytes_min| {
            let bounds = Bounds {
                wall: PATIENCE,
                output_bytes: 1000,
                dir: Some(dir.path()),
                free_bytes_min,
                stop: StopSigns::new(&std::sync::Arc::default()),
            };
            supervise(Path::new("/bin/true"), &order, &bounds).unwrap().stop
        };
        assert_eq!(stop(1), None);
        assert_eq!(stop(u64::MAX), Some(Stop::NoRoom));
    }
}
