//! 200 of a design's look-up table bits, flipped in the bitstream one at a
//! time: the board's verdict, its first mismatching step and port and the
//! values there are those of Icarus on the netlist with the same bit flipped.
//!
//! Which bit of the file belongs to which bit of the netlist is found without
//! the virtual board's decoder: see `places`.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod faulty;
mod places;

#[path = "../common/mod.rs"]
mod common;

use common::lab::Lab;
use faulty::{Fault, FaultyNetlist};
use filbench_board::Board;
use filbench_flow::{Design, Linked, Placement};
use filbench_lab::{Place, PlayPlan, Session, VirtualPlace};
use filbench_model::{Bits, Comparison, Problem, Step, StimulusSource};
use filbench_run::{
    PlayerMap, Responses, Scores, UnknownInputs, Vectors, Wiring, compare, conclude,
};
use filbench_vboard::upset::{flip_bits, lut_bits};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// Bits that are flipped.
const FLIPS: usize = 200;
const TOP: &str = "upsets";
const SEED: u32 = 1;

#[test]
fn a_flipped_bit_gives_the_verdict_of_the_netlist_with_that_bit() {
    let bench = Lab::open("icebreaker");
    let design = bench.design(TOP);
    let linked = bench.flow.link(&design, &bench.board, &bench.firmware).unwrap();
    let netlist = FaultyNetlist::of(&design);
    let faults = netlist.choose(FLIPS);
    assert_eq!(faults.len(), FLIPS);

    let placement = bench.flow.place(&linked, &bench.board, SEED).unwrap();
    let Placement::Placed(placed) = placement else { panic!("{placement:?}") };
    let bitstream = bench.flow.pack(&placed).unwrap().bytes;
    let places = places::find(&bench, &linked, &netlist, &faults, &bitstream);
    // What the virtual board's own list of places says is the same.
    let listed = lut_bits(&bitstream).unwrap();
    for (fault, place) in faults.iter().zip(&places) {
        let lut = listed.iter().find(|lut| lut.at == place.at).unwrap();
        assert!(lut.places.contains(&place.bit), "{fault:?} at {}", place.at);
    }

    let steps = stimulus(&design);
    let simulated = netlist.simulate(&bench, &faults, &steps);
    let problem = Arc::new(problem(&design, &steps, &simulated[0]));
    let wiring = Arc::new(wiring(&problem, &design, &linked));
    let play = |file: &[u8]| {
        let answers =
            play_on(&bench.board, file, &problem, &wiring, placed.designs[0].settle_cycles);
        let score = compare(&problem, &answers);
        let scores = Scores {
            plays: vec![(UnknownInputs::Zero, score)],
            unknown_inputs_matter: false,
            bench: Vec::new(),
        };
        conclude(&problem, &scores, 8)
    };
    assert_eq!(play(&bitstream).to_string(), "pass");

    let next = AtomicUsize::new(0);
    let verdicts = Mutex::new(BTreeSet::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let k = next.fetch_add(1, Ordering::Relaxed);
                    let (Some(fault), Some(place)) = (faults.get(k), places.get(k)) else { return };
                    let verdict = play(&flip_bits(&bitstream, &[place.bit]).unwrap());
                    let expected = expected(&problem, &simulated[k + 1]);
                    let found = format!("{verdict}: {}", verdict.reason);
                    assert_eq!(found, expected, "{fault:?} at {}", place.at);
                    verdicts.lock().unwrap().insert(found);
                }
            });
        }
    });
    // The stimulus reaches most bits, and tells them apart: a test in which
    // nothing differs would prove nothing.
    let verdicts = verdicts.into_inner().unwrap();
    let mismatches = (1..=FLIPS).filter(|&k| simulated[k] != simulated[0]).count();
    println!(
        "{FLIPS} flipped bits: {mismatches} mismatches, {} distinct verdicts, all as simulated",
        verdicts.len()
    );
    assert!((120..FLIPS).contains(&mismatches), "{mismatches} mismatches");
    assert!(verdicts.len() >= 60, "{} distinct verdicts", verdicts.len());
}

