//! Bitstreams that are not ours: `filbench vboard` runs what stock tools made
//! of foreign RTL, from the `.bin` alone, and says clearly what it cannot run.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod common;

use common::Bench;
use common::echo::{self, message};
use filbench_vboard::upset::{FileBit, flip_bits};
use filbench_vboard::{DecodeError, EngineKind, Pins, VirtualBoard, decode};
use proptest::prelude::*;
use std::collections::BTreeMap;
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

/// Every bit of it is in the output's enable.
#[test]
fn an_echo_with_an_open_drain_runs() {
    for (kind, _) in boards() {
        echoes(kind, &echo::build(kind, "open_drain_echo"));
    }
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

/// What is not modelled is refused by name and place, as wrong usage.
#[test]
fn what_is_not_modelled_is_refused_by_name() {
    for (kind, top, names) in [
        ("icebreaker", "with_oscillator", &["hard IP HFOSC", " at ("][..]),
        ("icebreaker", "with_i2c", &["hard IP I2C", " at ("]),
        ("icebreaker", "with_cascaded_multiplier", &["MAC16 that takes ACCUMCI", " at ("]),
        ("icebreaker", "with_ddr_output", &["a DDR output", " at ("]),
        ("icebreaker", "with_external_feedback_pad", &["PLL", " at ("]),
        ("ice40_hx8k_b_evn", "with_ddr_output", &["a DDR output", " at ("]),
        ("ice40_hx8k_b_evn", "with_external_feedback_core", &["PLL", " at ("]),
    ] {
        let bench = Bench::new();
        let file = bench.file("foreign.bin", echo::build(kind, top));
        let output = vboard(&bench, kind, &file, "stdio").stdin(Stdio::null()).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        println!("{kind} {top}: {said}");
        assert_eq!((output.status.code(), output.stdout.len()), (Some(64), 0), "{top}: {said}");
        for name in names.iter().chain(&["foreign.bin", "is not modelled by the virtual board"]) {
            assert!(said.contains(name), "{top}: `{name}` is not in: {said}");
        }
    }
}

/// After it has read the file, the board can open nothing, and its memory is bounded.
#[test]
fn a_board_is_confined_before_it_looks_at_a_bitstream() {
    let bench = Bench::new();
    let (board, _path) = terminal(&bench, "icebreaker", &UP5K);
    let of_process =
        |file: &str| std::fs::read_to_string(format!("/proc/{}/{file}", board.0.id())).unwrap();
    let status = of_process("status");
    assert!(status.contains("NoNewPrivs:\t1"), "{status}");
    let limits = of_process("limits");
    let limit = |name: &str| {
        let line = limits.lines().find(|line| line.starts_with(name)).unwrap();
        line[name.len()..].split_whitespace().next().unwrap().to_owned()
    };
    assert_eq!(limit("Max open files"), "0");
    assert_eq!(limit("Max data size"), (2u64 << 30).to_string());
}

/// Whatever the bits say, it is a board that runs for as long as it is let, or a typed error.
fn is_decided(file: &[u8]) -> Option<DecodeError> {
    let netlist = match decode(file) {
        Ok(netlist) => netlist,
        Err(error) => return Some(error),
    };
    let pins = Pins { package: "sg48", clock: "35", uart_rx: "6", uart_tx: "9", uart_divider: 4 };
    if let Ok(mut board) = VirtualBoard::new(netlist, &pins, EngineKind::default()) {
        // A design that oscillates ends it, which is typed as well.
        let _ran = board.run(200);
    }
    None
}

/// Bits of a file: the byte as a share of the file, and the mask.
fn places(length: usize, shares: &[(f64, u8)]) -> Vec<FileBit> {
    let place = |&(share, bit): &(f64, u8)| FileBit {
        byte: ((length as f64 * share) as usize).min(length - 1),
        mask: 1 << bit,
    };
    shares.iter().map(place).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// With a CRC that is right again, so that nothing but the decoder stands in the way.
    #[test]
    fn damaged_bitstreams_are_boards_or_typed_errors(
        shares in prop::collection::vec((0.0..1.0, 0..8u8), 1..12)
    ) {
        is_decided(&flip_bits(&UP5K, &places(UP5K.len(), &shares)).unwrap());
    }

    #[test]
    fn bytes_behind_a_preamble_are_typed_errors(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        let file = [&[0x7e, 0xaa, 0x99, 0x7e][..], &bytes].concat();
        prop_assert!(matches!(decode(&file), Err(DecodeError::Bitstream(_))));
    }

    #[test]
    fn any_cut_is_a_typed_error(share in 0.0..0.99) {
        let end = (UP5K.len() as f64 * share) as usize;
        prop_assert!(matches!(decode(&UP5K[..end]), Err(DecodeError::Bitstream(_))));
    }
}

/// Each kind of damage that a wrong bit can do is told by its own error.
#[test]
fn every_damage_has_its_error() {
    let mut seen = BTreeMap::<&str, (usize, String)>::new();
    for try_number in 0..200u32 {
        // Spread over the configuration memory, which ends two thirds into the file.
        let share = f64::from(try_number.wrapping_mul(0x9e37_79b9)) / 2f64.powi(32);
        let places = places(UP5K.len(), &[(0.01 + share * 0.6, (try_number % 8) as u8)]);
        let name = match is_decided(&flip_bits(&UP5K, &places).unwrap()) {
            None => continue,
            Some(error) => {
                let name = match error {
                    DecodeError::UnknownChoice { .. } => "UnknownChoice",
                    DecodeError::TwoDrivers { .. } => "TwoDrivers",
                    DecodeError::RoutingRing { .. } => "RoutingRing",
                    DecodeError::UnknownBit { .. } => "UnknownBit",
                    DecodeError::Unmodelled { .. } => "Unmodelled",
                    DecodeError::Bitstream(_) => "Bitstream",
                    DecodeError::ChipDb(_) => "ChipDb",
                };
                let entry = seen.entry(name).or_default();
                *entry = (entry.0 + 1, error.to_string());
                name
            }
        };
        assert_ne!(name, "ChipDb", "{seen:?}");
    }
    println!("{seen:#?}");
    for name in ["UnknownChoice", "TwoDrivers", "UnknownBit"] {
        assert!(seen.contains_key(name), "no {name} in {seen:?}");
    }
}
