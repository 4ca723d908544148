//! Our own layout: a folder with a `problem.toml`, which tests/suites/README.md documents.

use super::{TOP, read, vectors};
use crate::LocateError;
use crate::csv;
use crate::files::{
    Bench, Declared, Generated, Golden, HEADERS, NOT_SOURCES, PassMark, ProblemFiles,
    ProblemPolicy, SourceText, Stimulus,
};
use crate::source::Modules;
use filbench_model::{ClockEdge, Comparison, Direction, Interface};
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::fs;
use std::path::{Path, PathBuf};

/// The file that makes a folder a problem.
pub const PROBLEM_FILE: &str = "problem.toml";
/// Files of all include folders together.
const INCLUDED_MAX: usize = 1000;
/// The module that gives a golden its parameters.
const WRAPPER_TOP: &str = "filbench_golden_with_parameters";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    name: Option<String>,
    top: Option<String>,
    interface: Option<Vec<String>>,
    comparison: Option<Comparison>,
    golden: Option<GoldenTable>,
    #[serde(deserialize_with = "stimulus")]
    stimulus: StimulusTable,
    #[serde(default)]
    clocks: BTreeMap<String, ClockEdge>,
    #[serde(default)]
    policy: PolicyTable,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GoldenTable {
    files: Vec<String>,
    top: Option<String>,
    #[serde(default)]
    include: Vec<String>,
    #[serde(default)]
    data: Vec<String>,
    #[serde(default)]
    parameters: BTreeMap<String, Parameter>,
}

