//! What is remembered of boards from one start of the daemon to the next.

use crate::Store;
use crate::error::Result;
use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

/// A board's memory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoardRow {
    /// As configured.
    pub name: String,
    /// Grows with each lease of the board.
    pub generation: i64,
    /// Faults one after another, the last play included.
    pub faults: u32,
    /// Since when it is in quarantine, if it is.
    pub quarantined_ms: Option<i64>,
    /// Why it is.
    pub reason: Option<String>,
    /// Tests that it failed since.
    pub tests: u32,
    /// When it is tested next.
    pub next_test_ms: Option<i64>,
}

fn board(row: &SqliteRow) -> Result<BoardRow> {
    Ok(BoardRow {
        name: row.try_get("name")?,
        generation: row.try_get("generation")?,
        faults: row.try_get("faults")?,
        quarantined_ms: row.try_get("quarantined_ms")?,
        reason: row.try_get("reason")?,
        tests: row.try_get("tests")?,
        next_test_ms: row.try_get("next_test_ms")?,
    })
}

impl Store {
    /// The board with this name, remembered from now on.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn board(&self, name: &str) -> Result<BoardRow> {
        sqlx::query(
            "INSERT INTO boards (name, generation, faults, tests) VALUES (?, 0, 0, 0) \
             ON CONFLICT (name) DO NOTHING",
        )
        .bind(name)
        .execute(self.writer())
        .await?;
        let row = sqlx::query("SELECT * FROM boards WHERE name = ?")
            .bind(name)
            .fetch_one(self.read())
            .await?;
        board(&row)
    }

    /// Every board that was ever there.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn boards(&self) -> Result<Vec<BoardRow>> {
        let rows = sqlx::query("SELECT * FROM boards ORDER BY name").fetch_all(self.read()).await?;
        rows.iter().map(board).collect()
    }

    /// Remembers how a board fares; its generation is its leases' business.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn set_board(&self, board: &BoardRow) -> Result<()> {
        sqlx::query(
            "UPDATE boards SET faults = ?, quarantined_ms = ?, reason = ?, tests = ?, \
             next_test_ms = ? WHERE name = ?",
        )
        .bind(board.faults)
        .bind(board.quarantined_ms)
        .bind(&board.reason)
        .bind(board.tests)
        .bind(board.next_test_ms)
        .bind(&board.name)
        .execute(self.writer())
        .await?;
        Ok(())
    }
}
