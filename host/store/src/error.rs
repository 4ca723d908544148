use crate::BlobId;
use std::path::PathBuf;

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be opened, read or written.
    #[error("the store's database failed; look at the free space and at `filbench store check`")]
    Database(#[from] sqlx::Error),
    /// The tables are of another filbench.
    #[error(
        "the store {} was not brought up to date; was it written by a newer filbench?",
        path.display()
    )]
    Migration {
        /// The database.
        path: PathBuf,
        /// What went wrong.
        source: Box<sqlx::migrate::MigrateError>,
    },
    /// The artifacts' folder failed.
    #[error("the store's artifacts failed; look at the free space and the folder's owner")]
    Artifacts(#[from] object_store::Error),
    /// A file of the store.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// There is no store where one was to be opened.
    #[error("there is no store in {}; name the folder of the daemon's with --data", path.display())]
    NoStore {
        /// The folder.
        path: PathBuf,
    },
    /// Another daemon has it.
    #[error(
        "the store {} is in use by another `filbench serve`; stop that one, or name another folder \
         with --data",
        path.display()
    )]
    InUse {
        /// The store's folder.
        path: PathBuf,
    },
    /// Something that does not exist, or not any more.
    #[error("there is no {what} `{id}`")]
    Missing {
        /// Such as `evaluation`.
        what: &'static str,
        /// As asked for.
        id: String,
    },
    /// A submission refers to what was never put into the store.
    #[error("no blob {id} is in the store; put it there first")]
    MissingBlob {
        /// Its hash.
        id: BlobId,
    },
    /// A blob's bytes are not what its name says.
    #[error("the blob {id} is damaged: its bytes have the hash {found}; restore a backup")]
    DamagedBlob {
        /// Its name.
        id: BlobId,
        /// What the bytes hash to.
        found: BlobId,
    },
    /// A submission of nothing, or of too much.
    #[error("a submission has 1 to {max} evaluations, this one has {found}")]
    BatchSize {
        /// How many it has.
        found: usize,
        /// How many it may have.
        max: usize,
    },
    /// A field of the database that this filbench cannot have written.
    #[error("the store holds `{text}` as {what}, which no filbench writes; restore a backup")]
    Damaged {
        /// Which field.
        what: &'static str,
        /// What stands there.
        text: String,
    },
    /// The board is somebody else's.
    #[error("board `{board}` is leased to {holder} until {expires_ms} ms since 1970")]
    Leased {
        /// Which.
        board: String,
        /// Who has it.
        holder: String,
        /// When it ends by itself.
        expires_ms: i64,
    },
    /// The lease has ended, or the board was leased anew since.
    #[error("the lease `{lease}` of generation {generation} has ended ({ending}); take a new one")]
    StaleLease {
        /// Which.
        lease: String,
        /// Its generation.
        generation: i64,
        /// How it ended.
        ending: String,
    },
    /// A backup goes into a new file, a restored store into a new folder.
    #[error("{} is there already; name another, or move it away", path.display())]
    Exists {
        /// What is there.
        path: PathBuf,
    },
    /// A file that is no backup, or a damaged one.
    #[error("{} is no sound backup of a store: {found}", path.display())]
    BadBackup {
        /// The file.
        path: PathBuf,
        /// What was found in it.
        found: String,
    },
}

impl StoreError {
    /// Whether the store was closed: its daemon ends.
    pub fn is_closed(&self) -> bool {
        matches!(self, Self::Database(sqlx::Error::PoolClosed))
    }
}

/// What most of the store's functions return.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;
