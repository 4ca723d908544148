//! Bitstreams that are not ours: `filbench vboard` runs what stock tools made
//! of foreign RTL, from the `.bin` alone, and says clearly what it cannot run.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod common;

use common::Bench;
use common::echo::{self, message};
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::sync::mpsc::channel;
use std::time::Duration;

/// How long the board may take for an answer; it needs less than a second.
const PATIENCE: Duration = Duration::from_secs(120);

static UP5K: LazyLock<Vec<u8>> = LazyLock::new(|| echo::build("icebreaker", "uart_echo"));
static HX8K: LazyLock<Vec<u8>> = LazyLock::new(|| echo::build("ice40_hx8k_b_evn", "uart_echo"));

/// The kinds of boards, and what runs on each.
fn boards() -> [(&'static str, &'static [u8]); 2] {
    [("icebreaker", &UP5K), ("ice40_hx8k_b_evn", &HX8K)]
}

/// `filbench vboard`, in a folder where the `.bin` is the only file.
fn vboard(bench: &Bench, kind: &str, bitstream: &Path, uart: &str) -> Command {
    let mut command = bench.command(["vboard", "--board", kind, "--uart", uart, "--bitstream"]);
    command.arg(bitstream.file_name().unwrap()).current_dir(bitstream.parent().unwrap());
    command
}

/// Sends the message on the board's standard input, and has it back on its output.
fn echoes(kind: &str, bitstream: &[u8]) {
    let bench = Bench::new();
    let file = bench.file("echo.bin", bitstream);
    let mut child = vboard(&bench, kind, &file, "stdio")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&message()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{kind}: {}", output.status);
    assert_eq!(output.stdout, message(), "{kind}");
}

#[test]
fn an_echo_by_stock_tools_runs_on_standard_streams() {
    for (kind, bitstream) in boards() {
        echoes(kind, bitstream);
    }
}

/// At another rate than the PLL's, no byte would come back whole.
#[test]
fn an_echo_runs_from_a_pll() {
    echoes("icebreaker", &echo::build("icebreaker", "pll_echo_pad"));
    echoes("ice40_hx8k_b_evn", &echo::build("ice40_hx8k_b_evn", "pll_echo_core"));
}

/// Kills it when the test ends, however that is.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// A board behind a pseudo-terminal, and the terminal's path.
fn terminal(bench: &Bench, kind: &str, bitstream: &[u8]) -> (Killed, PathBuf) {
    let file = bench.file("echo.bin", bitstream);
    let mut child = vboard(bench, kind, &file, "pty").stdout(Stdio::piped()).spawn().unwrap();
    let mut path = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut path).unwrap();
    (Killed(child), PathBuf::from(path.trim_end()))
}

/// Opens the terminal, sends, reads as much back, and closes it.
fn send_and_receive(path: &Path, sent: &[u8]) -> Vec<u8> {
    let terminal = File::options().read(true).write(true).open(path).unwrap();
    let (mut writing, mut reading) = (terminal.try_clone().unwrap(), terminal);
    let (sender, receiver) = channel();
    let mut answer = vec![0; sent.len()];
    std::thread::spawn(move || {
        reading.read_exact(&mut answer).unwrap();
        sender.send(answer).unwrap();
    });
    writing.write_all(sent).unwrap();
    receiver.recv_timeout(PATIENCE).expect("the board sends every byte back")
}

/// Whoever closes the terminal can open it again.
#[test]
fn an_echo_by_stock_tools_runs_on_a_pseudo_terminal() {
    for (kind, bitstream) in boards() {
        let bench = Bench::new();
        let (board, path) = terminal(&bench, kind, bitstream);
        assert_eq!(send_and_receive(&path, &message()), message(), "{kind}");
        assert_eq!(send_and_receive(&path, b"again"), b"again", "{kind}");
        drop(board);
    }
}

#[test]
fn what_cannot_run_is_one_clear_message() {
    let bench = Bench::new();
    let up5k = bench.file("up5k.bin", &*UP5K);
    let hx8k = bench.file("hx8k.bin", &*HX8K);
    let text = bench.file("notes.bin", "no bitstream at all\n");
    let empty = bench.file("empty.bin", "");
    let cut = bench.file("cut.bin", &UP5K[..UP5K.len() / 2]);
    let mut damaged = UP5K.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 0x10;
    let damaged = bench.file("damaged.bin", damaged);
    let absent = up5k.with_file_name("absent.bin");
    for (kind, file, expected) in [
        ("icebreaker", &hx8k, "is for the hx8k; a virtual icebreaker has the up5k"),
        ("ice40_hx8k_b_evn", &up5k, "type `--board icebreaker`"),
        ("icebreaker", &text, "no iCE40 preamble"),
        ("icebreaker", &empty, "no iCE40 preamble"),
        ("icebreaker", &cut, "pack it again"),
        ("icebreaker", &damaged, "pack it again"),
        ("icebreaker", &absent, "No such file or directory"),
        ("icebreaker", &PathBuf::from("/dev/zero"), "more than"),
        ("icebreaker", &PathBuf::from("/tmp"), "Is a directory"),
    ] {
        let output = bench
            .command(["vboard", "--board", kind, "--bitstream"])
            .arg(file)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        let code = output.status.code();
        assert_eq!((code, output.stdout.len()), (Some(64), 0), "{}: {said}", file.display());
        assert!(said.contains(&file.display().to_string()), "{said}");
        assert_eq!(said.matches(expected).count(), 1, "{}: {said}", file.display());
        assert_eq!(said.matches("error:").count(), 1, "{said}");
    }
}
