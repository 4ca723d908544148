//! The chain is real: break a link of it, and the verdict says which.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod common;

use async_trait::async_trait;
use common::{Bench, candidate, context, evaluate, problem};
use filbench_board::Board;
use filbench_flow::Firmware;
use filbench_lab::tampering::{Damage, Spot, Tampering, TamperingLink};
use filbench_lab::{Link, Place, Selector, Timing, VirtualPlace};
use filbench_model::{
    Bits, BoardRecord, ClockEdge, Direction, Fault, FaultPlace, Interface, MeasuredOn, Port,
    Problem,
};
use filbench_run::{Event, Options, Table};
use filbench_stimulus::{Analysis, Recorder, locate};
use filbench_toolbox::{EdaTools, Toolbox, ToolboxConfig, cache_root};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

const FSM: &str = "filbench-small/Prob007_fsm";

/// What is wrong with the boards on a table.
#[derive(Clone)]
enum Rig {
    /// Nothing.
    Honest,
    /// The cable.
    Cable(Tampering),
    /// The cable, in two ways, the first time that the board is programmed in those of the first
    /// entry; how often it was is counted.
    Cables(Vec<[Tampering; 2]>, Arc<AtomicUsize>),
    /// The board keeps running this bitstream.
    Stuck(Arc<Vec<u8>>),
    /// Programming fails this many times.
    Flaky(Arc<AtomicUsize>),
    /// How often it was programmed is counted.
    Counting(Arc<AtomicUsize>),
}

struct RiggedTable {
    rig: Rig,
}

impl Table for RiggedTable {
    fn open(&self, _: &Selector) -> Result<Box<dyn Place>, Fault> {
        let board = Board::load("icebreaker").unwrap();
        let program = PathBuf::from(env!("CARGO_BIN_EXE_filbench"));
        Ok(Box::new(RiggedPlace {
            inner: VirtualPlace::new(board, program),
            rig: self.rig.clone(),
        }))
    }
}

struct RiggedPlace {
    inner: VirtualPlace,
    rig: Rig,
}

#[async_trait]
impl Place for RiggedPlace {
    async fn program(&mut self, bitstream: &[u8]) -> Result<Box<dyn Link>, Fault> {
        match &self.rig {
            Rig::Honest => self.inner.program(bitstream).await,
            Rig::Cable(tampering) => {
                let link = self.inner.program(bitstream).await?;
                Ok(Box::new(TamperingLink::new(link, *tampering)))
            }
            Rig::Cables(ways, times) => {
                let link = self.inner.program(bitstream).await?;
                let Some([inner, outer]) = ways.get(times.fetch_add(1, Ordering::SeqCst)) else {
                    return Ok(link);
                };
                Ok(Box::new(TamperingLink::new(TamperingLink::new(link, *inner), *outer)))
            }
            Rig::Stuck(old) => self.inner.program(old).await,
            Rig::Counting(times) => {
                times.fetch_add(1, Ordering::SeqCst);
                self.inner.program(bitstream).await
            }
            Rig::Flaky(failures) => {
                let failing = |left: usize| left.checked_sub(1);
                match failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, failing) {
                    Ok(_) => Err(Fault::new(FaultPlace::Program, "the cable fell out")),
                    Err(_) => self.inner.program(bitstream).await,
                }
            }
        }
    }

    fn record(&self) -> BoardRecord {
        self.inner.record()
    }

    fn measured_on(&self) -> MeasuredOn {
        self.inner.measured_on()
    }

    fn timing(&self) -> Timing {
        self.inner.timing()
    }

    async fn last_words(&mut self) -> Option<String> {
        self.inner.last_words().await
    }

    async fn release(&mut self) {
        self.inner.release().await;
    }
}

/// Proves the problem, once for all tests here, so that rigged tables meet candidates only.
static PROVEN: LazyLock<()> = LazyLock::new(|| {
    let honest = context().with_table(Arc::new(RiggedTable { rig: Rig::Honest }));
    let (evaluation, _) =
        evaluate(&honest, &candidate(FSM, "right"), &problem(FSM), &Options::default());
    let verdict = evaluation.report.verdict;
    assert_eq!(verdict.to_string(), "pass", "{}", verdict.reason);
});

/// Judges the right FSM on a rigged table.
fn judge(rig: Rig, options: &Options) -> (filbench_run::Evaluation, Vec<Event>) {
    LazyLock::force(&PROVEN);
    let rigged = context().with_table(Arc::new(RiggedTable { rig }));
    evaluate(&rigged, &candidate(FSM, "right"), &problem(FSM), options)
}