/// A number, or any constant expression of Verilog's.
#[derive(Deserialize)]
#[serde(untagged)]
enum Parameter {
    Number(i64),
    Expression(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum StimulusTable {
    Bench(BenchTable),
    Vectors(VectorsTable),
    Generated(Generated),
}

/// `stimulus = "generated"` is `[stimulus.generated]` without anything in it.
fn stimulus<'de, D: Deserializer<'de>>(from: D) -> Result<StimulusTable, D::Error> {
    struct WordOrTable;

    impl<'de> Visitor<'de> for WordOrTable {
        type Value = StimulusTable;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("`\"generated\"`, or a table `bench`, `vectors` or `generated`")
        }

        fn visit_str<E: de::Error>(self, word: &str) -> Result<StimulusTable, E> {
            match word {
                "generated" => Ok(StimulusTable::Generated(Generated::default())),
                _ => Err(E::invalid_value(Unexpected::Str(word), &self)),
            }
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<StimulusTable, A::Error> {
            StimulusTable::deserialize(MapAccessDeserializer::new(map))
        }
    }

    from.deserialize_any(WordOrTable)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BenchTable {
    files: Vec<String>,
    top: Option<String>,
    #[serde(default)]
    include: Vec<String>,
    #[serde(default)]
    data: Vec<String>,
    passes_when: PassesTable,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PassesTable {
    prints: Option<String>,
    exits_with: Option<i32>,
    #[serde(default)]
    prints_no_mismatches: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VectorsTable {
    file: String,
    scope: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct PolicyTable {
    #[serde(default)]
    forbid_latches: bool,
    min_samples: Option<usize>,
}

/// The problem that the file at `path` describes.
pub(super) fn problem(path: &Path) -> Result<ProblemFiles, LocateError> {
    let text = read(path)?.contents;
    let invalid = |message: String| LocateError::Invalid { path: path.to_path_buf(), message };
    let text = String::from_utf8(text)
        .map_err(|_| invalid("it is not UTF-8; save it as plain text".to_owned()))?;
    let table: Table =
        toml::from_str(&text).map_err(|error| invalid(error.to_string().trim().to_owned()))?;
    let folder = super::canonical(path.parent().unwrap_or(Path::new(".")))?;
    Reader { path, folder }.problem(table)
}

/// The vector file that the file at `path` says it plays, whatever else it says.
pub(super) fn vectors_file(path: &Path) -> Result<Option<String>, LocateError> {
    let text = String::from_utf8_lossy(&read(path)?.contents).into_owned();
    let table: toml::Table = toml::from_str(&text).map_err(|error| LocateError::Invalid {
        path: path.to_path_buf(),
        message: error.to_string().trim().to_owned(),
    })?;
    let file = table.get("stimulus").and_then(|t| t.get("vectors")).and_then(|t| t.get("file"));
    Ok(file.and_then(|file| file.as_str()).map(str::to_owned))
}

struct Reader<'a> {
    path: &'a Path,
    /// Canonical; nothing outside is read.
    folder: PathBuf,
}

impl Reader<'_> {
    fn problem(&self, table: Table) -> Result<ProblemFiles, LocateError> {
        let name = match table.name {
            Some(name) => name,
            None => {
                self.folder.file_name().map_or_else(String::new, |n| n.to_string_lossy().into())
            }
        };
        let interface =
            table.interface.as_deref().map(|ports| self.interface(ports)).transpose()?;
        let mut golden_top = None;
        let golden = match &table.golden {
            Some(golden) => {
                let (golden, own_top) = self.golden(golden, table.top.as_deref(), &interface)?;
                golden_top = Some(own_top);
                Some(golden)
            }
            None => None,
        };
        let top = table.top.clone().or(golden_top).unwrap_or_else(|| TOP.to_owned());
        let stimulus = match table.stimulus {
            StimulusTable::Bench(bench) => self.bench(bench, &top)?,
            StimulusTable::Vectors(file) => vectors::stimulus(self.file(&file.file)?, file.scope),
            StimulusTable::Generated(generated) => Stimulus::Generated(generated),
        };
        let needs_golden = matches!(stimulus, Stimulus::TestBench(_) | Stimulus::Generated(_));
        if golden.is_none() && needs_golden {
            return Err(self.invalid(
                "this stimulus needs a golden; add a table `[golden]` with `files`".to_owned(),
            ));
        }
        let comparison = table.comparison.unwrap_or(Comparison::EveryStep);
        if comparison == Comparison::Bench && !matches!(stimulus, Stimulus::TestBench(_)) {
            return Err(self.invalid(
                "`comparison = \"bench\"` needs a bench; add a table `[stimulus.bench]`".to_owned(),
            ));
        }
        let problem = ProblemFiles {
            name,
            top,
            golden,
            stimulus,
            comparison,
            declared: Declared { interface, clocks: table.clocks },
            policy: ProblemPolicy {
                forbid_latches: table.policy.forbid_latches,
                min_samples: table.policy.min_samples,
            },
        };
        vectors::checked(self.path, problem)
    }

    fn interface(&self, ports: &[String]) -> Result<Interface, LocateError> {
        csv::interface(ports).map_err(|message| self.invalid(format!("interface: {message}")))
    }

    /// The golden, and the name of its own top module, which a wrapper may hide.
    fn golden(
        &self,
        table: &GoldenTable,
        top: Option<&str>,
        interface: &Option<Interface>,
    ) -> Result<(Golden, String), LocateError> {
        let mut files = self.sources("golden", &table.files)?;
        let own_top = match &table.top {
            Some(top) => top.clone(),
            None => self.only_top("golden", &files, top)?,
        };
        let mut golden_top = own_top.clone();
        if !table.parameters.is_empty() {
            let interface = interface.as_ref().ok_or_else(|| {
                self.invalid(
                    "a golden with parameters needs the interface that they lead to; add \
                     `interface = [\"clk:in\", \"q[7:0]:out\", …]`"
                        .to_owned(),
                )
            })?;
            files.push(self.wrapper(&own_top, &table.parameters, interface)?);
            golden_top = WRAPPER_TOP.to_owned();
        }
        for folder in &table.include {
            files.extend(self.included(folder)?);
        }
        for name in &table.data {
            let suffix = name.rsplit_once('.').map_or("", |(_, suffix)| suffix);
            if !NOT_SOURCES.contains(&suffix) || HEADERS.contains(&suffix) {
                return Err(self.invalid(format!(
                    "golden: `{name}` is no name of a data file; let it end in .hex, .mem, .dat, \
                     .txt or .bin"
                )));
            }
            files.push(self.file(name)?);
        }
        Ok((Golden { files, top: golden_top }, own_top))
    }

    /// A module with the interface's ports around the golden with its parameters.
    fn wrapper(
        &self,
        top: &str,
        parameters: &BTreeMap<String, Parameter>,
        interface: &Interface,
    ) -> Result<SourceText, LocateError> {
        let mut values = Vec::new();
        for (name, value) in parameters {
            let value = match value {
                Parameter::Number(number) => number.to_string(),
                Parameter::Expression(text) => text.clone(),
            };
            let plain = |c: char| c.is_ascii_graphic() && !"();`\\".contains(c) || c == ' ';
            let word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
            if !name.chars().all(word) || name.is_empty() || !value.chars().all(plain) {
                return Err(self.invalid(format!(
                    "golden: parameter `{name} = {value}`: a value is a number or a constant such \
                     as \"8'hff\", without brackets"
                )));
            }
            values.push(format!(".{name}({value})"));
        }
        let mut ports = Vec::new();
        let mut connections = Vec::new();
        for port in &interface.ports {
            let direction = if port.direction == Direction::Input { "input" } else { "output" };
            ports.push(format!("{direction} wire [{}:0] {}", port.width - 1, port.name));
            connections.push(format!(".{0}({0})", port.name));
        }
        let mut text = String::new();
        // Writing to a String does not fail.
        writeln!(
            text,
            "module {WRAPPER_TOP}({});\n  {top} #({}) golden({});\nendmodule",
            ports.join(", "),
            values.join(", "),
            connections.join(", ")
        )
        .ok();
        Ok(SourceText { name: format!("{WRAPPER_TOP}.v"), contents: text.into_bytes() })
    }

    fn bench(&self, table: BenchTable, top: &str) -> Result<Stimulus, LocateError> {
        let mut files = self.sources("stimulus.bench", &table.files)?;
        let tops = match table.top {
            Some(top) => vec![top],
            None => Modules::of(&files).tops().into_iter().map(str::to_owned).collect(),
        };
        if tops.is_empty() {
            return Err(self.invalid("stimulus.bench: no module in its files".to_owned()));
        }
        if !Modules::of(&files).missing().contains(&top) {
            return Err(self.invalid(format!(
                "stimulus.bench: no module in it instantiates `{top}`, or it defines it; `top` \
                 names the candidate's module"
            )));
        }
        for folder in &table.include {
            files.extend(self.included(folder)?);
        }
        for name in &table.data {
            files.push(self.file(name)?);
        }
        let passes = table.passes_when;
        let pass_mark = match (passes.prints, passes.exits_with, passes.prints_no_mismatches) {
            (Some(text), None, false) if !text.trim().is_empty() => PassMark::Prints(text),
            (None, Some(status), false) => PassMark::ExitsWith(status),
            (Some(text), Some(status), false) if !text.trim().is_empty() => {
                PassMark::PrintsAndExitsWith(text, status)
            }
            (None, None, true) => PassMark::NoMismatches,
            _ => {
                return Err(self.invalid(
                    "stimulus.bench.passes_when: give `prints = \"…\"`, `exits_with = 0`, both, or \
                     `prints_no_mismatches = true`"
                        .to_owned(),
                ));
            }
        };
        Ok(Stimulus::TestBench(Bench { files, tops, pass_mark }))
    }

    fn sources(&self, table: &str, names: &[String]) -> Result<Vec<SourceText>, LocateError> {
        if names.is_empty() {
            return Err(self.invalid(format!("{table}: `files` names no file")));
        }
        let mut files = Vec::new();
        for name in names {
            let file = self.file(name)?;
            if !file.is_source() {
                return Err(self.invalid(format!(
                    "{table}: `{name}` is no source, by its name; `include` takes folders of \
                     headers, `data` what a design reads"
                )));
            }
            files.push(file);
        }
        Ok(files)
    }

    fn only_top(
        &self,
        table: &str,
        files: &[SourceText],
        preferred: Option<&str>,
    ) -> Result<String, LocateError> {
        let modules = Modules::of(files);
        let tops = modules.tops();
        match (preferred.filter(|top| tops.contains(top)), &tops[..]) {
            (Some(top), _) => Ok(top.to_owned()),
            (None, [top]) => Ok((*top).to_owned()),
            (None, tops) => Err(self.invalid(format!(
                "{table}: which module is on top? {}; say `top = \"…\"`",
                if tops.is_empty() {
                    "there is none that no other instantiates".to_owned()
                } else {
                    format!("`{}` all are", tops.join("`, `"))
                }
            ))),
        }
    }

    /// The headers of an include folder, named relative to it.
    fn included(&self, folder: &str) -> Result<Vec<SourceText>, LocateError> {
        let root = self.inside(folder)?;
        let mut pending = vec![root.clone()];
        let mut paths = Vec::new();
        while let Some(at) = pending.pop() {
            let io = |source| LocateError::Io { path: at.clone(), source };
            for entry in fs::read_dir(&at).map_err(io)? {
                let entry = entry.map_err(io)?;
                // A link leads nowhere from here.
                let kind = entry.file_type().map_err(io)?;
                if kind.is_dir() {
                    pending.push(entry.path());
                } else if kind.is_file() {
                    paths.push(entry.path());
                }
                if paths.len() + pending.len() > INCLUDED_MAX {
                    return Err(self.invalid(format!(
                        "`{folder}` holds more than {INCLUDED_MAX} files; include a folder with \
                         headers only"
                    )));
                }
            }
        }
        paths.sort();
        let mut files = Vec::new();
        for path in paths {
            let name = path.strip_prefix(&root).unwrap_or(&path).to_string_lossy().into_owned();
            let suffix = name.rsplit_once('.').map_or("", |(_, suffix)| suffix);
            if matches!(suffix, "v" | "sv") {
                return Err(self.invalid(format!(
                    "`{folder}/{name}` would be read as a source of its own; call a file that is \
                     included .vh or .svh"
                )));
            }
            if HEADERS.contains(&suffix) {
                files.push(SourceText { name, contents: read(&path)?.contents });
            }
        }
        Ok(files)
    }

    /// A file by its path relative to the problem.
    fn file(&self, name: &str) -> Result<SourceText, LocateError> {
        let path = self.inside(name)?;
        if !path.is_file() {
            return Err(self.invalid(format!("`{name}` is not a file")));
        }
        // As it is there: `x/../y.v` and `./y.v` are `y.v`.
        let name = path.strip_prefix(&self.folder).unwrap_or(&path).to_string_lossy().into_owned();
        Ok(SourceText { name, contents: read(&path)?.contents })
    }

    /// Where `name` is, if that is inside the problem's folder.
    fn inside(&self, name: &str) -> Result<PathBuf, LocateError> {
        let path = self.folder.join(name);
        let path = path.canonicalize().map_err(|error| {
            self.invalid(format!(
                "`{name}` is not in the problem's folder ({error}); paths are relative to \
                 {PROBLEM_FILE}"
            ))
        })?;
        if !path.starts_with(&self.folder) {
            return Err(
                self.invalid(format!("`{name}` lies outside the problem's folder; copy it there"))
            );
        }
        Ok(path)
    }

    fn invalid(&self, message: String) -> LocateError {
        LocateError::Invalid { path: self.path.to_path_buf(), message }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::locate;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join("fifo").join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    const FILES: [(&str, &str); 6] = [
        ("v.csv", "q:out\n"),
        (
            "rtl/fifo.v",
            "`include \"defs.vh\"\nmodule fifo #(parameter N = 1)(input clk); ram r(); endmodule",
        ),
        ("rtl/ram.v", "module ram(); initial $readmemh(\"rom.hex\", m); endmodule"),
        ("include/defs.vh", "`define X 1\n"),
        ("rom.hex", "00"),
        ("bench/tb.sv", "module tb; fifo dut(.clk(c)); endmodule"),
    ];

    const GOLDEN: &str = "[golden]\nfiles = [\"rtl/fifo.v\", \"rtl/ram.v\"]\ninclude = [\"include\"]\n\
        data = [\"rom.hex\"]\n";
    const BENCH: &str =
        "[stimulus.bench]\nfiles = [\"bench/tb.sv\"]\npasses_when = { prints = \"OK\" }\n";

    fn found(toml: &str) -> Result<ProblemFiles, LocateError> {
        let mut files = FILES.to_vec();
        files.push(("problem.toml", toml));
        let folder = folder(&files);
        let by_file = locate(&folder.path().join("fifo/problem.toml"));
        let by_folder = locate(&folder.path().join("fifo"));
        assert_eq!(by_file.is_ok(), by_folder.is_ok());
        by_folder
    }

    fn error(toml: &str) -> String {
        found(toml).unwrap_err().to_string()
    }

    #[test]
    fn a_whole_problem_is_read() {
        let problem = found(&format!(
            "top = \"fifo\"\ninterface = [\"clk:in\", \"q[7:0]:out\"]\n{GOLDEN}\
             parameters = {{ N = 4, M = \"8'hff\" }}\n{BENCH}\
             [clocks]\nclk = \"rising\"\n[policy]\nforbid_latches = true\nmin_samples = 20\n"
        ))
        .unwrap();
        assert_eq!((problem.name(), problem.top()), ("fifo", "fifo"));
        assert_eq!(problem.comparison(), Comparison::EveryStep);
        assert_eq!(problem.policy(), ProblemPolicy { forbid_latches: true, min_samples: Some(20) });
        let (files, top) = problem.golden().unwrap();
        let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
        let wrapper = format!("{WRAPPER_TOP}.v");
        assert_eq!(names, ["rtl/fifo.v", "rtl/ram.v", &wrapper, "defs.vh", "rom.hex"]);
        assert_eq!(top, WRAPPER_TOP);
        assert_eq!(
            String::from_utf8(files[2].contents.clone()).unwrap(),
            "module filbench_golden_with_parameters(input wire [0:0] clk, output wire [7:0] q);\n  \
             fifo #(.M(8'hff), .N(4)) golden(.clk(clk), .q(q));\nendmodule\n"
        );
        let Stimulus::TestBench(bench) = &problem.stimulus else { panic!() };
        assert_eq!(bench.tops, ["tb"]);
        assert_eq!(bench.pass_mark, PassMark::Prints("OK".into()));
    }

    #[test]
    fn mistakes_are_named() {
        for (toml, words) in [
            ("tpo = 1\n[stimulus.vectors]\nfile = \"v.csv\"\n", "unknown field `tpo`"),
            ("[stimulus.vektors]\n", "unknown variant `vektors`"),
            ("name = \"x\"\n", "missing field `stimulus`"),
            (
                "[golden]\nfiles = [\"rtl/none.v\"]\n[stimulus.vectors]\nfile = \"v.csv\"\n",
                "`rtl/none.v`",
            ),
            (
                "[golden]\nfiles = [\"../../x.v\"]\n[stimulus.vectors]\nfile = \"v.csv\"\n",
                "problem's folder",
            ),
            (
                "[golden]\nfiles = [\"/etc/passwd\"]\n[stimulus.vectors]\nfile = \"v.csv\"\n",
                "lies outside",
            ),
            (
                "[golden]\nfiles = [\"rom.hex\"]\n[stimulus.vectors]\nfile = \"v.csv\"\n",
                "is no source",
            ),
            (
                "[golden]\nfiles = [\"rtl/ram.v\"]\ninclude = [\"rtl\"]\n[stimulus.vectors]\nfile = \"v.csv\"\n",
                ".vh",
            ),
            (
                "[golden]\nfiles = [\"rtl/ram.v\"]\ndata = [\"rtl/fifo.v\"]\n[stimulus.vectors]\nfile = \"v.csv\"\n",
                "data file",
            ),
            (
                "[golden]\nfiles = [\"rtl/fifo.v\"]\nparameters = { N = 1 }\n[stimulus.vectors]\nfile = \"v.csv\"\n",
                "interface",
            ),
            ("interface = [\"clk\"]\n[stimulus.vectors]\nfile = \"v.csv\"\n", "`clk` is no port"),
            (
                "interface = [\"a:in\", \"y:out\"]\n[clocks]\nclk = \"rising\"\n[stimulus.vectors]\nfile = \"v.csv\"\n",
                "no input",
            ),
        ] {
            assert!(error(toml).contains(words), "{toml}: {}", error(toml));
        }
        let text =
            format!("comparison = \"bench\"\n{GOLDEN}[stimulus.vectors]\nfile = \"v.csv\"\n");
        assert!(error(&text).contains("needs a bench"));
        let text = format!("top = \"fifo\"\n{BENCH}");
        assert!(error(&text).contains("needs a golden"), "{}", error(&text));
        let text = format!("top = \"other\"\n{GOLDEN}{BENCH}");
        assert!(error(&text).contains("instantiates `other`"), "{}", error(&text));
        let text = format!("{GOLDEN}{}", BENCH.replace("prints = \"OK\"", ""));
        assert!(error(&text).contains("passes_when"), "{}", error(&text));
    }
}
