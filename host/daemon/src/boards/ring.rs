//! The last bytes that a board sent, for those who ask for them now and then.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// Bytes that are kept.
const KEPT_MAX: usize = 256 << 10;

#[derive(Debug, Default)]
pub(super) struct Ring {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    kept: VecDeque<u8>,
    /// Of the first kept byte, counted from the first that came.
    first: u64,
    is_closed: bool,
}

/// What a board sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UartBytes {
    /// Of the first byte, counted from the first that came since the board was loaded.
    pub from: u64,
    /// In the order of coming.
    pub bytes: Vec<u8>,
    /// Whether nothing more can come.
    pub is_closed: bool,
}

impl Ring {
    pub(super) fn push(&self, bytes: &[u8]) {
        let mut state = self.lock();
        state.kept.extend(bytes);
        let excess = state.kept.len().saturating_sub(KEPT_MAX);
        state.kept.drain(..excess);
        state.first += excess as u64;
        drop(state);
        self.changed.notify_waiters();
    }

    pub(super) fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_waiters();
    }

    /// The bytes from number `from` on, at most `max`; where there are none yet, waits so
    /// long for some. Where the first are not kept any more, those that are.
    pub(super) async fn read(&self, from: u64, max: usize, wait: Duration) -> UartBytes {
        let found = tokio::time::timeout(wait, async {
            loop {
                let changed = self.changed.notified();
                tokio::pin!(changed);
                // From here on no change is missed.
                changed.as_mut().enable();
                let found = self.now(from, max);
                if !found.bytes.is_empty() || found.is_closed {
                    return found;
                }
                changed.await;
            }
        });
        found.await.unwrap_or_else(|_| self.now(from, max))
    }

    fn now(&self, from: u64, max: usize) -> UartBytes {
        let state = self.lock();
        let from = from.clamp(state.first, state.first + state.kept.len() as u64);
        let skipped = usize::try_from(from - state.first).unwrap_or(usize::MAX);
        let bytes: Vec<u8> = state.kept.iter().skip(skipped).take(max).copied().collect();
        let is_last = skipped + bytes.len() == state.kept.len();
        UartBytes { from, bytes, is_closed: state.is_closed && is_last }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_asks_later_misses_only_what_is_too_old() {
        let ring = Ring::default();
        ring.push(b"hello");
        let all = ring.read(0, 100, Duration::ZERO).await;
        assert_eq!((all.from, &all.bytes[..], all.is_closed), (0, &b"hello"[..], false));
        assert_eq!(ring.read(3, 1, Duration::ZERO).await.bytes, b"l");
        assert_eq!(ring.read(9, 9, Duration::ZERO).await.from, 5);
        ring.push(&vec![7; KEPT_MAX]);
        let rest = ring.read(0, 2, Duration::ZERO).await;
        assert_eq!((rest.from, rest.bytes), (5, vec![7, 7]));
        let end = 5 + KEPT_MAX as u64;
        let (late, ()) = tokio::join!(ring.read(end, 10, Duration::from_secs(60)), async {
            ring.push(b"more");
        });
        assert_eq!(late.bytes, b"more");
        ring.close();
        assert!(ring.read(end, 10, Duration::from_secs(60)).await.is_closed);
        assert!(!ring.read(end, 1, Duration::from_secs(60)).await.is_closed);
        assert!(ring.read(end + 4, 1, Duration::from_secs(60)).await.is_closed);
    }
}
