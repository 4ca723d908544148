//! The daemon's face.

use crate::boards::{BoardStatus, Boards, Shelf, Trail, UartBytes, VirtualShelf};
use crate::config::DaemonConfig;
use crate::dispatcher;
use crate::error::DaemonError;
use crate::evaluator::{Evaluator, Tools};
use crate::events::{EventStream, Hub};
use crate::run::Stop;
use crate::shares::Shares;
use crate::snapshot::{self, Counters, Snapshot};
use filbench_model::with_causes;
use filbench_run::Context;
use filbench_store::{
    Cancelled, EvaluationId, EventScope, LeaseEnd, LeaseId, LeaseRow, NewSubmission, Store,
    SubmissionId, Submitted,
};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

/// How often leases, deadlines and boards are looked at.
const TICK: Duration = Duration::from_secs(1);
/// How often old things go.
const RETAIN_MS: i64 = 60 * 60 * 1000;
/// How long runs that are told to stop may take to write that down.
const PUT_AWAY: Duration = Duration::from_secs(10);

/// What all parts of a daemon share.
pub(crate) struct Inner {
    pub(crate) store: Store,
    pub(crate) hub: Hub,
    pub(crate) boards: Arc<Boards>,
    pub(crate) evaluator: Arc<dyn Evaluator>,
    pub(crate) config: DaemonConfig,
    pub(crate) epoch: i64,
    pub(crate) counters: Counters,
    /// There may be something to begin.
    pub(crate) wake: Notify,
    running: Mutex<HashMap<EvaluationId, watch::Sender<Stop>>>,
    trails: Mutex<HashMap<EvaluationId, Trail>>,
    shares: Mutex<Shares>,
    draining: watch::Sender<bool>,
    started: Instant,
}

/// A running daemon; cheap to clone.
#[derive(Clone)]
pub struct Daemon {
    inner: Arc<Inner>,
    dispatcher: Arc<Mutex<Option<JoinHandle<()>>>>,
}

impl Daemon {
    /// Takes the store over, and begins to judge what waits in it, with the tools of
    /// `context` on the configured boards, which are virtual.
    ///
    /// # Errors
    /// When the configuration is wrong, another daemon has the store, or it cannot be
    /// written.
    pub async fn start(
        config: DaemonConfig,
        store: Store,
        context: Context,
    ) -> Result<Self, DaemonError> {
        let shelf = Arc::new(VirtualShelf { program: context.program().to_owned() });
        let context = context.with_slots(config.slots, config.workers);
        Self::start_with(config, store, Arc::new(Tools::new(context)), shelf).await
    }

    /// Like [`start`](Self::start), with other tools and boards.
    ///
    /// # Errors
    /// Those of `start`.
    pub async fn start_with(
        config: DaemonConfig,
        store: Store,
        evaluator: Arc<dyn Evaluator>,
        shelf: Arc<dyn Shelf>,
    ) -> Result<Self, DaemonError> {
        config.check()?;
        let epoch = store.take_over().await?;
        if !epoch.lost.is_empty() {
            tracing::warn!(
                runs = epoch.lost.len(),
                "an earlier daemon ended in the middle of runs; they are queued again"
            );
        }
        let boards =
            Boards::new(store.clone(), shelf, &config.boards, config.limits, epoch.number).await?;
        let inner = Arc::new(Inner {
            hub: Hub::start(store.clone()),
            boards: Arc::new(boards),
            evaluator,
            epoch: epoch.number,
            counters: Counters::default(),
            wake: Notify::new(),
            running: Mutex::default(),
            trails: Mutex::default(),
            shares: Mutex::default(),
            draining: watch::Sender::new(false),
            started: Instant::now(),
            config,
            store,
        });
        let dispatcher = tokio::spawn(dispatcher::dispatch(Arc::clone(&inner)));
        tokio::spawn(look_after(Arc::clone(&inner)));
        Ok(Self { inner, dispatcher: Arc::new(Mutex::new(Some(dispatcher))) })
    }

    /// The store, for reading.
    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    /// As configured.
    pub fn config(&self) -> &DaemonConfig {
        &self.inner.config
    }

    /// Puts evaluations into the queue. What this returns is on the disk.
    ///
    /// # Errors
    /// When the daemon ends, a board is not here, or the store does not take it.
    pub async fn submit(&self, new: &NewSubmission) -> Result<Submitted, DaemonError> {
        if self.inner.is_draining() {
            return Err(DaemonError::Draining);
        }
        let mut checked: Option<&str> = None;
        for evaluation in &new.evaluations {
            if checked != Some(&evaluation.board) {
                self.check_selector(&evaluation.board)?;
                checked = Some(&evaluation.board);
            }
        }
        let submitted = self.inner.store.submit(new).await?;
        self.inner.wake.notify_one();
        Ok(submitted)
    }

    /// Cancels an evaluation. One that runs ends in a moment; `false` where it had ended.
    ///
    /// # Errors
    /// When there is none, or the store cannot be written.
    pub async fn cancel(&self, id: &EvaluationId) -> Result<bool, DaemonError> {
        match self.inner.store.cancel(id).await? {
            Cancelled::Over => Ok(false),
            cancelled => {
                self.inner.cancelled(id, cancelled);
                Ok(true)
            }
        }
    }

