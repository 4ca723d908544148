//! A lab's appliance, without HTTP: it takes evaluations from the store's queue, judges
//! them on the lab's boards, and looks after the boards.
//!
//! ```text
//!            ┌─ queue ─► dispatcher ─► run ─┬─ tools: as many as cores
//!  Store ◄───┤                              └─ boards: a lease for each play
//!            └─ events ─► subscribers
//! ```
//!
//! - The dispatcher takes the highest priority first, among equals the owner who had least
//!   of late, then the oldest. Builds and plays have queues of their own, so that tools go
//!   on while boards play.
//! - **A board is used under a lease only**, whose generation grows; a command of an older
//!   generation is refused.
//! - **A fault of the lab costs a design nothing**: it is tried again on another board, and
//!   in another run. A board that keeps failing goes into quarantine until it passes its
//!   test. A fault that follows a bitstream from board to board, where both pass their
//!   tests, is nobody's: the evaluation is `inconclusive (unjudgeable)`.
//! - What a killed daemon left running is queued again at the next start.

mod boards;
mod config;
mod daemon;
mod dispatcher;
mod error;
mod evaluator;
mod events;
mod health;
mod order;
mod run;
mod shares;
mod snapshot;
#[cfg(feature = "testing")]
pub mod testing;
mod unjudgeable;

pub use boards::{BoardState, BoardStatus, Shelf, UartBytes, VirtualShelf};
pub use config::{BoardConfig, DaemonConfig, Limits};
pub use daemon::Daemon;
pub use error::DaemonError;
pub use evaluator::{Evaluator, Judging, Tools};
pub use events::{EventStream, Live};
pub use order::{Candidate, EvaluationOptions};
pub use snapshot::{Histogram, Snapshot};
