//! Boards for a while.
//!
//! A board has one lease at a time; each has the next generation of its board. **A lease
//! that has expired has ended, whether or not anybody has written that down.**

use crate::error::{Result, StoreError};
use crate::{LeaseId, Store};
use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use std::fmt;

/// What a board is leased for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// A play, or a test of the board; ends with its daemon.
    Run,
    /// A person or a CI job.
    Interactive,
}

/// How a lease ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LeaseEnd {
    /// Its holder gave the board back.
    Released,
    /// Nobody asked for more time.
    Expired,
    /// An operator took the board away.
    Revoked,
    /// Its daemon ended without giving the board back.
    Lost,
}

impl LeaseEnd {
    fn name(self) -> &'static str {
        match self {
            Self::Released => "released",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::Lost => "lost",
        }
    }

    fn of(text: &str) -> Result<Self> {
        [Self::Released, Self::Expired, Self::Revoked, Self::Lost]
            .into_iter()
            .find(|end| end.name() == text)
            .ok_or_else(|| StoreError::Damaged { what: "a lease's end", text: text.to_owned() })
    }
}

impl fmt::Display for LeaseEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLease {
    /// Which board; the store has to know it.
    pub board: String,
    /// What for.
    pub purpose: Purpose,
    /// Who: a token's id, or a run's.
    pub holder: String,
    /// The daemon's.
    pub epoch: i64,
    /// For how long, unless it is extended.
    pub ttl_ms: i64,
}

/// A lease.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = LeaseView))]
pub struct LeaseRow {
    /// Its name.
    pub id: LeaseId,
    /// The board.
    pub board: String,
    /// Goes with every command to the board.
    pub generation: i64,
    /// What for.
    pub purpose: Purpose,
    /// Who has it: a token's id, `local`, or a run.
    pub holder: String,
    /// Since when.
    pub created_ms: i64,
    /// Until when, unless it is extended.
    pub expires_ms: i64,
    /// When it ended.
    pub ended_ms: Option<i64>,
    /// How it ended.
    pub ending: Option<LeaseEnd>,
}

impl LeaseRow {
    /// Whether its holder still has the board.
    pub fn is_active(&self, now_ms: i64) -> bool {
        self.ended_ms.is_none() && self.expires_ms > now_ms
    }

    fn stale(&self) -> StoreError {
        let ending = self.ending.unwrap_or(LeaseEnd::Expired);
        StoreError::StaleLease {
            lease: self.id.to_string(),
            generation: self.generation,
            ending: ending.to_string(),
        }
    }

    fn of(row: &SqliteRow) -> Result<Self> {
        let ending: Option<String> = row.try_get("ending")?;
        let purpose: String = row.try_get("purpose")?;
        Ok(Self {
            id: LeaseId::stored(row.try_get("id")?),
            board: row.try_get("board")?,
            generation: row.try_get("generation")?,
            purpose: match purpose.as_str() {
                "run" => Purpose::Run,
                "interactive" => Purpose::Interactive,
                _ => return Err(StoreError::Damaged { what: "a purpose", text: purpose }),
            },
            holder: row.try_get("holder")?,
            created_ms: row.try_get("created_ms")?,
            expires_ms: row.try_get("expires_ms")?,
            ended_ms: row.try_get("ended_ms")?,
            ending: ending.as_deref().map(LeaseEnd::of).transpose()?,
        })
    }
}