    /// Cancels what has not ended of a submission, and tells how many that were.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn cancel_submission(&self, id: &SubmissionId) -> Result<usize, DaemonError> {
        let done = self.inner.store.cancel_submission(id).await?;
        let count = done.len();
        for (id, cancelled) in done {
            self.inner.cancelled(&id, cancelled);
        }
        Ok(count)
    }

    /// Events after the one with the id `after` (0 for all), and those that come.
    pub fn subscribe(&self, scope: EventScope, after: i64) -> EventStream {
        EventStream::new(self.inner.store.clone(), &self.inner.hub, scope, after)
    }

    /// Every board as it stands.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn boards(&self) -> Result<Vec<BoardStatus>, DaemonError> {
        self.inner.boards.status().await
    }

    /// Whether a board here is meant by one selector, or by each of several with commas
    /// between them.
    ///
    /// # Errors
    /// What would do instead.
    pub fn check_selector(&self, text: &str) -> Result<(), DaemonError> {
        self.inner.boards.check_selector(text)
    }

    /// Leases a board to `holder` for `ttl`, or a while; waits so long, or a while, for one
    /// that somebody has.
    ///
    /// # Errors
    /// When there is none, or none becomes free.
    pub async fn lease(
        &self,
        selector: &str,
        holder: &str,
        ttl: Option<Duration>,
        wait: Option<Duration>,
    ) -> Result<LeaseRow, DaemonError> {
        self.inner.boards.lease(selector, holder, ttl, wait).await
    }

    /// Gives a lease `ttl`, or a while, from now.
    ///
    /// # Errors
    /// When it has ended or is of another generation.
    pub async fn extend(
        &self,
        id: &LeaseId,
        generation: i64,
        ttl: Option<Duration>,
    ) -> Result<LeaseRow, DaemonError> {
        self.inner.boards.extend(id, generation, ttl).await
    }

    /// Ends a lease of somebody's own, and makes its board safe.
    ///
    /// # Errors
    /// When there is none, or it is a play's.
    pub async fn release(&self, id: &LeaseId, ending: LeaseEnd) -> Result<LeaseRow, DaemonError> {
        self.inner.boards.release(id, ending).await
    }

    /// Loads a bitstream into the board of a lease.
    ///
    /// # Errors
    /// When the lease has ended or is of another generation, or the board fails.
    pub async fn program(
        &self,
        id: &LeaseId,
        generation: i64,
        bitstream: &[u8],
    ) -> Result<LeaseRow, DaemonError> {
        self.inner.boards.program(id, generation, bitstream).await
    }

    /// The bytes that the board of a lease sent, from number `from` on, at most `max`;
    /// where there are none yet, waits so long for some.
    ///
    /// # Errors
    /// When the lease has ended or is of another generation, or nothing was loaded.
    pub async fn uart_read(
        &self,
        id: &LeaseId,
        generation: i64,
        from: u64,
        max: usize,
        wait: Duration,
    ) -> Result<UartBytes, DaemonError> {
        self.inner.boards.uart_read(id, generation, from, max, wait).await
    }

    /// Sends bytes to the board of a lease.
    ///
    /// # Errors
    /// When the lease has ended or is of another generation, nothing was loaded, or the
    /// line is broken.
    pub async fn uart_write(
        &self,
        id: &LeaseId,
        generation: i64,
        bytes: Vec<u8>,
    ) -> Result<(), DaemonError> {
        self.inner.boards.uart_write(id, generation, bytes).await
    }

    /// Takes a board out of service, until it passes a test that
    /// [`test_board`](Self::test_board) asks for.
    ///
    /// # Errors
    /// When there is none.
    pub async fn quarantine(&self, board: &str, reason: &str) -> Result<(), DaemonError> {
        self.inner.boards.quarantine(board, reason).await
    }

    /// Has a board in quarantine tested as soon as nobody has it.
    ///
    /// # Errors
    /// When there is none.
    pub async fn test_board(&self, board: &str) -> Result<(), DaemonError> {
        self.inner.boards.ask_for_test(board).await
    }

    /// Figures for meters.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn snapshot(&self) -> Result<Snapshot, DaemonError> {
        let Inner { store, boards, counters, epoch, .. } = &*self.inner;
        Ok(Snapshot {
            epoch: *epoch,
            uptime_s: self.inner.started.elapsed().as_secs_f64(),
            is_draining: self.inner.is_draining(),
            evaluations: store.state_counts().await?,
            verdicts: store.verdict_counts().await?,
            boards: snapshot::boards(boards.counts()),
            phases: counters.phases(),
            faulty_runs: counters.faulty_runs(),
        })
    }

    /// Whether it takes work: the store answers, and it does not drain.
    pub async fn is_ready(&self) -> bool {
        !self.inner.is_draining() && self.inner.store.ping().await.is_ok()
    }

    /// Looks at leases, deadlines and boards now, which it does every second by itself.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn tick(&self) -> Result<(), DaemonError> {
        tick(&self.inner).await
    }

    /// Ends the daemon: takes nothing new, waits `patience` for what runs, and puts the
    /// rest back into the queue. The store is free for another daemon afterwards.
    pub async fn drain(&self, patience: Duration) {
        self.inner.draining.send_replace(true);
        self.inner.wake.notify_one();
        let dispatcher = self.dispatcher.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut dispatcher) = dispatcher
            && tokio::time::timeout(patience, &mut dispatcher).await.is_err()
        {
            self.inner.stop_all();
            if tokio::time::timeout(PUT_AWAY, &mut dispatcher).await.is_err() {
                tracing::error!("runs were not put away; the next start queues them again");
                dispatcher.abort();
            }
        }
        self.inner.evaluator.stop();
        self.inner.hub.flush().await;
        self.inner.hub.end().await;
        self.inner.store.close().await;
    }
}

