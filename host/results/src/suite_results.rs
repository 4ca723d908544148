use crate::{KnownBad, KnownBadProblem, Record};
use filbench_model::Outcome;
use std::collections::BTreeMap;

/// The records of one suite run, ready to be counted and shown.
#[derive(Clone, Debug, PartialEq)]
pub struct SuiteResults {
    /// Shown as the heading.
    pub title: String,
    /// One for each problem and sample, in that order.
    records: Vec<Record>,
    /// Records that a later one of the same problem and sample replaced.
    pub replaced: usize,
    /// The list that is applied, on request only.
    pub known_bad: Option<KnownBad>,
}

impl SuiteResults {
    /// Orders `records`; of several records of one sample the last counts.
    pub fn new(title: &str, records: Vec<Record>, known_bad: Option<KnownBad>) -> Self {
        let all = records.len();
        let by_key: BTreeMap<(String, String), Record> = records
            .into_iter()
            .map(|record| ((record.problem.clone(), record.sample.clone()), record))
            .collect();
        let records: Vec<Record> = by_key.into_values().collect();
        Self { title: title.to_owned(), replaced: all - records.len(), records, known_bad }
    }

    /// Every record, by problem and sample.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// The entry of the applied list that leaves `record` out of the
    /// statistics.
    pub fn left_out(&self, record: &Record) -> Option<&KnownBadProblem> {
        self.known_bad.as_ref()?.find(&record.problem)
    }

    /// The records that statistics are made of.
    pub fn counted(&self) -> impl Iterator<Item = &Record> {
        self.records.iter().filter(|record| self.left_out(record).is_none())
    }

    /// Of each problem: its samples that got a judgement (`pass` or `fail`),
    /// and how many of them pass. A problem none of whose samples was judged
    /// is absent.
    pub fn judged(&self) -> BTreeMap<&str, (u64, u64)> {
        let mut judged = BTreeMap::new();
        for record in self.counted() {
            let passed = match record.report.verdict.outcome {
                Outcome::Pass => 1,
                Outcome::Fail => 0,
                Outcome::Inconclusive | Outcome::Fault => continue,
            };
            let (samples, passes) = judged.entry(record.problem.as_str()).or_insert((0, 0));
            *samples += 1;
            *passes += passed;
        }
        judged
    }
}
