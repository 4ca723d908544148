//! The hostile suite: what its expectations say of this step.

use crate::support::{accepted, flow, rejected};
use filbench_board::Device;
use filbench_flow::{Policy, SourceFile, Submission, Synthesis};
use filbench_model::{FailStage, Stage};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

#[derive(Deserialize)]
struct Problem {
    candidates: BTreeMap<String, Expected>,
}

#[derive(Deserialize)]
struct Expected {
    stage: Option<Stage>,
}

#[test]
fn every_candidate_gets_what_the_suite_says() {
    let suite = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/suites/hostile");
    let expected =
        std::fs::read_to_string(suite.join("expected.toml")).expect("the suite is there");
    let problems: BTreeMap<String, Problem> = toml::from_str(&expected).expect("TOML");
    // The goldens take less than one second.
    let flow = flow().with_synthesis_cpu(Duration::from_secs(5));
    let mut seen = 0;
    for (problem, Problem { candidates }) in problems {
        for (candidate, Expected { stage }) in candidates {
            let name = format!("{candidate}.sv");
            let path = suite.join("candidates").join(&problem).join(&name);
            let contents = std::fs::read(&path).expect("the candidate is there");
            let submission =
                Submission { files: vec![SourceFile { name, contents }], top: "TopModule".into() };
            let synthesis = flow
                .synthesise(&submission, &Policy::default(), Device::Up5k)
                .unwrap_or_else(|fault| panic!("{candidate}: {fault}"));
            match (stage, &synthesis) {
                // Decided later: beside the fixture, by the problem's ports (an inout already
                // here) or vectors.
                (
                    None
                    | Some(
                        Stage::Inconclusive(_) | Stage::Fail(FailStage::Mismatch | FailStage::Fit),
                    ),
                    _,
                )
                | (Some(Stage::Fail(FailStage::Interface)), Synthesis::Design(_)) => {
                    accepted(synthesis);
                }
                (Some(Stage::Fail(stage)), _) => {
                    rejected(synthesis, stage);
                }
                (Some(Stage::Fault(place)), _) => panic!("{candidate}: a fault of {place}"),
            }
            seen += 1;
        }
    }
    assert!(seen > 30, "{seen} candidates");
}

/// What is printed about a design is no reason to believe that a tool ran out of memory.
#[test]
fn words_in_the_tools_output_are_no_limit() {
    let text = include_str!(
        "../../../../tests/suites/hostile/candidates/Prob001_accumulator/names_of_failure.sv"
    );
    let contents = text.as_bytes().to_vec();
    let files = vec![SourceFile { name: "names_of_failure.sv".into(), contents }];
    let submission = Submission { files, top: "TopModule".into() };
    let synthesis = flow()
        .synthesise(&submission, &Policy::default(), Device::Up5k)
        .expect("no fault of the lab");
    let design = accepted(synthesis);
    assert_eq!(design.resources.bram, 1, "a memory makes the first run end with status 1");
    for words in ["bad_alloc", "ut_of_memory"] {
        let is_said = design.diagnostics.iter().any(|said| said.message.contains(words));
        assert!(is_said, "`{words}` is not in {:?}", design.diagnostics);
    }
}
