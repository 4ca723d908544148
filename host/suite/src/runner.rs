//! Judges a plan on all cores.

use crate::class::record;
use crate::summary::Line;
use crate::{Journal, Suite, SuiteError, Summary, Task};
use filbench_flow::Submission;
use filbench_lab::Selector;
use filbench_model::{Comparison, Fault, InconclusiveReason, Outcome, Stage, Verdict};
use filbench_results::Record;
use filbench_run::{
    Artifact, Context, Evaluation, EvaluationKey, MISMATCH_VCD, Options, evaluate, evaluate_once,
    verdict_report,
};
use filbench_stimulus::ProblemFiles;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// How candidates are judged.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Boards, the first choice first: where a problem has no room beside the
    /// fixture it goes on to the next.
    pub boards: Vec<Selector>,
    /// Of each evaluation.
    pub options: Options,
    /// In place of what each problem says, where it has a bench.
    pub compare: Option<Comparison>,
    /// In place of each problem's own, where its stimulus is generated.
    pub stimulus_seed: Option<u64>,
    /// Evaluations at a time.
    pub jobs: usize,
    /// Take from the cache what was judged before.
    pub reuse: bool,
    /// Where waveforms of mismatches go.
    pub waveforms: Option<PathBuf>,
}

/// An evaluation that has its verdict.
#[derive(Clone, Debug)]
pub struct Finished {
    /// Of the suite.
    pub problem: String,
    /// Of the problem.
    pub sample: String,
    /// The verdict.
    pub verdict: Verdict,
    /// Wall time that this run spent on it.
    pub took: Duration,
    /// How many have their verdict, this one included.
    pub done: usize,
    /// How many there are.
    pub total: usize,
}

/// Who is told what happens.
pub trait Observer {
    /// An evaluation has begun.
    fn started(&mut self, task: &Task);
    /// An evaluation has its verdict.
    fn finished(&mut self, finished: &Finished);
}

/// Judges plans.
pub struct Runner {
    context: Arc<Context>,
    settings: Arc<Settings>,
}

struct Judged {
    index: usize,
    key: Option<String>,
    record: Record,
    took: Duration,
}

impl Runner {
    /// A runner in these surroundings.
    pub fn new(context: Arc<Context>, settings: Settings) -> Self {
        Self { context, settings: Arc::new(settings) }
    }

    /// Judges `tasks`, so many at a time, beginning with the first. What
    /// `journal` has with the same key is taken from there, faults apart; each
    /// verdict is in it before the observer hears of it. The sum is the same
    /// in whatever order they end.
    ///
    /// # Errors
    /// When the journal cannot be written. Whatever befalls an evaluation is
    /// in its record.
    pub async fn run(
        &self,
        suite: &Suite,
        tasks: &[Task],
        journal: Journal,
        observer: &mut dyn Observer,
    ) -> Result<(Summary, Journal), SuiteError> {
        let journal = Arc::new(Mutex::new(journal));
        let mut lines: Vec<Option<Line>> = vec![None; tasks.len()];
        let mut running = JoinSet::new();
        let mut waiting = tasks.iter().enumerate();
        let mut done = 0;
        loop {
            while running.len() < self.settings.jobs.max(1)
                && let Some((index, task)) = waiting.next()
            {
                observer.started(task);
                let job = Job {
                    context: Arc::clone(&self.context),
                    settings: Arc::clone(&self.settings),
                    journal: Arc::clone(&journal),
                    task: task.clone(),
                };
                running.spawn(job.judge(index));
            }
            let Some(judged) = running.join_next().await else { break };
            let judged = match judged {
                Ok(judged) => judged?,
                // A bug of filbench must not look like a finished suite.
                Err(error) => std::panic::resume_unwind(error.into_panic()),
            };
            lock(&journal).add(judged.key.as_deref(), &judged.record)?;
            done += 1;
            lines[judged.index] = Some(Line::new(&judged.record));
            observer.finished(&Finished {
                problem: judged.record.problem,
                sample: judged.record.sample,
                verdict: judged.record.report.verdict,
                took: judged.took,
                done,
                total: tasks.len(),
            });
        }
        let summary = Summary::new(suite, self.settings.options.tier, lines.into_iter().flatten());
        let journal = Arc::into_inner(journal).expect("all evaluations that share it have ended");
        Ok((summary, journal.into_inner().unwrap_or_else(PoisonError::into_inner)))
    }
}

struct Job {
    context: Arc<Context>,
    settings: Arc<Settings>,
    journal: Arc<Mutex<Journal>>,
    task: Task,
}

/// What an evaluation is made of, and its key on each board.
struct Order {
    submission: Submission,
    files: ProblemFiles,
    keys: Vec<EvaluationKey>,
}