/// The FSM's problem, as the evaluation records it.
fn recorded() -> Problem {
    let port = |name: &str, direction, width| Port { name: name.into(), direction, width };
    let analysis = Analysis {
        interface: Interface {
            ports: vec![
                port("clk", Direction::Input, 1),
                port("reset", Direction::Input, 1),
                port("x", Direction::Input, 1),
                port("y", Direction::Output, 2),
                port("found", Direction::Output, 1),
                port("level", Direction::Output, 1),
            ],
        },
        event_inputs: Bits::from_u64(0b001, 3),
        clocks: vec![(0, ClockEdge::Rising)],
        controls: Vec::new(),
    };
    let toolbox = Toolbox::open(ToolboxConfig {
        cache: cache_root(),
        worker: Some(env!("CARGO_BIN_EXE_filbench").into()),
        tools: EdaTools::Wasm,
    });
    let recorder = Recorder::new(toolbox.unwrap(), &cache_root());
    recorder.record(&locate(&problem(FSM)).unwrap(), &analysis).unwrap()
}

/// Steps where the FSM's output bit 2, the port `found`, is compared, and which of the
/// captures, of a byte each, has it.
fn compared(problem: &Problem) -> impl Iterator<Item = (usize, usize)> {
    let captured = (0..problem.steps.len()).filter(|&step| problem.steps[step].checked());
    let numbered = captured.enumerate().map(|(byte, step)| (step, byte));
    numbered.filter(|&(step, _)| step > 20 && problem.steps[step].care.get(2))
}

#[test]
fn a_bit_flipped_before_the_checksum_is_a_mismatch_there() {
    let problem = recorded();
    let (step, byte) = compared(&problem).next().unwrap();
    let tampering = Tampering::CaptureBeforeChecksum { byte, bit: 2 };
    let (evaluation, _) = judge(Rig::Cable(tampering), &Options::default());
    let report = evaluation.report;
    assert_eq!(report.verdict.to_string(), "fail (mismatch)", "{}", report.verdict.reason);
    let mismatch = report.mismatch.unwrap();
    assert_eq!((mismatch.step, mismatch.port.as_str()), (step, "found"));
    let expected = problem.steps[step].expected.get(2);
    assert_eq!(mismatch.expected, u8::from(expected).to_string());
    assert_eq!(mismatch.got, u8::from(!expected).to_string());
    assert_eq!(report.mismatching_samples, Some(1));
    assert_eq!(report.link.unwrap().retransmissions, 0);
}

#[test]
fn a_bit_flipped_after_the_checksum_is_sent_again() {
    let tampering = Tampering::CaptureAfterChecksum { byte: 7, bit: 2 };
    let (evaluation, events) = judge(Rig::Cable(tampering), &Options::default());
    let report = evaluation.report;
    assert_eq!(report.verdict.to_string(), "pass", "{}", report.verdict.reason);
    assert!(report.link.unwrap().retransmissions >= 1);
    assert!(!events.iter().any(|event| matches!(event, Event::Retrying { .. })));
}

/// A disturbed line, on which a damaged block passes its checksum, with another value of the port
/// `found` in the capture `byte`.
fn damaged(byte: usize) -> [Tampering; 2] {
    let at = Spot::Line { byte: 16 };
    [
        Tampering::CaptureBeforeChecksum { byte, bit: 2 },
        Tampering::Down { at, damage: Damage::Flip { bit: 2 } },
    ]
}

/// A damaged block that its checksum passes must not be the design's fault.
#[test]
fn a_mismatch_after_a_disturbed_line_is_played_again() {
    let recorded = recorded();
    let mut bytes = compared(&recorded).map(|(_, byte)| byte);
    let (byte, other) = (bytes.next().unwrap(), bytes.next().unwrap());
    for (ways, expected, plays) in [
        (vec![damaged(byte)], "pass", 2),
        // What comes twice was said by the design.
        (vec![damaged(byte); 2], "fail (mismatch)", 2),
        // What does not is the lab's doing; the golden is played as well, and passes.
        (vec![damaged(byte), damaged(other)], "inconclusive (unjudgeable)", 3),
    ] {
        let times = Arc::new(AtomicUsize::new(0));
        let rig = Rig::Cables(ways, Arc::clone(&times));
        let (evaluation, events) = judge(rig, &Options::default());
        let report = evaluation.report;
        assert_eq!(report.verdict.to_string(), expected, "{}", report.verdict.reason);
        assert_eq!(times.load(Ordering::SeqCst), plays);
        assert!(events.iter().any(|event| matches!(event, Event::Retrying { .. })));
    }
}

/// Nor the golden's, for then every candidate would be without a verdict.
#[test]
fn a_proof_over_a_disturbed_line_is_played_again() {
    let bench = Bench::new();
    let (_, byte) = compared(&recorded()).next().unwrap();
    let mut path = PathBuf::new();
    for part in ["_test.sv", "_ref.sv"] {
        let mut text = std::fs::read_to_string(problem(&format!("{FSM}{part}"))).unwrap();
        // Nobody has proven this one.
        text.push_str("\n// a proof of its own\n");
        path = bench.file(&format!("Prob007_fsm{part}"), text);
    }
    let times = Arc::new(AtomicUsize::new(0));
    let rig = Rig::Cables(vec![damaged(byte)], Arc::clone(&times));
    let context = context().with_table(Arc::new(RiggedTable { rig }));
    let (evaluation, _) = evaluate(&context, &candidate(FSM, "right"), &path, &Options::default());
    let report = evaluation.report;
    assert_eq!(report.verdict.to_string(), "pass", "{}", report.verdict.reason);
    // The golden twice, and the candidate.
    assert_eq!(times.load(Ordering::SeqCst), 3);
}

