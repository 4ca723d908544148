//! Our own suites, recorded and simulated: the candidates' first mismatches are those that
//! tests/suites/*/expected.toml states, and that a board must find as well.

#![expect(clippy::unwrap_used, reason = "what a test cannot have of its own suite fails it")]

#[path = "../common/mod.rs"]
mod common;
mod expected;

use common::fresh_recorder;
use expected::{Candidate, suite};
use filbench_model::{Outcome, StimulusSource};
use filbench_stimulus::{Fill, RecordError, Recorder, first_mismatch, locate};
fn judge(recorder: &Recorder, problem: &filbench_model::Problem, candidate: &Candidate) -> String {
    let fills =
        if problem.has_unknown_inputs() { &[Fill::Zero, Fill::One][..] } else { &[Fill::Zero] };
    for fill in fills {
        let sources = std::slice::from_ref(&candidate.source);
        match recorder.simulate(problem, sources, &problem.top, *fill) {
            Ok(responses) => {
                if let Some(found) = first_mismatch(problem, &responses) {
                    return format!("step {}, port {}, {fill:?}", found.step, found.port);
                }
            }
            Err(RecordError::Rejected { .. }) => return "rejected".to_owned(),
            Err(error) => panic!("{}: {error}", candidate.source.name),
        }
    }
    "equal".to_owned()
}

fn wanted(candidate: &Candidate) -> String {
    let expected = &candidate.expected;
    match (expected.outcome, expected.step, &expected.port) {
        (_, Some(step), Some(port)) => {
            format!("step {step}, port {port}, {}", expected.unknown.as_deref().unwrap_or("Zero"))
        }
        (Outcome::Pass, ..) => "equal".to_owned(),
        _ => "rejected".to_owned(),
    }
}

#[test]
fn candidates_differ_where_the_suite_says() {
    let fresh = fresh_recorder();
    let mut wrong = Vec::new();
    for entry in suite("filbench-small") {
        let Some(analysis) = &entry.analysis else { continue };
        let files = locate(&entry.prefix).unwrap();
        let problem = fresh.recorder.record(&files, analysis).unwrap();
        problem.check().unwrap();
        let StimulusSource::TestBench { racy, reactive } = problem.source else { panic!() };
        assert_eq!((racy, reactive), (entry.racy, entry.reactive), "{}", problem.name);
        assert_eq!(
            (problem.steps.len(), problem.checked_samples()),
            (entry.steps, entry.checked),
            "{}",
            problem.name
        );
        assert!(problem.output_bits_never_checked().is_empty(), "{}", problem.name);
        if racy {
            continue;
        }
        for candidate in &entry.candidates {
            let (found, wanted) = (judge(&fresh.recorder, &problem, candidate), wanted(candidate));
            if found != wanted {
                wrong.push(format!(
                    "{} {}: {found}, not {wanted}",
                    problem.name, candidate.source.name
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The same bench, whatever is recorded of it, gives the same problem; and a problem that
/// was kept is the problem that was recorded.
#[test]
fn a_recording_is_the_same_again() {
    for entry in suite("filbench-small").into_iter().take(3) {
        let files = locate(&entry.prefix).unwrap();
        let analysis = entry.analysis.unwrap();
        let first = fresh_recorder();
        let recorded = first.recorder.record(&files, &analysis).unwrap();
        assert_eq!(first.recorder.record(&files, &analysis).unwrap(), recorded);
        let second = fresh_recorder();
        assert_eq!(second.recorder.record(&files, &analysis).unwrap(), recorded);
    }
}

/// Hostile candidates never meet a bench; those that simulate at all do no better for it.
#[test]
fn hostile_candidates_gain_nothing() {
    let fresh = fresh_recorder();
    let entries = suite("hostile");
    let entry = &entries[0];
    let files = locate(&entry.prefix).unwrap();
    let problem = fresh.recorder.record(&files, entry.analysis.as_ref().unwrap()).unwrap();
    assert_eq!((problem.steps.len(), problem.checked_samples()), (entry.steps, entry.checked));
    for name in ["fixture_names", "internal_bus", "long_ripple", "prints_pass"] {
        let file = format!("{name}.sv");
        let candidate = entry.candidates.iter().find(|c| c.source.name == file).unwrap();
        assert_eq!(judge(&fresh.recorder, &problem, candidate), wanted(candidate), "{name}");
    }
    let finish = entry.candidates.iter().find(|c| c.source.name == "finish.sv").unwrap();
    let error = fresh
        .recorder
        .simulate(&problem, std::slice::from_ref(&finish.source), &problem.top, Fill::Zero)
        .unwrap_err();
    assert!(error.to_string().contains("`$finish`"), "{error}");
}
