//! What a report says of a candidate's simulation, against golden and board.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use filbench_model::{
    Bits, Comparison, Direction, DisagreementKind, Interface, Port, Problem, Simulated,
    SimulatedOutcome, Step, StimulusSource,
};
use filbench_run::{PlayerMap, Responses, UnknownInputs, Wiring, simulated};
use filbench_stimulus::{CandidateRun, Ending, Fill, Logic};

/// One input of one bit, one output of two; a string a step: its expected response with
/// `x` for don't-care. `unknown` makes the input unknown throughout.
fn problem(expected: &[&str], unknown: bool) -> Problem {
    let port = |name: &str, direction, width| Port { name: name.into(), direction, width };
    let step = |text: &&str| Step {
        inputs: Bits::zeros(1),
        unknown: Bits::from_u64(u64::from(unknown), 1),
        expected: Bits::parse_binary(&text.replace('x', "0")).unwrap(),
        care: Bits::from_iter_lsb(text.chars().rev().map(|c| c != 'x')),
    };
    Problem {
        name: "demo".into(),
        top: "TopModule".into(),
        interface: Interface {
            ports: vec![port("a", Direction::Input, 1), port("q", Direction::Output, 2)],
        },
        event_inputs: Bits::zeros(1),
        source: StimulusSource::TestBench { reactive: false, racy: false },
        comparison: Comparison::EveryStep,
        steps: expected.iter().map(step).collect(),
        playback: None,
        source_sha256: String::new(),
    }
}

fn run(fill: Fill, responses: &[&str], ending: Ending) -> CandidateRun {
    let responses =
        responses.iter().map(|text| Logic::parse(text.as_bytes(), 2).unwrap()).collect();
    CandidateRun { fill, responses, ending }
}

/// What a board answered, one value for each captured step.
fn play(problem: &Problem, unknown: UnknownInputs, got: &[u8]) -> (UnknownInputs, Responses) {
    let player = PlayerMap { input: &[0], output: &[0, 1] };
    let wiring = Wiring::new(problem, &problem.interface, &problem.event_inputs, player).unwrap();
    (unknown, Responses::decode(problem, &wiring, got).unwrap())
}

fn numbers(found: &Simulated) -> [usize; 4] {
    [
        found.checked_samples,
        found.mismatching_samples,
        found.compared_with_board,
        found.disagreeing_samples,
    ]
}

#[test]
fn simulation_is_compared_with_golden_and_board() {
    let problem = problem(&["00", "xx", "x1", "10"], false);
    let whole = |responses: &[&str]| [run(Fill::Zero, responses, Ending::Whole)];
    let board = [play(&problem, UnknownInputs::Zero, &[0b00, 0b01, 0b10])];

    let equal = simulated(&problem, &whole(&["00", "xx", "x1", "10"]), &board);
    assert_eq!((equal.outcome, numbers(&equal)), (SimulatedOutcome::Equal, [3, 0, 3, 0]));
    assert_eq!(equal.sim_board_disagreement, None);

    // Unknown is as wrong as another value, and a contradiction goes before it.
    let unknown = simulated(&problem, &whole(&["0x", "00", "01", "10"]), &board);
    let mismatch = unknown.mismatch.clone().unwrap();
    assert_eq!((mismatch.step, mismatch.got.as_str()), (0, "0x"));
    assert_eq!((unknown.outcome, numbers(&unknown)), (SimulatedOutcome::Mismatch, [3, 1, 3, 1]));
    let differs = unknown.sim_board_disagreement.unwrap();
    assert_eq!(differs.kind, DisagreementKind::UnknownInSimulation);
    assert_eq!((differs.simulated.as_str(), differs.captured.as_str()), ("0x", "00"));
    let both = simulated(&problem, &whole(&["0x", "00", "01", "00"]), &board);
    let differs = both.sim_board_disagreement.clone().unwrap();
    assert_eq!((differs.kind, differs.step), (DisagreementKind::Contradiction, 3));
    assert_eq!(numbers(&both), [3, 2, 3, 2]);

    // Wrong in the same way on both sides is no disagreement.
    let wrong = [play(&problem, UnknownInputs::Zero, &[0b01, 0b01, 0b10])];
    let alike = simulated(&problem, &whole(&["01", "00", "01", "10"]), &wrong);
    assert_eq!((alike.outcome, numbers(&alike)), (SimulatedOutcome::Mismatch, [3, 1, 3, 0]));
}

#[test]
fn what_did_not_come_to_its_end_is_never_equal() {
    let problem = problem(&["00", "01"], false);
    for (ending, outcome) in [
        (Ending::Early, SimulatedOutcome::EndedEarly),
        (Ending::Limit("30 s of CPU time".into()), SimulatedOutcome::Limit),
        (Ending::Rejected("syntax error".into()), SimulatedOutcome::Rejected),
        (Ending::Refused("$fopen".into()), SimulatedOutcome::Refused),
    ] {
        let right = simulated(&problem, &[run(Fill::Zero, &["00"], ending.clone())], &[]);
        assert_eq!((right.outcome, right.mismatch), (outcome, None));
        // What was wrong before that stays wrong.
        let wrong = simulated(&problem, &[run(Fill::Zero, &["11"], ending)], &[]);
        assert_eq!(wrong.outcome, SimulatedOutcome::Mismatch);
    }
}

#[test]
fn both_settings_of_unknown_inputs_are_looked_at() {
    let problem = problem(&["00", "01"], true);
    let runs = [
        run(Fill::Zero, &["00", "01"], Ending::Whole),
        run(Fill::One, &["00", "11"], Ending::Whole),
    ];
    let board = [
        play(&problem, UnknownInputs::Zero, &[0b00, 0b01]),
        play(&problem, UnknownInputs::One, &[0b00, 0b01]),
    ];
    let found = simulated(&problem, &runs, &board);
    assert_eq!(found.outcome, SimulatedOutcome::Mismatch);
    assert!(found.reason.contains("(unknown inputs as 1)"), "{}", found.reason);
    assert_eq!(numbers(&found), [2, 1, 4, 1]);
    let early = [runs[0].clone(), run(Fill::One, &["00"], Ending::Early)];
    assert_eq!(simulated(&problem, &early, &board).outcome, SimulatedOutcome::EndedEarly);
}
