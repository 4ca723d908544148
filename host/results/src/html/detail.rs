//! The drill-down of one evaluation.

use super::{chip, measured_on, plots, wave};
use crate::text::{LONGEST_MESSAGE, name, shortened};
use crate::{KnownBadProblem, Ratios, Record, verilog_eval_letter};
use filbench_model::{
    ClockTiming, Diagnostic, DiagnosticSubject, Resources, Severity, Spread, TimingAlone,
    hexadecimal,
};
use maud::{Markup, html};

/// Most diagnostics, and most source lines of a critical path.
const DIAGNOSTICS: usize = 30;
const SOURCES: usize = 12;
/// Most digits of a port's value.
const DIGITS: usize = 128;

/// A figure of a design by itself.
struct FigureAlone {
    title: &'static str,
    unit: &'static str,
    of: fn(&TimingAlone) -> Option<Spread>,
    /// To the golden's.
    ratio: fn(&Ratios) -> Option<f64>,
}

const ALONE: [FigureAlone; 2] = [
    FigureAlone {
        title: "alone, slowest clock",
        unit: "MHz",
        of: |timing| timing.predicted_mhz,
        ratio: |ratios| ratios.fmax,
    },
    FigureAlone {
        title: "alone, inputs to outputs",
        unit: "ns",
        of: |timing| timing.delay_ns,
        ratio: |ratios| ratios.delay,
    },
];

pub fn render(record: &Record, id: &str, known_bad: Option<&KnownBadProblem>) -> Markup {
    let report = &record.report;
    let verdict = &report.verdict;
    html! {
        section.ev id=(id) {
            a.close href="#evaluations" aria-label="close" { "×" }
            p.soft.small { a href={ "#" (id) } { "permalink" } " · " (record.class) }
            h2 { bdi { (name(&record.problem)) } " / " bdi { (name(&record.sample)) } }
            p.verdict {
                (chip(verdict.outcome))
                @if let Some(stage) = verdict.stage { " (" (stage) ")" }
                span.soft.small { " · VerilogEval " code { (verilog_eval_letter(verdict)) } }
            }
            @match (report.measured_on, &report.board) {
                (Some(on), Some(board)) => p.measured.(measured_on(on)) {
                    b { (measured_on(on).to_uppercase()) } " board: " (name(&board.kind)) " ("
                    (name(&board.device)) " " (name(&board.package)) ", " (name(&board.id)) ")"
                },
                _ => p.soft { "No board was reached." },
            }
            p.why { bdi { (shortened(&verdict.reason, LONGEST_MESSAGE)) } }
            @if let Some(bad) = known_bad {
                p.note { "Known bad, not counted: " (shortened(&bad.reason, LONGEST_MESSAGE)) }
            }
            (mismatch(record))
            (simulated(record))
            (diagnostics(&report.diagnostics))
            (figures(record))
            (path(record))
            (times(record))
            (provenance(record))
        }
    }
}

/// A port's value, in binary and hexadecimal.
fn value(binary: &str) -> String {
    let hex = hexadecimal(binary);
    format!("{} (hex {})", shortened(binary, DIGITS), shortened(&hex, DIGITS))
}

fn simulated(record: &Record) -> Markup {
    html! { @if let Some(simulated) = &record.report.simulated {
        h3 { "In simulation" }
        p { (simulated.outcome) ": " bdi { (shortened(&simulated.reason, LONGEST_MESSAGE)) } }
        @if let Some(differs) = &simulated.sim_board_disagreement {
            table {
                tr { td { "simulation and board differ" } td { (differs.kind) } }
                tr { td { "first in step" } td { (differs.step) } }
                tr { td { "port" } td { code { bdi { (name(&differs.port)) } } } }
                tr { td { "simulated" } td { code { (value(&differs.simulated)) } } }
                tr { td { "captured" } td { code { (value(&differs.captured)) } } }
                tr {
                    td { "samples" }
                    td {
                        (simulated.disagreeing_samples) " of " (simulated.compared_with_board)
                        " differ"
                    }
                }
            }
        } @else if simulated.compared_with_board > 0 {
            p.soft {
                "Simulation and board agree in all " (simulated.compared_with_board) " samples."
            }
        }
    } }
}

fn mismatch(record: &Record) -> Markup {
    let report = &record.report;
    html! { @if let Some(mismatch) = &report.mismatch {
        h3 { "First mismatch" }
        table {
            tr { td { "step" } td { (mismatch.step) } }
            tr { td { "port" } td { code { bdi { (name(&mismatch.port)) } } } }
            tr { td { "expected" } td { code { (value(&mismatch.expected)) } } }
            tr { td { "got" } td { code { (value(&mismatch.got)) } } }
            @if let Some(wrong) = report.mismatching_samples {
                tr { td { "samples" } td { (wrong) " of " (report.checked_samples) " differ" } }
            }
        }
        @if let Some(window) = &report.mismatch_window {
            h3 { "Steps around it" }
            (wave::render(window, mismatch))
        }
    } }
}

fn diagnostics(diagnostics: &[Diagnostic]) -> Markup {
    html! { @if !diagnostics.is_empty() {
        h3 { "What the tools said" }
        @for diagnostic in diagnostics.iter().take(DIAGNOSTICS) {
            @let severity = match diagnostic.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            };
            p.diag.mono.(severity) {
                b { (name(&place(diagnostic))) } (severity) ": "
                bdi { (shortened(diagnostic.message.trim(), LONGEST_MESSAGE)) }
                span.soft {
                    " [" (name(&diagnostic.tool))
                    @if diagnostic.subject == DiagnosticSubject::Problem { ", of the problem" }
                    "]"
                }
            }
        }
        @if let Some(more @ 1..) = diagnostics.len().checked_sub(DIAGNOSTICS) {
            p.soft { "and " (more) " more in results.jsonl" }
        }
    } }
}

