//! Whose turn it is with a board.

use super::{Boards, Held, State};
use crate::error::DaemonError;
use filbench_model::with_causes;
use filbench_store::{LeaseEnd, LeaseRow, NewLease, Purpose};
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// What somebody waits for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Want {
    /// Any of these boards.
    pub(crate) names: Vec<String>,
    /// But not of these, as long as another one is in service.
    pub(crate) avoid: BTreeSet<String>,
    /// Higher ones first.
    pub(crate) priority: i32,
    /// Also one that is in quarantine.
    pub(crate) quarantined_too: bool,
}

pub(super) struct Waiter {
    ticket: u64,
    want: Want,
    reply: oneshot::Sender<Hold>,
}

/// A board that somebody has. Dropped, it goes to the next who waits.
pub(crate) struct Hold {
    boards: Arc<Boards>,
    pub(crate) board: String,
    lease: Option<LeaseRow>,
    is_armed: bool,
}

impl std::fmt::Debug for Hold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hold").field("board", &self.board).field("lease", &self.lease).finish()
    }
}

impl Hold {
    pub(super) fn new(boards: Arc<Boards>, board: String) -> Self {
        Self { boards, board, lease: None, is_armed: true }
    }

    /// Gives the board back; the next who waits has it when this returns.
    pub(crate) async fn give_back(mut self) {
        self.is_armed = false;
        end(&self.boards, &self.board, self.lease.take()).await;
    }

    /// Leaves the board to whoever holds its lease.
    pub(super) fn leave(mut self) -> Option<LeaseRow> {
        self.is_armed = false;
        self.lease.take()
    }

    /// Refuses a command when the lease has ended meanwhile.
    pub(crate) async fn check(&self) -> Result<(), DaemonError> {
        let Some(lease) = &self.lease else { return Ok(()) };
        self.boards.store.check_lease(&lease.id, lease.generation).await?;
        Ok(())
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if !self.is_armed {
            return;
        }
        let (boards, board, lease) =
            (Arc::clone(&self.boards), self.board.clone(), self.lease.take());
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => {
                runtime.spawn(async move { end(&boards, &board, lease).await });
            }
            // The process ends; the next start of the daemon ends the lease.
            Err(_) => boards.free(&board),
        }
    }
}

async fn end(boards: &Arc<Boards>, board: &str, lease: Option<LeaseRow>) {
    if let Some(lease) = lease
        // The next start of the daemon ends what is left in a store that is closed.
        && !boards.store.is_closed()
        && let Err(error) = boards.store.end_lease(&lease.id, LeaseEnd::Released).await
    {
        tracing::error!(
            error = with_causes(&error),
            board.name = board,
            "a lease was not ended; it expires"
        );
    }
    boards.free(board);
}

impl Boards {
    /// Waits for one of the wanted boards, and leases it.
    pub(crate) async fn acquire(
        self: &Arc<Self>,
        want: Want,
        purpose: Purpose,
        holder: &str,
        ttl: Duration,
        wait: Duration,
    ) -> Result<Hold, DaemonError> {
        let selector = want.names.join(" or ");
        let (reply, granted) = oneshot::channel();
        {
            let mut state = self.lock();
            let ticket = state.tickets;
            state.tickets += 1;
            state.waiters.push(Waiter { ticket, want, reply });
        }
        self.grant();
        let Ok(Ok(hold)) = tokio::time::timeout(wait, granted).await else {
            // Whoever does not wait any more goes from the list at the next grant.
            return Err(DaemonError::BoardBusy {
                selector,
                waited_s: wait.as_secs(),
                state: self.who_has_what(),
            });
        };
        let new = NewLease {
            board: hold.board.clone(),
            purpose,
            holder: holder.to_owned(),
            epoch: self.epoch,
            ttl_ms: i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX),
        };
        // In a task of its own: whoever stops waiting now must not leave a lease behind
        // that nobody ends.
        let taking = tokio::spawn(Arc::clone(self).put_down(hold, new));
        match taking.await {
            Ok(hold) => hold,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }

    async fn put_down(self: Arc<Self>, mut hold: Hold, new: NewLease) -> Result<Hold, DaemonError> {
        let lease = self.store.take_lease(&new).await?;
        if let Some(slot) = self.lock().slots.get_mut(&hold.board) {
            slot.hold = Held::Leased(lease.clone());
        }
        hold.lease = Some(lease);
        Ok(hold)
    }

    /// Nobody has the board any more.
    pub(super) fn free(self: &Arc<Self>, board: &str) {
        if let Some(slot) = self.lock().slots.get_mut(board) {
            slot.hold = Held::Free;
            slot.is_testing = false;
        }
        self.grant();
    }

    /// Gives free boards to those who wait.
    pub(super) fn grant(self: &Arc<Self>) {
        let mut state = self.lock();
        state.waiters.retain(|waiter| !waiter.reply.is_closed());
        state.waiters.sort_by_key(|waiter| (Reverse(waiter.want.priority), waiter.ticket));
        let mut index = 0;
        while index < state.waiters.len() {
            let Some(board) = state.choose(&state.waiters[index].want) else {
                index += 1;
                continue;
            };
            let waiter = state.waiters.remove(index);
            let hold = Hold::new(Arc::clone(self), board.clone());
            // It may have stopped waiting this moment. Its hold must not be dropped here,
            // where the state is locked.
            let taken = match waiter.reply.send(hold) {
                Ok(()) => Held::Granted,
                Err(hold) => {
                    hold.leave();
                    Held::Free
                }
            };
            if let Some(slot) = state.slots.get_mut(&board) {
                slot.hold = taken;
            }
        }
    }

    pub(super) fn who_has_what(&self) -> String {
        let state = self.lock();
        let line = |slot: &super::Slot| {
            let name = &slot.config.name;
            match (&slot.health.reason, &slot.hold) {
                (Some(reason), _) => format!("`{name}` is in quarantine ({reason})"),
                (None, Held::Leased(lease)) => format!("`{name}` is leased to {}", lease.holder),
                (None, Held::Granted) => format!("`{name}` is being taken"),
                (None, Held::Free) => format!("`{name}` is free"),
            }
        };
        state.slots.values().map(line).collect::<Vec<_>>().join("; ")
    }
}

impl State {
    /// A free board for this want, if it may be had now.
    fn choose(&self, want: &Want) -> Option<String> {
        let usable = |name: &&String| {
            self.slots.get(*name).is_some_and(|s| want.quarantined_too || !s.is_in_quarantine())
        };
        let (avoided, fresh): (Vec<&String>, Vec<&String>) =
            want.names.iter().filter(usable).partition(|name| want.avoid.contains(*name));
        let among = if fresh.is_empty() { avoided } else { fresh };
        let is_free = |name: &&String| {
            self.slots.get(*name).is_some_and(|slot| matches!(slot.hold, Held::Free))
        };
        among.into_iter().find(is_free).cloned()
    }
}
