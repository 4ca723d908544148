use crate::TimingSource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What several placements of one netlist predict for one figure. Placements
/// that differ in their seed alone were seen ±9 % apart.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Spread {
    /// The middle one; of an even number the mean of the two in the middle.
    pub median: f64,
    /// The lowest.
    pub min: f64,
    /// The highest.
    pub max: f64,
}

impl Spread {
    /// That of `values`; `None` of nothing, or where one is no number.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let (min, max) = (*values.first()?, *values.last()?);
        let (lower, upper) = (values[(values.len() - 1) / 2], values[values.len() / 2]);
        values.iter().all(|value| value.is_finite()).then_some(Self {
            median: (lower + upper) / 2.0,
            min,
            max,
        })
    }
}

/// Predicted frequency of one clock over several placements.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClockSpread {
    /// Port of the design, or a net that it makes a clock of.
    pub clock: String,
    /// Highest frequency between registers of this clock, in MHz.
    pub predicted_mhz: Spread,
}

/// Timing of the design by itself, placed without the fixture and without any
/// other design, once for each of several seeds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TimingAlone {
    /// The seeds of the placements.
    pub seeds: Vec<u32>,
    /// Of the slowest clock of each placement, in MHz, between the design's own
    /// registers; absent where there is no such path.
    pub predicted_mhz: Option<Spread>,
    /// By clock, for clocks with a path between registers.
    pub clocks: Vec<ClockSpread>,
    /// Of a purely combinational design the longest path, in ns, from a
    /// flip-flop before an input to a flip-flop behind an output, the one's
    /// clock-to-output and the other's set-up time included.
    pub delay_ns: Option<Spread>,
    /// Who says so.
    pub source: TimingSource,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_between_the_ends() {
        let spread =
            |values: &[f64]| Spread::of(values.iter().copied()).map(|s| (s.min, s.median, s.max));
        assert_eq!(spread(&[]), None);
        assert_eq!(spread(&[3.0]), Some((3.0, 3.0, 3.0)));
        assert_eq!(spread(&[9.0, 1.0, 2.0]), Some((1.0, 2.0, 9.0)));
        assert_eq!(spread(&[4.0, 1.0, 9.0, 2.0]), Some((1.0, 3.0, 9.0)));
        assert_eq!(spread(&[1.0, f64::NAN]), None);
    }
}
