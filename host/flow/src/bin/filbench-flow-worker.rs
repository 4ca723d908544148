//! The tools' worker for this crate's own tests; `filbench` is its own worker.

use std::process::ExitCode;

fn main() -> ExitCode {
    filbench_toolbox::worker_main().unwrap_or_else(|| {
        eprintln!("this is a worker; it is started by the tests of filbench-flow");
        ExitCode::FAILURE
    })
}
