//! Records to test with.

use filbench_model::{Provenance, Report, Verdict};
use filbench_results::{ProblemClass, Record};

/// A record of an evaluation that has a verdict and nothing else.
pub fn record(problem: &str, sample: &str, verdict: Verdict) -> Record {
    Record {
        problem: problem.to_owned(),
        sample: sample.to_owned(),
        class: ProblemClass::Clocked,
        golden: None,
        report: Report::new(verdict, Provenance::default()),
    }
}
