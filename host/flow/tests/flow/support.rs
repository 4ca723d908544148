//! What these tests share.

use filbench_board::{Board, Device};
use filbench_flow::{Design, Flow, Policy, Rejection, SourceFile, Submission, Synthesis};
use filbench_model::{FailStage, Outcome, Stage};
use filbench_toolbox::{EdaTools, Toolbox, ToolboxConfig, cache_root};
use std::path::{Path, PathBuf};

/// A flow on the tools in the user's cache.
pub fn flow() -> Flow {
    flow_with_cache(&cache_root())
}

/// The same that keeps its own things under `cache`.
pub fn flow_with_cache(cache: &Path) -> Flow {
    Flow::new(toolbox(), cache.to_path_buf())
}

/// The tools in the user's cache.
pub fn toolbox() -> Toolbox {
    Toolbox::open(ToolboxConfig {
        cache: cache_root(),
        worker: Some(PathBuf::from(env!("CARGO_BIN_EXE_filbench-flow-worker"))),
        tools: EdaTools::Wasm,
    })
    .expect("the tools are installed; run `cargo xtask setup`")
}

pub fn icebreaker() -> Board {
    Board::load("icebreaker").expect("the board is known")
}

/// Files by name and contents, with top module `top`.
pub fn files(files: &[(&str, &str)]) -> Submission {
    Submission {
        files: files
            .iter()
            .map(|(name, text)| SourceFile {
                name: (*name).into(),
                contents: text.as_bytes().to_vec(),
            })
            .collect(),
        top: "top".into(),
    }
}

/// One file `design.sv` with top module `top`.
pub fn submission(text: &str) -> Submission {
    files(&[("design.sv", text)])
}

/// Synthesis for the UP5K with the default policy.
pub fn synthesise(submission: &Submission) -> Synthesis {
    flow().synthesise(submission, &Policy::default(), Device::Up5k).expect("no fault of the lab")
}

/// What must be a design.
pub fn accepted(synthesis: Synthesis) -> Design {
    match synthesis {
        Synthesis::Design(design) => *design,
        Synthesis::Rejected(rejection) => panic!("rejected: {rejection:?}"),
    }
}

/// A design of one file.
pub fn design(text: &str) -> Design {
    accepted(synthesise(&submission(text)))
}

/// What must be refused at `stage`; gives the reason.
pub fn rejected(synthesis: Synthesis, stage: FailStage) -> Rejection {
    match synthesis {
        Synthesis::Design(design) => panic!("accepted: {:?}", design.interface),
        Synthesis::Rejected(rejection) => {
            assert_eq!(
                (rejection.verdict.outcome, rejection.verdict.stage),
                (Outcome::Fail, Some(Stage::Fail(stage))),
                "{rejection:?}"
            );
            rejection
        }
    }
}

/// A submission of one file that must be refused at `stage`; gives the reason.
pub fn refused(text: &str, stage: FailStage) -> String {
    rejected(synthesise(&submission(text)), stage).verdict.reason
}
