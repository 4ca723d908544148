//! Wiring, scoreboard and waveform: from a problem to vectors, from captures
//! to a mismatch.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use filbench_model::{
    Bits, Comparison, Direction, Interface, Mismatch, Port, Problem, Step, StimulusSource,
};
use filbench_run::{
    PlayerMap, Responses, UnknownInputs, Vectors, Wiring, compare, mismatch_window, never_checked,
    write_waveform,
};
use proptest::prelude::*;
use std::sync::Arc;

fn input(name: &str, width: usize) -> Port {
    Port { name: name.into(), direction: Direction::Input, width }
}

fn output(name: &str, width: usize) -> Port {
    Port { name: name.into(), direction: Direction::Output, width }
}

/// A step from Verilog-style binary strings with `x`; `outputs` empty means
/// not captured.
fn step(inputs: &str, outputs: &str, width: usize) -> Step {
    let known = |text: &str| Bits::parse_binary(&text.replace('x', "0")).unwrap();
    let mask = |text: &str, one: &str| {
        let bits = text.chars().rev().map(|c| one.contains(c));
        Bits::from_iter_lsb(bits)
    };
    let outputs = if outputs.is_empty() { "x".repeat(width) } else { outputs.to_owned() };
    Step {
        inputs: known(inputs),
        unknown: mask(inputs, "x"),
        expected: known(&outputs),
        care: mask(&outputs, "01"),
    }
}

/// Inputs {d[1:0], rst, clk}, outputs {flag, q[3:0]}, both most significant
/// bit first; `clk` is an event input of the golden.
fn problem(steps: &[(&str, &str)]) -> Arc<Problem> {
    Arc::new(Problem {
        name: "demo".into(),
        top: "TopModule".into(),
        interface: Interface {
            ports: vec![
                input("clk", 1),
                input("rst", 1),
                output("q", 4),
                input("d", 2),
                output("flag", 1),
            ],
        },
        event_inputs: Bits::from_u64(0b0001, 4),
        source: StimulusSource::VectorFile { format: "csv".into() },
        comparison: Comparison::EveryStep,
        steps: steps.iter().map(|(inputs, outputs)| step(inputs, outputs, 5)).collect(),
        playback: None,
        source_sha256: String::new(),
    })
}

/// A candidate that declares its ports backwards; player input bit = its
/// input bit + 4, player output bit = its output bit.
fn wiring(problem: &Problem, candidate_events: &[&str]) -> Arc<Wiring> {
    let candidate = Interface { ports: problem.interface.ports.iter().rev().cloned().collect() };
    let mut events = Bits::zeros(4);
    for (port, lsb) in candidate.inputs() {
        if candidate_events.contains(&port.name.as_str()) {
            events.splice(lsb, &Bits::ones(port.width));
        }
    }
    let player = PlayerMap { input: &[4, 5, 6, 7], output: &[0, 1, 2, 3, 4] };
    Arc::new(Wiring::new(problem, &candidate, &events, player).unwrap())
}

/// The vectors as player bytes: candidate inputs are {clk, rst, d[1:0]} in
/// bits 7 to 4.
fn vectors(
    problem: &Arc<Problem>,
    candidate_events: &[&str],
    unknown: UnknownInputs,
) -> Vec<(u8, bool)> {
    Vectors::new(Arc::clone(problem), wiring(problem, candidate_events), unknown)
        .map(|vector| (vector.inputs[0], vector.capture))
        .collect()
}

#[test]
fn ports_are_matched_by_name() {
    let problem = problem(&[("1000", "00000"), ("1001", "00010")]);
    assert_eq!(
        vectors(&problem, &["clk"], UnknownInputs::Zero),
        [(0b0010_0000, true), (0b1010_0000, true)]
    );
    // The capture holds {q[3:0], flag}.
    let captures = [0b0001_0101, 0b0000_0100];
    let responses = Responses::decode(&problem, &wiring(&problem, &["clk"]), &captures).unwrap();
    let got: Vec<String> = responses.of(&problem).map(|(_, _, got)| got.to_string()).collect();
    assert_eq!(got, ["11010", "00010"]);
}

