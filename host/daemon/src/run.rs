//! One run of an evaluation: from its blobs to its end, or back into the queue.

use crate::boards::{BoardTable, Trail, is_of_the_board};
use crate::daemon::Inner;
use crate::evaluator::Judging;
use crate::order::Order;
use crate::unjudgeable;
use filbench_flow::Submission;
use filbench_model::with_causes;
use filbench_model::{Fault, InconclusiveReason, Outcome, Stage, Verdict};
use filbench_run::{Evaluation, Event, Options, fault_report};
use filbench_store::{Claimed, Ending, EvaluationRow, Judged, Store, StoredEvent};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// What a store that fails is given before it is asked again.
const STORE_PAUSE: Duration = Duration::from_secs(5);

/// Whether a run goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// It does.
    No,
    /// Somebody cancelled the evaluation.
    Cancel,
    /// The daemon ends; another run does it again.
    HandBack,
}

/// How a run ends.
enum End {
    Judged(Box<Evaluation>),
    Unjudged(Ending),
    /// The lab failed, for so many runs now, and there are runs left.
    Again(Fault, u32),
    HandedBack,
}

/// Does the run, and writes down how it ended.
pub(crate) async fn run(inner: Arc<Inner>, claimed: Claimed, mut stop: watch::Receiver<Stop>) {
    let row = &claimed.evaluation;
    let trail = inner.trail(&row.id);
    let end = tokio::select! {
        biased;
        end = stopped(&mut stop) => end,
        () = inner.reaches(row.deadline_ms) => End::Unjudged(Ending::Deadline),
        end = judge(&inner, &claimed, &trail) => end,
    };
    // The end is the last event.
    inner.hub.flush().await;
    let to_write = match end {
        End::Judged(evaluation) => ToWrite::Judged(judged(row, *evaluation)),
        End::Unjudged(ending) => ToWrite::Unjudged(ending),
        End::Again(fault, failed) => {
            tracing::warn!(run.id = %claimed.run, evaluation.id = %row.id, %fault, "the lab failed a run");
            ToWrite::Requeued {
                fault: Some(fault),
                due: inner.store.now_ms() + inner.pause(failed),
            }
        }
        End::HandedBack => ToWrite::Requeued { fault: None, due: 0 },
    };
    if let Some(event) = write_down(&inner.store, &claimed, &to_write).await {
        if event.is_last() {
            inner.forget(&row.id);
        }
        inner.hub.tell(event);
    }
}

/// How a run ended, for the store.
enum ToWrite {
    Judged(Judged),
    Unjudged(Ending),
    Requeued { fault: Option<Fault>, due: i64 },
}

async fn stopped(stop: &mut watch::Receiver<Stop>) -> End {
    match stop.wait_for(|stop| *stop != Stop::No).await.map(|stop| *stop) {
        Ok(Stop::Cancel) => End::Unjudged(Ending::Cancelled),
        // A daemon that has gone cannot want it to go on.
        Ok(Stop::HandBack | Stop::No) | Err(_) => End::HandedBack,
    }
}

/// Writes until it is written: a verdict is not thrown away because a disk is full. If the
/// daemon is ended meanwhile, the next one begins another run.
async fn write_down(store: &Store, claimed: &Claimed, end: &ToWrite) -> Option<StoredEvent> {
    let (id, run) = (&claimed.evaluation.id, &claimed.run);
    loop {
        let written = match end {
            ToWrite::Judged(judged) => store.judge(id, run, judged).await,
            ToWrite::Unjudged(ending) => store.end(id, run, *ending).await,
            ToWrite::Requeued { fault, due } => store.requeue(id, run, fault.as_ref(), *due).await,
        };
        match written {
            Ok(event) => return event,
            Err(error) => {
                tracing::error!(
                    error = with_causes(&error),
                    "the end of a run cannot be written; trying again"
                );
                tokio::time::sleep(STORE_PAUSE).await;
            }
        }
    }
}

fn judged(row: &EvaluationRow, mut evaluation: Evaluation) -> Judged {
    let verdict = evaluation.report.verdict.clone();
    let artifacts = std::mem::take(&mut evaluation.artifacts)
        .into_iter()
        .map(|artifact| (artifact.name, artifact.contents.into()))
        .collect();
    let record = filbench_suite::record(&row.problem_name, &row.sample, evaluation);
    let record = serde_json::to_vec(&record).expect("a record has only text keys and plain values");
    Judged { verdict, record: record.into(), artifacts }
}

