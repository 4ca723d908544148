//! The human report: a compact table.

use crate::progress::headline;
use crate::window;
use filbench_model::{
    ClockTiming, Comparison, DiagnosticSubject, DisagreementKind, FrontEnd, MeasuredOn, Outcome,
    Report, Severity, Spread, ToolBackend,
};
use filbench_run::Phase;
use filbench_toolbox::Tool;
use std::fmt::Write as _;
use std::path::Path;

/// Longest value of a port that is printed whole, in digits.
const LONGEST_VALUE: usize = 72;
/// Most diagnostics that are printed.
const DIAGNOSTICS: usize = 8;
/// Most clocks of a design that are printed.
const CLOCKS: usize = 8;

/// The report as text, with a newline at the end.
///
/// `out` is the folder that received the artifacts, if one was asked for.
pub fn render(report: &Report, out: Option<&Path>) -> String {
    let mut table = Table::default();
    let stage = match report.verdict.stage {
        Some(stage) => format!(" ({stage})"),
        None => String::new(),
    };
    table.line(&format!("{}{stage}", headline(report.verdict.outcome)));
    table.line(&format!("  {}", report.verdict.reason));
    table.line("");
    if let Some(mismatch) = &report.mismatch {
        table.row("mismatch", &format!("step {}, port `{}`", mismatch.step, mismatch.port));
        table.row("  expected", &value(&mismatch.expected));
        table.row("  got", &value(&mismatch.got));
        if let Some(around) = &report.mismatch_window {
            for line in window::render(around, mismatch) {
                table.line(&format!("    {line}"));
            }
        }
    }
    samples(&mut table, report);
    stimulus(&mut table, report);
    comparisons(&mut table, report);
    simulated(&mut table, report);
    front_end(&mut table, report);
    resources(&mut table, report);
    timing(&mut table, report);
    board(&mut table, report);
    durations(&mut table, report);
    diagnostics(&mut table, report);
    files(&mut table, report, out);
    table.text
}

#[derive(Default)]
struct Table {
    text: String,
}

impl Table {
    fn line(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push('\n');
    }

    fn row(&mut self, label: &str, text: &str) {
        // Writing to a String does not fail.
        writeln!(self.text, "  {label:<11} {text}").ok();
    }
}

/// A port's value, shortened in the middle; narrow ones as they are.
fn value(binary: &str) -> String {
    let digits = binary.len();
    if digits <= LONGEST_VALUE {
        return binary.to_owned();
    }
    let half = LONGEST_VALUE / 2 - 2;
    format!("{}…{} ({digits} bits)", &binary[..half], &binary[digits - half..])
}

fn samples(table: &mut Table, report: &Report) {
    if report.checked_samples + report.masked_samples == 0 {
        return;
    }
    let mut text = format!("{} checked, {} masked", report.checked_samples, report.masked_samples);
    if let Some(wrong) = report.mismatching_samples {
        write!(text, ", {wrong} wrong").ok();
    }
    if report.unknown_inputs_matter {
        text.push_str(
            "; unknown inputs matter (playing them as 0 and as 1 gave different answers)",
        );
    }
    table.row("samples", &text);
    if let Some(bits) = report.output_bits_never_checked.as_deref().filter(|b| !b.is_empty()) {
        table.row("unchecked", &bits.join(", "));
    }
}

/// Said where it was made for the golden.
fn stimulus(table: &mut Table, report: &Report) {
    let Some(stimulus) = &report.stimulus else { return };
    let Some(seed) = stimulus.seed else { return };
    let what = if stimulus.exhaustive { "every combination of inputs" } else { "random" };
    table.row("stimulus", &format!("{what}, {} steps, seed {seed}", stimulus.steps));
    if let (Some(toggled), Some(nets)) = (stimulus.toggled_nets, stimulus.nets) {
        let percent = 100.0 * toggled as f64 / nets.max(1) as f64;
        table.row("", &format!("{toggled} of the golden's {nets} nets toggle ({percent:.1} %)"));
    }
}

/// What simulation says, and where the board says something else.
fn simulated(table: &mut Table, report: &Report) {
    let Some(simulated) = &report.simulated else { return };
    table.row("simulated", &format!("{}: {}", simulated.outcome, simulated.reason));
    if let Some(differs) = &simulated.sim_board_disagreement {
        let kind = match differs.kind {
            DisagreementKind::Contradiction => "simulation and board disagree",
            DisagreementKind::UnknownInSimulation => "unknown in simulation, not on the board",
        };
        table.row(
            "",
            &format!(
                "{kind} in {} of {} samples, first in step {}, port `{}`",
                simulated.disagreeing_samples,
                simulated.compared_with_board,
                differs.step,
                differs.port
            ),
        );
        table.row("  simulated", &value(&differs.simulated));
        table.row("  captured", &value(&differs.captured));
    } else if simulated.compared_with_board > 0 {
        let samples = simulated.compared_with_board;
        table.row("", &format!("simulation and board agree in all {samples} samples"));
    }
}

/// Said where it is not the usual one.
fn front_end(table: &mut Table, report: &Report) {
    match report.front_end {
        Some(FrontEnd::Slang) => table.row("read by", "slang"),
        Some(FrontEnd::Ghdl) => table.row("read by", "GHDL"),
        Some(FrontEnd::Verilog) | None => {}
    }
    let tools = &report.provenance.tools;
    let yosys = tools.iter().find(|tool| tool.name == Tool::Yosys.name());
    if yosys.is_some_and(|tool| tool.backend == Some(ToolBackend::Native)) {
        let flow = [Tool::Yosys, Tool::NextpnrIce40, Tool::Icepack].map(Tool::name);
        let used = tools.iter().filter(|tool| flow.contains(&tool.name.as_str()));
        let names: Vec<String> =
            used.map(|tool| format!("{} {}", tool.name, tool.version)).collect();
        table.row("native", &names.join(", "));
    }
}

