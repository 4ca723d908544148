//! Vector files: which problem they are, and what can be seen of them before anything is
//! built.

use super::{PROBLEM_FILE, own, read};
use crate::files::{ProblemFiles, SourceText, Stimulus};
use crate::vectors::First;
use crate::{Analysis, LocateError, RecordError, csv, vcd_file};
use filbench_model::{Bits, ClockEdge, Interface};
use std::collections::BTreeMap;
use std::path::Path;

/// The problem that the vector file at `path` is: that of the `problem.toml` beside it which
/// plays it, or of the file alone.
pub(super) fn problem(path: &Path, file_name: &str) -> Result<ProblemFiles, LocateError> {
    if !path.is_file() {
        let looked_for = vec![path.to_path_buf()];
        return Err(LocateError::Missing { path: path.to_path_buf(), looked_for });
    }
    let beside = path.with_file_name(PROBLEM_FILE);
    let is_named = |file: String| Path::new(&file).file_name() == Some(file_name.as_ref());
    if beside.is_file() && own::vectors_file(&beside)?.is_some_and(is_named) {
        let problem = own::problem(&beside)?;
        if vectors_of(&problem.stimulus).is_some_and(|file| file.name == file_name) {
            return Ok(problem);
        }
    }
    let name = file_name.rsplit_once('.').map_or(file_name, |(stem, _)| stem);
    checked(path, ProblemFiles::vectors(name, stimulus(read(path)?, None)))
}

/// By the file's suffix.
pub(super) fn stimulus(file: SourceText, scope: Option<String>) -> Stimulus {
    let suffix = file.name.rsplit_once('.').map_or("", |(_, suffix)| suffix);
    if suffix.eq_ignore_ascii_case("vcd") {
        Stimulus::Vcd { file, scope }
    } else if suffix.eq_ignore_ascii_case("fst") {
        Stimulus::Fst { file, scope }
    } else {
        Stimulus::Csv(file)
    }
}

fn vectors_of(stimulus: &Stimulus) -> Option<&SourceText> {
    match stimulus {
        Stimulus::Csv(file) | Stimulus::Vcd { file, .. } | Stimulus::Fst { file, .. } => Some(file),
        Stimulus::TestBench(_) | Stimulus::Generated(_) => None,
    }
}

/// Refuses a declared clock that is no input, and vectors that nobody could be judged by, as far as that needs no golden's netlist:
/// a waveform whose ports nothing names, and a CSV or VCD file that does not read. An FST is
/// read in a sandbox only.
pub(super) fn checked(path: &Path, problem: ProblemFiles) -> Result<ProblemFiles, LocateError> {
    let ports = problem.ports()?;
    if let Some(ports) = &ports {
        check_clocks(&problem.declared.clocks, ports)
            .map_err(|message| LocateError::Invalid { path: path.to_path_buf(), message })?;
    }
    let Some(file) = vectors_of(&problem.stimulus) else { return Ok(problem) };
    let Some(ports) = ports else {
        return match &problem.golden {
            Some(_) => Ok(problem),
            None => {
                Err(LocateError::Waveform { path: path.to_path_buf(), file: file.name.clone() })
            }
        };
    };
    let read = match &problem.stimulus {
        Stimulus::Csv(file) => {
            let known = (Some(&ports), "the interface's");
            csv::problem(&problem, file, known, &without_events(&ports), String::new())
        }
        Stimulus::Vcd { file, scope } => {
            let (source, scope) = ((file, "vcd"), (scope.as_deref(), First::Events));
            let analysis = without_events(&ports);
            vcd_file::problem(&problem, source, scope, &ports, &analysis, String::new())
        }
        _ => return Ok(problem),
    };
    match read {
        Err(RecordError::Vectors(error)) => Err(error.into()),
        // Whatever else there is depends on the events, and is found when they are known.
        _ => Ok(problem),
    }
}

/// Refuses a declared clock that is no input.
fn check_clocks(clocks: &BTreeMap<String, ClockEdge>, interface: &Interface) -> Result<(), String> {
    let inputs: Vec<&str> = interface.inputs().map(|(port, _)| port.name.as_str()).collect();
    match clocks.keys().find(|name| !inputs.contains(&name.as_str())) {
        Some(name) => Err(format!(
            "`{name}` is a clock but no input of the interface; its inputs are {}",
            inputs.join(", ")
        )),
        None => Ok(()),
    }
}