/// Earlier runs that the lab failed; those that a daemon's end cut short do not count.
pub(crate) async fn failed_runs(inner: &Inner, row: &EvaluationRow) -> u32 {
    match inner.store.runs(&row.id).await {
        Ok(runs) => {
            let failed = runs.iter().filter(|run| run.ending.as_deref() == Some("fault"));
            u32::try_from(failed.count()).unwrap_or(u32::MAX)
        }
        Err(_) => row.runs.saturating_sub(1),
    }
}

fn nothing_but(fault: Fault) -> Evaluation {
    let nothing = Submission { files: Vec::new(), top: String::new() };
    fault_report(&nothing, &Options::default(), fault)
}

/// The end of an evaluation of which every run broke down.
pub(crate) fn failed(row: &EvaluationRow, fault: Fault) -> Judged {
    judged(row, nothing_but(fault))
}

async fn judge(inner: &Arc<Inner>, claimed: &Claimed, trail: &Trail) -> End {
    let row = &claimed.evaluation;
    let mut evaluation = match Order::read(&inner.store, row).await {
        Ok(order) => on_boards(inner, claimed, trail, order).await,
        Err(fault) => nothing_but(fault),
    };
    let Some(fault) = fault_of(&evaluation.report.verdict, trail) else {
        return End::Judged(Box::new(evaluation));
    };
    inner.counters.faulty_run();
    if is_of_the_board(&fault)
        && let Some(verdict) = follows_the_bitstream(inner, trail).await
    {
        evaluation.report.verdict = verdict;
        return End::Judged(Box::new(evaluation));
    }
    let failed = failed_runs(inner, row).await + 1;
    if failed < inner.config.limits.runs {
        return End::Again(fault, failed);
    }
    evaluation.report.verdict = fault.into();
    End::Judged(Box::new(evaluation))
}

/// Judges on the first board with room.
async fn on_boards(
    inner: &Arc<Inner>,
    claimed: &Claimed,
    trail: &Trail,
    order: Order,
) -> Evaluation {
    let row = &claimed.evaluation;
    let mut boards = order.boards.into_iter().peekable();
    loop {
        let selector = boards.next().expect("there is at least one selector in any text");
        let table = Arc::new(BoardTable {
            boards: Arc::clone(&inner.boards),
            holder: claimed.run.to_string(),
            priority: row.priority,
            trail: trail.clone(),
        });
        let judging = Judging {
            submission: order.submission.clone(),
            problem: order.problem.clone(),
            selector,
            options: order.options.clone(),
            reuse: order.reuse,
        };
        let (sender, receiver) = mpsc::unbounded_channel();
        let (evaluation, ()) =
            tokio::join!(inner.evaluator.judge(judging, table, sender), tell(inner, row, receiver));
        let no_room = evaluation.report.verdict.stage
            == Some(Stage::Inconclusive(InconclusiveReason::FixtureRoom));
        if !no_room || boards.peek().is_none() {
            return evaluation;
        }
    }
}

async fn tell(inner: &Inner, row: &EvaluationRow, mut events: mpsc::UnboundedReceiver<Event>) {
    while let Some(event) = events.recv().await {
        if let Event::PhaseFinished { phase, duration, .. } = event {
            inner.counters.phase(phase, duration);
        }
        inner.hub.say(&row.submission, &row.id, inner.store.now_ms(), &event);
    }
}

/// The fault that a run ended in. What a run holds to be the design's doing, since the golden
/// passed after it, was tried on one board there: where two boards failed, the golden's may
/// have been a third, which says nothing about the two.
fn fault_of(verdict: &Verdict, trail: &Trail) -> Option<Fault> {
    match (verdict.outcome, verdict.stage) {
        (Outcome::Fault, Some(Stage::Fault(place))) => {
            Some(Fault::new(place, verdict.reason.clone()))
        }
        (_, Some(Stage::Inconclusive(InconclusiveReason::Unjudgeable))) => {
            let failures = trail.failures();
            unjudgeable::suspects(&failures).map(|[_, second]| second.fault.clone())
        }
        _ => None,
    }
}

/// The verdict, if the fault followed one bitstream to a second board and the known-good
/// design passes on both. Their tests also clear them of what was counted against them.
async fn follows_the_bitstream(inner: &Arc<Inner>, trail: &Trail) -> Option<Verdict> {
    let failures = trail.failures();
    let suspects = unjudgeable::suspects(&failures)?;
    for failure in suspects {
        if let Err(error) = inner.boards.test(&*inner.evaluator, &failure.board).await {
            tracing::info!(
                board.name = failure.board,
                error = with_causes(&error),
                "a suspect did not pass its test"
            );
            return None;
        }
    }
    Some(unjudgeable::verdict(suspects))
}