impl Inner {
    pub(crate) fn is_draining(&self) -> bool {
        *self.draining.borrow()
    }

    pub(crate) fn shares(&self) -> MutexGuard<'_, Shares> {
        lock(&self.shares)
    }

    /// How long an evaluation waits after the lab failed so many of its runs, in ms.
    pub(crate) fn pause(&self, failed: u32) -> i64 {
        let factor = 4_u32.saturating_pow(failed.saturating_sub(1).min(8));
        let pause = self.config.limits.retry_after.saturating_mul(factor);
        i64::try_from(pause.as_millis()).unwrap_or(i64::MAX)
    }

    /// Returns when it is `at_ms` by the store's clock; never, where there is no such time.
    pub(crate) async fn reaches(&self, at_ms: Option<i64>) {
        let Some(at_ms) = at_ms else { return std::future::pending().await };
        loop {
            let left = at_ms.saturating_sub(self.store.now_ms());
            let Ok(left) = u64::try_from(left) else { return };
            tokio::time::sleep(Duration::from_millis(left.saturating_add(1)).min(TICK)).await;
        }
    }

    /// What failed in earlier runs of an evaluation.
    pub(crate) fn trail(&self, id: &EvaluationId) -> Trail {
        lock(&self.trails).entry(id.clone()).or_default().clone()
    }

    /// An evaluation has ended.
    pub(crate) fn forget(&self, id: &EvaluationId) {
        lock(&self.trails).remove(id);
    }

    pub(crate) fn watch(&self, id: &EvaluationId) -> watch::Receiver<Stop> {
        let (stop, stopped) = watch::channel(Stop::No);
        lock(&self.running).insert(id.clone(), stop);
        stopped
    }

    pub(crate) fn unwatch(&self, id: &EvaluationId) {
        lock(&self.running).remove(id);
    }

    /// Tells whom a cancellation concerns.
    fn cancelled(&self, id: &EvaluationId, cancelled: Cancelled) {
        match cancelled {
            Cancelled::Over => {}
            Cancelled::Ended(event) => {
                self.forget(id);
                self.hub.tell(event);
            }
            Cancelled::Asked(_) => self.stop_one(id, Stop::Cancel),
        }
    }

    pub(crate) fn stop_one(&self, id: &EvaluationId, stop: Stop) {
        if let Some(running) = lock(&self.running).get(id) {
            running.send_replace(stop);
        }
    }

    fn stop_all(&self) {
        for running in lock(&self.running).values() {
            running.send_if_modified(|stop| {
                let goes_on = *stop == Stop::No;
                if goes_on {
                    *stop = Stop::HandBack;
                }
                goes_on
            });
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // All of them are whole after every change, even one that panicked.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What has to be done now and then.
async fn look_after(inner: Arc<Inner>) {
    let mut draining = inner.draining.subscribe();
    let mut retained_ms = None;
    loop {
        if let Err(error) = tick(&inner).await {
            tracing::error!(error = with_causes(&error), "leases and boards were not looked at");
        }
        let now = inner.store.now_ms();
        if retained_ms.is_none_or(|at| now >= at + RETAIN_MS) {
            retained_ms = Some(now);
            match inner.store.retain(&inner.config.retention).await {
                Ok(removed) => tracing::debug!(?removed, "old things were removed"),
                Err(error) => {
                    tracing::error!(error = with_causes(&error), "old things were not removed")
                }
            }
        }
        tokio::select! {
            () = tokio::time::sleep(TICK) => {}
            _ = draining.wait_for(|draining| *draining) => return,
        }
    }
}

async fn tick(inner: &Arc<Inner>) -> Result<(), DaemonError> {
    for event in inner.store.end_overdue().await? {
        inner.forget(&event.evaluation);
        inner.hub.tell(event);
    }
    inner.boards.look_at_leases().await?;
    for board in inner.boards.due_tests() {
        let inner = Arc::clone(inner);
        tokio::spawn(async move {
            let mut draining = inner.draining.subscribe();
            tokio::select! {
                // A test that the daemon's end cut short says nothing about the board.
                _ = draining.wait_for(|draining| *draining) => {}
                // What it finds is written down and told where it is found.
                _ = inner.boards.test(&*inner.evaluator, &board) => {}
            }
        });
    }
    Ok(())
}
