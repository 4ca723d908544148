//! `report.html`: one file that needs nothing else.
//!
//! Everything that comes from a candidate or a tool is made
//! [visible](crate::visible) and escaped by maud, and stands in text or in an
//! encoded fragment, never in a script or a style sheet.

mod detail;
mod plots;
mod wave;

use crate::text::{name, shortened};
use crate::{Ratios, Record, SuiteResults, Summary, design_fmax};
use filbench_model::{MeasuredOn, Outcome};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{self, Write};

/// Most rows of the table of evaluations.
const ROWS: usize = 20_000;
/// Most bytes that all drill-downs have together.
const DETAILS: usize = 8 << 20;
/// Most characters of a reason in the table.
const REASON: usize = 140;

/// Writes the report.
///
/// Its size is bounded: rows past 20,000 and drill-downs past 8 MiB are left
/// out, those of passing evaluations first, and the report says how many.
pub fn write_html(mut out: impl Write, results: &SuiteResults) -> io::Result<()> {
    let summary = Summary::of(results);
    let ids = ids(results.records());
    let mut details: Vec<Option<String>> = vec![None; ids.len()];
    let mut room = DETAILS;
    // Whoever opens the report looks for what went wrong.
    let mut order: Vec<usize> = (0..ids.len().min(ROWS)).collect();
    order.sort_by_key(|&index| results.records()[index].report.verdict.outcome == Outcome::Pass);
    for index in order {
        let record = &results.records()[index];
        let detail = detail::render(record, &ids[index], results.left_out(record)).into_string();
        let Some(left) = room.checked_sub(detail.len()) else { break };
        room = left;
        details[index] = Some(detail);
    }
    let page = page(results, &summary, &ids, &details);
    out.write_all(page.into_string().as_bytes())
}

fn page(
    results: &SuiteResults,
    summary: &Summary,
    ids: &[String],
    details: &[Option<String>],
) -> Markup {
    let folded_rows = ids.len().saturating_sub(ROWS);
    let folded = details.iter().filter(|detail| detail.is_none()).count() - folded_rows;
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                // A second wall behind the escaping: nothing is ever loaded.
                meta http-equiv="Content-Security-Policy"
                    content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'";
                title { (name(&results.title)) " · filbench" }
                style { (PreEscaped(include_str!("html/report.css"))) }
            }
            body {
                (plots::patterns())
                header {
                    p.soft.small { "filbench suite report" }
                    h1 { bdi { (name(&results.title)) } }
                    (measured(summary))
                }
                main {
                    (tiles(summary))
                    (notes(results, summary, folded, folded_rows))
                    (estimates(summary))
                    (simulated(summary))
                    h2 { "Plots" }
                    div.plots {
                        (plots::classes(summary))
                        (plots::stages(summary))
                        (plots::resources(results))
                        (plots::fmax(results))
                        (plots::times(summary))
                    }
                    h2 #evaluations { "Evaluations" }
                    (table(results, ids, details))
                }
                footer {
                    p {
                        "Predicted frequencies are nextpnr's static analysis, one seed each: "
                        "changes within ±9 % are noise. Cost scores are the mean of "
                        "min(x, 2·golden)/golden over passing evaluations (1 = as the golden, "
                        "2 = twice as much or more). pass@k is the unbiased estimator, over "
                        "judged samples; inconclusive evaluations and faults say nothing about "
                        "a design."
                    }
                    @if !summary.tools.is_empty() {
                        p { "Tools: " @for tool in &summary.tools { (name(tool)) " · " } }
                    }
                }
                @for detail in details.iter().flatten() { (PreEscaped(detail)) }
                script { (PreEscaped(include_str!("html/report.js"))) }
            }
        }
    }
}

fn measured(summary: &Summary) -> Markup {
    let unplayed = summary.outcomes.total() - summary.on_virtual - summary.on_physical;
    html! {
        div {
            @for (count, class) in
                [(summary.on_virtual, "virtual"), (summary.on_physical, "physical")]
            {
                @if count > 0 {
                    span class={ "measured " (class) } {
                        b { (class.to_uppercase()) } " board: " (count) " evaluations"
                    }
                }
            }
            @if unplayed > 0 { span.soft { (unplayed) " evaluations reached no board" } }
        }
        @if !summary.boards.is_empty() {
            p.soft.small { @for board in &summary.boards { (name(board)) " " } }
        }
    }
}

