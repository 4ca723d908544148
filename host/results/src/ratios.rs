//! A candidate's figures as ratios to the golden's.

use crate::Record;
use filbench_model::{ClockTiming, Resources, Spread, TimingAlone};
use serde::{Deserialize, Serialize};

/// Where TuRTLe cuts a ratio off: twice the golden is as bad as it gets.
pub const CAP: f64 = 2.0;

/// Candidate over golden, not cut off. A ratio is absent where either figure
/// is, or the golden's is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ratios {
    /// Look-up tables; below 1 is smaller.
    pub lut4: Option<f64>,
    /// Flip-flops; below 1 is fewer.
    pub ff: Option<f64>,
    /// Predicted highest frequency; above 1 is faster. Of both placed alone
    /// (the medians) where they were, else of both beside the fixture.
    pub fmax: Option<f64>,
    /// Predicted delay: of the period 1/fmax, or from input to output where
    /// nothing is clocked; below 1 is faster.
    pub delay: Option<f64>,
}

impl Ratios {
    /// Those of one record.
    pub fn of(record: &Record) -> Self {
        let Some(golden) = &record.golden else {
            return Self::default();
        };
        let cells = |of: fn(&Resources) -> u32| {
            let golden = golden.resources.as_ref().map(|cells| f64::from(of(cells)));
            over(record.report.resources.as_ref().map(|cells| f64::from(of(cells))), golden)
        };
        let alone = [&record.report.timing_alone, &golden.timing_alone];
        let medians = |of: fn(&TimingAlone) -> Option<Spread>| {
            let [ours, theirs] = alone.map(|timing| Some(of(timing.as_ref()?)?.median));
            over(ours, theirs)
        };
        let fmax = medians(|timing| timing.predicted_mhz)
            .or_else(|| over(design_fmax(&record.report.timing), design_fmax(&golden.timing)));
        Self {
            lut4: cells(|cells| cells.lut4),
            ff: cells(|cells| cells.ff),
            fmax,
            delay: medians(|timing| timing.delay_ns).or_else(|| over(Some(1.0), fmax)),
        }
    }
}

/// The predicted frequency of the design's slowest clock, in MHz; the
/// fixture's clocks do not count, nor do those without a path from register to register.
pub fn design_fmax(timing: &[ClockTiming]) -> Option<f64> {
    timing
        .iter()
        .filter(|clock| clock.of_design)
        .filter_map(|clock| clock.predicted_mhz)
        .filter(|mhz| mhz.is_finite())
        .min_by(f64::total_cmp)
}

/// The mean of min(x, 2·golden) / golden: TuRTLe's score of a cost, 1 for the
/// golden's own and at most [`CAP`]. None of nothing.
pub fn capped_mean(ratios: impl IntoIterator<Item = f64>) -> Option<f64> {
    let (sum, count) = ratios
        .into_iter()
        .fold((0.0, 0u32), |(sum, count), ratio| (sum + ratio.min(CAP), count + 1));
    over(Some(sum), Some(f64::from(count)))
}

fn over(value: Option<f64>, golden: Option<f64>) -> Option<f64> {
    let (value, golden) = (value?, golden?);
    (golden > 0.0 && value.is_finite()).then(|| value / golden)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twice_the_golden_is_as_bad_as_it_gets() {
        assert_eq!(capped_mean([1.0, 0.5, 100.0]), Some((1.0 + 0.5 + 2.0) / 3.0));
        assert_eq!(capped_mean([]), None);
        assert_eq!(over(Some(3.0), Some(0.0)), None);
    }
}
