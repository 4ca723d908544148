//! What was submitted together.

use crate::error::{Result, StoreError};
use crate::evaluations::StateCounts;
use crate::events::insert_event;
use crate::{BlobId, EvaluationId, Store, SubmissionId};
use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, Sqlite, Transaction};

/// Evaluations of one submission at most.
pub const BATCH_MAX: usize = 2048;

/// What a client submits.
#[derive(Clone, Debug)]
pub struct NewSubmission {
    /// Whose it is: a token's id, or another name where nobody has to show one.
    pub owner: String,
    /// A client that does not know whether its request came through sends it again.
    pub idempotency: Option<Idempotency>,
    /// The client's own word for it.
    pub label: Option<String>,
    /// Whether others may read it.
    pub shared: bool,
    /// 1 to [`BATCH_MAX`].
    pub evaluations: Vec<NewEvaluation>,
}

/// Tells a repeated request from another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idempotency {
    /// The client's, good for its owner only.
    pub key: String,
    /// Of all that was asked for.
    pub body: BlobId,
}

/// One candidate for one problem.
#[derive(Clone, Debug)]
pub struct NewEvaluation {
    /// The problem's files, as JSON.
    pub problem: BlobId,
    /// The problem's name, for people.
    pub problem_name: String,
    /// Of the problem; any text that tells candidates apart.
    pub sample: String,
    /// The candidate's files and top module, as JSON.
    pub candidate: BlobId,
    /// A board selector.
    pub board: String,
    /// How far it is taken: `synth`, `pnr` or `board`.
    pub tier: String,
    /// Further options, as JSON.
    pub options: serde_json::Value,
    /// Higher ones first; 0 is usual.
    pub priority: i32,
    /// Not begun, and not gone on with, after this.
    pub deadline_ms: Option<i64>,
}

/// What became of a submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Submitted {
    /// It is in the queue.
    Created(SubmissionRow),
    /// It has been there since an earlier, equal request.
    Repeated(SubmissionRow),
    /// The key belongs to this submission, whose request was another one.
    KeyReused(SubmissionId),
}

/// A submission, without its evaluations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = SubmissionSummary))]
pub struct SubmissionRow {
    /// Its name.
    pub id: SubmissionId,
    /// Whose: a token's id, or `local`.
    pub owner: String,
    /// The client's own word for it.
    pub label: Option<String>,
    /// Whether everybody with a token may read it.
    pub shared: bool,
    /// When it was accepted.
    pub created_ms: i64,
    /// How its evaluations stand.
    pub counts: StateCounts,
}

impl Store {
    /// Puts evaluations into the queue, all or none.
    ///
    /// # Errors
    /// When there are none or too many, when a blob is not in the store, or when the
    /// database cannot be written.
    pub async fn submit(&self, new: &NewSubmission) -> Result<Submitted> {
        let found = new.evaluations.len();
        if found == 0 || found > BATCH_MAX {
            return Err(StoreError::BatchSize { found, max: BATCH_MAX });
        }
        let mut tx = self.write().await?;
        if let Some(idempotency) = &new.idempotency
            && let Some(earlier) = self.submitted_before(&new.owner, idempotency).await?
        {
            return Ok(earlier);
        }
        let (id, now) = (SubmissionId::new(), self.now_ms());
        sqlx::query(
            "INSERT INTO submissions \
             (id, owner, label, shared, created_ms, idempotency_key, body_sha256) \
             VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(id.as_str())
        .bind(&new.owner)
        .bind(&new.label)
        .bind(new.shared)
        .bind(now)
        .bind(new.idempotency.as_ref().map(|i| &i.key))
        .bind(new.idempotency.as_ref().map(|i| i.body.as_str()))
        .execute(&mut *tx)
        .await?;
        for (position, evaluation) in new.evaluations.iter().enumerate() {
            insert(&mut tx, &id, position, now, new, evaluation).await?;
        }
        tx.commit().await?;
        let counts = StateCounts { queued: found as u64, ..StateCounts::default() };
        Ok(Submitted::Created(SubmissionRow {
            id,
            owner: new.owner.clone(),
            label: new.label.clone(),
            shared: new.shared,
            created_ms: now,
            counts,
        }))
    }

    /// What became of an earlier request with this key, if there was one.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn submitted_before(
        &self,
        owner: &str,
        idempotency: &Idempotency,
    ) -> Result<Option<Submitted>> {
        let Some((id, body)) = self.by_key(owner, &idempotency.key).await? else {
            return Ok(None);
        };
        if body.as_deref() == Some(idempotency.body.as_str()) {
            return Ok(Some(Submitted::Repeated(self.submission(&id).await?)));
        }
        Ok(Some(Submitted::KeyReused(id)))
    }

