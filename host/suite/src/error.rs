use crate::Layout;
use std::io;
use std::path::PathBuf;

/// Why a suite cannot be run at all.
#[derive(Debug, thiserror::Error)]
pub enum SuiteError {
    /// Nothing there, or not readable.
    #[error("cannot read `{}`", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// No layout has a problem in this folder.
    #[error(
        "no problem in `{}`: a suite is a folder with `NAME_ref.sv` and `NAME_test.sv` files \
         (verilog-eval), with folders that hold a `testbench.v` (rtllm) or a `problem.toml` \
         (filbench), or a VerilogEval file (.jsonl){}",
        path.display(),
        hint(below)
    )]
    NoProblem {
        /// As given.
        path: PathBuf,
        /// Folders in it that are suites themselves.
        below: Vec<PathBuf>,
    },
    /// The folder has no problem in the layout that was asked for.
    #[error(
        "no problem in the layout {layout} in `{}`; leave out `--layout` to have it found out",
        path.display()
    )]
    WrongLayout {
        /// As given.
        path: PathBuf,
        /// What was asked for.
        layout: Layout,
    },
    /// Problems of several layouts.
    #[error(
        "`{}` has problems in the layouts {}; say which with `--layout`",
        path.display(),
        layouts.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ")
    )]
    SeveralLayouts {
        /// As given.
        path: PathBuf,
        /// The layouts.
        layouts: Vec<Layout>,
    },
    /// Nothing to judge.
    #[error(
        "no candidate for any of the {problems} problems in `{}`: a candidate is \
         `PROBLEM/PROBLEM_sample01.sv`, `PROBLEM_sample01.sv`, `PROBLEM/anything.sv`, \
         `anything/PROBLEM.v` or a folder `PROBLEM/sample01/`; problems are {}",
        path.display(),
        names.join(", ")
    )]
    NoCandidate {
        /// The folder of candidates.
        path: PathBuf,
        /// How many problems there are.
        problems: usize,
        /// The first few.
        names: Vec<String>,
    },
    /// The journal or the results cannot be written or read back.
    #[error("cannot keep results in `{}`; is there room?", path.display())]
    Results {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

fn hint(below: &[PathBuf]) -> String {
    match below {
        [] => String::new(),
        [one] => format!("; did you mean `{}`?", one.display()),
        many => {
            let names: Vec<String> = many.iter().map(|p| format!("`{}`", p.display())).collect();
            format!("; did you mean one of {}?", names.join(", "))
        }
    }
}
