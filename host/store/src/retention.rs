//! What goes away by itself: by age, by size, and since nobody refers to it.

use crate::error::{Result, StoreError};
use crate::{BlobId, Store};
use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use std::collections::HashSet;
use std::fs::{File, TryLockError};
use std::time::Duration;

/// Who reads artifacts as a whole holds this file, and nothing is deleted meanwhile.
pub(crate) const FILES_LOCK: &str = "artifacts.lock";
/// Submissions deleted in one write.
const CHUNK: u32 = 64;

/// How long and how much is kept. What has not ended is never touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Whole submissions, since the last of their evaluations ended.
    pub results_age: Option<Duration>,
    /// Artifacts, and events but the first and the last, since the evaluation ended.
    pub artifacts_age: Option<Duration>,
    /// Artifacts in all, in bytes; those of the evaluation that ended first go first.
    pub artifacts_bytes: Option<u64>,
    /// Blobs that nobody refers to, since they were put. Long enough for a client that
    /// uploads a problem and submits later.
    pub unused_age: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        let days = |days: u64| Duration::from_secs(days * 24 * 60 * 60);
        Self {
            results_age: None,
            artifacts_age: Some(days(30)),
            artifacts_bytes: Some(20 << 30),
            unused_age: days(1),
        }
    }
}

/// What went away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    /// With all their evaluations.
    pub submissions: u64,
    /// Files of evaluations that stay.
    pub artifacts: u64,
    /// Blobs that nobody referred to.
    pub blobs: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Store {
    /// Removes what is older or more than is kept.
    ///
    /// # Errors
    /// When the database or the artifacts' folder cannot be written. What was removed
    /// until then stays so.
    pub async fn retain(&self, retention: &Retention) -> Result<Removed> {
        let now = self.now_ms();
        let before = |age: Duration| now.saturating_sub(age.as_millis() as i64);
        let mut removed = Removed::default();
        if let Some(age) = retention.results_age {
            removed.submissions = self.remove_submissions(before(age)).await?;
        }
        if let Some(age) = retention.artifacts_age {
            removed.artifacts += self.remove_artifacts(before(age)).await?;
        }
        if let Some(bytes) = retention.artifacts_bytes
            && let Some(last) = self.oldest_to_go(bytes).await?
        {
            removed.artifacts += self.remove_artifacts(last.saturating_add(1)).await?;
        }
        self.collect(before(retention.unused_age), &mut removed).await?;
        Ok(removed)
    }

    async fn remove_submissions(&self, before_ms: i64) -> Result<u64> {
        let mut removed = 0;
        loop {
            let gone = sqlx::query(
                "DELETE FROM submissions WHERE id IN (SELECT s.id FROM submissions s \
                 WHERE s.created_ms < ? AND NOT EXISTS (SELECT 1 FROM evaluations e \
                 WHERE e.submission = s.id AND (e.state <> 'ended' OR e.ended_ms >= ?)) LIMIT ?)",
            )
            .bind(before_ms)
            .bind(before_ms)
            .bind(CHUNK)
            .execute(self.writer())
            .await?
            .rows_affected();
            removed += gone;
            if gone < u64::from(CHUNK) {
                break;
            }
        }
        sqlx::query("DELETE FROM leases WHERE ended_ms < ?")
            .bind(before_ms)
            .execute(self.writer())
            .await?;
        Ok(removed)
    }

    /// Of evaluations that ended before this.
    async fn remove_artifacts(&self, before_ms: i64) -> Result<u64> {
        let mut tx = self.write().await?;
        let gone = sqlx::query(
            "DELETE FROM artifacts WHERE evaluation IN \
             (SELECT id FROM evaluations WHERE ended_ms < ?)",
        )
        .bind(before_ms)
        .execute(&mut *tx)
        .await?
        .rows_affected();
        sqlx::query(
            "DELETE FROM events WHERE kind NOT IN ('queued', 'ended') AND evaluation IN \
             (SELECT id FROM evaluations WHERE ended_ms < ?)",
        )
        .bind(before_ms)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(gone)
    }

    /// When the last of the evaluations ended whose artifacts are more than is kept.
    async fn oldest_to_go(&self, bytes_max: u64) -> Result<Option<i64>> {
        use futures_util::TryStreamExt as _;
        let mut rows = sqlx::query(
            "SELECT e.ended_ms, a.blob, b.size FROM artifacts a \
             JOIN evaluations e ON e.id = a.evaluation JOIN blobs b ON b.sha256 = a.blob \
             ORDER BY e.ended_ms DESC",
        )
        .fetch(self.read());
        let (mut seen, mut bytes) = (HashSet::new(), 0_u64);
        while let Some(row) = rows.try_next().await? {
            let size = row.try_get::<i64, _>("size")?.cast_unsigned();
            if seen.insert(row.try_get::<String, _>("blob")?) {
                bytes += size;
            }
            if bytes > bytes_max {
                return Ok(Some(row.try_get("ended_ms")?));
            }
        }
        Ok(None)
    }

    /// Deletes blobs that nobody refers to, and files that no blob is in.
    async fn collect(&self, before_ms: i64, removed: &mut Removed) -> Result<()> {
        let Some(_lock) = self.lock_files()? else {
            tracing::info!("a backup is being made; files are left for the next time");
            return Ok(());
        };
        let _files = self.inner.files.write().await;
        let mut tx = self.write().await?;
        let gone = sqlx::query(
            "DELETE FROM blobs WHERE touched_ms < ? \
             AND NOT EXISTS (SELECT 1 FROM evaluations WHERE problem = sha256) \
             AND NOT EXISTS (SELECT 1 FROM evaluations WHERE candidate = sha256) \
             AND NOT EXISTS (SELECT 1 FROM evaluations WHERE record = sha256) \
             AND NOT EXISTS (SELECT 1 FROM artifacts WHERE blob = sha256) \
             RETURNING size",
        )
        .bind(before_ms)
        .fetch_all(&mut *tx)
        .await?;
        tx.commit().await?;
        for row in &gone {
            removed.blobs += 1;
            removed.bytes += row.try_get::<i64, _>(0)?.cast_unsigned();
        }
        // Nobody writes files now, so one without a row is nobody's: of a blob that just
        // went, or of a process that was killed before it wrote the row.
        let rows = sqlx::query("SELECT sha256 FROM blobs WHERE contents IS NULL")
            .fetch_all(self.read())
            .await?;
        let known: HashSet<BlobId> =
            rows.iter().map(|row| Ok(BlobId::stored(row.try_get(0)?))).collect::<Result<_>>()?;
        for (id, _) in self.artifact_files().await? {
            if !known.contains(&id) {
                self.delete_file(&id).await?;
            }
        }
        Ok(())
    }

    /// The right to delete files; `None` while another process reads them as a whole.
    fn lock_files(&self) -> Result<Option<File>> {
        let file = self.files_lock()?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => {
                let path = self.inner.dir.join(FILES_LOCK);
                Err(StoreError::Io { action: "lock", path, source })
            }
        }
    }

    pub(crate) fn files_lock(&self) -> Result<File> {
        let path = self.inner.dir.join(FILES_LOCK);
        File::create(&path).map_err(|source| StoreError::Io { action: "create", path, source })
    }
}
