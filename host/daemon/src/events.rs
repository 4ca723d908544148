//! What happens, kept and told.
//!
//! Events of runs come by the dozen a second; they are written together, a few times a
//! second. Who listens is woken by what was written and reads the store, so that nothing
//! is missed or told in another order. Progress is told while it happens and not kept.

use crate::error::DaemonError;
use filbench_model::with_causes;
use filbench_run::Event;
use filbench_store::{EvaluationId, EventScope, NewEvent, State, Store, StoredEvent, SubmissionId};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

/// Events written together.
const BATCH_MAX: usize = 512;
/// How long an event may wait for others.
const GATHER: Duration = Duration::from_millis(25);
/// A listener that is further behind reads the store.
const LIVE_MAX: usize = 4096;
/// How long listeners may take to read the last events.
const FAREWELL: Duration = Duration::from_secs(2);
/// Events read from the store at a time.
const PAGE: u32 = 256;

/// Something that is told.
#[derive(Clone, Debug, PartialEq)]
pub enum Live {
    /// It is kept, and has an id to go on from.
    Stored(StoredEvent),
    /// How far a phase has come; not kept.
    Progress {
        /// Of the submission.
        submission: SubmissionId,
        /// Of the evaluation.
        evaluation: EvaluationId,
        /// `subject`, `phase`, `done` and `total`.
        data: serde_json::Value,
    },
}

enum Message {
    Keep(NewEvent),
    Flush(oneshot::Sender<()>),
}

/// The daemon's end of all event streams; cheap to clone.
#[derive(Clone)]
pub(crate) struct Hub {
    live: broadcast::Sender<Live>,
    queue: mpsc::UnboundedSender<Message>,
    ended: watch::Sender<bool>,
}

impl Hub {
    /// Starts writing; ends when the last clone has gone.
    pub(crate) fn start(store: Store) -> Self {
        let (live, _) = broadcast::channel(LIVE_MAX);
        let (queue, messages) = mpsc::unbounded_channel();
        tokio::spawn(write(store, live.clone(), messages));
        Self { live, queue, ended: watch::Sender::new(false) }
    }

    /// Ends all streams, each after the last event that is kept: the daemon does. Whoever
    /// does not read in time misses the rest.
    pub(crate) async fn end(&self) {
        self.ended.send_replace(true);
        tokio::time::timeout(FAREWELL, self.ended.closed()).await.ok();
    }

    /// Tells what the store keeps already.
    pub(crate) fn tell(&self, event: StoredEvent) {
        // Fails only when nobody listens.
        self.live.send(Live::Stored(event)).ok();
    }

    /// Tells what a run says; keeps it unless it is progress. (Its verdict is kept with
    /// the evaluation's end.)
    pub(crate) fn say(
        &self,
        submission: &SubmissionId,
        evaluation: &EvaluationId,
        at_ms: i64,
        event: &Event,
    ) {
        let Ok(serde_json::Value::Object(mut data)) = serde_json::to_value(event) else { return };
        let kind = match data.remove("event") {
            Some(serde_json::Value::String(kind)) => kind,
            _ => return,
        };
        let (submission, evaluation) = (submission.clone(), evaluation.clone());
        let data = serde_json::Value::Object(data);
        match event {
            Event::Verdict(_) => {}
            Event::Progress { .. } => {
                self.live.send(Live::Progress { submission, evaluation, data }).ok();
            }
            _ => {
                let event = NewEvent { submission, evaluation, at_ms, kind, data };
                // Fails only when the runtime ends.
                self.queue.send(Message::Keep(event)).ok();
            }
        }
    }

    /// Returns when all that was said is written.
    pub(crate) async fn flush(&self) {
        let (done, written) = oneshot::channel();
        if self.queue.send(Message::Flush(done)).is_ok() {
            written.await.ok();
        }
    }

    pub(crate) fn listen(&self) -> broadcast::Receiver<Live> {
        self.live.subscribe()
    }
}

