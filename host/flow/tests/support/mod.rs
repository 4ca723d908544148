//! What the tests of this crate share.

use filbench_board::Device;
use filbench_flow::{Design, Flow, Policy, Rejection, SourceFile, Submission, Synthesis};
use filbench_model::{FailStage, Outcome, Stage};
use filbench_toolbox::{Toolbox, ToolboxConfig, cache_root};
use std::path::PathBuf;

/// A flow on the tools in the user's cache.
pub fn flow() -> Flow {
    let cache = cache_root();
    let toolbox = Toolbox::open(ToolboxConfig {
        cache: cache.clone(),
        worker: Some(PathBuf::from(env!("CARGO_BIN_EXE_filbench-flow-worker"))),
    })
    .expect("the tools are installed; run `cargo xtask setup`");
    Flow::new(toolbox, cache)
}

/// One file `design.sv` with top module `top`.
pub fn submission(text: &str) -> Submission {
    Submission {
        files: vec![SourceFile { name: "design.sv".into(), contents: text.as_bytes().to_vec() }],
        top: "top".into(),
    }
}

/// Synthesis for the UP5K with the default policy.
pub fn synthesise(text: &str) -> Synthesis {
    flow()
        .synthesise(&submission(text), &Policy::default(), Device::Up5k)
        .expect("no fault of the lab")
}

/// A design that must synthesise.
pub fn design(text: &str) -> Design {
    match synthesise(text) {
        Synthesis::Design(design) => *design,
        Synthesis::Rejected(rejection) => panic!("rejected: {rejection:?}"),
    }
}

/// A submission that must be refused at `stage`.
pub fn refused(text: &str, stage: FailStage) -> Rejection {
    match synthesise(text) {
        Synthesis::Design(design) => panic!("accepted: {:?}", design.interface),
        Synthesis::Rejected(rejection) => {
            assert_stage(&rejection, stage);
            rejection
        }
    }
}

pub fn assert_stage(rejection: &Rejection, stage: FailStage) {
    assert_eq!(
        (rejection.verdict.outcome, rejection.verdict.stage),
        (Outcome::Fail, Some(Stage::Fail(stage))),
        "{rejection:?}"
    );
}