#[test]
fn bytes_that_come_never_or_twice_are_made_good() {
    for tampering in [
        Tampering::Up { byte: 3, damage: Damage::Lose },
        Tampering::Up { byte: 200, damage: Damage::Lose },
        Tampering::Up { byte: 5, damage: Damage::Double },
        Tampering::Up { byte: 201, damage: Damage::Double },
        Tampering::Down { at: Spot::Line { byte: 16 }, damage: Damage::Flip { bit: 2 } },
        Tampering::Down { at: Spot::Block { byte: 30 }, damage: Damage::Lose },
        Tampering::Down { at: Spot::BlockCrc { byte: 1 }, damage: Damage::Double },
    ] {
        let (evaluation, _) = judge(Rig::Cable(tampering), &Options::default());
        let report = evaluation.report;
        assert_eq!(report.verdict.to_string(), "pass", "{tampering:?}: {}", report.verdict.reason);
    }
}

#[test]
fn another_bitstream_in_the_board_is_a_fault() {
    let context = context();
    let dff = "filbench-small/Prob002_dff";
    let (other, _) =
        evaluate(&context, &candidate(dff, "right"), &problem(dff), &Options::default());
    let old = other.artifacts.into_iter().find(|artifact| artifact.name == "bitstream.bin");
    let rig = Rig::Stuck(Arc::new(old.unwrap().contents));
    let (evaluation, _) = judge(rig, &Options::default());
    let report = evaluation.report;
    assert_eq!(report.verdict.to_string(), "fault (wrong_bitstream)", "{}", report.verdict.reason);
    assert_eq!(report.mismatching_samples, None);
}

#[test]
fn a_fault_that_goes_away_costs_the_design_nothing() {
    let failures = Arc::new(AtomicUsize::new(1));
    let (evaluation, events) = judge(Rig::Flaky(failures), &Options::default());
    assert_eq!(evaluation.report.verdict.to_string(), "pass");
    let retries = events.iter().filter(|event| matches!(event, Event::Retrying { .. }));
    assert_eq!(retries.count(), 1);
}

#[test]
fn a_fault_that_stays_is_a_fault() {
    let failures = Arc::new(AtomicUsize::new(usize::MAX));
    let (evaluation, _) = judge(Rig::Flaky(failures), &Options::default());
    assert_eq!(evaluation.report.verdict.to_string(), "fault (program)");
    assert_eq!(evaluation.report.verdict.reason, "the cable fell out");
}

/// The state that the first play leaves would be wrong in the second: nothing resets it.
#[test]
fn each_setting_of_unknown_inputs_starts_from_a_new_bitstream() {
    let bench = Bench::new();
    let mut vectors = "clk:in, d:in, q:out\n".to_owned();
    for rises in 0..9 {
        let d = if rises == 4 { "x" } else { "0" };
        vectors.push_str(&format!("0, {d}, {0}\n1, {d}, {1}\n", rises % 2, (rises + 1) % 2));
    }
    let vectors = bench.file("toggle.csv", vectors);
    let toggle = "module TopModule(input clk, input d, output q);\n\
        reg state = 0;\nalways @(posedge clk) state <= !state;\nassign q = state;\nendmodule\n";
    let toggle = bench.file("toggle.v", toggle);
    for (file, plays) in [(vectors.clone(), 2), (bench.file("known.csv", known(&vectors)), 1)] {
        let times = Arc::new(AtomicUsize::new(0));
        let rig = Rig::Counting(Arc::clone(&times));
        let context = context().with_table(Arc::new(RiggedTable { rig }));
        let (evaluation, _) = evaluate(&context, &toggle, &file, &Options::default());
        let report = evaluation.report;
        assert_eq!(report.verdict.to_string(), "pass", "{}", report.verdict.reason);
        assert_eq!(times.load(Ordering::SeqCst), plays, "{}", file.display());
        assert!(!report.unknown_inputs_matter);
    }
}

/// The same vectors without an unknown value.
fn known(vectors: &Path) -> String {
    std::fs::read_to_string(vectors).unwrap().replace(" x,", " 0,")
}

#[test]
fn without_firmware_there_is_no_verdict_on_the_design() {
    let options = Options {
        firmware: Some(Firmware::new(vec![0; Firmware::BYTES_MAX])),
        ..Options::default()
    };
    let (evaluation, _) = judge(Rig::Honest, &options);
    let report = evaluation.report;
    assert_eq!(report.verdict.to_string(), "fault (link)", "{}", report.verdict.reason);
}
