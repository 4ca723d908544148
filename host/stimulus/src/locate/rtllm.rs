//! RTLLM's layout: a folder per design with `design_description.txt`, `testbench.v` and
//! `verified_….v`; other files are data that bench and golden may read.

use super::read;
use crate::LocateError;
use crate::files::{
    Bench, Declared, Golden, PassMark, ProblemFiles, ProblemPolicy, SourceText, Stimulus,
};
use crate::source::Modules;
use filbench_model::Comparison;
use std::fs;
use std::path::{Path, PathBuf};

/// What makes a folder RTLLM's, together with a golden.
pub(super) const BENCH_FILE: &str = "testbench.v";
/// What its benches print for a good design.
const PASSED: &str = "Your Design Passed";
/// How the golden's file begins, and often its module.
const VERIFIED: &str = "verified_";
/// Files that nobody reads while simulating.
const NO_DATA: [&str; 3] = ["design_description.txt", "makefile", "Makefile"];

/// Whether a file of this name is one that leads to its folder.
pub(super) fn is_part(name: &str) -> bool {
    name == BENCH_FILE || name == NO_DATA[0] || (name.starts_with(VERIFIED) && is_verilog(name))
}

fn is_verilog(name: &str) -> bool {
    name.ends_with(".v") || name.ends_with(".sv")
}

/// The problem in `folder`, or `None` if it has not the layout.
pub(super) fn problem(folder: &Path) -> Result<Option<ProblemFiles>, LocateError> {
    if !folder.join(BENCH_FILE).is_file() {
        return Ok(None);
    }
    let io = |source| LocateError::Io { path: folder.to_path_buf(), source };
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(folder).map_err(io)? {
        let path = entry.map_err(io)?.path();
        if path.is_file() {
            paths.push(path);
        }
    }
    paths.sort();
    let name_of = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let (mut goldens, mut data) = (Vec::new(), Vec::new());
    for path in &paths {
        let name = name_of(path);
        if name.starts_with(VERIFIED) && is_verilog(&name) {
            goldens.push(read(path)?);
        } else if !is_verilog(&name) && !NO_DATA.contains(&name.as_str()) {
            data.push(read(path)?);
        }
    }
    if goldens.is_empty() {
        let looked_for = vec![folder.join(format!("{VERIFIED}….v"))];
        return Err(LocateError::Missing { path: folder.to_path_buf(), looked_for });
    }
    let bench = read(&folder.join(BENCH_FILE))?;
    let name = name_of(&super::canonical(folder)?);
    let top = top(folder, &bench, &goldens, &name)?;
    let golden_top = golden_top(folder, &goldens, &top)?;

    let files_with = |files: Vec<SourceText>| -> Vec<SourceText> {
        let named = |file: &&SourceText| files.iter().any(|text| mentions(text, &file.name));
        let data: Vec<SourceText> = data.iter().filter(named).cloned().collect();
        files.iter().cloned().chain(data).collect()
    };
    let bench = files_with(vec![bench]);
    let tops = Modules::of(&bench).tops().into_iter().map(str::to_owned).collect();
    let pass_mark = PassMark::Prints(PASSED.to_owned());
    Ok(Some(ProblemFiles {
        name,
        top,
        golden: Some(Golden { files: files_with(goldens), top: golden_top }),
        stimulus: Stimulus::TestBench(Bench { files: bench, tops, pass_mark }),
        comparison: Comparison::Bench,
        declared: Declared::default(),
        policy: ProblemPolicy::default(),
    }))
}

/// The module that the bench instantiates and does not define.
fn top(
    folder: &Path,
    bench: &SourceText,
    goldens: &[SourceText],
    name: &str,
) -> Result<String, LocateError> {
    let modules = Modules::of(std::slice::from_ref(bench));
    let golden = Modules::of(goldens);
    let missing = modules.missing();
    let likely = |top: &&&str| {
        **top == name
            || golden.tops().iter().any(|g| g.strip_prefix(VERIFIED).unwrap_or(g) == **top)
    };
    match missing[..] {
        [top] => Ok(top.to_owned()),
        _ => missing.iter().find(likely).map(|top| (**top).to_owned()).ok_or_else(|| {
            LocateError::Ambiguous {
                path: folder.join(BENCH_FILE),
                what: "modules that the bench instantiates and that are not in it",
                names: missing.iter().map(|&top| top.to_owned()).collect(),
            }
        }),
    }
}

fn golden_top(folder: &Path, goldens: &[SourceText], top: &str) -> Result<String, LocateError> {
    let modules = Modules::of(goldens);
    let tops = modules.tops();
    let verified = |candidate: &&&str| candidate.strip_prefix(VERIFIED) == Some(top);
    let chosen = match tops[..] {
        [only] => Some(only),
        _ => (tops.iter().find(verified))
            .or_else(|| tops.iter().find(|candidate| **candidate == top))
            .or_else(|| tops.iter().find(|candidate| candidate.starts_with(VERIFIED)))
            .copied(),
    };
    chosen.map(str::to_owned).ok_or_else(|| LocateError::Ambiguous {
        path: folder.to_path_buf(),
        what: "modules of the golden that no other one instantiates",
        names: tops.iter().map(|&top| top.to_owned()).collect(),
    })
}

fn mentions(text: &SourceText, name: &str) -> bool {
    text.contents.windows(name.len()).any(|window| window == name.as_bytes())
}

#[cfg(test)]
mod tests {
    use crate::locate;
    use filbench_model::Comparison;
    use std::fs;

    fn folder(bench: &str, golden: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            fs::create_dir_all(folder.path().join("adder")).unwrap();
            fs::write(folder.path().join("adder").join(name), text).unwrap();
        };
        write("testbench.v", bench);
        write("verified_adder.v", golden);
        write("design_description.txt", "An adder.");
        write("makefile", "all:");
        write("reference.dat", "00");
        folder
    }

    #[test]
    fn bench_and_golden_name_the_top() {
        let bench =
            "module tb; initial $readmemh(\"reference.dat\", m); adder uut(.a(a)); endmodule";
        let golden = "module full(); endmodule module verified_adder(); full f(); endmodule";
        let dir = folder(bench, golden);
        for part in ["adder", "adder/testbench.v", "adder/verified_adder.v"] {
            let problem = locate(&dir.path().join(part)).unwrap();
            assert_eq!((problem.name(), problem.top()), ("adder", "adder"));
            let (files, top) = problem.golden().unwrap();
            assert_eq!((files.len(), top), (1, "verified_adder"));
            assert_eq!(problem.comparison(), Comparison::Bench);
            let crate::files::Stimulus::TestBench(bench) = &problem.stimulus else { panic!() };
            assert_eq!(bench.tops, ["tb"]);
            assert_eq!(bench.files.len(), 2);
        }
        // The golden has the candidate's name.
        let dir = folder("module tb; plus uut(a); endmodule", "module plus(a); endmodule");
        let problem = locate(&dir.path().join("adder")).unwrap();
        assert_eq!((problem.top(), problem.golden().unwrap().1), ("plus", "plus"));
    }

    #[test]
    fn a_folder_that_lacks_something_says_what() {
        let dir = folder("module tb; endmodule", "module verified_adder(); endmodule");
        let error = || locate(&dir.path().join("adder")).unwrap_err().to_string();
        assert!(error().contains("no modules that the bench instantiates"), "{}", error());
        fs::remove_file(dir.path().join("adder/verified_adder.v")).unwrap();
        assert!(error().contains("verified_….v"), "{}", error());
    }
}
