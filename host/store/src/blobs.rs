//! Bytes named by their hash: problems, candidates, records, artifacts.

use crate::error::{Result, StoreError};
use crate::{BlobId, Store};
use bytes::Bytes;
use futures_util::TryStreamExt as _;
use object_store::{ObjectStore as _, ObjectStoreExt as _, path::Path};
use sqlx::{Row as _, Sqlite, Transaction};

/// Smaller ones lie in the database: that is one write to the disk for a whole batch of
/// candidates. SQLite is the faster of the two below some 100 kB (its "Faster than the
/// file system" page).
const INLINE_MAX: usize = 64 << 10;

impl Store {
    /// Keeps bytes. Those that were kept before are not written again.
    ///
    /// What nobody refers to goes away after a while (see [`Retention`](crate::Retention)).
    ///
    /// # Errors
    /// When they cannot be written.
    pub async fn put_blob(&self, bytes: impl Into<Bytes>) -> Result<BlobId> {
        let mut ids = self.put_blobs([bytes.into()]).await?;
        Ok(ids.pop().expect("a name for each blob"))
    }

    /// Keeps many at once, all or none; their names in the same order.
    ///
    /// # Errors
    /// When they cannot be written.
    pub async fn put_blobs(&self, blobs: impl IntoIterator<Item = Bytes>) -> Result<Vec<BlobId>> {
        let blobs: Vec<(BlobId, Bytes)> =
            blobs.into_iter().map(|bytes| (BlobId::of(&bytes), bytes)).collect();
        let _files = self.inner.files.read().await;
        self.put_files(&blobs).await?;
        let mut tx = self.write().await?;
        self.put_rows(&mut tx, &blobs).await?;
        tx.commit().await?;
        Ok(blobs.into_iter().map(|(id, _)| id).collect())
    }

    /// Writes the files of the large ones. A file without a row is found by the next
    /// clean-up; a row without a file never comes to be.
    pub(crate) async fn put_files(&self, blobs: &[(BlobId, Bytes)]) -> Result<()> {
        for (id, bytes) in blobs.iter().filter(|(_, bytes)| bytes.len() > INLINE_MAX) {
            let path = artifact_path(id);
            match self.inner.artifacts.head(&path).await {
                Ok(meta) if meta.size == bytes.len() as u64 => {}
                _ => {
                    self.inner.artifacts.put(&path, bytes.clone().into()).await?;
                }
            }
        }
        Ok(())
    }

    pub(crate) async fn put_rows(
        &self,
        tx: &mut Transaction<'_, Sqlite>,
        blobs: &[(BlobId, Bytes)],
    ) -> Result<()> {
        let now = self.now_ms();
        for (id, bytes) in blobs {
            sqlx::query(
                "INSERT INTO blobs (sha256, size, contents, touched_ms) VALUES (?, ?, ?, ?) \
                 ON CONFLICT (sha256) DO UPDATE SET touched_ms = excluded.touched_ms",
            )
            .bind(id.as_str())
            .bind(bytes.len() as i64)
            .bind((bytes.len() <= INLINE_MAX).then_some(&bytes[..]))
            .bind(now)
            .execute(&mut **tx)
            .await?;
        }
        Ok(())
    }

    /// The bytes with this name; `None` where there are none.
    ///
    /// # Errors
    /// When they cannot be read, or are not what their name says.
    pub async fn blob(&self, id: &BlobId) -> Result<Option<Bytes>> {
        let row = sqlx::query("SELECT contents FROM blobs WHERE sha256 = ?")
            .bind(id.as_str())
            .fetch_optional(self.read())
            .await?;
        let Some(row) = row else { return Ok(None) };
        let bytes = match row.try_get::<Option<Vec<u8>>, _>(0)? {
            Some(bytes) => Bytes::from(bytes),
            None => self.inner.artifacts.get(&artifact_path(id)).await?.bytes().await?,
        };
        match BlobId::of(&bytes) {
            found if found == *id => Ok(Some(bytes)),
            found => Err(StoreError::DamagedBlob { id: id.clone(), found }),
        }
    }

    /// The size of a blob in bytes; `None` where there is none.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn blob_size(&self, id: &BlobId) -> Result<Option<u64>> {
        let size: Option<i64> = sqlx::query_scalar("SELECT size FROM blobs WHERE sha256 = ?")
            .bind(id.as_str())
            .fetch_optional(self.read())
            .await?;
        Ok(size.map(i64::cast_unsigned))
    }

    /// Names and sizes of all files in the artifacts' folder that are named as blobs are.
    pub(crate) async fn artifact_files(&self) -> Result<Vec<(BlobId, u64)>> {
        let files: Vec<_> = self.inner.artifacts.list(None).try_collect().await?;
        let named = |meta: object_store::ObjectMeta| {
            let id = meta.location.filename()?.parse().ok()?;
            Some((id, meta.size))
        };
        Ok(files.into_iter().filter_map(named).collect())
    }

    pub(crate) async fn delete_file(&self, id: &BlobId) -> Result<()> {
        match self.inner.artifacts.delete(&artifact_path(id)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// 256 folders, so that none becomes too full.
pub(crate) fn artifact_path(id: &BlobId) -> Path {
    Path::from_iter([&id.as_str()[..2], id.as_str()])
}
