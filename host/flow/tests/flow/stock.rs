//! The split synthesis script against the script that Yosys comes with.
//!
//! Ours leaves the block RAM rules out where there is no memory, stops on the way to look
//! at the netlist, and goes on from files. None of it may cost or save a cell.

use crate::support::{flow, toolbox};
use filbench_board::Device;
use filbench_flow::{Policy, SourceFile, Submission, Synthesis};
use filbench_model::{FrontEnd, Resources};
use filbench_toolbox::{JobDir, Limits, Tool, ToolExit, ToolJob};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

const LIMITS: Limits = Limits {
    cpu: Duration::from_secs(60),
    wall: Duration::from_secs(600),
    memory_bytes: 1 << 30,
    output_bytes: 64 << 20,
};

/// The goldens of our suites in VerilogEval's layout, whose modules have one name.
fn goldens() -> Vec<PathBuf> {
    let suites = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/suites");
    let list = |folder: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).expect("the suites are there");
        entries.map(|entry| entry.expect("an entry").path()).collect()
    };
    let mut files: Vec<PathBuf> =
        list(&suites).iter().filter(|path| path.is_dir()).flat_map(|suite| list(suite)).collect();
    files.retain(|path| path.to_string_lossy().ends_with("_ref.sv"));
    files.sort();
    files
}

#[derive(serde::Deserialize)]
struct Statistics {
    design: Cells,
}

#[derive(serde::Deserialize)]
struct Cells {
    num_cells_by_type: BTreeMap<String, u32>,
}

/// What `synth_ice40` makes of it, counted by its own `stat`.
fn stock(source: &[u8], options: &str) -> Resources {
    let dir = JobDir::create().expect("a job folder");
    dir.write("golden.sv", source).expect("it can be written");
    let script = format!(
        "read_verilog -sv golden.sv; synth_ice40 {options} -top RefModule; \
         tee -q -o stat.json stat -json"
    );
    let args = vec!["-q".into(), "-p".into(), script];
    let job =
        ToolJob { tool: Tool::Yosys, args, dir: dir.path(), read_only: vec![], limits: LIMITS };
    let run = toolbox().run(&job).expect("no fault of the lab");
    assert_eq!(run.exit, ToolExit::Exited(0), "{}", String::from_utf8_lossy(&run.stderr));
    let bytes = dir.read("stat.json", 1 << 20).expect("it can be read").expect("it is there");
    let statistics: Statistics = serde_json::from_slice(&bytes).expect("statistics");
    let count = |prefix: &str| -> u32 {
        let cells = statistics.design.num_cells_by_type.iter();
        cells.filter(|(kind, _)| kind.starts_with(prefix)).map(|(_, count)| count).sum()
    };
    Resources {
        lut4: count("SB_LUT4"),
        ff: count("SB_DFF"),
        carry: count("SB_CARRY"),
        bram: count("SB_RAM40_4K"),
        spram: count("SB_SPRAM256KA"),
        dsp: count("SB_MAC16"),
    }
}

/// On the device with all kinds of cells; the script is the same for the others.
#[test]
fn the_split_script_makes_the_cells_of_the_stock_one() {
    let flow = flow();
    let (mut compared, mut brams, mut dsps) = (0, 0, 0);
    for path in goldens() {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let contents = std::fs::read(&path).expect("it can be read");
        let files = vec![SourceFile { name, contents: contents.clone() }];
        let submission = Submission { files, top: "RefModule".into() };
        let synthesis = flow.synthesise(&submission, &Policy::default(), Device::Up5k);
        let Synthesis::Design(design) = synthesis.expect("no fault of the lab") else {
            // One suite has a golden that cannot be synthesised.
            continue;
        };
        if design.front_end != FrontEnd::Verilog {
            continue;
        }
        let stock = stock(&contents, "-device u -dsp");
        assert_eq!(design.resources, stock, "{}", path.display());
        compared += 1;
        brams += design.resources.bram;
        dsps += design.resources.dsp;
    }
    assert!(compared >= 14 && brams > 0 && dsps > 0, "{compared} {brams} {dsps}");
}
