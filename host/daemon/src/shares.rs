//! Who had how much of late.

use std::collections::HashMap;

/// After so long a run counts half.
const HALF_LIFE_MS: f64 = 60_000.0;
/// Less than this is as good as nothing.
const FORGOTTEN: f64 = 0.001;

/// What each owner was given of late: each run counts 1 when it begins, and less and less
/// from then on.
#[derive(Debug, Default)]
pub(crate) struct Shares {
    had: HashMap<String, Had>,
}

#[derive(Clone, Copy, Debug)]
struct Had {
    amount: f64,
    at_ms: i64,
    running: u32,
}

impl Had {
    fn at(&self, now_ms: i64) -> f64 {
        let age = now_ms.saturating_sub(self.at_ms).max(0) as f64;
        self.amount * (-age / HALF_LIFE_MS).exp2()
    }
}

impl Shares {
    /// What `owner` has and had, in runs.
    pub(crate) fn share(&self, owner: &str, now_ms: i64) -> f64 {
        self.had.get(owner).map_or(0.0, |had| had.at(now_ms) + f64::from(had.running))
    }

    /// The one of `owners` that had least; the first of equals.
    pub(crate) fn next<'a>(
        &self,
        owners: impl IntoIterator<Item = &'a str>,
        now_ms: i64,
    ) -> Option<&'a str> {
        let share = |owner: &str| self.share(owner, now_ms);
        owners.into_iter().min_by(|a, b| share(a).total_cmp(&share(b)))
    }

    /// A run of `owner` begins.
    pub(crate) fn begin(&mut self, owner: &str, now_ms: i64) {
        self.had.retain(|_, had| had.running > 0 || had.at(now_ms) > FORGOTTEN);
        let fresh = Had { amount: 0.0, at_ms: now_ms, running: 0 };
        let had = self.had.entry(owner.to_owned()).or_insert(fresh);
        *had = Had { amount: had.at(now_ms) + 1.0, at_ms: now_ms, running: had.running + 1 };
    }

    /// A run of `owner` has ended.
    pub(crate) fn end(&mut self, owner: &str) {
        if let Some(had) = self.had.get_mut(owner) {
            had.running = had.running.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_who_comes_late_is_not_behind_a_whole_batch() {
        let mut shares = Shares::default();
        let mut order = String::new();
        for now in 0..4 {
            let owner = shares.next(["a"], now).unwrap();
            shares.begin(owner, now);
            order += owner;
            shares.end(owner);
        }
        for now in 4..10 {
            let owner = shares.next(["a", "b"], now).unwrap();
            shares.begin(owner, now);
            order += owner;
            shares.end(owner);
        }
        assert_eq!(order, "aaaabbbbab");
    }

    #[test]
    fn what_was_long_ago_is_forgotten() {
        let mut shares = Shares::default();
        shares.begin("a", 0);
        shares.end("a");
        assert!((shares.share("a", 60_000) - 0.5).abs() < 1e-9);
        shares.begin("b", 3_600_000);
        assert_eq!(shares.had.len(), 1);
        assert_eq!(shares.next(["b", "a"], 3_600_000), Some("a"));
    }
}
