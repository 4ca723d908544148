use crate::LocateError;
use std::fs;
use std::path::{Path, PathBuf};

/// A file of a problem may have this many bytes.
const BYTES_MAX: u64 = 64 << 20;
/// What the candidate's top module is called in VerilogEval's layout.
const TOP: &str = "TopModule";
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
    let stem = |name: &str| name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned();
    let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase());
    let vectors: Option<fn(SourceText) -> Material> = match extension.as_deref() {
        Some("csv") => Some(Material::Csv),
        Some("vcd") => Some(|file| Material::Vcd { file, scope: None }),
        _ => None,
    };
    if let Some(material) = vectors {
        if !path.is_file() {
            return Err(LocateError::Missing {
                path: path.to_path_buf(),
                looked_for: vec![path.to_path_buf()],
            });
        }
        return Ok(ProblemFiles { name: stem(&file_name), material: material(read(path)?) });
    }
    let name = SUFFIXES
        .iter()
        .find_map(|suffix| file_name.strip_suffix(suffix))
        .unwrap_or(&file_name)
        .to_owned();
    let beside = |suffix: &str| path.with_file_name(format!("{name}{suffix}"));
    let (golden, bench) = (beside("_ref.sv"), beside("_test.sv"));
    let missing: Vec<PathBuf> =
        [&golden, &bench].into_iter().filter(|file| !file.is_file()).cloned().collect();
    if name.is_empty() || !missing.is_empty() {
        return Err(LocateError::Missing { path: path.to_path_buf(), looked_for: missing });
    }
    Ok(ProblemFiles {
        name,
        material: Material::TestBench { golden: read(&golden)?, bench: read(&bench)? },
    })
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
