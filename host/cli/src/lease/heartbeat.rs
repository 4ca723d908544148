//! Keeps a lease alive.

use filbench_api::types::LeaseView;
use filbench_client::{Client, ClientError, LeaseRef};
use std::time::Duration;
use tokio::task::JoinHandle;

/// A lease is extended so often before it would end.
const TIMES: u32 = 3;
/// Not more often than that.
const SHORTEST: Duration = Duration::from_millis(300);

/// Extends a lease until it is dropped.
pub(super) struct Heartbeat {
    beating: JoinHandle<ClientError>,
}

impl Heartbeat {
    /// Gives `lease` the time again and again that it was taken for.
    pub(super) fn start(client: &Client, lease: &LeaseView) -> Self {
        let ttl_ms = lease.expires_ms.saturating_sub(lease.created_ms).unsigned_abs();
        let (client, lease) = (client.clone(), LeaseRef::of(lease));
        Self { beating: tokio::spawn(beat(client, lease, Duration::from_millis(ttl_ms))) }
    }

    /// Waits until the lease can be kept no longer.
    pub(super) async fn lost(mut self) -> ClientError {
        match (&mut self.beating).await {
            Ok(error) => error,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
}

impl Drop for Heartbeat {
    fn drop(&mut self) {
        self.beating.abort();
    }
}

async fn beat(client: Client, lease: LeaseRef, ttl: Duration) -> ClientError {
    let ttl_s = ttl.as_secs().max(1);
    loop {
        tokio::time::sleep((ttl / TIMES).max(SHORTEST)).await;
        if let Err(error) = client.extend(&lease, Some(ttl_s)).await {
            return error;
        }
    }
}
