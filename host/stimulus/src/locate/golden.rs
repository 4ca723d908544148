//! A golden alone: one source file that belongs to no layout.

use super::{PROBLEM_FILE, read};
use crate::LocateError;
use crate::files::ProblemFiles;
use crate::generate::DEFAULT_SEED;
use crate::source::Modules;
use std::path::Path;

/// The problem that the file at `path` is; `None` if it is no Verilog, SystemVerilog or
/// VHDL, or has no module that could be a golden, or lies in a folder that is a problem.
pub(super) fn problem(path: &Path) -> Result<Option<ProblemFiles>, LocateError> {
    let suffix = path.extension().map(|e| e.to_string_lossy().to_lowercase());
    let is_vhdl = match suffix.as_deref() {
        Some("v" | "sv") => false,
        Some("vhd" | "vhdl") => true,
        _ => return Ok(None),
    };
    if path.with_file_name(PROBLEM_FILE).is_file() {
        return Ok(None);
    }
    let files = vec![read(path)?];
    let tops: Vec<String> = if is_vhdl {
        top_entities(&String::from_utf8_lossy(&files[0].contents))
    } else {
        Modules::of(&files).tops().into_iter().map(str::to_owned).collect()
    };
    match tops.as_slice() {
        [] => Ok(None),
        [top] => {
            let name = path.file_stem().map(|n| n.to_string_lossy().into_owned());
            let name = name.unwrap_or_else(|| top.clone());
            Ok(Some(ProblemFiles::from_golden(&name, files, top, DEFAULT_SEED)))
        }
        _ => Err(LocateError::Ambiguous {
            path: path.to_path_buf(),
            what: "modules that no other instantiates",
            names: tops,
        }),
    }
}

/// The entities that nothing in the same text instantiates or declares as a component, as
/// they are written there. Case means nothing.
fn top_entities(vhdl: &str) -> Vec<String> {
    let code: Vec<&str> = vhdl
        .lines()
        .map(|line| line.split_once("--").map_or(line, |(code, _)| code))
        .flat_map(|line| line.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.')))
        .filter(|word| !word.is_empty())
        .collect();
    let (mut defined, mut used) = (Vec::new(), Vec::new());
    for words in code.windows(3) {
        let is = |index: usize, word: &str| words[index].eq_ignore_ascii_case(word);
        if is(0, "entity") && is(2, "is") {
            defined.push(words[1].to_owned());
        } else if is(0, "component") || is(0, "entity") {
            let name = words[1].rsplit('.').next().unwrap_or(words[1]);
            used.push(name.to_lowercase());
        }
    }
    defined.retain(|name| !used.contains(&name.to_lowercase()));
    defined
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::locate;
    use std::fs;

    #[test]
    fn a_lone_source_file_is_a_golden() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            path
        };
        let top = |name: &str, text: &str| {
            let problem = locate(&write(name, text))?;
            assert!(problem.is_generated());
            assert_eq!(problem.golden().unwrap().1, problem.top());
            Ok::<_, LocateError>((problem.name().to_owned(), problem.top().to_owned()))
        };
        let two = "module leaf(input a); endmodule module count(input c); leaf l(c); endmodule";
        assert_eq!(top("my_count.V", two).unwrap(), ("my_count".into(), "count".into()));
        let vhdl = "-- entity no is\nENTITY Leaf IS end;\nentity Top is end Top;\n\
            architecture a of Top is begin l: entity work.leaf port map (x); end;\n";
        assert_eq!(top("t.vhd", vhdl).unwrap(), ("t".into(), "Top".into()));

        let error = |name: &str, text: &str| top(name, text).unwrap_err().to_string();
        let both = error("two.sv", "module a; endmodule module b; endmodule");
        assert!(both.contains("`a` and `b`; describe the problem in a problem.toml"), "{both}");
        assert!(error("none.v", "`define X").contains("is no part of a problem"));
        // It may be the golden of the problem beside it, or a candidate.
        write("p/problem.toml", "");
        assert!(error("p/x.v", "module x; endmodule").contains("is no part of a problem"));
    }
}
