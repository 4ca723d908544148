//! When a request is made again.

use std::time::Duration;

/// How long a client bears with a server that does not answer, or not now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Before the second attempt; twice as long before each further one.
    pub first: Duration,
    /// It does not double past this.
    pub longest: Duration,
    /// From the first failure to giving up, for a server that has answered before.
    pub patience: Duration,
    /// The same for one that never has: most often the address is wrong.
    pub first_patience: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            first: Duration::from_millis(100),
            longest: Duration::from_secs(5),
            patience: Duration::from_secs(180),
            first_patience: Duration::from_secs(3),
        }
    }
}

impl Retry {
    /// How long to wait before the next attempt; `None` to give up. `failures` counts from
    /// 1, `since` is the time since the first one, `asked` what the server asked for.
    pub fn pause(
        &self,
        failures: u32,
        since: Duration,
        asked: Option<Duration>,
        has_answered: bool,
    ) -> Option<Duration> {
        let doubled = self.first.saturating_mul(1 << failures.saturating_sub(1).min(20));
        let pause = doubled.min(self.longest).max(asked.unwrap_or_default());
        let patience = if has_answered { self.patience } else { self.first_patience };
        (since.saturating_add(pause) <= patience).then_some(pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_end_with_patience() {
        let retry = Retry::default();
        let (mut since, mut pauses) = (Duration::ZERO, Vec::new());
        for failures in 1.. {
            let Some(pause) = retry.pause(failures, since, None, true) else { break };
            since += pause;
            pauses.push(pause.as_millis());
        }
        assert_eq!(pauses[..8], [100, 200, 400, 800, 1600, 3200, 5000, 5000]);
        assert!(since <= retry.patience && since + retry.longest > retry.patience);
        assert!(retry.pause(u32::MAX, Duration::ZERO, None, true).is_some());
    }

    #[test]
    fn the_server_may_ask_for_more_within_patience() {
        let retry = Retry::default();
        let asked = |s| Some(Duration::from_secs(s));
        assert_eq!(retry.pause(1, Duration::ZERO, asked(9), true), asked(9));
        assert_eq!(retry.pause(1, Duration::ZERO, asked(9), false), None);
        assert_eq!(retry.pause(7, Duration::ZERO, asked(1), true), asked(5));
        assert_eq!(retry.pause(1, Duration::from_secs(175), asked(9), true), None);
    }
}
