//! The store in one file, and back.
//!
//! A backup is a tar file: `filbench.db`, a snapshot of the database, and the artifacts
//! that it refers to, by their paths in the store's folder. It can be made while a daemon
//! uses the store.

use crate::blobs::artifact_path;
use crate::error::{Result, StoreError};
use crate::store::{ARTIFACTS, DATABASE};
use crate::{BlobId, Store};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sqlx::Row as _;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// What a check of the store found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// Blobs looked at.
    pub blobs: u64,
    /// Evaluations looked at.
    pub evaluations: u64,
    /// What is wrong, in words; empty for a sound store.
    pub damage: Vec<String>,
}

impl Store {
    /// Writes the whole store into the new file `to`, while others use it.
    ///
    /// # Errors
    /// When `to` is there already or cannot be written.
    pub async fn backup(&self, to: &Path) -> Result<()> {
        if to.exists() {
            return Err(StoreError::Exists { path: to.to_owned() });
        }
        let folder = match to.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        let lock = self.files_lock()?;
        let lock = blocking(move || lock.lock_shared().map(|()| lock)).await.map_err(|source| {
            StoreError::Io { action: "lock", path: self.inner.dir.clone(), source }
        })?;
        let failed = |source| StoreError::Io { action: "write", path: to.to_owned(), source };
        let snapshot = tempfile::NamedTempFile::new_in(&folder).map_err(failed)?;
        sqlx::query("VACUUM INTO ?")
            .bind(snapshot.path().to_string_lossy().into_owned())
            .execute(self.read())
            .await?;
        let files = files_of(snapshot.path()).await?;
        let (root, target) = (self.inner.dir.join(ARTIFACTS), to.to_owned());
        blocking(move || -> std::io::Result<()> {
            let mut out = tempfile::NamedTempFile::new_in(&folder)?;
            let mut tar = tar::Builder::new(&mut out);
            tar.append_path_with_name(snapshot.path(), DATABASE)?;
            for id in &files {
                let path = artifact_path(id);
                tar.append_path_with_name(root.join(path.as_ref()), format!("{ARTIFACTS}/{path}"))?;
            }
            tar.finish()?;
            drop(tar);
            out.flush()?;
            out.as_file().sync_all()?;
            out.persist_noclobber(&target)?;
            File::open(&folder)?.sync_all()
        })
        .await
        .map_err(failed)?;
        drop(lock);
        Ok(())
    }

