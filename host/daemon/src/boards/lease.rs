//! Boards that somebody has for themselves, and leases that run out.

use super::interactive::is_held_by;
use super::{Boards, Held, Want};
use crate::error::DaemonError;
use filbench_lab::Selector;
use filbench_store::{LeaseEnd, LeaseId, LeaseRow, Purpose};
use std::sync::Arc;
use std::time::Duration;

/// People come first.
const OWN_PRIORITY: i32 = i32::MAX;

impl Boards {
    /// Leases a board to `holder`, who has to ask for more time before it ends. A board
    /// that is asked for by its name is also had in quarantine.
    pub(crate) async fn lease(
        self: &Arc<Self>,
        selector: &str,
        holder: &str,
        ttl: Option<Duration>,
        wait: Option<Duration>,
    ) -> Result<LeaseRow, DaemonError> {
        let ttl = self.ttl(ttl)?;
        self.check_selector(selector)?;
        let mut want = Want { priority: OWN_PRIORITY, ..Want::default() };
        for selector in crate::order::selectors(selector)? {
            want.quarantined_too |= matches!(selector, Selector::Named(_));
            want.names.extend(self.named_by(&selector)?);
        }
        let wait = wait.unwrap_or(self.limits.lease_wait).min(self.limits.lease_wait);
        let hold = self.acquire(want, Purpose::Interactive, holder, ttl, wait).await?;
        let lease = hold.leave();
        Ok(lease.expect("what was acquired has a lease"))
    }

    /// Gives a lease more time from now on.
    pub(crate) async fn extend(
        &self,
        id: &LeaseId,
        generation: i64,
        ttl: Option<Duration>,
    ) -> Result<LeaseRow, DaemonError> {
        let ttl = self.ttl(ttl)?;
        let lease = self.store.extend_lease(id, generation, millis(ttl)).await?;
        self.note(&lease);
        Ok(lease)
    }

    /// Ends a lease of somebody's own.
    pub(crate) async fn release(
        self: &Arc<Self>,
        id: &LeaseId,
        ending: LeaseEnd,
    ) -> Result<LeaseRow, DaemonError> {
        let lease = self.store.lease(id).await?;
        if lease.purpose != Purpose::Interactive {
            return Err(DaemonError::NotYours { lease: id.to_string(), holder: lease.holder });
        }
        self.make_safe(&lease).await;
        let lease = self.store.end_lease(id, ending).await?;
        self.free_from(&lease);
        Ok(lease)
    }

    /// Ends what has run out, and extends the leases of plays, which go on as long as the
    /// daemon lives.
    pub(crate) async fn look_at_leases(self: &Arc<Self>) -> Result<(), DaemonError> {
        for lease in self.store.expire_leases().await? {
            tracing::info!(
                board.name = lease.board,
                lease.holder = lease.holder,
                "a lease has run out"
            );
            if lease.purpose == Purpose::Interactive {
                self.make_safe(&lease).await;
                self.free_from(&lease);
            }
        }
        let soon = self.store.now_ms() + millis(self.limits.play_lease / 2);
        let ending: Vec<LeaseRow> = {
            let state = self.lock();
            let held = state.slots.values().filter_map(|slot| match &slot.hold {
                Held::Leased(lease) => Some(lease),
                Held::Free | Held::Granted => None,
            });
            held.filter(|lease| lease.purpose == Purpose::Run && lease.expires_ms < soon)
                .cloned()
                .collect()
        };
        for lease in ending {
            let ttl = millis(self.limits.play_lease);
            // One that has just ended needs no more time.
            if let Ok(lease) = self.store.extend_lease(&lease.id, lease.generation, ttl).await {
                self.note(&lease);
            }
        }
        Ok(())
    }

    async fn make_safe(&self, lease: &LeaseRow) {
        if let Some(bench) = self.take_bench(lease) {
            bench.stop().await;
        }
    }

    fn free_from(self: &Arc<Self>, lease: &LeaseRow) {
        let is_held = self
            .lock()
            .slots
            .get(&lease.board)
            .is_some_and(|slot| is_held_by(&slot.hold, &lease.id));
        if is_held {
            self.free(&lease.board);
        }
    }

    /// Remembers until when a lease lasts now.
    fn note(&self, lease: &LeaseRow) {
        if let Some(slot) = self.lock().slots.get_mut(&lease.board)
            && is_held_by(&slot.hold, &lease.id)
        {
            slot.hold = Held::Leased(lease.clone());
        }
    }

    fn ttl(&self, asked: Option<Duration>) -> Result<Duration, DaemonError> {
        let (ttl, max) = (asked.unwrap_or(self.limits.lease), self.limits.lease_max);
        if ttl < Duration::from_secs(1) || ttl > max {
            return Err(DaemonError::LeaseTime { asked_s: ttl.as_secs(), max_s: max.as_secs() });
        }
        Ok(ttl)
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
