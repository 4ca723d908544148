//! What a lab's daemon keeps.
//!
//! A [`Store`] is a folder: an SQLite database, and a folder of artifacts named by their
//! SHA-256. **What a function has returned is on the disk**: it outlives the process and
//! the power. An evaluation is `queued`, `running` or `ended`, and ends exactly once,
//! whatever is killed when.
//!
//! The store knows no tools, boards or requests; it holds what others put into it. Times
//! are milliseconds since 1970-01-01 UTC.

mod backup;
mod blobs;
mod clock;
mod error;
mod evaluations;
mod events;
mod ids;
mod leases;
mod location;
mod places;
mod queue;
mod retention;
mod store;
mod submissions;
mod tokens;

pub use backup::Checked;
pub use clock::{Clock, SystemClock};
pub use error::{Result, StoreError};
pub use evaluations::{
    ArtifactRow, EvaluationRow, Filter, Reader, RunRow, State, StateCounts, VerdictCount,
};
pub use events::{EventScope, NewEvent, StoredEvent};
pub use ids::{BlobId, EvaluationId, IdError, LeaseId, RunId, SubmissionId, TokenId};
pub use leases::{LeaseEnd, LeaseRow, NewLease, Purpose};
pub use location::default_dir;
pub use places::BoardRow;
pub use queue::{Cancelled, Claimed, Ending, Epoch, Judged, Lost, Waiting};
pub use retention::{Removed, Retention};
pub use store::Store;
pub use submissions::{
    BATCH_MAX, Idempotency, NewEvaluation, NewSubmission, SubmissionRow, Submitted,
};
pub use tokens::{NewToken, Scope, TokenRow};
