//! A difference for a person at a terminal.

use crate::text::name;
use crate::{Changes, Difference, VerdictChange};
use std::fmt;

/// Most lines of one list.
const LINES: usize = 20;

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rate = &self.pass_rate;
        writeln!(
            f,
            "{} common evaluations; {} only in A, {} only in B",
            self.common,
            self.only_a.len(),
            self.only_b.len()
        )?;
        writeln!(
            f,
            "pass rate {:.1} % -> {:.1} % on {} common problems: {} better, {} worse, p = {:.3}",
            rate.from * 100.0,
            rate.to * 100.0,
            rate.problems,
            rate.better,
            rate.worse,
            rate.p_value
        )?;
        verdicts(f, "worse", &self.worse)?;
        verdicts(f, "better", &self.better)?;
        verdicts(f, "other verdicts", &self.other)?;
        for (resource, changes) in &self.resources {
            figures(f, resource, changes, 0)?;
        }
        figures(f, "predicted fmax (MHz)", &self.fmax, 1)?;
        if self.delay.common > 0 {
            figures(f, "predicted delay (ns)", &self.delay, 1)?;
        }
        writeln!(f, "\nwall time of the common evaluations")?;
        for (phase, change) in &self.times {
            let (from, to) = (change.from_ms as f64 / 1e3, change.to_ms as f64 / 1e3);
            writeln!(f, "  {phase:<10} {from:>10.2} s -> {to:>10.2} s")?;
        }
        if !self.circumstances.is_empty() {
            writeln!(f, "\nnot the same in both")?;
            for line in &self.circumstances {
                writeln!(f, "  {}", name(line))?;
            }
        }
        writeln!(f, "\nhow far to trust this")?;
        for line in &self.noise {
            writeln!(f, "  {line}")?;
        }
        Ok(())
    }
}

fn verdicts(f: &mut fmt::Formatter<'_>, what: &str, changes: &[VerdictChange]) -> fmt::Result {
    if changes.is_empty() {
        return Ok(());
    }
    writeln!(f, "\n{what} ({})", changes.len())?;
    for change in changes.iter().take(LINES) {
        let (problem, sample) = (name(&change.problem), name(&change.sample));
        writeln!(f, "  {problem} {sample}: {} -> {}", change.from, change.to)?;
    }
    more(f, changes.len())
}

fn figures(
    f: &mut fmt::Formatter<'_>,
    what: &str,
    changes: &Changes,
    digits: usize,
) -> fmt::Result {
    let (better, worse) = (changes.better.len(), changes.worse.len());
    writeln!(
        f,
        "\n{what}: {better} better, {worse} worse, {} within noise, of {}",
        changes.noise, changes.common
    )?;
    for (sign, list) in [("worse ", &changes.worse), ("better", &changes.better)] {
        for change in list.iter().take(LINES) {
            let (problem, sample) = (name(&change.problem), name(&change.sample));
            let (from, to) = (change.from, change.to);
            writeln!(f, "  {sign} {problem} {sample}: {from:.digits$} -> {to:.digits$}")?;
        }
        more(f, list.len())?;
    }
    Ok(())
}

fn more(f: &mut fmt::Formatter<'_>, count: usize) -> fmt::Result {
    match count.checked_sub(LINES) {
        None | Some(0) => Ok(()),
        Some(more) => writeln!(f, "  and {more} more; `--format json` has them all"),
    }
}
