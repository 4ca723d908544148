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
use tokio::io::AsyncReadExt;
use tokio::process::{Child, ChildStderr, Command};
use tokio::time::timeout;

/// The board's side may say this much.
const WORDS_MAX: u64 = 16 << 10;
/// How long a child that closed its line may take to end.
const END: Duration = Duration::from_secs(5);

/// A board in software: `filbench vboard` as a child, its UART on standard streams.
///
/// The child gets the bitstream and the board's kind and nothing else. It dies with
/// this value, and by itself when its input ends.
#[derive(Debug)]
pub struct VirtualPlace {
    board: Board,
    program: PathBuf,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    child: Child,
    stderr: Option<ChildStderr>,
    /// The bitstream, which the child reads through our file table.
    _bitstream: File,
}

impl VirtualPlace {
    /// A virtual board of this kind, run by the `filbench` at `program`.
    pub fn new(board: Board, program: PathBuf) -> Self {
        Self { board, program, running: None }
    }

    fn start(&mut self, bitstream: &[u8]) -> std::io::Result<Box<dyn Link>> {
        // In memory: a killed process leaves no file behind.
        let mut file = File::from(rustix::fs::memfd_create(
            "bitstream",
            rustix::fs::MemfdFlags::CLOEXEC,
        )?);
        file.write_all(bitstream)?;
        let path = format!("/proc/{}/fd/{}", std::process::id(), file.as_raw_fd());
        let mut child = Command::new(&self.program)
            .args(["vboard", "--board", &self.board.kind, "--uart", "stdio", "--bitstream", &path])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let missing = || std::io::Error::other("the child has no standard streams");
        let stdin = child.stdin.take().ok_or_else(missing)?;
        let stdout = child.stdout.take().ok_or_else(missing)?;
        let stderr = child.stderr.take();
        self.running = Some(Running { child, stderr, _bitstream: file });
        Ok(Box::new(tokio::io::join(stdout, stdin)))
    }
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
        // A second of the board may be half a minute of a busy machine.
        Timing {
            reply: Duration::from_secs(60),
            quiet: Duration::from_millis(300),
            attempts: 5,
        }
    }

    async fn last_words(&mut self) -> Option<String> {
        let running = self.running.as_mut()?;
        // Only a child that has ended, or ends now, has last words.
        let status = timeout(END, running.child.wait()).await.ok()?.ok()?;
        let mut text = Vec::new();
        if let Some(stderr) = &mut running.stderr {
            // What came before an error is still worth telling.
            let _ = stderr.take(WORDS_MAX).read_to_end(&mut text).await;
        }
        let text = String::from_utf8_lossy(&text).trim().to_owned();
        Some(if text.is_empty() { format!("it ended with {status}") } else { text })
    }

    async fn release(&mut self) {
        if let Some(mut running) = self.running.take() {
            // It may have ended by itself.
            let _ = running.child.kill().await;
        }
    }
}
