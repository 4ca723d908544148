//! What happened, in one order for all.

use crate::error::Result;
use crate::{EvaluationId, Store, SubmissionId};
use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, Sqlite, Transaction};

/// Something that happened to an evaluation.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEvent {
    /// What it was submitted with.
    pub submission: SubmissionId,
    /// To which.
    pub evaluation: EvaluationId,
    /// When.
    pub at_ms: i64,
    /// One word, such as `phase_started`.
    pub kind: String,
    /// The rest.
    pub data: serde_json::Value,
}

/// An event as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredEvent {
    /// Grows from each event to the next of the whole store. An event is visible before
    /// those with greater ids.
    pub id: i64,
    /// What the evaluation was submitted with.
    pub submission: SubmissionId,
    /// To which.
    pub evaluation: EvaluationId,
    /// When.
    pub at_ms: i64,
    /// One word. The first of an evaluation is `queued`, the last `ended`.
    pub kind: String,
    /// The rest.
    pub data: serde_json::Value,
}

impl StoredEvent {
    /// Whether nothing comes after it for its evaluation.
    pub fn is_last(&self) -> bool {
        self.kind == "ended"
    }
}

/// Whose events.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum EventScope {
    /// Of one evaluation.
    Evaluation(EvaluationId),
    /// Of all evaluations of a submission.
    Submission(SubmissionId),
}

impl EventScope {
    /// Whether the event belongs to it.
    pub fn holds(&self, event: &StoredEvent) -> bool {
        match self {
            Self::Evaluation(id) => event.evaluation == *id,
            Self::Submission(id) => event.submission == *id,
        }
    }
}

impl Store {
    /// Keeps events, all in one write; they come back with their ids. Those of evaluations
    /// that are not there any more are left out.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn add_events(&self, events: &[NewEvent]) -> Result<Vec<StoredEvent>> {
        let mut tx = self.write().await?;
        let mut stored = Vec::with_capacity(events.len());
        for event in events {
            let NewEvent { submission, evaluation, at_ms, kind, data } = event;
            match insert_event(&mut tx, submission, evaluation, *at_ms, kind, data).await {
                Ok(event) => stored.push(event),
                Err(crate::StoreError::Database(sqlx::Error::Database(error)))
                    if error.is_foreign_key_violation() => {}
                Err(error) => return Err(error),
            }
        }
        tx.commit().await?;
        Ok(stored)
    }

    /// Events after the one with the id `after` (0 for all), at most `limit`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn events(
        &self,
        scope: &EventScope,
        after: i64,
        limit: u32,
    ) -> Result<Vec<StoredEvent>> {
        let (query, id) = match scope {
            EventScope::Evaluation(id) => (
                "SELECT * FROM events WHERE evaluation = ? AND id > ? ORDER BY id LIMIT ?",
                id.as_str(),
            ),
            EventScope::Submission(id) => (
                "SELECT * FROM events WHERE submission = ? AND id > ? ORDER BY id LIMIT ?",
                id.as_str(),
            ),
        };
        let rows =
            sqlx::query(query).bind(id).bind(after).bind(limit).fetch_all(self.read()).await?;
        rows.iter().map(stored).collect()
    }
}

fn stored(row: &SqliteRow) -> Result<StoredEvent> {
    let data: String = row.try_get("data")?;
    Ok(StoredEvent {
        id: row.try_get("id")?,
        submission: SubmissionId::stored(row.try_get("submission")?),
        evaluation: EvaluationId::stored(row.try_get("evaluation")?),
        at_ms: row.try_get("at_ms")?,
        kind: row.try_get("kind")?,
        data: serde_json::from_str(&data)
            .map_err(|_| crate::StoreError::Damaged { what: "an event", text: data })?,
    })
}

pub(crate) async fn insert_event(
    tx: &mut Transaction<'_, Sqlite>,
    submission: &SubmissionId,
    evaluation: &EvaluationId,
    at_ms: i64,
    kind: &str,
    data: &serde_json::Value,
) -> Result<StoredEvent> {
    let id = sqlx::query_scalar(
        "INSERT INTO events (submission, evaluation, at_ms, kind, data) VALUES (?, ?, ?, ?, ?) \
         RETURNING id",
    )
    .bind(submission.as_str())
    .bind(evaluation.as_str())
    .bind(at_ms)
    .bind(kind)
    .bind(data.to_string())
    .fetch_one(&mut **tx)
    .await?;
    Ok(StoredEvent {
        id,
        submission: submission.clone(),
        evaluation: evaluation.clone(),
        at_ms,
        kind: kind.to_owned(),
        data: data.clone(),
    })
}
