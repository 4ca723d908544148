//! Repository tasks: `cargo xtask --help` lists them.

mod api_fuzz;
mod bench;
mod chipdb;
mod ci;
mod demo;
mod firmware;
mod project;
mod regmap;
mod scratch;
mod server;
mod setup;

use clap::{Parser, Subcommand};
use project::{Phases, Project};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Repository tasks")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Install and build everything that a fresh machine needs
    Setup,
    /// Set up, then judge a right and a wrong design on the virtual board
    Demo,
    /// Set up, then pass every test; what CI runs
    Ci,
    /// Measure, side by side with the stock tools and other simulators
    Bench {
        /// How often each thing is measured
        #[arg(long, default_value_t = 3)]
        rounds: usize,
        /// Only these parts
        #[arg(long, value_enum)]
        only: Vec<bench::Part>,
        /// In place of all that: a whole suite such as VerilogEval v2, without common
        /// bitstreams, with them, and repeated [default: our own suite]
        #[arg(long, value_name = "SUITE", num_args = 0..=1, conflicts_with = "only")]
        long: Option<Option<PathBuf>>,
    },
    /// Fuzz the HTTP API with schemathesis, by its own description
    ApiFuzz {
        /// How many requests are made up for each route
        #[arg(long, default_value_t = 50)]
        examples: u32,
        /// Where the made-up requests begin
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Build the soft MCU's firmware into the cache
    Firmware,
    /// Compare random designs on the virtual board with simulation of their netlists
    Random {
        /// The first seed
        #[arg(long, default_value_t = 0)]
        first: u64,
        /// How many designs
        #[arg(long, default_value_t = 200)]
        count: u64,
    },
    /// Run the self-checking benches of the fixture's Verilog
    FixtureBenches,
    /// Derive the virtual board's chip databases from Debian's fpga-icestorm-chipdb
    Chipdb {
        /// Write nothing; fail when a committed file is not what would be derived
        #[arg(long)]
        check: bool,
    },
    /// Generate the Verilog header and the Rust constants from fpga/regmap.toml
    Regmap {
        /// Write nothing; fail when a generated file is out of date
        #[arg(long)]
        check: bool,
    },
}

fn main() -> ExitCode {
    let result = Project::locate().and_then(|project| match Cli::parse().task {
        Task::Setup => {
            let mut phases = Phases::default();
            setup::setup(&project, &mut phases, setup::Build::Programs)
                .map(|()| eprint!("{}", phases.summary()))
        }
        Task::Demo => demo::demo(&project),
        Task::Ci => ci::ci(&project),
        Task::Bench { long: Some(suite), .. } => bench::long(&project, suite.as_deref()),
        Task::Bench { rounds, only, long: None } => bench::bench(&project, rounds, &only),
        Task::ApiFuzz { examples, seed } => api_fuzz::api_fuzz(&project, examples, seed),
        Task::Firmware => firmware::build(&project),
        Task::Random { first, count } => {
            project::run(&mut project.cargo(&["build", "--workspace", "--quiet"]))
                .and_then(|()| ci::random_designs(&project, first, count))
        }
        Task::FixtureBenches => ci::fixture_benches(&project),
        Task::Chipdb { check: true } => chipdb::check(&project),
        Task::Chipdb { check: false } => chipdb::write(&project),
        Task::Regmap { check: true } => regmap::check(&project.root),
        Task::Regmap { check: false } => regmap::write(&project.root),
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