fn tiles(summary: &Summary) -> Markup {
    let rate = summary.pass_rate.map_or("–".to_owned(), |rate| format!("{:.1} %", rate * 100.0));
    html! {
        div.tiles {
            div.tile { b { (rate) } "of judged evaluations pass" }
            @for (outcome, count) in summary.outcomes.each() {
                div.tile { b { (count) } (chip(outcome)) }
            }
            div.tile { b { (summary.problems) } "problems" }
        }
    }
}

fn notes(results: &SuiteResults, summary: &Summary, folded: usize, folded_rows: usize) -> Markup {
    html! {
        @if let Some(list) = &summary.known_bad {
            div.note {
                b { "A known-bad list is applied: " (summary.left_out) " evaluations are not counted." }
                ul { @for bad in list {
                    li { code { (name(&bad.problem)) } ": " (shortened(&bad.reason, 300)) }
                } }
            }
        }
        @if folded + folded_rows > 0 {
            div.note {
                "To keep this page small, the drill-downs of " (folded)
                " evaluations are left out"
                @if folded_rows > 0 { ", and " (folded_rows) " more have no row either" }
                "; all of them are in results.jsonl."
            }
        }
        @if results.replaced > 0 {
            div.note {
                (results.replaced) " records were replaced by later ones of the same sample."
            }
        }
    }
}

fn estimates(summary: &Summary) -> Markup {
    let scores = [
        ("LUT4s", summary.lut4_score),
        ("flip-flops", summary.ff_score),
        ("predicted period", summary.delay_score),
    ];
    html! {
        div.plots.small-plots {
            figure {
                figcaption { "pass@k" small { "unbiased estimator, mean over problems" } }
                table {
                    tr { th { "k" } th.n { "estimate" } th.n { "problems" } }
                    @for line in &summary.pass_at_k {
                        tr {
                            td { (line.k) }
                            td.n { (format!("{:.3}", line.estimate)) }
                            td.n { (line.problems) }
                        }
                    }
                }
            }
            figure {
                figcaption {
                    "Cost against the golden"
                    small { "mean of min(x, 2·golden)/golden over passing evaluations" }
                }
                table {
                    tr { th { "cost" } th.n { "score" } th.n { "evaluations" } }
                    @for (what, score) in scores {
                        tr {
                            td { (what) }
                            td.n { (score.mean.map_or("–".to_owned(), |mean| format!("{mean:.3}"))) }
                            td.n { (score.evaluations) }
                        }
                    }
                }
            }
            figure {
                figcaption {
                    "VerilogEval's letters"
                    small { ". pass · S syntax · C compile · T time-out · R mismatch · ? none" }
                }
                table { @for (letter, count) in &summary.verilog_eval_letters {
                    tr { td { code { (letter) } } td.n { (count) } }
                } }
            }
        }
    }
}

/// What simulation says against what the board says, where anything was simulated.
fn simulated(summary: &Summary) -> Markup {
    html! { @if !summary.simulated.is_empty() {
        div.plots.small-plots { figure {
            figcaption {
                "Simulated against measured"
                small { "evaluations by what simulation says and by verdict" }
            }
            table {
                tr {
                    th { "simulated" }
                    @for outcome in OUTCOMES { th.n { (outcome) } }
                }
                @for (said, outcomes) in &summary.simulated { tr {
                    td { (said) }
                    @for (_, count) in outcomes.each() { td.n { (count) } }
                } }
            }
            @if summary.sim_board_disagreements.is_empty() {
                p.soft { "Simulation and board agree in every compared sample." }
            }
            @for (kind, count) in &summary.sim_board_disagreements {
                p { (count) " evaluations in which simulation and board differ: " (kind) }
            }
        } }
    } }
}