/// `file:line:column: `, as far as known.
fn place(diagnostic: &Diagnostic) -> String {
    let mut place = String::new();
    if let Some(file) = &diagnostic.file {
        place = format!("{file}:");
        if let Some(line) = diagnostic.line {
            place = format!("{place}{line}:");
            if let Some(column) = diagnostic.column {
                place = format!("{place}{column}:");
            }
        }
        place.push(' ');
    }
    place
}

fn figures(record: &Record) -> Markup {
    let report = &record.report;
    let Some(cells) = &report.resources else { return Markup::default() };
    let golden = record.golden.as_ref().and_then(|golden| golden.resources.as_ref());
    let ratios = Ratios::of(record);
    type Figure = fn(&Resources) -> u32;
    let kinds: [(&str, Figure, Option<f64>); 6] = [
        ("LUT4", |cells| cells.lut4, ratios.lut4),
        ("flip-flops", |cells| cells.ff, ratios.ff),
        ("carry cells", |cells| cells.carry, None),
        ("block RAMs", |cells| cells.bram, None),
        ("SPRAMs", |cells| cells.spram, None),
        ("DSPs", |cells| cells.dsp, None),
    ];
    let times = |ratio: Option<f64>| ratio.map_or(String::new(), |ratio| format!("× {ratio:.2}"));
    html! {
        h3 { "Resources and predicted timing" }
        table {
            tr { th { "" } th.n { "design" } th.n { "golden" } th.n { "ratio" } }
            @for (what, of, ratio) in kinds {
                @if of(cells) > 0 || golden.is_some_and(|golden| of(golden) > 0) {
                    tr {
                        td { (what) }
                        td.n { (of(cells)) }
                        td.n { @if let Some(golden) = golden { (of(golden)) } }
                        td.n { (times(ratio)) }
                    }
                }
            }
            @for clock in &report.timing {
                tr {
                    td { (name(&clock.clock)) @if !clock.of_design { " (fixture)" } }
                    td.n { (predicted(clock)) }
                    td.n { @if let Some(golden) = record.golden.as_ref().and_then(|golden| {
                        golden.timing.iter().find(|other| {
                            other.clock == clock.clock && other.of_design && clock.of_design
                        })
                    }) { (predicted(golden)) } }
                    td.n { @if clock.of_design { (times(ratios.fmax)) } }
                }
            }
            @for FigureAlone { title, unit, of, ratio } in ALONE {
                @if let Some(spread) = report.timing_alone.as_ref().and_then(of) {
                    @let golden = record.golden.as_ref()
                        .and_then(|golden| golden.timing_alone.as_ref()).and_then(of);
                    tr {
                        td { (title) }
                        td.n { (spread_text(&spread, unit)) }
                        td.n { @if let Some(golden) = golden { (spread_text(&golden, unit)) } }
                        td.n { (times(ratio(&ratios))) }
                    }
                }
            }
        }
    }
}

fn predicted(clock: &ClockTiming) -> String {
    match clock.predicted_mhz {
        Some(mhz) => format!("{mhz:.1} MHz"),
        None => "no path between registers".to_owned(),
    }
}

fn spread_text(spread: &Spread, unit: &str) -> String {
    let Spread { median, min, max } = spread;
    format!("{median:.1} {unit} ({min:.1}–{max:.1})")
}

fn path(record: &Record) -> Markup {
    html! { @if let Some(path) = record.report.critical_paths.first() {
        h3 { "Longest predicted path" }
        p {
            (format!("{:.2}", path.delay_ns)) " ns from " code { (name(&path.from)) } " to "
            code { (name(&path.to)) } ", " (path.steps.len()) " hops"
        }
        @let sources: Vec<&String> = {
            let mut sources: Vec<_> = path.steps.iter().flat_map(|step| &step.sources).collect();
            sources.dedup();
            sources
        };
        @if !sources.is_empty() {
            p.small.mono { @for source in sources.iter().take(SOURCES) { (name(source)) " " } }
        }
    } }
}

fn times(record: &Record) -> Markup {
    let mut phases: Vec<_> = record.report.durations_ms.iter().collect();
    phases.sort_by_key(|(phase, _)| plots::phase_rank(phase));
    html! { @if !phases.is_empty() {
        h3 { "Wall time" }
        table { @for (phase, ms) in phases {
            tr { td { (name(phase)) } td.n { (format!("{:.3} s", *ms as f64 / 1e3)) } }
        } }
    } }
}

fn provenance(record: &Record) -> Markup {
    let from = &record.report.provenance;
    let absent = || "–".to_owned();
    let lines = [
        ("filbench", from.filbench.clone()),
        ("started", from.started_at.clone()),
        ("seed", from.seed.to_string()),
        ("samples a pass needs", from.min_samples.to_string()),
        ("latches", if from.forbid_latches { "forbidden" } else { "allowed" }.to_owned()),
        ("submission", from.submission_sha256.clone()),
        ("problem", from.problem_sha256.clone()),
        ("netlist", from.netlist_hash.clone().unwrap_or_else(absent)),
        ("bitstream", from.bitstream_sha256.clone().unwrap_or_else(absent)),
        ("firmware", from.firmware_sha256.clone().unwrap_or_else(absent)),
    ];
    html! {
        h3 { "Provenance" }
        table {
            @for (what, value) in lines { tr { td { (what) } td { code { (name(&value)) } } } }
            @for tool in &from.tools {
                tr {
                    td { (name(&tool.name)) }
                    td { (name(&tool.version)) " " code { (name(&tool.sha256)) } }
                }
            }
        }
    }
}
