//! A worker and nothing else: what this crate's own tests, and those of crates
//! without a binary of their own, give as `ToolboxConfig::worker`.

use std::process::ExitCode;

fn main() -> ExitCode {
    filbench_toolbox::worker_main().unwrap_or_else(|| {
        eprintln!("filbench-toolbox-worker: started by a toolbox, never by hand");
        ExitCode::from(2)
    })
}
