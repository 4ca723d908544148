//! Figures for meters.

use crate::boards::BoardState;
use filbench_run::Phase;
use filbench_store::{StateCounts, VerdictCount};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Upper ends of a histogram's buckets, in seconds.
const BOUNDS_S: [f64; 14] =
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0];

/// Times, counted in buckets.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Histogram {
    /// Those of at most so many seconds, for each of [`Histogram::bounds_s`]; each includes
    /// the ones before.
    pub buckets: [u64; BOUNDS_S.len()],
    /// All of them.
    pub count: u64,
    /// Their sum, in seconds.
    pub sum_s: f64,
}

impl Histogram {
    /// Upper ends of the buckets, in seconds.
    pub fn bounds_s() -> &'static [f64] {
        &BOUNDS_S
    }

    fn add(&mut self, time: Duration) {
        let seconds = time.as_secs_f64();
        for (bucket, bound) in self.buckets.iter_mut().zip(BOUNDS_S) {
            *bucket += u64::from(seconds <= bound);
        }
        self.count += 1;
        self.sum_s += seconds;
    }
}

/// How the daemon stands.
#[derive(Clone, Debug, Serialize)]
pub struct Snapshot {
    /// Grows with each start of a daemon on this store.
    pub epoch: i64,
    /// Since this daemon's start.
    pub uptime_s: f64,
    /// Whether it takes no new work any more.
    pub is_draining: bool,
    /// Evaluations by state.
    pub evaluations: StateCounts,
    /// Ended ones by verdict.
    pub verdicts: Vec<VerdictCount>,
    /// Boards by state.
    pub boards: BTreeMap<&'static str, usize>,
    /// Wall time of phases since this daemon's start, the goldens' own left out.
    pub phases: BTreeMap<&'static str, Histogram>,
    /// Runs that ended in a fault since this daemon's start.
    pub faulty_runs: u64,
}

/// What a daemon counts itself.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    counts: Mutex<Counts>,
}

#[derive(Clone, Debug, Default)]
struct Counts {
    phases: BTreeMap<Phase, Histogram>,
    faulty_runs: u64,
}

impl Counters {
    pub(crate) fn phase(&self, phase: Phase, took: Duration) {
        self.change(|counts| counts.phases.entry(phase).or_default().add(took));
    }

    pub(crate) fn faulty_run(&self) {
        self.change(|counts| counts.faulty_runs += 1);
    }

    pub(crate) fn phases(&self) -> BTreeMap<&'static str, Histogram> {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.phases.iter().map(|(phase, times)| (phase.name(), times.clone())).collect()
    }

    pub(crate) fn faulty_runs(&self) -> u64 {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).faulty_runs
    }

    fn change(&self, change: impl FnOnce(&mut Counts)) {
        // Numbers are whole after every change.
        change(&mut self.counts.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Boards by the names of their states.
pub(crate) fn boards(counts: [(BoardState, usize); 4]) -> BTreeMap<&'static str, usize> {
    counts.into_iter().map(|(state, count)| (state.name(), count)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_include_the_smaller_ones() {
        let mut times = Histogram::default();
        for ms in [4, 5, 100, 400_000] {
            times.add(Duration::from_millis(ms));
        }
        assert_eq!(times.buckets[0], 2);
        assert_eq!(times.buckets[4], 3);
        assert_eq!((times.buckets[13], times.count), (3, 4));
        assert!((times.sum_s - 400.109).abs() < 1e-9);
    }
}