fn table(results: &SuiteResults, ids: &[String], details: &[Option<String>]) -> Markup {
    let columns = [
        ("Problem", false),
        ("Sample", false),
        ("Class", false),
        ("Verdict", false),
        ("Board", false),
        ("LUT4", true),
        ("× golden", true),
        ("FF", true),
        ("fmax/MHz", true),
        ("× golden", true),
        ("Time/s", true),
        ("Reason", false),
    ];
    html! {
        div.controls hidden {
            input #filter type="search" placeholder="Filter: problem, sample, class, stage, words of the reason"
                aria-label="Filter";
            select #outcome aria-label="Verdict" {
                option value="" { "every verdict" }
                @for outcome in OUTCOMES { option value=(outcome) { (outcome) } }
            }
            span #shown.soft.small aria-live="polite" {}
        }
        div.scroll { table #table {
            thead { tr { @for (title, number) in columns {
                th.n[number] scope="col" { button type="button" { (title) } }
            } } }
            tbody { @for ((record, id), detail) in
                results.records().iter().zip(ids).zip(details).take(ROWS)
            { (row(record, id, detail.is_some(), results.left_out(record).is_some())) } }
        } }
    }
}

const OUTCOMES: [Outcome; 4] =
    [Outcome::Pass, Outcome::Fail, Outcome::Inconclusive, Outcome::Fault];

fn row(record: &Record, id: &str, has_detail: bool, known_bad: bool) -> Markup {
    let report = &record.report;
    let ratios = Ratios::of(record);
    let figure = |value: Option<f64>, digits: usize| match value {
        Some(value) => format!("{value:.digits$}"),
        None => String::new(),
    };
    let cells = report.resources.as_ref();
    let total = report.durations_ms.get("total").map(|ms| *ms as f64 / 1e3);
    html! {
        tr id=[(!has_detail).then_some(id)] data-o=(report.verdict.outcome) {
            td { @if has_detail { a href={ "#" (id) } { bdi { (name(&record.problem)) } } }
                @else { bdi { (name(&record.problem)) } } }
            td { bdi { (name(&record.sample)) } }
            td { (record.class) }
            td {
                (chip(report.verdict.outcome))
                @if let Some(stage) = report.verdict.stage { br; small { (stage) } }
                @if known_bad { br; small { "known bad" } }
                @if let Some(simulated) = &report.simulated {
                    br; small { "simulated: " (simulated.outcome) }
                    @if let Some(differs) = &simulated.sim_board_disagreement {
                        br; small { "disagreement: " (differs.kind) }
                    }
                }
            }
            td { @if let Some(on) = report.measured_on { (measured_on(on)) } }
            td.n { (cells.map_or(String::new(), |cells| cells.lut4.to_string())) }
            td.n { (figure(ratios.lut4, 2)) }
            td.n { (cells.map_or(String::new(), |cells| cells.ff.to_string())) }
            td.n { (figure(design_fmax(&report.timing), 1)) }
            td.n { (figure(ratios.fmax, 2)) }
            td.n { (figure(total, 2)) }
            td.reason { bdi { (shortened(&report.verdict.reason, REASON)) } }
        }
    }
}

/// An outcome with a sign that is told apart without colours.
fn chip(outcome: Outcome) -> Markup {
    let sign = match outcome {
        Outcome::Pass => "✓",
        Outcome::Fail => "✗",
        Outcome::Inconclusive => "?",
        Outcome::Fault => "⚡",
    };
    html! { span class={ "chip " (outcome) } { (sign) " " (outcome) } }
}

fn measured_on(on: MeasuredOn) -> &'static str {
    match on {
        MeasuredOn::Virtual => "virtual",
        MeasuredOn::Physical => "physical",
    }
}

/// The fragment of each record, `e-problem/sample` with everything but
/// letters, digits and `._-` encoded: the same record has the same address in
/// every report.
fn ids(records: &[Record]) -> Vec<String> {
    let mut taken = BTreeSet::new();
    records
        .iter()
        .map(|record| {
            let mut id = format!("e-{}:{}", encoded(&record.problem), encoded(&record.sample));
            while !taken.insert(id.clone()) {
                id.push('_');
            }
            id
        })
        .collect()
}

/// At most 100 characters, which are safe in an attribute and in an address.
fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if encoded.len() >= 100 {
            break;
        }
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'_' | b'-' => {
                encoded.push(char::from(byte));
            }
            // Writing to a String does not fail.
            _ => drop(write!(encoded, "~{byte:02x}")),
        }
    }
    encoded
}
