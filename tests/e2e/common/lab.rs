//! The chain step by step: tools, a board, firmware.

use super::root;
use filbench_board::Board;
use filbench_flow::{Design, Firmware, Flow, Policy, SourceFile, Submission, Synthesis};
use filbench_toolbox::{
    EdaTools, JobDir, Limits, Tool, ToolExit, ToolJob, Toolbox, ToolboxConfig, cache_root,
};
use std::path::PathBuf;
use std::time::Duration;

/// A bound on what a tool writes.
pub const FILE_BYTES: u64 = 256 << 20;

/// Tools, a board, firmware.
pub struct Lab {
    pub toolbox: Toolbox,
    pub flow: Flow,
    pub board: Board,
    pub firmware: Firmware,
}

impl Lab {
    /// With a board of this kind.
    pub fn open(kind: &str) -> Lab {
        let program = PathBuf::from(env!("CARGO_BIN_EXE_filbench"));
        let config =
            ToolboxConfig { cache: cache_root(), worker: Some(program), tools: EdaTools::Wasm };
        let toolbox = Toolbox::open(config).unwrap();
        let image = std::fs::read(cache_root().join("firmware/soft.bin"))
            .expect("the firmware is built by `cargo xtask setup`");
        Lab {
            flow: Flow::new(toolbox.clone(), cache_root()),
            toolbox,
            board: Board::load(kind).unwrap(),
            firmware: Firmware::new(image),
        }
    }

    /// The module `top` of the file `top.v` in tests/designs, synthesised.
    pub fn design(&self, top: &str) -> Box<Design> {
        let name = format!("{top}.v");
        let contents = std::fs::read(root().join("tests/designs").join(&name)).unwrap();
        let files = vec![SourceFile { name, contents }];
        let submission = Submission { files, top: top.into() };
        let synthesis =
            self.flow.synthesise(&submission, &Policy::default(), self.board.device).unwrap();
        let Synthesis::Design(design) = synthesis else { panic!("{synthesis:?}") };
        design
    }

    /// Runs a tool in `dir`, which must succeed; returns what it printed.
    pub fn tool(&self, dir: &JobDir, tool: Tool, args: &[&str]) -> Vec<u8> {
        let cpu = Duration::from_secs(120);
        let run = self
            .toolbox
            .run(&ToolJob {
                tool,
                args: args.iter().map(|&arg| arg.to_owned()).collect(),
                dir: dir.path(),
                read_only: Vec::new(),
                limits: Limits {
                    cpu,
                    wall: cpu * 10,
                    memory_bytes: 2 << 30,
                    output_bytes: FILE_BYTES,
                },
            })
            .unwrap();
        let said = String::from_utf8_lossy(&run.stderr);
        assert_eq!(run.exit, ToolExit::Exited(0), "{tool} {args:?}: {said}");
        run.stdout
    }
}
