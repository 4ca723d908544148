//! How much a caller may do at a time.

use crate::config::ApiLimits;
use crate::error::{ApiError, ErrorKind};
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};

/// How long a request waits until an earlier one of its caller is answered.
const WAIT: Duration = Duration::from_secs(2);

pub(crate) struct Limiter {
    rate: DefaultKeyedRateLimiter<String>,
    clock: DefaultClock,
    requests_max: usize,
    streams_max: usize,
    /// One for each token that ever asked since the start.
    callers: Mutex<HashMap<String, Arc<Slots>>>,
}

struct Slots {
    requests: Arc<Semaphore>,
    streams: Arc<Semaphore>,
    submitting: Arc<tokio::sync::Mutex<()>>,
}

impl Limiter {
    pub(crate) fn new(limits: &ApiLimits) -> Self {
        let quota = Quota::per_second(limits.requests_per_s).allow_burst(limits.requests_burst);
        Self {
            rate: RateLimiter::keyed(quota),
            clock: DefaultClock::default(),
            requests_max: limits.requests_at_a_time,
            streams_max: limits.streams_at_a_time,
            callers: Mutex::default(),
        }
    }

    /// Counts a request.
    pub(crate) fn count(&self, owner: &str) -> Result<(), ApiError> {
        self.rate.check_key(&owner.to_owned()).map_err(|until| {
            let wait = until.wait_time_from(self.clock.now());
            let quota = until.quota();
            ApiError::new(
                ErrorKind::RateLimited,
                format!("this token has sent more than {} requests at once", quota.burst_size()),
            )
            .accepting(
                "fewer requests: batches instead of single evaluations, events instead of polls",
            )
            .retry_after(wait.as_secs() + 1)
        })
    }

    /// The right to have a request answered.
    pub(crate) async fn request(&self, owner: &str) -> Result<OwnedSemaphorePermit, ApiError> {
        let requests = Arc::clone(&self.slots(owner).requests);
        match tokio::time::timeout(WAIT, requests.acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(at_a_time(self.requests_max, "requests")),
        }
    }

    /// The right to listen to events.
    pub(crate) fn stream(&self, owner: &str) -> Result<OwnedSemaphorePermit, ApiError> {
        let streams = Arc::clone(&self.slots(owner).streams);
        streams.try_acquire_owned().map_err(|_| at_a_time(self.streams_max, "event streams"))
    }

    /// One submission of a caller comes after the other, so that their evaluations are
    /// counted right.
    pub(crate) async fn submitting(&self, owner: &str) -> OwnedMutexGuard<()> {
        Arc::clone(&self.slots(owner).submitting).lock_owned().await
    }

    fn slots(&self, owner: &str) -> Arc<Slots> {
        let mut callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || {
            Arc::new(Slots {
                requests: Arc::new(Semaphore::new(self.requests_max)),
                streams: Arc::new(Semaphore::new(self.streams_max)),
                submitting: Arc::default(),
            })
        };
        Arc::clone(callers.entry(owner.to_owned()).or_insert_with(new))
    }
}

fn at_a_time(max: usize, what: &str) -> ApiError {
    ApiError::new(ErrorKind::RateLimited, format!("this token has {max} {what} at a time already"))
        .accepting(format!("up to {max} {what} at a time"))
        .retry_after(1)
}
