use crate::candidates::CandidateSource;
use crate::{Candidate, Candidates, Suite, SuiteProblem};
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