#[test]
fn event_inputs_of_the_candidate_change_last_and_alone() {
    // Reset and data change together, which is fine for the golden.
    let problem = problem(&[("1110", "00000"), ("0000", ""), ("0001", "00000")]);
    assert_eq!(
        vectors(&problem, &["clk"], UnknownInputs::Zero),
        [(0b0111_0000, true), (0, false), (0b1000_0000, true)]
    );
    assert_eq!(
        vectors(&problem, &["clk", "rst"], UnknownInputs::Zero),
        [
            (0b0011_0000, false),
            (0b0111_0000, true),
            (0b0100_0000, false),
            (0b0000_0000, false),
            (0b1000_0000, true),
        ]
    );
}

#[test]
fn several_event_inputs_change_in_port_order() {
    let mut problem = (*problem(&[("0011", "00000")])).clone();
    problem.event_inputs = Bits::from_u64(0, 4);
    let problem = Arc::new(problem);
    assert_eq!(
        vectors(&problem, &["clk", "rst"], UnknownInputs::Zero),
        [(0b1000_0000, false), (0b1100_0000, true)]
    );
}

#[test]
fn unknown_inputs_are_played_either_way() {
    let problem = problem(&[("xx00", "00000"), ("xx01", "00000"), ("0100", "00000")]);
    assert_eq!(
        vectors(&problem, &["clk"], UnknownInputs::Zero),
        [(0b0000_0000, true), (0b1000_0000, true), (0b1001_0000, false), (0b0001_0000, true),]
    );
    assert_eq!(
        vectors(&problem, &["clk"], UnknownInputs::One),
        [(0b0011_0000, true), (0b1011_0000, true), (0b1001_0000, false), (0b0001_0000, true),]
    );
}

#[test]
fn the_first_mismatch_names_step_port_and_values() {
    let problem = problem(&[("0000", "00000"), ("0001", ""), ("0000", "x01x1"), ("0001", "11111")]);
    let wiring = wiring(&problem, &["clk"]);
    // {q[3:0], flag}: right; q[2] right, q[3] don't-care, q[1] don't-care,
    // q[0] wrong; all wrong.
    let captures = [0b0_0000, 0b0_1100, 0b0_0000];
    let responses = Responses::decode(&problem, &wiring, &captures).unwrap();
    let score = compare(&problem, &responses);
    assert_eq!((score.checked_samples, score.masked_samples, score.mismatching_samples), (3, 1, 2));
    assert_eq!(
        score.mismatch,
        Some(Mismatch { step: 2, port: "q".into(), expected: "01x1".into(), got: "0110".into() })
    );
}

#[test]
fn captures_of_the_wrong_length_are_refused() {
    let problem = problem(&[("0000", "00000"), ("0001", "00000")]);
    let wiring = wiring(&problem, &[]);
    assert!(Responses::decode(&problem, &wiring, &[0]).is_err());
    assert!(Responses::decode(&problem, &wiring, &[0, 0, 0]).is_err());
}

#[test]
fn bits_that_no_step_compares_are_named() {
    let problem = problem(&[("0000", "xx0x0"), ("0001", "x10x1")]);
    assert_eq!(never_checked(&problem), ["q[1]", "flag"]);
}

#[test]
fn the_waveform_shows_inputs_expected_got_and_where_they_differ() {
    let problem = problem(&[("1000", "00000"), ("1001", ""), ("1000", "x0010")]);
    let wiring = wiring(&problem, &["clk"]);
    let responses = Responses::decode(&problem, &wiring, &[0, 0b0_0110]).unwrap();
    let mut file = Vec::new();
    write_waveform(&mut file, &problem, &responses, UnknownInputs::Zero, 2).unwrap();
    let text = String::from_utf8(file).unwrap();
    insta::assert_snapshot!(text);
}

#[test]
fn a_long_run_is_cut_around_its_first_mismatch() {
    let steps: Vec<(&str, &str)> =
        (0..10_000).map(|i| (["0000", "0001"][i % 2], "00000")).collect();
    let problem = problem(&steps);
    let mut captures = vec![0; 10_000];
    captures[7_000] = 1;
    let responses = Responses::decode(&problem, &wiring(&problem, &["clk"]), &captures).unwrap();
    let first = compare(&problem, &responses).mismatch.unwrap().step;
    assert_eq!(first, 7_000);
    let mut file = Vec::new();
    write_waveform(&mut file, &problem, &responses, UnknownInputs::Zero, first).unwrap();
    let text = String::from_utf8(file).unwrap();
    let times: Vec<u64> =
        text.lines().filter_map(|line| line.strip_prefix('#')?.parse().ok()).collect();
    assert_eq!((times[0], times[times.len() - 1]), (5_976, 7_256));
    assert!(text.contains("#7000"));
}

