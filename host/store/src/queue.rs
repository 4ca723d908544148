//! An evaluation's way from the queue to its end.
//!
//! Every step is one transaction that names the state it starts from, so that of two
//! that want to make it only one does.

use crate::error::{Result, StoreError};
use crate::evaluations::EvaluationRow;
use crate::events::insert_event;
use crate::store::Store;
use crate::{BlobId, EvaluationId, RunId, State, StoredEvent, SubmissionId};
use bytes::Bytes;
use filbench_model::{Fault, Verdict};
use serde_json::json;
use sqlx::{Row as _, Sqlite, Transaction};

/// A daemon's turn with the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Epoch {
    /// Grows with each start of a daemon.
    pub number: i64,
    /// What an earlier daemon did not bring to an end.
    pub lost: Vec<Lost>,
}

/// A run whose daemon has gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// Which.
    pub run: RunId,
    /// Of this evaluation, which is in the queue again.
    pub evaluation: EvaluationId,
}

/// Evaluations that wait and may begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Whose.
    pub owner: String,
    /// Their priority.
    pub priority: i32,
    /// How many.
    pub count: u64,
}

/// An evaluation that this run is at.
#[derive(Clone, Debug, PartialEq)]
pub struct Claimed {
    /// The evaluation, running.
    pub evaluation: EvaluationRow,
    /// The run.
    pub run: RunId,
}

/// A verdict and what comes with it.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The verdict.
    pub verdict: Verdict,
    /// The record of results, as JSON.
    pub record: Bytes,
    /// Files, by name.
    pub artifacts: Vec<(String, Bytes)>,
}

/// Why an evaluation ends without a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Somebody asked for it.
    Cancelled,
    /// It was not ready in time.
    Deadline,
}

impl Ending {
    /// As the database and JSON have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::Deadline => "deadline",
        }
    }
}

/// What a cancellation did.
#[derive(Clone, Debug, PartialEq)]
pub enum Cancelled {
    /// It waited, and has ended.
    Ended(StoredEvent),
    /// It runs; whoever runs it has to end it.
    Asked(RunId),
    /// It had ended before.
    Over,
}

impl Store {
    /// Takes the store over for a daemon: for as long as this store lives, no other can.
    /// What earlier daemons left running is in the queue again, and their leases for runs
    /// have ended.
    ///
    /// # Errors
    /// When another daemon has the store, or the database cannot be written.
    pub async fn take_over(&self) -> Result<Epoch> {
        self.lock_for_daemon()?;
        let now = self.now_ms();
        let mut tx = self.write().await?;
        let number: i64 = sqlx::query_scalar("UPDATE daemon SET epoch = epoch + 1 RETURNING epoch")
            .fetch_one(&mut *tx)
            .await?;
        let rows = sqlx::query("SELECT * FROM evaluations WHERE state = 'running'")
            .fetch_all(&mut *tx)
            .await?;
        let mut lost = Vec::with_capacity(rows.len());
        for row in &rows {
            let row = EvaluationRow::of(row)?;
            let Some(run) = row.run.clone() else { continue };
            give_back(&mut tx, &row, &run, "lost", None, 0, now).await?;
            lost.push(Lost { run, evaluation: row.id });
        }
        sqlx::query(
            "UPDATE leases SET ended_ms = ?, ending = 'lost' \
             WHERE ended_ms IS NULL AND purpose = 'run'",
        )
        .bind(now)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(Epoch { number, lost })
    }

    fn lock_for_daemon(&self) -> Result<()> {
        let mut taken = self.inner.taken.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if taken.is_some() {
            return Err(StoreError::InUse { path: self.inner.dir.clone() });
        }
        let path = self.inner.dir.join("daemon.lock");
        let io = |action, source| StoreError::Io { action, path: path.clone(), source };
        let file = std::fs::File::create(&path).map_err(|source| io("create", source))?;
        match file.try_lock() {
            Ok(()) => {
                *taken = Some(file);
                Ok(())
            }
            Err(std::fs::TryLockError::WouldBlock) => {
                Err(StoreError::InUse { path: self.inner.dir.clone() })
            }
            Err(std::fs::TryLockError::Error(source)) => Err(io("lock", source)),
        }
    }

