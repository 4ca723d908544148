use crate::candidates::CandidateSource;
use crate::{Candidate, Candidates, Suite, SuiteProblem};
use filbench_flow::Submission;
use filbench_model::{Comparison, InconclusiveReason, Verdict};
use filbench_stimulus::ProblemFiles;
use std::sync::Arc;

/// The sample's name where the golden itself is judged.
pub const GOLDEN_SAMPLE: &str = "golden";

/// One candidate on one problem.
#[derive(Clone, Debug)]
pub struct Task {
    /// The problem.
    pub problem: Arc<SuiteProblem>,
    /// The candidate.
    pub candidate: Candidate,
}

impl Task {
    /// Reads problem and candidate; `compare` is in place of what the problem says, where it
    /// has a bench, and `stimulus_seed`, where its stimulus is generated.
    ///
    /// # Errors
    /// The verdict, where one of them cannot be read.
    pub fn read(
        &self,
        compare: Option<Comparison>,
        stimulus_seed: Option<u64>,
    ) -> Result<(Submission, ProblemFiles), Box<Verdict>> {
        let files = self.problem.read().map_err(|error| {
            Verdict::inconclusive(
                InconclusiveReason::GoldenFailed,
                format!("the problem cannot be read, so nobody can be judged by it: {error}"),
            )
        })?;
        let files = match compare {
            Some(comparison) => files.with_comparison(comparison),
            None => files,
        };
        let files = match stimulus_seed {
            Some(seed) => files.with_stimulus_seed(seed),
            None => files,
        };
        let submission = self.candidate.read(&self.problem, &files)?;
        Ok((submission, files))
    }
}

/// What is to be judged, problem by problem: the goldens without candidates,
/// else the first `samples` candidates of each problem.
pub fn plan(suite: &Suite, candidates: Option<&Candidates>, samples: Option<usize>) -> Vec<Task> {
    let mut tasks = Vec::new();
    for problem in &suite.problems {
        let problem = Arc::new(problem.clone());
        let theirs = match candidates {
            None => vec![Candidate {
                sample: GOLDEN_SAMPLE.to_owned(),
                source: CandidateSource::Golden,
            }],
            Some(candidates) => candidates.of.get(&problem.name).cloned().unwrap_or_default(),
        };
        let theirs = theirs.into_iter().take(samples.unwrap_or(usize::MAX));
        tasks.extend(theirs.map(|candidate| Task { problem: Arc::clone(&problem), candidate }));
    }
    tasks
}