/// The verdict that simulated responses deserve, found without the scoreboard.
fn expected(problem: &Problem, responses: &[Bits]) -> String {
    let mut wrong =
        problem.steps.iter().zip(responses).enumerate().filter(|(_, (s, r))| s.expected != **r);
    let Some((index, (step, got))) = wrong.next() else {
        let samples = problem.steps.len();
        return format!("pass: all {samples} checked samples equal the golden ones");
    };
    let (port, lsb) = problem
        .interface
        .outputs()
        .find(|(port, lsb)| step.expected.slice(*lsb, port.width) != got.slice(*lsb, port.width))
        .unwrap();
    format!(
        "fail (mismatch): step {index}, port `{}`: expected {}, got {}; {} of {} samples differ",
        port.name,
        step.expected.slice(lsb, port.width),
        got.slice(lsb, port.width),
        1 + wrong.count(),
        problem.steps.len()
    )
}

/// Inputs of each step: data at random, a reset now and then, and clocks.
fn stimulus(design: &Design) -> Vec<Bits> {
    const STEPS: usize = 400;
    let interface = &design.interface;
    let input = |name: &str| interface.inputs().find(|(port, _)| port.name == name).unwrap().1;
    let (clk, rst) = (input("clk"), input("rst"));
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let mut levels = Bits::zeros(interface.input_bits());
    let mut steps = vec![levels.clone()];
    while steps.len() < STEPS {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        match random >> 40 & 7 {
            0..=3 => levels.set(clk, !levels.get(clk)),
            4 if random >> 48 & 3 == 0 || levels.get(rst) => levels.set(rst, !levels.get(rst)),
            _ => {
                for bit in (0..levels.len()).filter(|&bit| bit != clk && bit != rst) {
                    levels.set(bit, random >> bit & 1 == 1);
                }
            }
        }
        steps.push(levels.clone());
    }
    steps
}

fn problem(design: &Design, steps: &[Bits], golden: &[Bits]) -> Problem {
    let step = |(inputs, expected): (&Bits, &Bits)| Step {
        inputs: inputs.clone(),
        unknown: Bits::zeros(inputs.len()),
        expected: expected.clone(),
        care: Bits::ones(expected.len()),
    };
    let problem = Problem {
        name: TOP.into(),
        top: TOP.into(),
        interface: design.interface.clone(),
        event_inputs: design.events.event_inputs.clone(),
        source: StimulusSource::VectorFile { format: "csv".into() },
        comparison: Comparison::EveryStep,
        steps: steps.iter().zip(golden).map(step).collect(),
        playback: None,
        source_sha256: String::new(),
    };
    problem.check().unwrap();
    problem
}

fn wiring(problem: &Problem, design: &Design, linked: &Linked) -> Wiring {
    let slot = &linked.designs[0];
    let player = PlayerMap { input: &slot.input_map, output: &slot.output_map };
    Wiring::new(problem, &design.interface, &design.events.event_inputs, player).unwrap()
}

/// Plays on a newly loaded virtual board, with the firmware in the bitstream.
fn play_on(
    board: &Board,
    file: &[u8],
    problem: &Arc<Problem>,
    wiring: &Arc<Wiring>,
    settle: u8,
) -> Responses {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let program = PathBuf::from(env!("CARGO_BIN_EXE_filbench"));
        let mut place = VirtualPlace::new(board.clone(), program);
        let link = place.program(file).await.unwrap();
        let mut session = Session::open(link, place.timing()).await.unwrap();
        let vectors = Vectors::new(Arc::clone(problem), Arc::clone(wiring), UnknownInputs::Zero);
        let plan = PlayPlan {
            slot: 0,
            settle_cycles: settle,
            capture_bytes: wiring.output_bytes(),
            vectors: vectors.map(|vector| (vector.inputs, vector.capture)),
        };
        let captures = session.play(plan, |_| {}).await.unwrap();
        place.release().await;
        Responses::decode(problem, wiring, &captures).unwrap()
    })
}
