//! Timing of a design by itself, over several seeds; kept in the cache, as a
//! golden's is wanted by every candidate.

use crate::build::{self, Findings, Order};
use crate::context::{Context, blocking};
use crate::event::{Phase, Phases};
use crate::fingerprint::Fingerprint;
use crate::keep;
use filbench_flow::{Design, Submission, TimedAlone};
use filbench_model::{ClockSpread, FailStage, Fault, Spread, TimingAlone, TimingSource, Verdict};
use filbench_toolbox::CacheFolder;
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;
use tokio::task::JoinSet;

/// Places `design` alone with `count` seeds from the order's on, as many at a
/// time as may be at work.
pub(crate) async fn time(
    context: &Context,
    phases: &Phases,
    design: &Arc<Design>,
    order: &Order,
    count: NonZeroU32,
) -> Result<TimingAlone, Fault> {
    phases.run(Phase::Timing, placements(context, design, order, count)).await
}

async fn placements(
    context: &Context,
    design: &Arc<Design>,
    order: &Order,
    count: NonZeroU32,
) -> Result<TimingAlone, Fault> {
    let seeds = seeds(order.seed, count);
    let mut placing = JoinSet::new();
    for &seed in &seeds {
        let (flow, workers) = (context.flow.clone(), context.workers());
        let (design, board) = (Arc::clone(design), Arc::clone(&order.board));
        placing.spawn(async move {
            let _turn = workers.acquire_owned().await.ok();
            blocking(move || flow.time_alone(&design, &board, seed)).await?
        });
    }
    let mut timed = Vec::new();
    while let Some(placed) = placing.join_next().await {
        match placed {
            Ok(placed) => timed.push(placed?),
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
    Ok(sum_up(seeds, &timed))
}

/// The golden's own figures, found or made.
pub(crate) async fn of_golden(
    context: &Context,
    phases: &Phases,
    golden: &Arc<Submission>,
    order: &Order,
    count: NonZeroU32,
) -> Result<TimingAlone, Verdict> {
    let key = Fingerprint::default()
        .add(&context.program_sha256()?)
        .add(golden)
        .add(&order.board.kind)
        .add(&context.toolbox.records())
        .add(&seeds(order.seed, count))
        .name();
    let work = async {
        if let Some(timing) = context.timings.find(&key) {
            return Ok(timing);
        }
        let as_golden = order.for_golden();
        let mut findings = Findings::default();
        let design =
            build::synthesise(context, phases, Arc::clone(golden), &as_golden, &mut findings)
                .await?;
        let timing = time(context, phases, &design, order, count).await?;
        context.timings.keep(&key, &timing);
        Ok(timing)
    };
    context.timing.join(&key, work).await
}

fn seeds(first: u32, count: NonZeroU32) -> Vec<u32> {
    (0..count.get()).map(|offset| first.wrapping_add(offset)).collect()
}

fn sum_up(seeds: Vec<u32>, placements: &[TimedAlone]) -> TimingAlone {
    let mut by_clock: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for (clock, mhz) in placements.iter().flat_map(|placement| &placement.clocks) {
        by_clock.entry(clock).or_default().push(*mhz);
    }
    let slowest = |placement: &TimedAlone| {
        placement.clocks.iter().map(|(_, mhz)| *mhz).min_by(f64::total_cmp)
    };
    TimingAlone {
        seeds,
        predicted_mhz: Spread::of(placements.iter().filter_map(slowest)),
        clocks: by_clock
            .into_iter()
            .filter_map(|(clock, mhz)| {
                Some(ClockSpread { clock: clock.to_owned(), predicted_mhz: Spread::of(mhz)? })
            })
            .collect(),
        delay_ns: Spread::of(placements.iter().filter_map(|placement| placement.delay_ns)),
        source: TimingSource::StaticAnalysis,
    }
}

/// What the policy says of a design's frequency. A design without a path
/// between registers has none that could be too low.
pub(crate) fn check(timing: &TimingAlone, min_mhz: f64) -> Result<(), Verdict> {
    match timing.predicted_mhz {
        Some(found) if found.median < min_mhz => Err(Verdict::fail(
            FailStage::Timing,
            format!(
                "{min_mhz} MHz were asked for, and {:.1} MHz are predicted for the design alone \
                 (median of {} seeds, {:.1} to {:.1})",
                found.median,
                timing.seeds.len(),
                found.min,
                found.max
            ),
        )),
        _ => Ok(()),
    }
}

/// The folder of goldens' timings.
#[derive(Clone, Debug)]
pub(crate) struct Timings {
    dir: CacheFolder,
}

impl Timings {
    pub(crate) fn new(cache: &Path) -> Self {
        Self { dir: CacheFolder::new(cache, "timings") }
    }

    fn file(key: &str) -> String {
        format!("{key}.json")
    }

    fn find(&self, key: &str) -> Option<TimingAlone> {
        let text = std::fs::read(self.dir.join(Self::file(key))).ok()?;
        serde_json::from_slice(&text).ok()
    }

    fn keep(&self, key: &str, timing: &TimingAlone) {
        if let Err(error) = keep::json(&self.dir, &Self::file(key), timing) {
            tracing::warn!(%error, path = %self.dir.path().display(), "a golden's timing was not kept");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timed(clocks: &[(&str, f64)]) -> TimedAlone {
        TimedAlone {
            clocks: clocks.iter().map(|(clock, mhz)| ((*clock).to_owned(), *mhz)).collect(),
            delay_ns: None,
        }
    }

    #[test]
    fn the_slowest_clock_of_each_placement_counts() {
        let placements = [timed(&[("a", 50.0), ("b", 90.0)]), timed(&[("a", 80.0), ("b", 60.0)])];
        let timing = sum_up(vec![1, 2], &placements);
        let found = timing.predicted_mhz.unwrap();
        assert_eq!((found.min, found.median, found.max), (50.0, 55.0, 60.0));
        assert_eq!(timing.clocks[1].predicted_mhz.median, 75.0);
        assert_eq!(timing.delay_ns, None);
        assert!(check(&timing, 55.0).is_ok());
        let verdict = check(&timing, 55.1).unwrap_err();
        assert_eq!(verdict.to_string(), "fail (timing)");
        assert!(verdict.reason.contains("median of 2 seeds, 50.0 to 60.0"), "{verdict:?}");
        assert!(check(&sum_up(vec![1], &[timed(&[])]), 1e9).is_ok());
    }
}