/// What the other comparison says, where it says something else.
fn comparisons(table: &mut Table, report: &Report) {
    let name = |compare: Comparison| match compare {
        Comparison::EveryStep => "every step",
        Comparison::Bench => "bench",
    };
    if let Some(other) = &report.other_comparison
        && other.verdict.outcome != report.verdict.outcome
    {
        table.row("judged by", name(report.compare));
        let verdict = &other.verdict;
        table.row("", &format!("by {}: {verdict}: {}", name(other.compare), verdict.reason));
    }
}

fn resources(table: &mut Table, report: &Report) {
    let Some(cells) = report.resources else {
        return;
    };
    let named = [
        (cells.lut4, "LUT4"),
        (cells.ff, "FF"),
        (cells.carry, "carry"),
        (cells.bram, "BRAM"),
        (cells.spram, "SPRAM"),
        (cells.dsp, "DSP"),
    ];
    let text: Vec<String> = named
        .iter()
        .filter(|(count, name)| *count > 0 || ["LUT4", "FF"].contains(name))
        .map(|(count, name)| format!("{count} {name}"))
        .collect();
    table.row("resources", &format!("{} (the design alone)", text.join(", ")));
}

fn timing(table: &mut Table, report: &Report) {
    // The design's clocks first, the slowest before others, the fixture's after them.
    let mut clocks: Vec<_> = report.timing.iter().collect();
    let slowest = |clock: &ClockTiming| clock.predicted_mhz.unwrap_or(f64::INFINITY);
    clocks.sort_by(|a, b| b.of_design.cmp(&a.of_design).then(slowest(a).total_cmp(&slowest(b))));
    let of_design = clocks.iter().filter(|clock| clock.of_design).count();
    let more = of_design.saturating_sub(CLOCKS);
    clocks.drain(of_design - more..of_design);
    for clock in clocks {
        let constraint = match clock.constraint_mhz {
            Some(mhz) => format!(", {mhz:.1} MHz asked for"),
            None => String::new(),
        };
        let predicted = match clock.predicted_mhz {
            Some(mhz) => format!("{mhz:.1} MHz"),
            None => "has no path between registers".to_owned(),
        };
        table.row(
            "predicted",
            &format!("{} {predicted} (static analysis{constraint})", clock.clock),
        );
    }
    if more > 0 {
        table.row("", &format!("and {more} faster clocks of the design"));
    }
    timing_alone(table, report);
}

fn timing_alone(table: &mut Table, report: &Report) {
    let Some(timing) = &report.timing_alone else {
        return;
    };
    let seeds = match timing.seeds.len() {
        1 => "1 seed".to_owned(),
        count => format!("{count} seeds"),
    };
    let mut row = |what: &str, spread: &Spread, unit: &str| {
        let Spread { median, min, max } = spread;
        table.row(
            "alone",
            &format!(
                "{what} {median:.1} {unit} (median of {seeds}, {min:.1} to {max:.1}; static \
                 analysis, without the fixture)"
            ),
        );
    };
    for clock in &timing.clocks {
        row(&clock.clock, &clock.predicted_mhz, "MHz");
    }
    if let Some(delay) = &timing.delay_ns {
        row("inputs to outputs", delay, "ns");
    }
}

fn board(table: &mut Table, report: &Report) {
    if let (Some(on), Some(board)) = (report.measured_on, &report.board) {
        let what = match on {
            MeasuredOn::Virtual => "a virtual",
            MeasuredOn::Physical => "a physical",
        };
        table.row(
            "measured on",
            &format!("{what} {} ({} {}, {})", board.kind, board.device, board.package, board.id),
        );
    }
}

fn durations(table: &mut Table, report: &Report) {
    let text: Vec<String> = Phase::ALL
        .iter()
        .filter_map(|phase| {
            let ms = report.durations_ms.get(phase.name())?;
            Some(format!("{phase} {}", seconds(*ms)))
        })
        .collect();
    if !text.is_empty() {
        table.row("time", &text.join(", "));
    }
    if let Some(total) = report.durations_ms.get(filbench_run::TOTAL) {
        table.row("", &format!("{} in all", seconds(*total)));
    }
}

fn seconds(ms: u64) -> String {
    format!("{}.{:02} s", ms / 1000, ms % 1000 / 10)
}

fn diagnostics(table: &mut Table, report: &Report) {
    if report.verdict.outcome == Outcome::Pass {
        return;
    }
    let errors_first = |severity: Severity| {
        report.diagnostics.iter().filter(move |diagnostic| diagnostic.severity == severity)
    };
    let all: Vec<_> =
        errors_first(Severity::Error).chain(errors_first(Severity::Warning)).collect();
    for diagnostic in all.iter().take(DIAGNOSTICS) {
        let whose = match diagnostic.subject {
            DiagnosticSubject::Candidate => "",
            DiagnosticSubject::Problem => "the problem's ",
        };
        table.row(&diagnostic.tool, &format!("{whose}{diagnostic}"));
    }
    if all.len() > DIAGNOSTICS {
        table.row("", &format!("and {} more", all.len() - DIAGNOSTICS));
    }
}

fn files(table: &mut Table, report: &Report, out: Option<&Path>) {
    match out {
        Some(dir) if report.mismatch.is_some() => {
            let waveform = dir.join(filbench_run::MISMATCH_VCD);
            table.row("waveform", &waveform.display().to_string());
        }
        Some(dir) => table.row("artifacts", &dir.display().to_string()),
        None if report.mismatch.is_some() => {
            table.row("waveform", "not kept; add `--out DIR` to keep it");
        }
        None => {}
    }
}