impl Store {
    /// Leases a board that nobody has.
    ///
    /// # Errors
    /// When somebody has it, or the database cannot be written.
    pub async fn take_lease(&self, new: &NewLease) -> Result<LeaseRow> {
        let now = self.now_ms();
        let mut tx = self.write().await?;
        let held = sqlx::query(
            "SELECT * FROM leases WHERE board = ? AND ended_ms IS NULL AND expires_ms > ?",
        )
        .bind(&new.board)
        .bind(now)
        .fetch_optional(&mut *tx)
        .await?;
        if let Some(row) = held {
            let LeaseRow { board, holder, expires_ms, .. } = LeaseRow::of(&row)?;
            return Err(StoreError::Leased { board, holder, expires_ms });
        }
        sqlx::query(
            "UPDATE leases SET ended_ms = expires_ms, ending = 'expired' \
             WHERE board = ? AND ended_ms IS NULL",
        )
        .bind(&new.board)
        .execute(&mut *tx)
        .await?;
        let generation: Option<i64> = sqlx::query_scalar(
            "UPDATE boards SET generation = generation + 1 WHERE name = ? RETURNING generation",
        )
        .bind(&new.board)
        .fetch_optional(&mut *tx)
        .await?;
        let generation = generation
            .ok_or_else(|| StoreError::Missing { what: "board", id: new.board.clone() })?;
        let lease = LeaseRow {
            id: LeaseId::new(),
            board: new.board.clone(),
            generation,
            purpose: new.purpose,
            holder: new.holder.clone(),
            created_ms: now,
            expires_ms: now.saturating_add(new.ttl_ms),
            ended_ms: None,
            ending: None,
        };
        sqlx::query(
            "INSERT INTO leases \
             (id, board, generation, epoch, purpose, holder, created_ms, expires_ms) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(lease.id.as_str())
        .bind(&lease.board)
        .bind(generation)
        .bind(new.epoch)
        .bind(match new.purpose {
            Purpose::Run => "run",
            Purpose::Interactive => "interactive",
        })
        .bind(&lease.holder)
        .bind(now)
        .bind(lease.expires_ms)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(lease)
    }

    /// Gives a lease `ttl_ms` from now.
    ///
    /// # Errors
    /// When it has ended, or another generation is meant.
    pub async fn extend_lease(
        &self,
        id: &LeaseId,
        generation: i64,
        ttl_ms: i64,
    ) -> Result<LeaseRow> {
        let now = self.now_ms();
        let extended = sqlx::query(
            "UPDATE leases SET expires_ms = ? \
             WHERE id = ? AND generation = ? AND ended_ms IS NULL AND expires_ms > ?",
        )
        .bind(now.saturating_add(ttl_ms))
        .bind(id.as_str())
        .bind(generation)
        .bind(now)
        .execute(self.writer())
        .await?;
        let lease = self.lease(id).await?;
        match extended.rows_affected() {
            0 => Err(lease.stale()),
            _ => Ok(lease),
        }
    }

    /// The lease, if its holder still has the board.
    ///
    /// # Errors
    /// When it has ended, or another generation is meant.
    pub async fn check_lease(&self, id: &LeaseId, generation: i64) -> Result<LeaseRow> {
        let lease = self.lease(id).await?;
        if lease.generation == generation && lease.is_active(self.now_ms()) {
            return Ok(lease);
        }
        Err(lease.stale())
    }

    /// Ends a lease; one that has ended stays as it is.
    ///
    /// # Errors
    /// When there is none, or the database cannot be written.
    pub async fn end_lease(&self, id: &LeaseId, ending: LeaseEnd) -> Result<LeaseRow> {
        sqlx::query("UPDATE leases SET ended_ms = ?, ending = ? WHERE id = ? AND ended_ms IS NULL")
            .bind(self.now_ms())
            .bind(ending.name())
            .bind(id.as_str())
            .execute(self.writer())
            .await?;
        self.lease(id).await
    }

    /// Ends the leases that have expired, and tells which.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn expire_leases(&self) -> Result<Vec<LeaseRow>> {
        const EXPIRED: &str = "SELECT * FROM leases WHERE ended_ms IS NULL AND expires_ms <= ?";
        let now = self.now_ms();
        let rows = sqlx::query(EXPIRED).bind(now).fetch_all(self.read()).await?;
        let mut expired = Vec::with_capacity(rows.len());
        for row in &rows {
            let lease = LeaseRow::of(row)?;
            // It may have been extended since it was read.
            let ended = sqlx::query(
                "UPDATE leases SET ended_ms = expires_ms, ending = 'expired' \
                 WHERE id = ? AND ended_ms IS NULL AND expires_ms <= ?",
            )
            .bind(lease.id.as_str())
            .bind(now)
            .execute(self.writer())
            .await?;
            if ended.rows_affected() > 0 {
                expired.push(self.lease(&lease.id).await?);
            }
        }
        Ok(expired)
    }

    /// A lease by its name.
    ///
    /// # Errors
    /// When there is none, or the database cannot be read.
    pub async fn lease(&self, id: &LeaseId) -> Result<LeaseRow> {
        let row = sqlx::query("SELECT * FROM leases WHERE id = ?")
            .bind(id.as_str())
            .fetch_optional(self.read())
            .await?;
        match row {
            Some(row) => LeaseRow::of(&row),
            None => Err(StoreError::Missing { what: "lease", id: id.to_string() }),
        }
    }

    /// The leases whose holders have their boards.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn active_leases(&self) -> Result<Vec<LeaseRow>> {
        let rows = sqlx::query(
            "SELECT * FROM leases WHERE ended_ms IS NULL AND expires_ms > ? ORDER BY board",
        )
        .bind(self.now_ms())
        .fetch_all(self.read())
        .await?;
        rows.iter().map(LeaseRow::of).collect()
    }
}
