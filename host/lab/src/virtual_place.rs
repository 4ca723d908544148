use crate::{Link, Place, Timing};
use async_trait::async_trait;
use filbench_board::Board;
use filbench_model::{BoardRecord, Fault, FaultPlace, MeasuredOn};
use std::fs::File;
use std::io::Write as _;
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncReadExt, sink};
use tokio::process::{Child, ChildStderr, Command};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// What the child may say is kept up to here.
const WORDS_MAX: u64 = 16 << 10;
/// What the child may allocate; a board takes some 100 MB.
const MEMORY_MAX: u64 = 2 << 30;
/// How long a child that closed its line may take to end.
const END: Duration = Duration::from_secs(5);

/// A board in software: `filbench vboard` as a child, its UART on standard streams.
///
/// The child gets the bitstream and the board's kind and nothing else, no environment
/// either; it confines itself before it looks at the bitstream. It is killed with
/// this value, and ends by itself when its input does, so also when this process is
/// killed. (A parent-death signal would not do: it comes when the *thread* that started
/// the child ends, and an async runtime's threads come and go.)
#[derive(Debug)]
pub struct VirtualPlace {
    board: Board,
    program: PathBuf,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    child: Child,
    words: JoinHandle<Vec<u8>>,
    /// The bitstream, which the child reads through our file table.
    _bitstream: File,
}

impl VirtualPlace {
    /// A virtual board of this kind, run by the `filbench` at `program`.
    pub fn new(board: Board, program: PathBuf) -> Self {
        Self { board, program, running: None }
    }

    /// The process that is the board now, for tests that hurt it.
    #[cfg(feature = "testing")]
    pub fn process(&self) -> Option<u32> {
        self.running.as_ref()?.child.id()
    }

    fn start(&mut self, bitstream: &[u8]) -> std::io::Result<Box<dyn Link>> {
        // In memory: a killed process leaves no file behind.
        let mut file =
            File::from(rustix::fs::memfd_create("bitstream", rustix::fs::MemfdFlags::CLOEXEC)?);
        file.write_all(bitstream)?;
        let path = format!("/proc/{}/fd/{}", std::process::id(), file.as_raw_fd());
        let mut child = Command::new(&self.program)
            .args(["vboard", "--board", &self.board.kind, "--uart", "stdio", "--bitstream", &path])
            // It meets a bitstream that somebody sent: nothing of ours (a token, say) is
            // for it.
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let missing = || std::io::Error::other("the child has no standard streams");
        let stdin = child.stdin.take().ok_or_else(missing)?;
        let stdout = child.stdout.take().ok_or_else(missing)?;
        let stderr = child.stderr.take().ok_or_else(missing)?;
        limit_memory(&child)?;
        let words = tokio::spawn(listen(stderr));
        self.running = Some(Running { child, words, _bitstream: file });
        Ok(Box::new(tokio::io::join(stdout, stdin)))
    }
}

/// Keeps the first words and lets the rest go, so that the child never waits.
async fn listen(mut stderr: ChildStderr) -> Vec<u8> {
    let mut words = Vec::new();
    // What came before an error is still worth telling.
    let _ = (&mut stderr).take(WORDS_MAX).read_to_end(&mut words).await;
    let _ = tokio::io::copy(&mut stderr, &mut sink()).await;
    words
}

fn limit_memory(child: &Child) -> std::io::Result<()> {
    use rustix::process::{Pid, Resource, Rlimit, prlimit};
    let pid = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
    if let Some(pid) = pid {
        let limit = Rlimit { current: Some(MEMORY_MAX), maximum: Some(MEMORY_MAX) };
        prlimit(Some(pid), Resource::Data, limit)?;
    }
    Ok(())
}

#[async_trait]
impl Place for VirtualPlace {
    async fn program(&mut self, bitstream: &[u8]) -> Result<Box<dyn Link>, Fault> {
        self.release().await;
        self.start(bitstream).map_err(|error| {
            Fault::new(
                FaultPlace::Program,
                format!(
                    "cannot start a virtual {} by `{} vboard`: {error}",
                    self.board.kind,
                    self.program.display()
                ),
            )
        })
    }

    fn record(&self) -> BoardRecord {
        BoardRecord {
            kind: self.board.kind.clone(),
            device: self.board.device.to_string(),
            package: self.board.package.clone(),
            id: "virtual".to_owned(),
        }
    }

    fn measured_on(&self) -> MeasuredOn {
        MeasuredOn::Virtual
    }

    fn timing(&self) -> Timing {
        // A second of the board may be half a minute of a busy machine. To boot and say hello
        // takes it less than a hundredth of one, and so does a message once it has begun; what
        // these two allow is for a machine with some 60 boards that start at once.
        Timing {
            reply: Duration::from_secs(60),
            hello: Duration::from_secs(10),
            gap: Duration::from_secs(10),
            quiet: Duration::from_millis(300),
            attempts: 5,
        }
    }

    async fn last_words(&mut self) -> Option<String> {
        // Only a child that has ended, or ends now, has last words.
        let status = timeout(END, self.running.as_mut()?.child.wait()).await.ok()?.ok()?;
        let words = timeout(END, self.running.take()?.words).await.ok()?.ok()?;
        let text = String::from_utf8_lossy(&words).trim().to_owned();
        Some(if text.is_empty() { format!("it ended with {status}") } else { text })
    }

    async fn release(&mut self) {
        if let Some(mut running) = self.running.take() {
            // It may have ended by itself.
            let _ = running.child.kill().await;
        }
    }
}
