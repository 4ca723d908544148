//! Which verdict follows from which scores.

use filbench_model::{
    Bits, Comparison, Direction, Interface, Mismatch, Port, Problem, Step, StimulusSource,
};
use filbench_run::{Score, Scores, UnknownInputs, conclude, min_samples, unjudgeable};

const BENCH: StimulusSource = StimulusSource::TestBench { reactive: false, racy: false };

/// A problem with one output of two bits; each string is a step's expected
/// response with `x` for don't-care.
fn problem(source: StimulusSource, responses: &[&str]) -> Problem {
    let step = |text: &&str| Step {
        inputs: Bits::zeros(0),
        unknown: Bits::zeros(0),
        expected: Bits::parse_binary(&text.replace('x', "0")).expect("a binary string"),
        care: Bits::from_iter_lsb(text.chars().rev().map(|c| c != 'x')),
    };
    Problem {
        name: "demo".into(),
        top: "TopModule".into(),
        interface: Interface {
            ports: vec![Port { name: "q".into(), direction: Direction::Output, width: 2 }],
        },
        event_inputs: Bits::zeros(0),
        source,
        comparison: Comparison::EveryStep,
        steps: responses.iter().map(step).collect(),
        source_sha256: String::new(),
    }
}

fn score(problem: &Problem, wrong_at: Option<usize>) -> Score {
    Score {
        checked_samples: problem.checked_samples(),
        masked_samples: problem.steps.len() - problem.checked_samples(),
        mismatching_samples: usize::from(wrong_at.is_some()),
        mismatch: wrong_at.map(|step| Mismatch {
            step,
            port: "q".into(),
            expected: "00".into(),
            got: "01".into(),
        }),
    }
}

fn verdict(problem: &Problem, wrong_at: &[Option<usize>], min_samples: usize) -> String {
    let settings = [UnknownInputs::Zero, UnknownInputs::One];
    let scores = Scores {
        plays: settings.into_iter().zip(wrong_at.iter().map(|&at| score(problem, at))).collect(),
        unknown_inputs_matter: false,
    };
    conclude(problem, &scores, min_samples).to_string()
}

#[test]
fn a_pass_needs_samples_and_every_output_bit() {
    let enough = problem(BENCH, &["00", "x1", "0x", "xx"]);
    assert_eq!(verdict(&enough, &[None], 3), "pass");
    assert_eq!(verdict(&enough, &[None], 4), "inconclusive (too_few_samples)");
    let unchecked_bit = problem(BENCH, &["x0", "x1", "x0"]);
    assert_eq!(verdict(&unchecked_bit, &[None], 1), "inconclusive (too_few_samples)");
    let nothing = problem(BENCH, &[]);
    assert_eq!(verdict(&nothing, &[None], 0), "inconclusive (too_few_samples)");
}

#[test]
fn a_mismatch_counts_in_either_play_and_however_few_the_samples() {
    let problem = problem(BENCH, &["00"]);
    assert_eq!(verdict(&problem, &[Some(0)], 8), "fail (mismatch)");
    assert_eq!(verdict(&problem, &[None, Some(0)], 1), "fail (mismatch)");
    assert_eq!(verdict(&problem, &[None, None], 1), "pass");
}

#[test]
fn a_reactive_bench_forgives_a_mismatch_and_keeps_a_pass() {
    let reactive = StimulusSource::TestBench { reactive: true, racy: false };
    let problem = problem(reactive, &["00"]);
    assert_eq!(verdict(&problem, &[Some(0)], 1), "inconclusive (reactive_testbench)");
    assert_eq!(verdict(&problem, &[None], 1), "pass");
    assert_eq!(unjudgeable(&problem), None);
}

#[test]
fn a_racy_bench_judges_nobody() {
    let racy = StimulusSource::TestBench { reactive: false, racy: true };
    let verdict = unjudgeable(&problem(racy, &["00"])).unwrap();
    assert_eq!(verdict.to_string(), "inconclusive (racy_testbench)");
}

#[test]
fn the_minimum_of_samples_follows_the_problem() {
    let short = problem(BENCH, &["00"; 3]);
    let long = problem(BENCH, &["00"; 30]);
    assert_eq!(min_samples(&short, None), 3);
    assert_eq!(min_samples(&long, None), 8);
    assert_eq!(min_samples(&short, Some(20)), 20);
    assert_eq!(min_samples(&short, Some(0)), 1);
    assert_eq!(min_samples(&problem(BENCH, &[]), None), 1);
}
