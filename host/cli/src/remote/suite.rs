//! `filbench suite run --server`.

mod batch;
mod nonce;

use super::{restore_names, runtime, told};
use crate::args::SuiteRunArgs;
use crate::output::tell;
use crate::run::{PUT_AWAY, interrupted};
use crate::suite_run::{self, Display, LARGER_BOARD, WAVEFORMS};
use crate::usage::Usage;
use anyhow::Context as _;
use batch::{Batch, Batches, Entry};
use filbench_api::ErrorKind;
use filbench_api::types::{
    EvaluationId, EvaluationOptions, EventView, SubmissionId, SubmissionView,
};
use filbench_client::{Client, ClientError, Subject, fresh_key};
use filbench_flow::Submission;
use filbench_model::{Fault, FaultPlace, Outcome, Verdict};
use filbench_results::{Record, read_jsonl};
use filbench_run::{MISMATCH_VCD, Options, verdict_report};
use filbench_suite::{
    Finished, Journal, Line, Observer as _, SuiteError, Summary, Task, waveform_path,
};
use std::collections::{HashMap, VecDeque};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;
use tokio::task::JoinHandle;

/// Has a suite judged, and prints what came of it.
pub fn run(args: &SuiteRunArgs, client: &Client) -> anyhow::Result<ExitCode> {
    for (is_given, option) in [(args.jobs.is_some(), "--jobs"), (args.slots.get() > 1, "--slots")] {
        if is_given {
            return Err(Usage::NotAtServer { option }.into());
        }
    }
    let (suite, tasks) = suite_run::tasks(args)?;
    let journal = suite_run::journal(args)?;
    let nonce = nonce::of(args)?;
    let options = Options { tier: args.tier.into(), ..args.judging.options() };
    let mut judging = Judging {
        client,
        args,
        options: &options,
        tasks: &tasks,
        journal,
        lines: vec![None; tasks.len()],
        display: Display::new(tasks.len()),
        done: 0,
        nonce,
        submitting: None,
        submitted: Vec::new(),
    };
    let runtime = runtime()?;
    let end = runtime.block_on(async {
        tokio::select! {
            end = judging.judge() => Ok(end),
            code = interrupted() => Err(code),
        }
    });
    judging.display.end();
    match end {
        Ok(end) => end?,
        Err(code) => {
            runtime.block_on(judging.interrupt());
            return Ok(ExitCode::from(code));
        }
    }
    let summary = Summary::new(&suite, options.tier, judging.lines.into_iter().flatten());
    suite_run::conclude(args, &summary, &judging.journal, &tasks)
}

/// Everything on its way to its verdict.
struct Judging<'a> {
    client: &'a Client,
    args: &'a SuiteRunArgs,
    options: &'a Options,
    tasks: &'a [Task],
    journal: Journal,
    lines: Vec<Option<Line>>,
    display: Display,
    done: usize,
    /// Makes the keys of this run's submissions.
    nonce: String,
    submitting: Option<JoinHandle<Result<SubmissionView, ClientError>>>,
    submitted: Vec<SubmissionId>,
}

/// A submission on its way.
struct Flight {
    id: SubmissionId,
    /// In the order of its evaluations.
    entries: Vec<Entry>,
    evaluations: Vec<EvaluationId>,
}

