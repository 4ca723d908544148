//! The tools' worker for this crate's tests, which have no binary of their own.

use std::process::ExitCode;

fn main() -> ExitCode {
    filbench_toolbox::worker_main().unwrap_or(ExitCode::FAILURE)
}
