//! Tasks in portions that a server takes.

use crate::remote::sent_files;
use filbench_api::types::{
    Comparison, EvaluationOptions, EvaluationRequest, LimitsView, ProblemRef, ProblemSource,
    SubmitRequest, Tier,
};
use filbench_model::{Fault, FaultPlace, Verdict};
use filbench_suite::Task;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// What JSON needs between two evaluations, and around everything.
const BETWEEN: u64 = 16;
const AROUND: u64 = 4096;

/// An evaluation of a batch.
pub(super) struct Entry {
    /// The task.
    pub(super) index: usize,
    /// Of all that the verdict depends on and that is sent.
    pub(super) key: String,
    /// The candidate's files under the names that they have here.
    pub(super) files: Vec<String>,
    request: EvaluationRequest,
    bytes: u64,
}

/// What is submitted together. Batches depend on the tasks and the server's limits alone,
/// so that those of a resumed run are the same.
#[derive(Default)]
pub(super) struct Batch {
    /// Tasks that cannot be sent, with the verdict on them.
    pub(super) unsent: Vec<(usize, Verdict)>,
    /// Whether some of it was judged before, and the lab failed.
    pub(super) is_again: bool,
    entries: Vec<Entry>,
    problems: BTreeMap<String, ProblemSource>,
    bytes: u64,
}

impl Batch {
    /// Evaluations that it has.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Leaves out what need not be judged.
    pub(super) fn retain<E>(
        &mut self,
        mut is_wanted: impl FnMut(&Entry) -> Result<bool, E>,
    ) -> Result<(), E> {
        let mut kept = Vec::with_capacity(self.entries.len());
        for entry in self.entries.drain(..) {
            if is_wanted(&entry)? {
                kept.push(entry);
            }
        }
        self.entries = kept;
        self.problems.retain(|name, _| {
            self.entries.iter().any(|entry| entry.request.problem == ProblemRef::Key(name.clone()))
        });
        Ok(())
    }

    /// Of what is submitted.
    pub(super) fn hash(&self) -> String {
        let mut hasher = Sha256::new();
        self.entries.iter().for_each(|entry| hasher.update(&entry.key));
        hex::encode(&hasher.finalize()[..8])
    }

    /// The request, and its evaluations in their order.
    pub(super) fn into_request(self) -> (SubmitRequest, Vec<Entry>) {
        let request = SubmitRequest {
            problems: self.problems,
            evaluations: self.entries.iter().map(|entry| entry.request.clone()).collect(),
            ..SubmitRequest::default()
        };
        (request, self.entries)
    }
}

/// All tasks, a batch at a time.
pub(super) struct Batches<'a> {
    tasks: std::iter::Enumerate<std::slice::Iter<'a, Task>>,
    limits: &'a LimitsView,
    common: EvaluationRequest,
    /// In place of each problem's own, where its stimulus is generated.
    stimulus_seed: Option<u64>,
    /// Did not go into the last batch.
    left: Option<(Entry, Problem)>,
}

struct Problem {
    name: String,
    source: ProblemSource,
    bytes: u64,
}

impl<'a> Batches<'a> {
    pub(super) fn new(
        tasks: &'a [Task],
        limits: &'a LimitsView,
        board: &str,
        tier: Tier,
        options: EvaluationOptions,
        compare: Option<Comparison>,
        stimulus_seed: Option<u64>,
    ) -> Self {
        let common = EvaluationRequest {
            board: Some(board.to_owned()),
            tier: Some(tier),
            options: Some(options),
            compare,
            ..EvaluationRequest::new(ProblemRef::Key(String::new()), Vec::new())
        };
        Self { tasks: tasks.iter().enumerate(), limits, common, stimulus_seed, left: None }
    }

    /// The next batch; `None` after the last.
    pub(super) fn next(&mut self) -> Option<Batch> {
        let mut batch = Batch { bytes: AROUND, ..Batch::default() };
        let most = self
            .limits
            .batch
            .min(usize::try_from(self.limits.unended_evaluations.max(1)).unwrap_or(usize::MAX));
        loop {
            let (entry, problem) = match self.left.take() {
                Some(left) => left,
                None => match self.tasks.next() {
                    Some((index, task)) => match self.entry(index, task) {
                        Ok(entry) => entry,
                        Err(verdict) => {
                            batch.unsent.push((index, *verdict));
                            continue;
                        }
                    },
                    None if batch.entries.is_empty() && batch.unsent.is_empty() => return None,
                    None => return Some(batch),
                },
            };
            let is_new = !batch.problems.contains_key(&problem.name);
            let bytes = entry.bytes + if is_new { problem.bytes } else { 0 };
            if batch.entries.len() >= most || batch.bytes + bytes > self.limits.body_bytes {
                if batch.entries.is_empty() {
                    let found = format!("a request of {bytes} bytes");
                    let most = self.limits.body_bytes;
                    batch.unsent.push((entry.index, too_large(&found, &format!("{most} bytes"))));
                    continue;
                }
                self.left = Some((entry, problem));
                return Some(batch);
            }
            batch.bytes += bytes;
            batch.problems.entry(problem.name).or_insert(problem.source);
            batch.entries.push(entry);
        }
    }