impl Judging<'_> {
    async fn judge(&mut self) -> anyhow::Result<()> {
        let limits = self.client.me().await.map_err(told)?.limits;
        let quota = usize::try_from(limits.unended_evaluations).unwrap_or(usize::MAX);
        let board = board(&self.args.board);
        let options = EvaluationOptions::of(self.options.clone(), !self.args.no_cache);
        let compare = self.args.judging.compare.map(Into::into);
        let seed = self.args.judging.stimulus_seed;
        let tier = self.options.tier;
        let mut batches = Batches::new(self.tasks, &limits, &board, tier, options, compare, seed);
        let mut flights: VecDeque<Flight> = VecDeque::new();
        let mut next = None;
        loop {
            if next.is_none() {
                next = self.next_batch(&mut batches)?;
            }
            let in_flight: usize = flights.iter().map(|flight| flight.entries.len()).sum();
            match next.take() {
                Some(batch) if flights.is_empty() || in_flight + batch.len() <= quota => {
                    flights.push_back(self.submit(batch).await?);
                }
                waiting => {
                    next = waiting;
                    let Some(flight) = flights.pop_front() else { return Ok(()) };
                    self.follow(flight).await?;
                }
            }
        }
    }

    /// The next batch with anything to judge. What cannot be sent, and what an interrupted
    /// run found out, has its record at once; a fault is tried again.
    fn next_batch(&mut self, batches: &mut Batches) -> anyhow::Result<Option<Batch>> {
        while let Some(mut batch) = batches.next() {
            for (index, verdict) in std::mem::take(&mut batch.unsent) {
                let nothing = Submission { files: Vec::new(), top: String::new() };
                let report = verdict_report(&nothing, self.options, verdict);
                let Task { problem, candidate } = &self.tasks[index];
                let record = filbench_suite::record(&problem.name, &candidate.sample, report);
                self.finished(index, None, &record, Duration::ZERO)?;
            }
            let mut is_again = false;
            let mut known = Vec::new();
            batch.retain(|entry| -> Result<bool, SuiteError> {
                let Task { problem, candidate } = &self.tasks[entry.index];
                match self.journal.find(&problem.name, &candidate.sample, &entry.key)? {
                    Some(record) if record.report.verdict.outcome != Outcome::Fault => {
                        known.push((entry.index, entry.key.clone(), record));
                        Ok(false)
                    }
                    found => {
                        is_again |= found.is_some();
                        Ok(true)
                    }
                }
            })?;
            for (index, key, record) in known {
                self.finished(index, Some(&key), &record, Duration::ZERO)?;
            }
            batch.is_again = is_again;
            if batch.len() > 0 {
                return Ok(Some(batch));
            }
        }
        Ok(None)
    }

    /// Submits, or finds what was submitted before.
    async fn submit(&mut self, batch: Batch) -> anyhow::Result<Flight> {
        let nonce = if batch.is_again { fresh_key() } else { self.nonce.clone() };
        let key = format!("{nonce}-{}", batch.hash());
        let (request, entries) = batch.into_request();
        let client = self.client.clone();
        // An interruption must not lose its name.
        let task = tokio::spawn(async move { client.submit(&request, &key).await });
        let submitted = self.submitting.insert(task).await;
        self.submitting = None;
        let view = match submitted {
            Ok(view) => view.map_err(told)?,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        };
        let id = view.summary.id;
        tell(format_args!("submitted as {id}: {} evaluations", entries.len()));
        self.submitted.push(id.clone());
        Ok(Flight { id, entries, evaluations: view.evaluations })
    }

    /// Waits for a submission's end, and fetches the records.
    async fn follow(&mut self, flight: Flight) -> anyhow::Result<()> {
        let places: HashMap<&EvaluationId, usize> =
            flight.evaluations.iter().enumerate().map(|(place, id)| (id, place)).collect();
        let mut began: HashMap<usize, i64> = HashMap::new();
        let mut took = vec![Duration::ZERO; flight.entries.len()];
        let mut events = self.client.events(Subject::Submission(flight.id.clone()), 0);
        while let Some(event) = events.next().await.map_err(told)? {
            let (Some(&place), Some(at)) = (places.get(&event.evaluation), event.at_ms) else {
                continue;
            };
            let index = flight.entries[place].index;
            match event.kind.as_str() {
                "started" => {
                    began.entry(place).or_insert(at);
                    self.display.started(&self.tasks[index]);
                }
                "ended" => {
                    let ms = began.get(&place).map_or(0, |began| at.saturating_sub(*began));
                    took[place] = Duration::from_millis(ms.unsigned_abs());
                    self.show(index, verdict_of(&event), took[place]);
                }
                _ => {}
            }
        }
        drop(events);
        self.fetch(&flight).await
    }

    async fn fetch(&mut self, flight: &Flight) -> anyhow::Result<()> {
        let lines = self.client.results(&flight.id).await.map_err(told)?;
        let lines = read_jsonl(&lines[..]).with_context(|| {
            format!("the results of {} do not read; is the server newer?", flight.id)
        })?;
        let mut records: HashMap<(String, String), Record> = lines
            .records
            .into_iter()
            .map(|record| ((record.problem.clone(), record.sample.clone()), record))
            .collect();
        for (entry, id) in flight.entries.iter().zip(&flight.evaluations) {
            let Task { problem, candidate } = &self.tasks[entry.index];
            let name = (problem.name.clone(), candidate.sample.clone());
            let record = match records.remove(&name) {
                Some(mut record) => {
                    restore_names(&mut record.report, &entry.files);
                    if let Some(dir) = &self.args.out
                        && record.report.mismatch.is_some()
                    {
                        let path = waveform_path(&dir.join(WAVEFORMS), &name.0, &name.1);
                        self.keep_waveform(id, &path).await?;
                    }
                    record
                }
                None => {
                    let view = self.client.evaluation(id).await.map_err(told)?;
                    let ending = view.summary.ending.unwrap_or_else(|| "not at all".to_owned());
                    let nothing = Submission { files: Vec::new(), top: String::new() };
                    let report = verdict_report(&nothing, self.options, unjudged(&ending));
                    filbench_suite::record(&name.0, &name.1, report)
                }
            };
            self.journal.add(Some(&entry.key), &record)?;
            self.lines[entry.index] = Some(Line::new(&record));
        }
        Ok(())
    }

    async fn keep_waveform(&self, id: &EvaluationId, path: &Path) -> anyhow::Result<()> {
        let waveform = match self.client.artifact(id, MISMATCH_VCD).await {
            Ok(waveform) => waveform,
            // What was judged before has its verdict alone, and what is old is not kept.
            Err(error) if error.refusal() == Some(ErrorKind::NotFound) => return Ok(()),
            Err(error) => return Err(told(error)),
        };
        let write = || {
            if let Some(dir) = path.parent() {
                std::fs::create_dir_all(dir)?;
            }
            std::fs::write(path, &waveform)
        };
        write().with_context(|| format!("cannot write {}; is there room?", path.display()))
    }

    /// What has its record.
    fn finished(
        &mut self,
        index: usize,
        key: Option<&str>,
        record: &Record,
        took: Duration,
    ) -> anyhow::Result<()> {
        self.journal.add(key, record)?;
        self.lines[index] = Some(Line::new(record));
        self.show(index, record.report.verdict.clone(), took);
        Ok(())
    }

    fn show(&mut self, index: usize, verdict: Verdict, took: Duration) {
        self.done += 1;
        let Task { problem, candidate } = &self.tasks[index];
        self.display.finished(&Finished {
            problem: problem.name.clone(),
            sample: candidate.sample.clone(),
            verdict,
            took,
            done: self.done,
            total: self.tasks.len(),
        });
    }

    /// What can be resumed goes on at the server; the rest is cancelled.
    async fn interrupt(&mut self) {
        if self.args.out.is_some() {
            tell(format_args!(
                "interrupted; the server goes on, and the same command with `--resume` fetches \
                 the results"
            ));
            return;
        }
        if let Some(submitting) = self.submitting.take()
            && let Ok(Ok(Ok(view))) = tokio::time::timeout(PUT_AWAY, submitting).await
        {
            self.submitted.push(view.summary.id);
        }
        for id in &self.submitted {
            match tokio::time::timeout(PUT_AWAY, self.client.cancel(id)).await {
                Ok(Ok(_)) => tell(format_args!("interrupted; {id} was cancelled at the server")),
                _ => tell(format_args!("interrupted, but {id} may go on at the server")),
            }
        }
    }
}

/// The boards to try, the asked one first; a virtual one has a larger one behind it.
fn board(asked: &str) -> String {
    let is_one = asked.starts_with("virtual:") && !asked.contains(',');
    if is_one && asked != LARGER_BOARD { format!("{asked},{LARGER_BOARD}") } else { asked.into() }
}

/// How an evaluation ended.
fn verdict_of(event: &EventView) -> Verdict {
    serde_json::from_value(event.data["verdict"].clone())
        .unwrap_or_else(|_| unjudged(event.data["ending"].as_str().unwrap_or("unknown")))
}

fn unjudged(ending: &str) -> Verdict {
    let message = format!("it ended at the server without a verdict: {ending}");
    Fault::new(FaultPlace::Host, message).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_virtual_board_has_a_larger_one_behind_it() {
        let larger = "virtual:icebreaker,virtual:ice40_hx8k_b_evn";
        assert_eq!(board("virtual:icebreaker"), larger);
        for asked in ["icebreaker", LARGER_BOARD, "tag:night", "virtual:icebreaker,id:x"] {
            assert_eq!(board(asked), asked);
        }
    }
}
