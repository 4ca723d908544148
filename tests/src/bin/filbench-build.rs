//! `filbench-build [--alone] [--workers N] [--count N] [--out FILE] TOP FILE…`:
//! builds designs for the iCEBreaker as an evaluation does, for measurements.
//!
//! Each FILE is a design with the top module TOP. COUNT of them are built, in
//! turn, by N workers at once: synthesis, link with the fixture, place and
//! route, pack; or, with `--alone`, synthesis only. Prints a JSON object:
//!
//! ```text
//! {"built": 6, "logic_cells": [1016, …], "settle_cycles": […], "identity_map": […]}
//! ```
//!
//! with an entry for each FILE; `identity_map` says whether player bits are the
//! design's port bits in order. `--out` keeps the last bitstream.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use filbench_board::Board;
use filbench_flow::{Firmware, Flow, Placement, Policy, SourceFile, Submission, Synthesis};
use filbench_toolbox::{EdaTools, Toolbox, ToolboxConfig, cache_root};

type Failure = Box<dyn std::error::Error + Send + Sync>;

struct Arguments {
    alone: bool,
    workers: usize,
    count: usize,
    out: Option<PathBuf>,
    designs: Vec<Submission>,
}

/// What came of a design.
#[derive(Clone, Default)]
struct Built {
    bitstream: Vec<u8>,
    logic_cells: u32,
    settle_cycles: u8,
    identity_map: bool,
}

fn main() -> ExitCode {
    if let Some(code) = filbench_toolbox::worker_main() {
        return code;
    }
    match parse(std::env::args().skip(1)).and_then(|arguments| run(&arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("filbench-build: {error}");
            ExitCode::FAILURE
        }
    }
}

fn parse(arguments: impl Iterator<Item = String>) -> Result<Arguments, Failure> {
    let mut parsed =
        Arguments { alone: false, workers: 1, count: 1, out: None, designs: Vec::new() };
    let mut arguments = arguments.peekable();
    while let Some(option) = arguments.next_if(|word| word.starts_with("--")) {
        if option == "--alone" {
            parsed.alone = true;
            continue;
        }
        let value = arguments.next().ok_or_else(|| format!("{option} needs a value"))?;
        match option.as_str() {
            "--workers" => parsed.workers = value.parse()?,
            "--count" => parsed.count = value.parse()?,
            "--out" => parsed.out = Some(value.into()),
            _ => return Err(format!("no option {option}").into()),
        }
    }
    let top = arguments.next().ok_or("the top module's name is missing")?;
    for path in arguments {
        let contents =
            std::fs::read(&path).map_err(|error| format!("cannot read {path}: {error}"))?;
        let file = SourceFile { name: "design.sv".into(), contents };
        parsed.designs.push(Submission { files: vec![file], top: top.clone() });
    }
    if parsed.designs.is_empty() {
        return Err("no design".into());
    }
    Ok(parsed)
}

fn run(arguments: &Arguments) -> Result<(), Failure> {
    let cache = cache_root();
    let toolbox =
        Toolbox::open(ToolboxConfig { cache: cache.clone(), worker: None, tools: EdaTools::Wasm })?;
    toolbox.prepare(&mut |line| eprintln!("{line}"))?;
    let firmware = std::fs::read(cache.join("firmware/soft.bin"))?;
    let (flow, firmware) = (Flow::new(toolbox, cache), Firmware::new(firmware));
    let board = Board::load("icebreaker")?;

    let next = AtomicUsize::new(0);
    let built = Mutex::new(vec![Built::default(); arguments.designs.len()]);
    let work = || -> Result<(), Failure> {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= arguments.count {
                return Ok(());
            }
            let design = index % arguments.designs.len();
            let submission = &arguments.designs[design];
            let result = build(&flow, &firmware, &board, submission, arguments.alone)?;
            // A worker that panicked has ended the program's success anyway.
            built.lock().unwrap_or_else(std::sync::PoisonError::into_inner)[design] = result;
        }
    };
    let results: Vec<Result<(), Failure>> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..arguments.workers).map(|_| scope.spawn(work)).collect();
        let joined = workers.into_iter().map(|worker| worker.join());
        joined.map(|end| end.unwrap_or_else(|_| Err("a worker panicked".into()))).collect()
    });
    results.into_iter().collect::<Result<(), Failure>>()?;
    let built = built.into_inner()?;
    if let (Some(path), Some(last)) = (&arguments.out, built.last()) {
        std::fs::write(path, &last.bitstream)?;
    }
    let list = |value: fn(&Built) -> String| built.iter().map(value).collect::<Vec<_>>().join(", ");
    println!(
        "{{\"built\": {}, \"logic_cells\": [{}], \"settle_cycles\": [{}], \"identity_map\": [{}]}}",
        arguments.count,
        list(|b| b.logic_cells.to_string()),
        list(|b| b.settle_cycles.to_string()),
        list(|b| b.identity_map.to_string()),
    );
    Ok(())
}

fn build(
    flow: &Flow,
    firmware: &Firmware,
    board: &Board,
    submission: &Submission,
    alone: bool,
) -> Result<Built, Failure> {
    let synthesis =
        flow.synthesise(submission, &Policy::default(), board.device).map_err(|f| f.to_string())?;
    let design = match synthesis {
        Synthesis::Design(design) => design,
        Synthesis::Rejected(rejection) => return Err(rejection.verdict.reason.into()),
    };
    if alone {
        return Ok(Built { logic_cells: design.resources.lut4, ..Built::default() });
    }
    let linked = flow.link(&design, board, firmware).map_err(|verdict| verdict.reason)?;
    let placed = match flow.place(&linked, board, 1).map_err(|fault| fault.to_string())? {
        Placement::Placed(placed) => placed,
        Placement::Rejected(rejection) => return Err(rejection.verdict.reason.into()),
    };
    let bitstream = flow.pack(&placed).map_err(|fault| fault.to_string())?;
    let (Some(wired), Some(timed)) = (linked.designs.first(), placed.designs.first()) else {
        return Err("a netlist without a design".into());
    };
    let in_order = |map: &[u16]| map.iter().enumerate().all(|(k, &bit)| k == usize::from(bit));
    Ok(Built {
        bitstream: bitstream.bytes,
        logic_cells: placed.utilisation.get("ICESTORM_LC").map_or(0, |&(used, _)| used),
        settle_cycles: timed.settle_cycles,
        identity_map: in_order(&wired.input_map) && in_order(&wired.output_map),
    })
}
