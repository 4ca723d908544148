//! Problems that nobody can be judged by, kept in the cache: a broken one is
//! not tried again for each of its candidates.

use crate::keep;
use filbench_model::{Diagnostic, DiagnosticSubject, FailStage, Fault, Outcome, Stage, Verdict};
use filbench_toolbox::CacheFolder;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// A verdict that ends an evaluation early.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Refusal {
    pub(crate) verdict: Verdict,
    /// What a tool said of the problem that is the reason.
    pub(crate) diagnostics: Vec<Diagnostic>,
}

impl Refusal {
    /// The verdict on everybody whose problem is refused, with what a tool said of it.
    pub(crate) fn of_problem(verdict: Verdict, mut diagnostics: Vec<Diagnostic>) -> Self {
        for diagnostic in &mut diagnostics {
            diagnostic.subject = DiagnosticSubject::Problem;
        }
        Self { verdict, diagnostics }
    }
}

impl From<Verdict> for Refusal {
    fn from(verdict: Verdict) -> Self {
        Self { verdict, diagnostics: Vec::new() }
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Verdict::from(fault).into()
    }
}

/// The folder of refusals, one file for each problem.
#[derive(Clone, Debug)]
pub(crate) struct Refusals {
    dir: CacheFolder,
}

impl Refusals {
    pub(crate) fn new(cache: &Path) -> Self {
        Self { dir: CacheFolder::new(cache, "refusals") }
    }

    /// What a problem's candidates got before.
    pub(crate) fn find(&self, name: &str) -> Option<Refusal> {
        let text = std::fs::read(self.path(name)).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// Keeps a refusal that would be the same again: no fault, and none that
    /// depends on how busy the machine was.
    pub(crate) fn keep(&self, name: &str, refusal: &Refusal) {
        let verdict = &refusal.verdict;
        let may_change = verdict.outcome == Outcome::Fault
            || verdict.stage == Some(Stage::Fail(FailStage::Limit));
        if may_change {
            return;
        }
        if let Err(error) = keep::json(&self.dir, &format!("{name}.json"), refusal) {
            tracing::warn!(%error, path = %self.dir.path().display(), "a refusal was not kept");
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.join(format!("{name}.json"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use filbench_model::{FaultPlace, InconclusiveReason, Severity};

    #[test]
    fn what_may_change_is_not_kept() {
        let cache = tempfile::tempdir().unwrap();
        let refusals = Refusals::new(cache.path());
        let broken = Verdict::inconclusive(InconclusiveReason::GoldenFailed, "no bench");
        let said = Diagnostic::new("iverilog", Severity::Error, "syntax error");
        let broken = Refusal::of_problem(broken, vec![said]);
        assert_eq!(broken.diagnostics[0].subject, DiagnosticSubject::Problem);
        for (name, refusal, kept) in [
            ("broken", broken, true),
            ("limit", Verdict::fail(FailStage::Limit, "60 s of CPU time").into(), false),
            ("fault", Fault::new(FaultPlace::Tool, "a busy machine").into(), false),
        ] {
            refusals.keep(name, &refusal);
            assert_eq!(refusals.find(name), kept.then_some(refusal), "{name}");
        }
    }
}