#[test]
fn the_window_shows_the_steps_around_the_first_mismatch() {
    let problem = problem(&[("1x00", "00000"), ("1x01", ""), ("1x00", "x0010"), ("0000", "00000")]);
    let wiring = wiring(&problem, &["clk"]);
    // {q[3:0], flag}.
    let captures = [0, 0b0_0110, 0];
    let responses = Responses::decode(&problem, &wiring, &captures).unwrap();
    let mismatch = compare(&problem, &responses).mismatch.unwrap();
    let window = mismatch_window(&problem, &responses, UnknownInputs::One, &mismatch);
    insta::assert_json_snapshot!(window);
}

#[test]
fn a_window_is_bounded_in_steps_and_digits() {
    let wide = |name: &str, direction| Port { name: name.into(), direction, width: 400 };
    let steps: Vec<Step> = (0..100)
        .map(|_| Step {
            inputs: Bits::zeros(1200),
            unknown: Bits::zeros(1200),
            expected: Bits::zeros(800),
            care: Bits::ones(800),
        })
        .collect();
    let problem = Arc::new(Problem {
        interface: Interface {
            ports: vec![
                wide("a", Direction::Input),
                wide("b", Direction::Input),
                wide("c", Direction::Input),
                wide("y", Direction::Output),
                wide("z", Direction::Output),
            ],
        },
        event_inputs: Bits::zeros(1200),
        steps,
        ..(*problem(&[])).clone()
    });
    let (input, output) = ((0..1200).collect::<Vec<_>>(), (0..800).collect::<Vec<_>>());
    let player = PlayerMap { input: &input, output: &output };
    let wiring = Wiring::new(&problem, &problem.interface, &Bits::zeros(1200), player).unwrap();
    let mut captures = vec![0; 100 * 100];
    captures[50 * 100 + 99] = 0x80;
    let responses = Responses::decode(&problem, &wiring, &captures).unwrap();
    let mismatch = compare(&problem, &responses).mismatch.unwrap();
    assert_eq!((mismatch.step, mismatch.port.as_str()), (50, "z"));
    let window = mismatch_window(&problem, &responses, UnknownInputs::Zero, &mismatch);
    assert_eq!((window.first_step, window.steps), (42, 13));
    // 13 steps of 2 × 400 digits for `z` leave room for one input.
    assert_eq!(window.omitted_ports, ["b", "c", "y"]);
    assert_eq!(window.outputs.len(), 1);
    assert!(window.outputs[0].differs(8) && !window.outputs[0].differs(7));
}

proptest! {
    /// However steps are split, the inputs after a step's last vector are the
    /// step's, and an event input never changes with another input.
    #[test]
    fn splitting_keeps_every_step(
        values in proptest::collection::vec(0u64..16, 1..50),
        events in 0u64..16,
    ) {
        let problem = Problem {
            event_inputs: Bits::from_u64(events, 4),
            steps: values
                .iter()
                .map(|&value| Step {
                    inputs: Bits::from_u64(value, 4),
                    unknown: Bits::zeros(4),
                    expected: Bits::zeros(5),
                    care: Bits::ones(5),
                })
                .collect(),
            ..(*problem(&[])).clone()
        };
        let problem = Arc::new(problem);
        let player = PlayerMap {
            input: &[0, 1, 2, 3],
            output: &[0, 1, 2, 3, 4],
        };
        let wiring = Arc::new(
            Wiring::new(&problem, &problem.interface, &Bits::zeros(4), player).unwrap(),
        );
        let mut before = 0u64;
        let mut captured = Vec::new();
        for vector in Vectors::new(Arc::clone(&problem), wiring, UnknownInputs::Zero) {
            let now = u64::from(vector.inputs[0]);
            let changed = before ^ now;
            prop_assert!(changed & events == 0 || changed.count_ones() == 1);
            if vector.capture {
                captured.push(now);
            }
            before = now;
        }
        prop_assert_eq!(captured, values);
    }
}
