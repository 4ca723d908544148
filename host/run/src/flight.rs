//! Single flight: work that several evaluations want at once is done by one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// A result that somebody may be working on.
type Seat<V> = tokio::sync::Mutex<Option<V>>;

/// The work in progress, by key.
///
/// What was done is forgotten when the last of those that waited for it has
/// it: keeping is the caches' business. A failure is nobody else's: the next
/// that waits tries itself, and so it does when the one that worked is
/// dropped.
#[derive(Debug)]
pub(crate) struct Flights<V> {
    seats: Mutex<HashMap<String, Weak<Seat<V>>>>,
}

impl<V> Default for Flights<V> {
    fn default() -> Self {
        Self { seats: Mutex::default() }
    }
}

impl<V: Clone> Flights<V> {
    /// The result of `work`, or of the same work of another that was in
    /// progress.
    ///
    /// # Errors
    /// Whatever `work` fails with.
    pub(crate) async fn join<E>(
        &self,
        key: &str,
        work: impl Future<Output = Result<V, E>>,
    ) -> Result<V, E> {
        let seat = self.seat(key);
        let mut result = seat.lock().await;
        if let Some(result) = &*result {
            return Ok(result.clone());
        }
        let done = work.await?;
        *result = Some(done.clone());
        Ok(done)
    }

    fn seat(&self, key: &str) -> Arc<Seat<V>> {
        // The map is whole after every change, even one that panicked.
        let mut seats = self.seats.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(seat) = seats.get(key).and_then(Weak::upgrade) {
            return seat;
        }
        seats.retain(|_, seat| seat.strong_count() > 0);
        let seat = Arc::new(Seat::new(None));
        seats.insert(key.to_owned(), Arc::downgrade(&seat));
        seat
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[tokio::test]
    async fn those_that_come_together_share_the_work() {
        let flights = Flights::default();
        let (count, gate) = (AtomicUsize::new(0), tokio::sync::Notify::new());
        let work = || async {
            count.fetch_add(1, Ordering::Relaxed);
            gate.notified().await;
            Ok::<_, Infallible>(7)
        };
        let opened = async { gate.notify_one() };
        let (first, second, other, ()) = tokio::join!(
            flights.join("a", work()),
            flights.join("a", work()),
            flights.join("b", async { Ok::<_, Infallible>(8) }),
            opened
        );
        assert_eq!((first, second, other), (Ok(7), Ok(7), Ok(8)));
        assert_eq!(count.load(Ordering::Relaxed), 1);
        assert_eq!(flights.seats.lock().unwrap().values().filter_map(Weak::upgrade).count(), 0);
    }

    #[tokio::test]
    async fn a_failure_and_a_dropped_worker_are_nobody_elses() {
        let flights = Flights::<u8>::default();
        let (failed, done) = tokio::join!(
            flights.join("a", async { Err("no") }),
            flights.join("a", async { Ok::<_, &str>(1) })
        );
        assert_eq!((failed, done), (Err("no"), Ok(1)));
        let mut stuck = Box::pin(flights.join("a", std::future::pending::<Result<u8, ()>>()));
        tokio::select! {
            biased;
            _ = &mut stuck => unreachable!("it is pending for ever"),
            () = std::future::ready(()) => drop(stuck),
        }
        assert_eq!(flights.join("a", async { Ok::<_, ()>(2) }).await, Ok(2));
    }
}
