//! `filbench-differential FIRST_SEED COUNT [JOBS]`: random designs through the
//! tools, Icarus Verilog and both engines; prints failures and the coverage.
//! `filbench-differential --verilog SEED` prints a seed's design, and
//! `filbench-differential --narrow SEED PORT` finds the signal of a parity port
//! that differs.

use std::process::ExitCode;

use filbench_tests::differential::{self, Differential, DifferentialError};
use filbench_tests::random_design::random_design;
use filbench_toolbox::{EdaTools, Toolbox, ToolboxConfig, cache_root};

/// So many designs must have exercised every cell and mode that is modelled.
const COVERING: u64 = 200;
/// At most one sample in so many may be undefined in Icarus, and so not compared.
const UNDEFINED_ONE_IN: u64 = 1000;
/// A line of progress after so many designs.
const PROGRESS_EVERY: u64 = 100;

fn main() -> ExitCode {
    if let Some(code) = filbench_toolbox::worker_main() {
        return code;
    }
    match run(&std::env::args().skip(1).collect::<Vec<_>>()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("filbench-differential: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &[String]) -> Result<bool, Box<dyn std::error::Error>> {
    let usage = "usage: filbench-differential FIRST_SEED COUNT [JOBS]";
    let open = || {
        Toolbox::open(ToolboxConfig { cache: cache_root(), worker: None, tools: EdaTools::Wasm })
    };
    let (first, count, jobs) = match arguments {
        [option, seed, port] if option == "--narrow" => {
            let design = random_design(seed.parse()?).narrowed(port);
            let result = Differential::new(open()?)?.run(&design);
            let Err(error) = result else {
                println!("no signal of {port} differs");
                return Ok(true);
            };
            println!("{error}");
            if let DifferentialError::Mismatch { port, .. } = &error {
                println!("{port} is {}", design.parity_of(port).join(" ^ "));
            }
            return Ok(false);
        }
        [option, seed] if option == "--verilog" => {
            let design = random_design(seed.parse()?);
            print!("{}{}", design.verilog, design.pcf());
            return Ok(true);
        }
        [first, count] => (first.parse()?, count.parse::<u64>()?, 2),
        [first, count, jobs] => (first.parse()?, count.parse()?, jobs.parse()?),
        _ => return Err(usage.into()),
    };
    let toolbox = open()?;
    toolbox.prepare(&mut |line| eprintln!("{line}"))?;
    let mut done = 0;
    let summary = differential::run(&toolbox, first, count, jobs, &mut |_, error| {
        done += 1;
        if done % PROGRESS_EVERY == 0 {
            eprintln!("{done} of {count} designs");
        }
        let mut cause = error.map(|e| e as &dyn std::error::Error);
        while let Some(error) = cause {
            eprintln!("{error}");
            cause = error.source();
        }
    })?;
    print!("{}", summary.coverage);
    println!(
        "{} designs, {count} asked for, are the same everywhere; {} of {} samples are undefined in Icarus",
        summary.passed, summary.undefined, summary.samples
    );
    if !summary.unplaced.is_empty() {
        println!("in place of those that nextpnr did not route: seeds {:?}", summary.unplaced);
    }
    let missing = summary.coverage.missing();
    for missing in &missing {
        println!("never exercised: {missing}");
    }
    if summary.passed < count && summary.failures.is_empty() {
        println!("too few: nextpnr did not route the others; raise its limit, or take other seeds");
    }
    // Fewer designs need not meet every mode.
    let covered = missing.is_empty() || count < COVERING;
    let defined = summary.undefined * UNDEFINED_ONE_IN <= summary.samples;
    Ok(summary.failures.is_empty() && summary.passed >= count && covered && defined)
}