/// Which inputs are events, only a netlist tells.
fn without_events(ports: &Interface) -> Analysis {
    Analysis {
        interface: ports.clone(),
        event_inputs: Bits::zeros(ports.input_bits()),
        clocks: Vec::new(),
        controls: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::locate;
    use std::fs;
    use std::path::PathBuf;

    const WAVEFORM: &str = "$scope module dut $end $var wire 1 ! a $end $var wire 4 # q $end \
        $upscope $end $enddefinitions $end\n#0\n1!\nb1010 #\n";

    struct Folder(tempfile::TempDir);

    impl Folder {
        fn file(&self, name: &str, text: &str) -> PathBuf {
            let path = self.0.path().join(name);
            fs::write(&path, text).unwrap();
            path
        }
    }

    fn error(path: &std::path::Path) -> String {
        locate(path).unwrap_err().to_string()
    }

    #[test]
    fn a_waveform_needs_somebody_who_names_its_ports() {
        let folder = Folder(tempfile::tempdir().unwrap());
        for name in ["w.vcd", "w.fst"] {
            let path = folder.file(name, WAVEFORM);
            let words = error(&path);
            assert!(words.contains("is a waveform") && words.contains("interface = ["), "{words}");
            let toml = folder.file("problem.toml", &format!("stimulus.vectors.file = \"{name}\""));
            assert_eq!(error(&toml), error(&path));
            assert!(error(&toml).contains(&format!("file = \"{name}\"")));

            let text = format!(
                "interface = [\"a:in\", \"q[3:0]:out\"]\nstimulus.vectors.file = \"{name}\""
            );
            folder.file("problem.toml", &text);
            let problem = locate(&path).unwrap();
            assert_eq!(problem, locate(&toml).unwrap());
            assert_eq!(problem.ports().unwrap().unwrap().output_bits(), 4);
            folder.file("golden.v", "module golden(input a, output [3:0] q); endmodule");
            let text = format!("golden.files = [\"golden.v\"]\nstimulus.vectors.file = \"{name}\"");
            folder.file("problem.toml", &text);
            assert_eq!(locate(&path).unwrap().ports(), Ok(None));
            fs::remove_file(toml).unwrap();
        }
    }

    #[test]
    fn what_does_not_read_is_said_at_once() {
        let folder = Folder(tempfile::tempdir().unwrap());
        for (text, expected) in [
            ("a:in,q:out\n", "v.csv:0: no vector"),
            ("a:in,q:out\n0,0\n2,0\n", "v.csv:3: port `a`: 2 does not fit"),
            ("a:in,q:out\n1,0\n1,1\n", "v.csv:3: the inputs are those of the vector before"),
        ] {
            let words = error(&folder.file("v.csv", text));
            assert!(words.starts_with(expected), "{words}");
        }
        let good = folder.file("v.csv", "# comment\na:in,q[3:0]:out\n0,0\n");
        locate(&good).unwrap();
        // Somebody else's description beside it.
        let other =
            folder.file("problem.toml", "golden.files = [\"missing.v\"]\nstimulus.generated = {}");
        locate(&good).unwrap();
        assert!(error(&other).contains("missing.v"), "{}", error(&other));
        let toml = folder
            .file("problem.toml", "clocks.b = \"falling\"\nstimulus.vectors.file = \"v.csv\"");
        assert!(error(&good).contains("`b` is a clock but no input"), "{}", error(&good));
        assert_eq!(error(&toml), error(&good));
        for (ports, expected) in [
            ("\"a:in\", \"q[7:0]:out\"", "v.csv:2: the columns are not the interface's ports: "),
            ("\"a:in\"", "interface: no output"),
        ] {
            let text = format!("interface = [{ports}]\nstimulus.vectors.file = \"v.csv\"");
            let toml = folder.file("problem.toml", &text);
            assert!(error(&toml).contains(expected), "{}", error(&toml));
        }
        let text = "interface = [\"a:in\", \"q[7:0]:out\"]\nstimulus.vectors.file = \"w.vcd\"";
        let toml = folder.file("problem.toml", text);
        let waveform = folder.file("w.vcd", WAVEFORM);
        assert!(error(&waveform).contains("lacks `output [7:0] q`"), "{}", error(&waveform));
        folder.file("w.vcd", "no waveform at all");
        assert!(error(&toml).starts_with("w.vcd:1: "), "{}", error(&toml));
    }
}
