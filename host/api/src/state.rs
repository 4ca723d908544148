//! What all handlers share.

use crate::config::ApiConfig;
use crate::error::{ApiError, ErrorKind};
use crate::limits::Limiter;
use crate::metrics::HttpMetrics;
use filbench_daemon::Daemon;
use filbench_store::Store;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Bodies are counted in units of so many bytes.
const BODY_UNIT: usize = 1024;

/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct Api {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) daemon: Daemon,
    pub(crate) config: ApiConfig,
    pub(crate) limiter: Limiter,
    pub(crate) metrics: HttpMetrics,
    /// There is a token; there will always have been one.
    pub(crate) has_tokens: AtomicBool,
    bodies: Arc<Semaphore>,
}

impl std::ops::Deref for Api {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.inner
    }
}

impl Api {
    pub(crate) fn new(daemon: Daemon, config: ApiConfig) -> Self {
        let units = units(config.limits.bodies_bytes).max(units(config.limits.body_bytes));
        let inner = Inner {
            daemon,
            limiter: Limiter::new(&config.limits),
            metrics: HttpMetrics::default(),
            has_tokens: AtomicBool::new(false),
            bodies: Arc::new(Semaphore::new(units as usize)),
            config,
        };
        Self { inner: Arc::new(inner) }
    }
}

impl Inner {
    pub(crate) fn store(&self) -> &Store {
        self.daemon.store()
    }

    /// How long a request may take.
    pub(crate) fn patience(&self) -> Duration {
        Duration::from_secs(self.config.limits.request_s)
    }

    /// Room in memory for a body of so many bytes; waits for it.
    pub(crate) async fn room_for_body(
        &self,
        bytes: Option<usize>,
    ) -> Result<tokio::sync::OwnedSemaphorePermit, ApiError> {
        let max = self.config.limits.body_bytes;
        let bytes = bytes.unwrap_or(max);
        if bytes > max {
            return Err(too_large(max));
        }
        let room = Arc::clone(&self.bodies).acquire_many_owned(units(bytes)).await;
        room.map_err(|closed| ApiError::internal(&closed))
    }
}

/// A body with more bytes than are read.
pub(crate) fn too_large(bytes_max: usize) -> ApiError {
    ApiError::new(
        ErrorKind::TooLarge,
        format!("the request's body has more than {bytes_max} bytes"),
    )
    .accepting(format!("up to {bytes_max} bytes; send larger batches in several requests"))
}

fn units(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(BODY_UNIT)).unwrap_or(u32::MAX)
}
