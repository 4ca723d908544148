use filbench_model::ClockEdge;
use filbench_results::{GoldenFigures, ProblemClass, Record};
use filbench_run::{Evaluation, GoldenFacts};

/// What is kept of an evaluation in the results of a suite.
pub fn record(problem: &str, sample: &str, evaluation: Evaluation) -> Record {
    let golden = evaluation.golden.as_ref();
    Record {
        problem: problem.to_owned(),
        sample: sample.to_owned(),
        class: class(golden),
        golden: golden.map(figures),
        report: evaluation.report,
    }
}

/// How a golden keeps state; see [`ProblemClass`] for the order.
fn class(facts: Option<&GoldenFacts>) -> ProblemClass {
    let Some(facts) = facts else { return ProblemClass::Unknown };
    if facts.has_latches {
        ProblemClass::Latch
    } else if facts.clocks.contains(&ClockEdge::Both) {
        ProblemClass::DualEdge
    } else if facts.clocks.len() > 1 {
        ProblemClass::MultiClock
    } else if facts.has_other_events {
        ProblemClass::AsyncReset
    } else if !facts.clocks.is_empty() || facts.has_derived_clocks {
        ProblemClass::Clocked
    } else {
        ProblemClass::Combinational
    }
}

/// What candidates are compared with.
fn figures(facts: &GoldenFacts) -> GoldenFigures {
    GoldenFigures {
        resources: Some(facts.resources),
        timing: facts.timing.clone(),
        timing_alone: facts.timing_alone.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use filbench_model::Resources;

    #[test]
    fn the_first_that_applies_counts() {
        let facts = |clocks: &[ClockEdge], has_other_events, has_latches| GoldenFacts {
            resources: Resources::default(),
            timing: Vec::new(),
            timing_alone: None,
            clocks: clocks.to_vec(),
            has_other_events,
            has_latches,
            has_derived_clocks: false,
        };
        let of = |facts: GoldenFacts| class(Some(&facts));
        use ClockEdge::{Both, Falling, Rising};
        assert_eq!(class(None), ProblemClass::Unknown);
        assert_eq!(of(facts(&[], false, false)), ProblemClass::Combinational);
        assert_eq!(of(facts(&[Falling], false, false)), ProblemClass::Clocked);
        assert_eq!(of(facts(&[Rising], true, false)), ProblemClass::AsyncReset);
        assert_eq!(of(facts(&[Rising, Rising], true, false)), ProblemClass::MultiClock);
        assert_eq!(of(facts(&[Both], true, false)), ProblemClass::DualEdge);
        assert_eq!(of(facts(&[Both], true, true)), ProblemClass::Latch);
    }
}
