//! `results.csv`: a row an evaluation, for spreadsheets and data frames.

use crate::text::visible;
use crate::{Ratios, Record, SuiteResults, design_fmax, verilog_eval_letter};
use std::io::Write;

/// Columns of the CSV file, in order.
pub const CSV_COLUMNS: [&str; 46] = [
    "problem",
    "sample",
    "class",
    "outcome",
    "stage",
    "letter",
    "reason",
    "known_bad",
    "checked_samples",
    "mismatching_samples",
    "mismatch_step",
    "mismatch_port",
    "simulated",
    "simulated_mismatch_step",
    "simulated_mismatch_port",
    "sim_board_disagreement",
    "sim_board_disagreement_step",
    "sim_board_disagreement_port",
    "measured_on",
    "board",
    "seed",
    "front_end",
    "lut4",
    "ff",
    "carry",
    "bram",
    "spram",
    "dsp",
    "golden_lut4",
    "golden_ff",
    "lut4_ratio",
    "ff_ratio",
    "predicted_fmax_mhz",
    "golden_fmax_mhz",
    "fmax_ratio",
    "seeds_alone",
    "alone_fmax_mhz_median",
    "alone_fmax_mhz_min",
    "alone_fmax_mhz_max",
    "alone_delay_ns_median",
    "alone_delay_ns_min",
    "alone_delay_ns_max",
    "delay_ratio",
    "total_ms",
    "submission_sha256",
    "bitstream_sha256",
];

/// Writes the header and a row for each record. A figure that is not known is
/// an empty cell; a text that a spreadsheet would take for a formula begins
/// with an apostrophe.
pub fn write_csv(out: impl Write, results: &SuiteResults) -> Result<(), csv::Error> {
    let mut file = csv::Writer::from_writer(out);
    file.write_record(CSV_COLUMNS)?;
    for record in results.records() {
        file.write_record(row(record, results.left_out(record).is_some()))?;
    }
    file.flush()?;
    Ok(())
}

fn row(record: &Record, known_bad: bool) -> [String; CSV_COLUMNS.len()] {
    let report = &record.report;
    let cells = report.resources.as_ref();
    let golden = record.golden.as_ref();
    let golden_cells = golden.and_then(|golden| golden.resources.as_ref());
    let ratios = Ratios::of(record);
    let alone = report.timing_alone.as_ref();
    let (fmax, delay) =
        (alone.and_then(|timing| timing.predicted_mhz), alone.and_then(|timing| timing.delay_ns));
    let mismatch = report.mismatch.as_ref();
    let simulated = report.simulated.as_ref();
    let in_simulation = simulated.and_then(|simulated| simulated.mismatch.as_ref());
    let differs = simulated.and_then(|simulated| simulated.sim_board_disagreement.as_ref());
    [
        text(&record.problem),
        text(&record.sample),
        record.class.to_string(),
        report.verdict.outcome.to_string(),
        optional(report.verdict.stage),
        verilog_eval_letter(&report.verdict).to_string(),
        text(&report.verdict.reason),
        known_bad.to_string(),
        report.checked_samples.to_string(),
        optional(report.mismatching_samples),
        optional(mismatch.map(|mismatch| mismatch.step)),
        mismatch.map_or(String::new(), |mismatch| text(&mismatch.port)),
        optional(simulated.map(|simulated| simulated.outcome)),
        optional(in_simulation.map(|mismatch| mismatch.step)),
        in_simulation.map_or(String::new(), |mismatch| text(&mismatch.port)),
        optional(differs.map(|differs| differs.kind)),
        optional(differs.map(|differs| differs.step)),
        differs.map_or(String::new(), |differs| text(&differs.port)),
        match report.measured_on {
            None => String::new(),
            Some(filbench_model::MeasuredOn::Virtual) => "virtual".to_owned(),
            Some(filbench_model::MeasuredOn::Physical) => "physical".to_owned(),
        },
        report.board.as_ref().map_or(String::new(), |board| text(&board.kind)),
        report.provenance.seed.to_string(),
        report.front_end.map_or(String::new(), |front_end| front_end.name().to_owned()),
        optional(cells.map(|cells| cells.lut4)),
        optional(cells.map(|cells| cells.ff)),
        optional(cells.map(|cells| cells.carry)),
        optional(cells.map(|cells| cells.bram)),
        optional(cells.map(|cells| cells.spram)),
        optional(cells.map(|cells| cells.dsp)),
        optional(golden_cells.map(|cells| cells.lut4)),
        optional(golden_cells.map(|cells| cells.ff)),
        optional(ratios.lut4),
        optional(ratios.ff),
        optional(design_fmax(&report.timing)),
        optional(golden.and_then(|golden| design_fmax(&golden.timing))),
        optional(ratios.fmax),
        optional(alone.map(|timing| timing.seeds.len())),
        optional(fmax.map(|spread| spread.median)),
        optional(fmax.map(|spread| spread.min)),
        optional(fmax.map(|spread| spread.max)),
        optional(delay.map(|spread| spread.median)),
        optional(delay.map(|spread| spread.min)),
        optional(delay.map(|spread| spread.max)),
        optional(ratios.delay),
        optional(report.durations_ms.get("total")),
        report.provenance.submission_sha256.clone(),
        report.provenance.bitstream_sha256.clone().unwrap_or_default(),
    ]
}

fn optional(value: Option<impl ToString>) -> String {
    value.map_or(String::new(), |value| value.to_string())
}

fn text(value: &str) -> String {
    let value = visible(value);
    match value.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\n') => format!("'{value}"),
        _ => value,
    }
}