    /// What waits and may begin, by priority and owner; the highest priority first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn waiting(&self) -> Result<Vec<Waiting>> {
        let rows = sqlx::query(
            "SELECT priority, owner, COUNT(*) AS count FROM evaluations \
             WHERE state = 'queued' AND not_before_ms <= ? GROUP BY priority, owner \
             ORDER BY priority DESC, owner",
        )
        .bind(self.now_ms())
        .fetch_all(self.read())
        .await?;
        let waiting = |row: &sqlx::sqlite::SqliteRow| {
            Ok(Waiting {
                owner: row.try_get("owner")?,
                priority: row.try_get("priority")?,
                count: row.try_get::<i64, _>("count")?.cast_unsigned(),
            })
        };
        rows.iter().map(waiting).collect()
    }

    /// Begins a run of the oldest evaluation of `owner` with `priority`; `None` where none
    /// waits.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn claim(
        &self,
        owner: &str,
        priority: i32,
        epoch: i64,
    ) -> Result<Option<(Claimed, StoredEvent)>> {
        let now = self.now_ms();
        let mut tx = self.write().await?;
        let row = sqlx::query(
            "SELECT * FROM evaluations WHERE state = 'queued' AND priority = ? AND owner = ? \
             AND not_before_ms <= ? ORDER BY id LIMIT 1",
        )
        .bind(priority)
        .bind(owner)
        .bind(now)
        .fetch_optional(&mut *tx)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let (mut row, run) = (EvaluationRow::of(&row)?, RunId::new());
        row.state = State::Running;
        row.run = Some(run.clone());
        row.runs += 1;
        row.started_ms = row.started_ms.or(Some(now));
        sqlx::query(
            "UPDATE evaluations SET state = 'running', run = ?, runs = ?, started_ms = ? \
             WHERE id = ?",
        )
        .bind(run.as_str())
        .bind(row.runs)
        .bind(row.started_ms)
        .bind(row.id.as_str())
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "INSERT INTO runs (id, evaluation, number, epoch, started_ms) VALUES (?, ?, ?, ?, ?)",
        )
        .bind(run.as_str())
        .bind(row.id.as_str())
        .bind(row.runs)
        .bind(epoch)
        .bind(now)
        .execute(&mut *tx)
        .await?;
        let data = json!({ "run": run, "number": row.runs });
        let event = insert_event(&mut tx, &row.submission, &row.id, now, "started", &data).await?;
        tx.commit().await?;
        Ok(Some((Claimed { evaluation: row, run }, event)))
    }

    /// Ends an evaluation with the verdict of `run`; `None` where that run is not at it any
    /// more.
    ///
    /// # Errors
    /// When the verdict cannot be written. The evaluation still runs then.
    pub async fn judge(
        &self,
        id: &EvaluationId,
        run: &RunId,
        judged: &Judged,
    ) -> Result<Option<StoredEvent>> {
        let named = |bytes: &Bytes| (BlobId::of(bytes), bytes.clone());
        let mut blobs = vec![named(&judged.record)];
        blobs.extend(judged.artifacts.iter().map(|(_, bytes)| named(bytes)));
        let _files = self.inner.files.read().await;
        self.put_files(&blobs).await?;
        let now = self.now_ms();
        let mut tx = self.write().await?;
        let Some(row) = running(&mut tx, id, run).await? else { return Ok(None) };
        self.put_rows(&mut tx, &blobs).await?;
        let verdict = &judged.verdict;
        let stage = verdict.stage.map(|stage| stage.to_string());
        sqlx::query(
            "UPDATE evaluations SET state = 'ended', run = NULL, ended_ms = ?, ending = 'judged', \
             outcome = ?, stage = ?, reason = ?, record = ? WHERE id = ?",
        )
        .bind(now)
        .bind(verdict.outcome.to_string())
        .bind(&stage)
        .bind(&verdict.reason)
        .bind(blobs[0].0.as_str())
        .bind(id.as_str())
        .execute(&mut *tx)
        .await?;
        for ((name, _), (blob, _)) in judged.artifacts.iter().zip(&blobs[1..]) {
            sqlx::query("INSERT INTO artifacts (evaluation, name, blob) VALUES (?, ?, ?)")
                .bind(id.as_str())
                .bind(name)
                .bind(blob.as_str())
                .execute(&mut *tx)
                .await?;
        }
        end_run(&mut tx, run, "judged", None, now).await?;
        let data = json!({ "ending": "judged", "verdict": verdict });
        let event = insert_event(&mut tx, &row.submission, id, now, "ended", &data).await?;
        tx.commit().await?;
        Ok(Some(event))
    }

    /// Ends an evaluation at which `run` is without a verdict; `None` where that run is not
    /// at it any more.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn end(
        &self,
        id: &EvaluationId,
        run: &RunId,
        ending: Ending,
    ) -> Result<Option<StoredEvent>> {
        let now = self.now_ms();
        let mut tx = self.write().await?;
        let Some(row) = running(&mut tx, id, run).await? else { return Ok(None) };
        end_run(&mut tx, run, ending.name(), None, now).await?;
        let event = end_unjudged(&mut tx, &row, ending, now).await?;
        tx.commit().await?;
        Ok(Some(event))
    }

    /// Puts an evaluation at which `run` is back into the queue: after a `fault` of the
    /// lab, or since the daemon ends. One that was asked to be cancelled ends instead.
    /// `None` where that run is not at it any more.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn requeue(
        &self,
        id: &EvaluationId,
        run: &RunId,
        fault: Option<&Fault>,
        not_before_ms: i64,
    ) -> Result<Option<StoredEvent>> {
        let now = self.now_ms();
        let mut tx = self.write().await?;
        let Some(row) = running(&mut tx, id, run).await? else { return Ok(None) };
        let ending = if fault.is_some() { "fault" } else { "handed_back" };
        let event = give_back(&mut tx, &row, run, ending, fault, not_before_ms, now).await?;
        tx.commit().await?;
        Ok(Some(event))
    }

    /// Cancels an evaluation, as far as that is in the store's power.
    ///
    /// # Errors
    /// When there is none, or the database cannot be written.
    pub async fn cancel(&self, id: &EvaluationId) -> Result<Cancelled> {
        let now = self.now_ms();
        let mut tx = self.write().await?;
        let row = sqlx::query("SELECT * FROM evaluations WHERE id = ?")
            .bind(id.as_str())
            .fetch_optional(&mut *tx)
            .await?;
        let row =
            row.ok_or_else(|| StoreError::Missing { what: "evaluation", id: id.to_string() })?;
        let done = cancel(&mut tx, &EvaluationRow::of(&row)?, now).await?;
        tx.commit().await?;
        Ok(done)
    }

    /// Cancels the evaluations of a submission that have not ended, all in one write.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn cancel_submission(
        &self,
        id: &SubmissionId,
    ) -> Result<Vec<(EvaluationId, Cancelled)>> {
        let now = self.now_ms();
        let mut tx = self.write().await?;
        let rows = sqlx::query(
            "SELECT * FROM evaluations WHERE submission = ? AND state <> 'ended' ORDER BY id",
        )
        .bind(id.as_str())
        .fetch_all(&mut *tx)
        .await?;
        let mut done = Vec::with_capacity(rows.len());
        for row in &rows {
            let row = EvaluationRow::of(row)?;
            let cancelled = cancel(&mut tx, &row, now).await?;
            done.push((row.id, cancelled));
        }
        tx.commit().await?;
        Ok(done)
    }

    /// Ends what waits past its deadline.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn end_overdue(&self) -> Result<Vec<StoredEvent>> {
        const OVERDUE: &str =
            "SELECT * FROM evaluations WHERE state = 'queued' AND deadline_ms < ?";
        let now = self.now_ms();
        if sqlx::query(OVERDUE).bind(now).fetch_optional(self.read()).await?.is_none() {
            return Ok(Vec::new());
        }
        let mut tx = self.write().await?;
        let rows = sqlx::query(OVERDUE).bind(now).fetch_all(&mut *tx).await?;
        let mut events = Vec::with_capacity(rows.len());
        for row in &rows {
            let row = EvaluationRow::of(row)?;
            events.push(end_unjudged(&mut tx, &row, Ending::Deadline, now).await?);
        }
        tx.commit().await?;
        Ok(events)
    }
}

