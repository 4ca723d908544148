//! Whether anything is being done, for those who would wait for more company.

use std::time::Duration;
use tokio::sync::watch;

/// How long nothing may happen before it counts as quiet: between two phases of an
/// evaluation there is a moment without any.
const LULL: Duration = Duration::from_millis(25);

/// Counts what is being done; cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Activity {
    state: watch::Sender<State>,
}

#[derive(Clone, Copy, Debug, Default)]
struct State {
    running: usize,
    /// How many things have begun so far.
    begun: u64,
}

/// Something that is being done, until it is dropped.
#[derive(Debug)]
pub(crate) struct Doing {
    state: watch::Sender<State>,
}

impl Activity {
    pub(crate) fn new() -> Self {
        Self { state: watch::Sender::new(State::default()) }
    }

    /// Something begins.
    pub(crate) fn begin(&self) -> Doing {
        self.state.send_modify(|state| {
            state.running += 1;
            state.begun += 1;
        });
        Doing { state: self.state.clone() }
    }

    /// Returns when nothing is being done, and nothing has begun for a while.
    pub(crate) async fn quiet(&self) {
        let mut state = self.state.subscribe();
        loop {
            // The sender is our own, so the channel is open.
            let Ok(seen) = state.wait_for(|state| state.running == 0).await.map(|state| *state)
            else {
                return;
            };
            tokio::time::sleep(LULL).await;
            if state.borrow().begun == seen.begun {
                return;
            }
        }
    }
}

impl Drop for Doing {
    fn drop(&mut self) {
        self.state.send_modify(|state| state.running -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    #[tokio::test(start_paused = true)]
    async fn a_moment_between_two_things_is_not_quiet() {
        let activity = Activity::new();
        let first = activity.begin();
        let quiet = Arc::new(AtomicBool::new(false));
        let waiting = tokio::spawn({
            let (activity, quiet) = (activity.clone(), Arc::clone(&quiet));
            async move {
                activity.quiet().await;
                quiet.store(true, Ordering::SeqCst);
            }
        });
        tokio::time::advance(10 * LULL).await;
        drop(first);
        tokio::time::advance(LULL / 2).await;
        let second = activity.begin();
        tokio::time::advance(10 * LULL).await;
        tokio::task::yield_now().await;
        assert!(!quiet.load(Ordering::SeqCst));
        drop(second);
        waiting.await.expect("the task does not panic");
    }
}