    /// Whether there was a request with this key.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn knows_key(&self, owner: &str, key: &str) -> Result<bool> {
        Ok(self.by_key(owner, key).await?.is_some())
    }

    async fn by_key(
        &self,
        owner: &str,
        key: &str,
    ) -> Result<Option<(SubmissionId, Option<String>)>> {
        let row = sqlx::query(
            "SELECT id, body_sha256 FROM submissions WHERE owner = ? AND idempotency_key = ?",
        )
        .bind(owner)
        .bind(key)
        .fetch_optional(self.read())
        .await?;
        row.map(|row| Ok((SubmissionId::stored(row.try_get("id")?), row.try_get("body_sha256")?)))
            .transpose()
    }

    /// The evaluations of a submission, in its order.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn evaluation_ids(&self, id: &SubmissionId) -> Result<Vec<EvaluationId>> {
        let ids: Vec<String> =
            sqlx::query_scalar("SELECT id FROM evaluations WHERE submission = ? ORDER BY position")
                .bind(id.as_str())
                .fetch_all(self.read())
                .await?;
        Ok(ids.into_iter().map(EvaluationId::stored).collect())
    }

    /// A submission by its name.
    ///
    /// # Errors
    /// When there is none, or the database cannot be read.
    pub async fn submission(&self, id: &SubmissionId) -> Result<SubmissionRow> {
        let row = sqlx::query("SELECT * FROM submissions WHERE id = ?")
            .bind(id.as_str())
            .fetch_optional(self.read())
            .await?;
        let row =
            row.ok_or_else(|| StoreError::Missing { what: "submission", id: id.to_string() })?;
        self.submission_row(&row).await
    }

    /// Submissions, the newest first, older than `before` where that is given; those that
    /// `reader` may see.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn submissions(
        &self,
        reader: &crate::Reader,
        before: Option<&SubmissionId>,
        limit: u32,
    ) -> Result<Vec<SubmissionRow>> {
        let rows = sqlx::query(
            "SELECT * FROM submissions WHERE (? OR owner = ? OR shared = 1) AND id < ? \
             ORDER BY id DESC LIMIT ?",
        )
        .bind(reader.sees_all())
        .bind(reader.owner())
        // Greater than every id.
        .bind(before.map_or("sub_~", |id| id.as_str()))
        .bind(limit)
        .fetch_all(self.read())
        .await?;
        let mut out = Vec::with_capacity(rows.len());
        for row in &rows {
            out.push(self.submission_row(row).await?);
        }
        Ok(out)
    }

    async fn submission_row(&self, row: &SqliteRow) -> Result<SubmissionRow> {
        let id: String = row.try_get("id")?;
        let counts = sqlx::query(
            "SELECT state, COUNT(*) AS count FROM evaluations WHERE submission = ? GROUP BY state",
        )
        .bind(&id)
        .fetch_all(self.read())
        .await?;
        Ok(SubmissionRow {
            id: SubmissionId::stored(id),
            owner: row.try_get("owner")?,
            label: row.try_get("label")?,
            shared: row.try_get("shared")?,
            created_ms: row.try_get("created_ms")?,
            counts: StateCounts::of(&counts)?,
        })
    }
}

async fn insert(
    tx: &mut Transaction<'_, Sqlite>,
    submission: &SubmissionId,
    position: usize,
    now: i64,
    new: &NewSubmission,
    evaluation: &NewEvaluation,
) -> Result<()> {
    let id = EvaluationId::new();
    let inserted = sqlx::query(
        "INSERT INTO evaluations (id, submission, position, owner, shared, problem, problem_name, \
         sample, candidate, board, tier, options, priority, deadline_ms, created_ms, \
         not_before_ms, state, cancel_asked, runs) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 'queued', 0, 0)",
    )
    .bind(id.as_str())
    .bind(submission.as_str())
    .bind(position as i64)
    .bind(&new.owner)
    .bind(new.shared)
    .bind(evaluation.problem.as_str())
    .bind(&evaluation.problem_name)
    .bind(&evaluation.sample)
    .bind(evaluation.candidate.as_str())
    .bind(&evaluation.board)
    .bind(&evaluation.tier)
    .bind(evaluation.options.to_string())
    .bind(evaluation.priority)
    .bind(evaluation.deadline_ms)
    .bind(now)
    .execute(&mut **tx)
    .await;
    match inserted {
        Ok(_) => {}
        Err(sqlx::Error::Database(error)) if error.is_foreign_key_violation() => {
            let id = missing_blob(tx, evaluation).await?;
            return Err(StoreError::MissingBlob { id });
        }
        Err(error) => return Err(error.into()),
    }
    let data = serde_json::json!({ "position": position });
    insert_event(tx, submission, &id, now, "queued", &data).await?;
    Ok(())
}

async fn missing_blob(
    tx: &mut Transaction<'_, Sqlite>,
    evaluation: &NewEvaluation,
) -> Result<BlobId> {
    let found = sqlx::query("SELECT sha256 FROM blobs WHERE sha256 = ?")
        .bind(evaluation.problem.as_str())
        .fetch_optional(&mut **tx)
        .await?;
    Ok(if found.is_some() { evaluation.candidate.clone() } else { evaluation.problem.clone() })
}
