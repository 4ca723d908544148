//! What the integration tests share. They run the real tools, so set-up must
//! have been run; without it they fail and say so.

use filbench_toolbox::{
    EdaTools, JobDir, Limits, Tool, ToolJob, ToolRun, Toolbox, ToolboxConfig, cache_root,
};
use std::sync::LazyLock;
use std::time::Duration;

pub const LIMITS: Limits = Limits {
    cpu: Duration::from_secs(60),
    wall: Duration::from_secs(600),
    memory_bytes: 1 << 30,
    output_bytes: 64 << 20,
};

/// The installed tools, run by this crate's own worker.
pub fn toolbox() -> &'static Toolbox {
    static TOOLBOX: LazyLock<Toolbox> = LazyLock::new(|| {
        let toolbox = Toolbox::open(ToolboxConfig {
            cache: cache_root(),
            worker: Some(env!("CARGO_BIN_EXE_filbench-toolbox-worker").into()),
            tools: EdaTools::Wasm,
        })
        .unwrap_or_else(|error| panic!("{error}"));
        toolbox.prepare(&mut |line| eprintln!("{line}")).unwrap_or_else(|error| panic!("{error}"));
        toolbox
    });
    &TOOLBOX
}

/// Runs `tool` in `dir`.
pub fn run(dir: &JobDir, tool: Tool, args: &[&str], limits: Limits) -> ToolRun {
    let job = ToolJob {
        tool,
        args: args.iter().map(|&a| a.to_owned()).collect(),
        dir: dir.path(),
        read_only: Vec::new(),
        limits,
    };
    toolbox().run(&job).unwrap_or_else(|error| panic!("{error}"))
}

/// A run's streams, for messages.
pub fn said(run: &ToolRun) -> String {
    format!(
        "{:?} after {:?} (cpu {:?})\n{}{}",
        run.exit,
        run.wall,
        run.cpu,
        String::from_utf8_lossy(&run.stdout),
        String::from_utf8_lossy(&run.stderr)
    )
}

/// As [`said`], with the end of the streams only.
pub fn exit_of(run: &ToolRun) -> String {
    let text = said(run);
    let tail = text.char_indices().rev().nth(600).map_or(0, |(at, _)| at);
    format!("{:?}, cpu {:?}, wall {:?}: …{}", run.exit, run.cpu, run.wall, &text[tail..])
}
