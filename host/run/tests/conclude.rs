//! Which verdict follows from which scores.

use filbench_model::{
    Assignment, BenchTrust, Bits, Comparison, Direction, Interface, Mismatch, Playback, Port,
    Problem, Step, StimulusSource,
};
use filbench_run::{Score, Scores, UnknownInputs, conclude, min_samples, unjudgeable};
use filbench_stimulus::{BenchVerdict, ProblemPolicy};

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
        playback: None,
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
        bench: Vec::new(),
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

/// What the bench says of each play, and what comes of it.
fn by_bench(problem: &Problem, wrong_at: Option<usize>, bench: &[BenchVerdict]) -> String {
    let settings = [UnknownInputs::Zero, UnknownInputs::One];
    let scores = Scores {
        plays: settings
            .into_iter()
            .take(bench.len())
            .map(|u| (u, score(problem, wrong_at)))
            .collect(),
        unknown_inputs_matter: false,
        bench: bench.to_vec(),
    };
    conclude(problem, &scores, 1).to_string()
}

fn judged_by_its_bench(source: StimulusSource, trust: BenchTrust) -> Problem {
    let wakes = Vec::new();
    let assignment = Assignment::Mixed;
    let playback = Playback { clocks: Vec::new(), assignment, trust, from_start: false, wakes };
    let every_step = problem(source, &["00", "xx"]);
    Problem { comparison: Comparison::Bench, playback: Some(playback), ..every_step }
}

#[test]
fn where_the_bench_judges_its_word_counts() {
    use BenchVerdict::{Endless, Passes};
    let fails = || BenchVerdict::Fails { said: "`no`".into() };
    let diverges = || BenchVerdict::Diverges { step: 1 };
    let problem = judged_by_its_bench(BENCH, BenchTrust::Proven);
    assert_eq!(problem.captured_steps().count(), 2);
    for (wrong_at, bench, expected) in [
        (None, vec![Passes], "pass"),
        (Some(0), vec![Passes, Passes], "pass"),
        (None, vec![Passes, fails()], "fail (mismatch)"),
        (Some(0), vec![fails(), diverges()], "fail (mismatch)"),
        (None, vec![diverges(), Passes], "inconclusive (reactive_testbench)"),
        (None, vec![Endless { how: "1 s".into() }], "inconclusive (reactive_testbench)"),
    ] {
        assert_eq!(by_bench(&problem, wrong_at, &bench), expected, "{bench:?}");
    }
    let racy = StimulusSource::TestBench { reactive: false, racy: true };
    let racy = judged_by_its_bench(racy, BenchTrust::Proven);
    assert_eq!(unjudgeable(&racy), None);
    assert_eq!(by_bench(&racy, None, &[Passes]), "pass");
    assert_eq!(by_bench(&racy, None, &[fails()]), "inconclusive (racy_testbench)");
}

#[test]
fn a_bench_that_proved_nothing_judges_nobody() {
    let verdict =
        |trust| unjudgeable(&judged_by_its_bench(BENCH, trust)).map(|verdict| verdict.to_string());
    assert_eq!(verdict(BenchTrust::Proven), None);
    let blind = BenchTrust::Blind { passes: "a response of zeros".into() };
    assert_eq!(verdict(blind).as_deref(), Some("inconclusive (bench_blind)"));
    let rejects = BenchTrust::RejectsGolden { found: "it says no".into() };
    assert_eq!(verdict(rejects).as_deref(), Some("inconclusive (golden_failed)"));
}

#[test]
fn the_minimum_of_samples_follows_the_problem() {
    let short = problem(BENCH, &["00"; 3]);
    let long = problem(BENCH, &["00"; 30]);
    let none = ProblemPolicy::default();
    for (asked, needed) in [(None, 3), (Some(20), 20), (Some(0), 1)] {
        assert_eq!(min_samples(&short, asked, none), needed, "{asked:?}");
    }
    assert_eq!(min_samples(&long, None, none), 8);
    assert_eq!(min_samples(&problem(BENCH, &[]), None, none), 1);
}

#[test]
fn who_judges_only_adds_to_what_the_problem_asks_for() {
    let long = problem(BENCH, &["00"; 30]);
    let policy = ProblemPolicy { min_samples: Some(10), ..ProblemPolicy::default() };
    for (asked, needed) in [(None, 10), (Some(1), 10), (Some(10), 10), (Some(20), 20)] {
        assert_eq!(min_samples(&long, asked, policy), needed, "{asked:?}");
    }
}
