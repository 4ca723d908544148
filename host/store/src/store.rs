use crate::clock::{Clock, SystemClock};
use crate::error::{Result, StoreError};
use object_store::local::LocalFileSystem;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{SqlSafeStr, Sqlite, Transaction};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The database within the store's folder.
pub(crate) const DATABASE: &str = "filbench.db";
/// The artifacts within the store's folder.
pub(crate) const ARTIFACTS: &str = "artifacts";
/// How long another process may hold the database.
const BUSY: Duration = Duration::from_secs(20);
/// Connections that read; one more writes.
const READERS: u32 = 4;

/// The store of a lab; cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) dir: PathBuf,
    pub(crate) clock: Arc<dyn Clock>,
    /// Who writes waits here, in the order of coming, and not in the database.
    writer: SqlitePool,
    readers: SqlitePool,
    pub(crate) artifacts: LocalFileSystem,
    /// Read by whoever writes files and then their rows, written by whoever deletes rows
    /// and then their files.
    pub(crate) files: tokio::sync::RwLock<()>,
    /// Held for as long as this store is a daemon's.
    pub(crate) taken: std::sync::Mutex<Option<std::fs::File>>,
}

impl Store {
    /// Opens the store in the folder `dir`, or makes one.
    ///
    /// # Errors
    /// When the folder or the database cannot be written, or is a newer filbench's.
    pub async fn open(dir: &Path) -> Result<Self> {
        Self::open_with_clock(dir, Arc::new(SystemClock)).await
    }

    /// Opens the store that is in the folder `dir` already.
    ///
    /// # Errors
    /// Those of [`open`](Self::open), and where there is none.
    pub async fn open_existing(dir: &Path) -> Result<Self> {
        if !dir.join(DATABASE).is_file() {
            return Err(StoreError::NoStore { path: dir.to_owned() });
        }
        Self::open(dir).await
    }

    /// Like [`open`](Self::open), with another clock.
    ///
    /// # Errors
    /// Those of `open`.
    pub async fn open_with_clock(dir: &Path, clock: Arc<dyn Clock>) -> Result<Self> {
        let artifacts = dir.join(ARTIFACTS);
        std::fs::create_dir_all(&artifacts).map_err(|source| StoreError::Io {
            action: "create the folder",
            path: artifacts.clone(),
            source,
        })?;
        let path = dir.join(DATABASE);
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY);
        let writer =
            SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
        migrations()
            .run(&writer)
            .await
            .map_err(|source| StoreError::Migration { path, source: Box::new(source) })?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .connect_with(options.read_only(true).create_if_missing(false))
            .await?;
        let artifacts = LocalFileSystem::new_with_prefix(&artifacts)?.with_fsync(true);
        let inner = Inner {
            dir: dir.to_owned(),
            clock,
            writer,
            readers,
            artifacts,
            files: tokio::sync::RwLock::default(),
            taken: std::sync::Mutex::default(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.inner.dir
    }

    /// Milliseconds since 1970-01-01 UTC, by the store's clock.
    pub fn now_ms(&self) -> i64 {
        self.inner.clock.now_ms()
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<()> {
        sqlx::query("SELECT epoch FROM daemon").fetch_one(self.read()).await?;
        Ok(())
    }

    /// Ends all use of the database, its log written back; a daemon's hold on the store
    /// ends as well.
    pub async fn close(&self) {
        self.inner.readers.close().await;
        self.inner.writer.close().await;
        self.inner.taken.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
    }

    /// Whether [`close`](Self::close) was called.
    pub fn is_closed(&self) -> bool {
        self.inner.writer.is_closed()
    }

    pub(crate) fn read(&self) -> &SqlitePool {
        &self.inner.readers
    }

    /// A transaction that nobody else's writing can break: it begins when it is alone.
    pub(crate) async fn write(&self) -> Result<Transaction<'static, Sqlite>> {
        Ok(self.inner.writer.begin_with("BEGIN IMMEDIATE").await?)
    }

    /// A connection that writes, outside a transaction.
    pub(crate) fn writer(&self) -> &SqlitePool {
        &self.inner.writer
    }
}

fn migrations() -> Migrator {
    let first = include_str!("../migrations/0001_first.sql");
    Migrator::with_migrations(vec![Migration::new(
        1,
        "first".into(),
        MigrationType::Simple,
        first.into_sql_str(),
        false,
    )])
}