impl Job {
    async fn judge(self, index: usize) -> Result<Judged, SuiteError> {
        let started = Instant::now();
        let job = Arc::new(self);
        let reading = Arc::clone(&job);
        let order = match tokio::task::spawn_blocking(move || reading.order()).await {
            Ok(order) => order,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        };
        let (key, record) = match order {
            Err(verdict) => {
                let nothing = Submission { files: Vec::new(), top: String::new() };
                let report = verdict_report(&nothing, &job.settings.options, *verdict);
                (None, job.record(report))
            }
            Ok(order) => {
                // What is judged depends on every board that may come to it.
                let keys: Vec<String> = order.keys.iter().map(ToString::to_string).collect();
                let key = keys.join("+");
                let record = match job.known(&key)? {
                    Some(record) => record,
                    None => {
                        let evaluation = job.evaluate(order).await;
                        job.keep_waveform(&evaluation.artifacts)?;
                        job.record(evaluation)
                    }
                };
                (Some(key), record)
            }
        };
        Ok(Judged { index, key, record, took: started.elapsed() })
    }

    /// Reads problem and candidate; `Err` is the verdict where that fails.
    fn order(&self) -> Result<Order, Box<Verdict>> {
        let Settings { compare, stimulus_seed, .. } = &*self.settings;
        let (submission, files) = self.task.read(*compare, *stimulus_seed)?;
        let key = |board: &Selector| {
            EvaluationKey::new(&self.context, &submission, &files, board, &self.settings.options)
        };
        let keys = self.settings.boards.iter().map(key).collect::<Result<_, Fault>>();
        let keys = keys.map_err(Verdict::from)?;
        Ok(Order { submission, files, keys })
    }

    /// What an interrupted run found out; a fault is tried again.
    fn known(&self, key: &str) -> Result<Option<Record>, SuiteError> {
        let Task { problem, candidate } = &self.task;
        let found = lock(&self.journal).find(&problem.name, &candidate.sample, key)?;
        Ok(found.filter(|record| record.report.verdict.outcome != Outcome::Fault))
    }

    async fn evaluate(&self, order: Order) -> Evaluation {
        let options = &self.settings.options;
        let boards = self.settings.boards.iter().zip(&order.keys);
        let mut last = None;
        for (board, key) in boards {
            // Nobody looks at single steps.
            let (events, _) = mpsc::unbounded_channel();
            let (submission, files) = (order.submission.clone(), order.files.clone());
            let context = &self.context;
            let evaluation = if self.settings.reuse {
                evaluate_once(context, key, submission, files, board, options, events).await
            } else {
                evaluate(context, submission, files, board, options, events).await
            };
            let room = Stage::Inconclusive(InconclusiveReason::FixtureRoom);
            let has_room = evaluation.report.verdict.stage != Some(room);
            last = Some(evaluation);
            if has_room {
                break;
            }
        }
        last.unwrap_or_else(|| {
            let verdict = Fault::new(filbench_model::FaultPlace::Host, "no board was given");
            verdict_report(&order.submission, options, verdict.into())
        })
    }

    fn record(&self, evaluation: Evaluation) -> Record {
        record(&self.task.problem.name, &self.task.candidate.sample, evaluation)
    }

    fn keep_waveform(&self, artifacts: &[Artifact]) -> Result<(), SuiteError> {
        let Some(dir) = &self.settings.waveforms else { return Ok(()) };
        let Some(waveform) = artifacts.iter().find(|artifact| artifact.name == MISMATCH_VCD) else {
            return Ok(());
        };
        let Task { problem, candidate } = &self.task;
        let path = waveform_path(dir, &problem.name, &candidate.sample);
        let write = |path: &Path| -> std::io::Result<()> {
            if let Some(dir) = path.parent() {
                std::fs::create_dir_all(dir)?;
            }
            std::fs::write(path, &waveform.contents)
        };
        write(&path).map_err(|source| SuiteError::Results { path, source })
    }
}

/// Where the waveform of a mismatch goes in the folder of waveforms, whatever the names are.
pub fn waveform_path(dir: &Path, problem: &str, sample: &str) -> PathBuf {
    dir.join(file_name(problem)).join(format!("{}.vcd", file_name(sample)))
}

/// Any name as that of a file; no two the same.
fn file_name(name: &str) -> String {
    let mut out = String::new();
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' => out.push(char::from(byte)),
            b'.' if !out.is_empty() => out.push('.'),
            _ => out.push_str(&format!("%{byte:02x}")),
        }
    }
    out
}

fn lock(journal: &Mutex<Journal>) -> MutexGuard<'_, Journal> {
    // Whoever panicked did so before or after a whole line.
    journal.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_waveform_stays_in_its_folder() {
        let path = |problem, sample| waveform_path(Path::new("w"), problem, sample);
        assert_eq!(path("Prob001_x", "t1/s.2"), Path::new("w/Prob001_x/t1%2fs.2.vcd"));
        assert_eq!(path("..", "%2f"), Path::new("w/%2e./%252f.vcd"));
    }
}
