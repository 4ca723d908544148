use crate::LocateError;
use std::fs;
use std::path::{Path, PathBuf};

/// A file of a problem may have this many bytes.
const BYTES_MAX: u64 = 64 << 20;
/// What the candidate's top module is called in VerilogEval's layout.
const TOP: &str = "TopModule";
/// An error about a folder names this many of its problems.
const NAMED_MAX: usize = 8;
/// What VerilogEval appends to a problem's prefix.
const SUFFIXES: [&str; 4] = ["_ref.sv", "_test.sv", "_prompt.txt", "_ifc.txt"];

/// A source file: its name without a folder, and its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceText {
    /// Without a folder.
    pub name: String,
    /// Any bytes.
    pub contents: Vec<u8>,
}

/// The files of one problem, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProblemFiles {
    name: String,
    pub(crate) material: Material,
}

/// What a problem is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Material {
    /// VerilogEval's layout.
    TestBench { golden: SourceText, bench: SourceText },
    /// Vectors with expected responses.
    Csv(SourceText),
    /// A waveform of a golden; the scope that shows it, such as `tb.dut`.
    Vcd { file: SourceText, scope: Option<String> },
}

impl ProblemFiles {
    /// The problem's name: the last part of its prefix.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the candidate's top module must be called unless the user says otherwise.
    pub fn top(&self) -> &str {
        TOP
    }

    /// Takes the ports of a waveform from the scope with this path, such as `tb.dut`; other
    /// problems have no scopes.
    pub fn in_scope(mut self, path: &str) -> Self {
        if let Material::Vcd { scope, .. } = &mut self.material {
            *scope = Some(path.to_owned());
        }
        self
    }

    #[cfg(test)]
    pub(crate) fn for_tests(name: &str, material: Material) -> Self {
        Self { name: name.to_owned(), material }
    }

    /// The golden design and the name of its top module, where there is one.
    pub fn golden(&self) -> Option<(&SourceText, &str)> {
        match &self.material {
            Material::TestBench { golden, .. } => Some((golden, GOLDEN_TOP)),
            Material::Csv(_) | Material::Vcd { .. } => None,
        }
    }
}

/// What the golden's module is called in VerilogEval's layout.
pub(crate) const GOLDEN_TOP: &str = "RefModule";

/// Finds and reads a problem: `path` is VerilogEval's prefix (`…/Prob031_dff`, beside which
/// `_ref.sv` and `_test.sv` lie), any of its files, or a vector file (`.csv`, `.vcd`).
pub fn locate(path: &Path) -> Result<ProblemFiles, LocateError> {
    let file_name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase());
    let vectors: Option<fn(SourceText) -> Material> = match extension.as_deref() {
        Some("csv") => Some(Material::Csv),
        Some("vcd") => Some(|file| Material::Vcd { file, scope: None }),
        _ => None,
    };
    if let Some(material) = vectors {
        let missing = || LocateError::Missing {
            path: path.to_path_buf(),
            looked_for: vec![path.to_path_buf()],
        };
        let file = if path.is_file() { read(path)? } else { return Err(missing()) };
        let name = file_name.rsplit_once('.').map_or(file_name.as_str(), |(stem, _)| stem);
        return Ok(ProblemFiles { name: name.to_owned(), material: material(file) });
    }
    let part = SUFFIXES.iter().find_map(|suffix| file_name.strip_suffix(suffix));
    let name = part.unwrap_or(&file_name).to_owned();
    let beside = |suffix: &str| path.with_file_name(format!("{name}{suffix}"));
    let (golden, bench) = (beside("_ref.sv"), beside("_test.sv"));
    let missing: Vec<PathBuf> =
        [&golden, &bench].into_iter().filter(|file| !file.is_file()).cloned().collect();
    if !name.is_empty() && missing.is_empty() {
        let material = Material::TestBench { golden: read(&golden)?, bench: read(&bench)? };
        return Ok(ProblemFiles { name, material });
    }
    Err(if path.is_dir() {
        folder(path)?
    } else if part.is_none() && path.is_file() {
        LocateError::Foreign { path: path.to_path_buf() }
    } else {
        LocateError::Missing { path: path.to_path_buf(), looked_for: missing }
    })
}

fn folder(path: &Path) -> Result<LocateError, LocateError> {
    let io = |source| LocateError::Io { path: path.to_path_buf(), source };
    let mut names = Vec::new();
    for entry in fs::read_dir(path).map_err(io)? {
        let name = entry.map_err(io)?.file_name().to_string_lossy().into_owned();
        names.extend(name.strip_suffix("_ref.sv").map(str::to_owned));
    }
    names.sort();
    let more = names.len().saturating_sub(NAMED_MAX);
    names.truncate(NAMED_MAX);
    Ok(LocateError::Folder { path: path.to_path_buf(), names, more })
}

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
        for name in ["P1_a_ref.sv", "P1_a_test.sv", "P1_a_prompt.txt", "P2_ref.sv", "v.CSV", "x.v"]
        {
            fs::write(path(name), "\u{e4}\r\n").unwrap();
        }
        fs::write(path("P2_test.sv"), [0xff, 0x00]).unwrap();
        for name in ["P1_a", "P1_a_ref.sv", "P1_a_test.sv", "P1_a_prompt.txt"] {
            assert_eq!(locate(&path(name)).unwrap().name(), "P1_a", "{name}");
        }
        assert_eq!(locate(&path("P2")).unwrap().golden().unwrap().1, "RefModule");
        assert_eq!(locate(&path("v.CSV")).unwrap().name(), "v");

        let error = |name: &str| locate(&path(name)).unwrap_err().to_string();
        let looked_for = error("P3");
        assert!(looked_for.contains("P3_ref.sv") && looked_for.contains("P3_test.sv"));
        assert!(error("w.vcd").contains("looked for"));
        assert!(error("x.v").contains("is no part of a problem"));
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
