//! From a path to a problem.

mod golden;
mod own;
mod rtllm;
mod vectors;

use crate::LocateError;
use crate::files::{
    Bench, Declared, Golden, PassMark, ProblemFiles, ProblemPolicy, SourceText, Stimulus,
};
use filbench_model::Comparison;
use std::fs;
use std::path::{Path, PathBuf};

pub use own::PROBLEM_FILE;

/// A file of a problem may have this many bytes.
pub(crate) const BYTES_MAX: u64 = 64 << 20;
/// What the candidate's top module is called in VerilogEval's layout, and where nothing else
/// says.
pub(crate) const TOP: &str = "TopModule";
/// What the golden's module is called in VerilogEval's layout.
const GOLDEN_TOP: &str = "RefModule";
/// What the bench's top module is called there.
const BENCH_TOP: &str = "tb";
/// An error about a folder names this many of its problems.
const NAMED_MAX: usize = 8;
/// What VerilogEval appends to a problem's prefix.
const SUFFIXES: [&str; 4] = ["_ref.sv", "_test.sv", "_prompt.txt", "_ifc.txt"];

/// Finds and reads a problem. `path` is one of
///
/// - VerilogEval's prefix (`…/Prob031_dff`, beside which `_ref.sv` and `_test.sv` lie), or any
///   of its files;
/// - a folder in RTLLM's layout (`testbench.v` and `verified_….v`), or one of these files;
/// - a folder with a `problem.toml`, or that file;
/// - a vector file (`.csv`; `.vcd` or `.fst` where a `problem.toml` beside it plays it, since a
///   waveform alone does not say which way its signals flow);
/// - any other file of Verilog, SystemVerilog or VHDL with one module on top: a golden, for
///   which stimulus is made.
pub fn locate(path: &Path) -> Result<ProblemFiles, LocateError> {
    let file_name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase());
    match extension.as_deref() {
        Some("csv" | "vcd" | "fst") => return vectors::problem(path, &file_name),
        Some("toml") if path.is_file() => return own::problem(path),
        _ => {}
    }
    if path.is_dir() {
        if path.join(PROBLEM_FILE).is_file() {
            return own::problem(&path.join(PROBLEM_FILE));
        }
        if let Some(problem) = rtllm::problem(path)? {
            return Ok(problem);
        }
    }
    let part = SUFFIXES.iter().find_map(|suffix| file_name.strip_suffix(suffix));
    let name = part.unwrap_or(&file_name).to_owned();
    let beside = |suffix: &str| path.with_file_name(format!("{name}{suffix}"));
    let (golden, bench) = (beside("_ref.sv"), beside("_test.sv"));
    let missing: Vec<PathBuf> =
        [&golden, &bench].into_iter().filter(|file| !file.is_file()).cloned().collect();
    if !name.is_empty() && missing.is_empty() {
        return Ok(verilog_eval(name, read(&golden)?, read(&bench)?));
    }
    if part.is_none() && path.is_file() {
        if rtllm::is_part(&file_name)
            && let Some(folder) = path.parent()
            && let Some(problem) = rtllm::problem(&canonical(folder)?)?
        {
            return Ok(problem);
        }
        let foreign = || LocateError::Foreign { path: path.to_path_buf() };
        return golden::problem(path)?.ok_or_else(foreign);
    }
    Err(if path.is_dir() {
        folder(path)?
    } else {
        LocateError::Missing { path: path.to_path_buf(), looked_for: missing }
    })
}

fn verilog_eval(name: String, golden: SourceText, bench: SourceText) -> ProblemFiles {
    ProblemFiles {
        name,
        top: TOP.to_owned(),
        golden: Some(Golden { files: vec![golden], top: GOLDEN_TOP.to_owned() }),
        stimulus: Stimulus::TestBench(Bench {
            files: vec![bench],
            tops: vec![BENCH_TOP.to_owned()],
            pass_mark: PassMark::NoMismatches,
        }),
        comparison: Comparison::EveryStep,
        declared: Declared::default(),
        policy: ProblemPolicy::default(),
    }
}

fn folder(path: &Path) -> Result<LocateError, LocateError> {
    let io = |source| LocateError::Io { path: path.to_path_buf(), source };
    let mut names = Vec::new();
    for entry in fs::read_dir(path).map_err(io)? {
        let entry = entry.map_err(io)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let folder = entry.path();
        if let Some(name) = name.strip_suffix("_ref.sv") {
            names.push(name.to_owned());
        } else if folder.join(PROBLEM_FILE).is_file() || folder.join(rtllm::BENCH_FILE).is_file() {
            names.push(name);
        }
    }
    names.sort();
    let more = names.len().saturating_sub(NAMED_MAX);
    names.truncate(NAMED_MAX);
    Ok(LocateError::Folder { path: path.to_path_buf(), names, more })
}

/// So that `.` has a name.
fn canonical(path: &Path) -> Result<PathBuf, LocateError> {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    path.canonicalize().map_err(|source| LocateError::Io { path: path.to_path_buf(), source })
}

/// Reads a file; the name is the last part of the path.
fn read(path: &Path) -> Result<SourceText, LocateError> {
    let io = |source| LocateError::Io { path: path.to_path_buf(), source };
    let bytes = fs::metadata(path).map_err(io)?.len();
    if bytes > BYTES_MAX {
        return Err(LocateError::TooLarge {
            path: path.to_path_buf(),
            bytes,
            bytes_max: BYTES_MAX,
        });
    }
    Ok(SourceText {
        name: path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default(),
        contents: fs::read(path).map_err(io)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_found_by_its_prefix_and_by_each_of_its_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in
            ["P1_a_ref.sv", "P1_a_test.sv", "P1_a_prompt.txt", "P2_ref.sv", "v.CSV", "x.v", "x.txt"]
        {
            fs::write(path(name), "\u{e4}\r\n").unwrap();
        }
        fs::write(path("P2_test.sv"), [0xff, 0x00]).unwrap();
        fs::write(path("v.CSV"), "a:in,y:out\n0,0\n").unwrap();
        for name in ["P1_a", "P1_a_ref.sv", "P1_a_test.sv", "P1_a_prompt.txt"] {
            assert_eq!(locate(&path(name)).unwrap().name(), "P1_a", "{name}");
        }
        assert_eq!(locate(&path("P2")).unwrap().golden().unwrap().1, "RefModule");
        assert_eq!(locate(&path("v.CSV")).unwrap().name(), "v");

        let error = |name: &str| locate(&path(name)).unwrap_err().to_string();
        let looked_for = error("P3");
        assert!(looked_for.contains("P3_ref.sv") && looked_for.contains("P3_test.sv"));
        assert!(error("w.vcd").contains("looked for"));
        // No module in it, so no golden.
        assert!(error("x.v").contains("is no part of a problem"));
        assert!(error("x.txt").contains("is no part of a problem"));
        assert!(error("").contains("the problems P1_a, P2; give"), "{}", error(""));
        fs::remove_file(path("P1_a_test.sv")).unwrap();
        let half = error("P1_a_ref.sv");
        assert!(half.contains("P1_a_test.sv") && !half.contains("P1_a_ref.sv` and"), "{half}");
    }

    #[test]
    fn what_is_too_large_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("v.vcd");
        fs::File::create(&path).unwrap().set_len(BYTES_MAX + 1).unwrap();
        assert!(matches!(locate(&path), Err(LocateError::TooLarge { .. })));
    }
}