    /// Makes a store in the new folder `dir` of what [`backup`](Self::backup) wrote.
    ///
    /// # Errors
    /// When `dir` is there already or cannot be written, or when `from` is no sound backup.
    /// `dir` is there only after everything in it was checked.
    pub async fn restore(from: &Path, dir: &Path) -> Result<()> {
        let empty = || std::fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_none());
        if dir.exists() && !empty() {
            return Err(StoreError::Exists { path: dir.to_owned() });
        }
        let parent = match dir.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        let failed = |source| StoreError::Io { action: "write", path: dir.to_owned(), source };
        std::fs::create_dir_all(&parent).map_err(failed)?;
        let scratch = tempfile::tempdir_in(&parent).map_err(failed)?;
        let (file, to) = (from.to_owned(), scratch.path().to_owned());
        blocking(move || unpack(&file, &to)).await?;
        let store = Self::open(scratch.path()).await?;
        let checked = store.check().await?;
        store.close().await;
        if let Some(found) = checked.damage.first() {
            return Err(StoreError::BadBackup { path: from.to_owned(), found: found.clone() });
        }
        if dir.exists() {
            std::fs::remove_dir(dir).map_err(failed)?;
        }
        std::fs::rename(scratch.path(), dir).map_err(failed)?;
        // It is somewhere else now.
        let _ = scratch.keep();
        File::open(&parent).and_then(|parent| parent.sync_all()).map_err(failed)
    }

    /// Looks at everything: the database's structure, what refers to what, and the bytes of
    /// every blob.
    ///
    /// # Errors
    /// When it cannot be looked at. Damage that was found is no error here.
    pub async fn check(&self) -> Result<Checked> {
        let mut checked = Checked::default();
        let lines: Vec<String> =
            sqlx::query_scalar("PRAGMA integrity_check").fetch_all(self.read()).await?;
        checked.damage.extend(lines.into_iter().filter(|line| line != "ok"));
        for row in sqlx::query("PRAGMA foreign_key_check").fetch_all(self.read()).await? {
            let (table, parent): (String, String) = (row.try_get(0)?, row.try_get(2)?);
            checked.damage.push(format!("a row of {table} refers to no row of {parent}"));
        }
        let undecided: Vec<String> = sqlx::query_scalar(
            "SELECT id FROM evaluations e WHERE state = 'ended' AND (SELECT COUNT(*) FROM events \
             WHERE evaluation = e.id AND kind = 'ended') <> 1",
        )
        .fetch_all(self.read())
        .await?;
        checked
            .damage
            .extend(undecided.into_iter().map(|id| format!("the evaluation {id} has not one end")));
        let count: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM evaluations").fetch_one(self.read()).await?;
        checked.evaluations = count.cast_unsigned();
        let blobs: Vec<String> =
            sqlx::query_scalar("SELECT sha256 FROM blobs").fetch_all(self.read()).await?;
        for id in blobs {
            match self.blob(&BlobId::stored(id.clone())).await {
                // It may have gone since the list was made.
                Ok(_) => checked.blobs += 1,
                Err(error @ StoreError::DamagedBlob { .. }) => {
                    checked.damage.push(error.to_string());
                }
                Err(StoreError::Artifacts(error)) => {
                    checked.damage.push(format!("the blob {id} cannot be read: {error}"));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(checked)
    }
}

/// The blobs that a snapshot of the database has as files.
async fn files_of(snapshot: &Path) -> Result<Vec<BlobId>> {
    use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
    let options = SqliteConnectOptions::new().filename(snapshot).read_only(true);
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
    let ids: Vec<String> = sqlx::query_scalar("SELECT sha256 FROM blobs WHERE contents IS NULL")
        .fetch_all(&pool)
        .await?;
    pool.close().await;
    Ok(ids.into_iter().map(BlobId::stored).collect())
}

/// Takes out what a backup may have, and nothing else.
fn unpack(from: &Path, to: &Path) -> Result<()> {
    let bad = |found: String| StoreError::BadBackup { path: from.to_owned(), found };
    let io = |action, path: &Path| {
        let path = path.to_owned();
        move |source| StoreError::Io { action, path, source }
    };
    let mut tar = tar::Archive::new(File::open(from).map_err(io("read", from))?);
    let no_tar = |error: std::io::Error| bad(format!("it is no tar file: {error}"));
    let mut has_database = false;
    for entry in tar.entries().map_err(no_tar)? {
        let mut entry = entry.map_err(no_tar)?;
        let name = entry.path().map_err(no_tar)?.to_string_lossy().into_owned();
        if !entry.header().entry_type().is_file() {
            return Err(bad(format!("`{name}` is no regular file")));
        }
        let id = match name.as_str() {
            DATABASE => {
                has_database = true;
                None
            }
            name => match name.rsplit('/').next().map(str::parse::<BlobId>) {
                Some(Ok(id)) if name == format!("{ARTIFACTS}/{}", artifact_path(&id)) => Some(id),
                _ => return Err(bad(format!("`{name}` does not belong there"))),
            },
        };
        let path = to.join(&name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(io("create the folder", parent))?;
        }
        let mut out = File::create_new(&path).map_err(io("create", &path))?;
        let found = copy(&mut entry, &mut out).map_err(io("write", &path))?;
        out.sync_all().map_err(io("write", &path))?;
        if let Some(id) = id.filter(|id| *id != found) {
            return Err(bad(format!("the blob {id} is damaged: its bytes have the hash {found}")));
        }
    }
    if has_database { Ok(()) } else { Err(bad(format!("there is no `{DATABASE}` in it"))) }
}

/// Copies, and tells the hash of what was copied.
fn copy(from: &mut impl Read, to: &mut impl Write) -> std::io::Result<BlobId> {
    let (mut hasher, mut buffer) = (Sha256::new(), vec![0; 1 << 16]);
    loop {
        let count = from.read(&mut buffer)?;
        if count == 0 {
            return Ok(BlobId::stored(hex::encode(hasher.finalize())));
        }
        hasher.update(&buffer[..count]);
        to.write_all(&buffer[..count])?;
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(value) => value,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}
