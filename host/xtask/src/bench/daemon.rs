//! A lab's daemon under load: thousands of evaluations at once, over HTTP.

use super::Bench;
use super::measure::quiet;
use super::table::{Table, goal};
use crate::server::Server;
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Tiers, and how many evaluations of each: a submission's most, and what takes minutes.
const LOADS: [(&str, usize); 3] = [("synth", 2048), ("pnr", 64), ("board", 64)];
/// Small designs, so that the daemon has as much to do as it can have.
const PROBLEMS: [&str; 5] =
    ["Prob001_mux", "Prob002_dff", "Prob003_counter", "Prob004_negedge", "Prob007_fsm"];
const ACCEPT_GOAL_S: f64 = 5.0;
const LATENCY_GOAL_MS: f64 = 100.0;

/// What `filbench-load` prints.
#[derive(Deserialize)]
struct Load {
    accepted_s: f64,
    drained_s: f64,
    outcomes: BTreeMap<String, u64>,
    status_ms: Spread,
    events_ms: Spread,
}

#[derive(Deserialize)]
struct Spread {
    count: u64,
    median: f64,
    p99: f64,
    max: f64,
}

impl Spread {
    fn cell(&self) -> String {
        format!("{:.0} / {:.0} / {:.0} ms ({})", self.median, self.p99, self.max, self.count)
    }
}

/// Prints what a real `filbench serve` on loopback takes and gives; once, whatever the rounds.
pub fn daemon(bench: &Bench) -> Result<()> {
    let store = bench.folder("data")?.join("store");
    let served = Server::start(bench.project, &store, None)?;
    let mut table = Table::new(&[
        "tier",
        "evaluations",
        "accepted",
        "drained",
        "verdicts an hour",
        "status: median / p99 / max",
        "events: median / p99 / max",
        "peak memory",
    ]);
    let mut goals = None;
    for (tier, count) in LOADS {
        let load = load(bench, &served.url, tier, count)?;
        let peak_mib = served.peak_mib()?;
        table.row([
            tier.to_owned(),
            count.to_string(),
            format!("{:.2} s", load.accepted_s),
            format!("{:.1} s", load.drained_s),
            format!("{:.0}", count as f64 / load.drained_s * 3600.0),
            load.status_ms.cell(),
            load.events_ms.cell(),
            format!("{peak_mib:.0} MiB"),
        ]);
        goals.get_or_insert(load);
    }
    served.stop()?;
    table.print(
        "`filbench serve` on loopback, one submission each; memory is the daemon's own, without \
         its workers",
    );
    if let Some(Load { accepted_s, status_ms, events_ms, .. }) = goals {
        goal("2,048 accepted", "< 5 s", &format!("{accepted_s:.2} s"), accepted_s < ACCEPT_GOAL_S);
        for (what, found) in [("status", status_ms), ("events", events_ms)] {
            let met = found.p99 < LATENCY_GOAL_MS;
            goal(
                &format!("{what}, p99 meanwhile"),
                "< 100 ms",
                &format!("{:.0} ms", found.p99),
                met,
            );
        }
    }
    Ok(())
}

fn load(bench: &Bench, url: &str, tier: &str, count: usize) -> Result<Load> {
    let mut command = bench.project.command(bench.program("filbench-load"));
    command.args([url, tier, &count.to_string()]);
    for problem in PROBLEMS {
        command.arg(bench.suite(problem));
        command.arg(bench.suite(&format!("candidates/{problem}/right.sv")));
    }
    let text = quiet(&mut command)?;
    let load: Load = serde_json::from_str(&text).context("read what filbench-load printed")?;
    let wanted = if tier == "board" { "pass" } else { "inconclusive" };
    if load.outcomes.get(wanted) != Some(&(count as u64)) {
        bail!("{count} right designs, tier {tier}: {:?}", load.outcomes);
    }
    Ok(load)
}