    fn entry(&self, index: usize, task: &Task) -> Result<(Entry, Problem), Box<Verdict>> {
        let (submission, problem) = task.read(self.common.compare, self.stimulus_seed)?;
        let bytes: usize = submission.files.iter().map(|file| file.contents.len()).sum();
        if submission.files.len() > self.limits.files || bytes as u64 > self.limits.file_bytes {
            let found = format!("{} files with {bytes} bytes", submission.files.len());
            let LimitsView { files, file_bytes, .. } = self.limits;
            let most = format!("{files} files and {file_bytes} bytes");
            return Err(Box::new(too_large(&found, &most)));
        }
        let name = task.problem.name.clone();
        let source = ProblemSource::Located(Box::new(problem));
        let files = submission.files.iter().map(|file| file.name.clone()).collect();
        let request = EvaluationRequest {
            problem: ProblemRef::Key(name.clone()),
            sample: Some(task.candidate.sample.clone()),
            top: Some(submission.top),
            files: sent_files(submission.files),
            // The problem says it already.
            compare: None,
            ..self.common.clone()
        };
        let (of_problem, of_request) = (json(&name, &source)?, json(&name, &request)?);
        let hasher = Sha256::new().chain_update(&of_problem).chain_update(&of_request);
        let key = format!("server-{}", hex::encode(hasher.finalize()));
        let bytes = of_request.len() as u64 + BETWEEN;
        let problem = Problem { name, source, bytes: of_problem.len() as u64 + BETWEEN };
        Ok((Entry { index, key, files, request, bytes }, problem))
    }
}

fn json(name: &str, what: &impl Serialize) -> Result<Vec<u8>, Box<Verdict>> {
    serde_json::to_vec(what).map_err(|error| {
        let message = format!("`{name}` cannot be sent: {error}");
        Box::new(Fault::new(FaultPlace::Host, message).into())
    })
}

fn too_large(found: &str, most: &str) -> Verdict {
    let message = format!("not sent: {found}; the server takes {most}");
    Fault::new(FaultPlace::Host, message).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use filbench_suite::{Suite, plan};
    use std::path::Path;

    const LIMITS: LimitsView = LimitsView {
        body_bytes: 64 << 20,
        files: 100,
        file_bytes: 16 << 20,
        batch: 2048,
        requests_per_s: 50,
        requests_at_a_time: 16,
        streams_at_a_time: 16,
        unended_evaluations: 10_000,
        lease_s: 3600,
    };

    fn goldens() -> Vec<Task> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/suites/filbench-small");
        plan(&Suite::open(&root, None).unwrap(), None, None)
    }

    fn batches(tasks: &[Task], limits: LimitsView) -> Vec<Batch> {
        let options = EvaluationOptions::default();
        let mut batches =
            Batches::new(tasks, &limits, "virtual:icebreaker", Tier::Synth, options, None, None);
        std::iter::from_fn(|| batches.next()).collect()
    }

    #[test]
    fn every_task_is_in_one_batch_within_the_servers_limits() {
        let tasks = goldens();
        let all = batches(&tasks, LIMITS);
        assert_eq!(all.len(), 1);
        let body_bytes = {
            let (request, entries) = batches(&tasks, LIMITS).remove(0).into_request();
            assert!(entries.iter().map(|entry| entry.index).eq(0..tasks.len()));
            serde_json::to_vec(&request).unwrap().len() as u64
        };
        assert!(body_bytes <= all[0].bytes, "{body_bytes} bytes, {} reckoned", all[0].bytes);
        for limits in [
            LimitsView { batch: 3, ..LIMITS },
            LimitsView { unended_evaluations: 3, ..LIMITS },
            LimitsView { body_bytes: body_bytes / 2, ..LIMITS },
        ] {
            let portions = batches(&tasks, limits);
            assert!(portions.len() > 1 && portions.iter().all(|batch| batch.unsent.is_empty()));
            let mut indices = Vec::new();
            for batch in portions {
                assert!(batch.len() <= limits.batch);
                let (request, entries) = batch.into_request();
                let bytes = serde_json::to_vec(&request).unwrap().len() as u64;
                assert!(bytes <= limits.body_bytes, "{bytes} bytes");
                indices.extend(entries.iter().map(|entry| entry.index));
            }
            assert!(indices.into_iter().eq(0..tasks.len()));
        }
    }

    #[test]
    fn what_no_server_takes_is_not_sent() {
        let tasks = goldens();
        for limits in [
            LimitsView { body_bytes: AROUND + 10, ..LIMITS },
            LimitsView { file_bytes: 1, ..LIMITS },
            LimitsView { files: 0, ..LIMITS },
        ] {
            let all = batches(&tasks, limits);
            let unsent: usize = all.iter().map(|batch| batch.unsent.len()).sum();
            assert_eq!(unsent, tasks.len());
            assert!(all.iter().all(|batch| batch.len() == 0));
            assert!(all[0].unsent[0].1.reason.contains("not sent: "));
        }
    }

    /// A resumed run has to find what it submitted.
    #[test]
    fn the_same_tasks_have_the_same_hash_and_others_another() {
        let tasks = goldens();
        let one = |tasks: &[Task]| batches(tasks, LIMITS).remove(0);
        assert_eq!(one(&tasks).hash(), one(&tasks).hash());
        let mut fewer = one(&tasks);
        fewer.retain(|entry| Ok::<_, ()>(entry.index != 1)).unwrap();
        assert_ne!(fewer.hash(), one(&tasks).hash());
        assert_eq!(fewer.problems.len(), tasks.len() - 1);
    }
}
