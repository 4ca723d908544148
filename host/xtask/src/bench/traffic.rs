//! Bytes of a step on the link.

use super::Bench;
use super::evaluation::evaluate;
use super::table::Table;
use anyhow::{Context, Result};

/// Problems of different shapes: ports, and how many steps.
const PROBLEMS: [&str; 6] = [
    "Prob001_mux",
    "Prob002_dff",
    "Prob003_counter",
    "Prob010_wide_input",
    "Prob011_wide_output",
    "Prob012_long_run",
];

/// Prints the bytes down and up for some problems.
pub fn link(bench: &Bench) -> Result<()> {
    let mut table =
        Table::new(&["problem", "steps", "blocks", "down", "up", "down/step", "up/step"]);
    for problem in PROBLEMS {
        let (report, _) = evaluate(bench, &bench.project.cache, problem, "right.sv")?;
        let link =
            report.link.as_ref().with_context(|| format!("{problem}: the report has no link"))?;
        let per_step = |bytes: u64| bytes as f64 / report.steps().max(1) as f64;
        table.row([
            problem.to_owned(),
            report.steps().to_string(),
            link.blocks.to_string(),
            link.bytes_down.to_string(),
            link.bytes_up.to_string(),
            format!("{:.2}", per_step(link.bytes_down)),
            format!("{:.2}", per_step(link.bytes_up)),
        ]);
    }
    table.print("Bytes on the link, Hello and block frames included");
    Ok(())
}
