//! Problems that nobody can be judged by, kept in the cache: a broken one is
//! not tried again for each of its candidates.

use crate::keep;
use filbench_model::{FailStage, Outcome, Stage, Verdict};
use std::path::{Path, PathBuf};

/// The folder of refusals, one file for each problem.
#[derive(Clone, Debug)]
pub(crate) struct Refusals {
    dir: PathBuf,
}

impl Refusals {
    pub(crate) fn new(cache: &Path) -> Self {
        Self { dir: cache.join("refusals") }
    }

    /// The verdict that a problem's candidates got before.
    pub(crate) fn find(&self, name: &str) -> Option<Verdict> {
        let text = std::fs::read(self.path(name)).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// Keeps a verdict that would be the same again: no fault, and none that
    /// depends on how busy the machine was.
    pub(crate) fn keep(&self, name: &str, verdict: &Verdict) {
        let may_change = verdict.outcome == Outcome::Fault
            || verdict.stage == Some(Stage::Fail(FailStage::Limit));
        if may_change {
            return;
        }
        if let Err(error) = keep::json(&self.dir, &format!("{name}.json"), verdict) {
            tracing::warn!(%error, path = %self.dir.display(), "a refusal was not kept");
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.join(format!("{name}.json"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use filbench_model::{Fault, FaultPlace, InconclusiveReason};

    #[test]
    fn what_may_change_is_not_kept() {
        let cache = tempfile::tempdir().unwrap();
        let refusals = Refusals::new(cache.path());
        let broken = Verdict::inconclusive(InconclusiveReason::GoldenFailed, "no bench");
        for (name, verdict, kept) in [
            ("broken", broken, true),
            ("limit", Verdict::fail(FailStage::Limit, "60 s of CPU time"), false),
            ("fault", Fault::new(FaultPlace::Tool, "a busy machine").into(), false),
        ] {
            refusals.keep(name, &verdict);
            assert_eq!(refusals.find(name), kept.then_some(verdict), "{name}");
        }
    }
}