async fn cancel(
    tx: &mut Transaction<'_, Sqlite>,
    row: &EvaluationRow,
    now: i64,
) -> Result<Cancelled> {
    match (row.state, &row.run) {
        (State::Ended, _) => Ok(Cancelled::Over),
        (State::Running, Some(run)) => {
            sqlx::query("UPDATE evaluations SET cancel_asked = 1 WHERE id = ?")
                .bind(row.id.as_str())
                .execute(&mut **tx)
                .await?;
            Ok(Cancelled::Asked(run.clone()))
        }
        (State::Queued | State::Running, _) => {
            Ok(Cancelled::Ended(end_unjudged(tx, row, Ending::Cancelled, now).await?))
        }
    }
}

/// The evaluation, if `run` is at it.
async fn running(
    tx: &mut Transaction<'_, Sqlite>,
    id: &EvaluationId,
    run: &RunId,
) -> Result<Option<EvaluationRow>> {
    let row =
        sqlx::query("SELECT * FROM evaluations WHERE id = ? AND state = 'running' AND run = ?")
            .bind(id.as_str())
            .bind(run.as_str())
            .fetch_optional(&mut **tx)
            .await?;
    row.as_ref().map(EvaluationRow::of).transpose()
}

async fn end_run(
    tx: &mut Transaction<'_, Sqlite>,
    run: &RunId,
    ending: &str,
    fault: Option<&Fault>,
    now: i64,
) -> Result<()> {
    sqlx::query("UPDATE runs SET ended_ms = ?, ending = ?, fault = ? WHERE id = ?")
        .bind(now)
        .bind(ending)
        .bind(fault.map(|fault| &fault.message))
        .bind(run.as_str())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

async fn give_back(
    tx: &mut Transaction<'_, Sqlite>,
    row: &EvaluationRow,
    run: &RunId,
    ending: &str,
    fault: Option<&Fault>,
    not_before_ms: i64,
    now: i64,
) -> Result<StoredEvent> {
    end_run(tx, run, ending, fault, now).await?;
    if row.cancel_asked {
        return end_unjudged(tx, row, Ending::Cancelled, now).await;
    }
    sqlx::query(
        "UPDATE evaluations SET state = 'queued', run = NULL, not_before_ms = ? WHERE id = ?",
    )
    .bind(not_before_ms)
    .bind(row.id.as_str())
    .execute(&mut **tx)
    .await?;
    let data = json!({ "run": run, "why": ending, "fault": fault });
    insert_event(tx, &row.submission, &row.id, now, "requeued", &data).await
}

async fn end_unjudged(
    tx: &mut Transaction<'_, Sqlite>,
    row: &EvaluationRow,
    ending: Ending,
    now: i64,
) -> Result<StoredEvent> {
    sqlx::query(
        "UPDATE evaluations SET state = 'ended', run = NULL, ended_ms = ?, ending = ? WHERE id = ?",
    )
    .bind(now)
    .bind(ending.name())
    .bind(row.id.as_str())
    .execute(&mut **tx)
    .await?;
    let submission: &SubmissionId = &row.submission;
    let data = json!({ "ending": ending.name() });
    insert_event(tx, submission, &row.id, now, "ended", &data).await
}