async fn write(
    store: Store,
    live: broadcast::Sender<Live>,
    mut messages: mpsc::UnboundedReceiver<Message>,
) {
    while let Some(first) = messages.recv().await {
        let (mut events, mut flushed) = (Vec::new(), Vec::new());
        let mut next = Some(first);
        let gathered = tokio::time::sleep(GATHER);
        tokio::pin!(gathered);
        loop {
            match next {
                Some(Message::Keep(event)) => events.push(event),
                Some(Message::Flush(done)) => flushed.push(done),
                None => break,
            }
            if !flushed.is_empty() || events.len() >= BATCH_MAX {
                break;
            }
            next = tokio::select! {
                message = messages.recv() => message,
                () = &mut gathered => None,
            };
        }
        if !events.is_empty() {
            match store.add_events(&events).await {
                Ok(stored) => {
                    for event in stored {
                        live.send(Live::Stored(event)).ok();
                    }
                }
                Err(error) => {
                    tracing::error!(
                        error = with_causes(&error),
                        events = events.len(),
                        "events were not kept"
                    );
                }
            }
        }
        for done in flushed {
            done.send(()).ok();
        }
    }
}

/// The events of an evaluation or a submission: those that were, then those that come.
pub struct EventStream {
    store: Store,
    scope: EventScope,
    after: i64,
    page: VecDeque<StoredEvent>,
    live: broadcast::Receiver<Live>,
    daemon_ended: watch::Receiver<bool>,
    is_over: bool,
}

impl EventStream {
    pub(crate) fn new(store: Store, hub: &Hub, scope: EventScope, after: i64) -> Self {
        let (live, daemon_ended) = (hub.listen(), hub.ended.subscribe());
        Self { store, scope, after, page: VecDeque::new(), live, daemon_ended, is_over: false }
    }

    /// The next event; `None` when nothing more can come, or the daemon ends. Safe to drop
    /// and call again.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn next(&mut self) -> Result<Option<Live>, DaemonError> {
        loop {
            if let Some(event) = self.page.pop_front() {
                self.after = event.id;
                self.is_over |= matches!(self.scope, EventScope::Evaluation(_)) && event.is_last();
                return Ok(Some(Live::Stored(event)));
            }
            if self.is_over {
                return Ok(None);
            }
            // Before the events are read: what ended before has its last event by then.
            let has_ended = self.daemon_has_ended() || self.has_ended().await?;
            self.page = self.store.events(&self.scope, self.after, PAGE).await?.into();
            if !self.page.is_empty() {
                continue;
            }
            if has_ended {
                return Ok(None);
            }
            if let Some(progress) = self.wake().await {
                return Ok(Some(progress));
            }
        }
    }

    /// Waits until something was written, or cannot be any more. `Some` is to be returned at
    /// once.
    async fn wake(&mut self) -> Option<Live> {
        loop {
            let told = tokio::select! {
                told = self.live.recv() => told,
                // There may be a last event.
                _ = self.daemon_ended.wait_for(|ended| *ended) => return None,
            };
            match told {
                Ok(Live::Stored(event)) if self.scope.holds(&event) && event.id > self.after => {
                    return None;
                }
                Ok(Live::Stored(_)) => {}
                Ok(Live::Progress { submission, evaluation, data }) => {
                    let is_ours = match &self.scope {
                        EventScope::Evaluation(id) => evaluation == *id,
                        EventScope::Submission(id) => submission == *id,
                    };
                    if is_ours {
                        return Some(Live::Progress { submission, evaluation, data });
                    }
                }
                Err(RecvError::Lagged(_) | RecvError::Closed) => return None,
            }
        }
    }

    fn daemon_has_ended(&self) -> bool {
        // One that was dropped tells nothing.
        *self.daemon_ended.borrow() || self.daemon_ended.has_changed().is_err()
    }

    async fn has_ended(&self) -> Result<bool, DaemonError> {
        Ok(match &self.scope {
            EventScope::Evaluation(id) => self.store.evaluation(id).await?.state == State::Ended,
            EventScope::Submission(id) => {
                let counts = self.store.submission(id).await?.counts;
                counts.ended == counts.total()
            }
        })
    }
}
