use crate::Suite;
use filbench_model::{InconclusiveReason, Outcome, Stage};
use filbench_results::Record;
use filbench_run::Tier;
use serde::Serialize;
use std::collections::BTreeMap;

/// The `schema` field of every [`Summary`].
pub const SUMMARY_SCHEMA: &str = "filbench.suite/1";

/// What a suite's run concludes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// [`SUMMARY_SCHEMA`].
    pub schema: &'static str,
    /// The suite's name.
    pub suite: String,
    /// Its layout.
    pub layout: String,
    /// How far candidates were taken.
    pub tier: Tier,
    /// Problems in it.
    pub problems: usize,
    /// Evaluations by outcome: `pass`, `fail`, `inconclusive`, `fault`.
    pub outcomes: BTreeMap<String, usize>,
    /// Those that did not pass, by outcome and stage.
    pub stages: BTreeMap<String, usize>,
    /// Every evaluation, in the order of the results.
    pub evaluations: Vec<Line>,
}

/// One evaluation of a suite, in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// The problem's name.
    pub problem: String,
    /// The candidate's.
    pub sample: String,
    /// In one word.
    pub outcome: Outcome,
    /// The typed stage or reason.
    pub stage: Option<Stage>,
    /// For a person.
    pub reason: String,
}

impl Line {
    /// Of an evaluation's record.
    pub fn new(record: &Record) -> Self {
        let verdict = &record.report.verdict;
        Self {
            problem: record.problem.clone(),
            sample: record.sample.clone(),
            outcome: verdict.outcome,
            stage: verdict.stage,
            reason: verdict.reason.clone(),
        }
    }

    /// `outcome (stage)`.
    pub fn verdict(&self) -> String {
        match self.stage {
            Some(stage) => format!("{} ({stage})", self.outcome),
            None => self.outcome.to_string(),
        }
    }

    /// Whether it got as far as it was to be taken, which was not to a board.
    pub fn got_through(&self) -> bool {
        self.stage == Some(Stage::Inconclusive(InconclusiveReason::NotPlayed))
    }
}

impl Summary {
    /// Of all evaluations of a suite, in the order of the results.
    pub fn new(suite: &Suite, tier: Tier, lines: impl Iterator<Item = Line>) -> Self {
        let evaluations: Vec<Line> = lines.collect();
        let mut outcomes: BTreeMap<String, usize> =
            [Outcome::Pass, Outcome::Fail, Outcome::Inconclusive, Outcome::Fault]
                .into_iter()
                .map(|outcome| (outcome.to_string(), 0))
                .collect();
        let mut stages = BTreeMap::new();
        for line in &evaluations {
            *outcomes.entry(line.outcome.to_string()).or_default() += 1;
            if line.outcome != Outcome::Pass {
                *stages.entry(line.verdict()).or_default() += 1;
            }
        }
        Self {
            schema: SUMMARY_SCHEMA,
            suite: suite.name.clone(),
            layout: suite.layout.to_string(),
            tier,
            problems: suite.problems.len(),
            outcomes,
            stages,
            evaluations,
        }
    }

    /// How many evaluations ended in `outcome`.
    pub fn count(&self, outcome: Outcome) -> usize {
        self.outcomes.get(&outcome.to_string()).copied().unwrap_or_default()
    }

    /// The process exit code: 3 where the lab failed anybody, else 1 where
    /// anybody fails, else 2 where anybody could not be judged, else 0. Who
    /// was not to be played and got that far is no reason for a 2.
    pub fn exit_code(&self) -> u8 {
        let unjudged = |line: &Line| line.outcome == Outcome::Inconclusive && !line.got_through();
        if self.count(Outcome::Fault) > 0 {
            3
        } else if self.count(Outcome::Fail) > 0 {
            1
        } else {
            2 * u8::from(self.evaluations.iter().any(unjudged))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Layout;
    use filbench_model::{FailStage, FaultPlace};

    #[test]
    fn the_worst_decides() {
        let suite = Suite {
            name: "s".into(),
            layout: Layout::VerilogEval,
            problems: Vec::new(),
            remarks: Vec::new(),
        };
        let line = |outcome, stage| Line {
            problem: "p".into(),
            sample: "s".into(),
            outcome,
            stage,
            reason: String::new(),
        };
        let pass = line(Outcome::Pass, None);
        let fail = line(Outcome::Fail, Some(Stage::Fail(FailStage::Mismatch)));
        let reason = |reason| line(Outcome::Inconclusive, Some(Stage::Inconclusive(reason)));
        let racy = reason(InconclusiveReason::RacyTestbench);
        let through = reason(InconclusiveReason::NotPlayed);
        let fault = line(Outcome::Fault, Some(Stage::Fault(FaultPlace::Link)));
        let code = |lines: &[&Line]| {
            let summary = Summary::new(&suite, Tier::Board, lines.iter().map(|l| (*l).clone()));
            assert_eq!(summary.outcomes.values().sum::<usize>(), lines.len());
            summary.exit_code()
        };
        assert_eq!(code(&[]), 0);
        assert_eq!(code(&[&pass, &through]), 0);
        assert_eq!(code(&[&pass, &racy]), 2);
        assert_eq!(code(&[&racy, &fail]), 1);
        assert_eq!(code(&[&pass, &fail, &fault]), 3);
    }
}
